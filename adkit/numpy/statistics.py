"""Order statistics, and where extremes are among NaNs: `median percentile quantile` and their kin that ignore NaN.

A quantile reads the sorted array at two places. The places follow from the count of elements and from `q`, and are
operands of the reading, not constants of the program; between the places the quantile is linear, so that it has a
derivative in `q` as well. Ties are those of `sort`: equal elements keep their order, so of equal middle elements the
first ones in the array come first. Weights decide which element is taken, and have no derivative.

Source: R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American Statistician 50 (1996).
Not for: sums of powers (`numpy.reduction`), `cov` and `corrcoef` (`numpy.lifted`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..numpy_api import implements
from ..primitives import elementwise as rows
from ..primitives import indexing as places
from ..primitives import reduction as reductions
from ..primitives import sorting as orders
from ..primitives.shape import broadcast_to, convert, reshape, shape_of, size_of, truncate
from .arguments import finish, given, known, many_axes, ndim, one_axis, operand
from .creation import as_dtype
from .joining import moveaxis

__adkit__ = True

# the continuous methods: α and β of n·q + α + q·(1 − α − β) − 1
_CONTINUOUS = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "linear": (1.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
_METHODS = (*_CONTINUOUS, "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "lower", "higher", "midpoint")


def _place(n: Any, q: Any, method: str) -> tuple[Any, Any]:
    """Where the quantile q of n sorted elements is: the index of the element below, and how far beyond it."""
    if method in _CONTINUOUS:
        alpha, beta = _CONTINUOUS[method]
        virtual = (n - 1) * q if method == "linear" else n * q + (alpha + q * (1 - alpha - beta)) - 1
        below = rows.floor(virtual)
        return below, virtual - below
    if method in ("lower", "higher", "nearest", "midpoint"):
        virtual = (n - 1) * q
        if method == "midpoint":
            below = rows.floor(virtual)
            return below, rows.where(rows.equal(below, rows.ceil(virtual)), 0.0, 0.5)
        return {"lower": rows.floor, "higher": rows.ceil, "nearest": rows.rint}[method](virtual), None
    virtual = n * q - 1
    if method == "closest_observation":
        virtual = virtual - 0.5
    below = rows.floor(virtual)
    whole = rows.equal(below, virtual)
    if method == "averaged_inverted_cdf":
        return below, rows.where(whole, 0.5, 1.0)
    if method == "closest_observation":
        whole = rows.logical_and(whole, rows.equal(rows.remainder(below, 2), 1))
    return rows.where(whole, below, below + 1), None


def _index(place: Any, n: Any) -> Any:
    """A place as an index within n elements."""
    inside = rows.maximum(rows.minimum(place, n - 1), 0)
    return truncate(inside, dtype=numpy.dtype(numpy.intp))


def _read(ordered: Any, n: Any, q: Any, method: str) -> Any:
    """The quantile q, a number, of elements sorted along the last axis, of which the first n count."""
    place, beyond = _place(n, q, "averaged_inverted_cdf" if method == "median" else method)
    low = _taken(ordered, _index(place, n))
    if beyond is None:
        return low
    high = _taken(ordered, _index(place + 1, n))
    if method == "median":
        return rows.where(rows.equal(beyond, 1.0), high, (low + high) * 0.5)
    if _is_weak(q):
        beyond = convert(beyond, dtype=numpy_dtype(ordered)) if numpy_dtype(beyond) != numpy_dtype(ordered) else beyond
    step = high - low
    # from the nearer end, as NumPy's `_lerp`, which rounds symmetrically
    return rows.where(rows.greater_equal(beyond, 0.5), high - step * (1 - beyond), low + step * beyond)


def _is_weak(q: Any) -> bool:
    """Whether q is a Python number, whose precision gives way to that of the array."""
    return type(getattr(q, "value", q)) in (int, float)


def _taken(ordered: Any, index: Any) -> Any:
    """One element along the last axis, at an index that is a number or one number per row."""
    shape = shape_of(ordered)
    if ndim(index) < len(shape) - 1:
        index = broadcast_to(index, shape=shape[:-1])
    along = reshape(index, shape=(*shape[:-1], 1))
    return reshape(places.take(ordered, places.positions_along(along, shape, len(shape) - 1)), shape=shape[:-1])


def _prepared(a: Any, axis: Any) -> tuple[Any, tuple[int, ...], tuple[int, ...]]:
    """An array with the reduced axes joined into the last one, its old shape and those axes."""
    shape = shape_of(a)
    axes = many_axes(axis, len(shape))
    rest = tuple(i for i in range(len(shape)) if i not in axes)
    moved = moveaxis(a, axes, range(-len(axes), 0)) if axes else a
    return reshape(moved, shape=(*(shape[i] for i in rest), size_of(tuple(shape[i] for i in axes)))), shape, axes


def _every_q(values: Callable[[Any], Any], q: Any) -> Any:
    """The quantiles for each element of q, whose axes come first."""
    from .joining import stack
    from .shaping import ravel

    if not ndim(q):
        return values(q)
    flat = ravel(q)
    made = [values(flat[i]) for i in range(shape_of(flat)[0])]
    joined = stack(made) if made else numpy.zeros((0,))
    return reshape(joined, shape=shape_of(q) + shape_of(joined)[1:])


def _checked(q: Any, method: str) -> Any:
    if method != "nearest" and method not in _METHODS:
        names = ", ".join(sorted((*_METHODS, "nearest")))
        raise ValueError(f"{method!r} is not a valid method. Use one of: {names}")
    q = operand(q)
    q = q if hasattr(q, "dtype") or isinstance(q, float) else float(q) if not ndim(q) else numpy.asarray(q, float)
    plain = numpy.asarray(getattr(q, "value", q))
    if plain.dtype.kind != "f" and plain.dtype.kind not in "iu":
        raise TypeError("q must be real")
    if not bool(((plain >= 0) & (plain <= 1)).all()):
        raise ValueError("Quantiles must be in the range [0, 1]")
    return q


def _quantile(a: Any, q: Any, axis: Any, out: Any, method: str, keepdims: Any, weights: Any, skipping: bool) -> Any:
    a = operand(a)
    if numpy_dtype(a).kind not in "fc":
        a = as_dtype(a, float)
    if numpy_dtype(a).kind == "c" and method != "median":
        raise TypeError("a must be an array of real numbers")
    flat, shape, axes = _prepared(a, axis)
    missing = rows.isnan(flat)
    last = (ndim(flat) - 1,)
    if weights is not None:
        if method != "inverted_cdf":
            raise ValueError(f"Only method 'inverted_cdf' supports weights. Got: {method}.")
        made = _every_q(_weighted(flat, _spread(weights, shape, axes), missing), q)
    else:
        ordered = orders.sort(flat, axis=last[0])
        n: Any = shape_of(flat)[-1]
        if skipping:
            n = reductions.count_nonzero(rows.logical_not(missing), axis=last, keepdims=False)
        made = _every_q(lambda one: _read(ordered, n, one, method), q)
    bad = (reductions.all_ if skipping else reductions.any_)(missing, axis=last, keepdims=False)
    made = rows.where(bad, math.nan, made)
    if bool(given(keepdims, False)):
        made = reshape(made, shape=shape_of(q) + reductions.kept_shape(shape, axes))
    return finish(made, out)


def _spread(weights: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """Weights of the array, or of its reduced axes, arranged as `_prepared` arranges the array."""
    weights = operand(weights)
    if shape_of(weights) != shape:
        if shape_of(weights) != tuple(shape[i] for i in axes):
            raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
        weights = reshape(weights, shape=tuple(n if i in axes else 1 for i, n in enumerate(shape)))
        weights = broadcast_to(weights, shape=shape)
    return _prepared(weights, axes)[0]


def _weighted(flat: Any, weights: Any, missing: Any) -> Callable[[Any], Any]:
    """The first element at which the cumulative share of the weights reaches q."""
    last = ndim(flat) - 1
    order = places.positions_along(orders.argsort(flat, axis=last, stable=True), shape_of(flat), last)
    weights = rows.where(missing, 0.0, weights)
    cumulated = reductions.cumsum(places.take(weights, order), axis=last)
    total = reductions.max_(cumulated, axis=(last,), keepdims=True)
    share = rows.divide(cumulated, total)
    ordered = places.take(flat, order)

    def at(q: Any) -> Any:
        # elements of weight zero in front do not count, not even for q = 0
        before = rows.logical_or(rows.less(share, q), rows.less_equal(share, 0.0))
        index = reductions.count_nonzero(before, axis=(last,), keepdims=False)
        return _taken(ordered, _index(index, shape_of(flat)[-1]))

    return at


@implements(numpy.quantile)
def quantile(
    a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
    keepdims: Any = False, *, weights: Any = None, interpolation: Any = None,
) -> Any:  # fmt: skip
    """`numpy.quantile`, by any of NumPy's methods; differentiable in `a`, and in `q` by the continuous methods.

    Example
    -------
    >>> from adkit import grad
    >>> grad(lambda q: quantile(numpy.array([3.0, 1.0, 7.0]), q))(0.75)
    8.0
    """
    return _quantile(a, _checked(q, method), axis, out, method, keepdims, weights, False)


@implements(numpy.nanquantile)
def nanquantile(
    a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
    keepdims: Any = False, *, weights: Any = None, interpolation: Any = None,
) -> Any:  # fmt: skip
    """`numpy.nanquantile`: the quantile of the elements that are numbers."""
    return _quantile(a, _checked(q, method), axis, out, method, keepdims, weights, True)


@implements(numpy.percentile)
def percentile(
    a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
    keepdims: Any = False, *, weights: Any = None, interpolation: Any = None,
) -> Any:  # fmt: skip
    """`numpy.percentile`: the quantile q / 100."""
    return _quantile(a, _checked(_hundredth(q), method), axis, out, method, keepdims, weights, False)


@implements(numpy.nanpercentile)
def nanpercentile(
    a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
    keepdims: Any = False, *, weights: Any = None, interpolation: Any = None,
) -> Any:  # fmt: skip
    """`numpy.nanpercentile`: the percentile of the elements that are numbers."""
    return _quantile(a, _checked(_hundredth(q), method), axis, out, method, keepdims, weights, True)


def _hundredth(q: Any) -> Any:
    return rows.divide(operand(q), 100)


@implements(numpy.median)
def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False) -> Any:
    """`numpy.median`: the middle element, or the mean of the two middle ones."""
    return _quantile(a, 0.5, axis, out, "median", keepdims, None, False)


@implements(numpy.nanmedian)
def nanmedian(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False) -> Any:
    """`numpy.nanmedian`: the median of the elements that are numbers."""
    return _quantile(a, 0.5, axis, out, "median", keepdims, None, True)


# ------------------------------------------------------------------------------------------------ where extremes are


def _position(name: str, worst: float) -> Callable[..., Any]:
    row = getattr(reductions, "arg" + name)

    @implements(getattr(numpy, "nanarg" + name))
    def position(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
        a = operand(a)
        axis = None if axis is None else one_axis(axis, ndim(a))
        missing = rows.isnan(a)
        empty = reductions.all_(missing, axis=many_axes(axis, ndim(a)), keepdims=False)
        if numpy.any(known(empty)):
            raise ValueError("All-NaN slice encountered")
        return finish(row(rows.where(missing, worst, a), axis=axis, keepdims=bool(given(keepdims, False))), out)

    position.__name__ = position.__qualname__ = "nanarg" + name
    position.__doc__ = f"`numpy.nanarg{name}`: where the extremum is, which has no derivative."
    return position


nanargmax, nanargmin = _position("max", -math.inf), _position("min", math.inf)
