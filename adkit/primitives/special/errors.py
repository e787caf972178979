"""Rows of the error functions and their kin: Dawson, Faddeeva, Voigt, Fresnel, normal distribution.

Far out, the plain formulas (such as erfcx' = 2x erfcx − 2/√π) subtract what is nearly equal; there the derivatives are
written with the tails of continued fractions, c_k' = 2 c_k (c_k − c_{k+1}), which do not.
Formulas: NIST Digital Library of Mathematical Functions, chapter 7.
"""

from __future__ import annotations

from . import kernels
from .row import Component, Kernel, Special

__adkit__ = True

row = Special

_FAR = 7.0  # from where on the continued fractions of the Faddeeva function are right to rounding
_TWO_PI = 6.283185307179586

erfcx_fraction = Kernel("erfcx_fraction", "k x", kernels.erfcx_fraction, None, "2 * y * (y - erfcx_fraction(a + 1, b))")
faddeeva_fraction = Kernel(
    "faddeeva_fraction", "k z", kernels.faddeeva_fraction, None, "2 * y * (y - faddeeva_fraction(a + 1, b))"
)


def _far(x: str) -> str:
    return f"where(absolute({x}) > {_FAR}, {x}, {_FAR})"


def _faddeeva_slope(z: str, w: str) -> str:
    """The derivative of w(z) as text."""
    far = f"(absolute({z}) > {_FAR}) & (imag({z}) >= 0)"
    return f"where({far}, -2 * faddeeva_fraction(1, {_upper(z)}) * {w}, 1.1283791670955126j - 2 * {z} * {w})"


def _upper(z: str) -> str:
    return f"where((absolute({z}) > {_FAR}) & (imag({z}) >= 0), {z}, {_FAR})"


def _faddeeva_curvature(z: str, w: str) -> str:
    """The second derivative of w(z) as text."""
    far = f"(absolute({z}) > {_FAR}) & (imag({z}) >= 0)"
    product = f"4 * faddeeva_fraction(1, {_upper(z)}) * faddeeva_fraction(2, {_upper(z)}) * {w}"
    return f"where({far}, {product}, -2 * {w} - 2 * {z} * (1.1283791670955126j - 2 * {z} * {w}))"


erf = row("erf", "z", "1.1283791670955126 * exp(-x * x)")
erfc = row("erfc", "x", "-1.1283791670955126 * exp(-x * x)")
erfi = row("erfi", "z", "1.1283791670955126 * exp(x * x)")
erfcx = row(
    "erfcx",
    "x",
    "where(real(x) > 3, -2 * erfcx_fraction(1, where(real(x) > 3, x, 3.0)) * y, 2 * x * y - 1.1283791670955126)",
)
erfinv = row("erfinv", "y", "0.886226925452758 * exp(y * y)")
erfcinv = row("erfcinv", "y", "-0.886226925452758 * exp(y * y)")
dawsn = row(
    "dawsn",
    "x",
    f"where((absolute(x) > {_FAR}) & (absolute(imag(x)) < 0.5 * absolute(x)),"
    f" -2 * faddeeva_fraction(1, {_far('x')}) * y, 1 - 2 * x * y)",
)
wofz = row("wofz", "z", _faddeeva_slope("x", "y"))

# with z = (x + iγ) / (σ√2), V = Re w(z) / (σ√2π); V solves ∂V/∂σ = σ ∂²V/∂x², and for σ = 0 it is Lorentz's
_WIDTH = "where(b == 0, 1.0, b)"
_Z = f"((a + 1j * c) / ({_WIDTH} * 1.4142135623730951))"
_SLOPE = _faddeeva_slope(_Z, f"wofz({_Z})")
_CURVATURE = _faddeeva_curvature(_Z, f"wofz({_Z})")
_DISTANCE = "where(b == 0, a * a + c * c, 1.0)"
voigt_profile = row(
    "voigt_profile",
    "x sigma gamma",
    f"where(b == 0, -0.6366197723675814 * a * c / {_DISTANCE} ** 2,"
    f" real({_SLOPE}) * 0.28209479177387814 / ({_WIDTH} * {_WIDTH}))",
    f"b * where(b == 0, 0.6366197723675814 * c * (3 * a * a - c * c) / {_DISTANCE} ** 3,"
    f" real({_CURVATURE}) * 0.19947114020071635 / {_WIDTH} ** 3)",
    f"where(b == 0, 0.3183098861837907 * (a * a - c * c) / {_DISTANCE} ** 2,"
    f" -imag({_SLOPE}) * 0.28209479177387814 / ({_WIDTH} * {_WIDTH}))",
)
owens_t = row(
    "owens_t",
    "h a",
    "-0.19947114020071635 * exp(-a * a / 2) * erf(a * b * 0.7071067811865476)",
    f"exp(-a * a * (1 + b * b) / 2) / ({_TWO_PI} * (1 + b * b))",
)

fresnel_sine = Component(
    "fresnel_sine", "z", "sin(1.5707963267948966 * x * x)", function="fresnel", index=0, symbol="S({0})"
)
fresnel_cosine = Component(
    "fresnel_cosine", "z", "cos(1.5707963267948966 * x * x)", function="fresnel", index=1, symbol="C({0})"
)
# F±(x) = ∫ₓ^∞ exp(±it²) dt, and K±(x) = exp(∓i(x² + π/4)) F±(x) / √π
modfresnelp_f = Component("modfresnelp_f", "x", "-exp(1j * x * x)", function="modfresnelp", index=0)
modfresnelp_k = Component(
    "modfresnelp_k", "x", "-2j * x * y - 0.3989422804014327 * (1 - 1j)", function="modfresnelp", index=1
)
modfresnelm_f = Component("modfresnelm_f", "x", "-exp(-1j * x * x)", function="modfresnelm", index=0)
modfresnelm_k = Component(
    "modfresnelm_k", "x", "2j * x * y - 0.3989422804014327 * (1 + 1j)", function="modfresnelm", index=1
)

# the normal distribution
ndtr = row("ndtr", "x", "0.3989422804014327 * exp(-x * x / 2)", symbol="Φ({0})")
log_ndtr = row("log_ndtr", "x", "0.7978845608028654 / erfcx(-0.7071067811865476 * x)", symbol="log Φ({0})")
ndtri = row("ndtri", "y", "2.5066282746310002 * exp(y * y / 2)")
ndtri_exp = row("ndtri_exp", "y", "1.2533141373155003 * erfcx(-0.7071067811865476 * y)")
