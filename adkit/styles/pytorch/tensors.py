"""`Tensor`: what PyTorch-style code computes with, a thin wrapper around an array or a traced one.

Here are its gradient, its place in the graph, its conversions and its in-place writes. Its operators are attached by
`operators`, its methods by `methods`. Not for: derivatives, which the core records and sweeps.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy
from numpy import ndarray

from ...handle import TracedArray
from ...nodes import INPUT
from . import operands
from .dtypes import dtype as Dtype
from .dtypes import named
from .errors import missing, refuse
from .graph import GradFn, Watched, cotangents, hooked, leaf_tensors, new_leaf, run_hooks, tell, unit_seed
from .operands import from_data, plain, wrap
from .versions import version
from .writing import Device, view_of, write

__adkit__ = True

_getframe = sys._getframe


NOT_A_LEAF = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
    "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, "
    "use .retain_grad() on the non-leaf Tensor."
)


class Size(tuple):
    """A shape.

    >>> Size((2, 3)), Size((2, 3)).numel()
    (torch.Size([2, 3]), 6)
    """

    def numel(self) -> int:
        """The number of elements."""
        count = 1
        for n in self:
            count *= n
        return count

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"


class Tensor:
    """An array with `requires_grad`, `grad` and `backward`, as PyTorch's.

    `Tensor([1, 2])` makes one of the default float; `torch.tensor` is the usual way.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> (x**2).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    _h: Any  # a TracedArray where it requires grad, else a NumPy array or scalar
    _grad: Any = None
    _hooks: dict[int, Callable[..., Any]] | None = None
    _after: dict[int, Callable[..., Any]] | None = None
    _retains = False
    _label: str | None = None
    __array_priority__ = 2000
    __hash__ = object.__hash__

    if TYPE_CHECKING:  # attached by `operators` and `methods`

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def __add__(self, other: Any) -> Any: ...
        def __radd__(self, other: Any) -> Any: ...
        def __mul__(self, other: Any) -> Any: ...

    def __init__(self, *data: Any) -> None:
        from .dtypes import default_real

        sizes = data and all(type(n) is int for n in data)
        self._h = (
            numpy.empty(data, default_real()) if sizes else from_data(data[0] if data else [], named(default_real()))
        )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            raise missing(f"Tensor.{name}", "write it with tensor operations, or with adkit and NumPy")

    # -- what it is

    @property
    def shape(self) -> Size:
        """The shape."""
        inner = self._h
        return Size(inner.value.shape if type(inner) is TracedArray else inner.shape)

    @property
    def dtype(self) -> Dtype:
        """The dtype, such as `torch.float32`."""
        return named(operands.dtype_of(self._h))

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(plain(self).shape)

    @property
    def device(self) -> Device:
        """Where it is: always the CPU."""
        return Device("cpu")

    @property
    def requires_grad(self) -> bool:
        """Whether derivatives by it, or through it, are recorded."""
        inner = self._h
        return isinstance(inner, TracedArray) and inner.node is not None and inner.value.dtype.kind in "fc"

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self._require(flag, _getframe(1))

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad`, in place."""
        self._require(requires_grad, _getframe(1))
        return self

    def _require(self, flag: bool, frame: Any) -> None:
        if bool(flag) == self.requires_grad:
            return
        if not flag:
            if not self.is_leaf:
                raise refuse(
                    "you can only change requires_grad flags of leaf variables",
                    "use x.detach() to use a computed tensor where no derivative is wanted",
                )
            self._h = self._h.value
            return
        if self._h.dtype.kind not in "fc":
            raise refuse(
                "only Tensors of floating point and complex dtype can require gradients",
                "make it of floats: torch.tensor([1., 2.]), or x.float()",
            )
        self._h = new_leaf(self, numpy.asarray(self._h), frame)

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user and not computed from tensors that require grad."""
        inner = self._h
        return not self.requires_grad or inner.node.primitive is INPUT and inner.node.id in leaf_tensors

    @property
    def grad_fn(self) -> GradFn | None:
        """The operation that made it; None for a leaf."""
        return None if self.is_leaf else GradFn(self._h.node, self._label)

    @property
    def grad(self) -> Any:
        """The gradient that `backward` has accumulated, or None; kept for leaves and after `retain_grad`."""
        if self._grad is None and not self._retains and not self.is_leaf:
            warnings.warn(NOT_A_LEAF, UserWarning, stacklevel=2)
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(
                f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
            )
        if value is not None and value.shape != self.shape:
            raise refuse(
                f"assigned grad has data of a different size: {list(value.shape)} for {list(self.shape)}",
                "assign a tensor of the same shape",
            )
        self._grad = value

    @property
    def data(self) -> Tensor:
        """The same values without history, sharing memory."""
        return self.detach()

    @data.setter
    def data(self, value: Any) -> None:
        new = plain(value)
        inner = self._h
        if not isinstance(inner, TracedArray):
            self._h = new
        elif new is not inner.value:
            if self.is_leaf:
                self._h = new_leaf(self, numpy.asarray(new), _getframe(1))
            else:
                write(self, new, _getframe(1))

    @property
    def _version(self) -> int:
        """How often its memory has been written to."""
        return version(plain(self))

    # -- gradients

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add the derivatives of this tensor by all leaves that it depends on to their `grad`.

        Parameters
        ----------
        gradient: what to multiply with from the left, of this tensor's shape; needed unless it has one element.
        retain_graph: keep the graph for another pass; by default as `create_graph`.
        create_graph: record the pass itself, so that gradients can be differentiated again.
        inputs: only these tensors get gradients.

        Raises an error that is a `RuntimeError` for a tensor that requires no grad, and for a second pass over a graph
        that was not retained.
        """
        run_backward([self], [gradient], inputs, retain_graph, create_graph)

    def _accumulate(self, g: Any, create_graph: bool) -> None:
        """Add a cotangent to `grad`, after the hooks."""
        if self._hooks:
            g = self._run_hooks(g, create_graph)
        before = self._grad
        if before is None:
            made = object.__new__(Tensor)
            made._h = g if type(g) is ndarray or isinstance(g, TracedArray) else numpy.asarray(g)
            self._grad = made
        elif create_graph or type(before._h) is not ndarray:
            self._grad = before + wrap(g)
        else:
            before._h += g
        if self._after:
            for hook in list(self._after.values()):
                hook(self)

    def register_hook(self, hook: Callable[..., Any]) -> Hook:
        """Call `hook(gradient)` whenever a gradient of this tensor is computed; what it returns takes its place.

        Returns a handle with `remove()`.

        Example
        -------
        >>> import adkit.styles.pytorch as torch
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> handle = x.register_hook(lambda g: g * 10)
        >>> x.sum().backward()
        >>> x.grad
        tensor([10., 10.])
        """
        if not self.requires_grad:
            raise refuse("cannot register a hook on a tensor that doesn't require gradient", "set x.requires_grad_()")
        if self._hooks is None:
            self._hooks = {}
        self._watch()
        return Hook(self._hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[..., Any]) -> Hook:
        """Call `hook(tensor)` whenever the `grad` of this leaf has been added to."""
        if not self.requires_grad or not self.is_leaf:
            raise refuse("post accumulate grad hooks cannot be registered on non-leaf tensors", "use register_hook")
        if self._after is None:
            self._after = {}
        return Hook(self._after, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of a computed tensor in its `grad` too."""
        if not self.requires_grad:
            raise refuse("can't retain_grad on Tensor that has requires_grad=False", "set x.requires_grad_()")
        if not self.is_leaf:
            self._retains = True
            self._watch()

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on a computed tensor."""
        return self._retains

    def _watch(self) -> None:
        if not self.is_leaf:
            hooked[self._h.node.id] = Watched(self, self._h.node)

    def _run_hooks(self, g: Any, create_graph: bool) -> Any:
        """A cotangent after the hooks of this tensor; kept in `grad` if it is to be retained."""
        g = run_hooks(self._hooks, g, create_graph)
        if self._retains:
            kept = wrap(g if isinstance(g, TracedArray) else numpy.array(g))
            self._grad = kept if self._grad is None else self._grad + kept
        return g

    # -- without history

    def detach(self) -> Tensor:
        """The same values without history, sharing memory."""
        inner = self._h
        if isinstance(inner, TracedArray):
            inner.share()
            inner = inner.value
        return view_of(self, inner)

    def detach_(self) -> Tensor:
        """Drop the history, in place."""
        self._h = self.detach()._h
        return self

    def numpy(self, *, force: bool = False) -> Any:
        """The NumPy array, sharing memory; `force=True` detaches first.

        Raises an error that is a `RuntimeError` for a tensor that requires grad.
        """
        if self.requires_grad and not force:
            raise refuse("Can't call numpy() on Tensor that requires grad", "use tensor.detach().numpy() instead")
        self.detach()
        return numpy.asarray(plain(self))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        made = self.numpy()
        return made if dtype is None else made.astype(dtype, copy=bool(copy))

    def item(self) -> Any:
        """The one element as a Python number; it carries no derivative."""
        value = plain(self)
        if value.size != 1:
            raise refuse(
                f"a Tensor with {value.size} elements cannot be converted to Scalar",
                "pick one element, or use tolist()",
            )
        return value.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return plain(self).tolist()

    def __bool__(self) -> bool:
        value = plain(self)
        if value.size != 1:
            raise refuse(
                "Boolean value of Tensor with more than one value is ambiguous", "use x.any(), x.all() or torch.where"
            )
        outcome = bool(value)
        if isinstance(self._h, TracedArray):
            self._h._guard(_getframe(1), outcome)
        return outcome

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        value = self.item()
        if not isinstance(value, int):
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return value

    def __len__(self) -> int:
        shape = self.shape
        if not shape:
            raise TypeError("len() of a 0-d tensor")
        return shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(self.shape[0]))

    def __contains__(self, element: Any) -> bool:
        return bool((plain(self) == plain(element)).any())

    def __repr__(self) -> str:
        from .printing import as_text

        return as_text(self)

    def __format__(self, spec: str) -> str:
        return str(self) if self.shape else format(self.item(), spec)

    def __copy__(self) -> Tensor:
        return wrap(self._h)

    def __deepcopy__(self, memo: Any) -> Any:
        if not self.is_leaf:
            raise refuse(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol",
                "copy x.detach()",
            )
        made = object.__new__(type(self))
        made.__dict__.update({k: v for k, v in self.__dict__.items() if k not in ("_h", "_grad", "_hooks", "_after")})
        made._h = numpy.array(plain(self))
        memo[id(self)] = made
        if self.requires_grad:
            made.requires_grad_()
        if self._grad is not None:
            made._grad = self._grad.__deepcopy__(memo)
        return made

    def __reduce__(self) -> Any:
        if not self.is_leaf:
            raise refuse("a computed tensor that requires grad cannot be pickled", "pickle x.detach()")
        return _rebuild, (type(self), numpy.array(plain(self)), self.requires_grad)


operands.tensor_class = Tensor


class Hook:
    """The handle that registering a hook returns."""

    _next = 0

    def __init__(self, hooks: dict[int, Callable[..., Any]], hook: Callable[..., Any]) -> None:
        Hook._next += 1
        self._hooks, self._key = hooks, Hook._next
        hooks[self._key] = hook

    def remove(self) -> None:
        """Call the hook no longer."""
        self._hooks.pop(self._key, None)


def _rebuild(kind: Any, value: Any, requires_grad: bool) -> Any:
    made = object.__new__(kind)
    made._h = value
    return made.requires_grad_() if requires_grad else made


# ------------------------------------------------------------------------------------------------ a backward pass


def seeds(tensors: list[Any], gradients: list[Any], create_graph: bool) -> list[tuple[Any, Any]]:
    """Each tensor's node with its cotangent, as given or 1 for a tensor of one element."""
    made = []
    for tensor, gradient in zip(tensors, gradients, strict=True):
        inner = tensor._h
        if not isinstance(inner, TracedArray) or inner.node is None:
            raise refuse(
                "element 0 of tensors does not require grad and does not have a grad_fn",
                "make a leaf that it depends on with requires_grad=True, outside of torch.no_grad()",
            )
        value = inner.value
        if gradient is None:
            if value.size != 1:
                raise refuse(
                    "grad can be implicitly created only for scalar outputs",
                    "sum() the tensor, or pass gradient=torch.ones_like(it)",
                )
            made.append((inner.node, unit_seed(value)))
        else:
            made.append((inner.node, _fitted(gradient, value, create_graph)))
    return made


def _fitted(gradient: Any, value: Any, create_graph: bool) -> Any:
    g = gradient._h if create_graph else plain(gradient)
    if not isinstance(gradient, Tensor):
        g = numpy.asarray(g, value.dtype)
    if g.shape != value.shape:
        raise refuse(
            f"Mismatch in shape: grad_output has a shape of {list(g.shape)} and output has a shape of "
            f"{list(value.shape)}",
            "pass a gradient of the tensor's shape",
        )
    return operands.cast(g, value.dtype)


def run_backward(
    tensors: list[Any], gradients: list[Any], inputs: Any, retain_graph: bool | None, create_graph: bool
) -> None:
    """`backward` of several tensors at once."""
    wanted = None
    if inputs is not None:
        wanted = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        for tensor in wanted:
            if not tensor.requires_grad:
                raise refuse("One of the differentiated Tensors does not require grad", "set x.requires_grad_()")
    retain = create_graph if retain_graph is None else retain_graph
    tell(tensors[0], [])
    nodes = None if wanted is None else [tensor._h.node for tensor in wanted]
    found, values = cotangents(seeds(tensors, gradients, create_graph), nodes, retain, create_graph)
    for i, (node, g) in enumerate(zip(found, values, strict=True)):
        if g is not None:
            tensor = leaf_tensors.get(node.id) if wanted is None else wanted[i]
            if tensor is not None:
                tensor._accumulate(g, create_graph)
