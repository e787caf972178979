"""Losses: how far a prediction is from a target, reduced to one number.

The prediction comes first and the target second. `reduction` is "mean", "sum", or "none" for one loss per element (or
per example, where a loss reduces along an axis of its own). Targets of another shape than the prediction are an error
and not broadcast, since (n, 1) against (n,) would silently compare each with each. Not for: activations.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from .. import backends
from ..dtypes import numpy_dtype
from ..errors import InputError, ModeError
from ..handle import TracedArray
from ..numpy.arguments import known, ndim, one_axis, operand
from ..numpy.indexing import take_along_axis
from ..numpy.reduction import mean as mean_over
from ..numpy.reduction import sum as sum_over
from ..numpy.shaping import squeeze
from ..primitives import elementwise as rows
from ..primitives.reduction import max_
from ..primitives.shape import shape_of, stop_gradient
from ..primitives.special.integrals import log_expit, xlog1py, xlogy
from .activations import log_softmax

__adkit__ = True


def _pair(prediction: Any, target: Any, name: str) -> tuple[Any, Any]:
    prediction, target = operand(prediction), operand(target)
    have, want = shape_of(target), shape_of(prediction)
    if have != want and have and want:
        raise InputError(
            f"{name} got a prediction of shape {want} and a target of shape {have}",
            fix=f"give both the same shape: prediction.reshape({have}) or target.reshape({want}), whichever is meant"
            if math.prod(have) == math.prod(want)
            else "give both the same shape",
        )
    return prediction, target


def _reduced(loss: Any, reduction: str) -> Any:
    if reduction == "mean":
        return mean_over(loss) if ndim(loss) else loss
    if reduction == "sum":
        return sum_over(loss) if ndim(loss) else loss
    if reduction == "none":
        return loss
    raise ModeError(f"reduction={reduction!r} is not known", fix="use 'mean', 'sum' or 'none'")


# ------------------------------------------------------------------------------------------------ of numbers


def mse(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """The squared error (prediction − target)².

    Example
    -------
    >>> import numpy as np
    >>> float(mse(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """
    prediction, target = _pair(prediction, target, "mse")
    return _reduced(rows.square(prediction - target), reduction)


def mae(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """The absolute error |prediction − target|, with derivative 0 where it is 0.

    Example
    -------
    >>> import numpy as np
    >>> float(mae(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    1.0
    """
    prediction, target = _pair(prediction, target, "mae")
    return _reduced(rows.absolute(prediction - target), reduction)


def huber(prediction: Any, target: Any, delta: float = 1.0, *, reduction: str = "mean") -> Any:
    """d²/2 for |d| ≤ delta, else delta · (|d| − delta/2), where d = prediction − target (Huber, 1964).

    Example
    -------
    >>> import numpy as np
    >>> huber(np.array([0.5, 3.0]), np.zeros(2), reduction="none")
    array([0.125, 2.5  ])
    """
    prediction, target = _pair(prediction, target, "huber")
    return _reduced(_huber(prediction - target, delta), reduction)


def _huber(d: Any, delta: float) -> Any:
    near = rows.clip(d, -delta, delta)  # so that no square overflows, and no branch is computed in vain
    return near * (d - 0.5 * near)


def smooth_l1(prediction: Any, target: Any, beta: float = 1.0, *, reduction: str = "mean") -> Any:
    """`huber` with delta = beta, divided by beta: the slope beyond beta is 1. With beta = 0 it is `mae`.

    Example
    -------
    >>> import numpy as np
    >>> smooth_l1(np.array([0.5, 3.0]), np.zeros(2), 0.5, reduction="none")
    array([0.25, 2.75])
    """
    prediction, target = _pair(prediction, target, "smooth_l1")
    d = prediction - target
    return _reduced(_huber(d, beta) / beta if beta else rows.absolute(d), reduction)


def hinge(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """max(0, 1 − target · prediction) for targets −1 and 1; at the hinge the derivative is 0.

    Example
    -------
    >>> import numpy as np
    >>> hinge(np.array([0.5, 2.0]), np.array([1.0, -1.0]), reduction="none")
    array([0.5, 3. ])
    """
    prediction, target = _pair(prediction, target, "hinge")
    return _reduced(rows.relu(1 - target * prediction), reduction)


# ------------------------------------------------------------------------------------------------ of probabilities


def binary_cross_entropy(probability: Any, target: Any, *, reduction: str = "mean") -> Any:
    """−target · log p − (1 − target) · log(1 − p), with 0 · log 0 = 0.

    A certain and wrong prediction costs inf (PyTorch cuts it at 100). With logits, use
    `binary_cross_entropy_with_logits`, which is accurate where p rounds to 0 or 1.

    Example
    -------
    >>> import numpy as np
    >>> binary_cross_entropy(np.array([0.5, 0.25]), np.array([1.0, 0.0]), reduction="none").round(6)
    array([0.693147, 0.287682])
    """
    p, target = _pair(probability, target, "binary_cross_entropy")
    return _reduced(-xlogy(target, p) - xlog1py(1 - target, -p), reduction)


def binary_cross_entropy_with_logits(logits: Any, target: Any, *, reduction: str = "mean") -> Any:
    """`binary_cross_entropy` of sigmoid(logits), for logits of any size.

    Example
    -------
    >>> import numpy as np
    >>> binary_cross_entropy_with_logits(np.array([0.0, -1000.0]), np.array([1.0, 1.0]), reduction="none").round(6)
    array([6.93147e-01, 1.00000e+03])
    """
    x, target = _pair(logits, target, "binary_cross_entropy_with_logits")
    return _reduced(-(target * log_expit(x) + (1 - target) * log_expit(-x)), reduction)


def nll(log_probabilities: Any, labels: Any, *, axis: int = -1, reduction: str = "mean") -> Any:
    """The negative log-likelihood: minus the log-probability of each label, which is an integer.

    `labels` has the shape of `log_probabilities` without `axis`. Raises `InputError` for other labels.

    Example
    -------
    >>> import numpy as np
    >>> float(nll(np.log(np.array([[0.5, 0.5], [0.25, 0.75]])), [0, 1]).round(6))
    0.490415
    """
    x = operand(log_probabilities)
    return _reduced(-_chosen(x, labels, one_axis(axis, ndim(x)), "nll"), reduction)


def _chosen(x: Any, labels: Any, axis: int, name: str) -> Any:
    """The elements of x along an axis that labels name."""
    chosen = numpy.asarray(known(operand(labels)))
    shape = shape_of(x)
    want = shape[:axis] + shape[axis + 1 :]
    if chosen.dtype.kind not in "iu":
        raise InputError(
            f"{name} got labels of the dtype {chosen.dtype} and shape {chosen.shape}",
            fix=f"give integers of shape {want}" + (f", or probabilities of shape {shape}" * (name != "nll")),
        )
    if chosen.shape != want:
        raise InputError(
            f"{name} got labels of shape {chosen.shape} for predictions of shape {shape}",
            fix=f"give one integer per example, in shape {want}",
        )
    if chosen.size and not (0 <= chosen.min() and chosen.max() < shape[axis]):
        wrong = chosen[(chosen < 0) | (chosen >= shape[axis])].flat[0]
        raise InputError(
            f"{name} got the label {wrong}, and there are {shape[axis]} classes",
            fix=f"number the classes from 0 to {shape[axis] - 1}",
        )
    if len(shape) == 1:
        return x[int(chosen)]
    index = numpy.expand_dims(chosen.astype(numpy.int64, copy=False), axis)
    plain = x.value if isinstance(x, TracedArray) else x
    if backends.backend_of(plain) is not None:
        index = backends.asarray_like(index, plain)
    return squeeze(take_along_axis(x, index, axis), axis)


def cross_entropy(
    logits: Any, target: Any, *, axis: int = -1, label_smoothing: float = 0.0, reduction: str = "mean"
) -> Any:
    """−Σ target · log softmax(logits) along an axis, for logits of any size.

    Parameters
    ----------
    target: integer labels, of the shape of the logits without `axis`, or probabilities, of the shape of the logits.
    label_smoothing: the share of each target that is spread evenly over all classes.

    Raises `InputError` for labels that are no classes and for targets of another shape.

    Example
    -------
    >>> import numpy as np
    >>> logits = np.array([[2.0, 0.0, 0.0], [0.0, 1000.0, 0.0]])
    >>> cross_entropy(logits, [0, 0], reduction="none").round(6)
    array([2.39545e-01, 1.00000e+03])
    """
    x = operand(logits)
    axis = one_axis(axis, ndim(x))
    target = operand(target)
    logs = log_softmax(x, axis)
    if numpy_dtype(target).kind == "f" and shape_of(target) == shape_of(x):
        loss = -sum_over(_weighted(target, logs), (axis,))
    else:
        loss = -_chosen(logs, target, axis, "cross_entropy")
    if label_smoothing:
        loss = (1 - label_smoothing) * loss - label_smoothing * mean_over(logs, (axis,))
    return _reduced(loss, reduction)


def _weighted(target: Any, logs: Any) -> Any:
    """target · logs, and 0 where target is 0, also for a logarithm of −inf."""
    return target * rows.where(rows.equal(target, 0), 0.0, logs)


def kl_divergence(log_prediction: Any, target: Any, *, axis: int = -1, reduction: str = "mean") -> Any:
    """Σ target · (log target − log_prediction) along an axis; where target is 0 it adds 0.

    The mean is over examples, as PyTorch's `reduction="batchmean"`.

    Example
    -------
    >>> import numpy as np
    >>> float(kl_divergence(np.log(np.array([0.5, 0.5])), np.array([0.25, 0.75])).round(6))
    0.130812
    """
    logs, target = _pair(log_prediction, target, "kl_divergence")
    each = xlogy(target, target) - _weighted(target, logs)
    return _reduced(sum_over(each, (one_axis(axis, ndim(each)),)) if ndim(each) else each, reduction)


# ------------------------------------------------------------------------------------------------ of directions


def cosine_similarity(a: Any, b: Any, *, axis: int = -1) -> Any:
    """a · b / (|a| |b|) along an axis: 1 for vectors of one direction, 0 with a zero vector; never overflows.

    Example
    -------
    >>> import numpy as np
    >>> float(cosine_similarity(np.array([1e200, 0.0]), np.array([1.0, 1.0])).round(6))
    0.707107
    """
    a, b = _pair(a, b, "cosine_similarity")
    axes = (one_axis(axis, ndim(a)),)
    return sum_over(_direction(a, axes) * _direction(b, axes), axes)


def _direction(a: Any, axes: tuple[int, ...]) -> Any:
    """a / |a|. A constant factor does not change it, so that of the largest element is taken out first."""
    size = max_(rows.absolute(a), axis=axes, keepdims=True)
    a = a / stop_gradient(rows.where(rows.equal(size, 0), 1.0, size))
    square = sum_over(rows.square(a), axes, keepdims=True)
    return a / rows.sqrt(rows.where(rows.equal(square, 0), 1.0, square))
