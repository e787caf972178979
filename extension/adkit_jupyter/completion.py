"""Completion for the option lines of `%%grad`, `%grad` and `%adkit`, generated from their argument parsers.

Offers options, their choices (`--mode f`, `--mode=f`), comma-separated views, and variables of the cell and of the
namespace. Not for: the code below the option line, which IPython completes itself.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

import adkit
from adkit.settings import CHOICES

from . import options
from .inputs import is_float
from .syntax import NameFlow

__adkit__ = True

_MAGIC = re.compile(r"^\s*(?:\w+\s*=\s*)?(%%grad|%grad|%adkit)\s+(.*)$", re.DOTALL)
_ASSIGNED = re.compile(r"^\s*([^\W\d]\w*)\s*(?::[^=]*)?=(?!=)", re.MULTILINE)
_VALUED = {"--view": (*options.EVERY_VIEW, "none")}


@dataclass(frozen=True)
class OptionLine:
    """The option line up to the cursor: which magic, the words before the one being typed, and that word."""

    magic: str
    words: tuple[str, ...]
    typed: str

    @classmethod
    def at(cls, text: str) -> OptionLine | None:
        """The option line that `text`, a line up to the cursor, is; None for other lines.

        >>> OptionLine.at("%%grad x --mo")
        OptionLine(magic='%%grad', words=('x',), typed='--mo')
        """
        match = _MAGIC.match(text)
        if match is None:
            return None
        *words, typed = re.split(r"\s+", match[2])
        return cls(match[1], tuple(words), typed)


class OptionCompleter:
    """The completions of one shell; `parsers` are the argument parsers by magic, `namespace` the user's."""

    def __init__(self, parsers: Mapping[str, argparse.ArgumentParser], namespace: Mapping[str, Any]) -> None:
        self._parsers = parsers
        self._namespace = namespace

    def complete(self, text: str, cell: str) -> list[tuple[str, str]]:
        """(text that replaces the typed word, kind) of each completion of `text`, a line up to the cursor."""
        line = OptionLine.at(text)
        if line is None:
            return []
        if line.magic == "%adkit":
            return _settings(line.typed)
        return self._of_parser(self._parsers[line.magic], line, cell)

    def _of_parser(self, parser: argparse.ArgumentParser, line: OptionLine, cell: str) -> list[tuple[str, str]]:
        actions = {option: action for action in parser._actions for option in action.option_strings}
        option, equals, _ = line.typed.partition("=")
        if equals and option in actions:
            return [(f"{option}={value}", kind) for value, kind in self._values(option, actions[option], line, cell)]
        if line.typed.startswith("-"):
            return [(name, "option") for name in actions if name.startswith(line.typed)]
        before = line.words[-1] if line.words else ""
        if before in actions and actions[before].nargs != 0:
            return self._values(before, actions[before], line, cell)
        if any(action.dest == "names" for action in parser._actions):
            return self._names(cell, line.typed, floats_only=True)
        return []

    def _values(self, option: str, action: argparse.Action, line: OptionLine, cell: str) -> list[tuple[str, str]]:
        typed = line.typed.partition("=")[2] if "=" in line.typed else line.typed
        if option in ("--of", "--why"):
            return self._names(cell, typed, floats_only=False)
        if option == "--diff":
            traces = [name for name, value in list(self._namespace.items()) if isinstance(value, adkit.Trace)]
            return [(name, "variable") for name in traces if name.startswith(typed) and not name.startswith("_")]
        done, comma, part = typed.rpartition(",") if option == "--view" else ("", "", typed)
        choices: Iterable[str] = _VALUED.get(option) or action.choices or ()
        return [(done + comma + choice, "value") for choice in choices if choice.startswith(part)]

    def _names(self, cell: str, typed: str, floats_only: bool) -> list[tuple[str, str]]:
        """Variables of the cell first, then floats and float arrays (or, for `--of`, nothing else)."""
        names = dict.fromkeys(cell_names(cell))
        if floats_only:
            names.update(dict.fromkeys(n for n, v in list(self._namespace.items()) if is_float(n, v)))
        head, comma, part = typed.rpartition(",")
        return [(head + comma + name, "variable") for name in names if name.startswith(part)]


def _settings(typed: str) -> list[tuple[str, str]]:
    choices = CHOICES
    name, equals, part = typed.partition("=")
    if equals:
        return [(f"{name}={value}", "value") for value in choices.get(name, ()) if value.startswith(part)]
    return [(f"{key}=", "option") for key in choices if key.startswith(name)]


def cell_names(cell: str) -> list[str]:
    """The variables that a cell's text assigns, also while it does not parse yet."""
    try:
        return list(dict.fromkeys(NameFlow.of(ast.parse(cell)).assigned))
    except (SyntaxError, ValueError):
        return list(dict.fromkeys(_ASSIGNED.findall(cell)))


def make_matcher(completer: OptionCompleter) -> Any:
    """The matcher to put into `shell.Completer.custom_matchers`."""

    @context_matcher()
    def adkit_option_matcher(context: CompletionContext) -> SimpleMatcherResult:
        """Complete the option lines of adkit's magics."""
        line = OptionLine.at(context.text_until_cursor)
        if line is None or (line.magic == "%%grad" and context.cursor_line > 0 and _has_code_above(context)):
            return SimpleMatcherResult(completions=[])
        below = "\n".join(context.full_text.split("\n")[context.cursor_line + 1 :])
        found = completer.complete(context.text_until_cursor, below)
        return SimpleMatcherResult(
            completions=[SimpleCompletion(text=text, type=kind) for text, kind in found],
            matched_fragment=line.typed,
            suppress=bool(found),
            ordered=True,
        )

    return adkit_option_matcher


def _has_code_above(context: CompletionContext) -> bool:
    above = context.full_text.split("\n")[: context.cursor_line]
    return any(line.strip() and not line.lstrip().startswith("#") for line in above)
