"""What a function can reach: the functions behind it as they are now, and the traced values that they close over.

A construct may have to run the user's functions again later, on other operands, when the names that they refer to mean
something else: the loop has gone on, the cell has ended. `Reach` notes what every name means now. Not for: finding
which values a function does use (a recording tells, see `body_recording`).
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

from .handle import TracedArray
from .nodes import Node
from .storage import Cell, TracedView, cell_of

__adkit__ = True

MOST = 10_000  # objects that are looked at


class Reach:
    """The functions behind some callables, with the contents of their closures and the globals that they name.

    Functions of adkit and of installed packages are taken as they are.
    """

    def __init__(self, *callables: Any) -> None:
        self.callables = callables
        self.cells: dict[FunctionType, list[Any]] = {}
        self.names: dict[FunctionType, dict[str, Any]] = {}
        stack = [function for c in callables for function in _functions_in(c)]
        while stack:
            function = stack.pop()
            if function in self.cells or not _is_users(function):
                continue
            contents = [_content(cell) for cell in function.__closure__ or ()]
            scope = function.__globals__
            named = {name: scope[name] for name in _names(function.__code__) if name in scope}
            self.cells[function], self.names[function] = contents, named
            for value in (*contents, *named.values(), *(function.__defaults__ or ())):
                stack.extend(_functions_in(value))

    def handles(self) -> Iterator[TracedArray]:
        """The traced values that the functions can reach through variables, containers and attributes."""
        stack: list[Any] = list(self.callables)
        for function, contents in self.cells.items():
            stack += [*contents, *self.names[function].values(), *(function.__defaults__ or ())]
            stack += list((function.__kwdefaults__ or {}).values())
        seen: set[int] = set()
        while stack and len(seen) < MOST:
            value = stack.pop()
            if id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, TracedArray):
                if value.node is not None:
                    yield value
            else:
                stack.extend(_parts(value))

    def clones(self) -> list[Any]:
        """The callables again, for which all names mean what they meant."""
        made: dict[FunctionType, FunctionType] = {}
        cells: dict[FunctionType, tuple[CellType, ...]] = {}
        for function in self.cells:
            closure = cells[function] = tuple(CellType() for _ in self.cells[function])
            scope = {"__builtins__": function.__globals__.get("__builtins__"), "__name__": function.__module__}
            clone = FunctionType(function.__code__, scope, function.__name__, function.__defaults__, closure or None)
            clone.__kwdefaults__ = function.__kwdefaults__
            clone.__dict__.update(function.__dict__)
            made[function] = clone
        for function, contents in self.cells.items():
            for cell, value in zip(cells[function], contents, strict=True):
                if value is not _EMPTY:
                    cell.cell_contents = _replaced(value, made)
            made[function].__globals__.update({k: _replaced(v, made) for k, v in self.names[function].items()})
        return [_replaced(c, made) for c in self.callables]


_EMPTY = object()


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _EMPTY


def _functions_in(value: Any) -> list[FunctionType]:
    if isinstance(value, FunctionType):
        wrapped = getattr(value, "__wrapped__", None)
        return [value, *_functions_in(wrapped)] if wrapped is not None else [value]
    if isinstance(value, MethodType):
        return _functions_in(value.__func__)
    if isinstance(value, functools.partial):
        return _functions_in(value.func)
    return []


def _replaced(value: Any, made: Mapping[FunctionType, FunctionType]) -> Any:
    if isinstance(value, FunctionType):
        return made.get(value, value)
    if isinstance(value, MethodType) and isinstance(value.__func__, FunctionType):
        return MethodType(made.get(value.__func__, value.__func__), value.__self__)
    if isinstance(value, functools.partial):
        return functools.partial(_replaced(value.func, made), *value.args, **value.keywords)
    return value


def _is_users(function: FunctionType) -> bool:
    return "__adkit__" not in function.__globals__ and "site-packages" not in function.__code__.co_filename


@functools.lru_cache(maxsize=1024)
def _names(code: CodeType) -> frozenset[str]:
    """The names that a code object and those nested in it look up."""
    inner = (_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return frozenset(code.co_names).union(*inner)


def _parts(value: Any) -> list[Any]:
    """What an object holds, as far as handles may be there."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, MethodType):
        return [value.__self__]
    kind = type(value)
    if kind.__module__ in ("builtins", "numpy") or isinstance(value, type) or "__adkit__" in _scope_of(kind):
        return []
    slots = [getattr(value, name, None) for name in getattr(kind, "__slots__", ()) if isinstance(name, str)]
    return [*getattr(value, "__dict__", {}).values(), *slots]


def _scope_of(kind: type) -> Mapping[str, Any]:
    import sys

    return vars(sys.modules[kind.__module__]) if kind.__module__ in sys.modules else {}


@contextlib.contextmanager
def rebound(handles: Iterator[TracedArray], values: Mapping[Node, Any]) -> Iterator[set[Node]]:
    """Let handles stand for other values in this block; yields the nodes for which there was such a handle."""
    before: list[tuple[TracedArray, Node, Any, Cell]] = []
    for handle in list(handles):
        if handle.node in values and not isinstance(handle, TracedView):
            handle.share()
            before.append((handle, handle.node, handle.value, cell_of(handle)))
    try:
        for handle, node, _, _ in before:
            new = values[node]
            handle.node, handle.value = (new.node, new.value) if isinstance(new, TracedArray) else (None, new)
            handle.cell = Cell()
        yield {node for _, node, _, _ in before}
    finally:
        for handle, node, value, cell in before:
            handle.node, handle.value, handle.cell = node, value, cell
