"""Products and equations of matrices: `tf.matmul`, `tf.einsum`, `tf.tensordot`, and `tf.linalg`.

Not for: rules (`adkit.primitives.linalg`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ... import numpy as anp
from ...handle import TracedArray
from ...primitives.linalg import matmul as matmul_row
from .arrays import eye, plain, transpose
from .elementwise import square, tensor
from .errors import InvalidArgumentError, at_line
from .operators import operands
from .reduction import reduce_euclidean_norm, reduce_max, reduce_sum
from .tensor import Tensor, wrap

__adkit__ = True
__path__: list[str] = []  # `from tensorflow.linalg import X` asks for a module X before it gives up


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    name: str | None = None,
    **unused: Any,
) -> Tensor:
    """The product of matrices, of stacks of them with more axes; both have at least two.

    Example
    -------
    >>> matmul([[1.0, 2.0]], [[3.0], [4.0]])
    <tf.Tensor: shape=(1, 1), dtype=float32, numpy=array([[11.]], dtype=float32)>
    """
    x, y = operands(tensor(a) if isinstance(b, (Tensor, list)) else a, b, "matmul")
    x, y = _turned(x, transpose_a, adjoint_a), _turned(y, transpose_b, adjoint_b)
    if len(x.shape) < 2 or len(y.shape) < 2:
        raise at_line(
            InvalidArgumentError,
            f"matmul needs matrices, and its operands have shapes {tuple(x.shape)} and {tuple(y.shape)}",
            "use tf.linalg.matvec for a vector, or tf.tensordot(a, b, 1)",
        )
    if x.shape[-1] != y.shape[-2]:
        raise at_line(
            InvalidArgumentError,
            f"Matrix size-incompatible: In[0]: {list(x.shape)}, In[1]: {list(y.shape)} [matmul]",
            "the columns of the first must be as many as the rows of the second: see transpose_a and transpose_b",
        )
    if type(x) is TracedArray or type(y) is TracedArray:
        return wrap(matmul_row(x, y))
    return Tensor(x @ y)


def _turned(x: Any, transposed: bool, adjoint: bool) -> Any:
    if adjoint:
        x = anp.conjugate(x)
    return anp.swapaxes(x, -1, -2) if transposed or adjoint else x


def matvec(a: Any, b: Any, transpose_a: bool = False, adjoint_a: bool = False, name: str | None = None) -> Tensor:
    """The product of a matrix and a vector, or of stacks of them."""
    x, y = operands(tensor(a), b, "matvec")
    return wrap(anp.matmul(_turned(x, transpose_a, adjoint_a), y[..., None])[..., 0])


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """The sum of products over axes of both, or over so many last and first axes."""
    return wrap(anp.tensordot(*operands(tensor(a), b, "tensordot"), axes=plain(axes)))


def einsum(equation: str, *inputs: Any, **unused: Any) -> Tensor:
    """The sum of products that Einstein's notation describes.

    Example
    -------
    >>> einsum("ij,j->i", [[1.0, 2.0]], [3.0, 4.0])
    <tf.Tensor: shape=(1,), dtype=float32, numpy=array([11.], dtype=float32)>
    """
    made = [tensor(value) for value in inputs]
    for other in made[1:]:
        operands(made[0], other, "einsum")
    return wrap(anp.einsum(equation, *(value._read() for value in made)))


def solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """X with matrix @ X = rhs; both have two axes or more."""
    a, b = operands(tensor(matrix), rhs, "solve")
    return wrap(anp.linalg.solve(_turned(a, False, adjoint), b))


def inv(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The inverse matrix."""
    return wrap(anp.linalg.inv(_turned(tensor(input)._read(), False, adjoint)))


def det(input: Any, name: str | None = None) -> Tensor:
    """The determinant."""
    return wrap(anp.linalg.det(tensor(input)._read()))


def slogdet(input: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Sign and logarithm of the absolute value of the determinant."""
    sign, logarithm = anp.linalg.slogdet(tensor(input)._read())
    return wrap(sign), wrap(logarithm)


def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """The logarithm of the determinant of a positive definite matrix."""
    return slogdet(matrix)[1]


def cholesky(input: Any, name: str | None = None) -> Tensor:
    """The lower triangular factor of a positive definite matrix."""
    return wrap(anp.linalg.cholesky(tensor(input)._read()))


def trace(x: Any, name: str | None = None) -> Tensor:
    """The sum of the diagonal."""
    return wrap(anp.trace(tensor(x)._read(), axis1=-2, axis2=-1))


def diag_part(input: Any, name: str | None = None, **unused: Any) -> Tensor:
    """The main diagonal."""
    return wrap(anp.diagonal(tensor(input)._read(), axis1=-2, axis2=-1))


def diag(diagonal: Any, name: str | None = None, **unused: Any) -> Tensor:
    """A square matrix with this main diagonal."""
    made = tensor(diagonal)
    operand = made._read()
    return wrap(operand[..., None] * numpy.eye(made._value.shape[-1], dtype=made._value.dtype))


def matrix_transpose(a: Any, name: str = "", conjugate: bool = False) -> Tensor:
    """The last two axes exchanged."""
    return wrap(_turned(tensor(a)._read(), True, conjugate))


def norm(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The norm of a vector, or of all elements taken as one: "euclidean", 1, 2, another power, or infinity.

    At 0 the derivative of the euclidean norm is NaN, as in TensorFlow, whose formula is this one too.

    Example
    -------
    >>> norm([3.0, 4.0])
    <tf.Tensor: shape=(), dtype=float32, numpy=5.0>
    """
    from .elementwise import abs, pow

    if isinstance(axis, (list, tuple)) and len(axis) == 2 and ord not in ("euclidean", "fro"):
        raise at_line(
            InvalidArgumentError,
            f"norm does not offer ord={ord!r} of matrices",
            "use ord='euclidean', or tf.linalg.svd",
        )
    if ord in ("euclidean", "fro", 2):
        return reduce_euclidean_norm(tensor, axis, keepdims)
    size = abs(tensor)
    if ord == numpy.inf:
        return reduce_max(size, axis, keepdims)
    if ord == 1:
        return reduce_sum(size, axis, keepdims)
    return pow(reduce_sum(pow(size, ord), axis, keepdims), 1 / ord)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None) -> Tensor:
    """x / √max(Σ x², epsilon) along axes."""
    from .elementwise import maximum, rsqrt

    return tensor(x) * rsqrt(maximum(reduce_sum(square(x), axis, True), epsilon))


__all__ = [
    "cholesky",
    "det",
    "diag",
    "diag_part",
    "einsum",
    "eye",
    "inv",
    "l2_normalize",
    "logdet",
    "matmul",
    "matrix_transpose",
    "matvec",
    "norm",
    "slogdet",
    "solve",
    "tensordot",
    "trace",
    "transpose",
]


def __getattr__(name: str) -> Any:
    from .refusals import absent

    raise absent("linalg", name)
