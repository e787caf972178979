"""Rows that move or copy elements: reshape, transpose, broadcast, concatenate, conversion, flip, roll, pad.

All are linear, so each row is its transpose. `likes` are the operands as far as shape and dtype go.
"""

from __future__ import annotations

import math
from typing import Any

from ..backends import asarray_like, backend_of, cast, copy_of
from ..primitive import Constant, Linear

__adkit__ = True


def shape_of(like: Any) -> tuple[int, ...]:
    """The shape of an operand, a node, or a Python scalar."""
    return tuple(getattr(like, "shape", ()))


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum a cotangent over the axes along which an operand of `shape` was broadcast: the transpose of broadcasting."""
    have = shape_of(g)
    if have == shape:
        return g
    extra = len(have) - len(shape)
    axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(shape) if n == 1 and have[extra + i] != 1)
    from .reduction import sum_

    if axes:
        g = sum_(g, axis=axes, keepdims=False)
    return g if shape_of(g) == shape else reshape(g, shape=shape)


def _concatenate_transpose(g: Any, *likes: Any, axis: int, operand: int) -> Any:
    from .indexing import getitem

    start = sum(shape_of(like)[axis] for like in likes[:operand])
    stop = start + shape_of(likes[operand])[axis]
    return getitem(g, index=(slice(None),) * axis + (slice(start, stop),))


def _stack(xp: Any, *xs: Any, axis: int) -> Any:
    like = next((x for x in xs if backend_of(x) is not None), None)
    if like is not None:
        xs = tuple(x if backend_of(x) is not None else asarray_like(x, like) for x in xs)
    return xp.stack(xs, axis=axis)


def _stack_transpose(g: Any, *likes: Any, axis: int, operand: int) -> Any:
    from .indexing import getitem

    return getitem(g, index=(slice(None),) * axis + (operand,))


def _pad_transpose(g: Any, x: Any, *, widths: Any) -> Any:
    from .indexing import getitem

    return getitem(g, index=tuple(slice(a, a + n) for (a, _), n in zip(widths, shape_of(x), strict=True)))


def _convert_transpose(g: Any, x: Any, *, dtype: Any) -> Any:
    return g  # the sweep casts a cotangent to its operand's dtype


reshape: Linear = Linear(
    "reshape", lambda xp, x, shape: xp.reshape(x, shape), lambda g, x, shape: reshape(g, shape=shape_of(x))
)
transpose: Linear = Linear(
    "transpose",
    lambda xp, x, axes: xp.transpose(x, axes),
    lambda g, x, axes: transpose(g, axes=_inverse(axes)),
    symbol="{0}ᵀ",
)
broadcast_to = Linear(
    "broadcast_to", lambda xp, x, shape: xp.broadcast_to(x, shape), lambda g, x, shape: unbroadcast(g, shape_of(x))
)
concatenate = Linear("concatenate", lambda xp, *xs, axis: xp.concatenate(xs, axis=axis), _concatenate_transpose)
stack = Linear("stack", _stack, _stack_transpose)
convert = Linear("convert", lambda xp, x, dtype: cast(x, dtype), _convert_transpose, symbol="{dtype}({0})")
truncate = Constant("truncate", lambda xp, x, dtype: cast(x, dtype), "{dtype}({0})")
stop_gradient = Constant("stop_gradient", lambda xp, x: x, "stop_gradient({0})")
copy = Linear("copy", lambda xp, x, order="C": copy_of(x, order), lambda g, x, order="C": g)
conjugate: Linear = Linear("conjugate", lambda xp, x: xp.conj(x), lambda g, x: conjugate(g), symbol="{0}*")
flip: Linear = Linear("flip", lambda xp, x, axis: xp.flip(x, axis=axis), lambda g, x, axis: flip(g, axis=axis))
roll: Linear = Linear(
    "roll",
    lambda xp, x, shift, axis: xp.roll(x, shift, axis=axis),
    lambda g, x, shift, axis: roll(g, shift=tuple(-s for s in shift), axis=axis),
)
pad = Linear("pad", lambda xp, x, widths: xp.pad(x, widths), _pad_transpose)


def size_of(shape: tuple[int, ...]) -> int:
    """The number of elements of a shape."""
    return math.prod(shape)
