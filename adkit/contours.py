"""Contour lines of a surface given on a grid, by marching squares.

Source of the method: Lorensen and Cline, "Marching Cubes" (1987), in two dimensions. Not for: evaluating the surface
(`explorer_document`) or drawing the lines (`views`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from .formatting import rounded

__adkit__ = True

LEVELS = 10

# Which sides of a cell a line crosses (0 bottom, 1 right, 2 top, 3 left), by the corners that lie above the level:
# 1 lower left, 2 lower right, 4 upper right, 8 upper left. Of the two saddles both lines are taken apart the same way.
_CROSSINGS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),),
    2: ((0, 1),),
    3: ((3, 1),),
    4: ((1, 2),),
    5: ((3, 0), (1, 2)),
    6: ((0, 2),),
    7: ((3, 2),),
    8: ((2, 3),),
    9: ((2, 0),),
    10: ((0, 1), (2, 3)),
    11: ((2, 1),),
    12: ((1, 3),),
    13: ((1, 0),),
    14: ((0, 3),),
}


def levels(surface: numpy.ndarray, about: int = LEVELS) -> list[float]:
    """Round numbers between the lowest and the highest finite value; none for a flat surface.

    Example
    -------
    >>> levels(numpy.array([[0.0, 1.0], [4.0, 10.0]]), 5)
    [2.0, 4.0, 6.0, 8.0]
    """
    finite = surface[numpy.isfinite(surface)]
    low, high = float(finite.min()), float(finite.max())
    spread = high - low
    if not spread > 1e-12 * max(abs(low), abs(high)) or not math.isfinite(spread):
        return []
    power = 10.0 ** math.floor(math.log10(spread / about))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= spread / about * 0.999)
    numbers = [float(f"{k * step:.12g}") for k in range(math.floor(low / step), math.ceil(high / step) + 1)]
    return [number for number in numbers if low < number < high]


def contour_lines(across: numpy.ndarray, up: numpy.ndarray, surface: numpy.ndarray) -> list[dict[str, Any]]:
    """The lines of `surface[i, j]` at `(across[j], up[i])`: per level the segments `x1, y1, x2, y2` one after another.

    Cells with a corner that is not finite have no line. Levels are quantiles where round numbers would crowd most
    lines into a corner.

    Example
    -------
    >>> x = numpy.array([0.0, 1.0])
    >>> [line["level"] for line in contour_lines(x, x, numpy.array([[0.0, 1.0], [0.0, 1.0]]))][:3]
    [0.1, 0.2, 0.3]
    """
    found = []
    for level in _spread(surface):
        segments = _segments(across, up, surface, level)
        if len(segments):
            found.append(
                {"level": rounded(level), "segments": [float(f"{v:.6g}") for v in segments.reshape(-1).tolist()]}
            )
    return found


def _spread(surface: numpy.ndarray) -> list[float]:
    """Round levels, or quantiles where nine tenths of the surface would lie between two of them."""
    chosen = levels(surface)
    finite = surface[numpy.isfinite(surface)]
    if chosen and numpy.bincount(numpy.searchsorted(chosen, finite)).max() > 0.9 * finite.size:
        chosen = [float(q) for q in numpy.unique(numpy.quantile(finite, numpy.linspace(0, 1, LEVELS + 2)[1:-1]))]
    return chosen


def _segments(across: numpy.ndarray, up: numpy.ndarray, surface: numpy.ndarray, level: float) -> numpy.ndarray:
    a, b, c, d = surface[:-1, :-1], surface[:-1, 1:], surface[1:, 1:], surface[1:, :-1]
    whole = numpy.isfinite(a) & numpy.isfinite(b) & numpy.isfinite(c) & numpy.isfinite(d)
    case = (a > level) + 2 * (b > level) + 4 * (c > level) + 8 * (d > level)
    left, right = (side[None, :] + 0 * a for side in (across[:-1], across[1:]))
    low, high = (side[:, None] + 0 * a for side in (up[:-1], up[1:]))
    with numpy.errstate(all="ignore"):
        sides = [
            (left + (right - left) * _share(a, b, level), low),
            (right, low + (high - low) * _share(b, c, level)),
            (left + (right - left) * _share(d, c, level), high),
            (left, low + (high - low) * _share(a, d, level)),
        ]
    pieces = []
    for number, crossings in _CROSSINGS.items():
        cells = whole & (case == number)
        if cells.any():
            pieces += [numpy.stack([p[cells] for end in ends for p in sides[end]], axis=-1) for ends in crossings]
    return numpy.concatenate(pieces) if pieces else numpy.zeros((0, 4))


def _share(start: numpy.ndarray, end: numpy.ndarray, level: float) -> numpy.ndarray:
    """How far from `start` to `end` the level lies."""
    return (level - start) / (end - start)
