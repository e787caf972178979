"""Python's collector of reference cycles, kept out of the way while a diagnosis runs.

A diagnosis of a long program makes hundreds of thousands of small objects, none of them in a cycle; each time that
enough of them have come together, the collector would look at the whole recording for nothing. Not for: recording.
"""

from __future__ import annotations

import functools
import gc
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

__adkit__ = True

P = ParamSpec("P")
R = TypeVar("R")

_lock = threading.Lock()
_running = 0
_was_enabled = False


def without_collector(diagnosis: Callable[P, R]) -> Callable[P, R]:
    """A function during which cycles are not collected; the collector goes on as before when the last one returns."""

    @functools.wraps(diagnosis)
    def quiet(*args: P.args, **kwargs: P.kwargs) -> R:
        _pause()
        try:
            return diagnosis(*args, **kwargs)
        finally:
            _go_on()

    return quiet


def _pause() -> None:
    global _running, _was_enabled
    with _lock:
        if not _running:
            _was_enabled = gc.isenabled()
            gc.disable()
        _running += 1


def _go_on() -> None:
    global _running
    with _lock:
        _running -= 1
        if not _running and _was_enabled:
            gc.enable()
