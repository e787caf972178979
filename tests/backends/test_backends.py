"""The interface of the backends: whose array a value is, transfers, placement, and devices that are not there."""

from __future__ import annotations

import sys

import array_api_strict
import numpy
import pytest

import adkit
from adkit import backends
from adkit.backends.array_api import StrictBackend
from adkit.backends.base import backend_named, backend_of_type
from adkit.errors import DeviceError
from tests.arrays import OTHER_PLACES, PLACES, device_name, from_numpy, to_numpy

VECTOR = numpy.array([1.0, 2.0, 3.0])


def strict(value, device="device1"):
    return from_numpy(value, "array_api_strict", device)


# ------------------------------------------------------------------------------------- whose array is it


@pytest.mark.parametrize("value", [1, 2.0, 1j, True, numpy.float32(1), VECTOR, "text", None, [1.0]])
def test_numpy_and_scalars_have_no_backend(value):
    assert backends.backend_of(value) is None
    assert backends.namespace_of((value,)) is numpy


def test_a_class_with_a_shape_from_elsewhere_has_no_backend():
    class Shaped:
        shape = (3,)

    assert backends.backend_of(Shaped()) is None
    assert not backends.is_array(Shaped())


def test_the_backend_of_a_type_is_made_once():
    backend = backends.backend_of(strict(VECTOR))
    assert backend.name == "array_api_strict"
    assert backend is backend_of_type(type(strict(VECTOR))) is backend_named("array_api_strict")


def test_the_first_array_of_another_library_decides():
    array = strict(VECTOR)
    namespace = backends.namespace_of((2.0, VECTOR, array))
    assert namespace is backends.backend_of(array).namespace
    assert namespace.spells_operators
    assert "array_api_strict" in repr(namespace)


# ------------------------------------------------------------------------------------- in any library


@pytest.mark.parametrize(("library", "device"), PLACES)
class TestAnyLibrary:
    def make(self, values, library, device):
        return from_numpy(numpy.array(values), library, device)

    def test_there_and_back(self, library, device):
        for dtype in ("bool", "int64", "float32", "float64", "complex128"):
            values = numpy.array([[0, 1], [1, 0]], dtype)
            array = self.make(values, library, device)
            assert backends.is_array(array)
            assert device_name(array) == device
            numpy.testing.assert_array_equal(to_numpy(array), values, strict=True)

    def test_a_copy_is_on_its_own(self, library, device):
        array = self.make(VECTOR, library, device)
        copy = backends.copy_of(array)
        backends.setitem(copy, 0, 9.0)
        assert device_name(copy) == device
        assert to_numpy(array)[0] == 1.0
        assert to_numpy(copy)[0] == 9.0

    def test_cast(self, library, device):
        array = self.make(VECTOR, library, device)
        for dtype in ("float32", "complex64", "int64", "bool"):
            result = backends.cast(array, dtype)
            assert device_name(result) == device
            numpy.testing.assert_array_equal(to_numpy(result), VECTOR.astype(dtype), strict=True)

    def test_read_write_add(self, library, device):
        array = self.make(VECTOR, library, device)
        backends.setitem(array, slice(0, 2), 0.0)
        backends.add_at(array, numpy.array([0, 0, 2]), 1.0)
        backends.add_at(array, 1, 5.0)
        numpy.testing.assert_array_equal(to_numpy(array), [2, 5, 4])
        numpy.testing.assert_array_equal(to_numpy(backends.getitem(array, numpy.array([2, 2]))), [4, 4])

    def test_zeros_and_constants_follow_an_array(self, library, device):
        array = self.make(VECTOR, library, device)
        made = backends.zeros((2, 3), "float32", array)
        constant = backends.asarray_like([1, 2], array, "float64")
        assert device_name(made) == device_name(constant) == device
        numpy.testing.assert_array_equal(to_numpy(made), numpy.zeros((2, 3), "float32"), strict=True)
        numpy.testing.assert_array_equal(to_numpy(constant), numpy.array([1.0, 2.0]), strict=True)


@pytest.mark.parametrize(("library", "device"), OTHER_PLACES)
def test_a_transfer_is_a_copy(library, device):
    source = VECTOR.copy()
    array = backends.move_like(source, from_numpy(VECTOR, library, device), traced=False)
    source[0] = 100.0
    back = to_numpy(array)
    back[1] = 100.0
    assert device_name(array) == device
    numpy.testing.assert_array_equal(to_numpy(array), VECTOR)


def test_a_traced_value_is_not_moved_in_secret():
    with pytest.raises(DeviceError, match=r"another device.*Fix: .*one device"):
        backends.move_like(VECTOR, strict(VECTOR), traced=True)


@pytest.mark.filterwarnings("error")
def test_a_complex_value_becomes_real_by_its_real_part():
    for library, device in PLACES:
        result = backends.cast(from_numpy(numpy.array([1 + 2j]), library, device), "float32")
        numpy.testing.assert_array_equal(to_numpy(result), numpy.array([1], "float32"), strict=True)
    assert backends.cast(1 + 2j, float) == backends.cast(numpy.complex64(1 + 2j), float) == 1.0
    assert type(backends.cast(2, "float32")) is numpy.float32


def test_a_dtype_that_the_library_lacks():
    with pytest.raises(TypeError, match="float16"):
        backends.cast(strict(VECTOR), "float16")
    with pytest.raises(TypeError, match="float16"):
        StrictBackend().from_numpy(VECTOR.astype("float16"))


def test_default_device():
    backend = StrictBackend()
    assert backend.from_numpy(VECTOR).device == array_api_strict.Device("CPU_DEVICE")
    assert backend.zeros((2,), float, None).device == array_api_strict.Device("CPU_DEVICE")


# ------------------------------------------------------------------------------------- placement of inputs


@pytest.fixture
def pretended_gpu(monkeypatch):
    """`place` with a device of the strict library in place of the GPU. What a GPU does is tested in tests/gpu."""

    class OnDevice(StrictBackend):
        def from_numpy(self, array, like=None):
            return super().from_numpy(array, strict(VECTOR, "device2") if like is None else like)

    monkeypatch.setattr(backends, "gpu_backend", OnDevice)


@pytest.mark.parametrize("value", [VECTOR, numpy.float32(2), numpy.array(2), 1.5, 1j, numpy.arange(3)])
def test_numbers_are_placed(pretended_gpu, value):
    placed = backends.place(value, "gpu")
    assert device_name(placed) == "device2"
    numpy.testing.assert_array_equal(backends.to_numpy(placed), numpy.asarray(value), strict=True)


@pytest.mark.parametrize(
    "value", [3, True, "text", None, [1.0], strict(VECTOR), numpy.array(["a"]), numpy.array([None])]
)
def test_other_values_stay(pretended_gpu, value):
    assert backends.place(value, "gpu") is value


@pytest.mark.parametrize("value", [VECTOR, 1.5, strict(VECTOR)])
def test_nothing_moves_for_the_cpu(value):
    assert backends.place(value, "cpu") is value


def test_to_numpy_leaves_scalars():
    assert backends.to_numpy(1.5) == 1.5
    assert backends.to_numpy(VECTOR) is VECTOR


# ------------------------------------------------------------------------------------- a GPU that is not there


def without_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)


def broken_cupy(monkeypatch, tmp_path):
    (tmp_path / "cupy.py").write_text("raise ImportError('libnvrtc.so.13: cannot open\\nmore text')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cupy", raising=False)


def cupy_without_device(monkeypatch, tmp_path, count):
    (tmp_path / "cupy.py").write_text(
        "class cuda:\n class runtime:\n  @staticmethod\n  def getDeviceCount():\n"
        + ("   return 0\n" if count else "   raise RuntimeError('cudaErrorNoDevice: no CUDA-capable device')\n")
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cupy", raising=False)


def test_cupy_not_installed(monkeypatch):
    without_cupy(monkeypatch)
    with pytest.raises(DeviceError, match="not installed") as caught:
        backends.require_gpu()
    assert 'pip install "adkit[cuda13]"' in str(caught.value)
    assert '"adkit[cuda12]"' in str(caught.value)
    assert isinstance(caught.value, adkit.AdkitError)
    assert backends.devices() == ["cpu"]


def test_cupy_that_cannot_be_imported(monkeypatch, tmp_path):
    broken_cupy(monkeypatch, tmp_path)
    with pytest.raises(DeviceError, match=r"cannot be imported \(libnvrtc.so.13: cannot open\)") as caught:
        backends.require_gpu()
    assert "more text" not in str(caught.value)


@pytest.mark.parametrize("count", [True, False], ids=["none listed", "driver raises"])
def test_cupy_without_a_device(monkeypatch, tmp_path, count):
    cupy_without_device(monkeypatch, tmp_path, count)
    with pytest.raises(DeviceError, match=r"CuPy is installed, but there is no CUDA device \((the driver|cudaErrorNo)"):
        backends.require_gpu()
    sys.modules.pop("cupy", None)
    assert backends.devices() == ["cpu"]
    sys.modules.pop("cupy", None)


def test_the_setting_is_refused_and_unchanged(monkeypatch):
    without_cupy(monkeypatch)
    with pytest.raises(DeviceError, match="cuda12"):
        adkit.settings(device="gpu")
    assert adkit.settings.current().device == "cpu"


# ------------------------------------------------------------------------------------- settings(device="gpu"), wired


def test_numpy_inputs_are_computed_where_the_setting_says(pretended_gpu, monkeypatch):
    monkeypatch.setattr(backends, "require_gpu", lambda: None)
    seen = []

    def noted(x):
        seen.append(str(x.device))
        return numpy.sum(numpy.sin(x) * VECTOR)

    with adkit.settings(device="gpu"):
        gradient = adkit.grad(noted)(VECTOR)
        _, tangent = adkit.jvp(noted, (VECTOR,), (VECTOR,))
        _, pullback = adkit.vjp(noted, VECTOR)
        pulled = pullback(1.0)[0]
        hessian = adkit.hessian(noted)(VECTOR)
    expected = numpy.cos(VECTOR) * VECTOR
    assert all("device2" in name for name in seen)
    assert type(gradient) is numpy.ndarray
    numpy.testing.assert_allclose(gradient, expected)
    numpy.testing.assert_allclose(to_numpy(tangent), expected @ VECTOR)
    numpy.testing.assert_allclose(to_numpy(pulled), expected)
    numpy.testing.assert_allclose(to_numpy(hessian), numpy.diag(-numpy.sin(VECTOR) * VECTOR))
    assert adkit.settings.current().device == "cpu"
