"""Loops: the examples of Theano's documentation of `scan`, written anew, and their derivatives."""

import numpy as np
import pytest

import adkit
import adkit.numpy as anp
import adkit.styles.theano as theano
import adkit.styles.theano.tensor as T
from adkit.styles.theano import function, shared


def test_powers_of_a_vector():
    k, A = T.iscalar("k"), T.vector("A")
    result, updates = theano.scan(
        fn=lambda prior, A: prior * A, outputs_info=T.ones_like(A), non_sequences=A, n_steps=k
    )
    power = function([A, k], result[-1], updates=updates)
    np.testing.assert_array_equal(power(range(10), 2), np.arange(10.0) ** 2)
    np.testing.assert_array_equal(power(range(10), 4), np.arange(10.0) ** 4)
    slope = function([A, k], T.grad(result[-1].sum(), A))
    np.testing.assert_allclose(slope(range(5), 3), 3 * np.arange(5.0) ** 2, rtol=1e-14)
    curve = function([A, k], T.grad(T.grad(result[-1].sum(), A).sum(), A))
    np.testing.assert_allclose(curve(range(5), 3), 6 * np.arange(5.0), rtol=1e-14)


def test_polynomial_stops_with_the_shortest_sequence():
    coefficients, x = T.vector("coefficients"), T.scalar("x")
    components, _ = theano.scan(
        fn=lambda coefficient, power, free: coefficient * (free**power),
        outputs_info=None,
        sequences=[coefficients, T.arange(10000)],
        non_sequences=x,
    )
    polynomial = function([coefficients, x], [components.sum(), T.grad(components.sum(), x)])
    assert [float(v) for v in polynomial(np.array([1.0, 0.0, 2.0]), 3)] == [19.0, 12.0]


def test_triangular_sequence_of_integers():
    up_to = T.iscalar("up_to")
    seq = T.arange(up_to)
    start = T.as_tensor_variable(np.asarray(0, seq.dtype))
    result, _ = theano.scan(fn=lambda value, total: total + value, outputs_info=start, sequences=seq)
    f = function([up_to], result)
    n = np.arange(15)
    np.testing.assert_array_equal(f(15), n * (n + 1) // 2)


def test_values_at_positions():
    location, values, model = T.imatrix("location"), T.vector("values"), T.matrix("model")

    def set_value(place, value, model):
        zeros = T.zeros_like(model)
        return T.set_subtensor(zeros[place[0], place[1]], value)

    result, _ = theano.scan(set_value, outputs_info=None, sequences=[location, values], non_sequences=model)
    f = function([location, values, model], result, on_unused_input="ignore")
    made = f(np.array([[1, 1], [2, 3]], dtype=np.int32), [42.0, 50.0], np.zeros((5, 5)))
    want = np.zeros((2, 5, 5))
    want[0, 1, 1], want[1, 2, 3] = 42.0, 50.0
    np.testing.assert_array_equal(made, want)


def test_shared_variables_are_updated_in_steps():
    a = shared(1)
    _, updates = theano.scan(lambda: {a: a + 1}, n_steps=10)
    f = function([], [a + 1, updates[a] + 1], updates=updates)
    assert [int(v) for v in f()] == [2, 12]
    assert a.get_value() == 11
    k, n = shared(0), T.iscalar("n")
    _, updates = theano.scan(lambda: {k: k + 1}, n_steps=n)
    accumulate = function([n], [], updates=updates, allow_input_downcast=True)
    assert accumulate(5) == []
    assert k.get_value() == 5


def test_until_ends_the_loop():
    limit = T.scalar("limit")

    def double(previous, limit):
        return previous * 2, theano.scan_module.until(previous * 2 > limit)

    values, _ = theano.scan(double, outputs_info=T.constant(1.0), non_sequences=limit, n_steps=1024)
    f = function([limit], values)
    np.testing.assert_array_equal(f(45), [2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
    np.testing.assert_array_equal(f(3), [2.0, 4.0])
    np.testing.assert_array_equal(f(44), [2.0, 4.0, 8.0, 16.0, 32.0, 64.0])


def test_rows_columns_and_trace():
    X, W, b = T.matrix("X"), T.matrix("W"), T.vector("b")
    rows, _ = theano.scan(lambda v: T.tanh(T.dot(v, W) + b), sequences=X)
    x, w = np.eye(2), np.ones((2, 2))
    np.testing.assert_allclose(function([X, W, b], rows)(x, w, [1.0, 2.0]), np.tanh(x @ w + [1, 2]), rtol=1e-14)
    norms, _ = theano.scan(lambda x_i: T.sqrt((x_i**2).sum()), sequences=[X.T])
    data = np.diag(np.arange(1.0, 6.0), 1)
    np.testing.assert_allclose(function([X], norms)(data), np.sqrt((data**2).sum(0)), rtol=1e-14)
    trace, _ = theano.scan(
        lambda i, j, total: T.cast(X[i, j] + total, "float64"),
        sequences=[T.arange(X.shape[0]), T.arange(X.shape[1])],
        outputs_info=np.asarray(0.0),
    )
    f = function([X], [trace[-1], T.grad(trace[-1], X)])
    value, slope = f(data + 2 * np.eye(6))
    assert value == 12.0
    np.testing.assert_array_equal(slope, np.eye(6))


def test_recurrences_with_taps():
    X, W, U, V = T.matrices("X", "W", "U", "V")
    b, n = T.vector("b"), T.iscalar("n")
    results, _ = theano.scan(
        lambda x2, x1: T.dot(x2, U) + T.dot(x1, V) + T.tanh(T.dot(x1, W) + b),
        n_steps=n,
        outputs_info=[{"initial": X, "taps": [-2, -1]}],
    )
    f = function([X, U, V, W, b, n], results)
    x = np.zeros((2, 2))
    x[1, 1] = 1
    w, u, v = 0.5 * np.ones((2, 2)), 0.5 * (np.ones((2, 2)) - np.eye(2)), 0.5 * np.ones((2, 2))
    want = [x[0], x[1]]
    for _ in range(10):
        want.append(want[-2] @ u + want[-1] @ v + np.tanh(want[-1] @ w + 1.0))
    np.testing.assert_allclose(f(x, u, v, w, np.ones(2), 10), want[2:], rtol=1e-13)


def test_sequences_with_taps_and_backwards():
    u = T.dvector("u")
    later, _ = theano.scan(lambda now, ahead: ahead - now, sequences={"input": u, "taps": [0, 2]})
    np.testing.assert_array_equal(function([u], later)([1.0, 2.0, 4.0, 8.0]), [3.0, 6.0])
    summed, _ = theano.scan(lambda x, s: s + x, sequences=u, outputs_info=T.constant(0.0), go_backwards=True)
    np.testing.assert_array_equal(function([u], summed)([1.0, 2.0, 4.0]), [4.0, 6.0, 7.0])


def test_recurrent_sequence_and_its_derivative():
    X, W, Y, U = T.vector("X"), T.matrix("W"), T.matrix("Y"), T.matrix("U")
    results, _ = theano.scan(
        lambda y, x_tm1: T.tanh(T.dot(x_tm1, W) + T.dot(y, U)), sequences=[Y[::-1]], outputs_info=[X]
    )
    cost = (results**2).sum()
    f = function([X, W, Y, U], [results, T.grad(cost, W)])
    rng = np.random.default_rng(1)
    x, w, y, u = rng.normal(size=2), rng.normal(size=(2, 2)), rng.normal(size=(5, 3)), rng.normal(size=(3, 2))

    def plain(w):
        state, total = x, 0.0
        for row in y[::-1]:
            state = anp.tanh(anp.dot(state, w) + row @ u)
            total = total + anp.sum(state**2)
        return total

    found, slope = f(x, w, y, u)
    assert found.shape == (5, 2)
    np.testing.assert_allclose(slope, adkit.grad(plain)(w), rtol=1e-11)


def test_truncated_gradients_use_the_last_steps():
    x = T.dscalar("x")
    last = lambda k: theano.scan(  # noqa: E731
        lambda s, x: s * x, outputs_info=T.constant(1.0), non_sequences=x, n_steps=4, truncate_gradient=k
    )[0][-1]
    assert T.grad(last(-1), x).eval({x: 2.0}) == 32.0
    assert T.grad(last(2), x).eval({x: 2.0}) == 16.0  # x²·(x·x): two factors count


def test_a_loop_of_many_steps_is_one_instruction():
    x = T.dscalar("x")
    made, _ = theano.scan(lambda s, x: s + x, outputs_info=T.constant(0.0), non_sequences=x, n_steps=2000)
    f = function([x], made[-1])
    assert f(0.5) == 1000.0
    assert len(f.sources[0].splitlines()) < 20


def test_map_reduce_and_folds():
    x = T.dvector("x")
    squares, _ = theano.map(lambda v: v**2, x)
    total, _ = theano.reduce(lambda v, s: s + v, x, T.constant(0.0))
    digits, _ = theano.foldl(lambda v, s: 10 * s + v, x, T.constant(0.0))
    back, _ = theano.foldr(lambda v, s: 10 * s + v, x, T.constant(0.0))
    f = function([x], [squares.sum(), total, digits, back])
    assert [float(v) for v in f([1.0, 2.0, 3.0])] == [14.0, 6.0, 123.0, 321.0]


def test_several_outputs_of_which_some_come_back():
    x = T.dvector("x")
    (sums, doubles), _ = theano.scan(lambda v, s: [s + v, 2 * v], sequences=x, outputs_info=[T.constant(0.0), None])
    f = function([x], [sums, doubles])
    found = f([1.0, 2.0])
    np.testing.assert_array_equal(found[0], [1.0, 3.0])
    np.testing.assert_array_equal(found[1], [2.0, 4.0])


def test_too_many_steps_are_refused():
    x, n = T.dvector("x"), T.iscalar("n")
    made, _ = theano.scan(lambda v: v, sequences=x, n_steps=n)
    with pytest.raises(adkit.InputError, match="n_steps is 5"):
        function([x, n], made)([1.0, 2.0], 5)
