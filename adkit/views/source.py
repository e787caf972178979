"""The user's source as runs of text, each with the tint of the innermost expression that covers it.

The tint says how large the tangent or adjoint of that expression is, on a logarithmic scale; zero and not-finite get
a pattern as well. It makes runs, `html` makes markup of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DECADES = 4.0  # sizes this many powers of ten below the largest get the faintest tint
FAINTEST, STRONGEST = 0.05, 0.34


@dataclass(frozen=True)
class Run:
    """A piece of one line: its text, the mark that covers it (None for plain text), and the share of tint."""

    text: str
    mark: dict[str, Any] | None
    share: float


def strength(weight: float | None, heaviest: float) -> float:
    """The tint's share, 0 to 1, for a weight beside the heaviest one.

    >>> strength(1.0, 1.0), strength(0.0, 1.0), strength(None, 1.0)
    (0.34, 0.0, 0.0)
    """
    if not weight or not heaviest or weight <= 0:
        return 0.0
    share = max(0.0, 1 + math.log10(min(1.0, weight / heaviest)) / DECADES)
    return round(FAINTEST + (STRONGEST - FAINTEST) * share**3, 2)


def lines(source: dict[str, Any]) -> Iterator[tuple[int, list[Run]]]:
    """Each line of the source with its number and its runs.

    Args:
        source: the document's `source`; spans outside the text are cut to it.

    Example:
        >>> mark = {"span": [1, 4, 1, 10], "variable": "v1", "weight": 1.0, "state": "normal"}
        >>> [run.text for run in next(lines({"text": "y = sin(x)", "first_line": 1, "marks": [mark]}))[1]]
        ['y = ', 'sin(x)']
    """
    texts = source["text"].split("\n")
    first = source.get("first_line") or 1
    heaviest = max((mark.get("weight") or 0.0 for mark in source["marks"]), default=0.0)
    covers = _covers(source["marks"], first, texts)
    for number, text in enumerate(texts):
        runs: list[Run] = []
        owners = covers.get(number, [None] * len(text))
        start = 0
        for end in range(1, len(text) + 1):
            if end == len(text) or owners[end] is not owners[start]:
                mark = owners[start]
                share = strength(mark.get("weight"), heaviest) if mark else 0.0
                runs.append(Run(text[start:end], mark, share))
                start = end
        yield first + number, runs


def _covers(marks: list[dict[str, Any]], first: int, texts: list[str]) -> dict[int, list[dict[str, Any] | None]]:
    """Per line, the innermost mark over every character: wider marks are laid down first."""
    laid: dict[int, list[dict[str, Any] | None]] = {}
    for mark in sorted(marks, key=_extent, reverse=True):
        line, column, last, end = mark["span"]
        for number in range(max(0, line - first), min(len(texts), last - first + 1)):
            text = texts[number]
            owners = laid.setdefault(number, [None] * len(text))
            begin = column if number == line - first else len(text) - len(text.lstrip())
            stop = end if number == last - first else len(text)
            for place in range(max(0, begin), min(stop, len(text))):
                owners[place] = mark
    return laid


def _extent(mark: dict[str, Any]) -> tuple[int, int]:
    line, column, last, end = mark["span"]
    return last - line, end - column
