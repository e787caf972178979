"""Polynomials in two variables: `numpy.polynomial.polynomial.polyval2d` and `polygrid2d`, by Horner's rule.

Imported when one of them is first called with traced arguments, since importing NumPy does not import
`numpy.polynomial`. Not for: polynomials in one variable (`numpy.polynomials`).
"""

from __future__ import annotations

from typing import Any

from numpy.polynomial import polynomial as plain

from ..numpy_api import implements
from ..primitives.shape import reshape, shape_of
from .arguments import ndim
from .indexing import readable

__adkit__ = True


def _horner(c: Any, x: Any) -> Any:
    """Σ c[i] xⁱ, where c[i] and x have shapes that broadcast."""
    made = c[-1] + x * 0
    for i in reversed(range(shape_of(c)[0] - 1)):
        made = c[i] + made * x
    return made


def _spread(c: Any, x: Any) -> Any:
    """Coefficients with one more axis for each one of x."""
    return reshape(c, shape=shape_of(c) + (1,) * ndim(x))


@implements(plain.polyval2d)
def polyval2d(x: Any, y: Any, c: Any) -> Any:
    """`polyval2d`: Σ c[i, j] xⁱ yʲ at the points (x, y).

    Example
    -------
    >>> import adkit, numpy
    >>> f = lambda x: numpy.polynomial.polynomial.polyval2d(x, 2.0, numpy.ones((2, 2)))
    >>> adkit.grad(f)(5.0)
    3.0
    """
    x, y, c = readable(x), readable(y), readable(c)
    if shape_of(x) != shape_of(y):
        raise ValueError("x, y are incompatible")
    return _horner(_horner(_spread(c, x), x), y)


@implements(plain.polygrid2d)
def polygrid2d(x: Any, y: Any, c: Any) -> Any:
    """`polygrid2d`: Σ c[i, j] xⁱ yʲ on the grid of all pairs of x and y."""
    x, y, c = readable(x), readable(y), readable(c)
    return _horner(_spread(_horner(_spread(c, x), x), y), y)
