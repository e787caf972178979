"""Shapes and making arrays: `reshape dimshuffle flatten transpose concatenate stack repeat tile zeros ones eye arange`.

A size may be symbolic. Its value then decides the shape, so a compiled function records its program anew for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from .... import numpy as anp
from ..configuration import config
from ..errors import GraphError, at_line
from ..graph import Apply, Constant, Operation, TensorType, Variable, as_variable
from ..inference import axes_of, promoted

__adkit__ = True


# ------------------------------------------------------------------------------------------------ sizes


class Shape(Operation):
    """The shape, as a vector; for display it is a value with that name."""

    def run(self, context: Any, apply: Apply, operands: list[Any]) -> Any:
        plain = numpy.array(numpy.shape(getattr(operands[0], "value", operands[0])), dtype=numpy.int64)
        if context.display is not None:
            return (context.display.shape_of(apply.inputs[0], plain),)
        return (plain,)


SHAPE = Shape("shape", numpy.shape, lambda x: TensorType("int64", (False,)))


def shape(x: Any) -> Variable:
    """The shape of x, a vector of integers."""
    return SHAPE(x)


def count_along(x: Variable, axis: Any) -> Variable:
    """The number of elements along axes."""
    made: Any = None
    for i in axes_of(axis, x.ndim):
        made = SHAPE(x)[i] if made is None else made * SHAPE(x)[i]
    return as_variable(1) if made is None else made


def _sizes(given: Any) -> tuple[tuple[Variable, ...], bool]:
    """The sizes as variables, and whether they are one vector."""
    if isinstance(given, Variable) and given.ndim == 1:
        return (given,), True
    parts = list(given) if isinstance(given, (tuple, list, numpy.ndarray)) else [given]
    return tuple(as_variable(p) for p in parts), False


def _plain_sizes(sizes: Sequence[Any], vector: bool) -> tuple[int, ...]:
    """The sizes when a program is recorded: integers, each a guard where it was computed from an input."""
    if vector:
        made = sizes[0]
        return tuple(int(made[i]) for i in range(made.shape[0]))
    return tuple(int(s) for s in sizes)


def _rank_of_vector(sizes: Variable, ndim: int | None) -> int:
    if ndim is not None:
        return ndim
    owner = sizes.owner
    if owner is not None and isinstance(owner.op, Shape):
        return owner.inputs[0].ndim
    if isinstance(sizes, Constant):
        return len(sizes.data)
    raise at_line(GraphError, "the length of a symbolic shape is not known", "pass ndim=, or the sizes one by one")


def _pattern(sizes: Sequence[Variable]) -> tuple[bool, ...]:
    return tuple(isinstance(s, Constant) and int(s.data) == 1 for s in sizes)


class Reshape(Operation):
    """An array in another shape, of sizes that may be symbolic."""

    def run(self, context: Any, apply: Apply, operands: list[Any]) -> Any:
        return (anp.reshape(operands[0], _plain_sizes(operands[1:], apply.params["vector"])),)


RESHAPE = Reshape("reshape", anp.reshape, lambda x, *sizes, vector, pattern: TensorType(x.dtype, pattern))


def reshape(x: Any, newshape: Any, ndim: int | None = None) -> Variable:
    """x in another shape; −1 stands for what is left.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x = T.dvector("x")
    >>> reshape(x, (x.shape[0] // 2, 2)).eval({x: [1.0, 2.0, 3.0, 4.0]})
    array([[1., 2.],
           [3., 4.]])
    """
    sizes, vector = _sizes(newshape)
    pattern = (False,) * _rank_of_vector(sizes[0], ndim) if vector else _pattern(sizes)
    return RESHAPE(x, *sizes, vector=vector, pattern=pattern)


# ------------------------------------------------------------------------------------------------ axes


def _dimshuffle(x: Any, pattern: tuple[Any, ...]) -> Any:
    axes = [p for p in pattern if p != "x"]
    dropped = tuple(i for i in range(numpy.ndim(getattr(x, "value", x))) if i not in axes)
    if dropped:
        x = anp.squeeze(x, dropped)
        axes = [sorted(axes).index(a) for a in axes]
    if axes != sorted(axes):
        x = anp.transpose(x, axes)
    for i, p in enumerate(pattern):
        if p == "x":
            x = anp.expand_dims(x, i)
    return x


DIMSHUFFLE = Operation(
    "dimshuffle",
    _dimshuffle,
    lambda x, pattern: TensorType(x.dtype, [True if p == "x" else x.broadcastable[p] for p in pattern]),
)


def dimshuffle(x: Any, *pattern: Any) -> Variable:
    """The axes in another order, with "x" for a new one of length 1.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> dimshuffle(T.dvector("v"), "x", 0).type
    TensorType(float64, row)
    """
    made = as_variable(x)
    if len(pattern) == 1 and isinstance(pattern[0], (tuple, list)):
        pattern = tuple(pattern[0])
    kept = [p for p in pattern if p != "x"]
    bad = [p for p in kept if not 0 <= p < made.ndim] or len(set(kept)) != len(kept)
    if bad or any(not b for i, b in enumerate(made.broadcastable) if i not in kept):
        message = f"dimshuffle{pattern} of {made.type!r} names an axis that is not there, or drops one that may be long"
        raise at_line(GraphError, message, "keep every axis whose length is not known to be 1")
    return made if pattern == tuple(range(made.ndim)) else DIMSHUFFLE(made, pattern=tuple(pattern))


def transpose(x: Any, axes: Any = None) -> Variable:
    """The axes reversed, or in the order given."""
    made = as_variable(x)
    return dimshuffle(made, *(reversed(range(made.ndim)) if axes is None else axes))


def swapaxes(y: Any, axis1: int, axis2: int) -> Variable:
    """y with two axes exchanged."""
    made = as_variable(y)
    order = list(range(made.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return dimshuffle(made, *order)


def shape_padleft(t: Any, n_ones: int = 1) -> Variable:
    """t with `n_ones` axes of length 1 in front."""
    made = as_variable(t)
    return dimshuffle(made, *["x"] * n_ones, *range(made.ndim))


def shape_padright(t: Any, n_ones: int = 1) -> Variable:
    """t with `n_ones` axes of length 1 behind."""
    made = as_variable(t)
    return dimshuffle(made, *range(made.ndim), *["x"] * n_ones)


def addbroadcast(x: Any, *axes: int) -> Variable:
    """x with the promise that these axes have the length 1."""
    made = as_variable(x)
    pattern = [True if i in axes else b for i, b in enumerate(made.broadcastable)]
    return RETYPED(made, pattern=tuple(pattern))


RETYPED = Operation("addbroadcast", lambda x, pattern: +x, lambda x, pattern: TensorType(x.dtype, pattern))


def unbroadcast(x: Any, *axes: int) -> Variable:
    """x; there is nothing to undo, since lengths are known when a function is called."""
    return as_variable(x)


patternbroadcast = unbroadcast


def squeeze(x: Any) -> Variable:
    """x without the axes that are known to have the length 1."""
    made = as_variable(x)
    return dimshuffle(made, *(i for i, b in enumerate(made.broadcastable) if not b))


def flatten(x: Any, ndim: int = 1, outdim: int | None = None) -> Variable:
    """x with its last axes joined, so that `ndim` are left."""
    made, ndim = as_variable(x), outdim or ndim
    return _FLATTEN(made, ndim=ndim)


def _flattened(x: Any, ndim: int) -> Any:
    return anp.reshape(x, (*numpy.shape(getattr(x, "value", x))[: ndim - 1], -1))


_FLATTEN = Operation("flatten", _flattened, lambda x, ndim: TensorType(x.dtype, (*x.broadcastable[: ndim - 1], False)))


# ------------------------------------------------------------------------------------------------ joining


def _joined(*parts: Any, axis: int) -> Any:
    return anp.concatenate(parts, axis=axis)


def _stacked(*parts: Any, axis: int) -> Any:
    return anp.stack(parts, axis=axis)


CONCATENATE = Operation(
    "concatenate",
    _joined,
    lambda *parts, axis: TensorType(
        promoted(parts), [b and i != axis % parts[0].ndim for i, b in enumerate(parts[0].broadcastable)]
    ),
)
STACK = Operation(
    "stack",
    _stacked,
    lambda *parts, axis: TensorType(promoted(parts), _inserted(parts[0].broadcastable, axis, len(parts) == 1)),
)


def _inserted(pattern: tuple[bool, ...], axis: int, one: bool) -> tuple[bool, ...]:
    at = axis % (len(pattern) + 1)
    return (*pattern[:at], one, *pattern[at:])


def concatenate(tensor_list: Any, axis: int = 0) -> Variable:
    """Arrays joined along an axis.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> a, b = T.dvectors("a", "b")
    >>> concatenate([a, b]).eval({a: [1.0], b: [2.0, 3.0]})
    array([1., 2., 3.])
    """
    parts = [as_variable(t) for t in tensor_list]
    if any(p.ndim != parts[0].ndim or p.ndim == 0 for p in parts):
        ranks = [p.ndim for p in parts]
        raise at_line(GraphError, f"arrays of {ranks} dimensions cannot be joined", "use T.stack for scalars")
    return CONCATENATE(*parts, axis=axis)


def join(axis: int, *tensors_list: Any) -> Variable:
    """`concatenate` with the axis first."""
    return concatenate(list(tensors_list), axis)


def stack(*tensors: Any, axis: int = 0) -> Variable:
    """Variables of one shape along a new axis; a list of them, or the variables one by one."""
    if tensors and isinstance(tensors[0], (list, tuple)):
        if len(tensors) > 1:
            axis = tensors[1]
        tensors = tuple(tensors[0])
    parts = [as_variable(t) for t in tensors]
    if not parts or any(p.ndim != parts[0].ndim for p in parts):
        raise at_line(GraphError, "stack needs variables of one number of dimensions", "use dimshuffle to add axes")
    return STACK(*parts, axis=axis)


stacklists = as_variable


class Repeat(Operation):
    """Elements repeated, a plain or symbolic number of times."""

    def run(self, context: Any, apply: Apply, operands: list[Any]) -> Any:
        x, times = operands
        return (anp.repeat(x, int(times), axis=apply.params["axis"]),)


_REPEAT = Repeat(
    "repeat",
    anp.repeat,
    lambda x, times, axis: TensorType(
        x.dtype, (False,) if axis is None else [b and i != axis for i, b in enumerate(x.broadcastable)]
    ),
)


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Variable:
    """Each element `repeats` times along an axis, of the flattened array without one."""
    return _REPEAT(x, repeats, axis=axis)


def _tiled(x: Any, reps: tuple[int, ...]) -> Any:
    return anp.tile(x, reps)


_TILE = Operation("tile", _tiled, lambda x, reps: TensorType(x.dtype, (False,) * max(x.ndim, len(reps))))


def tile(x: Any, reps: Any, ndim: int | None = None) -> Variable:
    """x repeated as a whole, a plain number of times per axis."""
    plain = tuple(reps) if isinstance(reps, (tuple, list)) else (reps,)
    if any(isinstance(r, Variable) for r in plain):
        raise at_line(GraphError, "tile needs plain numbers", "use T.repeat, whose number may be symbolic")
    return _TILE(x, reps=plain)


# ------------------------------------------------------------------------------------------------ making arrays


class Filled(Operation):
    """An array of one value, of sizes that may be symbolic."""

    def run(self, context: Any, apply: Apply, operands: list[Any]) -> Any:
        value, *sizes = operands
        made = anp.broadcast_to(value, _plain_sizes(sizes, apply.params["vector"]))
        return (anp.astype(anp.asarray(made), numpy.dtype(apply.params["dtype"])),)


ALLOC = Filled("alloc", anp.full, lambda v, *sizes, vector, dtype, pattern: TensorType(dtype, pattern))


def _alloc(value: Any, shape: Any, dtype: Any) -> Variable:
    sizes, vector = _sizes(shape)
    pattern = (False,) * _rank_of_vector(sizes[0], None) if vector else _pattern(sizes)
    made = as_variable(value)
    return ALLOC(made, *sizes, vector=vector, dtype=str(numpy.dtype(dtype or made.dtype)), pattern=pattern)


def alloc(value: Any, *shape: Any) -> Variable:
    """An array of this shape filled with a value."""
    return _alloc(value, shape, None)


def zeros(shape: Any, dtype: Any = None) -> Variable:
    """Zeros of a shape whose sizes may be symbolic.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> n = T.iscalar("n")
    >>> zeros((n, 2)).eval({n: 1})
    array([[0., 0.]])
    """
    return _alloc(0, shape, dtype or config.floatX)


def ones(shape: Any, dtype: Any = None) -> Variable:
    """Ones of a shape whose sizes may be symbolic."""
    return _alloc(1, shape, dtype or config.floatX)


def _like(value: int) -> Any:
    def made(x: Any, dtype: str) -> Any:
        return numpy.full(numpy.shape(getattr(x, "value", x)), value, numpy.dtype(dtype))[()]

    return made


LIKE = {
    name: Operation(name, _like(value), lambda x, dtype: TensorType(dtype, x.broadcastable))
    for name, value in (("zeros_like", 0), ("ones_like", 1))
}


def zeros_like(model: Any, dtype: Any = None) -> Variable:
    """Zeros of the shape of another variable."""
    made = as_variable(model)
    return LIKE["zeros_like"](made, dtype=str(numpy.dtype(dtype or made.dtype)))


def ones_like(model: Any, dtype: Any = None) -> Variable:
    """Ones of the shape of another variable."""
    made = as_variable(model)
    return LIKE["ones_like"](made, dtype=str(numpy.dtype(dtype or made.dtype)))


def _fill(model: Any, value: Any) -> Any:
    return anp.broadcast_to(value, numpy.shape(getattr(model, "value", model)))


FILL = Operation("fill", _fill, lambda m, v: TensorType(v.dtype, m.broadcastable))


def fill(a: Any, b: Any) -> Variable:
    """The value b in the shape of a."""
    return FILL(a, b)


full_like = fill


class Counted(Operation):
    """Arrays that only sizes decide: ranges and identities."""

    def run(self, context: Any, apply: Apply, operands: list[Any]) -> Any:
        params = dict(apply.params)
        dtype = numpy.dtype(params.pop("dtype"))
        return (self.function(*map(_number, operands), dtype=dtype, **params),)


def _number(x: Any) -> Any:
    plain = numpy.asarray(getattr(x, "value", x))
    return int(x) if plain.dtype.kind in "biu" else x


_ARANGE = Counted("arange", anp.arange, lambda *parts, dtype: TensorType(dtype, (False,)))
_EYE = Counted("eye", numpy.eye, lambda *parts, dtype, k: TensorType(dtype, (False, False)))


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Variable:
    """The numbers from `start` (0 if it is left out) to before `stop`, which may be symbolic.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> n = T.iscalar("n")
    >>> arange(n).eval({n: 3})
    array([0, 1, 2])
    """
    given = (0, start, step) if stop is None else (start, stop, step)
    parts = [as_variable(p) for p in given]
    kind = promoted(parts)
    kind = "int64" if numpy.dtype(kind).kind in "biu" else kind
    return _ARANGE(*parts, dtype=str(numpy.dtype(dtype or kind)))


def eye(n: Any, m: Any = None, k: int = 0, dtype: Any = None) -> Variable:
    """Ones on the k-th diagonal, zeros elsewhere."""
    return _EYE(n, n if m is None else m, k=k, dtype=str(numpy.dtype(dtype or config.floatX)))


def identity_like(x: Any) -> Variable:
    """The identity matrix of the shape of a matrix."""
    made = as_variable(x)
    return eye(SHAPE(made)[0], SHAPE(made)[1], dtype=made.dtype)
