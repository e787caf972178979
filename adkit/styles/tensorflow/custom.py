"""`tf.custom_gradient`: a function with a derivative of its own, on top of the core's `custom_rule`.

Not for: other rules (`adkit.custom_rules`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ...constants import SCOPE
from ...custom_rules import CustomFunction
from ...handle import TracedArray, untraced
from . import recording
from .errors import ConversionError, at_line
from .nest import flatten, map_structure, pack_sequence_as
from .recording import state
from .tensor import Tensor, convert_to_tensor, wrap
from .value import Value
from .variable import Variable

__adkit__ = True

Function = Callable[..., Any]


def custom_gradient(f: Function) -> Function:
    """Decorator: `f(*args)` returns `(value, grad)`, and `grad(*upstream)` the derivatives by the arguments.

    If `f` reads variables, `grad` takes `variables=` too and returns `(derivatives, derivatives by the variables)`.
    Derivatives of a higher order are those of the operations in `grad`, for which `f` is run again.

    Raises `ConversionError` for a `grad` that does not take the variables, or returns too few derivatives.

    Example
    -------
    >>> from adkit.styles import tensorflow as tf
    >>> @tf.custom_gradient
    ... def clipped(x):
    ...     return x, lambda upstream: tf.clip_by_norm(upstream, 0.5)
    >>> x = tf.Variable(2.0)
    >>> with tf.GradientTape() as tape:
    ...     y = clipped(x * x)
    >>> tape.gradient(y, x)
    <tf.Tensor: shape=(), dtype=float32, numpy=2.0>
    """

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return _Call(f, args, kwargs).result()

    return call


class _Call:
    """One call: the tensors among the arguments, the variables that the function reads, and what it returned."""

    def __init__(self, f: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.f, self.kwargs = f, kwargs
        self.arguments = args
        leaves = flatten(list(args))
        self.places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Value) or type(leaf) is float]
        self.leaves = leaves
        self.inputs = [leaf if isinstance(leaf, Value) else convert_to_tensor(leaf) for leaf in self._placed(leaves)]
        self.variables: list[Variable] = []
        self.made: Any = None  # what the first run returned, for the first call of the rule

    def _placed(self, leaves: Sequence[Any]) -> list[Any]:
        return [leaves[i] for i in self.places]

    def result(self) -> Any:
        """The value, with the rule where something records."""
        reads = [value._read() for value in self.inputs]
        self.made = self._run([Tensor(untraced(x)) for x in reads], None)
        reads += [variable._read() for variable in self.variables]
        custom = CustomFunction(lambda *values: self._value(), None, self._rule)
        custom.name = custom.row.name = getattr(self.f, "__name__", "custom_gradient")
        custom.push_row.name, custom.pull_row.name = f"{custom.name}_jvp", f"{custom.name}_vjp"
        with SCOPE:
            results = custom(*reads)
        structure = self.structure
        return pack_sequence_as(structure, [wrap(r) for r in results])

    def _run(self, tensors: Sequence[Any], values: Sequence[Any] | None) -> tuple[list[Any], Function]:
        """Run the function: its results, and the function of upstream gradients that it returned.

        Nothing records meanwhile. The variables it reads are noted, or have these values.
        """
        leaves = list(self.leaves)
        for i, made in zip(self.places, tensors, strict=True):
            leaves[i] = made
        before, state.accessed = state.accessed, []
        given = [_plain_of(v) for v in self.variables] if values is None else values
        try:
            with recording.unrecorded(), _Bound(self.variables, given):
                returned = self.f(*pack_sequence_as(list(self.arguments), leaves), **self.kwargs)
            accessed = state.accessed
        finally:
            state.accessed = before
        if values is None:
            among = {id(leaf) for leaf in self.inputs}
            found = {id(v): v for v in accessed if v.trainable and id(v) not in among}
            self.variables = list(found.values())
        if not isinstance(returned, tuple) or len(returned) != 2 or not callable(returned[1]):
            raise at_line(
                ConversionError,
                "a function under tf.custom_gradient did not return its value and a function of upstream gradients",
                "return (value, grad), where grad(upstream) returns the derivatives",
            )
        result, grad = returned
        self.structure = map_structure(lambda leaf: None, result)
        self._check(grad)
        return [convert_to_tensor(leaf)._read() for leaf in flatten(result)], grad

    def _check(self, grad: Function) -> None:
        """Refuse a function of upstream gradients that does not take the variables that there are."""
        if not self.variables:
            return
        parameters = inspect.signature(grad).parameters.values()
        if not any(p.name == "variables" or p.kind is p.VAR_KEYWORD for p in parameters):
            names = ", ".join(variable.name for variable in self.variables)
            raise at_line(
                ConversionError,
                f"the function reads the variables {names}, and its grad does not accept the argument 'variables'",
                "write def grad(*upstream, variables=None) and return (derivatives, derivatives by the variables)",
            )

    def _value(self) -> tuple[Any, ...]:
        return tuple(untraced(value) for value in self.made[0])

    def _rule(self, *values: Any) -> tuple[tuple[Any, ...], Function]:
        """The rule as the core calls it: at the first time what has been computed, then anew at these values."""
        made, self.made = self.made, None
        count = len(self.places)
        if made is None:
            made = self._run([_tensor(x) for x in values[:count]], values[count:])
        results, grad = made

        def pullback(cotangents: Sequence[Any]) -> tuple[Any, ...]:
            with recording.unrecorded(), _Bound(self.variables, values[count:]):
                pulled = self._pulled(grad, [_tensor(g) for g in cotangents])
            return tuple(pulled)

        return tuple(results), pullback

    def _pulled(self, grad: Function, upstream: list[Any]) -> list[Any]:
        if self.variables:
            pulled, by_variables = grad(*upstream, variables=self.variables)
            found = [*flatten(pulled), *flatten(by_variables)]
        else:
            found = flatten(grad(*upstream))
        wanted = len(self.places) + len(self.variables)
        if len(found) != wanted:
            raise at_line(
                ConversionError,
                f"custom gradient function returned {len(found)} derivatives for {wanted} arguments and variables",
                "return one for each, None for one without derivative",
            )
        return [None if g is None else _fitted(g) for g in found]


def _fitted(g: Any) -> Any:
    return convert_to_tensor(g)._read()


def _tensor(value: Any) -> Tensor:
    """A value of the core's as a tensor that holds its own node."""
    made = Tensor(untraced(value))
    if isinstance(value, TracedArray) and value.node is not None:
        made._owner, made._node = recording.HELD, value.node
    return made


def _plain_of(variable: Variable) -> Any:
    return variable._value


class _Bound:
    """Within this block variables have these values, with which they are read."""

    def __init__(self, variables: Sequence[Variable], values: Sequence[Any]) -> None:
        self.variables, self.values = variables, values

    def __enter__(self) -> None:
        self.before = [(v._value, v._owner, v._node, v._epoch) for v in self.variables]
        for variable, value in zip(self.variables, self.values, strict=True):
            made = _tensor(value)
            variable._value, variable._owner, variable._node = made._value, made._owner, getattr(made, "_node", None)

    def __exit__(self, *exc: object) -> None:
        for variable, before in zip(self.variables, self.before, strict=True):
            variable._value, variable._owner, variable._node, variable._epoch = before
