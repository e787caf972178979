"""How a diagnosis speaks of a variable: its name or label, its piece of source, its line.

Not for: names (`naming`) and spans (`snippets`) themselves.
"""

from __future__ import annotations

from typing import Any

from ..nodes import INPUT, GuardRecord, Node
from ..snippets import Place, Snippets

__adkit__ = True

LONGEST_CODE = 40


class Places:
    """The variables of a trace in words."""

    def __init__(self, trace: Any) -> None:
        self.listing = trace.listing()
        self._inputs = {node: name for name, node in self.listing.inputs.items()}
        self._snippets = Snippets(trace.source)
        self._called: dict[Node, str] = {}
        self._codes: dict[Node, str] = {}

    def place(self, step: Node | GuardRecord) -> Place | None:
        """Where a node or guard was recorded; `None` for an input."""
        if type(step) is Node and step.primitive is INPUT and not step.inputs:
            return None
        return self._snippets.place(step.code, step.lasti)

    def key(self, node: Node) -> str:
        """The variable's key, as rows of a report hold it: "v12"."""
        return str(self.listing.variable(node).key)

    def name(self, node: Node) -> str | None:
        """The user's name of the variable."""
        node = self.listing.resolve(node)
        return self._inputs.get(node) or self.listing.names.get(node)

    def label(self, node: Node) -> str:
        """The variable as a cell of a table shows it: "u = v₁₂", "v₁₂", or the name of an input."""
        variable = self.listing.variable(node)
        if variable.name is None:
            return str(variable.label)
        return str(variable.name) if node in self.listing.inputs.values() else f"{variable.name} = {variable.label}"

    def called(self, node: Node) -> str:
        """The variable in a sentence: its name, or its label."""
        found = self._called.get(node)
        if found is None:
            found = self._called[node] = self.name(node) or str(self.listing.variable(node).label)
        return found

    def code(self, node: Node) -> str:
        """The piece of source that computed it, or the instruction where the source is not known."""
        found = self._codes.get(node)
        if found is None:
            place = self.place(node)
            text = place.snippet if place is not None and place.snippet else None
            found = self._codes[node] = text if text and len(text) <= LONGEST_CODE else str(self.listing.text(node))
        return found

    def snippet(self, node: Node) -> str:
        """The piece of source that computed it, in full; nothing where the source is not known."""
        place = self.place(node)
        return (place.snippet if place is not None else None) or ""

    def line(self, step: Node | GuardRecord) -> int | None:
        """The line of the cell, `None` outside of it."""
        place = self.place(step)
        return place.line if place is not None and place.file is None else None

    def at(self, step: Node | GuardRecord) -> str:
        """The line as a cell of a table shows it: "4", "model.py:4", or nothing."""
        place = self.place(step)
        if place is None:
            return ""
        return str(place.line) if place.file is None else f"{place.file}:{place.line}"

    def where(self, step: Node | GuardRecord) -> str:
        """The line in a sentence: "line 4", "line 4 of model.py", or "an unknown line"."""
        place = self.place(step)
        if place is None:
            return "an unknown line"
        file = "" if place.file is None else f" of {'an ' if place.file == 'earlier cell' else ''}{place.file}"
        return f"line {place.line}{file}"
