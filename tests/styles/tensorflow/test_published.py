"""The examples of TensorFlow's introductions, written anew: they give the published numbers."""

import numpy as np
import pytest

import adkit.styles.tensorflow as tf


def test_the_square_at_three_has_the_slope_six():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x**2
    assert repr(tape.gradient(y, x)) == "<tf.Tensor: shape=(), dtype=float32, numpy=6.0>"


def test_a_polynomial_of_a_watched_constant_at_two_has_the_slope_seven():
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x**2 + 3 * x + 1
    assert tape.gradient(y, x).numpy() == 7.0


def test_the_cube_at_two_has_first_and_second_derivative_twelve():
    x = tf.Variable(2.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = x**3
        first = inner.gradient(y, x)
    second = outer.gradient(first, x)
    assert (first.numpy(), second.numpy()) == (12.0, 12.0)


def test_the_sum_of_squared_differences_has_twice_the_difference_as_gradient():
    p, r = tf.Variable([1.0, 4.0, 2.0]), tf.constant([2.0, 1.0, 2.0])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(p - r))
    np.testing.assert_array_equal(tape.gradient(loss, p).numpy(), 2 * (p.numpy() - r.numpy()))


def test_the_product_at_one_and_zero():
    a, b = tf.Variable(1.0), tf.Variable(0.0)
    with tf.GradientTape() as tape:
        c = a * b
    da, db = tape.gradient(c, [a, b])
    assert (da.numpy(), db.numpy()) == (0.0, 1.0)


def test_a_loss_of_a_layer_by_its_weights():
    w = tf.Variable([[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]], name="w")
    b = tf.Variable(tf.zeros(2, dtype=tf.float32), name="b")
    x = [[1.0, 2.0, 3.0]]
    with tf.GradientTape(persistent=True) as tape:
        y = x @ w + b
        loss = tf.reduce_mean(y**2)
    dl_dw, dl_db = tape.gradient(loss, [w, b])
    np.testing.assert_array_equal(dl_db.numpy(), [2.0, 6.0])
    np.testing.assert_array_equal(dl_dw.numpy(), np.outer([1, 2, 3], [2, 6]))
    by_name = tape.gradient(loss, {"w": w, "b": b})
    np.testing.assert_array_equal(by_name["b"].numpy(), [2.0, 6.0])


def test_linear_regression_by_a_hundred_steps():
    xs, ys = tf.constant([1.0, 2.0, 3.0, 4.0]), tf.constant([2.0, 4.0, 5.0, 8.0])
    w, b = tf.Variable(0.0), tf.Variable(0.0)
    expected = np.zeros(2)
    x, y = xs.numpy().astype(float), ys.numpy().astype(float)
    for _ in range(100):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(w * xs + b - ys))
        dw, db = tape.gradient(loss, [w, b])
        w.assign_sub(0.01 * dw)
        b.assign_sub(0.01 * db)
        error = expected[0] * x + expected[1] - y
        expected -= 0.01 * np.array([np.mean(2 * error * x), np.mean(2 * error)])
    assert [w.numpy(), b.numpy()] == pytest.approx(expected, abs=1e-5)
    assert loss.numpy() < 0.25


def _start():
    rng = np.random.default_rng(4)
    shapes = [(5, 4), (4,), (4, 2), (2,)]
    return (
        [rng.normal(size=shape).astype("float32") for shape in shapes],
        rng.normal(size=(8, 5)),
        rng.normal(size=(8, 2)),
    )


def _network(weights, x, training, mask):
    w1, b1, w2, b2 = weights
    hidden = tf.nn.relu(tf.matmul(x, w1) + b1)
    if training:
        hidden = hidden * mask
    return tf.matmul(hidden, w2) + b2


@pytest.mark.parametrize("training", [False, True])
def test_the_network_by_adam_written_by_hand_and_by_the_optimizer(training):
    values, x, y = _start()
    x, y = tf.constant(x, tf.float32), tf.constant(y, tf.float32)
    by_hand, by_class = ([tf.Variable(v) for v in values] for _ in range(2))
    optimizer = tf.keras.optimizers.Adam(0.001)
    state = [(np.zeros_like(v), np.zeros_like(v)) for v in values]
    losses = []
    for step in range(1, 11):
        mask = tf.constant(np.random.default_rng(step).integers(0, 2, (8, 4)) * 2, tf.float32)

        def gradients(weights, mask=mask):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.keras.losses.mean_squared_error(y, _network(weights, x, training, mask)))
            losses.append(float(loss))
            return tape.gradient(loss, weights)

        for i, (variable, g) in enumerate(zip(by_hand, gradients(by_hand), strict=True)):
            m, v = (0.9 * state[i][0] + 0.1 * g.numpy(), 0.999 * state[i][1] + 0.001 * g.numpy() ** 2)
            state[i] = m, v
            scale = 0.001 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            variable.assign_sub(scale * m / (np.sqrt(v) + 1e-7))
        optimizer.apply_gradients(zip(gradients(by_class), by_class, strict=True))
    for one, other in zip(by_hand, by_class, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-6)
    assert optimizer.iterations.numpy() == 10
    if not training:
        assert losses[::2] == sorted(losses[::2], reverse=True)
