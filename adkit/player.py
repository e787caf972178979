"""The steps of a sweep, one instruction at a time, for the player of a trace's document.

First the program itself, then the sweep of the trace's mode. Each step of the sweep ends at a *cut*: some variables are
live there (computed before it, read after it), and the sum of adjoint times tangent over them is the same at every
cut, which is why both modes give the same number. Not for: showing the steps (`views.player`, `static/player.js`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy

from . import constants, formatting
from .backends import to_numpy
from .dtypes import numpy_dtype
from .folding import Fold, fold
from .listing import Listing
from .nodes import Node, Results
from .sweeps.reverse import reverse_sweep

__adkit__ = True

LONGEST = 200  # instructions of a trace that is played
LARGEST = 4096  # elements of a variable up to which its tangent is at hand in any case, see `trace`
_NOISE = 64  # roundings up to which a sum counts as zero


def player(trace: Any, listing: Listing, texts: Any) -> dict[str, Any] | None:
    """The player's part of a document, `None` for a trace of more than `LONGEST` instructions.

    Parameters
    ----------
    texts: what writes the tangent or adjoint of a node as the list shows it (`swept(node)`).
    """
    if len(listing.nodes) > LONGEST:
        return None
    cuts = dict(invariants(trace, listing))
    forward = trace.mode == "forward"
    shown = _shown(listing)
    variables = [*listing.inputs.values(), *listing.nodes]
    steps = [_step(listing, shown, node, "primal", formatting.value(node.value), [], None) for node in variables]
    swept = [node for node in variables if node in cuts]
    if forward:
        for node in swept:
            steps.append(_step(listing, shown, node, "tangent", texts.swept(node) or "", [], cuts[node]))
    else:
        for node in reversed(swept):
            receivers = [n for n in _parents(listing, node) if n in cuts]
            steps.append(_step(listing, shown, node, "adjoint", texts.swept(node) or "", receivers, cuts[node]))
    return {"mode": trace.mode, "direction": next(iter(trace._inputs)), "steps": steps}


def _step(
    listing: Listing,
    shown: dict[Node, Node],
    node: Node,
    phase: str,
    value: str,
    receivers: list[Node],
    invariant: str | None,
) -> dict[str, Any]:
    """One step; `row` is the variable whose row stands for it, where a fold leaves out its own."""
    key = listing.variable(node).key
    step = {
        "variable": key,
        "phase": phase,
        "value": value,
        "adds_to": [listing.variable(n).key for n in receivers],
        "invariant": invariant,
    }
    if node in shown:
        step["row"] = listing.variable(shown[node]).key
    return step


def _parents(listing: Listing, node: Node) -> list[Node]:
    return list(dict.fromkeys(listing.resolve(i) for i in node.inputs if type(i) is Node))


def _shown(listing: Listing) -> dict[Node, Node]:
    """For the nodes that folds leave out, the one of the first repetition that stands for them."""
    steps: list[Any] = sorted([*listing.nodes, *listing.guards], key=lambda step: step.id)
    direct: dict[Any, Any] = {}
    pending = fold(steps)
    while pending:
        item = pending.pop()
        if isinstance(item, Fold):
            period = item.length // item.count
            for i in range(period, item.length):
                direct[item.steps[i]] = item.steps[i % period]
            pending += item.first
    found = {}
    for node in direct:
        first = node
        while first in direct:
            first = direct[first]
        if type(node) is Node:
            found[node] = first
    return found


# ------------------------------------------------------------------------------------------------ the invariant


def invariants(trace: Any, listing: Listing) -> Iterator[tuple[Node, str | None]]:
    """For each variable that the sweep reaches, last first, Σ v̄·v̇ at the cut right behind it, as text: over what is
    live once it has been computed and, in a reverse sweep, before its adjoint is passed on.

    The tangents are those in the direction of the first input; without them (of large arrays that are filled element
    by element none are kept) there is no sum.
    """
    inputs = list(trace._inputs.values())
    order = [node for node in trace._nodes if node not in set(inputs)]
    tangents = _tangents(trace, inputs)
    complete = all(n.size <= LARGEST or n.primitive.name not in ("index_update", "index_add") for n in order)
    sums = _Sums(listing, tangents)
    with constants.SCOPE, numpy.errstate(all="ignore"):
        cotangents = {trace._output.node: trace._seed(None)}
        sums.put(trace._output.node, cotangents[trace._output.node])
        known = {*order, *inputs}
        for node in reversed(order):
            g = cotangents.pop(node, None)
            if g is None:
                continue
            if node not in listing.aliases:
                yield node, sums.text() if complete else None
            parents = sorted({i for i in node.inputs if type(i) is Node and i in known}, key=lambda n: n.id)
            sums.drop(node)
            for parent, part in zip(parents, reverse_sweep([(node, g)], parents, [*parents, node]), strict=True):
                if part is not None:
                    before = cotangents.get(parent)
                    cotangents[parent] = part if before is None else before + part
                    sums.put(parent, cotangents[parent])
        for node in reversed(inputs):
            if node in cotangents:
                yield node, sums.text() if complete else None


def _tangents(trace: Any, inputs: list[Node]) -> dict[Node, Any]:
    first = inputs[0]
    one = numpy.ones(first.shape, numpy_dtype(first)) if first.shape else 1.0
    found: dict[Node, Any] = trace.tangents([one, *[None] * (len(inputs) - 1)])
    return found


class _Sums:
    """The products adjoint · tangent of the live variables, and their sum."""

    def __init__(self, listing: Listing, tangents: dict[Node, Any]) -> None:
        self.listing, self.tangents = listing, tangents
        self.products: dict[Node, float] = {}
        self.largest = 0.0
        self.precision = float(numpy.finfo(float).eps)

    def put(self, node: Node, g: Any) -> None:
        """The adjoint of a live variable is now `g`."""
        tangent = self.tangents.get(self.listing.resolve(node))
        if tangent is not None and g is not None:
            self.products[node] = product = _product(g, tangent)
            self.largest = max(self.largest, abs(product))
            if numpy_dtype(node).kind in "fc":
                self.precision = max(self.precision, float(numpy.finfo(numpy_dtype(node)).eps))

    def drop(self, node: Node) -> None:
        """A variable is not live any more."""
        self.products.pop(node, None)

    def text(self) -> str:
        """The sum as text; what is left by rounding of larger products that cancel is zero."""
        total = sum(self.products.values())
        return formatting.number(0.0 if abs(total) <= _NOISE * self.precision * self.largest else total)


def _product(g: Any, tangent: Any) -> float:
    if isinstance(g, Results) or isinstance(tangent, Results):
        pairs = zip(g, tangent, strict=True)
        return sum(_product(a, b) for a, b in pairs if a is not None and b is not None)
    product = numpy.asarray(to_numpy(g)) * numpy.asarray(to_numpy(tangent))
    return float(numpy.sum(product.real))
