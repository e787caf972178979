"""Rows of special functions, evaluated by `scipy.special`, which is imported when one is first used.

Formulas: NIST Digital Library of Mathematical Functions, chapters 5 (gamma), 7 (error functions) and 25 (zeta).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from ...errors import UnsupportedError
from ...primitive import Elementwise

__adkit__ = True


class Special(Elementwise):
    """An elementwise row whose function is that of `scipy.special` with its name."""

    def __init__(self, name: str, *partials: str | None) -> None:
        operands = ("x",) if len(partials) == 1 else ("a", "b")
        super().__init__(name, f"{name}({', '.join(operands)})", *partials)

    @functools.cached_property
    def plain(self) -> Callable[..., Any]:
        import scipy.special

        return getattr(scipy.special, self.name)

    def evaluator(self, namespace: Any) -> Callable[..., Any]:  # type: ignore[override]
        """The function in a namespace, which is its attribute or one of its `special` part."""
        if namespace is numpy:
            return self.plain
        made = getattr(getattr(namespace, "special", namespace), self.name, None)
        if made is None:
            raise UnsupportedError(
                f"{self.name} is not there for arrays of this library", fix="compute it on NumPy arrays"
            )
        return made


row = Special

erf = row("erf", "1.1283791670955126 * exp(-x * x)")
erfc = row("erfc", "-1.1283791670955126 * exp(-x * x)")
erfinv = row("erfinv", "0.886226925452758 * exp(y * y)")
erfcinv = row("erfcinv", "-0.886226925452758 * exp(y * y)")
erfcx = row("erfcx", "2 * x * y - 1.1283791670955126")
expit = row("expit", "y * (1 - y)")
logit = row("logit", "1 / (x * (1 - x))")
log_expit = row("log_expit", "expit(-x)")
ndtr = row("ndtr", "0.3989422804014327 * exp(-x * x / 2)")
log_ndtr = row("log_ndtr", "0.3989422804014327 * exp(-x * x / 2 - y)")
ndtri = row("ndtri", "2.5066282746310002 * exp(y * y / 2)")
gamma = row("gamma", "y * psi(x)")
gammaln = row("gammaln", "psi(x)")
psi = row("psi", "zeta(2, x)")
zeta = row(
    "zeta", None, "-a * zeta(a + 1, b)"
)  # the derivative in the exponent has no closed form: refused where it is traced
beta = row("beta", "y * (psi(a) - psi(a + b))", "y * (psi(b) - psi(a + b))")
betaln = row("betaln", "psi(a) - psi(a + b)", "psi(b) - psi(a + b)")
xlogy = row("xlogy", "log(where(b == 0, 1, b))", "a / where(b == 0, 1, b)")
xlog1py = row("xlog1py", "log1p(b)", "a / (1 + b)")
entr = row("entr", "-log(x) - 1")
rel_entr = row("rel_entr", "log(a / b) + 1", "-a / b")
kl_div = row("kl_div", "log(a / b)", "1 - a / b")
j0 = row("j0", "-j1(x)")
j1 = row("j1", "j0(x) - where(x == 0, 0.5, y / where(x == 0, 1, x))")
i0 = row("i0", "i1(x)")
i1 = row("i1", "i0(x) - where(x == 0, 0.5, y / where(x == 0, 1, x))")
i0e = row("i0e", "i1e(x) - sign(x) * y")
i1e = row("i1e", "i0e(x) - sign(x) * y - where(x == 0, 0.5, y / where(x == 0, 1, x))")
