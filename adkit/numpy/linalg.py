"""`adkit.numpy.linalg`: linear algebra for traced and plain arrays; what has no rule yet is refused by name.

Not for: derivatives (`primitives.linalg`).
"""

from __future__ import annotations

import sys
from typing import Any

import numpy

from ..errors import UnsupportedError
from ..numpy_api import implements, refusing
from ..primitives import elementwise as rows
from ..primitives import linalg as products
from ..primitives.linalg import swap_last
from ..primitives.shape import shape_of
from ..source import user_line
from . import products as plain_products
from . import reduction, shaping
from .arguments import many_axes, ndim, operand
from .elementwise import is_complex

__adkit__ = True

LinAlgError = numpy.linalg.LinAlgError


@implements(numpy.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """`numpy.linalg.solve`."""
    return products.solve(operand(a), operand(b))


@implements(numpy.linalg.inv)
def inv(a: Any) -> Any:
    """`numpy.linalg.inv`."""
    return products.inv(operand(a))


@implements(numpy.linalg.det)
def det(a: Any) -> Any:
    """`numpy.linalg.det`."""
    return products.det(operand(a))


@implements(numpy.linalg.slogdet)
def slogdet(a: Any) -> Any:
    """`numpy.linalg.slogdet` of a real matrix: the sign is piecewise constant."""
    a = operand(a)
    if is_complex(a):
        raise _unsupported("slogdet of a complex matrix", "use numpy.log(numpy.linalg.det(a))")
    from .arguments import known

    kind = type(numpy.linalg.slogdet(numpy.eye(1)))
    return kind(numpy.linalg.slogdet(known(a))[0], products.logabsdet(a))


@implements(numpy.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    """`numpy.linalg.matrix_power`, by repeated squaring."""
    a = operand(a)
    if n == 0:
        return a * 0.0 + numpy.eye(shape_of(a)[-1])
    if n < 0:
        a, n = inv(a), -n
    result = None
    while n:
        if n & 1:
            result = a if result is None else products.matmul(result, a)
        n >>= 1
        a = products.matmul(a, a) if n else a
    return result


@implements(numpy.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """`numpy.linalg.multi_dot`, from left to right."""
    from .arguments import finish

    made = operand(arrays[0])
    for other in arrays[1:]:
        made = plain_products.dot(made, other)
    return finish(made, out)


# ------------------------------------------------------------------------------------------------ norms


@implements(numpy.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """`numpy.linalg.norm`; at 0 the derivative is taken as 0. The spectral and nuclear norms of matrices are
    refused.
    """
    x = operand(x)
    n = ndim(x)
    if axis is None and ord is None:
        return _euclidean(x, tuple(range(n)), keepdims)
    axes = many_axes(axis, n)
    if len(axes) == 1:
        return _vector_norm(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) != 2:
        raise ValueError("Improper number of dimensions to norm.")
    given = tuple(axis) if axis is not None else axes
    return _matrix_norm(x, "fro" if ord is None else ord, tuple(many_axes((i,), n)[0] for i in given), keepdims)


def _euclidean(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return rows.root(reduction.sum(reduction.squared_magnitude(x), axes, keepdims=keepdims))


def _vector_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order {ord!r} for vectors")
    if ord == 2:
        return _euclidean(x, axes, keepdims)
    if ord == numpy.inf:
        return reduction.max(rows.absolute(x), axes, keepdims=keepdims)
    if ord == -numpy.inf:
        return reduction.min(rows.absolute(x), axes, keepdims=keepdims)
    if ord == 0:
        return reduction.sum(rows.not_equal(x, 0) * 1.0, axes, keepdims=keepdims)
    if ord == 1:
        return reduction.sum(rows.absolute(x), axes, keepdims=keepdims)
    total = reduction.sum(rows.absolute(x) ** float(ord), axes, keepdims=keepdims)
    zero = rows.equal(total, 0)
    return rows.where(zero, 0.0, rows.where(zero, 1.0, total) ** (1.0 / ord))


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord == "fro":
        return _euclidean(x, axes, keepdims)
    if ord not in (1, -1, numpy.inf, -numpy.inf):
        raise _unsupported(f"norm with ord={ord!r} of a matrix", "use ord='fro', 1, -1, inf or -inf")
    extremum = reduction.max if ord in (1, numpy.inf) else reduction.min
    first, second = axes if ord in (1, -1) else axes[::-1]
    sums = reduction.sum(rows.absolute(x), first, keepdims=True)
    made = extremum(sums, second, keepdims=True)
    return made if keepdims else shaping.squeeze(made, axes)


@implements(numpy.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """`numpy.linalg.vector_norm`."""
    x = operand(x)
    axes = many_axes(axis, ndim(x))
    return _vector_norm(x, ord, axes, keepdims)


@implements(numpy.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """`numpy.linalg.matrix_norm`."""
    return norm(x, ord, (-2, -1), keepdims)


# ------------------------------------------------------------------------------------------------ NumPy 2's other names


@implements(numpy.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    """`numpy.linalg.matrix_transpose`."""
    return swap_last(operand(x))


@implements(numpy.linalg.matmul)
def matmul(x1: Any, x2: Any, /) -> Any:
    """`numpy.linalg.matmul`."""
    return plain_products.matmul(x1, x2)


@implements(numpy.linalg.outer)
def outer(x1: Any, x2: Any, /) -> Any:
    """`numpy.linalg.outer`."""
    return plain_products.outer(x1, x2)


@implements(numpy.linalg.cross)
def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """`numpy.linalg.cross`."""
    return plain_products.cross(x1, x2, axis=axis)


@implements(numpy.linalg.tensordot)
def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """`numpy.linalg.tensordot`."""
    return plain_products.tensordot(x1, x2, axes)


@implements(numpy.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """`numpy.linalg.vecdot`."""
    return plain_products.vecdot(x1, x2, axis=axis)


@implements(numpy.linalg.diagonal)
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """`numpy.linalg.diagonal`."""
    return shaping.diagonal(x, offset, -2, -1)


@implements(numpy.linalg.trace)
def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """`numpy.linalg.trace`."""
    return shaping.trace(x, offset, -2, -1, dtype)


def _unsupported(what: str, fix: str) -> UnsupportedError:
    filename, line = user_line(sys._getframe(1))
    return UnsupportedError(
        f"numpy.linalg.{what} has no derivative rule in adkit", fix=fix, filename=filename, line=line
    )


def __getattr__(name: str) -> Any:
    member = getattr(numpy.linalg, name)
    if name.startswith("_") or isinstance(member, type) or not callable(member):
        return member
    made = globals()[name] = refusing(f"numpy.linalg.{name}", member)
    return made


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(numpy.linalg)})
