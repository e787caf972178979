"""A thousand derivatives leave nothing behind: no bytes by tracemalloc, no objects by gc, no cycles for gc to find."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

import adkit
import adkit.numpy as anp
from adkit import derivative, grad, hessian, hvp, jacobian, jvp, lift, linearize, taylor, trace, vjp

X = np.array([0.5, 1.5, 2.5])


def smooth(x):
    return np.sum(np.sin(x) * np.exp(-x * x))


def filled(x):
    y = anp.zeros(6)
    for i in range(3):
        y[i] = x[i] ** 2
        y[3:][i] += y[i]
    return np.linalg.norm(y)


def solved(x):
    return np.linalg.solve(anp.diag(x) + np.ones((3, 3)), x).sum()


def branching(x):
    return x * x if x > 0 else -x


CALLS = {
    "grad": lambda: grad(smooth)(X),
    "grad of assignments": lambda: grad(filled)(X),
    "grad of linear algebra": lambda: grad(solved)(X),
    "forward grad": lambda: grad(smooth, mode="forward")(X),
    "jvp": lambda: jvp(smooth, (X,), (X,)),
    "vjp": lambda: vjp(np.tanh, X)[1](X),
    "linearize": lambda: linearize(np.tanh, X)[1](X),
    "hessian": lambda: hessian(smooth)(X),
    "jacobian": lambda: jacobian(np.tanh)(X),
    "hvp": lambda: hvp(smooth, X, X),
    "grad of grad": lambda: grad(lambda x: grad(smooth)(x).sum())(X),
    "derivative": lambda: derivative(lambda x: np.sin(x) * x**3, 4)(0.5),
    "taylor of linear algebra": lambda: taylor(lambda t: solved(X * t), 1.0, 3),
    "lift": lambda: grad(lift(smooth))(X),
    "trace": lambda: trace(branching)(1.5).document(),
    "vmap": lambda: adkit.vmap(grad(branching_free))(X),
}

SLOW = {"trace", "hessian", "grad of grad", "taylor of linear algebra", "vmap", "grad of linear algebra", "hvp"}


def branching_free(x):
    return np.sin(x) * x


def counted(call, times):
    """How many bytes and objects exist after so many calls, and how many objects only gc found."""
    for _ in range(times):
        call()
    found = gc.collect()
    return tracemalloc.get_traced_memory()[0], len(gc.get_objects()), found


@pytest.mark.parametrize("name", CALLS)
def test_a_thousand_calls_leave_nothing_behind(name):
    """Caches fill and free lists grow for a while; what leaks grows in every round."""
    call = CALLS[name]
    times = 100 if name in SLOW else 250
    tracemalloc.start()
    try:
        counted(call, 20)
        rounds = [counted(call, times) for _ in range(5)]
    finally:
        tracemalloc.stop()
    grown = [[b - a for a, b in zip(before, after)] for before, after in zip(rounds, rounds[1:])]
    assert min(count for count, _, _ in grown) <= 16 * times, "less than an object per call"
    assert min(objects for _, objects, _ in grown) <= 2


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"trace"}))
def test_nothing_waits_for_the_garbage_collector(name):
    """Recordings are freed as soon as their results are, so that peaks do not depend on when gc runs."""
    call = CALLS[name]
    counted(call, 5)
    gc.disable()
    try:
        before = sum(type(thing) is adkit.nodes.Node for thing in gc.get_objects())
        for _ in range(50):
            call()
        after = sum(type(thing) is adkit.nodes.Node for thing in gc.get_objects())
    finally:
        gc.enable()
    assert after <= before


def test_errors_leave_nothing_behind():
    def fails(x):
        y = np.sin(x) * x
        raise RuntimeError(str(float(y.shape[0])))

    def call():
        with pytest.raises(RuntimeError):
            grad(fails)(X)

    tracemalloc.start()
    try:
        counted(call, 20)
        before = counted(call, 1)[0]
        after = counted(call, 200)[0]
    finally:
        tracemalloc.stop()
    assert after - before <= 20 * 200


def test_a_long_list_is_swept_in_every_way_without_recursion():
    n = 100_000

    def f(x):
        for _ in range(n):
            x = x * 0.999999 + 1e-6
        return x

    slope = 0.999999**n
    assert grad(f)(0.5) == pytest.approx(slope, rel=1e-9)
    assert jvp(f, (0.5,), (1.0,))[1] == pytest.approx(slope, rel=1e-9)
    assert derivative(f, 2)(0.5) == 0.0
    value, pull = vjp(f, 0.5)
    assert pull(1.0)[0] == pytest.approx(slope, rel=1e-9)
    del value, pull
