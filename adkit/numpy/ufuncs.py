"""NumPy's ufuncs as `adkit.numpy` offers them: small callable objects with NumPy's methods `reduce`, `at`, `outer`, ….

They differ from NumPy's own in one thing: nested lists of traced values are accepted as operands.
Not for: what a ufunc computes and its derivative (`primitives.elementwise`).
"""

from __future__ import annotations

import sys
from typing import Any

import numpy

from .. import libraries
from ..backends import backend_of
from ..handle import TracedArray
from ..libraries import foreign_among
from ..numpy_api import UFUNC_FUNCTIONS, call_ufunc, has_handle
from ..primitive import Elementwise
from ..primitives import elementwise as rows
from ..tracing import UFUNCS, record_binary, record_unary
from . import ufunc_methods
from .creation import asarray

__adkit__ = True

_getframe = sys._getframe


class Ufunc:
    """A NumPy ufunc that also takes nested lists of traced values; attributes are NumPy's.

    Example
    -------
    >>> from adkit import grad
    >>> import adkit.numpy as np
    >>> grad(lambda x: np.sum(np.maximum([x, 1.0], 0.0)))(3.0)
    1.0
    """

    def __init__(self, ufunc: numpy.ufunc) -> None:
        self.ufunc = ufunc
        self.row = UFUNCS.get(ufunc)
        self.arity = 0 if self.row is None else ufunc.nin  # of the short way; with more operands the last is `out`
        self.__name__ = self.__qualname__ = ufunc.__name__
        self.__doc__ = ufunc.__doc__
        self.__module__ = "adkit.numpy"

    def __call__(self, *operands: Any, **options: Any) -> Any:
        """The ufunc itself."""
        if not options and self.row is not None and len(operands) == self.arity:
            if self.arity == 1 and type(operands[0]) is TracedArray:
                return record_unary(self.row, operands[0], self.ufunc, _getframe(1))
            if self.arity == 2 and (type(operands[0]) is TracedArray or type(operands[1]) is TracedArray):
                return record_binary(self.row, operands[0], operands[1], self.ufunc, _getframe(1))
        operands = _joined(operands)
        if any(backend_of(a) is not None for a in operands):
            function = UFUNC_FUNCTIONS.get(self.ufunc) or self.row or self.ufunc
            return libraries.call(function, operands, options, foreign_among(operands))
        return self.ufunc(*operands, **options)

    def _method(self, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """A method of NumPy's ufunc; called directly for a traced option, which NumPy does not dispatch on."""
        if has_handle(options.values()):
            out = options.pop("out", None)
            return call_ufunc(self.ufunc, name, args, options if out is None else options | {"out": (out,)})
        method, like = getattr(self.ufunc, name), foreign_among(args)
        return method(*args, **options) if like is None else libraries.call(method, args, options, like)

    def reduce(self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, **options: Any) -> Any:
        """NumPy's `ufunc.reduce`."""
        return self._method("reduce", _joined((array,)), options | {"axis": axis, "dtype": dtype, "out": out})

    def accumulate(self, array: Any, *args: Any, **options: Any) -> Any:
        """NumPy's `ufunc.accumulate`."""
        return self._method("accumulate", (*_joined((array,)), *args), options)

    def reduceat(self, array: Any, indices: Any, *args: Any, **options: Any) -> Any:
        """NumPy's `ufunc.reduceat`."""
        return self._method("reduceat", (_joined((array,))[0], indices, *args), options)

    def outer(self, a: Any, b: Any, **options: Any) -> Any:
        """NumPy's `ufunc.outer`."""
        return self._method("outer", _joined((a, b)), options)

    def at(self, array: Any, indices: Any, *values: Any) -> None:
        """NumPy's `ufunc.at`; `array` may be traced, and must be if a value is."""
        return self.ufunc.at(array, indices, *_joined(values))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["ufunc"], name)

    def __repr__(self) -> str:
        return f"<ufunc {self.__name__!r} of adkit.numpy>"


def _joined(operands: Any) -> tuple[Any, ...]:
    return tuple(asarray(a) if type(a) in (list, tuple, numpy.ndarray) and has_handle((a,)) else a for a in operands)


def enter() -> None:
    """Fill the tables of ufuncs and of their methods."""
    for row in vars(rows).values():
        ufunc = getattr(numpy, getattr(row, "name", ""), None)
        if isinstance(ufunc, numpy.ufunc) and isinstance(row, Elementwise) and ufunc not in UFUNC_FUNCTIONS:
            UFUNCS[ufunc] = row
    UFUNCS[numpy.degrees], UFUNCS[numpy.radians] = rows.rad2deg, rows.deg2rad
    ufunc_methods.enter()
