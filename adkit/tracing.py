"""Recording: evaluating an operation on handles and leaving a node of it.

Each operation on a handle evaluates at once, so Python's `if` and `for` work, and leaves a node. Nodes point at their
inputs, so a recording lives as long as its results do; nothing global collects it. Values that no derivative rule
reads are not kept, unless a `recording()` is open, which keeps them all for display.

Not for: what a handle is (`handle`), assignment and views (`storage`), the functions of NumPy (`numpy_api`), rules
(`primitives`), evaluation order (`sweeps`).
"""

from __future__ import annotations

import contextlib
import importlib
import numbers
import sys
import threading
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

import numpy
from numpy import ndarray

from . import constants
from . import primitive as primitive_module
from .backends import copy_of, is_array, move_like
from .constants import protect
from .errors import UnsupportedError
from .handle import TracedArray, untraced
from .nodes import COMPONENT, INPUT, TRANSFER, Node, Recording, Results, Unkept, aval, next_id, open_recording, state
from .primitive import CONSTANT, ELEMENTWISE, OUTPUT_BIT, Elementwise, General, Linear, Multilinear, Primitive
from .source import user_line, user_location

__adkit__ = True

_getframe = sys._getframe
SCALAR_TYPES = frozenset(
    {float, int, complex, bool, numpy.bool_, numpy.float16, numpy.float32, numpy.float64, numpy.complex64}
    | {numpy.complex128, numpy.longdouble, numpy.clongdouble, numpy.int8, numpy.int16, numpy.int32, numpy.int64}
    | {numpy.longlong, numpy.uint8, numpy.uint16, numpy.uint32, numpy.uint64, numpy.ulonglong}
)
_NUMPY_VALUES = SCALAR_TYPES | {ndarray}
_OF_FUNCTIONS = frozenset({Linear, Multilinear, General})  # kinds whose rows are evaluated by a function of their own


_keeping = 0  # open recordings in all threads; while positive every value is kept, which costs others only memory
_replayable = 0  # recordings in all threads that are evaluated again; while positive every constant is kept
_keeping_lock = threading.Lock()


@contextlib.contextmanager
def recording() -> Iterator[Recording]:
    """Keep all values and guards of what is traced in this block."""
    global _keeping
    with replayable() as record:
        state.cut = state.leak = None
        with _keeping_lock:
            _keeping += 1
        try:
            with constants.SCOPE:
                yield record
                record.checksums = constants.Checksums()
        finally:
            with _keeping_lock:
                _keeping -= 1


@contextlib.contextmanager
def replayable() -> Iterator[Recording]:
    """Keep all constants and guards of what is traced in this block, from which its values can be computed again."""
    global _replayable
    record = Recording()
    token = open_recording.set(record)
    with _keeping_lock:
        _replayable += 1
    try:
        yield record
    finally:
        with _keeping_lock:
            _replayable -= 1
        open_recording.reset(token)


@contextlib.contextmanager
def values_kept() -> Iterator[None]:
    """Keep all values and constants of what is recorded in this block, without gathering guards."""
    global _keeping, _replayable
    with _keeping_lock:
        _keeping += 1
        _replayable += 1
    try:
        yield
    finally:
        with _keeping_lock:
            _keeping -= 1
            _replayable -= 1


@contextlib.contextmanager
def not_recording() -> Iterator[None]:
    """Pause an open recording, for work that is not the user's."""
    token = open_recording.set(None)
    try:
        yield
    finally:
        open_recording.reset(token)


# ------------------------------------------------------------------------------------------------ making nodes


def make_input(value: Any, name: str | None = None) -> TracedArray:
    """A fresh input of a transformation with the given value; traced values become inputs that depend on the outer
    ones.
    """
    if "scipy.fft" in sys.modules and "adkit.scipy.fft" not in sys.modules:
        importlib.import_module("adkit.scipy.fft")  # from now on SciPy hands it what is traced
    if isinstance(value, TracedArray):
        inputs = () if value.node is None else (value.node,)
        value = untraced(value)
    else:
        inputs = ()
        if isinstance(value, ndarray):
            value = protect(value if type(value) is ndarray else base_array(value))
    node = Node(INPUT, inputs, {"name": name} if name else None, as_kept(value), next_id(), None, -1, *aval(value))
    return TracedArray(node, value)


def record_unary(primitive: Elementwise, x: TracedArray, function: Any, frame: FrameType) -> Any:
    """Evaluate and record an elementwise operation of one operand; `function` computes its value."""
    node = x.node
    operand = x.value
    value = function(operand) if type(operand) in _NUMPY_VALUES else primitive.evaluate((operand,), {})
    if node is None:
        return as_storage(value)
    mask = primitive.residuals[0]
    if node.value is None and (mask & 1 or (_replayable and _is_outside(node))):
        node.value = operand if type(operand) is not float else numpy.float64(operand)
    if primitive.partials[0] is None:
        return _record_cut(primitive, (node,), None, value, frame)
    code: CodeType | None = frame.f_code
    lasti = frame.f_lasti
    if "__adkit__" in frame.f_globals:
        code, lasti = state.span or user_location(frame)
    if type(value) is ndarray:
        shape, dtype = value.shape, value.dtype
    else:
        shape, dtype = aval(value)
    kept = as_kept(value) if mask & OUTPUT_BIT or _keeping else None
    return TracedArray(Node(primitive, (node,), None, kept, next_id(), code, lasti, shape, dtype), value)


def record_binary(primitive: Elementwise, a: Any, b: Any, function: Any, frame: FrameType) -> Any:
    """Evaluate and record an elementwise operation of two operands, at least one of them a handle."""
    if type(a) is TracedArray and type(b) in SCALAR_TYPES and type(a.value) in _NUMPY_VALUES and a.node is not None:
        left, right = a.node, b  # by far the most frequent case, an array times a number, without further ado
        operand = a.value
        value = function(operand, b)
        mask = primitive.residuals[0]
        if left.value is None and (mask & 1 or (_replayable and _is_outside(left))):
            left.value = operand if type(operand) is not float else numpy.float64(operand)
    elif type(b) is TracedArray and type(a) in SCALAR_TYPES and type(b.value) in _NUMPY_VALUES and b.node is not None:
        left, right = a, b.node
        operand = b.value
        value = function(a, operand)
        mask = primitive.residuals[1]
        if right.value is None and (mask & 2 or (_replayable and _is_outside(right))):
            right.value = operand if type(operand) is not float else numpy.float64(operand)
    else:
        evaluated = _evaluated(primitive, a, b, function, frame)
        if type(evaluated) is not tuple:
            return evaluated
        left, right, mask, value = evaluated
    if not primitive.smooth and _is_cut(primitive, left, right):
        return _record_cut(primitive, (left, right), None, value, frame)
    code: CodeType | None = frame.f_code
    lasti = frame.f_lasti
    if "__adkit__" in frame.f_globals:
        code, lasti = state.span or user_location(frame)
    if type(value) is ndarray:
        shape, dtype = value.shape, value.dtype
    else:
        shape, dtype = aval(value)
    kept = as_kept(value) if mask & OUTPUT_BIT or _keeping else None
    return TracedArray(Node(primitive, (left, right), None, kept, next_id(), code, lasti, shape, dtype), value)


def _evaluated(primitive: Elementwise, a: Any, b: Any, function: Any, frame: FrameType) -> Any:
    """Two operands as a node holds them, what the rules read of them, and the value; or the result where there is
    nothing to record.
    """
    if type(a) is TracedArray:
        left = a.node
        x = a.value
    elif type(a) in SCALAR_TYPES:
        left = None
        x = a
    else:
        left, x = operand_of(a)
    if type(b) is TracedArray:
        right = b.node
        y = b.value
    elif type(b) in SCALAR_TYPES:
        right = None
        y = b
    else:
        right, y = operand_of(b)
    if left is NotImplemented or right is NotImplemented:
        return NotImplemented
    if type(x) in _NUMPY_VALUES and type(y) in _NUMPY_VALUES:
        value = function(x, y)
        if left is None and right is None:
            return as_storage(value)
    else:
        if left is None and right is None:
            return as_storage(primitive.evaluate((x, y), {}))
        (left, right), (x, y) = on_one_device((left, right), (x, y), frame)
        value = primitive.evaluate((x, y), {})
    left_mask, right_mask, mask = primitive.masks
    if right is None:
        mask = left_mask
        right = y if type(y) in SCALAR_TYPES else _kept_constant(b, y, mask & 2)
        if left.value is None and (mask & 1 or (_replayable and _is_outside(left))):
            left.value = x if type(x) is not float else numpy.float64(x)
    elif left is None:
        mask = right_mask
        left = x if type(x) in SCALAR_TYPES else _kept_constant(a, x, mask & 1)
        if right.value is None and (mask & 2 or (_replayable and _is_outside(right))):
            right.value = y if type(y) is not float else numpy.float64(y)
    else:
        if left.value is None and (mask & 1 or (_replayable and _is_outside(left))):
            left.value = x if type(x) is not float else numpy.float64(x)
        if right.value is None and (mask & 2 or (_replayable and _is_outside(right))):
            right.value = y if type(y) is not float else numpy.float64(y)
    return left, right, mask, value


def _is_cut(primitive: Elementwise, left: Any, right: Any) -> bool:
    """Whether neither of the traced operands has a derivative."""
    partials = primitive.partials
    return (type(left) is not Node or partials[0] is None) and (type(right) is not Node or partials[1] is None)


def _saved(node: Node | None, operand: Any, value: Any, needed: int) -> Any:
    """The operand as a node holds it: its node with the value kept if a rule needs it, or a constant."""
    if node is None:
        return value if type(value) in SCALAR_TYPES else _kept_constant(operand, value, needed)
    if node.value is None and (needed or (_replayable and _is_outside(node))):
        node.value = as_kept(value)
    return node


def _is_outside(node: Node) -> bool:
    """Whether a node is of an enclosing recording, which may not have kept its value; the open one keeps all it
    reads.
    """
    record = open_recording.get()
    return record is not None and node.id < record.since


def as_kept(value: Any) -> Any:
    """A value as a node keeps it: Python's floats as NumPy's, so that a rule that divides by zero yields infinity."""
    return (
        numpy.float64(value) if type(value) is float else numpy.complex128(value) if type(value) is complex else value
    )


def _kept_constant(operand: Any, value: Any, needed: int) -> Any:
    """An array constant as a node holds it: out of reach of later changes, or only its type where no rule reads it."""
    if not (needed or _replayable):
        return Unkept(*aval(value))
    if isinstance(operand, TracedArray):
        operand.share()
        return value
    return protect(value)


def _record_cut(primitive: Primitive, inputs: tuple[Any, ...], params: Any, value: Any, frame: FrameType) -> Any:
    """An operation without derivative: a node for display while recording, else a plain value, and a note of the
    place.
    """
    location = user_location(frame) if "__adkit__" not in frame.f_globals else state.span or user_location(frame)
    state.cut = (primitive.name, *location)
    if open_recording.get() is None:
        return as_storage(value)
    return TracedArray(Node(primitive, inputs, params, value, next_id(), *location, *aval(value)), value)


def record_call(primitive: Primitive, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Evaluate any primitive, and record it if an operand is traced: the general path behind `Primitive.__call__`."""
    for operand in operands:  # numbers and arrays of numbers, as a sweep has them, go straight through
        if type(operand) not in _NUMPY_VALUES or (type(operand) is ndarray and operand.dtype.hasobject):
            break
    else:
        if type(primitive) in _OF_FUNCTIONS:
            return primitive._evaluate(numpy, *operands, **params)  # type: ignore[misc]
        return primitive.evaluate(operands, params)
    frame = _getframe(2)
    if isinstance(primitive, Elementwise) and not params:
        row = primitive
        if len(operands) == 1 and isinstance(operands[0], TracedArray):
            return record_unary(row, operands[0], row.plain, frame)
        if len(operands) == 2 and (isinstance(operands[0], TracedArray) or isinstance(operands[1], TracedArray)):
            return record_binary(row, *operands, row.plain, frame)
    nodes, values = [], []
    storage = False
    for operand in operands:
        node, value = operand_of(operand)
        if node is NotImplemented:
            raise UnsupportedError(
                f"{primitive.name} cannot take {type(operand).__name__}", fix="pass an array or a number"
            )
        storage = storage or isinstance(operand, TracedArray)
        nodes.append(node)
        values.append(value)
    if all(node is None for node in nodes):
        value = primitive.evaluate(values, params)
        if not storage:
            return value
        if type(value) is tuple:
            return tuple(as_storage(_unshared(part, operands)) for part in value)
        return as_storage(_unshared(value, operands))
    if any(type(v) not in _NUMPY_VALUES for v in values):
        nodes, values = on_one_device(nodes, values, frame)
    value = primitive.evaluate(values, params)
    if type(value) is tuple:
        several = Results(_unshared(part, operands) for part in value)
        return components(record(primitive, operands, nodes, values, params, several, frame))
    return record(primitive, operands, nodes, values, params, _unshared(value, operands), frame)


def components(results: Any) -> tuple[Any, ...]:
    """The results of an instruction that has several, each a handle of its own (or plain, where nothing is traced)."""
    if not isinstance(results, TracedArray):
        return tuple(as_storage(part) for part in results)
    count = len(results.value)
    return tuple(COMPONENT(results, index=i, count=count) for i in range(count))


def _unshared(value: Any, operands: tuple[Any, ...]) -> Any:
    """A result whose memory no handle goes on to write in place: that of an operand is from now on shared."""
    if type(value) in SCALAR_TYPES:
        return value
    for operand in operands:
        if isinstance(operand, TracedArray):
            if value is operand.value:
                operand.share()
                value = value.view() if type(value) is ndarray else copy_of(value)
            elif getattr(value, "base", operand) is not None:
                operand.share()
    return value


def record(
    primitive: Primitive,
    operands: Any,
    nodes: Any,
    values: Any,
    params: dict[str, Any],
    value: Any,
    frame: FrameType,
) -> Any:
    """Make the node of an operation that has been evaluated to `value`."""
    mask = 0
    differentiable = False
    for i, node in enumerate(nodes):
        if node is not None:
            mask |= primitive.residual_mask(i)
            differentiable = differentiable or depends_on(primitive, i)
    inputs = tuple(
        _saved(node, operand, v, mask >> i & 1)
        for i, (node, operand, v) in enumerate(zip(nodes, operands, values, strict=True))
    )
    if not differentiable:
        return _record_cut(primitive, inputs, params, value, frame)
    location = user_location(frame) if "__adkit__" not in frame.f_globals else state.span or user_location(frame)
    kept = value if mask & OUTPUT_BIT or (_keeping and keeps_value(primitive, value)) else None
    node = Node(primitive, inputs, params or None, kept, next_id(), *location, *aval(value))
    return TracedArray(node, value)


def depends_on(primitive: Primitive, operand: int) -> bool:
    """Whether the result has a derivative in the operand."""
    if primitive.kind == ELEMENTWISE:
        return primitive.partials[operand] is not None  # type: ignore[attr-defined]
    return primitive.kind != CONSTANT


def is_tracing() -> bool:
    """Whether this thread is inside a transformation or a recording."""
    return constants.is_inside()


def keeping() -> bool:
    """Whether values are kept now because some recording is open."""
    return _keeping > 0


def keeping_constants() -> bool:
    """Whether all constants are kept now."""
    return _replayable > 0


def kept(constant: Any) -> Any:
    """An array constant that no rule reads, as a node holds it."""
    return protect(constant) if _replayable else Unkept(*aval(constant))


def keeps_value(primitive: Primitive, value: Any) -> bool:
    """Whether an open recording keeps the value: all but the large arrays that a loop fills element by element."""
    return primitive.name not in ("index_update", "index_add") or getattr(value, "size", 1) <= 512


primitive_module.record_call = record_call


def operand_of(value: Any) -> tuple[Any, Any]:
    """`(node, plain value)` of an operand; the node is `None` for a constant and `NotImplemented` for a foreign
    container.
    """
    kind = type(value)
    if kind is ndarray:
        if value.dtype == object:
            return _operand_from_objects(value)
        return None, value
    if kind in SCALAR_TYPES:
        return None, value
    if isinstance(value, TracedArray):
        return value.node, value.value
    if kind in (list, tuple):
        return _operand_from_objects(value)
    if isinstance(value, ndarray):
        return operand_of(base_array(value))
    if isinstance(value, numpy.generic):
        return None, value
    if isinstance(value, (int, float, complex)):
        return None, value
    if is_array(value):
        return None, value
    if isinstance(value, numbers.Rational):  # a fraction beside a float is a float
        return None, float(value)
    return NotImplemented, None


def base_array(value: ndarray) -> ndarray:
    """An array of a subclass, such as `memmap`, as a plain one; `UnsupportedError` where the subclass computes
    otherwise, and the result would be another one than NumPy's.
    """
    masked = sys.modules.get("numpy.ma")  # NumPy imports it when first asked for
    if isinstance(value, numpy.matrix):
        what, fix = "numpy.matrix has", "make it an array first: numpy.asarray(m)"
    elif masked is not None and isinstance(value, masked.MaskedArray):
        what, fix = "a masked array has", "select with numpy.where(mask, …), or fill first: m.filled(0.0)"
    else:
        return value.view(ndarray)
    filename, line = user_line(_getframe(1))
    message = f"{what} rules of its own, which traced values do not follow"
    raise UnsupportedError(message, fix=fix, filename=filename, line=line)


def _operand_from_objects(value: Any) -> tuple[Any, Any]:
    from .numpy.creation import array

    made = array(value)
    return (made.node, made.value) if isinstance(made, TracedArray) else (None, made)


def on_one_device(nodes: Any, values: Any, frame: FrameType) -> tuple[list[Any], list[Any]]:
    """Move NumPy constants to where the traced operands are, each copy an instruction of its own."""
    nodes, values = list(nodes), list(values)
    target = next(
        (v for n, v in zip(nodes, values, strict=True) if n is not None and type(v) not in _NUMPY_VALUES), None
    )
    if target is None:
        target = next(v for v in values if type(v) not in _NUMPY_VALUES)
    for i, value in enumerate(values):
        if type(value) is ndarray or isinstance(value, ndarray):
            values[i] = move_like(value, target, traced=nodes[i] is not None)
            nodes[i] = Node(
                TRANSFER, (kept(value),), None, values[i], next_id(), *user_location(frame), *aval(values[i])
            )
    return nodes, values


def as_storage(value: Any) -> Any:
    """A plain result of operations on constant handles: an array stays assignable, a scalar is just the scalar."""
    if type(value) is ndarray and value.ndim and value.dtype != object:
        handle = TracedArray(None, value)
        handle.cell = storage.Cell(owned=value.base is None)
        return handle
    return TracedArray(None, value) if type(value) not in _NUMPY_VALUES and is_array(value) else value


UFUNCS: dict[Any, Elementwise] = {}


def _array_ufunc(self: TracedArray, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """NumPy's ufunc protocol: rows at once, everything else through the table."""
    if method == "__call__" and not kwargs:
        row = UFUNCS.get(ufunc)
        if row is not None:
            if len(inputs) == 1:
                return record_unary(row, inputs[0], ufunc, _getframe(1))
            if len(inputs) == 2:
                return record_binary(row, inputs[0], inputs[1], ufunc, _getframe(1))
    return numpy_api.call_ufunc(ufunc, method, inputs, kwargs)


def _array_function(self: TracedArray, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """NumPy's function protocol: through the table."""
    return numpy_api.call_function(func, types, args, kwargs)


TracedArray.__array_ufunc__ = _array_ufunc  # type: ignore[attr-defined]
TracedArray.__array_function__ = _array_function  # type: ignore[attr-defined]

from . import numpy_api, storage  # noqa: E402  (both need the recorder above)
