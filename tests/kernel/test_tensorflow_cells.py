"""`%%grad` on cells of TensorFlow-style code: inputs, output, the list with the user's names and lines, afterwards."""

import numpy as np
import pytest

import adkit
import adkit.styles.tensorflow as tf
from adkit.styles.tensorflow.recording import HELD

IMPORT = "import adkit.styles.tensorflow as tf"


def test_the_list_of_a_polynomial_has_the_users_names_and_lines(run, shell):
    trace = run(
        f"""
        %%grad
        {IMPORT}
        x = tf.Variable(3.0)
        with tf.GradientTape() as tape:
            u = x**2
            y = u + 3 * x + 1
        dy_dx = tape.gradient(y, x)
        """
    )
    columns = [line.split("  ") for line in str(trace).splitlines()[3:]]
    shown = [[part.strip() for part in line if part.strip()] for line in columns]
    assert shown == [
        ["name", "instruction", "line", "shape and dtype", "value v", "adjoint v̄ = ∂y/∂v"],
        ["v₀", "x", "input", "float32", "3", "9"],
        ["v₁", "u", "v₀²", "5", "float32", "9", "1"],
        ["v₂", "3 · v₀", "6", "float32", "9", "1"],
        ["v₃", "v₁ + v₂", "6", "float32", "18", "1"],
        ["v₄", "y", "v₃ + 1", "6", "float32", "19", "1"],
    ]
    assert trace.x == 9.0
    assert shell.user_ns["dy_dx"].numpy() == 9.0


def test_afterwards_everything_is_ordinary(run, shell):
    run(
        f"""
        %%grad
        {IMPORT}
        x = tf.Variable(3.0)
        pair = [x * 2, {{"c": x * 3}}]
        with tf.GradientTape() as tape:
            y = x * x
        g = tape.gradient(y, x)
        """
    )
    space = shell.user_ns
    left = [space["x"], space["y"], space["g"], space["pair"][0], space["pair"][1]["c"]]
    assert [value._owner is HELD for value in left] == [False] * 5
    assert isinstance(space["x"], tf.Variable)
    assert float(run("y + g")) == 15.0


def test_a_watched_constant_is_the_input_and_what_was_differentiated_the_output(run):
    trace = run(
        f"""
        %%grad
        {IMPORT}
        a, x = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(a * tf.square(x))
        tape.gradient(loss, x).numpy()
        """
    )
    assert list(trace.gradient) == ["x"]
    assert trace.output_name == "loss"
    np.testing.assert_array_equal(trace.x, [6.0, 16.0])


def test_named_inputs_and_outputs_come_first(run):
    run(f"{IMPORT}\nx, w = tf.Variable(2.0), tf.Variable(5.0)")
    cell = "with tf.GradientTape() as tape:\n    y = x * w\n    z = y * y\ng = tape.gradient(z, [x, w])"
    assert list(run(f"%%grad x\n{cell}").gradient) == ["x"]
    trace = run(f"%%grad --of y\n{cell}")
    assert trace.gradient == {"x": 5.0, "w": 2.0}
    assert run("%%grad x\nx * x + w").gradient == {"x": 4.0}


def test_the_second_derivative_of_nested_tapes(run):
    trace = run(
        f"""
        %%grad
        {IMPORT}
        x = tf.Variable(2.0)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = x**3
            dy = inner.gradient(y, x)
        d2y = outer.gradient(dy, x)
        """
    )
    assert (trace.output_name, trace.value, trace.x) == ("dy", 12.0, 12.0)


def test_a_training_loop_shows_its_last_step(run, shell):
    run(
        f"""
        {IMPORT}
        xs, ys = tf.constant([1.0, 2.0, 3.0, 4.0]), tf.constant([2.0, 4.0, 5.0, 8.0])
        w, b = tf.Variable(0.0), tf.Variable(0.0)
        optimizer = tf.keras.optimizers.SGD(0.01)

        def train():
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(w * xs + b - ys))
            gradients = tape.gradient(loss, [w, b])
            optimizer.apply_gradients(zip(gradients, [w, b]))
            return gradients
        """
    )
    trace = run("%%grad\nfor _ in range(3):\n    gradients = train()")
    assert trace.output_name == "loss"
    assert list(trace.gradient) == ["w", "b"]
    for name, gradient in zip("wb", shell.user_ns["gradients"], strict=True):
        assert trace[name] == gradient.numpy()
    assert trace.check().verdict == "agree"


def test_the_weights_of_layers_are_inputs_under_their_own_names(run):
    trace = run(
        f"""
        %%grad
        {IMPORT}
        layer = tf.keras.layers.Dense(2, activation="relu", kernel_initializer="ones")
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(layer(tf.constant([[1.0, 2.0]])))
        grads = tape.gradient(loss, layer.trainable_variables)
        """
    )
    assert list(trace.gradient) == ["kernel", "bias"]
    np.testing.assert_array_equal(trace.kernel, [[0.5, 0.5], [1.0, 1.0]])


def test_a_custom_gradient_is_one_instruction(run):
    trace = run(
        f"""
        %%grad
        {IMPORT}
        @tf.custom_gradient
        def halved(t):
            return t * 1.0, lambda upstream: upstream / 2
        x = tf.Variable(4.0)
        with tf.GradientTape() as tape:
            y = halved(x) * 3
        tape.gradient(y, x)
        """
    )
    assert trace.x == 1.5
    assert "halved(v₀)" in str(trace)


def test_what_cannot_be_shown_is_said(run):
    run(f"{IMPORT}\nx = tf.Variable(2.0)")
    with pytest.raises(adkit.InputError, match="watches nothing"):
        run("%%grad\nc = tf.constant(1.0) * 2")
    with pytest.raises(adkit.InputError, match="before and after it was assigned"):
        run("%%grad\nwith tf.GradientTape() as t:\n    y = x * x\n    x.assign(3.0)\n    z = y * x\nt.gradient(z, x)")
    with pytest.raises(adkit.AdkitError, match="lose its derivative"):
        run("%%grad\ny = x * x\nfloat(y)")
    assert run("x")._owner is not HELD


def test_an_explorers_slider_moves_a_variable_in_a_copy(run, shell, monkeypatch, capsys):
    from adkit_jupyter.explorer import rerun

    made = []
    start = rerun.CellRerun.__init__
    monkeypatch.setattr(rerun.CellRerun, "__init__", lambda self, *given: (start(self, *given), made.append(self))[0])
    run(
        f"""
        {IMPORT}
        x, optimizer = tf.Variable(2.0), tf.keras.optimizers.Adam()

        def train():
            with tf.GradientTape() as tape:
                loss = x * x
            optimizer.apply_gradients([(tape.gradient(loss, x), x)])
        """
    )
    run("%%grad --explore\ntrain()")
    after = run("x.numpy()")
    trace = made[-1]({"x": np.float64(5.0)}, rerun.Setup(mode="auto"))
    assert (trace.value, trace.gradient) == (25.0, {"x": 10.0})
    assert run("x.numpy()") == after
    assert shell.user_ns["optimizer"].iterations.numpy() == 1


def test_a_variable_that_is_watched_by_name_has_its_gradient(run, shell):
    run("import adkit.styles.tensorflow as tf\nu, v = tf.Variable(2.0), tf.Variable(3.0)")
    run("""
        %%grad
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(v)
            y = u * v * v
        found = tape.gradient(y, [u, v])
    """)
    assert shell.user_ns["found"][0] is None
    assert shell.user_ns["found"][1].numpy() == 12.0


def test_a_training_loop_prints_its_loss(run, shell):
    run("import adkit.styles.tensorflow as tf\nw = tf.Variable(2.0)")
    run("""
        %%grad
        with tf.GradientTape() as tape:
            loss = w * w
        gradient = tape.gradient(loss, w)
        text = "%.2f" % float(loss)
    """)
    assert (shell.user_ns["text"], shell.user_ns["gradient"].numpy()) == ("4.00", 4.0)
