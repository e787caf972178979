"""The operators and methods of a symbolic variable: those of `T`, under the names that NumPy's arrays have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..graph import Variable
from . import indexing, products, reduction, shaping
from .elementwise import OPERATIONS, cast, clip, round

__adkit__ = True

_BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "true_div", "floordiv": "int_div", "mod": "mod", "pow": "pow",
    "and": "and_", "or": "or_", "xor": "xor",
}  # fmt: skip
_COMPARISONS = {"lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}
_UNARY = {"neg": "neg", "abs": "abs_", "invert": "invert"}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(reduction, name)
        for name in "sum prod mean max min any all var std argmax argmin cumsum cumprod norm ptp".split()
    },
    **{name: getattr(shaping, name) for name in "dimshuffle flatten repeat squeeze swapaxes fill zeros_like".split()},
    **{name: getattr(indexing, name) for name in "take diagonal sort argsort trace".split() if hasattr(indexing, name)},
    "dot": products.dot, "astype": cast, "clip": clip, "round": round, "diagonal": indexing.diag,
    "ones_like": shaping.ones_like,
}  # fmt: skip


def _binary(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    operation = OPERATIONS[name]
    return (lambda self, other: operation(self, other)), (lambda self, other: operation(other, self))


def _unary(name: str) -> Callable[..., Any]:
    operation = OPERATIONS[name]
    return lambda self: operation(self)


def _method(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **options: Any) -> Any:
        return function(self, *args, **options)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = function.__doc__
    return method


def _reshape(self: Any, *shape: Any, ndim: int | None = None) -> Any:
    """The variable in another shape."""
    given = shape[0] if len(shape) == 1 else shape
    if len(shape) == 2 and isinstance(shape[0], Variable) and shape[0].ndim == 1:
        given, ndim = shape
    return shaping.reshape(self, given, ndim)


def _transpose(self: Any, *axes: Any) -> Any:
    """The variable with its axes reversed, or in the order given."""
    return shaping.transpose(self, axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes or None)


def _copy(self: Any, name: str | None = None) -> Any:
    """The same value as another variable."""
    made = shaping.RETYPED(self, pattern=self.broadcastable)
    made.name = name
    return made


def attach() -> None:
    """Put the operators and methods on `Variable`."""
    for python, name in _BINARY.items():
        forward, reflected = _binary(name)
        setattr(Variable, f"__{python}__", forward)
        setattr(Variable, f"__r{python}__", reflected)
    for python, name in _COMPARISONS.items():
        setattr(Variable, f"__{python}__", _binary(name)[0])
    for python, name in _UNARY.items():
        setattr(Variable, f"__{python}__", _unary(name))
    for name, function in _FUNCTIONS.items():
        setattr(Variable, name, _method(function, name))
    for (
        name
    ) in "exp exp2 expm1 log log2 log10 log1p sqrt sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh".split():
        setattr(Variable, name, _method(OPERATIONS[name], name))
    for name, made in {
        "__matmul__": lambda self, other: products.MATMUL(self, other),
        "__rmatmul__": lambda self, other: products.MATMUL(other, self),
        "__getitem__": indexing.getitem,
        "reshape": _reshape,
        "transpose": _transpose,
        "copy": _copy,
        "conj": _unary("conj"),
        "T": property(lambda self: shaping.transpose(self)),
        "shape": property(lambda self: shaping.shape(self)),
        "size": property(lambda self: shaping.count_along(self, None)),
        "real": property(_unary("real")),
        "imag": property(_unary("imag")),
    }.items():
        setattr(Variable, name, made)
