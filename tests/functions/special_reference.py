"""What special functions are, after mpmath: name -> the function, and the points at which its derivatives are compared.

A point is a tuple of arguments as SciPy takes them; `of` says which of them are differentiated. Among the points are large,
small and degenerate ones. Not for: values of SciPy's functions, which SciPy tests.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import mpmath as mp


@dataclasses.dataclass(frozen=True)
class Reference:
    """A function, the points, the places of the differentiated arguments, and the relative rounding that SciPy's own
    functions leave in the derivatives there.
    """

    function: Callable[..., Any]
    points: tuple[tuple[Any, ...], ...]
    of: tuple[int, ...] = (0,)
    rounding: float = 2e-14
    second: float = 0.0  # the same at order 2, if it is larger


def one(function: Callable[..., Any], *points: float, **options: Any) -> Reference:
    return Reference(function, tuple((x,) for x in points), **options)


def many(function: Callable[..., Any], of: tuple[int, ...], *points: tuple[Any, ...], **options: Any) -> Reference:
    return Reference(function, points, of, **options)


def _normal(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _boxcox(x: Any, lam: Any) -> Any:
    return mp.log(x) if lam == 0 else mp.expm1(lam * mp.log(x)) / lam


def _inv_boxcox(y: Any, lam: Any) -> Any:
    return mp.exp(y) if lam == 0 else (1 + lam * y) ** (1 / lam)


def _wofz(z: Any) -> Any:
    return mp.exp(-z * z) * mp.erfc(-1j * z)


def _voigt(x: Any, sigma: Any, gamma: Any) -> Any:
    if sigma == 0:
        return gamma / mp.pi / (x * x + gamma * gamma)
    return mp.re(_wofz((x + 1j * gamma) / (sigma * mp.sqrt(2)))) / (sigma * mp.sqrt(2 * mp.pi))


def _spherical(bessel: Any, n: Any, z: Any) -> Any:
    return mp.sqrt(mp.pi / (2 * z)) * bessel(n + mp.mpf("0.5"), z)


def _incomplete_beta(a: Any, b: Any, x: Any) -> Any:
    return mp.betainc(a, b, 0, x, regularized=True)


def _tukey(x: Any, lam: Any) -> Any:
    return mp.findroot(lambda p: (p**lam - (1 - p) ** lam) / lam - x, 0.5 + float(x) / 4)


def _kolmogorov(y: Any) -> Any:
    return 2 * mp.nsum(lambda k: (-1) ** (k - 1) * mp.exp(-2 * k * k * y * y), [1, mp.inf])


def _smirnov(n: int, d: Any) -> Any:
    return sum(
        mp.binomial(n, k) * d * (d + mp.mpf(k) / n) ** (k - 1) * (1 - d - mp.mpf(k) / n) ** (n - k)
        for k in range(int(n * (1 - d)) + 1)
    )


def _ellipkinc(phi: Any, m: Any) -> Any:
    return mp.ellipf(phi, m)


TINY, HUGE = 1e-12, 1e8
_LINE = (-3.5, -0.3, TINY, 0.5, 4.25)

REFERENCES: dict[str, Reference] = {
    # error functions
    "erf": one(mp.erf, *_LINE),
    "erfc": one(mp.erfc, *_LINE, 20.0),
    "erfi": one(mp.erfi, *_LINE),
    "erfcx": one(lambda x: mp.exp(x * x) * mp.erfc(x), -3.0, 0.0, 0.5, 2.9, 3.1, 30.0, 1e4, HUGE, second=2e-12),
    "erfinv": one(mp.erfinv, -0.9, 0.0, 0.5, 0.999),
    "dawsn": one(lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), -4.0, 0.0, 0.5, 6.9, 7.1, 30.0, 1e6, rounding=2e-13, second=2e-11),
    "ndtr": one(_normal, *_LINE),
    "log_ndtr": one(lambda x: mp.log(_normal(x)), -1e6, -30.0, -2.0, 0.0, 2.0, 8.0, rounding=1e-13, second=2e-12),
    "ndtri": one(lambda p: -mp.sqrt(2) * mp.erfinv(1 - 2 * p), 0.02, 0.5, 0.97, rounding=1e-13),
    "voigt_profile": many(_voigt, (0, 1, 2), (0.3, 1.0, 0.5), (5.0, 0.2, 0.1), (0.4, 1e-3, 0.7), (30.0, 1.0, 0.5), rounding=1e-11, second=1e-9),
    "owens_t": many(lambda h, a: mp.quad(lambda x: mp.exp(-h * h * (1 + x * x) / 2) / (1 + x * x), [0, a]) / (2 * mp.pi), (0, 1), (0.7, 0.4), (0.0, 2.0), (-1.3, 3.0)),
    # gamma
    "gamma": one(mp.gamma, -2.5, 0.3, 1.0, 5.5, 30.0, rounding=1e-13, second=1e-12),
    "gammaln": one(lambda x: mp.log(abs(mp.gamma(x))), -2.5, 1e-8, 0.3, 1.5, 1e6, 1e12),
    "loggamma": one(mp.loggamma, 1e-8, 0.3, 1.5, 1e6),
    "rgamma": one(mp.rgamma, -3.0, -2.5, -1.0, 0.0, 0.3, 2.0, 20.0, rounding=1e-13, second=1e-12),
    "psi": one(mp.digamma, -2.5, 0.3, 1.5, 40.0, 1e8, rounding=1e-13, second=1e-13),
    "polygamma": many(lambda n, x: mp.polygamma(int(n), x), (1,), (1, 0.3), (2, 4.5), (3, 1e4), (1, -2.5), rounding=1e-13),
    "zeta": many(mp.zeta, (1,), (2.5, 0.7), (1.5, 8.0), (9.0, 2.0), rounding=1e-13),
    "beta": many(mp.beta, (0, 1), (0.5, 0.7), (3.0, 1e-6), (1e3, 0.5), (80.0, 90.0), rounding=1e-12, second=1e-11),
    "betaln": many(lambda a, b: mp.log(mp.beta(a, b)), (0, 1), (0.5, 0.7), (3.0, 1e-6), (1e6, 0.5), (1e10, 1e-3)),
    "poch": many(mp.rf, (0, 1), (2.5, 3.0), (1e6, 0.5), (40.0, 1e-6), (0.5, 8.0), rounding=1e-11, second=1e-10),
    "binom": many(mp.binomial, (0, 1), (5.5, 2.5), (40.0, 3.0), (2.0, 3.0), (3.0, -1.0), rounding=1e-13, second=1e-12),
    "gammainc": many(lambda a, x: mp.gammainc(a, 0, x, regularized=True), (1,), (0.5, 0.2), (3.0, 2.0), (1e3, 1e3), (2.0, 40.0), rounding=1e-12, second=1e-11),
    "gammaincc": many(lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True), (1,), (0.5, 0.2), (3.0, 2.0), (2.0, 40.0), rounding=1e-12, second=1e-11),
    "betainc": many(_incomplete_beta, (2,), (0.5, 0.7, 0.2), (3.0, 2.0, 0.9), (200.0, 300.0, 0.41), rounding=1e-12, second=1e-11),
    # Bessel
    "jv": many(mp.besselj, (1,), (0, 0.0), (1, 0.0), (2, 0.0), (0.5, 2.0), (3, 1e3), (1.5, 0.1), (-1, 0.7), rounding=1e-12),
    "yv": many(mp.bessely, (1,), (0, 0.7), (0.5, 2.0), (3, 100.0), rounding=1e-12),
    "iv": many(mp.besseli, (1,), (0, 0.0), (1, 0.0), (0.5, 2.0), (3, 30.0), (1, -0.7), rounding=1e-12),
    "kv": many(mp.besselk, (1,), (0, 0.7), (0.5, 2.0), (3, 30.0), rounding=1e-12),
    "kn": many(mp.besselk, (1,), (0, 0.7), (2, 2.0), rounding=1e-12),
    "yn": many(mp.bessely, (1,), (0, 0.7), (2, 2.0), rounding=1e-12),
    "ive": many(lambda v, x: mp.besseli(v, x) * mp.exp(-abs(x)), (1,), (0, 0.7), (1, -2.0), (2.5, 30.0), rounding=1e-11, second=1e-10),
    "kve": many(lambda v, x: mp.besselk(v, x) * mp.exp(x), (1,), (0, 0.7), (1, 2.0), (2.5, 30.0), rounding=1e-11, second=1e-9),
    "j0": one(lambda x: mp.besselj(0, x), 0.0, 0.7, -3.0, 100.0, rounding=1e-13),
    "j1": one(lambda x: mp.besselj(1, x), 0.0, 0.7, -3.0, 100.0, rounding=1e-13, second=1e-12),
    "y0": one(lambda x: mp.bessely(0, x), 0.7, 100.0, rounding=1e-13),
    "y1": one(lambda x: mp.bessely(1, x), 0.7, 100.0, rounding=1e-13, second=1e-12),
    "i0": one(lambda x: mp.besseli(0, x), 0.0, 0.7, -3.0, 100.0),
    "i1": one(lambda x: mp.besseli(1, x), 0.0, 0.7, -3.0, 100.0),
    "k0": one(lambda x: mp.besselk(0, x), 1e-3, 0.7, 100.0),
    "k1": one(lambda x: mp.besselk(1, x), 1e-3, 0.7, 100.0),
    "i0e": one(lambda x: mp.besseli(0, x) * mp.exp(-abs(x)), 0.7, -3.0, 40.0, rounding=1e-13, second=1e-11),
    "i1e": one(lambda x: mp.besseli(1, x) * mp.exp(-abs(x)), 0.7, -3.0, 40.0, rounding=1e-13, second=1e-11),
    "k0e": one(lambda x: mp.besselk(0, x) * mp.exp(x), 0.7, 40.0, rounding=1e-13, second=1e-10),
    "k1e": one(lambda x: mp.besselk(1, x) * mp.exp(x), 0.7, 40.0, rounding=1e-13, second=1e-10),
    "spherical_jn": many(lambda n, z: _spherical(mp.besselj, n, z), (1,), (0, 0.7), (2, 3.0), (1, 1e-3), rounding=1e-12, second=1e-10),
    "spherical_yn": many(lambda n, z: _spherical(mp.bessely, n, z), (1,), (0, 0.7), (2, 3.0), rounding=1e-12),
    "spherical_in": many(lambda n, z: _spherical(mp.besseli, n, z), (1,), (0, 0.7), (2, 3.0), rounding=1e-12),
    "spherical_kn": many(lambda n, z: mp.sqrt(mp.pi / (2 * z)) * mp.besselk(n + 0.5, z), (1,), (0, 0.7), (2, 3.0), rounding=1e-12),
    "struve": many(mp.struveh, (1,), (0, 0.7), (1.5, 3.0), (2, 30.0), rounding=1e-11, second=1e-10),
    "modstruve": many(mp.struvel, (1,), (0, 0.7), (1.5, 3.0), rounding=1e-12),
    "ber": one(lambda x: mp.ber(0, x), 0.7, 3.0, rounding=1e-12, second=1e-11),
    "bei": one(lambda x: mp.bei(0, x), 0.7, 3.0, rounding=1e-12, second=1e-11),
    "ker": one(lambda x: mp.ker(0, x), 0.7, 3.0, rounding=1e-11, second=1e-10),
    "kei": one(lambda x: mp.kei(0, x), 0.7, 3.0, rounding=1e-11, second=1e-10),
    # integrals
    "exp1": one(mp.e1, 1e-6, 0.7, 30.0),
    "expi": one(mp.ei, 1e-6, 0.7, -2.0, 30.0),
    "expn": many(mp.expint, (1,), (0, 0.7), (1, 0.7), (3, 2.0), (2, 30.0), rounding=1e-12),
    "spence": one(lambda x: mp.polylog(2, 1 - x), 1e-3, 0.4, 0.6, 1.0, 1.0 + 1e-6, 1.4, 1.6, 50.0, rounding=1e-13, second=1e-12),
    # logistic, powers, entropies
    "expit": one(lambda x: 1 / (1 + mp.exp(-x)), -40.0, -2.0, 0.0, 3.0, 40.0),
    "logit": one(lambda x: mp.log(x / (1 - x)), 1e-9, 0.3, 0.999),
    "log_expit": one(lambda x: -mp.log1p(mp.exp(-x)), -40.0, 0.0, 3.0, 40.0),
    "exprel": one(lambda x: mp.mpf(1) if x == 0 else mp.expm1(x) / x, -30.0, -1.0, 1e-6, 0.7, 200.0, rounding=1e-13),
    "exp10": one(lambda x: mp.mpf(10) ** x, -20.0, 0.0, 3.0),
    "cosm1": one(lambda x: mp.cos(x) - 1, 1e-9, 0.7),
    "powm1": many(lambda x, y: mp.power(x, y) - 1, (0, 1), (1.5, 2.0), (0.3, -1.5), (2.0, 0.0)),
    "xlogy": many(lambda x, y: x * mp.log(y), (0, 1), (0.0, 2.0), (1.5, 0.3)),
    "xlog1py": many(lambda x, y: x * mp.log1p(y), (0, 1), (0.0, 2.0), (1.5, 1e-9)),
    "entr": one(lambda x: -x * mp.log(x), 1e-9, 0.7, 30.0),
    "rel_entr": many(lambda x, y: x * mp.log(x / y), (0, 1), (0.3, 0.7), (1e-9, 1e9)),
    "kl_div": many(lambda x, y: x * mp.log(x / y) - x + y, (0, 1), (0.3, 0.7), (1e-9, 1e9)),
    "pseudo_huber": many(lambda d, r: d * mp.sqrt(d * d + r * r) - d * d, (0, 1), (1.0, 0.5), (1.0, 1e-3), (2.0, 1e4), (1e-3, 5.0), (1.0, 0.0), rounding=1e-13),
    "boxcox": many(_boxcox, (0, 1), (2.0, 0.5), (0.3, -2.0), (5.0, 1e-9), rounding=1e-13),
    "boxcox1p": many(lambda x, lam: _boxcox(1 + x, lam), (0, 1), (2.0, 0.5), (-0.3, -2.0), (1e-3, 1e-9), rounding=1e-13),
    "inv_boxcox": many(_inv_boxcox, (0, 1), (2.0, 0.5), (0.3, -2.0), (5.0, 1e-9), (4.0, 2.0), rounding=1e-12, second=1e-11),
    "inv_boxcox1p": many(lambda y, lam: _inv_boxcox(y, lam) - 1, (0, 1), (2.0, 0.5), (0.3, -2.0), (5.0, 1e-9), rounding=1e-12, second=1e-11),
    "lambertw": one(mp.lambertw, 0.0, 0.5, 10.0, 1e6),
    "wrightomega": one(lambda z: mp.lambertw(mp.exp(z)), -5.0, 0.0, 3.0),
    # elliptic
    "ellipk": one(mp.ellipk, -30.0, 0.0, 1e-9, 0.5, 0.999, rounding=1e-13, second=1e-12),
    "ellipkm1": one(lambda p: mp.ellipk(1 - p), 1e-9, 0.5, 1.0, rounding=1e-13),
    "ellipe": one(mp.ellipe, -30.0, 0.0, 1e-9, 0.5, 0.999, rounding=1e-13, second=1e-12),
    "ellipkinc": many(_ellipkinc, (0, 1), (0.7, 0.5), (0.7, 0.0), (4.0, 0.3), (-1.2, -2.0), rounding=1e-12, second=1e-11),
    "ellipeinc": many(mp.ellipe, (0, 1), (0.7, 0.5), (0.7, 0.0), (4.0, 0.3), (-1.2, -2.0), rounding=1e-12, second=1e-11),
    "elliprc": many(mp.elliprc, (0, 1), (0.5, 2.0), (2.0, 2.0), (3.0, 1e-3), rounding=1e-13, second=1e-11),
    "elliprf": many(mp.elliprf, (0, 1, 2), (0.5, 2.0, 0.7), (1.0, 1.0, 1.0), (1e-3, 5.0, 40.0), rounding=1e-13, second=1e-12),
    "elliprd": many(mp.elliprd, (0, 1, 2), (0.5, 2.0, 0.7), (1.0, 1.0, 1.0), (1e-3, 5.0, 40.0), rounding=1e-12, second=1e-12),
    "elliprg": many(mp.elliprg, (0, 1, 2), (0.5, 2.0, 0.7), (1.0, 1.0, 1.0), (1e-3, 5.0, 40.0), rounding=1e-12, second=1e-11),
    "elliprj": many(mp.elliprj, (0, 1, 2, 3), (0.5, 2.0, 0.7, 1.1), (1.0, 1.0, 1.0, 1.0), rounding=1e-12, second=1e-11),
    "agm": many(mp.agm, (0, 1), (1.0, 1.0), (0.3, 5.0), (1e-3, 40.0), rounding=1e-13, second=1e-12),
    # hypergeometric, polynomials
    "hyp0f1": many(mp.hyp0f1, (1,), (1.5, 0.0), (1.5, -3.0), (0.7, 8.0), rounding=1e-12),
    "hyp1f1": many(mp.hyp1f1, (2,), (1.5, 2.5, 0.0), (0.3, 1.2, -8.0), (2.0, 1.5, 8.0), rounding=1e-12, second=1e-11),
    "hyp2f1": many(mp.hyp2f1, (3,), (1.5, 0.5, 2.5, 0.0), (0.3, 1.2, 2.0, -8.0), (0.5, 0.7, 3.5, 0.9), rounding=1e-11, second=1e-10),
    "hyperu": many(mp.hyperu, (2,), (1.5, 0.5, 2.0), (0.3, 1.2, 0.5), rounding=1e-9, second=1e-8),
    "eval_legendre": many(mp.legendre, (1,), (0, 0.3), (1, 0.3), (5, -0.7), (5, 1.0), (8, 1.5), (2.5, 0.3), rounding=1e-12, second=1e-11),
    "eval_chebyt": many(mp.chebyt, (1,), (0, 0.3), (1, 0.3), (5, -0.7), (8, 1.5), rounding=1e-12),
    "eval_chebyu": many(mp.chebyu, (1,), (0, 0.3), (5, -0.7), (8, 1.5), rounding=1e-12),
    "eval_hermite": many(mp.hermite, (1,), (0, 0.3), (1, 0.3), (5, -0.7), (8, 1.5), rounding=1e-12),
    "eval_laguerre": many(lambda n, x: mp.laguerre(n, 0, x), (1,), (1, 0.3), (5, 0.7), rounding=1e-12),
    "eval_genlaguerre": many(mp.laguerre, (2,), (1, 0.5, 0.3), (5, 1.5, 0.7), rounding=1e-12),
    "eval_gegenbauer": many(mp.gegenbauer, (2,), (1, 0.5, 0.3), (5, 1.5, 0.7), rounding=1e-12),
    "eval_jacobi": many(mp.jacobi, (3,), (1, 0.5, 0.7, 0.3), (5, 1.5, 0.2, -0.7), rounding=1e-12, second=1e-11),
    # distributions
    "bdtr": many(lambda k, n, p: _incomplete_beta(n - k, k + 1, 1 - p), (2,), (2, 5, 0.3), (40, 100, 0.5), rounding=1e-12, second=1e-11),
    "nbdtr": many(lambda k, n, p: _incomplete_beta(n, k + 1, p), (2,), (2, 5, 0.3), rounding=1e-12),
    "pdtr": many(lambda k, m: mp.gammainc(k + 1, m, mp.inf, regularized=True), (1,), (2, 0.7), (40, 35.0), rounding=1e-12, second=1e-11),
    "gdtr": many(lambda a, b, x: mp.gammainc(b, 0, a * x, regularized=True), (0, 2), (1.5, 2.5, 0.7), rounding=1e-12),
    "chdtr": many(lambda v, x: mp.gammainc(v / 2, 0, x / 2, regularized=True), (1,), (3.0, 0.7), (50.0, 40.0), rounding=1e-12, second=1e-11),
    "fdtr": many(lambda m, n, x: _incomplete_beta(m / 2, n / 2, m * x / (m * x + n)), (2,), (3.0, 4.0, 0.7), rounding=1e-12),
    "stdtr": many(lambda v, t: mp.mpf(1) / 2 + t * mp.gamma((v + 1) / 2) / (mp.sqrt(v * mp.pi) * mp.gamma(v / 2)) * mp.hyp2f1(0.5, (v + 1) / 2, 1.5, -t * t / v), (1,), (3.0, 0.7), (30.0, -2.0), rounding=1e-12),
    "tklmbda": many(_tukey, (0, 1), (0.3, 0.7), (-0.8, 0.4), rounding=1e-12, second=1e-11),
    "kolmogorov": one(_kolmogorov, 0.5, 1.0, 2.0, rounding=1e-12, second=1e-11),
    "smirnov": many(_smirnov, (1,), (4, 0.35), (10, 0.21), rounding=1e-12, second=1e-11),
}  # fmt: skip

# (function, result) of those with several results
COMPONENTS: dict[tuple[str, int], Reference] = {
    ("airy", 0): one(mp.airyai, -8.0, 0.0, 0.7, 5.0, rounding=1e-12),
    ("airy", 1): one(lambda x: mp.airyai(x, derivative=1), -3.0, 0.0, 0.7, 5.0, rounding=1e-12),
    ("airy", 2): one(mp.airybi, -3.0, 0.0, 0.7, 5.0, rounding=1e-12),
    ("airy", 3): one(lambda x: mp.airybi(x, derivative=1), -3.0, 0.0, 0.7, 5.0, rounding=1e-12),
    ("airye", 0): one(lambda x: mp.airyai(x) * mp.exp(2 * x * mp.sqrt(x) / 3), 0.7, 5.0, rounding=1e-11, second=1e-10),
    ("airye", 2): one(lambda x: mp.airybi(x) * mp.exp(-2 * x * mp.sqrt(x) / 3), 0.7, 5.0, rounding=1e-11, second=1e-10),
    ("itairy", 0): one(lambda x: mp.airyai(x, derivative=-1), 0.7, 2.0, rounding=1e-12),
    ("itairy", 1): one(lambda x: mp.airybi(x, derivative=-1), 0.7, 2.0, rounding=1e-12),
    ("itairy", 2): one(lambda x: -mp.airyai(-x, derivative=-1), 0.7, 2.0, rounding=1e-12),
    ("itairy", 3): one(lambda x: -mp.airybi(-x, derivative=-1), 0.7, 2.0, rounding=1e-12),
    ("fresnel", 0): one(mp.fresnels, 0.01, 0.7, 4.7, rounding=1e-13),
    ("fresnel", 1): one(mp.fresnelc, 0.01, 0.7, 4.7, rounding=1e-13),
    ("sici", 0): one(mp.si, 1e-3, 0.7, -5.0, 40.0, rounding=1e-13, second=1e-10),
    ("sici", 1): one(mp.ci, 0.7, 40.0, rounding=1e-13),
    ("shichi", 0): one(mp.shi, 1e-3, 0.7, -5.0, rounding=1e-13, second=1e-10),
    ("shichi", 1): one(mp.chi, 0.7, 5.0, rounding=1e-13),
    ("ellipj", 0): many(lambda u, m: mp.ellipfun("sn", u, m=m), (0, 1), (0.7, 0.3), (4.0, 0.6), (0.5, 1e-6), rounding=1e-10, second=1e-9),
    ("ellipj", 1): many(lambda u, m: mp.ellipfun("cn", u, m=m), (0, 1), (0.7, 0.3), (4.0, 0.6), rounding=1e-10, second=1e-9),
    ("ellipj", 2): many(lambda u, m: mp.ellipfun("dn", u, m=m), (0, 1), (0.7, 0.3), (4.0, 0.6), rounding=1e-10, second=1e-9),
}  # fmt: skip
