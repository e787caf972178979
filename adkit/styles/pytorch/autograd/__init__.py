"""`torch.autograd`: `grad backward Variable Function gradcheck functional`, and the modes.

Not for: derivatives of plain NumPy code (`adkit.grad`).
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy

from ....check import check_grads
from ....errors import CheckError
from ..errors import GradcheckError, missing, refuse
from ..graph import cotangents, tell
from ..modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from ..operands import from_data, plain, wrap
from ..tensors import Tensor, run_backward, seeds
from . import function
from .function import Function

__adkit__ = True


def _listed(given: Any) -> list[Any]:
    return [given] if isinstance(given, Tensor) else list(given)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the derivatives of the sum of tensors, each times its cotangent, to the `grad` of the leaves."""
    outputs = _listed(tensors)
    given = [None] * len(outputs) if grad_tensors is None else _listed(grad_tensors)
    run_backward(outputs, given, inputs, retain_graph, create_graph)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The derivatives of the sum of `outputs`, each times its `grad_outputs`, by `inputs`, in a tuple.

    Parameters
    ----------
    create_graph: record the pass, so that the results can be differentiated again.
    allow_unused: `None` for an input that no output depends on, instead of an error.
    materialize_grads: zeros for such an input.

    Nothing is accumulated into `grad`. Raises an error that is a `RuntimeError` as `Tensor.backward` does.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> (first,) = torch.autograd.grad(x**3, x, create_graph=True)
    >>> (second,) = torch.autograd.grad(first, x)
    >>> first.item(), second.item()
    (12.0, 12.0)
    """
    if is_grads_batched:
        raise missing("autograd.grad(is_grads_batched=True)", "use torch.autograd.functional.jacobian, or adkit.vmap")
    sources, targets = _listed(outputs), _listed(inputs)
    given = [None] * len(sources) if grad_outputs is None else _listed(grad_outputs)
    for target in targets:
        if not target.requires_grad:
            raise refuse("One of the differentiated Tensors does not require grad", "set requires_grad=True on it")
    retain = create_graph if retain_graph is None else retain_graph
    nodes = [target._h.node for target in targets]
    _, found = cotangents(seeds(sources, given, create_graph), nodes, retain, create_graph)
    results = tuple(
        _result(i, target, g, create_graph, bool(allow_unused), materialize_grads)
        for i, (target, g) in enumerate(zip(targets, found, strict=True))
    )
    tell(sources[0], list(results))
    return results


def _result(index: int, target: Any, g: Any, create_graph: bool, allow_unused: bool, materialize: bool) -> Any:
    if g is None:
        if materialize:
            return wrap(numpy.zeros_like(plain(target)))
        if allow_unused:
            return None
        raise refuse(
            f"The differentiated Tensor at index {index} appears to not have been used in the graph",
            "set allow_unused=True if this is the desired behavior",
        )
    if target._hooks and target.is_leaf:
        g = target._run_hooks(g, create_graph)
    return wrap(g)


def Variable(data: Any, requires_grad: bool = False) -> Any:
    """A tensor onto the values of another one; tensors have done without this since PyTorch 0.4.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> torch.autograd.Variable(torch.ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)
    """
    made = data.detach() if isinstance(data, Tensor) else wrap(from_data(data))
    return made.requires_grad_() if requires_grad else made


def gradcheck(
    func: Any,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    **options: Any,
) -> bool:
    """Whether the derivatives of `func` at `inputs` agree with differences.

    The comparison is `adkit.check_grads`: Ridders' extrapolation with its own estimate of the error, in float64, so
    `eps`, `atol` and `rtol` are not needed and not used. Raises a `CheckError` that is a `RuntimeError` too for a
    derivative that disagrees, unless `raise_exception=False`.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> torch.autograd.gradcheck(torch.sin, torch.tensor([0.5], dtype=torch.float64, requires_grad=True))
    True
    """
    return _checked(func, _listed(inputs), 1, raise_exception)


def gradgradcheck(func: Any, inputs: Any, grad_outputs: Any = None, *, raise_exception: bool = True, **_: Any) -> bool:
    """`gradcheck` of the second derivatives too."""
    return _checked(func, _listed(inputs), 2, raise_exception)


def _checked(func: Any, inputs: list[Any], order: int, raising: bool) -> bool:
    places = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not places:
        raise refuse(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have "
            "requires_grad=True",
            "set requires_grad=True on an input",
        )

    def plainly(*values: Any) -> Any:
        arguments = list(inputs)
        for i, value in zip(places, values, strict=True):
            arguments[i] = wrap(value)
        out = func(*arguments)
        return [o._h for o in out] if isinstance(out, (tuple, list)) else out._h

    points = [numpy.asarray(plain(inputs[i]), numpy.float64) for i in places]
    try:
        check_grads(plainly, tuple(points), order=order)
    except CheckError as error:
        if raising:
            message = f"Jacobian mismatch: {error.message}"
            raise GradcheckError(message, fix=error.fix, filename=error.filename, line=error.line) from error
        return False
    return True


_NAN = "use adkit.why_nan(f, x), or %%grad --nan on top of the cell: they name the operation and the line"
_OTHERWISE = "use Tensor.backward, autograd.grad, or the transformations of adkit"
_INSTEAD = {
    "detect_anomaly": _NAN, "set_detect_anomaly": _NAN, "anomaly_mode": _NAN,
    "forward_ad": "use torch.autograd.functional.jvp, or adkit.jvp on a function of arrays",
    "graph": "use tensor.register_hook and retain_grad; adkit.checkpoint saves memory",
    "profiler": "use adkit.diagnose.cost, or %%grad --flow",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "functional":
        return importlib.import_module(".functional", __name__)
    if name.startswith("__"):
        raise AttributeError(name)
    raise missing(f"torch.autograd.{name}", _INSTEAD.get(name, _OTHERWISE))


__all__ = [
    "Function",
    "Variable",
    "backward",
    "enable_grad",
    "function",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "no_grad",
    "set_grad_enabled",
]
