"""The sweeps of a trace: tangents and adjoints of every variable, the adjoint program, traces within traces."""

from __future__ import annotations

import numpy as np
import pytest

from adkit import InputError, grad, trace
from adkit.wengert import Variable


def product(x, w):
    return np.sin(x) * w


def test_forward_gives_the_tangent_of_every_variable():
    t = trace(product)(1.5, 2.0)
    assert t.forward(x=1.0) == {"v-1": 1.0, "v1": np.cos(1.5), "v2": 2 * np.cos(1.5)}
    both = t.forward(x=1.0, w=3.0)
    np.testing.assert_allclose(both["v2"], 2 * np.cos(1.5) + 3 * np.sin(1.5), rtol=1e-15)
    assert t.forward()["v2"] == t.forward(x=1.0, w=1.0)["v2"]


def test_reverse_gives_the_adjoint_of_every_variable():
    t = trace(product)(1.5, 2.0)
    assert t.reverse() == {"v-1": 2 * np.cos(1.5), "v0": np.sin(1.5), "v1": 2.0, "v2": 1.0}
    assert t.reverse(3.0)["v2"] == 3.0
    np.testing.assert_allclose(t.reverse(3.0)["v-1"], 6 * np.cos(1.5), rtol=1e-15)


def test_sweeps_of_arrays():
    x = np.array([1.0, 2.0, 3.0])
    t = trace(lambda x: np.cumsum(x**2))(x)
    tangents = t.forward(x=[1.0, 0.0, 0.0])
    np.testing.assert_array_equal(list(tangents.values())[-1], [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(t.reverse([0.0, 0.0, 1.0])["v0"], 2 * x)
    np.testing.assert_array_equal(t.reverse()["v1"], [3.0, 2.0, 1.0])


def test_the_sweeps_are_adjoint():
    rng = np.random.default_rng(5)
    x, dx, dy = rng.normal(size=(3, 4))
    t = trace(lambda x: np.cumsum(np.sin(x) * x[::-1]))(x)
    last = list(t.forward(x=dx))[-1]
    left = np.vdot(dy, t.forward(x=dx)[last])
    right = np.vdot(t.reverse(dy)["v0"], dx)
    assert abs(left - right) <= 1e-14 * (abs(left) + abs(right))


def test_variables_that_only_a_branch_reads_have_no_influence():
    def f(x):
        test = x * 3
        return x * 2 if test > 0 else x

    t = trace(f)(1.0)
    assert t.reverse() == {"v0": 2.0, "v2": 1.0}
    assert t.forward(x=1.0)["v2"] == 2.0


@pytest.mark.parametrize("wrong", [np.ones(3), 1.0, np.ones((2, 1))])
def test_tangents_and_seeds_of_the_wrong_shape(wrong):
    t = trace(lambda x: x * 2)(np.ones(2))
    with pytest.raises(InputError, match=r"shape .* where \(2,\) is needed"):
        t.forward(x=wrong)
    with pytest.raises(InputError, match=r"shape .* where \(2,\) is needed"):
        t.reverse(wrong)


def test_an_array_as_the_tangent_of_a_number():
    with pytest.raises(InputError, match=r"where \(\) is needed"):
        trace(lambda x: x * 2)(1.0).forward(x=np.ones(2))


def test_complex_tangents_and_seeds_of_real_variables():
    t = trace(lambda x: x * 2)(1.0)
    for sweep in (lambda: t.forward(x=1j), lambda: t.reverse(1j)):
        with pytest.raises(InputError, match="complex"):
            sweep()


def test_a_tangent_of_an_unknown_input():
    with pytest.raises(InputError, match="'z' is no input") as caught:
        trace(product)(1.5, 2.0).forward(z=1.0)
    assert caught.value.fix == "its inputs are x, w"


def test_tangents_of_leaves_of_containers():
    t = trace(lambda p: p["a"] * p["b"])({"a": 2.0, "b": 3.0})
    assert t.forward(**{"p['a']": 1.0})["v1"] == 3.0


def test_later_changes_of_arrays_change_nothing():
    kept = []

    def f(x):
        y = np.sin(x)
        kept.append(y)
        return np.sum(y * x)

    x = np.array([1.0, 2.0])
    t = trace(f)(x)
    before = t.x.copy()
    x[:] = 100.0
    kept[0][0] = 50.0
    np.testing.assert_array_equal(t.reverse()["v0"], before)
    np.testing.assert_array_equal(t.replay()(np.array([1.0, 2.0])), t.value)


# ------------------------------------------------------------------------------------------------ the adjoint program

OPERATIONS = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "negative": np.negative,
    "square": np.square,
    "sin": np.sin,
    "cos": np.cos,
    "exp": np.exp,
    "sum": np.sum,
    "broadcast_to": np.broadcast_to,
    "reshape": np.reshape,
}


def interpret(program, values):
    """The outputs of a Wengert list from its primitives, operands and parameters alone."""
    known = dict(zip([v.id for v in program.inputs], values, strict=True))

    def read(operand):
        return known[operand.id] if isinstance(operand, Variable) else float(operand.text.replace("−", "-"))

    for i in program:
        operands = [read(o) for o in i.inputs]
        shape = (i.output.shape,) if i.primitive in ("broadcast_to", "reshape") else ()
        known[i.output.id] = OPERATIONS[i.primitive](*operands, *shape)
        assert np.shape(known[i.output.id]) == i.output.shape
    return [read(o) for o in program.outputs]


def polynomial(x, y):
    u = x * y + 3
    v = np.sin(u) / y
    return v * u - x**2


def of_arrays(x, y):
    return np.sum(np.exp(x) * y - x / y)


@pytest.mark.parametrize(
    ("f", "at"), [(polynomial, (1.5, 0.5)), (of_arrays, (np.array([0.5, -1.0]), np.array([2.0, 4.0])))]
)
def test_the_adjoint_program_computes_the_gradient(f, at):
    t = trace(f)(*at)
    program = t.adjoint_program.check()
    assert [v.name for v in program.inputs] == ["x", "y", f.__name__ + "\N{COMBINING MACRON}"]
    assert program.instructions[: len(t.wengert)] != ()
    for found, expected in zip(interpret(program, [*at, 1.0]), grad(f, (0, 1))(*at), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    elsewhere = [np.asarray(a) * 1.25 for a in at]
    for found, expected in zip(interpret(program, [*elsewhere, 2.0]), grad(f, (0, 1))(*elsewhere), strict=True):
        np.testing.assert_allclose(found, 2 * expected, rtol=1e-13)


def test_the_adjoint_program_of_an_unused_input():
    program = trace(lambda x, w: x * 2)(3.0, 1.0).adjoint_program.check()
    assert [o.label for o in program.outputs][1] == "0"


def test_the_adjoint_program_leaves_the_trace_as_it_was():
    t = trace(polynomial)(1.5, 0.5)
    before = str(t.wengert)
    first, second = str(t.adjoint_program), str(t.adjoint_program)
    assert first == second
    assert str(t.wengert) == before


# ------------------------------------------------------------------------------------------------ nesting


def test_a_derivative_within_a_trace():
    t = trace(lambda x: grad(lambda y: x * y**3)(x))(2.0)
    assert t.value == 24.0
    assert t.x == 36.0
    t.wengert.check()


def test_a_trace_within_a_trace():
    def f(x):
        inner = trace(lambda y: y**2)(3.0)
        return x * inner.value

    assert trace(f)(2.0).x == 9.0
