"""What the functions of `adkit.numpy.linalg` do with matrix arguments first: checks, dtypes, stacks of columns.

Not for: any function that a user calls.
"""

from __future__ import annotations

from typing import Any

import numpy

from ...dtypes import numpy_dtype
from ...primitives.shape import convert, reshape, shape_of
from ..arguments import operand

__adkit__ = True


def matrices(a: Any) -> Any:
    """An argument as a floating array of at least two axes; `LinAlgError` as NumPy raises it."""
    a = operand(a)
    if len(shape_of(a)) < 2:
        raise numpy.linalg.LinAlgError(
            f"{len(shape_of(a))}-dimensional array given. Array must be at least two-dimensional"
        )
    return floating(a)


def squares(a: Any) -> Any:
    """An argument as square matrices."""
    a = matrices(a)
    m, n = shape_of(a)[-2:]
    if m != n:
        raise numpy.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    return a


def floating(a: Any) -> Any:
    """An operand in a dtype that LAPACK has; integers become floats."""
    dtype = numpy_dtype(a)
    if dtype.kind in "fc":
        if dtype == numpy.float16:
            raise TypeError("array type float16 is unsupported in linalg")
        return a
    return convert(a, dtype=numpy.dtype(float))


def column(b: Any) -> Any:
    """A vector as a matrix of one column."""
    return reshape(b, shape=(*shape_of(b), 1))


def without_column(x: Any) -> Any:
    """Matrices of one column as vectors."""
    return reshape(x, shape=shape_of(x)[:-1])
