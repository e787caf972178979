"""The body of an instruction such as `scan`: what was recorded inside, in pieces, and the sweeps through it.

A piece is a stretch of the body that was recorded on inputs of its own: all of a `checkpoint`, a few steps of a loop.
The body keeps the values with which each piece began (a loop's carries) and its small values; the large ones in between
are dropped and computed again, piece by piece, when a sweep comes by. The user's function does not run again for that,
so its side effects happen once, and what it read has not changed meanwhile.

A sweep that is itself recorded (for a second derivative) runs the recorded operations once more as instructions of that
recording, as if the body had been written out. Not for: recording a body (`body_recording`), or evaluating it for a
batch (`body_batching`).
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from . import backends
from .dtypes import numpy_dtype
from .errors import PathError
from .handle import TracedArray, untraced
from .nodes import COMPONENT, INPUT, TRANSFER, GuardRecord, Node, Results, Unkept, open_recording, state
from .primitive import ELEMENTWISE
from .primitives.control import Construct
from .primitives.indexing import getitem, index_update
from .primitives.shape import stack
from .sweeps.forward import ForwardPlan
from .sweeps.reverse import reverse_sweep
from .sweeps.through import any_traced, pull_through, push_through
from .tracing import SCALAR_TYPES

__adkit__ = True

STATE, ITEM = range(2)
SMALL = 512  # bytes up to which a value costs less than computing it again


@dataclasses.dataclass(slots=True, eq=False)
class Piece:
    """A stretch of a body: `state` (a loop's carry) goes in and comes out, and items of the scanned arrays likewise.

    Attributes
    ----------
    inputs, sources: the nodes of the inputs, and what each stands for: (STATE, leaf, 0) or (ITEM, array, index).
    state: what comes out for each leaf: a node or a plain value.
    items: (array, index, node or plain value) of what was handed out.
    order: the nodes between, and the enclosing ones that they use, in order.
    steps: `order` and what only conditions depend on.
    closures: the enclosing nodes.
    expected, decisions: node -> value or truth of those that the path depended on, or a sweep inside the body.
    watched: derivatives inside that have to be finite for all examples of a batch.
    shown: whether all values are kept because a view shows them.
    """

    inputs: list[Node]
    sources: list[tuple[int, int, int]]
    state: list[Any]
    items: list[tuple[int, int, Any]]
    order: list[Node]
    steps: list[Node]
    closures: list[Node]
    expected: Mapping[Node, Any]
    decisions: Mapping[Node, bool]
    watched: list[Node] = dataclasses.field(default_factory=list)
    shown: bool = False
    dropped: list[Node] = dataclasses.field(default_factory=list)
    constructs: list[Node] = dataclasses.field(default_factory=list)

    # -- values

    def drop(self) -> None:
        """Forget the large values in between, unless they are to be shown."""
        if self.shown:
            return
        kept = {*self.inputs, *self.closures}
        self.dropped = []
        self.constructs = []
        for node in self.steps:
            value = node.value
            if value is None and node.params is None:
                continue
            if (value is None or type(value) in SCALAR_TYPES) and not isinstance(node.primitive, Construct):
                continue
            if node in kept:
                continue
            if isinstance(node.primitive, Construct):
                node.params["body"].forget()  # type: ignore[index]
                self.constructs.append(node)
            given = node.primitive is TRANSFER or (node.primitive is INPUT and not node.inputs)
            if value is not None and _is_large(value) and not given:
                node.value = None
                self.dropped.append(node)

    def restore(self) -> None:
        """Compute the forgotten values again from those of the inputs."""
        wanted = set(self.dropped)
        if self.constructs:
            inner = {node for node in self.constructs if node.params["body"].forgotten}  # type: ignore[index]
            wanted.update(node for node in self.order if node in inner)
        if not wanted:
            return
        given = {*self.inputs, *self.closures}
        needed = self._needed(wanted, given)
        last: dict[Node, Node] = {}
        shared = set(wanted)  # arrays that others may still read, or views of them
        for node in needed:
            for parent in node.inputs:
                if type(parent) is Node:
                    if parent in last and not (last[parent].primitive is getitem and not last[parent].shape):
                        shared.add(parent)
                    last[parent] = node
        values: dict[Node, Any] = {}
        own: set[Node] = set()
        with numpy.errstate(all="ignore"):
            for node in needed:
                value = _recomputed(node, values, own, shared, last)
                if node in wanted:
                    node.value = value
                else:
                    values[node] = value
                for parent in node.inputs:
                    if type(parent) is Node and last[parent] is node:
                        values.pop(parent, None)

    def _needed(self, wanted: set[Node], given: set[Node]) -> list[Node]:
        """The nodes to compute for those that are wanted, in order."""
        marked = set(wanted)
        found = []
        for node in reversed(self.order):
            if node in marked:
                found.append(node)
                marked.update(i for i in node.inputs if type(i) is Node and i.value is None and i not in given)
        return found[::-1]

    def evaluate(self, inputs: Sequence[Any], closures: Mapping[Node, Any], checked: bool) -> dict[Node, Any]:
        """The value of every node for other inputs, plain or traced.

        The conditions of the path become guards of the recording around; where one is not met, and is `checked`, that
        is a `PathError`.
        """
        values: dict[Node, Any] = dict(zip(self.inputs, inputs, strict=True))
        for node in self.steps:
            if node in values:
                continue
            if node in closures:
                values[node] = closures[node]
            elif node.primitive is TRANSFER or (node.primitive is INPUT and not node.inputs):
                values[node] = node.value
            else:
                operands = [values[i] if type(i) is Node else i for i in node.inputs]
                made = operands[0] if node.primitive is INPUT else node.primitive(*operands, **(node.params or {}))
                values[node] = made
            if node in self.expected:
                decide(values[node], self.expected[node], checked)
            if node in self.decisions:
                decide(values[node], self.decisions[node], checked, shown=False)
        return values

    # -- sweeps

    def pull(self, state: Sequence[Any], items: Sequence[Any]) -> list[Any]:
        """The cotangents of the inputs and then of the closures, for those of what came out; `None` without any."""
        seeds = [(leaf, g) for leaf, g in zip(self.state, state, strict=True) if type(leaf) is Node and g is not None]
        seeds += [(leaf, items[j][k]) for j, k, leaf in self.items if type(leaf) is Node and items[j] is not None]
        if not seeds:
            return [None] * (len(self.inputs) + len(self.closures))
        self.restore()
        swept = reverse_sweep(seeds, [*self.inputs, *self.closures], self.order)
        self.drop()
        return swept

    def push(self, tangents: list[Any]) -> tuple[list[Any], list[Any]]:
        """The tangents of state and items for those of the inputs and then of the closures."""
        if all(t is None for t in tangents):
            return [None] * len(self.state), [None] * len(self.items)
        leaves = [*self.state, *(leaf for _, _, leaf in self.items)]
        nodes = [leaf for leaf in leaves if type(leaf) is Node]
        self.restore()
        inputs = [*self.inputs, *self.closures]
        given = set(inputs)
        between = [node for node in self.order if node not in given]
        swept = iter(ForwardPlan(nodes, inputs, between).sweep(tangents))
        pushed = [next(swept) if type(leaf) is Node else None for leaf in leaves]
        self.drop()
        return pushed[: len(self.state)], pushed[len(self.state) :]


class Body:
    """What a construct did, as a program of its operands: the leaves of its state, the scanned arrays, `conditions`,
    and the enclosing values that it closed over.

    Attributes
    ----------
    heading: how the instruction is written before its operands, as in "scan[100 steps]".
    title, names: how a view calls the body, and the leaves of its state and then of one step's items.
    guards, output_names: the conditions of the first piece, and the names of the leaves of the state after it.
    results: (STATE, leaf) or (ITEM, array) for each result.
    rerun: runs the user's functions on other operands; used where the recorded path does not hold.
    row: the primitive of the instruction.
    origin: the call of the user's functions that was recorded, and what they could reach then (see `closures`).
    """

    def __init__(
        self,
        heading: str,
        pieces: list[Piece],
        closures: list[Node],
        counts: tuple[int, int, int],
        results: list[tuple[int, int]],
        length: int,
        conditions: Sequence[bool],
        rerun: Callable[[Sequence[Any]], list[Any]],
        names: Sequence[str] = (),
        title: str = "",
    ) -> None:
        self.heading, self.title, self.names = heading, title, names
        self.pieces, self.closures, self.results, self.length = pieces, closures, results, length
        self.states, self.arrays, self.emitted = counts
        self.conditions = list(conditions)
        self.rerun = rerun
        self.guards: list[GuardRecord] = []
        self.output_names: Sequence[str] = ()
        self.origin: Any = None
        self.row: Any = None
        self.forgotten = False

    def __repr__(self) -> str:
        return f"<body of {self.heading}: {len(self.pieces)} pieces>"

    @property
    def guarded(self) -> bool:
        """Whether the path depended on values."""
        return bool(self.conditions) or any(p.expected or p.decisions for p in self.pieces)

    def _split(self, given: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """State, scanned arrays, closures."""
        n, m = self.states, self.states + self.arrays
        return list(given[:n]), list(given[n:m]), list(given[m + len(self.conditions) :])

    # -- values

    def again(self, operands: Sequence[Any]) -> Any:
        """The results for other operands, plain or traced: on the recorded path, or where it does not hold there, by
        the user's functions.
        """
        try:
            results = self._follow(operands, checked=True)
        except Exception:
            if not self.guarded or state.replaying:
                raise
            results = self.rerun(operands)
        return results[0] if len(results) == 1 else tuple(results)

    def followed(self, operands: Sequence[Any]) -> list[Any]:
        """The results on the recorded path, written out, for operands with the values that they had."""
        return self._follow(operands, checked=False)

    @property
    def _ties_examples(self) -> bool:
        """Whether writing the body out would tie all examples of a batch to the path of one."""
        record = open_recording.get()
        return record is not None and record.batching > 0 and self.guarded

    def result_types(self) -> list[Any]:
        """Shape and dtype of each result."""
        types: list[Any] = []
        handed = {j: leaf for piece in self.pieces for j, _, leaf in piece.items}
        for kind, j in self.results:
            leaf = self.pieces[-1].state[j] if kind == STATE else handed[j]
            shape = tuple(getattr(leaf, "shape", ()))
            types.append(Unkept(shape if kind == STATE else (self.length, *shape), numpy_dtype(leaf)))
        return types

    def _follow(self, operands: Sequence[Any], checked: bool) -> list[Any]:
        state, arrays, closed = self._split(operands)
        at = self.states + self.arrays
        for operand, condition in zip(operands[at : at + len(self.conditions)], self.conditions, strict=True):
            decide(operand, condition, checked)
        closures = dict(zip(self.closures, closed, strict=True))
        parts: list[list[Any]] = [[None] * self.length for _ in range(self.emitted)]
        for piece in self.pieces:
            fed = [state[j] if kind == STATE else _item(arrays[j], k) for kind, j, k in piece.sources]
            values = piece.evaluate(fed, closures, checked)
            state = [values[leaf] if type(leaf) is Node else leaf for leaf in piece.state]
            for j, k, leaf in piece.items:
                parts[j][k] = values[leaf] if type(leaf) is Node else leaf
        return [state[j] if kind == STATE else stacked(parts[j]) for kind, j in self.results]

    def forget(self) -> None:
        """Drop the large values with which the pieces began, as part of a piece that drops its own."""
        for piece in self.pieces:
            for node in piece.inputs:
                if node.value is not None and _is_large(node.value):
                    node.value = None
                    self.forgotten = True

    def refill(self, operands: Sequence[Any]) -> tuple[Any, ...]:
        """Compute what was forgotten again, and the results."""
        state, arrays, closed = self._split(operands)
        closures = dict(zip(self.closures, closed, strict=True))
        parts: list[list[Any]] = [[None] * self.length for _ in range(self.emitted)]
        for piece in self.pieces:
            fed = [state[j] if kind == STATE else _item(arrays[j], k) for kind, j, k in piece.sources]
            for node, value in zip(piece.inputs, fed, strict=True):
                node.value = value
            values = piece.evaluate(fed, closures, checked=False)
            state = [values[leaf] if type(leaf) is Node else leaf for leaf in piece.state]
            for j, k, leaf in piece.items:
                parts[j][k] = values[leaf] if type(leaf) is Node else leaf
        self.forgotten = False
        return Results(state[j] if kind == STATE else stacked(parts[j]) for kind, j in self.results)

    # -- sweeps

    def pull(self, g: Any, operands: Sequence[Any]) -> list[Any]:
        """The cotangents of the operands for those of the results."""
        given = list(g) if isinstance(g, tuple) else [g]
        if any_traced(given) or any_traced(operands):
            if self._ties_examples:
                from .primitives.control_sweeps import pullback_of_body

                return pullback_of_body.record(given, operands, self, self.row)
            return pull_through(self.followed, given, operands, recorded=True)
        state: list[Any] = [None] * len(self.pieces[-1].state)
        items: list[Any] = [None] * self.emitted
        for (kind, j), part in zip(self.results, given, strict=True):
            (state if kind == STATE else items)[j] = part
        arrays: list[Any] = [None] * self.arrays
        closures: dict[Node, Any] = {}
        scanned = operands[self.states : self.states + self.arrays]
        for piece in reversed(self.pieces):
            swept = piece.pull(state, items)
            state = [None] * (len(piece.state) if piece is not self.pieces[0] else self.states)
            for (kind, j, k), part in zip(piece.sources, swept, strict=False):
                if part is not None and kind == STATE:
                    state[j] = part
                elif part is not None:
                    if arrays[j] is None:
                        arrays[j] = backends.zeros(scanned[j].shape, numpy_dtype(scanned[j]), scanned[j])
                    backends.setitem(arrays[j], k, part)
            for node, part in zip(piece.closures, swept[len(piece.inputs) :], strict=True):
                if part is not None:
                    closures[node] = closures[node] + part if node in closures else part
        return [*state, *arrays, *(None for _ in self.conditions), *map(closures.get, self.closures)]

    def push(self, tangents: Sequence[Any], operands: Sequence[Any]) -> Any:
        """The tangents of the results for those of the operands."""
        if any_traced(tangents) or any_traced(operands):
            if self._ties_examples:
                from .primitives.control_sweeps import pushforward_of_body

                return self._packed(pushforward_of_body.record(tangents, operands, self, self.row))
            return self._packed(push_through(self.followed, tangents, operands, recorded=True))
        state, arrays, closed = self._split(tangents)
        closures = dict(zip(self.closures, closed, strict=True))
        parts: list[Any] = [None] * self.emitted
        for piece in self.pieces:
            fed = [
                state[j] if kind == STATE else None if arrays[j] is None else arrays[j][k]
                for kind, j, k in piece.sources
            ]
            state, items = piece.push([*fed, *map(closures.get, piece.closures)])
            for (j, k, leaf), part in zip(piece.items, items, strict=True):
                if part is not None:
                    if parts[j] is None:
                        parts[j] = backends.zeros((self.length, *leaf.shape), numpy_dtype(leaf), part)
                    backends.setitem(parts[j], k, part)
        return self._packed([state[j] if kind == STATE else parts[j] for kind, j in self.results])

    @staticmethod
    def _packed(results: list[Any]) -> Any:
        return results[0] if len(results) == 1 else Results(results)


def stacked(parts: list[Any]) -> Any:
    """Results of the steps along a new first axis."""
    if any_traced(parts):
        return stack(*parts, axis=0)
    plain = [untraced(part) for part in parts]
    return backends.namespace_of(plain).stack(plain, axis=0)


def _item(array: Any, k: int) -> Any:
    if isinstance(array, TracedArray):
        return getitem(array, index=k)
    return backends.getitem(array, k)


def _is_large(value: Any) -> bool:
    if type(value) is Results:
        return any(_is_large(part) for part in value)
    return type(value) not in SCALAR_TYPES and getattr(value, "nbytes", 1 << 30) > SMALL


def decide(value: Any, expected: Any, checked: bool = True, shown: bool = True) -> None:
    """Note what the path depended on, and compare it with what it was."""
    truth = isinstance(expected, bool)
    if isinstance(value, TracedArray) and shown:
        value._guard(sys._getframe(1), expected if truth else None)
    elif isinstance(value, TracedArray) and value.node is not None:
        record = open_recording.get()
        if record is not None:
            record.decide(value.node, expected)
    if checked:
        plain = numpy.asarray(backends.to_numpy(untraced(value)))
        if not (bool(plain) == expected if truth and not plain.ndim else numpy.array_equal(plain, expected)):
            raise PathError(
                "a condition inside a body came out otherwise", fix="record the function again at this point"
            )


def _recomputed(node: Node, values: dict[Node, Any], own: set[Node], shared: set[Node], last: dict[Node, Node]) -> Any:
    """The plain value of a node from the values of its operands.

    Assignments into one array after the other write into the same buffer (`own`), so filling n elements stays O(n).
    """
    primitive = node.primitive
    operands = []
    for operand in node.inputs:
        if type(operand) is Node:
            operand = values[operand] if operand in values else operand.value
        operands.append(operand)
    if isinstance(primitive, Construct):
        made = node.params["body"].refill(operands)  # type: ignore[index]
        return made if len(made) > 1 else made[0]
    if primitive.kind == ELEMENTWISE:
        return primitive.evaluate(operands, {})
    if primitive is INPUT:
        return operands[0]
    if primitive is COMPONENT:
        return operands[0][node.params["index"]]  # type: ignore[index]
    if primitive is index_update:
        target = node.inputs[0]
        if type(target) is Node and target in own and target not in shared and last[target] is node:
            backends.setitem(operands[0], node.params["index"], operands[1])  # type: ignore[index]
            own.add(node)
            return operands[0]
        own.add(node)
    made = primitive.evaluate(operands, node.params or {})
    return Results(made) if type(made) is tuple else made
