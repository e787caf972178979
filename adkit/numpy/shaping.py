"""Functions that change the shape of arrays or the order of their elements: `reshape transpose flip roll tile pad
diff tril …`.

Where NumPy returns a view, so does this: assigning to the result assigns to the argument. Not for: joining and
splitting (`numpy.joining`), reading and writing by index (`numpy.indexing`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..handle import TracedArray
from ..numpy_api import implements
from ..primitives import elementwise as rows
from ..primitives import shape as shapes
from ..primitives.indexing import getitem, index_update
from ..primitives.shape import shape_of
from ..storage import plain_index, snapshot
from .arguments import many_axes, ndim, one_axis, operand, view
from .creation import as_dtype, zeros_of
from .creation import copy as copied
from .joining import concatenate, moveaxis, stack
from .lifted import lift

__adkit__ = True


def _full_shape(shape: Any, size: int) -> tuple[int, ...]:
    """A shape with its -1 worked out."""
    wanted = plain_index(shape if isinstance(shape, (tuple, list)) else (shape,), None)
    wanted = tuple(int(n) for n in wanted)
    if wanted.count(-1) == 1:
        rest = -math.prod(wanted)
        if rest == 0 or size % rest:
            raise ValueError(f"cannot reshape array of size {size} into shape {wanted}")
        return tuple(size // rest if n == -1 else n for n in wanted)
    if math.prod(wanted) != size or any(n < 0 for n in wanted):
        raise ValueError(f"cannot reshape array of size {size} into shape {wanted}")
    return wanted


@implements(numpy.reshape)
def reshape(a: Any, /, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: bool | None = None) -> Any:
    """`numpy.reshape`; a view where NumPy's is one."""
    a = operand(a)
    old = shape_of(a)
    new = _full_shape(newshape if shape is None else shape, math.prod(old))
    if order == "F" or (order == "A" and _is_fortran(a)):
        return transpose(reshape(transpose(a), new[::-1], copy=copy))
    made = view(a, lambda x: shapes.reshape(x, shape=new), lambda x, v: shapes.reshape(v, shape=old))
    return snapshot(made) if copy or (isinstance(made, TracedArray) and not _aliases(made, a)) else made


def _is_fortran(a: Any) -> bool:
    flags = getattr(getattr(a, "value", a), "flags", None)
    return flags is not None and flags.f_contiguous and not flags.c_contiguous


def _aliases(made: Any, a: Any) -> bool:
    """Whether reshaping shared the buffer, as NumPy does where strides allow it."""
    new, old = made.value, a.value
    return not isinstance(new, numpy.ndarray) or not isinstance(old, numpy.ndarray) or numpy.may_share_memory(new, old)


@implements(numpy.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    """`numpy.ravel`; a view of a contiguous array."""
    a = operand(a)
    if order == "K":
        a, order = _in_memory_order(a), "C"
    made = reshape(a, (-1,), order)
    plain = getattr(made, "value", made)
    return copied(made) if isinstance(plain, numpy.ndarray) and not plain.flags.c_contiguous else made


def _in_memory_order(a: Any) -> Any:
    """An array with its axes from the largest stride to the smallest."""
    strides = getattr(getattr(a, "value", a), "strides", ())
    axes = sorted(range(len(strides)), key=lambda i: -abs(strides[i]))
    return a if axes == list(range(len(strides))) else transpose(a, axes)


@implements(numpy.transpose)
def transpose(a: Any, axes: Any = None) -> Any:
    """`numpy.transpose`, a view."""
    a = operand(a)
    n = ndim(a)
    order = tuple(range(n))[::-1] if axes is None else tuple(one_axis(i, n) for i in axes)
    if sorted(order) != list(range(n)):
        raise ValueError("axes don't match array")
    back = tuple(sorted(range(n), key=order.__getitem__))
    return view(a, lambda x: shapes.transpose(x, axes=order), lambda x, v: shapes.transpose(v, axes=back))


permute_dims = transpose


@implements(numpy.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    """`numpy.matrix_transpose`: the last two axes exchanged, a view."""
    return swapaxes(x, -1, -2)


@implements(numpy.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """`numpy.swapaxes`, a view."""
    a = operand(a)
    order = list(range(ndim(a)))
    i, j = one_axis(axis1, ndim(a)), one_axis(axis2, ndim(a))
    order[i], order[j] = order[j], order[i]
    return transpose(a, order)


@implements(numpy.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """`numpy.rollaxis`, a view."""
    n = ndim(operand(a))
    axis = one_axis(axis, n)
    start = start + n if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


@implements(numpy.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    """`numpy.squeeze`, a view."""
    a = operand(a)
    shape = shape_of(a)
    axes = tuple(i for i, n in enumerate(shape) if n == 1) if axis is None else many_axes(axis, len(shape))
    if any(shape[i] != 1 for i in axes):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return reshape(a, tuple(n for i, n in enumerate(shape) if i not in axes))


@implements(numpy.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    """`numpy.expand_dims`, a view."""
    a = operand(a)
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    axes = many_axes(axis, ndim(a) + count)
    rest = iter(shape_of(a))
    return reshape(a, tuple(1 if i in axes else next(rest) for i in range(ndim(a) + count)))


def _at_least(n: int) -> Any:
    function = getattr(numpy, f"atleast_{n}d")

    def lifted(a: Any) -> Any:
        a = operand(a)
        shape = shape_of(a)
        if len(shape) >= n:
            return a
        if n == 3 and len(shape) == 2:
            return reshape(a, (*shape, 1))
        return reshape(a, (1, *shape, *(1,) * (n - 1 - len(shape))) if n != 3 or len(shape) == 1 else (1,) * 3)

    @implements(function)
    def atleast(*arrays: Any) -> Any:
        made = tuple(lifted(a) for a in arrays)
        return made[0] if len(made) == 1 else made

    atleast.__name__ = atleast.__qualname__ = f"atleast_{n}d"
    atleast.__doc__ = f"`numpy.atleast_{n}d`."
    return atleast


atleast_1d, atleast_2d, atleast_3d = map(_at_least, (1, 2, 3))


# ------------------------------------------------------------------------------------------------ broadcasting,
# repeating


@implements(numpy.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    """`numpy.broadcast_to`, a view that cannot be written."""
    wanted = plain_index(shape if isinstance(shape, (tuple, list)) else (shape,), None)
    full = tuple(int(n) for n in wanted)
    return view(operand(array), lambda x: shapes.broadcast_to(x, shape=full), _read_only)


def _read_only(x: Any, v: Any) -> Any:
    raise ValueError("assignment destination is read-only")


@implements(numpy.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    """`numpy.broadcast_arrays`, views that cannot be written."""
    arrays = [operand(a) for a in args]
    shape = numpy.broadcast_shapes(*(shape_of(a) for a in arrays))
    return tuple(broadcast_to(a, shape) for a in arrays)


@implements(numpy.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    """`numpy.meshgrid`."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    arrays = [ravel(operand(x)) for x in xi]
    n = len(arrays)
    order = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    made = [reshape(x, tuple(-1 if i == order[k] else 1 for i in range(n))) for k, x in enumerate(arrays)]
    made = made if sparse else list(broadcast_arrays(*made))
    return tuple(copied(x) for x in made) if copy else tuple(made)


@implements(numpy.tile)
def tile(A: Any, reps: Any) -> Any:
    """`numpy.tile`."""
    A = operand(A)
    reps = tuple(int(r) for r in reps) if isinstance(reps, (tuple, list, numpy.ndarray)) else (int(reps),)
    n = max(len(reps), ndim(A))
    shape = (1,) * (n - ndim(A)) + shape_of(A)
    reps = (1,) * (n - len(reps)) + reps
    spread = shapes.reshape(A, shape=tuple(m for size in shape for m in (1, size)))
    spread = shapes.broadcast_to(spread, shape=tuple(m for r, size in zip(reps, shape, strict=True) for m in (r, size)))
    return shapes.reshape(spread, shape=tuple(r * size for r, size in zip(reps, shape, strict=True)))


@implements(numpy.repeat)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """`numpy.repeat`."""
    from .arguments import known
    from .indexing import take

    a = operand(a)
    if axis is None:
        a, axis = ravel(a), 0
    size = shape_of(a)[one_axis(axis, ndim(a))]
    return take(a, numpy.repeat(numpy.arange(size), known(repeats)), axis)


# ------------------------------------------------------------------------------------------------ reversing, rolling


@implements(numpy.flip)
def flip(m: Any, axis: Any = None) -> Any:
    """`numpy.flip`, a view."""
    m = operand(m)
    axes = many_axes(axis, ndim(m))
    return view(m, lambda x: shapes.flip(x, axis=axes), lambda x, v: shapes.flip(v, axis=axes))


@implements(numpy.flipud)
def flipud(m: Any) -> Any:
    """`numpy.flipud`, a view."""
    return flip(m, 0)


@implements(numpy.fliplr)
def fliplr(m: Any) -> Any:
    """`numpy.fliplr`, a view."""
    return flip(m, 1)


@implements(numpy.rot90)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """`numpy.rot90`, a view."""
    a, b = (one_axis(i, ndim(operand(m))) for i in axes)
    if a == b:
        raise ValueError("Axes must be different.")
    k %= 4
    if k == 0:
        return flip(m, ())
    if k == 2:
        return flip(m, (a, b))
    return swapaxes(flip(m, b), a, b) if k == 1 else flip(swapaxes(m, a, b), b)


@implements(numpy.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """`numpy.roll`."""
    a = operand(a)
    if axis is None:
        return shapes.reshape(roll(ravel(a), shift, 0), shape=shape_of(a))
    shifts, axes = numpy.broadcast_arrays(numpy.atleast_1d(shift), numpy.atleast_1d(axis))
    return shapes.roll(a, shift=tuple(int(s) for s in shifts), axis=tuple(one_axis(i, ndim(a)) for i in axes))


# ------------------------------------------------------------------------------------------------ padding, differences


@implements(numpy.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    """`numpy.pad` in any of its modes, that of a function included."""
    a = operand(array)
    if not _is_selection(mode, options):
        return lift(numpy.pad)(a, _plain_widths(pad_width), mode, **options)
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, pad_width.get(i - ndim(a), 0)) for i in range(ndim(a))]
        pad_width = [w if isinstance(w, (tuple, list)) else (w, w) for w in pad_width]
    widths = tuple((int(low), int(high)) for low, high in numpy.broadcast_to(pad_width, (ndim(a), 2)))
    if mode == "constant":
        made = shapes.pad(a, widths=widths)
        value = options.get("constant_values", 0)
        if type(value) in (int, float) and value == 0:
            return made
        return _filled_border(a, made, widths, value)
    from .indexing import take

    for i, width in enumerate(widths):
        a = take(a, numpy.pad(numpy.arange(shape_of(a)[i]), width, mode=mode), i)
    return a


def _is_selection(mode: Any, options: dict[str, Any]) -> bool:
    """Whether the border is constant or a selection of elements, rather than computed from them."""
    if mode == "constant":
        return not isinstance(options.get("constant_values"), dict)
    return mode in ("edge", "reflect", "symmetric", "wrap") and options.get("reflect_type", "even") == "even"


def _plain_widths(widths: Any) -> Any:
    return widths if isinstance(widths, dict) else numpy.asarray(widths)


def _filled_border(a: Any, made: Any, widths: Any, value: Any) -> Any:
    """The padded array with constant values, one for all or a pair per axis, in the border; later axes win corners."""
    from .indexing import readable

    pairs = broadcast_to(readable(value), (ndim(a), 2))
    for i, (low, high) in enumerate(widths):
        place = numpy.arange(shape_of(made)[i]).reshape(-1, *(1,) * (ndim(a) - 1 - i))
        made = rows.where(place < low, as_dtype(pairs[i, 0], numpy_dtype(a)), made)
        end = low + shape_of(a)[i]
        made = rows.where(place >= end, as_dtype(pairs[i, 1], numpy_dtype(a)), made) if high else made
    return made


@implements(numpy.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """`numpy.diff`."""
    if n < 0:
        raise ValueError("order must be non-negative but got " + repr(n))
    a = operand(a)
    axis = one_axis(axis, ndim(a))
    ends: list[Any] = []
    for end in (prepend, append):
        if end is None or end is numpy._NoValue:
            ends.append([])
            continue
        end = operand(end)
        shape = tuple(1 if i == axis else m for i, m in enumerate(shape_of(a)))
        ends.append([broadcast_to(end, shape) if ndim(end) == 0 else end])
    if n and any(ends):
        a = concatenate([*ends[0], a, *ends[1]], axis=axis)
    head = (slice(None),) * axis
    for _ in range(n):
        later, earlier = a[(*head, slice(1, None))], a[(*head, slice(None, -1))]
        a = rows.not_equal(later, earlier) if numpy_dtype(a).kind == "b" else later - earlier
    return a


@implements(numpy.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """`numpy.ediff1d`."""
    parts = [ravel(operand(p)) for p in (to_begin,) if p is not None]
    parts.append(diff(ravel(ary)))
    parts += [ravel(operand(p)) for p in (to_end,) if p is not None]
    return concatenate(parts) if len(parts) > 1 else parts[0]


# ------------------------------------------------------------------------------------------------ diagonals, triangles


@implements(numpy.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """`numpy.diagonal`, along the last axis of the result, a view that cannot be written."""
    a = operand(a)
    if ndim(a) < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    moved = moveaxis(a, (axis1, axis2), (-2, -1))
    rows_, columns = shape_of(moved)[-2:]
    first, second = max(-offset, 0), max(offset, 0)
    place = numpy.arange(max(min(rows_ - first, columns - second), 0))
    index = (*(slice(None),) * (ndim(a) - 2), place + first, place + second)
    return view(moved, lambda x: getitem(x, index=index), _read_only)


@implements(numpy.diag)
def diag(v: Any, k: int = 0) -> Any:
    """`numpy.diag`: a vector as a diagonal matrix, or the diagonal of a matrix."""
    v = operand(v)
    if ndim(v) == 2:
        return diagonal(v, k)
    if ndim(v) != 1:
        raise ValueError("Input must be 1- or 2-d.")
    size = shape_of(v)[0] + abs(k)
    place = numpy.arange(shape_of(v)[0])
    empty = zeros_of((size, size), like=v)
    return index_update(empty, v, index=(place + max(-k, 0), place + max(k, 0)))


@implements(numpy.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    """`numpy.diagflat`."""
    return diag(ravel(v), k)


@implements(numpy.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    """`numpy.trace`."""
    from .reduction import sum

    return sum(diagonal(a, offset, axis1, axis2), -1, dtype, out)


def _triangle(a: Any, keep: Any) -> Any:
    a = operand(a)
    a = broadcast_to(a, shape_of(a) * 2) if ndim(a) == 1 else a
    return rows.where(keep(numpy.ones(shape_of(a)[-2:], dtype=bool)), a, 0)


@implements(numpy.tril)
def tril(m: Any, k: int = 0) -> Any:
    """`numpy.tril`."""
    return _triangle(m, lambda mask: numpy.tril(mask, k))


@implements(numpy.triu)
def triu(m: Any, k: int = 0) -> Any:
    """`numpy.triu`."""
    return _triangle(m, lambda mask: numpy.triu(mask, k))


@implements(numpy.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """`numpy.vander`."""
    x = operand(x)
    if ndim(x) != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    powers = range(shape_of(x)[0] if N is None else N)
    one = numpy.ones(shape_of(x), dtype=numpy_dtype(x))
    columns = [one if p == 0 else x**p for p in (powers if increasing else reversed(powers))]
    return stack(columns, axis=1) if columns else numpy.empty((shape_of(x)[0], 0), dtype=numpy_dtype(x))


@implements(numpy.resize)
def resize(a: Any, new_shape: Any) -> Any:
    """`numpy.resize`: repeated or cut to the new shape."""
    from .indexing import take

    a = ravel(a)
    shape = (new_shape,) if isinstance(new_shape, (int, numpy.integer)) else tuple(new_shape)
    if not shape_of(a)[0]:
        return zeros_of(shape, like=a)
    return shapes.reshape(take(a, numpy.arange(math.prod(shape)) % shape_of(a)[0]), shape=shape)


@implements(numpy.shape)
def shape(a: Any) -> tuple[int, ...]:
    """`numpy.shape`."""
    return shape_of(operand(a))


@implements(numpy.size)
def size(a: Any, axis: Any = None) -> int:
    """`numpy.size`."""
    whole = shape_of(operand(a))
    return math.prod(whole if axis is None else (whole[i] for i in many_axes(axis, len(whole))))


@implements(numpy.ndim)
def _ndim(a: Any) -> int:
    """`numpy.ndim`."""
    return ndim(operand(a))
