"""Functions that write into an array, options of ufuncs, and functions of functions, on traced arguments."""

from __future__ import annotations

import numpy
import pytest

import adkit
import adkit.numpy as np
from adkit.check import check_grads

V = numpy.array([0.7, -1.3, 2.1, 0.4])
M = numpy.arange(12.0).reshape(4, 3) / 10


def same_as_numpy(write, x, *values):
    """A function that writes into its argument: NumPy's result, and a derivative that differences confirm."""

    def f(x, *values):
        made = np.array(x)  # assignable, also where only the values are traced
        write(made, *values)
        return made

    numpy.testing.assert_array_equal(adkit.vjp(f, x, *values)[0], f(x, *values))
    assert check_grads(f, (x, *values), order=1).verdict in ("agree", "flat")


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3), (7, 2), (2, 2, 2)])
@pytest.mark.parametrize("wrap", [False, True])
def test_fill_diagonal(shape, wrap):
    x = numpy.linspace(0, 1, int(numpy.prod(shape))).reshape(shape)
    same_as_numpy(lambda a, v: numpy.fill_diagonal(a, v, wrap), x, 0.6)
    same_as_numpy(lambda a, v: numpy.fill_diagonal(a, v, wrap), x, V[:2])


@pytest.mark.parametrize("write", [
    lambda a, v: numpy.put(a, [0, 5, -1, 0], v),
    lambda a, v: numpy.put(a, [1, 30], v, mode="wrap"),
    lambda a, v: numpy.put(a, [1, 30], v, mode="clip"),
    lambda a, v: numpy.place(a, M > 0.5, v),
    lambda a, v: numpy.putmask(a, M > 0.5, v),
    lambda a, v: numpy.copyto(a, v[:3], where=M > 0.3),
    lambda a, v: numpy.put_along_axis(a, numpy.array([[0, 2], [1, 1], [2, 0], [1, 2]]), v[:2], 1),
    lambda a, v: numpy.multiply(a, v[:3], out=a),
    lambda a, v: numpy.add(a, v[:3], out=a, where=M > 0.4),
    lambda a, v: numpy.cumsum(a * v[:3], axis=0, out=a),
    lambda a, v: numpy.add.reduce(a * v[:3], axis=1, out=a[:, 0]),
    lambda a, v: numpy.divmod(a + 5, 2 + v[:3] / 10, out=(a, numpy.copy(a))),
    lambda a, v: a.sort(axis=0),
    lambda a, v: a.partition(1, axis=1),
])  # fmt: skip
def test_functions_that_write(write):
    same_as_numpy(write, M, V)


def test_nan_to_num_in_place():
    def f(x):
        made = x * 1.0
        assert numpy.nan_to_num(made, copy=False) is made
        return made

    assert adkit.vjp(f, numpy.array([1.0, numpy.nan]))[1](numpy.ones(2))[0].tolist() == [1.0, 0.0]


def test_inserting_into_integers_is_refused():
    with pytest.raises(adkit.AdkitError, match="integer|dtype"):
        adkit.grad(lambda x: numpy.insert(numpy.arange(3), 1, x).sum())(0.5)


def test_a_ufunc_computes_in_the_dtype_asked_for():
    made = adkit.jvp(lambda x: numpy.sqrt(x, dtype=complex), (-4.0,), (1.0,))
    assert made[0] == 2j
    assert abs(made[1] - (-0.25j)) < 1e-15


def test_what_frompyfunc_returns():
    ufunc = numpy.frompyfunc(lambda a, b: a * b if a > b else a + b, 2, 1)
    assert adkit.grad(lambda x: ufunc(x, 1.0).sum())(V).tolist() == [1.0, 1.0, 1.0, 1.0]
    assert adkit.grad(lambda x: ufunc(2.5, x).sum())(V).tolist() == [2.5] * 4


def test_vectorize():
    f = np.vectorize(lambda a, b: (a * b, a - b))
    for i in (0, 1):
        g = lambda x, y: f(x, y)[i]  # noqa: E731, B023
        numpy.testing.assert_allclose(
            adkit.vjp(g, M, V[:3])[0], numpy.vectorize(lambda a, b: (a * b, a - b))(M, V[:3])[i]
        )
        assert check_grads(g, (M, V[:3])).verdict == "agree"
    inner = np.vectorize(lambda a, b: np.sum(a * b), signature="(n),(n)->()")
    numpy.testing.assert_allclose(adkit.grad(lambda x: inner(M, x).sum())(V[:3]), M.sum(0))
    excluded = np.vectorize(lambda x, p: np.polyval(p, x), excluded=["p"])
    numpy.testing.assert_allclose(adkit.grad(lambda p: excluded(x=V, p=p).sum())(numpy.ones(2)), [V.sum(), 4])


@pytest.mark.parametrize("values", [[2.0, 1.0, 2.0], [[1.0, 2.0], [1.0, 2.0], [0.0, 3.0]], [3.0, numpy.nan, numpy.nan]])
def test_what_unique_returns_besides(values):
    x = numpy.array(values)
    axes = [None] if x.ndim == 1 else [None, 0, 1]
    for axis in axes:
        expected = numpy.unique(x, True, True, True, axis=axis)
        found = []
        adkit.vjp(lambda v: (found.append(numpy.unique(v, True, True, True, axis=axis)), v)[1], x)  # noqa: B023
        for a, b in zip(found[0][1:], expected[1:]):
            numpy.testing.assert_array_equal(a, b)
        numpy.testing.assert_array_equal(found[0][0].value, expected[0])
