"""The piece of source behind each instruction: line, columns in characters, text, and the file if it is not the cell
itself.

Not for: names (`naming`).
"""

from __future__ import annotations

import functools
import linecache
import os
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

from .source import span_of

__adkit__ = True

LONGEST_SNIPPET = 200


@dataclass(frozen=True)
class Place:
    """Where an instruction came from; `file` is `None` for the cell itself, `span` is `None` where columns are
    unknown.
    """

    line: int
    span: list[int] | None
    snippet: str | None
    file: str | None


class Snippets:
    """Places in the source of one trace; the same place is worked out once."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._places: dict[tuple[int, int], Place | None] = {}
        self._files: dict[str, list[str]] = {}

    def place(self, code: CodeType | None, lasti: int) -> Place | None:
        """The place of an instruction of a code object."""
        if code is None:
            return None
        key = (id(code), lasti)
        if key not in self._places:
            self._places[key] = self._find(code, lasti)
        return self._places[key]

    def _find(self, code: CodeType, lasti: int) -> Place | None:
        span = span_of(code, lasti)
        if span is None:
            return None
        own = self._source is not None and span.filename == self._source.filename
        offset = self._source.first_line - 1 if own else 0
        file = None if own else short_name(span.filename)
        lines = self._lines(span.filename)
        if span.column < 0 or not 0 < span.line <= len(lines):
            return Place(span.line + offset, None, None, file)
        first, last = lines[span.line - 1], lines[span.end_line - 1] if span.end_line <= len(lines) else ""
        start = len(first.encode()[: span.column].decode(errors="replace"))
        end = len(last.encode()[: span.end_column].decode(errors="replace"))
        text = first[start:end] if span.line == span.end_line else first[start:].rstrip() + " …"
        return Place(
            span.line + offset, [span.line + offset, start, span.end_line + offset, end], text[:LONGEST_SNIPPET], file
        )

    def _lines(self, filename: str) -> list[str]:
        lines = self._files.get(filename)
        if lines is None:
            lines = self._files[filename] = [line.rstrip("\n") for line in linecache.getlines(filename)]
        return lines

    def extent(self, steps: Sequence[Any]) -> tuple[int | None, int | None, str | None, str | None]:
        """First and last line of some steps, their file, and their function if they are all inside one."""
        lines: list[int] = []
        files: set[str | None] = set()
        functions = set()
        for code, lasti in {(id(s.code), s.lasti): (s.code, s.lasti) for s in steps}.values():
            place = self.place(code, lasti)
            if place is not None:
                lines.append(place.line)
                files.add(place.file)
                functions.add(code.co_name)
        function = functions.pop() if len(functions) == 1 else None
        function = None if function is None or function.startswith("<") else function
        if len(files) != 1:
            return None, None, None, function
        return min(lines), max(lines), files.pop(), function


CELL = "earlier cell"


@functools.lru_cache(maxsize=256)
def short_name(filename: str) -> str:
    """A file's name without the path of the machine: `module.py`, `scipy/special/_basic.py`, "earlier cell"."""
    parts = filename.replace("\\", "/").split("/")
    if "site-packages" in parts:
        return "/".join(parts[parts.index("site-packages") + 1 :])
    if filename.startswith("<") or any(part.startswith(("ipykernel_", "ipython-input")) for part in parts):
        return CELL
    return os.path.basename(filename)
