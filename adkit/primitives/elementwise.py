"""Elementwise rows: the forward expression and one partial derivative per operand, as in a table of derivatives.

`x` (or `a, b, c`) are the operands and `y` is the result. `None` marks an operand without influence. An expression
that names `g` is the whole product g · partial, for the rows whose partial is a selection. At points where the
derivative does not exist the table says what is used: 0 for `hypot`, `abs` and `root` at 0, an even split for ties of
`maximum` and `minimum`.

Source of the formulas: NIST Digital Library of Mathematical Functions, chapter 4.
"""

from __future__ import annotations

from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..primitive import Constant, Elementwise, General
from .shape import conjugate, through_numpy, unchanged

__adkit__ = True

row = Elementwise

# arithmetic
positive = row("positive", "+x", "1", symbol="{0}")
negative = row("negative", "-x", "-1", symbol="−{0}")
add = row("add", "a + b", "1", "1", symbol="{0} + {1}")
subtract = row("subtract", "a - b", "1", "-1", symbol="{0} − {1}")
multiply = row("multiply", "a * b", "b", "a", symbol="{0} · {1}")
divide = row("divide", "a / b", "1 / b", "-y / b", symbol="{0} / {1}")
strong_multiply = row(
    "strong_multiply", "where(a == 0, 0, a * b)", "b", "where((a == 0) | (g == 0), 0, g * a)", symbol="{0} · {1}"
)
reciprocal = row("reciprocal", "reciprocal(x)", "-y * y", symbol="1 / {0}")
remainder = row("remainder", "a % b", "1", "-floor(a / b)", symbol="{0} mod {1}")
fmod = row("fmod", "fmod(a, b)", "1", "-trunc(a / b)")
ieee_remainder = row("ieee_remainder", "a - b * rint(a / b)", "1", "-rint(a / b)", symbol="{0} rem {1}")
floor_divide = row("floor_divide", "a // b", None, None, symbol="⌊{0} / {1}⌋")

# powers and roots; a constant exponent other than 0 and 1 takes the short row
power = row(
    "power",
    "a ** b",
    "b * a ** where((a == 0) & (b == 0), 1, b - 1)",
    "where(a == 0, 0, y * log(where(a == 0, 1, a)))",
    symbol="{0} ^ {1}",
)
power_constant = row("power_constant", "a ** b", "b * a ** (b - 1)", None, symbol="{0} ^ {1}")
square = row("square", "x * x", "2 * x", symbol="{0}²")
sqrt = row("sqrt", "sqrt(x)", "0.5 / y", symbol="√{0}")
root = row("root", "sqrt(x)", "where(y == 0, 0, 0.5 / where(y == 0, 1, y))", symbol="√{0}")  # of a norm: 0 at 0
cbrt = row("cbrt", "cbrt(x)", "1 / (3 * y * y)", symbol="∛{0}")
hypot = row("hypot", "hypot(a, b)", "a / where(y == 0, 1, y)", "b / where(y == 0, 1, y)")

# exponentials and logarithms
exp = row("exp", "exp(x)", "y")
exp2 = row("exp2", "exp2(x)", "y * 0.6931471805599453")
expm1 = row("expm1", "expm1(x)", "y + 1")
log = row("log", "log(x)", "1 / x")
log2 = row("log2", "log2(x)", "1 / (x * 0.6931471805599453)")
log10 = row("log10", "log10(x)", "1 / (x * 2.302585092994046)")
log1p = row("log1p", "log1p(x)", "1 / (1 + x)")
logaddexp = row("logaddexp", "logaddexp(a, b)", "exp(a - y)", "exp(b - y)")
logaddexp2 = row("logaddexp2", "logaddexp2(a, b)", "exp2(a - y)", "exp2(b - y)")

# trigonometric and hyperbolic
sin = row("sin", "sin(x)", "cos(x)")
cos = row("cos", "cos(x)", "-sin(x)")
tan = row("tan", "tan(x)", "1 + y * y")
# two roots with these signs are right on both sides of the branch cuts, as in arcsin(2 + 0j)
arcsin = row("arcsin", "arcsin(x)", "1 / (sqrt(-x - -1) * sqrt(x - -1))")
arccos = row("arccos", "arccos(x)", "-1 / (sqrt(-x - -1) * sqrt(x - -1))")
arctan = row("arctan", "arctan(x)", "1 / (1 + x * x)")
arctan2 = row("arctan2", "arctan2(a, b)", "b / (a * a + b * b)", "-a / (a * a + b * b)")
sinh = row("sinh", "sinh(x)", "cosh(x)")
cosh = row("cosh", "cosh(x)", "sinh(x)")
tanh = row("tanh", "tanh(x)", "1 - y * y")
arcsinh = row("arcsinh", "arcsinh(x)", "1 / sqrt(x * x + 1)")
arccosh = row("arccosh", "arccosh(x)", "1 / (sqrt(x - 1) * sqrt(-(-x - 1)))")
arctanh = row("arctanh", "arctanh(x)", "1 / (1 - x * x)")
deg2rad = row("deg2rad", "deg2rad(x)", "0.017453292519943295")
rad2deg = row("rad2deg", "rad2deg(x)", "57.29577951308232")
sinc = row(
    "sinc",
    "sinc(x)",
    # near 0, where the quotient cancels, the power series in (πx)²; long enough for derivatives of tenth order
    "where(absolute(x) < 0.5, x * (-3.289868133696453 + x * x * (3.2469697011334144 + x * x * "
    "(-1.1445109447325053 + x * x * (0.2091827825412384 + x * x * (-0.023460810354558236 + x * x * "
    "(0.001781145516372852 + x * x * (-9.766223126318933e-05 + x * x * (4.049947846619244e-06 + x * x * "
    "(-1.3148481279991994e-07 + x * x * (3.4330769499642866e-09 + x * x * (-7.365893777096947e-11 + x * x * "
    "1.3217901389162318e-12))))))))))), "
    "(cos(3.141592653589793 * x) - y) / where(absolute(x) < 0.5, 1, x))",
)

# magnitude, sign, parts
absolute = row("absolute", "absolute(x)", "direction(x)", symbol="|{0}|")
fabs = row("fabs", "fabs(x)", "sign(x)", symbol="|{0}|")
sign = row("sign", "sign(x)", None)
signbit = row("signbit", "signbit(x)", None)
copysign = row("copysign", "copysign(a, b)", "where(signbit(a) == signbit(b), g, -g)", None)
nextafter = row("nextafter", "nextafter(a, b)", "1", None)
spacing = row("spacing", "spacing(x)", None)
exponent = Constant("exponent", lambda xp, x: through_numpy(lambda v: numpy.frexp(v)[1], (x,)), None)
real = row("real", "real(x)", "1", symbol="Re {0}")
imag = row("imag", "imag(x)", "-1j", symbol="Im {0}")
angle = row("angle", "angle(x)", "-1j / x")


def _direction(xp: Any, x: Any) -> Any:
    made = xp.sign(x)
    return xp.conj(made) if numpy_dtype(made).kind == "c" else made


def _direction_jvp(tangents: Any, out: Any, x: Any) -> Any:
    """d(z̄/|z|) = (ż̄ − s·Re(s ż)) / |z| with s = z̄/|z|; nothing for a real x, whose sign is constant, and at 0."""
    if numpy_dtype(x).kind != "c":
        return None
    t = tangents[0]
    return strong_multiply(conjugate(t) - out * real(out * t), inverse_modulus(x))


def _direction_vjp(g: Any, out: Any, x: Any) -> Any:
    if numpy_dtype(x).kind != "c":
        return (None,)
    return (strong_multiply(conjugate(g) - out * real(out * g), inverse_modulus(x)),)


def inverse_modulus(x: Any) -> Any:
    """1 / |x|, and 0 at 0."""
    size = absolute(x)
    return where(equal(size, 0), 0.0, 1 / where(equal(size, 0), 1.0, size))


direction = General("direction", _direction, jvp=_direction_jvp, vjp=_direction_vjp, symbol="conj sign {0}")

# selection
maximum = row("maximum", "maximum(a, b)", "where(a == b, 0.5, a > b)", "where(a == b, 0.5, b > a)")
minimum = row("minimum", "minimum(a, b)", "where(a == b, 0.5, a < b)", "where(a == b, 0.5, b < a)")
fmax = row("fmax", "fmax(a, b)", "where(a == b, 0.5, (a > b) | isnan(b))", "where(a == b, 0.5, (b > a) | isnan(a))")
fmin = row("fmin", "fmin(a, b)", "where(a == b, 0.5, (a < b) | isnan(b))", "where(a == b, 0.5, (b < a) | isnan(a))")
relu = row("relu", "maximum(x, 0)", "where(x > 0, g, 0)")  # at 0 the derivative is 0, as in every framework
where = row("where", "where(a, b, c)", None, "where(a, g, 0)", "where(a, 0, g)")
clip = row(
    "clip",
    "clip(a, b, c)",
    "where((a >= b) & (a <= c), g, 0)",
    "where((a < b) & (b <= c), g, 0)",
    "where((a > c) | (b > c), g, 0)",
)
heaviside = row("heaviside", "heaviside(a, b)", None, "where(a == 0, g, 0)")

# piecewise constant
floor = row("floor", "floor(x)", None, symbol="⌊{0}⌋")
ceil = row("ceil", "ceil(x)", None, symbol="⌈{0}⌉")
trunc = row("trunc", "trunc(x)", None)
rint = row("rint", "rint(x)", None)
isfinite = row("isfinite", "isfinite(x)", None)
isinf = row("isinf", "isinf(x)", None)
isnan = row("isnan", "isnan(x)", None)

# comparisons and logic
greater = row("greater", "a > b", None, None, symbol="{0} > {1}")
greater_equal = row("greater_equal", "a >= b", None, None, symbol="{0} ≥ {1}")
less = row("less", "a < b", None, None, symbol="{0} < {1}")
less_equal = row("less_equal", "a <= b", None, None, symbol="{0} ≤ {1}")
equal = row("equal", "a == b", None, None, symbol="{0} = {1}")
not_equal = row("not_equal", "a != b", None, None, symbol="{0} ≠ {1}")
logical_and = row("logical_and", "logical_and(a, b)", None, None, symbol="{0} ∧ {1}")
logical_or = row("logical_or", "logical_or(a, b)", None, None, symbol="{0} ∨ {1}")
logical_xor = row("logical_xor", "logical_xor(a, b)", None, None, symbol="{0} ⊻ {1}")
logical_not = row("logical_not", "logical_not(x)", None, symbol="¬{0}")
bitwise_and = row("bitwise_and", "a & b", None, None, symbol="{0} & {1}")
bitwise_or = row("bitwise_or", "a | b", None, None, symbol="{0} | {1}")
bitwise_xor = row("bitwise_xor", "a ^ b", None, None, symbol="{0} ^ {1}")
invert = row("invert", "~x", None, symbol="~{0}")
left_shift = row("left_shift", "a << b", None, None, symbol="{0} << {1}")
right_shift = row("right_shift", "a >> b", None, None, symbol="{0} >> {1}")

# integers, which array libraries leave out
gcd = Constant("gcd", lambda xp, a, b: through_numpy(numpy.gcd, (a, b)), None)
lcm = Constant("lcm", lambda xp, a, b: through_numpy(numpy.lcm, (a, b)), None)
bitwise_count = Constant("bitwise_count", lambda xp, x: through_numpy(numpy.bitwise_count, (x,)), None)
for _row in (exponent, bitwise_count):
    _row.batch = unchanged(_row)
direction.batch = unchanged(direction)
direction.sparsity = "elementwise"
where.sparsity = "selection"
