"""Recording the body of a construct in pieces, each on inputs of its own, and the instruction that stands for it.

Not for: what is kept of a piece and the sweeps through it (`body`), or what the user calls (`control_flow`).
"""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Callable, Iterable, Sequence
from types import FrameType
from typing import Any

import numpy

from . import tracing
from .backends import copy_of, is_array, to_numpy
from .backends import getitem as read_at
from .body import ITEM, STATE, Body, Piece, stacked
from .dtypes import numpy_dtype
from .errors import AdkitError, LeakError, UnsupportedError
from .handle import TracedArray, is_traced, untraced
from .nodes import GuardRecord, Node, Recording, Results, aval, next_id, open_recording
from .nodes import state as tracing_state
from .primitives.control import Construct, body_input
from .pytrees import differentiable
from .source import span_of, user_line, user_location
from .storage import snapshot

__adkit__ = True

_by_id = operator.attrgetter("id")
STEPS = 500  # at most, of a loop in one piece
INSTRUCTIONS = 4000
BYTES = 1 << 20


class PlainRun:
    """The part of `BodyRecorder` where nothing is traced: values go in and out as they are."""

    def __init__(self, leaves: Sequence[Any], arrays: Sequence[Any]) -> None:
        self.leaves, self.arrays = list(leaves), list(arrays)
        self._emitted: list[list[Any]] = []

    def begin(self) -> list[Any]:
        """The leaves of the state for the first step."""
        return self.leaves

    def item(self, j: int, k: int) -> Any:
        """Element k of a scanned array."""
        return read_at(untraced(self.arrays[j]), k)

    def emit(self, k: int, leaves: Sequence[Any]) -> None:
        """Hand out results of step k."""
        while len(self._emitted) < len(leaves):
            self._emitted.append([])
        for parts, leaf in zip(self._emitted, leaves, strict=True):
            parts.append((k, copy_of(leaf) if is_array(leaf) else leaf))

    def step(self, state: list[Any]) -> list[Any]:
        """The end of a step."""
        return state

    def end(self, state: list[Any]) -> list[Any]:
        """The end of a piece that is followed."""
        return state

    def finish(self, state: list[Any]) -> list[Any]:
        """All results: the state, then what was handed out."""
        parts = [[value for _, value in sorted(part, key=lambda pair: pair[0])] for part in self._emitted]
        return [*state, *map(stacked, parts)]


class BodyRecorder:
    """Runs one call of a construct piece by piece; a context manager around the calls of the user's functions.

    Parameters
    ----------
    row: the construct.
    leaves: of the state, traced or plain. Floats and traced values become inputs; other plain values pass through.
    arrays: that are scanned. Elements of traced ones are inputs, of plain ones plain.
    frame: of the user's call.
    """

    def __init__(self, row: Construct, leaves: Sequence[Any], arrays: Sequence[Any], frame: FrameType) -> None:
        self.row, self.frame = row, frame
        self.leaves, self.arrays = list(leaves), list(arrays)
        self.since = next_id()
        self.pieces: list[Piece] = []
        self.emitted: list[tuple[int, int, Any]] = []
        self.limit = 1
        self.length = 0
        self.condition: list[Any] = []
        self._location = tracing_state.span or user_location(frame)
        span = span_of(*tracing_state.span) if tracing_state.span else None
        filename, line = user_line(frame) if span is None else (span.filename, span.line)
        self._marks: dict[str, Any] = {"construct": row.name, "filename": filename, "line": line}
        self._exit = contextlib.ExitStack()
        self._record: Recording
        self._plain = [untraced(array) for array in self.arrays]
        self._elements: dict[int, list[Any]] = {}  # of plain arrays, once no step is shown any more
        self._outer = tracing.keeping()

    def __enter__(self) -> BodyRecorder:
        enclosing = open_recording.get()
        self._record = self._exit.enter_context(tracing.replayable())
        self._record.batching = enclosing.batching if enclosing is not None else 0
        return self

    def __exit__(self, *exc: Any) -> None:
        self._exit.close()

    # -- while the user's functions run

    def begin(self) -> list[Any]:
        """The leaves of the state for the first step."""
        self._start()
        return [self._state(j, leaf, is_traced(leaf)) for j, leaf in enumerate(self.leaves)]

    def _start(self) -> None:
        self._piece = next_id()
        self._inputs: list[Node] = []
        self._sources: list[tuple[int, int, int]] = []
        self._items: list[tuple[int, int, Any]] = []
        self._steps = 0
        self._record.guards.clear()
        self._record.decisions.clear()

    def _state(self, j: int, leaf: Any, traced: bool) -> Any:
        if not traced and not differentiable(leaf):
            return leaf
        return self._input(untraced(leaf), (STATE, j, 0))

    def _input(self, value: Any, source: tuple[int, int, int]) -> TracedArray:
        shape, dtype = aval(value)
        node = Node(body_input, (), self._marks, tracing.as_kept(value), next_id(), *self._location, shape, dtype)
        self._inputs.append(node)
        self._sources.append(source)
        return TracedArray(node, value)

    def item(self, j: int, k: int) -> Any:
        """Element k of a scanned array; an input, too, in a step that is shown."""
        elements = self._elements.get(j)
        if elements is not None:
            return elements[k]
        value = read_at(self._plain[j], k)
        shown = self._outer and not self.pieces and differentiable(value)
        return self._input(value, (ITEM, j, k)) if shown or is_traced(self.arrays[j]) else value

    def emit(self, k: int, leaves: Sequence[Any]) -> None:
        """Hand out results of step k."""
        for j, leaf in enumerate(leaves):
            self._items.append((j, k, _settled(leaf)))

    def step(self, state: list[Any]) -> list[Any]:
        """The end of a step: the state for the next one, which a new piece may begin with."""
        self._steps += 1
        if self._steps < self.limit:
            return state
        return self.end(state)

    def end(self, state: list[Any]) -> list[Any]:
        """The end of a piece, and the state that the next one begins with."""
        self.length += self._steps
        traced = [is_traced(leaf) for leaf in state]
        self._close(state)
        if len(self.pieces) == 1:
            arrays = enumerate(self.arrays)
            self._elements = {j: list(array) for j, array in arrays if type(array) is numpy.ndarray}
        self._start()
        return [self._state(j, leaf, t) for j, (leaf, t) in enumerate(zip(state, traced, strict=True))]

    def _close(self, state: Sequence[Any]) -> None:
        """End the piece with this state."""
        leaves = [_node_or_value(_settled(leaf)) for leaf in state]
        self.emitted += [(j, k, untraced(leaf)) for j, k, leaf in self._items]
        items = [(j, k, _node_or_value(leaf)) for j, k, leaf in self._items]
        outputs = [leaf for leaf in (*leaves, *(leaf for _, _, leaf in items)) if type(leaf) is Node]
        decisions = {decision.node: decision.outcome == "true" for decision in self._record.decisions}
        guards = [*(guard.node for guard in self._record.guards), *decisions]
        watched = [node for node in self._record.watched if node.id >= self._piece]
        steps, closures = self._region([*outputs, *guards, *watched])
        order = self._region(outputs)[0] if guards or watched else steps
        expected: dict[Node, Any] = {}
        for guard in self._record.guards:
            if isinstance(expected.get(guard.node, True), bool):
                expected[guard.node] = _outcome(guard)
        piece = Piece(self._inputs, self._sources, leaves, items, order, steps, closures, expected, decisions)
        piece.watched = watched
        piece.shown = self._outer and not self.pieces
        if not self.pieces:
            self.limit = _steps_per_piece(steps, self._record.batching)
            self.guards = list(self._record.guards)
        self.pieces.append(piece)
        piece.drop()

    def _region(self, outputs: Iterable[Node]) -> tuple[list[Node], list[Node]]:
        """The nodes of this piece that `outputs` depend on, with the enclosing ones that they use; and those alone."""
        seen = set(outputs)
        first = self._piece
        stack = [node for node in seen if node.id >= first]
        pop, push, see = stack.pop, stack.append, seen.add
        while stack:
            node = pop()
            if node.primitive is body_input:
                continue
            for parent in node.inputs:
                if type(parent) is Node and parent not in seen:
                    see(parent)
                    if parent.id >= first:
                        push(parent)
        order = sorted(seen, key=_by_id)
        closures = []
        for node in order:
            if node.id >= self._piece:
                break
            if node.id >= self.since:
                raise self._kept_outside()
            closures.append(node)
        return order, closures

    def _kept_outside(self) -> AdkitError:
        return LeakError(
            f"the body of {self.row.name} uses a value of an earlier step that it did not get as its carry",
            fix="make the value part of the carry",
            filename=self._marks["filename"],
            line=self._marks["line"],
        )

    @property
    def is_batched(self) -> bool:
        """Whether what is recorded will be evaluated for other examples (`vmap`)."""
        return self._record.batching > 0

    @property
    def is_guarded(self) -> bool:
        """Whether the path depended on values."""
        return bool(self.condition) or any(piece.expected or piece.decisions for piece in self.pieces)

    # -- the instruction

    def close(self, state: list[Any]) -> None:
        """The end of the user's functions."""
        # the last condition of a loop may stand alone in a piece
        self.length += self._steps
        if self._steps or not self.pieces or self._record.guards or self._record.decisions:
            self._close(state)
        self.state = [untraced(leaf) for leaf in state]

    def finish(
        self,
        heading: str,
        title: str,
        names: Sequence[str],
        rerun: Callable[[Body, Sequence[Any]], list[Any]],
        handles: Callable[[], Iterable[TracedArray]],
        unused: Sequence[TracedArray] = (),
        origin: Any = None,
    ) -> list[Any]:
        """Record the instruction; its results, each a handle, or plain where it depends on nothing that is traced.

        `handles` finds the handles that the user's functions can reach, `unused` are those of them that another path
        may need.
        """
        closures = dict.fromkeys(node for piece in self.pieces for node in piece.closures)
        closures.update(dict.fromkeys(handle.node for handle in unused if handle.node.id < self.since))
        closed = _values_of(list(closures), [*self.leaves, *self.arrays, *self.condition], handles, self._marks)
        operands = [*self.leaves, *self.arrays, *self.condition, *closed]
        conditions = [bool(untraced(value)) for value in self.condition]
        results = [(STATE, j) for j in range(len(self.state))]
        parts: list[list[Any]] = []
        for j, k, leaf in self.emitted:
            while len(parts) <= j:
                parts.append([None] * self.length)
            parts[j][k] = leaf
        values = [*self.state, *map(stacked, parts)]
        results += [(ITEM, j) for j in range(len(parts))]
        counts = (len(self.leaves), len(self.arrays), len(parts))
        body = Body(heading, self.pieces, list(closures), counts, results, self.length, conditions, lambda _: [])
        body.rerun = lambda given: rerun(body, given)
        body.title, body.names, body.guards = title, names, self.guards
        body.row, body.origin = self.row, origin
        step = len(self.pieces[0].state) == len(self.leaves) and self.row.name not in ("cond", "checkpoint")
        body.output_names = (
            [f"next {name}" for name in names[: len(self.leaves)]] if step else ["result"] * len(self.pieces[0].state)
        )
        traced = [operand.node for operand in operands if is_traced(operand)]
        for piece in self.pieces:
            for node in piece.inputs:
                node.inputs = tuple(traced)  # so that a sweep that finds a value of the body outside of it says so
        return self._instruction(body, operands, values) if traced else values

    def _instruction(self, body: Body, operands: list[Any], values: list[Any]) -> list[Any]:
        fixed = [not body.guarded and _is_fixed(body, result) for result in body.results]
        body.results = [result for result, constant in zip(body.results, fixed, strict=True) if not constant]
        varying = [value for value, constant in zip(values, fixed, strict=True) if not constant]
        if not varying:
            return values
        pairs = [tracing.operand_of(operand) for operand in operands]
        nodes, plain = [node for node, _ in pairs], [value for _, value in pairs]
        value = varying[0] if len(varying) == 1 else Results(varying)
        made = tracing.record(self.row, operands, nodes, plain, {"body": body}, value, self.frame)
        handles = iter([made] if len(varying) == 1 else tracing.components(made))
        return [value if constant else next(handles) for value, constant in zip(values, fixed, strict=True)]


def _is_fixed(body: Body, result: tuple[int, int]) -> bool:
    """Whether a result is a constant of the program: a count, or whatever nothing traced had an influence on."""
    kind, j = result
    if kind == STATE:
        return type(body.pieces[-1].state[j]) is not Node
    return all(type(leaf) is not Node for piece in body.pieces for i, _, leaf in piece.items if i == j)


def _settled(leaf: Any) -> Any:
    """A result that no later assignment changes."""
    if isinstance(leaf, TracedArray):
        return snapshot(leaf)
    return copy_of(leaf) if is_array(leaf) else leaf


def _node_or_value(leaf: Any) -> Any:
    if not isinstance(leaf, TracedArray):
        return leaf
    return leaf.value if leaf.node is None else leaf.node


def _outcome(guard: GuardRecord) -> Any:
    """What a condition has to be for the path to be the same: a truth, or a value."""
    if guard.outcome in ("true", "false"):
        return guard.outcome == "true"
    value = to_numpy(guard.node.value)
    return None if value is None else numpy.array(value)


def _steps_per_piece(steps: Sequence[Node], examples: int) -> int:
    """How many steps like the first one make up a piece that is neither long nor large, also for several examples."""
    size = sum(node.size * numpy_dtype(node).itemsize for node in steps) * max(1, examples)
    return max(1, min(STEPS, INSTRUCTIONS // max(1, len(steps)), BYTES // max(1, size)))


def _values_of(
    nodes: list[Node], given: Sequence[Any], handles: Callable[[], Iterable[TracedArray]], marks: dict[str, Any]
) -> list[TracedArray]:
    """Handles of enclosing nodes, which may not have kept their value if no operation read it."""
    missing = {node for node in nodes if node.value is None}
    found: dict[Node, Any] = {}
    for search in (lambda: given, handles) if missing else ():
        for handle in search():
            if isinstance(handle, TracedArray) and handle.node in missing:
                found[handle.node] = untraced(handle)
    if len(found) < len(missing):
        raise UnsupportedError(
            f"the body of {marks['construct']} uses a value from outside that is no longer there when it ends",
            fix="pass the value to the body, as part of the carry or as an argument",
            filename=marks["filename"],
            line=marks["line"],
        )
    return [TracedArray(node, found[node] if node in found else node.value) for node in nodes]
