"""The same programs in TensorFlow and in the style: values and gradients agree to 1e-6, step by step.

Skipped where TensorFlow is not installed. Not for: what TensorFlow does not do, or does otherwise on purpose.
"""

import importlib.util
import os

import numpy as np
import pytest

import adkit.styles.tensorflow as style

pytestmark = pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="tensorflow is not installed")

RNG = np.random.default_rng(5)
WEIGHTS = [RNG.normal(size=shape).astype("float32") for shape in ((5, 4), (4,), (4, 2), (2,))]
X, Y = RNG.normal(size=(8, 5)).astype("float32"), RNG.normal(size=(8, 2)).astype("float32")
MASKS = [(RNG.integers(0, 2, (8, 4)) * 2).astype("float32") for _ in range(10)]


@pytest.fixture(scope="module")
def both():
    """`both(program)` runs a program with each module and compares the arrays that it yields, one by one."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    original = importlib.import_module("tensorflow")

    def compare(program, tolerance=1e-6):
        count = 0
        for ours, theirs in zip(program(style), program(original), strict=True):
            assert (ours is None) == (theirs is None)
            if ours is not None:
                assert ours.dtype.name == theirs.dtype.name
                assert tuple(ours.shape) == tuple(theirs.shape)
                np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=tolerance, atol=tolerance)
                count += 1
        assert count

    return compare


def test_linear_regression(both):
    def program(tf):
        xs, ys = tf.constant([1.0, 2.0, 3.0, 4.0]), tf.constant([2.0, 4.0, 5.0, 8.0])
        w, b = tf.Variable(0.5), tf.Variable(-0.5)
        for _ in range(100):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(w * xs + b - ys))
            dw, db = tape.gradient(loss, [w, b])
            w.assign_sub(0.01 * dw)
            b.assign_sub(0.01 * db)
            yield from (loss, dw, db, w, b)

    both(program)


def _network(tf, weights, mask):
    hidden = tf.nn.relu(tf.matmul(tf.constant(X), weights[0]) + weights[1])
    if mask is not None:
        hidden = hidden * mask
    return tf.matmul(hidden, weights[2]) + weights[3]


@pytest.mark.parametrize("training", [False, True])
def test_the_network_by_hand(both, training):
    def program(tf):
        weights = [tf.Variable(w) for w in WEIGHTS]
        m = [tf.Variable(tf.zeros_like(w)) for w in weights]
        v = [tf.Variable(tf.zeros_like(w)) for w in weights]
        for step in range(10):
            with tf.GradientTape() as tape:
                output = _network(tf, weights, MASKS[step] if training else None)
                loss = tf.reduce_mean(tf.reduce_sum((output - Y) ** 2, axis=1))
            gradients = tape.gradient(loss, weights)
            yield loss
            yield from gradients
            for i, g in enumerate(gradients):
                m[i].assign(0.9 * m[i] + 0.1 * g)
                v[i].assign(0.999 * v[i] + 0.001 * tf.square(g))
                rate = 0.001 * np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
                weights[i].assign_sub(float(rate) * m[i] / (tf.sqrt(v[i]) + 1e-7))
            yield from weights

    both(program)


OPTIMIZERS = {
    "sgd": lambda tf: tf.keras.optimizers.SGD(0.05),
    "momentum": lambda tf: tf.keras.optimizers.SGD(0.05, momentum=0.9),
    "nesterov": lambda tf: tf.keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "clipped": lambda tf: tf.keras.optimizers.SGD(0.05, global_clipnorm=0.5),
    "adam": lambda tf: tf.keras.optimizers.Adam(0.001),
    "amsgrad": lambda tf: tf.keras.optimizers.Adam(0.01, amsgrad=True, clipnorm=1.0),
    "adamw": lambda tf: tf.keras.optimizers.AdamW(0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_network_by_an_optimizer(both, name):
    def program(tf):
        weights = [tf.Variable(w) for w in WEIGHTS]
        optimizer, loss_of = OPTIMIZERS[name](tf), tf.keras.losses.MeanSquaredError()
        for step in range(10):
            with tf.GradientTape() as tape:
                loss = loss_of(Y, _network(tf, weights, MASKS[step]))
            gradients = tape.gradient(loss, weights)
            optimizer.apply_gradients(zip(gradients, weights, strict=True))
            yield loss
            yield from gradients
            yield from weights

    both(program)


def test_nested_tapes(both):
    def program(tf):
        x, w = tf.Variable([0.3, -0.7]), tf.Variable([[1.0, 2.0], [0.5, -1.0]])
        with tf.GradientTape(persistent=True) as outer:
            with tf.GradientTape() as inner:
                y = tf.reduce_sum(tf.tanh(tf.linalg.matvec(w, x)) ** 3)
            dx, dw = inner.gradient(y, [x, w])
            size = tf.reduce_sum(dx**2) + tf.reduce_sum(tf.sin(dw))
        yield from (y, dx, dw, size)
        yield from outer.gradient(size, [x, w])
        yield outer.jacobian(dx, x)
        with tf.GradientTape(persistent=True) as tape:
            y = x**3
            first = tape.gradient(y, x)
            second = tape.gradient(first, x)
        yield from (first, second, tape.gradient(second, x))

    both(program)


def test_jacobians(both):
    def program(tf):
        x, w = tf.constant(X), tf.Variable(WEIGHTS[0])
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = tf.nn.softmax(tf.matmul(x, w))
        yield tape.jacobian(y, w)
        yield tape.batch_jacobian(y, x)
        yield tape.gradient(y, w, output_gradients=tf.constant(X[:, :4]))
        yield tape.gradient(y, tf.Variable(1.0))
        yield tape.gradient(y, tf.Variable([1.0, 2.0]), unconnected_gradients=tf.UnconnectedGradients.ZERO)

    both(program)


def test_custom_gradients(both):
    def program(tf):
        scale = tf.Variable(3.0)

        @tf.custom_gradient
        def log1pexp(x):
            e = tf.exp(x)
            return tf.math.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))

        @tf.custom_gradient
        def scaled(x):
            def grad(upstream, variables=None):
                return upstream * scale * 2, [tf.reduce_sum(upstream * x)]

            return x * scale, grad

        x = tf.Variable([0.5, -1.5])
        with tf.GradientTape(persistent=True) as outer:
            with tf.GradientTape() as inner:
                y = scaled(log1pexp(x) * tf.stop_gradient(x))
            dx, ds = inner.gradient(y, [x, scale])
        yield from (y, dx, ds)
        yield from outer.gradient(dx, [x, scale])

    both(program)


def test_state_and_stretches(both):
    def program(tf):
        x, y = tf.Variable(2.0), tf.Variable(3.0)
        with tf.GradientTape(persistent=True) as tape:
            early = x * y
            with tape.stop_recording():
                cut = x * y * y
            x.assign_add(y)
            late = x * y + cut + early
            z = early * late
        outside = z * x
        yield from tape.gradient(late, [x, y])
        yield from tape.gradient(z, [x, y, early, late])
        yield from tape.gradient(outside, [x, y])
        yield from tape.gradient([early, late], [x, y])
        tie = tf.Variable([1.0, 1.0, 0.0, -1.0])
        with tf.GradientTape(persistent=True) as tape:
            tops = [tf.reduce_max(tie), tf.maximum(tie, 1.0), tf.minimum(0.0, tie), tf.nn.relu(tie), tf.abs(tie)]
            tops += [tf.clip_by_value(tie, 0.0, 1.0), tf.nn.relu6(6 * tie), tf.nn.leaky_relu(tie), tf.nn.elu(tie)]
        for top in tops:
            yield tape.gradient(top, tie)

    both(program)


FUNCTIONS = """
exp log1p(P) log(P) sqrt(P) math.rsqrt(P) sin cos tan tanh sinh cosh asinh atan sigmoid math.erf math.lgamma(P) square
abs nn.relu nn.elu nn.selu nn.softplus nn.silu nn.gelu nn.softsign nn.softmax nn.log_softmax math.log_sigmoid
reduce_sum reduce_mean reduce_max reduce_min reduce_prod reduce_logsumexp math.reduce_std math.cumsum math.cumprod
norm nn.l2_loss linalg.trace transpose
""".split()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_and_their_gradients(both, name):
    point = X[:4, :4] if not name.endswith("(P)") else np.abs(X[:4, :4]) + 0.2
    path = name.removesuffix("(P)").replace("log1p", "math.log1p").replace("math.math.", "math.").split(".")

    def program(tf):
        function = tf
        for part in ["math", "log"] if path == ["log"] else path:
            function = getattr(function, part)
        x = tf.Variable(point)
        with tf.GradientTape() as tape:
            y = function(x)
        yield y
        yield tape.gradient(y, x)

    both(program)


def test_losses(both):
    shares = np.abs(Y) / np.abs(Y).sum(1, keepdims=True)
    labels = np.array([0, 1, 1, 0, 1, 0, 0, 1])

    def program(tf):
        logits = tf.Variable(X[:, :2])
        k = tf.keras.losses
        for loss, true in (
            (k.MeanSquaredError(), Y),
            (k.MeanAbsoluteError(), Y),
            (k.Huber(0.5), Y),
            (k.LogCosh(), Y),
            (k.BinaryCrossentropy(from_logits=True), shares),
            (k.BinaryCrossentropy(label_smoothing=0.1), shares),
            (k.CategoricalCrossentropy(from_logits=True), shares),
            (k.CategoricalCrossentropy(), shares),
            (k.SparseCategoricalCrossentropy(from_logits=True), labels),
            (k.SparseCategoricalCrossentropy(), labels),
            (k.KLDivergence(), shares),
            (k.Hinge(), labels[:, None] * np.ones((1, 2))),
        ):
            with tf.GradientTape() as tape:
                values = [loss(true, logits), loss(true, tf.nn.softmax(logits))]
            yield from values
            yield tape.gradient(values, logits)

    both(program)


def test_linear_algebra(both):
    matrix = (X[:4, :4] + 3 * np.eye(4)).astype("float32")

    def program(tf):
        a, b = tf.Variable(matrix), tf.Variable(Y[:4])
        with tf.GradientTape(persistent=True) as tape:
            results = [
                tf.linalg.solve(a, b),
                tf.linalg.inv(a),
                tf.linalg.det(a),
                tf.linalg.matmul(a, b, transpose_a=True),
                tf.tensordot(a, b, axes=1),
                tf.einsum("ij,jk->ki", a, b),
                tf.gather(a, [0, 2, 2], axis=1) * 2.0,
                tf.where(a > 0, a, a * a),
                tf.concat([a, b], axis=1)[1:, ::2],
                tf.reshape(tf.stack([a, a + 1], axis=1), [-1]),
                tf.one_hot([1, 0], 4) @ a,
                tf.pad(a, [[1, 0], [0, 1]]),
            ]
        for result in results:
            yield result
            yield tf.convert_to_tensor(tape.gradient(result, a))

    both(program)
