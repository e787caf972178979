"""Rows about the triangles of square matrices: `triangle`, the Hermitian matrix that one triangle stands for, and
`solve_triangular`; all batched over leading axes.

LAPACK's factorizations read one triangle only, so a derivative falls on that triangle: `hermitian_from` says which
matrix was meant, and `fold` is its transpose. Not for: factorizations (`factorizations`, `spectral`).

Convention: transposes carry no conjugation, since complex cotangents pair as Re Σ v̄·v̇.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..primitive import General, Linear
from .batching import leading, widened
from .linalg import matmul, swap_last
from .shape import conjugate, shape_of, unbroadcast

__adkit__ = True


# ------------------------------------------------------------------------------------------------ parts


def is_complex(x: Any) -> bool:
    """Whether an operand has a complex dtype."""
    return numpy_dtype(x).kind == "c"


def conj(x: Any) -> Any:
    """The complex conjugate; a real operand as it is."""
    return conjugate(x) if is_complex(x) else x


def adjoint(x: Any) -> Any:
    """The conjugate transpose of the last two axes."""
    return conj(swap_last(x))


def _triangle(xp: Any, x: Any, lower: bool, k: int) -> Any:
    return xp.tril(x, k=k) if lower else xp.triu(x, k=k)


triangle: Linear = Linear(
    "triangle", _triangle, lambda g, x, lower, k: triangle(g, lower=lower, k=k), symbol="triangle({0})"
)


def lower_part(x: Any, k: int = 0) -> Any:
    """The elements on and below the k-th diagonal, zeros above."""
    return triangle(x, lower=True, k=k)


def upper_part(x: Any, k: int = 0) -> Any:
    """The elements on and above the k-th diagonal, zeros below."""
    return triangle(x, lower=False, k=k)


def diagonal_part(x: Any) -> Any:
    """A matrix with only its diagonal left."""
    return upper_part(lower_part(x))


def _plain_adjoint(xp: Any, x: Any, hermitian: bool) -> Any:
    order = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)
    turned = xp.transpose(x, order)
    return xp.conj(turned) if hermitian and is_complex(x) else turned


def _hermitian_from(xp: Any, x: Any, lower: bool, hermitian: bool = True) -> Any:
    strict = _triangle(xp, x, lower, -1 if lower else 1)
    middle = xp.tril(xp.triu(x))
    if hermitian and is_complex(x):
        middle = (middle + xp.conj(middle)) / 2
    return strict + middle + _plain_adjoint(xp, strict, hermitian)


def _fold(xp: Any, x: Any, lower: bool, hermitian: bool = True) -> Any:
    both = x + _plain_adjoint(xp, x, hermitian)
    return _triangle(xp, both, lower, -1 if lower else 1) + xp.tril(xp.triu(both)) / 2


hermitian_from: Linear = Linear(
    "hermitian_from",
    _hermitian_from,
    lambda g, x, lower, hermitian=True: fold(g, lower=lower, hermitian=hermitian),
    symbol="hermitian({0})",
)
fold: Linear = Linear(
    "fold",
    _fold,
    lambda g, x, lower, hermitian=True: hermitian_from(g, lower=lower, hermitian=hermitian),
    symbol="fold({0})",
)


# ------------------------------------------------------------------------------------------------ triangular systems


def _solve_triangular(xp: Any, a: Any, b: Any, lower: bool, unit: bool = False) -> Any:
    """x with t·x = b, where t is one triangle of a; with `unit` its diagonal counts as ones."""
    if xp is numpy:
        if a.ndim == 2 and b.ndim >= 2 and a.size and b.size:
            return _blas_triangular(a, b, lower, unit)
    t = _triangle(xp, a, lower, 0)
    if unit:
        t = _triangle(xp, a, lower, -1 if lower else 1) + _identity_like(xp, a)
    return xp.linalg.solve(t, b)


def _identity_like(xp: Any, a: Any) -> Any:
    middle = xp.tril(xp.triu(a))
    return xp.tril(xp.triu(xp.ones_like(middle)))


def _blas_triangular(a: Any, b: Any, lower: bool, unit: bool) -> Any:
    """One matrix, any number of right-hand sides, by BLAS; both are read in C order as their transposes."""
    dtype = numpy.result_type(a, b)
    if dtype.char not in "fdFD":
        dtype = numpy.result_type(dtype, numpy.float64)
    if not unit and not numpy.all(numpy.diagonal(a)):
        raise numpy.linalg.LinAlgError("Singular matrix")
    solve = _triangular_solver(dtype.char)
    if a.flags.f_contiguous:  # t x = b as xᵀ tᵀ = bᵀ, with t itself in Fortran order
        made = solve(1.0, a.astype(dtype, copy=False), _columns(b, dtype), side=1, lower=lower, trans_a=1, diag=unit)
    else:
        turned = a.astype(dtype, copy=False).T
        made = solve(1.0, turned, _columns(b, dtype), side=1, lower=not lower, diag=unit)
    n = a.shape[0]
    made = made.T
    if b.ndim == 2:
        return made
    return numpy.moveaxis(made.reshape(n, *b.shape[:-2], b.shape[-1]), 0, -2)


def _columns(b: Any, dtype: Any) -> Any:
    """All right-hand sides side by side, transposed."""
    flat = b if b.ndim == 2 else numpy.moveaxis(b, -2, 0).reshape(b.shape[-2], -1)
    return numpy.ascontiguousarray(flat, dtype=dtype).T


@functools.cache
def _triangular_solver(code: str) -> Any:
    blas = importlib.import_module("scipy.linalg.blas")
    return getattr(blas, {"f": "strsm", "d": "dtrsm", "F": "ctrsm", "D": "ztrsm"}[code])


def _solve_triangular_jvp(t: Any, out: Any, a: Any, b: Any, lower: bool, unit: bool = False) -> Any:
    right = t[1]
    if t[0] is not None:
        moved = matmul(triangle(t[0], lower=lower, k=_offset(lower, unit)), out)
        right = -moved if right is None else right - moved
    return solve_triangular(a, right, lower=lower, unit=unit)


def _offset(lower: bool, unit: bool) -> int:
    return 0 if not unit else -1 if lower else 1


def _solve_triangular_vjp(g: Any, out: Any, a: Any, b: Any, lower: bool, unit: bool = False) -> Any:
    to_b = solve_triangular(swap_last(a), g, lower=not lower, unit=unit)
    to_a = -triangle(matmul(to_b, swap_last(out)), lower=lower, k=_offset(lower, unit))
    return unbroadcast(to_a, shape_of(a)), unbroadcast(to_b, shape_of(b))


def matrices_batch(row: Any) -> Any:
    """The batch of a row whose operands are all matrices (or stacks) that broadcast along their leading axes."""

    def batch(size: int, operands: Any, batched: Any, **params: Any) -> Any:
        ndim = max(len(shape_of(x)) - b for x, b in zip(operands, batched, strict=True))
        return row(*(widened(x, b, ndim) for x, b in zip(operands, batched, strict=True)), **params)

    return batch


# of matrices only: b has the shape (..., n, k)
solve_triangular = General(
    "solve_triangular", _solve_triangular, jvp=_solve_triangular_jvp, vjp=_solve_triangular_vjp, symbol="{0} \\ {1}"
)
solve_triangular.batch = matrices_batch(solve_triangular)
for _row in (triangle, hermitian_from, fold):
    _row.batch = leading(_row)
for _matrices in (triangle, hermitian_from, fold, solve_triangular):
    _matrices.sparsity = "matrices"
