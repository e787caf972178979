"""Rows that read and write parts of an array: `getitem`, `index_update` (x[i] = v), `index_add` (x[i] += v, repeated
indices add up), and `take`, `scatter_add`, whose positions are an operand.

`index` is a plain NumPy index: integers, slices, `None`, `...`, integer and boolean arrays. The sweeps accumulate
into and overwrite buffers that they own instead of copying them, so that n element reads or writes of an n-array cost
O(n); see `sweeps.buffers`.

Positions that follow from values of the program, such as the order that sorts an array, are no `index`, which a
recording would hold fast: they are the second operand of `take`, and follow the values when the program runs again.
"""

from __future__ import annotations

from typing import Any

import numpy

from ..backends import add_at, asarray_like, backend_of, copy_of, is_array, to_numpy, zeros
from ..backends import getitem as read_at
from ..backends import setitem as write_at
from ..dtypes import numpy_dtype
from ..primitive import Constant, Linear, Multilinear
from .elementwise import add as plus
from .elementwise import multiply
from .shape import moved_to_front, reshape, shape_of, size_of, unbroadcast

__adkit__ = True


def is_basic(index: Any) -> bool:
    """Whether an index has only integers, slices, `None` and `...`, so that NumPy returns a view."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        p is None or p is Ellipsis or isinstance(p, (int, slice, numpy.integer)) and not isinstance(p, bool)
        for p in parts
    )


def writable(x: Any) -> Any:
    """A copy that can be assigned to; a scalar becomes a 0-d array."""
    return copy_of(x) if is_array(x) else numpy.array(x)


def _update(xp: Any, x: Any, v: Any, index: Any) -> Any:
    result = writable(x)
    write_at(result, index, v)
    return result


def _add(xp: Any, x: Any, v: Any, index: Any) -> Any:
    result = writable(x)
    add_at(result, index, v)
    return result


def _scatter(g: Any, x: Any, index: Any) -> Any:
    from ..numpy.creation import zeros_of

    return index_add(zeros_of(x, like=g), g, index=index)


def _cleared(g: Any, x: Any, v: Any, index: Any) -> Any:
    return index_update(g, 0.0, index=index)


def _read_last(g: Any, x: Any, v: Any, index: Any) -> Any:
    """The cotangent of what was written: of several writes to one place only the last one counts."""
    taken = getitem(g, index=index)
    if not is_basic(index):
        taken = taken * last_writes(index, shape_of(x), like=taken)
    return unbroadcast(taken, shape_of(v))


def last_writes(index: Any, shape: tuple[int, ...], like: Any) -> Any:
    """1.0 where an element of `x[index] = v` stays, 0.0 where a later one overwrites it."""
    winner = numpy.full(shape, -1)
    count = numpy.arange(winner[index].size).reshape(winner[index].shape)
    winner[index] = count
    return asarray_like((winner[index] == count).astype(float), getattr(like, "value", like))


getitem = Linear("getitem", lambda xp, x, index: read_at(x, index), _scatter, symbol="{0}[{index}]")
index_update = Linear("index_update", _update, _cleared, _read_last, symbol="{0} with [{index}] = {1}")
index_add = Linear(
    "index_add",
    _add,
    lambda g, x, v, index: g,
    lambda g, x, v, index: unbroadcast(getitem(g, index=index), shape_of(v)),
    symbol="{0} with [{index}] += {1}",
)


# ------------------------------------------------------------------------------------------------ positions as operands


def _take(xp: Any, x: Any, positions: Any) -> Any:
    if xp is numpy:
        return numpy.take(x, positions)
    return read_at(xp.reshape(x, (-1,)), positions)


def _scatter_add(xp: Any, v: Any, positions: Any, shape: tuple[int, ...]) -> Any:
    if xp is numpy and getattr(v, "dtype", None) == numpy.dtype(float) and numpy.shape(v) == numpy.shape(positions):
        made = numpy.bincount(numpy.ravel(positions), numpy.ravel(v), size_of(shape)).astype(float, copy=False)
        return made.reshape(shape) if shape else made[0]
    flat = zeros((size_of(shape),), numpy.result_type(numpy_dtype(v), numpy.int8), v)
    add_at(flat, positions if is_array(positions) else numpy.asarray(positions), v)
    return xp.reshape(flat, shape) if shape else flat[0]


def _no_cotangent(g: Any, *operands: Any, **params: Any) -> None:
    """Of an operand that only says where, see `take`."""


take: Multilinear = Multilinear(
    "take",
    _take,
    lambda g, x, positions: scatter_add(g, positions, shape=shape_of(x)),
    _no_cotangent,
    symbol="{0}[{1}]",
)
scatter_add: Multilinear = Multilinear(
    "scatter_add",
    _scatter_add,
    lambda g, v, positions, shape: unbroadcast(take(g, positions), shape_of(v)),
    _no_cotangent,
    symbol="Σ {0} at {1}",
)


def _normalize_index(xp: Any, indices: Any, size: int) -> Any:
    plain = numpy.asarray(to_numpy(indices))
    if plain.size and (plain.min() < -size or plain.max() >= size):
        raise IndexError(f"index {plain.ravel()[numpy.argmax(numpy.abs(plain))]} is out of bounds for size {size}")
    made = numpy.where(plain < 0, plain + size, plain)[()]
    return asarray_like(made, indices) if backend_of(indices) is not None else made


normalize_index = Constant("normalize_index", _normalize_index, "{0} within {size}")


def positions_along(indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    """The positions in the flattened array of what `numpy.take_along_axis(x, indices, axis)` reads from x of `shape`.

    `indices` are not negative, and may be traced.
    """
    base: Any = 0
    for i, n in enumerate(shape):
        if i != axis:
            base = base + numpy.arange(n).reshape(-1, *(1,) * (len(shape) - 1 - i)) * size_of(shape[i + 1 :])
    stride = size_of(shape[axis + 1 :])
    scaled = indices if stride == 1 else multiply(indices, stride)
    if len(shape) == 1:
        return scaled
    return plus(scaled, asarray_like(base, getattr(indices, "value", indices)))


# ------------------------------------------------------------------------------------------------ batching


def batched_index(index: Any) -> tuple[Any, int]:
    """The index for arrays with a batch axis in front, and where that axis then is in the result."""
    parts = index if isinstance(index, tuple) else (index,)
    inner = (slice(None), *parts)
    if is_basic(index):
        return inner, 0
    arrays = [i for i, p in enumerate(parts) if not (p is None or p is Ellipsis or isinstance(p, slice))]
    if arrays == list(range(arrays[0], arrays[-1] + 1)):
        return inner, 0
    # index arrays apart from each other: NumPy puts their axes first, before that of the batch
    given = [numpy.asarray(parts[i]) for i in arrays]
    given = [g.nonzero()[0] if g.dtype.kind == "b" else g for g in given]
    return inner, numpy.broadcast(*given).ndim


def _batch_getitem(size: int, operands: Any, batched: Any, index: Any) -> Any:
    inner, place = batched_index(index)
    made = getitem(operands[0], index=inner)
    return moved_to_front(made, place) if place else made


def _batch_write(row: Any) -> Any:
    def batch(size: int, operands: Any, batched: Any, index: Any) -> Any:
        from .shape import broadcast_to, transpose

        inner, place = batched_index(index)
        x, v = operands
        if not batched[0]:
            x = broadcast_to(x, shape=(size, *shape_of(x)))
        if batched[1]:
            part = numpy.broadcast_to(numpy.False_, shape_of(x)[1:])[index].ndim
            v = reshape(v, shape=(size, *(1,) * (part + 1 - len(shape_of(v))), *shape_of(v)[1:]))
            if place:  # behind the axes of the index arrays
                axes = (*range(1, place + 1), 0, *range(place + 1, len(shape_of(v))))
                v = transpose(v, axes=axes)
        elif place and len(shape_of(v)) > 0:
            part = numpy.broadcast_to(numpy.False_, shape_of(x)[1:])[index].ndim
            full = (1,) * (part - len(shape_of(v))) + shape_of(v)
            v = reshape(v, shape=(*full[:place], 1, *full[place:]))
        return row(x, v, index=inner)

    return batch


def _batched_positions(size: int, count: int, positions: Any, batched: bool) -> Any:
    """Positions in `size` arrays of `count` elements, one after the other."""
    n = len(shape_of(positions)) - batched
    first = (numpy.arange(size) * count).reshape(-1, *(1,) * n)
    return plus(positions, asarray_like(first, getattr(positions, "value", positions)))


def _batch_take(size: int, operands: Any, batched: Any) -> Any:
    x, positions = operands
    if not batched[0]:
        return take(x, positions)
    return take(x, _batched_positions(size, size_of(shape_of(x)[1:]), positions, batched[1]))


def _batch_scatter_add(size: int, operands: Any, batched: Any, shape: tuple[int, ...]) -> Any:
    from .shape import broadcast_to

    v, positions = operands
    each = shape_of(v)[1:] if batched[0] else shape_of(v)
    wide = (1,) * (len(shape_of(positions)) - batched[1] - len(each)) + each
    v = reshape(v, shape=(size if batched[0] else 1, *wide))
    v = v if batched[0] else broadcast_to(v, shape=(size, *wide))
    return scatter_add(v, _batched_positions(size, size_of(shape), positions, batched[1]), shape=(size, *shape))


getitem.batch = _batch_getitem
index_update.batch = _batch_write(index_update)
index_add.batch = _batch_write(index_add)
take.batch = _batch_take
scatter_add.batch = _batch_scatter_add
normalize_index.batch = lambda count, operands, batched, size: normalize_index(operands[0], size=size)
getitem.sparsity = "moves"
index_update.sparsity = index_add.sparsity = "assignment"
take.sparsity, scatter_add.sparsity = "taking", "scattering"
