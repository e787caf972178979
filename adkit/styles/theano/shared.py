"""`shared`: variables whose value stays between calls of compiled functions.

While a derivative is taken through a function that updates one, its value is traced; it is an ordinary array again when
the derivative has been taken. Not for: compiling (`functions`).
"""

from __future__ import annotations

import copy
from typing import Any

import numpy

from ...errors import InputError
from ...handle import TracedArray, untraced
from ...tracing import is_tracing
from .errors import at_line
from .graph import TensorType, Variable

__adkit__ = True


class SharedVariable(Variable):
    """A variable with a value of its own; `update` in `function` gives it a new one after each call."""

    default_update: Variable | None = None

    def __init__(self, value: Any, type: TensorType, name: str | None = None) -> None:
        super().__init__(type, name=name)
        self._value = value

    @property
    def container(self) -> Any:
        """The value as it is now, traced if a derivative is being taken through it."""
        if isinstance(self._value, TracedArray) and not is_tracing():
            self._value = untraced(self._value)
        return self._value

    def put(self, value: Any) -> None:
        """Take a value that has the type already."""
        self._value = value

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        """The value, a copy unless `borrow`.

        Example
        -------
        >>> shared(3.0).get_value()
        array(3.)
        """
        value = self.container
        if isinstance(value, TracedArray):
            return value
        return value if borrow else numpy.array(value)

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Set the value, of the variable's dtype and number of dimensions; copied unless `borrow`."""
        from .arguments import filtered

        if isinstance(new_value, TracedArray) and is_tracing():
            self._value = new_value
            return
        made = filtered(new_value, self.type, self.name or "the shared variable", False)
        self._value = made if borrow else copy.copy(made)


TensorSharedVariable = SharedVariable


def shared(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: Any = None,
    borrow: bool = False,
    broadcastable: Any = None,
    **options: Any,
) -> SharedVariable:
    """A shared variable with this value, whose dtype and number of dimensions it keeps.

    Parameters
    ----------
    value: a number or array; a list is refused, as in Theano, since its dtype is not said.
    name: for printing.
    borrow: take the array itself instead of a copy.
    broadcastable: which dimensions keep the length 1; none by default, since a later value may be longer.

    Example
    -------
    >>> state = shared(0, name="state")
    >>> state.get_value()
    array(0)
    >>> state.dtype
    'int64'
    """
    if isinstance(value, Variable):
        raise at_line(InputError, "a shared variable needs a value, not a symbolic expression", "pass value.eval()")
    if isinstance(value, (list, tuple, dict, str)) or value is None:
        raise at_line(
            InputError, f"a shared variable cannot be made of a {type(value).__name__}", "pass numpy.array(...)"
        )
    plain = numpy.asarray(value)
    if plain.dtype.kind not in "biufc":
        raise at_line(InputError, f"a shared variable cannot be of dtype {plain.dtype}", "pass an array of numbers")
    kind = TensorType(plain.dtype, broadcastable or (False,) * plain.ndim)
    return SharedVariable(plain if borrow else numpy.array(plain), kind, name)
