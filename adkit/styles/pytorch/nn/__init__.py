"""`torch.nn`: modules, parameters, the layers and losses of small networks.

Not for: convolutions, recurrence, attention, and training in parallel; adkit is a toolkit for derivatives.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from . import clipping, functional, init
from .layers import (
    ELU,
    GELU,
    SELU,
    Dropout,
    Flatten,
    Identity,
    LeakyReLU,
    Linear,
    LogSigmoid,
    LogSoftmax,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from .losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from .module import Module, ModuleDict, ModuleList, ParameterList, Sequential
from .parameter import Parameter

__adkit__ = True

utils = SimpleNamespace(
    clip_grad_norm_=clipping.clip_grad_norm_,
    clip_grad_value_=clipping.clip_grad_value_,
    parameters_to_vector=clipping.parameters_to_vector,
    vector_to_parameters=clipping.vector_to_parameters,
)

__all__ = [
    "ELU", "GELU", "SELU", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "Dropout", "Flatten", "HuberLoss",
    "Identity", "KLDivLoss", "L1Loss", "LeakyReLU", "Linear", "LogSigmoid", "LogSoftmax", "MSELoss", "Mish", "Module",
    "ModuleDict", "ModuleList", "NLLLoss", "Parameter", "ParameterList", "ReLU", "ReLU6", "Sequential", "SiLU",
    "Sigmoid", "SmoothL1Loss", "Softmax", "Softplus", "Softsign", "Tanh", "functional", "init", "utils",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    from ..errors import missing

    if name.startswith("__"):
        raise AttributeError(name)
    raise missing(f"torch.nn.{name}", "write it as a Module of your own with tensor operations, or use PyTorch itself")
