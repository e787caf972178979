"""`from_dlpack`: an array of any library as one that adkit computes with, without a copy where possible.

What adkit returns are arrays of NumPy or CuPy, which other libraries take in the same way: `torch.from_dlpack(g)`.
Not for: tensors that PyTorch differentiates (`adkit.interop.torch`).
"""

from __future__ import annotations

from typing import Any

import numpy

from .. import backends
from ..errors import DeviceError, InputError, UnsupportedError
from ..handle import TracedArray
from .refusal import ADAPTER, library_of

__adkit__ = True

_ON_HOST = (1, 3)  # DLPack's numbers of devices: memory of the CPU, and that which CUDA has pinned
_ON_GPU = (2, 13)  # CUDA, and CUDA's managed memory


def from_dlpack(x: Any, *, copy: bool | None = None) -> Any:
    """An object with `__dlpack__` as a NumPy array, or as a CuPy array if it is on a GPU.

    Parameters
    ----------
    copy: True copies, False raises where a copy would be needed; by default memory is shared where possible.

    Arrays that adkit computes with, traced ones too, are returned as they are. Raises `InputError` for an object
    without `__dlpack__` or a tensor that PyTorch records for its own derivatives, `DeviceError` for a device that
    neither NumPy nor CuPy reaches, and `UnsupportedError` for a dtype that NumPy does not have, such as bfloat16.

    Example
    -------
    >>> x = numpy.arange(3.0)
    >>> from_dlpack(x) is x
    True
    """
    if isinstance(x, (TracedArray, numpy.ndarray)) or backends.backend_of(x) is not None:
        return backends.copy_of(x) if copy and not isinstance(x, TracedArray) else x
    if not hasattr(x, "__dlpack__") or not hasattr(x, "__dlpack_device__"):
        raise InputError(f"{_article(x)} has no __dlpack__", fix="pass an array, or numpy.asarray(x)")
    if getattr(x, "requires_grad", False):
        raise InputError(
            "a tensor that requires grad would lose its derivative",
            fix=f"pass x.detach(), or let torch differentiate through adkit: {ADAPTER}.adapt(f)",
        )
    device, number = x.__dlpack_device__()
    if device in _ON_HOST:
        return _taken(numpy, x, copy)
    if device in _ON_GPU:
        backends.require_gpu()
        import cupy

        with cupy.cuda.Device(number):
            return _taken(cupy, x, copy)
    raise DeviceError(
        f"an array on DLPack's device {int(device)} is on no CPU and no CUDA device", fix="copy it to one"
    )


def _taken(library: Any, x: Any, copy: bool | None) -> Any:
    """The array in a library, with the error that it has for a dtype in adkit's words."""
    options = {} if copy is None else {"copy": copy}
    try:
        return library.from_dlpack(x, **options)
    except (BufferError, RuntimeError, TypeError) as error:
        raise UnsupportedError(
            f"{_article(x)} of the dtype {getattr(x, 'dtype', 'unknown')} cannot be shared: {str(error).rstrip('.')}",
            fix="convert it to float32 or float64 first, or leave copy=False out",
        ) from None


def _article(x: Any) -> str:
    library, name = library_of(x), type(x).__name__
    return f"a {library} {name}" if library not in ("builtins", "__main__", "") else f"a value of the type {name}"
