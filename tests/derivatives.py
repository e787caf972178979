"""Whether the derivatives of a function are right, at the least cost: what the walks over many functions share.

Both modes must agree by the adjoint test ⟨u, J v⟩ = ⟨Jᵀu, v⟩ in random directions of all operands at once, and the
forward one with extrapolated differences. At order 2 the forward and the reverse sweep are functions to be
differentiated in their turn, in both modes; they must agree on ⟨u, f″[v, w]⟩, so that one of them needs differences.

Not for: a report of each operand, kinks and noise (`adkit.check.check_grads`), which takes many times the evaluations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from adkit import jvp, vjp
from adkit.check import paired, ridders
from adkit.pytrees import flatten, lift
from adkit.settings import settings


def each(cases: Iterable[tuple[str, Any]], check: Callable[..., None]) -> None:
    """Check every (name, arguments); the error names all that fail, and holds what each of them raised."""
    failed: list[tuple[str, Exception]] = []
    for name, arguments in cases:
        try:
            check(*arguments)
        except Exception as error:
            error.add_note(f"The case: {name}")
            failed.append((name, error))
    if failed:
        raise ExceptionGroup("cases that fail: " + ", ".join(name for name, _ in failed), [e for _, e in failed])


def directions(values: Sequence[Any], seed: int) -> list[Any]:
    """Random tangents or cotangents of the shapes and dtypes of values."""
    random = np.random.default_rng(seed)
    made = []
    for value in values:
        shape, dtype = np.shape(value), np.asarray(value).dtype
        d = random.uniform(0.5, 1.5, shape) * random.choice([-1, 1], shape)
        d = d + 1j * random.uniform(-1, 1, shape) if dtype.kind == "c" else d
        made.append(np.asarray(d, dtype=dtype)[()])
    return made


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def close(a: float, b: float, dtype: Any, *scale: Any) -> None:
    """Whether two pairings agree to rounding, measured by the size of what was summed."""
    size = max(1e-2, *(float(np.sum(np.abs(s))) for s in scale))
    rounding = np.finfo(dtype).eps
    assert abs(a - b) <= (5e3 if rounding < 1e-10 else 1e3) * rounding * max(size, abs(a), abs(b)), (a, b)


def coarsest(*values: Any) -> Any:
    """The dtype, among those of values, of the largest rounding."""
    return max((np.asarray(v).dtype for v in values), key=lambda d: np.finfo(d).eps)


def compare_modes(
    f: Callable[..., Any],
    xs: Sequence[Any],
    tangents: Sequence[Any] | None = None,
    weights: Sequence[Any] | None = None,
) -> tuple[Sequence[Any], list[Any], Sequence[Any]]:
    """The adjoint test at order 1; returns the tangents, the tangent of the result, and the cotangent used."""
    tangents = directions(xs, 1) if tangents is None else tangents
    out, pushed = jvp(f, tuple(xs), tuple(tangents))
    out, pushed = as_list(out), as_list(pushed)
    for o, t in zip(out, pushed, strict=True):
        assert np.shape(o) == np.shape(t)
        assert np.asarray(o).dtype == np.asarray(t).dtype or np.asarray(o).dtype.kind not in "fc"
    weights = directions(out, 2) if weights is None else weights
    value, pullback = vjp(f, *xs)
    # a cotangent of a complex operand may be real where no complex number took part
    weights = [w if np.iscomplexobj(o) else np.real(w) for w, o in zip(weights, out, strict=True)]
    pulled = pullback(type(value)(weights) if isinstance(value, (list, tuple)) else weights[0])
    for x, g in zip(xs, pulled, strict=True):
        assert np.shape(x) == np.shape(g)
        assert np.asarray(x).dtype == np.asarray(g).dtype
    close(paired(weights, pushed), paired(pulled, tangents), coarsest(*xs, *out), *products(weights, pushed),
          *products(pulled, tangents))  # fmt: skip
    return tangents, pushed, weights


def products(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    return [x * y for x, y in zip(a, b, strict=True)]


def compare_second_orders(f: Callable[..., Any], xs: Sequence[Any]) -> tuple[Any, list[Any], list[Any], list[Any]]:
    """Both modes over both modes; the forward sweep as a function, and of it what `compare_modes` gives."""
    out = as_list(f(*xs))
    weights, tangents, others = directions(out, 3), directions(xs, 4), directions(xs, 5)

    def push(*ys: Any) -> Any:
        return jvp(f, ys, tuple(tangents))[1]

    def pull(*ys: Any) -> Any:
        value, pullback = vjp(f, *ys)
        return pullback(type(value)(weights) if isinstance(value, (list, tuple)) else weights[0])

    _, pushed, _ = compare_modes(push, xs, others, weights)
    _, pulled, _ = compare_modes(pull, xs, others, tangents)
    close(paired(weights, pushed), paired(tangents, pulled), coarsest(*xs, *out), *products(weights, pushed),
          *products(tangents, pulled))  # fmt: skip
    return push, others, pushed, weights


def against_differences(
    f: Callable[..., Any], xs: Any, tangents: Any, pushed: Any, weights: Any, reach: float = 1.0
) -> None:
    """The derivative along the tangents against extrapolated differences, whose own estimate is the tolerance.

    Shorter steps are tried where a long one leaves the piece on which f is smooth.
    """

    def along(t: Any) -> float:
        return paired(weights, as_list(f(*(x + t * d for x, d in zip(xs, tangents, strict=True)))))

    exact = paired(weights, pushed)
    scale = max(1.0, abs(exact), abs(along(0.0)))
    rounding = max(1e-12, 1e2 * np.finfo(coarsest(*xs, *pushed)).eps) * scale
    found = []
    for step in (reach, 1e-2 * reach, 1e-4 * reach):
        numerical, estimate = ridders(along, 0.0, 1.0, step)
        if abs(exact - numerical) <= min(10 * estimate, 1e-4 * scale) + rounding:
            return
        found.append((float(numerical), float(estimate)))
    raise AssertionError(f"the derivative is {exact}; differences and their errors are {found}")


def floating(f: Callable[..., Any]) -> Callable[..., list[Any]]:
    """The floating parts of f's result, in a list."""

    def parts(*xs: Any) -> list[Any]:
        made = [lift(part) for part in flatten(f(*xs))[0]]
        return [part for part in made if np.asarray(getattr(part, "value", part)).dtype.kind in "fc"]

    return parts


def check_derivatives(f: Callable[..., Any], xs: Sequence[Any], order: int = 2, reach: float = 1.0) -> None:
    """The derivatives of a function of floating arrays, of its floating results, at order 1 or at both orders; `reach`
    shortens the steps of the differences.
    """
    f = floating(f)
    with settings(nan="allow"), np.errstate(all="ignore"):  # differences go to points where there may be no derivative
        against_differences(f, xs, *compare_modes(f, xs), reach)
        if order == 2:
            push, *compared = compare_second_orders(f, xs)
            against_differences(push, xs, *compared, reach)
