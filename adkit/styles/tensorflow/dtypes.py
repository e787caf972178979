"""`tf.DType` and `tf.TensorShape`, and how Python's and NumPy's values get theirs: floats are float32, integers int32.

Not for: making tensors (`tensor`).
"""

from __future__ import annotations

from typing import Any

import numpy

from .errors import ConversionError, at_line

__adkit__ = True


class DType:
    """A dtype as TensorFlow names it; compares equal to NumPy's dtype and to its name.

    Example
    -------
    >>> float32, float32.name, float32.is_floating, float32 == "float32"
    (tf.float32, 'float32', True, True)
    """

    __slots__ = ("name", "numpy_dtype")

    def __init__(self, name: str) -> None:
        self.name = name
        self.numpy_dtype = numpy.dtype(name)

    @property
    def as_numpy_dtype(self) -> type:
        """NumPy's scalar type."""
        return self.numpy_dtype.type

    @property
    def base_dtype(self) -> DType:
        """The dtype itself: there are no references here."""
        return self

    @property
    def is_floating(self) -> bool:
        """Whether it is real floating point."""
        return self.numpy_dtype.kind == "f"

    @property
    def is_complex(self) -> bool:
        """Whether it is complex."""
        return self.numpy_dtype.kind == "c"

    @property
    def is_integer(self) -> bool:
        """Whether it is an integer, signed or not."""
        return self.numpy_dtype.kind in "iu"

    @property
    def is_bool(self) -> bool:
        """Whether it is bool."""
        return self.numpy_dtype.kind == "b"

    @property
    def real_dtype(self) -> DType:
        """The dtype of the real part."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return self.numpy_dtype.itemsize

    @property
    def min(self) -> Any:
        """The smallest finite value."""
        return self._limits().min

    @property
    def max(self) -> Any:
        """The largest finite value."""
        return self._limits().max

    def _limits(self) -> Any:
        return numpy.iinfo(self.numpy_dtype) if self.is_integer else numpy.finfo(self.numpy_dtype)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, DType) or other is None:
            return False
        try:
            return numpy.dtype(other) == self.numpy_dtype  # type: ignore[call-overload]
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __reduce__(self) -> Any:
        return as_dtype, (self.name,)


float16, float32, float64 = DType("float16"), DType("float32"), DType("float64")
half, double = float16, float64
int8, int16, int32, int64 = DType("int8"), DType("int16"), DType("int32"), DType("int64")
uint8, uint16, uint32, uint64 = DType("uint8"), DType("uint16"), DType("uint32"), DType("uint64")
complex64, complex128 = DType("complex64"), DType("complex128")
bool_ = DType("bool")
_BY_NUMPY = {
    made.numpy_dtype: made
    for made in (
        *(float16, float32, float64, int8, int16, int32, int64),
        *(uint8, uint16, uint32, uint64, complex64, complex128, bool_),
    )
}
_PYTHON = {float: float32, int: int32, bool: bool_, complex: complex128}
_NAMES = {"half": float16, "double": float64, "float": float32}


def as_dtype(value: Any) -> DType:
    """The `DType` of what names one: a `DType`, a NumPy dtype or scalar type, a Python type, or a name.

    Example
    -------
    >>> as_dtype("float64"), as_dtype(numpy.int32), as_dtype(float)
    (tf.float64, tf.int32, tf.float32)
    """
    if type(value) is DType:
        return value
    known = _PYTHON.get(value) if isinstance(value, type) else _NAMES.get(value) if isinstance(value, str) else None
    if known is not None:
        return known
    try:
        return _BY_NUMPY[numpy.dtype(value)]
    except (TypeError, KeyError):
        raise at_line(
            ConversionError,
            f"{value!r} is no dtype of this style",
            "use tf.float32, tf.float64, tf.int32, tf.int64, tf.bool, tf.complex64 or tf.complex128",
        ) from None


def dtype_of(value: Any) -> DType:
    """The `DType` of a NumPy array or scalar."""
    return _BY_NUMPY[value.dtype]


class TensorShape(tuple):
    """The shape of a tensor: a tuple with TensorFlow's methods; every dimension is known.

    Example
    -------
    >>> shape = TensorShape((2, 3))
    >>> shape, str(shape), shape.as_list(), shape.rank, shape.num_elements()
    (TensorShape([2, 3]), '(2, 3)', [2, 3], 2, 6)
    """

    __slots__ = ()

    def __new__(cls, dimensions: Any = ()) -> TensorShape:
        return super().__new__(cls, (int(n) for n in dimensions))

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return len(self)

    ndims = rank

    def as_list(self) -> list[int]:
        """The dimensions in a list."""
        return list(self)

    def num_elements(self) -> int:
        """The number of elements."""
        return int(numpy.prod(self, dtype=int))

    def is_fully_defined(self) -> bool:
        """True: nothing is unknown when the code runs."""
        return True

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return TensorShape(found) if isinstance(index, slice) else found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (tuple, list)) and tuple(self) == tuple(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    def __repr__(self) -> str:
        return f"TensorShape({list(self)})"

    def __str__(self) -> str:
        return tuple(self).__repr__()
