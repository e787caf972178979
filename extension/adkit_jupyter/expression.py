"""Differentiating the expression of a `%grad` line: its inputs are the floats and float arrays that it reads.

Not for: cells (`cell`).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from adkit.errors import InputError

from .cell import Program, code_of, record
from .errors import as_cell_error
from .inputs import plan_inputs
from .location import CellText
from .options import Options, briefly
from .syntax import expression_name

__adkit__ = True


def run_expression(
    shell: InteractiveShell, cell: CellText, options: Options, local_ns: Mapping[str, Any] | None = None
) -> Any:
    """The `adkit.Trace` of an expression in the user's namespace, or in that of the function that calls the magic.

    Raises `SyntaxError` for what is not an expression, `InputError` where it reads no float.
    """
    __tracebackhide__ = True
    program, local = prepare_expression(shell, cell, local_ns)
    return record(shell, program, options, local)


def prepare_expression(
    shell: InteractiveShell, cell: CellText, local_ns: Mapping[str, Any] | None = None
) -> tuple[Program, dict[str, Any] | None]:
    """An expression made ready, and a copy of the variables of the function that calls the magic, if one does."""
    __tracebackhide__ = True
    if not cell.text.strip():
        raise briefly(InputError("%grad needs an expression", fix="write one, such as: %grad x**2"))
    filename = cell.file_name(shell)
    try:
        tree = shell.compile.ast_parse(cell.text.rstrip().rstrip(";"), filename=filename, symbol="eval")
    except SyntaxError as error:
        raise as_cell_error(error) from None
    assert isinstance(tree, ast.Expression)
    local = None if local_ns is None or local_ns is shell.user_ns else dict(local_ns)
    as_cell = ast.Module([ast.Expr(tree.body)], [])
    program = Program(
        cell=cell,
        filename=filename,
        statements=code_of(shell, ast.Module([], []), filename),
        value=code_of(shell, tree, filename),
        value_name=expression_name(tree.body),
        plan=plan_inputs(as_cell, (), {**shell.user_ns, **(local or {})}),
        assigned=(),
    )
    return program, local
