"""The programs of some outputs as functions of variables: one per combination of shapes, recorded when it is needed.

Where what a program depends on does not hold, another one is recorded beside it. Not for: the text of programs
(`programs`, imported with the first one), and the user's function (`functions`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ... import constants
from ...handle import TracedArray, is_traced, untraced
from ...linearization import depends_on_outside
from ...nodes import next_id
from ...tracing import make_input
from .differentiation import Derivative
from .evaluation import Context, evaluate
from .graph import Variable, order

__adkit__ = True

MOST = 64  # programs that are kept per shape


class Compiled:
    """The programs of some outputs as functions of variables, by the shapes of these; `record` makes one."""

    def __init__(self, outputs: Sequence[Variable], variables: Sequence[Variable]) -> None:
        self.outputs, self.variables = list(outputs), list(variables)
        self.programs: dict[Any, list[Callable[..., Any]]] = {}
        self.sources: list[str] = []
        self.forbidden: set[int] = set()  # places of variables that have no value: no program may read them

    def record(self, key: Any, values: Sequence[Any]) -> tuple[Any, ...]:
        """Record a program at these values, and its results there."""
        from .programs import recorded

        program = recorded(self.outputs, self.variables, values)
        unread = [i for i in self.forbidden if program.reads[i]]
        if unread:
            from .functions import missing_input

            raise missing_input(self.variables[unread[0]])
        known = self.programs.setdefault(key, [])
        known.insert(0, program.run)
        del known[MOST:]
        self.sources.append(program.source)
        del self.sources[:-MOST]
        made = program.run(*values)
        if made is None:
            raise AssertionError("a program does not hold where it was recorded")
        return tuple(made)

    def run(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """The results for plain values."""
        key = tuple(numpy.shape(v) for v in values)
        for program in self.programs.get(key, ()):
            made = program(*values)
            if made is not None:
                return tuple(made)
        return self.record(key, values)


def traced(outputs: Sequence[Variable], variables: Sequence[Variable], values: Sequence[Any]) -> list[Any]:
    """The results for values of which some are traced: the expression runs in the user's own recording."""
    since = next_id()
    context = Context()
    # plain values are constants, unless a derivative may be taken by something that depends on them alone
    inside = any(isinstance(apply.op, Derivative) for apply in order(outputs))
    handles = [make_input(v) if inside or is_traced(v) else v for v in values]
    with constants.SCOPE:
        made = evaluate(outputs, dict(zip(variables, handles, strict=True)), context)
    return [
        m if isinstance(m, TracedArray) and depends_on_outside(m, since) else numpy.asarray(untraced(m)) for m in made
    ]
