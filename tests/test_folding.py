"""Folding: repeated stretches become one row with the first of them inside; the work is linear in the steps."""

from __future__ import annotations

import numpy as np
import pytest

from adkit import folding, trace
from adkit.folding import ROWS, Fold, Rest


def folded(monkeypatch, sites, **options):
    """Fold steps given by their sites, letters or numbers; a fold is shown as (count, first), a rest as its length."""
    monkeypatch.setattr(folding, "site", lambda step: (step,))

    def shown(items):
        return [(i.count, shown(i.first)) if type(i) is Fold else len(i.steps) if type(i) is Rest else i for i in items]

    return shown(folding.fold(list(sites), **options))


def rows_of(f, *args):
    return trace(f)(*args).document(("list",))["rows"]


def instructions(rows):
    """The instructions that rows stand for."""
    counts = {"instruction": 1, "input": 0, "guard": 0}
    return sum(row["instructions"] if row["kind"] == "fold" else counts[row["kind"]] for row in rows)


def test_a_regular_repetition(monkeypatch):
    assert folded(monkeypatch, "x" + "ab" * 5 + "y") == ["x", (5, ["a", "b"]), "y"]
    assert folded(monkeypatch, "a" * 8) == [(8, ["a"])]


def test_short_repetitions_stay(monkeypatch):
    assert folded(monkeypatch, "ababab") == list("ababab")
    assert folded(monkeypatch, "abcdabcd") == list("abcdabcd")
    assert folded(monkeypatch, "") == []


def test_nested_repetitions(monkeypatch):
    assert folded(monkeypatch, ("o" + "ab" * 10) * 6) == [(6, ["o", (10, ["a", "b"])])]


def test_an_inner_repetition_that_comes_first(monkeypatch):
    found = folded(monkeypatch, ("ab" * 10 + "o") * 6)
    assert found == [(6, [(10, ["a", "b"]), "o"])] or found[0] == (10, ["a", "b"])
    assert len(found) <= 4


def test_growing_repetitions(monkeypatch):
    sites = "".join("o" + "ab" * n for n in range(20))
    found = folded(monkeypatch, sites)
    assert len(found) < len(sites) / 5
    assert (19, ["a", "b"]) in found


def test_what_does_not_repeat_is_cut_in_the_middle(monkeypatch):
    found = folded(monkeypatch, list(range(1000)), limit=90)
    assert found == [*range(60), 910, *range(970, 1000)]


def test_a_rest_counts_the_steps_of_folds(monkeypatch):
    sites = [s for i in range(200) for s in ([i] + ["a"] * 10)]
    found = folded(monkeypatch, sites, limit=30)
    assert len(found) == 31
    assert sum(i if type(i) is int and i >= 200 else 0 for i in found) > 1500


def test_a_loop():
    def f(x):
        for i in range(200):
            u = np.sin(x) * i
            x = u + 1
        return x

    rows = rows_of(f, 0.5)
    first = f.__code__.co_firstlineno
    assert [row["kind"] for row in rows] == ["input", "fold"]
    fold = rows[1]
    assert (fold["count"], fold["instructions"], fold["depth"]) == (200, 600, 0)
    assert fold["lines"] == [first + 2, first + 3]
    assert fold["text"] == f"loop ×200 in f, lines {first + 2}–{first + 3} of test_folding.py"
    assert [(row["op"], row["depth"]) for row in fold["rows"]] == [("sin", 1), ("multiply", 1), ("add", 1)]


def test_a_nested_loop():
    def f(x):
        for _ in range(30):
            x = x * 0.5
            for _ in range(40):
                x = x + 0.1
        return x

    rows = rows_of(f, 1.0)
    (outer,) = [row for row in rows if row["kind"] == "fold"]
    assert (outer["count"], outer["instructions"]) == (30, 30 * 41)
    inner = outer["rows"][1]
    assert (inner["kind"], inner["count"], inner["depth"]) == ("fold", 40, 1)


def test_a_triangular_loop():
    def f(x):
        for i in range(40):
            x = x * 0.5
            for _ in range(i):
                x = x + 0.1
        return x

    rows = rows_of(f, 1.0)
    assert len(rows) < 150
    assert instructions(rows) == 40 + 40 * 39 // 2


def test_a_loop_with_a_branch():
    def f(x):
        for i in range(300):
            x = x * 1.5 if x < 0.7 else x * 0.4
            if i % 7 == 0:
                x = x + 0.01
        return x

    document = trace(f)(0.5).document()
    rows = document["rows"]
    assert len(rows) <= ROWS + 2
    assert instructions(rows) == document["counts"]["instructions"] == 300 + 43


@pytest.mark.parametrize("branches", [1, 2, 3])
def test_a_hundred_thousand_steps(monkeypatch, branches):
    rng = np.random.default_rng(3)
    sites = [(i % 3, int(rng.integers(branches))) for i in range(100_000)]
    compared = 0
    count = folding._repetition

    def counted(sites, following, i):
        nonlocal compared
        compared += 1
        return count(sites, following, i)

    monkeypatch.setattr(folding, "_repetition", counted)
    found = folded(monkeypatch, sites)
    assert len(found) <= ROWS
    assert compared <= 120_000
    if branches == 1:
        assert found[0][0] >= 33_333


def test_long_straight_code_inside_a_loop_is_cut(monkeypatch):
    (only,) = folded(monkeypatch, list(range(1000)) * 5)
    count, first = only
    assert count == 5
    assert len(first) == folding.ROWS_PER_FOLD
    assert first[-1] == 1000 - folding.ROWS_PER_FOLD + 1


def test_calls_of_one_function_fold():
    def g(y):
        return np.sin(y) * 2

    def f(x):
        for _ in range(50):
            x = g(x)
        return x

    rows = rows_of(f, 0.5)
    assert rows[1]["text"].startswith("loop ×50 in g, line ")
