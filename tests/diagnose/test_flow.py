"""Gradient flow: failures that people meet are named with their place, and healthy programs are left in peace."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import scipy.special

import adkit
from adkit.diagnose.edges import size, sweep
from adkit.diagnose.flow import flow, measure

rng = np.random.default_rng(7)
X = rng.normal(size=(64, 6))
W = rng.normal(size=(6, 5)) / np.sqrt(6)
V = rng.normal(size=5)


def kinds(report):
    return [finding.kind for finding in report.data.findings]


def line_of(function, text):
    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, line in enumerate(lines) if text in line)


# ------------------------------------------------------------------------------------------------ failures


def tanh_layers(h, w):
    for _ in range(50):
        h = np.tanh(w * h)
    return h.sum()


def test_vanishing_through_fifty_tanh_layers():
    report = flow(adkit.trace(tanh_layers)(rng.normal(size=4), 0.6))
    assert report.severity == "warning"
    assert kinds(report)[0] == "vanishing"
    assert "through 50 steps of h" in report.verdict
    assert f"line {line_of(tanh_layers, 'np.tanh(w * h)')} of test_flow.py: np.tanh(w * h)" in report.verdict
    assert "shrinks by the factor" in report.verdict
    assert "weights" in report.fix


def recurrent_product(w, h):
    for _ in range(40):
        h = w * h
    return h


def test_exploding_recurrent_product():
    report = flow(adkit.trace(recurrent_product)(1.5, 0.1))
    assert kinds(report) == ["exploding"]
    assert "through 40 steps of h" in report.verdict
    assert "1.5 per step" in report.verdict
    assert "clip the gradient" in report.fix


def relu_layer(w, b):
    z = X @ w + b
    h = np.maximum(z, 0)
    return np.mean((h @ V) ** 2)


def test_dead_relu_unit():
    report = flow(adkit.trace(relu_layer)(W, np.array([0.0, 0.0, -50.0, 0.0, 0.0])))
    assert kinds(report) == ["dead"]
    assert "1 of 5 units dead" in report.verdict
    assert "(unit 2)" in report.verdict
    assert "maximum takes the constant 0, as the operand is below it" in report.verdict
    assert "np.maximum(z, 0)" in report.verdict
    (gate,) = [gate for gate in report.data.gates if gate.dead]
    assert gate.dead == (2,)


def logistic_by_hand(w, b):
    z = w * 3.0 + b
    p = 1 / (1 + np.exp(-z))
    return (p - 0.5) ** 2


@pytest.mark.parametrize("w", [10.0, -10.0])
def test_saturated_sigmoid_on_either_side(w):
    report = flow(adkit.trace(logistic_by_hand)(w, 1.0))
    assert kinds(report)[0] == "saturated"
    assert "the logistic function is saturated" in report.verdict
    assert "1 / (1 + np.exp(-z))" in report.verdict


def test_saturated_sigmoid_of_scipy():
    def f(w):
        return np.sum(scipy.special.expit(w * 40.0))

    report = flow(adkit.trace(f)(np.array([1.0, 2.0, 3.0])))
    assert "saturated" in kinds(report)
    assert "expit is saturated" in report.verdict
    assert "for 3 of 3 elements" in report.verdict


def tanh_units(w):
    h = np.tanh(X @ w)
    return np.mean((h @ V) ** 2)


def test_saturated_tanh_throughout():
    report = flow(adkit.trace(tanh_units)(np.full((6, 5), 1e3)))
    assert kinds(report)[0] in ("saturated", "zero")
    assert "tanh is saturated" in "\n".join([report.verdict, *report.paragraphs])


def clipped(x):
    y = np.clip(x, 0.0, 1.0)
    return 3 * y + y**2


def test_an_input_cut_by_clip():
    report = flow(adkit.trace(clipped)(2.0))
    assert kinds(report) == ["zero"]
    assert "the adjoint of x is 0: clip is saturated: its operand is above the bounds" in report.verdict
    assert "np.clip(x, 0.0, 1.0)" in report.verdict
    assert report.data.findings[0].variable == "v0"
    assert "within the bounds" in report.fix


def test_an_input_multiplied_by_zero():
    report = flow(adkit.trace(lambda x, mask: np.sum(x * mask) + np.sum(mask))(np.ones(3), np.zeros(3)))
    assert "the adjoint of x is 0: it is multiplied by 0" in report.verdict


def test_a_masked_input():
    def f(x):
        return np.sum(np.where(x > 10, x**2, 1.0)) + 0 * np.sum(x)

    report = flow(adkit.trace(f)(np.ones(3)))
    assert kinds(report) == ["zero"]
    assert "mask of where" in report.verdict


def test_a_masked_unit_is_a_note():
    mask = np.ones((64, 5), bool)
    mask[:, 3] = False
    report = flow(adkit.trace(lambda w: np.mean(np.where(mask, X @ w, 0.0)))(W))
    assert report.severity == "note"
    assert "(unit 3)" in report.verdict


def test_underflow_to_zero():
    def f(x):
        for _ in range(300):
            x = 0.01 * x
        return x

    report = flow(adkit.trace(f)(1.0))
    assert "underflow" in report.verdict
    assert "vanishing" in kinds(report)


def test_exploding_by_cancellation():
    def f(x):
        return np.log((x + 1e-9) - 1.0)

    report = flow(adkit.trace(f)(1.0))
    assert kinds(report) == ["exploding"]
    assert "np.log" in report.verdict


def test_nonfinite_adjoints_refer_to_their_diagnosis():
    with np.errstate(all="ignore"):
        report = flow(adkit.trace(lambda x: np.sqrt(x) * 2)(0.0))
    assert kinds(report)[0] == "nonfinite"
    assert "why_nan" in report.fix


def test_steps_without_part_are_a_note_where_the_inputs_are_fine():
    def newton(a):
        x = 1.0 + 0 * a
        for _ in range(12):
            x = 0.5 * (x + a / x)
        return x

    assert flow(adkit.trace(newton)(2.0)).severity in ("ok", "note")


# ------------------------------------------------------------------------------------------------ healthy


def mlp(w, b, v):
    h = np.tanh(X @ w + b)
    return np.mean((h @ v - 0.3) ** 2)


def residual(h):
    for _ in range(50):
        h = h + 0.02 * np.tanh(h)
    return h.sum()


HEALTHY = {
    "a small network": lambda: adkit.trace(mlp)(W * 0.5, np.zeros(5), V),
    "a ReLU network": lambda: adkit.trace(relu_layer)(W, np.zeros(5)),
    "residual layers": lambda: adkit.trace(residual)(rng.normal(size=4)),
    "units of measure": lambda: adkit.trace(lambda m: 6.674e-11 * m * 5.97e24 / (6.37e6) ** 2)(70.0),
    "a reciprocal of something small": lambda: adkit.trace(lambda r: 1 / r)(1e-9),
    "a mean over much": lambda: adkit.trace(lambda x: np.mean(x**2))(rng.normal(size=200_000)),
    "a sum over a loop": lambda: adkit.trace(lambda x: sum(x**k / 2.0**k for k in range(30)))(1.1),
    "a branch of where": lambda: adkit.trace(lambda x: np.sum(np.where(x > 0, x**2, -x)))(np.array([-1.0, 2.0])),
    "one number": lambda: adkit.trace(lambda x: np.sin(x) ** 2)(0.3),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_programs_are_left_in_peace(name):
    report = flow(HEALTHY[name]())
    assert report.data.findings == []
    assert report.severity == "ok"
    assert report.fix is None


# ------------------------------------------------------------------------------------------------ numbers and tables


def test_sizes_are_the_norms_of_the_adjoints():
    t = adkit.trace(mlp)(W, np.zeros(5), V)
    sizes = measure(t).sizes
    adjoints = t.adjoints()
    assert set(sizes) >= set(adjoints)
    for node, adjoint in adjoints.items():
        assert sizes[node] == pytest.approx(np.linalg.norm(adjoint), rel=1e-13)


def test_sizes_of_arrays_filled_element_by_element():
    def f(x):
        y = adkit.numpy.zeros(6)
        for i in range(6):
            y[i] = x[i] ** 2 + (y[i - 1] if i else 0.0)
        return y[5] + y[2]

    t = adkit.trace(f)(np.arange(1.0, 7.0))
    sizes = measure(t).sizes
    for node, adjoint in t.adjoints().items():
        assert sizes[node] == pytest.approx(np.linalg.norm(adjoint), rel=1e-13)


def test_contributions_add_up_to_the_adjoints():
    t = adkit.trace(mlp)(W, np.zeros(5), V)
    total = {}

    def visit(node, g, parts):
        for part in parts:
            total[part.parent] = total.get(part.parent, 0.0) + part.value

    sweep([(t._output.node, t._seed(None))], set(t._inputs.values()), t._nodes, visit)
    for node, adjoint in t.adjoints().items():
        if node is not t._output.node:
            np.testing.assert_allclose(total[node], adjoint, rtol=1e-13)


@pytest.mark.parametrize(
    ("value", "norm"),
    [(np.array([3.0, 4.0]), 5.0), (np.array([3e-200, 4e-200]), 5e-200), (np.array([3e200, 4e200]), 5e200)],
)
def test_size_over_the_whole_range(value, norm):
    assert size(value) == pytest.approx(norm)


def test_size_of_complex_empty_and_single_precision():
    assert size(np.array([3 + 4j])) == pytest.approx(5.0)
    assert size(np.zeros(0)) == 0.0
    assert size(np.float32([3e-30, 4e-30])) == pytest.approx(5e-30)


def test_tables_say_where():
    report = flow(adkit.trace(tanh_layers)(rng.normal(size=4), 0.6))
    by_variable = next(t for t in report.tables if t.title == "by variable")
    row = next(r for r in by_variable.rows if r.cells[0] == "h" and r.cells[1] == "×50")
    assert row.cells[2] == f"test_flow.py:{line_of(tanh_layers, 'np.tanh')}"
    assert row.state == "warning"
    way = next(t for t in report.tables if "longest way" in t.title)
    bars = [row.bar for row in way.rows]
    assert bars[0] > bars[-1]
    assert [row.cells[0] for row in way.rows][-1] == "h"


def test_the_trace_has_it_as_a_method():
    t = adkit.trace(clipped)(2.0)
    assert str(t.flow()) == str(flow(t))
    assert t.flow().as_document()["kind"] == "flow"


def test_an_array_output_and_containers():
    report = flow(adkit.trace(lambda p: np.tanh(X @ p["w"] + p["b"]))({"w": W, "b": np.zeros(5)}))
    assert report.severity == "ok"
    assert "p['w']" in str(report)


def test_a_body_is_one_instruction():
    def f(x):
        return adkit.fori_loop(0, 20, lambda i, h: np.tanh(0.9 * h), x)

    report = flow(adkit.trace(f)(0.5))
    assert report.severity == "ok"
    assert "outside of bodies" in report.verdict
    (told,) = report.paragraphs
    assert told.startswith("fori_loop on line")
    assert "not measured one by one" in told
    assert "come out" in told


def test_nothing_of_the_report_can_be_markup():
    report = flow(adkit.trace(lambda p: np.sin(p["<img src=x>"]))({"<img src=x>": 1.0}))
    assert "<img" not in report._repr_mimebundle_()["text/html"]
