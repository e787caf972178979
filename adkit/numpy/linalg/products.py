"""`matrix_power multi_dot` and NumPy 2's other names for products and axes in `adkit.numpy.linalg`.

Not for: `numpy.dot`, `numpy.einsum` and their like (`numpy.products`).
"""

from __future__ import annotations

import operator
from typing import Any

import numpy

from ...numpy_api import implements
from ...primitives import linalg as rows
from ...primitives.linalg import swap_last
from ...primitives.shape import broadcast_to, reshape, shape_of
from ...primitives.spectral import identity
from .. import products, shaping
from ..arguments import finish, ndim, operand
from .matrices import squares

__adkit__ = True


@implements(numpy.linalg.matrix_power)
def matrix_power(a: Any, n: Any) -> Any:
    """`numpy.linalg.matrix_power`, by repeated squaring; a negative power is one of the inverse."""
    a = squares(a)
    try:
        n = operator.index(n)
    except TypeError as error:
        raise TypeError("exponent must be an integer") from error
    if n == 0:
        return 0.0 * a + broadcast_to(identity(a), shape=shape_of(a))
    if n < 0:
        a, n = rows.inv(a), -n
    result = None
    while n:
        if n & 1:
            result = a if result is None else rows.matmul(result, a)
        n >>= 1
        a = rows.matmul(a, a) if n else a
    return result


@implements(numpy.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """`numpy.linalg.multi_dot`: the product of two or more matrices in the order that costs least.

    Source: T. Cormen et al., "Introduction to Algorithms", section 15.2.
    """
    items = [operand(a) for a in arrays]
    if len(items) < 2:
        raise ValueError("Expecting at least two arrays.")
    if len(items) == 2:
        return products.dot(*items, out=out)
    first, last = ndim(items[0]), ndim(items[-1])
    if first == 1:
        items[0] = reshape(items[0], shape=(1, *shape_of(items[0])))
    if last == 1:
        items[-1] = reshape(items[-1], shape=(*shape_of(items[-1]), 1))
    if any(ndim(a) != 2 for a in items):
        raise numpy.linalg.LinAlgError("arrays given to multi_dot must be two-dimensional")
    splits = cheapest_splits([shape_of(a)[0] for a in items] + [shape_of(items[-1])[1]])
    made = _multiplied(items, splits, 0, len(items) - 1)
    shape = shape_of(made)[1 if first == 1 else 0 : 1 if last == 1 else 2]
    return finish(reshape(made, shape=shape) if len(shape) < 2 else made, out)


def cheapest_splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """For a chain of matrices of sizes[i] × sizes[i + 1] where to split each stretch of it.

    Example
    -------
    >>> cheapest_splits([10, 100, 5, 50])[0, 2]
    1
    """
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    splits = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            best = min((cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j))
            cost[i, j], splits[i, j] = best
    return splits


def _multiplied(items: list[Any], splits: dict[tuple[int, int], int], i: int, j: int) -> Any:
    if i == j:
        return items[i]
    k = splits[i, j]
    return rows.matmul(_multiplied(items, splits, i, k), _multiplied(items, splits, k + 1, j))


@implements(numpy.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    """`numpy.linalg.matrix_transpose`."""
    x = operand(x)
    if ndim(x) < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {ndim(x)}")
    return swap_last(x)


@implements(numpy.linalg.matmul)
def matmul(x1: Any, x2: Any, /) -> Any:
    """`numpy.linalg.matmul`."""
    return products.matmul(x1, x2)


@implements(numpy.linalg.outer)
def outer(x1: Any, x2: Any, /) -> Any:
    """`numpy.linalg.outer` of two vectors."""
    x1, x2 = operand(x1), operand(x2)
    if ndim(x1) != 1 or ndim(x2) != 1:
        raise ValueError(
            f"Input arrays must be one-dimensional, but they are x1.ndim={ndim(x1)} and x2.ndim={ndim(x2)}."
        )
    return products.outer(x1, x2)


@implements(numpy.linalg.cross)
def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """`numpy.linalg.cross` of vectors of three components."""
    x1, x2 = operand(x1), operand(x2)
    if shape_of(x1)[axis] != 3 or shape_of(x2)[axis] != 3:
        raise ValueError("Both input arrays must be (arrays of) 3-dimensional vectors")
    return products.cross(x1, x2, axis=axis)


@implements(numpy.linalg.tensordot)
def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """`numpy.linalg.tensordot`."""
    return products.tensordot(x1, x2, axes)


@implements(numpy.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """`numpy.linalg.vecdot`."""
    return products.vecdot(x1, x2, axis=axis)


@implements(numpy.linalg.diagonal)
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """`numpy.linalg.diagonal`."""
    return shaping.diagonal(x, offset, -2, -1)


@implements(numpy.linalg.trace)
def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """`numpy.linalg.trace`."""
    return shaping.trace(x, offset, -2, -1, dtype)
