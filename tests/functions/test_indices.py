"""Reading and writing by mixed indices, drawn at random: NumPy's values, and derivatives that move the same elements."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import adkit

SHAPE = (3, 4, 2)
X = np.arange(24.0).reshape(SHAPE) / 7 + 0.1


def parts(n):
    """An index of one axis of n elements."""
    bound = st.none() | st.integers(-n - 1, n + 1)
    step = st.sampled_from([None, 1, 2, -1, -2])
    place = st.integers(-n, n - 1)
    return st.one_of(st.builds(slice, bound, bound, step), place)


@st.composite
def indices(draw):
    """A NumPy index of an array of SHAPE: slices, integers, None, Ellipsis, integer arrays, a mask of one axis."""
    count = draw(st.integers(0, 3))
    together = draw(st.sampled_from([(), (2,), (2, 1), (1, 3)]))
    index = []
    for n in SHAPE[:count]:
        kind = draw(st.sampled_from(["basic", "basic", "array", "mask"]))
        if kind == "basic":
            index.append(draw(parts(n)))
        elif kind == "array":
            size = int(np.prod(together))
            places = draw(st.lists(st.integers(-n, n - 1), min_size=size, max_size=size))
            index.append(np.array(places, dtype=int).reshape(together))
        else:
            two = draw(st.permutations(range(n)))[: 2 if together[-1:] == (2,) else 1]
            index.append(np.isin(np.arange(n), two))
    if count < 3 and draw(st.booleans()):
        index.append(Ellipsis)
    for _ in range(draw(st.integers(0, 2))):
        index.insert(draw(st.integers(0, len(index))), None)
    return tuple(index)


def read(index):
    try:
        return X[index]
    except IndexError:  # index arrays that do not broadcast
        return None


@settings(max_examples=120, deadline=None)
@given(indices())
def test_reading(index):
    expected = read(index)
    if expected is None:
        return
    weights = np.cos(np.arange(expected.size)).reshape(expected.shape)
    value, pull = adkit.vjp(lambda x: x[index] * 1.0, X)
    np.testing.assert_array_equal(value, expected)
    scattered = np.zeros(SHAPE)
    np.add.at(scattered, index, weights)
    np.testing.assert_allclose(pull(weights)[0], scattered, rtol=1e-14)
    np.testing.assert_array_equal(adkit.jvp(lambda x: x[index] * 1.0, (X,), (np.sin(X),))[1], np.sin(X)[index])


@settings(max_examples=120, deadline=None)
@given(indices(), st.booleans())
def test_writing(index, scalar):
    expected = read(index)
    if expected is None:
        return
    v = np.float64(2.5) if scalar else np.exp(-np.arange(expected.size)).reshape(expected.shape)

    def f(x, v):
        made = x * 1.0
        made[index] = v
        return made

    value, pull = adkit.vjp(f, X, v)
    np.testing.assert_array_equal(value, f(X, v))
    weights = np.cos(X)
    to_x, to_v = pull(weights)
    tangents = (np.sin(X), np.ones_like(v) * 0.3)
    pushed = adkit.jvp(f, (X, v), tangents)[1]
    np.testing.assert_array_equal(pushed, f(*tangents))  # assignment is linear
    paired = np.sum(to_x * tangents[0]) + np.sum(to_v * tangents[1])
    np.testing.assert_allclose(np.sum(weights * pushed), paired, rtol=1e-12, atol=1e-12)


@settings(max_examples=80, deadline=None)
@given(indices())
def test_adding_at(index):
    expected = read(index)
    if expected is None:
        return
    v = np.exp(-np.arange(expected.size)).reshape(expected.shape)

    def f(x, v):
        made = x * 1.0
        np.add.at(made, index, v)
        return made

    value, pull = adkit.vjp(f, X, v)
    np.testing.assert_allclose(value, f(X, v), rtol=1e-15)
    to_x, to_v = pull(np.cos(X))
    np.testing.assert_array_equal(to_x, np.cos(X))
    np.testing.assert_array_equal(to_v, np.cos(X)[index])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=7), st.sampled_from(["multiply", "maximum", "divide", "power"]))
def test_ufuncs_at_repeated_places(places, name):
    ufunc, index = getattr(np, name), np.array(places)
    x, v = np.array([1.5, 0.7, 2.2, 1.1]), np.linspace(0.6, 1.4, len(places))

    def f(x, v):
        made = x * 1.0
        ufunc.at(made, index, v)
        return made

    value, pull = adkit.vjp(f, x, v)
    np.testing.assert_allclose(value, f(x, v), rtol=1e-15)
    t, s = np.array([0.3, -0.2, 0.9, 0.5]), np.cos(v)
    pushed = adkit.jvp(f, (x, v), (t, s))[1]
    to_x, to_v = pull(np.ones(4))
    np.testing.assert_allclose(np.sum(pushed), np.sum(to_x * t) + np.sum(to_v * s), rtol=1e-11, atol=1e-12)
    differences = (f(x + 1e-7 * t, v + 1e-7 * s) - f(x - 1e-7 * t, v - 1e-7 * s)) / 2e-7
    np.testing.assert_allclose(pushed, differences, rtol=1e-6, atol=1e-6)
