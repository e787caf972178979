"""`from_dlpack`, and derivatives that stay in the library of their arguments."""

import subprocess
import sys

import array_api_strict
import numpy as np
import pytest

import adkit


class Producer:
    """An array of a library that nobody knows, with what DLPack asks of it."""

    dtype = "float64"

    def __init__(self, array, device=None):
        self.array, self.device = array, device

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.device or self.array.__dlpack_device__()


def test_memory_is_shared_unless_a_copy_is_asked_for():
    x = np.arange(3.0)
    made = adkit.from_dlpack(Producer(x))
    assert type(made) is np.ndarray
    assert np.shares_memory(made, x)
    assert not np.shares_memory(adkit.from_dlpack(Producer(x), copy=True), x)
    assert not np.shares_memory(adkit.from_dlpack(x, copy=True), x)
    np.testing.assert_array_equal(adkit.grad(lambda v: np.sum(v**2))(made), 2 * x)


def test_arrays_that_adkit_computes_with_are_returned_as_they_are():
    for x in (np.ones(2), array_api_strict.asarray([1.0, 2.0])):
        assert adkit.from_dlpack(x) is x
    assert adkit.grad(lambda v: np.sum(adkit.from_dlpack(v) ** 2))(np.ones(2)).tolist() == [2.0, 2.0]


def test_what_cannot_be_taken_is_said():
    with pytest.raises(adkit.InputError, match=r"a value of the type list has no __dlpack__.*numpy.asarray"):
        adkit.from_dlpack([1.0])
    with pytest.raises(adkit.DeviceError, match="device 7"):
        adkit.from_dlpack(Producer(np.ones(2), (7, 0)))


@pytest.mark.parametrize("call", [adkit.grad, adkit.jacobian, adkit.trace, lambda f: lambda x: adkit.vjp(f, x)])
def test_an_array_of_an_unknown_library_names_the_way_in(call):
    for x in (Producer(np.ones(2)), {"w": 1.0, "x": Producer(np.ones(2))}):
        with pytest.raises(adkit.InputError, match=r"Producer, which adkit does not trace.*adkit.from_dlpack\(x\)"):
            call(lambda v: v)(x)


def test_derivatives_stay_in_the_library_and_its_numbers_go_out_by_dlpack():
    xp = array_api_strict
    x = xp.asarray([0.5, 2.0])

    def f(v):
        own = v.__array_namespace__()
        return own.sum(own.sin(v) * v)

    g = adkit.grad(f)(x)
    assert type(g) is type(x)
    h = adkit.hessian(f)(x)
    assert type(h) is type(x)
    plain = np.array([0.5, 2.0])
    np.testing.assert_allclose(np.from_dlpack(g), np.sin(plain) + plain * np.cos(plain), rtol=1e-15)
    np.testing.assert_allclose(np.diag(np.from_dlpack(h)), 2 * np.cos(plain) - plain * np.sin(plain), rtol=1e-14)


def test_a_function_of_the_library_itself_names_the_way_that_the_standard_has():
    with pytest.raises(adkit.UnsupportedError, match=r"\(line \d+\).*xp = x.__array_namespace__\(\)"):
        adkit.grad(lambda v: array_api_strict.sin(v)[0])(array_api_strict.asarray([1.0]))


def test_without_torch_the_adapter_says_what_to_install():
    code = """
import sys
sys.modules["torch"] = None
import adkit
try:
    adkit.interop.torch.to_torch(1.0)
except adkit.PackageError as error:
    print(error)
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "needs torch, which is not installed. Fix: pip install torch" in made.stdout
