"""Python's operators in an expression spelled as functions: `a * b + 1` becomes `add(multiply(a, b), 1)`.

For array libraries whose operators do not promote as NumPy's do; their namespaces have functions that do, and set
`spells_operators`. Not for: evaluation.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

__adkit__ = True

# node of the syntax tree -> NumPy's name for the operation, and the operation on Python scalars
_NAMES: dict[type[ast.AST], tuple[str, Callable[..., Any]]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("subtract", operator.sub),
    ast.Mult: ("multiply", operator.mul),
    ast.Div: ("divide", operator.truediv),
    ast.FloorDiv: ("floor_divide", operator.floordiv),
    ast.Mod: ("remainder", operator.mod),
    ast.Pow: ("power", operator.pow),
    ast.MatMult: ("matmul", operator.matmul),
    ast.BitAnd: ("bitwise_and", operator.and_),
    ast.BitOr: ("bitwise_or", operator.or_),
    ast.BitXor: ("bitwise_xor", operator.xor),
    ast.LShift: ("left_shift", operator.lshift),
    ast.RShift: ("right_shift", operator.rshift),
    ast.UAdd: ("positive", operator.pos),
    ast.USub: ("negative", operator.neg),
    ast.Invert: ("invert", operator.invert),
    ast.Gt: ("greater", operator.gt),
    ast.GtE: ("greater_equal", operator.ge),
    ast.Lt: ("less", operator.lt),
    ast.LtE: ("less_equal", operator.le),
    ast.Eq: ("equal", operator.eq),
    ast.NotEq: ("not_equal", operator.ne),
}

OPERATORS: dict[str, Callable[..., Any]] = dict(_NAMES.values())


class _Speller(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return self._call(node.op, node.left, node.right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        return self._call(node.op, node.operand)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        if len(node.ops) != 1:
            raise ValueError("a chain of comparisons is no array expression")
        return self._call(node.ops[0], node.left, node.comparators[0])

    def _call(self, kind: ast.AST, *operands: ast.expr) -> ast.expr:
        if type(kind) not in _NAMES:
            raise ValueError(f"{type(kind).__name__} is no array operation")
        name = ast.Name(_NAMES[type(kind)][0], ast.Load())
        return ast.Call(name, [self.visit(operand) for operand in operands], [])


def spell_operators(expression: str) -> str:
    """An expression with a function call for each operator.

    Example
    -------
    >>> spell_operators("-x * cos(a - 1)")
    'multiply(negative(x), cos(subtract(a, 1)))'
    """
    return ast.unparse(ast.fix_missing_locations(_Speller().visit(ast.parse(expression, mode="eval"))))
