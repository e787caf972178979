"""`adkit.interop`: derivatives across libraries: DLPack, and an adapter for PyTorch.

Not for: array libraries that adkit computes with itself (`backends`), whose arrays are accepted everywhere.
"""

from __future__ import annotations

__adkit__ = True
