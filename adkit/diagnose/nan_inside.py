"""What is not finite inside of the body of an instruction such as `scan`: the operation there that makes it.

The recorded operations of the body are evaluated once more on the values with which its pieces began; the user's code
does not run. Of a derivative the operation whose slope is infinite is named. Not for: faults outside of bodies
(`nonfinite`), words about them (`nan_words`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy

from .. import formatting
from ..backends import to_numpy
from ..dtypes import numpy_dtype
from ..nodes import INPUT, Node, state
from ..primitive import ELEMENTWISE
from ..primitives.control import Construct
from . import nonfinite
from .nan_causes import Cause, Site, partial_cause, texts_of, value_cause

__adkit__ = True

Described = Callable[[Node], tuple[str, str | None]]  # an operation with its line, and its piece of source


@dataclass(frozen=True)
class Inside:
    """An operation inside of a body: its source and line, its result and where, why; `time` counts from 1 how often it
    had run, 0 is unknown.
    """

    described: str
    result: Any
    index: tuple[int, ...]
    cause: Cause
    time: int

    @property
    def when(self) -> str:
        """Which time the operation ran, where that was not the first."""
        if self.time < 2:
            return ""
        ending = "th" if self.time % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(self.time % 10, "th")
        return f" the {self.time}{ending} time that it runs"


def of_value(node: Node, described: Described) -> Inside | None:
    """The first operation inside of an instruction that makes something not finite out of what is finite."""
    for inner, values, time in _steps(node):
        bad = nonfinite.bad_elements(values.get(inner))
        if bad is None or any(nonfinite.bad_elements(_read(i, values)) is not None for i in inner.inputs):
            continue
        if isinstance(inner.primitive, Construct):
            deeper = of_value(inner, described)
            if deeper is not None:
                return replace(deeper, time=0)
        index = nonfinite.first_index(bad)
        text, snippet = described(inner)
        site = _site(inner, values, index, snippet)
        return Inside(text, site.result, index, value_cause(site), time)
    return None


def of_derivative(node: Node, described: Described) -> Inside | None:
    """The last operation inside of an instruction, which a reverse sweep meets first, whose slope is not finite."""
    found = None
    for inner, values, time in _steps(node):
        if isinstance(inner.primitive, Construct):
            deeper = of_derivative(inner, described)
            found = found if deeper is None else replace(deeper, time=0)
            continue
        if inner.primitive.kind != ELEMENTWISE:
            continue
        operands = [_read(i, values) for i in inner.inputs]
        plain = [numpy.float64(v) if type(v) in (int, float) else v for v in operands]
        for i, operand in enumerate(inner.inputs):
            if type(operand) is not Node or inner.primitive.partials[i] is None:
                continue
            with numpy.errstate(all="ignore"):
                slope = inner.primitive.partial(i, numpy)(*plain, values.get(inner))
            bad = nonfinite.bad_elements(numpy.broadcast_to(slope, inner.shape)[()])
            if bad is not None:
                index = nonfinite.first_index(bad)
                text, snippet = described(inner)
                site = _site(inner, values, index, snippet)
                found = Inside(text, site.result, index, partial_cause(site, i), time)
    return found


def _steps(node: Node) -> Iterator[tuple[Node, Mapping[Node, Any], int]]:
    """The operations inside in order, each with the values around it and how often its place in the source was met."""
    met: dict[tuple[int, int], int] = {}
    for piece in (node.params or {})["body"].pieces:
        values = _values(piece)
        if values is None:
            return
        given = {*piece.inputs, *piece.closures}
        for inner in piece.steps:
            if inner in given or inner.primitive is INPUT:
                continue
            place = (id(inner.code), inner.lasti)
            met[place] = met.get(place, 0) + 1
            yield inner, values, met[place]


def _values(piece: Any) -> dict[Node, Any] | None:
    """The values of a piece, `None` where what it began with was not kept."""
    begun = [node.value for node in piece.inputs]
    around = {node: node.value for node in piece.closures}
    if any(value is None for value in (*begun, *around.values())):
        return None
    before, state.replaying = state.replaying, True
    try:
        with numpy.errstate(all="ignore"):
            made = piece.evaluate(begun, around, False)
    finally:
        state.replaying = before
    return {node: value if isinstance(value, tuple) else to_numpy(value) for node, value in made.items()}


def _read(operand: Any, values: Mapping[Node, Any]) -> Any:
    return values.get(operand) if type(operand) is Node else operand


def _site(node: Node, values: Mapping[Node, Any], index: tuple[int, ...], snippet: str | None) -> Site:
    found: list[Any] = [None] * len(node.inputs)
    if node.primitive.kind == ELEMENTWISE:
        found = [nonfinite.element(_read(i, values), index, node.shape) for i in node.inputs]
    labels = ["its operand" if type(i) is Node else formatting.value(i) for i in node.inputs]
    return Site(
        node.primitive.name,
        tuple(found),
        nonfinite.element(values.get(node), index, node.shape),
        texts_of(None if node.lasti & 1 else snippet, labels, node.primitive.name),
        dtype=numpy_dtype(node) if node.dtype != object else numpy.dtype(float),
    )
