"""Reading and writing at places: `scatter`, `index_put`, `masked_scatter`, `take_along_dim`, `searchsorted`, ….

Not for: `x[...]` (`methods`), `gather`, `index_select` and `masked_fill` (`functions`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ... import numpy as anp
from ...primitives.indexing import index_add
from . import shaping
from .creation import as_tensor
from .errors import refuse
from .functions import as_axis, method
from .operands import as_held, plain, wrap
from .tensors import Tensor

__adkit__ = True

IN_PLACE = "scatter scatter_add index_fill index_copy index_put masked_scatter put fill_diagonal".split()


def _places(input: Any, dim: int, index: Any) -> tuple[Any, ...]:
    chosen = plain(index)
    grid = list(numpy.indices(chosen.shape))
    grid[as_axis(dim, len(input.shape))] = chosen
    return tuple(grid)


def _source(src: Any, index: Any) -> Any:
    return src[tuple(slice(n) for n in index.shape)] if isinstance(src, Tensor) else src


def _written(input: Any, place: Any, value: Any, accumulate: bool = False) -> Any:
    if accumulate:
        source = as_held(value) if isinstance(value, Tensor) else numpy.asarray(value, plain(input).dtype)
        return wrap(index_add(as_held(input), source, index=place))
    made = shaping.clone(input)
    made[place] = value
    return made


@method
def scatter(input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: Any = None) -> Any:
    """`torch.scatter`: elements of `src`, or one number, written at places along an axis."""
    if reduce not in (None, "add"):
        raise refuse(f"scatter(reduce={reduce!r}) is not there", "use reduce='add', or index_put")
    given = value if src is None else src
    return _written(input, _places(input, dim, index), _source(given, index), reduce == "add")


@method
def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Any:
    """`torch.scatter_add`: elements of `src` added at places along an axis; repeated places add up."""
    return _written(input, _places(input, dim, index), _source(src, index), True)


def _along(input: Any, dim: int, index: Any) -> tuple[Any, ...]:
    return (slice(None),) * as_axis(dim, len(input.shape)) + (plain(index),)


@method
def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    """`torch.index_fill`: slices along an axis filled with one number."""
    return _written(input, _along(input, dim, index), value)


@method
def index_copy(input: Any, dim: int, index: Any, source: Any) -> Any:
    """`torch.index_copy`: slices along an axis replaced."""
    return _written(input, _along(input, dim, index), source)


@method
def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """`torch.index_put`: elements at places given by one index for each axis replaced, or added to."""
    return _written(input, tuple(plain(index) for index in indices), values, accumulate)


@method
def masked_scatter(input: Any, mask: Any, source: Any) -> Any:
    """`torch.masked_scatter`: the elements of `source` in order, where a mask holds."""
    chosen = numpy.broadcast_to(plain(mask), input.shape)
    return _written(input, chosen, source.reshape(-1)[: int(chosen.sum())])


@method
def put(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """`torch.put`: elements at places of the flattened tensor replaced, or added to."""
    flat = input.reshape(-1)
    return _written(flat, (plain(index),), source, accumulate).reshape(*input.shape)


def fill_diagonal(input: Any, fill_value: Any) -> Any:
    """`tensor.fill_diagonal_`."""
    n = min(input.shape)
    return _written(input, (numpy.arange(n),) * len(input.shape), fill_value)


@method
def take_along_dim(input: Any, indices: Any, dim: Any = None) -> Any:
    """`torch.take_along_dim`: elements at places along an axis, or of the flattened tensor."""
    return wrap(anp.take_along_axis(as_held(input), plain(indices), dim))


@method
def select(input: Any, dim: int, index: int) -> Any:
    """`torch.select`: one slice along an axis."""
    return input[(*(slice(None),) * as_axis(dim, len(input.shape)), index)]


@method
def narrow(input: Any, dim: int, start: int, length: int) -> Any:
    """`torch.narrow`: a stretch along an axis."""
    return input[(*(slice(None),) * as_axis(dim, len(input.shape)), slice(start, start + length))]


def searchsorted(sorted_sequence: Any, input: Any, *, right: bool = False, side: str | None = None) -> Any:
    """`torch.searchsorted`: where elements would go into a sorted vector."""
    where = side or ("right" if right else "left")
    return wrap(numpy.asarray(numpy.searchsorted(plain(sorted_sequence), plain(as_tensor_of(input)), where)))  # type: ignore[call-overload]


def bucketize(input: Any, boundaries: Any, *, right: bool = False) -> Any:
    """`torch.bucketize`: between which boundaries elements are."""
    return searchsorted(boundaries, input, right=right)


def isin(elements: Any, test_elements: Any) -> Any:
    """`torch.isin`."""
    return wrap(numpy.isin(plain(as_tensor_of(elements)), plain(as_tensor_of(test_elements))))


def as_tensor_of(value: Any) -> Any:
    """A tensor, of a number or list too."""
    return value if isinstance(value, Tensor) else as_tensor(value)


def tril_indices(row: int, col: int, offset: int = 0) -> Any:
    """`torch.tril_indices`: the places of a lower triangle, in two rows."""
    return wrap(numpy.stack(numpy.tril_indices(row, offset, col)))


def triu_indices(row: int, col: int, offset: int = 0) -> Any:
    """`torch.triu_indices`: the places of an upper triangle, in two rows."""
    return wrap(numpy.stack(numpy.triu_indices(row, offset, col)))


def unravel_index(indices: Any, shape: Any) -> Any:
    """`torch.unravel_index`."""
    return tuple(wrap(numpy.asarray(part)) for part in numpy.unravel_index(plain(indices), tuple(shape)))
