"""What tensors and variables have in common: shape and dtype, becoming plain values, and what a `%%grad` cell asks.

`_read` gives what the core computes with: the plain NumPy value, or a handle where something records. Operators are
attached by `operators`. Not for: making tensors (`tensor`).
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy

from ...backends import to_numpy
from ...handle import TracedArray
from ...nodes import open_recording
from .dtypes import DType, TensorShape, dtype_of
from .errors import ConversionError, at_line
from .recording import HELD

__adkit__ = True


class Value:
    """What tensors and variables have in common."""

    __slots__ = ("_value", "_owner", "_node", "__weakref__")
    __array_priority__ = 100

    _value: Any
    _owner: Any
    _node: Any

    def _read(self) -> Any:
        raise TypeError("a value is a tensor or a variable")

    def _handle(self) -> TracedArray | None:
        """The handle, if a transformation of adkit's outside of all tapes sees this value."""
        return TracedArray(self._node, self._value) if self._owner is HELD else None

    # -- shape and type

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return TensorShape(self._value.shape)

    @property
    def dtype(self) -> DType:
        """The dtype."""
        return dtype_of(self._value)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return int(self._value.ndim)

    @property
    def device(self) -> str:
        """Where it is: always the CPU."""
        return "/job:localhost/replica:0/task:0/device:CPU:0"

    def get_shape(self) -> TensorShape:
        """The shape."""
        return self.shape

    def ref(self) -> Reference:
        """A hashable reference to this object."""
        return Reference(self)

    def __len__(self) -> int:
        if not self._value.shape:
            raise TypeError("Scalar tensor has no `len()`")
        return int(self._value.shape[0])

    def __iter__(self) -> Iterator[Any]:
        if not self._value.shape:
            raise TypeError("Cannot iterate over a scalar tensor.")
        return (self[i] for i in range(self._value.shape[0]))

    # -- becoming a plain value

    def numpy(self) -> Any:
        """The value as a NumPy array or scalar, a copy; what is computed from it no tape sees.

        Example
        -------
        >>> from adkit.styles import tensorflow as tf
        >>> tf.constant([1.0, 2.0]).numpy()
        array([1., 2.], dtype=float32)
        """
        value = to_numpy(self._value)
        return value.copy() if isinstance(value, numpy.ndarray) and value.ndim else value[()]

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self._owner is HELD:
            raise leak("a NumPy array")
        return numpy.array(self._value, dtype=dtype)

    def __float__(self) -> float:
        return float(self._number("a Python number"))

    def __int__(self) -> int:
        return int(self._number("a Python number"))

    def __complex__(self) -> complex:
        return complex(self._number("a Python number"))

    def __index__(self) -> int:
        return operator.index(self._number("an index"))

    def _number(self, what: str) -> Any:
        if self._owner is HELD and self._value.dtype.kind in "fc":
            cell = open_recording.get()
            if cell is None or not cell.differentiated:  # by a tape, after which programs print their loss
                raise leak(what)
        return self._value

    def __bool__(self) -> bool:
        handle = self._handle()
        return bool(self._value if handle is None else handle)

    def __format__(self, spec: str) -> str:
        return format(self._value, spec)

    # TensorFlow's tensors compare element by element, and so cannot be keys
    def __hash__(self) -> int:
        raise TypeError(f"{type(self).__name__} is unhashable. Instead, use tensor.ref() as the key.")

    # -- what a `%%grad` cell asks

    def __adkit_value__(self) -> Any:
        """What the core computes with: a handle where adkit itself differentiates, else the plain value."""
        handle = self._handle()
        return self._value if handle is None else handle

    def __adkit_input__(self, make: Callable[[Any], TracedArray]) -> TracedArray:
        """Become an input, in place: its handle, made of the plain value."""
        handle = make(self._value)
        self._value = handle.value  # another one where an explorer runs the cell again
        self._owner, self._node = HELD, handle.node
        return handle

    def __adkit_name__(self) -> str | None:
        """No name of its own."""
        return None

    def __adkit_copy__(self, copies: Callable[[Any], Any]) -> Any:
        """A copy for a run in a namespace of its own."""
        return copy.deepcopy(self)

    def __adkit_ordinary__(self) -> Any:
        """The tensor without what was recorded of it."""
        if self._owner is HELD:
            self._owner = self._node = None
        return self

    if TYPE_CHECKING:  # attached by `operators`

        def __add__(self, other: Any) -> Any: ...
        def __sub__(self, other: Any) -> Any: ...
        def __mul__(self, other: Any) -> Any: ...
        def __truediv__(self, other: Any) -> Any: ...
        def __floordiv__(self, other: Any) -> Any: ...
        def __mod__(self, other: Any) -> Any: ...
        def __radd__(self, other: Any) -> Any: ...
        def __rsub__(self, other: Any) -> Any: ...
        def __rmul__(self, other: Any) -> Any: ...
        def __rtruediv__(self, other: Any) -> Any: ...
        def __pow__(self, other: Any) -> Any: ...
        def __rpow__(self, other: Any) -> Any: ...
        def __matmul__(self, other: Any) -> Any: ...
        def __rmatmul__(self, other: Any) -> Any: ...
        def __lt__(self, other: Any) -> Any: ...
        def __le__(self, other: Any) -> Any: ...
        def __gt__(self, other: Any) -> Any: ...
        def __ge__(self, other: Any) -> Any: ...
        def __and__(self, other: Any) -> Any: ...
        def __or__(self, other: Any) -> Any: ...
        def __neg__(self) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...


class Reference:
    """A hashable reference to a tensor or variable: `deref` gives it back."""

    __slots__ = ("_referred",)

    def __init__(self, referred: Any) -> None:
        self._referred = referred

    def deref(self) -> Any:
        """What is referred to."""
        return self._referred

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and other._referred is self._referred

    def __hash__(self) -> int:
        return id(self._referred)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._referred!r}>"


def represented(value: Any) -> str:
    """A value as TensorFlow's `repr` shows it: on lines of its own where it has several."""
    text = repr(value) if value.ndim else repr(value.item())
    return "\n" + text if "\n" in text else text


def leak(what: str) -> ConversionError:
    return at_line(
        ConversionError,
        f"a tensor that is differentiated would become {what} and lose its derivative",
        "use TensorFlow's functions (tf.reduce_mean, …), or .numpy() where no derivative is wanted",
    )
