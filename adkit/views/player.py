"""The steps of the player as a static table, for where no script runs.

Not for: working the steps out (`adkit.player`), or playing them (`extension/labextension/static/player.js`).
"""

from __future__ import annotations

from typing import Any

from adkit.views import markup, theme
from adkit.views.glyphs import escape, subscript

TOO_LONG = "The player steps through traces of at most 200 instructions; this one is longer."
_ROLES = {"primal": "primal", "tangent": "tangent", "adjoint": "adjoint"}
_SIGNS = {"primal": "", "tangent": "̇", "adjoint": "̄"}


def render(played: dict[str, Any]) -> tuple[str, str]:
    """Title and body of the steps.

    Args:
        played: `player` of a trace document.
    """
    columns = [("step", True), ("sweep", False), ("variable", False), ("value", True), ("passed on to", False)]
    head = "".join(markup.heading(title, right) for title, right in [*columns, ("Σ v̄·v̇", True)])
    rows = "".join(_row(number, step) for number, step in enumerate(played["steps"], 1))
    table = f'<table style="{markup.TABLE};table-layout:auto">{markup.heading_row(head)}<tbody>{rows}</tbody></table>'
    limits = "max-height:420px;overflow:auto;margin-top:4px"
    title = f"Steps, the program first, then the {theme.sweep_role(played['mode'])}s"
    return title, f'<div style="{limits}">{table}</div>'


def _row(number: int, step: dict[str, Any]) -> str:
    colour = f";color:{theme.ink(_ROLES[step['phase']])};{markup.CODE}"
    variable = subscript(step["variable"])
    sign = _SIGNS[step["phase"]]
    named = variable[:1] + sign + variable[1:] if sign else variable
    receivers = ", ".join(subscript(name) for name in step["adds_to"])
    cells = [
        markup.cell(str(number), True),
        markup.cell(escape(step["phase"])),
        markup.cell(escape(named), extra=colour),
        markup.cell(escape(step["value"]), True, colour),
        markup.cell(escape(receivers), extra=f";{markup.CODE}"),
        markup.cell(escape(step["invariant"] or ""), True, f";{markup.CODE}"),
    ]
    return f'<tr style="{markup.ROW}">{"".join(cells)}</tr>'
