"""`fit`: the same numbers as a plain loop, batches, seeds, interrupts, NaN with its origin, errors, other libraries."""

import signal
import warnings

import array_api_strict
import numpy as np
import pytest

import adkit
from adkit import nn, optim

X, Y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 4.0, 5.0, 8.0])
QUIET = {"progress": False}


def line(p, x, y):
    return nn.mse(p["w"] * x + p["b"], y)


def start():
    return {"w": 0.0, "b": 0.0}


def test_linear_regression_is_the_plain_loop():
    """100 steps of gradient descent at 0.01 on (1, 2, 3, 4) → (2, 4, 5, 8), written out without adkit."""
    w = b = 0.0
    losses = []
    for _ in range(100):
        d = w * X + b - Y
        losses.append(np.mean(d**2))
        w, b = w - 0.01 * np.mean(2 * d * X), b - 0.01 * np.mean(2 * d)
    result = optim.fit(line, start(), (X, Y), epochs=100, optimizer=optim.sgd(0.01), **QUIET)
    np.testing.assert_allclose([result.params["w"], result.params["b"]], [w, b], rtol=1e-13)
    np.testing.assert_allclose(result.losses, losses, rtol=1e-13)
    assert (result.steps, result.epochs, result.stopped) == (100, 100, "finished")
    assert result.reason == f"100 steps in 100 epochs, loss {losses[-1]:.4g}"


def test_batches_are_shuffled_by_the_seed_and_cover_each_epoch():
    seen = []

    def loss(p, x, y):
        seen.append(np.asarray(x))
        assert np.array_equal(y, 10 * np.asarray(x))
        return nn.mse(p * x, y)

    x = np.arange(10.0)
    result = optim.fit(loss, 1.0, (x, 10 * x), epochs=2, batch_size=4, seed=3, optimizer=optim.sgd(1e-3), **QUIET)
    assert result.steps == 6
    assert [len(b) for b in seen] == [4, 4, 2] * 2
    first, second = np.concatenate(seen[:3]), np.concatenate(seen[3:])
    assert sorted(first) == sorted(second) == list(x)
    assert list(first) != list(second)
    again = optim.fit(loss, 1.0, (x, 10 * x), epochs=2, batch_size=4, seed=3, optimizer=optim.sgd(1e-3), **QUIET)
    other = optim.fit(loss, 1.0, (x, 10 * x), epochs=2, batch_size=4, seed=4, optimizer=optim.sgd(1e-3), **QUIET)
    assert again.losses.tolist() == result.losses.tolist() != other.losses.tolist()
    seen.clear()
    optim.fit(loss, 1.0, (x, 10 * x), epochs=1, batch_size=4, shuffle=False, optimizer=optim.sgd(1e-3), **QUIET)
    assert list(np.concatenate(seen)) == list(x)


def test_data_of_every_form():
    want = optim.fit(line, start(), (X, Y), epochs=3, **QUIET).losses

    def same(loss, data, **options):
        made = optim.fit(loss, start(), data, epochs=3, **options, **QUIET)
        np.testing.assert_array_equal(made.losses, want)

    same(line, (X.tolist(), Y.tolist()))
    same(lambda p, d: line(p, d["x"], d["y"]), {"x": X, "y": Y.tolist()})
    same(lambda p, d: line(p, d[:, 0], d[:, 1]), np.stack([X, Y], axis=1))
    same(lambda p: line(p, X, Y), None)
    same(line, lambda epoch: [(X, Y)])
    same(line, (X, Y), batch_size=100, shuffle=False)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((X, Y[:3]), {"batch_size": 2}, "arrays of the lengths 3 and 4"),
        (None, {"batch_size": 2}, "no data to divide"),
        ((X, Y), {"batch_size": 0}, "a whole number from 1"),
        ((X[:0], Y[:0]), {"batch_size": 2}, "no examples"),
        ((X, Y), {"on_nan": "ignore"}, "use 'stop' or 'raise'"),
        ((X, Y), {"epochs": 1.5}, "a whole number"),
        ((X, Y), {"plot": True}, "needs a notebook"),
        ((X, Y), {"plot": "live"}, "True, False or 'auto'"),
    ],
)
def test_what_is_not_possible_is_said(data, options, message):
    with pytest.raises(adkit.AdkitError, match=message):
        optim.fit(line, start(), data, **{"epochs": 1, **QUIET, **options})


def test_an_interrupt_returns_what_was_reached():
    def interrupt(now):
        if now.step == 7:
            raise KeyboardInterrupt

    stopped = optim.fit(line, start(), (X, Y), epochs=100, callbacks=interrupt, **QUIET)
    seven = optim.fit(line, start(), (X, Y), epochs=7, **QUIET)
    assert (stopped.stopped, stopped.steps) == ("interrupted", 7)
    assert stopped.params == seven.params
    assert stopped.reason.startswith("interrupted after 7 steps")
    rest = optim.fit(line, stopped.params, (X, Y), epochs=93, state=stopped.state, **QUIET)
    assert rest.params == optim.fit(line, start(), (X, Y), epochs=100, **QUIET).params


def test_an_interrupt_within_the_loss_leaves_the_last_whole_step():
    calls = []

    def loss(p, x, y):
        calls.append(1)
        made = line(p, x, y)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return made

    stopped = optim.fit(loss, start(), (X, Y), epochs=100, **QUIET)
    assert stopped.steps == stopped.state.step == 3
    assert stopped.params == optim.fit(line, start(), (X, Y), epochs=3, **QUIET).params
    assert adkit.grad(lambda x: x * x)(3.0) == 6.0  # nothing is left of the recording


@pytest.fixture
def python_handles_interrupts():
    """Python's own handler, also where the tests run in the background of a shell that ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("times", "steps"), [(1, 3), (2, 2)], ids=["after the step", "at once"])
def test_the_first_interrupt_waits_for_the_step_and_the_second_does_not(python_handles_interrupts, times, steps):
    def loss(p, x, y):
        calls.append(1)
        if len(calls) == 3:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return line(p, x, y)

    calls = []
    stopped = optim.fit(loss, start(), (X, Y), epochs=100, **QUIET)
    assert (stopped.stopped, stopped.steps) == ("interrupted", steps)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_that_became_another_error_is_one(python_handles_interrupts):
    def loss(p, x, y):
        calls.append(1)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
            raise SystemError("error return without exception set")
        return line(p, x, y)

    calls = []
    stopped = optim.fit(loss, start(), (X, Y), epochs=100, **QUIET)
    assert (stopped.stopped, stopped.steps) == ("interrupted", 2)


def test_a_nan_stops_and_names_line_operation_and_fix():
    def loss(p, x):
        inside = p["w"] * x
        return np.sum(np.log(inside))

    data = np.array([1.0, 2.0, -3.0, 4.0])
    options = {"epochs": 2, "batch_size": 1, "shuffle": False, "optimizer": optim.sgd(1e-3), **QUIET}
    with np.errstate(invalid="ignore"), pytest.warns(adkit.TrainingWarning, match="np.log.*Fix: keep") as said:
        result = optim.fit(loss, {"w": np.ones(1)}, data, **options)
    assert said[0].filename == __file__
    assert (result.stopped, result.steps) == ("nan", 2)
    assert np.isfinite(result.params["w"]).all()
    (origin,) = result.report.data
    assert (origin.operation, origin.snippet) == ("log", "np.log(inside)")
    assert origin.operands[0][0] == "inside"
    assert "np.log(inside) on line" in result.reason
    with np.errstate(invalid="ignore"), pytest.raises(adkit.NonFiniteError, match=r"np.log\(inside\)") as error:
        optim.fit(loss, {"w": np.ones(1)}, data, on_nan="raise", **options)
    assert error.value.fit.params == result.params
    assert error.value.report.data[0].operation == "log"
    with np.errstate(invalid="ignore"), adkit.settings(nan="raise"), pytest.warns(adkit.TrainingWarning):
        assert optim.fit(loss, {"w": np.ones(1)}, data, **options).steps == 2


def test_a_gradient_that_is_nan_though_the_loss_is_not():
    with np.errstate(divide="ignore"), pytest.warns(adkit.TrainingWarning, match="a gradient is not finite.*sqrt"):
        result = optim.fit(lambda p: np.sum(np.sqrt(p)), np.array([1.0, 0.0]), epochs=3, **QUIET)
    assert result.steps == 0
    assert result.params.tolist() == [1.0, 0.0]


def test_a_nan_of_dropout_is_looked_for_with_the_same_numbers():
    def loss(p, x, rng):
        return np.sum(1.0 / nn.dropout(p * x, 0.3, rng))

    with np.errstate(all="ignore"), pytest.warns(adkit.TrainingWarning):
        result = optim.fit(loss, np.ones(3), np.ones(3), epochs=50, optimizer=optim.sgd(1e-6), **QUIET)
    assert result.report.severity == "error"
    assert "1.0 / nn.dropout" in result.reason


def test_divergence_is_told_from_other_nans():
    with np.errstate(all="ignore"), pytest.warns(adkit.TrainingWarning, match="learning rate may be too large"):
        result = optim.fit(lambda p, x: np.sum((p * x) ** 4), np.ones(2), (X[:2],), epochs=9, optimizer=optim.sgd(1.0),
                           **QUIET)  # fmt: skip
    assert np.isfinite(result.params).all()
    with np.errstate(all="ignore"), pytest.warns(adkit.TrainingWarning, match="made the parameters overflow"):
        result = optim.fit(lambda p: p * 1e200, 1.0, epochs=9, optimizer=optim.sgd(1e200), **QUIET)
    assert np.isfinite(result.params)


def test_errors_of_the_loss_pass_through_with_their_line():
    def loss(p, x, y):
        return np.sum(p["w"] @ x)

    with pytest.raises(ValueError, match="matmul") as error:
        optim.fit(loss, {"w": np.ones(3)}, (X, Y), epochs=1, **QUIET)
    assert any(str(entry.path) == __file__ and entry.name == "loss" for entry in error.traceback)
    assert error.value.__notes__ == ["in step 1 of fit, epoch 1"]
    with pytest.raises(adkit.ModeError, match="scalar"):
        optim.fit(lambda p, x, y: p["w"] * x, start(), (X, Y), epochs=1, **QUIET)


def test_callbacks_see_every_step_and_may_stop():
    seen = []

    def watch(now):
        seen.append((now.epoch, now.step, now.epoch_end, now.validation is not None))
        assert set(now.gradients) == {"w", "b"}

    result = optim.fit(
        line,
        start(),
        (X, Y),
        epochs=5,
        batch_size=2,
        validation=(X, Y),
        callbacks=[watch, lambda now: now.step == 4],
        **QUIET,
    )
    assert seen == [(1, 1, False, False), (1, 2, True, True), (2, 3, False, False), (2, 4, True, True)]
    assert (result.stopped, result.epochs, len(result.validation)) == ("callback", 2, 2)


def test_validation_is_not_training():
    flags = []

    def loss(p, x, y, training, rng):
        flags.append((training, adkit.handle.is_traced(p)))
        return nn.mse(nn.dropout(p * x, 0.5, rng, training=training), y)

    result = optim.fit(loss, 1.0, (X, Y), epochs=2, validation=(X, Y), optimizer=optim.sgd(0.0), **QUIET)
    assert flags == [(True, True), (False, False)] * 2
    np.testing.assert_allclose(result.validation, [nn.mse(X, Y)] * 2)
    assert result.losses[0] != result.losses[1]
    assert (optim.fit(loss, 1.0, (X, Y), epochs=2, optimizer=optim.sgd(0.0), **QUIET).losses == result.losses).all()


def test_a_network_with_dropout_for_ten_epochs_is_its_written_loop():
    """5-4-2 with ReLU, dropout behind a flag, and Adam at 0.001, with updates written by hand."""
    rng = np.random.default_rng(1)
    params = {"hidden": nn.linear_init(rng, 5, 4), "out": nn.linear_init(rng, 4, 2)}
    x, labels = rng.normal(size=(20, 5)), rng.integers(0, 2, 20)

    def loss(p, x, labels, rng=None, training=True):
        h = nn.dropout(nn.relu(nn.linear(p["hidden"], x)), 0.5, rng, training=training)
        return nn.cross_entropy(nn.linear(p["out"], h), labels)

    result = optim.fit(loss, params, (x, labels), epochs=10, seed=5, optimizer=optim.adam(0.001), **QUIET)

    drawn = np.random.default_rng(np.random.SeedSequence(5).spawn(2)[1])
    p = [params["hidden"]["weight"], params["hidden"]["bias"], params["out"]["weight"], params["out"]["bias"]]
    m, v = [np.zeros_like(a) for a in p], [np.zeros_like(a) for a in p]
    for step in range(1, 11):
        before = x @ p[0] + p[1]
        mask = (drawn.random(before.shape) >= 0.5) * 2.0
        h = np.maximum(before, 0) * mask
        logits = h @ p[2] + p[3]
        q = np.exp(logits - logits.max(1, keepdims=True))
        q /= q.sum(1, keepdims=True)
        assert result.losses[step - 1] == pytest.approx(-np.log(q[np.arange(20), labels]).mean(), rel=1e-12)
        d = (q - np.eye(2)[labels]) / 20
        back = (d @ p[2].T) * mask * (before > 0)
        for i, g in enumerate((x.T @ back, back.sum(0), h.T @ d, d.sum(0))):
            m[i], v[i] = 0.9 * m[i] + 0.1 * g, 0.999 * v[i] + 0.001 * g * g
            corrected = np.sqrt(v[i] / (1 - 0.999**step)) + 1e-8
            p[i] = p[i] - 0.001 * (m[i] / (1 - 0.9**step)) / corrected
    made = result.params
    for ours, want in zip([*made["hidden"].values(), *made["out"].values()], p):
        np.testing.assert_allclose(ours, want, rtol=1e-10, atol=1e-15)


def test_arrays_of_another_library_stay_in_it():
    xp = array_api_strict
    params = {"w": xp.asarray([0.0]), "b": xp.asarray([0.0])}
    data = (xp.asarray(X), xp.asarray(Y))
    options = {"epochs": 3, "batch_size": 2, **QUIET}
    result = optim.fit(line, params, data, **options)
    assert type(result.params["w"]) is type(params["w"])
    plain = optim.fit(line, {"w": np.zeros(1), "b": np.zeros(1)}, (X, Y), **options)
    np.testing.assert_allclose(np.asarray(result.params["w"]), plain.params["w"], rtol=1e-14)


def test_no_epoch_is_no_step():
    result = optim.fit(line, start(), (X, Y), epochs=0, **QUIET)
    assert result.params == start()
    assert repr(result) == "Fit(0 steps in 0 epochs, finished)"
    assert "0 steps in 0 epochs" in repr(result.plot())


def test_nothing_is_said_where_nobody_looks(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optim.fit(line, start(), (X, Y), epochs=3)  # standard error is no terminal here
    assert capfd.readouterr() == ("", "")
