"""Composite functions that run NumPy's own Python: `cov`, `polyder`, `pad`, `isclose`, `emath.sqrt` and others.

NumPy keeps the Python behind each dispatching function in its `_implementation`. `lift` copies that function with its
globals rebound: modules and functions of NumPy become adkit's, private helpers are copied in the same way. What runs
is then an ordinary composition of operations that have rules, with NumPy's options, errors and values, and each step
is recorded. Only functions whose Python is differentiable as it stands are here: one that takes a short cut for
certain values (as `gradient` does for even spacing) has the wrong derivative there and is written out elsewhere.

Not for: functions in C, rules (`adkit.primitives`).
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy

from .. import numpy_api
from ..handle import TracedArray
from .arguments import operand

__adkit__ = True


def lift(function: Any) -> Callable[..., Any]:
    """A function of NumPy that is written in Python, running on adkit's operations.

    The copy is made when it is called first. `TypeError` if there is no Python to copy.

    Example
    -------
    >>> from adkit import grad
    >>> grad(lambda x: lift(numpy.trapezoid)(x * x, dx=0.5))(numpy.array([1.0, 2.0]))
    array([0.5, 1. ])
    """

    @functools.wraps(function, updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        return _rebound(_python_of(function))(*args, **kwargs)

    return call


def _python_of(function: Any) -> types.FunctionType:
    python = getattr(function, "_implementation", function)
    if not isinstance(python, types.FunctionType):
        raise TypeError(f"{function!r} is not written in Python")
    return python


_copies: dict[types.FunctionType, types.FunctionType] = {}


def _rebound(python: types.FunctionType) -> types.FunctionType:
    """The copy of a function of NumPy whose globals are adkit's, made once."""
    made = _copies.get(python)
    if made is None:
        scope: dict[str, Any] = {"__builtins__": __builtins__, "__name__": __name__, "__adkit__": True}
        made = types.FunctionType(python.__code__, scope, python.__name__, python.__defaults__, python.__closure__)
        made.__kwdefaults__ = python.__kwdefaults__
        _copies[python] = made  # first, since a helper may call the function that calls it
        for name in _global_names(python.__code__):
            if name in python.__globals__:
                scope[name] = _substitute(python.__globals__[name])
    return made


def _global_names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _global_names(constant)


def _substitute(value: Any) -> Any:
    """What a lifted function sees in the place of a global of its module."""
    if isinstance(value, types.ModuleType):
        return _Module(value) if value.__name__.partition(".")[0] == "numpy" else value
    if isinstance(value, type):
        return ArrayConverter if value.__name__ == "_array_converter" else value
    try:
        ours = numpy_api.substitute_for(value)
    except TypeError:
        return value
    if ours is not None:
        return ours
    if isinstance(value, types.FunctionType) and (value.__module__ or "").startswith("numpy"):
        return _rebound(_python_of(value))
    return value


class _Module:
    """A module of NumPy whose functions are adkit's."""

    def __init__(self, module: types.ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        from .. import numpy as namespace

        member = getattr(self._module, name)
        if getattr(numpy, name, None) is member and not isinstance(member, (type, types.ModuleType)):
            return getattr(namespace, name)
        return _substitute(member)


class ArrayConverter:
    """NumPy's converter of array-likes (`numpy._core._multiarray_umath._array_converter`), for handles."""

    def __init__(self, *values: Any) -> None:
        self._arrays = tuple(v if isinstance(v, TracedArray) else numpy.asanyarray(operand(v)) for v in values)

    def __getitem__(self, index: Any) -> Any:
        return self._arrays[index]

    def __len__(self) -> int:
        return len(self._arrays)

    def as_arrays(self, *, subok: bool = True, pyscalars: Any = None) -> tuple[Any, ...]:
        """The arrays."""
        return self._arrays

    def wrap(self, array: Any, *, to_scalar: Any = None) -> Any:
        """A result as it is: handles wrap nothing."""
        return array


def as_handle(value: Any) -> Any:
    """A plain array as a constant handle, for lifted functions that write what is traced into what may be plain."""
    if isinstance(value, TracedArray) or value is None:
        return value
    made = numpy.array(operand(value))
    return TracedArray(None, made if made.dtype.kind in "fc" else made.astype(float))


def _cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None, fweights: Any = None,
         aweights: Any = None, *, dtype: Any = None) -> Any:  # fmt: skip
    """`numpy.cov`; the weights may be traced too."""
    return lift(numpy.cov)(m, y, rowvar, bias, ddof, as_handle(fweights), as_handle(aweights), dtype=dtype)


# the functions that are lifted, by their names in numpy and in numpy.emath
NAMES = (
    "average corrcoef trapezoid poly polyadd polysub polyder polyint polyval isclose allclose array_equal array_equiv "
    "unwrap isposinf isneginf isreal iscomplex real_if_close i0 apply_over_axes trim_zeros setxor1d intersect1d"
)
COMPLEX_DOMAIN = "sqrt log log2 logn log10 power arccos arcsin arctanh"


def enter(space: dict[str, Any]) -> None:
    """Enter the lifted functions into the table of functions, and into adkit's namespace."""
    for name in NAMES.split():
        function = getattr(numpy, name, None)
        if function is not None:
            space[name] = numpy_api.implements(function)(lift(function))
    space["cov"] = numpy_api.implements(numpy.cov)(_cov)
    for name in COMPLEX_DOMAIN.split():
        function = getattr(numpy.emath, name)
        numpy_api.implements(function)(lift(function))
