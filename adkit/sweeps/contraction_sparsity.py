"""Sparsity of contractions: `matmul`, `tensordot`, `einsum`, all written as einsum subscripts, and of `convolve`.

An element of the result depends on the elements of a traced operand that it is summed over; those that a constant
operand multiplies by zero are left out.

Not for: other rows (`sweeps.sparsity`).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy

from ..nodes import Node
from .index_sets import Ids

if TYPE_CHECKING:
    from .sparsity import Pattern, SparsitySweep

__adkit__ = True

LARGEST = 1 << 24  # terms of a product of patterns that are listed; beyond that zeros are not looked for


def contraction(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """The union over the terms of a contraction."""
    shapes = [tuple(getattr(operand, "shape", ())) for operand in node.inputs]
    letters, output = SUBSCRIPTS[node.primitive.name](shapes, node.params or {})
    sizes: dict[str, int] = {}
    for own, shape in zip(letters, shapes, strict=True):
        for letter, n in zip(own, shape, strict=True):
            sizes[letter] = n if sizes.get(letter, 1) == 1 else sizes[letter]
    factor = _constant_with_zeros(sweep, node, letters)
    made: Pattern = 0
    for own, pattern in zip(letters, given, strict=True):
        if type(pattern) is not int:
            ids, mine = _diagonal(_stretched(pattern, own, sizes), own)
            made = sweep.unite(made, _summed(sweep, ids, mine, factor, output, sizes))
        elif pattern:
            made = sweep.unite(made, pattern)
    if not node.shape:
        return made if type(made) is int else int(made)
    return numpy.broadcast_to(numpy.int64(made) if type(made) is int else made, node.shape)


def convolution(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """The full product of two sequences: element i of one and j of the other meet at i + j."""
    count = node.size
    made: Pattern = 0
    for k, pattern in enumerate(given):
        if type(pattern) is int:
            continue
        mask = sweep.consult(node, 1 - k)
        taps = numpy.arange(count - len(pattern) + 1) if mask is None else numpy.flatnonzero(mask)
        if len(taps) * len(pattern) > LARGEST:
            return numpy.full(node.shape, sweep.everything(given))
        groups = numpy.arange(len(pattern))[:, None] + taps
        made = sweep.unite(made, sweep.sets.union(numpy.repeat(pattern, len(taps)), groups.reshape(-1), count))
    return numpy.broadcast_to(numpy.int64(made) if type(made) is int else made, node.shape)


def _constant_with_zeros(sweep: SparsitySweep, node: Node, letters: Sequence[str]) -> tuple[Ids, str] | None:
    """The non-zeros of the constant operand that has the smallest share of them, with its letters."""
    best: tuple[Ids, str] | None = None
    share = 1.0
    for i, own in enumerate(letters):
        mask = sweep.consult(node, i)
        if mask is not None and mask.ndim == len(own) and mask.size and mask.mean() < share:
            share = mask.mean()
            best = _diagonal(mask, own)
    return best


def _summed(
    sweep: SparsitySweep, ids: Ids, own: str, factor: tuple[Ids, str] | None, output: str, sizes: dict[str, int]
) -> Pattern:
    """What one operand contributes, with the axes of the output (of length 1 where it has no say)."""
    if factor is not None:
        mask, theirs = factor
        useless = [i for i, c in enumerate(theirs) if c not in own and c not in output]
        if any(c in own for c in theirs) and all(n == sizes[c] for n, c in zip(mask.shape, theirs, strict=True)):
            mask = numpy.asarray(mask.any(axis=tuple(useless)))
            theirs = "".join(c for c in theirs if c in own or c in output)
            made = _product(sweep, ids, own, mask, theirs, output, sizes)
            if made is not None:
                return made
    kept = "".join(c for c in own if c in output)
    return _arranged(sweep.reduced(ids, [i for i, c in enumerate(own) if c not in output]), kept, output)


def _product(
    sweep: SparsitySweep, ids: Ids, own: str, mask: Ids, theirs: str, output: str, sizes: dict[str, int]
) -> Pattern | None:
    """Per element of the output the union over the terms whose constant factor is not zero."""
    ids = sweep.reduced(ids, [i for i, c in enumerate(own) if c not in theirs and c not in output])
    own = "".join(c for c in own if c in theirs or c in output)
    shared = [c for c in own if c in theirs]
    free = "".join(c for c in own if c not in theirs)
    where = dict(zip(theirs, numpy.nonzero(mask), strict=True))
    width = _count(free, sizes)
    if len(where[shared[0]]) * width > LARGEST:
        return None
    ids = ids.transpose([own.index(c) for c in (*shared, *free)])
    children = ids[tuple(where[c] for c in shared)].reshape(-1, width)
    grouped = "".join(c for c in theirs if c in output)
    row = numpy.zeros(len(children), numpy.int64)
    for c in grouped:
        row = row * sizes[c] + where[c]
    groups = row[:, None] * width + numpy.arange(width)
    made = sweep.sets.union(children.reshape(-1), groups.reshape(-1), _count(grouped, sizes) * width)
    return _arranged(made.reshape([sizes[c] for c in grouped + free]), grouped + free, output)


def _count(letters: str, sizes: dict[str, int]) -> int:
    return int(numpy.prod([sizes[c] for c in letters], dtype=int))


def _arranged(ids: Pattern, have: str, want: str) -> Pattern:
    """Axes in the order of the output, with length 1 where there is none."""
    if type(ids) is int:
        return ids
    ordered = ids.transpose([have.index(c) for c in want if c in have])
    return ordered[tuple(slice(None) if c in have else None for c in want)]


def _stretched(ids: Ids, own: str, sizes: dict[str, int]) -> Ids:
    return numpy.broadcast_to(ids, tuple(sizes[c] for c in own))


def _diagonal(ids: Ids, own: str) -> tuple[Any, str]:
    """An operand without repeated letters: their diagonal."""
    unique = "".join(dict.fromkeys(own))
    return (ids, own) if unique == own else (numpy.einsum(f"{own}->{unique}", ids), unique)


def _of_matmul(shapes: Sequence[tuple[int, ...]], params: Any) -> tuple[list[str], str]:
    a, b = (len(shape) for shape in shapes)
    batch = string.ascii_uppercase[: max(a, b, 2) - 2]
    left = (batch[len(batch) - max(a - 2, 0) :] + "mk") if a > 1 else "k"
    right = (batch[len(batch) - max(b - 2, 0) :] + "kn") if b > 1 else "k"
    return [left, right], batch + ("m" if a > 1 else "") + ("n" if b > 1 else "")


def _of_tensordot(shapes: Sequence[tuple[int, ...]], params: Any) -> tuple[list[str], str]:
    mine, others = params["axes"]
    left = string.ascii_letters[: len(shapes[0])]
    right = list(string.ascii_letters[len(shapes[0]) : len(shapes[0]) + len(shapes[1])])
    for i, j in zip(mine, others, strict=True):
        right[j] = left[i]
    free = [c for i, c in enumerate(left) if i not in mine] + [c for j, c in enumerate(right) if j not in others]
    return [left, "".join(right)], "".join(free)


def _of_einsum(shapes: Sequence[tuple[int, ...]], params: Any) -> tuple[list[str], str]:
    inputs, output = params["subscripts"].split("->")
    return inputs.split(","), output


SUBSCRIPTS: dict[str, Callable[[Sequence[tuple[int, ...]], Any], tuple[list[str], str]]] = {
    "matmul": _of_matmul,
    "tensordot": _of_tensordot,
    "einsum": _of_einsum,
}
