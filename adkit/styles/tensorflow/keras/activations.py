"""`tf.keras.activations`: functions of `tf.nn` by name.

Not for: what they compute (`nn`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import nn
from ..elementwise import tanh, tensor
from ..errors import ConversionError, at_line
from ..nn import elu, gelu, leaky_relu, log_softmax, relu, relu6, selu, sigmoid, silu, softmax, softplus, softsign

__adkit__ = True
__path__: list[str] = []  # `from tensorflow.keras.activations import X` asks for a module X before it gives up

swish = silu


def linear(x: Any) -> Any:
    """The tensor itself."""
    return tensor(x)


_BY_NAME: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        *(elu, gelu, leaky_relu, linear, log_softmax, relu, relu6, selu, sigmoid, silu),
        *(softmax, softplus, softsign, tanh),
    )
}
_BY_NAME["swish"] = nn.silu


def get(identifier: Any) -> Callable[..., Any]:
    """The function that a name stands for; a function itself as it is, and `linear` for None.

    Example
    -------
    >>> get("relu") is relu
    True
    """
    if identifier is None:
        return linear
    if callable(identifier):
        return identifier
    if identifier not in _BY_NAME:
        raise at_line(
            ConversionError, f"there is no activation {identifier!r}", f"use one of {', '.join(sorted(_BY_NAME))}"
        )
    return _BY_NAME[identifier]


__all__ = ["get", "leaky_relu", "linear", "swish", *_BY_NAME]


def __getattr__(name: str) -> Any:
    from . import absent

    raise absent("activations", name)
