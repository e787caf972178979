"""`adkit.scipy.special`: the special functions that have a row, `logsumexp`, `softmax` and `log_softmax`; the others
are refused.

Not for: the derivatives (`primitives.special`).
"""

from __future__ import annotations

import sys
from typing import Any

import numpy
import scipy.special

from ..errors import UnsupportedError
from ..handle import is_traced
from ..numpy import reduction
from ..numpy.arguments import many_axes, ndim, operand
from ..numpy.ufuncs import Ufunc
from ..numpy_api import UFUNC_FUNCTIONS, choosing, refusing
from ..primitives import elementwise as rows
from ..primitives import special as special_rows
from ..primitives.reduction import max_
from ..primitives.shape import stop_gradient
from ..source import user_line
from ..tracing import UFUNCS

__adkit__ = True


def _logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """`scipy.special.logsumexp`, shifted by the maximum; `return_sign` is not there."""
    if return_sign:
        filename, line = user_line(sys._getframe(1))
        raise UnsupportedError(
            "scipy.special.logsumexp with return_sign has no derivative rule in adkit",
            fix="leave return_sign out", filename=filename, line=line,
        )  # fmt: skip
    a = operand(a)
    axes = many_axes(axis, ndim(a))
    top = stop_gradient(max_(a, axis=axes, keepdims=True))
    top = rows.where(rows.isfinite(top), top, 0.0)
    terms = rows.exp(a - top)
    total = reduction.sum(terms if b is None else terms * operand(b), axes, keepdims=True)
    made = rows.log(total) + top
    return made if keepdims else reduction.sum(made, axes)


def _softmax(x: Any, axis: Any = None) -> Any:
    """`scipy.special.softmax`."""
    return rows.exp(_log_softmax(x, axis))


def _log_softmax(x: Any, axis: Any = None) -> Any:
    """`scipy.special.log_softmax`."""
    x = operand(x)
    return x - _logsumexp(x, axis, keepdims=True)


logsumexp = choosing(scipy.special.logsumexp, _logsumexp)
softmax = choosing(scipy.special.softmax, _softmax)
log_softmax = choosing(scipy.special.log_softmax, _log_softmax)


def _zeta(x: Any, q: Any = 1.0) -> Any:
    """`scipy.special.zeta` with a constant first argument."""
    if is_traced(x):
        raise UnsupportedError(
            "the derivative of zeta in its first argument has no rule", fix="differentiate in the second one only"
        )
    return special_rows.zeta(x, q)


zeta = choosing(scipy.special.zeta, _zeta)


def _polygamma(n: Any, x: Any) -> Any:
    """`scipy.special.polygamma` of a constant order."""
    order = int(n)
    if order == 0:
        return special_rows.psi(x)
    factor = (-1.0) ** (order + 1) * float(scipy.special.gamma(order + 1))
    return factor * special_rows.zeta(float(order + 1), x)


polygamma = choosing(scipy.special.polygamma, _polygamma)


def _enter() -> None:
    space = globals()
    for name, row in vars(special_rows).items():
        ufunc = getattr(scipy.special, name, None)
        if isinstance(row, special_rows.Special) and isinstance(ufunc, numpy.ufunc) and name != "zeta":
            UFUNCS[ufunc] = row
            space[name] = Ufunc(ufunc)
    space["digamma"] = space["psi"]
    zeta_ufunc = getattr(getattr(scipy.special, "_ufuncs", None), "_zeta", None)
    if isinstance(zeta_ufunc, numpy.ufunc):
        UFUNC_FUNCTIONS[zeta_ufunc] = _zeta


_enter()


def __getattr__(name: str) -> Any:
    member = getattr(scipy.special, name)
    if name.startswith("_") or isinstance(member, type) or not callable(member):
        return member
    made = globals()[name] = refusing(f"scipy.special.{name}", member)
    return made


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(scipy.special)})
