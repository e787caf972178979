"""The layers: `Linear`, activations, `Dropout`, `Flatten`, `Identity`.

Not for: containers and `Module` itself (`module`); the mathematics (`functional`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy

from ..dtypes import default_real, plain_dtype
from ..operands import wrap
from ..random import source
from ..shaping import flatten
from . import functional as F
from .module import Module
from .parameter import Parameter

__adkit__ = True


class Linear(Module):
    """x @ weight.T + bias; both drawn uniformly from ±1/√in_features, as in PyTorch, with adkit's random numbers.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> torch.nn.Linear(3, 2)(torch.ones(4, 3)).shape
    torch.Size([4, 2])
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        from ..creation import check_device

        check_device(device)
        kind = default_real() if dtype is None else plain_dtype(dtype)
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(wrap(numpy.empty((out_features, in_features), kind)))
        if bias:
            self.bias = Parameter(wrap(numpy.empty(out_features, kind)))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        bound = 1 / math.sqrt(self.in_features) if self.in_features else 0.0
        for parameter in (self.weight, self.bias):
            if parameter is not None:
                parameter._h.value[...] = source(None).uniform(-bound, bound, parameter.shape)

    def forward(self, input: Any) -> Any:
        """input @ weight.T + bias."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Dropout(Module):
    """Each element 0 with probability p while training, and the others divided by 1 − p."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Any) -> Any:
        """`functional.dropout` in the module's mode."""
        return F.dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"


class Flatten(Module):
    """The axes from start_dim to end_dim as one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Any) -> Any:
        """`torch.flatten`."""
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The axes."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Identity(Module):
    """Its input."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """The input."""
        return input


def _activation(name: str, function: Callable[..., Any], **defaults: Any) -> type[Module]:
    """A module without parameters around a function; its options are the function's."""
    keys = list(defaults)

    def init(self: Any, *args: Any, **options: Any) -> None:
        Module.__init__(self)
        given = {**defaults, **dict(zip(keys, args)), **options}
        given.pop("inplace", None)
        self.options = given

    def forward(self: Any, input: Any) -> Any:
        return function(input, **self.options)

    def extra_repr(self: Any) -> str:
        return ", ".join(f"{key}={value}" for key, value in self.options.items())

    doc = f"`functional.{function.__name__}` as a module."
    space = {"__init__": init, "forward": forward, "extra_repr": extra_repr, "__doc__": doc, "__module__": __name__}
    return type(name, (Module,), {**space, "__adkit__": True})


class ReLU(Module):
    """max(x, 0)."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        """`functional.relu`."""
        return F.relu(input, self.inplace)

    def extra_repr(self) -> str:
        """Whether the input is changed."""
        return "inplace=True" if self.inplace else ""


Tanh, Sigmoid = _activation("Tanh", F.tanh), _activation("Sigmoid", F.sigmoid)
LeakyReLU = _activation("LeakyReLU", F.leaky_relu, negative_slope=0.01)
ELU, GELU = _activation("ELU", F.elu, alpha=1.0), _activation("GELU", F.gelu, approximate="none")
SELU, SiLU, Mish = _activation("SELU", F.selu), _activation("SiLU", F.silu), _activation("Mish", F.mish)
Softplus, Softsign = _activation("Softplus", F.softplus, beta=1.0), _activation("Softsign", F.softsign)
ReLU6, LogSigmoid = _activation("ReLU6", F.relu6), _activation("LogSigmoid", F.logsigmoid)
Softmax, LogSoftmax = _activation("Softmax", F.softmax, dim=-1), _activation("LogSoftmax", F.log_softmax, dim=-1)

__all__ = [
    "ELU", "GELU", "Dropout", "Flatten", "Identity", "LeakyReLU", "Linear", "LogSigmoid", "LogSoftmax", "Mish", "ReLU",
    "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax", "Softplus", "Softsign", "Tanh",
]  # fmt: skip
