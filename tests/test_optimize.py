"""The bridge to scipy.optimize: methods, trees, bounds, constraints, callbacks, errors."""

from __future__ import annotations

import traceback

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint
from scipy.optimize import minimize as scipys

import adkit
from adkit import least_squares, minimize, root

EVERY_METHOD = [
    "Nelder-Mead",
    "Powell",
    "CG",
    "BFGS",
    "Newton-CG",
    "L-BFGS-B",
    "TNC",
    "COBYLA",
    "COBYQA",
    "SLSQP",
    "trust-constr",
    "dogleg",
    "trust-ncg",
    "trust-exact",
    "trust-krylov",
]
START = np.array([-1.2, 1.0, 0.5])


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def bowl(x):
    return np.sum((x - np.array([1.0, 2.0, 3.0])) ** 2) + 0.1 * np.sum(x**4)


LOWEST = scipys(bowl, np.zeros(3), jac=adkit.grad(bowl), tol=1e-12).x


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_every_method_of_scipy(method):
    precise = {"TNC": 1e-12, "COBYLA": 1e-9, "COBYQA": 1e-9, "Powell": 1e-12, "Nelder-Mead": 1e-12}
    found = minimize(bowl, np.ones(3), method=method, tol=precise.get(method, 1e-10))
    np.testing.assert_allclose(found.x, LOWEST, atol=1e-5)


@pytest.mark.parametrize("method", ["Newton-CG", "trust-ncg", "trust-krylov", "trust-constr", "trust-exact", "dogleg"])
def test_second_order_methods_converge_fast(method):
    convex = {"dogleg": np.array([1.1, 1.2, 1.4])}
    found = minimize(rosenbrock, convex.get(method, START), method=method, tol=1e-10)
    np.testing.assert_allclose(found.x, np.ones(3), atol=1e-6)
    by_hand = scipys(
        rosenbrock,
        convex.get(method, START),
        jac=adkit.grad(rosenbrock),
        hess=adkit.hessian(rosenbrock),
        method=method,
        tol=1e-10,
    )
    assert found.nit <= by_hand.nit + 3


@pytest.mark.parametrize(
    ("method", "hess"), [("trust-constr", "sparse"), ("trust-constr", "dense"), ("Newton-CG", "dense")]
)
def test_the_kind_of_hessian(method, hess):
    found = minimize(rosenbrock, START, method=method, hess=hess, tol=1e-10)
    np.testing.assert_allclose(found.x, np.ones(3), atol=1e-6)


def test_impossible_kinds_of_hessian():
    with pytest.raises(adkit.ModeError, match="takes no Hessian"):
        minimize(rosenbrock, START, method="BFGS", hess="dense")
    with pytest.raises(adkit.ModeError, match="cannot use"):
        minimize(rosenbrock, START, method="trust-exact", hess="product")
    with pytest.raises(adkit.ModeError, match="not known"):
        minimize(rosenbrock, START, method="trust-exact", hess="exact")


def test_value_and_gradient_come_from_one_evaluation():
    calls = []

    def f(x):
        calls.append(1)
        return rosenbrock(x)

    found = minimize(f, START, method="BFGS")
    assert len(calls) == found.nfev
    assert found.njev == found.nfev


def test_a_tree_is_restored():
    start = {"w": np.zeros((2, 2)), "b": 0.0, "i": 3, "n": np.array([1, 2]), "name": "model"}

    def f(p):
        assert p["name"] == "model"
        return np.sum((p["w"] - p["n"]) ** 2) + (p["b"] - 3) ** 2 + (p["i"] - 4) ** 2

    found = minimize(f, start)
    np.testing.assert_allclose(found.x["w"], [[1, 2], [1, 2]], atol=1e-6)
    assert type(found.x["b"]) is float
    assert type(found.x["i"]) is float
    assert found.x["b"] == pytest.approx(3, abs=1e-6)
    assert found.x["i"] == pytest.approx(4, abs=1e-6)
    assert found.x["n"] is start["n"]
    assert found.x["name"] == "model"
    assert found.jac["w"].shape == (2, 2)
    assert found.jac["name"] is None
    assert found.hess_inv.shape == (6, 6)
    assert np.array_equal(start["w"], np.zeros((2, 2)))


def test_a_bare_number():
    found = minimize(lambda x: (x - 2.0) ** 2, 5)
    assert type(found.x) is float
    assert found.x == pytest.approx(2, abs=1e-6)


def test_float32_is_what_the_function_sees():
    seen = set()

    def f(x):
        seen.add(x.dtype)
        return np.sum((x - 1) ** 2)

    found = minimize(f, np.zeros(2, np.float32), method="L-BFGS-B")
    assert seen == {np.dtype(np.float32)}
    assert found.x.dtype == np.float32
    np.testing.assert_allclose(found.x, 1, atol=1e-3)


def test_further_arguments():
    found = minimize(lambda x, a, b: np.sum((x - a) ** 2) * b, np.zeros(2), (np.array([1.0, 2.0]), 3.0), "Newton-CG")
    np.testing.assert_allclose(found.x, [1, 2], atol=1e-6)


def test_many_unknowns_take_little_memory():
    found = minimize(lambda x: np.sum((x - 1) ** 2), np.zeros(20_000))
    np.testing.assert_allclose(found.x, 1, atol=1e-6)
    assert not isinstance(found.hess_inv, np.ndarray)


# ------------------------------------------------------------------------------------------------ bounds, constraints


def test_bounds_of_scipy():
    for bounds in ([(0, 0.5), (None, None), (2, None)], Bounds([0, -np.inf, 2], [0.5, np.inf, np.inf])):
        found = minimize(lambda x: np.sum((x - 1) ** 2), np.zeros(3) + 0.1, bounds=bounds)
        np.testing.assert_allclose(found.x, [0.5, 1, 2], atol=1e-6)


def test_bounds_as_a_tree():
    start = {"a": np.zeros(2), "b": 0.5, "n": np.array([1])}
    bounds = {"a": (np.array([2.0, -1.0]), None), "b": (None, 0.25), "n": None}
    found = minimize(lambda p: np.sum((p["a"] - 1) ** 2) + (p["b"] - 1) ** 2, start, bounds=bounds)
    np.testing.assert_allclose(found.x["a"], [2, 1], atol=1e-6)
    assert found.x["b"] == pytest.approx(0.25)
    with pytest.raises(adkit.InputError, match="structure"):
        minimize(lambda p: np.sum(p["a"] ** 2), start, bounds={"a": (0, 1)})


def on_circle(p):
    return {"norm": p["x"] ** 2 + p["y"] ** 2}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
@pytest.mark.parametrize("jac", ["2-point", "sparse"])
def test_nonlinear_constraints_are_differentiated(method, jac):
    if method == "SLSQP" and jac == "sparse":
        jac = "2-point"  # SLSQP takes dense Jacobians alone
    traced = []

    def constraint(p):
        traced.append(isinstance(p["x"], adkit.handle.TracedArray))
        return on_circle(p)

    limit = NonlinearConstraint(constraint, 1.0, 1.0, jac=jac)
    start = {"x": 0.9, "y": 0.1}
    found = minimize(lambda p: p["x"] + p["y"], start, method=method, constraints=limit, tol=1e-9)
    assert found.x["x"] == pytest.approx(-np.sqrt(0.5), abs=1e-5)
    assert found.x["y"] == pytest.approx(-np.sqrt(0.5), abs=1e-5)
    assert any(traced)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", [None, "SLSQP", "COBYLA", "trust-constr"])
def test_constraints_as_dictionaries(method):
    constraints = [
        {"type": "ineq", "fun": lambda x, low: x[0] - low, "args": (0.5,)},
        {"type": "ineq", "fun": lambda x: 4.0 - x @ x},
    ]
    found = minimize(lambda x: np.sum(x**2) - x[1], np.array([1.0, 1.0]), method=method, constraints=constraints)
    np.testing.assert_allclose(found.x, [0.5, 0.5], atol=1e-3)


def test_linear_and_affine_constraints():
    for constraint in (LinearConstraint(np.ones((1, 2)), 1, 1), NonlinearConstraint(lambda x: x[0] + x[1], 1, 1)):
        found = minimize(lambda x: np.sum(x**2), np.zeros(2), method="trust-constr", constraints=constraint)
        np.testing.assert_allclose(found.x, [0.5, 0.5], atol=1e-5)


def test_a_derivative_that_is_given_is_used():
    used = []

    def jac(x):
        used.append(1)
        return 2 * x[None, :]

    limit = NonlinearConstraint(lambda x: np.sum(x**2), 1, 1, jac=jac)
    found = minimize(lambda x: x[0], np.array([0.5, 0.5]), method="SLSQP", constraints=limit)
    np.testing.assert_allclose(found.x, [-1, 0], atol=1e-4)
    assert used


def test_a_constraint_of_no_known_kind():
    with pytest.raises(adkit.InputError, match="NonlinearConstraint"):
        minimize(rosenbrock, START, constraints=lambda x: x[0])


# ------------------------------------------------------------------------------------------------ callbacks and errors


def test_callbacks_get_trees():
    seen = []
    minimize(lambda p: np.sum(p["a"] ** 2), {"a": np.ones(2)}, callback=lambda p: seen.append(p["a"].copy()))
    assert seen
    assert seen[-1].shape == (2,)
    results = []

    def with_result(intermediate_result):
        results.append(intermediate_result)
        if len(results) == 2:
            raise StopIteration

    found = minimize(lambda p: rosenbrock(p["x"]), {"x": START}, callback=with_result)
    assert len(results) == 2
    assert results[0].x["x"].shape == (3,)
    assert not found.success
    states = []
    minimize(bowl, START, method="trust-constr", callback=lambda x, state: states.append((x, state)) and False)
    assert states[0][0].shape == (3,)


def test_an_error_of_the_function_is_the_users():
    def f(x):
        raise RuntimeError("out of fuel")

    with pytest.raises(RuntimeError, match="out of fuel") as caught:
        minimize(f, START)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "f"


def test_a_leak_names_the_users_line():
    def f(x):
        return float(x[0]) ** 2  # the line of the error

    with pytest.raises(adkit.LeakError) as caught:
        minimize(f, START)
    assert caught.value.line == f.__code__.co_firstlineno + 1


def test_unsuitable_functions_and_starts():
    with pytest.raises(adkit.ModeError, match="scalar"):
        minimize(lambda x: x**2, START)
    with pytest.raises(adkit.InputError, match="integer"):
        minimize(rosenbrock, np.array([1, 2, 3]))
    with pytest.raises(adkit.ModeError, match="real unknowns"):
        minimize(lambda x: np.sum(np.abs(x)), np.array([1j]))
    with pytest.raises(adkit.UnsupportedError, match="starting point is traced"):
        adkit.grad(lambda a: minimize(lambda x: (x - a) ** 2, a).x)(1.0)


# ------------------------------------------------------------------------------------------------ systems of equations


@pytest.mark.parametrize("jac", ["auto", "dense", "sparse", "operator"])
def test_least_squares(jac):
    t = np.linspace(0, 2, 30)
    data = 2.0 * np.exp(-1.5 * t) + 0.5

    def misfit(p, data):
        return p["size"] * np.exp(-p["rate"] * t) + p["shift"][0] - data

    start = {"size": 1.0, "rate": 1.0, "shift": np.zeros(1)}
    options = {"tr_solver": "lsmr"} if jac in ("sparse", "operator") else {}
    found = least_squares(misfit, start, (data,), jac=jac, xtol=1e-12, ftol=1e-12, gtol=1e-12, **options)
    assert found.x["size"] == pytest.approx(2, abs=1e-6)
    assert found.x["rate"] == pytest.approx(1.5, abs=1e-6)
    assert found.x["shift"] == pytest.approx([0.5], abs=1e-6)
    assert found.grad["shift"].shape == (1,)


def test_least_squares_with_bounds():
    def misfit(p):
        return np.stack([p["a"] - 2.0, p["b"] - 3.0])

    start = {"a": 0.5, "b": 0.5}
    for bounds in ({"a": (0, 1), "b": None}, (0.0, [1.0, 10.0]), Bounds([0, 0], [1, 10])):
        found = least_squares(misfit, start, bounds=bounds)
        assert found.x["a"] == pytest.approx(1, abs=1e-6)
        assert found.x["b"] == pytest.approx(3, abs=1e-6)


def test_large_least_squares_are_sparse():
    target = np.linspace(0, 1, 2000)
    found = least_squares(lambda x: (x**3 + x - target) + 0.1 * (x - np.roll(x, 1)) ** 2, np.zeros(2000))
    assert found.cost < 1e-12
    assert found.jac.nnz == 4000


@pytest.mark.parametrize("method", ["hybr", "lm", "broyden1", "krylov"])
def test_roots(method):
    def f(p, c):
        return {"u": p["x"] ** 3 + 0.1 * p["y"] - c, "v": p["y"] - p["x"].sum()}

    found = root(f, {"x": np.ones(2), "y": 1.0}, (2.0,), method=method)
    residual = f(found.x, 2.0)
    assert np.abs(residual["u"]).max() < 1e-5
    assert abs(residual["v"]) < 1e-5
