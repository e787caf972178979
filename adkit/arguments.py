"""The arguments of a call: which leaves are differentiated, and tangents and cotangents that must match them.

Not for: trees as such (`pytrees`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from . import backends
from .dtypes import numpy_dtype
from .errors import InputError
from .handle import TracedArray
from .pytrees import differentiable, flatten, promoted, refuse_foreign, unflatten

__adkit__ = True


class Arguments:
    """A call's positional arguments, split into the differentiated leaves and a way to put others in their place."""

    __slots__ = ("args", "positions", "structures", "counts", "leaves", "single", "skipped")

    def __init__(self, args: tuple[Any, ...], argnums: int | Sequence[int]) -> None:
        self.single = not _is_several(argnums)
        self.args = args
        self.positions = _positions(argnums, len(args))
        self.structures: list[Any] = []
        self.counts: list[int] = []
        self.leaves: list[Any] = []
        self.skipped: list[dict[int, Any]] = []
        for n in self.positions:
            self._add(n)

    def _add(self, n: int) -> None:
        leaves, structure = flatten(self.args[n])
        skipped: dict[int, Any] = {}
        taken = []
        for i, leaf in enumerate(leaves):
            if structure is not None and not differentiable(leaf) and type(leaf) is not int:
                refuse_foreign(leaf, f"argument {n}" if len(leaves) == 1 else f"a leaf of argument {n}")
                skipped[i] = leaf  # integer arrays, strings, functions inside a container pass through
            else:
                taken.append(promoted(leaf, f"argument {n}"))
        if not taken:
            promoted(leaves[0] if leaves else None, f"argument {n}")
        self.structures.append(structure)
        self.counts.append(len(leaves))
        self.leaves.extend(taken)
        self.skipped.append(skipped)

    def replaced(self, handles: list[Any]) -> list[Any]:
        """The positional arguments with `handles` in the place of the leaves."""
        args = list(self.args)
        trees = self._trees(handles, lambda leaf: leaf)
        for n, tree in zip(self.positions, trees, strict=True):
            args[n] = tree
        return args

    def packed(self, leaves: list[Any]) -> Any:
        """Leaves in the containers of the arguments: one tree for an integer argnums, else a tuple of trees."""
        trees = self._trees(leaves, lambda leaf: None)
        return trees[0] if self.single else tuple(trees)

    def _trees(self, leaves: list[Any], fill: Callable[[Any], Any]) -> list[Any]:
        rest = iter(leaves)
        trees = []
        for structure, count, skipped in zip(self.structures, self.counts, self.skipped, strict=True):
            every = [fill(skipped[i]) if i in skipped else next(rest) for i in range(count)]
            trees.append(unflatten(structure, every))
        return trees


def _is_several(argnums: Any) -> bool:
    return isinstance(argnums, Sequence) and not isinstance(argnums, str)


def _positions(argnums: Any, count: int) -> list[int]:
    """The places among `count` arguments that `argnums` names, none of them twice."""
    positions: list[int] = []
    for wanted in argnums if _is_several(argnums) else (argnums,):
        try:
            n = operator.index(wanted)
        except TypeError:
            message = f"argnums={argnums!r} is not the number of an argument, or a tuple of them"
            raise InputError(message, fix="count positional arguments from 0: argnums=0, argnums=(0, 2)") from None
        if not -count <= n < count:
            raise InputError(
                f"argnums={argnums} names argument {n}, but the call has {count}",
                fix="count positional arguments from 0",
            )
        if n % count in positions:
            raise InputError(f"argnums={argnums} names argument {n} twice", fix="name each argument once")
        positions.append(n % count)
    return positions


def in_tuple(values: Any, what: str) -> tuple[Any, ...]:
    """The primals or tangents of a call, which are given in a tuple or list, also where there is but one."""
    if isinstance(values, (tuple, list)):
        return tuple(values)
    raise InputError(f"the {what}s are a {type(values).__name__}, not a tuple", fix=f"give one {what} as ({what},)")


def matching(trees: Sequence[Any], arguments: Arguments, what: str) -> list[Any]:
    """The leaves of tangents that must mirror the primals."""
    if len(trees) != len(arguments.args):
        raise InputError(
            f"{len(trees)} {what}s were given for {len(arguments.args)} arguments",
            fix=f"give one {what} per argument, in a tuple",
        )
    leaves: list[Any] = []
    for tree, skipped in zip(trees, arguments.skipped, strict=True):
        flat = flatten(tree)[0]
        leaves.extend(leaf for i, leaf in enumerate(flat) if i not in skipped) if len(
            flat
        ) > 1 or skipped else leaves.extend(flat)
    return [
        shaped(t, leaf, what)
        for t, leaf in zip(same_length(leaves, arguments.leaves, what), arguments.leaves, strict=True)
    ]


def same_length(leaves: list[Any], like: list[Any], what: str) -> list[Any]:
    if len(leaves) != len(like):
        of = "outputs" if what == "cotangent" else "primals"
        raise InputError(
            f"the {what}s have {len(leaves)} leaves, and the {of} {len(like)}",
            fix=f"give {what}s of the same structure",
        )
    return leaves


def shaped(value: Any, like: Any, what: str) -> Any:
    """A tangent or cotangent as an array of the dtype of what it belongs to; its shape must be the same."""
    have, want = tuple(getattr(value, "shape", ())), tuple(getattr(like, "shape", ()))
    if isinstance(value, (list, tuple)):
        value = numpy.asarray(value)
        have = value.shape
    if have != want:
        raise InputError(f"a {what} has shape {have} where {want} is needed", fix=f"give a {what} of the same shape")
    if isinstance(value, TracedArray):
        return value
    dtype = numpy_dtype(like)
    if dtype.kind != "c" and numpy_dtype(value).kind == "c":
        raise InputError(f"a {what} is complex where its {dtype} is real", fix="give its real part, or complex primals")
    if not want and not backends.is_array(value):
        return dtype.type(value) if dtype.kind == "c" or numpy_dtype(value).kind != "c" else value
    return value if numpy_dtype(value) == dtype or numpy_dtype(value).kind == "c" else backends.cast(value, dtype)
