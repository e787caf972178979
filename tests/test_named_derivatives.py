"""Derivatives of a trace by name: Jacobians and diagonals, complex ones, higher orders, modes, and errors."""

from __future__ import annotations

import numpy as np
import pytest

import adkit
import adkit.numpy as anp
from adkit import IndependentError, ModeError, jacobian, settings, trace

MODES = ("forward", "reverse")


def product(x, w):
    return np.sin(x) * w


# ------------------------------------------------------------------------------------------------ Jacobians


@pytest.mark.parametrize("mode", MODES)
def test_jacobian_shapes(mode):
    def f(x, y):
        return np.outer(np.cumsum(x), [1.0, 2.0, 3.0]) * y

    t = trace(f, mode=mode)(np.array([1.0, 2.0]), 3.0)
    assert t.x.shape == (2, 3, 2)
    assert t.y.shape == (2, 3)
    np.testing.assert_allclose(t.x, jacobian(f)(np.array([1.0, 2.0]), 3.0), rtol=1e-15)
    np.testing.assert_allclose(t.y, t.value / 3.0, rtol=1e-15)


@pytest.mark.parametrize("mode", MODES)
def test_elementwise_functions_have_the_diagonal(mode):
    x = np.array([[0.5, 1.0], [2.0, -3.0]])
    t = trace(lambda x, w: np.sin(x) * w + x**2, mode=mode)(x, 2.0)
    assert t.is_elementwise("x")
    assert not t.is_elementwise("w")
    np.testing.assert_allclose(t.x, 2 * np.cos(x) + 2 * x, rtol=1e-15)
    np.testing.assert_allclose(t.w, np.sin(x), rtol=1e-15)


@pytest.mark.parametrize(
    "f",
    [lambda x: x[::-1] * 2, lambda x: x - np.mean(x), lambda x: np.cumsum(x), lambda x: x * np.sum(x), np.sort],
    ids=["reversed", "centred", "cumsum", "times sum", "sort"],
)
def test_functions_of_equal_shapes_that_are_not_elementwise(f):
    x = np.array([3.0, 1.0, 2.0])
    t = trace(f)(x)
    (name,) = t.gradient
    assert not t.is_elementwise(name)
    np.testing.assert_allclose(t[name], jacobian(f)(x), rtol=1e-14)


def test_empty_inputs_and_outputs():
    assert trace(lambda x: np.cumsum(x))(np.zeros(0)).x.shape == (0, 0)
    assert trace(lambda x: np.sum(x) + 1.0)(np.zeros(0)).x.shape == (0,)
    assert trace(lambda x: x * np.ones((0, 3)))(2.0).x.shape == (0, 3)


def test_a_jacobian_that_is_too_large_says_so():
    with pytest.raises(ModeError, match="is too large to show") as caught:
        trace(np.cumsum)(np.zeros(2000))
    assert "reduce the output to a scalar" in caught.value.fix


COMPLEX = {
    "complex to real": (lambda z: np.cumsum(np.abs(z) ** 2), np.array([1 + 2j, 3j])),
    "complex to real, elementwise": (lambda z: np.abs(z) ** 2, np.array([1 + 2j, 3j])),
    "real to complex": (lambda x: np.cumsum(np.exp(1j * x)), np.array([0.3, 0.4])),
    "real to complex, elementwise": (lambda x: np.exp(1j * x), np.array([0.3, 0.4])),
    "real to complex number": (lambda x: np.exp(1j * x), 0.3),
    "real vector to complex number": (lambda x: np.sum(np.exp(1j * x)), np.array([0.3, 0.4])),
    "complex to complex": (lambda z: np.cumsum(z**2), np.array([1 + 2j, 3j])),
    "complex to complex number": (lambda z: z**2, 1 + 2j),
}


def by_differences(f, x):
    """The Jacobian by central differences along the real axis, and the imaginary one for a complex input."""
    h = 1e-6
    x = np.asarray(x)
    columns = []
    for i in np.ndindex(*x.shape):
        unit = np.zeros(x.shape, x.dtype)
        unit[i] = h
        column = (f(x + unit) - f(x - unit)) / (2 * h)
        if x.dtype.kind == "c" and np.asarray(column).dtype.kind != "c":
            column = column - 1j * (f(x + 1j * unit) - f(x - 1j * unit)) / (2 * h)
        columns.append(column)
    return np.stack(columns, axis=-1).reshape((*np.shape(f(x)), *x.shape))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", COMPLEX)
def test_complex_jacobians_agree_in_both_modes(case, mode):
    f, at = COMPLEX[case]
    expected = by_differences(f, at)
    np.testing.assert_allclose(jacobian(f, mode=mode)(at), expected, rtol=1e-6, atol=1e-6)
    t = trace(f, mode=mode)(at)
    (name,) = t.gradient
    found = np.diag(t[name]) if t.is_elementwise(name) else t[name]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_a_real_function_of_complex_inputs_has_the_direction_of_steepest_ascent(mode):
    z = np.array([1 + 2j, -3j])
    np.testing.assert_allclose(trace(lambda z: np.sum(np.abs(z) ** 2), mode=mode)(z).z, 2 * z, rtol=1e-15)
    assert type(trace(lambda z: abs(z) ** 2, mode=mode)(1 + 2j).z) is complex


# ------------------------------------------------------------------------------------------------ higher orders


@pytest.mark.parametrize("mode", MODES)
def test_order_two_with_mixed_derivatives(mode):
    t = trace(lambda x, y: x**3 * y**2, mode=mode, order=2)(2.0, 3.0)
    found = {names: float(value) for names, value in t.higher().items()}
    assert found == {("x", "x"): 108.0, ("y", "y"): 16.0, ("x", "y"): 72.0}
    assert [d["label"] for d in t.document()["derivatives"]][-1] == "∂²<lambda>/∂x∂y".replace("<lambda>", "output")


def test_order_two_of_arrays_is_the_hessian():
    x = np.array([1.0, 2.0, 3.0])
    t = trace(lambda x: np.sum(x**3) + x[0] * x[1], order=2)(x)
    expected = np.diag(6 * x)
    expected[0, 1] = expected[1, 0] = 1.0
    np.testing.assert_allclose(t.higher()["x", "x"], expected, rtol=1e-15)


def test_order_three():
    t = trace(lambda x, y: x**4 * y, order=3)(2.0, 5.0)
    assert {k: float(v) for k, v in t.higher().items()} == {("x", "x", "x"): 240.0, ("y", "y", "y"): 0.0}
    assert t.higher(4)["x", "x", "x", "x"] == 120.0
    labels = [d["label"] for d in t.document()["derivatives"]]
    assert labels == ["∂output/∂x", "∂output/∂y", "∂³output/∂x³", "∂³output/∂y³"]


def test_higher_orders_follow_the_recorded_branch():
    t = trace(lambda x: x**3 if x > 0 else x**2, order=2)(2.0)
    assert t.higher()["x", "x"] == 12.0


def test_higher_orders_of_filled_arrays():
    def f(x):
        z = anp.zeros(3)
        for i in range(3):
            z[i] = x ** (i + 1)
        return np.sum(z)

    assert trace(f)(2.0).higher(2)["x", "x"] == 14.0


def test_higher_orders_of_vector_outputs_are_refused():
    t = trace(lambda x: np.array([1.0, 2.0]) * x, order=2)(1.0)
    with pytest.raises(ModeError, match="needs a scalar output"):
        t.higher()


def test_order_three_of_arrays_is_refused():
    with pytest.raises(ModeError, match="order 3 needs a scalar input"):
        trace(lambda x: np.sum(x**3))(np.ones(2)).higher(3)


@pytest.mark.parametrize("order", [0, -1, 1.5, "2", None, True])
def test_impossible_orders(order):
    with pytest.raises(ModeError, match="order="):
        trace(lambda x: x**2, order=order)(1.0)


# ------------------------------------------------------------------------------------------------ modes


def test_the_mode_is_chosen_by_the_numbers_of_inputs_and_outputs():
    cases = [
        (lambda x, w: x * w, (1.0, 2.0), "reverse", "2 inputs, 1 output"),
        (lambda x: x * 2, (1.0,), "reverse", "1 input, 1 output"),
        (lambda x: x * np.ones(3), (1.0,), "forward", "1 input, 3 outputs"),
        (lambda x: np.sum(x), (np.ones(4),), "reverse", "4 inputs, 1 output"),
    ]
    for f, at, mode, reason in cases:
        t = trace(f)(*at)
        assert (t.mode, t.mode_reason) == (mode, reason)


def test_the_mode_asked_for():
    t = trace(product, mode="forward")(1.0, 2.0)
    assert (t.mode, t.mode_reason) == ("forward", "as asked for")


def test_the_mode_of_the_session():
    with settings(mode="forward"):
        t = trace(product)(1.0, 2.0)
        assert (t.mode, t.mode_reason) == ("forward", "as asked for")
        assert trace(product, mode="reverse")(1.0, 2.0).mode == "reverse"
    assert trace(product)(1.0, 2.0).mode == "reverse"


# ------------------------------------------------------------------------------------------------ errors


def test_unknown_modes():
    with pytest.raises(ModeError, match="mode='sideways' is not known"):
        trace(product, mode="sideways")(1.0, 2.0)


def test_a_result_that_does_not_depend_names_the_place():
    def f(x):
        y = x * 2
        z = np.floor(y)
        return z + 1

    with pytest.raises(IndependentError, match="does not depend") as caught:
        trace(f)(1.5)
    assert caught.value.line == f.__code__.co_firstlineno + 2
    assert caught.value.filename == __file__
    assert "floor" in str(caught.value)


@pytest.mark.parametrize("result", [1.0, np.ones(2), "text"])
def test_constant_results(result):
    with pytest.raises(IndependentError, match="does not depend"):
        trace(lambda x: result)(1.5)


def test_several_outputs():
    with pytest.raises(ModeError, match="the function returned 2"):
        trace(lambda x: (x, x**2))(1.0)
    with pytest.raises(ModeError, match="the function returned 0"):
        trace(lambda x: None)(1.0)


def test_errors_of_the_function_pass_through():
    def f(x):
        raise LookupError("of the user")

    with pytest.raises(LookupError, match="of the user"):
        trace(f)(1.0)
    assert adkit.grad(lambda x: x**2)(3.0) == 6.0


def test_order_two_where_the_inputs_do_not_meet():
    t = trace(lambda x, y, z: np.sin(x) + 3 * y, order=2)(0.5, 2.0, 1.0)
    found = {names: float(value) for names, value in t.higher().items()}
    assert found.pop(("x", "x")) == pytest.approx(-np.sin(0.5))
    assert set(found) == {("y", "y"), ("z", "z"), ("x", "y"), ("x", "z"), ("y", "z")}
    assert not any(found.values())


def test_order_two_beside_a_complex_input():
    t = trace(lambda z, a: np.abs(z * a) ** 2, order=2)(1.0 + 2.0j, 3.0)
    assert t.higher() == {("a", "a"): pytest.approx(10.0)}
    with pytest.raises(ModeError, match="real input"):
        trace(lambda z: np.abs(z) ** 2)(1.0 + 2.0j).higher(2)
