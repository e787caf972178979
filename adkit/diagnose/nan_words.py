"""The words of `why_nan`: faults of a program as verdicts, tables and fixes in the user's names and lines.

Not for: the search (`nonfinite`, `nonfinite_sweeps`), the reasons (`nan_causes`).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy

from .. import formatting
from ..dtypes import numpy_dtype
from ..listing import ancestors_of
from ..nodes import INPUT, Node
from ..primitive import ELEMENTWISE, REGISTRY
from ..primitives.control import Construct
from ..snippets import Place, Snippets
from ..source import span_of
from . import nan_inside, nonfinite, nonfinite_sweeps
from .nan_causes import Cause, Site, partial_cause, texts_of, value_cause
from .nonfinite import Fault, Program
from .report import Column, Report, Row, Table

__adkit__ = True

TITLE = "Origin of a NaN or infinity"
LONGEST_PATH = 12
MOST_MASKED = 8
_PATTERN_DEPTH = 4


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where it began, as Python values.

    Attributes
    ----------
    case: "forward" (an operation made it), "partial" (a derivative is infinite), "product" (0 · inf in a rule),
        "overflow" (finite factors), "input" (it was put in), "masked" (harmless).
    reason: why, as a phrase.
    variable, operation, line, snippet: which instruction; `operation` is the primitive's name.
    index: the first element concerned, `()` for a scalar.
    operands: name and value of each operand at that element.
    where: "value", "adjoint" or "tangent": what became not finite there.
    path: the variables that it went on to.
    filename, file_line: where the source stands.
    """

    case: str
    reason: str
    variable: str
    operation: str
    line: int | None
    snippet: str | None
    index: tuple[int, ...]
    operands: tuple[tuple[str, str], ...]
    where: str
    path: tuple[str, ...]
    filename: str | None = None
    file_line: int | None = None


class Writer:
    """Faults in words: places, numbers and paths of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.listing = program.listing
        self.snippets = Snippets(program.source)

    # -- whole reports

    def of_value(self, fault: Fault, bad: dict[Node, Any]) -> Report:
        """The report on a value that is not finite, where `bad` are all of them."""
        if fault.kind == "input":
            return self._of_input(fault)
        node, site = fault.node, self.site(fault.node, fault.index)
        if fault.kind == "constant":
            assert fault.operand is not None
            number = site.values[fault.operand]
            shown = "not finite" if number is None else f"{_number(number)} there"
            reason = f"the constant operand {site.bare(fault.operand)} is {shown} already"
            fix = "clean the data first (np.nan_to_num, np.isfinite), or select with np.where before computing"
            cause, case = Cause(reason, fix), "input"
        else:
            cause, case = self._inner_cause(node, value_cause(site), "value"), "forward"
        turned = self._turning(fault)
        paragraphs = [f"It reaches the output {self.output_name}."] if len(fault.path) > 1 else []
        paragraphs += self._swallowed(fault, bad)
        if turned is not None:
            step, why = turned
            paragraphs.append(f"{self.described(step)} then turns it into NaN: {why.reason}.")
            if case == "forward" and (why.reason == "0 · inf" or "softmax" in why.fix):
                cause = Cause(cause.reason, why.fix)
        what = _number(site.result) if site.result is not None else "not finite"
        verdict = f"{self.described(node)} is {what}{_at(fault.index)}: {cause.reason}"
        return self._report(fault, verdict, cause, paragraphs, case, "value", site)

    def _swallowed(self, fault: Fault, bad: dict[Node, Any]) -> list[str]:
        """The first value before the fault that is not finite, of which only finite ones came on: 1 / inf is 0."""
        if fault.kind != "value" or len(bad) == len(fault.path):
            return []
        before = set(ancestors_of([fault.node], self.program.inputs)) - {fault.node}
        part = {node: mask for node, mask in bad.items() if node in before}
        made = [f for f in nonfinite.made_values(self.program, part) if f.node in before] if part else []
        if not made:
            return []
        first = min(made, key=lambda found: found.node.id)
        site = self.site(first.node, first.index)
        what = _number(site.result) if site.result is not None else "not finite"
        text = f"Before it, {self.described(first.node)} is {what}{_at(first.index)} ({value_cause(site).reason})"
        return [f"{text}; only finite values came on from there."]

    def _of_input(self, fault: Fault) -> Report:
        name = self.listing.variable(fault.node).name or "the input"
        value = nonfinite.element(self.program.read(fault.node), fault.index, fault.node.shape)
        verdict = f"the input {name} is {_number(value)}{_at(fault.index)}, and it reaches the output"
        cause = Cause("a non-finite input", f"give {name} finite values: check with np.isfinite({name}).all()")
        return self._report(fault, verdict, cause, [], "input", "value", None)

    def of_derivative(self, fault: Fault, bad: dict[Node, Any]) -> Report:
        """The report on an adjoint or tangent that is not finite though the outputs are finite."""
        word = "tangent" if fault.kind == "tangent" else "adjoint"
        node = fault.node
        if fault.kind in ("seed", "sum"):
            what = f"the {word} given" if fault.kind == "seed" else f"the sum of what arrives at {self.described(node)}"
            reason = "is not finite itself" if fault.kind == "seed" else "overflows"
            cause = Cause(f"{what} {reason}", "scale the function down, or compute in float64")
            return self._report(fault, f"{what} {reason}{_at(fault.index)}", cause, [], "overflow", word, None)
        assert fault.operand is not None
        elementwise = node.primitive.kind == ELEMENTWISE
        site = self.site(node, fault.index if elementwise else None)
        case, cause = self._derivative_case(fault, site, bad)
        by = site.bare(fault.operand) if len(node.inputs) > 1 else ""
        slope = f"the derivative of {self.described(node)}" + (f" by {by}" if by else "")
        verdict = {
            "partial": f"{slope} is infinite{_at(fault.index)}: {cause.reason}",
            "product": f"{slope} multiplies 0 by inf{_at(fault.index)}: {cause.reason}",
            "overflow": f"{slope} overflows{_at(fault.index)}: {cause.reason}",
        }[case]
        arriving = self._arriving(fault, elementwise)
        paragraphs = [f"Every value is finite. The {word} that arrives there is {arriving}, the result is not finite."]
        if case == "product" or any(type(i) is Node and i in bad for i in node.inputs):
            paragraphs = [self._root_of_product(node, bad)]
        return self._report(fault, verdict, cause, paragraphs, case, word, site)

    def _derivative_case(self, fault: Fault, site: Site, bad: dict[Node, Any]) -> tuple[str, Cause]:
        """Whether the partial is infinite, 0 meets an infinity, or finite factors overflow."""
        assert fault.operand is not None
        node = fault.node
        infinite = [i for i in node.inputs if nonfinite.bad_elements(self.program.read(i)) is not None]
        if infinite or node in bad:
            fix = "keep the infinity from arising: select safe operands with np.where before the operation, not after"
            return "product", Cause("an operand is not finite where its result is not used", fix)
        if node.primitive.kind != ELEMENTWISE:
            return "partial", self._inner_cause(node, partial_cause(site, fault.operand), "slope")
        values = [numpy.float64(v) if type(v) in (int, float) else v for v in site.values]
        with numpy.errstate(all="ignore"):
            partial = node.primitive.partial(fault.operand, numpy)(*values, site.result)
        if nonfinite.bad_elements(partial) is None:
            reason = f"the partial is {formatting.number(partial)}, and times what arrives it is too large"
            return "overflow", Cause(reason, "scale the function down, work with logarithms, or use float64")
        return "partial", partial_cause(site, fault.operand)

    def _inner_cause(self, node: Node, cause: Cause, what: str) -> Cause:
        """The cause with what is known of the inside, where the instruction has a body."""
        if not isinstance(node.primitive, Construct) or "body" not in (node.params or {}):
            return cause

        def described(inner: Node) -> tuple[str, str | None]:
            place = self.place(inner)
            snippet = place.snippet if place is not None else None
            file = f" of {place.file}" if place is not None and place.file else ""
            at = f" on line {place.line}{file}" if place is not None else ""
            return f"{snippet or inner.primitive.name}{at}", snippet

        found = (nan_inside.of_value if what == "value" else nan_inside.of_derivative)(node, described)
        if found is None:
            return cause
        shown = _number(found.result) if found.result is not None else "not finite"
        is_there = f"is {shown}" if what == "value" else "has no finite derivative"
        reason = f"inside of its body {found.described} {is_there}{_at(found.index)}{found.when}: {found.cause.reason}"
        return Cause(reason, found.cause.fix)

    def _arriving(self, fault: Fault, elementwise: bool) -> str:
        if isinstance(fault.arriving, tuple):
            return "finite"
        index = fault.index if elementwise and fault.kind == "adjoint" else None
        if index is not None:
            found = nonfinite.element(fault.arriving, index, fault.node.shape)
            return _number(found) if found is not None else "finite"
        return formatting.value(fault.arriving)

    def _root_of_product(self, node: Node, bad: dict[Node, Any]) -> str:
        """Where an operand that is not finite, though the output is, came from."""
        starts = [i for i in node.inputs if type(i) is Node and i in bad]
        if not starts:
            return "A constant operand is not finite."
        part = dataclasses.replace(self.program, outputs=starts)
        root = nonfinite.value_fault(part, bad)
        if root is None or root.kind != "value":
            return "The operand that is not finite was put in."
        cause = value_cause(self.site(root.node, root.index))
        return f"The infinity was made by {self.described(root.node)}{_at(root.index)}: {cause.reason}. {cause.fix}."

    def healthy(self, bad: dict[Node, Any], adjoints: dict[Node, Any] | None) -> Report:
        """The report where outputs and derivatives are finite: nothing, or what a selection keeps out."""
        faults = nonfinite.made_values(self.program, bad)
        if adjoints is not None:
            seen = {fault.node for fault in faults}
            faults += [f for f in nonfinite_sweeps.masked_products(self.program, adjoints) if f.node not in seen]
        if not faults:
            return Report("nan", TITLE, "ok", "every value and every derivative is finite", data=())
        faults.sort(key=lambda fault: fault.node.id)
        shown = faults[:MOST_MASKED]
        origins, rows = zip(*map(self._masked, shown), strict=True)
        n = len(faults)
        verdict = (
            f"harmless: {n} instruction{'s are' if n > 1 else ' is'} not finite at elements that do not count; "
            "the value and every derivative are finite"
        )
        paragraphs = ["adkit's strong zero keeps them out: where an adjoint is exactly 0, it adds exactly 0."]
        columns = (
            Column("variable"),
            Column("line", "right"),
            Column("instruction", code=True),
            Column("element"),
            Column("why"),
        )
        more = f" (the first {len(shown)} of {n})" if n > len(shown) else ""
        table = Table(columns, rows, f"masked{more}")
        return Report("nan", TITLE, "note", verdict, None, tuple(paragraphs), (table,), origins)

    def _masked(self, fault: Fault) -> tuple[Origin, Row]:
        site = self.site(fault.node, fault.index)
        cause = value_cause(site) if fault.kind == "value" else partial_cause(site, fault.operand or 0)
        origin = self._origin(fault, cause, "masked", fault.kind, site)
        element = formatted_index(fault.index)
        cells = (*self._start_of_row(fault.node), element, cause.reason)
        return origin, Row(cells, origin.variable, origin.line, "warning")

    # -- pieces

    def _report(
        self,
        fault: Fault,
        verdict: str,
        cause: Cause,
        paragraphs: list[str],
        case: str,
        where: str,
        site: Site | None,
    ) -> Report:
        if fault.others:
            n = fault.others
            paragraphs.append(f"{n} more instruction{'s do' if n > 1 else ' does'} the same; this one is the first.")
        origin = self._origin(fault, cause, case, where, site)
        tables = [t for t in (self._operands_table(fault, site), self._path_table(fault, where)) if t is not None]
        return Report("nan", TITLE, "error", verdict, cause.fix, tuple(paragraphs), tuple(tables), (origin,))

    def _origin(self, fault: Fault, cause: Cause, case: str, where: str, site: Site | None) -> Origin:
        place = self.place(fault.node)
        span = span_of(fault.node.code, fault.node.lasti)
        operands = self._operand_values(fault.node, site) if site is not None else []
        return Origin(
            case,
            cause.reason,
            self.listing.variable(fault.node).key,
            fault.node.primitive.name,
            place.line if place else None,
            place.snippet if place else None,
            fault.index,
            tuple((name, value) for name, value, _ in operands),
            where,
            tuple(dict.fromkeys(self.listing.variable(node).key for node in fault.path)),
            None if span is None else span.filename,
            None if span is None else span.line,
        )

    def place(self, node: Node) -> Place | None:
        """Where an instruction stands in the source."""
        return None if node.primitive is INPUT else self.snippets.place(node.code, node.lasti)

    @property
    def output_name(self) -> str:
        """The output as it is called."""
        return self.named(self.program.outputs[0])

    def named(self, node: Node) -> str:
        """A variable by the user's name, or by its number."""
        variable = self.listing.variable(node)
        return variable.name or variable.label

    def described(self, node: Node) -> str:
        """An instruction by its source and line, else as it is written in the list."""
        place = self.place(node)
        if place is None:
            return self.listing.text(self.listing.resolve(node)) if node.primitive is not INPUT else self.named(node)
        text = place.snippet or self.listing.text(node)
        file = f" of {place.file}" if place.file else ""
        return f"{text} on line {place.line}{file}"

    def site(self, node: Node, index: tuple[int, ...] | None) -> Site:
        """The numbers that meet at one element of an instruction, and the user's words for them."""
        place = self.place(node)
        labels = [self.listing.operand(operand).label for operand in node.inputs]
        known = REGISTRY.get(node.primitive.name) is node.primitive or node.primitive.name == "power_constant"
        values: list[Any] = [None] * len(node.inputs)
        result = None
        if isinstance(node.primitive, Construct):  # its arguments are functions and trees, no operands one by one
            place, labels = None, [self.named(i) if type(i) is Node else labels[k] for k, i in enumerate(node.inputs)]
        if index is not None:
            if node.primitive.kind == ELEMENTWISE:
                values = [nonfinite.element(self.program.read(i), index, node.shape) for i in node.inputs]
            result = nonfinite.element(self.program.read(node), index, node.shape)
        return Site(
            node.primitive.name if known else "custom_rule",
            tuple(values),
            result,
            texts_of(place.snippet if place and not node.lasti & 1 else None, labels, node.primitive.name),
            tuple(self._before(i) for i in node.inputs),
            self._after(node),
            numpy_dtype(node) if node.dtype != object else numpy.dtype(float),
        )

    def _before(self, operand: Any) -> tuple[str, ...]:
        """The names of the instructions that lead to an operand, nearest first."""
        found: list[str] = []
        level = [operand]
        for _ in range(_PATTERN_DEPTH):
            level = [node for node in level if type(node) is Node and node.primitive is not INPUT][:4]
            found += [node.primitive.name for node in level]
            level = [i for node in level for i in node.inputs]
        return tuple(found)

    def _after(self, node: Node) -> tuple[str, ...]:
        found: list[str] = []
        level = [node]
        for _ in range(_PATTERN_DEPTH):
            level = [consumer for n in level for consumer, _ in self.program.consumers.get(n, ())][:4]
            found += [n.primitive.name for n in level]
        return tuple(found)

    def _turning(self, fault: Fault) -> tuple[Node, Cause] | None:
        """The first instruction on the path where an infinity becomes NaN."""
        for before, node in zip(fault.path, fault.path[1:], strict=False):
            if node not in fault.marks or node.dtype == object:
                return None
            index = nonfinite.first_index(fault.marks[node])
            result = nonfinite.element(fault.found.get(node), index, node.shape)
            if result is None or not numpy.isnan(result):
                continue
            if node.primitive.kind != ELEMENTWISE:
                return None
            came = nonfinite.element(fault.found.get(before), index, node.shape)
            return (node, value_cause(self.site(node, index))) if came is not None and numpy.isinf(came) else None
        return None

    def _operand_values(self, node: Node, site: Site) -> list[tuple[str, str, Any]]:
        """Name, value and variable of each operand, at the element where it has one."""
        found = []
        for i, operand in enumerate(node.inputs):
            number = site.values[i] if i < len(site.values) else None
            whole = self.program.read(operand)
            text = formatting.number(number) if number is not None else formatting.value(whole) or "not kept"
            found.append((site.bare(i), text, operand if type(operand) is Node else None))
        return found

    def _operands_table(self, fault: Fault, site: Site | None) -> Table | None:
        if site is None or not fault.node.inputs:
            return None
        rows = []
        for text, value, node in self._operand_values(fault.node, site):
            key = self.listing.variable(node).key if node is not None else None
            label = self.listing.variable(node).label if node is not None else "constant"
            rows.append(Row((label, text, value), key, state=_state(value)))
        columns = (Column("operand"), Column("source", code=True), Column("value", "right"))
        element = (
            f" at {formatted_index(fault.index)}" if fault.index and fault.node.primitive.kind == ELEMENTWISE else ""
        )
        return Table(columns, tuple(rows), f"operands{element}")

    def _path_table(self, fault: Fault, where: str) -> Table | None:
        path = list(dict.fromkeys(map(self.listing.resolve, fault.path)))
        if not path:
            return None
        shown: list[Node | None] = list(path)
        if len(path) > LONGEST_PATH:
            shown = [*path[: LONGEST_PATH - 4], None, *path[-3:]]
        rows = [self._path_row(node, fault, where, len(path) - LONGEST_PATH + 1) for node in shown]
        columns = [Column("variable"), Column("line", "right"), Column("instruction", code=True)]
        columns.append(Column("value" if where == "value" else where, "right"))
        ends = {"value": "to the output", "tangent": "to the output", "adjoint": "to the input"}[where]
        return Table(tuple(columns), tuple(rows), f"from the origin {ends}")

    def _path_row(self, node: Node | None, fault: Fault, where: str, left_out: int) -> Row:
        if node is None:
            return Row(("…", "", f"{left_out} more", ""))
        text = "not finite"
        if node in fault.marks:
            index = nonfinite.first_index(fault.marks[node])
            number = nonfinite.element(fault.found.get(node), index, node.shape)
            text = (_number(number) if number is not None else text) + _at(index)
        cells = (*self._start_of_row(node), text)
        return Row(cells, self.listing.variable(node).key, self._line(node), "nonfinite")

    def _line(self, node: Node) -> int | None:
        place = self.place(node)
        return place.line if place is not None and place.file is None else None

    def _start_of_row(self, node: Node) -> tuple[str, str, str]:
        variable = self.listing.variable(node)
        place = self.place(node)
        name = (
            f"{variable.label} {variable.name}" if variable.name and variable.name != variable.label else variable.label
        )
        inputs = node in self.program.inputs
        return name, str(place.line) if place else "", "input" if inputs else self.listing.text(node)


def _number(value: Any) -> str:
    text = formatting.number(value)
    return text.replace("nan", "NaN")


def _at(index: tuple[int, ...]) -> str:
    return f" at {formatted_index(index)}" if index else ""


def formatted_index(index: tuple[int, ...]) -> str:
    """An index as it is written: `[2, 3]`; nothing for a scalar."""
    return f"[{', '.join(map(str, index))}]" if index else ""


def _state(text: str) -> str:
    return "nonfinite" if any(word in text.lower() for word in ("nan", "inf")) else "normal"
