"""Coordinates of a trace's graph: boxes, edge paths and label places, in pixels.

Pure Python, iterative and deterministic, so that the saved picture and the live one are the same. It measures text
by a fixed character width and draws nothing; `svg` does. The order within layers comes from `layers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from adkit.views.glyphs import clean, display_width, shorten
from adkit.views.layers import Layering, arrange

CHARACTER = 6.7  # width of a character of 11 px monospaced type
LABEL_CHARACTER = 6.1  # the same at 10 px
HEIGHT = 24.0
WIDEST_LABEL = 22
WIDEST_EDGE_LABEL = 12
MARGIN = 10.0
ACROSS = 20.0  # gap between neighbours in a layer
ACROSS_LABELS = 40.0  # the same where labels stand side by side
ALONG = 34.0  # gap between layers from left to right, when their edges bear no labels
ALONG_DOWN = 26.0  # the same downwards
COMFORTABLE = 680.0  # a drawing up to this width runs left to right
SHARES = (0.5, 0.4, 0.6, 0.32, 0.68, 0.25, 0.75)  # where along its edge a label is tried
LOOP = 22.0  # reach of an edge from a node to itself
DEEPEST = 12  # up to this many layers the inputs stay together in the first

Point = tuple[float, float]


def caption(node: dict[str, Any]) -> str:
    """What stands in a node: an input's name, else `name = operation`, else the operation.

    >>> caption({"kind": "instruction", "name": "u", "label": "+"})
    'u = +'
    """
    name, label = clean(node.get("name") or ""), clean(node.get("label") or "")
    if not name or name == label:
        return shorten(label or name, WIDEST_LABEL)
    if node.get("kind") in ("input", "fold"):
        return shorten(name if node["kind"] == "input" else label, WIDEST_LABEL)
    return shorten(f"{shorten(name, WIDEST_LABEL - 6)} = {label}", WIDEST_LABEL)


def edge_caption(edge: dict[str, Any]) -> str:
    """What stands on an edge: its label, shortened."""
    return shorten(clean(edge.get("label") or ""), WIDEST_EDGE_LABEL)


def place(graph: dict[str, Any]) -> dict[str, Any]:
    """Lays a document's graph out.

    Args:
        graph: `nodes` and `edges` as in the trace document. An edge to or from an unknown node is left out.

    Returns:
        `width`, `height`, `direction` ("right" or "down"), `nodes` (id, text, and x, y, w, h: the upper left corner
        and the size) in the graph's order, and `edges` (`edge`: the index in the graph's edges, from, to, `path` for
        SVG, `label_x` and `label_y`: the middle of its label, None where there is no room for it, `turned`: whether it
        runs against the flow).

    Example:
        >>> node = {"id": "v1", "label": "sin", "kind": "instruction", "name": None}
        >>> placed = place({"nodes": [node], "edges": []})
        >>> placed["width"], placed["height"], placed["nodes"][0]["x"]
        (59.0, 44.0, 10.0)
    """
    texts = [caption(node) for node in graph["nodes"]]
    sizes = [(max(39.0, round(display_width(text) * CHARACTER + 14)), HEIGHT) for text in texts]
    index = {node["id"]: i for i, node in enumerate(graph["nodes"])}
    kept = [i for i, edge in enumerate(graph["edges"]) if edge["from"] in index and edge["to"] in index]
    edges = [(index[graph["edges"][i]["from"]], index[graph["edges"][i]["to"]]) for i in kept]
    labels = [edge_caption(graph["edges"][i]) for i in kept]
    found = _layered(graph, edges)
    drawing = _Drawing(found, sizes, labels, down=False)
    if drawing.deep > COMFORTABLE:
        upright = _Drawing(found, sizes, labels, down=True).settle()
        drawing = upright if upright.broad < drawing.deep else drawing.settle()
    else:
        drawing.settle()
    nodes = [
        {"id": node["id"], "text": text, "x": x, "y": y, "w": w, "h": h}
        for node, text, (x, y, w, h) in zip(graph["nodes"], texts, drawing.boxes(), strict=True)
    ]
    paths = [
        {"edge": i, "from": graph["edges"][i]["from"], "to": graph["edges"][i]["to"], **path}
        for i, path in zip(kept, drawing.paths(), strict=True)
    ]
    direction = "down" if drawing.down else "right"
    width, height = drawing.size
    return {"width": width, "height": height, "direction": direction, "nodes": nodes, "edges": paths}


def _layered(graph: dict[str, Any], edges: list[tuple[int, int]]) -> Layering:
    count = len(graph["nodes"])
    inputs = {i for i, node in enumerate(graph["nodes"]) if node.get("kind") == "input"}
    found = arrange(count, edges, inputs)
    return found if len(found.rows) <= DEEPEST else arrange(count, edges, set())


class _Drawing:
    """One drawing of layered nodes: `along` runs with the layers, `across` within a layer."""

    def __init__(self, found: Layering, sizes: list[tuple[float, float]], labels: list[str], down: bool) -> None:
        self.found, self.down, self.labels = found, down, labels
        dummies = len(found.layer) - found.real
        self.depth = [size[down] for size in sizes] + [0.0] * dummies
        self.breadth = [size[not down] for size in sizes] + [0.0] * dummies
        self.begins, self.ends = self._layer_bounds()
        self.across: list[float] = []
        self.broad = 0.0
        self.deep = _pixels((self.ends[-1] if self.ends else 0.0) + MARGIN)

    def settle(self) -> _Drawing:
        """Places everything across the flow, so that nodes, curves and labels stay within the margins."""
        beside = self.down and any(self.labels)
        self.across = _across(self.found, self.breadth, ACROSS_LABELS if beside else ACROSS)
        low, high = self._reach()
        self.across = [a + MARGIN - low for a in self.across]
        self.broad = _pixels(high - low + 2 * MARGIN)
        return self

    def _reach(self) -> tuple[float, float]:
        """Least and greatest coordinate across the flow of anything that is drawn."""
        low = min((a - b / 2 for a, b in zip(self.across, self.breadth, strict=True)), default=0.0)
        high = max((a + b / 2 for a, b in zip(self.across, self.breadth, strict=True)), default=0.0)
        for curves, label in zip(self._all_curves(), self.labels, strict=True):
            half = _label_size(label)[not self.down] / 2 if label else 0.0
            places = [point[not self.down] for curve in curves for point in curve]
            low, high = min(low, min(places) - half), max(high, max(places) + half)
        return low, high

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        return (self.broad, self.deep) if self.down else (self.deep, self.broad)

    def _layer_bounds(self) -> tuple[list[float], list[float]]:
        """Where each layer begins and ends along the flow; gaps are wide enough for the labels in them."""
        gaps = [ALONG_DOWN if self.down else ALONG] * len(self.found.rows)
        for chain, label in zip(self.found.chains, self.labels, strict=True):
            if label and len(chain) > 1:
                room = 42.0 if self.down else display_width(label) * LABEL_CHARACTER + 24
                middle = self.found.layer[chain[(len(chain) - 1) // 2]]
                gaps[middle] = max(gaps[middle], room)
        begins, ends, at = [], [], MARGIN
        for level, row in enumerate(self.found.rows):
            begins.append(at)
            ends.append(at + max(self.depth[i] for i in row))
            at = ends[-1] + gaps[level]
        return begins, ends

    def boxes(self) -> list[tuple[float, float, float, float]]:
        """Upper left corner and size of every node, centred in its layer."""
        placed = []
        for node in range(self.found.real):
            level = self.found.layer[node]
            along = (self.begins[level] + self.ends[level] - self.depth[node]) / 2
            across = self.across[node] - self.breadth[node] / 2
            x, y = (across, along) if self.down else (along, across)
            w, h = (self.breadth[node], self.depth[node]) if self.down else (self.depth[node], self.breadth[node])
            placed.append((_pixels(x), _pixels(y), _pixels(w), _pixels(h)))
        return placed

    def paths(self) -> list[dict[str, Any]]:
        """Path and label place of every edge."""
        drawn, taken = [], _Taken(self.boxes())
        for curves, label, turned in zip(self._all_curves(), self.labels, self.found.turned, strict=True):
            spot = taken.place(curves, label)
            if turned:
                curves = [curve[::-1] for curve in reversed(curves)]
            drawn.append({"path": _path(curves), "label_x": spot[0], "label_y": spot[1], "turned": turned})
        return drawn

    def _all_curves(self) -> Iterator[list[tuple[Point, ...]]]:
        repeats: dict[tuple[int, int], int] = {}
        for chain in self.found.chains:
            ends = (chain[0], chain[-1])
            nth = repeats[ends] = repeats.get(ends, -1) + 1
            yield self._loop(chain[0]) if ends[0] == ends[1] else self._curves(chain, nth)

    def _curves(self, chain: list[int], bow: int) -> list[tuple[Point, ...]]:
        """Cubic curves between layers, straight lines through them; a repeated edge bows out by its number."""
        curves: list[tuple[Point, ...]] = []
        for near, far in zip(chain, chain[1:], strict=False):
            level, target = self.found.layer[near], self.found.layer[far]
            start = self.ends[level] if near >= self.found.real else self._edge(near, 1)
            end = self.begins[target] if far >= self.found.real else self._edge(far, -1)
            a, b, middle = self.across[near], self.across[far], (start + end) / 2
            out = 14.0 * ((bow + 1) // 2) * (1 if bow % 2 else -1)
            if near >= self.found.real and start > self.begins[level]:
                curves.append(self._points((self.begins[level], a), (start, a)))
            curves.append(self._points((start, a), (middle, a + out), (middle, b + out), (end, b)))
        return curves

    def _edge(self, node: int, side: int) -> float:
        level = self.found.layer[node]
        return (self.begins[level] + self.ends[level] + side * self.depth[node]) / 2

    def _loop(self, node: int) -> list[tuple[Point, ...]]:
        """An edge from a node to itself: an arch over its side."""
        middle, side = (self._edge(node, 1) + self._edge(node, -1)) / 2, self.across[node] - self.breadth[node] / 2
        arch = ((middle + 8, side), (middle + 16, side - LOOP), (middle - 16, side - LOOP), (middle - 8, side))
        return [self._points(*arch)]

    def _points(self, *points: Point) -> tuple[Point, ...]:
        """(along, across) pairs as (x, y)."""
        return tuple((across, along) if self.down else (along, across) for along, across in points)


class _Taken:
    """The places that boxes and labels take already, found by the horizontal bands that they touch."""

    BAND = 40.0

    def __init__(self, boxes: Iterable[tuple[float, float, float, float]]) -> None:
        self.bands: dict[int, list[tuple[float, float, float, float]]] = {}
        for box in boxes:
            self._take(box)

    def place(self, curves: list[tuple[Point, ...]], label: str) -> Point | tuple[None, None]:
        """A free place for a label on the edge, nearest to its middle; none when all are taken."""
        bends = [curve for curve in curves if len(curve) == 4]
        curve = bends[(len(bends) - 1) // 2]
        if not label:
            return _on(curve, 0.5)
        w, h = _label_size(label)
        for share in SHARES:
            x, y = _on(curve, share)
            box = (x - w / 2, y - h / 2, w, h)
            if not self._hits(box):
                self._take(box)
                return x, y
        return None, None

    def _touched(self, box: tuple[float, float, float, float]) -> range:
        return range(int(box[1] // self.BAND), int((box[1] + box[3]) // self.BAND) + 1)

    def _take(self, box: tuple[float, float, float, float]) -> None:
        for band in self._touched(box):
            self.bands.setdefault(band, []).append(box)

    def _hits(self, box: tuple[float, float, float, float]) -> bool:
        x, y, w, h = box
        return any(
            x < bx + bw and bx < x + w and y < by + bh and by < y + h
            for band in self._touched(box)
            for bx, by, bw, bh in self.bands.get(band, ())
        )


def _label_size(label: str) -> tuple[float, float]:
    return display_width(label) * LABEL_CHARACTER + 8, 15.0


def _on(curve: tuple[Point, ...], t: float) -> Point:
    """The point of a cubic Bézier curve at parameter `t`."""
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    x = sum(w * p[0] for w, p in zip(weights, curve, strict=True))
    y = sum(w * p[1] for w, p in zip(weights, curve, strict=True))
    return _pixels(x), _pixels(y)


def _path(curves: list[tuple[Point, ...]]) -> str:
    parts = [f"M{_number(curves[0][0][0])} {_number(curves[0][0][1])}"]
    for curve in curves:
        parts.append(("C" if len(curve) == 4 else "L") + " ".join(f"{_number(x)} {_number(y)}" for x, y in curve[1:]))
    return "".join(parts)


def _pixels(value: float) -> float:
    return round(value + 0.0, 1)


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _across(found: Layering, breadth: list[float], gap: float) -> list[float]:
    """Centre of every node within its layer: near the mean of its neighbours, never nearer than `gap` to the next."""
    at = [0.0] * len(found.layer)
    for row in found.rows:
        _settle(row, [0.0] * len(row), at, breadth, gap)
    sweeps = 6 if len(found.layer) <= 1500 else 2
    for turn in range(sweeps):
        down = turn % 2 == 0
        for row in found.rows if down else reversed(found.rows):
            wanted = [_wanted(found, i, at, down, last=turn >= sweeps - 2) for i in row]
            _settle(row, wanted, at, breadth, gap)
    return at


def _wanted(found: Layering, index: int, at: list[float], down: bool, last: bool) -> float:
    near = found.before[index] if down else found.after[index]
    if last or not near:
        near = near + (found.after[index] if down else found.before[index])
    return sum([at[other] for other in near]) / len(near) if near else at[index]


def _settle(row: list[int], wanted: list[float], at: list[float], breadth: list[float], gap: float) -> None:
    """Nearest places to `wanted` that keep order and gaps: least squares by pooling adjacent violators."""
    offsets, offset = [0.0], 0.0
    for left, right in zip(row, row[1:], strict=False):
        offset += (breadth[left] + breadth[right]) / 2 + gap
        offsets.append(offset)
    sums: list[float] = []
    counts: list[int] = []
    for target, shift in zip(wanted, offsets, strict=True):
        total, count = target - shift, 1
        while sums and sums[-1] * count >= total * counts[-1]:
            total += sums.pop()
            count += counts.pop()
        sums.append(total)
        counts.append(count)
    place = 0
    for total, count in zip(sums, counts, strict=True):
        mean = total / count
        for _ in range(count):
            at[row[place]] = mean + offsets[place]
            place += 1
