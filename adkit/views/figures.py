"""The graph and the plots as images within HTML, each with its words beside it."""

from __future__ import annotations

from typing import Any

from adkit.views import markup, plot, svg, theme
from adkit.views.glyphs import escape
from adkit.views.layout import place
from adkit.views.listing import Row, counted, state

MOST_PLOTS = 3
TALLEST = 1600  # pixels; a taller graph scrolls down within its own frame


def graph(doc: dict[str, Any], rows: list[Row]) -> tuple[str, str]:
    """Title and body of the graph view, both empty when the document has no graph."""
    drawn = doc.get("graph")
    if not drawn:
        return "", ""
    placed = drawn.get("layout") or place(drawn)
    marked = {row["id"]: state(row) for row in rows if row["kind"] != "fold"}
    nodes = [{**node, "state": node.get("state") or marked.get(node["id"])} for node in drawn["nodes"]]
    edges = [{**edge, "state": edge.get("state") or _edge_state(edge, marked)} for edge in drawn["edges"]]
    picture = svg.graph({"nodes": nodes, "edges": edges, "layout": placed}, mode=doc["mode"])
    alt = f"graph of {counted(len(nodes), 'node')} and {counted(len(edges), 'edge')}, from the inputs to the output"
    body = markup.image(picture, alt)
    if placed["height"] > TALLEST:
        body = f'<div style="max-height:{TALLEST}px;overflow-y:auto;overflow-x:hidden">{body}</div>'
    partials = "carry the local partial and " if any(edge.get("label") for edge in edges) else ""
    title = f"Graph, edges {partials}are wider where the {theme.sweep_role(doc['mode'])} is larger"
    return title, body + (markup.quiet(drawn["note"]) if drawn.get("note") else "")


def _edge_state(edge: dict[str, Any], marked: dict[str, str]) -> str | None:
    """An edge without a weight between variables that are not finite is not finite either."""
    ends = (marked.get(edge["from"]), marked.get(edge["to"]))
    return "nonfinite" if edge.get("weight") is None and "nonfinite" in ends else None


def plots(doc: dict[str, Any], rows: list[Row]) -> tuple[str, str]:
    """Title and body of the plot view, both empty when the document has no plots."""
    entries = doc["plots"]
    if not entries:
        return "", ""
    parts = []
    for entry in entries[:MOST_PLOTS]:
        picture = plot.figure(entry, doc["mode"])
        parts.append(_legend(entry, doc["mode"]) + markup.image(picture, f"plot of {entry['title']}"))
    if len(entries) > MOST_PLOTS:
        parts.append(markup.quiet(f"… {counted(len(entries) - MOST_PLOTS, 'more plot')}"))
    return "Plot", "".join(parts)


def _legend(entry: dict[str, Any], mode: str) -> str:
    """What the picture shows, in the page's own text: the title, the colours, and the place of the point."""
    sweep = theme.sweep_role(mode)
    parts = [f'<b style="font-weight:600">{escape(entry["title"])}</b>']
    if entry["kind"] == "curve":
        parts.append(_swatch("primal", "value, left"))
        second = entry.get("second") is not None
        place = (
            "middle, and tangent at the point; second derivative, right"
            if second
            else "right, and tangent at the point"
        )
        parts.append(_swatch(sweep, f"derivative, {place}"))
    elif entry["kind"] == "contour":
        parts += [_swatch("primal", "lines of equal value, wider where higher"), _swatch(sweep, "gradient")]
    parts.append(f'<span style="{theme.DIM}">{escape(_details(entry))}</span>')
    return f'<div style="font-size:12px;margin-top:8px">{" &nbsp; ".join(parts)}</div>'


def _details(entry: dict[str, Any]) -> str:
    """What the numbers of the picture are, in words."""
    if entry["kind"] == "heatmap":
        rows, columns = entry.get("rows") or "", entry.get("columns") or ""
        down = f"rows {rows}, " if rows else ""
        return f"{down}columns {columns}; deeper is larger, grey is negative"
    if entry["kind"] == "histogram":
        return histogram_words(entry)
    if entry["kind"] == "contour":
        (across, up), (x, y) = entry["inputs"], entry["at"]
        return f"{across} across, {up} up; at {across} = {_short(x)}, {up} = {_short(y)}"
    quiet = f"at {entry['input']} = {_short(entry.get('at'))}"
    if any(value is None for value in (*entry["value"], *entry["derivative"])):
        quiet += "; marked where there is no value, or another branch is taken"
    return quiet


def histogram_words(entry: dict[str, Any]) -> str:
    """How many elements a histogram counts, and which of them are zero or not finite.

    >>> histogram_words({"counts": [2, 1], "zero": 1, "nonfinite": 0})
    'how many of 3 elements lie where; 1 is zero'
    """
    zero, wrong = entry.get("zero") or 0, entry.get("nonfinite") or 0
    words = f"how many of {sum(entry['counts']) + wrong:,} elements lie where"
    words += f"; {zero:,} {'is' if zero == 1 else 'are'} zero" if zero else ""
    return words + (f"; {wrong:,} {'is' if wrong == 1 else 'are'} not finite" if wrong else "")


def _swatch(role: str, text: str) -> str:
    return f'<span style="border-bottom:2px solid {theme.stroke(role)}">{text}</span>'


def _short(number: float | None) -> str:
    return "nan" if number is None else f"{number:.6g}".replace("-", "−")
