"""`tf.Module`: an object whose variables, and those of the modules in it, are found through its attributes.

Not for: layers (`keras.layers`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .variable import Variable

__adkit__ = True


class Module:
    """Base of objects that hold variables.

    Example
    -------
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.w, self.b = Variable(2.0, name="w"), Variable(1.0, name="b")
    >>> [v.name for v in Line().trainable_variables]
    ['b:0', 'w:0']
    """

    def __init__(self, name: str | None = None) -> None:
        self._given_name = name

    @property
    def name(self) -> str:
        """The name given, or that of the class in small letters."""
        return getattr(self, "_given_name", None) or type(self).__name__.lower()

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All variables, in the order of the attributes' names."""
        return tuple(leaf for leaf in _leaves(self) if isinstance(leaf, Variable))

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """Those variables that are trainable."""
        return tuple(v for v in self.variables if v.trainable)

    @property
    def non_trainable_variables(self) -> tuple[Variable, ...]:
        """Those variables that are not trainable."""
        return tuple(v for v in self.variables if not v.trainable)

    @property
    def submodules(self) -> tuple[Module, ...]:
        """All modules within this one."""
        return tuple(leaf for leaf in _leaves(self) if isinstance(leaf, Module) and leaf is not self)

    def __adkit_copy__(self, copies: Callable[[Any], Any]) -> Module:
        """A copy for a run in a namespace of its own, with the copies of what is in it."""
        made = object.__new__(type(self))
        for name, value in vars(self).items():
            object.__setattr__(made, name, copies(value))
        return made

    @classmethod
    def with_name_scope(cls, method: Any) -> Any:
        """The method as it is: names have no scopes here."""
        return method


def _leaves(root: Module) -> Iterator[Any]:
    """The modules and variables that are reached from a module, each once: first its own variables, then what is in it.

    Attributes go by name, as TensorFlow has them.
    """
    seen: set[int] = set()
    waiting: list[Any] = [root]
    while waiting:
        value = waiting.pop(0)
        if id(value) in seen:
            continue
        if isinstance(value, (Variable, Module)):
            seen.add(id(value))
            yield value
        if isinstance(value, Module):
            parts = _flat([vars(value)[name] for name in sorted(vars(value))])
            waiting = [part for part in parts if isinstance(part, Variable)] + waiting
            waiting += [part for part in parts if isinstance(part, Module)]


def _flat(values: list[Any]) -> list[Any]:
    """The variables and modules in lists, tuples and dicts."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, (list, tuple)):
            found += _flat(list(value))
        elif isinstance(value, dict):
            found += _flat([value[key] for key in sorted(value, key=str)])
        elif isinstance(value, (Variable, Module)):
            found.append(value)
    return found
