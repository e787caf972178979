"""`adkit.numpy` as a namespace of the array API standard, walked by the names that `array_api_strict` has.

Every function of the standard is called on plain NumPy arrays, on plain arrays of `array_api_strict` (on a device that
is not the default one), and on traced arrays over both; the reference is `array_api_strict` itself.
"""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import warnings

import array_api_strict as strict
import numpy
import pytest

import adkit
import adkit.numpy as np
from adkit import backends
from adkit.handle import TracedArray
from adkit.tracing import make_input, recording
from tests.arrays import device_name, from_numpy, to_numpy

DEVICE = "device1"
A = numpy.array([0.7, -1.3, 2.1, 0.4])
B = numpy.array([1.5, 0.25, -0.6, 0.4])
M = numpy.array([[0.5, 1.5, -0.7], [2.0, -1.1, 0.3]])
S = numpy.array([[2.0, 0.3, -0.1], [0.3, 1.7, 0.2], [-0.1, 0.2, 2.4]])
OPERANDS = {
    "a": A,
    "b": B,
    "u": numpy.array([0.3, 0.9, 0.1, 0.45]),
    "g": numpy.array([1.5, 2.25, 1.1, 4.0]),
    "m": M,
    "s": S,
    "t": numpy.arange(24.0).reshape(2, 3, 4) / 10 + 0.05,
    "z": numpy.array([0.5 + 1j, -1.2 + 0.3j, 0.8 - 0.9j, 0.2 + 0j]),
    "n": numpy.array([1.0, numpy.nan, numpy.inf, -0.0]),
    "d": numpy.array([2.0, 1.0, 2.0, 1.0]),
    "i": numpy.array([3, 0, 2, 2]),
    "j": numpy.array([1, 5, 2, 6]),
    "k": numpy.array([[0, 2], [1, 1]]),
    "p": numpy.array([True, False, True, True]),
    "q": numpy.array([False, False, True, True]),
}

UNARY = {
    "a": "abs atan ceil cos exp expm1 floor negative positive round sign signbit sin sinh square tan tanh trunc asinh",
    "u": "acos asin atanh sqrt log log10 log1p log2 cosh reciprocal",
    "g": "acosh",
    "z": "conj real imag",
    "n": "isfinite isinf isnan",
    "p": "logical_not",
    "i": "bitwise_invert",
}
BINARY = {
    "a b": "add subtract multiply divide maximum minimum hypot atan2 copysign logaddexp nextafter floor_divide remainder "
    "equal not_equal less less_equal greater greater_equal",
    "g b": "pow",
    "i j": "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift",
    "p q": "logical_and logical_or logical_xor",
}
CALLS = """
all: xp.all(p) | xp.all(m > 0, axis=1, keepdims=True)
any: xp.any(p) | xp.any(m > 1, axis=0)
arange: xp.arange(5) | xp.arange(1.0, 3.0, 0.5) | xp.arange(2, dtype=xp.float32)
argmax: xp.argmax(a) | xp.argmax(m, axis=1, keepdims=True)
argmin: xp.argmin(a) | xp.argmin(m, axis=0)
argsort: xp.argsort(a) | xp.argsort(m, axis=0, descending=True) | xp.argsort(d, descending=True, stable=True) | xp.argsort(i, stable=True)
asarray: xp.asarray(a) | xp.asarray([1.0, 2.0]) | xp.asarray(a, dtype=xp.float32) | xp.asarray(a, copy=True) | xp.asarray(3) | xp.asarray(a, device=a.device)
astype: xp.astype(a, xp.float32) | xp.astype(a, xp.float64, copy=False) | xp.astype(i, xp.float64) | xp.astype(a, xp.int64) | xp.astype(p, xp.int8)
broadcast_arrays: xp.broadcast_arrays(m, a[:3])
broadcast_shapes: xp.broadcast_shapes((2, 1), (3,))
broadcast_to: xp.broadcast_to(a, (2, 4))
can_cast: xp.can_cast(xp.float32, xp.float64) | xp.can_cast(a, xp.float32)
clip: xp.clip(a, -1, 1) | xp.clip(a, min=0.5) | xp.clip(a, max=b) | xp.clip(m, min=m - 1, max=9.0) | xp.clip(i, 1, 2)
concat: xp.concat([a, b]) | xp.concat([m, m], axis=1) | xp.concat([m, s], axis=None)
count_nonzero: xp.count_nonzero(a) | xp.count_nonzero(m > 0, axis=1) | xp.count_nonzero(p, keepdims=True)
cumulative_prod: xp.cumulative_prod(a) | xp.cumulative_prod(m, axis=1, include_initial=True) | xp.cumulative_prod(i)
cumulative_sum: xp.cumulative_sum(a) | xp.cumulative_sum(m, axis=0, include_initial=True) | xp.cumulative_sum(i)
diff: xp.diff(a) | xp.diff(m, axis=0) | xp.diff(a, n=2) | xp.diff(a, prepend=b) | xp.diff(m, append=m[:, :1])
empty: xp.empty((2, 3)) * 0
empty_like: xp.empty_like(a) * 0
expand_dims: xp.expand_dims(a, axis=0) | xp.expand_dims(m, axis=-1) | xp.expand_dims(m, axis=(0, 2))
eye: xp.eye(3) | xp.eye(2, 3, k=1, dtype=xp.float32)
flip: xp.flip(a) | xp.flip(m, axis=1) | xp.flip(t, axis=(0, 2))
full: xp.full((2, 3), 2.5) | xp.full(3, 1) | xp.full((), True)
full_like: xp.full_like(a, 2.5) | xp.full_like(i, 4) | xp.full_like(a, 1.0, dtype=xp.float32)
isdtype: xp.isdtype(xp.float32, "real floating") | xp.isdtype(a.dtype, ("integral", "bool")) | xp.isdtype(z.dtype, "complex floating")
isin: xp.isin(i, j) | xp.isin(i, 2)
linspace: xp.linspace(0, 1, 5) | xp.linspace(0.0, 2.0, 4, endpoint=False) | xp.linspace(0, 1, 3, dtype=xp.float32)
matmul: xp.matmul(m, s) | xp.matmul(a, b) | xp.matmul(t, a) | xp.matmul(k, k)
matrix_transpose: xp.matrix_transpose(m) | xp.matrix_transpose(t)
max: xp.max(a) | xp.max(m, axis=0) | xp.max(t, axis=(0, 2), keepdims=True) | xp.max(i)
mean: xp.mean(a) | xp.mean(m, axis=0) | xp.mean(t, axis=(0, 2), keepdims=True)
meshgrid: xp.meshgrid(a, b) | xp.meshgrid(a, b, indexing="ij")
min: xp.min(a) | xp.min(m, axis=0) | xp.min(t, axis=(0, 2), keepdims=True) | xp.min(i)
moveaxis: xp.moveaxis(t, 0, -1) | xp.moveaxis(t, (0, 1), (2, 0))
nonzero: xp.nonzero(a) | xp.nonzero(m > 0)
ones: xp.ones((2, 3)) | xp.ones(3, dtype=xp.int32)
ones_like: xp.ones_like(a) | xp.ones_like(m, dtype=xp.float32)
permute_dims: xp.permute_dims(t, (2, 0, 1))
prod: xp.prod(a) | xp.prod(m, axis=0) | xp.prod(t, axis=(0, 2), keepdims=True) | xp.prod(i) | xp.prod(a, dtype=xp.float32)
repeat: xp.repeat(a, 2) | xp.repeat(m, 2, axis=1) | xp.repeat(a, i)
reshape: xp.reshape(m, (3, 2)) | xp.reshape(m, (-1,)) | xp.reshape(m, (6,), copy=True)
result_type: xp.result_type(a, a) | xp.result_type(xp.float32, 1.0) | xp.result_type(a, z)
roll: xp.roll(a, 1) | xp.roll(m, (1, -1), axis=(0, 1)) | xp.roll(m, 2)
searchsorted: xp.searchsorted(xp.sort(a), b) | xp.searchsorted(xp.sort(a), b, side="right") | xp.searchsorted(a, b, sorter=xp.argsort(a))
sort: xp.sort(a) | xp.sort(m, axis=0, descending=True) | xp.sort(i, stable=False) | xp.sort(m, descending=True)
squeeze: xp.squeeze(a[None, :], axis=0) | xp.squeeze(m[:, None, :, None], axis=(1, 3))
stack: xp.stack([a, b]) | xp.stack([a, b], axis=1)
std: xp.std(a) | xp.std(m, axis=0, correction=1) | xp.std(m, axis=(0, 1), keepdims=True)
sum: xp.sum(a) | xp.sum(m, axis=0) | xp.sum(t, axis=(0, 2), keepdims=True) | xp.sum(i) | xp.sum(a, dtype=xp.float32)
take: xp.take(a, i) | xp.take(m, i[1:3], axis=1) | xp.take(m, k[0, :1], axis=0)
take_along_axis: xp.take_along_axis(m, k, axis=1) | xp.take_along_axis(a, i)
tensordot: xp.tensordot(m, s, axes=1) | xp.tensordot(t, m, axes=((1,), (1,))) | xp.tensordot(t, t, axes=3)
tile: xp.tile(a, (2,)) | xp.tile(m, (2, 1, 2))
tril: xp.tril(s) | xp.tril(t, k=-1)
triu: xp.triu(s) | xp.triu(m, k=1)
unique_all: xp.unique_all(d) | xp.unique_all(k)
unique_counts: xp.sort(xp.unique_counts(d)[0]) | xp.sort(xp.unique_counts(i).counts)
unique_inverse: xp.unique_inverse(d) | xp.unique_inverse(i)
unique_values: xp.sort(xp.unique_values(d)) | xp.sort(xp.unique_values(i))
unstack: xp.unstack(m) | xp.unstack(t, axis=2)
var: xp.var(a) | xp.var(m, axis=0, correction=1) | xp.var(t, axis=(0, 2), keepdims=True)
vecdot: xp.vecdot(m, m) | xp.vecdot(z, z) | xp.vecdot(t, t, axis=-2)
where: xp.where(p, a, b) | xp.where(p, a, 0.0) | xp.where(a > 0, i, j)
zeros: xp.zeros((2, 3)) | xp.zeros(3, dtype=xp.int32)
zeros_like: xp.zeros_like(a) | xp.zeros_like(m, dtype=xp.float32)
linalg.cholesky: xp.linalg.cholesky(s) | xp.linalg.cholesky(s, upper=True)
linalg.cross: xp.linalg.cross(a[:3], b[:3]) | xp.linalg.cross(s, s, axis=-2)
linalg.det: xp.linalg.det(s)
linalg.diagonal: xp.linalg.diagonal(s) | xp.linalg.diagonal(t, offset=1)
linalg.eigh: xp.linalg.eigh(s)[0] | xp.abs(xp.linalg.eigh(s).eigenvectors)
linalg.eigvalsh: xp.linalg.eigvalsh(s)
linalg.inv: xp.linalg.inv(s)
linalg.matmul: xp.linalg.matmul(m, s)
linalg.matrix_norm: xp.linalg.matrix_norm(m) | xp.linalg.matrix_norm(m, ord=1, keepdims=True) | xp.linalg.matrix_norm(m, ord=2) | xp.linalg.matrix_norm(m, ord="nuc")
linalg.matrix_power: xp.linalg.matrix_power(s, 3) | xp.linalg.matrix_power(s, -1) | xp.linalg.matrix_power(s, 0)
linalg.matrix_rank: xp.linalg.matrix_rank(s) | xp.linalg.matrix_rank(m, rtol=0.1)
linalg.matrix_transpose: xp.linalg.matrix_transpose(m)
linalg.outer: xp.linalg.outer(a, b)
linalg.pinv: xp.linalg.pinv(m) | xp.linalg.pinv(m, rtol=0.01)
linalg.qr: xp.linalg.qr(s).R ** 2 | xp.linalg.qr(m, mode="complete")[0] ** 2
linalg.slogdet: xp.linalg.slogdet(s) | xp.linalg.slogdet(-s).logabsdet
linalg.solve: xp.linalg.solve(s, a[:3]) | xp.linalg.solve(s, s)
linalg.svd: xp.linalg.svd(m).S | xp.abs(xp.linalg.svd(m, full_matrices=False)[0])
linalg.svdvals: xp.linalg.svdvals(m)
linalg.tensordot: xp.linalg.tensordot(m, s, axes=1)
linalg.trace: xp.linalg.trace(s) | xp.linalg.trace(t, offset=1)
linalg.vecdot: xp.linalg.vecdot(m, m) | xp.linalg.vecdot(z, z)
linalg.vector_norm: xp.linalg.vector_norm(a) | xp.linalg.vector_norm(m, axis=1, keepdims=True, ord=1) | xp.linalg.vector_norm(m, ord=3.0) | xp.linalg.vector_norm(a, ord=float("inf"))
fft.fft: xp.fft.fft(z) | xp.fft.fft(xp.astype(m, xp.complex128), n=5, axis=0, norm="ortho")
fft.ifft: xp.fft.ifft(z) | xp.fft.ifft(z, n=3, norm="forward")
fft.fftn: xp.fft.fftn(xp.astype(t, xp.complex128), axes=(0, 2))
fft.ifftn: xp.fft.ifftn(xp.astype(t, xp.complex128), s=(2, 5), axes=(0, 2))
fft.rfft: xp.fft.rfft(a) | xp.fft.rfft(m, n=4, axis=1)
fft.irfft: xp.fft.irfft(z) | xp.fft.irfft(z, n=5)
fft.rfftn: xp.fft.rfftn(t) | xp.fft.rfftn(t, axes=(0, 1))
fft.irfftn: xp.fft.irfftn(xp.astype(t, xp.complex128), axes=(0, 2))
fft.hfft: xp.fft.hfft(z) | xp.fft.hfft(z, n=5)
fft.ihfft: xp.fft.ihfft(a) | xp.fft.ihfft(a, norm="ortho")
fft.fftfreq: xp.fft.fftfreq(5) | xp.fft.fftfreq(4, d=0.5)
fft.rfftfreq: xp.fft.rfftfreq(5) | xp.fft.rfftfreq(4, d=0.5)
fft.fftshift: xp.fft.fftshift(a) | xp.fft.fftshift(m, axes=1)
fft.ifftshift: xp.fft.ifftshift(a) | xp.fft.ifftshift(m, axes=(0,))
"""
# without array arguments: a traced or strict array cannot decide where the result lives
OF_NO_ARRAY = {"arange", "empty", "eye", "full", "linspace", "ones", "zeros", "fft.fftfreq", "fft.rfftfreq"}
NOT_FUNCTIONS_OF_THE_STANDARD = {
    "Device", "ArrayAPIStrictFlags", "get_array_api_strict_flags", "reset_array_api_strict_flags",
    "set_array_api_strict_flags",
}  # fmt: skip
LATER = {"fft.fftfreq(dtype)", "fft.rfftfreq(dtype)"}  # from 2025.12 on
TESTED_BELOW = {"from_dlpack", "finfo", "iinfo", "__array_namespace_info__"}


def standard_names():
    """Every function of the standard, as `array_api_strict` lists it."""
    spaces = (("", strict), ("linalg.", strict.linalg), ("fft.", strict.fft))
    for prefix, space in spaces:
        for name in space.__all__:
            member = getattr(space, name)
            if callable(member) and not isinstance(member, type(strict.float64)):
                yield prefix + name


def table():
    calls = {
        name: [f"xp.{name}({', '.join(operands.split())})"]
        for group in (UNARY, BINARY)
        for operands, names in group.items()
        for name in names.split()
    }
    for line in CALLS.strip().splitlines():
        name, _, expressions = line.partition(": ")
        calls[name] = [e.strip() for e in expressions.split(" | ")]
    return calls


TABLE = table()
EXPRESSIONS = [e for expressions in TABLE.values() for e in expressions]


def test_the_table_has_every_function_of_the_standard():
    assert set(standard_names()) - NOT_FUNCTIONS_OF_THE_STANDARD - TESTED_BELOW == set(TABLE)


def test_every_name_of_the_standard_is_there():
    for prefix, space in (("", strict), ("linalg.", strict.linalg), ("fft.", strict.fft)):
        ours = getattr(np, prefix[:-1]) if prefix else np
        missing = [name for name in space.__all__ if not hasattr(ours, name) and name[0] != "_"]
        assert set(missing) <= NOT_FUNCTIONS_OF_THE_STANDARD
    assert callable(np.__array_namespace_info__)
    assert np.__array_api_version__ == "2024.12"


# ------------------------------------------------------------------------------------------------ agreement


def names_in(expression):
    code = compile(expression, "<expression>", "eval")
    return [name for name in OPERANDS if name in code.co_names]


def evaluated(expression, xp, operands):
    with warnings.catch_warnings(), numpy.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return eval(expression, {"xp": xp, **operands})


def leaves(made):
    """The results of a call as a flat list."""
    return [leaf for part in made for leaf in leaves(part)] if isinstance(made, (tuple, list)) else [made]


def plain(value):
    """A result as a NumPy value, whichever array it is; dtypes under NumPy's names."""
    value = value.value if isinstance(value, TracedArray) else value
    if isinstance(value, type(strict.float64)):
        return numpy.dtype(str(value).rpartition(".")[2])
    return to_numpy(value)


def reference(expression):
    operands = {name: from_numpy(OPERANDS[name], "array_api_strict", DEVICE) for name in names_in(expression)}
    return [plain(leaf) for leaf in leaves(evaluated(expression, strict, operands))]


def same(made, expected):
    made = [plain(leaf) for leaf in leaves(made)]
    assert len(made) == len(expected)
    for ours, theirs in zip(made, expected, strict=True):
        if not isinstance(theirs, numpy.ndarray):
            assert ours == theirs
            continue
        ours = numpy.asarray(ours)
        assert ours.dtype == theirs.dtype
        assert ours.shape == theirs.shape
        if theirs.dtype.kind in "fc":
            numpy.testing.assert_allclose(ours, theirs, rtol=64 * numpy.finfo(ours.dtype).eps, atol=1e-14)
        else:
            numpy.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_plain_numpy_arrays(expression):
    made = evaluated(expression, np, {name: OPERANDS[name] for name in names_in(expression)})
    assert all(type(leaf).__module__ in ("numpy", "numpy.dtypes", "builtins") for leaf in leaves(made))
    same(made, reference(expression))


def is_of_arrays(expression):
    return bool(names_in(expression)) and expression != "xp.asarray(3)"


OF_ARRAYS = [e for e in EXPRESSIONS if is_of_arrays(e)]


@pytest.mark.parametrize("expression", OF_ARRAYS)
def test_plain_strict_arrays(expression):
    operands = {name: from_numpy(OPERANDS[name], "array_api_strict", DEVICE) for name in names_in(expression)}
    made = evaluated(expression, np, operands)
    for leaf in leaves(made):
        assert not isinstance(leaf, (numpy.ndarray, numpy.generic, TracedArray))
        assert device_name(leaf) in (DEVICE, None)
    same(made, reference(expression))


@pytest.mark.parametrize("library", ["numpy", "array_api_strict"])
@pytest.mark.parametrize("expression", OF_ARRAYS)
def test_traced_arrays(expression, library):
    device = DEVICE if library == "array_api_strict" else None
    with recording():
        operands = {name: make_input(from_numpy(OPERANDS[name], library, device)) for name in names_in(expression)}
        made = evaluated(expression, np, operands)
    for leaf in leaves(made):
        value = leaf.value if isinstance(leaf, TracedArray) else leaf
        if library != "numpy" and not isinstance(value, (bool, int, tuple, numpy.dtype)):
            assert backends.backend_of(value) is not None
            assert device_name(value) == DEVICE
    same(made, reference(expression))


# ------------------------------------------------------------------------------------------------ derivatives


DIFFERENTIATED = (
    "xp.sum(xp.sin(a) * xp.clip(a, min=0.5))",
    "xp.sum(xp.cumulative_prod(a, include_initial=True))",
    "xp.sum(xp.sort(a, descending=True) * a)",
    "xp.sum(xp.take_along_axis(m, k, axis=1) ** 2)",
    "xp.vecdot(a, xp.flip(a))",
    "xp.linalg.vector_norm(xp.linalg.solve(s, a[:3]))",
    "xp.sum(xp.abs(xp.fft.rfft(a)) ** 2)",
    "xp.sum(xp.linalg.svdvals(m) ** 3)",
    "xp.sum(xp.astype(a, xp.float32) ** 2)",
    "xp.std(a, correction=1) + xp.var(m)",
    "xp.sum(xp.where(p, a, xp.asarray(0.0, device=a.device)))",
)


@pytest.mark.parametrize("expression", DIFFERENTIATED)
def test_gradients_are_those_of_numpy_arrays(expression):
    names = names_in(expression)
    floats = tuple(i for i, name in enumerate(names) if OPERANDS[name].dtype.kind == "f")

    def f(*values):
        return evaluated(expression, np, dict(zip(names, values, strict=True)))

    expected = adkit.grad(f, argnums=floats)(*(OPERANDS[name] for name in names))
    made = adkit.grad(f, argnums=floats)(*(from_numpy(OPERANDS[n], "array_api_strict", DEVICE) for n in names))
    for ours, theirs in zip(made, expected, strict=True):
        assert device_name(ours) == DEVICE
        numpy.testing.assert_allclose(to_numpy(ours), theirs, rtol=1e-6 if "float32" in expression else 1e-13)


def test_code_that_asks_for_the_namespace():
    """A function in the style of the standard, which knows nothing of adkit, is differentiated."""

    def loss(x):
        xp = x.__array_namespace__(api_version="2024.12")
        grid = xp.arange(4, dtype=x.dtype, device=x.device)
        weights = xp.astype(grid > 1, x.dtype) + xp.ones_like(x)
        return xp.sum(xp.exp(-xp.square(x - xp.mean(x))) * weights + xp.zeros(4, device=x.device))

    expected = adkit.grad(loss)(A)
    made = adkit.grad(loss)(from_numpy(A, "array_api_strict", DEVICE))
    assert device_name(made) == DEVICE
    numpy.testing.assert_allclose(to_numpy(made), expected, rtol=1e-14)
    assert adkit.check_grads(loss, (A,)).verdict == "agree"


# ------------------------------------------------------------------------------------------------ the namespace


def test_namespace_info():
    info = np.__array_namespace_info__()
    assert info.default_device() in info.devices()
    assert info.default_dtypes()["real floating"] == numpy.float64
    assert set(info.default_dtypes()) == {"real floating", "complex floating", "integral", "indexing"}
    assert info.dtypes(kind="complex floating") == {
        "complex64": numpy.dtype("complex64"), "complex128": numpy.dtype("complex128")
    }  # fmt: skip
    assert set(info.dtypes()) >= {"bool", "int8", "uint64", "float32", "complex128"}
    assert info.capabilities()["boolean indexing"]
    assert info.capabilities()["data-dependent shapes"]
    assert all(hasattr(np, name) for name in info.dtypes())


def test_versions_of_the_standard():
    handle = make_input(A)
    for version in (None, "2022.12", "2023.12", "2024.12"):
        assert handle.__array_namespace__(api_version=version) is np
    with pytest.raises(ValueError, match="2024.12"):
        handle.__array_namespace__(api_version="1999.01")


def test_constants_and_limits():
    assert (np.pi, np.e, np.inf, np.newaxis) == (numpy.pi, numpy.e, numpy.inf, None)
    assert np.finfo(np.float32).eps == numpy.finfo(numpy.float32).eps
    assert np.iinfo(np.int8).max == 127


def test_arguments_by_position_and_keyword_only_as_in_the_standard():
    """What the standard passes by keyword is taken by keyword, by every function, under the standard's name."""
    missing = []
    for name in TABLE:
        ours = theirs = None
        for part in name.split("."):
            ours, theirs = getattr(ours or np, part), getattr(theirs or strict, part)
        wanted = inspect.signature(theirs).parameters.values()
        keywords = [p.name for p in wanted if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
        try:
            mine = inspect.signature(inspect.unwrap(ours)).parameters
        except (TypeError, ValueError):  # a ufunc
            continue
        if not any(p.kind is p.VAR_KEYWORD for p in mine.values()):
            missing += [f"{name}({keyword})" for keyword in keywords if keyword not in mine]
    missing = [m for m in missing if m not in LATER]
    assert missing == []


# ------------------------------------------------------------------------------------------------ creation


def test_asarray():
    traced, plain = make_input(A), numpy.arange(3.0)
    assert np.asarray(traced) is traced
    assert np.asarray(plain) is plain
    assert np.asarray(plain, copy=True) is not plain
    assert np.asarray(traced, dtype=np.float32).dtype == numpy.float32
    with pytest.raises(ValueError, match="copy"):
        np.asarray([1.0, 2.0], copy=False)
    with pytest.raises(ValueError, match="copy"):
        np.asarray(traced, dtype=np.float32, copy=False)


def test_devices_of_creation():
    device = strict.Device(DEVICE)
    for made in (
        np.zeros(3, device=device),
        np.full((2,), 1.5, device=device),
        np.arange(4, device=device),
        np.linspace(0, 1, 3, device=device),
        np.eye(2, device=device),
        np.asarray([1.0, 2.0], device=device),
        np.ones_like(A, device=device),
    ):
        assert device_name(made) == DEVICE
    assert type(np.zeros(3, device="cpu")) is numpy.ndarray
    with pytest.raises(adkit.DeviceError, match="device 'tape'.*Fix:"):
        np.zeros(3, device="tape")


def test_a_traced_array_stays_where_it_is():
    handle = make_input(A)
    assert handle.device == "cpu"
    assert handle.to_device("cpu") is handle
    with pytest.raises(adkit.DeviceError, match="does not move"):
        handle.to_device(strict.Device(DEVICE))
    moved = make_input(from_numpy(A, "array_api_strict", DEVICE))
    assert moved.to_device(moved.device) is moved


def test_dlpack():
    handle = make_input(A)
    assert np.from_dlpack(handle) is handle
    assert np.from_dlpack(A).tolist() == A.tolist()
    assert numpy.from_dlpack(TracedArray(None, A)).tolist() == A.tolist()
    with pytest.raises(adkit.LeakError, match="DLPack.*Fix:"):
        numpy.from_dlpack(handle)
    assert np.from_dlpack(from_numpy(A, "array_api_strict", DEVICE)).device == strict.Device(DEVICE)


@pytest.mark.parametrize("like", ["a handle", "an array of another library"])
def test_like(like):
    like = make_input(A) if like == "a handle" else from_numpy(A, "array_api_strict", DEVICE)
    for made in (np.full(3, 2.0, like=like), np.zeros(3, like=like), np.arange(3.0, like=like)):
        assert device_name(getattr(made, "value", made)) == (None if isinstance(like, TracedArray) else DEVICE)
    if isinstance(like, TracedArray):
        for made in (numpy.full(3, 2.0, like=like), numpy.eye(3, like=like), numpy.identity(2, like=like)):
            assert made.dtype == float
        assert adkit.grad(lambda x: numpy.fromfunction(lambda i: i * x, (3,), like=x).sum())(2.0) == 3.0


# ------------------------------------------------------------------------------------------------ beyond the table


def test_isin_inverted():
    i, j = OPERANDS["i"], OPERANDS["j"]
    expected = numpy.isin(i, j, invert=True)
    for library, device in (("numpy", None), ("array_api_strict", DEVICE)):
        made = np.isin(from_numpy(i, library, device), from_numpy(j, library, device), invert=True)
        numpy.testing.assert_array_equal(to_numpy(made), expected)


@pytest.mark.parametrize("dtype", ["float64", "int8", "uint8", "bool"])
def test_descending_order_is_stable(dtype):
    values = numpy.array([[2, 0, 1, 2, 0], [1, 1, 0, 1, 0]]).astype(dtype)
    expected = numpy.argsort(-values.astype(int), axis=1, stable=True)
    for x in (values, make_input(values), from_numpy(values, "array_api_strict", DEVICE)):
        assert plain(np.argsort(x, axis=1, descending=True)).tolist() == expected.tolist()
        found = plain(np.sort(x, axis=1, descending=True))
        assert found.tolist() == numpy.take_along_axis(values, expected, 1).tolist()


def test_arrays_of_another_library_in_lists():
    a = from_numpy(A, "array_api_strict", DEVICE)
    made = np.asarray([a[0], 2.0, a[1]])
    assert device_name(made) == DEVICE
    assert to_numpy(made).tolist() == [A[0], 2.0, A[1]]
    assert adkit.grad(lambda x: np.sum(np.stack([x, a]) ** 2))(a).device == a.device


SCIPY = """
import numpy, scipy.fft, scipy.integrate, scipy.signal, scipy.special
import adkit, adkit.numpy, adkit.scipy
from adkit.check import check_grads

x = numpy.array([0.7, -1.3, 2.1, 0.4])
always = [
    scipy.special.erf, lambda v: scipy.special.gammaln(v * v), scipy.fft.fft, scipy.fft.rfft,
    lambda v: scipy.special.xlogy(v, v * v), adkit.scipy.special.logsumexp, adkit.scipy.special.softmax,
    lambda v: scipy.integrate.trapezoid(v), lambda v: scipy.integrate.trapezoid(v * v, v),
]
with_the_switch = [
    scipy.special.logsumexp, scipy.special.softmax, scipy.special.log_softmax, scipy.integrate.cumulative_trapezoid,
    lambda v: scipy.signal.fftconvolve(v, v), lambda v: scipy.signal.fftconvolve(v, adkit.numpy.array(x)),
]
or_an_error = [
    lambda v: scipy.signal.fftconvolve(v, x), lambda v: scipy.special.xlogy(x, v),
    lambda v: scipy.signal.lfilter([1.0], [1.0, 0.5], v),
]

def works(f):
    numpy.testing.assert_allclose(adkit.vjp(f, x * x)[0], f(x * x), rtol=1e-13)
    assert check_grads(f, (x * x,), order=1).verdict == "agree"

for f in always + with_the_switch * SWITCH:
    works(f)
for f in or_an_error + with_the_switch * (not SWITCH):
    try:
        works(f)
    except adkit.AdkitError as error:
        assert "(line " in str(error) and "Fix: " in str(error), error
"""


@pytest.mark.parametrize("switch", [False, True])
def test_scipy_finds_its_extensions(switch):
    """SciPy's functions work on traced arrays where they dispatch, and all those that follow the standard if it may."""
    environment = {name: value for name, value in os.environ.items() if name != "SCIPY_ARRAY_API"}
    environment |= {"SCIPY_ARRAY_API": "1"} if switch else {}  # SciPy takes any text as yes, also "0"
    subprocess.run([sys.executable, "-c", f"SWITCH = {switch}\n{SCIPY}"], check=True, env=environment)
