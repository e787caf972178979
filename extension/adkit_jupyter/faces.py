"""Tensors of the styles (`adkit.styles.*`) in a `%%grad` cell: which are inputs, which is the output, and afterwards.

A face's tensor says itself what it is, by four methods: `__adkit_value__()`, what the core computes with;
`__adkit_input__(make)`, which makes it an input in place, `make(plain value)` being its handle; `__adkit_name__()`, the
name that it has by itself, or None; `__adkit_ordinary__()`, after which it holds no more of the recording. For runs in
a namespace of their own it may have `__adkit_copy__(copies)`, its copy, and `__adkit_move__(value)`, which gives it
another value in place. While a cell runs, a face tells the open recording what is watched (`Recording.adopt`) and what
was differentiated (`Recording.differentiated`): the inputs and the output of a cell that names neither. Not for: what a
face computes.
"""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Mapping
from typing import Any

from adkit.handle import is_traced
from adkit.naming import assigned_names
from adkit.sweeps.order import ancestors

from .syntax import NameFlow

__adkit__ = True

_STYLES = "adkit.styles"


def is_face(value: Any) -> bool:
    """Whether a value is a tensor of a style."""
    return hasattr(type(value), "__adkit_value__")


def seen_by_core(value: Any) -> Any:
    """What the core computes with in the place of a face's tensor; anything else as it is."""
    return value.__adkit_value__() if is_face(value) else value


def uses_face(tree: ast.Module, flow: NameFlow, namespace: Mapping[str, Any]) -> bool:
    """Whether a cell imports a style, or reads a module, function or tensor of one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(alias.name.startswith(_STYLES) for alias in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_STYLES):
            return True
    return any(_of_style(namespace[name]) for name in flow.reads if name in namespace)


def _of_style(value: Any) -> bool:
    if is_face(value):
        return True
    module = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
    if isinstance(module, str) and module.startswith(_STYLES):
        return True
    return f"{_STYLES}." in str(getattr(type(value), "__module__", "")) or _reads_style(value)


def _reads_style(value: Any) -> bool:
    """Whether a function of the user's reads a style's module."""
    if not isinstance(value, types.FunctionType) or value.__module__ in sys.stdlib_module_names:
        return False
    read = (value.__globals__.get(name) for name in value.__code__.co_names)
    return any(isinstance(v, types.ModuleType) and v.__name__.startswith(_STYLES) for v in read)


def name_of(value: Any, namespace: Mapping[str, Any]) -> str | None:
    """The user's name of a face's tensor, else the one that it has by itself."""
    for name, other in namespace.items():
        if other is value and not name.startswith("_"):
            return name
    own: str | None = value.__adkit_name__()
    return own


def tensor_of(node: Any) -> Any:
    """The tensor of PyTorch's style whose leaf an input node is; None for any other node."""
    graph = sys.modules.get(f"{_STYLES}.pytorch.graph")
    return None if graph is None else graph.leaf_tensors.get(node.id)


def leaves_of(output: Any) -> list[tuple[Any, Any]]:
    """The tensors of PyTorch's style that an output depends on as leaves, each with its node there, oldest first."""
    graph = sys.modules.get(f"{_STYLES}.pytorch.graph")
    if graph is None or not is_traced(output):
        return []
    order, _ = ancestors([output.node], 0)
    return [(graph.leaf_tensors[node.id], node) for node in order if node.id in graph.leaf_tensors]


def differentiated(rec: Any, value: Any, namespace: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Name and value of the output of a cell in which something was differentiated last, if that is what to show.

    It is not, if the cell ends in another value of the program that is no derivative taken in it.
    """
    if not rec.differentiated:
        return None
    target, results = rec.differentiated[-1]
    if is_face(value) and is_traced(seen_by_core(value)) and not any(value is result for result in results):
        return None
    handle = seen_by_core(target)
    if not is_traced(handle):
        return None
    own = assigned_names([handle.node]).get(handle.node)
    return name_of(target, namespace) or own or "result", target
