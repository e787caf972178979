"""Gradients per example of a small network: `vmap(grad(loss))` beside a Python loop and the peers' own."""

from collections.abc import Callable
from typing import Any

import numpy as np

import adkit
from benchmarks import peers
from benchmarks.harness import Comparison, Sample, timed

BATCH, INPUTS, HIDDEN, CLASSES = 256, 16, 32, 10
PEERS = ("jax eager vmap", "jax.jit vmap (compiled)", "torch vmap")


def parameters() -> tuple[np.ndarray, ...]:
    """The weights and biases of two layers."""
    random = np.random.default_rng(0)
    shapes = [(HIDDEN, INPUTS), (HIDDEN,), (CLASSES, HIDDEN), (CLASSES,)]
    return tuple(random.normal(size=shape) / 4 for shape in shapes)


def examples() -> tuple[np.ndarray, np.ndarray]:
    """Inputs and one-hot classes of a batch."""
    random = np.random.default_rng(1)
    return random.normal(size=(BATCH, INPUTS)), np.eye(CLASSES)[random.integers(0, CLASSES, BATCH)]


def cross_entropy(xp: Any) -> Callable[..., Any]:
    """The loss of one example in the given library's own names."""

    def loss(parameters: Any, x: Any, target: Any) -> Any:
        w, b, v, c = parameters
        scores = v @ xp.tanh(w @ x + b) + c
        return xp.log(xp.exp(scores).sum()) - (scores * target).sum()

    return loss


def comparisons() -> list[Comparison]:
    own = adkit.grad(cross_entropy(np))
    batched = adkit.vmap(own, (None, 0, 0))
    weights, (xs, targets) = parameters(), examples()

    def loop() -> list[Any]:
        each = [own(weights, x, target) for x, target in zip(xs, targets)]
        return [np.stack(leaf) for leaf in zip(*each)]

    for mapped, looped in zip(batched(weights, xs, targets), loop()):
        assert np.allclose(mapped, looped, rtol=1e-10, atol=1e-12)
    contenders = [
        peers.contender("adkit", _milliseconds(timed(lambda: batched(weights, xs, targets)))),
        peers.contender("adkit, Python loop", _milliseconds(timed(loop))),
    ]
    for name in PEERS:
        work = _peer(name)
        contenders.append(peers.contender(name, _milliseconds(timed(work)) if work else None))
    title = f"Gradients per example of a network {INPUTS}-{HIDDEN}-{CLASSES}, batch {BATCH}, float64"
    return [Comparison(title, "ms", contenders, {"adkit, Python loop": 0.1})]


def _peer(name: str) -> peers.Work | None:
    """One library's gradients per example, or None where it is not installed."""
    module = peers.find(name.split()[0].removesuffix(".jit"))
    if module is None:
        return None
    weights, (xs, targets) = parameters(), examples()
    if name.startswith("torch"):
        of_batch = module.func.vmap(module.func.grad(cross_entropy(module)), (None, 0, 0))
        given = [tuple(map(module.tensor, weights)), module.tensor(xs), module.tensor(targets)]
        return lambda: of_batch(*given)
    arrays = module.numpy
    of_batch = module.vmap(module.grad(cross_entropy(arrays)), (None, 0, 0))
    of_batch = module.jit(of_batch) if name.startswith("jax.jit") else of_batch
    placed = [tuple(map(arrays.asarray, weights)), arrays.asarray(xs), arrays.asarray(targets)]
    return lambda: module.block_until_ready(of_batch(*placed))


def _milliseconds(sample: Sample) -> Sample:
    return lambda: sample() / 1000
