"""keras: losses and their reductions, optimizers, layers, modules, and what is refused."""

import numpy as np
import pytest
import scipy.special

import adkit
import adkit.styles.tensorflow as tf

TRUE = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], "float32")
SHARE = np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]], "float32")
LOGITS = np.array([[0.5, -1.0, 2.0], [0.0, 1.0, -2.0]], "float32")


def test_losses_per_example():
    losses = tf.keras.losses
    for made, expected in (
        (losses.mean_squared_error(TRUE, SHARE), ((TRUE - SHARE) ** 2).mean(-1)),
        (losses.mean_absolute_error(TRUE, SHARE), np.abs(TRUE - SHARE).mean(-1)),
        (losses.binary_crossentropy(TRUE, SHARE), -np.log(np.where(TRUE > 0, SHARE, 1 - SHARE)).mean(-1)),
        (
            losses.binary_crossentropy(TRUE, LOGITS, from_logits=True),
            (np.log1p(np.exp(LOGITS)) - TRUE * LOGITS).mean(-1),
        ),
        (losses.categorical_crossentropy(TRUE, 2 * SHARE), -np.log([0.5, 0.6])),
        (
            losses.categorical_crossentropy(TRUE, LOGITS, from_logits=True),
            -(TRUE * scipy.special.log_softmax(LOGITS, -1)).sum(-1),
        ),
        (losses.sparse_categorical_crossentropy([1, 0], SHARE), -np.log([0.5, 0.6])),
        (
            losses.sparse_categorical_crossentropy([[1], [0]], LOGITS, from_logits=True),
            -scipy.special.log_softmax(LOGITS, -1)[[0, 1], [1, 0]],
        ),
        (
            losses.huber(TRUE, LOGITS),
            np.where(np.abs(TRUE - LOGITS) < 1, (TRUE - LOGITS) ** 2 / 2, np.abs(TRUE - LOGITS) - 0.5).mean(-1),
        ),
        (losses.log_cosh(TRUE, LOGITS), np.log(np.cosh(LOGITS - TRUE)).mean(-1)),
        (losses.hinge(TRUE, LOGITS), np.maximum(1 - (2 * TRUE - 1) * LOGITS, 0).mean(-1)),
        (losses.kl_divergence(SHARE, SHARE[::-1]), (SHARE * np.log(SHARE / SHARE[::-1])).sum(-1)),
    ):
        np.testing.assert_allclose(made.numpy(), expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="ignore_class"):
        losses.sparse_categorical_crossentropy([1], SHARE[:1], ignore_class=0)


def test_loss_classes_reduce():
    per_example = ((TRUE - SHARE) ** 2).mean(-1)
    loss = tf.keras.losses.MeanSquaredError()
    assert loss(TRUE, SHARE).numpy() == pytest.approx(per_example.mean())
    assert loss(TRUE, SHARE, sample_weight=[1.0, 3.0]).numpy() == pytest.approx((per_example * [1, 3]).mean())
    assert tf.keras.losses.MeanSquaredError(reduction="sum")(TRUE, SHARE).numpy() == pytest.approx(per_example.sum())
    kept = tf.keras.losses.MeanSquaredError(reduction="none")(TRUE, SHARE)
    np.testing.assert_allclose(kept.numpy(), per_example, rtol=1e-6)
    entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert entropy([1, 0], LOGITS).shape == []
    assert tf.keras.losses.BinaryCrossentropy(True)(TRUE, LOGITS).shape == []


def test_optimizers_take_keras_steps():
    x, g = np.array([1.0, -2.0], "float32"), np.array([0.5, -0.25], "float32")
    for optimizer, expected in (
        (tf.keras.optimizers.SGD(0.1), x - 0.2 * g),
        (tf.keras.optimizers.SGD(0.1, momentum=0.5), x - 0.1 * g - 0.15 * g),
        (tf.keras.optimizers.SGD(0.1, momentum=0.5, nesterov=True), x - 0.15 * g - 0.175 * g),
        (tf.keras.optimizers.SGD(0.1, clipvalue=0.3), x - 0.2 * np.clip(g, -0.3, 0.3)),
        (tf.keras.optimizers.SGD(0.1, clipnorm=0.1), x - 0.2 * g * 0.1 / np.linalg.norm(g)),
        (tf.keras.optimizers.SGD(0.1, global_clipnorm=0.1), x - 0.2 * g * 0.1 / np.linalg.norm(g)),
        (tf.keras.optimizers.SGD(lambda step: 0.1 / (step + 1)), x - 0.15 * g),
        (tf.keras.optimizers.Adam(0.1), x - 0.2 * np.sign(g)),
        (tf.keras.optimizers.Adam(0.1, amsgrad=True), x - 0.2 * np.sign(g)),
        (tf.keras.optimizers.AdamW(0.1, weight_decay=0.5), (x * 0.95 - 0.1 * np.sign(g)) * 0.95 - 0.1 * np.sign(g)),
    ):
        v = tf.Variable(x)
        for _ in range(2):
            optimizer.apply_gradients([(tf.constant(g), v)])
        np.testing.assert_allclose(v.numpy(), expected, rtol=1e-5)
        assert v.dtype == tf.float32


def test_optimizers_tell_what_is_wrong(caplog):
    v, w = tf.Variable(1.0, name="v"), tf.Variable(1.0, name="w")
    optimizer = tf.keras.optimizers.SGD(learning_rate=0.5)
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        optimizer.apply_gradients([(None, v)])
    optimizer.apply_gradients([(None, v), (1.0, w)])
    assert "Gradients do not exist for variables ['v:0']" in caplog.text
    assert (v.numpy(), w.numpy()) == (1.0, 0.5)
    with pytest.raises(ValueError, match=r"shape \(2,\) does not go with v:0"):
        optimizer.apply_gradients([([1.0, 2.0], v)])
    assert optimizer.learning_rate.numpy() == 0.5
    optimizer.learning_rate = 0.25
    optimizer.minimize(lambda: v * v, [v])
    assert v.numpy() == 0.5
    with tf.GradientTape() as tape:
        loss = v * v
    optimizer.minimize(loss, [v], tape=tape)
    assert v.numpy() == 0.25


def test_modules_find_their_variables():
    class Dense(tf.Module):
        def __init__(self, inputs, outputs, name=None):
            super().__init__(name=name)
            self.w = tf.Variable(tf.ones([inputs, outputs]), name="w")
            self.b = tf.Variable(tf.zeros([outputs]), name="b")
            self.count = tf.Variable(0, trainable=False, name="count")

        def __call__(self, x):
            return tf.nn.relu(x @ self.w + self.b)

    class Stack(tf.Module):
        def __init__(self):
            super().__init__()
            self.layers = [Dense(3, 2, name="first"), {"second": Dense(2, 1)}]

        def __call__(self, x):
            return self.layers[1]["second"](self.layers[0](x))

    model = Stack()
    assert [v.name for v in model.trainable_variables] == ["b:0", "w:0", "b:0", "w:0"]
    assert len(model.variables) == 6
    assert [m.name for m in model.submodules] == ["first", "dense"]
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(model(tf.constant([[1.0, 2.0, 3.0]])))
    found = tape.gradient(y, model.trainable_variables)
    assert isinstance(found, tuple)
    assert [g.shape.as_list() for g in found] == [[2], [3, 2], [1], [2, 1]]


def test_layers_are_trained_by_a_loop():
    tf.random.set_seed(0)
    model = tf.keras.Sequential(
        [tf.keras.layers.Dense(8, activation="tanh"), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(1)]
    )
    x = np.linspace(-1, 1, 16, dtype="float32")[:, None]
    optimizer = tf.keras.optimizers.Adam(0.05)
    losses = []
    for _ in range(30):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.keras.losses.mean_squared_error(x**2, model(x, training=False)))
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        losses.append(float(loss))
    assert losses[-1] < losses[0] / 3
    assert [v.shape.as_list() for v in model.trainable_variables] == [[1, 8], [8], [8, 1], [1]]
    assert (model(x, training=True).numpy() != model(x).numpy()).any()
    model.layers[0].set_weights([np.zeros((1, 8)), np.zeros(8)])
    assert not model.layers[0].get_weights()[0].any()


def test_initializers_and_activations_by_name():
    tf.random.set_seed(0)
    for name, bound in (
        ("glorot_uniform", np.sqrt(6 / 30)),
        ("random_uniform", 0.05),
        ("he_normal", 2 * np.sqrt(0.2) / 0.87),
    ):
        drawn = tf.keras.initializers.get(name)([10, 20]).numpy()
        assert drawn.dtype == np.float32
        assert 0.5 * bound < np.abs(drawn).max() <= bound
    assert tf.keras.activations.get(None)(1.0).numpy() == 1.0
    with pytest.raises(TypeError, match="no activation 'nothing'"):
        tf.keras.layers.Dense(1, activation="nothing")
    with pytest.raises(TypeError, match="no initializer 'nothing'"):
        tf.keras.initializers.get("nothing")


def test_what_is_missing_says_what_to_use():
    for work, fix in (
        (lambda: tf.data.Dataset, "loop over NumPy arrays"),
        (lambda: tf.distribute.MirroredStrategy, "run one process"),
        (lambda: tf.saved_model.save, "numpy.savez"),
        (lambda: tf.something, "adkit.numpy"),
        (lambda: tf.keras.datasets, "GradientTape"),
        (lambda: tf.config.experimental, "no graph"),
        (lambda: tf.keras.Sequential().fit, "adkit.optim.fit"),
    ):
        with pytest.raises(adkit.AdkitError, match=fix) as caught:
            work()
        assert isinstance(caught.value, AttributeError)
        assert caught.value.line is not None
    assert not hasattr(tf, "data")
    tf.config.run_functions_eagerly(True)
    assert "GradientTape" in dir(tf)


def test_every_name_of_the_namespace_is_there():
    for name in tf.__all__:
        assert hasattr(tf, name), name
    assert tf.math.reduce_mean is tf.reduce_mean
    assert tf.linalg.matmul is tf.matmul
