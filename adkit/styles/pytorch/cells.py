"""What a tensor tells a `%%grad` cell: how it becomes an input, and what is left of it afterwards.

A leaf that requires grad is an input as it stands. Any other tensor that is named as an input becomes a leaf for as
long as the cell runs, so that `backward` works on it there. Not for: choosing inputs and output (`adkit_jupyter`).
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from typing import Any

import numpy

from ...handle import TracedArray
from ...sweeps.order import ancestors
from .graph import leaf_tensors, new_leaf
from .tensors import Tensor

__adkit__ = True


def _value(self: Any) -> Any:
    """What the core computes with."""
    return self._h


def _become_input(self: Any, make: Callable[[Any], TracedArray]) -> TracedArray:
    """Become an input, in place: its handle."""
    inner = self._h
    if self.requires_grad and self.is_leaf:
        return inner
    plain = numpy.asarray(inner.value if isinstance(inner, TracedArray) else inner)
    handle = make(plain)
    if isinstance(inner, TracedArray) and inner.node is not None:
        handle.node.inputs = (inner.node,)
    self._before_cell = inner
    self._h = TracedArray(handle.node, plain)
    leaf_tensors[handle.node.id] = self
    return handle


def _ordinary(self: Any) -> Any:
    """The tensor as a plain cell would have left it."""
    inner = self._h
    before = self.__dict__.pop("_before_cell", None)
    if before is not None:
        leaf_tensors.pop(inner.node.id, None)
        self._grad = None if not isinstance(before, TracedArray) else self._grad
        self._h = before
    elif isinstance(inner, TracedArray):
        if self.is_leaf and self.requires_grad:  # the trace has the node of before, and a copy of its value
            self._h = new_leaf(self, inner.value, sys._getframe(1))
        elif not _has_leaf(inner):
            self._h = inner.value
    return self


def _has_leaf(inner: TracedArray) -> bool:
    """Whether a computed tensor depends on a leaf that requires grad outside of the cell too."""
    return inner.node is not None and any(node.id in leaf_tensors for node in ancestors([inner.node], 0)[0])


def _name(self: Any) -> str | None:
    """The name that a module gave it."""
    return self.__dict__.get("_name")


def _copy(self: Any, copies: Callable[[Any], Any]) -> Any:
    """A copy for a run in a namespace of its own; a computed tensor shares its history."""
    if not self.is_leaf:
        return copy.copy(self)
    return copy.deepcopy(self)


def _move(self: Any, value: Any) -> None:
    """Hold another value of the same shape, before anything is computed with it. Views of the memory follow."""
    inner = self._h
    held = inner.value if isinstance(inner, TracedArray) else inner
    if isinstance(held, numpy.ndarray) and held.flags.writeable:
        held[...] = value
    elif isinstance(inner, TracedArray):
        self._h = new_leaf(self, numpy.array(value, held.dtype), sys._getframe(1))
    else:
        self._h = numpy.array(value, held.dtype)


def attach() -> None:
    """Put the methods that a cell asks for on `Tensor`."""
    members = {"value": _value, "input": _become_input, "ordinary": _ordinary, "name": _name}
    members |= {"copy": _copy, "move": _move}
    for name, method in members.items():
        setattr(Tensor, f"__adkit_{name}__", method)
