"""Functions and methods that introductions use less often, each for what NumPy has under another name or in another
order of arguments: `cummax`, `diff`, `quantile`, `tensor_split`, `block_diag`, `logit`, ….

Not for: what most programs use (`functions`, `shaping`, `operators`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy

from ... import numpy as anp
from . import shaping
from .creation import as_tensor
from .dtypes import named, plain_dtype
from .functions import METHODS, _operand, as_axis, method, norm, pair, returned, std, var
from .operands import as_held, cast, dtype_of, plain, promoted, real_operand, wrap
from .places import as_tensor_of, narrow, select
from .tensors import Tensor

__adkit__ = True

Function = Callable[..., Any]
ALIASES = {
    "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "not_equal": "ne", "argwhere": "nonzero",
}  # fmt: skip
IN_PLACE = """
    clamp_max clamp_min addr addmv baddbmm float_power xlogy logit gcd lcm ldexp nextafter i0
""".split()


def _dim(dim: Any) -> Any:
    return tuple(dim) if isinstance(dim, list) else dim


# ------------------------------------------------------------------------------------------------ reductions


def _skipping(name: str) -> Function:
    def reduction(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        return wrap(getattr(anp, name)(as_held(input), axis=_dim(dim), keepdims=keepdim))

    reduction.__name__ = reduction.__qualname__ = name
    reduction.__doc__ = f"`torch.{name}`: as without NaNs."
    return reduction


nansum, nanmean = method(_skipping("nansum")), method(_skipping("nanmean"))


def _quantile(name: str) -> Function:
    def quantile(input: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear") -> Any:
        return wrap(getattr(anp, name)(as_held(input), plain(q), axis=dim, keepdims=keepdim, method=interpolation))

    quantile.__name__ = quantile.__qualname__ = name
    quantile.__doc__ = f"`torch.{name}`: of all elements or along `dim`."
    return quantile


quantile, nanquantile = method(_quantile("quantile")), method(_quantile("nanquantile"))


def std_mean(input: Any, dim: Any = None, **options: Any) -> Any:
    """`torch.std_mean`: both."""
    return std(input, dim, **options), input.mean(dim, options.get("keepdim", False))


def var_mean(input: Any, dim: Any = None, **options: Any) -> Any:
    """`torch.var_mean`: both."""
    return var(input, dim, **options), input.mean(dim, options.get("keepdim", False))


@method
def nanmedian(input: Any) -> Any:
    """`torch.nanmedian`: the lower of two middle elements, of those that are no NaN."""
    return input[~input.isnan()].median()


@method
def aminmax(input: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    """`torch.aminmax`: the least and the largest elements."""
    axes = () if dim is None else dim
    return returned("aminmax", min=input.amin(axes, keepdim), max=input.amax(axes, keepdim))


@method
def dist(input: Any, other: Any, p: Any = 2) -> Any:
    """`torch.dist`: the norm of a difference."""
    return norm(input - other, p)


@method
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """`torch.kthvalue`: the k-th smallest elements along an axis, and their places."""
    found = input.sort(dim)
    values, indices = select(found.values, dim, k - 1), select(found.indices, dim, k - 1)
    return pair("kthvalue", *((values.unsqueeze(dim), indices.unsqueeze(dim)) if keepdim else (values, indices)))


def _running(name: str, accumulate: Function) -> Function:
    def running(input: Any, dim: int) -> Any:
        x = as_held(input)
        value, axis = plain(input), as_axis(dim, len(x.shape))
        steps = numpy.arange(value.shape[axis]).reshape([-1 if i == axis else 1 for i in range(value.ndim)])
        places = numpy.maximum.accumulate(numpy.where(value == accumulate(value, axis), steps, 0), axis)
        return pair(name, wrap(anp.take_along_axis(x, places, axis)), wrap(places))

    running.__name__ = running.__qualname__ = name
    running.__doc__ = f"`torch.{name}`: the extreme so far along an axis, and its place."
    return running


cummax = method(_running("cummax", numpy.maximum.accumulate))
cummin = method(_running("cummin", numpy.minimum.accumulate))


@method
def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Any:
    """`torch.bincount`: how often each number occurs."""
    return wrap(numpy.bincount(plain(input), None if weights is None else plain(weights), minlength))


@method
def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    """`torch.histc`: how many elements are in each of some bins of one width."""
    value = plain(input)
    low, high = (value.min(), value.max()) if min == max == 0 else (min, max)
    return wrap(numpy.histogram(value, bins, (low, high))[0].astype(value.dtype))


@method
def diff(input: Any, n: int = 1, dim: int = -1) -> Any:
    """`torch.diff`: differences of neighbours along an axis."""
    return wrap(anp.diff(as_held(input), n, dim))


def trapezoid(y: Any, x: Any = None, *, dx: Any = 1.0, dim: int = -1) -> Any:
    """`torch.trapezoid`: the integral by the trapezoidal rule."""
    return wrap(anp.trapezoid(as_held(y), None if x is None else as_held(x), dx, dim))


trapz = trapezoid


@method
def cov(input: Any, *, correction: int = 1) -> Any:
    """`torch.cov`: the covariances of rows."""
    x = as_held(input)
    return wrap(cast(anp.cov(x, ddof=correction), dtype_of(x)))


@method
def corrcoef(input: Any) -> Any:
    """`torch.corrcoef`: the correlations of rows."""
    x = as_held(input)
    return wrap(cast(anp.corrcoef(x), dtype_of(x)))


# ------------------------------------------------------------------------------------------------ shapes


@method
def fliplr(input: Any) -> Any:
    """`torch.fliplr`."""
    return shaping.flip(input, 1)


@method
def flipud(input: Any) -> Any:
    """`torch.flipud`."""
    return shaping.flip(input, 0)


@method
def rot90(input: Any, k: int = 1, dims: Any = (0, 1)) -> Any:
    """`torch.rot90`."""
    return wrap(anp.rot90(as_held(input), k, tuple(dims)))


@method
def tensor_split(input: Any, indices_or_sections: Any, dim: int = 0) -> Any:
    """`torch.tensor_split`: so many pieces, or pieces between places, along an axis."""
    length, given = input.shape[dim], indices_or_sections
    if isinstance(given, int):
        size, more = divmod(length, given)
        ends = list(itertools.accumulate(size + (i < more) for i in range(given)))
    else:
        ends = [*(min(int(i), length) for i in given), length]
    starts = [0, *ends[:-1]]
    return tuple(narrow(input, dim, a, max(b - a, 0)) for a, b in zip(starts, ends, strict=True))


@method
def hsplit(input: Any, indices_or_sections: Any) -> Any:
    """`torch.hsplit`."""
    return tensor_split(input, indices_or_sections, 0 if len(input.shape) == 1 else 1)


@method
def vsplit(input: Any, indices_or_sections: Any) -> Any:
    """`torch.vsplit`."""
    return tensor_split(input, indices_or_sections, 0)


@method
def dsplit(input: Any, indices_or_sections: Any) -> Any:
    """`torch.dsplit`."""
    return tensor_split(input, indices_or_sections, 2)


@method
def unflatten(input: Any, dim: int, sizes: Any) -> Any:
    """`torch.unflatten`: one axis as several."""
    axis = as_axis(dim, len(input.shape))
    given = list(sizes)
    if -1 in given:
        rest = -int(numpy.prod(given))
        given[given.index(-1)] = input.shape[axis] // rest
    return input.reshape(*input.shape[:axis], *given, *input.shape[axis + 1 :])


@method
def diagflat(input: Any, offset: int = 0) -> Any:
    """`torch.diagflat`."""
    return wrap(anp.diag(anp.ravel(as_held(input)), offset))


@method
def msort(input: Any) -> Any:
    """`torch.msort`: sorted along the first axis."""
    return input.sort(0).values


@method
def adjoint(input: Any) -> Any:
    """`tensor.adjoint`: the last two axes exchanged, and the conjugate."""
    return input.mH


def _joining(name: str) -> Function:
    def joined(tensors: Any) -> Any:
        return wrap(getattr(anp, name)(list(promoted(tuple(as_held(t) for t in tensors)))))

    joined.__name__ = joined.__qualname__ = name
    joined.__doc__ = f"`torch.{name}`, as `numpy.{name}`."
    return joined


column_stack, dstack = _joining("column_stack"), _joining("dstack")


def row_stack(tensors: Any) -> Any:
    """`torch.row_stack`: `torch.vstack`."""
    return shaping.vstack(tensors)


def asarray(obj: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """`torch.asarray`: `torch.as_tensor`."""
    return as_tensor(obj, dtype, device)


def _at_least(n: int) -> Function:
    def at_least(*tensors: Any) -> Any:
        every = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
        function = getattr(anp, f"atleast_{n}d")
        made = tuple(wrap(function(as_held(t))) for t in every)
        return made[0] if len(tensors) == 1 and every is tensors else made

    at_least.__name__ = at_least.__qualname__ = f"atleast_{n}d"
    at_least.__doc__ = f"`torch.atleast_{n}d`."
    return at_least


atleast_1d, atleast_2d, atleast_3d = _at_least(1), _at_least(2), _at_least(3)


def broadcast_shapes(*shapes: Any) -> Any:
    """`torch.broadcast_shapes`."""
    from .tensors import Size

    return Size(numpy.broadcast_shapes(*shapes))


def broadcast_tensors(*tensors: Any) -> Any:
    """`torch.broadcast_tensors`: all in the shape of their sum."""
    shape = numpy.broadcast_shapes(*(tuple(t.shape) for t in tensors))
    return tuple(t.expand(*shape) for t in tensors)


def block_diag(*tensors: Any) -> Any:
    """`torch.block_diag`: matrices along the diagonal of one."""
    columns = sum(t.shape[-1] if t.shape else 1 for t in tensors)
    rows, before = [], 0
    for t in tensors:
        matrix = t.reshape(-1, t.shape[-1] if t.shape else 1)
        after = columns - before - matrix.shape[1]
        rows.append(wrap(anp.pad(as_held(matrix), ((0, 0), (before, after)))))
        before += matrix.shape[1]
    return shaping.cat(rows)


def cartesian_prod(*tensors: Any) -> Any:
    """`torch.cartesian_prod`: all combinations of elements, in rows."""
    if len(tensors) == 1:
        return tensors[0]
    return shaping.stack([grid.reshape(-1) for grid in shaping.meshgrid(*tensors)], -1)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """`torch.vander`: the powers of a vector, in columns."""
    powers = numpy.arange(len(x) if N is None else N)
    return x.unsqueeze(-1) ** wrap(powers if increasing else powers[::-1].copy())


# ------------------------------------------------------------------------------------------------ elementwise, products


@method
def clamp_max(input: Any, max: Any) -> Any:
    """`torch.clamp_max`."""
    return input.clamp(max=max)


@method
def clamp_min(input: Any, min: Any) -> Any:
    """`torch.clamp_min`."""
    return input.clamp(min=min)


@method
def float_power(input: Any, exponent: Any) -> Any:
    """`torch.float_power`: in double precision."""
    return as_tensor_of(input).double() ** (exponent.double() if isinstance(exponent, Tensor) else exponent)


@method
def xlogy(input: Any, other: Any) -> Any:
    """`torch.xlogy`: input · log(other), and 0 where input is 0."""
    from ...scipy.special import xlogy as function

    return wrap(function(*promoted((_operand(input), _operand(other)), True)))


@method
def logit(input: Any, eps: float | None = None) -> Any:
    """`torch.logit`: log(x / (1 − x)), of x between eps and 1 − eps."""
    x = input if eps is None else input.clamp(eps, 1 - eps)
    return (x / (1 - x)).log()


@method
def ldexp(input: Any, other: Any) -> Any:
    """`torch.ldexp`: input · 2^other."""
    return input * 2.0**other


def _plain_binary(name: str) -> Function:
    function = getattr(numpy, name)

    def binary(input: Any, other: Any) -> Any:
        return wrap(function(*(plain(v) for v in promoted((_operand(input), _operand(other))))))

    binary.__name__ = binary.__qualname__ = name
    binary.__doc__ = f"`torch.{name}`, which has no derivative."
    return binary


def _plain_unary(name: str) -> Function:
    function = getattr(numpy, name)

    def unary(input: Any) -> Any:
        return wrap(numpy.asarray(function(plain(input))))

    unary.__name__ = unary.__qualname__ = name
    unary.__doc__ = f"`torch.{name}`, which has no derivative."
    return unary


gcd, lcm, nextafter = (method(_plain_binary(name)) for name in ("gcd", "lcm", "nextafter"))
isposinf, isneginf, isreal = (method(_plain_unary(name)) for name in ("isposinf", "isneginf", "isreal"))


@method
def i0(input: Any) -> Any:
    """`torch.i0`: the modified Bessel function of order 0."""
    from ...scipy.special import i0 as function

    return wrap(function(real_operand(as_held(input))))


@method
def vdot(input: Any, other: Any) -> Any:
    """`torch.vdot`: of two vectors, the first conjugated."""
    return shaping.dot(input.conj(), other)


@method
def addmv(input: Any, mat: Any, vec: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """`torch.addmv`: beta · input + alpha · mat @ vec."""
    return beta * input + alpha * (mat @ vec)


@method
def addr(input: Any, vec1: Any, vec2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """`torch.addr`: beta · input + alpha · the outer product of two vectors."""
    return beta * input + alpha * shaping.outer(vec1, vec2)


METHODS["baddbmm"] = shaping.addmm


def cdist(x1: Any, x2: Any, p: Any = 2.0) -> Any:
    """`torch.cdist`: the distance of each row of one to each row of the other."""
    return norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)


# ------------------------------------------------------------------------------------------------ matrices, dtypes


def _of_linalg(name: str, theirs: str) -> Function:
    def function(input: Any, *args: Any, **options: Any) -> Any:
        from . import linalg

        return getattr(linalg, theirs)(input, *args, **options)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`torch.{name}`: `torch.linalg.{theirs}`."
    return function


METHODS |= {name: _of_linalg(name, name) for name in "det slogdet matrix_power cholesky qr".split()}
METHODS |= {"inverse": _of_linalg("inverse", "inv"), "pinverse": _of_linalg("pinverse", "pinv")}


@method
def logdet(input: Any) -> Any:
    """`torch.logdet`: the logarithm of a positive determinant."""
    from . import linalg

    return linalg.slogdet(input)[1]


@method
def svd(input: Any, some: bool = True) -> Any:
    """`torch.svd`: U, S and V, where `torch.linalg.svd` has V transposed."""
    from . import linalg

    u, s, vh = linalg.svd(input, not some)
    return u, s, vh.mH


@method
def is_nonzero(input: Any) -> bool:
    """`torch.is_nonzero`, of one element."""
    return bool(input)


@method
def is_signed(input: Any) -> bool:
    """`tensor.is_signed`: whether the dtype has negative numbers."""
    return plain(input).dtype.kind in "ifc"


@method
def is_same_size(input: Any, other: Any) -> bool:
    """`tensor.is_same_size`."""
    return bool(input.shape == other.shape)


def finfo(type: Any = None) -> Any:
    """`torch.finfo`: the limits of a float dtype, as `numpy.finfo`."""
    from .dtypes import default_real

    return numpy.finfo(default_real() if type is None else plain_dtype(type))


def iinfo(type: Any) -> Any:
    """`torch.iinfo`: the limits of an integer dtype, as `numpy.iinfo`."""
    return numpy.iinfo(plain_dtype(type))


def promote_types(type1: Any, type2: Any) -> Any:
    """`torch.promote_types`: the dtype of a result of two tensors."""
    one, two = (wrap(numpy.zeros(1, plain_dtype(t))) for t in (type1, type2))
    return named(plain(one + two).dtype)


def from_dlpack(ext_tensor: Any) -> Any:
    """`torch.from_dlpack`: a tensor that shares memory with an array of another library."""
    return wrap(numpy.from_dlpack(ext_tensor))
