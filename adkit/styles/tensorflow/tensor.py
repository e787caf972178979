"""`tf.Tensor`: an immutable array whose operations the recording tapes see; and how values become tensors.

`Value` is what tensors and variables have in common: operators, indexing, conversions. Its `_read` gives what the core
computes with: the plain NumPy value, or a handle where something records. Not for: functions (`elementwise`, …).
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy

from ...backends import to_numpy
from ...handle import TracedArray
from ...operators import power
from ...primitives import elementwise as rows
from ...primitives.indexing import getitem
from ...primitives.shape import convert, stack
from ...tracing import record_binary, record_unary
from .dtypes import DType, TensorShape, as_dtype, dtype_of
from .errors import ConversionError, InvalidArgumentError, at_line
from .recording import HELD, place, state

__adkit__ = True

_getframe = sys._getframe


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
        >>> constant([1.0, 2.0]).numpy()
        array([1., 2.], dtype=float32)
        """
        value = to_numpy(self._value)
        return value.copy() if isinstance(value, numpy.ndarray) and value.ndim else value[()]

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self._owner is HELD:
            raise _leak("a NumPy array")
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
            raise _leak(what)
        return self._value

    def __bool__(self) -> bool:
        handle = self._handle()
        return bool(self._value if handle is None else handle)

    def __format__(self, spec: str) -> str:
        return format(self._value, spec)

    def __getitem__(self, index: Any) -> Tensor:
        if not self._value.shape and index not in ((), ..., None):
            raise at_line(
                InvalidArgumentError,
                "a scalar tensor cannot be indexed or sliced",
                "leave the index out, or give the tensor an axis with tf.expand_dims",
            )
        return wrap(_indexed(self._read(), _plain_index(index)))

    # TensorFlow's tensors compare element by element, and so cannot be keys
    def __hash__(self) -> int:
        raise TypeError(f"{type(self).__name__} is unhashable. Instead, use tensor.ref() as the key.")

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return Tensor(self._value)

    # -- what a `%%grad` cell asks

    def __adkit_value__(self) -> Any:
        """What the core computes with: a handle where adkit itself differentiates, else the plain value."""
        handle = self._handle()
        return self._value if handle is None else handle

    def __adkit_input__(self, make: Callable[[Any], TracedArray]) -> TracedArray:
        """Become an input, in place: its handle, made of the plain value."""
        handle = make(self._value)
        self._owner, self._node = HELD, handle.node
        return handle

    def __adkit_name__(self) -> str | None:
        """No name of its own."""
        return None

    def __adkit_ordinary__(self) -> Any:
        """The tensor without what was recorded of it."""
        if self._owner is HELD:
            self._owner = self._node = None
        return self

    # -- operators, attached below

    __add__: Callable[[Any, Any], Any]
    __sub__: Callable[[Any, Any], Any]
    __mul__: Callable[[Any, Any], Any]
    __truediv__: Callable[[Any, Any], Any]
    __radd__: Callable[[Any, Any], Any]
    __rsub__: Callable[[Any, Any], Any]
    __rmul__: Callable[[Any, Any], Any]
    __rtruediv__: Callable[[Any, Any], Any]
    __lt__: Callable[[Any, Any], Any]
    __le__: Callable[[Any, Any], Any]
    __gt__: Callable[[Any, Any], Any]
    __ge__: Callable[[Any, Any], Any]

    def __neg__(self) -> Tensor:
        return unary(rows.negative, operator.neg, self, _getframe(1))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Tensor:
        return unary(rows.absolute, operator.abs, self, _getframe(1))

    def __invert__(self) -> Tensor:
        return unary(rows.logical_not if self._value.dtype.kind == "b" else rows.invert, None, self, _getframe(1))

    def __pow__(self, other: Any) -> Tensor:
        return raised(self, other, _getframe(1))

    def __rpow__(self, other: Any) -> Tensor:
        return raised(other, self, _getframe(1))

    def __matmul__(self, other: Any) -> Tensor:
        from .linalg import matmul

        return matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        from .linalg import matmul

        return matmul(other, self)


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

    def __reduce__(self) -> Any:
        if self._owner is HELD:
            raise _leak("a pickle")
        return Tensor, (self._value,)


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


def _leak(what: str) -> ConversionError:
    return at_line(
        ConversionError,
        f"a tensor that is differentiated would become {what} and lose its derivative",
        "use TensorFlow's functions (tf.reduce_mean, …), or .numpy() where no derivative is wanted",
    )


# ------------------------------------------------------------------------------------------------ from the core


def wrap(result: Any) -> Tensor:
    """What the core returned, as a tensor."""
    if isinstance(result, TracedArray):
        node, value = result.node, result.value
        made = Tensor(value if hasattr(value, "dtype") else numpy.asarray(value)[()])
        if node is not None:
            made._owner, made._node = place(node)
        return made
    return Tensor(result if hasattr(result, "dtype") else numpy.asarray(result)[()])


def unary(row: Any, function: Callable[[Any], Any] | None, x: Value, frame: Any) -> Tensor:
    """An elementwise operation of one operand."""
    operand = x._read()
    if type(operand) is TracedArray:
        return wrap(record_unary(row, operand, function or row.plain, frame))
    return Tensor((function or row.plain)(operand))


def binary(row: Any, function: Callable[[Any, Any], Any], a: Any, b: Any, frame: Any) -> Tensor:
    """An elementwise operation of two operands, at least one of them a tensor or variable."""
    x, y = operands(a, b, row.name)
    try:
        if type(x) is TracedArray or type(y) is TracedArray:
            return wrap(record_binary(row, x, y, function, frame))
        return Tensor(function(x, y))
    except ValueError as error:
        raise _incompatible(error, x, y, row.name) from None


def _incompatible(error: ValueError, x: Any, y: Any, name: str) -> Exception:
    if "broadcast" not in str(error):
        return error
    shapes = f"{list(numpy.shape(getattr(x, 'value', x)))} vs. {list(numpy.shape(getattr(y, 'value', y)))}"
    return at_line(InvalidArgumentError, f"Incompatible shapes: {shapes} [{name}]", "reshape one of the tensors")


def raised(a: Any, b: Any, frame: Any) -> Tensor:
    """`a ** b`; a constant exponent takes the short row."""
    x, y = operands(a, b, "power")
    if type(x) is TracedArray or type(y) is TracedArray:
        return wrap(power(x, y, frame))
    return Tensor(_settled(x**y, x if isinstance(a, Value) else y))


def _settled(value: Any, like: Any) -> Any:
    """A plain result in the dtype of the tensor: two Python-like operands may have made another one."""
    return value if value.dtype == like.dtype else value.astype(like.dtype)


def operands(a: Any, b: Any, name: str) -> tuple[Any, Any]:
    """Both operands as the core takes them, checked: tensors of one dtype, or a number that this dtype can hold."""
    if isinstance(a, Value):
        x = a._read()
        if isinstance(b, Value):
            if a._value.dtype != b._value.dtype:
                raise _mixed(a, b, name)
            return x, b._read()
        return x, _beside(a, b, name)
    if isinstance(b, Value):
        return _beside(b, a, name), b._read()
    made = convert_to_tensor(a)
    return made._read(), _beside(made, b, name)


def _beside(tensor: Value, other: Any, name: str) -> Any:
    """An operand that is no tensor, in the dtype of the tensor beside it."""
    kind = type(other)
    if kind is float:
        if tensor._value.dtype.kind in "fc":
            return other
    elif kind is int:
        if tensor._value.dtype.kind != "b":
            return other
    else:
        made = convert_to_tensor(other, dtype_hint=tensor.dtype)
        if made._value.dtype != tensor._value.dtype:
            raise _mixed(tensor, made, name)
        return made._read()
    raise at_line(
        ConversionError,
        f"Cannot convert {other!r} to a tensor of dtype {tensor.dtype.name}",
        f"convert the tensor first: tf.cast(x, tf.{'float32' if kind is float else 'int32'})",
    )


def _mixed(a: Value, b: Value, name: str) -> InvalidArgumentError:
    return at_line(
        InvalidArgumentError,
        f"cannot compute {name} of a {a.dtype.name} tensor and a {b.dtype.name} tensor",
        f"convert one of them: tf.cast(x, tf.{a.dtype.name})",
    )


def _indexed(x: Any, index: Any) -> Any:
    return getitem(x, index=index) if isinstance(x, TracedArray) else x[index]


def _plain_index(index: Any) -> Any:
    """An index with its tensors as plain values."""
    if isinstance(index, tuple):
        return tuple(_plain_index(part) for part in index)
    if isinstance(index, slice):
        return slice(
            *(None if part is None else operator.index(part) for part in (index.start, index.stop, index.step))
        )
    if isinstance(index, Value):
        return index._value
    return index


def _divisible(x: Any) -> Any:
    """Integers as the floats in which TensorFlow divides them."""
    if isinstance(x, Value) and x._value.dtype.kind in "iu":
        return Tensor(x._value.astype(numpy.float32 if x._value.dtype.itemsize < 4 else numpy.float64))
    return x


def _quotient(a: Any, b: Any, frame: Any) -> Tensor:
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return binary(rows.divide, operator.truediv, _divisible(a), _divisible(b), frame)


def _attach() -> None:
    arithmetic = {
        "add": rows.add,
        "sub": rows.subtract,
        "mul": rows.multiply,
        "floordiv": rows.floor_divide,
        "mod": rows.remainder,
    }
    for name, row in arithmetic.items():
        _put(name, row, getattr(operator, name), both=True)
    for name, row in {"and": rows.logical_and, "or": rows.logical_or, "xor": rows.logical_xor}.items():
        _put(name, row, getattr(operator, f"__{name}__"), both=True)
    for name in ("lt", "le", "gt", "ge"):
        row = {"lt": rows.less, "le": rows.less_equal, "gt": rows.greater, "ge": rows.greater_equal}[name]
        _put(name, row, getattr(operator, name), both=False)

    def truediv(self: Any, other: Any) -> Tensor:
        return _quotient(self, other, _getframe(1))

    def rtruediv(self: Any, other: Any) -> Tensor:
        return _quotient(other, self, _getframe(1))

    def eq(self: Any, other: Any) -> Any:
        return False if other is None else binary(rows.equal, operator.eq, self, other, _getframe(1))

    def ne(self: Any, other: Any) -> Any:
        return True if other is None else binary(rows.not_equal, operator.ne, self, other, _getframe(1))

    for method in (truediv, rtruediv, eq, ne):
        method.__name__ = f"__{method.__name__}__"
        setattr(Value, method.__name__, method)


def _put(name: str, row: Any, function: Callable[[Any, Any], Any], both: bool) -> None:
    def forward(self: Any, other: Any) -> Tensor:
        return binary(row, function, self, other, _getframe(1))

    def reflected(self: Any, other: Any) -> Tensor:
        return binary(row, function, other, self, _getframe(1))

    forward.__name__, reflected.__name__ = f"__{name}__", f"__r{name}__"
    setattr(Value, forward.__name__, forward)
    if both:
        setattr(Value, reflected.__name__, reflected)


_attach()


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
        return _cast(wrap(value), wanted or as_dtype(dtype_hint or own))
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


def _cast(x: Tensor, dtype: DType) -> Tensor:
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
            raise _mixed(found[0], part, "pack")
    return wrap(stack(*(part._read() for part in parts), axis=0))


def _nested(item: Any) -> bool:
    return isinstance(item, (list, tuple)) and _holds_tensors(item)


def _array(value: Any, wanted: DType | None, hint: DType | None) -> Any:
    """A plain value as a NumPy array or scalar of its own, of the dtype that TensorFlow gives it."""
    made = numpy.array(value)
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
