"""Short ways to record the few operations of which a training step consists: linear layers, activations, means.

Each makes the very nodes that the core would, without its generality; while a recording is open, which wants values
and constants kept, the core itself does it. Not for: rules, which are the core's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
from numpy import ndarray

from ... import tracing
from ...constants import protect
from ...handle import TracedArray
from ...nodes import Node, next_id, state
from ...primitives import elementwise as rows
from ...primitives import reduction as reductions
from ...primitives import shape as shapes
from ...primitives.linalg import matmul as matmul_row
from ...primitives.softmax import log_softmax
from ...source import user_location
from ...tracing import record_binary, record_unary
from .operands import promoted

__adkit__ = True

_AXES = {"axes": (1, 0)}


def _place(frame: Any) -> Any:
    """Where the user's code did what is recorded now."""
    return user_location(frame) if "__adkit__" not in frame.f_globals else state.span or user_location(frame)


def apply_unary(row: Any, function: Callable[[Any], Any], x: Any, frame: Any) -> Any:
    """An elementwise operation on what a tensor holds."""
    if isinstance(x, TracedArray):
        return record_unary(row, x, function, frame)
    return function(x)


def apply_mean(x: Any, frame: Any) -> Any:
    """The mean of all elements."""
    axes = tuple(range(len(x.shape)))
    if not isinstance(x, TracedArray):
        return numpy.mean(x)
    if tracing.keeping_constants() or not axes:
        return reductions.mean(x, axis=axes, keepdims=False)
    value = x.value.mean()
    code, lasti = _place(frame)
    params = {"axis": axes, "keepdims": False}
    node = Node(reductions.mean, (x.node,), params, None, next_id(), code, lasti, (), value.dtype)
    return TracedArray(node, value)


def apply_linear(x: Any, weight: Any, bias: Any, frame: Any) -> Any:
    """x @ weight.T + bias."""
    traced = type(weight) is TracedArray
    values = (x.value if isinstance(x, TracedArray) else x, weight.value if traced else weight)
    if values[0].dtype != values[1].dtype:
        x, weight = promoted((x, weight))
    if not traced or type(values[0]) is not ndarray or values[0].ndim != 2 or tracing.keeping_constants():
        product = _product(x, weight)
    else:
        product = _lean_product(x, values[0], weight, frame)
    if bias is None:
        return product
    if isinstance(product, TracedArray) or isinstance(bias, TracedArray):
        return record_binary(rows.add, product, bias, _add, frame)
    return product + bias


def _add(a: Any, b: Any) -> Any:
    return a + b


def _product(x: Any, weight: Any) -> Any:
    if isinstance(weight, TracedArray):
        weight = shapes.transpose(weight, axes=tuple(range(len(weight.shape)))[::-1])
    else:
        weight = weight.T
    if isinstance(x, TracedArray) or isinstance(weight, TracedArray):
        return matmul_row(x, weight)
    return numpy.matmul(x, weight)


def _lean_product(x: Any, plain: ndarray, weight: TracedArray, frame: Any) -> Any:
    """x @ weight.T for a traced matrix of weights: two nodes."""
    code, lasti = _place(frame)
    turned = weight.value.T
    value = plain @ turned
    dtype = value.dtype
    transposed = Node(shapes.transpose, (weight.node,), _AXES, None, next_id(), code, lasti, turned.shape, dtype)
    operand: Any
    if type(x) is TracedArray or isinstance(x, TracedArray):
        operand = x.node
        transposed.value = turned
        if operand.value is None:
            operand.value = plain
    else:
        operand = protect(plain)
    return TracedArray(
        Node(matmul_row, (operand, transposed), None, None, next_id(), code, lasti, value.shape, dtype), value
    )


def weighted_log_softmax(x: Any, weights: ndarray, axis: int, frame: Any) -> Any:
    """Σ weights · log softmax(x) along an axis, for a traced x, and weights that nobody else holds."""
    code, lasti = _place(frame)
    params: dict[str, Any] = {"axis": (axis,)}
    logs = log_softmax.evaluate((x.value,), params)
    shape, dtype = logs.shape, logs.dtype
    node = Node(log_softmax, (x.node,), params, logs, next_id(), code, lasti, shape, dtype)
    product = logs * weights
    node = Node(rows.multiply, (node, weights), None, None, next_id(), code, lasti, shape, dtype)
    total = numpy.add.reduce(product, axis=None)
    params = {"axis": tuple(range(len(shape))), "keepdims": False}
    return TracedArray(Node(reductions.sum_, (node,), params, None, next_id(), code, lasti, (), dtype), total)
