"""Elementwise functions that are no plain row: those with options, with several results, and those that dispatch on
complex values.

Not for: derivatives (`primitives.elementwise`); ufuncs as callable objects (`numpy.ufuncs`).
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..handle import TracedArray
from ..numpy_api import implements
from ..operators import power as power_operator
from ..primitives import elementwise as rows
from ..primitives.reduction import round_
from ..primitives.shape import conjugate as conjugate_row
from ..primitives.shape import convert
from .arguments import finish, ndim, operand, view
from .creation import as_dtype, zeros_of
from .creation import copy as copied

__adkit__ = True


def is_complex(x: Any) -> bool:
    """Whether an operand has a complex dtype."""
    return numpy_dtype(x).kind == "c"


@implements(numpy.conjugate)
def conjugate(x: Any) -> Any:
    """`numpy.conjugate`; of a real operand a copy."""
    x = operand(x)
    return conjugate_row(x) if is_complex(x) else copied(x) if ndim(x) else x


@implements(numpy.sign)
def sign(x: Any) -> Any:
    """`numpy.sign`; for complex operands x / |x|, which has a derivative."""
    x = operand(x)
    return conjugate_row(rows.direction(x)) if is_complex(x) else rows.sign(x)


@implements(numpy.power)
def power(a: Any, b: Any) -> Any:
    """`numpy.power`."""
    return power_operator(operand(a), operand(b), sys._getframe(1))


@implements(numpy.float_power)
def float_power(a: Any, b: Any) -> Any:
    """`numpy.float_power`: a power computed in at least double precision."""
    wide = numpy.result_type(numpy_dtype(operand(a)), numpy_dtype(operand(b)), numpy.float64)
    return power(as_dtype(operand(a), wide), b)


@implements(numpy.divmod)
def divmod(a: Any, b: Any) -> Any:
    """`numpy.divmod`: `(a // b, a % b)`."""
    a, b = operand(a), operand(b)
    return rows.floor_divide(a, b), rows.remainder(a, b)


@implements(numpy.modf)
def modf(x: Any) -> Any:
    """`numpy.modf`: the fractional part, which has derivative 1, and the integral part."""
    x = operand(x)
    whole = rows.trunc(x)
    return x - whole, whole


@implements(numpy.frexp)
def frexp(x: Any) -> Any:
    """`numpy.frexp`: x = mantissa · 2^exponent; the exponent is piecewise constant."""
    x = operand(x)
    e = rows.exponent(x)
    return ldexp(x, rows.negative(e)), e


@implements(numpy.ldexp)
def ldexp(x: Any, exponent: Any) -> Any:
    """`numpy.ldexp`: x · 2^exponent for an integer exponent, which has no derivative."""
    x, exponent = operand(x), operand(exponent)
    if numpy_dtype(exponent).kind not in "iub":
        raise TypeError("ufunc 'ldexp' takes an integer exponent")
    dtype = numpy.result_type(numpy_dtype(x), numpy.float16)
    # in two steps: 2^exponent alone may lie beyond the range of the dtype
    half = rows.floor_divide(exponent, 2)
    for part in (half, rows.subtract(exponent, half)):
        x = x * rows.exp2(convert(part, dtype=dtype))
    return x


@implements(numpy._core.umath.clip)  # type: ignore[attr-defined]
def _clip_ufunc(x: Any, low: Any, high: Any) -> Any:
    return rows.clip(operand(x), operand(low), operand(high))


@implements(numpy.clip)
def clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None, **options: Any
) -> Any:
    """`numpy.clip`; inside and on the bounds the derivative is that of `a`, beyond them that of the bound."""
    low = a_min if a_min is not None and a_min is not numpy._NoValue else min
    high = a_max if a_max is not None and a_max is not numpy._NoValue else max
    a = operand(a)
    low = -math.inf if low is None or low is numpy._NoValue else operand(low)
    high = math.inf if high is None or high is numpy._NoValue else operand(high)
    return finish(rows.clip(a, low, high), out)


@implements(numpy.where)
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """`numpy.where`, with three arguments, or with one as `nonzero`."""
    if x is None and y is None:
        from .indexing import nonzero

        return nonzero(condition)
    return rows.where(as_mask(condition), operand(x), operand(y))


def as_mask(mask: Any) -> Any:
    """A condition as booleans: what is not zero is true."""
    mask = operand(mask)
    return mask if numpy_dtype(mask).kind == "b" else rows.not_equal(mask, 0)


@implements(numpy.round, numpy.around)
def round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """`numpy.round`; piecewise constant, so the derivative ends here."""
    a = operand(a)
    return finish(round_(a, decimals=decimals) if decimals else rows.rint(a), out)


around = round


@implements(numpy.fix)
def fix(x: Any, out: Any = None) -> Any:
    """`numpy.fix`: rounded towards zero."""
    return finish(rows.trunc(operand(x)), out)


@implements(numpy.real)
def real(val: Any) -> Any:
    """`numpy.real`: of a complex array a view of its real parts; a real array itself."""
    val = operand(val)
    return view(val, rows.real, lambda x, new: new + 1j * rows.imag(x)) if is_complex(val) else val


@implements(numpy.imag)
def imag(val: Any) -> Any:
    """`numpy.imag`: of a complex array a view of its imaginary parts; zeros for a real operand."""
    val = operand(val)
    return view(val, rows.imag, lambda x, new: rows.real(x) + 1j * new) if is_complex(val) else zeros_of(val, like=val)


@implements(numpy.angle)
def angle(z: Any, deg: bool = False) -> Any:
    """`numpy.angle`."""
    made = rows.angle(operand(z))
    return made * (180 / math.pi) if deg else made


@implements(numpy.sinc)
def sinc(x: Any) -> Any:
    """`numpy.sinc`: sin(πx) / (πx)."""
    return rows.sinc(operand(x))


@implements(numpy.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """`numpy.nan_to_num`; replaced elements have the derivative of what replaces them."""
    x = operand(x)
    made = _numbers(x, nan, posinf, neginf)
    if copy or not ndim(x) or not isinstance(x, TracedArray):
        return made
    x[...] = made
    return x


def _numbers(x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    if is_complex(x):
        return _numbers(rows.real(x), nan, posinf, neginf) + 1j * _numbers(rows.imag(x), nan, posinf, neginf)
    if numpy_dtype(x).kind != "f":
        return copied(x)
    limits = numpy.finfo(numpy_dtype(x))
    made = where(rows.isnan(x), nan, x)
    made = where(rows.equal(x, math.inf), float(limits.max) if posinf is None else posinf, made)
    return where(rows.equal(x, -math.inf), float(limits.min) if neginf is None else neginf, made)


# ------------------------------------------------------------------------------------------------ real or complex


@implements(numpy.iscomplexobj)
def iscomplexobj(x: Any) -> bool:
    """`numpy.iscomplexobj`."""
    return is_complex(operand(x))


@implements(numpy.isrealobj)
def isrealobj(x: Any) -> bool:
    """`numpy.isrealobj`."""
    return not is_complex(operand(x))
