"""Activations: elementwise functions and softmax, accurate at large arguments in value and derivative.

Each takes a number, an array or a traced one of a float dtype, and returns the same shape and dtype. At a kink the
derivative is the one that PyTorch takes, except where a docstring says otherwise. Not for: losses (`losses`).
"""

from __future__ import annotations

import math
from typing import Any

from ..numpy.arguments import ndim, one_axis, operand
from ..primitives import elementwise as rows
from ..primitives import softmax as softmax_rows
from ..primitives.special.errors import ndtr
from ..primitives.special.integrals import expit, log_expit

__adkit__ = True

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def relu(x: Any) -> Any:
    """max(x, 0); at 0 the derivative is 0, and NaN stays NaN.

    Example
    -------
    >>> import numpy as np
    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    return rows.relu(operand(x))


def relu6(x: Any) -> Any:
    """min(max(x, 0), 6); on both bounds the derivative is 1.

    Example
    -------
    >>> float(relu6(8.0))
    6.0
    """
    return rows.clip(operand(x), 0.0, 6.0)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x above 0, and slope · x below and at 0.

    Example
    -------
    >>> float(leaky_relu(-2.0, 0.1))
    -0.2
    """
    x = operand(x)
    return rows.where(rows.greater(x, 0), x, slope * x)


def _negative_part(x: Any) -> tuple[Any, Any]:
    """Where x is above 0, and x with 0 there, so that no exponential overflows."""
    above = rows.greater(x, 0)
    return above, rows.where(above, 0.0, x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x above 0, else alpha · (exp(x) − 1) (Clevert and others, 2015).

    Example
    -------
    >>> round(float(elu(-1.0)), 6)
    -0.632121
    """
    x = operand(x)
    above, below = _negative_part(x)
    return rows.where(above, x, alpha * rows.expm1(below))


def celu(x: Any, alpha: float = 1.0) -> Any:
    """x above 0, else alpha · (exp(x / alpha) − 1), whose slope is continuous for every alpha (Barron, 2017).

    Example
    -------
    >>> round(float(celu(-1.0, 2.0)), 6)
    -0.786939
    """
    x = operand(x)
    above, below = _negative_part(x)
    return rows.where(above, x, alpha * rows.expm1(below / alpha))


def selu(x: Any) -> Any:
    """`elu` with the scale and alpha that keep mean 0 and variance 1 (Klambauer and others, 2017).

    Example
    -------
    >>> round(float(selu(1.0)), 6)
    1.050701
    """
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


def gelu(x: Any, approximate: str = "none") -> Any:
    """x · Φ(x) with the normal distribution function Φ (Hendrycks and Gimpel, 2016).

    With `approximate="tanh"` it is x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))). Raises `ModeError` for another word.

    Example
    -------
    >>> round(float(gelu(1.0)), 6), round(float(gelu(1.0, "tanh")), 6)
    (0.841345, 0.841192)
    """
    x = operand(x)
    if approximate == "none":
        return x * ndtr(x)
    if approximate != "tanh":
        from ..errors import ModeError

        raise ModeError(f"gelu has no approximation {approximate!r}", fix="use approximate='none' or 'tanh'")
    # (1 + tanh u) / 2 is the logistic function of 2u, which does not cancel for negative u
    return x * expit((2 * math.sqrt(2 / math.pi)) * x * (1 + 0.044715 * rows.square(x)))


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(−x)), the logistic function.

    Example
    -------
    >>> float(sigmoid(0.0))
    0.5
    """
    return expit(operand(x))


def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)), which is x for very negative x and no −inf.

    Example
    -------
    >>> float(log_sigmoid(-1000.0))
    -1000.0
    """
    return log_expit(operand(x))


def softplus(x: Any, beta: float = 1.0) -> Any:
    """log(1 + exp(beta · x)) / beta, a smooth relu.

    Example
    -------
    >>> round(float(softplus(0.0)), 6), float(softplus(1000.0))
    (0.693147, 1000.0)
    """
    # by log_expit, whose derivatives keep their relative accuracy on both sides
    x = operand(x)
    return -log_expit(-x) if beta == 1.0 else log_expit(-beta * x) / -beta


def silu(x: Any) -> Any:
    """x · sigmoid(x), which is also called swish.

    Example
    -------
    >>> round(float(silu(1.0)), 6)
    0.731059
    """
    x = operand(x)
    return x * expit(x)


swish = silu


def mish(x: Any) -> Any:
    """x · tanh(softplus(x)) (Misra, 2019).

    Example
    -------
    >>> round(float(mish(1.0)), 6)
    0.865098
    """
    x = operand(x)
    return x * rows.tanh(softplus(x))


def softsign(x: Any) -> Any:
    """x / (1 + |x|).

    Example
    -------
    >>> float(softsign(-1.0))
    -0.5
    """
    x = operand(x)
    return x / (1 + rows.absolute(x))


def tanh(x: Any) -> Any:
    """The hyperbolic tangent.

    Example
    -------
    >>> float(tanh(0.0))
    0.0
    """
    return rows.tanh(operand(x))


def hard_tanh(x: Any, low: float = -1.0, high: float = 1.0) -> Any:
    """x within the bounds, else the bound; on the bounds the derivative is 1 (PyTorch: 0).

    Example
    -------
    >>> float(hard_tanh(3.0))
    1.0
    """
    return rows.clip(operand(x), low, high)


def hard_sigmoid(x: Any) -> Any:
    """x/6 + 1/2, cut to the interval from 0 to 1; on its ends the derivative is 1/6 (PyTorch: 0).

    Example
    -------
    >>> float(hard_sigmoid(0.0)), float(hard_sigmoid(-4.0))
    (0.5, 0.0)
    """
    return rows.clip(operand(x) / 6 + 0.5, 0.0, 1.0)


def hard_swish(x: Any) -> Any:
    """x · hard_sigmoid(x) (Howard and others, 2019).

    Example
    -------
    >>> float(hard_swish(3.0))
    3.0
    """
    x = operand(x)
    return x * hard_sigmoid(x)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """x − log Σ exp(x) along an axis, for arguments of any size; −inf is an impossible class.

    Example
    -------
    >>> import numpy as np
    >>> log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    x = operand(x)
    return softmax_rows.log_softmax(x, axis=(one_axis(axis, ndim(x)),))


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / Σ exp(x) along an axis.

    Example
    -------
    >>> import numpy as np
    >>> softmax(np.array([0.0, 0.0, -np.inf]))
    array([0.5, 0.5, 0. ])
    """
    return rows.exp(log_softmax(x, axis))
