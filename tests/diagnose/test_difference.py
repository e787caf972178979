"""Two traces side by side: edits, inputs, precision and branches are told apart, and rounding is not blamed."""

from __future__ import annotations

import inspect
import math

import array_api_strict
import numpy as np
import pytest

import adkit
from adkit.diagnose.alignment import align, refined
from adkit.diagnose.difference import apart, difference
from adkit.errors import InputError

rng = np.random.default_rng(5)


def first(x, w):
    u = np.sin(x) * w
    if x > 0:
        u = u + x**2
    return np.log1p(u**2)


def edited(x, w):
    # a comment moves the lines
    u = np.cos(x) * w
    if x > 0:
        u = u + x**2
    return np.log1p(u**2)


def longer(x, w):
    u = np.sin(x) * w
    u = u * 1.0000001
    if x > 0:
        u = u + x**2
    return np.log1p(u**2)


def variance(x):
    m = np.mean(x * x) - np.mean(x) ** 2
    return np.sqrt(m)


def softmax_loss(x):
    e = np.exp(x - np.max(x))
    return -np.log(e[0] / np.sum(e))


def line_of(function, text):
    lines, start = inspect.getsourcelines(function)
    return start + next(i for i, line in enumerate(lines) if text in line)


# ------------------------------------------------------------------------------------------------ what is named


def test_an_edited_expression():
    report = difference(adkit.trace(first)(1.5, -0.4), adkit.trace(edited)(1.5, -0.4))
    assert report.severity == "note"
    assert "1 instruction only in the first, 1 instruction only in the second, 1 instruction edited" in report.verdict
    table = next(t for t in report.tables if t.title.startswith("in one program only"))
    assert [(row.cells[0], row.cells[2]) for row in table.rows] == [
        ("−", "np.sin(x)"),
        ("+", "np.cos(x)"),
        ("−", "np.sin(x) * w"),
        ("+", "np.cos(x) * w"),
    ]
    assert f"line {line_of(first, 'np.sin(x)')} of test_difference.py" in report.verdict


def test_an_inserted_line():
    report = difference(adkit.trace(first)(1.5, -0.4), adkit.trace(longer)(1.5, -0.4))
    assert report.verdict.startswith("1 instruction only in the second; ")
    only = [p for p in report.data.pairs if p.first is None]
    assert [p.second.primitive.name for p in only] == ["multiply"]
    assert report.data.parting is not None


def test_other_inputs():
    report = difference(adkit.trace(first)(1.5, -0.4), adkit.trace(first)(1.6, -0.4))
    assert report.severity == "note"
    assert report.verdict == "the same program; other inputs (x)"
    row = next(r for r in report.tables[0].rows if r.cells[0] == "x")
    assert "(6.3 %)" in row.cells[1]


def test_a_sign_that_changes():
    report = difference(adkit.trace(lambda x: np.cos(x))(1.0), adkit.trace(lambda x: np.cos(x))(-1.0))
    assert report.severity == "warning"
    assert "the derivative by x changes its sign" in report.verdict
    assert report.tables[0].rows[0].cells[-1] == "sign changed"
    assert report.tables[0].rows[0].state == "warning"


def test_another_branch():
    report = difference(adkit.trace(first)(1.5, -0.4), adkit.trace(first)(-1.5, -0.4))
    assert report.severity == "warning"
    assert "another branch was taken" in report.verdict
    assert "2 instructions only in the first" in report.verdict


def test_digits_lost_in_single_precision():
    x = (1000 + rng.normal(size=50)).astype(np.float32)
    report = difference(adkit.trace(variance)(x), adkit.trace(variance)(x.astype(float)))
    assert report.severity == "warning"
    assert report.title == "Difference of float32, NumPy and float64, NumPy"
    place = f"m (line {line_of(variance, 'np.mean')} of test_difference.py: np.mean(x * x) - np.mean(x) ** 2)"
    assert f"values part at {place}" in report.verdict
    assert "digits of float32 agree" in report.paragraphs[0]
    assert place in report.fix
    assert report.data.unit == "float32"


def test_an_array_of_another_shape():
    report = difference(adkit.trace(np.sum)(np.ones(3)), adkit.trace(np.sum)(np.ones(4)))
    assert report.severity == "note"
    assert "∞" in str(report)


def test_a_nan_on_one_side():
    with np.errstate(all="ignore"):
        report = difference(adkit.trace(np.log)(-1.0), adkit.trace(np.log)(1.0))
    assert "∞" in str(report)


# ------------------------------------------------------------------------------------------------ what is left in peace


def test_the_same_twice():
    report = difference(adkit.trace(first)(1.5, -0.4), adkit.trace(first)(1.5, -0.4))
    assert report.severity == "ok"
    assert report.verdict == "the same program with the same values and derivatives"
    assert len(report.tables) == 1


def test_single_and_double_precision_of_something_well_conditioned():
    x = rng.normal(size=9).astype(np.float32)
    report = difference(adkit.trace(softmax_loss)(x), adkit.trace(softmax_loss)(x.astype(float)))
    assert report.severity == "ok"
    assert "values agree to" in report.verdict
    assert "ulp of float32" in report.verdict


def test_another_library():
    x = rng.normal(size=9)

    def f(x):
        return (x * x).sum() + adkit.numpy.exp(x).sum()

    report = difference(adkit.trace(f)(x), adkit.trace(f)(array_api_strict.asarray(x)))
    assert report.severity == "ok"
    assert "array_api_strict" in report.title


def test_a_part_in_single_precision_counts_in_its_units():
    def f(x):
        y = x.astype(np.float32)
        return np.sum(np.sin(y))

    def g(x):
        return np.sum(np.sin(x))

    report = difference(adkit.trace(f)(rng.normal(size=5)), adkit.trace(g)(rng.normal(size=5)))
    assert report.data.unit == "float32"
    x = rng.normal(size=5)
    report = difference(adkit.trace(f)(x), adkit.trace(g)(x))
    assert max(pair.adjoint or 0.0 for pair in report.data.pairs) <= 4


def test_a_moved_program_is_the_same():
    def moved(x, w):
        # all of this stands elsewhere

        u = np.sin(x) * w
        if x > 0:
            u = u + x**2

        return np.log1p(u**2)

    report = difference(adkit.trace(first)(1.5, -0.4), adkit.trace(moved)(1.5, -0.4))
    assert report.data.same_program
    assert report.severity == "ok"


# ------------------------------------------------------------------------------------------------ units and alignment


@pytest.mark.parametrize("a", [1.0, -3.7, 1e-300, 5e300])
def test_apart_counts_units_in_the_last_place(a):
    b = np.nextafter(np.nextafter(np.float64(a), math.inf), math.inf)
    assert apart(np.float64(a), b) == pytest.approx(2, rel=0.51)
    assert apart(np.full(3, a), np.array([a, b, a])) == pytest.approx(2, rel=0.51)
    assert apart(np.float64(a), np.float64(a)) == 0


def test_apart_of_special_values():
    assert apart(np.nan, np.nan) == 0
    assert apart(np.inf, np.inf) == 0
    assert apart(np.inf, 1.0) == math.inf
    assert apart(np.array([True]), np.array([True])) == 0
    assert apart(np.array([1]), np.array([2])) == math.inf
    assert apart(np.zeros(0), np.zeros(0)) == 0
    assert apart(1 + 1j, 1 + 1j + 2**-52) == pytest.approx(1)
    assert apart(np.float32(1), 1 + 2.0**-23) == pytest.approx(1)


@pytest.mark.parametrize("seed", range(10))
def test_alignment_is_a_common_subsequence_that_covers_both(seed):
    chosen = np.random.default_rng(seed)
    a, b = (list(chosen.integers(0, 6, chosen.integers(0, 40))) for _ in range(2))
    pairs = align(a, b)
    assert [i for i, _ in pairs if i is not None] == list(range(len(a)))
    assert [j for _, j in pairs if j is not None] == list(range(len(b)))
    assert all(a[i] == b[j] for i, j in pairs if i is not None and j is not None)


def test_long_programs_are_aligned_by_occurrence():
    a = ["x", "y", "z"] * 3000
    b = a[:3000] + ["new"] + a[3000:] + ["y", "z"]
    pairs = align(["start", *a, "end"], ["other", *b, "last"])
    matched = sum(i is not None and j is not None for i, j in pairs)
    assert matched == len(a)
    assert [p for p in pairs if p[1] is not None and p[0] is None][:2] == [(None, 0), (None, 3001)]


def test_refined_pairs_what_is_left_by_weaker_keys():
    assert refined([(0, None), (None, 0), (1, 1)], "pq", "pq") == [(0, 0), (1, 1)]
    assert refined([(0, None), (1, None), (None, 0)], "ab", "b") == [(0, None), (1, 0)]


# ------------------------------------------------------------------------------------------------ the rest


def test_method_and_document():
    a, b = adkit.trace(first)(1.5, -0.4), adkit.trace(edited)(1.5, -0.4)
    assert str(a.diff(b)) == str(difference(a, b))
    assert a.diff(b).as_document()["kind"] == "diff"


def test_something_else_is_refused():
    with pytest.raises(InputError, match="not from int"):
        difference(adkit.trace(first)(1.5, -0.4), 3)


def test_inputs_that_only_one_has():
    report = difference(adkit.trace(lambda x: x * 2)(1.0), adkit.trace(lambda x, y: x * 2 + y)(1.0, 2.0))
    assert "other inputs (y)" in report.verdict
    assert any(row.cells[-1] == "only in one" for row in report.tables[0].rows)
