"""The errors of the Theano face: adkit's, which are also of the class that Theano raises in the same place.

Not for: errors of the core, which pass through unchanged.
"""

from __future__ import annotations

import sys
from typing import TypeVar

from ...errors import AdkitError, InputError, UnsupportedError
from ...source import user_line

__adkit__ = True


class DisconnectedInputError(AdkitError, ValueError):
    """A derivative by a variable that the cost does not depend on."""


class UnusedInputError(AdkitError, ValueError):
    """An input of `function` that its outputs do not use."""


class MissingInputError(AdkitError, ValueError):
    """A variable that an output needs and that is neither an input nor shared."""


class GraphError(AdkitError, TypeError):
    """An expression that cannot be built: a cost that is no scalar, types that do not fit."""


class SymbolicError(InputError):
    """A symbolic variable was used where Python needs a value."""


class ArgumentError(AdkitError, TypeError):
    """A value that a compiled function cannot take as an input."""


class AbsentError(UnsupportedError, AttributeError):
    """A name of Theano's that this face does not have."""


Kind = TypeVar("Kind", bound=AdkitError)


def at_line(kind: type[Kind], message: str, fix: str) -> Kind:
    """An error at the user's line.

    Example
    -------
    >>> str(at_line(GraphError, "cost must be a scalar", "sum it")).startswith("cost must be a scalar")
    True
    """
    filename, line = user_line(sys._getframe(1))
    return kind(message, fix=fix, filename=filename, line=line)


def unsupported(what: str, fix: str) -> UnsupportedError:
    """The error for a part of Theano that this face leaves out."""
    return at_line(UnsupportedError, f"{what} is not part of adkit's Theano style", fix)


__all__ = [
    "AbsentError",
    "ArgumentError",
    "DisconnectedInputError",
    "GraphError",
    "InputError",
    "MissingInputError",
    "SymbolicError",
    "UnusedInputError",
    "at_line",
    "unsupported",
]
