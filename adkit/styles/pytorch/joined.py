"""One update for all small parameters of a group: they, their gradients and what is remembered lie side by side.

An update of a few numbers costs what the calls of NumPy cost, not the arithmetic, and an optimizer's rule is the same
for every element; so four small parameters take one call where they took four. What is remembered for a parameter
becomes a view of the array of all. Not for: the rules (`adkit.optim`), or large parameters, which copying would slow
down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy
from numpy import ndarray

from .versions import root_of, stamp

__adkit__ = True

LARGEST = 4096  # elements of all together; beyond that, copying takes longer than the calls that it saves

Memory = list[Any]  # of a parameter: the number of its updates, and an array for each slot


class Joined:
    """What is remembered for some parameters, as one array per slot."""

    def __init__(self, memories: Sequence[Memory], shapes: Sequence[tuple[int, ...]]) -> None:
        self.memories = memories
        self.spans: list[tuple[slice, tuple[int, ...]]] = []
        start = 0
        for shape in shapes:
            end = start + int(numpy.prod(shape))
            self.spans.append((slice(start, end), shape))
            start = end
        self.slots = [numpy.concatenate([slot.ravel() for slot in held]) for held in zip(*(m[1:] for m in memories))]
        for memory, (span, shape) in zip(memories, self.spans, strict=True):
            memory[1:] = [slot[span].reshape(shape) for slot in self.slots]

    def holds(self, memories: Sequence[Memory]) -> bool:
        """Whether these are the parameters' memories, and still views of what is here (a copied one is not)."""
        if len(memories) != len(self.memories):
            return False
        first = self.slots[0] if self.slots else None
        for mine, other in zip(self.memories, memories):
            if mine is not other or (first is not None and other[1].base is not first):
                return False
        return True

    def update(self, values: Sequence[ndarray], gradients: Sequence[ndarray], rule: Any, rate: float) -> None:
        """One step of all parameters, in their own arrays."""
        p = numpy.concatenate([value.ravel() for value in values])
        g = numpy.concatenate([gradient.ravel() for gradient in gradients])
        new, *slots = rule.step(self.memories[0][0], rate, g, p, *self.slots)
        for slot, made in zip(self.slots, slots):
            slot[...] = made
        for memory, value, (span, shape) in zip(self.memories, values, self.spans, strict=True):
            memory[0] += 1
            value[...] = new[span].reshape(shape)
            stamp(value)


def joinable(memories: Sequence[Memory], values: Sequence[Any], gradients: Sequence[Any]) -> bool:
    """Whether one update serves all: small arrays of one float dtype, each in a memory of its own, with as many updates
    behind them.
    """
    dtype, updates, total = values[0].dtype, memories[0][0], 0
    if len({id(root_of(value)) for value in values}) < len(values):
        return False
    for memory, value, gradient in zip(memories, values, gradients, strict=True):
        if memory[0] != updates or value.dtype != dtype or gradient.dtype != dtype:
            return False
        total += value.size
    return dtype.kind == "f" and total <= LARGEST
