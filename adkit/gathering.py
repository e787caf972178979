"""Reading and writing at indices that differ from example to example: `x[label]` inside `vmap`.

Elsewhere an index that was computed becomes plain, and a guard. While a list is recorded for a batch, an integer index
stays an operand instead, so that examples with different ones take the same way through the program.
Not for: plain indices, and masks, whose count decides shapes (`storage`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from .handle import TracedArray, is_traced
from .nodes import open_recording
from .primitives import elementwise as rows
from .primitives.indexing import normalize_index, take
from .primitives.shape import reshape, shape_of

__adkit__ = True


def varying(handle: Any, index: Any) -> tuple[Any, ...] | None:
    """The parts of an index of integers and integer arrays, some of them traced in a recording for a batch; else
    `None`.
    """
    record = open_recording.get()
    if record is None or not record.batching:
        return None
    parts = index if isinstance(index, tuple) else (index,)
    if not any(is_traced(part) for part in parts) or len(parts) > len(handle.shape):
        return None
    return parts if all(_is_integer(part) for part in parts) else None


def _is_integer(part: Any) -> bool:
    if isinstance(part, (TracedArray, numpy.ndarray)):
        return part.dtype.kind in "iu"
    return isinstance(part, (int, numpy.integer)) and not isinstance(part, bool)


def read(x: Any, parts: tuple[Any, ...]) -> Any:
    """`x[parts]`, a copy."""
    shape = shape_of(x)
    rest = shape[len(parts) :]
    size = math.prod(rest)
    place = _place(shape, parts)
    if rest:
        place = reshape(place, shape=(*shape_of(place), *(1,) * len(rest)))
        place = rows.add(rows.multiply(place, size), numpy.arange(size).reshape(rest))
    return take(x, place)


def is_view(handle: Any, parts: tuple[Any, ...]) -> bool:
    """Whether NumPy's `x[parts]` is a view: of numbers that leave an axis."""
    return len(parts) < len(handle.shape) and not any(shape_of(part) for part in parts)


def replaced(x: Any, parts: tuple[Any, ...], value: Any) -> Any:
    """x with `value` at the one place that numbers stand for."""
    shape = shape_of(x)
    lead = shape[: len(parts)]
    every = numpy.arange(math.prod(lead)).reshape(*lead, *(1,) * (len(shape) - len(lead)))
    return rows.where(rows.equal(_place(shape, parts), every), value, x)


def _place(shape: tuple[int, ...], parts: tuple[Any, ...]) -> Any:
    """Where the parts point to in the flattened leading axes."""
    place: Any = 0
    for part, size in zip(parts, shape, strict=False):
        place = rows.add(rows.multiply(place, size), normalize_index(part, size=size))
    return place
