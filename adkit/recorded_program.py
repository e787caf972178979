"""A long recorded program as a check evaluates it: at many points at once, and with its derivatives from the recording.

Not for: short programs, which are evaluated and recorded as often as need be (`check`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from . import backends
from .dtypes import numpy_dtype
from .errors import PathError
from .nodes import Recording
from .sweeps.batch import BatchSweep
from .sweeps.forward import ForwardPlan
from .sweeps.order import active, active_by_input, ancestors
from .sweeps.replay import Replay
from .sweeps.reverse import reverse_sweep

__adkit__ = True

LONG = 1000  # instructions from which on this is worth it
ELEMENTS = 1 << 21  # of one variable at all points of a batch


class RecordedProgram:
    """A replay as a function of its inputs that returns its floating result in a list, on the recorded path.

    Where the body of an instruction would take another path the result is NaN.
    """

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        whole = ancestors([replay.output], 0)[0]
        self._order = active(whole, replay.inputs)
        self._between = dict(zip(replay.inputs, active_by_input(whole, replay.inputs), strict=True))
        self._floating = numpy_dtype(replay.output).kind in "fc"
        self._adjoints: list[Any] | None = None
        self._sweeps: dict[tuple[int, ...], BatchSweep] = {}
        self.known: dict[int, dict[bytes, Any]] = {}  # per input the results at points that were announced

    def __call__(self, *points: Any) -> list[Any]:
        if not self._floating:
            return []
        try:
            return [self._replay(*points)]
        except PathError:
            return [numpy.full(self._replay.output.shape, numpy.nan)[()]]

    def recorded(self, *points: Any) -> list[Any]:
        """The result at the recorded inputs, which are `points`; evaluated only where it was not kept."""
        value = self._replay.output.value
        return [value] if self._floating and value is not None else self(*points)

    def pushed(self, i: int, direction: Any) -> list[Any]:
        """The tangent of the result along a direction of input i, by a forward sweep at the recorded point."""
        node = self._replay.inputs[i]
        plan = ForwardPlan([self._replay.output], [node], self._between[node])
        (tangent,) = plan.sweep([_typed(direction, node)])
        return [0.0 if tangent is None else tangent] if self._floating else []

    def pulled(self, weights: Sequence[Any]) -> list[Any]:
        """The derivatives of the weighted result by the inputs, by one reverse sweep at the recorded point."""
        if self._adjoints is None:
            output = self._replay.output
            seeds = [(output, _typed(weight, output)) for weight in weights]
            self._adjoints = [
                numpy.zeros(node.shape) if g is None else g
                for node, g in zip(
                    self._replay.inputs, reverse_sweep(seeds, self._replay.inputs, self._order), strict=True
                )
            ]
        return self._adjoints

    def announce(self, wanted: Sequence[tuple[int, Sequence[Any]]]) -> None:
        """Evaluate the result at points of one input or another, with the others as they were recorded, together."""
        places = [i for i, _ in wanted]
        inputs = [self._replay.inputs[i] for i in places]
        if not self._floating or any(backends.backend_of(node.value) is not None for node in self._replay.inputs):
            return
        try:
            columns = [_column(node, k, wanted) for k, node in enumerate(inputs)]
            found = self._together(tuple(places), inputs, columns)
        except Exception:  # an operation that has no rule for batches of such points; they are evaluated one by one
            return
        start = 0
        for i, points in wanted:
            known = self.known.setdefault(i, {})
            for x, value in zip(points, found[start : start + len(points)], strict=True):
                known[key_of(x)] = value
            start += len(points)

    def _together(self, places: tuple[int, ...], inputs: list[Any], columns: list[numpy.ndarray]) -> list[Any]:
        output = self._replay.output
        if places not in self._sweeps:
            record = Recording()
            record.since = 0
            self._sweeps[places] = BatchSweep(record, inputs, [output])
        sweep = self._sweeps[places]
        step = max(1, ELEMENTS // max(1, max(node.size for node in self._order)))
        found: list[Any] = []
        for start in range(0, len(columns[0]), step):
            some = [column[start : start + step] for column in columns]
            values, _ = sweep.run(some, len(some[0]))
            found += list(numpy.asarray(backends.to_numpy(values[output])))
        return found


def _column(node: Any, k: int, wanted: Sequence[tuple[int, Sequence[Any]]]) -> numpy.ndarray:
    """The values of an input at all points: its own where it is the one that moves."""
    parts = []
    for j, (_, points) in enumerate(wanted):
        if j == k:
            parts.append(numpy.stack([numpy.asarray(x) for x in points]))
        else:
            parts.append(numpy.broadcast_to(numpy.asarray(node.value), (len(points), *node.shape)))
    return numpy.concatenate(parts)


def _typed(value: Any, node: Any) -> Any:
    """A tangent or cotangent in the dtype of its variable."""
    dtype = numpy_dtype(node)
    return dtype.type(value) if not node.shape else backends.cast(value, dtype)


class Weighted:
    """The weighted result as a function of one input: points that are announced are evaluated together."""

    def __init__(
        self,
        program: Callable[..., list[Any]],
        leaves: Sequence[Any],
        i: int,
        weighted: Callable[[Sequence[Any]], float],
    ) -> None:
        self._program = program
        self._before, self._after, self._place = list(leaves[:i]), list(leaves[i + 1 :]), i
        self._weighted = weighted

    def __call__(self, x: Any) -> float:
        if isinstance(self._program, RecordedProgram):
            found = self._program.known.get(self._place, {}).get(key_of(x))
            if found is not None:
                return self._weighted([found])
        return self._weighted(self._program(*self._before, x, *self._after))

    def announce(self, points: Sequence[Any]) -> None:
        """Evaluate these points together, if the program can do that."""
        if isinstance(self._program, RecordedProgram):
            known = self._program.known.get(self._place, {})
            fresh = [x for x in points if key_of(x) not in known]
            if fresh:
                self._program.announce([(self._place, fresh)])


def key_of(x: Any) -> bytes:
    """What tells points of an input apart."""
    return numpy.asarray(backends.to_numpy(x)).tobytes()
