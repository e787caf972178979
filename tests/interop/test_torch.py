"""The adapter for PyTorch: values, adkit's functions within torch, torch's functions within adkit, and errors."""

import numpy as np
import pytest

import adkit
from adkit.interop.torch import adapt, from_torch, to_torch, wrap

torch = pytest.importorskip("torch")

X = np.array([0.4, 1.3, -0.8])


def ours(x):
    return np.sum(np.sin(x) * x**2) + np.prod(x)


def theirs(x):
    return (torch.sin(x) * x**2).sum() + x.prod()


def leaf(values):
    return torch.tensor(values, requires_grad=True)


# ------------------------------------------------------------------------------------------------ values


def test_memory_is_shared_both_ways():
    x = np.arange(6.0).reshape(2, 3)
    assert np.shares_memory(from_torch(to_torch(x)), x)
    t = torch.arange(4.0)
    assert to_torch(from_torch(t)).data_ptr() == t.data_ptr()
    assert np.shares_memory(adkit.from_dlpack(t), t.numpy())
    assert from_torch(t[::2]).tolist() == [0.0, 2.0]
    g = adkit.grad(lambda v: np.sum(v**2))(x)
    assert torch.from_dlpack(g).tolist() == (2 * x).tolist()


def test_trees_scalars_dtypes_and_arrays_that_torch_cannot_share():
    tree = {"w": np.ones(2, np.float32), "s": 0.5, "n": 3, "flag": True, "name": "x", "i": np.arange(2)}
    made = to_torch(tree)
    assert [made["w"].dtype, made["s"].dtype, made["i"].dtype] == [torch.float32, torch.float64, torch.int64]
    assert (made["n"], made["flag"], made["name"]) == (3, True, "x")
    back = from_torch(made)
    assert type(back["s"]) is np.float64
    assert back["w"].dtype == np.float32
    reversed_, read_only = X[::-1], np.broadcast_to(1.0, (3,))
    assert to_torch(reversed_).tolist() == reversed_.tolist()
    assert to_torch(read_only).tolist() == [1.0] * 3
    z = torch.tensor([1 + 2j]).conj()
    assert from_torch(z).tolist() == [1 - 2j]


def test_what_cannot_be_converted_is_said():
    with pytest.raises(adkit.UnsupportedError, match=r"dtype torch.bfloat16 cannot be shared.*float32"):
        from_torch(torch.ones(2, dtype=torch.bfloat16))
    with pytest.raises(adkit.InputError, match=r"requires grad would lose its derivative.*x.detach\(\).*adapt\(f\)"):
        adkit.from_dlpack(leaf([1.0]))
    with pytest.raises(adkit.InputError, match=r"a traced value would become a tensor.*wrap\(f\)"):
        adkit.grad(lambda x: to_torch(x).sum())(X)


# ------------------------------------------------------------------------------------------------ adkit within torch


def test_torch_differentiates_through_adkit_to_any_order():
    x, y = leaf(X), leaf(X)
    f = adapt(ours)
    for _ in range(3):
        pairs = []
        for function, at in ((f, x), (theirs, y)):
            value = function(at)
            (g,) = torch.autograd.grad(value, at, create_graph=True)
            (h,) = torch.autograd.grad((g * torch.arange(1.0, 4.0)).sum(), at, create_graph=True)
            (third,) = torch.autograd.grad(h.square().sum(), at)
            pairs.append([v.detach().numpy() for v in (value, g, h, third)])
        for a, b in zip(*pairs):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    assert torch.autograd.gradcheck(f, (x,))
    assert torch.autograd.gradgradcheck(f, (x,))


def test_complex_numbers_pair_as_torch_pairs_them():
    f = adapt(lambda z: z * z * np.conj(z) + np.sin(z))
    z = leaf(np.array([1 + 2j, 0.5 - 1j]))
    assert torch.autograd.gradcheck(f, (z,))
    assert torch.autograd.gradgradcheck(f, (z,))


def test_arguments_and_results_of_every_form():
    def f(p, scale, x=None):
        return {"out": p["w"] * x * scale, "count": len(x), "largest": np.argmax(x), "pair": (p["w"] + x, 1.0)}

    w, x = leaf(X), torch.tensor(X)
    made = adapt(f)({"w": w}, 2.0, x=x)
    assert (made["count"], int(made["largest"])) == (3, 1)
    assert made["out"].requires_grad
    (g,) = torch.autograd.grad(made["out"].sum() + made["pair"][0].sum(), w)
    np.testing.assert_allclose(g.numpy(), 2 * X + 1)
    with torch.no_grad():
        assert not adapt(f)({"w": w}, 2.0, x=x)["out"].requires_grad
    single = leaf(np.float32(X))
    (g,) = torch.autograd.grad(adapt(ours)(single), single)
    assert g.dtype == torch.float32


def test_transformations_take_tensors_by_the_adapter():
    t = torch.tensor(X)
    np.testing.assert_allclose(adapt(adkit.grad(ours))(t).numpy(), adkit.grad(ours)(X))
    np.testing.assert_allclose(adapt(adkit.hessian(ours))(t).numpy(), adkit.hessian(ours)(X))
    assert isinstance(adapt(ours)(t), torch.Tensor)


def test_a_function_of_adkit_as_a_layer_of_torch():
    """One step of torch's SGD through a layer of torch, a function of adkit, and a loss of torch."""
    torch.manual_seed(0)
    layer = torch.nn.Linear(3, 3).double()
    losses = {}
    for name, middle in (("adkit", adapt(lambda h: np.tanh(h) * h)), ("torch", lambda h: torch.tanh(h) * h)):
        model = torch.nn.Linear(3, 3).double()
        model.load_state_dict(layer.state_dict())
        sgd = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            sgd.zero_grad()
            loss = middle(model(torch.tensor(X))).square().mean()
            loss.backward()
            sgd.step()
        losses[name] = loss.item()
    assert losses["adkit"] == pytest.approx(losses["torch"], rel=1e-12)


# ------------------------------------------------------------------------------------------------ torch within adkit


def test_adkit_differentiates_through_torch_in_both_modes_and_to_any_order():
    f = wrap(theirs)
    v = np.array([1.0, -0.5, 2.0])
    assert f(X) == pytest.approx(ours(X))
    np.testing.assert_allclose(adkit.grad(f)(X), adkit.grad(ours)(X), rtol=1e-12)
    np.testing.assert_allclose(adkit.jvp(f, (X,), (v,))[1], adkit.jvp(ours, (X,), (v,))[1], rtol=1e-12)
    np.testing.assert_allclose(adkit.hessian(f)(X), adkit.hessian(ours)(X), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(adkit.hvp(f, X, v), adkit.hvp(ours, X, v), rtol=1e-12)
    third = adkit.grad(adkit.grad(adkit.grad(wrap(lambda x: torch.sin(x) * x**2))))
    assert third(0.7) == pytest.approx(adkit.derivative(lambda x: np.sin(x) * x**2, 3)(0.7), rel=1e-12)
    assert adkit.check_grads(f, X, order=2).verdict == "agree"


def test_trees_several_results_and_arguments_without_influence():
    f = wrap(lambda p, x, n: (p["w"] * x, (x.square().sum() * n, p["w"].detach())))
    p = {"w": X, "unused": np.ones(2)}

    def total(p, x):
        a, (b, c) = f(p, x, 2)
        return np.sum(a) + b + np.sum(c)

    g, gx = adkit.grad(total, argnums=(0, 1))(p, 2 * X)
    np.testing.assert_allclose(g["w"], 2 * X)
    np.testing.assert_array_equal(g["unused"], np.zeros(2))
    np.testing.assert_allclose(gx, X + 8 * X)


def test_complex_results_of_torch():
    z, w = np.array([1 + 2j, 0.5 - 1j]), np.array([1 + 1j, 2j])
    f = wrap(lambda z: z * z * z.conj() + torch.sin(z))
    want = adkit.vjp(lambda z: z * z * np.conj(z) + np.sin(z), z)[1](w)
    np.testing.assert_allclose(adkit.vjp(f, z)[1](w)[0], want[0], rtol=1e-12)


def test_a_network_of_torch_within_a_function_of_adkit():
    torch.manual_seed(1)
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)).double()
    f = wrap(network)
    x = leaf(X)
    network(torch.sin(x) * 2).sum().backward()
    np.testing.assert_allclose(adkit.grad(lambda v: np.sum(f(np.sin(v) * 2)))(X), x.grad.numpy(), rtol=1e-12)
    assert all(p.grad is not None for p in network.parameters())  # of torch's own backward above


def test_fit_of_a_model_of_torch():
    """`functional_call` gives the parameters of a module as a tree, so that `fit` can train it."""
    from adkit import nn, optim

    torch.manual_seed(2)
    module = torch.nn.Linear(2, 1).double()
    params = {name: p.detach().numpy().copy() for name, p in module.named_parameters()}
    call = wrap(lambda p, x: torch.func.functional_call(module, p, (x,)))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2))
    y = x @ np.array([[2.0], [-1.0]]) + 0.5
    result = optim.fit(
        lambda p, x, y: nn.mse(call(p, x), y), params, (x, y), epochs=300, optimizer=optim.adam(0.05), progress=False
    )
    np.testing.assert_allclose(result.params["weight"], [[2.0, -1.0]], atol=1e-3)


# ------------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    "call", [adkit.grad, adkit.jacobian, adkit.trace, lambda f: lambda x: adkit.jvp(f, (x,), (x,))]
)
def test_a_tensor_given_to_a_transformation_names_the_adapter(call):
    for x in (torch.ones(2), {"w": 1.0, "x": torch.ones(2)}):
        with pytest.raises(adkit.InputError, match=r"a torch Tensor.*adkit.interop.torch.adapt\(adkit.grad\(f\)\)"):
            call(lambda v: v)(x)


@pytest.mark.parametrize(
    "mixed",
    [
        lambda x: (x * torch.ones(3)).sum(),
        lambda x: (torch.ones(3) * x).sum(),
        lambda x: np.sum(np.multiply(x, torch.ones(3))),
        lambda x: torch.sin(x).sum(),
    ],
)
def test_a_tensor_beside_a_traced_value_names_the_ways_out(mixed):
    with pytest.raises(adkit.UnsupportedError, match=r"met a tensor.*\(line \d+\).*from_torch.*wrap\(f\)"):
        adkit.grad(mixed)(X)
