"""`theano.function`: a compiled function of symbolic variables, with updates of shared ones.

Not for: what a call runs (`calls`), and programs (`programs`).
"""

from __future__ import annotations

import inspect
import keyword
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from ...handle import is_traced, untraced
from ...nodes import open_recording
from ...tracing import is_tracing
from .calls import entry
from .compiling import Compiled, traced
from .differentiation import Derivative
from .errors import ArgumentError, GraphError, MissingInputError, UnusedInputError, at_line, unsupported
from .graph import Apply, Constant, Variable, ancestors, as_variable, leaves, order, replaced
from .randomness import RandomVariable
from .shared import SharedVariable
from .watching import watched

__adkit__ = True


class In:
    """An input of `function` with a default value or a name of its own.

    Example
    -------
    >>> from adkit.styles.theano import function, tensor as T
    >>> x, y = T.dscalars("x", "y")
    >>> f = function([x, In(y, value=1.0)], x + y)
    >>> f(2.0), f(2.0, y=5.0)
    (array(3.), array(7.))
    """

    def __init__(
        self,
        variable: Variable,
        name: str | None = None,
        value: Any = None,
        update: Any = None,
        mutable: Any = None,
        strict: bool = False,
        borrow: Any = None,
        allow_downcast: bool | None = None,
        **options: Any,
    ) -> None:
        if update is not None:
            raise unsupported("In(update=...)", "use theano.shared for the state, and updates= of theano.function")
        self.variable, self.name, self.value = variable, name or variable.name, value
        self.strict, self.allow_downcast = strict, allow_downcast


Param = In


class Out:
    """An output of `function`."""

    def __init__(self, variable: Variable, borrow: bool = False) -> None:
        self.variable, self.borrow = variable, borrow


def missing_input(variable: Variable) -> MissingInputError:
    """The error for a variable that a result needs and nobody gives."""
    return at_line(
        MissingInputError,
        f"{variable._shown()} is needed for the outputs, and is neither an input of the function nor shared",
        "put it into the list of inputs, or into givens=",
    )


# ------------------------------------------------------------------------------------------------ the function


def _read(outputs: Sequence[Variable]) -> set[Variable]:
    """The variables whose values are read in any case: those that outputs reach without going through a derivative."""
    seen: set[Variable] = set(outputs)
    stack = list(seen)
    while stack:
        apply = stack.pop().owner
        if apply is not None and not isinstance(apply.op, Derivative):
            new = [v for v in apply.inputs if v not in seen]
            seen.update(new)
            stack += new
    return seen


def _signature(inputs: Sequence[In]) -> inspect.Signature:
    """The parameters under the names of the inputs, which a trace of a call shows."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    names: list[str] = []
    for i, one in enumerate(inputs):
        usable = one.name and one.name.isidentifier() and not keyword.iskeyword(one.name) and one.name not in names
        names.append(str(one.name) if usable else f"input_{i + 1}")
    return inspect.Signature([inspect.Parameter(name, kind) for name in names])


class _Graph:
    """`function.maker.fgraph`: the inputs, the outputs and the operations of a compiled function."""

    def __init__(self, inputs: Sequence[Variable], outputs: Sequence[Variable]) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)

    def toposort(self) -> list[Apply]:
        """The operations in an order in which they can run."""
        return order(self.outputs)


class _Maker:
    def __init__(self, inputs: Sequence[Variable], outputs: Sequence[Variable]) -> None:
        self.inputs = list(inputs)
        self.fgraph = _Graph(inputs, outputs)


class Function:
    """What `function` returns. Called with values it returns arrays; called with traced values, traced ones.

    Attributes
    ----------
    maker: `maker.fgraph.outputs` and `.inputs`, the symbolic variables.
    name: the name given to `function`.
    """

    def __init__(
        self,
        inputs: list[In],
        outputs: list[Variable],
        pack: Callable[[list[Any]], Any],
        updates: dict[SharedVariable, Variable],
        downcast: bool | None,
        name: str | None,
    ) -> None:
        self.inputs, self.outputs, self.pack, self.updates = inputs, outputs, pack, updates
        self.downcast, self.name, self.single = downcast, name, pack is _single
        self.variables = [i.variable for i in inputs]
        self.maker = _Maker(self.variables, outputs)
        every = [*outputs, *updates.values()]
        found = leaves(every, self.variables)
        self.shared = [v for v in found if isinstance(v, SharedVariable)]
        self.random = [v for v in found if isinstance(v, RandomVariable)]
        for v in dict.fromkeys(s for r in self.random for s in leaves(r.sizes, self.variables)):
            if isinstance(v, SharedVariable) and v not in self.shared:
                self.shared.append(v)
        self.absent = [v for v in found if not isinstance(v, (SharedVariable, RandomVariable))]
        self.__signature__ = _signature(inputs)
        self._prepare(every)

    def _prepare(self, every: list[Variable]) -> None:
        from .lengths import Lengths

        if self.absent:  # a derivative may not need the value of a variable that it goes through, only its shape
            self.lengths = Lengths(every)
            needed = _read(every)
            for v in self.absent:
                if v in needed or not self.lengths.known(v, [*self.variables, *self.shared]):
                    raise missing_input(v)
        given = [*self.variables, *self.shared]
        self.compiled = Compiled(every, [*given, *self.random, *self.absent])
        self.compiled.forbidden = set(range(len(given) + len(self.random), len(self.compiled.variables)))
        self.sizes = [Compiled(r.sizes, given) if r.sizes else None for r in self.random]
        self._call = entry(self, self._slowly, self._others)

    # -- calls

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != len(self.inputs):
            args = self._arguments(args, kwargs)
        return self._call(*args)

    def _arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments in the order of the inputs, with defaults."""
        if len(args) > len(self.inputs):
            message = f"the function takes {len(self.inputs)} inputs, and got {len(args)}"
            raise at_line(ArgumentError, message, "pass as many values as the list of inputs has variables")
        made = list(args)
        for one in self.inputs[len(args) :]:
            if one.name in kwargs:
                made.append(kwargs.pop(one.name))
            elif one.value is not None:
                made.append(one.value)
            else:
                raise at_line(ArgumentError, f"the input {one.name} has no value", "pass it, or give In(..., value=)")
        if kwargs:
            names = ", ".join(str(i.name) for i in self.inputs)
            message = f"there is no input {next(iter(kwargs))!r} that is still to be given; the inputs are {names}"
            raise at_line(ArgumentError, message, "name an input once")
        return tuple(made)

    def _others(self, *given: Any) -> list[Any]:
        """The values of random variables, drawn now, and stand-ins for variables of which only the shape counts."""
        made = []
        for variable, sizes in zip(self.random, self.sizes, strict=True):
            made.append(variable.draw(sizes.run(given) if sizes else ()))
        known = dict(zip([*self.variables, *self.shared], given, strict=True))
        for v in self.absent:
            shape = self.lengths.shape(v, known)
            made.append(numpy.full(shape, 0.5, v.type.numpy_dtype)[()])
        return made

    def _slowly(self, *given: Any) -> Any:
        """A call with traced values."""
        values = [v if is_traced(v) and is_tracing() else untraced(v) for v in given]
        record = open_recording.get()
        if record is not None and not self.updates:
            n = len(self.inputs)
            values[:n] = watched(record, self.variables, values[:n])
        if not any(is_traced(v) for v in values):
            made = list(self.compiled.run([*values, *self._others(*values)]))
            return self._finished([numpy.asarray(m) for m in made])
        rest = self._others(*map(untraced, values))
        made = traced(self.compiled.outputs, self.compiled.variables, [*values, *rest])
        return self._finished(made)

    def _finished(self, made: list[Any]) -> Any:
        """The results of a call, after the updates."""
        for target, value in zip(self.updates, made[len(self.outputs) :], strict=True):
            target.put(value)
        return self.pack(made[: len(self.outputs)])

    # -- other ways to use it

    def copy(
        self,
        share_memory: bool = False,
        swap: Mapping[Any, Any] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
        profile: Any = None,
    ) -> Function:
        """The function again, with other shared variables in the place of some (`swap`), or without its updates."""
        instead: dict[Variable, Variable] = {}
        for old, new in (swap or {}).items():
            if not isinstance(new, Variable) or new.type is not getattr(old, "type", None):
                raise at_line(GraphError, "swap needs shared variables of one type", "pass {old: new}")
            instead[old] = new
        updates = {} if delete_updates else self.updates
        every = replaced([*self.outputs, *updates.values()], instead)
        n = len(self.outputs)
        again = {_shared(instead.get(k, k)): v for k, v in zip(updates, every[n:], strict=True)}
        return Function(self.inputs, every[:n], self.pack, again, self.downcast, name or self.name)

    @property
    def sources(self) -> list[str]:
        """The NumPy source of the programs that calls have made so far, one per combination of shapes."""
        return list(self.compiled.sources)

    def __repr__(self) -> str:
        named = ", ".join(str(i.name) for i in self.inputs)
        return f"<theano function {self.name or ''}({named})>".replace(" (", "(")


# ------------------------------------------------------------------------------------------------ compiling


def _single(made: list[Any]) -> Any:
    return made[0]


def _nothing(made: list[Any]) -> Any:
    return []


def _listed(made: list[Any]) -> Any:
    return made


def _outputs(given: Any) -> tuple[list[Variable], Callable[[list[Any]], Any]]:
    if given is None:
        return [], _no_result
    if isinstance(given, dict):
        keys = list(given)
        variables = [_output(given[k]) for k in keys]
        return variables, lambda made: dict(zip(keys, made, strict=True))
    if isinstance(given, (list, tuple)):
        return [_output(v) for v in given], _listed if given else _nothing
    return [_output(given)], _single


def _no_result(made: list[Any]) -> Any:
    return None


def _output(value: Any) -> Variable:
    return as_variable(value.variable if isinstance(value, Out) else value)


def pairs(given: Any, what: str) -> list[tuple[Variable, Variable]]:
    """Updates or givens, which come as a dictionary or as pairs."""
    items = given.items() if isinstance(given, Mapping) else (given or [])
    made = []
    for item in items:
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            raise at_line(GraphError, f"{what} has {item!r}", "pass pairs (variable, expression), or a dictionary")
        made.append((item[0], as_variable(item[1])))
    return made


def _shared(target: Variable) -> SharedVariable:
    if not isinstance(target, SharedVariable):
        raise at_line(GraphError, f"updates= has {target!r}, which is not shared", "make it with theano.shared(value)")
    return target


def _update(target: SharedVariable, value: Variable) -> Variable:
    """The expression in the type of the shared variable that it updates."""
    from .tensor.elementwise import cast

    if value.ndim != target.ndim:
        message = f"an update of {target._shown()} has {value.ndim} dimensions, not {target.ndim}"
        raise at_line(GraphError, message, "update it with an expression of its own type")
    if value.dtype == target.dtype:
        return value
    if not numpy.can_cast(value.dtype, target.dtype, "same_kind") and not _is_weak(value):
        message = f"an update of {target._shown()} is of dtype {value.dtype}, not {target.dtype}"
        raise at_line(GraphError, message, f"use T.cast(update, {target.dtype!r})")
    if value.type.numpy_dtype.itemsize > target.type.numpy_dtype.itemsize and not _is_weak(value):
        message = f"an update of {target._shown()} is of dtype {value.dtype}, wider than {target.dtype}"
        raise at_line(GraphError, message, f"use T.cast(update, {target.dtype!r})")
    return cast(value, target.dtype)


def _is_weak(value: Variable) -> bool:
    return isinstance(value, Constant) and value.weak


def function(
    inputs: Any,
    outputs: Any = None,
    mode: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = "raise",
) -> Function:
    """A function of values, compiled from symbolic inputs and outputs.

    Parameters
    ----------
    inputs: variables, or `In` with a default value.
    outputs: an expression, a list, a dictionary, or `None` where only updates matter. Results are arrays.
    updates: pairs of a shared variable and the expression that is its value after the call; all see the old values.
    givens: pairs of a variable and what to compute with in its place.
    allow_input_downcast: whether values may lose precision on their way in; `None` allows it for Python's floats.
    on_unused_input: "raise", "warn" or "ignore".
    mode, profile, accept_inplace, rebuild_strict: accepted; here they change nothing.

    The program is recorded when values of new shapes come. Called with traced values, inside `adkit.grad` or a
    `%%grad` cell, it is part of that recording.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x = T.dscalar("x")
    >>> f = function([x], T.grad(x**2, x))
    >>> f(4.0)
    array(8.)
    """
    given = [i if isinstance(i, In) else _input(i) for i in _as_list(inputs)]
    results, pack = _outputs(outputs)
    instead = dict(pairs(givens, "givens="))
    changed = pairs(updates, "updates=")
    targets = {_shared(target): _update(_shared(target), value) for target, value in changed}
    if len(targets) < len(changed):
        raise at_line(GraphError, "updates= names a shared variable twice", "give one expression for each")
    every = [*results, *targets.values()]
    if not no_default_updates:
        for v in leaves(every):
            if isinstance(v, SharedVariable) and v.default_update is not None and v not in targets:
                targets[v] = _update(v, v.default_update)
                every.append(targets[v])
    if instead:
        every = replaced(every, {old: _alias(old, new) for old, new in instead.items()})
    n = len(results)
    _check_inputs(given, every, on_unused_input or "raise")
    keep_random = bool(no_default_updates)
    made = Function(given, every[:n], pack, dict(zip(targets, every[n:], strict=True)), allow_input_downcast, name)
    if keep_random:
        made.random = [r.frozen() for r in made.random]
    return made


def _as_list(inputs: Any) -> list[Any]:
    if isinstance(inputs, (Variable, In)):
        message = "the inputs of a function are a list"
        raise at_line(GraphError, message, "write function([x], y)")
    return list(inputs)


def _input(value: Any) -> In:
    if isinstance(value, SharedVariable):
        message = f"the shared variable {value._shown()} cannot be an input"
        raise at_line(GraphError, message, "leave it out: its value is used as it is; or replace it with givens=")
    if not isinstance(value, Variable) or isinstance(value, Constant):
        raise at_line(GraphError, f"an input is {value!r}, which is no variable", "pass symbolic variables")
    return In(value)


def _alias(old: Variable, new: Variable) -> Variable:
    """The replacement as a value of its own, of the type of what it replaces."""
    from .tensor.elementwise import cast
    from .tensor.shaping import RETYPED

    if new.ndim != old.ndim:
        message = f"givens= replaces {old._shown()} of {old.ndim} dimensions by an expression of {new.ndim}"
        raise at_line(GraphError, message, "give an expression of the same number of dimensions")
    return RETYPED(cast(new, old.dtype), pattern=old.broadcastable)


def _check_inputs(inputs: list[In], every: list[Variable], unused: str) -> None:
    variables = [i.variable for i in inputs]
    if len(set(variables)) < len(variables):
        raise at_line(UnusedInputError, "a variable is an input twice", "name each input once")
    found = ancestors(every)
    sizes = [s for v in found if isinstance(v, RandomVariable) for s in v.sizes]
    found |= ancestors(sizes)
    for v in variables:
        if v not in found and unused != "ignore":
            message = f"the input {v._shown()} is not used for the outputs"
            if unused == "warn":
                warnings.warn(message, stacklevel=3)
            else:
                raise at_line(UnusedInputError, message, "leave it out, or pass on_unused_input='ignore'")
