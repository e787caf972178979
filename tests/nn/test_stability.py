"""Activations and losses against mpmath at arguments of every size: value, first and second derivative, both modes."""

import mpmath
import numpy as np
import pytest

import adkit
from adkit import nn

mpmath.mp.dps = 60
SIZES = (1e-9, 0.3, 2.5, 17.0, 45.0, 300.0, 745.0, 1e4)
POINTS = [sign * size for size in SIZES for sign in (1, -1)]


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def softplus(x):
    return mpmath.log1p(mpmath.exp(x)) if x < 100 else x + mpmath.log1p(mpmath.exp(-x))


def tanh(x):
    """Without the cancellation that 60 digits have no room for."""
    return mpmath.tanh(x)


def normal(x):
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


# name -> (adkit's, mpmath's, derivatives that are small by cancellation, to rounding only)
SMOOTH = {
    "sigmoid": (nn.sigmoid, sigmoid, True),
    "log_sigmoid": (nn.log_sigmoid, lambda x: -softplus(-x), False),
    "softplus": (nn.softplus, softplus, False),
    "softplus of beta 3": (lambda x: nn.softplus(x, 3.0), lambda x: softplus(3 * x) / 3, False),
    "silu": (nn.silu, lambda x: x * sigmoid(x), True),
    "gelu": (nn.gelu, lambda x: x * normal(x), True),
    "gelu by tanh": (
        lambda x: nn.gelu(x, "tanh"),
        lambda x: x * sigmoid(2 * mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3)),
        True,
    ),
    "tanh": (nn.tanh, tanh, True),
    "mish": (nn.mish, lambda x: x * tanh(softplus(x)), True),
    "elu": (nn.elu, lambda x: x if x > 0 else mpmath.expm1(x), True),
    "celu": (lambda x: nn.celu(x, 2.0), lambda x: x if x > 0 else 2 * mpmath.expm1(x / 2), True),
    "selu": (
        nn.selu,
        lambda x: mpmath.mpf(1.0507009873554805) * (x if x > 0 else mpmath.mpf(1.6732632423543772) * mpmath.expm1(x)),
        True,
    ),
    "softsign": (nn.softsign, lambda x: x / (1 + abs(x)), True),
    "leaky_relu": (nn.leaky_relu, lambda x: x if x > 0 else mpmath.mpf(0.01) * x, False),
    "relu": (nn.relu, lambda x: max(x, mpmath.mpf(0)), False),
    "hard_swish": (nn.hard_swish, lambda x: x * min(max(x / 6 + mpmath.mpf(0.5), 0), 1), True),
}


def exact(f, x, order):
    """A derivative from a polynomial through many close points, which 60 digits allow."""
    return mpmath.diff(f, mpmath.mpf(x), order, h=mpmath.mpf(10) ** -18) if order else f(mpmath.mpf(x))


def derivatives(f):
    """Second and lower derivatives by both modes, as functions of a vector of points."""
    reverse = adkit.grad(lambda x: np.sum(f(x)), mode="reverse")
    forward = lambda x: adkit.jvp(f, (x,), (np.ones_like(x),))[1]  # noqa: E731
    return {
        (0, "plain"): f,
        (1, "reverse"): reverse,
        (1, "forward"): forward,
        (2, "reverse over reverse"): adkit.grad(lambda x: np.sum(reverse(x))),
        (2, "forward over forward"): lambda x: adkit.jvp(forward, (x,), (np.ones_like(x),))[1],
        (2, "forward over reverse"): lambda x: adkit.hvp(lambda v: np.sum(f(v)), x, np.ones_like(x)),
    }


@pytest.mark.parametrize("name", SMOOTH)
def test_activations_of_arguments_of_every_size(name):
    f, reference, cancels = SMOOTH[name]
    x = np.array(POINTS)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found = {key: (g(x), key[0]) for key, g in derivatives(f).items()}
    for (order, how), (values, _) in found.items():
        for point, value in zip(POINTS, values):
            want = exact(reference, point, order)
            allowed = 3e-12 * abs(want) + (1e-15 if cancels and order else 1e-25)
            assert abs(mpmath.mpf(float(value)) - want) <= allowed, (how, order, point, value, want)


@pytest.mark.parametrize("name", SMOOTH)
def test_single_precision_stays_single_and_finite(name):
    f = SMOOTH[name][0]
    x = np.array(POINTS, np.float32)
    made = f(x)
    slope = adkit.grad(lambda v: np.sum(f(v)))(x)
    assert made.dtype == slope.dtype == np.float32
    assert np.isfinite(made).all()
    assert np.isfinite(slope).all()
    np.testing.assert_allclose(slope, adkit.grad(lambda v: np.sum(f(v)))(np.float64(x)), rtol=3e-5, atol=3e-6)


def test_relu_at_zero_and_at_nan():
    assert adkit.grad(nn.relu)(0.0) == 0.0
    assert adkit.jvp(nn.relu, (0.0,), (1.0,))[1] == 0.0
    assert np.isnan(nn.relu(np.nan))
    assert "relu(" in str(adkit.trace(nn.relu)(1.0).wengert)


# ------------------------------------------------------------------------------------------------ losses

LOGITS = [np.array([1000.0, -1000.0, 0.0]), np.array([0.1, -2.0, 30.0]), np.array([-1e4, -1e4, -1e4 + 1])]


def mp_log_softmax(x):
    top = max(x)
    total = top + mpmath.log(mpmath.fsum(mpmath.exp(v - top) for v in x))
    return [v - total for v in x]


@pytest.mark.parametrize("label", [0, 1, 2])
@pytest.mark.parametrize("logits", LOGITS, ids=["far apart", "ordinary", "far from zero"])
def test_cross_entropy_and_its_derivatives(logits, label):
    exact_logits = [mpmath.mpf(v) for v in logits]
    logs = mp_log_softmax(exact_logits)
    p = [mpmath.exp(v) for v in logs]
    want = -logs[label]
    slope = [float(p[i] - (i == label)) for i in range(3)]
    curvature = [[float(p[i] * ((i == j) - p[j])) for j in range(3)] for i in range(3)]

    def f(x):
        return nn.cross_entropy(x, label)

    assert abs(float(f(logits)) - want) <= 1e-13 * abs(want) + 1e-15
    for mode in ("forward", "reverse"):
        np.testing.assert_allclose(adkit.grad(f, mode=mode)(logits), slope, rtol=1e-12, atol=2e-16)
        np.testing.assert_allclose(adkit.hessian(f, mode=mode)(logits), curvature, rtol=1e-12, atol=3e-16)


@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
def test_binary_cross_entropy_of_logits_of_every_size(target):
    x = np.array(POINTS)

    def reference(v):
        return mpmath.mpf(target) * softplus(-v) + (1 - mpmath.mpf(target)) * softplus(v)

    def f(v):
        return nn.binary_cross_entropy_with_logits(v, np.full(v.shape, target), reduction="none")

    for (order, how), g in derivatives(f).items():
        for point, value in zip(POINTS, g(x)):
            want = exact(reference, point, order)
            assert abs(mpmath.mpf(float(value)) - want) <= 3e-12 * abs(want) + 1e-16, (how, point, value, want)


def test_zero_probabilities_add_nothing():
    p = np.array([0.0, 0.0, 1.0])
    assert nn.cross_entropy(np.array([-np.inf, 0.0, 0.0]), p) == pytest.approx(np.log(2))
    assert nn.kl_divergence(np.log(np.array([0.25, 0.25, 0.5])), p) == pytest.approx(np.log(2))
    assert nn.binary_cross_entropy(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 0.0
    g = adkit.grad(lambda x: nn.cross_entropy(x, np.array([0.0, 0.5, 0.5])))(np.array([-np.inf, 0.0, 0.0]))
    np.testing.assert_array_equal(g, np.zeros(3))


def test_errors_of_every_size_have_finite_losses():
    d = np.array([0.0, 0.5, -1.0, 3.0, -1e200])
    with np.errstate(over="raise"):
        for loss in (nn.huber, nn.smooth_l1, nn.mae):
            assert np.isfinite(loss(d, np.zeros(5), reduction="none")).all()
            assert np.isfinite(adkit.grad(lambda v: loss(v, np.zeros(5), reduction="sum"))(d)).all()  # noqa: B023
    second = adkit.hessian(lambda v: nn.huber(v, np.zeros(5), reduction="sum"))(d)
    np.testing.assert_array_equal(np.diag(second), [1, 1, 1, 0, 0])
    np.testing.assert_array_equal(
        adkit.grad(lambda v: nn.smooth_l1(v, 0.0, 0.0, reduction="sum"))(d), [0.0, 1.0, -1.0, 1.0, -1.0]
    )


def test_directions_of_huge_tiny_and_zero_vectors():
    a, b = np.array([[3e200, 4e200], [3e-200, 4e-200], [0.0, 0.0]]), np.tile([1.0, 0.0], (3, 1))
    np.testing.assert_allclose(nn.cosine_similarity(a, b), [0.6, 0.6, 0.0], rtol=1e-15)
    g = adkit.grad(lambda v: np.sum(nn.cosine_similarity(v, b)))(a)
    np.testing.assert_allclose(g[0], [0.64 / 5e200, -0.48 / 5e200], rtol=1e-12)
    np.testing.assert_allclose(g[1], [0.64 / 5e-200, -0.48 / 5e-200], rtol=1e-12)
    assert np.isfinite(g[2]).all()
