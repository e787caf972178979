"""Rows of exponential, sine and cosine integrals, of logarithms and powers, and of losses and entropies.

Where a formula is 0/0, such as (log(x)/(1 − x) at 1), it is written with a hypergeometric function there.
Formulas: NIST Digital Library of Mathematical Functions, chapters 4, 6 and 25.12 (spence).
"""

from __future__ import annotations

from ...primitive import Constant
from .row import Component, Special, in_namespace

__adkit__ = True

row = Special

exp1 = row("exp1", "z", "-exp(-x) / x", symbol="E₁({0})")
expi = row("expi", "x", "exp(x) / x", symbol="Ei({0})")
expn = row(
    "expn",
    "n x",
    None,
    "where(a == 0, -exp(-b) * (1 + b) / (b * b), -expn(where(a == 0, 1, a) - 1, b))",
    symbol="E_{0}({1})",
)
sine_integral = Component("sine_integral", "x", "spherical_jn(0, x)", function="sici", index=0, symbol="Si({0})")
cosine_integral = Component("cosine_integral", "x", "cos(x) / x", function="sici", index=1, symbol="Ci({0})")
sinh_integral = Component("sinh_integral", "x", "spherical_in(0, x)", function="shichi", index=0, symbol="Shi({0})")
cosh_integral = Component("cosh_integral", "x", "cosh(x) / x", function="shichi", index=1, symbol="Chi({0})")
_NEAR_ONE = "where(absolute(x - 1) < 0.5, x, 1.0)"
_OFF_ONE = "where(absolute(x - 1) < 0.5, 2.0, x)"
spence = row(
    "spence",
    "z",
    f"where(absolute(x - 1) < 0.5, -hyp2f1(1, 1, 2, 1 - {_NEAR_ONE}), log({_OFF_ONE}) / (1 - {_OFF_ONE}))",
)

# logistic
expit = row("expit", "x", "y * expit(-x)")
logit = row("logit", "x", "1 / (x * (1 - x))")
log_expit = row("log_expit", "x", "expit(-x)")
exp10 = row("exp10", "x", "y * 2.302585092994046", symbol="10 ^ {0}")
cosm1 = row("cosm1", "x", "-sin(x)", symbol="cos {0} − 1")
exprel = row("exprel", "x", "hyp1f1(2, 3, x) / 2")
powm1 = row(
    "powm1",
    "x y",
    "b * a ** where((a == 0) & (b == 0), 1, b - 1)",
    "where(a == 0, 0, (y + 1) * log(where(a == 0, 1, a)))",
    symbol="{0} ^ {1} − 1",
)
radian = row("radian", "d m s", "0.017453292519943295", "0.0002908882086657216", "4.84813681109536e-06")
sindg = row("sindg", "x", "0.017453292519943295 * cosdg(x)")
cosdg = row("cosdg", "x", "-0.017453292519943295 * sindg(x)")
tandg = row("tandg", "x", "0.017453292519943295 * (1 + y * y)")
cotdg = row("cotdg", "x", "-0.017453292519943295 * (1 + y * y)")
round_half_even = Constant("round_half_even", lambda xp, x: in_namespace("round", xp)(x), None)

# products with logarithms, which are 0 where the factor is 0
_ORIGIN = "(a == 0) & (b == 0)"
xlogy = row("xlogy", "x y", f"log(where({_ORIGIN}, 1, b))", f"a / where({_ORIGIN}, 1, b)", symbol="{0} log {1}")
_ORIGIN_1P = "(a == 0) & (b == -1)"
xlog1py = row(
    "xlog1py",
    "x y",
    f"log1p(where({_ORIGIN_1P}, 0, b))",
    f"a / (1 + where({_ORIGIN_1P}, 0, b))",
    symbol="{0} log(1 + {1})",
)
entr = row("entr", "x", "-log(x) - 1")
rel_entr = row("rel_entr", "x y", f"log(a) - log(where({_ORIGIN}, 1, b)) + 1", f"-a / where({_ORIGIN}, 1, b)")
kl_div = row("kl_div", "x y", f"log(a) - log(where({_ORIGIN}, 1, b))", f"1 - a / where({_ORIGIN}, 1, b)")
huber = row("huber", "delta r", "where(absolute(b) <= a, 0, g * (absolute(b) - a))", "clip(b, -a, a)")
_SIZE = "where((a == 0) & (b == 0), 1, hypot(where((a == 0) & (b == 0), 1, a), b))"
pseudo_huber = row("pseudo_huber", "delta r", f"(b / ({_SIZE} + a) * b) ** 2 / {_SIZE}", f"a * (b / {_SIZE})")

# powers after Box and Cox: (x^λ − 1)/λ = L exprel(λL) with L = log x, and exprel' = ₁F₁(2; 3; ·)/2
_POSITIVE = "where(a == 0, 1, a)"
boxcox = row(
    "boxcox",
    "x lmbda",
    "a ** (b - 1)",
    f"where(a == 0, 1 / where(b == 0, 1.0, b * b), log({_POSITIVE}) ** 2 * hyp1f1(2, 3, b * log({_POSITIVE})) / 2)",
)
boxcox1p = row("boxcox1p", "x lmbda", "exp((b - 1) * log1p(a))", "log1p(a) ** 2 * hyp1f1(2, 3, b * log1p(a)) / 2")
_SMALL = "where(absolute(a * b) < 0.5, a * b, 0.0)"
_STEP = "where(absolute(a * b) < 0.5, 1.0, a * b)"
_BY_LAMBDA = (
    f"a * a * where(absolute(a * b) < 0.5, -0.5 * hyp2f1(2, 2, 3, -{_SMALL}),"
    f" (1 / (1 + {_STEP}) - log1p({_STEP}) / {_STEP}) / {_STEP})"
)
inv_boxcox = row("inv_boxcox", "y lmbda", "y / (1 + a * b)", f"y * {_BY_LAMBDA}")
inv_boxcox1p = row("inv_boxcox1p", "y lmbda", "(1 + y) / (1 + a * b)", f"(1 + y) * {_BY_LAMBDA}")

lambertw = row("lambertw", "z k tol", "exp(-y) / (1 + y)", None, None, function="_lambertw", symbol="W({0})")
wrightomega = row("wrightomega", "z", "y / (1 + y)", symbol="ω({0})")
