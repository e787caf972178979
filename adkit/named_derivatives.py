"""The derivatives of a recording by the names of its inputs: gradients, Jacobians and their diagonals, higher orders.

Not for: derivatives of functions (`transforms`), or the tangents and adjoints of every variable (`trace`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy

from .backends import asarray_like, to_numpy
from .dtypes import numpy_dtype
from .errors import IndependentError, ModeError
from .handle import TracedArray
from .nodes import INPUT, Node
from .primitive import ELEMENTWISE
from .pytrees import as_input_type, differentiable
from .seeds import basis, seed_of
from .sweeps.forward import ForwardPlan
from .sweeps.order import active
from .sweeps.replay import Replay
from .sweeps.reverse import reverse_sweep
from .transforms import derivative as nth_derivative
from .transforms import grad, hessian, jvp, steepest

__adkit__ = True

LARGEST_JACOBIAN = 1_000_000


@dataclass(frozen=True)
class FirstDerivatives:
    """What first derivatives are computed from: the inputs by name with their plain values, the output, the nodes
    between.
    """

    inputs: Mapping[str, Node]
    leaves: Mapping[str, Any]
    output: TracedArray
    nodes: list[Node]
    mode: str

    def by_name(self) -> dict[str, Any]:
        """Input name -> gradient of a real scalar output, Jacobian (or its diagonal) of any other."""
        if self.output.shape == () and self.output.dtype.kind != "c":
            return self._gradients()
        return {name: self._jacobian(name) for name in self.inputs}

    def _gradients(self) -> dict[str, Any]:
        inputs = list(self.inputs.values())
        if self.mode == "forward":
            swept = [self._forward_gradient(name) for name in self.inputs]
        else:
            swept = reverse_sweep([(self.output.node, seed_of(self.output))], inputs, self.nodes)
        leaves = self.leaves.values()
        filled = [numpy.zeros(node.shape) if g is None else g for g, node in zip(swept, inputs, strict=True)]
        return {
            name: steepest(as_input_type(g, leaf)) for name, g, leaf in zip(self.inputs, filled, leaves, strict=True)
        }

    def _forward_gradient(self, name: str) -> Any:
        return self._columns(name).reshape(self.inputs[name].shape)

    def _columns(self, name: str) -> numpy.ndarray:
        """The Jacobian by one input with the elements of both as its two axes, one forward sweep per input element."""
        node = self.inputs[name]
        plan = ForwardPlan([self.output.node], [node], active(self.nodes, [node]))
        columns = [_flat(to_numpy(self._along(plan, unit)), self.output.size) for unit in basis(node.value)]
        return numpy.stack(columns, axis=-1) if columns else numpy.zeros((self.output.size, 0))

    def _along(self, plan: ForwardPlan, unit: Any) -> Any:
        """The derivative in one direction; of a real output by a complex input the real minus i times the imaginary."""
        (tangent,) = plan.sweep([unit])
        if tangent is None or numpy_dtype(unit).kind != "c" or self.output.dtype.kind == "c":
            return tangent
        return tangent - 1j * plan.sweep([unit * 1j])[0]

    def _rows(self, name: str) -> numpy.ndarray:
        """The same of a real input, one reverse sweep per output element, two where that is complex."""
        node = self.inputs[name]
        order = active(self.nodes, [node])

        def row(seed: Any) -> numpy.ndarray:
            return _flat(to_numpy(reverse_sweep([(self.output.node, seed)], [node], order)[0]), node.size)

        units = basis(self.output)
        if self.output.dtype.kind == "c":
            rows = [row(unit) + 1j * row(unit * -1j) for unit in units]
        else:
            rows = [row(unit) for unit in units]
        return numpy.stack(rows) if rows else numpy.zeros((0, node.size))

    def _jacobian(self, name: str) -> Any:
        node, out = self.inputs[name], self.output
        if self.is_elementwise(name):
            ones = asarray_like(numpy.ones(node.shape, numpy_dtype(node)), node.value)
            plan = ForwardPlan([out.node], [node], active(self.nodes, [node]))
            tangent = self._along(plan, ones)
            return numpy.zeros(out.shape) if tangent is None else tangent
        if node.size * out.size > LARGEST_JACOBIAN:
            raise ModeError(
                f"the Jacobian of {out.size} outputs by {node.size} inputs is too large to show",
                fix="reduce the output to a scalar, such as its sum",
            )
        forward = self.mode == "forward" or numpy_dtype(node).kind == "c"
        matrix = self._columns(name) if forward else self._rows(name)
        return matrix.reshape(out.shape + node.shape)[()]

    def is_elementwise(self, name: str) -> bool:
        """Whether output and input correspond element by element, so that the Jacobian is diagonal."""
        node, out = self.inputs[name], self.output
        if not node.shape or node.shape != out.shape:
            return False
        return all(
            n is node
            or (
                n.shape == node.shape
                and (n.primitive.kind == ELEMENTWISE or n.primitive is INPUT or n.primitive.name in ("convert", "copy"))
            )
            for n in active(self.nodes, [node])
        )


def _flat(value: Any, size: int) -> numpy.ndarray:
    return numpy.zeros(size) if value is None else numpy.asarray(value).reshape(-1)


def higher_derivatives(replay: Replay, points: Mapping[str, Any], order: int) -> dict[tuple[str, ...], Any]:
    """Derivatives of an order above 1 of a recorded program at its inputs, see `Trace.higher`."""
    leaves = list(points.values())
    found: dict[tuple[str, ...], Any] = {}
    for i, name in enumerate(points):
        if not is_real(leaves[i]):
            continue
        shape = tuple(getattr(leaves[i], "shape", ()))
        if order == 2:
            found[name, name] = _or_zero(hessian(replay, i), leaves, 2 * shape)
        elif not shape:
            found[(name,) * order] = _or_zero(nth_derivative(replay, order, i), leaves, ())
    if order == 2:
        found.update(_mixed(replay, list(points), leaves))
    if not found:
        if not any(is_real(leaf) for leaf in leaves):
            raise ModeError(f"order {order} needs a real input", fix="use its real and imaginary parts as inputs")
        raise ModeError(f"order {order} needs a scalar input", fix="use --order 2 for arrays")
    return found


def is_real(leaf: Any) -> bool:
    """Whether an input is real: a function of it has derivatives of an order above 1 here."""
    return differentiable(leaf) and numpy_dtype(leaf).kind != "c"


def _or_zero(derivative: Callable[..., Any], leaves: list[Any], shape: tuple[int, ...]) -> Any:
    """A derivative by one input; zero where the output does not depend on that input, as its first derivative is."""
    try:
        return derivative(*leaves)
    except IndependentError:
        return numpy.zeros(shape)[()]


def _mixed(replay: Replay, names: list[str], leaves: list[Any]) -> dict[tuple[str, ...], Any]:
    scalars = [i for i, leaf in enumerate(leaves) if is_real(leaf) and not getattr(leaf, "shape", ())]
    return {
        (names[i], names[j]): _mixed_of(replay, i, j, leaves) for a, i in enumerate(scalars) for j in scalars[a + 1 :]
    }


def _mixed_of(replay: Replay, i: int, j: int, leaves: list[Any]) -> Any:
    """∂²/∂i∂j of two scalar inputs; zero where the slope along one does not depend on the other."""

    unit = asarray_like(numpy.ones((), numpy_dtype(leaves[j])), leaves[j])

    def along(*at: Any) -> Any:
        return jvp(lambda moved: grad(replay, i)(*at[:j], moved, *at[j + 1 :]), (at[j],), (unit,))[1]

    return _or_zero(along, leaves, ())
