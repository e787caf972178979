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
from .norms import Norms, Products
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
    where that is not known. `ends`: per set of tangents that of the output with its adjoint.
    """

    def __init__(self, output: Node, seed: Any, order: list[Node], tangents: Sequence[Tangents]) -> None:
        self.web = Web(order)
        self.inner: list[dict[int, float | None]] = [{} for _ in tangents]
        self.ends: list[float] = [0.0] * len(tangents)
        self._output = output
        self._tangents = tangents
        self._norms = Norms()
        self._products = Products()
        self._waiting: list[tuple[int, int, int]] = []  # set of tangents, edge, place among the products
        self._places: list[int] = []
        self._size_of: dict[int, int] = {}
        self._arrived: dict[int, tuple[int, int]] = {}

    def visit(self, node: Node, g: Any, parts: list[edges.Part]) -> None:
        """Note an instruction."""
        web, norms = self.web, self._norms
        k, first = web.at[node], len(web.parent)
        assigned = node.primitive is index_update
        place, count = self._arrived.pop(k, (0, 0))
        if count != 1:
            place = norms.put(edges.size(g)) if assigned else norms.add(g)
        self._size_of[k] = place
        if node is self._output:
            self.ends = [inner(g, tangents.get(node)) for tangents in self._tangents]
        kept = web.add(node, parts)
        for part, j in zip(kept, web.parent[first:], strict=True):
            if assigned:
                place = norms.put(edges.part_size(part, node, g, parts))
            else:
                place = norms.add(part.value)
            self._places.append(place)
            _, count = self._arrived.get(j, (0, 0))
            self._arrived[j] = (place, count + (1 if part.index is None else 2))
        if len(kept) > 1:
            for i, part in enumerate(kept):
                self._pair(part, first + i)
        if norms.full or self._products.full:
            self._flush()

    def _pair(self, part: edges.Part, edge: int) -> None:
        for s, tangents in enumerate(self._tangents):
            tangent = tangents.get(part.parent)
            if part.value is not None and tangent is not None and part.index is None:
                place = self._products.add(part.value, tangent)
                if place is not None:
                    self._waiting.append((s, edge, place))
                    continue
            self.inner[s][edge] = _along(part, tangent)

    def _flush(self) -> None:
        self._norms.flush()
        self._products.flush()
        for s, edge, place in self._waiting:
            self.inner[s][edge] = self._products.values[place]
        self._waiting.clear()
        self._products.values.clear()

    def sweep(self, seed: Any, stop: set[Node], ready: Mapping[Node, Local]) -> None:
        """Run."""
        edges.sweep([(self._output, seed)], stop, self.web.nodes, self.visit, ready)
        self._flush()
        values = self._norms.values
        self.web.handed = [values[place] for place in self._places]
        for k, place in self._size_of.items():
            self.web.sizes[k] = values[place]


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
