"""GradientTape: what it watches, what it returns, when it refuses; nested tapes, Jacobians, variables, memory."""

import gc
import weakref

import numpy as np
import pytest

import adkit
import adkit.styles.tensorflow as tf
from adkit.styles.tensorflow import recording


def test_only_trainable_variables_are_watched_by_themselves():
    trained, frozen = tf.Variable(3.0, name="x0"), tf.Variable(3.0, name="x1", trainable=False)
    total, constant = tf.Variable(2.0, name="x2") + 1.0, tf.constant(3.0, name="x3")
    with tf.GradientTape() as tape:
        y = trained**2 + frozen**2 + total**2 + constant**2
    found = tape.gradient(y, [trained, frozen, total, constant])
    assert found[0].numpy() == 6.0
    assert found[1:] == [None, None, None]
    assert [v.name for v in tape.watched_variables()] == ["x0:0"]  # also of a tape that is used up
    tape.reset()
    assert tape.watched_variables() == ()
    with tf.GradientTape() as tape:
        trained * frozen
    assert [v.name for v in tape.watched_variables()] == ["x0:0"]


def test_watching_can_be_left_to_the_program():
    x0, x1 = tf.Variable(0.0), tf.Variable(10.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x1)
        y = tf.reduce_sum(tf.math.sin(x0) + tf.nn.softplus(x1))
    found = tape.gradient(y, {"x0": x0, "x1": x1})
    assert found["x0"] is None
    assert found["x1"].numpy() == pytest.approx(0.9999546)


def test_intermediate_results_and_several_sources_that_depend_on_each_other():
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    assert tape.gradient(z, y).numpy() == 18.0
    assert [g.numpy() for g in tape.gradient(z, [x, y])] == [108.0, 18.0]
    assert tape.gradient(z, z).numpy() == 1.0
    assert tape.gradient(y, z) is None


def test_targets_that_are_lists_or_arrays_are_summed_and_weighted():
    x = tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        y0, y1 = x**2, 1 / x
        y = x * [3.0, 4.0]
    assert tape.gradient([y0, y1], x).numpy() == 3.75
    assert tape.gradient({"y0": y0, "y1": y1}, x).numpy() == 3.75
    assert tape.gradient(y, x).numpy() == 7.0
    assert tape.gradient(y, x, output_gradients=tf.constant([1.0, 0.5])).numpy() == 5.0
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"shape \(3,\) where the target has \(2,\)"):
        tape.gradient(y, x, output_gradients=[1.0, 2.0, 3.0])


def test_a_tape_that_is_not_persistent_is_used_once():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
    for again in (tape.gradient, tape.jacobian):
        with pytest.raises(RuntimeError, match="A non-persistent GradientTape can only be used to compute one set"):
            again(y, x)
    with pytest.raises(RuntimeError, match="recorded nothing") as caught:
        tf.GradientTape().gradient(y, x)
    assert isinstance(caught.value, adkit.AdkitError)


def test_a_target_that_is_a_variable():
    x, y = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        result = x if tf.constant(1.0) > 0 else y
    assert [g if g is None else g.numpy() for g in tape.gradient(result, [x, y])] == [1.0, None]


def test_what_is_not_connected_is_none_or_zero():
    x, y = tf.Variable([2.0, 2.0]), tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        z = y**2
    assert tape.gradient(z, x) is None
    np.testing.assert_array_equal(tape.gradient(z, x, unconnected_gradients=tf.UnconnectedGradients.ZERO), [0.0, 0.0])
    np.testing.assert_array_equal(tape.gradient(z, x, unconnected_gradients="zero"), [0.0, 0.0])
    assert tape.jacobian(z, x) is None
    assert tape.jacobian(z, x, unconnected_gradients="zero").shape == [2]
    assert tape.batch_jacobian(tf.constant([1.0, 2.0]), x) is None
    assert tape.batch_jacobian(tf.constant([1.0, 2.0]), x, unconnected_gradients="zero").shape == [2]


def test_what_goes_through_numpy_or_whole_numbers_is_not_connected(caplog):
    x = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        y = tf.reduce_mean(np.mean(x**2, axis=0), axis=0)
    assert tape.gradient(y, x) is None
    whole = tf.constant(10)
    with tf.GradientTape() as tape:
        tape.watch(whole)
        y = whole * whole
    assert "The dtype of the watched tensor must be floating (e.g. tf.float32), got tf.int32" in caplog.text
    assert tape.gradient(y, whole) is None
    assert "The dtype of the source tensor must be floating" in caplog.text
    x = tf.Variable(2.5)
    with tf.GradientTape() as tape:
        y = tf.cast(tf.cast(x, tf.int32), tf.float32) * 2.0
    assert tape.gradient(y, x) is None


def test_a_change_of_state_is_read_anew_and_not_differentiated():
    x0, x1 = tf.Variable(3.0), tf.Variable(0.0)
    with tf.GradientTape() as tape:
        x1.assign_add(x0)
        y = x1**2
    assert tape.gradient(y, x0) is None
    x = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = x * x
        x.assign(5.0)
        z = x * x + y
    assert tape.gradient(z, x).numpy() == 14.0  # of both readings, as in TensorFlow
    x = tf.Variable(2.0)
    for _ in range(2):
        with tf.GradientTape() as tape:
            y = x + 1
        x = x if tape.gradient(y, x) is None else x + 1  # a common mistake: a tensor in the place of the variable
    assert isinstance(x, tf.Tensor)


def test_recording_stops_and_starts():
    x, y = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        squares = x * x
        with tape.stop_recording():
            cut = y * y
        z = squares + cut
    assert [g if g is None else g.numpy() for g in tape.gradient(z, [x, y])] == [4.0, None]
    with pytest.raises(ValueError, match="not recording"), tape.stop_recording():
        pass
    reset = True
    with tf.GradientTape() as tape:
        y_sq = y * y
        if reset:
            tape.reset()
        z = x * x + y_sq
    assert [g if g is None else g.numpy() for g in tape.gradient(z, [x, y])] == [4.0, None]


def test_a_tape_goes_on_recording_when_entered_again():
    x = tf.Variable(2.0)
    tape = tf.GradientTape()
    with tape:
        y = x * x
    outside = y * 10.0
    with tape:
        z = y * x + outside
    assert tape.gradient(z, x).numpy() == 12.0
    with pytest.raises(ValueError, match="Tape is still recording"), tape, tape:
        pass
    with tf.GradientTape() as other:
        with other.stop_recording(), tf.GradientTape() as apart:
            y = x * x
        with pytest.raises(ValueError, match="cannot go on inside another"), apart:
            pass
    assert apart.gradient(y, x).numpy() == 4.0


def test_what_was_computed_outside_is_constant():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    later = y * x
    assert tape.gradient(later, x) is None
    with tf.GradientTape() as tape:
        z = y * x
    assert tape.gradient(z, x).numpy() == 9.0


def test_three_tapes_deep_and_an_inner_one_of_its_own_variable():
    x, y = tf.Variable(2.0), tf.Variable(5.0)
    with tf.GradientTape() as a:
        with tf.GradientTape() as b:
            with tf.GradientTape() as c:
                z = x**4 * y
            third = c.gradient(z, x)
        second = b.gradient(third, x)
    first = a.gradient(second, [x, y])
    assert third.numpy() == 4 * 8 * 5
    assert second.numpy() == 12 * 4 * 5
    assert [g.numpy() for g in first] == [24 * 2 * 5, 12 * 4]


def test_a_penalty_on_the_gradient_by_the_input():
    x = tf.constant([[1.0, -2.0, 0.5]])
    w = tf.Variable([[0.5], [1.0], [-1.5]])
    with tf.GradientTape() as outer:
        with tf.GradientTape(watch_accessed_variables=False) as inner:
            inner.watch(x)
            y = tf.reduce_sum(tf.matmul(x, w) ** 2)
        size = tf.reduce_sum(inner.gradient(y, x) ** 2)
    s, v = (x.numpy() @ w.numpy()).item(), w.numpy()[:, 0]
    expected = 8 * s**2 * v + 8 * s * (v @ v) * x.numpy()[0]
    np.testing.assert_allclose(outer.gradient(size, w).numpy()[:, 0], expected, rtol=1e-5)


def test_an_inner_tape_does_not_see_what_only_the_outer_one_watches():
    x, c = tf.Variable(2.0), tf.constant(3.0)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(c)
        z = c * c
        with tf.GradientTape(persistent=True) as inner:
            u = c * x
            v = z * x
        w = v * x
    assert inner.gradient(u, c) is None
    assert inner.gradient(v, z) is None
    assert inner.gradient(w, x) is None
    assert inner.gradient(v, x).numpy() == 9.0
    assert outer.gradient(w, [c, x])[0].numpy() == 2 * 3 * 4
    assert outer.gradient(v, z).numpy() == 2.0


def test_a_persistent_tape_within_itself():
    x = tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        y = x**3
        first = tape.gradient(y, x)
    assert tape.gradient(first, x).numpy() == 12.0


def test_jacobians_of_vectors_and_matrices():
    x = tf.linspace(-1.0, 1.0, 5)
    delta = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        y = tf.nn.sigmoid(x + delta)
    slopes = tape.jacobian(y, delta)
    s = 1 / (1 + np.exp(-x.numpy()))
    np.testing.assert_allclose(slopes.numpy(), s * (1 - s), rtol=1e-6)
    w = tf.Variable(np.arange(6.0, dtype="float32").reshape(3, 2))
    a = tf.constant([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]])
    with tf.GradientTape() as tape:
        z = a @ w
    assert tape.jacobian(z, w).shape == [2, 2, 3, 2]


def test_a_hessian_by_a_jacobian_of_a_gradient():
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = x[0] ** 2 * x[1]
        g = inner.gradient(y, x)
    np.testing.assert_array_equal(outer.jacobian(g, x).numpy(), [[4.0, 2.0], [2.0, 0.0]])


def test_batch_jacobian_is_the_diagonal_of_the_jacobian():
    x = tf.constant(np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3))
    w = tf.Variable(np.linspace(0, 1, 6, dtype="float32").reshape(3, 2))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.tanh(x @ w)
    whole = tape.jacobian(y, x).numpy()
    by_example = tape.batch_jacobian(y, x)
    np.testing.assert_allclose(by_example.numpy(), np.einsum("bibj->bij", whole), rtol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="same first axis"):
        tape.batch_jacobian(y, w)


def test_complex_gradients_point_up_the_steepest_way():
    z = tf.Variable(1.0 + 2.0j, dtype="complex64")
    with tf.GradientTape() as tape:
        y = tf.abs(z) ** 2
    assert tape.gradient(y, z).numpy() == pytest.approx(2 + 4j)


def test_arguments_that_are_no_tensors_are_refused():
    x = tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        y = x * x
        with pytest.raises(ValueError, match="not tf.Tensor"):
            tape.watch(1.0)
    with pytest.raises(TypeError, match="received None"):
        tape.gradient(None, x)
    with pytest.raises(TypeError, match="a source is a float"):
        tape.gradient(y, 1.0)


def test_an_error_within_a_tape_ends_its_recording():
    x = tf.Variable(1.0)
    tape = tf.GradientTape()

    def fails():
        with tape:
            tape.target = x * x
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert recording.state.record is None
    assert tape.gradient(tape.target, x).numpy() == 2.0


def test_adkits_transformations_see_through_the_style():
    def f(x):
        t = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(t)
            y = t**3
        return tape.gradient(y, t)

    assert adkit.grad(f)(2.0) == 12.0

    def g(x):
        v = tf.Variable(0.0)
        v.assign(tf.constant(x) * 2)  # adkit differentiates what happens, changes of state too
        return v * v

    assert adkit.grad(g)(3.0) == 24.0
    hessian = adkit.hessian(lambda x: tf.reduce_sum(tf.constant(x) ** 3))(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(hessian, [[6.0, 0.0], [0.0, 12.0]])
    assert adkit.trace(lambda x: tf.sin(tf.constant(x)))(0.0).gradient == {"x": 1.0}
    with pytest.raises(TypeError, match="lose its derivative"):
        adkit.grad(lambda x: float(tf.constant(x) * 2))(1.0)


def _collected(make):
    """Whether what `make()` refers to weakly is gone at once, without the cycle collector."""
    gc.collect()
    gc.disable()
    try:
        return make()() is None
    finally:
        gc.enable()


def test_the_graph_goes_with_the_gradient_of_a_tape_though_tensors_stay():
    kept = []

    def once():
        x = tf.Variable(2.0)
        with tf.GradientTape() as tape:
            y = x * x
        record = weakref.ref(tape._record)
        kept.extend([tape, y, tape.gradient(y, x)])
        return record

    assert _collected(once)
    assert kept[1]._owner is not recording.HELD


def test_the_graph_of_a_persistent_tape_goes_with_the_tape():
    kept = []

    def deleted():
        x = tf.Variable(2.0)
        with tf.GradientTape(persistent=True) as tape:
            y = x * x
        tape.gradient(y, x)
        record = weakref.ref(tape._record)
        kept.extend([x, y])
        assert record() is not None
        del tape
        return record

    assert _collected(deleted)
