"""Sorting: `sort`, `argsort`, `partition`. The order is a constant; the derivative follows the elements.

Not for: searching (`numpy.indexing`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ..numpy_api import implements
from ..primitives import reduction as reductions
from ..primitives import sorting as rows
from ..primitives.shape import flip, reshape
from .arguments import ndim, one_axis, operand

__adkit__ = True


@implements(numpy.sort)
def sort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None, descending: bool = False
) -> Any:
    """`numpy.sort`; `descending` is NumPy's from 2.5 on."""
    a = operand(a)
    if axis is None:
        a, axis = reshape(a, shape=(-1,)), 0
    made = rows.sort(a, axis=one_axis(axis, ndim(a)))
    return flip(made, axis=one_axis(axis, ndim(a))) if descending else made


@implements(numpy.argsort)
def argsort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None, descending: bool = False
) -> Any:
    """`numpy.argsort`; `descending` is NumPy's from 2.5 on."""
    a = operand(a)
    if axis is None:
        a, axis = reshape(a, shape=(-1,)), 0
    return reductions.argsort(-a if descending else a, axis=one_axis(axis, ndim(a)))


@implements(numpy.partition)
def partition(a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None) -> Any:
    """`numpy.partition`; fully sorted, which is a partition too."""
    return sort(a, axis)
