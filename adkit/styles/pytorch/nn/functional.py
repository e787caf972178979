"""`torch.nn.functional`: layers, activations and losses as functions of tensors.

The mathematics is `adkit.nn`'s. Not for: parameters and modes (`layers`, `losses`).
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy

from .... import numpy as anp
from ....handle import TracedArray
from ....nn import activations, losses
from ....nn.layers import dropout as plain_dropout
from ....primitives import elementwise as rows
from ....primitives.special.integrals import xlogy
from ....tracing import keeping_constants
from ..errors import unknown
from ..functions import log_softmax, softmax
from ..operands import as_held, cast, dtype_of, plain, promoted, real_operand, wrap
from ..random import source
from ..recording import apply_linear, apply_mean, apply_unary, weighted_log_softmax

__adkit__ = True
__path__: list[str] = []  # `from torch.nn.functional import X` asks for a module X before it gives up

_getframe = sys._getframe


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input @ weight.T + bias."""
    return wrap(apply_linear(as_held(input), as_held(weight), None if bias is None else as_held(bias), _getframe(1)))


def relu(input: Any, inplace: bool = False) -> Any:
    """max(input, 0); at 0 the derivative is 0."""
    if inplace:
        return input.relu_()
    return wrap(apply_unary(rows.relu, _plain_relu, as_held(input), _getframe(1)))


def _plain_relu(x: Any) -> Any:
    return numpy.maximum(x, 0)


def _activation(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def activation(input: Any, *args: Any, inplace: bool = False, **options: Any) -> Any:
        return wrap(function(real_operand(as_held(input)), *args, **options))

    activation.__name__ = activation.__qualname__ = name
    activation.__doc__ = (function.__doc__ or "").split("\n")[0]
    return activation


tanh, sigmoid = _activation("tanh", activations.tanh), _activation("sigmoid", activations.sigmoid)
silu, mish = _activation("silu", activations.silu), _activation("mish", activations.mish)
elu, celu = _activation("elu", activations.elu), _activation("celu", activations.celu)
selu, gelu = _activation("selu", activations.selu), _activation("gelu", activations.gelu)
relu6, softsign = _activation("relu6", activations.relu6), _activation("softsign", activations.softsign)
logsigmoid = _activation("logsigmoid", activations.log_sigmoid)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """input above 0, and negative_slope · input below."""
    return wrap(activations.leaky_relu(as_held(input), negative_slope))


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(beta · input)) / beta, exact for numbers of any size, so that no threshold is needed."""
    return wrap(activations.softplus(real_operand(as_held(input)), float(beta)))


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Each element 0 with probability p, and the others divided by 1 − p; the input itself unless training."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    return wrap(plain_dropout(as_held(input), p, source(None)))


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """Labels as rows of zeros with one 1."""
    labels = plain(tensor)
    count = int(labels.max()) + 1 if num_classes == -1 else num_classes
    return wrap((labels[..., None] == numpy.arange(count)).astype(numpy.int64))


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """The input divided by its norm along an axis, at least eps."""
    return input / input.norm(p, dim, keepdim=True).clamp(min=eps)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """x1 · x2 / (|x1| |x2|) along an axis."""
    return wrap(losses.cosine_similarity(as_held(x1), as_held(x2), axis=dim))


# ------------------------------------------------------------------------------------------------ losses


def _pair(input: Any, target: Any) -> tuple[Any, Any]:
    """Two operands in one dtype and shape; other shapes are broadcast with PyTorch's warning."""
    a, b = as_held(input), as_held(target)
    if dtype_of(a) != dtype_of(b):
        a, b = promoted((a, b))
    if a.shape != b.shape:
        warnings.warn(
            f"Using a target size ({list(b.shape)}) that is different to the input size ({list(a.shape)}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=4,
        )
        shape = numpy.broadcast_shapes(a.shape, b.shape)
        a, b = anp.broadcast_to(a, shape), anp.broadcast_to(b, shape)
    return a, b


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The squared error (input − target)²."""
    a, b = _pair(input, target)
    if reduction == "mean" and (isinstance(a, TracedArray) or isinstance(b, TracedArray)):
        return wrap(apply_mean(losses.mse(a, b, reduction="none"), _getframe(1)))
    return wrap(losses.mse(a, b, reduction=_known(reduction)))


def _known(reduction: str) -> str:
    if reduction not in ("mean", "sum", "none"):
        raise unknown("reduction", reduction, "'mean', 'sum' or 'none'")
    return reduction


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The absolute error."""
    return wrap(losses.mae(*_pair(input, target), reduction=_known(reduction)))


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """d²/2 for |d| ≤ delta, else delta · (|d| − delta/2)."""
    return wrap(losses.huber(*_pair(input, target), delta, reduction=_known(reduction)))


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """`huber_loss` with delta = beta, divided by beta."""
    return wrap(losses.smooth_l1(*_pair(input, target), beta, reduction=_known(reduction)))


def binary_cross_entropy_with_logits(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The cross entropy of sigmoid(input), for logits of any size."""
    return wrap(losses.binary_cross_entropy_with_logits(*_pair(input, target), reduction=_known(reduction)))


def binary_cross_entropy(input: Any, target: Any, reduction: str = "mean") -> Any:
    """−target · log input − (1 − target) · log(1 − input), with logarithms not below −100."""
    p, t = _pair(input, target)
    low = dtype_of(p).type(-100.0)
    loss = -(t * anp.maximum(rows.log(p), low) + (1 - t) * anp.maximum(rows.log1p(-p), low))
    return wrap(_reduced(loss, _known(reduction)))


def _reduced(loss: Any, reduction: str) -> Any:
    return anp.mean(loss) if reduction == "mean" else anp.sum(loss) if reduction == "sum" else loss


def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Any:
    """Minus the log-probability of each label; classes are along axis 1 (0 of a vector)."""
    x = as_held(input)
    return wrap(_nll(x, plain(target), weight, ignore_index, _known(reduction)))


def _nll(logs: Any, labels: Any, weight: Any, ignore_index: int, reduction: str, smoothing: float = 0.0) -> Any:
    axis = 1 if len(logs.shape) > 1 else 0
    counted = labels != ignore_index
    if weight is None and counted.all():
        loss = losses.nll(logs, labels, axis=axis, reduction="none")
        if smoothing:
            loss = (1 - smoothing) * loss - smoothing * anp.mean(logs, axis)
        return _reduced(loss, reduction)
    chosen = numpy.where(counted, labels, 0)
    classes = numpy.ones(logs.shape[axis], dtype_of(logs)) if weight is None else plain(weight)
    weights = classes[chosen] * counted
    loss = weights * losses.nll(logs, chosen, axis=axis, reduction="none")
    if smoothing:
        every = classes.reshape((-1,) + (1,) * (len(logs.shape) - 1 - axis)) * logs
        smooth = -anp.sum(every, axis) * counted / logs.shape[axis]
        loss = (1 - smoothing) * loss + smoothing * smooth
    return anp.sum(loss) / weights.sum() if reduction == "mean" else _reduced(loss, reduction)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """−log softmax(input) at each label, or its mean under probabilities; classes are along axis 1 (0 of a vector)."""
    x, labels = as_held(input), as_held(target)
    _known(reduction)
    axis = 1 if len(x.shape) > 1 else 0
    kind = dtype_of(labels).kind
    if kind in "iu":
        made = _short_cross_entropy(x, plain(labels), weight, ignore_index, reduction, label_smoothing)
        if made is not None:
            return wrap(made)
        logs = activations.log_softmax(x, axis)
        return wrap(_nll(logs, plain(labels), weight, ignore_index, reduction, label_smoothing))
    labels = cast(labels, dtype_of(x))
    if weight is None:
        loss = losses.cross_entropy(x, _smoothed(labels, label_smoothing, axis), axis=axis, reduction="none")
    else:
        shaped = plain(weight).reshape((-1,) + (1,) * (len(x.shape) - 1 - axis))
        smooth = _smoothed(labels, label_smoothing, axis)
        loss = -anp.sum(smooth * shaped * activations.log_softmax(x, axis), axis)
    return wrap(_reduced(loss, reduction))


def _short_cross_entropy(x: Any, labels: Any, weight: Any, ignored: int, reduction: str, smoothing: float) -> Any:
    """The loss as one product of log softmax with constant weights; None where a matrix of finite logits and labels
    is not what is given, or a recording is open, which shows the loss as `adkit.nn` computes it.
    """
    if type(x) is not TracedArray or len(x.shape) != 2 or labels.shape != x.shape[:1] or reduction == "none":
        return None
    count, classes = x.shape
    if not count or keeping_constants():
        return None
    dtype = x.value.dtype
    weights = numpy.zeros(x.shape, dtype)
    low, high = numpy.minimum.reduce(labels), numpy.maximum.reduce(labels)
    if weight is None and not smoothing and 0 <= low and high < classes and not 0 <= ignored < classes:
        weights[numpy.arange(count), labels] = -1.0 / count if reduction == "mean" else -1.0
    else:
        counted = labels != ignored
        chosen = numpy.where(counted, labels, 0)
        if chosen.min() < 0 or chosen.max() >= classes:
            return None
        each = numpy.ones(classes, dtype) if weight is None else plain(weight).astype(dtype)
        given = each[chosen] * counted
        total = -given.sum() if reduction == "mean" else -1.0
        weights[numpy.arange(count), chosen] = (1 - smoothing) * given / total
        if smoothing:
            weights += (smoothing / classes / total) * each * counted[:, None]
    made = weighted_log_softmax(x, weights, 1, _getframe(2))
    return made if math.isfinite(made.value) else None


def _smoothed(target: Any, smoothing: float, axis: int) -> Any:
    return target if not smoothing else target * (1 - smoothing) + smoothing / target.shape[axis]


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """Σ target · (log target − input), as PyTorch's, whose "mean" is over elements; use "batchmean"."""
    a, b = _pair(input, target)
    if log_target:
        each = rows.exp(b) * (b - a)
    else:
        each = xlogy(b, b) - rows.strong_multiply(b, a)
    return wrap(anp.sum(each) / a.shape[0] if reduction == "batchmean" else _reduced(each, _known(reduction)))


__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu", "cosine_similarity", "cross_entropy", "dropout",
    "elu", "gelu", "huber_loss", "kl_div", "l1_loss", "leaky_relu", "linear", "log_softmax", "logsigmoid", "mish",
    "mse_loss", "nll_loss", "normalize", "one_hot", "relu", "relu6", "selu", "sigmoid", "silu", "smooth_l1_loss",
    "softmax", "softplus", "softsign", "tanh",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    from ..errors import missing

    if name.startswith("__"):
        raise AttributeError(name)
    raise missing(f"torch.nn.functional.{name}", "write it with tensor operations, or with adkit.nn")
