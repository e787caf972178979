"""`adkit.math`: the functions of Python's `math` for traced numbers too.

A traced argument is computed with `math` itself, so values and errors (`math.log(-1.0)` is a ValueError) are those of
plain code; plain arguments go to `math` unchanged. Not for: arrays, which `math` does not take either.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from typing import Any

from .handle import TracedArray
from .numpy_api import choosing, refusing
from .primitives import elementwise as rows
from .primitives import special
from .primitives.shape import stack
from .tracing import SCALAR_TYPES, record_binary, record_unary

__adkit__ = True

_getframe = sys._getframe


def _scalar(x: Any) -> Any:
    """An argument of a math function; an array is the TypeError that math raises."""
    if isinstance(x, TracedArray):
        if x.shape:
            raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
        return x
    return x if type(x) in SCALAR_TYPES else float(x)


def _unary(name: str, row: Any) -> Callable[[Any], Any]:
    function = getattr(math, name)

    @functools.wraps(function, assigned=("__name__", "__qualname__", "__doc__"), updated=())
    def call(x: Any, /) -> Any:
        if isinstance(x, TracedArray):
            return record_unary(row, _scalar(x), function, _getframe(1))
        return function(x)

    return call


def _binary(name: str, row: Any) -> Callable[[Any, Any], Any]:
    function = getattr(math, name)

    @functools.wraps(function, assigned=("__name__", "__qualname__", "__doc__"), updated=())
    def call(x: Any, y: Any, /) -> Any:
        if isinstance(x, TracedArray) or isinstance(y, TracedArray):
            return record_binary(row, _scalar(x), _scalar(y), function, _getframe(1))
        return function(x, y)

    return call


_UNARY = {
    "sin": rows.sin, "cos": rows.cos, "tan": rows.tan, "asin": rows.arcsin, "acos": rows.arccos, "atan": rows.arctan,
    "sinh": rows.sinh, "cosh": rows.cosh, "tanh": rows.tanh, "asinh": rows.arcsinh, "acosh": rows.arccosh,
    "atanh": rows.arctanh, "exp": rows.exp, "exp2": rows.exp2, "expm1": rows.expm1, "log2": rows.log2,
    "log10": rows.log10,
    "log1p": rows.log1p, "sqrt": rows.sqrt, "cbrt": rows.cbrt, "fabs": rows.fabs, "degrees": rows.rad2deg,
    "radians": rows.deg2rad, "erf": special.erf, "erfc": special.erfc, "gamma": special.gamma,
    "lgamma": special.gammaln,
    "isfinite": rows.isfinite, "isinf": rows.isinf, "isnan": rows.isnan,
}  # fmt: skip
_BINARY = {
    "atan2": rows.arctan2, "copysign": rows.copysign, "fmod": rows.fmod, "remainder": rows.ieee_remainder,
    "nextafter": rows.nextafter,
}  # fmt: skip


def _pow(x: Any, y: Any, /) -> Any:
    """`math.pow`."""
    from .operators import power

    math.pow(_value(x), _value(y))  # for its errors
    x = x if isinstance(x, TracedArray) else float(x)
    return power(_scalar(x), _scalar(y), _getframe(2))


def _value(x: Any) -> Any:
    return x.value if isinstance(x, TracedArray) else x


def _log(x: Any, base: Any = math.e, /) -> Any:
    """`math.log`, with a base if one is given."""
    made = record_unary(rows.log, _scalar(x), math.log, _getframe(2)) if isinstance(x, TracedArray) else math.log(x)
    return made if base is math.e else made / log(base)  # type: ignore[name-defined]  # noqa: F821


def _hypot(*coordinates: Any) -> Any:
    """`math.hypot` of any number of coordinates."""
    if not coordinates:
        return 0.0
    made = _scalar(coordinates[0])
    if len(coordinates) == 1:
        return fabs(made)  # type: ignore[name-defined]  # noqa: F821
    frame = _getframe(2)
    for other in coordinates[1:]:
        made = record_binary(rows.hypot, made, _scalar(other), math.hypot, frame)
    return made


def _dist(p: Any, q: Any, /) -> Any:
    """`math.dist`: the Euclidean distance of two points."""
    p, q = list(p), list(q)
    if len(p) != len(q):
        raise ValueError("both points must have the same number of dimensions")
    return hypot(*(a - b for a, b in zip(p, q, strict=True)))  # type: ignore[name-defined]  # noqa: F821


def _items(seq: Any) -> list[Any]:
    return list(seq)


def fsum(seq: Any, /) -> Any:
    """`math.fsum`."""
    items = _items(seq)
    if not any(isinstance(item, TracedArray) for item in items):
        return math.fsum(items)
    from .numpy import sum

    return sum(stack(*map(_scalar, items), axis=0))


def prod(iterable: Any, /, *, start: Any = 1) -> Any:
    """`math.prod`, which multiplies with the operator."""
    return math.prod(iterable, start=start)


def sumprod(p: Any, q: Any, /) -> Any:
    """`math.sumprod`: the sum of products."""
    return fsum(a * b for a, b in zip(p, q, strict=True))


def _modf(x: Any, /) -> tuple[Any, Any]:
    """`math.modf`: fractional and integral part."""
    whole = math.modf(x.value)[1]
    return x - whole, whole


def _frexp(x: Any, /) -> tuple[Any, int]:
    """`math.frexp`: mantissa and exponent, which is constant."""
    exponent = math.frexp(x.value)[1]
    return x * math.ldexp(1.0, -exponent), exponent


def _ldexp(x: Any, i: int, /) -> Any:
    """`math.ldexp`: x · 2^i."""
    return x * math.ldexp(1.0, int(i))


def _isclose(a: Any, b: Any, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> bool:
    """`math.isclose` of the values, a guard."""
    from .numpy.arguments import known

    return math.isclose(known(a), known(b), rel_tol=rel_tol, abs_tol=abs_tol)


def _integral(name: str) -> Callable[[Any], int]:
    function = getattr(math, name)

    def call(x: Any, /) -> int:
        return function(x)  # through the method of the same name, which is a guard

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`math.{name}`: an int, and a guard if x is traced."
    return call


def _enter() -> None:
    space = globals()
    for table, make in ((_UNARY, _unary), (_BINARY, _binary)):
        for name, row in table.items():
            if hasattr(math, name):
                space[name] = make(name, row)
    for name in ("pow", "log", "hypot", "dist", "modf", "frexp", "ldexp", "isclose"):
        space["_" + name].__name__ = space["_" + name].__qualname__ = name
        space[name] = choosing(getattr(math, name), space["_" + name])
    for name in ("floor", "ceil", "trunc"):
        space[name] = _integral(name)
    if not hasattr(math, "sumprod"):
        del space["sumprod"]
    for name in dir(math):
        if not name.startswith("_") and name not in space:
            member = getattr(math, name)
            space[name] = refusing(f"math.{name}", member) if callable(member) else member


_enter()
