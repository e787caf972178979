"""What can be read off a cell's syntax tree: the names it reads and binds, its output, and what it must not contain.

Pure functions of an `ast.Module`. Not for: rewriting the tree (`rewriting`) and running it (`cell`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

__adkit__ = True

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class NameFlow:
    """How a cell uses its module-level names, each tuple in order of first appearance.

    `reads`: names whose value comes from earlier cells. `binds`: how often the cell binds each name.
    `assigned`: names that assignments bind (not imports, definitions or loop variables), one entry per assignment.
    """

    reads: list[str] = field(default_factory=list)
    binds: dict[str, int] = field(default_factory=dict)
    assigned: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, tree: ast.Module) -> NameFlow:
        """The flow of names in `tree`.

        >>> flow = NameFlow.of(ast.parse("y = a * x\\nx = y"))
        >>> flow.reads, flow.assigned
        (['a', 'x'], ['y', 'x'])
        """
        walker = _FlowWalker()
        walker.visit(tree)
        deferred = [name for name in walker.deferred if name not in walker.flow.binds]
        walker.flow.reads = list(dict.fromkeys(walker.flow.reads + deferred))
        return walker.flow


class _FlowWalker(ast.NodeVisitor):
    """Visits module-level code in the order in which Python runs it."""

    def __init__(self) -> None:
        self.flow = NameFlow()
        self.deferred: list[str] = []

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            if node.id not in self.flow.binds:
                self.flow.reads.append(node.id)
        elif isinstance(node.ctx, ast.Store):
            self._bind(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)
            self.flow.assigned += _target_names(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id not in self.flow.binds:
            self.flow.reads.append(node.target.id)
        self.visit(node.value)
        self.visit(node.target)
        self.flow.assigned += _target_names(node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)
            self.flow.assigned += _target_names(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.visit(node.target)
        self.flow.assigned += _target_names(node.target)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name.split(".")[0])

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(part)
        self._bind(node.name)
        self.deferred += global_reads(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(part)
        self.deferred += global_reads(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(part)
        self._bind(node.name)
        self.deferred += global_reads(node)

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, _COMPREHENSIONS):
            self.flow.reads += [name for name in global_reads(node) if name not in self.flow.binds]
        else:
            super().generic_visit(node)

    def _bind(self, name: str) -> None:
        self.flow.binds[name] = self.flow.binds.get(name, 0) + 1


def _target_names(target: ast.expr) -> list[str]:
    """The variables that an assignment target changes: `x`, `x[0]` and `x.a` all change `x`."""
    if isinstance(target, ast.Tuple | ast.List):
        return [name for element in target.elts for name in _target_names(element)]
    while isinstance(target, ast.Attribute | ast.Subscript | ast.Starred):
        target = target.value
    return [target.id] if isinstance(target, ast.Name) else []


def global_reads(scope: ast.AST) -> list[str]:
    """The names that a function, class or comprehension reads and does not bind itself."""
    bound: set[str] = set()
    reads: list[str] = []
    for node in _own_nodes(scope):
        if node is not scope and isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            reads += global_reads(node)
            bound |= {node.name} if not isinstance(node, ast.Lambda) else set()
        elif isinstance(node, ast.Name):
            (reads.append if isinstance(node.ctx, ast.Load) else bound.add)(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    bound -= {name for node in ast.walk(scope) if isinstance(node, ast.Global) for name in node.names}
    return [name for name in reads if name not in bound]


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of `scope` in order of appearance, nested functions and classes included but not entered."""
    yield scope
    for child in ast.iter_child_nodes(scope):
        if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
            yield child
        else:
            yield from _own_nodes(child)


def top_literals(tree: ast.Module) -> list[str]:
    """Names that the cell's leading statements assign from a float literal, and that nothing binds again.

    Imports, definitions and docstrings may stand between; the first other statement ends the top.

    >>> top_literals(ast.parse("import math\\nx = 2.0\\nn = 3\\nw = -1e-3\\ny = x * w\\nz = 1.0"))
    ['x', 'w']
    """
    binds = NameFlow.of(tree).binds
    names: list[str] = []
    for statement in tree.body:
        pairs = _literal_pairs(statement)
        if pairs is None:
            break
        names += [name for name, value in pairs if _is_float_literal(value) and binds[name] == 1]
    return list(dict.fromkeys(names))


def _literal_pairs(statement: ast.stmt) -> list[tuple[str, ast.expr]] | None:
    """(name, literal) of each assignment in `statement`; empty if it only declares; None if it computes."""
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
        return []
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return []
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        pairs = [(statement.target.id, statement.value)]
    elif isinstance(statement, ast.Assign):
        pairs = [pair for target in statement.targets for pair in paired(target, statement.value)]
    else:
        return None
    return pairs if pairs and all(_is_literal(value) for _, value in pairs) else None


def paired(target: ast.expr, value: ast.expr) -> list[tuple[str, ast.expr]]:
    """`x = 1` and `x, y = 1, 2` as (name, value) pairs; empty where the two sides do not match one to one."""
    if isinstance(target, ast.Name):
        return [(target.id, value)]
    if (
        isinstance(target, ast.Tuple | ast.List)
        and isinstance(value, ast.Tuple | ast.List)
        and len(target.elts) == len(value.elts)
        and all(isinstance(element, ast.Name) for element in target.elts)
        and not any(isinstance(element, ast.Starred) for element in value.elts)
    ):
        return [(t.id, v) for t, v in zip(target.elts, value.elts, strict=True) if isinstance(t, ast.Name)]
    return []


def _literal_value(node: ast.expr) -> object:
    """The value of a literal, or of `np.array(literal)`; `None` where there is none."""
    if (
        isinstance(node, ast.Call)
        and len(node.args) == 1
        and not node.keywords
        and ast.unparse(node.func) in ("np.array", "np.asarray", "numpy.array", "numpy.asarray")
    ):
        value = _literal_value(node.args[0])
        return value if isinstance(value, list | tuple) else None
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None


def _is_literal(node: ast.expr) -> bool:
    return _literal_value(node) is not None or (isinstance(node, ast.Constant) and node.value is None)


def _is_float_literal(node: ast.expr) -> bool:
    value = _literal_value(node)
    if isinstance(value, list | tuple):
        return isinstance(node, ast.Call) and _all_numbers(value)
    return isinstance(value, float)


def _all_numbers(value: list | tuple) -> bool:
    """Whether a nested literal list is of numbers, with a float among them."""
    leaves: list[object] = []
    pending: list[object] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, list | tuple):
            pending += item
        else:
            leaves.append(item)
    return all(type(leaf) in (int, float) for leaf in leaves) and any(type(leaf) is float for leaf in leaves)


def awaits_at_top(tree: ast.Module) -> int | None:
    """The line of the first `await`, `async for` or `async with` outside a function, or None."""
    pending: list[ast.AST] = [tree]
    lines: list[int] = []
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
            lines.append(node.lineno)
        elif isinstance(node, ast.comprehension) and node.is_async:
            lines.append(node.target.lineno)
        if not isinstance(node, _FUNCTIONS):
            pending += ast.iter_child_nodes(node)
    return min(lines, default=None)


def expression_name(node: ast.expr) -> str:
    """How the output is called when it is an expression: the variable, a short text, or "result".

    >>> expression_name(ast.parse("x ** 2", mode="eval").body)
    '(x ** 2)'
    """
    text = ast.unparse(node)
    if len(text) > 24 or "\n" in text:
        return "result"
    return text if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript) else f"({text})"
