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

import functools
import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy

from ..backends import to_numpy
from ..dtypes import numpy_dtype
from ..nodes import Node
from ..primitive import ELEMENTWISE
from ..primitives.shape import conjugate
from ..sweeps.forward import ForwardPlan, _push_elementwise
from ..sweeps.order import active_by_input, ancestors
from ..sweeps.reverse import reverse_sweep
from ..sweeps.values import read
from . import edges
from .partials import Local, local_partials
from .web import Carried, Tangents, Web, inner, of_numbers, pushed, tangents_of

__adkit__ = True

LARGEST_COPY = 4096
CANDIDATES = 4  # paths that are measured for each one that is wanted
LONGEST_MEASURED = 5000  # instructions of all of them together
TOGETHER = 1 << 24  # elements of tangents that are kept at once


@dataclass(frozen=True)
class Path:
    """The variables from the source to the output, and what goes along them in units of the derivative."""

    nodes: tuple[Node, ...]
    contribution: float


def _no_numbers() -> numpy.ndarray:
    return numpy.zeros(0)


def _no_flags() -> numpy.ndarray:
    return numpy.zeros(0, bool)


@dataclass
class Routes:
    """What is between a variable and an output.

    Attributes
    ----------
    total: the derivative, or its norm if it is an array.
    gradient: the derivative itself, `None` for none.
    web: the edges, `None` where there are none.
    carried: per link what it carries (of numbers what it hands back).
    through, gross: per variable Σ φ and Σ |φ| over the edges to its consumers.
    passing: per variable ⟨v̄, v̇⟩, the part of the derivative that passes it; `reached` says which variables there are.
    best, following, step, turns: per variable the logarithm of the best path on, its next variable (`onward` is the
        same as an array), the logarithm of that one step, and whether it turns the sign.
    steps, counts: per link the logarithm of its step; per variable the number of paths on.
    direction: ẋ of an array; `None` for a number.
    count, idle: the number of paths, and of those that turned out to carry nothing.
    """

    source: Node
    output: Node
    total: float = 0.0
    gradient: Any = None
    web: Web | None = None
    carried: numpy.ndarray = field(default_factory=_no_numbers)
    through: numpy.ndarray = field(default_factory=_no_numbers)
    gross: numpy.ndarray = field(default_factory=_no_numbers)
    passing: numpy.ndarray = field(default_factory=_no_numbers)
    reached: numpy.ndarray = field(default_factory=_no_flags)
    best: numpy.ndarray = field(default_factory=_no_numbers)
    following: list[int] = field(default_factory=list)
    onward: numpy.ndarray = field(default_factory=_no_numbers)
    step: numpy.ndarray = field(default_factory=_no_numbers)
    turns: numpy.ndarray = field(default_factory=_no_flags)
    steps: numpy.ndarray = field(default_factory=_no_numbers)
    counts: list[float] = field(default_factory=list)
    direction: Any = None
    count: float = 0.0
    idle: int = 0

    @property
    def size(self) -> float:
        """The norm of the source's adjoint."""
        return 0.0 if self.web is None else self.web.norms.get(self.source, 0.0)

    @property
    def gross_size(self) -> float:
        """Σ |φ| over the edges out of the source."""
        return float(self.gross[self.web.at[self.source]]) if self.web is not None and self.gross.size else 0.0

    def out_of(self, node: Node) -> dict[Node, float]:
        """Consumer -> what the edges from a variable to it carry."""
        if self.web is None or not self.carried.size:
            return {}
        links = numpy.flatnonzero(self.web.columns[0] == self.web.at[node])
        return {self.web.nodes[self.web.link_consumer[i]]: float(self.carried[i]) for i in links}

    @functools.cached_property
    def uses(self) -> dict[Node, dict[Node, float]]:
        """Variable -> consumer -> what the edges between them carry."""
        found: dict[Node, dict[Node, float]] = {}
        if self.web is None:
            return found
        for j, k, carried in zip(self.web.link_parent, self.web.link_consumer, self.carried.tolist(), strict=True):
            if self.reached[j]:
                found.setdefault(self.web.nodes[j], {})[self.web.nodes[k]] = carried
        return found

    def ratio(self, node: Node, consumer: Node) -> float:
        """The part of what passes a variable that goes to a consumer; for the source, what goes there."""
        carried = self.uses[node][consumer]
        if node is self.source or self.web is None:
            return carried
        through = float(self.through[self.web.at[node]])
        return carried / through if through else 0.0


def routes(output: Node, source: Node, seed: Any) -> Routes:
    """The flow from a variable to an output whose adjoint is `seed`."""
    return all_routes(output, [source], seed)[0]


def all_routes(output: Node, sources: Sequence[Node], seed: Any) -> list[Routes]:
    """The same for several variables, none of which depends on another."""
    made = [Routes(source, output) for source in sources]
    between = active_by_input(ancestors([output], 0)[0], sources)
    numbers: list[tuple[Routes, list[Node]]] = []
    arrays: list[tuple[Routes, list[Node]]] = []
    for one, order in zip(made, between, strict=True):
        if order and order[-1] is output:
            plain = all(not node.shape and numpy_dtype(node).kind == "f" for node in order)
            (numbers if plain else arrays).append((one, order))
    if numbers:
        _carry_numbers(numbers, _union([order for _, order in numbers]), seed)
    if arrays:
        _carry_arrays(arrays, _union([order for _, order in arrays]), seed)
    return made


def _union(orders: Sequence[list[Node]]) -> list[Node]:
    if len(orders) == 1:
        return orders[0]
    return sorted({node for order in orders for node in order}, key=lambda node: node.id)


# ------------------------------------------------------------------------------------------------ numbers


def _carry_numbers(made: Sequence[tuple[Routes, list[Node]]], order: list[Node], seed: Any) -> None:
    """What every edge carries in a program of numbers, where a path is a product of local partials."""
    sources = {one.source for one, _ in made}
    web, adjoints, values = of_numbers(made[0][0].output, seed, sources, order)
    parents, consumers, links = web.columns
    carried = numpy.bincount(links, values, len(parents)) if values else numpy.zeros(0)
    g = numpy.array(adjoints)
    gross = numpy.bincount(parents[links], numpy.abs(values), len(order)) if values else numpy.zeros(len(order))
    with numpy.errstate(all="ignore"):
        local = numpy.where(g[consumers] != 0, carried / g[consumers], 0.0)
    entering = list(zip(web.link_parent, web.link_consumer, local.tolist(), strict=True))[::-1]
    for one, between in made:
        inside = [False] * len(order)
        for node in between:
            inside[web.at[node]] = True
        tangents = [0.0] * len(order)
        tangents[web.at[one.source]] = 1.0
        for j, k, partial in entering:
            if inside[j]:
                tangents[k] += partial * tangents[j]
        one.web, one.carried, one.through, one.gross = web, carried, g, gross
        one.reached = numpy.array(inside)
        with numpy.errstate(all="ignore"):
            one.passing = g * numpy.array(tangents)
        one.total = adjoints[web.at[one.source]]
        one.gradient = None if web.sizes[web.at[one.source]] is None else numpy.float64(one.total)
        if one is made[0][0]:
            _search(one, [web.at[source] for source in sources])
        else:
            first = made[0][0]
            one.best, one.following, one.onward = first.best, first.following, first.onward
            one.step, one.turns = first.step, first.turns
            one.steps, one.counts = first.steps, first.counts
        one.count = float(one.counts[web.at[one.source]])


# ------------------------------------------------------------------------------------------------ arrays


def _carry_arrays(made: Sequence[tuple[Routes, list[Node]]], order: list[Node], seed: Any) -> None:
    output = made[0][0].output
    for (one, _), gradient in zip(
        made, reverse_sweep([(output, seed)], [one.source for one, _ in made], order), strict=True
    ):
        one.gradient = gradient
    many = sum(node.size for _, between in made for node in between) > TOGETHER
    for group in [[pair] for pair in made] if many else [made]:
        within = group[0][1] if len(group) == 1 else order
        _carry_group(group, within, seed, local_partials(within))


def _carry_group(
    made: Sequence[tuple[Routes, list[Node]]], order: list[Node], seed: Any, ready: Mapping[Node, Local]
) -> None:
    """What every edge carries: ⟨contribution, tangent⟩, but of a variable with one operand simply all that it has."""
    output = made[0][0].output
    tangents: list[Tangents] = []
    for one, between in made:
        direction = _direction(one, output, seed, between)
        one.direction = direction
        tangents.append({} if direction is None else _tangents(output, one.source, direction, between, ready))
    sources = {one.source for one, _ in made}
    carried = Carried(output, seed, order, tangents)
    carried.sweep(seed, sources, ready)
    for s, (one, between) in enumerate(made):
        one.web = carried.web
        if one.direction is not None:
            _distribute(one, between, carried, s)
            _search(one, [one.web.at[one.source]])
            one.count = float(one.counts[one.web.at[one.source]])


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


def _tangents(
    output: Node, source: Node, direction: Any, order: list[Node], ready: Mapping[Node, Local]
) -> Mapping[Node, Any]:
    if not any(n.primitive.name in ("index_update", "index_add") and n.size > LARGEST_COPY for n in order):
        return tangents_of(source, direction, order, ready, _push)
    seen: dict[Node, Any] = {source: direction}

    def visit(node: Node, tangent: Any) -> None:
        if isinstance(tangent, numpy.ndarray):
            if node.primitive.name in ("index_update", "index_add") and tangent.size > LARGEST_COPY:
                return  # the sweep writes these in place
            tangent = tangent.copy() if tangent.size <= LARGEST_COPY else tangent
        seen[node] = tangent

    ForwardPlan([output], [source], order).sweep([direction], visit)
    return seen


def _push(node: Node, incoming: list[Any]) -> Any:
    if node.primitive.kind == ELEMENTWISE:
        return _push_elementwise(node, incoming, read, False, True)
    return pushed(node, incoming)


def _distribute(made: Routes, between: list[Node], swept: Carried, s: int) -> None:
    """From the output on, give what passes an instruction to its edges."""
    web = swept.web
    n = len(web.nodes)
    inside = [False] * n
    for node in between:
        inside[web.at[node]] = True
    through, gross = [0.0] * n, [0.0] * n
    carried = [0.0] * len(web.link_parent)
    parent, link, known, at, groups = web.parent, web.link, swept.inner[s], web.at, web.groups
    through[at[made.output]] = swept.ends[s]
    for node in reversed(between):
        k = at[node]
        first, end = groups.get(k, (0, 0))
        passing = through[k]
        if end - first == 1:  # all that it has goes on
            j = parent[first]
            if inside[j]:
                through[j] += passing
                gross[j] += abs(passing)
                carried[link[first]] += passing
            continue
        ways = [e for e in range(first, end) if inside[parent[e]]]
        if len(ways) == 1:
            found = [passing]
        else:
            given = [known.get(e) for e in ways]
            rest = passing - sum(c for c in given if c is not None)
            found = [rest if c is None else c for c in given]
        for e, value in zip(ways, found, strict=True):
            j = parent[e]
            through[j] += value
            gross[j] += abs(value)
            carried[link[e]] += value
    made.carried, made.through, made.gross = numpy.array(carried), numpy.array(through), numpy.array(gross)
    made.reached = numpy.array(inside)
    made.passing = made.through
    made.total = through[web.at[made.source]]


# ------------------------------------------------------------------------------------------------ paths


def _search(made: Routes, sources: Sequence[int]) -> None:
    """Per variable the way on that carries most, as a logarithm, and how many paths there are in all."""
    web = made.web
    assert web is not None
    n = len(web.nodes)
    parents, consumers, _ = web.columns
    starts = numpy.zeros(n, bool)
    starts[list(sources)] = True
    with numpy.errstate(all="ignore"):
        through = made.through[parents]
        ratios = numpy.where(starts[parents], made.carried, numpy.where(through != 0, made.carried / through, 0.0))
        made.steps = numpy.log(numpy.abs(ratios))
    best, following, step = [-math.inf] * n, [-1] * n, [0.0] * n
    count, turns = [0.0] * n, [False] * n
    top = web.at[made.output]
    best[top], count[top] = 0.0, 1.0
    links = numpy.flatnonzero(made.carried != 0)
    every = (parents, consumers, made.steps, ratios < 0)
    columns = [column[links].tolist() for column in every]
    for j, k, length, turn in zip(*columns, strict=True):
        onward = best[k]
        if onward == -math.inf:
            continue
        whole = length + onward
        if whole > -math.inf:
            count[j] += count[k]
        if whole > best[j]:
            best[j], following[j], step[j], turns[j] = whole, k, length, turn
    made.best, made.following, made.onward = numpy.array(best), following, numpy.array(following, int)
    made.step, made.turns, made.counts = numpy.array(step), numpy.array(turns), count


def best_paths(made: Routes, k: int, seed: Any) -> list[Path]:
    """The k paths that carry most, whatever their sign.

    Where arrays are on the way, more paths than that are found by the flow, and then measured one by one.
    """
    if made.direction is None:
        return _heaviest(made, k)
    found = _heaviest(made, k)
    if sum(len(path.nodes) for path in found) > LONGEST_MEASURED:
        return found
    found = _heaviest(made, CANDIDATES * k)
    if sum(len(path.nodes) for path in found) > LONGEST_MEASURED:
        return found[:k]
    measured = [Path(path.nodes, _measured(made, path.nodes, seed)) for path in found]
    least = 1e-14 * made.gross_size
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


@dataclass(frozen=True)
class _Way:
    """The beginning of a path: positions of variables, and at each the logarithm and the sign turns so far."""

    at: numpy.ndarray
    length: numpy.ndarray
    turns: numpy.ndarray


def _heaviest(made: Routes, k: int) -> list[Path]:
    web = made.web
    if web is None or not made.best.size or made.best[web.at[made.source]] == -math.inf:
        return []
    source = web.at[made.source]
    start = _Way(numpy.array([source]), numpy.zeros(1), numpy.zeros(1, int))
    heap: list[tuple[float, int, _Way, int]] = [(-float(made.best[source]), 0, start, -1)]
    found: list[Path] = []
    ticket = 0
    while heap and len(found) < k:
        _, _, prefix, link = heapq.heappop(heap)
        way, deviations = _followed(made, prefix, link, k)
        found.append(_path(made, way))
        for cost, after, onward in deviations:
            ticket += 1
            heapq.heappush(heap, (cost, ticket, after, onward))
        heap = heapq.nsmallest(2 * k, heap, key=lambda entry: entry[:2])
    return found


def _path(made: Routes, way: _Way) -> Path:
    assert made.web is not None
    so_far = float(way.length[-1])
    size = math.exp(so_far) if so_far < 709.0 else math.inf
    nodes = made.web.nodes
    return Path(tuple([nodes[i] for i in way.at.tolist()]), -size if way.turns[-1] % 2 else size)


def _followed(made: Routes, prefix: _Way, link: int, k: int) -> tuple[_Way, list[tuple[float, _Way, int]]]:
    """A prefix, on by a link if there is one, followed to the output the best way; and the best deviations from it
    after the prefix, each as the beginning that it shares and the link by which it leaves.
    """
    web = made.web
    assert web is not None
    parents, consumers, _ = web.columns
    if link >= 0:
        turned = (made.carried[link] < 0) != (parents[link] != web.at[made.source] and made.through[parents[link]] < 0)
        prefix = _Way(
            numpy.append(prefix.at, consumers[link]),
            numpy.append(prefix.length, prefix.length[-1] + made.steps[link]),
            numpy.append(prefix.turns, prefix.turns[-1] + turned),
        )
    tail = []
    i, top = int(prefix.at[-1]), web.at[made.output]
    while i != top:
        i = made.following[i]
        tail.append(i)
    at = numpy.append(prefix.at, numpy.array(tail, int))
    leaving = at[len(prefix.at) - 1 : -1]
    way = _Way(
        at,
        numpy.append(prefix.length, prefix.length[-1] + numpy.cumsum(made.step[leaving])),
        numpy.append(prefix.turns, prefix.turns[-1] + numpy.cumsum(made.turns[leaving])),
    )
    place = numpy.full(len(web.nodes), -1)
    place[leaving] = numpy.arange(len(prefix.at) - 1, len(at) - 1)
    usable = (place[parents] >= 0) & (consumers != made.onward[parents]) & (made.carried != 0)
    links = numpy.flatnonzero(usable & (made.best[consumers] > -math.inf))
    costs = -(way.length[place[parents[links]]] + made.steps[links] + made.best[consumers[links]])
    chosen = numpy.lexsort((links, place[parents[links]], costs))[:k]
    deviations = []
    for i in chosen.tolist():
        end = int(place[parents[links[i]]]) + 1
        shared = _Way(way.at[:end], way.length[:end], way.turns[:end])
        deviations.append((float(costs[i]), shared, int(links[i])))
    return way, deviations
