"""Values of expressions: every operation run on traced or plain values, in order, at the user's place of it.

Not for: compiled functions, which record this once (`programs`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...handle import TracedArray
from ...nodes import next_id, state
from ...primitives.elementwise import positive
from .graph import Constant, Variable, leaves, order

__adkit__ = True


class Context:
    """What operations may read while they run.

    Attributes
    ----------
    since: recordings made before it are another's; derivatives sweep back to it.
    display: gives sizes names, where the values are stand-ins and only the formula counts (`formulas`).
    """

    def __init__(self, display: Any = None) -> None:
        self.since = next_id()
        self.display = display
        self.values: dict[Variable, Any] = {}


def evaluate(outputs: Sequence[Variable], known: Mapping[Variable, Any], context: Context) -> list[Any]:
    """The values of `outputs` for known values of the variables that they need, traced or plain.

    Example
    -------
    >>> import numpy
    >>> from adkit.styles.theano import tensor as T
    >>> x = T.dvector("x")
    >>> evaluate([T.sum(x**2)], {x: numpy.array([1.0, 2.0])}, Context())
    [np.float64(5.0)]
    """
    values: dict[Variable, Any] = dict(known)
    span = state.span
    try:
        for apply in order(outputs, values):
            operands = [_value(v, values) for v in apply.inputs]
            state.span = (apply.code, apply.lasti)
            for variable, value in zip(apply.outputs, apply.op.run(context, apply, operands), strict=True):
                values.setdefault(variable, _own(value, operands))
    finally:
        state.span = span
    return [_value(v, values) for v in outputs]


def _value(variable: Variable, values: Mapping[Variable, Any]) -> Any:
    return variable.data if isinstance(variable, Constant) and variable not in values else values[variable]


def _own(value: Any, operands: Sequence[Any]) -> Any:
    """A result with a node of its own, so that a derivative by it is not one by its operand."""
    if not isinstance(value, TracedArray) or value.node is None:
        return value
    if any(isinstance(o, TracedArray) and o.node is value.node for o in operands):
        return positive(value)
    return value


def missing(outputs: Sequence[Variable], known: Mapping[Variable, Any]) -> list[Variable]:
    """The variables that `outputs` need and that are not known."""
    return leaves(outputs, known)
