"""Value and gradient of twelve elementwise operations on a large array: what the arithmetic costs, the calls apart."""

from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.harness import Comparison, Sample, timed

ELEMENTS = 10**6


def twelve(xp: Any) -> peers.Loss:
    """Twelve operations in the given library's own names, and the sum of the result."""

    def loss(x: Any) -> Any:
        a = xp.exp(-x)
        b = xp.sin(x) + xp.cos(a)
        c = xp.tanh(b) * a
        d = xp.sqrt(x + c * c)
        return xp.log(d + x).sum()

    return loss


def comparisons() -> list[Comparison]:
    start = np.linspace(0.5, 1.5, ELEMENTS)
    contenders = []
    for peer in (*peers.EAGER, "jax.jit (compiled)"):
        work = peers.value_and_grad(peer, twelve, start)
        sample = _milliseconds(timed(work)) if work else None
        contenders.append(peers.contender(peer, sample))
        if peer == "torch" and sample:
            contenders.append(peers.contender("torch, 1 thread", _one_thread(sample)))
    contenders.append(peers.contender("NumPy, value only", _milliseconds(timed(lambda: twelve(np)(start)))))
    title = f"Value and gradient, 12 elementwise operations on {ELEMENTS:,} elements, float64"
    note = "NumPy uses one thread, torch and jax as many as there are cores"
    return [Comparison(title, "ms", contenders, {"autograd": 1.0}, note=note)]


def _milliseconds(sample: Sample) -> Sample:
    return lambda: sample() / 1000


def _one_thread(sample: Sample) -> Sample:
    torch = peers.find("torch")
    assert torch

    def limited() -> float:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return sample()
        finally:
            torch.set_num_threads(threads)

    return limited
