"""checkpoint, scan, while_loop, fori_loop and cond: against plain Python loops, in both modes, at orders 1 and 2."""

from __future__ import annotations

import json
import pickle
import tracemalloc

import numpy as np
import pytest

import adkit
from adkit import (
    InputError,
    LeakError,
    check_grads,
    checkpoint,
    cond,
    derivative,
    fori_loop,
    grad,
    hessian,
    jacobian,
    jvp,
    linearize,
    scan,
    trace,
    vjp,
    vmap,
    while_loop,
)

XS = np.linspace(0.1, 0.9, 7)
ROUNDING = 1e-12


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=ROUNDING, atol=ROUNDING)


# ------------------------------------------------------------------------------------------------ programs, loops


def scan_with_closure(p):
    c, ys = scan(lambda c, x: (np.sin(c) * x + p * c, c * c), p * 1.0, XS)
    return c + np.sum(ys)


def scan_with_closure_loop(p):
    c, total = p * 1.0, 0.0
    for x in XS:
        total = total + c * c
        c = np.sin(c) * x + p * c
    return c + total


def scan_of_traced_array(p):
    c, ys = scan(lambda c, x: (c * x, np.cos(c + x)), 1.0, XS * p, reverse=True)
    return c * np.sum(ys * np.arange(7.0))


def scan_of_traced_array_loop(p):
    c, total, xs = 1.0, 0.0, XS * p
    for k in range(6, -1, -1):
        total = total + np.cos(c + xs[k]) * k
        c = c * xs[k]
    return c * total


def branching(p):
    def body(c, x):
        if x > 0.5:
            return c * p, None
        return (c - x * p, None) if c > 1 else (np.sin(c) + x, None)

    return scan(body, p * 2, np.linspace(0, 1, 9))[0]


def branching_loop(p):
    c = p * 2
    for x in np.linspace(0, 1, 9):
        c = c * p if x > 0.5 else c - x * p if c > 1 else np.sin(c) + x
    return c


def counted(p):
    return fori_loop(1, 6, lambda i, c: c * np.cos(i * p) + c**2 / i, p)


def counted_loop(p):
    c = p
    for i in range(1, 6):
        c = c * np.cos(i * p) + c**2 / i
    return c


def newton(p):
    return while_loop(lambda x: abs(x * x - p) > 1e-13, lambda x: 0.5 * (x + p / x), p + 1)


def newton_loop(p):
    x = p + 1
    while abs(x * x - p) > 1e-13:
        x = 0.5 * (x + p / x)
    return x


def trees(p):
    def body(carry, x):
        state = {"a": carry["a"] * x["u"] + p, "n": carry["n"] + 1, "b": (carry["b"][0] + np.sin(carry["a"]),)}
        return state, (state["a"] * x["v"], carry["n"])

    init = {"a": p * np.ones(2), "n": 0, "b": (np.zeros(2) + p,)}
    last, (ys, counts) = scan(body, init, {"u": XS, "v": XS * p})
    assert list(np.asarray(counts)) == list(range(7))
    return np.sum(last["b"][0]) + np.sum(ys) + last["n"] * p


def trees_loop(p):
    a, n, b, total = p * np.ones(2), 0, np.zeros(2) + p, 0.0
    for x in XS:
        b = b + np.sin(a)
        a = a * x + p
        n = n + 1
        total = total + np.sum(a * (x * p))
    return np.sum(b) + total + n * p


def nested(p):
    def outer(c, x):
        inner = fori_loop(0, 3, lambda i, z: np.sin(z) * p, c)
        slope = grad(lambda v: scan(lambda s, y: (s * y + v * v, None), v, XS[:3])[0])(c)
        return c * 0.5 + inner * x + slope * 0.1, None

    return scan(outer, p, XS)[0]


def nested_loop(p):
    def row(v):
        s = v
        for y in XS[:3]:
            s = s * y + v * v
        return s

    c = p
    for x in XS:
        z = c
        for _ in range(3):
            z = np.sin(z) * p
        c = c * 0.5 + z * x + grad(row)(c) * 0.1
    return c


def chosen(p):
    squared = cond(p > 0.5, lambda v: v * v * p, lambda v: -v, p * 2)
    return squared + cond(p > 5, lambda v: v, lambda v: np.exp(v) * p, p)


def chosen_loop(p):
    v = p * 2
    return (v * v * p if p > 0.5 else -v) + (p if p > 5 else np.exp(p) * p)


def recomputed(p):
    layer = checkpoint(lambda x, scale: np.tanh(x) * scale + p)
    return np.sum(layer(layer(XS * p, scale=2.0), scale=p))


def recomputed_loop(p):
    def layer(x, scale):
        return np.tanh(x) * scale + p

    return np.sum(layer(layer(XS * p, 2.0), p))


def large_arrays(p):
    def body(c, x):
        work = adkit.numpy.zeros(200)
        work[:100] = np.sin(c[:100] * p)
        work[100:] = c[100:] ** 2
        inner, _ = scan(lambda z, y: (np.cos(z) * y, None), work, XS[:2])
        return c * 0.9 + checkpoint(np.tanh)(inner) * x, np.sum(work)

    c, ys = scan(body, np.linspace(0.0, 1.0, 200) * p, XS)
    return np.sum(c * c) + np.sum(ys)


def large_arrays_loop(p):
    c, total = np.linspace(0.0, 1.0, 200) * p, 0.0
    for x in XS:
        work = np.concatenate([np.sin(c[:100] * p), c[100:] ** 2])
        z = work
        for y in XS[:2]:
            z = np.cos(z) * y
        c = c * 0.9 + np.tanh(z) * x
        total = total + np.sum(work)
    return np.sum(c * c) + total


PAIRS = [
    (scan_with_closure, scan_with_closure_loop),
    (scan_of_traced_array, scan_of_traced_array_loop),
    (branching, branching_loop),
    (counted, counted_loop),
    (newton, newton_loop),
    (trees, trees_loop),
    (nested, nested_loop),
    (chosen, chosen_loop),
    (recomputed, recomputed_loop),
    (large_arrays, large_arrays_loop),
]
POINTS = [0.7, 1.3]
pairs = pytest.mark.parametrize(("f", "loop"), PAIRS, ids=[f.__name__ for f, _ in PAIRS])


@pairs
@pytest.mark.parametrize("p", POINTS)
def test_value_and_both_modes(f, loop, p):
    close(f(p), loop(p))
    close(grad(f)(p), grad(loop)(p))
    close(jvp(f, (p,), (1.0,)), jvp(loop, (p,), (1.0,)))


@pairs
def test_second_order_in_every_nesting(f, loop):
    p = 0.7
    expected = grad(grad(loop))(p)
    close(grad(grad(f))(p), expected)
    close(jvp(grad(f), (p,), (1.0,))[1], expected)
    close(grad(lambda q: jvp(f, (q,), (1.0,))[1])(p), expected)
    close(jvp(lambda q: jvp(f, (q,), (1.0,))[1], (p,), (1.0,))[1], expected)


@pairs
def test_third_order(f, loop):
    close(derivative(f, 3)(0.7), derivative(loop, 3)(0.7))


@pytest.mark.parametrize("first", [0.5, 1.5, 3.0, 2.0**500.5])
@pytest.mark.parametrize(
    "derived", [lambda f: f, grad, lambda f: grad(f, mode="forward")], ids=["value", "reverse", "forward"]
)
def test_the_last_condition_of_a_loop_is_part_of_its_path(derived, first):
    """Also where it stands alone, after the steps that fill a piece: 1, or 1 + 500."""

    def halved(x):
        return while_loop(lambda a: np.abs(a) > 1, lambda a: a / 2, x)

    points = np.array([first, 7.0, 0.25, 900.0, 1.2])
    close(vmap(derived(halved))(points), [derived(halved)(float(x)) for x in points])


@pairs
def test_vmap_over_points_that_take_different_paths(f, loop):
    points = np.array([0.3, 0.7, 1.3])
    close(vmap(f)(points), [loop(p) for p in points])
    close(vmap(grad(f))(points), [grad(loop)(p) for p in points])
    close(grad(lambda ps: np.sum(vmap(f)(ps)))(points), [grad(loop)(p) for p in points])


@pairs
def test_against_differences(f, loop):
    assert check_grads(f, 0.7).verdict == "agree"


@pairs
def test_a_linearization_outlives_the_call(f, loop):
    value, f_jvp = linearize(f, 0.7)
    _, pullback = vjp(f, 0.7)
    expected = grad(loop)(0.7)
    close(value, loop(0.7))
    close([f_jvp(2.0), f_jvp(1.0)], [2 * expected, expected])
    close([pullback(2.0)[0], pullback(1.0)[0]], [2 * expected, expected])


@pairs
def test_traces_check_themselves_and_know_higher_orders(f, loop):
    t = trace(f, order=2)(0.7)
    close(t["p"], grad(loop)(0.7))
    close(t.higher()["p", "p"], grad(grad(loop))(0.7))
    assert t.check().verdict == "agree"


# ------------------------------------------------------------------------------------------------ matrices, types


def test_jacobians_of_what_is_collected():
    def f(x):
        return scan(lambda c, v: (c * v, c + v), 1.0, x)[1]

    x = np.array([1.0, 2.0, 3.0])
    expected = [[1, 0, 0], [1, 1, 0], [2, 1, 1]]
    for mode in ("forward", "reverse"):
        np.testing.assert_array_equal(jacobian(f, mode=mode)(x), expected)


def test_a_hessian_through_cond():
    h = hessian(lambda x: cond(x[0] > 0, lambda v: np.sum(v**3) * x[1], lambda v: -np.sum(v), x))
    np.testing.assert_allclose(h(np.array([1.0, 2.0])), [[12, 3], [3, 48]])
    np.testing.assert_array_equal(h(np.array([-1.0, 2.0])), np.zeros((2, 2)))


def test_complex_carries():
    def f(z):
        return scan(lambda c, x: (c * z + x, c), z, XS.astype(complex))[0]

    def loop(z):
        c = z
        for x in XS.astype(complex):
            c = c * z + x
        return c

    z = 0.4 + 0.3j
    close(grad(lambda v: np.real(f(v)))(z), grad(lambda v: np.real(loop(v)))(z))
    close(grad(lambda v: np.abs(f(v)))(z), grad(lambda v: np.abs(loop(v)))(z))


def test_float32_stays_float32():
    x = np.ones(3, np.float32)
    g = grad(lambda v: np.sum(scan(lambda c, y: (c * y, c), np.float32(2.0), v)[1]))(x)
    assert g.dtype == np.float32


def test_integers_pass_without_a_derivative():
    def f(p):
        (value, count), _ = scan(lambda c, x: ((c[0] * p, c[1] + 2), None), (1.0, 0), XS)
        return value * count

    close(grad(f)(0.9), 14 * 7 * 0.9**6)


def test_a_count_that_depends_on_data_is_right_for_every_example():
    def f(a):
        return while_loop(lambda s: s[0] < 10, lambda s: (s[0] * a, s[1] + 1), (a, 0))

    values, counts = vmap(f)(np.array([1.5, 2.0, 5.0]))
    np.testing.assert_array_equal(counts, [5, 3, 1])
    close(values, [1.5**6, 16, 25])


@pytest.mark.parametrize("loop", [lambda p: scan(lambda c, x: (c * x, (c, x)), p, np.ones((0, 2)).sum(1)),
                                  lambda p: (fori_loop(3, 3, lambda i, c: c * i, p), ()),
                                  lambda p: (while_loop(lambda c: c < 0, lambda c: c * 2, p), ())])  # fmt: skip
def test_no_steps(loop):
    close(grad(lambda p: loop(p)[0] * p)(3.0), 6.0)
    assert loop(3.0)[0] == 3.0
    for y in loop(3.0)[1]:
        assert y.shape == (0,)


def test_plain_calls_give_plain_values():
    c, ys = scan(lambda c, x: (c + x, {"y": c * x}), 0.0, np.ones(3))
    assert type(ys["y"]) is np.ndarray
    assert (c, ys["y"].tolist()) == (3.0, [0.0, 1.0, 2.0])
    assert cond(False, lambda: 1, lambda: "other") == "other"


def test_a_function_that_nothing_traced_enters_is_a_constant():
    close(grad(lambda p: p * scan(lambda c, x: (c + x, None), 1.0, XS)[0])(2.0), 1 + XS.sum())


# ------------------------------------------------------------------------------------------------ soundness


def test_a_body_runs_once():
    calls = []

    def body(c, x):
        calls.append(1)
        return c * x, None

    grad(lambda p: scan(body, p, XS)[0])(0.5)
    assert len(calls) == len(XS)


def test_names_that_change_afterwards_do_not_matter():
    def f(p):
        c = p
        for i in range(1, 4):
            c, _ = scan(lambda c, x: (c * i * x * p, None), c, np.ones(2))  # noqa: B023
        return c

    close(grad(f)(2.0), 36 * 7 * 2.0**6)


def test_random_numbers_of_the_body_are_those_that_it_drew():
    random = np.random.default_rng(0)
    drawn = []

    def body(c, x):
        drawn.append(random.normal(size=100))
        return np.tanh(c) * drawn[-1], None

    g = grad(lambda p: np.sum(scan(body, p * np.ones(100), XS)[0]))(0.5)

    def loop(p):
        c = p * np.ones(100)
        for noise in drawn:
            c = np.tanh(c) * noise
        return np.sum(c)

    close(g, grad(loop)(0.5))


def test_an_array_that_changes_afterwards_does_not_matter():
    scale = np.full(100, 2.0)

    def f(p):
        c, _ = scan(lambda c, x: (np.sin(c) * scale, None), p * np.ones(100), XS)
        scale[:] = 0.0
        return np.sum(c)

    g = grad(f)(0.5)
    scale[:] = 2.0
    close(g, grad(lambda p: np.sum(scan(lambda c, x: (np.sin(c) * 2.0, None), p * np.ones(100), XS)[0]))(0.5))


@pytest.mark.parametrize("derive", [lambda f: grad(f)(0.5), lambda f: jvp(f, (0.5,), (1.0,))])
def test_a_value_that_leaves_the_body_is_an_error(derive):
    def f(p):
        saved = []

        def body(c, x):
            saved.append(c)
            return c * x, None

        scan(body, p, XS)
        return sum(saved)

    with pytest.raises(LeakError, match=r"inside the body of scan is used outside.*line \d+.*Fix: return it"):
        derive(f)


def test_a_value_kept_from_step_to_step_beside_the_carry_is_an_error():
    def f(p):
        last = [0.0]

        def body(c, x):
            made = c + last[0]
            last[0] = c
            return made, None

        return scan(body, p, np.ones(1500))[0]

    with pytest.raises(LeakError, match="earlier step"):
        grad(f)(0.5)


# ------------------------------------------------------------------------------------------------ errors


def not_a_pair(p):
    return scan(lambda c, x: c * x, p, XS)


def other_dtype(p):
    return scan(lambda c, x: (c + p * x, None), 0, XS)


def other_shape(p):
    return fori_loop(0, 2, lambda i, c: np.ones(3) * c, p)


def other_structure(p):
    def step(c, x):
        return (c[0], c[1], p), None

    return scan(step, (p, p), XS)


def other_y(p):
    return scan(lambda c, x: (c, c if x < 0.5 else (c, c)), p, XS)


ERRORS = {
    "not a pair": (not_a_pair, "not a pair"),
    "dtype": (other_dtype, "changes the dtype of the carry from int64 to float64"),
    "shape": (other_shape, "changes the shape of the carry"),
    "structure": (
        other_structure,
        r"step \(defined at line \d+\), the body of scan, returns a carry that has the struc",
    ),
    "y": (other_y, "another structure, shape or dtype for y"),
    "no length": (lambda p: scan(lambda c, x: (c, None), p), "neither xs nor length"),
    "lengths": (lambda p: scan(lambda c, x: (c, None), p, (XS, XS[1:])), "different lengths"),
    "object": (lambda p: scan(lambda c, x: (c, None), (p, "text"), XS), r"the carry\[1\] of scan is str"),
    "condition": (lambda p: while_loop(lambda c: np.ones(2) > c, lambda c: c, p), "of shape"),
    "bound": (lambda p: fori_loop(0, 2.5, lambda i, c: c, p), "not a whole number"),
    "predicate": (lambda p: cond(XS > 0.5, lambda: p, lambda: -p), "condition of cond has the shape"),
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("run", [lambda f: f(0.5), lambda f: grad(f)(0.5)], ids=["plain", "grad"])
def test_errors_say_what_to_do(name, run):
    f, message = ERRORS[name]
    with pytest.raises(InputError, match=message) as caught:
        run(f)
    assert caught.value.line is not None
    assert caught.value.fix


def test_an_error_in_the_body_is_the_users_error():
    def body(c, x):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        grad(lambda p: scan(body, p, XS)[0])(0.5)
    close(grad(scan_with_closure)(0.7), grad(scan_with_closure_loop)(0.7))


# ------------------------------------------------------------------------------------------------ size


def test_many_steps_without_recursion():
    n = 100_000
    g = grad(lambda p: fori_loop(0, n, lambda i, c: c * (1 - 1e-6) + p, p))(1.0)
    q = 1 - 1e-6
    np.testing.assert_allclose(g, q**n + (1 - q**n) / (1 - q), rtol=1e-9)


def peak(f):
    tracemalloc.start()
    try:
        grad(f)(0.5)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


SIZE, LAYERS = 20_000, 20


def chain(wrap):
    def layer(x):
        for _ in range(5):
            x = np.sin(x) * np.cos(x)
        return x

    def f(p):
        x, wrapped = p * np.ones(SIZE), wrap(layer)
        for _ in range(LAYERS):
            x = wrapped(x)
        return np.sum(x)

    return f


def test_a_checkpointed_chain_keeps_only_what_is_between_its_links():
    plain, kept = chain(lambda f: f), chain(checkpoint)
    close(grad(kept)(0.5), grad(plain)(0.5))
    arrays = SIZE * 8
    least = LAYERS * 5 * 3 * arrays  # each sin, cos and product
    assert peak(plain) > least
    assert peak(kept) < (LAYERS + 25) * arrays  # one array for each link, and the inside of one of them


def test_a_scan_keeps_its_carries_only():
    def f(loop):
        def step(x, _):
            for _ in range(5):
                x = np.sin(x) * np.cos(x)
            return x, None

        def run(p):
            x = p * np.ones(SIZE)
            if loop:
                for _ in range(LAYERS):
                    x, _ = step(x, None)
                return np.sum(x)
            return np.sum(scan(step, x, None, length=LAYERS)[0])

        return run

    close(grad(f(False))(0.5), grad(f(True))(0.5))
    assert peak(f(False)) < (LAYERS + 35) * SIZE * 8
    assert peak(f(True)) > 3 * peak(f(False))


def test_a_checkpointed_scan_drops_its_carries_too():
    def f(wrap):
        def inner(x):
            return scan(lambda c, _: (np.sin(c), None), x, None, length=10)[0]

        def run(p):
            x, wrapped = p * np.ones(SIZE), wrap(inner)
            for _ in range(LAYERS):
                x = wrapped(x)
            return np.sum(x)

        return run

    close(grad(f(checkpoint))(0.5), grad(f(lambda g: g))(0.5))
    assert peak(f(checkpoint)) < 0.4 * peak(f(lambda g: g))


def test_assignments_one_by_one_in_a_checkpoint_do_not_copy_the_array_each_time():
    n = 3000

    def fill(p):
        work = adkit.numpy.zeros(n)
        for i in range(n):
            work[i] = p * i
        return np.sum(np.sin(work))

    close(grad(checkpoint(fill))(0.1), grad(fill)(0.1))


# ------------------------------------------------------------------------------------------------ what is shown


def test_the_list_has_one_instruction_with_a_body():
    t = trace(scan_with_closure)(0.7)
    (made,) = [i for i in t.wengert if i.primitive == "scan"]
    assert made.text.startswith("scan[7 steps](v")
    assert made.body is not None
    assert [v.name for v in made.body.inputs] == ["c", "x"]
    assert "sin(" in str(made.body)
    assert str(made.body).splitlines()[0] in str(t.wengert)
    t.wengert.check()
    assert str(pickle.loads(pickle.dumps(t.wengert))) == str(t.wengert)


def test_a_body_is_a_fold_beneath_its_instruction():
    doc = trace(nested)(0.7).document()
    rows = doc["rows"]
    at = next(i for i, row in enumerate(rows) if row["op"] == "scan")
    body = rows[at + 1]
    assert body["kind"] == "fold"
    assert body["text"] == f"inside v{'₀₁₂₃₄₅₆₇₈₉'[int(rows[at]['id'][1:])]}: first of 7 steps"
    inner = [row for row in body["rows"] if row["kind"] == "fold"]
    assert inner
    assert inner[0]["depth"] == 1
    ids = [row["id"] for row in walk(rows)]
    assert len(ids) == len(set(ids))
    box = next(node for node in doc["graph"]["nodes"] if node["id"] == rows[at]["id"])
    assert box["label"] == "scan[7 steps]"
    assert json.loads(json.dumps(doc)) == doc


def walk(rows):
    for row in rows:
        yield row
        yield from walk(row.get("rows") or [])


def test_the_text_shows_body_conditions_and_closures():
    shown = str(trace(newton)(4.0))
    assert "while_loop[" in shown
    assert "▸ inside v₂: first of" in shown
    assert "was true" in shown
    assert shown == str(trace(newton)(4.0))


def test_a_curve_ends_where_a_body_would_take_another_path():
    (curve,) = [c for c in trace(newton)(4.0).document()["plots"] if c["kind"] == "curve"]
    assert None in curve["value"]
    assert curve["value"][len(curve["value"]) // 2] == pytest.approx(2.0)


def test_another_branch_right_beside_is_a_kink():
    t = trace(lambda x: cond(x > 0, lambda v: v * v, lambda v: v, x))(1e-12)
    assert t.check().verdict == "kink"


@pytest.mark.parametrize(
    "f",
    [
        lambda x: fori_loop(0, 3, lambda i, c: np.floor(c) * c + np.sign(c), x),
        lambda x: checkpoint(lambda u: np.rint(u) + u * np.floor(u))(x),
        lambda x: cond(x > 0, lambda u: np.trunc(u) * 2.0, lambda u: u, x),
        lambda x: np.sum(scan(lambda c, t: (c * t, np.ceil(c) * c), x, np.array([1.0, 2.0]))[1]),
    ],
)
def test_piecewise_constant_operations_inside(f):
    assert check_grads(f, (1.3,), order=1).verdict in ("agree", "flat")
    assert np.all(np.isfinite(grad(lambda v: np.sum(f(v[0]) * v))(np.array([1.3, 0.4]))))
