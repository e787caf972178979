"""Clipping: functions of a tree of gradients that bound them, to stand before an optimizer in `chain`.

Leaves that are no parameters are `None` and stay so. Not for: the optimizers.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from ..errors import OptionError
from ..primitives import elementwise as rows
from ..primitives.shape import shape_of
from ..pytrees import flatten, unflatten

__adkit__ = True

Transform = Callable[[Any], Any]


def clip_by_value(limit: float) -> Transform:
    """Each element cut to the interval from −limit to limit.

    Example
    -------
    >>> import numpy as np
    >>> clip_by_value(1.0)({"w": np.array([0.5, -3.0])})
    {'w': array([ 0.5, -1. ])}
    """
    return functools.partial(_by_value, _positive(limit))


def clip_by_norm(limit: float) -> Transform:
    """Each leaf scaled down to the Euclidean norm `limit`, if its norm is larger.

    Example
    -------
    >>> import numpy as np
    >>> clip_by_norm(1.0)({"w": np.array([3.0, 4.0]), "b": 0.5})
    {'w': array([0.6, 0.8]), 'b': 0.5}
    """
    return functools.partial(_by_norm, _positive(limit))


def clip_by_global_norm(limit: float) -> Transform:
    """All leaves scaled down by one factor, so that the Euclidean norm of all of them together is at most `limit`.

    Example
    -------
    >>> import numpy as np
    >>> clip_by_global_norm(1.0)({"w": np.array([3.0]), "b": 4.0})
    {'w': array([0.6]), 'b': 0.8}
    """
    return functools.partial(_by_global_norm, _positive(limit))


def global_norm(gradients: Any) -> float:
    """The Euclidean norm of all leaves together.

    Example
    -------
    >>> global_norm({"w": 3.0, "b": 4.0})
    5.0
    """
    return math.hypot(*map(norm_of, flatten(gradients)[0]))


def norm_of(leaf: Any) -> float:
    """The Euclidean norm of one leaf as a number."""
    import numpy

    from ..backends import to_numpy

    values = numpy.asarray(to_numpy(leaf)).reshape(-1)
    with numpy.errstate(over="ignore", invalid="ignore"):
        squares = numpy.vdot(values, values).real
    wide = float(squares)
    if 1e-30 < wide < 1e30:
        return math.sqrt(wide)
    top = float(numpy.abs(values).max(initial=0.0))  # scaled, where squares would overflow or underflow
    return top * float(numpy.linalg.norm(values / top)) if 0 < top < math.inf else top


def _positive(limit: float) -> float:
    if not limit > 0:
        raise OptionError(f"gradients cannot be clipped to {limit}", fix="give a limit above 0")
    return limit


def _each(gradients: Any, change: Callable[[Any], Any]) -> Any:
    leaves, structure = flatten(gradients)
    return unflatten(structure, [change(leaf) for leaf in leaves])


def _by_value(limit: float, gradients: Any) -> Any:
    return _each(gradients, lambda g: _typed(rows.clip(g, -limit, limit), g))


def _typed(made: Any, like: Any) -> Any:
    return float(made) if type(like) is float else made


def _scaled(g: Any, factor: float) -> Any:
    return g if factor == 1.0 else _typed(g * factor, g) if shape_of(g) == () else g * factor


def _factor(norm: float, limit: float) -> float:
    """What brings a norm down to a limit; a norm that is NaN or infinite leaves NaN, which must not pass unseen."""
    return 1.0 if norm <= limit else limit / norm


def _by_norm(limit: float, gradients: Any) -> Any:
    return _each(gradients, lambda g: _scaled(g, _factor(norm_of(g), limit)))


def _by_global_norm(limit: float, gradients: Any) -> Any:
    factor = _factor(global_norm(gradients), limit)
    return _each(gradients, lambda g: _scaled(g, factor))
