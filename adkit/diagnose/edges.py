"""The reverse sweep seen edge by edge: what each instruction hands to the adjoint of each of its operands.

`reverse_sweep` yields the sums; a diagnosis of where an adjoint comes from, or was lost, needs the terms. Not for:
derivatives (`sweeps.reverse`), which this one is slower than.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from ..backends import namespace_of, setitem, to_numpy
from ..nodes import Node
from ..primitive import ELEMENTWISE
from ..primitives.indexing import getitem, index_update, is_basic, writable
from ..sweeps import buffers
from ..sweeps.reverse import PLAIN_TYPES, has_nan, pullback
from ..sweeps.values import FLOAT64, fit_cotangent, read
from .partials import Local, local_partials

__adkit__ = True

_FLOAT = numpy.float64


class Part(NamedTuple):
    """A contribution to the adjoint of operand `operand`, which is `parent`.

    `value` has the parent's shape, or, with an `index`, that of `parent[index]`. It is `None` for the array that an
    assignment leaves as it was, where it is the instruction's adjoint outside of `written`.
    """

    operand: int
    parent: Node
    value: Any
    index: Any = None


Visit = Callable[[Node, Any, list[Part]], None]


def sweep(
    outputs: Sequence[tuple[Node, Any]],
    stop: set[Node],
    order: list[Node],
    visit: Visit,
    ready: Mapping[Node, Local] | None = None,
) -> None:
    """A reverse sweep over `order` that calls `visit` with each node, its adjoint and its contributions.

    The adjoint of an assignment `visit` may read, not keep: the sweep overwrites it later on. `ready` are the local
    partials of `order`, if they are known already.
    """
    ready = local_partials(order) if ready is None else ready
    cotangents: dict[Node, Any] = {}
    owned: set[Node] = set()
    for node, g in outputs:
        cotangents[node] = g if node not in cotangents else cotangents[node] + g
    with numpy.errstate(all="ignore"):
        for node in reversed(order):
            g = cotangents.pop(node, None)
            if g is None:
                continue
            if node in stop:
                visit(node, g, [])
            elif node.primitive is getitem and node.inputs[0].shape:
                visit(node, g, [Part(0, node.inputs[0], g, (node.params or {})["index"])])
                buffers.pull(node, g, cotangents, owned)
            elif node.primitive is index_update:
                visit(node, g, _written(node, g))
                buffers.pull(node, g, cotangents, owned)
            else:
                local = ready.get(node)
                if local is None:
                    parts = contributions(node, g)
                else:
                    parts = [
                        Part(i, parent, g * partial if same else fit_cotangent(g * partial, parent))
                        for i, parent, partial, same in local.factors
                    ]
                visit(node, g, parts)
                for _, parent, value, _ in parts:
                    before = cotangents.get(parent)
                    cotangents[parent] = value if before is None else before + value
                    owned.discard(parent)


def contributions(node: Node, g: Any) -> list[Part]:
    """What a node hands to each of its traced operands for an adjoint of its own, in the shapes of the operands."""
    primitive = node.primitive
    if primitive.kind == ELEMENTWISE:
        found = _scalar(node, g) if type(g) is _FLOAT and primitive.direct else None
        if found is not None:
            return found
        values = [read(i) for i in node.inputs]
        namespace = numpy if type(g) in PLAIN_TYPES else namespace_of((g, *values))
        products = _products(node, g, values, primitive.products(namespace, False))
        if any(has_nan(p) for p in products):  # an adjoint of exactly 0 contributes exactly 0
            products = _products(node, g, values, primitive.products(namespace, True))
    else:
        products = list(pullback(node, g, read))
    return [
        Part(i, parent, fit_cotangent(value, parent))
        for i, (parent, value) in enumerate(zip(node.inputs, products, strict=True))
        if value is not None and type(parent) is Node
    ]


def _scalar(node: Node, g: Any) -> list[Part] | None:
    """The contributions of an instruction on plain numbers; `None` where more care is needed."""
    parts = []
    values = [i.value if type(i) is Node else i for i in node.inputs]
    pulls = node.primitive.pulls
    for i, parent in enumerate(node.inputs):
        if type(parent) is Node and pulls[i] is not None:
            value = pulls[i](g, *values, node.value)
            if type(value) is not _FLOAT or value != value or parent.shape or parent.dtype not in (FLOAT64, float):
                return None
            parts.append(Part(i, parent, value))
    return parts


def _products(node: Node, g: Any, values: Sequence[Any], pulls: Sequence[Any]) -> list[Any]:
    return [
        pull(g, *values, node.value) if type(parent) is Node and pull is not None else None
        for parent, pull in zip(node.inputs, pulls, strict=True)
    ]


def _written(node: Node, g: Any) -> list[Part]:
    """The contributions of `target[index] = written`, without the large one to the target."""
    target, written = node.inputs
    parts = [] if type(target) is not Node else [Part(0, target, None)]
    if type(written) is Node:
        taken = index_update.transposes[1](g, target, written, **(node.params or {}))
        parts.append(Part(1, written, fit_cotangent(taken, written)))
    return parts


def size(value: Any) -> float:
    """The Euclidean norm of an adjoint: of a number its magnitude, of an array √Σ|element|².

    >>> size(numpy.array([3.0, 4.0])), size(numpy.float64(-2))
    (5.0, 2.0)
    """
    if type(value) is _FLOAT:
        return abs(float(value))
    if value is None:
        return 0.0
    if isinstance(value, tuple):
        return math.hypot(*(size(part) for part in value))
    plain = numpy.asarray(to_numpy(value))
    if plain.dtype.kind not in "fc" or not plain.size:
        return 0.0
    flat = plain.reshape(-1)
    total = float(numpy.vdot(flat, flat).real)
    if 1e-30 < total < 1e30:
        return math.sqrt(total)
    largest = float(numpy.abs(flat).max())  # squares of tiny or huge elements leave the range of the dtype
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    scaled = flat.astype(complex if plain.dtype.kind == "c" else float) / largest
    return largest * math.sqrt(float(numpy.vdot(scaled, scaled).real))


def part_size(part: Part, node: Node, g: Any, parts: Sequence[Part]) -> float:
    """The norm of a contribution, where `g` is the node's adjoint."""
    if part.value is not None:
        return size(part.value)
    whole = size(g)
    index = (node.params or {})["index"]
    if type(node.inputs[1]) is Node:
        taken = sum(size(other.value) ** 2 for other in parts if other.value is not None)
    elif is_basic(index):
        written = getitem(g, index=index)
        taken = whole * whole if numpy.size(written) == numpy.size(g) else size(written) ** 2
    else:
        left = writable(g)
        setitem(left, index, 0.0)
        return size(left)
    return math.sqrt(max(0.0, whole * whole - taken)) if taken else whole
