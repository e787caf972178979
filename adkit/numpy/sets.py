"""Sets: `unique` and its kin, `union1d intersect1d setdiff1d setxor1d isin`.

Which elements are equal, and in which order they come, is found from the values and held fast as a guard; the result
then follows the elements that it shows, of equal ones the first.

Not for: sorting (`numpy.sorting`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy

from ..numpy_api import implements
from ..primitives import elementwise as rows
from ..primitives import indexing as places
from ..primitives import sorting as orders
from ..primitives.shape import moved_to_front, reshape, shape_of, transpose
from .arguments import known, ndim, one_axis, operand

__adkit__ = True


class _Classes:
    """The classes of equal elements of a flat array, in sorted order."""

    def __init__(self, flat: Any, equal_nan: bool) -> None:
        n = shape_of(flat)[0]
        self.order = numpy.asarray(known(orders.argsort(flat, axis=0, stable=True)))
        ordered = places.take(flat, self.order)
        same = rows.equal(ordered[1:], ordered[:-1])
        if equal_nan:
            same = rows.logical_or(same, rows.logical_and(rows.isnan(ordered[1:]), rows.isnan(ordered[:-1])))
        starts = numpy.ones(n, dtype=bool)
        starts[1:] = ~numpy.asarray(known(same), dtype=bool)
        self.starts = starts

    @property
    def first(self) -> numpy.ndarray:
        """Where the first element of each class stands."""
        return self.order[self.starts]

    @property
    def inverse(self) -> numpy.ndarray:
        """The class of each element."""
        made = numpy.empty(len(self.order), dtype=numpy.intp)
        made[self.order] = numpy.cumsum(self.starts) - 1
        return made

    @property
    def counts(self) -> numpy.ndarray:
        """The size of each class."""
        return numpy.diff(numpy.append(numpy.flatnonzero(self.starts), len(self.order)))


@implements(numpy.unique)
def unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
    axis: Any = None, *, equal_nan: bool = True, sorted: bool = True,
) -> Any:  # fmt: skip
    """`numpy.unique`, always sorted; of equal elements the first one has the derivative."""
    ar = operand(ar)
    if axis is None:
        flat = reshape(ar, shape=(-1,))
        classes = _Classes(flat, equal_nan)
        values, shape = places.take(flat, classes.first), shape_of(ar)
    else:
        values, classes, shape = _unique_slices(ar, one_axis(axis, ndim(ar)))
    extra: list[Any] = []
    if return_index:
        extra.append(classes.first)
    if return_inverse:
        extra.append(classes.inverse.reshape(shape))
    if return_counts:
        extra.append(classes.counts)
    return (values, *extra) if extra else values


def _unique_slices(ar: Any, axis: int) -> tuple[Any, Any, tuple[int, ...]]:
    """The different slices along an axis, in lexicographic order."""
    moved = moved_to_front(ar, axis)
    n = shape_of(moved)[0]
    table = reshape(moved, shape=(n, -1))
    keys = [table[:, i] for i in reversed(range(shape_of(table)[1]))]
    classes = _Classes.__new__(_Classes)
    classes.order = numpy.asarray(known(orders.lexsort(*keys, axis=0))) if keys else numpy.arange(n)
    ordered = places.getitem(table, index=(classes.order,))
    same = numpy.asarray(known(rows.equal(ordered[1:], ordered[:-1])), dtype=bool).all(axis=1)
    classes.starts = numpy.append(numpy.ones(min(n, 1), dtype=bool), ~same)
    chosen = places.getitem(moved, index=(classes.first,))
    back = (*range(1, axis + 1), 0, *range(axis + 1, ndim(ar)))
    return transpose(chosen, axes=back), classes, (n,)


class UniqueAllResult(NamedTuple):
    """What `unique_all` returns."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCountsResult(NamedTuple):
    """What `unique_counts` returns."""

    values: Any
    counts: Any


class UniqueInverseResult(NamedTuple):
    """What `unique_inverse` returns."""

    values: Any
    inverse_indices: Any


@implements(numpy.unique_all)
def unique_all(x: Any) -> UniqueAllResult:
    """`numpy.unique_all`."""
    return UniqueAllResult(*unique(x, True, True, True, equal_nan=False))


@implements(numpy.unique_counts)
def unique_counts(x: Any) -> UniqueCountsResult:
    """`numpy.unique_counts`."""
    return UniqueCountsResult(*unique(x, return_counts=True, equal_nan=False))


@implements(numpy.unique_inverse)
def unique_inverse(x: Any) -> UniqueInverseResult:
    """`numpy.unique_inverse`."""
    return UniqueInverseResult(*unique(x, return_inverse=True, equal_nan=False))


@implements(numpy.unique_values)
def unique_values(x: Any) -> Any:
    """`numpy.unique_values`, sorted (NumPy leaves the order open)."""
    return unique(x, equal_nan=False)


@implements(numpy.union1d)
def union1d(ar1: Any, ar2: Any) -> Any:
    """`numpy.union1d`."""
    from .joining import concatenate

    return unique(concatenate([operand(ar1), operand(ar2)], axis=None))


@implements(numpy.isin)
def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: Any = None
) -> Any:
    """`numpy.isin`, which has no derivative."""
    element, tests = operand(element), reshape(operand(test_elements), shape=(-1,))
    ordered = orders.sort(tests, axis=0)
    n = shape_of(tests)[0]
    if not n:
        found: Any = numpy.zeros(shape_of(element), dtype=bool)
    else:
        place = rows.minimum(orders.searchsorted(ordered, element, side="left"), n - 1)
        found = rows.equal(places.take(ordered, place), element)
    return rows.logical_not(found) if invert else found


if hasattr(numpy, "in1d"):

    @implements(numpy.in1d)
    def in1d(ar1: Any, ar2: Any, assume_unique: bool = False, invert: bool = False, *, kind: Any = None) -> Any:
        """`numpy.in1d`: `isin` of the flattened elements."""
        return isin(reshape(operand(ar1), shape=(-1,)), ar2, invert=invert)


@implements(numpy.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """`numpy.setdiff1d`."""
    ar1 = reshape(operand(ar1), shape=(-1,)) if assume_unique else unique(ar1)
    return places.take(ar1, numpy.flatnonzero(known(isin(ar1, ar2, invert=True))))
