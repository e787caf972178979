"""The Wengert list as plain data: well-formedness, text, immutability, pickling and versions."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pytest

from adkit import AdkitError, VersionError, trace
from adkit.wengert import VERSION, Constant, Guard, Instruction, SourceSpan, Variable, WengertList

X = Variable(0, (), "float64", "x")
Y = Variable(1, (), "float64", "y")
SINE = Instruction(Y, "sin", (X,), "sin(v₀)", span=SourceSpan("f.py", "f", 2, 4, 2, 13))


def small(**changes):
    return dataclasses.replace(WengertList((X,), (SINE,), (Y,)), **changes)


def recorded():
    def f(x, w):
        u = np.sin(x) * w
        if u > 0:
            u = u + np.sum(np.array([1.0, -2.0]) * x)
        return u

    return trace(f)(1.5, 2.0).wengert


def test_variables_are_written_with_subscripts():
    assert [Variable(i, (), "float64").label for i in (-12, -1, 0, 1, 305)] == ["v₋₁₂", "v₋₁", "v₀", "v₁", "v₃₀₅"]
    assert Variable(-1, (), "float64").key == "v-1"


def test_check_returns_a_well_formed_list():
    program = small()
    assert program.check() is program
    assert recorded().check()


@pytest.mark.parametrize(
    ("program", "fault"),
    [
        (small(inputs=()), r"v₀ is used before it is defined, .* in: v₁ = sin\(v₀\)"),
        (small(inputs=(X, X)), "v₀ is defined twice"),
        (small(instructions=(SINE, SINE)), "v₁ is defined twice"),
        (small(inputs=(X, dataclasses.replace(Y, name="z"))), "v₁ is defined twice"),
        (small(outputs=(Variable(7, (), "float64"),)), "v₇ is used before it is defined, .* in: return"),
        (small(inputs=(Variable(0, (3,), "float64", "x"),)), "with another type"),
        (small(inputs=(Variable(0, (), "float32", "x"),)), "with another type"),
        (small(guards=(Guard("v₉", "true", (Variable(9, (), "bool"),), 0),)), "v₉ is used before"),
    ],
)
def test_check_finds_the_first_fault(program, fault):
    with pytest.raises(ValueError, match=fault):
        program.check()


def test_constants_need_no_definition():
    add = Instruction(Y, "add", (X, Constant("2")), "v₀ + 2")
    assert small(instructions=(add,), outputs=(Y, Constant("0"))).check()


def test_text():
    program = small(guards=(Guard("v₀", "3", (X,), 0), Guard("v₁ > 0", "true", (Y,), 1, SINE.span)))
    assert str(program) == "v₀ = x\nguard: v₀ was 3\nv₁ = sin(v₀)  → y\nguard: v₁ > 0 was true at line 2\nreturn v₁"


def test_text_of_a_recorded_list():
    first = recorded.__code__.co_firstlineno
    assert str(recorded()).splitlines() == [
        "v₋₁ = x",
        "v₀ = w",
        "v₁ = sin(v₋₁)",
        "v₂ = v₁ · v₀  → u",
        f"guard: v₂ > 0 was true at line {first + 3}",
        "v₃ = array(2) · v₋₁",
        "v₄ = Σ v₃",
        "v₅ = v₂ + v₄  → u",
        "return v₅",
    ]


def test_unnamed_inputs_and_an_empty_program():
    program = WengertList((Variable(0, (), "float64"),), (), (Variable(0, (), "float64"),))
    assert str(program.check()) == "v₀ = input\nreturn v₀"
    assert len(program) == 0
    assert list(program) == []


def test_iterating_yields_the_instructions():
    program = recorded()
    assert [i.primitive for i in program] == ["sin", "multiply", "multiply", "sum", "add"]
    assert len(program) == 5


def test_spans_are_exact():
    first = recorded.__code__.co_firstlineno
    sine = recorded().instructions[0]
    assert (sine.span.function, sine.span.line) == ("f", first + 2)
    with open(sine.span.filename, encoding="utf-8") as file:
        line = file.read().splitlines()[sine.span.line - 1]
    assert line[sine.span.column : sine.span.end_column] == "np.sin(x)"


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_gives_an_equal_list(protocol):
    program = recorded()
    again = pickle.loads(pickle.dumps(program, protocol))
    assert again == program
    assert str(again) == str(program)
    assert again.check()


def test_copies_are_equal():
    program = recorded()
    assert copy.copy(program) == copy.deepcopy(program) == program


@pytest.mark.parametrize("version", [VERSION + 1, 0, None, "1"])
def test_a_list_of_another_version_is_refused(version):
    program = recorded()
    object.__setattr__(program, "version", version)
    saved = pickle.dumps(program)
    with pytest.raises(VersionError, match=f"version {version}, and this adkit reads version {VERSION}") as caught:
        pickle.loads(saved)
    assert isinstance(caught.value, AdkitError)
    assert str(caught.value).endswith("Fix: record it again with the installed adkit")


def test_nothing_can_be_changed():
    program = recorded()
    instruction = program.instructions[0]
    for owner in (program, instruction, instruction.output, instruction.span, program.guards[0]):
        for field in dataclasses.fields(owner):
            with pytest.raises(AttributeError):
                setattr(owner, field.name, None)
    assert isinstance(program.instructions, tuple)
    assert isinstance(instruction.inputs, tuple)


def test_parameters_cannot_be_changed_and_survive_pickling():
    program = trace(lambda x: np.sum(np.cumsum(x, axis=0)))(np.ones((2, 3))).wengert
    instruction = program.instructions[0]
    assert instruction.params["axis"] == "0"
    with pytest.raises(TypeError):
        instruction.params["axis"] = "1"
    again = pickle.loads(pickle.dumps(instruction))
    assert again == instruction
    with pytest.raises(TypeError):
        again.params["axis"] = "1"
    assert dict(again.params) == dict(instruction.params)


def test_lists_can_be_members_of_sets():
    assert len({recorded(), recorded()}) == 1
    program = trace(lambda x: np.sum(np.cumsum(x, axis=0)))(np.ones((2, 3))).wengert
    assert program in {program}


def test_text_of_many_guards_is_complete():
    def f(x):
        for _ in range(3000):
            if x > 0:
                x = x + 1
        return x

    lines = str(trace(f)(1.0).wengert).splitlines()
    assert sum(line.startswith("guard:") for line in lines) == 3000
    assert len(lines) == 6002
    assert lines[1].startswith("guard: v₀ > 0")
    assert lines[-2].startswith("v₃₀₀₀ = ")
