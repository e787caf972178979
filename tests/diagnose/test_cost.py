"""The mode receipt: counts that follow from shapes, a crossover that follows from counts, and times.

No test here asserts a time.
"""

from __future__ import annotations

import numpy as np
import pytest

import adkit
from adkit.diagnose import work as counts
from adkit.diagnose.cost import bytes_text, cost, seconds
from adkit.folding import site

X = np.linspace(-1, 1, 60).reshape(20, 3)


def layer(w, b):
    z = X @ w + b
    h = np.tanh(z)
    return np.mean(h**2)


W, B = np.ones((3, 4)), np.zeros(4)


def counted(t):
    return counts.counted(t.listing().nodes, t._nodes, 1, 1)


# ------------------------------------------------------------------------------------------------ which mode


def test_many_inputs_one_output():
    report = cost(adkit.trace(layer)(W, B))
    assert report.kind == "cost"
    assert report.severity == "ok"
    assert report.data.auto == "reverse"
    assert "auto takes reverse mode for 16 inputs and 1 output" in report.verdict
    assert "1 reverse sweep against 16 forward sweeps" in report.verdict


def test_one_input_many_outputs():
    report = cost(adkit.trace(lambda x: np.sin(x) * np.arange(50.0))(2.0))
    assert report.data.auto == "forward"
    assert "50 reverse sweeps against 1 forward sweep" in report.verdict
    assert report.data.work.crossover == 50


@pytest.mark.parametrize(
    ("f", "point", "mode", "better"),
    [
        (layer, (W, B), "forward", "reverse"),
        (lambda x: np.sum(np.sin(x) ** 2), (np.ones(30),), "forward", "reverse"),
        (lambda x: x * np.ones(40), (0.3,), "reverse", "forward"),
        (lambda x: np.outer(np.exp(x), np.ones(9)).ravel(), (np.ones(2),), "reverse", "forward"),
        (lambda a, b, c: a * b * c, (1.0, 2.0, 3.0), "forward", "reverse"),
    ],
)
def test_the_dearer_mode_is_named(f, point, mode, better):
    report = cost(adkit.trace(f, mode=mode)(*point))
    assert report.severity == "note"
    assert f"this trace used {mode} mode, as asked for" in report.verdict
    assert report.fix == f"this derivative takes fewer operations with mode='{better}'"


@pytest.mark.parametrize(
    ("f", "point"),
    [(layer, (W, B)), (lambda x: np.sin(x), (0.3,)), (lambda x: np.sin(x) * np.arange(5.0), (0.3,))],
)
def test_the_cheaper_mode_is_no_matter_of_concern(f, point):
    report = cost(adkit.trace(f)(*point))
    assert report.severity == "ok"
    assert report.fix is None


def test_element_by_element_takes_one_forward_sweep():
    report = cost(adkit.trace(lambda x: np.sin(x) ** 2)(np.ones(30)))
    assert report.data.work.inputs == 1
    assert "output and x correspond element by element" in report.paragraphs[1]


# ------------------------------------------------------------------------------------------------ counts


def test_operations_by_class():
    classes = counted(adkit.trace(layer)(W, B)).classes
    assert classes["products"] == (1, 80, 2.0 * 20 * 3 * 4)
    assert classes["elementwise"][:2] == (3, 240)
    assert classes["reductions"] == (1, 1, 80.0)


def test_linear_algebra_moves_and_bodies():
    def f(a, x):
        y = np.linalg.solve(a, x)
        return np.sum(y.reshape(3, 2)) + adkit.fori_loop(0, 4, lambda i, s: s * 0.5, y[0])

    classes = counted(adkit.trace(f)(np.eye(6), np.ones(6))).classes
    assert classes["linear algebra"] == (1, 6, 216.0)
    assert classes["moves"][0] >= 2
    assert classes["with a body"][0] == 1


def test_kept_bytes_are_those_that_rules_read():
    t = adkit.trace(lambda x: np.sin(np.exp(x)) + 3 * x)(np.ones(10))
    kept = counted(t).kept
    # sin reads its operand and exp its result, which are one array; the sum and the product with 3 read nothing
    assert sum(kept.values()) == 80
    assert [node.primitive.name for node in kept] == ["exp"]


def test_kept_bytes_count_inputs_and_constants_once():
    c = np.arange(10.0)
    t = adkit.trace(lambda x: np.sum(x * c + x * x * c))(np.ones(10))
    assert sum(counted(t).kept.values()) == 80 + 80 + 80  # x, c and x · x


def test_peaks_of_a_chain():
    def chain(x):
        for _ in range(20):
            x = np.sin(x)
        return x

    made = counted(adkit.trace(chain)(np.ones(100)))
    assert made.forward_peak == 2 * 2 * 800  # value and tangent of an operand and of its result
    assert made.reverse_peak == 20 * 800 + 2 * 800  # the operands, and two adjoints


def test_no_time_in_what_is_counted():
    first, second = (cost(adkit.trace(layer)(W, B)) for _ in range(2))
    assert first.verdict == second.verdict
    assert first.tables[0] == second.tables[0]
    assert {**first.data.work.__dict__, "kept": 0} == {**second.data.work.__dict__, "kept": 0}
    lines = [[(row.cells[0], *row.cells[4:]) for row in report.tables[2].rows] for report in (first, second)]
    assert lines[0] == lines[1]


# ------------------------------------------------------------------------------------------------ measurements


def test_measurements_are_there():
    t = adkit.trace(layer)(W, B)
    made = cost(t).data
    assert made.measured.value > 0
    assert set(made.measured.forward) == {"w", "b"}
    assert made.forward == pytest.approx(sum(made.measured.forward[n] * s for n, s in (("w", 12), ("b", 4))))
    assert made.measured.reverse_bytes > 0
    assert len(made.measured.lines) == 3
    assert len({site(node)[0] for node in t.listing().nodes}) == 1


def test_lines_say_what_they_keep():
    report = cost(adkit.trace(layer)(W, B))
    table = report.tables[2]
    assert [row.cells[0].rpartition(":")[2] for row in table.rows] == [
        str(layer.__code__.co_firstlineno + i) for i in (1, 2, 3)
    ]
    assert [row.cells[4] for row in table.rows] == ["2", "1", "2"]
    assert [row.cells[5] for row in table.rows] == ["480 B", "640 B", "0 B"]


def test_other_kinds_of_values():
    for point in (np.float32(2), 1 + 2j, np.array([1 + 1j, 2.0])):
        report = cost(adkit.trace(lambda x: np.sum(np.real(x * x)))(point))
        assert report.data.measured.reverse > 0


def test_method_and_document():
    report = adkit.trace(layer)(W, B).cost()
    assert report.as_document()["kind"] == "cost"
    assert "measured" in report.tables[1].title
    assert "the rest counted" in report.tables[2].title


def test_texts():
    assert [seconds(s) for s in (0.0, 2e-7, 3.14159e-5, 1.5)] == ["", "0.2 µs", "31.4 µs", "1.5 s"]
    assert [bytes_text(b) for b in (999, 1000, 2.5e9)] == ["999 B", "1 kB", "2.5 GB"]


def test_what_a_body_does_is_counted_step_by_step():
    def body(x):
        return adkit.fori_loop(0, 200, lambda i, c: np.tanh(c) * 1.5, x)

    def plain(x):
        for _ in range(200):
            x = np.tanh(x) * 1.5
        return x

    inside, outside = (cost(adkit.trace(f)(0.5)).data.work for f in (body, plain))
    assert inside.classes["with a body"][2] == sum(entry[2] for entry in outside.classes.values()) == 400
    assert inside.forward == outside.forward
