"""What the transformations promise about arguments, containers, dtypes, results and errors."""

from __future__ import annotations

import collections
import functools
from fractions import Fraction

import numpy as np
import pytest

import adkit
from adkit import (
    IndependentError,
    InputError,
    ModeError,
    derivative,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    stop_gradient,
    value_and_grad,
    vjp,
)
from adkit.tracing import TracedArray

MODES = ("forward", "reverse")
Pair = collections.namedtuple("Pair", "a b")


def leaves_of(tree):
    """All leaves of nested containers."""
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves_of(value)]
    if isinstance(tree, (list, tuple)):
        return [leaf for value in tree for leaf in leaves_of(value)]
    return [tree]


def assert_untraced(tree):
    """No handle escapes, not even as an element of an array of objects."""
    for leaf in leaves_of(tree):
        assert not isinstance(leaf, TracedArray)
        assert not (isinstance(leaf, np.ndarray) and leaf.dtype == object)


# ------------------------------------------------------------------------------------------------ signatures


def test_grad_of_python_float_is_a_python_float():
    g = grad(lambda x: x**3)(2.0)
    assert type(g) is float
    assert g == 12.0


def test_python_int_is_promoted():
    assert grad(lambda x: x**2)(3) == 6.0
    assert grad(lambda p: p["a"] ** 2)({"a": 3}) == {"a": 6.0}


def test_value_and_grad_returns_value_then_gradient():
    value, g = value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    assert value == 5.0
    np.testing.assert_array_equal(g, [2.0, 4.0])


def test_jvp_returns_value_and_tangent():
    out, tangent = jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    assert (out, tangent) == (6.0, 23.0)


def test_vjp_returns_value_and_pullback_with_one_cotangent_per_primal():
    out, pullback = vjp(lambda x, y: x * y**2, 2.0, 3.0)
    assert out == 18.0
    assert pullback(1.0) == (9.0, 12.0)
    assert pullback(2.0) == (18.0, 24.0), "a pullback may be called again"


def test_vjp_of_one_primal_still_returns_a_tuple():
    assert vjp(lambda x: x * x, 3.0)[1](1.0) == (6.0,)


def test_linearize_serves_several_directions():
    value, push = linearize(lambda x, y: x**2 * y, 3.0, 2.0)
    assert value == 18.0
    assert [float(push(1.0, 0.0)), float(push(0.0, 1.0)), float(push(1.0, 1.0))] == [12.0, 9.0, 21.0]


def test_hvp_is_the_product():
    x, v = np.array([1.0, 2.0, 3.0]), np.array([1.0, -1.0, 0.5])
    a = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    np.testing.assert_allclose(hvp(lambda x: x @ a @ x, x, v), (a + a.T) @ v, rtol=1e-14)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 4])
def test_derivative_order(order):
    want = [16.0, 32.0, 48.0, 48.0, 24.0][order]
    assert derivative(lambda x: x**4, order=order)(2.0) == want


@pytest.mark.parametrize("order", [-1, 1.5, "2", None])
def test_an_order_is_a_whole_number(order):
    for take in (lambda: derivative(np.sin, order), lambda: adkit.taylor(np.sin, 1.0, order)):
        with pytest.raises(ModeError, match="order of 0 or more"):
            take()


def test_derivative_of_vector_valued_function():
    np.testing.assert_allclose(derivative(lambda t: np.stack([np.cos(t), np.sin(t)]))(0.5), [-np.sin(0.5), np.cos(0.5)])


@pytest.mark.parametrize("mode", MODES)
def test_jacobian_shape_is_output_then_input(mode):
    a = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(jacobian(lambda x: a @ x, mode=mode)(np.ones(2)), a)
    j = jacobian(lambda x: np.outer(x, x), mode=mode)(np.array([1.0, 2.0]))
    assert j.shape == (2, 2, 2)
    np.testing.assert_array_equal(j[:, :, 0], [[2, 2], [2, 0]])


@pytest.mark.parametrize("mode", MODES)
def test_jacobian_of_trees(mode):
    j = jacobian(lambda p: {"s": p.a * p.b, "t": (p.a.sum(),)}, mode=mode)(Pair(np.array([1.0, 2.0]), 3.0))
    assert type(j["s"]) is Pair
    np.testing.assert_array_equal(j["s"].a, [[3, 0], [0, 3]])
    np.testing.assert_array_equal(j["s"].b, [1, 2])
    np.testing.assert_array_equal(j["t"][0].a, [1, 1])
    assert j["t"][0].b == 0.0


@pytest.mark.parametrize("mode", MODES)
def test_jacobian_of_empty_output_and_empty_input(mode):
    assert jacobian(lambda x: x[:0], mode=mode)(np.ones(3)).shape == (0, 3)
    assert jacobian(lambda x, y: x.sum() + y, mode=mode)(np.ones(0), 1.0).shape == (0,)


@pytest.mark.parametrize("mode", ["auto", *MODES])
def test_hessian(mode):
    h = hessian(lambda x: x[0] ** 2 * x[1] + np.sin(x[1]), mode=mode)(np.array([3.0, 5.0]))
    np.testing.assert_allclose(h, [[10.0, 6.0], [6.0, -np.sin(5.0)]], rtol=1e-14)


def test_hessian_of_trees_has_blocks():
    h = hessian(lambda p: p["a"] ** 2 * p["b"])({"a": 2.0, "b": 3.0})
    assert h == {"a": {"a": 6.0, "b": 4.0}, "b": {"a": 4.0, "b": 0.0}}


# ------------------------------------------------------------------------------------------------ argnums, aux, others


def test_argnums_integer_tuple_and_negative():
    def f(x, y, z):
        return x * y**2 * z**3

    assert grad(f, 1)(2.0, 3.0, 1.0) == 12.0
    assert grad(f, (0, 2))(2.0, 3.0, 1.0) == (9.0, 54.0)
    assert grad(f, (2, 0))(2.0, 3.0, 1.0) == (54.0, 9.0)
    assert grad(f, -1)(2.0, 3.0, 1.0) == 54.0
    assert grad(f, (0,))(2.0, 3.0, 1.0) == (9.0,)


def test_argnums_out_of_range():
    with pytest.raises(InputError, match="argument 2"):
        grad(lambda x: x, 2)(1.0)


def test_argnums_may_be_numpys_integers_and_name_no_argument_twice():
    assert grad(lambda x, y: x * y, np.int64(1))(2.0, 3.0) == 2.0
    assert grad(lambda x, y: x * y, range(2))(2.0, 3.0) == (3.0, 2.0)
    for argnums, says in (((0, 0), "twice"), ((0, -2), "twice"), ("x", "number of an argument"), (1.0, "number of an")):
        with pytest.raises(InputError, match=says):
            grad(lambda x, y: x * y, argnums)(2.0, 3.0)


def test_jacobian_with_argnums_tuple():
    jx, jy = jacobian(lambda x, y: x * y, (0, 1))(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.testing.assert_array_equal(jx, np.diag([3.0, 4.0]))
    np.testing.assert_array_equal(jy, np.diag([1.0, 2.0]))


@pytest.mark.parametrize("mode", MODES)
def test_has_aux(mode):
    def f(x):
        return x**2, {"twice": 2 * x, "text": "kept", "none": None}

    g, aux = grad(f, has_aux=True, mode=mode)(3.0)
    assert (g, aux) == (6.0, {"twice": 6.0, "text": "kept", "none": None})
    (value, aux), g = value_and_grad(f, has_aux=True, mode=mode)(3.0)
    assert (value, g) == (9.0, 6.0)
    assert_untraced([value, g, aux])


def test_has_aux_needs_a_pair():
    with pytest.raises(ModeError, match="aux"):
        grad(lambda x: x, has_aux=True)(1.0)


def test_other_arguments_pass_through_untouched():
    integers, words, function, options = np.arange(3), ["a", "b"], len, {"k": (1, "v")}
    seen = []

    def f(x, n, w, g, o, *, scale, flag=True):
        seen.append((n, w, g, o, scale, flag))
        return x * scale * n.sum()

    assert grad(f)(2.0, integers, words, function, options, scale=3, flag=False) == 9.0
    n, w, g, o, scale, flag = seen[0]
    assert n is integers
    assert w is words
    assert g is function
    assert o is options
    assert type(scale) is int
    assert flag is False


def test_undifferentiated_parts_of_a_container_pass_through():
    seen = []

    def f(p):
        seen.append((p["n"].dtype, p["s"]))
        return p["w"] * p["n"].sum()

    g = grad(f)({"w": 2.0, "n": np.array([1, 2]), "s": "text"})
    assert g["w"] == 3.0
    assert seen == [(np.dtype(int), "text")]


def test_keyword_arguments_are_not_differentiated_but_usable():
    assert grad(lambda x, *, w: x * w)(2.0, w=5.0) == 5.0
    assert vjp(lambda x, *, w: x * w, 2.0, w=5.0)[1](1.0) == (5.0,)
    assert linearize(lambda x, *, w: x * w, 2.0, w=5.0)[1](1.0) == 5.0


def test_primals_and_tangents_come_in_tuples():
    for primals, tangents in ((1.0, (1.0,)), ((1.0,), 1.0), (np.ones(1), np.ones(1))):
        with pytest.raises(InputError, match="not a tuple"):
            jvp(np.sin, primals, tangents)


def test_methods_partials_lambdas_and_callables():
    class Model:
        def __init__(self, w):
            self.w = w

        def loss(self, x):
            return self.w * x**2

        def __call__(self, x):
            return self.w * x

    model = Model(3.0)
    assert grad(model.loss)(2.0) == 12.0
    assert grad(model)(2.0) == 3.0
    assert grad(functools.partial(lambda a, x: a * x, 4.0))(1.0) == 4.0


def test_name_and_doc_are_kept():
    def loss(x):
        """The loss."""
        return x

    assert grad(loss).__name__ == "loss"
    assert grad(loss).__doc__ == "The loss."


# ------------------------------------------------------------------------------------------------ containers, dtypes


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "x",
    [
        np.float16(1.5),
        np.float32(1.5),
        np.float64(1.5),
        np.array(1.5),
        np.array(1.5, np.float32),
        np.array([1.5, 2.5], np.float16),
        np.array([1.5, 2.5], np.float32),
        np.array([[1.5, 2.5]]),
        np.array([1.5, 2.5, 3.5, 4.5])[::2],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.longdouble(1.5),
    ],
    ids=lambda x: f"{type(x).__name__}-{x.dtype}-{x.shape}",
)
def test_gradient_has_type_shape_and_dtype_of_its_input(x, mode):
    g = grad(lambda x: (np.sin(x) * x * 2.0).sum(), mode=mode)(x)
    assert type(g) is type(x)
    assert g.shape == x.shape
    assert g.dtype == x.dtype
    eps = np.finfo(x.dtype).eps
    np.testing.assert_allclose(g, 2 * (np.cos(x) * x + np.sin(x)), rtol=16 * float(eps))


@pytest.mark.parametrize("mode", MODES)
def test_mixed_precision_gives_each_input_its_own_dtype(mode):
    a, b = np.array([1.0, 2.0], np.float32), np.array([3.0, 4.0])
    ga, gb = grad(lambda a, b: (a * b).sum(), (0, 1), mode=mode)(a, b)
    assert (ga.dtype, gb.dtype) == (np.float32, np.float64)


@pytest.mark.parametrize("mode", MODES)
def test_python_float_against_float32_array(mode):
    a = np.array([1.0, 2.0, 3.0], np.float32)
    value, g = value_and_grad(lambda s: (s * a).sum(), mode=mode)(2.0)
    assert value.dtype == np.float32, "a Python float gives way to the array's dtype"
    assert type(g) is float
    assert g == 6.0


@pytest.mark.parametrize("mode", MODES)
def test_containers_are_mirrored(mode):
    tree = {"w": [np.ones(2), (2.0, np.float32(3.0))], "p": Pair(1.0, np.array(4.0)), "none": None}
    g = grad(lambda t: (t["w"][0] * t["w"][1][0]).sum() * t["w"][1][1] + t["p"].a * t["p"].b, mode=mode)(tree)
    assert list(g) == list(tree) or sorted(g) == sorted(tree)
    assert type(g["p"]) is Pair
    assert type(g["w"][1]) is tuple
    np.testing.assert_array_equal(g["w"][0], [6.0, 6.0])
    assert type(g["w"][1][0]) is float
    assert type(g["w"][1][1]) is np.float32
    assert (g["p"].a, g["p"].b, g["none"]) == (4.0, 1.0, None)


@pytest.mark.parametrize("mode", MODES)
def test_leaf_without_influence_gets_zeros(mode):
    g = grad(lambda p: p["a"] ** 2, mode=mode)({"a": 3.0, "b": np.ones((2, 3), np.float32), "c": 1.0})
    assert g["a"] == 6.0
    assert g["b"].shape == (2, 3)
    assert g["b"].dtype == np.float32
    assert not g["b"].any()
    assert type(g["c"]) is float
    assert g["c"] == 0.0


def test_gradients_share_no_memory_with_each_other_or_with_the_seed():
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    gx, gy = grad(lambda x, y: ((x + y) ** 2).sum(), (0, 1))(x, y)
    assert not np.shares_memory(gx, gy)
    seed = np.ones(2)
    gx, gy = vjp(lambda x, y: x + y, x, y)[1](seed)
    assert not np.shares_memory(gx, gy)
    assert not np.shares_memory(gx, seed)
    assert gx.flags.writeable


def test_results_share_no_memory_with_what_a_pullback_needs():
    x = np.array([1.0, 2.0])
    value, pullback = vjp(np.exp, x)
    value *= 0
    np.testing.assert_array_equal(pullback(np.ones(2))[0], np.exp(x))
    value, push = linearize(lambda x: np.exp(x).reshape(2, 1), x)
    value *= 0
    np.testing.assert_array_equal(push(np.ones(2))[:, 0], np.exp(x))


def test_tangents_share_no_memory_with_their_seeds():
    x, t = np.array([1.0, 2.0]), np.ones(2)
    _, tangent = jvp(lambda x: x + 1.0, (x,), (t,))
    tangent *= 5
    np.testing.assert_array_equal(t, 1.0)


# ------------------------------------------------------------------------------------------------ untraced results


def test_everything_returned_is_untraced():
    x = np.array([1.0, 2.0])
    out, pullback = vjp(lambda x: {"a": x * 2, "b": [x.sum(), 3.0]}, x)
    assert_untraced(out)
    assert_untraced(pullback({"a": np.ones(2), "b": [1.0, 0.0]}))
    out, push = linearize(lambda x: (x * 2, x[0]), x)
    assert_untraced(out)
    assert_untraced(push(np.ones(2)))
    assert_untraced(jvp(lambda x: [x, 1.0], (x,), (x,)))
    assert_untraced(hessian(lambda x: (x**3).sum())(x))
    assert_untraced(jacobian(lambda x: x * x.sum())(x))
    assert_untraced(value_and_grad(lambda x: x.sum())(x))


def test_untraced_results_of_functions_that_return_their_argument_or_constants():
    assert_untraced(jvp(lambda x: x, (2.0,), (1.0,)))
    out, tangent = jvp(lambda x: (x, np.ones(2), 5), (2.0,), (1.0,))
    assert_untraced([out, tangent])
    np.testing.assert_array_equal(tangent[1], 0.0)


def test_zero_tangent_of_an_infinite_constant_is_zero():
    _, tangent = jvp(lambda x: (x, np.array([np.inf, np.nan])), (2.0,), (1.0,))
    np.testing.assert_array_equal(tangent[1], 0.0)


@pytest.mark.parametrize("mode", MODES)
def test_list_results_are_joined_where_one_array_is_needed(mode):
    assert_untraced(jacobian(lambda x: np.array([x, x * x]), mode=mode)(3.0))
    np.testing.assert_array_equal(jacobian(lambda x: np.array([x, x * x]), mode=mode)(3.0), [1.0, 6.0])


# ------------------------------------------------------------------------------------------------ array-likes


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("f", "want"),
    [
        (lambda x: adkit.numpy.mean([x, 3.0 * x]), 2.0),
        (lambda x: adkit.numpy.array([x, [x * x][0]]).sum(), 5.0),
        (lambda x: adkit.numpy.sum([[x, 1.0], [x, x * x]]), 6.0),
        (lambda x: adkit.numpy.dot([x, x], np.array([1.0, 2.0])), 3.0),
        (lambda x: adkit.numpy.maximum([x, 5.0], 1.0).sum(), 1.0),
        (lambda x: adkit.numpy.r_[x, 1.0, x * x].sum(), 5.0),
        (lambda x: adkit.numpy.c_[[x, 1.0], [x * x, 2.0]].sum(), 5.0),
        (lambda x: np.stack([x, x * x]).sum(), 5.0),
        (lambda x: np.concatenate([[x], [x * x]]).sum(), 5.0),
        (lambda x: adkit.numpy.linalg.norm([x, 0.0]), 1.0),
        (lambda x: (x * np.ones(2) + [x, 1.0]).sum(), 3.0),
    ],
)
def test_lists_of_traced_values_are_array_likes(f, want, mode):
    assert grad(f, mode=mode)(2.0) == pytest.approx(want, rel=1e-15)


def test_object_arrays_of_traced_values():
    assert grad(lambda x: (np.array([x, x * x]) * 2.0).sum())(3.0) == 14.0
    assert grad(lambda x: np.ones((2, 2)).dot(np.array([x, x * x])).sum())(3.0) == 14.0


def test_xarray_works_around_traced_arrays():
    xarray = pytest.importorskip("xarray")

    def f(x):
        a = xarray.DataArray(x, dims=("t",))
        b = xarray.DataArray(np.array([1.0, 2.0, 3.0]), dims=("t",))
        return (np.sin(a) * b + a**2).sum().data

    x = np.array([0.1, 0.2, 0.3])
    np.testing.assert_allclose(grad(f)(x), np.cos(x) * [1, 2, 3] + 2 * x, rtol=1e-14)


def test_foreign_containers_come_first():
    class Wrapped:
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            return "mine"

    assert grad(lambda x: x * (np.add(x, Wrapped()) == "mine"))(2.0) == 1.0


# ------------------------------------------------------------------------------------------------ complex


@pytest.mark.parametrize("mode", MODES)
def test_grad_of_complex_inputs_is_the_direction_of_steepest_ascent(mode):
    z = np.array([1 + 2j, 3 - 1j])
    np.testing.assert_allclose(grad(lambda z: (np.abs(z) ** 2).sum(), mode=mode)(z), 2 * z, rtol=1e-14)
    np.testing.assert_allclose(grad(lambda z: (z * z.conj()).real.sum(), mode=mode)(z), 2 * z, rtol=1e-14)
    np.testing.assert_allclose(grad(lambda z: (z**2).imag.sum(), mode=mode)(z), np.conj(-2j * z), rtol=1e-14)
    g = grad(lambda z: abs(z), mode=mode)(3 + 4j)
    assert type(g) is complex
    assert g == pytest.approx(0.6 + 0.8j)
    assert grad(lambda z: z.real * 2 + z.imag * 3, mode=mode)(1 + 1j) == 2 + 3j


@pytest.mark.parametrize("mode", MODES)
def test_real_inputs_of_complex_computations_have_real_gradients(mode):
    g = grad(lambda x: np.abs(np.exp(1j * x) + 1.0), mode=mode)(0.5)
    assert type(g) is float
    assert g == pytest.approx(-np.sin(0.25), rel=1e-14)


def test_complex_pullback_is_the_plain_transpose():
    a = np.array([[1 + 1j, 2], [3j, 4 - 1j]])
    seed = np.array([1j, 2.0])
    np.testing.assert_array_equal(vjp(lambda z: a @ z, np.ones(2, complex))[1](seed)[0], a.T @ seed)
    np.testing.assert_allclose(vjp(lambda z: z * z, 1 + 1j)[1](1.0)[0], 2 + 2j)


def test_adjoint_identity_with_complex_numbers():
    rng = np.random.default_rng(5)
    z, t, s = (rng.normal(size=4) + 1j * rng.normal(size=4) for _ in range(3))

    def f(z):
        return np.exp(z) * z.conj() + np.abs(z) * z[::-1]

    out, tangent = jvp(f, (z,), (t,))
    pulled = vjp(f, z)[1](s)[0]
    assert np.sum(s * tangent).real == pytest.approx(np.sum(pulled * t).real, rel=1e-13)


def test_jvp_of_real_function_of_complex_input_is_real():
    _, tangent = jvp(lambda z: np.abs(z) ** 2, (1 + 2j,), (1j,))
    assert np.isrealobj(tangent)
    assert tangent == pytest.approx(4.0)


def test_holomorphic_jacobian():
    z = np.array([1 + 2j, 0.5j])
    for mode in MODES:
        np.testing.assert_allclose(jacobian(lambda z: z**3, mode=mode)(z), np.diag(3 * z**2), rtol=1e-14)


def test_complex64_stays_complex64():
    z = np.array([1 + 2j], np.complex64)
    for mode in MODES:
        g = grad(lambda z: (np.abs(z) ** 2).sum(), mode=mode)(z)
        assert g.dtype == np.complex64


# ------------------------------------------------------------------------------------------------ zero derivatives


@pytest.mark.parametrize("inner", MODES)
@pytest.mark.parametrize("outer", MODES)
def test_second_derivative_of_a_linear_function_is_zero(inner, outer):
    assert grad(grad(lambda x: 3.0 * x, mode=inner), mode=outer)(1.0) == 0.0


def test_hessian_of_a_linear_function_is_zero():
    for mode in MODES:
        h = hessian(lambda x: (2.0 * x).sum(), mode=mode)(np.ones(3))
        np.testing.assert_array_equal(h, np.zeros((3, 3)))


def test_derivative_beyond_the_degree_is_zero():
    assert derivative(lambda x: x**2, order=3)(2.0) == 0.0
    np.testing.assert_array_equal(hvp(lambda x: x.sum(), np.ones(2), np.ones(2)), 0.0)


# ------------------------------------------------------------------------------------------------ stop_gradient


def test_stop_gradient_of_trees():
    def f(x):
        stopped = stop_gradient({"a": x, "b": [2.0 * x, "text"]})
        return stopped["a"] * x + stopped["b"][0] * x

    assert grad(f)(3.0) == 9.0


def test_stop_gradient_of_plain_values_is_them():
    x = np.ones(2)
    assert stop_gradient(x) is x
    assert stop_gradient(1.5) == 1.5


class Holder:
    """An object that is no container to adkit."""

    def __init__(self, value):
        self.value = value


def test_stop_gradient_of_arrays_of_objects_and_not_of_objects():
    assert grad(lambda x: np.sum(stop_gradient(np.array([x, x], dtype=object)) * x))(3.0) == 6.0
    with pytest.raises(adkit.UnsupportedError, match="look into a Holder"):
        grad(lambda x: stop_gradient(Holder(x)).value * x)(3.0)


@pytest.mark.parametrize("result", [Holder, lambda x: lambda y: x * y, lambda x: functools.partial(np.add, x)])
def test_a_result_that_hides_its_derivative_is_refused(result):
    for take in (lambda: jvp(result, (2.0,), (1.0,)), lambda: vjp(result, 2.0), lambda: jacobian(result)(2.0)):
        with pytest.raises(ModeError, match="holds traced values"):
            take()
    value, tangent = jvp(lambda x: (2.0 * x, "text", np.sin, Holder(1.0)), (1.0,), (1.0,))
    assert (value[0], tangent[0]) == (2.0, 2.0)


# ------------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian, derivative])
def test_result_that_depends_on_no_input(transform):
    with pytest.raises(IndependentError, match="does not depend") as caught:
        transform(lambda x: 3.0)(1.0)
    assert "Fix:" in str(caught.value)


@pytest.mark.parametrize(
    "cut",
    [lambda x: np.floor(x) * 2.0, lambda x: np.sign(x), lambda x: (x > 0) * 1.0, lambda x: stop_gradient(x) * 2.0],
    ids=["floor", "sign", "comparison", "stop_gradient"],
)
def test_independent_error_names_where_the_dependence_was_cut(cut):
    with pytest.raises(IndependentError, match="does not depend") as caught:
        grad(cut)(1.5)
    assert caught.value.line == cut.__code__.co_firstlineno
    assert caught.value.filename == __file__


def test_independent_error_does_not_blame_an_earlier_computation():
    with pytest.raises(IndependentError):
        grad(lambda x: np.floor(x))(1.5)
    with pytest.raises(IndependentError) as caught:
        grad(lambda x: 3.0)(1.5)
    assert caught.value.line is None


@pytest.mark.parametrize(
    "bad", [np.arange(3), np.int64(3), True, np.array([True]), "text", None, [np.arange(2)], {}, np.array(["a"])]
)
def test_inputs_without_a_derivative(bad):
    with pytest.raises(InputError) as caught:
        grad(lambda x: 1.0)(bad)
    assert "Fix:" in str(caught.value)


def test_integer_array_error_names_the_fix():
    with pytest.raises(InputError, match="astype"):
        grad(lambda x: x.sum())(np.arange(3))


def test_arrays_that_are_not_of_numbers_are_named_as_what_they_are(tmp_path):
    with pytest.raises(InputError, match="the dtype object"):
        grad(lambda x: x.sum())(np.array([1.0, 2.0], dtype=object))
    with pytest.raises(InputError, match=r"structured array.*argument 0\['a'\]"):
        grad(lambda x: x["a"].sum())(np.zeros(2, dtype=[("a", float)]))
    with pytest.raises(adkit.UnsupportedError, match="mask"):
        grad(lambda x: x.sum())(np.ma.array([1.0, 2.0], mask=[True, False]))
    mapped = np.memmap(tmp_path / "numbers", dtype=float, mode="w+", shape=(2,))
    np.testing.assert_array_equal(grad(lambda x: np.sum(x * x + mapped))(mapped), np.zeros(2))


def test_fractions_are_numbers_beside_traced_ones():
    assert grad(lambda x: x * Fraction(1, 2) + Fraction(1, 4) * x)(2.0) == 0.75


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (lambda x: x * np.ones(2), "scalar"),
        (lambda x: (x, x), "2 values"),
        (lambda x: x * 1j, "real"),
        (lambda x: np.reshape(x, (1,)), "scalar"),
    ],
)
def test_grad_needs_one_real_scalar(f, says):
    for mode in MODES:
        with pytest.raises(ModeError, match=says):
            grad(f, mode=mode)(1.0)


def test_unknown_mode():
    with pytest.raises(ModeError, match="sideways"):
        grad(lambda x: x, mode="sideways")(1.0)
    with pytest.raises(ModeError, match="order"):
        derivative(lambda x: x, order=-1)


def test_tangents_must_match_the_primals():
    with pytest.raises(InputError, match="tangent"):
        jvp(lambda x: x, (1.0,), ())
    with pytest.raises(InputError, match="shape"):
        jvp(lambda x: x, (np.ones(2),), (np.ones(3),))
    with pytest.raises(InputError):
        jvp(lambda x: x["a"], ({"a": 1.0},), ({"a": 1.0, "b": 2.0},))
    with pytest.raises(InputError, match="cotangent"):
        vjp(lambda x: (x, x), 1.0)[1](1.0)


def test_errors_of_the_users_code_pass_through():
    class Mine(Exception):
        pass

    def f(x):
        raise Mine("text")

    for transform in (grad, jacobian, value_and_grad, hessian, derivative):
        with pytest.raises(Mine, match="text") as caught:
            transform(f)(1.0)
        assert caught.value.__cause__ is None


def test_settings_choose_the_mode():
    with adkit.settings(mode="forward"):
        assert grad(lambda x: x**2)(3.0) == 6.0
    with adkit.settings(mode="reverse"):
        np.testing.assert_array_equal(jacobian(lambda x: x**2)(np.array([1.0, 2.0])), np.diag([2.0, 4.0]))


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_numpys_own_statistics_of_lists_of_traced_values(mode):
    assert grad(lambda a: np.mean([a, 2 * a]), mode=mode)(1.0) == pytest.approx(1.5)
    assert grad(lambda a: np.var([a, 3 * a]), mode=mode)(2.0) == pytest.approx(4.0)
    assert grad(lambda a: np.std([a, 3 * a]), mode=mode)(2.0) == pytest.approx(1.0)
    assert grad(lambda a: np.mean([[a, 1.0], [2.0, a * a]], axis=0)[1], mode=mode)(3.0) == pytest.approx(3.0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("zero", [0.0, -0.0, 0])
def test_division_by_a_constant_zero_is_infinite_and_no_error(mode, zero):
    x = np.array([0.0, 1.0])
    g = adkit.grad(lambda x: np.sum(x / zero * x), mode=mode)(x)
    assert not np.isfinite(g).any()


def test_no_warning_comes_from_looking_for_nans_among_large_derivatives():
    x = np.full(3, 1e-300)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(grad(lambda x: np.sum(x * 1e308))(x), np.full(3, 1e308))
        half = np.full(3, 1e-4, np.float16)
        np.testing.assert_array_equal(grad(lambda x: np.sum(x * np.float16(6e4)))(half), np.full(3, 6e4, np.float16))
