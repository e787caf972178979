"""A report of a diagnosis as aligned text and as static HTML; `adkit.diagnose.report` says what a report is.

Not for: the browser's own view of it (`extension/labextension/static/report.js`).
"""

from __future__ import annotations

from typing import Any

from adkit.views import markup, theme
from adkit.views.glyphs import clean, display_width, escape, pad, shorten

LONGEST_CELL = 60
_ROLES = {"ok": "tangent", "note": "quiet", "warning": "adjoint", "error": "wrong"}
_WORDS = {"ok": "", "note": "", "warning": "warning: ", "error": "error: "}
_STATE_ROLES = {"nonfinite": "wrong", "warning": "adjoint", "zero": "quiet"}
_STATE_MARKS = {"normal": " ", "zero": "○", "nonfinite": "✗", "warning": "!"}


def text(doc: dict[str, Any]) -> str:
    """The report as plain text.

    Args:
        doc: what `Report.as_document` returns.
    """
    lines = [f"{clean(doc['title'])}: {_WORDS[doc['severity']]}{clean(doc['verdict'])}"]
    for paragraph in doc["paragraphs"]:
        lines += ["", *("  " + clean(line) for line in paragraph.splitlines())]
    for table in doc["tables"]:
        lines += ["", *_text_table(table)]
    if doc["fix"]:
        lines += ["", f"fix: {clean(doc['fix'])}"]
    return "\n".join(lines)


def _text_table(table: dict[str, Any]) -> list[str]:
    columns, rows = table["columns"], table["rows"]
    cells = [[shorten(clean(cell), LONGEST_CELL) for cell in row["cells"]] for row in rows]
    headings = [clean(column["title"]) for column in columns]
    room = [max(map(display_width, (heading, *(row[i] for row in cells)))) for i, heading in enumerate(headings)]
    right = [column["align"] == "right" for column in columns]
    marked = any(row["state"] != "normal" for row in rows)

    def line(parts: list[str], mark: str) -> str:
        aligned = "  ".join(pad(part, room[i], right[i]) for i, part in enumerate(parts))
        return f"{mark if marked else ' '} {aligned}".rstrip()

    lines = [clean(table["title"])] if table["title"] else []
    lines.append(line(headings, " "))
    return lines + [line(row, _STATE_MARKS[given["state"]]) for row, given in zip(cells, rows, strict=True)]


def html(doc: dict[str, Any]) -> str:
    """The report as HTML of its own, with what an untrusted notebook lets through.

    Args:
        doc: what `Report.as_document` returns.
    """
    frame = f"border:1px solid {theme.LINE};border-radius:6px;overflow:hidden;max-width:1100px;text-align:left"
    head = f'<div style="background:{theme.PANEL};padding:8px 12px">{_heading(doc)}</div>'
    below = f'<div style="padding:2px 12px 8px 12px">{body(doc)}</div>'
    return f'<div class="adkit-report" style="{frame}">{head}{below}</div>'


def _heading(doc: dict[str, Any]) -> str:
    return f'<b style="font-size:13px">{escape(doc["title"])}</b> <span>{verdict(doc)}</span>'


def verdict(doc: dict[str, Any]) -> str:
    """The verdict as markup, in the colour of its severity, with the word that says the same."""
    role = _ROLES[doc["severity"]]
    colour = f' style="color:{theme.ink(role)}"' if role != "quiet" else ""
    return f"<span{colour}>{_WORDS[doc['severity']]}{escape(doc['verdict'])}</span>"


def body(doc: dict[str, Any]) -> str:
    """Everything below the heading: paragraphs, tables, the fix."""
    parts = [f'<div style="padding:4px 0;white-space:pre-wrap">{escape(p)}</div>' for p in doc["paragraphs"]]
    parts += [_html_table(table) for table in doc["tables"]]
    if doc["fix"]:
        parts.append(f'<div style="padding:4px 0"><b>fix:</b> {escape(doc["fix"])}</div>')
    return "".join(parts)


def _html_table(table: dict[str, Any]) -> str:
    columns = table["columns"]
    head = "".join(markup.heading(column["title"], column["align"] == "right") for column in columns)
    rows = "".join(_html_row(row, columns) for row in table["rows"])
    title = f'<div style="padding-top:8px">{markup.quiet(table["title"])}</div>' if table["title"] else ""
    inner = f"{markup.heading_row(head)}<tbody>{rows}</tbody>"
    style = f"{markup.TABLE};table-layout:auto"
    return f'{title}<div style="overflow-x:auto"><table style="{style}">{inner}</table></div>'


def _html_row(row: dict[str, Any], columns: list[dict[str, Any]]) -> str:
    role = _STATE_ROLES.get(row["state"])
    colour = f";color:{theme.ink(role)}" if role in ("wrong", "adjoint") else f";{theme.DIM}" if role else ""
    numeric = next((i for i, column in enumerate(columns) if column["align"] == "right"), None)
    cells = []
    for i, (given, column) in enumerate(zip(row["cells"], columns, strict=True)):
        style = colour + (f";{markup.CODE}" if column["code"] or column["align"] == "right" else "")
        style += _bar(row["bar"]) if i == numeric else ""
        short = shorten(given, LONGEST_CELL)
        cells.append(markup.cell(escape(short), column["align"] == "right", style, given if short != given else ""))
    return f'<tr style="{markup.ROW}">{"".join(cells)}</tr>'


def _bar(share: float | None) -> str:
    """A bar behind a number, from the right, as long as its share."""
    if share is None:
        return ""
    percent = round(100 * min(max(share, 0.0), 1.0))
    return f";background:linear-gradient(to left,{theme.tint('adjoint', 0.22)} {percent}%,transparent {percent}%)"
