"""Losses and layers: reductions, shapes, labels, errors, and the libraries that they run in."""

import array_api_strict
import numpy as np
import pytest

import adkit
from adkit import nn

ERRORS = ["mse", "mae", "huber", "smooth_l1", "hinge", "binary_cross_entropy", "binary_cross_entropy_with_logits"]


@pytest.mark.parametrize("name", ERRORS)
def test_reductions_agree(name):
    loss = getattr(nn, name)
    p, t = np.array([[0.2, 0.9], [0.4, 0.6]]), np.array([[1.0, 0.0], [1.0, 1.0]])
    each = loss(p, t, reduction="none")
    assert each.shape == (2, 2)
    assert loss(p, t) == pytest.approx(each.mean(), rel=1e-15)
    assert loss(p, t, reduction="sum") == pytest.approx(each.sum(), rel=1e-15)
    with pytest.raises(adkit.ModeError, match=r"reduction='avg'.*'mean', 'sum' or 'none'"):
        loss(p, t, reduction="avg")


@pytest.mark.parametrize("name", ERRORS)
def test_targets_of_another_shape_are_not_broadcast(name):
    with pytest.raises(adkit.InputError, match=r"shape \(3, 1\) and a target of shape \(3,\).*reshape"):
        getattr(nn, name)(np.zeros((3, 1)), np.zeros(3))
    getattr(nn, name)(np.full((3, 1), 0.5), 1.0)  # one number for all is meant


def test_cross_entropy_of_labels_and_of_probabilities():
    x = np.array([[0.3, -1.0, 2.0], [1.5, 0.2, -0.7]])
    hot = np.eye(3)[[2, 0]]
    for smoothing in (0.0, 0.1):
        by_label = nn.cross_entropy(x, [2, 0], label_smoothing=smoothing)
        assert by_label == pytest.approx(nn.cross_entropy(x, hot, label_smoothing=smoothing), rel=1e-15)
        spread = (1 - smoothing) * hot + smoothing / 3
        assert by_label == pytest.approx(nn.cross_entropy(x, spread), rel=1e-14)
    assert nn.cross_entropy(x, [2, 0]) == pytest.approx(nn.nll(nn.log_softmax(x), [2, 0]), rel=1e-15)
    np.testing.assert_array_equal(
        nn.cross_entropy(x.T, np.array([2, 0]), axis=0, reduction="none"),
        nn.cross_entropy(x, np.array([2, 0]), reduction="none"),
    )
    images = np.arange(24.0).reshape(2, 3, 2, 2) % 5
    assert nn.cross_entropy(images, np.zeros((2, 2, 2), int), axis=1, reduction="none").shape == (2, 2, 2)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0.0, 1.0], r"labels of the dtype float64.*integers of shape \(2,\), or probabilities of shape \(2, 3\)"),
        ([0, 3], r"the label 3, and there are 3 classes.*from 0 to 2"),
        ([0, -1], r"the label -1"),
        ([0], r"labels of shape \(1,\) for predictions of shape \(2, 3\)"),
    ],
)
def test_labels_that_are_no_classes(labels, message):
    with pytest.raises(adkit.InputError, match=message):
        nn.cross_entropy(np.zeros((2, 3)), np.array(labels))


def test_labels_that_a_traced_cell_made():
    labels = adkit.numpy.array([1, 0])
    g = adkit.grad(lambda x: nn.cross_entropy(x, labels))(np.zeros((2, 2)))
    np.testing.assert_allclose(g, [[0.25, -0.25], [-0.25, 0.25]])


STRICT = {
    "relu": lambda x: nn.relu(x),
    "elu": lambda x: nn.elu(x),
    "softplus": lambda x: nn.softplus(x),
    "gelu": lambda x: nn.gelu(x),
    "log_softmax": lambda x: nn.log_softmax(x),
    "mse": lambda x: nn.mse(x, x * 0 + 1),
    "huber": lambda x: nn.huber(x, x * 0 + 1),
    "cross_entropy": lambda x: nn.cross_entropy(x, np.array([0, 1])),
    "cosine": lambda x: nn.cosine_similarity(x, x * 0 + 1),
    "dropout": lambda x: nn.dropout(x, 0.5, rng=1),
}


@pytest.mark.parametrize("name", STRICT)
def test_arrays_of_another_library_stay_in_it(name):
    f = STRICT[name]
    x = np.array([[0.5, -1.0], [2.0, 0.25]])
    strict = array_api_strict.asarray(x)
    assert type(f(strict)) is type(strict)
    np.testing.assert_allclose(np.asarray(f(strict)), f(x), rtol=1e-15)

    def total(v):
        return adkit.numpy.sum(f(v) ** 2)

    g = adkit.grad(total)(strict)
    assert type(g) is type(strict)
    np.testing.assert_allclose(np.asarray(g), adkit.grad(total)(x), rtol=1e-14)


def test_dropout_keeps_the_mean_and_is_a_constant_of_the_recording():
    rng = np.random.default_rng(7)
    made = nn.dropout(np.ones(20_000), 0.25, rng)
    assert set(np.unique(made)) == {0.0, 1 / 0.75}
    assert made.mean() == pytest.approx(1.0, abs=0.02)
    assert (nn.dropout(np.ones(20_000), 0.25, rng) != made).any()
    x = np.arange(1.0, 9.0)
    mask = nn.dropout(np.ones(8), 0.5, rng=3)
    np.testing.assert_array_equal(adkit.grad(lambda v: np.sum(nn.dropout(v, 0.5, rng=3) ** 2))(x), 2 * x * mask**2)
    assert nn.dropout(np.ones(4, np.float32), 0.5, rng=3).dtype == np.float32
    np.testing.assert_array_equal(nn.dropout(x, 1.0, rng=3), np.zeros(8))
    assert nn.dropout(x, 0.5, training=False) is x
    with pytest.raises(adkit.InputError, match=r"needs a source of random numbers.*default_rng\(seed\)"):
        nn.dropout(x, 0.5)
    with pytest.raises(adkit.InputError, match="a rate from 0 to 1"):
        nn.dropout(x, 50, rng=0)


@pytest.mark.parametrize("scheme", ["uniform", "glorot", "he"])
def test_layers_start_with_the_spread_of_their_scheme(scheme):
    layer = nn.linear_init(0, 300, 200, scheme=scheme, dtype=np.float32)
    want = {"uniform": (1 / 300 / 3) ** 0.5, "glorot": (6 / 500 / 3) ** 0.5, "he": (2 / 300) ** 0.5}[scheme]
    assert layer["weight"].std() == pytest.approx(want, rel=0.02)
    assert layer["weight"].dtype == layer["bias"].dtype == np.float32
    np.testing.assert_array_equal(layer["weight"], nn.linear_init(0, 300, 200, scheme=scheme, dtype="f4")["weight"])
    assert nn.linear(layer, np.ones((4, 300), np.float32)).shape == (4, 200)
    assert "bias" not in nn.linear_init(0, 3, 2, scheme=scheme, bias=False)
    with pytest.raises(adkit.ModeError, match="'uniform', 'glorot' or 'he'"):
        nn.linear_init(0, 3, 2, scheme="xavier")
