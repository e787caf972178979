"""Folding a long program for display: repeated stretches become "loop ×200", and what is still too long is summarised.

Works on *steps*: nodes and guards in the order of recording. Not for: what a row shows (`document`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .nodes import GuardRecord, Node

__adkit__ = True

SHORTEST = 3  # repetitions that are worth a fold
FOLD_FROM = 8  # steps that a loop must have in all to be folded
LONGEST_PERIOD = 5000
ROWS_PER_FOLD = 200
ROWS = 400

Step = Node | GuardRecord


@dataclass
class Fold:
    """`count` repetitions of a stretch of steps; `first` is the first of them, itself folded; `length` the steps
    of all.
    """

    count: int
    length: int
    first: list[Any] = field(default_factory=list)
    steps: Sequence[Step] = ()

    @property
    def instructions(self) -> int:
        """The number of instructions in all repetitions."""
        return sum(type(step) is Node for step in self.steps)


@dataclass
class Rest:
    """Steps that are not listed."""

    steps: Sequence[Step]

    @property
    def instructions(self) -> int:
        """The number of instructions that are left out."""
        return sum(type(step) is Node for step in self.steps)


def site(step: Step) -> tuple[Any, ...]:
    """What makes two steps repetitions of each other: the place in the source and the operation."""
    if isinstance(step, GuardRecord):
        return (id(step.code), step.lasti, "guard")
    return (id(step.code), step.lasti, step.primitive.name)


def fold(steps: Sequence[Step], limit: int = ROWS) -> list[Any]:
    """Steps, `Fold`s and, in the middle of what is still longer than `limit`, one `Rest`.

    Loops inside a loop are folded inside its first repetition. Time is linear in the number of steps.
    """
    items = _fold_level(steps, depth=0)
    if len(items) <= limit:
        return items
    head, tail = limit * 2 // 3, limit // 3
    return [*items[:head], Rest(_steps_of(items[head:-tail])), *items[-tail:]]


def _steps_of(items: Sequence[Any]) -> list[Step]:
    found: list[Step] = []
    for item in items:
        found.extend(item.steps if isinstance(item, (Fold, Rest)) else [item])
    return found


def _fold_level(steps: Sequence[Step], depth: int) -> list[Any]:
    sites = _numbered([site(step) for step in steps])
    following = _next_same(sites)
    items: list[Any] = []
    i, n = 0, len(steps)
    while i < n:
        period, count = _repetition(sites, following, i)
        if count >= SHORTEST and period * count >= FOLD_FROM:
            length = period * count
            first = (
                _fold_level(steps[i : i + period], depth + 1)
                if period > 1 and depth < 4
                else list(steps[i : i + period])
            )
            if len(first) > ROWS_PER_FOLD:
                first = [*first[: ROWS_PER_FOLD - 1], Rest(_steps_of(first[ROWS_PER_FOLD - 1 :]))]
            items.append(Fold(count, length, first, steps[i : i + length]))
            i += length
        else:
            items.append(steps[i])
            i += 1
    return items


def _numbered(keys: list[tuple[Any, ...]]) -> list[int]:
    numbers: dict[tuple[Any, ...], int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _next_same(sites: list[int]) -> list[int]:
    """For each position the next one with the same site, or -1."""
    following = [-1] * len(sites)
    last: dict[int, int] = {}
    for i in range(len(sites) - 1, -1, -1):
        following[i] = last.get(sites[i], -1)
        last[sites[i]] = i
    return following


def _repetition(sites: list[int], following: list[int], i: int) -> tuple[int, int]:
    """Period and count of the repetition that starts at `i`: the stretch up to where its first site comes again in
    the same company.

    Inner loops make the first site recur early; a few further recurrences are tried as the period.
    """
    best = (1, 1)
    j = following[i]
    for _ in range(6):
        if j < 0 or j - i > LONGEST_PERIOD:
            break
        period = j - i
        block = sites[i:j]
        count = 1
        while sites[i + count * period : i + (count + 1) * period] == block:
            count += 1
        if count >= SHORTEST and period * count > best[0] * best[1]:
            best = (period, count)
        j = following[j]
    return best
