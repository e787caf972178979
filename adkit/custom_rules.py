"""`custom_rule`: a Python function with a derivative of its own, as one instruction of the list under its own name.

The function gets plain values, so it may call anything: NumPy in place, C, another program. Where one of the two modes
is missing it is derived from the other by transposing a linear map: the given rule is recorded in its tangents (or
cotangents) and swept back; a rule that cannot be recorded is asked for one unit vector after the other.

A sweep that is itself recorded puts the rule into the list as an instruction `name_vjp` or `name_jvp`, whose own
derivative is found by running the rule on traced values: so orders above 1 work where the rule is written in operations
that adkit traces. Not for: rows of the table (`primitives`).
"""

from __future__ import annotations

import copy
import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from . import backends
from .dtypes import numpy_dtype
from .errors import AdkitError, InputError, ModeError, UnsupportedError
from .handle import TracedArray, is_traced, untraced
from .linearization import explained
from .nodes import open_recording
from .primitive import OUTPUT_BIT, General
from .pytrees import is_array_leaf
from .seeds import basis, total_size
from .source import user_line
from .sweeps.through import any_traced, pull_through, push_through
from .tracing import is_tracing, record_call

__adkit__ = True

Function = Callable[..., Any]
MOST_UNITS = 1024  # unit vectors that a rule which cannot be recorded is asked for


def _flatten(tree: Any) -> tuple[list[Any], Any]:
    from .trees import optree

    return optree.tree_flatten(tree, none_is_leaf=True)


def _unflatten(structure: Any, leaves: Sequence[Any]) -> Any:
    from .trees import optree

    return optree.tree_unflatten(structure, leaves)


class _Row(General):
    """A row that belongs to one custom rule, and not to the table."""

    def __init__(self, name: str, jvp: Any, vjp: Any) -> None:
        self.name, self.symbol, self._evaluate = name, None, None
        self.residuals = ()
        self.jvp, self.vjp = jvp, vjp
        self._mask = OUTPUT_BIT - 1


class _CallRow(_Row):
    """The function itself: its operands are the array leaves of the arguments."""

    def __call__(self, *operands: Any, **params: Any) -> Any:
        call = params["rule"].fresh()
        record = open_recording.get()
        call.differentiating = any_traced(operands) and not (record is not None and record.batching)
        return record_call(self, operands, {"rule": call})

    def evaluate(self, operands: Any, params: dict[str, Any]) -> Any:
        return _packed(params["rule"].value(list(operands)))


class _DerivedRow(_Row):
    """A rule as an instruction: its operands are those of the function, and then tangents or cotangents."""

    def __init__(self, name: str, run: Callable[..., Any]) -> None:
        super().__init__(name, self._push, self._pull)
        self.run = run

    def evaluate(self, operands: Any, params: dict[str, Any]) -> Any:
        return _packed(self._filled(operands, **params))

    def _filled(self, operands: Sequence[Any], rule: _Application) -> list[Any]:
        """The results, zeros where there is nothing; at operands that need not be those of the first call."""
        rule = copy.copy(rule)
        rule.pullback = None
        made = self.run(rule, list(operands[: rule.count]), list(operands[rule.count :]))
        likes = operands[: rule.count] if self.run is _Application.pull else rule.results
        return [_zeros(like) if m is None else m for m, like in zip(made, likes, strict=True)]

    def _push(self, tangents: Any, out: Any, *operands: Any, rule: _Application) -> Any:
        return _packed(push_through(lambda handles: self._filled(handles, rule), tangents, operands))

    def _pull(self, g: Any, out: Any, *operands: Any, rule: _Application) -> Any:
        given = list(g) if isinstance(g, tuple) else [g]
        return pull_through(lambda handles: self._filled(handles, rule), given, operands)


def _packed(results: Sequence[Any]) -> Any:
    return results[0] if len(results) == 1 else tuple(results)


def _zeros(like: Any) -> Any:
    plain = untraced(like)
    dtype = numpy_dtype(plain)
    return backends.zeros(
        tuple(getattr(plain, "shape", ())), dtype if dtype.kind in "fc" else numpy.dtype(float), plain
    )


# ------------------------------------------------------------------------------------------------ one application


class _Application:
    """One call of a custom function: what its arguments and results look like, and its rules on flat leaves."""

    def __init__(self, custom: CustomFunction, leaves: list[Any], structure: Any, places: list[int]) -> None:
        self.custom, self.leaves, self.structure, self.places = custom, leaves, structure, places
        self.count = len(places)
        self.differentiating = False
        self.pullback: Any = None
        self.results: list[Any] = []  # plain values of the results that are arrays or numbers

    def __repr__(self) -> str:
        return f"<call of {self.custom.name}>"

    def fresh(self) -> _Application:
        """The same call for other operands."""
        return _Application(self.custom, self.leaves, self.structure, self.places)

    def arguments(self, operands: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments of the user's functions."""
        leaves = list(self.leaves)
        for i, operand in zip(self.places, operands, strict=True):
            leaves[i] = operand
        return tuple(_unflatten(self.structure, leaves))

    def value(self, operands: list[Any]) -> list[Any]:
        """The function on plain values."""
        custom = self.custom
        if self.differentiating and custom.vjp is not None:
            out, self.pullback = self._pair(custom.vjp(*self.arguments(operands)), "vjp", "(out, pullback)")
        else:
            out = custom.f(*self.arguments(operands))
        return self.out_leaves(out)

    def out_leaves(self, out: Any) -> list[Any]:
        """The results that are arrays or numbers; the rest is put back by `packed`."""
        leaves, self.out_structure = _flatten(out)
        if any(is_traced(leaf) for leaf in leaves):
            raise self.error(
                "the function closes over a traced value, which its rule knows nothing of",
                "pass the value as an argument",
            )
        self.out_places = [i for i, leaf in enumerate(leaves) if is_array_leaf(leaf) or isinstance(leaf, numpy.bool_)]
        self.out_rest = leaves
        self.results = [untraced(leaves[i]) for i in self.out_places]
        if not self.results:
            raise self.error("the function returned no number and no array", "return what it computes")
        return self.results

    def packed(self, results: Sequence[Any]) -> Any:
        """Results as the user's function returns them."""
        leaves = list(self.out_rest)
        for i, leaf in zip(self.out_places, results, strict=True):
            leaves[i] = leaf
        return _unflatten(self.out_structure, leaves)

    # -- the rules

    def push(self, operands: list[Any], tangents: list[Any]) -> list[Any]:
        """The tangents of the results."""
        if self.custom.jvp is not None:
            return self._given_push(operands, tangents)
        given = [_zeros(x) if t is None else t for x, t in zip(operands, tangents, strict=True)]
        cotangents = [_zeros(out) for out in self.results]

        def pulled(handles: list[Any]) -> list[Any]:
            return [
                _zeros(x) if g is None else g
                for x, g in zip(operands, self._given_pull(operands, handles), strict=True)
            ]

        def by_units() -> list[Any]:
            return self._by_units(cotangents, given, lambda unit: self._given_pull(operands, unit))

        return self._transposed(pulled, given, cotangents, "vjp", [*operands, *given], by_units)

    def pull(self, operands: list[Any], cotangents: list[Any]) -> list[Any]:
        """The cotangents of the operands."""
        given = [_zeros(out) if g is None else g for out, g in zip(self.results, cotangents, strict=True)]
        if self.custom.vjp is not None:
            return self._given_pull(operands, given)
        tangents = [_zeros(x) for x in operands]

        def pushed(handles: list[Any]) -> list[Any]:
            return self._given_push(operands, handles)

        def by_units() -> list[Any]:
            return self._by_units(tangents, given, pushed)

        return self._transposed(pushed, given, tangents, "jvp", [*operands, *given], by_units)

    def _given_push(self, operands: list[Any], tangents: list[Any]) -> list[Any]:
        filled = [_zeros(x) if t is None else t for x, t in zip(operands, tangents, strict=True)]
        primals = self.arguments(operands)
        leaves: list[Any] = [None] * len(self.leaves)
        for i, tangent in zip(self.places, filled, strict=True):
            leaves[i] = tangent
        made = self._called(
            "jvp", self.custom.jvp, (primals, tuple(_unflatten(self.structure, leaves))), operands, filled
        )
        out, tangent = self._pair(made, "jvp", "(out, tangent of out)")
        like = _unflatten(self.out_structure, self.out_rest)
        same, every = self._mirrored(out, like, "jvp", "out"), self._mirrored(tangent, like, "jvp", "tangent of out")
        self._fitted([same[i] for i in self.out_places], self.results, "jvp")
        return self._fitted([every[i] for i in self.out_places], self.results, "jvp")

    def _given_pull(self, operands: list[Any], cotangents: list[Any]) -> list[Any]:
        pullback = self.pullback
        if pullback is None or any_traced(operands):
            made = self._called("vjp", self.custom.vjp, self.arguments(operands), operands, [])
            _, pullback = self._pair(made, "vjp", "(out, pullback)")
        g = self.packed([*cotangents])
        pulled = self._called("vjp", pullback, (g,), operands, cotangents)
        arguments = tuple(_unflatten(self.structure, self.leaves))
        if len(arguments) == 1 and not (isinstance(pulled, (tuple, list)) and len(pulled) == 1):
            pulled = (pulled,)
        every = self._mirrored(tuple(pulled) if isinstance(pulled, list) else pulled, arguments, "vjp", "cotangents")
        return self._fitted([every[i] for i in self.places], operands, "vjp")

    def _transposed(
        self,
        run: Callable[[list[Any]], list[Any]],
        given: list[Any],
        zeros: list[Any],
        mode: str,
        read: list[Any],
        by_units: Callable[[], list[Any]],
    ) -> list[Any]:
        """The transpose of a linear map, on `given`: recorded at zero and swept back; or column by column."""
        try:
            return pull_through(run, given, zeros)
        except UnsupportedError as error:
            if any_traced(read) or error.__cause__ is None:
                raise
        if total_size(zeros) > MOST_UNITS or any(numpy_dtype(x).kind == "c" for x in (*zeros, *given)):
            raise self.error(
                f"its {mode} rule cannot be recorded, so the other mode is not derived from it",
                f"give {'vjp' if mode == 'jvp' else 'jvp'} too, or write the rule with numpy functions",
            )
        return by_units()

    def _by_units(self, zeros: list[Any], given: list[Any], run: Callable[[list[Any]], list[Any]]) -> list[Any]:
        """The transpose of a linear map from its values at unit vectors: element i is the product of column i and
        `given`.
        """
        found: list[Any] = []
        for j, like in enumerate(zeros):
            entries = []
            for unit in basis(like):
                column = run([unit if i == j else zero for i, zero in enumerate(zeros)])
                pairs = zip(column, given, strict=True)
                entries.append(
                    sum(
                        float(numpy.sum(backends.to_numpy(c) * backends.to_numpy(g))) for c, g in pairs if c is not None
                    )
                )
            made = numpy.array(entries, numpy_dtype(like)).reshape(numpy.shape(like))
            found.append(backends.asarray_like(made, like) if backends.backend_of(like) is not None else made[()])
        return found

    # -- checks

    def _called(self, mode: str, rule: Any, arguments: Any, operands: Sequence[Any], others: Sequence[Any]) -> Any:
        try:
            return rule(*arguments)
        except Exception as error:
            if not any_traced([*operands, *others]):
                raise
            better = explained(error)
            raise UnsupportedError(
                f"the {mode} rule of {self.custom.name} cannot be traced, as a derivative of it needs: "
                f"{better.message if isinstance(better, AdkitError) else better}",
                fix="write the rule with numpy functions and operators on its arguments, or stay at order 1",
                filename=getattr(better, "filename", None),
                line=getattr(better, "line", None),
            ) from error

    def _pair(self, made: Any, mode: str, what: str) -> tuple[Any, Any]:
        if isinstance(made, (tuple, list)) and len(made) == 2 and (mode == "jvp" or callable(made[1])):
            return made[0], made[1]
        raise self.error(f"its {mode} rule did not return {what}", f"return {what}")

    def _mirrored(self, tree: Any, like: Any, mode: str, what: str) -> list[Any]:
        """The leaves of a tree that has to mirror another one; `None` for zero may stand for a whole part of it."""
        from .trees import optree

        try:
            return optree.tree_leaves(_broadcast_none(tree, like), none_is_leaf=True)
        except ValueError:
            text = f"its {mode} rule returned {what} of another structure than what they belong to"
            raise self.error(text, "return one for each, in the same containers (None for zero)") from None

    def _fitted(self, leaves: list[Any], likes: Sequence[Any], mode: str) -> list[Any]:
        for leaf, like in zip(leaves, likes, strict=True):
            if leaf is None:
                continue
            have, want = tuple(numpy.shape(untraced(leaf))), tuple(getattr(like, "shape", ()))
            if have != want:
                raise self.error(f"its {mode} rule returned shape {have} where {want} is needed", "return that shape")
        return [numpy.asarray(leaf) if isinstance(leaf, (list, tuple)) else leaf for leaf in leaves]

    def error(self, message: str, fix: str) -> UnsupportedError:
        """An error that names the rule."""
        filename, line = user_line(sys._getframe(1))
        return UnsupportedError(f"custom rule {self.custom.name}: {message}", fix=fix, filename=filename, line=line)


def _broadcast_none(tree: Any, like: Any) -> Any:
    """A tree in the structure of `like`; a `None` in it stands for all that is below."""
    from .trees import optree

    def fill(part: Any, below: Any) -> Any:
        leaves, structure = _flatten(below)
        if part is None:
            return optree.tree_unflatten(structure, [None] * len(leaves))
        if len(leaves) != 1:
            raise ValueError("a part is missing")
        return optree.tree_unflatten(structure, [part])

    return optree.tree_map(fill, tree, like, none_is_leaf=True)


# ------------------------------------------------------------------------------------------------ what the user has


class CustomFunction:
    """A function with a rule of its own, as `custom_rule` makes it; calls like the function."""

    def __init__(self, f: Function, jvp: Function | None, vjp: Function | None) -> None:
        functools.update_wrapper(self, f)
        self.f, self.jvp, self.vjp = f, jvp, vjp
        self.name = getattr(f, "__name__", type(f).__name__)
        if self.name == "<lambda>":
            self.name = "custom"
        self.row = _CallRow(self.name, _push_call, _pull_call)
        self.push_row = _DerivedRow(f"{self.name}_jvp", _Application.push)
        self.pull_row = _DerivedRow(f"{self.name}_vjp", _Application.pull)

    def __repr__(self) -> str:
        return f"<custom rule {self.name}>"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arguments = self._positional(args, kwargs)
        leaves, structure = _flatten(arguments)
        if not is_tracing() or not any(isinstance(leaf, TracedArray) for leaf in leaves):
            out = self.f(*arguments)
            if any(is_traced(leaf) for leaf in _flatten(out)[0]):
                _Application(self, leaves, structure, []).out_leaves(out)  # says what is wrong
            return out
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, TracedArray) or is_array_leaf(leaf)]
        call = _Application(
            self, [None if i in set(places) else leaf for i, leaf in enumerate(leaves)], structure, places
        )
        traced = any(is_traced(leaf) for leaf in leaves)
        if not traced:
            return self.f(*call.arguments([untraced(leaves[i]) for i in places]))
        return self._recorded(call, [leaves[i] for i in places])

    def _recorded(self, call: _Application, operands: list[Any]) -> Any:
        record = open_recording.get()
        call.differentiating = not (record is not None and record.batching)
        results = record_call(self.row, tuple(operands), {"rule": call})
        return call.packed(results if isinstance(results, tuple) else [results])

    def _positional(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        if not kwargs:
            return args
        try:
            bound = inspect.signature(self.f).bind(*args, **kwargs)
        except (TypeError, ValueError) as error:
            raise InputError(f"{self.name}: {error}", fix="pass the arguments by position") from None
        bound.apply_defaults()
        if bound.kwargs:
            name = next(iter(bound.kwargs))
            raise InputError(
                f"{self.name} has a custom rule, and its argument {name} can be passed by name only",
                fix="let the function take it by position, as its rule does",
            )
        return bound.args


def _push_call(tangents: Any, out: Any, *operands: Any, rule: _Application) -> Any:
    if any_traced(operands) or any_traced(tangents):
        given = [_zeros(x) if t is None else t for x, t in zip(operands, tangents, strict=True)]
        return rule.custom.push_row(*operands, *given, rule=rule)
    return _packed(rule.push(list(operands), list(tangents)))


def _pull_call(g: Any, out: Any, *operands: Any, rule: _Application) -> Any:
    given = list(g) if isinstance(g, tuple) else [g]
    if any_traced(operands) or any_traced(given):
        filled = [_zeros(r) if part is None else part for r, part in zip(rule.results, given, strict=True)]
        made = rule.custom.pull_row(*operands, *filled, rule=rule)
        return made if isinstance(made, tuple) else (made,)
    return rule.pull(list(operands), given)


def custom_rule(f: Function | None = None, jvp: Function | None = None, vjp: Function | None = None) -> Any:
    """`f` with a derivative of its own; also a decorator: `@custom_rule(vjp=...)`.

    Parameters
    ----------
    f: any Python function of numbers, arrays and trees of them. It gets plain values, never traced ones.
    jvp: `jvp(primals, tangents) -> (out, tangent of out)`; both arguments are tuples with one entry per argument of f.
    vjp: `vjp(*primals) -> (out, pullback)`, where `pullback(cotangent of out)` returns a tuple with one cotangent per
        argument (of a single argument the cotangent itself will do), `None` for zero. It may be called several times.

    One of the rules is enough: the other mode is derived from it. Where `vjp` is given, its `out` is used in the place
    of a call of `f` when a derivative is wanted. Derivatives pair as Re Σ v̄·v̇, without conjugation. Orders above 1, and
    derivatives by what the rule closes over, need a rule written in operations that adkit traces; otherwise they raise
    an `UnsupportedError` that names the rule. `check_grads(f, args, order=1)` compares the rule with differences.

    Raises `ModeError` without any rule.

    Example
    -------
    >>> import math
    >>> from adkit import check_grads, grad
    >>> @custom_rule(vjp=lambda x: (math.exp(x), lambda g: g * math.exp(x)))
    ... def expm(x):
    ...     return math.exp(x)  # plain Python: adkit could not look into it
    >>> grad(lambda x: expm(2 * x))(0.0)
    2.0
    >>> check_grads(expm, 0.3, order=1).verdict
    'agree'
    """
    if jvp is None and vjp is None:
        raise ModeError("custom_rule needs a rule", fix="give jvp=, vjp=, or both: custom_rule(f, vjp=…)")
    if f is None:
        return lambda function: CustomFunction(function, jvp, vjp)
    return CustomFunction(f, jvp, vjp)
