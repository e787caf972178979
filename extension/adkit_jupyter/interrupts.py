"""Holding Ctrl-C back for the moment in which a namespace is put in order."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

__adkit__ = True


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Defer SIGINT until the block has ended; in threads other than the main one there is nothing to defer."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[tuple[int, Any]] = []
    previous = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, lambda number, frame: arrived.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous if previous is not None else signal.SIG_DFL)
    if arrived and callable(previous):
        previous(*arrived[-1])
