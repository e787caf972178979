"""`trace.to_latex()`: the formula of a scalar trace and of its derivatives, and the chain rule step by step, as LaTeX.

Not for: arrays, whose programs are no formulas in one line (`source`).
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy

from ..errors import ModeError
from .algebra import simplified
from .source import Writer
from .sweeps import sweeps_of

if TYPE_CHECKING:
    from ..trace import Trace

__adkit__ = True

LARGEST = 60  # nodes of the syntax tree of a formula that is put into others
STEPS = 200
_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
_FUNCTIONS = {
    **{name: rf"\{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "arcsin": r"\arcsin",
    "arccos": r"\arccos",
    "arctan": r"\arctan",
    "log": r"\log",
    "log10": r"\log_{10}",
    "log2": r"\log_{2}",
    "maximum": r"\max",
    "minimum": r"\min",
    "gamma": r"\Gamma",
    "real": r"\Re",
    "imag": r"\Im",
}
_SIGNS: dict[type[ast.AST], str] = {
    ast.Gt: ">",
    ast.GtE: r"\ge",
    ast.Lt: "<",
    ast.LtE: r"\le",
    ast.Eq: "=",
    ast.NotEq: r"\ne",
    ast.BitAnd: r"\wedge",
    ast.BitOr: r"\vee",
    ast.Mod: r"\bmod",
}
SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4


@dataclass(frozen=True)
class Formula:
    """A formula with its derivatives, as LaTeX.

    Attributes
    ----------
    value: the equation of the value; derivatives: input name -> the equation of the derivative by it; where: equations
        of what they name because it would be too long to write out.
    steps: the equations of the program and of its sweep, one step each, in order.

    `str()` is all of it as two `aligned` environments; a notebook shows it typeset.
    """

    value: str
    derivatives: dict[str, str]
    where: tuple[str, ...] = ()
    steps: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{_aligned((self.value, *self.derivatives.values(), *self.where))}\n\n{_aligned(self.steps)}"

    def _repr_latex_(self) -> str:
        both = (_aligned((self.value, *self.derivatives.values(), *self.where)), _aligned(self.steps))
        return "\n\n".join(f"$$\n{part}\n$$" for part in both)


def _aligned(lines: tuple[str, ...]) -> str:
    joined = " \\\\\n".join(line.replace(" = ", " &= ", 1) for line in lines)
    return f"\\begin{{aligned}}\n{joined}\n\\end{{aligned}}"


def to_latex(trace: Trace, mode: str | None = None) -> Formula:
    """See `Trace.to_latex`."""
    out = trace._output
    shaped = [name for name, node in trace._inputs.items() if node.shape]
    if out.shape or shaped or out.dtype.kind == "c":
        what = f"the input {shaped[0]} is an array" if shaped else "the output is no real number"
        raise ModeError(f"a formula is made of numbers, and {what}", fix="use to_source() for its program")
    writer = _Steps(trace, sweeps_of(trace, mode))
    writer.source()
    writer.drop_unused()
    if len(writer.steps) > STEPS:
        raise ModeError(
            f"the formula would have {len(writer.steps)} steps", fix="trace a shorter program, or use to_source()"
        )
    return _formula(writer)


class _Steps(Writer):
    """Collects the assignments; each instruction of the program is one step."""

    def __init__(self, *args: Any) -> None:
        self.steps: list[tuple[str, ast.expr, bool]] = []
        self.returned: ast.expr | None = None
        super().__init__(*args)

    def inline(self, swept: bool) -> int:
        return 80 if swept else 0

    def _assign(self, name: str, tree: ast.expr, swept: bool) -> None:
        self.steps.append((name, tree, swept))

    def _direct(self, name: str, result: Any) -> str:
        made = ast.parse(self._result(result, self.inputs[name]), mode="eval").body
        if isinstance(made, ast.Name) and made.id.startswith("d_"):
            return made.id
        label = self.names.new(f"d_{self.parameters[name]}")
        self.steps.append((label, made, True))
        return label

    def drop_unused(self) -> None:
        """Leave out what only guards read."""
        assert self.returned is not None
        used = {t.id for t in ast.walk(self.returned) if isinstance(t, ast.Name)} | set(self.derivatives.values())
        for name, tree, _ in reversed(self.steps):
            if name in used:
                used |= {t.id for t in ast.walk(tree) if isinstance(t, ast.Name)}
        self.steps = [step for step in self.steps if step[0] in used]

    def _return(self, derivatives: dict[str, str]) -> None:
        self.returned = ast.parse(self._result(self.output, self.output), mode="eval").body


def _formula(writer: _Steps) -> Formula:
    marks = {"reverse": r"\bar", "forward": r"\dot"}[writer.sweeps[0].kind]
    swept = {name for name, _, is_swept in writer.steps if is_swept}
    known: dict[str, ast.expr] = {}
    kept: dict[str, ast.expr] = {}
    for name, tree, _ in writer.steps:
        full = simplified(_Expander(known).visit(ast.parse(ast.unparse(tree), mode="eval").body))
        final = name in writer.derivatives.values()
        if sum(1 for _ in ast.walk(full)) <= LARGEST or final:
            known[name] = full
        else:
            kept[name] = full
    assert writer.returned is not None
    show = Printer(dict.fromkeys(swept, marks)).text
    f = variable(writer.title)
    value = simplified(_Expander(known).visit(writer.returned))
    derivatives = {
        name: rf"\frac{{\partial {f}}}{{\partial {Printer({}).text(ast.Name(writer.parameters[name]))}}}"
        f" = {show(known[label])}"
        for name, label in writer.derivatives.items()
    }
    where = tuple(f"{show(ast.Name(name))} = {show(tree)}" for name, tree in kept.items())
    steps = tuple(f"{show(ast.Name(name))} = {show(simplified(tree))}" for name, tree, _ in writer.steps)
    return Formula(f"{f} = {show(value)}", derivatives, where, steps)


class _Expander(ast.NodeTransformer):
    def __init__(self, known: dict[str, ast.expr]) -> None:
        self.known = known

    def visit_Name(self, tree: ast.Name) -> ast.expr:
        return self.known.get(tree.id, tree)

    def visit_Call(self, tree: ast.Call) -> ast.expr:
        if ast.unparse(tree.func) in ("np.float64", "float"):
            made: ast.expr = self.visit(tree.args[0])
            return made
        return ast.Call(tree.func, [self.visit(a) for a in tree.args], tree.keywords)


class Printer:
    """Expressions as LaTeX; `marks` puts \\bar or \\dot over names that start with d_.

    Example
    -------
    >>> Printer({}).text(ast.parse("np.sin(x_1)**2 / (1 + np.exp(-theta))", mode="eval").body)
    '\\\\frac{\\\\sin^{2}\\\\left(x_{1}\\\\right)}{1 + e^{-\\\\theta}}'
    """

    def __init__(self, marks: dict[str, str]) -> None:
        self.marks = marks

    def text(self, tree: ast.expr) -> str:
        """An expression."""
        return self._printed(tree)[0]

    def _within(self, tree: ast.expr, level: int) -> str:
        made, own = self._printed(tree)
        if isinstance(tree, ast.Compare) and level != POWER:  # as a number; conditions are joined at POWER
            return rf"\left[{made}\right]"
        return made if own >= level else rf"\left({made}\right)"

    def _printed(self, tree: ast.expr) -> tuple[str, int]:
        if isinstance(tree, ast.Name):
            return self._name(tree.id), ATOM
        if isinstance(tree, ast.Constant):
            return _constant(tree.value)
        if isinstance(tree, ast.BinOp):
            return self._binary(tree)
        if isinstance(tree, ast.UnaryOp):
            sign = {ast.USub: "-", ast.Invert: r"\neg ", ast.Not: r"\neg "}.get(type(tree.op), "")
            return sign + self._within(tree.operand, PRODUCT), SUM
        if isinstance(tree, ast.Compare):
            sign = _SIGNS[type(tree.ops[0])]
            return f"{self.text(tree.left)} {sign} {self.text(tree.comparators[0])}", 0
        if isinstance(tree, ast.Call):
            return self._call(tree, "")
        if isinstance(tree, ast.Attribute):
            constants = {"pi": r"\pi", "inf": r"\infty", "nan": r"\mathrm{NaN}"}
            return constants.get(tree.attr, rf"\mathrm{{{_escaped(tree.attr)}}}"), ATOM
        return rf"\texttt{{{_escaped(ast.unparse(tree))}}}", ATOM

    def _name(self, name: str) -> str:
        if name in self.marks and name.startswith("d_"):
            return rf"{self.marks[name]}{{{variable(name[2:])}}}"
        return variable(name)

    def _binary(self, tree: ast.BinOp) -> tuple[str, int]:
        left, right = tree.left, tree.right
        if isinstance(tree.op, ast.Add):
            return f"{self._within(left, SUM)} + {self._within(right, SUM + _starts_below(right))}", SUM
        if isinstance(tree.op, ast.Sub):
            return f"{self._within(left, SUM)} - {self._within(right, PRODUCT)}", SUM
        if isinstance(tree.op, ast.Div):
            return rf"\frac{{{self.text(left)}}}{{{self.text(right)}}}", PRODUCT
        if isinstance(tree.op, ast.Mult):
            second = self._within(right, PRODUCT)
            sign = r" \cdot " if second[0].isdigit() or second.startswith(r"\frac") else r" \, "
            return f"{self._within(left, PRODUCT)}{sign}{second}", PRODUCT
        if isinstance(tree.op, ast.Pow):
            exponent = self.text(right)
            if isinstance(left, ast.Call) and exponent.isdigit() and _called(left) in _FUNCTIONS:
                return self._call(left, f"^{{{exponent}}}")
            return f"{self._within(left, ATOM)}^{{{exponent}}}", POWER
        sign = _SIGNS.get(type(tree.op), r"\star")
        return f"{self._within(left, POWER)} {sign} {self._within(right, POWER)}", 0

    def _call(self, tree: ast.Call, power: str) -> tuple[str, int]:
        name = _called(tree)
        given = [self.text(a) for a in tree.args]
        if name == "exp":
            return f"e^{{{given[0]}}}", POWER
        if name == "sqrt":
            return rf"\sqrt{{{given[0]}}}", ATOM
        if name == "abs":
            return rf"\left|{given[0]}\right|", ATOM
        if name == "where" and len(given) == 3:
            chosen, other = (self._within(branch, SUM) for branch in tree.args[1:])
            rows = rf"{chosen} & {given[0]} \\ {other} & \text{{otherwise}}"
            return rf"\begin{{cases}} {rows} \end{{cases}}", ATOM
        head = _FUNCTIONS.get(name, rf"\operatorname{{{_escaped(name)}}}")
        return rf"{head}{power}\left({', '.join(given)}\right)", ATOM


def _called(tree: ast.Call) -> str:
    return tree.func.attr if isinstance(tree.func, ast.Attribute) else ast.unparse(tree.func)


def _starts_below(tree: ast.expr) -> int:
    """1 for what starts with a minus and needs parentheses behind a plus."""
    return int(isinstance(tree, ast.UnaryOp) or (isinstance(tree, ast.Constant) and _constant(tree.value)[1] == SUM))


def variable(name: str) -> str:
    """A variable's name in mathematics: one letter in italics, Greek by name, an index below, words upright.

    Example
    -------
    >>> variable("x"), variable("theta_2"), variable("v12"), variable("step_size")
    ('x', '\\\\theta_{2}', 'v_{12}', '\\\\mathrm{step\\\\_size}')
    """
    match = re.fullmatch(r"([^\W\d_]+)_?(\d+(?:_\d+)?)", name)
    base, index = match.groups() if match else (name, "")
    index = index.replace("_", ",")
    if base.rstrip("_") in _GREEK:
        made = "\\" + base.rstrip("_")
    else:
        made = base if len(base) == 1 else rf"\mathrm{{{_escaped(base)}}}"
    return f"{made}_{{{index}}}" if index else made


def _escaped(text: str) -> str:
    special = {"\\": r"\backslash ", "~": r"\sim ", "^": r"\hat{}"}
    return "".join(special.get(c, f"\\{c}" if c in "_{}%$#&" else c) for c in text)


def _constant(value: Any) -> tuple[str, int]:
    if isinstance(value, complex):
        return f"({value.real:g} + {value.imag:g} i)", ATOM
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return rf"\texttt{{{_escaped(str(value))}}}", ATOM
    if numpy.isnan(value):
        return r"\mathrm{NaN}", ATOM
    if numpy.isinf(value):
        return (r"\infty", ATOM) if value > 0 else (r"-\infty", SUM)
    shown = repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
    digits, e, exponent = shown.partition("e")
    if e:
        power = f"10^{{{int(exponent)}}}"
        return (power, POWER) if digits == "1" else (rf"{digits} \cdot {power}", SUM if value < 0 else PRODUCT)
    return shown, SUM if value < 0 else ATOM
