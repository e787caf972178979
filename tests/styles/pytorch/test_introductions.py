"""What PyTorch's introductions use beside tensors and `backward`: what they print, `out=`, defaults, saved values,
errors in PyTorch's words and of its kind, silence where PyTorch is silent, and functions that NumPy has too.
"""

import warnings

import numpy as np
import pytest

import adkit
import adkit.styles.pytorch as torch

A = np.array([[3.0, 1.0, 2.0], [6.0, 5.0, 4.0]])
PLACES = np.array([[0, 2], [1, 0]])


def written_at(values, places, axis, source, add=False):
    made = values.copy()
    for index in np.ndindex(places.shape):
        target = list(index)
        target[axis] = places[index]
        made[tuple(target)] = source[index] + (made[tuple(target)] if add else 0)
    return made


def first(found):
    return found[0]


# name -> (in this style, with NumPy); the derivative of each is checked
WITH_DERIVATIVES = {
    "scatter": (lambda x: x.scatter(1, torch.tensor(PLACES), x * 2), lambda a: written_at(a, PLACES, 1, a * 2)),
    "scatter_add": (lambda x: x.scatter_add(1, torch.tensor(PLACES), x), lambda a: written_at(a, PLACES, 1, a, True)),
    "index_copy": (lambda x: x.index_copy(0, torch.tensor([1]), 2 * x[:1]), lambda a: np.stack([a[0], 2 * a[0]])),
    "index_fill": (lambda x: x.index_fill(1, torch.tensor([0]), 7.0), lambda a: np.column_stack([[7, 7], a[:, 1:]])),
    "masked_scatter": (lambda x: x.masked_scatter(x > 3, x * x), lambda a: np.stack([a[0], a[0] ** 2])),
    "put": (lambda x: x.put(torch.tensor([1]), x[0, :1]), lambda a: np.array([[3.0, 3, 2], a[1]])),
    "take_along_dim": (
        lambda x: torch.take_along_dim(x, torch.tensor(PLACES), 1), lambda a: np.take_along_axis(a, PLACES, 1)),
    "cummax": (lambda x: first(x.cummax(1)), lambda a: np.maximum.accumulate(a, 1)),
    "cummin": (lambda x: first(torch.cummin(x, 0)), lambda a: np.minimum.accumulate(a, 0)),
    "diff": (lambda x: x.diff(dim=0), lambda a: np.diff(a, axis=0)),
    "quantile": (lambda x: x.quantile(0.4), lambda a: np.quantile(a, 0.4)),
    "nansum": (lambda x: x.nansum(0), lambda a: a.sum(0)),
    "kthvalue": (lambda x: first(x.kthvalue(2)), lambda a: np.sort(a)[:, 1]),
    "cov": (lambda x: x.cov(), np.cov),
    "corrcoef": (lambda x: x.corrcoef(), np.corrcoef),
    "trapezoid": (lambda x: torch.trapezoid(x, dx=2.0), lambda a: np.trapezoid(a, dx=2.0)),
    "tensor_split": (lambda x: x.tensor_split(2, dim=1)[0], lambda a: np.array_split(a, 2, 1)[0]),
    "unflatten": (lambda x: x.unflatten(1, (-1, 1)), lambda a: a[:, :, None]),
    "block_diag": (lambda x: torch.block_diag(x[:, :2], x[:1, :1]),
                   lambda a: np.block([[a[:, :2], np.zeros((2, 1))], [np.zeros((1, 2)), a[:1, :1]]])),
    "cdist": (lambda x: torch.cdist(x, 2 * x), lambda a: np.sqrt(((a[:, None] - 2 * a) ** 2).sum(-1))),
    "logit": (lambda x: (x / 10).logit(), lambda a: np.log(a / (10 - a))),
    "xlogy": (lambda x: x.xlogy(x), lambda a: a * np.log(a)),
    "rot90": (lambda x: x.rot90(), np.rot90),
    "det": (lambda x: x[:, :2].det(), lambda a: np.linalg.det(a[:, :2])),
    "inverse": (lambda x: x[:, :2].inverse(), lambda a: np.linalg.inv(a[:, :2])),
    "addr": (lambda x: torch.addr(x, x[:, 0], x[0]), lambda a: a + np.outer(a[:, 0], a[0])),
    "vander": (lambda x: torch.vander(x[0]), lambda a: np.vander(a[0])),
}  # fmt: skip


@pytest.mark.parametrize("name", WITH_DERIVATIVES)
def test_functions_that_numpy_has_too(name):
    ours, numpys = WITH_DERIVATIVES[name]
    np.testing.assert_allclose(ours(torch.tensor(A)).numpy(), numpys(A), rtol=1e-12)
    assert ours(torch.tensor(A).float()).dtype is torch.float32
    adkit.check_grads(lambda a: ours(torch.as_tensor(a))._h if isinstance(a, np.ndarray) else ours_of(ours, a), (A,))


def ours_of(ours, traced):
    from adkit.styles.pytorch.operands import wrap

    return ours(wrap(traced))._h


def test_functions_without_derivatives():
    assert torch.searchsorted(torch.tensor([1, 3]), torch.tensor([0, 3])).tolist() == [0, 1]
    assert torch.bucketize(torch.tensor([3.0]), torch.tensor([1.0, 3.0]), right=True).tolist() == [2]
    assert torch.isin(torch.tensor([1, 2]), torch.tensor([2])).tolist() == [False, True]
    assert torch.bincount(torch.tensor([0, 1, 1])).tolist() == [1, 2]
    values, counts = torch.unique(torch.tensor([1, 1, 2]), return_counts=True)
    assert (values.tolist(), counts.tolist()) == ([1, 2], [2, 1])
    assert torch.tril_indices(2, 2).tolist() == [[0, 1, 1], [0, 0, 1]]
    assert torch.gcd(torch.tensor(4), torch.tensor(6)).item() == 2
    assert torch.promote_types(torch.int32, torch.float16) is torch.float16
    assert torch.zeros(2, 2).fill_diagonal_(5).tolist() == [[5, 0], [0, 5]]
    assert torch.zeros(2, 3).scatter_(1, torch.tensor([[2], [0]]), 1.0).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert torch.from_dlpack(np.arange(2.0)).tolist() == [0, 1]


def test_out_is_written_and_lets_no_derivative_pass():
    x, out = torch.ones(2, 2), torch.zeros(2, 2)
    assert torch.matmul(x, x, out=out) is out
    assert out.tolist() == [[2, 2], [2, 2]]
    torch.mul(out, out, out=out)
    torch.exp(torch.zeros(2, 2), out=x)
    assert out.tolist() == [[4, 4], [4, 4]]
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        torch.add(x.requires_grad_(), 1, out=out)


def test_texts_of_introductions():
    loss = torch.tensor(2.5, requires_grad=True) * 1
    assert f"{loss} {loss:.2f} {torch.tensor(3)} {torch.ones(2)}" == "2.5 2.50 3 tensor([1., 1.])"
    found = torch.tensor([[1.0, 3.0]]).max(dim=1)
    assert repr(found) == "torch.return_types.max(\nvalues=tensor([3.]),\nindices=tensor([1]))"
    assert found.values.tolist() == found[0].tolist() == [3]
    assert str(torch.tensor([1.0, 2.0]).cummin(0)).startswith("torch.return_types.cummin(")
    torch.set_printoptions(precision=2, sci_mode=False)
    try:
        assert repr(torch.tensor([1.23456, 1e-5])) == "tensor([1.23, 0.00])"
    finally:
        torch.set_printoptions(profile="default")
    assert repr(torch.tensor([1.23456])) == "tensor([1.2346])"
    y = torch.zeros(2)
    y[0] = loss
    assert repr(y) == "tensor([2.5000, 0.0000], grad_fn=<CopySlices>)"
    assert torch.ones(3, requires_grad=True).flatten().is_leaf


def test_the_default_device_is_the_cpu():
    torch.set_default_device("cpu")
    assert torch.get_default_device() == torch.device("cpu")
    with pytest.raises(adkit.AdkitError, match="computes on the CPU") as caught:
        torch.set_default_device("cuda")
    assert caught.value.line is not None


def test_saved_values_of_the_graph():
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y = x.pow(2)
    assert y.grad_fn._saved_self is x
    assert x.exp().grad_fn._saved_result.tolist() == pytest.approx(np.exp([2.0, 3.0]).tolist())
    with pytest.raises(AttributeError):
        y.grad_fn._saved_weight  # noqa: B018
    y.sum().backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.grad_fn._saved_self  # noqa: B018


def test_the_gradient_of_a_computed_tensor_is_none_with_a_warning():
    x = torch.tensor([1.0], requires_grad=True)
    y = x * 2
    with pytest.warns(UserWarning, match="not a leaf Tensor is being accessed"):
        assert y.grad is None
    y.retain_grad()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert y.grad is None
        assert x.grad is None


def test_silence_at_poles():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for requires_grad in (False, True):
            x = torch.tensor([-1.0, 0.0, 1000.0], requires_grad=requires_grad)
            for made in (x.log(), x.sqrt(), x.exp(), x / 0, 1 / x, x**-1, x**0.5, x.rsqrt(), x % 0, torch.asin(x)):
                assert not made.isfinite().all()
                if requires_grad:
                    x.grad = None
                    made.sum().backward()


SHAPES = {
    "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)": lambda x: x @ x,
    "size mismatch": lambda x: x @ torch.ones(2),
    "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1":
        lambda x: x + torch.ones(4),
    "The size of tensor a (2) must match the size of tensor b (5) at non-singleton dimension 1":
        lambda x: torch.ones(4, 2, 3) * torch.mul(torch.ones(5, 3), 1) + x,
    "shape '[4, 2]' is invalid for input of size 6": lambda x: x.view(4, 2),
    "shape '[5]' is invalid for input of size 6": lambda x: x.reshape(5),
    "Sizes of tensors must match except in dimension 0": lambda x: torch.cat([x, torch.ones(2, 2)]),
    "stack expects each tensor to be equal size": lambda x: torch.stack([x, torch.ones(2, 2)]),
}  # fmt: skip


@pytest.mark.parametrize("message", SHAPES)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_shapes_that_do_not_fit(message, requires_grad):
    x = torch.ones(2, 3, requires_grad=requires_grad)
    with pytest.raises(RuntimeError) as caught:
        SHAPES[message](x)
    assert isinstance(caught.value, adkit.AdkitError)
    assert caught.value.message.startswith(message)
    assert caught.value.fix


def test_a_wrong_derivative_fails_gradcheck_as_in_pytorch():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, g):
            return 3 * g * ctx.saved_tensors[0]

    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    with pytest.raises(RuntimeError, match="Jacobian mismatch") as caught:
        torch.autograd.gradcheck(Wrong.apply, x)
    assert isinstance(caught.value, adkit.AdkitError)


def test_what_a_tensor_lacks_says_what_to_use():
    with pytest.raises(AttributeError, match="Fix: write it with tensor operations"):
        torch.ones(2).to_sparse()
    assert not hasattr(torch.ones(2), "to_sparse")


def test_the_last_layer_of_a_frozen_network_is_replaced():
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2)).requires_grad_(False)
    model[-1] = torch.nn.Linear(4, 5)
    assert [p.requires_grad for p in model.parameters()] == [False, False, True, True]
    model(torch.ones(2, 3)).sum().backward()
    assert model[0].weight.grad is None
    assert model[2].weight.grad.shape == (5, 4)
    assert [name for name, _ in model.named_children()] == ["0", "1", "2"]


def test_backward_hooks_are_at_tensors():
    layer, seen = torch.nn.Linear(2, 1), []
    with pytest.raises(adkit.AdkitError, match="out.register_hook"):
        layer.register_full_backward_hook(print)
    layer.register_forward_hook(lambda module, args, out: out.register_hook(seen.append) and None)
    layer(torch.ones(3, 2)).sum().backward()
    assert seen[0].tolist() == [[1], [1], [1]]


def test_hooks_stay_with_the_graph_when_the_tensor_is_gone():
    from adkit.styles.pytorch.graph import hooked

    x, seen, before = torch.tensor(2.0, requires_grad=True), [], set(hooked)

    def hidden(x):
        y = x * 3
        y.register_hook(lambda g: seen.append(g.item()) or g * 10)
        return y * y

    hidden(x).backward()
    assert (x.grad.item(), seen) == (360.0, [12.0])
    assert not set(hooked) - before
    kept = hidden(x)
    kept.backward(retain_graph=True)
    kept.backward()
    assert seen == [12.0] * 3
