"""Two sequences of instructions laid side by side, by what each one is in the source.

Not for: comparing what they computed (`difference`).
"""

from __future__ import annotations

import bisect
import collections
import difflib
from collections.abc import Hashable, Sequence

__adkit__ = True

LARGEST_TABLE = 100_000  # pairs of equal keys that difflib may look at, again for every block that it finds

Pair = tuple[int | None, int | None]


def align(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Pair]:
    """Pairs of positions in order: matched, or `None` on the side that lacks one.

    >>> align("abxd", "abcd")
    [(0, 0), (1, 1), (2, None), (None, 2), (3, 3)]
    """
    head = 0
    while head < min(len(a), len(b)) and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < min(len(a), len(b)) - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    inner_a, inner_b = a[head : len(a) - tail], b[head : len(b) - tail]
    count = collections.Counter(inner_b)
    small = sum(map(count.__getitem__, inner_a)) <= LARGEST_TABLE
    matched = _by_blocks(inner_a, inner_b) if small else _by_occurrence(inner_a, inner_b)
    pairs: list[Pair] = [(i, i) for i in range(head)]
    pairs += _with_gaps([(i + head, j + head) for i, j in matched], head, len(a) - tail, len(b) - tail)
    return pairs + [(len(a) - tail + i, len(b) - tail + i) for i in range(tail)]


def _by_blocks(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return [(i + k, j + k) for i, j, size in blocks for k in range(size)]


def _by_occurrence(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The longest increasing run of pairs of equal occurrences (the first with the first, …): fast for long loops."""
    places: dict[tuple[Hashable, int], int] = {}
    for j, key in enumerate(_numbered(b)):
        places[key] = j
    pairs = [(i, places[key]) for i, key in enumerate(_numbered(a)) if key in places]
    ends: list[int] = []  # smallest last j of a run of each length
    at: list[int] = []
    before: list[int] = []
    for index, (_, j) in enumerate(pairs):
        length = bisect.bisect_left(ends, j)
        if length == len(ends):
            ends.append(j)
            at.append(index)
        else:
            ends[length] = j
            at[length] = index
        before.append(at[length - 1] if length else -1)
    found = []
    index = at[-1] if at else -1
    while index >= 0:
        found.append(pairs[index])
        index = before[index]
    return found[::-1]


def _numbered(keys: Sequence[Hashable]) -> list[tuple[Hashable, int]]:
    seen: dict[Hashable, int] = {}
    found = []
    for key in keys:
        count = seen[key] = seen.get(key, -1) + 1
        found.append((key, count))
    return found


def _with_gaps(matched: Sequence[tuple[int, int]], start: int, end_a: int, end_b: int) -> list[Pair]:
    pairs: list[Pair] = []
    i = j = start
    for at_a, at_b in [*matched, (end_a, end_b)]:
        pairs += [(k, None) for k in range(i, at_a)]
        pairs += [(None, k) for k in range(j, at_b)]
        if at_a < end_a or at_b < end_b:
            pairs.append((at_a, at_b))
        i, j = at_a + 1, at_b + 1
    return pairs


def refined(pairs: Sequence[Pair], a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Pair]:
    """The same pairs with those in each gap that agree by weaker keys put together.

    >>> refined(align("abxd", "abcd"), "1111", "1111")
    [(0, 0), (1, 1), (2, 2), (3, 3)]
    """
    result: list[Pair] = []
    gap: list[Pair] = []
    for pair in [*pairs, None]:
        if pair is not None and (pair[0] is None or pair[1] is None):
            gap.append(pair)
            continue
        left = [i for i, _ in gap if i is not None]
        right = [j for _, j in gap if j is not None]
        if left and right:
            inner = align([a[i] for i in left], [b[j] for j in right])
            gap = [(None if i is None else left[i], None if j is None else right[j]) for i, j in inner]
        result += gap
        gap = []
        if pair is not None:
            result.append(pair)
    return result
