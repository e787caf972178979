"""Linear algebra where decompositions are not unique: right for what does not depend on the choice, warned of else.

Repeated eigenvalues and singular values, singular and rank-deficient matrices, phases of complex vectors, norms at 0.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.linalg

import adkit
import adkit.scipy.linalg
from adkit import DegenerateWarning, grad, jvp, vjp
from adkit.check import ridders

RANDOM = np.random.default_rng(7)


def rotation(n, imaginary=False):
    a = RANDOM.normal(size=(n, n)) + (1j * RANDOM.normal(size=(n, n)) if imaginary else 0)
    return np.linalg.qr(a)[0]


def with_eigenvalues(values, imaginary=False):
    q = rotation(len(values), imaginary)
    return (q * np.array(values)) @ q.conj().T


def with_singular_values(values, m, n, imaginary=False):
    k = len(values)
    return (rotation(m, imaginary)[:, :k] * np.array(values)) @ rotation(n, imaginary)[:k]


def hermitian_direction(a):
    d = RANDOM.normal(size=a.shape) + (1j * RANDOM.normal(size=a.shape) if np.iscomplexobj(a) else 0)
    return d + d.conj().T


def direction(a):
    return RANDOM.normal(size=a.shape) + (1j * RANDOM.normal(size=a.shape) if np.iscomplexobj(a) else 0)


def right_and_silent(f, a, d, order_two=False):
    """The gradient along d against differences, with every DegenerateWarning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DegenerateWarning)
        (g,) = vjp(f, a)[1](1.0)
    assert np.isfinite(g).all()
    exact = np.real(np.sum(g * d))
    numerical, estimate = ridders(lambda t: float(f(a + t * d)), 0.0, 1.0, 0.05)
    assert abs(exact - numerical) <= 10 * estimate + 1e-8 * max(1.0, abs(exact)), (exact, numerical, estimate)


def warned(f, a, *words):
    """The gradient warns, names the words and this file's line, and is finite."""
    with pytest.warns(DegenerateWarning) as caught:
        (g,) = vjp(f, a)[1](1.0)
    assert np.isfinite(g).all()
    text = str(caught[0].message)
    assert all(word in text for word in words), text
    assert f"(line {caught[0].lineno})" in text
    assert caught[0].filename == __file__
    return g


# ------------------------------------------------------------------------------------------------ repeated eigenvalues

REPEATED = [[1.0, 2.0, 2.0], [2.0, 2.0, 2.0], [1.0, 1.0, 3.0, 3.0]]


@pytest.mark.parametrize("imaginary", [False, True])
@pytest.mark.parametrize("values", REPEATED)
@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.sum(np.linalg.eigvalsh(a)),
        lambda a: np.sum(np.linalg.eigvalsh(a) ** 3),
        lambda a: np.prod(np.linalg.eigvalsh(a)),
        lambda a: np.log(np.sum(np.exp(np.linalg.eigvalsh(a)))),
        lambda a: np.sum(np.sqrt(np.linalg.eigh(a)[0])),
        lambda a: np.sum(np.linalg.svdvals(a) ** 2),
    ],
)
def test_symmetric_functions_of_repeated_eigenvalues(f, values, imaginary):
    a = with_eigenvalues(values, imaginary)
    right_and_silent(f, a, hermitian_direction(a))


@pytest.mark.parametrize("imaginary", [False, True])
def test_the_projector_onto_the_space_of_repeated_eigenvalues(imaginary):
    a = with_eigenvalues([1.0, 2.0, 2.0, 5.0], imaginary)
    s = hermitian_direction(a)

    def f(x):
        v = np.linalg.eigh(x)[1][:, 1:3]
        return np.sum(np.real(s * (v @ np.conj(v.T))))

    right_and_silent(f, a, hermitian_direction(a))


@pytest.mark.parametrize("values", REPEATED)
def test_one_of_repeated_eigenvalues_warns(values):
    warned(lambda a: np.linalg.eigvalsh(a)[-1], with_eigenvalues(values), "eigenvalues are equal")


def test_eigenvectors_of_repeated_eigenvalues_warn():
    a = with_eigenvalues([1.0, 2.0, 2.0])
    warned(lambda x: np.linalg.eigh(x)[1][0, 1] ** 2, a, "eigenvalues are equal")


def test_a_function_of_a_matrix_of_repeated_eigenvalues_warns():
    """V g(w) Vᵀ has a derivative, but w and V alone do not show it."""

    def f(x):
        w, v = np.linalg.eigh(x)
        return np.sum((v * np.exp(w)) @ v.T)

    warned(f, np.eye(3), "eigenvalues are equal")
    warned(f, with_eigenvalues([1.0, 2.0, 2.0]), "eigenvalues are equal")


def test_tangents_of_repeated_eigenvalues():
    a = with_eigenvalues([1.0, 2.0, 2.0])
    d = hermitian_direction(a)
    with pytest.warns(DegenerateWarning, match="to first order"):
        _, pushed = jvp(lambda x: np.sum(np.linalg.eigvalsh(x) ** 2), (a,), (d,))
    np.testing.assert_allclose(pushed, 2 * np.sum(a * d))


def test_second_derivatives_of_repeated_eigenvalues_warn():
    a = with_eigenvalues([1.0, 2.0, 2.0])

    def f(x):
        return np.sum(np.linalg.eigvalsh(x) ** 2)

    with pytest.warns(DegenerateWarning):
        jvp(grad(f), (a,), (hermitian_direction(a),))


def test_distinct_eigenvalues_do_not_warn():
    a = with_eigenvalues([1.0, 1.0 + 1e-6, 3.0])
    s = hermitian_direction(a)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(grad(lambda x: np.sum(np.linalg.eigh(x)[1] ** 2 * s))(a)).all()


def test_a_stack_warns_of_the_one_that_is_degenerate():
    stack = np.stack([np.diag([1.0, 2.0]), np.diag([2.0, 2.0])])
    warned(lambda x: np.sum(np.linalg.eigvalsh(x)[:, 0]), stack, "eigenvalues are equal")
    right_and_silent(lambda x: np.sum(np.linalg.eigvalsh(x)), stack, np.stack([np.eye(2), np.ones((2, 2))]))


def test_repeated_eigenvalues_of_a_general_matrix():
    p = rotation(3) + 0.3 * RANDOM.normal(size=(3, 3))
    a = p @ np.diag([1.0, 2.0, 2.0]) @ np.linalg.inv(p)
    warned(lambda x: np.real(np.linalg.eigvals(x))[np.argmax(np.linalg.eigvals(a).real)], a, "eigenvalues are equal")
    with warnings.catch_warnings():
        warnings.simplefilter("error", DegenerateWarning)
        g = grad(lambda x: np.real(np.sum(np.linalg.eigvals(x) ** 2)))(a)
    np.testing.assert_allclose(g, 2 * a.T, atol=1e-9)


def test_an_eigenbasis_that_breaks_down_is_an_error_or_right():
    jordan = np.array([[2.0, 1.0], [0.0, 2.0]])
    with pytest.raises(adkit.DegenerateError, match="eigenvectors"):
        grad(lambda x: np.sum(np.real(np.linalg.eig(x)[1]) ** 2 * np.array([[1.0, 2.0], [3.0, 4.0]])))(jordan)
    with pytest.raises(adkit.DegenerateError, match="eigenvectors"):
        jvp(np.linalg.eigvals, (jordan,), (np.eye(2),))


# ------------------------------------------------------------------------------------------------ phases


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.real(np.linalg.eigh(a)[1][1, 1]),
        lambda a: np.real(np.sum(np.linalg.eig(a)[1])),
        lambda a: np.real(np.sum(np.linalg.svd(a)[0])),
        lambda a: np.imag(np.sum(np.linalg.svd(a)[2])),
    ],
)
def test_a_phase_warns(f):
    warned(f, with_eigenvalues([1.0, 2.0, 4.0], True), "phase")


def test_phases_that_cancel_do_not_warn():
    a = with_eigenvalues([1.0, 2.0, 4.0], True)

    def f(x):
        u, s, vh = np.linalg.svd(x)
        return np.sum(np.real((u * s**2) @ vh)[0])

    right_and_silent(f, a, direction(a))


# ------------------------------------------------------------------------------------------------ singular values


@pytest.mark.parametrize(("m", "n"), [(3, 3), (4, 3), (3, 4)])
@pytest.mark.parametrize("imaginary", [False, True])
@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.linalg.norm(a, "nuc"),
        lambda a: np.sum(np.linalg.svdvals(a) ** 2),
        lambda a: np.sum(np.log(np.linalg.svdvals(a))),
    ],
)
def test_symmetric_functions_of_repeated_singular_values(f, m, n, imaginary):
    a = with_singular_values([1.0, 2.0, 2.0], m, n, imaginary)
    right_and_silent(f, a, direction(a))


def test_the_polar_factor_of_repeated_singular_values():
    """U Vᴴ of equal singular values does not depend on the choice, but U and V alone do not show its derivative."""
    s = RANDOM.normal(size=(3, 3))

    def rotated(x):
        u, _, vh = np.linalg.svd(x)
        return np.sum(s * (u @ vh))

    a = with_singular_values([1.0, 2.0, 3.0], 3, 3)
    right_and_silent(rotated, a, direction(a))
    b = with_singular_values([2.0, 2.0, 3.0], 3, 3)
    right_and_silent(rotated, b, direction(b))


def test_one_of_repeated_singular_values_warns():
    a = with_singular_values([1.0, 2.0, 2.0], 4, 3)
    warned(lambda x: np.linalg.svdvals(x)[0], a, "singular values are equal")


def test_singular_values_of_zero():
    a = with_singular_values([2.0, 1.0, 0.0], 4, 3)
    warned(lambda x: np.sum(np.linalg.svdvals(x)), a, "a singular value is 0")
    right_and_silent(lambda x: np.sum(np.linalg.svdvals(x) ** 2), a, direction(a))
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    g = warned(lambda x: np.sum(np.linalg.svd(x, full_matrices=False)[0] ** 2 * a), a, "a singular value is 0")
    assert g.shape == a.shape


def test_the_columns_that_full_matrices_adds():
    a = with_singular_values([1.0, 2.0, 3.0], 5, 3)
    warned(lambda x: np.linalg.svd(x)[0][0, 4], a, "full_matrices")
    s = RANDOM.normal(size=(5, 5))

    def projected(x):
        rest = np.linalg.svd(x)[0][:, 3:]
        return np.sum(s * (rest @ rest.T))

    right_and_silent(projected, a, direction(a))


def test_scipys_functions_warn_too():
    a = with_eigenvalues([1.0, 2.0, 2.0])
    warned(lambda x: adkit.scipy.linalg.eigh(x, eigvals_only=True)[2], a, "eigenvalues are equal")


# ------------------------------------------------------------------------------------------------ norms


@pytest.mark.parametrize("order", [None, "fro", "nuc", 2, 1, np.inf])
def test_matrix_norms_at_zero_have_the_derivative_zero(order):
    zero = np.zeros((3, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error", DegenerateWarning)
        np.testing.assert_array_equal(grad(lambda x: np.linalg.norm(x, order))(zero), zero)


@pytest.mark.parametrize("order", [None, 1, 2, 3, 1.5, np.inf])
def test_vector_norms_at_zero_have_the_derivative_zero(order):
    np.testing.assert_array_equal(grad(lambda x: np.linalg.norm(x, order))(np.zeros(3)), np.zeros(3))


def test_the_nuclear_norm_of_a_matrix_without_full_rank_has_the_smallest_subgradient():
    a = with_singular_values([2.0, 1.0], 4, 3)
    u, s, vh = np.linalg.svd(a)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DegenerateWarning)
        g = grad(lambda x: np.linalg.norm(x, "nuc"))(a)
    np.testing.assert_allclose(g, u[:, :2] @ vh[:2], atol=1e-12)


def test_the_spectral_norm_of_equal_largest_singular_values_is_the_mean_of_theirs():
    a = with_singular_values([2.0, 2.0, 1.0], 4, 3)
    u, s, vh = np.linalg.svd(a)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DegenerateWarning)
        g = grad(lambda x: np.linalg.norm(x, 2))(a)
    np.testing.assert_allclose(g, 0.5 * u[:, :2] @ vh[:2], atol=1e-12)
    np.testing.assert_allclose(adkit.vjp(lambda x: np.linalg.norm(x, 2), a)[0], 2.0)


# ------------------------------------------------------------------------------------------------ singular matrices


def minor_gradient(a):
    """The gradient of det by its minors."""
    n = len(a)
    made = np.empty_like(a)
    for i in range(n):
        for j in range(n):
            made[i, j] = (-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1))
    return made


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
@pytest.mark.parametrize("imaginary", [False, True])
def test_det_of_every_rank(rank, imaginary):
    a = with_singular_values([3.0, 2.0, 1.5, 1.0][:rank], 4, 4, imaginary)
    (g,) = vjp(np.linalg.det, a)[1](1.0)
    np.testing.assert_allclose(g, minor_gradient(a), atol=1e-13)
    d, e = direction(a), direction(a)
    _, second = jvp(lambda x: jvp(np.linalg.det, (x,), (d,))[1], (a,), (e,))
    again = vjp(lambda x: vjp(np.linalg.det, x)[1](1.0)[0], a)[1](d)[0]
    numerical, estimate = ridders(lambda t: np.sum(minor_gradient(a + t * e) * d), 0.0, 1.0, 0.1)
    assert abs(second - numerical) <= 10 * abs(estimate) + 1e-11
    np.testing.assert_allclose(np.sum(again * e), second, rtol=1e-10, atol=1e-12)


def test_det_of_a_matrix_that_is_nearly_singular():
    a = with_singular_values([1.0, 0.5, 1e-14], 3, 3)
    np.testing.assert_allclose(grad(np.linalg.det)(a), minor_gradient(a), atol=1e-14)


def test_third_derivative_of_det():
    a = RANDOM.normal(size=(3, 3))
    d = RANDOM.normal(size=(3, 3))

    def along(t):
        return np.linalg.det(a + t * d)

    third = grad(grad(grad(along)))(0.3)
    np.testing.assert_allclose(third, 6 * np.linalg.det(d))
    with pytest.raises(adkit.UnsupportedError, match="third derivative of det"):
        grad(grad(grad(lambda t: np.linalg.det(t * np.diag([1.0, 2.0, 3.0])))))(0.0)


def test_slogdet_of_a_singular_matrix_has_an_infinite_derivative():
    assert np.isinf(grad(lambda a: np.linalg.slogdet(a)[1])(np.zeros((2, 2)))).all()


def test_slogdet_of_a_singular_matrix_that_is_not_chosen():
    def f(a):
        sign, logarithm = np.linalg.slogdet(a)
        return np.where(sign == 0, 0.0, logarithm)

    np.testing.assert_array_equal(grad(f)(np.zeros((2, 2))), np.zeros((2, 2)))


@pytest.mark.parametrize("imaginary", [False, True])
def test_pinv_of_constant_rank(imaginary):
    """Along directions that keep the rank, the derivative is that of the function."""
    left, right = rotation(4, imaginary)[:, :2], rotation(3, imaginary)[:2]
    core = np.array([[2.0, 0.3], [0.1, 1.0]])
    s = direction(np.zeros((3, 4)))

    def f(c):
        return np.sum(np.real(s * np.linalg.pinv(left @ c @ right)))

    d = RANDOM.normal(size=(2, 2))
    exact = np.sum(grad(f)(core) * d)
    numerical, estimate = ridders(lambda t: float(f(core + t * d)), 0.0, 1.0, 0.1)
    assert abs(exact - numerical) <= 10 * estimate + 1e-10


def test_lstsq_of_constant_rank():
    left, right = rotation(4)[:, :2], rotation(3)[:2]
    core, b = np.array([[2.0, 0.3], [0.1, 1.0]]), RANDOM.normal(size=4)

    def f(c):
        return np.sum(np.linalg.lstsq(left @ c @ right, b)[0] * np.array([1.0, 2.0, 3.0]))

    d = RANDOM.normal(size=(2, 2))
    numerical, estimate = ridders(lambda t: float(f(core + t * d)), 0.0, 1.0, 0.1)
    assert abs(np.sum(grad(f)(core) * d) - numerical) <= 10 * estimate + 1e-10


def test_qr_of_dependent_columns_is_an_error():
    a = np.outer([1.0, 2.0, 3.0], [1.0, 2.0])
    for mode in ("reduced", "complete", "r"):
        call = lambda x, mode=mode: np.sum(np.atleast_2d(np.linalg.qr(x, mode)[0]))  # noqa: E731
        with pytest.raises(adkit.DegenerateError, match="columns"):
            grad(call)(a)


def test_complete_qr_where_signs_jump_is_an_error():
    with pytest.raises(adkit.DegenerateError, match="reduced"):
        grad(lambda x: np.sum(np.linalg.qr(x, "complete")[0]))(np.eye(3, 2))
    assert np.isfinite(grad(lambda x: np.sum(np.linalg.qr(x)[0] ** 2 * np.eye(3, 2)))(np.eye(3, 2))).all()


def test_cond_of_a_singular_matrix():
    a = np.diag([1.0, 0.0])
    value, pullback = vjp(np.linalg.cond, a)
    assert value == np.inf
    np.testing.assert_array_equal(pullback(1.0)[0], np.zeros((2, 2)))


def test_a_singular_system_is_numpys_error():
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        grad(lambda a: np.sum(np.linalg.solve(a, np.ones(2))))(np.zeros((2, 2)))
    with pytest.raises(scipy.linalg.LinAlgError):
        grad(lambda a: np.sum(adkit.scipy.linalg.solve_triangular(a, np.ones(2))))(np.zeros((2, 2)))
