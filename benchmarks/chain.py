"""Value and gradient of a chain of 1,000 small operations: what recording and sweeping cost, the arithmetic apart."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.harness import Comparison, timed

OPERATIONS = 1000
ELEMENTS = 10


def scaled(xp: Any, operations: int) -> peers.Loss:
    """y ← 1.1·sin(y): the scaling needs nothing kept, and what the sine needs is its argument alone."""

    def loss(x: Any) -> Any:
        y = x
        for _ in range(operations // 2):
            y = 1.1 * xp.sin(y)
        return y.sum()

    return loss


def products(xp: Any, operations: int) -> peers.Loss:
    """y ← sin(y)·x: every operation needs what went in, and x gathers a contribution from each product."""

    def loss(x: Any) -> Any:
        y = x
        for _ in range(operations // 2):
            y = xp.sin(y) * x
        return y.sum()

    return loss


CHAINS = {"1.1·sin(y)": scaled, "sin(y)·x": products}


def comparisons() -> list[Comparison]:
    return [_comparison(name) for name in CHAINS]


def _comparison(name: str) -> Comparison:
    start = np.linspace(0.5, 1.5, ELEMENTS)
    make = partial(CHAINS[name], operations=OPERATIONS)
    contenders = []
    for peer in peers.EAGER:
        work = peers.value_and_grad(peer, make, start)
        contenders.append(peers.contender(peer, timed(work, OPERATIONS) if work else None))
    contenders.append(peers.contender("NumPy, value only", timed(lambda: make(np)(start), OPERATIONS)))
    title = f"Value and gradient, chain y ← {name} of {OPERATIONS:,} operations on {ELEMENTS} elements, per operation"
    return Comparison(title, "µs", contenders, {"torch": 0.65, "autograd": 0.4})
