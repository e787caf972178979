"""Rows of functions of a matrix: `pinv` and `lstsq` (by the pseudo-inverse), `expm`; batched over leading axes.

Formulas: G. H. Golub, V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
variables separate" (1973), right where the rank is locally constant; A. H. Al-Mohy, N. J. Higham, "Computing the
Fréchet derivative of the matrix exponential, with an application to condition number estimation" (2009); R. Mathias,
"A chain rule for matrix functions and applications" (1996) for higher orders, from block triangular matrices.

Not for: inverses and systems of regular matrices (`linalg`).
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy

from ..backends import asarray_like, to_numpy, zeros
from ..dtypes import numpy_dtype
from ..primitive import Constant, General
from .batching import leading
from .factorizations import columns, rows
from .linalg import matmul, swap_last
from .shape import broadcast_to, concatenate, shape_of, unbroadcast
from .triangles import adjoint, conj, matrices_batch

__adkit__ = True


# ------------------------------------------------------------------------------------------------ pseudo-inverse


def _pinv(xp: Any, a: Any, rtol: Any = None) -> Any:
    if 0 in a.shape:
        return zeros((*a.shape[:-2], a.shape[-1], a.shape[-2]), numpy_dtype(a), a)
    return xp.linalg.pinv(a) if rtol is None else xp.linalg.pinv(a, rtol=rtol)


def _pinv_jvp(t: Any, out: Any, a: Any, rtol: Any = None) -> Any:
    """Ṗ = −P Ȧ P + P Pᴴ Ȧᴴ (I − A P) + (I − P A) Ȧᴴ Pᴴ P."""
    d = t[0]
    turned, dual = adjoint(d), adjoint(out)
    left = matmul(matmul(out, dual), turned)
    right = matmul(turned, matmul(dual, out))
    made = left - matmul(matmul(left, a), out) - matmul(matmul(out, d), out)
    return made + right - matmul(out, matmul(a, right))


def _pinv_vjp(g: Any, out: Any, a: Any, rtol: Any = None) -> Any:
    p, turned, dual = swap_last(out), swap_last(g), adjoint(out)
    first = matmul(matmul(p, g), p)
    left = matmul(matmul(turned, out), dual)
    right = matmul(matmul(dual, out), turned)
    left = left - matmul(a, matmul(out, left))
    right = right - matmul(matmul(right, out), a)
    return (conj(left + right) - first,)


pinv = General("pinv", _pinv, jvp=_pinv_jvp, vjp=_pinv_vjp, symbol="{0}⁺")
pinv.batch = leading(pinv)


def _rank(xp: Any, a: Any, tol: Any = None, rtol: Any = None, hermitian: bool = False) -> Any:
    plain = to_numpy(a)
    if rtol is not None:
        made = numpy.linalg.matrix_rank(plain, hermitian=hermitian, rtol=rtol)
    else:
        made = numpy.linalg.matrix_rank(plain, tol, hermitian)
    return made if xp is numpy else asarray_like(numpy.asarray(made), a)


matrix_rank = Constant("matrix_rank", _rank, "rank {0}")
matrix_rank.batch = leading(matrix_rank)


# ------------------------------------------------------------------------------------------------ least squares


def _lstsq(xp: Any, a: Any, b: Any, rcond: float) -> Any:
    if xp is numpy and a.ndim == 2 and b.ndim == 2:
        return numpy.linalg.lstsq(a, b, rcond)[0]
    return xp.matmul(_pinv(xp, a, rcond), b)


def _lstsq_jvp(t: Any, out: Any, a: Any, b: Any, rcond: float) -> Any:
    """Of x = A⁺ b, with r = b − A x: A⁺ (ḃ − Ȧ x) + A⁺ A⁺ᴴ Ȧᴴ r + (I − A⁺ A) Ȧᴴ A⁺ᴴ x."""
    p = pinv(a, rtol=rcond)
    if t[0] is None:
        return matmul(p, t[1])
    turned = adjoint(t[0])
    rest = b - matmul(a, out)
    right = matmul(turned, matmul(adjoint(p), out))
    inner = matmul(adjoint(p), matmul(turned, rest)) - matmul(t[0], out) - matmul(a, right)
    made = matmul(p, inner if t[1] is None else inner + t[1])
    return made + right


def _lstsq_vjp(g: Any, out: Any, a: Any, b: Any, rcond: float) -> Any:
    p = pinv(a, rtol=rcond)
    to_b = matmul(swap_last(p), g)
    rest = b - matmul(a, out)
    to_a = -matmul(to_b, swap_last(out))
    # Re Σ ḡ·(A⁺ A⁺ᴴ Ȧᴴ r) and Re Σ (ḡ − Aᵀ b̄)·(Ȧᴴ A⁺ᴴ x), read off for conj(Ȧ)
    to_a = to_a + conj(matmul(rest, swap_last(matmul(swap_last(adjoint(p)), to_b))))
    free = g - matmul(swap_last(a), to_b)
    to_a = to_a + conj(matmul(matmul(adjoint(p), out), swap_last(free)))
    return unbroadcast(to_a, shape_of(a)), unbroadcast(to_b, shape_of(b))


# of matrices only: b has the shape (..., m, k)
lstsq = General("lstsq", _lstsq, jvp=_lstsq_jvp, vjp=_lstsq_vjp, symbol="{0}⁺ {1}")
lstsq.batch = matrices_batch(lstsq)


# ------------------------------------------------------------------------------------------------ exponential


def _expm(xp: Any, a: Any) -> Any:
    if 0 in a.shape:
        return a
    linalg = importlib.import_module("scipy.linalg")
    return linalg.expm(a) if xp is numpy else asarray_like(linalg.expm(to_numpy(a)), a)


def _expm_frechet(xp: Any, a: Any, e: Any) -> Any:
    """The derivative of expm at a in the direction e."""
    if 0 in a.shape:
        return a + e  # broadcast
    plain, direction = to_numpy(a), to_numpy(e)
    dtype = numpy.result_type(plain, direction)
    shape = numpy.broadcast_shapes(plain.shape, direction.shape)
    plain, direction = (numpy.broadcast_to(x, shape).astype(dtype) for x in (plain, direction))
    frechet = importlib.import_module("scipy.linalg").expm_frechet
    made = numpy.empty(shape, dtype)
    for i in numpy.ndindex(shape[:-2]):
        made[i] = frechet(plain[i], direction[i], compute_expm=False, check_finite=False)
    return made if xp is numpy else asarray_like(made, a)


def _blocks(a: Any, upper: Any) -> Any:
    """[[a, upper], [0, a]]."""
    n = max(len(shape_of(a)), len(shape_of(upper)))
    lead = numpy.broadcast_shapes(shape_of(a), shape_of(upper))
    a, upper = (x if shape_of(x) == lead else broadcast_to(x, shape=lead) for x in (a, upper))
    top = concatenate(a, upper, axis=n - 1)
    return concatenate(top, concatenate(0.0 * upper, a, axis=n - 1), axis=n - 2)


def _second(a: Any, e: Any, d: Any) -> Any:
    """The second derivative of expm at a in the directions e and d: the upper right block of one of twice the size."""
    n = shape_of(a)[-1]
    made = expm_frechet(_blocks(a, d), _blocks(e, 0.0 * d))
    return columns(rows(made, 0, n), n, 2 * n)


def _frechet_jvp(t: Any, out: Any, a: Any, e: Any) -> Any:
    made = None if t[1] is None else expm_frechet(a, t[1])
    if t[0] is None:
        return made
    term = _second(a, e, t[0])
    return term if made is None else made + term


def _frechet_vjp(g: Any, out: Any, a: Any, e: Any) -> Any:
    a, e_turned = swap_last(a), swap_last(e)
    to_a, to_e = _second(a, e_turned, g), expm_frechet(a, g)
    return unbroadcast(to_a, shape_of(a)), unbroadcast(to_e, shape_of(e))


expm: General = General(
    "expm",
    _expm,
    jvp=lambda t, out, a: expm_frechet(a, t[0]),
    vjp=lambda g, out, a: (expm_frechet(swap_last(a), g),),
    reads="operands",
    symbol="exp {0}",
)
expm.batch = leading(expm)
expm_frechet: General = General("expm_frechet", _expm_frechet, jvp=_frechet_jvp, vjp=_frechet_vjp, reads="operands")
expm_frechet.batch = matrices_batch(expm_frechet)

for _row in (pinv, lstsq, expm, expm_frechet):
    _row.sparsity = "matrices"
