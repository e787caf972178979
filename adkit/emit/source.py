"""`trace.to_source()`: value and derivatives of a trace as a standalone function of NumPy and SciPy, as text.

Not for: how a row is written (`spelling`).
"""

from __future__ import annotations

import ast
import linecache
import re
from typing import TYPE_CHECKING, Any

import numpy

from ..dtypes import numpy_dtype
from ..listing import ancestors_of
from ..nodes import COMPONENT, GuardRecord, Node, Results
from ..source import span_of
from . import prelude
from .names import Names
from .printing import text
from .simplify import Simplified, is_minus_one
from .spelling import dtype_name, expression, prelude_names, uses
from .sweeps import Sweep, sweeps_of

if TYPE_CHECKING:
    from ..trace import Trace

__adkit__ = True

WIDTH = 88  # of the usual formatters
INLINE = 50  # characters of an expression that is written where it is used
SMALL = 16  # elements of an array that is written out
_SAFE = frozenset(
    "add subtract multiply negative sum mean broadcast_to reshape transpose getitem index_add index_update sin cos "
    "tanh exp where conjugate real imag square concatenate stack flip roll pad take scatter_add matmul einsum "
    "tensordot convert convolve cumsum greater greater_equal less less_equal equal not_equal direction sign component "
    "fft ifft rfft irfft triangle hermitian_from fold sort argsort expit max min maximum minimum".split()
)
_MODULES = {
    "np": "import numpy as np",
    "fft": "from scipy import fft",
    "linalg": "from scipy import linalg",
    "special": "from scipy import special",
}


class Source(str):
    """Python source, with the large constants that its function takes as keyword arguments.

    Attributes
    ----------
    function: the name of the function.
    constants: name -> array, for `function(*inputs, **source.constants)`; empty where all constants are in the text.
    """

    function: str
    constants: dict[str, Any]

    def __new__(cls, text: str, function: str, constants: dict[str, Any]) -> Source:
        made = super().__new__(cls, text)
        made.function, made.constants = function, constants
        return made


def to_source(trace: Trace, mode: str | None = None) -> Source:
    """See `Trace.to_source`."""
    return Writer(trace, sweeps_of(trace, mode)).source()


class Writer:
    """The statements of one program, section by section."""

    def __init__(self, trace: Trace, sweeps: list[Sweep]) -> None:
        self.trace, self.sweeps = trace, sweeps
        self.listing = trace.listing()
        self.inputs = dict(trace._inputs)
        self.output = self.listing.resolve(trace._output.node)
        self._arrange()
        self.names = Names()
        self.title = "f" if trace.output_name == "output" else trace.output_name
        self.function = self.names.new(f"{self.title}_and_derivatives")
        self.labels: dict[Node, str] = {}
        self.expressions: dict[Node, ast.expr] = {}
        self.constants: dict[str, Any] = {}
        self.constant_names: dict[Any, str] = {}
        self.helpers: set[str] = set()
        self.lines: list[str] = []
        self.indent = 1
        self.derivatives: dict[str, str] = {}
        self.place: Any = None
        self.codes = {n.code for n in self.listing.nodes} | {g.code for g in trace._guards}
        self.parameters = {name: self._input_name(name, node) for name, node in self.inputs.items()}

    def inline(self, swept: bool) -> int:
        """Up to which length an expression that is used once is written where it is used."""
        return INLINE

    # -- what is computed, and where

    def _arrange(self) -> None:
        results = [r for sweep in self.sweeps for r in sweep.results if type(r) is Node]
        seeds = [sweep.seed for sweep in self.sweeps if sweep.seed is not None]
        guards = [self.listing.resolve(guard.node) for guard in self.trace._guards]
        leaves = [*self.inputs.values(), *seeds]
        every = ancestors_of([self.output, *results, *guards], leaves)
        self.simple = Simplified(every, leaves)
        of = self.simple.of
        wanted = [w for w in map(of, [self.output, *results, *guards]) if type(w) is Node]
        self.live = sorted(self.simple.needed(wanted).difference(self.inputs.values()), key=lambda n: n.id)
        self.counts = self._counts(wanted)
        self.seeded = {s: self._depending_on(s) for s in seeds}
        self.local = {node for found in self.seeded.values() for node in found}
        self.components: dict[Node, dict[int, Node]] = {}  # of the instructions with several results
        for node in self.live:
            if node.primitive is COMPONENT:
                whole, index = self.simple.operands[node][0], (node.params or {})["index"]
                self.components.setdefault(whole, {})[index] = node
        self.last_primal = max(node.id for node in [self.output, *guards, *self.listing.nodes])
        labelled = {of(made): node for sweep in self.sweeps for made, node in sweep.labels.items()}
        self.swept = {made: node for made, node in labelled.items() if type(made) is Node}

    def _depending_on(self, seed: Node) -> set[Node]:
        found = {seed}
        for node in self.live:
            if any(type(o) is Node and o in found for o in self.simple.operands[node]):
                found.add(node)
        return found

    def _counts(self, wanted: list[Node]) -> dict[Node, int]:
        counts: dict[Node, int] = dict.fromkeys(wanted, 2)
        for node in self.live:
            for operand, times in zip(self.simple.operands[node], uses(node), strict=True):
                if type(operand) is Node:
                    counts[operand] = counts.get(operand, 0) + times
        for guard in self.trace._guards:
            node = self.simple.of(self.listing.resolve(guard.node))
            if type(node) is Node and node in counts and node is not self.simple.of(self.output):
                counts[node] -= 1
        return counts

    # -- names

    def _input_name(self, name: str, node: Node) -> str:
        made = self.labels[node] = self.names.new(name)
        self.expressions[node] = ast.Name(made)
        return made

    def _name(self, node: Node) -> str:
        if node in self.labels:
            return self.labels[node]
        if node in self.swept and node.id > self.last_primal:
            of = self.listing.resolve(self.swept[node])
            wanted = f"d_{self.labels.get(self.simple.of(of)) or self._plain(of)}"
        else:
            wanted = self._plain(node)
        self.labels[node] = self.names.new(wanted)
        return self.labels[node]

    def _plain(self, node: Node) -> str:
        known = self.listing.names.get(node)
        if known:
            return known
        return f"v{self.listing.ids[node]}" if node in self.listing.ids else f"w{len(self.labels)}"

    # -- operands

    def _operand(self, operand: Any, consumer: Node, others: list[Any]) -> ast.expr:
        if type(operand) is not Node:
            return self._constant(operand, consumer, any(_is_narrow(o) for o in others))
        tree = self.expressions[operand]
        if (operand.dtype is float or operand.dtype is complex) and any(_is_narrow(o) for o in others):
            return ast.Call(ast.Name(operand.dtype.__name__), [tree], [])  # a Python number gives way to narrow arrays
        return tree

    def _constant(self, value: Any, consumer: Node | None = None, beside_narrow: bool = False) -> ast.expr:
        if value is None:
            return ast.Constant(None)
        plain = numpy.asarray(value)
        if plain.ndim:
            return self._array(plain)
        number = plain.item()
        if isinstance(value, numpy.generic) and consumer is not None and plain.dtype.kind in "iufc":
            widest = str(numpy_dtype(consumer)) in ("float64", "complex128", "bool", str(plain.dtype))
            if beside_narrow or not widest:  # a bare number would give way to the other operand
                return ast.Call(dtype_name(plain.dtype), [ast.Constant(number)], [])
        return ast.Constant(number)

    def _array(self, value: Any) -> ast.expr:
        """An array: written out, as `np.full` of a number, or a keyword argument of the function."""
        natural = value.dtype in (numpy.dtype(float), numpy.dtype(int), numpy.dtype(bool), numpy.dtype(complex))
        first = value.reshape(-1)[:1].tolist()
        if value.size > SMALL and first and bool(numpy.all(value == first[0])) and value.dtype.kind in "iufb":
            shape = ast.Tuple([ast.Constant(n) for n in value.shape])
            return _call("np.full", shape, ast.Constant(first[0]), dtype=dtype_name(value.dtype))
        if 0 < value.size <= SMALL:
            made = _call("np.array", _nested(value.tolist()))
            return made if natural else _call("np.array", _nested(value.tolist()), dtype=dtype_name(value.dtype))
        key = (value.dtype.str, value.shape, value.tobytes())
        if key not in self.constant_names:
            name = self.constant_names[key] = self.names.new(f"constant_{len(self.constants) + 1}")
            self.constants[name] = value.copy()
        return ast.Name(self.constant_names[key])

    # -- statements

    def _line(self, line: str) -> None:
        line = "    " * self.indent + line
        self.lines.append(line if len(line) <= WIDTH or line.lstrip().startswith("#") else f"{line}  # fmt: skip")

    def _comment(self, node: Any, swept: bool) -> None:
        """Name the line of the user's code, where it is another one than before."""
        span = span_of(node.code, node.lasti & ~1) if node.code is not None else None
        place = (span.filename, span.line) if span else None
        if place is None or place == self.place or node.code not in self.codes:
            return
        self.place = place
        if swept:
            self._line(f"# line {place[1]}")
        else:
            written = "".join(c for c in linecache.getline(*place).strip() if c.isprintable())
            self._line(f"# line {place[1]}: {written}"[: WIDTH - 4 * self.indent].rstrip())

    def _compute(self, node: Node) -> None:
        """Write the statement of a node, or remember its expression where it is used once and short."""
        operands = self.simple.operands[node]
        trees = [self._operand(o, node, [p for j, p in enumerate(operands) if j != i]) for i, o in enumerate(operands)]
        tree = self._component(node) if node.primitive is COMPONENT else None
        tree = expression(node, trees, self._array) if tree is None else tree
        self.helpers |= prelude_names(tree)
        if node.primitive.name == "multiply" and is_minus_one(operands[0], operands[1], node):
            tree = ast.UnaryOp(ast.USub(), trees[1])
        swept = node.id > self.last_primal
        named = node in self.listing.names and not swept
        if node.dtype == object:
            self._unpack(node, tree, swept)
        elif self.counts.get(node, 0) < 2 and not named and len(text(tree)) <= self.inline(swept):
            self.expressions[node] = tree
        elif isinstance(tree, ast.Name):
            self.expressions[node] = tree
        else:
            self._comment(node, swept)
            name = self._name(node)
            self._assign(name, tree, swept)
            self.expressions[node] = ast.Name(name)

    def _assign(self, name: str, tree: ast.expr, swept: bool) -> None:
        self._line(f"{name} = {text(tree)}")

    def _unpack(self, node: Node, tree: ast.expr, swept: bool) -> None:
        """`w, v = np.linalg.eigh(a)`: the results that are used get names."""
        assert type(node.value) is Results
        taken = self.components.get(node, {})
        self._comment(node, swept)
        parts = [self._name(taken[i]) if i in taken else "_" for i in range(len(node.value))]
        self._line(f"{', '.join(parts)} = {text(tree)}")
        self.expressions[node] = ast.Tuple([ast.Name(part) for part in parts])

    def _component(self, node: Node) -> ast.expr | None:
        whole = self.expressions[self.simple.operands[node][0]]
        return whole.elts[node.params["index"]] if isinstance(whole, ast.Tuple) else None  # type: ignore[index]

    def _guard(self, record: GuardRecord) -> None:
        node = self.simple.of(self.listing.resolve(record.node))
        if type(node) is not Node:
            return
        tree = self.expressions[node]
        condition = shown = text(tree)
        if record.outcome == "false" and isinstance(tree, ast.Compare) and type(tree.ops[0]) in _OPPOSITE:
            condition = text(ast.Compare(tree.left, [_OPPOSITE[type(tree.ops[0])]()], tree.comparators))
        elif record.outcome == "false":
            condition = f"not {condition}" if isinstance(tree, (ast.Name, ast.Call)) else f"not ({condition})"
        elif record.outcome != "true":
            self.helpers.add("is_path")
            condition = text(_call("is_path", tree, self._constant(record.node.value)))
        span = span_of(record.code, record.lasti & ~1)
        where = f" in line {span.line}" if span else ""
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        message = f"{shown} was {record.outcome}{where}: trace again for these inputs"
        self._comment(record, False)
        self._line(f"assert {condition}, {text(ast.Constant(message))}")

    # -- the whole

    def source(self) -> Source:
        """The text of the program."""
        outer = [node for node in self.live if node not in self.local]
        guards = sorted(self.trace._guards, key=lambda g: g.id)
        for name, node in self.inputs.items():
            self._take_input(self.parameters[name], node)
        for node in outer:
            if node.id > self.last_primal:
                break
            while guards and guards[0].id < node.id:
                self._guard(guards.pop(0))
            self._compute(node)
        for guard in guards:
            self._guard(guard)
        self._sweeps([node for node in outer if node.id > self.last_primal])
        return Source(self._assembled(), self.function, self.constants)

    def _take_input(self, name: str, node: Node) -> None:
        dtype = text(dtype_name(numpy_dtype(node)))
        if not node.shape:
            self._line(f"{name} = {dtype}({name})")
            return
        self._line(f"{name} = np.asarray({name}, dtype={dtype})")
        shape = text(ast.Tuple([ast.Constant(n) for n in node.shape]))
        self._line(f'assert {name}.shape == {shape}, "{name} was traced with the shape {shape}"')

    def _sweeps(self, outer: list[Node]) -> None:
        self.lines.append("")
        self._line(f"# {self.sweeps[0].kind} sweep: {_MEANING[self.sweeps[0].kind]}")
        self.place = None
        for node in outer:
            self._compute(node)
        derivatives: dict[str, str] = {}
        for sweep in self.sweeps:
            if sweep.assembly == "direct":
                for name, result in zip(sweep.names, sweep.results, strict=True):
                    derivatives[name] = self._direct(name, result)
            else:
                derivatives[sweep.names[0]] = self._assembled_from_units(sweep)
        self.derivatives = derivatives
        self._forbid_nan(derivatives)
        self._return(derivatives)

    @property
    def _is_gradient(self) -> bool:
        """Whether the output is a real number, whose derivatives are in the types of the inputs."""
        return not self.trace._output.shape and self.trace._output.dtype.kind != "c"

    def _result(self, result: Any, like: Node) -> str:
        if type(result) is not Node:
            plain = 0.0 if result is None else result
            if like.shape and not numpy.any(numpy.asarray(plain)):
                return text(_call("np.zeros", _shape(like.shape), dtype=dtype_name(numpy_dtype(like))))
            return text(self._constant(plain))
        node = self.simple.of(result)
        return text(self.expressions[node] if type(node) is Node else self._constant(node))

    def _direct(self, name: str, result: Any) -> str:
        node = self.inputs[name]
        made = self._result(result, node)
        final = self.simple.of(result) if type(result) is Node else result
        if type(final) is Node and final.primitive.name == "broadcast_to":
            made = f"np.array({made})"  # which can be written to
        if numpy_dtype(node).kind == "c" and self._is_gradient:
            made = f"np.conj({made})"  # the direction of steepest ascent
        if self._is_gradient and type(final) is Node and numpy_dtype(final) != numpy_dtype(node):
            dtype = text(dtype_name(numpy_dtype(node)))
            made = f"np.asarray({made}, dtype={dtype})" if node.shape else f"{dtype}({made})"
        if made.isidentifier() and made not in (self.parameters[n] for n in self.inputs):
            return made
        label = self.names.new(f"d_{self.parameters[name]}")
        self._line(f"{label} = {made}")
        return label

    def _assembled_from_units(self, sweep: Sweep) -> str:
        """The derivative by one input from a function of the seed, called for every unit seed."""
        name, seed = sweep.names[0], sweep.seed
        assert seed is not None
        node, out = self.inputs[name], self.trace._output
        function = self.names.new(("push" if sweep.kind == "forward" else "pull") + f"_{self.parameters[name]}")
        argument = self.labels[seed] = self.names.new(f"t_{self.parameters[name]}" if sweep.kind == "forward" else "g")
        self.expressions[seed] = ast.Name(argument)
        self.lines.append("")
        self._line(f"def {function}({argument}):")
        self.indent += 1
        self.place = None
        for made in [n for n in self.live if n in self.seeded[seed] and n is not seed]:
            self._compute(made)
        to = node if sweep.kind == "reverse" else out.node
        self._line(f"return {self._result(sweep.results[0], to)}")
        self.indent -= 1
        self.lines.append("")
        label = self.names.new(f"d_{self.parameters[name]}")
        for line in _assembly(sweep, function, label, node, out):
            self._line(line)
        if numpy_dtype(node).kind == "c" and self._is_gradient:
            self._line(f"{label} = np.conj({label})")
        elif self._is_gradient and node.shape and numpy_dtype(out) != numpy_dtype(node):
            self._line(f"{label} = {label}.astype({text(dtype_name(numpy_dtype(node)))})")
        return label

    def _risky(self) -> bool:
        """Whether the sweep may make a NaN of a zero, which adkit would then sweep again with exact zeros."""
        swept = [n for n in self.live if n.id > self.last_primal]
        return not any(n.primitive.name == "strong_multiply" for n in swept) and any(map(self._may_fail, swept))

    def _may_fail(self, node: Node) -> bool:
        name, operands = node.primitive.name, self.simple.operands[node]
        if name == "divide" and type(operands[1]) is not Node:
            return bool(numpy.any(numpy.asarray(operands[1]) == 0))
        if name in ("power_constant", "power") and type(operands[1]) is not Node:
            return bool(numpy.any(numpy.asarray(operands[1]) < 0))
        return name not in _SAFE and name not in ("power_constant",)

    def _forbid_nan(self, derivatives: dict[str, str]) -> None:
        if not self._risky():
            return
        for label in derivatives.values():
            self._line(f'assert not np.any(np.isnan({label})), "{label} is NaN here: trace again"')

    def _return(self, derivatives: dict[str, str]) -> None:
        value = self._result(self.output, self.output)
        pairs = [f"{text(ast.Constant(name))}: {label}" for name, label in derivatives.items()]
        line = f"return {value}, {{{', '.join(pairs)}}}"
        if len(line) + 4 <= WIDTH:
            self._line(line)
            return
        self._line(f"return {value}, {{")
        for pair in pairs:
            self._line(f"    {pair},")
        self._line("}")

    def _assembled(self) -> str:
        body = "\n".join(self.lines)
        copied = self._copied()
        code = "\n".join(line for line in self.lines if not line.lstrip().startswith("#"))
        used = {name for name in _MODULES if re.search(rf"(?<![.\w]){name}\.", code)} | {
            m for _, modules in copied for m in modules
        }
        scipy = sorted(_MODULES[name].rpartition(" ")[2] for name in used - {"np"})
        parts = [_MODULES["np"]] + ([f"from scipy import {', '.join(scipy)}"] if scipy else [])
        made = ["\n".join(parts), *(helper.rstrip() for helper, _ in copied)]
        quiet = '@np.errstate(all="ignore")\n' if any(self._may_fail(n) for n in self.live) else ""
        made.append(f"{quiet}{self._signature()}\n{self._docstring()}\n{body}")
        return "\n\n\n".join(made) + "\n"

    def _copied(self) -> list[tuple[str, set[str]]]:
        return [prelude.text_of(name) for name in prelude.names() if name in self.helpers]

    def _signature(self) -> str:
        given = list(self.parameters.values()) + (["*", *self.constants] if self.constants else [])
        line = f"def {self.function}({', '.join(given)}):"
        if len(line) <= WIDTH:
            return line
        return "\n".join([f"def {self.function}(", *(f"    {name}," for name in given), "):"])

    def _docstring(self) -> str:
        named = ", ".join(self.parameters.values())
        named = named if len(named) < 30 else f"{len(self.parameters)} inputs"
        lines = [f'    """Value and derivative by {named} on the path that was traced.']
        if self.constants:
            lines.append("")
            for name, value in self.constants.items():
                lines.append(
                    f"    {name}: {value.dtype} array of the shape {value.shape}, in `source.constants`."[:WIDTH]
                )
        return lines[0] + '"""' if len(lines) == 1 else "\n".join([*lines, '    """'])


_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}  # of NaN as well
_MEANING = {
    "reverse": "d_u is the derivative of the output by u",
    "forward": "d_u is the derivative of u by the input",
}


def _shape(shape: tuple[int, ...]) -> ast.expr:
    return ast.Tuple([ast.Constant(n) for n in shape])


def _call(function: str, *args: ast.expr, **keywords: ast.expr) -> ast.expr:
    return ast.Call(
        ast.parse(function, mode="eval").body, list(args), [ast.keyword(k, value) for k, value in keywords.items()]
    )


def _nested(value: Any) -> ast.expr:
    return ast.List([_nested(v) for v in value]) if isinstance(value, list) else ast.Constant(value)


def _is_narrow(operand: Any) -> bool:
    dtype = getattr(operand, "dtype", None)
    return isinstance(dtype, numpy.dtype) and dtype.char in "efF"


def _assembly(sweep: Sweep, function: str, label: str, node: Node, out: Any) -> list[str]:
    """The statements that call a sweep for unit seeds and put its results together."""
    complex_input = numpy_dtype(node).kind == "c" and out.dtype.kind != "c"
    if sweep.assembly == "diagonal":
        dtype = text(dtype_name(numpy_dtype(node)))
        ones = f"np.ones({node.shape}, dtype={dtype})"
        extra = f" - 1j * {function}(1j * {ones})" if complex_input else ""
        return [f"{label} = {function}({ones}){extra}"]
    like, shape = (out, out.shape + node.shape) if sweep.kind == "reverse" else (node, (*node.shape, *out.shape))
    dtype = text(dtype_name(numpy_dtype(like)))
    lines = [f"units = np.eye({like.size}, dtype={dtype}).reshape({(like.size, *like.shape)})"]
    term = f"{function}(unit)"
    if complex_input:
        term += f" - 1j * {function}(1j * unit)"
    elif sweep.kind == "reverse" and out.dtype.kind == "c":
        term += f" + 1j * {function}(-1j * unit)"
    result = node if sweep.kind == "reverse" else out
    lines.append(f"{label} = np.array([np.broadcast_to({term}, {result.shape}) for unit in units])")
    if sweep.kind == "reverse":
        return [*lines, f"{label} = {label}.reshape({shape})[()]"]
    axes = (*range(node.ndim, node.ndim + len(out.shape)), *range(node.ndim))
    return [*lines, f"{label} = {label}.reshape({shape}).transpose({axes})[()]"]
