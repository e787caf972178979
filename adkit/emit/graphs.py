"""`trace.to_dot()` and `trace.to_networkx()`: the computational graph for other tools.

Not for: the picture in a notebook (`adkit.views`).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy

from .. import formatting
from ..dtypes import numpy_dtype
from ..errors import InputError
from ..nodes import Node
from ..source import span_of

if TYPE_CHECKING:
    from ..trace import Trace

__adkit__ = True

Edge = tuple[str, str, int]


def _vertices(trace: Trace) -> Iterator[tuple[str, dict[str, Any]]]:
    """The variables in order, with what is known of each."""
    listing = trace.listing()
    swept = trace.forward() if trace.mode == "forward" else trace.reverse()
    values = trace.replay().values(list(trace.points().values()))
    output = listing.resolve(trace._output.node)
    inputs = list(trace._inputs.values())
    for node in [*inputs, *listing.nodes]:
        variable = listing.variable(node)
        span = span_of(node.code, node.lasti & ~1) if node.code is not None else None
        yield (
            variable.key,
            {
                "kind": "input" if node in inputs else "output" if node is output else "instruction",
                "name": variable.name or "",
                "label": variable.label,
                "operation": "" if node in inputs else listing.text(node),
                "value": values.get(node),
                "derivative": swept.get(variable.key),
                "shape": node.shape,
                "dtype": variable.dtype if node.dtype == object else str(numpy_dtype(node)),
                "line": span.line if span else None,
            },
        )


def _edges(trace: Trace) -> Iterator[Edge]:
    listing = trace.listing()
    for node in listing.nodes:
        for position, operand in enumerate(node.inputs):
            if type(operand) is Node:
                yield listing.variable(operand).key, listing.variable(node).key, position


def quoted(text: str) -> str:
    """A text as a string of Graphviz's language.

    Example
    -------
    >>> print(quoted('a "b" \\\\n'))
    "a \\"b\\" \\\\n"
    """
    shown = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _short(value: Any) -> str:
    """A value in a few characters; an array by its shape."""
    if value is None or isinstance(value, tuple):
        return ""
    shape = numpy.shape(value)
    return f"array {formatting.shape(shape)}" if shape else formatting.value(value)


_STYLES = {
    "input": "shape=box, style=rounded",
    "instruction": "shape=box",
    "output": "shape=box, peripheries=2",
}


def to_dot(trace: Trace) -> str:
    """See `Trace.to_dot`."""
    mark = "tangent" if trace.mode == "forward" else "adjoint"
    lines = ["digraph trace {", "  rankdir=LR;"]
    for key, known in _vertices(trace):
        head = " = ".join(filter(None, (known["name"], known["label"], known["operation"])))
        rows = [head, _short(known["value"])]
        derivative = _short(known["derivative"])
        rows.append(f"{mark} {derivative}" if derivative else "")
        label = quoted("\n".join(filter(None, rows)))
        line = known["line"]
        tip = f', tooltip="line {line}"' if line else ""
        lines.append(f"  {quoted(key)} [label={label}, {_STYLES[known['kind']]}{tip}];")
    lines += [f"  {quoted(start)} -> {quoted(end)};" for start, end, _ in _edges(trace)]
    return "\n".join([*lines, "}"]) + "\n"


def to_networkx(trace: Trace) -> Any:
    """See `Trace.to_networkx`."""
    try:
        networkx = importlib.import_module("networkx")
    except ImportError:
        raise InputError("networkx is not installed", fix="install it with: pip install networkx") from None
    graph = networkx.MultiDiGraph(name=trace.output_name, mode=trace.mode)
    graph.add_nodes_from(_vertices(trace))
    graph.add_edges_from((start, end, {"position": position}) for start, end, position in _edges(trace))
    return graph
