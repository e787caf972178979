"""NumPy's functions that move elements or reduce along axes, over the array API standard.

Not for: contractions (`contraction`) and indexing (`indexing`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_strict as standard
import numpy

from .elementwise import absolute, isnan, truth, where
from .indexing import to_numpy
from .promotion import convert, device_of, numpy_dtype, promote

__adkit__ = True

FUNCTIONS: dict[str, Callable[..., Any]] = {}


def _define(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a function into the table under its name."""
    function.__doc__ = function.__doc__ or f"`numpy.{function.__name__}`"
    FUNCTIONS[function.__name__] = function
    return function


# ------------------------------------------------------------------------------------- moving elements


@_define
def reshape(x: Any, shape: Any) -> Any:
    return standard.reshape(x, shape if isinstance(shape, tuple) else tuple(numpy.atleast_1d(shape).tolist()))


@_define
def transpose(x: Any, axes: Any = None) -> Any:
    return standard.permute_dims(x, tuple(range(x.ndim))[::-1] if axes is None else tuple(axes))


@_define
def broadcast_to(x: Any, shape: Any) -> Any:
    return standard.broadcast_to(x, tuple(shape))


@_define
def concatenate(arrays: Any, axis: int | None = 0) -> Any:
    return standard.concat(promote(*arrays), axis=axis)


@_define
def stack(arrays: Any, axis: int = 0) -> Any:
    return standard.stack(promote(*arrays), axis=axis)


@_define
def flip(x: Any, axis: Any = None) -> Any:
    return standard.flip(x, axis=axis) if x.ndim else x


@_define
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    if isinstance(axis, tuple) and not axis:
        return x
    if isinstance(axis, tuple) and not isinstance(shift, tuple):
        shift = (shift,) * len(axis)
    return standard.roll(x, shift, axis=axis)


@_define
def pad(x: Any, widths: Any) -> Any:
    """`numpy.pad` with zeros; one pair of widths per axis."""
    shape = tuple(before + n + after for (before, after), n in zip(widths, x.shape, strict=True))
    result = standard.zeros(shape, dtype=x.dtype, device=x.device)
    if x.size:
        result[tuple(slice(a, a + n) for (a, _), n in zip(widths, x.shape, strict=True))] = x
    return result


@_define
def ravel(x: Any) -> Any:
    return standard.reshape(x, (-1,))


@_define
def atleast_1d(x: Any) -> Any:
    return x if x.ndim else standard.reshape(x, (1,))


@_define
def swapaxes(x: Any, first: int, second: int) -> Any:
    axes = list(range(x.ndim))
    axes[first], axes[second] = axes[second], axes[first]
    return standard.permute_dims(x, tuple(axes))


# ------------------------------------------------------------------------------------- reductions


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _countable(x: Any) -> Any:
    """Booleans count as integers."""
    return standard.astype(x, standard.int64) if numpy_dtype(x).kind == "b" else x


@_define
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return standard.sum(_countable(x), axis=_axes(axis), keepdims=keepdims)


@_define
def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return standard.prod(_countable(x), axis=_axes(axis), keepdims=keepdims)


def _extremum(x: Any, axis: Any, keepdims: bool, name: str) -> Any:
    kind = numpy_dtype(x).kind
    if kind == "c":
        return _complex_extremum(x, axis, keepdims, name)
    made = getattr(standard, name)(_countable(x), axis=_axes(axis), keepdims=keepdims)
    return convert(made, numpy_dtype(x))


def _complex_extremum(x: Any, axis: Any, keepdims: bool, name: str) -> Any:
    """Complex numbers are ordered by their real part, then by the imaginary one; a NaN wins."""
    worst = float("-inf") if name == "max" else float("inf")
    nan = isnan(x)
    real, imag = where(nan, worst, standard.real(x)), standard.imag(x)
    best = getattr(standard, name)(real, axis=axis, keepdims=True)
    imag = getattr(standard, name)(where(real == best, imag, worst), axis=axis, keepdims=True)
    made = standard.astype(best, x.dtype) + standard.astype(imag, x.dtype) * 1j
    made = where(standard.any(nan, axis=axis, keepdims=True), complex("nan"), made)
    return made if keepdims else standard.squeeze(made, axis=_all_axes(x, axis))


def _all_axes(x: Any, axis: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)


@_define
def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _extremum(x, axis, keepdims, "max")


@_define
def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _extremum(x, axis, keepdims, "min")


@_define
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return standard.any(truth(x), axis=_axes(axis), keepdims=keepdims)


@_define
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return standard.all(truth(x), axis=_axes(axis), keepdims=keepdims)


@_define
def count_nonzero(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return standard.sum(standard.astype(truth(x), standard.int64), axis=_axes(axis), keepdims=keepdims)


@_define
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return standard.mean(*promote(x, floating=True), axis=_axes(axis), keepdims=keepdims)


@_define
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return standard.argmax(_countable(x), axis=axis, keepdims=keepdims)


@_define
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return standard.argmin(_countable(x), axis=axis, keepdims=keepdims)


@_define
def argsort(x: Any, axis: int | None = -1, kind: Any = None, stable: bool | None = True) -> Any:
    """`numpy.argsort`, always stable; of complex numbers, which the standard does not order, on the host."""
    x, axis = (ravel(x), -1) if axis is None else (x, axis)
    if numpy_dtype(x).kind == "c":
        return standard.asarray(numpy.argsort(to_numpy(x), axis, stable=True), device=x.device)
    return standard.argsort(_countable(x), axis=axis, stable=True)


@_define
def sort(x: Any, axis: int | None = -1, kind: Any = None, stable: bool | None = True) -> Any:
    """`numpy.sort`, always stable; of complex numbers on the host."""
    x, axis = (ravel(x), -1) if axis is None else (x, axis)
    if numpy_dtype(x).kind == "c":
        return standard.asarray(numpy.sort(to_numpy(x), axis), device=x.device)
    return convert(standard.sort(_countable(x), axis=axis, stable=True), numpy_dtype(x))


def _cumulative(function: Callable[..., Any], x: Any, axis: int | None) -> Any:
    x = ravel(x) if axis is None or not x.ndim else x
    return function(_countable(x), axis=0 if axis is None else axis)


@_define
def cumsum(x: Any, axis: int | None = None) -> Any:
    return _cumulative(standard.cumulative_sum, x, axis)


@_define
def cumprod(x: Any, axis: int | None = None) -> Any:
    return _cumulative(standard.cumulative_prod, x, axis)


@_define
def isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    a, b = promote(a, b, floating=True)
    near = absolute(a - b) <= atol + rtol * absolute(b)
    close = standard.logical_or(standard.logical_and(near, standard.isfinite(b)), a == b)
    return standard.logical_or(close, standard.logical_and(isnan(a), isnan(b))) if equal_nan else close


# ------------------------------------------------------------------------------------- creation beside an array


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros with the shape and on the device of x."""
    made = standard.zeros(x.shape, dtype=x.dtype, device=device_of((x,)))
    return made if dtype is None else convert(made, numpy.dtype(dtype))


FUNCTIONS["zeros_like"] = zeros_like
