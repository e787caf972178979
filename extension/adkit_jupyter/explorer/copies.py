"""The namespace of a re-run: a copy of what a cell's code can reach, as it was before the cell ran for the first time.

A re-run may assign, append, write into arrays and draw random numbers; nothing of that is seen outside. Functions and
classes of the notebook are made anew with the copy as their globals, so that they too see adkit's NumPy while a re-run
goes on. Arrays above `LARGEST` bytes and objects of installed libraries are shared, not copied; names that code reaches
only through text (`eval`, `globals()[...]`) are not in the copy. Not for: running (`rerun`).
"""

from __future__ import annotations

import copy
import functools
import types
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import numpy

from ..ordinary import has_plain_attributes, is_atom, is_users_code

__adkit__ = True

LARGEST = 1 << 25  # bytes of an array that is copied
LONGEST = 100_000  # items of a container that is copied
_RANDOM = (numpy.random.Generator, numpy.random.RandomState)
_ACCESSORS = (staticmethod, classmethod)
_SPECIAL = ("__name__", "__builtins__", "__doc__", "__spec__", "__loader__", "__package__")
Namespace = dict[str, Any]


class Surroundings:
    """What the code of a cell reaches in a namespace, remembered; `fresh()` gives a namespace to run the code in.

    `also` are names that it reaches in another way; `local` are the variables of a function around it.

    >>> namespace = {"history": [], "other": 1}
    >>> surroundings = Surroundings(namespace, [compile("history.append(1)", "cell", "exec")])
    >>> exec("history.append(1)", surroundings.fresh())
    >>> namespace["history"], sorted(surroundings.names)
    ([], ['history'])
    """

    def __init__(
        self,
        namespace: Namespace,
        codes: Iterable[types.CodeType],
        also: Iterable[str] = (),
        local: Namespace | None = None,
    ) -> None:
        whole = namespace if not local else {**namespace, **local}
        self.names = reached(whole, namespace, codes, also)
        self._kept: Namespace = {name: namespace[name] for name in _SPECIAL if name in namespace}
        copies = Copies(namespace, self._kept)
        self._kept.update({name: copies(whole[name]) for name in self.names})
        self._tensors = [pair for pair in copies.pairs() if hasattr(type(pair[0]), "__adkit_move__")]

    def fresh(self) -> Namespace:
        """A namespace that holds what was remembered, and shares nothing with it that code can change."""
        return self.fresh_for(())[0]

    def fresh_for(self, tensors: Iterable[Any]) -> tuple[Namespace, list[Any]]:
        """A fresh namespace, and what stands in it for each of some tensors of a style (see `holds`)."""
        made: Namespace = {name: self._kept[name] for name in _SPECIAL if name in self._kept}
        copies = Copies(self._kept, made)
        made.update({name: copies(self._kept[name]) for name in self.names})
        kept = {id(original): twin for original, twin in self._tensors}
        return made, [copies(kept[id(tensor)]) for tensor in tensors]

    def holds(self, tensor: Any) -> bool:
        """Whether the code reaches this very tensor of a style, by a name or through an object such as a module."""
        return any(original is tensor for original, _ in self._tensors)


# ------------------------------------------------------------------------------------------------ reach


def reached(
    namespace: Namespace, globals_: Namespace, codes: Iterable[types.CodeType], also: Iterable[str]
) -> list[str]:
    """The names of `namespace` that `codes` mention, those in `also`, and what the notebook's functions among these
    mention in turn; `globals_` are the globals of those functions.
    """
    found: dict[str, None] = {}
    pending = [*also, *(name for code in codes for name in names_in(code))]
    seen: set[int] = set()
    while pending:
        name = pending.pop()
        if name in found or name not in namespace or name in _SPECIAL:
            continue
        found[name] = None
        for function in _functions(namespace[name], seen):
            if function.__globals__ is globals_:
                pending += names_in(function.__code__)
    return list(found)


def names_in(code: types.CodeType) -> list[str]:
    """The names that a code object and those within it mention."""
    names: list[str] = []
    pending = [code]
    while pending:
        current = pending.pop()
        names += current.co_names
        pending += [constant for constant in current.co_consts if isinstance(constant, types.CodeType)]
    return names


def _functions(value: Any, seen: set[int]) -> Iterator[types.FunctionType]:
    """The Python functions in a value: itself, methods of its class, those in containers and closures."""
    pending = [value]
    while pending:
        item = pending.pop()
        if is_atom(item) or id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, types.FunctionType):
            yield item
        pending += _parts(item)


def _parts(item: Any) -> list[Any]:
    """What is directly in a value, as far as copies look into it."""
    if isinstance(item, types.FunctionType):
        return [*(item.__defaults__ or ()), *(item.__kwdefaults__ or {}).values(), *_contents(item)]
    if isinstance(item, types.MethodType):
        return [item.__self__, item.__func__]
    if isinstance(item, functools.partial):
        return [item.func, *item.args, *item.keywords.values()]
    if isinstance(item, type):
        return [*item.__bases__, *map(_behind, vars(item).values())] if is_users_code(item) else []
    if isinstance(item, list | tuple | set | deque) and len(item) <= LONGEST:
        return list(item)
    if isinstance(item, dict) and len(item) <= LONGEST:
        return list(item.values())
    if has_plain_attributes(item):
        return [type(item), *getattr(item, "__dict__", {}).values()]
    return []


def _behind(attribute: Any) -> Any:
    """The functions behind what a class body holds."""
    if isinstance(attribute, _ACCESSORS):
        return attribute.__func__
    if isinstance(attribute, property):
        return [f for f in (attribute.fget, attribute.fset, attribute.fdel) if f is not None]
    return attribute


def _contents(function: types.FunctionType) -> list[Any]:
    """What is in the cells of a closure, as far as it was assigned."""
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:
            continue
    return found


# ------------------------------------------------------------------------------------------------ copies


class Copies:
    """Copies values from one namespace to another; a value that is met twice is copied once."""

    def __init__(self, source: Namespace, target: Namespace) -> None:
        self._source = source
        self._target = target
        self._done: dict[int, tuple[Any, Any]] = {}

    def __call__(self, value: Any) -> Any:
        """The copy of `value`; `value` itself where it cannot change, or cannot be copied."""
        if is_atom(value) and not isinstance(value, numpy.ndarray):
            return value
        known = self._done.get(id(value))
        if known is not None:
            return known[1]
        try:
            made = self._made(value)
        except RecursionError:
            raise
        except Exception:  # what a class of the user's does when an object of it is made is not known here
            made = value
        self._done[id(value)] = (value, made)
        return made

    def pairs(self) -> list[tuple[Any, Any]]:
        """What was copied so far, each with its copy."""
        return list(self._done.values())

    def _keep(self, value: Any, made: Any) -> Any:
        """Note the copy before it is filled, since what it holds may hold it."""
        self._done[id(value)] = (value, made)
        return made

    def _made(self, value: Any) -> Any:
        if hasattr(type(value), "__adkit_copy__"):  # of a style, whose tensors change when they become inputs
            return value.__adkit_copy__(self)
        if isinstance(value, numpy.ndarray):
            return self._array(value)
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.MethodType):
            return types.MethodType(self(value.__func__), self(value.__self__))
        if type(value) is functools.partial:
            return functools.partial(self(value.func), *map(self, value.args), **self._values(value.keywords))
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, _RANDOM):
            return copy.deepcopy(value)
        if isinstance(value, list | tuple | set | deque | dict):
            return self._container(value)
        return self._object(value) if has_plain_attributes(value) else value

    def _values(self, mapping: dict[Any, Any]) -> dict[Any, Any]:
        return {key: self(item) for key, item in mapping.items()}

    def _array(self, value: numpy.ndarray) -> Any:
        if type(value) is not numpy.ndarray or not value.flags.writeable or value.nbytes > LARGEST:
            return value
        made = value.copy("K")
        if value.dtype == object:
            for place, item in enumerate(value.flat):
                made.flat[place] = self(item)
        return made

    def _container(self, value: Any) -> Any:
        if len(value) > LONGEST:
            return copy.copy(value) if type(value) in (list, dict, set, deque) else value
        if isinstance(value, tuple):
            items = [self(item) for item in value]
            changed = any(a is not b for a, b in zip(items, value, strict=True))
            return tuple.__new__(type(value), items) if changed else value
        made = self._keep(value, copy.copy(value))
        if isinstance(value, dict):
            for key, item in value.items():
                dict.__setitem__(made, key, self(item))
        elif isinstance(value, list):
            list.__setitem__(made, slice(None), [self(item) for item in value])
        elif isinstance(value, deque):
            made.clear()
            made.extend(self(item) for item in value)
        return made

    def _object(self, value: Any) -> Any:
        """An object of the user's; one whose class has slots or a constructor of its own kind is copied by `copy`."""
        kind = self(type(value))
        made = self._keep(value, copy.copy(value))
        if type(made) is not kind:
            made.__class__ = kind
        for name, attribute in getattr(value, "__dict__", {}).items():
            object.__setattr__(made, name, self(attribute))
        return made

    def _function(self, value: types.FunctionType) -> Any:
        own = value.__globals__ is self._source
        if not own and not value.__closure__:
            return value
        cells = tuple(types.CellType() for _ in value.__closure__ or ())
        made = types.FunctionType(
            value.__code__, self._target if own else value.__globals__, value.__name__, None, cells or None
        )
        self._keep(value, made)
        for cell, original in zip(cells, value.__closure__ or (), strict=True):
            try:
                cell.cell_contents = self(original.cell_contents)
            except ValueError:  # a variable that was never assigned
                continue
        made.__defaults__ = None if value.__defaults__ is None else tuple(map(self, value.__defaults__))
        made.__kwdefaults__ = None if value.__kwdefaults__ is None else self._values(value.__kwdefaults__)
        made.__dict__.update(self._values(value.__dict__))
        made.__qualname__, made.__module__, made.__doc__ = value.__qualname__, value.__module__, value.__doc__
        made.__annotations__ = value.__annotations__
        return made

    def _class(self, value: type) -> Any:
        """A class of the notebook with its methods made anew; any other class as it is."""
        body = vars(value)
        functions = [f for f in _functions(value, set()) if f.__globals__ is self._source]
        plain = type(value) is type and "__slots__" not in body
        announced = any("__init_subclass__" in vars(kind) for kind in value.__mro__[:-1])
        if not functions or not plain or announced:
            return value
        bases = tuple(self(base) for base in value.__bases__)
        made = type(value.__name__, bases, {k: v for k, v in body.items() if k not in ("__dict__", "__weakref__")})
        self._keep(value, made)
        for name, attribute in list(body.items()):
            new = self._attribute(attribute)
            if new is not attribute:
                setattr(made, name, new)
        return made

    def _attribute(self, attribute: Any) -> Any:
        if isinstance(attribute, _ACCESSORS):
            return type(attribute)(self(attribute.__func__))
        if isinstance(attribute, property):
            get, put, delete = (
                None if f is None else self(f) for f in (attribute.fget, attribute.fset, attribute.fdel)
            )
            return property(get, put, delete, attribute.__doc__)
        return self(attribute) if isinstance(attribute, types.FunctionType) else attribute
