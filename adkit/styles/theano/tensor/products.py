"""Products of vectors and matrices: `dot outer tensordot batched_dot`, and some linear algebra.

Not for: decompositions beyond what `nlinalg` lists.
"""

from __future__ import annotations

from typing import Any

from .... import numpy as anp
from ..errors import GraphError, at_line
from ..graph import Operation, TensorType, Variable, as_variable
from ..inference import promoted

__adkit__ = True


def _dot_type(a: Variable, b: Variable) -> TensorType:
    if a.ndim == 0 or b.ndim == 0:
        return TensorType(promoted([a, b]), a.broadcastable + b.broadcastable)
    rest = b.broadcastable[:-2] + b.broadcastable[-1:] if b.ndim > 1 else ()
    return TensorType(promoted([a, b]), a.broadcastable[:-1] + rest)


DOT = Operation("dot", anp.dot, _dot_type)


def dot(l: Any, r: Any) -> Variable:
    """The product of vectors and matrices, as `numpy.dot`.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> A, v = T.dmatrix("A"), T.dvector("v")
    >>> dot(A, v).eval({A: [[1.0, 2.0]], v: [3.0, 4.0]})
    array([11.])
    """
    return DOT(l, r)


OUTER = Operation("outer", anp.outer, lambda a, b: TensorType(promoted([a, b]), (_is_one(a), _is_one(b))))


def _is_one(v: Variable) -> bool:
    return all(v.broadcastable)


def outer(x: Any, y: Any) -> Variable:
    """The matrix of the products of the elements of two vectors."""
    return OUTER(x, y)


def _tensordot(a: Any, b: Any, axes: Any) -> Any:
    return anp.tensordot(a, b, axes)


def _tensordot_type(a: Variable, b: Variable, axes: Any) -> TensorType:
    if isinstance(axes, int):
        left, right = tuple(range(a.ndim - axes, a.ndim)), tuple(range(axes))
    else:
        left, right = (tuple(x) if isinstance(x, (tuple, list)) else (x,) for x in axes)
    left, right = tuple(i % a.ndim for i in left), tuple(i % b.ndim for i in right)
    pattern = [x for i, x in enumerate(a.broadcastable) if i not in left]
    pattern += [x for i, x in enumerate(b.broadcastable) if i not in right]
    return TensorType(promoted([a, b]), pattern)


TENSORDOT = Operation("tensordot", _tensordot, _tensordot_type)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Variable:
    """The sum of products over axes, as `numpy.tensordot`."""
    return TENSORDOT(a, b, axes=axes)


def _matmul_type(a: Variable, b: Variable) -> TensorType:
    if a.ndim == 0 or b.ndim == 0:
        raise at_line(GraphError, "@ takes no scalars", "use *")
    if a.ndim <= 2 and b.ndim <= 2:
        return _dot_type(a, b)
    n = max(a.ndim, b.ndim)
    return TensorType(promoted([a, b]), (False,) * (n - (a.ndim == 1) - (b.ndim == 1)))


MATMUL = Operation("matmul", anp.matmul, _matmul_type, "{0} @ {1}")


def _batched_dot(a: Any, b: Any) -> Any:
    if a.ndim == 2 and b.ndim == 2:
        return anp.sum(a * b, axis=1)
    left = a[:, None, :] if a.ndim == 2 else a
    right = b[:, :, None] if b.ndim == 2 else b
    made = anp.matmul(left, right)
    if a.ndim == 2:
        return made[:, 0]
    return made[..., 0] if b.ndim == 2 else made


BATCHED = Operation(
    "batched_dot",
    _batched_dot,
    lambda a, b: TensorType(promoted([a, b]), (False,) * (a.ndim + b.ndim - 3)),
)


def batched_dot(a: Any, b: Any) -> Variable:
    """The product of each of a stack of vectors or matrices with the corresponding one of another."""
    a, b = as_variable(a), as_variable(b)
    if a.ndim not in (2, 3) or b.ndim not in (2, 3):
        raise at_line(GraphError, f"batched_dot of {a.ndim} and {b.ndim} dimensions", "pass stacks: 2 or 3 dimensions")
    return BATCHED(a, b)


def _as_float(x: Variable) -> str:
    return x.dtype if x.type.numpy_dtype.kind in "fc" else "float64"


_INVERSE = Operation("matrix_inverse", lambda x: anp.linalg.inv(x), lambda x: TensorType(_as_float(x), (False, False)))
_DET = Operation("det", lambda x: anp.linalg.det(x), lambda x: TensorType(_as_float(x), ()))
_SOLVE = Operation(
    "solve", lambda a, b: anp.linalg.solve(a, b), lambda a, b: TensorType(promoted([a, b]), b.broadcastable)
)


def matrix_inverse(x: Any) -> Variable:
    """The inverse of a square matrix."""
    return _INVERSE(x)


def det(x: Any) -> Variable:
    """The determinant of a square matrix."""
    return _DET(x)


def solve(a: Any, b: Any) -> Variable:
    """The solution y of a · y = b."""
    return _SOLVE(a, b)
