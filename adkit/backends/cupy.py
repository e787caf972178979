"""CuPy: arrays on an NVIDIA GPU.

CuPy spells its functions as NumPy does. What differs is put right here: scalars alone are left to NumPy, indices are
checked and repeated ones assigned in order (a GPU would wrap and race), `solve` reads its right-hand side as NumPy 2
does, and a singular matrix raises. Only this module imports cupy. Not for: compiling kernels.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy

from ..errors import DeviceError

__adkit__ = True

INSTALL = 'pip install "adkit[cuda13]" (or "adkit[cuda12]" where the driver is for CUDA 12), then restart Python'


def require_device() -> Any:
    """The module cupy, with at least one CUDA device behind it.

    Raises
    ------
    DeviceError: CuPy is not installed, cannot be imported, or finds no device; the message says which.
    """
    try:
        cupy = importlib.import_module("cupy")
    except ImportError as error:
        if importlib.util.find_spec("cupy") is None:
            raise DeviceError("the GPU needs CuPy, which is not installed", fix=INSTALL) from None
        reason = str(error).strip().partition("\n")[0]
        raise DeviceError(f"CuPy is installed, but cannot be imported ({reason})", fix=INSTALL) from error
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except RuntimeError as error:
        raise _no_device(str(error)) from error
    if count < 1:
        raise _no_device("the driver lists none")
    return cupy


def _no_device(reason: str) -> DeviceError:
    fix = (
        'use device="cpu", or a machine with an NVIDIA GPU and its driver '
        '(a driver for CUDA 12 needs pip install "adkit[cuda12]", one for CUDA 13 "adkit[cuda13]")'
    )
    return DeviceError(f"CuPy is installed, but there is no CUDA device ({reason})", fix=fix)


class CupyNamespace:
    """The module cupy, with NumPy's behaviour where the two differ."""

    spells_operators = False

    def __init__(self, cupy: Any) -> None:
        self.cupy = cupy
        self.linalg = LinearAlgebra(cupy)
        self.special = SpecialFunctions(cupy)

    def __getattr__(self, name: str) -> Any:
        function = getattr(self.cupy, name)
        if isinstance(getattr(numpy, name, None), numpy.ufunc) or name in ("real", "imag", "angle", "sinc"):
            function = self._or_numpy(function, name)
        setattr(self, name, function)
        return function

    def __repr__(self) -> str:
        return "<namespace of cupy>"

    def _is_array(self, value: Any) -> bool:
        return isinstance(value, self.cupy.ndarray)

    def _or_numpy(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """An elementwise function that leaves scalars alone to NumPy, since CuPy would put them on the GPU."""
        plain = getattr(numpy, name)

        def call(*operands: Any) -> Any:
            return (function if any(map(self._is_array, operands)) else plain)(*operands)

        call.__name__ = name
        return call

    def where(self, condition: Any, x: Any, y: Any) -> Any:
        """`numpy.where` with three operands, any of which may be a scalar."""
        if not any(map(self._is_array, (condition, x, y))):
            return numpy.where(condition, x, y)
        if not self._is_array(condition):
            condition = self.cupy.asarray(bool(condition))
        return self.cupy.where(condition, x, y)

    def clip(self, x: Any, a_min: Any = None, a_max: Any = None) -> Any:
        """`numpy.clip`, where x may be the scalar and a bound the array."""
        x = x if a_min is None else self.maximum(x, a_min)
        return x if a_max is None else self.minimum(x, a_max)

    def sign(self, x: Any) -> Any:
        """`numpy.sign`; of a complex number x / |x|."""
        if not self._is_array(x):
            return numpy.sign(x)
        if x.dtype.kind != "c":
            return self.cupy.sign(x)
        return self.cupy.where(x == 0, 0, x / self.cupy.where(x == 0, 1, self.cupy.abs(x)))

    def spacing(self, x: Any) -> Any:
        """`numpy.spacing`: the distance to the next larger number in magnitude, with the sign of x."""
        if not self._is_array(x):
            return numpy.spacing(x)
        size = self.cupy.fabs(x)
        gap = self.cupy.nextafter(size, size.dtype.type(numpy.inf)) - size
        return self.cupy.copysign(gap, x)

    def isnan(self, x: Any) -> Any:
        """`numpy.isnan`, also of integers."""
        if not self._is_array(x):
            return numpy.isnan(x)
        return self.cupy.isnan(x) if x.dtype.kind in "fc" else self.cupy.zeros(x.shape, bool)

    def count_nonzero(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        """`numpy.count_nonzero`"""
        return self.cupy.sum(x != 0, axis=axis, keepdims=keepdims)

    def argsort(self, x: Any, axis: int | None = -1, kind: Any = None, stable: bool | None = None) -> Any:
        """`numpy.argsort`, always stable."""
        return self.cupy.argsort(x, axis=axis, kind="stable")

    def sort(self, x: Any, axis: int | None = -1, kind: Any = None, stable: bool | None = None) -> Any:
        """`numpy.sort`"""
        return self.cupy.sort(x, axis=axis)


class SpecialFunctions:
    """`cupyx.scipy.special`; scalars alone are left to SciPy."""

    def __init__(self, cupy: Any) -> None:
        self.cupy = cupy

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(importlib.import_module("cupyx.scipy.special"), name)

        def call(*operands: Any) -> Any:
            if any(isinstance(operand, self.cupy.ndarray) for operand in operands):
                return function(*operands)
            return getattr(importlib.import_module("scipy.special"), name)(*operands)

        call.__name__ = name
        setattr(self, name, call)
        return call


class LinearAlgebra:
    """`cupy.linalg`, but a singular matrix raises as in NumPy and `solve` takes vectors and stacks as NumPy 2 does."""

    def __init__(self, cupy: Any) -> None:
        self.cupy = cupy

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self.cupy.linalg, name)

        def call(*operands: Any, **options: Any) -> Any:
            with importlib.import_module("cupyx").errstate(linalg="raise"):
                return function(*operands, **options)

        call.__name__ = name
        return call

    def solve(self, a: Any, b: Any) -> Any:
        """`numpy.linalg.solve`: b is one vector if it has one axis, else matrices."""
        vector = b.ndim == 1
        b = b[:, None] if vector else b
        batch = numpy.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a = self.cupy.broadcast_to(a, batch + a.shape[-2:])
        b = self.cupy.broadcast_to(b, batch + b.shape[-2:])
        result = self.__getattr__("solve")(a, b)
        return result[..., 0] if vector else result


class CupyBackend:
    """The backend of CuPy arrays, see `adkit.backends.base.Backend`."""

    name = "cupy"

    def __init__(self) -> None:
        self.cupy = require_device()
        self.namespace = CupyNamespace(self.cupy)

    def _on(self, like: Any) -> Any:
        """A context in which new arrays are made on the device of `like`."""
        return self.cupy.cuda.Device() if like is None else like.device

    def copy(self, array: Any) -> Any:
        """A copy on the same device."""
        with self._on(array):
            return array.copy()

    def cast(self, array: Any, dtype: Any) -> Any:
        """The array in another dtype; the real part where that is real."""
        dtype = numpy.dtype(dtype)
        return (array.real if array.dtype.kind == "c" and dtype.kind not in "cb" else array).astype(dtype)

    def getitem(self, array: Any, index: Any) -> Any:
        """`array[index]`; an index array on the host is checked against the bounds, which CuPy does not do."""
        if _has_arrays(index, numpy.ndarray):
            index = self._checked(array, index)
        return array[index]

    def setitem(self, array: Any, index: Any, values: Any) -> None:
        """`array[index] = values` in place; the last of repeated indices counts, for which they go to the host."""
        if not self._is_advanced(index):
            array[index] = values
            return
        index = self._on_host(index)
        self._checked(array, index)
        if not getattr(values, "shape", ()) or not has_repeats(index, array.shape):
            array[index] = values
            return
        positions = numpy.arange(array.size).reshape(array.shape)[index]
        places, last = numpy.unique(positions.reshape(-1)[::-1], return_index=True)
        with self._on(array):
            given = self.cupy.broadcast_to(values, positions.shape).reshape(-1)
            chosen = given[self.cupy.asarray(positions.size - 1 - last)]
            array[tuple(self.cupy.asarray(axis) for axis in numpy.unravel_index(places, array.shape))] = chosen

    def add_at(self, array: Any, index: Any, values: Any) -> None:
        """`array[index] += values` in place, repeated indices adding up."""
        if self._is_advanced(index):
            if _has_arrays(index, numpy.ndarray):
                index = self._checked(array, index)
            self.cupy.add.at(array, index, values)
        else:
            array[index] += values

    def zeros(self, shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
        """Zeros on the device of `like`."""
        with self._on(like):
            return self.cupy.zeros(shape, numpy.dtype(dtype))

    def from_numpy(self, array: numpy.ndarray, like: Any = None) -> Any:
        """A copy of a NumPy array on the device of `like`; `DeviceError` for a dtype that a GPU does not have."""
        if array.dtype.kind not in "biufc" or array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):
            raise DeviceError(
                f"a GPU has no arrays of dtype {array.dtype}", fix="convert the input to float64 or float32"
            )
        with self._on(like):
            return self.cupy.array(array)

    def to_numpy(self, array: Any) -> numpy.ndarray:
        """A copy of the array as a NumPy array."""
        return self.cupy.asnumpy(array)

    def _is_advanced(self, index: Any) -> bool:
        return _has_arrays(index, (numpy.ndarray, list, bool, numpy.bool_, self.cupy.ndarray))

    def _on_host(self, index: Any) -> Any:
        if isinstance(index, tuple):
            return tuple(self._on_host(part) for part in index)
        return self.cupy.asnumpy(index) if isinstance(index, self.cupy.ndarray) else index

    def _checked(self, array: Any, index: Any) -> Any:
        """The index, after NumPy has checked it on a dummy of the array's shape that takes no memory."""
        parts = index if isinstance(index, tuple) else (index,)
        if not any(isinstance(part, self.cupy.ndarray) for part in parts):
            numpy.broadcast_to(numpy.False_, array.shape)[index]
        return index


def _has_arrays(index: Any, kinds: Any) -> bool:
    return any(isinstance(part, kinds) for part in (index if isinstance(index, tuple) else (index,)))


def has_repeats(index: Any, shape: tuple[int, ...]) -> bool:
    """Whether an index on the host selects an element of an array of `shape` more than once.

    Slices and masks never do, so it is asked only of the integer arrays, taken together.

    Example
    -------
    >>> has_repeats((numpy.array([0, 2]), slice(None)), (3, 4)), has_repeats(numpy.array([1, -2]), (3,))
    (False, True)
    """
    parts = index if isinstance(index, tuple) else (index,)
    parts = tuple(numpy.asarray(part) if isinstance(part, list) else part for part in parts)
    taken = [_axes_of(part) for part in parts]
    arrays: list[Any] = []
    sizes: list[int] = []
    axis = 0
    for part, count in zip(parts, taken, strict=True):
        if part is Ellipsis:
            axis += len(shape) - sum(taken)
            continue
        if isinstance(part, numpy.ndarray) and part.dtype.kind in "iu":
            arrays.append(part % shape[axis] if shape[axis] else part)
            sizes.append(shape[axis])
        elif isinstance(part, numpy.ndarray):
            arrays.extend(part.nonzero())
            sizes.extend(part.shape)
        axis += count
    if not arrays:
        return False
    keys = numpy.ravel_multi_index(numpy.broadcast_arrays(*arrays), sizes) if all(sizes) else numpy.empty(0, int)
    return numpy.unique(keys).size < keys.size


def _axes_of(part: Any) -> int:
    """How many axes of the array a part of an index takes."""
    if part is None or part is Ellipsis or isinstance(part, (bool, numpy.bool_)):
        return 0
    return part.ndim if isinstance(part, numpy.ndarray) and part.dtype.kind == "b" else 1
