"""NumPy's elementwise functions over the array API standard; what the standard lacks is composed of what it has.

Operands that are all scalars are left to Python's operators and to NumPy, as in a NumPy expression. Not for: anything
with axes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import array_api_strict as standard
import numpy

from ..expressions import OPERATORS
from .promotion import convert, device_of, is_array, lift, promote
from .promotion import numpy_dtype as dtype_of

__adkit__ = True

BOOL = numpy.dtype(bool)

# NumPy's name -> the standard's; in the first table integer and bool operands become float64
_FLOATING = {
    "sqrt": "sqrt", "exp": "exp", "expm1": "expm1", "log": "log", "log2": "log2", "log10": "log10", "log1p": "log1p",
    "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "hypot": "hypot", "logaddexp": "logaddexp", "copysign": "copysign", "nextafter": "nextafter", "divide": "divide",
    "signbit": "signbit",
}  # fmt: skip
_ANY = {
    "subtract": "subtract", "remainder": "remainder", "floor_divide": "floor_divide", "power": "pow",
    "square": "square", "negative": "negative", "reciprocal": "reciprocal", "sign": "sign", "floor": "floor",
    "ceil": "ceil", "trunc": "trunc", "equal": "equal", "not_equal": "not_equal", "bitwise_and": "bitwise_and",
    "bitwise_or": "bitwise_or", "bitwise_xor": "bitwise_xor", "invert": "bitwise_invert",
    "left_shift": "bitwise_left_shift", "right_shift": "bitwise_right_shift",
}  # fmt: skip
_CLASSES = ("isfinite", "isinf", "isnan")
_LOGICAL = ("logical_and", "logical_or", "logical_xor", "logical_not")

FUNCTIONS: dict[str, Callable[..., Any]] = {}


def _scalar(name: str, values: Any) -> Any:
    """An operation on scalars alone: Python's operator where there is one, so that Python scalars remain such."""
    function = OPERATORS.get(name)
    return (getattr(numpy, name) if function is None else function)(*values)


def _define(function: Callable[..., Any], name: str | None = None) -> Callable[..., Any]:
    """Enter a function of arrays into the table, scalars alone being left to NumPy."""
    name = name or function.__name__.rstrip("_")

    def call(*values: Any) -> Any:
        return function(*values) if any(map(is_array, values)) else _scalar(name, values)

    call.__name__ = name
    call.__doc__ = f"`numpy.{name}`"
    FUNCTIONS[name] = call
    return call


def _standard(name: str, target: str, floating: bool) -> None:
    function = getattr(standard, target)
    _define(lambda *values: function(*promote(*values, floating=floating)), name)


for _name, _target in _FLOATING.items():
    _standard(_name, _target, True)
for _name, _target in _ANY.items():
    _standard(_name, _target, False)


def _class(name: str) -> None:
    function = getattr(standard, name)
    _define(lambda x: function(*promote(x, floating=True)), name)


def _logical(name: str) -> None:
    function = getattr(standard, name)
    _define(lambda *values: function(*(truth(v, device_of(values)) for v in values)), name)


def truth(x: Any, device: Any = None) -> Any:
    """Whether each element is not zero, as an array."""
    if not is_array(x):
        return lift(bool(x), BOOL, device)
    return x if dtype_of(x) == BOOL else standard.not_equal(x, standard.zeros_like(x))


for _name in _CLASSES:
    _class(_name)
for _name in _LOGICAL:
    _logical(_name)


def _is_complex(x: Any) -> bool:
    return is_array(x) and dtype_of(x).kind == "c"


def _comparison(name: str) -> None:
    """A comparison; complex numbers are ordered by their real part, then by the imaginary one."""
    function = getattr(standard, name)

    def compare(a: Any, b: Any) -> Any:
        a, b = promote(a, b)
        if dtype_of(a) == BOOL:
            a, b = (standard.astype(v, standard.uint8) for v in (a, b))
        if not _is_complex(a):
            return function(a, b)
        ahead = getattr(standard, name.removesuffix("_equal"))(standard.real(a), standard.real(b))
        tied = standard.equal(standard.real(a), standard.real(b))
        return standard.logical_or(ahead, standard.logical_and(tied, function(standard.imag(a), standard.imag(b))))

    _define(compare, name)


for _name in ("greater", "greater_equal", "less", "less_equal"):
    _comparison(_name)


def where_(condition: Any, x: Any, y: Any) -> Any:
    """Elements of x where the condition holds, else of y; scalars become arrays of the common dtype."""
    device = device_of((condition, x, y))
    dtype = numpy.result_type(*(dtype_of(v) if is_array(v) else getattr(v, "dtype", v) for v in (x, y)))
    return standard.where(truth(condition, device), lift(x, dtype, device), lift(y, dtype, device))


where = _define(where_)


def add_(a: Any, b: Any) -> Any:
    a, b = promote(a, b)
    return standard.logical_or(a, b) if dtype_of(a) == BOOL else standard.add(a, b)


def multiply_(a: Any, b: Any) -> Any:
    a, b = promote(a, b)
    return standard.logical_and(a, b) if dtype_of(a) == BOOL else standard.multiply(a, b)


def positive_(x: Any) -> Any:
    return standard.positive(x)


def absolute_(x: Any) -> Any:
    return x if dtype_of(x) == BOOL else standard.abs(x)


add, multiply, positive, absolute = (_define(f) for f in (add_, multiply_, positive_, absolute_))
FUNCTIONS["abs"] = FUNCTIONS["fabs"] = absolute
divide = FUNCTIONS["divide"]
isnan = FUNCTIONS["isnan"]


# ------------------------------------------------------------------------------------- powers, exponentials, angles


def cbrt_(x: Any) -> Any:
    """The real cube root: a power, and one step of Newton's method where that is finite."""
    (x,) = promote(x, floating=True)
    y = standard.copysign(standard.abs(x) ** (1 / 3), x)
    usable = standard.logical_and(standard.isfinite(y), y != 0)
    safe = where(usable, y, 1.0)
    return where(usable, safe - (safe - x / (safe * safe)) / 3, y)


def exp2_(x: Any) -> Any:
    (x,) = promote(x, floating=True)
    return standard.pow(lift(2, dtype_of(x), x.device), x)


def logaddexp2_(a: Any, b: Any) -> Any:
    a, b = promote(a, b, floating=True)
    return standard.logaddexp(a * math.log(2), b * math.log(2)) / math.log(2)


def deg2rad_(x: Any) -> Any:
    return promote(x, floating=True)[0] * (math.pi / 180)


def rad2deg_(x: Any) -> Any:
    return promote(x, floating=True)[0] * (180 / math.pi)


def sinc_(x: Any) -> Any:
    (x,) = promote(x, floating=True)
    angle = math.pi * where(x == 0, 1.0, x)
    return where(x == 0, 1.0, standard.sin(angle) / angle)


for _function in (cbrt_, exp2_, logaddexp2_, deg2rad_, rad2deg_, sinc_):
    _define(_function)


# ------------------------------------------------------------------------------------- remainders and steps


def fmod_(a: Any, b: Any) -> Any:
    """The remainder with the sign of a."""
    a, b = promote(a, b)
    size = standard.remainder(standard.abs(a), standard.abs(b))
    return where(a < 0, -size, size)


def heaviside_(a: Any, b: Any) -> Any:
    a, b = promote(a, b, floating=True)
    step = convert(a > 0, dtype_of(a))
    return where(standard.isnan(a), a, where(a == 0, b, step))


def rint_(x: Any) -> Any:
    return standard.round(*promote(x, floating=True))


def spacing_(x: Any) -> Any:
    """The distance to the next larger number in magnitude, with the sign of x."""
    (x,) = promote(x, floating=True)
    size = standard.abs(x)
    gap = standard.nextafter(size, lift(math.inf, dtype_of(x), x.device)) - size
    return standard.copysign(where(standard.isfinite(x), gap, math.nan), x)


for _function in (fmod_, heaviside_, rint_, spacing_):
    _define(_function)


# ------------------------------------------------------------------------------------- larger and smaller


def _larger(a: Any, b: Any) -> Any:
    return _select("greater_equal", "maximum", a, b)


def _smaller(a: Any, b: Any) -> Any:
    return _select("less_equal", "minimum", a, b)


def _select(comparison: str, name: str, a: Any, b: Any) -> Any:
    a, b = promote(a, b)
    if dtype_of(a).kind not in "bc":
        return getattr(standard, name)(a, b)
    first = FUNCTIONS[comparison](a, b)
    return where(standard.logical_or(isnan(a), first), a, b)


maximum = _define(_larger, "maximum")
minimum = _define(_smaller, "minimum")


def _ignoring_nan(choose: Callable[..., Any]) -> Callable[..., Any]:
    def call(a: Any, b: Any) -> Any:
        a, b = promote(a, b)
        return where(isnan(a), b, where(isnan(b), a, choose(a, b)))

    return call


fmax = _define(_ignoring_nan(_larger), "fmax")
fmin = _define(_ignoring_nan(_smaller), "fmin")


def clip_(x: Any, low: Any = None, high: Any = None) -> Any:
    """Between `low` and `high`, either of which may be `None`."""
    x = x if low is None else maximum(x, low)
    return x if high is None else minimum(x, high)


def clip(x: Any, a_min: Any = None, a_max: Any = None) -> Any:
    """`numpy.clip`"""
    return clip_(x, a_min, a_max) if any(map(is_array, (x, a_min, a_max))) else numpy.clip(x, a_min, a_max)


FUNCTIONS["clip"] = clip


# ------------------------------------------------------------------------------------- parts of complex numbers


def real_(x: Any) -> Any:
    return standard.real(x) if _is_complex(x) else x


def imag_(x: Any) -> Any:
    return standard.imag(x) if _is_complex(x) else standard.zeros_like(x)


def conj_(x: Any) -> Any:
    return standard.conj(x) if _is_complex(x) else x


def angle_(x: Any) -> Any:
    (x,) = promote(x, floating=True)
    return standard.atan2(imag_(x), real_(x))


for _function in (real_, imag_, conj_, angle_):
    _define(_function)
FUNCTIONS["conjugate"] = FUNCTIONS["conj"]


def round(x: Any, decimals: int = 0) -> Any:
    """`numpy.round`"""
    if not is_array(x):
        return numpy.round(x, decimals)
    if dtype_of(x).kind in "iub" and decimals >= 0:
        return x
    scale = 10.0 ** (decimals if decimals >= 0 else -decimals)
    scaled = multiply(x, scale) if decimals >= 0 else divide(x, scale)
    rounded = standard.round(scaled)
    return convert(divide(rounded, scale) if decimals >= 0 else multiply(rounded, scale), dtype_of(x))


FUNCTIONS["round"] = round
