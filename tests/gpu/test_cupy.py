"""The CuPy backend on a device: functions beside NumPy's, indices, transfers, where gradients stay."""

from __future__ import annotations

import numpy
import pytest

import adkit
from adkit import backends
from adkit.errors import DeviceError
from adkit.primitive import ELEMENTWISE, REGISTRY
from adkit.primitives import elementwise as rows  # noqa: F401  (fills the registry)
from tests.arrays import from_numpy, to_numpy

VECTOR = numpy.array([1.0, 2.0, 3.0])
MATRIX = numpy.arange(12.0).reshape(3, 4)


def gpu(value):
    return from_numpy(value, "cupy")


def on_gpu(value):
    return type(value).__module__.partition(".")[0] == "cupy"


def agree(result, expected, rtol=1e-12):
    assert on_gpu(result)
    expected = numpy.asarray(expected)
    assert to_numpy(result).dtype == expected.dtype
    numpy.testing.assert_allclose(to_numpy(result), expected, rtol=rtol, atol=rtol)


# ------------------------------------------------------------------------------------- the namespace


ROWS = [row for row in REGISTRY.values() if row.kind == ELEMENTWISE]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_elementwise_row_means_the_same(row, dtype):
    bits = row.name.startswith("bitwise") or row.name in ("left_shift", "right_shift", "invert")
    values = numpy.array([[0.25, 0.5, 0.75, 0.9], [0.1, 0.3, 0.2, 0.6]], dtype) + (row.name == "arccosh")
    operands = (
        (numpy.array([3, 5, 6]), numpy.array([1, 2, 3]))[: row.arity] if bits else (values, values[:1], values[:, :1])
    )
    operands = operands[: row.arity]
    expected = row.evaluator(numpy)(*operands)
    result = row.evaluate([gpu(operand) for operand in operands], {})
    agree(result, expected, rtol=1e-12 if expected.dtype.itemsize == 8 else 1e-5)


def test_scalars_keep_the_dtype_of_the_array():
    xp = backends.backend_of(gpu(VECTOR)).namespace
    array = gpu(VECTOR.astype("float32"))
    assert xp.where(array > 1, array, 0).dtype == numpy.float32
    assert xp.maximum(array, 2.0).dtype == numpy.float32
    assert xp.clip(array, 0, 2.5).dtype == numpy.float32


def test_a_singular_matrix_raises():
    xp = backends.backend_of(gpu(VECTOR)).namespace
    with pytest.raises(numpy.linalg.LinAlgError):
        xp.linalg.inv(gpu(numpy.zeros((2, 2))))


def test_solve_of_stacks():
    xp = backends.backend_of(gpu(VECTOR)).namespace
    a = numpy.random.default_rng(0).normal(size=(2, 3, 3)) + 3 * numpy.eye(3)
    for b in (VECTOR, MATRIX, MATRIX[None]):
        agree(xp.linalg.solve(gpu(a), gpu(b)), numpy.linalg.solve(a, b))


# ------------------------------------------------------------------------------------- indices


INDICES = [
    0,
    (slice(None, None, -1), 1),
    (None, Ellipsis, slice(1, 3)),
    numpy.array([0, 0, 2]),
    (numpy.array([0, 0]), slice(None, None, -1)),
    (slice(None), numpy.array([1, 1, -1])),
    MATRIX > 4,
    (numpy.array([True, False, True]), numpy.array([1, 1])),
]


@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_reading_writing_adding(index):
    values = numpy.random.default_rng(0).normal(size=MATRIX[index].shape)
    agree(backends.getitem(gpu(MATRIX), index), MATRIX[index])
    expected, written = MATRIX.copy(), gpu(MATRIX)
    expected[index] = values
    backends.setitem(written, index, gpu(values))
    agree(written, expected)
    numpy.add.at(expected, index, values)
    backends.add_at(written, index, gpu(values))
    agree(written, expected)


def test_an_index_out_of_bounds():
    with pytest.raises(IndexError):
        backends.getitem(gpu(VECTOR), numpy.array([0, 3]))


# ------------------------------------------------------------------------------------- transfers and derivatives


def test_there_and_back():
    for dtype in ("bool", "int32", "float16", "float32", "float64", "complex64", "complex128"):
        values = numpy.arange(3).astype(dtype)
        numpy.testing.assert_array_equal(to_numpy(gpu(values)), values, strict=True)
    with pytest.raises(DeviceError, match="longdouble|float128"):
        gpu(numpy.zeros(2, "longdouble"))


def weighted(x):
    return numpy.sum(numpy.sin(x) * VECTOR)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_gradient_stays_where_its_input_is(mode):
    agree(adkit.grad(weighted, mode=mode)(gpu(VECTOR)), numpy.cos(VECTOR) * VECTOR)
    agree(
        adkit.grad(weighted, mode=mode)(gpu(VECTOR.astype("float32"))), (numpy.cos(VECTOR) * VECTOR).astype("f"), 1e-5
    )


def test_second_order():
    result = adkit.hessian(lambda x: numpy.sum(numpy.exp(x) * x))(gpu(VECTOR))
    agree(result, numpy.diag(numpy.exp(VECTOR) * (VECTOR + 2)))


def test_assignment():
    def filled(x):
        y = x * 1.0
        y[numpy.array([0, 0])] = x[1:]
        y[1] += x[0]
        return numpy.sum(y * y)

    agree(adkit.grad(filled)(gpu(VECTOR)), adkit.grad(filled)(VECTOR))


def test_a_constant_that_is_moved_is_an_instruction():
    def operations(x):
        return [instruction.primitive for instruction in adkit.trace(weighted)(x).wengert.instructions]

    assert operations(gpu(VECTOR)).count("to_device") == 1
    assert "to_device" not in operations(VECTOR)


def test_traced_values_of_two_devices():
    with pytest.raises(DeviceError, match="one device"):
        adkit.grad(lambda x, y: numpy.sum(x * y), argnums=(0, 1))(gpu(VECTOR), VECTOR)


# ------------------------------------------------------------------------------------- settings(device="gpu")


def test_the_device_is_offered():
    assert adkit.devices() == ["cpu", "gpu"]


def test_numpy_inputs_are_computed_on_the_gpu():
    seen = []

    def noted(x):
        seen.append(on_gpu(getattr(x, "value", x)))
        return numpy.sum(x * x)

    with adkit.settings(device="gpu"):
        gradient = adkit.grad(noted)(VECTOR)
    assert seen == [True]
    numpy.testing.assert_allclose(to_numpy(gradient), 2 * VECTOR)
    assert adkit.settings.current().device == "cpu"


def test_the_document_says_where_it_ran():
    assert adkit.trace(weighted)(gpu(VECTOR)).document()["device"] == "gpu"
    assert adkit.trace(weighted)(VECTOR).document()["device"] == "cpu"
