"""PyTorch's face of adkit: `import adkit.styles.pytorch as torch`.

Tensors with `requires_grad` and `.backward()`, `torch.autograd`, small networks by `torch.nn` and `torch.optim`, as
PyTorch's introductions use them, over adkit's recording and sweeps. What is there and what differs is told in
`docs/styles/pytorch.md`. Not for: rules of differentiation; GPUs, data loaders, serving, of which the error for a
missing name tells the way that adkit has.

Example
-------
>>> import adkit.styles.pytorch as torch
>>> x = torch.tensor(3.0, requires_grad=True)
>>> y = x**2
>>> y
tensor(9., grad_fn=<PowBackward0>)
>>> y.backward()
>>> x.grad
tensor(6.)
"""

from __future__ import annotations

import importlib
import math
from types import SimpleNamespace
from typing import Any

from . import cells, counterparts, creation, dtypes, functions, methods, places, random, shaping
from .creation import complex_
from .dtypes import dtype, get_default_dtype, set_default_dtype
from .modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .printing import set_printoptions
from .random import Generator, default_generator, manual_seed
from .tensors import Size, Tensor
from .writing import Device as device

__adkit__ = True

pi, e, inf, nan = math.pi, math.e, math.inf, math.nan
newaxis = None
strided = "torch.strided"
complex = complex_


def _enter() -> None:
    space = globals()
    methods.attach(space)
    cells.attach()
    for module in (creation, functions, shaping, places, counterparts, random):
        for name, member in vars(module).items():
            if getattr(member, "__module__", None) == module.__name__ and not name.startswith("_"):
                space.setdefault(name, member)
    for made in dtypes.ALL:
        space[made.name] = made
    space |= dtypes.ALIASES
    for name in shaping.NOT_FUNCTIONS:
        space.pop(name, None)


_enter()

_MODULES = ("nn", "optim", "autograd", "linalg", "special", "cuda")
_WITHOUT_DEVICES = ("mps", "xpu", "accelerator")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _WITHOUT_DEVICES:
        return importlib.import_module(".cuda", __name__)
    if name == "backends":
        without = importlib.import_module(".cuda", __name__)
        return SimpleNamespace(mps=without, cuda=without, cudnn=SimpleNamespace(deterministic=True, benchmark=False))
    from .refused import refuse_name

    raise refuse_name(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})


__all__ = [
    "Generator", "Size", "Tensor", "default_generator", "device", "dtype", "enable_grad", "get_default_dtype",
    "inference_mode", "is_grad_enabled", "is_inference_mode_enabled", "manual_seed", "no_grad", "set_default_dtype",
    "set_grad_enabled", "set_printoptions",
]  # fmt: skip
