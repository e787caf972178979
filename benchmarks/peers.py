"""The peers: each imported only where it is installed, all set up to compute the same thing in float64."""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

import adkit
from benchmarks.harness import Contender, Sample

Loss = Callable[[Any], Any]
Make = Callable[[Any], Loss]  # a library's namespace (one that has sin, exp, …) -> the function to be differentiated
Work = Callable[[], object]

EAGER = ("adkit", "torch", "autograd", "jax eager")


def find(name: str) -> ModuleType | None:
    """A peer's module, or None where it is not installed."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return None
    if name == "jax":
        module.config.update("jax_enable_x64", True)
    return module


def contender(name: str, sample: Sample | None) -> Contender:
    """A contender, or the line that says it is missing."""
    return Contender(name, sample) if sample else missing(name)


def missing(name: str) -> Contender:
    """The line of a peer that is not there."""
    package = name.split()[0].removesuffix(".jit")
    return Contender(name, None, f'{package} is not installed: pip install "adkit[bench]"')


def value_and_grad(name: str, make: Make, start: np.ndarray) -> Work | None:
    """One library's value and gradient of the function at an array, or None where the library is not installed."""
    if name == "adkit":
        own = adkit.value_and_grad(make(np))
        return lambda: own(start)
    module = find(name.split()[0].removesuffix(".jit"))
    if module is None:
        return None
    if name == "torch":
        return _torch(module, make(module), start)
    if name == "autograd":
        theirs = module.value_and_grad(make(importlib.import_module("autograd.numpy")))
        return lambda: theirs(start)
    return _jax(module, make, start, compiled=name.startswith("jax.jit"))


def _torch(torch: Any, loss: Loss, start: np.ndarray) -> Work:
    x = torch.tensor(start, requires_grad=True)

    def work() -> object:
        value = loss(x)
        return value, torch.autograd.grad(value, x)

    return work


def _jax(jax: Any, make: Make, start: np.ndarray, compiled: bool) -> Work:
    numpy = importlib.import_module("jax.numpy")
    theirs = jax.value_and_grad(make(numpy))
    if compiled:
        theirs = jax.jit(theirs)
    x = numpy.asarray(start)
    return lambda: jax.block_until_ready(theirs(x))
