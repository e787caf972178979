"""Formulas made shorter for reading: products and sums with their numbers and equal factors put together.

What cancels is left out, so the result is equal to the formula but where that is 0/0. Not for: programs (`simplify`).
"""

from __future__ import annotations

import ast
from typing import Any

from .printing import text

__adkit__ = True

Factors = dict[str, tuple[ast.expr, Any]]  # text of a base -> the base and its exponent
Term = tuple[Any, Factors]


def simplified(tree: ast.expr) -> ast.expr:
    """An expression in a shorter form.

    Example
    -------
    >>> text(simplified(ast.parse("1.0 * (-(-x / v * y)) + z - 2 * z + x * x * x", mode="eval").body))
    'x * y / v + x**3 - z'
    """
    return _sum(_collected(_terms(tree)))


def _number(tree: ast.expr) -> Any:
    value = tree.value if isinstance(tree, ast.Constant) else None
    if type(value) is float and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value if type(value) in (int, float) else None


def _terms(tree: ast.expr) -> list[Term]:
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Add, ast.Sub)):
        right = _terms(tree.right)
        return _terms(tree.left) + (right if isinstance(tree.op, ast.Add) else [(-c, f) for c, f in right])
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        return [(-c, f) for c, f in _terms(tree.operand)]
    return [_product(tree)]


def _product(tree: ast.expr) -> Term:
    number = _number(tree)
    if number is not None:
        return number, {}
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult):
        return _multiplied(_product(tree.left), _product(tree.right))
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div):
        inverse = _power(_product(tree.right), -1)
        if inverse is not None:
            return _multiplied(_product(tree.left), inverse)
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Pow):
        exponent = _number(tree.right)
        raised = None if exponent is None else _power(_product(tree.left), exponent)
        if raised is not None:
            return raised
    if isinstance(tree, (ast.BinOp, ast.UnaryOp)) and isinstance(tree.op, (ast.Add, ast.Sub, ast.USub)):
        terms = _collected(_terms(tree))
        if len(terms) == 1:
            return terms[0]
        return _single(_sum(terms)) if terms else (0, {})
    return _single(_inside(tree))


def _single(tree: ast.expr) -> Term:
    return 1, {text(tree): (tree, 1)}


def _inside(tree: ast.expr) -> ast.expr:
    if isinstance(tree, ast.Call):
        return ast.Call(tree.func, [simplified(a) for a in tree.args], tree.keywords)
    if isinstance(tree, ast.BinOp):
        return ast.BinOp(simplified(tree.left), tree.op, simplified(tree.right))
    if isinstance(tree, ast.Compare):
        return ast.Compare(simplified(tree.left), tree.ops, [simplified(c) for c in tree.comparators])
    return tree


def _multiplied(a: Term, b: Term) -> Term:
    factors = dict(a[1])
    for key, (base, exponent) in b[1].items():
        together = factors.pop(key, (base, 0))[1] + exponent
        if together != 0:
            factors[key] = (base, together)
    return a[0] * b[0], factors


def _power(term: Term, exponent: Any) -> Term | None:
    number, factors = term
    if number == 0 or (type(exponent) is not int and (number != 1 or len(factors) != 1)):
        return None
    if exponent < 0 and type(number) is int and abs(number) != 1:  # 1/3 stays a fraction
        key = str(number)
        sign = 1 if number > 0 or exponent % 2 == 0 else -1
        inverse: Factors = {str(abs(number)): (ast.Constant(abs(number)), exponent)} if key else {}
        return sign, {**{k: (b, e * exponent) for k, (b, e) in factors.items()}, **inverse}
    if type(exponent) is not int and next(iter(factors.values()))[1] != 1:
        return None
    return number**exponent, {key: (base, e * exponent) for key, (base, e) in factors.items()}


def _collected(terms: list[Term]) -> list[Term]:
    found: dict[Any, Term] = {}
    for number, factors in terms:
        key = tuple(sorted((k, str(e)) for k, (_, e) in factors.items()))
        found[key] = (found[key][0] + number if key in found else number, factors)
    return [term for term in found.values() if term[0] != 0]


def _sum(terms: list[Term]) -> ast.expr:
    terms = sorted(terms, key=lambda term: _below(term[0]))  # a term without a minus first
    made: ast.expr | None = None
    for number, factors in terms:
        if made is None:
            made = _tree(number, factors)
        elif _below(number):
            made = ast.BinOp(made, ast.Sub(), _tree(-number, factors))
        else:
            made = ast.BinOp(made, ast.Add(), _tree(number, factors))
    return ast.Constant(0) if made is None else made


def _below(number: Any) -> bool:
    return bool(number < 0)


def _tree(number: Any, factors: Factors) -> ast.expr:
    if number < 0:
        return ast.UnaryOp(ast.USub(), _tree(-number, factors))
    if type(number) is float:  # takes the whole numbers below the line
        for base, exponent in factors.values():
            known = _number(base)
            number = number if known is None else number * float(known) ** exponent
        factors = {key: (base, e) for key, (base, e) in factors.items() if _number(base) is None}
    above = [_raised(base, e) for base, e in factors.values() if e > 0]
    below = [_raised(base, -e) for base, e in factors.values() if e < 0]
    if number != 1 or not above:
        above = [ast.Constant(number), *above]
    made = _chain(above)
    return ast.BinOp(made, ast.Div(), _chain(below)) if below else made


def _raised(base: ast.expr, exponent: Any) -> ast.expr:
    return base if exponent == 1 else ast.BinOp(base, ast.Pow(), ast.Constant(exponent))


def _chain(factors: list[ast.expr]) -> ast.expr:
    made = factors[0]
    for factor in factors[1:]:
        made = ast.BinOp(made, ast.Mult(), factor)
    return made
