"""A trace evaluated again at other points: what inner derivatives gave follows, or the path ends."""

from __future__ import annotations

import numpy as np
import pytest

import adkit as ad


def by_an_inner_gradient(x):
    return ad.grad(np.sin)(x) * x


def by_an_inner_tangent(x):
    return ad.jvp(lambda y: np.exp(y) * x, (x,), (2.0,))[1]


def by_two_inner_gradients(x):
    return ad.grad(lambda y: ad.grad(lambda z: z**3 * y)(y))(x)


def by_a_function_of_an_inner_gradient(x):
    return np.where(x > 1.0, ad.grad(lambda y: y**3)(x), 2.0)


@pytest.mark.parametrize(
    "f", [by_an_inner_gradient, by_an_inner_tangent, by_two_inner_gradients, by_a_function_of_an_inner_gradient]
)
def test_a_replay_follows_inner_derivatives(f):
    trace = ad.trace(f)(1.5)
    for point in (1.5, 0.5, 2.5):
        assert trace.replay()(point) == pytest.approx(float(f(point)), rel=1e-14)
    assert trace.higher(2)["x", "x"] == pytest.approx(float(ad.derivative(ad.grad(f))(1.5)), rel=1e-13)
    assert trace.higher(3)["x", "x", "x"] == pytest.approx(float(ad.derivative(f, order=3)(1.5)), rel=1e-13)
    assert trace.check().verdict == "agree"


def masked(x):
    """The inner reverse sweep of this is repeated with the strong zero where √|y − 1| has no derivative."""
    return ad.grad(lambda y: np.where(y > 1.0, np.sqrt(abs(y - 1.0)), y**2))(x) * x


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("recorded", [3.0, 0.5, 1.0])
def test_the_path_ends_where_an_inner_sweep_would_decide_otherwise(recorded):
    replay = ad.trace(masked)(recorded).replay()
    for point in (3.0, 2.0, 0.5, 1.0):
        values = replay.values([point])
        assert bool(replay.on_path(values)) == ((point == 1.0) == (recorded == 1.0))
        if replay.on_path(values):
            assert values[replay.output] == pytest.approx(float(masked(point)), rel=1e-14)


def test_decisions_of_inner_sweeps_are_no_guards_of_the_list():
    trace = ad.trace(masked)(3.0)
    assert "guard" not in str(trace.wengert)
    assert len(trace.replay().guards) > 0
