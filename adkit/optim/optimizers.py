"""Optimizers as pure functions over trees of parameters: `sgd`, `momentum`, `adam`, `adamw`, and `chain`.

An `Optimizer` has `init(params) -> state` and `update(gradients, state, params) -> (params, state)`: it returns
the new parameters, and changes nothing that it is given. State is a tree of arrays, and may be saved or compared.

Sources: Robbins and Monro (1951); Polyak (1964); Nesterov (1983) in the form of Sutskever and others (2013); Kingma and
Ba, "Adam" (2015); Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019).

Not for: the loop around them (`fit`), and deterministic methods (`adkit.minimize`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy

from ..dtypes import numpy_dtype
from ..errors import InputError, OptionError
from ..handle import TracedArray
from ..primitives import elementwise as rows
from ..pytrees import as_input_type
from .schedules import Schedule, rate_at

__adkit__ = True


class State(NamedTuple):
    """What an optimizer remembers: the number of updates made, and per name a tree like the parameters."""

    step: int
    slots: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Rule:
    """The arithmetic of one optimizer on one leaf: `step(n, rate, gradient, parameter, *slots)`, n from 0, returns the
    new parameter and the new slots.
    """

    slots: ClassVar[tuple[str, ...]] = ()

    def step(self, n: int, rate: float, g: Any, p: Any, *slots: Any) -> tuple[Any, ...]:
        raise AssertionError("each rule has its own")


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """A rule, its learning rate, and what is done to gradients before.

    Example
    -------
    >>> optimizer = sgd(0.1)
    >>> state = optimizer.init({"w": 1.0})
    >>> params, state = optimizer.update({"w": 2.0}, state, {"w": 1.0})
    >>> params, state.step
    ({'w': 0.8}, 1)
    """

    rule: Rule
    rate: float | Schedule
    before: tuple[Callable[[Any], Any], ...] = ()

    def init(self, params: Any) -> State:
        """The state before the first update: zeros like the parameters."""
        leaves, structure = _leaves(params)
        zeros = [_zero(leaf) for leaf in leaves]
        return State(0, {name: _tree(structure, zeros) for name in self.rule.slots})

    def update(self, gradients: Any, state: State, params: Any) -> tuple[Any, State]:
        """The parameters after one step, and the state after it.

        `gradients` is a tree like `params`, as `adkit.grad` returns it: `None` for a leaf that is no parameter. Raises
        `InputError` for a tree of another structure or leaves of other shapes.
        """
        for transform in self.before:
            gradients = transform(gradients)
        leaves, structure = _leaves(params)
        given = _matching(gradients, leaves, structure)
        names = self.rule.slots
        slots = [_leaves(state.slots[name])[0] for name in names]
        rate, step = rate_at(self.rate, state.step), self.rule.step
        new: list[Any] = []
        kept: list[list[Any]] = [[] for _ in names]
        for i, (g, p) in enumerate(zip(given, leaves, strict=True)):
            now = [each[i] for each in slots]
            made = (p, *now) if g is None else step(state.step, rate, g, p, *now)
            new.append(made[0] if g is None else _like(made[0], p))
            for each, slot in zip(kept, made[1:], strict=True):
                each.append(slot)
        made_slots = {name: _tree(structure, each) for name, each in zip(names, kept, strict=True)}
        return _tree(structure, new), State(state.step + 1, made_slots)


def _leaves(tree: Any) -> tuple[list[Any], Any]:
    """The leaves of a tree, with `None` as a leaf, so that gradients and parameters correspond."""
    if type(tree) is numpy.ndarray or type(tree) is float:
        return [tree], None
    from ..trees import optree

    leaves, structure = optree.tree_flatten(tree, none_is_leaf=True)
    return leaves, None if structure.is_leaf() else structure


def _tree(structure: Any, leaves: list[Any]) -> Any:
    if structure is None:
        return leaves[0]
    from ..trees import optree

    return optree.tree_unflatten(structure, leaves)


def _matching(gradients: Any, leaves: list[Any], structure: Any) -> list[Any]:
    given, have = _leaves(gradients)
    if have != structure:
        raise InputError(
            "the gradients do not have the structure of the parameters",
            fix="pass what adkit.grad returned for these parameters, and the parameters themselves",
        )
    for g, p in zip(given, leaves, strict=True):
        if type(g) is numpy.ndarray and type(p) is numpy.ndarray and g.shape != p.shape:
            raise InputError(
                f"a gradient has shape {g.shape}, and its parameter {p.shape}", fix="give gradients like the parameters"
            )
    return given


def _zero(leaf: Any) -> Any:
    if leaf is None or isinstance(leaf, (str, bytes)) or callable(leaf):
        return None
    return leaf * 0.0 if not isinstance(leaf, numpy.ndarray) else numpy.zeros(leaf.shape, leaf.dtype)


def _like(made: Any, p: Any) -> Any:
    """A new parameter in the type of the old one."""
    if type(p) is numpy.ndarray and type(made) is numpy.ndarray and made.dtype == p.dtype:
        return made
    if isinstance(made, TracedArray):
        return made
    return float(made) if type(p) in (float, int) else as_input_type(made, p)


# ------------------------------------------------------------------------------------------------ the rules


@dataclasses.dataclass(frozen=True)
class _Descent(Rule):
    weight_decay: float

    def step(self, n: int, rate: float, g: Any, p: Any, *slots: Any) -> tuple[Any, ...]:
        return (p - rate * _decayed(g, p, self.weight_decay),)


def _decayed(g: Any, p: Any, weight_decay: float) -> Any:
    return g + weight_decay * p if weight_decay else g


@dataclasses.dataclass(frozen=True)
class _Momentum(Rule):
    slots = ("velocity",)
    factor: float
    nesterov: bool
    dampening: float
    weight_decay: float
    rate_inside: bool

    def step(self, n: int, rate: float, g: Any, p: Any, *slots: Any) -> tuple[Any, ...]:
        (velocity,) = slots
        g = _decayed(g, p, self.weight_decay)
        if self.rate_inside:
            g = rate * g
        added = (1 - self.dampening) * g if self.dampening and n else g
        velocity = self.factor * velocity + added
        change = g + self.factor * velocity if self.nesterov else velocity
        return p - (change if self.rate_inside else rate * change), velocity


@dataclasses.dataclass(frozen=True)
class _Adam(Rule):
    slots = ("mean", "variance")
    beta1: float
    beta2: float
    epsilon: float
    weight_decay: float
    decoupled: bool
    epsilon_hat: bool

    def step(self, n: int, rate: float, g: Any, p: Any, *slots: Any) -> tuple[Any, ...]:
        mean, variance = slots
        if self.weight_decay:
            if self.decoupled:
                p = p * (1 - rate * self.weight_decay)
            else:
                g = g + self.weight_decay * p
        mean = self.beta1 * mean + (1 - self.beta1) * g
        size = g * g if _is_real(g) else rows.square(rows.absolute(g))
        variance = self.beta2 * variance + (1 - self.beta2) * size
        # the corrections of both averages, which start from zero, as factors of numbers and not of arrays
        root = (1 - self.beta2 ** (n + 1)) ** 0.5
        along = rate / (1 - self.beta1 ** (n + 1))
        if self.epsilon_hat:
            return p - (along * root) * (mean / (rows.sqrt(variance) + self.epsilon)), mean, variance
        return p - along * (mean / (rows.sqrt(variance) / root + self.epsilon)), mean, variance


def _is_real(g: Any) -> bool:
    if type(g) is numpy.ndarray:
        return g.dtype.kind != "c"
    return type(g) is float or numpy_dtype(g).kind != "c"


# ------------------------------------------------------------------------------------------------ what a user calls


def sgd(rate: float | Schedule = 0.01, *, weight_decay: float = 0.0) -> Optimizer:
    """Gradient descent: p − rate · g, where `weight_decay` adds weight_decay · p to g.

    Example
    -------
    >>> import adkit
    >>> w, optimizer = 0.0, sgd(0.25)
    >>> state = optimizer.init(w)
    >>> for _ in range(20):
    ...     w, state = optimizer.update(adkit.grad(lambda w: (w - 3.0) ** 2)(w), state, w)
    >>> round(w, 5)
    3.0
    """
    return Optimizer(_Descent(weight_decay), rate)


def momentum(
    rate: float | Schedule = 0.01,
    factor: float = 0.9,
    *,
    nesterov: bool = False,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    rate_inside: bool = False,
) -> Optimizer:
    """Descent with a velocity v = factor · v + g: p − rate · v, or p − rate · (g + factor · v) with `nesterov`.

    As PyTorch's `SGD`, whose `dampening` multiplies g by 1 − dampening from the second update on. With `rate_inside`
    the rate is part of the velocity, as in Keras: v = factor · v + rate · g, and p − v. Both are the same for a
    constant rate, and differ where it changes.

    Example
    -------
    >>> optimizer = momentum(0.1, 0.9)
    >>> state = optimizer.init(1.0)
    >>> p, state = optimizer.update(1.0, state, 1.0)
    >>> p, state = optimizer.update(1.0, state, p)
    >>> round(p, 6), state.slots["velocity"]
    (0.71, 1.9)
    """
    return Optimizer(_Momentum(factor, nesterov, dampening, weight_decay, rate_inside), rate)


def adam(
    rate: float | Schedule = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    *,
    weight_decay: float = 0.0,
    epsilon_hat: bool = False,
) -> Optimizer:
    """Adam: p − rate · m̂ / (√v̂ + epsilon), with the corrected averages m̂ of g and v̂ of g².

    Parameters
    ----------
    weight_decay: added to the gradient as weight_decay · p (`adamw` decouples it).
    epsilon_hat: where epsilon is added. False adds it to √v̂, after the correction, as Algorithm 1 of the paper and
        PyTorch do; True adds it to √v before the correction, as the paper's last remark in section 2 and Keras do,
        whose default epsilon is 1e-7.

    Example
    -------
    >>> optimizer = adam(0.1)
    >>> p, state = optimizer.update(5.0, optimizer.init(1.0), 1.0)
    >>> round(p, 6)
    0.9
    """
    return Optimizer(_Adam(beta1, beta2, epsilon, weight_decay, False, epsilon_hat), rate)


def adamw(
    rate: float | Schedule = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    *,
    weight_decay: float = 0.01,
    epsilon_hat: bool = False,
) -> Optimizer:
    """`adam` with decoupled weight decay: p is first multiplied by 1 − rate · weight_decay.

    Example
    -------
    >>> optimizer = adamw(0.1, weight_decay=0.5)
    >>> p, state = optimizer.update(5.0, optimizer.init(1.0), 1.0)
    >>> round(p, 6)
    0.85
    """
    return Optimizer(_Adam(beta1, beta2, epsilon, weight_decay, True, epsilon_hat), rate)


def chain(*parts: Any) -> Optimizer:
    """An optimizer after functions of the gradients, such as those of `clipping`; they apply from left to right.

    Raises `OptionError` unless the last part is an optimizer and every other one a function.

    Example
    -------
    >>> from adkit.optim import clip_by_value
    >>> optimizer = chain(clip_by_value(1.0), sgd(0.1))
    >>> optimizer.update(50.0, optimizer.init(1.0), 1.0)[0]
    0.9
    """
    if not parts or not isinstance(parts[-1], Optimizer):
        raise OptionError(
            "the last part of a chain is no optimizer", fix="chain(clip_by_global_norm(1.0), adam(0.001))"
        )
    *before, last = parts
    for part in before:
        if isinstance(part, Optimizer) or not callable(part):
            raise OptionError(
                f"a part of a chain is of the type {type(part).__name__}",
                fix="put functions of the gradients before one optimizer",
            )
    return dataclasses.replace(last, before=(*before, *last.before))
