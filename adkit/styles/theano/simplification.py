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
    return _Functions().visit(tree)


class _Functions(ast.NodeTransformer):
    """What holds of functions: odd and even ones of a negative, inverses, selections of equal values, products of
    vectors that were made matrices; whole numbers without a point.
    """

    def visit_Constant(self, tree: ast.Constant) -> ast.expr:
        return plain(tree.value) if type(tree.value) is float else tree

    def visit_Attribute(self, tree: ast.Attribute) -> ast.expr:
        self.generic_visit(tree)
        shuffled = _shuffled(tree.value) if tree.attr == "T" else None
        if shuffled is not None and len(shuffled[1]) == 2:
            return _dimshuffle(shuffled[0], shuffled[1][::-1])
        if tree.attr == "T" and isinstance(tree.value, ast.Attribute) and tree.value.attr == "T":
            return tree.value.value
        return tree

    def visit_Call(self, tree: ast.Call) -> ast.expr:
        self.generic_visit(tree)
        name = tree.func.id if isinstance(tree.func, ast.Name) else ""
        if len(tree.args) == 1 and not tree.keywords:
            return self._unary(tree, name, tree.args[0])
        if name == "dot":
            return _product(tree)
        if name == "dimshuffle":
            return _turned(tree)
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


def _shuffled(tree: ast.expr) -> tuple[ast.expr, tuple[Any, ...]] | None:
    """The operand and the pattern of a call of `dimshuffle`."""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "dimshuffle":
        return tree.args[0], tuple(a.value for a in tree.args[1:] if isinstance(a, ast.Constant))
    return None


def _dimshuffle(tree: ast.expr, pattern: tuple[Any, ...]) -> ast.expr:
    if pattern == tuple(range(len(pattern))) and len(pattern) == 1:
        return tree
    return called("dimshuffle", [tree, *map(ast.Constant, pattern)])


def _product(tree: ast.Call) -> ast.expr:
    """A column times a row is an outer product."""
    for one, other in (tree.args, tree.args[::-1]):
        if isinstance(one, ast.Constant):  # of one row and column
            return ast.BinOp(one, ast.Mult(), other)
    left, right = (_shuffled(a) for a in tree.args)
    if left is not None and right is not None and left[1] == (0, "x") and right[1] == ("x", 0):
        return called("outer", [left[0], right[0]])
    return tree


def _turned(tree: ast.Call) -> ast.expr:
    """A product with a column, made a vector again, is the product with the vector; likewise for a row."""
    operand, pattern = _shuffled(tree) or (tree, ())
    inner = _shuffled(operand)
    if inner is not None:  # one after the other
        kept = [p for p in inner[1] if p != "x"] if len(pattern) == 1 else []
        return inner[0] if kept == [0] and inner[1][pattern[0]] == 0 else tree
    if not isinstance(operand, ast.Call) or not isinstance(operand.func, ast.Name) or operand.func.id != "dot":
        return tree
    left, right = operand.args
    column, row = _shuffled(right), _shuffled(left)
    if pattern == (0,) and column is not None and column[1] == (0, "x"):
        return called("dot", [left, column[0]])
    if pattern == (1,) and row is not None and row[1] == ("x", 0):
        return called("dot", [row[0], right])
    return tree
