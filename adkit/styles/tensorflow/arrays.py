"""Making, reshaping, joining and picking: `tf.zeros`, `tf.reshape`, `tf.concat`, `tf.gather`, `tf.where`, …

Each calls a function of adkit's NumPy. Not for: arithmetic (`elementwise`) or sums (`reduction`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from ... import numpy as anp
from ...primitives import shape as shaping
from ...primitives.elementwise import where as where_row
from ...primitives.indexing import index_add, index_update
from .dtypes import as_dtype
from .elementwise import tensor
from .errors import InvalidArgumentError, at_line
from .operators import indexed, operands
from .tensor import Tensor, cast_to, convert_to_tensor, mixed, wrap
from .value import Value

__adkit__ = True


def plain(value: Any) -> Any:
    """A shape, axis or index as plain integers: tensors, lists of tensors and arrays are taken apart."""
    if isinstance(value, Value):
        value = value._value
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        return value.tolist() if value.ndim == 0 else tuple(value.tolist())
    if isinstance(value, (list, tuple)):
        return tuple(plain(part) for part in value)
    return value


def _shape(value: Any) -> tuple[int, ...]:
    found = plain(value)
    return (found,) if isinstance(found, int) else tuple(found)


# ------------------------------------------------------------------------------------------------ making


def zeros(shape: Any, dtype: Any = "float32", name: str | None = None) -> Tensor:
    """Zeros of a shape."""
    return Tensor(numpy.zeros(_shape(shape), as_dtype(dtype).numpy_dtype)[()])


def ones(shape: Any, dtype: Any = "float32", name: str | None = None) -> Tensor:
    """Ones of a shape."""
    return Tensor(numpy.ones(_shape(shape), as_dtype(dtype).numpy_dtype)[()])


def zeros_like(input: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Zeros of the shape and dtype of a tensor."""
    value = tensor(input)._value
    return Tensor(numpy.zeros(value.shape, value.dtype if dtype is None else as_dtype(dtype).numpy_dtype)[()])


def ones_like(input: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Ones of the shape and dtype of a tensor."""
    value = tensor(input)._value
    return Tensor(numpy.ones(value.shape, value.dtype if dtype is None else as_dtype(dtype).numpy_dtype)[()])


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """A tensor of a shape, each element the value, through which the derivative goes."""
    return broadcast_to(value, dims)


def eye(
    num_rows: Any, num_columns: Any = None, batch_shape: Any = None, dtype: Any = "float32", name: str | None = None
) -> Tensor:
    """The identity matrix."""
    made = numpy.eye(plain(num_rows), plain(num_columns), dtype=as_dtype(dtype).numpy_dtype)
    return Tensor(made if batch_shape is None else numpy.broadcast_to(made, _shape(batch_shape) + made.shape).copy())


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = None) -> Tensor:
    """The numbers from start (0 if it is the only argument) to before limit, in steps of delta.

    Example
    -------
    >>> range(3), range(0.0, 1.0, 0.5)
    (<tf.Tensor: shape=(3,), dtype=int32, numpy=array([0, 1, 2], dtype=int32)>, <tf.Tensor: shape=(2,), dtype=float32, \
numpy=array([0. , 0.5], dtype=float32)>)
    """
    if limit is None:
        start, limit = 0, start
    given = [tensor(value)._value for value in (start, limit, delta)]
    wanted = numpy.result_type(*given) if dtype is None else as_dtype(dtype).numpy_dtype
    if dtype is None and wanted == numpy.float64 and all(v.dtype != wanted for v in given):
        wanted = numpy.dtype("float32")  # of int32 and float32
    return Tensor(numpy.arange(*(v.item() for v in given)).astype(wanted))


def linspace(start: Any, stop: Any, num: Any, name: str | None = None, axis: int = 0) -> Tensor:
    """`num` evenly spaced numbers from start to stop, both included; between integers they are float64."""
    start = tensor(start)
    first, last = operands(start, stop, "linspace")
    wanted = as_dtype("float64") if start.dtype.is_integer else start.dtype
    return cast_to(wrap(anp.linspace(first, last, plain(num), axis=axis)), wanted)


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = 1,
    off_value: Any = 0,
    axis: int | None = None,
    dtype: Any = "float32",
    name: str | None = None,
) -> Tensor:
    """A vector of `depth` elements for each index, `on_value` at the index; nothing is on for one out of range.

    Example
    -------
    >>> print(one_hot([0, 2], 3).numpy())
    [[1. 0. 0.]
     [0. 0. 1.]]
    """
    where_on = tensor(indices)._value[..., None] == numpy.arange(plain(depth))
    kind = as_dtype(dtype).numpy_dtype
    made = numpy.where(where_on, kind.type(plain(on_value)), kind.type(plain(off_value)))
    return Tensor(made if axis in (None, -1) else numpy.moveaxis(made, -1, axis))


# ------------------------------------------------------------------------------------------------ shapes


def shape(input: Any, out_type: Any = "int32", name: str | None = None) -> Tensor:
    """The shape as a tensor of integers."""
    return Tensor(numpy.array(tensor(input)._value.shape, as_dtype(out_type).numpy_dtype))


def size(input: Any, out_type: Any = "int32", name: str | None = None) -> Tensor:
    """The number of elements."""
    return Tensor(as_dtype(out_type).as_numpy_dtype(tensor(input)._value.size))


def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of dimensions."""
    return Tensor(numpy.int32(tensor(input)._value.ndim))


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """The same elements in another shape, in which -1 stands for what is left."""
    made = convert_to_tensor(tensor)
    try:
        return wrap(anp.reshape(made._read(), _shape(shape)))
    except ValueError:
        raise at_line(
            InvalidArgumentError,
            f"Input to reshape is a tensor with {made._value.size} values, and the requested shape is {_shape(shape)}",
            "ask for a shape with as many elements",
        ) from None


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str | None = None) -> Tensor:
    """The axes in another order, by default reversed."""
    made = tensor(a)._read()
    return wrap(anp.transpose(anp.conjugate(made) if conjugate else made, None if perm is None else _shape(perm)))


def expand_dims(input: Any, axis: Any, name: str | None = None) -> Tensor:
    """A new axis of length 1."""
    return wrap(anp.expand_dims(tensor(input)._read(), plain(axis)))


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """Without its axes of length 1, or without those that are given."""
    made = tensor(input)
    wanted = None if axis is None else _shape(axis)
    if wanted and any(made._value.shape[n] != 1 for n in wanted):
        raise at_line(
            InvalidArgumentError,
            f"Can not squeeze axes {wanted} of shape {made._value.shape}, which are not of length 1",
            "name axes of length 1, or none",
        )
    return wrap(anp.squeeze(made._read(), wanted))


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """Repeated along new axes and along axes of length 1."""
    return wrap(anp.broadcast_to(tensor(input)._read(), _shape(shape)))


def identity(input: Any, name: str | None = None) -> Tensor:
    """The same tensor; of a variable its present value."""
    return convert_to_tensor(input)


def _same_dtype(values: Sequence[Any], name: str) -> list[Any]:
    """Tensors of one dtype, as the core takes them."""
    hint = next((value.dtype for value in values if isinstance(value, Value)), None)
    made = [value if isinstance(value, Value) else convert_to_tensor(value, dtype_hint=hint) for value in values]
    for other in made:
        if other._value.dtype != made[0]._value.dtype:
            raise mixed(made[0], other, name)
    return [value._read() for value in made]


def concat(values: Any, axis: Any, name: str | None = None) -> Tensor:
    """Tensors one after the other along an axis."""
    made = _same_dtype(list(values), "concat")
    try:
        return wrap(anp.concatenate(made, axis=plain(axis)))
    except ValueError as error:
        raise _misfit("concat", made, error) from None


def _misfit(name: str, values: list[Any], error: Exception) -> Exception:
    """The error for shapes that cannot be joined."""
    shapes = " vs. ".join(str(list(value.shape)) for value in values)
    told = str(error).rstrip(".")
    return at_line(InvalidArgumentError, f"{name}: the shapes do not fit: {shapes}: {told}", "reshape or pad them")


def stack(values: Any, axis: int = 0, name: str | None = None) -> Tensor:
    """Tensors of one shape along a new axis."""
    made = _same_dtype(list(values), "stack")
    try:
        return wrap(anp.stack(made, axis=axis))
    except ValueError as error:
        raise _misfit("stack", made, error) from None


def unstack(value: Any, num: Any = None, axis: int = 0, name: str | None = None) -> list[Tensor]:
    """The slices along an axis, in a list."""
    made = tensor(value)
    before = (slice(None),) * (axis % made._value.ndim)
    count = made._value.shape[axis]
    return [wrap(indexed(made._read(), (*before, i))) for i in numpy.arange(count).tolist()]


def split(value: Any, num_or_size_splits: Any, axis: int = 0, num: Any = None, name: str | None = None) -> list[Tensor]:
    """Consecutive parts along an axis: so many equal ones, or of these lengths."""
    made, wanted = tensor(value), plain(num_or_size_splits)
    where_to = wanted if isinstance(wanted, int) else numpy.cumsum(wanted)[:-1].tolist()
    return [wrap(part) for part in anp.split(made._read(), where_to, axis=axis)]


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """Repeated so many times along each axis."""
    return wrap(anp.tile(tensor(input)._read(), _shape(multiples)))


def repeat(input: Any, repeats: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """Each element repeated."""
    return wrap(anp.repeat(tensor(input)._read(), plain(repeats), axis=axis))


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """The order along some axes turned round."""
    return wrap(anp.flip(convert_to_tensor(tensor)._read(), _shape(axis)))


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """Elements moved along axes, those that leave at one end coming in at the other."""
    return wrap(anp.roll(tensor(input)._read(), plain(shift), plain(axis)))


def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None
) -> Tensor:
    """With more elements around: `constant_values`, or mirrored ones ("REFLECT", "SYMMETRIC")."""
    made = convert_to_tensor(tensor)._read()
    if mode.upper() == "CONSTANT":
        return wrap(anp.pad(made, plain(paddings), constant_values=plain(constant_values)))
    return wrap(anp.pad(made, plain(paddings), mode=mode.lower()))


# ------------------------------------------------------------------------------------------------ picking


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    axis: Any = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Tensor:
    """The slices at these indices along an axis; its derivative is dense here, and `IndexedSlices` in TensorFlow.

    Example
    -------
    >>> gather([1.0, 2.0, 3.0], [2, 0])
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([3., 1.], dtype=float32)>
    """
    made, where_at = tensor(params), tensor(indices)._value
    along = plain(axis) if axis is not None else batch_dims
    length = made._value.shape[along]
    if where_at.size and not (0 <= where_at.min() and where_at.max() < length):
        raise at_line(
            InvalidArgumentError,
            f"an index of gather is not in [0, {length})",
            "index from 0; negative indices are not counted from the end",
        )
    if not batch_dims:
        return wrap(indexed(made._read(), (*(slice(None),) * (along % made._value.ndim), where_at)))
    if batch_dims != along:
        raise at_line(
            InvalidArgumentError, "gather takes batch_dims only with axis=batch_dims", "transpose the other axes first"
        )
    grids = numpy.ix_(*(numpy.arange(n) for n in made._value.shape[:batch_dims]))
    lead = [grid.reshape(grid.shape + (1,) * (where_at.ndim - batch_dims)) for grid in grids]
    return wrap(indexed(made._read(), (*lead, where_at)))


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: str | None = None) -> Tensor:
    """The elements or slices at index tuples, which are the last axis of `indices`."""
    where_at = tensor(indices)._value
    return wrap(indexed(tensor(params)._read(), tuple(numpy.moveaxis(where_at, -1, 0))))


def boolean_mask(tensor: Any, mask: Any, axis: Any = None, name: str = "boolean_mask") -> Tensor:
    """The elements or slices where the mask is true."""
    before = (slice(None),) * (plain(axis) or 0)
    chosen = convert_to_tensor(mask)._value
    return wrap(indexed(convert_to_tensor(tensor)._read(), (*before, chosen)))


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """x where the condition is true, else y; with the condition alone the indices at which it is true."""
    chosen = tensor(condition)
    if x is None and y is None:
        return Tensor(numpy.argwhere(chosen._value))
    a, b = operands(tensor(x) if not isinstance(y, Value) else x, y, "where")
    like = next(v for v in (x, y, tensor(x)) if isinstance(v, Value))._value.dtype
    a, b = (like.type(v) if type(v) in (int, float) else v for v in (a, b))
    return wrap(where_row(chosen._read(), a, b))


def tensor_scatter_nd_update(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """A new tensor with the updates at index tuples."""
    return _scattered(index_update, tensor, indices, updates)


def tensor_scatter_nd_add(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """A new tensor with the updates added at index tuples; those of repeated indices add up."""
    return _scattered(index_add, tensor, indices, updates)


def _scattered(row: Any, values: Any, indices: Any, updates: Any) -> Tensor:
    x, new = operands(convert_to_tensor(values), updates, row.name)
    where_at = convert_to_tensor(indices)._value
    return wrap(row(x, new, index=tuple(numpy.moveaxis(where_at, -1, 0))))


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Tensor:
    """Zeros of a shape with the updates added at index tuples."""
    made = tensor(updates)
    return tensor_scatter_nd_add(zeros(shape, made.dtype), indices, made)


def argmax(input: Any, axis: Any = None, output_type: Any = "int64", name: str | None = None) -> Tensor:
    """Where the largest element along an axis is, by default the first."""
    return _position(numpy.argmax, input, axis, output_type)


def argmin(input: Any, axis: Any = None, output_type: Any = "int64", name: str | None = None) -> Tensor:
    """Where the smallest element along an axis is, by default the first."""
    return _position(numpy.argmin, input, axis, output_type)


def _position(function: Any, input: Any, axis: Any, output_type: Any) -> Tensor:
    found = function(tensor(input)._value, axis=0 if axis is None else plain(axis))
    return Tensor(found.astype(as_dtype(output_type).numpy_dtype))


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: Any = None
) -> Tensor:
    """The indices that sort the elements along an axis."""
    value = tensor(values)._value
    if direction == "DESCENDING":
        value = -value
    return Tensor(numpy.argsort(value, axis=axis, kind="stable").astype(numpy.int32))


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Tensor:
    """The elements along an axis in order."""
    made = anp.sort(tensor(values)._read(), axis=axis)
    return wrap(anp.flip(made, axis) if direction == "DESCENDING" else made)


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """The value as a constant: no derivative passes.

    Example
    -------
    >>> from adkit.styles import tensorflow as tf
    >>> x = tf.Variable(3.0)
    >>> with tf.GradientTape() as tape:
    ...     y = x * stop_gradient(x)
    >>> tape.gradient(y, x)
    <tf.Tensor: shape=(), dtype=float32, numpy=3.0>
    """
    made = convert_to_tensor(input)
    return wrap(shaping.stop_gradient(made._read()))
