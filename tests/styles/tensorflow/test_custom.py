"""custom_gradient and stop_gradient: one and several arguments, variables, higher orders, errors."""

import numpy as np
import pytest

import adkit
import adkit.styles.tensorflow as tf


@tf.custom_gradient
def log1pexp(x):
    e = tf.exp(x)

    def grad(upstream):
        return upstream * (1 - 1 / (1 + e))

    return tf.math.log(1 + e), grad


def test_the_derivative_is_the_given_one():
    x = tf.constant(100.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = log1pexp(x)  # exp overflows here
    assert tape.gradient(y, x).numpy() == 1.0


def test_orders_above_one_come_from_the_operations_of_grad():
    x = tf.Variable(0.5)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = log1pexp(x * 2)
        first = inner.gradient(y, x)
    second = outer.gradient(first, x)
    s = 1 / (1 + np.exp(-1.0))
    assert [first.numpy(), second.numpy()] == pytest.approx([2 * s, 4 * s * (1 - s)], rel=1e-5)
    assert adkit.grad(adkit.grad(lambda x: log1pexp(tf.constant(x)).__adkit_value__()))(1.0) == pytest.approx(
        s * (1 - s)
    )


def test_several_arguments_and_results():
    @tf.custom_gradient
    def both(a, b):
        return (a * b, a + b), lambda g, h: (g * 10 + h, g * 20 + h)

    a, b = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        product, total = both(a, b)
        y = product * 2 + total
    assert (product.numpy(), total.numpy()) == (6.0, 5.0)
    assert [g.numpy() for g in tape.gradient(y, [a, b])] == [21.0, 41.0]
    assert [g.numpy() for g in tape.gradient(product, [a, b])] == [10.0, 20.0]


def test_variables_that_the_function_reads_go_to_grad():
    w = tf.Variable(3.0, name="w")

    @tf.custom_gradient
    def scaled(x):
        def grad(upstream, variables=None):
            assert [v.name for v in variables] == ["w:0"]
            return upstream * w, [upstream * x * 100]

        return x * w, grad

    x = tf.Variable(2.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as tape:
            y = scaled(x) ** 2
        dx, dw = tape.gradient(y, [x, w])
    assert (dx.numpy(), dw.numpy()) == (36.0, 2400.0)
    # dx = 2·y·w, where w is read with its own derivative, and y by the rule
    assert outer.gradient(dx, w).numpy() == pytest.approx(2 * 6 + 2 * 3 * 200)

    @tf.custom_gradient
    def careless(x):
        return x * w, lambda upstream: upstream

    with tf.GradientTape(), pytest.raises(TypeError, match="does not accept the argument 'variables'"):
        careless(x)


def test_wrong_results_are_refused():
    x = tf.Variable(2.0)
    with tf.GradientTape() as tape, pytest.raises(TypeError, match="did not return its value and a function"):
        tf.custom_gradient(lambda t: t)(x)
    with tf.GradientTape() as tape:
        y = tf.custom_gradient(lambda a, b: (a * b, lambda g: g))(x, x)
    with pytest.raises(TypeError, match="returned 1 derivatives for 2"):
        tape.gradient(y, x)


def test_without_a_tape_it_is_just_the_function():
    assert log1pexp(0.0).numpy() == pytest.approx(np.log(2))
    calls = []

    @tf.custom_gradient
    def noisy(x):
        calls.append(1)
        return x, lambda g: None

    x = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = noisy(x)
    assert tape.gradient(y, x) is None or tape.gradient(y, x).numpy() == 0.0
    assert len(calls) == 1


def test_a_stopped_gradient():
    x = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        y, z = x * tf.stop_gradient(x), tf.stop_gradient(x * x)
    assert tape.gradient(y, x).numpy() == 3.0
    assert tape.gradient(z, x) is None
