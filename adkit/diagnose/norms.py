"""Norms of many small arrays, reduced together by shape: one call of NumPy for thousands of them.

Not for: one array (`edges.size`).
"""

from __future__ import annotations

from typing import Any

import numpy

from .edges import size

__adkit__ = True

LARGEST = 1024  # elements of an array that waits for others
WAITING = 1 << 18  # elements that wait at most

_FLOAT = numpy.float64
_DOUBLE = numpy.dtype(float)


def waits(value: Any) -> bool:
    """Whether a value is an array that is worth reducing together with others."""
    return type(value) is numpy.ndarray and value.dtype is _DOUBLE and 0 < value.size <= LARGEST and value.ndim > 0


def norms_of(rows: numpy.ndarray, arrays: list[numpy.ndarray]) -> list[float]:
    """The norms of arrays, which `rows` has below each other; near the limits of their range each by itself.

    >>> norms_of(numpy.array([[3.0, 4.0]]), [numpy.array([3.0, 4.0])])
    [5.0]
    """
    with numpy.errstate(all="ignore"):
        totals = numpy.einsum("ij,ij->i", rows, rows)
        found: list[float] = numpy.sqrt(totals).tolist()
        for i in numpy.flatnonzero(~((totals > 1e-30) & (totals < 1e30))).tolist():
            found[i] = size(arrays[i])
    return found


class Norms:
    """A list of norms, `values`, that grows by one with each `add`; complete after `flush`.

    `full` says that `flush` is due; `zeros` are the places of arrays in which some element, but not all, is 0. What is
    added may not change until then.
    """

    def __init__(self) -> None:
        self.values: list[float] = []
        self.zeros: set[int] = set()
        self.full = False
        self._waiting: dict[tuple[int, ...], tuple[list[int], list[numpy.ndarray]]] = {}
        self._elements = 0

    def add(self, value: Any) -> int:
        """Take a value in; returns its place in `values`."""
        place = len(self.values)
        if type(value) is _FLOAT:
            self.values.append(abs(float(value)))
        elif waits(value):
            self.values.append(0.0)
            places, arrays = self._waiting.setdefault(value.shape, ([], []))
            places.append(place)
            arrays.append(value)
            self._elements += value.size
            self.full = self._elements >= WAITING
        else:
            self.values.append(size(value))
        return place

    def put(self, value: float) -> int:
        """Take in a norm that is known."""
        self.values.append(value)
        return len(self.values) - 1

    def flush(self) -> None:
        """Reduce what waits."""
        for places, arrays in self._waiting.values():
            rows = numpy.concatenate(arrays).reshape(len(arrays), -1)
            zero = (rows == 0.0).any(axis=1)
            for place, norm in zip(places, norms_of(rows, arrays), strict=True):
                self.values[place] = norm
            self.zeros.update(places[i] for i in numpy.flatnonzero(zero).tolist())
        self._waiting.clear()
        self._elements = 0
        self.full = False
