"""NumPy's promotion for arrays that refuse to promote: operands become arrays of one dtype.

Arrays of two devices are left to the library, which raises. NumPy *arrays* are refused: moving one is a transfer, and
those are recorded. Not for: what the operations compute.
"""

from __future__ import annotations

from typing import Any

import array_api_strict as standard
import numpy

__adkit__ = True

Array = type(standard.asarray(0))

_NAMES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_FLOATING = ("float32", "float64", "complex64", "complex128")
_DTYPES = {numpy.dtype(name): getattr(standard, name) for name in _NAMES + _FLOATING}
_NUMPY = {dtype: name for name, dtype in _DTYPES.items()}


def standard_dtype(dtype: Any) -> Any:
    """The library's dtype for anything that NumPy takes as a dtype; `TypeError` if the standard has none."""
    plain = _NUMPY.get(dtype) if isinstance(dtype, type(standard.float64)) else numpy.dtype(dtype)
    if plain not in _DTYPES:
        raise TypeError(f"the array API standard has no dtype {plain}")
    return _DTYPES[plain]


def numpy_dtype(array: Any) -> numpy.dtype:
    """The NumPy dtype of an array of the library."""
    return _NUMPY[array.dtype]


def is_array(value: Any) -> bool:
    """Whether a value is an array of the library."""
    return isinstance(value, Array)


def device_of(values: Any) -> Any:
    """The device of the first array among values."""
    return next(v.device for v in values if isinstance(v, Array))


def common_dtype(values: Any) -> numpy.dtype:
    """The dtype NumPy would compute in: arrays and NumPy scalars count with their dtype, Python scalars give way."""
    kinds = (_NUMPY[v.dtype] if isinstance(v, Array) else v for v in values)
    return numpy.result_type(*(k.dtype if isinstance(k, numpy.generic) else k for k in kinds))


def convert(array: Any, dtype: numpy.dtype) -> Any:
    """An array in another dtype; a complex one becomes real by dropping the imaginary part."""
    have = _NUMPY[array.dtype]
    if have == dtype:
        return array
    if have.kind == "c" and dtype.kind not in "cb":
        array = standard.real(array)
    return standard.astype(array, standard_dtype(dtype))


def lift(value: Any, dtype: numpy.dtype, device: Any) -> Any:
    """A scalar as a 0-d array on a device, or an array, in a dtype."""
    if isinstance(value, Array):
        return convert(value, dtype)
    if isinstance(value, numpy.ndarray):
        raise TypeError("a NumPy array met an array of array_api_strict: move it first")
    value = value.item() if isinstance(value, numpy.generic) else value
    if dtype.kind == "b":
        value = bool(value)
    return standard.asarray(value, dtype=standard_dtype(dtype), device=device)


def promote(*values: Any, floating: bool = False) -> list[Any]:
    """All values as arrays of their common dtype; with `floating` that is float64 where it would be integer or bool."""
    dtype = common_dtype(values)
    if floating and dtype.kind in "biu":
        dtype = numpy.dtype(numpy.float64)
    device = device_of(values)
    return [lift(value, dtype, device) for value in values]
