"""The introductory examples of Theano's documentation, written anew: algebra, functions, shared state, random numbers,
logistic regression.
"""

import numpy as np
import pytest

import adkit.styles.theano as theano
import adkit.styles.theano.tensor as T
from adkit.styles.theano import In, function, pp, shared


def test_two_scalars_are_added():
    x, y = T.dscalar("x"), T.dscalar("y")
    z = x + y
    f = function([x, y], z)
    assert repr(f(2, 3)) == "array(5.)"
    assert np.allclose(f(16.3, 12.1), 28.4)
    assert pp(z) == "x + y"
    assert np.allclose(z.eval({x: 16.3, y: 12.1}), 28.4)
    assert np.allclose(z.eval({"x": 1.0, "y": 2.0}), 3.0)


def test_two_matrices_are_added():
    x, y = T.dmatrices("x", "y")
    f = function([x, y], x + y)
    np.testing.assert_array_equal(f([[1, 2], [3, 4]], [[10, 20], [30, 40]]), [[11.0, 22.0], [33.0, 44.0]])
    np.testing.assert_array_equal(f(np.eye(2), np.ones((2, 2))), [[2.0, 1.0], [1.0, 2.0]])


def test_vector_expression_of_the_exercise():
    a, b = T.vector(), T.vector()
    f = function([a, b], a**2 + b**2 + 2 * a * b)
    np.testing.assert_array_equal(f([0, 1, 2], [1, 0, 1]), [1.0, 1.0, 9.0])
    np.testing.assert_array_equal(function([a], a + a**10)([0, 1, 2]), [0.0, 2.0, 1026.0])


def test_variables_have_types():
    x = T.dscalar("x")
    assert x.type is T.dscalar
    assert x.dtype == "float64"
    assert x.ndim == 0
    assert x.name == "x"
    assert T.frow().type == theano.TensorType("float32", (True, False))
    assert [v.name for v in T.vectors("a", "b")] == ["a", "b"]
    assert T.itensor3().ndim == 3
    assert T.zmatrix().dtype == "complex128"
    assert T.bscalar().dtype == "int8"
    assert isinstance(x, T.TensorVariable)


def test_logistic_function_in_two_forms():
    x = T.dmatrix("x")
    s = 1 / (1 + T.exp(-x))
    logistic = function([x], s)
    value = logistic([[0, 1], [-1, -2]])
    np.testing.assert_allclose(value, [[0.5, 0.73105858], [0.26894142, 0.11920292]], rtol=1e-7)
    again = function([x], (1 + T.tanh(x / 2)) / 2)
    np.testing.assert_allclose(again([[0, 1], [-1, -2]]), value, rtol=1e-14)


def test_several_outputs_at_once():
    a, b = T.dmatrices("a", "b")
    diff = a - b
    f = function([a, b], [diff, abs(diff), diff**2])
    found = f([[1, 1], [1, 1]], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(found[0], [[1.0, 0.0], [-1.0, -2.0]])
    np.testing.assert_array_equal(found[1], [[1.0, 0.0], [1.0, 2.0]])
    np.testing.assert_array_equal(found[2], [[1.0, 0.0], [1.0, 4.0]])


def test_default_values_and_names_of_inputs():
    x, y, w = T.dscalars("x", "y", "w")
    f = function([x, In(y, value=1)], x + y)
    assert f(33) == 34.0
    assert f(33, 2) == 35.0
    g = function([x, In(y, value=1), In(w, value=2, name="w_by_name")], (x + y) * w)
    assert g(33) == 68.0
    assert g(33, 2) == 70.0
    assert g(33, 0, 1) == 33.0
    assert g(33, w_by_name=1) == 34.0
    assert g(33, w_by_name=1, y=0) == 33.0


def test_outputs_by_name():
    x = T.dscalar("x")
    assert function([x], {"double": 2 * x, "square": x**2})(3.0) == {"double": 6.0, "square": 9.0}


def test_shared_state_is_updated_after_each_call():
    state, inc = shared(0), T.iscalar("inc")
    accumulator = function([inc], state, updates=[(state, state + inc)])
    assert state.get_value() == 0
    assert accumulator(1) == 0
    assert state.get_value() == 1
    assert accumulator(300) == 1
    assert state.get_value() == 301
    state.set_value(-1)
    assert accumulator(3) == -1
    assert state.get_value() == 2
    decrementor = function([inc], state, updates={state: state - inc})
    assert decrementor(2) == 2
    assert state.get_value() == 0


def test_all_updates_see_the_old_values():
    a, b = shared(1.0), shared(2.0)
    function([], updates=[(a, b), (b, a)])()
    assert a.get_value() == 2.0
    assert b.get_value() == 1.0


def test_results_and_updates_share_no_memory():
    a = shared(np.zeros(3))
    f = function([], [a, a.reshape((3, 1))], updates=[(a, a)])
    one, two = f()
    one[0], two[1] = 5.0, 6.0
    np.testing.assert_array_equal(a.get_value(), np.zeros(3))


def test_an_update_to_a_plain_number_keeps_the_type():
    state = shared(np.float32(2.0))
    f = function([], 1 / state, updates=[(state, 0.0)])
    assert f() == 0.5
    assert state.get_value().dtype == np.float32
    assert f() == np.inf


def test_givens_replace_a_shared_variable():
    state, inc = shared(0), T.iscalar("inc")
    fn_of_state = state * 2 + inc
    foo = T.scalar(dtype=state.dtype)
    skip_shared = function([inc, foo], fn_of_state, givens=[(state, foo)])
    assert skip_shared(1, 3) == 7
    assert state.get_value() == 0


def test_a_derivative_by_what_givens_replace_is_by_it_alone():
    x, w = T.dscalar("x"), shared(3.0)
    gx = T.grad(x * w, x)
    assert function([], gx, givens={x: w})() == 3.0


def test_minibatches_by_givens_need_one_program_per_length():
    data = shared(np.arange(20.0).reshape(10, 2))
    index, x = T.lscalar("index"), T.matrix("x")
    f = function([index], x.sum(), givens={x: data[index * 4 : (index + 1) * 4]})
    assert [float(f(i)) for i in range(3)] == [28.0, 92.0, 70.0]
    assert len(f.sources) == 2


def test_copies_with_other_state_and_without_updates():
    state, inc = shared(0), T.iscalar("inc")
    accumulator = function([inc], state, updates=[(state, state + inc)])
    accumulator(10)
    new_state = shared(0)
    new_accumulator = accumulator.copy(swap={state: new_state})
    assert new_accumulator(100) == 0
    assert new_state.get_value() == 100
    assert state.get_value() == 10
    null_accumulator = accumulator.copy(delete_updates=True)
    assert null_accumulator(9000) == 10
    assert state.get_value() == 10


def test_random_streams_draw_anew_unless_told_not_to():
    from adkit.styles.theano.tensor.shared_randomstreams import RandomStreams

    stream = RandomStreams(seed=234)
    u, n = stream.uniform((2, 2)), stream.normal((2, 2))
    f = function([], u)
    g = function([], n, no_default_updates=True)
    nearly_zeros = function([], u + u - 2 * u)
    assert not np.array_equal(f(), f())
    assert np.array_equal(g(), g())
    np.testing.assert_allclose(nearly_zeros(), np.zeros((2, 2)), atol=1e-15)
    state = u.rng.get_value(borrow=True)
    state.seed(89234)
    first = f()
    u.rng.set_value(np.random.RandomState(89234))
    np.testing.assert_array_equal(f(), first)
    stream.seed(902340)
    second = f()
    stream.seed(902340)
    np.testing.assert_array_equal(f(), second)


def test_random_sizes_may_be_symbolic():
    x = T.dmatrix("x")
    mask = T.shared_randomstreams.RandomStreams(1).binomial(size=x.shape, p=0.5)
    f = function([x], x * mask)
    assert f(np.ones((3, 4))).shape == (3, 4)
    assert set(f(np.ones((50, 4))).ravel()) == {0.0, 1.0}


def test_logistic_regression_learns():
    rng = np.random.RandomState(0)
    n, feats = 40, 20
    data = rng.randn(n, feats), rng.randint(size=n, low=0, high=2)
    x, y = T.dmatrix("x"), T.dvector("y")
    w, b = shared(rng.randn(feats), name="w"), shared(0.0, name="b")
    p_1 = 1 / (1 + T.exp(-T.dot(x, w) - b))
    prediction = p_1 > 0.5
    xent = -y * T.log(p_1) - (1 - y) * T.log(1 - p_1)
    cost = xent.mean() + 0.01 * (w**2).sum()
    gw, gb = T.grad(cost, [w, b])
    train = function([x, y], [prediction, xent], updates=((w, w - 0.1 * gw), (b, b - 0.1 * gb)))
    predict = function(inputs=[x], outputs=prediction)
    expected_w, expected_b = w.get_value(), 0.0
    for _ in range(100):
        p = 1 / (1 + np.exp(-data[0] @ expected_w - expected_b))
        error = (p - data[1]) / n
        expected_w, expected_b = (
            expected_w - 0.1 * (data[0].T @ error + 0.02 * expected_w),
            expected_b - 0.1 * error.sum(),
        )
        train(*data)
    np.testing.assert_allclose(w.get_value(), expected_w, rtol=1e-10)
    np.testing.assert_allclose(b.get_value(), expected_b, rtol=1e-9)
    np.testing.assert_array_equal(predict(data[0]), data[0] @ expected_w + expected_b > 0)
    assert len(train.sources) == 1


def test_linear_regression_of_the_introductions():
    x, y = np.array([1.0, 2, 3, 4]), np.array([2.0, 4, 5, 8])
    w, b = shared(0.0, "w"), shared(0.0, "b")
    X, Y = T.dvectors("X", "Y")
    loss = T.mean((w * X + b - Y) ** 2)
    gw, gb = T.grad(loss, [w, b])
    step = function([X, Y], loss, updates=[(w, w - 0.01 * gw), (b, b - 0.01 * gb)])
    want = np.zeros(2)
    for _ in range(100):
        step(x, y)
        error = want[0] * x + want[1] - y
        want = want - 0.01 * np.array([2 * np.mean(error * x), 2 * np.mean(error)])
    np.testing.assert_allclose([w.get_value(), b.get_value()], want, rtol=1e-12)


def test_conditions_evaluate_one_branch_or_both():
    from adkit.styles.theano.ifelse import ifelse

    a, b = T.scalars("a", "b")
    x, y = T.matrices("x", "y")
    both = function([a, b, x, y], T.switch(T.lt(a, b), T.mean(x), T.mean(y)))
    lazy = function([a, b, x, y], ifelse(T.lt(a, b), T.mean(x), T.mean(y)), mode=theano.Mode(linker="vm"))
    one, zero = np.ones((3, 2)), np.zeros((2, 2))
    for f in (both, lazy):
        assert f(0.0, 1.0, one, zero) == 1.0
        assert f(2.0, 1.0, one, zero) == 0.0
    assert all(source.count("np.mean") == 1 for source in lazy.sources)


def test_float32_by_configuration():
    before = theano.config.floatX
    theano.config.floatX = "float32"
    try:
        x = T.vector("x")
        f = function([x], T.grad(T.sum(2.0 * x**2), x))
        assert x.dtype == "float32"
        assert f([1.0, 2.0]).dtype == np.float32
        np.testing.assert_array_equal(f([1.0, 2.0]), [4.0, 8.0])
    finally:
        theano.config.floatX = before


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (lambda x: T.concatenate([x, 2 * x]), [1, 2, 3, 2, 4, 6]),
        (lambda x: T.stack([x, x])[1], [1, 2, 3]),
        (lambda x: T.outer(x, x)[2], [3, 6, 9]),
        (lambda x: x[::-1] + T.arange(3), [3, 3, 3]),
        (lambda x: T.set_subtensor(x[1:], 0.0), [1, 0, 0]),
        (lambda x: T.inc_subtensor(x[np.array([0, 0])], 1.0), [3, 2, 3]),
        (lambda x: x.dimshuffle("x", 0).sum(axis=0), [1, 2, 3]),
        (lambda x: T.max(x) * T.ones_like(x), [3, 3, 3]),
        (lambda x: T.argmax(x) + T.zeros_like(x), [2, 2, 2]),
        (lambda x: T.eye(3)[0] * x, [1, 0, 0]),
        (lambda x: T.clip(x, 1.5, 2.5), [1.5, 2, 2.5]),
        (lambda x: T.where(T.eq(x, 2), 0, x), [1, 0, 3]),
        (lambda x: T.tile(x, 2)[2:5], [3, 1, 2]),
        (lambda x: T.repeat(x, 2)[:3], [1, 1, 2]),
        (lambda x: T.cumsum(x), [1, 3, 6]),
        (lambda x: T.diag(T.diag(x)), [1, 2, 3]),
        (lambda x: T.sqr(x) / x.norm(2) ** 2 * 14, [1, 4, 9]),
        (lambda x: np.exp(np.log(x)), [1, 2, 3]),
        (lambda x: T.batched_dot(x.reshape((3, 1)), x.reshape((3, 1))), [1, 4, 9]),
        (lambda x: T.flatten(T.alloc(x, 1, 3)), [1, 2, 3]),
        (lambda x: T.var(x) * 3 * x, [2, 4, 6]),
        (lambda x: T.nnet.softmax(x).flatten() * T.exp(x).sum() / T.exp(x) * x, [1, 2, 3]),
        (lambda x: T.nnet.relu(x - 2), [0, 0, 1]),
        (lambda x: T.dot(T.nlinalg.matrix_inverse(T.diag(x)), x), [1, 1, 1]),
        (lambda x: x[T.as_tensor_variable([2, 0])].sum() * x, [4, 8, 12]),
        (lambda x: x[x > 1] * 2, [4, 6]),
    ],
)
def test_functions_of_the_tensor_module(expression, expected):
    x = T.dvector("x")
    np.testing.assert_allclose(function([x], expression(x))([1.0, 2.0, 3.0]), expected, rtol=1e-12)
