"""`adkit.numpy.linalg`: `numpy.linalg` for traced and plain arrays; what has no rule would be refused by name.

Systems and inverses are in `systems`, decompositions in `decompositions`, norms in `norms`, products in `products`.
Not for: derivatives (`adkit.primitives.linalg` and the modules that it names).
"""

from __future__ import annotations

from typing import Any

import numpy

from ...numpy_api import refusing
from .decompositions import cholesky, eig, eigh, eigvals, eigvalsh, qr, svd, svdvals
from .norms import cond, matrix_norm, norm, vector_norm
from .products import (
    cross,
    diagonal,
    matmul,
    matrix_power,
    matrix_transpose,
    multi_dot,
    outer,
    tensordot,
    trace,
    vecdot,
)
from .systems import det, inv, lstsq, matrix_rank, pinv, slogdet, solve, tensorinv, tensorsolve

__adkit__ = True

LinAlgError = numpy.linalg.LinAlgError
__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]


def __getattr__(name: str) -> Any:
    member = getattr(numpy.linalg, name)
    if name.startswith("_") or isinstance(member, type) or not callable(member):
        return member
    made = globals()[name] = refusing(f"numpy.linalg.{name}", member)
    return made


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(numpy.linalg)})
