"""The expression graph: `TensorType`, `Variable`, `Apply`, `Operation`. Recorded without values.

A variable knows its dtype, its number of dimensions and which of these have length 1; how long the others are is known
only when a compiled function is called. What an operation computes is a function of `adkit.numpy`, which takes traced
and plain arrays alike. Not for: values (`evaluation`), what the user calls (`tensor`), derivatives (`differentiation`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy

from ...source import user_location
from .errors import GraphError, SymbolicError, at_line, unsupported

__adkit__ = True

_NAMES = {0: "scalar", 1: "vector", 2: "matrix"}
_PATTERNS: dict[tuple[bool, ...], str] = {(True, False): "row", (False, True): "col"}


class TensorType:
    """A dtype and, per dimension, whether its length is 1 and so broadcasts; called, it makes a variable.

    Two types with equal parts are the same object.

    Example
    -------
    >>> TensorType("float64", (False, False))
    TensorType(float64, matrix)
    >>> TensorType("float64", ()) is TensorType("float64", ())
    True
    """

    dtype: str
    broadcastable: tuple[bool, ...]
    _known: dict[Any, TensorType] = {}

    def __new__(cls, dtype: Any, broadcastable: Iterable[Any] = (), name: str | None = None) -> TensorType:
        key = str(numpy.dtype(dtype)), tuple(map(bool, broadcastable))
        made = cls._known.get(key)
        if made is None:
            made = cls._known[key] = super().__new__(cls)
            made.dtype, made.broadcastable = key
        return made

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.broadcastable)

    @property
    def numpy_dtype(self) -> numpy.dtype:
        """The dtype as NumPy's object."""
        return numpy.dtype(self.dtype)

    def __call__(self, name: str | None = None) -> Variable:
        return Variable(self, name=name)

    make_variable = __call__

    def clone(self, dtype: Any = None, broadcastable: Any = None) -> TensorType:
        """The type with another dtype or pattern."""
        return TensorType(dtype or self.dtype, self.broadcastable if broadcastable is None else broadcastable)

    def __repr__(self) -> str:
        if any(self.broadcastable):
            shape = _PATTERNS.get(self.broadcastable, str(self.broadcastable))
        else:
            shape = _NAMES.get(self.ndim, f"{self.ndim}D")
        return f"TensorType({self.dtype}, {shape})"

    def __reduce__(self) -> Any:
        return TensorType, (self.dtype, self.broadcastable)


class Operation:
    """What an `Apply` does.

    Attributes
    ----------
    name: as printed.
    function: computes the results from the values of the operands, as keywords the parameters.
    infer: the type of the result from the operands and parameters.
    symbol: how it is written with operators, such as "{0} + {1}", where it is no call.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        infer: Callable[..., TensorType],
        symbol: str | None = None,
    ) -> None:
        self.name, self.function, self.infer, self.symbol = name, function, infer, symbol

    def run(self, context: Any, apply: Apply, operands: list[Any]) -> Sequence[Any]:
        """The values of the outputs."""
        return (self.function(*operands, **apply.params),)

    def __call__(self, *operands: Any, **params: Any) -> Variable:
        inputs = tuple(as_variable(operand) for operand in operands)
        return Apply(self, inputs, params, (self.infer(*inputs, **params),)).outputs[0]

    def __repr__(self) -> str:
        return self.name


class Apply:
    """An operation on operands, at a place of the user's code, and the variables that it gives."""

    __slots__ = ("op", "inputs", "params", "outputs", "code", "lasti")

    def __init__(
        self, op: Operation, inputs: tuple[Variable, ...], params: dict[str, Any], types: Iterable[TensorType]
    ) -> None:
        self.op, self.inputs, self.params = op, inputs, params
        self.code: CodeType | None
        self.code, self.lasti = user_location(sys._getframe(1))
        self.outputs = tuple(Variable(t, self, i) for i, t in enumerate(types))

    def __repr__(self) -> str:
        return f"{self.op.name}({', '.join(map(str, self.inputs))})"


class Variable:
    """A symbolic value. Its operators and methods are attached by `tensor.methods`."""

    auto_name: str | None = None
    __array_priority__ = 2000

    if TYPE_CHECKING:  # attached by `tensor.methods`

        def __add__(self, other: Any) -> Variable: ...
        def __radd__(self, other: Any) -> Variable: ...
        def __sub__(self, other: Any) -> Variable: ...
        def __rsub__(self, other: Any) -> Variable: ...
        def __mul__(self, other: Any) -> Variable: ...
        def __rmul__(self, other: Any) -> Variable: ...
        def __truediv__(self, other: Any) -> Variable: ...
        def __pow__(self, other: Any) -> Variable: ...
        def __neg__(self) -> Variable: ...
        def __lt__(self, other: Any) -> Variable: ...
        def __gt__(self, other: Any) -> Variable: ...
        def __getitem__(self, index: Any) -> Variable: ...

    def __init__(self, type: TensorType, owner: Apply | None = None, index: int = 0, name: str | None = None) -> None:
        self.type, self.owner, self.index, self.name = type, owner, index, name
        self._compiled: dict[Any, Any] = {}

    # -- what is known without a value

    @property
    def dtype(self) -> str:
        """The dtype's name."""
        return self.type.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.type.ndim

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """Per dimension whether its length is 1."""
        return self.type.broadcastable

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise at_line_attribute(self, name)

    def eval(self, inputs_to_values: Mapping[Variable, Any] | None = None) -> Any:
        """The value for given values of variables (or of their names); a function compiled for them is kept.

        Example
        -------
        >>> from adkit.styles.theano import tensor as T
        >>> x, y = T.dscalars("x", "y")
        >>> (x + y).eval({x: 16.3, y: 12.1})
        array(28.4)
        """
        from .functions import function

        given = dict(inputs_to_values or {})
        if any(isinstance(key, str) for key in given):
            named: dict[Any, Variable] = {v.name: v for v in leaves([self]) if v.name}
            given = {named.get(key, key): value for key, value in given.items()}
        key = tuple(given)
        if key not in self._compiled:
            self._compiled[key] = function(list(key), self, on_unused_input="ignore")
        return self._compiled[key](*given.values())

    # -- what Python asks of a value

    def __bool__(self) -> bool:
        raise self._no_value(
            "a Python branch needs the truth of a symbolic value, which has none until the compiled function is called",
            "write T.switch(condition, a, b), or theano.ifelse.ifelse for scalars; loops that end on a condition are "
            "theano.scan with theano.scan_module.until",
        )

    def __float__(self) -> float:
        raise self._no_value("float(...) needs a value", "use T.cast(x, 'float64'), or x.eval({...}) for a number")

    def __int__(self) -> int:
        raise self._no_value("int(...) needs a value", "use T.cast(x, 'int64'), or x.eval({...}) for a number")

    def __index__(self) -> int:
        raise self._no_value(
            "range(...) and plain arrays need a number", "use theano.scan(..., n_steps=n) for a loop, and T.arange(n)"
        )

    def __complex__(self) -> complex:
        raise self._no_value("complex(...) needs a value", "use x.eval({...}) for a number")

    def __len__(self) -> int:
        raise self._no_value("the length of a symbolic array is not known", "use x.shape[0], which is symbolic")

    def __iter__(self) -> Any:
        raise self._no_value(
            "the length of a symbolic array is not known, so Python cannot loop over it",
            "use theano.scan(fn, sequences=x), or operations on the whole array",
        )

    def __contains__(self, element: Any) -> bool:
        raise self._no_value("`in` needs values", "use T.any(T.eq(x, element))")

    def _no_value(self, message: str, fix: str) -> SymbolicError:
        return at_line(SymbolicError, f"{self._shown()} is symbolic: {message}", fix)

    def _shown(self) -> str:
        return self.name or f"a {self.type!r}"

    # -- what a %%grad cell asks of a value

    def __adkit_value__(self) -> Any:
        return self

    def __adkit_name__(self) -> str | None:
        return self.name

    def __adkit_ordinary__(self) -> Any:
        return self

    def __adkit_input__(self, make: Any) -> Any:
        raise SymbolicError(
            f"{self._shown()} is symbolic: it has no value to differentiate at",
            fix="compile the expression, f = theano.function([x], y), and call it with a number in the cell: f(2.0)",
        )

    # -- what NumPy asks of a value

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from .tensor import ufunc_counterpart

        counterpart = ufunc_counterpart(ufunc)
        if method != "__call__" or kwargs or counterpart is None:
            raise unsupported(f"numpy.{ufunc.__name__} of a symbolic value", "use the function of T with that name")
        return counterpart(*inputs)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise self._no_value("a plain array needs values", "use T.stack([a, b]) to join, x.eval({...}) for an array")

    def __str__(self) -> str:
        if self.owner is None:
            return self.name or f"<{self.type!r}>"
        from .printing import pp

        return pp(self)

    __repr__ = __str__


TensorVariable = Variable


def at_line_attribute(variable: Variable, name: str) -> Exception:
    """The error for an attribute that variables do not have; an `AttributeError` as Python expects."""
    return AttributeError(f"a symbolic variable has no attribute {name!r} in adkit's Theano style")


class Constant(Variable):
    """A plain value in an expression; a Python number gives way to the dtype of what it meets."""

    def __init__(self, data: Any, name: str | None = None) -> None:
        self.weak = type(data) in (int, float, complex, bool)
        plain = numpy.asarray(data)
        if plain.dtype.kind not in "biufc":
            raise at_line(GraphError, f"{type(data).__name__} is no number or array", "pass numbers or arrays")
        super().__init__(TensorType(plain.dtype, [n == 1 for n in plain.shape]), name=name)
        self.data = data if self.weak else numpy.array(plain)[()]
        if isinstance(self.data, numpy.ndarray):
            self.data.flags.writeable = False

    @property
    def value(self) -> Any:
        """The plain value."""
        return self.data


TensorConstant = Constant


def as_variable(value: Any, name: str | None = None, ndim: int | None = None) -> Variable:
    """A variable as it is; a number or array as a constant; a list with variables in it joined.

    Example
    -------
    >>> as_variable(2.0).dtype, as_variable([1, 2]).ndim
    ('float64', 1)
    """
    if isinstance(value, Variable):
        made = value
    elif isinstance(value, (list, tuple)) and any(_has_variable(v) for v in value):
        from .tensor import stack

        made = stack([as_variable(v) for v in value])
    elif value is None or isinstance(value, (str, dict)):
        raise at_line(GraphError, f"{value!r} is no number, array or variable", "pass a symbolic variable or a number")
    else:
        made = Constant(value, name)
    if ndim is not None and made.ndim != ndim:
        raise at_line(GraphError, f"{made} has {made.ndim} dimensions, not {ndim}", "use dimshuffle or reshape")
    return made


def _has_variable(value: Any) -> bool:
    return isinstance(value, Variable) or (isinstance(value, (list, tuple)) and any(map(_has_variable, value)))


# ------------------------------------------------------------------------------------------------ walking


def order(outputs: Iterable[Variable], known: Collection[Variable] = ()) -> list[Apply]:
    """The operations behind `outputs`, each after those that it needs; stops at `known`. Iterative, for deep graphs."""
    done: set[Apply] = set()
    found: list[Apply] = []
    for output in outputs:
        stack = [output]
        while stack:
            variable = stack[-1]
            apply = variable.owner
            if apply is None or apply in done or variable in known:
                stack.pop()
                continue
            waiting = [v for v in apply.inputs if v.owner is not None and v.owner not in done and v not in known]
            if waiting:
                stack += reversed(waiting)
            else:
                stack.pop()
                done.add(apply)
                found.append(apply)
    return found


def leaves(outputs: Iterable[Variable], known: Collection[Variable] = ()) -> list[Variable]:
    """The variables without an operation that `outputs` are computed from, constants left out, as they are met."""
    outputs = list(outputs)
    found = dict.fromkeys(v for v in outputs if v.owner is None)
    for apply in order(outputs, known):
        found.update(dict.fromkeys(v for v in apply.inputs if v.owner is None))
    return [v for v in found if not isinstance(v, Constant) and v not in known]


def ancestors(outputs: Iterable[Variable]) -> set[Variable]:
    """All variables that `outputs` are computed from, themselves included."""
    outputs = list(outputs)
    found = set(outputs)
    for apply in order(outputs):
        found.update(apply.inputs)
        found.update(apply.outputs)
    return found


def replaced(outputs: Sequence[Variable], instead: Mapping[Variable, Variable]) -> list[Variable]:
    """The same expressions with some variables replaced; the replacements are taken as they are.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x, y = T.dscalars("x", "y")
    >>> replaced([x**2 + y], {x: y})
    [y**2 + y]
    """
    made: dict[Variable, Variable] = dict(instead)
    for apply in order(outputs, instead):
        inputs = tuple(made.get(v, v) for v in apply.inputs)
        if any(a is not b for a, b in zip(inputs, apply.inputs, strict=True)):
            again = Apply(apply.op, inputs, apply.params, [v.type for v in apply.outputs])
            again.code, again.lasti = apply.code, apply.lasti
            for old, new in zip(apply.outputs, again.outputs, strict=True):
                new.name = old.name
                made.setdefault(old, new)
    return [made.get(v, v) for v in outputs]
