"""Which buffers were written in place, and when, so that a backward pass refuses values that are no longer those
recorded.

Every write into the memory of a tensor is stamped with the clock that also numbers nodes; a node whose rule reads a
buffer with a later stamp cannot be differentiated. Not for: assignments to tensors with a history, which never touch
what was recorded (`adkit.storage`).
"""

from __future__ import annotations

import weakref
from typing import Any

from numpy import ndarray

from ...nodes import INPUT, Node, next_id
from ...primitive import OUTPUT_BIT
from .errors import AutogradError, refuse

__adkit__ = True

_stamps: dict[int, tuple[weakref.ref[ndarray], int, int]] = {}  # id of a buffer -> (it, time of last write, writes)


class _Clock:
    latest = 0


def root_of(array: ndarray) -> ndarray:
    """The array that owns the memory of `array`, as far as NumPy knows."""
    while type(array.base) is ndarray:
        array = array.base
    return array


def stamp(array: Any) -> None:
    """Note that the memory of an array has been written to."""
    if type(array) is not ndarray:
        return
    root = root_of(array)
    key = id(root)
    known = _stamps.get(key)
    now = _Clock.latest = next_id()
    if known is None:
        _stamps[key] = (weakref.ref(root, lambda _: _stamps.pop(key, None) and None), now, 1)
    else:
        _stamps[key] = (known[0], now, known[2] + 1)


def version(array: Any) -> int:
    """How often the memory of an array has been written to."""
    known = _stamps.get(id(root_of(array))) if type(array) is ndarray else None
    return 0 if known is None else known[2]


def verify(order: list[Node]) -> None:
    """Refuse a graph some of whose saved values have been overwritten since."""
    latest = _Clock.latest
    for node in order:
        if node.id < latest and node.primitive is not INPUT:
            _verify_node(node)
        elif node.id > latest:
            return


def _verify_node(node: Node) -> None:
    mask = 0
    for i, operand in enumerate(node.inputs):
        if type(operand) is Node:
            mask |= node.primitive.residual_mask(i)
    for i, operand in enumerate(node.inputs):
        if mask >> i & 1:
            _verify_value(operand.value if type(operand) is Node else operand, node)
    if mask & OUTPUT_BIT:
        _verify_value(node.value, node)


def _verify_value(value: Any, node: Node) -> None:
    if type(value) is not ndarray:
        return
    known = _stamps.get(id(root_of(value)))
    if known is not None and known[1] > node.id:
        raise overwritten(value)


def overwritten(value: ndarray) -> AutogradError:
    """The error for a saved value that was overwritten."""
    return refuse(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"a tensor of shape {list(value.shape)}",
        "call backward before changing it, or change a clone()",
    )
