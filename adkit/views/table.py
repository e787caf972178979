"""The list as HTML tables: one row for an instruction, `details` for a fold.

A fold's rows are a table of their own within one wide cell, with the column widths of the whole list, so that they
stay aligned. Which rows and columns there are, `listing` decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adkit.views import markup, theme
from adkit.views.glyphs import display_width, escape, nonfinite, shorten
from adkit.views.listing import Column, Row, cell, columns, counted, fold_text, plan, widths

CHARACTER = 7.4  # pixels for a character of 12 px monospaced type, with some room to spare
HEADING_CHARACTER = 6.6  # the same for the headings' 11 px type
CELL_PADDING = 14
FOLD_CHARACTERS = 90
INDENT = 16  # pixels for each fold around a fold


def render(doc: dict[str, Any], rows: list[Row]) -> str:
    """The list of a document as one table with a heading row.

    Args:
        doc: a trace document.
        rows: `listing.walk` of its rows.
    """
    events = list(plan(doc["rows"]))
    chosen = columns(doc, rows)
    shown = [entry for kind, entry in events if kind == "row"]
    return _Grid(chosen, widths(shown, chosen)).table(events)


class _Grid:
    """Rows and folds as tables that share one set of column widths."""

    def __init__(self, chosen: list[Column], room: list[int]) -> None:
        self.chosen = chosen
        headings = [display_width(column.heading) * HEADING_CHARACTER for column in chosen]
        pixels = [round(max(n * CHARACTER, head)) + CELL_PADDING for n, head in zip(room, headings, strict=True)]
        self.columns = "".join(f'<col width="{wide}" style="width:{wide}px">' for wide in pixels)
        self.style = f"{markup.TABLE};table-layout:fixed;width:100%;min-width:{sum(pixels)}px"

    def table(self, events: Iterable[tuple[str, Any]]) -> str:
        """The whole list."""
        head = "".join(markup.heading(column.heading, column.right, column.role) for column in self.chosen)
        parts = [self._begin(), markup.heading_row(head), f'<tbody style="{markup.CODE}">']
        depth = 0
        for kind, entry in events:
            if kind == "row":
                parts.append(self._row(entry))
            elif kind == "open":
                parts.append(self._open(entry, depth))
                depth += 1
            elif kind == "close":
                depth -= 1
                parts.append("</tbody></table></details></td></tr>")
            else:
                parts.append(self._wide(f"… {counted(entry, 'more row')}" if kind == "more" else fold_text(entry)))
        return "".join(parts) + "</tbody></table>"

    def _begin(self, ground: str = "") -> str:
        return f'<table style="{self.style}{ground}"><colgroup>{self.columns}</colgroup>'

    def _wide(self, text: str) -> str:
        style = f"text-align:left;white-space:normal;padding:3px 7px;{theme.DIM}"
        return f'<tr style="{markup.ROW}"><td colspan="{len(self.chosen)}" style="{style}">{escape(text)}</td></tr>'

    def _open(self, row: Row, depth: int) -> str:
        """The start of a fold; only the outermost has a ground of its own, so that deep folds stay readable."""
        note = " · first repetition" if (row.get("count") or 0) > 1 else ""
        text = escape(shorten(fold_text(row), FOLD_CHARACTERS))
        says = f'{text}<span style="{theme.DIM}">{note}</span>'
        style = f"cursor:pointer;text-align:left;white-space:normal;padding:3px 7px 3px {7 + INDENT * depth}px"
        ground = "" if depth else f";background:{theme.PANEL}"
        return (
            f'<tr style="{markup.ROW}"><td colspan="{len(self.chosen)}" style="padding:0;text-align:left"><details>'
            f'<summary style="{style}">{says}</summary>'
            f'{self._begin(ground)}<tbody style="{markup.CODE}">'
        )

    def _row(self, row: Row) -> str:
        ground = theme.PANEL if row["kind"] in ("input", "constant") else "transparent"
        style = markup.ROW.replace("transparent", ground, 1)
        return f'<tr style="{style}">{"".join(self._cell(row, column) for column in self.chosen)}</tr>'

    def _cell(self, row: Row, column: Column) -> str:
        full = cell(row, column.key)
        text = shorten(full, column.limit)
        tips = [full] if text != full else []
        if column.key == "text" and row.get("snippet"):
            tips.append(row["snippet"])
        return markup.cell(escape(text), column.right, _style(row, column, text), " · ".join(tips))


def _style(row: Row, column: Column, text: str) -> str:
    if not text:
        return ""
    if column.right and nonfinite(text):
        return f";color:{theme.ink('wrong')};font-weight:700;background:{theme.tint('wrong', 0.1)}"
    if column.role and row["kind"] != "guard":
        return f";color:{theme.ink(column.role)}"
    plain = row["kind"] == "instruction" or column.key in ("name", "shape")
    return "" if plain else f";{theme.DIM}"
