"""Data as batches: one for all of it, or shuffled parts along the first axis.

Not for: reading data from anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy

from .. import backends
from ..errors import InputError, OptionError
from ..pytrees import flatten, unflatten

__adkit__ = True


class Batches:
    """The batches of each epoch, as the arguments that follow the parameters in a call of the loss.

    A tuple of arrays becomes several arguments; any other tree is one; `None` is none. A function of the epoch that
    returns an iterable of such batches is called anew for each epoch.

    Example
    -------
    >>> batches = Batches((numpy.arange(5.0), numpy.arange(5.0)), 2, False, numpy.random.default_rng(0))
    >>> [x.tolist() for x, y in batches.of(0)], batches.count
    ([[0.0, 1.0], [2.0, 3.0], [4.0]], 3)
    """

    def __init__(self, data: Any, size: int | None, shuffle: bool, rng: numpy.random.Generator) -> None:
        self._source: Callable[[int], Iterable[Any]] | None = data if callable(data) else None
        self.count: int | None = None if self._source else 1
        self._rng, self._shuffle = rng, shuffle
        self._leaves: list[Any] = []
        self._several = isinstance(data, tuple) and not hasattr(data, "_fields")
        if size is not None and (type(size) is bool or int(size) != size or size < 1):
            raise OptionError(f"batch_size={size!r} is not possible", fix="give a whole number from 1, or None for all")
        if size is not None and (data is None or self._source is not None):
            what = "no data to divide" if data is None else "data that come in batches already"
            raise OptionError(f"batch_size={size} was given with {what}", fix="leave batch_size out")
        self._data = data if self._source is not None or data is None else _arrays(data)
        self._size: int = 0
        if size is not None:
            self._leaves, self._structure = flatten(self._data)
            self._length = _length(self._leaves)
            self._size = min(int(size), self._length)
            self.count = math.ceil(self._length / self._size)

    def of(self, epoch: int) -> Iterator[tuple[Any, ...]]:
        """The batches of an epoch, counted from 0."""
        if self._source is not None:
            for batch in self._source(epoch):
                yield batch if isinstance(batch, tuple) else (batch,)
        elif self._data is None:
            yield ()
        elif not self._size:
            yield self._arguments(self._data)
        else:
            order = self._rng.permutation(self._length) if self._shuffle else numpy.arange(self._length)
            for start in range(0, self._length, self._size):
                index = order[start : start + self._size]
                parts = [backends.getitem(x, index) if getattr(x, "shape", ()) else x for x in self._leaves]
                yield self._arguments(unflatten(self._structure, parts))

    def _arguments(self, data: Any) -> tuple[Any, ...]:
        return tuple(data) if self._several else (data,)


def _arrays(data: Any) -> Any:
    """Lists of numbers as arrays; everything else as it is."""
    if isinstance(data, tuple) and not hasattr(data, "_fields"):
        return tuple(map(_arrays, data))
    if isinstance(data, dict):
        return {name: _arrays(value) for name, value in data.items()}
    if isinstance(data, list):
        made = numpy.asarray(data)
        return made if made.dtype != object else data
    return data


def _length(leaves: list[Any]) -> int:
    lengths = sorted({x.shape[0] for x in leaves if getattr(x, "shape", ())})
    if len(lengths) != 1:
        found = "no array" if not lengths else "arrays of the lengths " + " and ".join(map(str, lengths))
        raise InputError(f"batch_size was given with {found}", fix="give arrays with one common first axis")
    if not lengths[0]:
        raise InputError("the data have no examples", fix="give at least one")
    return int(lengths[0])
