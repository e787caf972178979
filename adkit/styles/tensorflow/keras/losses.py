"""`tf.keras.losses`: losses per example as functions, and classes that reduce them to a number.

Probabilities are kept within [1e-7, 1 − 1e-7], as Keras keeps them. Not for: losses of logits alone (`nn`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..arrays import where
from ..clipping import clip_by_value
from ..elementwise import abs as absolute
from ..elementwise import cast, log, square, tensor
from ..errors import InvalidArgumentError, at_line
from ..nn import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    softplus,
    sparse_softmax_cross_entropy_with_logits,
)
from ..reduction import reduce_mean, reduce_sum
from ..tensor import Tensor

__adkit__ = True
__path__: list[str] = []  # `from tensorflow.keras.losses import X` asks for a module X before it gives up

EPSILON = 1e-7


def _pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both as tensors, the true values in the dtype of the predicted ones."""
    predicted = tensor(y_pred)
    if predicted._value.dtype.kind not in "fc":
        predicted = cast(predicted, "float32")
    return cast(y_true, predicted.dtype), predicted


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean((y_true − y_pred)²) along the last axis.

    Example
    -------
    >>> mean_squared_error([1.0, 2.0], [2.0, 2.0])
    <tf.Tensor: shape=(), dtype=float32, numpy=0.5>
    """
    true, predicted = _pair(y_true, y_pred)
    return reduce_mean(square(true - predicted), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean(|y_true − y_pred|) along the last axis."""
    true, predicted = _pair(y_true, y_pred)
    return reduce_mean(absolute(true - predicted), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Half the square of the error up to `delta`, and linear beyond, in the mean along the last axis."""
    true, predicted = _pair(y_true, y_pred)
    size = absolute(true - predicted)
    return reduce_mean(where(size <= delta, 0.5 * square(size), delta * size - 0.5 * delta**2), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """log cosh of the error, in the mean along the last axis."""
    true, predicted = _pair(y_true, y_pred)
    error = predicted - true
    return reduce_mean(error + softplus(-2.0 * error) - 0.6931471805599453, axis=-1)


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """−y log p − (1 − y) log(1 − p) for probabilities p, or logits of them, in the mean along an axis."""
    true, predicted = _pair(y_true, y_pred)
    if label_smoothing:
        true = true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        return reduce_mean(sigmoid_cross_entropy_with_logits(true, predicted), axis=axis)
    kept = clip_by_value(predicted, EPSILON, 1 - EPSILON)
    return reduce_mean(-(true * log(kept) + (1 - true) * log(1 - kept)), axis=axis)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """−Σ y log p along an axis, for distributions y and p, or logits of p; p is divided by its sum."""
    true, predicted = _pair(y_true, y_pred)
    if label_smoothing:
        true = true * (1.0 - label_smoothing) + label_smoothing / true._value.shape[axis]
    if from_logits:
        return softmax_cross_entropy_with_logits(true, predicted, axis)
    kept = clip_by_value(predicted / reduce_sum(predicted, axis, keepdims=True), EPSILON, 1 - EPSILON)
    return -reduce_sum(true * log(kept), axis)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: Any = None, axis: int = -1
) -> Tensor:
    """−log p at the labels y, which are whole numbers, for distributions p or logits of them.

    Example
    -------
    >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]]).numpy()
    array([0.6931472], dtype=float32)
    """
    if ignore_class is not None or axis != -1:
        raise at_line(
            InvalidArgumentError,
            "sparse_categorical_crossentropy takes neither ignore_class nor another axis than the last",
            "transpose the predictions, and leave out those to be ignored with tf.boolean_mask",
        )
    labels, predicted = tensor(y_true), tensor(y_pred)
    if labels._value.dtype.kind == "f":
        labels = cast(labels, "int64")
    if labels._value.ndim == predicted._value.ndim and labels._value.shape[-1] == 1:
        labels = labels[..., 0]
    if not from_logits:
        predicted = log(clip_by_value(predicted, EPSILON, 1 - EPSILON))
    return sparse_softmax_cross_entropy_with_logits(labels, predicted)


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Σ y log(y / p) along the last axis, for distributions kept within [1e-7, 1]."""
    true, predicted = _pair(y_true, y_pred)
    true, predicted = clip_by_value(true, EPSILON, 1.0), clip_by_value(predicted, EPSILON, 1.0)
    return reduce_sum(true * log(true / predicted), axis=-1)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """max(1 − y p, 0) for y = ±1 (0 counts as −1), in the mean along the last axis."""
    from ..elementwise import maximum

    true, predicted = _pair(y_true, y_pred)
    signs = where(true == 0, -1.0, true)
    return reduce_mean(maximum(1.0 - signs * predicted, 0.0), axis=-1)


class Loss:
    """A loss of whole batches: the function of each example, weighted and reduced.

    Parameters
    ----------
    fn: the loss per example, a function of the true and predicted values.
    reduction: "sum_over_batch_size" (the mean over all examples), "sum", or "none".

    Example
    -------
    >>> MeanSquaredError()([[0.0], [0.0]], [[1.0], [3.0]])
    <tf.Tensor: shape=(), dtype=float32, numpy=5.0>
    """

    def __init__(
        self,
        fn: Callable[..., Any] | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        **options: Any,
    ) -> None:
        self.reduction = reduction
        self.name = name or type(self).__name__
        self._fn, self._options = fn, options

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each example."""
        assert self._fn is not None, "a loss of one's own defines call(self, y_true, y_pred)"
        return self._fn(y_true, y_pred, **self._options)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        losses = self.call(y_true, y_pred)
        if sample_weight is not None:
            losses = losses * cast(sample_weight, losses.dtype)
        if self.reduction in (None, "none") or not losses._value.shape:
            return losses
        return reduce_sum(losses) if self.reduction == "sum" else reduce_mean(losses)


def _loss_class(name: str, function: Callable[..., Any]) -> type[Loss]:
    def __init__(
        self: Loss, *args: Any, reduction: str = "sum_over_batch_size", name: str | None = None, **options: Any
    ) -> None:
        names = function.__code__.co_varnames[2 : function.__code__.co_argcount]
        options.pop("dtype", None)
        Loss.__init__(self, function, reduction, name, **dict(zip(names, args, strict=False)), **options)

    summary = (function.__doc__ or "").strip().partition("\n")[0]
    return type(
        name, (Loss,), {"__init__": __init__, "__doc__": f"{summary} Reduced over the batch.", "__module__": __name__}
    )


MeanSquaredError = _loss_class("MeanSquaredError", mean_squared_error)
MeanAbsoluteError = _loss_class("MeanAbsoluteError", mean_absolute_error)
Huber = _loss_class("Huber", huber)
LogCosh = _loss_class("LogCosh", log_cosh)
BinaryCrossentropy = _loss_class("BinaryCrossentropy", binary_crossentropy)
CategoricalCrossentropy = _loss_class("CategoricalCrossentropy", categorical_crossentropy)
SparseCategoricalCrossentropy = _loss_class("SparseCategoricalCrossentropy", sparse_categorical_crossentropy)
KLDivergence = _loss_class("KLDivergence", kl_divergence)
Hinge = _loss_class("Hinge", hinge)
MSE = mse = mean_squared_error
MAE = mae = mean_absolute_error


def __getattr__(name: str) -> Any:
    from . import absent

    raise absent("losses", name)
