"""The 5-4-2 network with ReLU, dropout behind a training flag and Adam at 0.001 for ten epochs.

Once with updates as Theano's users write them, once with gradients from `theano.function` and `adkit.optim`.
"""

from __future__ import annotations

import numpy as np
import pytest

import adkit
import adkit.styles.theano as theano
import adkit.styles.theano.tensor as T
from adkit import optim

RATE, KEEP, EPOCHS = 0.001, 0.8, 10
RANDOM = np.random.default_rng(5)
START = {
    "w1": RANDOM.normal(0, 0.5, (5, 4)),
    "b1": RANDOM.normal(0, 0.1, 4),
    "w2": RANDOM.normal(0, 0.5, (4, 2)),
    "b2": RANDOM.normal(0, 0.1, 2),
}
X, Y = RANDOM.normal(size=(8, 5)), RANDOM.normal(size=(8, 2))
MASKS = (RANDOM.uniform(size=(EPOCHS, 8, 4)) < KEEP).astype(float)


def numpy_loss(params, mask, training):
    hidden = np.maximum(X @ params["w1"] + params["b1"], 0.0)
    if training:
        hidden = hidden * mask / KEEP
    return np.mean((hidden @ params["w2"] + params["b2"] - Y) ** 2)


def reference(training):
    """Losses and parameters by adkit's own functions."""
    params, adam, losses = START, optim.adam(RATE), []
    state = adam.init(params)
    for mask in MASKS:
        loss, gradients = adkit.value_and_grad(numpy_loss)(params, mask, training)
        params, state = adam.update(gradients, state, params)
        losses.append(float(loss))
    return losses, params


class Network:
    """The symbolic network over shared parameters."""

    def __init__(self):
        self.x, self.y, self.mask = T.dmatrix("x"), T.dmatrix("y"), T.dmatrix("mask")
        self.training = T.iscalar("training")
        self.params = {name: theano.shared(value.copy(), name) for name, value in START.items()}
        w1, b1, w2, b2 = self.params.values()
        hidden = T.nnet.relu(T.dot(self.x, w1) + b1)
        hidden = T.switch(self.training, hidden * self.mask / KEEP, hidden)
        self.loss = T.mean(T.sqr(T.dot(hidden, w2) + b2 - self.y))
        self.gradients = T.grad(self.loss, list(self.params.values()))
        self.inputs = [self.x, self.y, self.mask, self.training]


def adam_updates(params, gradients, rate, first=0.9, second=0.999, epsilon=1e-8):
    """Kingma and Ba's Adam, as updates of shared variables."""
    step = theano.shared(0.0, "step")
    now = step + 1
    updates = [(step, now)]
    for value, gradient in zip(params, gradients, strict=True):
        mean = theano.shared(np.zeros_like(value.get_value()))
        square = theano.shared(np.zeros_like(value.get_value()))
        mean_now = first * mean + (1 - first) * gradient
        square_now = second * square + (1 - second) * gradient**2
        change = (mean_now / (1 - first**now)) / (T.sqrt(square_now / (1 - second**now)) + epsilon)
        updates += [(mean, mean_now), (square, square_now), (value, value - rate * change)]
    return updates


@pytest.mark.parametrize("training", [1, 0], ids=["with dropout", "without"])
def test_updates_written_by_hand(training):
    network = Network()
    updates = adam_updates(list(network.params.values()), network.gradients, RATE)
    step = theano.function(network.inputs, network.loss, updates=updates)
    losses, params = reference(training)
    np.testing.assert_allclose([step(X, Y, mask, training) for mask in MASKS], losses, rtol=1e-12)
    for name, value in network.params.items():
        np.testing.assert_allclose(value.get_value(), params[name], rtol=1e-11, atol=1e-14)
    assert losses[-1] != losses[0]


def test_updates_by_optim():
    network, adam = Network(), optim.adam(RATE)
    both = theano.function(network.inputs, [network.loss, *network.gradients])
    state, found = adam.init(START), []
    for mask in MASKS:
        loss, *gradients = both(X, Y, mask, 1)
        params = {name: value.get_value() for name, value in network.params.items()}
        params, state = adam.update(dict(zip(params, gradients, strict=True)), state, params)
        for name, value in network.params.items():
            value.set_value(params[name])
        found.append(float(loss))
    losses, params = reference(1)
    np.testing.assert_allclose(found, losses, rtol=1e-12)
    for name, value in network.params.items():
        np.testing.assert_allclose(value.get_value(), params[name], rtol=1e-11, atol=1e-14)
