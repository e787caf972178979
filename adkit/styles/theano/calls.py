"""What a call of a compiled function runs, written as a short Python function for its inputs.

The types of the arguments are checked, the program for their shapes is looked up, it runs, and the updates are stored.
Not for: programs (`programs`), and calls with traced values (`functions`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy

from ...handle import TracedArray
from ...nodes import open_recording
from .arguments import filtered

if TYPE_CHECKING:
    from .functions import Function, In

__adkit__ = True

_EXACT = {"float64": numpy.float64, "float32": numpy.float32, "int64": numpy.int64, "int32": numpy.int32}


def entry(function: Function, slowly: Callable[..., Any], others: Callable[..., Any]) -> Callable[..., Any]:
    """The function of the arguments, all given and in order.

    `slowly` is called instead where something is traced or watched, `others` for the values of what is neither an
    input nor shared.
    """
    compiled = function.compiled
    scope: dict[str, Any] = {
        "__adkit__": True, "float64": numpy.float64, "ndarray": numpy.ndarray, "asarray": numpy.asarray,
        "Traced": TracedArray, "opened": open_recording.get, "programs": compiled.programs, "record": compiled.record,
        "slowly": slowly, "others": others, "finish": function.pack,
    }  # fmt: skip
    names = [f"x{i}" for i in range(len(function.inputs))]
    lines: list[str] = []
    for i, one in enumerate(function.inputs):
        lines += _taking(i, one, function.downcast, scope)
    every = [*names]
    for i, v in enumerate(function.shared):
        scope[f"shared{i}"] = v
        lines.append(f"s{i} = shared{i}._value")
        lines.append(f"if type(s{i}) is ndarray and not s{i}.ndim: s{i} = s{i}[()]")
        every.append(f"s{i}")
    checks = [f"type({n}) is not ndarray and isinstance({n}, Traced)" for n in every]
    if names and not function.updates:
        checks.insert(0, "opened() is not None")  # a %%grad cell may watch the arguments
    if checks:
        lines.append(f"if {' or '.join(checks)}: return slowly({', '.join(every)})")
    lines += _running(function, every)
    lines += _storing(function, scope)
    body = "".join(f"    {line}\n" for line in lines)
    exec(f"def entry({', '.join(names)}):\n{body}", scope)
    made: Callable[..., Any] = scope["entry"]
    return made


def _running(function: Function, every: list[str]) -> list[str]:
    """The lines that find the program and run it."""
    lines, passed = [], ", ".join(every)
    if function.random or function.absent:
        lines.append(f"rest = others({passed})")
        passed += ", *rest"
        key = f"({''.join(f'{n}.shape, ' for n in every)}*[getattr(r, 'shape', ()) for r in rest],)"
    else:
        ranks = [v.ndim for v in [*function.variables, *function.shared]]
        key = f"({''.join(f'{n}.shape, ' for n, rank in zip(every, ranks, strict=True) if rank)})"
    return [
        *lines,
        f"key = {key}",
        "for run in programs.get(key, ()):",
        f"    made = run({passed.lstrip(', ')})",
        "    if made is not None: break",
        "else:",
        f"    made = record(key, [{passed.lstrip(', ')}])",
    ]


def _storing(function: Function, scope: dict[str, Any]) -> list[str]:
    """The lines that store the updates and return the results."""
    lines = []
    n = len(function.outputs)
    for i, v in enumerate(function.updates):
        scope[f"target{i}"] = v
        lines.append(f"target{i}._value = made[{n + i}]")
    results = [f"asarray(made[{i}])" for i in range(n)]
    lines.append(f"return {results[0]}" if function.single else f"return finish([{', '.join(results)}])")
    return lines


def _taking(i: int, one: In, downcast: bool | None, scope: dict[str, Any]) -> list[str]:
    """The lines that bring an input to its type; what has it already passes at once."""
    kind, x = one.variable.type, f"x{i}"
    allow = one.allow_downcast if one.allow_downcast is not None else downcast
    name = one.name or f"number {i + 1}"
    scope[f"take{i}"] = lambda value: filtered(value, kind, name, allow)
    if kind.ndim == 0 and kind.dtype == "float64":
        return [
            f"if type({x}) is float: {x} = float64({x})",
            f"elif type({x}) is not float64: {x} = take{i}({x})",
        ]
    if kind.ndim == 0 and kind.dtype in _EXACT:
        scope[f"type{i}"] = _EXACT[kind.dtype]
        return [f"if type({x}) is not type{i}: {x} = take{i}({x})"]
    if any(kind.broadcastable):
        return [f"{x} = take{i}({x})"]
    scope[f"dtype{i}"] = kind.numpy_dtype
    return [f"if type({x}) is not ndarray or {x}.dtype is not dtype{i} or {x}.ndim != {kind.ndim}: {x} = take{i}({x})"]
