"""Errors of the face: PyTorch's words where it has them, with line and fix; a `RuntimeError` as there.

Not for: errors that the core raises.
"""

from __future__ import annotations

import sys
from typing import Any

from ...errors import AdkitError, CheckError, DeviceError, UnsupportedError
from ...source import user_line

__adkit__ = True


class AutogradError(AdkitError, RuntimeError):
    """What PyTorch refuses with a `RuntimeError`."""


class FaceError(UnsupportedError, AttributeError):
    """A part of PyTorch that this face does not have."""


class GradcheckError(CheckError, RuntimeError):
    """A derivative that disagrees with differences."""


def no_device(message: str, call: str) -> DeviceError:
    """The error for another device than the CPU."""
    filename, line = user_line(sys._getframe(1))
    fix = f'leave {call} out, or use adkit.settings(device="gpu") with adkit.grad and NumPy or CuPy code'
    return DeviceError(message, fix=fix, filename=filename, line=line)


def refuse(message: str, fix: str) -> AutogradError:
    """The error with the user's line."""
    filename, line = user_line(sys._getframe(1))
    return AutogradError(message, fix=fix, filename=filename, line=line)


def missing(name: str, fix: str) -> FaceError:
    """The error for a name of PyTorch that is not here."""
    filename, line = user_line(sys._getframe(1))
    return FaceError(f"{name} is not part of adkit's PyTorch style", fix=fix, filename=filename, line=line)


def misfit(a: tuple[int, ...], b: tuple[int, ...], error: Exception) -> Exception:
    """PyTorch's error for shapes that do not broadcast, in the place of NumPy's; another error of NumPy's as it is."""
    for axis in range(-1, -1 - min(len(a), len(b)), -1):
        m, n = a[axis], b[axis]
        if m != n and 1 not in (m, n):
            return refuse(
                f"The size of tensor a ({m}) must match the size of tensor b ({n}) at non-singleton dimension "
                f"{max(len(a), len(b)) + axis}",
                "reshape one of them, or put in axes of length 1 with unsqueeze",
            )
    return error


def no_product(a: tuple[int, ...], b: tuple[int, ...]) -> AutogradError:
    """PyTorch's error for matrices and vectors that cannot be multiplied."""
    if len(a) == len(b) == 2:
        told = f"mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})"
    else:
        told = f"size mismatch: tensors of shapes {list(a)} and {list(b)} cannot be multiplied"
    return refuse(told, "the last axis of the first must be as long as the last but one of the second")


def unknown(kind: str, value: Any, known: str) -> AutogradError:
    """The error for an option that does not exist."""
    return refuse(f"{kind} {value!r} is not known", f"use {known}")
