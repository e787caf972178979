"""Ridders' extrapolation, the verdicts of a check, and what a report looks like."""

from __future__ import annotations

import json

import numpy as np
import pytest

import adkit
from adkit.check import check_grads, ridders


@pytest.mark.parametrize(
    ("f", "x", "exact"),
    [
        (np.sin, 1.0, np.cos(1.0)),
        (np.exp, 3.0, np.exp(3.0)),
        (lambda x: x**9, 2.0, 9 * 2.0**8),
        (np.log, 0.01, 100.0),
        (np.sqrt, 1e-6, 500.0),
        (lambda x: 1e8 + np.sin(x), 1.0, np.cos(1.0)),
        (lambda x: 3.0 + 0 * x, 1.0, 0.0),
        (lambda x: np.array([x, x * x]), 2.0, np.array([1.0, 4.0])),
        (lambda x: x**2, 1.0 + 2.0j, 2.0 + 4.0j),
    ],
)
def test_the_estimate_bounds_the_error(f, x, exact):
    value, estimate = ridders(f, x, 1.0)
    assert np.all(np.abs(value - exact) <= 10 * estimate + 1e-15)
    assert np.all(estimate <= 1e-4 * np.maximum(np.abs(exact), 1.0))


def test_along_a_direction_of_an_array():
    value, estimate = ridders(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, -1.0]))
    assert abs(value + 9.0) <= 10 * estimate + 1e-14


@pytest.mark.parametrize(
    ("f", "args", "verdict"),
    [
        (lambda x: np.sin(x) * x, (1.5,), "agree"),
        (lambda x: x * 3, (1.5,), "agree"),
        (np.abs, (0.0,), "kink"),
        (lambda x: np.maximum(x, 0.0).sum(), (np.array([1.0, 0.0, -1.0]),), "kink"),
        (lambda x: np.abs(x - 1.0), (0.999,), "agree"),
        (lambda x: np.floor(x) + 0 * x, (1.5,), "flat"),
        (lambda x: np.sin(x) * np.random.default_rng().normal(), (1.5,), "noise"),
        (lambda z: np.abs(z) ** 3, (1.0 + 2.0j,), "agree"),
        (lambda a, b: {"p": a["w"] * b, "q": [a["v"]]}, ({"w": 2.0, "v": np.ones(2)}, 3.0), "agree"),
        (lambda x: x.sum() ** 2, (np.ones(3, np.float32),), "agree"),
        (lambda x, n, name: x**n, (2.0, np.array([1, 2]), "name"), "agree"),
    ],
)
def test_verdicts(f, args, verdict):
    assert check_grads(f, args).verdict == verdict


@pytest.mark.parametrize("modes", [("forward",), ("reverse",), ("forward", "reverse")])
def test_a_wrong_derivative_is_an_error(modes):
    with pytest.raises(adkit.CheckError, match=r"is 1\.5, but differences give 3 ±.*Fix:"):
        check_grads(lambda x: x * adkit.stop_gradient(x), (1.5,), order=1, modes=modes)


def test_a_wrong_second_derivative_is_an_error():
    # the value and the first derivative are those of x², the second derivative is 0 instead of 2
    def f(x):
        at = adkit.stop_gradient(x)
        return at * at + 2 * at * (x - at)

    assert check_grads(f, (1.5,), order=1).verdict == "agree"
    with pytest.raises(adkit.CheckError, match="order 2"):
        check_grads(f, (1.5,))


def test_nothing_to_check():
    with pytest.raises(adkit.InputError, match="Fix:"):
        check_grads(lambda n: n, (np.array([1, 2]),))


def test_a_report_as_text_and_as_plain_types():
    report = check_grads(lambda x, w: np.sin(x) * w, (1.5, np.array([1.0, 2.0])))
    assert str(report).startswith("agree")
    assert "order 2" in str(report)
    badge = report.as_badge()
    assert json.loads(json.dumps(badge)) == badge
    assert set(badge) == {"verdict", "text", "rows"}
    assert all(isinstance(value, str) for row in badge["rows"] for value in row.values())


def test_a_trace_checks_itself():
    trace = adkit.trace(lambda x, w: np.sum(np.sin(x) * w))(np.array([1.0, 2.0]), 3.0)
    report = trace.check()
    assert report.verdict == "agree"
    assert [row.input for row in report.rows] == ["x", "w"]


# ------------------------------------------------------------------------------------------------ the trust badge


def wrong_rule(element):
    """The square of an array, whose rule is wrong at one element."""

    def vjp(x):
        factor = 2 * x
        factor[element] *= 1.01
        return x**2, lambda g: g * factor

    return adkit.custom_rule(lambda x: x**2, vjp=vjp)


def hinge(w):
    return np.sum(np.maximum(0.0, 1.0 - w))


def lasso(w):
    return np.sum((w - 1.0) ** 2) + 0.1 * np.sum(np.abs(w))


def binned(x):
    return np.sum(np.round(x)) + 0.0 * np.sum(x)


def jittered(w):
    return np.sum(w * np.random.default_rng().normal(size=4))


def distances(d):
    return np.sum(np.sqrt(d))


FAILURES = [
    (hinge, np.array([0.2, 3.0, 1.0, 0.5]), "kink", (2,), "warning"),
    (lasso, np.array([[0.3, 1.0], [0.0, 2.0]]), "kink", (1, 0), "warning"),
    (binned, np.array([0.2, 0.7]), "flat", None, "note"),
    (jittered, np.ones(4), "noise", None, "warning"),
    (distances, np.array([1.0, 4.0, 0.0]), "noise", (2,), "warning"),
    (np.abs, np.float64(0.0), "kink", None, "warning"),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("f", "x", "verdict", "index", "severity"), FAILURES)
def test_a_failure_names_its_verdict_and_its_worst_element(f, x, verdict, index, severity):
    checked = check_grads(f, (x,), order=1)
    assert checked.verdict == verdict
    if f is not jittered:  # with noise no element can be told from another
        assert checked.rows[0].index == index
        assert index is None or checked.rows[0].detail.endswith(f"worst at {list(index)}")
    report = checked.as_report()
    assert (report.kind, report.severity, report.data) == ("check", severity, checked)
    assert report.fix is not None
    assert report.tables[0].rows[0].cells[4] == verdict
    assert report.tables[0].rows[0].state != "normal"


@pytest.mark.parametrize("element", [0, 3, 6])
def test_a_wrong_rule_names_the_element(element):
    with pytest.raises(adkit.CheckError, match=rf"worst at \[{element}\]"):
        check_grads(lambda x: np.sum(wrong_rule(element)(x)), (np.linspace(1.0, 2.0, 7),), order=1)


def test_a_kink_tells_both_slopes():
    row = check_grads(np.abs, (0.0,)).rows[0]
    assert "slope −1 to the left, 1 to the right" in row.detail


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lasso, np.array([0.3, 1.0, -2.0])),
        (hinge, np.array([0.2, 3.0])),
        (lambda a: np.linalg.slogdet(a)[1], np.eye(3) * 2.0),
        (lambda x: np.logaddexp(0.0, x).sum(), np.array([-3.0, 800.0])),
        (lambda x: np.sum(x[:2] / x[2]), np.array([1.0, 2.0, 3.0])),
    ],
)
def test_a_healthy_function_has_a_quiet_report(f, x):
    checked = check_grads(f, (x,))
    report = checked.as_report()
    assert (checked.verdict, report.severity, report.fix) == ("agree", "ok", None)
    assert all(row.index is None for row in checked.rows)
    assert all(row.state == "normal" for row in report.tables[0].rows)


def test_a_check_shows_itself():
    checked = check_grads(np.abs, (0.0,))
    bundle = checked._repr_mimebundle_()
    assert bundle["text/plain"] == str(checked)
    assert "kink: slope −1 to the left" in bundle["text/html"]
    document = checked.as_document()
    assert document["kind"] == "check"
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_a_trace_with_stop_gradient_is_told_why_it_disagrees():
    report = adkit.trace(lambda x: np.sum(adkit.stop_gradient(x) * x))(np.array([0.5, 1.0])).check()
    assert report.verdict == "disagree"
    assert "stop_gradient" in report.rows[0].detail
    assert "if stop_gradient is meant" in report.as_report().fix
    wrong = adkit.custom_rule(vjp=lambda x: (np.sin(x), lambda g: g * np.sin(x)))(np.sin)
    assert "stop_gradient" not in adkit.trace(lambda x: wrong(x))(0.5).check().rows[0].detail
