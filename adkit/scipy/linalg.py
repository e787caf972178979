"""`adkit.scipy.linalg`: systems, inverses and factorizations of SciPy for traced arrays; others are refused by name.

Calls without any traced argument go to SciPy unchanged. Options that only steer memory (`overwrite_a`) have no effect.
Not for: derivatives (`adkit.primitives.linalg` and the modules that it names).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy
import scipy.linalg

from ..dtypes import numpy_dtype
from ..errors import UnsupportedError
from ..numpy import linalg as _linalg
from ..numpy.arguments import known, ndim, operand
from ..numpy.joining import concatenate
from ..numpy.linalg.matrices import column, floating, matrices, squares, without_column
from ..numpy_api import choosing, refusing
from ..primitives import factorizations, matrix_functions, spectral
from ..primitives import linalg as rows
from ..primitives.elementwise import isfinite
from ..primitives.indexing import getitem
from ..primitives.linalg import swap_last
from ..primitives.shape import pad, reshape, shape_of, size_of, truncate
from ..primitives.triangles import (
    adjoint,
    conj,
    hermitian_from,
    is_complex,
    lower_part,
    upper_part,
)
from ..primitives.triangles import (
    solve_triangular as triangular_row,
)
from ..source import user_line

__adkit__ = True

LinAlgError = scipy.linalg.LinAlgError


def _option(function: str, option: str, fix: str) -> UnsupportedError:
    filename, line = user_line(sys._getframe(1))
    return UnsupportedError(
        f"scipy.linalg.{function} with {option} has no derivative rule in adkit", fix=fix, filename=filename, line=line
    )


def _finite(a: Any, check: bool) -> Any:
    """An argument as floats, refused as SciPy refuses it if an element is not finite."""
    a = floating(operand(a))
    if check and not numpy.all(known(isfinite(a))):
        raise ValueError("array must not contain infs or NaNs")
    return a


def _with_columns(b: Any, solve: Callable[[Any], Any]) -> Any:
    """`solve` for a vector or matrices of right-hand sides."""
    return without_column(solve(column(b))) if ndim(b) == 1 else solve(b)


# ------------------------------------------------------------------------------------------------ systems

_STRUCTURES = {
    "general": "gen",
    "symmetric": "sym",
    "hermitian": "her",
    "positive definite": "pos",
    "upper triangular": "upper",
    "lower triangular": "lower",
}


def _structured(a: Any, assume_a: str, lower: bool) -> Any:
    """The matrix that is meant where only a part of it is read."""
    if assume_a in ("sym", "her", "pos"):
        return hermitian_from(a, lower=lower, hermitian=assume_a != "sym")
    if assume_a == "diagonal":
        return upper_part(lower_part(a))
    return upper_part(lower_part(a, 1), -1) if assume_a == "tridiagonal" else a


def _solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Any:
    """`scipy.linalg.solve` for every `assume_a`; of a symmetric or Hermitian matrix the triangle that is read has the
    derivative.
    """
    a, b = squares(_finite(a, check_finite)), _finite(b, check_finite)
    if transposed and is_complex(a):
        raise _option("solve", "transposed=True and a complex matrix", "pass a.T, as SciPy needs it there too")
    kind = _STRUCTURES.get(assume_a or "gen", assume_a or "gen")
    if kind in ("upper", "lower"):
        trans = 1 if transposed else 0
        return _with_columns(b, lambda right: _triangular(a, right, trans, kind == "lower", False))
    if kind not in ("gen", "sym", "her", "pos", "diagonal", "tridiagonal", "banded"):
        raise ValueError(f"{assume_a} is not a recognized matrix structure")
    if kind == "pos":
        factor = factorizations.cholesky(a, lower=lower)
        return _with_columns(b, lambda right: _cholesky_solved(factor, lower, right))
    a = _structured(a, kind, lower)
    return rows.solve(swap_last(a) if transposed else a, b)


def _triangular(a: Any, b: Any, trans: int, lower: bool, unit: bool) -> Any:
    if trans:
        a, lower = (adjoint(a) if trans == 2 else swap_last(a)), not lower
    return triangular_row(a, b, lower=lower, unit=unit)


def _solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """`scipy.linalg.solve_triangular`: only one triangle of the matrix is read."""
    a, b = squares(_finite(a, check_finite)), _finite(b, check_finite)
    trans = {"N": 0, "T": 1, "C": 2}.get(trans, trans)
    return _with_columns(b, lambda right: _triangular(a, right, trans, bool(lower), bool(unit_diagonal)))


def _inv(
    a: Any, overwrite_a: bool = False, check_finite: bool = True, *, assume_a: str | None = None, lower: bool = False
) -> Any:
    """`scipy.linalg.inv`."""
    a = squares(_finite(a, check_finite))
    kind = _STRUCTURES.get(assume_a or "gen", assume_a or "gen")
    if kind in ("upper", "lower"):
        return triangular_row(a, spectral.identity(a), lower=kind == "lower")
    return rows.inv(_structured(a, kind, lower))


def _det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.det`; a singular matrix has a derivative as any other has."""
    return _linalg.det(_finite(a, check_finite))


def _pinv(a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.pinv`, right where the rank does not change nearby."""
    if atol is not None and known(atol) != 0:
        raise _option("pinv", "atol=", "pass rtol= instead")
    a = matrices(_finite(a, check_finite))
    m, n = shape_of(a)[-2:]
    rtol = max(m, n) * float(numpy.finfo(numpy_dtype(a)).eps) if rtol is None else float(known(rtol))
    made = matrix_functions.pinv(a, rtol=rtol)
    return (made, matrix_functions.matrix_rank(a, rtol=rtol)) if return_rank else made


def _lstsq(
    a: Any,
    b: Any,
    cond: Any = None,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    lapack_driver: str | None = None,
) -> Any:
    """`scipy.linalg.lstsq`, right where the rank does not change nearby."""
    a, b = matrices(_finite(a, check_finite)), _finite(b, check_finite)
    cond = float(numpy.finfo(numpy_dtype(a)).eps) if cond is None else float(known(cond))
    x, residuals, rank, s = _linalg.lstsq.__wrapped__(a, b, cond)  # type: ignore[attr-defined]
    if ndim(b) == 1 and shape_of(residuals) == (1,):
        residuals = getitem(residuals, index=(0,))
    rank = truncate(rank, dtype=numpy.dtype(numpy.int64))
    return x, residuals, rank, None if lapack_driver == "gelsy" else s


# ------------------------------------------------------------------------------------------------ Cholesky


def _cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.cholesky`: one triangle of the matrix is read, and the derivative falls on that one."""
    return factorizations.cholesky(squares(_finite(a, check_finite)), lower=bool(lower))


def _cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.cho_factor`; the other triangle holds the elements of `a`, as SciPy leaves them there."""
    a = squares(_finite(a, check_finite))
    factor = factorizations.cholesky(a, lower=bool(lower))
    return factor + (upper_part(a, 1) if lower else lower_part(a, -1)), lower


def _cholesky_solved(factor: Any, lower: bool, b: Any) -> Any:
    """x with A x = b for a triangular factor of A, of which one triangle is read."""
    first = factor if lower else adjoint(factor)
    last = adjoint(factor) if lower else factor
    return triangular_row(last, triangular_row(first, b, lower=True), lower=False)


def _cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.cho_solve`."""
    factor, lower = c_and_lower
    factor, b = squares(_finite(factor, check_finite)), _finite(b, check_finite)
    return _with_columns(b, lambda right: _cholesky_solved(factor, bool(known(lower)), right))


# ------------------------------------------------------------------------------------------------ LU


def _lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.lu_factor`; the pivots are constant."""
    return factorizations.lu_factor(matrices(_finite(a, check_finite)))


def _lu_solve(lu_and_piv: Any, b: Any, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.lu_solve`."""
    lu, pivots = lu_and_piv
    lu, b = squares(_finite(lu, check_finite)), _finite(b, check_finite)

    def solved(right: Any) -> Any:
        if not trans:
            right = factorizations.permute_rows(right, pivots)
            return _triangular(lu, _triangular(lu, right, 0, True, True), 0, False, False)
        right = _triangular(lu, _triangular(lu, right, trans, False, False), trans, True, True)
        return factorizations.permute_rows(right, pivots, inverse=True)

    return _with_columns(b, solved)


def _lu(
    a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True, p_indices: bool = False
) -> Any:
    """`scipy.linalg.lu`; the permutation is constant."""
    packed, pivots = factorizations.lu_factor(matrices(_finite(a, check_finite)))
    low, up = factorizations.split_lu(packed)
    m = shape_of(packed)[-2]
    if permute_l:
        return factorizations.permute_rows(low, pivots, inverse=True), up
    if p_indices:
        order = factorizations.permute_rows(column(numpy.arange(m, dtype=float)), pivots, inverse=True)
        return truncate(without_column(order), dtype=numpy.dtype(numpy.int32)), low, up
    return factorizations.permute_rows(factorizations.eye_like(packed, m, m), pivots, inverse=True), low, up


# ------------------------------------------------------------------------------------------------ QR and spectra


def _qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    """`scipy.linalg.qr` in every mode; with pivoting the order of the columns is constant."""
    if mode not in ("full", "r", "economic", "raw"):
        raise ValueError("Mode argument should be one of ['full', 'r', 'economic', 'raw']")
    a = matrices(_finite(a, check_finite))
    last: tuple[Any, ...] = ()
    if pivoting:
        order = factorizations.column_pivots(a)
        swaps = factorizations.as_pivots(order)
        a = swap_last(factorizations.permute_rows(swap_last(a), swaps))
        last = (order,)
    m, n = shape_of(a)[-2:]
    q, r = factorizations.qr(a, complete=mode == "full")
    if mode == "r" and m > n:
        r = pad(r, widths=(*((0, 0),) * (ndim(r) - 2), (0, m - n), (0, 0)))
    if mode == "raw":
        h, scales = _linalg.qr.__wrapped__(a, "raw")  # type: ignore[attr-defined]
        return ((swap_last(h), scales), r, *last)
    return (r, *last) if mode == "r" else (q, r, *last)


def _eigh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: str | None = None,
) -> Any:
    """`scipy.linalg.eigh`, also of the generalized problems; eigenvectors have an arbitrary sign or phase."""
    if subset_by_value is not None:
        raise _option("eigh", "subset_by_value=", "compute all eigenvalues, or pass subset_by_index")
    a = squares(_finite(a, check_finite))
    if b is None:
        w, v = spectral.eigh(a, lower=lower, driver=driver or "evr")
    else:
        w, v = _generalized(a, squares(_finite(b, check_finite)), lower, type)
    if subset_by_index is not None:
        first, last = (int(i) for i in known(subset_by_index))
        w, v = (getitem(x, index=(..., slice(first, last + 1))) for x in (w, v))
    return w if eigvals_only else (w, v)


def _generalized(a: Any, b: Any, lower: bool, kind: int) -> tuple[Any, Any]:
    """By the Cholesky factor L of b: type 1 is eigh of L⁻¹ A L⁻ᴴ, types 2 and 3 of Lᴴ A L."""
    factor = factorizations.cholesky(hermitian_from(b, lower=lower))
    a = hermitian_from(a, lower=lower)
    if kind == 1:
        left = triangular_row(factor, a, lower=True)
        inner = adjoint(triangular_row(factor, adjoint(left), lower=True))
    else:
        inner = rows.matmul(rows.matmul(adjoint(factor), a), factor)
    w, y = spectral.eigh(inner, driver="evr")
    return w, rows.matmul(factor, y) if kind == 3 else triangular_row(adjoint(factor), y, lower=False)


def _eigvalsh(a: Any, b: Any = None, **options: Any) -> Any:
    """`scipy.linalg.eigvalsh`."""
    return _eigh(a, b, eigvals_only=True, **options)


def _svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """`scipy.linalg.svd`; singular vectors have an arbitrary sign or phase."""
    made = _linalg.svd.__wrapped__(_finite(a, check_finite), full_matrices, compute_uv)  # type: ignore[attr-defined]
    return tuple(made) if compute_uv else made


def _svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.svdvals`."""
    return _svd(a, compute_uv=False, check_finite=check_finite)


def _norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.norm`."""
    return _linalg.norm(_finite(a, check_finite), ord, axis, keepdims)


# ------------------------------------------------------------------------------------------------ other functions


def _expm(A: Any) -> Any:
    """`scipy.linalg.expm`.

    Example
    -------
    >>> import adkit, numpy
    >>> adkit.grad(lambda t: expm(t * numpy.array([[0.0, 1.0], [-1.0, 0.0]]))[0, 1])(0.0)
    1.0
    """
    A = floating(operand(A))
    return matrix_functions.expm(squares(A)) if ndim(A) else operand(A) ** 0 * numpy.exp(A)


def _toeplitz(c: Any, r: Any = None) -> Any:
    """`scipy.linalg.toeplitz`."""
    c = operand(c)
    r = conj(c) if r is None else operand(r)
    m, n = shape_of(c)[-1], shape_of(r)[-1]
    values = concatenate([c[..., ::-1], r[..., 1:]], -1)
    index = m - 1 - numpy.arange(m)[:, None] + numpy.arange(n)
    return getitem(values, index=(..., index))


def _block_diag(*arrs: Any) -> Any:
    """`scipy.linalg.block_diag`."""
    blocks = [_two_dimensional(operand(a)) for a in arrs]
    widths = [shape_of(a)[-1] for a in blocks]
    padded = []
    for i, a in enumerate(blocks):
        sides = (sum(widths[:i]), sum(widths[i + 1 :]))
        padded.append(pad(a, widths=(*((0, 0),) * (ndim(a) - 1), sides)))
    return concatenate(padded, -2)


def _two_dimensional(a: Any) -> Any:
    return reshape(a, shape=(1, size_of(shape_of(a)))) if ndim(a) < 2 else a


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "solve": _solve,
    "solve_triangular": _solve_triangular,
    "inv": _inv,
    "det": _det,
    "pinv": _pinv,
    "lstsq": _lstsq,
    "cholesky": _cholesky,
    "cho_factor": _cho_factor,
    "cho_solve": _cho_solve,
    "lu_factor": _lu_factor,
    "lu_solve": _lu_solve,
    "lu": _lu,
    "qr": _qr,
    "eigh": _eigh,
    "eigvalsh": _eigvalsh,
    "svd": _svd,
    "svdvals": _svdvals,
    "norm": _norm,
    "expm": _expm,
    "toeplitz": _toeplitz,
    "block_diag": _block_diag,
}
globals().update({name: choosing(getattr(scipy.linalg, name), made) for name, made in _FUNCTIONS.items()})


def __getattr__(name: str) -> Any:
    member = getattr(scipy.linalg, name)
    if name.startswith("_") or isinstance(member, type) or not callable(member):
        return member
    made = globals()[name] = refusing(f"scipy.linalg.{name}", member)
    return made


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(scipy.linalg)})
