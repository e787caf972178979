"""Two traces side by side: what is another instruction, another value, another adjoint, and where they part.

Instructions are laid side by side by the piece of source and the operation, wherever the lines have moved to; in what
remains, by the operation alone (an edited expression). Differences are counted in units in the last place (ulp) of the
coarser dtype, at the larger of both values: 1 ulp is rounding, 16 and more is told. Not for: the alignment of sequences
(`alignment`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy

from ..backends import backend_of, to_numpy
from ..errors import InputError
from ..formatting import number, value
from ..nodes import Node
from . import units
from .alignment import align, refined
from .collector import without_collector
from .edges import size
from .places import Places
from .report import Column, Report, Row, Table
from .units import apart, coarser, turned

__adkit__ = True

ROUNDING = 16.0  # ulp up to which two values are the same to rounding
LOST = 4096.0  # ulp of a derivative from which precision was lost
ROWS = 12


class Pair(NamedTuple):
    """Two instructions (or inputs) that correspond; `None` where one side has none.

    `edited`: another expression of the same operation. `value`, `adjoint`: the largest difference in ulp, infinite for
    another shape or a NaN on one side, `None` where there is nothing to compare. `sign`: an adjoint changed its sign.
    """

    first: Node | None
    second: Node | None
    edited: bool = False
    value: float | None = None
    adjoint: float | None = None
    sign: bool = False


@dataclass(frozen=True)
class Difference:
    """A report's `data`: the pairs in the order of the programs, the inputs first.

    `parting` is the first pair of instructions whose values differ by more than rounding; `unit` the dtype of the ulp,
    which is the coarsest in either program.
    """

    pairs: tuple[Pair, ...]
    parting: Pair | None
    unit: str
    same_program: bool


@without_collector
def difference(first: Any, second: Any) -> Report:
    """What differs between two traces; `data` of the report is a `Difference`.

    Raises `InputError` if `second` is no trace.

    Example
    -------
    >>> import numpy as np, adkit
    >>> traced = adkit.trace(lambda x: np.sin(x) * 3)
    >>> report = difference(traced(np.float32(0.5)), traced(np.float64(0.5)))
    >>> report.severity, report.data.same_program, report.data.unit
    ('ok', True, 'float32')
    """
    from ..trace import Trace

    if not isinstance(second, Trace):
        raise InputError(
            f"a trace differs from a trace, not from {type(second).__name__}",
            fix="pass what adkit.trace(f)(*args) returns",
        )
    sides = (_Side(first), _Side(second))
    pairs = [*_inputs(*sides), *_instructions(*sides)]
    unit = coarser(*{node.dtype for side in sides for node in (*side.ends, *side.nodes)})
    told = _compared(pairs, *sides, unit)
    parting = next((p for p in told if p.first not in sides[0].ends and (p.value or 0.0) > ROUNDING), None)
    same = all(p.first is not None and p.second is not None and not p.edited for p in told)
    return _report(*sides, Difference(told, parting, str(unit), same and not _other_guards(*sides)))


class _Side:
    """One of both traces, with what is compared."""

    def __init__(self, trace: Any) -> None:
        self.trace = trace
        self.places = Places(trace)
        self.listing = trace.listing()
        self.nodes: list[Node] = self.listing.nodes
        self.adjoints = trace.adjoints()
        self.ends = set(trace._inputs.values())
        self.largest = units.largest_elements(self.adjoints)
        self.around = self._around()

    def _around(self) -> dict[Node, float]:
        """Per variable the largest adjoint of those that are computed from it: what its own may be rounding of."""
        found: dict[Node, float] = {}
        for node in self.nodes:
            largest = self.largest.get(node, 0.0)
            for operand in node.inputs if largest else ():
                if type(operand) is Node and found.get(operand, 0.0) < largest:
                    found[operand] = largest
        return found

    def strong(self) -> list[tuple[str, str]]:
        """Per instruction the piece of source and the operation."""
        known: dict[tuple[int, int, str], tuple[str, str]] = {}
        found = []
        for node in self.nodes:
            name = node.primitive.name
            key = (id(node.code), node.lasti, name)
            text = known.get(key)
            if text is None:
                text = known[key] = (self.places.snippet(node), name)
            found.append(text)
        return found

    def weak(self) -> list[str]:
        """Per instruction the operation."""
        return [node.primitive.name for node in self.nodes]

    @property
    def kind(self) -> str:
        """The output's dtype and library."""
        backend = backend_of(self.trace._output.value)
        library = "NumPy" if backend is None else type(self.trace._output.value).__module__.partition(".")[0]
        return f"{self.trace._output.dtype}, {library}"


def _inputs(a: _Side, b: _Side) -> list[Pair]:
    names = dict.fromkeys([*a.trace._inputs, *b.trace._inputs])
    return [Pair(a.trace._inputs.get(name), b.trace._inputs.get(name)) for name in names]


def _instructions(a: _Side, b: _Side) -> list[Pair]:
    numbers: dict[tuple[str, str], int] = {}
    strong_a, strong_b = ([numbers.setdefault(key, len(numbers)) for key in side.strong()] for side in (a, b))
    pairs = refined(align(strong_a, strong_b), a.weak(), b.weak())
    return [
        Pair(
            None if i is None else a.nodes[i],
            None if j is None else b.nodes[j],
            i is not None and j is not None and strong_a[i] != strong_b[j],
        )
        for i, j in pairs
    ]


def _other_guards(a: _Side, b: _Side) -> bool:
    return [g.outcome for g in a.listing.guards] != [g.outcome for g in b.listing.guards]


# ------------------------------------------------------------------------------------------------ differences


def _compared(pairs: Sequence[Pair], a: _Side, b: _Side, unit: numpy.dtype) -> tuple[Pair, ...]:
    """The pairs with their differences; those of small arrays of one shape together."""
    found = list(pairs)
    shapes = [_shape(pair, a, b) for pair in pairs]
    for i, shape in enumerate(shapes):
        if shape is None:
            found[i] = _compared_alone(pairs[i], a, b, unit)
    for places in units.by_shape(shapes):
        chosen = [(pairs[i].first, pairs[i].second) for i in places]
        values = units.all_apart([x.value for x, _ in chosen], [y.value for _, y in chosen], unit)  # type: ignore[union-attr]
        p, q = [a.adjoints[x] for x, _ in chosen], [b.adjoints[y] for _, y in chosen]
        adjoints, signs = units.all_apart(p, q, unit), units.all_turned(p, q)
        for i, (x, y), apart_by, adjoint, sign in zip(places, chosen, values, adjoints, signs, strict=True):
            assert x is not None
            assert y is not None
            if adjoint and _cancels(x, y, a, b, unit):
                adjoint, sign = 0.0, False
            found[i] = Pair(x, y, pairs[i].edited, apart_by, adjoint, sign)
    return tuple(found)


def _shape(pair: Pair, a: _Side, b: _Side) -> tuple[int, ...] | None:
    """The one shape of values and adjoints, if these can be compared together with others."""
    x, y = pair.first, pair.second
    if x is None or y is None:
        return None
    return units.shape_of_all(x.value, y.value, a.adjoints.get(x), b.adjoints.get(y))


def _cancels(x: Node, y: Node, a: _Side, b: _Side, unit: numpy.dtype) -> bool:
    """Whether both adjoints are contributions that cancel: two zeros, to rounding."""
    least = ROUNDING * float(numpy.finfo(unit).eps) * a.around.get(x, 0.0)
    return a.largest.get(x, 0.0) <= least and b.largest.get(y, 0.0) <= least


def _compared_alone(pair: Pair, a: _Side, b: _Side, unit: numpy.dtype) -> Pair:
    x, y = pair.first, pair.second
    if x is None or y is None:
        return pair
    p, q = a.adjoints.get(x), b.adjoints.get(y)
    values = None if x.value is None or y.value is None else apart(x.value, y.value, unit)
    if p is None and q is None:
        return Pair(x, y, pair.edited, values)
    if _cancels(x, y, a, b, unit):
        return Pair(x, y, pair.edited, values, 0.0)
    p, q = (0.0 if p is None else p), (0.0 if q is None else q)
    return Pair(x, y, pair.edited, values, apart(p, q, unit), turned(p, q))


# ------------------------------------------------------------------------------------------------ the report


def _report(a: _Side, b: _Side, made: Difference) -> Report:
    severity, verdict, paragraphs, fix = _verdict(a, b, made)
    tables = [_derivatives(a, b, made), _program(a, b, made), _values(a, b, made)]
    title = "Difference" if a.kind == b.kind else f"Difference of {a.kind} and {b.kind}"
    return Report(
        "diff", title, severity, verdict, fix, tuple(paragraphs), tuple(t for t in tables if t is not None), made
    )


def _verdict(a: _Side, b: _Side, made: Difference) -> tuple[str, str, list[str], str | None]:
    inputs = [p for p in made.pairs if p.first in a.ends or p.second in b.ends]
    steps = made.pairs[len(inputs) :]  # the inputs come first
    values = max((p.value or 0.0 for p in steps), default=0.0)
    adjoints = max((p.adjoint or 0.0 for p in made.pairs), default=0.0)
    by_input = max((p.adjoint or 0.0 for p in inputs), default=0.0)
    other = [_name(a, b, p) for p in inputs if (p.value or 0.0) > 1.0 or p.first is None or p.second is None]
    turned = [_name(a, b, p) for p in inputs if p.sign]
    text = _program_text(a, b, made)
    if not made.same_program:
        parts = [text]
    elif values == adjoints == 0.0 and not other:
        return "ok", "the same program with the same values and derivatives", [], None
    else:
        parts = ["the same program"]
    if other:
        parts.append(f"other inputs ({', '.join(other[:4])}{', …' if len(other) > 4 else ''})")
    paragraphs = []
    if made.parting is not None and not other:
        by = _ulp(made.parting.value, made.unit, _value_share(made.parting))
        parts.append(f"values part at {_place(a, made.parting)} by {by}")
    elif made.parting is None:
        parts.append(f"values agree to {_ulp(values, made.unit)}")
    if turned:
        parts.append(f"the derivative by {', '.join(turned[:4])} changes its sign")
    elif not other:
        most = max(inputs, key=lambda p: p.adjoint or 0.0)
        apart_by = _ulp(by_input, made.unit, _adjoint_share(a, b, most))
        parts.append(f"derivatives by the inputs differ by at most {apart_by}")
    lost = made.same_program and not other and by_input > LOST
    if lost:
        eps = float(numpy.finfo(made.unit).eps)
        digits = max(0.0, -math.log10(min(1.0, by_input * eps))) if math.isfinite(by_input) else 0.0
        paragraphs.append(f"about {digits:.0f} of the {-math.log10(eps):.0f} digits of {made.unit} agree")
    guards = _other_guards(a, b)
    calm = made.same_program and not other and made.parting is None and max(adjoints, values) <= LOST
    severity = "warning" if turned or guards or lost else "ok" if calm else "note"
    fix = None
    if lost:
        fix = (
            f"compute from {_place(a, made.parting)} on in higher precision, or in a form without cancellation"
            if (made.parting is not None)
            else "compute in higher precision"
        )
    elif guards:
        fix = "the programs took another branch: compare the conditions"
    return severity, "; ".join(parts), paragraphs, fix


def _program_text(a: _Side, b: _Side, made: Difference) -> str:
    only_a = [p for p in made.pairs if p.second is None]
    only_b = [p for p in made.pairs if p.first is None]
    edited = [p for p in made.pairs if p.edited]
    parts = []
    for count, what in (
        (len(only_a), "only in the first"),
        (len(only_b), "only in the second"),
        (len(edited), "edited"),
    ):
        if count:
            parts.append(f"{count:,} instruction{'s' * (count != 1)} {what}")
    if _other_guards(a, b):
        parts.append("another branch was taken")
    return ", ".join(parts)


def _name(a: _Side, b: _Side, pair: Pair) -> str:
    return a.places.called(pair.first) if pair.first is not None else b.places.called(pair.second)  # type: ignore[arg-type]


def _place(a: _Side, pair: Pair) -> str:
    node = pair.first
    if node is None:
        return "the start"
    return f"{a.places.called(node)} ({a.places.where(node)}: {a.places.code(node)})"


def _ulp(units: float | None, unit: str, share: float = 0.0) -> str:
    """A difference in a sentence: "3 ulp of float32", "1.8e6 ulp of float32 (11 %)"."""
    if units is None or math.isinf(units):
        return "more than can be compared"
    return f"{number(float(f'{units:.2g}'))} ulp of {unit}{_percent(share)}"


def _cell(units: float | None, share: float = 0.0) -> str:
    if units is None:
        return ""
    return "∞" if math.isinf(units) else number(float(f"{units:.2g}")) + _percent(share)


def _percent(share: float) -> str:
    """A relative difference, where it is visible to the eye."""
    return f" ({number(float(f'{100 * share:.2g}'))} %)" if 0.001 <= share < math.inf else ""


def relative(a: Any, b: Any) -> float:
    """The norm of a difference, relative to the larger of both values.

    >>> relative(3.0, 4.0), relative(numpy.zeros(2), numpy.zeros(2))
    (0.25, 0.0)
    """
    if a is None or b is None or isinstance(a, tuple) or isinstance(b, tuple):
        return 0.0
    x, y = numpy.asarray(to_numpy(a)), numpy.asarray(to_numpy(b))
    if x.shape != y.shape or "b" in (x.dtype.kind, y.dtype.kind):
        return 0.0
    wide = complex if "c" in (x.dtype.kind, y.dtype.kind) else float
    with numpy.errstate(all="ignore"):
        larger = max(size(x.astype(wide)), size(y.astype(wide)))
        return size(x.astype(wide) - y.astype(wide)) / larger if larger else 0.0


def _value_share(pair: Pair) -> float:
    return 0.0 if pair.first is None or pair.second is None else relative(pair.first.value, pair.second.value)


def _adjoint_share(a: _Side, b: _Side, pair: Pair) -> float:
    if pair.first is None or pair.second is None:
        return 0.0
    return relative(a.adjoints.get(pair.first, 0.0), b.adjoints.get(pair.second, 0.0))


def _brief(given: Any) -> str:
    """A value or adjoint in little room: of an array its norm."""
    text = value(given)
    return text if len(text) <= 24 else f"‖·‖ = {number(size(given))}"


def _state(pair: Pair) -> str:
    return "warning" if pair.sign or math.isinf(pair.value or 0.0) or math.isinf(pair.adjoint or 0.0) else "normal"


def _derivatives(a: _Side, b: _Side, made: Difference) -> Table:
    rows = []
    for pair in made.pairs:
        if pair.first not in a.ends and pair.second not in b.ends:
            continue
        shown = [
            "" if node is None else _brief(side.adjoints.get(node, 0.0))
            for side, node in ((a, pair.first), (b, pair.second))
        ]
        note = "sign changed" if pair.sign else "only in one" if pair.first is None or pair.second is None else ""
        key = None if pair.first is None else a.places.key(pair.first)
        cells = (
            _name(a, b, pair),
            _cell(pair.value, _value_share(pair)),
            *shown,
            _cell(pair.adjoint, _adjoint_share(a, b, pair)),
            note,
        )
        rows.append(Row(cells, key, None, _state(pair)))
    columns = (
        Column("input", code=True),
        Column("its value, ulp", "right"),
        Column("derivative in the first", "right"),
        Column("in the second", "right"),
        Column("ulp", "right"),
        Column(""),
    )
    return Table(columns, tuple(rows), f"derivatives by the inputs; ulp are those of {made.unit}")


def _program(a: _Side, b: _Side, made: Difference) -> Table | None:
    """What is only in one of the programs, or edited; − and + as in a patch."""
    changed = [p for p in made.pairs if (p.first is None or p.second is None or p.edited) and p.first not in a.ends]
    rows = []
    for pair in changed[:ROWS]:
        for mark, side, node in (("−", a, pair.first), ("+", b, pair.second)):
            if node is not None:
                cells = (mark, side.places.at(node), side.places.code(node), _brief(node.value))
                first = side is a
                key = side.places.key(node) if first else None
                rows.append(Row(cells, key, side.places.line(node) if first else None, "normal"))
    if not rows:
        return None
    columns = (Column(""), Column("line"), Column("instruction", code=True), Column("value", "right"))
    some = f", the first {ROWS} of {len(changed):,}" if len(changed) > ROWS else ""
    return Table(columns, tuple(rows), f"in one program only (− the first, + the second), or edited{some}")


def _values(a: _Side, b: _Side, made: Difference) -> Table | None:
    """The instructions that differ: the first ones, and the one that differs most."""
    differ = [
        p
        for p in made.pairs
        if p.first is not None and p.second is not None and p.first not in a.ends and _largest(p) > 0.0
    ]
    if not differ:
        return None
    notable = [p for p in differ if _largest(p) > ROUNDING or p.sign]
    listed = (notable or differ)[:ROWS]
    worst = max(differ, key=_largest)
    if worst not in listed:
        listed[-1] = worst
    rows = [_value_row(a, b, pair) for pair in listed]
    columns = (
        Column("variable", code=True),
        Column("line"),
        Column("computed by", code=True),
        Column("first value", "right"),
        Column("second value", "right"),
        Column("ulp", "right"),
        Column("adjoint, ulp", "right"),
    )
    what = f"by more than {ROUNDING:g} ulp" if notable else "at all"
    many = len(notable or differ)
    some = f", {len(rows)} of {many:,} with the largest" if many > len(rows) else ""
    return Table(columns, tuple(rows), f"instructions that differ {what}{some}")


def _largest(pair: Pair) -> float:
    return max(pair.value or 0.0, pair.adjoint or 0.0)


def _value_row(a: _Side, b: _Side, pair: Pair) -> Row:
    x, y = pair.first, pair.second
    assert x is not None
    assert y is not None
    label = a.places.label(x) + (" (sign of the adjoint)" if pair.sign else "")
    shown = (
        _brief(x.value),
        _brief(y.value),
        _cell(pair.value, _value_share(pair)),
        _cell(pair.adjoint, _adjoint_share(a, b, pair)),
    )
    return Row((label, a.places.at(x), a.places.code(x), *shown), a.places.key(x), a.places.line(x), _state(pair))
