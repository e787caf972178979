"""The plots of a document as SVG, written directly: a millisecond each where matplotlib takes a hundred.

The picture is transparent and holds no text of the user's: names stand in the HTML beside it. Numbers along the axes
are white on filled plates, so that they read on light and on dark pages. The same input gives the same bytes, and any
thread may draw. Not for: what is plotted (`curves`, `explorer_document`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from adkit.views import theme

WIDTH, HEIGHT = 595, 192  # pixels
LEFT, RIGHT, TOP, BOTTOM = 50, 8, 8, 24
GAP = 52
STEPS = 8  # of strength in a heat map
SCALE = 76  # pixels to the right of it, for the bar that explains them
QUIET = theme.stroke("quiet")
PLATE = theme.PLATES["quiet"]
Numbers = Sequence[float | None]


@dataclass(frozen=True)
class Frame:
    """A panel: its place in the picture, and the numbers at its edges."""

    x: float
    y: float
    width: float
    height: float
    across: tuple[float, float]
    up: tuple[float, float]

    def to_x(self, value: float) -> float:
        """Where a number lies from left to right."""
        low, high = self.across
        return self.x + (value - low) / (high - low) * self.width

    def to_y(self, value: float) -> float:
        """Where a number lies from top to bottom."""
        low, high = self.up
        return self.y + self.height - (value - low) / (high - low) * self.height


def figure(entry: dict[str, Any], mode: str = "reverse") -> str:
    """One of the document's plots as an SVG document.

    Args:
        entry: an entry of the document's `plots`, of kind "curve", "contour", "histogram" or "heatmap".
        mode: "forward" or "reverse": the colour of the derivative.

    Raises:
        ValueError: the kind of plot is unknown.
    """
    draw = {"curve": _curve, "contour": _contour, "histogram": _histogram, "heatmap": _heatmap}.get(entry["kind"])
    if draw is None:
        raise ValueError(f"there is no plot of kind {entry['kind']!r}; use curve, contour, histogram or heatmap")
    body = "".join(draw(entry, theme.stroke(theme.sweep_role(mode))))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="DejaVu Sans,sans-serif" font-size="10">{body}</svg>'
    )


# ------------------------------------------------------------------------------------------------ numbers


def ticks(low: float, high: float, about: int = 3) -> list[float]:
    """Round numbers within an interval.

    >>> ticks(0.0, 1.0, 4)
    [0.0, 0.5, 1.0]
    """
    rough = (high - low) / about
    if not rough > 0 or not math.isfinite(rough):
        return [low] if math.isfinite(low) else []
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999), power * 10)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)] if last - first < 100 else [low]


def extent(values: Iterable[float | None]) -> tuple[float, float]:
    """The smallest interval around finite numbers, widened a little, never empty.

    >>> extent([None, 2.0])
    (1.8, 2.2)
    """
    finite = [v for v in values if v is not None and math.isfinite(v)]
    if not finite:
        return -1.0, 1.0
    low, high = min(finite), max(finite)
    flat = high - low <= 1e-12 * max(abs(low), abs(high))
    margin = (abs(low) * 0.1 or 0.1) if flat else (high - low) * 0.06
    return low - margin, high + margin


def _label(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


# ------------------------------------------------------------------------------------------------ pieces


def straight(x1: float, y1: float, x2: float, y2: float, colour: str, more: str = "") -> str:
    """A straight line between two points, in pixels."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{more}/>'


def plate(text: str, x: float, y: float, anchor: str) -> str:
    """A number on its plate; `x` is its right end or its middle."""
    width = 5.6 * len(text) + 7
    left = x - width if anchor == "end" else x - width / 2
    return (
        f'<rect x="{left:.1f}" y="{y - 7:.1f}" width="{width:.1f}" height="14" rx="3" fill="{PLATE}"/>'
        f'<text x="{left + width / 2:.1f}" y="{y + 3.6:.1f}" text-anchor="middle" fill="#ffffff">{text}</text>'
    )


def axes(frame: Frame, across: int = 3, up: int = 4) -> list[str]:
    """Two axis lines, a thin one at 0, and about so many numbers along each."""
    bottom, right = frame.y + frame.height, frame.x + frame.width
    parts = [straight(frame.x, bottom, right, bottom, QUIET), straight(frame.x, frame.y, frame.x, bottom, QUIET)]
    if frame.up[0] < 0 < frame.up[1]:
        zero = frame.to_y(0.0)
        parts.append(straight(frame.x, zero, right, zero, QUIET, ' stroke-width="0.6"'))
    parts += [plate(_label(t), frame.to_x(t), bottom + 14, "middle") for t in ticks(*frame.across, across)]
    return parts + [plate(_label(t), frame.x - 4, frame.to_y(t), "end") for t in ticks(*frame.up, up)]


def path(frame: Frame, x: Numbers, y: Numbers, colour: str, more: str = "") -> str:
    """A line through the points, broken where a value is missing."""
    parts, pen = [], False
    for a, b in zip(x, y, strict=True):
        if a is None or b is None:
            pen = False
            continue
        parts.append(f"{'L' if pen else 'M'}{frame.to_x(a):.1f} {frame.to_y(b):.1f}")
        pen = True
    return f'<path d="{"".join(parts)}" fill="none" stroke="{colour}" stroke-linejoin="round"{more}/>'


def _gaps(frame: Frame, x: Numbers, y: Numbers) -> list[str]:
    """Quiet marks along the axis where there is no value."""
    bottom = frame.y + frame.height
    places = [frame.to_x(a) for a, b in zip(x, y, strict=True) if a is not None and b is None]
    return [straight(place, bottom - 7, place, bottom - 1, QUIET) for place in places]


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'


# ------------------------------------------------------------------------------------------------ kinds


def _curve(entry: dict[str, Any], colour: str) -> list[str]:
    """Value with tangent, derivative and second derivative side by side."""
    curves = [
        (entry["value"], entry.get("value_at"), theme.stroke("primal"), ""),
        (entry["derivative"], entry.get("derivative_at"), colour, ""),
        (entry.get("second"), entry.get("second_at"), colour, ' stroke-dasharray="6 3"'),
    ]
    present = [curve for curve in curves if curve[0] is not None]
    finite = [v for v in entry["x"] if v is not None]
    across = (min(finite), max(finite)) if len(set(finite)) > 1 else (-1.0, 1.0)
    width = (WIDTH - LEFT - RIGHT - GAP * (len(present) - 1)) / len(present)
    parts: list[str] = []
    for number, (values, value_at, stroke, dashes) in enumerate(present):
        place = LEFT + number * (width + GAP)
        frame = Frame(place, TOP, width, HEIGHT - TOP - BOTTOM, across, extent([*values, value_at]))
        parts += axes(frame) + _gaps(frame, entry["x"], values)
        parts += _here(frame, entry.get("at"))
        parts.append(path(frame, entry["x"], values, stroke, f' stroke-width="1.8"{dashes}'))
        parts += _tangent(frame, entry.get("tangent") or _tangent_at(entry, across), colour) if number == 0 else []
        if entry.get("at") is not None and value_at is not None:
            parts.append(_dot(frame.to_x(entry["at"]), frame.to_y(value_at), stroke))
    return parts


def _here(frame: Frame, at: float | None) -> list[str]:
    if at is None:
        return []
    x = frame.to_x(at)
    return [straight(x, frame.y, x, frame.y + frame.height, QUIET, ' stroke-dasharray="2 3" stroke-width="0.8"')]


def _tangent_at(entry: dict[str, Any], across: tuple[float, float]) -> dict[str, Any] | None:
    """A tangent of two fifths of the width, from value and slope at the point."""
    at, value, slope = entry.get("at"), entry.get("value_at"), entry.get("derivative_at")
    if at is None or value is None or slope is None:
        return None
    reach = (across[1] - across[0]) * 0.2
    return {"x": [at - reach, at + reach], "y": [value - slope * reach, value + slope * reach]}


def _tangent(frame: Frame, tangent: dict[str, Any] | None, colour: str) -> list[str]:
    """The tangent line, cut off at the frame."""
    ends = None if tangent is None else clipped(tangent["x"], tangent["y"], frame.across, frame.up)
    if ends is None:
        return []
    (x1, y1), (x2, y2) = ends
    more = ' stroke-width="1.6" stroke-dasharray="4 2"'
    return [straight(frame.to_x(x1), frame.to_y(y1), frame.to_x(x2), frame.to_y(y2), colour, more)]


def clipped(
    x: Numbers, y: Numbers, across: tuple[float, float], up: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The part of a line from `(x[0], y[0])` to `(x[1], y[1])` within a rectangle (Liang and Barsky, 1984).

    >>> clipped([0.0, 4.0], [0.0, 4.0], (0.0, 4.0), (1.0, 2.0))
    ((1.0, 1.0), (2.0, 2.0))
    """
    if None in (*x, *y):
        return None
    x1, x2, y1, y2 = (float(v) for v in (*x, *y))  # type: ignore[arg-type]
    enter, leave = 0.0, 1.0
    for start, step, (low, high) in ((x1, x2 - x1, across), (y1, y2 - y1, up)):
        for distance, speed in ((start - low, -step), (high - start, step)):
            if speed == 0:
                if distance < 0:
                    return None
            elif speed < 0:
                enter = max(enter, distance / speed)
            else:
                leave = min(leave, distance / speed)
    if enter > leave:
        return None
    return (x1 + enter * (x2 - x1), y1 + enter * (y2 - y1)), (x1 + leave * (x2 - x1), y1 + leave * (y2 - y1))


def _contour(entry: dict[str, Any], colour: str) -> list[str]:
    """Lines of equal value, stronger where higher, with the gradient as arrows."""
    across, up = (tuple(pair) for pair in entry["ranges"])
    frame = Frame(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, across, up)
    parts = axes(frame, 6, 3)
    for number, line in enumerate(entry["lines"]):
        s = line["segments"]
        ends = zip(s[0::4], s[1::4], s[2::4], s[3::4], strict=True)
        d = "".join(
            f"M{frame.to_x(a):.1f} {frame.to_y(b):.1f}L{frame.to_x(c):.1f} {frame.to_y(e):.1f}" for a, b, c, e in ends
        )
        width = 0.8 + 1.2 * number / max(1, len(entry["lines"]) - 1)
        parts.append(f'<path d="{d}" fill="none" stroke="{theme.stroke("primal")}" stroke-width="{width:.2f}"/>')
    parts += [_arrow(*ends, colour) for ends in arrows(frame, entry["field"])]
    if None not in entry["at"]:
        parts.append(_dot(frame.to_x(entry["at"][0]), frame.to_y(entry["at"][1]), theme.stroke("primal")))
    return parts


def arrows(frame: Frame, field: list[list[float]]) -> list[tuple[float, float, float, float]]:
    """The field's arrows in pixels: up the slope as it looks in this frame, the longest as long as a cell of it."""
    to_right, to_top = (frame.across[1] - frame.across[0]) / frame.width, (frame.up[1] - frame.up[0]) / frame.height
    shown = [(frame.to_x(x), frame.to_y(y), dx * to_right, -dy * to_top) for x, y, dx, dy in field]
    longest = max((math.hypot(dx, dy) for _, _, dx, dy in shown), default=0.0)
    reach = min(frame.width, frame.height) / 9
    made = []
    for x, y, dx, dy in shown:
        size = math.hypot(dx, dy)
        if size > 1e-3 * longest:
            scale = reach * math.sqrt(size / longest) / size
            made.append((x, y, x + dx * scale, y + dy * scale))
    return made


def _arrow(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    angle, size = math.atan2(y2 - y1, x2 - x1), min(4.0, 0.5 * math.hypot(x2 - x1, y2 - y1))
    wings = "".join(
        f"M{x2:.1f} {y2:.1f}L{x2 - size * math.cos(angle + turn):.1f} {y2 - size * math.sin(angle + turn):.1f}"
        for turn in (-0.5, 0.5)
    )
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}{wings}" fill="none" stroke="{colour}"/>'


def _histogram(entry: dict[str, Any], colour: str) -> list[str]:
    edges, counts = entry["edges"], entry["counts"]
    if not counts or None in edges:
        return []
    frame = Frame(
        LEFT,
        TOP,
        WIDTH - LEFT - RIGHT,
        HEIGHT - TOP - BOTTOM,
        (edges[0], edges[-1]) if edges[-1] > edges[0] else (edges[0] - 1, edges[0] + 1),
        (0.0, max(counts) * 1.05),
    )
    bars = []
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        x, width, y = frame.to_x(low), frame.to_x(high) - frame.to_x(low), frame.to_y(count)
        if count:
            bars.append(
                f'<rect x="{x + 0.5:.1f}" y="{y:.1f}" width="{max(1.0, width - 1):.1f}" '
                f'height="{frame.y + frame.height - y:.1f}" fill="{colour}"/>'
            )
    return bars + axes(frame, 6, 3)


def _heatmap(entry: dict[str, Any], colour: str) -> list[str]:
    """The matrix in the mode's colour where positive, in slate where negative, red where not finite."""
    matrix = [row for row in entry["matrix"] if row]
    if not matrix:
        return []
    rows, columns = len(matrix), len(matrix[0])
    frame = Frame(LEFT, TOP, WIDTH - LEFT - RIGHT - SCALE, HEIGHT - TOP - BOTTOM, (0, columns), (rows, 0))
    largest = max((abs(v) for row in matrix for v in row if v is not None), default=0.0) or 1.0
    wide, high = frame.width / columns, frame.height / rows
    painted: dict[tuple[str, int], list[str]] = {}
    for i, row in enumerate(matrix):
        j = 0
        for (fill, step), run in itertools.groupby(_tint(value, largest, colour) for value in row):
            length = len(list(run))
            if step:
                painted.setdefault((fill, step), []).append(f"M{j} {i}h{length}")
            j += length
    # Cells are unit strokes in a scaled frame, which takes a quarter of the characters of rectangles.
    cells = [
        f'<g transform="translate({frame.x} {frame.y + high / 2:.2f}) scale({wide:.4f} {high:.4f})" '
        'shape-rendering="crispEdges">'
        + "".join(
            f'<path d="{"".join(found)}" stroke="{fill}" stroke-opacity="{step / STEPS:.2f}"/>'
            for (fill, step), found in painted.items()
        )
        + "</g>"
    ]
    outline = f'<rect x="{frame.x}" y="{frame.y}" width="{frame.width}" height="{frame.height}" fill="none"'
    marks = [plate(_label(j), frame.x + (j + 0.5) * wide, HEIGHT - 10, "middle") for j in _whole(columns, 8)]
    marks += [plate(_label(i), frame.x - 4, frame.y + (i + 0.5) * high, "end") for i in _whole(rows, 5)]
    signs = [v > 0 for row in matrix for v in row if v]
    return [*cells, f'{outline} stroke="{QUIET}"/>', *marks, *_scale(largest, colour, any(signs), not all(signs))]


def _tint(value: float | None, largest: float, colour: str) -> tuple[str, int]:
    """Colour and strength of a cell; strength 0 is not drawn."""
    if value is None:
        return theme.stroke("wrong"), STEPS
    return colour if value > 0 else QUIET, math.ceil(abs(value) / largest * STEPS)


def _scale(largest: float, colour: str, positive: bool, negative: bool) -> list[str]:
    """What the strengths of a heat map mean: its steps in a bar, with the largest size, 0, and the least value."""
    steps = list(range(STEPS, 0, -1)) if positive else []
    fills = [(colour, step) for step in steps]
    fills += [(QUIET, step) for step in range(1, STEPS + 1)] if negative else []
    if not fills:
        return []
    left, high = WIDTH - RIGHT - 14, (HEIGHT - TOP - BOTTOM) / len(fills)
    parts = [
        f'<rect x="{left}" y="{TOP + i * high:.1f}" width="14" height="{high:.1f}" fill="{fill}" '
        f'fill-opacity="{step / STEPS:.2f}"/>'
        for i, (fill, step) in enumerate(fills)
    ]
    marks = [(largest if positive else 0.0, TOP + 7.0), (-largest if negative else 0.0, HEIGHT - BOTTOM - 7.0)]
    marks += [(0.0, TOP + len(steps) * high)] if positive and negative else []
    return parts + [plate(_label(float(f"{value:.3g}")), left - 4.0, y, "end") for value, y in marks]


def _whole(size: int, most: int) -> list[int]:
    """At most `most` whole numbers below `size`."""
    return list(range(0, size, max(1, math.ceil(size / most))))
