"""Which instruction made a NaN or an infinity: found by walking a recorded program along what is not finite.

Three walks, over what the recording kept and the sweeps that it allows: from the outputs back along values, from the
inputs up along adjoints, from the outputs back along tangents. Each walk knows per element where it has to look, so
what a mask discards is not blamed. Not for: words (`nan_causes`), reports (`nan_origin`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy

from ..backends import to_numpy
from ..listing import Listing, ancestors_of
from ..nodes import INPUT, Node, Results, Unkept
from ..primitive import ELEMENTWISE, LINEAR
from ..sweeps.forward import ForwardPlan
from ..sweeps.reverse import pullback, reverse_sweep
from ..sweeps.values import read
from ..tracing import as_kept

__adkit__ = True

LARGEST_COPY = 4096
Mask = Any  # an array of bool in the shape of a variable
_ALL = numpy.ones((), bool)


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
        return None if math.isfinite(value) else _ALL
    if value is None or isinstance(value, Unkept):
        return None
    if isinstance(value, tuple):
        return _ALL if any(bad_elements(part) is not None for part in value) else None
    plain = numpy.asarray(to_numpy(value))
    if plain.dtype.kind not in "fc":
        return None
    finite = numpy.isfinite(plain)
    return None if finite.all() else ~finite if plain.ndim else _ALL


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
    for node in (*program.inputs, *program.nodes):
        value = program.value(node)
        if value is None and node.inputs:
            if any(type(i) is Node and i in bad for i in node.inputs):
                bad[node] = numpy.ones(node.shape, bool)
            continue
        found = bad_elements(value)
        if found is not None:
            bad[node] = found
    return bad


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
    return _first(faults, reached, towards, {node: program.value(node) for node in reached})


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
            reached.update(dict.fromkeys(guilty, _ALL))
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


def _first(
    faults: Sequence[Fault], marks: Mapping[Node, Mask], towards: Mapping[Node, Node], found: Mapping[Node, Any]
) -> Fault | None:
    """Of the faults the one that was recorded first, with the way from there."""
    if not faults:
        return None
    fault = min(faults, key=lambda f: f.node.id)
    return _with_path(fault, fault.node, marks, towards, found, len({f.node for f in faults}) - 1)


def _with_path(
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


# ------------------------------------------------------------------------------------------------ adjoints


def adjoints_of(program: Program, seeds: Sequence[tuple[Node, Any]]) -> dict[Node, Any]:
    """The adjoint of every variable, but of large arrays that are filled element by element."""
    seen: dict[Node, Any] = {}
    reverse_sweep(seeds, program.inputs, program.order, visit=lambda node, g: _keep(seen, node, g))
    return seen


def _keep(seen: dict[Node, Any], node: Node, value: Any) -> None:
    if isinstance(value, numpy.ndarray):
        if value.size > LARGEST_COPY and node.primitive.name in ("index_update", "index_add"):
            return
        value = value[()] if not value.ndim else value.copy() if value.size <= LARGEST_COPY else value
    seen[node] = value


def adjoint_fault(
    program: Program, seeds: Sequence[tuple[Node, Any]], adjoints: Mapping[Node, Any] | None = None
) -> Fault | None:
    """The instruction whose rule makes an adjoint of an input not finite; `None` if all are finite."""
    if adjoints is None:
        adjoints = adjoints_of(program, seeds)
    reached: dict[Node, Mask] = {}
    for node in program.inputs:
        mask = bad_elements(adjoints.get(node))
        if mask is not None:
            reached[node] = mask
    if not reached:
        return None
    consumers = program.consumers
    seeded = {node for node, g in seeds if bad_elements(g) is not None}
    towards: dict[Node, Node] = {}
    faults: list[Fault] = []
    with numpy.errstate(all="ignore"):
        for node in program.order:
            if node in reached:
                faults += _blame_consumers(program, node, consumers.get(node, ()), adjoints, reached, towards, seeded)
    if not faults:
        return None
    fault = max(faults, key=lambda f: f.node.id)
    start = fault.node if fault.operand is None else fault.node.inputs[fault.operand]
    return _with_path(fault, start, reached, towards, adjoints, len({f.node for f in faults}) - 1)


def _blame_consumers(
    program: Program,
    node: Node,
    consumers: Iterable[tuple[Node, int]],
    adjoints: Mapping[Node, Any],
    reached: dict[Node, Mask],
    towards: dict[Node, Node],
    seeded: set[Node],
) -> list[Fault]:
    """Pass the blame for the adjoint of a node on to the adjoints that it was computed from."""
    faults: list[Fault] = []
    explained = False
    for consumer, i in consumers:
        if consumer not in adjoints:
            continue
        g = adjoints[consumer]
        if type(g) is numpy.float64 and g != g and _hands_on(consumer, i):
            explained = True
            reached[consumer] = _ALL
            towards.setdefault(consumer, node)
            continue
        hit = bad_elements(contribution(program, consumer, i, g))
        if hit is None:
            continue
        arriving = bad_elements(g)
        if arriving is _ALL:  # a scalar: nothing to tell apart
            explained = True
            reached[consumer] = _ALL
            towards.setdefault(consumer, node)
            continue
        elementwise = consumer.primitive.kind == ELEMENTWISE
        if elementwise:
            hit = numpy.broadcast_to(hit, consumer.shape) & _spread(reached[node], consumer.shape)
            passed = hit & arriving if arriving is not None else numpy.zeros_like(hit)
            own = hit & ~passed
        else:
            passed = arriving if arriving is not None else numpy.zeros((), bool)
            own = hit if arriving is None else numpy.zeros((), bool)
        if numpy.any(passed):
            explained = True
            reached[consumer] = reached[consumer] | passed if consumer in reached else passed
            towards.setdefault(consumer, node)
        if numpy.any(own):
            explained = True
            faults.append(Fault("adjoint", consumer, i, first_index(own), g))
    if not explained:
        kind = "seed" if node in seeded else "sum"
        faults.append(Fault(kind, node, None, first_index(reached[node])))
    return faults


def _hands_on(node: Node, i: int) -> bool:
    """Whether the rule of a node surely hands a NaN on to operand i: all but the selections."""
    primitive = node.primitive
    return primitive.kind == ELEMENTWISE and primitive.partials[i] is not None and primitive.name not in _SELECTIONS


_SELECTIONS = frozenset({"where", "clip", "copysign", "heaviside", "strong_multiply"})


def _spread(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask over an operand as one over the result that it was broadcast to."""
    try:
        return numpy.broadcast_to(mask, shape)
    except ValueError:
        return numpy.ones(shape, bool)


def contribution(program: Program, node: Node, i: int, g: Any, strong: bool = True) -> Any:
    """What the rule of a node makes of its adjoint for operand i, before it is summed to the operand's shape.

    `None` where there is no derivative, and where a value that the rule reads was not kept.
    """
    if node.primitive.kind != ELEMENTWISE:
        try:
            return list(pullback(node, g, read))[i]
        except Exception:  # the rule reads what was not kept; its part in the matter stays unknown
            return None
    pull = node.primitive.products(numpy, strong)[i]
    if pull is None:
        return None
    values = [program.read(operand) for operand in node.inputs]
    try:
        return pull(g if type(g) is numpy.float64 else as_kept(to_numpy(g)), *values, program.read(node))
    except TypeError:  # likewise
        return None


def masked_products(program: Program, adjoints: Mapping[Node, Any]) -> list[Fault]:
    """The elementwise instructions whose partial is not finite where their adjoint is exactly 0, which is harmless.

    There an ordinary product 0 · inf would be NaN; adkit's strong zero keeps it out.
    """
    found = []
    with numpy.errstate(all="ignore"):
        for node in program.order:
            g = adjoints.get(node)
            if g is None or node.primitive.kind != ELEMENTWISE or not _has_zero(g):
                continue
            for i, operand in enumerate(node.inputs):
                if type(operand) is not Node:
                    continue
                weak = bad_elements(contribution(program, node, i, g, strong=False))
                if weak is None:
                    continue
                own = numpy.broadcast_to(weak, node.shape) & (numpy.asarray(to_numpy(g)) == 0)
                if own.any():
                    found.append(Fault("adjoint", node, i, first_index(own), g, (node,), {node: own}))
                    break
    return found


def _has_zero(g: Any) -> bool:
    if type(g) is numpy.float64:
        return bool(g == 0.0)
    return not isinstance(g, Results) and bool(numpy.any(numpy.asarray(to_numpy(g)) == 0))


# ------------------------------------------------------------------------------------------------ tangents


def tangents_of(program: Program, seeds: Sequence[Any]) -> dict[Node, Any]:
    """The tangent of every variable for tangents of the inputs in order, `None` for zero."""
    seen = {node: t for node, t in zip(program.inputs, seeds, strict=True) if t is not None}
    plan = ForwardPlan(program.outputs, program.inputs, program.order)
    plan.sweep(seeds, lambda node, t: _keep(seen, node, t))
    return seen


def tangent_fault(program: Program, seeds: Sequence[Any], tangents: Mapping[Node, Any] | None = None) -> Fault | None:
    """The instruction whose rule makes a tangent of an output not finite; `None` if all are finite."""
    if tangents is None:
        tangents = tangents_of(program, seeds)
    reached: dict[Node, Mask] = {}
    for node in program.outputs:
        mask = bad_elements(tangents.get(node))
        if mask is not None:
            reached[node] = mask
    towards: dict[Node, Node] = {}
    faults: list[Fault] = []
    inputs = set(program.inputs)
    with numpy.errstate(all="ignore"):
        for node in reversed(program.order):
            if node not in reached:
                continue
            if node in inputs:
                faults.append(Fault("seed", node, None, first_index(reached[node])))
            else:
                faults += _blame_operands(program, node, tangents, reached, towards)
    return _first(faults, reached, towards, tangents)


def _blame_operands(
    program: Program,
    node: Node,
    tangents: Mapping[Node, Any],
    reached: dict[Node, Mask],
    towards: dict[Node, Node],
) -> list[Fault]:
    """Pass the blame for the tangent of a node on to the tangents that it was computed from."""
    elementwise = node.primitive.kind == ELEMENTWISE
    mask = reached[node]
    faults: list[Fault] = []
    unknown: int | None = None
    explained = False
    for i, operand in enumerate(node.inputs):
        if type(operand) is not Node or operand not in tangents:
            continue
        unknown = i if unknown is None else unknown
        t = tangents[operand]
        arriving = bad_elements(t)
        if elementwise:
            part = bad_elements(contribution(program, node, i, t))
            if part is None:
                continue
            hit = numpy.broadcast_to(part, node.shape) & mask
            passed = hit & numpy.broadcast_to(arriving, node.shape) if arriving is not None else numpy.zeros_like(hit)
            own = hit & ~passed
            if numpy.any(own):
                explained = True
                faults.append(Fault("tangent", node, i, first_index(own), t))
            through = collapsed(passed, numpy.shape(arriving)) if arriving is not None else passed
        else:
            through = arriving if arriving is not None else numpy.zeros((), bool)
        if numpy.any(through):
            explained = True
            reached[operand] = reached[operand] | through if operand in reached else through
            towards[operand] = node
    if not explained:
        whole = not elementwise and unknown is not None
        faults.append(Fault("tangent" if whole else "sum", node, unknown if whole else None, first_index(mask)))
    return faults
