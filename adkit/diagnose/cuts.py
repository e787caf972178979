"""Why an adjoint is zero: the operations that let nothing of it through, each with its reason in words.

Two kinds: operations without a derivative in an operand (comparisons, roundings, positions, `stop_gradient`), and
operations whose derivative is zero at this point (a mask, a clip beyond its bounds, a factor 0, a saturated unit).
Not for: the sizes of adjoints (`flow`) and shares of a derivative (`paths`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from ..backends import to_numpy
from ..dtypes import numpy_dtype
from ..nodes import Node, Unkept
from ..primitive import CONSTANT, ELEMENTWISE
from ..sweeps.values import read
from ..tracing import depends_on
from .places import Places

__adkit__ = True

_COMPARISONS = "greater greater_equal less less_equal equal not_equal"
_LOGIC = "logical_and logical_or logical_xor logical_not isfinite isinf isnan signbit any all"
_POSITIONS = "argmax argmin argsort argpartition lexsort searchsorted normalize_index"
_ROUNDINGS = "floor ceil trunc rint round floor_divide round_half_even"

# why the result has no derivative in the operand; "what" is completed by the place
WITHOUT_DERIVATIVE = {
    **dict.fromkeys(_COMPARISONS.split(), "a comparison has no derivative"),
    **dict.fromkeys(_LOGIC.split(), "a condition has no derivative"),
    **dict.fromkeys(_POSITIONS.split(), "a position has no derivative"),
    **dict.fromkeys(_ROUNDINGS.split(), "rounding is piecewise constant"),
    "truncate": "a conversion to integers is piecewise constant",
    "sign": "a sign is piecewise constant",
    "heaviside": "a step is piecewise constant",
    "count_nonzero": "a count has no derivative",
    "stop_gradient": "stop_gradient cuts it on purpose",
    "where": "the condition of where has no derivative",
    "take": "a position has no derivative",
}

FIXES = {
    "comparison": "a smooth weight in its place, such as 1 / (1 + exp(-k * (a - b)))",
    "rounding": "leave the rounding out where the derivative is taken",
    "truncate": "keep floats: leave astype(int) or int(...) out where the derivative is taken",
    "stop_gradient": "take stop_gradient away, if the derivative is wanted",
    "position": "a soft choice in its place, such as a softmax-weighted sum",
    "clip": "move the input within the bounds, or clip after the derivative was taken",
    "relu": "move the input above the threshold, or use a leaky or smooth version of it",
    "where": "check the condition of where: it takes the other branch here",
    "factor": "check the factor that is 0",
    "saturated": "make its argument smaller: rescale inputs or weights",
    "underflow": "compute with logarithms, or rescale",
    "unused": "the output does not read it: check the index, or that the variable is used",
    "cancels": "check the signs of the terms",
    "body": "write it as a plain Python loop or if, whose steps are recorded, and ask again",
    "empty": "check what selects the elements: here it selects none",
    "flat": "the function is flat there: try another starting point",
}

SQUASHING = frozenset({"tanh", "expit", "erf", "ndtr", "erfc", "arctan"})


@dataclass(frozen=True)
class Cut:
    """Where an adjoint was lost: between operand `operand` and the instruction `node`.

    `kind` is a key of `FIXES`, `reason` a phrase.
    """

    node: Node
    operand: int
    kind: str
    reason: str

    @property
    def fix(self) -> str:
        """What to do about it."""
        return FIXES[self.kind]


def without_derivative(node: Node, operand: int) -> Cut:
    """The cut by an operation that has no derivative in one of its operands."""
    name = node.primitive.name
    reason = WITHOUT_DERIVATIVE.get(name, f"{name} has no derivative in this operand")
    kinds = {
        "truncate": "truncate",
        "stop_gradient": "stop_gradient",
        "where": "comparison",
        **dict.fromkeys(_POSITIONS.split(), "position"),
        **dict.fromkeys(_ROUNDINGS.split(), "rounding"),
    }
    return Cut(node, operand, kinds.get(name, "comparison"), reason)


def vanished(node: Node, operand: int) -> Cut:
    """The cut by an operation whose derivative in an operand is zero at this point, in the words of its reason."""
    name = node.primitive.name
    kind, reason = _REASONS.get(name, _by_value)(node, operand)
    return Cut(node, operand, kind, reason)


def _plain(operand: Any) -> Any:
    """The value of an operand as a NumPy array, `None` where it was not kept."""
    value = read(operand)
    if value is None or isinstance(value, (Unkept, tuple)):
        return None
    return numpy.asarray(to_numpy(value))


def _extremum(node: Node, operand: int) -> tuple[str, str]:
    other = node.inputs[1 - operand]
    bound = _plain(other) if type(other) is not Node else None
    side = "below" if node.primitive.name in ("maximum", "fmax") else "above"
    if bound is not None and bound.ndim == 0:
        text = f"{float(numpy.real(bound)):.6g}".replace("-", "−")
        return "relu", f"{node.primitive.name} takes the constant {text}, as the operand is {side} it"
    return "relu", f"{node.primitive.name} takes the other operand"


def _relu(node: Node, operand: int) -> tuple[str, str]:
    return "relu", "relu takes 0, as the operand is not above it"


def _where(node: Node, operand: int) -> tuple[str, str]:
    return "where", f"the mask of where takes the {'second' if operand == 1 else 'first'} branch"


def _clip(node: Node, operand: int) -> tuple[str, str]:
    x, low, high = (_plain(i) for i in node.inputs)
    if operand == 0 and x is not None and low is not None and high is not None:
        beyond = [name for name, out in (("below", x < low), ("above", x > high)) if numpy.any(out)]
        if beyond:
            return "clip", f"clip is saturated: its operand is {' or '.join(beyond)} the bounds"
    return "clip", "clip does not reach this bound"


def _product(node: Node, operand: int) -> tuple[str, str]:
    others = [_plain(other) for i, other in enumerate(node.inputs) if i != operand]
    if any(other is not None and not numpy.any(other) for other in others):
        return "factor", "it is multiplied by 0"
    if any(other is not None and (other == 0).any() for other in others):
        return "factor", "it is multiplied by a factor that is 0 in places"
    return "underflow", "underflow: it shrinks below the smallest number"


def _squashed(node: Node, operand: int) -> tuple[str, str]:
    return "saturated", f"{node.primitive.name} is saturated: its slope is 0 to rounding"


def _power(node: Node, operand: int) -> tuple[str, str]:
    base = _plain(node.inputs[0])
    if base is not None and operand == 0 and not numpy.any(base):
        return "flat", f"the slope of {node.primitive.name} at 0 is 0"
    exponent = _plain(node.inputs[1]) if len(node.inputs) > 1 else None
    if exponent is not None and not numpy.any(exponent):
        return "flat", "the exponent is 0"
    return _by_value(node, operand)


def _getitem(node: Node, operand: int) -> tuple[str, str]:
    return "unused", "the elements with an adjoint are not those that are read here"


def _overwritten(node: Node, operand: int) -> tuple[str, str]:
    if operand == 0:
        return "unused", "an assignment overwrites it"
    return "unused", "what is assigned here is overwritten or not used"


def _largest(node: Node, operand: int) -> tuple[str, str]:
    return "unused", f"{node.primitive.name} takes another element"


def _kink(node: Node, operand: int) -> tuple[str, str]:
    return "flat", "it is at its kink at 0, where 0 is taken as its derivative"


def _exp(node: Node, operand: int) -> tuple[str, str]:
    return "saturated", "its exponential is 0 to rounding"


def _by_value(node: Node, operand: int) -> tuple[str, str]:
    """The reason of an operation that the table does not have: its partial is 0, or the product underflows."""
    primitive = node.primitive
    if primitive.kind == ELEMENTWISE:
        values = [read(i) for i in node.inputs]
        with numpy.errstate(all="ignore"):
            unit = numpy.asarray(1.0, numpy_dtype(node)) if node.dtype is not object else 1.0
            partial = primitive.products(numpy, False)[operand](unit, *map(to_numpy, values), to_numpy(node.value))
        if numpy.any(numpy.asarray(partial) != 0):
            return "underflow", "underflow: it shrinks below the smallest number"
        return "flat", f"the slope of {primitive.name} is 0 here"
    if "body" in (node.params or {}):
        return "body", f"nothing comes through the body of {primitive.name} at this point"
    if not node.inputs[operand].size:
        return "empty", "it has no elements"
    return "flat", f"{primitive.name} lets nothing through here"


_REASONS: Mapping[str, Any] = {
    **dict.fromkeys(("maximum", "minimum", "fmax", "fmin"), _extremum),
    **dict.fromkeys(("multiply", "strong_multiply", "divide", "matmul", "tensordot", "einsum"), _product),
    **dict.fromkeys(SQUASHING, _squashed),
    **dict.fromkeys(("square", "power", "power_constant"), _power),
    **dict.fromkeys(("max", "min"), _largest),
    **dict.fromkeys(("index_update", "index_add"), _overwritten),
    **dict.fromkeys(("exp", "exp2", "expm1"), _exp),
    **dict.fromkeys(("root", "hypot", "absolute", "fabs"), _kink),
    "relu": _relu,
    "where": _where,
    "clip": _clip,
    "getitem": _getitem,
}


# ------------------------------------------------------------------------------------------------ the places


@dataclass(frozen=True)
class Search:
    """What became of a variable whose adjoint is zero.

    Attributes
    ----------
    cuts: where it was lost: first what is zero at this point, then what never has a derivative.
    guards: conditions of the user's `if` that depend on it.
    cancels: the first variable at which contributions cancel exactly, if one does.
    reached: whether the output depends on the variable in any way.
    """

    cuts: tuple[Cut, ...]
    guards: tuple[Any, ...]
    cancels: Node | None
    reached: bool


Edges = Mapping[Node, Sequence[tuple[Node, int, float]]]


def search(
    source: Node, trace: Any, edges: Edges, sizes: Mapping[Node, float], nodes: Sequence[Node] | None = None
) -> Search:
    """Follow a variable forward to where its adjoint was lost.

    Args:
        source: the variable.
        trace: its `Trace`.
        nodes: the instructions on the way to the output in question, all of the trace by default.
        edges: per variable its consumers, which operand it is there, and the norm of what comes back along the edge.
        sizes: the norms of the adjoints.
    """
    listing = trace.listing()
    reach = {source}
    cuts: list[Cut] = []
    cancels = None
    reached = False
    inside = set(listing.nodes if nodes is None else nodes)
    steps = sorted({*inside, *(guard.node for guard in listing.guards)}, key=lambda node: node.id)
    for node in steps:
        for i, parent in enumerate(node.inputs):
            if type(parent) is not Node or listing.resolve(parent) not in reach:
                continue
            reached = True
            if not depends_on(node.primitive, i) or node.primitive.kind == CONSTANT:
                if node in inside:
                    cuts.append(without_derivative(node, i))
            else:
                reach.add(node)
    guards = tuple(g for g in listing.guards if g.node in reach or _reads(g.node, reach, listing))
    for node in steps:  # a body that has no derivative in an operand hands nothing back, not even zeros
        if node in inside and "body" in (node.params or {}) and sizes.get(node, 0.0) != 0.0:
            for i, parent in enumerate(node.inputs):
                if type(parent) is Node and parent in reach and all(v is not node for v, _, _ in edges.get(parent, ())):
                    cuts.append(vanished(node, i))
    for node in sorted({source, *inside}, key=lambda node: node.id):
        if node not in reach or sizes.get(node, 0.0) != 0.0:
            continue
        handed = [(v, i, s) for v, i, s in edges.get(node, ()) if sizes.get(v, 0.0) != 0.0]
        if any(s != 0.0 for _, _, s in handed):
            cancels = cancels or node
        cuts += [vanished(v, i) for v, i, s in handed if s == 0.0]
    found = {(cut.node, cut.operand): cut for cut in cuts}
    # a condition beside a mask is not what cut it: what would let something through elsewhere comes first
    ordered = sorted(found.values(), key=lambda cut: (not depends_on(cut.node.primitive, cut.operand), cut.node.id))
    return Search(tuple(ordered), guards, cancels, reached or source is trace._output.node)


def _reads(node: Node, reach: set[Node], listing: Any) -> bool:
    return any(type(i) is Node and listing.resolve(i) in reach for i in node.inputs)


def sentence(found: Search, places: Places, name: str) -> str:
    """Why the adjoint of a variable is zero, in one clause: "clip is saturated … at line 4, `np.clip(x, 0, 1)`"."""
    if found.cancels is not None and not found.cuts:
        at = "" if places.called(found.cancels) == name else f" at {places.called(found.cancels)}"
        return f"its contributions cancel exactly{at}"
    if found.cuts:
        first = found.cuts[0]
        more = f", and at {len(found.cuts) - 1} more place{'s' * (len(found.cuts) > 2)}" if len(found.cuts) > 1 else ""
        return f"{first.reason} ({places.where(first.node)}: {places.code(first.node)}){more}"
    if found.guards:
        guard = found.guards[0]
        return f"{guarded(guard)[1]} ({places.where(guard)}: {places.code(guard.node)})"
    return "the output is computed without it" if not found.reached else "nothing of it comes through"


def fix(found: Search) -> str:
    """What to do about a zero adjoint."""
    if found.cancels is not None and not found.cuts:
        return FIXES["cancels"]
    if found.cuts:
        return found.cuts[0].fix
    return FIXES[guarded(found.guards[0])[0]] if found.guards else FIXES["unused"]


def guarded(guard: Any) -> tuple[str, str]:
    """Why nothing comes through a guard: a key of `FIXES`, and the reason."""
    cut = without_derivative(guard.node, 0)
    if cut.kind == "comparison":
        return cut.kind, "only a condition depends on it"
    return cut.kind, f"{cut.reason}, and only that is used"
