"""Calls of constructs such as `scan`: running the user's functions, once or again, and checking what they return.

Not for: the single constructs (`control_flow`), or what is recorded inside (`body_recording`).
"""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import numpy

from . import constants
from .body import Body
from .body_recording import BodyRecorder, PlainRun
from .closures import Reach, rebound
from .dtypes import numpy_dtype
from .errors import InputError, PathError
from .formatting import shape as written_shape
from .handle import TracedArray, is_traced
from .pytrees import flatten, is_array_leaf, paths, unflatten
from .source import user_line
from .sweeps.values import FLOAT64
from .tracing import is_tracing

__adkit__ = True

Function = Callable[..., Any]
Run = BodyRecorder | PlainRun


class Call:
    """One call of a construct: its leaves, how it runs, and how its results are put together.

    Subclasses say how; `functions` are the user's, `leaves` those of the state, `arrays` those that are scanned.
    """

    row: Any
    functions: tuple[Function, ...]
    leaves: list[Any]
    arrays: Sequence[Any] = ()
    condition: Sequence[Any] = ()
    labels: Sequence[str] = ()  # names of the inputs of the body, where they are not those of the function's parameters
    batch = 0  # the number of examples of a call that stands for that many

    def run(self, run: Run, frame: FrameType) -> list[Any]:
        """Call the user's functions; returns the state at the end."""
        raise NotImplementedError

    def packed(self, results: list[Any]) -> Any:
        """The results as the user gets them."""
        raise NotImplementedError

    def again(self, functions: Sequence[Any], operands: Sequence[Any]) -> Call:
        """The same call with other functions, leaves, arrays and conditions."""
        raise NotImplementedError

    def heading(self) -> str:
        """The instruction before its operands."""
        return str(self.row.name)

    def title(self) -> str:
        """What a view says of the body."""
        return "body"

    def names(self) -> list[str]:
        """The names of the inputs of the body: the state's leaves, then a step's items."""
        raise NotImplementedError

    def unused(self) -> list[TracedArray]:
        """Traced values that another path may need."""
        return []

    @property
    def is_empty(self) -> bool:
        """Whether nothing happens, so that the results are what was passed in."""
        return False

    def results(self, frame: FrameType) -> list[Any]:
        """Run it, recording an instruction where something is traced; the flat results."""
        if not is_tracing() or self.is_empty:
            run = PlainRun(self.leaves, self.arrays)
            return run.finish(self.run(run, frame))
        reach = Reach(*self.functions)
        with BodyRecorder(self.row, self.leaves, self.arrays, frame) as recorder:
            recorder.condition = list(self.condition)
            recorder.close(self.run(recorder, frame))
        rerun = functools.partial(self._rerun, reach)
        unused = list(reach.handles()) if recorder.is_batched and recorder.is_guarded else self.unused()
        heading = on_batch(self.heading(), self.batch) if self.batch else self.heading()
        names = self.labels or self.names()
        return recorder.finish(heading, self.title(), names, rerun, reach.handles, unused, (self, reach))

    def _rerun(self, reach: Reach, body: Body, operands: Sequence[Any]) -> list[Any]:
        """The results for other operands, with the functions as they were when they were first called."""
        states = len(operands) - len(body.closures)
        closures = dict(zip(body.closures, operands[states:], strict=True))
        with constants.SCOPE, rebound(reach.handles(), closures) as found:
            hidden = set(closures) - found
            call = self.again(reach.clones(), operands[:states])
            results = [] if hidden else call.results(sys._getframe())
            allowed = {x.node for x in operands if is_traced(x)}
            hidden |= {node for result in results if is_traced(result) for node in _outside(result, body, allowed)}
        if hidden:
            raise PathError(
                f"{self.row.name} takes another path here than where it was recorded, and needs a value that its "
                "functions close over in a place that is not known",
                fix="pass the value to it, as part of the carry or as an argument",
            )
        return results


def on_batch(heading: str, size: int) -> str:
    """The heading of an instruction that does the same for a batch of examples.

    Example
    -------
    >>> on_batch("scan[7 steps]", 3), on_batch("checkpoint", 3)
    ('scan[7 steps, batch of 3]', 'checkpoint[batch of 3]')
    """
    what = f"batch of {size:,}"
    return f"{heading[:-1]}, {what}]" if heading.endswith("]") else f"{heading}[{what}]"


def _outside(result: TracedArray, body: Body, allowed: set[Any]) -> list[Any]:
    """The nodes that a result of a second run was computed from, other than the operands and what this run made."""
    node = result.node
    if node in allowed:
        return []
    if node.primitive.name == "component":
        node = node.inputs[0]
    made = node.params["body"] if node.params and "body" in node.params else None
    closures = made.closures if made is not None else [node]
    return [c for c in closures if c not in allowed]


def checked_leaves(leaves: Sequence[Any], names: Sequence[str], what: str, frame: FrameType) -> list[Any]:
    """The leaves, if every one is a number or an array."""
    for leaf, name in zip(leaves, names, strict=True):
        if not is_array_leaf(leaf) and not isinstance(leaf, (bool, numpy.bool_)):
            raise error(
                f"{name} of {what} is {type(leaf).__name__}, not a number or an array",
                "keep other objects out of it: functions may close over them",
                frame,
            )
    return list(leaves)


def error(message: str, fix: str, frame: FrameType) -> InputError:
    """An error at the user's line."""
    filename, line = user_line(frame)
    return InputError(message, fix=fix, filename=filename, line=line)


class Carry:
    """The structure, shapes and dtypes that a carry has from the beginning to the end."""

    def __init__(self, tree: Any, construct: str, body: Function, frame: FrameType) -> None:
        leaves, self.structure = flatten(tree)
        self.names = paths(tree, "the carry")
        self.leaves = checked_leaves(leaves, self.names, construct, frame)
        self.types = [type_of(leaf) for leaf in leaves]
        self.quick = [(shape, dtype, float if dtype is FLOAT64 else dtype) for shape, dtype in self.types]
        self.is_bare = self.structure is None  # the carry is one number or array: the quickest way
        self.construct, self.body, self.frame = construct, body, frame

    def tree(self, leaves: list[Any]) -> Any:
        """The carry with these leaves."""
        return leaves[0] if self.is_bare else unflatten(self.structure, leaves)

    def state(self, tree: Any) -> list[Any]:
        """The leaves of what the body returned for the next step."""
        if self.is_bare and type(tree) is TracedArray and (node := tree.node) is not None:
            shape, dtype, weak = self.quick[0]
            if node.shape == shape and (node.dtype is dtype or node.dtype is weak):
                return [tree]
        leaves, structure = flatten(tree)
        if structure != self.structure:
            raise self._other(f"has the structure {_written(structure)}, and the carry {_written(self.structure)}")
        for i, leaf in enumerate(leaves):
            if type(leaf) is TracedArray and leaf.node is not None:
                shape, dtype, weak = self.quick[i]
                if leaf.node.shape == shape and (leaf.node.dtype is dtype or leaf.node.dtype is weak):
                    continue
            self._check(i, leaf)
        return leaves

    def _check(self, i: int, leaf: Any) -> None:
        if not hasattr(leaf, "dtype") and not isinstance(leaf, (bool, int, float, complex)):
            raise self._other(f"has {type(leaf).__name__} where {self.names[i]} is a number or an array")
        want, have = self.types[i], type_of(leaf)
        if want == have:
            return
        if want[1] != have[1]:
            fix = f"start with {self.names[i]} of dtype {have[1]}, or convert what the body returns"
            raise self._other(f"changes the dtype of {self.names[i]} from {want[1]} to {have[1]}", fix)
        texts = [written_shape(shape) or "()" for shape in (want[0], have[0])]
        raise self._other(f"changes the shape of {self.names[i]} from {texts[0]} to {texts[1]}")

    def _other(self, what: str, fix: str = "") -> InputError:
        name, line = definition(self.body)
        message = f"{name}{line}, the body of {self.construct}, returns a carry that {what}"
        return error(message, fix or "return the carry as it came in: same structure, shapes and dtypes", self.frame)


def type_of(leaf: Any) -> tuple[Any, Any]:
    """Shape and dtype."""
    return tuple(getattr(leaf, "shape", ())), numpy_dtype(leaf)


def _written(structure: Any) -> str:
    return "of a single leaf" if structure is None else str(structure).removeprefix("PyTreeSpec")


def definition(f: Function) -> tuple[str, str]:
    """A function's name, and where it begins."""
    code = getattr(f, "__code__", None)
    name = getattr(f, "__name__", type(f).__name__)
    name = "the lambda" if name == "<lambda>" else name
    return name, f" (defined at line {code.co_firstlineno})" if code is not None else ""


def leaf_names(f: Function, trees: Sequence[Any]) -> list[str]:
    """Names for the leaves of the arguments of a body: `c`, `c[0]`, `x['w']`."""
    code = getattr(f, "__code__", None)
    parameters = list(code.co_varnames[: code.co_argcount]) if code is not None else []
    found: list[str] = []
    for i, tree in enumerate(trees):
        unnamed = "operand" if len(trees) == 1 else f"operand{i + 1}"  # of a function of NumPy, say
        found += paths(tree, parameters[i] if i < len(parameters) else unnamed)
    return found


def count(n: Any, what: str, frame: FrameType) -> int:
    """A whole number."""
    try:
        return operator.index(n)
    except TypeError:
        raise error(f"{what} is {n!r}, not a whole number", "pass an integer", frame) from None
