"""The Wengert list as columns and cells, for the text and the HTML view alike.

It decides which columns a document needs, what stands in each, and which rows are left out of a long list. It makes
no markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adkit.views.glyphs import clean, display_width, nonfinite, subscript, zero

Row = dict[str, Any]
Document = dict[str, Any]

TOP_ROWS = 150  # rows of the outermost list that are shown before the middle is left out
FOLD_ROWS = 40  # rows of one fold
ALL_ROWS = 250  # rows of one page, folds included
HEAD_DERIVATIVES = 12
PLAIN_DTYPES = (None, "float64", "bool")  # scalars of these need no column: the value says as much
DEEPEST = 12  # folds within folds


@dataclass(frozen=True)
class Column:
    """One column: where its cells come from, its heading, its side, its colour role, and its widest cell."""

    key: str
    heading: str
    right: bool = False
    role: str | None = None
    limit: int = 40


def sweep_heading(doc: Document, key: str) -> str:
    """Heading of the tangent or adjoint column: names the derivative when there is exactly one.

    >>> sweep_heading({"derivatives": [], "output": {"name": "loss", "shape": []}}, "adjoint")
    'adjoint v̄ = ∂loss/∂v'
    """
    if key == "adjoint":
        output = doc["output"]
        name = clean(output.get("name") or "")
        return f"adjoint v̄ = ∂{name}/∂v" if name and not output.get("shape") and len(name) <= 16 else "adjoint v̄"
    inputs = list(dict.fromkeys(entry["input"] for entry in doc["derivatives"]))
    name = clean(inputs[0]) if len(inputs) == 1 else ""
    return f"tangent v̇ = ∂v/∂{name}" if name and len(name) <= 16 else "tangent v̇"


def walk(rows: Sequence[Row]) -> list[Row]:
    """Every row, those inside folds included, in order."""
    found: list[Row] = []
    stack = [iter(rows)]
    while stack:
        row = next(stack[-1], None)
        if row is None:
            stack.pop()
            continue
        found.append(row)
        if row.get("rows"):
            stack.append(iter(row["rows"]))
    return found


def columns(doc: Document, rows: Sequence[Row] | None = None) -> list[Column]:
    """The columns that the document's list needs; `rows` may be given when `walk` has been done already."""
    rows = walk(doc["rows"]) if rows is None else rows
    chosen = [Column("id", "", role="primal", limit=10), Column("name", "name", limit=20)]
    chosen += [Column("text", "instruction", limit=52), Column("line", "line", limit=22)]
    if any(row.get("shape") or row.get("dtype") not in PLAIN_DTYPES for row in rows):
        chosen.append(Column("shape", "shape and dtype", limit=24))
    chosen.append(Column("value", "value v", True, "primal", 44))
    given = [key for key in ("tangent", "adjoint") if any(row.get(key) is not None for row in rows)]
    for key in given or ([] if doc.get("partial") else ["tangent" if doc["mode"] == "forward" else "adjoint"]):
        chosen.append(Column(key, sweep_heading(doc, key), True, key, 44))
    return chosen


def cell(row: Row, key: str) -> str:
    """The full text of one cell."""
    if key == "id":
        return "guard" if row["kind"] == "guard" else subscript(row["id"])
    if key == "shape":
        return shape_text(row)
    if key == "line":
        return line_text(row)
    return clean(row.get(key) or "")


def shape_text(row: Row) -> str:
    """Shape and dtype in one word, empty for a Python-like scalar.

    >>> shape_text({"shape": [3, 2], "dtype": "float32"}), shape_text({"shape": [], "dtype": "float64"})
    ('float32[3, 2]', '')
    """
    shape, dtype = row.get("shape"), row.get("dtype")
    if not dtype or (not shape and dtype == "float64"):
        return ""
    return dtype + (f"[{', '.join(str(size) for size in shape)}]" if shape else "")


def line_text(row: Row) -> str:
    """The source line; with its file where that is not the cell itself."""
    if row.get("line") is None:
        return ""
    file = row.get("file")
    return f"{clean(file)}:{row['line']}" if file else str(row["line"])


def fold_text(row: Row) -> str:
    """What a fold says while it is closed, its size always included.

    >>> fold_text({"text": "loop ×200, lines 4–6", "instructions": 600})
    'loop ×200, lines 4–6 · 600 instructions'
    """
    text = clean(row["text"])
    if row.get("instructions") and "instruction" not in text:
        text += f" · {counted(row['instructions'], 'instruction')}"
    return text


def counted(number: int, noun: str) -> str:
    """A number with its noun: `counted(1200, "row")` is `1,200 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def clip(rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], int, Sequence[Row]]:
    """Head, number left out, tail: at most `limit` rows in head and tail together, two thirds of them in the head.

    >>> clip([{"id": n} for n in range(10)], 3)
    ([{'id': 0}, {'id': 1}], 8, [])
    """
    if len(rows) <= limit:
        return rows, 0, []
    head = max(1, limit * 2 // 3)
    tail = max(0, limit - head - 1)
    return rows[:head], len(rows) - head - tail, rows[len(rows) - tail :] if tail else []


def widths(shown: Sequence[Row], chosen: Sequence[Column]) -> list[int]:
    """Width of each column's cells in characters, headings not counted, limits kept."""
    measured = []
    for column in chosen:
        widest = max((display_width(cell(row, column.key)) for row in shown if row["kind"] != "fold"), default=0)
        measured.append(min(widest, column.limit))
    return measured


def plan(rows: Sequence[Row]) -> Iterator[tuple[str, Any]]:
    """The list as one run of events, within the limits of a page.

    Yields:
        ("row", row), ("more", how many rows are left out here), ("fold", a fold of which nothing is shown), and
        ("open", fold) … ("close", None) around what is shown of a fold.
    """
    shown = 0
    stack: list[Iterator[Any]] = [iter(_clipped(rows, TOP_ROWS))]
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
            if stack:
                yield "close", None
        elif isinstance(entry, int):
            yield "more", entry
        elif entry["kind"] == "fold" and entry.get("rows") and shown < ALL_ROWS and len(stack) <= DEEPEST:
            stack.append(iter(_clipped(entry["rows"], min(FOLD_ROWS, ALL_ROWS - shown))))
            yield "open", entry
        else:
            shown += 1
            yield "fold" if entry["kind"] == "fold" else "row", entry


def _clipped(rows: Sequence[Row], limit: int) -> list[Any]:
    head, left_out, tail = clip(rows, limit)
    return [*head, left_out, *tail] if left_out else list(head)


def state(row: Row) -> str:
    """`"nonfinite"`, `"zero"` or `"normal"`: how the row's derivative has to be marked."""
    numbers = [row.get("tangent"), row.get("adjoint")]
    if any(nonfinite(number) for number in [*numbers, row.get("value")]):
        return "nonfinite"
    given = [number for number in numbers if number is not None]
    return "zero" if given and all(zero(number) for number in given) else "normal"


def badge_text(badge: dict[str, Any]) -> str:
    """What a badge says, its verdict always included.

    >>> badge_text({"verdict": "kink", "text": "left −1, right 1"})
    'kink: left −1, right 1'
    """
    verdict, text = badge["verdict"], clean(badge["text"])
    return text if verdict in text else f"{verdict}: {text}"


def head_derivatives(doc: Document) -> tuple[list[dict[str, Any]], int]:
    """The derivatives that the head line has room for, and how many more there are (the list shows those)."""
    entries = doc["derivatives"]
    return entries[:HEAD_DERIVATIVES], max(0, len(entries) - HEAD_DERIVATIVES)


def summary(doc: Document) -> str:
    """One quiet line: the mode and why, and how many instructions and guards there are."""
    counts = doc["counts"]
    if doc.get("partial"):
        return f"partial list: {counted(counts['instructions'], 'instruction')} before the error"
    parts = [f"{doc['mode']} mode"]
    if doc.get("mode_reason"):
        parts[0] += f": {clean(doc['mode_reason'])}"
    if doc.get("device") and doc["device"] != "cpu":
        parts.append(clean(doc["device"]))
    parts.append(counted(counts["instructions"], "instruction"))
    if counts.get("guards"):
        parts.append(counted(counts["guards"], "guard"))
    return " · ".join(parts)
