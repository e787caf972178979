"""Syntax errors of a `%%grad` cell, shown as those of a plain cell are: the user's line, and no frame of ours.

IPython shows a syntax error that is raised while a cell runs with the whole stack; a handler for our subclass, put in
place by IPython's own `set_custom_exc`, shows it as if the cell had been refused before it ran. Not for: other errors.
"""

from __future__ import annotations

from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from adkit.errors import AdkitError

__adkit__ = True


class CellSyntaxError(AdkitError, SyntaxError):
    """A syntax error in a cell, at the user's line; to Python and to readers it is a `SyntaxError`."""


class CellIndentationError(CellSyntaxError, IndentationError):
    """An indentation error in a cell."""


CellSyntaxError.__name__ = "SyntaxError"
CellIndentationError.__name__ = "IndentationError"


def as_cell_error(error: SyntaxError) -> CellSyntaxError:
    """The error of the cell for an error of Python's parser or compiler."""
    kind = CellIndentationError if isinstance(error, IndentationError) else CellSyntaxError
    made = kind(error.msg, filename=error.filename, line=error.lineno)
    made.msg, made.lineno, made.offset, made.text = error.msg, error.lineno, error.offset, error.text
    made.end_lineno, made.end_offset = error.end_lineno, error.end_offset
    return made


class SyntaxErrorDisplay:
    """The handler in IPython's one slot for exceptions shown specially; a handler that was there goes on working."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._previous = (shell.custom_exceptions, shell.CustomTB)
        self._installed: Any = None

    def put_on(self, shell: InteractiveShell) -> None:
        """Show our syntax errors without a stack."""
        shell.set_custom_exc((CellSyntaxError, *self._previous[0]), self._show)
        self._installed = shell.CustomTB

    def take_off(self, shell: InteractiveShell) -> None:
        """Put back what was there, unless somebody else has put in something since."""
        if shell.CustomTB is self._installed:
            shell.custom_exceptions, shell.CustomTB = self._previous

    def _show(self, shell: InteractiveShell, kind: Any, error: Any, traceback: Any, tb_offset: Any = None) -> Any:
        if isinstance(error, CellSyntaxError):
            shell.showsyntaxerror()
            return None
        return self._previous[1](kind, error, traceback, tb_offset)
