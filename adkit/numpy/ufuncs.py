"""NumPy's ufuncs as `adkit.numpy` offers them: small callable objects with NumPy's methods `reduce`, `at`, `outer`, ….

They differ from NumPy's own in one thing: nested lists of traced values are accepted as operands.
Not for: what a ufunc computes and its derivative (`primitives.elementwise`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy

from .. import libraries
from ..backends import backend_of
from ..handle import TracedArray
from ..libraries import foreign_among
from ..numpy_api import UFUNC_FUNCTIONS, UFUNC_METHODS, has_handle
from ..primitive import Elementwise
from ..primitives import elementwise as rows
from ..storage import add_in_place, plain_index, refuse_plain_target
from ..tracing import UFUNCS, record_binary, record_unary
from . import reduction as reductions
from .arguments import ndim, one_axis, operand
from .creation import asarray

__adkit__ = True

_getframe = sys._getframe


class Ufunc:
    """A NumPy ufunc that also takes nested lists of traced values; attributes are NumPy's.

    Example
    -------
    >>> from adkit import grad
    >>> import adkit.numpy as np
    >>> grad(lambda x: np.sum(np.maximum([x, 1.0], 0.0)))(3.0)
    1.0
    """

    def __init__(self, ufunc: numpy.ufunc) -> None:
        self.ufunc = ufunc
        self.row = UFUNCS.get(ufunc)
        self.__name__ = self.__qualname__ = ufunc.__name__
        self.__doc__ = ufunc.__doc__
        self.__module__ = "adkit.numpy"

    def __call__(self, *operands: Any, **options: Any) -> Any:
        """The ufunc itself."""
        if not options and self.row is not None:
            if len(operands) == 1 and type(operands[0]) is TracedArray:
                return record_unary(self.row, operands[0], self.ufunc, _getframe(1))
            if len(operands) == 2 and (type(operands[0]) is TracedArray or type(operands[1]) is TracedArray):
                return record_binary(self.row, operands[0], operands[1], self.ufunc, _getframe(1))
        operands = tuple(_joined(operands))
        if any(backend_of(a) is not None for a in operands):
            function = UFUNC_FUNCTIONS.get(self.ufunc) or self.row or self.ufunc
            return libraries.call(function, operands, options, foreign_among(operands))
        return self.ufunc(*operands, **options)

    def reduce(self, array: Any, *args: Any, **options: Any) -> Any:
        """NumPy's `ufunc.reduce`."""
        return self.ufunc.reduce(*_joined((array,)), *args, **options)

    def accumulate(self, array: Any, *args: Any, **options: Any) -> Any:
        """NumPy's `ufunc.accumulate`."""
        return self.ufunc.accumulate(*_joined((array,)), *args, **options)

    def reduceat(self, array: Any, indices: Any, *args: Any, **options: Any) -> Any:
        """NumPy's `ufunc.reduceat`."""
        return self.ufunc.reduceat(_joined((array,))[0], indices, *args, **options)

    def outer(self, a: Any, b: Any, **options: Any) -> Any:
        """NumPy's `ufunc.outer`."""
        return self.ufunc.outer(*_joined((a, b)), **options)

    def at(self, array: Any, indices: Any, *values: Any) -> None:
        """NumPy's `ufunc.at`; `array` may be traced, and must be if a value is."""
        return self.ufunc.at(array, indices, *_joined(values))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["ufunc"], name)

    def __repr__(self) -> str:
        return f"<ufunc {self.__name__!r} of adkit.numpy>"


def _joined(operands: Any) -> list[Any]:
    return [asarray(a) if type(a) in (list, tuple, numpy.ndarray) and has_handle((a,)) else a for a in operands]


# ------------------------------------------------------------------------------------------------ methods


def method(ufunc: numpy.ufunc, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: enter what `ufunc.name(...)` does for traced arguments."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        UFUNC_METHODS[ufunc.__name__, name] = function
        return function

    return register


def _reducing(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(array: Any, axis: Any = 0, **options: Any) -> Any:
        return function(array, axis=axis if ndim(operand(array)) else None, **options)

    return reduce


def _cumulative(function: Callable[..., Any]) -> Callable[..., Any]:
    def accumulate(array: Any, axis: Any = 0, **options: Any) -> Any:
        return function(array, axis=axis, **options)

    return accumulate


def _running(row: Any) -> Callable[..., Any]:
    """Running extremum: combine element by element along the axis."""

    def accumulate(array: Any, axis: int = 0, dtype: Any = None) -> Any:
        from .joining import moveaxis, stack

        array = operand(array)
        axis = one_axis(axis, ndim(array))
        moved = moveaxis(array, axis, 0)
        parts = [moved[0]]
        for i in range(1, moved.shape[0]):
            parts.append(row(parts[-1], moved[i]))
        return stack(parts, axis=axis)

    return accumulate


def _outer(ufunc: numpy.ufunc) -> Callable[..., Any]:
    def outer(a: Any, b: Any, **options: Any) -> Any:
        from .shaping import reshape

        a, b = operand(a), operand(b)
        return ufunc(reshape(a, (*numpy.shape(a), *(1,) * ndim(b))), b, **options)

    return outer


@method(numpy.add, "reduceat")
def _add_reduceat(array: Any, indices: Any, axis: int = 0, dtype: Any = None) -> Any:
    """Sums between consecutive indices; a stretch that is empty or backwards is its first element, as in NumPy."""
    from .joining import stack

    array = operand(array)
    axis = one_axis(axis, ndim(array))
    head = (slice(None),) * axis
    starts = [int(i) for i in indices]
    stops = [*starts[1:], array.shape[axis]]
    parts = [
        reductions.sum(array[(*head, slice(a, b))], axis=axis) if b > a else array[(*head, a)]
        for a, b in zip(starts, stops, strict=True)
    ]
    return stack(parts, axis=axis)


@method(numpy.add, "at")
def _add_at(array: Any, indices: Any, values: Any) -> None:
    _at(array, indices, values, "numpy.add.at")


@method(numpy.subtract, "at")
def _subtract_at(array: Any, indices: Any, values: Any) -> None:
    _at(array, indices, -operand(values), "numpy.subtract.at")


def _at(array: Any, indices: Any, values: Any, name: str) -> None:
    frame = _getframe(4)
    if not isinstance(array, TracedArray):
        raise refuse_plain_target(name, frame)
    add_in_place(array, plain_index(indices, frame), values)


def enter() -> None:
    """Fill the tables of ufuncs and of their methods."""
    for row in vars(rows).values():
        ufunc = getattr(numpy, getattr(row, "name", ""), None)
        if isinstance(ufunc, numpy.ufunc) and isinstance(row, Elementwise) and ufunc not in UFUNC_FUNCTIONS:
            UFUNCS[ufunc] = row
    UFUNCS[numpy.degrees], UFUNCS[numpy.radians] = rows.rad2deg, rows.deg2rad
    reducing = {
        numpy.add: reductions.sum,
        numpy.multiply: reductions.prod,
        numpy.maximum: reductions.max,
        numpy.minimum: reductions.min,
        numpy.logical_and: reductions.all,
        numpy.logical_or: reductions.any,
    }
    for ufunc, function in reducing.items():
        method(ufunc, "reduce")(_reducing(function))
    method(numpy.add, "accumulate")(_cumulative(reductions.cumsum))
    method(numpy.multiply, "accumulate")(_cumulative(reductions.cumprod))
    method(numpy.maximum, "accumulate")(_running(rows.maximum))
    method(numpy.minimum, "accumulate")(_running(rows.minimum))
    for ufunc in UFUNCS:
        if ufunc.nin == 2:
            method(ufunc, "outer")(_outer(ufunc))
