"""Reading, writing and adding at any NumPy index over strict arrays, against NumPy."""

from __future__ import annotations

import hypothesis
import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy
import pytest

from adkit import backends
from tests.arrays import device_name, from_numpy, to_numpy

BASE = numpy.arange(12.0).reshape(3, 4)
INDICES = {
    "integer": 0,
    "NumPy integer": numpy.int64(-1),
    "column": (slice(None), 1),
    "ellipsis": (Ellipsis, 2),
    "all": Ellipsis,
    "nothing": (),
    "element": (1, 2),
    "new axis": (None, 1),
    "step back": (slice(None, None, -1), slice(-1, None, -2)),
    "out of bounds slice": slice(-20, 30),
    "empty slice": slice(7, 9),
    "empty backward slice": slice(0, 5, -1),
    "repeated": numpy.array([0, 0, 2]),
    "negative": numpy.array([-1, 0, -1, -1]),
    "grid": (numpy.array([[0], [2]]), numpy.array([1, 1])),
    "array and slice": (numpy.array([2, 2]), slice(None, None, -1)),
    "slice and array": (slice(1, None), numpy.array([3, 3, 0])),
    "array, new axis": (numpy.array([1, 1]), None, numpy.array([0, 0])),
    "array and integer": (numpy.array([1, 1]), 2),
    "mask": BASE > 4,
    "mask of rows": numpy.array([True, False, True]),
    "mask and array": (numpy.array([True, False, True]), numpy.array([1, 1])),
    "empty mask": BASE > 99,
    "empty array": numpy.array([], int),
    "list": [0, 0, 1],
    "True": True,
    "False": False,
}


def strict(value, device="device1"):
    return from_numpy(numpy.asarray(value), "array_api_strict", device)


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_reading(index):
    result = backends.getitem(strict(BASE), index)
    assert device_name(result) == "device1"
    numpy.testing.assert_array_equal(to_numpy(result), BASE[index], strict=True)


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_writing_and_adding(index):
    rng = numpy.random.default_rng(0)
    shapes = [BASE[index].shape, BASE[index].shape[-1:], ()]
    if BASE[index].ndim > 1:  # values may have leading ones, except for a mask of everything
        shapes.append((1, *BASE[index].shape))
    for shape in shapes:
        values = rng.normal(size=shape)
        check_write(BASE, index, values, strict(values))
    check_write(BASE, index, 2.5, 2.5)
    check_write(BASE, index, 3, 3)
    check_write(BASE.astype("float32"), index, numpy.float64(1.5), numpy.float64(1.5))
    check_write(BASE, index, numpy.int64(2), strict(2))


def check_write(base, index, plain, value):
    for write, expected_write in ((backends.setitem, put), (backends.add_at, numpy.add.at)):
        expected, array = base.copy(), strict(base)
        if numpy.ndim(plain) > expected[index].ndim and write is backends.add_at:
            continue  # numpy.add.at does not take leading ones
        expected_write(expected, index, plain)
        write(array, index, value)
        numpy.testing.assert_allclose(to_numpy(array), expected, rtol=1e-15)


def put(array, index, values):
    array[index] = values


def test_writing_acts_in_place_through_views():
    array = strict(BASE)
    view = backends.getitem(array, (slice(None), slice(1, 3)))
    backends.setitem(view, 0, -1.0)
    backends.add_at(view, numpy.array([1, 1]), 10.0)
    expected = BASE.copy()
    expected[0, 1:3] = -1
    expected[1, 1:3] += 20
    numpy.testing.assert_array_equal(to_numpy(array), expected)


def test_indices_may_be_strict_arrays():
    array = strict(BASE)
    numpy.testing.assert_array_equal(to_numpy(backends.getitem(array, strict(numpy.array([2, 0])))), BASE[[2, 0]])
    numpy.testing.assert_array_equal(to_numpy(backends.getitem(array, strict(BASE > 3))), BASE[BASE > 3])
    backends.add_at(array, (strict(numpy.array([1, 1])), 0), 1.0)
    assert float(to_numpy(array)[1, 0]) == 6.0


@pytest.mark.parametrize("index", [3, (0, 4), numpy.array([0, 3]), (0, 0, 0), (numpy.array([-4]), 0)])
def test_out_of_bounds(index):
    with pytest.raises(IndexError):
        backends.getitem(strict(BASE), index)
    with pytest.raises(IndexError):
        backends.setitem(strict(BASE), index, 0.0)


def test_values_from_another_device_raise():
    with pytest.raises(ValueError, match="device"):
        backends.setitem(strict(BASE), 0, strict(numpy.ones(4), "device2"))
    with pytest.raises(ValueError, match="device"):
        backends.add_at(strict(BASE), numpy.array([0]), strict(numpy.ones(4), "device2"))
    with pytest.raises(TypeError, match="NumPy array"):
        backends.setitem(strict(BASE), 0, numpy.ones(4))


SHAPES = arrays.array_shapes(min_dims=1, max_dims=3, max_side=4)


@hypothesis.given(st.data())
@hypothesis.settings(max_examples=60, deadline=None)
def test_any_index(data):
    shape = data.draw(SHAPES)
    base = numpy.arange(float(numpy.prod(shape))).reshape(shape)
    index = data.draw(arrays.basic_indices(shape, allow_newaxis=True) | arrays.integer_array_indices(shape))
    numpy.testing.assert_array_equal(to_numpy(backends.getitem(strict(base), index)), base[index])
    values = numpy.asarray(base[index]) * 0.5 + 1
    check_write(base, index, values, strict(values))
