"""Between tensors and what they hold: unwrapping operands, promotion by PyTorch's rules, wrapping results.

A tensor's `_h` is a `TracedArray` where it requires grad, else a NumPy array or scalar. Not for: the operations.
"""

from __future__ import annotations

from typing import Any

import numpy
from numpy import ndarray

from ...errors import InputError
from ...handle import TracedArray
from ...numpy.creation import as_dtype
from .dtypes import default_complex, default_real, of_python, plain_dtype, result_type
from .modes import grad_mode

__adkit__ = True

PYTHON_NUMBERS = frozenset({float, int, bool, complex})
_new = object.__new__
tensor_class: Any = None  # `tensors` puts its class here


def wrap(held: Any) -> Any:
    """A tensor that holds an array, a NumPy scalar, or a handle."""
    if isinstance(held, TracedArray):
        if held.node is None:
            held = held.value
    elif type(held) in PYTHON_NUMBERS:
        held = of_python(held).type(held)
    made = _new(tensor_class)
    made._h = held
    return made


def plain(value: Any) -> Any:
    """The NumPy array or scalar behind a tensor or a handle; anything else as it is."""
    held = value._h if isinstance(value, tensor_class) else value
    return held.value if isinstance(held, TracedArray) else held


def held(value: Any) -> Any:
    """What a tensor holds as an operand now: within `no_grad` its plain value."""
    if isinstance(value, tensor_class):
        inner = value._h
        return inner.value if isinstance(inner, TracedArray) and not grad_mode.get() else inner
    if isinstance(value, (list, tuple)):
        return type(value)(map(held, value))
    if type(value) is TracedArray and type(value.value) in (float, complex):  # of adkit.grad at a Python number
        return TracedArray(value.node, numpy.asarray(value.value)[()])
    return value


def dtype_of(inner: Any) -> numpy.dtype:
    """The dtype of what a tensor holds."""
    return inner.value.dtype if type(inner) is TracedArray else inner.dtype


def cast(inner: Any, dtype: numpy.dtype) -> Any:
    """What a tensor holds in another dtype, recorded where it is traced."""
    if dtype_of(inner) == dtype:
        return inner
    if isinstance(inner, TracedArray):
        return as_dtype(inner, dtype)
    if inner.dtype.kind == "c" and dtype.kind != "c" and dtype.kind != "b":
        inner = inner.real
    return inner.astype(dtype)


def as_held(value: Any) -> Any:
    """An operand as a tensor would hold it: a number, list or NumPy array becomes an array."""
    inner = held(value)
    if type(inner) is ndarray or isinstance(inner, (TracedArray, numpy.generic)):
        return inner
    return numpy.asarray(inner, of_python(inner)) if type(inner) in PYTHON_NUMBERS else from_data(inner)


def from_data(data: Any, dtype: Any = None) -> Any:
    """A new array of nested lists of numbers, of NumPy's arrays and of tensors; floats become the default float."""
    if isinstance(data, TracedArray) and data.node is None:
        data = data.value  # an array as a %%grad cell makes them
    if isinstance(data, (ndarray, numpy.generic)):
        made = numpy.array(data)
    else:
        made = numpy.array(_without_tensors(data))
        if made.dtype == object or made.dtype.kind not in "biufc":
            raise InputError(
                f"a tensor cannot be made of {type(data).__name__}", fix="pass numbers, in nested lists of one length"
            )
        if dtype is None and not _holds_arrays(data):
            dtype = {"f": default_real(), "c": default_complex()}.get(made.dtype.kind)
    return made if dtype is None else made.astype(plain_dtype(dtype), copy=False)


def _without_tensors(data: Any) -> Any:
    if isinstance(data, tensor_class):
        return plain(data)
    if isinstance(data, (list, tuple)):
        return [_without_tensors(item) for item in data]
    return data


def _holds_arrays(data: Any) -> bool:
    """Whether the first number in nested lists is NumPy's or a tensor, whose dtype counts."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (tensor_class, ndarray, numpy.generic))


def _kind(operand: Any) -> tuple[numpy.dtype, int]:
    """Dtype and rank of an operand, as `dtypes.result_type` takes them."""
    if type(operand) in PYTHON_NUMBERS:
        return of_python(operand), 0
    inner = operand.value if isinstance(operand, TracedArray) else operand
    return inner.dtype, 2 if inner.shape else 1


def promoted(operands: tuple[Any, ...], real: bool = False) -> tuple[Any, ...]:
    """Operands in the dtype of their result, Python numbers left as they are where NumPy treats them alike.

    With `real` integers become the default float, as division and functions of real numbers have it.
    """
    dtype = result_type(tuple(map(_kind, operands)))
    if real and dtype.kind in "biu":
        dtype = default_real()
    return tuple(
        (dtype.type(operand) if dtype.kind != "b" else operand)
        if type(operand) in PYTHON_NUMBERS
        else cast(operand, dtype)
        for operand in operands
    )


def real_operand(inner: Any) -> Any:
    """An operand of a function of real numbers: integers become the default float."""
    return cast(inner, default_real()) if dtype_of(inner).kind in "biu" else inner
