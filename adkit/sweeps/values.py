"""What rules compute with during a sweep: the operands of a node, and cotangents and tangents brought to the right
type.
"""

from __future__ import annotations

from typing import Any

import numpy
from numpy import ndarray

from ..backends import backend_of
from ..dtypes import numpy_dtype
from ..handle import TracedArray
from ..nodes import COMPONENT, Node, Results
from ..primitives.shape import broadcast_to, convert, unbroadcast

__adkit__ = True

FLOAT64 = numpy.dtype(numpy.float64)


def read(operand: Any) -> Any:
    """An operand's plain value, for a sweep that yields numbers."""
    return operand.value if type(operand) is Node else operand


def read_recorded(operand: Any) -> Any:
    """An operand as a handle, for a sweep that is itself recorded."""
    return TracedArray(operand, operand.value) if type(operand) is Node else operand


def result_of(node: Node, recorded: bool) -> Any:
    """The value of a node as its own rule reads it: in a recorded sweep a handle, or a tuple of handles."""
    if not recorded:
        return node.value
    handle = TracedArray(node, node.value)
    if type(node.value) is not Results:
        return handle
    return Results(COMPONENT(handle, index=i, count=len(node.value)) for i in range(len(node.value)))


def seed_for(g: Any, recorded: bool) -> Any:
    """A seed as a sweep computes with it: in a recorded one, an array of another library as a constant handle.

    As a left operand such an array would not leave the operation to a traced right one, as NumPy's arrays do.
    """
    return TracedArray(None, g) if recorded and backend_of(g) is not None else g


def fit_cotangent(g: Any, operand: Node) -> Any:
    """A cotangent with the shape and dtype of its operand: summed where it was broadcast, real where it is real."""
    if type(g) is ndarray and g.dtype is operand.dtype and g.shape == operand.shape:
        return g
    if getattr(g, "shape", ()) != operand.shape:
        g = unbroadcast(g, operand.shape)
    return fit_dtype(g, operand)


def fit_tangent(t: Any, node: Node) -> Any:
    """A tangent with the shape and dtype of its node."""
    if getattr(t, "shape", ()) != node.shape:
        t = broadcast_to(t, shape=node.shape)
    return fit_dtype(t, node)


def fit_dtype(value: Any, node: Node) -> Any:
    """`value` in the dtype of `node`: the real part if that is real, another precision if that differs."""
    want = numpy_dtype(node)
    have = numpy_dtype(value)
    if have is want or have == want:
        return value
    if have.kind == "c" and want.kind != "c":
        from ..primitives.elementwise import real

        value = real(value)
        have = numpy_dtype(value)
    if (
        have != want
        and want.kind in "fc"
        and not (want.kind == "c" and have.kind != "c" and not getattr(value, "shape", ()))
    ):
        return convert(value, dtype=want)
    return value
