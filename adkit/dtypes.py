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
    return dtype if isinstance(dtype, numpy.dtype) else named_dtype(dtype)


def named_dtype(dtype: Any) -> numpy.dtype:
    """What NumPy takes as a dtype, or another array library's dtype object, as a NumPy dtype."""
    try:
        return numpy.dtype(dtype)
    except TypeError:
        if not is_foreign_dtype(dtype):
            raise
        return numpy.dtype(str(dtype).rsplit(".", 1)[-1])  # its text ends in NumPy's name


def is_foreign_dtype(value: Any) -> bool:
    """Whether a value is the dtype object of another array library than NumPy, as its class is named."""
    return type(value).__name__.lower() == "dtype"
