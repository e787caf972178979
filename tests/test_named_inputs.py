"""Inputs of a trace under the names of the parameters: kinds of functions, containers, types, what is no input."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from adkit import InputError, trace

MODES = ("forward", "reverse")


def product(x, w):
    return np.sin(x) * w


@pytest.mark.parametrize("mode", MODES)
def test_value_and_gradient(mode):
    t = trace(product, mode=mode)(1.5, 2.0)
    assert t.value == 2.0 * np.sin(1.5)
    assert type(t.value) is np.float64
    assert list(t.gradient) == ["x", "w"]
    np.testing.assert_allclose([t["x"], t["w"]], [2 * np.cos(1.5), np.sin(1.5)], rtol=1e-15)
    assert (t.x, t.w) == (t["x"], t["w"]) == (t.gradient["x"], t.gradient["w"])
    assert t.output_name == "product"


def test_completion_offers_the_inputs_and_the_attributes():
    t = trace(product)(1.5, 2.0)
    assert {"x", "w", "value", "gradient", "wengert", "forward", "reverse", "document"} <= set(dir(t))


def test_an_attribute_wins_over_an_input_of_its_name():
    t = trace(lambda value, mode: value * mode)(3.0, 2.0)
    assert t.value == 6.0
    assert t.mode == "reverse"
    assert (t["value"], t["mode"]) == (2.0, 3.0)


@pytest.mark.parametrize("name", ["y", "__array_interface__", "_ipython_display_"])
def test_unknown_attributes(name):
    with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
        getattr(trace(product)(1.5, 2.0), name)


def test_unknown_inputs():
    with pytest.raises(InputError, match="'y' is no input of this trace") as caught:
        trace(product)(1.5, 2.0)["y"]
    assert caught.value.fix == "its inputs are x, w"


def test_keyword_arguments_and_defaults():
    def f(x, scale=2.0, *, shift=1.0):
        return x * scale + shift

    assert trace(f)(3.0).gradient == {"x": 2.0}
    assert trace(f)(x=3.0, shift=0.5).gradient == {"x": 2.0, "shift": 1.0}
    assert trace(f)(3.0, 5.0).gradient == {"x": 5.0, "scale": 3.0}


def test_variable_arguments():
    def f(*parts, **named):
        return parts[0] * parts[1] + named["b"] ** 2

    t = trace(f)(2.0, 3.0, b=4.0)
    assert t.gradient == {"parts": (3.0, 2.0), "named": {"b": 8.0}}
    assert [v.name for v in t.wengert.inputs] == ["parts[0]", "parts[1]", "named['b']"]


def test_methods_partials_and_callable_objects():
    class Model:
        def __init__(self, w):
            self.w = w

        def loss(self, x):
            return self.w * x**2

        def __call__(self, x):
            return self.w * x

    model = Model(3.0)
    t = trace(model.loss)(2.0)
    assert (t.gradient, t.output_name) == ({"x": 12.0}, "loss")
    assert trace(model)(2.0).gradient == {"x": 3.0}
    assert trace(functools.partial(product, w=2.0))(0.0).x == 2.0


def test_ufuncs():
    t = trace(np.sin)(0.0)
    assert list(t.gradient.values()) == [1.0]
    assert list(trace(np.multiply)(2.0, 3.0).gradient.values()) == [3.0, 2.0]


def test_containers_keep_their_structure():
    def f(p):
        return np.sum(p["w"] * p["layers"][0] + p["layers"][1][0]) * p["n"]

    given = {"w": np.array([1.0, 2.0]), "layers": [3.0, (4.0, None)], "n": 5, "kind": "relu", "flag": True}
    t = trace(f)(given)
    assert [v.name for v in t.wengert.inputs] == ["p['layers'][0]", "p['layers'][1][0]", "p['w']"]
    assert t.p["layers"] == [15.0, (10.0, None)]
    assert t["p"]["n"] is t.p["kind"] is t.p["flag"] is None
    np.testing.assert_array_equal(t.p["w"], [15.0, 15.0])
    assert t["p['layers'][0]"] == 15.0


def test_containers_stand_beside_plain_arguments():
    t = trace(lambda x, pair, name: x * pair[0] + pair[1])(2.0, (3.0, np.float32(1.0)), "adam")
    assert t.gradient["x"] == 3.0
    assert t.gradient["pair"] == (2.0, np.float32(1.0))
    assert type(t.gradient["pair"][1]) is np.float32
    assert "name" not in t.gradient


def test_shapes_and_counts_in_tuples_pass_through():
    t = trace(lambda x, shape, picks: np.sum(np.ones(shape) * x) + x * picks[0])(2.0, (3, 4), [5, 6])
    assert t.gradient == {"x": 17.0}


def test_a_whole_number_is_promoted():
    assert trace(lambda x: x**2)(3).gradient == {"x": 6.0}
    assert type(trace(lambda x: x**2)(3).x) is float
    assert trace(lambda p: p["a"] ** 2)({"a": 3}).p == {"a": 6.0}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("mode", MODES)
def test_dtypes_and_types_of_the_inputs(dtype, mode):
    t = trace(lambda x, y: np.sum(x) * y, mode=mode)(np.ones((2, 3), dtype), dtype(2))
    assert (t.x.shape, t.x.dtype) == ((2, 3), dtype)
    assert type(t.y) is dtype
    scalar = trace(lambda x: x * 2, mode=mode)(1.0)
    assert type(scalar.x) is float


def test_an_input_that_is_not_used_has_a_zero_derivative():
    for mode in MODES:
        t = trace(lambda x, w, v: x * 2, mode=mode)(3.0, 2.0, np.ones(2))
        assert (t.x, t.w) == (2.0, 0.0)
        np.testing.assert_array_equal(t.v, [0.0, 0.0])


def test_results_in_containers_of_one():
    assert trace(lambda x: [x, x**2])(3.0).gradient["x"].tolist() == [1.0, 6.0]
    assert trace(lambda x: {"loss": x**2})(3.0).x == 6.0


def test_an_output_that_is_an_input():
    t = trace(lambda x, y: x)(3.0, 1.0)
    assert (t.value, t.x, t.y) == (3.0, 1.0, 0.0)
    assert str(t.wengert) == "v₋₁ = x\nv₀ = y\nreturn v₋₁"
    assert t.document()["graph"]["edges"] == []


def test_repr_and_text():
    t = trace(product)(1.5, 2.0)
    assert repr(t) == "<Trace of product: 2 instructions, reverse mode>"
    assert "∂product/∂x" in str(t)


def test_integer_arrays_name_the_fix():
    with pytest.raises(InputError, match=r"x has the integer dtype int64.*x\.astype\(float\)"):
        trace(lambda x: np.sum(x * x))(np.array([1, 2, 3]))
    assert trace(lambda x, i: np.sum(x[i]))(np.ones(3), np.array([0, 1])).gradient["x"].tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("args", [(), ("text",), (None,), (True,), ([],)])
def test_nothing_to_differentiate_by(args):
    with pytest.raises(InputError, match="none of the arguments"):
        trace(lambda *args: 1.0)(*args)


def test_wrong_arguments_are_the_users_error():
    with pytest.raises(TypeError, match="missing a required argument: 'w'"):
        trace(product)(1.0)


def test_many_inputs():
    given = [float(i) for i in range(3000)]
    t = trace(lambda xs: sum(xs[i] * i for i in range(len(xs))))(given)
    assert t.xs == given
    assert len(t.wengert.inputs) == 3000
