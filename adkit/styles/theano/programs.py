"""An expression recorded at the values of its variables, and written as straight-line NumPy.

A program is recorded by running the expression on traced values; what the recording depended on (a symbolic count that
became a size, a NaN in a derivative) is checked in the program. Not for: keeping programs (`compiling`).
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ... import constants
from ...dtypes import numpy_dtype
from ...emit import prelude
from ...emit.printing import text
from ...emit.simplify import Simplified
from ...emit.source import _SAFE as SAFE
from ...emit.spelling import EmitError, expression, uses
from ...handle import is_traced, untraced
from ...linearization import raise_explained
from ...listing import ancestors_of
from ...nodes import COMPONENT, GuardRecord, Node
from ...tracing import make_input, recording
from .evaluation import Context, evaluate
from .graph import Variable

__adkit__ = True

INLINE = 60  # characters of an expression that is written where it is used
_VIEWS = frozenset(
    "reshape transpose broadcast_to getitem flip input copy stop_gradient constant_in positive real imag conjugate "
    "component convert scan".split()
)


class Program:
    """One recording as NumPy source. `run(*values)` returns the results, or `None` where it does not hold."""

    def __init__(
        self, outputs: list[Any], inputs: list[Node], guards: Sequence[GuardRecord], quiet: bool = True
    ) -> None:
        self.quiet = quiet  # whether it keeps NumPy's warnings back by itself
        self.inputs = inputs
        self.scope: dict[str, Any] = {"np": numpy, "__adkit__": True}
        self.scope.update({name: getattr(prelude, name) for name in prelude.names()})
        self.lines: list[str] = []
        self.made: dict[Node, ast.expr] = {}
        nodes = [o for o in outputs if type(o) is Node]
        every = ancestors_of([*nodes, *(g.node for g in guards)], inputs)
        self.simple = Simplified(every, inputs)
        self.outputs = [self.simple.of(o) for o in outputs]
        self.guards = self._kept(guards)
        wanted = [o for o in [*self.outputs, *self.guards] if type(o) is Node]
        self.needed = self.simple.needed(wanted)
        self.live = sorted(self.needed.difference(self.inputs), key=lambda n: n.id)
        self.counts = self._counts(wanted)
        self.source = self._written()
        exec(compile(self.source, "<adkit.styles.theano>", "exec"), self.scope)
        self.run: Callable[..., Any] = self.scope["program"]
        self.reads = [node in self.needed for node in inputs]
        del self.made, self.simple, self.live, self.counts, self.guards, self.outputs, self.inputs

    # -- what is computed

    def _kept(self, guards: Sequence[GuardRecord]) -> dict[Node, GuardRecord]:
        """The conditions that other values of the inputs may fail."""
        found: dict[Node, GuardRecord] = {}
        for guard in guards:
            node = self.simple.of(guard.node)
            if type(node) is Node and not (node.primitive.name in ("any", "isnan") and not self._may_fail(node)):
                found[node] = guard
        return found

    def _may_fail(self, node: Node) -> bool:
        """Whether an operation behind a test for NaN may make one out of a zero cotangent."""
        names = {n.primitive.name for n in self.simple.needed([node]).difference(self.inputs)}
        return not names <= {*SAFE, "any", "isnan"}

    def _counts(self, wanted: list[Node]) -> dict[Node, int]:
        counts: dict[Node, int] = dict.fromkeys(wanted, 2)
        for node in self.live:
            operands = self.simple.operands[node]
            for operand, times in zip(operands, _uses(node, operands), strict=True):
                if type(operand) is Node:
                    counts[operand] = counts.get(operand, 0) + times
        return counts

    # -- text

    def _written(self) -> str:
        names = [f"x{i}" for i in range(len(self.inputs))]
        self.made = {node: ast.Name(name) for node, name in zip(self.inputs, names, strict=True)}
        for node in self.live:
            self._compute(node)
        for node, guard in self.guards.items():
            if node in self.inputs:
                self._check(node, guard)
        results = self._results()
        if not self.quiet:
            body = "".join(f"    {line}\n" for line in [*self.lines, f"return {results}"])
            return f"def program({', '.join(names)}):\n{body}"
        body = "".join(f"        {line}\n" for line in [*self.lines, f"return {results}"])
        return f'def program({", ".join(names)}):\n    with np.errstate(all="ignore"):\n{body}'

    def _compute(self, node: Node) -> None:
        operands = self.simple.operands[node]
        trees = [self._operand(o) for o in operands]
        whole = trees[0] if node.primitive is COMPONENT else None
        if isinstance(whole, ast.Tuple):
            self.made[node] = whole.elts[node.params["index"]]  # type: ignore[index]
            return
        tree = self._expression(node, trees)
        if node.dtype == object:
            parts = [f"v{node.id}_{i}" for i in range(len(node.value))]
            self.lines.append(f"{', '.join(parts)} = {text(tree)}")
            self.made[node] = ast.Tuple([ast.Name(part) for part in parts])
            return
        if node not in self.guards and self.counts.get(node, 0) < 2 and len(text(tree)) <= INLINE:
            self.made[node] = tree
            return
        name = f"v{node.id}"
        self.lines.append(f"{name} = {text(tree)}")
        self.made[node] = ast.Name(name)
        if node in self.guards:
            self._check(node, self.guards[node])

    def _expression(self, node: Node, trees: list[ast.expr]) -> ast.expr:
        """A node in NumPy, or as a call of its own evaluation where that has no spelling, as of a loop."""
        try:
            tree = expression(node, trees, self._constant)
        except EmitError:
            name = f"do_{len(self.scope)}"
            from .stepping import stepper

            self.scope[name] = stepper(node) or functools.partial(_evaluated, node.primitive, node.params or {})
            return ast.Call(ast.Name(name), trees, [])
        self._modules(tree)
        return tree

    def _modules(self, tree: ast.expr) -> None:
        """Bring in the modules of SciPy that an expression names."""
        for part in ast.walk(tree):
            if isinstance(part, ast.Name) and part.id in ("special", "linalg", "fft") and part.id not in self.scope:
                import importlib

                self.scope[part.id] = importlib.import_module(f"scipy.{part.id}")

    def _operand(self, operand: Any) -> ast.expr:
        return self.made[operand] if type(operand) is Node else self._constant(operand)

    def _constant(self, value: Any) -> ast.expr:
        if type(value) in (int, bool) or value is None:
            return ast.Constant(value)
        if type(value) is float and value == value and abs(value) != numpy.inf:
            return ast.Constant(value)
        if type(value) is numpy.float64 and bool(numpy.isfinite(value)):
            return ast.Constant(float(value)) if not self._narrow else self._bound(value)
        return self._bound(value)

    @functools.cached_property
    def _narrow(self) -> bool:
        """Whether narrower floats than float64 are about, for which a NumPy scalar is not a Python one."""
        return any(str(numpy_dtype(n)) in ("float32", "float16", "complex64") for n in [*self.live, *self.inputs])

    def _bound(self, value: Any) -> ast.expr:
        name = f"c{len(self.scope)}"
        self.scope[name] = value
        return ast.Name(name)

    def _check(self, node: Node, guard: GuardRecord) -> None:
        tree = text(self.made[node])
        if guard.outcome in ("true", "false"):
            condition = f"not {tree}" if guard.outcome == "true" else tree
        elif node.shape:
            condition = f"not is_path({tree}, {text(self._bound(guard.node.value))})"
        else:
            condition = f"{tree} != {text(self._constant(_plain(guard.node.value)))}"
        self.lines.append(f"if {condition}:")
        self.lines.append("    return None")

    def _results(self) -> str:
        taken: set[Any] = set()
        parts = []
        for output in self.outputs:
            tree = text(self._operand(output) if type(output) is Node else self._bound(output))
            shared = type(output) is not Node or output in taken or output.primitive.name in _VIEWS
            array = bool(getattr(output, "shape", ()))
            parts.append(f"np.array({tree})" if shared and array and self.quiet else tree)
            taken.add(output if type(output) is Node else id(output))
        return f"({', '.join(parts)},)" if parts else "()"


def _uses(node: Node, operands: Sequence[Any]) -> list[int]:
    made = uses(node)
    return made if len(made) == len(operands) else [1] * len(operands)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _evaluated(primitive: Any, params: dict[str, Any], *operands: Any) -> Any:
    with constants.SCOPE:
        return primitive.evaluate(operands, params)


def _as_numpy(value: Any) -> Any:
    """A constant result as NumPy's scalar or array."""
    return value if isinstance(value, numpy.ndarray) and value.ndim else numpy.asarray(value)[()]


def recorded(outputs: Sequence[Variable], variables: Sequence[Variable], values: Sequence[Any]) -> Program:
    """The program of outputs at values of all variables that they need."""
    with recording() as record:
        record.batching = True  # an index that is computed stays an operand
        context = Context()
        handles = [make_input(v, x.name) for v, x in zip(values, variables, strict=True)]
        try:
            with numpy.errstate(all="ignore"):
                made = evaluate(outputs, dict(zip(variables, handles, strict=True)), context)
        except Exception as error:
            raise_explained(error)
        results = [m.node if is_traced(m) else _as_numpy(untraced(m)) for m in made]
        guards = [*record.guards, *record.decisions]
        return Program(results, [h.node for h in handles], guards)
