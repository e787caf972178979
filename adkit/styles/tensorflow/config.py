"""`tf.config`: the switches that programs set at their start, where they change nothing here.

Not for: devices (`adkit.settings`).
"""

from __future__ import annotations

from typing import Any

from .errors import NotOfferedError, at_line

__adkit__ = True


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Without effect: functions always run eagerly."""


def functions_run_eagerly() -> bool:
    """True."""
    return True


def list_physical_devices(device_type: str | None = None) -> list[str]:
    """The CPU, which this style computes on.

    Example
    -------
    >>> list_physical_devices("GPU")
    []
    """
    return [] if device_type not in (None, "CPU") else ["PhysicalDevice(name='/physical_device:CPU:0')"]


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    raise at_line(
        NotOfferedError, f"this style has no tf.config.{name}", "leave it out: there is one CPU, and no graph"
    )
