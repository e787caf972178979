"""Numbers and arrays as text: six significant digits, a real minus sign, one line.

Not for: layout of lists and tables (`views`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from .backends import to_numpy

__adkit__ = True

_SHOWN = 6  # elements of a small array that are written out


def number(value: Any) -> str:
    """One number with six significant digits.

    Example
    -------
    >>> number(-0.33455412), number(2.0), number(1e-12), number(1 - 2j)
    ('−0.334554', '2', '1e−12', '1 − 2j')
    """
    if isinstance(value, (bool, numpy.bool_)):
        return "true" if value else "false"
    if isinstance(value, (complex, numpy.complexfloating)):
        sign = "−" if value.imag < 0 or (value.imag == 0 and math.copysign(1, value.imag) < 0) else "+"
        return f"{number(value.real)} {sign} {number(abs(value.imag))}j"
    if isinstance(value, (int, numpy.integer)):
        return str(int(value)).replace("-", "−")
    text = f"{float(value):.6g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return "0" if text == "-0" else text.replace("-", "−")


def value(array: Any) -> str:
    """A value in one line: a number, a short array written out, or a statistic of a larger one.

    Example
    -------
    >>> value(numpy.array([1.0, 2.5]))
    '[1, 2.5]'
    >>> value(numpy.zeros((100, 100)))
    'mean 0 ± 0, 0 … 0'
    """
    if array is None:
        return ""
    if isinstance(array, tuple):
        return f"{len(array)} results"
    plain = to_numpy(array)
    if not isinstance(plain, numpy.ndarray) or plain.ndim == 0:
        return number(plain.item() if isinstance(plain, numpy.ndarray) else plain)
    if plain.size == 0:
        return "[]"
    if plain.size <= _SHOWN:
        return _written(plain.tolist())
    return statistic(plain)


def _written(nested: Any) -> str:
    return "[" + ", ".join(map(_written, nested)) + "]" if isinstance(nested, list) else number(nested)


def statistic(array: numpy.ndarray) -> str:
    """Mean, spread and range of an array, and how many elements are NaN or infinite."""
    if array.dtype.kind == "b":
        return f"{int(array.sum())} of {array.size} true"
    magnitude = numpy.abs(array) if array.dtype.kind == "c" else array
    finite = magnitude[numpy.isfinite(magnitude)]
    text = "no finite element"
    if finite.size:
        with numpy.errstate(over="ignore"):
            mean, std = finite.mean(dtype=float), finite.std(dtype=float)
        text = f"mean {number(mean)} ± {number(std)}, {number(finite.min())} … {number(finite.max())}"
    if array.dtype.kind == "c":
        text = "|·| " + text
    nan = int(numpy.isnan(magnitude).sum())
    infinite = magnitude.size - finite.size - nan
    return text + (f", {nan} NaN" if nan else "") + (f", {infinite} infinite" if infinite else "")


def magnitude(array: Any) -> float | None:
    """The largest magnitude in an array; `None` if an element is not finite."""
    if isinstance(array, tuple):
        sizes = [magnitude(part) for part in array if part is not None]
        return None if None in sizes else max((s for s in sizes if s is not None), default=0.0)
    plain = numpy.asarray(to_numpy(array))
    if plain.size == 0:
        return 0.0
    largest = float(numpy.abs(plain).max())
    return rounded(largest)


def rounded(x: Any) -> float | None:
    """A number for drawing: six significant digits, `None` where it is not finite."""
    x = float(numpy.real(x))
    return float(f"{x:.6g}") if math.isfinite(x) else None


def shape(dims: tuple[int, ...]) -> str:
    """A shape as it is written in a text: `3×2`; nothing for a scalar."""
    return "×".join(map(str, dims))
