"""Small programs that a browser replays, and what Python makes of them: the fixture of tests/js/replay.test.mjs.

`python -m tests.programs_for_browsers` writes the fixture anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import adkit
from adkit.program import FUNCTIONS

FIXTURE = Path(__file__).parent / "js" / "fixtures" / "programs.json"
DIGITS = 13  # the last ones depend on the processor's library


@dataclass(frozen=True)
class Case:
    """A program, where it is recorded, and the other points at which the browser evaluates it."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[float, ...]
    elsewhere: tuple[tuple[float, ...], ...]


def shared(x: Any, w: Any) -> Any:
    """The example of the pictures."""
    u = np.sin(x) * w
    if x > 0:
        u = u + x**2
    return np.log1p(u**2)


def guards(x: Any) -> Any:
    """Two guards, the second on a computed value."""
    y = np.exp(x)
    if x > 1 and y < 20:
        return y / x
    return y * x


def elementary(x: Any) -> Any:
    """Functions with a domain that holds 0.5."""
    total = np.sin(x) + np.cos(x) * np.tan(x) + np.arcsin(x) + np.arccos(x) * np.arctan(x) + np.sinh(x) * np.cosh(x)
    total = total + np.tanh(x) + np.arcsinh(x) + np.arctanh(x) + np.exp(x) + np.exp2(x) + np.expm1(x) + np.sqrt(x)
    total = total + np.log(x) + np.log2(x) + np.log10(x) + np.log1p(x) + np.cbrt(x) + np.sinc(x) + np.reciprocal(x)
    return total + np.deg2rad(x) * np.rad2deg(x) - np.arccosh(x + 1) + np.fabs(-x) + np.abs(x) + +x


def several(a: Any, b: Any) -> Any:
    """Functions of two operands, and of three."""
    total = np.arctan2(a, b) + np.hypot(a, b) + np.logaddexp(a, b) * np.logaddexp2(a, b) + np.copysign(a, -b)
    total = total + np.maximum(a, b) * np.minimum(a, b) + np.fmax(a, b) - np.fmin(a, b) + np.fmod(a, b) + a % b
    return (
        total + np.clip(a, b, b + 3) + np.where(a > b, a * a, b) + a**b + a**2.5 + 2.0**b + a // b + np.heaviside(a, b)
    )


def steps(x: Any) -> Any:
    """Functions without a derivative, and truth values."""
    whole = np.floor(x) + np.ceil(x) * np.trunc(x) + np.rint(x) + np.sign(x)
    inside = np.logical_and(x > 0, np.logical_not(x >= 4)) | (x == 2) & (x != 3) ^ (x <= 1)
    odd = np.logical_or(np.isnan(x), np.logical_xor(np.isinf(x), np.isfinite(x)))
    return x * whole + np.where(inside, x, -x) + np.where(odd, x, 0) + np.where(np.signbit(x), x, 2 * x)


def corner(x: Any) -> Any:
    """A masked infinite partial, which must give no NaN."""
    return np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0) + np.abs(x) + x**0


CASES = (
    Case("shared", shared, (1.5, -0.4), ((2.0, 0.3), (0.1, -2.0))),
    Case("guards", guards, (2.0,), ((1.5,), (0.5,), (4.0,))),
    Case("elementary", elementary, (0.5,), ((0.25,), (0.9,))),
    Case("several", several, (1.5, 0.75), ((2.5, 0.25), (1.0, 1.0))),
    Case("steps", steps, (2.3,), ((0.7,), (2.5,), (-1.25,))),
    Case("corner", corner, (1.2,), ((3.0,), (0.0,))),
)


def played(name: str, mode: str = "auto") -> dict[str, Any]:
    """The document of a case, with its player and its program."""
    case = next(case for case in CASES if case.name == name)
    doc: dict[str, Any] = adkit.trace(case.function, mode=mode)(*case.arguments).document(("list", "graph", "player"))
    return doc


def at(case: Case, trace: Any, point: tuple[float, ...]) -> dict[str, Any]:
    """What is true at a point on the recorded path: value, derivatives, and whether the path is the program's."""
    replay = trace.replay()
    names = list(trace.gradient)
    with np.errstate(all="ignore"):
        values = replay.values([np.float64(x) for x in point])
        derivatives = adkit.grad(replay, argnums=tuple(range(len(point))))(*point)
        return {
            "inputs": dict(zip(names, point, strict=True)),
            "value": _rounded(replay(*point)),
            "derivatives": {name: _rounded(g) for name, g in zip(names, derivatives, strict=True)},
            "on_path": bool(replay.on_path(values)),
        }


def _rounded(x: Any) -> float:
    return float(f"{float(x):.{DIGITS - 1}e}")


def fixture() -> dict[str, Any]:
    """Every case with its document and what Python finds at its points."""
    cases = {}
    for case in CASES:
        trace = adkit.trace(case.function)(*case.arguments)
        points = [at(case, trace, point) for point in (case.arguments, *case.elsewhere)]
        cases[case.name] = {"program": played(case.name)["program"], "points": points}
    documents = {name: played("shared", name) for name in ("reverse", "forward")}
    for doc in documents.values():
        for row in doc["rows"]:
            row.update(file=None, snippet=None)
    return {"functions": sorted(FUNCTIONS), "cases": cases, "documents": documents}


def fixture_text() -> str:
    """The fixture as it is saved."""
    return json.dumps(fixture(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


if __name__ == "__main__":
    FIXTURE.parent.mkdir(exist_ok=True)
    FIXTURE.write_text(fixture_text(), encoding="utf-8")
