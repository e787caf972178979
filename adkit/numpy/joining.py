"""Joining and splitting arrays: `concatenate stack block split append r_ c_ …`. Parts that are cut out are views.

Not for: other changes of shape (`numpy.shaping`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..handle import untraced
from ..numpy_api import has_handle, implements
from ..primitives import shape as shapes
from ..primitives.shape import shape_of
from .arguments import finish, known, many_axes, ndim, one_axis, operand, view
from .creation import arange, array, as_dtype, linspace

__adkit__ = True


@implements(numpy.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """`numpy.moveaxis`, a view."""
    a = operand(a)
    sources = many_axes(tuple(source) if isinstance(source, range) else source, ndim(a))
    destinations = many_axes(tuple(destination) if isinstance(destination, range) else destination, ndim(a))
    if len(sources) != len(destinations):
        raise ValueError("`source` and `destination` arguments must have the same number of elements")
    axes = [i for i in range(ndim(a)) if i not in sources]
    for where, axis in sorted(zip(destinations, sources, strict=True)):
        axes.insert(where, axis)
    order = tuple(axes)
    back = tuple(sorted(range(len(order)), key=order.__getitem__))
    return view(a, lambda x: shapes.transpose(x, axes=order), lambda x, v: shapes.transpose(v, axes=back))


def _parts(arrays: Any) -> list[Any]:
    """The operands of a joining function: the items of a list, or the slices of an array."""
    parts = [operand(a) for a in arrays]
    if not parts:
        raise ValueError("need at least one array to concatenate")
    return parts


def _flat(a: Any) -> Any:
    return shapes.reshape(a, shape=(-1,))


@implements(numpy.concatenate)
def concatenate(arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """`numpy.concatenate`."""
    parts = _parts(arrays)
    if axis is None:
        parts, axis = [_flat(p) for p in parts], 0
    if any(ndim(p) == 0 for p in parts):
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    made = shapes.concatenate(*parts, axis=one_axis(axis, ndim(parts[0])))
    return finish(made if dtype is None else as_dtype(made, dtype), out)


concat = concatenate


@implements(numpy.stack)
def stack(arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """`numpy.stack`."""
    parts = _parts(arrays)
    if len({shape_of(p) for p in parts}) != 1:
        raise ValueError("all input arrays must have the same shape")
    made = shapes.stack(*parts, axis=one_axis(axis, ndim(parts[0]) + 1))
    return finish(made if dtype is None else as_dtype(made, dtype), out)


def _joined(arrays: Any, at_least: int, axis: int, dtype: Any) -> Any:
    from .shaping import atleast_2d, atleast_3d

    lift = atleast_2d if at_least == 2 else atleast_3d
    return concatenate([lift(a) for a in _parts(arrays)], axis, dtype=dtype)


@implements(numpy.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """`numpy.vstack`."""
    return _joined(tup, 2, 0, dtype)


row_stack = vstack


@implements(numpy.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """`numpy.hstack`."""
    parts = _parts(tup)
    parts = [_flat(p) if ndim(p) == 0 else p for p in parts]
    return concatenate(parts, 0 if ndim(parts[0]) == 1 else 1, dtype=dtype)


@implements(numpy.dstack)
def dstack(tup: Any) -> Any:
    """`numpy.dstack`."""
    return _joined(tup, 3, 2, None)


@implements(numpy.column_stack)
def column_stack(tup: Any) -> Any:
    """`numpy.column_stack`."""
    parts = [shapes.reshape(p, shape=(-1, 1)) if ndim(p) < 2 else p for p in _parts(tup)]
    return concatenate(parts, 1)


@implements(numpy.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """`numpy.append`."""
    return concatenate([operand(arr), operand(values)], axis)


@implements(numpy.block)
def block(arrays: Any) -> Any:
    """`numpy.block`."""
    depth, nested = 0, arrays
    while isinstance(nested, list):
        depth, nested = depth + 1, nested[0]
    return _block(arrays, depth, max(depth, _deepest(arrays)))


def _deepest(arrays: Any) -> int:
    return max(map(_deepest, arrays)) if isinstance(arrays, list) else ndim(operand(arrays))


def _block(arrays: Any, depth: int, n: int) -> Any:
    if not isinstance(arrays, list):
        a = operand(arrays)
        return shapes.reshape(a, shape=(1,) * (n - ndim(a)) + shape_of(a))
    return concatenate([_block(a, depth - 1, n) for a in arrays], -depth)


# ------------------------------------------------------------------------------------------------ splitting


@implements(numpy.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """`numpy.array_split`: views of the parts."""
    ary = operand(ary)
    axis = one_axis(axis, ndim(ary))
    size = shape_of(ary)[axis]
    if isinstance(indices_or_sections, (int, numpy.integer)):
        count = int(indices_or_sections)
        if count <= 0:
            raise ValueError("number sections must be larger than 0.")
        each, extra = divmod(size, count)
        ends = numpy.cumsum([0] + [each + 1] * extra + [each] * (count - extra)).tolist()
    else:
        ends = [0, *(int(i) for i in known(indices_or_sections)), size]
    head = (slice(None),) * axis
    return [ary[(*head, slice(a, b))] for a, b in zip(ends[:-1], ends[1:], strict=True)]


@implements(numpy.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """`numpy.split`: views of the parts."""
    ary = operand(ary)
    if isinstance(indices_or_sections, (int, numpy.integer)) and shape_of(ary)[axis] % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


@implements(numpy.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`numpy.hsplit`."""
    return split(ary, indices_or_sections, 0 if ndim(operand(ary)) == 1 else 1)


@implements(numpy.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`numpy.vsplit`."""
    return split(ary, indices_or_sections, 0)


@implements(numpy.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`numpy.dsplit`."""
    return split(ary, indices_or_sections, 2)


if hasattr(numpy, "unstack"):

    @implements(numpy.unstack)
    def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
        """`numpy.unstack`: views of the slices."""
        moved = moveaxis(x, axis, 0)
        return tuple(moved[i] for i in range(shape_of(moved)[0]))


# ------------------------------------------------------------------------------------------------ r_ and c_


class Joiner:
    """`numpy.r_` and `numpy.c_`, also of traced values."""

    def __init__(self, plain: Any, axis: int, ndmin: int, start: int) -> None:
        self._plain = plain
        self._options = (axis, ndmin, start)

    def __getitem__(self, key: Any) -> Any:
        keys = key if isinstance(key, tuple) else (key,)
        if not has_handle(part for k in keys for part in ((k.start, k.stop, k.step) if isinstance(k, slice) else (k,))):
            return self._plain[key]
        axis, ndmin, start = self._options
        if isinstance(keys[0], str):
            given = [int(n) for n in keys[0].split(",")]
            axis, ndmin, start = (*given, *self._options[len(given) :])
            keys = keys[1:]
        parts = [self._part(k, ndmin, start) for k in keys]
        numbers = map(_number, keys)  # a Python number gives way to the dtype of the arrays
        dtype = numpy.result_type(*(numpy_dtype(p) if n is None else n for p, n in zip(parts, numbers, strict=True)))
        return concatenate([as_dtype(part, dtype) for part in parts], axis)

    def _part(self, key: Any, ndmin: int, start: int) -> Any:
        part = _stretch(key) if isinstance(key, slice) else array(key, copy=None)
        if ndim(part) == 0:
            return shapes.reshape(part, shape=(1,) * max(ndmin, 1))
        extra = ndmin - ndim(part)
        if extra <= 0:
            return part
        before = extra if start < 0 else min(start, extra)
        return shapes.reshape(part, shape=(1,) * before + shape_of(part) + (1,) * (extra - before))

    def __len__(self) -> int:
        return 0


r_ = Joiner(numpy.r_, 0, 1, -1)
c_ = Joiner(numpy.c_, -1, 2, 0)


def _number(key: Any) -> Any:
    """A Python number, also a traced one; `None` for anything else."""
    plain = untraced(key)
    return plain if type(plain) in (bool, int, float, complex) else None


def _stretch(key: slice) -> Any:
    """What a slice stands for: as many places from start to stop as its imaginary step says, or steps of its size."""
    first = 0 if key.start is None else key.start
    if isinstance(key.step, complex):
        return linspace(first, key.stop, int(abs(key.step)))
    return arange(first, key.stop, 1 if key.step is None else key.step)


class Grid:
    """`numpy.mgrid` and `numpy.ogrid`, also with traced bounds and steps."""

    def __init__(self, plain: Any, sparse: bool) -> None:
        self._plain = plain
        self._sparse = sparse

    def __getitem__(self, key: Any) -> Any:
        keys = key if isinstance(key, tuple) else (key,)
        if not has_handle(part for k in keys for part in (k.start, k.stop, k.step)):
            return self._plain[key]
        if not isinstance(key, tuple):
            return _stretch(key)
        from .shaping import meshgrid

        along = [_stretch(k) for k in keys]
        dtype = numpy.result_type(*map(numpy_dtype, along))
        made = meshgrid(*(as_dtype(part, dtype) for part in along), sparse=self._sparse, indexing="ij")
        return tuple(made) if self._sparse else stack(made)


mgrid, ogrid = Grid(numpy.mgrid, False), Grid(numpy.ogrid, True)
