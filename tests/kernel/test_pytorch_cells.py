"""PyTorch-style code under `%%grad`: the list has the user's names and lines, and the cell runs as it would without."""

import numpy as np
import pytest

PREPARED = "import adkit.styles.pytorch as torch"


@pytest.fixture
def cell(run):
    """`run` with `torch` imported by an earlier cell."""
    run(PREPARED)
    return run


def lines(trace):
    """Each instruction with its name and line."""
    return [(i.text, i.output.name, i.span.line) for i in trace.wengert.instructions]


def test_a_cell_that_calls_backward(cell, shell):
    t = cell("""
        %%grad
        a = torch.tensor([2., 3.], requires_grad=True)
        b = torch.tensor([6., 4.], requires_grad=True)
        q = 3*a**3 - b**2
        q.backward(gradient=torch.ones(2))
        a.grad
    """)
    assert t.output_name == "q"
    assert [name for _, name, _ in lines(t)] == [None, None, None, "q"]
    assert {line for _, _, line in lines(t)} == {4}
    np.testing.assert_allclose(t["a"], [36.0, 81.0])
    np.testing.assert_allclose(t["b"], [-12.0, -8.0])
    after = shell.user_ns
    assert after["a"].grad.tolist() == [36.0, 81.0]
    assert repr(after["q"]) == "tensor([-12.,  65.], grad_fn=<SubBackward0>)"


def test_an_input_of_an_earlier_cell(cell, shell):
    cell("p = torch.tensor([1., 2.])\nw = torch.tensor([3., 4.], requires_grad=True)")
    t = cell("%%grad p\ns = (p * w).sum()")
    np.testing.assert_allclose(t["p"], [3.0, 4.0])
    assert lines(t) == [("v₀ · array(2)", None, 2), ("Σ v₁", "s", 2)] or t.wengert.inputs[0].name == "p"
    assert not shell.user_ns["p"].requires_grad
    assert shell.user_ns["s"].requires_grad
    cell("s.backward()")
    assert shell.user_ns["w"].grad.tolist() == [1.0, 2.0]
    t = cell("%%grad\n(p * w).sum()")
    assert set(t.gradient) == {"w"}


def test_a_plain_tensor_as_an_input_leaves_no_history(cell, shell):
    cell("p = torch.tensor([1., 2.])")
    cell("%%grad p\ns = p.sin().sum()\ns.backward()")
    assert not shell.user_ns["s"].requires_grad
    assert not shell.user_ns["p"].requires_grad
    assert shell.user_ns["p"].grad is None


def test_a_training_loop_shows_its_last_step(cell, shell):
    t = cell("""
        %%grad
        x, y = torch.tensor([1., 2., 3.]), torch.tensor([2., 4., 6.])
        w = torch.tensor(0.5, requires_grad=True)
        before = []
        for epoch in range(3):
            loss = ((w * x - y) ** 2).mean()
            loss.backward()
            before.append(w.item())
            with torch.no_grad():
                w -= 0.01 * w.grad
            w.grad.zero_()
    """)
    w = shell.user_ns["before"][-1]
    assert t.output_name == "loss"
    np.testing.assert_allclose(t["w"], 2 * (w - 2) * 14 / 3, rtol=1e-5)
    assert shell.user_ns["w"].item() > w
    cell("again = ((w * x - y) ** 2).mean()\nagain.backward()")
    now = shell.user_ns["w"].item()
    np.testing.assert_allclose(shell.user_ns["w"].grad.item(), 2 * (now - 2) * 14 / 3, rtol=1e-5)


def test_a_network_names_its_parameters(cell, shell):
    t = cell("""
        %%grad
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        data = torch.randn(4, 2)
        start = [p.detach().clone() for p in net.parameters()]
        loss = net(data).pow(2).mean()
        loss.backward()
        optimizer.step()
    """)
    assert list(t.gradient) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    for p, before, g in zip(shell.user_ns["net"].parameters(), shell.user_ns["start"], t.gradient.values()):
        np.testing.assert_allclose(g, p.grad.numpy(), rtol=1e-5)
        np.testing.assert_allclose(p.detach().numpy(), before.numpy() - 0.1 * g, rtol=1e-5, atol=1e-7)
    assert {line for _, _, line in lines(t)} == {7}
    assert t.check().verdict == "agree"


def test_a_module_of_the_users(cell):
    cell("""
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(2, 1)

            def forward(self, x):
                hidden = self.layer(x)
                return torch.relu(hidden) * 2
    """)
    t = cell("%%grad\nnet = Net()\nout = net(torch.ones(3, 2)).sum()")
    places = [line for _, _, line in lines(t)]
    assert places[-1] == 3
    assert set(places[:-1]) == {7, 8}


def test_a_second_pass_raises_in_a_cell_too(cell):
    with pytest.raises(RuntimeError, match="second time.*line 5"):
        cell("%%grad\nv = torch.tensor(2., requires_grad=True)\nq = v * v\nq.backward()\nq.backward()")


def test_parameters_are_changed_by_their_data(cell, shell):
    t = cell("""
        %%grad
        w = torch.tensor([1., 2.], requires_grad=True)
        (w * w).sum().backward()
        w.data.sub_(0.5 * w.grad.data)
        w.grad = None
        y = (w + 1).square().sum()
        y.backward()
    """)
    assert shell.user_ns["w"].tolist() == [0.0, 0.0]
    assert shell.user_ns["w"].grad.tolist() == [2.0, 2.0]
    np.testing.assert_allclose(t["w"], [2.0, 2.0])


def test_arrays_that_the_cell_makes_become_tensors(cell, shell):
    cell("import numpy as np")
    cell("""
        %%grad
        w = torch.ones(3, requires_grad=True)
        a, b, c = torch.from_numpy(np.arange(3.0)), torch.tensor(np.ones(3)), torch.as_tensor(np.ones(3))
        y = (w * a * b * c).sum()
        y.backward()
    """)
    after = shell.user_ns
    assert after["w"].grad.tolist() == [0.0, 1.0, 2.0]
    assert [after[name].dtype is after["torch"].float64 for name in "abc"] == [True] * 3
    assert type(after["a"].numpy()) is np.ndarray


def test_names_of_leaves_may_be_bound_again(cell, shell):
    t = cell("""
        %%grad
        a = torch.tensor([2., 3.], requires_grad=True)
        q = 3*a**3
        q.backward(gradient=torch.ones(2))
        g, a = a.grad, torch.zeros(2)
    """)
    assert shell.user_ns["g"].tolist() == [36.0, 81.0]
    assert t.output_name == "q"
    assert len(t.wengert.inputs) == 1
