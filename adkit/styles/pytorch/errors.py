"""Errors of the face: PyTorch's words where it has them, with line and fix; a `RuntimeError` as there.

Not for: errors that the core raises.
"""

from __future__ import annotations

import sys
from typing import Any

from ...errors import AdkitError, UnsupportedError
from ...source import user_line

__adkit__ = True


class AutogradError(AdkitError, RuntimeError):
    """What PyTorch refuses with a `RuntimeError`."""


class FaceError(UnsupportedError, AttributeError):
    """A part of PyTorch that this face does not have."""


def refuse(message: str, fix: str) -> AutogradError:
    """The error with the user's line."""
    filename, line = user_line(sys._getframe(1))
    return AutogradError(message, fix=fix, filename=filename, line=line)


def missing(name: str, fix: str) -> FaceError:
    """The error for a name of PyTorch that is not here."""
    filename, line = user_line(sys._getframe(1))
    return FaceError(f"{name} is not part of adkit's PyTorch style", fix=fix, filename=filename, line=line)


def unknown(kind: str, value: Any, known: str) -> AutogradError:
    """The error for an option that does not exist."""
    return refuse(f"{kind} {value!r} is not known", f"use {known}")
