"""Sorting: `sort`, `argsort`, `partition`, `lexsort`, `searchsorted`. The order is a constant; the derivative follows
the elements.

Not for: order statistics (`numpy.statistics`), what is unique (`numpy.sets`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..numpy_api import implements
from ..primitives import sorting as rows
from ..primitives.elementwise import greater, less
from ..primitives.indexing import getitem, positions_along
from ..primitives.indexing import take as take_row
from ..primitives.shape import flip, reshape, shape_of
from .arguments import known, ndim, one_axis, operand
from .elementwise import is_complex

__adkit__ = True


def _flattened(a: Any, axis: Any) -> tuple[Any, int]:
    """An operand and a non-negative axis of it; `None` flattens."""
    a = operand(a)
    if axis is None:
        return reshape(a, shape=(-1,)), 0
    return a, one_axis(axis, ndim(a))


@implements(numpy.sort)
def sort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None, descending: bool = False
) -> Any:
    """`numpy.sort`; `descending` is NumPy's from 2.5 on."""
    a, axis = _flattened(a, axis)
    made = rows.sort(a, axis=axis)
    return flip(made, axis=axis) if descending else made


@implements(numpy.argsort)
def argsort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None, descending: bool = False
) -> Any:
    """`numpy.argsort`; `descending` is NumPy's from 2.5 on."""
    a, axis = _flattened(a, axis)
    if descending:  # of equal elements the first one comes first, and integers are not negated, which may overflow
        found = rows.argsort(flip(a, axis=axis), axis=axis, stable=True)
        return shape_of(a)[axis] - 1 - flip(found, axis=axis)
    return rows.argsort(a, axis=axis, stable=bool(stable) or kind in ("stable", "mergesort"))


@implements(numpy.argpartition)
def argpartition(a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None) -> Any:
    """`numpy.argpartition`."""
    a, axis = _flattened(a, axis)
    return rows.argpartition(a, kth=_places(kth), axis=axis)


@implements(numpy.partition)
def partition(a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None) -> Any:
    """`numpy.partition`: the elements in the order of `argpartition`."""
    a, axis = _flattened(a, axis)
    order = rows.argpartition(a, kth=_places(kth), axis=axis)
    return take_row(a, positions_along(order, shape_of(a), axis))


def _places(kth: Any) -> Any:
    places = numpy.asarray(known(kth))
    return tuple(places.tolist()) if places.ndim else int(places)


@implements(numpy.sort_complex)
def sort_complex(a: Any) -> Any:
    """`numpy.sort_complex`: sorted by real part, then imaginary part, and complex."""
    from .creation import as_dtype

    made = sort(a)
    wide = {"b": "F", "B": "F", "h": "F", "H": "F", "g": "G"}.get(numpy_dtype(made).char, "D")
    return made if is_complex(made) else as_dtype(made, wide)


@implements(numpy.lexsort)
def lexsort(keys: Any, axis: int = -1) -> Any:
    """`numpy.lexsort`: the order by the last key, then the one before, …; it has no derivative."""
    every = [operand(key) for key in keys]
    return rows.lexsort(*every, axis=one_axis(axis, max(ndim(every[0]), 1)))


@implements(numpy.searchsorted)
def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """`numpy.searchsorted`: where to insert, which has no derivative."""
    a = operand(a)
    if sorter is not None:
        a = take_row(a, operand(sorter))
    return rows.searchsorted(a, operand(v), side={"l": "left", "r": "right"}[side[0].lower()])


@implements(numpy.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """`numpy.digitize`: the bin of each element, which has no derivative."""
    bins = operand(bins)
    if ndim(bins) != 1:
        raise ValueError("object of too small depth for desired array")
    head, tail = getitem(bins, index=(slice(None, -1),)), getitem(bins, index=(slice(1, None),))
    falls, rises = (numpy.any(known(order(tail, head))) for order in (less, greater))
    if falls and rises:
        raise ValueError("bins must be monotonically increasing or decreasing")
    side = "left" if right else "right"
    if not falls:
        return rows.searchsorted(bins, operand(x), side=side)
    found = rows.searchsorted(flip(bins, axis=(0,)), operand(x), side="right" if right else "left")
    return shape_of(bins)[0] - found
