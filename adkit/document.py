"""A trace as one JSON document, from which every view is made; `docs/trace-schema.md` describes it.

Deterministic: no times, addresses or execution counts; shown numbers are text of six significant digits. Not for:
appearance.
"""

from __future__ import annotations

from typing import Any

import numpy

from . import formatting
from .backends import to_numpy
from .curves import plots
from .diagram import graph
from .folding import Fold, Rest, fold
from .listing import Listing
from .nodes import GuardRecord, Node
from .player import player
from .program import program
from .snippets import Snippets
from .sweeps.values import read

__adkit__ = True

SCHEMA = 1
LARGEST_MATRIX = 64
TINTED = 4000  # instructions whose weights tint the source; of a longer program the first and the last
PARTIALS_UP_TO = 200  # instructions for which local partials are worked out


def document(trace: Any, views: tuple[str, ...]) -> dict[str, Any]:
    """The document of a `Trace`, with the tabs `views`."""
    listing = trace.listing()
    writer = _Writer(trace, listing)
    out = trace._output
    doc = {
        "schema": SCHEMA,
        "title": trace.output_name,
        "mode": trace.mode,
        "mode_reason": trace.mode_reason,
        "order": trace.order,
        "device": "cpu" if isinstance(out.value, (numpy.ndarray, numpy.generic, float, complex, int)) else "gpu",
        "views": list(views),
        "output": {
            "name": trace.output_name,
            "variable": listing.variable(listing.resolve(out.node)).key,
            "value": formatting.value(out.value),
            "shape": list(out.shape),
            "dtype": str(out.dtype),
        },
        "derivatives": derivatives(trace),
        "badge": badge(trace.report),
        "notes": notes(trace),
        "counts": {
            "instructions": len(listing.nodes),
            "guards": len(listing.guards),
            "listed": 0,
            "inputs": len(listing.inputs),
        },
        "rows": [],
        "source": None,
        "graph": None,
        "plots": [],
    }
    if views:
        doc["rows"] = rows = writer.rows()
        doc["counts"]["listed"] = _count(rows)
    if "source" in views and trace.source is not None:
        doc["source"] = writer.source()
    if "graph" in views:
        doc["graph"] = graph(listing, writer)
    if "plot" in views:
        doc["plots"] = plots(trace)
    if "player" in views:
        doc.update(_played(trace, listing, writer))
    if trace.reports:
        doc["reports"] = [report.as_document() for report in trace.reports]
    return doc


def _played(trace: Any, listing: Listing, writer: _Writer) -> dict[str, Any]:
    """The steps of the sweep and the program for the browser, as far as there are any; only for those who ask."""
    parts = {"player": player(trace, listing, writer), "program": program(trace, listing)}
    return {key: part for key, part in parts.items() if part is not None}


def _count(rows: list[dict[str, Any]]) -> int:
    total, stack = 0, list(rows)
    while stack:
        row = stack.pop()
        total += 1
        stack.extend(row.get("rows") or ())
    return total


# ------------------------------------------------------------------------------------------------ the head


def derivatives(trace: Any) -> list[dict[str, Any]]:
    """The derivatives by input, of order 1 or of the order asked for."""
    out = trace.output_name
    if trace.order == 1:
        return [
            _derivative(f"∂{out}/∂{name}", name, 1, g, _kind(trace, name)) for name, g in trace._derivatives.items()
        ]
    power = str(trace.order).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    found = [_derivative(f"∂{out}/∂{name}", name, 1, g, _kind(trace, name)) for name, g in trace._derivatives.items()]
    for names, g in trace.higher().items():
        below = f"∂{names[0]}{power}" if len(set(names)) == 1 else "".join(f"∂{n}" for n in names)
        kind = "hessian" if getattr(g, "shape", ()) else "derivative"
        found.append(_derivative(f"∂{power}{out}/{below}", names[0], trace.order, g, kind))
    return found


def _kind(trace: Any, name: str) -> str:
    if not trace._output.shape:
        return "gradient" if trace._inputs[name].shape else "derivative"
    return "derivative" if trace.is_elementwise(name) or not trace._inputs[name].shape else "jacobian"


def _derivative(label: str, name: str, order: int, g: Any, kind: str) -> dict[str, Any]:
    plain = numpy.asarray(to_numpy(g))
    matrix, sampled = matrix_of(plain)
    entry = {
        "label": label,
        "input": name,
        "order": order,
        "kind": kind,
        "text": formatting.value(g),
        "shape": list(plain.shape),
        "dtype": str(plain.dtype),
        "matrix": matrix,
    }
    if sampled:
        entry["sampled"] = True
    return entry


def matrix_of(array: numpy.ndarray) -> tuple[list[list[float | None]] | None, bool]:
    """An array of two or more dimensions as a matrix for a heat map, averaged down to at most 64 × 64, and whether
    it was.
    """
    if array.ndim < 2 or array.size == 0 or array.dtype.kind == "c":
        return None, False
    matrix = array.reshape(array.shape[0], -1).astype(float)
    sampled = max(matrix.shape) > LARGEST_MATRIX
    for axis in (0, 1):
        if matrix.shape[axis] > LARGEST_MATRIX:
            blocks = numpy.array_split(matrix, LARGEST_MATRIX, axis=axis)
            matrix = numpy.stack([b.mean(axis=axis) for b in blocks], axis=axis)
    return [[formatting.rounded(x) for x in row] for row in matrix], sampled


def badge(report: Any) -> dict[str, Any] | None:
    """The verdict of a check."""
    return None if report is None else report.as_badge()


def notes(trace: Any) -> list[str]:
    """Warnings: inputs that are not finite, and values or derivatives that became so."""
    found = []
    for name, node in trace._inputs.items():
        problem = _problem(node.value)
        if problem:
            found.append(f"input {name} {problem}")
    if found:
        return found
    problem = _problem(trace._output.value)
    if problem:
        named = "" if trace.output_name == "output" else f" {trace.output_name}"
        found.append(f"the output{named} {problem}")
    for name, g in trace._derivatives.items():
        problem = _problem(g)
        if problem:
            found.append(f"the derivative by {name} {problem}")
    return found


def _problem(value: Any) -> str:
    plain = numpy.asarray(to_numpy(value))
    if plain.dtype.kind not in "fc" or bool(numpy.isfinite(plain).all()):
        return ""
    nan = int(numpy.isnan(plain).sum())
    infinite = plain.size - int(numpy.isfinite(plain).sum()) - nan
    if plain.ndim == 0:
        return "is NaN" if nan else "is infinite"
    parts = ([f"{nan} NaN"] if nan else []) + ([f"{infinite} infinite"] if infinite else [])
    return f"has {' and '.join(parts)} of {plain.size} elements"


# ------------------------------------------------------------------------------------------------ the rows


class _Writer:
    """Rows and marks of one document: the sweep's results by node, and the source around each."""

    def __init__(self, trace: Any, listing: Listing) -> None:
        self.trace = trace
        self.listing = listing
        self.snippets = Snippets(trace.source)
        self.forward = trace.mode == "forward"
        self.columns = self._sweep()
        self.small = len(listing.nodes) <= PARTIALS_UP_TO
        self.around = {*listing.inputs.values(), *listing.nodes}

    def _sweep(self) -> list[dict[Node, Any]]:
        """The adjoints, or the tangents by each input (by all at once where there are many)."""
        trace = self.trace
        if not self.forward:
            return [trace.adjoints()]
        inputs = list(trace._inputs.values())
        ones = [numpy.ones(n.shape, n.dtype) if n.shape else 1.0 for n in inputs]
        if len(inputs) > 4:
            return [trace.tangents(ones)]
        return [trace.tangents([one if j == i else None for j, one in enumerate(ones)]) for i in range(len(inputs))]

    def swept(self, node: Node) -> str | None:
        """The tangent or adjoint of a node as text; a tuple if there are several inputs in forward mode."""
        if node.dtype is bool or getattr(node.dtype, "kind", "f") not in "fc":
            return None
        found = [column.get(node, 0.0) for column in self.columns]
        texts = [formatting.value(v) for v in found]
        return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"

    def weight(self, node: Node) -> float | None:
        """The size of the tangent or adjoint, for drawing; `None` if it is not finite."""
        sizes = [formatting.magnitude(column[node]) if node in column else 0.0 for column in self.columns]
        return None if None in sizes else max(s for s in sizes if s is not None)

    def state(self, node: Node) -> str:
        """normal, zero or nonfinite, from the weight."""
        weight = self.weight(node)
        return "nonfinite" if weight is None else "zero" if weight == 0 else "normal"

    def partials(self, node: Node) -> list[float | None]:
        """The local partial derivatives of a scalar elementwise instruction, one per operand that is a variable."""
        if not self.small or node.shape or node.primitive.kind != 0 or numpy.iscomplexobj(node.value):
            return []
        values = [to_numpy(read(i)) for i in node.inputs]
        y = to_numpy(node.value)
        found: list[float | None] = []
        with numpy.errstate(all="ignore"):
            for operand, product in zip(node.inputs, node.primitive.products(numpy, False), strict=True):
                if type(operand) is Node:
                    partial = 0.0 if product is None else product(numpy.float64(1.0), *values, y)
                    found.append(formatting.rounded(partial) if not getattr(partial, "shape", ()) else None)
        return found

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the list: inputs, then instructions, guards and folds in order."""
        steps: list[Any] = sorted([*self.listing.nodes, *self.listing.guards], key=lambda step: step.id)
        rows = [self._variable_row(node, "input") for node in self.listing.inputs.values()]
        self.fold_count = self.guard_count = 0
        return rows + self._rows(fold(steps), 0)

    def _rows(self, items: list[Any], depth: int) -> list[dict[str, Any]]:
        rows = []
        for item in items:
            if isinstance(item, (Fold, Rest)):
                rows.append(self._fold_row(item, depth))
            elif isinstance(item, GuardRecord):
                rows.append(self._guard_row(item, depth))
            else:
                rows.append(self._variable_row(item, "instruction", depth))
                if item in self.listing.bodies:
                    rows.append(self._body_row(item, depth))
        return rows

    def _body_row(self, node: Node, depth: int) -> dict[str, Any]:
        """What is inside of an instruction, as a fold beneath it."""
        self.fold_count += 1
        id = f"f{self.fold_count}"
        body = self.listing.bodies[node]
        steps: list[Any] = sorted([*body.nodes, *body.guards], key=lambda step: step.id)
        first, last, file, _ = self.snippets.extent(steps)
        row = self._blank(id, "fold", f"inside {self.listing.variable(node).label}: {body.title}", depth)
        rows = [self._variable_row(variable, "input", depth + 1) for variable in body.inputs]
        return {
            **row,
            "count": 1,
            "instructions": len(body.nodes),
            "line": first,
            "span": None,
            "snippet": None,
            "file": file,
            "lines": None if first is None else [first, last],
            "rows": rows + self._rows(fold(steps), depth + 1),
        }

    def _variable_row(self, node: Node, kind: str, depth: int = 0) -> dict[str, Any]:
        variable = self.listing.variable(node)
        text = "input" if kind == "input" else self.listing.text(node)
        swept = self.swept(node) if node in self.around else None  # inside a body the sweeps leave nothing
        inputs = [self.listing.variable(i).key for i in node.inputs if type(i) is Node] if kind != "input" else []
        return {
            "id": variable.key,
            "kind": kind,
            "name": variable.name,
            "op": "input" if kind == "input" else node.primitive.name,
            "text": text,
            "inputs": inputs,
            **self._place(None if kind == "input" else node),
            "shape": list(variable.shape),
            "dtype": variable.dtype,
            "value": formatting.value(node.value) if node.value is not None else "",
            "tangent": swept if self.forward else None,
            "adjoint": None if self.forward else swept,
            "weight": self.weight(node) if node in self.around else None,
            "partials": self.partials(node) if kind != "input" and node in self.around else [],
            "depth": depth,
        }

    def _place(self, step: Any) -> dict[str, Any]:
        place = None if step is None else self.snippets.place(step.code, step.lasti)
        if place is None:
            return {"line": None, "span": None, "snippet": None, "file": None}
        return {"line": place.line, "span": place.span, "snippet": place.snippet, "file": place.file}

    def _blank(self, id: str, kind: str, text: str, depth: int) -> dict[str, Any]:
        keys = ("name", "op", "shape", "dtype", "value", "tangent", "adjoint", "weight")
        return {
            "id": id,
            "kind": kind,
            "text": text,
            "inputs": [],
            **dict.fromkeys(keys),
            "partials": [],
            "depth": depth,
        }

    def _guard_row(self, record: GuardRecord, depth: int) -> dict[str, Any]:
        self.guard_count += 1
        guard = self.listing.guard(record, 0)
        row = self._blank(f"g{self.guard_count}", "guard", f"{guard.text} was {guard.outcome}", depth)
        row["inputs"] = [o.key for o in guard.inputs if hasattr(o, "key")]
        return {**row, **self._place(record)}

    def _fold_row(self, item: Fold | Rest, depth: int) -> dict[str, Any]:
        self.fold_count += 1
        id = f"f{self.fold_count}"
        first, last, file, function = self.snippets.extent(item.steps)
        where = "" if first is None else f", line {first}" if first == last else f", lines {first}–{last}"
        where += f" of {file}" if file and where else ""
        if isinstance(item, Rest):
            text = f"… {item.instructions:,} more instructions{where}"
            rows: list[dict[str, Any]] = []
            count = 1
        else:
            text = f"loop ×{item.count}{f' in {function}' if function else ''}{where}"
            rows = self._rows(item.first, depth + 1)
            count = item.count
        row = self._blank(id, "fold", text, depth)
        return {
            **row,
            "count": count,
            "instructions": item.instructions,
            "line": first,
            "span": None,
            "snippet": None,
            "file": file,
            "lines": None if first is None else [first, last],
            "rows": rows,
        }

    # -- the source

    def source(self) -> dict[str, Any]:
        """The cell with its marks: each sub-expression with the weight of what it computed."""
        marks: dict[tuple[int, ...], dict[str, Any]] = {}
        nodes = self.listing.nodes
        for node in nodes if len(nodes) <= TINTED else [*nodes[: TINTED // 2], *nodes[-TINTED // 2 :]]:
            place = self.snippets.place(node.code, node.lasti)
            if place is None or place.span is None or place.file is not None:
                continue
            weight = self.weight(node)
            state = self.state(node)
            mark = {"span": place.span, "variable": self.listing.variable(node).key, "weight": weight, "state": state}
            before = marks.get(tuple(place.span))
            if before is None or _heavier(mark, before):
                marks[tuple(place.span)] = mark
        source = self.trace.source
        return {
            "text": source.text.rstrip("\n"),
            "first_line": source.first_line,
            "marks": [marks[k] for k in sorted(marks)],
        }


def _heavier(mark: dict[str, Any], other: dict[str, Any]) -> bool:
    if mark["state"] == "nonfinite" or other["state"] == "nonfinite":
        return mark["state"] == "nonfinite" and other["state"] != "nonfinite"
    return (mark["weight"] or 0.0) >= (other["weight"] or 0.0)
