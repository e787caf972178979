"""Derivatives: the published numbers, the tutorial on derivatives, and `adkit.grad` of the same function."""

import numpy as np
import pytest

import adkit
import adkit.styles.theano as theano
import adkit.styles.theano.tensor as T
from adkit.styles.theano import function, shared


@pytest.mark.parametrize(
    ("expression", "point", "first", "second"),
    [
        (lambda x: x**2, 3.0, 6.0, 2.0),
        (lambda x: x**2 + 3 * x + 1, 2.0, 7.0, 2.0),
        (lambda x: x**3, 2.0, 12.0, 12.0),
        (lambda x: 1 / (1 + T.exp(-x)), 0.0, 0.25, 0.0),
    ],
)
def test_published_numbers(expression, point, first, second):
    x = T.dscalar("x")
    g = T.grad(expression(x), x)
    f = function([x], [g, T.grad(g, x)])
    assert [float(v) for v in f(point)] == pytest.approx([first, second], abs=1e-15)


def test_sum_of_squares_and_product():
    p, r = T.dvectors("p", "r")
    f = function([p, r], T.grad(T.sum((p - r) ** 2), p))
    np.testing.assert_array_equal(f([1.0, 2.0], [0.5, 4.0]), [1.0, -4.0])
    a, b = T.dscalars("a", "b")
    assert [float(v) for v in function([a, b], T.grad(a * b, [a, b]))(1.0, 0.0)] == [0.0, 1.0]


def test_logistic_derivative():
    x = T.dmatrix("x")
    f = function([x], T.grad(T.sum(1 / (1 + T.exp(-x))), x))
    np.testing.assert_allclose(f([[0, 1], [-1, -2]]), [[0.25, 0.19661193], [0.19661193, 0.10499359]], rtol=1e-7)


def test_jacobian_and_hessian_by_scan_and_by_name():
    x = T.dvector("x")
    y = x**2
    J, updates = theano.scan(lambda i, y, x: T.grad(y[i], x), sequences=T.arange(y.shape[0]), non_sequences=[y, x])
    np.testing.assert_array_equal(function([x], J, updates=updates)([4, 4]), [[8.0, 0.0], [0.0, 8.0]])
    gy = T.grad(y.sum(), x)
    H, updates = theano.scan(lambda i, gy, x: T.grad(gy[i], x), sequences=T.arange(gy.shape[0]), non_sequences=[gy, x])
    np.testing.assert_array_equal(function([x], H, updates=updates)([4, 4]), [[2.0, 0.0], [0.0, 2.0]])
    np.testing.assert_array_equal(T.jacobian(y, x).eval({x: [4.0, 4.0]}), [[8.0, 0.0], [0.0, 8.0]])
    np.testing.assert_array_equal(T.hessian(y.sum(), x).eval({x: [4.0, 4.0]}), [[2.0, 0.0], [0.0, 2.0]])


def test_products_with_jacobians():
    W, V = T.dmatrices("W", "V")
    x, v = T.dvectors("x", "v")
    y = T.dot(x, W)
    f = function([W, V, x], T.Rop(y, W, V), on_unused_input="ignore")
    np.testing.assert_array_equal(f([[1, 1], [1, 1]], [[2, 2], [2, 2]], [0, 1]), [2.0, 2.0])
    g = function([v, x], T.Lop(y, W, v))  # needs the shape of W alone, which follows from the others
    np.testing.assert_array_equal(g([2, 2], [0, 1]), [[0.0, 0.0], [2.0, 2.0]])


def test_products_with_hessians():
    x, v = T.dvectors("x", "v")
    gy = T.grad(T.sum(x**2), x)
    for product in (T.Lop(gy, x, v), T.Rop(gy, x, v), T.grad(T.sum(gy * v), x)):
        np.testing.assert_array_equal(function([x, v], product, on_unused_input="ignore")([4, 4], [2, 2]), [4.0, 4.0])


def test_derivatives_by_what_is_in_between():
    x = T.dscalar("x")
    h = x**2
    y = T.sin(h) * x
    gx, gh = T.grad(y, [x, h])
    f = function([x], [gx, gh])
    a = 0.7
    found = [float(v) for v in f(a)]
    assert found == pytest.approx([np.sin(a * a) + 2 * a * a * np.cos(a * a), a * np.cos(a * a)], rel=1e-14)


def test_constants_and_disconnected_variables():
    x, z = T.dscalars("x", "z")
    y = x * x
    assert T.grad(y * x, x, consider_constant=[y]).eval({x: 3.0}) == 9.0
    assert T.grad(x * theano.gradient.disconnected_grad(x), x).eval({x: 3.0}) == 3.0
    assert function([x, z], T.grad(y, z, disconnected_inputs="ignore"), on_unused_input="ignore")(1.0, 2.0) == 0.0
    with pytest.warns(UserWarning, match="does not depend on z"):
        T.grad(y, z, disconnected_inputs="warn")


def test_known_gradients_start_the_sweep():
    x = T.dscalar("x")
    y = x**2
    assert T.grad(None, x, known_grads={y: T.constant(5.0)}).eval({x: 3.0}) == 30.0


def test_a_masked_branch_gives_no_nan():
    x = T.dscalar("x")
    f = function([x], T.grad(T.switch(x > 0, T.log(x), 0.0 * x), x))
    assert f(2.0) == 0.5
    assert f(0.0) == 0.0
    assert f(-1.0) == 0.0
    assert f(4.0) == 0.25


def test_gradients_through_a_compiled_function():
    x = T.dscalar("x")
    f, g = function([x], x**2), function([x], T.grad(x**3, x))
    assert adkit.grad(f)(3.0) == 6.0
    assert adkit.grad(g)(2.0) == 12.0
    assert adkit.grad(adkit.grad(g))(2.0) == 6.0
    assert adkit.grad(lambda v: f(v) * v)(2.0) == 12.0


def test_gradients_through_shared_state():
    state, inc = shared(1.0), T.dscalar("inc")
    multiply = function([inc], state, updates=[(state, state * inc)])

    def cubed(v):
        state.set_value(1.0)
        for _ in range(3):
            multiply(v)
        return state.get_value()

    assert adkit.grad(cubed)(2.0) == 12.0
    assert isinstance(state.get_value(), np.ndarray)
    assert state.get_value() == 8.0
    assert multiply(1.0) == 8.0


def test_second_derivatives_by_vmap_of_a_compiled_function():
    x = T.dscalar("x")
    f = function([x], T.grad(T.sin(x), x))
    points = np.array([0.0, 0.5, 1.0])
    np.testing.assert_allclose(adkit.vmap(f)(points), np.cos(points), rtol=1e-14)


CASES = {
    "chain": (lambda x, y: T.sum(T.tanh(T.dot(x, y)) ** 2), lambda x, y: np.sum(np.tanh(np.dot(x, y)) ** 2)),
    "mean": (
        lambda x, y: T.mean(T.log(1 + x**2), axis=0).sum() + T.max(y),
        lambda x, y: np.mean(np.log(1 + x**2), axis=0).sum() + np.max(y),
    ),
    "softmax": (
        lambda x, y: -T.log(T.nnet.softmax(T.dot(x, y)))[:, 0].sum(),
        lambda x, y: -np.log(np.exp(x @ y) / np.exp(x @ y).sum(axis=1, keepdims=True))[:, 0].sum(),
    ),
    "joining": (
        lambda x, y: T.sqrt(1 + T.concatenate([x.T, y], axis=1) ** 2).sum() * T.var(x),
        lambda x, y: np.sqrt(1 + np.concatenate([x.T, y], axis=1) ** 2).sum() * np.var(x),
    ),
    "writing": (
        lambda x, y: T.sum(T.set_subtensor(x[0], y[:, 0]) ** 3) + T.sum(x),
        lambda x, y: np.sum(np.concatenate([y[None, :, 0], x[1:]]) ** 3) + np.sum(x),
    ),
    "selecting": (
        lambda x, y: T.sum(T.switch(x > 0, x**2, T.exp(x))) * y.norm(2),
        lambda x, y: np.sum(np.where(x > 0, x**2, np.exp(x))) * np.sqrt(np.sum(y**2)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_derivatives_agree_with_those_of_numpy_for_every_shape(name):
    symbolic, plain = CASES[name]
    x, y = T.dmatrices("x", "y")
    cost = symbolic(x, y)
    f = function([x, y], [cost, *T.grad(cost, [x, y]), T.Rop(T.grad(cost, x), x, T.ones_like(x))])
    rng = np.random.default_rng(0)
    for n, m in ((2, 3), (4, 1), (1, 5), (3, 3)):
        a, b = rng.normal(size=(n, m)), rng.normal(size=(m, n))
        value, gx, gy, hx = f(a, b)
        assert value == pytest.approx(plain(a, b), rel=1e-12)
        want_x, want_y = adkit.grad(plain, (0, 1))(a, b)
        np.testing.assert_allclose(gx, want_x, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(gy, want_y, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(
            hx,
            adkit.hvp(lambda v, b=b: plain(v, b), a, np.ones_like(a)),
            rtol=1e-9,
            atol=1e-11,
        )
    assert len(f.sources) == 4


def test_verify_grad_finds_agreement():
    theano.gradient.verify_grad(lambda x: T.sum(T.sin(x) * x), [np.array([0.3, 1.2])])
