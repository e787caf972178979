"""Rows that read and write parts of an array: `getitem`, `index_update` (x[i] = v), `index_add` (x[i] += v, repeated
indices add up).

`index` is a plain NumPy index: integers, slices, `None`, `...`, integer and boolean arrays. The sweeps accumulate
into and overwrite buffers that they own instead of copying them, so that n element reads or writes of an n-array cost
O(n); see `sweeps.buffers`.
"""

from __future__ import annotations

from typing import Any

import numpy

from ..backends import add_at, asarray_like, copy_of, is_array
from ..backends import getitem as read_at
from ..backends import setitem as write_at
from ..primitive import Linear
from .shape import shape_of, unbroadcast

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
