"""The functions of `torch.*` that are not plain operators; those that PyTorch has as methods too are attached by name.

Each unwraps its operands, calls adkit's function of NumPy's, and wraps the result. Not for: their derivatives.
"""

from __future__ import annotations

import builtins
import functools
import sys
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy

from ... import numpy as anp
from ...handle import TracedArray
from ...primitives import elementwise as rows
from ...primitives import reduction as reductions
from .dtypes import plain_dtype
from .errors import refuse
from .operands import as_held, cast, dtype_of, plain, promoted, real_operand, wrap
from .tensors import Tensor

__adkit__ = True

_getframe = sys._getframe
METHODS: dict[str, Callable[..., Any]] = {}
Function = Callable[..., Any]


@functools.cache
def _kind_of_result(operation: str, names: tuple[str, ...]) -> Any:
    def text(self: Any) -> str:
        parts = ",\n".join(f"{name}={part!r}" for name, part in zip(names, self, strict=True))
        return f"torch.return_types.{operation}(\n{parts})"

    return type(operation, (namedtuple(operation, names),), {"__slots__": (), "__repr__": text})


def returned(operation: str, **parts: Any) -> Any:
    """What an operation with several results returns: a tuple with names, as `torch.return_types` has them."""
    return _kind_of_result(operation, tuple(parts))(*parts.values())


def pair(operation: str, values: Any, indices: Any) -> Any:
    """What an operation returns that finds elements and their places."""
    return returned(operation, values=values, indices=indices)


def method(function: Function) -> Function:
    """Decorator: the function is also a method of `Tensor`."""
    METHODS[function.__name__.rstrip("_")] = function
    return function


def as_axes(dim: Any, ndim: int) -> Any:
    """PyTorch's dim as NumPy's axis: a tuple of non-negative axes."""
    if dim is None or (isinstance(dim, (list, tuple)) and not dim):
        return tuple(range(ndim))
    every = dim if isinstance(dim, (list, tuple)) else (dim,)
    return tuple(as_axis(d, ndim) for d in every)


def as_axis(dim: int, ndim: int) -> int:
    if not -builtins.max(ndim, 1) <= dim < builtins.max(ndim, 1):
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-builtins.max(ndim, 1)}, "
            f"{builtins.max(ndim, 1) - 1}], but got {dim})"
        )
    return dim % ndim if ndim else 0


# ------------------------------------------------------------------------------------------------ reductions


@method
def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`torch.sum`, of all elements or along `dim`; integers add up to int64."""
    x = as_held(input)
    if dtype is not None:
        x = cast(x, plain_dtype(dtype))
    elif dtype_of(x).kind in "bui":
        x = cast(x, numpy.dtype("i8"))
    return wrap(_reduced(reductions.sum_, numpy.add.reduce, x, dim, keepdim))


def _reduced(row: Any, function: Function, x: Any, dim: Any, keepdim: bool) -> Any:
    axes = as_axes(dim, len(x.shape))
    if not x.shape:
        axes = ()
    if isinstance(x, TracedArray):
        return row(x, axis=axes, keepdims=keepdim)
    return function(x, axis=axes, keepdims=keepdim)


@method
def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`torch.mean`, of all elements or along `dim`; of floats only."""
    x = as_held(input)
    if dtype is not None:
        x = cast(x, plain_dtype(dtype))
    if dtype_of(x).kind in "bui":
        raise refuse(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype",
            "convert it first: x.float().mean()",
        )
    return wrap(_reduced(reductions.mean, numpy.mean, x, dim, keepdim))


@method
def prod(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`torch.prod`, of all elements or along `dim`."""
    x = as_held(input)
    if dtype is not None:
        x = cast(x, plain_dtype(dtype))
    elif dtype_of(x).kind in "bui":
        x = cast(x, numpy.dtype("i8"))
    return wrap(_reduced(reductions.prod, numpy.multiply.reduce, x, dim, keepdim))


def _correction(unbiased: Any, correction: Any) -> int:
    return int(correction) if correction is not None else 1 if unbiased is None else int(bool(unbiased))


@method
def var(input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Any:
    """`torch.var`: by default with Bessel's correction, divided by n − 1."""
    dim, unbiased = (None, dim) if isinstance(dim, bool) else (dim, unbiased)
    x = as_held(input)
    return wrap(anp.var(x, axis=as_axes(dim, len(x.shape)), ddof=_correction(unbiased, correction), keepdims=keepdim))


@method
def std(input: Any, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Any:
    """`torch.std`: by default with Bessel's correction."""
    dim, unbiased = (None, dim) if isinstance(dim, bool) else (dim, unbiased)
    x = as_held(input)
    return wrap(anp.std(x, axis=as_axes(dim, len(x.shape)), ddof=_correction(unbiased, correction), keepdims=keepdim))


def _extreme(name: str, row: Any, choose: Function, combine: Any) -> Function:
    def extreme(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        x = as_held(input)
        if dim is None:
            return wrap(_reduced(row, getattr(numpy, name), x, None, False))
        if isinstance(dim, Tensor):
            return combine(input, dim)
        return pair(name, *_along(x, choose(plain(wrap(x)), axis=as_axis(dim, len(x.shape))), dim, keepdim))

    extreme.__name__ = extreme.__qualname__ = name
    extreme.__doc__ = f"`torch.{name}`: of all elements, along `dim` with the indices, or of two tensors elementwise."
    return extreme


def _along(x: Any, positions: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    """The elements of x at one position along an axis, and the positions."""
    if not x.shape:
        return wrap(x), wrap(numpy.asarray(positions))
    axis = as_axis(dim, len(x.shape))
    index = numpy.expand_dims(positions, axis)
    taken = anp.take_along_axis(x, index, axis)
    if keepdim:
        return wrap(taken), wrap(index)
    return wrap(anp.squeeze(taken, axis)), wrap(numpy.asarray(positions))


def _combine(name: str) -> Function:
    def combine(a: Any, b: Any) -> Any:
        return getattr(a, name)(b)

    return combine


max = method(_extreme("max", reductions.max_, numpy.argmax, _combine("maximum")))
min = method(_extreme("min", reductions.min_, numpy.argmin, _combine("minimum")))


@method
def amax(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """`torch.amax`: the largest elements along dims; ties share the derivative evenly."""
    return wrap(_reduced(reductions.max_, numpy.max, as_held(input), dim, keepdim))


@method
def amin(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """`torch.amin`: the smallest elements along dims; ties share the derivative evenly."""
    return wrap(_reduced(reductions.min_, numpy.min, as_held(input), dim, keepdim))


@method
def median(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """`torch.median`: the lower of two middle elements."""
    x = as_held(input)
    if dim is None:
        flat = anp.ravel(x)
        return wrap(flat[int(numpy.argsort(plain(wrap(flat)), kind="stable")[(flat.shape[0] - 1) // 2])])
    axis = as_axis(dim, len(x.shape))
    order = numpy.argsort(plain(wrap(x)), axis=axis, kind="stable")
    return pair("median", *_along(x, numpy.take(order, (x.shape[axis] - 1) // 2, axis), dim, keepdim))


def _position(name: str, function: Function) -> Function:
    def position(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        value = plain(as_held(input))
        return wrap(numpy.asarray(function(value, axis=dim, keepdims=keepdim and dim is not None)))

    position.__name__ = position.__qualname__ = name
    position.__doc__ = f"`torch.{name}`: positions, which have no derivative."
    return position


argmax, argmin = method(_position("argmax", numpy.argmax)), method(_position("argmin", numpy.argmin))


def _truth(name: str, function: Function) -> Function:
    def truth(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        return wrap(numpy.asarray(function(plain(as_held(input)), axis=dim, keepdims=keepdim)))

    truth.__name__ = truth.__qualname__ = name
    truth.__doc__ = f"`torch.{name}`."
    return truth


any, all = method(_truth("any", numpy.any)), method(_truth("all", numpy.all))
count_nonzero = method(_truth("count_nonzero", numpy.count_nonzero))


@method
def cumsum(input: Any, dim: int) -> Any:
    """`torch.cumsum`."""
    return wrap(anp.cumsum(as_held(input), axis=dim))


@method
def cumprod(input: Any, dim: int) -> Any:
    """`torch.cumprod`."""
    return wrap(anp.cumprod(as_held(input), axis=dim))


@method
def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Any:
    """`torch.logsumexp`, for numbers of any size."""
    from ...scipy.special import logsumexp as function

    x = real_operand(as_held(input))
    return wrap(function(x, axis=as_axes(dim, len(x.shape)), keepdims=keepdim))


@method
def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False) -> Any:
    """`torch.norm`: of the vector of all elements, or along dims; at 0 its derivative is 0."""
    x = as_held(input)
    order = 2 if p in ("fro", None) else p
    if dim is None:
        made = anp.linalg.vector_norm(anp.ravel(x), ord=order)
        return wrap(made)
    return wrap(anp.linalg.vector_norm(x, axis=as_axes(dim, len(x.shape)), keepdims=keepdim, ord=order))


# ------------------------------------------------------------------------------------------------ choice and places


@method
def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """`torch.where`: elements of one tensor where the condition holds, else of the other."""
    if input is None:
        return nonzero(condition, as_tuple=True)
    if not isinstance(condition, Tensor):
        condition, input = input, condition
    a, b = promoted((_operand(input), _operand(other)))
    return wrap(anp.where(plain(condition), a, b))


def _operand(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, complex)) else as_held(value)


@method
def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """`torch.nonzero`: the places of what is not zero."""
    found = numpy.nonzero(plain(as_held(input)))
    return tuple(map(wrap, found)) if as_tuple else wrap(numpy.stack(found, -1))


@method
def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """`torch.clamp`: elements cut to an interval; on its ends the derivative is 1."""
    x = as_held(input)
    bounds = [None if b is None else _operand(b) for b in (min, max)]
    given = promoted((x, *(b for b in bounds if b is not None)))
    rest = iter(given[1:])
    low, high = (None if b is None else next(rest) for b in bounds)
    return wrap(anp.clip(given[0], low, high))


METHODS["clip"] = clamp
clip = clamp


@method
def gather(input: Any, dim: int, index: Any) -> Any:
    """`torch.gather`: elements at places along an axis."""
    x, places = as_held(input), plain(index)
    if x.shape and any_shorter(places.shape, x.shape, as_axis(dim, len(x.shape))):
        grid = list(numpy.indices(places.shape))
        grid[as_axis(dim, len(x.shape))] = places
        return wrap(x[tuple(grid)])
    return wrap(anp.take_along_axis(x, places, dim))


def any_shorter(shape: Any, whole: Any, axis: int) -> bool:
    """Whether places do not cover an array along another axis than `axis`."""
    return builtins.any(a != b for i, (a, b) in enumerate(zip(shape, whole, strict=True)) if i != axis)


@method
def index_select(input: Any, dim: int, index: Any) -> Any:
    """`torch.index_select`: slices at places along an axis."""
    return wrap(anp.take(as_held(input), plain(index), axis=dim))


@method
def masked_select(input: Any, mask: Any) -> Any:
    """`torch.masked_select`: the elements where a mask holds."""
    x, chosen = as_held(input), plain(mask)
    shape = numpy.broadcast_shapes(x.shape, chosen.shape)
    return wrap(anp.broadcast_to(x, shape)[numpy.broadcast_to(chosen, shape)])


@method
def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """`tensor.masked_fill`: another value where a mask holds."""
    x = as_held(input)
    value = dtype_of(x).type(value) if isinstance(value, (bool, int, float)) else cast(as_held(value), dtype_of(x))
    return wrap(anp.where(plain(mask), value, x))


@method
def take(input: Any, index: Any) -> Any:
    """`torch.take`: elements at places of the flattened tensor."""
    return wrap(anp.take(as_held(input), plain(index)))


@method
def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """`torch.sort`: the sorted elements and their places."""
    x = as_held(input)
    order = _order(plain(wrap(x)), dim, descending)
    return pair("sort", wrap(anp.take_along_axis(x, order, dim) if x.shape else x), wrap(order))


def _order(value: Any, dim: int, descending: bool) -> Any:
    if not value.shape:
        return numpy.zeros((), numpy.int64)
    if descending:
        turned = numpy.flip(value, dim)
        return value.shape[dim] - 1 - numpy.flip(numpy.argsort(turned, axis=dim, kind="stable"), dim)
    return numpy.argsort(value, axis=dim, kind="stable")


@method
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """`torch.argsort`."""
    return wrap(_order(plain(as_held(input)), dim, descending))


@method
def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """`torch.topk`: the k largest (or smallest) elements and their places."""
    x = as_held(input)
    order = numpy.take(_order(plain(wrap(x)), dim, largest), range(k), dim)
    return pair("topk", wrap(anp.take_along_axis(x, order, dim)), wrap(order))


@method
def unique(
    input: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    """`torch.unique`: the distinct elements, sorted; if asked for with their places and how often they occur."""
    asked: dict[str, Any] = {"return_inverse": return_inverse, "return_counts": return_counts, "axis": dim}
    made: Any = numpy.unique(plain(as_held(input)), **asked)
    return tuple(map(wrap, made)) if isinstance(made, tuple) else wrap(made)


# ------------------------------------------------------------------------------------------------ elementwise


@method
def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """`torch.addcmul`: input + value · tensor1 · tensor2."""
    return input + value * (tensor1 * tensor2)


@method
def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """`torch.addcdiv`: input + value · tensor1 / tensor2."""
    return input + value * (tensor1 / tensor2)


@method
def lerp(input: Any, end: Any, weight: Any) -> Any:
    """`torch.lerp`: input + weight · (end − input)."""
    return input + weight * (end - input)


@method
def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """`torch.div`: the quotient, or rounded by `rounding_mode` "floor" or "trunc"."""
    if rounding_mode is None:
        return input / other
    quotient = input / other
    rounded = quotient.floor() if rounding_mode == "floor" else quotient.trunc()
    return rounded if not _both_integers(input, other) else rounded.long()


METHODS["divide"] = div


def _both_integers(a: Any, b: Any) -> bool:
    return builtins.all((isinstance(v, int) or (isinstance(v, Tensor) and v.dtype.numpy.kind in "iu")) for v in (a, b))


@method
def round_(input: Any, *, decimals: int = 0) -> Any:
    """`torch.round`: half to even; its derivative is nowhere anything but 0."""
    return wrap(numpy.round(plain(as_held(input)), decimals))


@method
def nan_to_num(input: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """`torch.nan_to_num`."""
    return wrap(anp.nan_to_num(as_held(input), nan=nan, posinf=posinf, neginf=neginf))


@method
def frac(input: Any) -> Any:
    """`torch.frac`: what is behind the point."""
    return input - input.trunc()


@method
def rsqrt(input: Any) -> Any:
    """`torch.rsqrt`: 1 / √input."""
    with numpy.errstate(all="ignore"):
        return wrap(rows.reciprocal(rows.sqrt(real_operand(as_held(input)))))


@method
def softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """`torch.softmax` along an axis."""
    from ...nn.activations import softmax as function

    return wrap(function(_as(input, dtype), dim))


@method
def log_softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """`torch.log_softmax` along an axis."""
    from ...nn.activations import log_softmax as function

    return wrap(function(_as(input, dtype), dim))


def _as(input: Any, dtype: Any) -> Any:
    x = as_held(input)
    return real_operand(x) if dtype is None else cast(x, plain_dtype(dtype))


def allclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """`torch.allclose`."""
    return bool(numpy.allclose(plain(input), plain(other), rtol, atol, equal_nan))


def isclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """`torch.isclose`."""
    return wrap(numpy.isclose(plain(input), plain(other), rtol, atol, equal_nan))


def equal(input: Any, other: Any) -> bool:
    """`torch.equal`: same shape and same elements."""
    return bool(numpy.array_equal(plain(input), plain(other)))


METHODS["allclose"], METHODS["isclose"], METHODS["equal"] = allclose, isclose, equal


def is_tensor(obj: Any) -> bool:
    """Whether an object is a tensor."""
    return isinstance(obj, Tensor)


@method
def numel(input: Any) -> int:
    """`torch.numel`: the number of elements."""
    return int(plain(input).size)


@method
def is_floating_point(input: Any) -> bool:
    """Whether the dtype is a real float."""
    return plain(input).dtype.kind == "f"


@method
def is_complex(input: Any) -> bool:
    """Whether the dtype is complex."""
    return plain(input).dtype.kind == "c"


def result_type(tensor1: Any, tensor2: Any) -> Any:
    """`torch.result_type`: the dtype of a result of two operands."""
    from .dtypes import named
    from .operands import promoted as together

    return named(dtype_of(together((_operand(tensor1), _operand(tensor2)))[0]))
