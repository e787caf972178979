"""`trace.to_figure()`: the plots of a trace as a matplotlib figure, to be changed, combined and printed.

matplotlib's object interface alone, never pyplot, so that nothing global changes and a notebook shows the figure once.
Names are drawn as they are: a dollar sign in one is no formula. Not for: the picture in a cell (`adkit.views.plot`),
which has to be there in a few milliseconds.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InputError, PackageError
from ..views import theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..trace import Trace

__adkit__ = True

WIDTH, HEIGHT = 7.0, 2.6  # inches, of one plot


def to_figure(trace: Trace) -> Figure:
    """See `Trace.to_figure`."""
    entries = trace.document(("plot",))["plots"]
    if not entries:
        raise InputError(
            f"there is nothing to plot along a number or as a matrix in the trace of {trace.output_name}",
            fix="trace a number as a function of numbers, or take a derivative with two axes",
        )
    made: Figure = _matplotlib("figure").Figure(figsize=(WIDTH, HEIGHT * len(entries)), layout="constrained")
    colour = theme.stroke(theme.sweep_role(trace.mode))
    parts = made.subfigures(len(entries), 1, squeeze=False)[:, 0]
    for part, entry in zip(parts, entries, strict=True):
        part.suptitle(entry["title"], fontsize="medium", parse_math=False)
        {"curve": _curve, "heatmap": _heatmap}[entry["kind"]](part, entry, colour)
    return made


def _matplotlib(module: str) -> Any:
    try:
        return importlib.import_module(f"matplotlib.{module}")
    except ImportError:
        raise PackageError(
            "matplotlib is not installed", fix='install it with: pip install "adkit[notebook]"'
        ) from None


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]


def _curve(part: Any, entry: dict[str, Any], colour: str) -> None:
    """The value with its tangent on the left, the derivative on the right; a dot where the trace was taken."""
    at, value, slope = (entry[key] for key in ("at", "value_at", "derivative_at"))
    curves = (
        ("value", entry["value"], value, theme.stroke("primal")),
        ("derivative", entry["derivative"], slope, colour),
    )
    for axes, (label, along, here, stroke) in zip(part.subplots(1, 2), curves, strict=True):
        axes.plot(entry["x"], _numbers(along), color=stroke, label=label)
        axes.axvline(at, color=theme.stroke("quiet"), linewidth=0.8, linestyle=":")
        if here is not None:
            axes.plot([at], [here], "o", color=stroke)
        axes.set_xlabel(entry["input"], parse_math=False)
        axes.set_ylabel(label)
        if label == "value" and value is not None and slope is not None:
            frame = axes.axis()
            axes.axline((at, value), slope=slope, color=colour, linewidth=1.2, linestyle="--", label="tangent")
            axes.axis(frame)


def _heatmap(part: Any, entry: dict[str, Any], colour: str) -> None:
    """The matrix, from slate for the least over white for 0 to the colour of the mode; red where it is not finite."""
    matrix = [_numbers(row) for row in entry["matrix"]]
    largest = max((abs(v) for row in matrix for v in row if math.isfinite(v)), default=0.0) or 1.0
    stops = (theme.stroke("quiet"), "#ffffff", colour)
    shades = _matplotlib("colors").LinearSegmentedColormap.from_list("adkit", stops)
    axes = part.subplots()
    picture = axes.imshow(
        matrix, cmap=shades.with_extremes(bad=theme.stroke("wrong")), vmin=-largest, vmax=largest, aspect="auto"
    )
    for axis, name in ((axes.yaxis, entry["rows"]), (axes.xaxis, entry["columns"])):
        axis.set_label_text(name, parse_math=False)
        axis.get_major_locator().set_params(integer=True)
    part.colorbar(picture, ax=axes)
