"""`tf.Variable`: a tensor whose value can be assigned; every recording tape that watches variables sees it read.

An assignment is a change of state, as in TensorFlow: the derivative does not go through it, and what is read later is
read anew. Not for: optimisers (`keras.optimizers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...constants import is_inside
from ...handle import TracedArray, is_traced, untraced
from ...nodes import Node, open_recording
from . import recording
from .dtypes import as_dtype
from .errors import TapeValueError, at_line
from .recording import HELD, state
from .tensor import Tensor, convert_to_tensor, wrap
from .value import Value, represented

__adkit__ = True


class Variable(Value):
    """A value that programs change with `assign`, `assign_add` and `assign_sub`; its dtype and shape stay.

    Parameters
    ----------
    initial_value: what `tf.constant` takes, or a function without arguments that returns it.
    trainable: whether tapes watch it by themselves.

    Raises `TapeValueError` if a value of another shape is assigned.

    Example
    -------
    >>> x = Variable(3.0)
    >>> x.assign_add(1.0)
    <tf.Variable 'Variable:0' shape=() dtype=float32, numpy=4.0>
    """

    __slots__ = ("_name", "_trainable", "_epoch", "_adopted", "version")

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool = True,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        dtype: Any = None,
        shape: Any = None,
        **unused: Any,
    ) -> None:
        if initial_value is None:
            raise at_line(TapeValueError, "a variable needs an initial value", "write tf.Variable(0.0)")
        value = initial_value() if callable(initial_value) else initial_value
        self._owner: Any = None
        self._node: Any = None
        self._epoch = self._adopted = -1
        self.version = 0
        self._name = name or "Variable"
        self._trainable = trainable
        self._set(convert_to_tensor(value, None if isinstance(value, Value) else dtype)._read())
        if dtype is not None and self.dtype != as_dtype(dtype):
            convert_to_tensor(value, dtype)  # says what does not fit

    @property
    def name(self) -> str:
        """The name, with TensorFlow's ":0"."""
        return f"{self._name}:0"

    @property
    def trainable(self) -> bool:
        """Whether tapes watch it by themselves."""
        return self._trainable

    def _set(self, value: Any) -> None:
        """Take a value; where adkit itself differentiates the program, the derivative goes with it."""
        held = is_traced(value) and is_inside()
        self._value = untraced(value) if isinstance(value, TracedArray) else value
        self._owner, self._node = (HELD, value.node) if held else (None, None)

    # -- reading

    def _read(self) -> Any:
        if state.accessed is not None:
            state.accessed.append(self)
        if self._trainable:
            self._offer()
        record = state.record
        if record is not None and self._value.dtype.kind in "fc":
            if self._owner is record.ref and self._epoch == record.epoch:
                return TracedArray(record.nodes[self._node], self._value)
            node = self._watched_node(record, [tape for tape in record.tapes if tape.watches(self)])
        else:
            node = self._node if self._owner is HELD else None
        return self._value if node is None else TracedArray(node, self._value)

    def _offer(self) -> None:
        """Become an input of the `%%grad` cell that runs, if one does and has not seen the present value."""
        outer = open_recording.get()
        if outer is not None and outer.adopt is not None and self._is_new():
            outer.adopt(self)

    def _is_new(self) -> bool:
        """Whether a cell's recording has not seen the present value as an input of the cell."""
        if self._value.dtype.kind not in "fc":
            return False
        return self._adopted != self.version if self._adopted >= 0 else self._owner is not HELD

    def __adkit_input__(self, make: Any) -> TracedArray:
        """Become an input, in place: its handle, made of the plain value."""
        self._adopted = self.version
        return super().__adkit_input__(make)

    def __adkit_name__(self) -> str | None:
        """Its own name, if one was given."""
        return self._name if self._name.isidentifier() and self._name != "Variable" else None

    def __adkit_ordinary__(self) -> Any:
        """The variable without what was recorded of it."""
        self._adopted = -1
        return super().__adkit_ordinary__()

    def _watched_node(self, record: recording.Record, tapes: Sequence[Any]) -> Node | None:
        """The node from which tapes see the present value, a fresh one if it is new to one of them."""
        node = self._known_node(record)
        unaware = [tape for tape in tapes if not tape.knows(self)]
        if unaware:
            node = recording.watch(self, record, node)
            for tape in unaware:
                tape.note(self, node)
        self._epoch = record.epoch
        return node

    def _known_node(self, record: recording.Record | None) -> Node | None:
        """The node of the present value, if there is one that counts."""
        if self._owner is HELD:
            node: Node = self._node
            return node
        return record.nodes[self._node] if record is not None and self._owner is record.ref else None

    def value(self) -> Tensor:
        """The value as a tensor."""
        return wrap(self._read())

    read_value = value

    # -- assigning

    def assign(
        self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Variable:
        """Take a new value of the same shape and dtype; returns the variable."""
        made = convert_to_tensor(value, dtype_hint=self.dtype)
        made = convert_to_tensor(made, self.dtype)
        if made._value.shape != self._value.shape:
            raise at_line(
                TapeValueError,
                f"Cannot assign value to variable '{self.name}': the variable has shape {tuple(self.shape)}, and the "
                f"assigned value {tuple(made.shape)}",
                "reshape the value, or make a new variable",
            )
        self._assign(made._read())
        return self

    def _assign(self, value: Any) -> None:
        self.version += 1
        self._set(value)

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Variable:
        """Add to the value in place; returns the variable."""
        return self.assign(self._unwatched() + delta)

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Variable:
        """Subtract from the value in place; returns the variable."""
        return self.assign(self._unwatched() - delta)

    def _unwatched(self) -> Tensor:
        """The present value, not read as by the user's program: no tape takes note."""
        handle = self._handle()
        return Tensor(self._value) if handle is None else wrap(handle)

    def __repr__(self) -> str:
        text = represented(self._value)
        return f"<tf.Variable {self.name!r} shape={tuple(self.shape)} dtype={self.dtype.name}, numpy={text}>"

    __str__ = __repr__

    def __deepcopy__(self, memo: Any) -> Variable:
        return Variable(Tensor(self._value), trainable=self._trainable, name=self._name)

    def __reduce__(self) -> Any:
        return _restored, (self._value, self._trainable, self._name)


def _restored(value: Any, trainable: bool, name: str) -> Variable:
    return Variable(Tensor(value), trainable=trainable, name=name)
