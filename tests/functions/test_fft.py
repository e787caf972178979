"""`numpy.fft` and `scipy.fft` with traced arguments: every signature against the plain function, and derivatives.

Every transform is linear, so its value at a tangent is the exact tangent, and the adjoint test the exact transpose.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import scipy.fft

import adkit as ad
import adkit.numpy.fft
import adkit.scipy.fft
from adkit.check import paired

RANDOM = np.random.default_rng(5)
NORMS = (None, "backward", "ortho", "forward")
ONE = "fft ifft rfft irfft hfft ihfft".split()
TWO = "fft2 ifft2 rfft2 irfft2".split()
MANY = "fftn ifftn rfftn irfftn".split()
REAL = {"rfft", "ihfft", "rfft2", "rfftn", "ihfft2", "ihfftn"}


def operand(shape, dtype):
    x = RANDOM.normal(size=shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * RANDOM.normal(size=shape)
    return x.astype(dtype)


def check_linear(f, x):
    """f of a traced value is the plain value, f of a tangent is the tangent, and the pullback is the transpose.

    Plain values may come by another path, and so differ in rounding.
    """
    t = operand(x.shape, x.dtype)
    out, pushed = ad.jvp(f, (x,), (t,))
    plain, expected = f(x), f(t)
    rounding = 50 * np.finfo(x.dtype).eps
    assert out.dtype == plain.dtype
    np.testing.assert_allclose(out, plain, rtol=0, atol=rounding * np.abs(plain).max())
    np.testing.assert_allclose(pushed, expected, rtol=0, atol=rounding * np.abs(expected).max())
    g = operand(plain.shape, plain.dtype)
    (pulled,) = ad.vjp(f, x)[1](g)
    assert pulled.dtype == x.dtype
    assert pulled.shape == x.shape
    scale = max(1.0, float(np.sum(np.abs(g * pushed))), float(np.sum(np.abs(pulled * t))))
    assert abs(paired([g], [pushed]) - paired([pulled], [t])) <= 100 * np.finfo(x.dtype).eps * scale


def dtypes(name):
    return (np.float64, np.float32) if name in REAL else (np.float64, np.complex128, np.float32, np.complex64)


@pytest.mark.parametrize("module", [np.fft, scipy.fft], ids=["numpy", "scipy"])
@pytest.mark.parametrize("name", ONE)
def test_one_dimensional_transforms(module, name):
    function = getattr(module, name)
    for dtype in dtypes(name):
        for norm in NORMS:
            for n in (None, 3, 4, 5, 6, 8, 9):
                for shape, axis in (((6,), -1), ((5,), 0), ((2, 5), 1), ((5, 2), 0), ((2, 6, 2), -2)):
                    check_linear(partial(function, n=n, axis=axis, norm=norm), operand(shape, dtype))


@pytest.mark.parametrize("module", [np.fft, scipy.fft], ids=["numpy", "scipy"])
@pytest.mark.parametrize("name", [*TWO, *MANY])
def test_transforms_over_several_axes(module, name):
    function = getattr(module, name)
    options = [{}, {"axes": (0, 1)}, {"axes": (1, -1)}, {"s": (3, 5), "axes": (2, 0)}, {"s": (4, 6), "axes": (-1, 1)}]
    if name.endswith("n"):
        options += [{"axes": (1,)}, {"s": (5, 3, 4), "axes": (0, 1, 2)}, {"s": (-1, 3), "axes": (0, 2)}]
    for dtype in dtypes(name):
        for norm in NORMS:
            for given in options:
                check_linear(partial(function, norm=norm, **given), operand((4, 3, 6), dtype))


@pytest.mark.parametrize("name", "hfft2 ihfft2 hfftn ihfftn".split())
def test_hermitian_transforms_over_several_axes(name):
    function = getattr(scipy.fft, name)
    for dtype in dtypes(name):
        for norm in NORMS:
            for given in ({}, {"axes": (0, 1)}, {"s": (3, 5), "axes": (1, 0)}):
                check_linear(partial(function, norm=norm, **given), operand((4, 6), dtype))


@pytest.mark.parametrize("name", "dct idct dst idst".split())
def test_cosine_and_sine_transforms(name):
    function = getattr(scipy.fft, name)
    for dtype in (np.float64, np.float32):
        for type in (1, 2, 3, 4):
            for norm in NORMS:
                for n in (None, 4, 5, 7):
                    for orthogonalize in (None, True, False):
                        options = {"type": type, "n": n, "norm": norm, "orthogonalize": orthogonalize}
                        check_linear(partial(function, axis=1, **options), operand((2, 5), dtype))


@pytest.mark.parametrize("name", "dctn idctn dstn idstn".split())
def test_cosine_and_sine_transforms_over_several_axes(name):
    function = getattr(scipy.fft, name)
    for type in (1, 2, 3, 4):
        for norm in NORMS:
            for given in ({}, {"axes": (1,)}, {"s": (3, 5), "axes": (1, 0)}, {"s": 6, "axes": 0}):
                check_linear(partial(function, type=type, norm=norm, **given), operand((4, 6), float))


def test_cosine_transform_of_complex_values_is_that_of_their_parts():
    x = operand((5,), complex)
    for options in ({}, {"norm": "ortho"}, {"orthogonalize": True}, {"norm": "ortho", "orthogonalize": False}):
        out = ad.jvp(partial(scipy.fft.dct, **options), (x,), (x,))[0]
        parts = scipy.fft.dct(x.real, **options) + 1j * scipy.fft.dct(x.imag, **options)
        np.testing.assert_array_equal(out, parts)


@pytest.mark.parametrize("name", ["fht", "ifht"])
def test_hankel_transforms(name):
    function = getattr(adkit.scipy.fft, name)
    for offset in (0.0, 0.3):
        for bias in (0.0, -0.2):
            check_linear(partial(function, dln=0.1, mu=0.5, offset=offset, bias=bias), operand((2, 8), float))


def test_the_hankel_transform_is_refused_in_its_order_by_name():
    with pytest.raises(ad.AdkitError, match=r"no derivative in its argument mu.*Fix: "):
        ad.grad(lambda mu: adkit.scipy.fft.fht(np.ones(4), 0.1, mu).sum())(0.5)


@pytest.mark.parametrize("name", ["fftshift", "ifftshift"])
def test_shifts(name):
    for module in (np.fft, scipy.fft):
        for axes in (None, 0, (1,), (0, -1)):
            check_linear(partial(getattr(module, name), axes=axes), operand((3, 4), float))


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
def test_frequencies_of_a_traced_spacing(name):
    for module, plain in ((adkit.numpy.fft, np.fft), (adkit.scipy.fft, scipy.fft)):
        value, slope = ad.jvp(partial(getattr(module, name), 6), (0.5,), (1.0,))
        np.testing.assert_allclose(value, getattr(plain, name)(6, 0.5), rtol=1e-15)
        np.testing.assert_allclose(slope, -getattr(plain, name)(6, 0.5) / 0.5, rtol=1e-15)


def test_a_repeated_axis_is_transformed_repeatedly():
    check_linear(lambda x: np.fft.fftn(x, axes=(0, 1, 0)), operand((3, 4), complex))


def test_out_and_keywords():
    def f(x):
        out = ad.numpy.zeros(4, complex)
        made = np.fft.fft(a=x, n=4, axis=-1, norm="ortho", out=out)
        assert made is out
        return out

    pushed = ad.jvp(f, (operand((5,), float),), (np.ones(5),))[1]
    np.testing.assert_allclose(pushed, np.fft.fft(np.ones(5), 4, norm="ortho"), atol=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.fft.fft(x, 0), "Invalid number of FFT data points"),
        (lambda x: np.fft.fft(x, norm="other"), "Invalid norm value"),
        (lambda x: np.fft.fft(x, axis=3), "out of bounds"),
        (lambda x: np.fft.fftn(x, s=(2, 3), axes=(0,)), "different lengths"),
        (lambda x: scipy.fft.dct(x, type=5), "invalid transform type"),
        (lambda x: scipy.fft.fftn(x, axes=(0, 0)), "all axes must be unique"),
    ],
)
def test_wrong_arguments_raise_what_plain_values_raise(call, message):
    with pytest.raises(ValueError, match=message):
        ad.grad(lambda x: abs(call(x)).sum())(np.ones((4, 4)))


def test_second_order_of_a_spectral_energy():
    x = operand((6,), float)
    energy = lambda v: (np.abs(np.fft.rfft(v)) ** 2).sum()  # noqa: E731
    f = lambda v: energy(v) ** 2  # noqa: E731
    hessian = ad.hessian(f)(x)
    matrix = np.fft.rfft(np.eye(6), axis=0)
    quadratic = 2 * (matrix.conj().T @ matrix).real
    expected = 2 * np.outer(quadratic @ x, quadratic @ x) + 2 * energy(x) * quadratic
    np.testing.assert_allclose(hessian, expected, rtol=1e-12)


def test_solving_a_wave_equation_spectrally_differentiates():
    grid = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    frequencies = np.fft.rfftfreq(32, 1 / 32)

    def field(speed):
        return np.fft.irfft(np.fft.rfft(np.sin(grid)) * np.exp(-1j * frequencies * speed * 0.5), 32)

    value, slope = ad.jvp(field, (0.7,), (1.0,))
    np.testing.assert_allclose(value, np.sin(grid - 0.35), atol=1e-14)
    np.testing.assert_allclose(slope, -0.5 * np.cos(grid - 0.35), atol=1e-14)


def test_plain_arguments_get_the_plain_answer():
    x = operand((6,), float)
    for name in ONE:
        for ours, plain in ((adkit.numpy.fft, np.fft), (adkit.scipy.fft, scipy.fft)):
            np.testing.assert_array_equal(getattr(ours, name)(x), getattr(plain, name)(x))


def test_every_public_name_is_here():
    for ours, plain in ((adkit.numpy.fft, np.fft), (adkit.scipy.fft, scipy.fft)):
        for name in plain.__all__ if hasattr(plain, "__all__") else dir(plain):
            assert hasattr(ours, name)
    for name in np.fft.__all__:
        assert name in vars(adkit.numpy.fft), name


CODE = """
import numpy as np, sys
import adkit as ad
assert "scipy.fft" not in sys.modules
import scipy.fft
x = np.arange(5.0)
g = ad.grad(lambda v: (scipy.fft.dct(v, norm="ortho") ** 2).sum())(x)
np.testing.assert_allclose(g, 2 * x, atol=1e-14)
g = ad.grad(lambda v: (abs(scipy.fft.rfft(v)) ** 2).sum())(x)
np.testing.assert_allclose(g, ad.grad(lambda v: (abs(np.fft.rfft(v)) ** 2).sum())(x), rtol=1e-14)
"""


@pytest.mark.parametrize("switch", [{}, {"SCIPY_ARRAY_API": "1"}], ids=["off", "on"])
def test_scipy_fft_is_reached_with_the_array_api_switch_on_and_off(switch):
    plain = {
        name: value for name, value in os.environ.items() if name != "SCIPY_ARRAY_API"
    }  # any text is yes, also "0"
    subprocess.run([sys.executable, "-c", CODE], check=True, env=plain | switch)
