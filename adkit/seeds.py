"""Seeds of sweeps: unit tangents, the cotangent 1, and the number of scalars in arrays.

Not for: sweeping.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy

from . import backends
from .dtypes import numpy_dtype
from .handle import TracedArray

__adkit__ = True


def total_size(leaves: Sequence[Any]) -> int:
    """The number of scalars in leaves."""
    return sum(size_of(leaf) for leaf in leaves)


def size_of(leaf: Any) -> int:
    """The number of elements of a leaf."""
    return math.prod(getattr(leaf, "shape", ()))


def basis(leaf: Any) -> list[Any]:
    """The unit tangents of a leaf, one per element, in order."""
    plain = leaf.value if isinstance(leaf, TracedArray) else leaf
    shape = tuple(getattr(plain, "shape", ()))
    dtype = numpy_dtype(plain)
    if not shape:
        return [backends.asarray_like(1.0, plain, dtype) if backends.backend_of(plain) else dtype.type(1)]
    result = []
    for i in range(size_of(plain)):
        unit = numpy.zeros(shape, dtype)
        unit.reshape(-1)[i] = 1
        result.append(backends.asarray_like(unit, plain) if backends.backend_of(plain) else unit)
    return result


def seed_of(out: TracedArray) -> Any:
    """The cotangent 1 of a scalar output."""
    plain = out.value
    if backends.backend_of(plain) is not None:
        return backends.asarray_like(1.0, plain, numpy_dtype(plain))
    return numpy_dtype(plain).type(1)
