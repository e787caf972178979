"""Sparse derivatives of banded functions of 100,000 unknowns, beside one evaluation and grouped differences."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize._numdiff import approx_derivative, group_columns

import adkit
from benchmarks.harness import Comparison, Contender, timed

UNKNOWNS = 100_000


def broyden(x: Any) -> Any:
    """Broyden's tridiagonal residual, by slices."""
    made = (3 - 2 * x) * x + 1
    made[1:] -= x[:-1]
    made[:-1] -= 2 * x[1:]
    return made


def transport(x: Any) -> Any:
    """A pentadiagonal one, by shifts: advection, diffusion and a reaction."""
    slope = (np.roll(x, -1) - np.roll(x, 1)) / 2
    bend = np.roll(x, -2) - 4 * np.roll(x, -1) + 6 * x - 4 * np.roll(x, 1) + np.roll(x, 2)
    return x * slope + bend + np.exp(-x) * x


def pairs(x: Any) -> Any:
    """The energy of a chain, whose Hessian is tridiagonal."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def comparisons() -> list[Comparison]:
    x = np.linspace(-1.0, 1.0, UNKNOWNS)
    made = [_jacobian(f, name, x) for name, f in {"tridiagonal": broyden, "cyclic pentadiagonal": transport}.items()]
    return [*made, _planning(x), _hessian(x)]


def _jacobian(f: Callable[[Any], Any], name: str, x: np.ndarray) -> Comparison:
    plan = adkit.sparse_plan(f, x)
    pattern = plan.pattern.astype(float).tocsc()
    structure = (pattern, group_columns(pattern))
    contenders = [
        Contender("adkit", timed(lambda: plan(x))),
        Contender("the residual once", timed(lambda: f(x))),
        Contender("SciPy, differences", timed(lambda: approx_derivative(f, x, "2-point", sparsity=structure))),
    ]
    title = f"Sparse Jacobian of a {name} residual, {UNKNOWNS:,} unknowns, {plan.groups} {plan.direction} sweeps"
    return Comparison(title, "µs", contenders, {"the residual once": 20.0})


def _planning(x: np.ndarray) -> Comparison:
    contenders = [
        Contender("adkit", timed(lambda: adkit.sparse_plan(broyden, x))),
        Contender("the residual once", timed(lambda: broyden(x))),
    ]
    note = "once for all points: recording, pattern and colouring"
    return Comparison("The plan of the tridiagonal one", "µs", contenders, limit=5e6, note=note)


def _hessian(x: np.ndarray) -> Comparison:
    plan = adkit.sparse_plan(pairs, x, of="hessian")
    gradient = adkit.grad(pairs)
    contenders = [
        Contender("adkit", timed(lambda: plan(x))),
        Contender("the gradient once", timed(lambda: gradient(x))),
    ]
    title = f"Sparse Hessian of a chain's energy, {UNKNOWNS:,} unknowns, {plan.groups} sweeps"
    return Comparison(title, "µs", contenders)
