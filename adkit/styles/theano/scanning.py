"""`theano.scan` and its kin: loops over symbolic sequences, on the core's `scan`.

The step is called once, on symbolic variables; running it is the core's one instruction with a body. A loop that ends
on a condition (`until`), or whose step takes a derivative, is run step by step instead. Not for: the derivative of a
loop, which is the core's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy

from ... import control_flow
from ... import numpy as anp
from ...errors import InputError
from ...handle import TracedArray
from ...tracing import make_input
from ...transforms import stop_gradient
from .differentiation import Derivative
from .errors import GraphError, at_line, unsupported
from .evaluation import Context, evaluate
from .graph import Apply, Constant, Operation, TensorType, Variable, as_variable, order
from .randomness import RandomVariable
from .shared import SharedVariable

__adkit__ = True


class Updates(dict[Any, Any]):
    """New values of shared variables, for `updates=` of `function`."""

    def __add__(self, other: Any) -> Updates:
        return Updates({**self, **dict(other)})

    def __radd__(self, other: Any) -> Updates:
        return Updates({**dict(other), **self})


OrderedUpdates = Updates


class until:
    """What a step returns beside its outputs to end the loop after the first step in which the condition holds."""

    def __init__(self, condition: Any) -> None:
        self.condition = as_variable(condition)


@dataclass(eq=False)
class Recurrence:
    """A result of the step that it gets back: how many steps back, and the variables for these."""

    initial: Variable
    taps: list[int]
    variables: list[Variable] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """How many earlier values are kept."""
        return -min(self.taps)


@dataclass(eq=False)
class Step:
    """The graph of a step: its own variables, its results, and what it uses from outside.

    `slots` says for each result which recurrence it continues; the results behind `emitted` of them update shared
    variables and are not collected.
    """

    items: list[Variable]
    recurrences: list[Recurrence]
    results: list[Variable]
    slots: list[int | None]
    emitted: int
    condition: Variable | None
    outside: list[Variable]
    written_out: bool
    backwards: bool
    truncated: int

    def run(self, context: Context, outside: Sequence[Any], carry: Any, item: Any) -> tuple[list[Any], Any]:
        """The results of a step for the states before it and its items, and whether it is the last one."""
        known: dict[Variable, Any] = dict(zip(self.outside, outside, strict=True))
        known.update(zip(self.items, [_without_derivative(part) for part in item], strict=True))
        for recurrence, states in zip(self.recurrences, carry, strict=True):
            for tap, variable in zip(recurrence.taps, recurrence.variables, strict=True):
                known[variable] = _without_derivative(states[recurrence.depth + tap])
        wanted = [*self.results, *([] if self.condition is None else [self.condition])]
        made = evaluate(wanted, known, context)
        return made[: len(self.results)], made[-1] if self.condition is not None else None

    def carried(self, carry: Any, results: Sequence[Any]) -> tuple[Any, ...]:
        """The states after a step."""
        made = [list(states) for states in carry]
        for slot, result in zip(self.slots, results, strict=True):
            if slot is not None:
                made[slot] = [*made[slot][1:], _typed(result, made[slot][0])]
        return tuple(tuple(states) for states in made)


def _without_derivative(value: Any) -> Any:
    """An integer as one by which nothing is differentiated."""
    kind = getattr(value, "dtype", numpy.dtype(float)).kind
    return stop_gradient(value) if kind in "biu" and isinstance(value, TracedArray) else value


def _typed(value: Any, like: Any) -> Any:
    """A result in the dtype of the state that it follows."""
    want = getattr(like, "dtype", None)
    if want is None or getattr(value, "dtype", want) == want and hasattr(value, "dtype"):
        return value
    return anp.astype(anp.asarray(value), want)


class Scan(Operation):
    """The loop. Operands: the number of steps or nothing, the sequences, the initial states, and what is outside."""

    def run(self, context: Context, apply: Apply, operands: list[Any]) -> list[Any]:
        step: Step = apply.params["step"]
        counted: bool = apply.params["counted"]
        given = iter(operands)
        steps = int(next(given)) if counted else None
        sequences = [_traced(next(given)) for _ in step.items]
        carry = tuple(tuple(_initial(r, _traced(next(given)))) for r in step.recurrences)
        outside = [next(given) for _ in step.outside]
        length = _length(sequences, steps)
        sequences = [(s[::-1] if step.backwards else s)[:length] for s in sequences]
        first = max(0, length - step.truncated) if step.truncated > 0 else 0
        parts = []
        if first:
            carry, ys = _looped(step, context, outside, carry, [s[:first] for s in sequences], first)
            carry, ys = stop_gradient((carry, ys))
            parts.append(ys)
        carry, ys = _looped(step, context, outside, carry, [s[first:] for s in sequences], length - first)
        parts.append(ys)
        joined = [p[0] if len(p) == 1 else anp.concatenate(list(p)) for p in zip(*parts, strict=True)]
        finals = [carry[slot][-1] for slot in step.slots[step.emitted :] if slot is not None]
        return [*joined, *finals]


def _traced(value: Any) -> Any:
    """A value as a traced one, so that every step is the same program of its inputs."""
    return value if isinstance(value, TracedArray) and value.node is not None else make_input(_array(value))


def _array(value: Any) -> Any:
    value = getattr(value, "value", value)
    return value if isinstance(value, (numpy.ndarray, numpy.generic)) else numpy.asarray(value)[()]


def _initial(recurrence: Recurrence, value: Any) -> list[Any]:
    if recurrence.taps == [-1]:
        return [value]
    if value.shape[0] < recurrence.depth:
        rows, depth = value.shape[0], recurrence.depth
        message = f"the initial value has {rows} rows, and taps={recurrence.taps} reach {depth} back"
        raise at_line(InputError, message, "pass as many initial values as the taps reach back")
    return [value[i] for i in range(recurrence.depth)]


def _length(sequences: Sequence[Any], steps: int | None) -> int:
    lengths = [s.shape[0] for s in sequences]
    if steps is None:
        return min(lengths)
    if steps < 0 or any(n < steps for n in lengths):
        message = f"n_steps is {steps}, and the sequences have the lengths {lengths}"
        raise at_line(InputError, message, "scan at most as many steps as the shortest sequence has")
    return steps


def _looped(
    step: Step, context: Context, outside: list[Any], carry: Any, sequences: list[Any], length: int
) -> tuple[Any, list[Any]]:
    """The states after `length` steps, and the results of each, stacked."""
    if step.written_out:
        return _written_out(step, context, outside, carry, sequences, length)
    body = functools.partial(_body, step, context, outside)
    return control_flow.scan(body, carry, tuple(sequences), length)


def _body(step: Step, context: Context, outside: list[Any], carry: Any, item: Any) -> Any:
    results, _ = step.run(context, outside, carry, item)
    return step.carried(carry, results), list(results[: step.emitted])


def _written_out(
    step: Step, context: Context, outside: list[Any], carry: Any, sequences: list[Any], length: int
) -> tuple[Any, list[Any]]:
    collected: list[list[Any]] = [[] for _ in range(step.emitted)]
    for k in range(length):
        results, ends = step.run(context, outside, carry, [s[k] for s in sequences])
        carry = step.carried(carry, results)
        for parts, result in zip(collected, results, strict=False):
            parts.append(result)
        if ends is not None and bool(ends):  # a guard: another number of steps is another program
            break
    shapes = [(0, *(1 if b else 0 for b in v.broadcastable)) for v in step.results]
    return carry, [
        anp.stack(parts) if parts else numpy.zeros(shape, v.type.numpy_dtype)
        for parts, shape, v in zip(collected, shapes, step.results, strict=False)
    ]


SCAN = Scan("scan", lambda: None, lambda: TensorType("float64", ()))


# ------------------------------------------------------------------------------------------------ the graph of a step


def _list(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _sequences(given: Any) -> list[Variable]:
    """A sequence for each tap of each sequence, cut so that one index reads them all."""
    made = []
    for one in _list(given):
        source = one if isinstance(one, Mapping) else {"input": one}
        variable = as_variable(source["input"])
        if variable.ndim == 0:
            raise at_line(GraphError, f"the sequence {variable} is a scalar", "pass vectors or more to sequences=")
        taps = _list(source.get("taps")) or [0]
        low, high = min(0, *taps), max(0, *taps)
        for tap in taps:
            start, stop = tap - low, tap - high
            made.append(variable if not start and not stop else variable[start : stop or None])
    return made


def _recurrences(given: Any) -> list[Recurrence | None]:
    made: list[Recurrence | None] = []
    for one in _list(given):
        source = one if isinstance(one, Mapping) else {"initial": one}
        initial, taps = source.get("initial"), _list(source.get("taps")) or [-1]
        if initial is None:
            made.append(None)
            continue
        if any(tap >= 0 for tap in taps):
            raise at_line(GraphError, f"the taps {taps} of an output reach ahead", "use -1, -2, … for earlier steps")
        made.append(Recurrence(as_variable(initial), taps))
    return made


def _parsed(returned: Any) -> tuple[list[Variable], dict[Any, Any], Variable | None]:
    """Outputs, updates and condition of what a step returns, in any of the orders that Theano takes."""
    outputs: list[Variable] = []
    updates: dict[Any, Any] = {}
    condition = None
    parts = list(returned) if isinstance(returned, tuple) else [returned]
    for part in parts:
        if isinstance(part, until):
            condition = part.condition
        elif isinstance(part, Mapping) or _is_pairs(part):
            updates.update(part)
        elif isinstance(part, (list, tuple)):
            outputs += [as_variable(p) for p in part]
        elif part is not None:
            outputs.append(as_variable(part))
    return outputs, updates, condition


def _is_pairs(part: Any) -> bool:
    return isinstance(part, list) and bool(part) and all(isinstance(p, tuple) and len(p) == 2 for p in part)


def _inner(pattern: Variable, drop: bool, name: str | None = None) -> Variable:
    kept = pattern.broadcastable[1:] if drop else pattern.broadcastable
    return TensorType(pattern.dtype, kept)(name)


def scan(
    fn: Callable[..., Any],
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    n_steps: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
    profile: Any = False,
    allow_gc: Any = None,
    strict: bool = False,
    return_list: bool = False,
) -> tuple[Any, Updates]:
    """A loop: `fn` on the elements of the sequences, on its own earlier results, and on what does not change.

    Parameters
    ----------
    fn: takes one variable per sequence and tap, one per output and tap, and the `non_sequences`; returns the outputs,
        and possibly updates of shared variables and `until(condition)`. It is called once, on symbolic variables.
    sequences: variables, or dicts of `input` and `taps`, along whose first axis the loop runs; the shortest one counts.
    outputs_info: per output its initial value, `None` where it does not come back, or a dict of `initial` and `taps`;
        with taps that reach k steps back, `initial` has k rows.
    n_steps: the number of steps, plain or symbolic; needed without sequences.
    truncate_gradient: derivatives pass through so many last steps only; all of them for -1.
    go_backwards: run from the ends of the sequences.

    Returns the results of all steps, stacked, and the updates to pass to `function`.

    Example
    -------
    >>> from adkit.styles.theano import function, tensor as T
    >>> A, k = T.dvector("A"), T.iscalar("k")
    >>> powers, updates = scan(lambda prior, A: prior * A, outputs_info=T.ones_like(A), non_sequences=A, n_steps=k)
    >>> power = function([A, k], powers[-1], updates=updates)
    >>> power([0.0, 1.0, 2.0], 3)
    array([0., 1., 8.])
    """
    cut = _sequences(sequences)
    if not cut and n_steps is None:
        raise at_line(GraphError, "scan has neither sequences nor n_steps", "pass n_steps=, the number of steps")
    recurrences = _recurrences(outputs_info)
    fixed = [as_variable(v) for v in _list(non_sequences)]
    step, outputs, updates = _step(fn, cut, recurrences, fixed)
    step.backwards, step.truncated = go_backwards, truncate_gradient
    counted = n_steps is not None
    inputs = [*([as_variable(n_steps)] if counted else []), *cut]
    inputs += [r.initial for r in step.recurrences] + step.outside
    types = [TensorType(v.dtype, (False, *v.broadcastable)) for v in outputs]
    types += [target.type for target in updates]
    apply = Apply(SCAN, tuple(inputs), {"step": step, "counted": counted}, types)
    results = list(apply.outputs[: len(outputs)])
    changed = Updates(zip(updates, apply.outputs[len(outputs) :], strict=True))
    if not results:
        return ([] if return_list else None), changed
    return (results if return_list or len(results) > 1 else results[0]), changed


def _step(
    fn: Callable[..., Any], cut: list[Variable], recurrences: list[Recurrence | None], fixed: list[Variable]
) -> tuple[Step, list[Variable], dict[Any, Variable]]:
    for _ in range(3):  # an initial value takes the dtype of what follows it
        items = [_inner(s, True, f"{s.name}[t]" if s.name else None) for s in cut]
        arguments = list(items)
        for r in recurrences:
            if r is not None:
                r.variables = [_inner(r.initial, r.taps != [-1]) for _ in r.taps]
                arguments += r.variables
        outputs, updates, condition = _parsed(fn(*arguments, *fixed))
        infos = recurrences or [None] * len(outputs)
        if len(infos) != len(outputs):
            message = f"the step returns {len(outputs)} outputs, and outputs_info has {len(infos)}"
            raise at_line(GraphError, message, "give one entry per output, None where it does not come back")
        if not _widened(infos, outputs):
            break
    return _assembled(items, infos, outputs, updates, condition), outputs, updates


def _widened(recurrences: Sequence[Recurrence | None], outputs: Sequence[Variable]) -> bool:
    """Bring initial values to the types of the results; whether one changed."""
    from .tensor.elementwise import cast
    from .tensor.shaping import RETYPED

    changed = False
    for r, out in zip(recurrences, outputs, strict=True):
        if r is None:
            continue
        have = r.initial.ndim - (r.taps != [-1])
        if have != out.ndim:
            message = f"an output of the step has {out.ndim} dimensions, and its initial value has {have}"
            raise at_line(GraphError, message, "start with a value of the output's shape, such as T.zeros_like(x)")
        if out.dtype != r.initial.dtype:
            r.initial, changed = cast(r.initial, str(numpy.result_type(out.dtype, r.initial.dtype))), True
        lead = r.initial.broadcastable[: r.initial.ndim - out.ndim]
        if r.initial.broadcastable != (*lead, *out.broadcastable) and any(r.initial.broadcastable[len(lead) :]):
            r.initial = RETYPED(r.initial, pattern=(*lead, *(False,) * out.ndim))
            changed = True
    return changed


def _assembled(
    items: list[Variable],
    infos: Sequence[Recurrence | None],
    outputs: list[Variable],
    updates: Mapping[Any, Any],
    condition: Variable | None,
) -> Step:
    kept = [r for r in infos if r is not None]
    slots: list[int | None] = [None if r is None else kept.index(r) for r in infos]
    results = list(outputs)
    swapped: dict[Variable, Variable] = {}
    for target, value in updates.items():
        if not isinstance(target, SharedVariable):
            raise at_line(GraphError, f"an update of {target!r}, which is not shared", "make it with theano.shared")
        state = Recurrence(target, [-1], [target.type()])
        swapped[target] = state.variables[0]
        kept.append(state)
        slots.append(len(kept) - 1)
        results.append(as_variable(value))
    if swapped:
        from .graph import replaced

        every = replaced([*results, *([condition] if condition is not None else [])], swapped)
        results, condition = every[: len(results)], every[-1] if condition is not None else None
    own = {*items, *(v for r in kept for v in r.variables)}
    wanted = [*results, *([condition] if condition is not None else [])]
    outside, inner = _outside(wanted, own)
    if any(isinstance(v, RandomVariable) for apply in inner for v in apply.inputs):
        fix = "make the random variable of the size of all steps outside, and pass it to sequences="
        raise unsupported("a random variable drawn inside the step of scan", fix)
    written_out = condition is not None or any(isinstance(a.op, Derivative) for a in inner)
    return Step(items, kept, results, slots, len(outputs), condition, outside, written_out, False, -1)


def _outside(wanted: list[Variable], own: set[Variable]) -> tuple[list[Variable], list[Apply]]:
    """The variables that a step uses from around it, and its operations."""
    inside: set[Variable] = set(own)
    inner: list[Apply] = []
    for apply in order(wanted, own):
        if any(v in inside for v in apply.inputs):
            inner.append(apply)
            inside.update(apply.outputs)
    used = [v for apply in inner for v in apply.inputs] + wanted
    return list(dict.fromkeys(v for v in used if v not in inside and not isinstance(v, Constant))), inner


# ------------------------------------------------------------------------------------------------ its kin


def map(fn: Callable[..., Any], sequences: Any, non_sequences: Any = None, **options: Any) -> tuple[Any, Updates]:
    """`fn` on each element of the sequences."""
    return scan(fn, sequences, None, non_sequences, **options)


def reduce(
    fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None, **options: Any
) -> tuple[Any, Updates]:
    """The last result of `fn(element, state)` along the sequences."""
    made, updates = scan(fn, sequences, outputs_info, non_sequences, **options)
    return ([m[-1] for m in made] if isinstance(made, list) else made[-1]), updates


def foldl(
    fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None, **options: Any
) -> tuple[Any, Updates]:
    """`reduce` from the first element on."""
    return reduce(fn, sequences, outputs_info, non_sequences, **options)


def foldr(
    fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None, **options: Any
) -> tuple[Any, Updates]:
    """`reduce` from the last element on."""
    return reduce(fn, sequences, outputs_info, non_sequences, go_backwards=True, **options)
