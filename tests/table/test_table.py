"""The walk over the whole table of primitives: every row, order, mode, dtype, and the shapes at which rules break.

References, in this order: the adjoint test ⟨u, J v⟩ = ⟨Jᵀu, v⟩, which finds every error of a transposition; complex step where the
row is analytic; Ridders' extrapolation with its own error estimate as the tolerance.
"""

from __future__ import annotations

import numpy as np
import pytest

from adkit import jvp, vjp
from adkit.check import paired, ridders
from adkit.handle import is_traced
from adkit.primitive import CONSTANT, ELEMENTWISE, REGISTRY
from adkit.tracing import make_input

from .cases import CASES, CONSTANT_CASES, STRUCTURAL, Case

DTYPES = [np.float64, np.float32, np.complex128]


def test_every_row_has_a_case():
    covered = {case.row for case in CASES} | set(CONSTANT_CASES) | STRUCTURAL
    assert sorted(set(REGISTRY) - covered) == []


def test_no_row_without_a_derivative_hides_among_the_constant_ones():
    for name in CONSTANT_CASES:
        row = REGISTRY[name]
        assert row.kind == CONSTANT or (row.kind == ELEMENTWISE and not any(row.partials)), name


# ------------------------------------------------------------------------------------------------ what a test compares


def directions(values, seed):
    """Random tangents or cotangents of the shapes and dtypes of values."""
    random = np.random.default_rng(seed)
    made = []
    for value in values:
        shape, dtype = np.shape(value), np.asarray(value).dtype
        d = random.uniform(0.5, 1.5, shape) * random.choice([-1, 1], shape)
        d = d + 1j * random.uniform(-1, 1, shape) if dtype.kind == "c" else d
        made.append(np.asarray(d, dtype=dtype)[()])
    return made


def close(a, b, dtype, *scale):
    """Whether two pairings agree to rounding, measured by the size of what was summed."""
    size = max(1e-2, *(float(np.sum(np.abs(s))) for s in scale))
    rounding = np.finfo(dtype).eps
    assert abs(a - b) <= (5e3 if rounding < 1e-10 else 1e3) * rounding * max(size, abs(a), abs(b)), (a, b)


def strided(f):
    """f of every second element of its operands."""
    return lambda *xs: f(*(x[..., ::2] if np.ndim(x) else x for x in xs))


def doubled(x):
    return np.repeat(x, 2, axis=-1) if np.ndim(x) else x


def compare_modes(f, xs):
    """The adjoint test at order 1; returns the tangents, the tangent of the result, and the cotangent used."""
    tangents = directions(xs, 1)
    out, pushed = jvp(f, tuple(xs), tuple(tangents))
    out, pushed = as_list(out), as_list(pushed)
    for o, t in zip(out, pushed, strict=True):
        assert np.shape(o) == np.shape(t)
        assert np.asarray(o).dtype == np.asarray(t).dtype or np.asarray(o).dtype.kind not in "fc"
    weights = directions(out, 2)
    value, pullback = vjp(f, *xs)
    pulled = pullback(weights if isinstance(value, (list, tuple)) else weights[0])
    for x, g in zip(xs, pulled, strict=True):
        assert np.shape(x) == np.shape(g)
        assert np.asarray(x).dtype == np.asarray(g).dtype
    dtype = min((np.asarray(v).dtype for v in (*xs, *out)), key=lambda d: -np.finfo(d).eps)
    close(paired(weights, pushed), paired(pulled, tangents), dtype, *[w * p for w, p in zip(weights, pushed, strict=True)],
          *[g * t for g, t in zip(pulled, tangents, strict=True)])  # fmt: skip
    return tangents, pushed, weights


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def against_ridders(f, xs, tangents, pushed, weights):
    """The derivative along the tangents against extrapolated differences."""

    def along(t):
        return paired(weights, as_list(f(*(x + t * d for x, d in zip(xs, tangents, strict=True)))))

    numerical, estimate = ridders(along, 0.0, 1.0)
    exact = paired(weights, pushed)
    scale = max(1.0, abs(exact), abs(along(0.0)))
    assert abs(exact - numerical) <= 10 * estimate + 1e-12 * scale, (exact, numerical, estimate)


def against_complex_step(f, xs, tangents, pushed):
    h = 1e-30
    stepped = f(*(x + 1j * h * d for x, d in zip(xs, tangents, strict=True)))
    exact = np.imag(stepped) / h
    assert np.max(np.abs(exact - pushed[0]), initial=0) <= 1e-13 * max(1.0, np.max(np.abs(exact), initial=0)) * 20


def second_order(f, xs):
    """The reverse sweep and the forward sweep of f as functions, to be differentiated in their turn."""
    out = f(*xs)
    (weight,) = directions([out], 3)
    tangents = directions(xs, 4)
    return [lambda *ys: vjp(f, *ys)[1](weight), lambda *ys: jvp(f, ys, tuple(tangents))[1]]


def dtypes_of(case: Case):
    return [d for d in DTYPES if d is not np.complex128 or case.complex]


WALK = [
    pytest.param(case, dtype, id=f"{case.id}-{np.dtype(dtype).name}") for case in CASES for dtype in dtypes_of(case)
]


# ------------------------------------------------------------------------------------------------ the walk


@pytest.mark.parametrize(("case", "dtype"), WALK)
def test_first_order(case, dtype):
    operands = case.operands(dtype)
    xs = [operands[i] for i in case.places]
    f = case.of_places(operands)
    tangents, pushed, weights = compare_modes(f, xs)
    if dtype is np.float32:
        return
    if case.analytic and dtype is np.float64:
        against_complex_step(f, xs, tangents, pushed)
    else:
        against_ridders(f, xs, tangents, pushed, weights)


@pytest.mark.parametrize(("case", "dtype"), WALK)
def test_second_order(case, dtype):
    operands = case.operands(dtype)
    xs = [operands[i] for i in case.places]
    for g in second_order(case.of_places(operands), xs):
        tangents, pushed, weights = compare_modes(g, xs)
        if dtype is not np.float32 and g(*xs) is not None:
            against_ridders(g, xs, tangents, pushed, weights)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES if any(case.shapes)])
def test_strided_operands(case):
    operands = case.operands(np.float64)
    f = strided(case.of_places(operands))
    xs = [doubled(operands[i]) for i in case.places]
    tangents, pushed, weights = compare_modes(f, xs)
    fortran = [np.asfortranarray(x) if np.ndim(x) else x for x in (operands[i] for i in case.places)]
    compare_modes(case.of_places(operands), fortran)


@pytest.mark.parametrize("name", CONSTANT_CASES)
def test_rows_without_a_derivative(name):
    operands, params, reference = CONSTANT_CASES[name]
    expected = reference(*operands, **params)
    row = REGISTRY[name]
    made = row(*(make_input(x) if isinstance(x, np.ndarray) else x for x in operands), **params)
    assert not is_traced(made)
    np.testing.assert_array_equal(made, expected)


# ------------------------------------------------------------------------------------------------ points of their own


@pytest.mark.parametrize("row", ["max", "min"])
def test_ties_of_a_reduction_share_evenly(row):
    x = np.array([2.0, 1.0, 2.0, 1.0])
    sign = 1 if row == "max" else 1
    g = vjp(lambda v: REGISTRY[row](v, axis=(0,), keepdims=False), x)[1](1.0)[0]
    np.testing.assert_array_equal(g, sign * 0.5 * (x == (x.max() if row == "max" else x.min())))
    compare_modes(lambda v: REGISTRY[row](v, axis=(0,), keepdims=False), [x])


@pytest.mark.parametrize("row", ["maximum", "minimum", "fmax", "fmin"])
def test_ties_of_two_operands_share_evenly(row):
    a, b = vjp(REGISTRY[row], 1.0, 1.0)[1](1.0)
    assert (a, b) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("row", "at"), [("hypot", (0.0, 0.0)), ("absolute", (0.0,)), ("root", (0.0,)), ("sinc", (0.0,))]
)
def test_documented_derivatives_where_there_is_none(row, at):
    assert vjp(REGISTRY[row], *at)[1](1.0) == (0.0,) * len(at)


def test_prod_with_zeros():
    for zeros in ([], [1], [1, 2]):
        x = np.array([2.0, 3.0, 4.0, 5.0])
        x[zeros] = 0.0
        g = vjp(lambda v: REGISTRY["prod"](v, axis=(0,), keepdims=False), x)[1](1.0)[0]
        np.testing.assert_allclose(g, [np.prod(np.delete(x, i)) for i in range(4)])


@pytest.mark.parametrize("name", ["sqrt", "log", "arcsin", "divide", "power"])
def test_a_masked_branch_gives_no_nan(name):
    row = REGISTRY[name]

    def f(x):
        safe = x > 0
        made = row(1.0, x) if name == "divide" else row(x, 0.5) if name == "power" else row(x * 0.5)
        return REGISTRY["where"](safe, made, 0.0)

    x = np.array([0.0, 0.5])
    with np.errstate(all="ignore"):
        g = vjp(f, x)[1](np.ones(2))[0]
        t = jvp(f, (x,), (np.array([0.0, 1.0]),))[1]
    assert g[0] == 0.0
    assert np.isfinite(g).all()
    assert np.isfinite(t).all()
