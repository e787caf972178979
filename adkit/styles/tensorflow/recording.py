"""What tapes that record at the same time share: the nodes behind their tensors, and the memory of them.

A tensor does not hold its node: it names a place in the `Record` of the tapes under which it was computed, so that the
graph is freed when these tapes are used up or deleted, whatever tensors the user keeps. Only inside a transformation
of adkit's (`adkit.grad`, a `%%grad` cell), which needs the graph itself, a tensor holds its node.
Not for: what a tape is (`tape`).
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

from ...constants import is_inside
from ...nodes import INPUT, Node, aval, next_id

if TYPE_CHECKING:
    from .tape import GradientTape

__adkit__ = True


class Record:
    """The nodes recorded while one tape, or several nested ones, were recording.

    `tapes` are those that record now; `epoch` counts their comings and goings; `shared` tells whether there was ever
    more than one.
    """

    __slots__ = ("nodes", "tapes", "epoch", "shared", "ref", "__weakref__")

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.tapes: list[GradientTape] = []
        self.epoch = 0
        self.shared = False
        self.ref = weakref.ref(self)


class _Held:
    """The owner of a tensor that holds its node itself."""

    __slots__ = ()


HELD = _Held()


class _State(threading.local):
    """Per thread: the record of the tapes that record now, and who listens to reads of variables."""

    record: Record | None = None
    accessed: list[Any] | None = None


state = _State()


def start(tape: GradientTape, record: Record | None) -> Record:
    """Let a tape record, into its record or that of the tapes around it."""
    current = state.record
    if record is None:
        record = current if current is not None else Record()
    if record.tapes:
        record.shared = True
    record.tapes.append(tape)
    record.epoch += 1
    state.record = record
    return record


def stop(tape: GradientTape, record: Record) -> None:
    """The end of `start`."""
    record.tapes.remove(tape)
    record.epoch += 1
    if not record.tapes:
        state.record = None


class unrecorded:
    """Within this block no tape records."""

    def __enter__(self) -> None:
        self._record = state.record
        state.record = None

    def __exit__(self, *exc: object) -> None:
        state.record = self._record


def place(node: Node) -> tuple[Any, Any]:
    """Owner and place of a new tensor whose node this is."""
    record = state.record
    if record is None or is_inside():
        return HELD, node
    record.nodes.append(node)
    return record.ref, len(record.nodes) - 1


def watch(value: Any, record: Record, before: Node | None) -> Node:
    """Make a tensor or variable an input of the tapes that record now: its node.

    With a node before it, it is the same thing as seen from there. Without one it is an input of these tapes alone,
    and forgotten with them, even where adkit differentiates what the tapes are part of.
    """
    plain = value._value
    node = Node(INPUT, () if before is None else (before,), None, plain, next_id(), None, -1, *aval(plain))
    if before is None:
        record.nodes.append(node)
        value._owner, value._node = record.ref, len(record.nodes) - 1
    else:
        value._owner, value._node = place(node)
    return node
