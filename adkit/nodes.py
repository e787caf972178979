"""The records behind a recording: `Node`, what an open recording gathers, and what a thread remembers meanwhile.

Plain data. Not for: making nodes (`tracing`) or what the user's code holds (`handle`).
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable
from contextvars import ContextVar
from types import CodeType, FrameType
from typing import Any

import numpy
from numpy import ndarray

from .dtypes import numpy_dtype
from .primitive import Constant, Linear
from .source import user_location

__adkit__ = True

next_id = itertools.count(1).__next__


class Node:
    """One variable of the recording: `value = primitive(*inputs, **params)`.

    `inputs` holds nodes and constants; `value` is kept only where a rule reads it; `id` grows with time, so sorting
    by it is a topological order. `(code, lasti)` is where the user's code did it. `dtype` is a NumPy dtype, or the
    Python type `float` or `complex` for a Python scalar, whose dtype gives way to that of arrays.
    """

    __slots__ = ("primitive", "inputs", "params", "value", "id", "code", "lasti", "shape", "dtype")

    def __init__(
        self,
        primitive: Any,
        inputs: tuple[Any, ...],
        params: dict[str, Any] | None,
        value: Any,
        id: int,
        code: CodeType | None,
        lasti: int,
        shape: tuple[int, ...],
        dtype: Any,
    ) -> None:
        self.primitive = primitive
        self.inputs = inputs
        self.params = params
        self.value = value
        self.id = id
        self.code = code
        self.lasti = lasti
        self.shape = shape
        self.dtype = dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions of the value."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements of the value."""
        return math.prod(self.shape)

    def __repr__(self) -> str:
        return f"<node {self.id}: {self.primitive.name} {self.dtype}{list(self.shape)}>"


class Unkept:
    """Stands in a node for an array constant that no rule reads: only its shape and dtype."""

    __slots__ = ("shape", "dtype")

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self.dtype = dtype

    def __repr__(self) -> str:
        return f"<array {self.dtype}{list(self.shape)}, not kept>"


class Results(tuple):
    """The value, tangent or cotangent of a node with several results; a part that is `None` is zero."""

    __slots__ = ()
    shape = ()
    dtype = numpy.dtype(object)

    def __add__(self, other: Any) -> Results:
        return Results(b if a is None else a if b is None else a + b for a, b in zip(self, other, strict=True))

    @classmethod
    def single(cls, part: Any, index: int, count: int) -> Results:
        """`part` in its place, and nothing in the others."""
        return cls(part if i == index else None for i in range(count))


class Component(Linear):
    """The row that takes one of the results of an instruction."""

    def __call__(self, results: Any, **params: Any) -> Any:
        return results[params["index"]] if isinstance(results, tuple) else super().__call__(results, **params)


INPUT = Linear("input", lambda xp, x: x, lambda g, x: g, symbol="{0}")
TRANSFER = Constant("to_device", None, "to_device({0})")
# A value that another variable has no influence on, but whose derivative by it is asked for, and is zero.
TIE = Linear("constant_in", lambda xp, v, x: v, lambda g, v, x: g, lambda g, v, x: None, symbol="{0} constant in {1}")


COMPONENT = Component(
    "component",
    lambda xp, results, index, count: results[index],
    lambda g, results, index, count: Results.single(g, index, count),
    symbol="{0}[{index}]",
)


class Recording:
    """What an open `recording()` gathers besides the nodes: the guards, and the decisions.

    Both are conditions under which the list is right at another point: guards are those of the user's code, decisions
    those of adkit's own sweeps, which are not shown. Nodes older than `since` belong to an enclosing recording.
    """

    def __init__(self) -> None:
        self.since = next_id()
        self.batching = 0  # for how many examples the list will be evaluated (`vmap`)
        self.guards: list[GuardRecord] = []
        self.decisions: list[GuardRecord] = []
        self.watched: list[Node] = []  # derivatives inside that have to be finite for all examples of a batch
        self.checksums: Any = None  # of the large constants in use, once the recording is closed
        # what the styles' tensors tell a cell's recording: that one is watched, and what was differentiated, with the
        # results
        self.adopt: Callable[[Any], None] | None = None
        self.differentiated: list[tuple[Any, list[Any]]] = []

    def guard(self, node: Node, outcome: str, frame: FrameType) -> None:
        """Note that the program's path depended on the value of `node`."""
        self.guards.append(GuardRecord(node, outcome, next_id(), *user_location(frame)))

    def decide(self, node: Node, outcome: bool) -> None:
        """Note that a sweep went on as it did because of the value of `node`."""
        location = state.span or (node.code, node.lasti)
        self.decisions.append(GuardRecord(node, "true" if outcome else "false", next_id(), *location))


class GuardRecord:
    """A condition that became a Python value: its node, its outcome, and where."""

    __slots__ = ("node", "outcome", "id", "code", "lasti")

    def __init__(self, node: Node, outcome: str, id: int, code: CodeType | None, lasti: int) -> None:
        self.node, self.outcome, self.id, self.code, self.lasti = node, outcome, id, code, lasti


open_recording: ContextVar[Recording | None] = ContextVar("adkit_recording", default=None)


class _ThreadState(threading.local):
    """Per thread: the span that a recorded sweep gives its operations, where dependence was last cut, what leaked last
    (the message, fix, file and line of its error), and whether a replay goes on, which leaves the recorded path
    nowhere.
    """

    span: tuple[CodeType | None, int] | None = None
    cut: tuple[str, CodeType | None, int] | None = None
    leak: tuple[str, str, str | None, int | None] | None = None
    replaying: bool = False


state = _ThreadState()


def aval(value: Any) -> tuple[tuple[int, ...], Any]:
    """Shape and dtype of a plain value; the dtype of a Python scalar is its type."""
    if type(value) is ndarray:
        return value.shape, value.dtype
    if type(value) is float:
        return (), float
    dtype = getattr(value, "dtype", type(value))
    return getattr(value, "shape", ()), dtype if isinstance(dtype, (numpy.dtype, type)) else numpy_dtype(value)
