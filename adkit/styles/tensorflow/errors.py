"""The errors of the TensorFlow style: TensorFlow's classes by name, each an `AdkitError` with the line and the fix.

`tf.errors.InvalidArgumentError` is what operations raise for operands that do not fit; the others are Python's own
kinds that TensorFlow raises too. Not for: errors of the core (`adkit.errors`).
"""

from __future__ import annotations

import sys
from typing import TypeVar

from ...errors import AdkitError
from ...source import user_line

__adkit__ = True


class InvalidArgumentError(AdkitError, ValueError):
    """Operands of an operation whose shapes or dtypes do not go together."""


class SignatureError(InvalidArgumentError, TypeError):
    """Arguments of a `tf.function` that its `input_signature` does not allow."""


class OutOfBoundsError(InvalidArgumentError, IndexError):
    """An index outside of a tensor."""


class TapeError(AdkitError, RuntimeError):
    """A tape that was used up, or is used in a way that it was not made for."""


class TapeValueError(AdkitError, ValueError):
    """A tape that is started or stopped at the wrong moment, or a variable given a value that does not fit it."""


class ConversionError(AdkitError, TypeError):
    """A value that cannot become a tensor, or not of the dtype that was asked for."""


class RaggedError(AdkitError, ValueError):
    """Nested lists whose rows are not of one length."""


class NotOfferedError(AdkitError, AttributeError):
    """A name of TensorFlow's that this style does not have."""


Kind = TypeVar("Kind", bound=AdkitError)


def at_line(kind: type[Kind], message: str, fix: str) -> Kind:
    """An error of a kind that names the user's line.

    Example
    -------
    >>> error = at_line(InvalidArgumentError, "shapes differ", "reshape one")
    >>> error.message, error.fix
    ('shapes differ', 'reshape one')
    """
    filename, line = user_line(sys._getframe(1))
    return kind(message, fix=fix, filename=filename, line=line)


OpError = AdkitError
