"""`tf.math`: the elementwise functions and reductions under TensorFlow's second name for them, and `erf` with its kin.

Not for: what they do (`elementwise`, `reduction`).
"""

from __future__ import annotations

from typing import Any

from .arrays import argmax, argmin
from .elementwise import (
    _of_kind,
    abs,
    acos,
    acosh,
    add,
    angle,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    ceil,
    cos,
    cosh,
    divide,
    divide_no_nan,
    equal,
    exp,
    expm1,
    floor,
    floordiv,
    floormod,
    greater,
    greater_equal,
    imag,
    is_finite,
    is_inf,
    is_nan,
    less,
    less_equal,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    mod,
    multiply,
    negative,
    not_equal,
    pow,
    real,
    reciprocal,
    rint,
    round,
    rsqrt,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    squared_difference,
    subtract,
    tan,
    tanh,
    tensor,
    truediv,
)
from .nn import l2_normalize, log_sigmoid, log_softmax, sigmoid, softmax, softplus, softsign
from .reduction import (
    cumprod,
    cumsum,
    reduce_all,
    reduce_any,
    reduce_euclidean_norm,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_std,
    reduce_sum,
    reduce_variance,
)
from .tensor import Tensor, wrap

__adkit__ = True
__path__: list[str] = []  # `from tensorflow.math import X` asks for a module X before it gives up


def _special(name: str, x: Any) -> Tensor:
    from ...scipy import special

    return wrap(getattr(special, name)(_of_kind(x, "f", name)._read()))


def erf(x: Any, name: str | None = None) -> Tensor:
    """The error function.

    Example
    -------
    >>> erf([0.0, 10.0]).numpy()
    array([0., 1.], dtype=float32)
    """
    return _special("erf", x)


def erfc(x: Any, name: str | None = None) -> Tensor:
    """1 − erf(x), without cancellation."""
    return _special("erfc", x)


def lgamma(x: Any, name: str | None = None) -> Tensor:
    """log |Γ(x)|."""
    return _special("gammaln", x)


def digamma(x: Any, name: str | None = None) -> Tensor:
    """The derivative of log Γ(x)."""
    return _special("digamma", x)


def accumulate_n(inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None) -> Tensor:
    """The sum of several tensors of one shape."""
    total = tensor(inputs[0])
    for other in inputs[1:]:
        total = total + other
    return total + 0 if len(inputs) == 1 else total


add_n = accumulate_n
ceiling = ceil

__all__ = [
    "abs",
    "accumulate_n",
    "acos",
    "acosh",
    "add",
    "add_n",
    "angle",
    "argmax",
    "argmin",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "ceil",
    "ceiling",
    "cos",
    "cosh",
    "cumprod",
    "cumsum",
    "digamma",
    "divide",
    "divide_no_nan",
    "equal",
    "erf",
    "erfc",
    "exp",
    "expm1",
    "floor",
    "floordiv",
    "floormod",
    "greater",
    "greater_equal",
    "imag",
    "is_finite",
    "is_inf",
    "is_nan",
    "l2_normalize",
    "less",
    "less_equal",
    "lgamma",
    "log",
    "log1p",
    "log_sigmoid",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "negative",
    "not_equal",
    "pow",
    "real",
    "reciprocal",
    "reduce_all",
    "reduce_any",
    "reduce_euclidean_norm",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_std",
    "reduce_sum",
    "reduce_variance",
    "rint",
    "round",
    "rsqrt",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "softsign",
    "sqrt",
    "square",
    "squared_difference",
    "subtract",
    "tan",
    "tanh",
    "truediv",
]


def __getattr__(name: str) -> Any:
    from .refusals import absent

    raise absent("math", name)
