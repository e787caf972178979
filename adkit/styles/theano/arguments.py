"""Values as the inputs of compiled functions take them: NumPy's own conversions, where nothing is lost.

Not for: which value belongs to which input (`functions`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ...handle import TracedArray, untraced
from .errors import ArgumentError, at_line
from .graph import TensorType, Variable

__adkit__ = True


def filtered(value: Any, kind: TensorType, name: str, downcast: bool | None) -> Any:
    """A value as the type has it, or an `ArgumentError`: NumPy's own conversions where nothing is lost.

    Example
    -------
    >>> filtered([1, 2], TensorType("float64", (False,)), "x", None)
    array([1., 2.])
    """
    if isinstance(value, TracedArray):
        if value.node is not None:
            return _checked_traced(value, kind, name)
        value = untraced(value)
    if isinstance(value, Variable):
        fix = "call it with numbers or arrays; expressions are combined before they are compiled"
        raise at_line(ArgumentError, f"the input {name} is symbolic", fix)
    plain = numpy.asarray(value)
    if plain.dtype.kind not in "biufc":
        raise at_line(ArgumentError, f"the input {name} is {type(value).__name__}", "pass a number or an array")
    _check_shape(plain.shape, kind, name)
    want = kind.numpy_dtype
    if plain.dtype != want and not _may_convert(value, plain, want, downcast):
        message = f"the input {name} is of dtype {plain.dtype}, and {want} would lose some of it"
        raise at_line(ArgumentError, message, f"pass it as {want}, or compile with allow_input_downcast=True")
    return plain.astype(want, copy=False)[()] if kind.ndim == 0 else plain.astype(want, copy=False)


def _check_shape(shape: tuple[int, ...], kind: TensorType, name: str) -> None:
    if len(shape) != kind.ndim:
        message = f"the input {name} has the wrong number of dimensions: expected {kind.ndim}, got {len(shape)} with "
        raise at_line(ArgumentError, message + f"shape {shape}", f"pass a value of {kind.ndim} dimensions")
    for i, (n, one) in enumerate(zip(shape, kind.broadcastable, strict=True)):
        if one and n != 1:
            raise at_line(ArgumentError, f"the input {name} has length {n} along axis {i}, not 1", "use T.matrix")


def _checked_traced(value: TracedArray, kind: TensorType, name: str) -> TracedArray:
    _check_shape(value.shape, kind, name)
    want = kind.numpy_dtype
    if value.dtype == want:
        return value
    if want.kind in "biu" and value.dtype.kind not in "biu":
        fix = "use a float variable, or pass adkit.stop_gradient(x) converted to integers"
        raise at_line(ArgumentError, f"the input {name} is an integer variable and the value is traced", fix)
    made: TracedArray = value.astype(want)
    return made


def _may_convert(value: Any, plain: numpy.ndarray, want: numpy.dtype, downcast: bool | None) -> bool:
    if downcast or numpy.can_cast(plain.dtype, want, "safe"):
        return True
    if plain.dtype.kind in "biu" and want.kind in "biu":
        return bool(numpy.all(plain == plain.astype(want)))
    if plain.dtype.kind in "biu" and want.kind in "fc":
        return True
    given = isinstance(value, (float, list, tuple)) and not isinstance(value, numpy.generic)
    return downcast is None and given and plain.dtype.kind == "f" and want.kind in "fc"
