"""Formulas made short: constants folded, products with one and sums with zero dropped, equal factors put together.

The algebra of products and sums is `adkit.emit.algebra`'s; here are what is said of functions and the names of Theano.
Not for: what is computed (`programs`), which keeps the order of the user's operations.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from ...emit import algebra

__adkit__ = True

# NumPy's and SciPy's names -> Theano's
NAMES = {
    "where": "switch", "expit": "sigmoid", "absolute": "abs", "sign": "sgn", "conj": "conj", "astype": "cast",
    "greater": "gt", "less": "lt", "loggamma": "gammaln", "abs_": "abs",
}  # fmt: skip
_ODD = frozenset({"sin", "tan", "sinh", "tanh", "arctan", "arcsinh", "erf"})
_EVEN = frozenset({"cos", "cosh", "abs"})
_INVERSE = {"exp": "log", "log": "exp"}


def plain(value: Any) -> ast.expr:
    """A number as a tree: whole ones without a point.

    Example
    -------
    >>> ast.unparse(plain(2.0)), ast.unparse(plain(-0.5))
    ('2', '-0.5')
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def called(name: str, trees: Sequence[ast.expr], params: Mapping[str, Any] | None = None) -> ast.expr:
    """A call by its name in `T`; without a name, the one tree with such names in it."""
    if not name:
        made: ast.expr = _Renamed().visit(trees[0])
        return made
    keywords = [ast.keyword(k, _param(v)) for k, v in (params or {}).items() if v is not None and v is not False]
    return ast.Call(ast.Name(NAMES.get(name, name)), list(trees), keywords)


def _param(value: Any) -> ast.expr:
    if isinstance(value, tuple):
        return ast.Constant(value[0]) if len(value) == 1 else ast.Tuple([ast.Constant(v) for v in value])
    return ast.Constant(value)


class _Renamed(ast.NodeTransformer):
    """`np.exp(x)` as `exp(x)`."""

    def visit_Attribute(self, tree: ast.Attribute) -> ast.expr:
        if isinstance(tree.value, ast.Name) and tree.value.id in ("np", "special", "linalg", "fft"):
            return ast.Name(NAMES.get(tree.attr, tree.attr))
        if isinstance(tree.value, ast.Attribute):
            tree.value = self.visit(tree.value)
        return tree

    def visit_Call(self, tree: ast.Call) -> ast.expr:
        func = tree.func
        if isinstance(func, ast.Attribute):
            func = self.visit(func)
        return ast.Call(func, tree.args, tree.keywords)  # its operands have their names already


def shortened(tree: ast.expr) -> ast.expr:
    """A formula in a shorter form.

    Example
    -------
    >>> from adkit.emit.printing import text
    >>> text(shortened(ast.parse("1.0 * (2.0 * x ** 1) + 0 * y - --z", mode="eval").body))
    '2 * x - z'
    """
    before = ""
    for _ in range(4):  # what one pass puts together another may shorten
        tree = algebra.simplified(_Functions().visit(tree))
        after = ast.dump(tree)
        if after == before:
            break
        before = after
    return tree


class _Functions(ast.NodeTransformer):
    """What holds of functions: odd and even ones of a negative, inverses, selections of equal values, numbers."""

    def visit_Call(self, tree: ast.Call) -> ast.expr:
        self.generic_visit(tree)
        name = tree.func.id if isinstance(tree.func, ast.Name) else ""
        if len(tree.args) == 1 and not tree.keywords:
            return self._unary(tree, name, tree.args[0])
        if name == "switch" and len(tree.args) == 3 and ast.dump(tree.args[1]) == ast.dump(tree.args[2]):
            return tree.args[1]
        return tree

    @staticmethod
    def _unary(tree: ast.Call, name: str, operand: ast.expr) -> ast.expr:
        if isinstance(operand, ast.UnaryOp) and isinstance(operand.op, ast.USub):
            inner = ast.Call(tree.func, [operand.operand], [])
            if name in _ODD:
                return ast.UnaryOp(ast.USub(), inner)
            if name in _EVEN:
                return inner
        if isinstance(operand, ast.Call) and isinstance(operand.func, ast.Name) and len(operand.args) == 1:
            if _INVERSE.get(name) == operand.func.id and name == "log":
                return operand.args[0]
        if name == "exp" and isinstance(operand, ast.Constant) and operand.value == 0:
            return ast.Constant(1)
        return tree

    def visit_UnaryOp(self, tree: ast.UnaryOp) -> ast.expr:
        self.generic_visit(tree)
        inner = tree.operand
        if isinstance(tree.op, ast.USub) and isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.USub):
            return inner.operand
        return tree
