"""Assignment, views and in-place operators of traced arrays: the same values as NumPy's, and the right derivatives.

The heart is a property: a random program of mutations and views must do on traced arrays exactly what it does on plain
ones, and its derivative must be that of the complex step, which is exact for programs of arithmetic.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import adkit
import adkit.numpy as anp
from adkit import (
    AdkitError,
    LeakError,
    MutationError,
    grad,
    jacobian,
    jvp,
    linearize,
    stop_gradient,
    storage,
    value_and_grad,
    vjp,
)
from adkit.backends import copy_of
from adkit.check import ridders
from adkit.primitives import indexing

MODES = ("forward", "reverse")


def complex_step(f, x, t):
    """The derivative of f along t, exact for analytic programs."""
    return np.imag(f(x + 1e-30j * t)) / 1e-30


def check_everywhere(f, x, seed=0):
    """`f(xp, x)` returns a scalar: its value, forward and reverse derivative, and one of second order."""
    rng = np.random.default_rng(seed)
    t = rng.normal(size=np.shape(x))
    value, g = value_and_grad(lambda x: f(anp, x))(x)
    assert value == f(np, np.array(x))
    exact = complex_step(lambda z: f(np, z), x, t)
    scale = 1e-13 * (1.0 + np.abs(exact) + np.abs(g * t).sum())
    assert np.sum(g * t) == pytest.approx(exact, abs=scale)
    assert jvp(lambda x: f(anp, x), (x,), (t,))[1] == pytest.approx(exact, abs=scale)
    along = lambda x: jvp(lambda y: f(anp, y), (x,), (t,))[1]  # noqa: E731
    over = np.sum(grad(along)(x) * t)
    under = jvp(lambda x: np.sum(grad(lambda y: f(anp, y))(x) * t), (x,), (t,))[1]
    assert over == pytest.approx(under, abs=1e-11 * (1.0 + np.abs(over)))


# ------------------------------------------------------------------------------------------------ random programs

SHAPES = [(6,), (2, 3), (3, 2), (6, 1), (1, 6)]
OPERATIONS = (
    "new, copy, slice, reverse, transpose, reshape, ravel, newaxis, row, pick, diagonal block, assign, "
    "assign scalar, assign element, assign mask, assign fancy, overlap, shift, swap, iadd, isub, imul, "
    "idiv, rebind, iadd index, add at, subtract at, out, arithmetic, copyto, fill, sort"
).split(", ")


def fitted(source, target):
    """As much of an array as fills the shape of another, or its first element where it is too small."""
    size = target.size
    if source.size < size:
        return source.reshape(-1)[0]
    return source.reshape(-1)[:size].reshape(target.shape)


def place(a, n):
    """An index of one element, chosen by a number."""
    return np.unravel_index(n % a.size, a.shape)


def positions(a, n):
    """A fancy index with repeated places along the first axis."""
    return np.array([n % len(a), (n // 3) % len(a), n % len(a)])


class Machine:
    """Runs a program on the arrays of one namespace; `arrays` is what the program has made so far."""

    def __init__(self, xp, x):
        self.xp = xp
        self.arrays = [x.reshape(2, 3), x * 0.5]

    def run(self, program):
        for operation, i, j, n in program:
            getattr(self, "do_" + operation.replace(" ", "_"))(i % len(self.arrays), j % len(self.arrays), n)
        total = 0.0
        for k, a in enumerate(self.arrays):
            weights = np.cos(np.arange(a.size) + k).reshape(a.shape)
            total = total + (a * weights).sum() + 0.25 * (a * a).sum()
        return total

    def add(self, a):
        if a.size and len(self.arrays) < 8:
            self.arrays.append(a)

    # making arrays and views

    def do_new(self, i, j, n):
        a = self.arrays[i]
        dtype = a.dtype
        made = [
            lambda: self.xp.zeros(SHAPES[n % 5], dtype),
            lambda: self.xp.ones(SHAPES[n % 5], dtype),
            lambda: self.xp.full(SHAPES[n % 5], 0.5, dtype),
            lambda: self.xp.zeros_like(a),
            lambda: self.xp.ones_like(a),
            lambda: self.xp.empty(SHAPES[n % 5], dtype),
        ][j % 6]()
        if j % 6 == 5:
            made[...] = 0.25
        self.add(made)

    def do_copy(self, i, j, n):
        self.add(self.arrays[i].copy() if n % 2 else self.xp.array(self.arrays[i]))

    def do_slice(self, i, j, n):
        self.add(self.arrays[i][n % 2 :: 1 + j % 2])

    def do_reverse(self, i, j, n):
        self.add(self.arrays[i][..., ::-1])

    def do_transpose(self, i, j, n):
        a = self.arrays[i]
        self.add(a.T if n % 2 else self.xp.swapaxes(a, 0, -1))

    def do_reshape(self, i, j, n):
        a = self.arrays[i]
        self.add(a.reshape(SHAPES[n % 5]) if a.size == 6 else a.reshape(-1))

    def do_ravel(self, i, j, n):
        self.add(self.arrays[i].ravel() if n % 2 else self.arrays[i].flatten())

    def do_newaxis(self, i, j, n):
        self.add(self.arrays[i][None] if n % 2 else self.xp.expand_dims(self.arrays[i], -1))

    def do_row(self, i, j, n):
        a = self.arrays[i]
        if a.ndim > 1:
            self.add(a[n % len(a)])

    def do_pick(self, i, j, n):
        self.add(self.arrays[i][positions(self.arrays[i], n)])

    def do_diagonal_block(self, i, j, n):
        a = self.arrays[i]
        if a.ndim == 2:
            self.add(a[: 1 + n % 2, -1 - j % 2 :])

    # assigning

    def do_assign(self, i, j, n):
        a, b = self.arrays[i], self.arrays[j]
        if n % 2:
            a[...] = fitted(b, a)
        else:
            a[: 1 + n % 3] = fitted(b, a[: 1 + n % 3]) * 0.5

    def do_assign_scalar(self, i, j, n):
        self.arrays[i][place(self.arrays[i], n)] = 0.125 * j

    def do_assign_element(self, i, j, n):
        a, b = self.arrays[i], self.arrays[j]
        a[place(a, n)] = b[place(b, n + 1)]

    def do_assign_mask(self, i, j, n):
        a, b = self.arrays[i], self.arrays[j]
        mask = (np.arange(a.size) * (n + 1) % 3 == 0).reshape(a.shape)
        a[mask] = fitted(b, a)[mask] if b.size >= a.size else 0.5 * b.reshape(-1)[0]

    def do_assign_fancy(self, i, j, n):
        a, b = self.arrays[i], self.arrays[j]
        a[positions(a, n)] = b[place(b, n)]

    def do_overlap(self, i, j, n):
        a = self.arrays[i]
        if n % 2:
            a[1:] = a[:-1]
        else:
            a[:] = a[::-1]

    def do_shift(self, i, j, n):
        a = self.arrays[i]
        if n % 2:
            a[1:] += a[:-1]
        else:
            a += a[::-1]

    def do_swap(self, i, j, n):
        a = self.arrays[i]
        p, q = place(a, n), place(a, j)
        a[p], a[q] = a[q], a[p]

    def do_iadd(self, i, j, n):
        a = self.arrays[i]
        a += fitted(self.arrays[j], a)

    def do_isub(self, i, j, n):
        a = self.arrays[i]
        a -= 0.5 * fitted(self.arrays[j], a)

    def do_imul(self, i, j, n):
        a = self.arrays[i]
        a *= 0.5 * fitted(self.arrays[j], a)

    def do_idiv(self, i, j, n):
        a = self.arrays[i]
        a /= 2.0 + n % 3

    def do_rebind(self, i, j, n):
        self.arrays[i] = self.arrays[i] + 0.5 * fitted(self.arrays[j], self.arrays[i])

    def do_iadd_index(self, i, j, n):
        a, b = self.arrays[i], self.arrays[j]
        a[place(a, n)] += b[place(b, j)] * 0.5

    def do_add_at(self, i, j, n):
        a, b = self.arrays[i], self.arrays[j]
        self.xp.add.at(a, positions(a, n), b[place(b, n)])

    def do_subtract_at(self, i, j, n):
        a = self.arrays[i]
        self.xp.subtract.at(a, positions(a, n), 0.5 * a[place(a, j)])

    def do_out(self, i, j, n):
        a = self.arrays[i]
        function = self.xp.multiply if n % 2 else self.xp.subtract
        function(a, 0.5 * fitted(self.arrays[j], a), out=a)

    def do_arithmetic(self, i, j, n):
        a = self.arrays[i]
        self.add(a * 0.5 + fitted(self.arrays[j], a) * a)

    def do_copyto(self, i, j, n):
        a = self.arrays[i]
        self.xp.copyto(a, fitted(self.arrays[j], a))

    def do_fill(self, i, j, n):
        a, b = self.arrays[i], self.arrays[j]
        if n % 2:
            a[0].fill(0.5) if a.ndim > 1 else a.fill(0.5)
        else:
            a[-1] = b[place(b, n)]

    def do_sort(self, i, j, n):
        a = self.arrays[i]
        a[...] = self.xp.roll(a, n % 3, axis=0)


programs = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 7), st.integers(0, 7), st.integers(0, 11)), max_size=12
)


def final_state(xp, x, program):
    """Everything that a program has made, and its scalar result."""
    machine = Machine(xp, x)
    total = machine.run(program)
    return total, machine.arrays


@settings(max_examples=150, deadline=None)
@given(programs, st.integers(0, 2**32 - 1))
@example([("transpose", 0, 0, 1), ("ravel", 2, 0, 1), ("assign scalar", 3, 3, 0)], 0)
@example([("row", 0, 0, 0), ("iadd", 2, 1, 0), ("reverse", 2, 0, 0), ("assign element", 3, 0, 1)], 0)
def test_random_programs_do_what_numpy_does(program, seed):
    rng = np.random.default_rng(seed)
    x, t = rng.normal(size=6), rng.normal(size=6)
    want, arrays = final_state(np, x.copy(), program)
    kept = []

    def f(x):
        total, made = final_state(anp, x, program)
        kept.append([np.array(getattr(a, "value", a)) for a in made])
        return total

    value, g = value_and_grad(f)(x)
    assert value == want
    for ours, theirs in zip(kept[0], arrays, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    exact = final_state(np, x + 1e-30j * t, program)[0].imag / 1e-30
    scale = 1e-12 * (1.0 + np.abs(exact) + np.abs(g * t).sum())
    assert np.sum(g * t) == pytest.approx(exact, abs=scale)
    assert jvp(f, (x,), (t,))[1] == pytest.approx(exact, abs=scale)


@settings(max_examples=50, deadline=None)
@given(programs, st.integers(0, 2**32 - 1))
def test_random_programs_at_second_order(program, seed):
    rng = np.random.default_rng(seed)
    x, t, s = rng.normal(size=6), rng.normal(size=6), rng.normal(size=6)

    def f(x):
        return final_state(anp, x, program)[0]

    exact = jvp(f, (x + 1e-30j * s,), (t + 0j,))[1].imag / 1e-30
    scale = 1e-11 * (1.0 + np.abs(exact))
    for mode in MODES:
        along = functools.partial(lambda inner, x: np.sum(inner(x) * t), grad(f, mode=mode))
        assert jvp(along, (x,), (s,))[1] == pytest.approx(exact, abs=scale)
        assert np.sum(grad(along)(x) * s) == pytest.approx(exact, abs=scale)


# ------------------------------------------------------------------------------------------------ one thing at a time


def element(xp, x):
    a = xp.zeros(3, x.dtype)
    a[0] = x[0] * x[1]
    a[2] = a[0] + x[1]
    return (a * a).sum()


def rows_and_columns(xp, x):
    a = xp.zeros((2, 2), x.dtype)
    a[0] = x
    a[:, 1] = a[:, 0] * x[0]
    return (a * a).sum()


def view_of_view(xp, x):
    a = xp.zeros((2, 4), x.dtype)
    v = a[1][1:][::2]
    v[:] = x
    v[0] *= x[1]
    return (a * a).sum() + (v * v).sum()


def view_follows_its_base(xp, x):
    a = xp.zeros(4, x.dtype)
    v = a[1:3]
    a[:] = x[0]
    a[2] = x[1]
    return (v * v).sum()


def transposed_view(xp, x):
    a = xp.zeros((2, 3), x.dtype)
    a.T[2, 1] = x[0]
    a.T[0] += x
    return (a**2).sum()


def reshaped_view(xp, x):
    a = xp.zeros(4, x.dtype)
    m = a.reshape(2, 2)
    m[1] = x
    m[0, 0] = x[0] * x[1]
    return (a * a).sum()


def reshaped_copy(xp, x):
    a = xp.ones((2, 2), x.dtype) * x
    c = a.T.reshape(-1)  # NumPy has to copy here
    c[0] = 7.0
    return (a * a).sum() + c.sum()


def swap(xp, x):
    a = x * 1.0
    a[0], a[1] = a[1] * 2.0, a[0]
    return a[0] * 3.0 + a[1] * a[1]


def overlapping(xp, x):
    a = xp.concatenate([x, x * x])
    a[1:] = a[:-1]
    a[::-1] += a * a
    return (a * np.arange(4)).sum()


def overwritten(xp, x):
    a = x * x
    a[0] = 5.0
    a[1] = x[0]
    return a.sum()


def repeated_places(xp, x):
    a = xp.zeros(2, x.dtype)
    a[np.array([0, 0, 1])] = xp.stack([x[0], x[1], x[0] * x[1]])
    return (a * a).sum()


def added_at(xp, x):
    a = xp.zeros(2, x.dtype)
    xp.add.at(a, np.array([0, 0, 1]), xp.stack([x[0], x[1], x[0] * x[1]]))
    return (a * a).sum()


def masked(xp, x):
    a = x * 2.0
    a[np.array([True, False])] = x[1]
    a[np.array([False, True])] *= x[0]
    return (a * a).sum()


def augmented_element(xp, x):
    a = x * 1.0
    for i in range(4):
        a[i % 2] += a[(i + 1) % 2] * 0.5
    return (a * a).sum()


def loop_over_rows(xp, x):
    a = xp.ones((3, 2), x.dtype)
    for row in a:
        row *= x
        x = x * 2.0
    return (a * a).sum()


def matrix_product_in_place(xp, x):
    a = xp.stack([x, x * x])
    a @= np.array([[1.0, 2.0], [3.0, 4.0]])
    return (a * a).sum()


def power_and_division_in_place(xp, x):
    a = x * 1.0
    a **= 2
    a /= x + 3.0
    a -= 1.0
    return (a * a).sum()


def passed_to_a_function(xp, x):
    def double(a):
        a *= 2.0
        a[0] = a[1]

    a = x * 1.0
    double(a)
    return (a * a).sum()


def two_names(xp, x):
    a = x * 1.0
    b = a
    b += 1.0
    b[0] = 0.0
    return (a * a).sum() + (b * a).sum()


def zero_dimensional(xp, x):
    a = xp.zeros((), x.dtype)
    a[...] = x[0]
    a[()] += x[1]
    a += x[0] * x[1]
    a[...] = a * a
    return a * x[0]


def ellipsis_and_newaxis(xp, x):
    a = xp.zeros((2, 2), x.dtype)
    a[..., 0] = x
    a[1, ...] *= x[1]
    a[0, 1, ...] = x[0] * 3.0
    a[:, None, 1][1] = x[1]
    return (a * a).sum()


def assignment_of_a_broadcast_value(xp, x):
    a = xp.zeros((3, 2), x.dtype)
    a[:] = x
    a[1:, :1] = x[1] * x[0]
    return (a * a * np.arange(6.0).reshape(3, 2)).sum()


def alias_read_after_write(xp, x):
    a = xp.zeros(3, x.dtype)
    a[0] = x[0]
    b = a + 1.0
    v = a[:2]
    a[1] = x[1]
    a[0] = 2.0 * x[0]
    return (a * b).sum() + (v * v).sum()


CASES = [
    element, rows_and_columns, view_of_view, view_follows_its_base, transposed_view, reshaped_view, reshaped_copy,
    swap, overlapping, overwritten, repeated_places, added_at, masked, augmented_element, loop_over_rows,
    matrix_product_in_place, power_and_division_in_place, passed_to_a_function, two_names, zero_dimensional,
    ellipsis_and_newaxis, assignment_of_a_broadcast_value, alias_read_after_write,
]  # fmt: skip


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_case(f):
    check_everywhere(f, np.array([0.7, -1.3]))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "store",
    [
        lambda a, x: a.fill(x),
        lambda a, x: np.copyto(a, x),
        lambda a, x: np.copyto(a, x, where=np.array([True, True, True])),
        lambda a, x: np.put(a, [0, 1, 2], x),
        lambda a, x: np.place(a, np.array([True] * 3), anp.array([x, x])),
        lambda a, x: np.putmask(a, np.array([True] * 3), x),
        lambda a, x: np.put_along_axis(a, np.array([0, 1, 2]), x, 0),
        lambda a, x: a.put([0, 1, 2], x),
        lambda a, x: np.add(a, x, out=a),
        lambda a, x: np.multiply(np.ones(3), x, a),
        lambda a, x: a.__setitem__(slice(None), x),
        lambda a, x: a.flat.__setitem__(slice(None), x),
        lambda a, x: np.sum(np.ones((2, 3)) * x * 0.5, axis=0, out=a),
        lambda a, x: np.cumsum(anp.array([x, 0.0, 0.0]), out=a),
    ],
)
def test_ways_to_store(store, mode):
    def f(x):
        a = anp.zeros(3)
        store(a, x)
        return a.sum()

    assert grad(f, mode=mode)(2.0) == 3.0


def test_values_seen_along_the_way_are_those_at_that_time():
    def f(x):
        a = anp.zeros(2)
        a[0] = x
        before = a * 1.0
        square = a * a  # reads the present contents, now and in the sweep
        a[0] = 100.0
        return before[0] + square[0] + a[0]

    assert value_and_grad(f)(3.0) == (112.0, 7.0)


def test_what_was_read_from_an_array_keeps_its_derivative():
    def f(x):
        a = anp.zeros(1)
        a[0] = x
        first = a[0]
        a[0] = a[0] * x
        return first * a[0]

    assert grad(f)(2.0) == 12.0


def test_plain_values_assigned_over_traced_ones_cut_the_dependence():
    def f(x):
        a = x * np.ones(3)
        a[:] = 1.0
        return a.sum() + x

    assert grad(f)(2.0) == 1.0


def test_shape_and_dtype_errors_are_numpys():
    with pytest.raises(ValueError, match="broadcast"):
        grad(lambda x: anp.zeros(3).__setitem__(slice(None), x))(np.ones(2))
    with pytest.raises(IndexError):
        grad(lambda x: anp.zeros(3).__setitem__(5, x))(1.0)

    def grows(x):
        a = x * 1.0
        a += np.ones((2, 2))
        return a.sum()

    with pytest.raises(ValueError, match="broadcast"):
        grad(grows)(np.ones(2))
    with pytest.raises(TypeError):
        grad(lambda x: x.__setitem__(0, 1.0))(np.float64(1.0))


def test_storing_into_a_dtype_that_loses_the_derivative():
    def store(dtype, value):
        def f(x):
            a = anp.zeros(2, dtype)
            a[0] = value(x)
            return a[0] * 1.0

        return f

    with pytest.raises(AdkitError) as caught:
        grad(store(int, lambda x: x))(1.5)
    assert "Fix:" in str(caught.value)
    with pytest.raises(AdkitError, match="complex"):
        grad(lambda x: store(float, lambda x: x * 1j)(x).real)(1.5)
    assert grad(store(np.float32, lambda x: x))(1.5) == 1.0


def test_unchanged_arguments():
    x = np.array([1.0, 2.0])

    def f(x):
        x += 1.0
        x[0] = 5.0
        return (x * x).sum()

    for mode in MODES:
        np.testing.assert_array_equal(grad(f, mode=mode)(x), [0.0, 6.0])
        np.testing.assert_array_equal(x, [1.0, 2.0])


@pytest.mark.parametrize("size", [3, 20000])
def test_arguments_and_plain_arrays_keep_their_contents(size):
    x, a = np.ones(size), np.ones(size)
    assert grad(lambda x: (x * a).sum())(x)[0] == 1.0
    assert x.flags.writeable
    assert a.flags.writeable


# ------------------------------------------------------------------------------------------------ linear work


@pytest.fixture
def copied(monkeypatch):
    """The bytes that assignments copy."""
    counts = {"bytes": 0}

    def counting(original):
        def copy_of(array, *options):
            counts["bytes"] += getattr(array, "nbytes", 0)
            return original(array, *options)

        return copy_of

    from adkit import backends
    from adkit.primitives import indexing, shape

    for module in (storage, backends, indexing, shape):
        if hasattr(module, "copy_of"):
            monkeypatch.setattr(module, "copy_of", counting(module.copy_of))
    return counts


def fill(n):
    """Fill an array element by element, reading back on the way."""

    def f(x):
        a = anp.zeros(n)
        a[0] = x
        for i in range(1, n):
            a[i] = a[i - 1] * 0.5 + x
        return a.sum()

    return f


def accumulate(n):
    """Add into elements."""

    def f(x):
        a = anp.zeros(n)
        for i in range(n):
            a[i] += x * i
        return a.sum()

    return f


def collect(n):
    """Read elements of an argument."""
    return lambda x: sum(x[i] * x[n - 1 - i] for i in range(n))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("make", [fill, accumulate])
def test_filling_copies_a_bounded_number_of_arrays(make, mode, copied):
    n = 400
    grad(make(n), mode=mode)(0.5)
    assert copied["bytes"] <= 20 * n * 8


def test_reading_elements_copies_a_bounded_number_of_arrays(copied):
    n = 400
    grad(collect(n), mode="reverse")(np.linspace(0.0, 1.0, n))
    assert copied["bytes"] <= 20 * n * 8


def test_filling_at_second_order_copies_a_bounded_number_of_arrays(copied):
    n = 200
    grad(grad(fill(n), mode="reverse"), mode="reverse")(0.5)
    assert copied["bytes"] <= 60 * n * 8


def test_filling_gives_the_right_derivative():
    n = 50
    want = sum(2.0 - 0.5**i for i in range(n))  # a_i = (2 − 2^−i) x
    for mode in MODES:
        assert grad(fill(n), mode=mode)(0.5) == pytest.approx(want, rel=1e-14)


# ------------------------------------------------------------------------------------------------ plain arrays

LARGE = 20000  # elements of eight bytes: above the size up to which a recording keeps copies


def test_small_plain_array_changed_after_use():
    a = np.ones(3)

    def f(x):
        y = (x * a).sum()
        a[:] = 7.0
        return y

    for mode in MODES:
        a[:] = 1.0
        assert grad(f, mode=mode)(2.0) == 3.0


@pytest.mark.parametrize("mode", MODES)
def test_large_plain_array_changed_after_use(mode):
    a = np.ones(LARGE)

    def f(x):
        y = (x * a).sum()
        a[:] = 7.0
        return y

    with pytest.raises(MutationError) as caught:
        grad(f, mode=mode)(2.0)
    assert caught.value.line == f.__code__.co_firstlineno + 2
    assert "Fix:" in str(caught.value)
    assert a.flags.writeable
    assert a[0] == 1.0
    a[0] = 5.0


def test_large_plain_arrays_are_unlocked_whatever_happens():
    a, b = np.ones(LARGE), np.ones(2 * LARGE)
    view = b[::2]

    def f(x):
        (x * a).sum() + (x * view).sum()
        assert not a.flags.writeable
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grad(f)(1.0)
    assert a.flags.writeable
    assert b.flags.writeable
    assert view.flags.writeable


def test_read_only_arrays_stay_read_only():
    a = np.ones(LARGE)
    a.flags.writeable = False
    assert grad(lambda x: (x * a).sum())(1.0) == LARGE
    assert not a.flags.writeable


def test_large_arrays_are_unlocked_when_the_outermost_transformation_ends():
    a = np.ones(LARGE)

    def f(x):
        inner = grad(lambda y: (y * a).sum())(x)
        assert not a.flags.writeable
        return inner * x

    assert grad(f)(2.0) == LARGE
    assert a.flags.writeable


@pytest.mark.parametrize("size", [3, LARGE])
def test_plain_array_changed_between_vjp_and_pullback(size):
    a = np.ones(size)
    _, pull = vjp(lambda x: (x * a).sum(), 2.0)
    _, push = linearize(lambda x: (x * a).sum(), 2.0)
    assert a.flags.writeable
    a[0] = 7.0
    for use in (lambda: pull(1.0)[0], lambda: push(1.0)):
        if size == LARGE:
            with pytest.raises(MutationError, match="changed"):
                use()
        else:
            assert use() == size


def test_large_input_changed_between_vjp_and_pullback():
    x = np.ones(LARGE)
    _, pull = vjp(lambda x: (x * x).sum(), x)
    x[0] = 3.0
    with pytest.raises(MutationError):
        pull(1.0)


def test_assignment_from_a_plain_array_copies():
    source = np.ones(LARGE)

    def f(x):
        a = anp.zeros(LARGE)
        a[:] = source
        source[0] = 50.0
        a *= x
        return a.sum()

    assert grad(f)(1.0) == LARGE


def test_elements_written_into_plain_arrays_are_refused():
    def f(x):
        a = np.zeros(3)
        a[0] = x
        return a.sum()

    with pytest.raises(LeakError) as caught:
        grad(f)(1.0)
    assert caught.value.line == f.__code__.co_firstlineno + 2


def test_jacobian_of_code_that_assigns():
    def f(x):
        a = anp.zeros(3)
        a[:2] = x * x
        a[2] = x[0] * x[1]
        return a

    for mode in MODES:
        np.testing.assert_array_equal(jacobian(f, mode=mode)(np.array([2.0, 3.0])), [[4, 0], [0, 6], [3, 2]])


# ------------------------------------------------------------------------------------------------ views of functions

# Whether a function returns a view, its argument or a copy is part of what a program means.
VIEWS = {
    "reshape": lambda xp, a: xp.reshape(a, (3, 2)),
    "reshape in columns": lambda xp, a: xp.reshape(a, (3, 2), order="F"),
    "ravel": lambda xp, a: xp.ravel(a),
    "ravel of a transpose": lambda xp, a: xp.ravel(a.T),
    "ravel in memory order": lambda xp, a: a.T.ravel("K"),
    "flatten": lambda xp, a: a.flatten(),
    "transpose": lambda xp, a: xp.transpose(a),
    "swapaxes": lambda xp, a: xp.swapaxes(a, 0, 1),
    "moveaxis": lambda xp, a: xp.moveaxis(a, 0, 1),
    "expand_dims": lambda xp, a: xp.expand_dims(a, 1),
    "squeeze": lambda xp, a: xp.squeeze(a[None]),
    "broadcast_to": lambda xp, a: xp.broadcast_to(a, (2, 2, 3)),
    "atleast_3d": lambda xp, a: xp.atleast_3d(a),
    "flip": lambda xp, a: xp.flip(a, 0),
    "rot90": lambda xp, a: xp.rot90(a),
    "roll": lambda xp, a: xp.roll(a, 0),
    "diagonal": lambda xp, a: xp.diagonal(a),
    "split": lambda xp, a: xp.split(a, 2)[0],
    "hsplit": lambda xp, a: xp.hsplit(a, 3)[1],
    "real": lambda xp, a: xp.real(a),
    "conjugate": lambda xp, a: xp.conjugate(a),
    "conj method": lambda xp, a: a.conj(),
    "positive": lambda xp, a: +a,
    "copy": lambda xp, a: xp.copy(a),
    "array": lambda xp, a: xp.array(a),
    "asarray": lambda xp, a: xp.asarray(a),
    "ascontiguousarray": lambda xp, a: xp.ascontiguousarray(a),
    "asfortranarray": lambda xp, a: xp.asfortranarray(a),
    "astype": lambda xp, a: a.astype(float),
    "tril": lambda xp, a: xp.tril(a, 9),
    "take": lambda xp, a: xp.take(a, 0, axis=0),
    "repeat": lambda xp, a: xp.repeat(a, 1),
    "clip": lambda xp, a: xp.clip(a, -1e9, 1e9),
    "where": lambda xp, a: xp.where(a == a, a, 0.0),
    "concatenate": lambda xp, a: xp.concatenate([a]),
    "meshgrid": lambda xp, a: xp.meshgrid(a[0])[0],
    "pad": lambda xp, a: xp.pad(a, 0),
    "delete": lambda xp, a: xp.delete(a, [], axis=0),
    "integer index": lambda xp, a: a[1],
    "basic index": lambda xp, a: a[:, 1:],
    "fancy index": lambda xp, a: a[[0, 1]],
    "mask": lambda xp, a: a[np.array([True, True])],
    "np.add zero": lambda xp, a: xp.add(a, 0.0),
}


def write_argument(xp, x, make):
    """Contents of the result after the argument was written."""
    a = xp.zeros((2, 3))
    a[0, 0] = x
    made = make(xp, a)
    a[...] = x * 50.0
    return made


def write_result(xp, x, make):
    """Contents of the argument after the result was written."""
    a = xp.zeros((2, 3))
    a[0, 0] = x
    try:
        make(xp, a)[...] = x * 50.0
    except ValueError as error:
        return str(error)
    return a


@pytest.mark.parametrize("write", [write_argument, write_result])
@pytest.mark.parametrize("name", VIEWS)
def test_views_where_numpy_has_views(name, write):
    want = write(np, 2.0, VIEWS[name])
    seen = []

    def f(x):
        seen.append(write(anp, x, VIEWS[name]))
        return x if isinstance(seen[0], str) else seen[0].sum() + x

    slope = grad(f)(2.0)
    if isinstance(want, str):
        assert seen == [want]
    else:
        np.testing.assert_array_equal(np.array(seen[0].value), want)
        assert slope == pytest.approx(want.sum() / 2.0 + 1.0)


def test_stopped_gradients_are_views_of_nothing_that_is_written():
    def f(x):
        a = anp.zeros(2)
        a[0] = x
        kept = stop_gradient(a)
        a[0] = 7.0 * x
        return (kept * x).sum() + a.sum()

    assert value_and_grad(f)(3.0) == (30.0, 10.0)


# ------------------------------------------------------------------------------------------------ in NumPy and in adkit


def parts_of_complex_numbers(xp, x):
    z = xp.array([[1j * x, x * x + 2j], [x + 0j, 3.0 + 1j * x]])
    z.real[0] = x**3
    xp.real(z)[...] += 1.0
    xp.multiply(z.imag, 2.0, out=z.imag)
    z.imag = z.imag + x
    z.T.imag[1:] *= x
    return (abs(z) ** 2).sum()


def in_place_ufuncs_with_broadcasting(xp, x):
    a = xp.zeros((2, 3))
    xp.add(x, 0.5, out=a)
    a *= xp.array([x, 1.0, 2.0])
    xp.sin(xp.array([x, x, 1.0]), out=a[0])
    xp.multiply(a[:, :1], x, out=a)
    a[::-1] -= 0.5 * a
    return (a * a).sum()


def overlapping_slices(xp, x):
    a = xp.array([x, 2.0, x * x, 4.0, 5.0])
    a[1:] += a[:-1]
    a[:-2] = a[2:] * x
    a[::-1] = a
    a[2:] = a[:3]
    xp.subtract(a[1:], a[:-1], out=a[:-1])
    return (a * a).sum()


def views_of_transposed_views(xp, x):
    a = xp.array([[x, 2.0, 3.0], [4.0, 5.0 * x, 6.0]])
    t = a.T[1:][:, ::-1]
    t[0] = t[1] * x
    row = t.T[0]
    row += 1.0
    a.T.T[1, 0] = row[0]
    return (a * a).sum() + (t * t * t).sum()


def a_reshape_that_copies_and_one_that_does_not(xp, x):
    a = xp.array([[x, 2.0, 3.0], [4.0, 5.0 * x, 6.0]])
    copied = a.T.reshape(-1)
    viewed = a.reshape(-1)
    copied[0] = 100.0
    viewed[1] = x * x
    return (a * a).sum() + copied.sum() * x


def masks(xp, x):
    a = xp.array([x, -2.0, x * x, -4.0 * x])
    a[a < 0] = x
    a[[True, False, True, False]] *= xp.array([x, 2.0])
    mask = a > 1.0
    a[mask] = a[mask] ** 2 + a[~mask].sum()
    xp.putmask(a, xp.array([False, True, False, False]), 3.0 * x)
    return (a * a).sum()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "program",
    [
        parts_of_complex_numbers,
        in_place_ufuncs_with_broadcasting,
        overlapping_slices,
        views_of_transposed_views,
        a_reshape_that_copies_and_one_that_does_not,
        masks,
    ],
)
def test_mutation_as_numpy_has_it(program, mode):
    value, slope = value_and_grad(lambda x: program(anp, x), mode=mode)(1.3)
    assert value == pytest.approx(program(np, 1.3), rel=1e-14)
    reference, estimate = ridders(lambda x: program(np, x), 1.3, 1.0)
    assert abs(slope - reference) <= 10 * estimate + 1e-12 * abs(value)
    curvature = grad(grad(lambda x: program(anp, x), mode=mode))(1.3)
    reference, estimate = ridders(grad(lambda x: program(anp, x)), 1.3, 1.0)
    assert abs(curvature - reference) <= 10 * estimate + 1e-12 * abs(value)


@pytest.mark.parametrize("mode", MODES)
def test_assigned_values_may_have_more_axes(mode):
    def f(x):
        a = anp.zeros(3)
        a[...] = (x * np.arange(3.0))[None, None]
        np.copyto(a[1:], anp.array([[x * x]]))
        return (a * a).sum()

    assert grad(f, mode=mode)(1.5) == pytest.approx(8 * 1.5**3)


def test_an_output_of_another_shape_is_refused_as_in_numpy():
    for shape in ((2,), (3, 1)):
        with pytest.raises(ValueError, match="non-broadcastable output"):
            grad(lambda x, shape=shape: np.add(anp.array([x, x, x]), 1.0, out=anp.zeros(shape)).sum())(1.0)


def test_an_operator_on_a_slice_writes_once():
    """`x[i:] -= y` assigns the slice to its own place, which is no instruction; one for each array written through."""

    def f(x):
        made = x * 2.0
        made[1:] -= x[:-1]
        made[:, None][0] *= 3.0
        return np.sum(made * x)

    x = np.array([1.0, 2.0, 4.0])
    assert [i.primitive for i in adkit.trace(f)(x).wengert].count("index_update") == 3
    exact = [f(x + 1e-30j * unit).imag / 1e-30 for unit in np.eye(3)]
    np.testing.assert_allclose(adkit.grad(f)(x), exact, rtol=1e-15)
    np.testing.assert_allclose(adkit.grad(f, mode="forward")(x), exact, rtol=1e-15)


def test_assigning_a_view_to_another_place_is_an_assignment():
    def f(x):
        made = x * 1.0
        part = made[:2]
        made[1:] = part
        return made[0] + 10 * made[1] + 100 * made[2]

    np.testing.assert_array_equal(adkit.grad(f)(np.array([1.0, 2.0, 4.0])), [11.0, 100.0, 0.0])


def test_a_range_whose_end_is_traced_is_of_floats_and_can_be_filled():
    def f(x):
        a = anp.arange(x)
        a[0] = 0.25
        a[1] = x
        return a.sum() + x

    assert adkit.value_and_grad(f)(3.0) == (0.25 + 3.0 + 2.0 + 3.0, 2.0)


def test_the_tangents_of_assignments_are_written_into_one_array(monkeypatch):
    def f(x):
        r = 2.0 * x
        r[1:] -= x[:-1]
        r[:-1] -= x[1:]
        r[0] = x[3]
        return r + x**3

    copied = []
    x, v = np.arange(9.0), np.linspace(1.0, 2.0, 9)
    _, push = adkit.linearize(f, x)
    monkeypatch.setattr(indexing, "copy_of", lambda *args: copied.append(args) or copy_of(*args))
    tangent = push(v)
    assert not copied
    np.testing.assert_allclose(tangent, adkit.jacobian(f)(x) @ v)
