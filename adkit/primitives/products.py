"""The row of `convolve`: the full product of two sequences, each at least as long as 1.

Not for: products of matrices (`primitives.linalg`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ..primitive import Multilinear
from .indexing import getitem
from .shape import flip, shape_of, through_numpy

__adkit__ = True


def _convolve(xp: Any, a: Any, v: Any) -> Any:
    function = getattr(xp, "convolve", None)
    return function(a, v) if function is not None else through_numpy(numpy.convolve, (a, v))


def _transpose(g: Any, other: Any) -> Any:
    """Σ_j g[i + j] · other[j], the part of g ∗ reversed(other) where they overlap fully."""
    n, m = shape_of(g)[0], shape_of(other)[0]
    return getitem(convolve(g, flip(other, axis=(0,))), index=(slice(m - 1, n),))


convolve: Multilinear = Multilinear(
    "convolve", _convolve, lambda g, a, v: _transpose(g, v), lambda g, a, v: _transpose(g, a), symbol="{0} ∗ {1}"
)
convolve.sparsity = "convolution"
