"""Rows of the gamma and beta functions, their ratios, and zeta.

`polygamma_difference(n, a, b)` is ψ⁽ⁿ⁾(a + b) − ψ⁽ⁿ⁾(a) without cancellation; the reciprocal gamma function, which is
entire, takes the reflected form on the left, so that it has its derivative at the poles of gamma as well.
Formulas: NIST Digital Library of Mathematical Functions, chapters 5, 8 and 25.
"""

from __future__ import annotations

from ...primitive import Constant
from . import kernels
from .row import Kernel, Special, in_namespace

__adkit__ = True

row = Special


def _reciprocal(x: str, y: str) -> str:
    """The derivative of 1/Γ at x as text, y being 1/Γ(x)."""
    left = f"where(real({x}) < 0.5, {x}, 0.0)"
    turn = f"3.141592653589793 * {left}"
    reflected = f"gamma(1 - {left}) * (cos({turn}) - sin({turn}) * psi(1 - {left}) / 3.141592653589793)"
    return f"where(real({x}) < 0.5, {reflected}, -{y} * psi(where(real({x}) < 0.5, 1.0, {x})))"


gamma = row("gamma", "z", "y * psi(x)", symbol="Γ({0})")
gammaln = row("gammaln", "x", "psi(x)")
loggamma = row("loggamma", "z", "psi(x)")
rgamma = row("rgamma", "z", _reciprocal("x", "y"), symbol="1 / Γ({0})")
psi = row("psi", "z", "polygamma(1, x)", symbol="ψ({0})")
polygamma = Kernel("polygamma", "n x", kernels.polygamma, None, "polygamma(a + 1, b)")
polygamma_difference = Kernel(
    "polygamma_difference",
    "n a b",
    kernels.polygamma_difference,
    None,
    "polygamma_difference(a + 1, b, c)",
    "polygamma(a + 1, b + c)",
)
zeta = row("zeta", "x q", None, "-a * zeta(a + 1, b)", function="_zeta", symbol="ζ({0}, {1})")
zetac = row("zetac", "x", None)
gammasgn = Constant("gammasgn", lambda xp, x: in_namespace("gammasgn", xp)(x), None)

beta = row(
    "beta", "a b", "-y * polygamma_difference(0, a, b)", "-y * polygamma_difference(0, b, a)", symbol="B({0}, {1})"
)
betaln = row("betaln", "a b", "-polygamma_difference(0, a, b)", "-polygamma_difference(0, b, a)")
poch = row("poch", "z m", "y * polygamma_difference(0, a, b)", "y * psi(a + b)", symbol="({0})_{1}")

_POLE = "((a - b + 1 <= 0) | (b + 1 <= 0))"  # of a factor in the denominator
_OFF = f"where({_POLE}, 1.0, a - b + 1)", f"where({_POLE}, 1.0, b)"
binom = row(
    "binom",
    "x y",
    f"where({_POLE}, gamma(where({_POLE}, a, 0) + 1) * rgamma(b + 1) * (psi(a + 1) * rgamma(a - b + 1)"
    f" + {_reciprocal('(a - b + 1)', 'rgamma(a - b + 1)')}), y * polygamma_difference(0, {_OFF[0]}, {_OFF[1]}))",
    f"where({_POLE}, gamma(where({_POLE}, a, 0) + 1) * ({_reciprocal('(b + 1)', 'rgamma(b + 1)')} * rgamma(a - b + 1)"
    f" - rgamma(b + 1) * {_reciprocal('(a - b + 1)', 'rgamma(a - b + 1)')}),"
    f" y * (psi({_OFF[0]}) - psi({_OFF[1]} + 1)))",
)

# x^a exp(−x) / Γ(a) and x^a (1 − x)^b / B(a, b), of which the incomplete functions are integrals
gamma_density = Kernel(
    "gamma_density", "a x", kernels.gamma_density, "y * (log(b) - psi(a))", "gamma_density(a, b) * (a / b - 1)"
)
beta_density = Kernel(
    "beta_density",
    "a b x",
    kernels.beta_density,
    "y * (log(c) + polygamma_difference(0, a, b))",
    "y * (log1p(-c) + polygamma_difference(0, b, a))",
    "y * (a - (a + b) * c) / (c * (1 - c))",
)
gammainc = row("gammainc", "a x", None, "gamma_density(a, b) / b", symbol="P({0}, {1})")
gammaincc = row("gammaincc", "a x", None, "-gamma_density(a, b) / b", symbol="Q({0}, {1})")
gammaincinv = row("gammaincinv", "a y", None, "y / gamma_density(a, y)")
gammainccinv = row("gammainccinv", "a y", None, "-y / gamma_density(a, y)")
_SLOPE = "beta_density(a, b, c) / (c * (1 - c))"
_INVERSE = "y * (1 - y) / beta_density(a, b, y)"
betainc = row("betainc", "a b x", None, None, _SLOPE, symbol="I({0}, {1}, {2})")
betaincc = row("betaincc", "a b x", None, None, f"-{_SLOPE}")
betaincinv = row("betaincinv", "a b y", None, None, _INVERSE)
betainccinv = row("betainccinv", "a b y", None, None, f"-{_INVERSE}")
