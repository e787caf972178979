"""Rows of distribution functions and their inverses, in the arguments where the derivative is a density.

An inverse in an argument has the reciprocal of the derivative in it. Derivatives in shape parameters (a of a gamma, df
of Student's t) have no closed form and are refused; SciPy rounds counts (k of `bdtr`) down, so they are refused too.
Formulas: NIST Digital Library of Mathematical Functions, chapter 8; N. L. Johnson, S. Kotz, N. Balakrishnan,
"Continuous Univariate Distributions" (1995), chapter 29 (non-central χ²).
"""

from __future__ import annotations

from . import kernels
from .row import Kernel, Special

__adkit__ = True

row = Special


def _inverse(text: str, y: str, operand: str) -> str:
    """1 over a density, at the result."""
    return f"1 / ({text.replace(operand, y)})"


# binomial and negative binomial: parts of I_p
_BINOMIAL = "beta_density(floor({0}) + 1, b - floor({0}), {1}) / ({1} * (1 - {1}))"
bdtr = row("bdtr", "k n p", None, None, f"-{_BINOMIAL.format('a', 'c')}")
bdtrc = row("bdtrc", "k n p", None, None, _BINOMIAL.format("a", "c"))
bdtri = row("bdtri", "k n y", None, None, f"-1 / ({_BINOMIAL.format('a', 'y')})")
bdtrik, bdtrin = row("bdtrik", "y n p", None, None, None), row("bdtrin", "k y p", None, None, None)
_NEGATIVE = "beta_density(b, floor(a) + 1, {0}) / ({0} * (1 - {0}))"
nbdtr = row("nbdtr", "k n p", None, None, _NEGATIVE.format("c"))
nbdtrc = row("nbdtrc", "k n p", None, None, f"-{_NEGATIVE.format('c')}")
nbdtri = row("nbdtri", "k n y", None, None, f"1 / ({_NEGATIVE.format('y')})")
nbdtrik, nbdtrin = row("nbdtrik", "y n p", None, None, None), row("nbdtrin", "k y p", None, None, None)
btdtria, btdtrib = row("btdtria", "p b x", None, None, None), row("btdtrib", "a p x", None, None, None)

# Poisson and gamma
_POISSON = "gamma_density(floor(a) + 1, {0}) / {0}"
pdtr = row("pdtr", "k m", None, f"-{_POISSON.format('b')}")
pdtrc = row("pdtrc", "k m", None, _POISSON.format("b"))
pdtri = row("pdtri", "k y", None, f"-1 / ({_POISSON.format('y')})")
pdtrik = row("pdtrik", "p m", None, None)
gdtr = row("gdtr", "a b x", "gamma_density(b, a * c) / a", None, "gamma_density(b, a * c) / c")
gdtrc = row("gdtrc", "a b x", "-gamma_density(b, a * c) / a", None, "-gamma_density(b, a * c) / c")
gdtria = row("gdtria", "p b x", "y / gamma_density(b, y * c)", None, "-y / c")
gdtrib = row("gdtrib", "a p x", None, None, None)
gdtrix = row("gdtrix", "a b p", "-y / a", None, "y / gamma_density(b, a * y)")

# χ², central and not
_CHI = "gamma_density(a / 2, {0} / 2) / {0}"
chdtr = row("chdtr", "v x", None, _CHI.format("b"))
chdtrc = row("chdtrc", "v x", None, f"-{_CHI.format('b')}")
chdtri = row("chdtri", "v p", None, f"-1 / ({_CHI.format('y')})")
chdtriv = row("chdtriv", "p x", None, None)


def _noncentral(x: str, df: str, nc: str) -> str:
    """The density of the non-central χ² distribution; for large √(nc·x) with the scaled Bessel function."""
    far = f"({nc} * {x} > 1000)"
    z = f"where({far}, {nc} * {x}, 1000.0)"
    near_z = f"where({far}, 0.0, {nc} * {x})"
    near = f"gamma_density({df} / 2, {x} / 2) / {x} * exp(-{nc} / 2) * hyp0f1({df} / 2, {near_z} / 4)"
    distance = f"(sqrt({x}) - sqrt({nc}))"
    ratio = f"({x} / where({far}, {nc}, 1.0)) ** ({df} / 4 - 0.5)"
    bessel = f"0.5 * exp(-{distance} * {distance} / 2) * {ratio} * ive({df} / 2 - 1, sqrt({z}))"
    return f"where({far}, {bessel}, {near})"


def _by_noncentrality(x: str, df: str, nc: str) -> str:
    """∂/∂nc of the distribution function is minus the density with two more degrees of freedom."""
    return f"-{_noncentral(x, f'({df} + 2)', nc)}"


chndtr = row("chndtr", "x df nc", _noncentral("a", "b", "c"), None, _by_noncentrality("a", "b", "c"))
chndtrix = row(
    "chndtrix",
    "p df nc",
    f"1 / ({_noncentral('y', 'b', 'c')})",
    None,
    f"-({_by_noncentrality('y', 'b', 'c')}) / ({_noncentral('y', 'b', 'c')})",
)
chndtridf = row("chndtridf", "x p nc", None, None, None)
chndtrinc = row(
    "chndtrinc",
    "x df p",
    f"-({_noncentral('a', 'b', 'y')}) / ({_by_noncentrality('a', 'b', 'y')})",
    None,
    f"1 / ({_by_noncentrality('a', 'b', 'y')})",
)

# F and Student's t
_F = "beta_density(a / 2, b / 2, a * {0} / (b + a * {0})) / {0}"
fdtr = row("fdtr", "dfn dfd x", None, None, _F.format("c"))
fdtrc = row("fdtrc", "dfn dfd x", None, None, f"-{_F.format('c')}")
fdtri = row("fdtri", "dfn dfd p", None, None, f"1 / ({_F.format('y')})")
fdtridfd = row("fdtridfd", "dfn p x", None, None, None)
_T = "exp(-betaln(a / 2, 0.5) - (a + 1) / 2 * log1p({0} * {0} / a)) / sqrt(a)"
stdtr = row("stdtr", "df t", None, _T.format("b"))
stdtrit = row("stdtrit", "df p", None, f"1 / ({_T.format('y')})")
stdtridf = row("stdtridf", "p t", None, None)
nrdtrimn = row("nrdtrimn", "p std x", "-b * 2.5066282746310002 * exp(ndtri(a) ** 2 / 2)", "-ndtri(a)", "1")
nrdtrisd = row(
    "nrdtrisd",
    "mn p x",
    "-1 / ndtri(b)",
    "-y * 2.5066282746310002 * exp(ndtri(b) ** 2 / 2) / ndtri(b)",
    "1 / ndtri(b)",
)
ncfdtr, ncfdtri = row("ncfdtr", "dfn dfd nc f", *(None,) * 4), row("ncfdtri", "dfn dfd nc p", *(None,) * 4)
ncfdtridfd, ncfdtridfn = row("ncfdtridfd", "dfn p nc f", *(None,) * 4), row("ncfdtridfn", "p dfd nc f", *(None,) * 4)
ncfdtrinc = row("ncfdtrinc", "dfn dfd p f", *(None,) * 4)
nctdtr, nctdtrit = row("nctdtr", "df nc t", None, None, None), row("nctdtrit", "df nc p", None, None, None)
nctdtridf, nctdtrinc = row("nctdtridf", "p nc t", None, None, None), row("nctdtrinc", "df p t", None, None, None)

# Kolmogorov and Smirnov
kolmogorov_sum = Kernel("kolmogorov_sum", "j y", kernels.kolmogorov_sum, None, "-4 * b * kolmogorov_sum(a + 1, b)")
kolmogorov = row("kolmogorov", "y", "-4 * x * kolmogorov_sum(1, x)")
kolmogi = row("kolmogi", "p", "-0.25 / (y * kolmogorov_sum(1, y))")
smirnov_sum = Kernel("smirnov_sum", "j n d", kernels.smirnov_sum, None, None, "smirnov_sum(a + 1, b, c)")
smirnov = row("smirnov", "n d", None, "smirnov_sum(1, a, b)")
smirnovi = row("smirnovi", "n p", None, "1 / smirnov_sum(1, a, y)")

# Tukey's lambda: x = boxcox(F, λ) − boxcox(1 − F, λ)
_DENSITY = "(y ** (b - 1) + (1 - y) ** (b - 1))"
_LOG = "log({0}) ** 2 * hyp1f1(2, 3, b * log({0})) / 2"
tklmbda = row("tklmbda", "x lmbda", f"1 / {_DENSITY}", f"-({_LOG.format('y')} - {_LOG.format('(1 - y)')}) / {_DENSITY}")
