"""`torch.nn.utils`: cutting gradients, and parameters as one vector.

Not for: clipping pure gradients (`adkit.optim`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from ..operands import plain, wrap
from ..shaping import cat
from ..tensors import Tensor
from ..versions import stamp

__adkit__ = True


def _gradients(parameters: Any) -> list[Any]:
    every = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [plain(p.grad) for p in every if p.grad is not None]


def clip_grad_norm_(parameters: Any, max_norm: float, norm_type: float = 2.0) -> Any:
    """Scale all gradients together so that their norm is at most `max_norm`; the norm before."""
    found = _gradients(parameters)
    norms = [numpy.linalg.norm(g.ravel(), norm_type) for g in found]
    total = numpy.linalg.norm(norms, norm_type) if norms else 0.0
    factor = min(1.0, max_norm / (float(total) + 1e-6))
    for g in found:
        g *= g.dtype.type(factor)
        stamp(g)
    return wrap(numpy.asarray(total, found[0].dtype if found else numpy.float32))


def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Cut each element of the gradients to ±clip_value."""
    for g in _gradients(parameters):
        numpy.clip(g, -clip_value, clip_value, out=g)
        stamp(g)


def parameters_to_vector(parameters: Iterable[Any]) -> Any:
    """All parameters in one vector, through which derivatives pass."""
    return cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Any, parameters: Iterable[Any]) -> None:
    """Write the parts of a vector into parameters."""
    start, value = 0, plain(vec)
    for p in parameters:
        p.data = wrap(value[start : start + p.numel()].reshape(p.shape).copy())
        start += p.numel()
