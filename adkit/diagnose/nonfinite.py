"""Which instruction made a NaN or an infinity: found by walking a recorded program along what is not finite.

A walk from the outputs back along the values that the recording kept. It knows per element where it has to look, so
what a mask discards is not blamed. Not for: adjoints and tangents (`nonfinite_sweeps`), words (`nan_causes`), reports
(`nan_origin`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy

from ..backends import to_numpy
from ..listing import Listing, ancestors_of
from ..nodes import INPUT, Node, Unkept
from ..primitive import ELEMENTWISE, LINEAR
from ..sweeps.reverse import pullback
from ..sweeps.values import read
from ..tracing import as_kept
from . import units

__adkit__ = True

Mask = Any  # an array of bool in the shape of a variable
EVERYWHERE = numpy.ones((), bool)


@dataclass
class Program:
    """What the walks need of a recording.

    Attributes
    ----------
    nodes: all instructions that the outputs were computed from, in order, without the inputs.
    order: inputs and instructions on which derivatives depend, in order.
    values: values of outputs that their nodes did not keep.
    """

    listing: Listing
    inputs: list[Node]
    outputs: list[Node]
    order: list[Node]
    source: Any = None
    values: Mapping[Node, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.nodes = ancestors_of(self.outputs, self.inputs)

    @functools.cached_property
    def consumers(self) -> dict[Node, list[tuple[Node, int]]]:
        """For each variable the instructions that use it, and as which operand."""
        found: dict[Node, list[tuple[Node, int]]] = {}
        for node in self.nodes:
            for i, operand in enumerate(node.inputs):
                if type(operand) is Node:
                    found.setdefault(operand, []).append((node, i))
        return found

    def value(self, node: Node) -> Any:
        """The value of a node, `None` where it was not kept."""
        return self.values.get(node) if node.value is None else node.value

    def read(self, operand: Any) -> Any:
        """The plain value of an operand, in memory."""
        value = self.value(operand) if type(operand) is Node else operand
        if type(value) is numpy.float64:
            return value
        return None if value is None or isinstance(value, Unkept) else as_kept(to_numpy(value))


@dataclass(frozen=True)
class Fault:
    """Where something not finite came into being.

    Attributes
    ----------
    kind: "input", "constant" (a constant operand holds it), "value" (the operation made it), "adjoint" or "tangent"
        (the derivative of the operation made it), "sum" (contributions to an adjoint add up to it), "seed".
    node: the instruction, or the input.
    operand: for a constant which one; for a derivative by which operand.
    index: the first element that is concerned, of the instruction's result (of the operand where the rule is not
        elementwise).
    arriving: the adjoint or tangent that the rule was applied to.
    path: the variables that it went on to, beginning with the first.
    marks: per variable of the path where it is not finite.
    found: the values, adjoints or tangents of the variables of the path.
    others: how many more instructions are to blame.
    """

    kind: str
    node: Node
    operand: int | None
    index: tuple[int, ...]
    arriving: Any = None
    path: tuple[Node, ...] = ()
    marks: Mapping[Node, Mask] = field(default_factory=dict)
    found: Mapping[Node, Any] = field(default_factory=dict)
    others: int = 0


# ------------------------------------------------------------------------------------------------ elements


def bad_elements(value: Any) -> Mask | None:
    """Where a value is not finite; `None` where it is finite throughout, or not known."""
    if type(value) is numpy.float64 or type(value) is float:
        return None if math.isfinite(value) else EVERYWHERE
    if value is None or isinstance(value, Unkept):
        return None
    if isinstance(value, tuple):
        return EVERYWHERE if any(bad_elements(part) is not None for part in value) else None
    plain = numpy.asarray(to_numpy(value))
    if plain.dtype.kind not in "fc":
        return None
    finite = numpy.isfinite(plain)
    return None if finite.all() else ~finite if plain.ndim else EVERYWHERE


def first_index(mask: Mask) -> tuple[int, ...]:
    """The index of the first element of a mask."""
    if not numpy.ndim(mask):
        return ()
    return tuple(int(i) for i in numpy.unravel_index(int(numpy.argmax(mask)), numpy.shape(mask)))


def element(value: Any, index: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """The element of an operand that meets an element of a result of the given shape; `None` if there is none."""
    if value is None or isinstance(value, tuple):
        return None
    plain = numpy.asarray(to_numpy(value))
    try:
        return numpy.broadcast_to(plain, shape)[index]
    except (ValueError, IndexError):
        return None


def collapsed(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask over a result as one over an operand that was broadcast to it."""
    mask = numpy.asarray(mask)
    if mask.shape == shape:
        return mask
    extra = mask.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(shape) if n == 1 != mask.shape[i + extra])
    return mask.any(axis=axes, keepdims=False).reshape(shape)


# ------------------------------------------------------------------------------------------------ values


def bad_values(program: Program) -> dict[Node, Mask]:
    """The variables that hold something not finite, and where; one whose value was not kept counts as its operands."""
    bad: dict[Node, Mask] = {}
    values = {node: program.value(node) for node in (*program.inputs, *program.nodes)}
    finite = _finite(values)
    for node, value in values.items():
        if node in finite:
            continue
        if value is None and node.inputs:
            if any(type(i) is Node and i in bad for i in node.inputs):
                bad[node] = numpy.ones(node.shape, bool)
            continue
        found = bad_elements(value)
        if found is not None:
            bad[node] = found
    return bad


def _finite(values: Mapping[Node, Any]) -> set[Node]:
    """The variables whose values are small arrays without anything that is not finite, found out for many at once."""
    return {node for node, fine in of_small_arrays(values, lambda rows: numpy.isfinite(rows).all(axis=1)) if fine}


def of_small_arrays(values: Mapping[Node, Any], test: Callable[[Any], Any]) -> Iterator[tuple[Node, bool]]:
    """The variables whose values are small arrays, and what a test of rows says of each."""
    nodes = [node for node, value in values.items() if type(value) is numpy.ndarray]
    for places in units.by_shape(units.shape_of(values[node]) for node in nodes):
        found = test(units.rows_of([values[nodes[i]] for i in places])).tolist()
        yield from zip((nodes[i] for i in places), found, strict=True)


def value_fault(program: Program, bad: Mapping[Node, Mask]) -> Fault | None:
    """The instruction to blame for outputs that are not finite; `None` if all are finite."""
    reached: dict[Node, Mask] = {node: bad[node] for node in program.outputs if node in bad}
    towards: dict[Node, Node] = {}
    faults: list[Fault] = []
    inputs = set(program.inputs)
    for node in (*reversed(program.nodes), *reversed(program.inputs)):
        mask = reached.get(node)
        if mask is None:
            continue
        if node in inputs:
            faults.append(Fault("input", node, None, first_index(mask)))
        else:
            faults += _step(program, node, mask, bad, reached, towards)
    return first_of(faults, reached, towards, {node: program.value(node) for node in reached})


def _step(
    program: Program,
    node: Node,
    mask: Mask,
    bad: Mapping[Node, Mask],
    reached: dict[Node, Mask],
    towards: dict[Node, Node],
) -> list[Fault]:
    """Pass the blame for elements of a node on to its operands, and say what is left with the node itself."""
    if not node.shape and node.primitive.kind == ELEMENTWISE and node.primitive.name != "where":
        guilty = [i for i in node.inputs if type(i) is Node and i in bad]
        if guilty:  # a scalar: nothing to tell apart
            reached.update(dict.fromkeys(guilty, EVERYWHERE))
            towards.update(dict.fromkeys(guilty, node))
            return []
    own = numpy.array(mask)
    faults = []
    for i, operand in enumerate(node.inputs):
        of_operand = bad.get(operand) if type(operand) is Node else bad_elements(operand)
        if of_operand is None:
            continue
        covered, passed = _passed(program, node, i, mask, of_operand)
        own &= ~covered
        if not numpy.any(passed):
            continue
        if type(operand) is Node:
            reached[operand] = reached[operand] | passed if operand in reached else passed
            towards[operand] = node
        else:
            faults.append(Fault("constant", node, i, first_index(passed)))
    if own.any() and not faults and node.primitive.kind == LINEAR:
        guilty = [i for i in node.inputs if type(i) is Node and i in bad]
        if guilty and not any(towards.get(i) is node for i in guilty):  # weights that cancel told them not apart
            reached.update({i: bad[i] for i in guilty})
            towards.update(dict.fromkeys(guilty, node))
            return []
    if own.any() and not faults:
        faults.append(Fault("value", node, None, first_index(own)))
    return faults


def _passed(program: Program, node: Node, i: int, mask: Mask, of_operand: Mask) -> tuple[Mask, Mask]:
    """Which elements of the result operand i explains, and which of its own elements do."""
    if node.primitive.kind == ELEMENTWISE:
        covered = numpy.broadcast_to(of_operand, node.shape) & mask
        if node.primitive.name == "where":
            chosen = program.read(node.inputs[0])
            if chosen is not None and i:
                covered = covered & (chosen if i == 1 else ~numpy.asarray(chosen, bool))
        return covered, collapsed(covered, numpy.shape(of_operand))
    reach = of_operand
    operand = node.inputs[i]
    if node.primitive.kind == LINEAR and type(operand) is Node and object not in (node.dtype, operand.dtype):
        reach = of_operand & _pulled(node, i, mask, numpy.shape(of_operand))
    return (mask if numpy.any(reach) else numpy.zeros_like(mask)), reach


def _pulled(node: Node, i: int, mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Which elements of a linear operation's operand reach the masked elements of its result."""
    try:
        with numpy.errstate(all="ignore"):
            found = list(pullback(node, numpy.asarray(mask, float)[()], read))[i]
    except Exception:  # a rule that insists on another library or dtype; then all elements may
        return numpy.ones(shape, bool)
    return (
        numpy.broadcast_to(numpy.asarray(to_numpy(found)), shape) != 0
        if found is not None
        else numpy.zeros(shape, bool)
    )


def made_values(program: Program, bad: Mapping[Node, Mask]) -> list[Fault]:
    """Every instruction that makes something not finite out of finite operands, whether or not it matters."""
    found = []
    for node in program.nodes:
        mask = bad.get(node)
        if mask is None or program.value(node) is None or node.primitive is INPUT:
            continue
        own = numpy.array(mask)
        for i, operand in enumerate(node.inputs):
            of_operand = bad.get(operand) if type(operand) is Node else bad_elements(operand)
            if of_operand is not None:
                own &= ~_passed(program, node, i, mask, of_operand)[0]
        if own.any():
            found.append(Fault("value", node, None, first_index(own), path=(node,), marks={node: own}))
    return found


def first_of(
    faults: Sequence[Fault], marks: Mapping[Node, Mask], towards: Mapping[Node, Node], found: Mapping[Node, Any]
) -> Fault | None:
    """Of the faults the one that was recorded first, with the way from there."""
    if not faults:
        return None
    fault = min(faults, key=lambda f: f.node.id)
    return with_path(fault, fault.node, marks, towards, found, len({f.node for f in faults}) - 1)


def with_path(
    fault: Fault,
    start: Node,
    marks: Mapping[Node, Mask],
    towards: Mapping[Node, Node],
    found: Mapping[Node, Any],
    others: int,
) -> Fault:
    path = [start]
    while path[-1] in towards:
        path.append(towards[path[-1]])
    kept = {node: marks[node] for node in path if node in marks}
    values = {node: found[node] for node in path if node in found}
    return replace(fault, path=tuple(path), marks=kept, found=values, others=others)
