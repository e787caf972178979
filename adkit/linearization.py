"""A function recorded at one point, and the sweeps between its inputs and outputs.

Not for: the transformations themselves (`transforms`) or the sweeps (`sweeps`).
"""

from __future__ import annotations

import opcode
import re
import sys
from collections.abc import Callable, Container, Sequence
from types import FrameType
from typing import Any, NoReturn

import numpy

from . import backends, constants, finiteness
from .dtypes import numpy_dtype
from .errors import AdkitError, IndependentError, LeakError, ModeError, MutationError, UnsupportedError
from .handle import TracedArray, is_traced, untraced
from .nodes import TIE, Node, next_id, state
from .numpy.creation import zeros_of
from .pytrees import as_input_type, flatten, holds_traced, lift, unflatten
from .seeds import basis
from .settings import settings, watch
from .source import is_library, span_of, user_line
from .storage import snapshot
from .sweeps.forward import ForwardPlan
from .sweeps.order import active, ancestors
from .sweeps.reverse import reverse_sweep
from .tracing import keeping, make_input

__adkit__ = True


Function = Callable[..., Any]


class Linearization:
    """A function recorded at one point: its inputs, its outputs, and the sweeps between them.

    `leaves` are the plain differentiated leaves, `inputs` their nodes, `outputs` the result's leaves (handles or
    plain values).
    """

    __slots__ = (
        "since",
        "leaves",
        "inputs",
        "outputs",
        "structure",
        "aux",
        "checksums",
        "returns_numpy",
        "_order",
        "_enclosed",
    )

    def __init__(self, since: int, leaves: list[Any], inputs: list[Node], result: Any, aux: Any = None) -> None:
        self.since = since
        self.leaves = leaves
        self.inputs = inputs
        if type(result) is TracedArray:
            self.outputs, self.structure = [result], None
        else:
            outputs, self.structure = flatten(result)
            self.outputs = [lift(leaf) for leaf in outputs]
            for leaf in self.outputs:
                if holds_traced(leaf):
                    raise _opaque(leaf)
        self.aux = aux
        self.checksums: constants.Checksums | None = None
        self._order: list[Node] | None = None
        self._enclosed = False
        self.returns_numpy = False  # set where NumPy inputs were put on another device: results come back

    def outlive(self) -> Linearization:
        """Prepare for use after the transformation has ended.

        Large constants are then checked against change, and the outputs are what they are now, though the user's code
        may go on to assign into them.
        """
        self.checksums = constants.Checksums()
        self.outputs = [snapshot(leaf) if isinstance(leaf, TracedArray) else leaf for leaf in self.outputs]
        return self

    def order(self) -> list[Node]:
        """The nodes between inputs and outputs, in the order of recording."""
        if self._order is None:
            nodes = [leaf.node for leaf in self.outputs if isinstance(leaf, TracedArray) and leaf.node is not None]
            order, self._enclosed = ancestors(nodes, self.since)
            if self._enclosed or keeping():
                order = active(order, self.inputs)
            self._order = order
        return self._order

    def reaches(self) -> bool:
        """Whether an output depends on an input."""
        order = self.order()
        outputs = {leaf.node for leaf in self.outputs if is_traced(leaf)}
        return not outputs.isdisjoint(order) and not set(order[: len(self.inputs)]).isdisjoint(self.inputs)

    @property
    def enclosed(self) -> bool:
        """Whether an output depends on an enclosing recording, so that sweeps are recorded in their turn."""
        self.order()
        return self._enclosed

    def value(self) -> Any:
        """The function's result, untraced unless it depends on an enclosing recording."""
        leaves = [self.release(leaf) for leaf in self.outputs]
        if self.checksums is not None:
            leaves = [_own(leaf, given) for leaf, given in zip(leaves, self.outputs, strict=True)]
        return unflatten(self.structure, leaves)

    def release(self, leaf: Any, seeds: Container[Node] = ()) -> Any:
        """A leaf as it may leave this transformation, which was swept with traced `seeds` (if any)."""
        if isinstance(leaf, TracedArray):
            if (self.enclosed or seeds) and depends_on_outside(leaf, self.since, seeds):
                return leaf
            leaf = untraced(leaf)
        return backends.to_numpy(leaf)[()] if self.returns_numpy and backends.backend_of(leaf) else leaf

    def tied(self, value: Any) -> Any:
        """A derivative that does not depend on the enclosing recording, though the point where it was taken does.

        To the enclosing recording it is a constant function of that point, whose derivative is zero, not missing.
        """
        if not isinstance(value, TracedArray):
            for leaf in self.leaves:
                if is_traced(leaf):
                    return TIE(value, leaf)
        return value

    def release_tree(self, tree: Any) -> Any:
        """A tree of leaves that did not come through the outputs, such as aux, as it may leave this transformation."""
        leaves, structure = flatten(tree)
        return unflatten(
            structure,
            [
                leaf if not isinstance(leaf, TracedArray) or depends_on_outside(leaf, self.since) else untraced(leaf)
                for leaf in leaves
            ],
        )

    def push(self, tangents: Sequence[Any], plan: ForwardPlan | None = None) -> list[Any]:
        """The tangents of all outputs for tangents of the inputs."""
        if self.checksums is not None:
            self.checksums.verify()
        plan = plan or self.plan()
        swept = iter(plan.sweep([on_device_of(t, node.value) for t, node in zip(tangents, self.inputs, strict=True)]))
        seeds = traced_nodes(tangents)
        result = []
        for leaf in self.outputs:
            tangent = next(swept) if is_traced(leaf) else None
            result.append(self.tied(zero_like(leaf) if tangent is None else self.release(tangent, seeds)))
        if watch.asked:
            finiteness.verify(self, "forward", tangents, result)
        return distinct(result, tangents)

    def expand(self, degree: int) -> list[list[Any]]:
        """Per output its Taylor coefficients of the orders 1 to `degree` in the one scalar input."""
        from .sweeps.taylor import taylor_sweep

        nodes = [leaf.node for leaf in self.outputs if is_traced(leaf)]
        seeds = [on_device_of(unit, node.value) for node in self.inputs for unit in basis(node.value)]
        swept = iter(taylor_sweep(nodes, self.inputs, seeds, self.order(), degree, self.enclosed))
        result = []
        for leaf in self.outputs:
            found = next(swept) if is_traced(leaf) else [None] * degree
            released = [self.tied(zero_like(leaf) if c is None else self.release(c)) for c in found]
            result.append(distinct(released, seeds))
        if watch.asked:
            finiteness.verify_orders(self, seeds, result)
        return result

    def pull(self, cotangents: Sequence[Any]) -> list[Any]:
        """The cotangents of all inputs, in the inputs' types, for cotangents of the outputs."""
        if self.checksums is not None:
            self.checksums.verify()
        seeds = [
            (leaf.node, on_device_of(g, leaf.value))
            for leaf, g in zip(self.outputs, cotangents, strict=True)
            if is_traced(leaf) and g is not None
        ]
        given = traced_nodes(cotangents)
        swept = reverse_sweep(seeds, self.inputs, self.order(), self.enclosed)
        pulled = [
            as_input_type(self.tied(zeros_of(node, like=node.value) if g is None else self.release(g, given)), leaf)
            for g, node, leaf in zip(swept, self.inputs, self.leaves, strict=True)
        ]
        if watch.asked:
            finiteness.verify(self, "reverse", cotangents, pulled)
        return distinct(pulled, cotangents)

    def plan(self) -> ForwardPlan:
        """The forward sweep, ready for several seeds."""
        return ForwardPlan(
            [leaf.node for leaf in self.outputs if is_traced(leaf)], self.inputs, self.order(), self.enclosed
        )


def _opaque(leaf: Any) -> ModeError:
    """The error for a result in which a derivative would be lost, since it is neither a number nor a tree."""
    message = f"the function returned a {type(leaf).__name__} that holds traced values, and no numbers or arrays"
    called = "call it, and return its value" if callable(leaf) else "register the class with optree"
    return ModeError(message, fix=f"return numbers, arrays, or containers of them; {called}")


def depends_on_outside(leaf: TracedArray, since: int, seeds: Container[Node] = ()) -> bool:
    """Whether a handle depends on a node of an enclosing recording, one older than `since`, or on a traced seed."""
    if leaf.node is None:
        return False
    seen: set[Node] = set()
    stack = [leaf.node]
    while stack:
        node = stack.pop()
        if node.id < since or node in seeds:
            return True
        for parent in node.inputs:
            if type(parent) is Node and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return False


def zero_like(leaf: Any) -> Any:
    """A zero tangent of the shape and dtype of a result's leaf; integers and other non-floats have a float zero."""
    plain = leaf.value if isinstance(leaf, TracedArray) else leaf
    if not hasattr(plain, "shape"):
        return 0.0
    dtype = numpy_dtype(plain)
    return backends.zeros(plain.shape, dtype if dtype.kind in "fc" else numpy.dtype(float), plain)


def traced_nodes(seeds: Sequence[Any]) -> set[Node]:
    """The nodes of the seeds that are traced."""
    return {seed.node for seed in seeds if is_traced(seed)}


def distinct(results: list[Any], seeds: Sequence[Any]) -> list[Any]:
    """Results of a sweep as arrays of their own, none of them another result, a seed or a view."""
    taken = {id(seed) for seed in seeds}
    for i, result in enumerate(results):
        if type(result) is numpy.ndarray:
            if id(result) in taken or result.base is not None:
                results[i] = result.copy()
            taken.add(id(result))
    return results


def _own(leaf: Any, given: Any) -> Any:
    """An output as an array that shares no memory with what later sweeps read."""
    if isinstance(leaf, TracedArray):
        return snapshot(leaf)
    kept = is_traced(given) and given.node.value is not None
    return leaf.copy() if type(leaf) is numpy.ndarray and (kept or leaf.base is not None) else leaf


def record(f: Function, leaves: list[Any], rebuild: Callable[[list[Any]], Any], has_aux: bool = False) -> Linearization:
    """Call `f` through `rebuild(handles)` with fresh inputs for `leaves`, and keep what came of it.

    Errors of NumPy that were caused by a leaking traced value are replaced by the leak's own error.
    """
    since = next_id()
    device = settings.current().device
    handles = [make_input(placed(leaf, device)) for leaf in leaves]
    nodes = [handle.node for handle in handles]
    try:
        if watch.asked:
            with finiteness.keeping_values():
                result = rebuild(handles)
        else:
            result = rebuild(handles)
    except Exception as error:
        raise_explained(error)
    aux = None
    if has_aux:
        if not isinstance(result, tuple) or len(result) != 2:
            raise ModeError("has_aux=True needs a function that returns (output, aux)", fix="return a pair")
        result, aux = result
    made = Linearization(since, leaves, nodes, result, aux)
    made.returns_numpy = device != "cpu" and not any(backends.backend_of(untraced(leaf)) for leaf in leaves)
    return made


def on_device_of(seed: Any, like: Any) -> Any:
    """A plain seed in the library and on the device of the value that it belongs to."""
    if seed is None or isinstance(seed, TracedArray) or backends.backend_of(like) is None or backends.backend_of(seed):
        return seed
    return backends.asarray_like(seed, like, numpy_dtype(like))


def placed(value: Any, device: str) -> Any:
    """An input where the settings want it; what is traced already stays where it is."""
    return value if device == "cpu" or isinstance(value, TracedArray) else backends.place(value, device)


def raise_explained(error: Exception) -> NoReturn:
    """Within `except`: raise the error that the user should see in the place of `error`, or `error` as it is."""
    better = explained(error)
    if better is error:
        raise
    raise better from None


def explained(error: Exception) -> Exception:
    """The error that the user should see: the leak that NumPy wrapped, or the write to a protected array, else the
    same.
    """
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, AdkitError):
            return cause
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    better = recognised(error)
    return error if better is None else better


def recognised(error: Exception) -> AdkitError | None:
    """The error to show for one of NumPy or another library that a traced value caused, though it does not say so;
    `None` for any other, such as one that the user's code raised itself.
    """
    leak, state.leak = state.leak, None
    frame = _innermost(error)
    if frame is None or (_is_users(frame) and frame.f_code.co_code[frame.f_lasti] in _RAISE):
        return None
    filename, line = user_line(frame)
    if leak is not None and leak[2:] == (filename, line) and _may_hide_a_leak(error):
        return LeakError(leak[0], fix=leak[1], filename=filename, line=line)
    if isinstance(error, TypeError) and "TracedArray" in str(error):
        from .interop import refusal

        found = refusal.mixed(error)
        if found is not None:
            return UnsupportedError(found[0], fix=found[1], filename=filename, line=line)
    if _is_of_objects(error, frame):
        return UnsupportedError(
            "a function that NumPy does not dispatch made plain objects of traced values",
            fix="call numpy's function for it, or adkit's: adkit.numpy, adkit.scipy.special; or pass "
            "adkit.stop_gradient(x) if no derivative is wanted there",
            filename=filename,
            line=line,
        )
    if isinstance(error, TypeError) and str(error).startswith("Multiple namespaces") and "adkit.numpy" in str(error):
        return UnsupportedError(
            "SciPy under SCIPY_ARRAY_API takes no plain arrays beside traced ones",
            fix="make the plain ones with adkit.numpy.array, as in adkit.numpy.array(c)",
            filename=filename,
            line=line,
        )
    if constants.is_lock_error(error):
        return MutationError(
            "a large plain array that the derivative needs is changed after it was used",
            fix="use a copy (array.copy()) in the operation, or make the array with adkit.numpy",
            filename=filename,
            line=line,
        )
    return None


_OF_OBJECTS = re.compile(
    r"loop of ufunc does not support|input type 'object'|dtype\('O'\)|\b(dtype|type) object\b|\bobject (arrays|dtype)\b"
)
_OF_LIBRARIES = re.compile(r"not supported for the input types|unsupported data types|\bTracedArray\b")
_RAISE = frozenset(opcode.opmap[name] for name in ("RAISE_VARARGS", "RERAISE"))


def _is_of_objects(error: Exception, frame: FrameType) -> bool:
    """Whether an error is what NumPy says of an array of objects, or what another library says, within whose code less
    need be said.
    """
    if not isinstance(error, (TypeError, ValueError, NotImplementedError, RuntimeError)):
        return False
    if _OF_OBJECTS.search(str(error)):
        return True
    return bool(_OF_LIBRARIES.search(str(error))) and not (_is_users(frame) or "__adkit__" in frame.f_globals)


def _is_users(frame: FrameType) -> bool:
    """Whether a frame runs code of the user's rather than of an installed package or of Python's library."""
    root = str(frame.f_globals.get("__name__")).partition(".")[0]
    filename = frame.f_code.co_filename
    return (
        not (is_library(frame) or "site-packages" in filename or root in sys.stdlib_module_names) or root == "__main__"
    )


def _may_hide_a_leak(error: Exception) -> bool:
    """Whether C code may have raised an error in the place of one that it got from a traced value."""
    return isinstance(error, (TypeError, ValueError, RuntimeError, SystemError)) or type(error).__module__ == "struct"


def _innermost(error: BaseException) -> Any:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame if traceback else None


def independent(out: Any) -> IndependentError:
    """The error for a result that no input reaches, with the place where the dependence was cut, if one is known."""
    cut = state.cut
    where = ""
    filename = line = None
    if cut is not None:
        name, code, lasti = cut
        span = span_of(code, lasti)
        where = f"; it was last cut by {name}"
        if span is not None:
            filename, line = span.filename, span.line
    return IndependentError(
        f"the output does not depend on the inputs{where}",
        fix="return a value computed from the inputs by differentiable operations",
        filename=filename,
        line=line,
    )
