"""A trace as a small program that a browser can evaluate, so that a saved page answers "what if" without a kernel.

Only for scalar programs in double precision of elementwise rows whose expressions need nothing beyond `FUNCTIONS` and
the operators; anything else has no such program. The browser's table of functions (`static/functions.js`) has exactly
these names. Not for: evaluation in Python (`sweeps.replay`).
"""

from __future__ import annotations

import ast
import functools
import math
from typing import Any

import numpy

from .dtypes import numpy_dtype
from .listing import Listing
from .nodes import GuardRecord, Node
from .primitive import ELEMENTWISE
from .snippets import Snippets

__adkit__ = True

LONGEST = 200  # instructions

FUNCTIONS = frozenset(
    """absolute arccos arccosh arcsin arcsinh arctan arctan2 arctanh cbrt ceil clip copysign cos cosh deg2rad direction
    exp exp2 expm1 fabs floor fmax fmin fmod heaviside hypot isfinite isinf isnan log log10 log1p log2 logaddexp
    logaddexp2 logical_and logical_not logical_or logical_xor maximum minimum rad2deg real reciprocal rint sign signbit
    sin sinc sinh sqrt tan tanh trunc where""".split()
)
_SYNTAX = (
    ast.Expression, ast.Call, ast.Name, ast.Load, ast.Constant, ast.UnaryOp, ast.USub, ast.UAdd, ast.Invert, ast.BinOp,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr, ast.BitXor, ast.Compare,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip


def program(trace: Any, listing: Listing) -> dict[str, Any] | None:
    """The program of a document, `None` where a browser could not evaluate it exactly as Python does."""
    nodes = listing.nodes
    if not nodes or len(nodes) > LONGEST or trace.order != 1:
        return None
    if not all(_is_double(node) for node in listing.inputs.values()) or not all(map(_is_known, nodes)):
        return None
    if not all(_is_known(guard.node) and guard.outcome in ("true", "false") for guard in listing.guards):
        return None
    snippets = Snippets(trace.source)
    return {
        "inputs": [
            {"variable": listing.variable(node).key, "name": name, "value": float(node.value)}
            for name, node in listing.inputs.items()
        ],
        "instructions": [{"variable": listing.variable(n).key, **_expression(n, listing)} for n in nodes],
        "guards": [_guard(record, number, listing, snippets) for number, record in enumerate(_in_order(listing), 1)],
        "output": listing.variable(listing.resolve(trace._output.node)).key,
    }


def _in_order(listing: Listing) -> list[GuardRecord]:
    return sorted(listing.guards, key=lambda guard: guard.id)


def _guard(record: GuardRecord, number: int, listing: Listing, snippets: Snippets) -> dict[str, Any]:
    node = listing.resolve(record.node)
    if node in listing.ids:
        condition: dict[str, Any] = {"expression": "x", "operands": {"x": listing.variable(node).key}}
    else:
        condition = {key: value for key, value in _expression(node, listing).items() if key != "partials"}
    place = snippets.place(record.code, record.lasti)
    return {
        "id": f"g{number}",
        **condition,
        "outcome": record.outcome,
        "text": listing.guard(record, 0).text,
        "line": None if place is None or place.file is not None else place.line,
    }


def _expression(node: Node, listing: Listing) -> dict[str, Any]:
    """An expression over named operands, and its partial derivatives (over these, the result `y` and, where a
    partial selects rather than multiplies, what arrives as `g`).
    """
    names = node.primitive.operands
    return {
        "expression": node.primitive.forward,
        "operands": {
            name: listing.variable(operand).key if type(operand) is Node else _constant(operand)
            for name, operand in zip(names, node.inputs, strict=True)
        },
        "partials": {
            name: partial
            for name, partial, operand in zip(names, node.primitive.partials, node.inputs, strict=True)
            if partial is not None and type(operand) is Node
        },
    }


def _is_double(node: Node) -> bool:
    return not node.shape and numpy_dtype(node) == numpy.float64 and math.isfinite(node.value)


def _is_known(node: Node) -> bool:
    """Whether a browser has everything for an instruction: its functions, its operands, its result."""
    if node.shape or node.primitive.kind != ELEMENTWISE or node.params:
        return False
    if str(numpy_dtype(node)) not in ("float64", "bool"):
        return False
    texts = (node.primitive.forward, *(p for p in node.primitive.partials if p is not None))
    if not all(is_understood(text, node.primitive.operands) for text in texts):
        return False
    return all(type(i) is Node or _constant(i) is not None for i in node.inputs)


@functools.cache
def is_understood(text: str, operands: tuple[str, ...]) -> bool:
    """Whether an expression of a row holds nothing but operators, numbers, its operands and `FUNCTIONS`.

    Example
    -------
    >>> is_understood("sin(x) ** 2 + y", ("x",)), is_understood("bessel(x)", ("x",)), is_understood("x * 1j", ("x",))
    (True, False, False)
    """
    tree = ast.parse(text, mode="eval")
    for part in ast.walk(tree):
        if not isinstance(part, _SYNTAX) or (isinstance(part, ast.Compare) and len(part.ops) != 1):
            return False
        if isinstance(part, ast.Constant) and type(part.value) not in (int, float):
            return False
        if isinstance(part, ast.Name) and part.id not in (*operands, "y", "g") and part.id not in FUNCTIONS:
            return False
    return True


def _constant(value: Any) -> float | bool | None:
    """A constant operand as JSON has it, `None` where JSON or a double has not."""
    if isinstance(value, (bool, numpy.bool_)):
        return bool(value)
    if getattr(value, "shape", ()) or not isinstance(value, (int, float, numpy.integer, numpy.floating)):
        return None
    number = float(value)
    return number if math.isfinite(number) and number == value else None
