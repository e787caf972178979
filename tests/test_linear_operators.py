"""Derivatives as linear operators, and SciPy's solvers on them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, aslinearoperator, cg, gmres, lsmr

import adkit
from adkit import gauss_newton_operator, grad, hessian, hessian_operator, jacobian, jacobian_operator

RANDOM = np.random.default_rng(0)
A = RANDOM.normal(size=(5, 3))
X = np.array([0.3, -0.7, 1.1])


def residual(x):
    return np.tanh(A @ x) + A @ x**2


def energy(x):
    return np.sum(np.exp(A @ x * 0.3)) + x[0] * x[1] ** 2


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * np.abs(b).max(initial=1.0))


def test_products_with_the_jacobian():
    operator, matrix = jacobian_operator(residual, X), jacobian(residual)(X)
    assert isinstance(operator, LinearOperator)
    assert (operator.shape, operator.dtype) == ((5, 3), np.float64)
    v, u, several = RANDOM.normal(size=3), RANDOM.normal(size=5), RANDOM.normal(size=(3, 4))
    close(operator @ v, matrix @ v)
    close(operator.T @ u, matrix.T @ u)
    close(operator.H @ u, matrix.T @ u)
    close(operator.matmat(several), matrix @ several)
    close(operator.rmatmat(several.repeat(2, 0)[:5]), matrix.T @ several.repeat(2, 0)[:5])
    close(operator.matvec(v[:, None]), (matrix @ v)[:, None])
    close(operator.value, residual(X))
    assert operator.vectors == 1 + 1 + 1 + 4 + 4 + 1
    assert operator.matmat(np.empty((3, 0))).shape == (5, 0)


def test_the_adjoint_test():
    operator = jacobian_operator(residual, X)
    v, u = RANDOM.normal(size=3), RANDOM.normal(size=5)
    assert abs(u @ (operator @ v) - (operator.T @ u) @ v) <= 1e-12


def test_products_with_the_hessian():
    operator, matrix = hessian_operator(energy, X), hessian(energy)(X)
    close(operator @ np.eye(3), matrix)
    close(operator.T @ X, matrix @ X)
    close(operator.gradient, grad(energy)(X))
    close(operator.value, energy(X))


def test_gauss_newton():
    operator, J = gauss_newton_operator(residual, X), jacobian(residual)(X)
    close(operator @ np.eye(3), J.T @ J)
    close(operator.jacobian.value, residual(X))

    def logistic(z):
        return np.sum(np.log1p(np.exp(z)))

    weighted = gauss_newton_operator(residual, X, logistic)
    s = 1 / (1 + np.exp(-residual(X)))
    close(weighted @ np.eye(3), J.T @ np.diag(s * (1 - s)) @ J)


def test_trees_are_flat_vectors():
    x = {"w": np.arange(1.0, 5.0).reshape(2, 2), "b": 2.0, "n": np.array([1, 2])}

    def f(p):
        return {"y": p["w"] @ np.ones(2) * p["b"], "z": p["b"] ** 2, "n": p["n"][0]}

    operator = jacobian_operator(f, x)  # inputs b, w; outputs n, y, z
    assert operator.shape == (4, 5)
    close(operator @ np.array([1.0, 0, 0, 0, 0]), np.array([0, 3.0, 7.0, 4.0]))
    close(operator.T @ np.array([5.0, 1, 0, 0]), np.array([3.0, 2, 2, 0, 0]))
    hess = hessian_operator(lambda p: p["b"] * np.sum(p["w"] ** 2), x)
    assert hess.gradient["n"] is None
    close(hess.gradient["w"], 4 * x["w"])
    close(hess @ np.eye(5)[0], np.concatenate([[0], 2 * x["w"].ravel()]))


def test_a_linear_function_has_a_zero_hessian():
    close(hessian_operator(lambda x: np.sum(3 * x), X) @ X, np.zeros(3))


def test_float32():
    operator = jacobian_operator(lambda x: x**2, np.ones(2, np.float32))
    assert operator.dtype == np.float32
    assert (operator @ np.ones(2)).dtype == np.float32


def test_an_operator_outlives_changes_of_what_it_was_given():
    x = X.copy()
    operator = jacobian_operator(residual, x)
    before = operator @ X
    x[:] = 100.0
    close(operator @ X, before)


def test_newton_by_conjugate_gradients():
    x = np.zeros(3)
    for _ in range(20):
        H = hessian_operator(lambda y: energy(y) + np.sum(y**4) + np.sum((y - 1) ** 2) * 4, x)
        step, info = cg(H, -H.gradient, rtol=1e-12)
        assert info == 0
        x = x + step
    assert np.abs(H.gradient).max() < 1e-10


def test_gauss_newton_by_lsmr():
    target = residual(X)
    x = X + 0.1
    for _ in range(12):
        J = jacobian_operator(lambda y: residual(y) - target, x)
        x = x - lsmr(J, J.value, atol=1e-14, btol=1e-14)[0]
    close(x, X)


def test_newton_krylov_by_gmres():
    def f(x):
        return x**3 + np.roll(x, 1) - 2.0

    x = np.full(4, 1.5)
    for _ in range(12):
        J = jacobian_operator(f, x)
        step, info = gmres(J, -J.value, rtol=1e-12)
        assert info == 0
        x = x + step
    close(x, np.ones(4))


def test_operators_combine_as_scipys_do():
    J = jacobian_operator(residual, X)
    normal = J.T @ J + 0.5 * aslinearoperator(np.eye(3))
    close(normal @ X, jacobian(residual)(X).T @ (jacobian(residual)(X) @ X) + 0.5 * X)


def test_unsuitable_inputs_are_refused():
    with pytest.raises(adkit.ModeError, match="complex"):
        jacobian_operator(lambda x: x**2, np.array([1j]))
    with pytest.raises(adkit.InputError, match="real vectors"):
        jacobian_operator(lambda x: x**2, X) @ (1j * X)
    with pytest.raises(adkit.IndependentError):
        jacobian_operator(lambda x: np.ones(2), X)
    with pytest.raises(adkit.ModeError, match="scalar"):
        hessian_operator(lambda x: x**2, X)
    with pytest.raises(adkit.UnsupportedError, match="traced"):
        adkit.grad(lambda x: np.sum(jacobian_operator(lambda y: y**2, x) @ X))(X)
    with pytest.raises(adkit.UnsupportedError, match="traced"):
        adkit.grad(lambda x: np.sum(jacobian_operator(lambda y: x * y**2, X) @ X))(X)
