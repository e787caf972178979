"""Reading and writing by index: `take take_along_axis compress choose select piecewise put place copyto …`.

A plain target cannot hold a traced value: writing one into it is refused. Not for: `x[i]` itself (`storage`), sorting
(`numpy.sorting`).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..handle import TracedArray, is_traced
from ..numpy_api import implements
from ..primitives import elementwise as rows
from ..primitives import indexing as places
from ..primitives.shape import reshape, shape_of
from ..storage import check_cast, refuse_plain_target
from .arguments import finish, known, ndim, one_axis, operand, refuse_option, view
from .creation import as_dtype, asarray, zeros_like
from .elementwise import where

__adkit__ = True


def readable(a: Any) -> Any:
    """An array-like as something that can be indexed."""
    a = operand(a)
    return a if isinstance(a, TracedArray) or hasattr(a, "shape") else numpy.asarray(a)


@implements(numpy.take)
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    """`numpy.take`; traced indices follow their values when the program runs again."""
    from .shaping import ravel

    a, indices = readable(a), operand(indices)
    if axis is None:
        a, axis = ravel(a), 0
    axis = one_axis(axis, ndim(a))
    size = shape_of(a)[axis]
    if is_traced(indices):
        return finish(_taken(a, _within(indices, size, mode), axis), out)
    indices = numpy.asarray(known(indices))
    if mode != "raise":
        indices = indices % size if mode == "wrap" else numpy.clip(indices, 0, size - 1)
    index = int(indices) if indices.ndim == 0 else indices
    made = a[(*(slice(None),) * axis, index)] if axis or isinstance(index, numpy.ndarray) else a[index]
    return finish(_copied(made), out)


def _within(indices: Any, size: int, mode: str) -> Any:
    """Traced indices as ones that are not negative."""
    if mode == "wrap":
        return rows.remainder(indices, size)
    if mode == "clip":
        return rows.maximum(rows.minimum(indices, size - 1), 0)
    return places.normalize_index(indices, size=size)


def _taken(a: Any, indices: Any, axis: int) -> Any:
    """The slices of `a` at traced indices along an axis."""
    shape, n = shape_of(a), ndim(indices)
    before, after = shape[:axis], shape[axis + 1 :]
    base = numpy.arange(math.prod(before)).reshape((*before, *(1,) * (n + len(after)))) * math.prod(shape[axis:])
    base = base + numpy.arange(math.prod(after)).reshape((*(1,) * (axis + n), *after))
    spread = reshape(indices, shape=(*shape_of(indices), *(1,) * len(after)))
    return places.take(a, rows.add(rows.multiply(spread, math.prod(after)), base))


def _copied(made: Any) -> Any:
    """A result that NumPy copies, where a single index made a view."""
    from ..storage import TracedView, snapshot

    return snapshot(made) if isinstance(made, TracedView) else made


def _along(indices: Any, shape: tuple[int, ...], axis: int) -> tuple[Any, ...]:
    """The full index that `take_along_axis` stands for."""
    n = len(shape)
    index = [numpy.arange(m).reshape(-1, *(1,) * (n - 1 - i)) for i, m in enumerate(shape)]
    index[axis] = indices
    return tuple(index)


@implements(numpy.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    """`numpy.take_along_axis`; traced indices follow their values when the program runs again."""
    from .shaping import ravel

    arr, indices = readable(arr), readable(indices)
    if numpy_dtype(indices).kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = one_axis(axis, ndim(arr))
    if ndim(arr) != ndim(indices):
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    indices = places.normalize_index(indices, size=shape_of(arr)[axis])
    return places.take(arr, places.positions_along(indices, shape_of(arr), axis))


@implements(numpy.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """`numpy.compress`."""
    return take(a, flatnonzero(condition), axis, out)


@implements(numpy.extract)
def extract(condition: Any, arr: Any) -> Any:
    """`numpy.extract`."""
    return take(arr, flatnonzero(condition))


@implements(numpy.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    """`numpy.delete`."""
    from .shaping import ravel

    arr = readable(arr)
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = one_axis(axis, ndim(arr))
    return take(arr, numpy.delete(numpy.arange(shape_of(arr)[axis]), known(obj)), axis)


@implements(numpy.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """`numpy.insert` at one place or several."""
    from .shaping import ravel

    arr, values = readable(arr), readable(values)
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = one_axis(axis, ndim(arr))
    check_cast(getattr(values, "value", values), numpy_dtype(arr), is_traced(values), sys._getframe(1))
    if numpy_dtype(values) != numpy_dtype(arr):
        values = as_dtype(values, numpy_dtype(arr))
    at = _insertions(obj, shape_of(arr)[axis])
    return _inserted(arr, at, values, axis)


def _insertions(obj: Any, size: int) -> numpy.ndarray:
    """The places to insert at, which are plain and not negative; a 0-d array for a single integer."""
    if isinstance(obj, slice):
        return numpy.arange(*obj.indices(size))
    at = numpy.array(known(obj))
    if at.dtype == bool:
        at = numpy.flatnonzero(at)
    at = at.astype(numpy.intp) if at.size == 0 else at
    if at.ndim > 1:
        raise ValueError("index array argument obj to insert must be one dimensional or scalar")
    if at.size and (at.min() < -size or at.max() > size):
        raise IndexError(f"index {at.ravel()[0]} is out of bounds for an axis of size {size}")
    return numpy.where(at < 0, at + size, at)


def _inserted(arr: Any, at: numpy.ndarray, values: Any, axis: int) -> Any:
    """The array and the values joined along the axis, and then read in the new order."""
    from .joining import concatenate, moveaxis
    from .shaping import broadcast_to

    shape, size = shape_of(arr), shape_of(arr)[axis]
    if at.size == 1:
        values = reshape(values, shape=(1,) * (len(shape) - ndim(values)) + shape_of(values))
        values = moveaxis(values, 0, axis) if at.ndim == 0 else values
        count = shape_of(values)[axis]
        at = numpy.full(count, at.reshape(-1)[0])
    values = broadcast_to(values, (*shape[:axis], at.size, *shape[axis + 1 :]))
    order = numpy.argsort(at, kind="stable")
    new = numpy.empty(at.size, dtype=numpy.intp)
    new[order] = at[order] + numpy.arange(at.size)
    source = numpy.full(size + at.size, -1)
    source[new] = size + numpy.arange(at.size)
    source[source < 0] = numpy.arange(size)
    return take(concatenate([arr, values], axis=axis), source, axis)


@implements(numpy.lib.stride_tricks.sliding_window_view)
def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """`numpy.lib.stride_tricks.sliding_window_view`, which cannot be written."""
    if writeable:
        raise refuse_option("lib.stride_tricks.sliding_window_view", "writeable=True", "assign to the array itself")
    x = readable(x)
    each = numpy.arange(math.prod(shape_of(x))).reshape(shape_of(x))
    windows = numpy.lib.stride_tricks.sliding_window_view(each, window_shape, axis)
    return view(x, lambda v: places.take(v, windows), _read_only)


def _read_only(x: Any, v: Any) -> Any:
    raise ValueError("assignment destination is read-only")


# ------------------------------------------------------------------------------------------------ choosing


@implements(numpy.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """`numpy.choose`."""
    index, count = operand(a), len(choices)
    if mode == "raise":
        valid = rows.logical_and(rows.greater_equal(index, 0), rows.less(index, count))
        if not numpy.all(known(valid)):
            raise ValueError("invalid entry in choice array")
    elif mode == "wrap":
        index = rows.remainder(index, count)
    made = operand(choices[count - 1])
    for i in range(count - 2, -1, -1):
        # what lies below 0 is clipped to the first choice, and what lies above to the last
        chosen = rows.less_equal(index, 0) if i == 0 else rows.equal(index, i)
        made = rows.where(chosen, operand(choices[i]), made)
    if count == 1:
        made = made + numpy.zeros(shape_of(index), dtype=numpy_dtype(made))
    return finish(made, out)


@implements(numpy.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """`numpy.select`."""
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if not len(condlist):
        raise ValueError("select with an empty condition list is not possible")
    made = operand(default)
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        made = where(condition, choice, made)
    return made


@implements(numpy.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **options: Any) -> Any:
    """`numpy.piecewise`."""
    x = readable(x)
    if (
        isinstance(condlist, TracedArray)
        or not isinstance(condlist, (list, tuple))
        or numpy.ndim(known(condlist[0])) == 0 < ndim(x)
    ):
        condlist = [condlist]
    conditions = [numpy.asarray(known(c), dtype=bool) for c in condlist]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~numpy.any(conditions, axis=0))
    made = zeros_like(x)
    if not shape_of(x):
        chosen = [f for c, f in zip(conditions, funclist, strict=True) if c]
        return (chosen[-1](x, *args, **options) if callable(chosen[-1]) else chosen[-1]) if chosen else 0.0
    made = made if isinstance(made, TracedArray) else asarray(x) * 0.0
    for condition, f in zip(conditions, funclist, strict=True):
        made[condition] = f(x[condition], *args, **options) if callable(f) else f
    return made


# ------------------------------------------------------------------------------------------------ where something is


def _pattern(a: Any) -> numpy.ndarray:
    """Where an array is not zero, which decides shapes and so is a guard."""
    a = readable(a)
    return numpy.asarray(known(a if numpy_dtype(a).kind == "b" else rows.not_equal(a, 0)))


def _found(name: str) -> Callable[..., Any]:
    function = getattr(numpy, name)

    @implements(function)
    def find(a: Any) -> Any:
        return function(_pattern(a))

    find.__name__ = find.__qualname__ = name
    find.__doc__ = f"`numpy.{name}`: which elements are not zero is a guard, and has no derivative."
    return find


nonzero, flatnonzero, argwhere = map(_found, ("nonzero", "flatnonzero", "argwhere"))


def _of_integers(name: str) -> Callable[..., Any]:
    function = getattr(numpy, name)

    @implements(function)
    def compute(*args: Any, **options: Any) -> Any:
        return function(*(known(a) for a in args), **{k: known(v) for k, v in options.items()})

    compute.__name__ = compute.__qualname__ = name
    compute.__doc__ = f"`numpy.{name}` of integers, which are a guard if they are traced; it has no derivative."
    return compute


unravel_index, ravel_multi_index, ix_ = map(_of_integers, ("unravel_index", "ravel_multi_index", "ix_"))
packbits, unpackbits = map(_of_integers, ("packbits", "unpackbits"))


def _of_shape(name: str) -> Callable[..., Any]:
    function = getattr(numpy, name)

    @implements(function)
    def indices(arr: Any, *args: Any, **options: Any) -> Any:
        return function(numpy.broadcast_to(numpy.False_, shape_of(readable(arr))), *args, **options)

    indices.__name__ = indices.__qualname__ = name
    indices.__doc__ = f"`numpy.{name}`, which looks at the shape alone."
    return indices


diag_indices_from, tril_indices_from, triu_indices_from = map(
    _of_shape, ("diag_indices_from", "tril_indices_from", "triu_indices_from")
)


# ------------------------------------------------------------------------------------------------ writing


def _target(a: Any, name: str) -> Any:
    """A traced array that may be written, or the error that a plain one raises."""
    if not isinstance(a, TracedArray):
        raise refuse_plain_target(f"numpy.{name}", sys._getframe(2))
    return a


@implements(numpy.copyto)
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """`numpy.copyto` into a traced array."""
    dst = _target(dst, "copyto")
    dst[...] = operand(src) if where is True else rows.where(operand(where), operand(src), dst)


@implements(numpy.put)
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """`numpy.put` into a traced array."""
    a = _target(a, "put")
    places = numpy.atleast_1d(known(ind)).ravel()
    size = a.size
    if mode != "raise":
        places = places % size if mode == "wrap" else numpy.clip(places, 0, size - 1)
    a[numpy.unravel_index(places % size, a.shape)] = _cycled(v, numpy.arange(places.size))


@implements(numpy.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """`numpy.place` into a traced array."""
    arr = _target(arr, "place")
    mask = numpy.asarray(known(mask), dtype=bool)
    arr[mask] = _cycled(vals, numpy.arange(int(mask.sum())))


@implements(numpy.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    """`numpy.putmask` into a traced array."""
    a = _target(a, "putmask")
    mask = numpy.asarray(known(mask), dtype=bool)
    a[mask] = _cycled(values, numpy.flatnonzero(mask))


def _cycled(values: Any, positions: Any) -> Any:
    """The values for given positions, repeated as often as needed."""
    values = readable(values)
    return values if ndim(values) == 0 else take(values, positions % math.prod(shape_of(values)))


@implements(numpy.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    """`numpy.put_along_axis` into a traced array."""
    arr = _target(arr, "put_along_axis")
    if axis is None:
        arr[numpy.unravel_index(numpy.asarray(known(indices)), arr.shape)] = values
    else:
        arr[_along(numpy.asarray(known(indices)), arr.shape, one_axis(axis, arr.ndim))] = values


@implements(numpy.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """`numpy.fill_diagonal` of a traced array."""
    a = _target(a, "fill_diagonal")
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    stop = None
    if a.ndim == 2:
        step = a.shape[1] + 1  # consecutive elements of the diagonal, in the flattened array
        stop = None if wrap else a.shape[1] * a.shape[1]
    elif len(set(a.shape)) != 1:
        raise ValueError("All dimensions of input must be of equal length")
    else:
        step = 1 + int(numpy.cumprod(a.shape[:-1]).sum())
    at = numpy.arange(a.size)[:stop:step]
    val = readable(val)
    val = val.ravel() if ndim(val) > 1 else val
    a[numpy.unravel_index(at, a.shape)] = _cycled(val, numpy.arange(at.size))
