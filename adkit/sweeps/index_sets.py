"""Sets of input elements, each stored once and known by a number: what the sparsity sweep computes with.

Set 0 is empty, set 1 + j is {j}. An array of set numbers says for every element of a variable which inputs it depends
on, so that rows which move elements move numbers, and only rows which mix elements make new sets. A union that equals
one of its parts keeps that part's number.

Arrays of unions are made by sorting; single unions of small sets by Python's own sets; single unions of large ones are
noted and worked out only if someone asks, or a loop that adds up n numbers would cost O(n²).

Not for: what a row does to its operands (`sweeps.sparsity`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ..errors import UnsupportedError

__adkit__ = True

Ids = numpy.ndarray  # numbers of sets, int64
SMALL = 64  # sets up to this size are united at once
CHUNK = 1 << 22  # members gathered at a time
LIMIT = 1 << 28  # members in all: a gigabyte
NOTED = -1  # the length of a set whose members are not in the arrays


class IndexSets:
    """The sets over the numbers 0 … size − 1 that a sweep has met so far.

    Example
    -------
    >>> sets = IndexSets(3)
    >>> both = sets.pair(1, 3)
    >>> sets.members_of(both).tolist(), sets.pair(both, 1) == both
    ([0, 2], True)
    >>> sets.union(numpy.array([1, both, 3]), numpy.array([0, 1, 1]), 2).tolist() == [1, both]
    True
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.count = size + 1
        self._start = numpy.arange(-1, size, dtype=numpy.int64)
        self._length = numpy.ones(size + 1, numpy.int64)
        self._start[0] = self._length[0] = 0
        self._members = numpy.arange(size, dtype=numpy.int32)
        self._used = size
        self._noted: dict[int, frozenset[int] | tuple[int, int]] = {}
        self._small_sets: dict[int, frozenset[int]] = {}
        self._known: dict[frozenset[int] | tuple[int, int], int] = {}

    # -- one union at a time

    def pair(self, a: int, b: int) -> int:
        """The number of the union of two sets."""
        if a == b or not b:
            return a
        if not a:
            return b
        key = (a, b) if a < b else (b, a)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._united(*key)
        return known

    def _united(self, a: int, b: int) -> int:
        first, second = self._small(a), self._small(b)
        if first is None or second is None:
            return self._note((a, b))
        union = first | second
        if len(union) == len(first):
            return a
        if len(union) == len(second):
            return b
        known = self._known.get(union)
        if known is None:
            known = self._known[union] = self._note(union)
            self._small_sets[known] = union
        return known

    def _small(self, number: int) -> frozenset[int] | None:
        """A set of few members as Python has it; `None` for a large one, or one that nobody has worked out."""
        found = self._small_sets.get(number)
        if found is None and not isinstance(self._noted.get(number), tuple):
            if self._length[number] <= SMALL:
                found = self._small_sets[number] = frozenset(self.members_of(number).tolist())
        return found if found is None or len(found) <= SMALL else None

    def _note(self, what: frozenset[int] | tuple[int, int]) -> int:
        number = self.count
        self._reserve(1)
        self._noted[number] = what
        return number

    # -- members

    def members_of(self, number: int) -> numpy.ndarray:
        """The members of a set, ascending."""
        noted = self._noted.get(number)
        if noted is None:
            start = self._start[number]
            return self._members[start : start + self._length[number]]
        found = numpy.array(sorted(noted), numpy.int32) if isinstance(noted, frozenset) else self._collected([number])
        self._used = self._appended(found)
        self._start[number], self._length[number] = self._used - len(found), len(found)
        del self._noted[number]
        return found

    def _collected(self, numbers: list[int]) -> numpy.ndarray:
        """The union of sets, following the unions that were only noted."""
        mark = numpy.zeros(self.size, bool)
        seen = set(numbers)
        stack = list(seen)
        while stack:
            number = stack.pop()
            parts = self._noted.get(number)
            if isinstance(parts, tuple):
                for part in parts:
                    if part not in seen:
                        seen.add(part)
                        stack.append(part)
            elif isinstance(parts, frozenset):
                mark[list(parts)] = True
            else:
                start = self._start[number]
                mark[self._members[start : start + self._length[number]]] = True
        return numpy.flatnonzero(mark).astype(numpy.int32)

    def gathered(self, numbers: Ids) -> tuple[numpy.ndarray, numpy.ndarray]:
        """The sizes of sets, and their members one set after the other."""
        length = self.lengths(numbers)
        self._check(int(length.sum()))
        return length, self._members[_ranges(self._start[numbers], length)]

    def lengths(self, numbers: Ids) -> numpy.ndarray:
        """The sizes of sets."""
        length = self._length[numbers]
        if self._noted and (length == NOTED).any():
            for number in numpy.unique(numbers[length == NOTED]).tolist():
                self.members_of(number)
            length = self._length[numbers]
        return length

    # -- many unions at once

    def union_of(self, numbers: Ids) -> int:
        """The union of all these sets."""
        several = distinct(numbers)
        several = several[several != 0]
        if len(several) < 3:
            return 0 if not len(several) else self.pair(int(several[0]), int(several[-1]))
        found = self._collected(several.tolist())
        lengths = self.lengths(several)
        whole = several[lengths == len(found)]
        return int(whole[0]) if len(whole) else int(self._store(numpy.array([len(found)]), found)[0])

    def union(self, children: Ids, groups: numpy.ndarray, count: int) -> Ids:
        """Per group the union of its children; `groups` says for each child which of the `count` groups it is in."""
        keep = children != 0
        key = distinct(groups[keep].astype(numpy.int64) * self.count + children[keep])
        groups, children = numpy.divmod(key, self.count)
        sizes = numpy.bincount(groups, minlength=count)
        result = numpy.zeros(count, numpy.int64)
        alone = sizes[groups] == 1
        result[groups[alone]] = children[alone]
        groups, children = groups[~alone], children[~alone]
        if len(groups):
            several = numpy.flatnonzero(sizes > 1)
            result[several] = self._unions(children, sizes[several])
        return result

    def _unions(self, children: Ids, sizes: numpy.ndarray) -> Ids:
        """The unions of runs of two or more distinct children, ascending in each run."""
        first = numpy.cumsum(sizes) - sizes
        same = _representatives(children, first, sizes)
        chosen = distinct(same)
        if len(chosen) < len(sizes):
            children = children[_ranges(first[chosen], sizes[chosen])]
            return self._unions(children, sizes[chosen])[numpy.searchsorted(chosen, same)]
        lengths = self.lengths(children)
        longest = numpy.maximum.reduceat(lengths, first)
        largest = numpy.maximum.reduceat(numpy.where(lengths == numpy.repeat(longest, sizes), children, 0), first)
        result = numpy.where(self._absorbed(children, first, sizes, largest, longest), largest, 0)
        todo = numpy.flatnonzero(result == 0)
        if not len(todo):
            return result
        total = numpy.cumsum(numpy.add.reduceat(lengths, first)[todo])
        ends = numpy.searchsorted(total, numpy.arange(CHUNK, int(total[-1]) + CHUNK, CHUNK), side="right")
        for part in numpy.split(todo, numpy.unique(ends)):
            if len(part):
                runs = children[_ranges(first[part], sizes[part])]
                result[part] = self._gathered_unions(runs, sizes[part], largest[part], longest[part])
        return result

    def _absorbed(
        self, children: Ids, first: numpy.ndarray, sizes: numpy.ndarray, largest: Ids, longest: numpy.ndarray
    ) -> numpy.ndarray:
        """Which unions are just their largest part, found without gathering that: for the few large ones."""
        absorbed = numpy.zeros(len(first), bool)
        big = numpy.flatnonzero(longest > SMALL)
        if not len(big):
            return absorbed
        distinct, back = numpy.unique(largest[big], return_inverse=True)
        if len(distinct) > SMALL:
            return absorbed
        mark = numpy.zeros(self.size, bool)
        for k, number in enumerate(distinct.tolist()):
            mark[:] = False
            mark[self.members_of(number)] = True
            mine = big[back == k]
            others = children[_ranges(first[mine], sizes[mine])]
            owner = numpy.repeat(mine, sizes[mine])[others != number]
            length, members = self.gathered(others[others != number])
            outside = numpy.repeat(owner, length)[~mark[members]]
            absorbed[mine] = True
            absorbed[outside] = False
        return absorbed

    def _gathered_unions(self, children: Ids, sizes: numpy.ndarray, largest: Ids, longest: numpy.ndarray) -> Ids:
        run = numpy.repeat(numpy.arange(len(sizes)), sizes)
        length, members = self.gathered(children)
        keys = distinct(numpy.repeat(run, length) * self.size + members)
        run, members = numpy.divmod(keys, self.size)
        found = numpy.bincount(run, minlength=len(sizes))
        new = found > longest
        result = largest.copy()
        result[new] = self._store(found[new], members[new[run]])
        return result

    # -- storage

    def _store(self, lengths: numpy.ndarray, members: numpy.ndarray) -> Ids:
        """New sets, given one after the other."""
        numbers = numpy.arange(self.count, self.count + len(lengths))
        end = self._appended(members)
        self._reserve(len(lengths))
        ends = end - len(members) + numpy.cumsum(lengths)
        self._start[numbers], self._length[numbers] = ends - lengths, lengths
        self._used = end
        return numbers

    def _appended(self, members: numpy.ndarray) -> int:
        end = self._used + len(members)
        self._check(end)
        self._members = _grown(self._members, end, 0)
        self._members[self._used : end] = members
        return end

    def _reserve(self, count: int) -> None:
        self.count += count
        self._start = _grown(self._start, self.count, 0)
        self._length = _grown(self._length, self.count, NOTED)

    def _check(self, total: int) -> None:
        if total > LIMIT:
            raise UnsupportedError(
                f"the derivative is not sparse enough for an explicit pattern ({total:,} dependences were met)",
                fix="use jacobian_operator or hessian_operator, which never form the matrix",
            )


def _grown(array: numpy.ndarray, size: int, fill: int) -> numpy.ndarray:
    """The array, or a copy of about twice its length if that is too short."""
    if size <= len(array):
        return array
    made = numpy.full(max(size, 2 * len(array)), fill, array.dtype)
    made[: len(array)] = array
    return made


def distinct(numbers: numpy.ndarray) -> numpy.ndarray:
    """The distinct numbers, ascending: several times faster than `numpy.unique`, which hashes integers."""
    ordered = numpy.sort(numbers)
    return ordered[numpy.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def _ranges(start: numpy.ndarray, length: numpy.ndarray) -> numpy.ndarray:
    """The positions start[0], start[0] + 1, …, then those of the second range, and so on."""
    ends = numpy.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    return numpy.arange(total) + numpy.repeat(start - (ends - length), length)


def _representatives(children: Ids, first: numpy.ndarray, sizes: numpy.ndarray) -> numpy.ndarray:
    """Per run the number of the first run with the same children: found by a hash, and compared."""
    hashed = numpy.add.reduceat(_mixed(children), first)
    if len(distinct(hashed)) == len(sizes):
        return numpy.arange(len(sizes))
    _, leader, back = numpy.unique(hashed, return_index=True, return_inverse=True)
    leader = leader[back]
    same = sizes[leader] == sizes
    others = numpy.flatnonzero(same & (leader != numpy.arange(len(sizes))))
    equal = children[_ranges(first[others], sizes[others])] == children[_ranges(first[leader[others]], sizes[others])]
    runs = numpy.cumsum(sizes[others]) - sizes[others]
    if len(others):
        same[others] = numpy.logical_and.reduceat(equal, runs)
    return numpy.where(same, leader, numpy.arange(len(sizes)))


def _mixed(numbers: Any) -> numpy.ndarray:
    """The numbers scattered over 64 bits (the finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    z = numbers.astype(numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return z ^ (z >> numpy.uint64(31))
