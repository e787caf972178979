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
from .versions import stamp

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
    inner = tensor._h
    if not isinstance(inner, TracedArray):
        if type(inner) is not ndarray:  # a NumPy scalar, which nothing shares
            inner = tensor._h = numpy.array(inner)
        inner[index] = new
        stamp(inner)
        return
    if type(inner.value) is not ndarray:
        inner.value = numpy.array(inner.value)
    if inner.node.primitive is INPUT and inner.node.id in leaf_tensors:
        renew(tensor)
        inner = tensor._h
    inner.value[index] = new
    stamp(inner.value)


def renew(tensor: Any) -> None:
    """Before a leaf is written to within a recording: leave its node a copy of the old value, and make a new node."""
    node, value = tensor._h.node, tensor._h.value
    if not keeping():
        return
    node.value = value.copy()
    made = Node(INPUT, (), node.params, value, next_id(), node.code, node.lasti, value.shape, value.dtype)
    leaf_tensors[made.id] = tensor
    tensor._h = TracedArray(made, value)
    former = tensor.__dict__.setdefault("_former", [])
    former.append(node)


def view_of(source: Any, made: Any) -> Any:
    """A tensor onto part of the memory of `source`, which then knows of it."""
    view = wrap(made)
    if type(view._h) is ndarray and view._h.base is not None and not isinstance(source._h, TracedArray):
        known = source.__dict__.get("_root")
        root = (known() if known is not None else None) or source
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


__all__ = ["Device", "assign_at", "refuse_leaf", "renew", "store", "wrap", "write"]
