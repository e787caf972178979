"""Colouring of the columns of a sparse matrix, so that columns of one colour can be found from one product.

* `columns`: columns of one colour have no row in common (Curtis, Powell and Reid 1974), greedily in a good order;
* `star`: for a symmetric matrix, a star colouring, from which each entry is read directly off one of the products
  (Coleman and Moré 1984; Gebremedhin, Manne and Pothen 2005, section 4).

Colours that a vertex must not take are kept as the bits of one integer per row, so that a colouring costs a few steps
per non-zero, whatever the lengths of the rows.

Not for: evaluating anything (`sparse.plan`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

import numpy

__adkit__ = True

Colors = numpy.ndarray  # per column its colour, from 0; −1 for a column without entries
PATIENCE = 3_000_000  # steps spent on a costly order


def columns(indptr: numpy.ndarray, indices: numpy.ndarray, rows: int, orders: int = 3) -> Colors:
    """Colours such that no row has two columns of the same colour.

    Parameters
    ----------
    indptr, indices: the row numbers of each column, as in a CSC matrix.
    rows: the number of rows.
    orders: how many orders are tried.

    Natural order first, which is optimal for banded matrices; then largest first and smallest last, as long as the
    longest row leaves hope for fewer colours. The best is returned.

    Example
    -------
    >>> columns(numpy.array([0, 1, 2, 3]), numpy.array([0, 1, 1]), 2)
    array([0, 0, 1])
    """
    least = int(numpy.bincount(indices, minlength=1).max(initial=0))
    size = len(indptr) - 1
    if least == size:
        return numpy.arange(size)
    best = numpy.full(size, -1)
    colors = size + 1
    for order in itertools.islice(_column_orders(indptr, indices, rows), orders):
        found = _greedy(indptr.tolist(), indices.tolist(), rows, order)
        if found.max(initial=-1) + 1 < colors:
            best, colors = found, int(found.max(initial=-1)) + 1
        if colors <= least:
            break
    return best


def _greedy(indptr: list[int], indices: list[int], rows: int, order: Iterable[int]) -> Colors:
    used = [0] * rows
    found = [-1] * (len(indptr) - 1)
    for j in order:
        mine = indices[indptr[j] : indptr[j + 1]]
        taken = 0
        for i in mine:
            taken |= used[i]
        bit = ~taken & (taken + 1)
        for i in mine:
            used[i] |= bit
        if mine:
            found[j] = bit.bit_length() - 1
    return numpy.array(found)


def _column_orders(indptr: numpy.ndarray, indices: numpy.ndarray, rows: int) -> Iterator[Iterable[int]]:
    """Natural, largest first, smallest last: the latter only if it is not too costly."""
    yield range(len(indptr) - 1)
    count = numpy.bincount(indices, minlength=rows)
    degree = numpy.bincount(_owners(indptr), (count - 1)[indices], len(indptr) - 1)
    yield numpy.argsort(-degree, kind="stable").tolist()
    if int(numpy.sum(count.astype(float) ** 2)) <= PATIENCE:
        yield _smallest_last(indptr, indices, rows, degree.astype(int))


def _smallest_last(indptr: numpy.ndarray, indices: numpy.ndarray, rows: int, degree: numpy.ndarray) -> list[int]:
    """The smallest-last order of columns, two of which meet in each row that they share."""
    by_row = numpy.argsort(indices, kind="stable")
    members = _owners(indptr)[by_row].tolist()
    start = numpy.concatenate([[0], numpy.cumsum(numpy.bincount(indices, minlength=rows))]).tolist()
    rows_of, begin = indices.tolist(), indptr.tolist()

    def met_by(j: int) -> Iterator[int]:
        for i in rows_of[begin[j] : begin[j + 1]]:
            yield from members[start[i] : start[i + 1]]

    return _removed_last_first(degree.tolist(), met_by)


def _removed_last_first(left: list[int], met_by: Callable[[int], Iterable[int]]) -> list[int]:
    """Remove what meets the fewest others, `left[j]` of them, again and again; the last one removed comes first.

    Source: Matula and Beck, "Smallest-last ordering and clustering and graph coloring algorithms" (1983).
    """
    buckets: list[list[int]] = [[] for _ in range(max(left, default=0) + 1)]
    for j, d in enumerate(left):
        buckets[d].append(j)
    removed = [False] * len(left)
    order: list[int] = []
    lowest = 0
    while len(order) < len(left):
        while not buckets[lowest]:
            lowest += 1
        j = buckets[lowest].pop()
        if removed[j] or left[j] != lowest:
            continue
        removed[j] = True
        order.append(j)
        for k in met_by(j):
            if not removed[k]:
                left[k] -= 1
                buckets[left[k]].append(k)
                if left[k] < lowest:
                    lowest = left[k]
    return order[::-1]


def star(indptr: numpy.ndarray, indices: numpy.ndarray) -> Colors:
    """A star colouring of a symmetric matrix: neighbours differ, and every path of four has at least three colours.

    Of the orders largest first, natural and smallest last the one with the fewest colours is taken. A column without
    entries has colour −1.

    Example
    -------
    >>> arrow = numpy.array([[1, 1, 1], [1, 1, 0], [1, 0, 1]])
    >>> star(numpy.array([0, 3, 5, 7]), arrow.nonzero()[1])
    array([0, 1, 1])
    """
    size = len(indptr) - 1
    owners = _owners(indptr)
    off = owners != indices
    neighbours = indices[off].tolist()
    start = numpy.concatenate([[0], numpy.cumsum(numpy.bincount(owners[off], minlength=size))]).tolist()
    lists = [neighbours[a:b] for a, b in zip(start[:-1], start[1:], strict=True)]
    degrees = numpy.diff(start)
    orders: list[Iterable[int]] = [range(size), numpy.argsort(-degrees, kind="stable").tolist()]
    if int(numpy.sum(degrees.astype(float) ** 2)) <= PATIENCE:
        orders.append(_removed_last_first([len(each) for each in lists], lists.__getitem__))
    found = min((_star_greedy(lists, order) for order in orders), key=lambda colors: colors.max(initial=-1))
    found[numpy.diff(indptr) == 0] = -1
    return found


def _star_greedy(lists: list[list[int]], order: Iterable[int]) -> Colors:
    """The greedy star colouring in a given order.

    `near[w]` has the colours of w's neighbours. Where w has no colour yet, its neighbours must all differ; where it
    has one, v must avoid it, and the colour of any x next to w that has a second neighbour of w's colour: `far[w]`.
    """
    size = len(lists)
    color = [0] * size  # the colour as a bit, 0 for none
    near, twice, far = [0] * size, [0] * size, [0] * size
    for v in order:
        taken = 0
        for w in lists[v]:
            taken |= color[w] | far[w] if color[w] else near[w]
        bit = color[v] = ~taken & (taken + 1)
        for w in lists[v]:
            if near[w] & bit and not twice[w] & bit:
                twice[w] |= bit
                for u in lists[w]:  # w now has two neighbours of this colour, v and u
                    if color[u] == bit:
                        far[u] |= color[w]
            elif twice[w] & bit:
                far[v] |= color[w]
            near[w] |= bit
    return numpy.array([bit.bit_length() - 1 for bit in color], dtype=int)


def is_star_coloring(indptr: numpy.ndarray, indices: numpy.ndarray, colors: Colors) -> bool:
    """Whether each entry of a symmetric matrix can be read directly: the condition that a star colouring gives."""
    owners = _owners(indptr)
    off = owners != indices
    if (colors[owners[off]] == colors[indices[off]]).any():
        return False
    alone = sole_of_its_color(owners, indices, colors)
    mirrored = sole_of_its_color(indices, owners, colors)
    return bool((alone | mirrored).all())


def is_column_coloring(indptr: numpy.ndarray, indices: numpy.ndarray, colors: Colors) -> bool:
    """Whether no row has two columns of the same colour."""
    return bool(sole_of_its_color(indices, _owners(indptr), colors).all())


def sole_of_its_color(rows: numpy.ndarray, cols: numpy.ndarray, colors: Colors) -> numpy.ndarray:
    """Per entry whether no other column of its colour has an entry in its row."""
    key = rows.astype(numpy.int64) * (int(colors.max(initial=0)) + 2) + colors[cols]
    _, back, count = numpy.unique(key, return_inverse=True, return_counts=True)
    return count[back] == 1


def _owners(indptr: numpy.ndarray) -> numpy.ndarray:
    """Per entry the column that it is in."""
    return numpy.repeat(numpy.arange(len(indptr) - 1), numpy.diff(indptr))
