"""What the CuPy backend decides on the host, with a module in CuPy's place that computes with NumPy.

The stand-in refuses what a GPU does carelessly: an assignment to repeated indices, whose winner is left to chance; and
it reads like one, wrapping an index that is out of bounds. Arithmetic on a GPU is tested in tests/gpu and nowhere else.
"""

from __future__ import annotations

import contextlib
import sys
import types

import numpy
import pytest

from adkit.backends.cupy import CupyBackend, has_repeats
from adkit.errors import DeviceError


class Array(numpy.ndarray):
    """An array that wraps indices as CuPy does, and refuses repeated ones."""

    device = contextlib.nullcontext()

    def __setitem__(self, index, values):
        positions = numpy.arange(self.size).reshape(self.shape)[plain(index)].reshape(-1)
        assert positions.size == numpy.unique(positions).size, (
            "the backend left the order of assignments to the library"
        )
        super().__setitem__(plain(index), values)

    def __getitem__(self, index):
        if isinstance(index, numpy.ndarray) and index.dtype.kind == "i":
            return numpy.take(self, plain(index), axis=0, mode="wrap")
        return super().__getitem__(plain(index))


def plain(index):
    """An index, or an array, as plain NumPy has it."""
    if isinstance(index, tuple):
        return tuple(map(plain, index))
    return index.view(numpy.ndarray) if isinstance(index, Array) else index


def same(result, expected):
    numpy.testing.assert_array_equal(plain(result), expected)


def array(values, dtype=None):
    return numpy.array(values, dtype).view(Array)


@pytest.fixture
def cupy(monkeypatch):
    module = types.ModuleType("cupy")
    for name in dir(numpy):
        if not name.startswith("__") and name not in ("spacing",):
            setattr(module, name, getattr(numpy, name))
    module.ndarray, module.array, module.asarray = (
        Array,
        array,
        lambda x, dtype=None: numpy.asarray(x, dtype).view(Array),
    )
    module.asnumpy = lambda x: numpy.array(x).view(numpy.ndarray)
    module.cuda = types.SimpleNamespace(
        runtime=types.SimpleNamespace(getDeviceCount=lambda: 1), Device=lambda n=0: contextlib.nullcontext()
    )
    extras = types.ModuleType("cupyx")
    extras.raising = []
    extras.errstate = lambda linalg: extras.raising.append(linalg) or contextlib.nullcontext()
    monkeypatch.setitem(sys.modules, "cupy", module)
    monkeypatch.setitem(sys.modules, "cupyx", extras)
    return module


@pytest.fixture
def backend(cupy):
    return CupyBackend()


BASE = numpy.arange(12.0).reshape(3, 4)
REPEATED = [
    numpy.array([0, 0, 2]),
    numpy.array([2, -1]),
    (numpy.array([0, 0]), slice(None, None, -1)),
    (slice(None), numpy.array([1, 1, 1])),
    (numpy.array([[0], [0]]), numpy.array([1, 2])),
    (Ellipsis, numpy.array([3, 3])),
    (numpy.array([1, 1]), None, numpy.array([2, 2])),
    [1, 1],
]
UNIQUE = [
    0,
    (slice(None), 1),
    numpy.array([2, 0]),
    (numpy.array([0, 0]), numpy.array([1, 2])),
    (numpy.array([[0], [1]]), numpy.array([1, 2])),
    BASE > 4,
    (numpy.array([True, False, True]), slice(1, 3)),
    (numpy.array([True, False, True]), numpy.array([1, 1])),
    numpy.array([], int),
    (Ellipsis, numpy.array([3, 0])),
    True,
]


@pytest.mark.parametrize("index", REPEATED + UNIQUE, ids=repr)
def test_of_repeated_indices_the_last_one_counts(backend, index):
    values = numpy.random.default_rng(0).normal(size=BASE[index].shape)
    expected = BASE.copy()
    expected[index] = values
    written = array(BASE)
    backend.setitem(written, index, array(values))
    same(written, expected)


@pytest.mark.parametrize("index", REPEATED, ids=repr)
def test_repeats_are_found(index):
    assert has_repeats(index, BASE.shape)


@pytest.mark.parametrize("index", UNIQUE, ids=repr)
def test_no_repeats_are_invented(index):
    assert not has_repeats(index, BASE.shape)


def test_an_index_on_the_gpu_is_fetched_for_assignment(backend):
    written = array(BASE)
    backend.setitem(written, array([0, 0]), array([[1.0] * 4, [2.0] * 4]))
    same(written[0], [2.0] * 4)


@pytest.mark.parametrize("index", [numpy.array([0, 3]), (numpy.array([0]), numpy.array([-5]))])
def test_index_arrays_are_checked_against_the_bounds(backend, index):
    for use in (lambda: backend.getitem(array(BASE), index), lambda: backend.setitem(array(BASE), index, 0.0)):
        with pytest.raises(IndexError, match="out of bounds"):
            use()
    with pytest.raises(IndexError, match="out of bounds"):
        backend.add_at(array(BASE), index, 1.0)


def test_adding_at_an_index(backend):
    target = array([0.0, 0.0])
    backend.add_at(target, numpy.array([1, 1]), 1.0)
    backend.add_at(target, slice(0, 1), 5.0)
    same(target, [5, 2])


def test_creation_and_transfer(backend):
    assert backend.zeros((2,), "float32", array(BASE)).dtype == numpy.float32
    assert type(backend.to_numpy(backend.from_numpy(BASE))) is numpy.ndarray
    assert backend.cast(array([1 + 2j]), "float64").tolist() == [1.0]
    copy = backend.copy(array(BASE))
    backend.setitem(copy, 0, -1.0)
    assert BASE[0, 1] == 1.0


@pytest.mark.parametrize("dtype", ["longdouble", "clongdouble", "S3", "O"])
def test_a_dtype_that_a_gpu_does_not_have(backend, dtype):
    with pytest.raises(DeviceError, match="float64"):
        backend.from_numpy(numpy.zeros(2, dtype))


def test_scalars_alone_are_left_to_numpy(backend, cupy, monkeypatch):
    xp = backend.namespace
    monkeypatch.setattr(cupy, "log", None)
    assert xp.log(1.0) == 0.0
    assert xp.where(False, 1, 2) == 2
    assert xp.sign(-2.0) == -1.0
    assert xp.real(2.0) == 2.0
    assert xp.isnan(numpy.nan)
    assert xp.clip(3.0, 0, 1) == 1.0
    assert xp.spacing(1.0) == numpy.spacing(1.0)


def test_functions_that_are_put_right(backend):
    xp = backend.namespace
    assert not xp.spells_operators
    same(xp.spacing(array([1.0, -2.0, 0.5])), numpy.spacing([1.0, -2.0, 0.5]))
    same(xp.sign(array([2j, 0, -2])), [1j, 0, -1])
    same(xp.sign(array([-2.0, 0.0])), [-1, 0])
    same(xp.clip(2.0, array([0.0, 3.0]), None), [2, 3])
    same(xp.where(True, array([1.0]), 0), [1])
    same(xp.isnan(array([1, 2])), [False, False])
    same(xp.count_nonzero(array(BASE), axis=(0, 1), keepdims=True), [[11]])
    same(xp.argsort(array([2.0, 1.0])), [1, 0])
    same(xp.sort(array([2.0, 1.0])), [1, 2])
    assert not hasattr(xp, "no_such_function")
    assert "cupy" in repr(xp)


def test_solve_reads_its_right_hand_side_as_numpy_does(backend):
    rng = numpy.random.default_rng(0)
    a = rng.normal(size=(2, 3, 3)) + 3 * numpy.eye(3)
    for shape in ((3,), (3, 2), (2, 3, 1), (1, 3, 2)):
        b = rng.normal(size=shape)
        result = backend.namespace.linalg.solve(array(a), array(b))
        numpy.testing.assert_allclose(plain(result), numpy.linalg.solve(a, b), rtol=1e-12)
    assert set(sys.modules["cupyx"].raising) == {"raise"}
