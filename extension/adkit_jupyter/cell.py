"""Running a cell under `%%grad`: the user's code, with the user's lines in tracebacks, recorded; then its trace.

The cell is compiled under its own file name with its own line numbers and run in the user's namespace, so an error in
it is the user's error. Not for: options (`options`), names (`inputs`), the namespace's care (`namespace`).
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Any, NoReturn, cast

import numpy
from IPython.core.interactiveshell import InteractiveShell

import adkit
from adkit.errors import AdkitError, InputError
from adkit.handle import is_traced
from adkit.sweeps.order import ancestors

from .errors import as_cell_error
from .faces import differentiated, leaves_of, seen_by_core
from .inputs import InputPlan, Inputs, plan_inputs
from .location import CellText
from .namespace import RecordedNamespace
from .options import Options, briefly, nearest, option_error
from .partial_list import showing_partial_list
from .rewriting import mark_imports, split_value
from .syntax import NameFlow, awaits_at_top, expression_name

__adkit__ = True

WRAPPED = "setting an array element"  # how NumPy reports an error from within an assignment
_AS_FROM_NUMPY = (TypeError, ValueError, IndexError, ArithmeticError)  # NumPy raises these for bad arguments
_NESTED = re.compile(r"^[ \t]*%%grad\b", re.MULTILINE)


@dataclass(frozen=True)
class Program:
    """A cell made ready: its code, the code of its last expression, its inputs, and what may name its output."""

    cell: CellText
    filename: str
    statements: CodeType
    value: CodeType | None
    value_name: str
    plan: InputPlan
    assigned: tuple[str, ...]


def run_cell(shell: InteractiveShell, cell: CellText, options: Options) -> Any:
    """Run `cell` in the user's namespace and return its `adkit.Trace`.

    Raises whatever the user's code raises, and `AdkitError`s where there is no derivative to be had.
    """
    __tracebackhide__ = True
    program = prepare(shell, cell, options)
    return record(shell, program, options)


# ------------------------------------------------------------------------------------------------ preparing


def prepare(shell: InteractiveShell, cell: CellText, options: Options) -> Program:
    """Parse, check, rewrite and compile a cell; nothing of it has run yet."""
    __tracebackhide__ = True
    if (nested := _NESTED.search(cell.body)) is not None:
        raise nested_error(cell.offset + cell.body.count("\n", 0, nested.end()) + 1)
    filename = cell.file_name(shell)
    try:
        tree = parse(shell, cell, filename)
        return compiled(shell, cell, filename, shell.transform_ast(tree), options)
    except SyntaxError as error:
        raise as_cell_error(error) from None


def nested_error(line: int | None = None) -> AdkitError:
    """The error for `%%grad` inside `%%grad`."""
    fix = "leave the inner %%grad out; for a second derivative use --order 2, or adkit.grad inside the cell"
    return briefly(InputError("a %%grad cell cannot contain another %%grad", fix=fix, line=line))


def parse(shell: InteractiveShell, cell: CellText, filename: str) -> ast.Module:
    """The syntax tree of the cell's body, its line numbers those of the whole cell.

    Raises `SyntaxError` as a plain cell would, and `InputError` for an empty body and for `await` at the top.
    """
    __tracebackhide__ = True
    body = _without_blank_lines(cell.body)
    skipped = cell.body.count("\n") - body.count("\n")
    source = "\n" * (cell.offset + skipped) + shell.transform_cell(body)
    tree = cast(ast.Module, shell.compile.ast_parse(source, filename=filename))
    if not tree.body:
        raise briefly(InputError("the cell is empty", fix="write code below the %%grad line"))
    if (line := awaits_at_top(tree)) is not None:
        fix = "await in a cell of its own, and differentiate in the next one"
        raise briefly(InputError("await at the top of a %%grad cell is not possible", fix=fix, line=line))
    return tree


def _without_blank_lines(body: str) -> str:
    """The body from its first line that is not blank."""
    lines = body.splitlines(keepends=True)
    while lines and not lines[0].strip():
        lines.pop(0)
    return "".join(lines)


def compiled(shell: InteractiveShell, cell: CellText, filename: str, tree: ast.Module, options: Options) -> Program:
    """Choose the inputs, rewrite the tree, and compile it in two parts: the statements and the last expression."""
    __tracebackhide__ = True
    flow = NameFlow.of(tree)
    check_output_name(options.of, flow, shell.user_ns)
    plan = plan_inputs(tree, options.names, shell.user_ns)
    mark_imports(tree)
    statements, expression = split_value(tree)
    return Program(
        cell=cell,
        filename=filename,
        statements=code_of(shell, statements, filename),
        value=None if expression is None else code_of(shell, expression, filename),
        value_name="" if expression is None else expression_name(expression.body),
        plan=plan,
        assigned=tuple(reversed(flow.assigned)),
    )


def code_of(shell: InteractiveShell, tree: ast.Module | ast.Expression, filename: str) -> CodeType:
    """The code of a tree, compiled with the `__future__` imports of earlier cells."""
    __tracebackhide__ = True
    return shell.compile(cast(Any, tree), filename, "exec" if isinstance(tree, ast.Module) else "eval")


def check_output_name(name: str | None, flow: NameFlow, namespace: dict[str, Any]) -> None:
    """Refuse an `--of` that neither the cell nor an earlier one binds, before anything runs."""
    if name is None or name in flow.binds or name in namespace:
        return
    raise option_error(
        f"--of {name}: there is no variable {name}",
        nearest(name, [*flow.binds, *namespace], "name a variable that the cell assigns"),
    )


# ------------------------------------------------------------------------------------------------ running


def record(shell: InteractiveShell, program: Program, options: Options, local: dict[str, Any] | None = None) -> Any:
    """Run a prepared cell, recorded, and build its trace once the namespace is in order again."""
    __tracebackhide__ = True
    from adkit.tracing import recording

    namespace = shell.user_ns
    inputs = Inputs(program.plan.names)
    space = RecordedNamespace(namespace, program.plan, inputs, shell.user_ns_hidden, local)
    with session_settings(options):
        try:
            with recording() as rec:
                rec.adopt = lambda value: inputs.adopt(value, namespace)
                prepare_namespace(space)
                with showing_partial_list(rec, program, options, space):
                    value = execute(program, namespace, local)
                name, output = choose_output(program, value, options.of, namespace, rec)
                inputs.settle(leaves_of(output), namespace)
        except Exception as error:
            raise_as_users(error)
        finally:
            space.restore()
        try:
            return make_trace(rec, program, options, space, name, output)
        except AdkitError as error:
            raise briefly(error)  # noqa: B904  (the same error)


def prepare_namespace(space: RecordedNamespace) -> None:
    """Trace the inputs of earlier cells; one that cannot be traced is an error without a place in the cell."""
    __tracebackhide__ = True
    try:
        space.prepare()
    except AdkitError as error:
        raise briefly(error)  # noqa: B904  (the same error)


def execute(program: Program, namespace: dict[str, Any], local: dict[str, Any] | None = None) -> Any:
    """Run the statements, then evaluate the last expression."""
    __tracebackhide__ = True
    exec(program.statements, namespace, local)
    return None if program.value is None else eval(program.value, namespace, local)


def session_settings(options: Options) -> Any:
    """The session's settings with those of the option line in front."""
    __tracebackhide__ = True
    changes = {key: value for key, value in (("mode", options.mode), ("device", options.device)) if value is not None}
    try:
        return adkit.settings(**changes)
    except AdkitError as error:
        raise briefly(error) from None


def choose_output(program: Program, value: Any, of: str | None, namespace: dict[str, Any], rec: Any) -> tuple[str, Any]:
    """Name and traced value of the output: `--of`, else the last expression, else the last name assigned.

    In a cell that takes a derivative in a style's way it is what was differentiated.
    """
    if of is not None:
        if of not in namespace:
            raise option_error(f"--of {of}: the cell ended without assigning {of}", f"assign {of} on every path")
        return of, as_output(of, namespace[of])
    found = differentiated(rec, value, namespace)
    if found is not None:
        return found[0], as_output(*found)
    if value is not None:
        return program.value_name, as_output(program.value_name, value)
    for name in program.assigned:
        if name in namespace:
            return name, as_output(name, namespace[name])
    raise briefly(InputError("the cell has no output", fix="end it with an expression, or assign the result to a name"))


def as_output(name: str, value: Any) -> Any:
    """The output as one array; a list of traced values becomes one.

    Raises `InputError` for what is neither a number nor an array.
    """
    from adkit.numpy import array
    from adkit.pytrees import is_array_leaf, lift

    value = lift(seen_by_core(value))
    if isinstance(value, list):
        try:
            value = array([seen_by_core(item) for item in value])
        except (TypeError, ValueError):
            pass
    if not is_array_leaf(value) and not isinstance(value, bool | numpy.bool_):
        message = f"the output {name} is a {type(value).__name__}, not a number or an array"
        raise briefly(InputError(message, fix="end the cell with one value, or name the output with --of NAME"))
    return value


def make_trace(rec: Any, program: Program, options: Options, space: RecordedNamespace, name: str, output: Any) -> Any:
    """The `Trace` of a cell that has run."""
    from adkit.trace import CellSource, Trace

    check_inputs(space.inputs, output)
    trace = Trace.from_recording(
        rec,
        inputs=space.inputs.recorded,
        output=output,
        output_name=name,
        mode=options.mode or "auto",
        order=options.order,
        source=CellSource(program.cell.text, program.filename, 1),
        names=space.named,
        leaves=space.inputs.values,
    )
    trace.views = options.views
    return trace


def check_inputs(inputs: Inputs, output: Any) -> None:
    """Refuse a cell of a style that watched nothing, and one whose output depends on a variable before and after it was
    assigned to.
    """
    if not inputs.recorded:
        message = "the cell watches nothing, so there is nothing to differentiate by"
        raise briefly(InputError(message, fix="name the inputs (%%grad x), or read a variable or watched tensor"))
    if inputs.left and is_traced(output):
        order, _ = ancestors([output.node], 0)
        if not set(order).isdisjoint(inputs.left):
            message = "the output depends on a variable before and after it was assigned to in the cell"
            raise briefly(InputError(message, fix="end the cell before the assignment, or name another output (--of)"))


# ------------------------------------------------------------------------------------------------ errors


def raise_as_users(error: Exception) -> NoReturn:
    """Raise `error` again: the user's as it is, but without the frames of adkit and NumPy below the user's line."""
    __tracebackhide__ = True
    ours = adkit_cause(error)
    if ours is not None or isinstance(error, _AS_FROM_NUMPY):
        end_at_users_line(error.__traceback__)
    if ours is not None:
        ours.beside_cell()
    if ours is None or ours is error:
        raise error
    raise ours.with_traceback(error.__traceback__) from None


def adkit_cause(error: BaseException) -> AdkitError | None:
    """The `AdkitError` that `error` is or comes from, where a library has put an error of its own in its place."""
    from adkit.constants import is_lock_error
    from adkit.linearization import explained, recognised

    if isinstance(error, AdkitError):
        return error
    if isinstance(error, ValueError) and (WRAPPED in str(error) or is_lock_error(error)):
        cause = explained(error)
        return cause if isinstance(cause, AdkitError) else None
    if isinstance(error, SystemError) and isinstance(error.__cause__, AdkitError):
        return error.__cause__  # C code of SciPy that went on after it
    return recognised(error) if isinstance(error, Exception) else None


def end_at_users_line(traceback: TracebackType | None) -> None:
    """Cut a traceback after its last frame that is neither adkit's nor NumPy's."""
    from adkit.source import is_library

    last: TracebackType | None = None
    while traceback is not None:
        if not is_library(traceback.tb_frame):
            last = traceback
        traceback = traceback.tb_next
    if last is not None:
        last.tb_next = None
