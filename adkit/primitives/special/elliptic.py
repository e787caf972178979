"""Rows of elliptic integrals and functions, in Legendre's and in Carlson's form.

Legendre's derivatives are written with Carlson's integrals, which have no 0/0 at m = 0; those of Carlson's are
`carlson_integral`, a family closed under differentiation. `elliprj` with p < 0 and `elliprc` with y < 0 are Cauchy
principal values: the derivatives of the first are then NaN, those of the second have a closed form.
Formulas: NIST Digital Library of Mathematical Functions, chapters 19 and 22.
"""

from __future__ import annotations

from . import kernels
from .row import Component, Kernel, Special

__adkit__ = True

row = Special


def _raised(operand: int) -> str:
    """The derivative of `carlson_integral` in one of its points: −e times that with the exponent raised by 1."""
    exponents, points = "abcd", "efhi"
    raised = [f"{e} + 1" if i == operand else e for i, e in enumerate(exponents)]
    return f"-{exponents[operand]} * carlson_integral({', '.join(raised)}, {', '.join(points)})"


carlson_integral = Kernel(
    "carlson_integral", "a b c d x y z p", kernels.carlson_integral, None, None, None, None, *map(_raised, range(4))
)


def _integral(factor: str, exponents: str, points: str) -> str:
    return f"{factor} * carlson_integral({exponents}, {points})"


_XY, _XYZ, _XYZP = "a, b, 1.0, 1.0", "a, b, c, 1.0", "a, b, c, d"
_POSITIVE = "a, where(real(b) < 0, 1.0, b), 1.0, 1.0"
_GAP = "where(real(b) < 0, b - a, 1.0)"
elliprc = row(
    "elliprc",
    "x y",
    f"where(real(b) < 0, (y - 1 / sqrt(a)) / (2 * {_GAP}), {_integral('-0.25', '1.5, 1.0, 0, 0', _POSITIVE)})",
    f"where(real(b) < 0, -(y * b - sqrt(a)) / (2 * b * {_GAP}), {_integral('-0.5', '0.5, 2.0, 0, 0', _POSITIVE)})",
)
elliprf = row("elliprf", "x y z", "-elliprd(b, c, a) / 6", "-elliprd(c, a, b) / 6", "-elliprd(a, b, c) / 6")
elliprd = row(
    "elliprd",
    "x y z",
    _integral("-0.75", "1.5, 0.5, 1.5, 0", _XYZ),
    _integral("-0.75", "0.5, 1.5, 1.5, 0", _XYZ),
    _integral("-2.25", "0.5, 0.5, 2.5, 0", _XYZ),
)


def _surface(a: str, b: str, c: str) -> str:
    safe = f"where({a} == 0, 1.0, {a})"
    return f"0.25 * elliprf(a, b, c) - where({a} == 0, 0.0, {a} * elliprd({b}, {c}, {safe})) / 12"


elliprg = row("elliprg", "x y z", _surface("a", "b", "c"), _surface("b", "c", "a"), _surface("c", "a", "b"))
elliprj = row(
    "elliprj",
    "x y z p",
    _integral("-0.75", "1.5, 0.5, 0.5, 1.0", _XYZP),
    _integral("-0.75", "0.5, 1.5, 0.5, 1.0", _XYZP),
    _integral("-0.75", "0.5, 0.5, 1.5, 1.0", _XYZP),
    _integral("-1.5", "0.5, 0.5, 0.5, 2.0", _XYZP),
)

ellipk = row("ellipk", "m", "elliprd(0, 1, 1 - x) / 6", symbol="K({0})")
ellipkm1 = row("ellipkm1", "p", "-elliprd(0, 1, x) / 6")
ellipe = row("ellipe", "m", "-elliprd(0, 1 - x, 1) / 6", symbol="E({0})")

# beyond |φ| = π/2 the integrals grow by twice the complete ones per half turn
_TURNS = "rint(a / 3.141592653589793)"


def _incomplete(angle: str, m: str, first: bool) -> str:
    """∂F/∂m, or −∂E/∂m, as text."""
    turns = _TURNS.replace("a /", f"{angle} /")
    sine = f"sin({angle} - 3.141592653589793 * {turns})"
    rest = f"1 - {m} * {sine} * {sine}"
    part = f"elliprd(cos({angle}) ** 2, {'1, ' + rest if first else rest + ', 1'})"
    whole_m = f"where({turns} == 0, 0.0, {m})"
    whole = f"elliprd(0, {'1, 1 - ' + whole_m if first else '1 - ' + whole_m + ', 1'})"
    return f"({sine} ** 3 * {part} + 2 * {turns} * {whole}) / 6"


ellipkinc = row(
    "ellipkinc", "phi m", "1 / sqrt(1 - b * sin(a) ** 2)", _incomplete("a", "b", True), symbol="F({0} | {1})"
)
ellipeinc = row(
    "ellipeinc", "phi m", "sqrt(1 - b * sin(a) ** 2)", f"-{_incomplete('a', 'b', False)}", symbol="E({0} | {1})"
)


def _jacobi(name: str, index: int, partial_u: str, partial_m: str) -> Component:
    return Component(
        f"ellipj_{name}", "u m", partial_u, partial_m, function="ellipj", index=index, symbol=name + "({0} | {1})"
    )


_SN, _CN, _DN, _AM = (f"ellipj_{name}(a, b)" for name in ("sn", "cn", "dn", "am"))
_TURN = f"({_incomplete(_AM, 'b', True)})"  # dam/dm = −dn · ∂F/∂m
ellipj_sn = _jacobi("sn", 0, f"{_CN} * {_DN}", f"-{_CN} * {_DN} * {_TURN}")
ellipj_cn = _jacobi("cn", 1, f"-{_SN} * {_DN}", f"{_SN} * {_DN} * {_TURN}")
ellipj_dn = _jacobi("dn", 2, f"-b * {_SN} * {_CN}", f"b * {_SN} * {_CN} * {_TURN} - 0.5 * {_SN} * {_SN} / y")
ellipj_am = _jacobi("am", 3, _DN, f"-{_DN} * {_TURN}")

_RATIO = "elliprd(0, ({0} / {1}) ** 2, 1) * (y / {1}) ** 2 * 0.2122065907891938"
agm = row("agm", "a b", _RATIO.format("b", "a"), _RATIO.format("a", "b"))
