"""The walk over the table of primitives on arrays of another library, beside the same walk on NumPy's.

`tests/table` shows that NumPy's results are right; here each row is asked for the same numbers, in the same dtypes, on
the device of its operands. Not for: the cases (`tests/table/cases.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy

from adkit import jvp, vjp
from adkit.primitive import REGISTRY
from tests.arrays import device_name, from_numpy, to_numpy
from tests.derivatives import each
from tests.table.cases import CASES_OF, CONSTANT_CASES, Case

DTYPES = (numpy.float64, numpy.float32, numpy.complex128)
ROWS = tuple(CASES_OF)
CONSTANTS = sorted(CONSTANT_CASES)


def walk_first_order(row: str, library: str, device: Any) -> None:
    """Tangents and cotangents of the cases of a row on a device, beside NumPy's."""
    each(_cases(row, library, device, _both_modes), _walk)


def walk_second_order(row: str, library: str, device: Any) -> None:
    """Tangents and cotangents of the forward and of the reverse sweep of the cases of a row, beside NumPy's."""

    def derivatives(f: Callable[..., Any], xs: list[Any], place: Callable[[Any], Any]) -> Iterator[Any]:
        out, _ = vjp(f, *xs)
        weight, tangents = place(_direction(out, 3)), tuple(place(_direction(x, 4)) for x in xs)
        yield from _both_modes(lambda *ys: vjp(f, *ys)[1](weight), xs, place)
        yield from _both_modes(lambda *ys: jvp(f, ys, tangents)[1], xs, place)

    each(_cases(row, library, device, derivatives), _walk)


def walk_constant(name: str, library: str, device: Any) -> None:
    """The value of a row without derivative on a device, beside NumPy's."""
    operands, params, _ = CONSTANT_CASES[name]
    expected = REGISTRY[name](*operands, **params)
    placed = [from_numpy(x, library, device) if isinstance(x, numpy.ndarray) else x for x in operands]
    same(REGISTRY[name](*placed, **params), expected, device)


def same(result: Any, expected: Any, device: Any) -> None:
    """A result on a device with NumPy's dtype, shape, and values to rounding."""
    assert device_name(result) == device
    result, expected = to_numpy(result), numpy.asarray(expected)
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    if expected.dtype.kind not in "fc":
        numpy.testing.assert_array_equal(result, expected)
        return
    largest = float(numpy.max(numpy.abs(expected), initial=1.0, where=numpy.isfinite(expected)))
    rounding = 5e3 * numpy.finfo(expected.dtype).eps
    numpy.testing.assert_allclose(result, expected, rtol=rounding, atol=rounding * largest)


def _cases(row: str, library: str, device: Any, derivatives: Callable[..., Iterator[Any]]) -> Iterator[tuple[str, Any]]:
    for case in CASES_OF[row]:
        for dtype in DTYPES if case.complex else DTYPES[:2]:
            yield f"{case.id}-{numpy.dtype(dtype).name}", (case, dtype, library, device, derivatives)


def _walk(case: Case, dtype: Any, library: str, device: Any, derivatives: Callable[..., Iterator[Any]]) -> None:
    operands = case.operands(dtype)

    def place(x: Any) -> Any:
        return from_numpy(numpy.asarray(x), library, device)

    placed = [place(x) if isinstance(x, (numpy.ndarray, numpy.generic)) else x for x in operands]
    with numpy.errstate(all="ignore"):
        plain = derivatives(case.of_places(operands), [operands[i] for i in case.places], lambda x: x)
        moved = derivatives(case.of_places(placed), [placed[i] for i in case.places], place)
        for expected, result in zip(plain, moved, strict=True):
            same(result, expected, device)


def _both_modes(f: Callable[..., Any], xs: list[Any], place: Callable[[Any], Any]) -> Iterator[Any]:
    """The results of f, its tangents, and its cotangents, one array after the other."""
    out, pushed = jvp(f, tuple(xs), tuple(place(_direction(x, 1)) for x in xs))
    value, pullback = vjp(f, *xs)
    weights = [place(_direction(o, 2)) for o in _as_list(value)]
    pulled = pullback(type(value)(weights) if isinstance(value, (list, tuple)) else weights[0])
    yield from (*_as_list(out), *_as_list(pushed), *pulled)


def _direction(like: Any, seed: int) -> Any:
    """A random tangent or cotangent, the same for every library."""
    plain = numpy.asarray(to_numpy(like))
    random = numpy.random.default_rng(seed)
    made = random.uniform(0.5, 1.5, plain.shape) * random.choice([-1, 1], plain.shape)
    made = made + 1j * random.uniform(-1, 1, plain.shape) if plain.dtype.kind == "c" else made
    return numpy.asarray(made, dtype=plain.dtype)[()]


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
