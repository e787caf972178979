"""A trace as text, HTML, graph, plot and tinted source, all made from one JSON document and from nothing else.

The document is described in `docs/trace-schema.md` and in `trace.v1.schema.json` beside this file. Nothing here
imports IPython or matplotlib.
"""

from __future__ import annotations

import json
from typing import Any

from adkit.views import html, layout, text

__all__ = ["MIME", "bundle"]

MIME = "application/vnd.adkit.trace.v1+json"


def bundle(doc: dict[str, Any]) -> dict[str, Any]:
    """The MIME bundle of a trace document.

    Args:
        doc: a trace document, version 1. It is not changed.

    Returns:
        `text/plain`, `text/html` and the document itself under `MIME`, with `layout` added to its graph, so that the
        browser side need not lay it out.
    """
    doc = _encodable(doc)
    graph = doc.get("graph")
    placed = doc if not graph else {**doc, "graph": {**graph, "layout": layout.place(graph)}}
    return {"text/plain": text.render(placed), "text/html": html.render(placed), MIME: placed}


def _encodable(doc: dict[str, Any]) -> dict[str, Any]:
    """The document without lone surrogates, which file names may hold and no notebook can be saved with."""
    try:
        json.dumps(doc, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.loads(json.dumps(doc, ensure_ascii=False).encode("utf-8", "replace"))
    return doc
