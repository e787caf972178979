"""The steps of the player, and the program for the browser."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import adkit
import adkit.numpy
from adkit import player, program, views
from adkit.player import invariants
from adkit.primitive import REGISTRY
from tests.programs_for_browsers import CASES, Case, played

TRACES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "shared": (lambda x, w: numpy.log1p((numpy.sin(x) * w + x**2) ** 2), (1.5, -0.4)),
    "unused_input": (lambda x, w: numpy.exp(w) * 2 + 0 * x, (1.5, -0.4)),
    "matrix": (lambda a, b: numpy.sum(numpy.tanh(a @ b) * b), (numpy.eye(3) + 0.1, numpy.arange(3.0))),
    "solve": (lambda a: numpy.linalg.slogdet(a)[1] + numpy.linalg.inv(a)[0, 1], (numpy.eye(3) + 0.1,)),
    "array_output": (lambda x, w: numpy.cumsum(w * x), (2.0, numpy.linspace(0.1, 1, 5))),
    "single_precision": (lambda w: numpy.sum(numpy.exp(w) / 3), (numpy.linspace(0, 1, 7, dtype=numpy.float32),)),
    "nested": (lambda x: adkit.grad(lambda y: numpy.sin(y) * x)(x) * x, (0.7,)),
    "complex": (lambda x: numpy.abs(numpy.exp(1j * x) + x) ** 2, (0.7,)),
}


def _filled(x: Any) -> Any:
    z = adkit.numpy.zeros(4)
    z[1] = numpy.sin(x)
    z[2] = z[1] ** 2
    z[1] += z[2]
    return numpy.sum(z * z)


def _loop(x: Any) -> Any:
    y = x
    for _ in range(30):
        y = numpy.sin(y) * x
    return y


TRACES["filled"] = (_filled, (0.4,))
TRACES["loop"] = (_loop, (0.9,))


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", TRACES)
def test_the_invariant_is_constant_and_is_the_derivative(name: str, mode: str) -> None:
    function, arguments = TRACES[name]
    trace = adkit.trace(function, mode=mode)(*arguments)
    found = dict(invariants(trace, trace.listing()))
    first = next(iter(trace._inputs))
    ones = numpy.ones(numpy.shape(arguments[0]), getattr(arguments[0], "dtype", float))
    tangent = trace.forward(**{first: ones}).get(trace.listing().variable(trace._output.node).key, 0.0)
    expected = float(numpy.sum(numpy.real(tangent)))
    assert len(found) >= 2
    for text in found.values():
        assert text is not None
        shown = float(text.replace("−", "-"))
        assert shown == pytest.approx(expected, rel=1e-5, abs=1e-12)
    assert len(set(found.values())) == 1


def test_the_steps_are_the_program_and_then_the_sweep() -> None:
    function, arguments = TRACES["shared"]
    reverse = adkit.trace(function)(*arguments).document(("list", "player"))["player"]
    phases = [(step["phase"], step["variable"]) for step in reverse["steps"]]
    variables = ["v-1", "v0", "v1", "v2", "v3", "v4", "v5", "v6"]
    assert phases == [("primal", v) for v in variables] + [("adjoint", v) for v in reversed(variables)]
    passed = {step["variable"]: step["adds_to"] for step in reverse["steps"] if step["phase"] == "adjoint"}
    assert passed["v4"] == ["v2", "v3"]
    assert passed["v-1"] == []
    assert reverse["steps"][0]["invariant"] is None
    forward = adkit.trace(function, mode="forward")(*arguments).document(("list", "player"))["player"]
    assert [s["variable"] for s in forward["steps"]] == variables * 2
    assert {s["phase"] for s in forward["steps"][8:]} == {"tangent"}


def test_steps_that_a_fold_leaves_out_name_the_row_that_stands_for_them() -> None:
    trace = adkit.trace(_loop)(0.9)
    doc = trace.document(("list", "player"))
    listed: set[str] = set()
    pending = list(doc["rows"])
    while pending:
        row = pending.pop()
        listed.add(row["id"])
        pending += row.get("rows") or ()
    steps = doc["player"]["steps"]
    assert len({step["variable"] for step in steps}) == 61
    assert all(step.get("row", step["variable"]) in listed for step in steps)


def test_only_those_who_ask_get_steps_and_only_for_short_traces() -> None:
    trace = adkit.trace(_loop)(0.9)
    assert not {"player", "program"} & set(trace.document())
    with_player = trace.document(("list", "player"))
    assert {"player", "program"} <= set(with_player)

    def longer(x: Any) -> Any:
        for _ in range(player.LONGEST + 1):
            x = numpy.sin(x)
        return x

    too_long = adkit.trace(longer)(0.9).document(("list", "player"))
    assert not {"player", "program"} & set(too_long)
    assert "at most 200 instructions" in views.bundle(too_long)["text/html"]


def test_the_static_page_has_a_row_for_every_step() -> None:
    function, arguments = TRACES["shared"]
    trace = adkit.trace(function)(*arguments)
    trace.views = ("list", "player")
    html = views.bundle(trace.document(trace.views))["text/html"]
    assert "Steps" in html
    steps = html[html.index("Steps") :]
    assert steps.count("<tr") == 1 + 16
    assert steps.count("2.48548") >= 8


# ------------------------------------------------------------------------------------------------ programs


def _namespace() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in program.FUNCTIONS:
        function = getattr(numpy, name, None)
        found[name] = function if function is not None else REGISTRY[name]._evaluate and _own(name)
    return found


def _own(name: str) -> Callable[..., Any]:
    assert name == "direction"
    return numpy.sign


@pytest.mark.parametrize("case", CASES, ids=operator.attrgetter("name"))
def test_a_program_evaluated_in_python_is_the_trace(case: Case) -> None:
    trace = adkit.trace(case.function)(*case.arguments)
    made = trace.document(("list", "player"))["program"]
    scope = _namespace()
    values: dict[str, Any] = {entry["variable"]: numpy.float64(entry["value"]) for entry in made["inputs"]}

    def evaluate(entry: dict[str, Any]) -> Any:
        operands = {
            name: values[given] if isinstance(given, str) else given for name, given in entry["operands"].items()
        }
        return eval(entry["expression"], {"__builtins__": {}}, {**scope, **operands})

    with numpy.errstate(all="ignore"):
        for instruction in made["instructions"]:
            values[instruction["variable"]] = evaluate(instruction)
        assert values[made["output"]] == pytest.approx(float(trace.value), rel=1e-14)
        for guard in made["guards"]:
            assert bool(evaluate(guard)) == (guard["outcome"] == "true")


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (lambda w: numpy.sum(w * w), (numpy.ones(3),)),
        (lambda x: numpy.abs(x * 1j), (1.0,)),
        (lambda x: numpy.float32(2) * x, (numpy.float32(1.5),)),
        (lambda x: numpy.nextafter(x, 2.0) * x, (1.5,)),
        (lambda x: x * float("inf"), (1.5,)),
        (lambda x: x * 2, (float("nan"),)),
    ],
    ids=["array", "complex", "single", "unknown_function", "infinite_constant", "nan_input"],
)
def test_what_a_browser_cannot_evaluate_has_no_program(function: Any, arguments: Any) -> None:
    assert "program" not in adkit.trace(function)(*arguments).document(("list", "player"))


def test_the_fixture_of_the_browser_tests_is_what_python_makes_today() -> None:
    """Written by `python -m tests.programs_for_browsers`."""
    from tests.programs_for_browsers import FIXTURE, fixture_text

    assert FIXTURE.read_text(encoding="utf-8") == fixture_text()
    assert played("shared")["player"]["steps"]
