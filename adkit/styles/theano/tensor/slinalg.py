"""`T.slinalg`: solving systems of equations."""

from __future__ import annotations

from .products import solve

__adkit__ = True
__all__ = ["solve"]
