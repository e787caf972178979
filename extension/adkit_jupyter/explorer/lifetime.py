"""When an explorer ends: when its cell runs again, when it is closed, when the extension is unloaded.

Widgets live in a registry of ipywidgets until they are closed, so nobody else would end them. Not for: what ending
means (`session.Explorer.close`).
"""

from __future__ import annotations

import threading
import weakref
from typing import Any, Protocol

from ..loading import running_info

__adkit__ = True


class Closable(Protocol):
    """What can be ended."""

    def close(self) -> None:
        """End it; harmless when it has ended."""


_lock = threading.RLock()
_open: dict[str, tuple[Any, list[weakref.ref[Any]]]] = {}


def running_cell(shell: Any) -> tuple[str, Any] | None:
    """Which cell runs (its id, or its text where the front end gives none), and which of its runs it is."""
    if shell is None or not hasattr(shell, "user_ns"):
        return None
    parent: dict[str, Any] = getattr(shell, "get_parent", dict)() or {}
    code = parent.get("content", {}).get("code")
    if code is not None:
        cell = parent.get("metadata", {}).get("cellId") or code
        return str(cell), parent.get("header", {}).get("msg_id")
    info = running_info(shell)
    return None if info is None else (str(info.cell_id or info.raw_cell), info)


def opened(explorer: Closable, shell: Any) -> None:
    """Note a new explorer, and close those that earlier runs of the same cell left."""
    cell, run = running_cell(shell) or (f"explorer {id(explorer)}", None)
    with _lock:
        before, explorers = _open.get(cell, (None, []))
        stale = explorers if before != run else []
        _open[cell] = (run, [*([] if before != run else explorers), weakref.ref(explorer)])
    for reference in stale:
        earlier = reference()
        if earlier is not None:
            earlier.close()


def closed(explorer: Closable) -> None:
    """Forget an explorer that has ended."""
    with _lock:
        for cell, (run, explorers) in list(_open.items()):
            left = [reference for reference in explorers if reference() not in (None, explorer)]
            if left:
                _open[cell] = (run, left)
            else:
                del _open[cell]


def close_all() -> None:
    """End every explorer."""
    with _lock:
        living = [explorer for _, explorers in _open.values() for r in explorers if (explorer := r()) is not None]
    for explorer in living:
        explorer.close()
