"""LU factors of plain matrices, remembered from a value to its derivative.

The derivatives of `solve`, `det` and `slogdet` need the factors that their values were computed from. While a
transformation runs, the factors of large enough matrices are therefore kept, with a copy of the matrix by which they
are found again: its contents decide, so that it does not matter who made the matrix or changes it later. They are
forgotten when the outermost transformation ends.

Not for: the row `lu_factor` (`factorizations`), or arrays of other libraries than NumPy.
"""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from typing import Any

import numpy

from .. import constants

__adkit__ = True

SMALLEST = 32  # below, the search costs more than the factors
KEPT = 1 << 26  # bytes that are remembered at most
THIN = 8  # more right-hand sides than n / THIN hide the cost of the factors
_SIZE = "bytes of LU factors"


@dataclass(frozen=True)
class Factors:
    """LAPACK's factors of a matrix: of `matrix`, which is in C order, or of its transpose where `turned`."""

    matrix: numpy.ndarray
    turned: bool
    lu: numpy.ndarray
    pivots: numpy.ndarray
    singular: bool

    def solve(self, b: numpy.ndarray, turned: bool) -> Any:
        """The solution of a system with the matrix, or with its transpose."""
        made, _ = _lapack("getrs", self.lu.dtype.char)(self.lu, self.pivots, b, trans=int(turned != self.turned))
        return made if made.flags.c_contiguous else numpy.ascontiguousarray(made)

    def inverse(self, turned: bool) -> Any:
        """The inverse of the matrix, or of its transpose."""
        n = self.lu.shape[0]
        made, _ = _lapack("getri", self.lu.dtype.char)(self.lu, self.pivots, lwork=64 * n)
        return made if turned == self.turned else made.T

    def sign_and_log(self) -> tuple[Any, Any]:
        """The sign of the determinant, and the logarithm of its size."""
        diagonal = self.lu.diagonal()
        size = numpy.abs(diagonal)
        swaps = numpy.count_nonzero(self.pivots != numpy.arange(len(self.pivots)))
        sign = numpy.prod(diagonal / size if diagonal.dtype.kind == "c" else numpy.sign(diagonal))
        return -sign if swaps % 2 else sign, numpy.sum(numpy.log(size))


def factors_of(a: Any) -> tuple[Factors, bool] | None:
    """The factors that serve a plain matrix, and whether it is the transpose of theirs.

    `None` for stacks and small matrices, and where no transformation runs: NumPy's functions then cost as little.
    """
    if type(a) is not numpy.ndarray or a.ndim != 2 or a.shape[0] != a.shape[1] or a.shape[0] < SMALLEST:
        return None
    memory = constants.memory()
    if memory is None or a.dtype.char not in "fdFD":
        return None
    turned = a.flags.f_contiguous and not a.flags.c_contiguous
    matrix = a.T if turned else a
    key = (a.dtype.char, a.shape[0], a.diagonal().tobytes())
    known = memory.get(key)
    if known is not None and (_is_same(known.matrix, matrix) or numpy.array_equal(known.matrix, matrix)):
        return known, turned
    lu, pivots, info = _lapack("getrf", a.dtype.char)(a)
    made = Factors(matrix if _is_locked(matrix) else matrix.copy(), turned, lu, pivots, info > 0)
    _remember(memory, key, made)
    return made, turned


def _is_locked(matrix: numpy.ndarray) -> bool:
    """Whether nobody changes an array while the transformation runs, see `constants.protect`."""
    owner = matrix.base
    return not matrix.flags.writeable and (
        owner is None or (type(owner) is numpy.ndarray and not owner.flags.writeable)
    )


def _is_same(known: numpy.ndarray, matrix: numpy.ndarray) -> bool:
    """Whether two matrices of one size are the same memory, which does not change."""
    return known.ctypes.data == matrix.ctypes.data and known.strides == matrix.strides and _is_locked(known)


def _remember(memory: dict[Any, Any], key: Any, made: Factors) -> None:
    size = 2 * made.lu.nbytes
    if size > KEPT:
        return
    if key not in memory:
        if size + memory.get(_SIZE, 0) > KEPT:
            memory.clear()
        memory[_SIZE] = memory.get(_SIZE, 0) + size
    memory[key] = made


def solve(a: Any, b: Any) -> Any:
    """`numpy.linalg.solve` of plain arrays."""
    if type(b) is numpy.ndarray and b.ndim in (1, 2) and b.dtype == a.dtype and b.shape[0] == a.shape[-1]:
        if b.ndim == 1 or 0 < b.shape[1] * THIN <= b.shape[0]:
            found = factors_of(a)
            if found is not None:
                factors, turned = found
                if factors.singular:
                    raise numpy.linalg.LinAlgError("Singular matrix")
                return factors.solve(b, turned)
    return numpy.linalg.solve(a, b)


def inverse(a: Any) -> Any:
    """`numpy.linalg.inv` of a plain array, from its factors where they are to be had."""
    found = factors_of(a)
    if found is None:
        return numpy.linalg.inv(a)
    factors, turned = found
    if factors.singular:
        raise numpy.linalg.LinAlgError("Singular matrix")
    return factors.inverse(turned)


def det(a: Any) -> Any:
    """`numpy.linalg.det` of a plain array."""
    found = factors_of(a)
    if found is None:
        return numpy.linalg.det(a)
    if found[0].singular:
        return a.dtype.type(0)
    sign, log = found[0].sign_and_log()
    return sign * numpy.exp(log)


def slogdet(a: Any) -> tuple[Any, Any]:
    """`numpy.linalg.slogdet` of a plain array."""
    found = factors_of(a)
    if found is None or found[0].singular:
        return tuple(numpy.linalg.slogdet(a))
    return found[0].sign_and_log()


@functools.cache
def _lapack(name: str, code: str) -> Any:
    lapack = importlib.import_module("scipy.linalg.lapack")
    return getattr(lapack, {"f": "s", "d": "d", "F": "c", "D": "z"}[code] + name)
