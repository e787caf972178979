"""`norm vector_norm matrix_norm cond` of `adkit.numpy.linalg`.

Where a norm has no derivative a documented subgradient is taken: 0 at 0; for the nuclear norm 0 along the singular
vectors of zero singular values; for the spectral norm the mean over equal largest singular values.
"""

from __future__ import annotations

from typing import Any

import numpy

from ...dtypes import numpy_dtype
from ...numpy_api import implements
from ...primitives import elementwise as rows
from ...primitives import spectral
from ...primitives.degeneracy import near_zero
from ...primitives.linalg import inv
from .. import reduction, shaping
from ..arguments import many_axes, ndim, operand
from ..joining import moveaxis
from .matrices import floating, matrices, squares

__adkit__ = True


@implements(numpy.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """`numpy.linalg.norm`, of every order; at 0 the derivative is taken as 0."""
    x = operand(x)
    x = x if numpy_dtype(x).kind in "fc" else floating(x)  # norms of vectors are there for float16 too
    n = ndim(x)
    if axis is None and (ord is None or (ord in ("f", "fro") and n == 2) or (ord == 2 and n == 1)):
        return _euclidean(x, tuple(range(n)), keepdims)
    axes = (axis,) if axis is not None and not isinstance(axis, tuple | list) else axis
    given = tuple(range(n)) if axes is None else tuple(many_axes((int(i),), n)[0] for i in axes)
    if len(given) == 1:
        return _vector_norm(x, 2 if ord is None else ord, given, keepdims)
    if len(given) != 2:
        raise ValueError("Improper number of dimensions to norm.")
    if given[0] == given[1]:
        raise ValueError("Duplicate axes given.")
    return _matrix_norm(x, "fro" if ord is None else ord, given, keepdims)


def _euclidean(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return rows.root(reduction.sum(reduction.squared_magnitude(x), axes, keepdims=keepdims))


def _vector_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order {ord!r} for vectors")
    if ord == 2:
        return _euclidean(x, axes, keepdims)
    if ord == numpy.inf:
        return reduction.max(rows.absolute(x), axes, keepdims=keepdims)
    if ord == -numpy.inf:
        return reduction.min(rows.absolute(x), axes, keepdims=keepdims)
    if ord == 0:
        return reduction.sum(spectral.as_numbers(rows.not_equal(x, 0), spectral.real_part(x)), axes, keepdims=keepdims)
    if ord == 1:
        return reduction.sum(rows.absolute(x), axes, keepdims=keepdims)
    total = reduction.sum(rows.absolute(x) ** float(ord), axes, keepdims=keepdims)
    if ord < 0:
        return total ** (1.0 / ord)
    zero = rows.equal(total, 0)
    return rows.where(zero, 0.0, rows.where(zero, 1.0, total) ** (1.0 / ord))


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord in ("fro", "f"):
        return _euclidean(x, axes, keepdims)
    if ord in (2, -2, "nuc"):
        made = _of_singular_values(moveaxis(x, axes, (-2, -1)), ord)
        return _with_ones(made, axes) if keepdims else made
    if ord not in (1, -1, numpy.inf, -numpy.inf):
        raise ValueError("Invalid norm order for matrices.")
    extremum = reduction.max if ord in (1, numpy.inf) else reduction.min
    first, second = axes if ord in (1, -1) else axes[::-1]
    sums = reduction.sum(rows.absolute(x), first, keepdims=True)
    made = extremum(sums, second, keepdims=True)
    return made if keepdims else shaping.squeeze(made, axes)


def _of_singular_values(x: Any, ord: Any) -> Any:
    s = spectral.singular_values(x)
    if ord == -2:
        return s[..., -1]
    s = rows.where(near_zero(s), 0.0, s)
    return reduction.sum(s, -1) if ord == "nuc" else spectral.largest_ties(s)


def _with_ones(x: Any, axes: tuple[int, ...]) -> Any:
    for axis in sorted(axes):
        x = shaping.expand_dims(x, axis)
    return x


@implements(numpy.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """`numpy.linalg.vector_norm`."""
    x = floating(operand(x))
    return _vector_norm(x, ord, many_axes(axis, ndim(x)), keepdims)


@implements(numpy.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """`numpy.linalg.matrix_norm`."""
    return norm(x, ord, (-2, -1), keepdims)


@implements(numpy.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    """`numpy.linalg.cond` for every norm; infinite, with derivative 0, where the matrix is singular."""
    x = matrices(x)
    if p in (None, 2, -2):
        s = spectral.singular_values(x)
        first, last = s[..., 0], s[..., -1]
        above, below = (last, first) if p == -2 else (first, last)
        return _ratio(above, below)
    x = squares(x)
    return norm(x, p, (-2, -1)) * norm(inv(x), p, (-2, -1))


def _ratio(above: Any, below: Any) -> Any:
    zero = rows.equal(below, 0)
    return rows.where(zero, numpy.inf, rows.divide(above, rows.where(zero, 1.0, below)))
