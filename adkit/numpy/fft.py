"""`adkit.numpy.fft`: the discrete Fourier transforms of `numpy.fft`.

Single precision stays single, as in NumPy 2. Not for: the transforms themselves (`primitives.fft`).
"""

from __future__ import annotations

import operator
from typing import Any

import numpy
import numpy.fft

from ..numpy_api import implements, refusing
from ..primitives import fft as rows
from ..primitives.shape import conjugate, roll
from .arguments import finish, known, many_axes, ndim, one_axis, operand

__adkit__ = True


def _norm(norm: Any) -> str:
    if norm not in rows.DUAL:
        raise ValueError(f'Invalid norm value {norm}; should be "backward", "ortho" or "forward".')
    return norm or "backward"


def _length(n: Any, default: int) -> int:
    """The length of a transform, as given or that of the operand."""
    return default if n is None or (type(n) is int and n == -1) else operator.index(n)


def _several(a: Any, s: Any, axes: Any) -> tuple[list[int | None], list[int]]:
    """The lengths and axes of a transform over several axes; a length of -1 or `None` leaves the axis as it is."""
    n = ndim(a)
    if axes is None:
        if s is not None and len(s) > n:
            raise ValueError("shape requires more axes than are present.")
        axes = range(n) if s is None else range(n - len(s), n)
    axes = [one_axis(i, n) for i in axes]
    lengths = [None if m is None or m == -1 else operator.index(m) for m in ([None] * len(axes) if s is None else s)]
    if len(lengths) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    return lengths, axes


def _transform(row: Any, a: Any, lengths: Any, axes: list[int], norm: Any) -> Any:
    """`fft` or `ifft` over axes; an axis that is named twice is transformed twice, the last one first."""
    if not axes:
        return a
    groups = [axes] if len(set(axes)) == len(axes) else [[axis] for axis in reversed(axes)]
    wanted = [lengths] if len(groups) == 1 else [[n] for n in reversed(lengths)]
    for group, some in zip(groups, wanted, strict=True):
        n = tuple(_length(m, a.shape[i]) for m, i in zip(some, group, strict=True))
        a = row(a, n=n, axes=tuple(group), norm=_norm(norm))
    return a


def _one_dimensional(name: str) -> Any:
    row = getattr(rows, name)

    @implements(getattr(numpy.fft, name))
    def transform(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
        a = operand(a)
        return finish(_transform(row, a, [n], [one_axis(axis, ndim(a))], norm), out)

    return _named(transform, name)


def _n_dimensional(name: str, default: Any) -> Any:
    row = getattr(rows, name[:-1])

    @implements(getattr(numpy.fft, name))
    def transform(a: Any, s: Any = None, axes: Any = default, norm: Any = None, out: Any = None) -> Any:
        a = operand(a)
        return finish(_transform(row, a, *_several(a, s, axes), norm), out)

    return _named(transform, name)


def _named(function: Any, name: str) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`numpy.fft.{name}`."
    return function


fft, ifft = _one_dimensional("fft"), _one_dimensional("ifft")
fft2, ifft2 = _n_dimensional("fft2", (-2, -1)), _n_dimensional("ifft2", (-2, -1))
fftn, ifftn = _n_dimensional("fftn", None), _n_dimensional("ifftn", None)


@implements(numpy.fft.rfft)
def rfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """`numpy.fft.rfft`: the coefficients 0 … n/2 of the transform of real values.

    Example
    -------
    >>> import adkit, numpy
    >>> power = lambda x: (numpy.abs(numpy.fft.rfft(x)) ** 2).sum()
    >>> adkit.grad(power)(numpy.array([1.0, 0.0, 2.0, 0.0]))
    array([10.,  0., 14.,  0.])
    """
    a = operand(a)
    axis = one_axis(axis, ndim(a))
    return finish(rows.rfft(a, n=_length(n, a.shape[axis]), axis=axis, norm=_norm(norm)), out)


@implements(numpy.fft.irfft)
def irfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """`numpy.fft.irfft`: real values from the coefficients 0 … n/2; imaginary parts at 0 and n/2 have no influence."""
    a = operand(a)
    axis = one_axis(axis, ndim(a))
    return finish(rows.irfft(a, n=_length(n, 2 * (a.shape[axis] - 1)), axis=axis, norm=_norm(norm)), out)


@implements(numpy.fft.hfft)
def hfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """`numpy.fft.hfft`: the real transform of a signal with Hermitian symmetry, of which one half is given."""
    return irfft(conjugate(operand(a)), n, axis, rows.DUAL[_norm(norm)], out)


@implements(numpy.fft.ihfft)
def ihfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    """`numpy.fft.ihfft`: the inverse of `hfft`."""
    return finish(conjugate(rfft(operand(a), n, axis, rows.DUAL[_norm(norm)])), out)


@implements(numpy.fft.rfftn)
def rfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    """`numpy.fft.rfftn`: `rfft` over the last axis, then `fft` over the others."""
    a = operand(a)
    lengths, axes = _several(a, s, axes)
    if not axes:
        raise ValueError("at least 1 axis must be transformed")
    lengths = [_length(m, a.shape[i]) for m, i in zip(lengths, axes, strict=True)]  # an axis may be named twice
    made = rfft(a, lengths[-1], axes[-1], norm)
    return finish(_transform(rows.fft, made, lengths[:-1], axes[:-1], norm), out)


@implements(numpy.fft.irfftn)
def irfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    """`numpy.fft.irfftn`: `ifft` over all axes but the last, then `irfft` over that."""
    a = operand(a)
    lengths, axes = _several(a, s, axes)
    if not axes:
        raise ValueError("at least 1 axis must be transformed")
    made = _transform(rows.ifft, a, lengths[:-1], axes[:-1], norm)
    return irfft(made, lengths[-1], axes[-1], norm, out)


@implements(numpy.fft.rfft2)
def rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None) -> Any:
    """`numpy.fft.rfft2`."""
    return rfftn(a, s, axes, norm, out)


@implements(numpy.fft.irfft2)
def irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None) -> Any:
    """`numpy.fft.irfft2`."""
    return irfftn(a, s, axes, norm, out)


def _shifted(x: Any, axes: Any, sign: int) -> Any:
    x = operand(x)
    n = ndim(x)
    axes = many_axes(known(axes) if axes is not None else None, n)
    shift = tuple(x.shape[i] // 2 if sign > 0 else -(x.shape[i] // 2) for i in axes)
    return roll(x, shift=shift, axis=axes) if axes else x


@implements(numpy.fft.fftshift)
def fftshift(x: Any, axes: Any = None) -> Any:
    """`numpy.fft.fftshift`: the zero frequency moved to the middle."""
    return _shifted(x, axes, 1)


@implements(numpy.fft.ifftshift)
def ifftshift(x: Any, axes: Any = None) -> Any:
    """`numpy.fft.ifftshift`: the inverse of `fftshift`."""
    return _shifted(x, axes, -1)


def _frequencies(name: str) -> Any:
    plain = getattr(numpy.fft, name)

    @implements(plain)
    def frequencies(n: Any, d: Any = 1.0, device: Any = None) -> Any:
        return plain(operator.index(n)) / operand(d)

    return _named(frequencies, name)


fftfreq, rfftfreq = _frequencies("fftfreq"), _frequencies("rfftfreq")


def __getattr__(name: str) -> Any:
    member = getattr(numpy.fft, name)
    if name.startswith("_") or isinstance(member, type) or not callable(member):
        return member
    made = globals()[name] = refusing(f"numpy.fft.{name}", member)
    return made


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(numpy.fft)})
