"""`nn.Module`: parameters, buffers and modules below it, found by attribute; `Sequential` and the other containers.

Not for: layers (`layers`) or losses (`losses`).
"""

from __future__ import annotations

import itertools
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import numpy

from ....nodes import state
from ....tracing import keeping
from ..errors import missing, refuse
from ..operands import plain
from ..tensors import Hook
from ..versions import stamp
from .parameter import Parameter

__adkit__ = True

_getframe = sys._getframe


_HOOK = "register a forward hook that calls out.register_hook(...) on the output"


class Module:
    """A part of a network: assign parameters and modules to attributes in `__init__`, and write `forward`.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> class Line(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.w = torch.nn.Parameter(torch.tensor(2.0))
    ...     def forward(self, x):
    ...         return self.w * x
    >>> line = Line()
    >>> line(torch.tensor(3.0)), [name for name, _ in line.named_parameters()]
    (tensor(6., grad_fn=<MulBackward0>), ['w'])
    """

    training: bool
    _parameters: dict[str, Any]
    _modules: dict[str, Any]
    _buffers: dict[str, Any]

    def __init__(self) -> None:
        for name in ("_parameters", "_modules", "_buffers", "_before", "_after"):
            object.__setattr__(self, name, {})
        object.__setattr__(self, "_unsaved", set())
        object.__setattr__(self, "training", True)

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(value, (Parameter, Module)) and "_parameters" not in own:
            raise AttributeError("cannot assign parameters or modules before Module.__init__() call")
        if isinstance(value, Parameter):
            self._modules.pop(name, None)
            own["_parameters"][name] = value
            value.__dict__.setdefault("_name", name)
        elif isinstance(value, Module):
            self._parameters.pop(name, None)
            own["_modules"][name] = value
        elif "_parameters" in own:
            for registry, kind in ((own["_parameters"], "parameter"), (own["_modules"], "child module")):
                if name in registry:
                    if value is not None:
                        raise TypeError(f"cannot assign '{type(value).__name__}' as {kind} '{name}'")
                    registry[name] = None
            if name in own["_buffers"]:
                own["_buffers"][name] = value
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        for registry in (self._parameters, self._modules, self._buffers):
            registry.pop(name, None)
        object.__delattr__(self, name)

    def __adkit_copy__(self, copies: Callable[[Any], Any]) -> Module:
        """A copy for a run in a namespace of its own, with the copies of what is in it."""
        made: Module = object.__new__(copies(type(self)))
        made.__dict__.update({name: copies(value) for name, value in self.__dict__.items()})
        return made

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; each subclass has its own."""
        raise refuse(
            f'Module [{type(self).__name__}] is missing the required "forward" function', "write forward(self, x)"
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if keeping():
            for name, parameter in self.named_parameters():
                if len(name) > len(parameter._name or ""):
                    parameter._name = name  # the outermost module's name for it, under which a cell's list shows it
        before = state.span
        caller = _getframe(1)
        if type(self).forward.__globals__.get("__adkit__") is None:
            state.span = None  # what the user's forward does has places of its own
        elif "__adkit__" not in caller.f_globals:
            state.span = (caller.f_code, caller.f_lasti | 1)  # where the user called, as `user_location` has it
        try:
            if not self._before and not self._after:  # type: ignore[attr-defined]
                return self.forward(*args, **kwargs)
            return self._with_hooks(args, kwargs)
        finally:
            state.span = before

    def _with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook in list(self.__dict__["_before"].values()):
            changed = hook(self, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        out = self.forward(*args, **kwargs)
        for hook in list(self.__dict__["_after"].values()):
            changed = hook(self, args, out)
            out = out if changed is None else changed
        return out

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> Hook:
        """Call `hook(module, args)` before each call; what it returns takes the place of the arguments."""
        return Hook(self.__dict__["_before"], hook)

    def register_forward_hook(self, hook: Callable[..., Any]) -> Hook:
        """Call `hook(module, args, output)` after each call; what it returns takes the place of the output."""
        return Hook(self.__dict__["_after"], hook)

    def register_full_backward_hook(self, hook: Any, prepend: bool = False) -> Any:
        """Refused: gradients are hooked where they are, at tensors."""
        raise missing("Module.register_full_backward_hook", _HOOK)

    register_full_backward_pre_hook = register_backward_hook = register_full_backward_hook

    def compile(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: a model is called as it is."""
        raise missing("Module.compile", "call the model itself; adkit.trace(f)(x) records what it computes")

    # -- what is in it

    def register_parameter(self, name: str, param: Any) -> None:
        """`self.name = param`; `None` keeps the name without a parameter."""
        self._parameters[name] = param
        object.__setattr__(self, name, param)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """A tensor that belongs to the state and is no parameter."""
        self._buffers[name] = tensor
        if not persistent:
            self.__dict__["_unsaved"].add(name)
        object.__setattr__(self, name, tensor)

    def add_module(self, name: str, module: Any) -> None:
        """`self.name = module`."""
        setattr(self, name, module)

    register_module = add_module

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """This module and all below it, each once, with dotted names."""
        seen: set[int] = set()
        stack = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module
                below = [(f"{name}.{key}" if name else key, child) for key, child in module._modules.items() if child]
                stack += reversed(below)

    def modules(self) -> Iterator[Any]:
        """This module and all below it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """The modules directly below it."""
        return ((name, module) for name, module in self._modules.items() if module is not None)

    def children(self) -> Iterator[Any]:
        """The modules directly below it."""
        return (module for _, module in self.named_children())

    def _named(self, registry: str, prefix: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name, member in getattr(module, registry).items():
                if member is not None and id(member) not in seen:
                    seen.add(id(member))
                    yield (f"{path}.{name}" if path else name), member

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Any]]:
        """The parameters of this module and all below it, each once, with dotted names."""
        return self._named("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Any]:
        """The parameters of this module and all below it, for an optimizer."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Any]]:
        """The buffers of this module and all below it."""
        return self._named("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Any]:
        """The buffers of this module and all below it."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_parameter(self, target: str) -> Any:
        """The parameter of a dotted name."""
        return dict(self.named_parameters())[target]

    def get_submodule(self, target: str) -> Any:
        """The module of a dotted name."""
        return dict(self.named_modules())[target]

    def state_dict(self) -> dict[str, Any]:
        """Name -> tensor of all parameters and buffers, sharing their memory."""
        made: OrderedDict[str, Any] = OrderedDict()
        for path, module in self.named_modules():
            saved = {k: v for k, v in module._buffers.items() if k not in module.__dict__["_unsaved"]}
            for name, member in itertools.chain(module._parameters.items(), saved.items()):
                if member is not None:
                    made[f"{path}.{name}" if path else name] = member.detach()
        return made

    def load_state_dict(self, state_dict: Any, strict: bool = True) -> Any:
        """Copy values by name into the parameters and buffers.

        Raises an error that is a `RuntimeError` for names that are missing or unexpected (unless `strict=False`), and
        for other shapes.
        """
        own = {**dict(self.named_parameters()), **dict(self.named_buffers())}
        wanted = list(self.state_dict())
        missing = [name for name in wanted if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        problems = []
        if strict and missing:
            problems.append(f"Missing key(s) in state_dict: {', '.join(map(repr, missing))}")
        if strict and unexpected:
            problems.append(f"Unexpected key(s) in state_dict: {', '.join(map(repr, unexpected))}")
        for name, tensor in own.items():
            if name in state_dict and tuple(state_dict[name].shape) != tuple(tensor.shape):
                problems.append(
                    f"size mismatch for {name}: copying a param with shape {list(state_dict[name].shape)} from "
                    f"checkpoint, the shape in current model is {list(tensor.shape)}"
                )
        if problems:
            raise refuse(
                f"Error(s) in loading state_dict for {type(self).__name__}: " + "; ".join(problems),
                "build the model with the same layers, or pass strict=False",
            )
        for name, tensor in own.items():
            if name in state_dict:
                _write(tensor, plain(state_dict[name]))
        return _Keys(missing, unexpected)

    # -- changing all of it

    def train(self, mode: bool = True) -> Any:
        """Set the `training` flag, which dropout reads, here and below."""
        for module in self.modules():
            object.__setattr__(module, "training", mode)
        return self

    def eval(self) -> Any:
        """`train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Set `requires_grad` of all parameters; False freezes them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for parameter in self.parameters():
            clear(parameter, set_to_none)

    def apply(self, fn: Callable[[Any], Any]) -> Any:
        """Call a function with each module, the deepest first."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Parameters and buffers in another dtype; the device is always the CPU."""
        for tensor in itertools.chain(self.parameters(), self.buffers()):
            converted = tensor.detach().to(*args, **kwargs)
            if tensor.dtype.is_floating_point and converted.dtype is not tensor.dtype:
                tensor.data = converted
        return self

    def double(self) -> Any:
        """Parameters in float64."""
        return self.to(numpy.float64)

    def float(self) -> Any:
        """Parameters in float32."""
        return self.to(numpy.float32)

    def cpu(self) -> Any:
        """The module itself."""
        return self

    def cuda(self, *args: Any) -> Any:
        """Refused: there is only the CPU."""
        return self.to("cuda")

    def extra_repr(self) -> str:
        """What stands in the parentheses of a layer's text."""
        return ""

    def __repr__(self) -> str:
        lines = [f"({name}): " + repr(module).replace("\n", "\n  ") for name, module in self.named_children()]
        extra = self.extra_repr()
        if not lines:
            return f"{type(self).__name__}({extra})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(([extra] if extra else []) + lines) + "\n)"


class _Keys(tuple):
    """The names that `load_state_dict` found missing or unexpected."""

    def __new__(cls, missing: list[str], unexpected: list[str]) -> _Keys:
        return super().__new__(cls, (missing, unexpected))

    @property
    def missing_keys(self) -> list[str]:
        """Names of the model that were not in the state."""
        return self[0]

    @property
    def unexpected_keys(self) -> list[str]:
        """Names of the state that are not in the model."""
        return self[1]

    def __repr__(self) -> str:
        return "<All keys matched successfully>" if not (self[0] or self[1]) else f"_Keys({self[0]}, {self[1]})"


def _write(tensor: Any, value: Any) -> None:
    target = plain(tensor)
    target[...] = value
    stamp(target)


def clear(tensor: Any, set_to_none: bool) -> None:
    """Forget a gradient, or fill it with zeros."""
    if set_to_none:
        tensor._grad = None
    elif tensor._grad is not None:
        tensor._grad = tensor._grad.detach()
        tensor._grad.zero_()


class Sequential(Module):
    """Modules one after the other.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.ReLU())
    Sequential(
      (0): Linear(in_features=2, out_features=1, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        named = modules[0].items() if len(modules) == 1 and isinstance(modules[0], dict) else enumerate(modules)
        for name, module in named:
            setattr(self, str(name), module)

    def forward(self, input: Any) -> Any:
        """The last module's output."""
        for module in self._modules.values():
            input = module(input)
        return input

    def append(self, module: Any) -> Any:
        """Add a module at the end."""
        setattr(self, str(len(self._modules)), module)
        return self

    def __getitem__(self, index: Any) -> Any:
        every = list(self._modules.values())
        return type(self)(*every[index]) if isinstance(index, slice) else every[index]

    def __setitem__(self, index: int, module: Any) -> None:
        setattr(self, list(self._modules)[index], module)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())


class ModuleList(Sequential):
    """A list of modules, called one by one by the user."""

    def __init__(self, modules: Any = ()) -> None:
        super().__init__(*modules)

    def __getitem__(self, index: Any) -> Any:
        every = list(self._modules.values())
        return type(self)(every[index]) if isinstance(index, slice) else every[index]

    def forward(self, input: Any) -> Any:
        """Refused, as in PyTorch."""
        return Module.forward(self, input)


class ModuleDict(Module):
    """Modules by name, called one by one by the user."""

    def __init__(self, modules: Any = ()) -> None:
        super().__init__()
        for name, module in dict(modules).items():
            setattr(self, name, module)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Any) -> None:
        setattr(self, key, module)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def keys(self) -> Any:
        """The names."""
        return self._modules.keys()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def items(self) -> Any:
        """Names and modules."""
        return self._modules.items()


class ParameterList(Module):
    """A list of parameters."""

    def __init__(self, values: Any = ()) -> None:
        super().__init__()
        for i, value in enumerate(values):
            setattr(self, str(i), value if isinstance(value, Parameter) else Parameter(value))

    def __getitem__(self, index: int) -> Any:
        return list(self._parameters.values())[index]

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parameters.values())


__all__ = ["Module", "ModuleDict", "ModuleList", "ParameterList", "Sequential", "clear"]
