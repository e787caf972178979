"""The plain text view: what a terminal, a log or a screen reader gets.

As complete as the other views where text allows: the answer, the check, the warnings and the list with its folds. It
draws no graph and no plot.
"""

from __future__ import annotations

from typing import Any

from adkit.views import report
from adkit.views.glyphs import clean, display_width, pad, shorten
from adkit.views.listing import (
    Column,
    Row,
    badge_text,
    cell,
    columns,
    counted,
    fold_text,
    head_derivatives,
    plan,
    summary,
    widths,
)


def render(doc: dict[str, Any], width: int | None = None) -> str:
    """The document as aligned plain text.

    Args:
        doc: a trace document, version 1.
        width: columns of the terminal; the instruction column gives way first. None leaves lines as long as they are.

    Returns:
        Lines without a trailing newline. With `doc["views"]` empty, the head and the warnings only.
    """
    lines = [] if doc.get("partial") else [_head(doc)]
    lines += [f"warning: {clean(note)}" for note in doc.get("notes", ())]
    if doc["views"]:
        lines += [summary(doc), *_check(doc), *_reports(doc), "", *_table(doc, width)]
    else:
        lines += _reports(doc)
    return "\n".join(lines)


def _reports(doc: dict[str, Any]) -> list[str]:
    """The diagnoses that were asked for, one below the other."""
    return [line for entry in doc.get("reports") or () for line in ("", *report.text(entry).splitlines())]


def _head(doc: dict[str, Any]) -> str:
    output = doc["output"]
    parts = [f"{clean(output['name'] or 'value')} = {clean(output['value'])}"]
    shown, left_out = head_derivatives(doc)
    parts += [f"{clean(entry['label'])} = {clean(entry['text'])}" for entry in shown]
    parts += [f"… {counted(left_out, 'more derivative')}"] if left_out else []
    parts += [f"[{badge_text(doc['badge'])}]"] if doc.get("badge") else []
    return "   ".join(parts)


def _check(doc: dict[str, Any]) -> list[str]:
    badge = doc.get("badge")
    if not badge or not badge.get("rows"):
        return []
    keys = ("input", "derivative", "numerical", "error", "verdict", "detail")
    cells = [[clean(row.get(key) or "") for key in keys] for row in badge["rows"]]
    heading = ["check", "derivative", "numerical", "error", "verdict", ""]
    return ["", *_aligned([heading, *cells], (1, 2, 3))]


def _aligned(cells: list[list[str]], right: tuple[int, ...]) -> list[str]:
    room = [max(display_width(row[i]) for row in cells) for i in range(len(cells[0]))]
    return ["  ".join(pad(text, room[i], i in right) for i, text in enumerate(row)).rstrip() for row in cells]


def _table(doc: dict[str, Any], width: int | None) -> list[str]:
    events = list(plan(doc["rows"]))
    chosen = columns(doc)
    shown = [entry for kind, entry in events if kind == "row"]
    room = [max(n, display_width(column.heading)) for n, column in zip(widths(shown, chosen), chosen, strict=True)]
    room[0] += 2 * _deepest(events)
    room = _fitted(room, chosen, width)
    lines = ["  ".join(pad(column.heading, room[i], column.right) for i, column in enumerate(chosen)).rstrip()]
    depth = 0
    for kind, entry in events:
        lead = "  " * depth
        if kind == "row":
            lines.append(_row(entry, chosen, room, lead))
        elif kind == "more":
            lines.append(f"{lead}… {counted(entry, 'more row')}")
        elif kind == "close":
            depth -= 1
        else:
            depth += kind == "open"
            repeated = kind == "open" and (entry.get("count") or 0) > 1
            lines.append(f"{lead}▸ {fold_text(entry)}{', first repetition:' if repeated else ''}")
    return lines


def _deepest(events: list[tuple[str, Any]]) -> int:
    depth = deepest = 0
    for kind, _ in events:
        depth += (kind == "open") - (kind == "close")
        deepest = max(deepest, depth)
    return deepest


def _row(row: Row, chosen: list[Column], room: list[int], lead: str) -> str:
    parts = []
    for i, column in enumerate(chosen):
        text = lead + cell(row, "id") if i == 0 else shorten(cell(row, column.key), room[i])
        parts.append(pad(text, room[i], column.right))
    return "  ".join(parts).rstrip()


def _fitted(room: list[int], chosen: list[Column], width: int | None) -> list[int]:
    """Column widths that fit `width`: the instruction column is narrowed, to 12 characters at the least."""
    room = list(room)
    excess = sum(room) + 2 * (len(room) - 1) - width if width else 0
    if excess > 0:
        text = next(i for i, column in enumerate(chosen) if column.key == "text")
        room[text] = max(12, room[text] - excess)
    return room
