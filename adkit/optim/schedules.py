"""Schedules: the learning rate as a function of the number of updates made so far, 0 at the first.

Each is a picklable function of one integer; any other function of it will do as well. Not for: the optimizers.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

__adkit__ = True

Schedule = Callable[[int], float]


def constant(rate: float) -> Schedule:
    """The same rate throughout.

    Example
    -------
    >>> constant(0.1)(1000)
    0.1
    """
    return functools.partial(_constant, rate)


def _constant(rate: float, step: int) -> float:
    return rate


def exponential(rate: float, factor: float, every: float = 1.0) -> Schedule:
    """rate · factor^(step / every), which falls smoothly.

    Example
    -------
    >>> exponential(0.1, 0.5, every=10)(20)
    0.025
    """
    return functools.partial(_exponential, rate, factor, every)


def _exponential(rate: float, factor: float, every: float, step: int) -> float:
    return float(rate * factor ** (step / every))


def stepwise(rate: float, factor: float, every: int) -> Schedule:
    """rate · factor^⌊step / every⌋, which falls in steps.

    Example
    -------
    >>> stepwise(0.1, 0.5, every=10)(19), stepwise(0.1, 0.5, every=10)(20)
    (0.05, 0.025)
    """
    return functools.partial(_stepwise, rate, factor, every)


def _stepwise(rate: float, factor: float, every: int, step: int) -> float:
    return float(rate * factor ** (step // every))


def cosine(rate: float, steps: int, final: float = 0.0) -> Schedule:
    """Half a cosine from `rate` at step 0 to `final` at `steps`, and `final` after it (Loshchilov and Hutter, 2017).

    Example
    -------
    >>> round(cosine(0.1, 100)(50), 12), cosine(0.1, 100)(100)
    (0.05, 0.0)
    """
    return functools.partial(_cosine, rate, steps, final)


def _cosine(rate: float, steps: int, final: float, step: int) -> float:
    if step >= steps:
        return final
    return final + (rate - final) * 0.5 * (1 + math.cos(math.pi * step / steps))


def warmup(rate: float | Schedule, steps: int) -> Schedule:
    """A rate that rises evenly to that of `rate` within the first `steps` updates; a schedule then starts from 0.

    Example
    -------
    >>> [warmup(0.4, 4)(step) for step in range(6)]
    [0.1, 0.2, 0.30000000000000004, 0.4, 0.4, 0.4]
    >>> warmup(cosine(0.4, 10), 4)(14)
    0.0
    """
    return functools.partial(_warmup, rate, steps)


def _warmup(rate: float | Schedule, steps: int, step: int) -> float:
    if step < steps:
        return rate_at(rate, 0) * ((step + 1) / steps)
    return rate_at(rate, step - steps)


def rate_at(rate: float | Schedule, step: int) -> float:
    """The rate at a step, of a number or a schedule.

    Example
    -------
    >>> rate_at(0.1, 3), rate_at(exponential(0.1, 0.5), 1)
    (0.1, 0.05)
    """
    return rate(step) if callable(rate) else rate
