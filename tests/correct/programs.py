"""What the corpus and its tests agree on: the functions by name, and which of their arguments are differentiated.

Every module of `corpus` has plain functions of NumPy code and `INPUTS`, a dict from the name of a function to the
arguments to call it with. Floats and arrays of floats are differentiated.
"""

from __future__ import annotations

import importlib
import pathlib
from typing import Any

import numpy as np

FOLDER = pathlib.Path(__file__).parent / "corpus"


# Programs that plain `grad` refuses, which differentiates what NumPy dispatches: each needs `lift`, for this reason.
_FILLS = "fills an array that np.zeros, np.empty or np.eye made"
_MATH = "calls functions of math"
_CONVERTS = "makes an array of floats from traced values"
NEEDS_LIFT = {
    "finance-black_scholes": _MATH,
    "finance-inventory_dynamic_program": _FILLS,
    "learning-convolution_layer": _FILLS,
    "learning-recurrent_network": _FILLS,
    "matrices-gauss_elimination": _FILLS,
    "matrices-qr_by_givens": _FILLS,
    "matrices-cholesky_by_hand": _FILLS,
    "matrices-thomas_tridiagonal": _FILLS,
    "matrices-jacobi_eigenvalues": _FILLS,
    "physics-poisson_jacobi": _FILLS,
    "physics-poisson_gauss_seidel": _FILLS,
    "physics-harmonic_oscillator_spectrum": _FILLS,
    "physics-projectile_with_drag": _MATH,
    "signals-iir_filter": _FILLS,
    "signals-cubic_spline": _FILLS,
    "signals-soft_dtw": _FILLS,
    "signals-edit_distance": _FILLS,
    "signals-graph_laplacian_energy": _FILLS,
    "signals-shortest_path_relaxed": _FILLS,
    "simulation-lotka_volterra": _FILLS,
    "simulation-monod_chemostat": _CONVERTS,
    "statistics-ar_process": _FILLS,
    "statistics-bayesian_bandit": _FILLS,
}


class Program:
    """A function of the corpus with arguments."""

    def __init__(self, module: str, name: str, args: tuple[Any, ...]) -> None:
        self.module = importlib.import_module(f"tests.correct.corpus.{module}")
        self.path = FOLDER / f"{module}.py"
        self.name = name
        self.function = getattr(self.module, name)
        self.args = args
        self.id = f"{module}-{name}"

    @property
    def places(self) -> tuple[int, ...]:
        """The arguments that are differentiated."""
        return tuple(i for i, a in enumerate(self.args) if np.asarray(a).dtype.kind == "f")

    def along(self, place: int, direction: Any) -> Any:
        """The function of a step along a direction in one argument."""

        def f(t: Any) -> Any:
            args = list(self.args)
            args[place] = args[place] + t * direction
            return self.function(*args)

        return f


def corpus() -> list[Program]:
    """All programs."""
    found = []
    for path in sorted(FOLDER.glob("[a-z]*.py")):
        module = importlib.import_module(f"tests.correct.corpus.{path.stem}")
        found += [Program(path.stem, name, args) for name, args in module.INPUTS.items()]
    return found
