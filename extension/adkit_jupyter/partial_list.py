"""The list of a cell that failed, up to the failing instruction, shown as an output before the error.

The error stays the user's, with its traceback; should the list itself fail, a note on the error says so. Not for:
making the list (`adkit.partial`), option errors, which have run nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.display import display

from adkit.handle import is_traced

from .faces import seen_by_core
from .options import Options

__adkit__ = True


@contextmanager
def showing_partial_list(rec: Any, program: Any, options: Options, space: Any) -> Iterator[None]:
    """Run the user's code in this block: if it raises, what was recorded is displayed before the error goes on."""
    __tracebackhide__ = True
    try:
        yield
    except Exception as error:
        try:
            show(rec, program, options, space, error)
        except Exception as failure:
            error.add_note(f"adkit could not show what had been recorded: {type(failure).__name__}: {failure}")
        raise


def show(rec: Any, program: Any, options: Options, space: Any, error: Exception) -> None:
    """Display what was recorded before an error, if anything was."""
    from adkit.partial import PartialTrace, left_behind
    from adkit.settings import settings
    from adkit.trace import CellSource
    from adkit.tracing import not_recording

    inputs = {name: handle.node for name, handle in space.inputs.recorded.items()}
    if not inputs or not options.views:
        return
    known = {name: seen_by_core(value) for name, value in space.namespace.items()}
    names = {value.node: name for name, value in known.items() if is_traced(value) and not name.startswith("_")}
    names = {node: name for node, name in names.items() if node not in inputs.values()}
    found = left_behind(error.__traceback__, known.values())
    source = CellSource(program.cell.text, program.filename, 1)
    with not_recording(), settings(nan="allow"):
        partial = PartialTrace(inputs, found, rec.guards, error, source, names, options.views)
        if partial.count:
            display(partial)
