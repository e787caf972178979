"""The inputs of a cell: choosing them, and turning their values into traced ones at the right moment.

An input from an earlier cell is traced before the cell runs; one that the cell assigns, at the moment of that
assignment (`become_input`, which the rewritten cell calls). Not for: reading names off the syntax tree (`syntax`).
"""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy

import adkit
from adkit import backends, handle, pytrees, storage, tracing
from adkit.errors import InputError
from adkit.source import user_line

from .faces import is_face, name_of, uses_face
from .options import briefly, nearest, option_error
from .rewriting import mark_inputs
from .syntax import NameFlow, top_literals

__adkit__ = True

_CONSTANTS = ("pi", "e", "tau", "inf", "nan", "euler_gamma")
_active: ContextVar[Inputs | None] = ContextVar("adkit_inputs", default=None)


@dataclass(frozen=True)
class InputPlan:
    """Which inputs come from earlier cells and which the cell assigns; `names` is all of them in order."""

    names: tuple[str, ...]
    earlier: tuple[str, ...]
    assigned: tuple[str, ...]


def plan_inputs(tree: ast.Module, names: tuple[str, ...], namespace: Mapping[str, Any]) -> InputPlan:
    """Choose the inputs of a cell and mark in `tree` those that it assigns.

    `names` are the names on the option line; without them the inputs are the floats and float arrays that the cell
    reads or assigns from a literal at its top. Raises `OptionError` for a name that is nowhere, `InputError` where
    nothing can be an input.
    """
    flow = NameFlow.of(tree)
    if not names and uses_face(tree, flow, namespace):
        return InputPlan((), (), ())  # what the style's tensors say while the cell runs
    chosen = names or _inferred(tree, flow, namespace)
    if not chosen:
        message = "the cell reads no float and assigns none at its top, so there is nothing to differentiate by"
        raise briefly(InputError(message, fix="name the inputs (%%grad x), or start the cell with one: x = 2.0"))
    earlier = tuple(n for n in chosen if n in namespace and (n in flow.reads or n not in flow.binds))
    waiting = [n for n in chosen if n not in earlier]
    found = mark_inputs(tree, waiting)
    for name in waiting:
        if name not in found:
            raise _unknown(name, flow, namespace)
    return InputPlan(tuple(chosen), earlier, tuple(waiting))


def _unknown(name: str, flow: NameFlow, namespace: Mapping[str, Any]) -> Exception:
    if name in flow.binds:
        return option_error(
            f"{name} is bound by the cell, but by no assignment that runs in it",
            f"assign it at the top of the cell: {name} = 2.0",
        )
    candidates = [*flow.binds, *flow.reads, *namespace]
    fix = f"assign it in the cell or in an earlier one: {name} = 2.0"
    return option_error(f"there is no variable {name}", nearest(name, candidates, fix))


def _inferred(tree: ast.Module, flow: NameFlow, namespace: Mapping[str, Any]) -> tuple[str, ...]:
    literals = top_literals(tree)
    reads = [name for name in flow.reads if name in namespace and is_float(name, namespace[name])]
    places = [(node.lineno, node.col_offset, node.id) for node in ast.walk(tree) if isinstance(node, ast.Name)]
    appearing = dict.fromkeys(name for _, _, name in sorted(places))
    return tuple(name for name in appearing if name in literals or name in reads)


def is_float(name: str, value: Any) -> bool:
    """Whether an unnamed variable is an input: a float or a float array, and neither π and its kin nor `_`."""
    if name.startswith("_") or (name in _CONSTANTS and _is_constant(name, value)):
        return False
    if isinstance(value, numpy.ndarray):
        return value.dtype.kind == "f" and value.size > 0
    if isinstance(value, float | numpy.floating):
        return True
    return getattr(getattr(value, "dtype", None), "kind", None) == "f" and hasattr(value, "__dlpack__")


def _is_constant(name: str, value: Any) -> bool:
    constant = getattr(math, name, getattr(numpy, name, None))
    return isinstance(value, float) and (value == constant or (name == "nan" and value != value))


class Inputs:
    """The inputs of a running cell, by name: their original values, and the handles that the cell got.

    `recorded` holds handles of the inputs themselves, which no assignment in the cell (`x[0] = 1`) changes.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.named = bool(names)
        self.originals: dict[str, Any] = {}
        self.traced: dict[str, Any] = {}
        self.left: list[Any] = []  # nodes of inputs whose variable was assigned to, and is read anew since
        self.adopted: list[Any] = []  # tensors of a style that are inputs
        self._snapshots: dict[str, Any] = {}
        self._token: Any = None

    def start(self) -> None:
        """Let `become_input` reach these inputs."""
        self._token = _active.set(self)

    def stop(self) -> None:
        """The end of `start`."""
        if self._token is not None:
            _active.reset(self._token)
            self._token = None

    def add(self, name: str, value: Any) -> Any:
        """Make `value` the input `name` and return its handle; a name that is an input already stays as it is."""
        if name in self.traced:
            return value
        if is_face(value):
            return self._add_face(name, value)
        value = constant(name, value)
        handle = self.make(name, value)
        self.originals[name] = value
        self.traced[name] = handle
        self._snapshots[name] = storage.snapshot(handle)
        return handle

    def _add_face(self, name: str, value: Any) -> Any:
        """Make a style's tensor the input `name`, in place."""
        handle = value.__adkit_input__(lambda plain: self.make(name, plain))
        self.originals[name] = handle.value
        self.traced[name] = value
        self._snapshots[name] = storage.snapshot(handle)
        self.adopted.append(value)
        return value

    def adopt(self, value: Any, namespace: Mapping[str, Any]) -> None:
        """Let what a style's tape watches be an input: of a cell without names, or again after an assignment."""
        name = name_of(value, namespace)
        if name is None or (self.named and name not in self.names):
            return
        if name in self._snapshots:
            if self.traced[name] is not value:
                return  # another tensor of the same name, in a module
            self.left.append(self._snapshots[name].node)
        if name not in self.names:
            self.names = (*self.names, name)
        self._add_face(name, value)

    def settle(self, leaves: list[tuple[Any, Any]], namespace: Mapping[str, Any]) -> None:
        """Let the leaves of the output be the inputs, as they were when it was computed: of a cell without names all
        that have one, else those named. One that was changed in between is left where it was before.
        """
        found: dict[str, Any] = {}
        for value, node in leaves:
            name = next((n for n, other in self.traced.items() if other is value), None) or name_of(value, namespace)
            if name is None or (self.named and name not in self.names):
                continue
            if name in found:
                self.left.append(found[name])
            found[name] = node
            if name not in self.names:
                self.names = (*self.names, name)
            self.originals[name], self.traced[name] = node.value, value
            self._snapshots[name] = handle.TracedArray(node, node.value)
            self.adopted.append(value)

    @property
    def recorded(self) -> dict[str, Any]:
        """The inputs in the order in which they were named, as they were before the cell changed them."""
        return {name: self._snapshots[name] for name in self.names if name in self._snapshots}

    @property
    def values(self) -> dict[str, Any]:
        """The same as plain values in the types that they had: NumPy's also where they were put on another device."""
        return {name: _in_type_of(self.originals[name], handle.value) for name, handle in self.recorded.items()}

    def make(self, name: str, value: Any) -> Any:
        """The handle of an input, on the session's device."""
        device = adkit.settings.current().device
        plain = promoted(name, value)
        return tracing.make_input(plain if device == "cpu" else backends.place(plain, device), name)


def _in_type_of(original: Any, value: Any) -> Any:
    """The value of an input in the library of its original; a Python number is a Python number again."""
    if backends.backend_of(original) is not None:
        return value
    plain = backends.to_numpy(value)
    bare = type(original) in (int, float, complex) and hasattr(plain, "item")
    return plain.item() if bare else plain


def constant(name: str, value: Any) -> Any:
    """The plain value that an input starts from; `InputError` if it depends on another input."""
    if handle.is_traced(value):
        message = f"{name} is computed from another input, so it is not an input itself"
        fix = "name only one of them; the derivatives of values in between are in the list"
        raise InputError(message, fix=fix)
    return handle.untraced(value)


def promoted(name: str, value: Any) -> Any:
    """`value` as a float where it is a Python int; `InputError` for what has no derivative."""
    if isinstance(value, list | tuple | dict | set):
        message = f"{name} is a {type(value).__name__}, and an input of a cell is a number or an array"
        raise InputError(message, fix=f"make it an array: {name} = np.array({name})")
    return pytrees.promoted(value, name)


def become_input(name: str, value: Any) -> Any:
    """What `name = value` assigns in a `%%grad` cell of which `name` is an input; `value` itself elsewhere."""
    active = _active.get()
    if active is None:
        return value
    try:
        return active.add(name, value)
    except InputError as error:
        filename, line = user_line(sys._getframe(1))
        raise InputError(error.message, fix=error.fix, filename=filename, line=line) from None
