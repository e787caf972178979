"""`adkit.interop`: derivatives across libraries: DLPack, and an adapter for PyTorch.

`from_dlpack` takes arrays in, and every library's own `from_dlpack` takes adkit's out. `adkit.interop.torch` has
functions of one in programs of the other. Not for: array libraries that adkit computes with itself (`backends`), whose
arrays are accepted everywhere.
"""

from __future__ import annotations

from typing import Any

__adkit__ = True

__all__ = ["from_dlpack", "torch"]


def __getattr__(name: str) -> Any:
    import importlib

    if name == "torch":
        return importlib.import_module(f"{__name__}.torch")
    if name == "from_dlpack":
        return importlib.import_module(f"{__name__}.dlpack").from_dlpack
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
