"""`adkit.scipy`: SciPy's namespace for traced and plain values; `fft`, `special` and part
of `linalg` have derivative rules.

Everything else is SciPy's own, which raises `LeakError` where it would turn a traced value into a plain number.
"""

from __future__ import annotations

import importlib
from typing import Any

__adkit__ = True

_OURS = ("fft", "linalg", "special")


def __getattr__(name: str) -> Any:
    if name in _OURS:
        return importlib.import_module(f"{__name__}.{name}")
    return getattr(importlib.import_module("scipy"), name)


def __dir__() -> list[str]:
    return sorted({*_OURS, *dir(importlib.import_module("scipy"))})
