"""Expressions as formulas: syntax trees of what the user wrote, and of what a derivative's sweep computes.

A derivative is shown by its sweep over stand-ins: values of the right number of dimensions, of lengths that stand for
any. What depends on these lengths is named (`x.size`), what only repeats a value over an array is left out, and the
rest is simplified (`simplification`). What a compiled function computes never comes from here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from ...emit.simplify import Simplified
from ...emit.spelling import EmitError, expression
from ...handle import TracedArray, is_traced
from ...listing import ancestors_of
from ...nodes import Node
from ...tracing import make_input, recording
from .differentiation import PULL, PUSH, Derivative
from .evaluation import Context, evaluate
from .graph import Apply, Constant, Variable, leaves, order
from .lengths import Lengths
from .simplification import called, plain, shortened

__adkit__ = True

TRIALS = ((3, 5, 7, 4, 9, 11), (8, 12, 10, 14, 13, 15), (3,), (4,))  # lengths: each its own, else one for all
LARGE, DEEP = 1500, 40  # parts of a formula, and its depth, beyond which parts get names


class Formula:
    """A formula: `tree`, and the parts of it that have a name because it is large."""

    def __init__(self, tree: ast.expr, parts: list[tuple[str, ast.expr]]) -> None:
        self.tree, self.parts = tree, parts


class Display:
    """Names for sizes while an expression runs on stand-ins."""

    def __init__(self) -> None:
        self.names: dict[Node, ast.expr] = {}
        self.known: dict[Any, TracedArray] = {}

    def _named(self, key: Any, value: Any, tree: ast.expr) -> TracedArray:
        made = self.known.get(key)
        if made is None:
            made = self.known[key] = make_input(value)
            self.names[made.node] = tree
        return made

    def size_of(self, variable: Variable, value: Any, axis: Any) -> Any:
        """The number of elements along axes as a value with a name."""
        shape = numpy.shape(getattr(value, "value", value))
        source = sized(variable)
        if axis is None or len(axis) == len(shape):
            name = ast.Attribute(_tree_of(source), "size")
            return self._named((source, "size"), numpy.float64(numpy.prod(shape)), name)
        made: Any = 1.0
        for i in axis:
            made = made * self._named((source, i), numpy.float64(shape[i]), _size(source, i))
        return made

    def shape_of(self, variable: Variable, shape: numpy.ndarray) -> Any:
        """The shape as a value with a name."""
        source = sized(variable)
        return self._named((source, "shape"), shape, ast.Attribute(_tree_of(source), "shape"))


def _size(source: Variable, i: int) -> ast.expr:
    shape = ast.Attribute(_tree_of(source), "shape")
    return ast.Subscript(shape, ast.Constant(i))


def sized(variable: Variable) -> Variable:
    """A variable of the same lengths that is shorter to write: an operand, as long as there is one."""
    while variable.owner is not None:
        operands = [v for v in variable.owner.inputs if v.broadcastable == variable.broadcastable]
        if variable.owner.op.name in ("dot", "matmul", "dimshuffle", "reshape", "subtensor", "concatenate", "scan"):
            break
        if not operands or isinstance(operands[0], Constant):
            break
        variable = operands[0]
    return variable


def _tree_of(variable: Variable) -> ast.expr:
    return formula(variable).tree


# ------------------------------------------------------------------------------------------------ what was written


def formula(variable: Variable) -> Formula:
    """The formula of a variable: as it was written, its derivatives carried out."""
    parts: list[tuple[str, ast.expr]] = []
    trees: dict[Variable, ast.expr] = {}
    sizes: dict[Variable, tuple[int, int]] = {}
    uses = _uses(variable)
    for apply in order([variable]):
        for made in apply.outputs:
            if isinstance(apply.op, Derivative):
                found = derivative(made)
                parts += [p for p in found.parts if p not in parts]
                trees[made], sizes[made] = found.tree, _extent(found.tree)
                continue
            trees[made] = _written(apply, [_leaf(v) if v not in trees else trees[v] for v in apply.inputs], made)
            inner = [sizes.get(v, (1, 1)) for v in apply.inputs]
            sizes[made] = (1 + sum(s for s, _ in inner), 1 + max((d for _, d in inner), default=0))
            if made is not variable and (
                sizes[made][1] > DEEP or (sizes[made][0] > LARGE // 10 and uses.get(made, 0) > 1)
            ):
                name = f"t{len(parts) + 1}"
                parts.append((name, trees[made]))
                trees[made], sizes[made] = ast.Name(name), (1, 1)
    return Formula(trees[variable] if variable in trees else _leaf(variable), parts)


def _extent(tree: ast.expr) -> tuple[int, int]:
    count, depth, level = 0, 0, [tree]
    while level:
        count += len(level)
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return count, depth


def _uses(variable: Variable) -> dict[Variable, int]:
    found: dict[Variable, int] = {}
    for apply in order([variable]):
        for v in apply.inputs:
            found[v] = found.get(v, 0) + 1
    return found


def _leaf(variable: Variable) -> ast.expr:
    if isinstance(variable, Constant):
        return ast.Name(variable.name) if variable.name else _constant(variable.data)
    return ast.Name(variable.name or f"<{variable.type!r}>")


def _constant(value: Any) -> ast.expr:
    array = numpy.asarray(value)
    if not array.ndim:
        return plain(array.item())
    if array.size <= 6:
        return _nested(array.tolist())
    return ast.Name(f"array({'x'.join(map(str, array.shape))})")


def _nested(value: Any) -> ast.expr:
    return ast.List([_nested(v) for v in value]) if isinstance(value, list) else plain(value)


def _written(apply: Apply, trees: list[ast.expr], made: Variable) -> ast.expr:
    op, params = apply.op, apply.params
    if op.symbol:
        names = {f"_{i}": tree for i, tree in enumerate(trees)}
        return _substituted(op.symbol.format(*names), names)
    if op.name in ("concatenate", "stack"):
        axis = [ast.Constant(params["axis"])] if params["axis"] else []
        return called(op.name, [ast.List(list(trees)), *axis])
    if op.name == "arange" and _is_number(trees[0], 0) and _is_number(trees[2], 1):
        return called("arange", trees[1:2])
    if "index" in params and op.name.endswith("subtensor"):
        return _subtensor(op.name, params["index"], trees)
    if op.name == "dimshuffle":
        return _shuffled(trees[0], params["pattern"], apply.inputs[0].ndim)
    if op.name == "shape":
        return ast.Attribute(trees[0], "shape")
    if op.name in ("cast", "addbroadcast"):
        return trees[0]
    if op.name in ("reshape", "alloc"):
        rest = trees[1:] if params["vector"] else [ast.Tuple(list(trees[1:]))]
        return called(op.name, [trees[0], *rest])
    shown = {k: v for k, v in params.items() if k in ("axis", "keepdims", "k", "reps", "ndim")}
    if len(apply.outputs) > 1:
        return ast.Subscript(called(op.name, trees, shown), ast.Constant(made.index))
    return called(op.name, trees, shown)


def _is_number(tree: ast.expr, number: int) -> bool:
    return isinstance(tree, ast.Constant) and tree.value == number


def _substituted(text: str, names: Mapping[str, ast.expr]) -> ast.expr:
    class Filler(ast.NodeTransformer):
        def visit_Name(self, tree: ast.Name) -> ast.expr:
            return names.get(tree.id, tree)

    made: ast.expr = Filler().visit(ast.parse(text, mode="eval").body)
    return made


def _subtensor(name: str, index: list[Any], trees: list[ast.expr]) -> ast.expr:
    writes = name != "subtensor"
    operands = iter(trees[2:] if writes else trees[1:])

    def one(part: Any) -> Any:
        return next(operands) if isinstance(part, str) else None if part is None else _constant(part)

    at: list[ast.expr] = []
    for p in index:
        if isinstance(p, slice):
            at.append(ast.Slice(*(one(b) for b in (p.start, p.stop, p.step))))
        else:
            at.append(ast.Constant(p) if p is None or p is Ellipsis else one(p))
    made = ast.Subscript(trees[0], at[0] if len(at) == 1 else ast.Tuple(at))
    return called(name, [made, trees[1]]) if writes else made


def _shuffled(tree: ast.expr, pattern: tuple[Any, ...], ndim: int) -> ast.expr:
    if pattern == tuple(reversed(range(ndim))):
        return ast.Attribute(tree, "T")
    return called("dimshuffle", [tree, *map(ast.Constant, pattern)])


# ------------------------------------------------------------------------------------------------ what a sweep computes


def derivative(variable: Variable) -> Formula:
    """The simplified formula of an output of a sweep; the call itself where no stand-in can go through it."""
    known: Formula | None = variable._compiled.get("formula")
    if known is None:
        known = variable._compiled["formula"] = _derived(variable)
    return known


def _derived(variable: Variable) -> Formula:
    """The formula that is the same for stand-ins of other lengths; one that differs holds for neither."""
    found: list[Formula] = []
    classes = Lengths([variable])
    for lengths in TRIALS:
        try:
            found.append(_swept(variable, classes, lengths))
        except (_Opaque, RecursionError):
            break
        except Exception:  # whatever NumPy says of lengths that do not fit
            continue
        if len(found) == 2:
            if _dumped(found[0]) == _dumped(found[1]):
                return found[0]
            break
    return _call(variable)


class _Opaque(Exception):
    """The sweep depends on the stand-ins."""


def _dumped(formula: Formula) -> list[str]:
    return [ast.dump(tree) for tree in (formula.tree, *(part for _, part in formula.parts))]


def _call(variable: Variable) -> Formula:
    """A derivative as the call that it was written as."""
    apply = variable.owner
    assert apply is not None
    n, m = apply.params.get("outputs", 1), apply.params.get("wrt", len(apply.inputs) - 1)
    at = variable.index + (2 * n if apply.op is PULL else n)
    shown = [*apply.inputs[:n], apply.inputs[at]]
    if apply.op is PUSH:
        shown += apply.inputs[n + m :]
    elif apply.op is PULL and not all(isinstance(g, Constant) for g in apply.inputs[n : 2 * n]):
        shown += apply.inputs[n : 2 * n]
    parts: list[tuple[str, ast.expr]] = []
    trees = []
    for v in shown:
        found = formula(v)
        parts += [part for part in found.parts if part not in parts]
        trees.append(found.tree)
    name = "Lop" if apply.op is PULL and len(shown) > n + 1 else apply.op.name
    return Formula(called(name, trees), parts)


def stand_in(variable: Variable, shape: tuple[int, ...], place: int) -> Any:
    """A value of the type of a variable."""
    dtype = variable.type.numpy_dtype
    if dtype.kind in "biu":
        return numpy.zeros(shape, dtype) if shape else dtype.type(2 if dtype.kind != "b" else 1)
    count = int(numpy.prod(shape))
    values = 0.31 + 0.07 * place + 0.3 * (numpy.arange(count) + 1) / (count + 1)
    return values.reshape(shape).astype(dtype)[()]


def _swept(variable: Variable, classes: Lengths, lengths: Sequence[int]) -> Formula:
    given = leaves([variable])
    shapes = classes.assigned(given, lengths)
    display = Display()
    with recording() as record:
        record.batching = True
        context = Context(display)
        handles = [make_input(stand_in(v, shapes[v], i)) for i, v in enumerate(given)]
        for v, handle in zip(given, handles, strict=True):
            display.names[handle.node] = _leaf(v)
        (made,) = evaluate([variable], dict(zip(given, handles, strict=True)), context)
    apply = variable.owner
    assert apply is not None
    taken = [g for g in record.guards if g.node.primitive.name not in ("any", "isnan")]
    if taken or any(a.op.name in ("scan", "ifelse") for a in order([variable])):
        raise _Opaque  # the path, or the number of steps, is that of the stand-ins
    params = apply.params
    at = variable.index if apply.op is PUSH else 2 * params.get("outputs", 0) + variable.index
    like = _tree_of(apply.inputs[at]) if "outputs" in params else None
    constants = [v.data for a in order([variable]) for v in a.inputs if isinstance(v, Constant) and v.ndim]
    named = dict(zip([h.node for h in handles], given, strict=True)) if len(lengths) > 1 else {}
    return Sweep(display, named, constants).formula(made, like)


class Sweep:
    """The nodes of a recorded sweep as a formula.

    A value that is the same along an axis, because a smaller one was broadcast, is kept as the smaller one until an
    operation needs its whole shape; `shapes` says what is kept.
    """

    def __init__(self, display: Display, variables: Mapping[Node, Variable], constants: list[Any]) -> None:
        self.names, self.variables, self.constants = display.names, variables, constants
        self.trees: dict[Node, ast.expr] = {}
        self.shapes: dict[Node, tuple[int, ...]] = {}
        self.extents: dict[Node, tuple[int, int]] = {}
        self.parts: list[tuple[str, ast.expr]] = []

    def formula(self, made: Any, like: ast.expr | None) -> Formula:
        """The formula of the result, in the shape of `like`."""
        if not is_traced(made):
            return Formula(self._whole_constant(getattr(made, "value", made), like), [])
        inputs = list(self.names)
        self.simple = Simplified(ancestors_of([made.node], inputs), inputs)
        output = self.simple.of(made.node)
        if type(output) is not Node:
            return Formula(self._whole_constant(output, like), [])
        for node in inputs:
            self.trees[node], self.shapes[node], self.extents[node] = self.names[node], node.shape, (1, 1)
        live = self._live(output)
        counts: dict[Node, int] = {}
        for node in live:
            for o in self.simple.operands[node]:
                if type(o) is Node:
                    counts[o] = counts.get(o, 0) + 1
        for node in live:
            self._add(node)
            size, depth = self.extents[node]
            if node is not output and (depth > DEEP or (size > LARGE // 10 and counts.get(node, 0) > 1)):
                self._name(node)
        tree = shortened(self.trees[output])
        if self.shapes[output] != output.shape or (output.shape and isinstance(tree, ast.Constant)):
            tree = self._filled(tree, like or self._like(output.shape))
        return Formula(tree, self.parts)

    def _whole_constant(self, value: Any, like: ast.expr | None) -> ast.expr:
        array = numpy.asarray(value)
        if array.ndim and array.size and like is not None and bool(numpy.all(array == array.flat[0])):
            return self._filled(plain(array.flat[0].item()), like)
        return self._array(array) if array.ndim else _constant(value)

    def _live(self, output: Node) -> list[Node]:
        seen, stack = {output}, [output]
        while stack:
            for operand in self.simple.operands[stack.pop()]:
                if type(operand) is Node and operand not in seen:
                    seen.add(operand)
                    stack.append(operand)
        return sorted((n for n in seen if n not in self.trees), key=lambda n: n.id)

    def _name(self, node: Node) -> None:
        name = f"t{len(self.parts) + 1}"
        self.parts.append((name, shortened(self.trees[node])))
        self.trees[node], self.extents[node] = ast.Name(name), (1, 1)

    def _add(self, node: Node) -> None:
        operands = self.simple.operands[node]
        row = node.primitive
        if row.kind == 0:  # elementwise
            trees, shapes = [], []
            for o in operands:
                tree, shape = self._small(o)
                trees.append(tree)
                shapes.append(shape)
            self.trees[node] = self._spelled(node, trees)
            self.shapes[node] = numpy.broadcast_shapes(*shapes)
        elif row.name in ("broadcast_to", "convert", "reshape") and self._passes(node, operands[0]):
            self.trees[node], self.shapes[node] = self._small(operands[0])
        else:
            self.trees[node] = self._spelled(node, [self._whole(o) for o in operands])
            self.shapes[node] = node.shape
        inner = [self.extents[o] for o in operands if type(o) is Node]
        self.extents[node] = (1 + sum(s for s, _ in inner), 1 + max((d for _, d in inner), default=0))

    def _passes(self, node: Node, operand: Any) -> bool:
        """Whether an operation only repeats or renames the smaller value that is kept of its operand."""
        if node.primitive.name in ("broadcast_to", "convert"):
            return True
        kept = self._small(operand)[1]
        return all(n == 1 for n in kept)

    def _small(self, operand: Any) -> tuple[ast.expr, tuple[int, ...]]:
        if type(operand) is Node:
            shape = self.shapes[operand]
            return self.trees[operand], () if all(n == 1 for n in shape) else shape
        array = numpy.asarray(operand)
        if array.ndim and array.size and bool(numpy.all(array == array.flat[0])):
            return plain(array.flat[0].item()), ()
        return self._array(array), array.shape

    def _array(self, array: numpy.ndarray) -> ast.expr:
        """A constant: one of the user's, or an identity matrix of the length of a vector."""
        if array.ndim == 2 and array.shape[0] == array.shape[1] and numpy.array_equal(array, numpy.eye(len(array))):
            for node, variable in self.variables.items():
                if node.shape == array.shape[:1]:
                    return called("eye", [ast.Attribute(_leaf(variable), "size")])
        if array.ndim and not any(numpy.array_equal(array, c) for c in self.constants):
            raise _Opaque
        return _constant(array)

    def _whole(self, operand: Any) -> ast.expr:
        if type(operand) is Node:
            if self.shapes[operand] == operand.shape:
                return self.trees[operand]
            return self._filled(self.trees[operand], self._like(operand.shape))
        array = numpy.asarray(operand)
        if array.size == 1:
            return plain(array.flat[0].item())
        if array.ndim and array.size and bool(numpy.all(array == array.flat[0])):
            return self._filled(plain(array.flat[0].item()), self._like(array.shape))
        return self._array(array)

    def _like(self, shape: tuple[int, ...]) -> ast.expr:
        """A value with a name that has a shape."""
        for node, variable in self.variables.items():
            if node.shape == shape:
                return _leaf(variable)
        raise _Opaque

    @staticmethod
    def _filled(tree: ast.expr, like: ast.expr) -> ast.expr:
        for number, name in ((0, "zeros_like"), (1, "ones_like")):
            if isinstance(tree, ast.Constant) and tree.value == number:
                return called(name, [like])
        return called("fill", [like, tree])

    def _spelled(self, node: Node, trees: list[ast.expr]) -> ast.expr:
        special: Callable[..., ast.expr] | None = _SPELLINGS.get(node.primitive.name)
        if special is not None:
            return special(node, trees)
        try:
            return called("", [expression(node, trees, _constant)])
        except EmitError:
            return called(node.primitive.name, trees)


def _reshaped(node: Node, trees: list[ast.expr]) -> ast.expr:
    if node.size == 1:
        return trees[0]
    before, after = getattr(node.inputs[0], "shape", ()), node.shape
    if [n for n in before if n != 1] == [n for n in after if n != 1]:
        axes = iter(i for i, n in enumerate(before) if n != 1)
        pattern = ["x" if n == 1 else next(axes) for n in after]
        return called("dimshuffle", [trees[0], *map(ast.Constant, pattern)])
    if len(after) == 1:
        return called("flatten", trees)
    return called("reshape", [trees[0], _constant(list(after))])


def _set_at(name: str) -> Callable[..., ast.expr]:
    def made(node: Node, trees: list[ast.expr]) -> ast.expr:
        index = (node.params or {})["index"]
        parts = index if isinstance(index, tuple) else (index,)
        at = [ast.Slice(*(b if b is None else _constant(b) for b in (p.start, p.stop, p.step)))
              if isinstance(p, slice) else _constant(p) for p in parts]  # fmt: skip
        return called(name, [ast.Subscript(trees[0], at[0] if len(at) == 1 else ast.Tuple(at)), trees[1]])

    return made


_SPELLINGS: dict[str, Callable[..., ast.expr]] = {
    "reshape": _reshaped,
    "matmul": lambda node, trees: called("dot", trees),
    "strong_multiply": lambda node, trees: ast.BinOp(trees[0], ast.Mult(), trees[1]),
    "index_update": _set_at("set_subtensor"),
    "index_add": _set_at("inc_subtensor"),
    "convert": lambda node, trees: trees[0],
    "truncate": lambda node, trees: called("cast", trees),
}
