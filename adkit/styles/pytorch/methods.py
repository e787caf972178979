"""The rest of `Tensor`: indexing, unary functions, conversions, and in-place methods, attached to the class.

Every method that returns a new tensor of its own shape also has a form `name_` that changes the tensor. Not for: what
the operations compute (`functions`, `operators`).
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy

from ...handle import TracedArray
from ...primitives import elementwise as rows
from . import counterparts, dtypes, functions, places, shaping
from .creation import check_device, finish, sizes_of
from .dtypes import plain_dtype
from .errors import no_device, refuse
from .functions import METHODS
from .operands import PYTHON_NUMBERS, as_held, cast, from_data, held, plain, real_operand, wrap
from .operators import attach as attach_operators
from .operators import quiet, unary
from .tensors import Tensor
from .writing import Device, assign_at, refuse_leaf, store, view_of

__adkit__ = True

_getframe = sys._getframe

# name in PyTorch -> (row, NumPy's function, whether integers become floats)
UNARY: dict[str, tuple[Any, Callable[..., Any], bool]] = {
    **{n: (getattr(rows, n), getattr(numpy, n), True) for n in (
        "sin cos tan sinh cosh tanh exp exp2 expm1 log log2 log10 log1p sqrt reciprocal sinc".split())},
    **{n: (getattr(rows, "arc" + n[1:]), getattr(numpy, "arc" + n[1:]), True) for n in (
        "asin acos atan asinh acosh atanh".split())},
    **{n: (getattr(rows, n), getattr(numpy, n), True) for n in (
        "arcsin arccos arctan arcsinh arccosh arctanh deg2rad rad2deg".split())},
    **{n: (getattr(rows, n), getattr(numpy, n), False) for n in (
        "sign floor ceil trunc isnan isinf isfinite logical_not square signbit".split())},
    "abs": (rows.absolute, operator.abs, False), "absolute": (rows.absolute, operator.abs, False),
    "neg": (rows.negative, operator.neg, False), "negative": (rows.negative, operator.neg, False),
    "positive": (rows.positive, operator.pos, False), "sgn": (rows.sign, numpy.sign, False),
    "fix": (rows.trunc, numpy.trunc, False), "bitwise_not": (rows.invert, operator.invert, False),
    "angle": (rows.angle, numpy.angle, True), "relu": (rows.relu, lambda x: numpy.maximum(x, 0), False),
}  # fmt: skip
NO_IN_PLACE = frozenset("isnan isinf isfinite signbit angle".split())
SPECIAL = {"sigmoid": "expit", "erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "lgamma": "gammaln", "digamma": "psi"}
IN_PLACE = """
    div divide clamp clip masked_fill round nan_to_num rsqrt cumsum cumprod tril triu addcmul addcdiv lerp addmm frac
    sigmoid erf erfc lgamma digamma
""".split()
_MORE_CONVERSIONS = {"byte": dtypes.uint8, "char": dtypes.int8}
CONVERSIONS = "half float double short int long bool cfloat cdouble".split()


# ------------------------------------------------------------------------------------------------ indexing


def _index(index: Any) -> Any:
    """An index of tensors, numbers and slices as NumPy takes it."""
    if isinstance(index, Tensor):
        value = plain(index)
        if value.dtype.kind not in "biu":
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return value if value.shape else value.item() if value.dtype.kind != "b" else value
    if isinstance(index, tuple):
        return tuple(map(_index, index))
    if isinstance(index, list):
        return numpy.asarray([_index(part) for part in index])
    if isinstance(index, slice):
        return slice(*(part.item() if isinstance(part, Tensor) else part for part in
                       (index.start, index.stop, index.step)))  # fmt: skip
    return index


def _getitem(self: Any, index: Any) -> Any:
    index = _index(index)
    inner = held(self)
    if isinstance(inner, TracedArray):
        made = inner[index]
        if isinstance(made, TracedArray):
            made.share()
        return wrap(made)
    if _is_basic(index):
        index = (*index, Ellipsis) if isinstance(index, tuple) else (index, Ellipsis)
        if sum(part is Ellipsis for part in index) > 1:
            index = index[:-1]
    value = inner if type(inner) is numpy.ndarray else numpy.asarray(inner)
    return view_of(self, value[index])


def _is_basic(index: Any) -> bool:
    return all(
        type(part) in (int, slice) or part is None or part is Ellipsis
        for part in (index if type(index) is tuple else (index,))
    )


def _setitem(self: Any, index: Any, value: Any) -> None:
    value = value if type(value) in PYTHON_NUMBERS else as_held(value)
    assign_at(self, _index(index), value, _getframe(1))


# ------------------------------------------------------------------------------------------------ conversions


def _converting(name: str) -> Callable[..., Any]:
    target = _MORE_CONVERSIONS.get(name) or dtypes.ALIASES[name]

    def convert(self: Any) -> Any:
        return _to_dtype(self, target.numpy)

    convert.__name__ = name
    convert.__doc__ = f"The tensor as `torch.{target.name}`; itself if it has that dtype."
    return convert


def _to_dtype(tensor: Any, target: numpy.dtype) -> Any:
    inner = held(tensor)
    return tensor if plain(inner).dtype == target else wrap(cast(inner, target))


def _to(self: Any, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False, **options: Any) -> Any:
    """`tensor.to`: another dtype, or the dtype of another tensor; the device is always the CPU."""
    for given in args:
        if isinstance(given, Tensor):
            dtype = given.dtype
        elif isinstance(given, (str, Device)):
            device = given
        elif given is not None and not isinstance(given, bool):
            dtype = given
    check_device(device)
    made = self if dtype is None else _to_dtype(self, plain_dtype(dtype))
    return made.clone() if copy and made is self else made


def _type(self: Any, dtype: Any = None) -> Any:
    """`tensor.type`: the name of the type, or the tensor in another dtype."""
    return f"torch.{_LEGACY[self.dtype.name]}Tensor" if dtype is None else _to_dtype(self, plain_dtype(dtype))


_LEGACY = {
    "float32": "Float", "float64": "Double", "float16": "Half", "int64": "Long", "int32": "Int", "int16": "Short",
    "int8": "Char", "uint8": "Byte", "bool": "Bool", "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}  # fmt: skip


def _type_as(self: Any, other: Any) -> Any:
    """`tensor.type_as`."""
    return _to_dtype(self, other.dtype.numpy)


def _cpu(self: Any) -> Any:
    """The tensor itself."""
    return self


def _cuda(self: Any, *args: Any, **options: Any) -> Any:
    """Refused: there is only the CPU."""
    raise no_device("adkit's PyTorch style computes on the CPU", ".cuda()")


# ------------------------------------------------------------------------------------------------ in place


def _in_place(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The method `name_`: the function's result written into the tensor."""

    def method(self: Any, *args: Any, **options: Any) -> Any:
        refuse_leaf(self)
        return store(self, function(self, *args, **options)._h, _getframe(1))

    method.__name__ = method.__qualname__ = f"{name}_"
    method.__doc__ = f"`torch.{name}` in place."
    return method


def _zero_(self: Any) -> Any:
    """Fill with zeros, in place."""
    return _fill_(self, 0)


def _fill_(self: Any, value: Any) -> Any:
    """Fill with one number, in place."""
    assign_at(self, ..., value if type(value) in PYTHON_NUMBERS else as_held(value), _getframe(1))
    return self


def _copy_(self: Any, src: Any, non_blocking: bool = False) -> Any:
    """Copy the elements of another tensor, in place; derivatives pass from it."""
    assign_at(self, ..., cast(as_held(src), plain(self).dtype), _getframe(1))
    return self


def _set_data(self: Any, values: numpy.ndarray) -> Any:
    """Write new numbers, in place."""
    refuse_leaf(self)
    assign_at(self, ..., values.astype(plain(self).dtype), _getframe(2))
    return self


def _index_add_(self: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    """Add slices at places along an axis, in place; repeated places add up."""
    refuse_leaf(self)
    return store(self, _index_add(self, dim, index, source, alpha=alpha)._h, _getframe(1))


def _index_add(self: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    """`torch.index_add`."""
    from ...primitives.indexing import index_add

    axis = dim % len(self.shape)
    place = (slice(None),) * axis + (plain(index),)
    return wrap(index_add(held(self), as_held(source if alpha == 1 else alpha * source), index=place))


def _uniform_(self: Any, low: float = 0.0, high: float = 1.0, *, generator: Any = None) -> Any:
    """Fill with uniform numbers, in place."""
    from .random import source

    return _set_data(self, source(generator).uniform(low, high, self.shape))


def _normal_(self: Any, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Any:
    """Fill with normal numbers, in place."""
    from .random import source

    return _set_data(self, source(generator).normal(mean, std, self.shape))


def _bernoulli_(self: Any, p: float = 0.5, *, generator: Any = None) -> Any:
    """Fill with 1 with probability p and else 0, in place."""
    from .random import source

    return _set_data(self, (source(generator).random(self.shape) < p) * 1)


def _reshape_in_place(name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any) -> Any:
        self._h = getattr(self, name)(*args)._h
        return self

    method.__name__ = f"{name}_"
    method.__doc__ = f"`tensor.{name}`, in place."
    return method


# ------------------------------------------------------------------------------------------------ making more


def _new(name: str) -> Callable[..., Any]:
    maker = getattr(numpy, name)

    def method(self: Any, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
        kind = plain(self).dtype if dtype is None else plain_dtype(dtype)
        return finish(maker(sizes_of(size), kind), requires_grad, device, _getframe(1))

    method.__name__ = f"new_{name}"
    method.__doc__ = f"`torch.{name}` with the dtype of the tensor."
    return method


def _new_full(self: Any, size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Any:
    """`torch.full` with the dtype of the tensor."""
    kind = plain(self).dtype if dtype is None else plain_dtype(dtype)
    return finish(numpy.full(sizes_of((size,)), fill_value, kind), requires_grad, None, _getframe(1))


def _new_tensor(self: Any, data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Any:
    """`torch.tensor` with the dtype of the tensor."""
    kind = self.dtype if dtype is None else dtype
    return finish(from_data(data, kind), requires_grad, None, _getframe(1))


def _size(self: Any, dim: int | None = None) -> Any:
    """The shape, or the length of one axis."""
    return self.shape if dim is None else self.shape[dim]


def _part(name: str) -> property:
    def read(self: Any) -> Any:
        inner = held(self)
        return wrap(getattr(inner, name)) if plain(self).dtype.kind == "c" or name == "real" else _no_imaginary(self)

    return property(read, doc=f"The {name} part.")


def _no_imaginary(tensor: Any) -> Any:
    raise refuse("imag is not implemented for tensors with non-complex dtypes", "use torch.zeros_like(x)")


def _conj(self: Any) -> Any:
    """The complex conjugate; a real tensor itself."""
    inner = held(self)
    return wrap(inner.conj()) if plain(self).dtype.kind == "c" else self


def _transposed(self: Any) -> Any:
    """The tensor with its axes reversed, a view."""
    return shaping.permute(self, *reversed(range(len(self.shape))))


def _matrix_transposed(self: Any) -> Any:
    """The last two axes exchanged, a view."""
    return shaping.transpose(self, -2, -1)


def _special(name: str) -> Callable[..., Any]:
    def function(input: Any) -> Any:
        from ...primitive import REGISTRY
        from ...primitives.special import errors, gamma, integrals  # noqa: F401  (enter their rows)

        x = real_operand(as_held(input))
        return wrap(REGISTRY[SPECIAL[name]](x))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`torch.{name}`: elementwise."
    return function


PROPERTIES = {
    "T": property(_transposed), "mT": property(_matrix_transposed), "H": property(lambda self: _conj(self.mT)),
    "real": _part("real"), "imag": _part("imag"),
    "mH": property(lambda self: _conj(_matrix_transposed(self))),
    "layout": property(lambda self: "torch.strided", doc="Always strided."),
    "is_cuda": property(lambda self: False, doc="Always False."),
    "itemsize": property(lambda self: plain(self).itemsize, doc="Bytes of one element."),
    "nbytes": property(lambda self: plain(self).nbytes, doc="Bytes of all elements."),
}  # fmt: skip
PLAIN_METHODS: dict[str, Callable[..., Any]] = {
    "__getitem__": _getitem, "__setitem__": _setitem, "to": _to, "type": _type, "type_as": _type_as, "cpu": _cpu,
    "cuda": _cuda, "zero_": _zero_, "fill_": _fill_, "copy_": _copy_, "uniform_": _uniform_, "normal_": _normal_,
    "bernoulli_": _bernoulli_, "index_add_": _index_add_, "index_add": _index_add, "new_full": _new_full,
    "new_tensor": _new_tensor, "size": _size, "conj": _conj, "dim": lambda self: len(self.shape),
    "ndimension": lambda self: len(self.shape), "nelement": functions.numel,
    "is_contiguous": lambda self: bool(plain(self).flags.c_contiguous),
    "stride": lambda self: tuple(s // plain(self).itemsize for s in plain(self).strides),
    "data_ptr": lambda self: plain(self).ctypes.data, "element_size": lambda self: plain(self).itemsize,
    "is_inference": lambda self: False,
}  # fmt: skip


def attach(space: dict[str, Any]) -> None:
    """Put everything on `Tensor`, and the functions into a namespace."""
    attach_operators(space)
    for name, (row, function, real) in UNARY.items():
        space[name], in_place = unary(row, quiet(function) if real else function, name, real)
        setattr(Tensor, name, space[name])
        if name not in NO_IN_PLACE:
            setattr(Tensor, f"{name}_", in_place)
    for name in SPECIAL:
        space[name] = METHODS[name] = _special(name)
    for name, function in METHODS.items():
        setattr(Tensor, name, function)
        if name not in shaping.NOT_FUNCTIONS:
            space[name] = function
    METHODS.update({name: METHODS.get(alias) or space[alias] for name, alias in counterparts.ALIASES.items()})
    for name in counterparts.ALIASES:
        space[name] = METHODS[name]
        setattr(Tensor, name, METHODS[name])
        if hasattr(Tensor, f"{counterparts.ALIASES[name]}_"):
            setattr(Tensor, f"{name}_", getattr(Tensor, f"{counterparts.ALIASES[name]}_"))
    METHODS["fill_diagonal"] = places.fill_diagonal  # which has no form that returns a new tensor
    for name in (*IN_PLACE, *places.IN_PLACE, *counterparts.IN_PLACE):
        setattr(Tensor, f"{name}_", _in_place(METHODS[name], name))
    for name in "t transpose squeeze unsqueeze swapaxes swapdims".split():
        setattr(Tensor, f"{name}_", _reshape_in_place(name))
    for name in (*CONVERSIONS, *_MORE_CONVERSIONS):
        setattr(Tensor, name, _converting(name))
    for name in ("zeros", "ones", "empty"):
        setattr(Tensor, f"new_{name}", _new(name))
    for members in (PLAIN_METHODS, PROPERTIES):
        for name, member in members.items():
            setattr(Tensor, name, member)
    space["conj"] = _conj
    space["real"], space["imag"] = lambda input: input.real, lambda input: input.imag
