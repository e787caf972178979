"""Checking derivatives: both modes against each other, and against an independent numerical derivative.

The numerical derivative is Ridders' extrapolation of differences, which estimates its own error; that estimate is the
tolerance, so an ill-conditioned function is not blamed and a wrong rule is not excused. Not for: computing
derivatives (`transforms`).

Source: C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering Software 4 (1982).
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from . import backends
from .dtypes import numpy_dtype
from .errors import CheckError, InputError, PathError
from .formatting import number
from .primitives.shape import stop_gradient
from .pytrees import differentiable, flatten, lift, paths, unflatten
from .recorded_program import LONG, RecordedProgram, Weighted
from .settings import settings
from .sweeps.replay import Replay
from .transforms import jvp, vjp

__adkit__ = True

Function = Callable[..., Any]

LEVELS = 11
SHRINK = 1.6
# worst last
VERDICTS = ("agree", "flat", "kink", "noise", "disagree")
_TEXTS = {
    "agree": "agrees with differences, {modes}",
    "flat": "flat: the function does not change there",
    "kink": "kink: {detail}",
    "noise": "too noisy to judge",
    "disagree": "disagrees with differences",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """The comparison for one input at one order; `error` is the difference, `estimate` how uncertain the numerical
    value is, `index` the element of an array that is worst, where the verdict is bad.
    """

    input: str
    order: int
    derivative: float
    numerical: float
    error: float
    estimate: float
    verdict: str
    detail: str = ""
    index: tuple[int, ...] | None = None

    def as_text(self) -> dict[str, str]:
        """The row as strings, as a trace's document holds it."""
        name = self.input if self.order == 1 else f"{self.input}, order {self.order}"
        return {
            "input": name,
            "derivative": number(self.derivative),
            "numerical": number(self.numerical),
            "error": self._apart(),
            "verdict": self.verdict,
            "detail": self.detail,
        }

    def _apart(self) -> str:
        """The difference as text; rounding, which is another on every machine, is not told apart."""
        rounding = 1e-12 * max(1.0, abs(self.derivative))
        return (
            f"below {number(float(f'{rounding:.0e}'))}"
            if self.error <= rounding
            else number(float(f"{self.error:.1e}"))
        )


@dataclasses.dataclass(frozen=True)
class Report:
    """The outcome of a check: the worst verdict of its rows, agree < flat < kink < noise < disagree.

    `agree`: equal within the estimated error. `flat`: derivative and differences are exactly 0. `kink`: the slopes to
    the left and to the right differ, so there is no derivative. `noise`: the differences do not converge. `disagree`:
    the derivative is wrong.
    """

    verdict: str
    rows: tuple[Row, ...]
    modes: tuple[str, ...] = ("forward", "reverse")

    @property
    def text(self) -> str:
        """The verdict as a phrase."""
        detail = next((row.detail for row in self.rows if row.verdict == self.verdict), "")
        modes = "both modes" if len(self.modes) == 2 else f"{self.modes[0]} mode"
        return _TEXTS[self.verdict].format(modes=modes, detail=detail)

    def as_badge(self) -> dict[str, Any]:
        """The report as plain JSON types, for a trace's document."""
        return {"verdict": self.verdict, "text": self.text, "rows": [row.as_text() for row in self.rows]}

    def as_report(self) -> Any:
        """The same as a `diagnose.report.Report`, the shape of all diagnoses."""
        from .diagnose.check_report import of_check

        return of_check(self)

    def as_document(self) -> dict[str, Any]:
        """The report as plain JSON types, as a trace's document holds it among its `reports`."""
        return self.as_report().as_document()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {**self.as_report()._repr_mimebundle_(), "text/plain": str(self)}

    def __str__(self) -> str:
        lines = [f"{self.verdict}: {self.text}" if not self.text.startswith(self.verdict) else self.text]
        for row in map(Row.as_text, self.rows):
            verdict = row["verdict"] + (f" ({row['detail']})" if row["detail"] else "")
            numbers = f"derivative {row['derivative']}, differences {row['numerical']}, apart {row['error']}"
            lines.append(f"  {row['input']}: {numbers}, {verdict}")
        return "\n".join(lines)


# ------------------------------------------------------------------------------------------------ numerical derivatives


def ridders(f: Function, x: Any, direction: Any, reach: float = 1.0) -> tuple[Any, Any]:
    """The derivative of f at x along a direction by Ridders' extrapolation, and an estimate of its error.

    Parameters
    ----------
    f: a function of one number or array, real or complex, that returns a number or an array.
    x: where.
    direction: along what; of the shape of x.
    reach: shortens the first step, for a function that is smooth only close to x.

    Returns two values of the shape of f's result: the derivative, and the estimated absolute error (infinite if the
    differences are nowhere finite).

    Example
    -------
    >>> value, error = ridders(numpy.sin, 0.0, 1.0)
    >>> bool(abs(value - 1) <= 10 * error + 1e-15), bool(error < 1e-9)
    (True, True)
    """
    return _extrapolated(lambda t: _plain(f(x + t * direction)), reach * _scale(x, direction), "both")


def one_sided(f: Function, x: Any, direction: Any, reach: float = 1.0) -> tuple[Any, Any]:
    """The slope of f at x to the side of a direction, and an estimate of its error; see `ridders`."""
    return _extrapolated(lambda t: _plain(f(x + t * direction)), reach * _scale(x, direction), "right")


def _plain(value: Any) -> numpy.ndarray:
    made = numpy.asarray(backends.to_numpy(value))
    return made.astype(complex if made.dtype.kind == "c" else float)


def _scale(x: Any, direction: Any) -> float:
    """The first step: a tenth of x's magnitude, measured in the direction."""
    size = float(numpy.max(numpy.abs(backends.to_numpy(x)), initial=0.0))
    length = float(numpy.max(numpy.abs(backends.to_numpy(direction)), initial=0.0))
    return 0.1 * max(size, 0.1) / (length or 1.0) if size < 1 else 0.1 * size / (length or 1.0)


def _extrapolated(g: Callable[[float], numpy.ndarray], h: float, side: str) -> tuple[Any, Any]:
    """Neville's scheme over difference quotients at steps that shrink; the entry with the least change is taken."""
    with numpy.errstate(all="ignore"):
        centre = g(0.0)
        quotient = _central(g) if side == "both" else _forward(g, centre)
        for _ in range(12):
            first = quotient(h)
            if numpy.all(numpy.isfinite(first)):
                break
            h /= 4
        best, error = first, numpy.full(first.shape, numpy.inf)
        before = [first]
        factor = SHRINK**2 if side == "both" else SHRINK
        for _ in range(1, LEVELS):
            h /= SHRINK
            row = [quotient(h)]
            rounding = 4 * numpy.finfo(float).eps * (numpy.abs(centre) / h)
            power = factor
            for j, previous in enumerate(before):
                row.append((power * row[j] - previous) / (power - 1))
                power *= factor
                change = numpy.maximum(abs(row[j + 1] - row[j]), abs(row[j + 1] - previous)) + rounding
                better = change <= error
                best, error = numpy.where(better, row[j + 1], best), numpy.where(better, change, error)
            before = row
    return best[()], error[()]


def _central(g: Callable[[float], numpy.ndarray]) -> Callable[[float], numpy.ndarray]:
    return lambda h: (g(h) - g(-h)) / (2 * h)


def _forward(g: Callable[[float], numpy.ndarray], centre: numpy.ndarray) -> Callable[[float], numpy.ndarray]:
    return lambda h: (g(h) - centre) / h


# ------------------------------------------------------------------------------------------------ checking


def check_grads(
    f: Function, args: Any, order: int = 2, modes: Sequence[str] = ("forward", "reverse"), *, seed: int = 0
) -> Report:
    """Check the derivatives of f at args, up to an order, in the given modes.

    Parameters
    ----------
    f: a function of numbers, arrays and trees of them; it may return any tree.
    args: a tuple of its positional arguments (anything else is taken as the one argument).
    order: the highest order; the second is the derivative of the first.
    modes: "forward", "reverse" or both; both are also compared with each other.
    seed: of the random directions.

    Raises `CheckError` if a derivative disagrees, with the numbers. Returns a `Report` otherwise.

    Example
    -------
    >>> check_grads(lambda x, y: numpy.sin(x) * y, (1.5, numpy.array([1.0, 2.0]))).verdict
    'agree'
    """
    args = args if isinstance(args, tuple) else (args,)
    leaves, structure = flatten(args)
    places = [i for i, leaf in enumerate(leaves) if differentiable(leaf)]
    if not places:
        raise InputError("none of the arguments is a float or a float array", fix="pass floats")

    def of_leaves(*given: Any) -> Any:
        every = list(leaves)
        for i, leaf in zip(places, given, strict=True):
            every[i] = leaf
        return f(*unflatten(structure, every))

    names = [name.replace("args[", "argument ", 1).replace("]", "", 1) for name in paths(args, "args")]
    report = _checked(of_leaves, [leaves[i] for i in places], [names[i] for i in places], order, tuple(modes), seed)
    return confirmed(report)


def check_replay(replay: Replay, leaves: Mapping[str, Any]) -> Report:
    """Check the first derivatives of a recorded program at its inputs; see `check_grads`, which raises where this one
    reports the verdict "disagree".

    Differences follow the recorded path, and so cannot see another branch: an input at which the path itself changes is
    a kink.
    """
    points = [float(leaf) if type(leaf) is int else leaf for leaf in leaves.values()]
    program = RecordedProgram(replay) if len(replay.nodes) >= LONG else _on_path(replay)
    report = _checked(program, points, list(leaves), 1, ("forward", "reverse"), 0)
    rows = tuple(_at_branch(row, replay, points, i) for i, row in enumerate(report.rows))
    if any(row.verdict == "disagree" for row in rows) and any(n.primitive is stop_gradient for n in replay.nodes):
        rows = tuple(_stopped(row) if row.verdict == "disagree" else row for row in rows)
    return Report(max((row.verdict for row in rows), key=VERDICTS.index), rows, report.modes)


def _on_path(replay: Replay) -> Function:
    """The program, with NaN where the body of an instruction would take another path."""

    def evaluated(*points: Any) -> Any:
        try:
            return replay(*points)
        except PathError:
            return numpy.full(replay.output.shape, numpy.nan)[()]

    return evaluated


def _stopped(row: Row) -> Row:
    """The row of a program that leaves a part of its derivative out."""
    told = "the program has stop_gradient, which leaves a part out on purpose"
    return dataclasses.replace(row, detail=f"{row.detail}; {told}" if row.detail else told)


def _at_branch(row: Row, replay: Replay, points: list[Any], i: int) -> Row:
    """The row, as a kink if the smallest step from the input takes another path than the recorded one."""
    if row.verdict not in ("agree", "flat"):
        return row
    if not replay.guards and not any("body" in (node.params or {}) for node in replay.nodes):
        return row  # there is no other path
    step = 1e-9 * max(1.0, float(numpy.max(numpy.abs(backends.to_numpy(points[i])), initial=0.0)))
    for moved in (points[i] + step, points[i] - step):
        try:
            same = bool(numpy.all(replay.on_path(replay.values([*points[:i], moved, *points[i + 1 :]]))))
        except PathError:
            same = False
        if not same:
            return dataclasses.replace(row, verdict="kink", detail="another branch is taken right beside this point")
    return row


def confirmed(report: Report) -> Report:
    """The report itself, or a `CheckError` with the numbers where a derivative disagrees."""
    for row in report.rows:
        if row.verdict == "disagree":
            raise CheckError(
                f"the derivative by {row.input} (order {row.order}) is {number(row.derivative)}, but differences give "
                f"{number(row.numerical)} ± {number(row.estimate)}{': ' + row.detail if row.detail else ''}",
                fix="look for a random or stateful step in the function, and for a wrong rule in a custom primitive",
            )
    return report


def _checked(f: Function, leaves: list[Any], names: list[str], order: int, modes: tuple[str, ...], seed: int) -> Report:
    with settings(nan="allow"):  # differences go to points where there may be no derivative
        return _report(f, leaves, names, order, modes, seed)


def _report(f: Function, leaves: list[Any], names: list[str], order: int, modes: tuple[str, ...], seed: int) -> Report:
    random = numpy.random.default_rng(seed)
    rows: list[Row] = []
    for n in range(1, order + 1):
        flat = f if isinstance(f, RecordedProgram) else _floating_outputs(f)
        made = flat.recorded(*leaves) if isinstance(flat, RecordedProgram) else flat(*leaves)
        weights = [_direction(out, random) for out in made]
        directions = [_direction(leaf, random) for leaf in leaves]
        if isinstance(flat, RecordedProgram):
            lines = [(_widened(x), _widened(direction)) for x, direction in zip(leaves, directions, strict=True)]
            flat.announce([(i, _points(*line, (1.0, 1e-2, 1e-4, 1e-5))) for i, line in enumerate(lines)])
        rows += [_row(flat, leaves, i, name, n, weights, modes, directions[i]) for i, name in enumerate(names)]
        if any(row.verdict in ("kink", "noise") for row in rows):
            break  # a derivative that does not exist has no derivative
        f = _gradient_function(flat, weights)
    return Report(max((row.verdict for row in rows), key=VERDICTS.index), tuple(rows), modes)


def _floating_outputs(f: Function) -> Callable[..., list[Any]]:
    """f with its floating results in a flat list."""

    def flat(*leaves: Any) -> list[Any]:
        made = map(lift, flatten(f(*leaves))[0])
        return [leaf for leaf in made if numpy_dtype(leaf).kind in "fc"]

    return flat


def _gradient_function(flat: Callable[..., list[Any]], weights: list[Any]) -> Function:
    def gradient(*leaves: Any) -> Any:
        return vjp(flat, *leaves)[1](weights)

    return gradient


def _direction(like: Any, random: numpy.random.Generator) -> Any:
    """A random array of the shape, dtype and library of `like`; 1 for a real number."""
    dtype, shape = numpy_dtype(like), tuple(getattr(like, "shape", ()))
    made = random.uniform(0.5, 1.5, shape) * random.choice([-1.0, 1.0], shape)
    if not shape and dtype.kind != "c":
        made = numpy.float64(1.0)
    if dtype.kind == "c":
        made = made + 1j * random.uniform(0.5, 1.5, shape)
    plain = getattr(like, "value", like)
    if backends.backend_of(plain) is not None:
        return backends.asarray_like(made.astype(dtype), plain)
    return made.astype(dtype) if shape or isinstance(like, numpy.generic) else dtype.type(made)


def paired(cotangents: Sequence[Any], tangents: Sequence[Any]) -> float:
    """Re Σ v̄·v̇ over all leaves."""
    pairs = zip(cotangents, tangents, strict=True)
    return float(sum(numpy.real(numpy.sum(_plain(g) * _plain(t))) for g, t in pairs))


def _row(
    flat: Callable[..., list[Any]],
    leaves: list[Any],
    i: int,
    name: str,
    order: int,
    weights: list[Any],
    modes: tuple[str, ...],
    direction: Any,
) -> Row:
    """Compare for input i: the derivative along a direction in each mode, differences, and the slopes of both sides."""
    found = _by_modes(flat, leaves, i, direction, weights, modes)
    wide, along = _widened(leaves[i]), _widened(direction)

    scalar = Weighted(flat, leaves, i, functools.partial(paired, weights))
    if not _same(scalar(wide), scalar(wide)):
        first = next(iter(found.values()))
        return Row(name, order, first, math.nan, math.nan, math.inf, "noise", "two calls give different values")
    numerical, estimate = _closest(scalar, wide, along)
    slopes = _slopes(scalar, wide, along)
    precision = max(float(numpy.finfo(numpy_dtype(leaf)).eps) for leaf in (leaves[i], *weights)) if weights else 1e-16
    verdict, detail = _verdict(found, float(numerical), float(estimate), slopes, precision)
    if order > 1 and verdict == "flat":  # the derivative of a linear function, nothing to warn of
        verdict, detail = "agree", ""
    first = next(iter(found.values()))
    row = Row(name, order, first, numerical, abs(first - numerical), estimate, verdict, detail)
    if verdict in ("agree", "flat") or not getattr(wide, "shape", ()):
        return row
    cotangent = _plain(_pulled(flat, leaves, weights)[i])
    return _at_worst(row, cotangent, scalar, wide, numpy.asarray(_plain(along)))


def _pulled(flat: Callable[..., list[Any]], leaves: list[Any], weights: list[Any]) -> Sequence[Any]:
    if isinstance(flat, RecordedProgram):
        return flat.pulled(weights)
    pulled: Sequence[Any] = vjp(flat, *leaves)[1](weights)
    return pulled


def _at_worst(row: Row, cotangent: Any, scalar: Function, x: Any, direction: numpy.ndarray) -> Row:
    """The row with the worst element of the array: of two halves the worse one, again and again."""
    index = _worst(row.verdict, numpy.asarray(cotangent), scalar, x, direction)
    where = f"worst at [{', '.join(map(str, index))}]"
    return dataclasses.replace(row, index=index, detail=f"{row.detail}, {where}" if row.detail else where)


def _worst(
    verdict: str, cotangent: numpy.ndarray, scalar: Function, x: Any, direction: numpy.ndarray
) -> tuple[int, ...]:
    finite = numpy.isfinite(cotangent)
    if not finite.all():
        return tuple(int(i) for i in numpy.argwhere(~finite)[0])
    low, high = 0, direction.size
    while high - low > 1:
        middle = (low + high) // 2
        halves = [(low, middle), (middle, high)]
        sizes = [_fault_along(verdict, cotangent, scalar, x, _part(direction, *half)) for half in halves]
        low, high = halves[int(sizes[1] > sizes[0])]
    return tuple(int(i) for i in numpy.unravel_index(low, direction.shape))


def _part(direction: numpy.ndarray, low: int, high: int) -> numpy.ndarray:
    """The direction with zeros outside of a range of elements."""
    part = numpy.zeros_like(direction)
    part.reshape(-1)[low:high] = direction.reshape(-1)[low:high]
    return part


def _fault_along(verdict: str, cotangent: numpy.ndarray, scalar: Function, x: Any, part: numpy.ndarray) -> float:
    """How far a derivative along part of the elements is off, or how much the slopes of both sides differ there."""
    along = backends.asarray_like(part, x) if backends.backend_of(x) is not None else part
    if verdict == "kink":
        left, right, _ = _slopes(scalar, x, along)
        size = abs(right - left)
    else:
        size = abs(float(numpy.real(numpy.sum(cotangent * part))) - _closest(scalar, x, along)[0])
    return size if math.isfinite(size) else math.inf


def _closest(f: Function, x: Any, direction: Any) -> tuple[float, float]:
    """Ridders' derivative from the first step, of three, that gives the least error: a long step may cross a kink
    nearby.
    """
    _announce(f, x, direction, (1.0, 1e-2, 1e-4))
    tried = [ridders(f, x, direction, reach) for reach in (1.0, 1e-2, 1e-4)]
    value, error = min(tried, key=lambda pair: float(pair[1]))
    return float(value), float(error)


def _announce(f: Function, x: Any, direction: Any, reaches: Sequence[float]) -> None:
    """Say at which points a function will be asked for, if it wants to know: those of the first steps."""
    if isinstance(f, Weighted):
        f.announce(_points(x, direction, reaches))


def _points(x: Any, direction: Any, reaches: Sequence[float]) -> list[Any]:
    steps = [0.0]
    for reach in reaches:
        h = reach * _scale(x, direction)
        for _ in range(LEVELS):
            steps += [h, -h]
            h /= SHRINK
    return [x + t * direction for t in steps]


def _slopes(f: Function, x: Any, direction: Any) -> tuple[float, float, float]:
    """The slopes to the left and to the right and their uncertainty, from the step at which they differ least."""
    found = []
    _announce(f, x, direction, (1e-2, 1e-4, 1e-5))
    for reach in (1e-2, 1e-4, 1e-5):
        right, left = one_sided(f, x, direction, reach), one_sided(f, x, -direction, reach)
        found.append((-float(left[0]), float(right[0]), float(left[1] + right[1])))
    return min(found, key=lambda s: abs(s[1] - s[0]) if math.isfinite(s[1] - s[0]) else math.inf)


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def _by_modes(
    flat: Callable[..., list[Any]],
    leaves: list[Any],
    i: int,
    direction: Any,
    weights: list[Any],
    modes: tuple[str, ...],
) -> dict[str, float]:
    found = {}
    for mode in modes:
        if mode == "forward" and isinstance(flat, RecordedProgram):
            found[mode] = paired(weights, flat.pushed(i, direction))
        elif mode == "forward":

            def along(x: Any) -> list[Any]:
                return flat(*leaves[:i], x, *leaves[i + 1 :])

            found[mode] = paired(weights, jvp(along, (leaves[i],), (direction,))[1])
        else:
            found[mode] = paired([_pulled(flat, leaves, weights)[i]], [direction])
    return found


def _widened(value: Any) -> Any:
    """A float32 or float16 point in double precision, where differences are worth something."""
    dtype = numpy_dtype(value)
    want = numpy.dtype(complex if dtype.kind == "c" else float)
    return value if dtype == want or not hasattr(value, "dtype") else backends.cast(value, want)


def _verdict(
    found: dict[str, float], numerical: float, estimate: float, slopes: tuple[float, float, float], precision: float
) -> tuple[str, str]:
    """The verdict of one row and a detail."""
    values = list(found.values())
    size = max(1e-300, *(abs(value) for value in values if math.isfinite(value)), 0.0)
    tolerance = 1e3 * precision
    if len(values) == 2 and all(map(math.isfinite, values)) and abs(values[0] - values[1]) > tolerance * max(size, 1.0):
        return "disagree", f"forward mode gives {number(values[0])}, reverse mode {number(values[1])}"
    left, right, uncertain = slopes
    wide = max(abs(left), abs(right), size)
    if math.isfinite(uncertain) and abs(right - left) > 10 * uncertain + 1e-6 * wide:
        return "kink", f"slope {number(left)} to the left, {number(right)} to the right"
    if not math.isfinite(estimate) or not math.isfinite(numerical) or not all(map(math.isfinite, values)):
        return "noise", "not finite"
    if numerical == 0.0 and left == right == 0.0 and not any(values):
        return "flat", "derivative and differences are 0"
    apart = max(abs(value - numerical) for value in values)
    if apart <= 10 * estimate + tolerance * max(size, abs(numerical)):
        vague = estimate > 1e-2 * max(size, abs(numerical)) and apart > 1e-6 * size
        return ("noise", "the differences do not converge") if vague else ("agree", "")
    return "disagree", ""
