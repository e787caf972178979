"""`numpy.geomspace` between traced ends: NumPy's values for every sign and for complex ends, and their derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import adkit as ad

CASES = {
    "positive": (1.0, 8.0, 4, {}),
    "negative": (-1000.0, -1.0, 4, {}),
    "opposite signs": (-1.0, 2.0, 5, {}),
    "opposite signs without the end": (1.0, -8.0, 4, {"endpoint": False}),
    "arrays of both signs": (np.array([1.0, -2.0]), np.array([4.0, 3.0]), 4, {}),
    "last axis": (np.array([1.0, -2.0]), np.array([4.0, -3.0]), 4, {"axis": -1}),
    "shapes that broadcast": (2.0, np.array([[3.0], [4.0]]), 3, {"axis": 1}),
    "spiral": (1 + 1j, -3 + 2j, 5, {}),
    "circle": (-1 + 0j, 1 + 0j, 5, {}),
    "straight line": (1j, 1000j, 4, {}),
    "real and complex": (-1.0, 1 + 0j, 5, {}),
    "complex by its dtype": (-1.0, 2.0, 5, {"dtype": complex}),
    "one": (1.0, 8.0, 1, {}),
    "none": (1.0, 8.0, 0, {}),
}


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("name", CASES)
def test_values_and_tangents(name):
    start, stop, num, options = CASES[name]
    f = lambda a, b: np.geomspace(a, b, num, **options)  # noqa: E731
    s, t = np.ones_like(start), 0.5 * np.ones_like(stop)
    made, tangent = ad.jvp(f, (start, stop), (s, t))
    expected = f(start, stop)
    assert made.shape == expected.shape
    assert made.dtype == expected.dtype
    size = np.nanmax(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(made, expected, rtol=1e-13, atol=1e-14 * size)
    h = 1e-5
    steps = [
        (f(start + k * h * s, stop + k * h * t) - f(start - k * h * s, stop - k * h * t)) / (2 * k * h) for k in (1, 2)
    ]
    error = np.abs(steps[0] - steps[1]) + 1e-9 * size  # that of the difference: Richardson's, and rounding
    assert np.array_equal(np.isnan(tangent), np.isnan(expected))
    np.testing.assert_array_less(np.nan_to_num(np.abs(tangent - steps[0])), np.nan_to_num(error) + 1e-9 * size)


def test_precision_follows_the_ends():
    f = lambda a, b: np.geomspace(a, b, 4)  # noqa: E731
    made, tangent = ad.jvp(f, (np.float32(1), np.float32(8)), (np.float32(1), np.float32(0)))
    assert made.dtype == f(np.float32(1), np.float32(8)).dtype
    np.testing.assert_allclose(tangent, [1.0, 4 / 3, 4 / 3, 0.0], rtol=1e-6)


def test_zero_is_an_error_as_it_is_in_numpy():
    with pytest.raises(ValueError, match="cannot include zero"):
        ad.grad(lambda a: np.geomspace(a, 2.0).sum())(0.0)
