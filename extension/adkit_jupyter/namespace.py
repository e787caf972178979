"""The user's namespace around a recorded cell: traced inputs and substitutes before, ordinary values after.

`prepare` and `restore` bracket the cell, whatever happens in between. Not for: running it (`cell`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

import adkit
from adkit import backends
from adkit.handle import TracedArray, is_traced, untraced
from adkit.storage import TracedView

from .faces import is_face, seen_by_core
from .inputs import InputPlan, Inputs
from .interrupts import interrupts_held
from .ordinary import Ordinary, is_atom
from .substitution import Substitution

__adkit__ = True


class RecordedNamespace:
    """A namespace in which a cell is recorded. `named` holds, after `restore`, the traced value of each name.

    `local` is given where an expression is evaluated inside a function: a copy of that function's variables.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        plan: InputPlan,
        inputs: Inputs,
        hidden: Iterable[str] = (),
        local: dict[str, Any] | None = None,
    ) -> None:
        self.namespace = namespace
        self.local = local
        self.inputs = inputs
        self.named: dict[str, Any] = {}
        self._earlier = plan.earlier
        self._hidden = {name: namespace.get(name) for name in hidden}
        self._substitution = Substitution(namespace)

    def prepare(self) -> None:
        """Put the substitutes and the traced inputs of earlier cells into the namespace."""
        self._substitution.start()
        self.inputs.start()
        if self.local is not None:
            Substitution(self.local).scan()
        for name in self._earlier:
            place = self.local if self.local is not None and name in self.local else self.namespace
            place[name] = self.inputs.add(name, place[name])

    def restore(self) -> None:
        """Give the modules back, write changed inputs back, and make every value that the cell left ordinary."""
        with interrupts_held():
            try:
                self._substitution.stop()
                self.inputs.stop()
            finally:
                self._make_ordinary()

    def note_names(self) -> None:
        """Remember the traced value of each name."""
        inputs = {handle.node for handle in self.inputs.recorded.values()}
        for name, value in self.namespace.items():
            value = seen_by_core(value)
            if is_traced(value) and value.node not in inputs and not name.startswith("_"):
                self.named[name] = value

    def _make_ordinary(self) -> None:
        recorded = self.inputs.recorded
        self.note_names()
        by_handle = {id(handle): name for name, handle in self.inputs.traced.items()}

        def convert(value: Any) -> Any:
            if isinstance(value, TracedArray):
                name = by_handle.get(id(value))
                if name is None:
                    return plain(value, ordinary)
                original = self.inputs.originals[name]
                return original if value.node is recorded[name].node else written_back(original, value)
            if is_face(value):
                return value.__adkit_ordinary__()
            return self._substitution.original(value)

        ordinary = Ordinary(convert)
        for handle in [*self.inputs.traced.values(), *self.inputs.adopted]:
            ordinary(handle)
        for name, value in list(self.namespace.items()):
            if is_atom(value) or (name in self._hidden and value is self._hidden[name]):
                continue  # what IPython keeps, such as Out; a `_` that the cell bound is the user's
            result = ordinary(value)
            if result is not value:
                self.namespace[name] = result


def plain(value: TracedArray, ordinary: Ordinary) -> Any:
    """The plain value of a handle; for a view, the same view of the plain array, so that the two go on aliasing."""
    if isinstance(value, TracedView):
        parent = ordinary.one(value.parent)
        view = value._read(parent)
        if isinstance(view, numpy.ndarray) and view.base is not None:
            return view
    result = untraced(value)
    return result if adkit.settings.current().device == "cpu" else on_cpu(result)


def on_cpu(value: Any) -> Any:
    """An array that was computed on another device, as NumPy's array or scalar."""
    result = backends.to_numpy(value)
    return result[()] if isinstance(result, numpy.ndarray) and result is not value else result


def written_back(original: Any, handle: Any) -> Any:
    """The user's own object for an input, with the elements that the cell assigned written into it."""
    value = untraced(handle)
    if isinstance(original, numpy.ndarray):
        if original.flags.writeable:
            numpy.copyto(original, backends.to_numpy(value))
    elif backends.is_array(original):
        original[...] = value
    return original
