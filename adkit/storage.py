"""Storage cells: assignment into traced arrays, and views that alias, as NumPy has them.

A handle is rebound to a new node when it is assigned to; nodes never change. The buffer behind a handle is written in
place while nothing else refers to it (`Cell.owned`), and copied first otherwise, so that filling an n-array costs
O(n). A `TracedView` knows the array it was cut from: it writes through to it, and follows it when that one is
assigned to.

Not for: the derivative of an assignment (`primitives.indexing`, `sweeps.buffers`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy
from numpy import ndarray

from . import tracing
from .backends import backend_of, copy_of, is_array
from .backends import getitem as read_at
from .backends import setitem as write_at
from .dtypes import numpy_dtype
from .errors import InputError, LeakError, MutationError
from .handle import TracedArray
from .nodes import Node, Unkept, next_id, open_recording, state
from .source import user_location

__adkit__ = True


class Cell:
    """What a handle knows of its buffer: `owned` if nobody else holds it, `version` counting the assignments, `born`
    when it was first looked at.
    """

    __slots__ = ("owned", "version", "born")

    def __init__(self, owned: bool = False) -> None:
        self.owned = owned
        self.version = 0
        self.born = next_id()


def cell_of(handle: Any) -> Cell:
    """The cell of a handle, made when first needed."""
    cell = getattr(handle, "cell", None)
    if cell is None:
        cell = handle.cell = Cell()
    return cell


class TracedView(TracedArray):
    """A view of another handle: `read(parent)` makes it, `write(parent, new)` puts a changed view back.

    `index` is the object with which it was cut out, for `setitem` to know it again.
    """

    __slots__ = ("parent", "root", "index", "_read", "_write", "_seen", "_node", "_value")

    def __init__(self, parent: Any, read: Callable[[Any], Any], write: Callable[[Any, Any], Any], made: Any) -> None:
        self.parent: Any = parent
        self.root: Any = parent.root if isinstance(parent, TracedView) else parent
        self.index: Any = None
        self._read = read
        self._write = write
        self._node, self._value = made.node, made.value
        cell = cell_of(self.root)
        cell.owned = False
        self._seen = cell.version

    def _refresh(self) -> None:
        """Follow the array this is a view of, if that was assigned to since; iteratively, for views of views."""
        stale = []
        view = self
        while isinstance(view, TracedView) and view._seen != view.root.cell.version:
            stale.append(view)
            view = view.parent
        for view in reversed(stale):
            made = view._read(snapshot(view.parent))
            view._node, view._value = made.node, made.value
            view.root.cell.owned = False
            view._seen = view.root.cell.version

    @property
    def node(self) -> Any:
        """The node of the present value."""
        if self._seen != self.root.cell.version:
            self._refresh()
        return self._node

    @property
    def value(self) -> Any:
        """The present value."""
        if self._seen != self.root.cell.version:
            self._refresh()
        return self._value

    def share(self) -> None:
        self.root.cell.owned = False


def snapshot(handle: Any) -> Any:
    """A handle of the present node and value that no later assignment changes."""
    handle.share()
    return TracedArray(handle.node, handle.value)


def view_of(parent: Any, read: Callable[[Any], Any], write: Callable[[Any, Any], Any], made: Any = None) -> Any:
    """A view of `parent`, if its value is an array that NumPy would alias; else just the value."""
    made = read(snapshot(parent)) if made is None else made
    if not isinstance(made, TracedArray):
        if not is_array(made) or not made.ndim:
            return made
        made = TracedArray(None, made)
    return TracedView(parent, read, write, made)


def getitem(handle: Any, index: Any) -> Any:
    """`handle[index]`: a view for a basic index of an array, else a copy or a scalar."""
    from .primitives.indexing import getitem as row
    from .primitives.indexing import is_basic

    frame = sys._getframe(1)
    if tracing.keeping() and (parts := gathering.varying(handle, index)) is not None:
        if not gathering.is_view(handle, parts):
            return gathering.read(handle, parts)
        return view_of(handle, lambda x: gathering.read(x, parts), lambda x, new: gathering.replaced(x, parts, new))
    given = index
    index = plain_index(index, frame)
    value = handle.value[index] if type(handle.value) is ndarray else read_at(handle.value, index)
    made: Any
    if handle.node is None:
        made = value if not getattr(value, "shape", ()) and backend_of(value) is None else TracedArray(None, value)
    else:
        made = tracing.record(row, (handle,), (handle.node,), (handle.value,), {"index": index}, value, frame)
    if getattr(value, "shape", ()) and is_basic(index):
        view = view_of(handle, lambda x: row(x, index=index), lambda x, new: updated(x, index, new), made)
        if type(view) is TracedView:
            view.index = given
        return view
    return made


def plain_index(index: Any, frame: Any) -> Any:
    """An index with its traced parts replaced by their values, each noted as a guard, and its arrays copied."""
    if isinstance(index, tuple):
        return tuple(plain_index(part, frame) for part in index)
    if isinstance(index, TracedArray):
        if index.dtype.kind not in "biu":
            raise IndexError(f"only integers and booleans can be an index, not {index.dtype}")
        index._guard(frame)
        return copy_of(index.value) if is_array(index.value) else index.value
    if isinstance(index, slice):
        return slice(*(_bound(part, frame) for part in (index.start, index.stop, index.step)))
    if isinstance(index, list):
        return numpy.asarray([plain_index(part, frame) for part in index])
    return index.copy() if type(index) is ndarray else index


def _bound(part: Any, frame: Any) -> Any:
    return part.__index__() if isinstance(part, TracedArray) else part


def setitem(handle: Any, index: Any, value: Any) -> None:
    """`handle[index] = value`, seen by every view of the same array."""
    if type(value) is TracedView and value.parent is handle and value.index is index and index is not None:
        return  # the end of `x[i] += y`, whose operator has already written through the view x[i]
    frame = sys._getframe(1)
    if tracing.keeping() and (parts := gathering.varying(handle, index)) is not None:
        if not any(getattr(part, "shape", ()) for part in parts):
            value = gathering.replaced(snapshot(handle), parts, value)
            index = ...
    index = plain_index(index, frame)
    write(handle, index, value, frame, add=False)


def add_in_place(handle: Any, index: Any, value: Any) -> None:
    """`numpy.add.at(handle, index, value)`: repeated indices add up."""
    write(handle, index, value, sys._getframe(1), add=True)


def write(handle: Any, index: Any, value: Any, frame: Any, add: bool) -> None:
    """Assign or add into the array of a handle, through to the array it is a view of."""
    if isinstance(handle, TracedView):
        inner = TracedArray(handle.node, handle.value)
        write(inner, index, value, frame, add)
        _write_through(handle, inner)
        return
    from .backends import add_at
    from .primitives.indexing import index_add, index_update

    node, plain = tracing.operand_of(value)
    if node is NotImplemented:
        raise TypeError(f"cannot store {type(value).__name__} in an array")
    check_cast(plain, handle.dtype, node is not None, frame)
    if not is_array(handle.value):
        raise TypeError("a scalar does not support item assignment")
    cell = cell_of(handle)
    if tracing.keeping():
        _refuse_outside(handle, cell, frame)
    buffer = handle.value
    # a replay starts from the contents that the array had before its first traced element
    before: Any = None
    if handle.node is None and node is not None:
        before = copy_of(buffer, "K") if tracing.keeping_constants() else Unkept(handle.shape, handle.dtype)
    if not cell.owned or (handle.node is not None and handle.node.value is not None):
        buffer = copy_of(buffer, "K")
    if (
        is_array(plain)
        and type(buffer) is not type(plain)
        and not (isinstance(plain, ndarray) and type(buffer) is ndarray)
    ):
        (_, node), (buffer, plain) = tracing.on_one_device((handle.node, node), (buffer, plain), frame)
    if add:
        add_at(buffer, index, plain)
    else:
        if type(buffer) is ndarray:
            buffer[index] = plain
        else:
            write_at(buffer, index, plain)
    if handle.node is not None or node is not None:
        row = index_add if add else index_update
        source = handle.node if handle.node is not None else before
        if node is not None and node.value is None and tracing.keeping_constants():
            node.value = tracing.as_kept(plain)
        stored = node if node is not None else plain if type(plain) in tracing.SCALAR_TYPES else tracing.kept(plain)
        location = user_location(frame) if "__adkit__" not in frame.f_globals else state.span or user_location(frame)
        keep = buffer if tracing.keeping() and tracing.keeps_value(row, buffer) else None
        params = {"index": index}
        handle.node = Node(row, (source, stored), params, keep, next_id(), *location, buffer.shape, buffer.dtype)
    handle.value = buffer
    cell.owned = True
    cell.version += 1


def _write_through(view: TracedView, new: Any) -> None:
    """Put the changed contents of a view back into the array it was cut from, level by level."""
    levels = [view]
    while isinstance(levels[-1].parent, TracedView):
        levels.append(levels[-1].parent)
    for level in levels:
        new = level._write(snapshot(level.parent), new)
    rebind(view.root, new)


def rebind(handle: Any, new: Any) -> None:
    """Let `handle`, and all views of it, have the value of `new` from now on."""
    if isinstance(handle, TracedView):
        _write_through(handle, new)
        return
    node, value = tracing.operand_of(new)
    cell = cell_of(handle)
    if tracing.keeping():
        _refuse_outside(handle, cell, sys._getframe(1))
    handle.node = node
    handle.value = _laid_out(value, handle.value)
    cell.owned = False
    cell.version += 1


def _refuse_outside(handle: Any, cell: Cell, frame: Any) -> None:
    """Refuse to change an array from outside of a function under `vmap`, which runs once and not per example."""
    record = open_recording.get()
    if record is None or not record.batching or (handle.node.id if handle.node else cell.born) > record.since:
        return
    from .source import user_line

    filename, line = user_line(frame)
    raise MutationError(
        "a function under vmap assigns into an array from outside of it, which every example would change",
        fix="copy the array within the function first (array.copy()), or return what is to be stored",
        filename=filename,
        line=line,
    )


def _laid_out(value: Any, like: Any) -> Any:
    """A value in the memory layout of what it replaces, on which it depends which functions return views of it."""
    if type(value) is not ndarray or type(like) is not ndarray or value.strides == like.strides or value.ndim < 2:
        return value
    made = numpy.empty_like(like, dtype=value.dtype)
    made[...] = value
    return made


def updated(x: Any, index: Any, value: Any) -> Any:
    """A new array like x with `value` at `index`."""
    from .primitives.indexing import index_update

    return index_update(x, value, index=index)


def assign(handle: Any, result: Any, frame: Any) -> Any:
    """The end of `handle += …`: an array keeps its identity, and its dtype and shape; a scalar is simply rebound."""
    if result is NotImplemented or not is_array(handle.value):
        return result
    node, value = tracing.operand_of(result)
    shape = getattr(value, "shape", ())
    if shape != handle.shape:
        from .primitives.shape import broadcast_to

        if not _fills(shape, handle.shape):
            raise ValueError(
                f"non-broadcastable output operand with shape {handle.shape} doesn't match the broadcast shape {shape}"
            )
        result = broadcast_to(result, shape=handle.shape)
    check_cast(value, handle.dtype, node is not None, frame)
    if numpy_dtype(value) != numpy_dtype(handle):
        from .primitives.shape import convert

        result = convert(result, dtype=handle.dtype)
    whole = handle.value
    rebind(handle, result)
    if type(whole) is ndarray and type(handle.value) is not ndarray:
        handle.value = numpy.asarray(handle.value)  # a 0-d array stays one
    return handle


def _fills(shape: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Whether an array of a shape can be broadcast to the whole of another one."""
    try:
        return numpy.broadcast_shapes(shape, whole) == whole
    except ValueError:
        return False


def check_cast(value: Any, dtype: Any, traced: bool, frame: Any) -> None:
    """Refuse to store a traced value in an array whose dtype would cut or round its derivative away."""
    kind = getattr(getattr(value, "dtype", None), "kind", {float: "f", complex: "c"}.get(type(value), "i"))
    target = getattr(dtype, "kind", "f")
    if not traced or target == "c" or (target == "f" and kind != "c") or kind in "biu":
        return
    from .source import user_line

    filename, line = user_line(frame)
    fix = f"make the array with dtype={'complex' if kind == 'c' else 'float'}"
    raise InputError(
        f"a traced {'complex' if kind == 'c' else 'float'} value would be stored in an array of dtype {dtype}, "
        "which loses its derivative",
        fix=fix,
        filename=filename,
        line=line,
    )


def refuse_plain_target(what: str, frame: Any, fix: str = "") -> LeakError:
    """The error for writing a traced value into a plain array."""
    from .source import user_line

    filename, line = user_line(frame)
    return LeakError(
        f"{what} would store a traced value in a plain NumPy array and lose its derivative",
        fix=fix
        or "make the array with adkit.numpy.zeros, or differentiate adkit.lift(f) in the place of f, as a %%grad cell "
        "does, or use the returned value",
        filename=filename,
        line=line,
    )


TracedArray.__getitem__ = getitem  # type: ignore[method-assign]
TracedArray.__setitem__ = setitem  # type: ignore[method-assign]

from . import gathering  # noqa: E402  (its rows need the recorder, which needs this module)
