"""Polynomials as arrays of coefficients: `roots polymul polyfit`.

Not for: `poly polyval polyadd polyder polyint`, which run NumPy's own Python (`numpy.lifted`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..numpy_api import implements
from ..primitives import elementwise as rows
from ..primitives import products as sequences
from ..primitives import roots as root_rows
from ..primitives.shape import reshape, shape_of
from .arguments import known, ndim, operand
from .creation import as_dtype
from .lifted import as_handle, lift

__adkit__ = True


def _coefficients(p: Any) -> Any:
    """The coefficients of a polynomial given as a sequence, an array, or a `poly1d`."""
    p = operand(p.coeffs if isinstance(p, numpy.poly1d) else p)
    return reshape(p, shape=(1,)) if not ndim(p) else p


def _not_zero(p: Any) -> Any:
    """Where coefficients are not zero, which decides the degree and so is a guard."""
    return numpy.flatnonzero(known(rows.not_equal(p, 0)))


@implements(numpy.roots)
def roots(p: Any) -> Any:
    """`numpy.roots`; differentiable where the roots are simple.

    Formula: p(r) = 0 gives dr = −dp(r) / p′(r). At a multiple root there is no derivative: the result is not finite.

    Example
    -------
    >>> from adkit import grad
    >>> grad(lambda c: roots(c).max())(numpy.array([1.0, -3.0, 2.0]))
    array([-4., -2., -1.])
    """
    p = _coefficients(p)
    if ndim(p) != 1:
        raise ValueError("Input must be a rank-1 array.")
    places = _not_zero(p)
    if not len(places):
        return numpy.array([])
    zeros = shape_of(p)[0] - int(places[-1]) - 1
    p = p[int(places[0]) : int(places[-1]) + 1]
    p = p if numpy_dtype(p).kind in "fc" else as_dtype(p, float)
    if shape_of(p)[0] < 2:
        return numpy.zeros(zeros)
    made = root_rows.roots(p)
    if not zeros:
        return made
    from .joining import concatenate

    return concatenate([made, numpy.zeros(zeros, numpy_dtype(made))])


@implements(numpy.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    """`numpy.polymul`; leading coefficients that are zero are dropped, as `poly1d` does."""
    a1, a2 = (_without_leading_zeros(_coefficients(a)) for a in (a1, a2))
    return sequences.convolve(a1, a2)


def _without_leading_zeros(p: Any) -> Any:
    places = _not_zero(p)
    if not len(places):
        return p[-1:]
    return p[int(places[0]) :] if places[0] else p


@implements(numpy.polydiv)
def polydiv(u: Any, v: Any) -> Any:
    """`numpy.polydiv`: quotient and remainder."""
    return lift(numpy.polydiv)(as_handle(_coefficients(u)), as_handle(_coefficients(v)))


polyfit = implements(numpy.polyfit)(lift(numpy.polyfit))
