"""Activations and losses beside PyTorch's, in float64: values, gradients and Hessians at 1e-10."""

import numpy as np
import pytest

import adkit
from adkit import nn

torch = pytest.importorskip("torch")
F = torch.nn.functional

X = np.array([[-3.1, -0.6, 0.4], [1.7, 5.5, -0.05]])  # at no kink
ACTIVATIONS = {
    "relu": (nn.relu, F.relu),
    "relu6": (nn.relu6, F.relu6),
    "leaky_relu": (lambda x: nn.leaky_relu(x, 0.2), lambda x: F.leaky_relu(x, 0.2)),
    "elu": (lambda x: nn.elu(x, 1.5), lambda x: F.elu(x, 1.5)),
    "celu": (lambda x: nn.celu(x, 1.5), lambda x: F.celu(x, 1.5)),
    "selu": (nn.selu, F.selu),
    "gelu": (nn.gelu, F.gelu),
    "gelu_tanh": (lambda x: nn.gelu(x, "tanh"), lambda x: F.gelu(x, approximate="tanh")),
    "sigmoid": (nn.sigmoid, torch.sigmoid),
    "log_sigmoid": (nn.log_sigmoid, F.logsigmoid),
    "softplus": (lambda x: nn.softplus(x, 2.0), lambda x: F.softplus(x, 2.0, threshold=1e9)),
    "silu": (nn.silu, F.silu),
    "mish": (nn.mish, F.mish),
    "softsign": (nn.softsign, F.softsign),
    "tanh": (nn.tanh, torch.tanh),
    "hard_tanh": (nn.hard_tanh, F.hardtanh),
    # torch's own have 1/6 in single precision in their derivatives
    "hard_sigmoid": (nn.hard_sigmoid, lambda x: torch.clamp(x / 6 + 0.5, 0, 1)),
    "hard_swish": (nn.hard_swish, lambda x: x * torch.clamp(x / 6 + 0.5, 0, 1)),
    "softmax": (nn.softmax, lambda x: F.softmax(x, -1)),
    "log_softmax": (lambda x: nn.log_softmax(x, 0), lambda x: F.log_softmax(x, 0)),
}
P, T = np.array([[0.2, 0.7, 0.1], [0.3, 0.3, 0.4]]), np.array([[0.0, 0.9, 0.1], [0.25, 0.5, 0.25]])
SIGNS = np.array([[1.0, -1.0, 1.0], [-1.0, 1.0, 1.0]])
LABELS = np.array([2, 0])
LOSSES = {
    "mse": (X, lambda x, r: nn.mse(x, T, reduction=r), lambda x, r: F.mse_loss(x, torch.tensor(T), reduction=r)),
    "mae": (X, lambda x, r: nn.mae(x, T, reduction=r), lambda x, r: F.l1_loss(x, torch.tensor(T), reduction=r)),
    "huber": (
        X,
        lambda x, r: nn.huber(x, T, 0.7, reduction=r),
        lambda x, r: F.huber_loss(x, torch.tensor(T), delta=0.7, reduction=r),
    ),
    "smooth_l1": (
        X,
        lambda x, r: nn.smooth_l1(x, T, 0.7, reduction=r),
        lambda x, r: F.smooth_l1_loss(x, torch.tensor(T), beta=0.7, reduction=r),
    ),
    "hinge": (
        X,
        lambda x, r: nn.hinge(x, SIGNS, reduction=r),
        # torch has it for one margin and several classes only
        lambda x, r: {"none": lambda v: v, "sum": torch.sum, "mean": torch.mean}[r](
            torch.clamp(1 - torch.tensor(SIGNS) * x, min=0)
        ),
    ),
    "binary_cross_entropy": (
        P,
        lambda x, r: nn.binary_cross_entropy(x, T, reduction=r),
        lambda x, r: F.binary_cross_entropy(x, torch.tensor(T), reduction=r),
    ),
    "binary_cross_entropy_with_logits": (
        X,
        lambda x, r: nn.binary_cross_entropy_with_logits(x, T, reduction=r),
        lambda x, r: F.binary_cross_entropy_with_logits(x, torch.tensor(T), reduction=r),
    ),
    "cross_entropy of labels": (
        X,
        lambda x, r: nn.cross_entropy(x, LABELS, label_smoothing=0.1, reduction=r),
        lambda x, r: F.cross_entropy(x, torch.tensor(LABELS), label_smoothing=0.1, reduction=r),
    ),
    "cross_entropy of probabilities": (
        X,
        lambda x, r: nn.cross_entropy(x, T, reduction=r),
        lambda x, r: F.cross_entropy(x, torch.tensor(T), reduction=r),
    ),
    "nll": (
        np.log(P),
        lambda x, r: nn.nll(x, LABELS, reduction=r),
        lambda x, r: F.nll_loss(x, torch.tensor(LABELS), reduction=r),
    ),
    "kl_divergence": (
        np.log(P),
        lambda x, r: nn.kl_divergence(x, T, reduction=r),
        lambda x, r: (
            F.kl_div(x, torch.tensor(T), reduction="none").sum(-1)
            if r == "none"
            else F.kl_div(x, torch.tensor(T), reduction="batchmean" if r == "mean" else r)
        ),
    ),
    "cosine_similarity": (
        X,
        lambda x, r: nn.cosine_similarity(x, P),
        lambda x, r: F.cosine_similarity(x, torch.tensor(P), dim=-1),
    ),
}


def assert_same(ours, theirs, point):
    """Value, gradient and Hessian of a sum with weights, so that no derivative cancels."""
    value = ours(point)
    weights = np.cos(np.arange(1.0, 1 + np.size(value))).reshape(np.shape(value))
    np.testing.assert_allclose(value, theirs(torch.tensor(point)).numpy(), rtol=1e-10, atol=1e-14)

    def weighted(x):
        return np.sum(ours(x) * weights)

    def weighted_by_torch(x):
        return (theirs(x) * torch.tensor(weights)).sum()

    x = torch.tensor(point, requires_grad=True)
    (g,) = torch.autograd.grad(weighted_by_torch(x), x)
    np.testing.assert_allclose(adkit.grad(weighted)(point), g.numpy(), rtol=1e-10, atol=1e-14)
    second = torch.autograd.functional.hessian(weighted_by_torch, torch.tensor(point)).numpy()
    np.testing.assert_allclose(adkit.hessian(weighted)(point), second, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    assert_same(*ACTIVATIONS[name], X)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name, reduction):
    point, ours, theirs = LOSSES[name]
    assert_same(lambda x: ours(x, reduction), lambda x: theirs(x, reduction), point)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "celu", "selu", "softsign"])
def test_derivatives_at_the_kink(name):
    ours, theirs = ACTIVATIONS[name]
    x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    (g,) = torch.autograd.grad(theirs(x).sum(), x)
    np.testing.assert_array_equal(adkit.grad(lambda v: np.sum(ours(v)))(np.zeros(1)), g.numpy())
