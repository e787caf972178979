"""`adkit.optim`: optimizers, schedules and clipping as pure functions over trees, and the loop `fit`.

Not for: methods that need no learning rate (`adkit.minimize`, `adkit.least_squares`).

Example
-------
>>> import adkit
>>> from adkit import optim
>>> optimizer = optim.adam(optim.cosine(0.5, 100))
>>> params = {"x": 3.0}
>>> state = optimizer.init(params)
>>> for _ in range(100):
...     gradients = adkit.grad(lambda p: (p["x"] - 1.0) ** 2)(params)
...     params, state = optimizer.update(gradients, state, params)
>>> round(params["x"], 2)
1.01
"""

from __future__ import annotations

from .clipping import clip_by_global_norm, clip_by_norm, clip_by_value, global_norm
from .optimizers import Optimizer, State, adam, adamw, chain, momentum, sgd
from .schedules import Schedule, constant, cosine, exponential, stepwise, warmup
from .training import Fit, Progress, fit

__adkit__ = True

__all__ = [
    "Fit",
    "Optimizer",
    "Progress",
    "Schedule",
    "State",
    "adam",
    "adamw",
    "chain",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "constant",
    "cosine",
    "exponential",
    "fit",
    "global_norm",
    "momentum",
    "sgd",
    "stepwise",
    "warmup",
]
