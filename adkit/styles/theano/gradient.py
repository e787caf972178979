"""`theano.gradient`: derivatives, their errors, and expressions through which none passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .differentiation import Lop, Rop, grad, hessian, jacobian
from .errors import DisconnectedInputError
from .graph import Variable, as_variable
from .tensor.reduction import STOPPED

__adkit__ = True
__path__: list[str] = []  # `from theano.gradient import X` asks for a module X before it gives up


def disconnected_grad(x: Any) -> Variable:
    """The value of x; no derivative passes, and a variable that is reached by this way alone counts as disconnected.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x = T.dscalar("x")
    >>> grad(x * disconnected_grad(x), x).eval({x: 3.0})
    array(3.)
    """
    return STOPPED(x)


consider_constant = zero_grad = disconnected_grad


def verify_grad(fun: Callable[..., Any], pt: Sequence[Any], n_tests: int = 2, rng: Any = None, **options: Any) -> None:
    """Check the derivative of an expression against adkit's numerical references; `CheckError` where they disagree.

    Parameters
    ----------
    fun: a function from symbolic variables to an expression.
    pt: the values of the variables.
    """
    import numpy

    from ...check import check_grads
    from .functions import function
    from .graph import TensorType

    values = [numpy.asarray(p) for p in pt]
    variables = [TensorType(v.dtype, (False,) * v.ndim)(f"x{i}") for i, v in enumerate(values)]
    compiled = function(variables, as_variable(fun(*variables)))
    check_grads(compiled, tuple(v[()] for v in values))


def __getattr__(name: str) -> Any:
    from .refused import absent_within

    raise absent_within("theano.gradient", name)


__all__ = [
    "DisconnectedInputError",
    "Lop",
    "Rop",
    "consider_constant",
    "disconnected_grad",
    "grad",
    "hessian",
    "jacobian",
    "verify_grad",
    "zero_grad",
]
