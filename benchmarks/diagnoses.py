"""Every diagnosis of a long program, beside the recording and the sweep of that program.

The peer is adkit itself: the time of tracing the program, which holds its recording and one reverse sweep. So "adkit's
share" is how many times as long as that the diagnosis takes. The program has some hundred lines of variety and then a
loop, once on numbers and once on arrays of eight.
"""

import functools
import linecache
from collections.abc import Callable
from typing import Any

import numpy as np

import adkit
from benchmarks.harness import Comparison, Contender, timed

INSTRUCTIONS = 100_000
LINES = 300
SIZE = 8
WANTED = 3e6  # microseconds
STATEMENTS = (
    ("{t} = np.tanh({a}) * {c}", 2),
    ("{t} = {a} * 0.5 + {c}", 2),
    ("{t} = np.exp(-{a} * {a}) - {c}", 4),
    ("{t} = np.cos({a} * {c}) + 1.5", 3),
    ("{t} = {a} / (2.0 + {c} * {c})", 3),
    ("{t} = np.log(1.0 + {a} * {a})", 3),
)
DIAGNOSES: dict[str, Callable[[adkit.Trace, adkit.Trace], object]] = {
    "why_nan": lambda trace, other: trace.why_nan(),
    "flow": lambda trace, other: trace.flow(),
    "why": lambda trace, other: trace.why(),
    "why of one input": lambda trace, other: trace.why(input="x"),
    "cost": lambda trace, other: trace.cost(),
    "check": lambda trace, other: trace.check(),
    "diff with other inputs": lambda trace, other: trace.diff(other),
    "document": lambda trace, other: trace.document(),
}


def comparisons() -> list[Comparison]:
    found = []
    random = np.random.default_rng(0)
    numbers = (0.3, 0.001, 0.7, 1.1)
    arrays = tuple(number * random.uniform(0.5, 1.0, SIZE) for number in numbers)
    for what, arguments, total in (("numbers", numbers, "x + y"), (f"arrays of {SIZE}", arrays, "np.sum(x + y)")):
        record = functools.partial(_traced, _program(total), arguments)
        trace, other = record(), _traced(_program(total), tuple(1.01 * np.asarray(a)[()] for a in arguments))
        trace.listing()
        other.listing()
        tracing = Contender("tracing", timed(record))
        for name, diagnosis in DIAGNOSES.items():
            contenders = [Contender(name, timed(functools.partial(diagnosis, trace, other))), tracing]
            title = f"{name} of {len(trace._nodes):,} instructions on {what}"
            found.append(Comparison(title, "µs", contenders, limit=WANTED))
    return found


def _traced(f: Callable[..., Any], arguments: tuple[Any, ...]) -> adkit.Trace:
    return adkit.trace(f)(*arguments)


@functools.cache
def _program(total: str) -> Callable[..., Any]:
    """The program, with its source where diagnoses look it up."""
    lines = ["def f(x, w, b, s):", "    y = 0.0 * x"]
    count = 1
    for i in range(LINES):
        statement, operations = STATEMENTS[i % len(STATEMENTS)]
        before = "xwbs"[i % 4] if i < 8 else f"t{i - 1 - i % 5}"
        lines.append("    " + statement.format(t=f"t{i}", a=before, c="wbs"[i % 3]))
        lines.append(f"    y = y + 0.01 * t{i}")
        count += operations + 2
    lines.append(f"    for _ in range({(INSTRUCTIONS - count) // 4}):")
    lines.append("        x = x * 0.999 + np.sin(x) * w")
    lines.append(f"    return {total}")
    text = "\n".join(lines) + "\n"
    name = f"<program of {total}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope: dict[str, Any] = {"np": np}
    exec(compile(text, name, "exec"), scope)
    return scope["f"]
