"""NumPy, math and SciPy as a cell sees them while it runs: adkit's namespaces under the user's own names.

Functions of earlier cells have the user's namespace as their globals, so putting the substitutes there serves the cell
and them alike. `isinstance` is substituted too, so that a traced value passes for what it stands for. `seen` and
`see_all` are what the rewritten import statements of a cell call. Not for: what stands in for what
(`adkit.numpy_api.substitute_for`).
"""

from __future__ import annotations

import types
from contextvars import ContextVar
from typing import Any

import numpy

from adkit.namespaces import instance_check

from .ordinary import is_atom

__adkit__ = True

_LIBRARIES = ("numpy", "math", "cmath", "scipy")
_active: ContextVar[Substitution | None] = ContextVar("adkit_substitution", default=None)


class Substitution:
    """The substitutes in one namespace, from `start()` to `stop()`.

    `original(value)` gives what a substitute stands for, so that names which the cell bound to one
    (`import numpy as np`, `sin = np.sin`) can be given the real thing.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self._replaced: dict[str, tuple[Any, Any]] = {}
        self._originals: dict[int, tuple[Any, Any]] = {}
        self._members: dict[int, tuple[Any, Any]] | None = None
        self._token: Any = None

    def start(self) -> None:
        """Put the substitutes into the namespace."""
        self._token = _active.set(self)
        if "isinstance" not in self.namespace:
            self.namespace["isinstance"] = instance_check
            self._originals[id(instance_check)] = (instance_check, isinstance)
        self.scan()

    def scan(self) -> None:
        """Substitute every name that is bound to something that has a substitute."""
        for name, value in list(self.namespace.items()):
            substitute = self.substitute(value)
            if substitute is not None:
                self._replaced[name] = (value, substitute)
                self.namespace[name] = substitute

    def substitute(self, value: Any) -> Any:
        """What the cell sees instead of `value`, or None where it sees `value` itself."""
        if is_atom(value) or not _from_library(value):
            return None
        from adkit.numpy_api import substitute_for

        substitute = substitute_for(value)
        if substitute is None or substitute is value:
            return None
        self._originals[id(substitute)] = (substitute, value)
        self._members = None
        return substitute

    def stop(self) -> None:
        """Give every name back what it was bound to, except where the cell bound it anew or deleted it."""
        for name, (value, substitute) in self._replaced.items():
            if self.namespace.get(name) is substitute:
                self.namespace[name] = value
        if self.namespace.get("isinstance") is instance_check:
            del self.namespace["isinstance"]
        if self._token is not None:
            _active.reset(self._token)
            self._token = None

    def original(self, value: Any) -> Any:
        """What `value` stands for if it is a substitute, or a function of one; else `value`."""
        if id(value) in self._originals:
            return self._originals[id(value)][1]
        if type(value).__module__.startswith("adkit.numpy") and isinstance(value, numpy.vectorize):
            value.__class__ = numpy.vectorize  # one that the cell made of a function
        if callable(value) or isinstance(value, types.ModuleType):
            if self._members is None:
                self._members = self._listed_members()
            return self._members.get(id(value), (None, value))[1]
        return value

    def _listed_members(self) -> dict[int, tuple[Any, Any]]:
        """id of each attribute of a substituted module -> (the attribute, the original module's attribute)."""
        members: dict[int, tuple[Any, Any]] = {}
        for substitute, original in list(self._originals.values()):
            if not isinstance(original, types.ModuleType):
                continue
            for name, member in vars(substitute).items():
                real = getattr(original, name, member)
                alias = id(member) in members and getattr(member, "__name__", name) != name
                if real is not member and not name.startswith("_") and not alias:
                    members[id(member)] = (member, real)
        return members


def _from_library(value: Any) -> bool:
    """Whether `value` may be a module, function or class of NumPy, math or SciPy."""
    if isinstance(value, types.ModuleType):
        return value.__name__.split(".")[0] in _LIBRARIES
    owner = getattr(value, "__module__", None) or getattr(type(value), "__module__", "")
    return isinstance(owner, str) and owner.split(".")[0] in _LIBRARIES


def seen(value: Any) -> Any:
    """What a name bound by an import in a `%%grad` cell is bound to; `value` itself once the cell has ended."""
    active = _active.get()
    substitute = None if active is None else active.substitute(value)
    return value if substitute is None else substitute


def see_all() -> None:
    """After `from numpy import *` in a `%%grad` cell: substitute whatever has come in."""
    active = _active.get()
    if active is not None:
        active.scan()
