"""Points at which a derivative does not exist, or at which a formula for it breaks: what adkit answers there.

Each answer is documented where the function or the row is defined, and on the page `docs/degenerate-points.md`.
"""

from __future__ import annotations

import ast
import pathlib

import numpy as np
import pytest

import adkit


def gradient(f, x):
    """The gradient of the sum of f, the same in both modes, which must hold no NaN."""
    with np.errstate(all="ignore"):
        reverse = adkit.grad(lambda v: np.sum(f(v)))(x)
        forward = adkit.jacobian(lambda v: np.sum(f(v)), mode="forward")(x)
    np.testing.assert_allclose(forward, reverse, rtol=1e-12, atol=1e-12)
    return reverse


def second(f, x):
    """The Hessian of the sum of f."""
    with np.errstate(all="ignore"):
        return adkit.hessian(lambda v: np.sum(f(v)))(x)


@pytest.mark.parametrize("zeros", [[], [1], [1, 2], [0, 1, 3]])
def test_prod_with_zeros(zeros):
    x = np.array([2.0, 3.0, 4.0, 5.0])
    x[zeros] = 0.0
    expected = [np.prod(np.delete(x, i)) for i in range(4)]
    np.testing.assert_array_equal(gradient(np.prod, x), expected)
    np.testing.assert_array_equal(gradient(np.multiply.reduce, x), expected)
    pairs = [[0.0 if i == j else np.prod(np.delete(x, [i, j])) for j in range(4)] for i in range(4)]
    np.testing.assert_array_equal(second(np.prod, x), pairs)


@pytest.mark.parametrize("zeros", [[0], [1], [1, 2], [3]])
def test_cumprod_with_zeros(zeros):
    x = np.array([2.0, 3.0, 4.0, 5.0])
    x[zeros] = 0.0
    expected = [sum(np.prod(np.delete(x[: k + 1], i)) for k in range(i, 4)) for i in range(4)]
    np.testing.assert_array_equal(gradient(np.cumprod, x), expected)


@pytest.mark.parametrize(
    "f", [np.std, lambda x: np.std(x, ddof=1), np.nanstd, np.ptp], ids=["std", "ddof", "nanstd", "ptp"]
)
def test_spread_of_equal_elements_has_derivative_zero(f):
    np.testing.assert_array_equal(gradient(f, np.full(4, 1.5)), np.zeros(4))


def test_variance_of_equal_elements():
    np.testing.assert_array_equal(gradient(np.var, np.full(4, 1.5)), np.zeros(4))
    np.testing.assert_allclose(second(np.var, np.full(4, 1.5)), 0.5 * (np.eye(4) - 0.25))


def test_median_of_ties_takes_the_middle_ones_in_their_order():
    np.testing.assert_array_equal(gradient(np.median, np.array([2.0, 2.0, 2.0])), [0, 1, 0])
    np.testing.assert_array_equal(gradient(np.median, np.array([1.0, 1.0, 1.0, 1.0])), [0, 0.5, 0.5, 0])
    np.testing.assert_array_equal(gradient(np.nanmedian, np.array([2.0, np.nan, 2.0, 2.0])), [0, 0, 1, 0])


def test_sorted_ties_keep_their_places():
    x = np.array([1.0, 0.0, 1.0, 0.0])
    np.testing.assert_array_equal(adkit.jacobian(np.sort)(x), np.eye(4)[[1, 3, 0, 2]])


@pytest.mark.parametrize("f", [np.max, np.maximum.reduce, np.nanmax, np.fmax.reduce])
def test_maxima_that_tie_share_evenly(f):
    np.testing.assert_allclose(gradient(f, np.array([3.0, 1.0, 3.0, 3.0])), [1 / 3, 0, 1 / 3, 1 / 3])


@pytest.mark.parametrize("f", [np.min, np.minimum.reduce, np.nanmin, np.fmin.reduce])
def test_minima_that_tie_share_evenly(f):
    np.testing.assert_allclose(gradient(f, np.array([1.0, 4.0, 1.0])), [0.5, 0, 0.5])


@pytest.mark.parametrize(
    "f",
    [np.abs, np.fabs, lambda x: np.hypot(x, 0.0), lambda x: np.hypot(x, x), np.linalg.norm, np.sinc],
    ids=["abs", "fabs", "hypot", "hypot2", "norm", "sinc"],
)
def test_zero_at_zero(f):
    np.testing.assert_array_equal(gradient(f, np.zeros(3)), np.zeros(3))


def test_modulus_of_a_complex_zero():
    assert adkit.grad(lambda z: np.abs(z))(0j) == 0


def test_the_root_of_zero_is_infinitely_steep():
    with np.errstate(all="ignore"):
        assert adkit.grad(np.sqrt)(0.0) == np.inf


@pytest.mark.parametrize("end", [-1.0, 1.0])
def test_arcsin_is_infinitely_steep_upwards_at_both_ends(end):
    with np.errstate(all="ignore"):
        assert adkit.grad(np.arcsin)(end) == np.inf
        assert adkit.grad(np.arccos)(end) == -np.inf


@pytest.mark.parametrize("f", [
    lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0),
    lambda x: np.where(x > 0, np.log(x), 0.0),
    lambda x: np.where(x > 0, np.sqrt(x), 0.0),
    lambda x: np.where(x > 0, x ** 0.3, 0.0),
    lambda x: np.where(x > 0, 1 / x, 0.0),
    lambda x: np.where(x > 0, np.log(x) * np.sqrt(x), x * 0.0),
    lambda x: np.select([x > 0], [np.log(x)], 0.0),
    lambda x: np.piecewise(x, [x > 0], [np.log, 0.0]),
    lambda x: np.log(x, out=np.zeros_like(x), where=x > 0),
    lambda x: np.sum(np.log(x), where=x > 0),
    lambda x: np.mean(np.log(x), where=x > 0),
])  # fmt: skip
def test_a_branch_that_is_not_taken_has_no_influence(f):
    made = gradient(f, np.array([0.0, 2.0, 0.0]))
    assert made[0] == made[2] == 0
    assert np.isfinite(made).all()
    assert made[1] != 0


def test_power_with_exponent_zero():
    np.testing.assert_array_equal(gradient(lambda x: x**0, np.array([0.0, -2.0, 3.0])), np.zeros(3))
    np.testing.assert_array_equal(gradient(lambda x: np.power(x, np.zeros(3)), np.array([0.0, -2.0, 3.0])), np.zeros(3))
    np.testing.assert_array_equal(gradient(lambda x: x**1, np.array([0.0, -2.0])), np.ones(2))


def test_power_of_zero():
    np.testing.assert_array_equal(gradient(lambda p: 0.0**p, np.array([2.0, 0.5])), np.zeros(2))
    np.testing.assert_array_equal(gradient(lambda x: x**2, np.zeros(2)), np.zeros(2))
    np.testing.assert_array_equal(gradient(lambda x: x ** np.array([1.0, 2.0, 3.0]), np.zeros(3)), [1, 0, 0])


@pytest.mark.parametrize("n", [2, 3, -2, -3, 5])
def test_integer_powers_of_negative_numbers(n):
    x = np.array([-1.5, -0.4, 2.0])
    np.testing.assert_allclose(gradient(lambda v: v**n, x), n * x ** (n - 1))
    np.testing.assert_allclose(gradient(lambda v: v ** float(n), x), n * x ** (n - 1))
    np.testing.assert_allclose(gradient(lambda v: np.power(v, np.full(3, n)), x), n * x ** (n - 1))
    np.testing.assert_allclose(np.diag(second(lambda v: v**n, x)), n * (n - 1) * x ** (n - 2.0))


def test_gradient_in_evenly_spaced_coordinates_sees_each_of_them():
    """NumPy's shortcut for even spacing has the right value, but the derivative of another function."""
    f, at = np.array([1.0, 4.0, 9.0, 20.0]), np.arange(4.0)
    along = adkit.jacobian(lambda x: np.gradient(f, x))(at)
    for i in range(4):
        step = 1e-6 * np.eye(4)[i]
        uneven = (np.gradient(f, at + step) - np.gradient(f, at - step)) / 2e-6
        np.testing.assert_allclose(along[:, i], uneven, atol=1e-8)


def test_interpolation_at_a_point_takes_the_slope_to_its_right():
    points, values = np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 5.0])
    np.testing.assert_array_equal(
        gradient(lambda x: np.interp(x, points, values), np.array([0.0, 1.0, 2.0])), [1, 4, 0]
    )


def test_clipping_on_a_bound_follows_the_array():
    np.testing.assert_array_equal(
        gradient(lambda x: np.clip(x, 0.0, 1.0), np.array([0.0, 0.5, 1.0, 2.0])), [1, 1, 1, 0]
    )


def test_multiple_roots_have_no_finite_derivative():
    with np.errstate(all="ignore"):
        assert not np.isfinite(adkit.jacobian(lambda p: np.roots(p).real)(np.array([1.0, -2.0, 1.0]))).all()


@pytest.mark.parametrize("f", [np.arccos, np.arcsin])
@pytest.mark.parametrize("x", [2.1, -1.3])
def test_branch_cuts_keep_their_side(f, x):
    difference = (f(x + 1e-7 + 0j) - f(x + 0j)) / 1e-7
    assert abs(adkit.jvp(lambda z: f(z + 0j), (x,), (1.0,))[1] - difference) < 1e-5


def documented():
    """The lines of the tables of the documentation: an expression, a point, and what is said of the derivative."""
    page = pathlib.Path(__file__).parents[2] / "docs" / "degenerate-points.md"
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `") and not line.startswith("| `x` |"):
            yield [cell.strip().strip("`") for cell in line.split("|")[1:4]]


@pytest.mark.parametrize(("expression", "point", "answer"), list(documented()))
def test_what_the_documentation_says(expression, point, answer):
    made = adkit.grad(eval(f"lambda x: {expression}", {"np": np}))
    x = ast.literal_eval(point)
    x = np.array(x) if isinstance(x, list) else x
    if answer == "error":
        with pytest.raises(adkit.DegenerateError):
            made(x)
    elif answer == "warns":
        with pytest.warns(adkit.DegenerateWarning):
            made(x)
    else:
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(made(x), eval(answer, {"inf": np.inf}), rtol=1e-14, atol=1e-15)
