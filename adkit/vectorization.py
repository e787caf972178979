"""`vmap`: a function of one example becomes a function of a batch.

The function is recorded on one example and its list evaluated for all of them by the batch sweep. Examples that a
guard (an `if`, a `while`, an index read from data) sends another way are recorded again, once for each way, and the
results are put together in the order of the examples.

Not for: evaluating the list (`sweeps.batch`), or the rows on a batch (`primitives`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from . import backends, constants, finiteness
from .dtypes import numpy_dtype
from .errors import InputError, NonFiniteError
from .handle import TracedArray, is_traced, untraced
from .linearization import depends_on_outside, placed, raise_explained
from .nodes import open_recording
from .numpy.joining import moveaxis
from .primitives.batching import spread
from .primitives.indexing import getitem
from .primitives.shape import concatenate
from .pytrees import is_array_leaf, lift
from .settings import settings
from .storage import snapshot
from .sweeps.batch import BatchSweep, selected
from .tracing import make_input, recording

__adkit__ = True


def vmap(f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0, *, axis_size: int | None = None) -> Any:
    """A function that maps `f` over a batch, evaluating each operation once for the whole batch.

    Parameters
    ----------
    f: any function of numbers, arrays and trees of them. It is called on single examples: once, and once more for each
        further way that its control flow takes for some example. It may use derivatives itself.
    in_axes: the axis along which each positional argument is batched, `None` for an argument that all examples share
        (of any type); one for all arguments, or a tuple with one per argument, each of which may be a tree that is a
        prefix of the argument's. Keyword arguments are batched along axis 0.
    out_axes: where the batch axis is put in the results, or `None` for a result that is the same for all examples; a
        tree that is a prefix of the result's.
    axis_size: the size of the batch, which is needed where no argument is batched.

    Shapes, dtypes and values are those of `numpy.stack([f(x) for x in xs])`. `if`, `while`, and indices or counts read
    from data work; a function in which each example takes a way of its own costs as much as a loop. Operations on the
    batch give no floating-point warnings.

    Raises `InputError` for arguments of different sizes along their axes, an argument without the axis, an empty
    batch (there is no example to record), results of different shapes, and a result that is batched where `out_axes`
    is `None`.

    Example
    -------
    >>> import numpy as np
    >>> vmap(lambda x, w: x @ w, in_axes=(0, None))(np.eye(2), np.array([3.0, 4.0]))
    array([3., 4.])
    >>> vmap(lambda x: x if x > 0 else -10 * x)(np.array([1.0, -2.0, 3.0]))
    array([ 1., 20.,  3.])

    Gradients per example:

    >>> from adkit import grad
    >>> vmap(grad(lambda w, x: (w * x) ** 2), in_axes=(None, 0))(1.0, np.array([1.0, 2.0]))
    array([2., 8.])
    """

    @functools.wraps(f)
    def batched(*args: Any, **kwargs: Any) -> Any:
        with constants.SCOPE:
            examples = _Examples(f, args, kwargs, in_axes, axis_size)
            return _assembled(_evaluated(f, examples), examples, out_axes)

    return batched


# ------------------------------------------------------------------------------------------------ arguments


class _Examples:
    """The arguments of a call, of which some leaves are batched.

    `batched` are those, by their place among the leaves, with the batch axis first; `size` is that of the batch.
    """

    def __init__(self, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], in_axes: Any, size: int | None) -> None:
        from .trees import optree

        arguments: Any = (args, kwargs)
        leaves, self._structure = optree.tree_flatten(arguments, none_is_leaf=True)
        self._leaves = [lift(leaf) for leaf in leaves]
        axes = _axes_of_arguments(args, kwargs, in_axes)
        sizes: dict[int, int] = {}
        self.batched: dict[int, Any] = {}
        name = functools.partial(_name_of, f, args, kwargs)
        device = settings.current().device
        for i, (leaf, axis) in enumerate(zip(self._leaves, axes, strict=True)):
            if axis is None and backends.backend_of(leaf) is not None:
                self._leaves[i] = TracedArray(None, leaf)  # as a left operand it would refuse a traced right one
            if axis is not None and leaf is not None:
                axis = _checked_axis(leaf, axis, functools.partial(name, i))
                sizes[i] = leaf.shape[axis]
                leaf = placed(snapshot(leaf) if is_traced(leaf) else untraced(leaf), device)
                self.batched[i] = moveaxis(leaf, axis, 0) if axis else leaf
        self.returns_numpy = device != "cpu" and not any(backends.backend_of(untraced(leaf)) for leaf in self._leaves)
        self.size = _one_size(sizes, size, name)

    def call(self, f: Callable[..., Any], number: int) -> tuple[Any, list[Any]]:
        """Call `f` on one example, and return the result and the nodes of what is batched."""
        from .trees import optree

        leaves, inputs = list(self._leaves), []
        for i, leaf in self.batched.items():
            handle = make_input(backends.getitem(untraced(leaf), (number,)))
            leaves[i] = handle
            inputs.append(handle.node)
        args, kwargs = optree.tree_unflatten(self._structure, leaves)
        try:
            return f(*args, **kwargs), inputs
        except NonFiniteError as error:
            error.add_note(f"This is {self.place(number)}.")
            raise
        except Exception as error:
            raise_explained(error)

    def place(self, number: int) -> str:
        """An example in words."""
        return f"example {number} of a batch of {self.size}"

    def select(self, pending: numpy.ndarray) -> list[Any]:
        """The batched leaves of some examples."""
        leaves = list(self.batched.values())
        return leaves if len(pending) == self.size else [selected(leaf, pending) for leaf in leaves]


def _axes_of_arguments(args: tuple[Any, ...], kwargs: dict[str, Any], in_axes: Any) -> list[Any]:
    """The axis of each leaf of the arguments, `None` where it is not batched."""
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    if isinstance(in_axes, tuple) and len(in_axes) != len(args):
        raise InputError(
            f"in_axes has {len(in_axes)} entries, and the call {len(args)} positional arguments",
            fix="give one axis (or None) per positional argument, or one for all",
        )
    return [*_axes_of(in_axes, args, "in_axes"), *(_axes_of(0, kwargs, "in_axes") if kwargs else ())]


def _axes_of(axes: Any, tree: Any, what: str) -> list[Any]:
    """A prefix of a tree, one axis per leaf."""
    from .trees import optree

    try:
        found = optree.broadcast_prefix(axes, tree, none_is_leaf=True)
    except ValueError:
        kind = "arguments" if what == "in_axes" else "results"
        raise InputError(
            f"{what}={axes!r} does not have the structure of the {kind}",
            fix="give one axis for all, or a tree of axes that begins like theirs",
        ) from None
    for axis in found:
        if axis is not None and (isinstance(axis, bool) or not isinstance(axis, (int, numpy.integer))):
            raise InputError(f"{what} has {axis!r}, which is no axis", fix="use integers, and None for what is shared")
    return found


def _name_of(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], leaf: int) -> str:
    """A leaf of the arguments as the caller would write it: `x`, `params['w']`, or `argument 0`."""
    from .trees import optree

    arguments: Any = (args, kwargs)
    path, rest = optree.tree_accessors(arguments, none_is_leaf=True)[leaf], ""
    place = path.path[1]
    name = str(place)
    if path.path[0] == 0:
        name = f"argument {place}"
        try:
            names = list(inspect.signature(f).parameters.values())
        except (TypeError, ValueError):
            names = []
        if place < len(names) and names[place].kind in (
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            inspect.Parameter.POSITIONAL_ONLY,
        ):
            name = names[place].name
    if len(path) > 2:
        rest = path[2:].codify("")
    return name + rest


def _checked_axis(leaf: Any, axis: int, name: Callable[[], str]) -> int:
    """The axis as a non-negative integer, or the error that says that the leaf has none such."""
    if not is_array_leaf(leaf) or (isinstance(leaf, numpy.ndarray) and leaf.dtype == object):
        raise InputError(
            f"{name()} is of type {type(leaf).__name__} and cannot be batched",
            fix="give it the axis None in in_axes, for what all examples share",
        )
    ndim = len(getattr(leaf, "shape", ()))
    if not ndim:
        raise InputError(
            f"{name()} is a single number and has no axis to be batched along",
            fix="give it the axis None in in_axes, or pass an array of one number per example (a list is a tree)",
        )
    if not -ndim <= axis < ndim:
        raise InputError(f"{name()} has shape {tuple(leaf.shape)}, and no axis {axis}", fix="correct in_axes")
    return int(axis) % ndim


def _one_size(sizes: dict[int, int], size: int | None, name: Callable[[int], str]) -> int:
    """The size of the batch on which all agree."""
    if size is None and not sizes:
        raise InputError("no argument is batched", fix="pass axis_size, or an axis in in_axes for some argument")
    different = set(sizes.values()) | ({size} if size is not None else set())
    if len(different) > 1:
        found = ", ".join(f"{name(i)} has {n}" for i, n in sizes.items())
        asked = "" if size is None else f", and axis_size is {size}"
        raise InputError(
            f"the sizes along the batch axes differ: {found}{asked}", fix="pass one example each, or correct in_axes"
        )
    (found_size,) = different
    if found_size < 1:
        raise InputError(
            "the batch is empty, and vmap needs one example to record the function on",
            fix="treat a batch without examples apart",
        )
    return found_size


# ------------------------------------------------------------------------------------------------ evaluation


class _Group:
    """The results for the examples that took one way: their numbers, and per leaf a value and if it is batched."""

    __slots__ = ("numbers", "leaves", "structure")

    def __init__(self, numbers: numpy.ndarray, leaves: list[tuple[Any, bool]], structure: Any) -> None:
        self.numbers = numbers
        self.leaves = leaves
        self.structure = structure


def _evaluated(f: Callable[..., Any], examples: _Examples) -> list[_Group]:
    """The results of all examples, in groups of those that take the same way through the function."""
    pending = numpy.arange(examples.size)
    groups = []
    while True:
        group = _one_way(f, examples, pending)
        groups.append(group)
        if len(group.numbers) == len(pending):
            return groups
        pending = numpy.setdiff1d(pending, group.numbers, assume_unique=True)


def _one_way(f: Callable[..., Any], examples: _Examples, pending: numpy.ndarray) -> _Group:
    """Record the first of the pending examples, and evaluate the list for all that take the same way."""
    from .trees import optree

    enclosing = open_recording.get()
    with recording() as record:
        record.batching = len(pending) * (enclosing.batching or 1 if enclosing is not None else 1)
        result, inputs = examples.call(f, int(pending[0]))
        leaves, structure = optree.tree_flatten(result, none_is_leaf=True)
        leaves = [lift(leaf) for leaf in leaves]
        leaves = [snapshot(leaf) if isinstance(leaf, TracedArray) else leaf for leaf in leaves]
    sweep = BatchSweep(record, inputs, [*(leaf.node for leaf in leaves if is_traced(leaf)), *record.watched])
    values, kept = sweep.run(examples.select(pending), len(pending))
    if record.watched:
        _verify(f, examples, pending[kept], [values[node] for node in record.watched if node in sweep.batched])
    made = []
    for leaf in leaves:
        if is_traced(leaf) and leaf.node in sweep.batched:
            made.append((values[leaf.node], True))
        elif is_traced(leaf) and depends_on_outside(leaf, record.since):
            made.append((leaf, False))
        else:
            made.append((untraced(leaf), False))
    return _Group(pending[kept], made, structure)


def _verify(f: Callable[..., Any], examples: _Examples, numbers: numpy.ndarray, derivatives: Sequence[Any]) -> None:
    """Raise `NonFiniteError` for the first example with a derivative inside that is not finite."""
    wrong = finiteness.wrong_example(derivatives, len(numbers))
    if wrong is None:
        return
    with recording():
        examples.call(f, int(numbers[wrong]))  # raises the error with a report of the origin
    raise NonFiniteError(
        f"a derivative of {examples.place(int(numbers[wrong]))} is not finite",
        fix="evaluate the function on this example alone to see the origin",
    )


# ------------------------------------------------------------------------------------------------ results


def _assembled(groups: list[_Group], examples: _Examples, out_axes: Any) -> Any:
    """The results of all groups in the order of the examples, with the batch axis where it is wanted."""
    from .trees import optree

    first = groups[0]
    for group in groups[1:]:
        if group.structure != first.structure:
            raise InputError(
                f"examples {first.numbers[0]} and {group.numbers[0]} gave results of different structure: "
                f"{first.structure} and {group.structure}",
                fix="return the same containers whatever way the function takes",
            )
    if type(out_axes) is int:
        axes = [out_axes] * len(first.leaves)
    else:
        axes = _axes_of(out_axes, optree.tree_unflatten(first.structure, [0] * len(first.leaves)), "out_axes")
    order = numpy.argsort(numpy.concatenate([group.numbers for group in groups])) if len(groups) > 1 else None
    leaves = []
    for i, axis in enumerate(axes):
        parts = [(*group.leaves[i], len(group.numbers)) for group in groups]
        leaf = _shared(parts) if axis is None else _joined(parts, axis, order, first.numbers[0], groups)
        leaves.append(_own(leaf, examples))
    return optree.tree_unflatten(first.structure, leaves)


def _shared(parts: list[tuple[Any, bool, int]]) -> Any:
    """A result without a batch axis, which must not depend on the example."""
    value, batched, _ = parts[0]
    if batched or len(parts) > 1:
        raise InputError(
            "out_axes is None for a result that depends on the example"
            + ("" if batched else " through the way that the function takes"),
            fix="give the axis along which its values are stacked",
        )
    return value


def _joined(parts: list[tuple[Any, bool, int]], axis: int, order: Any, number: int, groups: list[_Group]) -> Any:
    """The parts of one result along a batch axis at `axis`."""
    if all(value is None for value, _, _ in parts):
        return None
    shapes = []
    for value, batched, _ in parts:
        if not is_array_leaf(value) and not isinstance(value, (bool, numpy.bool_)):
            raise InputError(
                f"the function returned a value of type {type(value).__name__}, which cannot be stacked",
                fix="return numbers and arrays, or give it the axis None in out_axes",
            )
        shapes.append(tuple(getattr(value, "shape", ()))[batched:])
    for shape, group in zip(shapes, groups, strict=True):
        if shape != shapes[0]:
            raise InputError(
                f"examples {number} and {group.numbers[0]} gave results of shapes {shapes[0]} and {shape}",
                fix="return results of the same shape for all examples",
            )
    if not -len(shapes[0]) - 1 <= axis <= len(shapes[0]):
        raise InputError(f"a result of {len(shapes[0]) + 1} axes has no axis {axis}", fix="correct out_axes")
    made = _concatenated([spread(count, _array(value), batched) for value, batched, count in parts])
    made = made if order is None else getitem(made, index=(order,))
    return moveaxis(made, 0, axis) if axis else made


def _array(value: Any) -> Any:
    """A result as an array: Python's numbers as NumPy stacks them."""
    return value if hasattr(value, "shape") else numpy.asarray(value)


def _concatenated(parts: Sequence[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    like = next((p for p in parts if backends.backend_of(untraced(p)) is not None), None)
    if like is not None:
        parts = [
            backends.asarray_like(p, untraced(like), numpy_dtype(p)) if isinstance(p, numpy.ndarray) else p
            for p in parts
        ]
    return concatenate(*parts, axis=0)


def _own(leaf: Any, examples: _Examples) -> Any:
    """A result as it leaves `vmap`: an array that shares no memory with anything else."""
    if isinstance(leaf, TracedArray):
        return snapshot(leaf) if leaf.node is not None else _own(leaf.value, examples)
    if examples.returns_numpy and backends.backend_of(leaf) is not None:
        leaf = backends.to_numpy(leaf)
    if type(leaf) is numpy.ndarray:
        shared = leaf.base is not None or any(leaf is given for given in examples.batched.values())
        return leaf.copy() if shared or not leaf.flags.writeable else leaf
    return leaf
