"""Where in the user's code something happened: frames to `(code, lasti)` now, to spans and names when shown.

Not for: showing; the views get spans and snippets as plain data.
"""

from __future__ import annotations

import functools
import linecache
import os
from types import CodeType, FrameType
from typing import Any

from .wengert import SourceSpan

__adkit__ = True

_LIBRARIES = tuple(os.sep + name + os.sep for name in ("numpy", "scipy", "array_api_strict", "optree"))


def user_location(frame: FrameType | None) -> tuple[CodeType | None, int]:
    """`(code, lasti)` of the innermost frame that is the user's: neither adkit's nor NumPy's nor SciPy's.

    The offset is even, as bytecode is, where the user's code did it, and odd where a library function did it that the
    user's code called there: several instructions may then come from one call.
    """
    called = 0
    while frame is not None and is_library(frame):
        frame = frame.f_back
        called = 1
    return (None, -1) if frame is None else (frame.f_code, frame.f_lasti | called)


def user_line(frame: FrameType | None) -> tuple[str | None, int | None]:
    """File name and line of the innermost frame that is the user's."""
    while frame is not None and is_library(frame):
        frame = frame.f_back
    return (None, None) if frame is None else (frame.f_code.co_filename, frame.f_lineno)


def is_library(frame: FrameType) -> bool:
    """Whether a frame belongs to adkit or to an array library rather than to the user."""
    if "__adkit__" in frame.f_globals:
        return True
    filename = frame.f_code.co_filename
    return "site-packages" in filename and any(name in filename for name in _LIBRARIES)


def span_of(code: CodeType | None, lasti: int) -> SourceSpan | None:
    """The exact stretch of source of an instruction of a code object."""
    if code is None or lasti < 0:
        return None
    positions = _positions(code)
    line, end_line, column, end_column = positions[lasti // 2] if lasti // 2 < len(positions) else (None,) * 4
    if line is None:
        return None
    if column is None or end_line is None or end_column is None:
        return SourceSpan(code.co_filename, code.co_name, line)
    return SourceSpan(code.co_filename, code.co_name, line, column, end_line, end_column)


def is_call_of(frame: FrameType, name: str) -> bool:
    """Whether what a frame is doing now is written `name(…)`, as far as its source can be read."""
    span = span_of(frame.f_code, frame.f_lasti)
    if span is None or span.column is None:
        return False
    line = linecache.getline(span.filename, span.line, frame.f_globals)
    return line.encode()[span.column :].startswith(f"{name}(".encode())


@functools.lru_cache(maxsize=4096)
def _positions(code: CodeType) -> list[Any]:
    return list(code.co_positions())
