"""`nn.Parameter`: a tensor that a module counts among its parameters.

Not for: modules (`module`).
"""

from __future__ import annotations

import sys
from typing import Any

import numpy

from ..graph import new_leaf
from ..operands import from_data, plain
from ..operators import TENSORS
from ..tensors import Tensor

__adkit__ = True


class Parameter(Tensor):
    """A leaf that requires grad, onto the memory of a tensor.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> torch.nn.Parameter(torch.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        value = plain(data) if isinstance(data, Tensor) else from_data([] if data is None else data)
        self._h = numpy.asarray(value)
        if requires_grad:
            self._h = new_leaf(self, self._h, sys._getframe(1))

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()


TENSORS.add(Parameter)
