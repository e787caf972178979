"""Rows on a batch: what the `batch` of a row needs, and what stands in where a row has none.

A row's `batch(size, operands, batched, **params)` gets the operands of a whole batch: those for which `batched` is
true carry the batch axis first, and so must the results. Not for: the batch sweep itself (`sweeps.batch`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..backends import asarray_like, backend_of
from ..handle import TracedArray
from .indexing import getitem
from .shape import broadcast_to, reshape, shape_of, stack

__adkit__ = True


def leading(row: Any) -> Callable[..., Any]:
    """The batch of a row of one operand that goes along leading axes by itself."""
    return lambda size, operands, batched, **params: row(*operands, **params)


def spread(size: int, x: Any, batched: bool) -> Any:
    """An operand with the batch axis: repeated along it where it has none."""
    return x if batched else broadcast_to(x, shape=(size, *shape_of(x)))


def widened(x: Any, batched: bool, ndim: int) -> Any:
    """An operand as it broadcasts with examples of `ndim` dimensions: ones put in behind the batch axis."""
    shape = shape_of(x)
    missing = ndim + 1 - len(shape)
    return reshape(x, shape=(shape[0], *(1,) * missing, *shape[1:])) if batched and missing > 0 else x


def per_example(row: Any, size: int, operands: Sequence[Any], batched: Sequence[bool], params: dict[str, Any]) -> Any:
    """The batch of a row that has none: evaluated for each example, and stacked."""
    results = []
    for i in range(size):
        mine = [getitem(x, index=(i,)) if b else x for x, b in zip(operands, batched, strict=True)]
        results.append(row(*mine, **params))
    if isinstance(results[0], tuple):
        return tuple(_stacked(parts) for parts in zip(*results, strict=True))
    return _stacked(results)


def _stacked(parts: Sequence[Any]) -> Any:
    """The results for all examples along a new first axis; NumPy's stay NumPy's, those of a library its own."""
    like = next((p for p in parts if backend_of(p) is not None), None)
    if like is not None and not any(isinstance(p, TracedArray) for p in parts):
        parts = [p if backend_of(p) is not None else asarray_like(p, like) for p in parts]
    return stack(*parts, axis=0)
