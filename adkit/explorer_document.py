"""The document that an explorer shows: that of a trace, with plots over the ranges of its sliders.

Curves keep their range while the point moves along them, and have the second derivative and the tangent line; two
scalar inputs get a contour with the gradient field, arrays a heat map or a histogram of their gradient. All points of
a plot are evaluated at once, by replaying the recorded path on arrays (`vmap` where the program holds arrays itself).
Not for: what a plain cell shows (`document`, `curves`), or drawing (`views`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy

from . import constants
from .backends import to_numpy
from .contours import contour_lines
from .dtypes import numpy_dtype
from .errors import AdkitError
from .formatting import rounded
from .linearization import on_device_of
from .nodes import INPUT
from .primitive import ELEMENTWISE
from .sweeps.replay import Replay
from .tracing import not_recording
from .transforms import jvp, vjp
from .vectorization import vmap

__adkit__ = True

VIEWS = ("list", "graph", "plot", "source", "player")
Range = tuple[float, float]

POINTS = 121
POINTS_WITH_ARRAYS = 61
GRID = 33
GRID_WITH_ARRAYS = 17
ARROWS = 9
LONGEST = 2_000  # instructions of a program whose curves are drawn at all
MOST_ELEMENTS = 1_000_000  # of all values of one plot together
MOST_CURVES = 4
TANGENT = 0.18  # half the length of the tangent line, as a share of the range
FEW = 64  # elements of a vector that a heat map shows one by one
BINS = 24


def explorer_document(
    trace: Any, ranges: Mapping[str, Range] | None = None, views: tuple[str, ...] = VIEWS
) -> dict[str, Any]:
    """The document of a `Trace` for an explorer whose sliders have `ranges` (input name -> lowest and highest value).

    Example
    -------
    >>> from .trace import trace
    >>> doc = explorer_document(trace(lambda x: x**3)(2.0), {"x": (-4.0, 4.0)})
    >>> curve = doc["plots"][0]
    >>> curve["derivative_at"], curve["second_at"], (curve["x"][0], curve["x"][-1])
    (12.0, 12.0, (-4.0, 4.0))
    """
    doc: dict[str, Any] = trace.document(tuple(view for view in views if view != "plot"))
    drawn = plots(trace, ranges or {}) if "plot" in views else []
    return {**doc, "views": list(views), "explorer": True, "plots": drawn}


def plots(trace: Any, ranges: Mapping[str, Range]) -> list[dict[str, Any]]:
    """Curves and the contour of a real scalar output, then heat maps and histograms of derivatives by arrays."""
    found: list[dict[str, Any] | None] = []
    if not trace._output.shape and trace._output.dtype.kind == "f":
        landscape = _landscape(trace)
        names = [name for name, node in trace._inputs.items() if not node.shape and numpy_dtype(node).kind == "f"]
        if landscape is not None:
            found += [_curve(landscape, name, ranges.get(name)) for name in names[:MOST_CURVES]]
            if len(names) == 2:
                found.append(_contour(landscape, names, ranges))
    return [plot for plot in found if plot is not None] + _of_arrays(trace)


# ------------------------------------------------------------------------------------------------ scalar inputs


class Landscape:
    """The recorded program as a function of its scalar inputs, evaluated at many points at once."""

    def __init__(self, trace: Any, replay: Replay) -> None:
        self.trace = trace
        self.replay = replay
        nodes = [*replay.nodes, *(guard.node for guard in replay.guards)]
        self.elementwise = all(n.primitive.kind == ELEMENTWISE or n.primitive is INPUT for n in nodes) and not any(
            n.shape for n in [*nodes, *replay.inputs]
        )
        self.elements = sum(max(1, n.size) for n in nodes)

    def affordable(self, points: int) -> int:
        """As many of `points` as can be evaluated at once."""
        return min(points, MOST_ELEMENTS // max(1, self.elements))

    def at(self, names: list[str], points: list[numpy.ndarray]) -> list[Any]:
        """The arguments of the replay with `points` in place of the inputs `names`."""
        moved = dict(zip(names, points, strict=True))
        return [
            on_device_of(moved[name], self.trace._inputs[name].value) if name in moved else value
            for name, value in self.trace.points().items()
        ]

    def function(self, names: list[str]) -> Any:
        """The program as a function of the inputs `names` alone."""
        places = {name: place for place, name in enumerate(names)}

        def of(*moved: Any) -> Any:
            return self.replay(
                *[moved[places[name]] if name in places else value for name, value in self.trace.points().items()]
            )

        return of

    def path(self, names: list[str], points: list[numpy.ndarray]) -> Any:
        """Where the program takes the recorded path: an array of truth values, or one for all points."""
        if not self.replay.guards:
            return True
        if self.elementwise:
            return self.replay.on_path(self.replay.values(self.at(names, points)))
        rows = zip(*points, strict=True)
        return numpy.array([self.replay.on_path(self.replay.values(self.at(names, list(row)))) for row in rows])


def _landscape(trace: Any) -> Landscape | None:
    """None where the program cannot be replayed, or is too long to be replayed at many points."""
    try:
        replay = trace.replay()
    except AdkitError:
        return None
    return Landscape(trace, replay) if len(replay.nodes) <= LONGEST else None


def _evaluated(landscape: Landscape, names: list[str], points: list[numpy.ndarray], of: Any) -> list[Any] | None:
    """`of(f, points)` for the program f of the inputs `names`, NaN off the recorded path; None where it cannot be."""
    f = landscape.function(names)
    try:
        with not_recording(), constants.SCOPE, numpy.errstate(all="ignore"):
            found = of(f, points) if landscape.elementwise else vmap(lambda *row: of(f, list(row)))(*points)
            path = landscape.path(names, points)
    except (AdkitError, ArithmeticError, ValueError):
        return None
    shape = points[0].shape
    whole = [numpy.broadcast_to(numpy.asarray(to_numpy(part), float), shape) for part in found]
    return whole if path is True else [numpy.where(path, part, numpy.nan) for part in whole]


def _second_order(f: Any, points: list[Any]) -> tuple[Any, Any, Any]:
    """Value, first and second derivative of a function of one scalar at each point."""
    x = points[0]
    ones = numpy.ones_like(x) if getattr(x, "shape", ()) else numpy.float64(1.0)
    unit = on_device_of(ones, x)
    (value, first), (_, second) = jvp(lambda h: jvp(f, (h,), (unit,)), (x,), (unit,))
    return value, first, second


def _gradient(f: Any, points: list[Any]) -> tuple[Any, Any, Any]:
    """Value and both partial derivatives of a function of two scalars at each point."""
    value, pull = vjp(f, *points)
    ones = numpy.ones_like(value) if getattr(value, "shape", ()) else 1.0
    across, up = pull(on_device_of(ones, value))
    return value, across, up


def _curve(landscape: Landscape, name: str, limits: Range | None) -> dict[str, Any] | None:
    at = float(landscape.trace._leaves[name])
    if not numpy.isfinite(at):
        return None
    low, high = limits or (at - max(2.0, abs(at)), at + max(2.0, abs(at)))
    low, high = min(low, at), max(high, at)
    count = landscape.affordable(POINTS if landscape.elementwise else POINTS_WITH_ARRAYS)
    if count < 5 or not high > low:
        return None
    x = numpy.append(numpy.linspace(low, high, count), at)  # the point itself last, so that it need not be a sample
    found = _evaluated(landscape, [name], [x], _second_order)
    if found is None:
        return None
    value, first, second = found
    title = landscape.trace.output_name
    return {
        "kind": "curve",
        "title": f"{title} along {name}",
        "input": name,
        "x": _numbers(x[:-1]),
        "value": _numbers(value[:-1]),
        "derivative": _numbers(first[:-1]),
        "second": _numbers(second[:-1]),
        "at": rounded(at),
        "value_at": rounded(value[-1]),
        "derivative_at": rounded(first[-1]),
        "second_at": rounded(second[-1]),
        "tangent": _tangent(at, float(value[-1]), float(first[-1]), (high - low) * TANGENT),
    }


def _numbers(values: Any) -> list[float | None]:
    """As `formatting.rounded`, of many numbers: thousands of them are written at each step of a slider."""
    plain = numpy.asarray(values, float).tolist()
    return [float(f"{v:.6g}") if math.isfinite(v) else None for v in plain]


def _tangent(at: float, value: float, slope: float, reach: float) -> dict[str, Any] | None:
    """The ends of the tangent line at the point."""
    ends = [at - reach, at + reach]
    heights = [value - slope * reach, value + slope * reach]
    return {"x": _numbers(ends), "y": _numbers(heights)} if numpy.isfinite(heights).all() else None


def _contour(landscape: Landscape, names: list[str], ranges: Mapping[str, Range]) -> dict[str, Any] | None:
    at = [float(landscape.trace._leaves[name]) for name in names]
    limits = [ranges.get(name) or (a - max(2.0, abs(a)), a + max(2.0, abs(a))) for name, a in zip(names, at)]
    side = GRID if landscape.elementwise else GRID_WITH_ARRAYS
    if not numpy.isfinite(at).all() or landscape.affordable(side * side) < side * side:
        return None
    limits = [(min(low, a), max(high, a)) for (low, high), a in zip(limits, at)]
    across, up = numpy.linspace(*limits[0], side), numpy.linspace(*limits[1], side)
    grid = numpy.meshgrid(across, up)
    found = _evaluated(landscape, names, [axis.reshape(-1) for axis in grid], _gradient)
    if found is None or not numpy.isfinite(found[0]).any():
        return None
    value, slope_across, slope_up = (part.reshape(side, side) for part in found)
    return {
        "kind": "contour",
        "title": f"{landscape.trace.output_name} over {names[0]} and {names[1]}",
        "inputs": names,
        "ranges": [_numbers(pair) for pair in limits],
        "lines": contour_lines(across, up, value),
        "field": _field(across, up, slope_across, slope_up),
        "at": _numbers(at),
        "value_at": rounded(to_numpy(landscape.trace.value)),
        "gradient_at": [rounded(landscape.trace[name]) for name in names],
    }


def _field(
    across: numpy.ndarray, up: numpy.ndarray, slope_across: numpy.ndarray, slope_up: numpy.ndarray
) -> list[list[float | None]]:
    """The gradient at some points of the grid: `[x, y, ∂/∂x, ∂/∂y]`, where it is finite."""
    places = numpy.unique(numpy.linspace(0, len(across) - 1, ARROWS + 2).round().astype(int))[1:-1]
    rows = [(across[j], up[i], slope_across[i, j], slope_up[i, j]) for i in places for j in places]
    return [_numbers(row) for row in rows if numpy.isfinite(row).all()]


# ------------------------------------------------------------------------------------------------ arrays


def _of_arrays(trace: Any) -> list[dict[str, Any]]:
    """A heat map of each derivative that is a matrix or a short vector, a histogram of a long one."""
    found: list[dict[str, Any]] = []
    for name, derivative in trace._derivatives.items():
        plain = numpy.asarray(to_numpy(derivative))
        if not plain.ndim or not plain.size or plain.dtype.kind not in "fiu":
            continue
        title = f"∂{trace.output_name}/∂{name}"
        if plain.ndim == 1 and plain.size > FEW:
            found.append(_histogram(title, name, plain))
        else:
            found.append(_heatmap(trace, title, name, plain))
            if plain.size > FEW * FEW:
                found.append(_histogram(title, name, plain.reshape(-1)))
    return found


def _heatmap(trace: Any, title: str, name: str, plain: numpy.ndarray) -> dict[str, Any]:
    from .document import matrix_of

    matrix, _ = matrix_of(plain if plain.ndim > 1 else plain.reshape(1, -1))
    rows = trace.output_name if trace._output.shape else name if plain.ndim > 1 else ""
    return {"kind": "heatmap", "title": title, "matrix": matrix, "rows": rows, "columns": name}


def _histogram(title: str, name: str, plain: numpy.ndarray) -> dict[str, Any]:
    """How many elements of the gradient lie in each of some intervals; those that are not finite are counted apart."""
    finite = plain[numpy.isfinite(plain)].astype(float)
    counts, edges = numpy.histogram(finite, BINS) if finite.size else (numpy.zeros(0, int), numpy.zeros(0))
    return {
        "kind": "histogram",
        "title": title,
        "input": name,
        "edges": _numbers(edges),
        "counts": [int(count) for count in counts],
        "zero": int((plain == 0).sum()),
        "nonfinite": int(plain.size - finite.size),
    }
