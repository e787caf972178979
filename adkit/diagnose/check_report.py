"""The outcome of a check in the shape of all diagnoses.

Not for: checking (`adkit.check`).
"""

from __future__ import annotations

from typing import Any

from .report import Column, Report, Row, Table

__adkit__ = True

_SEVERITIES = {"agree": "ok", "flat": "note", "kink": "warning", "noise": "warning", "disagree": "error"}
_FIXES = {
    "kink": "there is no derivative at this point: move it, or use a smooth function such as np.logaddexp",
    "noise": "make the function deterministic and finite around the point: fix seeds, and see why_nan()",
    "disagree": "look for a random or stateful step in the function, and for a wrong rule in a custom primitive",
    "flat": "if a derivative was expected, look for rounding, comparisons or int() on the way: see why()",
}
_COLUMNS = (
    Column("input"),
    Column("derivative", "right"),
    Column("differences", "right"),
    Column("apart", "right"),
    Column("verdict"),
    Column("detail"),
)


def of_check(checked: Any) -> Report:
    """The report on an `adkit.check.Report`, which is its `data`."""
    rows = []
    for row in checked.rows:
        text = row.as_text()
        cells = tuple(text[key] for key in ("input", "derivative", "numerical", "error", "verdict", "detail"))
        bad = {"disagree": "nonfinite", "kink": "warning", "noise": "warning", "flat": "zero"}
        rows.append(Row(cells, state=bad.get(row.verdict, "normal")))
    text = checked.text if checked.text.startswith(checked.verdict) else f"{checked.verdict}: {checked.text}"
    table = Table(_COLUMNS, tuple(rows))
    severity = _SEVERITIES[checked.verdict]
    fix = _FIXES.get(checked.verdict)
    if checked.verdict == "disagree" and any("stop_gradient" in row.detail for row in checked.rows):
        fix = f"nothing, if stop_gradient is meant: differences do not know of it; else {fix}"
    return Report("check", "Check", severity, text, fix, (), (table,), checked)
