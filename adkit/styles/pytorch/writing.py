"""Writing into tensors in place, with PyTorch's rules for leaves and tensors that require grad.

Not for: what the in-place methods compute (`methods`), or assignment to traced arrays (`adkit.storage`).
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy
from numpy import ndarray

from ... import storage
from ...handle import TracedArray
from ...nodes import INPUT, Node, next_id
from ...tracing import keeping
from .dtypes import named
from .errors import refuse
from .graph import leaf_tensors
from .modes import grad_mode
from .operands import cast, wrap
from .versions import root_of, stamp

__adkit__ = True


class Device:
    """A device by name; there is only the CPU.

    >>> Device("cpu")
    device(type='cpu')
    """

    def __init__(self, type: str, index: int | None = None) -> None:
        self.type, _, number = str(getattr(type, "type", type)).partition(":")
        self.index = int(number) if number else index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return (
            f"device(type={self.type!r})" if self.index is None else f"device(type={self.type!r}, index={self.index})"
        )


def refuse_leaf(tensor: Any) -> None:
    """Refuse to change a leaf that requires grad while operations are recorded."""
    if grad_mode.get() and tensor.requires_grad and tensor.is_leaf:
        raise refuse(
            "a leaf Variable that requires grad is being used in an in-place operation",
            "change it within torch.no_grad(), or make a new tensor: x = x + 1",
        )


def _check_result(result: Any, dtype: numpy.dtype) -> None:
    made = result.value.dtype if isinstance(result, TracedArray) else result.dtype
    if "biufc".index(made.kind.replace("u", "i")) > "biufc".index(dtype.kind.replace("u", "i")):
        raise refuse(
            f"result type {named(made).name} can't be cast to the desired output type {named(dtype).name}",
            "convert the tensor first, as in x.float()",
        )


def store(tensor: Any, result: Any, frame: Any, check: bool = True) -> Any:
    """The end of an in-place operation: `tensor` has the value of `result`, a handle or array, from now on."""
    inner = tensor._h
    value = inner.value if isinstance(inner, TracedArray) else inner
    if check:
        _check_result(result, value.dtype)
    shape = result.shape
    if shape != value.shape and numpy.broadcast_shapes(shape, value.shape) != value.shape:
        raise refuse(
            f"output with shape {list(value.shape)} doesn't match the broadcast shape {list(shape)}",
            "use the operation that returns a new tensor",
        )
    recorded = isinstance(result, TracedArray) and result.node is not None and value.dtype.kind in "fc"
    if not grad_mode.get() or not (recorded or tensor.requires_grad):
        write(tensor, result.value if isinstance(result, TracedArray) else result, frame)
        return tensor
    result = cast(result, value.dtype)
    if not isinstance(inner, TracedArray):
        _refuse_aliased(tensor)
    if not value.shape:
        tensor._h = result if isinstance(result, TracedArray) else numpy.asarray(result)
    elif isinstance(inner, TracedArray):
        tensor._h = storage.assign(inner, result, frame)
    else:
        tensor._h = storage.assign(TracedArray(None, value), result, frame)
    return tensor


def write(tensor: Any, new: Any, frame: Any, index: Any = ...) -> None:
    """Write plain values into the memory of a tensor, seen by all that share it."""
    memory = writable(tensor)
    memory[index] = new
    stamp(memory)


def writable(tensor: Any) -> ndarray:
    """The array of a tensor that is about to be written to."""
    inner = tensor._h
    value = inner.value if isinstance(inner, TracedArray) else inner
    if type(value) is not ndarray:  # a NumPy scalar, which nothing shares
        value = numpy.array(value)
        if isinstance(inner, TracedArray):
            inner.value = value
        else:
            tensor._h = value
    if keeping():
        _move(tensor)
        value = tensor._h.value if isinstance(inner, TracedArray) else tensor._h
    return value


def _move(tensor: Any) -> None:
    """Move a tensor, and all that share its memory, to a copy: a recording goes on showing the values that it saw."""
    known = tensor.__dict__.get("_root")
    root = known() if known is not None else None
    root = tensor if root is None else root
    family = [root, tensor, *(view for ref in root.__dict__.get("_views", ()) if (view := ref()) is not None)]
    memory = root_of(tensor._h.value if isinstance(tensor._h, TracedArray) else tensor._h)
    copied = memory.copy("K")
    start = memory.__array_interface__["data"][0]
    for member in {id(m): m for m in family}.values():
        inner = member._h
        old = inner.value if isinstance(inner, TracedArray) else inner
        if type(old) is not ndarray or root_of(old) is not memory:
            continue
        offset = old.__array_interface__["data"][0] - start
        moved = numpy.ndarray(old.shape, old.dtype, copied, offset, old.strides)
        if not isinstance(inner, TracedArray):
            member._h = moved
        elif inner.node.primitive is INPUT and inner.node.id in leaf_tensors:
            member._h = _next_leaf(member, moved)
        else:
            inner.value = moved


def _next_leaf(tensor: Any, value: ndarray) -> TracedArray:
    """A leaf's next node; the one before keeps the values that it had."""
    node = tensor._h.node
    made = Node(INPUT, (), node.params, value, next_id(), node.code, node.lasti, value.shape, value.dtype)
    leaf_tensors[made.id] = tensor
    return TracedArray(made, value)


def view_of(source: Any, made: Any) -> Any:
    """A tensor onto part of the memory of `source`, or all of it, which then knows of it."""
    view = wrap(made)
    if type(view._h) is ndarray and (not isinstance(source._h, TracedArray) or source.is_leaf):
        known = source.__dict__.get("_root")
        root = known() if known is not None else None
        root = source if root is None else root
        view._root = weakref.ref(root)
        views = root.__dict__.setdefault("_views", [])
        if len(views) > 8:
            views[:] = [ref for ref in views if ref() is not None]
        views.append(weakref.ref(view))
    return view


def _refuse_aliased(tensor: Any) -> None:
    """Refuse to record a write into plain memory that other tensors see, and would go on to see unrecorded."""
    root = tensor.__dict__.get("_root")
    views = tensor.__dict__.get("_views", ())
    if (root is not None and root() is not None) or any(ref() is not None for ref in views):
        raise refuse(
            "a tensor that requires grad is written into memory that another tensor shares, which would not see the "
            "derivative",
            "write into the whole tensor by index, as in x[0:2] = x[0:2] + w, or into a clone() of it",
        )


def assign_at(tensor: Any, index: Any, value: Any, frame: Any) -> None:
    """`tensor[index] = value` of what tensors hold."""
    refuse_leaf(tensor)
    inner = tensor._h
    recorded = grad_mode.get() and (isinstance(inner, TracedArray) or isinstance(value, TracedArray))
    if not recorded:
        write(tensor, value.value if isinstance(value, TracedArray) else value, frame, index)
        return
    if not isinstance(inner, TracedArray):
        _refuse_aliased(tensor)
        inner = TracedArray(None, numpy.asarray(inner))
    elif type(inner.value) is not ndarray:
        inner.value = numpy.asarray(inner.value)
    if isinstance(value, TracedArray) or isinstance(value, (ndarray, numpy.generic)):
        value = cast(value, inner.value.dtype)
    inner[index] = value
    tensor._h = inner


__all__ = ["Device", "assign_at", "refuse_leaf", "store", "view_of", "writable", "write"]
