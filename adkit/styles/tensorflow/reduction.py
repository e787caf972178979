"""Sums, means and their kin along axes: `tf.reduce_sum`, `tf.reduce_mean`, `tf.cumsum`, …

Not for: products of matrices (`linalg`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ... import numpy as anp
from ...handle import TracedArray
from .arrays import plain
from .elementwise import _of_kind, log, sqrt, tensor
from .tensor import Tensor, wrap

__adkit__ = True


def reduce_sum(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """The sum along axes, by default all, in the tensor's dtype.

    Example
    -------
    >>> reduce_sum([[1, 2], [3, 4]], axis=0)
    <tf.Tensor: shape=(2,), dtype=int32, numpy=array([4, 6], dtype=int32)>
    """
    x = _of_kind(input_tensor, "fciu", "reduce_sum")
    operand = x._read()
    if type(operand) is TracedArray:
        return wrap(anp.sum(operand, axis=plain(axis), keepdims=keepdims))
    return Tensor(numpy.sum(operand, axis=plain(axis), keepdims=keepdims, dtype=operand.dtype))


def reduce_mean(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """The mean along axes, by default all, in the tensor's dtype: of integers it is an integer.

    Example
    -------
    >>> reduce_mean([1, 2]), reduce_mean([1.0, 2.0])
    (<tf.Tensor: shape=(), dtype=int32, numpy=1>, <tf.Tensor: shape=(), dtype=float32, numpy=1.5>)
    """
    x = _of_kind(input_tensor, "fciu", "reduce_mean")
    operand = x._read()
    if type(operand) is TracedArray:
        return wrap(anp.mean(operand, axis=plain(axis), keepdims=keepdims))
    with numpy.errstate(all="ignore"):
        return Tensor(numpy.mean(operand, axis=plain(axis), keepdims=keepdims).astype(operand.dtype))


def _reduced(name: str, input_tensor: Any, axis: Any, keepdims: bool) -> Tensor:
    operand = tensor(input_tensor)._read()
    made = getattr(anp, name)(operand, axis=plain(axis), keepdims=keepdims)
    return wrap(made if isinstance(made, TracedArray) else made.astype(operand.dtype))


def reduce_max(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """The largest element along axes; its derivative is shared by equal ones."""
    return _reduced("max", input_tensor, axis, keepdims)


def reduce_min(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """The smallest element along axes; its derivative is shared by equal ones."""
    return _reduced("min", input_tensor, axis, keepdims)


def reduce_prod(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """The product along axes."""
    return _reduced("prod", input_tensor, axis, keepdims)


def reduce_all(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Whether all elements along axes are true."""
    return wrap(numpy.all(_of_kind(input_tensor, "b", "reduce_all")._value, axis=plain(axis), keepdims=keepdims))


def reduce_any(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Whether one of the elements along axes is true."""
    return wrap(numpy.any(_of_kind(input_tensor, "b", "reduce_any")._value, axis=plain(axis), keepdims=keepdims))


def reduce_variance(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """The mean squared deviation from the mean along axes."""
    return wrap(anp.var(_of_kind(input_tensor, "fc", "reduce_variance")._read(), axis=plain(axis), keepdims=keepdims))


def reduce_std(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """The square root of the variance along axes."""
    return sqrt(reduce_variance(input_tensor, axis, keepdims))


def reduce_logsumexp(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """log Σ exp along axes, without overflow.

    Example
    -------
    >>> print(reduce_logsumexp([1000.0, 1000.0]))
    tf.Tensor(1000.6932, shape=(), dtype=float32)
    """
    from .elementwise import exp

    x = _of_kind(input_tensor, "f", "reduce_logsumexp")
    largest = numpy.max(x._value, axis=plain(axis), keepdims=True)
    largest = numpy.where(numpy.isfinite(largest), largest, 0).astype(x._value.dtype)
    total = log(reduce_sum(exp(x - Tensor(largest)), axis, keepdims))
    shift = largest if keepdims else largest.reshape(total._value.shape)[()]
    return total + Tensor(shift)


def reduce_euclidean_norm(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: Any = None) -> Tensor:
    """The square root of the sum of squares along axes."""
    from .elementwise import square

    return sqrt(reduce_sum(square(input_tensor), axis, keepdims))


def cumsum(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Tensor:
    """The sums of all elements up to each, along an axis."""
    return _cumulated("cumsum", x, axis, exclusive, reverse)


def cumprod(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Tensor:
    """The products of all elements up to each, along an axis."""
    return _cumulated("cumprod", x, axis, exclusive, reverse)


def _cumulated(name: str, x: Any, axis: Any, exclusive: bool, reverse: bool) -> Tensor:
    operand, along = tensor(x)._read(), plain(axis)
    kind = operand.dtype
    if reverse:
        operand = anp.flip(operand, along)
    if exclusive:
        widths = [(1, 0) if i == along % operand.ndim else (0, 0) for i in numpy.arange(operand.ndim).tolist()]
        operand = anp.pad(operand, widths, constant_values=0 if name == "cumsum" else 1)
        operand = operand[(*(slice(None),) * (along % operand.ndim), slice(None, -1))]
    made = getattr(anp, name)(operand, axis=along)
    made = anp.flip(made, along) if reverse else made
    return wrap(made if isinstance(made, TracedArray) else made.astype(kind))
