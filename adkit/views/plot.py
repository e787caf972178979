"""Curves and heat maps as SVG, drawn by matplotlib's object interface.

matplotlib is imported when a plot is drawn, never pyplot, and under a lock, since drawing settings are global to the
process. The picture is transparent and holds no text of the user's: names stand in the HTML beside it. Numbers along
the axes are white on filled plates, so that they read on light and on dark pages. The same input gives the same bytes.
"""

from __future__ import annotations

import io
import math
import re
import threading
from typing import TYPE_CHECKING, Any

from adkit.views import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOCK = threading.Lock()
_SETTINGS: Any = {
    "svg.hashsalt": "adkit",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.0,
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": False,
    "text.usetex": False,
    "text.parse_math": False,
    "path.simplify": True,
}
WIDTH, HEIGHT = 6.2, 2.0  # inches
PLATE = theme.PLATES["quiet"]


def figure(doc_plot: dict[str, Any], mode: str = "reverse") -> str:
    """One of the document's plots as an SVG document.

    Args:
        doc_plot: an entry of the document's `plots`, of kind "curve" or "heatmap".
        mode: "forward" or "reverse": the colour of the derivative.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: the kind of plot is unknown.
    """
    import matplotlib
    from matplotlib.figure import Figure

    draw = {"curve": _curve, "heatmap": _heatmap}.get(doc_plot["kind"])
    if draw is None:
        raise ValueError(f"there is no plot of kind {doc_plot['kind']!r}; use 'curve' or 'heatmap'")
    with _LOCK, matplotlib.rc_context(_SETTINGS):
        drawn = Figure(figsize=(WIDTH, HEIGHT), facecolor="none")
        draw(drawn, doc_plot, theme.stroke(theme.sweep_role(mode)))
        buffer = io.StringIO()
        drawn.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _trimmed(buffer.getvalue())


def _trimmed(svg: str) -> str:
    """The SVG without prologue, comments, metadata and needless digits, which only take room."""
    svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0]), svg)
    return re.sub(r"\n\s*", "\n", svg).strip()


def _numbers(values: list[float | None]) -> list[float]:
    return [math.nan if value is None else float(value) for value in values]


def _curve(drawn: Figure, plot: dict[str, Any], colour: str) -> None:
    """The value with its tangent at the current point on the left, the derivative on the right."""
    x, value, slope = _numbers(plot["x"]), _numbers(plot["value"]), _numbers(plot["derivative"])
    left = drawn.add_axes((0.1, 0.14, 0.385, 0.82))
    right = drawn.add_axes((0.605, 0.14, 0.385, 0.82))
    for axes, curve, role in ((left, value, theme.stroke("primal")), (right, slope, colour)):
        axes.plot(x, curve, color=role, linewidth=1.8, solid_capstyle="round")
        _gaps(axes, x, curve)
        axes.margins(x=0.0, y=0.08)
        if min(x, default=0) < 0 < max(x, default=0) or _crosses_zero(curve):
            axes.axhline(0, color=theme.stroke("quiet"), linewidth=0.6, alpha=0.7, zorder=0)
        _frame(axes)
    _mark_point(left, right, plot, colour)


def _crosses_zero(curve: list[float]) -> bool:
    finite = [value for value in curve if math.isfinite(value)]
    return bool(finite) and min(finite) < 0 < max(finite)


def _gaps(axes: Axes, x: list[float], curve: list[float]) -> None:
    """Quiet marks on the axis where there is no value: not finite, or the program would have taken another branch."""
    missing = [place for place, value in zip(x, curve, strict=True) if not math.isfinite(value)]
    if missing:
        axes.plot(
            missing,
            [0.03] * len(missing),
            "|",
            color=theme.stroke("quiet"),
            markersize=7,
            transform=axes.get_xaxis_transform(),
        )


def _mark_point(left: Axes, right: Axes, plot: dict[str, Any], colour: str) -> None:
    at, value, slope = plot.get("at"), plot.get("value_at"), plot.get("derivative_at")
    if at is None:
        return
    for axes in (left, right):
        axes.axvline(at, color=theme.stroke("quiet"), linewidth=0.8, linestyle=(0, (2, 3)), zorder=0)
    if value is not None and slope is not None:
        low, high = left.get_xlim()
        reach = (high - low) * 0.2
        limits = left.get_ylim()
        left.plot(
            [at - reach, at + reach],
            [value - slope * reach, value + slope * reach],
            color=colour,
            linewidth=1.6,
            linestyle=(0, (4, 2)),
            scalex=False,
            scaley=False,
        )
        left.set_ylim(limits)
    if value is not None:
        left.plot([at], [value], "o", color=theme.stroke("primal"), markersize=6)
    if slope is not None:
        right.plot([at], [slope], "o", color=colour, markersize=6)


def _frame(axes: Axes) -> None:
    """Two thin axis lines; the numbers along them stand on plates, so that the page behind does not matter."""
    axes.set_facecolor("none")
    for name, side in axes.spines.items():
        side.set_visible(name in ("left", "bottom"))
        side.set_color(theme.stroke("quiet"))
        side.set_linewidth(0.8)
    axes.locator_params(nbins=4)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_tick)
    _plates(axes)


def _tick(value: float, place: float = 0.0) -> str:
    """A tick's number, with a real minus sign and no offset written elsewhere."""
    return f"{value:.6g}".replace("-", "−")


def _plates(axes: Axes) -> None:
    axes.tick_params(length=0, colors="#ffffff", pad=6, labelsize=7.5)
    plate = {"boxstyle": "round,pad=0.3,rounding_size=0.35", "facecolor": PLATE, "edgecolor": "none"}
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_bbox(plate)


def _heatmap(drawn: Figure, plot: dict[str, Any], colour: str) -> None:
    """The matrix in the mode's colour where positive, in slate where negative, clear at zero, red where not finite."""
    from matplotlib.colors import LinearSegmentedColormap

    matrix = [_numbers(row) for row in plot["matrix"] if row] or [[0.0]]
    finite = [abs(value) for row in matrix for value in row if math.isfinite(value)]
    bound = max(finite, default=0.0) or 1.0
    positive, negative = theme.parse(colour), theme.ROLES["quiet"]
    stops = [
        (*(c / 255 for c in negative), 1.0),
        (*(c / 255 for c in negative), 0.0),
        (*(c / 255 for c in positive), 0.0),
        (*(c / 255 for c in positive), 1.0),
    ]
    mapped = LinearSegmentedColormap.from_list("adkit", list(zip((0.0, 0.5, 0.5, 1.0), stops, strict=True)))
    shades = mapped.with_extremes(bad=theme.stroke("wrong"))
    axes = drawn.add_axes((0.1, 0.14, 0.725, 0.82))
    picture = axes.imshow(matrix, cmap=shades, vmin=-bound, vmax=bound, aspect="auto", interpolation="none")
    _frame(axes)
    for side in axes.spines.values():
        side.set_visible(True)
        side.set_color(theme.stroke("quiet"))
    _whole_ticks(axes, len(matrix), len(matrix[0]))
    _plates(axes)
    bar = drawn.add_axes((0.93, 0.14, 0.03, 0.82))
    drawn_bar = drawn.colorbar(picture, cax=bar)
    bar.yaxis.tick_left()
    bar.locator_params(axis="y", nbins=4)
    bar.yaxis.set_major_formatter(_tick)
    _plates(bar)
    drawn_bar.outline.set_visible(False)


def _whole_ticks(axes: Axes, rows: int, columns: int) -> None:
    from matplotlib.ticker import MaxNLocator

    for axis, size in ((axes.xaxis, columns), (axes.yaxis, rows)):
        axis.set_major_locator(MaxNLocator(nbins=min(8, max(1, size)), integer=True))
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
