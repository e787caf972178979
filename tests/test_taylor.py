"""Higher derivatives by the Taylor sweep: against mpmath, against nested forward sweeps, and what they cost."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import scipy.special

import adkit.numpy as anp
from adkit import derivative, grad, hessian, jvp, taylor, trace
from adkit.errors import IndependentError, ModeError
from adkit.primitive import ELEMENTWISE, REGISTRY
from tests.derivatives import each
from tests.table.cases import CASES_OF

DIGITS = 40

# expression, point; `m` is numpy on the one side and mpmath on the other
EXPRESSIONS = [
    ("m.sin(x) * m.exp(x * x) / (1 + x**2)", 0.7),
    ("m.exp(m.sin(m.cos(x)))", 1.3),
    ("m.log(1 + m.exp(x))", -0.4),
    ("m.tanh(m.sqrt(x) + x**2.5)", 0.6),
    ("x**x", 0.8),
    ("m.arctan2(m.cos(x), x**-3)", 0.9),
    ("m.arcsin(x / 2) * m.arccos(x / 3)", 0.5),
    ("m.arctan(x**3) + m.arcsinh(x)", 0.7),
    ("m.arccosh(2 + x) * m.arctanh(x / 2)", 0.3),
    ("m.tan(x) / (1 + m.sinh(x) ** 2)", 0.4),
    ("m.cosh(x) ** -1.5", 0.8),
    ("m.cbrt(x) * m.log1p(x)", 1.7),
    ("m.expm1(x) / x", 0.5),
    ("m.exp2(x) - m.log2(x) * m.log10(x)", 1.2),
    ("m.hypot(x, x * x + 1)", 0.6),
    ("2.0**x * x**7", 0.9),
    ("(1 + x) ** (1 / x)", 1.1),
    ("1 / (1 + 25 * x * x)", 0.2),
    ("m.sqrt(1 + m.sqrt(1 + m.sqrt(1 + x)))", 0.5),
    ("m.exp(-1 / x**2)", 0.9),
    ("m.logaddexp(x, m.sin(x))", 0.3),
    ("m.sinc(x) * x", 0.6),
    ("m.square(m.sin(x)) + m.reciprocal(x)", 0.7),
    ("abs(x - 2) * m.maximum(x, 0.1 * x)", 0.7),
]
SPECIAL = [
    ("s.gamma(1 + x)", lambda x: mpmath.gamma(1 + x), 0.6),
    ("s.gammaln(x)", mpmath.loggamma, 2.3),
    ("s.erf(x) * x", lambda x: mpmath.erf(x) * x, 0.4),
    ("s.expit(3 * x)", lambda x: 1 / (1 + mpmath.exp(-3 * x)), 0.2),
    ("s.ndtr(np.sin(x))", lambda x: mpmath.ncdf(mpmath.sin(x)), 0.5),
    ("s.beta(x, 2 * x)", lambda x: mpmath.beta(x, 2 * x), 0.9),
    ("s.j0(x * x)", lambda x: mpmath.besselj(0, x * x), 1.1),
    ("s.xlogy(x, 1 + x)", lambda x: x * mpmath.log(1 + x), 0.7),
]


class Reference:
    """NumPy's names on mpmath's numbers."""

    sin, cos, tan, exp, expm1, log, log1p = (
        mpmath.sin,
        mpmath.cos,
        mpmath.tan,
        mpmath.exp,
        mpmath.expm1,
        mpmath.log,
        mpmath.log1p,
    )
    sinh, cosh, tanh, sqrt, cbrt, hypot, log10 = (
        mpmath.sinh,
        mpmath.cosh,
        mpmath.tanh,
        mpmath.sqrt,
        mpmath.cbrt,
        mpmath.hypot,
        mpmath.log10,
    )
    arcsin, arccos, arctan, arctan2 = mpmath.asin, mpmath.acos, mpmath.atan, mpmath.atan2
    arcsinh, arccosh, arctanh = mpmath.asinh, mpmath.acosh, mpmath.atanh
    sinc, maximum = mpmath.sincpi, max
    exp2 = staticmethod(lambda x: mpmath.mpf(2) ** x)
    log2 = staticmethod(lambda x: mpmath.log(x, 2))
    square = staticmethod(lambda x: x * x)
    reciprocal = staticmethod(lambda x: 1 / x)
    logaddexp = staticmethod(lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b)))


def compare_with_mpmath(f, reference, x, order=10):
    """Coefficients relative to the largest term that rounding could have met: coefficients of one size, scaled."""
    with mpmath.workdps(DIGITS):
        expected = [float(c) for c in mpmath.taylor(reference, mpmath.mpf(x), order)]
    made = taylor(f, x, order)
    size = max(abs(c) ** (1 / k) for k, c in enumerate(expected) if k)  # the growth of the coefficients
    for k, (a, b) in enumerate(zip(made, expected, strict=True)):
        assert abs(a - b) <= 1e-12 * (abs(b) + max(1.0, size) ** k), (k, a, b)
    top = derivative(f, order)(x)
    assert type(top) is float
    assert top == pytest.approx(float(made[order]) * math.factorial(order), rel=1e-15)


@pytest.mark.parametrize(("expression", "x"), EXPRESSIONS)
def test_composite_functions_against_mpmath(expression, x):
    code = compile(expression, "f", "eval")
    compare_with_mpmath(lambda x: eval(code, {"m": np, "x": x}), lambda x: eval(code, {"m": Reference, "x": x}), x)


@pytest.mark.parametrize(("expression", "reference", "x"), SPECIAL)
def test_special_functions_against_mpmath(expression, reference, x):
    code = compile(expression, "f", "eval")
    compare_with_mpmath(lambda x: eval(code, {"s": scipy.special, "np": np, "x": x}), reference, x, order=6)


def test_linear_algebra_against_mpmath():
    def matrix(x):
        return [[2 + x, x * x, 0.5], [0.25, 3.0, x], [x**3, -x, 4.0]]

    def solved(x):
        return np.linalg.solve(anp.array(matrix(x)), anp.array([1.0, x, x * x]))[1]

    def reference(x):
        return mpmath.lu_solve(mpmath.matrix(matrix(x)), mpmath.matrix([1, x, x * x]))[1]

    compare_with_mpmath(solved, reference, 0.7, 8)
    compare_with_mpmath(
        lambda x: np.linalg.inv(anp.array(matrix(x)))[0, 2],
        lambda x: mpmath.inverse(mpmath.matrix(matrix(x)))[0, 2],
        0.7,
        8,
    )
    compare_with_mpmath(
        lambda x: np.linalg.det(anp.array(matrix(x))), lambda x: mpmath.det(mpmath.matrix(matrix(x))), 0.7, 8
    )
    compare_with_mpmath(
        lambda x: np.linalg.slogdet(anp.array(matrix(x)))[1],
        lambda x: mpmath.log(mpmath.det(mpmath.matrix(matrix(x)))),
        0.7,
        8,
    )


# ------------------------------------------------------------------------------------------ every row of the table


def nested(f, order):
    """Derivatives of f(t) at 0 of the orders 1 to `order`, by nested forward sweeps."""
    found = []
    for _ in range(order):
        f = lambda t, f=f: jvp(f, (t,), (1.0,))[1]  # noqa: E731
        found.append(f(0.0))
    return found


def flat(value):
    """A result as one vector."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    return np.concatenate([np.ravel(part) for part in parts if np.asarray(part).dtype.kind in "fc"])


@pytest.mark.parametrize("row", CASES_OF)
def test_every_row_against_nested_forward_sweeps(row):
    each([(case.id, (case,)) for case in CASES_OF[row]], against_nested_forward_sweeps)


def against_nested_forward_sweeps(case):
    operands = case.operands(np.float64)
    xs = [operands[i] for i in case.places]
    random = np.random.default_rng(5)
    lines = [random.uniform(0.5, 1.0, np.shape(x)) for x in xs]
    curved = [random.uniform(-0.5, 0.5, np.shape(x)) for x in xs]
    f = case.of_places(operands)

    def along(t):
        made = f(*(x + t * d + t * t * c for x, d, c in zip(xs, lines, curved, strict=True)))
        return list(made) if isinstance(made, tuple) else made

    order = 4 if REGISTRY[case.row].kind == ELEMENTWISE else 3
    expected = nested(along, order)
    made = taylor(along, 0.0, order)
    for k in range(1, order + 1):
        a, b = flat(made[k]) * math.factorial(k), flat(expected[k - 1])
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10 * max(1.0, np.max(np.abs(b), initial=0.0)))


# ------------------------------------------------------------------------------------------ cost


def instructions(f, order, x=0.7):
    """How many instructions a derivative of an order takes: a recorded sweep leaves them all in the list."""
    return len(trace(lambda x: derivative(f, order)(x))(x).wengert.instructions)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.exp(np.sin(x) * np.cos(x * x)) / (1 + np.sqrt(x)),
        lambda x: np.tanh(np.log(x) * x**2.5) ** 3,
        lambda x: x ** np.sin(x),
        lambda x: np.linalg.solve(anp.array([[2.0, x], [x * x, 3.0]]), anp.array([x, 1.0])).sum(),
        lambda x: np.prod(anp.array([x, np.sin(x), x * x])),
        lambda x: np.linalg.det(anp.array([[2.0, x], [x * x, np.sin(x)]])),
        lambda x: np.linalg.slogdet(anp.array([[2.0, x], [x * x, np.exp(x)]]))[1],
        lambda x: np.linalg.cholesky(anp.array([[3.0, x], [x, 2 + np.exp(x)]])).sum(),
        lambda x: np.linalg.eigvalsh(anp.array([[3.0, x], [x, 2 + np.exp(x)]])).prod(),
    ],
)
def test_operations_grow_polynomially(f):
    four, eight, sixteen = (instructions(f, n) for n in (4, 8, 16))
    assert eight <= 2**3.3 * four
    assert sixteen <= 2**3.3 * eight


def test_determinants_at_singular_matrices():
    def f(x):
        return np.linalg.det(anp.array([[x, 2 * x], [x * x, 3.0 * x]]))

    assert derivative(f, 2)(0.0) == pytest.approx(6.0, rel=1e-14)


def test_sine_needs_the_square_of_the_order():
    eight, sixteen = instructions(np.sin, 8), instructions(np.sin, 16)
    assert sixteen <= 4 * eight


def test_a_long_chain_needs_no_recursion():
    def f(x):
        for _ in range(5000):
            x = np.sin(x) + 0.5 * x
        return x

    made = taylor(f, 0.3, 3)
    assert made[1] == pytest.approx(derivative(f)(0.3), rel=1e-12)
    assert made[2] * 2 == pytest.approx(nested_order(f, 2, 0.3), rel=1e-9)


def nested_order(f, n, x):
    for _ in range(n):
        f = derivative(f)
    return f(x)


# ------------------------------------------------------------------------------------------ what it takes and gives


def test_arrays_and_trees():
    a = np.array([1.0, 2.0])

    def f(x):
        return {"sine": np.sin(a * x), "pair": (x**3, np.array([1, 2]))}

    made = derivative(f, 3)(0.5)
    np.testing.assert_allclose(made["sine"], -(a**3) * np.cos(a * 0.5), rtol=1e-14)
    assert made["pair"][0] == 6.0
    np.testing.assert_array_equal(made["pair"][1], [0.0, 0.0])
    parts = taylor(f, 0.5, 2)
    assert len(parts) == 3
    np.testing.assert_array_equal(parts[0]["sine"], np.sin(a * 0.5))


def test_precision_and_complex_numbers():
    x = np.float32(0.5)
    made = derivative(lambda x: np.exp(x * x) * np.ones(2, np.float32), 4)(x)
    assert made.dtype == np.float32
    scalar = derivative(np.exp, 3)(x)
    assert type(scalar) is np.float32
    z = 0.3 + 0.4j
    assert derivative(lambda z: np.exp(z * z), 2)(z) == pytest.approx(np.exp(z * z) * (2 + 4 * z * z), rel=1e-14)
    assert derivative(lambda t: np.exp(1j * t))(0.3) == pytest.approx(1j * np.exp(0.3j), rel=1e-14)
    turned = derivative(lambda t: np.exp(1j * t) * 2, 5)(0.3)
    assert turned == pytest.approx(2 * 1j**5 * np.exp(0.3j), rel=1e-14)
    assert derivative(lambda t: np.abs(np.exp(1j * t * t) * t), 2)(0.7) == pytest.approx(0.0, abs=1e-13)
    assert derivative(lambda t: np.angle(np.exp(1j * t**3)), 3)(0.7) == pytest.approx(6.0, rel=1e-13)


def test_nested_and_mixed_with_other_transformations():
    def f(x, y):
        return np.sin(x * y) * np.exp(x)

    x, y = 0.4, 0.7
    whole = derivative(f, 5)(x, y)
    assert derivative(derivative(f, 2), 3)(x, y) == pytest.approx(whole, rel=1e-13)
    assert derivative(derivative(f, 4))(x, y) == pytest.approx(whole, rel=1e-13)
    assert grad(derivative(f, 4))(x, y) == pytest.approx(whole, rel=1e-13)
    mixed = grad(derivative(f, 3), 1)(x, y)
    assert derivative(derivative(f, 3), 1, argnum=1)(x, y) == pytest.approx(mixed, rel=1e-13)
    assert derivative(lambda x: grad(f, 1)(x, y), 3)(x) == pytest.approx(mixed, rel=1e-13)
    inner = jvp(lambda y: derivative(f, 3)(x, y), (y,), (1.0,))[1]
    assert inner == pytest.approx(mixed, rel=1e-13)
    h = hessian(lambda v: derivative(f, 2)(v[0], v[1]))(np.array([x, y]))
    assert h[0, 0] == pytest.approx(derivative(f, 4)(x, y), rel=1e-13)


def test_a_function_that_an_outer_variable_reaches_another_way():
    def f(x):
        return derivative(lambda t: t**3 * x, 2)(x) + derivative(lambda t: 2 * t * x, 2)(x)

    assert f(2.0) == 24.0
    assert grad(f)(2.0) == 24.0


def test_mutation_and_loops():
    def f(x):
        y = anp.zeros(6)
        y[0] = x
        for i in range(1, 6):
            y[i] = np.sin(y[i - 1]) + x
        y[1:3] *= y[3:5]
        return y

    made = taylor(f, 0.4, 4)
    np.testing.assert_allclose(made[3] * 6, nested_order(f, 3, 0.4), rtol=1e-12)


def test_many_assignments_share_one_buffer():
    n = 3000

    def f(x):
        y = anp.zeros(n)
        for i in range(n):
            y[i] = x**3
        return y.sum()

    assert derivative(f, 3)(1.0) == 6.0 * n


def test_a_buffer_that_a_view_reads_is_not_overwritten():
    def f(x):
        y = anp.zeros(3)
        y[0] = x**2
        z = y[:2].copy()
        head = y[:2] * 1.0
        y[0] = x**3
        return np.sum(z) + np.sum(head) + np.sum(y * y)

    assert derivative(f, 2)(1.0) == pytest.approx(2 + 2 + 30)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_powers_at_zero(order):
    for n in (2, 3, 4):
        expected = math.factorial(n) if order == n else 0.0
        assert derivative(lambda x, n=n: x**n, order)(0.0) == expected
        assert derivative(lambda x, n=n: np.power(x, np.array([n, 1.0]))[0], order)(0.0) == expected
    with np.errstate(all="ignore"):
        real = derivative(lambda x: x**3.5, order)(0.0)
    assert real == (0.0 if order <= 3 else np.inf if order == 4 else -np.inf)
    assert derivative(lambda x: x**-2, order)(2.0) == pytest.approx(
        (-1) ** order * math.factorial(order + 1) / 2.0 ** (2 + order), rel=1e-15
    )
    assert derivative(lambda x: x**3, order)(-2.0) == [12.0, -12.0, 6.0, 0.0, 0.0][order - 1]
    assert derivative(lambda x: x**70, order)(1.0) == pytest.approx(math.perm(70, order), rel=1e-14)


def test_kinks_as_in_nested_forward_sweeps():
    for f in (abs, lambda x: x * abs(x), lambda x: np.maximum(x, x * x), lambda x: np.clip(x * x, 0.0, 1.0)):
        for n in (2, 3):
            assert derivative(f, n)(0.0) == nested_order(f, n, 0.0)


def test_branches_are_those_taken_at_the_point():
    def f(x):
        return x**4 if x > 1 else x**3

    assert derivative(f, 2)(2.0) == 48.0
    assert derivative(f, 2)(0.5) == 3.0


def test_the_strong_zero_at_masked_points():
    x = np.array([0.0, 0.5])

    def f(t):
        return np.where(x > 0, np.log(np.where(x > 0, x * t, 1.0)), 0.0) + np.sqrt(x * t) + np.log(x * t) * 0

    with np.errstate(all="ignore"):
        made = taylor(lambda t: np.sqrt(x * t), 1.0, 3)
    for k in range(1, 4):
        assert made[k][0] == 0.0
        assert np.isfinite(made[k]).all()


def test_linear_functions_and_what_depends_on_nothing():
    assert derivative(lambda x: 2 * x, 2)(1.0) == 0.0
    assert derivative(lambda x: (2 * x, 1.0), 2)(1.0) == (0.0, 0.0)
    assert derivative(lambda x: x**3, 0)(2.0) == 8.0
    with pytest.raises(IndependentError):
        derivative(lambda x: 1.0, 2)(1.0)
    with pytest.raises(ModeError):
        derivative(np.sum, 2)(np.ones(2))
    with pytest.raises(ModeError):
        taylor(np.sin, 1.0, -1)


def test_a_python_int_is_promoted():
    assert derivative(lambda x: x**3, 2)(2) == 12.0
    assert taylor(lambda x: x**2, 3, 2) == [9.0, 6.0, 1.0]


@pytest.mark.parametrize("alias", [lambda a: +a, lambda a: a + 0.0, lambda a: a.T, lambda a: a.real, np.copy])
def test_what_shares_a_coefficient_with_an_array_is_not_overwritten(alias):
    def f(x):
        y = anp.zeros(3)
        y[0] = x**2
        z = alias(y) * 1.0
        w = +y
        y[...] = x**3
        return np.sum(z) + np.sum(w) + np.sum(y)

    assert derivative(f, 2)(1.0) == pytest.approx(2 + 2 + 18)
