"""The reverse sweep: from cotangents of the outputs to cotangents (adjoints) of everything before them.

The strong zero. In elementwise rules a cotangent of exactly 0 contributes exactly 0, so a masked branch gives no NaN.
Paying for that at every instruction would be slow, and it matters only where a NaN appears: so the sweep runs with
plain products, and is repeated with strong ones if a NaN came out. (Rules are linear in the cotangent, so a NaN that
arises stays one on its way.)

Not for: what is differentiated and how results are packed (`transforms`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy

from ..backends import namespace_of
from ..dtypes import numpy_dtype
from ..handle import TracedArray, is_traced
from ..nodes import INPUT, Node, Results, open_recording, state
from ..primitive import ELEMENTWISE, GENERAL, LINEAR, MULTILINEAR
from ..primitives.elementwise import isnan
from ..primitives.indexing import getitem, index_update
from ..primitives.reduction import any_
from . import buffers
from .order import active, ancestors
from .values import FLOAT64, fit_cotangent, read, read_recorded, result_of, seed_for

__adkit__ = True

Visit = Callable[[Node, Any], None]
PLAIN_TYPES = frozenset({numpy.ndarray, numpy.float64, numpy.float32, numpy.float16, numpy.complex128, numpy.complex64})


def reverse_sweep(
    outputs: Sequence[tuple[Node, Any]],
    inputs: Sequence[Node],
    order: list[Node],
    recorded: bool = False,
    visit: Visit | None = None,
) -> list[Any]:
    """The cotangents of `inputs` for given cotangents of `outputs`; `None` for an input that no output depends on.

    Parameters
    ----------
    outputs: pairs of a node and its cotangent, which has the node's shape.
    inputs: the nodes to stop at.
    order: the nodes between them, see `order.ancestors`.
    recorded: record the sweep itself, which an enclosing recording needs.
    visit: called with each node and its final cotangent, the last node first.
    """
    if visit is not None:
        return _visited(order, outputs, inputs, recorded, visit)
    if recorded:
        result = _sweep(order, outputs, inputs, None, True, False)
        return _sweep(order, outputs, inputs, None, True, strong=True) if decided_nan(result) else result
    result = run_plain(order, outputs, inputs)
    for g in result:
        if g != g if type(g) is numpy.float64 else has_nan(g):
            return _sweep(order, outputs, inputs, None, False, strong=True)
    return result


def _visited(
    order: list[Node], outputs: Sequence[tuple[Node, Any]], inputs: Sequence[Node], recorded: bool, visit: Visit
) -> list[Any]:
    """The sweep with a visit of every node, which sees the strong sweep's cotangents if a NaN turned up anywhere."""
    found = False

    def watch(node: Node, g: Any) -> None:
        nonlocal found
        found = found or (bool(g != g) if type(g) is numpy.float64 else has_nan(g))
        visit(node, g)

    if recorded:
        result = _sweep(order, outputs, inputs, watch, True, False)
    else:
        result = run_plain(order, outputs, inputs, watch)
    return _sweep(order, outputs, inputs, visit, recorded, strong=True) if found else result


def _sweep(
    order: list[Node],
    outputs: Sequence[tuple[Node, Any]],
    inputs: Sequence[Node],
    visit: Visit | None,
    recorded: bool,
    strong: bool,
) -> list[Any]:
    cotangents: dict[Node, Any] = {}
    owned: set[Node] = set()
    stop = set(inputs)
    for node, g in outputs:
        g = seed_for(g, recorded)
        cotangents[node] = g if node not in cotangents else cotangents[node] + g
    operand = read_recorded if recorded else read
    span = state.span if recorded else None
    with numpy.errstate(all="ignore"):
        try:
            for node in reversed(order):
                g = cotangents.get(node)
                if g is None:
                    continue
                if visit is not None:
                    visit(node, g)
                if node in stop:
                    continue
                del cotangents[node]
                primitive = node.primitive
                if primitive.kind != ELEMENTWISE:
                    if recorded:
                        state.span = (node.code, node.lasti)
                    if primitive is getitem or primitive is index_update:
                        buffers.pull(node, g, cotangents, owned)
                    else:
                        _add(node, pullback(node, g, operand), cotangents)
                else:
                    if recorded:
                        state.span = (node.code, node.lasti)
                    _add(node, _products(node, g, operand, recorded, strong), cotangents)
        finally:
            if recorded:
                state.span = span
    return [cotangents.get(node) for node in inputs]


def run_plain(
    order: list[Node], outputs: Sequence[tuple[Node, Any]], inputs: Sequence[Node], visit: Visit | None = None
) -> list[Any]:
    """`_sweep` for numbers, without the strong zero: what every gradient runs, in one loop without further calls."""
    cotangents: dict[Node, Any] = {}
    arrived: dict[Node, Any] = {}
    owned: set[Node] = set()
    stop = set(inputs)
    for node, g in outputs:
        cotangents[node] = g if node not in cotangents else cotangents[node] + g
    take = cotangents.pop
    with numpy.errstate(all="ignore"):
        for node in reversed(order):
            g = take(node, None)
            if g is None:
                continue
            if visit is not None:
                visit(node, g)
            if node in stop:
                arrived[node] = g
                continue
            primitive = node.primitive
            if primitive.kind != ELEMENTWISE:
                if primitive is getitem or primitive is index_update:
                    buffers.pull(node, g, cotangents, owned)
                else:
                    _add(node, pullback(node, g, read), cotangents)
                continue
            if not primitive.direct or not primitive.smooth or type(g) not in PLAIN_TYPES:
                _add(node, _products(node, g, read, False, False), cotangents)
                continue
            operands = node.inputs
            dtype = node.dtype
            parent = operands[0]
            if len(operands) == 1:
                contribution = primitive.pulls[0](g, parent.value, node.value)
            elif type(parent) is not Node:
                left, parent = operands
                contribution = primitive.pulls[1](g, left, parent.value, node.value)
            else:
                right = operands[1]
                if type(right) is not Node:
                    contribution = primitive.pulls[0](g, parent.value, right, node.value)
                else:
                    _pull_right(node, g, parent, right, cotangents, owned)
                    if primitive.pulls[0] is None:
                        continue
                    contribution = primitive.pulls[0](g, parent.value, right.value, node.value)
            if parent.dtype is not dtype or (dtype is not FLOAT64 and dtype is not float) or parent.shape != node.shape:
                contribution = fit_cotangent(contribution, parent)
            if parent in cotangents:
                _add_one(parent, contribution, cotangents, owned)
            else:
                cotangents[parent] = contribution
    return [arrived.get(node) for node in inputs]


def _pull_right(node: Node, g: Any, left: Node, right: Node, cotangents: dict[Node, Any], owned: set[Node]) -> None:
    """Add the contribution of a node with two traced operands to the cotangent of the right one."""
    pull = node.primitive.pulls[1]
    if pull is None:
        return
    contribution = pull(g, left.value, right.value, node.value)
    if right.dtype is not node.dtype or node.dtype is not FLOAT64 or right.shape != node.shape:
        contribution = fit_cotangent(contribution, right)
    if right in cotangents:
        _add_one(right, contribution, cotangents, owned)
    else:
        cotangents[right] = contribution


def _add_one(parent: Node, contribution: Any, cotangents: dict[Node, Any], owned: set[Node]) -> None:
    """Add to a cotangent that is there: into its own array from the second addition on, when it is the sweep's own."""
    before = cotangents[parent]
    if parent in owned and type(before) is numpy.ndarray and before.dtype == contribution.dtype:
        before += contribution
    else:
        cotangents[parent] = before + contribution
        owned.add(parent)


def _products(node: Node, g: Any, operand: Any, recorded: bool, strong: bool) -> list[Any]:
    """g · partial for each operand of an elementwise node, `None` where there is no derivative."""
    primitive = node.primitive
    values = [operand(i) for i in node.inputs]
    if strong:
        values = [divisible(value) for value in values]
    y = TracedArray(node, node.value) if recorded else node.value
    if recorded or isinstance(g, TracedArray):
        pulls = primitive.products(None, strong)
    else:
        namespace = numpy if type(g) in PLAIN_TYPES else namespace_of((g, *values))
        pulls = primitive.products(namespace, strong)
    return [
        pull(g, *values, y) if type(parent) is Node and pull is not None else None
        for parent, pull in zip(node.inputs, pulls, strict=True)
    ]


def divisible(value: Any) -> Any:
    """A Python zero as NumPy's, so that a partial that divides by this constant is infinite, and no error."""
    return numpy.float64(value) if type(value) in (int, float) and value == 0 else value


def _add(node: Node, contributions: Iterable[Any], cotangents: dict[Node, Any]) -> None:
    """Add contributions to the cotangents of a node's operands."""
    for parent, contribution in zip(node.inputs, contributions, strict=True):
        if contribution is not None and type(parent) is Node:
            contribution = fit_cotangent(contribution, parent)
            before = cotangents.get(parent)
            cotangents[parent] = contribution if before is None else before + contribution


def pullback(node: Node, g: Any, operand: Any) -> Iterable[Any]:
    """The cotangents of the operands of a node that is not elementwise, `None` for constants."""
    primitive = node.primitive
    params = node.params or {}
    inputs = node.inputs
    if primitive is INPUT:
        return [g] * len(inputs)
    if primitive.kind == LINEAR:
        return _transposes(primitive, g, inputs, inputs, params)
    if primitive.kind == MULTILINEAR:
        return _transposes(primitive, g, inputs, [operand(i) if _is_kept(i) else i for i in inputs], params)
    if primitive.kind != GENERAL:
        return [None] * len(inputs)
    values = [operand(i) for i in inputs]
    out = result_of(node, operand is read_recorded)
    if primitive.vjp is not None:
        return primitive.vjp(g, out, *values, **params)
    return _vjp_from_jvp(node, g, values, out, params)


def _is_kept(operand: Any) -> bool:
    return type(operand) is not Node or operand.value is not None


def _transposes(primitive: Any, g: Any, inputs: Sequence[Any], operands: Sequence[Any], params: Any) -> list[Any]:
    result: list[Any] = []
    for i, parent in enumerate(inputs):
        if type(parent) is not Node:
            result.append(None)
        elif primitive.variadic:
            result.append(primitive.transposes[0](g, *operands, **params, operand=i))
        else:
            result.append(primitive.transposes[i](g, *operands, **params))
    return result


def _vjp_from_jvp(node: Node, g: Any, values: Sequence[Any], out: Any, params: Any) -> list[Any]:
    """The vjp of a general row that has only a jvp: record the jvp in its tangents, which is linear, and sweep
    that back.
    """
    from ..nodes import next_id
    from ..numpy.creation import zeros_of
    from ..tracing import make_input

    since = next_id()
    like = next(part for part in g if part is not None) if isinstance(g, tuple) else g
    tangents = [make_input(zeros_of(parent, like=like)) if type(parent) is Node else None for parent in node.inputs]
    # values of this recording count as constants of the inner one
    linear = node.primitive.jvp(tangents, out, *values, **params)
    seeds = [t.node for t in tangents if t is not None]
    parts = zip(linear, g, strict=True) if isinstance(linear, tuple) else [(linear, g)]
    swept = iter(_inner([(t, part) for t, part in parts if part is not None], seeds, since))
    return [None if t is None else next(swept) for t in tangents]


def _inner(outputs: Sequence[tuple[Any, Any]], seeds: list[Node], since: int) -> list[Any]:
    reached = [(t.node, g) for t, g in outputs if isinstance(t, TracedArray) and t.node is not None]
    if not reached:
        return [None] * len(seeds)
    order, enclosed = ancestors([node for node, _ in reached], since)
    recorded = enclosed or any(isinstance(g, TracedArray) for _, g in reached)
    return _sweep(active(order, seeds), reached, seeds, None, recorded, False)


def decided_nan(results: Iterable[Any]) -> bool:
    """Whether there is a NaN in the results of a recorded sweep, which is then repeated with the strong zero.

    An open recording notes the answer: at another point it may be another.
    """
    record = open_recording.get()
    for value in results:
        found = has_nan(value)
        if record is not None and is_traced(value) and value.dtype.kind in "fc":
            flags = isnan(value)
            flag = any_(flags, axis=tuple(range(flags.ndim)), keepdims=False) if flags.shape else flags
            if is_traced(flag):
                record.decide(flag.node, found)
        if found:
            return True
    return False


_largest: Any = numpy.maximum.reduce


def has_nan(value: Any) -> bool:
    """Whether a cotangent or tangent holds a NaN."""
    if isinstance(value, TracedArray):
        value = value.value
    if type(value) is numpy.float64:
        return bool(value != value)
    if type(value) is numpy.ndarray:
        if value.dtype.kind not in "fc":
            return False
        if value.dtype.kind == "f":  # a NaN is the largest; a sum might overflow, and warn of it
            total = _largest(value, axis=None, initial=-numpy.inf)
        else:
            total = numpy.add.reduce(value, axis=None)
        return bool(total != total)
    if type(value) is Results:
        return any(has_nan(part) for part in value)
    if value is None or numpy_dtype(value).kind not in "fc":
        return False
    if isinstance(value, (numpy.ndarray, numpy.generic, float, complex)):
        total = numpy.sum(value)
        return bool(total != total)
    xp = namespace_of((value,))
    return bool(xp.any(xp.isnan(value)))
