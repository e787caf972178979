"""What is kept, and for how long: no value that no rule reads, no node without its result; recursion nowhere."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import adkit.numpy as anp
from adkit import grad, jvp, linearize, trace, vjp
from adkit.errors import LeakError
from adkit.nodes import Node, Unkept, state
from adkit.sweeps.order import ancestors
from adkit.tracing import is_tracing, make_input, recording


def nodes_of(handle):
    """The nodes of a recording in order."""
    return ancestors([handle.node], 0)[0]


def alive():
    """The number of nodes that exist."""
    gc.collect()
    return sum(type(thing) is Node for thing in gc.get_objects())


def test_sums_keep_no_values():
    x = make_input(np.ones(3))
    y = x
    for _ in range(10):
        y = y + 1.0 - x
    *between, last = [node for node in nodes_of(y) if node.inputs]
    assert last.value is None
    assert all(node.value is None for node in between)


def test_linear_operations_keep_no_values_and_no_constants():
    x = make_input(np.ones((2, 3)))
    y = np.sum((x.T.reshape(2, 3) + np.ones((2, 3)))[0] - np.ones(3))
    nodes = [node for node in nodes_of(y) if node.inputs]
    assert all(node.value is None for node in nodes)
    arrays = [i for node in nodes for i in node.inputs if not isinstance(i, Node)]
    assert arrays
    assert all(isinstance(i, Unkept) for i in arrays)


def test_rules_keep_what_they_read_and_no_more():
    x = make_input(np.ones(3))
    shifted = x + 1.0
    exp, sine = np.exp(shifted), np.sin(shifted)
    assert exp.node.value is exp.value, "the rule of exp reads its result"
    assert shifted.node.value is shifted.value, "the rule of sin reads its operand"
    assert sine.node.value is None
    product = sine * 2.0
    assert sine.node.value is None, "a constant factor needs no operand"
    assert product.node.value is None
    product = sine * exp
    assert sine.node.value is sine.value


def test_an_open_recording_keeps_every_value():
    with recording():
        x = make_input(np.ones(3))
        y = x + 1.0
    assert y.node.value is not None


def test_nodes_go_with_their_results():
    x = make_input(2.0)
    y = x * x
    seen = [weakref.ref(y)]
    before = alive()
    del y
    assert seen[0]() is None
    assert alive() < before


@pytest.mark.parametrize(
    "compute",
    [
        lambda: grad(lambda x: np.sin(x) * x)(1.0),
        lambda: grad(grad(lambda x: x**3))(1.0),
        lambda: jvp(lambda x: np.exp(x), (1.0,), (1.0,)),
        lambda: vjp(lambda x: x * x, np.ones(3))[1](np.ones(3)),
        lambda: linearize(lambda x: x * x, 1.0)[1](1.0),
        lambda: grad(lambda x: anp.array([x, x]).sum())(1.0),
    ],
)
def test_a_thousand_derivatives_leave_no_nodes_behind(compute):
    compute()
    before = alive()
    for _ in range(1000):
        compute()
    assert alive() <= before + 1


def test_traces_leave_no_nodes_behind():
    before = alive()
    for _ in range(20):
        trace(lambda x: x * x if x > 0 else x)(1.0).document()
    assert alive() <= before


def test_errors_leave_no_nodes_and_no_state_behind():
    def leaks(x):
        return float(x * x)

    def fails(x):
        raise RuntimeError("mine")

    def nested(x):
        return grad(lambda y: fails(y * x))(x)

    for f, error in ((leaks, LeakError), (fails, RuntimeError), (nested, RuntimeError)):
        for _ in range(3):
            with pytest.raises(error):
                grad(f)(1.0)
            assert not is_tracing()
            assert state.span is None
    gc.collect()
    before = alive()
    with pytest.raises(RuntimeError):
        grad(nested)(1.0)
    assert alive() <= before


def test_generators_that_are_abandoned_leave_no_state():
    def steps(x):
        for _ in range(5):
            yield grad(lambda y: y * y)(x)

    generator = steps(1.0)
    assert next(generator) == 2.0
    del generator
    assert not is_tracing()

    def f(x):
        return sum(x * i for i in (n for n in range(4)))

    assert grad(f)(1.0) == 6.0


def test_a_sweep_gives_back_the_span():
    grad(grad(lambda x: x * np.sin(x)))(1.0)
    assert state.span is None


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_a_million_instructions(mode):
    n = 1_000_000 if mode == "reverse" else 100_000

    def f(x):
        y = x
        for _ in range(n):
            y = y + x
        return y

    assert grad(f, mode=mode)(1.0) == n + 1.0


def test_long_nested_recordings_need_no_recursion():
    n = 20_000

    def f(x):
        y = x
        for _ in range(n):
            y = y * 0.5 + x
        return y

    assert grad(grad(lambda x: f(x) * x))(1.0) == pytest.approx(4.0, rel=1e-12)


def test_a_long_vjp_is_dropped_without_recursion():
    def f(x):
        for _ in range(100_000):
            x = x + 1.0
        return x

    _, pull = vjp(f, 1.0)
    assert pull(1.0) == (1.0,)
    before = alive()
    del pull, _
    assert alive() <= before - 100_000
