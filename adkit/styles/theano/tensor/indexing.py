"""Reading and writing parts: `x[...]`, `T.set_subtensor`, `T.inc_subtensor`, `take`, `diag`, `triu`, `sort`.

An index may be symbolic. An integer index, and a slice of a length that stays, follow their values without a new
program; other symbolic bounds and masks decide shapes, so that another value has a program recorded anew.
"""

from __future__ import annotations

from typing import Any

import numpy

from .... import numpy as anp
from ....handle import TracedArray, is_traced
from ..errors import GraphError, at_line
from ..graph import Apply, Operation, TensorType, Variable, as_variable

__adkit__ = True

_HOLE = "operand"  # the place of a symbolic part in an index


class _Index:
    """An index with its symbolic parts taken out, in order."""

    def __init__(self, given: Any) -> None:
        self.parts: list[Any] = []
        self.operands: list[Variable] = []
        for part in given if isinstance(given, tuple) else (given,):
            if isinstance(part, slice):
                self.parts.append(slice(*(self._taken(p) for p in (part.start, part.stop, part.step))))
            else:
                self.parts.append(self._taken(part))

    def _taken(self, part: Any) -> Any:
        if isinstance(part, Variable):
            if part.type.numpy_dtype.kind not in "biu":
                raise at_line(GraphError, f"{part} is no integer, so it is no index", "use T.cast(i, 'int64')")
            self.operands.append(part)
            return _HOLE
        if isinstance(part, (list, numpy.ndarray)):
            return numpy.asarray(part)
        if part is None or part is Ellipsis or isinstance(part, (int, numpy.integer)):
            return part
        raise at_line(GraphError, f"{part!r} cannot be an index", "use integers, slices, arrays or symbolic integers")


def _filled(parts: list[Any], operands: list[Any]) -> tuple[Any, ...]:
    given = iter(operands)

    def one(part: Any) -> Any:
        return next(given) if isinstance(part, str) else part

    return tuple(slice(one(p.start), one(p.stop), one(p.step)) if isinstance(p, slice) else one(p) for p in parts)


def _following(x: Any, index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The index with a slice of traced bounds along the first axis as positions, of which only the count is fixed."""
    made = list(index)
    while made and isinstance(made[-1], slice) and made[-1] == slice(None) and len(made) > 1:
        made.pop()
    first = made[0] if made else None
    if len(made) != 1 or not isinstance(first, slice) or not (is_traced(first.start) or is_traced(first.stop)):
        return tuple(made)
    if is_traced(first.step) or first.step not in (None, 1):
        return tuple(made)
    size = numpy.shape(getattr(x, "value", x))[0]
    start, stop = (0 if first.start is None else first.start), (size if first.stop is None else first.stop)
    start, stop = _within(start, size), _within(stop, size)
    count = int(anp.maximum(stop - start, 0))
    return (start + numpy.arange(count),)


def _within(bound: Any, size: int) -> Any:
    return anp.clip(anp.where(bound < 0, bound + size, bound), 0, size)


def _as_read(x: Any) -> Any:
    """Something whose index may be traced."""
    return x if isinstance(x, TracedArray) else numpy.asarray(x)


class Read(Operation):
    """`x[index]`."""

    def run(self, context: Any, apply: Apply, operands: list[Any]) -> Any:
        x, *rest = operands
        index = _following(x, _filled(apply.params["index"], rest))
        if any(is_traced(part) for part in index) and not isinstance(x, TracedArray):
            return (_take_at(numpy.asarray(x), index),)
        made = _as_read(x)[index[0] if len(index) == 1 else index]
        return (anp.copy(made) if isinstance(made, TracedArray) and made.shape else made,)


def _take_at(x: numpy.ndarray, index: tuple[Any, ...]) -> Any:
    """Elements of a plain array at traced positions."""
    return anp.take(x, index[0], axis=0) if len(index) == 1 else _constant(x)[index]


def _constant(x: numpy.ndarray) -> Any:
    from ....tracing import make_input

    return make_input(x)


def _read_type(x: Variable, *operands: Variable, index: list[Any]) -> TensorType:
    ranks, at = iter(operands), 0
    pattern: list[bool] = []
    arrays: list[int] = []
    place: int | None = None
    full = _expanded(index, operands, x.ndim)
    for part in full:
        if part is None:
            pattern.append(True)
            continue
        if at >= x.ndim:
            raise at_line(GraphError, f"too many indices for {x.type!r}", "index at most its dimensions")
        if isinstance(part, slice):
            for bound in (part.start, part.stop, part.step):
                if isinstance(bound, str):
                    next(ranks)
            pattern.append(x.broadcastable[at] and part == slice(None))
            at += 1
            continue
        operand = next(ranks) if isinstance(part, str) else None
        rank = operand.ndim if operand is not None else numpy.ndim(part)
        boolean = (operand.dtype == "bool") if operand is not None else getattr(part, "dtype", None) == numpy.bool_
        place = len(pattern) if place is None else place
        arrays.append(1 if boolean else rank)
        at += rank if boolean else 1
    pattern += x.broadcastable[at:]
    if arrays and place is not None:
        pattern[place:place] = [False] * max(arrays)
    return TensorType(x.dtype, pattern)


def _expanded(index: list[Any], operands: tuple[Variable, ...], ndim: int) -> list[Any]:
    if not any(p is Ellipsis for p in index):
        return index
    used = sum(1 for p in index if p is not None and p is not Ellipsis)
    at = next(i for i, p in enumerate(index) if p is Ellipsis)
    return [*index[:at], *[slice(None)] * (ndim - used), *index[at + 1 :]]


READ = Read("subtensor", lambda x, index: x[index], _read_type)


def getitem(x: Any, index: Any) -> Variable:
    """`x[index]`, of a plain or symbolic index.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x, i = T.dvector("x"), T.iscalar("i")
    >>> x[i].eval({x: [1.0, 2.0], i: 1})
    array(2.)
    """
    made = _Index(index)
    return READ(x, *made.operands, index=made.parts)


class Write(Operation):
    """x with a part set, or increased."""

    def run(self, context: Any, apply: Apply, operands: list[Any]) -> Any:
        x, value, *rest = operands
        index = _following(x, _filled(apply.params["index"], rest))
        traced = any(is_traced(part) for part in index)
        made = anp.array(x) if not isinstance(x, TracedArray) else anp.copy(x)
        if any(is_traced(v) for v in (value, *index)) and not isinstance(made, TracedArray):
            made = anp.copy(_constant(made))
        where = index[0] if len(index) == 1 else index
        if traced and apply.params["add"]:
            return (_added_at(made, index, value),)
        if traced and any(getattr(part, "shape", ()) for part in index):
            return (_added_at(_cleared_at(made, index), index, value),)
        if apply.params["add"]:
            anp.add.at(made, where, value)
        else:
            made[where] = value
        return (made,)


def _positions(x: Any, index: tuple[Any, ...]) -> Any:
    """Where traced positions point to in the flattened array."""
    each = numpy.arange(x.size).reshape(x.shape)
    return _take_at(each, index)


def _added_at(x: Any, index: tuple[Any, ...], value: Any) -> Any:
    from ....primitives.indexing import scatter_add

    places = _positions(x, index)
    spread = anp.broadcast_to(value, places.shape) if places.shape else value
    return x + scatter_add(spread * anp.ones((), x.dtype), places, shape=x.shape)


def _cleared_at(x: Any, index: tuple[Any, ...]) -> Any:
    from ....primitives.indexing import scatter_add

    places = _positions(x, index)
    hit = scatter_add(numpy.ones(places.shape), places, shape=x.shape)
    return anp.where(hit > 0, 0.0, x)


WRITE = Write("set_subtensor", lambda x, v: x, lambda x, v, *rest, **params: x.type)
INCREASE = Write("inc_subtensor", lambda x, v: x, lambda x, v, *rest, **params: x.type)


def _written(x: Any, y: Any, operation: Operation, add: bool) -> Variable:
    owner = getattr(x, "owner", None)
    if owner is None or not isinstance(owner.op, Read):
        name = operation.name
        raise at_line(GraphError, f"the first argument of {name} is no part x[i]", f"write T.{name}(x[i], y)")
    base, *rest = owner.inputs
    return operation(base, y, *rest, index=owner.params["index"], add=add)


def set_subtensor(x: Any, y: Any, inplace: bool = False, tolerate_inplace_aliasing: bool = False) -> Variable:
    """For x = a[i]: a with that part replaced by y, as a new variable.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> a = T.dvector("a")
    >>> set_subtensor(a[1:], 0.0).eval({a: [1.0, 2.0, 3.0]})
    array([1., 0., 0.])
    """
    return _written(x, y, WRITE, False)


def inc_subtensor(x: Any, y: Any, inplace: bool = False, tolerate_inplace_aliasing: bool = False) -> Variable:
    """For x = a[i]: a with y added to that part, as a new variable; repeated indices add up."""
    return _written(x, y, INCREASE, True)


# ------------------------------------------------------------------------------------------------ by name


def _taken(x: Any, indices: Any, axis: int | None) -> Any:
    return anp.take(x, indices, axis=axis)


_TAKE = Operation(
    "take",
    _taken,
    lambda x, i, axis: TensorType(
        x.dtype,
        (False,) * i.ndim
        if axis is None
        else (*x.broadcastable[:axis], *(False,) * i.ndim, *x.broadcastable[axis + 1 :]),
    ),
)


def take(a: Any, indices: Any, axis: int | None = None) -> Variable:
    """The elements at positions, along an axis or of the flattened array."""
    made = as_variable(a)
    return _TAKE(made, indices, axis=None if axis is None else axis % made.ndim)


def _diag_type(x: Variable, k: int) -> TensorType:
    return TensorType(x.dtype, (False, False) if x.ndim == 1 else (False,))


_DIAG = Operation("diag", lambda x, k: anp.diag(x, k), _diag_type)


def diag(v: Any, k: int = 0) -> Variable:
    """The diagonal of a matrix, or the matrix with this diagonal."""
    return _DIAG(v, k=k)


_TRIANGLES = {name: Operation(name, getattr(anp, name), lambda x, k: x.type) for name in ("tril", "triu")}


def tril(m: Any, k: int = 0) -> Variable:
    """A matrix with zeros above the k-th diagonal."""
    return _TRIANGLES["tril"](m, k=k)


def triu(m: Any, k: int = 0) -> Variable:
    """A matrix with zeros below the k-th diagonal."""
    return _TRIANGLES["triu"](m, k=k)


_TRACE = Operation("trace", lambda x: anp.trace(x), lambda x: TensorType(x.dtype, ()))


def trace(x: Any) -> Variable:
    """The sum of the diagonal of a matrix."""
    return _TRACE(x)


_SORT = Operation("sort", lambda x, axis: anp.sort(x, axis=axis), lambda x, axis: x.type)
_ARGSORT = Operation(
    "argsort", lambda x, axis: anp.argsort(x, axis=axis), lambda x, axis: TensorType("int64", x.broadcastable)
)


def sort(a: Any, axis: int = -1) -> Variable:
    """The elements along an axis in order."""
    return _SORT(a, axis=axis)


def argsort(a: Any, axis: int = -1) -> Variable:
    """The positions that sort the elements along an axis."""
    return _ARGSORT(a, axis=axis)
