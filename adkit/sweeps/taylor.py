"""The Taylor sweep: from the power series of the inputs to those of everything after them, up to any order.

One pass over the list per order, with work that grows with the square or cube of the order; nested forward sweeps take
2ⁿ. Elementwise rows follow from their partials (`series`). Linear rows act on each coefficient alone, multilinear ones
by Cauchy products. A general row y = f(x) has y' = jvp(x'; x, y), so its jvp is recorded once, with tangent, operands
and result as inputs, and the same sweep runs over that recording at one order less.

At points where a derivative does not exist the table's choice counts, as in nested forward sweeps. Branches are those
of the recording. Not for: what is differentiated and how results are packed (`transforms`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy

from ..backends import namespace_of, setitem
from ..handle import TracedArray, is_traced
from ..nodes import Node, Results, next_id, state
from ..primitive import ELEMENTWISE, GENERAL, MULTILINEAR, OUTPUT_BIT, General, Primitive
from ..primitives.indexing import index_update
from ..primitives.linalg import inv, swap_last
from ..primitives.reduction import sum_
from ..tracing import make_input
from .forward import disown, pushforward
from .order import active, ancestors
from .reverse import has_nan
from .series import Algebra, Constant, Fitted, Given, Series, Termwise
from .values import read, read_recorded, result_of, seed_for

__adkit__ = True


def taylor_sweep(
    outputs: Sequence[Node],
    inputs: Sequence[Node],
    tangents: Sequence[Any],
    order: list[Node],
    degree: int,
    recorded: bool = False,
) -> list[list[Any]]:
    """Per output its Taylor coefficients 1 to `degree` along the line `inputs + t·tangents`; `None` is zero.

    Parameters
    ----------
    outputs, inputs: nodes.
    tangents: the direction, one tangent per input.
    order: the nodes between them, see `order.ancestors`.
    degree: the highest order.
    recorded: record the sweep itself, which an enclosing recording needs.
    """

    def swept(strong: bool) -> list[list[Any]]:
        namespace = None if recorded else namespace_of(node.value for node in inputs)
        algebra = Algebra(namespace, strong)
        read_value = read_recorded if recorded else read
        given: dict[Node, Series] = {}
        for node, tangent in zip(inputs, tangents, strict=True):
            given[node] = Given(algebra, [read_value(node), seed_for(tangent, recorded)])
        try:
            sweep = Sweep(algebra, given, order, outputs, recorded)
            for k in range(1, degree + 1):
                sweep.advance(k)
            return [[sweep.series[node].coefficient(k) for k in range(1, degree + 1)] for node in outputs]
        finally:
            algebra.close()

    with numpy.errstate(all="ignore"):
        found = swept(strong=False)
        return swept(strong=True) if any(has_nan(c) for output in found for c in output) else found


class Sweep:
    """The series of the nodes between inputs and outputs, advanced order by order, without recursion over the list.

    Parameters
    ----------
    algebra: how rows act on series.
    given: the series of the inputs; other nodes before `order` are constants.
    order: the nodes to visit.
    outputs: nodes whose coefficients are read in the end.
    recorded: give the operations of each node the node's place in the user's code.
    """

    def __init__(
        self, algebra: Algebra, given: dict[Node, Series], order: list[Node], outputs: Sequence[Node], recorded: bool
    ) -> None:
        self.algebra = algebra
        self.read = read_recorded if recorded else read
        self.recorded = recorded
        self.series: dict[Node, Series] = dict(given)
        algebra.sweeps.append(self.series)
        self.order = [node for node in order if node not in given]
        self.owned: set[Node] = set()
        self.last_use: dict[Node, Node] = {}
        self.passing: set[Node] = set()  # nodes of which no one reads a coefficient of a lower order than its own
        self.at = 0
        span = state.span
        try:
            for node in self.order:
                if recorded:
                    state.span = (node.code, node.lasti)
                self._enter(node)
        finally:
            state.span = span
        self.passing.difference_update(given, outputs)

    def operand(self, x: Any) -> Series:
        """The series of an operand of a node."""
        made = self.series.get(x) if type(x) is Node else None
        if made is not None:
            return made
        return self.algebra.constant(self.read(x), x if type(x) is Node else None)

    def _enter(self, node: Node) -> None:
        """Make the series of a node."""
        parents = [i for i in node.inputs if type(i) is Node]
        primitive = node.primitive
        if not any(i in self.series and not self.series[i].is_constant for i in parents):
            self.series[node] = self.algebra.constant(result_of(node, self.recorded), node)
            return
        if primitive.kind == ELEMENTWISE:
            made: Series = self.algebra.elementwise(primitive, tuple(map(self.operand, node.inputs)))
        elif primitive.kind == GENERAL:
            made = general(self.algebra, primitive, tuple(map(self.operand, node.inputs)), node.params or {}, node)
        elif primitive.kind == MULTILINEAR:
            made = Multilinear(self.algebra, primitive, tuple(map(self.operand, node.inputs)), node.params or {})
        else:
            made = Linear(self, node)
        self.series[node] = made = self._of_node(made, node)
        if not isinstance(made, (Linear, Termwise)):
            self.passing.difference_update(parents)
        elif isinstance(made, Linear):
            self.passing.add(node)
        self.last_use.update(dict.fromkeys(parents, node))

    def _of_node(self, made: Series, node: Node) -> Series:
        """A series with coefficients in the shape and dtype of its node, and its value if that was kept."""
        if made.is_constant or made.like is node:
            return made
        if made.like is not None or made._made:
            return Fitted(made, node)
        made.like = node
        if node.value is not None:
            made._zeroth = result_of(node, self.recorded)
        return made

    def advance(self, k: int) -> None:
        """Compute the coefficients of order k, after those of lower orders."""
        if k <= self.at:
            return
        self.at = k
        self.owned.clear()
        span = state.span
        try:
            for node in self.order:
                if self.recorded:
                    state.span = (node.code, node.lasti)
                made = self.series[node].coefficient(k)
                if self.owned and made is not None and node.primitive is not index_update:
                    disown(node, [self.at_order(i, k) for i in node.inputs], made, self.owned)
                for parent in node.inputs:
                    if type(parent) is Node and parent in self.passing and self.last_use[parent] is node:
                        self.series[parent].forget(k)
        finally:
            state.span = span

    def at_order(self, operand: Any, k: int) -> Any:
        """The coefficient of an operand of a node, if that is a node which varies."""
        series = self.series.get(operand) if type(operand) is Node else None
        return None if series is None else series.coefficient(k)

    def update(self, node: Node, incoming: list[Any]) -> Any:
        """A coefficient of an assignment: written in place where that of the old array is used no more."""
        target = node.inputs[0]
        own = target in self.owned and target in self.passing and self.last_use[target] is node
        if own and not any(isinstance(t, TracedArray) for t in incoming):
            made = incoming[0]
            setitem(made, node.params["index"], 0.0 if incoming[1] is None else incoming[1])  # type: ignore[index]
        else:
            made = pushforward(node, incoming, read)
        self.owned.add(node)
        return made


class Linear(Series):
    """A linear row, which acts on each coefficient alone."""

    __slots__ = ("sweep", "node")

    def __init__(self, sweep: Sweep, node: Node) -> None:
        super().__init__(sweep.algebra)
        self.sweep = sweep
        self.node = node

    def value(self) -> Any:
        raise AssertionError(f"the value of {self.node} was not kept")

    def next(self, k: int) -> Any:
        incoming = [self.sweep.at_order(i, k) for i in self.node.inputs]
        if all(t is None for t in incoming):
            return None
        if self.node.primitive is index_update:
            return self.sweep.update(self.node, incoming)
        return pushforward(self.node, incoming, self.sweep.read)


class Multilinear(Series):
    """A multilinear row: the sum over all ways in which the orders of its operands add up."""

    __slots__ = ("row", "operands", "params")

    def __init__(self, algebra: Algebra, row: Primitive, operands: tuple[Series, ...], params: dict[str, Any]) -> None:
        super().__init__(algebra)
        self.row = row
        self.operands = operands
        self.params = params

    def value(self) -> Any:
        return self.row(*(x.zeroth() for x in self.operands), **self.params)

    def next(self, k: int) -> Any:
        varying = [i for i, x in enumerate(self.operands) if not x.is_constant]
        total = None
        for orders in _compositions(k, len(varying)):
            chosen = dict(zip(varying, orders, strict=True))
            higher = {i: self.operands[i].coefficient(j) for i, j in chosen.items() if j}
            if all(c is not None for c in higher.values()):
                factors = [higher[i] if i in higher else x.zeroth() for i, x in enumerate(self.operands)]
                if all(factor is not None for factor in factors):
                    term = self.row(*factors, **self.params)
                    total = term if total is None else total + term
        return total


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All tuples of so many non-negative integers with a given sum."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _compositions(total - first, parts - 1):
            yield (first, *rest)


def general(
    algebra: Algebra, row: Primitive, operands: tuple[Series, ...], params: dict[str, Any], node: Node | None = None
) -> Series:
    """The series of a row that is given by its jvp, or of a constant one; equal ones are one series."""
    assert isinstance(row, General) or node is None
    if not isinstance(row, General) or all(x.is_constant for x in operands):
        return Constant(algebra, row(*(x.zeroth() for x in operands), **params))
    try:
        key = (row, *map(id, operands), frozenset(params.items()))
        hash(key)
    except TypeError:  # an index of arrays, say
        return GeneralRow(algebra, row, operands, params)
    return algebra.known(key, lambda: GeneralRow(algebra, row, operands, params))


class GeneralRow(Series):
    """A general row: k·y_k is coefficient k - 1 of its jvp, swept in its turn."""

    __slots__ = ("row", "operands", "params", "inner", "results")

    def __init__(self, algebra: Algebra, row: General, operands: tuple[Series, ...], params: dict[str, Any]) -> None:
        super().__init__(algebra)
        self.row = row
        self.operands = operands
        self.params = params
        self.inner: Sweep | None = None
        self.results: list[Any] = []

    def value(self) -> Any:
        made = self.row(*(x.zeroth() for x in self.operands), **self.params)
        return Results(made) if isinstance(made, tuple) else made

    def release(self) -> None:
        self.inner = None
        self.results = []

    def next(self, k: int) -> Any:
        if self.inner is None:
            self._record()
        assert self.inner is not None
        self.inner.advance(k - 1)
        found = [self._derivative(result, k) for result in self.results]
        return found[0] if len(found) == 1 and not isinstance(self._zeroth, Results) else Results(found)

    def _derivative(self, result: Any, k: int) -> Any:
        if not is_traced(result):
            return result if k == 1 else None
        assert self.inner is not None
        made = self.inner.operand(result.node).coefficient(k - 1) if k > 1 else self._plain(result)
        return made if made is None or k == 1 else made / k

    def _plain(self, result: Any) -> Any:
        return result if self.algebra.namespace is None else result.value

    def _record(self) -> None:
        """Record the jvp at the present values."""
        row, algebra = self.row, self.algebra
        varying = [not x.is_constant for x in self.operands]
        mask = 0
        for i, varies in enumerate(varying):
            mask |= row.residual_mask(i) if varies else 0
        since = next_id()
        given: dict[Node, Series] = {}
        primals: list[Any] = []
        tangents: list[Any] = []
        for i, x in enumerate(self.operands):
            read = bool(mask >> i & 1)
            primals.append(self._input(x, given) if varying[i] and (read or x._zeroth is not None) else x._zeroth)
            first = x.coefficient(1) if varying[i] else None
            tangents.append(self._tangent(x, first, given) if varying[i] else None)
        out = self._out(given) if mask & OUTPUT_BIT or isinstance(self._zeroth, Results) else None
        made = _jvp_of(row, primals)(tangents, out, *primals, **self.params)
        self.results = list(made) if isinstance(made, tuple) else [made]
        nodes = [t.node for t in self.results if is_traced(t) and t.node.id >= since]
        order, _ = ancestors(nodes, since)
        self.inner = Sweep(algebra, given, active(order, given), nodes, algebra.namespace is None)

    def _input(self, x: Series, given: dict[Node, Series]) -> Any:
        return self._given(x.zeroth(), x, given)

    @staticmethod
    def _given(value: Any, series: Series, given: dict[Node, Series]) -> Any:
        """An input of the recorded jvp, with its series."""
        handle = make_input(value)
        given[handle.node] = series
        return handle

    def _tangent(self, x: Series, first: Any, given: dict[Node, Series]) -> Any:
        from ..numpy.creation import zeros_of

        derivative = self.algebra.derivative(x)
        if first is None:
            shape = x.zeroth() if x.like is None else x.like
            first = derivative._zeroth = zeros_of(shape, like=shape if x._zeroth is None else x._zeroth)
        return self._given(first, derivative, given)

    def _out(self, given: dict[Node, Series]) -> Any:
        value = self.zeroth()
        if not isinstance(value, Results):
            return self._input(self, given)
        return tuple(self._given(part, Part(self, i), given) for i, part in enumerate(value))


def _jvp_of(row: General, primals: Sequence[Any]) -> Callable[..., Any]:
    """The jvp of a row to record.

    For a determinant that by the inverse, d' = d·tr(A⁻¹A'), which costs the same at every order. The table's, by
    cofactors, is right at singular matrices too, but costs k! at order k.
    """
    if row.name == "det" and _is_regular(primals[0].value):
        return _det_jvp
    return row.jvp


def _is_regular(a: Any) -> bool:
    xp = namespace_of((a,))
    try:
        return bool(xp.all(xp.linalg.cond(a) < 1e8)) if 0 not in a.shape else False
    except (AttributeError, numpy.linalg.LinAlgError):
        return False


def _det_jvp(tangents: Sequence[Any], out: Any, a: Any) -> Any:
    n = len(a.shape)
    product = swap_last(inv(a)) * tangents[0]
    return out * sum_(product, axis=(n - 2, n - 1), keepdims=False)


class Part(Series):
    """One of the results of a general row that has several."""

    __slots__ = ("of", "index")

    def __init__(self, of: GeneralRow, index: int) -> None:
        super().__init__(of.algebra)
        self.of = of
        self.index = index

    def value(self) -> Any:
        return self.of.zeroth()[self.index]

    def next(self, k: int) -> Any:
        whole = self.of.coefficient(k)
        return None if whole is None else whole[self.index]
