"""The sparsity of an instruction with a body: the sweep goes through what was recorded inside, step by step.

The pattern holds for the path that was taken, and whoever uses it at another point compares what was recorded there
(`signature`). Constants inside are not consulted; their elements count as if none was zero.
Not for: the sweep itself and the rules of the rows inside (`sweeps.sparsity`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from ..body import STATE, Body, Piece
from ..nodes import Node
from ..primitive import ELEMENTWISE
from ..primitives.control import Construct
from .order import active
from .sparsity import Pattern, SparsitySweep

__adkit__ = True


def body_sparsity(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """The rule of every construct."""
    body: Body = node.params["body"]  # type: ignore[index]
    n, m = body.states, body.states + body.arrays
    closures = dict(zip(body.closures, given[m + len(body.conditions) :], strict=True))
    state, arrays = given[:n], given[n:m]
    parts: list[list[Pattern]] = [[0] * body.length for _ in range(body.emitted)]
    inside = _Inside(sweep)
    for piece in body.pieces:
        fed = [state[j] if kind == STATE else _item(arrays[j], k) for kind, j, k in piece.sources]
        patterns = inside.through(piece, {**closures, **dict(zip(piece.inputs, fed, strict=True))})
        state = [patterns.get(leaf, 0) if type(leaf) is Node else 0 for leaf in piece.state]
        for j, k, leaf in piece.items:
            shape = tuple(getattr(leaf, "shape", ()))
            parts[j][k] = _shaped(patterns.get(leaf, 0) if type(leaf) is Node else 0, shape)
    types = body.result_types()
    made = [
        _shaped(state[j] if kind == STATE else numpy.stack(parts[j]), result.shape)
        for (kind, j), result in zip(body.results, types, strict=True)
    ]
    return made[0] if len(made) == 1 else tuple(made)


def _item(pattern: Pattern, k: int) -> Pattern:
    if type(pattern) is int:
        return pattern
    part = pattern[k]
    return part if numpy.ndim(part) else int(part)


def _shaped(pattern: Pattern, shape: tuple[int, ...]) -> Pattern:
    """A pattern in the shape of its variable."""
    if not shape:
        return int(numpy.reshape(pattern, ()))
    return numpy.broadcast_to(numpy.int64(pattern) if type(pattern) is int else pattern, shape)


class _Inside(SparsitySweep):
    """A sweep through pieces of a body, with the sets of the one around."""

    def __init__(self, around: SparsitySweep) -> None:
        self.sets = around.sets
        self.consulted = {}
        self._place = 0
        self._owned: set[Node] = set()
        self._last_use: dict[Node, Node] = {}

    def consult(self, node: Node, operand: int, what: str = "zeros") -> numpy.ndarray | None:
        return None

    def through(self, piece: Piece, patterns: dict[Node, Pattern]) -> dict[Node, Pattern]:
        """The patterns of all nodes of a piece, for those of its inputs and of what it closes over."""
        order = active(piece.order, patterns)
        self._owned.clear()
        self._last_use = {p: node for node in order for p in node.inputs if type(p) is Node}
        for leaf in (*piece.state, *(leaf for _, _, leaf in piece.items)):
            if type(leaf) is Node:
                self._last_use.pop(leaf, None)
        for node in order:
            if node not in patterns:
                given = [patterns.get(p, 0) if type(p) is Node else 0 for p in node.inputs]
                patterns[node] = self._of(node, given)
        return patterns


# ------------------------------------------------------------------------------------------------ what it depends on


def signature(body: Body) -> Any:
    """All of a body that its pattern depends on, as nested tuples of what can be compared."""
    counts = (body.states, body.arrays, body.emitted, body.length)
    return (counts, tuple(body.results), tuple(_of_piece(piece, body.closures) for piece in body.pieces))


def _of_piece(piece: Piece, closures: Sequence[Node]) -> Any:
    places: dict[Any, int] = {node: i for i, node in enumerate([*piece.inputs, *closures])}
    entries = []
    for node in piece.order:
        if node not in places:
            inputs = tuple(places.get(p, -1) if type(p) is Node else -1 for p in node.inputs)
            entries.append((node.primitive, node.shape, inputs, counting(node)))
            places[node] = len(places)
    state = tuple(places[leaf] if type(leaf) is Node else -1 for leaf in piece.state)
    items = tuple((j, k, places[leaf] if type(leaf) is Node else -1) for j, k, leaf in piece.items)
    return tuple(piece.sources), tuple(entries), state, items


def counting(node: Node) -> Any:
    """The parameters of an instruction on which its pattern depends, `None` where there are none."""
    if node.primitive.sparsity is None or node.primitive.kind == ELEMENTWISE:
        return None
    params = node.params or {}
    return {"body": signature(params["body"])} if isinstance(node.primitive, Construct) else node.params
