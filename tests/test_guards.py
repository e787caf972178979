"""Conditions that the path depended on: each is in the list with its outcome, its place and its position."""

from __future__ import annotations

import math

import numpy as np
import pytest

import adkit
from adkit import grad, trace


def guards_of(f, *args):
    """`(text, outcome, line within f, position)` of the guards of a trace."""
    first = f.__code__.co_firstlineno
    found = trace(f)(*args).wengert.check().guards
    return [(g.text, g.outcome, g.span.line - first, g.position) for g in found]


def branch(x):
    y = x * 2.0
    if y > 1.0:
        return y * y
    return -y


def test_if():
    assert guards_of(branch, 3.0) == [("v₁ > 1", "true", 2, 1)]
    assert guards_of(branch, 0.1) == [("v₁ > 1", "false", 2, 1)]


def test_span_covers_the_condition():
    guard = trace(branch)(3.0).wengert.guards[0]
    line = open(__file__, encoding="utf-8").read().splitlines()[guard.span.line - 1]
    assert "y > 1.0" in line[: guard.span.end_column]
    assert guard.span.filename == __file__
    assert guard.span.function == "branch"


def test_while():
    def f(x):
        while x < 10.0:
            x = x * 2.0
        return x

    assert guards_of(f, 3.0) == [("v₀ < 10", "true", 1, 0), ("v₁ < 10", "true", 1, 1), ("v₂ < 10", "false", 1, 2)]


def test_and_or_not():
    def f(x):
        if x > 0.0 and not x > 9.0:
            return x * 2.0
        return x

    assert [g[:2] for g in guards_of(f, 1.0)] == [("v₀ > 0", "true"), ("v₀ > 9", "false")]
    assert [g[:2] for g in guards_of(f, -1.0)] == [("v₀ > 0", "false")]

    def g(x):
        return x * 1.0 if x > 5.0 or x < 0.0 else x * 2.0

    assert [guard[:2] for guard in guards_of(g, 1.0)] == [("v₀ > 5", "false"), ("v₀ < 0", "false")]


def test_truth_of_a_value_itself():
    def f(x):
        return x * 2.0 if x else x

    guards = trace(f)(3.0).wengert.guards
    assert len(guards) == 1
    assert guards[0].inputs[0].name == "x"


def test_builtin_max_min_sorted():
    assert len(trace(lambda x, y: max(x, y) * 1.0)(1.0, 2.0).wengert.guards) == 1
    assert len(trace(lambda x, y: min(x, y, 0.5) * x)(1.0, 2.0).wengert.guards) == 2
    t = trace(lambda x, y: sorted([x, y])[0] * y)(5.0, 2.0)
    assert len(t.wengert.guards) == 1
    assert t.gradient == {"x": 0.0, "y": 4.0}


def test_guards_of_arrays_and_integers():
    def f(x):
        n = int((x > 0.0).sum())
        if np.any(x > 2.0) and (x > -9.0).all():
            return x.sum() * n
        return x.sum()

    guards = trace(f)(np.array([1.0, 3.0, -1.0])).wengert.check().guards
    assert [guard.outcome for guard in guards] == ["2", "true", "true"]


def test_an_index_that_was_computed_is_a_guard():
    t = trace(lambda x: x[np.argmax(x)] * 2.0)(np.array([1.0, 3.0, 2.0]))
    assert [guard.outcome for guard in t.wengert.guards] == ["1"]
    np.testing.assert_array_equal(t["x"], [0.0, 2.0, 0.0])


def test_mask_indices_are_guards():
    t = trace(lambda x: (x[x > 1.0] ** 2).sum())(np.array([1.0, 3.0, 2.0]))
    assert len(t.wengert.check().guards) == 1
    np.testing.assert_array_equal(t["x"], [0.0, 6.0, 4.0])


def test_conditions_of_plain_values_are_no_guards():
    assert trace(lambda x, n: x * 2.0 if n > 2 else x)(1.0, 3).wengert.guards != ()
    assert trace(lambda x: x * 2.0 if 3 > 2 else x)(1.0).wengert.guards == ()


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_branches_take_the_derivative_of_the_path(mode):
    assert grad(branch, mode=mode)(3.0) == 24.0
    assert grad(branch, mode=mode)(0.1) == -2.0


def test_guards_appear_in_the_document():
    rows = trace(branch)(3.0).document(("list",))["rows"]
    assert [(row["id"], row["text"]) for row in rows if row["kind"] == "guard"] == [("g1", "v₁ > 1 was true")]
    assert [row["kind"] for row in rows] == ["input", "instruction", "guard", "instruction"]


def guards(f, *args):
    """(text, outcome) of the guards of a function."""
    return [(g.text, g.outcome) for g in trace(f)(*args).wengert.guards]


def line_of(f, offset):
    return f.__code__.co_firstlineno + offset


def test_if_is_recorded_with_its_place():
    def f(x):
        y = x * 2
        if x > 0:
            return y * 3
        return y

    program = trace(f)(1.5).wengert
    (guard,) = program.guards
    assert (guard.text, guard.outcome, guard.position) == ("v₀ > 0", "true", 1)
    assert guard.inputs[0] == program.inputs[0]
    assert (guard.span.line, guard.span.function) == (line_of(f, 2), "f")
    assert guard.span.filename == __file__
    assert str(guard) == f"v₀ > 0 was true at line {line_of(f, 2)}"
    assert str(program).splitlines()[2] == f"guard: {guard}"


def test_the_other_branch():
    def f(x):
        return x if x > 0 else -x

    assert guards(f, -1.0) == [("v₀ > 0", "false")]
    assert trace(f)(-1.0).x == -1.0


def test_while_is_recorded_at_every_pass():
    def f(x):
        while x < 10:
            x = x * 3
        return x

    program = trace(f)(1.0).wengert
    assert [(g.text, g.outcome, g.position) for g in program.guards] == [
        ("v₀ < 10", "true", 0),
        ("v₁ < 10", "true", 1),
        ("v₂ < 10", "true", 2),
        ("v₃ < 10", "false", 3),
    ]


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x * 2 if x > 0 and x < 2 else x, [("v₀ > 0", "true"), ("v₀ < 2", "true")]),
        (lambda x: x * 2 if x > 2 and x < 5 else x, [("v₀ > 2", "false")]),
        (lambda x: x * 2 if x > 0 or x < 2 else x, [("v₀ > 0", "true")]),
        (lambda x: x * 2 if x > 2 or x < 5 else x, [("v₀ > 2", "false"), ("v₀ < 5", "true")]),
        (lambda x: x * 2 if not x > 2 else x, [("v₀ > 2", "false")]),
        (lambda x: x * 2 if 0 < x <= 2 else x, [("v₀ > 0", "true"), ("v₀ ≤ 2", "true")]),
        (lambda x: x * 2 if x == 1 else x, [("v₀ = 1", "true")]),
        (lambda x: x * 2 if x != 1 else x, [("v₀ ≠ 1", "false")]),
        (lambda x: x * 2 if x in [3.0, 1.0] else x, [("v₀ = 3", "false"), ("v₀ = 1", "true")]),
        (lambda x: x * 2 if bool(x >= -1) else x, [("v₀ ≥ (−1)", "true")]),
    ],
)
def test_boolean_expressions(f, expected):
    assert guards(f, 1.0) == expected


def test_builtin_max_min_and_sorted():
    def f(x, y):
        small, large = sorted([x, y])
        return max(x, y) * small + min(x, y) * large

    found = trace(f)(3.0, 2.0)
    assert [(g.text, g.outcome) for g in found.wengert.guards] == [
        ("v₀ < v₋₁", "true"),
        ("v₀ > v₋₁", "false"),
        ("v₀ < v₋₁", "true"),
    ]
    assert found.gradient == {"x": 4.0, "y": 6.0}
    line = line_of(f, 2)
    assert [g.span.line for g in found.wengert.guards] == [line - 1, line, line]


def test_an_index_that_was_computed():
    def f(x):
        i = int(np.argmax(x))
        values = ["a", "b", "c"]
        assert values[np.argmin(x)] == "c"
        return x[i] * 2 + x[np.argmax(x)]

    found = trace(f)(np.array([1.0, 5.0, -2.0]))
    assert [g.outcome for g in found.wengert.guards][:2] == ["1", "2"]
    assert found.wengert.guards[0].text == "argmax(v₀)"
    assert found.wengert.guards[0].span.line == line_of(f, 1)
    np.testing.assert_array_equal(found.x, [0.0, 3.0, 0.0])


def test_the_truth_of_a_number():
    def f(x):
        return x * 2 if x else x * 3

    assert guards(f, 0.1 + 0.2) == [("v₀", "true")]
    assert guards(f, 0.0) == [("v₀", "false")]


def test_a_negative_count_is_shown_with_a_real_minus():
    def f(x):
        n = int(np.argmax(x) - 3)
        return x[n + 3]

    (guard,) = trace(f)(np.array([1.0, 2.0])).wengert.guards
    assert guard.outcome == "−2"


def test_any_and_all():
    def f(x):
        return np.sum(x) if np.any(x > 1) and np.all(x > -5) and (x < 9).all() else x[0]

    assert [outcome for _, outcome in guards(f, np.array([0.0, 2.0]))] == ["true", "true", "true"]


def test_a_condition_may_be_a_combination():
    def f(x):
        return np.sum(x * 2) if ((x > 0) & (x < 9)).all() else x[0]

    assert guards(f, np.array([1.0, 2.0])) == [("all(v₃)", "true")]


def test_guards_of_plain_values_are_none():
    def f(x, flag):
        return x * 2 if flag and len(str(x)) > 0 else x

    assert guards(lambda x: f(x, True), 1.0) == []


def test_a_condition_that_is_also_an_operand_is_listed():
    def f(x):
        positive = x > 0
        if positive:
            return np.where(positive, x * 2, x)
        return x

    program = trace(f)(1.0).wengert.check()
    assert [i.primitive for i in program] == ["greater", "multiply", "where"]
    (guard,) = program.guards
    assert (guard.text, guard.outcome) == ("v₁", "true")


def test_guards_stand_in_the_rows_where_they_were_met():
    def f(x):
        y = np.sin(x)
        if y > 0:
            y = y * 2
        if y > 5:
            y = y - 1
        return y + x

    document = trace(f)(1.0).document()
    rows = document["rows"]
    assert [(r["id"], r["kind"]) for r in rows] == [
        ("v0", "input"),
        ("v1", "instruction"),
        ("g1", "guard"),
        ("v2", "instruction"),
        ("g2", "guard"),
        ("v3", "instruction"),
    ]
    assert [r["text"] for r in rows if r["kind"] == "guard"] == ["v₁ > 0 was true", "v₂ > 5 was false"]
    guard = rows[2]
    assert (guard["line"], guard["snippet"], guard["inputs"]) == (line_of(f, 2), "y > 0", ["v1"])
    assert guard["value"] is None
    assert document["counts"]["guards"] == 2


def test_guards_in_a_loop_fold_with_it():
    def f(x):
        for _ in range(50):
            if x > 0:
                x = x * 0.9
        return x

    document = trace(f)(1.0).document()
    fold = document["rows"][1]
    assert (fold["kind"], fold["count"], fold["instructions"]) == ("fold", 50, 50)
    assert [(r["kind"], r["text"]) for r in fold["rows"]] == [
        ("guard", "v₀ > 0 was true"),
        ("instruction", "v₀ · 0.9"),
    ]
    assert document["counts"]["guards"] == 50


def curve(f, x):
    (plot,) = (p for p in trace(f)(x).document()["plots"] if p["kind"] == "curve")
    return plot


def test_a_curve_ends_where_a_guard_would_flip():
    def f(x):
        return x**2 if x > 0 else -x

    plot = curve(f, 1.0)
    assert plot["value"] == [None if x <= 0 else v for x, v in zip(plot["x"], plot["value"], strict=True)]
    assert all((v is None) == (x <= 0) for x, v in zip(plot["x"], plot["value"], strict=True))
    assert all((d is None) == (x <= 0) for x, d in zip(plot["x"], plot["derivative"], strict=True))


def test_a_curve_goes_on_where_the_truth_of_a_number_stays():
    def f(x):
        return x**2 if x else x

    plot = curve(f, 1.0)
    assert [x for x, v in zip(plot["x"], plot["value"], strict=True) if v is None] in ([], [0.0])


def test_a_curve_ends_where_a_mask_would_change():
    def f(x):
        a = np.arange(5.0) * x
        return np.sum(a[a > 2])

    plot = curve(f, 1.0)
    known = [x for x, v in zip(plot["x"], plot["value"], strict=True) if v is not None]
    assert known
    assert all(2 / 3 < x <= 1.0 for x in known)
    assert plot["value_at"] == 7.0
    assert plot["derivative_at"] == 7.0


def test_a_mask_over_a_plain_array_is_a_guard_of_its_own():
    weights = np.arange(5.0)

    def f(x):
        return x * np.sum(weights[weights > x])

    plot = curve(f, 1.5)
    known = [x for x, v in zip(plot["x"], plot["value"], strict=True) if v is not None]
    assert known
    assert all(1 <= x < 2 for x in known)


def test_a_replay_says_where_it_left_the_path():
    def f(x):
        return x * 3 if x > 0 else x

    replay = trace(f)(2.0).replay()
    assert bool(replay.on_path(replay.values([5.0])))
    assert not replay.on_path(replay.values([-5.0]))
    np.testing.assert_array_equal(replay.on_path(replay.values([np.array([-1.0, 1.0])])), [False, True])
    assert replay(5.0) == 15.0


@pytest.mark.parametrize("convert", [int, float, lambda n: n.item(), math.floor])
def test_what_is_piecewise_constant_may_become_a_number_while_a_recording_keeps_it(convert):
    def f(x):
        return x * convert(np.floor(x) + 1)

    assert grad(f)(2.5) == 3.0
    made = trace(f)(2.5)
    assert made.gradient["x"] == 3.0
    assert len(made.wengert.guards) == 1


ROUNDED = {  # a function, its whole number, its slope at 2.3, and the guard's text
    "int": (lambda x: x * int(x / 0.5), lambda x: int(x / 0.5), 4.0, "trunc(v₁)"),
    "floor": (lambda x: x * math.floor(-x), lambda x: math.floor(-x), -3.0, "⌊v₁⌋"),
    "ceil": (lambda x: x * math.ceil(x), math.ceil, 3.0, "⌈v₀⌉"),
    "round": (lambda x: x * round(x + 0.5), lambda x: round(x + 0.5), 3.0, "rint(v₁)"),
    "a place in a table": (lambda x: x * [10.0, 20.0, 30.0][int(x)], int, 30.0, "trunc(v₀)"),
    "a count": (lambda x: sum(x * i for i in range(int(x) + 2)), int, 6.0, "trunc(v₀)"),
}


@pytest.mark.parametrize("name", ROUNDED)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_whole_number_is_a_guard_that_holds_until_it_changes(name, mode):
    f, number, slope, text = ROUNDED[name]
    made = trace(f, mode=mode)(2.3)
    assert made.x == slope
    (guard,) = made.wengert.guards
    assert (guard.text, guard.outcome) == (text, str(number(2.3)).replace("-", "−"))
    (curve,) = made.document(("plot",))["plots"]
    within = [value is not None for value in curve["value"]]
    assert within == [number(x) == number(2.3) for x in curve["x"]]
    assert 5 < sum(within) < len(within)


def test_int_of_what_is_no_finite_number_is_pythons_error():
    for x, error in ((np.nan, ValueError), (np.inf, OverflowError)):
        with pytest.raises(error):
            trace(lambda x: x * int(x))(x)


def test_an_interpolation_in_a_table_is_differentiated_unchanged():
    table = [0.0, 1.0, 4.0, 9.0, 16.0]

    def f(x):
        i = int(x)
        t = x - i
        return (1 - t) * table[i] + t * table[i + 1]

    assert adkit.grad(f)(2.25) == 5.0
    assert adkit.jvp(f, (3.5,), (1.0,))[1] == 7.0
    with pytest.raises(adkit.AdkitError, match="does not depend"):
        adkit.grad(lambda x: int(x) * 2.0)(2.5)
