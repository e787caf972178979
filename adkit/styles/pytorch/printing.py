"""Tensors as text, as PyTorch prints them: four digits, one width, `requires_grad` or `grad_fn` at the end.

Not for: other formats (`%%grad` shows values its own way).
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from .dtypes import default_complex, default_real, named
from .operands import plain

__adkit__ = True


class _Options:
    """How tensors are printed; one for the process, as in PyTorch."""

    precision, threshold, edgeitems, linewidth = 4, 1000, 3, 80
    sci_mode: bool | None = None


_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """`torch.set_printoptions`: digits, from how many elements on the middle is left out, and the width of a line.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> torch.set_printoptions(precision=2)
    >>> torch.tensor([1.23456])
    tensor([1.23])
    >>> torch.set_printoptions(profile="default")
    """
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    chosen = dict(_PROFILES[profile]) if profile else {}
    chosen |= {name: value for name, value in given.items() if value is not None}
    for name, value in chosen.items():
        setattr(_Options, name, value)
    _Options.sci_mode = sci_mode


def as_text(tensor: Any) -> str:
    """What `repr(tensor)` is.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> torch.tensor([1.0, 2.5]), torch.tensor(3), torch.tensor([1e-5, 1.0])
    (tensor([1.0000, 2.5000]), tensor(3), tensor([1.0000e-05, 1.0000e+00]))
    """
    value = numpy.asarray(plain(tensor))
    prefix = f"{tensor._prefix}(" if hasattr(tensor, "_prefix") else "tensor("
    suffixes = []
    if value.size == 0:
        body = "[]"
        if value.ndim != 1:
            suffixes.append(f"size={tuple(value.shape)}")
    else:
        body = _body(value, len(prefix))
    if value.dtype not in (default_real(), default_complex(), numpy.dtype("i8"), numpy.dtype("?")) or (
        value.size == 0 and value.dtype != default_real()
    ):
        suffixes.append(f"dtype={named(value.dtype)}")
    if tensor.grad_fn is not None:
        suffixes.append(f"grad_fn={tensor.grad_fn}")
    elif tensor.requires_grad:
        suffixes.append("requires_grad=True")
    return _with_suffixes(prefix + body, suffixes, len(prefix))


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    """Suffixes after the last line of the numbers, on a line of their own where that gets too long."""
    length = len(text) - text.rfind("\n") + (1 if "\n" not in text else 0)
    for suffix in suffixes:
        if length + len(suffix) + 2 > _Options.linewidth:
            text += ",\n" + " " * indent + suffix
            length = indent + len(suffix)
        else:
            text += ", " + suffix
            length += len(suffix) + 2
    return text + ")"


class _Numbers:
    """How the numbers of one array are written: whole, with four decimals, or in powers of ten; at one width."""

    def __init__(self, shown: numpy.ndarray) -> None:
        self.kind = shown.dtype.kind
        self.whole, self.scientific, self.width = True, False, 1
        if self.kind not in "f":
            texts = [str(v) for v in shown.tolist()]
            self.width = max(map(len, texts), default=1)
            return
        finite = shown[numpy.isfinite(shown) & (shown != 0)]
        if finite.size:
            sizes = numpy.abs(finite.astype(numpy.float64))
            high, low = float(sizes.max()), float(sizes.min())
            self.whole = bool(numpy.all(finite == numpy.ceil(finite)))
            huge = high / low > 1000.0 or high > 1.0e8 or (not self.whole and low < 1.0e-4)
            self.scientific = huge if _Options.sci_mode is None else _Options.sci_mode
            self.width = max(len(self.text(v)) for v in finite.tolist())

    def text(self, value: Any) -> str:
        """One number, not yet padded."""
        if self.kind != "f":
            return str(value)
        if self.scientific:
            return f"{value:.{_Options.precision}e}"
        if self.whole:
            return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"
        return f"{value:.{_Options.precision}f}"

    def padded(self, value: Any) -> str:
        return self.text(value).rjust(self.width)


class _ComplexNumbers:
    """How complex numbers are written: both parts at widths of their own."""

    def __init__(self, shown: numpy.ndarray) -> None:
        self.real = _Numbers(shown.real.ravel())
        self.imag = _Numbers(numpy.abs(shown.imag).ravel())
        self.width = self.real.width + self.imag.width + 2

    def padded(self, value: Any) -> str:
        sign = "-" if math.copysign(1.0, value.imag) < 0 else "+"
        return f"{self.real.padded(value.real)}{sign}{self.imag.text(abs(value.imag))}j"


def _body(value: numpy.ndarray, indent: int) -> str:
    summarise = value.size > _Options.threshold
    shown = _edges(value) if summarise else value
    numbers = (_ComplexNumbers if value.dtype.kind == "c" else _Numbers)(shown.ravel())
    if value.ndim == 0:
        return numbers.padded(value.item()).strip() if value.dtype.kind != "c" else numbers.padded(value.item())
    return _nested(value, numbers, indent, summarise)


def _edges(value: numpy.ndarray) -> numpy.ndarray:
    """The elements that a summary shows."""
    for axis, n in enumerate(value.shape):
        if n > 2 * _Options.edgeitems:
            value = numpy.take(value, [*range(_Options.edgeitems), *range(n - _Options.edgeitems, n)], axis)
    return value


def _nested(value: numpy.ndarray, numbers: Any, indent: int, summarise: bool) -> str:
    long = summarise and value.shape[0] > 2 * _Options.edgeitems
    if value.ndim == 1:
        per_line = max(1, math.floor((_Options.linewidth - indent) / (numbers.width + 2)))
        items = value.tolist()
        shown = [numbers.padded(v) for v in (items[: _Options.edgeitems] if long else items)]
        if long:
            shown += [" ...", *(numbers.padded(v) for v in items[-_Options.edgeitems :])]
        lines = [", ".join(shown[i : i + per_line]) for i in range(0, len(shown), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    parts = [_nested(part, numbers, indent + 1, summarise) for part in (value[: _Options.edgeitems] if long else value)]
    if long:
        parts += ["...", *(_nested(part, numbers, indent + 1, summarise) for part in value[-_Options.edgeitems :])]
    return "[" + ("," + "\n" * (value.ndim - 1) + " " * (indent + 1)).join(parts) + "]"
