"""Rows of hypergeometric, Wright's and parabolic cylinder functions, orthogonal polynomials, Mathieu and spheroidal
wave functions: in the argument, by contiguous functions or by the differential equation; parameters are refused.

Formulas: NIST Digital Library of Mathematical Functions, chapters 13, 15, 16, 12, 18, 14, 28 and 30.
"""

from __future__ import annotations

from .row import Component, Special

__adkit__ = True

row = Special

hyp0f1 = row("hyp0f1", "v z", None, "hyp0f1(a + 1, b) / a", symbol="₀F₁({0}; {1})")
hyp1f1 = row("hyp1f1", "a b x", None, None, "a / b * hyp1f1(a + 1, b + 1, c)", symbol="₁F₁({0}; {1}; {2})")
hyp2f1 = row(
    "hyp2f1",
    "a b c z",
    None,
    None,
    None,
    "a * b / c * hyp2f1(a + 1, b + 1, c + 1, d)",
    symbol="₂F₁({0}, {1}; {2}; {3})",
)
hyperu = row("hyperu", "a b x", None, None, "-a * hyperu(a + 1, b + 1, c)", symbol="U({0}, {1}, {2})")
wright_bessel = row("wright_bessel", "a b x", None, None, "wright_bessel(a, a + b, c)")
log_wright_bessel = row("log_wright_bessel", "a b x", None, None, "exp(log_wright_bessel(a, a + b, c) - y)")

# ------------------------------------------------------------------------------------------------ polynomials

_LOWER = "where(a == 0, 1, a) - 1"  # a degree less by one, with which constants are not evaluated


def _of_lower_degree(text: str) -> str:
    return f"where(a == 0, 0.0, {text.format(_LOWER)})"


eval_legendre = row("eval_legendre", "n x", None, _of_lower_degree("eval_gegenbauer({}, 1.5, b)"), symbol="P_{0}({1})")
eval_sh_legendre = row("eval_sh_legendre", "n x", None, _of_lower_degree("2 * eval_gegenbauer({}, 1.5, 2 * b - 1)"))
eval_chebyt = row("eval_chebyt", "n x", None, _of_lower_degree("a * eval_chebyu({}, b)"), symbol="T_{0}({1})")
eval_chebyu = row("eval_chebyu", "n x", None, _of_lower_degree("2 * eval_gegenbauer({}, 2, b)"), symbol="U_{0}({1})")
eval_chebyc = row("eval_chebyc", "n x", None, _of_lower_degree("a * eval_chebys({}, b)"))
eval_chebys = row("eval_chebys", "n x", None, _of_lower_degree("eval_gegenbauer({}, 2, b / 2)"))
eval_sh_chebyt = row("eval_sh_chebyt", "n x", None, _of_lower_degree("2 * a * eval_sh_chebyu({}, b)"))
eval_sh_chebyu = row("eval_sh_chebyu", "n x", None, _of_lower_degree("4 * eval_gegenbauer({}, 2, 2 * b - 1)"))
eval_hermite = row("eval_hermite", "n x", None, _of_lower_degree("2 * a * eval_hermite({}, b)"), symbol="H_{0}({1})")
eval_hermitenorm = row(
    "eval_hermitenorm", "n x", None, _of_lower_degree("a * eval_hermitenorm({}, b)"), symbol="He_{0}({1})"
)
eval_laguerre = row("eval_laguerre", "n x", None, _of_lower_degree("-eval_genlaguerre({}, 1, b)"), symbol="L_{0}({1})")
eval_genlaguerre = row("eval_genlaguerre", "n alpha x", None, None, _of_lower_degree("-eval_genlaguerre({}, b + 1, c)"))
eval_gegenbauer = row(
    "eval_gegenbauer", "n alpha x", None, None, _of_lower_degree("2 * b * eval_gegenbauer({}, b + 1, c)")
)
eval_jacobi = row(
    "eval_jacobi",
    "n alpha beta x",
    None,
    None,
    None,
    _of_lower_degree("0.5 * (a + b + c + 1) * eval_jacobi({}, b + 1, c + 1, d)"),
)
eval_sh_jacobi = row(
    "eval_sh_jacobi", "n p q x", None, None, None, _of_lower_degree("a * eval_sh_jacobi({}, b + 2, c + 1, d)")
)
lpmv = row("lpmv", "m v x", None, None, "(b * c * y - (b + a) * lpmv(a, b - 1, c)) / (c * c - 1)")

# spherical harmonics: neighbours in m, without the cotangent that is infinite at the poles
_UP, _DOWN = "sqrt(maximum((a - b) * (a + b + 1), 0))", "sqrt(maximum((a + b) * (a - b + 1), 0))"
sph_harm_y = row(
    "sph_harm_y",
    "n m theta phi",
    None,
    None,
    f"0.5 * ({_UP} * exp(-1j * d) * sph_harm_y(a, b + 1, c, d) - {_DOWN} * exp(1j * d) * sph_harm_y(a, b - 1, c, d))",
    "1j * b * y",
    symbol="Y_{0}^{1}({2}, {3})",
)
sph_legendre_p = Component(  # SciPy's function has a first axis for derivatives, here of length 1
    "sph_legendre_p",
    "n m theta",
    None,
    None,
    f"0.5 * ({_UP} * sph_legendre_p(a, b + 1, c) - {_DOWN} * sph_legendre_p(a, b - 1, c))",
    function="sph_legendre_p",
    index=0,
)

# ---------------------------------------------------------------------------------------- differential equations


def _pair(function: str, arguments: str, second: str, scale: str = "") -> tuple[Component, Component]:
    """A function of its last argument and its derivative, whose own derivative the equation gives as `second`.

    In `second` {0} stands for the function and {1} for the derivative; `scale` turns an argument in degrees.
    """
    count = len(arguments.split())
    operands = "abcdefhi"[:count]
    value, slope = (f"{function}_{kind}({', '.join(operands)})" for kind in ("value", "slope"))
    refused = (None,) * (count - 1)
    return (
        Component(f"{function}_value", arguments, *refused, scale + slope, function=function, index=0),
        Component(
            f"{function}_slope", arguments, *refused, scale + second.format(value, slope), function=function, index=1
        ),
    )


pbdv_value, pbdv_slope = _pair("pbdv", "v x", "(b * b / 4 - a - 0.5) * {0}")
pbvv_value, pbvv_slope = _pair("pbvv", "v x", "(b * b / 4 - a - 0.5) * {0}")
pbwa_value, pbwa_slope = _pair("pbwa", "a x", "(a - b * b / 4) * {0}")

_DEGREE = "0.017453292519943295 * "
_EVEN = "(2 * b * cos(0.03490658503988659 * c) - mathieu_a(a, b)) * {0}"
_ODD = "(2 * b * cos(0.03490658503988659 * c) - mathieu_b(a, b)) * {0}"
mathieu_a = row("mathieu_a", "m q", None, None)
mathieu_b = row("mathieu_b", "m q", None, None)
mathieu_cem_value, mathieu_cem_slope = _pair("mathieu_cem", "m q x", _EVEN, _DEGREE)
mathieu_sem_value, mathieu_sem_slope = _pair("mathieu_sem", "m q x", _ODD, _DEGREE)
_RADIAL_EVEN, _RADIAL_ODD = (f"(mathieu_{k}(a, b) - 2 * b * cosh(2 * c)) * {{0}}" for k in "ab")
mathieu_modcem1_value, mathieu_modcem1_slope = _pair("mathieu_modcem1", "m q x", _RADIAL_EVEN)
mathieu_modcem2_value, mathieu_modcem2_slope = _pair("mathieu_modcem2", "m q x", _RADIAL_EVEN)
mathieu_modsem1_value, mathieu_modsem1_slope = _pair("mathieu_modsem1", "m q x", _RADIAL_ODD)
mathieu_modsem2_value, mathieu_modsem2_slope = _pair("mathieu_modsem2", "m q x", _RADIAL_ODD)


def _spheroidal(kind: str) -> None:
    """Angular and radial functions; a `cv` that is given is taken for the characteristic value.

    Radial ones of the second kind are refused: those of SciPy 1.17 do not solve the equation.
    """
    sign = "1" if kind == "pro" else "-1"
    space = globals()
    for which in ("ang1", "rad1", "rad2"):
        for given in (False, True):
            x, eigenvalue = ("e", "d") if given else ("d", f"{kind}_cv(a, b, c)")
            # of x² − s = (x² − 1) or (x² + 1): ((x² − s) f')' = (λ − s c² x² ∓ m²/(x² − s)) f
            weight = f"({x} * {x} - {sign})"
            if kind == "pro":
                inner = f"{eigenvalue} - c * c * {x} * {x} + a * a / {weight}"
            elif which == "ang1":
                weight = f"({x} * {x} - 1)"
                inner = f"{eigenvalue} + c * c * {x} * {x} + a * a / {weight}"
            else:
                inner = f"{eigenvalue} - c * c * {x} * {x} - a * a / {weight}"
            name = f"{kind}_{which}" + ("_cv" if given else "")
            arguments = "m n c cv x" if given else "m n c x"
            if which == "rad2":
                nothing = (None,) * len(arguments.split())
                for index, part in enumerate(("value", "slope")):
                    space[f"{name}_{part}"] = Component(
                        f"{name}_{part}", arguments, *nothing, function=name, index=index
                    )
                continue
            pair = _pair(name, arguments, f"(({inner}) * {{0}} - 2 * {x} * {{1}}) / {weight}")
            for component in pair:
                space[component.name] = component


pro_cv, obl_cv = row("pro_cv", "m n c", None, None, None), row("obl_cv", "m n c", None, None, None)
_spheroidal("pro")
_spheroidal("obl")
