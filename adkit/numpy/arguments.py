"""What the functions of `adkit.numpy` do with their arguments first: operands, axes, defaults, `out=`, plain values.

Not for: any function that a user calls.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..backends import is_array, to_numpy
from ..errors import UnsupportedError
from ..handle import TracedArray, is_traced
from ..numpy_api import into
from ..primitives.shape import shape_of
from ..source import user_line
from ..storage import view_of
from ..tracing import SCALAR_TYPES, base_array
from .creation import asarray

__adkit__ = True

NO_VALUE = numpy._NoValue


def operand(a: Any) -> Any:
    """An argument as a handle, an array or a scalar; lists are joined into one array."""
    if isinstance(a, TracedArray) or type(a) in SCALAR_TYPES or (type(a) is numpy.ndarray and a.dtype != object):
        return a
    return asarray(base_array(a) if isinstance(a, numpy.ndarray) else a)


def ndim(a: Any) -> int:
    """The number of dimensions of an operand."""
    return len(shape_of(a))


def one_axis(axis: Any, n: int) -> int:
    """An axis as a non-negative integer."""
    return int(normalize_axis_index(operator.index(axis), n))


def many_axes(axis: Any, n: int) -> tuple[int, ...]:
    """The axes of a reduction: all of them for `None`."""
    return tuple(range(n)) if axis is None else tuple(int(i) for i in normalize_axis_tuple(axis, n))


def given(value: Any, default: Any) -> Any:
    """An optional argument, or its default where NumPy's own code passes its sign for "not given"."""
    return default if value is NO_VALUE or value is None else value


def finish(result: Any, out: Any) -> Any:
    """The result, stored in `out` if that was given."""
    if out is None or out is NO_VALUE or (type(out) is tuple and out[0] is None):
        return result
    return into(out if isinstance(out, tuple) else (out,), result, sys._getframe(1))


def view(a: Any, read: Callable[[Any], Any], write: Callable[[Any, Any], Any]) -> Any:
    """`read(a)`, which writes through to a if that is a traced array; see `storage.view_of`."""
    if isinstance(a, TracedArray) and is_array(a.value):
        return view_of(a, read, write)
    return read(a)


def known(a: Any) -> Any:
    """The plain NumPy value of an argument that decides something, noted as a guard if it is traced."""
    if isinstance(a, TracedArray):
        a._guard(sys._getframe(1))
        a.share()
        return to_numpy(a.value)
    if isinstance(a, (list, tuple)):
        return type(a)(known(item) for item in a)
    return to_numpy(a)


def refuse_option(function: str, option: str, fix: str) -> UnsupportedError:
    """The error for an option of a function that has no derivative rule."""
    filename, line = user_line(sys._getframe(1))
    return UnsupportedError(
        f"numpy.{function} with {option} has no derivative rule in adkit", fix=fix, filename=filename, line=line
    )


def traced_anywhere(*values: Any) -> bool:
    """Whether one of the values is a handle that depends on an input."""
    return any(is_traced(value) for value in values)
