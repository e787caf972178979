"""`adkit.nn`: activations, losses, and layers whose parameters are trees of arrays, as pure functions.

They are written in adkit's own operations, so they run on plain and traced arrays, of NumPy and of the other array
libraries, and have derivatives of every order. Not for: classes of layers (`adkit.styles.pytorch` has those), or
updating parameters (`adkit.optim`).

Example
-------
>>> import numpy as np
>>> import adkit
>>> from adkit import nn
>>> adkit.grad(lambda w: nn.mse(nn.relu(w * np.array([1.0, 2.0])), np.array([1.0, 1.0])))(1.5)
4.5
"""

from __future__ import annotations

from .activations import (
    celu,
    elu,
    gelu,
    hard_sigmoid,
    hard_swish,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    swish,
    tanh,
)
from .layers import dropout, linear, linear_init
from .losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cosine_similarity,
    cross_entropy,
    hinge,
    huber,
    kl_divergence,
    mae,
    mse,
    nll,
    smooth_l1,
)

__adkit__ = True

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "elu",
    "gelu",
    "hard_sigmoid",
    "hard_swish",
    "hard_tanh",
    "hinge",
    "huber",
    "kl_divergence",
    "leaky_relu",
    "linear",
    "linear_init",
    "log_sigmoid",
    "log_softmax",
    "mae",
    "mish",
    "mse",
    "nll",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]
