"""Putting the extension onto a shell and taking it off again.

IPython can register magics but not remove them, so what was put where is remembered here. Not for: what the magics do.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from .completion import OptionCompleter, make_matcher
from .errors import SyntaxErrorDisplay
from .location import CellLocator
from .magics import AdkitMagics
from .warned import UsersWarnings

__adkit__ = True

_loaded: weakref.WeakKeyDictionary[InteractiveShell, LoadedExtension] = weakref.WeakKeyDictionary()


class LoadedExtension:
    """Everything that one shell got."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = weakref.ref(shell)
        self.locator = CellLocator(shell)
        self.magics = AdkitMagics(shell, self.locator)
        parsers: dict[str, Any] = {"%%grad": AdkitMagics.grad_cell.parser, "%grad": AdkitMagics.grad_line.parser}
        self.syntax_errors = SyntaxErrorDisplay(shell)
        self.warnings = UsersWarnings()
        self.matcher = make_matcher(OptionCompleter(parsers, shell.user_ns))

    def put_on(self) -> None:
        """Register magics, matcher and event callbacks."""
        shell = self._shell()
        assert shell is not None
        shell.register_magics(self.magics)
        shell.events.register("pre_run_cell", self.locator.before_cell)
        shell.events.register("pre_run_cell", self.warnings.before_cell)
        self.warnings.put_on()
        self.syntax_errors.put_on(shell)
        if shell.Completer is not None:
            shell.Completer.custom_matchers.append(self.matcher)

    def take_off(self) -> None:
        """Remove them, leaving alone what somebody else has put in their place."""
        shell = self._shell()
        if shell is None:
            return
        registered = shell.magics_manager.magics
        for kind, names in self.magics.magics.items():
            for name in names:
                if getattr(registered[kind].get(name), "__self__", None) is self.magics:
                    del registered[kind][name]
        shell.magics_manager.registry.pop(type(self.magics).__name__, None)
        configurables: list[Any] = shell.configurables
        if self.magics in configurables:
            configurables.remove(self.magics)
        shell.events.unregister("pre_run_cell", self.locator.before_cell)
        shell.events.unregister("pre_run_cell", self.warnings.before_cell)
        self.warnings.take_off()
        self.syntax_errors.take_off(shell)
        if shell.Completer is not None and self.matcher in shell.Completer.custom_matchers:
            shell.Completer.custom_matchers.remove(self.matcher)


def load(shell: InteractiveShell) -> None:
    """Put the extension onto `shell`, in place of an older one of ours."""
    unload(shell)
    extension = LoadedExtension(shell)
    extension.put_on()
    _loaded[shell] = extension


def running_info(shell: InteractiveShell) -> Any:
    """What IPython tells of the cell that runs on `shell`; None where the extension is not loaded."""
    extension = _loaded.get(shell)
    return None if extension is None else extension.locator.info


def unload(shell: InteractiveShell) -> None:
    """Take the extension off `shell`; harmless where it is not loaded."""
    extension = _loaded.pop(shell, None)
    if extension is not None:
        extension.take_off()
        lifetime = sys.modules.get(f"{__package__}.explorer.lifetime")
        if lifetime is not None:
            lifetime.close_all()
