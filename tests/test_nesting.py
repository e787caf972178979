"""Derivatives of derivatives: every mode inside every other, closures over traced values, and masked points."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import adkit.numpy as anp
from adkit import derivative, grad, hessian, hvp, jacobian, jvp, linearize, stop_gradient, value_and_grad, vjp

MODES = ("forward", "reverse")
PAIRS = list(itertools.product(MODES, MODES))


def along(f):
    """The derivative of a scalar function by `jvp`."""
    return lambda x: jvp(f, (x,), (1.0,))[1]


def pulled(f):
    """The same by `vjp`."""
    return lambda x: vjp(f, x)[1](1.0)[0]


def linearized(f):
    """The same by `linearize`."""
    return lambda x: linearize(f, x)[1](1.0)


DERIVATIVES = {
    "grad-forward": lambda f: grad(f, mode="forward"),
    "grad-reverse": lambda f: grad(f, mode="reverse"),
    "jvp": along,
    "vjp": pulled,
    "linearize": linearized,
    "derivative": derivative,
    "jacobian-forward": lambda f: jacobian(f, mode="forward"),
    "jacobian-reverse": lambda f: jacobian(f, mode="reverse"),
    "value_and_grad": lambda f: lambda x: value_and_grad(f)(x)[1],
}
EVERY_PAIR = list(itertools.product(DERIVATIVES, DERIVATIVES))


# ------------------------------------------------------------------------------------------------ confusion


@pytest.mark.parametrize(("outer", "inner"), EVERY_PAIR)
def test_siskind_and_pearlmutter(outer, inner):
    """d/dx (x · d/dy (x + y) at y = 1) is 1, not 2."""
    d_outer, d_inner = DERIVATIVES[outer], DERIVATIVES[inner]
    assert d_outer(lambda x: x * d_inner(lambda y: x + y)(1.0))(5.0) == 1.0


@pytest.mark.parametrize(("outer", "inner"), EVERY_PAIR)
def test_inner_derivative_that_depends_on_the_outer_variable(outer, inner):
    """d/dx (x · d/dy (x y²) at y = 3) = d/dx 6x² = 12x."""
    d_outer, d_inner = DERIVATIVES[outer], DERIVATIVES[inner]
    assert d_outer(lambda x: x * d_inner(lambda y: x * y * y)(3.0))(2.0) == 24.0


@pytest.mark.parametrize(("outer", "inner"), EVERY_PAIR)
def test_inner_point_that_depends_on_the_outer_variable(outer, inner):
    """d/dx (d/dy (x y³) at y = x²) = d/dx 3x⁵ = 15x⁴."""
    d_outer, d_inner = DERIVATIVES[outer], DERIVATIVES[inner]
    assert d_outer(lambda x: d_inner(lambda y: x * y**3)(x**2))(2.0) == 240.0


@pytest.mark.parametrize(("outer", "inner"), EVERY_PAIR)
def test_product_of_inner_derivatives_at_two_points(outer, inner):
    d_outer, d_inner = DERIVATIVES[outer], DERIVATIVES[inner]

    def f(x):
        first = d_inner(lambda y: y**2 * x)(x)
        second = d_inner(lambda y: np.sin(y) * x)(0.0)
        return first * second

    assert d_outer(f)(2.0) == pytest.approx(24.0, rel=1e-15)  # 2x² · x


@pytest.mark.parametrize("modes", list(itertools.product(MODES, MODES, MODES)))
def test_three_levels(modes):
    """d/dx (x · d/dy (y · d/dz (x y z²) at z = y) at y = x) with z = y = x."""
    a, b, c = modes

    def f(x):
        return x * grad(lambda y: y * grad(lambda z: x * y * z**2, mode=c)(y), mode=b)(x)

    # innermost: 2 x y z = 2 x y²; times y: 2 x y³; by y: 6 x y²; at y = x, times x: 6 x⁴
    assert grad(f, mode=a)(2.0) == 24.0 * 2.0**3


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_amazing_bug_of_closures(outer, inner):
    """Manzyuk et al.: a derivative of a curried function must not confuse its two perturbations."""

    def shift(offset):
        return lambda f: lambda x: f(x + offset)

    d_hat = grad(lambda offset: shift(offset)(np.exp)(1.0), mode=inner)(0.0)
    assert d_hat == pytest.approx(np.e, rel=1e-15)

    def h(x):
        return grad(lambda offset: shift(offset)(shift(x * 0.0 + offset)(lambda t: t**3))(x), mode=inner)(0.0)

    assert grad(h, mode=outer)(2.0) == 24.0  # d/dx of d/do (x + 2o)³ = 6x²  ->  12x


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_same_function_at_both_levels(outer, inner):
    f = np.sin
    assert grad(lambda x: f(x) * grad(f, mode=inner)(x), mode=outer)(0.7) == pytest.approx(np.cos(1.4), rel=1e-15)


def test_inner_derivative_of_an_outer_constant_leaves_nothing_traced():
    seen = []

    def f(x):
        seen.append(grad(lambda y: y**3)(2.0))
        return x * seen[-1]

    assert grad(f)(1.0) == 12.0
    assert type(seen[0]) is float


# ------------------------------------------------------------------------------------------------ order


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("names", list(itertools.product(["grad-forward", "grad-reverse", "jvp", "vjp"], repeat=2)))
def test_orders_one_to_four_with_alternating_modes(order, names):
    f = lambda x: np.exp(x) * np.sin(x)  # noqa: E731
    want = [None, np.sin(0.4) + np.cos(0.4), 2 * np.cos(0.4), 2 * (np.cos(0.4) - np.sin(0.4)), -4 * np.sin(0.4)][order]
    for level in range(order):
        f = DERIVATIVES[names[level % 2]](f)
    assert f(0.4) == pytest.approx(np.exp(0.4) * want, rel=1e-13)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_powers_and_quotients_of_high_order(order):
    f = derivative(lambda x: 1.0 / (1.0 + x) + x**5.0 + x**-2, order=order)
    x, sign = 0.5, (-1) ** order
    factorial = [1, 1, 2, 6, 24][order]
    falling = [1, 5, 20, 60, 120][order]
    rising = [1, 2, 6, 24, 120][order]
    want = sign * factorial / (1 + x) ** (order + 1) + falling * x ** (5 - order) + sign * rising * x ** (-2 - order)
    assert f(x) == pytest.approx(want, rel=1e-13)


def polynomial(x):
    """A function of three variables with a full Hessian."""
    return x[0] ** 3 * x[1] + np.exp(x[1] * x[2]) + np.sin(x[0] * x[2]) / (1.0 + x[1] ** 2) + (x @ x) ** 2


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("inner", MODES)
def test_all_hessians_agree_to_rounding(outer, inner):
    x = np.array([0.3, -0.7, 1.1])
    h = jacobian(grad(polynomial, mode=inner), mode=outer)(x)
    reference = hessian(polynomial)(x)
    np.testing.assert_allclose(h, reference, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(h, h.T, rtol=1e-13, atol=1e-14)
    # complex step of the gradient, whose step is exact
    for i in range(3):
        step = x + 1e-30j * np.eye(3)[i]
        column = [numeric_gradient(step)[j].imag / 1e-30 for j in range(3)]
        np.testing.assert_allclose(h[:, i], column, rtol=1e-12, atol=1e-13)


def numeric_gradient(x):
    """The gradient of `polynomial`, by hand, for complex arguments."""
    a, b, c = x
    s = a * a + b * b + c * c
    return np.array(
        [
            3 * a * a * b + c * np.cos(a * c) / (1 + b * b) + 4 * s * a,
            a**3 + c * np.exp(b * c) - 2 * b * np.sin(a * c) / (1 + b * b) ** 2 + 4 * s * b,
            b * np.exp(b * c) + a * np.cos(a * c) / (1 + b * b) + 4 * s * c,
        ]
    )


def test_hvp_agrees_with_the_hessian_however_nested():
    x, v = np.array([0.3, -0.7, 1.1]), np.array([1.0, 0.5, -2.0])
    want = hessian(polynomial)(x) @ v
    np.testing.assert_allclose(hvp(polynomial, x, v), want, rtol=1e-13)
    np.testing.assert_allclose(grad(lambda x: grad(polynomial)(x) @ v)(x), want, rtol=1e-13)
    np.testing.assert_allclose(jvp(grad(polynomial), (x,), (v,))[1], want, rtol=1e-13)
    np.testing.assert_allclose(grad(lambda x: jvp(polynomial, (x,), (v,))[1])(x), want, rtol=1e-13)
    np.testing.assert_allclose(vjp(grad(polynomial), x)[1](v)[0], want, rtol=1e-13)


def test_derivative_of_an_hvp():
    x, v = np.array([0.3, -0.7]), np.array([1.0, 2.0])
    third = grad(lambda x: (hvp(lambda y: (y**4).sum(), x, v) * v).sum())(x)
    np.testing.assert_allclose(third, 24 * x * v**2, rtol=1e-14)


def test_jacobian_of_a_jacobian():
    x = np.array([1.0, 2.0])
    second = jacobian(jacobian(lambda x: x**3))(x)
    want = np.zeros((2, 2, 2))
    want[0, 0, 0], want[1, 1, 1] = 6.0, 12.0
    np.testing.assert_array_equal(second, want)


# ------------------------------------------------------------------------------------------------ inside and across


@pytest.mark.parametrize("mode", MODES)
def test_linearize_and_vjp_inside_grad(mode):
    def f(x):
        value, push = linearize(lambda y: np.sin(y) * x, x * 2.0)
        again, pull = vjp(lambda y: np.sin(y) * x, x * 2.0)
        return value + push(x) + pull(3.0)[0] + again

    x = 0.4  # 2 x sin 2x + (x + 3) x cos 2x
    want = 2 * np.sin(2 * x) + 4 * x * np.cos(2 * x) + (2 * x + 3) * np.cos(2 * x) - 2 * (x * x + 3 * x) * np.sin(2 * x)
    assert grad(f, mode=mode)(x) == pytest.approx(want, rel=1e-14)


@pytest.mark.parametrize("mode", MODES)
def test_derivative_through_the_direction_of_a_product(mode):
    """What was linearized outside may be applied to traced directions: it is linear in them."""
    _, push = linearize(lambda x: x**3, 2.0)
    _, pull = vjp(lambda x: x**3, 2.0)
    assert grad(lambda t: push(t) * t, mode=mode)(5.0) == 120.0
    assert grad(lambda t: pull(t)[0] * t, mode=mode)(5.0) == 120.0
    assert grad(lambda t: jvp(lambda x: x**3, (2.0,), (t,))[1] ** 2, mode=mode)(1.0) == 288.0


@pytest.mark.parametrize("mode", MODES)
def test_vjp_of_a_pullback_is_the_jvp(mode):
    a = np.arange(6.0).reshape(2, 3)
    _, pull = vjp(lambda x: a @ (x * x), np.array([1.0, 2.0, 3.0]))
    g, t = np.array([1.0, -1.0]), np.array([0.5, 1.0, 2.0])
    np.testing.assert_allclose(vjp(lambda g: pull(g)[0], g)[1](t)[0], a @ (2 * np.array([1.0, 2.0, 3.0]) * t))
    np.testing.assert_allclose(jacobian(lambda g: pull(g)[0], mode=mode)(g), (a * 2 * np.array([1.0, 2.0, 3.0])).T)


@pytest.mark.parametrize("mode", MODES)
def test_pullback_used_in_a_later_recording_with_values_of_that_recording(mode):
    def outer(x):
        _, pull = vjp(lambda y: y * y * x, 3.0)
        return grad(lambda s: pull(s * s)[0], mode=mode)(2.0) * x  # pull(g) = 6 x g; by s: 24 x

    assert grad(outer)(0.5) == pytest.approx(24.0)


def test_the_value_of_vjp_may_be_assigned_to_before_the_pullback_is_used():
    def f(x):
        value, pull = vjp(lambda y: y * y, x)
        value[0] = 0.0
        return (pull(np.ones(2))[0] * x).sum() + value.sum()

    np.testing.assert_array_equal(grad(f)(np.array([1.0, 2.0])), [4.0, 12.0])


def test_an_array_may_be_assigned_to_after_it_was_an_inner_input():
    def f(x):
        buffer = anp.zeros(2)
        buffer[0] = x
        _, pull = vjp(lambda b: (b * b).sum(), buffer)
        buffer[0] = 5.0
        return pull(1.0)[0].sum()

    assert value_and_grad(f)(3.0) == (6.0, 2.0)


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_arrays_filled_across_levels(outer, inner):
    def f(x):
        table = anp.zeros(3)
        table[0] = x

        def g(y):
            table[1] = x * y
            return (table * table).sum() * y

        slope = grad(g, mode=inner)(2.0)  # (x² + x²y²) y by y = x² + 3 x² y²
        return slope + table[1]  # table[1] is 2 x

    assert grad(f, mode=outer)(3.0) == 2 * 13 * 3.0 + 2


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_derivative_of_code_that_fills_an_array(outer, inner):
    def f(x):
        a = anp.zeros(4)
        a[0] = x[0]
        for i in range(1, 4):
            a[i] = a[i - 1] * x[i % 2]
        return a.sum()

    x = np.array([1.5, 0.5])  # u + u v + u² v + u² v²
    u, v = x
    want = [[2 * v + 2 * v * v, 1 + 2 * u + 4 * u * v], [1 + 2 * u + 4 * u * v, 2 * u * u]]
    np.testing.assert_allclose(jacobian(grad(f, mode=inner), mode=outer)(x), want, rtol=1e-14)


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_views_and_fancy_indices_at_second_order(outer, inner):
    def f(x):
        y = x * x
        y[1:] *= y[:-1]
        y[[0, 2, 0]] += x[[1, 1, 2]]
        return (y[::-1] * x).sum()

    def by_hand(x):  # y = (a², a²b², b²c²) + (c, 0, b), since of two writes to one place the last one counts
        a, b, c = x
        return c * (a * a + c) + b * (a * a * b * b) + a * (b * b * c * c + b)

    x = np.array([0.7, -1.2, 0.4])
    assert f(x) == pytest.approx(by_hand(x), rel=1e-15)
    np.testing.assert_allclose(
        jacobian(grad(f, mode=inner), mode=outer)(x), hessian(by_hand)(x), rtol=1e-13, atol=1e-14
    )


def test_stop_gradient_inside_a_second_derivative():
    assert grad(grad(lambda x: x * x * stop_gradient(x)))(3.0) == 6.0
    assert grad(lambda x: grad(lambda y: y**3)(stop_gradient(x)) * x)(2.0) == 12.0


def test_control_flow_inside_both_levels():
    def f(x):
        return np.sin(x) if x > 0 else x**2

    assert grad(grad(f))(1.0) == -np.sin(1.0)
    assert grad(grad(f))(-1.0) == 2.0


def test_newton_inside_grad_gives_the_derivative_of_the_root():
    def root(a):
        x = a * 0.0 + 1.0
        for _ in range(8):
            x = x - (x * x - a) / grad(lambda y: y * y - a)(x)
        return x

    assert grad(root)(2.0) == pytest.approx(0.5 / np.sqrt(2.0), rel=1e-14)


# ------------------------------------------------------------------------------------------------ masked points

MASKED = {
    "sqrt": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0),
    "sqrt times x": (lambda x: np.where(x > 0, np.sqrt(x) * x, 0.0), 0.0),
    "log": (lambda x: np.where(x > 0, np.log(x), 0.0), 0.0),
    "x log x": (lambda x: np.where(x > 0, x * np.log(x), 0.0), 0.0),
    "reciprocal": (lambda x: np.where(x != 0, 1.0 / x, 0.0), np.float64(0.0)),
    "sinc": (lambda x: np.where(x == 0, 1.0, np.sin(x) / x), 0.0),
    "power": (lambda x: np.where(x > 0, x**0.5, 0.0), 0.0),
    "arccos": (lambda x: np.where(x < 1, np.arccos(x), 0.0), 1.0),
    "arctanh": (lambda x: np.where(np.abs(x) < 1, np.arctanh(x) * x, 0.0), 1.0),
    "exp of infinity": (lambda x: np.where(x < 700, np.exp(np.where(x < 700, x, np.inf)), 0.0), 800.0),
    "nested": (lambda x: np.where(x > 0, np.where(x > 1, np.log(x - 1), np.sqrt(x)), 0.0), 0.0),
}


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
@pytest.mark.parametrize("name", MASKED)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_second_derivative_at_a_masked_point_is_zero(name, outer, inner):
    f, at = MASKED[name]
    assert grad(f, mode=inner)(at) == 0.0
    assert grad(grad(f, mode=inner), mode=outer)(at) == 0.0


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
@pytest.mark.parametrize("name", MASKED)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_masked_elements_do_not_disturb_their_neighbours(name, outer, inner):
    f, at = MASKED[name]
    x = np.array([at, 0.3])
    h = jacobian(grad(lambda x: f(x).sum(), mode=inner), mode=outer)(x)
    want = grad(grad(f))(0.3)
    np.testing.assert_allclose(h, [[0.0, 0.0], [0.0, want]], rtol=1e-13)


@pytest.mark.parametrize("order", [3, 4])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_higher_derivatives_at_a_masked_point(order, mode):
    f = lambda x: np.where(x > 0, np.sqrt(x) * np.log(x), 0.0)  # noqa: E731
    for _ in range(order):
        f = grad(f, mode=mode)
    assert f(0.0) == 0.0


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_norm_and_hypot_at_zero(outer, inner):
    x = np.zeros(2)
    np.testing.assert_array_equal(grad(lambda x: np.linalg.norm(x), mode=inner)(x), 0.0)
    np.testing.assert_array_equal(grad(lambda x: np.hypot(x[0], x[1]), mode=inner)(x), 0.0)
    h = jacobian(grad(lambda x: np.linalg.norm(x) * x.sum(), mode=inner), mode=outer)(x)
    assert not np.isnan(h).any()


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_a_true_singularity_is_not_hidden(outer, inner):
    with np.errstate(all="ignore"):
        assert np.isinf(grad(np.sqrt, mode=inner)(0.0))
        assert np.isinf(grad(np.log, mode=inner)(0.0))
        assert not np.isfinite(grad(grad(np.sqrt, mode=inner), mode=outer)(0.0))


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_a_cotangent_that_happens_to_be_zero_still_has_a_derivative(outer, inner):
    """The strong zero is about masks: where a factor is zero by value, the product rule still holds."""

    def f(x):
        u = x - 1.0
        return u * u * np.exp(x) + np.where(x > 5.0, np.log(x - 5.0), 0.0)

    with np.errstate(all="ignore"):
        assert grad(grad(f, mode=inner), mode=outer)(1.0) == pytest.approx(2 * np.e, rel=1e-14)
        assert grad(grad(lambda x: f(x) * np.sqrt(x), mode=inner), mode=outer)(1.0) == pytest.approx(
            2 * np.e, rel=1e-14
        )
