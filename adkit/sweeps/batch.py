"""The batch sweep: a list recorded on one example, evaluated for a whole batch of them, each instruction once.

An instruction without a batched operand is not repeated. What depends on an enclosing recording stays a handle, so the
sweep is then recorded in its turn. The list is right for an example only as long as every guard comes out for it as it
was recorded; the sweep goes on with those for which it does, and says which they are.

Not for: the arguments and results of `vmap` (`vectorization`), or the `batch` of a row (`primitives`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy

from .. import backends
from ..dtypes import numpy_dtype
from ..errors import AdkitError
from ..handle import TracedArray
from ..nodes import COMPONENT, INPUT, TIE, TRANSFER, GuardRecord, Node, Recording, open_recording, state
from ..numpy.arguments import known
from ..primitive import ELEMENTWISE
from ..primitives import indexing
from ..primitives.batching import per_example, spread, widened
from ..primitives.elementwise import not_equal
from ..primitives.indexing import getitem, index_add, index_update
from ..storage import add_in_place
from .order import ancestors

__adkit__ = True

_PLAIN = frozenset({numpy.ndarray, float, int, complex, bool, numpy.float64, numpy.float32, numpy.int64, numpy.bool_})
_by_id = attrgetter("id")
# an assignment's operands and index as they are for a whole batch
_aligned_write: Any = indexing._batch_write(lambda x, v, index: (x, v, index))


class BatchSweep:
    """The instructions and guards between the inputs of one example and some outputs.

    Parameters
    ----------
    record: the closed recording of the example, which kept all values.
    inputs: the nodes whose values differ from example to example.
    outputs: the nodes of the results.

    Attributes
    ----------
    batched: the nodes that depend on the inputs, by derivatives or not.
    """

    def __init__(self, record: Recording, inputs: Sequence[Node], outputs: Sequence[Node]) -> None:
        self.since = record.since
        self.inputs = list(inputs)
        self.outputs = set(outputs)
        guards = [*record.guards, *record.decisions]
        nodes, _ = ancestors([*outputs, *(guard.node for guard in guards)], self.since)
        self.batched = set(inputs)
        self._outside: set[Node] = set()
        batched, outside, since = self.batched, self._outside, self.since
        for node in nodes:
            for parent in node.inputs:
                if type(parent) is Node:
                    if parent in batched:
                        batched.add(node)
                    if parent.id < since or parent in outside:
                        outside.add(node)
        varying = [guard for guard in guards if guard.node in self.batched]
        self._forwarded = [g for g in guards if g.node not in self.batched and self.depends_on_outside(g.node)]
        self._decisions = set(record.decisions)
        given = set(inputs)
        self.steps: list[Any] = sorted(
            [*(n for n in nodes if n in self.batched and n not in given), *varying], key=_by_id
        )
        self._last_use: dict[Node, Any] = {}
        for step in self.steps:
            for node in (step.node,) if type(step) is GuardRecord else step.inputs:
                if type(node) is Node:
                    self._last_use[node] = step
        self._constants: dict[Node, Any] = {}

    def depends_on_outside(self, node: Node) -> bool:
        """Whether a node is of an enclosing recording or depends on one of its nodes."""
        return node.id < self.since or node in self._outside

    def run(self, operands: Sequence[Any], size: int) -> tuple[dict[Node, Any], numpy.ndarray]:
        """The values of the batched outputs, and which of the `size` examples they are for.

        `operands` are the values of the inputs, with the batch axis first. The first example is the recorded one, and
        always among those that remain.
        """
        self._forward_guards()
        batch = _Batch(dict(zip(self.inputs, operands, strict=True)), size)
        span = state.span
        with numpy.errstate(all="ignore"):
            try:
                for step in self.steps:
                    state.span = (step.code, step.lasti)
                    if type(step) is GuardRecord:
                        batch.follow(step)
                        read: Any = (step.node,)
                    else:
                        batch.values[step] = self._evaluated(step, batch)
                        read = step.inputs
                    for node in read:
                        if type(node) is Node and self._last_use[node] is step and node not in self.outputs:
                            batch.values.pop(node, None)
            finally:
                state.span = span
        return batch.values, batch.keep

    def _forward_guards(self) -> None:
        """Hand the guards that are the same for all examples to the enclosing recording."""
        enclosing = open_recording.get()
        if enclosing is not None:
            for guard in self._forwarded:
                (enclosing.decisions if guard in self._decisions else enclosing.guards).append(guard)

    def constant(self, node: Node) -> Any:
        """The value of a node that is the same for all examples: a handle if an enclosing recording knows it."""
        if node in self._constants:
            return self._constants[node]
        for pending in [*self._unkept(node), node]:
            if pending not in self._constants:
                self._constants[pending] = self._constant(pending)
        return self._constants[node]

    def _constant(self, node: Node) -> Any:
        value = node.value
        if value is None:
            if node.id < self.since:
                raise AdkitError("a value of an enclosing recording was not kept", fix="report this as a bug of adkit")
            operands = [self._constants[i] if type(i) is Node else i for i in node.inputs]
            return node.primitive(*operands, **(node.params or {}))
        value = _as_recorded(node, value)
        return TracedArray(node, value) if self.depends_on_outside(node) else value

    def _unkept(self, node: Node) -> list[Node]:
        """What has to be evaluated before a node whose value was not kept, in order."""
        found: set[Node] = set()
        stack = [node]
        while stack:
            last = stack.pop()
            if last.value is None and last.id >= self.since:
                fresh = [i for i in last.inputs if type(i) is Node and i not in found and i not in self._constants]
                found.update(fresh)
                stack.extend(fresh)
        return sorted(found, key=_by_id)

    def _evaluated(self, node: Node, batch: _Batch) -> Any:
        primitive = node.primitive
        flags = [type(i) is Node and i in self.batched for i in node.inputs]
        operands = [
            batch.values[i] if flag else self.constant(i) if type(i) is Node else i
            for i, flag in zip(node.inputs, flags, strict=True)
        ]
        if primitive.kind == ELEMENTWISE:
            return _elementwise(node, operands, flags)
        params = node.params or {}
        if primitive is INPUT:
            result = operands[0]
        elif primitive is COMPONENT:
            return operands[0][params["index"]]
        elif primitive is TIE:
            result = TIE(spread(batch.size, operands[0], flags[0]), operands[1])
        elif primitive is index_update or primitive is index_add:
            return self._written(node, operands, flags, batch)
        elif primitive.batch is not None:
            result = primitive.batch(batch.size, operands, flags, **params)
        else:
            result = per_example(primitive, batch.size, operands, flags, params)
        return batch.apart(node, result) if batch.owned else result

    def _written(self, node: Node, operands: list[Any], flags: list[bool], batch: _Batch) -> Any:
        """An assignment: in place where the old array is used no more, so that filling one costs what it writes."""
        target, written = node.inputs
        own = flags[0] and target in batch.owned and self._last_use[target] is node and target not in self.outputs
        x, v, index = _aligned_write(batch.size, operands, flags, **(node.params or {}))
        batch.owned.add(node)
        if not own or written is target:
            return node.primitive(x, v, index=index)
        adds = node.primitive is index_add
        if isinstance(x, TracedArray):
            if adds:
                add_in_place(x, index, v)
            else:
                x[index] = v
        elif isinstance(v, TracedArray):
            return node.primitive(x, v, index=index)
        elif adds:
            backends.add_at(x, index, v)
        else:
            backends.setitem(x, index, v)
        return x


class PieceSweep(BatchSweep):
    """The same for a piece of a body (see `body.Piece`).

    `marked` says of its inputs and of the values around that it uses which are batched. The values of all others are
    given with them, and what depends on these alone is evaluated once.
    """

    def __init__(self, piece: Any, marked: Mapping[Node, bool]) -> None:
        self.outputs = {leaf for leaf in (*piece.state, *(leaf for _, _, leaf in piece.items)) if type(leaf) is Node}
        self.outputs.update(piece.expected, piece.decisions, piece.watched)
        self.batched = {node for node, flag in marked.items() if flag}
        self.steps = [node for node in piece.steps if node not in marked]
        self._last_use = {}
        for node in self.steps:
            parents = [i for i in node.inputs if type(i) is Node]
            if any(p in self.batched for p in parents):
                self.batched.add(node)
            for parent in parents:
                self._last_use[parent] = node
        self._values: dict[Node, Any] = {}

    def values(self, given: Mapping[Node, Any], size: int) -> dict[Node, Any]:
        """The values of the outputs."""
        batch = _Batch(dict(given), size)
        self._values = batch.values
        span = state.span
        with numpy.errstate(all="ignore"):
            try:
                for node in self.steps:
                    state.span = (node.code, node.lasti)
                    batch.values[node] = self._evaluated(node, batch) if node in self.batched else self._once(node)
                    for parent in node.inputs:
                        if type(parent) is Node and self._last_use[parent] is node and parent not in self.outputs:
                            batch.values.pop(parent, None)
            finally:
                state.span = span
        return batch.values

    def constant(self, node: Node) -> Any:
        return self._values[node]

    def _once(self, node: Node) -> Any:
        if node.primitive is TRANSFER or (node.primitive is INPUT and not node.inputs):
            return node.value
        operands = [self._values[i] if type(i) is Node else i for i in node.inputs]
        return operands[0] if node.primitive is INPUT else node.primitive(*operands, **(node.params or {}))


class _Batch:
    """The values of a running sweep, the examples that are still in it, and the buffers that are its own."""

    def __init__(self, values: dict[Node, Any], size: int) -> None:
        self.values = values
        self.size = size
        self.keep = numpy.arange(size)
        self.owned: set[Node] = set()

    def follow(self, guard: GuardRecord) -> None:
        """Go on with the examples for which a guard comes out as it was recorded."""
        hold = _holds(guard, self.values[guard.node], self.size)
        if hold.all():
            return
        where = numpy.flatnonzero(hold)
        self.keep = self.keep[where]
        self.size = len(where)
        self.owned.clear()
        for node, value in self.values.items():
            self.values[node] = selected(value, where)

    def apart(self, node: Node, result: Any) -> Any:
        """A result that no later assignment in place changes: a copy, or the operand is no longer written in place."""
        for parent in node.inputs:
            if type(parent) is not Node or parent not in self.owned:
                continue
            if type(result) is numpy.ndarray and result is not self.values[parent] and result.base is None:
                continue
            if node.primitive is getitem and type(result) is numpy.ndarray:
                result = result.copy()
            else:
                self.owned.discard(parent)
        return result


def selected(value: Any, where: numpy.ndarray) -> Any:
    """Some examples of a batched value, or of each of several results."""
    if isinstance(value, tuple):
        return tuple(selected(part, where) for part in value)
    return getitem(value, index=(where,))


def _as_recorded(node: Node, value: Any) -> Any:
    """A value in the type that it had: a Python number again where NumPy's was kept in its place."""
    if node.dtype is float or node.dtype is complex:
        return node.dtype(value)
    return value


def _elementwise(node: Node, operands: list[Any], flags: Sequence[bool]) -> Any:
    """An elementwise instruction with the batch axes in front of the shapes that broadcast."""
    row = node.primitive
    ndim = len(node.shape)
    plain = True
    for i, x in enumerate(operands):
        kind = type(x)
        if flags[i] and (kind is not numpy.ndarray or x.ndim <= ndim):
            operands[i] = widened(x, True, ndim)
            kind = type(operands[i])
        plain = plain and kind in _PLAIN
    return row.plain(*operands) if plain else row(*operands)


def _holds(guard: GuardRecord, value: Any, size: int) -> numpy.ndarray:
    """For which examples a guard comes out as it was recorded; the first one is that example.

    Where the values are handles, their outcomes are guards of the enclosing recording.
    """
    if guard.outcome in ("true", "false"):
        if numpy_dtype(value).kind != "b":
            value = not_equal(value, 0)
        hold = _rows(known(value), size)[:, 0].astype(bool) == (guard.outcome == "true")
    else:
        now = _rows(known(value), size)
        same = now == now[0]
        if now.dtype.kind in "fc":
            same |= (now != now) & (now[0] != now[0])
        hold = same.all(axis=1)
    hold[0] = True
    return hold


def _rows(value: Any, size: int) -> numpy.ndarray:
    plain = numpy.asarray(value)
    return plain.reshape(size, plain.size // size)
