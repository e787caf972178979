"""Reading and writing parts of arrays, backwards, in buffers that the sweep owns.

The transpose of `x[i]` adds into x's cotangent at i, that of an assignment takes the cotangent at i and clears it
there. Done on copies, n element reads or writes of an n-array would cost O(n²); done in place, in a buffer that
nobody else holds, O(n). The same code runs on plain arrays and on handles, whose assignment is recorded.
"""

from __future__ import annotations

from typing import Any

import numpy

from ..backends import add_at, copy_of, is_array, setitem
from ..handle import TracedArray
from ..nodes import Node
from ..numpy.creation import zeros_of
from ..primitives import indexing
from ..primitives.shape import unbroadcast
from ..storage import add_in_place
from .values import fit_cotangent, fit_dtype

__adkit__ = True


def pull(node: Node, g: Any, cotangents: dict[Node, Any], owned: set[Node]) -> None:
    """Add the contributions of a `getitem` or `index_update` node to the cotangents of its operands."""
    index = node.params["index"]  # type: ignore[index]
    if node.primitive is indexing.getitem:
        parent = node.inputs[0]
        if not parent.shape:  # a scalar is no buffer, and reading it only adds or drops axes
            g = fit_cotangent(unbroadcast(g, ()), parent)
            before = cotangents.get(parent)
            cotangents[parent] = g if before is None else before + g
            return
        buffer = _buffer(parent, g, cotangents, owned)
        _add(buffer, index, fit_dtype(g, parent))
        return
    target, written = node.inputs
    if type(written) is Node:
        taken = _read(g, index, node.shape, written)
        before = cotangents.get(written)
        cotangents[written] = taken if before is None else before + taken
    if type(target) is Node:
        if node not in owned or not node.shape:  # sums of arrays without axes are scalars, which take no assignment
            g = _copy(g)
        if isinstance(g, TracedArray):
            g[index] = 0.0
        else:
            setitem(g, index, 0.0)
        before = cotangents.get(target)
        cotangents[target] = g if before is None else before + g
        owned.add(target)


def _buffer(parent: Node, g: Any, cotangents: dict[Node, Any], owned: set[Node]) -> Any:
    """The cotangent of `parent` as a buffer that may be written: made, or copied if it is not the sweep's own."""
    buffer = cotangents.get(parent)
    if buffer is None:
        buffer = zeros_of(parent, like=g)
    elif parent not in owned:
        buffer = _copy(buffer)
    if isinstance(g, TracedArray) and not isinstance(buffer, TracedArray):
        buffer = TracedArray(None, buffer)  # also where plain contributions came first
    cotangents[parent] = buffer
    owned.add(parent)
    return buffer


def _add(buffer: Any, index: Any, g: Any) -> None:
    if isinstance(buffer, TracedArray):
        add_in_place(buffer, index, g)
    else:
        add_at(buffer, index, g)


def _copy(g: Any) -> Any:
    """A copy that can be assigned to."""
    if not isinstance(g, TracedArray):
        return indexing.writable(g)
    made = g.copy()
    made.value = made.value if is_array(made.value) else numpy.asarray(made.value)
    return made


def _read(g: Any, index: Any, shape: tuple[int, ...], written: Node) -> Any:
    taken = indexing.getitem(g, index=index)
    if indexing.is_basic(index):
        if not isinstance(taken, TracedArray):
            taken = copy_of(taken)  # a view of g, which is about to be cleared there
    else:
        taken = taken * indexing.last_writes(index, shape, like=taken)
    return fit_cotangent(unbroadcast(taken, written.shape), written)
