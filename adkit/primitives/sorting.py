"""The row of `sort`: the elements in order along one axis. The order itself is constant; ties keep their places."""

from __future__ import annotations

from typing import Any

import numpy

from ..backends import to_numpy
from ..handle import untraced
from ..primitive import General
from .indexing import getitem, index_add
from .shape import shape_of

__adkit__ = True


def _order(x: Any, axis: int) -> tuple[Any, ...]:
    """The index that sorts x along an axis."""
    plain = to_numpy(untraced(x))
    n = plain.ndim
    index = [numpy.arange(m).reshape(-1, *(1,) * (n - 1 - i)) for i, m in enumerate(plain.shape)]
    index[axis] = numpy.argsort(plain, axis=axis, kind="stable")
    return tuple(index)


def _sort_vjp(g: Any, out: Any, x: Any, axis: int) -> tuple[Any]:
    from ..numpy.creation import zeros_of

    return (index_add(zeros_of(shape_of(x), like=g), g, index=_order(x, axis)),)


sort = General(
    "sort",
    lambda xp, x, axis: xp.sort(x, axis=axis),
    jvp=lambda t, out, x, axis: getitem(t[0], index=_order(x, axis)),
    vjp=_sort_vjp,
    reads="operands",
)
