"""Functions that derivatives of special functions need and that SciPy lacks, on NumPy arrays in double precision.

Each belongs to a family that is closed under differentiation, so that every order is as accurate as the first.
Sources: NIST Digital Library of Mathematical Functions 5.11 and 5.15 (gamma), 7.9 (continued fractions of erfc),
19.16 and 19.18 (Carlson's integrals), 19.36 (their evaluation), 25.11 (zeta).
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy

__adkit__ = True

# B_2, B_4, … of Bernoulli
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
_SHIFT = 16


def _scipy_special() -> Any:
    import scipy.special

    return scipy.special


# ------------------------------------------------------------------------------------------------ gamma


def polygamma(n: Any, x: Any) -> Any:
    """The n-th derivative of digamma for real or complex x; n holds non-negative integers."""
    result = numpy.empty(x.shape, x.dtype)
    for order in numpy.unique(n):
        here = n == order
        result[here] = _polygamma_of_order(int(order), x[here])
    return result


def _polygamma_of_order(n: int, x: Any) -> Any:
    special = _scipy_special()
    if n == 0:
        return special.psi(x)
    if x.dtype.kind != "c":
        return (-1.0) ** (n + 1) * special.gamma(n + 1.0) * special.zeta(n + 1.0, x)
    reflected = x.real < 0.5
    z = numpy.where(reflected, 1 - x, x)
    made = _polygamma_right(n, z)
    cotangent = 1 / numpy.tan(math.pi * numpy.where(reflected, x, 0.5))
    return numpy.where(reflected, (-1.0) ** n * made - _cotangent_derivative(n, cotangent), made)


def _polygamma_right(n: int, z: Any) -> Any:
    """Recurrence to the right, then the asymptotic series."""
    total = numpy.zeros_like(z)
    for k in range(_SHIFT):
        total += (z + k) ** -(n + 1.0)
    total *= math.factorial(n)
    w = z + _SHIFT
    total += math.factorial(n - 1) * w**-n + math.factorial(n) * w ** -(n + 1.0) / 2
    for k, b in enumerate(_BERNOULLI, 1):
        total += b * math.factorial(2 * k + n - 1) / math.factorial(2 * k) * w ** -(2.0 * k + n)
    return (-1.0) ** (n + 1) * total


@functools.cache
def _cotangent_polynomial(n: int) -> Any:
    """The n-th derivative of π cot(πx) as a polynomial in cot(πx)."""
    made = numpy.polynomial.Polynomial([0.0, math.pi])
    for _ in range(n):
        made = made.deriv() * numpy.polynomial.Polynomial([-math.pi, 0.0, -math.pi])
    return made


def _cotangent_derivative(n: int, cotangent: Any) -> Any:
    return _cotangent_polynomial(n)(cotangent)


def polygamma_difference(n: Any, a: Any, b: Any) -> Any:
    """polygamma(n, a + b) − polygamma(n, a) without the cancellation of small b, for positive a and a + b."""
    result = numpy.empty(numpy.shape(a), numpy.result_type(a, b))
    for order in numpy.unique(n):
        here = n == order
        x, d = a[here], b[here]
        usable = (x > 0) & (x + d > 0) if result.dtype.kind != "c" else numpy.zeros(x.shape, bool)
        safe_x, safe_d = numpy.where(usable, x, 1.0), numpy.where(usable, d, 0.0)
        naive = _polygamma_of_order(int(order), x + d) - _polygamma_of_order(int(order), x)
        result[here] = numpy.where(usable, _difference(int(order), safe_x, safe_d), naive)
    return result


def _difference(n: int, a: Any, b: Any) -> Any:
    """By recurrence and asymptotic series, each term as x^−m expm1(−m log1p(b / x))."""

    def power(x: Any, m: float) -> Any:
        return x**-m * numpy.expm1(-m * numpy.log1p(b / x))

    total = numpy.zeros_like(a)
    for k in range(_SHIFT):
        total -= math.factorial(n) * power(a + k, n + 1.0)
    w = a + _SHIFT
    total += numpy.log1p(b / w) if n == 0 else -math.factorial(n - 1) * power(w, float(n))
    total -= math.factorial(n) * power(w, n + 1.0) / 2
    for k, c in enumerate(_BERNOULLI, 1):
        total -= c * math.factorial(2 * k + n - 1) / math.factorial(2 * k) * power(w, 2.0 * k + n)
    return (-1.0) ** n * total


# ------------------------------------------------------------------------------------------------ error functions

_DEPTH = 28


def erfcx_fraction(k: Any, x: Any) -> Any:
    """e_k(x) = (k/2) / (x + e_{k+1}(x)), the tails of √π erfcx(x) = 1 / (x + e_1(x)) for x not small."""
    tail = numpy.zeros_like(x)
    for i in range(60, -1, -1):
        tail = (k + i) / 2 / (x + tail)
    return tail


def faddeeva_fraction(k: Any, z: Any) -> Any:
    """c_k(z) = (k/2) / (z − c_{k+1}(z)), the tails of −i√π w(z) = 1 / (z − c_1(z)) for |z| not small, Im z ≥ 0."""
    tail = numpy.zeros_like(z)
    for i in range(11, -1, -1):
        tail = (k + i) / 2 / (z - tail)
    return tail


# ------------------------------------------------------------------------------------------------ Carlson's integrals


def carlson_integral(a: Any, b: Any, c: Any, d: Any, x: Any, y: Any, z: Any, p: Any) -> Any:
    """∫₀^∞ (t + x)^−a (t + y)^−b (t + z)^−c (t + p)^−d dt, by the trapezoidal rule in log t.

    The integrand is analytic in log t up to the distance π from the real axis, so that the rule of step h errs by
    exp(−2π²/h). For real non-negative x … p, of which one may be 0, or complex ones off the negative axis. The
    exponents are the same for all elements.
    """
    used = [(float(e.flat[0]), v) for e, v in ((a, x), (b, y), (c, z), (d, p)) if e.size and e.flat[0]]
    if not used:
        return numpy.zeros(x.shape, numpy.result_type(x, y, z, p, float))
    dtype = numpy.result_type(*(v for _, v in used))
    result = numpy.empty(x.size, dtype)
    for i in range(0, x.size, _CHUNK):
        result[i : i + _CHUNK] = _trapezoidal([(e, v.ravel()[i : i + _CHUNK]) for e, v in used])
    return result.reshape(x.shape)


_CHUNK = 256


def _trapezoidal(used: list[tuple[float, Any]]) -> Any:
    step = 0.2 if any(v.dtype.kind == "c" for _, v in used) else 0.45
    sizes = numpy.stack([abs(v) for _, v in used])
    top = sizes.max(axis=0)
    bottom = numpy.where(sizes > 0, sizes, numpy.inf).min(axis=0)
    decay = sum(e for e, _ in used) - 1  # of the integrand for large t
    low = -39.0 if (sizes > 0).all() else -78.0  # for small t it goes with t, or its root where a point is 0
    low = float(
        numpy.min(low + numpy.log(bottom / top), initial=low, where=numpy.isfinite(bottom / top) & (bottom > 0))
    )
    nodes = numpy.exp(numpy.arange(low, 39.0 / decay + step, step))[:, None]
    exponent = numpy.log(nodes * step)
    for e, v in used:
        exponent = exponent - e * numpy.log(nodes + v / top)
    return numpy.sum(numpy.exp(exponent), axis=0) * top**-decay


# ------------------------------------------------------------------------------------------------ distributions


def kolmogorov_sum(j: Any, y: Any) -> Any:
    """2 Σ_k (−1)^(k−1) k^(2j) exp(−2 k² y²), which for j = 0 is `kolmogorov`; −4y times the next one is its derivative.

    For small y terms cancel: the result is then right to 1e-16 absolutely.
    """
    total = numpy.zeros_like(y)
    for k in range(60, 0, -1):
        total += (-1.0) ** (k - 1) * float(k) ** (2 * j) * numpy.exp(-2.0 * k * k * y * y)
    return numpy.where(y > 0.11, 2 * total, 0.0)


def gamma_density(a: Any, x: Any) -> Any:
    """x^a exp(−x) / Γ(a), by SciPy's own algorithm where this SciPy has it."""
    special = _scipy_special()
    factor = getattr(special._ufuncs, "_igam_fac", None)
    plain = numpy.exp(special.xlogy(a, x) - x - special.gammaln(a))
    if factor is None:
        return plain
    return numpy.where(x > 0, factor(a, numpy.where(x > 0, x, 1.0)), plain)


def beta_density(a: Any, b: Any, x: Any) -> Any:
    """x^a (1 − x)^b / B(a, b), by way of the accurate binomial deviance for large a and b."""
    special = _scipy_special()
    density = getattr(special._ufuncs, "_beta_pdf", None)
    inside = (x > 0) & (x < 1)
    safe = numpy.where(inside, x, 0.5)
    plain = numpy.exp(special.xlogy(a, x) + special.xlog1py(b, -x) - special.betaln(a, b))
    if density is None:
        return plain
    return numpy.where(inside, density(safe, a, b) * safe * (1 - safe), plain)


def smirnov_sum(j: Any, n: Any, d: Any) -> Any:
    """The j-th derivative of `smirnov` in d: of d Σ_k C(n, k) (d + k/n)^(k−1) (1 − d − k/n)^(n−k) over k ≤ n (1 − d).

    Every term is a polynomial in d, whose products are differentiated after Leibniz.
    """
    result = numpy.empty(d.shape)
    for place in numpy.ndindex(d.shape):
        result[place] = _smirnov_at(int(j[place]), int(n[place]), float(d[place]))
    return result


def _smirnov_at(j: int, n: int, d: float) -> float:
    if n <= 0 or not 0 <= d <= 1:
        return math.nan
    total = 0.0
    for k in range(int(n * (1 - d)) + 1):
        u, v = d + k / n, 1 - d - k / n
        total += math.comb(n, k) * math.fsum(
            math.comb(j, i) * _smirnov_factor(i, k, d, u) * _power_derivative(j - i, n - k, v) * (-1) ** (j - i)
            for i in range(j + 1)
        )
    return total


def _smirnov_factor(i: int, k: int, d: float, u: float) -> float:
    """The i-th derivative of d (d + k/n)^(k−1), which is 1 for k = 0."""
    if k == 0:
        return 1.0 if i == 0 else 0.0
    return d * _power_derivative(i, k - 1, u) + i * (_power_derivative(i - 1, k - 1, u) if i else 0.0)


def _power_derivative(i: int, m: int, u: float) -> float:
    """The i-th derivative of u^m for an integer m ≥ 0."""
    return 0.0 if i > m else math.perm(m, i) * u ** (m - i)
