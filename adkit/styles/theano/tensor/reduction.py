"""Reductions along axes: `sum mean prod max min argmax any all var std cumsum norm …`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from .... import numpy as anp
from ..graph import Apply, Operation, TensorType, Variable, as_variable
from ..inference import axes_of, reduced, reduction

__adkit__ = True


class Mean(Operation):
    """The mean. For display it is the sum over the number of elements, which a formula names."""

    def run(self, context: Any, apply: Apply, operands: list[Any]) -> Any:
        axis, keepdims = apply.params.get("axis"), apply.params.get("keepdims", False)
        if context.display is None or context.display.size_of(apply.inputs[0], operands[0], axis) is None:
            return super().run(context, apply, operands)
        count = context.display.size_of(apply.inputs[0], operands[0], axis)
        return (anp.sum(operands[0], axis=axis, keepdims=keepdims) / count,)


def _reduction(name: str, function: Callable[..., Any], kind: type[Operation] = Operation) -> Operation:
    return kind(name, function, reduction(function))


REDUCTIONS = {
    name: _reduction(name, getattr(anp, name)) for name in ("sum", "prod", "max", "min", "any", "all", "var", "std")
}
REDUCTIONS["mean"] = _reduction("mean", anp.mean, Mean)
_CUMULATIVE = {
    name: Operation(
        name,
        getattr(anp, name),
        lambda x, axis=None: TensorType(_summed(x), x.broadcastable if axis is not None else (False,)),
    )
    for name in ("cumsum", "cumprod")
}


@functools.lru_cache(maxsize=64)
def _summed_dtype(dtype: numpy.dtype) -> str:
    return str(numpy.sum(numpy.ones(1, dtype)).dtype)


def _summed(x: Variable) -> str:
    return _summed_dtype(x.type.numpy_dtype)


def _call(name: str, x: Any, axis: Any, keepdims: bool, dtype: Any = None) -> Variable:
    made = as_variable(x)
    params: dict[str, Any] = {} if axis is None else {"axis": axes_of(axis, made.ndim)}
    if keepdims:
        params["keepdims"] = True
    result = REDUCTIONS[name](made, **params)
    if dtype is None:
        return result
    from .elementwise import cast

    return cast(result, dtype)


def sum(input: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None) -> Variable:
    """The sum of all elements, or along `axis`.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x = T.dmatrix("x")
    >>> sum(x, axis=0).eval({x: [[1.0, 2.0], [3.0, 4.0]]})
    array([4., 6.])
    """
    return _call("sum", input, axis, keepdims, dtype)


def prod(input: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None) -> Variable:
    """The product of all elements, or along `axis`."""
    return _call("prod", input, axis, keepdims, dtype)


def mean(input: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None) -> Variable:
    """The mean of all elements, or along `axis`."""
    return _call("mean", input, axis, keepdims, dtype)


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Variable:
    """The largest element, or those along `axis`; ties share the derivative evenly."""
    return _call("max", x, axis, keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Variable:
    """The smallest element, or those along `axis`; ties share the derivative evenly."""
    return _call("min", x, axis, keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Variable:
    """Whether any element is true."""
    return _call("any", x, axis, keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Variable:
    """Whether all elements are true."""
    return _call("all", x, axis, keepdims)


def var(input: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False) -> Variable:
    """The variance, divided by the number of elements less `ddof`."""
    made = as_variable(input)
    squares = (made - mean(made, axis, keepdims=True)) ** 2
    if not ddof:
        return mean(squares, axis, keepdims=keepdims)
    from .shaping import count_along

    return sum(squares, axis, keepdims=keepdims) / (count_along(made, axis) - ddof)


def std(input: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False) -> Variable:
    """The standard deviation."""
    from .elementwise import OPERATIONS

    return OPERATIONS["sqrt"](var(input, axis, ddof, keepdims))


def ptp(a: Any, axis: Any = None) -> Variable:
    """The largest minus the smallest element."""
    return max(a, axis) - min(a, axis)


def _position(name: str) -> Operation:
    def infer(x: Variable, axis: int | None = None, keepdims: bool = False) -> TensorType:
        return TensorType("int64", reduced(x.broadcastable, axis, keepdims))

    return Operation(name, getattr(anp, name), infer)


_POSITIONS = {"argmax": _position("argmax"), "argmin": _position("argmin")}


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Variable:
    """Where the largest element is, in the flattened array or along one axis."""
    params = ({} if axis is None else {"axis": axis}) | ({"keepdims": True} if keepdims else {})
    return _POSITIONS["argmax"](x, **params)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Variable:
    """Where the smallest element is, in the flattened array or along one axis."""
    params = ({} if axis is None else {"axis": axis}) | ({"keepdims": True} if keepdims else {})
    return _POSITIONS["argmin"](x, **params)


def max_and_argmax(a: Any, axis: int | None = None, keepdims: bool = False) -> tuple[Variable, Variable]:
    """The largest elements, and where they are."""
    return max(a, axis, keepdims), argmax(a, axis, keepdims)


def cumsum(x: Any, axis: int | None = None) -> Variable:
    """The sums of the elements up to each one, of the flattened array without an axis."""
    return _CUMULATIVE["cumsum"](x, **({} if axis is None else {"axis": axis}))


def cumprod(x: Any, axis: int | None = None) -> Variable:
    """The products of the elements up to each one, of the flattened array without an axis."""
    return _CUMULATIVE["cumprod"](x, **({} if axis is None else {"axis": axis}))


def norm(x: Any, ord: Any, axis: Any = None, keepdims: bool = False) -> Variable:
    """The 1-, 2- or p-norm of the elements along `axis`; "inf" for the largest magnitude, 0 for the count."""
    from .elementwise import OPERATIONS

    made = OPERATIONS["abs_"](as_variable(x))
    if ord in ("inf", float("inf")):
        return max(made, axis, keepdims)
    if ord == 0:
        return sum(OPERATIONS["neq"](made, 0), axis, keepdims=keepdims)
    if ord == 1:
        return sum(made, axis, keepdims=keepdims)
    return sum(made**ord, axis, keepdims=keepdims) ** (1.0 / ord)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Variable:
    """log Σ exp(x), without overflow."""
    from .elementwise import OPERATIONS

    made = as_variable(x)
    params: dict[str, Any] = {} if axis is None else {"axis": axes_of(axis, made.ndim)}
    top = STOPPED(REDUCTIONS["max"](made, keepdims=True, **params))
    total = OPERATIONS["log"](sum(OPERATIONS["exp"](made - top), axis, keepdims=True)) + top
    return total if keepdims else sum(total, axis)


def _stopped(x: Any) -> Any:
    from ....transforms import stop_gradient

    return stop_gradient(x)


STOPPED = Operation("disconnected_grad", _stopped, lambda x: x.type)
