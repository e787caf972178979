"""`theano.config`: the settings of Theano that mean something here. Not for: adkit's own (`adkit.settings`)."""

from __future__ import annotations

from typing import Any

import numpy

from .errors import AbsentError, InputError, at_line, unsupported

__adkit__ = True

FLOATS = ("float64", "float32", "float16")
# settings about speed, devices and compilers that existing programs set: each has one value here
_FIXED = {"device": "cpu", "mode": "FAST_RUN", "optimizer": "fast_run", "linker": "numpy", "compute_test_value": "off"}


class Config:
    """The settings; `floatX` is the dtype of `T.scalar`, `T.vector`, … without a prefix.

    Example
    -------
    >>> config = Config()
    >>> config.floatX
    'float64'
    >>> config.floatX = "float32"
    >>> config.device
    'cpu'
    """

    floatX: str

    def __init__(self) -> None:
        object.__setattr__(self, "floatX", "float64")

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "floatX":
            if value not in FLOATS:
                raise at_line(InputError, f"floatX is {value!r}", "use 'float64', 'float32' or 'float16'")
            object.__setattr__(self, name, value)
        elif _FIXED.get(name) != value:
            raise unsupported(f"config.{name} = {value!r}", "leave it out: adkit compiles to NumPy on the CPU")

    def __getattr__(self, name: str) -> Any:
        if name in _FIXED:
            return _FIXED[name]
        if name.startswith("_"):
            raise AttributeError(f"config has no {name!r}")
        raise at_line(
            AbsentError, f"config.{name} is not part of adkit's Theano style", "leave it out: what is here is floatX"
        )


config = Config()


def float_dtype() -> numpy.dtype:
    """The dtype that `floatX` names."""
    return numpy.dtype(config.floatX)
