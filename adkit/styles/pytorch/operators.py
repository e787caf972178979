"""The operators of `Tensor`, and the functions and methods of the same operations: `torch.add`, `x.mul(y)`, ….

They call the core's recorder with the user's frame. Where the dtypes agree nothing else happens; otherwise operands
are promoted first. Not for: reductions and the rest (`functions`).
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy
from numpy import ndarray

from ...handle import TracedArray
from ...operators import power as traced_power
from ...primitives import elementwise as rows
from ...primitives.linalg import matmul as matmul_row
from ...tracing import record_binary, record_unary
from .errors import misfit, no_product, refuse
from .modes import grad_mode
from .operands import PYTHON_NUMBERS, as_held, plain, promoted, real_operand, wrap
from .tensors import Tensor
from .writing import refuse_leaf, store

__adkit__ = True

_getframe = sys._getframe
_new = object.__new__
_recording = grad_mode.get
_FLOATS = frozenset({numpy.dtype("f4"), numpy.dtype("f8")})
_NUMBERS = frozenset({float, int})
TENSORS: set[type] = {Tensor}  # and the subclasses whose operators are these
_REAL_ROWS = frozenset({rows.divide, rows.arctan2})

Method = Callable[..., Any]


def quiet(function: Method) -> Method:
    """A function with poles, without NumPy's warnings there: PyTorch says nothing of log(0) or 1 / 0."""

    @numpy.errstate(all="ignore")
    def silent(*operands: Any) -> Any:
        return function(*operands)

    return silent


_SILENT = {f: quiet(f) for f in (operator.truediv, operator.pow, operator.floordiv, operator.mod, numpy.fmod)}


def calculate(row: Any, function: Method, a: Any, b: Any, frame: Any) -> Any:
    """A binary operation on what tensors hold, of one dtype (or one of them a Python number): recorded if an operand
    is traced.
    """
    try:
        if type(a) is TracedArray or type(b) is TracedArray or isinstance(a, TracedArray) or isinstance(b, TracedArray):
            if _recording():
                made = record_binary(row, a, b, function, frame)
                return made if type(made) is not TracedArray or made.node is not None else made.value
            a = a.value if isinstance(a, TracedArray) else a
            b = b.value if isinstance(b, TracedArray) else b
        return function(a, b)
    except ValueError as error:
        raise misfit(numpy.shape(plain(a)), numpy.shape(plain(b)), error) from None


def apply_binary(row: Any, function: Method, a: Any, b: Any, frame: Any) -> Any:
    """A binary operation on any operands, as what a tensor holds."""
    x = a._h if isinstance(a, Tensor) else a if type(a) in PYTHON_NUMBERS else as_held(a)
    y = b._h if isinstance(b, Tensor) else b if type(b) in PYTHON_NUMBERS else as_held(b)
    if row is rows.power and type(y) in _NUMBERS and type(x) not in PYTHON_NUMBERS:
        return _power(x, y, frame)
    x, y = promoted((x, y), row in _REAL_ROWS)
    return calculate(row, function, x, y, frame)


def _power(x: Any, exponent: Any, frame: Any) -> Any:
    """x ** exponent for a constant exponent, which has a shorter rule."""
    if type(exponent) is float or exponent < 0:
        with numpy.errstate(all="ignore"):
            return _power_of(x, exponent, frame)
    return _power_of(x, exponent, frame)


def _power_of(x: Any, exponent: Any, frame: Any) -> Any:
    x, y = promoted((x, exponent))
    y = exponent if y.dtype.kind == "f" else y
    if isinstance(x, TracedArray) and _recording():
        return traced_power(x, y, frame)
    return (x.value if isinstance(x, TracedArray) else x) ** y


def _foreign(value: Any) -> bool:
    """Whether an operand is none of ours, so that its own operator may answer."""
    return not isinstance(value, (Tensor, ndarray, TracedArray, numpy.generic, float, int, complex))


def binary(row: Any, function: Method) -> tuple[Method, Method, Method]:
    """The operator, its reflection and its in-place form."""
    fast = row not in _REAL_ROWS and row is not rows.power
    function = _SILENT.get(function, function)
    real = row in _REAL_ROWS

    def forward(self: Any, other: Any) -> Any:
        x = self._h
        kind = type(other)
        if kind in TENSORS:
            y = other._h
        elif kind in _NUMBERS:
            y = other
        elif _foreign(other):
            return NotImplemented
        else:
            return wrap(apply_binary(row, function, self, other, _getframe(1)))
        dtype = x.value.dtype if type(x) is TracedArray else x.dtype
        if dtype in _FLOATS and (y is other or (y.value.dtype if type(y) is TracedArray else y.dtype) is dtype):
            if fast or real:
                made = _new(Tensor)
                made._h = calculate(row, function, x, y, _getframe(1))
                return made
        return wrap(apply_binary(row, function, self, other, _getframe(1)))

    def reflected(self: Any, other: Any) -> Any:
        if _foreign(other):
            return NotImplemented
        return wrap(apply_binary(row, function, other, self, _getframe(1)))

    def in_place(self: Any, other: Any) -> Any:
        if _foreign(other):
            return NotImplemented
        refuse_leaf(self)
        frame = _getframe(1)
        return store(self, apply_binary(row, function, self, other, frame), frame)

    return forward, reflected, in_place


def function_of(row: Any, function: Method, name: str) -> tuple[Method, Method]:
    """`torch.name(input, other)`, which is also the method, and the method `name_`."""
    function = _SILENT.get(function, function)

    def call(input: Any, other: Any, *, alpha: Any = 1, out: Any = None) -> Any:
        if alpha != 1:
            other = other * alpha
        made = wrap(apply_binary(row, function, input, other, _getframe(1)))
        return made if out is None else into(out, made)

    def in_place(self: Any, other: Any, *, alpha: Any = 1) -> Any:
        refuse_leaf(self)
        if alpha != 1:
            other = other * alpha
        frame = _getframe(1)
        return store(self, apply_binary(row, function, self, other, frame), frame)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`torch.{name}`: elementwise, with broadcasting and promotion."
    in_place.__name__ = in_place.__qualname__ = f"{name}_"
    in_place.__doc__ = f"`torch.{name}` in place."
    return call, in_place


def into(out: Any, made: Any) -> Any:
    """`made` written into the tensor given as `out=`, through which PyTorch lets no derivative pass."""
    if made.requires_grad or out.requires_grad:
        raise refuse(
            "functions with out=... arguments don't support automatic differentiation, but one of the arguments "
            "requires grad",
            "leave out= away, or call it within torch.no_grad()",
        )
    if out.shape != made.shape:
        raise refuse(f"out= has shape {list(out.shape)}, and the result {list(made.shape)}", "pass one of that shape")
    return out.copy_(made)


def compare(row: Any, function: Method) -> Method:
    """A comparison operator, whose result has no derivative."""

    def method(self: Any, other: Any) -> Any:
        if _foreign(other):
            return NotImplemented
        return wrap(apply_binary(row, function, self, other, _getframe(1)))

    return method


def unary(row: Any, function: Method, name: str, real: bool = True) -> tuple[Method, Method]:
    """`torch.name(input)`, which is also the method, and the method `name_`; with `real` integers become floats."""

    def apply(inner: Any, frame: Any) -> Any:
        if real:
            inner = real_operand(inner)
        if isinstance(inner, TracedArray):
            if _recording():
                return record_unary(row, inner, function, frame)
            inner = inner.value
        return function(inner)

    def call(input: Any, *, out: Any = None) -> Any:
        made = wrap(apply(input._h if isinstance(input, Tensor) else as_held(input), _getframe(1)))
        return made if out is None else into(out, made)

    def in_place(self: Any) -> Any:
        refuse_leaf(self)
        frame = _getframe(1)
        return store(self, apply(self._h, frame), frame)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`torch.{name}`: elementwise."
    in_place.__name__ = in_place.__qualname__ = f"{name}_"
    in_place.__doc__ = f"`torch.{name}` in place."
    return call, in_place


def apply_matmul(a: Any, b: Any) -> Any:
    """The product of matrices and vectors that tensors hold."""
    a, b = as_held(a), as_held(b)
    if not a.shape or not b.shape:
        raise ValueError("both arguments to matmul need to be at least 1D")
    a, b = promoted((a, b))
    try:
        return matmul_row(a, b) if isinstance(a, TracedArray) or isinstance(b, TracedArray) else numpy.matmul(a, b)
    except ValueError:
        raise no_product(a.shape, b.shape) from None


def matmul(input: Any, other: Any, *, out: Any = None) -> Any:
    """`torch.matmul`: the product of matrices, vectors, and stacks of matrices.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> torch.matmul(torch.ones(2, 3), torch.ones(3))
    tensor([3., 3.])
    """
    made = wrap(apply_matmul(input, other))
    return made if out is None else into(out, made)


def _matmul(self: Any, other: Any) -> Any:
    return NotImplemented if _foreign(other) else wrap(apply_matmul(self, other))


def _rmatmul(self: Any, other: Any) -> Any:
    return NotImplemented if _foreign(other) else wrap(apply_matmul(other, self))


def _invert(x: Any) -> Any:
    return ~x


ARITHMETIC = {
    "add": rows.add, "sub": rows.subtract, "mul": rows.multiply, "truediv": rows.divide, "pow": rows.power,
    "floordiv": rows.floor_divide, "mod": rows.remainder,
    "and": rows.bitwise_and, "or": rows.bitwise_or, "xor": rows.bitwise_xor,
    "lshift": rows.left_shift, "rshift": rows.right_shift,
}  # fmt: skip
COMPARISONS = {
    "lt": rows.less, "le": rows.less_equal, "gt": rows.greater, "ge": rows.greater_equal, "eq": rows.equal,
    "ne": rows.not_equal,
}  # fmt: skip
BINARY_FUNCTIONS: dict[str, tuple[Any, Method]] = {
    "add": (rows.add, operator.add), "sub": (rows.subtract, operator.sub), "mul": (rows.multiply, operator.mul),
    "subtract": (rows.subtract, operator.sub), "multiply": (rows.multiply, operator.mul),
    "pow": (rows.power, operator.pow), "floor_divide": (rows.floor_divide, operator.floordiv),
    "true_divide": (rows.divide, operator.truediv),
    "remainder": (rows.remainder, operator.mod), "fmod": (rows.fmod, numpy.fmod),
    "maximum": (rows.maximum, numpy.maximum), "minimum": (rows.minimum, numpy.minimum),
    "fmax": (rows.fmax, numpy.fmax), "fmin": (rows.fmin, numpy.fmin),
    "atan2": (rows.arctan2, numpy.arctan2), "arctan2": (rows.arctan2, numpy.arctan2),
    "hypot": (rows.hypot, numpy.hypot), "logaddexp": (rows.logaddexp, numpy.logaddexp),
    "logaddexp2": (rows.logaddexp2, numpy.logaddexp2), "copysign": (rows.copysign, numpy.copysign),
    "heaviside": (rows.heaviside, numpy.heaviside),
    "eq": (rows.equal, operator.eq), "ne": (rows.not_equal, operator.ne), "lt": (rows.less, operator.lt),
    "le": (rows.less_equal, operator.le), "gt": (rows.greater, operator.gt), "ge": (rows.greater_equal, operator.ge),
    "logical_and": (rows.logical_and, numpy.logical_and), "logical_or": (rows.logical_or, numpy.logical_or),
    "logical_xor": (rows.logical_xor, numpy.logical_xor),
    "bitwise_and": (rows.bitwise_and, operator.and_), "bitwise_or": (rows.bitwise_or, operator.or_),
    "bitwise_xor": (rows.bitwise_xor, operator.xor), "bitwise_left_shift": (rows.left_shift, operator.lshift),
    "bitwise_right_shift": (rows.right_shift, operator.rshift),
}  # fmt: skip


def attach(space: dict[str, Any]) -> None:
    """Put the operators and methods on `Tensor`, and the functions of the same names into a namespace."""
    for name, row in ARITHMETIC.items():
        methods = binary(row, getattr(operator, f"__{name}__"))
        for prefix, method in zip(("", "r", "i"), methods, strict=True):
            setattr(Tensor, f"__{prefix}{name}__", method)
    for name, row in COMPARISONS.items():
        setattr(Tensor, f"__{name}__", compare(row, getattr(operator, name)))
    for name, (row, function) in BINARY_FUNCTIONS.items():
        space[name], in_place = function_of(row, function, name)
        setattr(Tensor, name, space[name])
        setattr(Tensor, f"{name}_", in_place)
    for name, row, function in (
        ("neg", rows.negative, operator.neg),
        ("pos", rows.positive, operator.pos),
        ("abs", rows.absolute, operator.abs),
        ("invert", rows.invert, _invert),
    ):
        setattr(Tensor, f"__{name}__", unary(row, function, name, real=False)[0])
    space["matmul"] = space["mm"] = space["mv"] = space["bmm"] = matmul
    for name in ("matmul", "mm", "mv", "bmm"):
        setattr(Tensor, name, matmul)
    for name, method in (("__matmul__", _matmul), ("__rmatmul__", _rmatmul)):
        setattr(Tensor, name, method)
