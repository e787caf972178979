"""Value and gradient through linear algebra, beside the value alone and beside autograd on the same BLAS."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.harness import Comparison, Sample, timed

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
    return [_comparison(name) for name in _losses(np, WEIGHTS, VECTOR)]


def _comparison(operation: str) -> Comparison:
    contenders = []
    for peer in PEERS:
        work = peers.value_and_grad(peer, _maker(operation), _losses(np, WEIGHTS, VECTOR)[operation][1])
        contenders.append(peers.contender(peer, _milliseconds(work) if work else None))
    loss, start = _losses(np, WEIGHTS, VECTOR)[operation]
    contenders.append(peers.contender("NumPy, value only", _milliseconds(lambda: loss(start))))
    bounds = {"autograd": 1.0, "NumPy, value only": 4.0}
    return Comparison(f"Value and gradient of {operation}, {SIZE} × {SIZE}, float64", "ms", contenders, bounds)


def _maker(operation: str) -> peers.Make:
    def make(xp: Any) -> Any:
        if getattr(xp, "__name__", "") == "torch":
            return _losses(xp, xp.tensor(WEIGHTS), xp.tensor(VECTOR))[operation][0]
        return _losses(xp, WEIGHTS, VECTOR)[operation][0]

    return make


def _milliseconds(work: peers.Work) -> Sample:
    sample = timed(work, seconds=0.1)
    return lambda: sample() / 1000
