"""`tf.Tensor`: an immutable array whose operations the recording tapes see; and how values become tensors.

Not for: what tensors share with variables (`value`), operators (`operators`), functions (`elementwise`, …).
"""

from __future__ import annotations

from typing import Any

import numpy

from ...handle import TracedArray
from ...primitives.shape import convert, stack
from .dtypes import DType, as_dtype
from .errors import ConversionError, InvalidArgumentError, RaggedError, at_line
from .recording import HELD, place, state
from .value import Value, leak, represented

__adkit__ = True


class Tensor(Value):
    """An immutable array with a dtype that operations keep, as `tf.constant` makes it.

    Example
    -------
    >>> constant(2.0) * 3
    <tf.Tensor: shape=(), dtype=float32, numpy=6.0>
    >>> print(constant([[1, 2], [3, 4]]))
    tf.Tensor(
    [[1 2]
     [3 4]], shape=(2, 2), dtype=int32)
    """

    __slots__ = ()

    def __init__(self, value: Any) -> None:
        self._value = value
        self._owner = None

    def _read(self) -> Any:
        owner = self._owner
        if owner is None:
            return self._value
        if owner is HELD:
            return TracedArray(self._node, self._value)
        record = state.record
        if record is not None and owner is record.ref:
            return TracedArray(record.nodes[self._node], self._value)
        return self._value

    def __setitem__(self, index: Any, value: Any) -> None:
        raise at_line(
            ConversionError,
            "a tensor does not support item assignment",
            "use tf.tensor_scatter_nd_update, or a tf.Variable with assign",
        )

    def __repr__(self) -> str:
        return f"<tf.Tensor: shape={tuple(self.shape)}, dtype={self.dtype.name}, numpy={represented(self._value)}>"

    def __str__(self) -> str:
        text = str(self._value)
        text = "\n" + text if "\n" in text else text
        return f"tf.Tensor({text}, shape={tuple(self.shape)}, dtype={self.dtype.name})"

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: Any) -> Tensor:
        return Tensor(self._value)

    def __reduce__(self) -> Any:
        if self._owner is HELD:
            raise leak("a pickle")
        return Tensor, (self._value,)


def wrap(result: Any) -> Tensor:
    """What the core returned, as a tensor."""
    if isinstance(result, TracedArray):
        node, value = result.node, result.value
        made = Tensor(value if hasattr(value, "dtype") else numpy.asarray(value)[()])
        if node is not None:
            made._owner, made._node = place(node)
        return made
    return Tensor(result if hasattr(result, "dtype") else numpy.asarray(result)[()])


def mixed(a: Value, b: Value, name: str) -> InvalidArgumentError:
    """The error for two tensors of different dtypes in one operation."""
    return at_line(
        InvalidArgumentError,
        f"cannot compute {name} of a {a.dtype.name} tensor and a {b.dtype.name} tensor",
        f"convert one of them: tf.cast(x, tf.{a.dtype.name})",
    )


# ------------------------------------------------------------------------------------------------ making tensors


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Tensor:
    """A tensor of a number, nested lists or a NumPy array: floats become float32, integers int32, arrays keep theirs.

    Raises `ConversionError` for what is neither, and for floats where an integer dtype is asked for.

    Example
    -------
    >>> constant([1, 2]), constant(1.0, dtype="float64").dtype
    (<tf.Tensor: shape=(2,), dtype=int32, numpy=array([1, 2], dtype=int32)>, tf.float64)
    """
    made = convert_to_tensor(value, dtype)
    if shape is None or tuple(shape) == made._value.shape:
        return made
    if made._value.size == 1:
        return Tensor(numpy.full(tuple(shape), made._value))
    return Tensor(made._value.reshape(tuple(shape)))


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Tensor:
    """`value` as a tensor; lists may hold tensors. See `constant`.

    Example
    -------
    >>> convert_to_tensor([constant(1.0), 2.0])
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>
    """
    wanted = None if dtype is None else as_dtype(dtype)
    if type(value) is Tensor:
        made = value
    elif isinstance(value, Value):
        made = wrap(value._read())
    elif isinstance(value, TracedArray):
        own = float if type(value.value) is float else numpy.dtype(value.dtype)
        return cast_to(wrap(value), wanted or as_dtype(dtype_hint or own))
    elif isinstance(value, (list, tuple)) and _holds_tensors(value):
        made = _packed(value, wanted)
    else:
        return Tensor(_array(value, wanted, None if dtype_hint is None else as_dtype(dtype_hint)))
    if wanted is not None and made.dtype != wanted:
        raise at_line(
            ConversionError,
            f"Tensor conversion requested dtype {wanted.name} for Tensor with dtype {made.dtype.name}",
            f"convert it: tf.cast(x, tf.{wanted.name})",
        )
    return made


def cast_to(x: Tensor, dtype: DType) -> Tensor:
    """A tensor in another dtype."""
    if x._value.dtype == dtype.numpy_dtype:
        return x
    operand = x._read()
    if type(operand) is TracedArray:
        return wrap(convert(operand, dtype=dtype.numpy_dtype))
    if operand.dtype.kind == "c" and dtype.numpy_dtype.kind != "c":
        operand = operand.real
    return Tensor(operand.astype(dtype.numpy_dtype))


def _holds_tensors(value: Any) -> bool:
    pending = list(value)
    while pending:
        item = pending.pop()
        if isinstance(item, (Value, TracedArray)):
            return True
        if isinstance(item, (list, tuple)):
            pending.extend(item)
    return False


def _packed(items: Any, dtype: DType | None) -> Tensor:
    """Lists of tensors and numbers as one tensor, in the dtype of the tensors."""
    found = [convert_to_tensor(item) for item in items if isinstance(item, (Value, TracedArray)) or _nested(item)]
    wanted = dtype or found[0].dtype
    parts = [convert_to_tensor(item, dtype_hint=wanted) for item in items]
    for part in parts:
        if part.dtype != wanted:
            raise mixed(found[0], part, "pack")
    return wrap(stack(*(part._read() for part in parts), axis=0))


def _nested(item: Any) -> bool:
    return isinstance(item, (list, tuple)) and _holds_tensors(item)


def _array(value: Any, wanted: DType | None, hint: DType | None) -> Any:
    """A plain value as a NumPy array or scalar of its own, of the dtype that TensorFlow gives it."""
    try:
        made = numpy.array(value)
    except ValueError:  # of rows of several lengths
        raise at_line(
            RaggedError, "Can't convert non-rectangular Python sequence to Tensor", "pad the rows to one length"
        ) from None
    if made.dtype.kind not in "fciub":
        raise at_line(
            ConversionError,
            f"a {type(value).__name__} cannot become a tensor of numbers",
            "pass numbers, nested lists of one length, or NumPy arrays (strings and ragged tensors are not offered)",
        )
    typed = isinstance(value, (numpy.ndarray, numpy.generic))
    if wanted is None:
        if hint is not None and (made.dtype.kind in "iub" or hint.numpy_dtype.kind in "fc"):
            wanted = hint
        elif not typed:
            wanted = {"f": as_dtype(float), "i": as_dtype(int)}.get(made.dtype.kind)
    if wanted is None or made.dtype == wanted.numpy_dtype:
        return made[()]
    if wanted.is_integer and made.dtype.kind in "fc" and not typed:
        message = f"Cannot convert {value!r} to a tensor of dtype {wanted.name}"
        raise at_line(ConversionError, message, "round it first, or use a float dtype")
    if wanted.is_integer and made.dtype.kind in "iu" and made.size:
        limits = numpy.iinfo(wanted.numpy_dtype)
        if made.min() < limits.min or made.max() > limits.max:
            message = f"{value!r} does not fit into {wanted.name}"
            raise at_line(ConversionError, message, "pass dtype=tf.int64")
    return made.astype(wanted.numpy_dtype)[()]
