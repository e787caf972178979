"""`why_nan`: the instruction that made the first NaN or infinity of a recorded program, why, and the fix.

Works on what was recorded; the user's code does not run again. Not for: the search (`nonfinite`), the reasons
(`nan_causes`), the words (`nan_words`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from .. import constants
from ..dtypes import numpy_dtype
from ..nodes import Node
from . import nonfinite, nonfinite_sweeps
from .collector import without_collector
from .nan_words import TITLE, Origin, Writer
from .nonfinite import Program
from .report import Report

__adkit__ = True

__all__ = ["Origin", "diagnosed", "of_trace", "why_nan"]


def why_nan(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Report:
    """Trace a function at some arguments, and say which operation made the first NaN or infinity of its derivative.

    Takes what `adkit.trace` takes, and raises what it raises. `Trace.why_nan` is the same for a trace that is there.

    Example
    -------
    >>> import numpy as np
    >>> report = why_nan(lambda x: np.sum(np.log(x)), np.array([1.0, -2.0]))
    >>> report.data[0].case, report.data[0].operation, report.data[0].index
    ('forward', 'log', (1,))
    >>> why_nan(lambda x: x**2, 3.0).severity
    'ok'
    """
    from ..settings import settings
    from ..trace import trace

    with settings(nan="allow"):
        return trace(f)(*args, **kwargs).why_nan()


@without_collector
def of_trace(trace: Any) -> Report:
    """The report on a `Trace`: `report.data` is a tuple of `Origin`, empty where all is finite."""
    trace._checksums.verify()
    listing = trace.listing()
    inputs = list(trace._inputs.values())
    output = trace._output.node
    program = Program(listing, inputs, [output], trace._nodes, trace.source, {output: trace._output.value})
    derivatives = {name: nonfinite.bad_elements(g) for name, g in trace._derivatives.items()}
    seeds = list(_seeds(trace, derivatives))
    wrong = [name for name, mask in derivatives.items() if mask is not None]
    with constants.SCOPE:
        report = diagnosed(program, trace.mode, seeds, wrong)
        return report if report.severity == "error" else _with_higher(trace, report)


def _seeds(trace: Any, derivatives: dict[str, Any]) -> list[Any]:
    """The seeds under which a derivative that is not finite shows itself: ones, then the unit seed of its element."""
    inputs = trace._inputs
    shape = trace._output.shape
    bad = {name: mask for name, mask in derivatives.items() if mask is not None}
    if trace.mode == "reverse":
        seeds = [trace._seed(None)]
        for mask in list(bad.values())[:1]:
            if shape and numpy.ndim(mask) >= len(shape):
                seeds.append(_unit(nonfinite.first_index(mask)[: len(shape)], shape, trace._output.dtype))
        return seeds
    found = []
    for name in bad or inputs:
        node = inputs[name]
        found.append([_ones(node) if other is node else None for other in inputs.values()])
    for name, mask in list(bad.items())[:1]:
        node = inputs[name]
        if node.shape and numpy.ndim(mask) == len(shape) + len(node.shape):
            index = nonfinite.first_index(mask)[len(shape) :]
            unit = _unit(index, node.shape, node.dtype)
            found.append([unit if other is node else None for other in inputs.values()])
    return found


def _ones(node: Node) -> Any:
    return numpy.ones(node.shape, node.dtype) if node.shape else numpy_dtype(node).type(1)


def _unit(index: tuple[int, ...], shape: tuple[int, ...], dtype: Any) -> Any:
    made = numpy.zeros(shape, dtype)
    made[index] = 1
    return made


def _with_higher(trace: Any, report: Report) -> Report:
    """The report, as an error if a derivative of the higher order that the trace was asked for is not finite."""
    if trace.order == 1 or trace._output.shape:
        return report
    bad = [names for names, g in trace.higher().items() if nonfinite.bad_elements(g) is not None]
    if not bad:
        return report
    verdict = f"value and first derivatives are finite, but the derivative of order {trace.order} by {bad[0][0]} is not"
    fix = "look at adkit.why_nan(adkit.grad(f), x), which follows the first derivative's own instructions"
    return dataclasses.replace(report, severity="error", verdict=verdict, fix=fix)


# ------------------------------------------------------------------------------------------------ the diagnosis


def diagnosed(program: Program, mode: str, seeds: Sequence[Any], wrong: Sequence[str] = ()) -> Report:
    """The report on a program.

    Args:
        mode: "reverse" or "forward": which sweep the derivative came from.
        seeds: cotangents of the one output, or lists of tangents of the inputs, to try in order; in reverse mode also
            a list of pairs of an output node and its cotangent.
        wrong: the inputs whose derivatives are not finite.
    """
    writer = Writer(program)
    bad = nonfinite.bad_values(program)
    fault = nonfinite.value_fault(program, bad)
    if fault is not None:
        return writer.of_value(fault, bad)
    for seed in seeds if wrong else ():
        if mode == "reverse":
            fault = nonfinite_sweeps.adjoint_fault(
                program, seed if isinstance(seed, list) else [(program.outputs[0], seed)]
            )
        else:
            fault = nonfinite_sweeps.tangent_fault(program, seed)
        if fault is not None:
            return writer.of_derivative(fault, bad)
    if wrong:
        verdict = f"the derivative by {wrong[0]} is not finite, though no single sweep of the recorded list shows it"
        return Report("nan", TITLE, "error", verdict, "take smaller inputs, or float64 for float32: it may overflow")
    adjoints = None
    if mode == "reverse" and seeds:
        seed = seeds[0]
        adjoints = nonfinite_sweeps.adjoints_of(
            program, seed if isinstance(seed, list) else [(program.outputs[0], seed)]
        )
    return writer.healthy(bad, adjoints)
