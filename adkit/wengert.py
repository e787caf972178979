"""The Wengert list: a recorded program as plain, immutable, picklable data.

A `WengertList` holds `Variable`s, `Instruction`s and `Guard`s in the order of their recording. It knows nothing of
arrays in flight, of NumPy's functions or of derivatives. Not for: recording (`tracing`) and evaluation (`sweeps`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import VersionError

__adkit__ = True

VERSION = 2
_SUBSCRIPTS = str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """A stretch of the source, as Python's own tracebacks have it: lines count from 1, columns from 0 in bytes of
    UTF-8; `-1` where unknown.
    """

    filename: str
    function: str
    line: int
    column: int = -1
    end_line: int = -1
    end_column: int = -1


@dataclass(frozen=True, slots=True)
class Variable:
    """One value of the program: `id` is 0, -1, … for inputs (the last input is 0) and 1, 2, … for results."""

    id: int
    shape: tuple[int, ...]
    dtype: str
    name: str | None = None

    @property
    def label(self) -> str:
        """The variable as mathematics writes it: v₋₁, v₀, v₁."""
        return "v" + str(self.id).translate(_SUBSCRIPTS)

    @property
    def key(self) -> str:
        """The variable in plain ASCII: v-1, v0, v1."""
        return f"v{self.id}"


@dataclass(frozen=True, slots=True)
class Constant:
    """An operand that no derivative reaches: a Python scalar with its text, or an array with its shape."""

    text: str
    shape: tuple[int, ...] = ()
    dtype: str = "float64"

    @property
    def label(self) -> str:
        """The constant as it is written in an instruction."""
        return self.text


Operand = Variable | Constant


class Params(Mapping[str, Any]):
    """The parameters of an instruction: a mapping that cannot be changed and can be hashed.

    Example
    -------
    >>> Params({"axis": "0"})["axis"]
    '0'
    """

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = dict(given)

    def __getitem__(self, name: str) -> Any:
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def __hash__(self) -> int:
        return hash(frozenset(self._given.items()))

    def __repr__(self) -> str:
        return f"Params({self._given!r})"


@dataclass(frozen=True, slots=True)
class Instruction:
    """`output = primitive(*inputs, **params)`; `text` is the right-hand side as mathematics, `span` where it was
    written, `body` what happens inside (of a loop the first step), with operands that may be variables around it.
    """

    output: Variable
    primitive: str
    inputs: tuple[Operand, ...]
    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    span: SourceSpan | None = None
    body: WengertList | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", Params(self.params))

    def __str__(self) -> str:
        return f"{self.output.label} = {self.text}"


@dataclass(frozen=True, slots=True)
class Guard:
    """A traced condition that the program's path depended on: `outcome` of `text` at `span`.

    `position` is the number of instructions recorded before it.
    """

    text: str
    outcome: str
    inputs: tuple[Operand, ...]
    position: int
    span: SourceSpan | None = None

    def __str__(self) -> str:
        line = f" at line {self.span.line}" if self.span else ""
        return f"{self.text} was {self.outcome}{line}"


@dataclass(frozen=True)
class WengertList:
    """A straight-line program. Iterating yields its instructions; `str()` is its text form.

    Example
    -------
    >>> x = Variable(0, (), "float64", "x"); y = Variable(1, (), "float64", "y")
    >>> print(WengertList((x,), (Instruction(y, "sin", (x,), "sin(v₀)"),), (y,)))
    v₀ = x
    v₁ = sin(v₀)  → y
    return v₁
    """

    inputs: tuple[Variable, ...]
    instructions: tuple[Instruction, ...]
    outputs: tuple[Operand, ...]
    guards: tuple[Guard, ...] = ()
    version: int = VERSION

    def __iter__(self) -> Iterator[Instruction]:
        return iter(self.instructions)

    def __len__(self) -> int:
        return len(self.instructions)

    def check(self) -> WengertList:
        """Return the list itself if it is well formed: each variable defined once, before its use.

        Raises `ValueError` with the first fault otherwise.
        """
        pending: list[tuple[WengertList, dict[int, Variable]]] = [(self, {})]
        while pending:
            program, around = pending.pop()
            pending += program._check_one(dict(around))
        return self

    def _check_one(self, defined: dict[int, Variable]) -> list[tuple[WengertList, dict[int, Variable]]]:
        """Check this list without the bodies in it, which are returned, each with the variables defined around it."""
        bodies = []
        for variable in self.inputs:
            self._define(defined, variable)
        for instruction in self.instructions:
            for operand in instruction.inputs:
                self._require(defined, operand, str(instruction))
            if instruction.body is not None:
                bodies.append((instruction.body, dict(defined)))
            self._define(defined, instruction.output)
        for operand in self.outputs:
            self._require(defined, operand, "return")
        for guard in self.guards:
            for operand in guard.inputs:
                self._require(defined, operand, str(guard))
        return bodies

    @staticmethod
    def _define(defined: dict[int, Variable], variable: Variable) -> None:
        if variable.id in defined:
            raise ValueError(f"{variable.label} is defined twice")
        defined[variable.id] = variable

    @staticmethod
    def _require(defined: dict[int, Variable], operand: Operand, where: str) -> None:
        if isinstance(operand, Variable) and defined.get(operand.id) != operand:
            raise ValueError(f"{operand.label} is used before it is defined, or with another type, in: {where}")

    def __str__(self) -> str:
        lines = [f"{v.label} = {v.name or 'input'}" for v in self.inputs]
        shown = 0
        for position, instruction in enumerate(self.instructions):
            while shown < len(self.guards) and self.guards[shown].position <= position:
                lines.append(f"guard: {self.guards[shown]}")
                shown += 1
            name = f"  → {instruction.output.name}" if instruction.output.name else ""
            lines.append(f"{instruction}{name}")
            if instruction.body is not None:
                lines += [f"    {line}" for line in str(instruction.body).splitlines()]
        lines += [f"guard: {guard}" for guard in self.guards[shown:]]
        lines.append("return " + ", ".join(o.label for o in self.outputs))
        return "\n".join(lines)

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        version = state.get("version")
        if version != VERSION:
            raise VersionError(
                f"this Wengert list was saved in version {version}, and this adkit reads version {VERSION}",
                fix="record it again with the installed adkit",
            )
        self.__dict__.update(state)
