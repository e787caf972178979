"""The static HTML view: what is seen where no script runs, such as an untrusted, exported or printed notebook.

Only what JupyterLab's sanitiser lets through is used: tables, `details`, images with data URIs, and literal styles.
No script, no style sheet, no id, no variable of a theme. Every text that comes from the document is escaped.
"""

from __future__ import annotations

from typing import Any

from adkit.views import figures, markup, player, report, table, theme
from adkit.views import source as sources
from adkit.views.glyphs import escape, nonfinite, shorten, subscript
from adkit.views.listing import Row, badge_text, counted, head_derivatives, summary, walk

FEW_ROWS = 40  # with no more rows than this every view starts open, and the list has its full height
HEAD_CHARACTERS = 90
NAME_CHARACTERS = 60


def render(doc: dict[str, Any]) -> str:
    """The document as HTML.

    Args:
        doc: a trace document, version 1; a `layout` within its graph is used when it is there.

    Returns:
        One `div`. With `doc["views"]` empty, the head and the warnings only.
    """
    parts = [] if doc.get("partial") else [_head(doc)]
    parts += [_note(note) for note in doc.get("notes", ())]
    if doc["views"]:
        rows = walk(doc["rows"])
        parts.append(_section(markup.quiet(summary(doc)) + _check(doc)))
    parts += [_report(entry) for entry in doc.get("reports") or ()]
    if doc["views"]:
        makers = {"list": _list, "graph": figures.graph, "plot": figures.plots, "source": _source}
        for number, view in enumerate(view for view in doc["views"] if view in makers):
            title, body = makers[view](doc, rows)
            parts.append(_view(title, body, opened=number == 0 or len(rows) <= FEW_ROWS) if body else "")
        if doc.get("player"):
            parts.append(_view(*player.render(doc["player"]), opened=False))
        elif "player" in doc["views"]:
            parts.append(_section(markup.quiet(player.TOO_LONG)))
    frame = f"border:1px solid {theme.LINE};border-radius:6px;overflow:hidden;max-width:1100px;text-align:left"
    return f'<div class="adkit-trace" style="{frame}">{"".join(parts)}</div>'


def _section(body: str) -> str:
    return f'<div style="padding:6px 12px;border-top:1px solid {theme.LINE}">{body}</div>'


def _report(entry: dict[str, Any]) -> str:
    """A diagnosis: its verdict always in sight, the evidence below it."""
    head = f"<b>{escape(entry['title'])}:</b> {report.verdict(entry)}"
    body = report.body(entry)
    if not body:
        return _section(f'<div style="font-size:12px">{head}</div>')
    start = f'<details open><summary style="cursor:pointer;font-size:12px;padding:2px 0">{head}</summary>'
    return _section(f"{start}{body}</details>")


def _view(title: str, body: str, opened: bool) -> str:
    style = "cursor:pointer;font-weight:600;font-size:12px;padding:2px 0"
    start = f'<details{" open" if opened else ""}><summary style="{style}">{markup.titled(title)}</summary>'
    return _section(f"{start}{body}</details>")


# The head: the answer, the badge, the warnings, how it was checked


def _head(doc: dict[str, Any]) -> str:
    output = doc["output"]
    colour = f";color:{theme.ink('wrong')}" if nonfinite(output["value"]) else ""
    name = escape(shorten(output["name"] or "value", NAME_CHARACTERS))
    shown = [_item(f'<b style="font-size:14px{colour}">{name} = {_cut(output["value"])}</b>')]
    derivatives, left_out = head_derivatives(doc)
    for entry in derivatives:
        role = "wrong" if nonfinite(entry["text"]) else theme.sweep_role(doc["mode"])
        text = f"{escape(shorten(entry['label'], NAME_CHARACTERS))} = {_cut(entry['text'])}"
        shown.append(_item(f'<span style="{markup.CODE};color:{theme.ink(role)}">{text}</span>'))
    if left_out:
        shown.append(_item(f'<span style="{markup.QUIET}">… {counted(left_out, "more derivative")}</span>'))
    if doc.get("badge"):
        shown.append(_item(_badge(doc["badge"])))
    return f'<div style="background:{theme.PANEL};padding:8px 12px 5px 12px;line-height:1.6">{"".join(shown)}</div>'


def _item(inner: str) -> str:
    return f'<span style="display:inline-block;max-width:100%;margin:0 16px 3px 0">{inner}</span> '


def _cut(text: str) -> str:
    short = shorten(text, HEAD_CHARACTERS)
    return escape(short) if short == text else f'<span title="{escape(text)}">{escape(short)}</span>'


def _badge(badge: dict[str, Any]) -> str:
    role = {"agree": "tangent", "disagree": "wrong"}.get(badge["verdict"], "quiet")
    style = f"border:1px solid {theme.stroke(role)};border-radius:10px;padding:0 9px;font-size:11px"
    colour = f";color:{theme.ink(role)}" if role != "quiet" else ""
    return f'<span style="{style}{colour}">{escape(badge_text(badge))}</span>'


def _note(note: str) -> str:
    style = f"padding:5px 12px;border-top:1px solid {theme.LINE};font-size:12px;color:{theme.ink('wrong')}"
    return f'<div style="{style}"><b>warning:</b> {escape(note)}</div>'


def _check(doc: dict[str, Any]) -> str:
    """The numbers behind the badge, closed unless something is wrong."""
    badge = doc.get("badge")
    if not badge or not badge.get("rows"):
        return ""
    keys = {
        "input": "check",
        "derivative": "derivative",
        "numerical": "numerical",
        "error": "error",
        "verdict": "verdict",
        "detail": "",
    }
    numbers = ("derivative", "numerical", "error")
    head = "".join(markup.heading(heading, key in numbers) for key, heading in keys.items())
    body = []
    for row in badge["rows"]:
        colour = f";color:{theme.ink('wrong')}" if row["verdict"] == "disagree" else ""
        cells = "".join(markup.cell(escape(row.get(key) or ""), key in numbers, colour) for key in keys)
        body.append(f'<tr style="{markup.ROW}">{cells}</tr>')
    inner = f'{markup.heading_row(head)}<tbody style="{markup.CODE}">{"".join(body)}</tbody>'
    return (
        f"<details{' open' if badge['verdict'] == 'disagree' else ''}>"
        f'<summary style="cursor:pointer;{markup.QUIET}">how it was checked</summary>'
        f'<div style="overflow-x:auto"><table style="{markup.TABLE};table-layout:auto">{inner}</table></div></details>'
    )


# The views that are text: title and body of each


def _list(doc: dict[str, Any], rows: list[Row]) -> tuple[str, str]:
    limits = "max-height:520px;overflow:auto" if len(rows) > FEW_ROWS else "overflow-x:auto"
    return "List", f'<div style="{limits};margin-top:4px">{table.render(doc, rows)}</div>'


def _source(doc: dict[str, Any], rows: list[Row]) -> tuple[str, str]:
    source = doc.get("source")
    if not source:
        return "", ""
    known = {row["id"]: row for row in rows}
    word = theme.sweep_role(doc["mode"])
    gutter = f"{theme.DIM};text-align:right;padding:0 10px 0 0;vertical-align:top;white-space:nowrap;line-height:1.6"
    code = "text-align:left;white-space:pre-wrap;padding:0;line-height:1.6"
    parts = []
    for number, runs in sources.lines(source):
        text = "".join(_run(run, known, word) for run in runs)
        cells = f'<td align="right" style="{gutter}">{number}</td><td style="{code}">{text}</td>'
        parts.append(f'<tr style="background:transparent">{cells}</tr>')
    states = {mark.get("state") for mark in source["marks"]}
    title = f"Source, tinted by the size of the {word}"
    title += "; dotted where it is zero" if "zero" in states else ""
    title += "; dashed red where it is not finite" if "nonfinite" in states else ""
    body = f'<tbody style="{markup.CODE}">{"".join(parts)}</tbody>'
    return title, f'<table style="{markup.TABLE};table-layout:auto">{body}</table>'


def _run(run: sources.Run, known: dict[str, Row], word: str) -> str:
    text = escape(run.text)
    if run.mark is None:
        return text
    ground = f"background:{theme.tint(word, run.share)};border-radius:3px"
    if run.mark.get("state") == "nonfinite":
        ground = f"background:{theme.tint('wrong', 0.2)};border-bottom:2px dashed {theme.stroke('wrong')}"
    elif run.mark.get("state") == "zero" or not run.share:
        ground = f"border-bottom:1px dotted {theme.stroke('quiet')}"
    row = known.get(run.mark["variable"], {})
    tip = f"{subscript(run.mark['variable'])} = {row.get('value') or '…'}, {word} {row.get(word) or 'not listed'}"
    return f'<span title="{escape(tip)}" style="{ground}">{text}</span>'
