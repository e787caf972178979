"""scan, while_loop, fori_loop, cond and checkpoint under vmap: once for the batch, and as right as a Python loop."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import adkit
from adkit import checkpoint, cond, derivative, fori_loop, grad, hessian, jacobian, jvp, scan, trace, vmap, while_loop
from tests.test_control_flow import PAIRS

POINTS = np.array([0.3, 0.7, 1.3])
GRID = np.array([POINTS, POINTS[::-1] + 0.25])


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)


def each(f, points=POINTS):
    """The function of each example, by a Python loop."""
    return np.array([f(p) for p in points])


pairs = pytest.mark.parametrize(("f", "loop"), PAIRS, ids=[f.__name__ for f, _ in PAIRS])


@pairs
def test_first_derivatives_of_a_batch(f, loop):
    expected = each(grad(loop))
    close(vmap(grad(f, mode="forward"))(POINTS), expected)
    close(jvp(vmap(f), (POINTS,), (np.ones(3),))[1], expected)
    close(jacobian(vmap(f))(POINTS), np.diag(expected))


@pairs
def test_batches_of_batches(f, loop):
    close(vmap(vmap(f))(GRID), [each(loop, row) for row in GRID])
    close(grad(lambda q: np.sum(vmap(vmap(f))(q)))(GRID), [each(grad(loop), row) for row in GRID])


@pairs
def test_second_derivatives_of_a_batch(f, loop):
    expected = each(grad(grad(loop)))
    close(vmap(grad(grad(f)))(POINTS), expected)
    close(grad(lambda q: np.sum(vmap(grad(f))(q)))(POINTS), expected)
    close(jvp(grad(lambda q: np.sum(vmap(f)(q))), (POINTS,), (np.ones(3),))[1], expected)


# ------------------------------------------------------------------------------------------------ the work


class Counted:
    """A function that counts its calls."""

    def __init__(self, f):
        self.f, self.calls = f, 0

    def __call__(self, *args):
        self.calls += 1
        return self.f(*args)


MANY = np.linspace(0.1, 0.9, 50)


@pytest.mark.parametrize("derived", [lambda f: f, grad], ids=["value", "grad"])
@pytest.mark.parametrize(
    "construct",
    [
        lambda body: lambda p: scan(lambda c, x: (body(c) * x, None), p, np.linspace(0.5, 1, 6))[0],
        lambda body: lambda p: fori_loop(0, 6, lambda i, c: body(c), p),
        lambda body: lambda p: checkpoint(body)(p),
    ],
    ids=["scan", "fori_loop", "checkpoint"],
)
def test_a_body_without_conditions_runs_for_one_example_only(construct, derived):
    body = Counted(lambda c: np.sin(c) * 2)
    once = construct(body)
    once(0.5)
    steps, body.calls = body.calls, 0
    made = vmap(derived(once))(MANY)
    assert body.calls == steps
    close(made, each(derived(construct(lambda c: np.sin(c) * 2)), MANY))


def test_a_loop_of_many_lengths_runs_once_per_step():
    body = Counted(lambda c: c * 0.7)
    f = lambda p: while_loop(lambda c: c > 0.01, body, p)  # noqa: E731
    values, gradients = vmap(f)(MANY), vmap(grad(f))(MANY)
    assert body.calls < 100  # of up to 13 steps, and not for each of the 9 lengths
    lengths = np.ceil(np.log(MANY / 0.01) / -np.log(0.7))
    assert len(set(lengths)) > 5
    close(values, MANY * 0.7**lengths)
    close(gradients, 0.7**lengths)


def test_a_branch_in_python_is_taken_in_groups_at_each_step():
    def body(c, x):
        c = c * x if c > 0.5 else c + x  # another group of examples in each step
        return c, c

    counted = Counted(body)
    xs = np.linspace(0.4, 0.9, 8)
    f = lambda step: lambda p: np.sum(scan(step, p, xs)[1])  # noqa: E731
    close(vmap(f(counted))(MANY), each(f(body), MANY))
    assert counted.calls <= 3 * len(xs)
    close(grad(lambda ps: np.sum(vmap(f(body))(ps) ** 2))(MANY), each(grad(lambda p: f(body)(p) ** 2), MANY))


# ------------------------------------------------------------------------------------------------ what is not taken


DERIVED = pytest.mark.parametrize(
    "derived",
    [
        lambda f: vmap(grad(f)),
        lambda f: vmap(grad(f, mode="forward")),
        lambda f: grad(lambda ps: np.sum(vmap(f)(ps))),
        lambda f: lambda ps: jvp(vmap(f), (ps,), (np.ones_like(ps),))[1],
    ],
    ids=["reverse inside", "forward inside", "reverse around", "forward around"],
)


def inverse(v):
    return np.sum(np.linalg.inv(np.array([[1.0, 2.0], [3.0, 4.0]]) * v))


@DERIVED
@pytest.mark.parametrize(
    ("taken", "otherwise"), [(np.sqrt, np.square), (np.log, lambda v: v), (inverse, np.sin), (lambda v: 1 / v, np.cos)]
)
def test_the_branch_that_is_not_taken_leaves_no_nan(derived, taken, otherwise):
    taken = adkit.lift(taken) if taken is inverse else taken

    def f(p):
        return cond(p > 0, taken, otherwise, p)

    points = np.array([-1.0, 4.0, 0.0, 2.0, 0.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = derived(f)(points)
    close(made, each(lambda p: grad(taken if p > 0 else otherwise)(p), points))


@DERIVED
def test_examples_that_are_done_stay_as_they_are(derived):
    """Another step would take the root of a negative number, or divide by zero."""

    def f(p):
        return while_loop(lambda s: s[0] > 0.5, lambda s: (s[0] - 1, np.sqrt(s[0] * p) + s[1] / (s[0] + 0.5)), (p, p))[
            1
        ]

    def loop(p):
        a, b = p, p
        while a > 0.5:
            a, b = a - 1, np.sqrt(a * p) + b / (a + 0.5)
        return b

    points = np.array([0.25, 3.5, 1.0, 6.0, 0.5])
    close(derived(f)(points), each(grad(loop), points))


def test_a_branch_that_would_raise_is_run_where_it_is_meant_only():
    def f(p):
        return cond(p > 0, lambda v: np.linalg.cholesky(v * np.eye(2))[0, 0], lambda v: v, p)

    close(vmap(grad(adkit.lift(f)))(np.array([-1.0, 4.0])), [1.0, 0.25])


def test_all_examples_take_one_branch():
    calls = Counted(lambda v: v)
    points = np.array([1.0, 2.0])
    close(vmap(lambda p: cond(p > 0, np.square, calls, p))(points), points**2)
    close(vmap(lambda p: cond(p < 0, calls, np.square, p))(points), points**2)
    assert calls.calls == 0


def test_no_example_takes_a_step():
    close(vmap(grad(lambda p: while_loop(lambda c: c < 0, lambda c: c * 2, p * p)))(POINTS), 2 * POINTS)


# ------------------------------------------------------------------------------------------------ operands


def test_carries_that_become_batched_and_values_that_are_closed_over():
    def program(p, w, run):
        """The carry begins the same for all; w is of the example, or shared."""
        total, ys = run(lambda c, x: (c * p + w * x, (c, x)), 1.0, np.linspace(0, 1, 4))
        return total + np.sum(ys[0] * w) + np.sum(ys[1])

    def plain(step, c, xs):
        ys = []
        for x in xs:
            c, y = step(c, x)
            ys.append(y)
        return c, tuple(np.stack(part) for part in zip(*ys, strict=True))

    f, loop = (lambda p, w: program(p, w, scan)), (lambda p, w: program(p, w, plain))
    ws = POINTS * 2
    close(vmap(f)(POINTS, ws), [loop(p, w) for p, w in zip(POINTS, ws, strict=True)])
    close(vmap(f, (0, None))(POINTS, 0.6), each(lambda p: loop(p, 0.6)))
    close(vmap(f, (None, 0))(0.6, POINTS), each(lambda w: loop(0.6, w)))
    close(vmap(grad(f, (0, 1)), (0, None))(POINTS, 0.6), np.transpose([grad(loop, (0, 1))(p, 0.6) for p in POINTS]))

    close(
        grad(lambda w: np.sum(vmap(lambda p: f(p, w) ** 2)(POINTS)))(0.6),
        sum(grad(lambda w: loop(p, w) ** 2)(0.6) for p in POINTS),  # noqa: B023
    )


def test_a_closed_over_value_that_only_the_other_path_needs():
    def f(p, w):
        def body(c, x):
            return (c * w if c > 0.6 else c + x), None

        return scan(body, p, np.full(5, 0.2))[0]

    def loop(p, w):
        for _ in range(5):
            p = p * w if p > 0.6 else p + 0.2
        return p

    ws = np.array([0.5, 0.8, 0.9])
    for points in (POINTS, POINTS[::-1], np.array([0.1, 5.0, 0.2])):
        expected = [grad(loop, (0, 1))(p, w) for p, w in zip(points, ws, strict=True)]
        close(np.transpose(vmap(grad(f, (0, 1)))(points, ws)), expected)


def test_scanned_arrays_of_each_example_in_reverse():
    def f(xs):
        return scan(lambda c, x: (np.tanh(c + x[0]) * x[1], c * x[1]), 0.5, (xs, np.cos(xs)), reverse=True)[1]

    def loop(xs):
        c, ys = 0.5, [0.0] * 4
        for k in (3, 2, 1, 0):
            ys[k] = c * np.cos(xs[k])
            c = np.tanh(c + xs[k]) * np.cos(xs[k])
        return np.stack(ys)

    points = np.random.default_rng(0).normal(size=(3, 4))
    close(vmap(f)(points), [loop(p) for p in points])
    close(vmap(jacobian(f))(points), [jacobian(loop)(p) for p in points])
    close(vmap(f, in_axes=1, out_axes=1)(points.T), np.transpose([loop(p) for p in points]))


def test_dtypes_and_whole_numbers():
    def f(p):
        (value, count), ys = scan(lambda c, x: ((c[0] * p, c[1] + 2), c[1]), (np.float32(1), 0), None, length=3)
        return value * count, ys

    values, ys = vmap(f)(POINTS.astype(np.float32))
    assert values.dtype == np.float32
    np.testing.assert_array_equal(ys, [[0, 2, 4]] * 3)

    def counting(p):
        return while_loop(lambda s: s[0] < 2, lambda s: (s[0] + p, s[1] + 1), (p, 0))

    totals, counts = vmap(counting)(POINTS)
    np.testing.assert_array_equal(counts, [6, 2, 1])
    close(totals, [2.1, 2.1, 2.6])


def test_complex_examples():
    def f(z):
        return np.abs(while_loop(lambda c: np.abs(c) < 2, lambda c: c * c + z, z))

    def loop(z):
        c = z
        while np.abs(c) < 2:
            c = c * c + z
        return np.abs(c)

    points = np.array([1 + 1j, 0.5 - 0.9j, 3 + 0j])
    close(vmap(f)(points), each(loop, points))
    close(vmap(grad(f))(points), each(grad(loop), points))


def test_what_a_construct_is_inside_another_for_a_batch():
    def f(p):
        def body(c, x):
            c = cond(c > 0.5, lambda v: v * p, lambda v: np.sin(v) + x, c)
            c = checkpoint(lambda v: fori_loop(0, 2, lambda i, z: z * np.cos(z * p), v))(c)
            return while_loop(lambda z: z > x, lambda z: z * 0.5, c + p), None

        return scan(body, p, np.linspace(0.2, 0.9, 5))[0]

    def loop(p):
        c = p
        for x in np.linspace(0.2, 0.9, 5):
            c = c * p if c > 0.5 else np.sin(c) + x
            for _ in range(2):
                c = c * np.cos(c * p)
            c = c + p
            while c > x:
                c = c * 0.5
        return c

    close(vmap(f)(POINTS), each(loop))
    close(vmap(grad(f))(POINTS), each(grad(loop)))
    close(grad(lambda ps: np.sum(vmap(f)(ps)))(POINTS), each(grad(loop)))
    close(vmap(vmap(grad(f)))(GRID), [each(grad(loop), row) for row in GRID])


def test_sums_over_a_batch_whose_examples_stop_at_different_steps():

    def f(ps):
        return np.sum(vmap(lambda p: while_loop(lambda c: c < 3, lambda c: c * (1 + p), p))(ps) ** 2)

    def loop(ps):
        total = 0.0
        for p in ps:
            c = p
            while c < 3:
                c = c * (1 + p)
            total = total + c**2
        return total

    for points in (POINTS, POINTS * 2):
        close(grad(f)(points), grad(loop)(points))
    close(trace(f)(POINTS)["ps"], grad(loop)(POINTS))


# ------------------------------------------------------------------------------------------------ nan="raise"


def rooted(c):
    return np.sqrt(c)


def rooted_twice(x):
    return while_loop(lambda s: s[1] < 2, lambda s: (rooted(s[0]), s[1] + 1), (x, 0))[0]


STOPPED = {
    "a function": lambda x: grad(rooted)(x),
    "a scan": lambda x: grad(lambda v: scan(lambda c, y: (rooted(c) * y, None), v, np.ones(2))[0])(x),
    "inside a body": lambda x: scan(lambda c, y: (grad(rooted)(c * y), None), x, np.ones(1))[0],
    "inside a branching body": lambda x: fori_loop(0, 1, lambda i, c: grad(rooted)(c) if c >= 0 else c, x),
    "a while_loop": lambda x: grad(rooted_twice)(x),
    "a branch": lambda x: cond(x < 2, grad(rooted), lambda v: v, x),
}


@pytest.mark.parametrize("name", STOPPED)
def test_a_derivative_of_any_example_that_is_not_finite_stops(name):
    points = np.array([1.0, 2.0, 0.0, 3.0])
    for x in (0.0, points):
        assert not np.isfinite((vmap(STOPPED[name]) if np.ndim(x) else STOPPED[name])(x)).all()
    with adkit.settings(nan="raise"):
        assert np.isfinite(vmap(STOPPED[name])(points[[0, 1, 3]])).all()
        with pytest.raises(adkit.NonFiniteError) as caught:
            vmap(STOPPED[name])(points)
    assert "Fix: " in str(caught.value)
    assert caught.value.__notes__[-1] == "This is example 2 of a batch of 4."


# ------------------------------------------------------------------------------------------------ what is shown


def test_a_batch_is_one_instruction_with_a_body():
    def f(ps):
        moved = vmap(lambda p: scan(lambda c, x: (c * x, None), p, np.ones(3))[0])(ps)
        stopped = vmap(lambda p: while_loop(lambda c: c < 3, lambda c: c * 2, p))(moved)
        return np.sum(vmap(lambda p: cond(p > 5, np.sin, np.cos, p))(stopped))

    t = trace(f)(POINTS)
    made = {i.primitive: i for i in t.wengert if i.body is not None}
    assert made["scan"].text.startswith("scan[3 steps, batch of 3](")
    assert made["while_loop"].text.startswith("while_loop[4 steps, batch of 3](")
    assert made["cond"].text.startswith("cond[either, batch of 3](")
    t.wengert.check()
    assert str(t) == str(trace(f)(POINTS))
    assert t.check().verdict == "agree"


# ------------------------------------------------------------------------------------------------ sparsity, series


@pairs
def test_sparse_matrices_of_a_batch(f, loop):
    """Each example depends on its own input; at most on that of another one besides, whose operands stand in."""
    jac = jacobian(vmap(f), mode="sparse")(POINTS)
    close(jac.toarray(), np.diag(each(grad(loop))))
    assert jac.nnz == 3 or (f.__name__ in ("newton", "chosen") and jac.nnz <= 7)
    close(hessian(lambda q: np.sum(vmap(f)(q)), mode="sparse")(POINTS).toarray(), np.diag(each(grad(grad(loop)))))


def heat(u):
    step = lambda c, _: (c + 0.1 * (np.roll(c, 1) - 2 * c + np.roll(c, -1)), c[0] * c)  # noqa: E731
    return scan(step, u, None, length=3)


def test_the_pattern_goes_through_the_steps_of_a_scan():
    u = np.linspace(0.5, 1.5, 20)
    for f in (lambda v: heat(v)[0], lambda v: heat(v)[1].ravel()):
        jac = jacobian(f, mode="sparse")(u)
        close(jac.toarray(), jacobian(f)(u))
        assert jac.nnz <= 1.1 * np.count_nonzero(jacobian(f)(u))


def test_a_plan_knows_when_a_body_took_another_path():
    grow = lambda u: while_loop(lambda c: c[0] < 3, lambda c: c + np.roll(c, 1), u)  # noqa: E731
    plan = adkit.sparse_plan(grow, np.full(9, 2.0))
    for start in (2.0, 0.3, 4.0):
        u = np.full(9, start)
        close(plan(u).toarray(), jacobian(grow)(u))
    steps = [1]
    f = lambda u: fori_loop(0, steps[0], lambda i, c: c + np.roll(c, i + 1), u)  # noqa: E731
    plan = adkit.sparse_plan(f, u)
    for steps[0] in (4, 2):
        close(plan(u).toarray(), jacobian(f)(u))


@pairs
def test_third_derivatives_of_a_batch(f, loop):
    def total(t):
        return np.sum(vmap(f)(t * POINTS))

    close(derivative(total, 3)(0.9), derivative(lambda t: sum(loop(t * p) for p in POINTS), 3)(0.9))
