"""The operators of `TracedArray`: `+ - * / // % ** @`, comparisons, `abs`, and their reflected and in-place forms.

They call the recorder directly, since Python's dispatch to a method is several times faster than NumPy's to a ufunc.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

from .handle import TracedArray
from .primitives import elementwise as rows
from .primitives.linalg import matmul
from .storage import assign
from .tracing import SCALAR_TYPES, record_binary, record_unary

__adkit__ = True

_getframe = sys._getframe


def _binary(
    row: Any, function: Callable[..., Any]
) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """The forward, reflected and in-place method of a binary operator."""

    def forward(self: Any, other: Any) -> Any:
        return record_binary(row, self, other, function, _getframe(1))

    def reflected(self: Any, other: Any) -> Any:
        return record_binary(row, other, self, function, _getframe(1))

    def in_place(self: Any, other: Any) -> Any:
        frame = _getframe(1)
        return assign(self, record_binary(row, self, other, function, frame), frame)

    return forward, reflected, in_place


def _unary(row: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any) -> Any:
        return record_unary(row, self, function, _getframe(1))

    return method


def power(base: Any, exponent: Any, frame: Any) -> Any:
    """`base ** exponent`, with the short row for a constant exponent."""
    if isinstance(base, TracedArray) and type(exponent) in SCALAR_TYPES and type(exponent) is not bool:
        if exponent == 2:
            return record_unary(rows.square, base, _square, frame)
        if exponent == 1:
            return record_unary(rows.positive, base, operator.pos, frame)
        if exponent != 0:
            return record_binary(rows.power_constant, base, exponent, operator.pow, frame)
    return record_binary(rows.power, base, exponent, operator.pow, frame)


def _square(x: Any) -> Any:
    return x * x


def _pow(self: Any, other: Any) -> Any:
    return power(self, other, _getframe(1))


def _rpow(self: Any, other: Any) -> Any:
    return power(other, self, _getframe(1))


def _ipow(self: Any, other: Any) -> Any:
    frame = _getframe(1)
    return assign(self, power(self, other, frame), frame)


def _matmul(self: Any, other: Any) -> Any:
    return matmul(self, other)


def _rmatmul(self: Any, other: Any) -> Any:
    return matmul(other, self)


def _imatmul(self: Any, other: Any) -> Any:
    return assign(self, matmul(self, other), _getframe(1))


def _divmod(self: Any, other: Any) -> Any:
    return self // other, self % other


def _rdivmod(self: Any, other: Any) -> Any:
    return other // self, other % self


def attach() -> None:
    """Put the operators on `TracedArray`."""
    binary = {
        "add": rows.add,
        "sub": rows.subtract,
        "mul": rows.multiply,
        "truediv": rows.divide,
        "floordiv": rows.floor_divide,
        "mod": rows.remainder,
        "and": rows.bitwise_and,
        "or": rows.bitwise_or,
        "xor": rows.bitwise_xor,
        "lshift": rows.left_shift,
        "rshift": rows.right_shift,
    }
    for name, row in binary.items():
        methods = _binary(row, getattr(operator, f"__{name}__"))
        for prefix, method in zip(("", "r", "i"), methods, strict=True):
            _put(f"__{prefix}{name}__", method)
    comparisons = {
        "lt": rows.less,
        "le": rows.less_equal,
        "gt": rows.greater,
        "ge": rows.greater_equal,
        "eq": rows.equal,
        "ne": rows.not_equal,
    }
    for name, row in comparisons.items():
        _put(f"__{name}__", _binary(row, getattr(operator, name))[0])
    unary = {"neg": rows.negative, "pos": rows.positive, "abs": rows.absolute, "invert": rows.invert}
    for name, row in unary.items():
        _put(f"__{name}__", _unary(row, getattr(operator, f"__{name}__")))
    for method in (_pow, _rpow, _ipow, _matmul, _rmatmul, _imatmul, _divmod, _rdivmod):
        _put(f"__{method.__name__[1:]}__", method)


def _put(name: str, method: Callable[..., Any]) -> None:
    method.__name__ = name
    method.__qualname__ = f"TracedArray.{name}"
    setattr(TracedArray, name, method)
