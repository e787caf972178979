"""Ten steps of each optimizer beside PyTorch's and Keras's, in float64 at 1e-10, with rates that change on the way."""

import numpy as np
import pytest

import adkit
from adkit import nn, optim

START = np.array([1.5, -0.7, 0.3, 2.2])
CENTRE = np.array([0.1, 0.2, -0.5, 1.0])


def ours(x):
    return np.sum(np.cos(x) * (x - CENTRE) ** 2) + np.prod(x)


def path(optimizer, steps=10):
    x, state, found = START, optimizer.init(START), []
    for _ in range(steps):
        x, state = optimizer.update(adkit.grad(ours)(x), state, x)
        found.append(x)
    return np.array(found)


TORCH = {
    "sgd": (optim.sgd(0.05, weight_decay=0.1), "SGD", {"weight_decay": 0.1}),
    "momentum": (optim.momentum(0.05, 0.9), "SGD", {"momentum": 0.9}),
    "nesterov": (
        optim.momentum(0.05, 0.9, nesterov=True, weight_decay=0.1),
        "SGD",
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    ),
    "dampened": (optim.momentum(0.05, 0.9, dampening=0.3), "SGD", {"momentum": 0.9, "dampening": 0.3}),
    "adam": (optim.adam(0.05, 0.8, 0.95), "Adam", {"betas": (0.8, 0.95)}),
    "adam, large epsilon": (optim.adam(0.05, epsilon=0.1), "Adam", {"eps": 0.1}),
    "adam with decay": (optim.adam(0.05, weight_decay=0.1), "Adam", {"weight_decay": 0.1}),
    "adamw": (optim.adamw(0.05, weight_decay=0.1), "AdamW", {"weight_decay": 0.1}),
}


@pytest.mark.parametrize("name", TORCH)
@pytest.mark.parametrize("decay", [1.0, 0.7])
def test_ten_steps_beside_torch(name, decay):
    torch = pytest.importorskip("torch")
    optimizer, kind, options = TORCH[name]
    if decay != 1.0:
        optimizer = type(optimizer)(optimizer.rule, optim.exponential(0.05, decay))
    x = torch.tensor(START, requires_grad=True)
    theirs = getattr(torch.optim, kind)([x], lr=0.05, **options)
    schedule = torch.optim.lr_scheduler.ExponentialLR(theirs, decay)
    found = []
    for _ in range(10):
        theirs.zero_grad()
        ((torch.cos(x) * (x - torch.tensor(CENTRE)) ** 2).sum() + x.prod()).backward()
        theirs.step()
        schedule.step()
        found.append(x.detach().numpy().copy())
    np.testing.assert_allclose(path(optimizer), found, rtol=1e-10)


KERAS = {
    "sgd": (optim.sgd(0.05), "SGD", {}),
    "momentum": (optim.momentum(0.05, 0.9, rate_inside=True), "SGD", {"momentum": 0.9}),
    "nesterov": (
        optim.momentum(0.05, 0.9, nesterov=True, rate_inside=True),
        "SGD",
        {"momentum": 0.9, "nesterov": True},
    ),
    "adam": (optim.adam(0.05, epsilon=0.01, epsilon_hat=True), "Adam", {"epsilon": 0.01}),
    "adamw": (
        optim.adamw(0.05, epsilon=0.01, weight_decay=0.1, epsilon_hat=True),
        "AdamW",
        {"epsilon": 0.01, "weight_decay": 0.1},
    ),
}


@pytest.mark.parametrize("name", KERAS)
def test_ten_steps_beside_keras(name):
    tf = pytest.importorskip("tensorflow")
    optimizer, kind, options = KERAS[name]
    rates = tf.keras.optimizers.schedules.ExponentialDecay(0.05, 1, 0.7)
    x = tf.Variable(START)
    theirs = getattr(tf.keras.optimizers, kind)(rates, **options)
    found = []
    for _ in range(10):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.cos(x) * (x - CENTRE) ** 2) + tf.reduce_prod(x)
        theirs.apply_gradients([(tape.gradient(loss, x), x)])
        found.append(x.numpy().copy())
    optimizer = type(optimizer)(optimizer.rule, optim.exponential(0.05, 0.7))
    # Keras keeps rates and betas in single precision
    np.testing.assert_allclose(path(optimizer), found, rtol=3e-6)


def test_the_clipping_of_torch():
    torch = pytest.importorskip("torch")
    leaves = {"a": np.array([3.0, -4.0]), "b": np.array([[12.0]])}
    tensors = [torch.nn.Parameter(torch.zeros(v.shape, dtype=torch.float64)) for v in leaves.values()]
    for tensor, value in zip(tensors, leaves.values()):
        tensor.grad = torch.tensor(value)
    norm = torch.nn.utils.clip_grad_norm_(tensors, 2.0)
    assert optim.global_norm(leaves) == pytest.approx(float(norm), rel=1e-15)
    for made, tensor in zip(optim.clip_by_global_norm(2.0)(leaves).values(), tensors):
        np.testing.assert_allclose(made, tensor.grad.numpy(), rtol=1e-6)  # torch divides by norm + 1e-6


def test_a_small_network_beside_torch():
    """5-4-2 with ReLU and dropout behind a flag, Adam at 0.001 for 10 epochs: the same losses and weights."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    params = {"hidden": nn.linear_init(rng, 5, 4), "out": nn.linear_init(rng, 4, 2)}
    x, labels = rng.normal(size=(12, 5)), rng.integers(0, 2, 12)

    def network(p, x, training, rng):
        h = nn.dropout(nn.relu(nn.linear(p["hidden"], x)), 0.5, rng, training=training)
        return nn.linear(p["out"], h)

    def loss(p, x, labels):
        return nn.cross_entropy(network(p, x, False, None), labels)

    result = optim.fit(loss, params, (x, labels), epochs=10, optimizer=optim.adam(0.001), progress=False)

    model = torch.nn.Sequential(
        torch.nn.Linear(5, 4), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(4, 2)
    ).double()
    with torch.no_grad():
        for layer, p in zip((model[0], model[3]), params.values()):
            layer.weight.copy_(torch.tensor(p["weight"].T))
            layer.bias.copy_(torch.tensor(p["bias"]))
    model.eval()
    adam = torch.optim.Adam(model.parameters(), lr=0.001)
    losses = []
    for _ in range(10):
        adam.zero_grad()
        value = torch.nn.functional.cross_entropy(model(torch.tensor(x)), torch.tensor(labels))
        value.backward()
        adam.step()
        losses.append(value.item())
    np.testing.assert_allclose(result.losses, losses, rtol=1e-12)
    for layer, p in zip((model[0], model[3]), result.params.values()):
        np.testing.assert_allclose(p["weight"].T, layer.weight.detach().numpy(), rtol=1e-10)
        np.testing.assert_allclose(p["bias"], layer.bias.detach().numpy(), rtol=1e-10)
