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
