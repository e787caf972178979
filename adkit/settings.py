"""Session settings: one immutable record in a ContextVar, so that threads and tasks do not disturb each other.

Not for: options of one call, which are arguments of the functions.
"""

from __future__ import annotations

import dataclasses
import difflib
from contextvars import ContextVar
from typing import Any

from .errors import OptionError

__adkit__ = True

CHOICES = {"mode": ("auto", "forward", "reverse"), "device": ("cpu", "gpu"), "nan": ("allow", "raise")}


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a session may set. `mode`: auto, forward or reverse; `device`: cpu or gpu; `nan`: allow, or raise a
    `NonFiniteError` at the first derivative that is not finite.
    """

    mode: str = "auto"
    device: str = "cpu"
    nan: str = "allow"


class _Watch:
    """Whether `nan="raise"` was ever set in this process: what the fast paths look at before the settings."""

    __slots__ = ("asked",)

    def __init__(self) -> None:
        self.asked = False


watch = _Watch()


_current: ContextVar[Settings] = ContextVar("adkit_settings", default=Settings())  # noqa: B039  (frozen)


def _changed(base: Settings, changes: dict[str, Any]) -> Settings:
    for name, value in changes.items():
        if name not in CHOICES:
            near = difflib.get_close_matches(name, list(CHOICES), 1)
            hint = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(CHOICES)}"
            raise OptionError(f"unknown setting {name!r}", fix=hint)
        if value not in CHOICES[name]:
            raise OptionError(f"{name}={value!r} is not possible", fix=f"use one of {', '.join(CHOICES[name])}")
    if changes.get("device") == "gpu":
        from .backends import require_gpu

        require_gpu()
    if changes.get("nan") == "raise":
        watch.asked = True
    return dataclasses.replace(base, **changes)


class settings:
    """Set session settings: for good when called, for a block when used with `with`.

    Raises `OptionError` for an unknown name or value, `DeviceError` for a device that is not there; nothing changes
    then.

    Example
    -------
    >>> with settings(mode="forward"):
    ...     settings.current().mode
    'forward'
    >>> settings.current().mode
    'auto'
    """

    def __init__(self, **changes: Any) -> None:
        self._previous = _current.get()
        _current.set(_changed(self._previous, changes))

    def __enter__(self) -> Settings:
        return _current.get()

    def __exit__(self, *exc: object) -> None:
        _current.set(self._previous)

    def __repr__(self) -> str:
        return repr(_current.get())

    @staticmethod
    def current() -> Settings:
        """The settings in force in this thread or task."""
        return _current.get()
