"""The adapter between adkit and PyTorch: tensors to arrays and back, and functions of one in programs of the other.

* `to_torch` and `from_torch` convert numbers, arrays and trees of them, sharing memory where possible;
* `adapt(f)` makes of a function of arrays, such as `adkit.grad(loss)`, one of tensors, through which torch itself
  can differentiate, to any order;
* `wrap(f)` makes of a function of tensors one of arrays with a custom rule, through which adkit can differentiate.

torch is imported by the first call. Not for: PyTorch's way of writing (`adkit.styles.pytorch`), which needs no torch.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from .. import backends
from ..errors import InputError, PackageError
from ..handle import TracedArray, is_traced
from ..pytrees import flatten, unflatten
from ..transforms import vjp
from .dlpack import from_dlpack

__adkit__ = True

Function = Callable[..., Any]


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise PackageError(
            "the adapter for PyTorch needs torch, which is not installed", fix="pip install torch"
        ) from None
    return torch


# ------------------------------------------------------------------------------------------------ values


def to_torch(tree: Any) -> Any:
    """Arrays and numbers in a tree as tensors of the same dtype; other leaves stay as they are.

    Memory is shared, on the CPU with NumPy and on a GPU with CuPy, unless an array is read-only or has strides that
    torch does not know (it is copied then). A Python float becomes a float64 tensor.

    Example
    -------
    >>> import numpy
    >>> to_torch({"w": numpy.ones(2)})  # doctest: +SKIP
    {'w': tensor([1., 1.], dtype=torch.float64)}
    """
    torch = _torch()
    leaves, structure = flatten(tree)
    return unflatten(structure, [_tensor(torch, leaf) for leaf in leaves])


def _tensor(torch: Any, leaf: Any) -> Any:
    if isinstance(leaf, TracedArray):
        if is_traced(leaf):
            raise InputError(
                "a traced value would become a tensor and lose its derivative",
                fix="wrap the function of tensors, as in adkit.interop.torch.wrap(f), and call that",
            )
        leaf = leaf.value
    if isinstance(leaf, (bool, numpy.bool_)) or type(leaf) is int:
        return leaf
    if isinstance(leaf, (float, complex, numpy.generic)):
        return torch.from_numpy(numpy.array(leaf))
    if isinstance(leaf, numpy.ndarray):
        return torch.from_numpy(leaf if _is_plain(leaf) else leaf.copy())
    return torch.from_dlpack(leaf) if backends.backend_of(leaf) is not None else leaf


def _is_plain(array: numpy.ndarray) -> bool:
    return array.flags.writeable and array.dtype.isnative and all(stride >= 0 for stride in array.strides)


def from_torch(tree: Any) -> Any:
    """Tensors in a tree as arrays of the same dtype that share their memory; scalars as NumPy scalars.

    On the CPU these are NumPy's, on a GPU CuPy's. The tensors are detached: to let torch differentiate through a
    function of arrays, use `adapt`. Raises `UnsupportedError` for a dtype that NumPy does not have, such as bfloat16.

    Example
    -------
    >>> import torch  # doctest: +SKIP
    >>> from_torch(torch.ones(2))  # doctest: +SKIP
    array([1., 1.], dtype=float32)
    """
    torch = _torch()
    leaves, structure = flatten(tree)
    return unflatten(structure, [_array(torch, leaf) for leaf in leaves])


def _array(torch: Any, leaf: Any) -> Any:
    if not isinstance(leaf, torch.Tensor):
        return leaf
    made = from_dlpack(leaf.detach().resolve_conj().resolve_neg())
    return made[()] if isinstance(made, numpy.ndarray) and not made.shape else made


# ------------------------------------------------------------------------------------------------ adkit within torch


def adapt(f: Function) -> Function:
    """A function of tensors that computes what `f` computes with arrays, and that torch can differentiate.

    `f` is any function that adkit can trace, or one that a transformation returned. Arguments and results may be trees;
    arguments that are no tensors are passed on as they are, results are tensors on the same device. If torch records
    and a tensor among the arguments requires grad, torch's backward runs adkit's reverse sweep; with
    `create_graph=True` that is differentiable again.

    Example
    -------
    >>> import adkit, numpy as np, torch  # doctest: +SKIP
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)  # doctest: +SKIP
    >>> adapt(lambda x: np.sum(x**3))(x).backward()  # doctest: +SKIP
    >>> x.grad  # doctest: +SKIP
    tensor([ 3., 12.])
    """

    @functools.wraps(f, updated=())
    def adapted(*args: Any, **kwargs: Any) -> Any:
        torch = _torch()
        leaves, structure = flatten([args, kwargs])
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
        watched = [i for i in places if leaves[i].requires_grad]

        def call(*given: Any) -> Any:
            every = list(plain)
            for i, value in zip(watched, given, strict=True):
                every[i] = value
            arguments, keywords = unflatten(structure, every)
            return f(*arguments, **keywords)

        plain = [_array(torch, leaf) for leaf in leaves]
        if not watched or not torch.is_grad_enabled():
            return to_torch(call(*(plain[i] for i in watched)))
        return _Recorded(torch, call).apply([leaves[i] for i in watched])

    return adapted


class _Recorded:
    """One call of a function of arrays as a node of torch's graph."""

    def __init__(self, torch: Any, f: Function) -> None:
        self.torch, self.f = torch, f
        self.structure: Any = None
        self.rest: list[Any] = []
        self.places: list[int] = []

    def apply(self, tensors: list[Any]) -> Any:
        """The results as tensors with a history."""
        made = _function(self.torch).apply(self, *tensors)
        leaves = list(self.rest)
        for i, tensor in zip(self.places, made, strict=True):
            leaves[i] = tensor
        return unflatten(self.structure, leaves)

    def forward(self, arrays: list[Any]) -> tuple[list[Any], Function]:
        """The results that are floats, and the pullback; what else the function returns is kept for `apply`."""

        def floats(*given: Any) -> Any:
            self.rest, self.structure = flatten(self.f(*given))
            kinds = [getattr(getattr(leaf, "dtype", None), "kind", type(leaf).__name__[0]) for leaf in self.rest]
            self.places = [i for i, kind in enumerate(kinds) if kind in "fc"]
            return [self.rest[i] for i in self.places]

        out, pullback = vjp(floats, *arrays)
        self.rest = [None if i in self.places else self._constant(leaf) for i, leaf in enumerate(self.rest)]
        return out, pullback

    def _constant(self, leaf: Any) -> Any:
        """A result that is no float, such as a position, which has no derivative."""
        return _tensor(self.torch, leaf.value if isinstance(leaf, TracedArray) else leaf)

    def pulled(self, count: int) -> Function:
        """The pullback as a function of inputs and cotangents, for torch to record."""

        def pull(*given: Any) -> Any:
            out, pullback = vjp(lambda *arrays: self._floats(arrays), *given[:count])
            return list(pullback(list(given[count:])))

        return pull

    def _floats(self, arrays: tuple[Any, ...]) -> list[Any]:
        leaves = flatten(self.f(*arrays))[0]
        return [leaves[i] for i in self.places]


@functools.cache
def _function(torch: Any) -> Any:
    """The class of nodes, made when torch is there."""

    class AdkitFunction(torch.autograd.Function):
        """A function of adkit in torch's graph."""

        @staticmethod
        def forward(ctx: Any, call: _Recorded, *tensors: Any) -> Any:
            arrays = [_array(torch, tensor) for tensor in tensors]
            out, ctx.pullback = call.forward(arrays)
            ctx.call = call
            ctx.save_for_backward(*tensors)
            return tuple(_tensor(torch, leaf) for leaf in out)

        @staticmethod
        def backward(ctx: Any, *cotangents: Any) -> Any:
            tensors = ctx.saved_tensors
            if torch.is_grad_enabled():  # create_graph=True: the pullback is a node as well
                given = [*tensors, *(g.conj() for g in cotangents)]
                pulled = _Recorded(torch, ctx.call.pulled(len(tensors))).apply(given)
                return (None, *(g.conj() for g in pulled))
            # torch pairs complex numbers with their conjugates, adkit does not
            pulled = ctx.pullback([_conjugate(_array(torch, g)) for g in cotangents])
            return (None, *(_tensor(torch, _conjugate(g)) for g in pulled))

    return AdkitFunction


def _conjugate(x: Any) -> Any:
    return x.conj() if getattr(getattr(x, "dtype", None), "kind", "") == "c" else x


# ------------------------------------------------------------------------------------------------ torch within adkit


def wrap(f: Function) -> Function:
    """A function of arrays that computes what `f` computes with tensors, and that adkit can differentiate.

    `f` is any function of tensors that torch can differentiate: a network, a loss, a `torch.nn.functional`. Floats
    among its positional arguments, also in trees, are differentiated by `torch.autograd.grad`; derivatives of higher
    order come from `create_graph=True`. Parameters that `f` holds itself are constants.

    Example
    -------
    >>> import adkit, torch  # doctest: +SKIP
    >>> adkit.grad(wrap(lambda x: torch.sin(x) * x))(0.5)  # doctest: +SKIP
    0.9182...
    """
    from ..custom_rules import custom_rule

    @functools.wraps(f, updated=())  # a module's attributes stay its own
    def wrapped(*args: Any) -> Any:
        return from_torch(f(*to_torch(args)))

    def rule(*args: Any) -> Any:
        if any(is_traced(leaf) for leaf in flatten(args)[0]):
            return made(*args), functools.partial(_recorded_pull, f, args)
        torch = _torch()
        leaves, structure = flatten(args)
        with torch.enable_grad():
            tensors = [_watched(torch, leaf) for leaf in leaves]
            out = f(*unflatten(structure, tensors))
        return from_torch(out), functools.partial(_pull, f, args, tensors, structure, out)

    made: Function = custom_rule(wrapped, vjp=rule)
    return made


def _watched(torch: Any, leaf: Any) -> Any:
    tensor = _tensor(torch, leaf)
    if not isinstance(tensor, torch.Tensor) or not (tensor.is_floating_point() or tensor.is_complex()):
        return tensor
    return tensor.detach().requires_grad_()


def _pull(f: Function, args: Any, tensors: list[Any], structure: Any, out: Any, g: Any) -> Any:
    """The cotangents of the arguments, from the graph that torch recorded; recorded itself where g is traced."""
    if any(is_traced(leaf) for leaf in flatten(g)[0]):
        return _recorded_pull(f, args, g)
    torch = _torch()
    inputs = [t for t in tensors if isinstance(t, torch.Tensor) and t.requires_grad]
    pulled = iter(_grad(torch, out, inputs, to_torch(g), False))
    found = [next(pulled) if isinstance(t, torch.Tensor) and t.requires_grad else None for t in tensors]
    return tuple(unflatten(structure, [None if t is None else _array(torch, t) for t in found]))


def _grad(torch: Any, out: Any, inputs: list[Any], g: Any, create_graph: bool) -> Any:
    """`torch.autograd.grad` of a tree of results, `None` where a result does not depend on an input."""
    pairs = [
        (o, c)
        for o, c in zip(flatten(out)[0], flatten(g)[0], strict=True)
        if isinstance(o, torch.Tensor) and o.requires_grad
    ]
    if not pairs or not inputs:
        return [None] * len(inputs)
    outs, cotangents = zip(*pairs, strict=True)
    given = [_as(torch, c, o).conj().resolve_conj() for c, o in zip(cotangents, outs, strict=True)]
    found = torch.autograd.grad(outs, inputs, given, retain_graph=True, create_graph=create_graph, allow_unused=True)
    return [None if t is None else t.conj() if create_graph else t.detach().conj().resolve_conj() for t in found]


def _as(torch: Any, g: Any, like: Any) -> Any:
    return torch.as_tensor(g, dtype=like.dtype, device=like.device).reshape(like.shape)


def _recorded_pull(f: Function, args: Any, g: Any) -> Any:
    """The pullback as a wrapped function of the arguments and the cotangent, which adkit records and torch computes."""
    leaves, structure = flatten(args)
    floats = [i for i, leaf in enumerate(leaves) if _is_float(leaf)]
    others = list(leaves)

    def pull(*given: Any) -> Any:
        torch = _torch()
        every = [_tensor(torch, leaf) if i not in floats else None for i, leaf in enumerate(others)]
        with torch.enable_grad():
            for i, tensor in zip(floats, given, strict=False):
                every[i] = tensor if tensor.requires_grad else tensor.detach().requires_grad_()
            out = f(*unflatten(structure, every))
            found = _grad(torch, out, [every[i] for i in floats], given[-1], True)
            return [torch.zeros_like(every[i]) if t is None else t for i, t in zip(floats, found, strict=True)]

    pulled = wrap(pull)(*(leaves[i] for i in floats), g)
    rest: list[Any] = [None] * len(leaves)
    for i, value in zip(floats, pulled, strict=True):
        rest[i] = value
    return tuple(unflatten(structure, rest))


def _is_float(leaf: Any) -> bool:
    from ..pytrees import differentiable

    return differentiable(leaf)
