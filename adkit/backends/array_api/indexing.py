"""NumPy's indexing over the array API standard: reading, writing and adding at any index.

A basic index is spelled out in full, as the standard wants it, and acts in place. Any other index is first applied to
the positions of the elements, which are plain integers on the host, and then a flat gather or scatter is done with
those. Not for: derivatives.
"""

from __future__ import annotations

import operator
from typing import Any

import array_api_strict as standard
import numpy

from .elementwise import where
from .promotion import convert, is_array, lift, numpy_dtype

__adkit__ = True


def getitem(array: Any, index: Any) -> Any:
    """`array[index]`: a view for a basic index, else a new array."""
    basic = spelled_out(index, array.shape, writing=False)
    if basic is not None:
        return array[basic]
    positions = _positions(array.shape, index, array)
    flat = standard.reshape(array, (-1,))
    taken = standard.take(flat, _to_array(positions.reshape(-1), array), axis=0)
    return standard.reshape(taken, positions.shape)


def setitem(array: Any, index: Any, values: Any) -> None:
    """`array[index] = values` in place; of repeated indices the last one counts."""
    values = lift(values, numpy_dtype(array), array.device)
    basic = spelled_out(index, array.shape, writing=True)
    if basic is not None:
        target = array[basic]
        array[basic] = standard.broadcast_to(_without_leading_ones(values, target.ndim), target.shape)
        return
    positions = _positions(array.shape, index, array)
    flat, given = _flat(array, values, positions)
    last = numpy.full(array.size, -1)
    last[positions.reshape(-1)] = numpy.arange(positions.size)
    _put(array, flat, given, last, add=False)


def add_at(array: Any, index: Any, values: Any) -> None:
    """`array[index] += values` in place; values at repeated indices add up, in one round per repetition."""
    values = lift(values, numpy_dtype(array), array.device)
    basic = spelled_out(index, array.shape, writing=True)
    if basic is not None:
        target = array[basic]
        array[basic] = target + standard.broadcast_to(_without_leading_ones(values, target.ndim), target.shape)
        return
    positions = _positions(array.shape, index, array)
    flat, given = _flat(array, values, positions)
    places = positions.reshape(-1)
    waiting = numpy.arange(places.size)
    while waiting.size:
        _, first = numpy.unique(places[waiting], return_index=True)
        chosen = numpy.full(array.size, -1)
        chosen[places[waiting[first]]] = waiting[first]
        flat = _put(array, flat, given, chosen, add=True)
        waiting = numpy.delete(waiting, first)


def _put(array: Any, flat: Any, given: Any, chosen: numpy.ndarray, add: bool) -> Any:
    """Write (or add) `given[chosen[i]]` at each element i for which `chosen[i]` is not -1; the new flat contents."""
    if not (chosen >= 0).any():
        return flat
    taken = standard.take(given, _to_array(numpy.maximum(chosen, 0), array), axis=0)
    flat = where(_to_array(chosen >= 0, array), flat + taken if add else taken, flat)
    array[...] = standard.reshape(flat, array.shape)
    return flat


def _flat(array: Any, values: Any, positions: numpy.ndarray) -> tuple[Any, Any]:
    values = standard.broadcast_to(_without_leading_ones(values, positions.ndim), positions.shape)
    return standard.reshape(array, (-1,)), standard.reshape(convert(values, numpy_dtype(array)), (-1,))


def _positions(shape: tuple[int, ...], index: Any, like: Any) -> numpy.ndarray:
    """The flat positions of the elements that an index selects, in the shape of the selection."""
    count = 1
    for n in shape:
        count *= n
    return numpy.asarray(numpy.arange(count).reshape(shape)[on_host(index)])


def on_host(index: Any) -> Any:
    """An index with its arrays as NumPy arrays."""
    if isinstance(index, tuple):
        return tuple(on_host(part) for part in index)
    return to_numpy(index) if is_array(index) else index


def to_numpy(array: Any) -> numpy.ndarray:
    """A copy of an array on the host."""
    return numpy.array(array.to_device(standard.Device("CPU_DEVICE")))


def _to_array(values: numpy.ndarray, like: Any) -> Any:
    return standard.asarray(values, device=like.device)


def _without_leading_ones(values: Any, ndim: int) -> Any:
    """Assignment lets a value have more axes than its target as long as they are ones."""
    extra = values.ndim - ndim
    if extra > 0 and all(n == 1 for n in values.shape[:extra]):
        return standard.reshape(values, values.shape[extra:])
    return values


def spelled_out(index: Any, shape: tuple[int, ...], writing: bool) -> Any:
    """A basic index with one part per axis and slices within bounds; `None` if it is not basic or writes new axes."""
    parts = index if isinstance(index, tuple) else (index,)
    if not all(_is_basic(part, writing) for part in parts) or sum(part is Ellipsis for part in parts) > 1:
        return None
    axes = sum(part is not None and part is not Ellipsis for part in parts)
    if axes > len(shape):
        raise IndexError(f"too many indices for array: array is {len(shape)}-dimensional, but {axes} were indexed")
    if Ellipsis not in parts:
        parts = (*parts, Ellipsis)
    result: list[Any] = []
    remaining = iter(shape)
    for part in parts:
        if part is Ellipsis:
            result.extend(slice(None) for _ in range(len(shape) - axes) if next(remaining) is not None)
        elif part is None:
            result.append(None)
        else:
            n = next(remaining)
            result.append(_within(part, n) if isinstance(part, slice) else operator.index(part))
    return tuple(result)


def _is_basic(part: Any, writing: bool) -> bool:
    if part is None:
        return not writing
    if isinstance(part, (bool, numpy.bool_)):
        return False
    return part is Ellipsis or isinstance(part, (int, slice, numpy.integer))


def _within(part: slice, n: int) -> slice:
    """A slice with the bounds that the standard allows on an axis of n elements."""
    start, stop, step = part.indices(n)
    if len(range(start, stop, step)) == 0:
        return slice(0, 0, None)
    return slice(start, None if stop < 0 else stop, step)
