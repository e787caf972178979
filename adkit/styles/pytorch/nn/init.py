"""`torch.nn.init`: fill parameters in place, with adkit's random numbers.

Not for: making parameters (`parameter`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..errors import unknown
from ..modes import no_grad
from ..operands import plain
from ..random import source

__adkit__ = True


def _filled(tensor: Any, values: Any) -> Any:
    with no_grad():
        tensor[...] = numpy.asarray(values, plain(tensor).dtype)
    return tensor


def zeros_(tensor: Any) -> Any:
    """Fill with zeros."""
    return _filled(tensor, 0)


def ones_(tensor: Any) -> Any:
    """Fill with ones."""
    return _filled(tensor, 1)


def constant_(tensor: Any, val: float) -> Any:
    """Fill with one number."""
    return _filled(tensor, val)


def uniform_(tensor: Any, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Any:
    """Fill with uniform numbers from a to b."""
    return _filled(tensor, source(generator).uniform(a, b, tensor.shape))


def normal_(tensor: Any, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Any:
    """Fill with normal numbers."""
    return _filled(tensor, source(generator).normal(mean, std, tensor.shape))


def eye_(tensor: Any) -> Any:
    """Fill a matrix with the identity."""
    return _filled(tensor, numpy.eye(*tensor.shape))


def _fans(tensor: Any) -> tuple[int, int]:
    shape = tensor.shape
    if len(shape) < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def calculate_gain(nonlinearity: str, param: Any = None) -> float:
    """How much a layer's weights have to make up for an activation."""
    gains = {"relu": math.sqrt(2.0), "tanh": 5.0 / 3, "selu": 0.75, "linear": 1.0, "sigmoid": 1.0}
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in gains:
        raise unknown("nonlinearity", nonlinearity, ", ".join(sorted([*gains, "leaky_relu"])))
    return gains[nonlinearity]


def xavier_uniform_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """Uniform numbers of variance 2 gain² / (inputs + outputs) (Glorot and Bengio, 2010)."""
    bound = gain * math.sqrt(6.0 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """Normal numbers of variance 2 gain² / (inputs + outputs)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans(tensor))), generator)


def _kaiming(tensor: Any, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise unknown("mode", mode, "'fan_in' or 'fan_out'")
    return calculate_gain(nonlinearity, a) / math.sqrt(_fans(tensor)[mode == "fan_out"])


def kaiming_uniform_(
    tensor: Any, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Any:
    """Uniform numbers of variance gain² / inputs (He and others, 2015)."""
    bound = math.sqrt(3.0) * _kaiming(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Any, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Any:
    """Normal numbers of variance gain² / inputs."""
    return normal_(tensor, 0.0, _kaiming(tensor, a, mode, nonlinearity), generator)
