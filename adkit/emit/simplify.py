"""A program of nodes made smaller without changing what it computes: copies, products with one, equal expressions.

Not for: text (`source`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..nodes import COMPONENT, Node, Unkept
from ..primitive import Elementwise
from .spelling import ALIASES, error

__adkit__ = True

_FEW = 16


class Simplified:
    """What to compute instead of each node: `of(node)` is another node, or a constant.

    Parameters
    ----------
    nodes: the program in order.
    leaves: its inputs and seeds.
    """

    def __init__(self, nodes: Iterable[Node], leaves: Iterable[Node]) -> None:
        self._instead: dict[Node, Any] = {}
        self._known: dict[Any, Node] = {}
        self.operands: dict[Node, list[Any]] = {leaf: [] for leaf in leaves}
        for node in nodes:
            if node not in self.operands:
                self._add(node)

    def of(self, operand: Any) -> Any:
        """The node or constant that stands for an operand."""
        if type(operand) is Node:
            operand = self._instead.get(operand, operand)
        return operand

    def needed(self, wanted: Iterable[Node]) -> set[Node]:
        """`wanted` and all that they are computed from."""
        seen = set(wanted)
        stack = list(seen)
        while stack:
            for operand in self.operands[stack.pop()]:
                if type(operand) is Node and operand not in seen:
                    seen.add(operand)
                    stack.append(operand)
        return seen

    def _add(self, node: Node) -> None:
        operands = [self.of(i) for i in node.inputs]
        for operand in operands:
            if isinstance(operand, Unkept):
                raise error(node, "a constant of it was not kept; record it again with adkit.trace")
        instead = self._same(node, operands)
        if instead is None and isinstance(node.primitive, Elementwise):
            operands = [_shrunk(node, operands, i) for i in range(len(operands))]
        if instead is None:
            key = (node.primitive.name, tuple(map(_key, operands)), _key(node.params or {}), node.dtype)
            instead = self._known.setdefault(key, node)
        if instead is node:
            self.operands[node] = operands
        else:
            self._instead[node] = instead

    def _same(self, node: Node, operands: list[Any]) -> Any:
        """What a node only repeats, or `None`."""
        name = node.primitive.name
        if not operands:  # an input of an inner transformation at a constant point
            return node.value if node.primitive.name == "input" else None
        first = operands[0]
        if name in ALIASES:
            return first
        if type(first) is Node and first.shape == node.shape and numpy_dtype(first) == numpy_dtype(node):
            if name in ("reshape", "broadcast_to", "convert"):
                return first
            if name == "negative" and first.primitive is node.primitive:
                return self.operands[first][0]
        if node.primitive is COMPONENT and isinstance(first, tuple) and node.params is not None:
            return first[node.params["index"]]
        if name in ("multiply", "divide", "strong_multiply"):
            return _without_one(node, operands, name)
        return None


def _without_one(node: Node, operands: list[Any], name: str) -> Any:
    """The other factor of a product with 1, where it has the shape and dtype of the product."""
    for factor, other in (operands[::-1], operands):
        if type(other) is Node and other.shape == node.shape and numpy_dtype(other) == numpy_dtype(node):
            if type(factor) is not Node and _is(factor, 1):
                return other
        if name == "divide":
            break
    return None


def is_minus_one(factor: Any, other: Any, product: Node) -> bool:
    """Whether a product is the other factor with its sign changed, of the same shape and dtype."""
    if type(other) is not Node or type(factor) is Node or not _is(factor, -1):
        return False
    return other.shape == product.shape and numpy_dtype(other) == numpy_dtype(product)


def _is(value: Any, number: int) -> bool:
    if isinstance(value, (int, float, complex, numpy.generic)) or type(value) is numpy.ndarray:
        plain = numpy.asarray(value)
        return plain.size > 0 and plain.dtype.kind in "iufcb" and bool(numpy.all(plain == number))
    return False


def _shrunk(node: Node, operands: list[Any], place: int) -> Any:
    """A constant array whose elements are all the same as a number, where another operand gives the shape."""
    value = operands[place]
    if type(value) is not numpy.ndarray or not value.size or value.dtype != numpy_dtype(node):
        return value
    others = [o for i, o in enumerate(operands) if i != place and type(o) is Node]
    if not any(o.shape == node.shape and numpy_dtype(o) == value.dtype for o in others):
        return value
    first = value.reshape(-1)[0]
    signs = value.dtype.kind in "c" or bool(numpy.all(numpy.signbit(value) == numpy.signbit(first)))
    return first.item() if signs and bool(numpy.all(value == first)) else value


def _key(value: Any) -> Any:
    """A key that equal operands or parameters share."""
    if type(value) is Node:
        return ("node", id(value))
    if isinstance(value, dict):
        return tuple((k, _key(v)) for k, v in sorted(value.items()))
    if isinstance(value, (tuple, list)):
        return (type(value).__name__, *map(_key, value))
    if isinstance(value, slice):
        return ("slice", _key(value.start), _key(value.stop), _key(value.step))
    if isinstance(value, numpy.ndarray) and value.size <= _FEW:
        return ("array", value.shape, str(value.dtype), value.tobytes())
    if isinstance(value, (float, complex, numpy.generic)):
        return (type(value), repr(value))
    try:
        hash(value)
    except TypeError:
        return ("id", id(value))
    return (type(value), value)
