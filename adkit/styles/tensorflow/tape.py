"""`tf.GradientTape`: records what is computed from watched values, and takes derivatives of it by the core's sweeps.

Reading a watched variable, or a tensor that was computed from watched ones, gives the core a handle, and the core
records nodes as ever. A tape is then a stretch of that recording: `gradient` sweeps from the nodes of the target to
those of the sources, over what was recorded while this tape was. Not for: the sweeps (`adkit.sweeps`), or memory
(`recording`).
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy

from ...constants import SCOPE
from ...handle import TracedArray
from ...nodes import INPUT, Node, next_id, open_recording
from ...sweeps.order import active, ancestors
from ...sweeps.reverse import reverse_sweep
from ...transforms import steepest
from . import recording
from .errors import ConversionError, InvalidArgumentError, TapeError, TapeValueError, at_line
from .nest import flatten, pack_sequence_as
from .recording import HELD, state
from .tensor import Tensor, convert_to_tensor, wrap
from .value import Value
from .variable import Variable

__adkit__ = True

_log = logging.getLogger("tensorflow")
USED_UP = "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)"
MORE_THAN_ONE = "use tf.GradientTape(persistent=True), or ask for all sources at once in a list"


class UnconnectedGradients(enum.Enum):
    """What `gradient` returns for a source that the target does not depend on: None, or zeros."""

    NONE = "none"
    ZERO = "zero"


class GradientTape:
    """Records operations on watched values within `with`, for derivatives afterwards.

    Parameters
    ----------
    persistent: whether more than one set of gradients may be asked for; the memory is then freed with the tape.
    watch_accessed_variables: whether trainable variables are watched when they are read.

    Example
    -------
    >>> from adkit.styles import tensorflow as tf
    >>> x = tf.Variable(3.0)
    >>> with tf.GradientTape() as tape:
    ...     y = x**2
    >>> tape.gradient(y, x)
    <tf.Tensor: shape=(), dtype=float32, numpy=6.0>
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._watch_accessed = watch_accessed_variables
        self._recording = False
        self._were_watched: tuple[Variable, ...] = ()  # by a tape that is used up
        self._forget()

    def _forget(self) -> None:
        """Have recorded nothing."""
        self._record: recording.Record | None = None
        self._spans: list[list[float]] = []  # from and to which node it recorded
        self._variables: dict[int, _Watched] = {}
        self._watched: set[Node] = set()

    # -- recording

    def __enter__(self) -> GradientTape:
        self._start()
        return self

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> None:
        if self._recording:
            self._stop()

    def _start(self) -> None:
        if self._recording:
            raise at_line(
                TapeValueError,
                "Tape is still recording, This can happen if you try to re-enter an already-active tape.",
                "use a tape of its own: with tf.GradientTape() as inner:",
            )
        current = state.record
        if current is not None and self._record is not None and current is not self._record:
            raise at_line(
                TapeValueError,
                "a tape that has recorded cannot go on inside another one that records",
                "use a new tape: with tf.GradientTape() as inner:",
            )
        self._record = recording.start(self, self._record)
        self._spans.append([next_id(), float("inf")])
        self._recording = True

    def _stop(self) -> None:
        assert self._record is not None
        recording.stop(self, self._record)
        self._spans[-1][1] = next_id()
        self._recording = False

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Do not record within this block; the tape must be recording."""
        if not self._recording:
            raise at_line(TapeValueError, "Tape is not recording", "call stop_recording within the tape's with block")
        self._stop()
        try:
            yield
        finally:
            self._start()

    def reset(self) -> None:
        """Forget everything recorded so far, and go on recording if the tape is recording."""
        self._were_watched = ()
        recording_now = self._recording
        if recording_now:
            self._stop()
        self._forget()
        if recording_now:
            self._start()

    def watch(self, tensor: Any) -> None:
        """Make a tensor or variable, or each in a nested structure, something to differentiate by."""
        for value in flatten(tensor):
            if not isinstance(value, Value):
                raise at_line(
                    TapeValueError,
                    f"Passed in object {value!r} of type {type(value).__name__!r}, not tf.Tensor or tf.Variable",
                    "make it a tensor first: x = tf.constant(x)",
                )
            if value._value.dtype.kind not in "fc":
                kind = value.dtype.name
                _log.warning("The dtype of the watched tensor must be floating (e.g. tf.float32), got tf.%s", kind)
            elif self._record is None or self._record is not state.record:
                continue  # before and after it records a tape sees nothing
            elif isinstance(value, Variable):
                value._offer()
                value._watched_node(self._record, [self])
            else:
                self._watch_tensor(value, self._record)

    def _watch_tensor(self, tensor: Any, record: recording.Record) -> None:
        outer = open_recording.get()
        if outer is not None and outer.adopt is not None and tensor._owner is not HELD:
            outer.adopt(tensor)
        before = _node_of(tensor, record)
        if before not in self._watched:
            self._watched.add(recording.watch(tensor, record, before))

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables that were watched, in order."""
        return tuple(watched.variable for watched in self._variables.values()) or self._were_watched

    # what variables ask when they are read

    def watches(self, variable: Variable) -> bool:
        """Whether reads of a variable are recorded."""
        return (self._watch_accessed and variable.trainable) or id(variable) in self._variables

    def knows(self, variable: Variable) -> bool:
        """Whether there is a node of the variable's present value."""
        watched = self._variables.get(id(variable))
        return watched is not None and watched.version == variable.version

    def note(self, variable: Variable, node: Node) -> None:
        """Take note of the node from which a variable's present value is seen."""
        self._watched.add(node)
        watched = self._variables.get(id(variable))
        if watched is None:
            self._variables[id(variable)] = _Watched(variable, node)
        else:
            watched.nodes.append(node)
            watched.version = variable.version

    # -- derivatives

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
    ) -> Any:
        """The derivative of the target (of the sum of its elements) by each source, in the structure of the sources.

        Parameters
        ----------
        target: a tensor, or a list of them, whose derivatives are added.
        sources: a tensor or variable, or a nested structure of them.
        output_gradients: what the derivative is multiplied by from the left, like the target; by default ones.
        unconnected_gradients: `UnconnectedGradients.NONE` or `ZERO`: what a source gets on which nothing depends.

        Raises `TapeError` when a tape that is not persistent is asked a second time.
        """
        targets = self._targets(target)
        found = self._sources(sources)
        given = [None] * len(targets) if output_gradients is None else _matching(output_gradients, target)
        seeds = [(t, g) for t, g in zip(targets, given, strict=True) if t._value.dtype.kind in "fc"]
        sweep = _Sweep(self, [t for t, _ in seeds], found)
        results = sweep.run([_seed(t, g) for t, g in seeds])
        zero = UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO
        made = [
            _zeros(source) if result is None and zero else None if result is None else wrap(steepest(result))
            for source, result in zip(found, results, strict=True)
        ]
        return self._given(targets, sources, made)

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: Any = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The derivative of each element of the target by each of every source, of shape target + source."""
        (target,) = self._targets([target])
        found = self._sources(sources)
        sweep = _Sweep(self, [target], found)
        shape = target._value.shape
        columns = _columns(sweep.run([unit]) for unit in _units(target._value))
        zero = UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO
        made = [_stacked(column, shape, source, zero) for column, source in zip(columns, found, strict=True)]
        return self._given([target], sources, made)

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: Any = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The Jacobian of each example, where target and source have the examples on their first axis and no example
        of the target depends on another of the source. Of shape batch + rest of the target + rest of the source.
        """
        (target,) = self._targets([target])
        (source,) = self._sources([source])
        shape, batch = target._value.shape, source._value.shape[:1]
        if not shape or shape[:1] != batch:
            raise at_line(
                InvalidArgumentError,
                f"batch_jacobian needs the same first axis, and target and source have {shape} and "
                f"{source._value.shape}",
                "use jacobian, or put the examples on the first axis of both",
            )
        sweep = _Sweep(self, [target], [source])
        columns = _columns(sweep.run([unit]) for unit in _units_of_all(target._value))
        zero = UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO
        made = _stacked_by_example(columns[0], shape, source, zero)
        self._given([target], [source], [made])
        return made

    def _targets(self, target: Any) -> list[Any]:
        if self._record is None:
            if self._spans:
                raise at_line(TapeError, USED_UP, MORE_THAN_ONE)
            raise at_line(TapeError, "the tape has recorded nothing", "compute the target in with tf.GradientTape():")
        if target is None:
            raise at_line(
                ConversionError,
                "Argument `target` should be a list or nested structure of Tensors or Variables to be differentiated, "
                "but received None",
                "pass the tensor that was computed under the tape",
            )
        if self._recording and not self._persistent:
            self._stop()
        found = [value if isinstance(value, Value) else convert_to_tensor(value) for value in flatten(target)]
        return [self._read_variable(value) if isinstance(value, Variable) else value for value in found]

    def _read_variable(self, variable: Variable) -> Tensor:
        """A target that is a variable, as the tape sees it read."""
        if self._recording or state.record not in (None, self._record):
            return variable.value()
        self._start()
        try:
            return variable.value()
        finally:
            self._stop()

    def _sources(self, sources: Any) -> list[Any]:
        found = flatten(sources)
        for source in found:
            if not isinstance(source, Value):
                raise at_line(
                    ConversionError,
                    f"a source is a {type(source).__name__}, not a tensor or variable",
                    "pass the tf.Variable, or the tensor given to tape.watch",
                )
            if source._value.dtype.kind not in "fc":
                kind = source.dtype.name
                _log.warning("The dtype of the source tensor must be floating (e.g. tf.float32), got tf.%s", kind)
        return found

    def _given(self, targets: Sequence[Any], sources: Any, made: list[Any]) -> Any:
        """Derivatives in the structure of the sources, after which the tape is used up, unless it is persistent."""
        _tell(targets, made)
        if not self._persistent:
            spans, variables = self._spans, self.watched_variables()
            self._forget()
            self._spans, self._were_watched = spans, variables
        return pack_sequence_as(sources, made)

    def nodes_of(self, source: Value) -> list[Node]:
        """The nodes from which this tape saw a source."""
        assert self._record is not None
        if isinstance(source, Variable):
            watched = self._variables.get(id(source))
            return [] if watched is None else watched.nodes
        node = _node_of(source, self._record)
        while node is not None and node not in self._watched and node.primitive is INPUT and node.inputs:
            node = node.inputs[0]  # an inner tape has watched it again
        return [] if node is None else [node]

    def own(self, order: list[Node]) -> list[Node]:
        """Of nodes in order, those that this tape recorded and that depend on what it watches."""
        spans = self._spans
        inside = [n for n in order if n in self._watched or any(a < n.id < b for a, b in spans)]
        return active(inside, self._watched)


def _tell(targets: Sequence[Any], results: list[Any]) -> None:
    """Tell the recording of a `%%grad` cell what was differentiated in it."""
    outer = open_recording.get()
    if outer is not None and len(targets) == 1:
        outer.differentiated.append((targets[0], results))


class _Watched:
    """A variable that a tape watches: its nodes, one for each value that was read, and the version of the last one."""

    __slots__ = ("variable", "nodes", "version")

    def __init__(self, variable: Variable, node: Node) -> None:
        self.variable = variable
        self.nodes = [node]
        self.version = variable.version


class _Sweep:
    """The reverse sweeps from some targets to some sources of a tape."""

    def __init__(self, tape: GradientTape, targets: Sequence[Any], sources: Sequence[Value]) -> None:
        assert tape._record is not None
        nodes = [_node_of(target, tape._record) for target in targets]
        self.reached = [i for i, node in enumerate(nodes) if node is not None]
        self.targets = [node for node in nodes if node is not None]
        self.sources = [tape.nodes_of(source) for source in sources]
        since = int(tape._spans[0][0])
        self.order, enclosed = ancestors(self.targets, since)
        if enclosed or tape._record.shared or len(tape._spans) > 1:
            self.order = tape.own(self.order)
        self.recorded = enclosed or state.record is tape._record
        among = set(self.order)
        self.leaves = [node for nodes in self.sources for node in nodes if node in among]
        self.inner = any(node.primitive is not INPUT or _begins_after(node, since) for node in self.leaves)
        self.outputs = [i for i, node in zip(self.reached, self.targets, strict=True) if node in among]

    def run(self, seeds: Sequence[Any]) -> list[Any]:
        """The cotangent of each source for seeds of the targets; `None` where nothing depends on it."""
        nodes = dict(zip(self.reached, self.targets, strict=True))
        given = [(nodes[i], seeds[i]) for i in self.outputs]
        arrived: dict[Node, Any] = {}
        recorded = self.recorded or any(isinstance(g, TracedArray) for _, g in given)
        with SCOPE if recorded else _NOTHING:
            if self.inner:
                reverse_sweep(given, [], self.order, recorded, arrived.__setitem__)
            else:
                swept = reverse_sweep(given, self.leaves, self.order, recorded)
                arrived = {n: g for n, g in zip(self.leaves, swept, strict=True) if g is not None}
        return [_sum([arrived[n] for n in nodes if n in arrived]) for nodes in self.sources]


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None: ...


_NOTHING = _Nothing()


def _begins_after(node: Node, since: int) -> bool:
    """Whether an input of a tape is computed from another one of the same tape."""
    return any(type(before) is Node and before.id >= since for before in node.inputs)


def _sum(parts: list[Any]) -> Any:
    total = None
    for part in parts:
        total = part if total is None else total + part
    return total


def _node_of(value: Any, record: recording.Record) -> Node | None:
    """The node of a tensor or variable, if these tapes recorded it."""
    if value._owner is HELD:
        node: Node = value._node
        return node
    return record.nodes[value._node] if value._owner is record.ref else None


def _matching(output_gradients: Any, target: Any) -> list[Any]:
    """One output gradient for each target."""
    targets = flatten(target)
    given = [output_gradients] if len(targets) == 1 and targets[0] is target else flatten(output_gradients)
    if len(given) != len(targets):
        raise at_line(
            InvalidArgumentError,
            f"there are {len(given)} output gradients for {len(targets)} targets",
            "give one for each, in the structure of the targets",
        )
    return given


def _seed(target: Tensor, given: Any) -> Any:
    value = target._value
    if given is None:
        return numpy.ones(value.shape, value.dtype) if value.shape else value.dtype.type(1)
    made = convert_to_tensor(given, dtype_hint=target.dtype)
    if made._value.shape != value.shape:
        raise at_line(
            InvalidArgumentError,
            f"an output gradient has shape {made._value.shape} where the target has {value.shape}",
            "give one of the same shape",
        )
    return steepest(convert_to_tensor(made, target.dtype)._read())


def _zeros(source: Value) -> Tensor:
    return Tensor(numpy.zeros(source._value.shape, source._value.dtype)[()])


def _units(value: Any) -> Iterator[Any]:
    """The unit arrays of a value's shape."""
    if not value.shape:
        yield value.dtype.type(1)
        return
    for index in numpy.ndindex(*value.shape):
        unit = numpy.zeros(value.shape, value.dtype)
        unit[index] = 1
        yield unit


def _units_of_all(value: Any) -> Iterator[Any]:
    """The unit arrays of one example, for all examples at once."""
    for index in numpy.ndindex(*value.shape[1:]):
        unit = numpy.zeros(value.shape, value.dtype)
        unit[(slice(None), *index)] = 1
        yield unit


def _columns(rows: Iterator[list[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _stacked(column: Sequence[Any], shape: tuple[int, ...], source: Value, zero: bool) -> Tensor | None:
    """The rows of a Jacobian in one array, `None` if there is no dependence at all."""
    inner = source._value.shape
    if all(part is None for part in column):
        return Tensor(numpy.zeros(shape + inner, source._value.dtype)[()]) if zero else None
    return wrap(_joined(column, source, 0, shape + inner))


def _stacked_by_example(column: Sequence[Any], shape: tuple[int, ...], source: Value, zero: bool) -> Tensor | None:
    inner = source._value.shape[1:]
    if all(part is None for part in column):
        return Tensor(numpy.zeros(shape + inner, source._value.dtype)) if zero else None
    return wrap(_joined(column, source, 1, shape + inner))


def _joined(column: Sequence[Any], source: Value, axis: int, shape: tuple[int, ...]) -> Any:
    from ...primitives.shape import reshape, stack

    zeros = numpy.zeros(source._value.shape, source._value.dtype)
    parts = [zeros if part is None else steepest(part) for part in column]
    return reshape(stack(*parts, axis=axis), shape=shape)
