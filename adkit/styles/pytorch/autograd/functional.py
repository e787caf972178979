"""`torch.autograd.functional`: `jacobian hessian vjp jvp hvp vhp` of functions of tensors.

They take one tensor or a tuple of them, and return values and derivatives of the same containers. The matrices are
found by the core's transformations, in whichever mode costs less. Not for: functions of arrays (`adkit.jacobian`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from .... import transforms
from ....errors import IndependentError
from ....handle import is_traced
from ..errors import refuse
from ..modes import enable_grad
from ..operands import cast, plain, wrap
from ..tensors import Tensor

__adkit__ = True

Function = Callable[..., Any]


class _Call:
    """One function at one point: how tensors go in and come out."""

    def __init__(self, func: Function, inputs: Any, create_graph: bool, what: str) -> None:
        self.func, self.create, self.what = func, create_graph, what
        self.single_in = isinstance(inputs, Tensor)
        self.inputs = [inputs] if self.single_in else list(inputs)
        self.single_out = True
        if not all(isinstance(x, Tensor) for x in self.inputs):
            raise TypeError(f"The inputs given to {what} must be either a Tensor or a tuple of Tensors")
        # a point that requires grad stays connected where a graph of the result is asked for
        self.points = [x._h if create_graph else numpy.array(plain(x)) for x in self.inputs]

    def __call__(self, *values: Any) -> tuple[Any, ...]:
        """The function on what tensors hold."""
        with enable_grad():
            out = self.func(*map(wrap, values))
        self.single_out = isinstance(out, Tensor)
        every = (out,) if self.single_out else tuple(out)
        if not all(isinstance(o, Tensor) for o in every):
            raise TypeError(f"The outputs of the user-provided function given to {self.what} must be Tensors")
        return tuple(o._h for o in every)

    def scalar(self, *values: Any) -> Any:
        """The function's one number."""
        out = self(*values)
        if len(out) != 1 or plain(out[0]).size != 1:
            raise refuse(
                f"The Tensor returned by the function given to {self.what} should contain a single element",
                "sum() the result",
            )
        made = out[0]
        return made.reshape(()) if made.shape else made

    def like_inputs(self, values: Any) -> Any:
        """Derivatives by the inputs, in their container."""
        made = tuple(map(self.tensor, values))
        return made[0] if self.single_in else made

    def like_outputs(self, values: Any) -> Any:
        """Values of the outputs, in their container."""
        made = tuple(map(self.tensor, values))
        return made[0] if self.single_out else made

    def tensor(self, value: Any) -> Any:
        """A result as a tensor, with a graph only where that was asked for."""
        return wrap(value if self.create and is_traced(value) else numpy.asarray(plain(wrap(value))))

    def vectors(self, v: Any, likes: list[Any], what: str) -> list[Any]:
        """Given cotangents or tangents of the shapes of `likes`; 1 for a single number."""
        if v is None:
            if len(likes) == 1 and plain(likes[0]).size == 1:
                return [numpy.ones(plain(likes[0]).shape, plain(likes[0]).dtype)]
            raise refuse(
                f"The vector v can only be None if the {what} of the user-provided function contain a single element",
                "pass v, of the same shape",
            )
        given = [v] if isinstance(v, Tensor) else list(v)
        for vector, like in zip(given, likes, strict=False):
            if tuple(vector.shape) != tuple(like.shape):
                raise refuse(
                    f"v has invalid size: should be {list(like.shape)} but got {list(vector.shape)}", "pass that shape"
                )
        if len(given) != len(likes):
            raise refuse(f"v has {len(given)} tensors, and the {what} are {len(likes)}", "pass one for each")
        return [
            cast(vector._h if self.create else plain(vector), plain(like).dtype)
            for vector, like in zip(given, likes, strict=True)
        ]


def jacobian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian: for each output and input a tensor of shape output + input.

    `vectorize` and `strategy="forward-mode"` are accepted; the mode is chosen by the sizes unless `strategy` says
    forward. With `strict` an output that depends on no input is an error; else its block is zero.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> torch.autograd.functional.jacobian(lambda x: x**2, torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    call = _Call(func, inputs, create_graph, "jacobian")
    mode = "forward" if strategy == "forward-mode" else "auto"
    blocks = _jacobian(call, mode, strict)
    rows = tuple(call.like_inputs(row) for row in blocks)
    return rows[0] if call.single_out else rows


def _jacobian(call: _Call, mode: str, strict: bool) -> Any:
    try:
        made = transforms.jacobian(call, tuple(range(len(call.points))), mode=mode)(*call.points)
    except IndependentError:
        if strict:
            raise refuse(
                "Output 0 of the user-provided function is independent of the input", "leave strict=True out"
            ) from None
        outputs = call(*call.points)
        return [[numpy.zeros((*o.shape, *p.shape), plain(p).dtype) for p in call.points] for o in outputs]
    return made


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of a function that returns one number: for each pair of inputs a tensor of shape input + input.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> torch.autograd.functional.hessian(lambda x: (x**3).sum(), torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    call = _Call(func, inputs, create_graph, "hessian")
    places = tuple(range(len(call.points)))
    gradient = transforms.grad(call.scalar, places)
    try:
        blocks = transforms.jacobian(gradient, places)(*call.points)
    except IndependentError:
        blocks = [[numpy.zeros((*a.shape, *b.shape), plain(a).dtype) for b in call.points] for a in call.points]
    rows = tuple(call.like_inputs(row) for row in blocks)
    return rows[0] if call.single_in else rows


def vjp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """`(func(*inputs), vᵀ J)`: the value, and the derivative times v from the left.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> x = torch.tensor([1.0, 2.0])
    >>> torch.autograd.functional.vjp(lambda x: x**2, x, torch.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    call = _Call(func, inputs, create_graph, "vjp")
    value, pullback = transforms.vjp(call, *call.points)
    pulled = pullback(tuple(call.vectors(v, list(value), "outputs")))
    return call.like_outputs(value), call.like_inputs(pulled)


def jvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """`(func(*inputs), J v)`: the value, and the derivative along v, by a forward sweep.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> x = torch.tensor([1.0, 2.0])
    >>> torch.autograd.functional.jvp(lambda x: x**2, x, torch.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    call = _Call(func, inputs, create_graph, "jvp")
    value, pushed = transforms.jvp(call, tuple(call.points), tuple(call.vectors(v, call.points, "inputs")))
    return call.like_outputs(value), call.like_outputs(pushed)


def hvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """`(func(*inputs), H v)`: the value, and the Hessian times v, without forming it.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> x = torch.tensor([1.0, 2.0])
    >>> torch.autograd.functional.hvp(lambda x: (x**3).sum(), x, torch.tensor([1.0, 0.0]))
    (tensor(9.), tensor([6., 0.]))
    """
    call = _Call(func, inputs, create_graph, "hvp")
    places = tuple(range(len(call.points)))
    both = transforms.value_and_grad(call.scalar, places)
    tangents = tuple(call.vectors(v, call.points, "inputs"))
    (value, _), (_, product) = transforms.jvp(both, tuple(call.points), tangents)
    return call.tensor(value), call.like_inputs(product)


def vhp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """`(func(*inputs), vᵀ H)`; the Hessian is symmetric, so this is `hvp`."""
    return hvp(func, inputs, v, create_graph, strict)


__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
