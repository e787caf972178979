"""Calls of `adkit.numpy`'s functions with arrays of another library than NumPy, plain or traced.

Such a call gives arrays of that library: a plain array enters the function as a constant handle, whose operators
promote as NumPy's do, and what NumPy computed on the way (an index, a mask, a grid) is copied to the library and
device of the arguments. Not for: the libraries themselves (`backends`), or which function is called (`numpy_api`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from . import backends
from .handle import TracedArray

__adkit__ = True

_LEAVES = frozenset({int, float, complex, bool, str, type(None), slice, numpy.ndarray, numpy.float64, numpy.int64})


def foreign_among(value: Any) -> Any:
    """The first array of another library in nested lists, tuples and dicts, or behind a handle; `None` if there is
    none.

    Example
    -------
    >>> foreign_among((numpy.ones(2), [1.0, None])) is None
    True
    """
    kind = type(value)
    if kind in _LEAVES:
        return None
    if isinstance(value, TracedArray):
        value = value.value
        return None if type(value) in _LEAVES or backends.backend_of(value) is None else value
    if kind is tuple or kind is list or kind is dict:
        for item in value.values() if kind is dict else value:
            found = None if type(item) in _LEAVES else foreign_among(item)
            if found is not None:
                return found
        return None
    return value if backends.backend_of(value) is not None else None


def call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], like: Any) -> Any:
    """`function(*args, **kwargs)`, computed with arrays of the library of `like`, and of its arrays only."""
    traced = _has_handle((args, kwargs))
    made = function(*_lifted(args, traced), **_lifted(kwargs, traced))
    return _returned(made, like, traced)


def _has_handle(value: Any) -> bool:
    if isinstance(value, dict):
        value = tuple(value.values())
    if type(value) in (tuple, list):
        return any(type(item) not in _LEAVES and _has_handle(item) for item in value)
    return isinstance(value, TracedArray)


def _lifted(value: Any, traced: bool) -> Any:
    """Plain arrays of another library as constant handles; copied beside a traced value, whose rules may read them
    later.
    """
    kind = type(value)
    if kind in _LEAVES:
        return value
    if kind is dict:
        return {name: _lifted(item, traced) for name, item in value.items()}
    if kind is tuple or kind is list:
        return kind(_lifted(item, traced) for item in value)
    if isinstance(value, TracedArray) or backends.backend_of(value) is None:
        return value
    return TracedArray(None, backends.copy_of(value) if traced else value)


def _returned(made: Any, like: Any, traced: bool) -> Any:
    """Results in the library of `like`; as plain arrays, unless a handle went in, whose operators promote."""
    kind = type(made)
    if isinstance(made, TracedArray):
        return made if traced or made.node is not None else made.value
    if isinstance(made, (numpy.ndarray, numpy.generic)):
        if made.dtype.kind not in "biufc":
            return made
        moved = backends.asarray_like(made, like)
        return TracedArray(None, moved) if traced else moved
    if traced and backends.backend_of(made) is not None:
        return TracedArray(None, made)
    if isinstance(made, (tuple, list)):
        parts = (_returned(part, like, traced) for part in made)
        return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
    return made
