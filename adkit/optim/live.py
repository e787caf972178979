"""What a person sees while `fit` runs: tqdm's bar in a terminal, and in a notebook the bar, the loss and the gradients.

In a notebook two outputs are made: one that lives while the run does and is empty before and after it, and the final
picture. Both are the same whenever the same run is repeated, so a saved notebook can be compared with a new run.
Nothing is drawn more often than twice a second. Not for: what is drawn (`adkit.views.training`).
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from typing import Any

from ..errors import OptionError, PackageError

__adkit__ = True

PERIOD = 0.5  # seconds between two pictures
_EMPTY = {"text/plain": "", "text/html": ""}

Document = Callable[[str], dict[str, Any]]


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this code."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    return getattr(shell, "kernel", None) is not None


def chosen(progress: bool | str, plot: bool | str) -> tuple[bool, bool]:
    """Whether a bar and a plot are shown; "auto" is both in a notebook, and the bar in a terminal if tqdm is there."""
    for name, value in (("progress", progress), ("plot", plot)):
        if value not in (True, False, "auto"):
            raise OptionError(f"{name}={value!r} is not possible", fix="use True, False or 'auto'")
    notebook = in_notebook()
    if plot is True and not notebook:
        raise OptionError("plot=True needs a notebook", fix="leave it out, and show fit(...).plot() where it is wanted")
    if progress == "auto":
        progress = (notebook or sys.stderr.isatty()) and _tqdm() is not None
    elif progress and _tqdm() is None:
        raise PackageError("the progress bar needs tqdm, which is not installed", fix="pip install tqdm")
    return bool(progress), notebook if plot == "auto" else bool(plot)


def _tqdm() -> Any:
    try:
        from tqdm.std import tqdm
    except ImportError:
        return None
    return tqdm


def shown(progress: bool, plot: bool, total: int | None, document: Document) -> Any:
    """The display of a run: `advance(steps, loss)` while it runs, and `close()`."""
    if not progress and not plot:
        return Hidden()
    if in_notebook():
        return Notebook(progress, plot, total, document)
    return Terminal(total)


class Hidden:
    """No display."""

    def advance(self, steps: int, loss: float) -> None:
        """One step more; nothing is shown."""

    def close(self) -> None:
        """The end of the run."""


class _Bar:
    """tqdm's bar, without the thread that it would start, advanced rarely so that it costs nothing."""

    def __init__(self, total: int | None, file: Any) -> None:
        kind = type("Bar", (_tqdm(),), {"monitor_interval": 0})
        terminal = file is sys.stderr
        ascii_only = None if terminal else False  # a terminal says itself what it can show
        self._bar = kind(total=total, file=file, unit="step", dynamic_ncols=terminal, mininterval=0.0, ascii=ascii_only)
        self._at = 0

    def advance(self, steps: int, loss: float) -> None:
        self._bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
        self._bar.update(steps - self._at)
        self._at = steps

    def __str__(self) -> str:
        return str(self._bar)

    def close(self) -> None:
        self._bar.close()


class Terminal:
    """The bar on standard error."""

    def __init__(self, total: int | None) -> None:
        self._bar = _Bar(total, sys.stderr)
        self._next = 0.0
        self._last: tuple[int, float] | None = None

    def advance(self, steps: int, loss: float) -> None:
        """One step more; drawn ten times a second at most."""
        self._last = steps, loss
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 0.1
            self._bar.advance(steps, loss)

    def close(self) -> None:
        """The bar as it ended."""
        if self._last is not None:
            self._bar.advance(*self._last)
        self._bar.close()


class Notebook:
    """The living output of a run, and the final picture."""

    def __init__(self, progress: bool, plot: bool, total: int | None, document: Document) -> None:
        from IPython.display import display

        self._document, self._plot = document, plot
        self._bar = _Bar(total, io.StringIO()) if progress else None
        self._handle = display(_EMPTY, raw=True, display_id=True)
        self._next = time.monotonic() + PERIOD

    def advance(self, steps: int, loss: float) -> None:
        """One step more; drawn twice a second at most, and rarer if drawing takes long."""
        began = time.monotonic()
        if began < self._next:
            return
        line = ""
        if self._bar is not None:
            self._bar.advance(steps, loss)
            line = str(self._bar)
        self._handle.update(bundle(self._document(line), self._plot), raw=True)
        ended = time.monotonic()
        self._next = ended + max(PERIOD, 10 * (ended - began))

    def close(self) -> None:
        """Empty the living output, and show the final picture."""
        from IPython.display import display

        if self._bar is not None:
            self._bar.close()
        self._handle.update(_EMPTY, raw=True)
        if self._plot:
            display(bundle(self._document(""), True), raw=True)


def bundle(doc: dict[str, Any], plot: bool) -> dict[str, str]:
    """What a notebook shows: the picture, or where no plot is wanted the bar alone."""
    from ..views import markup, training
    from ..views.glyphs import clean, escape

    if plot:
        return {"text/plain": training.text(doc), "text/html": training.html(doc)}
    line = doc["bar"]
    return {"text/plain": clean(line), "text/html": f'<pre style="{markup.CODE};margin:0">{escape(line)}</pre>'}
