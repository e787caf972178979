"""`torch.optim`: `SGD`, `Adam`, `AdamW` and `RMSprop` over tensors that are changed in place.

The formulas of the first three are `adkit.optim`'s. Not for: pure updates of trees of arrays, and schedules
(`adkit.optim`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy

from ...optim import optimizers as rules
from .errors import missing, refuse
from .joined import Joined, Memory, joinable
from .modes import enable_grad
from .nn.module import clear
from .operands import plain, wrap
from .tensors import Tensor
from .versions import stamp
from .writing import writable

__adkit__ = True
__path__: list[str] = []  # `from torch.optim import X` asks for a module X before it gives up


class Optimizer:
    """What all optimizers share: groups of parameters with options, and what is remembered for each parameter.

    `params` are tensors, or dicts with "params" and options of their own.
    """

    slots: tuple[str, ...] = ()

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self._memory: dict[int, Memory] = {}  # by the id of a parameter
        self._joined: dict[int, Joined] = {}  # by the number of a group
        if isinstance(params, Tensor):
            raise TypeError("params argument given to the optimizer should be an iterable of Tensors or dicts")
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def __adkit_copy__(self, copies: Callable[[Any], Any]) -> Optimizer:
        """A copy for a run in a namespace of its own, for the copies of the parameters."""
        made: Optimizer = object.__new__(type(self))
        made.__dict__.update({name: copies(value) for name, value in self.__dict__.items()})
        own = {id(p): id(copies(p)) for group in self.param_groups for p in group["params"]}
        made._memory = {own[key]: copies(held) for key, held in self._memory.items() if key in own}
        made._joined = {}
        return made

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """More parameters, with options of their own."""
        given = param_group["params"]
        tensors = [given] if isinstance(given, Tensor) else list(given)
        known = {id(p) for group in self.param_groups for p in group["params"]}
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {type(tensor).__name__}"
                )
            if not tensor.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
            if id(tensor) in known:
                raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append({**self.defaults, **param_group, "params": tensors})

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none:
                    parameter._grad = None
                else:
                    clear(parameter, False)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients; `closure`, if given, computes them and the loss first."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for number, group in enumerate(self.param_groups):
            sign = group.get("maximize")
            found = [(p, plain(p._grad)) for p in group["params"] if p._grad is not None]
            if found:
                parameters = [p for p, _ in found]
                gradients = [-g if sign else g for _, g in found]
                self._update(number, parameters, gradients, self._rule(group), float(group["lr"]))
        return loss

    def _rule(self, group: dict[str, Any]) -> Any:
        """The arithmetic for a group."""
        raise refuse("Optimizer has no rule of its own", "use SGD, Adam, AdamW or RMSprop")

    def _update(self, number: int, parameters: list[Any], gradients: list[Any], rule: Any, rate: float) -> None:
        values = [writable(parameter) for parameter in parameters]
        memories = [self._remembered(p, value, rule) for p, value in zip(parameters, values, strict=True)]
        if len(values) > 1 and joinable(memories, values, gradients):
            joined = self._joined.get(number)
            if joined is None or not joined.holds(memories):
                joined = self._joined[number] = Joined(memories, [value.shape for value in values])
            joined.update(values, gradients, rule, rate)
            return
        for memory, value, g in zip(memories, values, gradients, strict=True):
            value[...], *memory[1:] = rule.step(memory[0], rate, g, value, *memory[1:])
            memory[0] += 1
            stamp(value)

    def _remembered(self, parameter: Any, value: Any, rule: Any) -> Memory:
        memory = self._memory.get(id(parameter))
        if memory is None:
            memory = self._memory[id(parameter)] = [0, *(numpy.zeros(value.shape, value.dtype) for _ in rule.slots)]
        return memory

    @property
    def state(self) -> dict[Any, dict[str, Any]]:
        """What is remembered for each parameter: the number of steps and the averages."""
        made: dict[Any, dict[str, Any]] = {}
        for group in self.param_groups:
            for parameter in group["params"]:
                memory = self._memory.get(id(parameter))
                if memory is not None:
                    made[parameter] = {"step": wrap(numpy.float32(memory[0]))}
                    made[parameter].update(zip(self.slots, map(wrap, memory[1:]), strict=False))
        return made

    def state_dict(self) -> dict[str, Any]:
        """The state by the number of each parameter, and the options of the groups."""
        order = [p for group in self.param_groups for p in group["params"]]
        numbers = {id(p): i for i, p in enumerate(order)}
        groups = [{**group, "params": [numbers[id(p)] for p in group["params"]]} for group in self.param_groups]
        return {"state": {numbers[id(p)]: found for p, found in self.state.items()}, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        order = [p for group in self.param_groups for p in group["params"]]
        if [len(g["params"]) for g in state_dict["param_groups"]] != [len(g["params"]) for g in self.param_groups]:
            raise ValueError("loaded state dict contains a parameter group that doesn't match the size of optimizer's")
        for mine, given in zip(self.param_groups, state_dict["param_groups"], strict=True):
            mine.update({key: value for key, value in given.items() if key != "params"})
        self._memory = {
            id(order[i]): [int(found["step"]), *(numpy.array(plain(found[name])) for name in self.slots)]
            for i, found in state_dict["state"].items()
        }

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {value}" for key, value in sorted(group.items()) if key != "params"]
        return "\n".join([*lines, ")"])


def _checked(lr: Any, **others: float) -> None:
    for name, value in {"learning rate": lr, **others}.items():
        if not 0.0 <= float(value):
            raise ValueError(f"Invalid {name.replace('_', ' ')}: {value}")


class SGD(Optimizer):
    """p − lr · g, with momentum v = momentum · v + (1 − dampening) · g, Nesterov's variant, and weight decay.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.1)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    slots = ("momentum_buffer",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **ignored: Any,
    ) -> None:
        _checked(lr, momentum_value=momentum, weight_decay_value=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        options = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**options, "nesterov": nesterov, "maximize": maximize})

    def _rule(self, group: dict[str, Any]) -> Any:
        decay = group["weight_decay"]
        if not group["momentum"]:
            return rules.sgd(weight_decay=decay).rule
        made = rules.momentum(
            1.0, group["momentum"], nesterov=group["nesterov"], dampening=group["dampening"], weight_decay=decay
        )
        return made.rule


@functools.lru_cache(maxsize=64)
def _adam(make: Callable[..., Any], first: float, second: float, eps: float, weight_decay: float) -> Any:
    """The arithmetic of Adam or AdamW with these options."""
    return make(1.0, first, second, eps, weight_decay=weight_decay).rule


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015): p − lr · m̂ / (√v̂ + eps), with `weight_decay` · p added to the gradient.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = torch.optim.Adam([w], lr=0.1)
    >>> (5 * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    slots = ("exp_avg", "exp_avg_sq")
    _make = staticmethod(rules.adam)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **ignored: Any,
    ) -> None:
        _checked(lr, epsilon_value=eps, weight_decay_value=weight_decay)
        for i, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta}")
        if amsgrad:
            raise missing("amsgrad=True", "leave it out, or keep the maximum of the averages in a step of your own")
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options)

    def _rule(self, group: dict[str, Any]) -> Any:
        first, second = group["betas"]
        return _adam(self._make, first, second, group["eps"], group["weight_decay"])


class AdamW(Adam):
    """`Adam` with decoupled weight decay: p is first multiplied by 1 − lr · weight_decay."""

    _make = staticmethod(rules.adamw)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **ignored: Any,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)


class _RMSprop:
    """p − lr · g / (√v + eps) with v the average of g² (Hinton's lecture 6e, 2012)."""

    slots = ("square_avg",)

    def __init__(self, alpha: float, eps: float, weight_decay: float) -> None:
        self.alpha, self.eps, self.weight_decay = alpha, eps, weight_decay

    def step(self, n: int, rate: float, g: Any, p: Any, average: Any) -> tuple[Any, ...]:
        """The new parameter and average."""
        g = g + self.weight_decay * p if self.weight_decay else g
        average = self.alpha * average + (1 - self.alpha) * g * g
        return p - rate * g / (numpy.sqrt(average) + self.eps), average


class RMSprop(Optimizer):
    """p − lr · g / (√v + eps), with v the running average of g²."""

    slots = ("square_avg",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
        **ignored: Any,
    ) -> None:
        _checked(lr, epsilon_value=eps, alpha_value=alpha)
        if momentum or centered:
            raise missing("RMSprop with momentum or centered=True", "use SGD with momentum, or Adam")
        options = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options)

    def _rule(self, group: dict[str, Any]) -> Any:
        return _RMSprop(group["alpha"], group["eps"], group["weight_decay"])


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    fix = "use SGD, Adam, AdamW or RMSprop, or a pure optimizer of adkit.optim"
    if name == "lr_scheduler":
        fix = "set group['lr'] of optimizer.param_groups in the loop, or use a schedule of adkit.optim"
    if name == "LBFGS":
        fix = "use adkit.minimize, whose default is a quasi-Newton method"
    raise missing(f"torch.optim.{name}", fix)


__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop"]
