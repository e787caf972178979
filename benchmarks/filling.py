"""Filling an array element by element and differentiating: the time per element must not grow with the array.

The peer is adkit itself at a tenth of the elements, so "adkit's share" is the ratio of the times per element, 1 where
the cost is linear in the count.
"""

from collections.abc import Callable

import numpy as np

import adkit
import adkit.numpy as anp
from benchmarks.harness import Comparison, Contender, timed

LARGE, SMALL = 100_000, 10_000
ALLOWED = 1.5  # caches of the processor count too


def filled(n: int) -> Callable[[float], float]:
    """Σ yᵢ² of an array of n elements that is filled one by one."""

    def f(x: float) -> float:
        y = anp.zeros(n)
        for i in range(n):
            y[i] = x * i
        return (y * y).sum()

    return f


def chained(n: int) -> Callable[[float], float]:
    """The same, where each element is computed from the one before, which is read from the array."""

    def f(x: float) -> float:
        y = anp.zeros(n)
        y[0] = x
        for i in range(1, n):
            y[i] = y[i - 1] * 0.5 + x
        return np.sum(y)

    return f


def comparisons() -> list[Comparison]:
    found = []
    for make, what in ((filled, "y[i] = x * i"), (chained, "y[i] = y[i - 1] * 0.5 + x")):
        for mode in ("reverse", "forward"):
            contenders = [
                Contender(name, timed(_work(make(n), mode), per=n))
                for name, n in ((f"{LARGE:,} elements", LARGE), (f"{SMALL:,} elements", SMALL))
            ]
            title = f"Filling an array by {what} and its gradient in {mode} mode, per element"
            found.append(Comparison(title, "µs", contenders, {f"{SMALL:,} elements": ALLOWED}))
    return found


def _work(f: Callable[[float], float], mode: str) -> Callable[[], object]:
    gradient = adkit.grad(f, mode=mode)
    return lambda: gradient(0.5)
