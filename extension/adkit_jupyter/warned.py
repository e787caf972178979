"""Warnings that name the user's line: NumPy warns where it is called, which under tracing is a line of adkit's.

`%load_ext adkit` puts a `warnings.showwarning` in front of the one that is there. It changes what is shown; filters
and records are Python's. Not for: warnings of adkit's own, which name the user's line from the start.
"""

from __future__ import annotations

import sys
import warnings
from types import FrameType
from typing import Any

from adkit.source import user_line

__adkit__ = True


class UsersWarnings:
    """The `showwarning` of a shell that has the extension."""

    def __init__(self) -> None:
        self._before: Any = None

    def put_on(self) -> None:
        """Stand in front of the process's `showwarning`."""
        self._before = warnings.showwarning
        warnings.showwarning = self._show

    def take_off(self) -> None:
        """Step back, unless somebody else has put another one in front."""
        if warnings.showwarning == self._show:
            warnings.showwarning = self._before

    def before_cell(self, info: Any = None) -> None:
        """Forget which of adkit's lines have warned: it was other lines of the user's."""
        for name, module in list(sys.modules.items()):
            if name.startswith("adkit"):
                vars(module).pop("__warningregistry__", None)

    def _show(
        self, message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: str | None = None
    ) -> None:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_globals.get("__name__") == "warnings":
            frame = frame.f_back
        if frame is not None and "__adkit__" in frame.f_globals and frame.f_code.co_filename == filename:
            users_file, users_line = user_line(frame)
            if users_file is not None and users_line is not None:
                filename, lineno, line = users_file, users_line, None
        self._before(message, category, filename, lineno, file, line)
