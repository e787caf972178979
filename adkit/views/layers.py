"""Layers and order of a layered graph drawing: who stands in which layer, and in what order there.

The steps of Sugiyama, Tagawa and Toda (1981): cycles broken, longest-path layers, long edges cut by dummy nodes,
barycentre sweeps. It knows indices only, no sizes and no coordinates; `layout` gives those. Everything is iterative
and deterministic.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass

DUMMIES_PER_NODE = 3  # beyond this many dummies a long edge is drawn straight
SWEEPS = 8


@dataclass
class Layering:
    """Nodes and dummies in layers.

    Attributes:
        layer: the layer of every node, dummies after the real nodes.
        rows: the indices in each layer, in drawing order.
        before: for each index the neighbours in the layer before.
        after: for each index the neighbours in the layer after.
        chains: per edge, the indices it runs through, ends included, in the direction of the layers.
        turned: per edge, whether it runs against the layers (a loop).
        real: how many of the indices are nodes, not dummies.
    """

    layer: list[int]
    rows: list[list[int]]
    before: list[list[int]]
    after: list[list[int]]
    chains: list[list[int]]
    turned: list[bool]
    real: int


def arrange(count: int, edges: list[tuple[int, int]], first: set[int]) -> Layering:
    """Layers and order for `count` nodes.

    Args:
        count: number of nodes.
        edges: (from, to) pairs; loops and repeated pairs are allowed.
        first: nodes that stay in the first layer when nothing leads to them (the inputs).
    """
    rank = _sequence(count, edges)
    turned = [rank[a] > rank[b] for a, b in edges]
    forward = [(b, a) if back else (a, b) for (a, b), back in zip(edges, turned, strict=True)]
    layer = _longest_paths(count, forward, rank, first)
    found = _with_dummies(count, forward, layer, turned)
    order = sorted(range(count), key=rank.__getitem__) + list(range(count, len(found.layer)))
    for index in order:
        found.rows[found.layer[index]].append(index)
    _sweep(found)
    return found


def _sequence(count: int, edges: list[tuple[int, int]]) -> list[int]:
    """Rank of each node in an order that follows the edges; a cycle is opened at its earliest node."""
    waiting = [0] * count
    after: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        if source != target:
            waiting[target] += 1
            after[source].append(target)
    ready = [node for node in range(count) if not waiting[node]]
    rank = [-1] * count
    placed, candidate, at = 0, 0, 0
    queued = [not waiting[node] for node in range(count)]
    while placed < count:
        if at == len(ready):
            while queued[candidate]:
                candidate += 1
            ready.append(candidate)
            queued[candidate] = True
        node = ready[at]
        at += 1
        rank[node] = placed
        placed += 1
        for target in after[node]:
            waiting[target] -= 1
            if not waiting[target] and not queued[target]:
                queued[target] = True
                ready.append(target)
    return rank


def _longest_paths(count: int, edges: list[tuple[int, int]], rank: list[int], first: set[int]) -> list[int]:
    """The layer of each node: one more than its last predecessor; a lone source moves up to its first successor."""
    layer = [0] * count
    fed = [False] * count
    for source, target in sorted(edges, key=lambda edge: rank[edge[0]]):
        if source != target:
            layer[target] = max(layer[target], layer[source] + 1)
            fed[target] = True
    nearest: dict[int, int] = {}
    for source, target in edges:
        if source != target:
            nearest[source] = min(nearest.get(source, layer[target]), layer[target])
    for node, bound in nearest.items():
        if not fed[node] and node not in first:
            layer[node] = bound - 1
    return layer


def _with_dummies(count: int, edges: list[tuple[int, int]], layer: list[int], turned: list[bool]) -> Layering:
    layer = list(layer)
    budget = DUMMIES_PER_NODE * count + 16
    chains: list[list[int]] = [[] for _ in edges]
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for index in sorted(range(len(edges)), key=lambda i: layer[edges[i][1]] - layer[edges[i][0]]):
        source, target = edges[index]
        needed = max(0, layer[target] - layer[source] - 1)
        chain = [source]
        if needed <= budget:
            budget -= needed
            for level in range(layer[source] + 1, layer[target]):
                chain.append(len(layer))
                layer.append(level)
                before.append([])
                after.append([])
        chain.append(target)
        chains[index] = chain
        if source != target and layer[chain[1]] == layer[source] + 1:
            for near, far in zip(chain, chain[1:], strict=False):
                after[near].append(far)
                before[far].append(near)
    rows: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    return Layering(layer, rows, before, after, chains, turned, count)


def _sweep(found: Layering) -> None:
    """Orders every layer by the mean place of its neighbours, down and up, and keeps the order that crosses least.

    The sweeps stop at a local minimum, so small graphs are swept from the given order and from its mirror image.
    """
    small = len(found.layer) <= 600
    if not small:
        for turn in range(4):
            _one_sweep(found, turn)
        return
    start = [list(row) for row in found.rows]
    best, fewest = start, crossings(found)
    for mirrored in (False, True):
        found.rows[:] = [row[::-1] if mirrored else list(row) for row in start]
        for turn in range(SWEEPS):
            if not fewest:
                break
            _one_sweep(found, turn)
            crossed = crossings(found)
            if crossed < fewest:
                best, fewest = [list(row) for row in found.rows], crossed
    found.rows[:] = best


def _one_sweep(found: Layering, turn: int) -> None:
    """Even turns run down, odd ones up; ties keep their order in two turns and change it in the next two."""
    places = [0] * len(found.layer)
    for row in found.rows:
        for place, index in enumerate(row):
            places[index] = place
    down = turn % 2 == 0
    for row in found.rows if down else reversed(found.rows):
        _reorder(row, found.before if down else found.after, places, -1 if turn % 4 > 1 else 1)


def _reorder(row: list[int], neighbours: list[list[int]], places: list[int], tie: int) -> None:
    keys = {}
    for index in row:
        near = neighbours[index]
        keys[index] = sum([places[other] for other in near]) / len(near) if near else places[index]
    row.sort(key=lambda index: (keys[index], tie * places[index]))
    for place, index in enumerate(row):
        places[index] = place


def crossings(found: Layering) -> int:
    """How many pairs of edges cross between neighbouring layers."""
    places = {index: place for row in found.rows for place, index in enumerate(row)}
    total = 0
    for row in found.rows:
        seen: list[int] = []
        for index in row:
            ends = sorted(places[other] for other in found.after[index])
            for end in ends:
                total += len(seen) - bisect_left(seen, end + 1)
            for end in ends:
                insort(seen, end)
    return total
