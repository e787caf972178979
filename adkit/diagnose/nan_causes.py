"""Why one operation is not finite at one point, and what to write instead: the knowledge behind `why_nan`, as tables.

A `Site` is one element of one instruction with the numbers that met there and the user's own texts of the operands;
`value_cause` says why its value, `partial_cause` why its derivative is not finite. Not for: finding the instruction
(`nonfinite`).
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy

__adkit__ = True


@dataclass(frozen=True)
class Site:
    """One element of an instruction.

    Attributes
    ----------
    name: the primitive's.
    values: the operands there, `None` where there is no one number.
    result: the value there.
    texts: the operands in the user's words.
    before: per operand the names of the instructions that lead to it, nearest first.
    after: the names of the instructions that use the result, nearest first.
    dtype: of the result.
    """

    name: str
    values: tuple[Any, ...]
    result: Any
    texts: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    after: tuple[str, ...] = ()
    dtype: Any = field(default_factory=lambda: numpy.dtype(float))

    def text(self, i: int) -> str:
        """Operand i in the user's words, in brackets where it needs them."""
        text = self.texts[i] if i < len(self.texts) else "x"
        return text if _is_simple(text) else f"({text})"

    def bare(self, i: int) -> str:
        """The same without brackets, as an argument of a call."""
        return self.texts[i] if i < len(self.texts) else "x"

    def led(self, i: int) -> tuple[str, ...]:
        """The instructions that lead to operand i."""
        return self.before[i] if i < len(self.before) else ()


@dataclass(frozen=True)
class Cause:
    """A reason as a phrase, and the fix."""

    reason: str
    fix: str


def texts_of(snippet: str | None, labels: Sequence[str], name: str) -> tuple[str, ...]:
    """The operands of an instruction in the user's words: the arguments in its piece of source, else their labels."""
    try:
        tree = ast.parse((snippet or "").strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return tuple(labels)
    parts: list[ast.expr] = []
    if isinstance(tree, ast.Call):
        parts = [*tree.args]
        if isinstance(tree.func, ast.Attribute) and (len(parts) < len(labels) or not parts) and name != "where":
            own = tree.func.value
            parts = parts if isinstance(own, ast.Name) and own.id in ("np", "numpy", "math") else [own, *parts]
    elif isinstance(tree, ast.BinOp):
        parts = [tree.left, tree.right]
    elif isinstance(tree, ast.UnaryOp):
        parts = [tree.operand]
    if len(parts) < len(labels) or any(isinstance(part, ast.Starred) for part in parts):
        return tuple(labels)
    return tuple(ast.unparse(part) for part in parts[: len(labels)])


def _is_simple(text: str) -> bool:
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return False
    return isinstance(tree, (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.Constant))


def _real(value: Any) -> float | None:
    if value is None:
        return None
    number = numpy.asarray(value)
    return float(number) if number.ndim == 0 and number.dtype.kind in "fiub" else None


# ------------------------------------------------------------------------------------------------ values


def value_cause(site: Site) -> Cause:
    """Why an operation on finite operands, or on infinite ones that it turns into NaN, is not finite."""
    a, b = (*map(_real, site.values), None, None)[:2]
    mixed = _of_infinities(site, a, b)
    if mixed is not None:
        return mixed
    rule = _VALUES.get(site.name)
    found = rule(site, a, b) if rule else None
    if found is not None:
        return found
    if site.name in _OVERFLOWING:
        return _overflow(site)
    if _is_infinite(site.result):
        fix = f"step around the point: {_double_where(site.bare(0))}"
        return Cause(f"{site.name} is infinite there: a pole, or larger than {_largest(site)}", fix)
    return Cause(f"{site.name} is not defined there", "keep its operand inside of the domain, with np.clip or np.where")


def _is_infinite(value: Any) -> bool:
    try:
        return bool(numpy.isinf(value))
    except TypeError:
        return False


def _of_infinities(site: Site, a: float | None, b: float | None) -> Cause | None:
    """inf − inf, 0 · inf, inf / inf: NaN from operands that are infinite already."""
    if a is None or b is None or not (math.isinf(a) or math.isinf(b)):
        return None
    if site.name in ("add", "subtract"):
        return Cause("inf − inf", "keep both sides finite: subtract the largest exponent first, or clip")
    if site.name in ("multiply", "strong_multiply", "power"):
        logarithm = any("log" in name for name in (*site.led(0)[:1], *site.led(1)[:1]))
        other = site.text(0) if a == 0 else site.text(1)
        fix = f"use scipy.special.xlogy(p, x) for p * np.log(x): it is 0 there, where {other} is 0"
        fix = fix if logarithm else _double_where(other)
        return Cause("0 · inf", fix)
    if site.name == "divide":
        fix = "divide the numerator and the denominator by the larger of the two first, or use scipy.special.expit"
        if "sum" in site.led(1) and "exp" in site.led(1):
            whole = "log_softmax" if "log" in site.after else "softmax"
            fix = f"use adkit.scipy.special.{whole}, or subtract the maximum before exp"
        return Cause("inf / inf", fix)
    return None


def _double_where(x: str) -> str:
    return f"compute it with a safe operand and select afterwards: s = np.where({x} == 0, 1.0, {x}), then np.where(…)"


def _log(site: Site, x: float | None, _: Any) -> Cause | None:
    if x is None:
        return None
    least = -1.0 if site.name == "log1p" else 0.0
    if x < least:
        word = "the logarithm of a negative number" if least == 0 else "log1p below −1"
        fix = f"keep the operand positive: np.log(np.maximum({site.bare(0)}, 1e-12)), or model the logarithm itself"
        return Cause(word, fix)
    if x > least:
        return None
    return Cause("the logarithm of zero", _log_of_zero(site))


def _log_of_zero(site: Site) -> str:
    led = site.led(0)
    if site.after[:1] and site.after[0] in ("multiply", "strong_multiply"):
        return "use scipy.special.xlogy(p, x), which is 0 where p is 0, for p * np.log(x)"
    if "exp" in led and "sum" in led and "divide" in led:
        return "use adkit.scipy.special.log_softmax, which takes the logarithm before anything underflows"
    if led[:1] == ("expit",) or ("exp" in led and ("divide" in led or "reciprocal" in led)):
        return "use scipy.special.log_expit(z) or −np.logaddexp(0, −z) for the logarithm of a sigmoid"
    if led[:1] == ("sum",) and "exp" in led:
        return "use adkit.scipy.special.logsumexp(z) for np.log(np.sum(np.exp(z)))"
    if led[:1] == ("exp",):
        return "leave log and exp out: np.log(np.exp(z)) is z"
    if led[:1] and led[0] in ("subtract", "add") and _has_one(site.bare(0)):
        return f"use np.log1p for 1 ± x, and keep the operand away from 0: np.maximum({site.bare(0)}, 1e-12)"
    return f"keep the operand away from 0: np.log(np.maximum({site.bare(0)}, 1e-12))"


def _has_one(text: str) -> bool:
    """Whether an expression is 1 + x, 1 − x or x + 1."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return False
    ends = (tree.left, tree.right) if isinstance(tree, ast.BinOp) else ()
    return any(isinstance(end, ast.Constant) and end.value == 1 for end in ends)


def _sqrt(site: Site, x: float | None, _: Any) -> Cause | None:
    if x is None or x >= 0:
        return None
    fix = f"if only rounding makes it negative, np.sqrt(np.maximum({site.bare(0)}, 0.0)); else check its sign"
    return Cause("the square root of a negative number", fix)


def _power(site: Site, a: float | None, b: float | None) -> Cause | None:
    if a is None or b is None:
        return None
    if a < 0 and b != round(b):
        fix = f"np.abs({site.bare(0)}) ** {site.text(1)} with the sign put back, or np.cbrt for a third"
        return Cause("a negative number to a fractional power", fix)
    if a == 0 and b < 0:
        x = site.bare(0)
        return Cause(
            "zero to a negative power", f"np.where({x} == 0, 0.0, np.where({x} == 0, 1.0, {x}) ** {site.text(1)})"
        )
    return None


def _divide(site: Site, a: float | None, b: float | None) -> Cause | None:
    if b != 0:
        return None
    x, y = site.text(0), site.bare(1)
    led = site.led(1)
    fix = "the divisor is the constant 0: see whether it should be another"
    if not y.replace(".", "").isdigit():
        fix = f"use a safe divisor: np.where({y} == 0, 0.0, {x} / np.where({y} == 0, 1.0, {y}))"
    if led[:1] == ("log",) and led[1:2] and led[1] in ("add", "subtract"):
        fix = "the divisor lost its digits: use np.log1p(z) for np.log(1 + z)"
    elif led[:2] == ("subtract", "exp") or led[:2] == ("add", "exp"):
        fix = "the divisor lost its digits: use np.expm1(z) for np.exp(z) - 1"
    elif led[:1] and led[0] in ("sqrt", "root", "hypot"):
        fix = f"guard the norm before dividing: n = np.where({y} == 0, 1.0, {y}); {x} / n"
    return Cause("0 / 0" if a == 0 else "a division by zero", fix)


def _reciprocal(site: Site, x: float | None, _: Any) -> Cause | None:
    return None if x != 0 else Cause("a division by zero", f"use a safe divisor: {_double_where(site.bare(0))}")


def _exp(site: Site, x: float | None, _: Any) -> Cause | None:
    after = site.after
    at = f"{site.name} overflows" + (f" {_largest(site)}" if site.dtype.itemsize < 8 else "")
    z = site.bare(0)
    if "log1p" in after or ("log" in after and "add" in after):
        fix = f"use np.logaddexp(0.0, {z}) for np.log(1 + np.exp({z}))"
    elif "log" in after and "sum" in after:
        fix = f"use adkit.scipy.special.logsumexp({z}) for np.log(np.sum(np.exp({z})))"
    elif "sum" in after and "divide" in after:
        fix = f"use adkit.scipy.special.softmax({z}), or subtract the maximum: {z} - np.max({z})"
    elif "divide" in after or "reciprocal" in after:
        fix = "use scipy.special.expit for 1 / (1 + np.exp(-z)), and np.tanh for the other sigmoid"
    else:
        most = {2: 10.0, 4: 80.0}.get(site.dtype.itemsize // (2 if site.dtype.kind == "c" else 1), 700.0)
        kept = f"np.clip({z}, {-most}, {most})" if site.name in ("sinh", "cosh") else f"np.minimum({z}, {most})"
        fix = f"keep the exponent small: np.{site.name}({kept}), or work with logarithms"
    return Cause(at, fix)


def _arc(site: Site, x: float | None, _: Any) -> Cause | None:
    if x is None or abs(x) <= 1:
        return None
    fix = f"if rounding leads there, np.{site.name}(np.clip({site.bare(0)}, -1.0, 1.0)); of vectors, use np.arctan2"
    return Cause(f"{site.name} outside of [−1, 1]", fix)


def _arctanh(site: Site, x: float | None, _: Any) -> Cause | None:
    if x is None or abs(x) < 1:
        return None
    where = "at ±1" if abs(x) == 1 else "outside of (−1, 1)"
    return Cause(f"arctanh {where}", f"np.arctanh(np.clip({site.bare(0)}, -1 + 1e-12, 1 - 1e-12))")


def _arccosh(site: Site, x: float | None, _: Any) -> Cause | None:
    return None if x is None or x >= 1 else Cause("arccosh below 1", f"np.arccosh(np.maximum({site.bare(0)}, 1.0))")


def _square(site: Site, *_: Any) -> Cause | None:
    if "root" in site.after or "sqrt" in site.after:
        return Cause(f"a square overflows {_largest(site)}", "use np.hypot(a, b) or np.linalg.norm, which scale first")
    return None


def _prod(site: Site, *_: Any) -> Cause:
    return Cause(f"the product overflows {_largest(site)}", "add logarithms: np.exp(np.sum(np.log(x)))")


def _mean(site: Site, *_: Any) -> Cause | None:
    if _is_infinite(site.result):
        return None
    return Cause("the mean of no elements", "look at what selects the elements: here it selects none")


def _slogdet(*_: Any) -> Cause:
    return Cause("the matrix is singular", "add a little to its diagonal: a + 1e-10 * np.eye(n)")


def _custom(*_: Any) -> Cause:
    return Cause("the function of the custom rule returns it", "look into that function at these operands")


def _body(*_: Any) -> Cause:
    return Cause("it comes about inside of its body", "write it as a plain Python loop or if, whose steps are recorded")


def _overflow(site: Site) -> Cause:
    wide = site.dtype.itemsize >= 8 or site.dtype.kind != "f"
    fix = "scale the operands down, or work with logarithms" if wide else "compute it in float64: x.astype(float)"
    return Cause(f"overflow: larger than {_largest(site)}", fix)


def _largest(site: Site) -> str:
    kind = site.dtype if site.dtype.kind in "fc" else numpy.dtype(float)
    return f"the largest {kind.name}, {float(numpy.finfo(kind).max):.2g}".replace("e+", "e")


_BODIES = ("scan", "while_loop", "fori_loop", "cond", "checkpoint")
_Rule = Callable[[Site, Any, Any], "Cause | None"]
_VALUES: dict[str, _Rule] = {
    **dict.fromkeys(("log", "log2", "log10", "log1p"), _log),
    **dict.fromkeys(("sqrt", "root"), _sqrt),
    **dict.fromkeys(("power", "power_constant"), _power),
    **dict.fromkeys(("divide", "remainder", "fmod"), _divide),
    "reciprocal": _reciprocal,
    **dict.fromkeys(("exp", "exp2", "expm1", "sinh", "cosh"), _exp),
    **dict.fromkeys(("arcsin", "arccos"), _arc),
    "arctanh": _arctanh,
    "arccosh": _arccosh,
    "square": _square,
    **dict.fromkeys(("prod", "cumprod"), _prod),
    "mean": _mean,
    "slogdet": _slogdet,
    **dict.fromkeys(("custom_rule", "custom"), _custom),
    **dict.fromkeys(_BODIES, _body),
}
_OVERFLOWING = frozenset(
    "multiply add subtract matmul sum mean cumsum square power power_constant divide hypot contract".split()
)


# ------------------------------------------------------------------------------------------------ partials


def partial_cause(site: Site, operand: int) -> Cause:
    """Why the derivative of an operation by an operand is infinite or NaN at a point where its value need not be."""
    a, b = (*map(_real, site.values), None, None)[:2]
    rule = _PARTIALS.get(site.name)
    found = rule(site, a, b) if rule else None
    if found is not None:
        return found
    x = site.bare(operand)
    return Cause(f"{site.name} has no finite derivative there", f"step around the point: {_double_where(x)}")


def _steep_root(site: Site, x: float | None, _: Any) -> Cause | None:
    led = site.led(0)
    if led[:1] == ("sum",) and _squares(led[1:2]):
        fix = "use np.linalg.norm, whose derivative at 0 is 0, for the square root of a sum of squares"
    elif led[:1] == ("add",) and _squares(led[1:]):
        fix = "use np.hypot(a, b), whose derivative at 0 is 0, for np.sqrt(a**2 + b**2)"
    elif led[:1] and (_squares(led[:1]) or led[0] == "multiply"):
        fix = "use np.abs(x), whose derivative at 0 is 0, for np.sqrt(x**2)"
    else:
        r = site.bare(0)
        fix = f"select twice: np.where({r} > 0, np.sqrt(np.where({r} > 0, {r}, 1.0)), 0.0)"
    return Cause("the slope of a square root at 0 is infinite", fix)


def _squares(names: Sequence[str]) -> bool:
    return any(name in ("square", "power_constant", "multiply") for name in names)


def _steep_power(site: Site, a: float | None, b: float | None) -> Cause | None:
    if a != 0 or b is None:
        return None
    x, p = site.bare(0), site.text(1)
    fix = f"select twice: np.where({x} == 0, 0.0, np.where({x} == 0, 1.0, {x}) ** {p})"
    if b == 0.5 and site.led(0)[:1] in (("sum",), ("add",)) and _squares(site.led(0)[1:]):
        fix = "use np.linalg.norm or np.hypot, whose derivative at 0 is 0"
    return Cause("the slope of a power below 1 is infinite at 0", fix)


def _steep_log(site: Site, x: float | None, _: Any) -> Cause | None:
    return Cause("the slope of a logarithm at 0 is infinite", _log_of_zero(site))


def _steep_divide(site: Site, a: float | None, b: float | None) -> Cause | None:
    cause = _divide(site, a, b)
    return None if cause is None else Cause("the slope of a quotient is infinite where its divisor is 0", cause.fix)


def _steep_arc(site: Site, x: float | None, _: Any) -> Cause | None:
    fix = f"np.{site.name}(np.clip({site.bare(0)}, -1 + 1e-7, 1 - 1e-7)), or, for an angle between vectors, np.arctan2"
    return Cause(f"the slope of {site.name} at ±1 is infinite", fix)


def _steep_cbrt(site: Site, x: float | None, _: Any) -> Cause | None:
    r = site.bare(0)
    return Cause(
        "the slope of a cube root at 0 is infinite", f"np.cbrt(np.where({r} == 0, 1.0, {r})) where {r} != 0, else 0"
    )


def _steep_arctan2(site: Site, a: float | None, b: float | None) -> Cause | None:
    if a != 0 or b != 0:
        return None
    x = site.bare(1)
    return Cause(
        "arctan2 has no derivative at the origin", f"np.arctan2({site.bare(0)}, np.where(at_origin, 1.0, {x}))"
    )


def _steep_matrix(*_: Any) -> Cause:
    return Cause(
        "the matrix is singular, or two of its eigenvalues meet", "add a little to its diagonal: a + 1e-10 * np.eye(n)"
    )


def _steep_custom(*_: Any) -> Cause:
    return Cause("the custom rule returns it", "look into the rule at these operands")


_PARTIALS: dict[str, _Rule] = {
    **dict.fromkeys(("sqrt", "root"), _steep_root),
    **dict.fromkeys(("power", "power_constant"), _steep_power),
    **dict.fromkeys(("log", "log2", "log10", "log1p", "xlogy", "xlog1py"), _steep_log),
    **dict.fromkeys(("divide", "remainder"), _steep_divide),
    "reciprocal": lambda site, x, _: _reciprocal(site, x, _),
    **dict.fromkeys(("arcsin", "arccos", "arctanh"), _steep_arc),
    "arccosh": _steep_arc,
    "cbrt": _steep_cbrt,
    "arctan2": _steep_arctan2,
    **dict.fromkeys(
        "solve inv pinv lstsq det slogdet eigh eig svd cholesky qr inverse_or_infinite lu_factor".split(), _steep_matrix
    ),
    **dict.fromkeys(("custom_rule", "custom"), _steep_custom),
    **dict.fromkeys(_BODIES, _body),
}
