"""The operators of tensors and variables, and the elementwise operations behind them and behind `tf.math`.

They call the core's recorder with the user's own frame, so a line of the list is a line of the user's. Not for: the
functions (`elementwise`).
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy

from ...errors import AdkitError
from ...handle import TracedArray
from ...operators import power
from ...primitives import elementwise as rows
from ...primitives.indexing import getitem
from ...tracing import record_binary, record_unary
from .errors import ConversionError, InvalidArgumentError, OutOfBoundsError, at_line
from .tensor import Tensor, convert_to_tensor, mixed, wrap
from .value import Value

__adkit__ = True

_getframe = sys._getframe


def unary(row: Any, function: Callable[[Any], Any] | None, x: Value, frame: Any) -> Tensor:
    """An elementwise operation of one operand."""
    operand = x._read()
    if type(operand) is TracedArray:
        return wrap(record_unary(row, operand, function or row.plain, frame))
    return Tensor((function or row.plain)(operand))


def binary(row: Any, function: Callable[[Any, Any], Any], a: Any, b: Any, frame: Any) -> Tensor:
    """An elementwise operation of two operands, at least one of them a tensor or variable."""
    x, y = operands(a, b, row.name)
    try:
        if type(x) is TracedArray or type(y) is TracedArray:
            return wrap(record_binary(row, x, y, function, frame))
        return Tensor(function(x, y))
    except ValueError as error:
        raise _incompatible(error, x, y, row.name) from None


def _incompatible(error: ValueError, x: Any, y: Any, name: str) -> Exception:
    if "broadcast" not in str(error):
        return error
    shapes = f"{list(numpy.shape(getattr(x, 'value', x)))} vs. {list(numpy.shape(getattr(y, 'value', y)))}"
    return at_line(InvalidArgumentError, f"Incompatible shapes: {shapes} [{name}]", "reshape one of the tensors")


def raised(a: Any, b: Any, frame: Any) -> Tensor:
    """`a ** b`; a constant exponent takes the short row."""
    x, y = operands(a, b, "power")
    if type(x) is TracedArray or type(y) is TracedArray:
        return wrap(power(x, y, frame))
    return Tensor(_settled(x**y, x if isinstance(a, Value) else y))


def _settled(value: Any, like: Any) -> Any:
    """A plain result in the dtype of the tensor: two Python-like operands may have made another one."""
    return value if value.dtype == like.dtype else value.astype(like.dtype)


def operands(a: Any, b: Any, name: str) -> tuple[Any, Any]:
    """Both operands as the core takes them, checked: tensors of one dtype, or a number that this dtype can hold."""
    if isinstance(a, Value):
        x = a._read()
        if isinstance(b, Value):
            if a._value.dtype != b._value.dtype:
                raise mixed(a, b, name)
            return x, b._read()
        return x, _beside(a, b, name)
    if isinstance(b, Value):
        return _beside(b, a, name), b._read()
    made = convert_to_tensor(a)
    return made._read(), _beside(made, b, name)


def _beside(tensor: Value, other: Any, name: str) -> Any:
    """An operand that is no tensor, in the dtype of the tensor beside it."""
    kind = type(other)
    if kind is float:
        if tensor._value.dtype.kind in "fc":
            return other
    elif kind is int:
        if tensor._value.dtype.kind != "b":
            return other
    else:
        made = convert_to_tensor(other, dtype_hint=tensor.dtype)
        if made._value.dtype != tensor._value.dtype:
            raise mixed(tensor, made, name)
        return made._read()
    raise at_line(
        ConversionError,
        f"Cannot convert {other!r} to a tensor of dtype {tensor.dtype.name}",
        f"convert the tensor first: tf.cast(x, tf.{'float32' if kind is float else 'int32'})",
    )


def indexed(x: Any, index: Any) -> Any:
    """`x[index]` of what the core computes with."""
    return getitem(x, index=index) if isinstance(x, TracedArray) else x[index]


def _plain_index(index: Any) -> Any:
    """An index with its tensors as plain values."""
    if isinstance(index, tuple):
        return tuple(_plain_index(part) for part in index)
    if isinstance(index, slice):
        return slice(
            *(None if part is None else operator.index(part) for part in (index.start, index.stop, index.step))
        )
    if isinstance(index, Value):
        return index._value
    return index


def _divisible(x: Any) -> Any:
    """Integers as the floats in which TensorFlow divides them."""
    if isinstance(x, Value) and x._value.dtype.kind in "iu":
        return Tensor(x._value.astype(numpy.float32 if x._value.dtype.itemsize < 4 else numpy.float64))
    return x


def quotient(a: Any, b: Any, frame: Any) -> Tensor:
    """a / b, of integers as TensorFlow divides them."""
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return binary(rows.divide, operator.truediv, _divisible(a), _divisible(b), frame)


def _getitem(self: Value, index: Any) -> Tensor:
    if not self._value.shape and index not in ((), ..., None):
        raise at_line(
            InvalidArgumentError,
            "a scalar tensor cannot be indexed or sliced",
            "leave the index out, or give the tensor an axis with tf.expand_dims",
        )
    try:
        return wrap(indexed(self._read(), _plain_index(index)))
    except IndexError as error:
        if isinstance(error, AdkitError):
            raise
        message = f"slice index out of bounds: {error}"
        raise at_line(OutOfBoundsError, message, f"the shape is {tuple(self._value.shape)}") from None


def _neg(self: Value) -> Tensor:
    return unary(rows.negative, operator.neg, self, _getframe(1))


def _pos(self: Value) -> Any:
    return self


def _abs(self: Value) -> Tensor:
    return unary(rows.absolute, operator.abs, self, _getframe(1))


def _invert(self: Value) -> Tensor:
    return unary(rows.logical_not if self._value.dtype.kind == "b" else rows.invert, None, self, _getframe(1))


def _pow(self: Value, other: Any) -> Tensor:
    return raised(self, other, _getframe(1))


def _rpow(self: Value, other: Any) -> Tensor:
    return raised(other, self, _getframe(1))


def _matmul(self: Value, other: Any) -> Tensor:
    from .linalg import matmul

    return matmul(self, other)


def _rmatmul(self: Value, other: Any) -> Tensor:
    from .linalg import matmul

    return matmul(other, self)


def _attach() -> None:
    arithmetic = {
        "add": rows.add,
        "sub": rows.subtract,
        "mul": rows.multiply,
        "floordiv": rows.floor_divide,
        "mod": rows.remainder,
    }
    for name, row in arithmetic.items():
        _put(name, row, getattr(operator, name), both=True)
    for name, row in {"and": rows.logical_and, "or": rows.logical_or, "xor": rows.logical_xor}.items():
        _put(name, row, getattr(operator, f"__{name}__"), both=True)
    for name in ("lt", "le", "gt", "ge"):
        row = {"lt": rows.less, "le": rows.less_equal, "gt": rows.greater, "ge": rows.greater_equal}[name]
        _put(name, row, getattr(operator, name), both=False)

    def truediv(self: Any, other: Any) -> Tensor:
        return quotient(self, other, _getframe(1))

    def rtruediv(self: Any, other: Any) -> Tensor:
        return quotient(other, self, _getframe(1))

    def eq(self: Any, other: Any) -> Any:
        return False if other is None else binary(rows.equal, operator.eq, self, other, _getframe(1))

    def ne(self: Any, other: Any) -> Any:
        return True if other is None else binary(rows.not_equal, operator.ne, self, other, _getframe(1))

    for method in (truediv, rtruediv, eq, ne, _getitem, _neg, _pos, _abs, _invert, _pow, _rpow, _matmul, _rmatmul):
        method.__name__ = f"__{method.__name__.strip('_')}__"
        setattr(Value, method.__name__, method)


def _put(name: str, row: Any, function: Callable[[Any, Any], Any], both: bool) -> None:
    def forward(self: Any, other: Any) -> Tensor:
        return binary(row, function, self, other, _getframe(1))

    def reflected(self: Any, other: Any) -> Tensor:
        return binary(row, function, other, self, _getframe(1))

    forward.__name__, reflected.__name__ = f"__{name}__", f"__r{name}__"
    setattr(Value, forward.__name__, forward)
    if both:
        setattr(Value, reflected.__name__, reflected)


_attach()
