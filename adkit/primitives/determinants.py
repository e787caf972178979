"""Rows of determinants: `det`, `slogdet`, and `cofactor`, the gradient of det and its directional derivatives.

A determinant is a polynomial, so it has derivatives at singular matrices too; there they come from the singular value
decomposition. Formulas: M. B. Giles (2008), section 2.2.4; G. H. Golub, "Numerical methods for computing the
cofactor matrix" as in I. C. F. Ipsen, R. Rehman, "Perturbation bounds for determinants and characteristic polynomials"
(2008), section 2: adj(U S Vᴴ) = det(U) det(Vᴴ) · V adj(S) Uᴴ.

Not for: the inverse (`linalg`).
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy

from ..backends import asarray_like, to_numpy
from ..errors import UnsupportedError
from ..primitive import General
from . import lu
from .batching import leading
from .elementwise import imag, multiply, real, strong_multiply
from .linalg import matmul, swap_last
from .reduction import sum_
from .shape import reshape, shape_of
from .triangles import is_complex

__adkit__ = True

# Beyond this condition number the inverse is not used.
REGULAR = 1e8


def contracted(a: Any, b: Any) -> Any:
    """Σ aᵢⱼ bᵢⱼ of matrices."""
    n = len(shape_of(b))
    return sum_(multiply(a, b), axis=(n - 2, n - 1), keepdims=False)


def scaled(factor: Any, matrix: Any) -> Any:
    """A number for each matrix, times the matrix; a factor of exactly 0 gives 0."""
    return strong_multiply(reshape(factor, shape=(*shape_of(factor), 1, 1)), matrix)


# ------------------------------------------------------------------------------------------------ cofactors


def _cofactor(xp: Any, a: Any, d: Any, *directions: Any) -> Any:
    """The mixed derivative of the gradient of det at a in the directions; d is det(a)."""
    inverse = _inverse(xp, a)
    if inverse is None:
        return _singular_cofactor(xp, a, directions)
    turned = xp.transpose(inverse, (*range(a.ndim - 2), a.ndim - 1, a.ndim - 2))
    d = xp.reshape(xp.asarray(d), (*shape_of(d), 1, 1))
    if not directions:
        return numpy.multiply(d, turned, out=turned) if xp is numpy and d.dtype == turned.dtype else d * turned
    products = [xp.matmul(inverse, t) for t in directions]
    made: Any = 0
    for chosen in _subsets(range(len(products))):
        rest = [i for i in range(len(products)) if i not in chosen]
        made = made + _traces(xp, products, chosen) * _chains(xp, products, rest, inverse)
    order = (*range(made.ndim - 2), made.ndim - 1, made.ndim - 2)
    return d * xp.transpose(made, order)


def _subsets(items: Any) -> Any:
    every = tuple(items)
    return itertools.chain.from_iterable(itertools.combinations(every, k) for k in range(len(every) + 1))


def _chains(xp: Any, products: Any, chosen: Any, inverse: Any) -> Any:
    """The mixed derivative of the inverse: (−1)^k Σ over orders of Y T Y T … Y."""
    total = 0
    for order in itertools.permutations(chosen):
        term = inverse
        for i in reversed(order):
            term = -xp.matmul(products[i], term)
        total = total + term
    return total


def _traces(xp: Any, products: Any, chosen: Any) -> Any:
    """The mixed derivative of det divided by det: a sum over permutations of products of traces of their cycles."""
    if not chosen:
        return 1.0
    first, rest = chosen[0], chosen[1:]
    total: Any = 0
    for others in _subsets(rest):
        remaining = tuple(i for i in rest if i not in others)
        for order in itertools.permutations(others):
            term = products[first]
            for i in order:
                term = xp.matmul(term, products[i])
            trace = xp.sum(xp.tril(xp.triu(term)), axis=(-2, -1), keepdims=True)
            total = total + (-1) ** len(others) * trace * _traces(xp, products, remaining)
    return total


def _inverse(xp: Any, a: Any) -> Any:
    """The inverses, or `None` if one of the matrices has none to rely on."""
    if 0 in a.shape:
        return a + 0
    try:
        made = lu.inverse(a) if xp is numpy else xp.linalg.inv(a)
    except numpy.linalg.LinAlgError:
        return None
    return made if _is_regular(xp, a, made) else None


def _is_regular(xp: Any, a: Any, inverse: Any) -> bool:
    """Whether the condition numbers, bounded by Frobenius' norm, are small enough to rely on the inverses."""
    if xp is numpy and a.ndim == 2:
        return float(_squares(a)) * float(_squares(inverse)) < REGULAR**2
    size = xp.sum(xp.abs(a) ** 2, axis=(-2, -1)) * xp.sum(xp.abs(inverse) ** 2, axis=(-2, -1))
    return bool(xp.all(size < REGULAR**2))


def _squares(a: Any) -> Any:
    """Frobenius' norm, squared; without BLAS, since NumPy's threads would still spin when SciPy's want to run."""
    flat = a.reshape(-1, order="A")
    return numpy.add.reduce((flat * flat.conj()).real if flat.dtype.kind == "c" else flat * flat)


def _singular_cofactor(xp: Any, a: Any, directions: tuple[Any, ...]) -> Any:
    plain = to_numpy(a)
    if len(directions) > 1:
        raise UnsupportedError(
            "the third derivative of det at a singular matrix has no rule in adkit",
            fix="differentiate at most twice there, or expand the determinant",
        )
    u, s, vh = numpy.linalg.svd(plain)
    sign = numpy.linalg.det(u) * numpy.linalg.det(vh)
    if not directions:
        core: Any = _products_without(s)[..., :, None] * numpy.eye(s.shape[-1], dtype=s.dtype)
    else:
        m = numpy.conj(numpy.swapaxes(u, -1, -2)) @ to_numpy(directions[0]) @ numpy.conj(numpy.swapaxes(vh, -1, -2))
        pairs = _products_without(numpy.where(numpy.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]))
        pairs = pairs * (1 - numpy.eye(s.shape[-1], dtype=s.dtype))
        trace = numpy.einsum("...kk,...ik->...i", m, pairs)
        core = numpy.eye(s.shape[-1]) * trace[..., :, None] - numpy.swapaxes(m * pairs, -1, -2)
    made = sign[..., None, None] * (numpy.conj(u) @ core @ numpy.conj(vh))
    made = made.astype(plain.dtype, copy=False)
    return made if xp is numpy else asarray_like(made, a)


def _products_without(s: Any) -> Any:
    """For each element the product of the others along the last axis."""
    one = numpy.ones_like(s[..., :1])
    before = numpy.cumprod(numpy.concatenate([one, s[..., :-1]], -1), -1)
    after = numpy.cumprod(numpy.concatenate([one, s[..., :0:-1]], -1), -1)[..., ::-1]
    return before * after


def _cofactor_jvp(t: Any, out: Any, a: Any, d: Any, *directions: Any) -> Any:
    made = None if t[0] is None else cofactor(a, d, *directions, t[0])
    for i, moved in enumerate(t[2:]):
        if moved is not None:
            term = cofactor(a, d, *directions[:i], moved, *directions[i + 1 :])
            made = term if made is None else made + term
    return made


def _cofactor_vjp(g: Any, out: Any, a: Any, d: Any, *directions: Any) -> Any:
    """The derivatives of a polynomial are symmetric forms, so g takes the place of what is differentiated."""
    others = (cofactor(a, d, *directions[:i], g, *directions[i + 1 :]) for i in range(len(directions)))
    return (cofactor(a, d, *directions, g), None, *others)


# operands: a, det(a), which is known to be a's and not differentiated, and any number of directions
cofactor = General("cofactor", _cofactor, jvp=_cofactor_jvp, vjp=_cofactor_vjp, reads="operands", symbol="cof {0}")


def _cofactor_batch(size: int, operands: Any, batched: Any) -> Any:
    a, d, *directions = operands
    d = reshape(d, shape=(*shape_of(d), 1, 1))
    return _cofactor_matrices(a, d, *directions, batched=batched)


def _cofactor_matrices(a: Any, d: Any, *directions: Any, batched: Any) -> Any:
    from .batching import widened

    operands = (a, d, *directions)
    ndim = max(len(shape_of(x)) - b for x, b in zip(operands, batched, strict=True))
    a, d, *directions_wide = (widened(x, b, ndim) for x, b in zip(operands, batched, strict=True))
    return cofactor(a, reshape(d, shape=shape_of(d)[:-2]), *directions_wide)


cofactor.batch = _cofactor_batch


# ------------------------------------------------------------------------------------------------ det, slogdet


det = General(
    "det",
    lambda xp, a: lu.det(a) if xp is numpy else xp.linalg.det(a),
    jvp=lambda t, out, a: contracted(cofactor(a, out), t[0]),
    vjp=lambda g, out, a: (multiply(reshape(g, shape=(*shape_of(g), 1, 1)), cofactor(a, out)),),
    symbol="det {0}",
)
det.batch = leading(det)


def _inverse_or_infinite(xp: Any, a: Any) -> Any:
    try:
        return lu.inverse(a) if xp is numpy else xp.linalg.inv(a)
    except numpy.linalg.LinAlgError:
        plain = to_numpy(a)
        made = numpy.full(plain.shape, math.inf, dtype=numpy.result_type(plain, numpy.float32))
        for i in numpy.ndindex(plain.shape[:-2]):
            try:
                made[i] = numpy.linalg.inv(plain[i])
            except numpy.linalg.LinAlgError:
                continue
        return made if xp is numpy else asarray_like(made, a)


def _inverse_vjp(g: Any, out: Any, a: Any) -> Any:
    y = swap_last(out)
    return (-matmul(matmul(y, g), y),)


inverse_or_infinite = General(
    "inverse_or_infinite",
    _inverse_or_infinite,
    jvp=lambda t, out, a: -matmul(matmul(out, t[0]), out),
    vjp=_inverse_vjp,
    reads="out",
    symbol="{0}⁻¹",
)
inverse_or_infinite.batch = leading(inverse_or_infinite)


def _slogdet_jvp(t: Any, out: Any, a: Any) -> Any:
    """With z = tr(A⁻¹ Ȧ): the logarithm moves by Re z, the sign of a complex determinant by i·Im z times itself."""
    z = contracted(swap_last(inverse_or_infinite(a)), t[0])
    if not is_complex(a):
        return None, z
    return multiply(out[0], multiply(imag(z), 1j)), real(z)


def _slogdet_vjp(g: Any, out: Any, a: Any) -> Any:
    sign, log = g
    if is_complex(a) and sign is not None:
        turning = multiply(imag(multiply(sign, out[0])), 1j)
        factor = turning if log is None else turning + log
    elif log is None:
        return (None,)
    else:
        factor = log
    return (scaled(factor, swap_last(inverse_or_infinite(a))),)


# the sign and log |det|; where the matrix is singular the derivative of the logarithm is infinite, as that of log at 0
slogdet = General(
    "slogdet",
    lambda xp, a: lu.slogdet(a) if xp is numpy else tuple(xp.linalg.slogdet(a)),
    jvp=_slogdet_jvp,
    vjp=_slogdet_vjp,
    symbol="slogdet {0}",
)
slogdet.batch = leading(slogdet)

for _row in (det, inverse_or_infinite, slogdet):
    _row.sparsity = "matrices"
