"""How far values of two programs are apart, in units in the last place: one pair, or thousands of small ones at once.

Not for: what the differences mean (`difference`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy

from ..backends import to_numpy
from ..dtypes import numpy_dtype

__adkit__ = True

LARGEST = 1024  # elements of an array that is compared together with others
STACKED = 1 << 20  # elements that are compared at once
SIGN = 1e-6  # of the largest element: what is smaller has no sign to speak of

_DOUBLE = numpy.dtype(float)


def coarser(*dtypes: Any) -> numpy.dtype:
    """The dtype of lowest precision; of integers and conditions double."""
    found = {numpy.dtype(d) for d in set(dtypes) if numpy.dtype(d).kind in "fc"} or {numpy.dtype(float)}
    return max((numpy.dtype(numpy.finfo(d).dtype) for d in found), key=lambda d: numpy.finfo(d).eps)


def apart(a: Any, b: Any, unit: numpy.dtype | None = None) -> float:
    """The largest difference of two values in ulp of a dtype, by default the coarser one of both.

    Infinite where they cannot be compared.

    >>> apart(1.0, 1.0 + 2**-52), apart(numpy.float32(0.1), 0.1), apart(1.0, numpy.ones(2))
    (1.0, 0.2, inf)
    """
    if type(a) is numpy.float64 and type(b) is numpy.float64:
        if a == b or (a != a and b != b):
            return 0.0
        if unit is None or unit.itemsize == 8:
            off = abs(float(a) - float(b))
            return off / math.ulp(max(abs(a), abs(b))) if math.isfinite(off) else math.inf
    if isinstance(a, tuple) or isinstance(b, tuple):
        parts = zip(a, b, strict=False) if isinstance(a, tuple) and isinstance(b, tuple) else ()
        return max((apart(p, q, unit) for p, q in parts if p is not None and q is not None), default=0.0)
    x, y = numpy.asarray(to_numpy(a)), numpy.asarray(to_numpy(b))
    if x.shape != y.shape:
        return math.inf
    if not x.size:
        return 0.0
    if x.dtype.kind not in "fc" and y.dtype.kind not in "fc":
        return 0.0 if numpy.array_equal(x, y) else math.inf
    wide = complex if "c" in (x.dtype.kind, y.dtype.kind) else float
    in_units = coarser(numpy_dtype(a), numpy_dtype(b)) if unit is None else unit
    return _shown(float(_elements(x.astype(wide), y.astype(wide), in_units).max()))


def _elements(x: numpy.ndarray, y: numpy.ndarray, unit: numpy.dtype) -> numpy.ndarray:
    same = (x == y) | (numpy.isnan(x) & numpy.isnan(y))
    with numpy.errstate(all="ignore"):
        larger = numpy.maximum(numpy.abs(x), numpy.abs(y)).astype(unit)
        off = numpy.abs(x - y) / numpy.spacing(larger).astype(float)
    return numpy.where(same, 0.0, numpy.where(numpy.isfinite(off), off, numpy.inf))


def _shown(largest: float) -> float:
    return float(f"{largest:.2g}") if math.isfinite(largest) else math.inf


def largest_element(value: Any) -> float:
    """The magnitude of the largest element."""
    if type(value) is numpy.float64:
        return abs(float(value))
    if value is None or isinstance(value, tuple):
        return 0.0
    plain = numpy.abs(numpy.asarray(to_numpy(value)))
    return float(plain.max()) if plain.size else 0.0


def turned(p: Any, q: Any) -> bool:
    """Whether an element has another sign, of such a size that it is no rounding."""
    if type(p) is numpy.float64 and type(q) is numpy.float64:
        return bool(p * q < 0 and min(abs(p), abs(q)) > SIGN * max(abs(p), abs(q)))
    if isinstance(p, tuple) or isinstance(q, tuple):
        return False
    x, y = numpy.asarray(to_numpy(p)), numpy.asarray(to_numpy(q))
    if x.shape != y.shape or "c" in (x.dtype.kind, y.dtype.kind) or not x.size:
        return False
    least = SIGN * max(float(numpy.abs(x).max()), float(numpy.abs(y).max()))
    return bool((((x > least) & (y < -least)) | ((x < -least) & (y > least))).any())


# ------------------------------------------------------------------------------------------------ many at once


def shape_of(value: Any) -> tuple[int, ...] | None:
    """The shape of a value that can be compared together with others; `None` for any other value."""
    if type(value) is numpy.float64:
        return ()
    if type(value) is numpy.ndarray and value.dtype is _DOUBLE and value.shape and 0 < value.size <= LARGEST:
        return tuple(value.shape)
    return None


def shape_of_all(first: Any, *others: Any) -> tuple[int, ...] | None:
    """The one shape of several values that can be compared together with others; `None` if they have none.

    >>> shape_of_all(numpy.zeros(2), numpy.ones(2)), shape_of_all(numpy.zeros(2), numpy.float64(1.0))
    ((2,), None)
    """
    shape = shape_of(first)
    if shape is None:
        return None
    for other in others:
        if type(other) is not type(first) or other.shape != shape or other.dtype is not _DOUBLE:
            return None
    return shape


def by_shape(shapes: Iterable[tuple[int, ...] | None]) -> list[list[int]]:
    """Positions of equal shape, as many together as are to be stacked; without those that have none."""
    found: dict[tuple[int, ...], list[int]] = {}
    for i, shape in enumerate(shapes):
        if shape is not None:
            found.setdefault(shape, []).append(i)
    pieces = []
    for shape, places in found.items():
        step = max(1, STACKED // math.prod(shape))
        pieces += [places[start : start + step] for start in range(0, len(places), step)]
    return pieces


def rows_of(values: Sequence[Any]) -> numpy.ndarray:
    """Values of equal shape as the rows of a matrix."""
    if type(values[0]) is numpy.ndarray:
        return numpy.concatenate(values).reshape(len(values), -1)
    return numpy.array(values, float).reshape(-1, 1)


def all_apart(a: Sequence[Any], b: Sequence[Any], unit: numpy.dtype) -> list[float]:
    """`apart` of corresponding values, all of one shape."""
    exact = type(a[0]) is numpy.float64 and unit.itemsize == 8
    off = _elements(rows_of(a), rows_of(b), unit).max(axis=1).tolist()
    return off if exact else [_shown(value) for value in off]


def all_turned(a: Sequence[Any], b: Sequence[Any]) -> list[bool]:
    """`turned` of corresponding values, all of one shape."""
    x, y = rows_of(a), rows_of(b)
    least = SIGN * numpy.maximum(numpy.abs(x).max(axis=1), numpy.abs(y).max(axis=1))[:, None]
    found: list[bool] = (((x > least) & (y < -least)) | ((x < -least) & (y > least))).any(axis=1).tolist()
    return found


def largest_elements(values: Mapping[Any, Any]) -> dict[Any, float]:
    """`largest_element` of every value."""
    keys, given = list(values), list(values.values())
    shapes = [shape_of(value) for value in given]
    found = {key: largest_element(value) for key, value, s in zip(keys, given, shapes, strict=True) if s is None}
    for places in by_shape(shapes):
        sizes = numpy.abs(rows_of([given[i] for i in places])).max(axis=1).tolist()
        found.update(zip((keys[i] for i in places), sizes, strict=True))
    return found
