"""`tf.nn`: activations, dropout, and the cross-entropies of logits, numerically stable.

Not for: layers (`keras.layers`).
"""

from __future__ import annotations

import sys
from typing import Any

import numpy

from ...primitives import elementwise as rows
from . import random
from .arrays import _shape, one_hot, where
from .elementwise import _of_kind, exp, log1p, tensor
from .elementwise import abs as absolute
from .errors import InvalidArgumentError, at_line
from .linalg import l2_normalize as l2_normalize
from .operators import unary
from .reduction import reduce_mean, reduce_sum
from .tensor import Tensor, wrap

__adkit__ = True
__path__: list[str] = []  # `from tensorflow.nn import X` asks for a module X before it gives up

_getframe = sys._getframe


def _core(name: str, x: Any, **options: Any) -> Tensor:
    """A function of `adkit.nn` on a float tensor."""
    from ... import nn

    with numpy.errstate(all="ignore"):
        return wrap(getattr(nn, name)(_of_kind(x, "f", name)._read(), **options))


def relu(features: Any, name: str | None = None) -> Tensor:
    """max(x, 0), with the derivative 0 at 0.

    Example
    -------
    >>> relu([-1.0, 2.0]).numpy()
    array([0., 2.], dtype=float32)
    """
    x = _of_kind(features, "fiu", "relu")
    return unary(rows.relu, _rectified, x, _getframe(1))


def _rectified(x: Any) -> Any:
    return numpy.maximum(x, x.dtype.type(0))


def relu6(features: Any, name: str | None = None) -> Tensor:
    """min(max(x, 0), 6), with the derivative 0 at both bounds."""
    x = tensor(features)
    return where(x > 0, where(x < 6, x, 6), 0)


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Tensor:
    """x where it is positive, else alpha · x."""
    return _core("leaky_relu", features, slope=alpha)


def elu(features: Any, name: str | None = None) -> Tensor:
    """x where it is positive, else exp(x) − 1."""
    return _core("elu", features)


def selu(features: Any, name: str | None = None) -> Tensor:
    """The scaled exponential linear unit. Source: Klambauer et al., "Self-normalizing neural networks" (2017)."""
    return _core("selu", features)


def sigmoid(x: Any, name: str | None = None) -> Tensor:
    """1 / (1 + exp(−x)), without overflow.

    Example
    -------
    >>> sigmoid([0.0, -1000.0]).numpy()
    array([0.5, 0. ], dtype=float32)
    """
    return _core("sigmoid", x)


def silu(features: Any, beta: float = 1.0, name: str | None = None) -> Tensor:
    """x · sigmoid(beta · x)."""
    x = tensor(features)
    return _core("silu", x) if beta == 1 else x * sigmoid(x * beta)


swish = silu


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Tensor:
    """x Φ(x), with the distribution function Φ of the normal distribution or an approximation of it by tanh."""
    return _core("gelu", features, approximate="tanh" if approximate else "none")


def softplus(features: Any, name: str | None = None) -> Tensor:
    """log(1 + exp(x)), without overflow."""
    return _core("softplus", features)


def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """log sigmoid(x), without overflow."""
    return _core("log_sigmoid", x)


def softsign(features: Any, name: str | None = None) -> Tensor:
    """x / (1 + |x|)."""
    return _core("softsign", features)


def softmax(logits: Any, axis: Any = -1, name: str | None = None) -> Tensor:
    """exp(x) / Σ exp(x) along an axis, without overflow.

    Example
    -------
    >>> softmax([1000.0, 1000.0]).numpy()
    array([0.5, 0.5], dtype=float32)
    """
    return _core("softmax", logits, axis=-1 if axis is None else axis)


def log_softmax(logits: Any, axis: Any = -1, name: str | None = None) -> Tensor:
    """log softmax(x) along an axis, without overflow."""
    return _core("log_softmax", logits, axis=-1 if axis is None else axis)


def dropout(x: Any, rate: float, noise_shape: Any = None, seed: int | None = None, name: str | None = None) -> Tensor:
    """Each element 0 with the probability `rate`, the others divided by 1 − rate."""
    made = _of_kind(x, "f", "dropout")
    if not 0 <= rate < 1:
        message = f"rate must be in [0, 1), and it is {rate}"
        raise at_line(InvalidArgumentError, message, "pass the share of elements to drop")
    if rate == 0:
        return made if isinstance(made, Tensor) else made.value()
    shape = made._value.shape if noise_shape is None else _shape(noise_shape)
    kept = random.uniform(shape, dtype=made.dtype, seed=seed)._value >= rate
    return made * Tensor((kept / (1 - rate)).astype(made._value.dtype))


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Tensor:
    """−log softmax(logits) at the labels, which are whole numbers; of the shape of the labels.

    Example
    -------
    >>> sparse_softmax_cross_entropy_with_logits([0], [[0.0, 0.0]]).numpy()
    array([0.6931472], dtype=float32)
    """
    given = tensor(labels)
    x = tensor(logits)
    if given._value.dtype.kind not in "iu" or given._value.shape != x._value.shape[:-1]:
        raise at_line(
            InvalidArgumentError,
            f"labels of shape {given._value.shape} and dtype {given.dtype.name} do not go with logits of shape "
            f"{x._value.shape}",
            "pass whole numbers in the shape of the logits without their last axis",
        )
    return softmax_cross_entropy_with_logits(one_hot(given, x._value.shape[-1], dtype=x.dtype), x)


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: Any = -1, name: str | None = None) -> Tensor:
    """−Σ labels · log softmax(logits) along an axis."""
    return -reduce_sum(tensor(labels) * log_softmax(logits, axis), axis)


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Tensor:
    """max(x, 0) − x · labels + log(1 + exp(−|x|)) for logits x."""
    x = tensor(logits)
    return relu(x) - x * labels + log1p(exp(-absolute(x)))


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Half the sum of squares."""
    from .elementwise import square

    return reduce_sum(square(t)) / 2


def moments(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Mean and variance along axes."""
    from .reduction import reduce_variance

    return reduce_mean(x, axes, keepdims), reduce_variance(x, axes, keepdims)


def bias_add(value: Any, bias: Any, data_format: Any = None, name: str | None = None) -> Tensor:
    """value + bias along the last axis."""
    return tensor(value) + bias


def embedding_lookup(params: Any, ids: Any, name: str | None = None) -> Tensor:
    """The rows of a matrix at these indices."""
    from .arrays import gather

    return gather(params, ids)


def crelu(features: Any, axis: int = -1, name: str | None = None) -> Tensor:
    """relu of x and of −x, one after the other."""
    from .arrays import concat

    x = tensor(features)
    return concat([relu(x), relu(-x)], axis)


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The share of elements that are 0."""
    return Tensor(numpy.float32(numpy.mean(tensor(value)._value == 0)))


def __getattr__(name: str) -> Any:
    from .refusals import absent

    raise absent("nn", name)
