"""`tf.keras.models`: `Model` and `Sequential` under the name from which introductions import them.

Not for: `compile` and `fit`; saving and loading.
"""

from __future__ import annotations

from typing import Any

from .layers import Model, Sequential

__adkit__ = True
__path__: list[str] = []  # `from tensorflow.keras.models import X` asks for a module X before it gives up


def __getattr__(name: str) -> Any:
    from . import absent

    raise absent("models", name)


__all__ = ["Model", "Sequential"]
