"""Linear algebra of NumPy and SciPy, every function and option: NumPy's value, and derivatives against differences.

Each expression is evaluated on plain arrays and on traced ones. Derivatives: the adjoint test, and Ridders' differences
with their own error estimate. Not for: points without a derivative (`test_linalg_degenerate`).
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.linalg

import adkit
import adkit.numpy
import adkit.scipy.linalg
from adkit import jvp, vjp
from adkit.handle import TracedArray
from adkit.tracing import make_input
from tests.derivatives import check_derivatives

RANDOM = np.random.default_rng(5)


def drawn(*shape, imaginary=False):
    made = RANDOM.uniform(-1, 1, shape)
    return made + 1j * RANDOM.uniform(-1, 1, shape) if imaginary else made


def definite(n, imaginary=False):
    a = drawn(n, n, imaginary=imaginary)
    return a @ a.conj().T + np.diag(np.arange(1.0, n + 1))


OPERANDS = {
    "a": drawn(3, 3) + np.diag([3.0, 4.5, 6.0]),
    "p": definite(3),
    "t": drawn(2, 3, 3) + np.diag([2.0, 4.0, 6.0]),
    "m": drawn(4, 3) + 2 * np.eye(4, 3),
    "w": drawn(3, 4) + 2 * np.eye(3, 4),
    "v": drawn(3),
    "u": drawn(4),
    "b": drawn(3, 2),
    "k": drawn(4, 2),
    "r": np.array([[1.0, 2.0], [-2.0, 1.5]]),
    "d": 0.3 * drawn(3, 3) + np.diag([1.0, 3.0, 6.0]),
    "e": drawn(2, 3, 2, 3) + 3 * np.eye(6).reshape(2, 3, 2, 3),
    "ca": drawn(3, 3, imaginary=True) + np.diag([3.0, 4.5, 6.0]),
    "cp": definite(3, imaginary=True),
    "cm": drawn(4, 3, imaginary=True) + 2 * np.eye(4, 3),
    "cw": drawn(3, 4, imaginary=True) + 2 * np.eye(3, 4),
    "cv": drawn(3, imaginary=True),
    "cb": drawn(3, 2, imaginary=True),
}

NUMPY = """
solve(a, v) | solve(a, b) | solve(t, b) | solve(t, v) | solve(ca, cb) | solve(ca, v) | solve(a, cb)
inv(a) | inv(t) | inv(ca) | det(a) | det(t) | det(ca) | slogdet(a) | slogdet(t) | slogdet(ca) | slogdet(-a)[1]
pinv(a) | pinv(m) | pinv(w) | pinv(cm) | pinv(p, hermitian=True) | pinv(m, rcond=1e-3) | pinv(m, rtol=None) | pinv(t)
cholesky(p) | cholesky(p, upper=True) | cholesky(cp) | cholesky(cp, upper=True) | cholesky(t @ np.swapaxes(t, -1, -2))
qr(a) | qr(m) | qr(w) | qr(t) | qr(m, mode="complete") | qr(w, mode="complete") | qr(m, mode="r") | qr(w, "r") | qr(m, "raw")
qr(w, "raw") | qr(cm) | qr(cm, mode="complete") | qr(cw) | qr(cm, "raw") | qr(ca, "r") | qr(a, "complete") | qr(cw, "complete")
eigh(p) | eigh(p, UPLO="U") | eigvalsh(p) | eigvalsh(p, "U") | eigvalsh(cp) | eigvalsh(cp, UPLO="U") | eigh(t)
eig(d) | eigvals(a) | eigvals(r) | eigvals(ca) | eigvals(t)
svd(a) | svd(m, full_matrices=False) | svd(w, full_matrices=False) | svd(m, compute_uv=False) | svd(p, hermitian=True)
svd(t) | svdvals(m) | svdvals(cw) | svd(w, compute_uv=False, hermitian=False) | svd(p, compute_uv=False, hermitian=True)
norm(v) | norm(m) | norm(v, 1) | norm(v, 3) | norm(v, 2.5) | norm(v, 0.5) | norm(v, -1) | norm(v, -2) | norm(v, np.inf) | norm(v, -np.inf)
norm(cv) | norm(cv, 3) | norm(cv, 1) | norm(m, "fro") | norm(m, "nuc") | norm(m, 2) | norm(m, -2) | norm(m, 1) | norm(m, -1)
norm(m, np.inf) | norm(m, -np.inf) | norm(cm, "nuc") | norm(cm, 2) | norm(cm, 1) | norm(t, 2, axis=(1, 2)) | norm(t, "nuc", axis=(2, 0))
norm(t, 2, axis=(0, 2), keepdims=True) | norm(t, 1, axis=(2, 1)) | norm(t) | norm(t, axis=1) | norm(t, 3, axis=-1, keepdims=True)
norm(v, 0) * v | norm(m, axis=0) | norm(m, 2, 1) | norm(m, keepdims=True) | norm(t, axis=(0, 1)) | norm(v, axis=(0,))
vector_norm(m) | vector_norm(m, axis=1) | vector_norm(t, axis=(0, 2), ord=3, keepdims=True) | vector_norm(m, ord=np.inf)
matrix_norm(t) | matrix_norm(t, ord=2) | matrix_norm(t, ord="nuc", keepdims=True) | matrix_norm(m, ord=-1)
lstsq(m, u) | lstsq(m, k) | lstsq(w, v) | lstsq(w, b, rcond=1e-3) | lstsq(m, k, rcond=-1) | lstsq(cm, k) | lstsq(a, v)
matrix_power(a, 3) | matrix_power(a, 0) | matrix_power(a, 1) | matrix_power(t, -2) | matrix_power(ca, 5)
multi_dot([m, a, b]) | multi_dot([v, a, b]) | multi_dot([u, m, v]) | multi_dot([a, v]) | multi_dot([k, b.T, a, v])
tensorsolve(e, b.T) | tensorsolve(np.moveaxis(e, 0, 2), b.T, axes=(2,)) | tensorinv(e, ind=2) | tensorinv(e.reshape(6, 2, 3), ind=1)
cond(a) | cond(m) | cond(t) | cond(a, 2) | cond(a, -2) | cond(a, 1) | cond(a, -1) | cond(a, np.inf) | cond(a, -np.inf) | cond(a, "fro")
cond(a, "nuc") | cond(ca) | cond(ca, 1) | outer(v, u) | cross(v, a) | cross(a, v, axis=0) | vecdot(v, a) | vecdot(cv, ca)
matmul(m, a) | matrix_transpose(t) | tensordot(a, b, axes=1) | diagonal(t, offset=1) | trace(t, offset=-1)
"""
# complex vectors have an arbitrary phase: what does not depend on it
INVARIANT = """
projectors(*eigh(cp)) | projectors(*eigh(cp, UPLO="U")) | products(*svd(cm, full_matrices=False)) | projectors(*eig(ca))
projectors(*eig(r)) | products(*svd(cp, hermitian=True)) | beyond(svd(m)[0], 3) | beyond(svd(cw)[2].T, 3) | products(*svd(cw, full_matrices=False))
"""
SCIPY = """
solve(a, v) | solve(a, b) | solve(a, v, transposed=True) | solve(p, b, assume_a="pos")
solve(p, b, assume_a="pos", lower=True) | solve(cp, cb, assume_a="pos") | solve(a, b, assume_a="sym") | solve(a, v, assume_a="sym", lower=True)
solve(ca, cb, assume_a="sym") | solve(cp, cb, assume_a="her") | solve(cp, cb, assume_a="her", lower=True) | solve(t, b)
solve(np.triu(a), b, assume_a="upper triangular") | solve(np.tril(a), v, assume_a="lower triangular") | solve(p, v, assume_a="positive definite")
solve(np.diag(v), b, assume_a="diagonal")
inv(a) | inv(ca) | det(a) | det(ca) | norm(m) | norm(m, 2) | norm(v, 3) | norm(m, 1, keepdims=True) | norm(m, axis=1) | pinv(m) | pinv(m, rtol=1e-3)
cholesky(p) | cholesky(p, lower=True) | cholesky(cp) | cholesky(cp, lower=True) | cho_factor(p)[0] | cho_factor(p, lower=True)[0]
cho_solve(cho_factor(p), b) | cho_solve(cho_factor(cp, lower=True), cv) | cho_solve((a, True), v) | cho_solve((a, False), v)
solve_triangular(a, b) | solve_triangular(a, v, lower=True) | solve_triangular(a, v, trans=1) | solve_triangular(ca, cb, trans="C", lower=True)
solve_triangular(a, b, unit_diagonal=True) | solve_triangular(ca, cv, trans="T", unit_diagonal=True, lower=True)
expm(a) | expm(t) | expm(ca) | expm(a * 4) | block_diag(a, b, v) | block_diag(a) | block_diag(ca, m, np.ones((1, 2)))
toeplitz(v) | toeplitz(v, u) | toeplitz(cv) | toeplitz(cv, v)
eigh(p) | eigh(p, lower=False) | eigh(p, eigvals_only=True) | eigh(a + a.T, p, eigvals_only=True) | eigh(p, subset_by_index=[1, 2])
eigh(a, p, lower=False, eigvals_only=True, type=2) | eigvalsh(p, p + np.diag(np.array([1., 2., 4.])), type=3) | eigvalsh(p)
np.abs(eigh(a + a.T, p)[1]) | np.abs(eigh(a, p, type=3)[1])
svd(m) [1] | svd(m, full_matrices=False) | svd(a, compute_uv=False) | svdvals(w)
qr(m) | qr(w) | qr(m, mode="economic") | qr(m, mode="r") | qr(w, mode="r") | qr(cm, mode="economic") | qr(m, mode="raw") | qr(w, mode="raw")
qr(m, mode="economic", pivoting=True) | qr(w, mode="r", pivoting=True) | qr(a, pivoting=True)
lu_factor(a) | lu_factor(m) | lu_factor(w) | lu_factor(ca) | lu(a) | lu(m) | lu(w) | lu(m, permute_l=True) | lu(m, p_indices=True)
lu_solve(lu_factor(a), b) | lu_solve(lu_factor(ca), cv, trans=2) | lu_solve(lu_factor(a), v, trans=1) | lu_solve(lu_factor(t), b)
lstsq(m, k)[0] | lstsq(m, u) | lstsq(w, v)
"""


def listed(text):
    return [e.strip() for line in text.strip().splitlines() for e in line.split(" | ")]


def projectors(w, v):
    """Σ wᵢ vᵢ vᵢᴴ |w|, which no phase of an eigenvector changes."""
    return (v * w * np.abs(w)) @ np.conj(np.swapaxes(v, -1, -2)), np.abs(v[..., 0, :]) ** 2


def products(u, s, vh):
    return (u * s**2) @ vh, np.abs(u) ** 2, s


def beyond(u, k):
    """The projector onto the columns from k on."""
    return u[:, k:] @ np.conj(u[:, k:].T)


HELPERS = {"projectors": projectors, "products": products, "beyond": beyond, "np": np}


def function_of(expression, module):
    code = compile(expression, "<expression>", "eval")
    names = [name for name in OPERANDS if name in code.co_names]
    space = {name: getattr(module, name) for name in code.co_names if hasattr(module, name) and name not in names}

    def f(*values):
        return eval(code, {**space, **HELPERS, **dict(zip(names, values, strict=True))})

    return f, [OPERANDS[n] for n in names]


def parts(value):
    """The arrays of nested tuples."""
    if isinstance(value, (tuple, list)):
        return [part for item in value for part in parts(item)]
    return [] if value is None or isinstance(value, bool) else [value]


def same_values(made, expected):
    for a, b in zip(parts(made), parts(expected), strict=True):
        a = np.asarray(a.value if isinstance(a, TracedArray) else a)
        assert a.shape == np.shape(b)
        assert a.dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def check(expression, plain, ours):
    f, args = function_of(expression, plain)
    expected = f(*args)
    traced, _ = function_of(expression, ours)
    same_values(traced(*map(make_input, args)), expected)
    check_derivatives(traced, args, reach=0.05)


@pytest.mark.parametrize("expression", listed(NUMPY) + listed(INVARIANT))
def test_numpy(expression):
    with warnings.catch_warnings():
        warnings.simplefilter("error", adkit.DegenerateWarning)
        check(expression, np.linalg, np.linalg)


@pytest.mark.parametrize("expression", listed(SCIPY))
def test_scipy(expression):
    with warnings.catch_warnings():
        warnings.simplefilter("error", adkit.DegenerateWarning)
        check(expression, scipy.linalg, adkit.scipy.linalg)


@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.linalg.solve(x, x[0]),
        np.linalg.inv,
        np.linalg.det,
        np.linalg.pinv,
        np.linalg.svdvals,
        lambda x: np.linalg.cholesky(x @ np.conj(x.T)),
        lambda x: np.linalg.eigvalsh(x),
        lambda x: np.linalg.qr(x)[1],
        lambda x: np.linalg.norm(x, "nuc"),
        lambda x: np.linalg.cond(x),
        lambda x: np.linalg.slogdet(x)[1],
        lambda x: adkit.scipy.linalg.expm(x),
    ],
)
def test_single_precision_stays_single(call, dtype):
    x = (OPERANDS["ca"] if dtype is np.complex64 else OPERANDS["a"]).astype(dtype)
    value, pullback = vjp(call, x)
    expected = np.asarray(call(x))
    assert np.asarray(value).dtype == expected.dtype
    np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)
    wide = vjp(call, x.astype(np.complex128 if dtype is np.complex64 else np.float64))[1](np.ones_like(value) * 1.0)[0]
    (narrow,) = pullback(np.ones_like(value))
    assert narrow.dtype == dtype
    np.testing.assert_allclose(narrow, wide, rtol=2e-3, atol=2e-3 * np.max(np.abs(wide)))


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("name", ["inv", "det", "cholesky", "eigvalsh", "eigvals", "svdvals", "pinv", "slogdet", "qr"])
def test_sizes_zero_and_one(name, n):
    function = getattr(np.linalg, name)
    x = np.full((n, n), 2.0)
    same_values(function(make_input(x)), function(x))
    check_derivatives(function, [x], 1 + n, reach=0.05)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("solve", (np.ones((2, 3)), np.ones(2))),
        ("inv", (np.ones(3),)),
        ("det", (np.ones((2, 3)),)),
        ("cholesky", (-np.eye(2),)),
        ("inv", (np.zeros((2, 2)),)),
        ("matrix_power", (np.ones((2, 3)), 2)),
        ("multi_dot", ([np.ones((2, 2, 2)), np.ones((2, 2)), np.ones(2)],)),
        ("qr", (np.ones((2, 2)), "wrong")),
        ("norm", (np.ones((2, 2)), 7)),
        ("norm", (np.ones((2, 2, 2)), 2)),
        ("eigh", (np.ones((2, 2)), "X")),
        ("lstsq", (np.ones((2, 2)), np.ones(3))),
        ("tensorsolve", (np.ones((2, 3)), np.ones(2))),
        ("tensorinv", (np.ones((2, 2)), 0)),
        ("outer", (np.ones((2, 2)), np.ones(2))),
        ("cross", (np.ones(2), np.ones(2))),
        ("matrix_transpose", (np.ones(2),)),
    ],
)
def test_errors_are_numpys(name, args):
    function = getattr(np.linalg, name)
    with pytest.raises(Exception) as expected:
        function(*args)
    first, *rest = args
    traced = [make_input(x) for x in first] if isinstance(first, list) else make_input(first)
    with pytest.raises(type(expected.value)):
        function(traced, *rest)


def test_plain_arguments_go_to_scipy_and_numpy():
    a = OPERANDS["a"]
    assert type(adkit.scipy.linalg.lu(a)[0]) is np.ndarray
    assert adkit.numpy.linalg.matrix_rank(a) == 3
    assert type(adkit.numpy.linalg.eigh(a)) is type(np.linalg.eigh(a))


def test_multi_dot_multiplies_in_the_cheapest_order():
    chain = [np.ones((10, 100)), np.ones((100, 5)), np.ones((5, 50))]
    shapes = [np.shape(part) for part in vjp(np.linalg.multi_dot, chain)[1](np.ones((10, 50)))[0]]
    assert shapes == [x.shape for x in chain]
    from adkit.numpy.linalg.products import cheapest_splits

    assert cheapest_splits([10, 100, 5, 50])[0, 2] == 1
    assert cheapest_splits([50, 5, 100, 10])[0, 2] == 0


def test_the_triangle_that_is_read_has_the_derivative():
    p = OPERANDS["p"]
    for call, part in [
        (lambda x: np.linalg.cholesky(x), np.tril),
        (lambda x: np.linalg.cholesky(x, upper=True), np.triu),
        (lambda x: np.linalg.eigvalsh(x), np.tril),
        (lambda x: np.linalg.eigh(x, "U")[1], np.triu),
    ]:
        g = adkit.grad(lambda x, call=call: np.sum(call(x) * np.arange(1.0, 4.0)))(p)
        np.testing.assert_array_equal(g, part(g))
        assert np.count_nonzero(g) == 6


@pytest.mark.parametrize("n", [2, 59, 60, 61, 150])
@pytest.mark.parametrize("lower", [True, False])
def test_the_blocked_rule_of_cholesky_is_the_rule(n, lower):
    a = drawn(n, n) / np.sqrt(n)
    a = a @ a.T + np.eye(n)
    g = drawn(n, n)

    def f(x):
        return np.linalg.cholesky(x, upper=not lower)

    blocked = vjp(f, a)[1](g)[0]
    tangent = drawn(n, n)
    _, pushed = jvp(f, (a,), (tangent,))
    assert abs(np.sum(g * pushed) - np.sum(blocked * tangent)) < 1e-12 * np.sum(np.abs(g * pushed))
