"""`torch.autograd`: `grad`, `Function`, `functional`, `gradcheck`."""

import numpy as np
import pytest

import adkit
import adkit.styles.pytorch as torch

A = torch.autograd


def leaf(*values):
    return torch.tensor(values if len(values) > 1 else values[0], dtype=torch.float64, requires_grad=True)


def test_grad_of_intermediate_and_leaf():
    a = leaf(2.0)
    b = a * 3
    by_a, by_b = A.grad(b * a, [a, b])
    assert (by_a.item(), by_b.item()) == (12.0, 2.0)
    assert a.grad is None


def test_grad_of_what_is_not_used():
    x, other = leaf(1.0), leaf(2.0)
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        A.grad(x * 2, other)
    assert A.grad(x * 2, [x, other], allow_unused=True)[1] is None
    assert A.grad(x * 2, [other], materialize_grads=True)[0].item() == 0.0
    with pytest.raises(RuntimeError, match="does not require grad"):
        A.grad(x * 2, torch.ones(1))


def test_higher_orders():
    x = leaf(0.7)
    y, found = x.sin() * x**3, []
    for _ in range(3):
        (y,) = A.grad(y, x, create_graph=True)
        found.append(y.item())
    v, s, c = 0.7, np.sin(0.7), np.cos(0.7)
    third = -c * v**3 - 9 * v**2 * s + 18 * v * c + 6 * s
    np.testing.assert_allclose(found[2], third, rtol=1e-12)


class Square(A.Function):
    @staticmethod
    def forward(ctx, x, scale, flag=True):
        ctx.save_for_backward(x)
        ctx.scale = scale
        return scale * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        assert ctx.needs_input_grad == (True, False)
        return 2 * ctx.scale * x * g, None


def test_a_function():
    x = leaf(1.0, 2.0)
    y = Square.apply(x, 3.0)
    assert y.grad_fn.name() == "SquareBackward"
    (g,) = A.grad(y.sum(), x, create_graph=True)
    (h,) = A.grad(g.sum(), x)
    assert (g.tolist(), h.tolist()) == ([6.0, 12.0], [6.0, 6.0])
    assert A.gradcheck(lambda t: Square.apply(t, 3.0), x)
    assert A.gradgradcheck(lambda t: Square.apply(t, 3.0), x)
    assert not Square.apply(torch.ones(2), 3.0).requires_grad
    y = Square.apply(x, 3.0).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_a_function_of_several_results():
    class Both(A.Function):
        @staticmethod
        def forward(ctx, a, b):
            out = a * b
            ctx.save_for_backward(a, b, out)
            return out, a + b

        @staticmethod
        def backward(ctx, g, h):
            a, b, out = ctx.saved_tensors
            assert torch.equal(out, a * b)
            return g * b + h, g * a + h

    a, b = leaf(2.0), leaf(5.0)
    product, total = Both.apply(a, b)
    (product + 10 * total).backward()
    assert (a.grad.item(), b.grad.item()) == (15.0, 12.0)
    a.grad = None
    Both.apply(a, b)[1].backward()  # of the other result backward gets zeros
    assert a.grad.item() == 1.0


def test_a_function_with_setup_context():
    class Exp(A.Function):
        @staticmethod
        def forward(x):
            return x.exp()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    x = leaf(0.5)
    (first,) = A.grad(Exp.apply(x), x, create_graph=True)
    (second,) = A.grad(first, x)
    assert second.item() == pytest.approx(np.exp(0.5), rel=1e-14)


def test_what_is_wrong_with_a_function():
    class Few(A.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, g):
            return g

    class Once(A.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        @A.function.once_differentiable
        def backward(ctx, g):
            return torch.tensor(2 * g.numpy())

    x = leaf(1.0)
    with pytest.raises(RuntimeError, match=r"incorrect number of gradients \(expected 2, got 1\)"):
        Few.apply(x, x).backward()
    with pytest.raises(RuntimeError, match="is an autograd.Function"):
        Few()
    Once.apply(x).backward()
    assert x.grad.item() == 2.0
    (g,) = A.grad(Once.apply(x), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        (g * x).backward()


def test_functional():
    F = A.functional
    p, q = leaf(0.1, 0.2).detach(), leaf(0.3, 0.4).detach()
    blocks = F.jacobian(lambda a, b: (a * b, a.exp()), (p, q))
    assert [[b.shape for b in row] for row in blocks] == [[(2, 2)] * 2] * 2
    np.testing.assert_allclose(blocks[0][0].numpy(), np.diag([0.3, 0.4]))
    assert blocks[1][1].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    hessian = F.hessian(lambda a, b: (a.sin() * b).sum(), (p, q))
    np.testing.assert_allclose(hessian[0][1].numpy(), np.diag(np.cos([0.1, 0.2])))
    value, pulled = F.vjp(lambda a: a**2, p, q)
    np.testing.assert_allclose(pulled.numpy(), 2 * p.numpy() * q.numpy())
    value, pushed = F.jvp(lambda a: a.sum(), p, q)
    assert (value.item(), pushed.item()) == pytest.approx((0.3, 0.7))
    np.testing.assert_allclose(F.hvp(lambda a: (a**3).sum(), p, q)[1].numpy(), 6 * p.numpy() * q.numpy())
    assert F.jacobian(lambda a: q * 1, p).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    with pytest.raises(RuntimeError, match="v can only be None"):
        F.vjp(lambda a: a * 2, p)
    with pytest.raises(RuntimeError, match="single element"):
        F.hessian(lambda a: a * 2, p)


def test_functional_with_a_graph():
    x = leaf(2.0, 3.0)
    A.functional.jacobian(lambda a: a**3, x, create_graph=True).sum().backward()
    assert x.grad.tolist() == [12.0, 18.0]
    assert not A.functional.jacobian(lambda a: a**3, x).requires_grad


def test_gradcheck_finds_a_wrong_backward():
    class Wrong(A.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, g):
            return 3 * ctx.saved_tensors[0] * g

    x = leaf(1.5)
    with pytest.raises(adkit.CheckError):
        A.gradcheck(Wrong.apply, x)
    assert A.gradcheck(Wrong.apply, x, raise_exception=False) is False
    with pytest.raises(RuntimeError, match="at least one input tensor"):
        A.gradcheck(torch.sin, torch.ones(1))


def test_variable_and_backward_of_several():
    x = A.Variable(torch.ones(2), requires_grad=True)
    A.backward([x.sum(), (x * 2).sum()], [torch.tensor(1.0), torch.tensor(10.0)])
    assert x.grad.tolist() == [21.0, 21.0]
