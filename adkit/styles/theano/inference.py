"""The type of a result from the types of the operands: dtypes by NumPy's promotion, rank by broadcasting.

Not for: lengths, which only values have (`evaluation`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy

from .errors import GraphError, at_line
from .graph import Constant, TensorType, Variable

__adkit__ = True


def sample(variable: Variable) -> Any:
    """A scalar of the dtype of a variable; a Python number for a constant that gives way in promotion."""
    if isinstance(variable, Constant) and variable.weak:
        return type(variable.data)(1)
    return numpy.ones((), variable.type.numpy_dtype)[()]


@functools.lru_cache(maxsize=4096)
def _dtype_of(function: Callable[..., Any], kinds: tuple[Any, ...]) -> str:
    """The dtype that a function makes of scalars of these types."""
    samples = [kind(1) if isinstance(kind, type) else numpy.ones((), kind)[()] for kind in kinds]
    with numpy.errstate(all="ignore"):
        return str(numpy.asarray(function(*samples)).dtype)


def dtype_of(function: Callable[..., Any], operands: Iterable[Variable]) -> str:
    """The dtype of a function of operands, element by element."""
    kinds = []
    for operand in operands:
        weak = isinstance(operand, Constant) and operand.weak
        kinds.append(type(operand.data) if weak else operand.type.numpy_dtype)
    return _dtype_of(function, tuple(kinds))


def broadcast(operands: Iterable[Variable]) -> tuple[bool, ...]:
    """The pattern of a result in which operands are aligned at their last dimensions.

    Example
    -------
    >>> broadcast([TensorType("float64", (True, False))(), TensorType("float64", (False,))()])
    (True, False)
    """
    patterns = [v.broadcastable for v in operands]
    n = max((len(p) for p in patterns), default=0)
    padded = [(True,) * (n - len(p)) + p for p in patterns]
    return tuple(all(p[i] for p in padded) for i in range(n))


def elementwise(function: Callable[..., Any]) -> Callable[..., TensorType]:
    """The inference of an operation on corresponding elements."""

    def infer(*operands: Variable, **params: Any) -> TensorType:
        applied = functools.partial(function, **params) if params else function
        return TensorType(dtype_of(applied, operands) if not params else _fresh(applied, operands), broadcast(operands))

    return infer


def _fresh(function: Callable[..., Any], operands: Iterable[Variable]) -> str:
    with numpy.errstate(all="ignore"):
        return str(numpy.asarray(function(*map(sample, operands))).dtype)


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes counted from the start; all of them for `None`."""
    if axis is None:
        return tuple(range(ndim))
    given = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    made = []
    for a in given:
        if isinstance(a, Variable):
            if not isinstance(a, Constant):
                raise at_line(GraphError, "an axis is symbolic", "pass axes as plain integers")
            a = int(a.data)
        if not -ndim <= a < ndim:
            raise at_line(GraphError, f"axis {a} is out of range for {ndim} dimensions", "pass an axis that is there")
        made.append(int(a) % ndim)
    return tuple(sorted(made))


def reduced(pattern: tuple[bool, ...], axis: Any, keepdims: bool) -> tuple[bool, ...]:
    """The pattern that is left of a reduction."""
    axes = axes_of(axis, len(pattern))
    if keepdims:
        return tuple(True if i in axes else b for i, b in enumerate(pattern))
    return tuple(b for i, b in enumerate(pattern) if i not in axes)


def reduction(function: Callable[..., Any]) -> Callable[..., TensorType]:
    """The inference of a reduction over `axis`."""

    def infer(x: Variable, axis: Any = None, keepdims: bool = False, **params: Any) -> TensorType:
        dtype = str(numpy.asarray(function(numpy.ones(1, x.type.numpy_dtype), **params)).dtype)
        return TensorType(dtype, reduced(x.broadcastable, axis, keepdims))

    return infer


def promoted(operands: Iterable[Variable]) -> str:
    """The dtype that holds all operands."""
    return str(numpy.result_type(*map(sample, operands)))


def like_first(x: Variable, *others: Variable, **params: Any) -> TensorType:
    """The inference of an operation whose result is like its first operand."""
    return x.type
