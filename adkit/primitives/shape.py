"""Rows that move or copy elements: reshape, transpose, broadcast, concatenate, conversion, flip, roll, pad.

All are linear, so each row is its transpose. `likes` are the operands as far as shape and dtype go.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy

from ..backends import asarray_like, backend_of, cast, copy_of, to_numpy
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
    if extra < 0:  # an assignment takes values with more axes, of length 1, than the place they go to
        return reshape(unbroadcast(g, shape[-extra:]), shape=shape)
    axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(shape) if n == 1 and have[extra + i] != 1)
    if type(g) is numpy.ndarray:
        return g.sum(axis=axes).reshape(shape)
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


def through_numpy(function: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    """What a function of NumPy makes of arrays of any library, in the library and on the device of the first one."""
    made = function(*map(to_numpy, values))
    like = next((v for v in values if backend_of(v) is not None), None)
    return made if like is None else asarray_like(made, like)


def moved_to_front(x: Any, axis: int) -> Any:
    """x with one axis moved to the front."""
    rest = (i for i in range(len(shape_of(x))) if i != axis)
    return transpose(x, axes=(axis, *rest))


# ------------------------------------------------------------------------------------------------ batching


def shifted(axis: Any) -> Any:
    """An axis, or axes, counted from 0, of an array that has got a batch axis in front."""
    return tuple(i + 1 for i in axis) if isinstance(axis, tuple) else axis + 1


def on_axes(row: Any) -> Callable[..., Any]:
    """How a row of one operand with a parameter `axis` runs on a batch."""

    def batch(size: int, operands: Any, batched: Any, axis: Any, **params: Any) -> Any:
        return row(operands[0], axis=shifted(axis), **params)

    return batch


def unchanged(row: Any) -> Callable[..., Any]:
    """How a row of one operand that does not look at axes runs on a batch."""

    def batch(size: int, operands: Any, batched: Any, **params: Any) -> Any:
        return row(operands[0], **params)

    return batch


def _joining(row: Any) -> Callable[..., Any]:
    def batch(size: int, operands: Any, batched: Any, axis: int) -> Any:
        every = [
            x if has else broadcast_to(x, shape=(size, *shape_of(x))) for x, has in zip(operands, batched, strict=True)
        ]
        return row(*every, axis=axis + 1)

    return batch


def _batch_broadcast(size: int, operands: Any, batched: Any, shape: tuple[int, ...]) -> Any:
    (x,) = operands
    missing = len(shape) + 1 - len(shape_of(x))
    x = reshape(x, shape=(size, *(1,) * missing, *shape_of(x)[1:])) if missing else x
    return broadcast_to(x, shape=(size, *shape))


reshape.batch = lambda size, operands, batched, shape: reshape(operands[0], shape=(size, *shape))
transpose.batch = lambda size, operands, batched, axes: transpose(operands[0], axes=(0, *shifted(axes)))
broadcast_to.batch = _batch_broadcast
pad.batch = lambda size, operands, batched, widths: pad(operands[0], widths=((0, 0), *widths))
for _row in (flip, roll):
    _row.batch = on_axes(_row)
for _row in (concatenate, stack):
    _row.batch = _joining(_row)
for _primitive in (convert, truncate, stop_gradient, copy, conjugate):
    _primitive.batch = unchanged(_primitive)
for _row in (reshape, transpose, broadcast_to, concatenate, stack, flip, roll, pad):
    _row.sparsity = "moves"
convert.sparsity = copy.sparsity = conjugate.sparsity = "elementwise"
