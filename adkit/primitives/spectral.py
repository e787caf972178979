"""Rows of the decompositions into eigenvalues and singular values: `eigh`, `eig`, `svd`; batched over leading axes.

Formulas: M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008); J. Townsend, "Differentiating the singular value decomposition" (2016); M. Seeger et al., "Auto-differentiating
linear algebra" (2017); C. Boeddeker et al., "On the computation of complex-valued gradients" (2017).

Eigenvectors and singular vectors are fixed only up to a phase (a sign, where they are real), and those of equal values
only up to a rotation among them. Rules take the tangent without such a part: right for whatever does not depend on the
choice; what does is warned of (`degeneracy`). A function of the eigenvalues alone must treat equal ones alike.

Not for: functions of a matrix (`matrix_functions`), norms (`numpy.linalg`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..primitive import General
from . import degeneracy
from .batching import leading
from .degeneracy import as_column, as_row, close_pairs, diagonal_of, near_zero, repeats
from .elementwise import divide, logical_and, multiply, real, where
from .factorizations import columns, eye_like, rows
from .indexing import getitem
from .linalg import matmul, solve, swap_last
from .reduction import sum_
from .shape import concatenate, convert, shape_of
from .triangles import adjoint, conj, fold, hermitian_from, is_complex

__adkit__ = True

_REPEATED = "two {0} are equal"
_PHASE = "the derivative depends on the phase of a complex {0}, which is arbitrary"


def safe_reciprocal(x: Any, zero: Any) -> Any:
    """1 / x, and 0 where `zero`."""
    return where(zero, 0.0, divide(1.0, where(zero, 1.0, x)))


def gaps(w: Any) -> Any:
    """Fᵢⱼ = 1 / (wⱼ − wᵢ), and 0 for i = j and where the two are equal."""
    return safe_reciprocal(as_row(w) - as_column(w), close_pairs(w))


def _diagonal_matrix(values: Any, like: Any) -> Any:
    """Values (..., n) on the diagonal of matrices like `like`."""
    return multiply(as_column(values), identity(like))


def identity(like: Any) -> Any:
    """A plain identity of the size, library and dtype of square matrices."""
    return eye_like(like, shape_of(like)[-1], shape_of(like)[-1])


# ------------------------------------------------------------------------------------------------ Hermitian matrices


def _eigh(xp: Any, a: Any, lower: bool = True, driver: str | None = None) -> Any:
    if xp is numpy:
        if driver is not None:
            import scipy.linalg

            return tuple(scipy.linalg.eigh(a, lower=lower, driver=driver, check_finite=False))
        return tuple(numpy.linalg.eigh(a, "L" if lower else "U"))
    return tuple(xp.linalg.eigh(hermitian_from.evaluate((a,), {"lower": lower})))


def _eigh_jvp(t: Any, out: Any, a: Any, lower: bool = True, driver: Any = None) -> Any:
    """M = Vᴴ Ȧ V; ẇ = diag M, V̇ = V (F ∘ M)."""
    w, v = out
    m = matmul(adjoint(v), matmul(hermitian_from(t[0], lower=lower), v))
    _warn_of_direction(w, m, "eigenvalues", "eigenvectors")
    return real_part(diagonal_of(m)), matmul(v, multiply(gaps(w), m))


def real_part(x: Any) -> Any:
    """The real part; a real operand as it is."""
    return real(x) if is_complex(x) else x


def _warn_of_direction(w: Any, m: Any, values: str, vectors: str) -> None:
    mask = repeats(w)
    if mask is None:
        return
    m = degeneracy.plain(m)
    if degeneracy.large(numpy.where(mask, m, 0), m):
        degeneracy.warn(
            _REPEATED.format(values),
            f"the tangent is right only for what does not depend on the choice among their {vectors} (the sum of a "
            f"function of the {values}, the projector onto their space), and to first order",
        )


def _eigh_vjp(g: Any, out: Any, a: Any, lower: bool = True, driver: Any = None) -> Any:
    """Ā = V* (diag w̄ + F ∘ (Vᵀ V̄)) Vᵀ, folded onto the triangle that is read."""
    w, v = out
    gw, gv = g
    if gv is None:
        _warn_of_pairs(w, gw, None, "eigenvalues", "eigenvectors")
        inner = multiply(conj(v), as_row(gw))
    else:
        n = matmul(swap_last(v), gv)
        _warn_of_pairs(w, gw, n, "eigenvalues", "eigenvectors")
        _warn_of_phase(n, "eigenvector")
        n = multiply(gaps(w), n)
        inner = matmul(conj(v), n if gw is None else n + _diagonal_matrix(gw, v))
    return (fold(matmul(inner, swap_last(v)), lower=lower),)


def _warn_of_pairs(w: Any, gw: Any, n: Any, values: str, vectors: str, excluded: Any = None) -> None:
    """Warn where equal values get unequal cotangents, or a cotangent turns with the basis of their vectors."""
    mask = repeats(w, excluded)
    if mask is None:
        return
    consequence = (
        f"the derivative depends on the choice among their {vectors}, or treats the equal {values} differently, where "
        "there is none; it leaves that part out"
    )
    if gw is not None:
        plain = degeneracy.plain(gw)
        difference = plain[..., None, :] - plain[..., :, None]
        if degeneracy.large(numpy.where(mask, difference, 0), plain):
            degeneracy.warn(_REPEATED.format(values), consequence)
            return
    if n is not None:
        plain = degeneracy.plain(n)
        turned = numpy.where(mask, plain - numpy.conj(numpy.swapaxes(plain, -1, -2)), 0)
        mixed = numpy.where(mask, plain, 0) if gw is not None and degeneracy.plain(gw).any() else 0 * turned
        if degeneracy.large(turned, plain) or degeneracy.large(mixed, plain):
            degeneracy.warn(_REPEATED.format(values), consequence)


def _warn_of_phase(n: Any, vector: str) -> None:
    if not is_complex(n):
        return
    plain = degeneracy.plain(n)
    turning = numpy.diagonal(plain, axis1=-2, axis2=-1).imag
    if degeneracy.large(turning, plain):
        degeneracy.warn(_PHASE.format(vector), "that part is left out; use what does not change with the phase")


eigh = General("eigh", _eigh, jvp=_eigh_jvp, vjp=_eigh_vjp, reads="out")
eigh.batch = leading(eigh)


# ------------------------------------------------------------------------------------------------ general matrices


def _eig(xp: Any, a: Any) -> Any:
    w, v = xp.linalg.eig(a)
    if xp is not numpy and not is_complex(a) and is_complex(w) and not bool(xp.any(xp.imag(w) != 0)):
        w, v = xp.real(w), xp.real(v)  # as NumPy does
    return w, v


def _eig_jvp(t: Any, out: Any, a: Any) -> Any:
    """M = V⁻¹ Ȧ V; ẇ = diag M, V̇ = V (C − diag(VᴴV C)) with C = F ∘ M, which keeps the norms of the columns."""
    w, v = out
    _require_basis(v)
    m = solve(v, matmul(t[0], v))
    _warn_of_direction(w, m, "eigenvalues", "eigenvectors")
    c = multiply(gaps(w), m)
    shift = diagonal_of(matmul(matmul(adjoint(v), v), c))
    return diagonal_of(m), matmul(v, c) - multiply(v, as_row(shift))


def _require_basis(v: Any) -> None:
    """Raise `DegenerateError` where eigenvectors are dependent to rounding."""
    plain = degeneracy.plain(v)
    if not plain.size:
        return
    s = numpy.linalg.svd(plain, compute_uv=False)
    if bool(numpy.any(s[..., -1] <= degeneracy.tolerance(s) * s[..., 0])):
        raise degeneracy.failure(
            "the matrix has no basis of eigenvectors, so its eigenvalues and eigenvectors have no derivative",
            "write the function without them, with numpy.trace, numpy.linalg.det, numpy.linalg.matrix_power",
        )


def _eig_vjp(g: Any, out: Any, a: Any) -> Any:
    """Ā = V⁻ᵀ (diag w̄ + F ∘ N) Vᵀ with N = Vᵀ V̄ less what would change norms and phases."""
    w, v = out
    _require_basis(v)
    gw, gv = g
    inner = None if gw is None else _diagonal_matrix(gw, v)
    n = None
    if gv is not None:
        n = matmul(swap_last(v), gv)
        _warn_of_eig_phase(n, v, is_complex(a))
        n = n - multiply(swap_last(matmul(adjoint(v), v)), as_row(diagonal_of(n)))
        turned = multiply(gaps(w), n)
        inner = turned if inner is None else inner + turned
    _warn_of_eig_pairs(w, gw, n)
    return (matmul(solve(swap_last(v), inner), swap_last(v)),)


def _warn_of_eig_pairs(w: Any, gw: Any, n: Any) -> None:
    mask = repeats(w)
    if mask is None:
        return
    unequal = False
    if gw is not None:
        plain = degeneracy.plain(gw)
        unequal = degeneracy.large(numpy.where(mask, plain[..., None, :] - plain[..., :, None], 0), plain)
    if n is not None and not unequal:
        plain = degeneracy.plain(n)
        unequal = degeneracy.large(numpy.where(mask, plain, 0), plain)
    if unequal:
        degeneracy.warn(
            _REPEATED.format("eigenvalues"),
            "the derivative depends on the choice among their eigenvectors, or treats the equal eigenvalues "
            "differently, where there is none; it leaves that part out",
        )


def _warn_of_eig_phase(n: Any, v: Any, complex_operand: bool) -> None:
    """The phases of a real matrix's conjugate pairs turn together, those of its real eigenvectors not at all."""
    if not is_complex(n):
        return
    plain, vectors = degeneracy.plain(n), degeneracy.plain(v)
    turning = numpy.diagonal(plain, axis1=-2, axis2=-1).imag
    if not complex_operand:
        partner = numpy.abs(vectors[..., :, :, None] - numpy.conj(vectors)[..., :, None, :]).max(axis=-3, initial=0)
        paired = (partner < 1e-6) & ~numpy.eye(partner.shape[-1], dtype=bool)
        alone = numpy.abs(vectors.imag).max(axis=-2, initial=0) == 0
        turning = numpy.where(alone, 0, turning - (paired * turning[..., None, :]).sum(-1))
    if degeneracy.large(turning, plain):
        degeneracy.warn(_PHASE.format("eigenvector"), "that part is left out; use what does not change with the phase")


eig = General("eig", _eig, jvp=_eig_jvp, vjp=_eig_vjp)
eig.batch = leading(eig)


# ------------------------------------------------------------------------------------------------ singular values


def _svd(xp: Any, a: Any, full: bool = False, hermitian: bool = False) -> Any:
    if xp is numpy:
        return tuple(numpy.linalg.svd(a, full_matrices=full, hermitian=hermitian))
    if hermitian:
        a = hermitian_from.evaluate((a,), {"lower": True})
    return tuple(xp.linalg.svd(a, full_matrices=full))


def _halves(s: Any) -> tuple[Any, Any]:
    """E = 1 / (sⱼ − sᵢ) and G = 1 / (sᵢ + sⱼ), 0 where the denominator is."""
    zero = near_zero(s)
    pair = logical_and(as_row(zero), as_column(zero))
    return gaps(s), safe_reciprocal(as_row(s) + as_column(s), pair)


def _svd_jvp(t: Any, out: Any, a: Any, full: bool = False, hermitian: bool = False) -> Any:
    """With X = Uᴴ Ȧ V, its Hermitian part H and the rest K: ṡ = diag H, U̇ = U (E∘H + G∘K) + (I − UUᴴ) Ȧ V S⁻¹, and V̇
    likewise with E∘H − G∘K.
    """
    u, s, vh = out
    t = hermitian_from(t[0], lower=True) if hermitian else t[0]
    k = shape_of(s)[-1]
    u1, vh1 = columns(u, 0, k), rows(vh, 0, k)
    v1 = adjoint(vh1)
    moved = matmul(t, v1)
    x = matmul(adjoint(u1), moved)
    h, rest = 0.5 * (x + adjoint(x)), 0.5 * (x - adjoint(x))
    _warn_of_singular_direction(s, x)
    e, g = _halves(s)
    e, g = multiply(e, h), multiply(g, rest)
    inverse = safe_reciprocal(s, near_zero(s))
    outside = multiply(moved - matmul(u1, x), as_row(inverse))
    beside = multiply(as_column(inverse), matmul(adjoint(u1), t) - matmul(x, vh1))
    du = matmul(u1, e + g) + outside
    dvh = matmul(adjoint(e - g), vh1) + beside
    if full:  # the columns beyond: as little as keeps them orthogonal to the others
        du = _with_rest(u, du, k)
        dvh = adjoint(_with_rest(adjoint(vh), adjoint(dvh), k))
    return du, real_part(diagonal_of(h)), dvh


def _with_rest(u: Any, du: Any, k: int) -> Any:
    n = shape_of(u)[-1]
    if n == k:
        return du
    u1, u2 = columns(u, 0, k), columns(u, k, n)
    return concatenate(du, -matmul(u1, matmul(adjoint(du), u2)), axis=len(shape_of(u)) - 1)


def _warn_of_singular_direction(s: Any, x: Any) -> None:
    zero = degeneracy.plain(near_zero(s))
    if zero.any():
        plain = degeneracy.plain(x)
        both = zero[..., :, None] & zero[..., None, :]
        if degeneracy.large(numpy.where(both, plain, 0), plain):
            degeneracy.warn(
                "a singular value is 0",
                "there it has a kink, as |x| at 0, and its singular vectors are arbitrary; the tangent is right only "
                "for what does not depend on them",
            )
            return
    _warn_of_direction(s, 0.5 * (x + adjoint(x)), "singular values", "singular vectors")


def _svd_vjp(g: Any, out: Any, a: Any, full: bool = False, hermitian: bool = False) -> Any:
    """Ā = U* (sym(E∘(N_U + N_V)) + skew(G∘(N_U − N_V)) + diag s̄) Vᵀ + what Ū and V̄ have outside the ranges of U and V,
    with N_U = Uᵀ Ū, N_V = Vᵀ V̄.
    """
    u, s, vh = out
    gu, gs, gvh = g
    k = shape_of(s)[-1]
    u1, vh1 = columns(u, 0, k), rows(vh, 0, k)
    if gu is None and gvh is None:
        _warn_of_singular_pairs(s, gs, (None, None), (None, None))
        made = matmul(multiply(conj(u1), as_row(gs)), conj(vh1))
        return (fold(made, lower=True) if hermitian else made,)
    inverse = safe_reciprocal(s, near_zero(s))
    nu, nv, outside, beside = None, None, None, None
    if gu is not None:
        nu, outside = _projected(u, gu, k, full)
    if gvh is not None:
        nv, beside = _projected(adjoint(vh), adjoint(gvh), k, full)
    _warn_of_singular_pairs(s, gs, (nu, nv), (outside, beside))
    inner = _svd_core(s, nu, nv)
    if gs is not None:
        inner = inner + _diagonal_matrix(gs, inner)
    made = matmul(matmul(conj(u1), inner), conj(vh1))
    if outside is not None and shape_of(u)[-2] > k:
        made = made + matmul(multiply(outside, as_row(inverse)), conj(vh1))
    if beside is not None and shape_of(vh)[-1] > k:
        made = made + matmul(conj(u1), multiply(as_column(inverse), adjoint(beside)))
    return (fold(made, lower=True) if hermitian else made,)


def _svd_core(s: Any, nu: Any, nv: Any) -> Any:
    """The cotangent of X = Uᴴ A V from those of U and V within their ranges."""
    e, g = _halves(s)
    plus = nu if nv is None else nv if nu is None else nu + nv
    minus = nu if nv is None else -nv if nu is None else nu - nv
    p, q = multiply(e, plus), multiply(g, minus)
    return 0.5 * (p + adjoint(p) + q - adjoint(q))


def _projected(u: Any, gu: Any, k: int, full: bool) -> tuple[Any, Any]:
    """Uᵀ Ū of the leading k columns, and the part of Ū outside their range; of a full U with what the rest adds."""
    u1, g1 = columns(u, 0, k), columns(gu, 0, k)
    inner = matmul(swap_last(u1), g1)
    outside = g1 - matmul(conj(u1), inner)
    n = shape_of(u)[-1]
    if full and n > k:
        u2, g2 = columns(u, k, n), columns(gu, k, n)
        turned = degeneracy.plain(matmul(swap_last(u2), g2))
        if degeneracy.large(turned - numpy.conj(numpy.swapaxes(turned, -1, -2)), degeneracy.plain(gu)):
            degeneracy.warn(
                "the columns that full_matrices=True adds are an arbitrary basis",
                "the derivative depends on it and leaves that part out; use full_matrices=False, or only their "
                "projector",
            )
        outside = outside - matmul(conj(u2), adjoint(matmul(swap_last(u1), g2)))
    return inner, outside


def _warn_of_singular_pairs(s: Any, gs: Any, inner: tuple[Any, Any], outer: tuple[Any, Any]) -> None:
    """Warn where s̄ or Ū, V̄ depend on what the SVD leaves open: bases of equal values, signs at 0, phases."""
    zero = degeneracy.plain(near_zero(s))
    scale = [degeneracy.plain(n) for n in inner if n is not None]
    outside = [degeneracy.plain(n) for n in outer if n is not None]
    largest = max((float(numpy.max(numpy.abs(n), initial=0.0)) for n in (*scale, *outside)), default=0.0)
    if zero.any() and _depends_at_zero(zero, gs, scale, outside, largest):
        degeneracy.warn(
            "a singular value is 0",
            "there it has a kink, as |x| at 0, and its singular vectors are arbitrary; the derivative depends on them",
        )
        return
    both = None
    if scale:
        both = scale[0] + scale[1] if len(scale) == 2 else scale[0]
        if both.dtype.kind == "c" and degeneracy.large(numpy.diagonal(both, axis1=-2, axis2=-1).imag, largest):
            degeneracy.warn(
                _PHASE.format("singular vector"), "that part is left out; use what does not change with the phase"
            )
    _warn_of_pairs(s, gs, both, "singular values", "singular vectors", zero)


def _depends_at_zero(zero: Any, gs: Any, parts: list[Any], outside: list[Any], largest: float) -> bool:
    if gs is not None:
        plain = degeneracy.plain(gs)
        if degeneracy.large(numpy.where(zero, plain, 0), plain):
            return True
    touched = zero[..., :, None] & zero[..., None, :]
    for n in parts:
        turned = numpy.where(touched, n - numpy.conj(numpy.swapaxes(n, -1, -2)), 0)
        if degeneracy.large(turned, largest):
            return True
    return any(degeneracy.large(numpy.where(zero[..., None, :], n, 0), largest) for n in outside)


svd = General("svd", _svd, jvp=_svd_jvp, vjp=_svd_vjp, reads="out")
svd.batch = leading(svd)


def singular_values(a: Any, hermitian: bool = False) -> Any:
    """The singular values alone, in descending order."""
    return svd(a, full=False, hermitian=hermitian)[1]


def largest_ties(s: Any) -> Any:
    """The largest of values in descending order, the ones equal to it to rounding sharing the derivative evenly."""
    axis = (len(shape_of(s)) - 1,)
    top = as_numbers(getitem(close_pairs(s), index=(..., 0, slice(None))), s)
    weights = divide(top, sum_(top, axis=axis, keepdims=True))
    return sum_(multiply(s, weights), axis=axis, keepdims=False)


def as_numbers(mask: Any, like: Any) -> Any:
    """A mask as ones and zeros of the dtype of `like`."""
    return convert(multiply(mask, 1.0), dtype=numpy_dtype(like))


for _row in (eigh, eig, svd):
    _row.sparsity = "matrices"
