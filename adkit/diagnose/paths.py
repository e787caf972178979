"""Why this gradient: the paths that carry most of a derivative with their shares, or where a zero one was cut.

`routes` defines what a path carries and finds the paths, `cuts` says what cuts. Not for: sizes along the whole program
(`flow`).
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from ..backends import asarray_like, to_numpy
from ..dtypes import numpy_dtype
from ..errors import InputError
from ..folding import site
from ..formatting import number, value
from ..listing import ancestors_of
from ..nodes import Node
from . import cuts
from .collector import without_collector
from .places import Places
from .report import Column, Report, Row, Table
from .routes import Path, Routes, all_routes, best_paths

__adkit__ = True

PATHS = 5
USES = 8
NAMED = 12
WIDTH = 58  # of a path's text; views shorten longer cells
INPUTS = 4  # that are told about when none is named
TOGETHER = 150_000  # instructions that are gone through for all of them together, where inputs are arrays
LONGEST_PERIOD = 6
CANCELS = 10.0  # Σ |contributions| over |their sum| from which cancellation is mentioned


@dataclass(frozen=True)
class Why:
    """The derivative of an output by one variable; a report's `data` is a list of these.

    Attributes
    ----------
    name: the variable.
    derivative: the derivative, `None` if there is none.
    shares: (names of the variables along a path, its share), the largest first.
    rest: the share of all other paths; shares and rest add up to 1.
    cancellation: Σ |contributions| over |their sum|, at the variable itself; 1 where nothing cancels.
    cut: for a derivative that is zero the reason, else `None`.
    """

    name: str
    derivative: Any
    shares: tuple[tuple[tuple[str, ...], float], ...]
    rest: float
    cancellation: float
    cut: str | None


@without_collector
def why(trace: Any, output: str | None = None, input: str | None = None) -> Report:
    """Which paths the derivative of an output by an input consists of; see `routes` for what a path carries.

    Parameters
    ----------
    output: the name of an output or variable, or a key such as "v12"; the trace's output by default. Of an array the
        sum of its elements is meant.
    input: likewise an input or variable before it; by default each input (of many the first four; fewer of arrays
        in a program of more than 37,500 instructions, so that the report is there in seconds).

    Raises `InputError` for a name that the trace does not have.

    Example
    -------
    >>> import adkit
    >>> report = why(adkit.trace(lambda x: x * 3 + x**2)(1.0))
    >>> [(path, round(share, 6)) for path, share in report.data[0].shares]
    [(('x', 'v₁', 'v₃'), 0.6), (('x', 'v₂', 'v₃'), 0.4)]
    """
    trace._checksums.verify()
    places = Places(trace)
    out = trace._output.node if output is None else _find(trace, output)
    sources = _sources(trace, input)
    seed = trace._seed(None) if out is trace._output.node else _ones(out)
    name = output or trace.output_name
    most = _most(trace, sources)
    asked = [source for _, source in sources[:most] if source is not out and source.size]
    made = dict(zip(asked, all_routes(out, asked, seed), strict=True))
    told = [_one(trace, places, made.get(source), out, source, called, name, seed) for called, source in sources[:most]]
    left = [called for called, _ in sources[most:]]
    title = f"Why ∂{name}/∂{input}" if input is not None else f"Why the derivatives of {name}"
    return _joined(title, told, left)


def _most(trace: Any, sources: Sequence[tuple[str, Node]]) -> int:
    """How many variables are told about: each array takes a pass of its own through the program."""
    if not any(node.shape for _, node in sources):
        return INPUTS
    return max(1, min(INPUTS, TOGETHER // max(1, len(trace._nodes))))


def _find(trace: Any, name: str) -> Node:
    """The variable of a name (the last one of it) or key."""
    listing = trace.listing()
    if name in listing.inputs:
        return listing.inputs[name]
    if name == trace.output_name:
        return listing.resolve(trace._output.node)
    for node in reversed(listing.nodes):
        if listing.names.get(node) == name or f"v{listing.ids[node]}" == name:
            return node
    for node in listing.inputs.values():
        if f"v{listing.ids[node]}" == name:
            return node
    known = list(dict.fromkeys([*listing.inputs, *listing.names.values(), trace.output_name]))
    near = difflib.get_close_matches(name, known, 1)
    fix = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(known[:8])}, or a key such as 'v1'"
    raise InputError(f"{name!r} is no variable of this trace", fix=fix)


def _sources(trace: Any, input: str | None) -> list[tuple[str, Node]]:
    if input is None:
        return list(trace._inputs.items())
    if input in trace._containers:
        return [(leaf, trace._inputs[leaf]) for leaf in trace._containers[input][1] if leaf in trace._inputs]
    return [(input, _find(trace, input))]


def _ones(node: Node) -> Any:
    if not node.shape:
        return numpy_dtype(node).type(1)
    return asarray_like(numpy.ones(node.shape, numpy_dtype(node)), node.value)


# ------------------------------------------------------------------------------------------------ one variable


@dataclass(frozen=True)
class _Told:
    """What is said of one variable."""

    why: Why
    severity: str
    text: str
    fix: str | None
    paragraphs: tuple[str, ...]
    tables: tuple[Table, ...]


def _one(
    trace: Any, places: Places, made: Routes | None, out: Node, source: Node, name: str, of: str, seed: Any
) -> _Told:
    label = f"∂{of}/∂{name}"
    if source is out:
        return _Told(
            Why(name, 1.0, (), 1.0, 1.0, None), "note", f"{label} is 1: they are the same variable", None, (), ()
        )
    if made is None:
        nothing = Why(name, None, (), 1.0, 1.0, None)
        return _Told(nothing, "note", f"{name} has no elements", None, (), ())
    zero = made.gradient is None or (not made.total and made.size == 0.0)
    if zero and not made.gross_size:
        return _cut(trace, places, made, name, label)
    if not math.isfinite(made.total):
        text = f"{label} is not finite"
        told = Why(name, made.gradient, (), 1.0, math.nan, None)
        return _Told(told, "warning", text, "see why_nan() for its origin", (), ())
    return _carried(places, made, name, label, seed)


def _cut(trace: Any, places: Places, made: Routes, name: str, label: str) -> _Told:
    """What cut a derivative that is zero."""
    nodes = ancestors_of([made.output], list(trace._inputs.values()))
    web = made.web
    found = cuts.search(made.source, trace, web.consumers if web else {}, web.norms if web else {}, nodes)
    reason = cuts.sentence(found, places, name)
    rows = [
        Row(
            (places.label(cut.node), places.code(cut.node), places.at(cut.node), cut.reason),
            places.key(cut.node),
            places.line(cut.node),
            "zero",
        )
        for cut in found.cuts[:USES]
    ]
    for guard in found.guards[:USES]:
        text = places.listing.guard(guard, 0)
        reason_of = f"{cuts.guarded(guard)[1]}; it was {text.outcome}"
        code = places.code(guard.node)
        rows.append(Row(("guard", code, places.at(guard), reason_of), None, places.line(guard), "zero"))
    columns = (Column("cut at", code=True), Column("operation", code=True), Column("line"), Column("reason"))
    count = len(found.cuts) + len(found.guards)
    title = f"where {label} is cut" + (f", {len(rows)} of {count} places" if count > len(rows) else "")
    tables = (Table(columns, tuple(rows), title),) if rows else ()
    told = Why(name, made.gradient, (), 1.0, 1.0, reason)
    return _Told(told, "warning", f"{label} is 0: {reason}", cuts.fix(found), (), tables)


def _carried(places: Places, made: Routes, name: str, label: str, seed: Any) -> _Told:
    """The paths of a derivative that is not zero, or whose contributions cancel."""
    paths = best_paths(made, PATHS, seed)
    gross = made.gross_size
    whole = made.total or gross  # of contributions that cancel exactly, shares of their sizes
    shares = tuple((_names(p, places), p.contribution / whole) for p in paths)
    rest = (made.total - sum(p.contribution for p in paths)) / whole
    cancellation = gross / abs(made.total) if made.total else math.inf
    derivative = _derivative(made)
    told = Why(name, derivative, shares, rest, cancellation, None)
    tables = [_path_table(places, made, paths, whole, label), _use_table(places, made, whole, name)]
    tables.append(_passing_table(places, made, whole))
    severity, notes, fix = _cancelling(places, made, label, cancellation)
    if not made.total:
        return _Told(told, severity, notes[0], fix, tuple(notes[1:]), tuple(t for t in tables if t))
    shown = value(derivative)
    text = f"{label} = {shown}" if len(shown) < 24 else f"‖{label}‖ = {number(abs(made.total))}"
    share = _percent(paths[0].contribution / whole) if paths else ""
    if made.count == 1:
        text += f", all by one path: {_text(paths[0], places)}"
    elif paths and abs(paths[0].contribution / whole) >= 0.1:
        text += f", {share} of it by {_text(paths[0], places)}"
    else:
        text += f", spread over {_count(made.count)} paths; none carries as much as 10 %"
    return _Told(told, severity, text, fix, tuple(notes), tuple(t for t in tables if t))


def _derivative(made: Routes) -> Any:
    """The derivative as gradients are given: of a real output by complex inputs the direction of steepest ascent."""
    if numpy_dtype(made.source).kind == "c" and numpy_dtype(made.output).kind != "c":
        return numpy.conj(to_numpy(made.gradient))
    return made.gradient


def _cancelling(places: Places, made: Routes, label: str, ratio: float) -> tuple[str, list[str], str | None]:
    """Whether contributions cancel, at the variable itself or on the way."""
    fix = "check the signs of the terms; at an optimum contributions do cancel"
    gross = made.gross_size
    if not made.total:
        text = f"{label} is 0: contributions of {number(gross)} in all cancel exactly"
        return "warning", [text], fix
    if ratio >= CANCELS:
        lost = f"contributions of {number(gross)} in all cancel to {number(made.total)}"
        return "note", [f"cancellation: {lost}, which costs {math.log10(ratio):.1f} digits"], fix
    worst, node = _worst_cancellation(made)
    if node is None or worst < CANCELS:
        return "ok", [], None
    text = f"cancellation on the way: what reaches {places.called(node)} ({places.where(node)}) cancels to "
    return "note", [f"{text}1/{worst:.3g} of its parts"], fix


def _worst_cancellation(made: Routes) -> tuple[float, Node | None]:
    """The variable with a notable share at which most is lost, and Σ |contributions| over |their sum| there."""
    web = made.web
    if web is None or not made.gross.size:
        return 1.0, None
    sizes = numpy.array([size or 0.0 for size in web.sizes])
    with numpy.errstate(all="ignore"):
        by_flow = made.gross / numpy.maximum(numpy.abs(made.through), 1e-300)
        lost = numpy.minimum(by_flow, web.handed_to / numpy.maximum(sizes, 1e-300))
        told = made.reached & (numpy.abs(made.passing) >= 1e-3 * abs(made.total)) & (made.gross > 0)
    lost = numpy.where(told & ~numpy.isnan(lost), lost, 0.0)
    worst = int(numpy.argmax(lost))
    return (float(lost[worst]), web.nodes[worst]) if lost[worst] > 1.0 else (1.0, None)


def _names(path: Path, places: Places) -> tuple[str, ...]:
    return tuple(places.called(node) for node in path.nodes)


def _percent(share: float) -> str:
    if not math.isfinite(share):
        return "—"
    percent = 100 * share
    if 0 < abs(percent) < 0.1:
        return f"{percent:.1e} %".replace("-", "−").replace("e−0", "e−")
    return f"{percent:.1f} %".replace("-", "−")


def _count(paths: float) -> str:
    return (
        f"{paths:,.0f}" if paths < 1e6 else f"{paths:.1e}".replace("e+", "e") if math.isfinite(paths) else "over 10³⁰⁸"
    )


def _text(path: Path, places: Places) -> str:
    """The way in the user's words: names, and pieces of source for what has none; repeated stretches as "(…) ×40".

    Where it is long, pieces of source between names are left out, then what is in the middle.
    """
    names = [places.name(node) for node in path.nodes]
    named = set(names)
    texts = _folded([name or places.code(node) for name, node in zip(names, path.nodes, strict=True)])
    loose = sorted((i for i in range(1, len(texts) - 1) if texts[i] not in named), key=lambda i: -len(texts[i]))
    dropped: set[int] = set()
    length = sum(map(len, texts)) + 3 * (len(texts) - 1)
    for i in loose:
        if length <= WIDTH:
            break
        if "×" not in texts[i]:
            dropped.add(i)
            length -= len(texts[i]) + 3
    texts = [text for k, text in enumerate(texts) if k not in dropped]
    if length <= WIDTH:
        return " → ".join(texts)
    head, tail = [texts[0]], [texts[-1]]
    first, last = 1, len(texts) - 1
    while first < last:
        front = len(head) <= len(tail)
        step = texts[first] if front else texts[last - 1]
        if len(" → ".join([*head, step, "…", *tail])) > WIDTH:
            break
        head.append(step) if front else tail.insert(0, step)
        first, last = (first + 1, last) if front else (first, last - 1)
    return " → ".join([*head, "…", *tail])


def _folded(steps: Sequence[str]) -> list[str]:
    """Steps with what repeats next to each other written once."""
    found: list[str] = []
    i = 0
    while i < len(steps):
        period, count = 1, 1
        for length in range(1, LONGEST_PERIOD + 1):
            if i + length >= len(steps) or steps[i] != steps[i + length]:
                continue
            block = steps[i : i + length]
            times = 1
            while steps[i + times * length : i + (times + 1) * length] == block:
                times += 1
            if times > 1 and times * length > period * count:
                period, count = length, times
        text = " → ".join(steps[i : i + period])
        found.append(text if count == 1 else f"{text} ×{count}" if period == 1 else f"({text}) ×{count}")
        i += period * count
    return found


def _lines(path: Path, places: Places) -> str:
    """The lines along a path, each where it is reached first."""
    lines: list[str] = []
    for node in {(id(node.code), node.lasti): node for node in path.nodes}.values():
        at = places.at(node).rpartition(":")[2]
        if at and at not in lines:
            lines.append(at)
    return " → ".join(lines if len(lines) <= 5 else [*lines[:2], "…", *lines[-2:]])


# ------------------------------------------------------------------------------------------------ tables


def _path_table(places: Places, made: Routes, paths: Sequence[Path], whole: float, label: str) -> Table:
    rows = []
    for path in paths:
        share = path.contribution / whole
        cells = (_percent(share), number(path.contribution), _text(path, places), _lines(path, places))
        onward = path.nodes[1] if len(path.nodes) > 1 else path.nodes[0]
        rows.append(Row(cells, places.key(onward), places.line(onward), bar=_bar(share)))
    others = made.count - len(paths) - made.idle
    rest = made.total - sum(path.contribution for path in paths)
    if others > 0:
        cells = (_percent(rest / whole), number(rest), f"{_count(others)} other path{'s' * (others != 1)}", "")
        rows.append(Row(cells, bar=_bar(rest / whole)))
    columns = (Column("share", "right"), Column("contribution", "right"), Column("path", code=True), Column("lines"))
    what = "" if not getattr(made.source, "shape", ()) else ", along the gradient"
    return Table(columns, tuple(rows), f"paths of {label}{what}")


def _bar(share: float) -> float | None:
    return min(abs(share), 1.0) if math.isfinite(share) else None


def _use_table(places: Places, made: Routes, whole: float, name: str) -> Table | None:
    """The edges out of the variable, those from one place in the source together."""
    groups: dict[Any, list[tuple[Node, float]]] = {}
    for node, carried in made.out_of(made.source).items():
        groups.setdefault(site(node), []).append((node, carried))
    if sum(map(len, groups.values())) < 2:
        return None
    ordered = sorted(groups.values(), key=lambda group: -abs(sum(c for _, c in group)))
    rows = []
    many = any(len(group) > 1 for group in ordered)
    for group in ordered[:USES]:
        node = max(group, key=lambda pair: abs(pair[1]))[0]
        carried = sum(c for _, c in group)
        times = _times(group)
        cells = [_percent(carried / whole), number(carried), places.code(node), times, places.at(node)]
        rows.append(Row(_without(cells, 3, many), places.key(node), places.line(node), bar=_bar(carried / whole)))
    rest = [sum(c for _, c in group) for group in ordered[USES:]]
    if rest:
        cells = [_percent(sum(rest) / whole), number(sum(rest)), f"{len(rest)} other places", "", ""]
        rows.append(Row(_without(cells, 3, many), bar=_bar(sum(rest) / whole)))
    columns = [
        Column("share", "right"),
        Column("contribution", "right"),
        Column("used in", code=True),
        Column("times"),
        Column("line"),
    ]
    return Table(tuple(c for i, c in enumerate(columns) if many or i != 3), tuple(rows), f"where {name} enters")


def _times(group: Sequence[tuple[Node, float]]) -> str:
    """How often one place in the source uses the variable, and in how few of these most of it enters."""
    if len(group) == 1:
        return ""
    ordered = sorted(group, key=lambda pair: -abs(pair[1]))
    wanted = 0.9 * sum(abs(carried) for _, carried in group)
    most = []
    so_far = 0.0
    for node, carried in ordered:
        if so_far >= wanted:
            break
        so_far += abs(carried)
        most.append(node)
    if 2 * len(most) > len(group):
        return f"×{len(group)}"
    ids = sorted(node.id for node, _ in group)
    which = "last " if {node.id for node in most} == set(ids[-len(most) :]) else ""
    which = "first " if {node.id for node in most} == set(ids[: len(most)]) else which
    return f"×{len(group)}, 90 % in {'the ' if which else ''}{which}{len(most)}"


def _without(cells: Sequence[str], place: int, kept: bool) -> tuple[str, ...]:
    return tuple(cell for i, cell in enumerate(cells) if kept or i != place)


def _passing_table(places: Places, made: Routes, whole: float) -> Table | None:
    """What passes the user's variables between; they may lie one behind the other, so this adds up to nothing."""
    web = made.web
    if web is None:
        return None
    most: dict[str, tuple[Node, float, int]] = {}
    passing, reached = made.passing.tolist(), made.reached.tolist()
    ends = (web.at[made.source], web.at[made.output])
    for k, name in web.named(places.name):
        if k in ends or not reached[k]:
            continue
        carried = passing[k]
        known = most.get(name)
        if known is None:
            most[name] = (web.nodes[k], carried, 1)
        elif abs(carried) >= abs(known[1]):
            most[name] = (web.nodes[k], carried, known[2] + 1)
        else:
            most[name] = (*known[:2], known[2] + 1)
    if len(most) < 2:
        return None
    ordered = sorted(most.items(), key=lambda item: -abs(item[1][1]))[:NAMED]
    rows = []
    for name, (node, carried, count) in ordered:
        cells = (_percent(carried / whole), f"{name} (largest of {count})" if count > 1 else name, places.at(node))
        rows.append(Row(cells, places.key(node), places.line(node), bar=_bar(carried / whole)))
    columns = (Column("share", "right"), Column("passes", code=True), Column("line"))
    return Table(columns, tuple(rows), "what passes your variables; these overlap and do not add up")


# ------------------------------------------------------------------------------------------------ together


def _joined(title: str, told: Sequence[_Told], left: Sequence[str]) -> Report:
    """The report on all variables in question: the verdict is that on the worst."""
    severity = max((t.severity for t in told), key=("ok", "note", "warning").index, default="note")
    lead = next((t for t in told if t.severity == severity), None)
    if lead is None:
        return Report("why", title, "note", "there is no input to ask for", data=[])
    paragraphs = list(lead.paragraphs)
    for other in told:
        if other is not lead:
            paragraphs += [other.text, *other.paragraphs]
    if left:
        names = ", ".join(left[:8]) + (", …" if len(left) > 8 else "")
        paragraphs.append(f"not shown: {names}; ask for one by name")
    tables = tuple(table for t in told for table in t.tables)
    return Report("why", title, severity, lead.text, lead.fix, tuple(paragraphs), tables, [t.why for t in told])
