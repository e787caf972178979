"""The options of the magics: parsing, checking, and errors that suggest the nearest spelling.

Option errors are ordinary exceptions, never IPython's `UsageError`, which notebook test runners do not see.
Not for: which variables are inputs (`inputs`) and what a cell does (`cell`).
"""

from __future__ import annotations

import argparse
import ast
import difflib
import keyword
import linecache
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from IPython.core.error import UsageError

from adkit.errors import AdkitError, OptionError

__adkit__ = True

MODES = ("auto", "forward", "reverse")
DEVICES = ("cpu", "gpu")
EMITS = ("next", "print")
VIEWS = ("list", "graph", "plot", "source")
DIAGNOSES = {"nan": "why_nan", "flow": "flow", "cost": "cost"}  # option -> the method of a trace that answers
EVERY_VIEW = (*VIEWS, "player")  # the last one only where it is asked for

_LEADING_OPTION = re.compile(r"(--[A-Za-z][\w-]*)(?:=(\S*))?(?:\s+|$)")
_INVALID_CHOICE = re.compile(r"argument (\S+): invalid choice: '?(.*?)'? \(choose from")
_Error = TypeVar("_Error", bound=AdkitError)


@dataclass(frozen=True)
class Options:
    """What the option line of `%%grad` or `%grad` asks for; `None` means "as the session's settings say"."""

    names: tuple[str, ...] = ()
    of: str | None = None
    mode: str | None = None
    device: str | None = None
    order: int = 1
    views: tuple[str, ...] = VIEWS
    check: bool = False
    name: str | None = None
    explore: bool = False
    emit: str | None = None
    diff: str | None = None
    reports: tuple[tuple[str, str | None], ...] = ()  # (method of the trace, input that it is asked about)


def nearest(word: str, candidates: Iterable[str], otherwise: str) -> str:
    """The end of an error message: "did you mean …?" if something is spelled like `word`, else `otherwise`.

    >>> nearest("forwrd", ("auto", "forward"), "use one of auto, forward")
    'did you mean forward?'
    """
    near = difflib.get_close_matches(word, list(candidates), 1)
    return f"did you mean {near[0]}?" if near else otherwise


def briefly(error: _Error) -> _Error:
    """Return `error`, told to show itself in a notebook without a traceback: its source line, if known, its message
    and its notes.
    """

    def render() -> list[str]:
        text = linecache.getline(error.filename, error.line) if error.filename and error.line else ""
        place = [f"----> {error.line} {text.rstrip()}", ""] if text.strip() else []
        notes = [line for note in getattr(error, "__notes__", ()) for line in ("", note)]
        return [*place, f"{type(error).__name__}: {error}", *notes]

    error._render_traceback_ = render  # type: ignore[attr-defined]
    return error


def option_error(message: str, fix: str) -> OptionError:
    """An `OptionError` that a notebook shows briefly."""
    return briefly(OptionError(message, fix=fix))


def order_number(text: str) -> int:
    """The argument of `--order`: a whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        message = f"--order takes a whole number from 1, not {text!r}"
        raise option_error(message, "write --order 2 for second derivatives")
    return int(text)


def view_list(text: str) -> tuple[str, ...]:
    """The argument of `--view`: some of `EVERY_VIEW` with commas between, or `none`.

    >>> view_list("list,graph")
    ('list', 'graph')
    """
    words = tuple(word for word in text.split(",") if word)
    if words == ("none",):
        return ()
    for word in words:
        if word not in EVERY_VIEW:
            raise option_error(
                f"unknown view {word!r}", nearest(word, EVERY_VIEW, f"use {','.join(EVERY_VIEW)} or none")
            )
    return words


def parse_cell_line(parser: argparse.ArgumentParser, line: str) -> Options:
    """The options of `%%grad LINE`.

    Raises `OptionError` for anything that is not an option, a choice or a name.
    """
    return _options(_parsed(parser, _split(line)))


def parse_expression_line(parser: argparse.ArgumentParser, line: str) -> tuple[Options, str]:
    """The options of `%grad LINE`, in front of its expression or behind, and the expression exactly as it was typed.

    What stands behind is read as options only where it cannot be Python: `x --y` is a difference.
    """
    flags = {option for action in parser._actions if action.nargs == 0 for option in action.option_strings}
    argv: list[str] = []
    rest = line.strip()
    while (match := _LEADING_OPTION.match(rest)) is not None:
        option, value = match.groups()
        rest = rest[match.end() :]
        argv.append(option if value is None else f"{option}={value}")
        if value is None and option == "--why" and is_expression(rest):
            continue  # asked without a name
        if value is None and option not in flags:
            word, _, rest = rest.partition(" ")
            argv += [word] if word else []
            rest = rest.lstrip()
    behind = re.search(r"\s--[A-Za-z]", rest)
    if behind is not None and not is_expression(rest):
        argv += _split(rest[behind.start() :])
        rest = rest[: behind.start()]
    return _options(_parsed(parser, argv)), rest.strip()


def is_expression(text: str) -> bool:
    """Whether `text` is a Python expression."""
    try:
        ast.parse(text.strip().rstrip(";"), mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _split(line: str) -> list[str]:
    """The words of an option line; a comment at its end is dropped, commas between names are allowed."""
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise option_error(f"the option line cannot be read: {error}", "close the quotes") from None


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    known = [option for action in parser._actions for option in action.option_strings]
    for word in argv:
        option = word.split("=")[0]
        if re.match(r"-\D", word) and option not in known:
            raise option_error(f"unknown option {option}", nearest(option, known, f"use one of {', '.join(known)}"))
    try:
        return parser.parse_intermixed_args(list(argv))
    except UsageError as error:
        raise _translated(str(error), parser) from None


def _translated(message: str, parser: argparse.ArgumentParser) -> OptionError:
    """argparse's message in our words."""
    if (match := _INVALID_CHOICE.match(message)) is not None:
        option, value = match.groups()
        choices = next(tuple(a.choices or ()) for a in parser._actions if option in a.option_strings)
        return option_error(
            f"{option} cannot be {value!r}", nearest(value, choices, f"use one of {', '.join(choices)}")
        )
    if (match := re.match(r"argument (\S+): (.*)", message)) is not None:
        return option_error(f"{match[1]}: {match[2]}", f"see what {match[1]} takes with %%grad?")
    return option_error(message, "see the options with %%grad?")


def _options(parsed: argparse.Namespace) -> Options:
    words = [name for word in getattr(parsed, "names", None) or () for name in word.split(",") if name]
    given = (getattr(parsed, "of", None), parsed.name, parsed.diff, *(parsed.why or ()))
    for name in [*words, *filter(None, given)]:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise option_error(f"{name!r} is not a variable name", "name a variable, such as: %%grad x w")
    return Options(
        names=tuple(dict.fromkeys(words)),
        of=getattr(parsed, "of", None),
        mode=parsed.mode,
        device=parsed.device,
        order=order_number(parsed.order),
        views=view_list(parsed.view),
        check=parsed.check,
        name=parsed.name,
        explore=parsed.explore,
        emit=parsed.emit,
        diff=parsed.diff,
        reports=_reports(parsed),
    )


def _reports(parsed: argparse.Namespace) -> tuple[tuple[str, str | None], ...]:
    """The diagnoses asked for."""
    chosen: list[tuple[str, str | None]] = [(made, None) for flag, made in DIAGNOSES.items() if getattr(parsed, flag)]
    return (*chosen, *(("why", name or None) for name in parsed.why or ()))
