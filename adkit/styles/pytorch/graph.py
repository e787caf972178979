"""The graph behind tensors: backward passes over it, hooks, what a pass lets go of, and `grad_fn` as a view of a node.

A tensor that requires grad holds a node, nodes hold their inputs, and that is the whole tape. A leaf is an input node
that belongs to a tensor. Not for: rules of differentiation, or the sweep itself (`adkit.sweeps.reverse`).
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Sequence
from types import FrameType
from typing import Any

import numpy

from ...handle import TracedArray
from ...linearization import distinct
from ...nodes import INPUT, Node, Recording, next_id, open_recording
from ...primitive import ELEMENTWISE, LINEAR, General, Primitive
from ...source import is_library, user_location
from ...sweeps.order import active, ancestors
from ...sweeps.reverse import reverse_sweep
from ...tracing import is_tracing
from .errors import refuse
from .modes import grad_mode
from .operands import wrap
from .versions import verify

__adkit__ = True

leaf_tensors: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()  # id of an input node -> its tensor
hooked: dict[int, Watched] = {}  # id of another node -> its hooks


class Watched:
    """The hooks of a computed tensor: they stay with its node after the tensor itself is gone, as in PyTorch."""

    __slots__ = ("tensor", "hooks")

    def __init__(self, tensor: Any, node: Node) -> None:
        key = node.id
        self.hooks = tensor._hooks
        self.tensor = weakref.ref(tensor, lambda _: None if self.hooks else hooked.pop(key, None) and None)

    def run(self, g: Any, create_graph: bool) -> Any:
        """A cotangent after the hooks, which the tensor keeps if it is there and is to."""
        tensor = self.tensor()
        return run_hooks(self.hooks, g, create_graph) if tensor is None else tensor._run_hooks(g, create_graph)


def run_hooks(hooks: Any, g: Any, create_graph: bool) -> Any:
    """A cotangent after hooks, each of which may return another one."""
    for hook in list((hooks or {}).values()):
        token = grad_mode.set(create_graph)
        try:
            made = hook(wrap(g))
        finally:
            grad_mode.reset(token)
        if made is not None:
            g = made._h
    return g


def new_leaf(tensor: Any, value: Any, frame: Any, name: str | None = None) -> TracedArray:
    """An input node for a tensor, onto the very array `value`."""
    code, lasti = user_location(frame)
    params = {"name": name} if name else None
    node = Node(INPUT, (), params, value, next_id(), code, lasti, value.shape, value.dtype)
    leaf_tensors[node.id] = tensor
    return TracedArray(node, value)


# ------------------------------------------------------------------------------------------------ letting go


class _Released(Primitive):
    """Stands in the place of an operation whose saved values a backward pass has let go of."""

    kind = General.kind
    jvp = None

    def __init__(self, name: str) -> None:
        self.name, self.symbol, self._evaluate, self.residuals = name, None, None, ()

    def residual_mask(self, operand: int) -> int:
        return 0

    def vjp(self, *given: Any, **params: Any) -> Any:
        """The error that a second pass gets."""
        raise second_time()


@functools.lru_cache(maxsize=1024)
def _released(name: str) -> _Released:
    return _Released(name)


_leaves_of_last_pass: weakref.WeakKeyDictionary[Recording, list[Any]] = weakref.WeakKeyDictionary()
_released_in: weakref.WeakKeyDictionary[Recording, set[Node]] = weakref.WeakKeyDictionary()


def second_time() -> Exception:
    """PyTorch's best-known error."""
    return refuse(
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
        "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad()",
        "specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
        "saved tensors after calling backward",
    )


def saves(node: Node) -> bool:
    """Whether the rule of a node reads values that the node has saved."""
    primitive = node.primitive
    if primitive.kind == LINEAR or (primitive.kind == ELEMENTWISE and not primitive.masks[-1]):
        return False
    for i, operand in enumerate(node.inputs):
        if type(operand) is Node and primitive.residual_mask(i):
            rule = (node.params or {}).get("rule")
            return bool(getattr(rule, "to_save", True))
    return False


def release(order: list[Node]) -> None:
    """Let go of what the nodes of a finished pass have saved; a recording that is open only remembers it."""
    record = open_recording.get()
    if hooked:
        for node in order:
            if node.id in hooked and hooked[node.id].tensor() is None:
                del hooked[node.id]
    if record is None and not is_tracing():
        for node in order:
            if node.primitive.kind != LINEAR and saves(node):
                node.primitive = _released(node.primitive.name)
                node.inputs = ()
                node.params = node.value = None
    elif record is not None:
        _released_in.setdefault(record, set()).update(node for node in order if saves(node))


def _refuse_released(order: list[Node]) -> None:
    record = open_recording.get()
    if record is not None and not _released_in.get(record, _NOTHING).isdisjoint(order):
        raise second_time()


_NOTHING: set[Node] = set()


# ------------------------------------------------------------------------------------------------ a pass


def _name(leaves: list[Any], frame: FrameType | None) -> None:
    """Let leaves remember what the user calls them now."""
    while frame is not None and is_library(frame):
        frame = frame.f_back
    if frame is None:
        return
    names = {id(v): name for name, v in {**frame.f_globals, **frame.f_locals}.items() if not name.startswith("_")}
    for leaf in leaves:
        if id(leaf) in names:
            leaf.__dict__.setdefault("_name", names[id(leaf)])


def sweep(
    outputs: Sequence[tuple[Node, Any]], inputs: Sequence[Node] | None, create_graph: bool
) -> tuple[list[Node], list[Node], list[Any]]:
    """The nodes between, the inputs (all leaves where `inputs` is None), and their cotangents.

    `create_graph` records the pass; cotangents are then handles. Hooks of tensors on the way are called.
    """
    order, _ = ancestors([node for node, _ in outputs], 0)
    if inputs is None:
        inputs = [node for node in order if node.primitive is INPUT and node.id in leaf_tensors]
    else:
        order = active(order, inputs)
    verify(order)
    _refuse_released(order)
    record = open_recording.get()
    if record is not None:  # a cell's inputs, also where their names are bound to something else later
        all_of_them = (leaf_tensors.get(node.id) for node in order if node.primitive is INPUT)
        _leaves_of_last_pass[record] = leaves = [leaf for leaf in all_of_them if leaf is not None]
        _name(leaves, sys._getframe(1))
    stops = [node for node in inputs if node.inputs]
    if hooked:
        stops += [node for node in order if node.id in hooked and node not in stops]
    if stops:
        found = _by_stretches(order, outputs, inputs, stops, create_graph)
    else:
        found = reverse_sweep(outputs, inputs, order, recorded=create_graph)
    return order, list(inputs), found


def _by_stretches(
    order: list[Node], outputs: Sequence[tuple[Node, Any]], inputs: Sequence[Node], stops: list[Node], create: bool
) -> list[Any]:
    """The pass in stretches that end at nodes in between that are asked for or have hooks; the latest node that is
    still waiting is complete.
    """
    ends = [node for node in inputs if not node.inputs]
    totals: dict[Node, Any] = {}
    waiting = sorted(stops, key=lambda node: node.id)
    given = list(outputs)
    while given or waiting:
        targets = [*ends, *waiting]
        if given:
            latest = max(node.id for node, _ in given)
            reached = [node for node in order if node.id <= latest]
            for node, g in zip(targets, reverse_sweep(given, targets, reached, recorded=create), strict=True):
                if g is not None:
                    totals[node] = g if node not in totals else totals[node] + g
        given = []
        if waiting:
            node = waiting.pop()
            if node in totals:
                if node.id in hooked:
                    totals[node] = hooked[node.id].run(totals[node], create)
                given = [(node, totals[node])]
    return [totals.get(node) for node in inputs]


def tell(target: Any, results: list[Any]) -> None:
    """Tell an open recording what was differentiated last."""
    record = open_recording.get()
    if record is not None:
        record.differentiated[:] = [(target, results)]


def cotangents(
    outputs: Sequence[tuple[Node, Any]], inputs: Sequence[Node] | None, retain: bool, create_graph: bool
) -> tuple[list[Node], list[Any]]:
    """Inputs and their cotangents, as arrays of their own; the graph is let go of unless it is to be retained."""
    order, nodes, found = sweep(outputs, inputs, create_graph)
    if not retain:
        release(order)
    if not create_graph:
        distinct(found, [g for _, g in outputs])
    return nodes, found


# ------------------------------------------------------------------------------------------------ grad_fn

_NAMES = {
    "multiply": "Mul", "add": "Add", "subtract": "Sub", "divide": "Div", "negative": "Neg", "power_constant": "Pow",
    "power": "Pow", "square": "Pow", "absolute": "Abs", "sum": "Sum", "mean": "Mean", "prod": "Prod",
    "getitem": "Select",
    "index_update": "CopySlices", "index_add": "IndexPut", "matmul": "Mm", "tensordot": "Mm", "transpose": "Permute",
    "reshape": "View", "convert": "ToCopy", "copy": "Clone", "concatenate": "Cat", "broadcast_to": "Expand",
    "arcsin": "Asin", "arccos": "Acos", "arctan": "Atan", "arctan2": "Atan2", "arcsinh": "Asinh", "arccosh": "Acosh",
    "arctanh": "Atanh", "expit": "Sigmoid", "log_expit": "LogSigmoid", "remainder": "Remainder", "take": "Gather",
    "logaddexp": "Logaddexp", "solve": "LinalgSolveEx", "inv": "LinalgInvEx", "det": "LinalgDet",
}  # fmt: skip


def _shown_name(node: Node) -> str:
    """A node's name as PyTorch would write it, as far as the operations correspond."""
    if node.primitive is INPUT:
        return "AccumulateGrad" if node.id in leaf_tensors else "Constant"
    name = node.primitive.name
    if node.params is not None and hasattr(node.params.get("rule"), "to_save"):
        return f"{name}Backward"
    made = _NAMES.get(name) or "".join(part.capitalize() for part in name.strip("_").split("_"))
    if made == "CopySlices":
        return made
    return f"{made}Backward{int(made in ('Sum', 'Mean', 'Max', 'Min') and _is_partial(node))}"


def _is_partial(node: Node) -> bool:
    return bool(node.params) and len(node.params["axis"]) < len(node.inputs[0].shape)  # type: ignore[index]


_SAVED = {"_saved_self": 0, "_saved_input": 0, "_saved_other": 1, "_saved_result": -1}  # name -> operand, or the result


class GradFn:
    """`tensor.grad_fn`: a view of the node behind a tensor.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> y = (x * 3).sum()
    >>> y.grad_fn, y.grad_fn.name(), y.grad_fn.next_functions
    (<SumBackward0>, 'SumBackward0', ((<MulBackward0>, 0),))
    >>> y.grad_fn.next_functions[0][0].next_functions[0][0].variable is x
    True
    """

    __slots__ = ("_node", "_name")

    def __init__(self, node: Node, name: str | None = None) -> None:
        self._node = node
        self._name = name or _shown_name(node)

    def name(self) -> str:
        """The operation's name, such as `MulBackward0`."""
        return self._name

    @property
    def next_functions(self) -> tuple[tuple[GradFn | None, int], ...]:
        """The operations that the operands come from, `None` for a constant; nothing once they have been let go of."""
        return tuple((GradFn(parent) if type(parent) is Node else None, 0) for parent in self._node.inputs)

    @property
    def variable(self) -> Any:
        """The leaf tensor, of an `AccumulateGrad`."""
        found = leaf_tensors.get(self._node.id)
        if found is None:
            raise AttributeError(f"{self._name} has no attribute 'variable'")
        return found

    def __getattr__(self, name: str) -> Any:
        place = _SAVED.get(name)
        if place is None or place >= len(self._node.inputs):
            if place is not None and isinstance(self._node.primitive, _Released):
                raise second_time()
            raise AttributeError(f"{self._name} has no attribute {name!r}")
        found = self._node if place < 0 else self._node.inputs[place]
        if type(found) is not Node:
            return wrap(found)
        leaf = leaf_tensors.get(found.id)
        return wrap(TracedArray(found, found.value)) if leaf is None else leaf

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GradFn) and other._node is self._node

    def __hash__(self) -> int:
        return hash(self._node)

    def __repr__(self) -> str:
        return f"<{self._name}>"


def unit_seed(value: Any) -> Any:
    """The cotangent 1 of a value of one element."""
    return numpy.ones(value.shape, value.dtype) if value.shape else value.dtype.type(1)
