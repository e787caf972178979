"""Questions about dtypes: `result_type can_cast common_type min_scalar_type`. A traced argument stands for its dtype.

Not for: conversion (`numpy.creation`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ..backends import backend_of
from ..dtypes import is_foreign_dtype, named_dtype, numpy_dtype
from ..handle import TracedArray
from ..numpy_api import implements

__adkit__ = True


def _type(argument: Any) -> Any:
    """What NumPy's promotion reads of an argument: a dtype, or a Python scalar, which gives way to arrays."""
    if isinstance(argument, TracedArray):
        argument = argument.value
    if type(argument) in (float, int, complex, bool) or isinstance(argument, (type, numpy.dtype, str)):
        return argument
    if is_foreign_dtype(argument):
        return named_dtype(argument)
    return numpy_dtype(argument) if backend_of(argument) is not None or hasattr(argument, "dtype") else argument


def _stand_in(argument: Any) -> Any:
    """An array without elements in the place of an argument."""
    return numpy.zeros(0, numpy_dtype(argument))


@implements(numpy.result_type)
def result_type(*arrays_and_dtypes: Any) -> Any:
    """`numpy.result_type`."""
    return numpy.result_type(*map(_type, arrays_and_dtypes))


@implements(numpy.can_cast)
def can_cast(from_: Any, to: Any, casting: Any = "safe") -> bool:
    """`numpy.can_cast`."""
    return numpy.can_cast(_type(from_), _type(to), casting)


@implements(numpy.common_type)
def common_type(*arrays: Any) -> Any:
    """`numpy.common_type`."""
    return numpy.common_type(*map(_stand_in, arrays))


@implements(numpy.min_scalar_type)
def min_scalar_type(a: Any) -> Any:
    """`numpy.min_scalar_type`: the dtype of an array; a traced scalar keeps its own, since its value is no constant."""
    return numpy_dtype(a)
