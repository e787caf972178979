"""Cases of the rows of linear algebra beyond products: factorizations, spectra, determinants, functions of matrices.

A row whose results depend on a choice (signs, phases, bases) is called within a function that does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import adkit.numpy.linalg  # noqa: F401  (enters the rows)
from adkit.primitive import REGISTRY
from adkit.primitives.elementwise import multiply
from adkit.primitives.linalg import matmul, swap_last
from adkit.primitives.reduction import sum_
from adkit.primitives.shape import conjugate, shape_of
from adkit.primitives.spectral import as_row

from .case import Case

SMALL = (-0.5, 0.5)
CUBE = [(3, 3), (2, 2, 2), (1, 1), (0, 0)]


def case(row: str, call: Callable[..., Any], *shapes: Any, note: str = "", **flags: Any) -> Case:
    """A case of a row with operands around 0."""
    domains = flags.pop("domains", (SMALL,) * len(shapes))
    return Case(row, call, shapes, domains, note=note, **flags)


def regular(a: Any, spacing: float = 1.0) -> Any:
    """A matrix with well separated diagonal elements added, so that neither rank nor order of eigenvalues changes."""
    m, n = shape_of(a)[-2:]
    base = np.zeros((m, n), dtype=np.float32)
    k = min(m, n)
    base[np.arange(k), np.arange(k)] = 2 + 2 * spacing * np.arange(k)
    return a + base


def weighted(v: Any, weights: Any) -> Any:
    """V diag(c) Vᴴ: no phase of a column changes it."""
    return matmul(multiply(v, as_row(weights)), swap_last(conjugate(v)))


def spread(n: int, alike_from: int | None = None) -> Any:
    made = np.linspace(0.5, 1.5, n, dtype=np.float32) if n else np.zeros(0, np.float32)
    if alike_from is not None:
        made[alike_from:] = 2.0
    return made


# ------------------------------------------------------------------------------------------------ functions of a row


def eigh(lower: bool) -> Callable[..., Any]:
    def call(a: Any) -> Any:
        w, v = REGISTRY["eigh"](regular(a), lower=lower)
        return weighted(v, spread(shape_of(w)[-1])) + as_row(w)

    return call


def eig(a: Any) -> Any:
    w, v = REGISTRY["eig"](regular(a))
    return weighted(v, w)


def eig_of_pairs(a: Any) -> Any:
    """Of a real matrix with conjugate pairs of eigenvalues."""
    w, v = REGISTRY["eig"](a + np.array([[1, 2], [-2, 1]], dtype=np.float32))
    return weighted(v, w)


def svd(full: bool, hermitian: bool = False) -> Callable[..., Any]:
    def call(a: Any) -> Any:
        u, s, vh = REGISTRY["svd"](regular(a, 2.0), full=full, hermitian=hermitian)
        m, k, n = shape_of(u)[-1], shape_of(s)[-1], shape_of(vh)[-2]
        left, right = weighted(u, spread(m, k)), weighted(swap_last(conjugate(vh)), spread(n, k))
        inner = matmul(multiply(u[..., :, :k], as_row(multiply(s, spread(k) + 1))), vh[..., :k, :])
        return matmul(matmul(left, inner), right)

    return call


def qr(complete: bool) -> Callable[..., Any]:
    def call(a: Any) -> Any:
        q, r = REGISTRY["qr"](regular(a, 2.0), complete=complete)
        k = shape_of(r)[-2]
        return matmul(multiply(q, as_row(spread(k) + 1)), r) + sum_(q, axis=(-1 % len(shape_of(q)),), keepdims=True)

    return call


def lu_factor(a: Any) -> Any:
    lu, pivots = REGISTRY["lu_factor"](a)
    return REGISTRY["permute_rows"](multiply(lu, lu), pivots)


def unpivoted_lu(a: Any) -> Any:
    return REGISTRY["unpivoted_lu"](regular(a))


def slogdet(a: Any) -> Any:
    sign, logarithm = REGISTRY["slogdet"](regular(a))
    return multiply(sign, logarithm + 1)


def cofactor(a: Any, *directions: Any) -> Any:
    a = regular(a)
    return REGISTRY["cofactor"](a, REGISTRY["det"](a), *directions)


def regularly(row: str, **params: Any) -> Callable[..., Any]:
    return lambda a, *rest: REGISTRY[row](regular(a), *rest, **params)


def plainly(row: str, **params: Any) -> Callable[..., Any]:
    return lambda *operands: REGISTRY[row](*operands, **params)


PIVOTS = np.array([2, 2, 2], dtype=np.int32)
UNITS = (-1.0, 1.0)

CASES = [
    *(case("triangle", plainly("triangle", lower=low, k=k), (3, 2), note=f"{low}{k}") for low, k in
      ((True, 0), (False, 1), (True, -1))),
    *(case("hermitian_from", plainly("hermitian_from", lower=low, hermitian=h), (2, 3, 3), note=f"{low}{h}", analytic=False)
      for low in (True, False) for h in (True, False)),
    *(case("fold", plainly("fold", lower=low, hermitian=h), (3, 3), note=f"{low}{h}", analytic=False)
      for low in (True, False) for h in (True, False)),
    *(case("solve_triangular", regularly("solve_triangular", lower=low, unit=unit), *shapes, note=f"{low}{unit}")
      for low, unit in ((True, False), (False, True))
      for shapes in (((3, 3), (3, 2)), ((2, 2), (3, 2, 1)), ((2, 2, 2), (2, 3)), ((1, 1), (1, 1)), ((0, 0), (0, 2)))),
    *(case("det", plainly("det"), shape) for shape in CUBE),
    *(case("cofactor", cofactor, *shapes) for shapes in (((3, 3),), ((2, 3, 3),), ((3, 3), (3, 3)), ((1, 1),), ((0, 0),))),
    case("inverse_or_infinite", regularly("inverse_or_infinite"), (2, 2, 2)),
    *(case("slogdet", slogdet, shape, analytic=False) for shape in CUBE),
    *(case("cholesky", regularly("cholesky", lower=low), shape, note=str(low), analytic=False)
      for low in (True, False) for shape in CUBE),
    *(case("lu_factor", lu_factor, shape) for shape in ((3, 3), (4, 2), (2, 4), (2, 2, 2), (1, 1))),
    *(case("permute_rows", lambda x, p, inverse=inverse: REGISTRY["permute_rows"](x, p, inverse=inverse),
           (3, 2), (3,), domains=(SMALL, PIVOTS), note=str(inverse)) for inverse in (False, True)),
    *(case("unpivoted_lu", unpivoted_lu, shape) for shape in ((3, 3), (3, 2), (2, 2, 2))),
    *(case("qr", qr(False), shape, analytic=False) for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2), (1, 1), (3, 0))),
    *(case("qr", qr(True), shape, note="complete", analytic=False) for shape in ((4, 2), (3, 1), (2, 4, 2), (2, 3))),
    *(case("eigh", eigh(low), shape, note=str(low), analytic=False) for low in (True, False) for shape in CUBE),
    *(case("eig", eig, shape, analytic=False) for shape in CUBE[:3]),
    case("eig", eig_of_pairs, (2, 2), note="pairs", analytic=False, complex=False),
    *(case("svd", svd(False), shape, analytic=False) for shape in ((3, 3), (4, 2), (2, 3), (2, 3, 2), (1, 1), (0, 2))),
    *(case("svd", svd(True), shape, note="full", analytic=False) for shape in ((4, 2), (2, 4), (2, 3, 2))),
    case("svd", svd(False, hermitian=True), (3, 3), note="hermitian", analytic=False),
    *(case("pinv", regularly("pinv"), shape, analytic=False) for shape in ((3, 3), (3, 2), (2, 3), (2, 2, 1), (0, 2))),
    *(case("lstsq", regularly("lstsq", rcond=1e-6), *shapes, analytic=False)
      for shapes in (((3, 2), (3, 2)), ((2, 3), (2, 1)), ((2, 2), (2, 1)), ((2, 3, 2), (3, 1)))),
    *(case("expm", plainly("expm"), shape) for shape in CUBE),
    *(case("expm_frechet", plainly("expm_frechet"), *shapes)
      for shapes in (((2, 2), (2, 2)), ((2, 2, 2), (2, 2)), ((1, 1), (1, 1)), ((0, 0), (0, 0)))),
]  # fmt: skip

X = np.array([[1.5, -0.5, 3.0], [0.0, 2.25, 1.0]])
CONSTANT_CASES = {
    "matrix_rank": ((X,), {}, np.linalg.matrix_rank),
    "as_pivots": ((np.array([2, 0, 1]),), {}, lambda order: np.array([2, 2, 2])),
    "column_pivots": ((X,), {}, lambda x: np.array([2, 1, 0], dtype=np.int32)),
}
