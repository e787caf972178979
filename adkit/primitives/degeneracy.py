"""Warnings of derivatives that depend on a choice that a decomposition leaves open, at the user's line.

Where eigenvalues coincide, any basis of their eigenvectors will do, and the phase of a complex eigenvector is free.
A derivative that does not depend on the choice is right; of one that does, `DegenerateWarning` says why it is not.
The checks read values and only warn: no rule goes another way because of them.

Not for: the rules (`spectral`).
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy

from ..backends import to_numpy
from ..dtypes import numpy_dtype
from ..errors import DegenerateError, DegenerateWarning
from ..handle import untraced
from ..nodes import Node
from ..source import span_of, user_line
from .elementwise import absolute, less_equal
from .indexing import getitem
from .reduction import max_
from .shape import reshape, shape_of

__adkit__ = True

_SWEEPS = ("adkit.sweeps.reverse", "adkit.sweeps.forward", "adkit.sweeps.batch")
_registries: dict[str, dict[Any, Any]] = {}


def plain(x: Any) -> Any:
    """The NumPy value of an operand of a rule, for a check."""
    return numpy.asarray(to_numpy(untraced(x)))


def tolerance(w: Any, factor: float = 8.0) -> float:
    """What is rounding, relative to the largest of the values along the last axis."""
    return float(factor * max(1, shape_of(w)[-1]) * numpy.finfo(numpy_dtype(w)).eps)


def near_zero(w: Any) -> Any:
    """Which of the values along the last axis are 0 to rounding."""
    if shape_of(w)[-1] == 0:
        return less_equal(w, 0.0)
    size = absolute(w)
    n = len(shape_of(w))
    return less_equal(size, tolerance(w) * max_(size, axis=(n - 1,), keepdims=True))


def close_pairs(w: Any) -> Any:
    """For values (..., n) a mask (..., n, n): which pairs are equal to rounding, each with itself included."""
    shape = shape_of(w)
    distance = absolute(as_row(w) - as_column(w))
    if shape[-1] == 0:
        return less_equal(distance, 0.0)
    largest = max_(absolute(w), axis=(len(shape) - 1,), keepdims=True)
    return less_equal(distance, tolerance(w) * as_column(largest))


def as_row(w: Any) -> Any:
    """Values (..., n) as (..., 1, n)."""
    return reshape(w, shape=(*shape_of(w)[:-1], 1, shape_of(w)[-1]))


def as_column(w: Any) -> Any:
    """Values (..., n) as (..., n, 1)."""
    return reshape(w, shape=(*shape_of(w), 1))


def repeats(w: Any, excluded: Any = None) -> Any:
    """The mask of equal pairs of different positions in plain values, or `None` if there is none.

    Positions that are `excluded` count as different from all others.
    """
    w = plain(w)
    n = w.shape[-1]
    if n < 2 or not w.size:
        return None
    largest = numpy.max(numpy.abs(w), axis=-1)
    limit = float(8.0 * n * numpy.finfo(w.real.dtype).eps) * largest[..., None]
    if w.dtype.kind == "f" and numpy.all(numpy.abs(numpy.diff(numpy.sort(w, -1), axis=-1)) > limit):
        return None
    mask = numpy.abs(w[..., None, :] - w[..., :, None]) <= limit[..., None]
    mask &= ~numpy.eye(n, dtype=bool)
    if excluded is not None:
        mask &= ~(excluded[..., :, None] | excluded[..., None, :])
    return mask if mask.any() else None


def large(parts: Any, scale: Any) -> bool:
    """Whether a plain array has an element that is no rounding error beside `scale`."""
    parts = numpy.abs(parts)
    if not parts.size:
        return False
    rounding = float(numpy.sqrt(numpy.finfo(parts.dtype).eps))
    return bool(numpy.max(parts, initial=0.0) > rounding * max(float(numpy.max(numpy.abs(scale), initial=0.0)), 1e-300))


def warn(cause: str, consequence: str) -> None:
    """Issue a `DegenerateWarning` that names the cause, at the user's line of the decomposition."""
    filename, line = _place()
    place = f" (line {line})" if line else ""
    filename = filename or "<unknown>"
    registry = _registries.setdefault(filename, {})
    warnings.warn_explicit(f"{cause}{place}: {consequence}", DegenerateWarning, filename, line or 1, registry=registry)


def failure(cause: str, fix: str) -> DegenerateError:
    """The error for a point where a rule has no derivative to give, at the user's line of the decomposition."""
    filename, line = _place()
    return DegenerateError(cause, fix=fix, filename=filename, line=line)


def _place() -> tuple[str | None, int | None]:
    """File and line of the instruction whose rule is being applied, else of the user's code that asked for it."""
    frame: Any = sys._getframe(1)
    first = frame
    while frame is not None:
        if frame.f_globals.get("__name__") in _SWEEPS:
            node = frame.f_locals.get("node")
            span = span_of(node.code, node.lasti & ~1) if isinstance(node, Node) else None
            if span is not None:
                return span.filename, span.line
        frame = frame.f_back
    return user_line(first)


def diagonal_of(x: Any) -> Any:
    """The diagonals of matrices, (..., n, n) to (..., n)."""
    n = shape_of(x)[-1]
    index = numpy.arange(n)
    return getitem(x, index=(..., index, index))
