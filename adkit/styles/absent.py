"""Imports of modules that a style does not have: `from torch.utils.data import DataLoader`, `import tensorflow.data`.

The last finder on `sys.meta_path`. It asks the module above for the name, whose refusal says what to use instead, and
raises that as an error of importing. Not for: what a style refuses, and why; each says that itself.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from ..errors import AdkitError
from ..source import is_library

__adkit__ = True

_FACES = f"{__name__.rpartition('.')[0]}."


class AbsentModuleError(AdkitError, ModuleNotFoundError):
    """A module of another system's that its style here does not have."""


def _import_statement() -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (is_library(frame) or frame.f_code.co_filename.startswith("<frozen importlib")):
        frame = frame.f_back
    return frame


class _Refusals:
    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        """Nothing, or the error for a module that a style refuses; other modules are no concern of it."""
        if not name.startswith(_FACES):
            return
        above, _, last = name.rpartition(".")
        try:
            getattr(sys.modules.get(above), last)
        except AdkitError as refusal:
            frame = _import_statement()
            place = (None, None) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
            message = refusal.message
            raise AbsentModuleError(message, fix=refusal.fix, filename=place[0], line=place[1]) from None
        except AttributeError:
            return


def install() -> None:
    """Enter the finder, behind all others."""
    if _Refusals not in sys.meta_path:
        sys.meta_path.append(_Refusals)


__all__ = ["AbsentModuleError", "install"]
