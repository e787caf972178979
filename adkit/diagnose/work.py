"""What a recorded program does, by counts: operations, elements, bytes. Deterministic, from shapes and dtypes alone.

Floating-point operations are estimates of their order: one per element of an elementwise result, 2·m·n·k for a product
of matrices, n³ for a factorization, none for moving elements; of a loop with a body those of all its steps.
Not for: measured times (`cost`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..nodes import INPUT, Node, Unkept
from ..primitive import CONSTANT, ELEMENTWISE, LINEAR, MULTILINEAR, OUTPUT_BIT
from ..tracing import depends_on

__adkit__ = True

_REDUCTIONS = frozenset({"sum", "mean", "prod", "max", "min", "cumsum", "cumprod", "log_softmax"})
_MOVES = frozenset({"take", "scatter_add"})
_ALGEBRA = frozenset(
    "solve inv solve_triangular cholesky permute_rows lu_factor unpivoted_lu qr eigh eig svd cofactor det "
    "inverse_or_infinite slogdet pinv lstsq expm expm_frechet roots".split()
)
CLASSES = (
    "elementwise",
    "products",
    "linear algebra",
    "reductions",
    "moves",
    "with a body",
    "without derivative",
    "other",
)


def class_of(node: Node) -> str:
    """The class of an instruction, of `CLASSES`."""
    primitive = node.primitive
    if "body" in (node.params or {}):
        return "with a body"
    if primitive.kind == CONSTANT:
        return "without derivative"
    if primitive.name in _REDUCTIONS:
        return "reductions"
    if primitive.name in _ALGEBRA:
        return "linear algebra"
    if primitive.kind == ELEMENTWISE:
        return "elementwise"
    if primitive.kind == MULTILINEAR and primitive.name not in _MOVES:
        return "products"
    return "moves" if primitive.kind == LINEAR or primitive.name in _MOVES else "other"


def size_of(operand: Any) -> int:
    """The number of elements of an operand."""
    return math.prod(getattr(operand, "shape", ()) or ())


def flops(node: Node) -> float:
    """Floating-point operations of one evaluation, estimated."""
    kind = class_of(node)
    if kind == "with a body":
        return sum(flops(inner) for inner in _inside(node))
    if kind == "products":
        return 2.0 * math.sqrt(math.prod(size_of(operand) for operand in node.inputs[:2]) * max(1, node.size))
    if kind == "linear algebra":
        shape = getattr(node.inputs[0], "shape", ())
        return float(math.prod(shape) * min(shape[-2:])) if len(shape) > 1 else float(node.size)
    if kind == "reductions":
        return float(size_of(node.inputs[0]))
    return 0.0 if kind in ("moves", "without derivative") else float(node.size)


def sweep_flops(node: Node) -> float:
    """Floating-point operations of the node's rule in either sweep: the partial and a product for each operand."""
    traced = sum(type(i) is Node and depends_on(node.primitive, k) for k, i in enumerate(node.inputs))
    kind = class_of(node)
    if kind == "with a body":
        return sum(sweep_flops(inner) for inner in _inside(node))
    if kind == "elementwise":
        return 2.0 * node.size * traced
    return max(flops(node), float(node.size)) * traced


def _inside(node: Node) -> Iterator[Node]:
    """What was recorded inside of an instruction with a body, every step of a loop."""
    for piece in (node.params or {})["body"].pieces:
        given = {*piece.inputs, *piece.closures}
        yield from (inner for inner in piece.steps if inner not in given and inner.primitive is not INPUT)


def nbytes(value: Node | Any) -> int:
    """The bytes of a variable's value, from its shape and dtype."""
    if type(value) is not Node:
        return size_of(value) * int(numpy_dtype(value).itemsize)
    return _node_bytes(value.shape, value.dtype)


@functools.lru_cache(maxsize=4096)
def _node_bytes(shape: tuple[int, ...], dtype: Any) -> int:
    if numpy.dtype(dtype) == object:
        return 0  # the results of an instruction that has several are counted one by one
    return math.prod(shape) * int(numpy.dtype(dtype).itemsize)


def kept_bytes(order: Sequence[Node]) -> dict[Node, int]:
    """Instruction -> bytes that its rule adds to what a reverse sweep has to keep; nothing is counted twice."""
    seen: set[int] = set()
    kept: dict[Node, int] = {}
    masks: dict[Any, int] = {}

    def keep(by: Node, value: Any) -> None:
        if id(value) not in seen and getattr(value, "shape", None) is not None and not isinstance(value, Unkept):
            seen.add(id(value))
            kept[by] = kept.get(by, 0) + nbytes(value)

    for node in order:
        if node.primitive is INPUT:
            continue
        key = (node.primitive, *(type(operand) is Node for operand in node.inputs))
        mask = masks.get(key, -1)
        if mask < 0:
            mask = masks[key] = _residuals(node)
        for j, operand in enumerate(node.inputs):
            if mask >> j & 1:
                keep(operand if type(operand) is Node and operand.primitive is not INPUT else node, operand)
        if mask & OUTPUT_BIT:
            keep(node, node)
    return kept


def _residuals(node: Node) -> int:
    """Which operands, and whether the result, the rules of an instruction read."""
    mask = 0
    for i, operand in enumerate(node.inputs):
        if type(operand) is Node and depends_on(node.primitive, i):
            mask |= int(node.primitive.residual_mask(i))
    return mask


def peak_of(order: Sequence[Node], last_first: bool = False) -> int:
    """The most bytes that are alive at once if every variable lives from its making to its last use.

    With `last_first` of adjoints, which live from their first contribution to their own turn.
    """
    return _peak_of_adjoints(order) if last_first else _peak_of_values(order)


def _peak_of_values(order: Sequence[Node]) -> int:
    last: dict[Node, Node] = {i: node for node in order for i in node.inputs if type(i) is Node}
    alive: dict[Node, int] = {}
    total = peak = 0
    for node in order:
        alive[node] = made = _node_bytes(node.shape, node.dtype)
        total += made
        if total > peak:
            peak = total
        for operand in node.inputs:
            if type(operand) is Node and last[operand] is node:
                total -= alive.pop(operand, 0)
    return peak


def _peak_of_adjoints(order: Sequence[Node]) -> int:
    alive: dict[Node, int] = {}
    total = peak = 0
    for node in reversed(order):
        for operand in node.inputs:
            if type(operand) is Node and operand not in alive:
                alive[operand] = made = _node_bytes(operand.shape, operand.dtype)
                total += made
        if total > peak:
            peak = total
        total -= alive.pop(node, 0)
    return peak


@dataclass(frozen=True)
class Work:
    """Counts of a program.

    Attributes
    ----------
    classes: class -> (instructions, elements of their results, floating-point operations).
    inputs, outputs: the number of forward sweeps, and of reverse sweeps, that the derivative takes.
    forward, reverse: floating-point operations of one sweep, and of all that the derivative takes.
    kept: bytes that a reverse sweep has to keep, by instruction.
    forward_peak, reverse_peak: bytes alive at once, values included.
    crossover: forward sweeps from which on reverse mode takes fewer operations, for these outputs.
    """

    classes: Mapping[str, tuple[int, int, float]]
    inputs: int
    outputs: int
    forward: tuple[float, float]
    reverse: tuple[float, float]
    kept: Mapping[Node, int]
    forward_peak: int
    reverse_peak: int
    crossover: int


def counted(nodes: Sequence[Node], order: Sequence[Node], inputs: int, outputs: int) -> Work:
    """The counts of all `nodes`, and of the sweeps over those in `order`, which depend on the inputs."""
    classes: dict[str, list[float]] = {}
    known: dict[Any, tuple[str, int, float, float]] = {}
    of: dict[Node, tuple[str, int, float, float]] = {}
    tally: dict[int, int] = {}
    for node in nodes:
        of[node] = found = _counts(node, known)
        tally[id(found)] = tally.get(id(found), 0) + 1
    for found in {id(found): found for found in of.values()}.values():
        name, size, ops, _ = found
        count = tally[id(found)]
        entry = classes.setdefault(name, [0, 0, 0.0])
        entry[0] += count
        entry[1] += size * count
        entry[2] += ops * count
    one = sum([(of[node] if node in of else _counts(node, known))[3] for node in order])
    joins: dict[Node, int] = {}
    for node in order:
        for operand in node.inputs:
            if type(operand) is Node:
                joins[operand] = joins.get(operand, 0) + 1
    added = sum([(count - 1) * node.size for node, count in joins.items() if count > 1])  # where contributions meet
    kept = kept_bytes(order)
    return Work(
        {name: (int(c[0]), int(c[1]), c[2]) for name in CLASSES if (c := classes.get(name))},
        inputs,
        outputs,
        (one, one * inputs),
        (one + added, (one + added) * outputs),
        kept,
        2 * peak_of(order),
        sum(kept.values()) + peak_of(order, last_first=True),
        max(1, math.ceil(outputs * (one + added) / one)) if one else 1,
    )


def _counts(node: Node, known: dict[Any, tuple[str, int, float, float]]) -> tuple[str, int, float, float]:
    """Class, elements, operations and operations of a sweep, which instructions of equal shapes share."""
    if node.params is not None and "body" in node.params:
        return class_of(node), node.size, flops(node), sweep_flops(node)
    shapes = [i.shape if type(i) is Node else ("", getattr(i, "shape", ())) for i in node.inputs]
    key = (node.primitive, node.shape, *shapes)
    found = known.get(key)
    if found is None:
        found = known[key] = (class_of(node), node.size, flops(node), sweep_flops(node))
    return found
