"""Silence for one thread: what code prints or displays in it goes nowhere, while other threads go on as before.

Not for: the output of the cell itself, which is shown as ever when the cell runs.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

__adkit__ = True


class _Muted:
    """A stream that drops what its own thread writes, and is the real stream to everybody else."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        """Write for any thread but the silent one."""
        if threading.get_ident() == self._thread:
            return len(text)
        return int(self._stream.write(text) or 0)

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def silence(shell: Any = None) -> Iterator[None]:
    """Drop what this thread prints, warns of and displays until the block ends."""
    muted = {name: _Muted(getattr(sys, name)) for name in ("stdout", "stderr") if getattr(sys, name) is not None}
    publisher = getattr(shell, "display_pub", None)
    hook = getattr(publisher, "register_hook", None)
    for name, stream in muted.items():
        setattr(sys, name, stream)
    if hook is not None:
        hook(_dropped)
    try:
        yield
    finally:
        for name, stream in muted.items():
            if getattr(sys, name) is stream:
                setattr(sys, name, stream._stream)
        if hook is not None:
            publisher.unregister_hook(_dropped)  # type: ignore[union-attr]


def _dropped(message: Any) -> None:
    """The display hook of ipykernel that sends nothing; hooks belong to one thread."""
