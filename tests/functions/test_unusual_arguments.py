"""NumPy's functions with arguments that are rarely given: values, dtypes and derivatives against NumPy itself."""

from __future__ import annotations

import mpmath
import numpy
import pytest
import scipy.fft
import scipy.linalg

import adkit.numpy as np
import adkit.scipy.linalg as linalg
from adkit import LeakError, UnsupportedError, check_grads, grad, jvp, taylor, vmap

RANDOM = numpy.random.default_rng(20261121)
PAIR = numpy.array([[0.3, -1.2, 2.5], [1.7, 0.4, -0.6]])
COMPLEX = PAIR + 1j * PAIR[::-1]
SPECTRUM = RANDOM.normal(size=(2, 3, 4))

# the same call on NumPy's functions and on traced values
CALLS = {
    "cross of vectors in the plane and in space": (lambda t: numpy.cross(t[:, :2], t), PAIR),
    "cross of vectors in space and in the plane": (lambda t: numpy.cross(t, t[::-1, 1:], axisc=0), PAIR),
    "cumulative_sum of a scalar": (lambda t: numpy.cumulative_sum(t, include_initial=True), numpy.array(1.5)),
    "cumulative_prod in single precision": (
        lambda t: numpy.cumulative_prod(t, axis=1, include_initial=True),
        PAIR.astype("f"),
    ),
    "variance in complex numbers": (lambda t: numpy.var(t, axis=0, dtype=complex), PAIR),
    "extremes in complex numbers": (lambda t: numpy.maximum.reduce(t, axis=1, dtype=complex), PAIR),
    "the maximum of nothing": (lambda t: numpy.max(t[:, :0], axis=1, keepdims=True, initial=1.5) * t, PAIR),
    "the maximum of no numbers": (lambda t: numpy.nanmax(t * numpy.nan, axis=1, initial=1.5) + t[:, 0], PAIR),
    "the median of complex numbers": (lambda t: numpy.median(t, axis=1), COMPLEX),
    "the complex median that ignores NaN": (lambda t: numpy.nanmedian(t), COMPLEX),
    "sort_complex in single precision": (numpy.sort_complex, PAIR[0].astype("f")),
    "one coefficient by SciPy": (lambda t: scipy.fft.irfftn(t[:, :1], norm="ortho"), PAIR),
    "lengths as they are by SciPy": (lambda t: scipy.fft.hfft2(t, s=(3, -1)), PAIR),
    "an axis transformed twice": (lambda t: numpy.fft.rfft2(t, axes=(2, 2)), SPECTRUM),
}


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors:DeprecationWarning")
@pytest.mark.parametrize("name", CALLS)
def test_value_dtype_and_derivative(name):
    function, x = CALLS[name]
    plain = function(x)
    value, tangent = jvp(function, (x,), (x * 0.5,))
    numpy.testing.assert_allclose(value, plain, rtol=1e-6 if plain.dtype.char in "fF" else 1e-14)
    assert numpy.shape(value) == plain.shape
    assert value.dtype == plain.dtype == numpy.asarray(tangent).dtype
    check_grads(function, (x,), order=1)


@pytest.mark.parametrize("name", ["sin", "negative", "arctan"])
def test_the_second_operand_of_a_unary_ufunc_is_out(name):
    def stored(t):
        out = t * 0.0
        getattr(np, name)(t, out)
        return out

    value, tangent = jvp(stored, (PAIR,), (PAIR,))
    numpy.testing.assert_array_equal(value, getattr(numpy, name)(PAIR))
    numpy.testing.assert_array_equal(tangent, jvp(getattr(numpy, name), (PAIR,), (PAIR,))[1])


GRIDS = {
    "mgrid along one axis": lambda xp, a, b: xp.mgrid[a:b:5j],
    "mgrid along two": lambda xp, a, b: xp.mgrid[a:b:3j, 0 : 2 * b : 4j],
    "mgrid in steps": lambda xp, a, b: xp.mgrid[a:3.2:b, 0:2],
    "ogrid": lambda xp, a, b: xp.concatenate([part.ravel() for part in xp.ogrid[a:b:3j, :3, 0:b:0.5]]),
    "r_ in single precision": lambda xp, a, b: xp.r_[numpy.ones(2, "f"), a, b * 2],
    "r_ in steps": lambda xp, a, b: xp.r_[a:b:5j, 0.0:2.5:b] * a,
}


@pytest.mark.parametrize("name", GRIDS)
def test_grids_between_traced_ends(name):
    plain = GRIDS[name](numpy, 1.0, 1.75)
    value = jvp(lambda a, b: GRIDS[name](np, a, b), (1.0, 1.75), (1.0, 0.0))[0]
    assert value.dtype == plain.dtype
    numpy.testing.assert_allclose(value, plain, rtol=1e-15)
    check_grads(lambda a, b: GRIDS[name](np, a, b), (1.0, 1.75), order=1)


@pytest.mark.parametrize("kind", "?bhilqBHILQefdgFDG")
def test_scalars_of_every_dtype_meet_traced_arrays(kind):
    scalar = numpy.dtype(kind).type(2)
    slope = float(scalar.real)
    for function in (lambda t: t * scalar, lambda t: scalar * t, lambda t: numpy.multiply(t, scalar)):
        value, tangent = jvp(function, (PAIR,), (PAIR,))
        assert value.dtype == (PAIR * scalar).dtype
        numpy.testing.assert_array_equal(tangent, PAIR * slope)


def test_a_memory_map_computes_like_an_array(tmp_path):
    stored = numpy.memmap(tmp_path / "array", dtype=float, mode="w+", shape=(3,))
    stored[:] = [1.0, 2.0, 3.0]
    numpy.testing.assert_array_equal(
        grad(lambda t: numpy.sum(t * stored + stored * t) + stored @ t)(PAIR[0]), 3 * stored
    )
    both = grad(lambda p: numpy.sum(p[0] * p[1]))((stored, PAIR[0]))
    numpy.testing.assert_array_equal(both[0], PAIR[0])
    numpy.testing.assert_array_equal(both[1], stored)


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("make", [numpy.matrix, lambda a: numpy.ma.array(a, mask=[True, False, False])])
def test_subclasses_that_compute_otherwise_are_refused_with_the_line(make):
    special = make([1.0, 2.0, 3.0])
    for call in (lambda t: numpy.sum(t * special), lambda t: numpy.sum(numpy.multiply(t, special))):
        with pytest.raises(UnsupportedError, match=r"rules of its own.*\(line \d+\)\. Fix: "):
            grad(call)(PAIR[0])
    with pytest.raises(UnsupportedError, match="rules of its own"):
        grad(lambda t: numpy.sum(t))(special)


def test_a_traced_number_becomes_an_array_without_axes():
    assert numpy.shape(np.asarray(2.0)[None]) == (1,)
    assert grad(lambda t: np.sum(np.asarray(t)[None] ** 3))(2.0) == 12.0

    def assigned(t):
        y = np.array(t)
        y[...] = 3 * t
        y[()] += t * t
        return y

    assert jvp(assigned, (2.0,), (1.0,)) == (10.0, 7.0)
    numpy.testing.assert_array_equal(vmap(grad(assigned))(numpy.array([1.0, 2.0])), [5.0, 7.0])


def test_block_diag_of_numbers_and_vectors():
    def blocks(matrix, number):
        return linalg.block_diag(number, matrix, [1.0, 2.0], matrix[0])

    numpy.testing.assert_array_equal(
        jvp(blocks, (PAIR, 1.5), (PAIR, 0.0))[0], scipy.linalg.block_diag(1.5, PAIR, [1.0, 2.0], PAIR[0])
    )
    check_grads(blocks, (PAIR, 1.5), order=1)


@pytest.mark.parametrize("x", [1e-9, 0.02, 0.0756, 0.15, -0.3, 0.49])
def test_tenth_derivative_of_sinc_near_zero(x):
    with mpmath.workdps(50):
        exact = [float(c) for c in mpmath.taylor(mpmath.sincpi, mpmath.mpf(x), 10)]
    numpy.testing.assert_allclose(taylor(numpy.sinc, x, 10), exact, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("make", [lambda: np.zeros(3, int), lambda: np.array([1, 2, 3]), lambda: numpy.zeros(3, "u1")])
@pytest.mark.parametrize("index", [0, slice(0, 2), [0, 2]])
def test_an_array_of_integers_takes_no_traced_value(make, index):
    def stored(t):
        y = make()
        y[index] = t
        return np.sum(y)

    with pytest.raises(LeakError, match=r"an array of integers.*dtype=float"):
        grad(stored)(1.5)
