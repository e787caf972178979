"""Making arrays: `array`, `asarray`, `zeros` and their kin, in the way of NumPy.

While a transformation traces the user's code, what these functions make is a handle that traced values can be
assigned into; elsewhere it is NumPy's own array. Traced scalars and nested lists of them are joined into one traced
array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from .. import backends
from ..dtypes import numpy_dtype
from ..errors import InputError
from ..handle import TracedArray, untraced
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
    return argument


def _creator(name: str) -> Callable[..., Any]:
    function = getattr(numpy, name)

    def create(*args: Any, **kwargs: Any) -> Any:
        kwargs.pop("like", None)
        return assignable(function(*map(_plain, args), **{k: _plain(v) for k, v in kwargs.items()}))

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
    object: Any, dtype: Any = None, *, copy: bool | None = True, order: Any = None, ndmin: int = 0, **options: Any
) -> Any:
    """`numpy.array`, also of traced values and of nested lists and object arrays of them.

    Example
    -------
    >>> from adkit import grad
    >>> grad(lambda x: array([x, x * x]).sum())(3.0)
    7.0
    """
    if isinstance(object, TracedArray):
        made = _copied(object) if copy else object
    elif contains_traced(object):
        made = _join(object)
    elif backends.backend_of(object) is not None:
        made = backends.copy_of(object) if copy else object
    else:
        plain = numpy.array(object, dtype=dtype, copy=copy, order=order, ndmin=ndmin)
        return assignable(plain) if copy else plain
    if dtype is not None:
        made = as_dtype(made, dtype)
    while made.ndim < ndmin:
        made = reshape(made, shape=(1, *made.shape))
    return made


def _copied(handle: TracedArray) -> Any:
    """A copy in the layout of the original, as `numpy.array` makes it."""
    plain = handle.value
    kept = isinstance(plain, numpy.ndarray) and not plain.flags.c_contiguous
    return copy_row(handle, order="K") if kept else copy_row(handle)


def asarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.asarray`; a traced array of the wanted dtype is returned as it is."""
    return array(a, dtype, copy=None)


asanyarray = asarray


def ascontiguousarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.ascontiguousarray`: the array itself if it lies in C order, else a copy that does."""
    return _ordered(asarray(a, dtype), "C")


def asfortranarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.asfortranarray`: the array itself if it lies in Fortran order, else a copy that does."""
    return _ordered(asarray(a, dtype), "F")


def _ordered(made: Any, order: str) -> Any:
    plain = untraced(made)
    if not isinstance(plain, numpy.ndarray) or plain.flags[order + "_CONTIGUOUS"]:  # type: ignore[index]
        return made if getattr(made, "shape", ()) else reshape(made, shape=(1,))
    return copy_row(made, order=order) if isinstance(made, TracedArray) else numpy.array(made, order=order)  # type: ignore[call-overload]


def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """`numpy.asarray_chkfinite`: `ValueError` if an element is not finite."""
    made = asarray(a, dtype)
    numpy.asarray_chkfinite(made.value if isinstance(made, TracedArray) else made)
    return made


def as_dtype(x: Any, dtype: Any) -> Any:
    """A traced array in another dtype; an integer dtype cuts the derivative, as rounding does."""
    dtype = numpy.dtype(dtype)
    if numpy_dtype(x) == dtype:
        return x
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


def _filled_like(value: Any) -> Callable[..., Any]:
    def create(
        a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, **options: Any
    ) -> Any:
        return full_like(a, value, dtype, shape=shape)

    return create


def full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, **options: Any
) -> Any:
    """`numpy.full_like`; the fill value may be traced."""
    a = asarray(a)
    shape = shape_of(a) if shape is None else _as_shape(shape)
    dtype = numpy_dtype(a) if dtype is None else numpy.dtype(dtype)
    plain = a.value if isinstance(a, TracedArray) else a
    made = backends.zeros(shape, dtype, plain) if backends.backend_of(plain) else numpy.zeros(shape, dtype)
    if contains_traced(fill_value):
        return as_dtype(broadcast_to(array(fill_value), shape=shape), dtype)
    made[...] = _plain(fill_value)
    return assignable(made)


zeros_like, ones_like, empty_like = _filled_like(0), _filled_like(1), _filled_like(0)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", **options: Any) -> Any:
    """`numpy.full`; the fill value may be traced."""
    shape = _as_shape(shape)
    if contains_traced(fill_value):
        made = broadcast_to(array(fill_value), shape=shape)
        return made if dtype is None else as_dtype(made, dtype)
    return assignable(numpy.full(shape, _plain(fill_value), dtype))


def _as_shape(shape: Any) -> tuple[int, ...]:
    shape = _plain(shape)
    return tuple(int(n) for n in shape) if isinstance(shape, tuple) else (int(shape),)


def copy(a: Any, order: Any = "K", subok: bool = False) -> Any:
    """`numpy.copy`; a traced array's copy is no view of it."""
    return array(a)


def arange(*args: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.arange`; traced start and step keep their derivative, the length is fixed by their values."""
    if not any(isinstance(a, TracedArray) and a.node is not None for a in args):
        return assignable(numpy.arange(*map(_plain, args), dtype=dtype))
    plain = [a.value if isinstance(a, TracedArray) else a for a in args]
    count = numpy.arange(numpy.arange(*plain).size)
    start, step = (0.0, 1.0) if len(args) == 1 else (args[0], args[2] if len(args) > 2 else 1.0)
    made = start + count * step
    return made if dtype is None else as_dtype(made, dtype)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    **options: Any,
) -> Any:
    """`numpy.linspace`; traced ends keep their derivative."""
    if not (contains_traced(start) or contains_traced(stop)):
        made = numpy.linspace(start, stop, num, endpoint, retstep, dtype, axis)  # type: ignore[call-overload]
        return (assignable(made[0]), made[1]) if retstep else assignable(made)
    from .joining import moveaxis

    num = _plain(num)
    start, stop = asarray(start), asarray(stop)
    parts = num - 1 if endpoint else num
    step = (stop - start) / max(parts, 1)
    count = reshape(
        numpy.arange(num, dtype=float), shape=(num,) + (1,) * max(len(shape_of(start)), len(shape_of(stop)))
    )
    made = moveaxis(start + count * step, 0, axis)
    made = made if dtype is None else as_dtype(made, dtype)
    return (made, step) if retstep else made


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """`numpy.logspace`; traced ends keep their derivative."""
    made = base ** linspace(start, stop, num, endpoint, axis=axis)
    return made if dtype is None else as_dtype(made, dtype)


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """`numpy.geomspace` between positive ends; traced ones keep their derivative."""
    if not (contains_traced(start) or contains_traced(stop)):
        return assignable(numpy.geomspace(start, stop, num, endpoint, dtype, axis))
    from ..primitives.elementwise import exp, log

    made = exp(linspace(log(asarray(start)), log(asarray(stop)), num, endpoint, axis=axis))
    return made if dtype is None else as_dtype(made, dtype)


def astype(x: Any, dtype: Any, *args: Any, copy: bool = True, **options: Any) -> Any:
    """`x.astype(dtype)`; to integers it cuts the derivative, as rounding does."""
    made = as_dtype(asarray(x), dtype) if isinstance(x, TracedArray) else numpy.asarray(x).astype(dtype)
    return snapshot(made) if made is x else made


CREATORS = tuple(
    "array asarray asanyarray ascontiguousarray asfortranarray asarray_chkfinite zeros ones empty eye identity tri "
    "full zeros_like ones_like empty_like full_like arange linspace logspace geomspace copy astype".split()
)
