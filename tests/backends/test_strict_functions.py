"""Each function of the strict namespace against NumPy's of the same name: values, dtypes, shapes, devices."""

from __future__ import annotations

import numpy
import pytest

from adkit.backends import spell_operators
from adkit.backends.array_api import elementwise
from adkit.backends.base import backend_named
from adkit.primitive import ELEMENTWISE, REGISTRY
from adkit.primitives import elementwise as rows  # noqa: F401  (fills the registry)
from tests.arrays import device_name, from_numpy, to_numpy

DEVICE = "device1"
xp = backend_named("array_api_strict").namespace


def strict(value):
    return from_numpy(value, "array_api_strict", DEVICE) if isinstance(value, numpy.ndarray) else value


def compare(function, *operands, exact=False):
    """`function(namespace, *operands)` is the same in both namespaces."""
    with numpy.errstate(all="ignore"):
        expected = numpy.asarray(function(numpy, *operands))
        result = function(xp, *map(strict, operands))
    assert device_name(result) == DEVICE
    result = to_numpy(result)
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    tolerance = 0 if exact else 64 * numpy.finfo(result.dtype).eps if result.dtype.kind in "fc" else 0
    numpy.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)


SPECIAL = numpy.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.7, 1e-8, -40.0, numpy.inf, -numpy.inf, numpy.nan])
POSITIVE = numpy.array([[0.25, 0.5, 1.0, 2.0], [3.0, 0.1, 7.5, 10.0]])
COMPLEX = numpy.array([0.5 + 0.25j, -1.5 + 2j, 3 - 1j, -0.5 - 0.5j])
INTEGERS = numpy.array([0, 1, -2, 3, 7])

BINARY = (
    "add subtract multiply divide remainder fmod floor_divide power hypot logaddexp logaddexp2 arctan2 maximum minimum "
    "fmax fmin copysign nextafter heaviside greater greater_equal less less_equal equal not_equal "
    "logical_and logical_or logical_xor"
).split()
INTEGER_ONLY = "bitwise_and bitwise_or bitwise_xor left_shift right_shift invert".split()
OTHER = {"where", "clip", "round"}
UNARY = sorted(set(elementwise.FUNCTIONS) - set(BINARY) - set(INTEGER_ONLY) - OTHER)
COMPLEX_UNARY = (
    "positive negative absolute square sqrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh "
    "cosh tanh arcsinh arccosh arctanh reciprocal sign real imag conj angle isfinite isnan isinf sinc rint"
).split()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", UNARY)
def test_unary_function_of_reals(name, dtype):
    for values in (SPECIAL, POSITIVE, POSITIVE[0, 0]):
        compare(lambda n, x: getattr(n, name)(x), numpy.asarray(values, dtype))


@pytest.mark.parametrize("name", COMPLEX_UNARY)
def test_unary_function_of_complex_numbers(name):
    compare(lambda n, x: getattr(n, name)(x), COMPLEX)


@pytest.mark.parametrize("name", [n for n in UNARY if n not in ("reciprocal", "fabs")])
def test_unary_function_of_integers(name):
    compare(lambda n, x: getattr(n, name)(x), INTEGERS)


def test_size_of_integers():
    compare(lambda n, x: n.absolute(x), INTEGERS)
    compare(lambda n, x: n.absolute(x), INTEGERS > 0)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", BINARY)
def test_binary_function_of_reals(name, dtype):
    a, b = numpy.meshgrid(SPECIAL.astype(dtype), SPECIAL.astype(dtype))
    if name == "power":
        a = numpy.abs(a)
    if name == "floor_divide":
        b = numpy.where(b == 0, b.dtype.type(2), b)
    compare(lambda n, a, b: getattr(n, name)(a, b), a, b)
    compare(lambda n, a, b: getattr(n, name)(a, b), POSITIVE.astype(dtype), POSITIVE[:, :1].astype(dtype))
    compare(lambda n, a: getattr(n, name)(a, 2), POSITIVE.astype(dtype))
    compare(lambda n, a: getattr(n, name)(1.5, a), POSITIVE.astype(dtype))


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "power", "maximum", "less", "equal", "fmax"])
def test_binary_function_of_complex_numbers(name):
    compare(lambda n, a, b: getattr(n, name)(a, b), COMPLEX, COMPLEX[::-1].copy())
    compare(lambda n, a: getattr(n, name)(a, 1j), COMPLEX.astype("complex64"))
    compare(lambda n, a: getattr(n, name)(a, 1j), POSITIVE)


@pytest.mark.parametrize("name", INTEGER_ONLY)
def test_bits_of_integers(name):
    operands = (INTEGERS,) if name == "invert" else (INTEGERS, numpy.abs(INTEGERS))
    compare(lambda n, *x: getattr(n, name)(*x), *operands)


@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "less", "logical_xor", "bitwise_and"])
def test_booleans(name):
    compare(lambda n, a, b: getattr(n, name)(a, b), SPECIAL > 0, SPECIAL < 1)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("float32", "int64"), ("float64", "int32"), ("float32", "complex64"), ("float64", "complex64"),
        ("bool", "float32"), ("int8", "uint8"), ("float32", "float64"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["multiply", "maximum", "less"])
def test_mixed_dtypes_promote_as_in_numpy(name, left, right):
    compare(lambda n, a, b: getattr(n, name)(a, b), numpy.ones(3, left), numpy.arange(3).astype(right))


@pytest.mark.parametrize("scalar", [2, 2.5, 1j, True, numpy.float64(2.5), numpy.float32(2.5), numpy.int64(2)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "complex64"])
def test_scalars_promote_as_in_numpy(scalar, dtype):
    array = numpy.arange(1, 4).astype(dtype)
    compare(lambda n, a: n.multiply(scalar, a), array)
    compare(lambda n, a: n.where(a == 2, a, scalar), array)


def test_where_of_scalars():
    for pair in ((0, 1), (0, 0.5), (1j, 0), (True, 2.0), (numpy.float32(1), 2)):
        compare(lambda n, c, p=pair: n.where(c, *p), SPECIAL > 0)
    compare(lambda n, c, x: n.where(c, 0.5, x), SPECIAL > 0, SPECIAL > 1)
    compare(lambda n, x: n.where(True, x, 0), SPECIAL)
    compare(lambda n, c, x: n.where(c, x, 0), INTEGERS, INTEGERS * 1.5)


def test_scalars_alone_stay_scalars():
    assert type(xp.subtract(2.5, 1)) is float
    assert type(xp.negative(2)) is int
    assert xp.log(2.0) == numpy.log(2.0)
    assert xp.where(False, 1, 2) == 2
    assert xp.clip(3.0, 0, 1) == 1.0


def test_clip_and_round():
    compare(lambda n, x: n.clip(x, -1, 2), SPECIAL)
    compare(lambda n, x, low: n.clip(x, low, 2.0), SPECIAL, numpy.zeros_like(SPECIAL))
    compare(lambda n, x: n.clip(x, None, 2), SPECIAL)
    compare(lambda n, x: n.round(x), SPECIAL)
    compare(lambda n, x: n.round(x, 1), POSITIVE)
    compare(lambda n, x: n.round(x, -1), POSITIVE * 10)
    compare(lambda n, x: n.round(x), INTEGERS)


MATRIX = numpy.arange(12.0).reshape(3, 4) % 5 - 1.5
REDUCTIONS = {
    "sum": [{}, {"axis": (0,)}, {"axis": (0, 1), "keepdims": True}, {"axis": ()}, {"axis": 1}],
    "prod": [{}, {"axis": (1,)}, {"axis": (0, 1)}],
    "max": [{}, {"axis": (0,)}, {"axis": (0, 1), "keepdims": True}],
    "min": [{}, {"axis": (1,)}],
    "any": [{}, {"axis": (0,)}],
    "all": [{}, {"axis": (0, 1)}],
    "mean": [{}, {"axis": 0}],
    "count_nonzero": [{}, {"axis": (0,), "keepdims": True}],
    "argmax": [{}, {"axis": 1}, {"axis": 0, "keepdims": True}],
    "argmin": [{}, {"axis": 0}],
    "argsort": [{"kind": "stable"}, {"axis": 0, "kind": "stable"}, {"axis": None, "kind": "stable"}],
    "sort": [{}, {"axis": 0}, {"axis": None}],
    "cumsum": [{}, {"axis": 0}, {"axis": 1}],
    "cumprod": [{}, {"axis": 1}],
}


@pytest.mark.parametrize(("name", "options"), [(name, o) for name, all_ in REDUCTIONS.items() for o in all_])
def test_reduction(name, options):
    for values in (MATRIX, MATRIX.astype("float32"), MATRIX > 0, MATRIX.astype("int64")):
        compare(lambda n, x: getattr(n, name)(x, **options), values)


@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "cumprod", "max", "min"])
def test_reduction_of_complex_numbers(name):
    compare(lambda n, x: getattr(n, name)(x, axis=1), COMPLEX.reshape(2, 2))
    compare(lambda n, x: getattr(n, name)(x, axis=0), numpy.array([[1 + 2j, 3], [1 - 1j, 3j]]))


def test_extremum_of_a_nan():
    compare(lambda n, x: n.max(x), SPECIAL)
    compare(lambda n, x: n.min(x, axis=0), numpy.array([[1j, numpy.nan], [2, 3]]))


MOVES = {
    "reshape": lambda n, x: n.reshape(x, (2, 6)),
    "reshape to any length": lambda n, x: n.reshape(x, -1),
    "transpose": lambda n, x: n.transpose(x),
    "transpose by axes": lambda n, x: n.transpose(x, (1, 0)),
    "swapaxes": lambda n, x: n.swapaxes(x, 0, -1),
    "broadcast_to": lambda n, x: n.broadcast_to(x, (2, 3, 4)),
    "concatenate": lambda n, x: n.concatenate((x, x), axis=1),
    "concatenate flat": lambda n, x: n.concatenate((x, x), axis=None),
    "concatenate mixed": lambda n, x: n.concatenate((x, x > 0), axis=0),
    "stack": lambda n, x: n.stack((x, x), axis=1),
    "flip": lambda n, x: n.flip(x),
    "flip axis": lambda n, x: n.flip(x, axis=1),
    "roll": lambda n, x: n.roll(x, 2),
    "roll axes": lambda n, x: n.roll(x, (1, -2), axis=(0, 1)),
    "roll one shift": lambda n, x: n.roll(x, 1, axis=(0, 1)),
    "pad": lambda n, x: n.pad(x, ((1, 0), (2, 3))),
    "ravel": lambda n, x: n.ravel(x),
    "outer": lambda n, x: n.outer(x, x),
    "dot": lambda n, x: n.dot(x, n.transpose(x)),
    "dot scalar": lambda n, x: n.dot(2.0, x),
    "matmul": lambda n, x: n.matmul(x, n.transpose(x)),
    "matmul vector": lambda n, x: n.matmul(x, n.ravel(n.broadcast_to(x[0:1, :], (1, 4)))),
    "tensordot": lambda n, x: n.tensordot(x, x, axes=((0,), (0,))),
    "isclose": lambda n, x: n.isclose(x, x + 1e-9),
    "isclose nan": lambda n, x: n.isclose(x / 0.0 * 0.0, x / 0.0 * 0.0, equal_nan=True),
    "zeros_like": lambda n, x: n.zeros_like(x, dtype="float32"),
}


@pytest.mark.parametrize("name", MOVES)
def test_moving_elements(name):
    compare(MOVES[name], MATRIX)
    if "isclose" not in name:
        compare(MOVES[name], MATRIX.astype("int64"))


def test_moving_elements_of_empty_and_0d_arrays():
    compare(lambda n, x: n.pad(x, ((1, 1), (0, 2))), numpy.zeros((0, 3)))
    compare(lambda n, x: n.sum(x, axis=(0,)), numpy.zeros((0, 3)))
    compare(lambda n, x: n.flip(x), numpy.array(2.0))
    compare(lambda n, x: n.cumsum(x), numpy.array(2.0))
    compare(lambda n, x: n.atleast_1d(x), numpy.array(2.0))


EINSUMS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 4)),
    ("bij,bjk,k->bi", (2, 3, 4), (2, 4, 5), (5,)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("iij->ji", (2, 2, 3)),
    ("ii,jj->ij", (2, 2), (3, 3)),
    ("i,i", (3,), (3,)),
    ("i,j->ji", (2,), (3,)),
    ("ij,ij->ij", (2, 3), (2, 3)),
    ("ij->", (2, 3)),
    ("ij->ji", (2, 3)),
    (",i->i", (), (3,)),
    ("ij,jk->ik", (2, 1), (3, 4)),
    ("ij,jk->ik", (2, 0), (0, 4)),
    ("i,i,i->i", (3,), (3,), (3,)),
]


@pytest.mark.parametrize(("subscripts", "shapes"), [(s, shapes) for s, *shapes in EINSUMS])
def test_einsum(subscripts, shapes):
    rng = numpy.random.default_rng(0)
    for dtype in (float, complex):
        operands = [numpy.asarray(rng.normal(size=shape), dtype) for shape in shapes]
        compare(lambda n, *x: n.einsum(subscripts, *x), *operands)


@pytest.mark.parametrize(
    ("subscripts", "shapes"), [("...i->i", [(2, 3)]), ("ij->ik", [(2, 3)]), ("i,i->i", [(2,), (3,)]), ("ij->i", [(2,)])]
)
def test_einsum_refuses(subscripts, shapes):
    with pytest.raises(ValueError, match="einsum"):
        xp.einsum(subscripts, *(strict(numpy.zeros(shape)) for shape in shapes))


def test_linear_algebra():
    rng = numpy.random.default_rng(0)
    a = rng.normal(size=(2, 3, 3)) + 3 * numpy.eye(3)
    compare(lambda n, a, b: n.linalg.solve(a, b), a, rng.normal(size=(2, 3, 2)))
    compare(lambda n, a, b: n.linalg.solve(a, b), a, rng.normal(size=3))
    compare(lambda n, a, b: n.linalg.solve(a, b), a, rng.normal(size=(3, 2)))
    compare(lambda n, a, b: n.linalg.solve(a, b), a.astype("float32"), rng.normal(size=3))
    compare(lambda n, a: n.linalg.inv(a), a)
    compare(lambda n, a: n.linalg.det(a), a)
    compare(lambda n, a: n.linalg.det(a), a + 1j)
    compare(lambda n, a: n.linalg.det(a), numpy.array([[2, 1], [1, 3]]))
    compare(lambda n, a: n.linalg.slogdet(a)[1], a)
    compare(lambda n, a: n.linalg.cholesky(a), numpy.matmul(a, a.swapaxes(1, 2)))
    with pytest.raises(numpy.linalg.LinAlgError):
        xp.linalg.inv(strict(numpy.zeros((2, 2))))


ROWS = [row for row in REGISTRY.values() if row.kind == ELEMENTWISE]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_expressions_of_the_table_mean_the_same(row):
    """The forward expression and the partial derivatives of every elementwise row, operators spelled as functions."""
    bits = row.name.startswith("bitwise") or row.name in ("left_shift", "right_shift", "invert")
    a, b, c = (INTEGERS[1:2], INTEGERS[3:], INTEGERS[3:]) if bits else (POSITIVE / 12, POSITIVE / 13, POSITIVE / 11)
    operands = (a, b, c)[: row.arity]
    if row.name == "arccosh":
        operands = (a + 1,)
    with numpy.errstate(all="ignore"):
        y = row.evaluator(numpy)(*operands)
        compare(lambda n, *x: row.evaluator(n)(*x), *operands)
        for i, partial in enumerate(row.partials):
            if partial is not None and "g" not in partial_names(partial):
                compare(lambda n, *x, i=i: n.add(row.partial(i, n)(*x), n.multiply(0, x[0])), *operands, y)


def partial_names(expression):
    import ast

    return {node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)}


def test_operators_become_functions():
    assert spell_operators("b * a ** (b - 1)") == "multiply(b, power(a, subtract(b, 1)))"
    assert spell_operators("where((a >= b) & ~c, -g, 0)") == (
        "where(bitwise_and(greater_equal(a, b), invert(c)), negative(g), 0)"
    )
    with pytest.raises(ValueError, match="chain"):
        spell_operators("a < b < c")
    with pytest.raises(ValueError, match="array operation"):
        spell_operators("a is b")


def test_devices_do_not_mix():
    here, there = strict(POSITIVE), from_numpy(POSITIVE, "array_api_strict", "device2")
    for call in (
        lambda: xp.add(here, there),
        lambda: xp.where(here > 1, there, 0),
        lambda: xp.concatenate((here, there)),
        lambda: xp.matmul(here, xp.transpose(there)),
        lambda: xp.einsum("ij,ij->", here, there),
        lambda: xp.linalg.solve(xp.matmul(here, xp.transpose(here)), there),
    ):
        with pytest.raises(ValueError, match="device"):
            call()


def test_a_numpy_array_is_not_moved_in_secret():
    with pytest.raises(TypeError, match="NumPy array"):
        xp.multiply(strict(POSITIVE), POSITIVE)


def test_a_name_that_is_missing():
    assert not hasattr(xp, "no_such_function")
    assert xp.tril is not None
