"""The forward sweep: from tangents of the inputs to tangents of everything after them.

A tangent that is absent is zero; the strong zero is handled as in the reverse sweep (see there). Not for: packing of
results.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ..backends import namespace_of, setitem
from ..handle import TracedArray
from ..nodes import INPUT, Node, state
from ..primitive import ELEMENTWISE, GENERAL, LINEAR, MULTILINEAR
from ..primitives.indexing import index_update
from .reverse import PLAIN_TYPES, decided_nan, divisible, has_nan
from .values import FLOAT64, fit_tangent, read, read_recorded, result_of, seed_for

__adkit__ = True

Visit = Callable[[Node, Any], None]
_DOUBLES = (FLOAT64, float)


class ForwardPlan:
    """The nodes between some inputs and outputs, in order, and where each tangent is used last; reusable for many
    seeds.
    """

    def __init__(
        self, outputs: Sequence[Node], inputs: Sequence[Node], order: list[Node], recorded: bool = False
    ) -> None:
        self.order = order
        self.recorded = recorded
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.last_use: dict[Node, Node] = {}
        for node in self.order:
            for parent in node.inputs:
                if type(parent) is Node:
                    self.last_use[parent] = node
        for node in outputs:
            self.last_use.pop(node, None)

    def sweep(self, tangents: Sequence[Any], visit: Visit | None = None) -> list[Any]:
        """The tangents of the outputs for given tangents of the inputs (`None` is zero); `None` where there is none."""
        result = self._sweep(tangents, visit, self.recorded, strong=visit is not None)
        if visit is not None:
            return result
        if decided_nan(result) if self.recorded else any(has_nan(t) for t in result):
            result = self._sweep(tangents, visit, self.recorded, strong=True)
        return result

    def run(self, tangents: Sequence[Any], visit: Visit) -> None:
        """One pass without the strong zero, for its duration: `visit` gets each node when its tangent is known."""
        self._sweep(tangents, visit, self.recorded, strong=False)

    def _sweep(self, seeds: Sequence[Any], visit: Visit | None, recorded: bool, strong: bool) -> list[Any]:
        tangents = {node: seed_for(t, recorded) for node, t in zip(self.inputs, seeds, strict=True) if t is not None}
        owned: set[Node] = set()
        operand = read_recorded if recorded else read
        span = state.span
        with numpy.errstate(all="ignore"):
            try:
                for node in self.order:
                    if node not in tangents:
                        if recorded:
                            state.span = (node.code, node.lasti)
                        self._push(node, tangents, owned, operand, recorded, strong)
                    if visit is not None and node in tangents:
                        visit(node, tangents[node])
            finally:
                state.span = span
        return [tangents.get(node) for node in self.outputs]

    def _push(
        self, node: Node, tangents: dict[Node, Any], owned: set[Node], operand: Any, recorded: bool, strong: bool
    ) -> None:
        primitive = node.primitive
        inputs = node.inputs
        incoming = [tangents.get(i) if type(i) is Node else None for i in inputs]
        for t in incoming:
            if t is not None:
                del t  # `_is_held_once` counts references
                break
        else:
            return
        if primitive.kind == ELEMENTWISE:
            tangent = None if recorded or strong or not primitive.direct else _push_directly(node, inputs, incoming)
            if tangent is None:
                tangent = _push_elementwise(node, incoming, operand, recorded, strong)
        elif primitive is index_update:
            tangent = self._update(node, incoming, owned)
        else:
            tangent = pushforward(node, incoming, operand)
        if tangent is None:
            return
        if type(tangent) is not numpy.float64 or node.shape or node.dtype not in _DOUBLES:
            kind = getattr(tangent, "dtype", None)  # a real result may have got a complex tangent
            if getattr(tangent, "shape", ()) != node.shape or node.dtype is not FLOAT64 or kind is not FLOAT64:
                tangent = fit_tangent(tangent, node)
        tangents[node] = tangent
        if owned and primitive is not index_update:
            disown(node, incoming, tangent, owned)
        if recorded:
            return
        last_use = self.last_use
        for parent in inputs:
            if type(parent) is Node and last_use.get(parent) is node and parent not in self.inputs:
                tangents.pop(parent, None)

    def _update(self, node: Node, incoming: list[Any], owned: set[Node]) -> Any:
        """The tangent of an assignment: written in place where the old tangent is used no more."""
        target = node.inputs[0]
        last = type(target) is Node and self.last_use.get(target) is node
        own = last and (target in owned or (type(incoming[0]) is numpy.ndarray and _is_held_once(incoming)))
        if own and not any(isinstance(t, TracedArray) for t in incoming):
            tangent = incoming[0]
            setitem(tangent, node.params["index"], 0.0 if incoming[1] is None else incoming[1])  # type: ignore[index]
        else:
            tangent = pushforward(node, incoming, read)
        owned.add(node)
        return tangent


def _references(tangents: list[Any]) -> int:
    return sys.getrefcount(tangents[0])


def _count_of_one() -> int:
    """`_references` of an array that only the sweep's dictionary holds, besides the list itself."""
    kept = {0: numpy.zeros(1)}
    return _references([kept[0]])


_HELD_ONCE = _count_of_one()


def _is_held_once(incoming: list[Any]) -> bool:
    """Whether the first of some tangents is an array of its own that nobody but the sweep holds: no view, no seed."""
    t = incoming[0]
    alone = t.base is None and t.flags.writeable
    del t
    return alone and _references(incoming) == _HELD_ONCE


def disown(node: Node, incoming: list[Any], tangent: Any, owned: set[Node]) -> None:
    """Give up the buffers that `tangent` may share, so that a later assignment copies them first."""
    if isinstance(tangent, tuple):
        owned.difference_update(parent for parent in node.inputs if type(parent) is Node)
    if not getattr(tangent, "shape", ()):
        return
    for parent, t in zip(node.inputs, incoming, strict=True):
        if t is not None and parent in owned:
            if tangent is t or type(tangent) is not numpy.ndarray or tangent.base is not None:
                owned.discard(parent)


def _push_directly(node: Node, inputs: tuple[Any, ...], incoming: list[Any]) -> Any:
    """`_push_elementwise` of one or two operands whose tangents are NumPy's; `None` where they are not."""
    t = incoming[0]
    pulls = node.primitive.pulls
    a = inputs[0]
    a = a.value if type(a) is Node else a
    if len(incoming) == 1:
        return pulls[0](t, a, node.value) if type(t) in PLAIN_TYPES and pulls[0] is not None else None
    s = incoming[1]
    b = inputs[1]
    b = b.value if type(b) is Node else b
    tangent = None
    if t is not None and pulls[0] is not None:
        if type(t) not in PLAIN_TYPES:
            return None
        tangent = pulls[0](t, a, b, node.value)
    if s is None or pulls[1] is None:
        return tangent
    if type(s) not in PLAIN_TYPES:
        return None
    if tangent is None:
        return pulls[1](s, a, b, node.value)
    if type(tangent) is numpy.ndarray and type(s) is numpy.ndarray:
        if node.primitive.partials[1] == "-1":
            return tangent - s
        return _sum(tangent, pulls[1](s, a, b, node.value), s)
    return tangent + pulls[1](s, a, b, node.value)


def _push_elementwise(node: Node, incoming: list[Any], operand: Any, recorded: bool, strong: bool) -> Any:
    """Σ tangent · partial over the operands that have a tangent."""
    primitive = node.primitive
    values = [operand(i) for i in node.inputs]
    if strong:
        values = [divisible(value) for value in values]
    given = next(t for t in incoming if t is not None)
    y = TracedArray(node, node.value) if recorded else node.value
    if recorded or any(isinstance(t, TracedArray) for t in incoming):
        pushes = primitive.products(None, strong)
    else:
        plain = type(given) is numpy.ndarray or isinstance(given, (numpy.generic, float))
        pushes = primitive.products(numpy if plain else namespace_of((given, *values)), strong)
    tangent = None
    for i, (t, push) in enumerate(zip(incoming, pushes, strict=True)):
        if t is not None and push is not None:
            if tangent is None:
                tangent = push(t, *values, y)
            elif type(tangent) is numpy.ndarray and type(t) is numpy.ndarray:
                tangent = tangent - t if primitive.partials[i] == "-1" else _sum(tangent, push(t, *values, y), t)
            else:
                tangent = tangent + push(t, *values, y)
    return tangent


def _sum(tangent: numpy.ndarray, term: Any, t: numpy.ndarray) -> Any:
    """tangent + term, in the array of the term where that was made for it: large ones cost as much to allocate."""
    if type(term) is numpy.ndarray and term is not t and term.base is None and term.dtype == tangent.dtype:
        if term.shape == tangent.shape and term.flags.writeable:
            return numpy.add(tangent, term, out=term)
    return tangent + term


def pushforward(node: Node, incoming: list[Any], operand: Any) -> Any:
    """The tangent of a node that is not elementwise, from the tangents of its operands."""
    primitive = node.primitive
    params = node.params or {}
    inputs = node.inputs
    if primitive is INPUT:
        return incoming[0]
    if primitive.kind == LINEAR:
        return primitive(*_with_zeros(incoming, inputs), **params)
    if primitive.kind == MULTILINEAR:
        values = [operand(i) for i in inputs]
        tangent = None
        for i, t in enumerate(incoming):
            if t is not None:
                term = primitive(*values[:i], t, *values[i + 1 :], **params)
                tangent = term if tangent is None else tangent + term
        return tangent
    if primitive.kind == GENERAL:
        out = result_of(node, operand is read_recorded)
        return primitive.jvp(incoming, out, *(operand(i) for i in inputs), **params)
    return None


def _with_zeros(incoming: list[Any], inputs: Sequence[Any]) -> list[Any]:
    """Tangents of the operands of a linear row, zeros where there is none."""
    from ..numpy.creation import zeros_of

    like = next(t for t in incoming if t is not None)
    return [zeros_of(i, like=like) if t is None else t for t, i in zip(incoming, inputs, strict=True)]
