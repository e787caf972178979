"""Rows of every family, emitted and compared at fresh inputs: linear algebra, transforms, special functions, order."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft

import adkit.scipy.linalg as linalg
from adkit import nn, trace
from adkit.emit import EmitError, prelude
from adkit.scipy import special
from tests.emit.programs import agree, clean, formatted, linted

rng = np.random.default_rng(1)
A = rng.normal(size=(4, 4)) + 4 * np.eye(4)
B = rng.normal(size=(4, 4)) + 4 * np.eye(4)
S = A @ A.T
x = rng.uniform(0.2, 0.9, 5)
z = x + 1j * rng.normal(size=5)
CASES = {
    "det sing": (lambda a: np.linalg.det(a), (np.diag([1.0, 2, 0]),), (np.diag([1.0, 3, 0]) + 1e-3,)),
    "slogdet": (lambda a: np.linalg.slogdet(a)[1], (A,), (B,)),
    "chol": (lambda a: np.sum(np.linalg.cholesky(a)), (S,), (B @ B.T,)),
    "qr": (lambda a: np.sum(np.linalg.qr(a)[1]), (A,), (B,)),
    "svd": (lambda a: np.sum(np.linalg.svd(a)[1] ** 3), (A,), (B,)),
    "svdu": (lambda a: np.sum(np.linalg.svd(a, full_matrices=False)[0] ** 3), (A,), (B,)),
    "eig": (lambda a: np.abs(np.sum(np.linalg.eig(a)[0] ** 2)), (A,), None),
    "pinv": (lambda a: np.sum(np.linalg.pinv(a) ** 2), (A[:, :3],), (B[:, :3],)),
    "solve": (lambda a, b: np.sum(np.linalg.solve(a, b)), (A, x[:4]), (B, x[:4])),
    "lstsq": (lambda a, b: np.sum(np.linalg.lstsq(a, b, rcond=None)[0]), (A[:, :2], x[:4]), (B[:, :2], x[:4])),
    "expm": (lambda a: np.sum(linalg.expm(a / 5)), (A,), (B,)),
    "lu": (lambda a: np.sum(linalg.lu_factor(a)[0] ** 2), (A,), None),
    "luS": (lambda a, b: np.sum(linalg.lu_solve(linalg.lu_factor(a), b)), (A, x[:4]), None),
    "tri": (lambda a, b: np.sum(linalg.solve_triangular(a, b, lower=True)), (A, x[:4]), (B, x[:4])),
    "fft": (lambda x: np.sum(np.abs(np.fft.fft(x, 7)) ** 2), (x,), (x + 1,)),
    "fft2": (lambda x: np.sum(np.abs(np.fft.fft2(np.outer(x, x))) ** 2), (x,), (x + 1,)),
    "dct": (lambda x: np.sum(scipy.fft.dct(x) ** 3), (x,), (x + 1,)),
    "sort": (lambda x: np.sum(np.sort(x) * np.arange(5)), (x,), (x[::-1] + 0.0,)),
    "median": (lambda x: np.median(x), (x,), None),
    "log_softmax": (lambda x: np.sum(nn.log_softmax(x) * np.arange(5)), (x,), (x + 1,)),
    "cumprod": (lambda x: np.sum(np.cumprod(x)), (x,), (x + 1,)),
    "prod": (lambda x: np.prod(x), (x,), (x + 1,)),
    "einsum": (lambda a, b: np.einsum("ij,kj->", a, b), (A, B), (B, A)),
    "tensordot": (lambda a, b: np.sum(np.tensordot(a, b, 2)), (A, B), (B, A)),
    "bessel": (lambda x: np.sum(special.jv(1, x) + special.j0(x) + special.kv(0.5, x)), (x,), (x + 1,)),
    "gammaln": (lambda x: np.sum(special.gammaln(x) + special.psi(x) + special.erf(x)), (x,), (x + 1,)),
    "sici": (lambda x: np.sum(special.sici(x)[0]), (x,), (x + 1,)),
    "airy": (lambda x: np.sum(special.airy(x)[0]), (x,), (x + 1,)),
    "zeta": (lambda x: np.sum(special.zeta(3.0, x)), (x,), (x + 1,)),
    "logsumexp": (lambda x: special.logsumexp(x), (x,), (x + 1,)),
    "cplx": (lambda z: np.real(np.sum(z**2 * np.conj(z))), (z,), (z + 1j,)),
    "cplxchol": (lambda z: np.real(np.sum(np.linalg.inv(np.outer(z, z) + np.eye(5) * 9))), (z,), (z + 1j,)),
    "interp": (lambda x: np.sum(np.interp(x, [0, 0.5, 1], [1.0, 3, 2])), (x,), None),
    "roll": (lambda x: np.sum(np.roll(x, 2) * x), (x,), (x + 1,)),
    "pad": (lambda x: np.sum(np.pad(x, 2, mode="reflect") ** 2), (x,), (x + 1,)),
    "poly": (lambda x: np.polyval(x, 2.0) + np.sum(np.abs(np.roots(x))), (x,), None),
    "f32": (lambda x: np.sum(np.float32(2) * x / np.linalg.norm(x) * np.arange(5)), (x.astype("f"),), None),
    "linspace": (lambda x: np.sum(np.linspace(0, x, 7) ** 2), (1.5,), (2.5,)),
    "rounding": (lambda x: np.round(x) + x % 2 + np.floor(x) + x // 2, (3.3,), (3.4,)),
    "expm2": (lambda a: np.trace(linalg.expm(a) @ linalg.expm(a.T)), (A / 9,), (B / 9,)),
    "convolve": (lambda x: np.sum(np.convolve(x, x) ** 2), (x,), (x + 1,)),
}


@pytest.mark.parametrize("mode", [None, "forward"])
@pytest.mark.parametrize("name", CASES)
def test_rows(name, mode):
    f, points, fresh = CASES[name]
    fresh = points if fresh is None else fresh
    source = trace(f)(*points).to_source(mode)
    there = trace(f, mode=mode or "auto")(*fresh)
    agree(clean(source)(*fresh), there, rtol=1e-8)
    assert formatted(source) == source
    assert linted(source) == ""


def test_a_derivative_that_scipy_has_no_function_for():
    with pytest.raises(EmitError, match="the operation polygamma_difference cannot be written"):
        trace(lambda x: special.beta(x, 2.0))(1.5).to_source()


@pytest.mark.parametrize("name", prelude.names())
def test_helpers_are_in_the_form_of_any_formatter(name):
    text = prelude.text_of(name)[0]
    assert formatted(text) == text
    assert formatted(text, "--line-length", "120") == text
