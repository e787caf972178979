"""The row `log_softmax`: one instruction where its formula takes six, and no exponential that overflows.

Not for: `softmax`, which is its exponential, and losses (`adkit.nn`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..primitive import General
from .elementwise import exp, multiply, subtract
from .reduction import sum_
from .shape import on_axes

__adkit__ = True


def _log_softmax(xp: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """x − log Σ exp(x), shifted by the maximum where that is finite."""
    if type(x) is numpy.ndarray:
        top = numpy.maximum.reduce(x, axis=axis, keepdims=True)
        if not math.isfinite(numpy.add.reduce(top, axis=None)):
            top = numpy.where(numpy.isfinite(top), top, numpy.zeros_like(top))
        made = x - top
        made -= numpy.log(numpy.add.reduce(numpy.exp(made), axis=axis, keepdims=True))
        return made
    top = xp.max(x, axis=axis, keepdims=True)
    made = x - xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    return made - xp.log(xp.sum(xp.exp(made), axis=axis, keepdims=True))


def _jvp(tangents: Any, out: Any, x: Any, axis: tuple[int, ...]) -> Any:
    (t,) = tangents
    return subtract(t, sum_(multiply(exp(out), t), axis=axis, keepdims=True))


def _vjp(g: Any, out: Any, x: Any, axis: tuple[int, ...]) -> Any:
    if type(g) is numpy.ndarray and type(out) is numpy.ndarray:
        made = numpy.exp(out)
        made *= numpy.add.reduce(g, axis=axis, keepdims=True)
        return (numpy.subtract(g, made, out=made),)
    return (subtract(g, multiply(exp(out), sum_(g, axis=axis, keepdims=True))),)


log_softmax = General("log_softmax", _log_softmax, jvp=_jvp, vjp=_vjp, reads="out")
log_softmax.batch = on_axes(log_softmax)
log_softmax.sparsity = "axis"
