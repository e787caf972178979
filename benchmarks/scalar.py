"""The gradient of x² at a Python float: the fixed cost of one call, from a float to a float."""

import adkit
from benchmarks import peers
from benchmarks.harness import Comparison, timed

POINT = 3.0


def square(x: float) -> float:
    """x²."""
    return x**2


def comparisons() -> list[Comparison]:
    contenders = []
    for peer in (*peers.EAGER, "jax.jit (compiled)"):
        work = _gradient(peer)
        contenders.append(peers.contender(peer, timed(work) if work else None))
    return [Comparison("grad(lambda x: x**2)(3.0), per call", "µs", contenders, {"torch": 0.3, "autograd": 0.3})]


def _gradient(name: str) -> peers.Work | None:
    """One library's derivative of x² at a float, or None where the library is not installed."""
    if name == "adkit":
        own = adkit.grad(square)
        return lambda: own(POINT)
    module = peers.find(name.split()[0].removesuffix(".jit"))
    if module is None:
        return None
    if name == "torch":

        def work() -> object:
            x = module.tensor(POINT, dtype=module.float64, requires_grad=True)
            (slope,) = module.autograd.grad(square(x), x)
            return slope.item()

        return work
    theirs = module.grad(square)
    if name == "autograd":
        return lambda: theirs(POINT)
    if name.startswith("jax.jit"):
        theirs = module.jit(theirs)
    return lambda: theirs(POINT).item()
