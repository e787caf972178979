"""Gates: operations that let an adjoint through for some elements and not for others, and the units that stay shut.

A *unit* is an index along the last axis; the other axes are examples. A unit is dead when its gate is shut for every
example that an adjoint arrives for: a ReLU below 0 on a whole batch, a saturated tanh, a mask, a factor 0.
Not for: what to say about them (`flow`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from ..backends import to_numpy
from ..nodes import Node, Unkept
from .cuts import SQUASHING, vanished
from .edges import Part

__adkit__ = True

SATURATED = 1e-4  # the slope of tanh beyond ±5.3, of the logistic function beyond ±9.2

_SWITCHES = frozenset({"maximum", "minimum", "fmax", "fmin", "relu", "where", "clip"})
_FACTORS = frozenset({"multiply", "strong_multiply"})
QUOTIENTS = frozenset({"divide", "reciprocal"})
WATCHED = _SWITCHES | _FACTORS | QUOTIENTS | SQUASHING


@dataclass(frozen=True)
class Gate:
    """What an operation did with the adjoint on its way to an operand.

    Attributes
    ----------
    node, operand: the instruction, and which of its operands.
    kind: "switch", "saturated" or "factor".
    reason: in words.
    arrived, shut: elements with an adjoint, and those of them that nothing of note comes through for.
    units, dead: units that an adjoint arrives for, and the indices of those that are shut for every example.
    examples: the number of examples that each unit was seen with.
    """

    node: Node
    operand: int
    kind: str
    reason: str
    arrived: int
    shut: int
    units: int
    dead: tuple[int, ...]
    examples: int


def gates(node: Node, g: Any, parts: Sequence[Part]) -> list[Gate]:
    """The gates that an instruction shuts on an adjoint that arrives, at least in part."""
    name = node.primitive.name
    if name not in WATCHED or (not node.shape and name not in QUOTIENTS and _is_open(g, parts)):
        return []
    if name in _SWITCHES or name in _FACTORS:
        found = [_shut(node, g, part, "switch" if name in _SWITCHES else "factor") for part in parts]
        return [gate for gate in found if gate is not None]
    if name in SQUASHING:
        return _squashed(node, g, _ratio(g, parts[0])) if parts else []
    if name in QUOTIENTS:
        argument = logistic_argument(node)
        if argument is not None:
            y = numpy.asarray(to_numpy(node.value))
            return _squashed(node, g, numpy.abs(y * (1 - y)), "the logistic function")
    return []


def _is_open(g: Any, parts: Sequence[Part]) -> bool:
    """Whether a scalar's gate clearly lets the adjoint through, so that no array has to be made to see it."""
    least = SATURATED * abs(g)
    return all(part.value is not None and not part.parent.shape and abs(part.value) > least for part in parts)


def logistic_argument(node: Node) -> Node | None:
    """The z of 1 / (1 + exp(z)), if that is what an instruction computes."""
    if node.primitive.name == "divide":
        if type(node.inputs[0]) is Node or not _is_one(node.inputs[0]):
            return None
    elif node.primitive.name != "reciprocal":
        return None
    below = node.inputs[-1]
    if type(below) is not Node or below.primitive.name != "add":
        return None
    exponential = [i for i in below.inputs if type(i) is Node and i.primitive.name == "exp"]
    ones = [i for i in below.inputs if type(i) is not Node and _is_one(i)]
    argument = exponential[0].inputs[0] if exponential and ones else None
    return argument if type(argument) is Node else None


def _is_one(operand: Any) -> bool:
    return not isinstance(operand, (Unkept, tuple)) and numpy.ndim(operand) == 0 and bool(operand == 1)


def _shut(node: Node, g: Any, part: Part, kind: str) -> Gate | None:
    """A gate that lets exactly 0 through where an adjoint arrives."""
    value = numpy.asarray(to_numpy(part.value))
    arriving = numpy.asarray(to_numpy(g)) != 0
    if value.shape != arriving.shape or value.all():
        return None  # broadcast: what comes back is a sum
    shut = arriving & (value == 0)
    if not shut.any():
        return None
    return _counted(node, part.operand, kind, vanished(node, part.operand).reason, arriving, shut)


def _ratio(g: Any, part: Part) -> Any:
    """The slope that an adjoint was multiplied with, 1 where none arrives."""
    arriving = numpy.abs(numpy.asarray(to_numpy(g)))
    handed = numpy.abs(numpy.asarray(to_numpy(part.value)))
    return numpy.divide(handed, arriving, out=numpy.ones_like(handed), where=arriving > 0)


def _squashed(node: Node, g: Any, slope: Any, called: str = "") -> list[Gate]:
    arriving = numpy.asarray(to_numpy(g)) != 0
    if slope.shape != arriving.shape:
        return []
    shut = arriving & (slope < SATURATED)
    if not shut.any():
        return []
    largest = float(slope[shut].max())
    size = f"at most {largest:.1g}".replace("-", "−") if largest else "0 to rounding"
    reason = f"{called or node.primitive.name} is saturated: its slope is {size}"
    return [_counted(node, 0, "saturated", reason, arriving, shut)]


def _counted(node: Node, operand: int, kind: str, reason: str, arriving: Any, shut: Any) -> Gate:
    axes = tuple(range(arriving.ndim - 1))
    seen = arriving.any(axis=axes)
    dead = numpy.flatnonzero(seen & ~(arriving & ~shut).any(axis=axes))
    examples = int(arriving.sum(axis=axes).max()) if arriving.ndim else 1
    return Gate(
        node,
        operand,
        kind,
        reason,
        int(arriving.sum()),
        int(shut.sum()),
        int(numpy.count_nonzero(seen)),
        tuple(map(int, dead)),
        examples,
    )
