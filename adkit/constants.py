"""Plain arrays that a recording refers to, kept from silent change.

A derivative rule may read a plain array long after the user's code used it. If the code changed the array in between,
the derivative would be wrong without a word. Small arrays are therefore copied; large ones are made read-only while a
transformation runs, so that a change raises, and are checked by a checksum where a result outlives it (`vjp`,
`linearize`).

Not for: traced arrays, whose assignments never touch a value that was kept (`storage`).
"""

from __future__ import annotations

import threading
import zlib
from typing import Any

import numpy

from .backends import copy_of
from .errors import MutationError

__adkit__ = True

COPY_BYTES = 1 << 16


class _Protected(threading.local):
    """The large arrays protected by the transformations running in this thread."""

    def __init__(self) -> None:
        self.depth = 0
        self.locked: dict[int, numpy.ndarray] = {}
        self.used: dict[int, numpy.ndarray] = {}
        self.memory: dict[Any, Any] = {}


_protected = _Protected()


def protect(array: Any) -> Any:
    """An array with the same contents that nobody will change: a copy, or the array itself, locked."""
    if not isinstance(array, numpy.ndarray):
        return copy_of(array)
    if array.nbytes <= COPY_BYTES:
        return array.copy("K")
    if id(array) in _protected.used or _protected.depth == 0:
        return array
    _protected.used[id(array)] = array
    for owner in (array, array.base):
        if isinstance(owner, numpy.ndarray) and owner.flags.writeable and id(owner) not in _protected.locked:
            owner.flags.writeable = False
            _protected.locked[id(owner)] = owner
    return array


class Scope:
    """Around a transformation: what it protects is released when the outermost one ends, whatever happens."""

    __slots__ = ()

    def __enter__(self) -> None:
        _protected.depth += 1

    def __exit__(self, *exc: object) -> None:
        _protected.depth -= 1
        if _protected.depth == 0 and _protected.memory:
            _protected.memory.clear()
        if _protected.depth == 0 and _protected.used:
            locked = list(_protected.locked.values())
            _protected.locked.clear()
            _protected.used.clear()
            # owners first: a view can be made writable only while its base is
            for array in sorted(locked, key=lambda a: a.base is not None):
                array.flags.writeable = True


SCOPE = Scope()


def memory() -> dict[Any, Any] | None:
    """Where rules may leave what helps them later in the same outermost transformation; `None` outside of one."""
    return _protected.memory if _protected.depth else None


def is_inside() -> bool:
    """Whether a transformation runs in this thread."""
    return _protected.depth > 0


def is_lock_error(error: BaseException) -> bool:
    """Whether an exception comes from writing into an array that is locked now."""
    return isinstance(error, ValueError) and "read-only" in str(error) and bool(_protected.locked)


class Checksums:
    """Checksums of the large arrays in use, for a result that outlives its transformation, and of given other ones."""

    def __init__(self) -> None:
        self._sums = [(array, _checksum(array)) for array in _protected.used.values()]

    def add(self, array: numpy.ndarray) -> None:
        """Check this array too."""
        self._sums.append((array, _checksum(array)))

    def verify(self) -> None:
        """Raise `MutationError` if one of the arrays has changed since."""
        for array, checksum in self._sums:
            if _checksum(array) != checksum:
                raise MutationError(
                    f"a plain array of shape {array.shape} that this derivative needs changed after it was recorded",
                    fix="pass a copy (array.copy()) to the function, or take the derivative again",
                )


def _checksum(array: numpy.ndarray) -> int:
    return zlib.crc32(numpy.ascontiguousarray(array).view(numpy.uint8).reshape(-1))
