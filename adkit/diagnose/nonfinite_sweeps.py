"""Which instruction's rule made an adjoint or a tangent that is not finite: walks along the sweeps of a program.

From the inputs up along adjoints, and from the outputs back along tangents; each knows per element where it has to
look. Not for: values (`nonfinite`), words (`nan_causes`), reports (`nan_origin`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy

from ..backends import to_numpy
from ..nodes import Node, Results
from ..primitive import ELEMENTWISE
from ..sweeps.forward import ForwardPlan
from ..sweeps.reverse import pullback, reverse_sweep
from ..sweeps.values import read
from ..tracing import as_kept
from .nonfinite import (
    EVERYWHERE,
    Fault,
    Mask,
    Program,
    bad_elements,
    collapsed,
    first_index,
    first_of,
    of_small_arrays,
    with_path,
)

__adkit__ = True

LARGEST_COPY = 4096


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
    return with_path(fault, start, reached, towards, adjoints, len({f.node for f in faults}) - 1)


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
            reached[consumer] = EVERYWHERE
            towards.setdefault(consumer, node)
            continue
        hit = bad_elements(contribution(program, consumer, i, g))
        if hit is None:
            continue
        arriving = bad_elements(g)
        if arriving is EVERYWHERE:  # a scalar: nothing to tell apart
            explained = True
            reached[consumer] = EVERYWHERE
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
    without_zero = {node for node, fine in of_small_arrays(adjoints, lambda rows: (rows != 0).all(axis=1)) if fine}
    with numpy.errstate(all="ignore"):
        for node in program.order:
            g = adjoints.get(node)
            if g is None or node in without_zero or node.primitive.kind != ELEMENTWISE or not _has_zero(g):
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
    return first_of(faults, reached, towards, tangents)


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
