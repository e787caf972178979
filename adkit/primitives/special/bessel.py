"""Rows of Bessel, Hankel, Struve, Airy and Kelvin functions, and integrals of them.

Derivatives in the argument come from neighbouring orders (2 J_v' = J_{v−1} − J_{v+1}), which has no 0/0 at 0; those in
the order v have no closed form and are refused. Exponentially scaled functions subtract two terms of nearly equal size
for large arguments, so that a derivative is right relative to the function's value rather than to itself.
Formulas: NIST Digital Library of Mathematical Functions, chapters 9 to 11 and 10.61 (Kelvin).
"""

from __future__ import annotations

from .row import Component, Special

__adkit__ = True

row = Special


def _neighbours(name: str, sign: str = "-", factor: str = "0.5") -> str:
    return f"{factor} * ({name}(a - 1, b) {sign} {name}(a + 1, b))"


jv = row("jv", "v z", None, _neighbours("jv"), symbol="J_{0}({1})")
yv = row("yv", "v z", None, _neighbours("yv"), symbol="Y_{0}({1})")
iv = row("iv", "v z", None, _neighbours("iv", "+"), symbol="I_{0}({1})")
kv = row("kv", "v z", None, _neighbours("kv", "+", "-0.5"), symbol="K_{0}({1})")
yn = row("yn", "n x", None, _neighbours("yv"), symbol="Y_{0}({1})")
kn = row("kn", "n x", None, _neighbours("kv", "+", "-0.5"), symbol="K_{0}({1})")
hankel1 = row("hankel1", "v z", None, _neighbours("hankel1"))
hankel2 = row("hankel2", "v z", None, _neighbours("hankel2"))
hankel1e = row("hankel1e", "v z", None, f"{_neighbours('hankel1e')} - 1j * y")
hankel2e = row("hankel2e", "v z", None, f"{_neighbours('hankel2e')} + 1j * y")
kve = row("kve", "v z", None, f"{_neighbours('kve', '+', '-0.5')} + y")
# of real arguments; of complex ones the scale |Im z| or |Re z| is not analytic, see `scaled` below
jve = row("jve", "v z", None, _neighbours("jve"))
yve = row("yve", "v z", None, _neighbours("yve"))
ive = row("ive", "v z", None, f"{_neighbours('ive', '+')} - sign(b) * y")
# the same with the scale taken as constant; functions of complex arguments multiply it in
ive_unscaled = Special("ive_unscaled", "v z", None, _neighbours("ive_unscaled", "+"), function="ive")

j0 = row("j0", "x", "-j1(x)", symbol="J₀({0})")
j1 = row("j1", "x", "0.5 * (j0(x) - jv(2, x))", symbol="J₁({0})")
y0 = row("y0", "x", "-y1(x)", symbol="Y₀({0})")
y1 = row("y1", "x", "0.5 * (y0(x) - yv(2, x))", symbol="Y₁({0})")
i0 = row("i0", "x", "i1(x)", symbol="I₀({0})")
i1 = row("i1", "x", "0.5 * (i0(x) + iv(2, x))", symbol="I₁({0})")
i0e = row("i0e", "x", "i1e(x) - sign(x) * y")
i1e = row("i1e", "x", "0.5 * (i0e(x) + ive(2, x)) - sign(x) * y")
k0 = row("k0", "x", "-k1(x)", symbol="K₀({0})")
k1 = row("k1", "x", "-0.5 * (k0(x) + kv(2, x))", symbol="K₁({0})")
k0e = row("k0e", "x", "y - k1e(x)")
k1e = row("k1e", "x", "y - 0.5 * (k0e(x) + kve(2, x))")


def _spherical(name: str, text: str) -> Special:
    return Special(name, "n z", None, text)


_BEFORE = "a * {0}(where(a == 0, 1, a) - 1, b)"
spherical_jn = _spherical(
    "spherical_jn", f"({_BEFORE.format('spherical_jn')} - (a + 1) * spherical_jn(a + 1, b)) / (2 * a + 1)"
)
spherical_yn = _spherical(
    "spherical_yn",
    "where(a == 0, -spherical_yn(1, b), "
    f"({_BEFORE.format('spherical_yn')} - (a + 1) * spherical_yn(a + 1, b)) / (2 * a + 1))",
)
spherical_in = _spherical(
    "spherical_in", f"({_BEFORE.format('spherical_in')} + (a + 1) * spherical_in(a + 1, b)) / (2 * a + 1)"
)
spherical_kn = _spherical(
    "spherical_kn", f"-({_BEFORE.format('spherical_kn')} + (a + 1) * spherical_kn(a + 1, b)) / (2 * a + 1)"
)

_STRUVE = "(b / 2) ** a * rgamma(a + 1.5) * 0.5641895835477563"
struve = row("struve", "v x", None, f"0.5 * (struve(a - 1, b) - struve(a + 1, b) + {_STRUVE})", symbol="H_{0}({1})")
modstruve = row(
    "modstruve", "v x", None, f"0.5 * (modstruve(a - 1, b) + modstruve(a + 1, b) + {_STRUVE})", symbol="L_{0}({1})"
)


def _airy(name: str, index: int, partial: str, function: str, symbol: str) -> Component:
    return Component(name, "z", partial, function=function, index=index, symbol=symbol)


airy_ai = _airy("airy_ai", 0, "airy_aip(x)", "airy", "Ai({0})")
airy_aip = _airy("airy_aip", 1, "x * airy_ai(x)", "airy", "Ai'({0})")
airy_bi = _airy("airy_bi", 2, "airy_bip(x)", "airy", "Bi({0})")
airy_bip = _airy("airy_bip", 3, "x * airy_bi(x)", "airy", "Bi'({0})")
# scaled by exp(±2/3 z^(3/2)), for real z < 0 only Bi, and by 1
_ROOT = "sqrt(maximum(x, 0))"
airye_ai = _airy("airye_ai", 0, "airye_aip(x) + sqrt(x) * y", "airye", "eAi({0})")
airye_aip = _airy("airye_aip", 1, "x * airye_ai(x) + sqrt(x) * y", "airye", "eAi'({0})")
airye_bi = _airy("airye_bi", 2, f"airye_bip(x) - {_ROOT} * y", "airye", "eBi({0})")
airye_bip = _airy("airye_bip", 3, f"x * airye_bi(x) - {_ROOT} * y", "airye", "eBi'({0})")
itairy_ai = _airy("itairy_ai", 0, "airy_ai(x)", "itairy", "∫Ai({0})")
itairy_bi = _airy("itairy_bi", 1, "airy_bi(x)", "itairy", "∫Bi({0})")
itairy_ai_left = _airy("itairy_ai_left", 2, "airy_ai(-x)", "itairy", "∫Ai(−{0})")
itairy_bi_left = _airy("itairy_bi_left", 3, "airy_bi(-x)", "itairy", "∫Bi(−{0})")

# Kelvin's equation: (ber + i bei)'' = i (ber + i bei) − (ber + i bei)' / x
_SAFE = "where(x == 0, 1, x)"
ber = row("ber", "x", "berp(x)")
bei = row("bei", "x", "beip(x)")
ker = row("ker", "x", "kerp(x)")
kei = row("kei", "x", "keip(x)")
berp = row("berp", "x", f"-bei(x) - where(x == 0, 0.0, y / {_SAFE})")
beip = row("beip", "x", f"ber(x) - where(x == 0, 0.5, y / {_SAFE})")
kerp = row("kerp", "x", "-kei(x) - y / x")
keip = row("keip", "x", "ker(x) - y / x")
kelvin_be = Component("kelvin_be", "x", "kelvin_bep(x)", function="kelvin", index=0, symbol="Be({0})")
kelvin_ke = Component("kelvin_ke", "x", "kelvin_kep(x)", function="kelvin", index=1, symbol="Ke({0})")
kelvin_bep = Component(
    "kelvin_bep",
    "x",
    f"1j * kelvin_be(x) - where(x == 0, 0.5j, y / {_SAFE})",
    function="kelvin",
    index=2,
    symbol="Be'({0})",
)
kelvin_kep = Component("kelvin_kep", "x", "1j * kelvin_ke(x) - y / x", function="kelvin", index=3, symbol="Ke'({0})")

# integrals of Bessel and Struve functions; (1 − J₀)/x and its kin by their series near 0
_SMALL = "where(absolute(x) < 0.1, x, 0.0)"
_LARGE = "where(absolute(x) < 0.1, 1.0, x)"


def _series(sign: str) -> str:
    """The power series of (1 − J₀(x)) / x², or with "+" of (I₀(x) − 1) / x², after Horner."""
    square, made = f"({_SMALL} * {_SMALL})", "1 / 14745600"
    for denominator in (147456, 2304, 64, 4):
        made = f"1 / {denominator} {sign} {square} * ({made})"
    return made


itj0y0_j = Component("itj0y0_j", "x", "j0(x)", function="itj0y0", index=0)
itj0y0_y = Component("itj0y0_y", "x", "y0(x)", function="itj0y0", index=1)
iti0k0_i = Component("iti0k0_i", "x", "i0(x)", function="iti0k0", index=0)
iti0k0_k = Component("iti0k0_k", "x", "k0(x)", function="iti0k0", index=1)
it2j0y0_j = Component(
    "it2j0y0_j",
    "x",
    f"where(absolute(x) < 0.1, x * ({_series('-')}), (1 - j0(x)) / {_LARGE})",
    function="it2j0y0",
    index=0,
)
it2j0y0_y = Component("it2j0y0_y", "x", "-y0(x) / x", function="it2j0y0", index=1)
it2i0k0_i = Component(
    "it2i0k0_i",
    "x",
    f"where(absolute(x) < 0.1, x * ({_series('+')}), (i0(x) - 1) / {_LARGE})",
    function="it2i0k0",
    index=0,
)
it2i0k0_k = Component("it2i0k0_k", "x", "-k0(x) / x", function="it2i0k0", index=1)
itstruve0 = row("itstruve0", "x", "struve(0, x)")
it2struve0 = row("it2struve0", "x", "-struve(0, x) / x")
itmodstruve0 = row("itmodstruve0", "x", "modstruve(0, x)")
besselpoly = row(
    "besselpoly",
    "a lmb nu",
    "where(c == 0, 0.0, c / where(a == 0, 1.0, a) * y) - 2 * besselpoly(a, b + 1, c + 1)",
    None,
    None,
)
