"""Structured control flow that stays one instruction: `checkpoint`, `scan`, `while_loop`, `fori_loop`, `cond`.

Plain Python loops and conditions are differentiated as they are; these forms keep less of what happens inside, and
show it as one instruction with a body. The signatures are those that people know from JAX; the functions are ordinary
Python with concrete values, so `if` and `for` work in them. Not for: the rules of the instructions
(`primitives.control`), nor what is recorded inside (`body_recording`, `body`).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import numpy

from .backends import to_numpy
from .closures import Reach
from .constructs import Call, Carry, Function, Run, checked_leaves, count, definition, error, leaf_names, type_of
from .dtypes import numpy_dtype
from .handle import TracedArray, is_traced, untraced
from .primitives import control as rows
from .pytrees import differentiable, flatten, is_array_leaf, paths, unflatten

__adkit__ = True


# ------------------------------------------------------------------------------------------------ scan


_NOTHING = (flatten(None)[1],)


class ScanCall(Call):
    row = rows.scan

    def __init__(self, f: Function, init: Any, xs: Any, length: Any, reverse: bool, frame: FrameType) -> None:
        self.functions, self.reverse, self.frame = (f,), reverse, frame
        self.carry = Carry(init, "scan", f, frame)
        self.leaves = self.carry.leaves
        arrays, self.xs_structure = flatten(xs)
        names = paths(xs, "xs")
        self.arrays = checked_leaves(arrays, names, "scan", frame)
        self.length = self._length(length, names)
        self.y_structure: Any = None
        self.y_leaves: list[Any] = []
        self.sample = xs

    @property
    def is_empty(self) -> bool:
        return not self.length

    def _length(self, given: Any, names: Sequence[str]) -> int:
        sizes = {}
        for array, name in zip(self.arrays, names, strict=True):
            shape = tuple(getattr(array, "shape", ()))
            if not shape:
                raise error(f"{name} of scan is a scalar", "pass arrays, whose first axis is scanned", self.frame)
            sizes[name] = shape[0]
        if given is not None:
            sizes["length="] = count(given, "length", self.frame)
        if not sizes:
            raise error("scan has neither xs nor length", "pass length=, the number of steps", self.frame)
        if len(set(sizes.values())) > 1:
            texts = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise error(f"scan over different lengths: {texts}", "scan over arrays of one length", self.frame)
        return next(iter(sizes.values()))

    def run(self, run: Run, frame: FrameType) -> list[Any]:
        f, carry, structure, arrays = self.functions[0], self.carry, self.xs_structure, range(len(self.arrays))
        state = run.begin()
        order = range(self.length - 1, -1, -1) if self.reverse else range(self.length)
        collects, bare, item, step = True, carry.is_bare, run.item, run.step
        for k in order:
            x = item(0, k) if structure is None else unflatten(structure, [item(j, k) for j in arrays])
            made = f(state[0] if bare else carry.tree(state), x)
            new, y = made if type(made) is tuple and len(made) == 2 else self._pair(made)
            if collects or y is not None:
                run.emit(k, self._emitted(y))
                collects = y is not None
            state = step(carry.state(new))
        if not self.length:
            self._dry(run, f)
        return state

    def _pair(self, made: Any) -> tuple[Any, Any]:
        if type(made) is tuple and len(made) == 2:
            return made
        name, line = definition(self.functions[0])
        what = f"a tuple of {len(made)}" if isinstance(made, tuple) else type(made).__name__
        message = f"{name}{line}, the body of scan, returns {what}, not a pair (carry, y)"
        raise error(message, "return carry, y; with None for y where nothing is to be collected", self.frame)

    def _emitted(self, y: Any) -> list[Any]:
        if y is None and self.y_structure == _NOTHING:
            return []
        leaves, structure = flatten(y)
        types = [type_of(leaf) for leaf in leaves]
        if not self.y_leaves and self.y_structure is None:
            checked_leaves(leaves, paths(y, "y"), "scan", self.frame)
            self.y_structure, self.y_leaves = (structure,), types
        elif (structure,) != self.y_structure or types != self.y_leaves:
            name, line = definition(self.functions[0])
            message = f"{name}{line}, the body of scan, returns another structure, shape or dtype for y than before"
            raise error(message, "return y of the same structure, shapes and dtypes in every step", self.frame)
        return leaves

    def _dry(self, run: Run, f: Function) -> None:
        """Without steps, run the body once on zeros to learn what y would be; its values are not used."""
        xs = [numpy.zeros(array.shape[1:], numpy_dtype(array))[()] for array in self.arrays]
        plain = [untraced(leaf) for leaf in self.leaves]
        self._emitted(self._pair(f(self.carry.tree(plain), unflatten(self.xs_structure, xs)))[1])

    def stepped(self, f: Function, leaves: list[Any], items: list[Any]) -> list[Any]:
        """One step of another function: the leaves of the state, and of what is collected."""
        state, y = self._pair(f(self.carry.tree(leaves), unflatten(self.xs_structure, items)))
        return [*self.carry.state(state), *self._emitted(y)]

    def packed(self, results: list[Any]) -> Any:
        states = len(self.leaves)
        ys = results[states:] if self.length else [numpy.zeros((0, *shape), dtype) for shape, dtype in self.y_leaves]
        return self.carry.tree(results[:states]), unflatten(self.y_structure[0], ys)

    def again(self, functions: Sequence[Any], operands: Sequence[Any]) -> Call:
        carry = self.carry.tree(list(operands[: len(self.leaves)]))
        xs = unflatten(self.xs_structure, list(operands[len(self.leaves) :]))
        return ScanCall(functions[0], carry, xs, self.length, self.reverse, self.frame)

    def heading(self) -> str:
        return f"scan[{self.length:,} steps{', reverse' if self.reverse else ''}]"

    def title(self) -> str:
        return f"{'last' if self.reverse else 'first'} of {self.length:,} steps"

    def names(self) -> list[str]:
        return leaf_names(self.functions[0], [self.carry.tree(self.leaves), self.sample])


def scan(f: Function, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False) -> tuple[Any, Any]:
    """Carry a state along the first axis of arrays: `carry, y = f(carry, x)` for every `x` of `xs`; one instruction.

    Parameters
    ----------
    f: takes the carry and one element of every array of `xs` (the same tree); returns the next carry, of the same
        structure, shapes and dtypes, and what is collected of this step, a number, an array or a tree of them.
    init: the first carry, a number, an array or a tree of them.
    xs: arrays of one length along their first axis, in any tree; may be `None`.
    length: the number of steps, needed where `xs` is `None`.
    reverse: go from the last element to the first; what is collected stays in the places of its elements.

    Returns the last carry, and what was collected, stacked along a new first axis. The derivative needs the memory of
    the carries and small values, not of the arrays in between, which it computes again. Without any step the body is
    run once, on zeros, to learn the shapes of what it would return. Raises `InputError` if the carry changes its
    structure, shape or dtype, or if the arrays' lengths differ.

    Example
    -------
    >>> import numpy as np
    >>> from adkit import grad
    >>> def decay(rate):
    ...     level, levels = scan(lambda c, x: (c * rate + x, c), 1.0, np.ones(3))
    ...     return level
    >>> decay(0.5), grad(decay)(0.5)
    (np.float64(1.875), 2.75)
    """
    call = ScanCall(f, init, xs, length, reverse, sys._getframe(1))
    return call.packed(call.results(call.frame))


# ------------------------------------------------------------------------------------------------ loops


class Loop(Call):
    """What `fori_loop` and `while_loop` share: a carry, and nothing that is scanned."""

    carry: Carry

    def packed(self, results: list[Any]) -> Any:
        return self.carry.tree(results)

    def title(self) -> str:
        return f"first of {self.steps:,} step{'' if self.steps == 1 else 's'}"

    steps = 0

    def names(self) -> list[str]:
        return leaf_names(self.functions[0], [self.carry.tree(self.leaves)])


class WhileCall(Loop):
    row = rows.while_loop

    def __init__(self, test: Function, body: Function, init: Any, frame: FrameType) -> None:
        self.functions, self.frame = (body, test), frame
        self.carry = Carry(init, "while_loop", body, frame)
        self.leaves = self.carry.leaves

    def run(self, run: Run, frame: FrameType) -> list[Any]:
        body, test = self.functions
        carry = self.carry
        state = run.begin()
        while self._holds(test(carry.tree(state))):
            state = run.step(carry.state(body(carry.tree(state))))
            self.steps += 1
        return state

    def _holds(self, made: Any) -> bool:
        if getattr(made, "shape", ()) != () or not hasattr(made, "__bool__"):
            name, line = definition(self.functions[1])
            message = f"{name}{line}, the condition of while_loop, returns {type(untraced(made)).__name__}"
            shape = getattr(made, "shape", ())
            message += f" of shape {shape}" if shape else ""
            raise error(message + ", not true or false", "return one truth value: use any or all", self.frame)
        return bool(made)

    def again(self, functions: Sequence[Any], operands: Sequence[Any]) -> Call:
        return WhileCall(functions[1], functions[0], self.carry.tree(list(operands)), self.frame)

    def heading(self) -> str:
        return f"while_loop[{self.steps:,} step{'' if self.steps == 1 else 's'}]"


def while_loop(cond_fun: Function, body_fun: Function, init: Any) -> Any:
    """Repeat `carry = body_fun(carry)` while `cond_fun(carry)` holds; one instruction, with derivatives in both modes.

    `init` is the first carry, a number, an array or a tree of them; `body_fun` returns a carry of the same structure,
    shapes and dtypes. The number of steps is what it turns out to be; it has no derivative. Under `vmap` the loop goes
    on until the last example has stopped; the others keep what they had, in value and derivative. Raises `InputError`
    if the carry changes its type, or if the condition is no truth value.

    Example
    -------
    >>> from adkit import grad
    >>> def root(a):  # Newton's iteration for the square root
    ...     return while_loop(lambda x: abs(x * x - a) > 1e-12, lambda x: 0.5 * (x + a / x), a)
    >>> round(root(4.0), 9), round(grad(root)(4.0), 9)
    (2.0, 0.25)
    """
    call = WhileCall(cond_fun, body_fun, init, sys._getframe(1))
    return call.packed(call.results(call.frame))


class ForCall(Loop):
    row = rows.fori_loop

    def __init__(self, lower: int, upper: int, body: Function, init: Any, frame: FrameType) -> None:
        self.functions, self.frame = (body,), frame
        self.lower, self.upper = count(lower, "lower", frame), count(upper, "upper", frame)
        self.carry = Carry(init, "fori_loop", body, frame)
        self.leaves = self.carry.leaves
        self.steps = max(0, self.upper - self.lower)

    @property
    def is_empty(self) -> bool:
        return not self.steps

    def run(self, run: Run, frame: FrameType) -> list[Any]:
        (body,), carry = self.functions, self.carry
        state = run.begin()
        bare, step = carry.is_bare, run.step
        for i in range(self.lower, self.upper):
            state = step(carry.state(body(i, state[0] if bare else carry.tree(state))))
        return state

    def again(self, functions: Sequence[Any], operands: Sequence[Any]) -> Call:
        return ForCall(self.lower, self.upper, functions[0], self.carry.tree(list(operands)), self.frame)

    def heading(self) -> str:
        return f"fori_loop[{self.lower} … {self.upper - 1}]" if self.steps else "fori_loop[0 steps]"

    def names(self) -> list[str]:
        return leaf_names(self.functions[0], [None, self.carry.tree(self.leaves)])


def fori_loop(lower: int, upper: int, body_fun: Function, init: Any) -> Any:
    """`for i in range(lower, upper): carry = body_fun(i, carry)` as one instruction; returns the last carry.

    The counter is a plain Python integer. `init` is a number, an array or a tree of them; `body_fun` returns a carry of
    the same structure, shapes and dtypes (`InputError` otherwise).

    Example
    -------
    >>> from adkit import grad
    >>> grad(lambda x: fori_loop(1, 4, lambda i, c: c + x**i, 0.0))(2.0)
    17.0
    """
    call = ForCall(lower, upper, body_fun, init, sys._getframe(1))
    return call.packed(call.results(call.frame))


# ------------------------------------------------------------------------------------------------ cond, checkpoint


class Branch(Call):
    """What `cond` and `checkpoint` share: one call of a function with a tree of arguments."""

    def __init__(self, functions: tuple[Function, ...], arguments: Any, frame: FrameType) -> None:
        self.functions, self.arguments, self.frame = functions, arguments, frame
        every, self.structure = flatten(arguments)
        self.places = [i for i, leaf in enumerate(every) if _is_input(leaf)]
        self.every, self.leaves = every, [every[i] for i in self.places]
        self.out: Any = None
        self.rest: list[Any] = []

    chosen = 0

    def called(self, f: Function, arguments: Any) -> Any:
        """The function on its arguments."""
        return f(*arguments)

    def run(self, run: Run, frame: FrameType) -> list[Any]:
        given = list(self.every)
        for i, leaf in zip(self.places, run.begin(), strict=True):
            given[i] = leaf
        leaves, self.out = flatten(self.called(self.functions[self.chosen], unflatten(self.structure, given)))
        self.rest = [leaf if not _is_result(leaf) else None for leaf in leaves]
        self.kept = [_is_result(leaf) for leaf in leaves]
        return run.step([leaf for leaf in leaves if _is_result(leaf)])

    def flat(self, f: Function, leaves: Sequence[Any]) -> list[Any]:
        """The leaves of the results of another function."""
        made, _ = flatten(self.called(f, self._arguments(leaves)))
        return [leaf for leaf in made if _is_result(leaf)]

    def packed(self, results: list[Any]) -> Any:
        given = iter(results)
        return unflatten(self.out, [next(given) if k else r for k, r in zip(self.kept, self.rest, strict=True)])

    def _arguments(self, operands: Sequence[Any]) -> Any:
        given = list(self.every)
        for i, leaf in zip(self.places, operands, strict=False):
            given[i] = leaf
        return unflatten(self.structure, given)

    def names(self) -> list[str]:
        names = leaf_names(self.functions[self.chosen], self.arguments)
        return [names[i] for i in self.places]


def _is_input(leaf: Any) -> bool:
    return is_traced(leaf) or differentiable(leaf)


def _is_result(leaf: Any) -> bool:
    return is_array_leaf(leaf) or isinstance(leaf, (bool, numpy.bool_))


class CondCall(Branch):
    row = rows.cond

    def __init__(self, pred: Any, functions: tuple[Function, ...], operands: Any, frame: FrameType) -> None:
        super().__init__(functions, operands, frame)
        self.condition = [pred]
        plain = numpy.asarray(to_numpy(untraced(pred)))
        if plain.shape:
            text = f"the condition of cond has the shape {plain.shape}"
            raise error(text, "pass one truth value: use any or all, or numpy.where for each element", frame)
        self.truth = bool(plain)
        self.chosen = 0 if self.truth else 1

    def again(self, functions: Sequence[Any], operands: Sequence[Any]) -> Call:
        return CondCall(operands[-1], tuple(functions), self._arguments(operands[:-1]), self.frame)

    def heading(self) -> str:
        return f"cond[{'true' if self.truth else 'false'}]"

    def title(self) -> str:
        return f"the branch for {'true' if self.truth else 'false'}"

    def unused(self) -> list[TracedArray]:
        return list(Reach(self.functions[1 - self.chosen]).handles()) if is_traced(self.condition[0]) else []


def cond(pred: Any, true_fun: Function, false_fun: Function, *operands: Any) -> Any:
    """`true_fun(*operands)` if `pred` holds, else `false_fun(*operands)`; one instruction whose operand is `pred`.

    Only the function that is chosen runs. Both should return the same structure, shapes and dtypes. `pred` is one
    truth value, traced or plain; `InputError` for an array. Under `vmap`, where `pred` differs between the examples,
    both run for the whole batch, on operands of examples that chose them, and each example gets what it chose.

    Example
    -------
    >>> from adkit import grad
    >>> grad(lambda x: cond(x > 0, lambda v: v * v, lambda v: -v, x))(3.0)
    6.0
    """
    call = CondCall(pred, (true_fun, false_fun), operands, sys._getframe(1))
    return call.packed(call.results(call.frame))


class CheckpointCall(Branch):
    row = rows.checkpoint

    def called(self, f: Function, arguments: Any) -> Any:
        args, kwargs = arguments
        return f(*args, **kwargs)

    def again(self, functions: Sequence[Any], operands: Sequence[Any]) -> Call:
        return CheckpointCall(tuple(functions), self._arguments(operands), self.frame)

    def heading(self) -> str:
        name = getattr(self.functions[0], "__name__", "function")
        return "checkpoint" if name == "<lambda>" else f"checkpoint[{name}]"

    def names(self) -> list[str]:
        args, kwargs = self.arguments
        names = leaf_names(self.functions[0], args) + [n for k, v in kwargs.items() for n in paths(v, k)]
        return [names[i] for i in self.places]


def checkpoint(f: Function) -> Function:
    """`f` as one instruction that keeps its arguments and results only; a derivative computes the values inside again.

    Saves memory where a function makes large arrays on its way, for the time of one more evaluation of its operations
    (the Python code of `f` runs once). Also a decorator. Arguments and results are trees.

    Example
    -------
    >>> import numpy as np
    >>> from adkit import grad
    >>> @checkpoint
    ... def layer(x):
    ...     return np.tanh(x) * np.sin(x)
    >>> grad(lambda x: np.sum(layer(layer(x))))(np.array([0.0, 1.0])).round(6)
    array([0.      , 0.657788])
    """

    @functools.wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        call = CheckpointCall((f,), (args, kwargs), sys._getframe(1))
        return call.packed(call.results(call.frame))

    return checkpointed


class OnBatch(Branch):
    """A call of a function for a whole batch, which stands for one call of `cond` or `checkpoint` per example."""

    def __init__(self, row: Any, texts: tuple[str, str], f: Function, arguments: Any, frame: FrameType) -> None:
        super().__init__((f,), arguments, frame)
        self.row, self._texts = row, texts

    def again(self, functions: Sequence[Any], operands: Sequence[Any]) -> Call:
        return OnBatch(self.row, self._texts, functions[0], self._arguments(operands), self.frame)

    def heading(self) -> str:
        return self._texts[0]

    def title(self) -> str:
        return self._texts[1]


__all__ = ["checkpoint", "cond", "fori_loop", "scan", "while_loop"]
