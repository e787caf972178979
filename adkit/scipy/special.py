"""`adkit.scipy.special`: the special functions of SciPy for traced and plain arguments.

The ufuncs are rows of `primitives.special`, reached as well when SciPy's own get a traced argument; the functions below
are composed of them. `CENSUS` says of every public name in which arguments it is differentiable, or why not.
Not for: the derivatives (`primitives.special`).
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy
import scipy.special

from ..errors import UnsupportedError
from ..handle import TracedArray, is_traced
from ..numpy import reduction
from ..numpy.arguments import known, many_axes, ndim, operand
from ..numpy.elementwise import is_complex
from ..numpy.ufuncs import Ufunc
from ..numpy_api import UFUNC_FUNCTIONS, choosing, has_handle
from ..primitives import elementwise as rows
from ..primitives import special as special_rows
from ..primitives.reduction import max_
from ..primitives.shape import stop_gradient
from ..primitives.special.row import WRONG_IN_SINGLE, Component, Kernel, Special, in_double, ufunc_named
from ..source import user_line
from ..tracing import UFUNCS, record_binary, record_unary
from .special_census import CENSUS, REFUSED, RENAMED, SEVERAL

__adkit__ = True

_ROWS: Any = special_rows
_OURS: dict[str, Callable[..., Any]] = {}


def _implements(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: what is done for traced arguments of a function of `scipy.special`; plain ones are left to SciPy."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__name__ = function.__qualname__ = name
        function.__doc__ = function.__doc__ or f"`scipy.special.{name}`."
        _OURS[name] = function
        return choosing(getattr(scipy.special, name), function)

    return register


def _refuse(message: str, fix: str) -> UnsupportedError:
    filename, line = user_line(sys._getframe(2))
    return UnsupportedError(message, fix=fix, filename=filename, line=line)


def _count(function: str, argument: str, value: Any) -> int:
    """An argument that counts or selects: an integer that is not differentiated."""
    if is_traced(value) and value.dtype.kind == "f":
        raise _refuse(
            f"scipy.special.{function} has no derivative in its argument {argument}", f"pass {argument} as an integer"
        )
    return int(known(value))


# ------------------------------------------------------------------------------------------------ ufuncs


def _several(names: tuple[str, ...], function: str) -> Callable[..., Any]:
    """A ufunc with several results, computed once; each result is recorded by its own row."""
    components = [special_rows.ROWS[name] for name in names]
    found = ufunc_named(function)
    whole = in_double(found) if function.startswith(WRONG_IN_SINGLE) else found

    def call(*operands: Any) -> tuple[Any, ...]:
        operands = tuple(operand(a) for a in operands)
        plain = [a.value if isinstance(a, TracedArray) else a for a in operands]
        if len(plain) > 2 or any(not isinstance(a, (numpy.ndarray, numpy.generic, int, float, complex)) for a in plain):
            return tuple(row(*operands) for row in components)
        for row in components:
            row.check(operands)
        values = whole(*plain)
        record: Any = record_unary if len(plain) == 1 else record_binary
        frame = sys._getframe(1)
        return tuple(
            record(row, *operands, lambda *_, value=value: value, frame)
            for row, value in zip(components, values, strict=True)
        )

    return call


def _scaled(name: str, part: Callable[[Any], Any], row_of_complex: Any) -> Callable[..., Any]:
    """A function scaled by exp(∓|part z|), which is not analytic: for complex z the row takes the scale as constant,
    and a factor of value 1 brings in its derivative.
    """
    row = special_rows.ROWS[name]

    def call(v: Any, z: Any) -> Any:
        z = operand(z)
        if not is_complex(z):
            return row(v, z)
        size = rows.absolute(part(z))
        return row_of_complex(v, z) * rows.exp(stop_gradient(size) - size)

    return call


def _alike(name: str) -> Callable[..., Any]:
    """A ufunc whose row refuses some operand, by way of the row."""
    row = special_rows.ROWS[name]
    return lambda *operands: row(*(operand(a) for a in operands))


def _airye(*operands: Any) -> tuple[Any, ...]:
    (z,) = map(operand, operands)
    if is_complex(z):
        raise _refuse(
            "scipy.special.airye has no derivative rule for complex arguments", "use scipy.special.airy, or a real z"
        )
    return _several(SEVERAL["airye"], "airye")(z)


def _enter() -> None:
    space = globals()
    for name, row in special_rows.ROWS.items():
        if isinstance(row, (Component, Kernel)) or name == "ive_unscaled":
            continue
        ufunc = ufunc_named(row.function)
        if not isinstance(ufunc, numpy.ufunc):
            continue
        if row.refused or row.arity > 2:
            UFUNC_FUNCTIONS[ufunc] = _alike(name)
        else:
            UFUNCS[ufunc] = row
        if getattr(scipy.special, name, None) is not None and name not in space:
            space[name] = Ufunc(ufunc)
    for name, elementwise in RENAMED.items():
        ufunc = ufunc_named(name)
        UFUNCS[ufunc] = getattr(rows, elementwise)
        space[name] = Ufunc(ufunc)
    for name, components in SEVERAL.items():
        ufunc = ufunc_named(name)
        UFUNC_FUNCTIONS[ufunc] = _airye if name == "airye" else _several(components, name)
        space[name] = Ufunc(ufunc)
    parts = {"jve": rows.imag, "yve": rows.imag, "ive": rows.real}
    for name, part in parts.items():
        row_of_complex = _ROWS.ive_unscaled if name == "ive" else special_rows.ROWS[name]
        UFUNC_FUNCTIONS[ufunc_named(name)] = _scaled(name, part, row_of_complex)
    for name in ("gammasgn", "round"):
        ufunc = ufunc_named(name)
        constant = _CONSTANTS[name]
        UFUNC_FUNCTIONS[ufunc] = lambda x, constant=constant: constant(operand(x))
        space[name] = Ufunc(ufunc)
    space["digamma"], space["jn"] = space["psi"], space["jv"]


from ..primitives.special.gamma import gammasgn as _gammasgn  # noqa: E402
from ..primitives.special.integrals import round_half_even as _round  # noqa: E402

_CONSTANTS = {"gammasgn": _gammasgn, "round": _round}


# ------------------------------------------------------------------------------------------------ sums of exponentials


@_implements("logsumexp")
def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """`scipy.special.logsumexp`, shifted by the maximum; where a sum is 0 or infinite there is no NaN.

    Example
    -------
    >>> import adkit
    >>> adkit.grad(logsumexp)(numpy.array([1.0, 1.0, -numpy.inf]))
    array([0.5, 0.5, 0. ])
    """
    a = operand(a)
    axes = many_axes(axis, ndim(a))
    if b is not None:
        b = operand(b)
        a = a + rows.multiply(b, 0.0) if ndim(b) > ndim(a) else a
        axes = many_axes(axis, ndim(a))
    size = rows.real(a) if is_complex(a) else a
    absent = None if b is None else rows.equal(b, 0)
    top = max_(size if absent is None else rows.where(absent, -math.inf, size), axis=axes, keepdims=True)
    top = stop_gradient(rows.where(rows.isfinite(top), top, 0.0))
    if absent is not None:  # an absent term still has a derivative in its weight, unless it would overflow
        a = rows.where(absent & rows.logical_not(rows.less(size, top + _LARGEST)), -math.inf, a)
    terms = rows.exp(a - top)
    total = reduction.sum(terms if b is None else terms * b, axes, keepdims=True)
    sign = None
    if return_sign:
        sign = total / _nonzero(rows.absolute(total)) if is_complex(total) else rows.sign(total)
        total = rows.absolute(total)
    # of a sum of exactly 0 all terms are 0, and so are the weights exp(a − result) that are the derivatives
    zero = rows.equal(total, 0)
    made = rows.where(zero, -math.inf, rows.log(rows.where(zero, 1.0, total))) + top
    made = _dropped(made, axes, keepdims)
    return (made, _dropped(sign, axes, keepdims)) if return_sign else made


_LARGEST = 80.0  # of an exponent that single precision holds


def _nonzero(x: Any) -> Any:
    return rows.where(rows.equal(x, 0), 1.0, x)


def _dropped(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    from ..numpy.shaping import squeeze

    return x if keepdims else squeeze(x, axes)


@_implements("log_softmax")
def log_softmax(x: Any, axis: Any = None) -> Any:
    """`scipy.special.log_softmax`."""
    x = operand(x)
    return x - _OURS["logsumexp"](x, axis, keepdims=True)


@_implements("softmax")
def softmax(x: Any, axis: Any = None) -> Any:
    """`scipy.special.softmax`."""
    return rows.exp(_OURS["log_softmax"](x, axis))


@_implements("softplus")
def softplus(x: Any, **options: Any) -> Any:
    """`scipy.special.softplus`: log(1 + exp(x))."""
    return numpy.logaddexp(0.0, operand(x), **options)


# ------------------------------------------------------------------------------------------------ gamma


@_implements("zeta")
def zeta(x: Any, q: Any = None, out: Any = None) -> Any:
    """`scipy.special.zeta` in q; in x there is no closed form."""
    return _ROWS.zeta(operand(x), 1.0 if q is None else operand(q))


@_implements("polygamma")
def polygamma(n: Any, x: Any) -> Any:
    """`scipy.special.polygamma` of a constant order."""
    return _ROWS.polygamma(operand(n), operand(x))


@_implements("multigammaln")
def multigammaln(a: Any, d: Any) -> Any:
    """`scipy.special.multigammaln`: Σ_j gammaln(a − (j − 1)/2) and a constant."""
    a, d = operand(a), _count("multigammaln", "d", d)
    if numpy.any(known(a) <= 0.5 * (d - 1)):
        raise ValueError(f"condition a ({known(a)}) > 0.5 * (d-1) ({0.5 * (d - 1)}) not met")
    made: Any = d * (d - 1) * 0.25 * math.log(math.pi)
    for j in range(d):
        made = made + _ROWS.gammaln(a - j / 2)
    return made


@_implements("comb")
def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """`scipy.special.comb` with exact=False: `binom`, and 0 outside 0 ≤ k ≤ N."""
    _inexact("comb", exact)
    N, k = operand(N), operand(k)
    if repetition:
        return rows.where(rows.equal(k, 0) & rows.greater_equal(N, 0), 1.0, _ROWS.binom(N + k - 1, k))
    inside = rows.less_equal(k, N) & rows.greater_equal(N, 0) & rows.greater_equal(k, 0)
    return rows.where(inside, _ROWS.binom(N, k), 0.0)


@_implements("perm")
def perm(N: Any, k: Any, exact: bool = False) -> Any:
    """`scipy.special.perm` with exact=False: `poch(N − k + 1, k)`, and 0 outside 0 ≤ k ≤ N."""
    _inexact("perm", exact)
    N, k = operand(N), operand(k)
    inside = rows.less_equal(k, N) & rows.greater_equal(N, 0) & rows.greater_equal(k, 0)
    return rows.where(inside, _ROWS.poch(N - k + 1, k), 0.0)


@_implements("factorial")
def factorial(n: Any, exact: bool = False, extend: str = "zero") -> Any:
    """`scipy.special.factorial` with exact=False: Γ(n + 1), and 0 for negative n unless extend="complex"."""
    _inexact("factorial", exact)
    n = operand(n)
    made = _ROWS.gamma(n + 1)
    if extend == "complex":
        return made
    if extend != "zero":
        raise ValueError(f"argument `extend` must be either 'zero' or 'complex', received: {extend}")
    return rows.where(rows.less(n, 0), 0.0, made)


def _inexact(name: str, exact: bool) -> None:
    if exact:
        raise _refuse(f"scipy.special.{name} with exact=True has no derivative: it computes with integers",
                      "pass exact=False")  # fmt: skip


# ------------------------------------------------------------------------------------------------ Bessel and others


def _spherical(name: str) -> Any:
    row = special_rows.ROWS[name]
    sign, outer = {"jn": (1, -1), "yn": (1, -1), "in": (1, 1), "kn": (-1, -1)}[name[-2:]]

    @_implements(name)
    def call(n: Any, z: Any, derivative: bool = False) -> Any:
        """The spherical Bessel function, or its derivative from the neighbouring orders."""
        if is_traced(n):
            row.check((n, 0.0))
        n, z = numpy.asarray(known(n), dtype=numpy.int64)[()], operand(z)
        if not derivative:
            return row(n, z)
        lower = row(numpy.maximum(n, 1) - 1, z)
        return (sign * n * lower + outer * (n + 1) * row(n + 1, z)) / (2 * n + 1)

    return call


spherical_jn, spherical_yn, spherical_in, spherical_kn = map(
    _spherical, ("spherical_jn", "spherical_yn", "spherical_in", "spherical_kn")
)


def _derivative_of(name: str, base: str) -> Any:
    plain = getattr(scipy.special, name)
    row = special_rows.ROWS[base]

    @_implements(name)
    def call(v: Any, z: Any, n: int = 1) -> Any:
        """The n-th derivative in z, from neighbouring orders."""
        row.check((v, 0.0))
        return plain(v, operand(z), _count(name, "n", n))

    return call


jvp, yvp, kvp, ivp, h1vp, h2vp = map(
    _derivative_of,
    ("jvp", "yvp", "kvp", "ivp", "h1vp", "h2vp"),
    ("jv", "yv", "kv", "iv", "hankel1", "hankel2"),
)


@_implements("lambertw")
def lambertw(z: Any, k: Any = 0, tol: float = 1e-8) -> Any:
    """`scipy.special.lambertw`, which is complex also for real z."""
    return _ROWS.lambertw(operand(z), _count("lambertw", "k", k), tol)


@_implements("assoc_laguerre")
def assoc_laguerre(x: Any, n: Any, k: Any = 0.0) -> Any:
    """`scipy.special.assoc_laguerre`: `eval_genlaguerre(n, k, x)`."""
    return _ROWS.eval_genlaguerre(operand(n), operand(k), operand(x))


@_implements("diric")
def diric(x: Any, n: Any) -> Any:
    """`scipy.special.diric`: sin(nx/2) / (n sin(x/2)), as Chebyshev's U_{n−1}(cos(x/2)) / n, which has no 0/0."""
    n = _count("diric", "n", n)
    return _ROWS.eval_chebyu(n - 1, rows.cos(operand(x) / 2)) / n


@_implements("legendre_p")
def legendre_p(n: Any, z: Any, *, diff_n: int = 0) -> Any:
    """`scipy.special.legendre_p`, with its first `diff_n` derivatives after it."""
    n, z = operand(n), operand(z)
    made = [_ROWS.eval_legendre(n, z)]
    factor = 1.0
    for k in range(1, int(diff_n) + 1):  # P_n^(k) = (2k − 1)!! C_{n−k}^(k + 1/2)
        factor *= 2 * k - 1
        made.append(factor * _ROWS.eval_gegenbauer(n - k, k + 0.5, z))
    return _stacked(made)


def _stacked(parts: list[Any]) -> Any:
    """A function and its derivatives along a new first axis, which SciPy makes for the function alone, too."""
    from ..numpy.joining import stack

    return stack(parts, axis=0)


def _without_derivatives(name: str, row: Special) -> Any:
    @_implements(name)
    def call(*operands: Any, diff_n: int = 0) -> Any:
        """The function itself; its derivatives are adkit's."""
        if diff_n:
            raise _refuse(
                f"scipy.special.{name} with diff_n has no derivative rule in adkit", "use adkit.jvp or adkit.derivative"
            )
        *counts, last = operands if name != "sph_harm_y" else (*operands[:2], operands[2:])
        angles = last if isinstance(last, tuple) else (last,)
        row.check((*counts, *(0.0 for _ in angles)))
        made = row(*(numpy.asarray(known(c), dtype=numpy.int64)[()] for c in counts), *map(operand, angles))
        return made if name == "sph_harm_y" else _stacked([made])

    return call


sph_harm_y = _without_derivatives("sph_harm_y", special_rows.ROWS["sph_harm_y"])
sph_legendre_p = _without_derivatives("sph_legendre_p", special_rows.ROWS["sph_legendre_p"])


@_implements("sinc")
def sinc(x: Any) -> Any:
    """`numpy.sinc`."""
    return rows.sinc(operand(x))


_enter()


# ------------------------------------------------------------------------------------------------ everything else


def _refusing(name: str, plain: Any) -> Any:
    reason = REFUSED.get(name)

    @functools.wraps(plain, updated=())  # its module is SciPy's too, whose examples are not ours to run
    def call(*args: Any, **kwargs: Any) -> Any:
        if has_handle(args) or has_handle(kwargs.values()):
            filename, line = user_line(sys._getframe(1))
            raise UnsupportedError(
                f"scipy.special.{name} has no derivative" + (f": {reason}" if reason else " rule in adkit"),
                fix="pass plain values, or adkit.stop_gradient(x) if no derivative is wanted there",
                filename=filename,
                line=line,
            )
        return plain(*args, **kwargs)

    return call


def __getattr__(name: str) -> Any:
    member = getattr(scipy.special, name)
    if name.startswith("_") or isinstance(member, type) or not callable(member):
        return member
    made = globals()[name] = _refusing(name, member)
    return made


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(scipy.special)})


__all__ = ["CENSUS"]
