"""`T.nlinalg`: some linear algebra."""

from __future__ import annotations

from .indexing import diag, trace
from .products import det, matrix_inverse

__adkit__ = True
__all__ = ["det", "diag", "matrix_inverse", "trace"]
