"""Tensors: dtypes, leaves, writing in place, memory that is shared, text, and what raises as in PyTorch."""

import copy
import pickle
import threading

import numpy as np
import pytest

import adkit
import adkit.styles.pytorch as torch


def leaf(*values, dtype=torch.float32):
    return torch.tensor(values if len(values) > 1 else values[0], dtype=dtype, requires_grad=True)


# ------------------------------------------------------------------------------------------------ dtypes


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (lambda: torch.tensor([1.0]), "float32"),
        (lambda: torch.tensor([1, 2]), "int64"),
        (lambda: torch.tensor(True), "bool"),
        (lambda: torch.tensor(1j), "complex64"),
        (lambda: torch.tensor(np.array([1.0])), "float64"),
        (lambda: torch.tensor([1, 2]) + 1.5, "float32"),
        (lambda: torch.tensor([1, 2]) / 2, "float32"),
        (lambda: torch.tensor([1, 2]) // 2, "int64"),
        (lambda: torch.tensor([1, 2]) ** 2, "int64"),
        (lambda: torch.tensor([True]) + 1, "int64"),
        (lambda: torch.tensor([True]).sum(), "int64"),
        (lambda: torch.tensor([1], dtype=torch.int32).sum(), "int64"),
        (lambda: torch.tensor([1, 2]).sin(), "float32"),
        (lambda: torch.ones(2) * torch.tensor(2.0, dtype=torch.float64), "float32"),
        (lambda: torch.ones(2) * torch.ones(2, dtype=torch.float64), "float64"),
        (lambda: torch.ones(2, dtype=torch.float64) * 2.0, "float64"),
        (lambda: torch.tensor([1]) * torch.tensor(2.0), "float32"),
        (lambda: torch.ones(2) * 1j, "complex64"),
        (lambda: torch.ones(2) > 0, "bool"),
        (lambda: torch.arange(3), "int64"),
        (lambda: torch.linspace(0, 1, 3), "float32"),
        (lambda: torch.ones(2).double().to(torch.float16), "float16"),
        (lambda: torch.where(torch.tensor([True]), 1.0, 0), "float32"),
        (lambda: torch.cat([torch.ones(1), torch.ones(1, dtype=torch.float64)]), "float64"),
    ],
)
def test_dtypes(made, wanted):
    assert repr(made().dtype) == f"torch.{wanted}"


def test_gradients_have_the_dtype_of_their_leaf():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0, dtype=torch.float64)
    (x * y).sum().backward()
    assert (x.grad.dtype, y.grad.dtype) == (torch.float32, torch.float64)
    assert x.grad.tolist() == [3.0, 4.0]


def test_the_default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.tensor([1.0]).dtype is torch.float64
        assert repr(torch.tensor([0.5])) == "tensor([0.5000])"
    finally:
        torch.set_default_dtype(torch.float32)


# ------------------------------------------------------------------------------------------------ text


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: leaf(1.0, 2.0), "tensor([1., 2.], requires_grad=True)"),
        (lambda: leaf(2.0).exp(), "tensor(7.3891, grad_fn=<ExpBackward0>)"),
        (lambda: torch.tensor([]), "tensor([])"),
        (lambda: torch.zeros(0, 3), "tensor([], size=(0, 3))"),
        (lambda: torch.tensor([True, False]), "tensor([ True, False])"),
        (lambda: torch.tensor([1.0, float("nan"), float("inf")]), "tensor([1., nan, inf])"),
        (lambda: torch.tensor([1e-5, 1.0]), "tensor([1.0000e-05, 1.0000e+00])"),
        (lambda: torch.tensor([1, -20]), "tensor([  1, -20])"),
        (lambda: torch.tensor([1.5], dtype=torch.float64), "tensor([1.5000], dtype=torch.float64)"),
        (lambda: torch.eye(2), "tensor([[1., 0.],\n        [0., 1.]])"),
        (lambda: torch.zeros(2000), "tensor([0., 0., 0.,  ..., 0., 0., 0.])"),
        (lambda: torch.ones(1, 1, 2), "tensor([[[1., 1.]]])"),
    ],
)
def test_text(made, text):
    assert repr(made()) == text


# ------------------------------------------------------------------------------------------------ the graph


def test_leaves_and_what_is_computed():
    x = leaf(1.0, 2.0)
    y = x * 2
    assert x.is_leaf
    assert x.grad_fn is None
    assert not y.is_leaf
    assert y.grad_fn.name() == "MulBackward0"
    assert y.grad_fn.next_functions[0][0].variable is x
    assert y.grad_fn.next_functions[1][0] is None
    assert torch.ones(2).is_leaf
    assert not (x > 1).requires_grad
    assert not x.argmax().requires_grad


def test_gradients_accumulate_until_they_are_cleared():
    x = leaf(1.0, 2.0)
    for count in (1, 2, 3):
        (x * 3).sum().backward()
        assert x.grad.tolist() == [3.0 * count] * 2
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_gradients_share_no_memory():
    x, y = leaf(1.0, 2.0), leaf(1.0, 2.0)
    (x + y).sum().backward()
    x.grad += 1
    assert y.grad.tolist() == [1.0, 1.0]


def test_a_second_pass():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8.0
    with pytest.raises(RuntimeError, match="backward through the graph a second time") as caught:
        y.backward()
    assert isinstance(caught.value, adkit.AdkitError)
    assert "retain_graph=True" in str(caught.value)
    assert caught.value.filename == __file__
    z = (x + 1).sum()  # saves nothing, so there is nothing to free
    z.backward()
    z.backward()


def test_a_shared_part_is_let_go_of_too():
    x = leaf(2.0)
    shared = x.exp()
    (shared * 2).backward()
    with pytest.raises(RuntimeError, match="second time"):
        (shared * 3).backward()


def test_backward_of_backward():
    x = leaf(3.0)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    first, x.grad = x.grad, None
    first.backward()
    assert x.grad.item() == 18.0


def test_backward_with_inputs_only():
    x, w = leaf(2.0), leaf(3.0)
    (x * w).backward(inputs=[w])
    assert x.grad is None
    assert w.grad.item() == 2.0


def test_freezing():
    x, w = leaf(2.0), leaf(3.0)
    w.requires_grad_(False)
    (x * w).backward()
    assert w.grad is None
    with pytest.raises(RuntimeError, match="requires_grad flags of leaf"):
        (x * 2).requires_grad_(False)


# ------------------------------------------------------------------------------------------------ modes


def test_modes():
    x = leaf(1.0)
    with torch.no_grad():
        assert not (x * 2).requires_grad
        with torch.enable_grad():
            assert (x * 2).requires_grad
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        assert torch.is_inference_mode_enabled()
        assert not (x * 2).requires_grad
    torch.set_grad_enabled(False)
    try:
        assert not x.exp().requires_grad
    finally:
        torch.set_grad_enabled(True)
    assert x.exp().requires_grad


@pytest.mark.parametrize(
    "mode",
    [lambda: torch.no_grad, torch.no_grad, torch.inference_mode, lambda: torch.set_grad_enabled(False)],
)
def test_modes_as_decorators(mode):
    @mode()
    def f(x):
        return x * 2

    assert torch.is_grad_enabled()
    assert not f(leaf(1.0)).requires_grad
    assert torch.is_grad_enabled()


def test_a_generator_in_a_mode():
    @torch.no_grad()
    def each(x):
        for _ in range(2):
            yield (x * 2).requires_grad

    for inside in each(leaf(1.0)):
        assert not inside
        assert torch.is_grad_enabled()


def test_modes_are_per_thread():
    found = []
    with torch.no_grad():
        thread = threading.Thread(target=lambda: found.append(torch.is_grad_enabled()))
        thread.start()
        thread.join()
    assert found == [True]


# ------------------------------------------------------------------------------------------------ in place


def test_a_leaf_is_not_changed_while_recording():
    x = leaf(1.0, 2.0)
    for change in (lambda: x.add_(1), lambda: x.__iadd__(1), lambda: x.zero_(), lambda: x.__setitem__(0, 1.0)):
        with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place"):
            change()
    with torch.no_grad():
        x += 1
        x[0] = 7.0
    assert x.tolist() == [7.0, 3.0]
    assert x.is_leaf
    assert x.requires_grad


def test_what_is_changed_in_place_keeps_its_derivative():
    w = leaf(1.0, 2.0, 3.0)
    x = torch.zeros(3)
    x[0] = w[1]
    x += w * 2
    x[1:] = w[:2]
    x.mul_(3)
    x.sum().backward()
    assert w.grad.tolist() == [9.0, 6.0, 0.0]
    y = w.exp()
    z = y.clone()
    z.sigmoid_().neg_()
    z.sum().backward()
    s = 1 / (1 + np.exp(-np.exp(w.tolist())))
    np.testing.assert_allclose((w.grad.numpy() - [9, 6, 0]), -s * (1 - s) * np.exp(w.tolist()), rtol=1e-4)


def test_a_view_writes_through():
    w = leaf(1.0, 2.0)
    x = w * 1
    x.reshape(2, 1)[0] = 5.0
    assert x.tolist() == [5.0, 2.0]
    plain = torch.zeros(2, 2)
    plain[0].fill_(3)
    plain.T[0, 1] += 4
    assert plain.tolist() == [[3.0, 3.0], [4.0, 0.0]]


def test_memory_that_is_shared():
    x = leaf(1.0, 2.0)
    d = x.detach()
    a = d.numpy()
    with torch.no_grad():
        x += 1
    assert d.tolist() == [2.0, 3.0]
    assert a.tolist() == [2.0, 3.0]
    source = np.zeros(2, np.float32)
    t = torch.from_numpy(source)
    t += 1
    assert source.tolist() == [1.0, 1.0]
    assert torch.tensor(source).numpy() is not source


def test_saved_values_that_were_overwritten():
    x = leaf(1.0, 2.0)
    y = x.exp()
    y.detach().zero_()
    with pytest.raises(RuntimeError, match="has been modified by an inplace operation"):
        y.sum().backward()
    w = leaf(1.0, 2.0)
    loss = (w * w).sum()
    with torch.no_grad():
        w += 1
    with pytest.raises(RuntimeError, match="has been modified by an inplace operation"):
        loss.backward()
    large = torch.ones(100_000)
    out = (w[0] * large).sum()
    large.mul_(2)
    with pytest.raises(RuntimeError, match="has been modified by an inplace operation"):
        out.backward()
    assert w.grad is None


def test_a_constant_that_was_overwritten_after_its_use():
    w, c = leaf(2.0), torch.tensor([3.0])
    out = w * c
    c.zero_()  # small constants are copied, so the derivative is that of what was computed (PyTorch refuses)
    out.sum().backward()
    assert w.grad.item() == 3.0


def test_writing_a_derivative_into_shared_memory_is_refused():
    w, x = leaf(2.0), torch.zeros(4)
    part = x[:2]
    with pytest.raises(RuntimeError, match="memory that another tensor shares"):
        part.add_(w)
    with pytest.raises(RuntimeError, match="memory that another tensor shares"):
        x.add_(w)
    del part
    x.add_(w)
    assert x.requires_grad


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda x: x.numpy(), r"Can't call numpy\(\) on Tensor that requires grad.*detach\(\).numpy\(\)"),
        (lambda x: np.asarray(x), r"Can't call numpy\(\)"),
        (lambda x: (x * 2).backward(), "grad can be implicitly created only for scalar outputs"),
        (lambda x: torch.ones(2).sum().backward(), "does not require grad and does not have a grad_fn"),
        (lambda x: (x * 2).backward(torch.ones(3)), "Mismatch in shape"),
        (lambda x: x.item(), "cannot be converted to Scalar"),
        (lambda x: bool(x), "ambiguous"),
        (lambda x: torch.tensor([1, 2], requires_grad=True), "floating point and complex dtype can require gradients"),
        (lambda x: torch.tensor([1, 2]).requires_grad_(), "floating point and complex dtype can require gradients"),
        (lambda x: torch.tensor([1, 2]).mean(), "could not infer output dtype"),
        (lambda x: torch.tensor([1, 2]).add_(0.5), "result type float32 can't be cast"),
        (lambda x: torch.ones(2).add_(torch.ones(3, 2)), "doesn't match the broadcast shape"),
        (lambda x: torch.ones(2).register_hook(print), "cannot register a hook"),
        (lambda x: copy.deepcopy(x * 2), "graph leaves"),
        (lambda x: x.detach().reshape(1, 2).T.reshape(2, 1).t().view(3), "is invalid for input of size 2"),
    ],
)
def test_errors(act, message):
    x = leaf(1.0, 2.0)
    with pytest.raises((RuntimeError, ValueError), match=message):
        act(x)


def test_errors_name_line_and_fix():
    with pytest.raises(adkit.AdkitError) as caught:
        leaf(1.0).numpy()
    assert caught.value.filename == __file__
    assert caught.value.fix


@pytest.mark.parametrize("name", ["jit", "compile", "distributed", "save", "vmap", "sparse", "no_such_thing"])
def test_what_is_not_there(name):
    with pytest.raises(adkit.AdkitError, match="not part of adkit's PyTorch style.*Fix: "):
        getattr(torch, name)
    assert not hasattr(torch, name)


def test_there_is_no_device_but_the_cpu():
    assert not torch.cuda.is_available()
    assert not torch.accelerator.is_available()
    assert not torch.backends.mps.is_available()
    assert torch.ones(1).to("cpu").device == torch.device("cpu")
    for act in (lambda: torch.ones(1, device="cuda"), lambda: torch.ones(1).cuda(), lambda: torch.ones(1).to("cuda:0")):
        with pytest.raises(adkit.AdkitError, match="on the CPU"):
            act()
    with pytest.raises(adkit.AdkitError, match="torch.cuda.Stream"):
        torch.cuda.Stream()


# ------------------------------------------------------------------------------------------------ the rest


def test_copies_and_pickles():
    x = leaf(1.0, 2.0)
    for made in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert made is not x
        assert made.requires_grad
        made.sum().backward()
        assert x.grad is None


def test_hooks():
    x = leaf(1.0, 2.0)
    z = x * 3
    seen = []
    z.register_hook(lambda g: seen.append(g.tolist()))
    handle = z.register_hook(lambda g: g * 2)
    z.retain_grad()
    x.register_hook(lambda g: g + 1)
    (z**2).sum().backward()
    assert seen == [[6.0, 12.0]]
    assert z.grad.tolist() == [12.0, 24.0]
    assert x.grad.tolist() == [37.0, 73.0]
    handle.remove()
    x.grad = None
    (x * 1).register_hook(lambda g: g)
    after = []
    x.register_post_accumulate_grad_hook(lambda t: after.append(t.grad.tolist()))
    x.sum().backward()
    assert after == [[2.0, 2.0]]


def test_random_numbers_follow_the_seed():
    made = []
    for _ in range(2):
        torch.manual_seed(7)
        made.append((torch.rand(3), torch.randn(2), torch.randint(0, 9, (4,)), torch.randperm(5)))
    for a, b in zip(*made):
        assert torch.equal(a, b)
    own = torch.Generator().manual_seed(1)
    assert torch.equal(torch.rand(2, generator=own), torch.rand(2, generator=torch.Generator().manual_seed(1)))


def test_branches_and_loops_follow_values():
    x = leaf(2.0)
    y = x
    while y < 100:
        y = y * x
    if y > 100:
        y = -y
    y.backward()
    assert x.grad.item() == -7 * 2.0**6


def test_adkit_differentiates_through_tensors():
    def f(x):
        return torch.tensor(3.0, dtype=torch.float64)._h * x

    assert adkit.grad(f)(2.0) == 3.0
