"""The sparsity sweep: on which elements of the inputs does each element of the outputs depend?

Every variable gets an array of its own shape that holds, for each element, the number of a set of input elements
(`sweeps.index_sets`). A row tells by its attribute `sparsity` how its result depends on its operands:

* "elementwise": on the corresponding elements, with broadcasting (derived for elementwise rows);
* "moves": the row only moves, copies or drops elements, so it is evaluated on the set numbers themselves;
* "reduction" and "cumulative": on the elements along `axis`, and on those up to its own place;
* "axis": on all elements along `axis`; "matrices": on all elements of the matrices in the last two axes;
* "assignment", "selection", "taking", "scattering", "contraction", "convolution": as the rows for which they were made;
* a function `(sweep, node, patterns) -> pattern` for anything else;
* `None`: each element on every element of every operand, which is always right.

A set may be too large, never too small. Nothing depends on values, except on what is constant: where a constant factor
of a contraction is zero, where a constant condition of `where` holds, constant positions of `take`. Those are listed in
`consulted`, so that whoever uses the result at another point can compare.

Not for: derivatives, and what is done with a pattern (`adkit.sparse`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy

from ..backends import to_numpy
from ..nodes import COMPONENT, INPUT, TIE, Node, Results, Unkept
from ..primitive import ELEMENTWISE
from ..primitives.indexing import index_update
from .contraction_sparsity import contraction, convolution
from .index_sets import Ids, IndexSets

__adkit__ = True

Pattern = Any  # an int for a scalar, an array of set numbers, or a tuple of them for several results
Rule = Callable[["SparsitySweep", Node, "list[Pattern]"], Pattern]


class SparsitySweep:
    """The patterns of the nodes between some inputs and outputs.

    Parameters
    ----------
    order: the nodes that depend on the inputs, in order (`sweeps.order.active`), recorded with all constants kept
        (`tracing.replayable`).
    inputs: their elements are numbered one input after the other, each in C order.
    """

    def __init__(self, order: Sequence[Node], inputs: Sequence[Node]) -> None:
        self.order = order
        self.inputs = list(inputs)
        self.sets = IndexSets(sum(node.size for node in inputs))
        self.consulted: dict[tuple[int, int], tuple[str, numpy.ndarray]] = {}
        self._place = 0
        self._owned: set[Node] = set()
        self._last_use = {p: node for node in order for p in node.inputs if type(p) is Node}

    def sweep(self, outputs: Sequence[Node | None], sizes: Sequence[int]) -> list[Ids]:
        """The set numbers of each output's elements, in C order; an output that is `None` depends on nothing."""
        patterns: dict[Node, Pattern] = {}
        start = 1
        for node in self.inputs:
            patterns[node] = start if not node.shape else numpy.arange(start, start + node.size).reshape(node.shape)
            start += node.size
        for output in outputs:
            if output is not None:
                self._last_use.pop(output, None)
        for place, node in enumerate(self.order):
            self._place = place
            if node not in patterns:
                given = [patterns.get(p, 0) if type(p) is Node else 0 for p in node.inputs]
                patterns[node] = self._of(node, given)
                for parent in node.inputs:
                    if type(parent) is Node and self._last_use.get(parent) is node:
                        patterns.pop(parent, None)
        return [
            numpy.zeros(size, numpy.int64) if node is None else numpy.reshape(patterns[node], -1)
            for node, size in zip(outputs, sizes, strict=True)
        ]

    def _of(self, node: Node, given: list[Pattern]) -> Pattern:
        rule = node.primitive.sparsity or dense
        made = RULES[rule](self, node, given) if isinstance(rule, str) else rule(self, node, given)
        if self._owned and isinstance(made, numpy.ndarray) and node not in self._owned:
            self._disown(node, given, made)
        return made

    def _disown(self, node: Node, given: list[Pattern], made: Ids) -> None:
        """Give up arrays that `made` may be a view of, so that the next assignment copies them first."""
        for parent, pattern in zip(node.inputs, given, strict=True):
            if type(parent) is Node and parent in self._owned and (made is pattern or made.base is not None):
                self._owned.discard(parent)

    def consult(self, node: Node, operand: int, what: str = "zeros") -> numpy.ndarray | None:
        """Where a constant operand is not zero (or its values), noted as consulted; `None` if it is not a constant."""
        value = node.inputs[operand]
        if type(value) is Node or isinstance(value, Unkept):
            return None
        found = CONSULTED[what](value)
        self.consulted[self._place, operand] = what, found
        return found

    # -- what rules are made of

    def unite(self, a: Pattern, b: Pattern) -> Pattern:
        """Elementwise union, with broadcasting."""
        if type(a) is int and type(b) is int:
            return self.sets.pair(a, b)
        a, b = numpy.broadcast_arrays(a, b)
        made: Ids = numpy.array(numpy.where(a == 0, b, a))
        rest = (a != b) & (a != 0) & (b != 0)
        first, second = a[rest], b[rest]
        count = len(first)
        if count > 16:
            made[rest] = self.sets.union(numpy.concatenate([first, second]), numpy.tile(numpy.arange(count), 2), count)
        elif count:
            made[rest] = [self.sets.pair(p, q) for p, q in zip(first.tolist(), second.tolist(), strict=True)]
        return made

    def reduced(self, a: Pattern, axes: Iterable[int]) -> Pattern:
        """The union along axes, which are dropped."""
        axes = tuple(axes)
        if type(a) is int:
            return a
        rest = [i for i in range(a.ndim) if i not in axes]
        shape = tuple(a.shape[i] for i in rest)
        rows = a.transpose(*rest, *axes).reshape(int(numpy.prod(shape, dtype=int)), -1) if a.size else None
        if rows is None:
            return numpy.zeros(shape, numpy.int64) if shape else 0
        if rows.shape[1] == 1:
            return rows.reshape(shape) if shape else int(rows[0, 0])
        if len(rows) == 1:
            one = self.sets.union_of(rows[0])
            return numpy.full(shape, one) if shape else one
        groups = numpy.repeat(numpy.arange(len(rows)), rows.shape[1])
        return self.sets.union(rows.reshape(-1), groups, len(rows)).reshape(shape)

    def everything(self, given: Iterable[Pattern]) -> int:
        """The union of all elements of all operands."""
        flat = [numpy.reshape(p, -1) for p in _flattened(given) if p is not None]
        return self.sets.union_of(numpy.concatenate(flat)) if flat else 0

    # -- assignments, in place where nobody else looks

    def assigned(self, node: Node, given: list[Pattern]) -> Pattern:
        """The pattern of an array after an assignment to a part of it, or an addition."""
        target, written = given
        index = _plain(node.params["index"])  # type: ignore[index]
        parent = node.inputs[0]
        if type(parent) is Node and parent in self._owned and self._last_use.get(parent) is node:
            made = target
        else:
            made = numpy.array(numpy.broadcast_to(target, node.shape))
        self._owned.add(node)
        if node.primitive is index_update:
            made[index] = written
        else:
            self._added(made, index, written)
        return made

    def _added(self, made: Ids, index: Any, written: Pattern) -> None:
        place = numpy.arange(made.size).reshape(made.shape)[index]
        places = numpy.reshape(place, -1)
        new = numpy.broadcast_to(written, numpy.shape(place)).reshape(-1)
        flat = made.reshape(-1)  # a view: `made` is contiguous
        if len(places) == 1:
            flat[places[0]] = self.sets.pair(int(flat[places[0]]), int(new[0]))
            return
        touched, group = numpy.unique(places, return_inverse=True)
        children = numpy.concatenate([flat[touched], new])
        groups = numpy.concatenate([numpy.arange(len(touched)), group])
        flat[touched] = self.sets.union(children, groups, len(touched))


# ------------------------------------------------------------------------------------------------ rules


def elementwise(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """The union of corresponding elements of the operands that have a derivative."""
    primitive = node.primitive
    made: Pattern = 0
    for i, pattern in enumerate(given):
        if primitive.kind == ELEMENTWISE and primitive.partials[i] is None:
            continue
        if type(pattern) is not int or pattern:
            made = pattern if type(made) is int and not made else sweep.unite(made, pattern)
    return _spread(made, node.shape)


def moves(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """The row evaluated on set numbers; constants, and what padding brings, depend on nothing."""
    filled = [
        numpy.broadcast_to(numpy.int64(p), p_shape) if type(p) is int else p
        for p, p_shape in zip(given, map(_shape, node.inputs), strict=True)
    ]
    made = node.primitive._evaluate(numpy, *filled, **{k: _plain(v) for k, v in (node.params or {}).items()})
    return made if node.shape else int(made)


def reduction(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """The union along the axes of the parameter `axis`."""
    made = sweep.reduced(given[0], _axes(node, given[0]))
    return numpy.reshape(made, node.shape) if node.shape else made


def cumulative(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """The union along `axis` up to each place."""
    rows = numpy.moveaxis(given[0], _axes(node, given[0])[0], 0)
    made = numpy.empty_like(rows)
    total: Pattern = 0
    for i, row in enumerate(rows):
        total = sweep.unite(total, int(row) if rows.ndim == 1 else row)
        made[i] = total
    return numpy.moveaxis(made, 0, _axes(node, given[0])[0])


def along_axis(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """The union along the axes, at every place along them, however many the result has."""
    made: Pattern = 0
    for pattern in given:
        if type(pattern) is not int:
            axes = _axes(node, pattern)
            kept = tuple(1 if i in axes else n for i, n in enumerate(pattern.shape))
            made = sweep.unite(made, numpy.reshape(sweep.reduced(pattern, axes), kept))
    return _spread(made, node.shape)


def matrices(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """Per example of a batch, the union of all elements of its matrices."""
    batch: Pattern = 0
    for pattern in given:
        if type(pattern) is not int:
            batch = sweep.unite(batch, sweep.reduced(pattern, range(max(0, pattern.ndim - 2), pattern.ndim)))
    return PerExample((batch,)) if node.dtype is Results.dtype else _over_batch(batch, node.shape)


class PerExample(tuple[Pattern]):
    """The pattern of several results whose elements depend on all that is in their example of a batch."""

    __slots__ = ()


def _over_batch(batch: Pattern, shape: tuple[int, ...]) -> Pattern:
    lead = numpy.shape(batch)
    return _spread(numpy.reshape(batch, lead + (1,) * (len(shape) - len(lead))) if lead else batch, shape)


def selection(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """`where`: exact for a constant condition, else the union of both branches."""
    mask = sweep.consult(node, 0)
    if mask is None:
        return elementwise(sweep, node, given)
    made: Any = numpy.where(mask, given[1], given[2])
    return _spread(made if node.shape else int(made), node.shape)


def taking(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """`take`: exact at constant positions, else on everything."""
    positions = sweep.consult(node, 1, "values")
    if positions is None:
        return dense(sweep, node, given)
    made: Any = numpy.take(given[0], positions)
    return _spread(made if node.shape else int(made), node.shape)


def scattering(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """`scatter_add`: the union of what arrives at each position, if these are constant."""
    positions = sweep.consult(node, 1, "values")
    if positions is None or not node.shape:
        return dense(sweep, node, given)
    arriving = numpy.broadcast_to(numpy.int64(given[0]) if type(given[0]) is int else given[0], positions.shape)
    made = sweep.sets.union(arriving.reshape(-1), positions.reshape(-1) % max(1, node.size), node.size)
    return made.reshape(node.shape)


def dense(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """Every element depends on everything."""
    return _spread(sweep.everything(given), node.shape)


def first_operand(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """The first operand unchanged."""
    return _spread(given[0], node.shape)


def component(sweep: SparsitySweep, node: Node, given: list[Pattern]) -> Pattern:
    """One of several results, or what all of them depend on."""
    whole = given[0]
    if type(whole) is PerExample:
        return _over_batch(whole[0], node.shape)
    return _spread(whole[node.params["index"]] if isinstance(whole, tuple) else whole, node.shape)  # type: ignore[index]


def _spread(pattern: Pattern, shape: tuple[int, ...]) -> Pattern:
    """A pattern broadcast to the shape of its node."""
    if not shape:
        return pattern if type(pattern) is int else int(numpy.reshape(pattern, ()))
    return pattern if numpy.shape(pattern) == shape else numpy.broadcast_to(numpy.int64(pattern), shape)


def _axes(node: Node, pattern: Ids) -> tuple[int, ...]:
    """The axes that a row's parameter `axis` (or `axes`) names."""
    params = node.params or {}
    given = params.get("axis", params.get("axes"))
    every = range(numpy.ndim(pattern))
    chosen = every if given is None else given if isinstance(given, (tuple, list)) else (given,)
    return tuple(int(i) % max(1, len(every)) for i in chosen)


def _flattened(given: Iterable[Pattern]) -> Iterable[Pattern]:
    for pattern in given:
        if isinstance(pattern, tuple):
            yield from _flattened(pattern)
        else:
            yield pattern


def _shape(operand: Any) -> tuple[int, ...]:
    return tuple(getattr(operand, "shape", ()))


def _plain(param: Any) -> Any:
    """A parameter with arrays of other libraries as NumPy's."""
    if isinstance(param, tuple):
        return tuple(map(_plain, param))
    return to_numpy(param) if hasattr(param, "__array_namespace__") else param


RULES: dict[str, Rule] = {
    "elementwise": elementwise,
    "moves": moves,
    "reduction": reduction,
    "cumulative": cumulative,
    "axis": along_axis,
    "matrices": matrices,
    "assignment": SparsitySweep.assigned,
    "selection": selection,
    "taking": taking,
    "scattering": scattering,
    "contraction": contraction,
    "convolution": convolution,
}
# what a pattern may depend on of a constant
CONSULTED: dict[str, Callable[[Any], numpy.ndarray]] = {
    "zeros": lambda constant: numpy.asarray(to_numpy(constant)) != 0,
    "values": lambda constant: numpy.array(to_numpy(constant)),
}

for _row in (INPUT, TIE):
    _row.sparsity = first_operand
COMPONENT.sparsity = component
