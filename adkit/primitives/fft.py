"""Rows of discrete Fourier, cosine, sine and Hankel transforms; all are linear, so each row is its transpose.

`fft` and `ifft` transform over several distinct axes, to the lengths `n` (zero padding and truncation included); `rfft`
and `irfft` over one. With w = exp(−2πi/n), the matrix w^{jk} of `fft` is symmetric. `rfft` keeps the rows k ≤ n/2 of
it, and `irfft` is its inverse, which counts the rows between the first and the one at n/2 twice; pairing as Re Σ v̄·v̇
gives the transposes below. Norms: the transpose of "backward" `rfft` is a sum without factor, so `irfft` in "forward".

Not for: the signatures of `numpy.fft` and `scipy.fft` (`adkit.numpy.fft`, `adkit.scipy.fft`). Source of the
definitions: the documentation of `numpy.fft`, and of `scipy.fft` for the cosine and sine transforms.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy

from ..backends import asarray_like, backend_of, cast, to_numpy
from ..dtypes import numpy_dtype
from ..errors import UnsupportedError
from ..primitive import Linear
from .elementwise import multiply
from .indexing import getitem
from .shape import conjugate, pad, shape_of

__adkit__ = True

DUAL = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def resized(x: Any, n: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """x with the given lengths along axes: cut at the end, or padded with zeros there. Its transpose is its inverse."""
    shape = shape_of(x)
    lengths = dict(zip(axes, n, strict=True))
    if any(lengths[i] < shape[i] for i in axes):
        x = getitem(x, index=tuple(slice(0, lengths.get(i, m)) for i, m in enumerate(shape)))
    if any(lengths[i] > shape[i] for i in axes):
        x = pad(x, widths=tuple((0, max(0, lengths.get(i, m) - m)) for i, m in enumerate(shape)))
    return x


def along(weights: Any, x: Any, axis: int) -> Any:
    """A vector of weights in the precision of x, shaped to multiply it along an axis."""
    dtype = numpy_dtype(x)
    real = numpy.empty(0, dtype).real.dtype if dtype.kind in "fc" else numpy.dtype(float)
    shaped = numpy.asarray(weights, dtype=real).reshape((-1,) + (1,) * (len(shape_of(x)) - 1 - axis))
    return asarray_like(shaped, getattr(x, "value", x))


# ------------------------------------------------------------------------------------------------ Fourier


def _complex(x: Any) -> Any:
    """A complex operand for libraries other than NumPy, some of which want one."""
    dtype = numpy_dtype(x)
    return x if dtype.kind == "c" else cast(x, numpy.result_type(dtype, numpy.complex64))


def _evaluate_complex(name: str) -> Any:
    def evaluate(xp: Any, x: Any, n: Any, axes: Any, norm: Any) -> Any:
        x = x if xp is numpy else _complex(x)
        if len(axes) == 1:
            return getattr(xp.fft, name)(x, n=n[0], axis=axes[0], norm=norm)
        return getattr(xp.fft, name + "n")(x, s=n, axes=axes, norm=norm)

    return evaluate


def _fft_batch(row: Any) -> Any:
    def batch(size: Any, operands: Any, batched: Any, axes: Any, **params: Any) -> Any:
        return row(operands[0], axes=tuple(i + 1 for i in axes), **params)

    return batch


def _same_again(row: str) -> Any:
    def transposed(g: Any, x: Any, n: Any, axes: Any, norm: Any) -> Any:
        made = {"fft": fft, "ifft": ifft}[row](g, n=n, axes=axes, norm=norm)
        return resized(made, tuple(shape_of(x)[i] for i in axes), axes)

    return transposed


def half(n: int) -> int:
    """The number of coefficients of a real transform of length n."""
    return n // 2 + 1


def _twice_between(n: int) -> numpy.ndarray:
    """For each coefficient of a real transform of length n how often the inverse counts it: twice but at 0 and n/2."""
    count = numpy.full(half(n), 2.0)
    count[0] = 1.0
    if n % 2 == 0:
        count[-1] = 1.0
    return count


def _rfft(xp: Any, x: Any, n: int, axis: int, norm: Any) -> Any:
    return xp.fft.rfft(x, n=n, axis=axis, norm=norm)


def _irfft(xp: Any, x: Any, n: int, axis: int, norm: Any) -> Any:
    return xp.fft.irfft(x if xp is numpy else _complex(x), n=n, axis=axis, norm=norm)


def _rfft_transpose(g: Any, x: Any, n: int, axis: int, norm: Any) -> Any:
    """Re Σ_k ḡ_k w^{jk} = Re Σ_k g*_k w^{−jk}: the inverse transform of the conjugate, with its double count undone."""
    g = multiply(conjugate(g), along(1 / _twice_between(n), g, axis))
    return resized(irfft(g, n=n, axis=axis, norm=DUAL[norm]), (shape_of(x)[axis],), (axis,))


def _irfft_transpose(g: Any, x: Any, n: int, axis: int, norm: Any) -> Any:
    made = conjugate(rfft(g, n=n, axis=axis, norm=DUAL[norm]))
    made = multiply(made, along(_twice_between(n), made, axis))
    return resized(made, (shape_of(x)[axis],), (axis,))


fft: Linear = Linear("fft", _evaluate_complex("fft"), _same_again("fft"))
ifft: Linear = Linear("ifft", _evaluate_complex("ifft"), _same_again("ifft"))
rfft: Linear = Linear("rfft", _rfft, _rfft_transpose)
irfft: Linear = Linear("irfft", _irfft, _irfft_transpose)


# ------------------------------------------------------------------------------------------------ cosine, sine, Hankel

_TRANSPOSED_TYPE = {1: 1, 2: 3, 3: 2, 4: 4}


def _scipy_fft(name: str) -> Any:
    """A function of `scipy.fft`; of CuPy's copy of it for CuPy's arrays, and by way of the host for others."""

    def evaluate(xp: Any, x: Any, **params: Any) -> Any:
        backend = backend_of(x)
        if backend is None:
            return _by_parts(getattr(importlib.import_module("scipy.fft"), name), x, params)
        if backend.name == "cupy":
            if name.startswith("d") and params["type"] in (2, 3) and params["orthogonalize"] is None:
                options = {key: value for key, value in params.items() if key != "orthogonalize"}
                return getattr(importlib.import_module("cupyx.scipy.fft"), name)(x, **options)
            raise UnsupportedError(
                f"scipy.fft.{name} of this type is not there for CuPy's arrays", fix="compute it on NumPy arrays"
            )
        return asarray_like(_by_parts(getattr(importlib.import_module("scipy.fft"), name), to_numpy(x), params), x)

    return evaluate


def _by_parts(function: Any, x: Any, params: Any) -> Any:
    """A real linear function of real and imaginary part: SciPy 1.17 forgets `orthogonalize` for complex operands."""
    if numpy_dtype(x).kind != "c":
        return function(x, **params)
    real, imag = function(x.real, **params), function(x.imag, **params)
    made = numpy.empty(real.shape, numpy.result_type(real.dtype, numpy.complex64))
    made.real, made.imag = real, imag
    return made


def _ends(kind: str, type: int, length: int, factor: float) -> numpy.ndarray:
    """The weights by which a cosine or sine transform differs from its transpose: the factor at the end elements."""
    weights = numpy.ones(length)
    if kind == "dct":
        weights[0] = factor
    if kind == "dst" or type == 1:
        weights[-1] = factor
    return weights


def _trigonometric(kind: str) -> Linear:
    """`dct` or `dst`: types 2 and 3 are each other's transpose, 1 and 4 their own, but for the count of end elements.

    With `orthogonalize` (SciPy's default for norm="ortho") the end elements are scaled so that they are exactly that.
    """

    def transposed(g: Any, x: Any, type: int, n: int, axis: int, norm: Any, orthogonalize: Any) -> Any:
        uneven = (type in (2, 3) or (type == 1 and kind == "dct")) and not (
            norm == "ortho" if orthogonalize is None else orthogonalize
        )
        if uneven and type in (1, 2):
            g = multiply(g, along(_ends(kind, type, n, 2.0), g, axis))
        made = row(g, type=_TRANSPOSED_TYPE[type], n=n, axis=axis, norm=norm, orthogonalize=orthogonalize)
        if uneven and type in (1, 3):
            made = multiply(made, along(_ends(kind, type, n, 0.5), made, axis))
        return resized(made, (shape_of(x)[axis],), (axis,))

    row = Linear(kind, _scipy_fft(kind), transposed)
    return row


dct, dst = _trigonometric("dct"), _trigonometric("dst")
# the discrete Hankel transforms multiply by a symmetric matrix (Hankel's, between equal diagonal factors)
fht: Linear = Linear("fht", _scipy_fft("fht"), lambda g, x, **params: fht(g, **params))
ifht: Linear = Linear("ifht", _scipy_fft("ifht"), lambda g, x, **params: ifht(g, **params))


def _axis_batch(row: Any) -> Any:
    def batch(size: Any, operands: Any, batched: Any, axis: Any, **params: Any) -> Any:
        return row(operands[0], axis=axis + 1, **params)

    return batch


for _row in (fft, ifft):
    _row.batch = _fft_batch(_row)
for _row in (rfft, irfft, dct, dst):
    _row.batch = _axis_batch(_row)
for _row in (fft, ifft, rfft, irfft, dct, dst):
    _row.sparsity = "axis"
for _row in (fht, ifht):  # always along the last axis
    _row.batch = (lambda row: lambda size, operands, batched, **params: row(operands[0], **params))(_row)
