"""The explorer on cells in PyTorch's style: each control moves what it names; the user's tensors stay as they are."""

import numpy as np
import pytest

from adkit_jupyter.explorer import lifetime

SETUP = """
import adkit.styles.pytorch as torch
x = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)
scale = torch.tensor(0.3, requires_grad=True)
net = torch.nn.Linear(3, 1)
descent = torch.optim.SGD([x], lr=0.1, momentum=0.9)
"""
CELLS = {
    "named": ("x scale", "y = torch.sum(torch.sin(x * scale) ** 2)"),
    "unnamed": ("", "y = torch.sum(torch.sin(x * scale) ** 2)"),
    "backward": ("", "y = torch.sum(torch.sin(x * scale) ** 2)\ny.backward()"),
}


@pytest.fixture(autouse=True)
def _ended():
    """No explorer outlives its test."""
    yield
    lifetime.close_all()


@pytest.fixture
def explored(run, shell):
    """`explored(names, body)` runs a cell and gives its explorer."""
    run(SETUP)

    def make(names, body):
        run(f"%%grad {names} --explore --name e\n{body}")
        return shell.user_ns["e"]

    return make


@pytest.mark.parametrize("case", CELLS)
def test_a_slider_moves_a_tensor_and_leaves_the_users_own(case, explored, shell):
    e = explored(*CELLS[case])
    x, scale = shell.user_ns["x"], shell.user_ns["scale"]
    gradient = None if x.grad is None else x.grad.tolist()
    assert list(e.values) == ["x", "scale"]
    e.set(scale=np.float32(0.7)).wait()
    assert e.failure is None
    moved = np.float32([0.35, -0.7, 1.4])
    np.testing.assert_allclose(e.trace.value, np.sum(np.sin(moved) ** 2), rtol=1e-6)
    np.testing.assert_allclose(e["x"], np.sin(2 * moved) * 0.7, rtol=1e-5)
    assert list(e.values) == ["x", "scale"]
    assert (x.tolist(), scale.item()) == ([0.5, -1.0, 2.0], pytest.approx(0.3))
    assert (None if x.grad is None else x.grad.tolist()) == gradient


def test_a_tensor_that_the_cell_makes_is_moved(explored):
    e = explored("", "q = torch.tensor(2.0, requires_grad=True)\ny = q**3 * scale")
    e.set(q=np.float32(1.0)).wait()
    assert (e.failure, float(e.trace.value)) == (None, pytest.approx(0.3))
    e.set(scale=np.float32(2.0)).wait()
    assert (float(e.trace.value), float(e["q"])) == (2.0, 6.0)


def test_the_parameters_of_a_module_are_moved(explored, shell):
    e = explored("", "y = net(x).sum()")
    before = shell.user_ns["net"].weight.tolist()
    e.set(weight=np.float32([[1.0, 2.0, 3.0]]), bias=np.float32([0.5])).wait()
    assert (e.failure, float(e.trace.value)) == (None, pytest.approx(5.0))
    assert shell.user_ns["net"].weight.tolist() == before


def test_what_no_run_can_move_has_no_control(explored):
    e = explored("", "layer = torch.nn.Linear(3, 1)\ny = layer(x).sum()")
    assert list(e.panel.controls) == ["x"]
    assert {"x", "weight", "bias"} == set(e.values)


def test_an_optimizer_of_the_user_makes_no_step_of_a_rerun(explored, shell):
    e = explored("", "y = torch.sum(x * x) * scale\ny.backward()\ndescent.step()\ndescent.zero_grad()")
    after_the_cell = shell.user_ns["x"].tolist()
    e.set(scale=np.float32(0.6)).wait()
    assert e.failure is None
    np.testing.assert_allclose(e.trace.value, 0.6 * 5.25, rtol=1e-6)  # at the x from before the cell
    assert shell.user_ns["x"].tolist() == after_the_cell
