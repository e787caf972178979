"""`tf.keras.optimizers`: `SGD` and `Adam` with Keras' formulas, on plain arrays in the variables' own precision.

Not for: pure updates (`adkit.optim`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy

from ..clipping import clip_by_global_norm, clip_by_norm
from ..errors import TapeValueError, at_line
from ..tensor import convert_to_tensor
from ..value import Value
from ..variable import Variable

__adkit__ = True
__path__: list[str] = []  # `from tensorflow.keras.optimizers import X` asks for a module X before it gives up

_log = logging.getLogger("tensorflow")


class Optimizer:
    """Base of the optimisers: `apply_gradients` with pairs, or `apply` with two lists.

    Parameters
    ----------
    learning_rate: a number, or a function of the number of steps so far.
    clipnorm, clipvalue, global_clipnorm: the largest norm or element of a gradient, or norm of all.
    weight_decay: the share of each variable, times the learning rate, that a step takes away.

    Raises `TapeValueError` if there is no gradient for any variable.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
    ) -> None:
        self._rate = learning_rate
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.name = name or type(self).__name__.lower()
        self._steps = 0
        self._slots: dict[int, list[Any]] = {}
        self._known: list[Variable] = []  # keeps the variables, whose ids are the keys, alive

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next step."""
        return Variable(self._now(), trainable=False, name="learning_rate")

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._rate = value

    lr = learning_rate

    @property
    def iterations(self) -> Variable:
        """How many steps were taken."""
        return Variable(numpy.int64(self._steps), trainable=False, name="iterations")

    def _now(self) -> float:
        rate = self._rate(self._steps) if callable(self._rate) else self._rate
        return float(rate)

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the state of these variables now; else the first step makes it."""
        for variable in variables:
            self._state(variable)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]], **unused: Any) -> Variable:
        """One step with pairs of a gradient and its variable.

        Example
        -------
        >>> x = Variable(2.0)
        >>> _ = SGD(0.25).apply_gradients([(4.0, x)])
        >>> x
        <tf.Variable 'Variable:0' shape=() dtype=float32, numpy=1.0>
        """
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self.iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """One step with the gradients of variables, by default those of the last step."""
        variables = list(self._known if trainable_variables is None else trainable_variables)
        for variable in variables:
            self._state(variable)
        missing = [v.name for g, v in zip(grads, variables, strict=True) if g is None]
        if len(missing) == len(variables):
            raise at_line(
                TapeValueError,
                "No gradients provided for any variable",
                "compute the loss from the variables within tf.GradientTape",
            )
        if missing:
            _log.warning("Gradients do not exist for variables %s when minimizing the loss.", missing)
        pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
        gradients = self._clipped([_plain(g, v) for g, v in pairs])
        rate = self._now()
        if self.weight_decay is not None:
            for _, variable in pairs:
                kind = variable._value.dtype.type
                variable._assign(variable._value - variable._value * kind(self.weight_decay) * kind(rate))
        for gradient, (_, variable) in zip(gradients, pairs, strict=True):
            kind = variable._value.dtype.type
            variable._assign(self.update(variable._value, gradient, kind(rate), self._state(variable)))
        self._steps += 1

    def minimize(self, loss: Any, var_list: Any, tape: Any = None) -> Variable:
        """One step for a loss: a function without arguments, or a tensor and the tape that recorded it."""
        from ..tape import GradientTape

        if tape is None:
            with GradientTape() as tape:
                loss = loss()
        return self.apply_gradients(zip(tape.gradient(loss, list(var_list)), var_list, strict=True))

    def _state(self, variable: Variable) -> list[Any]:
        found = self._slots.get(id(variable))
        if found is None:
            self._known.append(variable)
            found = self._slots[id(variable)] = self.fresh(variable._value)
        return found

    def _clipped(self, gradients: list[Any]) -> list[Any]:
        if self.clipnorm:
            return [clip_by_norm(g, self.clipnorm)._value for g in gradients]
        if self.global_clipnorm:
            return [g._value for g in clip_by_global_norm(gradients, self.global_clipnorm)[0]]
        if self.clipvalue:
            return [numpy.clip(g, -self.clipvalue, self.clipvalue) for g in gradients]
        return gradients

    def __adkit_copy__(self, copies: Callable[[Any], Any]) -> Optimizer:
        """A copy for a run in a namespace of its own, for the copies of the variables."""
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        made._known = [copies(variable) for variable in self._known]
        made._slots = {
            id(own): list(self._slots[id(variable)]) for own, variable in zip(made._known, self._known, strict=True)
        }
        return made

    # -- what each one defines

    def fresh(self, value: Any) -> list[Any]:
        """The state of a variable before the first step."""
        return []

    def update(self, value: Any, gradient: Any, rate: Any, state: list[Any]) -> Any:
        """The new value, all in the variable's own precision; `state` is changed in place."""
        raise at_line(TapeValueError, "Optimizer itself has no update", "use SGD or Adam")


def _plain(gradient: Any, variable: Variable) -> Any:
    value = gradient._value if isinstance(gradient, Value) else convert_to_tensor(gradient, variable.dtype)._value
    if value.shape != variable._value.shape:
        raise at_line(
            TapeValueError,
            f"a gradient of shape {value.shape} does not go with {variable.name} of shape {variable._value.shape}",
            "pass (gradient, variable) pairs in the order of the sources",
        )
    return value if value.dtype == variable._value.dtype else value.astype(variable._value.dtype)


class SGD(Optimizer):
    """w ← w − rate · g; with momentum m ← momentum · m − rate · g and w ← w + m.

    With `nesterov` the step is momentum · m − rate · g, with the new m.
    """

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum, self.nesterov = momentum, nesterov

    def fresh(self, value: Any) -> list[Any]:
        """The momentum, where there is one."""
        return [numpy.zeros_like(value)] if self.momentum else []

    def update(self, value: Any, gradient: Any, rate: Any, state: list[Any]) -> Any:
        """The new value."""
        step = gradient * rate
        if not self.momentum:
            return value - step
        momentum = value.dtype.type(self.momentum)
        m = state[0] = state[0] * momentum - step
        return value + (m * momentum - step if self.nesterov else m)


class Adam(Optimizer):
    """Adam as Keras has it: w ← w − α m / (√v + epsilon) with α = rate · √(1 − beta_2ᵗ) / (1 − beta_1ᵗ).

    m and v are the running means of the gradient and its square. Source: Kingma and Ba, "Adam" (2015), section 2.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad

    def fresh(self, value: Any) -> list[Any]:
        """m, v, and the largest v so far."""
        return [numpy.zeros_like(value) for _ in range(3 if self.amsgrad else 2)]

    def update(self, value: Any, gradient: Any, rate: Any, state: list[Any]) -> Any:
        """The new value."""
        kind, count = value.dtype.type, self._steps + 1
        grown = kind(1) - kind(self.beta_1) ** kind(count), kind(1) - kind(self.beta_2) ** kind(count)
        alpha = rate * numpy.sqrt(grown[1]) / grown[0]
        m = state[0] = state[0] + (gradient - state[0]) * kind(1 - self.beta_1)
        v = state[1] = state[1] + (gradient * gradient - state[1]) * kind(1 - self.beta_2)
        if self.amsgrad:
            v = state[2] = numpy.maximum(state[2], v)
        return value - m * alpha / (numpy.sqrt(v) + kind(self.epsilon))


class AdamW(Adam):
    """Adam with weight decay: each step takes rate · weight_decay · w away first."""

    def __init__(self, learning_rate: Any = 0.001, weight_decay: float = 0.004, **options: Any) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, **options)


def __getattr__(name: str) -> Any:
    from . import absent

    raise absent("optimizers", name)
