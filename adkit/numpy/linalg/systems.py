"""`solve inv pinv lstsq det slogdet matrix_rank tensorsolve tensorinv` of `adkit.numpy.linalg`.

Not for: derivatives (`primitives.linalg`, `primitives.determinants`, `primitives.matrix_functions`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ...dtypes import numpy_dtype
from ...numpy_api import implements
from ...primitives import determinants, matrix_functions
from ...primitives import linalg as rows
from ...primitives.shape import reshape, shape_of, truncate
from ...primitives.spectral import singular_values
from ...primitives.triangles import hermitian_from
from .. import reduction
from ..arguments import NO_VALUE, known, operand
from ..joining import moveaxis
from .decompositions import _kind
from .matrices import column, matrices, squares, without_column

__adkit__ = True


@implements(numpy.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """`numpy.linalg.solve`."""
    return rows.solve(squares(a), operand(b))


@implements(numpy.linalg.inv)
def inv(a: Any) -> Any:
    """`numpy.linalg.inv`."""
    return rows.inv(squares(a))


@implements(numpy.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = NO_VALUE) -> Any:
    """`numpy.linalg.pinv`: right where the rank does not change nearby; where it does, the function jumps."""
    if rcond is not None and rtol is not NO_VALUE and rtol is not None:
        raise ValueError("`rtol` and `rcond` can't be both set.")
    a = matrices(a)
    m, n = shape_of(a)[-2:]
    if rcond is None and rtol is NO_VALUE:
        rcond = 1e-15
    elif rcond is None:
        rcond = max(m, n) * float(numpy.finfo(numpy_dtype(a)).eps) if rtol is None else rtol
    rcond = known(rcond)
    if hermitian:
        a = hermitian_from(a, lower=True)
    return matrix_functions.pinv(a, rtol=rcond if numpy.ndim(rcond) else float(rcond))


@implements(numpy.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """`numpy.linalg.lstsq`: the solution, the sums of squared residuals, and the singular values have derivatives.

    Right where the rank does not change nearby (Golub, Pereyra 1973).
    """
    a, b = matrices(a), operand(b)
    if len(shape_of(a)) != 2:
        raise numpy.linalg.LinAlgError(f"{len(shape_of(a))}-dimensional array given. Array must be two-dimensional")
    vector = len(shape_of(b)) == 1
    b = column(b) if vector else b
    m, n = shape_of(a)
    if shape_of(b)[0] != m:
        raise numpy.linalg.LinAlgError("Incompatible dimensions")
    eps = float(numpy.finfo(numpy_dtype(a)).eps)
    tolerance = eps * max(m, n) if rcond is None else eps if rcond == -1 else float(rcond)
    x = matrix_functions.lstsq(a, b, rcond=tolerance)
    rank = matrix_functions.matrix_rank(a, rtol=tolerance)
    if m > n and int(known(rank == n)):
        residuals = reduction.sum(reduction.squared_magnitude(b - rows.matmul(a, x)), 0)
    else:
        residuals = numpy.zeros(0, numpy_dtype(a).char.lower())
    rank = truncate(rank, dtype=numpy.dtype(numpy.int32))
    return (without_column(x) if vector else x), residuals, rank, singular_values(a)


@implements(numpy.linalg.matrix_rank)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """`numpy.linalg.matrix_rank`: an integer, without derivative."""
    A = operand(A)
    if len(shape_of(A)) < 2:
        return int(known(reduction.any(A != 0)))
    return matrix_functions.matrix_rank(A, tol=known(tol), rtol=known(rtol), hermitian=hermitian)


@implements(numpy.linalg.det)
def det(a: Any) -> Any:
    """`numpy.linalg.det`; a singular matrix has a derivative as any other has.

    Example
    -------
    >>> import adkit, numpy
    >>> adkit.grad(numpy.linalg.det)(numpy.array([[1.0, 2.0], [2.0, 4.0]])).round(12)
    array([[ 4., -2.],
           [-2.,  1.]])
    """
    return determinants.det(squares(a))


@implements(numpy.linalg.slogdet)
def slogdet(a: Any) -> Any:
    """`numpy.linalg.slogdet`: the sign of a complex determinant has a derivative, that of a real one is constant."""
    return _kind("slogdet")(*determinants.slogdet(squares(a)))


@implements(numpy.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """`numpy.linalg.tensorsolve`."""
    a, b = operand(a), operand(b)
    n = len(shape_of(a))
    if axes is not None:
        moved = [i % n for i in axes]
        a = moveaxis(a, moved, range(n - len(moved), n))
    shape = shape_of(a)[len(shape_of(b)) :]
    size = math.prod(shape)
    if math.prod(shape_of(a)) != size**2:
        raise numpy.linalg.LinAlgError(
            "Input arrays must satisfy the requirement prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])"
        )
    solved = rows.solve(reshape(a, shape=(size, size)), reshape(b, shape=(size,)))
    return reshape(solved, shape=shape)


@implements(numpy.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    """`numpy.linalg.tensorinv`."""
    a = operand(a)
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    shape = shape_of(a)[ind:] + shape_of(a)[:ind]
    size = math.prod(shape_of(a)[ind:])
    return reshape(rows.inv(reshape(a, shape=(size, size))), shape=shape)
