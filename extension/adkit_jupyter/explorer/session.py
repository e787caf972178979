"""The explorer: what its user wants, what is shown, and the way from one to the other.

A callback, on whatever thread of the kernel it runs, notes what is wanted and returns; the conductor runs it and tells
the explorer, which updates the output it displayed first. One re-entrant lock guards the state. The first display is
final until a control is used, and what was shown last is what the notebook saves. Not for: widgets (`panel`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import numpy

import adkit
from adkit import formatting
from adkit.errors import DeviceError, InputError
from adkit.explorer_document import VIEWS
from adkit.named_derivatives import is_real

from ..cell import prepare
from ..expression import prepare_expression
from ..location import CellText
from ..options import Options
from . import lifetime, pictures
from .conductor import Conductor, RunCancelled
from .failures import Failure, failure_of
from .panel import Panel
from .rerun import CellRerun, FunctionRerun, Rerun, Setup, values_of

__adkit__ = True

MOST_NAMED = 4  # inputs that a message names


class Explorer:
    """A picture with controls. Shown by being the last expression of a cell; `explore` and `%%grad --explore` make it.

    Attributes
    ----------
    trace: the `adkit.Trace` of what is shown; `explorer["x"]` and every other attribute of a trace are its own.
    values: input name -> the value that is shown.
    failure: the error of the last run, or None.
    """

    def __init__(self, rerun: Rerun, trace: Any, setup: Setup, views: tuple[str, ...], shell: Any = None) -> None:
        self._lock = threading.RLock()
        self._rerun = rerun
        self._handle: Any = None
        self._open = True
        self._seconds = 0.0
        self._reports_of: Callable[[Any], tuple[Any, ...]] | None = None
        self.trace = trace
        self.failure: Failure | None = None
        self.values = values_of(trace)
        self._wanted = dict(self.values)
        self._setup = self._shown = setup
        self._pictures = pictures.Pictures(views)
        orders = sorted({1, 2, setup.order})
        shown = dataclasses.replace(setup, mode=trace.mode)
        self.panel = Panel(self, self.values, shown, orders, gpu_reason(), rerun.moves)
        self.panel.explain(order_reason(trace))
        self._document: dict[str, Any] | None = None
        self._conductor = Conductor(self._run, self)
        lifetime.opened(self, shell)

    # -- for programs

    @property
    def document(self) -> dict[str, Any]:
        """The document of what is shown."""
        with self._lock:
            self._check_open()
            if self._document is None:
                self._document = self._pictures.document(self.trace, self.panel.ranges)
            return self._document

    def set(self, **values: Any) -> Explorer:
        """Give inputs other values, as their controls do, and return at once; `wait()` waits for the picture.

        Raises `InputError` for an unknown name.
        """
        with self._lock:
            self._check_open()
            for name in values:
                if name not in self._wanted:
                    fix = f"its inputs are {', '.join(self._wanted)}"
                    raise InputError(f"{name!r} is no input of this explorer", fix=fix)
            self._wanted.update(values)
            self._ask()
        return self

    def wait(self, timeout: float = 30.0) -> bool:
        """Until what is wanted is shown; False if that takes longer than `timeout` seconds."""
        return self._conductor.wait(timeout)

    def check(self) -> Any:
        """Compare the derivative with a numerical one; the picture gets the badge. See `Trace.check`."""
        with self._lock:
            self._check_open()
            report = self.trace.check()
            self._document = None
        return report

    def diagnose(self, reports_of: Callable[[Any], tuple[Any, ...]]) -> None:
        """Show the reports that `reports_of(trace)` makes with this picture and with every later one."""
        with self._lock:
            self._check_open()
            self.trace.reports = reports_of(self.trace)
            self._reports_of = reports_of
            self._document = None

    def close(self) -> None:
        """End the explorer: runs, threads, widgets. The picture stays in the notebook. Closing again is harmless."""
        with self._lock:
            if not self._open:
                return
            self._open = False
            self._conductor.close()
            self.panel.close()
            self.trace = self._document = self._rerun = self._handle = None  # type: ignore[assignment]
            self.values, self._wanted = {}, {}
        lifetime.closed(self)

    def __getitem__(self, name: str) -> Any:
        with self._lock:
            self._check_open()
            return self.trace[name]

    def __getattr__(self, name: str) -> Any:
        trace = self.__dict__.get("trace")
        if trace is None or name.startswith("_"):
            raise AttributeError(f"an Explorer has no attribute {name!r}")
        return getattr(trace, name)

    def __repr__(self) -> str:
        with self._lock:
            if not self._open:
                return "<Explorer, closed>"
            return f"<Explorer of {self.trace.output_name}: {self._named(self.values)}, {self.trace.mode} mode>"

    def _check_open(self) -> None:
        if not self._open:
            raise InputError("this explorer is closed", fix="run its cell again")

    def _ipython_display_(self) -> None:
        from IPython.display import display

        with self._lock:
            if not self._open:
                print(repr(self))
                return
            display(self.panel.bundle(), raw=True)
            if self._handle is None:
                self._handle = display(pictures.whole(self.document), raw=True, display_id=True)
            else:
                self._handle.display(pictures.whole(self.document), raw=True)

    # -- from the panel

    def choose(self, name: str, value: Any) -> None:
        """A control was moved."""
        with self._lock:
            self._wanted[name] = value
            self._ask()

    def switch(self, **changes: Any) -> None:
        """A toggle was pressed."""
        with self._lock:
            self._setup = dataclasses.replace(self._setup, **changes)
            self._ask()

    def cancel(self) -> None:
        """Cancel was pressed."""
        self._conductor.cancel()

    def _ask(self) -> None:
        self._conductor.ask((dict(self._wanted), self._setup, self.panel.ranges))

    # -- runs

    def _run(self, wish: Any) -> Any:
        """One run, on a thread of its own: it touches no state of the explorer."""
        values, setup, ranges = wish
        trace = self._rerun(values, setup)
        if self._reports_of is not None:
            trace.reports = self._reports_of(trace)
        return trace, self._pictures.document(trace, ranges), setup

    def finished(self, result: Any, seconds: float) -> None:
        """The conductor's: a run ended well."""
        with self._updating():
            self.trace, self._document, self._shown = result
            self.values = values_of(self.trace)
            self.failure = None
            self._seconds = seconds
            self.panel.say("")
            self.panel.explain(order_reason(self.trace))
            self.panel.colour(self.trace.mode)
            if self._setup.mode == "auto":
                self.panel.mode.show(self.trace.mode)
            self.panel.pace(seconds)
            self._update(pictures.quick)
            self.panel.note(self._document["output"])

    def failed(self, error: BaseException, seconds: float) -> None:
        """The conductor's: a run ended otherwise; the last good picture stays."""
        with self._updating():
            still = f"still shown: {self._named(self.values)}"
            if isinstance(error, RunCancelled):
                self._wanted.update(self.values)
                self._setup = self._shown
                self.panel.restore(self.values, dataclasses.replace(self._shown, mode=self.trace.mode))
                self.panel.say(f"cancelled; {still}")
                return
            self.failure = failure_of(error)
            self.panel.fail(self.failure, still)
            error.__traceback__ = None  # its frames hold the run's namespace

    def waiting(self, seconds: float | None) -> None:
        """The conductor's: a run goes on, or no longer."""
        with self._updating():
            self.panel.wait(seconds, self._seconds)

    def settled(self) -> None:
        """The conductor's: nothing has been wanted for a moment."""
        with self._updating():
            if self.failure is None:
                self._update(pictures.whole)

    @contextlib.contextmanager
    def _updating(self) -> Any:
        """The lock; what goes wrong in showing is shown in its turn."""
        with self._lock:
            if not self._open:
                yield
                return
            try:
                yield
            except Exception as error:
                self.panel.fail(failure_of(error), "")

    def _update(self, bundle_of: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        if self._handle is not None and self._document is not None:
            self._handle.update(bundle_of(self._document), raw=True)

    def _named(self, values: dict[str, Any]) -> str:
        shown = [f"{name} = {formatting.value(value)}" for name, value in list(values.items())[:MOST_NAMED]]
        return ", ".join(shown) + (", …" if len(values) > MOST_NAMED else "")


def gpu_reason() -> str:
    """Why there is no GPU; empty where there is one."""
    from adkit.backends import require_gpu

    try:
        require_gpu()
    except DeviceError as error:
        return error.message
    return ""


def order_reason(trace: Any) -> str:
    """Why a trace has no second derivatives to show; empty where it has."""
    if numpy.shape(trace.value):
        return "needs a scalar output"
    if numpy.iscomplexobj(trace.value):
        return "needs a real output"
    return "" if any(is_real(leaf) for leaf in trace._leaves.values()) else "needs a real input"


# ------------------------------------------------------------------------------------------------ making


def explore(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Explorer:
    """See `adkit.explore`."""
    shell = current_shell()
    setup = Setup("auto", 1, adkit.settings.current().device)
    rerun = FunctionRerun(f, args, kwargs, shell)
    trace = rerun.first(setup)
    return Explorer(rerun, trace, setup, VIEWS, shell)


def explore_cell(shell: Any, cell: CellText, options: Options) -> Explorer:
    """The explorer of a `%%grad --explore` cell, which runs once as any other.

    Raises whatever the user's code raises.
    """
    __tracebackhide__ = True
    return _explored(CellRerun(shell, prepare(shell, cell, options), options), options, shell)


def explore_expression(shell: Any, cell: CellText, options: Options, local_ns: Any = None) -> Explorer:
    """The explorer of `%grad --explore EXPR`."""
    __tracebackhide__ = True
    program, local = prepare_expression(shell, cell, local_ns)
    return _explored(CellRerun(shell, program, options, local), options, shell)


def _explored(rerun: CellRerun, options: Options, shell: Any) -> Explorer:
    __tracebackhide__ = True
    trace = rerun.first()
    device = options.device or adkit.settings.current().device
    views = options.views if "plot" not in options.views else (*options.views, "player")
    mode = options.mode or adkit.settings.current().mode
    return Explorer(rerun, trace, Setup(mode, options.order, device), views, shell)


def current_shell() -> Any:
    """The running IPython shell, or None."""
    import sys

    module = sys.modules.get("IPython")
    return None if module is None else module.get_ipython()
