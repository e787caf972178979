"""A recorded loop as a Python loop over the straight-line program of its step.

Only for loops whose steps are all the same program of their state and items, as those of `scan` here are: they have
traced inputs and no conditions. Not for: other bodies, which the core runs again (`adkit.body`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ...body import STATE, Body
from ...nodes import Node
from .programs import Program

__adkit__ = True


def stepper(node: Node) -> Callable[..., Any] | None:
    """What runs the loop of an instruction on plain operands; `None` where its steps may differ from each other."""
    body = (node.params or {}).get("body")
    if node.primitive.name != "scan" or not isinstance(body, Body) or not _is_uniform(body):
        return None
    piece = body.pieces[0]
    outputs = [*piece.state, *(leaf for _, _, leaf in piece.items)]
    program = Program(outputs, [*piece.inputs, *piece.closures], (), quiet=False)
    places = [body.closures.index(closure) for closure in piece.closures]
    sources = [(kind == STATE, j) for kind, j, _ in piece.sources]
    emitted = [j for j, _, _ in piece.items]
    states, step, length = len(piece.state), program.run, body.length

    def run(*operands: Any) -> Any:
        state, arrays, closed = body._split(operands)
        constants = [closed[i] for i in places]
        parts: list[list[Any]] = [[] for _ in range(body.emitted)]
        for k in range(length):
            made = step(*[state[j] if held else arrays[j][k] for held, j in sources], *constants)
            state = made[:states]
            for j, value in zip(emitted, made[states:], strict=True):
                parts[j].append(value)
        results = [state[j] if kind == STATE else numpy.stack(parts[j]) for kind, j in body.results]
        return results[0] if len(results) == 1 else tuple(results)

    return run


def _is_uniform(body: Body) -> bool:
    """Whether the first piece is the first step, from which the others differ in their inputs alone."""
    piece = body.pieces[0]
    first = all(k == 0 for _, _, k in piece.sources) and all(k == 0 for _, k, _ in piece.items)
    once = len({j for j, _, _ in piece.items}) == len(piece.items) and len(piece.state) == body.states
    traced = len(piece.inputs) == body.states + body.arrays
    plain = all(node.dtype != object for node in piece.steps)
    return not body.guarded and first and once and traced and plain
