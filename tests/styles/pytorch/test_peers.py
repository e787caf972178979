"""The same programs with the same initial values and data in adkit's style and in PyTorch: equal to 1e-6, step by step.

Each program is a function of the module `torch` that yields what is compared. Skipped where PyTorch is not installed.
"""

import numpy as np
import pytest

import adkit.styles.pytorch as ours

theirs = pytest.importorskip("torch")

RNG = np.random.default_rng(3)
SHAPES = {"0.weight": (4, 5), "0.bias": (4,), "2.weight": (2, 4), "2.bias": (2,)}
START = {name: 0.5 * RNG.normal(size=shape) for name, shape in SHAPES.items()}
X, Y, LABELS = RNG.normal(size=(16, 5)), RNG.normal(size=(16, 2)), RNG.integers(0, 2, 16)
KEPT = (RNG.random((16, 4)) < 0.5) * 2.0


def tensor(torch, values, **options):
    return torch.tensor(np.array(values), dtype=torch.float64, **options)


def linear_regression(torch):
    x, y = tensor(torch, [1, 2, 3, 4]), tensor(torch, [2, 4, 5, 8])
    w, b = tensor(torch, 0.5, requires_grad=True), tensor(torch, -0.2, requires_grad=True)
    for _ in range(100):
        loss = ((w * x + b - y) ** 2).mean()
        loss.backward()
        yield loss, w.grad, b.grad
        with torch.no_grad():
            w -= 0.01 * w.grad
            b -= 0.01 * b.grad
        w.grad.zero_()
        b.grad = None
    yield w, b


def network_by_hand(torch):
    """Adam written out, and dropout with a given mask."""
    p = [tensor(torch, v, requires_grad=True) for v in START.values()]
    m, v = [torch.zeros_like(q) for q in p], [torch.zeros_like(q) for q in p]
    for step in range(1, 11):
        hidden = torch.relu(tensor(torch, X) @ p[0].t() + p[1]) * tensor(torch, KEPT)
        loss = (hidden.matmul(p[2].T) + p[3] - tensor(torch, Y)).pow(2).mean()
        gradients = torch.autograd.grad(loss, p)
        yield loss, *gradients
        for i, g in enumerate(gradients):
            m[i].mul_(0.9).add_(g, alpha=0.1)
            v[i].mul_(0.999).addcmul_(g, g, value=0.001)
            with torch.no_grad():
                p[i].sub_(0.001 * (m[i] / (1 - 0.9**step)) / ((v[i] / (1 - 0.999**step)).sqrt() + 1e-8))
        yield tuple(p)


OPTIMIZERS = {
    "SGD": lambda o, p: o.SGD(p, lr=0.1),
    "momentum": lambda o, p: o.SGD(p, lr=0.1, momentum=0.9, dampening=0.1, weight_decay=0.01),
    "Nesterov": lambda o, p: o.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "Adam": lambda o, p: o.Adam(p, lr=0.001, weight_decay=0.1),
    "AdamW": lambda o, p: o.AdamW(p, lr=0.001, betas=(0.8, 0.99)),
    "RMSprop": lambda o, p: o.RMSprop(p, lr=0.01),
}
LOSSES = {
    "MSELoss": lambda nn: (nn.MSELoss(), Y),
    "CrossEntropyLoss": lambda nn: (nn.CrossEntropyLoss(), LABELS),
    "weighted": lambda nn: (nn.CrossEntropyLoss(ignore_index=1, label_smoothing=0.1), LABELS),
}


def network(torch, optimizer, loss):
    nn = torch.nn
    model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2), nn.Dropout(0.0)).double()
    model.load_state_dict({name: tensor(torch, value) for name, value in START.items()})
    optimizer = OPTIMIZERS[optimizer](torch.optim, model.parameters())
    criterion, target = LOSSES[loss](nn)
    target = torch.tensor(target)
    for _ in range(10):
        optimizer.zero_grad()
        value = criterion(model(tensor(torch, X)), target)
        value.backward()
        yield value, *(p.grad for p in model.parameters())
        optimizer.step()
        yield tuple(model.parameters())


def double_backward(torch):
    x = tensor(torch, [0.3, -1.2, 2.0], requires_grad=True)
    y = (x.sin() * x**3).sum() + x.prod() + torch.logsumexp(x, 0)
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    yield y, g
    (g**2).sum().backward()
    yield (x.grad,)


def functional(torch):
    f = torch.autograd.functional
    p, q, v = tensor(torch, [0.1, 0.2]), tensor(torch, [0.3, 0.4]), tensor(torch, [1.0, -2.0])
    for row in f.jacobian(lambda a, b: (a * b, a.exp()), (p, q)):
        yield row
    for row in f.hessian(lambda a, b: (a.sin() * b).sum() * a[0], (p, q)):
        yield row
    yield f.vjp(lambda a: a.cos() * a[1], p, v)
    yield f.jvp(lambda a: a.cos() * a[1], p, v)
    yield f.hvp(lambda a: (a**4).sum() * a[0], p, v)
    yield f.vhp(lambda a: (a**4).sum() * a[0], p, v)


def custom_function(torch):
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x**2 * g

    x = tensor(torch, [0.5, -2.0], requires_grad=True)
    (g,) = torch.autograd.grad(Cube.apply(x).sum(), x, create_graph=True)
    yield g, torch.autograd.grad(g.sum(), x)[0]


def hooks(torch):
    x = tensor(torch, [0.5, -2.0], requires_grad=True)
    z = x.exp()
    z.register_hook(lambda g: g * 2)
    z.retain_grad()
    x.register_hook(lambda g: g + 1)
    (z * z + x).sum().backward()
    yield x.grad, z.grad


def tensor_methods(torch):
    x = tensor(torch, RNG_POINT, requires_grad=True)
    results = [
        x.softmax(1), x.log_softmax(0), x.std(0), x.var(), x.norm(), x.norm(1, dim=1), x.max(1).values, x.amin(0),
        x.max(), x.sort(dim=0).values, x.clamp(-0.5, 0.5), x.cumsum(1), x.abs().sqrt(), x.tanh().sigmoid(),
        x.gather(1, torch.tensor([[0], [2], [1]])), x[[0, 2], 1:], x.flip(0).roll(1, 1), x.permute(1, 0).reshape(-1),
        x.unsqueeze(0).expand(2, 3, 3), torch.einsum("ij,kj->ik", x, x), torch.linalg.det(x), torch.linalg.inv(x),
        torch.where(x > 0, x * 2, x.exp()), x.masked_fill(x > 0.5, 0.0), torch.cat([x, x * 2], 1)[:, ::2],
        torch.stack([x, x]).mean(0), x.prod(1), x.atan2(x + 2), x.logsumexp(1), x.median(), x.topk(2, 1).values,
        x.erf(), x.tril() @ x.triu(1), x.trace(), x.diagonal(), x.repeat(2, 1), torch.outer(x[0], x[1]),
        torch.nn.functional.gelu(x), torch.nn.functional.elu(x), torch.nn.functional.leaky_relu(x),
        torch.nn.functional.softplus(x), torch.nn.functional.smooth_l1_loss(x, x.detach() * 3), x.relu(),
        torch.nn.functional.binary_cross_entropy(x.sigmoid(), (x > 0).double()),
    ]  # fmt: skip
    for made in results:
        weights = tensor(torch, np.cos(np.arange(made.numel())).reshape(made.shape))
        yield made, torch.autograd.grad((made * weights).sum(), x, retain_graph=True)[0]


RNG_POINT = RNG.normal(size=(3, 3))
PROGRAMS = [linear_regression, network_by_hand, double_backward, functional, custom_function, hooks, tensor_methods]


def compare(program, *options):
    steps = 0
    for mine, other in zip(program(ours, *options), program(theirs, *options), strict=True):
        for a, b in zip(mine, other, strict=True):
            steps += 1
            assert str(a.dtype) == str(b.dtype)
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-6, atol=1e-9)
    assert steps


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_a_program(program):
    compare(program)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training(optimizer, loss):
    compare(network, optimizer, loss)


@pytest.mark.parametrize(
    "values",
    [[1.0, -20.0], [1.0, float("nan")], [0.001, 1000.5], [[1.5, 2.0], [3.0, 4.0]], [1 + 2j], [True], [3, 400], 1e-6],
)
def test_text(values):
    assert repr(ours.tensor(values)) == repr(theirs.tensor(values))


def test_errors_are_worded_alike():
    def messages(torch):
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = (x * x).sum()
        y.backward()
        for act in (y.backward, (x * 2).backward, x.numpy, lambda: x.add_(1), lambda: torch.autograd.grad(x * 2, y)):
            with pytest.raises(RuntimeError) as caught:
                act()
            yield str(caught.value).replace(".", " ").split()[:8]

    assert list(messages(ours)) == list(messages(theirs))
