"""What a backend is: one array library beside NumPy, as few functions as the core needs.

Not for: NumPy itself, whose functions the core calls directly because they are fastest that way.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

import numpy

__adkit__ = True


class Backend(Protocol):
    """One array library.

    `namespace` has NumPy's function names. Its attribute `spells_operators` is true if the library's own operators do
    not promote as NumPy's do, so that `a + b` in the table of primitives has to become `namespace.add(a, b)`.
    """

    name: str
    namespace: Any

    def copy(self, array: Any) -> Any:
        """A copy on the same device."""

    def cast(self, array: Any, dtype: Any) -> Any:
        """The array in another dtype, given as NumPy names it; the real part where that is real."""

    def getitem(self, array: Any, index: Any) -> Any:
        """`array[index]` for any NumPy index; its parts may be NumPy arrays, or arrays of this library."""

    def setitem(self, array: Any, index: Any, values: Any) -> None:
        """`array[index] = values` in place; of repeated indices the last one counts."""

    def add_at(self, array: Any, index: Any, values: Any) -> None:
        """`array[index] += values` in place, repeated indices adding up."""

    def zeros(self, shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
        """Zeros on the device of `like`, dtype as NumPy names it."""

    def from_numpy(self, array: numpy.ndarray, like: Any) -> Any:
        """A copy of a NumPy array on the device of `like` (or the default one, if that is `None`)."""

    def to_numpy(self, array: Any) -> numpy.ndarray:
        """A copy of the array as a NumPy array, whichever device it is on."""


# the first part of the module name of an array type -> a function that makes its backend, called when first needed
_MAKERS: dict[str, Callable[[], Backend]] = {}


def register(module: str, make: Callable[[], Backend]) -> None:
    """Let arrays whose type is defined in `module` be served by the backend that `make()` returns."""
    _MAKERS[module] = functools.cache(make)


@functools.cache
def backend_of_type(kind: type) -> Backend | None:
    """The backend that serves arrays of a type, or `None`."""
    if issubclass(kind, (numpy.ndarray, numpy.generic)) or not hasattr(kind, "shape"):
        return None
    make = _MAKERS.get((kind.__module__ or "").partition(".")[0])
    return make() if make else None


def is_registered(module: str) -> bool:
    """Whether a library is served by a backend, by the first part of its modules' names."""
    return module in _MAKERS


def backend_named(module: str) -> Backend:
    """The backend of a library by the name of its module, importing it."""
    return _MAKERS[module]()


def _cupy() -> Backend:
    from .cupy import CupyBackend

    return CupyBackend()


def _array_api_strict() -> Backend:
    from .array_api import StrictBackend

    return StrictBackend()


register("cupy", _cupy)
register("array_api_strict", _array_api_strict)
