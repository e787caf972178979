"""The walk over the whole table of primitives: every row, order, mode, dtype, and the shapes at which rules break.

References, in this order: the adjoint test ⟨u, J v⟩ = ⟨Jᵀu, v⟩, which finds every error of a transposition; complex step where the
row is analytic; Ridders' extrapolation with its own error estimate as the tolerance.
"""

from __future__ import annotations

import numpy as np
import pytest

from adkit import jvp, vjp
from adkit.handle import is_traced
from adkit.primitive import CONSTANT, ELEMENTWISE, REGISTRY
from adkit.tracing import make_input
from tests.derivatives import against_differences, compare_modes, compare_second_orders, each

from .cases import CASES, CASES_OF, CONSTANT_CASES, STRUCTURAL, Case

DTYPES = [np.float64, np.float32, np.complex128]


def test_every_row_has_a_case():
    covered = {case.row for case in CASES} | set(CONSTANT_CASES) | STRUCTURAL
    assert sorted(set(REGISTRY) - covered) == []


def test_no_row_without_a_derivative_hides_among_the_constant_ones():
    for name in CONSTANT_CASES:
        row = REGISTRY[name]
        assert row.kind == CONSTANT or (row.kind == ELEMENTWISE and not any(row.partials)), name


def strided(f):
    """f of every second element of its operands."""
    return lambda *xs: f(*(x[..., ::2] if np.ndim(x) else x for x in xs))


def doubled(x):
    return np.repeat(x, 2, axis=-1) if np.ndim(x) else x


def against_complex_step(f, xs, tangents, pushed):
    h = 1e-30
    stepped = f(*(x + 1j * h * d for x, d in zip(xs, tangents, strict=True)))
    exact = np.imag(stepped) / h
    assert np.max(np.abs(exact - pushed[0]), initial=0) <= 1e-13 * max(1.0, np.max(np.abs(exact), initial=0)) * 20


def dtypes_of(case: Case):
    return [d for d in DTYPES if d is not np.complex128 or case.complex]


def walk(row):
    """Every case of a row in every dtype, with a name."""
    return [(f"{c.id}-{np.dtype(d).name}", (c, d)) for c in CASES_OF[row] for d in dtypes_of(c)]


# ------------------------------------------------------------------------------------------------ the walk


@pytest.mark.parametrize("row", CASES_OF)
def test_first_order(row):
    each(walk(row), first_order)


def first_order(case, dtype):
    operands = case.operands(dtype)
    xs = [operands[i] for i in case.places]
    f = case.of_places(operands)
    tangents, pushed, weights = compare_modes(f, xs)
    if dtype is np.float32:
        return
    if case.analytic and dtype is np.float64:
        against_complex_step(f, xs, tangents, pushed)
    else:
        against_differences(f, xs, tangents, pushed, weights)


@pytest.mark.parametrize("row", CASES_OF)
def test_second_order(row):
    each(walk(row), second_order)


def second_order(case, dtype):
    operands = case.operands(dtype)
    xs = [operands[i] for i in case.places]
    push, *compared = compare_second_orders(case.of_places(operands), xs)
    if dtype is not np.float32:
        against_differences(push, xs, *compared)


@pytest.mark.parametrize("row", CASES_OF)
def test_strided_operands(row):
    each([(case.id, (case,)) for case in CASES_OF[row] if any(case.shapes)], strided_operands)


def strided_operands(case):
    operands = case.operands(np.float64)
    f = strided(case.of_places(operands))
    compare_modes(f, [doubled(operands[i]) for i in case.places])
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
