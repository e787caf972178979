"""The graph of a trace as nodes and edges, folded by source line, then by function, where it is large. Layout and
drawing are the views'.
"""

from __future__ import annotations

from typing import Any

from . import formatting
from .listing import Listing
from .nodes import COMPONENT, Node

__adkit__ = True

LARGEST = 150
_LABELS = {
    "add": "+",
    "subtract": "−",
    "multiply": "·",
    "divide": "/",
    "square": "( )²",
    "negative": "−",
    "sum": "Σ",
    "matmul": "@",
}


def graph(listing: Listing, writer: Any) -> dict[str, Any]:
    """Nodes and edges of the program: one node per variable, or per source line or function beyond 150."""
    nodes = [*listing.inputs.values(), *listing.nodes]
    if len(nodes) <= LARGEST:
        return _plain(listing, writer, nodes)
    inputs = set(listing.inputs.values())
    for key, what in ((_by_line(writer), "line"), (_by_function(writer), "function")):
        groups = {node: listing.variable(node).key if node in inputs else key(node) for node in nodes}
        if len(set(groups.values())) <= LARGEST:
            return _folded(listing, writer, nodes, groups, f"{len(listing.nodes):,} instructions, folded by {what}")
    groups = {
        node: listing.variable(node).key if node in inputs and len(inputs) < 20 else "everything" for node in nodes
    }
    return _folded(listing, writer, nodes, groups, f"{len(listing.nodes):,} instructions")


def _plain(listing: Listing, writer: Any, nodes: list[Node]) -> dict[str, Any]:
    output = listing.resolve(listing.outputs[0]) if type(listing.outputs[0]) is Node else None
    drawn, edges = [], []
    labelled = not any(node.shape for node in nodes)
    inputs = set(listing.inputs.values())
    for node in nodes:
        variable = listing.variable(node)
        is_input = node in inputs
        place = None if is_input else writer.snippets.place(node.code, node.lasti)
        kind = (
            "input" if is_input else "output" if node is output else "fold" if node in listing.bodies else "instruction"
        )
        label = variable.name or variable.label if is_input else _label(node)
        drawn.append(
            {
                "id": variable.key,
                "label": label,
                "kind": kind,
                "name": None if is_input else variable.name,
                "line": place.line if place else None,
                "weight": writer.weight(node),
                "state": writer.state(node),
            }
        )
        if not is_input:
            edges += _edges(listing, writer, node, variable.key, labelled)
    return {"nodes": drawn, "edges": edges, "folded": False, "note": None}


def _edges(listing: Listing, writer: Any, node: Node, key: str, labelled: bool) -> list[dict[str, Any]]:
    partials = writer.partials(node) if labelled else []
    edges = []
    parents = [p for p in node.inputs if type(p) is Node]
    for i, parent in enumerate(dict.fromkeys(parents) if node in listing.bodies else parents):
        partial = partials[i] if i < len(partials) else None
        label = None if partial is None else f"{partial:.3g}".replace("-", "−")
        parent = listing.resolve(parent)
        edges.append({"from": listing.variable(parent).key, "to": key, "label": label, "weight": writer.weight(node)})
    return edges


def _label(node: Node) -> str:
    if "body" in (node.params or {}):
        return str(node.params["body"].heading)  # type: ignore[index]
    if node.primitive is COMPONENT:
        return f"[{node.params['index']}]"  # type: ignore[index]
    return _LABELS.get(node.primitive.name, node.primitive.name)


def _by_line(writer: Any) -> Any:
    def key(node: Node) -> str:
        place = writer.snippets.place(node.code, node.lasti)
        return "elsewhere" if place is None else f"line {place.line}" + (f" of {place.file}" if place.file else "")

    return key


def _by_function(writer: Any) -> Any:
    def key(node: Node) -> str:
        name = node.code.co_name if node.code is not None else "elsewhere"
        return "the cell" if name.startswith("<") else name

    return key


def _folded(listing: Listing, writer: Any, nodes: list[Node], groups: dict[Node, str], note: str) -> dict[str, Any]:
    members: dict[str, list[Node]] = {}
    for node in nodes:
        members.setdefault(groups[node], []).append(node)
    ids = {
        name: listing.variable(found[0]).key if len(found) == 1 else f"group{i}"
        for i, (name, found) in enumerate(members.items())
    }
    inputs = set(listing.inputs.values())
    drawn = [_group(listing, writer, ids[name], name, found, found[0] in inputs) for name, found in members.items()]
    pairs: dict[tuple[str, str], None] = {}
    for node in nodes:
        for parent in node.inputs if node not in inputs else ():
            if type(parent) is Node and groups[listing.resolve(parent)] != groups[node]:
                pairs[ids[groups[listing.resolve(parent)]], ids[groups[node]]] = None
    weights = {entry["id"]: entry["weight"] for entry in drawn}
    edges = [{"from": a, "to": b, "label": None, "weight": weights[b]} for a, b in pairs]
    return {"nodes": drawn, "edges": edges, "folded": True, "note": note}


def _group(listing: Listing, writer: Any, id: str, name: str, found: list[Node], is_input: bool) -> dict[str, Any]:
    sample = found if len(found) <= 1000 else [*found[:500], *found[-500:]]
    weights = [writer.weight(node) for node in sample]
    place = None if is_input else writer.snippets.place(found[0].code, found[0].lasti)
    count = f" ×{len(found):,}" if len(found) > 1 else ""
    label = (listing.variable(found[0]).name or name) if is_input else f"{name}{count}" if count else _label(found[0])
    return {
        "id": id,
        "label": label,
        "kind": "input" if is_input else "fold" if len(found) > 1 else "instruction",
        "name": None,
        "line": place.line if place else None,
        "weight": None if None in weights else formatting.rounded(max(w for w in weights if w is not None)),
    }
