"""Values, gradients and second derivatives of NumPy's functions beside PyTorch's and JAX's, in float64 at 1e-10.

Each peer is skipped where it is not installed. Not for: speed (`benchmarks`).
"""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

import adkit.scipy.special
from adkit import grad, jvp

M = np.cos(np.arange(1.0, 10.0) ** 1.4).reshape(3, 3) + 2 * np.eye(3)
U = np.array([0.15, 0.4, 0.85])
S = np.array([-1.3, 0.4, 1.9])
P = np.array([0.6, 1.7, 2.4])
W = np.array([[0.7, -1.2, 0.5], [1.1, 0.3, -0.8], [-0.4, 0.9, 1.6]])


# name in NumPy -> (point, name in torch or None, name in jax.numpy or None)
UNARY = {
    **{n: (S, n, n) for n in "sin cos tan tanh sinh cosh exp exp2 expm1 square negative absolute".split()},
    **{n: (P, n, n) for n in "sqrt log log2 log10 log1p reciprocal".split()},
    **{n: (S, n, n) for n in "arctan arcsinh sinc sign floor".split()},
    **{n: (U, n, n) for n in "arcsin arccos arctanh".split()},
    "arccosh": (P + 1, "arccosh", "arccosh"),
    "cbrt": (P, None, "cbrt"),
    "deg2rad": (S, "deg2rad", "deg2rad"),
    "rad2deg": (S, "rad2deg", "rad2deg"),
    "cumsum": (S, None, "cumsum"),
    "cumprod": (S, None, "cumprod"),
    "sum": (S, "sum", "sum"),
    "mean": (S, "mean", "mean"),
    "prod": (S, "prod", "prod"),
    "max": (S, "max", "max"),
    "min": (S, "min", "min"),
    "sort": (S, None, "sort"),
    "diff": (S, "diff", "diff"),
    "median": (S, "median", "median"),
    "var": (S, None, "var"),
    "std": (S, None, "std"),
    "nansum": (S, "nansum", "nansum"),
    "ravel": (W, "ravel", "ravel"),
    "transpose": (W, "t", "transpose"),
    "trace": (W, "trace", "trace"),
    "diag": (W, "diag", "diag"),
    "tril": (W, "tril", "tril"),
    "triu": (W, "triu", "triu"),
    "fliplr": (W, "fliplr", "fliplr"),
    "flipud": (W, "flipud", "flipud"),
    "rot90": (W, "rot90", "rot90"),
    "gradient": (S, None, "gradient"),
    "trapezoid": (S, "trapezoid", "trapezoid"),
}
BINARY = {
    **{n: n for n in "add subtract multiply divide maximum minimum hypot arctan2 logaddexp copysign fmax fmin".split()},
    "power": "pow",
    "fmod": "fmod",
    "remainder": "remainder",
    "outer": "outer",
    "kron": "kron",
    "matmul": "matmul",
    "dot": "dot",
    "logaddexp2": "logaddexp2",
    "cross": "linalg.cross",
}
LINALG = {  # as expressions of a namespace and a matrix, which torch and jax.numpy understand alike
    "inv": lambda la, a: la.inv(a),
    "det": lambda la, a: la.det(a),
    "slogdet": lambda la, a: la.slogdet(a)[1],
    "solve": lambda la, a: la.solve(a, a * a + 1.0),
    "cholesky": lambda la, a: la.cholesky(a @ a.T + a.T @ a),
    "eigvalsh": lambda la, a: la.eigvalsh(a + a.T),
    "svd": lambda la, a: la.svd(a)[1],
    "qr": lambda la, a: abs(la.qr(a)[1]),
    "pinv": lambda la, a: la.pinv(a),
    "norm": lambda la, a: la.norm(a),
    "matrix_power": lambda la, a: la.matrix_power(a, 3),
    "eigh": lambda la, a: la.eigh(a + a.T)[1] ** 2,
    "cond": lambda la, a: la.cond(a),
    "multi_dot": lambda la, a: la.multi_dot([a, a, a]),
}
FFT = {
    name: (lambda fft, a, name=name: abs(getattr(fft, name)(a)) ** 2)
    for name in "fft ifft rfft hfft fft2 rfft2".split()
}
SPECIAL = {  # name in scipy.special -> point, name in torch.special or None
    "erf": (S, "erf"),
    "erfc": (S, "erfc"),
    "erfinv": (U, "erfinv"),
    "expit": (S, "expit"),
    "logit": (U, "logit"),
    "gammaln": (P, None),  # torch's polygamma, which derivatives need, is right to 4e-10 only
    "psi": (P, None),
    "ndtr": (S, "ndtr"),
    "ndtri": (U, "ndtri"),
    "log_ndtr": (S, "log_ndtr"),
    "i0": (S, "i0"),
    "i1": (S, "i1"),
    "i0e": (S, "i0e"),
    "i1e": (S, "i1e"),
    "entr": (P, "entr"),
    "xlogy": (P, "xlogy"),
    "xlog1py": (P, "xlog1py"),
    "logsumexp": (S, "logsumexp"),
}


def lookup(module, name):
    for part in name.split("."):
        module = getattr(module, part)
    return module


def weighted(value):
    """A scalar of a result in which every element counts differently."""
    parts = value if isinstance(value, (tuple, list)) else [value]
    total = 0.0
    for part in parts:
        flat = part.reshape(-1)
        for i in range(flat.shape[0]):
            total = total + (0.7 + 0.31 * i) * flat[i] ** 2 if i % 2 else total + (1.3 - 0.17 * i) * flat[i]
    return total


def cases():
    """NumPy's name, torch's (or `None`) and JAX's, the second operand (or `None`), and the point."""
    for name, (x, torch_name, jax_name) in UNARY.items():
        yield name, torch_name, jax_name, None, x
    for name, torch_name in BINARY.items():
        yield name, torch_name, name, W, W + 2.5 if name in ("power", "fmod", "remainder", "divide") else M


def on_numpy(name, other):
    f = getattr(np, name)
    return (lambda x: weighted(f(x))) if other is None else (lambda x: weighted(f(x, other)))


def compare(f, theirs, x):
    """`theirs(x, v)` gives the value, the gradient, and the Hessian times v."""
    v = np.linspace(0.5, 1.5, x.size).reshape(x.shape)
    value, gradient, product = theirs(x, v)
    slope = grad(f)(x)
    along = jvp(grad(f), (x,), (v,))[1]
    for ours, reference in ((f(x), value), (slope, gradient), (along, product)):
        size = max(1.0, float(np.max(np.abs(reference))))
        np.testing.assert_allclose(ours, reference, rtol=1e-10, atol=1e-10 * size)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.fixture(scope="module")
def jax():
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    jax.config.update("jax_enable_x64", True)
    return jax


def by_torch(torch, f):
    def theirs(x, v):
        t = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        value = f(t)
        (g,) = torch.autograd.grad(value, t, create_graph=True)
        h = torch.zeros_like(t)
        if g.requires_grad:
            (h,) = torch.autograd.grad((g * torch.tensor(v)).sum(), t, allow_unused=True)
            h = torch.zeros_like(t) if h is None else h
        return value.detach().numpy(), g.detach().numpy(), h.detach().numpy()

    return theirs


def by_jax(jax, f):
    def theirs(x, v):
        x, v = jax.numpy.asarray(x), jax.numpy.asarray(v)
        return tuple(map(np.asarray, (f(x), jax.grad(f)(x), jax.jvp(jax.grad(f), (x,), (v,))[1])))

    return theirs


CONSTANT = {"sign", "floor"}  # piecewise constant: adkit says so instead of returning zeros
PLAIN = {name: args for name, *args in cases() if name not in CONSTANT}


@pytest.mark.parametrize("name", PLAIN)
def test_numpy_functions_beside_torch(name, torch):
    torch_name, _, other, x = PLAIN[name]
    if torch_name is None:
        pytest.skip(f"torch has no {name} with these arguments")
    f = lookup(torch, torch_name)
    t = None if other is None else torch.tensor(other)
    theirs = (lambda a: weighted(f(a))) if t is None else (lambda a: weighted(f(a, t)))
    if name == "dot":
        theirs = lambda a: weighted(a @ t)  # noqa: E731
    if name == "outer":
        theirs = lambda a: weighted(torch.outer(a.reshape(-1), t.reshape(-1)))  # noqa: E731
    compare(on_numpy(name, other), by_torch(torch, theirs), x)


@pytest.mark.parametrize("name", PLAIN)
def test_numpy_functions_beside_jax(name, jax):
    _, jax_name, other, x = PLAIN[name]
    f = getattr(jax.numpy, jax_name)
    theirs = (lambda a: weighted(f(a))) if other is None else (lambda a: weighted(f(a, other)))
    compare(on_numpy(name, other), by_jax(jax, theirs), x)


@pytest.mark.parametrize("name", LINALG)
def test_linear_algebra_beside_torch(name, torch):
    f = LINALG[name]
    compare(lambda a: weighted(f(np.linalg, a)), by_torch(torch, lambda a: weighted(f(torch.linalg, a))), M)


@pytest.mark.parametrize("name", LINALG)
def test_linear_algebra_beside_jax(name, jax):
    f = LINALG[name]
    compare(lambda a: weighted(f(np.linalg, a)), by_jax(jax, lambda a: weighted(f(jax.numpy.linalg, a))), M)


@pytest.mark.parametrize("name", FFT)
def test_fft_beside_both(name, torch, jax):
    f = FFT[name]
    compare(lambda a: weighted(f(np.fft, a)), by_torch(torch, lambda a: weighted(f(torch.fft, a))), W)
    compare(lambda a: weighted(f(np.fft, a)), by_jax(jax, lambda a: weighted(f(jax.numpy.fft, a))), W)


def special(module, name):
    f = getattr(module, name)
    if name in ("xlogy", "xlog1py"):
        return lambda a: weighted(f(a * a, a))
    if name == "logsumexp":
        return lambda a: weighted(f(a, 0).reshape(-1))
    return lambda a: weighted(f(a))


def on_scipy(name):
    # scipy.special.logsumexp is no ufunc, so that it reaches adkit under adkit's name only
    return special(adkit.scipy.special if name == "logsumexp" else scipy.special, name)


@pytest.mark.parametrize("name", SPECIAL)
def test_special_functions_beside_torch(name, torch):
    x, torch_name = SPECIAL[name]
    if torch_name is None:
        pytest.skip(f"torch computes the derivatives of {name} to 4e-10 only")
    compare(on_scipy(name), by_torch(torch, special(torch.special, torch_name)), x)


@pytest.mark.parametrize("name", SPECIAL)
def test_special_functions_beside_jax(name, jax):
    import jax.scipy.special as theirs

    x, _ = SPECIAL[name]
    compare(on_scipy(name), by_jax(jax, special(theirs, {"psi": "digamma"}.get(name, name))), x)
