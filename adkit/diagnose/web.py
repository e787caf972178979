"""The edges between some variables and an output, as columns: which instruction hands how much to which operand.

One reverse sweep fills them for all variables that are asked about, and per variable what each edge carries of its
derivative. Not for: paths (`routes`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from ..backends import to_numpy
from ..nodes import Node
from ..primitives.indexing import index_update
from ..sweeps.forward import pushforward
from ..sweeps.values import fit_tangent, read
from . import edges
from .norms import WAITING, Norms, norms_of, waits
from .partials import Local

__adkit__ = True

Tangents = Mapping[Node, Any]


class Web:
    """Variables by their position in the order of the program, and edges in the order of a reverse sweep.

    Attributes
    ----------
    nodes, at: the variables, and the position of each.
    parent, consumer, operand, handed: per edge the positions of its ends, which operand it is, and its norm.
    link: per edge its place among the *links*: the edges from one instruction to the same variable are one link.
    link_parent, link_consumer: the ends of the links.
    groups: position of an instruction -> its first edge, and the one after its last.
    sizes: per variable the norm of its adjoint, `None` where none arrives.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.at = {node: k for k, node in enumerate(nodes)}
        self.parent: list[int] = []
        self.consumer: list[int] = []
        self.operand: list[int] = []
        self.handed: list[float] = []
        self.link: list[int] = []
        self.link_parent: list[int] = []
        self.link_consumer: list[int] = []
        self.groups: dict[int, tuple[int, int]] = {}
        self.sizes: list[float | None] = [None] * len(nodes)

    def add(self, node: Node, parts: Sequence[edges.Part]) -> list[edges.Part]:
        """Note the edges of an instruction; returns the parts that they stand for."""
        at, k, first = self.at, self.at[node], len(self.parent)
        before: dict[int, int] = {}
        kept = []
        for part in parts:
            j = at.get(part.parent)
            if j is None:
                continue
            kept.append(part)
            self.parent.append(j)
            self.consumer.append(k)
            self.operand.append(part.operand)
            place = before.get(j) if before else None
            if place is None:
                place = before[j] = len(self.link_parent)
                self.link_parent.append(j)
                self.link_consumer.append(k)
            self.link.append(place)
        self.groups[k] = (first, len(self.parent))
        return kept

    @functools.cached_property
    def consumers(self) -> dict[Node, list[tuple[Node, int, float]]]:
        """Variable -> (instruction, operand, norm of what it hands back)."""
        found: dict[Node, list[tuple[Node, int, float]]] = {}
        for j, k, operand, size in zip(self.parent, self.consumer, self.operand, self.handed, strict=True):
            found.setdefault(self.nodes[j], []).append((self.nodes[k], operand, size))
        return found

    @functools.cached_property
    def norms(self) -> dict[Node, float]:
        """Variable -> norm of its adjoint."""
        return {node: size for node, size in zip(self.nodes, self.sizes, strict=True) if size is not None}

    @functools.cached_property
    def handed_to(self) -> numpy.ndarray:
        """Per variable the sum of the norms of what arrives."""
        return (
            numpy.bincount(self.parent, self.handed, len(self.nodes)) if self.parent else numpy.zeros(len(self.nodes))
        )

    @functools.cached_property
    def columns(self) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        """The parents and consumers of the links, and the links of the edges, as arrays."""
        return numpy.array(self.link_parent, int), numpy.array(self.link_consumer, int), numpy.array(self.link, int)

    def named(self, name: Callable[[Node], str | None]) -> list[tuple[int, str]]:
        """Position and name of the variables that have one; the first call says by which function."""
        found: list[tuple[int, str]] | None = self.__dict__.get("_named")
        if found is None:
            names = ((k, name(node)) for k, node in enumerate(self.nodes))
            found = self._named = [(k, text) for k, text in names if text is not None]
        return found


def of_numbers(output: Node, seed: Any, stop: set[Node], order: list[Node]) -> tuple[Web, list[float], list[float]]:
    """The web of a program of numbers, with the adjoint of every variable and what each edge hands back."""
    web = Web(order)
    adjoints = [0.0] * len(order)
    values: list[float] = []

    def visit(node: Node, g: Any, parts: list[edges.Part]) -> None:
        adjoints[web.at[node]] = float(g)
        web.sizes[web.at[node]] = abs(float(g))
        values.extend(float(part.value) for part in web.add(node, parts))

    edges.sweep([(output, seed)], stop, order, visit)
    web.handed = [abs(value) for value in values]
    return web, adjoints, values


class Carried:
    """A sweep that fills a web, and per set of tangents the inner products of what edges hand back with them.

    `inner[s]`: edge -> ⟨contribution, tangent⟩ for tangents s, at instructions of several traced operands; `None`
    where that is not known. `ends`: per set of tangents that of the output with its adjoint. Contributions that are
    small arrays wait for others of their shape; then all their norms and products are taken together.
    """

    def __init__(self, output: Node, seed: Any, order: list[Node], tangents: Sequence[Tangents]) -> None:
        self.web = Web(order)
        self.inner: list[dict[int, float | None]] = [{} for _ in tangents]
        self.ends: list[float] = [0.0] * len(tangents)
        self._output = output
        self._tangents = tangents
        self._norms = Norms()  # of adjoints that are sums
        self._places: dict[int, int] = {}  # position of a variable -> the place of its norm there
        self._alone: dict[int, int] = {}  # position of a variable -> the edge that all its adjoint came by, else -1
        self._waiting: dict[tuple[int, ...], tuple[list[int], list[Any], list[Node | None]]] = {}
        self._elements = 0

    def visit(self, node: Node, g: Any, parts: list[edges.Part]) -> None:
        """Note an instruction."""
        web, alone = self.web, self._alone
        k, first = web.at[node], len(web.parent)
        assigned = node.primitive is index_update
        if alone.get(k, -1) < 0:
            self._places[k] = self._norms.put(edges.size(g)) if assigned else self._norms.add(g)
        if node is self._output:
            self.ends = [inner(g, tangents.get(node)) for tangents in self._tangents]
        kept = web.add(node, parts)
        several = len(kept) > 1
        for e, part in enumerate(kept, first):
            j, value, whole = web.parent[e], part.value, part.index is None
            alone[j] = e if whole and j not in alone else -1
            if assigned or not waits(value):
                web.handed.append(edges.part_size(part, node, g, parts) if assigned else edges.size(value))
                if several:
                    self._pair(e, part)
                continue
            web.handed.append(0.0)
            bucket = self._waiting.get(value.shape)
            if bucket is None:
                bucket = self._waiting[value.shape] = ([], [], [])
            bucket[0].append(e)
            bucket[1].append(value)
            bucket[2].append(part.parent if several and whole else None)
            self._elements += value.size
            if several and not whole:
                self._pair(e, part)
        if self._norms.full or self._elements >= WAITING:
            self._flush()

    def _pair(self, edge: int, part: edges.Part) -> None:
        for tangents, known in zip(self._tangents, self.inner, strict=True):
            known[edge] = _along(part, tangents.get(part.parent))

    def _flush(self) -> None:
        self._norms.flush()
        for places, values, parents in self._waiting.values():
            rows = numpy.concatenate(values).reshape(len(values), -1)
            for place, norm in zip(places, norms_of(rows, values), strict=True):
                self.web.handed[place] = norm
            for tangents, known in zip(self._tangents, self.inner, strict=True):
                _products(rows, places, values, parents, tangents, known)
        self._waiting.clear()
        self._elements = 0

    def sweep(self, seed: Any, stop: set[Node], ready: Mapping[Node, Local]) -> None:
        """Run."""
        edges.sweep([(self._output, seed)], stop, self.web.nodes, self.visit, ready)
        self._flush()
        sizes, handed = self.web.sizes, self.web.handed
        for k, edge in self._alone.items():
            if edge >= 0:
                sizes[k] = handed[edge]
        for k, place in self._places.items():
            sizes[k] = self._norms.values[place]


def _products(
    rows: numpy.ndarray,
    places: list[int],
    values: list[Any],
    parents: list[Node | None],
    tangents: Tangents,
    known: dict[int, float | None],
) -> None:
    """Note the inner products of contributions, stacked in `rows`, with the tangents of where they go."""
    shape = values[0].shape
    chosen, stack = [], []
    for i, parent in enumerate(parents):
        if parent is None:
            continue
        tangent = tangents.get(parent)
        if tangent is None:
            known[places[i]] = 0.0
        elif type(tangent) is numpy.ndarray and tangent.shape == shape and waits(tangent):
            chosen.append(i)
            stack.append(tangent)
        else:
            known[places[i]] = inner(values[i], tangent)
    if chosen:
        with numpy.errstate(all="ignore"):
            sums = (rows[chosen] * numpy.concatenate(stack).reshape(len(stack), -1)).sum(axis=1)
        known.update(zip((places[i] for i in chosen), sums.tolist(), strict=True))


def _along(part: edges.Part, tangent: Any) -> float | None:
    if part.value is None:
        return None
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


def tangents_of(source: Node, direction: Any, order: list[Node], ready: Mapping[Node, Local], push: Any) -> Tangents:
    """The tangent of every variable in `order` for that of one, by the partials that are known.

    `push(node, incoming)` gives the tangent of another elementwise instruction.
    """
    seen: dict[Node, Any] = {source: direction}
    with numpy.errstate(all="ignore"):
        for node in order:
            local = ready.get(node)
            if node in seen:
                continue
            if local is not None:
                tangent = None
                for _, parent, partial, _ in local.factors:
                    given = seen.get(parent)
                    if given is not None:
                        term = given * partial
                        tangent = term if tangent is None else tangent + term
                if tangent is not None:
                    seen[node] = tangent
                continue
            incoming = [seen.get(i) if type(i) is Node else None for i in node.inputs]
            if all(t is None for t in incoming):
                continue
            tangent = push(node, incoming)
            if tangent is not None:
                seen[node] = fit_tangent(tangent, node)
    return seen


def pushed(node: Node, incoming: list[Any]) -> Any:
    """The tangent of an instruction that is not elementwise."""
    return pushforward(node, incoming, read)
