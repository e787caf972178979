"""`tf.keras.initializers`: first values of weights, from the generator of `tf.random`.

The random ones draw other numbers than Keras for the same seed. Not for: random numbers as such (`random`).
"""

from __future__ import annotations

import math
from typing import Any

from .. import random
from ..arrays import broadcast_to, ones, zeros
from ..elementwise import cast
from ..errors import ConversionError, at_line
from ..tensor import Tensor

__adkit__ = True
__path__: list[str] = []  # `from tensorflow.keras.initializers import X` asks for a module X before it gives up


class Initializer:
    """Base: an object that makes a tensor of a shape.

    Example
    -------
    >>> Constant(2.0)((2,)).numpy()
    array([2., 2.], dtype=float32)
    """

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return zeros(shape, dtype)


class Zeros(Initializer):
    """Zeros."""


class Ones(Initializer):
    """Ones."""

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return ones(shape, dtype)


class Constant(Initializer):
    """One value, or an array of that shape."""

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return broadcast_to(cast(self.value, dtype), shape)


class RandomNormal(Initializer):
    """Normally distributed."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)


class RandomUniform(Initializer):
    """Evenly distributed between two bounds."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)


class GlorotUniform(Initializer):
    """Evenly distributed within ±√(6 / (inputs + outputs)). Source: Glorot and Bengio (2010), equation 16."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        bound = math.sqrt(6 / (shape[0] + shape[-1]))
        return random.uniform(shape, -bound, bound, dtype, self.seed)


class HeNormal(Initializer):
    """Normally distributed with the deviation √(2 / inputs), cut at two deviations. Source: He et al. (2015)."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = "float32") -> Tensor:
        deviation = math.sqrt(2 / shape[0]) / 0.8796256610342398  # that of a normal distribution cut there
        return random.truncated_normal(shape, 0.0, deviation, dtype, self.seed)


zeros_initializer, ones_initializer = Zeros, Ones
_BY_NAME: dict[str, type[Initializer]] = {
    "constant": Constant,
    "glorot_uniform": GlorotUniform,
    "he_normal": HeNormal,
    "ones": Ones,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "zeros": Zeros,
}


def get(identifier: Any) -> Any:
    """The initializer that a name stands for; anything callable as it is."""
    if callable(identifier):
        return identifier() if isinstance(identifier, type) else identifier
    if identifier not in _BY_NAME:
        raise at_line(
            ConversionError, f"there is no initializer {identifier!r}", f"use one of {', '.join(sorted(_BY_NAME))}"
        )
    return _BY_NAME[identifier]()


def __getattr__(name: str) -> Any:
    from . import absent

    raise absent("initializers", name)
