"""Random programs: functions of arrays made of steps that fit whatever the shapes are, with branches and assignments.

A program is a list of steps `(name, i, j)`, drawn by hypothesis; `run` applies them to a growing list of values, whose
numbers pick the operands. Values stay bounded, so that programs of any length are well conditioned, and the shape of
a result does not depend on values. Not for: what is checked of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import adkit.numpy as anp

Step = tuple[str, int, int]


def _branch(a: Any, b: Any) -> Any:
    return np.sin(a) + b / 4 if np.sum(a) > 0.1 else a * b


def _halved(a: Any, b: Any) -> Any:
    while np.max(np.abs(a)) > 0.6:
        a = a / 2
    return a + b


def _counted(a: Any, b: Any) -> Any:
    total = b * 0.5
    for _ in range(int(np.sum(a > 0.3))):
        total = np.tanh(total + 0.25)
    return total


def _filled(a: Any, b: Any) -> Any:
    made = anp.zeros_like(a)
    made[...] = a
    made[::2] += 0.5
    made[-1] = np.sum(b) / 8
    part = made[:1]
    part *= 0.5
    return made


def _masked(a: Any, b: Any) -> Any:
    made = a * 1.0
    made[a > 0.2] = 0.125
    return made


def _chosen(a: Any, b: Any) -> Any:
    return a[np.argmax(np.sum(a, axis=tuple(range(1, np.ndim(a)))))]


def _joined(a: Any, b: Any) -> Any:
    return np.concatenate([a, a[:1] * 0.5])


UNARY: dict[str, Callable[[Any], Any]] = {
    "sin": np.sin,
    "tanh": np.tanh,
    "square": lambda a: np.square(a) * 0.5,
    "root": lambda a: np.sqrt(np.where(a > 0, a, 0)),
    "where": lambda a: np.where(a > 0.1, a, a**3),
    "norm": lambda a: np.linalg.norm(a),
    "sum": lambda a: np.sum(a) / (1 + np.size(a)),
    "flat": lambda a: np.ravel(a) * 0.5,
    "transpose": lambda a: np.transpose(a),
    "reversed": lambda a: a[..., ::-1] if np.ndim(a) else a,
    "widened": lambda a: np.stack([a, a * 0.5], axis=-1) if np.size(a) < 9 else a,
    "constant": lambda a: 0.25,
    "ones": lambda a: anp.ones(2) * 0.5,
    "single": lambda a: a.astype(np.float32) if hasattr(a, "astype") else a,
}
ALONG: dict[str, Callable[[Any, Any], Any]] = {
    "first": lambda a, b: a[0],
    "sorted": lambda a, b: np.sort(a, axis=0),
    "summed": lambda a, b: np.mean(a, axis=-1),
    "running": lambda a, b: np.cumsum(a, axis=0) / a.shape[0],
    "largest": lambda a, b: np.max(a, axis=0),
    "picked": lambda a, b: a[np.array([0, -1, 0])],
    "product": lambda a, b: a @ np.swapaxes(a, -1, -2) / a.shape[-1] if np.ndim(a) > 1 else a @ a / a.shape[0],
    "joined": _joined,
    "chosen": _chosen,
    "filled": _filled,
    "masked": _masked,
}
BOTH: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: (a + b) * 0.5,
    "multiply": np.multiply,
    "divide": lambda a, b: a / (2 + np.square(b)),
    "maximum": np.maximum,
    "branch": _branch,
    "halved": _halved,
    "counted": _counted,
}
NAMES = sorted([*UNARY, *ALONG, *BOTH])
PROGRAMS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=12)


def run(program: list[Step], *inputs: Any) -> Any:
    """The last value of a program, plus a little of every input, so that it depends on all of them."""
    values = list(inputs)
    for name, i, j in program:
        values.append(_step(name, values[-1 - i % len(values)], values[-1 - j % len(values)]))
    return values[-1] + 0.125 * sum(np.sum(x) for x in inputs)


def _step(name: str, a: Any, b: Any) -> Any:
    if name in UNARY:
        return UNARY[name](a)
    if name in ALONG:
        return ALONG[name](a, b) if np.ndim(a) and np.shape(a)[0] else a
    try:
        np.broadcast_shapes(np.shape(a), np.shape(b))
    except ValueError:
        b = np.sum(b) / (1 + np.size(b))
    return BOTH[name](a, b)
