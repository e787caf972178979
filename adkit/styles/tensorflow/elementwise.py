"""Elementwise functions: `tf.square`, `tf.exp`, `tf.maximum`, … as `tf.math` has them too.

Each is a row of adkit's table on tensors of one dtype. Not for: the rows (`adkit.primitives.elementwise`).
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy

from ...handle import TracedArray
from ...primitives import elementwise as rows
from .dtypes import as_dtype
from .errors import InvalidArgumentError, at_line
from .operators import binary, operands, quotient, raised, unary
from .tensor import Tensor, cast_to, convert_to_tensor, wrap
from .value import Value

__adkit__ = True

_getframe = sys._getframe
Function = Callable[..., Any]


def tensor(value: Any) -> Any:
    """A tensor or variable as it is, anything else as a tensor."""
    return value if isinstance(value, Value) else convert_to_tensor(value)


def _of_kind(x: Any, kinds: str, name: str) -> Any:
    x = tensor(x)
    if x._value.dtype.kind not in kinds:
        raise at_line(
            InvalidArgumentError,
            f"{name} does not take a tensor of dtype {x.dtype.name}",
            "convert it: tf.cast(x, tf.float32)",
        )
    return x


def _unary(row: Any, name: str, kinds: str = "fc", summary: str = "") -> Function:
    plain = row.plain

    def function(x: Any, name: str | None = None) -> Tensor:
        x = _of_kind(x, kinds, own)
        with numpy.errstate(all="ignore"):
            return unary(row, plain, x, _getframe(1))

    own = function.__name__ = function.__qualname__ = name
    function.__doc__ = summary or f"{name} of each element. Raises `InvalidArgumentError` for other dtypes than floats."
    return function


def _binary(row: Any, function: Function, name: str, summary: str) -> Function:
    def compute(x: Any, y: Any, name: str | None = None) -> Tensor:
        with numpy.errstate(all="ignore"):
            return binary(row, function, x, y, _getframe(1))

    compute.__name__ = compute.__qualname__ = name
    compute.__doc__ = summary
    return compute


exp = _unary(rows.exp, "exp")
expm1 = _unary(rows.expm1, "expm1")
log = _unary(rows.log, "log")
log1p = _unary(rows.log1p, "log1p")
sqrt = _unary(rows.sqrt, "sqrt")
sin, cos, tan = (_unary(getattr(rows, name), name) for name in ("sin", "cos", "tan"))
sinh, cosh, tanh = (_unary(getattr(rows, name), name) for name in ("sinh", "cosh", "tanh"))
asin, acos, atan = (_unary(getattr(rows, f"arc{name}"), f"a{name}") for name in ("sin", "cos", "tan"))
asinh, acosh, atanh = (_unary(getattr(rows, f"arc{name}"), f"a{name}") for name in ("sinh", "cosh", "tanh"))
floor, ceil, rint = (_unary(getattr(rows, name), name, "f") for name in ("floor", "ceil", "rint"))
is_nan, is_inf, is_finite = (
    _unary(getattr(rows, f"is{name}"), f"is_{name}", "f", f"Whether each element is {name}.")
    for name in ("nan", "inf", "finite")
)
square = _unary(rows.square, "square", "fciu", "The square of each element.")
negative = _unary(rows.negative, "negative", "fci", "Each element with the other sign.")
abs = _unary(rows.absolute, "abs", "fci", "The absolute value of each element.")
sign = _unary(rows.sign, "sign", "fci", "The sign of each element.")
logical_not = _unary(rows.logical_not, "logical_not", "b", "True where an element is false.")
real = _unary(rows.real, "real", "fc", "The real part of each element.")
imag = _unary(rows.imag, "imag", "fc", "The imaginary part of each element.")
angle = _unary(rows.angle, "angle", "fc", "The argument of each element.")

add = _binary(rows.add, operator.add, "add", "x + y, element by element.")
subtract = _binary(rows.subtract, operator.sub, "subtract", "x − y, element by element.")
multiply = _binary(rows.multiply, operator.mul, "multiply", "x · y, element by element.")
floordiv = _binary(rows.floor_divide, operator.floordiv, "floordiv", "⌊x / y⌋, element by element.")
floormod = _binary(rows.remainder, operator.mod, "floormod", "The remainder of x by y, with the sign of y.")
atan2 = _binary(rows.arctan2, numpy.arctan2, "atan2", "The angle of the point (y, x): `atan2(y, x)`.")
greater = _binary(rows.greater, operator.gt, "greater", "Whether x > y, element by element.")
greater_equal = _binary(rows.greater_equal, operator.ge, "greater_equal", "Whether x ≥ y, element by element.")
less = _binary(rows.less, operator.lt, "less", "Whether x < y, element by element.")
less_equal = _binary(rows.less_equal, operator.le, "less_equal", "Whether x ≤ y, element by element.")
equal = _binary(rows.equal, operator.eq, "equal", "Whether x = y, element by element.")
not_equal = _binary(rows.not_equal, operator.ne, "not_equal", "Whether x ≠ y, element by element.")
logical_and = _binary(rows.logical_and, numpy.logical_and, "logical_and", "Whether both are true.")
logical_or = _binary(rows.logical_or, numpy.logical_or, "logical_or", "Whether one of both is true.")
logical_xor = _binary(rows.logical_xor, numpy.logical_xor, "logical_xor", "Whether just one of both is true.")
mod = floormod


def divide(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y, element by element; integers are divided as float64."""
    return quotient(tensor(x) if not isinstance(y, Value) else x, y, _getframe(1))


truediv = divide


def divide_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y, and 0 where y is 0.

    Example
    -------
    >>> divide_no_nan([1.0, 2.0], [0.0, 4.0])
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([0. , 0.5], dtype=float32)>
    """
    from .arrays import where

    x = convert_to_tensor(x, dtype_hint=y.dtype if isinstance(y, Value) else None)
    y = convert_to_tensor(y, dtype_hint=x.dtype)
    zero = equal(y, 0)
    return where(zero, Tensor(x._value.dtype.type(0)), divide(x, where(zero, Tensor(y._value.dtype.type(1)), y)))


def pow(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x to the power of y, element by element."""
    with numpy.errstate(all="ignore"):
        return raised(tensor(x) if not isinstance(y, Value) else x, y, _getframe(1))


def reciprocal(x: Any, name: str | None = None) -> Tensor:
    """1 / x, element by element."""
    return quotient(1, tensor(x), _getframe(1))


def rsqrt(x: Any, name: str | None = None) -> Tensor:
    """1 / √x, element by element."""
    return quotient(1, sqrt(x), _getframe(1))


def round(x: Any, name: str | None = None) -> Tensor:
    """Each element rounded, halves to even; integers as they are."""
    x = tensor(x)
    return rint(x) if x._value.dtype.kind == "f" else x


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    """The tensor in another dtype; from floats to integers it is cut towards zero.

    Example
    -------
    >>> cast([1.7, -1.7], "int32")
    <tf.Tensor: shape=(2,), dtype=int32, numpy=array([ 1, -1], dtype=int32)>
    """
    x = convert_to_tensor(x)
    wanted = as_dtype(dtype)
    if wanted.numpy_dtype.kind not in "fc" and isinstance(x._read(), TracedArray):
        x = Tensor(x._value)  # a whole number has no derivative
    return cast_to(x, wanted)


def squared_difference(x: Any, y: Any, name: str | None = None) -> Tensor:
    """(x − y)², element by element."""
    with numpy.errstate(all="ignore"):
        return unary(
            rows.square, rows.square.plain, binary(rows.subtract, operator.sub, x, y, _getframe(1)), _getframe(1)
        )


def maximum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The larger of both, element by element; where they are equal, the derivative goes to x, as in TensorFlow."""
    return _chosen(x, y, numpy.greater_equal, "maximum", _getframe(1))


def minimum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The smaller of both, element by element; where they are equal, the derivative goes to x, as in TensorFlow."""
    return _chosen(x, y, numpy.less_equal, "minimum", _getframe(1))


def _chosen(x: Any, y: Any, first: Function, name: str, frame: Any) -> Tensor:
    """x where it comes first or is NaN, else y: a choice by `where`, whose derivative never splits."""
    a, b = operands(x, y, name)
    traced = isinstance(a, TracedArray) or isinstance(b, TracedArray)
    if not traced:
        return Tensor(getattr(numpy, name)(a, b))
    plain_a = a.value if isinstance(a, TracedArray) else a
    plain_b = b.value if isinstance(b, TracedArray) else b
    equal = bool(numpy.any(plain_a == plain_b))
    if not equal:
        return wrap(getattr(rows, name)(a, b))
    return wrap(rows.where(first(a, b) | numpy.isnan(a), a, b))


def complex(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """The complex tensor with these parts.

    Example
    -------
    >>> complex(1.0, 2.0)
    <tf.Tensor: shape=(), dtype=complex64, numpy=(1+2j)>
    """
    re, im = tensor(real), tensor(imag)
    wanted = as_dtype("complex128" if re.dtype.size == 8 else "complex64")
    return add(cast_to(convert_to_tensor(re), wanted), multiply(cast_to(convert_to_tensor(im), wanted), 1j))
