"""The methods of ufuncs, `reduce accumulate reduceat outer at`, for traced arguments.

Sums, products, extremes and truth values have rows of their own. Every other ufunc of two operands is combined element
by element along the axis; one that is associative, in a logarithmic number of steps on halves of the array.

Not for: what a ufunc computes and its derivative (`primitives.elementwise`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..handle import TracedArray
from ..numpy_api import UFUNC_FUNCTIONS, UFUNC_METHODS
from ..primitives import elementwise as rows
from ..primitives import reduction as reduction_rows
from ..primitives.shape import concatenate, moved_to_front, reshape, shape_of, transpose
from ..storage import add_in_place, plain_index, refuse_plain_target
from ..tracing import UFUNCS
from . import reduction as reductions
from .arguments import NO_VALUE, given, many_axes, ndim, one_axis, operand
from .creation import as_dtype
from .elementwise import as_mask

__adkit__ = True

_getframe = sys._getframe
Binary = Callable[[Any, Any], Any]

# ufuncs that may be combined in any order of brackets
_ASSOCIATIVE = {
    "maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2", "hypot", "logical_xor", "bitwise_and",
    "bitwise_or", "bitwise_xor", "gcd", "lcm",
}  # fmt: skip


def method(ufunc: numpy.ufunc, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: enter what `ufunc.name(...)` does for traced arguments."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        UFUNC_METHODS[ufunc.__name__, name] = function
        return function

    return register


# ------------------------------------------------------------------------------------------------ reduce


def _reducing(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(array: Any, axis: Any = 0, **options: Any) -> Any:
        return function(array, axis=axis if ndim(operand(array)) else None, **options)

    return reduce


def _reduce_of(ufunc: numpy.ufunc, combine: Binary) -> Callable[..., Any]:
    associative = ufunc.__name__ in _ASSOCIATIVE

    def reduce(
        array: Any, axis: Any = 0, dtype: Any = None, keepdims: Any = False, initial: Any = NO_VALUE, where: Any = True
    ) -> Any:
        array = operand(array)
        array = array if dtype is None else as_dtype(array, dtype)
        axes = many_axes(axis if ndim(array) else None, ndim(array))
        if len(axes) > 1 and not associative:
            raise ValueError(f"reduction operation '{ufunc.__name__}' is not reorderable, so at most one axis may be "
                             "specified")  # fmt: skip
        shape = shape_of(array)
        start = ufunc.identity if initial is NO_VALUE else initial
        parts, masks = _in_front(array, axes), None if where is True else _in_front(_spread(where, shape), axes)
        if masks is not None and start is None:
            raise ValueError(
                f"reduction operation '{ufunc.__name__}' does not have an identity, so to use a where mask one has "
                "to specify 'initial'"
            )
        made = _combined(combine, parts, masks, start, initial is not NO_VALUE, associative, ufunc)
        return reshape(made, shape=reduction_rows.kept_shape(shape, axes)) if given(keepdims, False) else made

    return reduce


def _spread(where: Any, shape: tuple[int, ...]) -> Any:
    from ..primitives.shape import broadcast_to

    return broadcast_to(as_mask(where), shape=shape)


def _in_front(array: Any, axes: tuple[int, ...]) -> Any:
    """The array with the reduced axes joined into the first one."""
    rest = tuple(i for i in range(ndim(array)) if i not in axes)
    moved = transpose(array, axes=(*axes, *rest)) if axes != tuple(range(len(axes))) else array
    return reshape(
        moved, shape=(-1 if 0 not in shape_of(array) else _length(array, axes), *shape_of(moved)[len(axes) :])
    )


def _length(array: Any, axes: tuple[int, ...]) -> int:
    return int(numpy.prod([shape_of(array)[i] for i in axes], dtype=int))


def _combined(
    combine: Binary, parts: Any, masks: Any, start: Any, is_given: bool, associative: bool, ufunc: numpy.ufunc
) -> Any:
    """All slices along the first axis combined, from the left."""
    n = shape_of(parts)[0]
    if n == 0:
        if start is None:
            raise ValueError(f"zero-size array to reduction operation {ufunc.__name__} which has no identity")
        return numpy.zeros(shape_of(parts)[1:], numpy_dtype(parts)) + start
    if associative and masks is None:
        made = _halved(combine, parts)
        return combine(start, made) if is_given and start is not None else made
    from_start = masks is not None or (is_given and start is not None)
    made = numpy.zeros(shape_of(parts)[1:], numpy_dtype(parts))[()] + start if from_start else parts[0]
    for i in range(0 if from_start else 1, n):
        step = combine(made, parts[i])
        made = step if masks is None else rows.where(masks[i], step, made)
    return made


def _halved(combine: Binary, parts: Any) -> Any:
    while shape_of(parts)[0] > 1:
        n = shape_of(parts)[0]
        made = combine(parts[: n // 2], parts[n // 2 : 2 * (n // 2)])
        parts = concatenate(made, parts[n - 1 :], axis=0) if n % 2 else made
    return parts[0]


def _ignoring(name: str) -> Callable[..., Any]:
    """`fmax` and `fmin` reduce as `nanmax` and `nanmin`, of which ties share evenly."""

    def reduce(array: Any, axis: Any = 0, **options: Any) -> Any:
        array = operand(array)
        dtype = options.pop("dtype", None)
        array = array if dtype is None else as_dtype(array, dtype)
        return getattr(reductions, "nan" + name[1:])(array, axis if ndim(array) else None, **options)

    return reduce


# ------------------------------------------------------------------------------------------------ accumulate


def _cumulative(function: Callable[..., Any]) -> Callable[..., Any]:
    def accumulate(array: Any, axis: Any = 0, **options: Any) -> Any:
        return function(array, axis=axis, **options)

    return accumulate


def _accumulate_of(ufunc: numpy.ufunc, combine: Binary) -> Callable[..., Any]:
    def accumulate(array: Any, axis: int = 0, dtype: Any = None) -> Any:
        array = operand(array)
        if not ndim(array):
            raise TypeError("cannot accumulate on a scalar")
        array = array if dtype is None else as_dtype(array, dtype)
        axis = one_axis(axis, ndim(array))
        parts = moved_to_front(array, axis)
        if shape_of(parts)[0] > 1:
            parts = (_scanned if ufunc.__name__ in _ASSOCIATIVE else _stepped)(combine, parts)
        return transpose(parts, axes=(*range(1, axis + 1), 0, *range(axis + 1, ndim(array))))

    return accumulate


def _scanned(combine: Binary, parts: Any) -> Any:
    """All prefixes of an associative operation, the length covered doubling in each step."""
    n, step = shape_of(parts)[0], 1
    while step < n:
        parts = concatenate(parts[:step], combine(parts[: n - step], parts[step:]), axis=0)
        step *= 2
    return parts


def _stepped(combine: Binary, parts: Any) -> Any:
    from .joining import stack

    made = [parts[0]]
    for i in range(1, shape_of(parts)[0]):
        made.append(combine(made[-1], parts[i]))
    return stack(made)


# ------------------------------------------------------------------------------------------------ reduceat, outer


def _reduceat_of(ufunc: numpy.ufunc) -> Callable[..., Any]:
    def reduceat(array: Any, indices: Any, axis: int = 0, dtype: Any = None) -> Any:
        """Each stretch between consecutive indices; one that is empty or backwards is its first element."""
        from .arguments import known
        from .joining import stack

        array = operand(array)
        array = array if dtype is None else as_dtype(array, dtype)
        axis = one_axis(axis, ndim(array))
        head = (slice(None),) * axis
        size = shape_of(array)[axis]
        starts = [int(i) for i in numpy.asarray(known(indices))]
        for i in starts:
            if not 0 <= i < size:
                raise IndexError(f"index {i} out-of-bounds in {ufunc.__name__}.reduceat [0, {size})")
        stops = [*starts[1:], size]
        reduce = UFUNC_METHODS[ufunc.__name__, "reduce"]
        parts = [
            reduce(array[(*head, slice(a, b))], axis=axis) if b > a else array[(*head, a)]
            for a, b in zip(starts, stops, strict=True)
        ]
        return stack(parts, axis=axis)

    return reduceat


def _outer_of(ufunc: numpy.ufunc) -> Callable[..., Any]:
    def outer(a: Any, b: Any, **options: Any) -> Any:
        a, b = operand(a), operand(b)
        return ufunc(reshape(a, shape=(*shape_of(a), *(1,) * ndim(b))), b, **options)

    return outer


# ------------------------------------------------------------------------------------------------ at


@method(numpy.add, "at")
def _add_at(array: Any, indices: Any, values: Any) -> None:
    frame = _caller()
    add_in_place(_writable(array, "numpy.add.at", frame), plain_index(indices, frame), values)


@method(numpy.subtract, "at")
def _subtract_at(array: Any, indices: Any, values: Any) -> None:
    frame = _caller()
    add_in_place(_writable(array, "numpy.subtract.at", frame), plain_index(indices, frame), -operand(values))


def _at_of(ufunc: numpy.ufunc) -> Callable[..., Any]:
    def at(array: Any, indices: Any, values: Any = None) -> None:
        """In rounds: the n-th visit of an element happens in round n."""
        from .indexing import readable

        frame = _caller()
        array = _writable(array, f"numpy.{ufunc.__name__}.at", frame)
        index = plain_index(indices, frame)
        places = numpy.arange(array.size).reshape(array.shape)[index]
        if values is not None:
            values = _flat_to(readable(values), numpy.shape(places))
        places = numpy.ravel(places)
        for chosen in _rounds(places):
            where = numpy.unravel_index(places[chosen], array.shape)
            array[where] = ufunc(array[where]) if values is None else ufunc(array[where], values[chosen])

    return at


def _flat_to(values: Any, shape: tuple[int, ...]) -> Any:
    from ..primitives.shape import broadcast_to

    return reshape(broadcast_to(values, shape=shape), shape=(-1,))


def _rounds(places: numpy.ndarray) -> list[numpy.ndarray]:
    """Which visits happen in each round: first visits, second ones, …"""
    order = numpy.argsort(places, kind="stable")
    ordered = places[order]
    starts = numpy.flatnonzero(numpy.append(True, ordered[1:] != ordered[:-1])) if places.size else numpy.zeros(0, int)
    rank = numpy.empty(places.size, dtype=int)
    rank[order] = numpy.arange(places.size) - numpy.repeat(starts, numpy.diff(numpy.append(starts, places.size)))
    return [numpy.flatnonzero(rank == i) for i in range(rank.max(initial=-1) + 1)]


def _caller() -> Any:
    """The frame of the user's code that called a method of a ufunc."""
    frame: Any = _getframe(2)
    while frame.f_back is not None and "__adkit__" in frame.f_globals:
        frame = frame.f_back
    return frame


def _writable(array: Any, name: str, frame: Any) -> Any:
    if not isinstance(array, TracedArray):
        raise refuse_plain_target(name, frame)
    return array


# ------------------------------------------------------------------------------------------------ the table

_REDUCTIONS = {
    "add": reductions.sum,
    "multiply": reductions.prod,
    "maximum": reductions.max,
    "minimum": reductions.min,
    "logical_and": reductions.all,
    "logical_or": reductions.any,
}


def _differences(array: Any, axis: int = 0, dtype: Any = None) -> Any:
    """x₀, x₀ − x₁, x₀ − x₁ − x₂, …"""
    array = operand(array) if dtype is None else as_dtype(operand(array), dtype)
    axis = one_axis(axis, ndim(array))
    first = array[(slice(None),) * axis + (slice(0, 1),)]
    rest = array[(slice(None),) * axis + (slice(1, None),)]
    return concatenate(first, first - reductions.cumsum(rest, axis=axis), axis=axis)


def enter() -> None:
    """Fill the table of methods for every ufunc of NumPy that has a rule."""
    for ufunc in {f for f in vars(numpy).values() if isinstance(f, numpy.ufunc)}:
        function = UFUNC_FUNCTIONS.get(ufunc) or UFUNCS.get(ufunc)
        if function is None or ufunc.signature is not None:
            continue
        if ufunc.nout == 1 and ufunc.nin <= 2 and (ufunc.__name__, "at") not in UFUNC_METHODS:
            method(ufunc, "at")(_at_of(ufunc))
        if ufunc.nin == 2:
            method(ufunc, "outer")(_outer_of(ufunc))
        if ufunc.nin == 2 and ufunc.nout == 1:
            method(ufunc, "reduce")(_reduce_of(ufunc, function))
            method(ufunc, "accumulate")(_accumulate_of(ufunc, function))
            method(ufunc, "reduceat")(_reduceat_of(ufunc))
    for name, function in _REDUCTIONS.items():
        UFUNC_METHODS[name, "reduce"] = _reducing(function)
    UFUNC_METHODS["fmax", "reduce"], UFUNC_METHODS["fmin", "reduce"] = _ignoring("fmax"), _ignoring("fmin")
    UFUNC_METHODS["add", "accumulate"] = _cumulative(reductions.cumsum)
    UFUNC_METHODS["multiply", "accumulate"] = _cumulative(reductions.cumprod)
    UFUNC_METHODS["subtract", "accumulate"] = _differences
