"""Optimizers, schedules and clipping: by hand, over trees, in other libraries; what is refused."""

import copy
import dataclasses
import pickle

import array_api_strict
import numpy as np
import pytest

import adkit
from adkit import optim

ALL = {
    "sgd": optim.sgd(0.1, weight_decay=0.05),
    "momentum": optim.momentum(0.1, 0.8, nesterov=True, weight_decay=0.05),
    "adam": optim.adam(0.1, weight_decay=0.05),
    "adamw": optim.adamw(0.1),
    "clipped": optim.chain(optim.clip_by_value(0.5), optim.clip_by_global_norm(1.0), optim.adam(0.1)),
}


def params():
    return {"w": np.array([[1.0, -2.0]]), "b": 0.5, "inner": (np.float32(2.0), [np.ones(2, np.float32)]), "name": "x"}


def loss(p):
    w, (s, (v,)) = p["w"], p["inner"]
    return np.sum(w**2) + p["b"] ** 2 + s * s + np.sum(v * v)


def run(optimizer, steps=4):
    p = params()
    state = optimizer.init(p)
    for _ in range(steps):
        p, state = optimizer.update(adkit.grad(loss)(p), state, p)
    return p, state


@pytest.mark.parametrize("name", ALL)
def test_trees_keep_their_containers_types_and_values_that_are_no_parameters(name):
    optimizer = ALL[name]
    before = params()
    gradients = adkit.grad(loss)(before)
    kept = copy.deepcopy((before, gradients))
    state = optimizer.init(before)
    after, new = optimizer.update(gradients, state, before)
    for given, copied in zip((before, gradients), kept):
        np.testing.assert_equal(given, copied)  # nothing that was given has changed
    assert after["name"] == "x"
    assert type(after["b"]) is float
    assert type(after["inner"][0]) is np.float32
    assert after["inner"][1][0].dtype == np.float32
    assert (state.step, new.step) == (0, 1)
    assert loss(run(optimizer, 10)[0]) < loss(before)
    np.testing.assert_equal(run(pickle.loads(pickle.dumps(optimizer))), run(optimizer))


def test_a_bare_array_and_a_bare_number():
    for p in (np.array([1.0, 2.0]), 1.0, np.float64(1.0)):
        optimizer = optim.adam(0.1)
        made, state = optimizer.update(p * 2.0, optimizer.init(p), p)
        np.testing.assert_allclose(made, p - 0.1, rtol=1e-8)
        assert type(made) is type(p)
        assert type(state.slots["mean"]) is type(p) or not np.ndim(p)


def test_arrays_of_another_library_stay_in_it():
    p = {"w": array_api_strict.asarray([1.0, -2.0])}
    plain = {"w": np.array([1.0, -2.0])}
    for optimizer in (optim.sgd(0.1), optim.momentum(0.1), optim.adamw(0.1), ALL["clipped"]):
        made, state = optimizer.update(p, optimizer.init(p), p)
        made, state = optimizer.update(made, state, made)
        want, kept = optimizer.update(plain, optimizer.init(plain), plain)
        want, kept = optimizer.update(want, kept, want)
        assert type(made["w"]) is type(p["w"])
        np.testing.assert_allclose(np.asarray(made["w"]), want["w"], rtol=1e-15)


def test_gradients_of_another_structure_or_shape_are_refused():
    optimizer = optim.sgd(0.1)
    p = {"w": np.ones(2)}
    with pytest.raises(adkit.InputError, match="do not have the structure of the parameters"):
        optimizer.update({"v": np.ones(2)}, optimizer.init(p), p)
    with pytest.raises(adkit.InputError, match=r"shape \(3,\), and its parameter \(2,\)"):
        optimizer.update({"w": np.ones(3)}, optimizer.init(p), p)
    with pytest.raises(adkit.OptionError, match=r"chain\(clip_by_global_norm"):
        optim.chain(optim.clip_by_value(1.0))
    with pytest.raises(adkit.OptionError, match="before one optimizer"):
        optim.chain(optim.sgd(0.1), optim.sgd(0.1))
    with pytest.raises(adkit.OptionError, match="a limit above 0"):
        optim.clip_by_norm(0.0)


def test_an_update_can_be_differentiated():
    """The learning rate that is best for two steps of descent on x²: the derivative of the outcome by it."""

    def after(rate):
        optimizer = optim.momentum(rate, 0.5)
        x, state = np.array([3.0]), optimizer.init(np.array([3.0]))
        for _ in range(2):
            x, state = optimizer.update(2 * x, state, x)
        return np.sum(x)

    def by_hand(r):
        x1 = 3 * (1 - 2 * r)
        return x1 - r * (3.0 + 2 * x1)

    np.testing.assert_allclose(adkit.grad(after)(0.1), adkit.grad(by_hand)(0.1), rtol=1e-14)


def test_the_rate_follows_its_schedule():
    rates = [0.5, 0.25, 0.125]
    optimizer = optim.sgd(optim.exponential(0.5, 0.5))
    p, state = 0.0, optimizer.init(0.0)
    for i in range(3):
        p, state = optimizer.update(1.0, state, p)
        assert p == -sum(rates[: i + 1])


def test_schedules():
    cosine = optim.cosine(1.0, 10, final=0.1)
    assert [cosine(0), round(cosine(5), 12), cosine(10), cosine(99)] == [1.0, 0.55, 0.1, 0.1]
    assert all(cosine(i) > cosine(i + 1) for i in range(10))
    warm = optim.warmup(cosine, 4)
    assert [warm(i) for i in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert warm(14) == 0.1
    assert [optim.stepwise(1.0, 0.1, 3)(i) for i in (0, 2, 3, 6)] == [1.0, 1.0, 0.1, pytest.approx(0.01)]
    assert optim.constant(0.3)(7) == 0.3


def test_clipping_keeps_directions_and_small_gradients():
    g = {"w": np.array([3.0, 4.0]), "b": 12.0, "n": None}
    clipped = optim.clip_by_global_norm(6.5)(g)
    np.testing.assert_allclose(clipped["w"], [1.5, 2.0])
    assert (clipped["b"], clipped["n"]) == (6.0, None)
    assert optim.clip_by_global_norm(13.0)(g)["w"] is g["w"]
    np.testing.assert_allclose(optim.clip_by_norm(1.0)(g)["w"], [0.6, 0.8])
    assert optim.clip_by_value(3.5)(g)["b"] == 3.5
    assert optim.global_norm({"w": np.array([3e200, 4e200])}) == pytest.approx(5e200)
    assert optim.global_norm({"w": np.array([3e-200, 4e-200])}) == pytest.approx(5e-200)
    assert np.isnan(optim.clip_by_global_norm(1.0)({"w": np.array([np.nan, 1.0])})["w"]).all()


def test_an_optimizer_is_a_frozen_value():
    assert optim.adam(0.1) == optim.adam(0.1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        optim.adam(0.1).rate = 0.2
