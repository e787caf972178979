"""What an explorer shows, as MIME bundles: a quick one while something moves, the whole one once it rests.

Not for: the document itself (`adkit.explorer_document`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adkit.explorer_document import Range, explorer_document
from adkit.views import MIME, html, layout, text

__adkit__ = True

Document = dict[str, Any]


class Pictures:
    """Makes bundles of one explorer's traces. The graph keeps its layout while its nodes and edges are the same."""

    def __init__(self, views: tuple[str, ...]) -> None:
        self._views = views
        self._shape: Any = None
        self._layout: Any = None

    def document(self, trace: Any, ranges: Mapping[str, Range]) -> Document:
        """The explorer's document of a trace, its graph laid out."""
        doc = explorer_document(trace, ranges, self._views)
        graph = doc.get("graph")
        if graph:
            shape = _shape(graph)
            if shape != self._shape:
                self._shape, self._layout = shape, layout.place(graph)
            doc["graph"] = {**graph, "layout": self._layout}
        return doc


def _shape(graph: Document) -> Any:
    """What the layout of a graph depends on, but for the digits of its labels."""
    nodes = tuple((node["id"], node["label"], node["name"]) for node in graph["nodes"])
    edges = tuple((edge["from"], edge["to"], edge["label"] is None) for edge in graph["edges"])
    return nodes, edges


def quick(doc: Document) -> Document:
    """The bundle while a slider moves: of the forms for other places than our viewer the answer alone."""
    head = {**doc, "views": []}
    return {"text/plain": text.render(head), "text/html": html.render(head), MIME: doc}


def whole(doc: Document) -> Document:
    """The bundle that is saved with the notebook."""
    return {"text/plain": text.render(doc), "text/html": html.render(doc), MIME: doc}
