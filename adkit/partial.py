"""What was recorded before an error: a document like that of a trace, without derivatives and marked as partial.

A recording holds no list of its own, so the instructions are found through what the error left: the variables of the
frames that it passed, and the user's names. Values that nothing held any more, such as the left half of a sum whose
right half failed, are not in the list. Not for: complete traces (`document`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from .document import SCHEMA, _count, _Writer
from .listing import Listing, ancestors_of
from .nodes import GuardRecord, Node
from .snippets import Place, Snippets
from .source import is_library

__adkit__ = True

MOST_ITEMS = 1000  # of one container that are looked at
LONGEST_MESSAGE = 160
_ADDRESS = re.compile(r"0x[0-9A-Fa-f]+")


class PartialTrace:
    """The list up to an error.

    Parameters
    ----------
    inputs: input name -> node.
    found: nodes that the recording left behind, in any order, also such as depend on no input.
    error: the error that ended it.
    source: the text of the cell, as `trace.CellSource`.
    """

    mode, mode_reason, order, report = "reverse", None, 1, None

    def __init__(
        self,
        inputs: Mapping[str, Node],
        found: Iterable[Node],
        guards: list[GuardRecord],
        error: BaseException,
        source: Any,
        names: Mapping[Node, str] | None = None,
        views: tuple[str, ...] = ("list", "source"),
    ) -> None:
        compared = [node for guard in guards for node in guard.node.inputs if type(node) is Node]
        nodes = _dependent([*found, *compared], list(inputs.values()))
        known = {*nodes, *inputs.values()}
        kept = [g for g in guards if all(i in known for i in g.node.inputs if type(i) is Node)]
        self.source = source
        self.views = tuple(view for view in views if view in ("list", "source"))
        self._listing = Listing(inputs, nodes, kept, names)
        self._error = error

    @property
    def count(self) -> int:
        """How many instructions there are."""
        return len(self._listing.nodes)

    def document(self, views: tuple[str, ...] | None = None) -> dict[str, Any]:
        """The document, with the key `partial`; described in `docs/trace-schema.md`."""
        views = self.views if views is None else views
        listing, writer = self._listing, _PartialWriter(self, self._listing)
        last = listing.nodes[-1] if listing.nodes else list(listing.inputs.values())[-1]
        rows = writer.rows() if "list" in views else []
        partial = self._partial(writer.snippets)
        return {
            "schema": SCHEMA,
            "title": "partial list",
            "mode": self.mode,
            "mode_reason": None,
            "order": 1,
            "device": "cpu",
            "views": list(views),
            "output": {"name": "", "variable": listing.variable(last).key, "value": "", "shape": [], "dtype": ""},
            "derivatives": [],
            "badge": None,
            "notes": [f"{partial['text']}; the list ends there"],
            "counts": {
                "instructions": len(listing.nodes),
                "guards": len(listing.guards),
                "listed": _count(rows),
                "inputs": len(listing.inputs),
            },
            "rows": rows,
            "source": writer.source() if "source" in views and self.source is not None else None,
            "graph": None,
            "plots": [],
            "partial": partial,
        }

    def _partial(self, snippets: Snippets) -> dict[str, Any]:
        place = _place(self._error.__traceback__, snippets)
        message = _ADDRESS.sub("0x…", str(self._error).partition("\n")[0])
        message = message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"
        kind = type(self._error).__name__
        where = "the cell stopped" if place is None else f"the cell stopped at line {place.line}"
        where += f" of {place.file}" if place is not None and place.file else ""
        where += f", in {place.snippet}" if place is not None and place.snippet else ""
        return {
            "error": kind,
            "message": message,
            "line": None if place is None or place.file else place.line,
            "span": None if place is None or place.file else place.span,
            "text": f"{where}: {kind}: {message}" if message else f"{where}: {kind}",
        }

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from .views import bundle

        return bundle(self.document())

    def __str__(self) -> str:
        from .views import text

        return text.render(self.document(("list",)))


class _PartialWriter(_Writer):
    """Rows without tangents and adjoints."""

    def _sweep(self) -> list[dict[Node, Any]]:
        return []

    def swept(self, node: Node) -> str | None:
        return None

    def weight(self, node: Node) -> float | None:
        return 0.0

    def state(self, node: Node) -> str:
        return "normal"


def _dependent(found: Iterable[Node], inputs: list[Node]) -> list[Node]:
    """Of nodes and what they were computed from, those that depend on the inputs, in order."""
    reached = set(inputs)
    result = []
    for node in ancestors_of(set(found) - reached, inputs):
        if any(type(i) is Node and i in reached for i in node.inputs):
            reached.add(node)
            result.append(node)
    return result


def _place(traceback: TracebackType | None, snippets: Snippets) -> Place | None:
    """Where the innermost line of the user's was when the error came."""
    last = None
    while traceback is not None:
        if not is_library(traceback.tb_frame):
            last = traceback
        traceback = traceback.tb_next
    return None if last is None else snippets.place(last.tb_frame.f_code, last.tb_lasti)


def left_behind(traceback: TracebackType | None, values: Iterable[Any] = ()) -> list[Node]:
    """The nodes that the frames of a traceback and some further values hold, directly or in plain containers."""
    found: dict[Node, None] = {}
    for value in values:
        _gather(value, found, 2)
    while traceback is not None:
        for value in list(traceback.tb_frame.f_locals.values()):
            _gather(value, found, 2)
        traceback = traceback.tb_next
    return list(found)


def _gather(value: Any, found: dict[Node, None], depth: int) -> None:
    from .handle import is_traced

    if type(value) is Node:
        found[value] = None
    elif is_traced(value):
        found[value.node] = None
    elif depth and isinstance(value, dict) and len(value) <= MOST_ITEMS:
        for item in list(value.values()):
            _gather(item, found, depth - 1)
    elif depth and isinstance(value, (list, tuple)):
        for item in value[:MOST_ITEMS]:
            _gather(item, found, depth - 1)
