"""Reading and writing by index: `take take_along_axis compress choose select piecewise put place copyto …`.

A plain target cannot hold a traced value: writing one into it is refused. Not for: `x[i]` itself (`storage`), sorting
(`numpy.sorting`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy

from ..handle import TracedArray
from ..numpy_api import has_handle, implements
from ..primitives import elementwise as rows
from ..primitives.shape import shape_of
from ..storage import refuse_plain_target
from .arguments import finish, known, ndim, one_axis, operand, refuse_option
from .creation import asarray, zeros_like
from .elementwise import where

__adkit__ = True


def readable(a: Any) -> Any:
    """An array-like as something that can be indexed."""
    a = operand(a)
    return a if isinstance(a, TracedArray) or hasattr(a, "shape") else numpy.asarray(a)


@implements(numpy.take)
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    """`numpy.take`."""
    from .shaping import ravel

    a = readable(a)
    if axis is None:
        a, axis = ravel(a), 0
    axis = one_axis(axis, ndim(a))
    size = shape_of(a)[axis]
    indices = numpy.asarray(known(indices))
    if mode != "raise":
        indices = indices % size if mode == "wrap" else numpy.clip(indices, 0, size - 1)
    index = int(indices) if indices.ndim == 0 else indices
    made = a[(*(slice(None),) * axis, index)] if axis or isinstance(index, numpy.ndarray) else a[index]
    return finish(_copied(made), out)


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
    """`numpy.take_along_axis`."""
    from .shaping import ravel

    arr = readable(arr)
    if axis is None:
        arr, axis = ravel(arr), 0
    return arr[_along(numpy.asarray(known(indices)), shape_of(arr), one_axis(axis, ndim(arr)))]


@implements(numpy.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """`numpy.compress`."""
    return take(a, numpy.flatnonzero(known(condition)), axis, out)


@implements(numpy.extract)
def extract(condition: Any, arr: Any) -> Any:
    """`numpy.extract`."""
    return take(arr, numpy.flatnonzero(known(condition)))


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
    """`numpy.insert` for one position."""
    from .joining import concatenate, moveaxis
    from .shaping import ravel

    arr, values = readable(arr), operand(values)
    if axis is None:
        arr, axis = ravel(arr), 0
    if not isinstance(obj, (int, numpy.integer)):
        raise refuse_option("insert", "several positions", "insert at one position after the other")
    moved = moveaxis(arr, one_axis(axis, ndim(arr)), 0)
    size = shape_of(moved)[0]
    place = int(obj) + size if obj < 0 else int(obj)
    from .shaping import broadcast_to

    new = moveaxis(values, one_axis(axis, ndim(arr)), 0) if ndim(values) == ndim(arr) else values
    count = shape_of(new)[0] if ndim(new) == ndim(arr) else 1
    new = broadcast_to(new, (count, *shape_of(moved)[1:]))
    return moveaxis(concatenate([moved[:place], new, moved[place:]]), 0, one_axis(axis, ndim(arr)))


# ------------------------------------------------------------------------------------------------ choosing


@implements(numpy.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """`numpy.choose`."""
    index = numpy.asarray(known(a))
    count = len(choices)
    if mode == "raise" and (index.min(initial=0) < 0 or index.max(initial=0) >= count):
        raise ValueError("invalid entry in choice array")
    index = index % count if mode == "wrap" else numpy.clip(index, 0, count - 1)
    made = operand(choices[0]) if count == 1 else operand(choices[-1])
    for i in range(count - 2, -1, -1):
        made = rows.where(index == i, operand(choices[i]), made)
    return finish(made, out)


@implements(numpy.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """`numpy.select`."""
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
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


def _constant(name: str) -> Callable[..., Any]:
    function = getattr(numpy, name)

    @implements(function)
    def find(*args: Any, **options: Any) -> Any:
        return function(*(known(a) for a in args), **{k: known(v) for k, v in options.items()})

    find.__name__ = find.__qualname__ = name
    find.__doc__ = (
        f"`numpy.{name}` of the values, which decides the program's path and so is a guard; it has no derivative."
    )
    return find


nonzero, flatnonzero, argwhere, searchsorted = map(_constant, ("nonzero", "flatnonzero", "argwhere", "searchsorted"))
digitize, unravel_index, lexsort, isin = map(_constant, ("digitize", "unravel_index", "lexsort", "isin"))


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
    values = operand(values)
    return values if ndim(values) == 0 else take(values, positions % numpy.size(known(values)))


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
    if wrap:
        raise refuse_option("fill_diagonal", "wrap=True", "assign to the elements by index")
    if a.ndim < 2 or (a.ndim > 2 and len(set(a.shape)) != 1):
        raise ValueError("array must be at least 2-d, and of equal sides if of more")
    places = numpy.arange(min(a.shape))
    a[(places,) * a.ndim] = _cycled(val, places) if has_handle((val,)) or numpy.ndim(val) else val
