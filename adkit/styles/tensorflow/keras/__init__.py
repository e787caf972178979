"""`tf.keras`, as far as differentiation needs it: `losses`, `optimizers`, `layers`, `activations`, `initializers`.

`Sequential` and `Model` hold layers for training loops of one's own. Not for: `compile` and `fit`.
"""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import NotOfferedError, at_line

__adkit__ = True

_MODULES = ("activations", "initializers", "layers", "losses", "models", "optimizers")
_MODELS = ("Model", "Sequential")
_OTHERWISE = "write the training loop with tf.GradientTape, or use TensorFlow"
_INSTEAD = {
    "activations": "write it with tf.math and tf.nn",
    "initializers": "pass a function of the shape, such as tf.random.normal",
    "layers": "write a Layer of your own with build and call, or a tf.Module",
    "losses": "write it with tf.reduce_mean and elementwise operations",
    "models": "use Model or Sequential; to save, numpy.savez the values of the variables, and set_weights them",
    "optimizers": "use SGD, Adam or AdamW, assign_sub in a loop of your own, or a pure optimizer of adkit.optim",
    "schedules": "pass a function of the number of steps as the learning rate, such as a schedule of adkit.optim",
}


def absent(module: str, name: str) -> Exception:
    """The error for `tf.keras.module.name`, which names what to use instead."""
    if name.startswith("_"):
        return AttributeError(f"module 'tf.keras.{module}' has no attribute {name!r}")
    fix = _INSTEAD.get(name, _INSTEAD[module])
    return at_line(NotOfferedError, f"this style has no tf.keras.{module}.{name}", fix)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _MODELS:
        return getattr(importlib.import_module(".layers", __name__), name)
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    raise at_line(
        NotOfferedError,
        f"this style has no tf.keras.{name}",
        f"it has {', '.join((*_MODULES, *_MODELS))}; {_OTHERWISE}",
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *_MODELS})
