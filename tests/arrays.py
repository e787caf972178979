"""Arrays of each library that adkit serves, made from NumPy's and read back, for tests that run on all of them.

`array_api_strict` pretends to have several devices; CuPy has them.
Not for: skipping where CuPy is missing (see `tests/gpu`).
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy

from adkit import backends
from adkit.backends.base import backend_named

# the libraries that run anywhere, with the devices worth trying; tests/gpu adds ("cupy", None)
PLACES = (("numpy", None), ("array_api_strict", "CPU_DEVICE"), ("array_api_strict", "device1"))
OTHER_PLACES = PLACES[1:]


def from_numpy(array: Any, library: str, device: Any = None) -> Any:
    """A NumPy array or scalar as an array of a library ("numpy", "array_api_strict", "cupy") on a device of it.

    `device` is "CPU_DEVICE", "device1" or "device2" for `array_api_strict`, a number for CuPy, `None` for the default
    one. NumPy values are returned as they are.
    """
    if library == "numpy":
        return array
    if library == "array_api_strict" and device is not None:
        strict = importlib.import_module(library)
        return strict.asarray(numpy.array(array), device=strict.Device(device))
    backend = backend_named(library)
    if device is None:
        return backend.from_numpy(numpy.asarray(array), None)
    with importlib.import_module(library).cuda.Device(device):
        return backend.from_numpy(numpy.asarray(array), None)


def to_numpy(array: Any) -> Any:
    """An array of any library, whichever device it is on, as a NumPy array; NumPy's arrays and scalars as they are."""
    return backends.to_numpy(array)


def device_name(array: Any) -> str | None:
    """The name of an array's device as `from_numpy` takes it; `None` for NumPy."""
    library = type(array).__module__.partition(".")[0]
    if library == "array_api_strict":
        return array.device._device
    return array.device.id if library == "cupy" else None
