"""The errors that adkit raises.

Every one derives from `AdkitError`, names the user's line where there is one, and ends with the fix.
Not for: errors of the user's own code, which pass through unchanged.
"""

from __future__ import annotations

__adkit__ = True


class AdkitError(Exception):
    """Base of all errors of adkit.

    Parameters
    ----------
    message: what went wrong, one sentence.
    fix: what to write instead, one sentence; it ends the message.
    filename, line: the user's source line, where one is known.

    Example
    -------
    >>> str(AdkitError("the output does not depend on x", fix="return something computed from x"))
    'the output does not depend on x. Fix: return something computed from x'
    """

    _beside_cell = False

    def __init__(self, message: str, *, fix: str = "", filename: str | None = None, line: int | None = None) -> None:
        self.message = message
        self.fix = fix
        self.filename = filename
        self.line = line
        super().__init__(self._text())

    def _text(self) -> str:
        file = _of_file(self.filename) if self.line is not None and (self._beside_cell or _is_installed(self)) else ""
        place = f" (line {self.line}{file})" if self.line is not None else ""
        fix = f". Fix: {self.fix}" if self.fix else ""
        return f"{self.message}{place}{fix}"

    def beside_cell(self) -> None:
        """Let the message name the file of its line, if that is not a notebook's cell: the reader looks at one."""
        self._beside_cell = True
        self.args = (self._text(),)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.fix, self.filename, self.line)


def _is_installed(error: AdkitError) -> bool:
    return "site-packages" in (error.filename or "")


def _of_file(filename: str | None) -> str:
    """ " of module.py" for a line that is in a file; nothing for one of a cell."""
    from .snippets import CELL, short_name

    short = CELL if filename is None else short_name(filename)
    return "" if short == CELL else f" of {short}"


def _rebuild(kind: type[AdkitError], message: str, fix: str, filename: str | None, line: int | None) -> AdkitError:
    return kind(message, fix=fix, filename=filename, line=line)


class LeakError(AdkitError, TypeError):
    """A traced value was about to become a plain number, which would lose its derivative."""


class IndependentError(AdkitError, ValueError):
    """The output does not depend on the inputs."""


class InputError(AdkitError, TypeError):
    """An input that cannot be differentiated, such as an integer array."""


class ModeError(AdkitError, ValueError):
    """An unknown or impossible mode, or an output of the wrong shape for the transformation."""


class OptionError(AdkitError, ValueError):
    """An unknown option or name given to a magic or to `settings`."""


class UnsupportedError(AdkitError, TypeError):
    """A function or an option of a function that has no derivative rule."""


class MutationError(AdkitError, ValueError):
    """A plain array that a derivative needs was changed after it had been used."""


class PathError(AdkitError, ValueError):
    """A recorded path that does not hold at another point."""


class DeviceError(AdkitError, RuntimeError):
    """A device that is not there, or arrays of two devices in one operation."""


class VersionError(AdkitError, ValueError):
    """A pickled or saved list of another version."""


class PlanError(AdkitError, ValueError):
    """A sparse plan was used at a point where the function runs another program."""


class CheckError(AdkitError, AssertionError):
    """The derivative and its independent check disagree."""


class PackageError(AdkitError, ImportError):
    """A part of adkit that needs a package which is not installed."""


class NonFiniteError(AdkitError, ArithmeticError):
    """A value or derivative is NaN or infinite, and `adkit.settings(nan="raise")` asks for an error.

    `report` is what `Trace.why_nan` would say.
    """

    def __init__(
        self,
        message: str,
        *,
        fix: str = "",
        filename: str | None = None,
        line: int | None = None,
        report: object = None,
    ) -> None:
        self.report = report
        super().__init__(message, fix=fix, filename=filename, line=line)

    def _text(self) -> str:
        return f"{self.message}. Fix: {self.fix}" if self.fix else self.message  # the message names the line itself

    def __reduce__(self) -> tuple[object, ...]:
        return (*super().__reduce__(), dict(self.__dict__))


class DegenerateError(AdkitError, ValueError):
    """A point where a function of a matrix has no derivative: a rank or an eigenvector basis breaks down there."""


class DegenerateWarning(UserWarning):
    """A derivative that depends on a choice that the function leaves open: repeated eigenvalues or singular values, or
    the phase of complex eigenvectors.
    """


class TrainingWarning(UserWarning):
    """A run of `adkit.optim.fit` stopped since a loss or gradient was NaN or infinite."""
