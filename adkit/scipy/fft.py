"""`adkit.scipy.fft`: the transforms of `scipy.fft`: Fourier, cosine, sine and Hankel.

Importing this module registers `backend` with SciPy, which then hands calls of `scipy.fft` with a traced argument to
the functions here, and all others on to its own. A derivative imports it by itself where `scipy.fft` was imported
before. Not for: the transforms themselves (`primitives.fft`).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import scipy.fft

from ..errors import UnsupportedError
from ..handle import is_traced
from ..numpy import fft as _fourier
from ..numpy.arguments import ndim, one_axis, operand
from ..numpy_api import choosing, has_handle, refusing
from ..primitives import fft as rows
from ..primitives.shape import conjugate, shape_of

__adkit__ = True

# name -> what is done for traced arguments, under `scipy.fft`'s signature
_OURS: dict[str, Callable[..., Any]] = {}


def _implements(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: enter a function under a name of `scipy.fft`; what it returns leaves plain arguments to SciPy."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__name__ = function.__qualname__ = name
        function.__doc__ = f"`scipy.fft.{name}`."
        _OURS[name] = function
        return choosing(getattr(scipy.fft, name), function)

    return register


def _one_dimensional(name: str) -> Any:
    ours = getattr(_fourier, name)

    @_implements(name)
    def transform(
        x: Any, n: Any = None, axis: int = -1, norm: Any = None, overwrite_x: Any = False, workers: Any = None, *,
        plan: Any = None,
    ) -> Any:  # fmt: skip
        return ours(operand(x), n, axis, norm)

    return transform


def _unique(name: str, x: Any, axes: Any) -> None:
    if axes is not None:
        axes = [one_axis(i, ndim(x)) for i in _as_list(axes)]
        if len(set(axes)) != len(axes):
            raise ValueError("all axes must be unique")


def _as_list(values: Any) -> Any:
    return values if values is None or hasattr(values, "__len__") else [values]


def _n_dimensional(name: str, default: Any, ours: Callable[..., Any]) -> Any:
    @_implements(name)
    def transform(
        x: Any, s: Any = None, axes: Any = default, norm: Any = None, overwrite_x: Any = False, workers: Any = None, *,
        plan: Any = None,
    ) -> Any:  # fmt: skip
        x = operand(x)
        _unique(name, x, axes)
        s, axes = _as_list(s), _as_list(axes)
        return ours(x, _lengths(x, s, axes) if name in _TO_REAL else s, axes, norm)

    return transform


_TO_REAL = ("irfftn", "irfft2", "hfftn", "hfft2")


def _lengths(x: Any, s: Any, axes: Any) -> Any:
    """The lengths of a transform to real values, where SciPy's -1 means that of the operand, also along the last axis,
    and without lengths a single coefficient becomes a single value.
    """
    if s is None:
        along = range(ndim(x)) if axes is None else axes
        s = [shape_of(x)[i] for i in along]
        return s and [*s[:-1], max(2 * (s[-1] - 1), 1)]
    along = range(ndim(x) - len(s), ndim(x)) if axes is None else axes
    return [shape_of(x)[i] if n == -1 else n for n, i in zip(s, along, strict=True)] if len(s) == len(along) else s


def _hfftn(x: Any, s: Any, axes: Any, norm: Any) -> Any:
    return _fourier.irfftn(conjugate(x), s, axes, rows.DUAL[norm])


def _ihfftn(x: Any, s: Any, axes: Any, norm: Any) -> Any:
    return conjugate(_fourier.rfftn(x, s, axes, rows.DUAL[norm]))


fft, ifft, rfft, irfft, hfft, ihfft = map(_one_dimensional, ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"))
fftn, ifftn, rfftn, irfftn = (
    _n_dimensional(name, None, getattr(_fourier, name)) for name in ("fftn", "ifftn", "rfftn", "irfftn")
)
fft2, ifft2, rfft2, irfft2 = (
    _n_dimensional(name + "2", (-2, -1), getattr(_fourier, name + "n")) for name in ("fft", "ifft", "rfft", "irfft")
)
hfftn, ihfftn = _n_dimensional("hfftn", None, _hfftn), _n_dimensional("ihfftn", None, _ihfftn)
hfft2, ihfft2 = _n_dimensional("hfft2", (-2, -1), _hfftn), _n_dimensional("ihfft2", (-2, -1), _ihfftn)


@_implements("fftshift")
def fftshift(x: Any, axes: Any = None) -> Any:
    return _fourier.fftshift(operand(x), axes)


@_implements("ifftshift")
def ifftshift(x: Any, axes: Any = None) -> Any:
    return _fourier.ifftshift(operand(x), axes)


@_implements("fftfreq")
def fftfreq(n: Any, d: Any = 1.0, *, xp: Any = None, device: Any = None) -> Any:
    return _fourier.fftfreq(n, d)


@_implements("rfftfreq")
def rfftfreq(n: Any, d: Any = 1.0, *, xp: Any = None, device: Any = None) -> Any:
    return _fourier.rfftfreq(n, d)


# ------------------------------------------------------------------------------------------------ cosine and sine

_INVERSE_TYPE = {1: 1, 2: 3, 3: 2, 4: 4}


def _trigonometric(kind: str, inverse: bool) -> tuple[Any, Any]:
    """`dct` and `dctn`, or `idct` and `idctn`: an inverse is the transform of the inverse type in the dual norm."""
    row = getattr(rows, kind)

    def along_axes(x: Any, type: int, lengths: Any, axes: Any, norm: Any, orthogonalize: Any) -> Any:
        if type not in _INVERSE_TYPE:
            raise ValueError("invalid transform type")
        norm = rows.DUAL[norm] if inverse else norm or "backward"
        type = _INVERSE_TYPE[type] if inverse else type
        for axis, n in zip(axes, lengths, strict=True):
            n = shape_of(x)[axis] if n is None else n
            x = row(x, type=type, n=n, axis=axis, norm=norm, orthogonalize=orthogonalize)
        return x

    @_implements(("i" if inverse else "") + kind)
    def transform(
        x: Any, type: int = 2, n: Any = None, axis: int = -1, norm: Any = None, overwrite_x: Any = False,
        workers: Any = None, orthogonalize: Any = None,
    ) -> Any:  # fmt: skip
        x = operand(x)
        n = None if n is None else operator.index(n)
        return along_axes(x, type, [n], [one_axis(axis, ndim(x))], norm, orthogonalize)

    @_implements(("i" if inverse else "") + kind + "n")
    def transform_axes(
        x: Any, type: int = 2, s: Any = None, axes: Any = None, norm: Any = None, overwrite_x: Any = False,
        workers: Any = None, *, orthogonalize: Any = None,
    ) -> Any:  # fmt: skip
        x = operand(x)
        _unique(kind, x, axes)
        lengths, axes = _fourier._several(x, _as_list(s), _as_list(axes))
        return along_axes(x, type, lengths, axes, norm, orthogonalize)

    return transform, transform_axes


(dct, dctn), (idct, idctn) = _trigonometric("dct", False), _trigonometric("dct", True)
(dst, dstn), (idst, idstn) = _trigonometric("dst", False), _trigonometric("dst", True)


# ------------------------------------------------------------------------------------------------ Hankel


def _hankel(name: str) -> Any:
    row = getattr(rows, name)

    @_implements(name)
    def transform(a: Any, dln: Any, mu: Any, offset: Any = 0.0, bias: Any = 0.0) -> Any:
        for parameter, value in (("dln", dln), ("mu", mu), ("offset", offset), ("bias", bias)):
            if is_traced(value):
                raise UnsupportedError(
                    f"scipy.fft.{name} has no derivative in its argument {parameter}",
                    fix=f"differentiate in a only, and pass {parameter} as a plain number",
                )
        return row(operand(a), dln=float(dln), mu=float(mu), offset=float(offset), bias=float(bias))

    return transform


fht, ifht = _hankel("fht"), _hankel("ifht")


# ------------------------------------------------------------------------------------------------ SciPy's backends


class _Backend:
    """What SciPy asks before its own code: the functions above where an argument is traced, else nothing."""

    __ua_domain__ = "numpy.scipy.fft"

    @staticmethod
    def __ua_function__(method: Any, args: Any, kwargs: Any) -> Any:
        ours = _OURS.get(method.__name__)
        if ours is None or not (has_handle(args) or has_handle(kwargs.values())):
            return NotImplemented
        return ours(*args, **kwargs)


backend = _Backend()


@functools.cache
def register() -> None:
    """Let `scipy.fft` ask `backend`; once in a process."""
    scipy.fft.register_backend(backend)


register()


def __getattr__(name: str) -> Any:
    member = getattr(scipy.fft, name)
    if name.startswith("_") or isinstance(member, type) or not callable(member):
        return member
    made = globals()[name] = refusing(f"scipy.fft.{name}", member)
    return made


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(scipy.fft)})
