"""Windows: `sliding_window_view` over an array, and `kaiser`, whose shape parameter has a derivative.

Not for: windows without a parameter (`bartlett blackman hamming hanning`), which are constants.
"""

from __future__ import annotations

from typing import Any

import numpy
from numpy.lib.stride_tricks import sliding_window_view as plain_windows

from ..numpy_api import choosing, implements
from ..primitives import elementwise as rows
from ..primitives.indexing import take
from ..primitives.shape import shape_of, size_of
from .arguments import known, operand

__adkit__ = True


@implements(plain_windows)
def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """`numpy.lib.stride_tricks.sliding_window_view`, gathered: a copy, which is not writeable as a view would be.

    Example
    -------
    >>> import adkit, numpy
    >>> windows = numpy.lib.stride_tricks.sliding_window_view
    >>> adkit.grad(lambda x: windows(x, 2).sum())(numpy.ones(4))
    array([1., 2., 2., 1.])
    """
    x = operand(x)
    if writeable:
        raise ValueError("windows of a traced array cannot be written")
    shape = shape_of(x)
    places = numpy.arange(size_of(shape)).reshape(shape)
    return take(x, plain_windows(places, known(window_shape), axis))


def _kaiser(M: Any, beta: Any) -> Any:
    """`numpy.kaiser`: I₀(β √(1 − (2n / (M − 1) − 1)²)) / I₀(β), for a traced β."""
    from ..primitives.special import i0

    count = int(known(M))
    if count <= 1:
        return rows.multiply(operand(beta), 0.0) + numpy.ones(max(count, 0))
    middle = (count - 1) / 2
    height = numpy.sqrt(1 - ((numpy.arange(count) - middle) / middle) ** 2)
    return i0(beta * height) / i0(beta)


kaiser = choosing(numpy.kaiser, _kaiser)
