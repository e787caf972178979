"""PyTorch's dtypes over NumPy's, and its promotion: float32 by default, integers give way to floats.

Promotion differs from NumPy's in three ways: a Python number or a 0-d tensor decides the category of a result (integer,
float, complex) but not its width; an integer tensor and a float make a float of that float's width; integers divided,
or given to a function of real numbers, become the default float. Not for: conversions that are recorded (`operands`).
"""

from __future__ import annotations

import functools
from typing import Any

import numpy

from ...errors import InputError

__adkit__ = True

FLOAT32 = numpy.dtype(numpy.float32)
_CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


class dtype:
    """A dtype as PyTorch names it, such as `torch.float32`; `numpy` is NumPy's."""

    def __init__(self, name: str, plain: Any) -> None:
        self.name = name
        self.numpy = numpy.dtype(plain)

    @property
    def is_floating_point(self) -> bool:
        """Whether it is a real float."""
        return self.numpy.kind == "f"

    @property
    def is_complex(self) -> bool:
        """Whether it is complex."""
        return self.numpy.kind == "c"

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


float16, float32, float64 = dtype("float16", "f2"), dtype("float32", "f4"), dtype("float64", "f8")
complex64, complex128 = dtype("complex64", "c8"), dtype("complex128", "c16")
uint8, int8, int16 = dtype("uint8", "u1"), dtype("int8", "i1"), dtype("int16", "i2")
int32, int64, bool_ = dtype("int32", "i4"), dtype("int64", "i8"), dtype("bool", "?")
ALL = (float16, float32, float64, complex64, complex128, uint8, int8, int16, int32, int64, bool_)
_BY_NUMPY = {made.numpy: made for made in ALL}
ALIASES = {"half": float16, "float": float32, "double": float64, "cfloat": complex64, "cdouble": complex128}
ALIASES |= {"short": int16, "int": int32, "long": int64, "bool": bool_}


class _Default:
    """The float of tensors made without a dtype; one for the process, as in PyTorch."""

    real: dtype = float32


def get_default_dtype() -> dtype:
    """The dtype of tensors that are made from Python floats.

    Example
    -------
    >>> get_default_dtype()
    torch.float32
    """
    return _Default.real


def set_default_dtype(d: dtype) -> None:
    """Choose the dtype of tensors that are made from Python floats."""
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _Default.real = d
    result_type.cache_clear()


def default_real() -> numpy.dtype:
    """NumPy's dtype of the default float."""
    return _Default.real.numpy


def default_complex() -> numpy.dtype:
    """NumPy's dtype of the default complex number."""
    return numpy.result_type(_Default.real.numpy, numpy.complex64)


def plain_dtype(given: Any) -> numpy.dtype:
    """NumPy's dtype for a dtype of ours, NumPy's, or a Python type; `InputError` for anything else.

    >>> plain_dtype(float64), plain_dtype(float), plain_dtype(bool)
    (dtype('float64'), dtype('float64'), dtype('bool'))
    """
    if type(given) is dtype:
        return given.numpy
    try:
        return named(numpy.dtype(given)).numpy
    except TypeError:
        raise InputError(f"{given!r} is no dtype", fix="use one such as torch.float32 or torch.int64") from None


def named(plain: numpy.dtype) -> dtype:
    """Our dtype for NumPy's.

    >>> named(numpy.dtype("int64"))
    torch.int64
    """
    found = _BY_NUMPY.get(plain)
    if found is None:
        raise InputError(f"a tensor cannot have NumPy's dtype {plain}", fix="convert the array: array.astype(float)")
    return found


def of_python(value: Any) -> numpy.dtype:
    """The dtype that a Python number has in PyTorch."""
    if isinstance(value, bool):
        return bool_.numpy
    if isinstance(value, int):
        return int64.numpy
    return default_real() if isinstance(value, float) else default_complex()


def promote(a: numpy.dtype, b: numpy.dtype) -> numpy.dtype:
    """The dtype of two tensors together.

    >>> promote(numpy.dtype("int64"), numpy.dtype("float32"))
    dtype('float32')
    """
    i, j = _CATEGORY[a.kind], _CATEGORY[b.kind]
    if i < 2 <= j:
        return b
    if j < 2 <= i:
        return a
    return numpy.promote_types(a, b)


@functools.lru_cache(maxsize=512)
def result_type(operands: tuple[tuple[numpy.dtype, int], ...]) -> numpy.dtype:
    """The dtype of a result of operands, each given as (dtype, rank): 2 an array, 1 a 0-d tensor, 0 a Python number."""
    result: numpy.dtype | None = None
    for rank in (2, 1, 0):
        of_rank = [kind for kind, its in operands if its == rank]
        if not of_rank:
            continue
        together = functools.reduce(promote, of_rank)
        if result is None:
            result = together
        elif _CATEGORY[together.kind] > _CATEGORY[result.kind]:
            result = promote(result, together)
    assert result is not None
    return result
