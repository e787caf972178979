"""`numpy.polynomial` evaluates with Python of its own, which asks `isinstance(x, ndarray)` to choose the result's shape."""

from __future__ import annotations

import numpy as np
import numpy.polynomial as families
import pytest

import adkit as ad

FUNCTIONS = {
    "polyval": families.polynomial.polyval,
    "chebval": families.chebyshev.chebval,
    "legval": families.legendre.legval,
    "lagval": families.laguerre.lagval,
    "hermval": families.hermite.hermval,
    "hermeval": families.hermite_e.hermeval,
}
COEFFICIENTS = (np.arange(1.0, 5.0), np.arange(6.0).reshape(3, 2), np.arange(8.0).reshape(2, 2, 2))
POINTS = (np.float64(0.7), np.array([0.5, 2.0]), np.array([0.5, 2.0, 3.0]))


def close_to_differences(f, x, tangent):
    """A central difference of a polynomial of a degree below 4 errs by h² f‴ / 6, and its rounding."""
    h = 1e-4
    np.testing.assert_allclose(tangent, (f(x + h) - f(x - h)) / (2 * h), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("c", COEFFICIENTS, ids=lambda c: f"{c.ndim}-d")
@pytest.mark.parametrize("x", POINTS, ids=lambda x: str(np.shape(x)))
@pytest.mark.parametrize("name", FUNCTIONS)
def test_shape_and_values_are_numpys(name, x, c):
    f = lambda x: FUNCTIONS[name](x, c)  # noqa: E731
    out, tangent = ad.jvp(f, (x,), (np.ones_like(x),))
    assert np.shape(out) == np.shape(tangent) == np.shape(f(x))
    np.testing.assert_allclose(out, f(x), rtol=1e-13)
    close_to_differences(f, x, tangent)
    batch = np.stack([x, 2 * x])
    np.testing.assert_allclose(ad.vmap(f)(batch), np.stack([f(b) for b in batch]), rtol=1e-13)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_without_an_outer_product_points_broadcast_against_columns(name):
    c, x = COEFFICIENTS[1], POINTS[1]
    f = lambda x: FUNCTIONS[name](x, c, tensor=False)  # noqa: E731
    out, tangent = ad.jvp(f, (x,), (np.ones_like(x),))
    np.testing.assert_allclose(out, f(x), rtol=1e-13)
    close_to_differences(f, x, tangent)


def test_by_roots():
    f = lambda x: families.polynomial.polyvalfromroots(x, np.arange(6.0).reshape(3, 2))  # noqa: E731
    out, tangent = ad.jvp(f, (POINTS[2],), (np.ones(3),))
    assert out.shape == f(POINTS[2]).shape == (2, 3)
    np.testing.assert_allclose(out, f(POINTS[2]), rtol=1e-13)
    close_to_differences(f, POINTS[2], tangent)


def test_a_traced_array_is_an_array_to_nobody_else():
    def f(x):
        assert not isinstance(x, np.ndarray)
        return (x * x).sum()

    np.testing.assert_array_equal(ad.grad(f)(POINTS[1]), 2 * POINTS[1])
