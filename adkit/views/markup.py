"""The pieces of HTML that several views share: styles, headings, cells, images.

Styles are literal, since a saved page can ask nothing about its theme and a sanitiser drops everything else.
"""

from __future__ import annotations

import base64

from adkit.views import theme
from adkit.views.glyphs import escape

CODE = f"font-family:{theme.MONO};font-size:12px"
TEXT_CELL = "text-align:left;white-space:nowrap;padding:3px 7px"
NUMBER_CELL = "text-align:right;white-space:nowrap;padding:3px 7px"
TABLE = "border-collapse:collapse;margin:0;font-size:12px"
ROW = f"background:transparent;border-top:1px solid {theme.LINE}"
HEADING = "font-weight:600;font-size:11px;white-space:nowrap;padding:4px 7px"
QUIET = f"{theme.DIM};font-size:12px"


def heading(text: str, right: bool = False, role: str | None = None) -> str:
    """A column heading, underlined in the colour of its role."""
    side = "right" if right else "left"
    bar = f";border-bottom:2px solid {theme.stroke(role)}" if role else ""
    return f'<th scope="col" align="{side}" style="{HEADING};text-align:{side}{bar}">{escape(text)}</th>'


def heading_row(cells: str) -> str:
    """The heading of a table around its cells."""
    return f'<thead><tr style="background:transparent">{cells}</tr></thead>'


def cell(inner: str, right: bool = False, extra: str = "", title: str = "") -> str:
    """A table cell around markup; `title` is text, shown while the pointer rests on it."""
    tip = f' title="{escape(title)}"' if title else ""
    align = ' align="right"' if right else ""
    return f'<td{align}{tip} style="{NUMBER_CELL if right else TEXT_CELL}{extra}">{inner}</td>'


def quiet(text: str) -> str:
    """A line of quiet text, escaped."""
    return f'<div style="{QUIET}">{escape(text)}</div>'


def titled(title: str) -> str:
    """A view's title: what stands before the first comma is its name, the rest is quiet."""
    name, comma, rest = title.partition(",")
    return f'{escape(name)}<span style="{theme.DIM};font-weight:400">{comma}{escape(rest)}</span>'


def image(picture: str, alt: str) -> str:
    """An SVG document as an image that needs no other file, with its description."""
    data = base64.b64encode(picture.encode()).decode()
    style = "max-width:100%;height:auto;display:block;margin:6px 0"
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alt)}" style="{style}">'
