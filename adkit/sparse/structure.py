"""The structure of a recording: all that its sparsity pattern depends on, in a form that is quickly compared.

A function may run another program at another point: another branch, other indices, other shapes, a constant with zeros
elsewhere. A plan made for one program must not be used for another.

Not for: the pattern itself (`sweeps.sparsity`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy

from ..backends import to_numpy
from ..nodes import Node
from ..sweeps.body_sparsity import counting
from ..sweeps.sparsity import CONSULTED

__adkit__ = True

Entry = tuple[Any, tuple[int, ...], tuple[int, ...], Any]


class Structure:
    """What a recording did, without its values.

    Parameters
    ----------
    order: the nodes that depend on the inputs, in order (`sweeps.order.active`).
    inputs, outputs: the nodes of the inputs, and those of the outputs (`None` for a constant one).
    shapes: the shapes of the outputs.
    consulted: what the pattern depends on of constants, by the places of node and operand.
    """

    def __init__(
        self,
        order: Sequence[Node],
        inputs: Sequence[Node],
        outputs: Sequence[Node | None],
        shapes: Sequence[tuple[int, ...]],
        consulted: Mapping[tuple[int, int], tuple[str, numpy.ndarray]],
    ) -> None:
        places = {node: i for i, node in enumerate(order)}
        self.entries = [_entry(node, places) for node in order]
        self.ends = _ends(places, inputs, outputs, shapes)
        self.consulted = dict(consulted)

    def matches(
        self,
        order: Sequence[Node],
        inputs: Sequence[Node],
        outputs: Sequence[Node | None],
        shapes: Sequence[tuple[int, ...]],
    ) -> bool:
        """Whether another recording has the same structure, so that the same pattern holds."""
        if len(order) != len(self.entries):
            return False
        places = {node: i for i, node in enumerate(order)}
        if _ends(places, inputs, outputs, shapes) != self.ends:
            return False
        for node, entry in zip(order, self.entries, strict=True):
            if node.primitive is not entry[0] or node.shape != entry[1]:
                return False
            if tuple([places.get(p, -1) if type(p) is Node else -1 for p in node.inputs]) != entry[2]:
                return False
            if entry[3] is not None and not _same(counting(node), entry[3]):
                return False
        return all(_same(_read(order[i].inputs[k], what), was) for (i, k), (what, was) in self.consulted.items())


def _entry(node: Node, places: dict[Node, int]) -> Entry:
    inputs = tuple([places.get(p, -1) if type(p) is Node else -1 for p in node.inputs])
    return node.primitive, node.shape, inputs, counting(node)


def _ends(
    places: dict[Node, int],
    inputs: Sequence[Node],
    outputs: Sequence[Node | None],
    shapes: Sequence[tuple[int, ...]],
) -> tuple[Any, ...]:
    """Where the inputs and outputs are in the order, and their shapes."""
    first = [(places.get(node, -1), node.shape) for node in inputs]
    last = [-1 if node is None else places.get(node, -1) for node in outputs]
    return tuple(first), tuple(last), tuple(shapes)


def _read(constant: Any, what: str) -> Any:
    return None if type(constant) is Node else CONSULTED[what](constant)


def _same(a: Any, b: Any) -> bool:
    """Whether two parameters are equal, arrays element by element."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, numpy.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and bool(numpy.array_equal(a, b))
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, slice):
        return _same((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    if hasattr(a, "__array_namespace__"):
        return _same(to_numpy(a), to_numpy(b))
    try:
        return bool(a == b)
    except Exception:
        return False
