"""Instructions with a body on a batch: each operation inside once for all examples, and again one instruction.

What was recorded inside for one example is followed for the batch, as long as its conditions come out the same for
all. Where they do not, the user's functions are mapped over the batch by `vmap`, step by step: of `cond` both run, on
operands for which they were meant, and each example gets what its own one gave; a `while_loop` goes on until the last
example has stopped, and those that are done keep what they have. Examples are evaluated one by one only where neither
is possible. Not for: the batch of an ordinary row (`primitives`), or one example (`body`).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy

from .backends import to_numpy
from .body import STATE, Body, Piece, decide
from .body_recording import BodyRecorder, PlainRun
from .closures import rebound
from .constructs import Call, on_batch
from .control_flow import Branch, ForCall, OnBatch, ScanCall, WhileCall
from .dtypes import numpy_dtype
from .errors import InputError, NonFiniteError, PathError
from .finiteness import wrong_example
from .handle import TracedArray, is_traced, untraced
from .nodes import Node, next_id, open_recording, state
from .numpy.arguments import known
from .numpy.joining import moveaxis
from .primitives.batching import per_example, spread
from .primitives.control import Construct
from .primitives.elementwise import logical_and, not_equal, where
from .primitives.indexing import getitem
from .primitives.reduction import all_, any_
from .primitives.shape import reshape, shape_of
from .sweeps.batch import PieceSweep
from .sweeps.through import any_traced
from .vectorization import vmap

__adkit__ = True


def batched(row: Construct, body: Body, size: int, operands: Sequence[Any], flags: Sequence[bool]) -> Any:
    """The results of an instruction for a batch: operands with a flag have the batch axis first, and so have these."""
    operands = [_plain(x) for x in operands]
    try:
        results = _followed(row, body, size, operands, flags) if _may_follow(row, body, flags) else None
    except PathError:
        results = None
    except Exception:
        if not body.guarded:
            raise
        results = None  # an operation was not meant for the examples that take another path
    if results is None and body.origin is not None:
        try:
            results = _mapped(body, size, operands, flags)
        except NonFiniteError:
            raise
        except Exception:  # whatever it was: single examples are right, or say what is wrong
            results = None
    if results is None:
        return per_example(row, size, operands, flags, {"body": body})
    return results[0] if len(results) == 1 else tuple(results)


def _plain(x: Any) -> Any:
    return untraced(x) if isinstance(x, TracedArray) and x.node is None else x


# ------------------------------------------------------------------------------------------------ the recorded path


def _may_follow(row: Construct, body: Body, flags: Sequence[bool]) -> bool:
    """Whether all examples may take the recorded path: not where a condition of the construct depends on them."""
    n = body.states + body.arrays
    if any(flags[n : n + len(body.conditions)]):
        return False
    if row.name != "while_loop":
        return True
    piece = body.pieces[0]
    marked = {node: flags[j] for node, (_, j, _) in zip(piece.inputs, piece.sources, strict=True)}
    marked.update(zip(body.closures, flags[n:], strict=True))
    return PieceSweep(piece, marked).batched.isdisjoint(piece.expected)


def _followed(row: Construct, body: Body, size: int, operands: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
    following = _Following(body, size, operands, flags)
    if not any_traced(operands):
        plain = PlainRun(following.leaves, following.arrays)
        return following.results(plain.finish(following.run(plain)))
    with BodyRecorder(row, following.leaves, following.arrays, sys._getframe()) as recorder:
        recorder.condition = following.conditions
        recorder.close(following.run(recorder))
        recorder.length = body.length

    def rerun(_: Body, given: Sequence[Any]) -> list[Any]:
        made = batched(row, body, size, given, flags)
        return list(made) if type(made) is tuple else [made]

    heading = on_batch(body.heading, size)
    made = recorder.finish(heading, body.title, body.names, rerun, lambda: operands)
    return following.results(made)


class _Following:
    """The pieces of a body, one after the other, for a batch."""

    def __init__(self, body: Body, size: int, operands: Sequence[Any], flags: Sequence[bool]) -> None:
        self.body, self.size = body, size
        n, m = body.states, body.states + body.arrays
        at = m + len(body.conditions)
        self.leaves, self.flags = list(operands[:n]), list(flags[:n])
        pairs = list(zip(operands[n:m], flags[n:m], strict=True))
        self.arrays = [moveaxis(array, 0, 1) if flag else array for array, flag in pairs]
        self.scanned = [flag for _, flag in pairs]
        self.conditions = list(operands[m:at])
        self.closures = dict(zip(body.closures, operands[at:], strict=True))
        self.marked = dict(zip(body.closures, flags[at:], strict=True))

    def run(self, run: Any) -> list[Any]:
        """The state at the end; with a batch axis throughout."""
        for value, expected in zip(self.conditions, self.body.conditions, strict=True):
            decide(value, expected)
        leaves, flags = run.begin(), self.flags
        for piece in self.body.pieces:
            leaves, flags = self._piece(run, piece, leaves, flags)
            if piece is self.body.pieces[-1]:
                leaves = [spread(self.size, leaf, flag) for leaf, flag in zip(leaves, flags, strict=True)]
            leaves = run.end(leaves)
        return list(leaves)

    def _piece(self, run: Any, piece: Piece, leaves: list[Any], flags: Sequence[bool]) -> tuple[list[Any], list[bool]]:
        given, marked = dict(self.closures), dict(self.marked)
        for node, (kind, j, k) in zip(piece.inputs, piece.sources, strict=True):
            given[node] = leaves[j] if kind == STATE else run.item(j, k)
            marked[node] = flags[j] if kind == STATE else self.scanned[j]
        sweep = PieceSweep(piece, marked)
        values = sweep.values(given, self.size)
        for conditions, shown in ((piece.expected, True), (piece.decisions, False)):
            for node, expected in conditions.items():
                if node in sweep.batched:
                    _all_hold(values[node], expected, shown)
                else:
                    decide(values[node], expected, shown=shown)
        derivatives = [values[node] for node in piece.watched if node in sweep.batched]
        if derivatives and wrong_example(derivatives, self.size) is not None:
            raise PathError("a derivative inside is not finite", fix="look at the example alone")
        steps: dict[int, list[Any]] = {}
        for _, k, leaf in piece.items:
            value = values[leaf] if type(leaf) is Node else leaf
            flag = type(leaf) is Node and leaf in sweep.batched
            steps.setdefault(k, []).append(spread(self.size, value, flag))
        for k, handed in steps.items():
            run.emit(k, handed)
        made = [values[leaf] if type(leaf) is Node else leaf for leaf in piece.state]
        return made, [type(leaf) is Node and leaf in sweep.batched for leaf in piece.state]

    def results(self, made: list[Any]) -> list[Any]:
        """Those of the body, with the batch axis in front of that of the steps."""
        n = len(made) - self.body.emitted
        return [made[j] if kind == STATE else moveaxis(made[n + j], 1, 0) for kind, j in self.body.results]


def _all_hold(value: Any, expected: Any, shown: bool = True) -> None:
    """Note a condition of all examples, and that it came out as it was recorded."""
    if not isinstance(expected, bool):
        now = numpy.asarray(known(value))
        if not all(numpy.array_equal(row, expected, equal_nan=now.dtype.kind in "fc") for row in now):
            raise PathError("a condition inside a body differs between examples", fix="map the function again")
        return
    truth = value if numpy_dtype(value).kind == "b" else not_equal(value, 0)
    if shape_of(truth):
        row = all_ if expected else any_
        truth = row(truth, axis=tuple(range(len(shape_of(truth)))), keepdims=False)
    decide(truth, expected, shown=shown)


# ------------------------------------------------------------------------------------------------ the user's functions


class _Mapping:
    """The user's functions of a call as functions of a batch.

    `leaves` are those of the state and `closed` the values that the functions close over, of which those with a flag
    have the batch axis first.
    """

    def __init__(self, body: Body, size: int, operands: Sequence[Any], flags: Sequence[bool]) -> None:
        origin, reach = body.origin
        self.call: Call = origin
        self.body, self.size = body, size
        self.functions = reach.clones()
        self.handles = list(reach.handles())
        n, m = body.states, body.states + body.arrays
        at = m + len(body.conditions)
        self.leaves = [spread(size, x, flag) for x, flag in zip(operands[:n], flags[:n], strict=True)]
        self.arrays, self.scanned = list(operands[n:m]), list(flags[n:m])
        self.conditions, self.decided = list(operands[m:at]), list(flags[m:at])
        self.closed, self.axes = list(operands[at:]), [0 if flag else None for flag in flags[at:]]

    def mapped(
        self, f: Callable[[list[Any], list[Any]], Any], leaves: Sequence[Any], closed: Sequence[Any],
        items: Sequence[Any] = (),
    ) -> Any:  # fmt: skip
        """`f(leaves, items)` of each example, with what it closes over bound to the values for that example."""
        counts = len(leaves), len(items)
        axes = (*(0 for _ in leaves), *(0 if flag else None for flag in self.scanned), *self.axes)
        example = functools.partial(self._example, f, counts)
        return vmap(example, in_axes=axes, axis_size=self.size)(*leaves, *items, *closed)

    def _example(self, f: Callable[..., Any], counts: tuple[int, int], *values: Any) -> Any:
        n, m = counts[0], sum(counts)
        since, span = next_id(), state.span
        state.span = None  # what follows has places of its own
        try:
            with rebound(iter(self.handles), dict(zip(self.body.closures, values[m:], strict=True))) as found:
                if len(found) < len(self.body.closures):
                    raise PathError("a value that a body closes over is in a place that is not known", fix="pass it")
                made = f(list(values[:n]), list(values[n:m]))
        finally:
            state.span = span
        _refuse_others(made, since, {x.node for x in values if is_traced(x)})
        return made

    def finish(self, call: Call, items: int = 0, more: Sequence[str] = ()) -> list[Any]:
        """The results of a call for the whole batch, as one instruction where something is traced."""
        n = len(self.leaves)
        names = list(self.body.names)
        call.labels = [*names[:n], *("closed over" for _ in self.closed), *more, *names[n : n + items]]
        call.batch = self.size
        if any_traced([*call.leaves, *call.arrays]):
            return call.results(sys._getframe())
        run = PlainRun(call.leaves, call.arrays)
        return run.finish(call.run(run, sys._getframe()))


def _refuse_others(made: Iterable[Any], since: int, allowed: set[Node]) -> None:
    """Raise `PathError` where an example used a value from around that is not known for each example."""
    record = open_recording.get()
    stack = [x.node for x in made if is_traced(x)]
    if record is not None:
        stack += [guard.node for guard in (*record.guards, *record.decisions) if guard.id >= since]
    seen = set(stack)
    while stack:
        node = stack.pop()
        if node in allowed:
            continue
        if node.id < since:
            raise PathError("a value from around a body is needed that was not before", fix="pass it to the body")
        fresh = [i for i in node.inputs if type(i) is Node and i not in seen]
        seen.update(fresh)
        stack += fresh


def _mapped(body: Body, size: int, operands: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
    mapping = _Mapping(body, size, operands, flags)
    kinds = ((WhileCall, _while), (ForCall, _for), (ScanCall, _scan), (Branch, _branches))
    made = next(how for kind, how in kinds if isinstance(mapping.call, kind))(mapping)
    n = len(made) - body.emitted
    return [made[j] if kind == STATE else moveaxis(made[n + j], 1, 0) for kind, j in body.results]


def _for(mapping: _Mapping) -> list[Any]:
    call: Any = mapping.call
    (body,), carry = mapping.functions, call.carry

    def step(i: int, given: Any) -> Any:
        f = lambda leaves, _: carry.state(body(i, carry.tree(leaves)))  # noqa: E731
        return (mapping.mapped(f, *given), given[1])

    made = ForCall(call.lower, call.upper, step, (mapping.leaves, mapping.closed), call.frame)
    return mapping.finish(made)[: len(mapping.leaves)]


def _scan(mapping: _Mapping) -> list[Any]:
    call: Any = mapping.call
    body, n, closed = mapping.functions[0], len(mapping.leaves), len(mapping.closed)
    xs = [moveaxis(x, 0, 1) if flag else x for x, flag in zip(mapping.arrays, mapping.scanned, strict=True)]
    f = functools.partial(call.stepped, body)

    def step(given: Any, items: list[Any]) -> Any:
        made = mapping.mapped(f, given[0], given[1], items)
        return (made[:n], given[1]), made[n:]

    made = ScanCall(step, (mapping.leaves, mapping.closed), xs, call.length, call.reverse, call.frame)
    results = mapping.finish(made, items=len(xs))
    return [*results[:n], *results[n + closed :]]


def _while(mapping: _Mapping) -> list[Any]:
    call: Any = mapping.call
    (body, test), carry = mapping.functions, call.carry

    def first(leaves: list[Any], _: Any) -> list[Any]:
        return [test(carry.tree(leaves))]

    def once(leaves: list[Any], _: Any) -> list[Any]:
        new = carry.state(body(carry.tree(leaves)))
        return [*new, test(carry.tree(new))]

    def truth(holds: Any) -> Any:
        if shape_of(holds) != (mapping.size,):
            raise InputError("the condition is no truth value", fix="use any or all")
        return holds if numpy_dtype(holds).kind == "b" else not_equal(holds, 0)

    def step(given: Any) -> Any:
        leaves, closed, active = given
        *made, again = mapping.mapped(once, _only(active, leaves), _only(active, closed, mapping.axes))
        kept = [_select(active, new, old) for new, old in zip(made, leaves, strict=True)]
        return (kept, closed, logical_and(active, truth(again)))

    def goes_on(given: Any) -> Any:
        return any_(given[2], axis=(0,), keepdims=False)

    active = truth(mapping.mapped(first, mapping.leaves, mapping.closed)[0])
    init = (mapping.leaves, mapping.closed, active)
    made = WhileCall(goes_on, step, init, call.frame)
    return mapping.finish(made, more=["active"])[: len(mapping.leaves)]


_EITHER = ("cond[either]", "both branches, and which one each example takes")


def _branch(call: Any, chosen: int) -> tuple[str, str]:
    """The heading and title of a call in which all examples take one branch."""
    if call.row.name != "cond":
        return call.heading(), call.title()
    taken = "false" if chosen else "true"
    return f"cond[{taken}]", f"the branch for {taken}"


def _branches(mapping: _Mapping) -> list[Any]:
    """`checkpoint`, and `cond`: both of its functions where the condition depends on the example."""
    call: Any = mapping.call
    functions = mapping.functions

    def flat(f: Callable[..., Any]) -> Callable[..., Any]:
        return lambda leaves, _: call.flat(f, leaves)

    def either(leaves: list[Any], closed: list[Any], truth: Any) -> Any:
        parts = []
        for f, mine in zip(functions, (truth, not_equal(truth, True)), strict=True):
            parts.append(mapping.mapped(flat(f), _only(mine, leaves), _only(mine, closed, mapping.axes)))
        if len(parts[0]) != len(parts[1]):
            raise InputError("the functions of cond return different structures", fix="return the same")
        return [_select(truth, a, b) for a, b in zip(*parts, strict=True)]

    chosen = call.chosen
    if mapping.conditions:
        pred = mapping.conditions[0]
        truth = pred if numpy_dtype(pred).kind == "b" else not_equal(pred, 0)
        truths = numpy.asarray(to_numpy(untraced(truth)))
        if truths.any() and not truths.all():
            given = (mapping.leaves, mapping.closed, truth)
            return mapping.finish(OnBatch(call.row, _EITHER, either, given, call.frame), more=["condition"])
        chosen = 0 if truths.any() else 1
        _all_hold(truth, not chosen)
    one = lambda leaves, closed: mapping.mapped(flat(functions[chosen]), leaves, closed)  # noqa: E731
    alone = (mapping.leaves, mapping.closed)
    return mapping.finish(OnBatch(call.row, _branch(call, chosen), one, alone, call.frame))


def _select(condition: Any, new: Any, old: Any) -> Any:
    """`new` for the examples for which a condition holds, else `old`."""
    missing = max(len(shape_of(new)), len(shape_of(old))) - 1
    if missing > 0 and shape_of(condition):
        condition = reshape(condition, shape=(*shape_of(condition), *(1,) * missing))
    return where(condition, new, old)


def _only(condition: Any, leaves: Sequence[Any], axes: Sequence[Any] | None = None) -> list[Any]:
    """Operands for the examples for which a condition holds; the others get those of one of them.

    So a function sees no operands that it was not meant for, where it might fail, or have a derivative that is not
    finite. Which one they get has no influence on the results.
    """
    plain = numpy.asarray(to_numpy(untraced(condition)))
    if plain.all() and not is_traced(condition):
        return list(leaves)
    first = int(numpy.argmax(plain))
    marks = [0] * len(leaves) if axes is None else axes
    return [
        leaf if axis is None else _select(condition, leaf, getitem(leaf, index=(slice(first, first + 1),)))
        for leaf, axis in zip(leaves, marks, strict=True)
    ]
