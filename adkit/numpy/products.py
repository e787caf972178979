"""Products of arrays: `dot matmul inner outer tensordot einsum kron cross …`.

Not for: `numpy.linalg` (`numpy.linalg`), derivatives (`primitives.linalg`).
"""

from __future__ import annotations

import string
from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..numpy_api import implements
from ..primitives import elementwise as rows
from ..primitives import linalg as products
from ..primitives.shape import reshape, shape_of
from .arguments import finish, ndim, one_axis, operand
from .creation import as_dtype
from .elementwise import conjugate, is_complex

__adkit__ = True


def _core(x: Any, axes: Any, count: int) -> Any:
    """An operand of a gufunc with its core axes, of which it has `count`, moved to the end."""
    x = operand(x)
    axes = (axes,) if isinstance(axes, (int, numpy.integer)) else tuple(axes)
    if len(axes) != count:
        raise ValueError(f"an entry of axes has {len(axes)} elements where {count} are needed")
    from .joining import moveaxis

    return moveaxis(x, axes, range(-count, 0))


def _placed(made: Any, axes: Any, count: int) -> Any:
    """A result with its core axes, the last ones, moved to where `axes` wants them."""
    from .joining import moveaxis

    axes = (axes,) if isinstance(axes, (int, numpy.integer)) else tuple(axes)
    return moveaxis(made, range(-count, 0), axes) if count else made


def _with_axes(cores: tuple[int, ...], result: int, function: Any) -> Any:
    """A gufunc with the options `axes=`, `axis=` and `keepdims=`; `cores` counts the core axes of the operands."""

    def compute(x1: Any, x2: Any, *, axes: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
        if axis is not None:
            axes = [(axis,)] * 2
        if axes is not None:
            x1, x2 = (_core(x, a, n) for x, a, n in zip((x1, x2), axes, cores, strict=False))
        made = function(operand(x1), operand(x2))
        if keepdims:
            made = reshape(made, shape=(*shape_of(made), 1))
            return _placed(made, axes[0], 1) if axes is not None else made
        if axes is None or not result:
            return made
        return _placed(made, axes[2] if len(axes) > 2 else tuple(range(-result, 0)), result)

    return compute


@implements(numpy.matmul)
def matmul(x1: Any, x2: Any, *, axes: Any = None, axis: Any = None) -> Any:
    """`numpy.matmul`."""
    if axes is None:
        return products.matmul(operand(x1), operand(x2))
    x1, x2 = operand(x1), operand(x2)
    cores = (2 if ndim(x1) > 1 else 1, 2 if ndim(x2) > 1 else 1)
    return _with_axes(cores, cores[0] + cores[1] - 2, products.matmul)(x1, x2, axes=axes)


@implements(numpy.dot)
def dot(a: Any, b: Any, out: Any = None) -> Any:
    """`numpy.dot`."""
    a, b = operand(a), operand(b)
    if not ndim(a) or not ndim(b):
        made = rows.multiply(a, b)
    elif ndim(b) <= 2 and ndim(a) <= 2:
        made = products.matmul(a, b)
    else:
        made = products.tensordot(a, b, axes=((ndim(a) - 1,), (max(ndim(b) - 2, 0),)))
    return finish(made, out)


@implements(numpy.vdot)
def vdot(a: Any, b: Any, /) -> Any:
    """`numpy.vdot`: the first operand is conjugated."""
    a, b = (reshape(operand(v), shape=(-1,)) for v in (a, b))
    return products.matmul(conjugate(a) if is_complex(a) else a, b)


@implements(numpy.inner)
def inner(a: Any, b: Any, /) -> Any:
    """`numpy.inner`."""
    a, b = operand(a), operand(b)
    if not ndim(a) or not ndim(b):
        return rows.multiply(a, b)
    if ndim(a) == ndim(b) == 1:
        return products.matmul(a, b)
    return products.tensordot(a, b, axes=((ndim(a) - 1,), (ndim(b) - 1,)))


@implements(numpy.outer)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    """`numpy.outer`."""
    return finish(rows.multiply(reshape(operand(a), shape=(-1, 1)), reshape(operand(b), shape=(1, -1))), out)


@implements(numpy.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """`numpy.tensordot`."""
    a, b = operand(a), operand(b)
    if isinstance(axes, (int, numpy.integer)):
        pair = (tuple(range(ndim(a) - axes, ndim(a))), tuple(range(axes)))
    else:
        pair = tuple(tuple(i) if numpy.ndim(i) else (i,) for i in axes)  # type: ignore[assignment]
    first = tuple(one_axis(i, ndim(a)) for i in pair[0])
    second = tuple(one_axis(i, ndim(b)) for i in pair[1])
    if [shape_of(a)[i] for i in first] != [shape_of(b)[i] for i in second]:
        raise ValueError("shape-mismatch for sum")
    return products.tensordot(a, b, axes=(first, second))


# gufuncs of NumPy 2


def _vecdot(x1: Any, x2: Any) -> Any:
    from .reduction import sum

    if shape_of(x1)[-1:] != shape_of(x2)[-1:]:
        raise ValueError(f"vecdot: the vectors have {shape_of(x1)[-1:]} and {shape_of(x2)[-1:]} components")
    return sum(rows.multiply(conjugate(x1) if is_complex(x1) else x1, x2), -1)


def _matvec(x1: Any, x2: Any) -> Any:
    made = products.matmul(x1, reshape(x2, shape=(*shape_of(x2), 1)))
    return reshape(made, shape=shape_of(made)[:-1])


def _vecmat(x1: Any, x2: Any) -> Any:
    x1 = conjugate(x1) if is_complex(x1) else x1
    made = products.matmul(reshape(x1, shape=(*shape_of(x1)[:-1], 1, shape_of(x1)[-1])), x2)
    return reshape(made, shape=(*shape_of(made)[:-2], shape_of(made)[-1]))


@implements(numpy.vecdot)
def vecdot(x1: Any, x2: Any, *, axes: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """`numpy.vecdot`: the first operand is conjugated."""
    return _with_axes((1, 1), 0, _vecdot)(x1, x2, axes=axes, axis=axis, keepdims=keepdims)


@implements(numpy.matvec)
def matvec(x1: Any, x2: Any, *, axes: Any = None) -> Any:
    """`numpy.matvec`."""
    return _with_axes((2, 1), 1, _matvec)(x1, x2, axes=axes)


@implements(numpy.vecmat)
def vecmat(x1: Any, x2: Any, *, axes: Any = None) -> Any:
    """`numpy.vecmat`: the vector is conjugated."""
    return _with_axes((1, 2), 1, _vecmat)(x1, x2, axes=axes)


# ------------------------------------------------------------------------------------------------ einsum


@implements(numpy.einsum)
def einsum(*operands: Any, out: Any = None, optimize: Any = False, dtype: Any = None, **options: Any) -> Any:
    """`numpy.einsum`, with a subscript string (explicit or implicit, with ellipsis) or with lists of axes."""
    if not isinstance(operands[0], str):
        operands = _from_lists(operands)
    subscripts, arrays = operands[0].replace(" ", ""), [operand(a) for a in operands[1:]]
    if dtype is not None:
        arrays = [as_dtype(a, dtype) for a in arrays]
    terms, output = _letters(subscripts, arrays)
    arrays, terms = _without_broadcast_ones(arrays, terms)
    if optimize is not False and len(arrays) > 2:
        arrays, terms = _along_path(arrays, terms, output, optimize)
    return finish(products.einsum(*arrays, subscripts=",".join(terms) + "->" + output), out)


def _along_path(arrays: list[Any], terms: list[str], output: str, optimize: Any) -> tuple[list[Any], list[str]]:
    """The operands after all contractions but the last one of the path that NumPy finds for their shapes."""
    shapes = [numpy.broadcast_to(numpy.False_, shape_of(a)) for a in arrays]
    path, _ = numpy.einsum_path(",".join(terms) + "->" + output, *shapes, optimize=optimize)
    for places in path[1:-1]:
        taken = [(arrays.pop(i), terms.pop(i)) for i in sorted(places, reverse=True)]
        needed = set(output).union(*terms)
        kept = "".join(dict.fromkeys(c for _, term in taken for c in term if c in needed))
        made = products.einsum(*(a for a, _ in taken), subscripts=",".join(t for _, t in taken) + "->" + kept)
        arrays.append(made)
        terms.append(kept)
    return arrays, terms


@implements(numpy.einsum_path)
def einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: bool = False) -> Any:
    """`numpy.einsum_path`, which looks at shapes alone."""

    def stand_in(a: Any) -> Any:
        return a if isinstance(a, str) or _is_axes(a) else numpy.broadcast_to(numpy.False_, shape_of(operand(a)))

    return numpy.einsum_path(*map(stand_in, operands), optimize=optimize, einsum_call=einsum_call)  # type: ignore[arg-type]


def _is_axes(a: Any) -> bool:
    return isinstance(a, (list, tuple)) and all(isinstance(i, (int, numpy.integer)) or i is Ellipsis for i in a)


def _from_lists(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """`einsum(a, [0, 1], b, [1, 2], [0, 2])` with letters."""

    def written(axes: Any) -> str:
        return "".join("..." if i is Ellipsis else string.ascii_letters[int(i)] for i in axes)

    pairs = len(operands) // 2
    text = ",".join(written(operands[2 * i + 1]) for i in range(pairs))
    if len(operands) % 2:
        text += "->" + written(operands[-1])
    return (text, *operands[0 : 2 * pairs : 2])


def _letters(subscripts: str, arrays: list[Any]) -> tuple[list[str], str]:
    """The subscripts of each operand and of the result with ellipses and the implicit result written out."""
    left, arrow, output = subscripts.partition("->")
    terms = left.split(",")
    if len(terms) != len(arrays):
        raise ValueError(f"einsum: {len(terms)} subscripts for {len(arrays)} operands")
    free = [c for c in string.ascii_letters if c not in subscripts]
    widest = max([ndim(a) - len(t) + 3 for t, a in zip(terms, arrays, strict=True) if "..." in t], default=0)
    dots = "".join(free[:widest])
    expanded = []
    for term, a in zip(terms, arrays, strict=True):
        if "..." in term:
            count = ndim(a) - len(term) + 3
            term = term.replace("...", dots[widest - count :])
        if len(term) != ndim(a):
            raise ValueError(f"einsum: subscript {term!r} for an operand of {ndim(a)} dimensions")
        expanded.append(term)
    if not arrow:
        every = "".join(expanded)
        output = dots + "".join(c for c in sorted(set(every)) if every.count(c) == 1 and c not in dots)
    return expanded, output.replace("...", dots)


def _without_broadcast_ones(arrays: list[Any], terms: list[str]) -> tuple[list[Any], list[str]]:
    """Drop axes of length 1 whose letter is longer elsewhere: einsum broadcasts them."""
    longest: dict[str, int] = {}
    for term, a in zip(terms, arrays, strict=True):
        for c, n in zip(term, shape_of(a), strict=True):
            longest[c] = max(longest.get(c, 0), n) if n else 0
    kept_arrays, kept_terms = [], []
    for term, a in zip(terms, arrays, strict=True):
        kept = [(c, n) for c, n in zip(term, shape_of(a), strict=True) if not (n == 1 and longest[c] != 1)]
        if len(kept) < len(term):
            a = reshape(a, shape=tuple(n for _, n in kept))
        kept_arrays.append(a)
        kept_terms.append("".join(c for c, _ in kept))
    return kept_arrays, kept_terms


# ------------------------------------------------------------------------------------------------ kron and cross


@implements(numpy.kron)
def kron(a: Any, b: Any) -> Any:
    """`numpy.kron`."""
    a, b = operand(a), operand(b)
    n = max(ndim(a), ndim(b))
    first = (1,) * (n - ndim(a)) + shape_of(a)
    second = (1,) * (n - ndim(b)) + shape_of(b)
    a = reshape(a, shape=tuple(m for size in first for m in (size, 1)))
    b = reshape(b, shape=tuple(m for size in second for m in (1, size)))
    return reshape(rows.multiply(a, b), shape=tuple(p * q for p, q in zip(first, second, strict=True)))


@implements(numpy.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Any:
    """`numpy.cross` of vectors of three components, or of two: such a one has the third component 0, and of two such
    the result is the third component of the product.
    """
    from .joining import moveaxis

    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    sizes = (shape_of(a)[-1], shape_of(b)[-1])
    if sizes == (2, 2):
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    if not {2, 3}.issuperset(sizes):
        raise ValueError(f"cross needs vectors of two or three components, not of {sizes[0]} and {sizes[1]}")
    a, b = (_in_space(v) if n == 2 else v for v, n in zip((a, b), sizes, strict=True))
    later, last = numpy.array([1, 2, 0]), numpy.array([2, 0, 1])
    made = a[..., later] * b[..., last] - a[..., last] * b[..., later]
    return moveaxis(made, -1, axisc)


def _in_space(v: Any) -> Any:
    """Vectors of two components, with the third one 0."""
    from .joining import concatenate

    return concatenate([v, numpy.zeros((*shape_of(v)[:-1], 1), numpy_dtype(v))], axis=-1)
