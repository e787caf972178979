"""`torch.cuda`, `torch.mps`, `torch.accelerator` as far as a program asks whether they are there: they are not.

Not for: GPUs, for which adkit has `adkit.settings(device="gpu")`.
"""

from __future__ import annotations

from typing import Any

from .errors import missing

__adkit__ = True
__path__: list[str] = []  # `from torch.cuda import X` asks for a module X before it gives up


def is_available() -> bool:
    """Always False.

    >>> is_available()
    False
    """
    return False


def is_built() -> bool:
    """Always False."""
    return False


def device_count() -> int:
    """Always 0."""
    return 0


def manual_seed_all(seed: int) -> None:
    """Nothing: there is no device to seed."""


manual_seed = manual_seed_all


def __getattr__(name: str) -> Any:
    from .refused import REFUSED

    if name.startswith("__"):
        raise AttributeError(name)
    raise missing(f"torch.cuda.{name}", REFUSED["cuda"])
