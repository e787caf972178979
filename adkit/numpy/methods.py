"""The methods of `TracedArray`: NumPy's array methods, and the names of ufuncs, which NumPy's loops over object
arrays call.

Not for: operators (`operators`), what the functions do (`adkit.numpy`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy

from ..backends import backend_of
from ..errors import UnsupportedError
from ..handle import TracedArray, is_traced, leak, untraced
from ..primitives import elementwise as rows
from ..primitives.shape import copy as copy_row
from ..source import user_line
from ..storage import rebind, snapshot
from ..tracing import UFUNCS, record_binary, record_unary
from . import creation, elementwise, indexing, products, reduction, shaping, sorting
from .arguments import ndim

__adkit__ = True

_getframe = sys._getframe


def _from_function(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A method that calls the function of the same name; its options are those of NumPy's method."""

    def method(self: Any, *args: Any, **options: Any) -> Any:
        return function(self, *args, **options)

    method.__name__ = name
    method.__doc__ = f"`numpy.ndarray.{name}`."
    return method


def _variadic(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A method that takes a tuple or its items: `x.reshape(2, 3)`."""

    def method(self: Any, *args: Any, **options: Any) -> Any:
        if name == "transpose" and (not args or args[0] is None):
            return function(self)
        return function(
            self, args[0] if len(args) == 1 and not isinstance(args[0], (int, numpy.integer)) else args, **options
        )

    method.__name__ = name
    method.__doc__ = f"`numpy.ndarray.{name}`."
    return method


def _copy(self: Any, order: str = "C") -> Any:
    """`numpy.ndarray.copy`: of a traced array, with its derivative."""
    return copy_row(self) if self.node is not None else creation.array(self)


def _flatten(self: Any, order: str = "C") -> Any:
    """`numpy.ndarray.flatten`, a copy."""
    made = shaping.ravel(self, order)
    return snapshot(made) if isinstance(made, TracedArray) else made


def _fill(self: Any, value: Any) -> None:
    """`numpy.ndarray.fill`, in place."""
    self[...] = value


def _sort(self: Any, axis: int = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> None:
    """`numpy.ndarray.sort`, in place."""
    rebind(self, sorting.sort(snapshot(self), axis))


def _partition(self: Any, kth: Any, axis: int = -1, kind: str = "introselect", order: Any = None) -> None:
    """`numpy.ndarray.partition`, in place."""
    rebind(self, sorting.partition(snapshot(self), kth, axis))


def _view(self: Any, dtype: Any = None, type: Any = None) -> Any:
    """`numpy.ndarray.view` without a dtype: another handle onto the same contents."""
    if dtype is None or dtype == self.dtype:
        return self[...]
    filename, line = user_line(_getframe(1))
    raise UnsupportedError(
        "the bytes of a traced array seen as another dtype have no derivative",
        fix="use x.astype(dtype), or x.real and x.imag",
        filename=filename,
        line=line,
    )


def _resize(self: Any, *shape: Any, refcheck: bool = True) -> None:
    """Refused: a traced array keeps its shape."""
    filename, line = user_line(_getframe(1))
    raise UnsupportedError(
        "a traced array cannot be resized in place",
        fix="write x = numpy.resize(x, shape)",
        filename=filename,
        line=line,
    )


def _astype(self: Any, dtype: Any, *args: Any, **options: Any) -> Any:
    """`numpy.ndarray.astype`; to an integer dtype it ends the derivative."""
    return creation.astype(self, dtype, *args, **options)


def _clip(self: Any, min: Any = None, max: Any = None, out: Any = None, **options: Any) -> Any:
    """`numpy.ndarray.clip`."""
    return elementwise.clip(self, min, max, out)


def _put(self: Any, indices: Any, values: Any, mode: str = "raise") -> None:
    """`numpy.ndarray.put`, in place."""
    indexing.put(self, indices, values, mode)


def _compress(self: Any, condition: Any, axis: Any = None, out: Any = None) -> Any:
    """`numpy.ndarray.compress`."""
    return indexing.compress(condition, self, axis, out)


def _conj(self: Any) -> Any:
    """The complex conjugate; a real array itself."""
    return elementwise.conjugate(self) if elementwise.is_complex(self) else self


def _tobytes(self: Any, *args: Any) -> bytes:
    """Refused for a traced array: bytes have no derivative."""
    if self.node is None:
        return self.value.tobytes()
    filename, line = user_line(_getframe(1))
    raise UnsupportedError(
        "the bytes of a traced array would lose its derivative",
        fix="use adkit.stop_gradient(x) first",
        filename=filename,
        line=line,
    )


def _to_device(self: Any, device: Any, /, *, stream: Any = None) -> Any:
    """`to_device` of the array API standard: the array itself where it is there; a traced one does not move."""
    return creation.asarray(self, device=device)


def _dlpack(self: Any, **options: Any) -> Any:
    """`__dlpack__` of the array API standard, of an array that depends on no input."""
    if self.node is None:
        return untraced(self).__dlpack__(**options)
    raise leak("a DLPack capsule", "pass adkit.stop_gradient(x) if no derivative is wanted there")


def _dlpack_device(self: Any) -> Any:
    """`__dlpack_device__` of the array API standard."""
    plain = self.value
    return (plain if hasattr(plain, "__dlpack_device__") else numpy.empty(0)).__dlpack_device__()


def _real(self: Any) -> Any:
    """The real part."""
    return elementwise.real(self)


def _imag(self: Any) -> Any:
    """The imaginary part."""
    return elementwise.imag(self)


def _set_part(name: str) -> Callable[..., None]:
    def assign(self: Any, value: Any) -> None:
        other = getattr(self, "imag" if name == "real" else "real")
        self[...] = value + 1j * other if name == "real" else other + 1j * value

    return assign


def _transposed(self: Any) -> Any:
    """The array with its axes reversed, a view."""
    return shaping.transpose(self)


def _matrix_transposed(self: Any) -> Any:
    """The array with its last two axes exchanged, a view."""
    return shaping.swapaxes(self, -1, -2)


def whole(x: Any, row: str, frame: FrameType) -> int:
    """A number rounded by a row as an int: a guard on the whole number, so that the path holds until it changes."""
    made = getattr(rows, row)(x) if is_traced(x) and x.dtype.kind == "f" else x
    if isinstance(made, TracedArray):  # a plain number where no recording keeps what has no derivative
        made._guard(frame)
    plain = untraced(made)
    return int(plain.item() if hasattr(plain, "item") else plain)


def _integer(row: str) -> Callable[..., Any]:
    """`math.floor`, `math.ceil` and `math.trunc` of a number give an int."""

    def method(self: Any) -> int:
        return whole(self, row, _getframe(1))

    method.__name__ = f"__{row}__"
    return method


def _round(self: Any, digits: int | None = None) -> Any:
    """`round(x)` is an int, and so a guard; `round(x, digits)` rounds every element."""
    if digits is None and ndim(self) == 0 and self.dtype.kind == "f":
        return whole(self, "rint", _getframe(1))
    return elementwise.round(self, digits or 0)


class Flat:
    """`x.flat`: the elements in order, readable and writable."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    def __iter__(self) -> Iterator[Any]:
        return iter(shaping.ravel(self._owner))

    def __len__(self) -> int:
        return self._owner.size

    def __getitem__(self, index: Any) -> Any:
        made = shaping.ravel(self._owner)[index]
        return snapshot(made) if ndim(made) else made

    def __setitem__(self, index: Any, value: Any) -> None:
        places = numpy.arange(self._owner.size)[index]
        self._owner[numpy.unravel_index(places, self._owner.shape)] = value


def _flat(self: Any) -> Flat:
    """The elements in order."""
    return Flat(self)


def _named_ufunc(ufunc: numpy.ufunc, row: Any) -> Callable[..., Any]:
    """A method named like a ufunc, for NumPy's loops over arrays of objects."""
    if ufunc.nin == 1:

        def unary(self: Any) -> Any:
            return record_unary(row, self, ufunc, _getframe(1))

        return unary

    def binary(self: Any, other: Any) -> Any:
        return record_binary(row, self, other, ufunc, _getframe(1))

    return binary


_FUNCTIONS = {
    reduction: "sum mean prod max min var std any all argmax argmin cumsum cumprod ptp",
    shaping: "ravel squeeze swapaxes repeat trace diagonal",
    indexing: "take choose nonzero",
    sorting: "argsort argpartition searchsorted",
    products: "dot",
}
_METHODS: dict[str, Any] = {
    "copy": _copy, "flatten": _flatten, "fill": _fill, "sort": _sort, "astype": _astype, "clip": _clip,
    "put": _put, "compress": _compress, "partition": _partition, "view": _view, "resize": _resize,
    "to_device": _to_device, "__dlpack__": _dlpack, "__dlpack_device__": _dlpack_device,
    "conj": _conj, "conjugate": _conj, "tobytes": _tobytes, "__round__": _round,
    "round": _from_function(elementwise.round, "round"),
    "T": property(_transposed), "mT": property(_matrix_transposed), "flat": property(_flat),
    "real": property(_real, _set_part("real")), "imag": property(_imag, _set_part("imag")),
    "__floor__": _integer("floor"), "__ceil__": _integer("ceil"), "__trunc__": _integer("trunc"),
}  # fmt: skip


def attach() -> None:
    """Put the methods on `TracedArray`."""
    for ufunc, row in UFUNCS.items():
        if ufunc.nin <= 2 and not hasattr(TracedArray, ufunc.__name__):
            setattr(TracedArray, ufunc.__name__, _named_ufunc(ufunc, row))
    for module, names in _FUNCTIONS.items():
        for name in names.split():
            setattr(TracedArray, name, _from_function(getattr(module, name), name))
    for name, function in (("reshape", shaping.reshape), ("transpose", shaping.transpose)):
        setattr(TracedArray, name, _variadic(function, name))
    for name, method in _METHODS.items():
        setattr(TracedArray, name, method)
    for name, constant in {
        "itemsize": lambda self: self.dtype.itemsize,
        "nbytes": lambda self: self.size * self.dtype.itemsize,
        "flags": lambda self: numpy.asarray(self.value if backend_of(self.value) is None else 0.0).flags,
        "strides": lambda self: numpy.asarray(self.value).strides,
    }.items():
        setattr(TracedArray, name, property(constant))
