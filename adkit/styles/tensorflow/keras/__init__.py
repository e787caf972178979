"""`tf.keras`, as far as differentiation needs it: `losses`, `optimizers`, `layers`, `activations`, `initializers`.

`Sequential` and `Model` hold layers for training loops of one's own. Not for: `compile` and `fit`.
"""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import NotOfferedError, at_line

__adkit__ = True

_MODULES = ("activations", "initializers", "layers", "losses", "optimizers")
_MODELS = ("Model", "Sequential")


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
        f"it has {', '.join((*_MODULES, *_MODELS))}; write the training loop with tf.GradientTape, or use TensorFlow",
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *_MODELS})
