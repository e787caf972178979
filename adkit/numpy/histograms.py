"""Counting into bins: `bincount histogram histogram2d histogramdd histogram_bin_edges`.

Into which bin an element falls has no derivative. The counts are linear in the weights; edges that are spread evenly
between the smallest and the largest element depend on these, and so does a density. The bins are found from the
values and are constants of the program, noted as guards.

Not for: `digitize` (`numpy.sorting`).
"""

from __future__ import annotations

import operator
from typing import Any

import numpy

from ..backends import to_numpy
from ..dtypes import numpy_dtype
from ..handle import is_traced
from ..numpy_api import implements
from ..primitives import elementwise as rows
from ..primitives import indexing as places
from ..primitives import reduction as reductions
from ..primitives import sorting as orders
from ..primitives.shape import broadcast_to, reshape, shape_of, size_of, truncate
from .arguments import known, ndim, operand
from .creation import as_dtype, linspace

__adkit__ = True


@implements(numpy.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """`numpy.bincount`; linear in the weights."""
    x = numpy.asarray(known(operand(x)))
    if weights is None:
        return numpy.bincount(x, None, minlength)
    weights = operand(weights)
    if shape_of(weights) != x.shape:
        raise ValueError("The weights and list don't have the same length.")
    count = numpy.bincount(x, None, minlength).size
    weights = weights if numpy_dtype(weights) == numpy.dtype(float) else as_dtype(weights, float)
    return places.scatter_add(weights, x, shape=(count,))


def _edges(a: Any, bins: Any, range: Any, weights: Any) -> Any:
    """The edges of the bins; traced if they are spread between traced ends, or given as traced."""
    if numpy.ndim(getattr(bins, "value", bins)) == 1:
        edges = operand(bins)
        if (numpy.diff(_checked(edges)) < 0).any():
            raise ValueError("`bins` must increase monotonically, when an array")
        return edges
    ends = (0.0, 1.0) if range is None and not size_of(shape_of(a)) else _ends(a) if range is None else range
    ends = tuple(operand(end) for end in ends)
    plain = tuple(float(_checked(end)) for end in ends)
    if not numpy.isfinite(plain).all():
        raise ValueError(f"supplied range of [{plain[0]}, {plain[1]}] is not finite")
    if plain[0] > plain[1]:
        raise ValueError("max must be larger than min in range parameter.")
    count = _count(a, bins, plain, weights, range is None)
    if numpy.all(known(rows.equal(*ends))):  # the width of the bins must not be zero
        ends = (ends[0] - 0.5, ends[1] + 0.5)
    edges = linspace(ends[0], ends[1], count + 1)
    return edges if numpy_dtype(edges).kind == "f" else as_dtype(edges, float)


def _count(a: Any, bins: Any, ends: tuple[float, ...], weights: Any, whole: bool) -> int:
    """The number of bins; a rule that estimates it from the spread of the elements reads them, which is a guard."""
    if not isinstance(bins, str):
        if int(bins) < 1:
            raise ValueError("`bins` must be positive, when an integer")
        return operator.index(bins)
    if whole and bins in ("sturges", "sqrt", "rice"):  # of the number of elements alone
        a, ends = numpy.linspace(0.0, 1.0, size_of(shape_of(a))), (0.0, 1.0)
    return len(numpy.histogram_bin_edges(known(a), bins, ends, weights)) - 1  # type: ignore[arg-type]


def _ends(a: Any) -> tuple[Any, Any]:
    every = tuple(_axes(a))
    return reductions.min_(a, axis=every, keepdims=False), reductions.max_(a, axis=every, keepdims=False)


_every = range  # the functions here have a parameter of that name


def _axes(a: Any) -> Any:
    return _every(ndim(a))


def _checked(x: Any) -> Any:
    """The value of an argument, to see whether it is valid; nothing is computed from it."""
    return numpy.asarray(to_numpy(getattr(x, "value", x)))


def _bins_of(a: Any, edges: Any) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The bin of each element, and which elements are in one: [e₀, e₁), [e₁, e₂), …, [eₙ₋₁, eₙ]."""
    flat = reshape(a, shape=(-1,))
    last = shape_of(edges)[0] - 1
    on_edge = truncate(rows.equal(flat, edges[last]), dtype=numpy.dtype(numpy.intp))
    found = numpy.asarray(known(orders.searchsorted(edges, flat, side="right") - 1 - on_edge))
    return found, (found >= 0) & (found < last)


def _counted(weights: Any, position: numpy.ndarray, inside: numpy.ndarray, shape: tuple[int, ...]) -> Any:
    position = position[inside]
    if weights is None:
        return numpy.bincount(position, minlength=size_of(shape)).reshape(shape)
    chosen = reshape(operand(weights), shape=(-1,))[numpy.flatnonzero(inside)]
    return places.scatter_add(chosen, position, shape=shape)


@implements(numpy.histogram)
def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    """`numpy.histogram`: the counts, linear in the weights, and the edges."""
    a = operand(a)
    weights = None if weights is None else operand(weights)
    if weights is not None and shape_of(weights) != shape_of(a):
        raise ValueError("weights should have the same shape as a.")
    edges = _edges(a, bins, range, weights)
    position, inside = _bins_of(a, edges)
    counts = _counted(weights, position, inside, (shape_of(edges)[0] - 1,))
    if density:
        widths = edges[1:] - edges[:-1]
        total = counts.sum()
        return counts / widths / total, edges
    return counts, edges


@implements(numpy.histogram_bin_edges)
def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """`numpy.histogram_bin_edges`."""
    return _edges(operand(a), bins, range, weights)


@implements(numpy.histogramdd)
def histogramdd(sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    """`numpy.histogramdd`: the counts, linear in the weights, and a list of edges."""
    columns = _columns(sample)
    bins = [bins] * len(columns) if isinstance(bins, (int, numpy.integer)) else list(bins)
    if len(bins) != len(columns):
        raise ValueError("The dimension of bins must be equal to the dimension of the sample x.")
    ranges = [None] * len(columns) if range is None else list(range)
    if len(ranges) != len(columns):
        raise ValueError("range argument must have one entry per dimension")
    edges = [_edges(c, b, r, None) for c, b, r in zip(columns, bins, ranges, strict=True)]
    shape = tuple(shape_of(e)[0] - 1 for e in edges)
    found = [_bins_of(c, e) for c, e in zip(columns, edges, strict=True)]
    inside = numpy.logical_and.reduce([has for _, has in found])
    kept = [numpy.where(inside, position, 0) for position, _ in found]
    position = numpy.ravel_multi_index(kept, shape) if inside.size else numpy.zeros(0, int)
    counts = _counted(weights, position, inside, shape)
    counts = as_dtype(counts, float) if numpy_dtype(counts).kind != "c" and is_traced(counts) else counts
    counts = counts.astype(float) if numpy_dtype(counts).kind in "iu" else counts
    if density:
        for i, e in enumerate(edges):
            widths = reshape(e[1:] - e[:-1], shape=tuple(-1 if i == j else 1 for j in _every(len(edges))))
            counts = counts / broadcast_to(widths, shape=shape)
        counts = counts / _counted(weights, position, inside, shape).sum()
    return counts, edges


def _columns(sample: Any) -> list[Any]:
    """The coordinates of a sample: the columns of an array, or the items of a sequence of arrays."""
    if isinstance(sample, (list, tuple)):
        return [operand(c) for c in sample]
    sample = operand(sample)
    if ndim(sample) < 2:
        return [reshape(sample, shape=(-1,))]
    return [sample[:, i] for i in _every(shape_of(sample)[1])]


@implements(numpy.histogram2d)
def histogram2d(x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    """`numpy.histogram2d`: the counts, linear in the weights, and the edges of both axes."""
    if shape_of(operand(x)) != shape_of(operand(y)):
        raise ValueError("x and y must have the same length.")
    if not isinstance(bins, (int, numpy.integer)):
        both = [operand(b) if not isinstance(b, (int, numpy.integer)) else b for b in bins]
        bins = both if len(both) in (1, 2) else [operand(bins)] * 2  # one sequence of edges for both axes
    counts, (first, second) = histogramdd([x, y], bins, range, density, weights)
    return counts, first, second
