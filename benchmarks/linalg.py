"""Derivatives through linear algebra: value and gradient beside the peers on the same BLAS, and the derivative alone,
which is the reverse sweep after the value is there, beside the value in NumPy.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import adkit
from benchmarks import peers
from benchmarks.harness import Comparison, Contender, Sample, timed

SIZE = 300
PEERS = ("adkit", "autograd", "torch")
RANDOM = np.random.default_rng(0)
GENERAL = RANDOM.normal(size=(SIZE, SIZE)) / np.sqrt(SIZE) + 2 * np.eye(SIZE)
DEFINITE = GENERAL @ GENERAL.T
WEIGHTS = RANDOM.normal(size=(SIZE, SIZE))
VECTOR = WEIGHTS[0]

Losses = dict[str, tuple[Callable[..., Any], np.ndarray]]


def _losses(xp: Any, weights: Any, vector: Any) -> Losses:
    """One scalar function for each operation, that uses all of its results, and the matrix to take it at."""
    linalg = xp.linalg

    def eigh(a: Any) -> Any:
        w, v = linalg.eigh(a)
        return (w * vector).sum() + (v * v * weights).sum()

    def svd(a: Any) -> Any:
        u, s, vh = linalg.svd(a, full_matrices=False)
        return (s * vector).sum() + (u * u * weights).sum() + (vh * vh * weights).sum()

    return {
        "solve": (lambda a: (linalg.solve(a, vector) * vector).sum(), GENERAL),
        "solve, matrix on the right": (lambda a: (linalg.solve(a, weights) * weights).sum(), GENERAL),
        "inv": (lambda a: (linalg.inv(a) * weights).sum(), GENERAL),
        "det": (lambda a: linalg.det(a), GENERAL),
        "cholesky": (lambda a: (linalg.cholesky(a) * weights).sum(), DEFINITE),
        "eigh": (eigh, DEFINITE),
        "svd": (svd, GENERAL),
    }


def comparisons() -> list[Comparison]:
    return [made for name in _losses(np, WEIGHTS, VECTOR) for made in (_comparison(name), _derivative(name))]


def _derivative(operation: str) -> Comparison:
    loss, start = _losses(np, WEIGHTS, VECTOR)[operation]
    _, pull = adkit.vjp(loss, start)
    contenders = [
        Contender("adkit", _milliseconds(lambda: pull(1.0))),
        Contender("NumPy, value", _milliseconds(lambda: loss(start))),
    ]
    title = f"The derivative alone of {operation}, {SIZE} × {SIZE}, float64"
    return Comparison(title, "ms", contenders, {"NumPy, value": 4.0})


def _comparison(operation: str) -> Comparison:
    contenders = []
    for peer in PEERS:
        work = peers.value_and_grad(peer, _maker(operation), _losses(np, WEIGHTS, VECTOR)[operation][1])
        contenders.append(peers.contender(peer, _milliseconds(work) if work else None))
    loss, start = _losses(np, WEIGHTS, VECTOR)[operation]
    contenders.append(peers.contender("NumPy, value only", _milliseconds(lambda: loss(start))))
    title = f"Value and gradient of {operation}, {SIZE} × {SIZE}, float64"
    return Comparison(title, "ms", contenders, {"autograd": 1.0})


def _maker(operation: str) -> peers.Make:
    def make(xp: Any) -> Any:
        if getattr(xp, "__name__", "") == "torch":
            return _losses(xp, xp.tensor(WEIGHTS), xp.tensor(VECTOR))[operation][0]
        return _losses(xp, WEIGHTS, VECTOR)[operation][0]

    return make


def _milliseconds(work: peers.Work) -> Sample:
    sample = timed(work, seconds=0.1)
    return lambda: sample() / 1000
