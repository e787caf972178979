"""From nodes to a `WengertList`: variables numbered and named, instructions written as mathematics, spans resolved.

Not for: recording (`tracing`) or showing (`document`, `views`).
"""

from __future__ import annotations

import bisect
import functools
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy

from . import formatting
from .dtypes import numpy_dtype
from .naming import assigned_names
from .nodes import INPUT, GuardRecord, Node, Unkept
from .source import span_of
from .wengert import Constant, Guard, Instruction, Operand, Variable, WengertList

__adkit__ = True


def ancestors_of(outputs: Iterable[Node], inputs: Sequence[Node]) -> list[Node]:
    """All nodes that `outputs` were computed from, in order, stopping at `inputs`; also those without a derivative."""
    stop = set(inputs)
    seen = set(outputs)
    stack = list(seen)
    while stack:
        node = stack.pop()
        if node in stop:
            continue
        for parent in node.inputs:
            if type(parent) is Node and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return sorted(seen - stop, key=lambda node: node.id)


class BodyList:
    """What a view shows of the body of an instruction: its first piece, which is one step of a loop."""

    def __init__(self, body: Any) -> None:
        piece = body.pieces[0]
        self.heading, self.title = body.heading, body.title
        self.inputs = list(piece.inputs)
        self.outputs = [*piece.state, *(leaf for _, _, leaf in piece.items)]
        self.guards: list[GuardRecord] = body.guards
        wanted = [node for node in self.outputs if type(node) is Node and node not in piece.closures]
        for guard in self.guards:
            wanted += [i for i in guard.node.inputs if type(i) is Node and i not in piece.closures]
        nodes = ancestors_of(wanted, [*piece.inputs, *piece.closures])
        self.aliases = {node: node.inputs[0] for node in nodes if node.primitive is INPUT and node.inputs}
        self.nodes = [node for node in nodes if node not in self.aliases]
        places = [j if kind == 0 else body.states + j for kind, j, _ in piece.sources]
        self.input_names = {node: body.names[j] or None for node, j in zip(piece.inputs, places, strict=True)}
        named = zip(reversed(piece.state), reversed(body.output_names), strict=True)
        self.output_names = {node: name for node, name in named if type(node) is Node}


class Listing:
    """Nodes in order as a program: which variable each one is, under which name, and how its instruction reads.

    `names` are the user's names of nodes, which take precedence over those found in assignments.
    """

    def __init__(
        self,
        inputs: Mapping[str, Node],
        outputs: Sequence[Any],
        guards: Sequence[GuardRecord] = (),
        names: Mapping[Node, str] | None = None,
    ) -> None:
        self.inputs = dict(inputs)
        self.outputs = list(outputs)
        wanted = [node for node in self.outputs if type(node) is Node]
        for guard in guards:  # a condition that only guards is part of its guard and no instruction of its own
            wanted += [node for node in guard.node.inputs if type(node) is Node]
        nodes = ancestors_of(wanted, list(self.inputs.values()))
        self.aliases = {node: node.inputs[0] for node in nodes if node.primitive is INPUT and node.inputs}
        self.nodes = [node for node in nodes if node not in self.aliases]
        self.guards = list(guards)
        self._input_names = {node: name for name, node in self.inputs.items()}
        self.names = assigned_names(self.nodes)
        self.names.update(names or {})
        self.ids: dict[Node, int] = {node: i - len(self.inputs) + 1 for i, node in enumerate(self.inputs.values())}
        self.ids.update({node: i + 1 for i, node in enumerate(self.nodes)})
        self.bodies: dict[Node, BodyList] = {}
        self._add_bodies()

    def _add_bodies(self) -> None:
        """Number and name what is inside of instructions that have a body; the numbers go on from the last one."""
        pending = self.nodes
        while pending:
            inner: list[Node] = []
            for node in pending:
                if "body" in (node.params or {}):
                    made = self.bodies[node] = BodyList(node.params["body"])  # type: ignore[index]
                    self.aliases.update(made.aliases)
                    self._input_names.update(made.input_names)
                    self.names.update(made.output_names)
                    self.names.update(assigned_names(made.nodes))
                    for i, variable in enumerate([*made.inputs, *made.nodes], len(self.ids) - len(self.inputs) + 1):
                        self.ids[variable] = i
                    inner += made.nodes
            pending = inner

    def resolve(self, node: Node) -> Node:
        """The node itself, or the one that it repeats as the input of an inner transformation."""
        while node in self.aliases:
            node = self.aliases[node]
        return node

    def variable(self, node: Node) -> Variable:
        """The variable of a node."""
        node = self.resolve(node)
        name = self._input_names[node] if node in self._input_names else self.names.get(node)
        dtype = "tuple" if node.dtype == object else _dtype_name(numpy_dtype(node))
        return Variable(self.ids[node], node.shape, dtype, name)

    def operand(self, operand: Any) -> Operand:
        """An operand of a node as a variable or a constant."""
        if type(operand) is Node:
            return self.variable(operand)
        shape = tuple(getattr(operand, "shape", None) or ())
        if isinstance(operand, Unkept) or shape:
            return Constant(f"array({formatting.shape(shape)})", shape, str(numpy_dtype(operand)))
        return Constant(formatting.value(operand), (), str(numpy_dtype(operand)))

    def text(self, node: Node) -> str:
        """The right-hand side of a node's instruction, as mathematics."""
        labels = [_parenthesised(self.operand(operand).label) for operand in _operands(node)]
        params = {key: _param(value) for key, value in (node.params or {}).items()}
        symbol = node.primitive.symbol
        if node in self.bodies:
            return f"{self.bodies[node].heading}({', '.join(dict.fromkeys(labels))})"
        if symbol is None:
            shown = [label.strip("()") if len(labels) == 1 else label for label in labels]
            shown += [f"{key}={_bracketed(value, (node.params or {})[key])}" for key, value in _telling(params, node)]
            return f"{node.primitive.name}({', '.join(shown)})"
        text = symbol.format(*labels, **params)
        return text + _extra(params, symbol, node)

    def instruction(self, node: Node) -> Instruction:
        """The instruction of a node."""
        inputs = tuple(self.operand(operand) for operand in _operands(node))
        params = {key: _param(value) for key, value in (node.params or {}).items() if key not in _UNSHOWN}
        body = self.program(self.bodies[node]) if node in self.bodies else None
        span = span_of(node.code, node.lasti)
        return Instruction(self.variable(node), node.primitive.name, inputs, self.text(node), params, span, body)

    def program(self, body: BodyList) -> WengertList:
        """A body as a program of its own, whose operands may be variables around it."""
        return WengertList(
            tuple(self.variable(node) for node in body.inputs),
            tuple(self.instruction(node) for node in body.nodes),
            tuple(self.operand(out) for out in body.outputs),
            tuple(self.guard(g, bisect.bisect_left(body.nodes, g.id, key=_id)) for g in body.guards),
        )

    def guard(self, record: GuardRecord, position: int) -> Guard:
        """A guard as plain data."""
        node = self.resolve(record.node)
        listed = node in self.ids
        inputs = (self.variable(node),) if listed else tuple(self.operand(operand) for operand in node.inputs)
        text = self.variable(node).label if listed else self.text(node)
        return Guard(text, record.outcome, inputs, position, span_of(record.code, record.lasti))

    def position(self, record: GuardRecord) -> int:
        """The number of instructions recorded before a guard."""
        return bisect.bisect_left(self.nodes, record.id, key=_id)

    def wengert(self) -> WengertList:
        """The whole program."""
        return WengertList(
            tuple(self.variable(node) for node in self.inputs.values()),
            tuple(self.instruction(node) for node in self.nodes),
            tuple(self.operand(out) for out in self.outputs),
            tuple(self.guard(g, self.position(g)) for g in self.guards),
        )


_dtype_name = functools.lru_cache(maxsize=64)(str)  # NumPy works a dtype's name out anew each time
_UNSHOWN = ("body", "rule")  # parameters that are no text
_id = operator.attrgetter("id")


def _parenthesised(label: str) -> str:
    return f"({label})" if label.startswith("−") or " " in label else label


def _param(value: Any) -> str:
    """A parameter in one line; an index as it is written between brackets."""
    if isinstance(value, slice):
        bounds = ["" if b is None else _param(b) for b in (value.start, value.stop)]
        return ":".join(bounds) + ("" if value.step is None else f":{_param(value.step)}")
    if isinstance(value, tuple):
        return ", ".join(map(_param, value)) if value else "()"
    if value is Ellipsis:
        return "…"
    if isinstance(value, numpy.ndarray) and value.ndim:
        return (
            _written(value)
            if value.size <= 6
            else f"{'mask' if value.dtype == bool else 'indices'} {formatting.shape(value.shape)}"
        )
    return value if isinstance(value, str) else str(value).replace("-", "−")


def _written(array: numpy.ndarray) -> str:
    return str(array.tolist()).replace("-", "−")


def _extra(params: Mapping[str, str], symbol: str, node: Node) -> str:
    """Parameters that the symbol does not mention and that say something."""
    shown = [f"{key} {value}" for key, value in _telling(params, node) if f"{{{key}}}" not in symbol]
    return f" ({', '.join(shown)})" if shown else ""


def _operands(node: Node) -> tuple[Any, ...]:
    """The operands of a node; of the input of an inner transformation at a constant point that constant."""
    return (node.value,) if node.primitive is INPUT and not node.inputs else node.inputs


def _telling(params: Mapping[str, str], node: Node) -> list[tuple[str, str]]:
    """The parameters that say something: no defaults, and no axis where it is all of them."""
    return [
        (key, value)
        for key, value in params.items()
        if value not in ("None", "False")
        and not (key == "axis" and _is_every_axis(node))
        and key not in ("count", *_UNSHOWN)
    ]


def _bracketed(text: str, value: Any) -> str:
    return f"({text})" if isinstance(value, tuple) and value else text


def _is_every_axis(node: Node) -> bool:
    operand = node.inputs[0]
    axis = (node.params or {}).get("axis")
    return isinstance(axis, tuple) and len(axis) == len(getattr(operand, "shape", ()))
