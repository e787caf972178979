"""Operations on corresponding elements: `T.exp`, `T.maximum`, `T.switch`, `T.lt`, …; a table of names.

Not for: the derivatives, which are those of the functions of `adkit.numpy` behind them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy

from .... import numpy as anp
from ..graph import Operation, TensorType, Variable, as_variable
from ..inference import broadcast, elementwise

__adkit__ = True


def _special(name: str) -> Callable[..., Any]:
    """A function of `adkit.scipy.special`, imported when it is first called."""

    def call(*operands: Any) -> Any:
        from ....scipy import special

        return getattr(special, name)(*operands)

    call.__name__ = name
    return call


def _int_divide(a: Any, b: Any) -> Any:
    return a // b


def _softplus(x: Any) -> Any:
    return anp.logaddexp(x, 0.0 if _is_wide(x) else numpy.zeros((), x.dtype)[()])


def _is_wide(x: Any) -> bool:
    return getattr(x, "dtype", None) in (None, numpy.dtype(float))


def _round_half_away(x: Any) -> Any:
    return anp.sign(x) * anp.floor(anp.abs(x) + 0.5)


def _relu(x: Any, alpha: Any = 0) -> Any:
    if type(alpha) in (int, float) and alpha == 0:
        return anp.where(x > 0, x, 0)
    return anp.where(x > 0, x, alpha * x)


def _sgn(x: Any) -> Any:
    return anp.sign(x)


def _hard_sigmoid(x: Any) -> Any:
    return anp.clip(0.2 * x + 0.5, 0.0, 1.0)


OPERATIONS: dict[str, Operation] = {}
_UNARY = {
    "exp": anp.exp, "exp2": anp.exp2, "expm1": anp.expm1, "log": anp.log, "log2": anp.log2, "log10": anp.log10,
    "log1p": anp.log1p, "sqrt": anp.sqrt, "sin": anp.sin, "cos": anp.cos, "tan": anp.tan, "arcsin": anp.arcsin,
    "arccos": anp.arccos, "arctan": anp.arctan, "sinh": anp.sinh, "cosh": anp.cosh, "tanh": anp.tanh,
    "arcsinh": anp.arcsinh, "arccosh": anp.arccosh, "arctanh": anp.arctanh, "floor": anp.floor, "ceil": anp.ceil,
    "trunc": anp.trunc, "sgn": _sgn, "isnan": anp.isnan, "isinf": anp.isinf, "deg2rad": anp.deg2rad,
    "rad2deg": anp.rad2deg, "real": anp.real, "imag": anp.imag, "conj": anp.conj, "angle": anp.angle,
    "erf": _special("erf"), "erfc": _special("erfc"), "erfinv": _special("erfinv"), "gamma": _special("gamma"),
    "gammaln": _special("gammaln"), "psi": _special("psi"), "j0": _special("j0"), "j1": _special("j1"),
    "sigmoid": _special("expit"), "softplus": _softplus, "round_half_to_even": anp.rint,
    "round_half_away_from_zero": _round_half_away, "hard_sigmoid": _hard_sigmoid,
}  # fmt: skip
_BINARY = {
    "maximum": anp.maximum, "minimum": anp.minimum, "arctan2": anp.arctan2, "logical_and": anp.logical_and,
    "logical_or": anp.logical_or, "relu": _relu,
}  # fmt: skip
_WRITTEN: dict[str, tuple[Callable[..., Any], str]] = {
    "add": (operator.add, "{0} + {1}"), "sub": (operator.sub, "{0} - {1}"), "mul": (operator.mul, "{0} * {1}"),
    "true_div": (operator.truediv, "{0} / {1}"), "int_div": (_int_divide, "{0} // {1}"),
    "mod": (operator.mod, "{0} % {1}"), "pow": (operator.pow, "{0} ** {1}"),
    "neg": (operator.neg, "-{0}"), "abs_": (anp.abs, ""), "sqr": (anp.square, "{0} ** 2"), "inv": (anp.reciprocal, ""),
    "eq": (operator.eq, "{0} == {1}"), "neq": (operator.ne, "{0} != {1}"), "lt": (operator.lt, "{0} < {1}"),
    "gt": (operator.gt, "{0} > {1}"), "le": (operator.le, "{0} <= {1}"), "ge": (operator.ge, "{0} >= {1}"),
    "and_": (operator.and_, "{0} & {1}"), "or_": (operator.or_, "{0} | {1}"), "xor": (operator.xor, "{0} ^ {1}"),
    "invert": (operator.invert, "~{0}"),
}  # fmt: skip


def _defined(name: str, function: Callable[..., Any], symbol: str | None = None) -> Operation:
    made = OPERATIONS[name] = Operation(name, function, elementwise(function), symbol or None)
    return made


for _name, _function in (_UNARY | _BINARY).items():
    _defined(_name, _function)
for _name, (_function, _symbol) in _WRITTEN.items():
    _defined(_name, _function, _symbol)


def _where(condition: Any, a: Any, b: Any) -> Any:
    return anp.where(condition, a, b)


def _where_type(condition: Variable, a: Variable, b: Variable) -> TensorType:
    from ..inference import promoted

    return TensorType(promoted([a, b]), broadcast([condition, a, b]))


SWITCH = OPERATIONS["switch"] = Operation("switch", _where, _where_type)
CLIP = _defined("clip", anp.clip)
NAMES = {
    "abs": "abs_", "divide": "true_div", "divide_": "true_div", "subtract": "sub", "multiply": "mul", "power": "pow",
    "square": "sqr", "sign": "sgn", "negative": "neg", "bitwise_and": "and_", "bitwise_or": "or_",
    "bitwise_xor": "xor", "bitwise_not": "invert", "invert": "invert", "where": "switch", "floor_div": "int_div",
    "conjugate": "conj", "not_equal": "neq", "equal": "eq", "less": "lt", "less_equal": "le", "greater": "gt",
    "greater_equal": "ge", "absolute": "abs_", "true_divide": "true_div", "floor_divide": "int_div",
    "remainder": "mod", "reciprocal": "inv", "rint": "round_half_to_even", "logical_not": "invert",
}  # fmt: skip


def ufunc_counterpart(ufunc: Any) -> Operation | None:
    """The operation for a ufunc of NumPy, so that `numpy.exp(x)` of a symbolic x is `T.exp(x)`."""
    name = ufunc.__name__
    return OPERATIONS.get(NAMES.get(name, name))


def _convert(x: Any, dtype: str) -> Any:
    return anp.astype(anp.asarray(x), numpy.dtype(dtype))


CAST = Operation("cast", _convert, lambda x, dtype: TensorType(dtype, x.broadcastable))


def cast(x: Any, dtype: Any) -> Variable:
    """x in another dtype; "floatX" is `config.floatX`. To an integer dtype it ends the derivative.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> T.cast(T.ivector("k"), "float64").dtype
    'float64'
    """
    from ..configuration import config

    made, name = as_variable(x), str(numpy.dtype(config.floatX if dtype == "floatX" else dtype))
    return made if made.dtype == name and not getattr(made, "weak", False) else CAST(made, dtype=name)


def switch(cond: Any, ift: Any, iff: Any) -> Variable:
    """`ift` where the condition holds, else `iff`, element by element.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x = T.dvector("x")
    >>> switch(x > 0, x, 0).eval({x: [-1.0, 2.0]})
    array([0., 2.])
    """
    return SWITCH(cond, ift, iff)


where = switch


def clip(x: Any, min: Any, max: Any) -> Variable:
    """x between `min` and `max`."""
    return CLIP(x, min, max)


def add(a: Any, b: Any, *more: Any) -> Variable:
    """The sum of two or more."""
    made = OPERATIONS["add"](a, b)
    for other in more:
        made = OPERATIONS["add"](made, other)
    return made


def mul(a: Any, b: Any, *more: Any) -> Variable:
    """The product of two or more."""
    made = OPERATIONS["mul"](a, b)
    for other in more:
        made = OPERATIONS["mul"](made, other)
    return made


def round(a: Any, mode: str = "half_away_from_zero") -> Variable:
    """a rounded, "half_away_from_zero" or "half_to_even"."""
    return OPERATIONS[f"round_{mode}"](a)


def isclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08) -> Variable:
    """Where a and b are close, as `numpy.isclose` has it for finite values."""
    a, b = as_variable(a), as_variable(b)
    return OPERATIONS["le"](OPERATIONS["abs_"](a - b), atol + rtol * OPERATIONS["abs_"](b))


def __getattr__(name: str) -> Any:
    found = OPERATIONS.get(NAMES.get(name, name))
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found
