"""`theano.ifelse`: a choice between expressions by one truth value. Not for: a choice per element (`T.switch`)."""

from __future__ import annotations

from typing import Any

from .errors import GraphError, at_line
from .graph import Apply, Operation, TensorType, Variable, as_variable

__adkit__ = True


class Choice(Operation):
    """One of two lists of expressions. The truth is a guard, so a program computes the chosen ones alone."""

    def run(self, context: Any, apply: Apply, operands: list[Any]) -> list[Any]:
        n = len(apply.outputs)
        return operands[1 : 1 + n] if bool(operands[0]) else operands[1 + n :]


CHOICE = Choice("ifelse", lambda: None, lambda c, a, b: a.type)


def ifelse(condition: Any, then_branch: Any, else_branch: Any, name: str | None = None) -> Any:
    """`then_branch` if the scalar condition holds, else `else_branch`; lists of expressions give a list.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> a, b = T.dscalars("a", "b")
    >>> ifelse(T.lt(a, b), a, b).eval({a: 1.0, b: 2.0})
    array(1.)
    """
    test = as_variable(condition)
    if test.ndim:
        raise at_line(GraphError, f"the condition of ifelse has {test.ndim} dimensions", "use T.switch per element")
    several = isinstance(then_branch, (list, tuple))
    yes = [as_variable(v) for v in (then_branch if several else [then_branch])]
    no = [as_variable(v) for v in (else_branch if several else [else_branch])]
    if len(yes) != len(no) or any(a.ndim != b.ndim for a, b in zip(yes, no, strict=True)):
        raise at_line(GraphError, "the branches of ifelse have different types", "give expressions of equal dimensions")
    made = Apply(CHOICE, (test, *yes, *no), {}, [_type(a, b) for a, b in zip(yes, no, strict=True)])
    return list(made.outputs) if several else made.outputs[0]


def _type(a: Variable, b: Variable) -> TensorType:
    from .inference import promoted

    pattern = tuple(x and y for x, y in zip(a.broadcastable, b.broadcastable, strict=True))
    return TensorType(promoted([a, b]), pattern)
