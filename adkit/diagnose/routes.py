"""How a derivative is made up of paths: the flow along every edge of the program, and the paths that carry most.

Let ẋ be the unit tangent along the derivative itself (for a number, 1), v̇ the tangents that follow from it, v̄ the
adjoints. An edge from u to v carries φ = ⟨what v hands back to u, u̇⟩. What goes into a variable by its operands comes
out of it to its consumers, both being ⟨v̄, v̇⟩; the edges out of x carry ⟨x̄, ẋ⟩ together, which is the derivative (for an
array its norm). A path carries φ(first edge) · Π φ(edge) / φ(all edges out of the variable) over its further edges: for
numbers the product of the local partial derivatives, exactly, and for arrays each variable passes on what it got in the
proportions of its edges. The paths add up to the whole in both cases. Unless paths are very long, what one through
arrays carries is then measured by pulling the adjoint back along it alone, which is exact.

A variable whose edges cancel exactly passes nothing on; its paths, which add up to 0, are left out. The best k paths
are found by dynamic programming over the program and the best deviations from them (Lawler 1972), without enumeration.
Not for: words (`paths`).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy

from ..backends import to_numpy
from ..dtypes import numpy_dtype
from ..nodes import Node
from ..primitives.shape import conjugate
from ..sweeps.forward import ForwardPlan
from ..sweeps.order import active, ancestors
from ..sweeps.reverse import reverse_sweep
from . import edges

__adkit__ = True

LARGEST_COPY = 4096
CANDIDATES = 4  # paths that are measured for each one that is wanted
LONGEST_MEASURED = 5000  # instructions of all of them together


@dataclass(frozen=True)
class Path:
    """The variables from the source to the output, and what goes along them in units of the derivative."""

    nodes: tuple[Node, ...]
    contribution: float


@dataclass
class Routes:
    """What is between a variable and an output.

    Attributes
    ----------
    total: the derivative, or its norm if it is an array.
    uses: variable -> consumer -> what the edges between them carry (of numbers what they hand back).
    sizes: variable -> norm of its adjoint.
    consumers: as `flow.Flow` has them.
    through, gross: variable -> Σ φ and Σ |φ| over the edges to its consumers.
    gradient: the derivative itself, `None` for none.
    best, step: variable -> the logarithm of the best path on and its next variable, and that of this one step.
    passing: variable -> ⟨v̄, v̇⟩, the part of the derivative that passes it.
    direction: ẋ of an array; `None` for a number.
    count, idle: the number of paths, and of those that turned out to carry nothing.
    """

    source: Node
    output: Node
    total: float = 0.0
    gradient: Any = None
    uses: dict[Node, dict[Node, float]] = field(default_factory=dict)
    sizes: dict[Node, float] = field(default_factory=dict)
    consumers: dict[Node, list[tuple[Node, int, float]]] = field(default_factory=dict)
    through: dict[Node, float] = field(default_factory=dict)
    gross: dict[Node, float] = field(default_factory=dict)
    best: dict[Node, tuple[float, Node]] = field(default_factory=dict)
    step: dict[Node, float] = field(default_factory=dict)
    passing: dict[Node, float] = field(default_factory=dict)
    direction: Any = None
    count: float = 0.0
    idle: int = 0

    def ratio(self, node: Node, consumer: Node) -> float:
        """The part of what passes a variable that goes to a consumer; for the source, what goes there."""
        carried = self.uses[node][consumer]
        if node is self.source:
            return carried
        through = self.through.get(node, 0.0)
        return carried / through if through else 0.0


def routes(output: Node, source: Node, seed: Any) -> Routes:
    """The flow from a variable to an output whose adjoint is `seed`."""
    made = Routes(source, output)
    order = active(ancestors([output], 0)[0], [source])
    if not order or order[-1] is not output:
        return made
    if all(not node.shape and numpy_dtype(node).kind == "f" for node in order):
        _carry_numbers(made, order, seed)
        _search(made, order)
        return made
    (made.gradient,) = reverse_sweep([(output, seed)], [source], order)
    direction = _direction(made, output, seed, order)
    if direction is None:
        _sizes_alone(made, order, seed)
        return made
    tangents = _tangents(output, source, direction, order)
    _carry(made, order, seed, tangents, set(order))
    made.passing = made.through
    made.total = made.through.get(source, 0.0)
    made.direction = direction
    _search(made, order)
    return made


def _direction(made: Routes, output: Node, seed: Any, order: list[Node]) -> Any:
    """The unit tangent of the source along its derivative; where that is 0 along the largest contribution to it."""
    source = made.source
    if not source.shape and numpy_dtype(source).kind != "c":
        return numpy_dtype(source).type(1)
    along = made.gradient
    if along is None or not edges.size(along):
        largest: list[Any] = [0.0, None]

        def visit(node: Node, g: Any, parts: list[edges.Part]) -> None:
            for part in parts:
                if part.parent is source and part.value is not None and part.index is None:
                    size = edges.size(part.value)
                    if size > largest[0]:
                        largest[:] = [size, numpy.array(to_numpy(part.value))]

        edges.sweep([(output, seed)], {source}, order, visit)
        along = largest[1]
    if along is None or isinstance(along, tuple):
        return None
    size = edges.size(along)
    if not math.isfinite(size):
        return None
    return (conjugate(along) if numpy_dtype(along).kind == "c" else along) / size


def _sizes_alone(made: Routes, order: list[Node], seed: Any) -> None:
    def visit(node: Node, g: Any, parts: list[edges.Part]) -> None:
        _note(made, node, edges.size(g), parts)

    edges.sweep([(made.output, seed)], {made.source}, order, visit)


def _note(made: Routes, node: Node, size: float, parts: Sequence[edges.Part]) -> list[float]:
    made.sizes[node] = size
    handed = [edges.part_size(part, node, size, parts) for part in parts]
    for part, s in zip(parts, handed, strict=True):
        made.consumers.setdefault(part.parent, []).append((node, part.operand, s))
    return handed


def _tangents(output: Node, source: Node, direction: Any, order: list[Node]) -> dict[Node, Any]:
    seen: dict[Node, Any] = {source: direction}

    def visit(node: Node, tangent: Any) -> None:
        if isinstance(tangent, numpy.ndarray):
            if node.primitive.name in ("index_update", "index_add") and tangent.size > LARGEST_COPY:
                return  # the sweep writes these in place
            tangent = tangent.copy() if tangent.size <= LARGEST_COPY else tangent
        seen[node] = tangent

    ForwardPlan([output], [source], order).sweep([direction], visit)
    return seen


def _carry(made: Routes, order: list[Node], seed: Any, tangents: Mapping[Node, Any], between: set[Node]) -> None:
    """What every edge carries: ⟨contribution, tangent⟩, but of a variable with one operand simply all that it has."""

    def visit(node: Node, g: Any, parts: list[edges.Part]) -> None:
        last = made.consumers.get(node, ())
        _note(made, node, last[0][2] if len(last) == 1 else edges.size(g), parts)
        traced = [part for part in parts if part.parent in between]
        through = inner(g, tangents.get(node)) if node is made.output else sum(made.uses.get(node, {}).values())
        made.through[node] = through
        found = [through] if len(traced) == 1 else [_along(part, tangents) for part in traced]
        rest = through - sum(c for c in found if c is not None)
        carried = [rest if c is None else c for c in found]
        for part, value in zip(traced, carried, strict=True):
            to = made.uses.setdefault(part.parent, {})
            to[node] = to.get(node, 0.0) + value
            made.gross[part.parent] = made.gross.get(part.parent, 0.0) + abs(value)

    edges.sweep([(made.output, seed)], {made.source}, order, visit)


def _carry_numbers(made: Routes, order: list[Node], seed: Any) -> None:
    """The same for a program of numbers: with tangents left out, since a path is a product of local partials there."""
    adjoints: dict[Node, float] = {}
    handed: dict[Node, list[tuple[Node, float]]] = {}
    between = set(order)

    def visit(node: Node, g: Any, parts: list[edges.Part]) -> None:
        adjoints[node] = float(g)
        made.sizes[node] = abs(float(g))
        if node is made.source:
            made.gradient = g
        for part in parts:
            if part.parent in between:
                value = float(part.value)
                handed.setdefault(part.parent, []).append((node, value))
                made.consumers.setdefault(part.parent, []).append((node, part.operand, abs(value)))

    edges.sweep([(made.output, seed)], {made.source}, order, visit)
    tangents = {made.source: 1.0}
    for node in order:
        tangent = tangents.get(node, 0.0)
        made.passing[node] = adjoints.get(node, 0.0) * tangent
        to: dict[Node, float] = {}
        for consumer, value in handed.get(node, ()):
            to[consumer] = to.get(consumer, 0.0) + value
            if adjoints[consumer]:
                tangents[consumer] = tangents.get(consumer, 0.0) + value / adjoints[consumer] * tangent
        if to:
            made.uses[node] = to
            made.gross[node] = sum(abs(value) for _, value in handed[node])
            made.through[node] = adjoints.get(node, 0.0)
    made.total = made.through.get(made.source, 0.0)


def _along(part: edges.Part, tangents: Mapping[Node, Any]) -> float | None:
    if part.value is None:
        return None
    tangent = tangents.get(part.parent)
    if tangent is None:
        return 0.0 if part.index is None else None
    return inner(part.value, tangent if part.index is None else to_numpy(tangent)[part.index])


def inner(g: Any, tangent: Any) -> float:
    """Re Σ g · tangent; the parts of several results one by one.

    >>> inner(numpy.array([1.0, 2.0]), numpy.array([3.0, 4.0]))
    11.0
    """
    if type(g) is numpy.float64 and type(tangent) is numpy.float64:
        return float(g * tangent)
    if g is None or tangent is None:
        return 0.0
    if isinstance(g, tuple):
        return sum(inner(a, b) for a, b in zip(g, tangent, strict=True))
    with numpy.errstate(all="ignore"):
        made = numpy.sum(numpy.asarray(to_numpy(g)) * numpy.asarray(to_numpy(tangent)), dtype=None)
    return float(numpy.real(made))


# ------------------------------------------------------------------------------------------------ paths


def _search(made: Routes, order: list[Node]) -> None:
    """Per variable the way on that carries most, as a logarithm, and how many paths there are in all."""
    value: dict[Node, float] = {made.output: 0.0}
    count: dict[Node, float] = {made.output: 1.0}
    for node in reversed(order):
        if node is made.output:
            continue
        found = -math.inf
        paths = 0.0
        for consumer, carried in made.uses.get(node, {}).items():
            if consumer not in value or not carried:
                continue
            paths += count[consumer]
            step = _log(made.ratio(node, consumer))
            if step + value[consumer] > found:
                found = step + value[consumer]
                made.best[node], made.step[node] = (found, consumer), step
        if found > -math.inf:
            value[node] = found
            count[node] = paths
    made.count = count.get(made.source, 0.0)


def _log(x: float) -> float:
    return math.log(abs(x)) if x else -math.inf


def best_paths(made: Routes, k: int, seed: Any) -> list[Path]:
    """The k paths that carry most, whatever their sign.

    Where arrays are on the way, more paths than that are found by the flow, and then measured one by one.
    """
    if made.direction is None:
        return _heaviest(made, k)
    found = _heaviest(made, CANDIDATES * k)
    if sum(len(path.nodes) for path in found) > LONGEST_MEASURED:
        return found[:k]
    measured = [Path(path.nodes, _measured(made, path.nodes, seed)) for path in found]
    least = 1e-14 * made.gross.get(made.source, 0.0)
    made.idle = sum(abs(path.contribution) <= least for path in measured)
    measured = [path for path in measured if abs(path.contribution) > least]
    return sorted(measured, key=lambda path: -abs(path.contribution))[:k]


def _measured(made: Routes, nodes: Sequence[Node], seed: Any) -> float:
    """What one path carries: the seed pulled back along it alone."""
    g = seed
    with numpy.errstate(all="ignore"):
        for parent, node in zip(nodes[-2::-1], nodes[:0:-1], strict=True):
            parts = [part.value for part in edges.contributions(node, g) if part.parent is parent]
            if not parts:
                return 0.0
            g = sum(parts[1:], parts[0])
    return inner(g, made.direction)


def _heaviest(made: Routes, k: int) -> list[Path]:
    if made.source not in made.best:
        return []
    heap: list[tuple[float, int, tuple[Node, ...]]] = [(-made.best[made.source][0], 0, (made.source,))]
    found: list[Path] = []
    ticket = 0
    while heap and len(found) < k:
        _, _, prefix = heapq.heappop(heap)
        path, deviations = _followed(made, prefix, k)
        found.append(path)
        for cost, nodes_before in deviations:
            ticket += 1
            heapq.heappush(heap, (cost, ticket, nodes_before))
        heap = heapq.nsmallest(2 * k, heap)
    return found


def _followed(made: Routes, prefix: tuple[Node, ...], k: int) -> tuple[Path, list[tuple[float, tuple[Node, ...]]]]:
    """A prefix followed to the output the best way, and the best deviations from it after the prefix."""
    nodes = list(prefix)
    steps = [made.ratio(u, v) for u, v in zip(nodes, nodes[1:], strict=False)]
    so_far = sum(map(_log, steps))
    negative = sum(step < 0 for step in steps)
    candidates: list[tuple[float, int, Node]] = []
    while nodes[-1] is not made.output:
        node = nodes[-1]
        onward = made.best[node][1]
        to = made.uses[node]
        for consumer, carried in to.items() if len(to) > 1 else ():
            if consumer is onward or not carried or (consumer not in made.best and consumer is not made.output):
                continue
            after = 0.0 if consumer is made.output else made.best[consumer][0]
            cost = -(so_far + _log(made.ratio(node, consumer)) + after)
            candidates.append((cost, len(nodes), consumer))
        so_far += made.step[node]
        negative += to[onward] < 0 if node is made.source else (to[onward] < 0) != (made.through[node] < 0)
        nodes.append(onward)
    size = math.exp(so_far) if so_far < 709.0 else math.inf
    chosen = heapq.nsmallest(k, candidates, key=lambda c: c[0])
    deviations = [(cost, (*nodes[:length], consumer)) for cost, length, consumer in chosen]
    return Path(tuple(nodes), -size if negative % 2 else size), deviations
