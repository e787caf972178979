"""A training run as a picture: the loss, and how large the gradient of each parameter was, as HTML and as text.

Curves are images with numbers on plates, words stand beside them in the page's own ink, so that it reads on light and
dark pages and in a notebook that nobody trusts. Not for: recording a run (`adkit.optim`).

The document has plain values only: `title`, `severity` ("ok", "note", "warning" or "error"), `verdict`, `losses` as
rows (step, smallest, mean, largest), `validation` as pairs (step, loss), `flow` as one entry per parameter with its
`name`, `steps` and `norms`, and `bar`, a line of text while it runs.
"""

from __future__ import annotations

import math
from typing import Any

from adkit.views import markup, plot, report, theme
from adkit.views.glyphs import clean, display_width, escape, pad, shorten

WIDTH, HEIGHT = 420, 190  # pixels of the curve of the loss
RIGHT = 22  # room for half of the last number below
SPARK_WIDTH, SPARK_HEIGHT = 130, 18
MOST_PARAMETERS = 16
DECADES = 1.5  # beyond which positive numbers are drawn on a log scale
LONGEST_NAME = 32


def html(doc: dict[str, Any]) -> str:
    """The picture as HTML of its own."""
    frame = f"border:1px solid {theme.LINE};border-radius:6px;overflow:hidden;max-width:820px;text-align:left"
    words = f'<b style="font-size:13px">{escape(doc["title"])}</b> <span>{report.verdict(doc)}</span>'
    parts = [f'<div style="background:{theme.PANEL};padding:8px 12px">{words}</div>']
    if doc.get("bar"):
        parts.append(f'<pre style="{markup.CODE};margin:0;padding:6px 12px 0 12px">{escape(doc["bar"])}</pre>')
    if doc["losses"]:
        blocks = _loss_block(doc) + _flow_block(doc["flow"])
        flex = "display:flex;flex-wrap:wrap;align-items:flex-start;gap:4px 20px;padding:4px 12px 8px 12px"
        parts.append(f'<div style="{flex}">{blocks}</div>')
    return f'<div class="adkit-training" style="{frame}">{"".join(parts)}</div>'


def text(doc: dict[str, Any]) -> str:
    """The same in words and numbers."""
    lines = [f"{clean(doc['title'])}: {clean(doc['verdict'])}"]
    flow = doc["flow"][:MOST_PARAMETERS]
    if flow:
        names = [shorten(clean(entry["name"]), LONGEST_NAME) for entry in flow]
        room = max(map(display_width, names))
        lines.append("gradient norms, first and last")
        for name, entry in zip(names, flow, strict=True):
            first, last = entry["norms"][0], entry["norms"][-1]
            lines.append(f"  {pad(name, room)}  {pad(number(first), 9, True)}  {pad(number(last), 9, True)}")
        if len(doc["flow"]) > MOST_PARAMETERS:
            lines.append(f"  … {len(doc['flow']) - MOST_PARAMETERS} more")
    return "\n".join(lines)


def number(value: float) -> str:
    """A number with three significant digits.

    >>> number(0.0123456), number(1.5e-9), number(float("nan"))
    ('0.0123', '1.5e−9', 'nan')
    """
    made = f"{value:.3g}"
    if "e" in made:
        mantissa, exponent = made.split("e")
        made = f"{mantissa}e{int(exponent)}"
    return made.replace("-", "−")


# ------------------------------------------------------------------------------------------------ the loss


def _loss_block(doc: dict[str, Any]) -> str:
    legend = _swatch("primal", "loss")
    if doc["validation"]:
        legend += " &nbsp; " + _swatch("tangent", "validation")
    scale = ", on a log scale" if _is_log(_all_losses(doc)) else ""
    words = f'<div style="font-size:12px;margin-top:4px">{legend} <span style="{theme.DIM}">by step{scale}</span></div>'
    alt = f"curve of the loss over {doc['losses'][-1][0]} steps"
    return f"<div>{words}{markup.image(loss_curve(doc), alt)}</div>"


def _swatch(role: str, label: str) -> str:
    return f'<span style="border-bottom:2px solid {theme.stroke(role)}">{label}</span>'


def _all_losses(doc: dict[str, Any]) -> list[float]:
    found = [value for row in doc["losses"] for value in row[1:]] + [value for _, value in doc["validation"]]
    return [value for value in found if math.isfinite(value)]


def _is_log(values: list[float]) -> bool:
    return bool(values) and min(values) > 0 and math.log10(max(values) / min(values)) > DECADES


def loss_curve(doc: dict[str, Any]) -> str:
    """The curve of the loss as an SVG document: means over stretches of steps, in a band from smallest to largest."""
    values = _all_losses(doc)
    log = _is_log(values)

    def drawn(value: float) -> float | None:
        if not math.isfinite(value):
            return None
        return math.log10(value) if log else value

    rows = doc["losses"]
    last = max(2, rows[-1][0])
    frame = plot.Frame(
        plot.LEFT,
        plot.TOP,
        WIDTH - plot.LEFT - RIGHT,
        HEIGHT - plot.TOP - plot.BOTTOM,
        (1.0, float(last)),
        plot.extent(map(drawn, values)),
    )
    steps = [float(row[0]) for row in rows]
    low, mean, high = ([drawn(row[i]) for row in rows] for i in (1, 2, 3))
    parts = _axes(frame, log)
    parts.append(_band(frame, steps, low, high))
    parts.append(plot.path(frame, steps, mean, theme.stroke("primal"), ' stroke-width="1.8"'))
    if len(rows) == 1 and mean[0] is not None:
        parts.append(_dot(frame, steps[0], mean[0], "primal"))
    checked = [(float(step), drawn(value)) for step, value in doc["validation"]]
    if len(checked) > 1:
        x, y = [step for step, _ in checked], [value for _, value in checked]
        parts.append(plot.path(frame, x, y, theme.stroke("tangent"), ' stroke-width="1.6" stroke-dasharray="5 3"'))
    elif checked and checked[0][1] is not None:
        parts.append(_dot(frame, checked[0][0], checked[0][1], "tangent"))
    return _svg(WIDTH, HEIGHT, "".join(parts))


def _dot(frame: plot.Frame, x: float, y: float, role: str) -> str:
    return f'<circle cx="{frame.to_x(x):.1f}" cy="{frame.to_y(y):.1f}" r="3" fill="{theme.stroke(role)}"/>'


def _svg(width: int, height: int, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="DejaVu Sans,sans-serif" font-size="10">{body}</svg>'
    )


def _axes(frame: plot.Frame, log: bool) -> list[str]:
    """The axes, with whole powers of ten, or round numbers between them, on a log scale."""
    if not log:
        return plot.axes(frame, 4, 5)
    bottom, right = frame.y + frame.height, frame.x + frame.width
    parts = [
        plot.straight(frame.x, bottom, right, bottom, plot.QUIET),
        plot.straight(frame.x, frame.y, frame.x, bottom, plot.QUIET),
    ]
    across = plot.ticks(*frame.across, 4)
    parts += [plot.plate(f"{t:.6g}", frame.to_x(t), bottom + 14, "middle") for t in across]
    low, high = math.ceil(frame.up[0]), math.floor(frame.up[1])
    every = max(1, math.ceil((high - low + 1) / 5))
    powers = range(low, high + 1, every)
    return parts + [plot.plate(number(10.0**k), frame.x - 4, frame.to_y(k), "end") for k in powers]


def _band(frame: plot.Frame, x: list[float], low: list[float | None], high: list[float | None]) -> str:
    """The range of the loss within each stretch, as a tint."""
    there = [(a, b, c) for a, b, c in zip(x, low, high, strict=True) if b is not None and c is not None]
    if not any(c > b for _, b, c in there):
        return ""
    up = [f"{frame.to_x(a):.1f} {frame.to_y(c):.1f}" for a, _, c in there]
    down = [f"{frame.to_x(a):.1f} {frame.to_y(b):.1f}" for a, b, _ in reversed(there)]
    return f'<path d="M{"L".join(up + down)}z" fill="{theme.stroke("primal")}" fill-opacity="0.22"/>'


# ------------------------------------------------------------------------------------------------ gradients


def _flow_block(flow: list[dict[str, Any]]) -> str:
    """One row per parameter: its name, its gradient's norm over time on a scale common to all, and the last one."""
    if not flow:
        return ""
    shown = flow[:MOST_PARAMETERS]
    sizes = [norm for entry in shown for norm in entry["norms"] if 0 < norm < math.inf]
    up = plot.extent([math.log10(min(sizes)), math.log10(max(sizes))]) if sizes else (-1.0, 1.0)
    rows = "".join(_flow_row(entry, up) for entry in shown)
    head = markup.heading("parameter") + markup.heading("gradient, log scale") + markup.heading("norm", True, "adjoint")
    more = markup.quiet(f"… {len(flow) - len(shown)} more") if len(flow) > len(shown) else ""
    table = f'<table style="{markup.TABLE}">{markup.heading_row(head)}<tbody>{rows}</tbody></table>'
    return f"<div>{table}{more}</div>"


def _flow_row(entry: dict[str, Any], up: tuple[float, float]) -> str:
    name = shorten(entry["name"], LONGEST_NAME)
    last = entry["norms"][-1]
    state = "" if 0 < last < math.inf else f";color:{theme.ink('wrong')}"
    picture = markup.image(spark(entry["steps"], entry["norms"], up), f"norm of the gradient, now {number(last)}")
    cells = [
        markup.cell(escape(name), extra=f";{markup.CODE}", title=entry["name"] if name != entry["name"] else ""),
        markup.cell(picture.replace("margin:6px 0", "margin:0")),
        markup.cell(escape(number(last)), True, f";{markup.CODE}{state}"),
    ]
    return f'<tr style="{markup.ROW}">{"".join(cells)}</tr>'


def spark(steps: list[int], norms: list[float], up: tuple[float, float]) -> str:
    """Norms over steps as a small curve on a log scale, broken where a norm is 0 or not finite."""
    across = (float(steps[0]), float(max(steps[-1], steps[0] + 1)))
    # 2.02, as from 2 the largest norm would lie at 2.75: its last bit would decide which tenth is written
    frame = plot.Frame(2, 2.02, SPARK_WIDTH - 4, SPARK_HEIGHT - 4, across, up)
    y = [math.log10(norm) if 0 < norm < math.inf else None for norm in norms]
    colour = theme.stroke("adjoint")
    body = plot.path(frame, [float(s) for s in steps], y, colour, ' stroke-width="1.5"')
    if len(steps) == 1 and y[0] is not None:
        body += _dot(frame, float(steps[0]), y[0], "adjoint")
    return _svg(SPARK_WIDTH, SPARK_HEIGHT, body)
