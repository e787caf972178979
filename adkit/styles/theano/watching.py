"""Arguments of compiled functions as inputs of a `%%grad` cell that names none.

The notebook's side asks a style which values are watched (`Recording.adopt`). Here these are the float arguments of a
function without updates, under the names of its symbolic inputs. Not for: functions called with traced values, which
are part of the recording anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ...handle import TracedArray
from ...nodes import Recording
from .graph import Variable

__adkit__ = True

MOST = 20  # calls of one cell whose arguments are watched


class Argument:
    """A value that was passed for a symbolic input."""

    def __init__(self, value: Any, name: str) -> None:
        self.value, self.name = value, name
        self.handle: TracedArray | None = None

    def __adkit_value__(self) -> Any:
        return self.value if self.handle is None else self.handle

    def __adkit_input__(self, make: Callable[[Any], TracedArray]) -> TracedArray:
        self.handle = make(self.value)
        return self.handle

    def __adkit_name__(self) -> str:
        return self.name

    def __adkit_ordinary__(self) -> Any:
        self.handle = None
        return self.value


def watched(record: Recording, variables: Sequence[Variable], values: Sequence[Any]) -> list[Any]:
    """The values, those that the cell watches as handles."""
    adopt = record.adopt
    if adopt is None:
        return list(values)
    made = []
    for variable, value in zip(variables, values, strict=True):
        kind = getattr(value, "dtype", None)
        if isinstance(value, TracedArray) or kind is None or kind.kind not in "fc" or not numpy.size(value):
            made.append(value)
            continue
        made.append(_adopted(adopt, variable.name or "input", value))
    return made


def _adopted(adopt: Callable[[Any], None], name: str, value: Any) -> Any:
    """The handle of a value under the first of its names that is free; the value where the cell does not watch it."""
    for number in range(1, MOST + 1):
        argument = Argument(value, name if number == 1 else f"{name}_{number}")
        adopt(argument)
        if argument.handle is not None:
            return argument.handle
    return value
