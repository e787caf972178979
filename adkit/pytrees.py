"""Arguments and results as trees of leaves, and which leaves are differentiated.

Trees are optree's (tuples, lists, dicts, named tuples, dataclasses registered with it); a bare number or array takes
a shortcut. Not for: derivatives.
"""

from __future__ import annotations

import functools
import types
from typing import Any

import numpy

from .backends import backend_of, cast, to_numpy
from .dtypes import numpy_dtype
from .errors import InputError
from .handle import TracedArray, is_traced
from .tracing import SCALAR_TYPES, base_array

__adkit__ = True

LEAF_TYPES = SCALAR_TYPES | {numpy.ndarray, TracedArray}


def flatten(tree: Any) -> tuple[list[Any], Any]:
    """The leaves of a tree and its structure; the structure of a bare leaf is `None`. `None` counts as a leaf-less
    node.
    """
    if type(tree) in LEAF_TYPES:
        return [tree], None
    from .trees import optree

    return optree.tree_flatten(tree)


def unflatten(structure: Any, leaves: list[Any]) -> Any:
    """The tree of a structure with new leaves."""
    if structure is None:
        return leaves[0]
    from .trees import optree

    return optree.tree_unflatten(structure, leaves)


def paths(tree: Any, root: str) -> list[str]:
    """A name for each leaf as Python would write it: `root`, `root['w']`, `root[0].b`."""
    if type(tree) in LEAF_TYPES:
        return [root]
    from .trees import optree

    names = []
    for accessor in optree.tree_accessors(tree):
        names.append(accessor.codify(root))
    return names


def is_array_leaf(leaf: Any) -> bool:
    """Whether a leaf is a number or an array at all."""
    if isinstance(leaf, (bool, numpy.bool_)):
        return False
    return (
        isinstance(leaf, (int, float, complex, numpy.ndarray, numpy.generic, TracedArray))
        or backend_of(leaf) is not None
    )


def differentiable(leaf: Any) -> bool:
    """Whether a leaf is a float or complex number or array."""
    return (
        is_array_leaf(leaf)
        and not (isinstance(leaf, numpy.ndarray) and leaf.dtype == object)
        and numpy_dtype(leaf).kind in "fc"
    )


def promoted(leaf: Any, name: str) -> Any:
    """A leaf that is to be differentiated: a Python int becomes a float; an integer array or a non-number is an
    `InputError`.
    """
    if differentiable(leaf):
        return leaf if type(leaf) in LEAF_TYPES or not isinstance(leaf, numpy.ndarray) else base_array(leaf)
    if type(leaf) is int:
        return float(leaf)
    if not is_array_leaf(leaf):
        refuse_foreign(leaf, name)
        raise InputError(
            f"{name} is {_article(type(leaf).__name__)}, which has no derivative",
            fix="differentiate with respect to numbers and float arrays (argnums=…)",
        )
    dtype = numpy_dtype(leaf)
    if dtype.names:
        message, fix = "is a structured array", f"pass one of them: {name}[{dtype.names[0]!r}]"
    else:
        message = f"has the {'integer ' if dtype.kind in 'iu' else ''}dtype {dtype}"
        fix = f"pass floats: {name}.astype(float), or numpy.array([...], dtype=float)"
    raise InputError(f"{name} {message}, which has no derivative", fix=fix)


def holds_traced(leaf: Any) -> bool:
    """Whether an object that is no tree has a traced value among its attributes, or a function among its variables."""
    if type(leaf) in LEAF_TYPES or isinstance(leaf, (TracedArray, str, type, types.ModuleType)):
        return False
    if hasattr(leaf, "__adkit_value__"):  # a tensor of a style
        return False
    held = [getattr(leaf, "__dict__", {}), getattr(leaf, "__defaults__", ()), getattr(leaf, "__kwdefaults__", {})]
    if isinstance(leaf, functools.partial):
        held += [leaf.args, leaf.keywords]
    for cell in getattr(leaf, "__closure__", None) or ():
        try:
            held.append(cell.cell_contents)
        except ValueError:  # a variable that was never assigned
            continue
    slots = getattr(type(leaf), "__slots__", ())
    held += [getattr(leaf, name, None) for name in ((slots,) if isinstance(slots, str) else slots)]
    return any(is_traced(part) for part in flatten(held)[0])


def refuse_foreign(leaf: Any, name: str) -> None:
    """Raise `InputError` for a float array of a library that adkit does not compute with; the error names the way."""
    if hasattr(type(leaf), "__dlpack__") and not is_array_leaf(leaf):
        from .interop import refusal

        if refusal.is_foreign(leaf):
            kind = f"{refusal.library_of(leaf)} {type(leaf).__name__}"
            raise InputError(f"{name} is {_article(kind)}, which adkit does not trace", fix=refusal.fix_for(leaf))


def _article(name: str) -> str:
    return ("an " if name[:1].lower() in "aeiou" else "a ") + name


def lift(leaf: Any) -> Any:
    """A result's leaf with traced values inside lists of objects joined into one traced array, and a tensor of a style
    as what the core computes with in its place.
    """
    if hasattr(type(leaf), "__adkit_value__"):
        return leaf.__adkit_value__()
    if isinstance(leaf, numpy.ndarray) and leaf.dtype == object:
        from .numpy.creation import array, contains_traced

        if contains_traced(leaf):
            return array(leaf)
    return leaf


def as_input_type(gradient: Any, leaf: Any) -> Any:
    """A cotangent in the type of its input: a Python float for a Python float, else an array or scalar of the
    input's dtype.
    """
    if type(leaf) is float and type(gradient) is numpy.float64:
        return float(gradient)
    if is_traced(gradient):
        return gradient
    if isinstance(gradient, TracedArray):
        gradient = gradient.value
    kind = type(leaf)
    if kind in LEAF_TYPES:
        gradient = to_numpy(gradient)
    if numpy_dtype(gradient).kind == "c" and numpy_dtype(leaf).kind != "c":
        gradient = cast(gradient, numpy_dtype(leaf))  # its real part
    if kind is float or kind is int:
        return float(gradient)
    if kind is complex:
        return complex(gradient)
    if kind is numpy.ndarray:
        made = numpy.asarray(gradient, dtype=leaf.dtype)
        return (
            made
            if made.shape == leaf.shape and made.base is None and made.flags.writeable
            else numpy.array(numpy.broadcast_to(made, leaf.shape))
        )
    if isinstance(leaf, numpy.generic):
        return leaf.dtype.type(gradient)
    return gradient if numpy_dtype(gradient) == numpy_dtype(leaf) else cast(gradient, numpy_dtype(leaf))
