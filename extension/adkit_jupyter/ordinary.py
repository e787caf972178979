"""Ordinary values for traced ones, wherever they sit: in containers, object arrays and the user's objects.

Containers that can change are changed in place, so that the user's list stays the same list; tuples and frozen sets are
made anew only where something in them changed. Cyclic containers end, and one handle gives one object wherever it sits.
Not looked into: generators and iterators, and objects of installed libraries but for labelled arrays (`labelled`).
"""

from __future__ import annotations

import dataclasses
import functools
import sys
import types
from collections import ChainMap, OrderedDict, UserDict, UserList, deque
from collections.abc import Callable, Iterable
from typing import Any

import numpy

from .labelled import is_labelled, made_ordinary

__adkit__ = True

ATOMS = frozenset({float, int, str, bool, complex, bytes, type(None), range, slice, numpy.float64, numpy.int64})
_MUTABLE = (list, dict, set, deque)
_WRAPPERS = (
    UserDict,
    UserList,
    ChainMap,
    BaseException,
)  # of Python's own classes those that keep values in attributes
_OPAQUE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def is_atom(value: Any) -> bool:
    """Whether `value` is a plain number, text or array of numbers, with nothing to look into."""
    kind = type(value)
    return kind in ATOMS or (kind is numpy.ndarray and value.dtype != object)


class Ordinary:
    """Makes values ordinary: `convert` says what a single value becomes (itself, if it is ordinary already).

    >>> double = Ordinary(lambda value: value * 2 if isinstance(value, numpy.float32) else value)
    >>> double({"a": [numpy.float32(1.0), "b"]})
    {'a': [np.float32(2.0), 'b']}
    """

    def __init__(self, convert: Callable[[Any], Any]) -> None:
        self._convert = convert
        self._done: dict[int, tuple[Any, Any]] = {}
        self._pending: list[Any] = []

    def __call__(self, value: Any) -> Any:
        """The ordinary form of `value`, which is `value` itself unless it is a traced value or a tuple with one."""
        result = self.one(value)
        while self._pending:
            self._fill(self._pending.pop())
        return result

    def one(self, value: Any) -> Any:
        """The ordinary form of `value`; what is in it is made ordinary later, by the call that is under way."""
        if is_atom(value):
            return value
        known = self._done.get(id(value))
        if known is not None:
            return known[1]
        result = self._convert(value)
        self._done[id(value)] = (value, result)
        if result is not value:
            return result
        if isinstance(value, (tuple, frozenset)):
            result = self._tuple(value) if isinstance(value, tuple) else self._frozenset(value)
            self._done[id(value)] = (value, result)
        elif is_labelled(value):
            result = made_ordinary(value, self.one)
            self._done[id(value)] = (value, result)
        elif isinstance(value, functools.partial):
            self._pending.append(value)
        elif isinstance(value, (*_MUTABLE, numpy.ndarray)) or has_plain_attributes(value) or is_users_code(value):
            self._pending.append(value)
        return result

    def _tuple(self, value: tuple) -> tuple:
        items = self._all(value)
        if items is None:
            return value
        made: tuple = tuple.__new__(type(value), items)
        made_of = getattr(value, "__dict__", None)
        if made_of:
            made.__dict__.update(made_of)
        return made

    def _frozenset(self, value: frozenset) -> frozenset:
        items = self._all(value)
        return value if items is None else type(value)(items)

    def _all(self, items: Iterable[Any]) -> list[Any] | None:
        """The ordinary form of each item, or None where all are ordinary already."""
        items = list(items)
        if set(map(type, items)) <= ATOMS:
            return None
        results = [self.one(item) for item in items]
        return results if any(a is not b for a, b in zip(results, items, strict=True)) else None

    def _fill(self, value: Any) -> None:
        if isinstance(value, list):
            self._fill_list(value)
        elif isinstance(value, dict):
            self._fill_dict(value)
        elif isinstance(value, deque):
            items = self._all(value)
            for i, item in enumerate(items or ()):
                value[i] = item
        elif isinstance(value, set):
            items = self._all(value)
            if items is not None:
                value.clear()
                value.update(items)
        elif isinstance(value, numpy.ndarray):
            for i, item in enumerate(self._all(value.flat) or ()):
                value.flat[i] = item
        elif isinstance(value, types.FunctionType):
            self._fill_function(value)
        elif isinstance(value, types.MethodType):
            self.one(value.__self__)
        elif isinstance(value, type):
            self._fill_class(value)
        elif isinstance(value, functools.partial):
            self._fill_partial(value)
        elif isinstance(value, BaseException):
            value.args = self.one(value.args)
        self._fill_attributes(value)

    def _fill_list(self, value: list) -> None:
        items = self._all(value)
        if items is not None:
            list.__setitem__(value, slice(None), items)

    def _fill_dict(self, value: dict) -> None:
        keys = list(value)
        if (plain := self._all(keys)) is not None:
            kind = OrderedDict if isinstance(value, OrderedDict) else dict
            pairs = list(zip(plain, value.values(), strict=True))
            kind.clear(value)
            for key, item in pairs:
                kind.__setitem__(value, key, item)
            keys = list(value)
        items = self._all(value.values())
        for key, item in zip(keys, items or (), strict=False):
            if item is not value[key]:
                dict.__setitem__(value, key, item)

    def _fill_partial(self, value: Any) -> None:
        """The function and the arguments of a `functools.partial`, which only its pickling protocol sets."""
        value.__setstate__((self.one(value.func), self.one(value.args), value.keywords, vars(value)))
        self.one(value.keywords)

    def _fill_function(self, function: types.FunctionType) -> None:
        """The defaults of a function, and the variables of enclosing functions that it uses."""
        if function.__defaults__:
            function.__defaults__ = self.one(function.__defaults__)
        self.one(function.__kwdefaults__)
        for cell in function.__closure__ or ():
            try:
                content = cell.cell_contents
            except ValueError:  # a variable that was never assigned
                continue
            result = self.one(content)
            if result is not content:
                cell.cell_contents = result

    def _fill_class(self, kind: type) -> None:
        for name, attribute in list(vars(kind).items()):
            result = self.one(attribute)
            if result is not attribute:
                setattr(kind, name, result)

    def _fill_attributes(self, value: Any) -> None:
        if not has_plain_attributes(value):
            return
        for name, attribute in attributes(value):
            result = self.one(attribute)
            if result is not attribute:
                object.__setattr__(value, name, result)


def attributes(value: Any) -> list[tuple[str, Any]]:
    """The names and values of an object's own attributes, those in slots included."""
    found = dict(getattr(value, "__dict__", ()))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                found[name] = getattr(value, name)
    return list(found.items())


def has_plain_attributes(value: Any) -> bool:
    """Whether `value` is an object of the user's: its class is from the notebook or from a module not installed."""
    kind = type(value)
    if isinstance(value, _WRAPPERS):
        return True
    if kind in ATOMS or isinstance(value, _OPAQUE) or kind.__module__ == "builtins":
        return False
    return dataclasses.is_dataclass(kind) or kind is types.SimpleNamespace or _is_users(kind.__module__)


def is_users_code(value: Any) -> bool:
    """Whether `value` is a function, method or class written in a notebook or a module that is not installed."""
    if not isinstance(value, types.FunctionType | types.MethodType | type):
        return False
    module = getattr(value, "__module__", None)
    return isinstance(module, str) and module != "builtins" and _is_users(module)


def _is_users(module_name: str) -> bool:
    root = module_name.split(".")[0]
    if root == "__main__":
        return True
    if root in sys.stdlib_module_names or root in ("adkit", "adkit_jupyter", "IPython", "ipykernel"):
        return False
    file = getattr(sys.modules.get(module_name), "__file__", None)
    return isinstance(file, str) and "site-packages" not in file and "dist-packages" not in file
