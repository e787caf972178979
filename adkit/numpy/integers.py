"""Ufuncs of integers, which have no derivative: `gcd lcm bitwise_count`.

Not for: bit operations and shifts, which are operators (`primitives.elementwise`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..numpy_api import UFUNC_FUNCTIONS, unsupported
from ..primitives import elementwise as rows
from .arguments import operand

__adkit__ = True


def _of_integers(ufunc: numpy.ufunc, row: Callable[..., Any]) -> None:
    """Enter a ufunc that takes integers; operands of another kind are refused, as by NumPy."""

    def call(*operands: Any) -> Any:
        operands = tuple(map(operand, operands))
        if any(numpy_dtype(a).kind not in "biu" for a in operands):
            raise unsupported(f"numpy.{ufunc.__name__} of numbers that are no integers", sys._getframe(1))
        return row(*operands)

    call.__name__ = call.__qualname__ = ufunc.__name__
    UFUNC_FUNCTIONS[ufunc] = call


def enter() -> None:
    """Fill the table of ufuncs."""
    for name in ("gcd", "lcm", "bitwise_count"):
        _of_integers(getattr(numpy, name), getattr(rows, name))
