"""What a diagnosis says: a verdict in one sentence, tables whose rows lead to variables and lines, and the fix.

A report is plain data of one shape, so that one renderer shows every diagnosis, as text, as HTML and in the browser.
Not for: finding anything out (the other modules of `adkit.diagnose`), or appearance (`adkit.views.report`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

__adkit__ = True

KINDS = ("nan", "flow", "why", "cost", "check", "diff")
SEVERITIES = ("ok", "note", "warning", "error")
STATES = ("normal", "zero", "nonfinite", "warning")


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, the side its texts stand on, and whether they are code or numbers."""

    title: str
    align: str = "left"
    code: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes
    ----------
    cells: one text per column.
    variable: the key of the variable that the row is about ("v12"), which views link to the list and the graph.
    line: the line of the cell that it is about.
    state: "normal", "zero", "nonfinite" or "warning".
    bar: a share from 0 to 1 that views draw as a bar, `None` for no bar.
    """

    cells: tuple[str, ...]
    variable: str | None = None
    line: int | None = None
    state: str = "normal"
    bar: float | None = None


@dataclass(frozen=True)
class Table:
    """A table of a report."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""


@dataclass(frozen=True)
class Report:
    """The outcome of a diagnosis.

    Attributes
    ----------
    kind: which diagnosis: "nan", "flow", "why", "cost", "check" or "diff".
    title: what was asked, as a heading.
    severity: "ok", "note", "warning" or "error".
    verdict: the answer in one sentence.
    fix: what to do about it, `None` where there is nothing to do.
    paragraphs, tables: the evidence.
    data: the same as Python values, for programs.

    `str()` gives aligned text; a notebook shows tables.

    Example
    -------
    >>> table = Table((Column("variable"), Column("adjoint", "right")), (Row(("v₁", "0.5")),))
    >>> print(Report("flow", "Gradient flow", "ok", "nothing vanishes", tables=(table,)))
    Gradient flow: nothing vanishes
    <BLANKLINE>
      variable  adjoint
      v₁            0.5
    """

    kind: str
    title: str
    severity: str
    verdict: str
    fix: str | None = None
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    data: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        _one_of("kind", self.kind, KINDS)
        _one_of("severity", self.severity, SEVERITIES)
        for table in self.tables:
            for row in table.rows:
                _one_of("state", row.state, STATES)
                if len(row.cells) != len(table.columns):
                    raise ValueError(f"a row has {len(row.cells)} cells for {len(table.columns)} columns")

    def as_document(self) -> dict[str, Any]:
        """The report as plain JSON types, as a trace's document holds it; described in `docs/trace-schema.md`."""
        return {
            "kind": self.kind,
            "title": self.title,
            "severity": self.severity,
            "verdict": self.verdict,
            "fix": self.fix,
            "paragraphs": list(self.paragraphs),
            "tables": [_table_document(table) for table in self.tables],
        }

    def __str__(self) -> str:
        from ..views import report

        return report.text(self.as_document())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from ..views import report

        doc = self.as_document()
        return {"text/plain": report.text(doc), "text/html": report.html(doc)}


def _one_of(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"{what}={value!r} is none of {', '.join(known)}")


def _table_document(table: Table) -> dict[str, Any]:
    columns = [{"title": c.title, "align": c.align, "code": c.code} for c in table.columns]
    rows = [
        {"cells": list(r.cells), "variable": r.variable, "line": r.line, "state": r.state, "bar": r.bar}
        for r in table.rows
    ]
    return {"title": table.title, "columns": columns, "rows": rows}
