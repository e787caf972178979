"""The three changes made to a cell's syntax tree before it runs; all new nodes bear the place of the user's code.

* an assignment to an input passes its value through `inputs.become_input`;
* a name bound by an import of NumPy, math or SciPy passes through `substitution.seen`;
* the last expression is taken off, to be evaluated for the cell's value.

The functions are reached by an import expression and not by a name, so that functions defined in the cell go on
working in later cells, and the user's namespace gains no name. Not for: what the functions do.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from .syntax import paired

__adkit__ = True

_SUBSTITUTED = ("numpy", "math", "cmath", "scipy")


def call_of(module: str, function: str, arguments: list[ast.expr], place: ast.AST) -> ast.expr:
    """The expression `adkit_jupyter.<module>.<function>(*arguments)`, located at `place`."""
    importing = ast.parse(f"__import__('adkit_jupyter.{module}', fromlist=['{function}']).{function}", mode="eval")
    call = ast.Call(func=importing.body, args=arguments, keywords=[])
    for node in [call, *ast.walk(importing.body)]:
        ast.copy_location(node, place)
    for argument in arguments:
        if not hasattr(argument, "lineno"):
            ast.copy_location(argument, place)
    return call


class _Imports(ast.NodeTransformer):
    """After each import of a substituted module, in functions too, re-binds the imported names as they are seen."""

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        names = [a.asname or a.name.split(".")[0] for a in node.names if a.name.split(".")[0] in _SUBSTITUTED]
        return [node, *(_seen(name, node) for name in names)]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt]:
        if node.level or (node.module or "").split(".")[0] not in _SUBSTITUTED:
            return [node]
        if node.names[0].name == "*":
            return [node, ast.copy_location(ast.Expr(call_of("substitution", "see_all", [], node)), node)]
        return [node, *(_seen(alias.asname or alias.name, node) for alias in node.names)]


def _seen(name: str, place: ast.stmt) -> ast.stmt:
    """The statement `name = seen(name)`."""
    target = ast.copy_location(ast.Name(name, ast.Store()), place)
    value = call_of("substitution", "seen", [ast.copy_location(ast.Name(name, ast.Load()), place)], place)
    return ast.copy_location(ast.Assign([target], value), place)


class _Inputs(ast.NodeTransformer):
    """In one top-level statement, makes every assignment to one of `names` an input; functions are left alone."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.found: set[str] = set()

    def visit_FunctionDef(self, node: ast.AST) -> ast.AST:
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = visit_FunctionDef

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        if len(node.targets) > 1 and any(isinstance(target, ast.Name) for target in node.targets):
            return self._wrap_shared(node)
        pairs = paired(node.targets[0], node.value)
        if isinstance(node.targets[0], ast.Name):
            node.value = self._wrapped(node.targets[0].id, node.value)
            return node
        if pairs and isinstance(node.value, ast.Tuple | ast.List):
            node.value.elts = [self._wrapped(name, value) for name, value in pairs]
            return node
        return [node, *self._afterwards(node.targets, node)]

    def _wrap_shared(self, node: ast.Assign) -> ast.stmt:
        """`a = b = value`: one input under the name of the first target that is one."""
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in self.names:
                node.value = self._wrapped(target.id, node.value)
                break
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if isinstance(node.target, ast.Name) and node.value is not None:
            node.value = self._wrapped(node.target.id, node.value)
        return node

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        self.generic_visit(node)
        node.value = self._wrapped(node.target.id, node.value)
        return node

    def visit_With(self, node: ast.With) -> ast.stmt:
        self.generic_visit(node)
        targets = [item.optional_vars for item in node.items if item.optional_vars is not None]
        node.body = [*self._afterwards(targets, node), *node.body]
        return node

    def visit_For(self, node: ast.For) -> ast.stmt:
        self.generic_visit(node)
        node.body = [*self._afterwards([node.target], node), *node.body]
        return node

    def _wrapped(self, name: str, value: ast.expr) -> ast.expr:
        value = self.visit(value)
        if name not in self.names:
            return value
        self.found.add(name)
        return call_of("inputs", "become_input", [ast.Constant(name), value], value)

    def _afterwards(self, targets: Iterable[ast.expr], place: ast.stmt) -> list[ast.stmt]:
        """`x = become_input("x", x)` for each input among the names bound by `targets`."""
        bound = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        statements: list[ast.stmt] = []
        for name in bound:
            if name in self.names:
                load = ast.copy_location(ast.Name(name, ast.Load()), place)
                store = ast.copy_location(ast.Name(name, ast.Store()), place)
                statements.append(ast.copy_location(ast.Assign([store], self._wrapped(name, load)), place))
        return statements


def mark_inputs(tree: ast.Module, names: Iterable[str]) -> set[str]:
    """Make the first assignment to each of `names` in `tree` an input, in place; return the names that were found.

    The first assignment is the first top-level statement that assigns the name; where that is an `if` or a loop,
    every assignment in it.
    """
    waiting = set(names)
    body: list[ast.stmt] = []
    for statement in tree.body:
        rewriter = _Inputs(waiting)
        result = rewriter.visit(statement) if waiting else statement
        body += result if isinstance(result, list) else [result]
        waiting -= rewriter.found
    tree.body = body
    return set(names) - waiting


def mark_imports(tree: ast.Module) -> None:
    """Have every import of a substituted module in `tree` pass through `substitution`, in place."""
    _Imports().visit(tree)


def split_value(tree: ast.Module) -> tuple[ast.Module, ast.Expression | None]:
    """The cell without its last expression, and that expression; None where the cell ends in another statement."""
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return tree, None
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    return tree, ast.Expression(last.value)
