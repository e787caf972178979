"""What a call of a `theano.function` costs beyond its expression; a training step, and the same by hand; the import."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import adkit.styles.theano as theano
import adkit.styles.theano.tensor as T
from benchmarks.harness import Comparison, Contender, Sample, timed

N, FEATURES = 400, 784
IMPORT = """
import time
import adkit
started = time.perf_counter()
import adkit.styles.theano
print((time.perf_counter() - started) * 1000)
"""


def comparisons() -> list[Comparison]:
    return [
        Comparison(
            "theano.function of two scalars, x·y + sin x: a call less the expression itself in NumPy",
            "µs",
            [Contender("adkit", _overhead())],
            limit=10,
        ),
        Comparison(
            f"Step of logistic regression, {N}×{FEATURES}: gradients and updates by theano.function, and by hand",
            "µs",
            [Contender("adkit", timed(_step())), Contender("NumPy by hand", timed(_step_by_hand()))],
        ),
        Comparison("Import of the style, on top of import adkit", "ms", [Contender("adkit", _import())], limit=50),
    ]


def _overhead() -> Sample:
    """The time of a call less that of the expression on the same scalars, both in one sample."""
    x, y = T.dscalars("x", "y")
    f = theano.function([x, y], x * y + T.sin(x))
    a, b = np.float64(2.0), np.float64(3.0)
    whole, bare = timed(lambda: f(2.0, 3.0), seconds=0.02), timed(lambda: a * b + np.sin(a), seconds=0.02)
    return lambda: whole() - bare()


def _data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, FEATURES)), rng.integers(0, 2, N).astype(float), rng.normal(size=FEATURES)


def _step() -> Callable[[], object]:
    inputs, targets, start = _data()
    x, y = T.dmatrix("x"), T.dvector("y")
    w, b = theano.shared(start, name="w"), theano.shared(0.0, name="b")
    p = 1 / (1 + T.exp(-T.dot(x, w) - b))
    cost = (-y * T.log(p) - (1 - y) * T.log(1 - p)).mean() + 0.01 * (w**2).sum()
    gw, gb = T.grad(cost, [w, b])
    train = theano.function([x, y], cost, updates=[(w, w - 0.1 * gw), (b, b - 0.1 * gb)])
    return lambda: train(inputs, targets)


def _step_by_hand() -> Callable[[], object]:
    x, y, w = _data()
    state: list[Any] = [w, 0.0]

    @np.errstate(all="ignore")  # as the compiled function
    def step() -> float:
        w, b = state
        p = 1 / (1 + np.exp(-(x @ w) - b))
        cost = (-y * np.log(p) - (1 - y) * np.log(1 - p)).mean() + 0.01 * (w**2).sum()
        error = (p - y) / N
        state[:] = w - 0.1 * (x.T @ error + 0.02 * w), b - 0.1 * error.sum()
        return float(cost)

    return step


def _import() -> Sample:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # as installed: compiled once

    def sample() -> float:
        command = [sys.executable, "-c", IMPORT]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return float(done.stdout.split()[-1])

    sample()  # once unmeasured: bytecode written, files in the cache
    return sample
