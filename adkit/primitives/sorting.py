"""Rows of order: `sort`, and those that say where something is and have no derivative: `argsort argpartition lexsort
searchsorted`.

The order of a sort is a constant; where elements are equal they keep their places, so a tie gives each place the
derivative of one element, the first of them to the first place. The rules of `sort` compute the order from its operand,
so that it is right wherever a recorded program is run. Not for: extremes (`primitives.reduction`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ..primitive import Constant, General
from .indexing import positions_along, scatter_add, take
from .shape import on_axes, shape_of, through_numpy

__adkit__ = True


def _argsort(xp: Any, x: Any, axis: int, stable: bool = False) -> Any:
    if xp is numpy:
        return numpy.argsort(x, axis=axis, kind="stable" if stable else None)
    return xp.argsort(x, axis=axis)  # stable in the other libraries


def _argpartition(xp: Any, x: Any, kth: Any, axis: int) -> Any:
    return through_numpy(lambda v: numpy.argpartition(v, kth, axis), (x,))


def _lexsort(xp: Any, *keys: Any, axis: int) -> Any:
    return through_numpy(lambda *arrays: numpy.lexsort(arrays, axis), keys)


def _searchsorted(xp: Any, a: Any, v: Any, side: str) -> Any:
    return through_numpy(lambda sequence, values: numpy.searchsorted(sequence, values, side), (a, v))  # type: ignore[call-overload]


argsort = Constant("argsort", _argsort, None)
argpartition = Constant("argpartition", _argpartition, None)
lexsort = Constant("lexsort", _lexsort, None)
searchsorted = Constant("searchsorted", _searchsorted, None)


def _order(x: Any, axis: int) -> Any:
    """Where the elements of the sorted array stand in the flattened x."""
    return positions_along(argsort(x, axis=axis, stable=True), shape_of(x), axis)


sort = General(
    "sort",
    lambda xp, x, axis: xp.sort(x, axis=axis),
    jvp=lambda t, out, x, axis: take(t[0], _order(x, axis)),
    vjp=lambda g, out, x, axis: (scatter_add(g, _order(x, axis), shape=shape_of(x)),),
    reads="operands",
)
for _row in (sort, argsort, argpartition):
    _row.batch = on_axes(_row)
sort.sparsity = "axis"
