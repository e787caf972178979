"""Replay: the recorded program evaluated again with other inputs, without the user's code.

The replay follows the recorded path; where a guard would have come out otherwise it says so. Evaluated on handles it
is recorded in its turn, which gives derivatives at the new point. Not for: compiled programs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy

from ..backends import to_numpy
from ..handle import TracedArray
from ..nodes import INPUT, TRANSFER, GuardRecord, Node, Unkept, state

__adkit__ = True


class Replay:
    """A recorded program as a function of its inputs.

    Parameters
    ----------
    nodes: the instructions in order, recorded with all values kept.
    inputs: the input nodes.
    output: the node of the result.
    guards: the conditions that the path depended on, those of the user's code and those of recorded sweeps.
    """

    def __init__(
        self, nodes: Sequence[Node], inputs: Sequence[Node], output: Node, guards: Sequence[GuardRecord] = ()
    ) -> None:
        self.nodes = nodes
        self.inputs = list(inputs)
        self.output = output
        self.guards = guards

    @property
    def possible(self) -> bool:
        """Whether everything that a replay needs was kept."""
        return not any(isinstance(i, Unkept) for node in self.nodes for i in node.inputs)

    def values(self, arguments: Sequence[Any]) -> dict[Node, Any]:
        """The value of every node for given inputs; `errors.PathError` where the body of an instruction would take
        another path.
        """
        values: dict[Node, Any] = dict(zip(self.inputs, arguments, strict=True))
        before, state.replaying = state.replaying, True
        try:
            for node in self.nodes:
                values[node] = self._evaluated(node, values)
        finally:
            state.replaying = before
        return values

    @staticmethod
    def _evaluated(node: Node, values: Mapping[Node, Any]) -> Any:
        if node.primitive is TRANSFER:
            return node.value  # a constant, moved once
        operands = [values.get(i, i.value) if type(i) is Node else i for i in node.inputs]
        if node.primitive is INPUT:
            return operands[0] if operands else node.value
        return node.primitive(*operands, **(node.params or {}))

    def __call__(self, *arguments: Any) -> Any:
        """The result for given inputs, on the recorded path."""
        return self.values(arguments)[self.output]

    def on_path(self, values: Mapping[Node, Any]) -> Any:
        """Where every guard came out as it was recorded: elementwise for inputs given as arrays of points, which needs
        guards without a shape.
        """
        path: Any = True
        for guard in self.guards:
            now = values[guard.node] if guard.node in values else self._evaluated(guard.node, values)
            now = now.value if isinstance(now, TracedArray) else now
            path = path & _same_outcome(guard, numpy.asarray(to_numpy(now)))
        return path


def _same_outcome(guard: GuardRecord, now: numpy.ndarray) -> Any:
    if guard.outcome in ("true", "false"):
        return now.astype(bool) == (guard.outcome == "true")
    recorded = to_numpy(guard.node.value)
    return numpy.array_equal(now, recorded) if guard.node.shape else now == recorded
