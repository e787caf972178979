"""Expressions of Python as text in the style of the usual formatters, on one line.

Expressions are built as syntax trees, so parentheses are where they must be. Not for: statements (`source`).
"""

from __future__ import annotations

import ast
import json
from typing import Any

import numpy

__adkit__ = True

_OPERATORS: dict[type[ast.AST], tuple[str, int]] = {
    ast.BitOr: ("|", 5),
    ast.BitXor: ("^", 6),
    ast.BitAnd: ("&", 7),
    ast.LShift: ("<<", 8),
    ast.RShift: (">>", 8),
    ast.Add: ("+", 9),
    ast.Sub: ("-", 9),
    ast.Mult: ("*", 10),
    ast.MatMult: ("@", 10),
    ast.Div: ("/", 10),
    ast.FloorDiv: ("//", 10),
    ast.Mod: ("%", 10),
    ast.Pow: ("**", 12),
}
_COMPARISONS: dict[type[ast.AST], str] = {
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_UNARY: dict[type[ast.AST], tuple[str, int]] = {
    ast.USub: ("-", 11),
    ast.UAdd: ("+", 11),
    ast.Invert: ("~", 11),
    ast.Not: ("not ", 3),
}
COMPARISON, ATOM = 4, 20


def text(tree: ast.expr) -> str:
    """An expression as text.

    Example
    -------
    >>> text(ast.parse("(a+1)*(b**2)-f(x[1:2], k='s')", mode="eval").body)
    '(a + 1) * b**2 - f(x[1:2], k="s")'
    """
    return _printed(tree)[0]


def _printed(tree: ast.expr) -> tuple[str, int]:
    """The text, and how tightly its outermost operation binds."""
    if isinstance(tree, ast.BinOp):
        return _binary(tree)
    if isinstance(tree, ast.UnaryOp):
        symbol, level = _UNARY[type(tree.op)]
        power = isinstance(tree.operand, ast.BinOp) and isinstance(tree.operand.op, ast.Pow)
        return symbol + (f"({text(tree.operand)})" if power else _within(tree.operand, level)), level
    if isinstance(tree, ast.Compare):
        right = _within(tree.comparators[0], COMPARISON + 1)
        return f"{_within(tree.left, COMPARISON + 1)} {_COMPARISONS[type(tree.ops[0])]} {right}", COMPARISON
    if isinstance(tree, ast.Constant):
        return _constant(tree.value)
    return _atom(tree), ATOM


def _within(tree: ast.expr, level: int) -> str:
    made, own = _printed(tree)
    return made if own >= level else f"({made})"


def _binary(tree: ast.BinOp) -> tuple[str, int]:
    symbol, level = _OPERATORS[type(tree.op)]
    if symbol == "**":
        hugging = "" if _is_simple(tree.left) and _is_simple(tree.right) else " "
        return f"{_within(tree.left, level + 1)}{hugging}**{hugging}{_within(tree.right, level - 1)}", level
    return f"{_within(tree.left, level)} {symbol} {_within(tree.right, level + 1)}", level


def _is_simple(tree: ast.expr) -> bool:
    if isinstance(tree, ast.UnaryOp):
        return isinstance(tree.operand, ast.Constant)
    while isinstance(tree, ast.Attribute):
        tree = tree.value
    return isinstance(tree, (ast.Name, ast.Constant))


def _constant(value: Any) -> tuple[str, int]:
    if isinstance(value, str):
        return json.dumps(value), ATOM
    if isinstance(value, complex):
        return f"complex({number(value.real)}, {number(value.imag)})", ATOM
    if isinstance(value, float):
        made = number(value)
        return made, 11 if made.startswith("-") else ATOM
    made = "..." if value is Ellipsis else repr(value)
    return made, 11 if made.startswith("-") else ATOM


def number(value: float) -> str:
    """A float as source."""
    if value != value:
        return "np.nan"
    if numpy.isinf(value):
        return "np.inf" if value > 0 else "-np.inf"
    return repr(float(value))


def _atom(tree: ast.expr) -> str:
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Attribute):
        return f"{_within(tree.value, ATOM)}.{tree.attr}"
    if isinstance(tree, ast.Call):
        given = [text(a) for a in tree.args] + [f"{k.arg}={text(k.value)}" for k in tree.keywords]
        return f"{_within(tree.func, ATOM)}({', '.join(given)})"
    if isinstance(tree, ast.Subscript):
        return f"{_within(tree.value, ATOM)}[{_index(tree.slice)}]"
    if isinstance(tree, ast.List):
        return f"[{', '.join(map(text, tree.elts))}]"
    if isinstance(tree, ast.Tuple):
        return f"({', '.join(map(text, tree.elts))}{',' if len(tree.elts) == 1 else ''})"
    raise TypeError(type(tree).__name__)


def _index(tree: ast.expr) -> str:
    if isinstance(tree, ast.Slice):
        first, last, step = (text(part) if part is not None else "" for part in (tree.lower, tree.upper, tree.step))
        return f"{first}:{last}" + (f":{step}" if step else "")
    if isinstance(tree, ast.Tuple) and tree.elts:
        return ", ".join(map(_index, tree.elts)) + ("," if len(tree.elts) == 1 else "")
    return text(tree)
