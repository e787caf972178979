"""The sweeps of a trace, recorded: which nodes compute its derivatives, and how each derivative is put together.

Follows `named_derivatives`, so that an emitted program does what the trace did. Not for: text (`source`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy

from .. import constants
from ..dtypes import numpy_dtype
from ..errors import ModeError
from ..handle import TracedArray, is_traced
from ..nodes import Node
from ..seeds import seed_of
from ..sweeps.forward import ForwardPlan
from ..sweeps.order import active
from ..sweeps.reverse import has_nan, reverse_sweep
from ..tracing import make_input, recording

if TYPE_CHECKING:
    from ..trace import Trace

__adkit__ = True


@dataclass
class Sweep:
    """One recorded sweep.

    Attributes
    ----------
    kind: "reverse" or "forward".
    names: the inputs that it gives derivatives of, in order, and `results` what it gives: nodes, constants or `None`.
    seed: the node of its seed; `None` where it is seeded with ones.
    assembly: "direct" where the results are the derivatives; "columns" or "rows" where it runs for every unit seed.
    labels: node of the sweep -> the variable whose tangent or adjoint it is.
    """

    kind: str
    names: tuple[str, ...]
    seed: Node | None
    results: list[Any]
    assembly: str
    labels: dict[Node, Node] = field(default_factory=dict)


def sweeps_of(trace: Trace, mode: str | None) -> list[Sweep]:
    """The sweeps that give the derivatives of a trace by all of its inputs, in the mode asked for."""
    mode = trace.mode if mode is None else mode
    if mode not in ("forward", "reverse"):
        raise ModeError(f"mode={mode!r} is not known", fix="use 'forward' or 'reverse'")
    trace._checksums.verify()
    out = trace._output
    with constants.SCOPE, recording():
        if out.shape or out.dtype.kind == "c":
            return [_jacobian(trace, name, mode) for name in trace._inputs]
        if mode == "reverse":
            return [_reverse(trace, tuple(trace._inputs), seed_of(out), "direct")]
        return [_gradient_forward(trace, name) for name in trace._inputs]


def _gradient_forward(trace: Trace, name: str) -> Sweep:
    node = trace._inputs[name]
    if node.shape or numpy_dtype(node).kind == "c":
        return _forward(trace, name, _seed_like(node, "tangent"), "columns")
    return _forward(trace, name, numpy_dtype(node).type(1), "direct")


def _jacobian(trace: Trace, name: str, mode: str) -> Sweep:
    node, out = trace._inputs[name], trace._output
    if trace.is_elementwise(name) and numpy_dtype(node).kind != "c":
        return _forward(trace, name, numpy.ones(node.shape, numpy_dtype(node)), "direct")
    if trace.is_elementwise(name):
        return _forward(trace, name, _seed_like(node, "tangent"), "diagonal")
    if mode == "forward" or numpy_dtype(node).kind == "c":
        return _forward(trace, name, _seed_like(node, "tangent"), "columns")
    return _reverse(trace, (name,), _seed_like(out, "seed"), "rows")


def _seed_like(like: Any, name: str) -> TracedArray:
    dtype = numpy_dtype(like)
    return make_input(numpy.ones(like.shape, dtype) if like.shape else dtype.type(1), name)


def _node_of(seed: Any) -> Node | None:
    return seed.node if is_traced(seed) else None


def _result(value: Any) -> Any:
    return value.node if is_traced(value) else getattr(value, "value", value)


def _reverse(trace: Trace, names: tuple[str, ...], seed: Any, assembly: str) -> Sweep:
    labels: dict[Node, Node] = {}

    def visit(node: Node, g: Any) -> None:
        if is_traced(g) and g.node is not _node_of(seed):
            labels[g.node] = node

    inputs = [trace._inputs[name] for name in names]
    order = trace._nodes if len(names) > 1 else active(trace._nodes, inputs)
    results = reverse_sweep([(trace._output.node, seed)], inputs, order, recorded=True, visit=visit)
    for node, g in zip(inputs, results, strict=True):
        if is_traced(g):
            labels[g.node] = node
    return Sweep("reverse", names, _node_of(seed), [_result(g) for g in results], assembly, labels)


def _forward(trace: Trace, name: str, seed: Any, assembly: str) -> Sweep:
    labels: dict[Node, Node] = {}

    def visit(node: Node, t: Any) -> None:
        if is_traced(t) and t.node is not _node_of(seed):
            labels.setdefault(t.node, node)

    node = trace._inputs[name]
    plan = ForwardPlan([trace._output.node], [node], active(trace._nodes, [node]), recorded=True)
    results = plan._sweep([seed], visit, True, strong=False)
    if any(has_nan(t) for t in results):
        labels.clear()
        results = plan._sweep([seed], visit, True, strong=True)
    return Sweep("forward", (name,), _node_of(seed), [_result(t) for t in results], assembly, labels)
