"""Gradient flow: how large adjoints are along a program, where they vanish or explode, and which units are dead.

The size of an adjoint is its Euclidean norm, since that is what a well-conditioned operation keeps. From every variable
the *main way* to the output follows the instruction that hands back the largest contribution; sizes along the main ways
of the inputs, and along the longest one, are compared on a log scale:

* through steps that repeat (a loop, layers): a fall by 10⁵ or more is vanishing, a rise by 10⁵ or more exploding;
* over a whole way: 10⁶, in the adjoint as it is and relative to the values (x · x̄ against y · ȳ), so that mere units of
  measure are no finding; scaling by a constant does not count.

Units are as `gates` says; those dead on 16 or more examples are reported, and activations that are saturated for half
of the elements. Not for: NaN and infinity (`nan_origin`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy

from ..backends import to_numpy
from ..folding import site
from ..nodes import INPUT, Node
from ..primitives.indexing import index_update
from . import cuts, edges
from .collector import without_collector
from .gates import QUOTIENTS, SATURATED, WATCHED, Gate, gates
from .norms import Norms
from .partials import Local, local_partials
from .places import Places
from .report import Report

__adkit__ = True

STEPS = 5  # repetitions that make a loop
LOOP_DECADES = 5.0
WAY_DECADES = 6.0
EXAMPLES = 16
SMALLEST = 5e-324
_URGENCY = ("nonfinite", "zero", "saturated", "dead", "exploding", "vanishing")


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with the flow.

    `kind` is "vanishing", "exploding", "dead", "saturated", "zero" or "nonfinite"; `variable` and `line` say where.
    """

    kind: str
    severity: str
    text: str
    fix: str
    variable: str | None = None
    line: int | None = None


@dataclass
class Flow:
    """Sizes of adjoints and what they say; a report's `data`.

    Attributes
    ----------
    sizes: variable -> norm of its adjoint.
    main: variable -> the next one on its main way to the output.
    depth: variable -> the length of that way.
    edges: (variable, instruction, operand, norm of the contribution), the last instruction first.
    consumers: the same by variable.
    gates: the gates that are shut in part, in the order of the program.
    findings: the worst first.
    """

    sizes: dict[Node, float] = field(default_factory=dict)
    main: dict[Node, Node] = field(default_factory=dict)
    depth: dict[Node, int] = field(default_factory=dict)
    edges: list[tuple[Node, Node, int, float]] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    relative: dict[Node, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @functools.cached_property
    def consumers(self) -> dict[Node, list[tuple[Node, int, float]]]:
        """Variable -> (instruction, operand, norm of the contribution)."""
        found: dict[Node, list[tuple[Node, int, float]]] = {}
        for parent, node, operand, size in self.edges:
            found.setdefault(parent, []).append((node, operand, size))
        return found

    def way(self, node: Node) -> list[Node]:
        """The main way from a variable to the output, itself first."""
        found = [node]
        while found[-1] in self.main:
            found.append(self.main[found[-1]])
        return found


@without_collector
def flow(trace: Any) -> Report:
    """The sizes of the adjoints of a `Trace`, and what is wrong with them.

    Of an output that is an array the adjoints are those of the sum of its elements. `data` of the report is a `Flow`.

    Example
    -------
    >>> import numpy as np, adkit
    >>> def f(x):
    ...     for _ in range(50):
    ...         x = np.tanh(0.5 * x)
    ...     return x
    >>> report = flow(adkit.trace(f)(0.3))
    >>> report.severity, report.data.findings[0].kind
    ('warning', 'vanishing')
    """
    from .flow_report import report

    measured = measure(trace)
    places = Places(trace)
    found = [
        *_nonfinite(measured, places),
        *_zero_inputs(trace, measured, places),
        *_ways(trace, measured, places),
        *_units(measured, places),
    ]
    found.sort(key=lambda f: (f.severity != "warning", _URGENCY.index(f.kind)))
    measured.findings = found
    return report(trace, measured, places)


# ------------------------------------------------------------------------------------------------ measuring


def measure(trace: Any) -> Flow:
    """One reverse sweep with the sizes of everything that passes."""
    trace._checksums.verify()
    measured = _Measuring({trace._output.node, *trace._inputs.values()}, local_partials(trace._nodes))
    seeds = [(trace._output.node, trace._seed(None))]
    edges.sweep(seeds, set(trace._inputs.values()), trace._nodes, measured.visit, measured.ready)
    return measured.finished()


class _Measuring:
    """What a sweep shows, noted down as places in a list of norms, which is complete in the end."""

    def __init__(self, ends: set[Node], ready: Mapping[Node, Local]) -> None:
        self.made = Flow()
        self.ready = ready
        self._ends = ends
        self._norms = Norms()
        self._sizes: dict[Node, int] = {}
        self._handed: list[tuple[Node, Node, int, int]] = []  # variable, instruction, operand, place of the norm
        self._arrived: dict[Node, tuple[int, int]] = {}  # place of the last norm, and how many there were
        self._watched: list[tuple[Node, Any, list[edges.Part], list[int]]] = []

    def visit(self, node: Node, g: Any, parts: list[edges.Part]) -> None:
        """Note a variable with its adjoint and what its instruction hands on."""
        norms = self._norms
        place, count = self._arrived.pop(node, (0, 0))
        assigned = node.primitive is index_update
        if count != 1:
            place = norms.put(edges.size(g)) if assigned else norms.add(g)
        self._sizes[node] = place
        if node in self._ends:
            self.made.relative[node] = _relative(node, g)
        places = []
        for part in parts:
            if assigned:
                handed = norms.put(edges.part_size(part, node, g, parts))
            else:
                handed = norms.add(part.value)
            places.append(handed)
            parent = part.parent
            self._handed.append((parent, node, part.operand, handed))
            _, count = self._arrived.get(parent, (0, 0))
            self._arrived[parent] = (handed, count + (2 if part.index is not None else 1))
        if node.primitive.name in WATCHED:
            self._watch(node, g, parts, places)
        if norms.full:
            self._flush()

    def _watch(self, node: Node, g: Any, parts: list[edges.Part], places: list[int]) -> None:
        local = self.ready.get(node)
        if local is not None and node.shape and local.least > SATURATED and node.primitive.name not in QUOTIENTS:
            self._watched.append((node, g, parts, places))  # only underflow can shut it
        elif node.shape or g:
            self._add_gates(node, g, parts)

    def _add_gates(self, node: Node, g: Any, parts: list[edges.Part]) -> None:
        found = gates(node, g, parts)
        if found and edges.size(g):
            self.made.gates += found

    def _flush(self) -> None:
        self._norms.flush()
        zeros = self._norms.zeros
        for node, g, parts, places in self._watched if zeros else ():
            if not zeros.isdisjoint(places):
                self._add_gates(node, g, parts)
        self._watched.clear()
        zeros.clear()

    def finished(self) -> Flow:
        """The sizes, and what follows from them."""
        self._flush()
        made, values = self.made, self._norms.values
        made.sizes = {node: values[place] for node, place in self._sizes.items()}
        made.edges = [(parent, node, operand, values[place]) for parent, node, operand, place in self._handed]
        main, depth = made.main, made.depth
        largest: dict[Node, float] = {}
        for parent, node, _, size in made.edges:
            if size > largest.get(parent, 0.0) or size != size:
                largest[parent] = size
                main[parent] = node
        for node in made.sizes:
            onward = main.get(node)
            depth[node] = 0 if onward is None else depth[onward] + 1
        made.gates.sort(key=lambda gate: gate.node.id)
        return made


def _relative(node: Node, g: Any) -> float:
    """The norm of value times adjoint, element by element, which no unit of measure changes."""
    if node.value is None or isinstance(node.value, tuple):
        return 0.0
    with numpy.errstate(all="ignore"):
        return edges.size(numpy.asarray(to_numpy(node.value)) * numpy.asarray(to_numpy(g)))


# ------------------------------------------------------------------------------------------------ findings


def _nonfinite(made: Flow, places: Places) -> list[Finding]:
    bad = [node for node, size in made.sizes.items() if not math.isfinite(size)]
    if not bad:
        return []
    first = bad[0]  # the sweep's first, so closest to the output
    at = f" ({places.where(first)})" if places.place(first) is not None else ""
    text = f"the adjoint of {places.called(first)} is not finite{at}"
    return [
        Finding("nonfinite", "warning", text, "see why_nan() for its origin", places.key(first), places.line(first))
    ]


def _zero_inputs(trace: Any, made: Flow, places: Places) -> list[Finding]:
    found = []
    for name, node in trace._inputs.items():
        if made.sizes.get(node, 0.0) == 0.0 and node.size:
            lost = cuts.search(node, trace, made.consumers, made.sizes)
            text = f"the adjoint of {name} is 0: {cuts.sentence(lost, places, name)}"
            cut = lost.cuts[0].node if lost.cuts else None
            line = places.line(cut) if cut is not None else None
            found.append(Finding("zero", "warning", text, cuts.fix(lost), places.key(node), line))
    return found


def decades(now: float, before: float) -> float:
    """log₁₀ of a ratio of two sizes; zeros and infinities count as the limits of the numbers."""
    now, before = (min(max(size, SMALLEST), 1.7e308) for size in (now, before))
    return math.log10(now) - math.log10(before)


def _ways(trace: Any, made: Flow, places: Places) -> list[Finding]:
    """Vanishing and exploding along the main ways of the inputs, and along the longest way."""
    finite = {node: d for node, d in made.depth.items() if made.sizes[node] > 0 and math.isfinite(made.sizes[node])}
    if not finite:
        return []
    inputs = {node: name for name, node in trace._inputs.items() if node in finite}
    deepest = max(finite, key=lambda node: (finite[node], -node.id))
    found: list[Finding] = []
    seen: set[Node] = set()
    whole: dict[Node, list[tuple[str, float, float]]] = {}
    for node in sorted({*inputs, deepest}, key=lambda node: -finite[node]):
        way = made.way(node)
        looped = _loop(way, made, node in inputs, places)
        if looped is not None:
            finding, step = looped
            if step not in seen:
                found.append(finding)
            seen.update(way)
        elif node in inputs and (drop := _whole(way, made)) is not None:
            whole.setdefault(drop[0], []).append((inputs[node], *drop[1:]))
    return found + [_at(node, ways, places) for node, ways in whole.items()]


def _loop(way: Sequence[Node], made: Flow, is_input: bool, places: Places) -> tuple[Finding, Node] | None:
    """What the steps that repeat along a way do to the adjoint, and the first of them."""
    steps = _repeated(way, places)
    if len(steps) < STEPS:
        return None
    sizes = [made.sizes[node] for node in steps]
    total = decades(sizes[0], sizes[-1])
    falls = sum(a < b for a, b in zip(sizes, sizes[1:], strict=False))
    same_way = falls if total < 0 else len(steps) - 1 - falls
    if abs(total) < LOOP_DECADES or 3 * same_way < 2 * (len(steps) - 1):
        return None
    per_step = 10 ** (total / (len(steps) - 1))
    vanishing = total < 0
    step = steps[-1]
    name = places.called(step)
    where = f"through {len(steps)} steps of {name} ({places.where(step)}: {places.code(step)})"
    change = f"by the factor {_power(total)}, {per_step:.3g} per step"
    if vanishing:
        whose = f"the adjoint that reaches {places.called(way[0])} shrinks" if is_input else "adjoints shrink"
        late = "" if is_input else "; what happens in the first steps has next to no part in the derivatives"
        text = f"vanishing {where}: {whose} {change}{late}"
        fix = "keep the factor per step near 1: another scale of the weights, a residual connection, or fewer steps"
    else:
        text = f"exploding {where}: adjoints grow {change}"
        fix = "keep the factor per step near 1: smaller weights, normalisation, or clip the gradient"
    severity = "warning" if is_input or not vanishing else "note"
    kind = "vanishing" if vanishing else "exploding"
    return Finding(kind, severity, text, fix, places.key(step), places.line(step)), steps[0]


def _repeated(way: Sequence[Node], places: Places) -> list[Node]:
    """The occurrences along a way of the place in the source that occurs most often; a named one if there is."""
    found: dict[Any, list[Node]] = {}
    for node in way:
        if node.primitive is not INPUT:
            found.setdefault(site(node), []).append(node)
    if not found:
        return []
    most = max(map(len, found.values()))
    often = [nodes for nodes in found.values() if len(nodes) >= max(STEPS, most - 2)]
    named = [nodes for nodes in often if places.name(nodes[-1]) is not None]
    return (named or often or [[]])[0]


def _whole(way: Sequence[Node], made: Flow) -> tuple[Node, float, float] | None:
    """What a way without a loop does to the adjoint, apart from scaling by constants: the instruction that does most,
    and the decades of the way and of the instruction.
    """
    source, out = way[0], way[-1]
    gains = [(decades(made.sizes[u], made.sizes[v]), v) for u, v in zip(way, way[1:], strict=False)]
    gains = [(gain, v) for gain, v in gains if not _scales(v)]
    total = sum(gain for gain, _ in gains)
    relative, at_end = made.relative.get(source, 0.0), made.relative.get(out, 0.0)
    by_value = decades(relative, at_end) if relative and at_end else total
    if abs(total) < WAY_DECADES or abs(by_value) < WAY_DECADES or (total < 0) != (by_value < 0):
        return None
    gain, node = (min if total < 0 else max)(gains, key=lambda pair: pair[0])
    return node, total, gain


def _at(node: Node, ways: Sequence[tuple[str, float, float]], places: Places) -> Finding:
    """The finding for the ways on which one instruction does most."""
    total, gain = ways[0][1:]
    names = ", ".join(name for name, _, _ in ways[:4]) + (", …" if len(ways) > 4 else "")
    kind, change = ("vanishing", "shrinks") if total < 0 else ("exploding", "grows")
    text = f"{kind}: the adjoint {change} by the factor {_power(total)} on its way to {names}"
    text += f", of which {_power(gain)} at {places.code(node)} ({places.where(node)})"
    fix = (
        "rescale what goes in there, or choose a form that is not flat there"
        if total < 0
        else "the value there is ill-conditioned: avoid the cancellation or the small divisor, or rescale"
    )
    return Finding(kind, "warning", text, fix, places.key(node), places.line(node))


def _scales(node: Node) -> bool:
    """Whether an instruction only scales by a constant."""
    constant = any(type(operand) is not Node for operand in node.inputs)
    if node.primitive.name == "divide":
        return type(node.inputs[1]) is not Node
    return constant and node.primitive.name in ("multiply", "convert", "deg2rad", "rad2deg")


def _power(total: float) -> str:
    """A ratio given by its decades: "1.2e−9", "3.4e+7"."""
    exponent = math.floor(total)
    text = f"{10 ** (total - exponent):.2g}e{exponent}"
    return text.replace("-", "−")


def _units(made: Flow, places: Places) -> list[Finding]:
    """Dead units, and activations that are saturated throughout; the same place in the source is reported once."""
    by_site: dict[Any, list[Gate]] = {}
    for gate in made.gates:
        by_site.setdefault((site(gate.node), gate.operand), []).append(gate)
    found = []
    for (_, operand), group in by_site.items():
        worst = max(group, key=lambda gate: (len(gate.dead), gate.shut))
        times = f", and {len(group) - 1} more times" if len(group) > 1 else ""
        place = f"({places.where(worst.node)}: {places.code(worst.node)}{times})"
        where: dict[str, Any] = {"variable": places.key(worst.node), "line": places.line(worst.node)}
        if worst.kind == "saturated":
            if 2 * worst.shut >= worst.arrived:
                whole = f"for {worst.shut} of {worst.arrived} elements " if worst.arrived > 1 else ""
                text = f"{worst.reason} {whole}{place}"
                found.append(Finding("saturated", "warning", text, cuts.FIXES["saturated"], **where))
            elif worst.dead and worst.examples >= EXAMPLES:
                found.append(_dead(worst, place, "warning", "saturated", where))
        elif worst.dead and worst.examples >= EXAMPLES:
            kind = cuts.vanished(worst.node, operand).kind
            severity = "warning" if kind in ("relu", "clip") else "note"
            found.append(_dead(worst, place, severity, kind, where))
    return found


def _dead(gate: Gate, place: str, severity: str, kind: str, where: Mapping[str, Any]) -> Finding:
    count = len(gate.dead)
    shown = ", ".join(map(str, gate.dead[:5])) + (", …" if count > 5 else "")
    text = f"{count} of {gate.units} units dead on all {gate.examples} examples (unit {shown}): {gate.reason} {place}"
    return Finding("dead", severity, text, cuts.FIXES[kind], **where)
