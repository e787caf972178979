"""A laid-out graph as SVG text.

The neutral theme is for saved HTML, where the page's theme is unknown: white text on filled plates, lines that stand
out from light and dark pages. `"light"` and `"dark"` draw outlined boxes for a known page. No style sheet, no script,
no id: the text may be used as an image or inline.
"""

from __future__ import annotations

import math
from typing import Any

from adkit.views import theme as colours
from adkit.views.glyphs import display_width, escape, nonfinite
from adkit.views.layout import LABEL_CHARACTER, edge_caption, place

FONT = "Menlo,Consolas,'DejaVu Sans Mono',monospace"
THINNEST, THICKEST = 1.0, 3.4


def graph(doc_graph: dict[str, Any], theme: str = "neutral", mode: str = "reverse") -> str:
    """The graph as a whole SVG document.

    Args:
        doc_graph: the document's `graph`; its `layout` is used when it is there, else computed.
        theme: "neutral", "light" or "dark".
        mode: "forward" or "reverse": the colour of the edges.

    Example:
        >>> node = {"id": "v1", "label": "<i>", "kind": "output", "name": None, "line": 1, "weight": 1.0}
        >>> "&lt;i&gt;" in graph({"nodes": [node], "edges": []})
        True
    """
    placed = doc_graph.get("layout") or place(doc_graph)
    palette = _Palette(theme, colours.sweep_role(mode))
    heaviest = max((edge.get("weight") or 0.0 for edge in doc_graph["edges"]), default=0.0)
    width, height = placed["width"], placed["height"]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" font-family="{FONT}" font-size="11">'
    ]
    fill, line, text = palette.plate("normal", "primal")
    parts.append(f'<g fill="none" stroke="{palette.line("normal")}">')
    parts += [_edge(path, doc_graph["edges"][path["edge"]], heaviest, palette) for path in placed["edges"]]
    parts.append(f'</g><g fill="{fill}" stroke="{line}">')
    boxes = list(zip(placed["nodes"], doc_graph["nodes"], strict=True))
    parts += [_box(box, node, palette) for box, node in boxes]
    parts.append(f'</g><g fill="{text}" text-anchor="middle">')
    parts += [_words(box["x"] + box["w"] / 2, box["y"] + box["h"] / 2 + 4, box["text"]) for box, _ in boxes]
    parts.append('</g><g font-size="10" text-anchor="middle">')
    parts += [_label(path, doc_graph["edges"][path["edge"]], palette) for path in placed["edges"]]
    return "".join(parts) + "</g></svg>"


def _words(x: float, y: float, text: str, fill: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}"{fill}>{escape(text)}</text>'


class _Palette:
    """The colours of one theme: node fill, node line, node text, edge, label plate and label text by state."""

    def __init__(self, theme: str, role: str) -> None:
        self.neutral = theme == "neutral"
        self.colours = colours.LIGHT if theme == "light" else colours.DARK
        self.role = role

    def line(self, state: str) -> str:
        """Colour of an edge."""
        role = {"nonfinite": "wrong", "zero": "quiet"}.get(state, self.role)
        if self.neutral:
            return colours.stroke(role)
        return self.colours["dim" if role == "quiet" else role]

    def plate(self, state: str, role: str) -> tuple[str, str, str]:
        """Fill, outline and text of a box."""
        role = {"nonfinite": "wrong", "zero": "quiet"}.get(state, role)
        if self.neutral:
            return colours.PLATES[role], colours.PLATES[role], "#ffffff"
        outline = self.colours["dim" if role == "quiet" else role]
        return self.colours["panel"], outline, self.colours["ink"]


def state(part: dict[str, Any]) -> str:
    """`"nonfinite"`, `"zero"` or `"normal"` of a node or an edge: as it says itself, else from label and weight."""
    if part.get("state"):
        return str(part["state"])
    if nonfinite(part.get("label")):
        return "nonfinite"
    return "zero" if part.get("weight") == 0 else "normal"


def thickness(weight: float | None, heaviest: float) -> float:
    """Line width by size on a logarithmic scale over six decades.

    >>> thickness(1.0, 1.0), thickness(1e-9, 1.0), thickness(None, 1.0)
    (3.4, 1.0, 1.0)
    """
    if not weight or not heaviest or weight <= 0:
        return THINNEST
    share = max(0.0, 1 + math.log10(min(1.0, weight / heaviest)) / 6)
    return round(THINNEST + (THICKEST - THINNEST) * share**3, 2)


def _edge(path: dict[str, Any], edge: dict[str, Any], heaviest: float, palette: _Palette) -> str:
    kind = state(edge)
    wide = 2.6 if kind == "nonfinite" else thickness(edge.get("weight"), heaviest)
    special = ""
    if kind != "normal":
        dashes = '6 3"' if kind == "nonfinite" else '1.5 4" stroke-linecap="round"'
        special = f' stroke="{palette.line(kind)}" stroke-dasharray="{dashes}'
    return f'<path d="{path["path"]}" stroke-width="{wide:g}"{special}/>'


def _box(box: dict[str, Any], node: dict[str, Any], palette: _Palette) -> str:
    """The outline of a node: round for an input, doubled for a fold, ringed for an output, dashed where special."""
    kind, role = state(node), node.get("kind")
    fill, line, _ = palette.plate(kind, "primal")
    x, y, w, h = box["x"], box["y"], box["w"], box["h"]
    look = ""
    if kind != "normal":
        dashes = "5 3" if kind == "nonfinite" else "1.5 3"
        look = f' fill="{fill}" stroke="{"#ffffff" if palette.neutral else line}" stroke-dasharray="{dashes}"'
    rect = f'width="{w:g}" height="{h:g}" rx="{h / 2 if role == "input" else 5:g}"'
    parts = []
    if role == "fold":
        parts.append(f'<rect x="{x + 3:g}" y="{y + 3:g}" {rect} fill-opacity="0.45"/>')
    if role == "output":
        ring = f'fill="none" stroke="{palette.line("normal")}" stroke-width="1.5"'
        parts.append(f'<rect x="{x - 3.5:g}" y="{y - 3.5:g}" width="{w + 7:g}" height="{h + 7:g}" rx="8" {ring}/>')
    parts.append(f'<rect x="{x:g}" y="{y:g}" {rect}{look}/>')
    return "".join(parts)


def _label(path: dict[str, Any], edge: dict[str, Any], palette: _Palette) -> str:
    """An edge's label on its plate; on a known page the plate is the page's own colour."""
    text = edge_caption(edge)
    if not text or path["label_x"] is None:
        return ""
    fill, line, _ = palette.plate(state(edge), palette.role)
    x, y, wide = path["label_x"], path["label_y"], display_width(text) * LABEL_CHARACTER + 8
    high, ground, ink = (15.0, fill, "#ffffff") if palette.neutral else (13.0, palette.colours["page"], line)
    place = f'x="{x - wide / 2:g}" y="{y - high / 2:g}" width="{wide:g}" height="{high:g}" rx="{high / 2:g}"'
    return f'<rect {place} fill="{ground}"/>' + _words(x, y + 3.5, text, f' fill="{ink}"')
