"""Names of Theano's that this style does not have, each with the way that adkit supports.

Not for: names that are there.
"""

from __future__ import annotations

from .errors import AbsentError, at_line

__adkit__ = True

_CPU = 'leave it out: functions are compiled to NumPy; for a GPU use adkit.settings(device="gpu") with adkit.grad'
_OPERATION = "write a function of T's operations; for a derivative of your own use adkit.custom_rule on NumPy code"
_COMPOSE = "compose it of operations that are there (dir(T)), or write NumPy code and use adkit.grad"
_SLIDING = "write it with dot products over T.arange windows, or adkit.numpy.convolve in a function of your own"
_LOOK = "theano.printing.debugprint(f), theano.pp(expression), or adkit.trace(f)(x), which draws itself in a notebook"

INSTEAD = {
    "sandbox": 'for random numbers use T.shared_randomstreams.RandomStreams; for a GPU adkit.settings(device="gpu")',
    "gpuarray": _CPU, "gpuarray_enabled": _CPU, "cuda": _CPU, "misc": _CPU, "gof": _OPERATION,
    "Op": _OPERATION, "OpFromGraph": _OPERATION, "as_op": _OPERATION, "compile": "call theano.function, which needs no "
    "mode; adkit.check_grads checks derivatives and adkit.why_nan finds where a NaN comes from",
    "sparse": "use dense variables, or adkit.sparse and scipy.sparse",
    "typed_list": "use theano.scan over arrays, or Python lists of variables", "d3viz": f"use {_LOOK}",
    "clone": "build the expression by a Python function, and call it again; or givens= of theano.function",
    "map_variables": "build the expression by a Python function, and call it again",
    "dot": "use T.dot", "sum": "use T.sum", "exp": "use T.exp", "tests": "use adkit.check_grads and pytest",
}  # fmt: skip
WITHIN = {
    "signal": _SLIDING, "nnet": _SLIDING, "opt": "leave it out: derivatives and programs are simplified by themselves",
    "raw_random": "use T.shared_randomstreams.RandomStreams", "fft": "use adkit.numpy.fft under adkit.grad",
    "grad_clip": "clip what T.grad gives: T.clip(T.grad(cost, w), low, high)",
    "grad_scale": "write m * x + theano.gradient.disconnected_grad((1 - m) * x)",
    "hessian_vector_product": "use T.Rop(T.grad(cost, x), x, v)",
}  # fmt: skip


def absent(name: str) -> Exception:
    """The error for `theano.name`.

    >>> absent("sparse").fix
    'use dense variables, or adkit.sparse and scipy.sparse'
    """
    if name.startswith("_"):
        return AttributeError(f"module 'adkit.styles.theano' has no attribute {name!r}")
    fix = INSTEAD.get(name, "use theano.tensor and theano.function (dir(theano) lists the names), or adkit.grad")
    return at_line(AbsentError, f"theano.{name} is not part of adkit's Theano style", fix)


def absent_within(module: str, name: str) -> Exception:
    """The error for a name of a module below `theano`, such as `T.nnet.conv2d`."""
    if name.startswith("_"):
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    fix = _SLIDING if "nnet" in module else WITHIN.get(name, _COMPOSE)
    return at_line(AbsentError, f"{module}.{name} is not part of adkit's Theano style", fix)
