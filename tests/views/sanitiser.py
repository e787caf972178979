"""What JupyterLab 4 does to HTML of an untrusted notebook, as far as the views are concerned.

Written from its documented allow-lists: tags, attributes, style properties, and the shapes of style values. `problems`
lists everything that would be taken out.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

TAGS = set("b br col colgroup details div i img span summary table tbody td th thead tr".split())
ATTRIBUTES = {
    "*": {"class", "title", "style"},
    "col": {"width"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "td": {"align", "colspan"},
    "th": {"align", "colspan", "scope"},
}
COLOUR = r"#[0-9a-f]{6}|rgba?\(\d{1,3},\d{1,3},\d{1,3}(,[01](\.\d+)?)?\)|transparent"
MIXED = r"color-mix\(in srgb,currentColor \d+%,rgb\(\d{1,3},\d{1,3},\d{1,3}\)\)"
LENGTH = r"0|\d+(\.\d+)?(px|em|%)"
BORDER = rf"({LENGTH}) (solid|dotted|dashed) ({COLOUR})"
STYLES = {
    "background": COLOUR,
    "border": BORDER,
    "border-top": BORDER,
    "border-bottom": BORDER,
    "border-collapse": "collapse",
    "border-radius": LENGTH,
    "color": f"{COLOUR}|{MIXED}",
    "cursor": "pointer",
    "display": "block|inline-block",
    "font-family": r"[\w ,']+",
    "font-size": LENGTH,
    "font-weight": r"\d00",
    "height": "auto",
    "line-height": r"\d(\.\d)?",
    "margin": rf"(({LENGTH}) ?){{1,4}}",
    "margin-top": LENGTH,
    "max-height": LENGTH,
    "max-width": LENGTH,
    "min-width": LENGTH,
    "opacity": r"0\.\d+",
    "overflow": "hidden|auto",
    "overflow-x": "auto|hidden",
    "overflow-y": "auto|hidden",
    "padding": rf"(({LENGTH}) ?){{1,4}}",
    "table-layout": "fixed|auto",
    "text-align": "left|right",
    "vertical-align": "top",
    "white-space": "normal|nowrap|pre-wrap",
    "width": LENGTH,
}
VOID = {"br", "col", "img"}


class Reader(HTMLParser):
    """Walks HTML, and notes what is not allowed, what is not closed, and the text that is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.seen: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in TAGS:
            self.problems.append(f"tag <{tag}>")
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()):
                self.problems.append(f"attribute {name} of <{tag}>")
            if name == "style":
                self.problems += [f"style {bad}" for bad in bad_styles(value or "")]
            if name == "src" and not re.fullmatch(r"data:image/svg\+xml;base64,[A-Za-z0-9+/]+=*", value or ""):
                self.problems.append("src that is not an SVG data URI")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> out of place")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def bad_styles(style: str) -> list[str]:
    """The declarations that would be dropped."""
    bad = []
    for declaration in filter(None, style.split(";")):
        name, _, value = declaration.partition(":")
        if name not in STYLES or not re.fullmatch(STYLES[name], value.strip()):
            bad.append(declaration)
    return bad


def read(html: str) -> Reader:
    """The page walked; `problems` is empty when all of it survives."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    reader.problems += [f"<{tag}> is not closed" for tag in reader.open]
    return reader
