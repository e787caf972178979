"""The magics: `%%grad` differentiates a cell, `%grad` an expression, `%adkit` shows and sets the session's settings.

Each only reads its option line and calls the function that does the work, so scripts can do without magics
(`adkit.trace`, `adkit.settings`). Not for: parsing (`options`), running (`cell`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import (
    Magics,
    cell_magic,
    line_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
    output_can_be_silenced,
)
from IPython.core.magic_arguments import argument, magic_arguments

import adkit
from adkit.check import confirmed
from adkit.errors import AdkitError
from adkit.exploring import explorer_module

from . import options
from .cell import nested_error, run_cell
from .expression import run_expression
from .location import CellLocator
from .options import Options, briefly, option_error

__adkit__ = True


_COMMON = (
    argument(
        "--mode",
        choices=options.MODES,
        metavar="auto|forward|reverse",
        help="how to differentiate; auto chooses by counting inputs and outputs",
    ),
    argument("--device", choices=options.DEVICES, metavar="cpu|gpu", help="where to compute"),
    argument("--order", default="1", metavar="N", help="order of the derivative"),
    argument(
        "--view",
        default=",".join(options.VIEWS),
        metavar="VIEWS",
        help="what to show: some of list,graph,plot,source,player, or none",
    ),
    argument("--check", action="store_true", help="compare with a numerical derivative, print the verdict"),
    argument("--explore", action="store_true", help="show it with controls that move the inputs and switch the mode"),
    argument("--nan", action="store_true", help="say where a NaN or infinity comes from"),
    argument("--flow", action="store_true", help="say where the gradient vanishes or explodes"),
    argument(
        "--why",
        action="append",
        nargs="?",
        const="",
        metavar="NAME",
        help="say through which paths the derivative by NAME comes; without NAME by the inputs",
    ),
    argument(
        "--diff", metavar="NAME", help="say what changed against the earlier trace NAME, which --name NAME has bound"
    ),
    argument("--cost", action="store_true", help="measure both modes; the output then differs from run to run"),
    argument(
        "--emit",
        choices=options.EMITS,
        metavar="next|print",
        help="write value and derivative as plain NumPy source, into a new cell below or as text",
    ),
    argument("--name", metavar="G", help="also bind the trace to this name"),
)


def _common(function: Any) -> Any:
    """The options that `%%grad` and `%grad` share."""
    for decorate in reversed(_COMMON):
        function = decorate(function)
    return function


@magics_class
class AdkitMagics(Magics):
    """The three magics of one shell; `locator` knows the text of the running cell."""

    def __init__(self, shell: InteractiveShell, locator: CellLocator) -> None:
        super().__init__(shell)
        self._user_shell = shell
        self.locator = locator
        self._running = False

    @no_var_expand
    @output_can_be_silenced
    @cell_magic("grad")
    @magic_arguments("%grad")
    @argument("names", nargs="*", metavar="NAMES", help="the inputs; without them the floats that the cell reads")
    @argument("--of", metavar="NAME", help="the output; without it the last expression, else the last name assigned")
    @_common
    def grad_cell(self, line: str, cell: str) -> Any:
        """Run the cell and show its derivative with the Wengert list behind it.

        The cell's value is the trace: `g = _` or `--name g`, then `g["x"]`, `g.gradient`.
        A semicolon at the end silences it.
        """
        __tracebackhide__ = True
        chosen = options.parse_cell_line(self.grad_cell.parser, line)
        with self._alone():
            before = _earlier(self._user_shell, chosen.diff)
            run = self._explorers().explore_cell if chosen.explore else run_cell
            trace = run(self._user_shell, self.locator.locate(line, cell), chosen)
            return self._finished(trace, chosen, before)

    @no_var_expand
    @needs_local_scope
    @output_can_be_silenced
    @line_magic("grad")
    @magic_arguments("grad")
    @_common
    @argument("expression", nargs="?", metavar="EXPR", help="an expression; its inputs are the floats that it reads")
    def grad_line(self, line: str, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Differentiate an expression: `%grad x**2 + np.sin(x)`. Options go in front of it."""
        __tracebackhide__ = True
        chosen, text = options.parse_expression_line(self.grad_line.parser, line)
        with self._alone():
            before = _earlier(self._user_shell, chosen.diff)
            run = self._explorers().explore_expression if chosen.explore else run_expression
            trace = run(self._user_shell, self.locator.expression(text), chosen, local_ns)
            return self._finished(trace, chosen, before)

    @no_var_expand
    @line_magic("adkit")  # type: ignore[arg-type]
    def adkit_settings(self, line: str) -> None:
        """Show the session's settings, or set them: `%adkit mode=forward device=cpu`."""
        __tracebackhide__ = True
        changes = dict(_assignment(word) for word in line.split())
        try:
            adkit.settings(**changes)
        except AdkitError as error:
            raise briefly(error) from None
        settings = dataclasses.asdict(adkit.settings.current())
        print("  ".join(f"{name}={value}" for name, value in settings.items()))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Refuse a magic that runs inside another."""
        __tracebackhide__ = True
        if self._running:
            raise nested_error()
        self._running = True
        try:
            yield
        finally:
            self._running = False

    @staticmethod
    def _explorers() -> Any:
        """The explorer, which needs ipywidgets and is imported only when it is asked for."""
        __tracebackhide__ = True
        try:
            return explorer_module()
        except AdkitError as error:
            raise briefly(error) from None

    def _finished(self, trace: Any, chosen: Options, before: Any = None) -> Any:
        """Bind the trace to its name, check and diagnose it if asked to, and hand it to IPython to show."""
        __tracebackhide__ = True
        if chosen.name is not None:
            self._user_shell.user_ns[chosen.name] = trace
        if chosen.check:
            try:
                print(confirmed(trace.check()))
            except AdkitError as error:
                raise briefly(error) from None
        if chosen.reports or before is not None:
            try:
                if isinstance(trace, adkit.Trace):
                    trace.reports = _diagnoses(trace, chosen, before)
                else:  # an explorer, which makes them anew for every picture
                    trace.diagnose(lambda shown: _diagnoses(shown, chosen, before))
            except AdkitError as error:
                raise briefly(error) from None
        if chosen.emit is not None:
            emit(self._user_shell, trace if isinstance(trace, adkit.Trace) else trace.trace, chosen.emit)
        return trace


def emit(shell: InteractiveShell, trace: adkit.Trace, where: str) -> None:
    """Write the source of a trace into a new cell below, or print it.

    Arrays that are too large for a text go to the user's namespace, as `NAME_constants`.
    """
    try:
        source = trace.to_source()
    except AdkitError as error:
        raise briefly(error) from None
    text = str(source)
    if source.constants:
        name = f"{source.function}_constants"
        shell.user_ns[name] = source.constants
        text += f"\n\n# its large arrays are in {name}: call it with **{name}\n"
    if where == "next":
        shell.set_next_input(text, replace=False)
    else:
        print(text, end="")


def diagnosis(trace: adkit.Trace, method: str, name: str | None) -> Any:
    """The report of a diagnosis, which is a method of the trace."""
    asked = getattr(trace, method)
    return asked() if name is None else asked(input=name)


def _diagnoses(trace: Any, chosen: Options, before: Any = None) -> tuple[Any, ...]:
    """The reports that an option line asks for; `before` is the trace to compare with."""
    made = [diagnosis(trace, method, name) for method, name in chosen.reports]
    return (*made, *(() if before is None else (before.diff(trace),)))


def _earlier(shell: InteractiveShell, name: str | None) -> Any:
    """The trace that `--diff` names, `None` for no name; taken before the cell runs, which may bind it anew."""
    if name is None:
        return None
    found = shell.user_ns.get(name)
    found = found if isinstance(found, adkit.Trace) or found is None else getattr(found, "trace", None)
    if not isinstance(found, adkit.Trace):
        what = f"{name} is not bound" if name not in shell.user_ns else f"{name} is no trace"
        raise option_error(f"--diff: {what}", f"run the cell to compare with under %%grad --name {name} first")
    return found


def _assignment(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise option_error(f"{word!r} sets nothing", "write %adkit mode=forward device=cpu, without spaces around =")
    return name, value
