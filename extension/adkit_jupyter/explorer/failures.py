"""What went wrong in a re-run: the error in one line, and the line of the user's that it comes from.

Not for: errors of the first run, which are shown as those of any cell.
"""

from __future__ import annotations

import html
import linecache
from dataclasses import dataclass
from types import TracebackType

from adkit.errors import AdkitError
from adkit.source import is_library

from ..cell import adkit_cause

__adkit__ = True

LONGEST = 600


@dataclass(frozen=True)
class Failure:
    """An error for the panel; `line` and `source` are the user's, None and empty where they are not known."""

    text: str
    line: int | None = None
    source: str = ""

    def as_html(self, still_shown: str) -> str:
        """The error as HTML, everything in it escaped; `still_shown` says what the picture below is of."""
        place = f"line {self.line}" if self.line is not None else ""
        code = f"<code>{html.escape(self.source)}</code>" if self.source else ""
        where = f'<div class="adkit-explorer-line">{place} {code}</div>' if place or code else ""
        below = f'<div class="adkit-explorer-below">{html.escape(still_shown)}</div>' if still_shown else ""
        return (
            f'<div class="adkit-explorer-error" role="alert" style="line-height:1.5">'
            f"<b>{html.escape(self.text)}</b>{where}{below}</div>"
        )


def failure_of(error: BaseException) -> Failure:
    """The words for an exception of a re-run.

    >>> try:
    ...     1 / 0
    ... except ZeroDivisionError as error:
    ...     failure_of(error).text
    'ZeroDivisionError: division by zero'
    """
    shown = adkit_cause(error) or error
    message = " ".join(str(shown).split())[:LONGEST]
    text = f"{type(shown).__name__}: {message}" if message else type(shown).__name__
    filename, line = _place(shown, error.__traceback__)
    if filename is None or line is None:
        return Failure(text)
    return Failure(text, line, linecache.getline(filename, line).strip()[:LONGEST])


def _place(error: BaseException, traceback: TracebackType | None) -> tuple[str | None, int | None]:
    """The user's line: that of the error itself, else the innermost frame that is no library's."""
    if isinstance(error, AdkitError) and error.filename is not None:
        return error.filename, error.line
    if isinstance(error, SyntaxError):
        return error.filename, error.lineno
    found: tuple[str | None, int | None] = (None, None)
    while traceback is not None:
        if not is_library(traceback.tb_frame):
            found = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    return found
