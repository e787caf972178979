"""Sweeps through a function that is recorded for just this purpose, on fresh inputs for its operands.

For rules that are given as Python functions, or as a program that is run again. Where an operand, a tangent or a
cotangent is traced, the sweep is recorded in its turn. Not for: functions of the user's (`transforms`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..dtypes import numpy_dtype
from ..handle import TracedArray, is_traced
from ..nodes import Node, next_id
from ..tracing import make_input
from .forward import ForwardPlan
from .order import active, ancestors
from .reverse import reverse_sweep

__adkit__ = True

Run = Callable[[list[Any]], Sequence[Any]]


def any_traced(values: Sequence[Any]) -> bool:
    """Whether one of the values is a handle."""
    return any(isinstance(value, TracedArray) for value in values)


def pull_through(run: Run, cotangents: Sequence[Any], operands: Sequence[Any], recorded: bool = False) -> list[Any]:
    """The cotangents of the operands of `run` for those of its results; `None` is zero."""
    since = next_id()
    handles = _fresh(operands)
    results = run(handles)
    inputs = [handle.node for handle in handles if is_traced(handle)]
    pairs = zip(results, cotangents, strict=True)
    seeds = [(r.node, g) for r, g in pairs if g is not None and is_traced(r)]
    order, enclosed = _between([node for node, _ in seeds], inputs, since)
    recorded = recorded or enclosed or any_traced([g for _, g in seeds])
    swept = iter(reverse_sweep(seeds, inputs, order, recorded=recorded))
    return [next(swept) if is_traced(handle) else None for handle in handles]


def push_through(run: Run, tangents: Sequence[Any], operands: Sequence[Any], recorded: bool = False) -> list[Any]:
    """The tangents of the results of `run` for those of its operands; `None` is zero."""
    since = next_id()
    handles = _fresh(operands)
    results = run(handles)
    inputs = [handle.node for handle in handles if is_traced(handle)]
    outputs = [r.node for r in results if is_traced(r)]
    order, enclosed = _between(outputs, inputs, since)
    given = [t for t, handle in zip(tangents, handles, strict=True) if is_traced(handle)]
    recorded = recorded or enclosed or any_traced(given)
    swept = iter(ForwardPlan(outputs, inputs, order, recorded=recorded).sweep(given))
    return [next(swept) if is_traced(r) else None for r in results]


def _between(outputs: list[Node], inputs: list[Node], since: int) -> tuple[list[Node], bool]:
    order, enclosed = ancestors(outputs, since)
    return active(order, inputs), enclosed or any(node.inputs for node in inputs)


def _fresh(operands: Sequence[Any]) -> list[Any]:
    """Operands as inputs of a recording of their own; integers and conditions as they are."""
    return [make_input(x) if numpy_dtype(x).kind in "fc" else x for x in operands]
