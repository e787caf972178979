"""Norms and inner products of many small arrays, reduced together by shape: one call of NumPy for thousands of them.

Not for: one array (`edges.size`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from .edges import size

__adkit__ = True

LARGEST = 1024  # elements of an array that waits for others
WAITING = 1 << 18  # elements that wait at most

_FLOAT = numpy.float64
_DOUBLE = numpy.dtype(float)


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
        elif type(value) is numpy.ndarray and value.dtype is _DOUBLE and value.shape and 0 < value.size <= LARGEST:
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
            with numpy.errstate(all="ignore"):
                totals = numpy.einsum("ij,ij->i", rows, rows).tolist()
            zero = (rows == 0.0).any(axis=1)
            for place, total, array in zip(places, totals, arrays, strict=True):
                self.values[place] = math.sqrt(total) if 1e-30 < total < 1e30 else size(array)
            self.zeros.update(places[i] for i in numpy.flatnonzero(zero).tolist())
        self._waiting.clear()
        self._elements = 0
        self.full = False


class Products:
    """A list of inner products of real arrays of equal shapes, filled like `Norms`."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.full = False
        self._waiting: dict[tuple[int, ...], tuple[list[int], list[numpy.ndarray], list[numpy.ndarray]]] = {}
        self._elements = 0

    def add(self, a: Any, b: Any) -> int | None:
        """Take two arrays in; returns the place of their product, `None` if they are none to wait."""
        if (
            type(a) is not numpy.ndarray
            or type(b) is not numpy.ndarray
            or not a.dtype is b.dtype is _DOUBLE
            or not a.shape
            or a.shape != b.shape
            or not 0 < a.size <= LARGEST
        ):
            return None
        self.values.append(0.0)
        places, left, right = self._waiting.setdefault(a.shape, ([], [], []))
        places.append(len(self.values) - 1)
        left.append(a)
        right.append(b)
        self._elements += 2 * a.size
        self.full = self._elements >= WAITING
        return len(self.values) - 1

    def flush(self) -> None:
        """Reduce what waits."""
        for places, left, right in self._waiting.values():
            a, b = (numpy.concatenate(rows).reshape(len(places), -1) for rows in (left, right))
            with numpy.errstate(all="ignore"):
                sums = (a * b).sum(axis=1).tolist()
            for place, total in zip(places, sums, strict=True):
                self.values[place] = total
        self._waiting.clear()
        self._elements = 0
        self.full = False
