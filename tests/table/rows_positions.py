"""Cases of the rows that read and add at positions given as an operand, of those that find positions, and of integers."""

from __future__ import annotations

import numpy as np

from .case import SIGNED, cases_of

PLACES = np.array([[0, 5, 2], [2, 2, 1]])
X = np.array([[1.5, -0.5, 2.0], [0.0, 2.25, -3.0]])
COUNTS = np.array([[12, 7], [-4, 9]])


def _at(row, operand, positions, **params):
    return cases_of(row, ((operand, np.shape(positions)), params), domains=(SIGNED, positions))


CASES = [
    *_at("take", (2, 3), PLACES),
    *_at("take", (6,), PLACES[0]),
    *_at("take", (2, 3), np.array(4)),
    *_at("take", (2, 3), np.zeros((0,), int)),
    *_at("take", (), np.zeros((2, 2), int)),
    *_at("scatter_add", (2, 3), PLACES, shape=(2, 3)),
    *_at("scatter_add", (3,), PLACES, shape=(6,)),
    *_at("scatter_add", (), np.array(1), shape=(3,)),
    *_at("scatter_add", (0,), np.zeros((0,), int), shape=(2, 2)),
    *_at("scatter_add", (2, 2), np.zeros((2, 2), int), shape=()),
]

CONSTANT_CASES = {
    "normalize_index": ((PLACES - 3,), {"size": 3}, lambda i, size: np.where(i < 0, i + size, i)),
    "argpartition": ((X,), {"kth": 1, "axis": 1}, np.argpartition),
    "lexsort": ((X[0], X[1]), {"axis": 0}, lambda *keys, axis: np.lexsort(keys, axis)),
    "searchsorted": ((np.array([-1.0, 0.0, 1.5]), X), {"side": "right"}, np.searchsorted),
    "exponent": ((X,), {}, lambda x: np.frexp(x)[1]),
    "gcd": ((COUNTS, np.array([6, 21])), {}, np.gcd),
    "lcm": ((COUNTS, np.array([6, 21])), {}, np.lcm),
    "bitwise_count": ((COUNTS,), {}, np.bitwise_count),
}
