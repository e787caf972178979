"""Clipping of values and gradients: `tf.clip_by_value`, `tf.clip_by_norm`, `tf.clip_by_global_norm`.

Not for: schedules and updates (`keras.optimizers`).
"""

from __future__ import annotations

from typing import Any

import numpy

from .arrays import where
from .elementwise import maximum, minimum, sqrt, square, tensor
from .reduction import reduce_sum
from .tensor import Tensor

__adkit__ = True


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Tensor:
    """Each element at least the one and at most the other bound; no derivative outside of them.

    Example
    -------
    >>> clip_by_value([-2.0, 0.5, 2.0], -1.0, 1.0).numpy()
    array([-1. ,  0.5,  1. ], dtype=float32)
    """
    return maximum(minimum(tensor(t), clip_value_max), clip_value_min)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """Scaled down to at most the norm `clip_norm` along axes.

    Example
    -------
    >>> clip_by_norm([3.0, 4.0], 1.0).numpy()
    array([0.6, 0.8], dtype=float32)
    """
    values = tensor(t)
    squares = reduce_sum(square(values), axes, keepdims=True)
    safe = where(squares > 0, squares, Tensor(numpy.ones_like(squares._value)))
    size = where(squares > 0, sqrt(safe), squares)
    return values * clip_norm / maximum(size, clip_norm)


def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """The euclidean norm of all elements of several tensors; None counts as nothing."""
    total = Tensor(numpy.float32(0.0))
    for i, t in enumerate(t for t in t_list if t is not None):
        total = reduce_sum(square(t)) if i == 0 else total + reduce_sum(square(t))
    return sqrt(total)


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Tensor]:
    """Several tensors scaled down together to at most the global norm `clip_norm`, and what that was.

    Example
    -------
    >>> clipped, size = clip_by_global_norm([[3.0], [4.0]], 1.0)
    >>> [float(t[0]) for t in clipped], float(size)
    ([0.6000000238418579, 0.800000011920929], 5.0)
    """
    size = global_norm(t_list) if use_norm is None else tensor(use_norm)
    scale = minimum(clip_norm / size, 1.0)
    return [None if t is None else tensor(t) * scale for t in t_list], size
