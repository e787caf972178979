"""`nn` and `optim`: modules, states, losses, optimizers and their errors."""

import numpy as np
import pytest

import adkit
import adkit.styles.pytorch as torch
from adkit.styles.pytorch import nn, optim
from adkit.styles.pytorch.nn import functional as F


def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 2))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2, bias=False)
        self.same = self.inner
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x):
        return self.same(self.inner(x)) * self.scale


def test_parameters_and_state():
    net = network()
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "3.weight", "3.bias"]
    state = net.state_dict()
    other = network()
    with torch.no_grad():
        for p in other.parameters():
            p.zero_()
    assert repr(other.load_state_dict(state)) == "<All keys matched successfully>"
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters()))
    with pytest.raises(RuntimeError, match="Missing key"):
        other.load_state_dict({})
    with pytest.raises(RuntimeError, match="size mismatch for 0.weight"):
        other.load_state_dict({**state, "0.weight": torch.ones(1)})
    assert other.load_state_dict({"x": torch.ones(1)}, strict=False).unexpected_keys == ["x"]


def test_modules_in_modules():
    tied = Tied()
    assert [name for name, _ in tied.named_parameters()] == ["scale", "inner.weight"]
    assert set(tied.state_dict()) == {"scale", "count", "inner.weight", "same.weight"} - {"same.weight"}
    tied(torch.ones(1, 2)).sum().backward()
    tied.zero_grad()
    assert all(p.grad is None for p in tied.parameters())
    tied.requires_grad_(False)
    assert not tied(torch.ones(1, 2)).requires_grad
    assert tied.eval().training is False
    assert tied.inner.training is False
    with pytest.raises(TypeError, match="cannot assign 'int' as parameter 'scale'"):
        tied.scale = 3
    with pytest.raises(RuntimeError, match='missing the required "forward"'):
        nn.Module()(1)
    with pytest.raises(AttributeError, match="before Module.__init__"):
        type("Early", (nn.Module,), {"__init__": lambda self: setattr(self, "p", nn.Parameter(torch.ones(1)))})()


def test_module_hooks():
    layer, seen = nn.Linear(2, 1), []
    layer.register_forward_pre_hook(lambda module, args: seen.append(args[0].shape))
    handle = layer.register_forward_hook(lambda module, args, out: out * 0)
    assert layer(torch.ones(3, 2)).tolist() == [[0.0]] * 3
    handle.remove()
    assert layer(torch.ones(3, 2)).abs().sum().item() > 0
    assert seen == [(3, 2)] * 2


def test_dropout():
    x = torch.ones(1000)
    made = nn.Dropout(0.25)(x)
    assert set(np.unique(made.numpy())) == {np.float32(0), np.float32(1 / 0.75)}
    assert nn.Dropout(0.25).eval()(x) is x
    with pytest.raises(ValueError, match="between 0 and 1"):
        nn.Dropout(1.5)


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.2}, {"weight": torch.tensor([1.0, 3.0])}])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_cross_entropy_is_the_same_in_a_recording(options, reduction):
    logits, labels = torch.tensor([[0.5, -1.0], [2.0, 0.1], [0.0, 0.0]]), torch.tensor([0, 1, -100])

    def loss(x):
        return F.cross_entropy(x, labels, reduction=reduction, **options)

    x = logits.clone().requires_grad_()
    loss(x).backward()
    t = adkit.trace(lambda v: loss(torch.functions.wrap(v))._h)(logits.numpy())
    np.testing.assert_allclose(t["v"], x.grad.numpy(), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(t.value, loss(logits).item(), rtol=1e-6)


def test_losses_of_other_shapes_are_told():
    with pytest.warns(UserWarning, match="different to the input size"):
        F.mse_loss(torch.ones(3, 1), torch.ones(3))
    with pytest.raises(RuntimeError, match="'mean', 'sum' or 'none'"):
        F.mse_loss(torch.ones(1), torch.ones(1), reduction="median")
    with pytest.raises(adkit.InputError, match="label 5"):
        F.cross_entropy(torch.ones(1, 2), torch.tensor([5]))


def test_optimizers_refuse():
    w = torch.ones(1, requires_grad=True)
    for make, message in (
        (lambda: optim.SGD([]), "empty parameter list"),
        (lambda: optim.SGD(w), "iterable of Tensors"),
        (lambda: optim.SGD([w * 2]), "non-leaf"),
        (lambda: optim.SGD([w], lr=-1), "Invalid learning rate"),
        (lambda: optim.SGD([w], nesterov=True), "Nesterov"),
        (lambda: optim.Adam([w], betas=(1.0, 0.9)), "Invalid beta"),
        (lambda: optim.Adam([w], amsgrad=True), "amsgrad"),
        (lambda: optim.lr_scheduler, "param_groups"),
    ):
        with pytest.raises((ValueError, TypeError, adkit.AdkitError), match=message):
            make()


def test_groups_states_and_closures():
    a, b = (torch.ones(1, requires_grad=True) for _ in range(2))
    optimizer = optim.Adam([{"params": [a], "lr": 0.5}, {"params": b}], lr=0.1)
    loss = optimizer.step(lambda: ((a + b).sum().backward(), a + b)[1])
    assert loss.item() == 2.0
    np.testing.assert_allclose([a.item(), b.item()], [0.5, 0.9], rtol=1e-6)
    saved = optimizer.state_dict()
    assert saved["state"][0]["step"].item() == 1.0
    other = optim.Adam([{"params": [a]}, {"params": b}])
    other.load_state_dict(saved)
    assert other.param_groups[0]["lr"] == 0.5
    for each in (optimizer, other):
        with torch.no_grad():
            a.fill_(0.5)
        each.step()
        assert a.item() == pytest.approx(0.0, abs=1e-6)
    optimizer.zero_grad(set_to_none=False)
    assert a.grad.item() == 0.0


def test_clipping():
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    (w**2 / 2).sum().backward()
    assert nn.utils.clip_grad_norm_([w], 1.0).item() == 5.0
    np.testing.assert_allclose(w.grad.norm().item(), 1.0, rtol=1e-5)
    nn.utils.clip_grad_value_([w], 0.1)
    assert w.grad.tolist() == pytest.approx([0.1, 0.1])


def test_what_is_not_there():
    for space, name in ((nn, "Conv2d"), (F, "conv2d"), (optim, "LBFGS")):
        with pytest.raises(adkit.AdkitError, match="Fix: "):
            getattr(space, name)
