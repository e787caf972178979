"""`theano.pp` and `theano.printing`: expressions as text. Not for: their formulas (`formulas`)."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Any

from .errors import unsupported
from .graph import Constant, Variable, as_variable

if TYPE_CHECKING:
    from .formulas import Formula

__adkit__ = True
__path__: list[str] = []  # `from theano.printing import X` asks for a module X before it gives up


def _text(tree: ast.expr) -> str:
    from ...emit.printing import text

    return text(tree)


_OPERATORS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "true_div", ast.Pow: "pow", ast.FloorDiv: "int_div",
    ast.Mod: "mod", ast.MatMult: "dot", ast.BitAnd: "and_", ast.BitOr: "or_", ast.BitXor: "xor", ast.USub: "neg",
    ast.Invert: "invert", ast.Lt: "lt", ast.Gt: "gt", ast.LtE: "le", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "neq",
}  # fmt: skip


def pp(variable: Any) -> str:
    """An expression in one line, derivatives carried out and simplified; parts of a large one have lines of their own.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x, y = T.dscalars("x", "y")
    >>> pp(x + y * 2)
    'x + y * 2'
    >>> pp(T.grad(x**3 * y, x))
    '3 * y * x**2'
    """
    from .formulas import formula

    found = formula(as_variable(variable))
    lines = [f"{name} = {_text(tree)}" for name, tree in found.parts]
    return "\n".join([*lines, _text(found.tree)])


pprint = pp


def debugprint(obj: Any, depth: int = -1, file: Any = None, **options: Any) -> str | None:
    """Print an expression, or what a compiled function returns, as a tree; a part that occurs again only once.

    Parameters
    ----------
    obj: a variable, a list of them, or a compiled function.
    depth: how many levels are shown; all of them below zero.
    file: a stream, `None` for the standard output, or "str" for the text as the result.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x = T.dscalar("x")
    >>> debugprint(x**2 + 1)
    add [id A]
     |pow [id B]
     | |x [id C]
     | |2 [id D]
     |1 [id E]
    """
    from .formulas import formula

    outputs = getattr(getattr(obj, "maker", None), "fgraph", None)
    given = outputs.outputs if outputs is not None else obj if isinstance(obj, (list, tuple)) else [obj]
    tree = _Tree(depth)
    for variable in given:
        tree.add(formula(as_variable(variable)))
    made = "\n".join(tree.lines)
    if file == "str":
        return made
    print(made, file=file or sys.stdout)
    return None


class _Tree:
    """The lines of a tree; equal parts share a letter."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.lines: list[str] = []
        self.ids: dict[str, str] = {}

    def add(self, found: Formula) -> None:
        for name, tree in found.parts:
            self.lines.append(f"{name}:")
            self._lines(tree, " |", 1)
        self._lines(found.tree, "", 0)

    def _lines(self, tree: ast.expr, prefix: str, level: int) -> None:
        stack = [(tree, prefix, level)]
        while stack:
            tree, prefix, level = stack.pop()
            key = _text(tree)
            known = key in self.ids
            letter = self.ids.setdefault(key, _letters(len(self.ids)))
            label, children = _label(tree)
            again = known and bool(children)
            self.lines.append(f"{prefix}{label} [id {letter}]" + (" ..." if again else ""))
            if not again and (self.depth < 0 or level + 1 < self.depth):
                inner = prefix.replace("|", "|") + " |" if prefix else " |"
                stack += [(child, inner, level + 1) for child in reversed(children)]


def _letters(n: int) -> str:
    made = ""
    while True:
        made = chr(ord("A") + n % 26) + made
        n = n // 26 - 1
        if n < 0:
            return made


def _label(tree: ast.expr) -> tuple[str, list[ast.expr]]:
    if isinstance(tree, ast.BinOp):
        return _OPERATORS[type(tree.op)], [tree.left, tree.right]
    if isinstance(tree, ast.UnaryOp):
        return _OPERATORS[type(tree.op)], [tree.operand]
    if isinstance(tree, ast.Compare):
        return _OPERATORS[type(tree.ops[0])], [tree.left, tree.comparators[0]]
    if isinstance(tree, ast.Call):
        options = ", ".join(f"{k.arg}={_text(k.value)}" for k in tree.keywords)
        return f"{_text(tree.func)}{{{options}}}" if options else _text(tree.func), list(tree.args)
    if isinstance(tree, ast.Subscript):
        marker = _text(ast.Subscript(ast.Name(""), tree.slice))
        return f"subtensor{marker}", [tree.value]
    if isinstance(tree, ast.Attribute):
        return tree.attr, [tree.value]
    return _text(tree), []


def pydotprint(*args: Any, **options: Any) -> None:
    """Refused: pictures are drawn from a trace."""
    raise unsupported("printing.pydotprint", "trace a call of the compiled function: adkit.trace(f)(x).to_dot()")


class Print:
    """Refused: a compiled program has no prints."""

    def __init__(self, *args: Any, **options: Any) -> None:
        raise unsupported(
            "printing.Print", "return the value as another output of theano.function, or look at it under %%grad"
        )


def min_informative_str(obj: Variable, **options: Any) -> str:
    """The expression in one line."""
    return pp(obj)


def __getattr__(name: str) -> Any:
    from .refused import absent_within

    raise absent_within("theano.printing", name)


__all__ = ["Constant", "Print", "debugprint", "min_informative_str", "pp", "pprint", "pydotprint"]
