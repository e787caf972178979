"""What derivative calls leave behind, counted in a process of its own: `python -m tests.correct.leftovers`.

Other tests' threads, caches and event loops allocate too, so counting beside them would depend on which ran before.
Prints a JSON object: per call, how much each round left. Not for: what is too much (`test_memory`).
"""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import adkit
import adkit.numpy as anp
from adkit import derivative, grad, hessian, hvp, jacobian, jvp, lift, linearize, sparse_plan, taylor, trace, vjp

X = np.array([0.5, 1.5, 2.5])
TIMES = 60
# Caches fill and free lists grow for a while; what leaks grows in every round.
MOST_ROUNDS = 25
LEAK = "a leak of one small object per call"


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


def branching_free(x):
    return np.sin(x) * x


def fails(x):
    y = np.sin(x) * x
    raise RuntimeError(str(float(y.shape[0])))


def failed_grad():
    try:
        grad(fails)(X)
    except RuntimeError:
        return
    raise AssertionError("the function's own error did not come through")


PLAN = sparse_plan(np.sin, X)

CALLS: dict[str, Callable[[], Any]] = {
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
    "an error": failed_grad,
    "a plan of a sparse Jacobian": lambda: PLAN(X),
}


def repeated(call: Callable[[], Any]) -> tuple[int, int]:
    """How many bytes and how many objects that gc knows exist after so many calls more."""
    for _ in range(TIMES):
        call()
    gc.collect()
    return tracemalloc.get_traced_memory()[0], len(gc.get_objects())


def rounds(call: Callable[[], Any]) -> list[tuple[int, int]]:
    """Bytes and objects per call that each round left, until one left less than an object, at most `MOST_ROUNDS`."""
    tracemalloc.start()
    try:
        repeated(call)
        found, before = [], repeated(call)
        while len(found) < MOST_ROUNDS and not (found and settled(found[-1])):
            after = repeated(call)
            found.append((after[0] - before[0], after[1] - before[1]))
            before = after
    finally:
        tracemalloc.stop()
    return found


def settled(left: tuple[int, int]) -> bool:
    """Whether a round left less than the smallest object (16 bytes) per call, and no object that gc knows."""
    return left[0] < 16 * TIMES and left[1] < TIMES // 20


if __name__ == "__main__":
    kept: list[object] = []
    leak = {LEAK: lambda: kept.append(object())}  # shows that one is found
    json.dump({name: rounds(call) for name, call in {**CALLS, **leak}.items()}, sys.stdout)
