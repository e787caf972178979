"""Random NumPy programs: both modes at both orders against each other, and against programs that nobody traces.

`ADKIT_RANDOM_PROGRAMS=5000 pytest tests/correct/test_random_programs.py` runs more of them, with fresh seeds.
"""

from __future__ import annotations

import functools
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adkit import jvp, lift, taylor, vjp
from adkit.check import paired, ridders
from tests.correct.random_programs import CHANGERS, MAKERS, Program, run

COUNT = int(os.environ.get("ADKIT_RANDOM_PROGRAMS", "60"))


def thorough(share):
    """Settings for a share of the number of programs."""
    return settings(
        max_examples=max(1, COUNT // share),
        deadline=None,
        derandomize="ADKIT_RANDOM_PROGRAMS" not in os.environ,
        suppress_health_check=list(HealthCheck),
        database=None,
    )


SHAPES = [(3,), (2, 3), (3, 2, 2), (1, 4), (4, 1), (2, 2)]
STEPS = st.lists(
    st.tuples(st.sampled_from([*MAKERS, *CHANGERS, *CHANGERS]), st.integers(0, 10**6)), min_size=1, max_size=30
)
INPUTS = st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3)
DTYPES = st.sampled_from([np.float64, np.float64, np.float64, np.complex128, np.float32])


def numbers(shape, dtype, seed):
    random = np.random.default_rng(seed)
    made = random.uniform(0.2, 1.2, shape) * random.choice([-1.0, 1.0], shape)
    if np.dtype(dtype).kind == "c":
        made = made + 1j * random.uniform(-0.8, 0.8, shape)
    return made.astype(dtype)


def like(values, seed):
    return [numbers(np.shape(v), v.dtype, seed + i) for i, v in enumerate(values)]


def precision(*values):
    return max(float(np.finfo(v.dtype).eps) for group in values for v in group)


def close(a, b, size, eps):
    assert np.isfinite(a)
    assert abs(a - b) <= 2e3 * eps * max(1.0, size), (a, b, size)


def compare(f, xs, seed, between=()):
    """The value and the adjoint test; returns tangents, tangents of the results, weights.

    `between` are further arrays that are computed on the way, in whose precision.
    """
    plain = f(*xs)
    tangents, weights = like(xs, seed), like(plain, seed + 100)
    out, pushed = jvp(f, tuple(xs), tuple(tangents))
    for a, b, t in zip(plain, out, pushed, strict=True):
        assert a.dtype == b.dtype == t.dtype
        assert a.shape == b.shape == t.shape
        rounding = precision([a], between)
        np.testing.assert_allclose(b, a, rtol=1e3 * rounding, atol=1e2 * rounding)
    pulled = vjp(f, *xs)[1](weights)
    for x, g in zip(xs, pulled, strict=True):
        assert x.dtype == g.dtype
        assert x.shape == g.shape
    size = sum(float(np.sum(np.abs(w * p))) for w, p in zip(weights, pushed, strict=True))
    size += sum(float(np.sum(np.abs(g * t))) for g, t in zip(pulled, tangents, strict=True))
    close(paired(weights, pushed), paired(pulled, tangents), size, precision(xs, plain, between))
    return tangents, pushed, weights


def against_differences(f, xs, tangents, pushed, weights):
    """Against Ridders' differences, if those converge; whether they did."""

    def along(t):
        return paired(weights, f(*(x + t * d for x, d in zip(xs, tangents, strict=True))))

    exact = paired(weights, pushed)
    tried = [ridders(along, 0.0, 1.0, reach) for reach in (1.0, 1e-1, 1e-2)]
    numerical, estimate = min(tried, key=lambda pair: float(pair[1]))
    scale = max(1.0, abs(exact), abs(along(0.0)))
    if not estimate < 1e-6 * scale:
        return False  # a kink nearby, or too rough a function
    assert abs(exact - numerical) <= 30 * estimate + 1e-10 * scale, (exact, float(numerical), float(estimate))
    return True


def program_of(steps, shapes, dtype):
    xs = [numbers(shape, dtype, i) for i, shape in enumerate(shapes)]
    program = Program(steps)
    before = [x.copy() for x in xs]
    program(*xs)
    for x, b in zip(xs, before, strict=True):
        np.testing.assert_array_equal(x, b)
    return functools.partial(lift(run), program), xs


@thorough(1)
@given(STEPS, INPUTS, DTYPES)
def test_first_order(steps, shapes, dtype):
    program, xs = program_of(steps, shapes, dtype)
    tangents, pushed, weights = compare(program, xs, 1)
    single = any(v.dtype in (np.float32, np.complex64) for v in (*xs, *program(*xs)))
    if not single:
        against_differences(program, xs, tangents, pushed, weights)


@thorough(3)
@given(STEPS, INPUTS, st.sampled_from([np.float64, np.complex128]))
def test_second_order(steps, shapes, dtype):
    program, xs = program_of(steps, shapes, dtype)
    out = program(*xs)
    weights, directions = like(out, 200), like(xs, 300)
    forward = lambda *ys: jvp(program, ys, tuple(directions))[1]  # noqa: E731
    reverse = lambda *ys: list(vjp(program, *ys)[1](weights))  # noqa: E731
    single = any(v.dtype in (np.float32, np.complex64) for v in out)
    pushed_along = []
    for g in (forward, reverse):
        tangents, pushed, w = compare(g, xs, 2, out)
        pushed_along.append((g, tangents, pushed, w))
    # ⟨w, d²f(u, v)⟩ both ways
    first = jvp(forward, tuple(xs), tuple(like(xs, 400)))[1]
    second = jvp(reverse, tuple(xs), tuple(like(xs, 400)))[1]
    size = sum(float(np.sum(np.abs(a * b))) for a, b in zip(weights, first, strict=True))
    size += sum(float(np.sum(np.abs(a * b))) for a, b in zip(second, directions, strict=True))
    close(paired(weights, first), paired(second, directions), size, precision(xs, out))
    if not single:
        for g, tangents, pushed, w in pushed_along:
            against_differences(g, xs, tangents, pushed, w)


@thorough(3)
@given(STEPS, INPUTS)
def test_taylor_coefficients(steps, shapes):
    program, xs = program_of(steps, shapes, np.float64)
    directions = like(xs, 500)

    def along(t):
        return program(*(x + t * d for x, d in zip(xs, directions, strict=True)))

    made = taylor(along, 0.0, 3)
    f = along
    eps = precision(made[0])
    for k, factor in ((1, 1), (2, 2), (3, 6)):
        f = (lambda g: lambda t: jvp(g, (t,), (1.0,))[1])(f)
        for a, b in zip(made[k], f(0.0), strict=True):
            scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
            np.testing.assert_allclose(a * factor, b, rtol=1e5 * eps, atol=1e5 * eps * scale)


def test_every_operation_is_taken_by_numpy_now_and_then():
    """The generator itself: no operation is always skipped."""
    for name in [*MAKERS, *CHANGERS]:
        kept = 0
        for seed in range(40):
            program = Program([("binary", seed), ("view", seed), (name, seed)])
            program(numbers((3, 3), np.float64, seed), numbers((3,), np.float64, seed))
            kept += program.decisions[-1] != "skip"
        assert kept >= 4, name


def test_programs_mutate_through_views():
    program = Program([("view", 3), ("in_place", 1)])
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(program(np.ones(3))[0], np.ones(3))
