"""`torch.autograd.Function`: an operation with a forward and a backward of the user's own, as one instruction.

The derivative of `backward` itself is found by recording it, so orders above 1 work where it is written in operations
of tensors. Not for: functions of NumPy arrays (`adkit.custom_rule`).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ....handle import TracedArray
from ....nodes import Results
from ....primitive import OUTPUT_BIT, General
from ....sweeps.through import any_traced, pull_through
from ....tracing import components, record, record_call
from ..errors import refuse
from ..modes import grad_mode
from ..operands import plain, wrap
from ..tensors import Tensor

__adkit__ = True


class Context:
    """`ctx`: what `forward` leaves for `backward`; any attribute may be set on it."""

    def __init__(self, kind: Any, arguments: Sequence[Any], places: Sequence[int]) -> None:
        self._kind, self._arguments, self._places = kind, tuple(arguments), tuple(places)
        self._inputs: tuple[Any, ...] = ()
        self._outputs: tuple[Any, ...] = ()
        self._single = True
        self._materialize = True
        self._constant: tuple[int, ...] = ()
        self.to_save: tuple[Any, ...] = ()
        self.needs_input_grad: tuple[bool, ...] = (False,) * len(self._arguments)
        self._values: tuple[Sequence[Any], Sequence[Any]] | None = None

    def __repr__(self) -> str:
        return f"<ctx of {self._kind.__name__}>"

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for `backward`, where `saved_tensors` gives them back."""
        self.to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors that `forward` saved."""
        return tuple(self._unpacked(tensor) for tensor in self.to_save)

    def _unpacked(self, tensor: Any) -> Any:
        """A saved tensor; inputs and outputs as the sweep has them, so that `backward` can be recorded."""
        if self._values is not None:
            operands, results = self._values
            for mine, found in ((self._inputs, operands), (self._outputs, results)):
                for own, value in zip(mine, found, strict=False):
                    if own is tensor and value is not None:
                        return wrap(value if isinstance(value, TracedArray) else numpy.asarray(value))
        return tensor

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Outputs that have no derivative."""
        self._marked = tensors

    def mark_dirty(self, *tensors: Any) -> None:
        """Refused: inputs are not changed here."""
        raise refuse("a Function here does not change its inputs in place", "return a new tensor, from x.clone()")

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `backward` gets zeros (else None) for an output that nothing depends on."""
        self._materialize = value

    # -- running

    def run(self, operands: Sequence[Any]) -> list[Any]:
        """Call `forward` at plain values; the plain results."""
        arguments = list(self._arguments)
        for place, operand in zip(self._places, operands, strict=True):
            arguments[place] = wrap(operand)
        self._inputs = tuple(arguments[place] for place in self._places)
        token = grad_mode.set(False)
        try:
            out = self._forward(arguments)
        finally:
            grad_mode.reset(token)
        self._single = not isinstance(out, tuple)
        every = (out,) if self._single else out
        if not all(isinstance(o, Tensor) for o in every):
            raise refuse(
                f"{self._kind.__name__}.forward returned something that is no tensor", "return a tensor, or several"
            )
        # an output that is an input gets an identity of its own
        self._outputs = tuple(wrap(o._h) if any(o is i for i in self._inputs) else o for o in every)
        marked = [id(t) for t in self.__dict__.get("_marked", ())]
        self._constant = tuple(i for i, o in enumerate(every) if id(o) in marked)
        return [plain(o) for o in self._outputs]

    def _forward(self, arguments: list[Any]) -> Any:
        kind = self._kind
        if kind.setup_context is not Function.setup_context:
            out = kind.forward(*arguments)
            kind.setup_context(self, tuple(arguments), out)
            return out
        return kind.forward(self, *arguments)

    def pull(self, gradients: Sequence[Any], operands: Sequence[Any], results: Sequence[Any]) -> list[Any]:
        """Call `backward`; one cotangent per operand."""
        likes = self._outputs
        given = [
            wrap(numpy.zeros(like.shape, plain(like).dtype)) if g is None and self._materialize else g
            for g, like in zip(gradients, likes, strict=True)
        ]
        given = [g if g is None or isinstance(g, Tensor) else wrap(g) for g in given]
        recorded = any_traced([*gradients, *operands])
        token = grad_mode.set(recorded)
        self._values = (operands, results)
        try:
            made = self._kind.backward(self, *given)
        finally:
            self._values = None
            grad_mode.reset(token)
        return self._checked(made if isinstance(made, tuple) else (made,))

    def _checked(self, made: tuple[Any, ...]) -> list[Any]:
        name, count = f"{self._kind.__name__}Backward", len(self._arguments)
        if len(made) > count and all(g is None for g in made[count:]):
            made = made[:count]
        if len(made) != count:
            raise refuse(
                f"function {name} returned an incorrect number of gradients (expected {count}, got {len(made)})",
                "return one for each argument of forward behind ctx, None where there is none",
            )
        found = []
        for place, own in zip(self._places, self._inputs, strict=True):
            g = made[place]
            if g is not None and tuple(g.shape) != tuple(own.shape):
                if not g.shape or numpy.broadcast_shapes(g.shape, own.shape) != tuple(g.shape):
                    raise refuse(
                        f"Function {name} returned an invalid gradient at index {place} - got {list(g.shape)} but "
                        f"expected shape compatible with {list(own.shape)}",
                        "return a gradient of the argument's shape",
                    )
            found.append(None if g is None else g._h)
        return found


class _Row(General):
    """The row of one Function; not in the table."""

    def __init__(self, name: str) -> None:
        self.name, self.symbol, self._evaluate, self.residuals = name, None, None, ()
        self._mask = OUTPUT_BIT | (OUTPUT_BIT - 1)
        self.jvp, self.vjp = _push, _pull

    def __call__(self, *operands: Any, **params: Any) -> Any:
        rule = params["rule"]
        return record_call(self, operands, {"rule": Context(rule._kind, rule._arguments, rule._places)})

    def evaluate(self, operands: Any, params: dict[str, Any]) -> Any:
        made = params["rule"].run(list(operands))
        return made[0] if len(made) == 1 else tuple(made)


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


def _pull(g: Any, out: Any, *operands: Any, rule: Context) -> list[Any]:
    return rule.pull(_several(g), operands, _several(out))


def _push(tangents: Any, out: Any, *operands: Any, rule: Context) -> Any:
    """The tangent of the results: the transpose of the pullback, recorded at zero."""
    given = [numpy.zeros(numpy.shape(plain(x))) if t is None else t for t, x in zip(tangents, operands, strict=True)]
    zeros = [numpy.zeros(o.shape, plain(o).dtype) for o in rule._outputs]

    def pulled(handles: list[Any]) -> list[Any]:
        found = rule.pull(handles, operands, _several(out))
        return [x if x is not None else numpy.zeros(numpy.shape(plain(o))) for x, o in zip(found, operands)]

    made = pull_through(pulled, given, zeros)
    return made[0] if len(made) == 1 else Results(made)


def _row_of(kind: Any) -> _Row:
    """The row of a Function, made at its first call."""
    row = kind.__dict__.get("_adkit_row")
    if row is None:
        row = kind._adkit_row = _Row(kind.__name__)
    return row


class Function:
    """An operation with its own derivative: subclass it with static methods `forward(ctx, *args)` and
    `backward(ctx, *grads)`, and call `apply`.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> class Cube(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x**2 * g
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> y = Cube.apply(x)
    >>> y
    tensor(8., grad_fn=<CubeBackward>)
    >>> y.backward()
    >>> x.grad
    tensor(12.)
    """

    @staticmethod
    def forward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        """The operation, on tensors; nothing is recorded within."""
        raise refuse("You must implement the forward function for custom autograd.Function", "write forward(ctx, …)")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Saves what `backward` needs, where `forward` has no ctx."""

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The cotangents of the arguments for those of the results."""
        raise refuse(
            "You must implement either the backward or vjp method for your custom autograd.Function",
            "write backward(ctx, g)",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise refuse(
            f"{type(self).__name__} is an autograd.Function, of which no object is made",
            f"call {type(self).__name__}.apply(…), with static methods forward and backward",
        )

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Call `forward`, as one instruction whose derivative is `backward`."""
        places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        context = Context(cls, [None if isinstance(a, Tensor) else a for a in args], places)
        operands = [args[i]._h for i in places]
        recording = grad_mode.get() and any(args[i].requires_grad for i in places)
        context.needs_input_grad = tuple(recording and isinstance(a, Tensor) and a.requires_grad for a in args)
        values = [plain(h) for h in operands]
        made = context.run(values)
        if not recording:
            return context._outputs[0] if context._single else context._outputs
        handles = [h if isinstance(h, TracedArray) else None for h in operands]
        nodes = [None if h is None else h.node for h in handles]
        value = made[0] if len(made) == 1 else Results(made)
        recorded = record(_row_of(cls), operands, nodes, values, {"rule": context}, value, sys._getframe(1))
        results = [recorded] if len(made) == 1 else list(components(recorded))
        wrapped = [made_of(r, i in context._constant) for i, r in enumerate(results)]
        return wrapped[0] if context._single else tuple(wrapped)


def made_of(handle: Any, constant: bool) -> Any:
    """A result as a tensor; without history where it was marked as not differentiable."""
    return wrap(plain(handle) if constant else handle)


class _Once(_Row):
    """The result of a `once_differentiable` backward, whose derivative is refused."""

    def __init__(self) -> None:
        super().__init__("once_differentiable")
        self.vjp = self.jvp = _refuse_twice

    def __call__(self, *operands: Any, **params: Any) -> Any:
        return record_call(self, operands, params)

    def evaluate(self, operands: Any, params: dict[str, Any]) -> Any:
        return plain(operands[0])


def _refuse_twice(*args: Any, **params: Any) -> Any:
    raise refuse(
        "trying to differentiate twice a function that was marked with @once_differentiable",
        "write backward in operations of tensors, without the decorator",
    )


_ONCE = _Once()


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a `backward` that cannot be differentiated itself; a second derivative is then an error."""

    @functools.wraps(backward)
    def guarded(ctx: Any, *gradients: Any) -> Any:
        recording = grad_mode.get()
        token = grad_mode.set(False)
        try:
            made = backward(ctx, *(g.detach() if isinstance(g, Tensor) else g for g in gradients))
        finally:
            grad_mode.reset(token)
        if not recording:
            return made
        traced = [g._h for g in gradients if isinstance(g, Tensor) and isinstance(g._h, TracedArray)]
        traced += [x for x in (ctx._values or ((), ()))[0] if isinstance(x, TracedArray)]
        every = made if isinstance(made, tuple) else (made,)
        results = tuple(g if g is None or not traced else wrap(_ONCE(plain(g), *traced)) for g in every)
        return results if isinstance(made, tuple) else results[0]

    return guarded


__all__ = ["Function", "once_differentiable"]
