"""Rows of the factorizations without eigenvalues: `cholesky`, `qr`, `lu_factor`; batched over leading axes.

Formulas: M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008); I. Murray, "Differentiation of the Cholesky decomposition" (2016) for the blocked reverse rule; M. Seeger et
al., "Auto-differentiating linear algebra" (2017) and S. F. Walter, L. Lehmann, "Algorithmic differentiation of linear
algebra functions" (2010) for QR; F. de Hoog, R. Anderssen, M. Lukas, "Differentiation of matrix functionals using
triangular factorization" (2011) for LU; C. Boeddeker et al., "On the computation of complex-valued gradients" (2017)
for complex matrices. Cholesky reads one triangle of its operand, and its derivative falls on that one.

Not for: eigenvalues and singular values (`spectral`).
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy

from ..primitive import Constant, General
from . import degeneracy
from .batching import leading
from .indexing import getitem
from .linalg import matmul, swap_last
from .shape import concatenate, reshape, shape_of
from .triangles import (
    adjoint,
    conj,
    diagonal_part,
    fold,
    hermitian_from,
    is_complex,
    lower_part,
    solve_triangular,
    upper_part,
)

__adkit__ = True

BLOCK = 60  # of the blocked reverse rule of Cholesky


# ------------------------------------------------------------------------------------------------ Cholesky


def _cholesky(xp: Any, a: Any, lower: bool = True) -> Any:
    if lower:
        return xp.linalg.cholesky(a)
    return _turned(xp, xp.linalg.cholesky(_turned(xp, a)))


def _turned(xp: Any, x: Any) -> Any:
    """The conjugate transpose of plain matrices."""
    made = xp.transpose(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))
    return xp.conj(made) if is_complex(x) else made


def halved(x: Any) -> Any:
    """The lower triangle with half of the diagonal: Φ in the literature."""
    return lower_part(x) - 0.5 * diagonal_part(x)


def _cholesky_jvp(t: Any, out: Any, a: Any, lower: bool = True) -> Any:
    """L̇ = L Φ(L⁻¹ Ȧ L⁻ᴴ)."""
    factor = out if lower else adjoint(out)
    inner = _congruence(factor, hermitian_from(t[0], lower=lower))
    made = matmul(factor, halved(inner))
    return made if lower else adjoint(made)


def _congruence(factor: Any, h: Any) -> Any:
    """L⁻¹ H L⁻ᴴ."""
    left = solve_triangular(factor, h, lower=True)
    return adjoint(solve_triangular(factor, adjoint(left), lower=True))


def _cholesky_vjp(g: Any, out: Any, a: Any, lower: bool = True) -> Any:
    """L⁻ᵀ P L*⁻¹ with P = Φ(Lᵀ L̄), folded onto the triangle."""
    factor, g = (out, g) if lower else (adjoint(out), adjoint(g))
    if type(g) is numpy.ndarray and g.ndim == 2 and type(factor) is numpy.ndarray and g.shape[0] > 1:
        if factor.dtype.char in "fd" and g.dtype == factor.dtype:
            made = _blocked_pullback(factor, g)
            return (made if lower else made.T,)
    p = halved(matmul(swap_last(factor), lower_part(g)))
    left = solve_triangular(swap_last(factor), p, lower=False)
    made = swap_last(solve_triangular(adjoint(factor), swap_last(left), lower=False))
    return (fold(made, lower=lower),)


def _blocked_pullback(factor: Any, g: Any) -> Any:
    """The reverse rule on a plain real matrix, block column by block column from the last, as in Murray's section 4.2.

    W = L⁻ᵀ (P + Pᵀ) L⁻¹ grows from its last corner, each block column from those behind it. The cost is that of a few
    products, where triangular solves with the whole factor take thrice that. The result is the cotangent of the lower
    triangle: that of W with half of its diagonal.
    """
    n = factor.shape[0]
    w = numpy.empty_like(factor)
    room = numpy.empty((n, min(n, BLOCK)), factor.dtype)
    starts = range(0, n, BLOCK)
    invert = _triangular_inverter(factor.dtype.char)
    for i in reversed(starts):
        k = min(n, i + BLOCK)
        diagonal, column = factor[i:k, i:k], room[: n - i, : k - i]
        inverse = invert(diagonal.T, lower=0)[0].T
        p = diagonal.T @ g[i:k, i:k]
        if k < n:  # the rest of the cotangent of what stands below, before L⁻¹
            below = factor[k:, i:k]
            rest = numpy.matmul(w[k:, k:], below, out=column[k - i :])
            numpy.subtract(g[k:, i:k], rest, out=rest)
            p -= rest.T @ below
        p *= _half_mask(k - i, factor.dtype.char)
        numpy.matmul(inverse.T, p + p.T, out=column[: k - i])
        numpy.matmul(column, inverse, out=w[i:, i:k])
        if i:
            w[i:k, k:] = w[k:, i:k].T
    for i in starts:
        k = min(n, i + BLOCK)
        w[i:k, i:k] *= _half_mask(k - i, factor.dtype.char)
        w[i:k, k:] = 0
    return w


@functools.lru_cache(maxsize=64)
def _half_mask(n: int, code: str) -> Any:
    made = numpy.tril(numpy.ones((n, n), code))
    made[numpy.diag_indices(n)] = 0.5
    return made


@functools.cache
def _triangular_inverter(code: str) -> Any:
    lapack = importlib.import_module("scipy.linalg.lapack")
    return lapack.dtrtri if code == "d" else lapack.strtri


cholesky = General("cholesky", _cholesky, jvp=_cholesky_jvp, vjp=_cholesky_vjp, reads="out")
cholesky.batch = leading(cholesky)


# ------------------------------------------------------------------------------------------------ LU


def _lu_factor(xp: Any, a: Any) -> Any:
    """LAPACK's packed factors and pivots, as `scipy.linalg.lu_factor` returns them; computed on the host."""
    from ..backends import asarray_like, to_numpy

    linalg = importlib.import_module("scipy.linalg")
    lu, pivots = linalg.lu_factor(to_numpy(a), check_finite=False)
    return (lu, pivots) if xp is numpy else (asarray_like(lu, a), asarray_like(pivots, a))


def _permute_rows(xp: Any, x: Any, pivots: Any, inverse: bool = False) -> Any:
    from ..backends import asarray_like, to_numpy

    plain, swaps = to_numpy(x), to_numpy(pivots)
    order = permutation(swaps, plain.shape[-2])
    if inverse:
        order = numpy.argsort(order, axis=-1)
    stacks, places = _broadcast_stacks(plain, order[..., None])
    made = numpy.take_along_axis(stacks, places, axis=-2)
    return made if xp is numpy else asarray_like(made, x)


def _broadcast_stacks(x: Any, order: Any) -> Any:
    shape = numpy.broadcast_shapes(x.shape[:-2], order.shape[:-2])
    return numpy.broadcast_to(x, shape + x.shape[-2:]), numpy.broadcast_to(order, shape + order.shape[-2:])


def permutation(pivots: Any, m: int) -> Any:
    """The order of rows that LAPACK's successive row swaps make."""
    order = numpy.broadcast_to(numpy.arange(m), (*pivots.shape[:-1], m)).copy()
    for i in range(pivots.shape[-1]):
        other = pivots[..., i : i + 1].astype(int)
        mine = order[..., i : i + 1].copy()
        order[..., i : i + 1] = numpy.take_along_axis(order, other, -1)
        numpy.put_along_axis(order, other, mine, -1)
    return order


def _permute_jvp(t: Any, out: Any, x: Any, pivots: Any, inverse: bool = False) -> Any:
    return None if t[0] is None else permute_rows(t[0], pivots, inverse=inverse)


def _permute_vjp(g: Any, out: Any, x: Any, pivots: Any, inverse: bool = False) -> Any:
    return permute_rows(g, pivots, inverse=not inverse), None


permute_rows = General("permute_rows", _permute_rows, jvp=_permute_jvp, vjp=_permute_vjp, symbol="permute({0})")


def _permute_batch(size: int, operands: Any, batched: Any, inverse: bool = False) -> Any:
    x, pivots = operands
    if batched[1]:
        pivots = reshape(pivots, shape=(*shape_of(pivots), 1))
        x, pivots = _widened_pair(x, pivots, batched)
        return permute_rows(x, reshape(pivots, shape=shape_of(pivots)[:-1]), inverse=inverse)
    return permute_rows(x, pivots, inverse=inverse)


def _widened_pair(x: Any, y: Any, batched: Any) -> Any:
    from .batching import widened

    ndim = max(len(shape_of(v)) - b for v, b in zip((x, y), batched, strict=True))
    return widened(x, batched[0], ndim), widened(y, batched[1], ndim)


permute_rows.batch = _permute_batch


def _as_pivots(xp: Any, order: Any) -> Any:
    """The successive swaps, as LAPACK counts them, that bring elements into an order."""
    from ..backends import asarray_like, to_numpy

    wanted_order = numpy.asarray(to_numpy(order))
    flat = wanted_order.reshape(-1, wanted_order.shape[-1])
    made = numpy.empty_like(flat)
    for row, swaps in zip(flat, made, strict=True):
        now = list(range(len(row)))
        for i, wanted in enumerate(row):
            j = now.index(wanted)
            now[i], now[j] = now[j], now[i]
            swaps[i] = j
    made = made.reshape(wanted_order.shape)
    return made if xp is numpy else asarray_like(made, order)


as_pivots = Constant("as_pivots", _as_pivots, None)
as_pivots.batch = leading(as_pivots)


def split_lu(lu: Any) -> tuple[Any, Any]:
    """The unit lower and the upper factor of a packed m × n matrix: m × k and k × n with k = min(m, n)."""
    m, n = shape_of(lu)[-2:]
    k = min(m, n)
    low, up = lower_part(columns(lu, 0, k), -1), upper_part(rows(lu, 0, k))
    return low + eye_like(lu, m, k), up


def columns(x: Any, start: int, stop: int) -> Any:
    """Columns of matrices."""
    return x if (start, stop) == (0, shape_of(x)[-1]) else getitem(x, index=(..., slice(start, stop)))


def rows(x: Any, start: int, stop: int) -> Any:
    """Rows of matrices."""
    return x if (start, stop) == (0, shape_of(x)[-2]) else getitem(x, index=(..., slice(start, stop), slice(None)))


def eye_like(x: Any, m: int, n: int) -> Any:
    """A plain identity of m × n in the library of x and with its dtype."""
    from ..backends import asarray_like
    from ..dtypes import numpy_dtype

    return asarray_like(numpy.eye(m, n, dtype=numpy_dtype(x)), getattr(x, "value", x))


def _lu_jvp(t: Any, out: Any, a: Any) -> Any:
    """With X = L⁻¹ P Ȧ U⁻¹ of the leading square block, L̇ = L·tril(X, −1) and U̇ = triu(X)·U; the rest follows."""
    lu, pivots = out
    m, n = shape_of(lu)[-2:]
    k = min(m, n)
    low, up = split_lu(lu)
    moved = permute_rows(t[0], pivots)
    low_square, up_square = rows(low, 0, k), columns(up, 0, k)
    left = solve_triangular(low_square, columns(rows(moved, 0, k), 0, k), lower=True, unit=True)
    x = swap_last(solve_triangular(swap_last(up_square), swap_last(left), lower=True))
    d_low, d_up = matmul(low_square, lower_part(x, -1)), matmul(upper_part(x), up_square)
    packed = d_low + d_up
    if m > k:
        below = rows(moved, k, m) - matmul(rows(low, k, m), d_up)
        packed = concatenate(packed, swap_last(solve_triangular(swap_last(up_square), swap_last(below), lower=True)),
                             axis=len(shape_of(lu)) - 2)  # fmt: skip
    if n > k:
        beside = columns(moved, k, n) - matmul(d_low, columns(up, k, n))
        packed = concatenate(packed, solve_triangular(low_square, beside, lower=True, unit=True),
                             axis=len(shape_of(lu)) - 1)  # fmt: skip
    return packed, None


lu_factor = General("lu_factor", _lu_factor, jvp=_lu_jvp, reads="out")
lu_factor.batch = leading(lu_factor)


# ------------------------------------------------------------------------------------------------ QR


def _qr(xp: Any, a: Any, complete: bool = False) -> Any:
    return tuple(xp.linalg.qr(a, mode="complete" if complete else "reduced"))


def _qr_jvp(t: Any, out: Any, a: Any, complete: bool = False) -> Any:
    """Q̇ and Ṙ; the columns of a complete Q beyond A's follow the Householder reflections that make them."""
    q, r = out
    m, n = shape_of(q)[-2], shape_of(r)[-1]
    k = min(m, n)
    q_leading, r_square = columns(q, 0, k), columns(rows(r, 0, k), 0, k)
    dq, dr = _qr_square_jvp(columns(t[0], 0, k), q_leading, r_square)
    if n > k:  # a wide matrix: the other columns of R are Qᴴ A
        beside = matmul(adjoint(dq), columns(a, k, n)) + matmul(adjoint(q_leading), columns(t[0], k, n))
        dr = concatenate(dr, beside, axis=len(shape_of(r)) - 1)
    if complete and m > n:
        dq = _completed(q, dq, n)
        dr = concatenate(dr, 0.0 * rows(r, n, m), axis=len(shape_of(r)) - 2)
    return dq, dr


def _qr_square_jvp(t: Any, q: Any, r: Any) -> Any:
    """With C = Ȧ R⁻¹ and X = Qᴴ C: Ω = tril(X, −1) − its adjoint + i·Im diag X, Q̇ = C − Q (X − Ω), Ṙ = (X − Ω) R."""
    _require_columns(r)
    c = swap_last(solve_triangular(swap_last(r), swap_last(t), lower=True))
    x = matmul(adjoint(q), c)
    strict = lower_part(x, -1)
    omega = strict - adjoint(strict)
    if is_complex(x):
        omega = omega + 0.5 * diagonal_part(x - conj(x))
    rest = x - omega
    return c - matmul(q, rest), matmul(upper_part(rest), r)


def _require_columns(r: Any) -> None:
    """Raise `DegenerateError` where R has a zero on its diagonal, to rounding."""
    plain = degeneracy.plain(r)
    sizes = numpy.abs(numpy.diagonal(plain, axis1=-2, axis2=-1))
    if sizes.size and bool(numpy.any(sizes.min(-1) <= degeneracy.tolerance(sizes) * sizes.max(-1))):
        raise degeneracy.failure(
            "the leading columns of the matrix are dependent, so its QR factors have no derivative",
            "factor a matrix of full rank, or use numpy.linalg.pinv or numpy.linalg.svd",
        )


def reflectors(q: Any) -> tuple[Any, Any]:
    """V and U of I − Q = V U, the LU factorization without pivots of the leading columns of an orthogonal matrix.

    For Q = H₁…H_k with Hᵢ = I − τᵢ vᵢ vᵢᴴ as LAPACK makes it, V holds the vᵢ and U's diagonal the τᵢ. Source: G.
    Ballard et al., "Reconstructing Householder vectors from tall-skinny QR" (2014).
    """
    m, k = shape_of(q)[-2:]
    v, u = split_lu(unpivoted_lu(-q + eye_like(q, m, k)))  # a handle goes first, see `seed_for`
    scales = numpy.diagonal(degeneracy.plain(u), axis1=-2, axis2=-1)
    if not numpy.all(scales):
        raise degeneracy.failure(
            "a column of the matrix is zero below the diagonal, where the signs of complete and raw QR factors jump",
            'use mode="reduced"',
        )
    return v, u


def _unpivoted_lu(xp: Any, a: Any) -> Any:
    """Gaussian elimination without row exchanges, packed; where a pivot is 0 its column below stays 0."""
    from ..backends import asarray_like, to_numpy

    made = numpy.array(to_numpy(a))
    for i in range(min(made.shape[-2:])):
        pivot = made[..., i : i + 1, i : i + 1]
        made[..., i + 1 :, i : i + 1] /= numpy.where(pivot == 0, 1, pivot)
        made[..., i + 1 :, i + 1 :] -= made[..., i + 1 :, i : i + 1] * made[..., i : i + 1, i + 1 :]
    return made if xp is numpy else asarray_like(made, a)


def _unpivoted_jvp(t: Any, out: Any, a: Any) -> Any:
    m, k = shape_of(out)[-2:]
    low, up = split_lu(out)
    low_square = rows(low, 0, k)
    left = solve_triangular(low_square, rows(t[0], 0, k), lower=True, unit=True)
    x = swap_last(solve_triangular(swap_last(up), swap_last(left), lower=True))
    d_up = matmul(upper_part(x), up)
    packed = matmul(low_square, lower_part(x, -1)) + d_up
    if m > k:
        below = rows(t[0], k, m) - matmul(rows(low, k, m), d_up)
        packed = concatenate(packed, swap_last(solve_triangular(swap_last(up), swap_last(below), lower=True)),
                             axis=len(shape_of(out)) - 2)  # fmt: skip
    return packed


# of m × k matrices with m ≥ k
unpivoted_lu = General("unpivoted_lu", _unpivoted_lu, jvp=_unpivoted_jvp, reads="out")
unpivoted_lu.batch = leading(unpivoted_lu)


def _completed(q: Any, dq: Any, n: int) -> Any:
    """The tangent of the whole Q from that of its first n columns."""
    m = shape_of(q)[-2]
    v, u = reflectors(columns(q, 0, n))
    packed = lower_part(v, -1) + _below_nothing(u, m)
    moved = _unpivoted_jvp((-dq,), packed, None)
    dv, du = lower_part(moved, -1), upper_part(rows(moved, 0, n))
    top, d_top = conj(rows(v, 0, n)), conj(rows(dv, 0, n))
    t = swap_last(solve_triangular(top, swap_last(u), lower=True, unit=True))
    # T conj(V₁)ᵀ = U
    dt = swap_last(solve_triangular(top, swap_last(du - matmul(t, swap_last(d_top))), lower=True, unit=True))
    turned = adjoint(v)
    made = matmul(matmul(dv, t), turned) + matmul(matmul(v, dt), turned) + matmul(matmul(v, t), adjoint(dv))
    return -made


def _below_nothing(u: Any, m: int) -> Any:
    """U with zero rows below, m in all."""
    from .shape import pad

    n = len(shape_of(u))
    return pad(u, widths=(*((0, 0),) * (n - 2), (0, m - shape_of(u)[-2]), (0, 0)))


qr = General("qr", _qr, jvp=_qr_jvp)
qr.batch = leading(qr)


def _column_pivots(xp: Any, a: Any) -> Any:
    """The order of columns of QR with column pivoting."""
    from ..backends import asarray_like, to_numpy

    linalg = importlib.import_module("scipy.linalg")
    made = linalg.qr(to_numpy(a), mode="r", pivoting=True, check_finite=False)[-1]
    return made if xp is numpy else asarray_like(made, a)


column_pivots = Constant("column_pivots", _column_pivots, None)
column_pivots.batch = leading(column_pivots)

for _row in (cholesky, lu_factor, unpivoted_lu, qr):
    _row.sparsity = "matrices"
