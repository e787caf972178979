"""The mode receipt: what forward and reverse mode cost for this program at this size, counted and measured.

Counts follow from shapes and are the same on every run. Times and peak memory are measured by running the sweeps on the
recorded values, one forward sweep per input (it is needed once per element) and one reverse sweep (once per element of
the output). Of a long program each is run once, with a stopwatch by line, further forward sweeps as far as a second
lasts (the others are estimated from these by their numbers of instructions), and what a sweep allocates is counted,
since Python's tracing of memory would take many times as long as the sweep. Times differ from run to run: **a cell that
shows this report is not comparable**, mark it with `# NBVAL_IGNORE_OUTPUT`. Not for: the counts themselves (`work`).
"""

from __future__ import annotations

import functools
import math
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from .. import constants
from ..backends import asarray_like, backend_of
from ..dtypes import numpy_dtype
from ..formatting import number
from ..nodes import INPUT, TRANSFER, Node, state
from ..seeds import total_size
from ..sweeps.forward import ForwardPlan
from ..sweeps.order import active_by_input
from ..sweeps.reverse import reverse_sweep, run_plain
from .collector import without_collector
from .places import Places
from .report import Column, Report, Row, Table
from .work import Work, counted

__adkit__ = True

LINES = 30
BUDGET = 0.3  # seconds of repetitions per measurement
REPETITIONS = 5
WATCHED = 3  # runs by line of a short program, the first of which prepares what later ones reuse
LONG = 5000  # instructions from which on everything runs once, and memory is counted
FORWARD_BUDGET = 1.0  # seconds of forward sweeps of a long program
WORTH = 1.5  # times as many operations as the other mode, from which on that is mentioned


@dataclass(frozen=True)
class Measured:
    """What was measured, in seconds and bytes.

    Attributes
    ----------
    value: one evaluation without recording; `None` where the recording does not allow a replay.
    forward: one forward sweep, by input.
    reverse: one reverse sweep.
    forward_bytes, reverse_bytes: the most that one sweep allocates at once, beside the values; `counted` says that
        this is the size of the tangents and adjoints that are alive at once, and not measured.
    lines: line -> seconds of (evaluation, forward sweep, reverse sweep).
    estimated: the inputs whose forward sweep was not run.
    """

    value: float | None
    forward: Mapping[str, float]
    reverse: float
    forward_bytes: int
    reverse_bytes: int
    lines: Mapping[tuple[str, int], tuple[float, float, float]]
    counted: bool = False
    estimated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cost:
    """A report's `data`: `work` is the same on every run, `measured` is not.

    `forward`, `reverse` are the seconds that the whole derivative takes in each mode; `crossover` the number of inputs
    from which on reverse mode was faster.
    """

    work: Work
    measured: Measured
    forward: float
    reverse: float
    crossover: int
    mode: str
    auto: str


@without_collector
def cost(trace: Any) -> Report:
    """What both modes cost for the derivative of a `Trace`; `data` is a `Cost`.

    Example
    -------
    >>> import numpy as np, adkit
    >>> receipt = cost(adkit.trace(lambda x: np.sum(np.sin(x) ** 2))(np.ones(1000)))
    >>> receipt.data.auto, receipt.data.work.inputs, receipt.data.work.outputs
    ('reverse', 1000, 1)
    """
    trace._checksums.verify()
    places = Places(trace)
    inputs = total_size(list(trace._leaves.values()))
    outputs = trace._output.size
    # where output and input correspond element by element, one forward sweep gives the whole diagonal
    diagonal = [name for name in trace._inputs if trace.is_elementwise(name)]
    sweeps = {name: 1 if name in diagonal else max(1, node.size) for name, node in trace._inputs.items()}
    work = counted(trace.listing().nodes, trace._nodes, sum(sweeps.values()), outputs)
    with constants.SCOPE, numpy.errstate(all="ignore"):
        measured = _measured(trace, places, work)
    forward = sum(measured.forward[name] * count for name, count in sweeps.items())
    reverse = measured.reverse * max(1, outputs)
    per_input = forward / max(1, sum(sweeps.values()))
    crossover = max(1, math.ceil(reverse / per_input)) if per_input else 1
    auto = "forward" if inputs < outputs else "reverse"
    made = Cost(work, measured, forward, reverse, crossover, trace.mode, auto)
    return _report(places, made, trace, inputs, diagonal)


# ------------------------------------------------------------------------------------------------ measuring


def _measured(trace: Any, places: Places, work: Work) -> Measured:
    inputs, out, order = trace._inputs, trace._output.node, trace._nodes
    seed = _unit(trace._output.value, trace._output.shape)
    ends = list(inputs.values())
    orders = dict(zip(inputs, active_by_input(order, ends), strict=True))
    if len(order) > LONG:
        return _measured_once(trace, places, work, orders, seed)

    def back() -> None:
        reverse_sweep([(out, seed)], ends, order)

    plans = {name: _plan(trace, name, orders[name]) for name in orders}
    forward = {name: _best(functools.partial(plan.sweep, [unit])) for name, (plan, unit) in plans.items()}
    slowest = max(plans, key=lambda name: forward[name])
    plan, unit = plans[slowest]
    runs = zip(*(_watched(trace, plan, unit, seed) for _ in range(WATCHED)), strict=True)
    lines = _combined(trace, places, [min(watches, key=lambda watch: watch.total) for watches in runs])
    taken = _peak(lambda: plan.sweep([unit])), _peak(back)
    return Measured(_value_time(trace), forward, _best(back), *taken, lines)


def _plan(trace: Any, name: str, order: list[Node]) -> tuple[ForwardPlan, Any]:
    """The forward sweep by an input, and its seed."""
    node = trace._inputs[name]
    return ForwardPlan([trace._output.node], [node], order), _unit(node.value, node.shape)


def _measured_once(trace: Any, places: Places, work: Work, orders: Mapping[str, list[Node]], seed: Any) -> Measured:
    """The measurements of a long program: those by line, and as many further forward sweeps as there is time for."""
    names = sorted(orders, key=lambda name: -len(orders[name]))
    longest = names[0]
    value, along, back = watches = _watched(trace, *_plan(trace, longest, orders[longest]), seed)
    seconds = {longest: along.total}
    for name in names[1:]:
        if sum(seconds.values()) + along.total * len(orders[name]) / max(1, len(orders[longest])) < FORWARD_BUDGET:
            plan, unit = _plan(trace, name, orders[name])
            start = time.perf_counter()
            plan.sweep([unit])
            seconds[name] = time.perf_counter() - start
    each = sum(seconds.values()) / max(1, sum(len(orders[name]) for name in seconds))
    forward = {name: seconds.get(name, each * len(order)) for name, order in orders.items()}
    tangents, adjoints = work.forward_peak // 2, work.reverse_peak - sum(work.kept.values())
    estimated = tuple(name for name in orders if name not in seconds)
    lines = _combined(trace, places, watches)
    return Measured(value.total, forward, back.total, tangents, adjoints, lines, True, estimated)


def _unit(value: Any, shape: tuple[int, ...]) -> Any:
    """A seed with one element 1, in the library of a value."""
    dtype = numpy_dtype(value)
    if not shape:
        return asarray_like(1.0, value, dtype) if backend_of(value) is not None else dtype.type(1)
    unit = numpy.zeros(shape, dtype)
    unit.reshape(-1)[:1] = 1
    return asarray_like(unit, value) if backend_of(value) is not None else unit


def _best(run: Callable[[], Any]) -> float:
    """The shortest of a few runs, in seconds."""
    best = math.inf
    spent = 0.0
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        run()
        took = time.perf_counter() - start
        best = min(best, took)
        spent += took
        if spent > BUDGET:
            break
    return best


def _peak(run: Callable[[], Any]) -> int:
    """The most bytes that a run allocates at once."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        run()
        return max(0, tracemalloc.get_traced_memory()[1] - before)
    finally:
        if not running:
            tracemalloc.stop()


def _value_time(trace: Any) -> float | None:
    try:
        replay = trace.replay()
    except Exception:  # a recording that cannot be replayed has no such time
        return None
    points = list(trace.points().values())
    return _best(lambda: replay(*points))


class _Stopwatch:
    """Seconds by instruction: `nodes[k]` took from `times[k]` to `times[k + 1]`."""

    def __init__(self) -> None:
        self.nodes: list[Node | None] = []
        self.times: list[float] = []

    def visitor(self) -> Callable[..., None]:
        """A function that notes a node, and the time."""
        note, tick, clock = self.nodes.append, self.times.append, time.perf_counter

        def visit(node: Node | None, value: Any = None) -> None:
            note(node)
            tick(clock())

        return visit

    def tick(self) -> None:
        """Note the time only: before what is visited when it is done, and after what is visited when it begins."""
        self.times.append(time.perf_counter())

    @property
    def total(self) -> float:
        """All seconds."""
        return self.times[-1] - self.times[0] if self.times else 0.0


def line_of(places: Places, node: Node) -> tuple[str, int] | None:
    """File and line of a node."""
    place = places.place(node)
    return None if place is None else (place.file or "", place.line)


def _watched(trace: Any, plan: ForwardPlan, unit: Any, seed: Any) -> tuple[_Stopwatch, _Stopwatch, _Stopwatch]:
    """An evaluation, a forward and a reverse sweep, instruction by instruction, without the strong zero."""
    value, forward, reverse = _Stopwatch(), _Stopwatch(), _Stopwatch()
    _evaluate(trace, value)
    forward.tick()
    plan.run([unit], forward.visitor())
    run_plain(trace._nodes, [(trace._output.node, seed)], list(trace._inputs.values()), reverse.visitor())
    reverse.tick()
    return value, forward, reverse


def _combined(
    trace: Any, places: Places, watches: Sequence[_Stopwatch]
) -> dict[tuple[str, int], tuple[float, float, float]]:
    """File and line -> what each of the three took there."""
    lines: list[tuple[str, int] | None] = [None]  # 0 stands for no line
    places_of: dict[Any, int] = {None: 0}
    sites: dict[tuple[int, int], int] = {}
    at: dict[Node | None, int] = {None: 0}
    for node in [*trace._nodes, *trace.listing().nodes]:
        key = (id(node.code), node.lasti)
        index = sites.get(key)
        if index is None:
            line = line_of(places, node)
            if line not in places_of:
                places_of[line] = len(lines)
                lines.append(line)
            index = sites[key] = places_of[line]
        at[node] = index
    sums = []
    for watch in watches:
        which = numpy.fromiter((at.get(node, 0) for node in watch.nodes), int, len(watch.nodes))
        sums.append(numpy.bincount(which, numpy.diff(watch.times), len(lines)))
    table = numpy.stack(sums, axis=1).tolist()
    return {line: tuple(took) for line, took in zip(lines, table, strict=True) if line is not None and any(took)}


def _evaluate(trace: Any, watch: _Stopwatch) -> None:
    """Evaluate the recorded operations once more on the recorded values, as far as these were kept."""
    before, state.replaying = state.replaying, True
    visit = watch.visitor()
    try:
        for node in trace.listing().nodes:
            if node.primitive is INPUT or node.primitive is TRANSFER:
                continue
            operands = [i.value if type(i) is Node else i for i in node.inputs]
            if any(i is None for i in operands):
                continue
            visit(node)
            try:
                node.primitive(*operands, **(node.params or {}))
            except Exception:  # a constant that was not kept; its time is not known
                visit(None)
        watch.tick()
    finally:
        state.replaying = before


# ------------------------------------------------------------------------------------------------ the report


def _report(places: Places, made: Cost, trace: Any, inputs: int, diagonal: list[str]) -> Report:
    work = made.work
    chosen = f"auto takes {made.auto} mode for {_few(inputs, 'input')} and {_few(work.outputs, 'output')}"
    sweeps = f"{_few(work.outputs, 'reverse sweep')} against {_few(work.inputs, 'forward sweep')}"
    by_counts = f"by counts reverse mode pays from {_few(work.crossover, 'forward sweep')} on"
    used = "" if made.mode == made.auto else f"; this trace used {made.mode} mode, {trace.mode_reason}"
    better, used_ops = ("forward", work.reverse[1]) if made.mode == "reverse" else ("reverse", work.forward[1])
    dearer = used_ops > WORTH * min(work.forward[1], work.reverse[1]) and len(diagonal) < len(trace._inputs)
    severity = "note" if dearer else "ok"
    fix = None if severity == "ok" else f"this derivative takes fewer operations with mode='{better}'"
    faster = "forward" if made.forward < made.reverse else "reverse"
    ratio = max(made.forward, made.reverse) / max(min(made.forward, made.reverse), 1e-12)
    pays = f"reverse mode pays from {_few(made.crossover, 'forward sweep')} on"
    paragraphs = [f"measured: {faster} mode is {number(float(f'{ratio:.2g}'))} times as fast here; {pays}"]
    if diagonal:
        names = ", ".join(diagonal)
        paragraphs.append(f"output and {names} correspond element by element: one forward sweep gives all of it")
    if made.measured.estimated:
        names = ", ".join(made.measured.estimated)
        paragraphs.append(f"a long program: forward sweeps by {names} are estimated from those by the other inputs")
    tables = (_operations(work), _modes(made), _line_table(places, made, trace))
    verdict = f"{chosen}: {sweeps}; {by_counts}{used}"
    return Report("cost", "Mode receipt", severity, verdict, fix, tuple(paragraphs), tables, made)


def _few(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _operations(work: Work) -> Table:
    total = sum(entry[2] for entry in work.classes.values()) or 1.0
    rows = [
        Row((name, number(ops), f"{elements:,}", f"{count:,}"), bar=ops / total)
        for name, (count, elements, ops) in work.classes.items()
    ]
    columns = (
        Column("operations"),
        Column("flops, about", "right"),
        Column("elements", "right"),
        Column("instructions", "right"),
    )
    return Table(columns, tuple(rows), "counted (the same on every run)")


def _modes(made: Cost) -> Table:
    work, measured = made.work, made.measured
    forward = sum(measured.forward.values()) / max(1, len(measured.forward))
    longest = max(made.forward, made.reverse) or 1.0
    rows = []
    for mode, sweeps, one, total, allocated, ops, peak in (
        ("forward", work.inputs, forward, made.forward, measured.forward_bytes, work.forward[1], work.forward_peak),
        ("reverse", work.outputs, measured.reverse, made.reverse, measured.reverse_bytes, *_reverse(work)),
    ):
        cells = (
            f"{mode}, used" if mode == made.mode else mode,
            seconds(total),
            f"{sweeps:,}",
            seconds(one),
            bytes_text(allocated),
            number(ops),
            bytes_text(peak),
        )
        rows.append(Row(cells, bar=total / longest))
    columns = (
        Column("mode"),
        Column("time", "right"),
        Column("sweeps", "right"),
        Column("one sweep", "right"),
        Column("it allocates", "right"),
        Column("flops, about", "right"),
        Column("peak memory", "right"),
    )
    value = "" if measured.value is None else f"; one evaluation takes {seconds(measured.value)}"
    what = "times measured" if measured.counted else "times and allocations measured"
    return Table(columns, tuple(rows), f"both modes: {what}, the rest counted{value}")


def _reverse(work: Work) -> tuple[float, int]:
    return work.reverse[1], work.reverse_peak


def _line_table(places: Places, made: Cost, trace: Any) -> Table:
    first_of: dict[tuple[str, int], Node] = {}
    count: dict[tuple[str, int], int] = {}
    kept: dict[tuple[str, int], int] = {}
    sites: dict[tuple[int, int], list[Any]] = {}  # first node, number of nodes, bytes kept
    for node in trace.listing().nodes:
        site = sites.setdefault((id(node.code), node.lasti), [node, 0, 0])
        site[1] += 1
    for node, taken in made.work.kept.items():
        sites.setdefault((id(node.code), node.lasti), [node, 0, 0])[2] += taken
    for node, number_of, taken in sites.values():
        line = line_of(places, node)
        if line is not None:
            if number_of:
                first_of.setdefault(line, node)
                count[line] = count.get(line, 0) + number_of
            kept[line] = kept.get(line, 0) + taken
    spent = made.measured.lines
    whole = sum(times[2] for times in spent.values()) or 1.0
    rows = []
    dearest = sorted(count, key=lambda line: -sum(spent.get(line, (0.0,))))[:LINES]
    for line in sorted(dearest):
        value, forward, reverse = spent.get(line, (0.0, 0.0, 0.0))
        first = first_of[line]
        cells = (
            places.at(first),
            seconds(reverse),
            seconds(forward),
            seconds(value),
            f"{count[line]:,}",
            bytes_text(kept.get(line, 0)),
        )
        rows.append(Row(cells, None, places.line(first), bar=reverse / whole))
    columns = (
        Column("line"),
        Column("reverse", "right"),
        Column("forward", "right"),
        Column("value", "right"),
        Column("instructions", "right"),
        Column("kept for reverse", "right"),
    )
    some = f", the dearest {LINES} of {len(count)}" if len(count) > LINES else ""
    return Table(columns, tuple(rows), f"by line, one sweep each: times measured, the rest counted{some}")


def seconds(duration: float) -> str:
    """A duration with three digits.

    >>> seconds(0.00123), seconds(2.5)
    ('1.23 ms', '2.5 s')
    """
    for unit, factor in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if duration >= factor:
            return f"{duration / factor:.3g} {unit}"
    return f"{duration * 1e6:.2g} µs" if duration else ""


def bytes_text(count: int) -> str:
    """A number of bytes with three digits.

    >>> bytes_text(0), bytes_text(800), bytes_text(1_500_000)
    ('0 B', '800 B', '1.5 MB')
    """
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count} B"
