"""Local partial derivatives of many instructions on small arrays at once: those of one operation on one shape are
stacked, and the rule runs once for all of them.

A diagnosis of a long program then multiplies where a sweep would call the rule of every instruction. Only what is
finite is given out, so that a product with a finite adjoint needs no strong zero. Not for: derivatives (`sweeps`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy

from ..nodes import Node
from ..primitive import ELEMENTWISE, OUTPUT_BIT
from ..sweeps.values import FLOAT64

__adkit__ = True

LARGEST = 256  # elements of an instruction from which on its rule costs more than calling it
FEWEST = 4  # instructions of one kind that are worth a stack
STACKED = 1 << 20  # elements that are stacked at once
_FLOATS = frozenset({float, int, numpy.float64})


class Local(NamedTuple):
    """The partial derivatives of an instruction.

    `factors`: (operand, its node, partial, whether that has the operand's shape). `least`: the smallest magnitude in
    them.
    """

    factors: tuple[tuple[int, Node, Any, bool], ...]
    least: float


def local_partials(order: Iterable[Node]) -> dict[Node, Local]:
    """The instructions in `order` whose partials are known and finite, with these."""
    groups: dict[Any, list[Node]] = {}
    for node in order:
        primitive = node.primitive
        if primitive.kind != ELEMENTWISE or not primitive.direct:
            continue
        dtype = node.dtype
        if dtype is not FLOAT64 or not node.shape or node.size > LARGEST:
            continue  # a rule on numbers is as fast as the product
        kinds = _kinds(node)
        if kinds is not None:
            groups.setdefault((primitive, node.shape, kinds), []).append(node)
    found: dict[Node, Local] = {}
    with numpy.errstate(all="ignore"):
        for (_, shape, _), nodes in groups.items():
            if len(nodes) >= FEWEST:
                step = max(1, STACKED // max(1, int(numpy.prod(shape))))
                for start in range(0, len(nodes), step):
                    _stack(nodes[start : start + step], shape, found)
    return found


def _kinds(node: Node) -> tuple[Any, ...] | None:
    """Per operand its shape and whether it is a variable; `None` where a value is not of double precision, or was not
    kept though a rule reads it.
    """
    kinds: list[Any] = []
    mask = 0
    residuals = node.primitive.residuals
    for i, operand in enumerate(node.inputs):
        if type(operand) is Node:
            if operand.dtype is not FLOAT64 and operand.dtype is not float:
                return None
            kinds.append(operand.shape)
            mask |= residuals[i]
        elif type(operand) in _FLOATS:
            kinds.append(None)
        elif type(operand) is numpy.ndarray and operand.dtype is FLOAT64:
            kinds.append((operand.shape,))
        else:
            return None
    for i, operand in enumerate(node.inputs):
        if mask >> i & 1 and type(operand) is Node and operand.value is None:
            return None
    return None if mask & OUTPUT_BIT and node.value is None else (*kinds, mask)


def _stack(nodes: Sequence[Node], shape: tuple[int, ...], found: dict[Node, Local]) -> None:
    """Note the partials of instructions that differ in nothing but values."""
    first = nodes[0]
    primitive = first.primitive
    *kinds, mask = _kinds(first) or ()
    columns = [
        _column([_value(node.inputs[i]) for node in nodes], len(shape)) if mask >> i & 1 else None
        for i in range(len(kinds))
    ]
    out = _column([node.value for node in nodes], len(shape)) if mask & OUTPUT_BIT else None
    whole = (len(nodes), *shape)
    operands = [i for i, operand in enumerate(first.inputs) if type(operand) is Node and primitive.pulls[i] is not None]
    partials = [
        numpy.broadcast_to(numpy.asarray(primitive.pulls[i](numpy.ones(whole), *columns, out), float), whole)
        for i in operands
    ]
    sizes = [numpy.abs(partial).reshape(len(nodes), -1) for partial in partials]
    finite = numpy.ones(len(nodes), bool)
    least = numpy.full(len(nodes), numpy.inf)
    for size in sizes:
        finite &= numpy.isfinite(size).all(axis=1)
        least = numpy.minimum(least, size.min(axis=1, initial=numpy.inf))
    rows = [list(partial) for partial in partials]
    same = [kinds[i] == shape for i in operands]
    for k, (node, fine, smallest) in enumerate(zip(nodes, finite.tolist(), least.tolist(), strict=True)):
        if fine:
            inputs = node.inputs
            factors = [(i, inputs[i], row[k], equal) for i, row, equal in zip(operands, rows, same, strict=True)]
            found[node] = Local(tuple(factors), smallest)


def _value(operand: Any) -> Any:
    return operand.value if type(operand) is Node else operand


def _column(values: list[Any], ndim: int) -> numpy.ndarray:
    """Values one below the other, with axes of length 1 where they are to be broadcast."""
    shape = getattr(values[0], "shape", ())
    stacked = numpy.concatenate(values).reshape(len(values), *shape) if shape else numpy.array(values, float)
    return stacked.reshape(len(values), *(1,) * (ndim - stacked.ndim + 1), *stacked.shape[1:])
