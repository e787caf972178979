"""Which nodes a sweep visits, and in which order. Iterative throughout: recordings run to millions of nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

from ..nodes import INPUT, Node
from ..tracing import depends_on

__adkit__ = True

_by_id = attrgetter("id")


def ancestors(outputs: Sequence[Node], since: int) -> tuple[list[Node], bool]:
    """The differentiable ancestors of `outputs` recorded at `since` or later, in order, and whether any older one was
    met.

    Older nodes belong to an enclosing recording: for this sweep they are constants, but the results depend on them.
    """
    seen: set[Node] = set()
    stack: list[Node] = []
    enclosed = False
    pop, push, see = stack.pop, stack.append, seen.add
    for node in outputs:
        if node.id < since:
            enclosed = True
        elif node not in seen:
            see(node)
            push(node)
    while stack:
        for parent in pop().inputs:
            if type(parent) is Node and parent not in seen:
                if parent.id < since:
                    enclosed = True
                else:
                    see(parent)
                    push(parent)
    return sorted(seen, key=_by_id), enclosed


def active(order: list[Node], inputs: Iterable[Node]) -> list[Node]:
    """Of nodes in order, those that depend on `inputs` through derivatives."""
    reached = set(inputs)
    result = []
    for node in order:
        if node in reached:
            result.append(node)
        else:
            for i, parent in enumerate(node.inputs):
                if type(parent) is Node and parent in reached and depends_on(node.primitive, i):
                    reached.add(node)
                    result.append(node)
                    break
    return result


def active_by_input(order: Sequence[Node], inputs: Sequence[Node]) -> list[list[Node]]:
    """The same for each input by itself, in one pass."""
    reached: dict[Node, int] = {}
    for s, node in enumerate(inputs):
        reached[node] = reached.get(node, 0) | 1 << s
    found: list[list[Node]] = [[] for _ in inputs]
    into: dict[int, list[list[Node]]] = {}  # the lists for a set of inputs
    for node in order:
        mask = reached.get(node, 0)
        if not mask:
            for i, parent in enumerate(node.inputs):
                if type(parent) is Node and parent in reached and depends_on(node.primitive, i):
                    mask |= reached[parent]
            if not mask:
                continue
            reached[node] = mask
        lists = into.get(mask)
        if lists is None:
            lists = into[mask] = [one for s, one in enumerate(found) if mask >> s & 1]
        for one in lists:
            one.append(node)
    return found


def varies(node: Node) -> bool:
    """Whether a node depends on an input through derivatives.

    An open recording keeps the nodes of piecewise constant operations too, such as `floor`, for display.
    """
    seen = {node}
    stack = [node]
    while stack:
        node = stack.pop()
        if node.primitive is INPUT:
            return True
        for i, parent in enumerate(node.inputs):
            if type(parent) is Node and parent not in seen and depends_on(node.primitive, i):
                seen.add(parent)
                stack.append(parent)
    return False
