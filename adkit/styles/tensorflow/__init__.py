"""TensorFlow's way of writing derivatives, over adkit's core: `import adkit.styles.tensorflow as tf`.

`tf.Variable`, `tf.GradientTape` and the functions that programs between them use, eager, with TensorFlow's dtypes and
texts. What is missing says what to use instead. Not for: layers beyond a small network, data, graphs, devices.

Example
-------
>>> import adkit.styles.tensorflow as tf
>>> x = tf.constant(2.0)
>>> with tf.GradientTape() as tape:
...     tape.watch(x)
...     y = x**2 + 3 * x + 1
>>> tape.gradient(y, x)
<tf.Tensor: shape=(), dtype=float32, numpy=7.0>
"""

from __future__ import annotations

import importlib
from typing import Any

from . import errors, linalg, math, nest, nn, random
from .arrays import (
    argmax,
    argmin,
    argsort,
    boolean_mask,
    broadcast_to,
    concat,
    expand_dims,
    eye,
    fill,
    gather,
    gather_nd,
    identity,
    linspace,
    one_hot,
    ones,
    ones_like,
    pad,
    range,
    rank,
    repeat,
    reshape,
    reverse,
    roll,
    scatter_nd,
    shape,
    size,
    sort,
    split,
    squeeze,
    stack,
    stop_gradient,
    tensor_scatter_nd_add,
    tensor_scatter_nd_update,
    tile,
    transpose,
    unstack,
    where,
    zeros,
    zeros_like,
)
from .clipping import clip_by_global_norm, clip_by_norm, clip_by_value
from .custom import custom_gradient
from .dtypes import (
    DType,
    TensorShape,
    as_dtype,
    bool_,
    complex64,
    complex128,
    double,
    float16,
    float32,
    float64,
    half,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from .elementwise import (
    abs,
    acos,
    acosh,
    add,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cast,
    complex,
    cos,
    cosh,
    divide,
    equal,
    exp,
    floor,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    pow,
    round,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    truediv,
)
from .function import TensorSpec, case, cond, function, map_fn, switch_case, vectorized_map, while_loop
from .linalg import einsum, matmul, norm, tensordot
from .math import add_n, sigmoid
from .module import Module
from .reduction import (
    cumsum,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from .refusals import instead
from .tape import GradientTape, UnconnectedGradients
from .tensor import Tensor, constant, convert_to_tensor
from .value import Value
from .variable import Variable

__adkit__ = True

bool = bool_
newaxis = None

__all__ = [
    "DType",
    "GradientTape",
    "Module",
    "Tensor",
    "TensorShape",
    "TensorSpec",
    "UnconnectedGradients",
    "Variable",
    "abs",
    "acos",
    "acosh",
    "add",
    "add_n",
    "argmax",
    "argmin",
    "argsort",
    "as_dtype",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bool",
    "boolean_mask",
    "broadcast_to",
    "case",
    "cast",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "complex",
    "complex128",
    "complex64",
    "concat",
    "cond",
    "constant",
    "convert_to_tensor",
    "cos",
    "cosh",
    "cumsum",
    "custom_gradient",
    "divide",
    "double",
    "einsum",
    "equal",
    "errors",
    "executing_eagerly",
    "exp",
    "expand_dims",
    "eye",
    "fill",
    "float16",
    "float32",
    "float64",
    "floor",
    "function",
    "gather",
    "gather_nd",
    "get_static_value",
    "greater",
    "greater_equal",
    "half",
    "identity",
    "int16",
    "int32",
    "int64",
    "int8",
    "is_tensor",
    "less",
    "less_equal",
    "linalg",
    "linspace",
    "logical_and",
    "logical_not",
    "logical_or",
    "map_fn",
    "math",
    "matmul",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "nest",
    "newaxis",
    "nn",
    "norm",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "pad",
    "pow",
    "random",
    "range",
    "rank",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "repeat",
    "reshape",
    "reverse",
    "roll",
    "round",
    "scatter_nd",
    "shape",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "size",
    "sort",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "stop_gradient",
    "subtract",
    "switch_case",
    "tan",
    "tanh",
    "tensor_scatter_nd_add",
    "tensor_scatter_nd_update",
    "tensordot",
    "tile",
    "transpose",
    "truediv",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "unstack",
    "vectorized_map",
    "where",
    "while_loop",
    "zeros",
    "zeros_like",
]


def is_tensor(x: Any) -> Any:
    """Whether something is a tensor or a variable.

    Example
    -------
    >>> is_tensor(constant(1.0)), is_tensor(1.0)
    (True, False)
    """
    return isinstance(x, Value)


def executing_eagerly() -> Any:
    """True: everything runs at once."""
    return True


def get_static_value(tensor: Any, partial: Any = False) -> Any:
    """The value of a tensor as a NumPy array."""
    return convert_to_tensor(tensor).numpy()


def __getattr__(name: str) -> Any:
    if name in ("keras", "config"):
        found = globals()[name] = importlib.import_module(f".{name}", __name__)
        return found
    if name in ("losses", "optimizers"):
        return getattr(importlib.import_module(".keras", __name__), name)
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    raise errors.at_line(errors.NotOfferedError, f"this style has no tf.{name}", instead(name))


def __dir__() -> list[str]:
    return sorted({*__all__, "config", "keras"})
