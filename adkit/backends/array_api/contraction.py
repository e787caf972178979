"""Products, contractions and linear algebra over the array API standard: `matmul`, `einsum`, `linalg.solve`.

`einsum` is written over letters: axes that no one needs any more are summed, the others are brought into the order
(batch, free, contracted) and multiplied as stacks of matrices, pair by pair. Not for: derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_strict as standard
import numpy

from .indexing import getitem, to_numpy
from .promotion import device_of, is_array, numpy_dtype, promote

__adkit__ = True


def matmul(a: Any, b: Any) -> Any:
    """`numpy.matmul`"""
    return _numeric(standard.matmul, a, b)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """`numpy.tensordot`"""
    return _numeric(standard.tensordot, a, b, axes=axes)


def outer(a: Any, b: Any) -> Any:
    """`numpy.outer`"""
    a, b = promote(a, b)
    return standard.reshape(a, (-1, 1)) * standard.reshape(b, (1, -1))


def dot(a: Any, b: Any) -> Any:
    """`numpy.dot`"""
    if not (getattr(a, "ndim", 0) and getattr(b, "ndim", 0)):
        a, b = promote(a, b)
        return a * b
    return tensordot(a, b, axes=((a.ndim - 1,), (max(b.ndim - 2, 0),)))


def _numeric(function: Callable[..., Any], a: Any, b: Any, **options: Any) -> Any:
    a, b = promote(a, b)
    if numpy_dtype(a).kind != "b":
        return function(a, b, **options)
    counts = function(standard.astype(a, standard.int64), standard.astype(b, standard.int64), **options)
    return counts != 0


# ------------------------------------------------------------------------------------- einsum


def einsum(subscripts: str, *operands: Any) -> Any:
    """`numpy.einsum` for subscripts of letters; the output may be left out, an ellipsis may not be used."""
    letters, output = _parse(subscripts, len(operands))
    arrays = promote(*operands)
    parts = [_diagonal(array, word) for array, word in zip(arrays, letters, strict=True)]
    sizes = _sizes(parts, output)
    parts = [(standard.broadcast_to(a, tuple(sizes[c] for c in word)), word) for a, word in parts]
    result, have = parts[0]
    for i, (array, word) in enumerate(parts[1:], 1):
        later = set(output).union(*(w for _, w in parts[i + 1 :]))
        result, have = _contract(result, have, array, word, later)
    result, have = _summed(result, have, set(output))
    return standard.permute_dims(result, tuple(have.index(c) for c in output))


def _parse(subscripts: str, count: int) -> tuple[list[str], str]:
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    letters = inputs.split(",")
    if len(letters) != count or not all(c.isalpha() or c == "," for c in inputs + output):
        raise ValueError(f"einsum cannot read {subscripts!r} for {count} operands")
    if not arrow:
        output = "".join(sorted(c for c in set(inputs) - {","} if inputs.count(c) == 1))
    return letters, output


def _diagonal(array: Any, word: str) -> tuple[Any, str]:
    """An operand with each letter once: of a repeated letter the diagonal is taken."""
    if len(word) != array.ndim:
        raise ValueError(f"einsum: {word!r} does not fit an operand with {array.ndim} axes")
    unique = "".join(dict.fromkeys(word))
    if unique == word:
        return array, word
    sizes = dict(zip(word, array.shape, strict=True))
    grid = numpy.meshgrid(*(numpy.arange(sizes[c]) for c in unique), indexing="ij")
    return getitem(array, tuple(grid[unique.index(c)] for c in word)), unique


def _sizes(parts: Any, output: str) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for array, word in parts:
        for letter, n in zip(word, array.shape, strict=True):
            known = sizes.get(letter, 1)
            if n != known and 1 not in (n, known):
                raise ValueError(f"einsum: axis {letter!r} has sizes {known} and {n}")
            sizes[letter] = known if n == 1 else n
    if not set(output) <= set(sizes):
        raise ValueError(f"einsum: the output {output!r} has a letter that no operand has")
    return sizes


def _summed(array: Any, word: str, needed: set[str]) -> tuple[Any, str]:
    """Sum the axes that are not needed."""
    axes = tuple(i for i, c in enumerate(word) if c not in needed)
    if not axes:
        return array, word
    return standard.sum(array, axis=axes, dtype=array.dtype), "".join(c for c in word if c in needed)


def _contract(a: Any, left: str, b: Any, right: str, later: set[str]) -> tuple[Any, str]:
    """The product of two operands, contracted over the letters of both that nobody needs later."""
    a, left = _summed(a, left, later | set(right))
    b, right = _summed(b, right, later | set(left))
    shared = [c for c in left if c in right]
    batch = [c for c in shared if c in later]
    inner = [c for c in shared if c not in later]
    rows, columns = [c for c in left if c not in right], [c for c in right if c not in left]
    sizes = {**dict(zip(left, a.shape, strict=True)), **dict(zip(right, b.shape, strict=True))}
    a = _grouped(a, left, (batch, rows, inner), sizes)
    b = _grouped(b, right, (batch, inner, columns), sizes)
    order = [*batch, *rows, *columns]
    return standard.reshape(matmul(a, b), tuple(sizes[c] for c in order)), "".join(order)


def _grouped(array: Any, word: str, groups: Any, sizes: dict[str, int]) -> Any:
    """Axes permuted and merged into one per group."""
    array = standard.permute_dims(array, tuple(word.index(c) for group in groups for c in group))
    return standard.reshape(array, tuple(_product(sizes[c] for c in group) for group in groups))


def _product(numbers: Any) -> int:
    result = 1
    for n in numbers:
        result *= n
    return result


FUNCTIONS: dict[str, Callable[..., Any]] = {f.__name__: f for f in (matmul, tensordot, outer, dot, einsum)}


# ------------------------------------------------------------------------------------- linalg


class LinearAlgebra:
    """`numpy.linalg` over the standard's extension of the same name: integers become floats, dtypes are promoted.

    What the extension lacks (`eig`, `lstsq`, …) is computed on the host and returned on the operands' device.
    """

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(standard.linalg, name, None) or _on_host(getattr(numpy.linalg, name))

        def call(*operands: Any, **options: Any) -> Any:
            arrays = iter(promote(*filter(is_array, operands), floating=True))
            return function(*(next(arrays) if is_array(o) else o for o in operands), **options)

        call.__name__ = name
        return call


def _on_host(function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's function of arrays of the library."""

    def call(*operands: Any, **options: Any) -> Any:
        device = device_of(operands)
        made = function(*(to_numpy(o) if is_array(o) else o for o in operands), **options)
        if not isinstance(made, tuple):
            return standard.asarray(numpy.asarray(made), device=device)
        parts = [standard.asarray(numpy.asarray(part), device=device) for part in made]
        return type(made)(*parts) if hasattr(made, "_fields") else tuple(parts)

    return call
