"""`cholesky qr eig eigh eigvals eigvalsh svd svdvals` of `adkit.numpy.linalg`.

Not for: derivatives (`primitives.factorizations`, `primitives.spectral`).
"""

from __future__ import annotations

import functools
from typing import Any

import numpy

from ...numpy_api import implements
from ...primitives import factorizations, spectral
from ...primitives.degeneracy import diagonal_of
from ...primitives.linalg import swap_last
from ...primitives.shape import pad, shape_of
from ...primitives.triangles import is_complex, lower_part
from ..arguments import ndim
from .matrices import matrices, squares

__adkit__ = True


@functools.cache
def _kind(name: str) -> Any:
    """The named tuple that a function of numpy.linalg returns."""
    return type(getattr(numpy.linalg, name)(numpy.eye(1)))


@implements(numpy.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """`numpy.linalg.cholesky`: one triangle of the matrix is read, and the derivative falls on that one.

    Example
    -------
    >>> import adkit, numpy
    >>> adkit.grad(lambda a: numpy.linalg.cholesky(a)[1, 0])(numpy.array([[4.0, 2.0], [2.0, 3.0]]))
    array([[-0.125,  0.   ],
           [ 0.5  ,  0.   ]])
    """
    return factorizations.cholesky(squares(a), lower=not upper)


@implements(numpy.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """`numpy.linalg.qr` in every mode, for matrices whose leading columns are independent.

    Raises `DegenerateError` where they are not: Q has no derivative there.
    """
    if mode not in ("reduced", "complete", "r", "raw"):
        raise ValueError(f"Unrecognized mode {mode!r}")
    a = matrices(a)
    q, r = factorizations.qr(a, complete=mode == "complete")
    if mode == "r":
        return r
    return _raw(a, q, r) if mode == "raw" else _kind("qr")(q, r)


def _raw(a: Any, q: Any, r: Any) -> tuple[Any, Any]:
    """The Householder vectors with R above them, transposed, and their scales, from Q and R."""
    m, n = shape_of(a)[-2:]
    k = min(m, n)
    # the last reflection of a real square Q is none
    used = k - 1 if m == k and not is_complex(a) else k
    v, u = factorizations.reflectors(factorizations.columns(q, 0, used))
    below, scales = lower_part(v, -1), diagonal_of(u)
    below = _padded(below, m, n)
    return swap_last(below + _padded(r, m, n)), pad(scales, widths=(*((0, 0),) * (ndim(scales) - 1), (0, k - used)))


def _padded(x: Any, m: int, n: int) -> Any:
    """Matrices with zeros below and to the right, m × n in all."""
    have = shape_of(x)
    if have[-2:] == (m, n):
        return x
    return pad(x, widths=(*((0, 0),) * (len(have) - 2), (0, m - have[-2]), (0, n - have[-1])))


@implements(numpy.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:
    """`numpy.linalg.eigh`: one triangle of the matrix is read, and the derivative falls on that one.

    Warns `DegenerateWarning` where the derivative depends on the phase of a complex eigenvector, or on the choice
    among the eigenvectors of equal eigenvalues.
    """
    return _kind("eigh")(*spectral.eigh(squares(a), lower=_is_lower(UPLO)))


def _is_lower(triangle: str) -> bool:
    if triangle.upper() not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return triangle.upper() == "L"


@implements(numpy.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """`numpy.linalg.eigvalsh`; see `eigh`."""
    return spectral.eigh(squares(a), lower=_is_lower(UPLO))[0]


@implements(numpy.linalg.eig)
def eig(a: Any) -> Any:
    """`numpy.linalg.eig`; eigenvectors keep unit length, and their phase is arbitrary (see `eigh`)."""
    return _kind("eig")(*spectral.eig(squares(a)))


@implements(numpy.linalg.eigvals)
def eigvals(a: Any) -> Any:
    """`numpy.linalg.eigvals`."""
    return spectral.eig(squares(a))[0]


@implements(numpy.linalg.svd)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """`numpy.linalg.svd`.

    Warns `DegenerateWarning` where the derivative depends on a choice: the phase of complex singular vectors, a basis
    of those of equal singular values, the columns that `full_matrices` adds, signs at a singular value of 0.
    """
    a = squares(a) if hermitian else matrices(a)
    if not compute_uv:
        return spectral.singular_values(a, hermitian)
    m, n = shape_of(a)[-2:]
    return _kind("svd")(*spectral.svd(a, full=bool(full_matrices) and m != n, hermitian=hermitian))


@implements(numpy.linalg.svdvals)
def svdvals(x: Any, /) -> Any:
    """`numpy.linalg.svdvals`."""
    return spectral.singular_values(matrices(x))
