"""`T.grad`, `T.jacobian`, `T.hessian`, `T.Rop`, `T.Lop`: derivatives as operations of the graph.

Each is an operation whose operands are the outputs, the variables and the seeds. Run, it is the core's sweep from the
node of the one to the nodes of the others, recorded in its turn: so it is right for every shape, may be compiled and
differentiated again, and no rule is written here. Printed, it is what that sweep computes (`formulas`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy

from ...errors import InputError
from ...handle import TracedArray, is_traced
from ...nodes import INPUT, Node
from ...numpy.creation import zeros_of
from ...sweeps.forward import ForwardPlan
from ...sweeps.order import active
from ...sweeps.order import ancestors as nodes_before
from ...sweeps.reverse import reverse_sweep
from .errors import DisconnectedInputError, GraphError, at_line
from .evaluation import Context
from .graph import Apply, Constant, Operation, TensorType, Variable, ancestors, as_variable

__adkit__ = True


class Derivative(Operation):
    """An operation that sweeps over what its operands were computed by."""


def _typed(*operands: Variable, **params: Any) -> TensorType:
    return operands[0].type


def _node(value: Any) -> Node | None:
    return value.node if is_traced(value) else None


def _zeros(like: Any) -> Any:
    plain = like.value if isinstance(like, TracedArray) else like
    return zeros_of(numpy.shape(plain), like=plain) if hasattr(plain, "dtype") else 0.0


def _between(outputs: Iterable[Node], inputs: list[Node], context: Context) -> list[Node]:
    return active(nodes_before(list(outputs), context.since)[0], inputs)


class Pull(Derivative):
    """The reverse sweep: cotangents of the variables for cotangents of the outputs.

    Operands: `outputs` outputs, as many cotangents, `wrt` variables, and variables to take as constants.
    """

    def run(self, context: Context, apply: Apply, operands: list[Any]) -> list[Any]:
        n, m = apply.params["outputs"], apply.params["wrt"]
        outputs, seeds = operands[:n], operands[n : 2 * n]
        wrt, fixed = operands[2 * n : 2 * n + m], operands[2 * n + m :]
        pairs = [(o.node, _seed(g, o)) for o, g in zip(outputs, seeds, strict=True) if is_traced(o)]
        held = [node for node in map(_node, fixed) if node is not None]
        nodes = [_node(x) for x in wrt]
        swept = _pulled(pairs, nodes, held, context)
        return [_zeros(x) if g is None else g for g, x in zip(swept, wrt, strict=True)]


def _seed(g: Any, output: Any) -> Any:
    """A cotangent in the shape and dtype of its output."""
    if isinstance(g, TracedArray) or numpy.shape(g) == output.shape:
        return g if hasattr(g, "dtype") else output.dtype.type(g)
    return numpy.broadcast_to(numpy.asarray(g, output.dtype), output.shape)


def _pulled(pairs: list[Any], wrt: list[Node | None], held: list[Node], context: Context) -> list[Any]:
    """The cotangents of nodes; one sweep, or one for each where they may depend on each other."""
    nodes = [node for node in wrt if node is not None]
    if not pairs or not nodes:
        return [None] * len(wrt)
    leaves = all(node.primitive is INPUT for node in nodes)
    groups = [list(dict.fromkeys(nodes))] if leaves else [[node] for node in dict.fromkeys(nodes)]
    found: dict[Node, Any] = {}
    for group in groups:
        stops = [*group, *(node for node in held if node not in group)]
        order = _between([node for node, _ in pairs], stops, context)
        swept = reverse_sweep(pairs, stops, order, recorded=True)
        found.update(zip(group, swept, strict=False))
    return [None if node is None else found[node] for node in wrt]


class Push(Derivative):
    """The forward sweep: tangents of the outputs for tangents of the variables."""

    def run(self, context: Context, apply: Apply, operands: list[Any]) -> list[Any]:
        n, m = apply.params["outputs"], apply.params["wrt"]
        outputs, wrt, tangents = operands[:n], operands[n : n + m], operands[n + m :]
        pairs = [(x.node, _seed(t, x)) for x, t in zip(wrt, tangents, strict=True) if is_traced(x)]
        nodes = [node for node, _ in pairs]
        reached = [o.node for o in outputs if is_traced(o)]
        plan = ForwardPlan(reached, nodes, _between(reached, nodes, context), recorded=True)
        swept = dict(zip(reached, plan.sweep([t for _, t in pairs]), strict=True))
        made = [swept.get(o.node) if is_traced(o) else None for o in outputs]
        return [_zeros(o) if t is None else t for t, o in zip(made, outputs, strict=True)]


class Jacobian(Derivative):
    """The reverse sweep for every element of a vector at once: the batch of the unit cotangents."""

    def run(self, context: Context, apply: Apply, operands: list[Any]) -> list[Any]:
        from ...vectorization import vmap

        output, *wrt = operands
        nodes = [_node(x) for x in wrt]
        if not is_traced(output):
            shape = numpy.shape(output)
            return [numpy.zeros((*shape, *numpy.shape(getattr(x, "value", x)))) for x in wrt]

        def pull(g: Any) -> list[Any]:
            swept = _pulled([(output.node, g)], nodes, [], context)
            return [_zeros(x) if s is None else s for s, x in zip(swept, wrt, strict=True)]

        if not output.shape:
            return pull(output.dtype.type(1))
        return list(vmap(pull)(numpy.eye(output.shape[0], dtype=output.dtype)))


PULL, PUSH = Pull("grad", lambda: None, _typed), Push("Rop", lambda: None, _typed)
JACOBIAN = Jacobian("jacobian", lambda: None, _typed)


# ------------------------------------------------------------------------------------------------ what is called


def _listed(value: Any) -> tuple[list[Any], type | None]:
    """A list of what may be one variable, and the type to give the results in."""
    if isinstance(value, (list, tuple)):
        return list(value), type(value)
    return [value], None


def _packed(results: Sequence[Variable], kind: type | None) -> Any:
    return results[0] if kind is None else kind(results)


def _checked_variables(wrt: Any, what: str) -> tuple[list[Variable], type | None]:
    given, kind = _listed(wrt)
    for x in given:
        if not isinstance(x, Variable):
            raise at_line(GraphError, f"{what} by {x!r}, which is no symbolic variable", "pass the variable itself")
        if x.type.numpy_dtype.kind not in "fc":
            message = f"{what} by {x._shown()}, whose dtype is {x.dtype}"
            raise at_line(InputError, message, "use a float variable, such as T.dscalar or T.vector")
    return given, kind


def _connected(outputs: Sequence[Variable], wrt: Sequence[Variable], held: Sequence[Variable]) -> list[bool]:
    """Which variables an output depends on by a path along which a derivative passes."""
    reached = set(outputs)
    stack = [v for v in outputs if v not in set(held)]
    while stack:
        apply = stack.pop().owner
        if apply is None or apply.op.name in ("disconnected_grad", "zero_grad", "shape"):
            continue
        for v in apply.inputs:
            if v not in reached:
                reached.add(v)
                if v not in held:
                    stack.append(v)
    return [x in reached for x in wrt]


def grad(
    cost: Variable | None,
    wrt: Any,
    consider_constant: Sequence[Variable] | None = None,
    disconnected_inputs: str = "raise",
    add_names: bool = True,
    known_grads: Mapping[Variable, Any] | None = None,
    return_disconnected: str = "zero",
    null_gradients: str = "raise",
) -> Any:
    """The derivative of a scalar by one variable or several, as expressions.

    Parameters
    ----------
    cost: a real scalar; `None` where `known_grads` says all.
    wrt: a variable, or a list of them, which gives a list; inputs, shared variables or anything in between.
    consider_constant: variables through which no derivative passes.
    disconnected_inputs: what happens where the cost does not depend on a variable: "raise", "warn", or "ignore",
        which give zeros.
    known_grads: derivatives of the cost by some variables, from which the sweep starts instead.

    Raises `GraphError` (a `TypeError`) for a cost that is no scalar, and `DisconnectedInputError`.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x = T.dscalar("x")
    >>> grad(x**2, x)
    2 * x
    """
    variables, kind = _checked_variables(wrt, "a derivative")
    held = [as_variable(v) for v in _listed(consider_constant or [])[0]]
    outputs, seeds = _seeds(cost, known_grads)
    if disconnected_inputs not in ("raise", "warn", "ignore"):
        raise at_line(GraphError, f"disconnected_inputs is {disconnected_inputs!r}", "use 'raise', 'warn' or 'ignore'")
    for x, reached in zip(variables, _connected(outputs, variables, held), strict=True):
        if not reached and disconnected_inputs != "ignore":
            shown = "cost" if cost is None else str(cost)[:60]
            message = f"{shown} does not depend on {x._shown()} by a differentiable path"
            fix = "leave the variable out of wrt, or pass disconnected_inputs='ignore', which gives zeros"
            if disconnected_inputs == "raise":
                raise at_line(DisconnectedInputError, message, fix)
            warnings.warn(message, stacklevel=2)
    inputs = (*outputs, *seeds, *variables, *held)
    apply = Apply(PULL, inputs, {"outputs": len(outputs), "wrt": len(variables)}, [x.type for x in variables])
    for made, x in zip(apply.outputs, variables, strict=True):
        if add_names and cost is not None and cost.name and x.name:
            made.name = f"(d{cost.name}/d{x.name})"
    return _packed(apply.outputs, kind)


def _seeds(cost: Any, known: Mapping[Variable, Any] | None) -> tuple[list[Variable], list[Variable]]:
    outputs: list[Variable] = []
    seeds: list[Variable] = []
    if cost is not None:
        if not isinstance(cost, Variable):
            raise at_line(GraphError, f"the cost is {cost!r}, which is no symbolic expression", "pass an expression")
        if cost.ndim != 0:
            fix = "reduce it with .sum() or .mean(), or use T.jacobian"
            raise at_line(GraphError, f"cost must be a scalar, and it has {cost.ndim} dimensions", fix)
        if cost.type.numpy_dtype.kind != "f":
            raise at_line(
                GraphError, f"the cost is of dtype {cost.dtype}", "make it a real float: T.cast(cost, 'floatX')"
            )
        outputs.append(cost)
        seeds.append(as_variable(1))
    for variable, g in (known or {}).items():
        outputs.append(variable)
        seeds.append(as_variable(g))
    if not outputs:
        raise at_line(GraphError, "grad has neither a cost nor known_grads", "pass the scalar to differentiate")
    return outputs, seeds


def Lop(f: Any, wrt: Any, eval_points: Any, consider_constant: Sequence[Variable] | None = None, **_: Any) -> Any:
    """The cotangents `eval_points` of f times the Jacobian of f by `wrt`, without forming it (a reverse sweep).

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x, v = T.dvector("x"), T.dvector("v")
    >>> Lop(x**2, x, v)
    2 * v * x
    """
    variables, kind = _checked_variables(wrt, "Lop")
    outputs, points = _paired(f, eval_points, "f", "Lop")
    held = [as_variable(v) for v in _listed(consider_constant or [])[0]]
    params = {"outputs": len(outputs), "wrt": len(variables)}
    apply = Apply(PULL, (*outputs, *points, *variables, *held), params, [x.type for x in variables])
    return _packed(apply.outputs, kind)


def Rop(f: Any, wrt: Any, eval_points: Any, **_: Any) -> Any:
    """The Jacobian of f by `wrt` times the tangents `eval_points` of `wrt`, without forming it (a forward sweep).

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x, v = T.dvector("x"), T.dvector("v")
    >>> Rop(T.sin(x), x, v)
    v * cos(x)
    """
    variables, _kind = _checked_variables(wrt, "Rop")
    points = _paired(wrt, eval_points, "wrt", "Rop")[1]
    given, kind = _listed(f)
    results = [as_variable(y) for y in given]
    params = {"outputs": len(results), "wrt": len(variables)}
    apply = Apply(PUSH, (*results, *variables, *points), params, [y.type for y in results])
    return _packed(apply.outputs, kind)


def _paired(variables: Any, points: Any, name: str, what: str) -> tuple[list[Variable], list[Variable]]:
    left, right = _listed(variables)[0], [as_variable(p) for p in _listed(points)[0]]
    if len(left) != len(right) or any(a.ndim != b.ndim for a, b in zip(left, right, strict=True)):
        raise at_line(
            GraphError, f"{what} needs one eval_point of the same dimensions per {name}", "pass them in order"
        )
    return left, right


def jacobian(expression: Variable, wrt: Any, consider_constant: Any = None, disconnected_inputs: str = "raise") -> Any:
    """The derivative of a vector or scalar by one variable or several, of the shape of the one and then of the other.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x = T.dvector("x")
    >>> jacobian(x**2, x).eval({x: [4.0, 4.0]})
    array([[8., 0.],
           [0., 8.]])
    """
    variables, kind = _checked_variables(wrt, "jacobian")
    if expression.ndim > 1:
        raise at_line(GraphError, f"jacobian of {expression.ndim} dimensions", "pass a vector: expression.flatten()")
    if disconnected_inputs == "raise":
        for x, reached in zip(variables, _connected([expression], variables, []), strict=True):
            if not reached:
                message = f"the expression does not depend on {x._shown()}"
                raise at_line(DisconnectedInputError, message, "pass disconnected_inputs='ignore' for zeros")
    output = expression
    for v in consider_constant or []:
        from .gradient import disconnected_grad
        from .graph import replaced

        output = replaced([output], {v: disconnected_grad(v)})[0]
    types = [TensorType(x.dtype, output.broadcastable + x.broadcastable) for x in variables]
    return _packed(Apply(JACOBIAN, (output, *variables), {}, types).outputs, kind)


def hessian(cost: Variable, wrt: Any, consider_constant: Any = None, disconnected_inputs: str = "raise") -> Any:
    """The matrix of second derivatives of a scalar by a vector, or a list of them for a list of vectors.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x = T.dvector("x")
    >>> hessian(T.sum(x**3), x).eval({x: [1.0, 2.0]})
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    variables, kind = _checked_variables(wrt, "hessian")
    for x in variables:
        if x.ndim != 1:
            raise at_line(GraphError, f"hessian by {x._shown()} of {x.ndim} dimensions", "pass a vector")
    firsts = grad(cost, list(variables), consider_constant, disconnected_inputs)
    made = [jacobian(g, x, disconnected_inputs="ignore") for g, x in zip(firsts, variables, strict=True)]
    return _packed(made, kind)


def is_constant(variable: Variable) -> bool:
    """Whether a variable is a plain value."""
    return isinstance(variable, Constant)


def depends(variable: Variable, on: Variable) -> bool:
    """Whether an expression was computed from a variable."""
    return on in ancestors([variable])
