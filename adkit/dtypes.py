"""Dtypes of anything an instruction may hold, as NumPy names them."""

from __future__ import annotations

from typing import Any

import numpy

__adkit__ = True


def numpy_dtype(value: Any) -> numpy.dtype:
    """The NumPy dtype of an array of any library, a node, or a Python scalar.

    Example
    -------
    >>> numpy_dtype(1.5)
    dtype('float64')
    """
    dtype = value.dtype if hasattr(value, "dtype") else type(value)
    return dtype if isinstance(dtype, numpy.dtype) else _named(dtype)


def _named(dtype: Any) -> numpy.dtype:
    try:
        return numpy.dtype(dtype)
    except TypeError:  # another array library's dtype object, whose text ends in NumPy's name
        return numpy.dtype(str(dtype).rsplit(".", 1)[-1])
