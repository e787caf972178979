"""Reductions and cumulative functions: `sum mean prod max min var std any all argmax cumsum …` with NumPy's options.

Not for: their derivatives (`primitives.reduction`); products of arrays (`numpy.products`).
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import numpy

from ..dtypes import named_dtype, numpy_dtype
from ..numpy_api import implements
from ..primitives import elementwise as rows
from ..primitives import reduction as reductions
from ..primitives.shape import broadcast_to, convert, shape_of
from ..primitives.shape import reshape as reshape_row
from .arguments import NO_VALUE, finish, given, many_axes, ndim, one_axis, operand
from .creation import as_dtype, asarray
from .elementwise import as_mask, is_complex

__adkit__ = True


def _converted(a: Any, dtype: Any) -> Any:
    return a if dtype is None or dtype is NO_VALUE else as_dtype(a, dtype)


def _selected(a: Any, where: Any, neutral: Any) -> Any:
    """`a` with what `where=` leaves out replaced by the neutral element."""
    return a if where is True or where is NO_VALUE else rows.where(operand(where), a, neutral)


def count_along(a: Any, axes: tuple[int, ...], where: Any = True, keepdims: bool = False) -> Any:
    """How many elements a reduction combines: a number, or an array where `where=` selects them."""
    if where is True or where is NO_VALUE:
        return float(math.prod(shape_of(a)[i] for i in axes))
    selected = broadcast_to(as_mask(where), shape=shape_of(a))
    return reductions.count_nonzero(selected, axis=axes, keepdims=keepdims)


def shared(total: Any, count: Any) -> Any:
    """A total divided by counts, in the precision of the total."""
    if ndim(count) or hasattr(count, "dtype"):
        kind = numpy_dtype(total)
        count = convert(count, dtype=numpy.empty(0, kind).real.dtype if kind.kind in "fc" else numpy.dtype(float))
    return rows.divide(total, count)


@implements(numpy.sum)
def sum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """`numpy.sum`."""
    a = _selected(_converted(operand(a), dtype), where, 0)
    made = reductions.sum_(a, axis=many_axes(axis, ndim(a)), keepdims=bool(given(keepdims, False)))
    start = given(initial, None)
    return finish(made if start is None else made + start, out)


@implements(numpy.prod)
def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """`numpy.prod`; right also where factors are zero."""
    a = _selected(_converted(operand(a), dtype), where, 1)
    made = reductions.prod(a, axis=many_axes(axis, ndim(a)), keepdims=bool(given(keepdims, False)))
    start = given(initial, None)
    return finish(made if start is None else made * start, out)


@implements(numpy.mean)
def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    """`numpy.mean`."""
    a = _converted(operand(a), dtype)
    axes, keep = many_axes(axis, ndim(a)), bool(given(keepdims, False))
    if where is True or where is NO_VALUE:
        return finish(reductions.mean(a, axis=axes, keepdims=keep), out)
    total = reductions.sum_(_selected(a, where, 0), axis=axes, keepdims=keep)
    return finish(shared(total, count_along(a, axes, where, keep)), out)


def _extremum(name: str, row: Any, combine: Any, worst: float) -> Callable[..., Any]:
    @implements(getattr(numpy, name), getattr(numpy, "a" + name))
    def extremum(
        a: Any,
        axis: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = None,
        where: Any = True,
        **options: Any,
    ) -> Any:
        a = _selected(_converted(operand(a), options.get("dtype")), where, worst)
        axes, keep, start = many_axes(axis, ndim(a)), bool(given(keepdims, False)), given(initial, None)
        if start is not None and 0 in (shape_of(a)[i] for i in axes):
            return finish(_of_nothing(start, a, axes, keep), out)
        made = row(a, axis=axes, keepdims=keep)
        return finish(made if start is None else combine(made, start), out)

    extremum.__name__ = extremum.__qualname__ = name
    extremum.__doc__ = f"`numpy.{name}`; ties share the derivative evenly."
    return extremum


def _of_nothing(start: Any, a: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """What a reduction over no elements gives: its initial value, in the dtype of the array."""
    shape = reductions.kept_shape(shape_of(a), axes)
    shape = shape if keepdims else tuple(n for i, n in enumerate(shape) if i not in axes)
    return broadcast_to(as_dtype(operand(start), numpy_dtype(a)), shape=shape)


max = _extremum("max", reductions.max_, rows.maximum, -math.inf)
min = _extremum("min", reductions.min_, rows.minimum, math.inf)
amax, amin = max, min


@implements(numpy.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """`numpy.ptp`: maximum minus minimum."""
    return finish(max(a, axis, keepdims=keepdims) - min(a, axis, keepdims=keepdims), out)


def squared_magnitude(x: Any) -> Any:
    """|x|², without a root on the way."""
    if not is_complex(x):
        return rows.square(x)
    return rows.square(rows.real(x)) + rows.square(rows.imag(x))


@implements(numpy.var)
def var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *,
    where: Any = True, mean: Any = None, correction: Any = None,
) -> Any:  # fmt: skip
    """`numpy.var`."""
    a = _converted(operand(a), dtype)
    axes, keep = many_axes(axis, ndim(a)), bool(given(keepdims, False))
    count = count_along(a, axes, where, True)
    centre = given(mean, None)
    if centre is None:
        total = reductions.sum_(_selected(a, where, 0), axis=axes, keepdims=True)
        centre = shared(total, count)
    spread = _converted(_selected(squared_magnitude(a - centre), where, 0), _complex_only(dtype))
    total = reductions.sum_(spread, axis=axes, keepdims=keep)
    ddof = given(correction, ddof)
    if isinstance(count, float) and not ndim(ddof):
        # a Python float gives way to the dtype of a float32 total, as NumPy's own divisor does
        return finish(rows.divide(total, builtins.max(count - ddof, 0.0)), out)
    count = count if keep or not ndim(count) else reshape_row(count, shape=shape_of(total))
    return finish(shared(total, rows.maximum(rows.subtract(count, ddof), 0)), out)


def _complex_only(dtype: Any) -> Any:
    """A complex `dtype=`, in which NumPy gives a variance as well, although it is real."""
    return dtype if dtype is not None and dtype is not NO_VALUE and named_dtype(dtype).kind == "c" else None


@implements(numpy.std)
def std(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *,
    where: Any = True, mean: Any = None, correction: Any = None,
) -> Any:  # fmt: skip
    """`numpy.std`; where all elements are equal the derivative is taken as 0."""
    variance = var(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction)
    return finish(rows.root(variance), out)


# ------------------------------------------------------------------------------------------------ without a derivative


def _truth(name: str, row: Any) -> Callable[..., Any]:
    @implements(getattr(numpy, name))
    def reduce(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:
        a = _selected(operand(a), where, name == "all")
        return finish(row(a, axis=many_axes(axis, ndim(a)), keepdims=bool(given(keepdims, False))), out)

    reduce.__name__ = reduce.__qualname__ = name
    reduce.__doc__ = f"`numpy.{name}`."
    return reduce


any, all = _truth("any", reductions.any_), _truth("all", reductions.all_)


@implements(numpy.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """`numpy.count_nonzero`."""
    a = operand(a)
    return reductions.count_nonzero(a, axis=many_axes(axis, ndim(a)), keepdims=keepdims)


def _position(name: str, row: Any) -> Callable[..., Any]:
    @implements(getattr(numpy, name))
    def position(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
        a = operand(a)
        axis = None if axis is None else one_axis(axis, ndim(a))
        return finish(row(a, axis=axis, keepdims=bool(given(keepdims, False))), out)

    position.__name__ = position.__qualname__ = name
    position.__doc__ = f"`numpy.{name}`: where the extremum is, which has no derivative."
    return position


argmax, argmin = _position("argmax", reductions.argmax), _position("argmin", reductions.argmin)


# ------------------------------------------------------------------------------------------------ cumulative


def _cumulative(name: str, row: Any) -> Callable[..., Any]:
    @implements(getattr(numpy, name))
    def cumulative(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        a = _converted(operand(a), dtype)
        if axis is None:
            a, axis = reshape_row(a, shape=(-1,)), 0
        return finish(row(a, axis=one_axis(axis, ndim(a))), out)

    cumulative.__name__ = cumulative.__qualname__ = name
    cumulative.__doc__ = f"`numpy.{name}`."
    return cumulative


cumsum, cumprod = _cumulative("cumsum", reductions.cumsum), _cumulative("cumprod", reductions.cumprod)


def _array_api_cumulative(name: str, function: Any, start: float) -> Callable[..., Any]:
    @implements(getattr(numpy, name))
    def cumulative(
        x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
    ) -> Any:
        from .joining import concatenate

        x = operand(x)
        if axis is None and ndim(x) > 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        x = x if ndim(x) else reshape_row(x, shape=(1,))
        axis = one_axis(0 if axis is None else axis, ndim(x))
        made = function(x, axis, dtype)
        if include_initial:
            head = list(shape_of(made))
            head[axis] = 1
            made = concatenate([numpy.full(head, start, numpy_dtype(made)), made], axis=axis)
        return finish(made, out)

    cumulative.__name__ = cumulative.__qualname__ = name
    cumulative.__doc__ = f"`numpy.{name}`."
    return cumulative


if hasattr(numpy, "cumulative_sum"):
    cumulative_sum = _array_api_cumulative("cumulative_sum", cumsum, 0.0)
    cumulative_prod = _array_api_cumulative("cumulative_prod", cumprod, 1.0)


# ------------------------------------------------------------------------------------------------ ignoring NaN


def _ignoring_nan(name: str, function: Any, neutral: float) -> Callable[..., Any]:
    @implements(getattr(numpy, "nan" + name))
    def reduce(a: Any, axis: Any = None, *args: Any, **options: Any) -> Any:
        a = operand(a)
        missing = rows.isnan(a)
        made = function(rows.where(missing, neutral, a), axis, *args, **options)
        if math.isinf(neutral) and given(options.get("initial"), None) is None:
            empty = all(missing, axis, keepdims=given(options.get("keepdims"), False))
            made = rows.where(empty, math.nan, made)
        return made

    reduce.__name__ = reduce.__qualname__ = "nan" + name
    reduce.__doc__ = f"`numpy.nan{name}`."
    return reduce


nansum, nanprod = _ignoring_nan("sum", sum, 0.0), _ignoring_nan("prod", prod, 1.0)
nanmax, nanmin = _ignoring_nan("max", max, -math.inf), _ignoring_nan("min", min, math.inf)
nancumsum, nancumprod = _ignoring_nan("cumsum", cumsum, 0.0), _ignoring_nan("cumprod", cumprod, 1.0)


def _of_present(name: str, function: Any) -> Callable[..., Any]:
    @implements(getattr(numpy, "nan" + name))
    def reduce(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, *args: Any, **options: Any) -> Any:
        a = asarray(a)
        where, present = options.pop("where", True), rows.logical_not(rows.isnan(a))
        if where is not True and where is not NO_VALUE:
            present = rows.logical_and(present, as_mask(where))
        return function(a, axis, dtype, out, *args, **options, where=present)

    reduce.__name__ = reduce.__qualname__ = "nan" + name
    reduce.__doc__ = f"`numpy.nan{name}`."
    return reduce


nanmean, nanvar, nanstd = _of_present("mean", mean), _of_present("var", var), _of_present("std", std)
