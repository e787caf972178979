"""The report of `flow`: the verdict, and sizes of adjoints by variable, by line, along the way and at gates.

Not for: measuring (`flow`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..formatting import number
from ..nodes import INPUT, Node
from .flow import EXAMPLES, Flow, decades
from .places import Places
from .report import Column, Report, Row, Table

__adkit__ = True

ROWS = 30
STRETCHES = 12
GATES = 12
BODIES = 4


def report(trace: Any, made: Flow, places: Places) -> Report:
    """The report of what was measured."""
    findings = made.findings
    severity = max((f.severity for f in findings), key=("ok", "note", "warning").index, default="ok")
    verdict = findings[0].text if findings else _healthy(trace, made)
    rest = [finding.text for finding in findings[1:8]]
    if len(findings) > 8:
        rest.append(f"… and {len(findings) - 8} more findings, in .data.findings")
    rest += _bodies(trace, made, places)
    tables = [_by_variable(trace, made, places), _by_line(made, places), _along(made, places), _gates(made, places)]
    fix = next((f.fix for f in findings if f.severity == severity), None)
    return Report(
        "flow",
        "Gradient flow",
        severity,
        verdict,
        fix,
        tuple(rest),
        tuple(table for table in tables if table is not None),
        made,
    )


def _healthy(trace: Any, made: Flow) -> str:
    sizes = [made.sizes.get(node, 0.0) for node in trace._inputs.values()]
    names = ", ".join(f"{name} {number(s)}" for name, s in list(zip(trace._inputs, sizes, strict=True))[:4])
    more = ", …" if len(sizes) > 4 else ""
    bodies = any("body" in (node.params or {}) for node in trace._nodes)
    where = " outside of bodies" if bodies else ""
    return f"nothing vanishes, explodes or is dead{where}; the adjoints of the inputs: {names}{more}"


def _bodies(trace: Any, made: Flow, places: Places) -> list[str]:
    """What is known of instructions with a body, whose steps are not measured one by one."""
    told = []
    for node in trace._nodes:
        arriving = made.sizes.get(node)
        if arriving is None or "body" not in (node.params or {}):
            continue
        handed = [made.sizes.get(i, 0.0) for i in node.inputs if type(i) is Node]
        text = f"{node.primitive.name} on {places.where(node)}: its steps are not measured one by one; adjoints of "
        sizes = ", ".join(number(size) for size in handed)
        told.append(f"{text}{number(arriving)} go in and of {sizes} come out; a plain Python loop shows each step")
    return [*told[:BODIES], *([f"… and {len(told) - BODIES} more with a body"] if len(told) > BODIES else [])]


class _Scale:
    """Bars on a log scale, from the smallest to the largest size of a table; zero has none."""

    def __init__(self, sizes: Iterable[float]) -> None:
        found = [size for size in sizes if size > 0 and math.isfinite(size)]
        self.low, self.high = (min(found), max(found)) if found else (1.0, 1.0)

    def bar(self, size: float) -> float | None:
        """The length for a size: 1 for the largest, 0.1 for the smallest."""
        if not size > 0 or not math.isfinite(size):
            return None
        span = decades(self.high, self.low)
        return 1.0 if span < 0.01 else 0.1 + 0.9 * decades(size, self.low) / span


def _state(size: float) -> str:
    return "nonfinite" if not math.isfinite(size) else "zero" if size == 0 else "normal"


def _by_variable(trace: Any, made: Flow, places: Places) -> Table | None:
    inputs = [(name, [node]) for name, node in trace._inputs.items()]
    named: dict[str, list[Node]] = {}
    for node in reversed(made.sizes):
        name = places.name(node)
        if name is not None and node.primitive is not INPUT:
            named.setdefault(name, []).append(node)
    groups = [*inputs, *named.items()]
    scale = _Scale(made.sizes.get(node, 0.0) for _, nodes in groups for node in (nodes[0], nodes[-1]))
    rows = []
    for name, nodes in groups[:ROWS]:
        first, last = made.sizes.get(nodes[0], 0.0), made.sizes.get(nodes[-1], 0.0)
        many = len(nodes) > 1
        marked = any(f.variable in (places.key(nodes[0]), places.key(nodes[-1])) for f in made.findings)
        state = _state(first if not many or not math.isfinite(first) else last)
        cells = (
            name,
            f"×{len(nodes)}" if many else "",
            places.at(nodes[-1]),
            number(first),
            number(last) if many else "",
        )
        line = places.line(nodes[-1])
        state = "warning" if marked and state == "normal" else state
        rows.append(Row(cells, places.key(nodes[-1]), line, state, scale.bar(first)))
    columns: tuple[Column, ...] = (
        Column("variable", code=True),
        Column("times"),
        Column("line"),
        Column("size of adjoint", "right"),
        Column("at the last time", "right"),
    )
    if not any(row.cells[1] for row in rows):
        columns = (columns[0], *columns[2:4])
        rows = [Row((r.cells[0], *r.cells[2:4]), r.variable, r.line, r.state, r.bar) for r in rows]
    return Table(columns, tuple(rows), _title("by variable", len(groups)))


def _title(text: str, count: int) -> str:
    return text if count <= ROWS else f"{text}, the first {ROWS} of {count}"


def _by_line(made: Flow, places: Places) -> Table | None:
    lines: dict[tuple[str, int], list[Node]] = {}
    at: dict[tuple[int, int], tuple[str, int] | None] = {}
    for node in made.sizes:
        key = (id(node.code), node.lasti)
        if key not in at:
            place = places.place(node)
            at[key] = None if place is None else (place.file or "", place.line)
        line = at[key]
        if line is not None:
            lines.setdefault(line, []).append(node)
    if len(lines) < 2:
        return None
    scale = _Scale(made.sizes[node] for nodes in lines.values() for node in nodes)
    rows = []
    for line in sorted(lines)[:ROWS]:
        nodes = lines[line]
        largest = max(nodes, key=lambda node: made.sizes[node])
        smallest = min(made.sizes[node] for node in nodes)
        size = made.sizes[largest]
        cells = (places.at(largest), places.code(largest), number(size), number(smallest), str(len(nodes)))
        rows.append(Row(cells, places.key(largest), places.line(largest), _state(size), scale.bar(size)))
    columns = (
        Column("line"),
        Column("largest at", code=True),
        Column("largest adjoint", "right"),
        Column("smallest", "right"),
        Column("count", "right"),
    )
    return Table(columns, tuple(rows), _title("by line", len(lines)))


def _along(made: Flow, places: Places) -> Table | None:
    """Sizes along the longest main way, in stretches."""
    if not made.depth:
        return None
    way = made.way(max(made.depth, key=lambda node: (made.depth[node], -node.id)))
    if len(way) < 4:
        return None
    sizes = [made.sizes[node] for node in way]
    scale = _Scale(sizes)
    rows_of = len(way) if len(way) <= STRETCHES + 4 else STRETCHES
    shown = sorted({round(i * (len(way) - 1) / (rows_of - 1)) for i in range(rows_of)})
    rows = []
    way.reverse()
    sizes.reverse()
    for i, k in enumerate(shown):
        node = way[k]
        change = "" if not i else _times(sizes[k], sizes[shown[i - 1]])
        cells = (places.label(node), places.at(node), number(sizes[k]), change)
        rows.append(Row(cells, places.key(node), places.line(node), _state(sizes[k]), scale.bar(sizes[k])))
    columns = (
        Column("variable", code=True),
        Column("line"),
        Column("size of adjoint", "right"),
        Column("change", "right"),
    )
    some = f", {len(shown)} of {len(way)} variables" if len(way) > rows_of else ""
    return Table(columns, tuple(rows), f"back along the longest way from the output{some}")


def _times(now: float, before: float) -> str:
    if not now or not before or not math.isfinite(now) or not math.isfinite(before):
        return ""
    return f"×{float(f'{10 ** min(decades(now, before), 300):.3g}'):g}".replace("-", "−")


def _gates(made: Flow, places: Places) -> Table | None:
    worth = [gate for gate in made.gates if gate.dead]
    if not worth:
        return None
    worth.sort(key=lambda gate: (-len(gate.dead) * (gate.examples >= EXAMPLES), gate.node.id))
    rows = []
    for gate in worth[:GATES]:
        shut = f"{gate.shut} of {gate.arrived}"
        dead = f"{len(gate.dead)} of {gate.units}"
        cells = (places.label(gate.node), places.at(gate.node), shut, dead, str(gate.examples), gate.reason)
        state = "zero" if gate.examples < EXAMPLES else "warning"
        bar = len(gate.dead) / gate.units if gate.units else None
        rows.append(Row(cells, places.key(gate.node), places.line(gate.node), state, bar))
    columns = (
        Column("gate", code=True),
        Column("line"),
        Column("elements shut", "right"),
        Column("units shut", "right"),
        Column("examples", "right"),
        Column("reason"),
    )
    title = "gates with units that are shut for every example"
    return Table(columns, tuple(rows), title if len(worth) <= GATES else f"{title}, {GATES} of {len(worth)}")
