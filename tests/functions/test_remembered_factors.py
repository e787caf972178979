"""Large matrices are factored once for a value and its derivative, and never taken for one another."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

import adkit
from adkit import constants
from adkit.primitives import lu

N = 40
RANDOM = np.random.default_rng(5)
VECTOR = RANDOM.normal(size=N)


def matrix(code: str = "d") -> np.ndarray:
    made = RANDOM.normal(size=(N, N)) / N + 2 * np.eye(N)
    return (made + 1j * RANDOM.normal(size=(N, N)) / N if code in "FD" else made).astype(code)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each LAPACK routine is asked for."""
    counted: Counter[str] = Counter()
    found = lu._lapack

    def counting(name: str, code: str) -> Any:
        counted[name] += 1
        return found(name, code)

    monkeypatch.setattr(lu, "_lapack", counting)
    return counted


@pytest.mark.parametrize("order", ["C", "F"])
def test_solve_and_slogdet_share_one_factorization(calls: Counter[str], order: Any) -> None:
    a = np.asarray(matrix(), order=order)
    value, found = adkit.value_and_grad(lambda a: VECTOR @ np.linalg.solve(a, VECTOR) + np.linalg.slogdet(a)[1])(a)
    assert calls["getrf"] == 1
    inverse = np.linalg.inv(a)
    np.testing.assert_allclose(value, VECTOR @ inverse @ VECTOR + np.linalg.slogdet(a)[1], rtol=1e-12)
    expected = inverse.T - np.outer(inverse.T @ VECTOR, inverse @ VECTOR)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)
    assert constants.memory() is None


@pytest.mark.parametrize("code", "fdFD")
def test_the_transpose_is_solved_with_the_same_factors(calls: Counter[str], code: str) -> None:
    a, b = matrix(code), VECTOR.astype(code)
    with constants.SCOPE:
        found = lu.solve(a, b), lu.solve(a.T, b), lu.inverse(a), lu.inverse(a.T), lu.det(a)
    assert calls["getrf"] == 1
    expected = np.linalg.solve(a, b), np.linalg.solve(a.T, b), np.linalg.inv(a), np.linalg.inv(a.T), np.linalg.det(a)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-4 if code in "fF" else 1e-12, atol=1e-5 if code in "fF" else 0)


def test_a_matrix_that_was_changed_in_place_is_factored_again(calls: Counter[str]) -> None:
    a = matrix()
    with constants.SCOPE:
        before = lu.solve(a, VECTOR)
        a[0, 1] += 1.0  # the diagonal, by which factors are looked up, stays
        after = lu.solve(a, VECTOR)
        assert calls["getrf"] == 2
    np.testing.assert_allclose(after, np.linalg.solve(a, VECTOR), rtol=1e-12)
    assert np.abs(after - before).max() > 1e-3


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lu, "KEPT", 5 * N * N * 8)
    with constants.SCOPE:
        for _ in range(7):
            a = matrix()
            np.testing.assert_allclose(lu.solve(a, VECTOR), np.linalg.solve(a, VECTOR), rtol=1e-12)
            assert sum(isinstance(kept, lu.Factors) for kept in constants.memory().values()) <= 2


def test_a_singular_matrix() -> None:
    a = matrix()
    a[1] = 0.0
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        adkit.grad(lambda a: np.linalg.solve(a, VECTOR).sum())(a)
    value, found = adkit.value_and_grad(np.linalg.det)(a)
    assert value == 0.0
    moved = a.copy()
    moved[1, 2] = 1.0
    np.testing.assert_allclose(found[1, 2], np.linalg.det(moved), rtol=1e-9)
    assert np.linalg.slogdet(a)[1] == -np.inf
