"""The user's own names for variables, from the source: the last instruction of `u = …` bears the name u, in functions
as well.

Not for: names that are only known to a namespace; whoever runs the code passes those in.
"""

from __future__ import annotations

import ast
import bisect
import dis
import functools
import linecache
import operator
from collections.abc import Sequence
from types import CodeType
from typing import Any

from .nodes import COMPONENT, Node

__adkit__ = True


_Extent = tuple[tuple[int, int], tuple[int, int]]
_Target = str | tuple[str, ...]  # the names of `w, V = …`, where one call gives all of them
_Site = tuple[_Target, _Extent]


def assigned_names(nodes: Sequence[Node]) -> dict[Node, str]:
    """The name that each node was assigned to where it was recorded, for those that end an assignment statement."""
    names: dict[Node, str] = {}
    pending: dict[tuple[int, _Site], Node] = {}
    previous = None
    statements: dict[int, tuple[CodeType, dict[int, _Site]]] = {}
    for node in nodes:
        code = node.code
        if code is None:
            continue
        entry = statements.get(id(code))
        if entry is None:
            entry = statements[id(code)] = (code, _sites(code, "".join(linecache.getlines(code.co_filename))))
        statement = entry[1].get(node.lasti & ~1)
        if statement is None:
            previous = None
            continue
        if type(statement[0]) is tuple:
            _name_result(names, node, statement)
            continue
        key = (id(code), statement)
        before = pending.get(key)
        if before is not None and _starts_again(before, node, key == previous):
            _name(names, before, statement)
        pending[key] = node
        previous = key
    for (_, statement), node in pending.items():
        _name(names, node, statement)
    return names


def _name(names: dict[Node, str], node: Node, statement: _Site) -> None:
    name, extent = statement
    if type(name) is str and node.code is not None and not _is_argument(node.code, node.lasti & ~1, extent):
        names[node] = name


def _name_result(names: dict[Node, str], node: Node, statement: _Site) -> None:
    """Name a result of a call that gives several, if `node` takes one out."""
    targets, extent = statement
    if node.primitive is COMPONENT and node.params is not None and node.code is not None:
        index = node.params["index"]
        if index < len(targets) == node.params["count"] and not _is_argument(node.code, node.lasti & ~1, extent):
            names[node] = targets[index]


def _starts_again(before: Node, node: Node, adjacent: bool) -> bool:
    """Whether `node` belongs to another execution of the statement than `before`, the last one recorded in it.

    Going back in the bytecode means that; so does the same place, but for the several instructions of one library call.
    """
    if before.lasti == node.lasti and node.lasti & 1:
        return not adjacent
    return before.lasti >= node.lasti


def _is_argument(code: CodeType, offset: int, extent: _Extent) -> bool:
    """Whether what is computed at an offset goes to a call within `extent` before it is stored: not it, but what the
    call returns is then assigned.
    """
    steps = _flow(code)
    i = bisect.bisect_right(steps, offset, key=_offset)
    while i < len(steps) and steps[i].opname == "JUMP_FORWARD":
        i = bisect.bisect_left(steps, steps[i].argval, key=_offset)
    if i == len(steps) or steps[i].opname not in _CALLS:
        return False
    place = steps[i].positions
    return place is None or _covers(extent, place.lineno or 0, place.col_offset or 0)


_CALLS = ("CALL", "CALL_KW", "CALL_FUNCTION_EX")
_offset = operator.attrgetter("offset")


@functools.lru_cache(maxsize=1024)
def _flow(code: CodeType) -> list[dis.Instruction]:
    """The calls, stores, returns and jumps forward of a code object."""
    return [
        instruction
        for instruction in dis.get_instructions(code)
        if instruction.opname in (*_CALLS, "JUMP_FORWARD") or instruction.opname.startswith(("STORE_", "RETURN_"))
    ]


@functools.lru_cache(maxsize=1024)
def _sites(code: CodeType, text: str) -> dict[int, _Site]:
    """For each byte offset of a code object inside an assignment: the target's name and the statement's extent.

    The file's text is an argument because code objects of different files may be equal.
    """
    statements = _by_line(text)
    if not statements:
        return {}
    sites = {}
    for i, (line, _, column, _) in enumerate(code.co_positions()):
        if line is None or column is None:
            continue
        for name, extent, inner in statements.get(line, ()):
            if _covers(extent, line, column) and not any(_covers(part, line, column) for part in inner):
                sites[2 * i] = (name, extent)
    return sites


_SEQUENCE = (ast.Tuple, ast.List)
_OWN_CODE = (ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


def _covers(extent: _Extent, line: int, column: int) -> bool:
    return extent[0] <= (line, column) <= extent[1]


def _extent(node: Any) -> _Extent:
    return (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)


_Assignment = tuple[_Target, _Extent, list[_Extent]]


@functools.lru_cache(maxsize=64)
def _by_line(text: str) -> dict[int, list[_Assignment]]:
    """The assignments that touch each line of a source text, outer ones first."""
    tree = _parse(text)
    found: dict[int, list[_Assignment]] = {}
    for node in ast.walk(tree) if tree else ():
        for assignment in _assignments(node):
            (first, _), (last, _) = assignment[1]
            for line in range(first, last + 1):
                found.setdefault(line, []).append(assignment)
    return found


def _assignments(node: ast.AST) -> list[_Assignment]:
    """What a statement assigns: target name, extent of what is assigned, and the parts of it that run as other code."""
    inner = [_extent(part) for part in ast.walk(node) if isinstance(part, _OWN_CODE)]
    name = _target(node)
    if name is not None:
        return [(name, _extent(node), inner)]
    if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], _SEQUENCE)):
        return []
    targets = node.targets[0].elts
    if isinstance(node.value, ast.Call) and all(isinstance(target, ast.Name) for target in targets):
        return [(tuple(target.id for target in targets if isinstance(target, ast.Name)), _extent(node), inner)]
    if not isinstance(node.value, _SEQUENCE):
        return []
    pairs = list(zip(targets, node.value.elts, strict=False))
    if any(isinstance(part, ast.Starred) for pair in pairs for part in pair):
        return []
    return [(target.id, _extent(value), inner) for target, value in pairs if isinstance(target, ast.Name)]


def _parse(text: str) -> ast.Module | None:
    """The syntax tree of a file or cell; lines of magics and shell commands are left out."""
    plain = ["\n" if line.lstrip().startswith(("%", "!")) else line for line in text.splitlines(keepends=True)]
    for version in (text, "".join(plain)):
        try:
            return ast.parse(version)
        except SyntaxError:
            continue
    return None


def _target(node: ast.AST) -> str | None:
    """The name that a statement assigns to; that of the array for `z[i] = …`, the first of `u = v = …`."""
    if isinstance(node, ast.Assign):
        target: Any = node.targets[0]
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.NamedExpr)):
        target = node.target
    else:
        return None
    if isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else None
