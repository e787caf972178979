"""Rows that reduce along axes: sum, prod, max, min, cumulative sum and product, argmax and its kin.

`axis` is a tuple of non-negative axes, or one axis for the cumulative rows. Ties of max and min share the derivative
evenly.
"""

from __future__ import annotations

from typing import Any

import numpy

from ..primitive import Constant, General, Linear
from .elementwise import divide, equal, multiply
from .shape import broadcast_to, flip, on_axes, reshape, shape_of, shifted, size_of

__adkit__ = True


def kept_shape(shape: tuple[int, ...], axis: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a reduction over `axis` with `keepdims=True`."""
    return tuple(1 if i in axis else n for i, n in enumerate(shape))


def expand(g: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """A reduced value with its axes put back as ones, ready to broadcast against x."""
    return reshape(g, shape=kept_shape(shape_of(x), axis))


def spread(g: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """A reduced value in the shape of x: the same for all elements that were combined."""
    shape = shape_of(x)
    if type(g) in _PLAIN and size_of(shape) <= 4096:  # NumPy takes longer to broadcast a small array than to fill one
        made = numpy.empty(shape, g.dtype)
        made[...] = g.reshape(kept_shape(shape, axis))
        return made
    return broadcast_to(expand(g, x, axis), shape=shape)


_PLAIN = frozenset({numpy.ndarray, numpy.float64, numpy.float32})


def _share(out: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """The derivative of an extremum with respect to each element: 1 over the number of ties where it is attained,
    else 0.
    """
    hit = multiply(equal(x, expand(out, x, axis)), 1.0)
    return divide(hit, sum_(hit, axis=axis, keepdims=True))


def _extremum(name: str) -> General:
    def jvp(tangents: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
        return sum_(multiply(tangents[0], _share(out, x, axis)), axis=axis, keepdims=keepdims)

    def vjp(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
        return (multiply(expand(g, x, axis), _share(out, x, axis)),)

    def evaluate(xp: Any, x: Any, axis: Any, keepdims: bool) -> Any:
        return getattr(xp, name)(x, axis=axis, keepdims=keepdims)

    return General(name, evaluate, jvp=jvp, vjp=vjp)


def _prod_others(x: Any, axis: tuple[int, ...]) -> Any:
    """For each element the product of all others along `axis`, right also where some are zero."""
    from .shape import transpose

    rest = tuple(i for i in range(len(shape_of(x))) if i not in axis)
    order = rest + axis
    moved = transpose(x, axes=order)
    length = size_of(tuple(shape_of(x)[i] for i in axis))
    flat = reshape(moved, shape=(*(shape_of(x)[i] for i in rest), length))
    last = len(rest)
    before = cumprod_exclusive(flat, last)
    after = flip(cumprod_exclusive(flip(flat, axis=last), last), axis=last)
    result = reshape(before * after, shape=shape_of(moved))
    return transpose(result, axes=tuple(sorted(range(len(order)), key=order.__getitem__)))


def cumprod_exclusive(x: Any, axis: int) -> Any:
    """Products of the elements before each one along `axis`; an empty product is 1."""
    from .indexing import getitem
    from .shape import concatenate

    n = shape_of(x)[axis]
    if n == 0:
        return x
    head = (slice(None),) * axis
    one = getitem(x, index=(*head, slice(0, 1))) * 0.0 + 1.0
    return concatenate(one, cumprod(getitem(x, index=(*head, slice(0, n - 1))), axis=axis), axis=axis)


def _cumprod_jvp(tangents: Any, out: Any, x: Any, axis: int) -> Any:
    return cumprod_tangent(x, tangents[0], axis)


def cumprod_tangent(x: Any, t: Any, axis: int) -> Any:
    """Σ_{j≤i} t_j Π_{k≤i, k≠j} x_k by the recurrence (p, s) → (p·x, s·x + p·t), doubled over log₂ n steps."""
    from .indexing import getitem
    from .shape import concatenate

    n = shape_of(x)[axis]
    head = (slice(None),) * axis
    product, total, step = x, t, 1
    while step < n:
        early = (*head, slice(0, n - step))
        late = (*head, slice(step, n))
        first = (*head, slice(0, step))
        joined = getitem(total, index=late) * getitem(product, index=early)
        joined = joined + getitem(total, index=early) * getitem(product, index=late)
        longer = getitem(product, index=late) * getitem(product, index=early)
        total = concatenate(getitem(total, index=first), joined, axis=axis)
        product = concatenate(getitem(product, index=first), longer, axis=axis)
        step *= 2
    return total


_add_reduce: Any = numpy.add.reduce


def _sum(xp: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    if type(x) is numpy.ndarray:
        return _add_reduce(x, axis=axis, keepdims=keepdims)  # numpy.sum, which calls it, takes twice the time
    return xp.sum(x, axis=axis, keepdims=keepdims)


sum_ = Linear(
    "sum",
    _sum,
    lambda g, x, axis, keepdims: spread(g, x, axis),
    symbol="Σ {0}",
)
mean = Linear(
    "mean",
    lambda xp, x, axis, keepdims: xp.mean(x, axis=axis, keepdims=keepdims),
    lambda g, x, axis, keepdims: spread(divide(g, float(size_of(tuple(shape_of(x)[i] for i in axis)))), x, axis),
)
cumsum: Linear = Linear(
    "cumsum",
    lambda xp, x, axis: xp.cumsum(x, axis=axis),
    lambda g, x, axis: flip(cumsum(flip(g, axis=axis), axis=axis), axis=axis),
)
prod = General(
    "prod",
    lambda xp, x, axis, keepdims: xp.prod(x, axis=axis, keepdims=keepdims),
    jvp=lambda t, out, x, axis, keepdims: sum_(multiply(t[0], _prod_others(x, axis)), axis=axis, keepdims=keepdims),
    vjp=lambda g, out, x, axis, keepdims: (multiply(expand(g, x, axis), _prod_others(x, axis)),),
    reads="operands",
    symbol="Π {0}",
)
cumprod = General("cumprod", lambda xp, x, axis: xp.cumprod(x, axis=axis), jvp=_cumprod_jvp, reads="operands")
max_ = _extremum("max")
min_ = _extremum("min")


def _reducer(name: str) -> Constant:
    return Constant(name, lambda xp, x, **params: getattr(xp, name)(x, **params), None)


argmax, argmin = _reducer("argmax"), _reducer("argmin")
any_, all_, count_nonzero = _reducer("any"), _reducer("all"), _reducer("count_nonzero")
round_ = _reducer("round")


def _batch_position(row: Any) -> Any:
    def batch(size: int, operands: Any, batched: Any, axis: int | None, keepdims: bool) -> Any:
        (x,) = operands
        if axis is not None:
            return row(x, axis=shifted(axis), keepdims=keepdims)
        made = row(reshape(x, shape=(size, -1)), axis=1, keepdims=False)
        return reshape(made, shape=(size, *(1,) * (len(shape_of(x)) - 1))) if keepdims else made

    return batch


for _row in (sum_, mean, prod, max_, min_, cumsum, cumprod, any_, all_, count_nonzero):
    _row.batch = on_axes(_row)
for _row in (argmax, argmin):
    _row.batch = _batch_position(_row)
round_.batch = lambda size, operands, batched, decimals: round_(operands[0], decimals=decimals)
sum_.sparsity = mean.sparsity = prod.sparsity = max_.sparsity = min_.sparsity = "reduction"
cumsum.sparsity = cumprod.sparsity = "cumulative"
