"""Making tensors: `tensor zeros ones full arange linspace eye from_numpy …`; float32 unless a dtype is given.

Not for: random ones (`random`).
"""

from __future__ import annotations

import sys
from typing import Any

import numpy

from ...handle import TracedArray
from .dtypes import default_real, plain_dtype
from .errors import no_device, refuse
from .graph import new_leaf
from .operands import cast, from_data, held, plain, wrap
from .tensors import Tensor
from .writing import Device

__adkit__ = True

_getframe = sys._getframe


def check_device(device: Any) -> None:
    """Refuse every device but the CPU."""
    if device is not None and Device(device).type != "cpu":
        raise no_device(f"adkit's PyTorch style computes on the CPU, not on {Device(device)}", "device")


def set_default_device(device: Any) -> None:
    """`torch.set_default_device`: the CPU, which is the only one here; another one is refused."""
    check_device(device)


def get_default_device() -> Device:
    """`torch.get_default_device`: always the CPU."""
    return Device("cpu")


def finish(value: Any, requires_grad: bool, device: Any, frame: Any) -> Any:
    """A new tensor of a new array, as a leaf that requires grad where asked for."""
    check_device(device)
    made = wrap(value)
    if requires_grad:
        if value.dtype.kind not in "fc":
            raise refuse(
                "Only Tensors of floating point and complex dtype can require gradients",
                "make it of floats: torch.tensor([1., 2.])",
            )
        made._h = new_leaf(made, numpy.asarray(value), frame)
    return made


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A new tensor with a copy of `data`: a number, nested lists, a NumPy array.

    Python floats make float32, ints int64, bools bool; NumPy's arrays keep their dtype.

    Example
    -------
    >>> tensor([1.0, 2.0], requires_grad=True)
    tensor([1., 2.], requires_grad=True)
    >>> tensor([1, 2])
    tensor([1, 2])
    >>> tensor([1.0, 2.0], dtype=float)
    tensor([1., 2.], dtype=torch.float64)
    """
    if isinstance(data, Tensor):
        data = numpy.array(plain(data))
    return finish(from_data(data, dtype), requires_grad, device, _getframe(1))


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Any:
    """A tensor of `data`, sharing memory with a NumPy array and being the tensor itself where that is possible."""
    check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else wrap(cast(held(data), plain_dtype(dtype)))
    if isinstance(data, TracedArray) and data.node is None:
        data = data.value
    if isinstance(data, numpy.ndarray):
        return wrap(data if dtype is None else data.astype(plain_dtype(dtype), copy=False))
    return wrap(from_data(data, dtype))


def from_numpy(ndarray: Any) -> Any:
    """A tensor that shares memory with a NumPy array.

    Example
    -------
    >>> a = numpy.zeros(2)
    >>> t = from_numpy(a)
    >>> a[0] = 1.0
    >>> t
    tensor([1., 0.], dtype=torch.float64)
    """
    if isinstance(ndarray, TracedArray):  # as a %%grad cell makes them
        return wrap(ndarray)
    if not isinstance(ndarray, numpy.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    plain_dtype(ndarray.dtype)
    return wrap(ndarray)


def sizes_of(size: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape given as several ints or one sequence."""
    if len(size) == 1 and not isinstance(size[0], (int, numpy.integer, Tensor)):
        size = tuple(size[0])
    return tuple(int(n) for n in size)


def _real(dtype: Any) -> numpy.dtype:
    return default_real() if dtype is None else plain_dtype(dtype)


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Zeros of a shape, given as ints or one sequence.

    Example
    -------
    >>> zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    return finish(numpy.zeros(sizes_of(size), _real(dtype)), requires_grad, device, _getframe(1))


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Ones of a shape, given as ints or one sequence."""
    return finish(numpy.ones(sizes_of(size), _real(dtype)), requires_grad, device, _getframe(1))


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A tensor of a shape; its contents, undefined in PyTorch, are zeros here."""
    return finish(numpy.zeros(sizes_of(size), _real(dtype)), requires_grad, device, _getframe(1))


def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A shape filled with one number, whose type decides the dtype."""
    made = numpy.full(sizes_of((size,)), from_data(fill_value, dtype))
    return finish(made, requires_grad, device, _getframe(1))


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """The identity matrix."""
    return finish(numpy.eye(n, m, dtype=_real(dtype)), requires_grad, device, _getframe(1))


def arange(*bounds: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """`arange(end)`, `arange(start, end, step=1)`; ints make int64.

    Example
    -------
    >>> arange(4), arange(1.0, 2.0, 0.5)
    (tensor([0, 1, 2, 3]), tensor([1.0000, 1.5000]))
    """
    bounds = tuple(b.item() if isinstance(b, Tensor) else b for b in bounds)
    if dtype is None:
        kind = numpy.dtype("i8") if all(isinstance(b, (int, numpy.integer)) for b in bounds) else default_real()
    else:
        kind = plain_dtype(dtype)
    return finish(numpy.arange(*bounds).astype(kind), requires_grad, device, _getframe(1))


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """`steps` numbers from start to end, both included.

    Example
    -------
    >>> linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    made = numpy.linspace(float(start), float(end), steps).astype(_real(dtype))
    return finish(made, requires_grad, device, _getframe(1))


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """`steps` numbers from base**start to base**end, evenly spaced in the exponent."""
    made = numpy.logspace(float(start), float(end), steps, base=base).astype(_real(dtype))
    return finish(made, requires_grad, device, _getframe(1))


def _like(input: Any, dtype: Any) -> tuple[tuple[int, ...], numpy.dtype]:
    value = plain(input)
    return value.shape, value.dtype if dtype is None else plain_dtype(dtype)


def zeros_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Zeros of a tensor's shape and dtype."""
    return finish(numpy.zeros(*_like(input, dtype)), requires_grad, device, _getframe(1))


def ones_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Ones of a tensor's shape and dtype."""
    return finish(numpy.ones(*_like(input, dtype)), requires_grad, device, _getframe(1))


def empty_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A tensor of a tensor's shape and dtype; zeros here."""
    return finish(numpy.zeros(*_like(input, dtype)), requires_grad, device, _getframe(1))


def full_like(
    input: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """One number in a tensor's shape and dtype."""
    shape, kind = _like(input, dtype)
    return finish(numpy.full(shape, fill_value, kind), requires_grad, device, _getframe(1))


def complex_(real: Any, imag: Any) -> Any:
    """`torch.complex`: the complex tensor of two real ones."""
    return real + imag * 1j


def scalar_tensor(value: Any, *, dtype: Any = None) -> Any:
    """A 0-d tensor; of the default float for any number."""
    return finish(numpy.asarray(value, _real(dtype)), False, None, _getframe(1))
