"""The published introductions' examples, written anew in PyTorch's style, give the published numbers."""

import numpy as np
import pytest

import adkit.styles.pytorch as torch
from adkit.styles.pytorch import nn
from adkit.styles.pytorch.nn import functional as F


@pytest.mark.parametrize(
    ("f", "at", "wanted"),
    [(lambda x: x**2, 3.0, 6.0), (lambda x: x**2 + 3 * x + 1, 2.0, 7.0), (lambda x: x**3, 2.0, 12.0)],
)
def test_a_scalar_function(f, at, wanted):
    x = torch.tensor(at, requires_grad=True)
    f(x).backward()
    assert x.grad.item() == wanted


def test_the_cube_nested():
    x = torch.tensor(2.0, requires_grad=True)
    (first,) = torch.autograd.grad(x**3, x, create_graph=True)
    (second,) = torch.autograd.grad(first, x)
    assert (first.item(), second.item()) == (12.0, 12.0)


def test_sum_of_squared_residuals():
    p, r = torch.tensor([1.0, 2.0, 4.0], requires_grad=True), torch.tensor([0.5, 2.5, 3.0])
    ((p - r) ** 2).sum().backward()
    assert torch.equal(p.grad, 2 * (p.detach() - r))


def test_a_product():
    a, b = torch.tensor(1.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
    (a * b).backward()
    assert (a.grad.item(), b.grad.item()) == (0.0, 1.0)


def test_the_gentle_introduction():
    a, b = torch.tensor([2.0, 3.0], requires_grad=True), torch.tensor([6.0, 4.0], requires_grad=True)
    q = 3 * a**3 - b**2
    q.backward(gradient=torch.tensor([1.0, 1.0]))
    assert torch.equal(9 * a**2, a.grad)
    assert torch.equal(-2 * b, b.grad)


def test_the_first_autograd_tutorial():
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    z = y * y * 3
    out = z.mean()
    assert repr(y).endswith("grad_fn=<AddBackward0>)")
    assert repr(z).endswith("grad_fn=<MulBackward0>)")
    assert repr(out) == "tensor(27., grad_fn=<MeanBackward0>)"
    out.backward()
    assert x.grad.tolist() == [[4.5, 4.5], [4.5, 4.5]]


def test_linear_regression_by_gradient_descent():
    x, y = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([2.0, 4.0, 5.0, 8.0])
    w, b = torch.tensor(0.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
    by_hand = np.zeros(2)
    for _ in range(100):
        loss = ((w * x + b - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.01 * w.grad
            b -= 0.01 * b.grad
        w.grad.zero_()
        b.grad.zero_()
        residual = by_hand[0] * x.numpy().astype(float) + by_hand[1] - y.numpy()
        by_hand -= 0.01 * 2 * np.array([(residual * x.numpy()).mean(), residual.mean()])
    np.testing.assert_allclose([w.item(), b.item()], by_hand, rtol=1e-5)
    assert loss.item() < 0.21


class Network(nn.Module):
    """The 5-4-2 network with dropout behind the training flag."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(5, 4), nn.Linear(4, 2)

    def forward(self, x):
        hidden = F.dropout(F.relu(self.first(x)), 0.5, training=self.training)
        return self.second(hidden)


def test_a_network_by_adam():
    torch.manual_seed(0)
    net, data = Network(), torch.randn(32, 5)
    target = torch.stack([data[:, 0] - data[:, 1], data.sum(1)], 1)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
    net.eval()
    before = F.mse_loss(net(data), target).item()
    net.train()
    for _ in range(10):
        optimizer.zero_grad()
        F.mse_loss(net(data), target).backward()
        optimizer.step()
    net.eval()
    assert F.mse_loss(net(data), target).item() < before
    assert torch.equal(net(data), net(data))  # nothing is dropped any more
    net.train()
    assert not torch.equal(net(data), net(data))


def test_the_legendre_polynomial():
    """The "learning PyTorch with examples" network of one custom function, which fits sin."""

    class Legendre(torch.autograd.Function):
        @staticmethod
        def forward(ctx, input):
            ctx.save_for_backward(input)
            return 0.5 * (5 * input**3 - 3 * input)

        @staticmethod
        def backward(ctx, grad_output):
            (input,) = ctx.saved_tensors
            return grad_output * 1.5 * (5 * input**2 - 1)

    x = torch.linspace(-3.0, 3.0, 200)
    y = torch.sin(x)
    a, b, c, d = (torch.full((), v, requires_grad=True) for v in (0.0, -1.0, 0.0, 0.3))
    losses = []
    for _ in range(300):
        loss = (a + b * Legendre.apply(c + d * x) - y).pow(2).sum()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            for p in (a, b, c, d):
                p -= 5e-5 * p.grad
                p.grad = None
    assert losses[-1] < 0.5 * losses[0]
