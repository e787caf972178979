"""Differences, integrals and products of sequences: `gradient interp convolve correlate`.

Not for: `diff` (`numpy.shaping`), `trapezoid` and `unwrap` (`numpy.lifted`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..handle import TracedArray
from ..numpy_api import implements
from ..primitives import elementwise as rows
from ..primitives import indexing as places
from ..primitives import products as sequences
from ..primitives import sorting as orders
from ..primitives.shape import flip, reshape, shape_of, truncate
from .arguments import many_axes, ndim, operand
from .creation import as_dtype
from .elementwise import conjugate, is_complex

__adkit__ = True

# ------------------------------------------------------------------------------------------------ gradient


@implements(numpy.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """`numpy.gradient`; the coordinates and spacings may be traced too.

    Source: NumPy's formulas for uneven spacing; those for even spacing are their special case, and NumPy's own short
    cut for coordinates that happen to be even is not taken, since its derivative in the coordinates is another one.
    """
    f = operand(f)
    f = f if numpy_dtype(f).kind in "fc" else as_dtype(f, float)
    axes = many_axes(axis, ndim(f))
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    spacings = _spacings(varargs, shape_of(f), axes)
    made = []
    for i, spacing in zip(axes, spacings, strict=True):
        if shape_of(f)[i] < edge_order + 1:
            raise ValueError(
                "Shape of array too small to calculate a numerical gradient, "
                "at least (edge_order + 1) elements are required."
            )
        slope = (_even if ndim(spacing) == 0 else _uneven)(f, spacing, i, edge_order)
        made.append(slope if numpy_dtype(slope) == numpy_dtype(f) else _kept_dtype(slope, f))
    return made[0] if len(made) == 1 else tuple(made)


def _kept_dtype(slope: Any, f: Any) -> Any:
    return slope if is_complex(slope) and not is_complex(f) else as_dtype(slope, numpy_dtype(f))


def _spacings(varargs: tuple[Any, ...], shape: tuple[int, ...], axes: tuple[int, ...]) -> list[Any]:
    """Per axis a step, or the differences of coordinates."""
    if not varargs:
        return [1.0] * len(axes)
    given = [operand(v) for v in varargs]
    if len(given) == 1 and ndim(given[0]) == 0:
        return given * len(axes)
    if len(given) != len(axes):
        raise TypeError("invalid number of arguments")
    made = []
    for i, points in zip(axes, given, strict=True):
        if ndim(points) == 0:
            made.append(points)
            continue
        if ndim(points) != 1:
            raise ValueError("distances must be either scalars or 1d")
        if shape_of(points)[0] != shape[i]:
            raise ValueError("when 1d, distances must match the length of the corresponding dimension")
        points = points if numpy_dtype(points).kind in "fc" else as_dtype(points, float)
        made.append(points[1:] - points[:-1])
    return made


def _part(f: Any, axis: int, start: int | None, stop: int | None) -> Any:
    return places.getitem(f, index=(slice(None),) * axis + (slice(start, stop),))


def _even(f: Any, h: Any, axis: int, edge_order: int) -> Any:
    inner = (_part(f, axis, 2, None) - _part(f, axis, None, -2)) / (2.0 * h)
    first = [_part(f, axis, i, i + 1) for i in range(edge_order + 1)]
    n = shape_of(f)[axis]
    last = [_part(f, axis, n - 1 - i, n - i) for i in range(edge_order + 1)]
    if edge_order == 1:
        return _joined((first[1] - first[0]) / h, inner, (last[0] - last[1]) / h, axis)
    begin = (-1.5 / h) * first[0] + (2.0 / h) * first[1] + (-0.5 / h) * first[2]
    end = (0.5 / h) * last[2] + (-2.0 / h) * last[1] + (1.5 / h) * last[0]
    return _joined(begin, inner, end, axis)


def _joined(begin: Any, inner: Any, end: Any, axis: int) -> Any:
    from .joining import concatenate

    return concatenate([begin, inner, end], axis=axis)


def _uneven(f: Any, steps: Any, axis: int, edge_order: int) -> Any:
    n = shape_of(f)[axis]

    def along(x: Any) -> Any:
        return reshape(x, shape=tuple(-1 if i == axis else 1 for i in range(ndim(f)))) if ndim(x) else x

    left, right = steps[:-1], steps[1:]
    a, b, c = -right / (left * (left + right)), (right - left) / (left * right), left / (right * (left + right))
    parts = _part(f, axis, None, -2), _part(f, axis, 1, -1), _part(f, axis, 2, None)
    inner = along(a) * parts[0] + along(b) * parts[1] + along(c) * parts[2]
    first = [_part(f, axis, i, i + 1) for i in range(edge_order + 1)]
    last = [_part(f, axis, n - 1 - i, n - i) for i in range(edge_order + 1)]
    if edge_order == 1:
        return _joined((first[1] - first[0]) / steps[0], inner, (last[0] - last[1]) / steps[-1], axis)
    h, k = steps[0], steps[1]
    begin = -(2.0 * h + k) / (h * (h + k)) * first[0] + (h + k) / (h * k) * first[1] - h / (k * (h + k)) * first[2]
    h, k = steps[-2], steps[-1]
    end = k / (h * (h + k)) * last[2] - (k + h) / (h * k) * last[1] + (2.0 * k + h) / (k * (h + k)) * last[0]
    return _joined(begin, inner, end, axis)


# ------------------------------------------------------------------------------------------------ interpolation


@implements(numpy.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """`numpy.interp`; differentiable in `x`, `xp`, `fp`, `left`, `right` and `period`.

    At a point of `xp` the derivative in x is the slope to its right, and at the last point 0.
    """
    x, xp, fp = (_floating(operand(v)) for v in (x, xp, fp))
    if ndim(xp) != 1 or ndim(fp) != 1:
        raise ValueError("Data points must be 1-D sequences")
    if shape_of(xp) != shape_of(fp):
        raise ValueError("fp and xp are not of the same length.")
    if not shape_of(xp)[0]:
        raise ValueError("array of sample points is empty")
    if period is not None:
        x, xp, fp = _wrapped(x, xp, fp, period)
        left = right = None
    return _interpolated(x, xp, fp, left, right)


def _floating(x: Any) -> Any:
    if numpy_dtype(x).kind in "fc":
        return x
    return as_dtype(x, float) if isinstance(x, TracedArray) else numpy.asarray(x, dtype=float)[()]


def _wrapped(x: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    """One period of the points, sorted, with a neighbour on each side."""
    from .joining import concatenate

    period = rows.absolute(operand(period))
    if not period:
        raise ValueError("period must be a non-zero value")
    x, xp = rows.remainder(x, period), rows.remainder(xp, period)
    order = orders.argsort(xp, axis=0)
    xp, fp = places.take(xp, order), places.take(fp, order)
    xp = concatenate([xp[-1:] - period, xp, xp[0:1] + period])
    return x, xp, concatenate([fp[-1:], fp, fp[0:1]])


def _interpolated(x: Any, xp: Any, fp: Any, left: Any, right: Any) -> Any:
    n = shape_of(xp)[0]
    first, last = xp[0], xp[n - 1]
    if n == 1:
        made = fp[0] + 0.0 * x
    else:
        found = orders.searchsorted(xp, x, side="right")
        i = rows.maximum(rows.minimum(found, n - 1), 1) - 1
        i = truncate(i, dtype=numpy.dtype(numpy.intp))
        x0, x1, f0, f1 = (places.take(v, j) for v in (xp, fp) for j in (i, i + 1))
        slope = (f1 - f0) / (x1 - x0)
        made = slope * (x - x0) + f0
    # NumPy takes the value of the point itself where x meets it exactly, also beside infinite slopes
    below, beyond = rows.less(x, first), rows.greater_equal(x, last)
    made = rows.where(below, fp[0] if left is None else operand(left), made)
    made = rows.where(beyond, fp[n - 1], made)
    return made if right is None else rows.where(rows.greater(x, last), operand(right), made)


# ------------------------------------------------------------------------------------------------ convolution


def _sequences(a: Any, v: Any) -> tuple[Any, Any]:
    a, v = (reshape(x, shape=(1,)) if not ndim(x) else x for x in (operand(a), operand(v)))
    if ndim(a) != 1 or ndim(v) != 1:
        raise ValueError("object of too large depth for desired array")
    return a, v


@implements(numpy.convolve)
def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    """`numpy.convolve`."""
    a, v = _sequences(a, v)
    if not shape_of(a)[0] or not shape_of(v)[0]:
        raise ValueError(f"{'a' if not shape_of(a)[0] else 'v'} cannot be empty")
    if shape_of(v)[0] > shape_of(a)[0]:
        a, v = v, a
    return _cut(sequences.convolve(a, v), shape_of(a)[0], shape_of(v)[0], mode)


@implements(numpy.correlate)
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """`numpy.correlate`: Σ a[n + k] · conj(v[n])."""
    a, v = _sequences(a, v)
    if not shape_of(a)[0] or not shape_of(v)[0]:
        raise ValueError(f"{'first' if not shape_of(a)[0] else 'second'} array argument cannot be empty")
    v = flip(conjugate(v) if is_complex(v) else v, axis=(0,))
    n, m = shape_of(a)[0], shape_of(v)[0]
    whole = sequences.convolve(a, v)
    if m <= n:
        return _cut(whole, n, m, mode)
    # NumPy exchanges the sequences and reverses the result, which for "same" is centred differently
    made = _cut(flip(whole, axis=(0,)), m, n, mode)
    return flip(made, axis=(0,))


def _cut(whole: Any, n: int, m: int, mode: Any) -> Any:
    """The part of a full convolution of n and m ≤ n elements that a mode asks for."""
    name = {0: "valid", 1: "same", 2: "full"}.get(mode, str(mode).lower())
    if name == "full":
        return whole
    if name == "same":
        start = (m - 1) // 2
        return places.getitem(whole, index=(slice(start, start + n),))
    if name == "valid":
        return places.getitem(whole, index=(slice(m - 1, n),))
    raise ValueError("mode must be one of 'valid', 'same', or 'full'")
