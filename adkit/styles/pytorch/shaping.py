"""Functions that change the shape of tensors, join and cut them, and multiply matrices: `reshape cat split einsum …`.

Where PyTorch returns a view of plain memory, so do these. Not for: reductions and elementwise functions (`functions`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ... import numpy as anp
from ...handle import TracedArray
from .creation import sizes_of
from .errors import refuse
from .functions import METHODS, as_axes, as_axis, method
from .operands import as_held, plain, promoted, wrap
from .tensors import Tensor
from .writing import view_of

__adkit__ = True


def _viewed(input: Any, made: Any) -> Any:
    return view_of(input, made) if isinstance(input, Tensor) else wrap(made)


@method
def reshape(input: Any, *shape: Any) -> Any:
    """`torch.reshape`, a view where possible."""
    return _viewed(input, _reshaped(input, sizes_of(shape)))


def _reshaped(input: Any, shape: tuple[int, ...]) -> Any:
    try:
        return anp.reshape(as_held(input), shape)
    except ValueError:
        elements = plain(input).size
        raise refuse(
            f"shape '{list(shape)}' is invalid for input of size {elements}", "ask for a shape of as many elements"
        ) from None


@method
def view(input: Any, *shape: Any) -> Any:
    """`tensor.view`: another shape onto the same memory; refused where that is not possible."""
    value = plain(input)
    if len(shape) == 1 and isinstance(shape[0], type(input.dtype)):
        raise refuse("a view of the bytes as another dtype has no derivative", "use x.to(dtype)")
    made = _reshaped(input, sizes_of(shape))
    if value.size and not numpy.may_share_memory(numpy.reshape(value, sizes_of(shape)), value):
        raise refuse(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces)",
            "use .reshape(...) instead",
        )
    return _viewed(input, made)


@method
def view_as(input: Any, other: Any) -> Any:
    """`tensor.view_as`."""
    return view(input, *other.shape)


@method
def reshape_as(input: Any, other: Any) -> Any:
    """`tensor.reshape_as`."""
    return reshape(input, *other.shape)


@method
def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """`torch.flatten`: some axes in a row as one."""
    shape = input.shape
    if not shape:
        return reshape(input, 1)
    first, last = as_axis(start_dim, len(shape)), as_axis(end_dim, len(shape))
    if first == last:
        return input
    return reshape(input, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


@method
def ravel(input: Any) -> Any:
    """`torch.ravel`."""
    return reshape(input, -1)


@method
def transpose(input: Any, dim0: int, dim1: int) -> Any:
    """`torch.transpose`: two axes exchanged, a view."""
    return _viewed(input, anp.swapaxes(as_held(input), dim0, dim1))


swapaxes = method(transpose)
METHODS["swapaxes"] = METHODS["swapdims"] = transpose


@method
def t(input: Any) -> Any:
    """`torch.t`: a matrix transposed, a view."""
    if len(input.shape) > 2:
        raise refuse(f"t() expects a tensor with <= 2 dimensions, but self is {len(input.shape)}D", "use permute")
    return _viewed(input, anp.transpose(as_held(input)))


@method
def permute(input: Any, *dims: Any) -> Any:
    """`torch.permute`: the axes in another order, a view."""
    return _viewed(input, anp.transpose(as_held(input), sizes_of(dims)))


@method
def movedim(input: Any, source: Any, destination: Any) -> Any:
    """`torch.movedim`, a view."""
    return _viewed(input, anp.moveaxis(as_held(input), source, destination))


METHODS["moveaxis"] = movedim


@method
def squeeze(input: Any, dim: Any = None) -> Any:
    """`torch.squeeze`: axes of length 1 taken out; one that is longer stays."""
    shape = input.shape
    axes = [i for i in as_axes(dim, len(shape)) if shape and shape[i] == 1]
    return _viewed(input, anp.reshape(as_held(input), tuple(n for i, n in enumerate(shape) if i not in axes)))


@method
def unsqueeze(input: Any, dim: int) -> Any:
    """`torch.unsqueeze`: an axis of length 1 put in, a view."""
    return _viewed(input, anp.expand_dims(as_held(input), dim))


@method
def expand(input: Any, *sizes: Any) -> Any:
    """`tensor.expand`: broadcast to a shape in which −1 keeps an axis."""
    wanted = sizes_of(sizes)
    have = (1,) * (len(wanted) - len(input.shape)) + tuple(input.shape)
    return wrap(anp.broadcast_to(as_held(input), tuple(h if w == -1 else w for w, h in zip(wanted, have, strict=True))))


@method
def expand_as(input: Any, other: Any) -> Any:
    """`tensor.expand_as`."""
    return expand(input, *other.shape)


@method
def broadcast_to(input: Any, size: Any) -> Any:
    """`torch.broadcast_to`."""
    return expand(input, size)


@method
def repeat(input: Any, *sizes: Any) -> Any:
    """`tensor.repeat`: copies side by side along each axis, as `numpy.tile`."""
    return wrap(anp.tile(as_held(input), sizes_of(sizes)))


METHODS["tile"] = repeat


@method
def repeat_interleave(input: Any, repeats: Any, dim: Any = None) -> Any:
    """`torch.repeat_interleave`: each element repeated, as `numpy.repeat`."""
    return wrap(anp.repeat(as_held(input), plain(repeats), axis=dim))


@method
def flip(input: Any, *dims: Any) -> Any:
    """`torch.flip`."""
    return wrap(anp.flip(as_held(input), sizes_of(dims)))


@method
def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    """`torch.roll`."""
    return wrap(anp.roll(as_held(input), shifts, dims))


@method
def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """`torch.diagonal`."""
    return wrap(anp.diagonal(as_held(input), offset, dim1, dim2))


@method
def diag(input: Any, diagonal: int = 0) -> Any:
    """`torch.diag`."""
    return wrap(anp.diag(as_held(input), diagonal))


@method
def tril(input: Any, diagonal: int = 0) -> Any:
    """`torch.tril`."""
    return wrap(anp.tril(as_held(input), diagonal))


@method
def triu(input: Any, diagonal: int = 0) -> Any:
    """`torch.triu`."""
    return wrap(anp.triu(as_held(input), diagonal))


@method
def trace(input: Any) -> Any:
    """`torch.trace`."""
    return wrap(anp.trace(as_held(input)))


@method
def contiguous(input: Any) -> Any:
    """`tensor.contiguous`: the tensor itself where its memory is in order, else a copy."""
    return input if plain(input).flags.c_contiguous else clone(input)


@method
def clone(input: Any) -> Any:
    """`torch.clone`: a copy through which derivatives pass."""
    x = as_held(input)
    return wrap(anp.copy(x) if isinstance(x, TracedArray) and x.shape else x * 1 if _is_recorded(x) else numpy.array(x))


def _is_recorded(x: Any) -> bool:
    return isinstance(x, TracedArray)


def _joined(tensors: Any) -> list[Any]:
    return list(promoted(tuple(as_held(t) for t in tensors)))


def cat(tensors: Any, dim: int = 0) -> Any:
    """`torch.cat`: tensors joined along an axis."""
    every = _joined(tensors)
    try:
        return wrap(anp.concatenate(every, axis=dim))
    except ValueError:
        raise _no_join("Sizes of tensors must match except in dimension", dim, every) from None


def _no_join(told: str, dim: int, every: list[Any]) -> Exception:
    shapes = ", ".join(str(list(x.shape)) for x in every)
    return refuse(f"{told} {dim}: the shapes are {shapes}", "reshape them, or join them along another axis")


concat = concatenate = cat


def stack(tensors: Any, dim: int = 0) -> Any:
    """`torch.stack`: tensors side by side along a new axis."""
    every = _joined(tensors)
    try:
        return wrap(anp.stack(every, axis=dim))
    except ValueError:
        raise _no_join("stack expects each tensor to be equal size, along a new dimension", dim, every) from None


def hstack(tensors: Any) -> Any:
    """`torch.hstack`."""
    return wrap(anp.hstack(_joined(tensors)))


def vstack(tensors: Any) -> Any:
    """`torch.vstack`."""
    return wrap(anp.vstack(_joined(tensors)))


@method
def split(input: Any, split_size_or_sections: Any, dim: int = 0) -> Any:
    """`torch.split`: pieces of a size, or of given sizes, along an axis."""
    length = input.shape[dim]
    if isinstance(split_size_or_sections, int):
        places = list(range(split_size_or_sections, length, split_size_or_sections))
    else:
        places = numpy.cumsum(split_size_or_sections)[:-1].tolist()
    bounds = [0, *places, length]
    axis = as_axis(dim, len(input.shape))
    return tuple(input[(slice(None),) * axis + (slice(a, b),)] for a, b in zip(bounds[:-1], bounds[1:], strict=True))


@method
def chunk(input: Any, chunks: int, dim: int = 0) -> Any:
    """`torch.chunk`: at most so many pieces of one size."""
    return split(input, -(-input.shape[dim] // chunks), dim)


@method
def unbind(input: Any, dim: int = 0) -> Any:
    """`torch.unbind`: the slices along an axis."""
    axis = as_axis(dim, len(input.shape))
    return tuple(input[(slice(None),) * axis + (i,)] for i in range(input.shape[axis]))


def meshgrid(*tensors: Any, indexing: str = "ij") -> Any:
    """`torch.meshgrid`."""
    every = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    return tuple(map(wrap, anp.meshgrid(*map(as_held, every), indexing=indexing)))


# ------------------------------------------------------------------------------------------------ products


@method
def dot(input: Any, other: Any) -> Any:
    """`torch.dot`: of two vectors."""
    a, b = promoted((as_held(input), as_held(other)))
    if len(a.shape) != 1 or len(b.shape) != 1:
        raise refuse(f"1D tensors expected, but got {len(a.shape)}D and {len(b.shape)}D tensors", "use torch.matmul")
    return wrap(anp.matmul(a, b))


METHODS["inner"] = dot


@method
def outer(input: Any, vec2: Any) -> Any:
    """`torch.outer`: of two vectors."""
    a, b = promoted((as_held(input), as_held(vec2)))
    return wrap(anp.outer(a, b))


METHODS["ger"] = outer


@method
def cross(input: Any, other: Any, dim: int = -1) -> Any:
    """`torch.cross`."""
    a, b = promoted((as_held(input), as_held(other)))
    return wrap(anp.cross(a, b, axis=dim))


@method
def kron(input: Any, other: Any) -> Any:
    """`torch.kron`."""
    return wrap(anp.kron(*promoted((as_held(input), as_held(other)))))


def einsum(equation: str, *operands: Any) -> Any:
    """`torch.einsum`."""
    every = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    return wrap(anp.einsum(equation, *promoted(tuple(map(as_held, every)))))


def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    """`torch.tensordot`."""
    return wrap(anp.tensordot(*promoted((as_held(a), as_held(b))), axes=dims))


@method
def addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """`torch.addmm`: beta · input + alpha · mat1 @ mat2."""
    return beta * input + alpha * (mat1 @ mat2)


NOT_FUNCTIONS = "view view_as reshape_as expand expand_as repeat contiguous masked_fill".split()
