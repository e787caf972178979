"""What the plots show: value and derivative along each scalar input around the current point, and matrices as heat
maps.

Curves come from replaying the recorded path at other points; where a guard would come out otherwise the curve ends.
Not for: drawing.
"""

from __future__ import annotations

from typing import Any

import numpy

from . import constants
from .backends import to_numpy
from .dtypes import numpy_dtype
from .errors import AdkitError
from .formatting import rounded
from .handle import is_traced, untraced
from .linearization import on_device_of
from .nodes import INPUT
from .primitive import ELEMENTWISE
from .sweeps.forward import ForwardPlan
from .sweeps.order import active, ancestors
from .sweeps.replay import Replay
from .tracing import make_input, not_recording

__adkit__ = True

POINTS = 121
MOST_STEPS = 20_000  # instructions evaluated for the curve of one input where points are evaluated one by one
LONGEST = 2_000  # instructions of a program whose curves are drawn at all
MOST_CURVES = 4


def plots(trace: Any) -> list[dict[str, Any]]:
    """The plots of a trace: curves of a scalar output, then heat maps of derivatives with two or more dimensions."""
    found: list[dict[str, Any]] = []
    if not trace._output.shape and trace._output.dtype.kind == "f":
        for name, node in trace._inputs.items():
            if not node.shape and numpy_dtype(node).kind == "f" and len(found) < MOST_CURVES:
                curve = _curve(trace, name)
                if curve is not None:
                    found.append(curve)
    from .document import matrix_of

    for name, g in trace._derivatives.items():
        matrix, _ = matrix_of(numpy.asarray(g))
        if matrix is not None:
            jacobian = bool(trace._output.shape)
            rows = trace.output_name if jacobian else name
            found.append(
                {
                    "kind": "heatmap",
                    "title": f"∂{trace.output_name}/∂{name}",
                    "matrix": matrix,
                    "rows": rows,
                    "columns": name,
                }
            )
    return found


def _curve(trace: Any, name: str) -> dict[str, Any] | None:
    at = float(trace._leaves[name])
    if not numpy.isfinite(at):
        return None
    try:
        replay = trace.replay()
    except AdkitError:
        return None
    if len(replay.nodes) > LONGEST:
        return None
    reach = max(2.0, abs(at))
    nodes = [*replay.nodes, *(guard.node for guard in replay.guards)]
    vectorised = all(n.primitive.kind == ELEMENTWISE or n.primitive is INPUT for n in nodes) and not any(
        n.shape for n in [*nodes, *replay.inputs]
    )
    count = POINTS if vectorised else min(41, MOST_STEPS // max(1, len(replay.nodes)) | 1)
    if count < 5:
        return None
    x = numpy.linspace(at - reach, at + reach, count)
    x[count // 2] = at
    values, slopes = _along(replay, trace, name, x, vectorised)
    middle = count // 2
    return {
        "kind": "curve",
        "title": f"{trace.output_name} along {name}",
        "input": name,
        "x": [rounded(v) for v in x],
        "value": [rounded(v) for v in values],
        "derivative": [rounded(v) for v in slopes],
        "at": rounded(at),
        "value_at": rounded(values[middle]),
        "derivative_at": rounded(slopes[middle]),
    }


def _along(
    replay: Replay, trace: Any, name: str, x: numpy.ndarray, vectorised: bool
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Value and slope at each point; NaN where the recorded path ends."""
    if vectorised:
        return _at(replay, trace, name, x)
    pairs = [_at(replay, trace, name, numpy.float64(point)) for point in x]
    return numpy.array([float(v) for v, _ in pairs]), numpy.array([float(s) for _, s in pairs])


def _at(replay: Replay, trace: Any, name: str, point: Any) -> tuple[Any, Any]:
    shape = getattr(point, "shape", ())
    with not_recording(), constants.SCOPE, numpy.errstate(all="ignore"):
        handle = make_input(on_device_of(point, trace._inputs[name].value))
        arguments = [handle if n == name else value for n, value in trace.points().items()]
        try:
            values = replay.values(arguments)
        except (ArithmeticError, ValueError):
            return numpy.full(shape, numpy.nan), numpy.full(shape, numpy.nan)
        out = values[replay.output]
        if not is_traced(out):
            value, slope = numpy.broadcast_to(numpy.asarray(to_numpy(untraced(out)), float), shape), numpy.zeros(shape)
        else:
            order = active(ancestors([out.node], handle.node.id)[0], [handle.node])
            seed = numpy.ones(shape) if shape else numpy.float64(1.0)
            (slope,) = ForwardPlan([out.node], [handle.node], order).sweep([on_device_of(seed, handle.value)])
            value, slope = to_numpy(out.value), numpy.zeros(shape) if slope is None else to_numpy(slope)
        path = replay.on_path(values)
    if path is True:
        return value, slope
    return numpy.where(path, value, numpy.nan), numpy.where(path, slope, numpy.nan)
