"""Ctrl-C while `fit` runs: the first one ends the run after the step that it came in, a second one at once.

A `KeyboardInterrupt` is raised wherever the program happens to be, in the middle of a step and of what is noted of it.
Not for: what a run does then (`training`).
"""

from __future__ import annotations

import signal
import threading
from typing import Any

__adkit__ = True


class Interrupts:
    """While entered, `asked` says whether Ctrl-C came; only the second one raises `KeyboardInterrupt`.

    Only where Python's own handler is in charge, as in scripts and kernels, and in the main thread.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        here = threading.current_thread() is threading.main_thread()
        if here and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: Any) -> None:
        if self.asked:
            signal.default_int_handler(number, frame)
        self.asked = True
