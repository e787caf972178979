"""Arrays of `array_api_strict`: the array API standard and nothing more, on several pretended devices.

It stands in for libraries that are not NumPy where no GPU is at hand: a rule that quietly assumes NumPy fails here.
The namespace spells the standard as NumPy does (`arcsin`, `concatenate`, `transpose`), promotes as NumPy does, and
composes what the standard lacks; results stay on the operands' device, and two devices in one operation raise as the
library raises. Not for: speed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import array_api_strict as standard
import numpy

from . import contraction, elementwise, indexing, shaping
from .promotion import convert, device_of, is_array, standard_dtype

__adkit__ = True


class StrictNamespace:
    """NumPy's function names over the array API standard; a name that is not here is the standard's own."""

    spells_operators = True

    def __init__(self) -> None:
        self.linalg = contraction.LinearAlgebra()
        self.special = SpecialFunctions()
        self.__dict__.update(elementwise.FUNCTIONS, **shaping.FUNCTIONS, **contraction.FUNCTIONS)

    def __getattr__(self, name: str) -> Any:
        return getattr(standard, name)

    def __repr__(self) -> str:
        return "<namespace of array_api_strict>"


class SpecialFunctions:
    """`scipy.special`, which the standard does not have: computed on the host, returned on the operands' device."""

    def __getattr__(self, name: str) -> Any:
        return self.on_host(getattr(importlib.import_module("scipy.special"), name))

    def on_host(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of NumPy arrays as one of strict arrays; it may have several results."""

        def call(*operands: Any) -> Any:
            if not any(map(is_array, operands)):
                return function(*operands)
            made = function(*(indexing.to_numpy(x) if is_array(x) else x for x in operands))
            device = device_of(operands)
            placed = tuple(standard.asarray(numpy.asarray(part), device=device) for part in _as_tuple(made))
            return placed if isinstance(made, tuple) else placed[0]

        return call


def _as_tuple(made: Any) -> tuple[Any, ...]:
    return made if isinstance(made, tuple) else (made,)


class StrictBackend:
    """The backend of `array_api_strict` arrays, see `adkit.backends.base.Backend`."""

    name = "array_api_strict"
    namespace = StrictNamespace()

    def copy(self, array: Any) -> Any:
        """A copy on the same device."""
        return standard.asarray(array, copy=True)

    def cast(self, array: Any, dtype: Any) -> Any:
        """The array in another dtype, given as NumPy names it; the real part where that is real."""
        return convert(array, numpy.dtype(dtype))

    def getitem(self, array: Any, index: Any) -> Any:
        """`array[index]` for any NumPy index."""
        return indexing.getitem(array, index)

    def setitem(self, array: Any, index: Any, values: Any) -> None:
        """`array[index] = values` in place."""
        indexing.setitem(array, index, values)

    def add_at(self, array: Any, index: Any, values: Any) -> None:
        """`array[index] += values` in place, repeated indices adding up."""
        indexing.add_at(array, index, values)

    def zeros(self, shape: tuple[int, ...], dtype: Any, like: Any) -> Any:
        """Zeros on the device of `like`."""
        return standard.zeros(shape, dtype=standard_dtype(dtype), device=_device(like))

    def from_numpy(self, array: numpy.ndarray, like: Any = None) -> Any:
        """A copy of a NumPy array on the device of `like`."""
        return standard.asarray(array.copy(), dtype=standard_dtype(array.dtype), device=_device(like))

    def to_numpy(self, array: Any) -> numpy.ndarray:
        """A copy of the array as a NumPy array."""
        return indexing.to_numpy(array)


def _device(like: Any) -> Any:
    return None if like is None else like.device
