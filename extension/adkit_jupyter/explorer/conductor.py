"""Runs that are wanted again and again: the latest wish wins, nothing queues up, and a slow run can be cancelled.

Every run has a thread of its own, which is told to end by an exception raised in it; one that does not hear it, since
it is deep in a library, is left alone and its result dropped. The conductor's thread starts the runs, reports what
becomes of them, and ends when nothing is wanted for a while. Where threads cannot be started (Pyodide) runs happen in
the call. Not for: what a run does, and what is shown of it.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

__adkit__ = True

SLOW = 0.15  # seconds after which a run shows that it goes on, and may be cancelled
TICK = 0.1
SETTLE = 0.25  # seconds without a wish after which the picture is drawn in full
IDLE = 5.0
GRACE = 0.5


class RunCancelled(BaseException):
    """Raised in the thread of a run that is to end; no user's `except Exception` catches it."""


class Audience(Protocol):
    """Who is told about runs, always from one thread at a time."""

    def finished(self, result: Any, seconds: float) -> None:
        """A run ended well."""

    def failed(self, error: BaseException, seconds: float) -> None:
        """A run ended with an error, or with `RunCancelled`."""

    def waiting(self, seconds: float | None) -> None:
        """A run goes on for so long, or (None) no longer."""

    def settled(self) -> None:
        """Nothing has been wanted for a moment."""


class Conductor:
    """Performs `run(wish)` for the latest wish and tells `audience`."""

    def __init__(self, run: Callable[[Any], Any], audience: Audience) -> None:
        self._run = run
        self._audience = audience
        self._changed = threading.Condition()
        self._wish: Any = None
        self._task: Task | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._settled = True

    def ask(self, wish: Any) -> None:
        """Have `run(wish)` performed next, in place of whatever was to be next."""
        with self._changed:
            if self._closed:
                return
            self._wish, self._settled = (wish,), False
            if self._thread is None:
                self._thread = threading.Thread(target=self._conduct, name="adkit explorer", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # no threads here
                    self._thread = None
            self._changed.notify_all()
            threaded = self._thread is not None
        if not threaded:
            self._perform_here()

    def cancel(self) -> None:
        """End the run that goes on, if there is one, and forget what is wanted."""
        with self._changed:
            self._wish = None
            if self._task is not None:
                self._task.cancel()

    def wait(self, timeout: float = 30.0) -> bool:
        """Until everything wanted has been performed and drawn in full; False if that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._settled or self._closed, timeout)

    def close(self) -> None:
        """End the run and the thread; nobody is told."""
        with self._changed:
            self._closed = True
            self._wish = None
            if self._task is not None:
                self._task.cancel()
            self._changed.notify_all()

    # -- the conductor's thread

    def _conduct(self) -> None:
        while True:
            with self._changed:
                pause = IDLE if self._settled else SETTLE
                if not self._changed.wait_for(lambda: self._closed or self._wish is not None, pause):
                    if self._settled:
                        self._thread = None
                        return
                if self._closed:
                    self._thread = None
                    return
                wish, self._wish = self._wish, None
            if wish is not None:
                self._perform(wish[0])
            else:
                self._settle()

    def _settle(self) -> None:
        self._audience.settled()
        with self._changed:
            if self._wish is None:
                self._settled = True
                self._changed.notify_all()

    def _perform(self, wish: Any) -> None:
        task = Task(self._run, wish)
        with self._changed:
            self._task = task
        task.start()
        shown = False
        while not task.done.wait(SLOW if not shown else TICK):
            if task.cancelled and time.perf_counter() - task.cancelled > GRACE:
                break
            shown = True
            self._audience.waiting(time.perf_counter() - task.began)
        with self._changed:
            self._task = None
            closed = self._closed
        if closed:
            return
        if shown:
            self._audience.waiting(None)
        self._tell(task)

    def _tell(self, task: Task) -> None:
        if task.cancelled:
            self._audience.failed(RunCancelled(), task.seconds)
        elif task.error is not None:
            self._audience.failed(task.error, task.seconds)
        else:
            self._audience.finished(task.result, task.seconds)

    def _perform_here(self) -> None:
        (wish,), self._wish = self._wish, None
        task = Task(self._run, wish)
        task.perform()
        self._tell(task)
        self._settle()


class Task:
    """One run in a thread of its own."""

    def __init__(self, run: Callable[[Any], Any], wish: Any) -> None:
        self._run = run
        self._wish = wish
        self._lock = threading.Lock()
        self._over = False
        self.done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None
        self.cancelled = 0.0
        self.began = time.perf_counter()
        self.seconds = 0.0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self.perform, name="adkit explorer run", daemon=True)
        self._thread.start()

    def perform(self) -> None:
        """The run; its result or error is kept."""
        try:
            try:
                self.result = self._run(self._wish)
            except BaseException as error:
                self.error = error
            finally:
                with self._lock:
                    self._over = True
        except RunCancelled as error:  # it arrived in the lines above
            self.error = error
        self.seconds = time.perf_counter() - self.began
        self.done.set()

    def cancel(self) -> None:
        """Have `RunCancelled` raised in the run, unless it has ended already."""
        with self._lock:
            if self._over or self._thread is None or self.cancelled:
                return
            self.cancelled = time.perf_counter()
            _raise_in(self._thread, RunCancelled)


def _raise_in(thread: threading.Thread, error: type[BaseException]) -> None:
    """Raise an exception in another thread when it next runs a line of Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(error))
