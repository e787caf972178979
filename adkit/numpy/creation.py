"""Making arrays: `array`, `asarray`, `zeros` and their kin, in the way of NumPy.

While a transformation traces the user's code, what these functions make is a handle that traced values can be
assigned into; elsewhere it is NumPy's own array. Traced scalars and nested lists of them are joined into one traced
array.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any

import numpy

from .. import backends, libraries
from ..dtypes import is_foreign_dtype, named_dtype, numpy_dtype
from ..errors import DeviceError, InputError
from ..handle import TracedArray, is_traced, untraced
from ..primitives.shape import broadcast_to, convert, reshape, shape_of
from ..primitives.shape import copy as copy_row
from ..primitives.shape import stack as stack_row
from ..storage import Cell, snapshot
from ..tracing import is_tracing

__adkit__ = True


def zeros_of(operand: Any, *, like: Any) -> Any:
    """Plain zeros with the shape and dtype of a node, an operand or a shape, in the library and on the device of
    `like`.
    """
    if isinstance(like, TracedArray):
        like = like.value
    if isinstance(operand, tuple):
        return backends.zeros(operand, numpy_dtype(like), like)
    return backends.zeros(shape_of(operand), numpy_dtype(operand), like)


def assignable(value: Any) -> Any:
    """A fresh plain array as a handle while tracing, so that traced values can be stored in it; as it is otherwise."""
    if is_tracing() and backends.is_array(value) and numpy_dtype(value).kind in "fc":
        handle = TracedArray(None, value)
        handle.cell = Cell(owned=True)
        return handle
    return value


def _plain(argument: Any) -> Any:
    """Shapes and numbers that may be constant or integer handles, as NumPy's creation functions need them."""
    if isinstance(argument, (tuple, list)):
        return tuple(_plain(a) for a in argument)
    if isinstance(argument, TracedArray):
        return argument.__index__() if argument.dtype.kind in "iu" else float(argument)
    return named_dtype(argument) if is_foreign_dtype(argument) else argument


def _placed(made: Any, device: Any, like: Any) -> Any:
    """What NumPy made, on the device that was asked for, or else in the library of `like`."""
    if device is not None:
        return backends.on_device(made, device)
    plain = untraced(like)
    return made if backends.backend_of(plain) is None else backends.asarray_like(made, plain)


def _creator(name: str) -> Callable[..., Any]:
    function = getattr(numpy, name)

    def create(*args: Any, device: Any = None, like: Any = None, **kwargs: Any) -> Any:
        made = function(*map(_plain, args), **{k: _plain(v) for k, v in kwargs.items()})
        return assignable(_placed(made, device, like))

    create.__name__ = name
    create.__doc__ = f"`numpy.{name}`; while tracing, the result can be assigned traced values."
    return create


zeros, ones, empty, eye, identity, tri = map(_creator, ("zeros", "ones", "empty", "eye", "identity", "tri"))


def contains_traced(value: Any) -> bool:
    """Whether a handle is found in nested lists, tuples or object arrays."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, TracedArray):
            return True
        if isinstance(item, (list, tuple)):
            stack.extend(item)
        elif isinstance(item, numpy.ndarray) and item.dtype == object:
            stack.extend(item.ravel().tolist())
    return False


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: Any = None,
    subok: bool = False,
    ndmin: int = 0,
    ndmax: int = 0,
    like: Any = None,
    device: Any = None,
) -> Any:
    """`numpy.array`, also of traced values and of nested lists and object arrays of them.

    `device` is that of the array API standard: "cpu", "gpu", or the device object of an array library.

    Example
    -------
    >>> from adkit import grad
    >>> grad(lambda x: array([x, x * x]).sum())(3.0)
    7.0
    """
    if isinstance(object, TracedArray):
        made = _copied(object) if copy else _zero_dimensional(object)
    elif contains_traced(object):
        made = _join(object)
    elif type(object) in (list, tuple) and (beside := libraries.foreign_among(object)) is not None:
        made = libraries.call(_join, (object,), {}, beside)
    elif backends.backend_of(object) is not None:
        made = backends.copy_of(object) if copy else object
    else:
        options = {"ndmax": ndmax} if ndmax else {}
        plain = numpy.array(object, dtype=_plain(dtype), copy=copy, order=order, subok=subok, ndmin=ndmin, **options)  # type: ignore[call-overload]
        made = _placed(plain, device, like)
        return assignable(made) if copy or made is not plain else plain
    if dtype is not None:
        made = _converted(made, dtype, copy)
    while made.ndim < ndmin:
        made = reshape(made, shape=(1, *made.shape))
    return _on_its_device(made, device)


def _converted(made: Any, dtype: Any, copy: bool | None) -> Any:
    """In another dtype, which is a copy: an error if none was allowed."""
    if copy is False and numpy_dtype(made) != named_dtype(dtype):
        raise ValueError("Unable to avoid copy while creating an array as requested.")
    return as_dtype(made, dtype)


def _on_its_device(made: Any, device: Any) -> Any:
    """An array on the device on which it is; another one is an error for a traced array, whose copy has no rule."""
    plain = untraced(made) if device is not None else made
    if device is None or backends.is_on(plain, device):
        return made
    if is_traced(made):
        raise DeviceError(
            f"a traced array does not move to {device!r}", fix="give all inputs as arrays of one library, on one device"
        )
    return backends.on_device(backends.to_numpy(plain), device)


def _zero_dimensional(handle: Any) -> Any:
    """A traced scalar as an array without axes, which can be indexed and assigned to; an array as it is."""
    return handle if backends.is_array(handle.value) else TracedArray(handle.node, numpy.asarray(handle.value))


def _copied(handle: TracedArray) -> Any:
    """A copy in the layout of the original, as `numpy.array` makes it."""
    handle = _zero_dimensional(handle)
    plain = handle.value
    kept = isinstance(plain, numpy.ndarray) and not plain.flags.c_contiguous
    return copy_row(handle, order="K") if kept else copy_row(handle)


def asarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: bool | None = None, like: Any = None
) -> Any:
    """`numpy.asarray`; a traced array of the wanted dtype is returned as it is.

    `device` and `copy` are those of the array API standard.
    """
    return array(a, dtype, copy=copy, order=order, device=device, like=like)


def asanyarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: bool | None = None, like: Any = None
) -> Any:
    """`numpy.asanyarray`, which passes subclasses of NumPy's array through."""
    return array(a, dtype, copy=copy, order=order, subok=True, device=device, like=like)


def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """`numpy.ascontiguousarray`: the array itself if it lies in C order, else a copy that does."""
    return _ordered(asarray(a, dtype, like=like), "C")


def asfortranarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """`numpy.asfortranarray`: the array itself if it lies in Fortran order, else a copy that does."""
    return _ordered(asarray(a, dtype, like=like), "F")


def require(a: Any, dtype: Any = None, requirements: Any = None, *, like: Any = None) -> Any:
    """`numpy.require`: an array of the wanted dtype and layout; a traced array owns its contents and can be
    assigned to whatever the flags say.
    """
    flags = {str(flag).upper() for flag in ([requirements] if isinstance(requirements, str) else requirements or ())}
    if not contains_traced(a) and backends.backend_of(a) is None:
        return numpy.require(a, _plain(dtype), requirements)
    if flags & {"C", "CONTIGUOUS", "C_CONTIGUOUS"} and flags & {"F", "FORTRAN", "F_CONTIGUOUS"}:
        raise ValueError('Cannot specify both "C" and "F" order')
    made = asarray(a, dtype)
    return _ordered(made, "F") if flags & {"F", "FORTRAN", "F_CONTIGUOUS"} else made


def fromiter(iter: Any, dtype: Any, count: int = -1, *, like: Any = None) -> Any:
    """`numpy.fromiter`, also of an iterable that yields traced values."""
    items = list(iter if count < 0 else itertools.islice(iter, count))
    if 0 <= count != len(items):
        raise ValueError(f"iterator too short: Expected {count} but iterator had only {len(items)} items.")
    if contains_traced(items):
        return array(items, dtype)
    return assignable(_placed(numpy.fromiter(items, _plain(dtype)), None, like))


def fromfunction(
    function: Callable[..., Any], shape: Any, *, dtype: Any = float, like: Any = None, **options: Any
) -> Any:
    """`numpy.fromfunction`; the function may close over traced values."""
    return function(*numpy.indices(_as_shape(shape), dtype=_plain(dtype)), **options)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """`numpy.from_dlpack`; a traced array, or one of a library that adkit serves, is returned as it is."""
    if isinstance(x, TracedArray) or backends.backend_of(x) is not None:
        return array(x, copy=copy, device=device)
    return assignable(numpy.from_dlpack(x, copy=copy))


def _ordered(made: Any, order: str) -> Any:
    plain = untraced(made)
    if not isinstance(plain, numpy.ndarray) or plain.flags[order + "_CONTIGUOUS"]:  # type: ignore[index]
        return made if getattr(made, "shape", ()) else reshape(made, shape=(1,))
    return copy_row(made, order=order) if isinstance(made, TracedArray) else numpy.array(made, order=order)  # type: ignore[call-overload]


def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """`numpy.asarray_chkfinite`: `ValueError` if an element is not finite."""
    made = asarray(a, dtype)
    if isinstance(made, TracedArray):
        from ..primitives.elementwise import isfinite
        from .arguments import known

        if not numpy.all(known(isfinite(made))):
            raise ValueError("array must not contain infs or NaNs")
        return made
    numpy.asarray_chkfinite(backends.to_numpy(made))
    return made


def as_dtype(x: Any, dtype: Any) -> Any:
    """A traced array in another dtype; an integer dtype cuts the derivative, as rounding does. Objects are an array of
    NumPy's, whose elements are traced.
    """
    dtype = named_dtype(dtype)
    if numpy_dtype(x) == dtype:
        return x
    if dtype.kind == "O" and isinstance(x, TracedArray):
        return x.__array__(object)
    if dtype.kind not in "fc":
        from ..primitives.shape import truncate

        return truncate(x, dtype=dtype)
    if numpy_dtype(x).kind == "c" and dtype.kind == "f":
        raise InputError("a complex value would become real by conversion", fix="take its .real part")
    return convert(x, dtype=dtype)


def _join(object: Any) -> Any:
    """Nested lists with traced leaves as one traced array: stack level by level, innermost first."""
    if isinstance(object, numpy.ndarray):
        flat = [asarray(e) for e in object.ravel().tolist()]
        if not flat:
            return numpy.zeros(object.shape)
        shape = object.shape + shape_of(flat[0])
        return reshape(stack_leaves(flat), shape=shape)
    if isinstance(object, (list, tuple)):
        return stack_leaves(
            [_join(item) if isinstance(item, (list, tuple, numpy.ndarray)) else item for item in object]
        )
    return object


def stack_leaves(items: list[Any]) -> Any:
    """Stack values of one shape along a new first axis."""
    shapes = {shape_of(item) for item in items}
    if len(shapes) != 1:
        raise ValueError(f"cannot make an array of elements of different shapes: {sorted(shapes)}")
    return stack_row(*items, axis=0)


def zeros_like(
    a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *, device: Any = None
) -> Any:
    """`numpy.zeros_like`; while tracing, the result can be assigned traced values."""
    return full_like(a, 0, dtype, order, subok, shape, device=device)


def ones_like(
    a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *, device: Any = None
) -> Any:
    """`numpy.ones_like`; while tracing, the result can be assigned traced values."""
    return full_like(a, 1, dtype, order, subok, shape, device=device)


def empty_like(
    prototype: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *, device: Any = None
) -> Any:
    """`numpy.empty_like`, of zeros; while tracing, the result can be assigned traced values."""
    return full_like(prototype, 0, dtype, order, subok, shape, device=device)


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: Any = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    """`numpy.full_like`; the fill value may be traced."""
    plain = asarray(a)
    plain = plain.value if isinstance(plain, TracedArray) else plain
    shape = shape_of(plain) if shape is None else _as_shape(shape)
    dtype = numpy_dtype(plain) if dtype is None else named_dtype(dtype)
    if contains_traced(fill_value):
        return as_dtype(broadcast_to(array(fill_value), shape=shape), dtype)
    value = _plain(fill_value)
    if device is not None or backends.backend_of(plain) is None:
        like = plain if isinstance(plain, numpy.ndarray) else numpy.empty(0)
        return assignable(_placed(numpy.full_like(like, value, dtype, order, subok, shape), device, None))
    if type(value) in (int, float) and value == 0:
        return assignable(backends.zeros(shape, dtype, plain))
    return assignable(backends.asarray_like(numpy.full(shape, backends.to_numpy(value), dtype), plain))


def full(
    shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", *, device: Any = None, like: Any = None
) -> Any:
    """`numpy.full`; the fill value may be traced."""
    shape = _as_shape(shape)
    if contains_traced(fill_value):
        made = broadcast_to(array(fill_value), shape=shape)
        return made if dtype is None else as_dtype(made, dtype)
    value = _plain(fill_value)
    like = value if like is None else like
    return assignable(_placed(numpy.full(shape, backends.to_numpy(value), _plain(dtype), order), device, like))


def _as_shape(shape: Any) -> tuple[int, ...]:
    shape = _plain(shape)
    return tuple(int(n) for n in shape) if isinstance(shape, tuple) else (int(shape),)


def copy(a: Any, order: Any = "K", subok: bool = False) -> Any:
    """`numpy.copy`; a traced array's copy is no view of it."""
    return array(a)


def arange(*args: Any, dtype: Any = None, device: Any = None, like: Any = None, **named: Any) -> Any:
    """`numpy.arange`; traced start and step keep their derivative, the length is fixed by their values."""
    if not any(isinstance(a, TracedArray) and a.node is not None for a in (*args, *named.values())):
        made = numpy.arange(*map(_plain, args), dtype=_plain(dtype), **{k: _plain(v) for k, v in named.items()})
        return assignable(_placed(made, device, like))
    start, stop, step = _bounds(*args, **named)
    plain = numpy.arange(_decided(start), _decided(stop), _decided(step))
    values = start + numpy.arange(plain.size, dtype=plain.dtype) * step
    values = values if isinstance(values, TracedArray) else assignable(values)  # where only the end is traced
    return values if dtype is None else as_dtype(values, dtype)


def _bounds(start: Any = None, stop: Any = None, step: Any = None) -> tuple[Any, Any, Any]:
    """The three arguments of `arange`, of which the first alone is the end."""
    if stop is None:
        start, stop = 0, start
    return start, stop, 1 if step is None else step


def _decided(bound: Any) -> Any:
    """The value of a bound, which fixes the length of the result and so is a guard."""
    if isinstance(bound, TracedArray):
        bound._guard(sys._getframe(2))
        return bound.value
    return bound


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """`numpy.linspace`; traced ends keep their derivative."""
    num = _plain(num)
    if not (contains_traced(start) or contains_traced(stop)):
        made, step = numpy.linspace(start, stop, num, endpoint, True, _plain(dtype), axis)  # type: ignore[call-overload]
        made = assignable(_placed(made, device, None))
        return (made, step) if retstep else made
    from ..primitives.elementwise import where as where_row
    from .joining import moveaxis

    start, stop = asarray(start), asarray(stop)
    parts = num - 1 if endpoint else num
    step = (stop - start) / max(parts, 1)
    count = reshape(
        numpy.arange(num, dtype=float), shape=(num,) + (1,) * max(len(shape_of(start)), len(shape_of(stop)))
    )
    made = start + count * step
    if endpoint and num > 1:  # exactly the end, whatever the rounding
        made = where_row(numpy.equal(count, num - 1), stop, made)
    made = moveaxis(made, 0, axis)
    made = made if dtype is None else as_dtype(made, dtype)
    return (made, step) if retstep else made


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """`numpy.logspace`; traced ends and a traced base keep their derivative."""
    if not contains_traced((start, stop, base)):
        return assignable(numpy.logspace(start, stop, _plain(num), endpoint, base, _plain(dtype), axis))
    if len(shape_of(base := asarray(base))):
        base = expand_dims_at(base, axis)
    made = base ** linspace(start, stop, num, endpoint, axis=axis)
    return made if dtype is None else as_dtype(made, dtype)


def expand_dims_at(x: Any, axis: int) -> Any:
    """An array with a new axis of length 1."""
    place = axis + len(shape_of(x)) + 1 if axis < 0 else axis
    return reshape(x, shape=(*shape_of(x)[:place], 1, *shape_of(x)[place:]))


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """`numpy.geomspace`; traced ends keep their derivative.

    Between complex ends it is the shortest logarithmic spiral; real ends of opposite signs give NaN between them, as
    NumPy's do.

    Example
    -------
    >>> from adkit import jvp
    >>> jvp(lambda b: geomspace(1.0, b, 3), (4.0,), (1.0,))
    (array([1., 2., 4.]), array([0.  , 0.25, 1.  ]))
    """
    if not (contains_traced(start) or contains_traced(stop)):
        return assignable(numpy.geomspace(start, stop, _plain(num), endpoint, _plain(dtype), axis))
    from ..primitives.elementwise import exp, log, not_equal
    from .arguments import known
    from .elementwise import sign
    from .joining import moveaxis

    num, ends = _plain(num), _promoted(array(start), array(stop), dtype)
    if not all(numpy.all(known(not_equal(end, 0))) for end in ends):
        raise ValueError("Geometric sequence cannot include zero")
    direction = sign(ends[0])
    start, stop = ends[0] / direction, ends[1] / direction
    made = _with_ends(exp(linspace(log(start), log(stop), num, endpoint)), start, stop if endpoint else None)
    made = moveaxis(made * direction, 0, axis)
    return made if dtype is None else as_dtype(made, dtype)


def _promoted(start: Any, stop: Any, dtype: Any) -> tuple[Any, Any]:
    """Ends in the dtype in which NumPy computes between them, which is complex if one of them or the result is."""
    types = [numpy_dtype(start), numpy_dtype(stop), *([] if dtype is None else [named_dtype(dtype)])]
    common = numpy.result_type(*types, float)
    return as_dtype(start, common), as_dtype(stop, common)


def _with_ends(made: Any, start: Any, stop: Any) -> Any:
    """Values along the first axis with exactly the ends, whatever the rounding; `stop=None` leaves the last one."""
    from ..primitives.elementwise import where as where_row

    num = shape_of(made)[0]
    place = reshape(numpy.arange(num), shape=(num,) + (1,) * (len(shape_of(made)) - 1))
    made = where_row(numpy.equal(place, 0), start, made)
    return made if stop is None or num < 2 else where_row(numpy.equal(place, num - 1), stop, made)


def astype(x: Any, dtype: Any, *args: Any, copy: bool = True, device: Any = None, **options: Any) -> Any:
    """`x.astype(dtype)`; to integers it cuts the derivative, as rounding does."""
    if isinstance(x, TracedArray) or backends.backend_of(x) is not None:
        made = _on_its_device(as_dtype(x, dtype), device)
        if made is not x or not copy:
            return made
        return snapshot(made) if isinstance(made, TracedArray) else backends.copy_of(made)
    plain: Any = numpy.asarray(x)
    return _placed(plain.astype(_plain(dtype), *args, copy=copy, **options), device, None)


CREATORS = tuple(
    "array asarray asanyarray ascontiguousarray asfortranarray asarray_chkfinite zeros ones empty eye identity tri "
    "full zeros_like ones_like empty_like full_like arange linspace logspace geomspace copy astype require fromiter "
    "fromfunction from_dlpack".split()
)
