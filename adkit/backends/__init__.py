"""Array libraries behind one small interface: which namespace an operation on given values runs in, and where.

A *namespace* is a module-like object with NumPy's function names (`sin`, `sum(x, axis=, keepdims=)`, `linalg.solve`,
…). For NumPy arrays and Python scalars it is `numpy` itself; every other array library has a module here that makes
one, see `Backend`. Not for: derivatives; nothing here knows what is traced.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Any

import numpy

from ..errors import DeviceError
from .base import Backend, backend_named, backend_of_type, is_registered
from .expressions import spell_operators

__adkit__ = True
__all__ = [
    "Backend",
    "add_at",
    "asarray_like",
    "backend_of",
    "cast",
    "copy_of",
    "devices",
    "getitem",
    "is_array",
    "is_on",
    "move_like",
    "namespace_of",
    "on_device",
    "place",
    "require_gpu",
    "setitem",
    "spell_operators",
    "to_numpy",
    "together",
    "zeros",
]

_NUMPY_TYPES: set[type] = {
    numpy.ndarray,
    float,
    int,
    complex,
    bool,
    numpy.float64,
    numpy.float32,
    numpy.bool_,
    numpy.complex128,
}


def backend_of(value: Any) -> Backend | None:
    """The backend of an array of another library than NumPy; `None` for NumPy, for scalars and for anything else."""
    kind: type = type(value)
    if kind in _NUMPY_TYPES:
        return None
    return backend_of_type(kind)


def namespace_of(values: Iterable[Any]) -> Any:
    """The namespace for an operation on `values`: of the first one from another array library, else NumPy."""
    for value in values:
        kind: type = type(value)
        if kind not in _NUMPY_TYPES:
            backend = backend_of_type(kind)
            if backend is not None:
                return backend.namespace
    return numpy


def together(values: Iterable[Any], namespace: Any) -> Iterable[Any]:
    """Operands of one operation, NumPy arrays among those of another library copied to where these are."""
    if namespace is numpy:
        return values
    values = tuple(values)
    if not any(isinstance(value, numpy.ndarray) for value in values):
        return values
    target = next(value for value in values if backend_of(value) is not None)
    return tuple(asarray_like(value, target) if isinstance(value, numpy.ndarray) else value for value in values)


def is_array(value: Any) -> bool:
    """Whether a value is an array (of any library here), as opposed to a scalar."""
    return isinstance(value, numpy.ndarray) or backend_of(value) is not None


def copy_of(array: Any, order: Any = "C") -> Any:
    """A copy of an array in the same library and on the same device; a scalar as it is. NumPy's copies have an
    order.
    """
    backend = backend_of(array)
    if backend is not None:
        return backend.copy(array)
    return array.copy(order) if isinstance(array, numpy.ndarray) else array


def cast(x: Any, dtype: Any) -> Any:
    """An array or scalar in another dtype (named as NumPy names it); where that is real, a complex one's real part."""
    backend = backend_of(x)
    if backend is not None:
        return backend.cast(x, dtype)
    dtype = numpy.dtype(dtype)
    if dtype.kind not in "cb" and isinstance(x, (numpy.ndarray, numpy.generic, complex)):
        x = x.real
    return x.astype(dtype) if hasattr(x, "astype") else dtype.type(x)


def getitem(array: Any, index: Any) -> Any:
    """`array[index]` for an array of any library and any NumPy index, whose parts may be NumPy arrays."""
    backend = backend_of(array)
    return array[index] if backend is None else backend.getitem(array, index)


def setitem(array: Any, index: Any, values: Any) -> None:
    """`array[index] = values` in place, for an array of any library; of repeated indices the last one counts."""
    backend = backend_of(array)
    if backend is None:
        array[index] = values
    else:
        backend.setitem(array, index, values)


def add_at(array: Any, index: Any, values: Any) -> None:
    """`array[index] += values` in place, where repeated indices add up."""
    backend = backend_of(array)
    if backend is not None:
        backend.add_at(array, index, values)
    elif _has_arrays(index):
        numpy.add.at(array, index, _as_wide(values, index))
    else:
        array[index] += values


def _as_wide(values: Any, index: Any) -> Any:
    """Values with as many axes as the widest index array: with fewer, `numpy.add.at` (2.4) reads beyond their end."""
    have = getattr(values, "ndim", 0)
    parts = index if isinstance(index, tuple) else (index,)
    # a mask selects along one axis, however many it has
    want = max(1 if getattr(part, "dtype", None) == numpy.dtype(bool) else getattr(part, "ndim", 0) for part in parts)
    return values.reshape((1,) * (want - have) + values.shape) if 0 < have < want else values


def _has_arrays(index: Any) -> bool:
    return any(isinstance(part, numpy.ndarray) for part in (index if isinstance(index, tuple) else (index,)))


def zeros(shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
    """Zeros of a NumPy dtype, in the library and on the device of `like`; a 0-d NumPy array is a scalar."""
    backend = backend_of(like)
    if backend is not None:
        return backend.zeros(shape, dtype, like)
    return numpy.zeros(shape, dtype) if shape else numpy.dtype(dtype).type(0)


def asarray_like(value: Any, like: Any, dtype: Any = None) -> Any:
    """A NumPy value as an array in the library and on the device of `like`."""
    backend = backend_of(like)
    if backend is not None:
        return backend.from_numpy(numpy.asarray(value, dtype=dtype), like)
    return numpy.asarray(value, dtype=dtype)


def to_numpy(value: Any) -> Any:
    """An array of any library as a NumPy array; a scalar as it is."""
    backend = backend_of(value)
    return value if backend is None else backend.to_numpy(value)


def move_like(array: numpy.ndarray, target: Any, traced: bool) -> Any:
    """A NumPy constant copied to the library and device of `target`; `DeviceError` if it is traced, so no constant."""
    if traced:
        raise DeviceError(
            "a traced NumPy array and an array on another device met in one operation",
            fix="give all inputs as arrays of one library, on one device",
        )
    return asarray_like(array, target)


def place(value: Any, device: str) -> Any:
    """An input where `settings(device=…)` wants it: for "gpu", a NumPy array or a float or complex scalar on the GPU.

    Everything else is returned as it is: arrays of other libraries, which stay where they are, Python's integers and
    booleans, which count and choose, and whatever is no number. `to_numpy` is the way back.

    Raises `DeviceError` if there is no GPU, or for a dtype that it does not have.

    Example
    -------
    >>> place(1.5, "cpu")
    1.5
    """
    if device != "gpu" or not _is_movable(value):
        return value
    return gpu_backend().from_numpy(numpy.asarray(value), None)


def on_device(array: Any, device: Any) -> Any:
    """A NumPy array on a device as the array API standard names it: "cpu", "gpu", or a library's device object.

    Raises `DeviceError` for a device that is none of these, or not there.

    Example
    -------
    >>> on_device(numpy.ones(2), "cpu")
    array([1., 1.])
    """
    if device is None or (isinstance(device, str) and device == "cpu"):
        return array
    if isinstance(device, str) and device == "gpu":
        return gpu_backend().from_numpy(numpy.asarray(array), None)
    module = type(device).__module__.partition(".")[0]
    if not is_registered(module):
        raise DeviceError(f"there is no device {device!r}", fix=f"use one of {devices()}, or the device of an array")
    return backend_named(module).from_numpy(numpy.asarray(array), types.SimpleNamespace(device=device))


def is_on(array: Any, device: Any) -> bool:
    """Whether an array is on a device, named as for `on_device`."""
    backend = backend_of(array)
    if isinstance(device, str):
        return device == {"cupy": "gpu"}.get(backend.name, "") if backend else device == "cpu"
    return backend is not None and bool(array.device == device)


def _is_movable(value: Any) -> bool:
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        return value.dtype.kind in "biufc"
    return type(value) in (float, complex)


def gpu_backend() -> Backend:
    """The backend of the device "gpu"; `DeviceError` if there is none."""
    return backend_named("cupy")


def require_gpu() -> None:
    """Raise `DeviceError` unless CuPy and a device are there, saying which is missing and what to install."""
    from .cupy import require_device

    require_device()


def devices() -> list[str]:
    """The devices that `settings(device=…)` accepts here.

    Example
    -------
    >>> "cpu" in devices()
    True
    """
    try:
        require_gpu()
    except DeviceError:
        return ["cpu"]
    return ["cpu", "gpu"]
