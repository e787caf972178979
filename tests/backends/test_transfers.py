"""Derivatives over arrays of another library: they stay on their input's device, and every copy to it is recorded."""

from __future__ import annotations

import numpy
import pytest

import adkit
from adkit.errors import DeviceError, LeakError
from tests.arrays import OTHER_PLACES, device_name, from_numpy, to_numpy

VECTOR = numpy.array([1.0, 2.0, 3.0])
MATRIX = numpy.array([[4.0, 1.0, 0.5], [0.3, 3.0, 0.2], [0.1, 0.4, 5.0]])

pytestmark = pytest.mark.parametrize(("library", "device"), OTHER_PLACES)


def weighted(x):
    return numpy.sum(numpy.sin(x) * VECTOR)


def filled(x):
    y = x * 1.0
    y[0] = x[1]
    y[numpy.array([2, 2])] = x[:2]
    y[1:] *= 2
    return numpy.sum(y * y)


def filled_from_zeros(x):
    y = numpy.zeros_like(x)
    for i in range(3):
        y[i] = x[2 - i] ** 2
    return numpy.sum(y * VECTOR)


FUNCTIONS = {
    "a constant moved": weighted,
    "an integer constant": lambda x: numpy.sum(x * numpy.arange(3)),
    "a NumPy scalar": lambda x: numpy.sum(numpy.float64(2.5) * x) * numpy.float32(2),
    "branch": lambda x: x[0] ** 2 if x[0] < x[1] else x[1],
    "repeated indices": lambda x: numpy.prod(x[numpy.array([0, 0, 2])]),
    "mask": lambda x: numpy.sum(x[x > 1.5] ** 3),
    "assignment": filled,
    "assignment into zeros": filled_from_zeros,
    "linear algebra": lambda x: numpy.sum(numpy.linalg.solve(MATRIX * x[0], x)) + numpy.linalg.det(MATRIX + x),
    "contraction": lambda x: numpy.einsum("i,ij,j->", x, MATRIX, x),
    "norm and spread": lambda x: numpy.linalg.norm(x) * numpy.std(x) + numpy.var(x),
    "cumulative": lambda x: numpy.sum(numpy.cumprod(x) + numpy.cumsum(x) ** 2),
    "extremum": lambda x: numpy.max(x) * numpy.min(x) + numpy.sum(numpy.maximum(x, 2)),
    "pieces": lambda x: numpy.sum(numpy.where(x > 1.5, numpy.sqrt(x), 0) + numpy.clip(x, 1.5, 2.5)),
    "joined": lambda x: numpy.sum(numpy.concatenate([x, VECTOR, x[::-1]]) ** 2),
    "of scalars": lambda x: numpy.array([x[0], x[1] * 2, x[0]]) @ VECTOR,
}


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", FUNCTIONS)
class TestGradients:
    def test_gradient(self, name, mode, library, device):
        gradient = adkit.grad(FUNCTIONS[name], mode=mode)
        self.compare(gradient(from_numpy(VECTOR, library, device)), gradient(VECTOR), device)

    def test_gradient_in_single_precision(self, name, mode, library, device):
        gradient = adkit.grad(FUNCTIONS[name], mode=mode)
        x = VECTOR.astype("float32")
        self.compare(gradient(from_numpy(x, library, device)), gradient(x), device)

    def test_second_order(self, name, mode, library, device):
        second = adkit.grad(lambda x: numpy.sum(x * adkit.grad(FUNCTIONS[name], mode=mode)(x)), mode=mode)
        self.compare(second(from_numpy(VECTOR, library, device)), second(VECTOR), device)

    @staticmethod
    def compare(result, expected, device):
        assert device_name(result) == device
        assert to_numpy(result).dtype == expected.dtype
        rtol = 1e3 * numpy.finfo(expected.dtype).eps
        numpy.testing.assert_allclose(to_numpy(result), expected, rtol=rtol, atol=rtol)


def instructions(f, x):
    return [instruction.primitive for instruction in adkit.trace(f)(x).wengert.instructions]


def test_a_transfer_is_an_instruction(library, device):
    x = from_numpy(VECTOR, library, device)
    assert instructions(weighted, x).count("to_device") == 1
    assert "to_device" in str(adkit.trace(weighted)(x))
    assert "to_device" not in instructions(lambda x: numpy.sum(x * 2.0), x)
    assert "to_device" not in instructions(weighted, VECTOR)


def test_a_stored_constant_is_moved(library, device):
    def stored(x):
        y = x * 1.0
        y[:2] = VECTOR[:2]
        return numpy.sum(y * y)

    x = from_numpy(VECTOR, library, device)
    assert to_numpy(adkit.grad(stored)(x)).tolist() == [0.0, 0.0, 6.0]
    assert "to_device" in instructions(stored, x)


def test_traced_values_of_two_libraries_do_not_mix(library, device):
    x = from_numpy(VECTOR, library, device)
    for f in (lambda a, b: numpy.sum(a * b), lambda a, b: numpy.sum(numpy.concatenate([a, b]))):
        with pytest.raises(DeviceError, match="one device"):
            adkit.grad(f, argnums=(0, 1))(x, VECTOR)


def test_a_traced_value_is_not_stored_in_a_plain_array(library, device):
    def store(x):
        y = numpy.zeros(3)
        y[0] = x[0]
        return numpy.sum(y)

    with pytest.raises(LeakError):
        adkit.grad(store)(from_numpy(VECTOR, library, device))


def test_a_constant_may_change_after_its_use(library, device):
    def changing(x):
        weights = from_numpy(VECTOR, library, device)
        y = numpy.sum(x * weights)
        weights[...] = 0.0
        return y

    assert to_numpy(adkit.grad(changing)(from_numpy(VECTOR, library, device))).tolist() == VECTOR.tolist()


def test_other_transformations(library, device):
    x = from_numpy(VECTOR, library, device)
    one = from_numpy(numpy.array(1.0), library, device)
    value, gradient = adkit.value_and_grad(weighted)(x)
    out, tangent = adkit.jvp(weighted, (x,), (x,))
    assert device_name(value) == device_name(tangent) == device
    numpy.testing.assert_allclose(to_numpy(tangent), to_numpy(gradient) @ VECTOR)
    numpy.testing.assert_allclose(to_numpy(adkit.vjp(weighted, x)[1](one)[0]), to_numpy(gradient))
    numpy.testing.assert_allclose(to_numpy(adkit.jacobian(lambda x: x * VECTOR)(x)), numpy.diag(VECTOR))
    expected = adkit.hessian(filled)(VECTOR)
    numpy.testing.assert_allclose(to_numpy(adkit.hessian(filled)(x)), expected)
    numpy.testing.assert_allclose(to_numpy(adkit.hvp(filled, x, x)), expected @ VECTOR)
