"""The debug setting `nan="raise"`: a derivative that is not finite becomes an error with the report of its origin.

Sweeps hand their results to `verify`, a trace itself to `verify_trace`; only where something is not finite is the
origin looked for. While the setting is on, recordings keep all values (`keeping_values`), so nothing runs twice.
Not for: the search itself (`diagnose.nan_origin`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy

from . import constants
from .backends import to_numpy
from .errors import NonFiniteError
from .handle import TracedArray, is_traced, untraced
from .nodes import open_recording
from .settings import settings
from .source import user_line

__adkit__ = True


def raising() -> bool:
    """Whether the session's settings ask for an error."""
    return settings.current().nan == "raise"


def keeping_values() -> contextlib.AbstractContextManager[None]:
    """Keep all values of what is recorded in a block, if the settings ask for an error."""
    from .tracing import values_kept

    return values_kept() if raising() else contextlib.nullcontext()


def verify(lin: Any, mode: str, seeds: Sequence[Any], results: Iterable[Any]) -> None:
    """Raise `NonFiniteError` if an output of a `Linearization`, or a result of a sweep over it, is not finite.

    Args:
        mode: "forward" or "reverse".
        seeds: the tangents of the inputs, or the cotangents of the outputs, that were swept.
        results: the tangents or cotangents that came out.
    """
    if not raising():
        return
    results = list(results)
    record = open_recording.get()
    if record is not None and record.batching:  # the other examples are looked at once the batch is evaluated
        record.watched += [value.node for value in (*results, *lin.outputs) if is_traced(value)]
    wrong = any(not _is_finite(value) for value in results)
    if wrong or any(is_traced(leaf) and not _is_finite(leaf.value) for leaf in lin.outputs):
        with settings(nan="allow"), constants.SCOPE:
            report = _report(lin, mode, seeds, wrong)
        raise error_of(report)


def verify_orders(lin: Any, seeds: Sequence[Any], results: Iterable[Sequence[Any]]) -> None:
    """The same for the Taylor coefficients of each output, of the orders from 1 on."""
    if not raising():
        return
    by_order = list(zip(*results, strict=True))
    verify(lin, "forward", seeds, by_order[0] if by_order else ())
    for order, coefficients in enumerate(by_order, 1):
        if not all(map(_is_finite, coefficients)):
            message = f"the derivative of order {order} is not finite, though those of lower orders are"
            raise NonFiniteError(message, fix="move the point: a fractional power, a root or a kink lies there")


def _is_finite(value: Any) -> bool:
    from .diagnose.nonfinite import bad_elements

    value = untraced(value) if isinstance(value, TracedArray) else value
    return bad_elements(value) is None


def _report(lin: Any, mode: str, seeds: Sequence[Any], wrong: bool) -> Any:
    from .diagnose.nan_origin import diagnosed
    from .diagnose.nonfinite import Program
    from .linearization import on_device_of
    from .listing import Listing
    from .trace import CellSource

    many = len(lin.inputs) > 1
    names = {f"input {i + 1}" if many else "input": node for i, node in enumerate(lin.inputs)}
    leaves = [leaf for leaf in lin.outputs if is_traced(leaf)]
    nodes = list(dict.fromkeys(leaf.node for leaf in leaves))
    filename, _ = user_line(sys._getframe())
    source = None if filename is None else CellSource("", filename)
    listing = Listing(names, nodes)
    program = Program(listing, list(lin.inputs), nodes, lin.order(), source, {f.node: f.value for f in leaves})
    plain = [untraced(seed) if isinstance(seed, TracedArray) else seed for seed in seeds]
    if mode == "forward":
        given: Any = [on_device_of(t, node.value) for t, node in zip(plain, lin.inputs, strict=True)]
    else:
        pairs = zip(lin.outputs, plain, strict=True)
        given = [(f.node, on_device_of(g, f.value)) for f, g in pairs if is_traced(f) and g is not None]
    return diagnosed(program, mode, [given], ["the input" if not many else "an input"] if wrong else [])


def wrong_example(values: Iterable[Any], size: int) -> int | None:
    """The first example of a batch for which one of the values is not finite."""
    first = size
    for value in values:
        plain = numpy.asarray(to_numpy(untraced(value)))
        if plain.dtype.kind in "fc" and plain.size:
            wrong = ~numpy.isfinite(plain).reshape(size, -1).all(axis=1)
            first = min(first, int(numpy.argmax(wrong)) if wrong.any() else size)
    return first if first < size else None


def verify_trace(trace: Any) -> None:
    """Raise `NonFiniteError` if the output or a derivative of a `Trace` is not finite."""
    if not raising():
        return
    finite = _is_finite(trace._output.value) and all(map(_is_finite, trace._derivatives.values()))
    if finite and (trace.order == 1 or trace._output.shape):
        return
    with settings(nan="allow"):
        report = trace.why_nan()
    if report.severity == "error":
        raise error_of(report)


def error_of(report: Any) -> NonFiniteError:
    """The error that says what a report says: its verdict and fix, and the tables as a note."""
    origin = report.data[0] if report.data else None
    place = {} if origin is None else {"filename": origin.filename, "line": origin.file_line}
    error = NonFiniteError(report.verdict, fix=report.fix or "see the report", report=report, **place)
    note = str(dataclasses.replace(report, fix=None)).partition("\n")[2].strip("\n")
    if note:
        error.add_note(note)
    return error
