"""Which lengths in a graph must be equal: what tells the shape of a variable whose value nobody gives.

A derivative may go through a variable without reading its value, as that of `T.dot(x, W)` by W does. Its shape then
follows from the other variables. Not for: values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy

from .differentiation import JACOBIAN, PULL, PUSH
from .graph import Apply, Constant, Variable, ancestors, order
from .inference import axes_of
from .tensor.elementwise import CAST, OPERATIONS
from .tensor.products import DOT, MATMUL, OUTER
from .tensor.reduction import REDUCTIONS, STOPPED
from .tensor.shaping import DIMSHUFFLE, FILL, LIKE, RETYPED

__adkit__ = True

Place = tuple[Variable, int]
_ALIGNED = frozenset([*OPERATIONS.values(), CAST, STOPPED, RETYPED, FILL, *LIKE.values()])
_REDUCTIONS = frozenset(REDUCTIONS.values())


class Lengths:
    """The classes of equal lengths in the graph behind some outputs.

    Example
    -------
    >>> import numpy
    >>> from adkit.styles.theano import tensor as T
    >>> x, W = T.dvector("x"), T.dmatrix("W")
    >>> v = T.dvector("v")
    >>> found = Lengths([T.Lop(T.dot(x, W), W, v)])
    >>> found.shape(W, {x: numpy.zeros(2), v: numpy.zeros(3)})
    (2, 3)
    """

    def __init__(self, outputs: Iterable[Variable]) -> None:
        self.parent: dict[Place, Place] = {}
        outputs = list(outputs)
        for apply in order(outputs):
            self._add(apply)
        self.constants = [v for v in ancestors(outputs) if isinstance(v, Constant)]

    def _root(self, place: Place) -> Place:
        while place in self.parent:
            place = self.parent[place]
        return place

    def _same(self, a: Place, b: Place) -> None:
        a, b = self._root(a), self._root(b)
        if a != b:
            self.parent[a] = b

    def _all(self, a: Variable, b: Variable) -> None:
        for i in range(min(a.ndim, b.ndim)):
            self._same((a, i), (b, i))

    def _add(self, apply: Apply) -> None:
        inputs, outputs, params = apply.inputs, apply.outputs, apply.params
        out = outputs[0]
        if apply.op in _ALIGNED:
            for x in inputs:
                for i in range(1, x.ndim + 1):
                    if not x.broadcastable[-i]:
                        self._same((x, x.ndim - i), (out, out.ndim - i))
        elif apply.op in (DOT, MATMUL):
            self._product(inputs[0], inputs[1], out)
        elif apply.op is OUTER:
            self._same((inputs[0], 0), (out, 0))
            self._same((inputs[1], 0), (out, 1))
        elif apply.op in _REDUCTIONS and not params.get("keepdims"):
            gone = axes_of(params.get("axis"), inputs[0].ndim)
            for j, i in enumerate(i for i in range(inputs[0].ndim) if i not in gone):
                self._same((inputs[0], i), (out, j))
        elif apply.op is DIMSHUFFLE:
            for j, p in enumerate(params["pattern"]):
                if p != "x":
                    self._same((inputs[0], p), (out, j))
        elif apply.op in (PULL, PUSH):
            self._sweep(apply)
        elif apply.op is JACOBIAN:
            for x, y in zip(inputs[1:], outputs, strict=True):
                for i in range(inputs[0].ndim):
                    self._same((inputs[0], i), (y, i))
                for i in range(x.ndim):
                    self._same((x, i), (y, inputs[0].ndim + i))

    def _product(self, a: Variable, b: Variable, out: Variable) -> None:
        if not a.ndim or not b.ndim or a.ndim > 2 or b.ndim > 2:
            return
        self._same((a, a.ndim - 1), (b, max(b.ndim - 2, 0)))
        if a.ndim == 2:
            self._same((a, 0), (out, 0))
        if b.ndim == 2:
            self._same((b, 1), (out, out.ndim - 1))

    def _sweep(self, apply: Apply) -> None:
        n, m = apply.params["outputs"], apply.params["wrt"]
        inputs = apply.inputs
        if apply.op is PULL:
            groups = [*zip(inputs[:n], inputs[n : 2 * n]), *zip(inputs[2 * n : 2 * n + m], apply.outputs)]
        else:
            groups = [*zip(inputs[n : n + m], inputs[n + m :]), *zip(inputs[:n], apply.outputs)]
        for a, b in groups:
            self._all(a, b)

    def assigned(self, variables: Sequence[Variable], lengths: Sequence[int]) -> dict[Variable, tuple[int, ...]]:
        """Shapes for variables: the lengths that constants have, and for each other class one of `lengths`, in turn."""
        sizes = {self._root((c, i)): n for c in self.constants for i, n in enumerate(numpy.shape(c.data)) if n > 1}
        made = {}
        for v in variables:
            for i, one in enumerate(v.broadcastable):
                if not one:
                    sizes.setdefault(self._root((v, i)), lengths[len(sizes) % len(lengths)])
            made[v] = tuple(1 if b else sizes[self._root((v, i))] for i, b in enumerate(v.broadcastable))
        return made

    def known(self, variable: Variable, given: Sequence[Variable]) -> bool:
        """Whether the shape of a variable follows from those of others."""
        roots = {self._root((g, i)) for g in [*given, *self.constants] for i in range(g.ndim)}
        return all(b or self._root((variable, i)) in roots for i, b in enumerate(variable.broadcastable))

    def shape(self, variable: Variable, values: Mapping[Variable, Any]) -> tuple[int, ...]:
        """The shape of a variable for values of others."""
        every: dict[Variable, Any] = {c: c.data for c in self.constants}
        every.update(values)
        sizes = {self._root((g, i)): n for g, v in every.items() for i, n in enumerate(numpy.shape(v))}
        return tuple(1 if b else sizes[self._root((variable, i))] for i, b in enumerate(variable.broadcastable))
