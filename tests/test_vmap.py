"""`vmap` beside the loop that it stands for: values, shapes, dtypes, derivatives in every nesting, errors."""

from __future__ import annotations

import gc
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adkit
import adkit.numpy as anp
from adkit import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp, vmap
from adkit.errors import InputError, LeakError, MutationError
from adkit.handle import TracedArray
from adkit.nodes import Node, open_recording
from adkit.tracing import recording

from .arrays import OTHER_PLACES, device_name, from_numpy, to_numpy
from .programs import PROGRAMS, run

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(6, 3))
Y = RANDOM.normal(size=6)
M = RANDOM.normal(size=(6, 4, 3))
LABELS = np.array([0, 2, 1, 1, 0, 2])
ROWS = np.array([[0, -1], [2, 1], [1, 1], [0, 0], [2, -3], [1, 0]])
W = np.array([0.5, -1.0, 2.0])


def alive():
    """The number of nodes that exist."""
    gc.collect()
    return sum(type(thing) is Node for thing in gc.get_objects())


def stacked(f, *columns):
    """The loop: f of each example, each leaf of the results stacked."""
    import optree

    results = [f(*example) for example in zip(*columns, strict=True)]
    return optree.tree_map(lambda *leaves: np.stack(leaves), *results)


def same(made, expected, *, single=False):
    """Assert plain results of equal structure, shapes, dtypes, and values to rounding, `single` if some was in that."""
    import optree

    made, structure = optree.tree_flatten(made)
    expected, wanted = optree.tree_flatten(expected)
    assert structure == wanted
    for a, b in zip(made, expected, strict=True):
        assert not isinstance(a, TracedArray)
        assert (np.shape(a), np.asarray(a).dtype) == (np.shape(b), np.asarray(b).dtype)
        if np.asarray(b).dtype.kind not in "fc":
            np.testing.assert_array_equal(a, b)
            continue
        finite = np.abs(b)[np.isfinite(b)]
        scale = 1e4 * np.finfo(np.float32 if single else np.asarray(b).dtype).eps
        scale = min(scale, 1e-4)
        np.testing.assert_allclose(a, b, rtol=scale, atol=scale * max(1.0, np.max(finite, initial=0)))


# ------------------------------------------------------------------------------------------------ values

_PLAIN = {
    "elementwise": (lambda x: np.sin(x) * x + 1, X),
    "broadcasting": (lambda x, y: x * y + x[:, None], X, Y),
    "reductions": (lambda m: (m.sum(0), np.mean(m, axis=(0, 1)), np.std(m), m.max(-1), np.prod(m, axis=1)), M),
    "matrix times vector": (lambda m, x: m @ x, M, X),
    "vector times matrix": (lambda x, m: x @ m.T, X, M),
    "contraction": (lambda m, x: np.einsum("ij,j,kj->ik", m, x, m), M, X),
    "outer": (lambda x, y: np.outer(x, x) * y, X, Y),
    "solve": (lambda m, x: np.linalg.solve(m.T @ m + np.eye(3), x), M, X),
    "median": (np.median, M),
    "sorted": (lambda x: (np.sort(x), np.argsort(x)), X),
    "search in each": (lambda x: np.searchsorted(np.sort(x), 0.0), X),
    "covariance": (np.cov, M),
    "integers": (lambda n: (n // 2, n % 3, n * 1.5), np.arange(6)),
    "booleans": (lambda b: ~b, Y > 0),
    "integer powers": (lambda y, n: np.abs(y) ** n, Y, np.arange(6)),
    "complex": (lambda y: np.abs(y * 1j + 1) * np.exp(1j * y), Y),
    "single precision": (lambda x: np.tanh(x * 2 + 1) @ x, X.astype(np.float32)),
    "a number": (lambda x: 3, Y),
    "an array of its own": (lambda x: np.arange(3), Y),
    "a tree": (lambda x: {"a": x[0], "b": [x[1:], (2.0,)]}, X),
    "a list of elements": (lambda x: np.array([x[0], x[1] * 2]), X),
    "the argument": (lambda x: x, X),
    "a view of it": (lambda x: x[::-1], X),
    "rounding": (lambda y: round(y, 1) * y, Y),
}


@pytest.mark.parametrize("case", _PLAIN.values(), ids=_PLAIN)
def test_what_a_loop_would_give(case):
    f, *columns = case
    same(vmap(f)(*columns), stacked(f, *columns))


def test_each_operation_is_evaluated_once(monkeypatch):
    calls = []
    row = adkit.primitive.REGISTRY["solve"]
    evaluate = row._evaluate
    monkeypatch.setattr(row, "_evaluate", lambda *args, **params: calls.append(1) or evaluate(*args, **params))
    vmap(lambda m: np.linalg.solve(m.T @ m + np.eye(3), W))(M)
    assert len(calls) == 2  # on the example, and on the batch
    calls.clear()
    vmap(lambda x: np.linalg.solve(np.eye(3), anp.asarray(W)) + x)(X)
    assert len(calls) <= 1  # not repeated: nothing in it differs between examples


def test_results_share_no_memory():
    for f in (lambda x: x, lambda x: x[1:], lambda x: W, lambda x: np.broadcast_to(x[0], (2,))):
        made = vmap(f)(X)
        assert made.flags.writeable
        assert not np.may_share_memory(made, X)
        assert not np.may_share_memory(made, W)


def test_a_row_without_a_batch_is_evaluated_per_example(monkeypatch):
    row = adkit.primitive.REGISTRY["matmul"]
    monkeypatch.setattr(row, "batch", None)
    same(vmap(lambda m, x: m @ x)(M, X), stacked(lambda m, x: m @ x, M, X))
    same(grad(lambda w: np.sum(vmap(lambda m: m @ w)(M)))(W), np.sum(M, axis=(0, 1)))


# ------------------------------------------------------------------------------------------------ axes


def test_axes_of_arguments_and_results():
    same(vmap(lambda x: x * 2, 0, 1)(X), X.T * 2)
    same(vmap(lambda x: np.outer(x, x), 1, -1)(X.T), np.stack([np.outer(x, x) for x in X], -1))
    same(vmap(lambda m, x: m @ x, (-1, None))(M.transpose(1, 2, 0), W), np.stack([m @ W for m in M]))
    same(vmap(lambda x, y: x + y, [0, None])(Y, 2), Y + 2)
    tree = {"w": M, "b": 1.0}
    same(
        vmap(lambda p, x: p["w"] @ x + p["b"], ({"w": 0, "b": None}, 0))(tree, X),
        np.stack([m @ x + 1 for m, x in zip(M, X)]),
    )
    same(vmap(lambda x: (x, {"s": x[0], "c": 4.0}), 0, (1, {"s": 0, "c": None}))(X), (X.T, {"s": X[:, 0], "c": 4.0}))


def test_arguments_that_are_no_arrays():
    assert vmap(lambda x, how: x * 2 if how == "double" else x, (0, None))(Y, "double").tolist() == (Y * 2).tolist()
    same(vmap(lambda x, nothing: x if nothing is None else 0)(Y, None), Y)
    same(vmap(lambda x, f: f(x), (0, None))(Y, np.sin), np.sin(Y))
    assert vmap(lambda x: "text", out_axes=None)(Y) == "text"
    same(vmap(lambda x, scale: x * scale)(Y, scale=Y), Y * Y)
    same(vmap(lambda: 2.0, axis_size=3)(), np.full(3, 2.0))
    same(vmap(lambda x: (x, None))(Y), (Y, None))


_REFUSED = {
    "x has 6, y has 4": lambda: vmap(lambda x, y: x)(X, np.ones(4)),
    "d['a'] has 6, d['b'] has 2": lambda: vmap(lambda d: d["a"])({"a": X, "b": np.ones(2)}),
    "argument 0 has 6, k has 7": lambda: vmap(lambda *a, k: a[0])(X, k=np.ones(7)),
    "x has 6, and axis_size is 4": lambda: vmap(lambda x: x, axis_size=4)(X),
    "y is a single number": lambda: vmap(lambda x, y: x)(X, 3.0),
    "x[0] is a single number": lambda: vmap(lambda x: x)([1.0, 2.0]),
    "x has shape (3,), and no axis 1": lambda: vmap(lambda x: x, 1)(np.ones(3)),
    "s is of type str": lambda: vmap(lambda s: s)("abc"),
    "no argument is batched": lambda: vmap(lambda x: x, None)(X),
    "the batch is empty": lambda: vmap(lambda x: x)(np.zeros((0, 2))),
    "in_axes has 2 entries, and the call 1": lambda: vmap(lambda x: x, (0, 0))(X),
    "in_axes has 'a'": lambda: vmap(lambda x: x, "a")(X),
    "in_axes=({'a': 0},) does not have the structure of the arguments": lambda: vmap(lambda x: x, ({"a": 0},))(X),
    "out_axes is None for a result that depends on the example.": lambda: vmap(lambda x: x, 0, None)(X),
    "through the way that the function takes": lambda: vmap(lambda y: 1.0 if y > 0 else 2.0, 0, None)(Y),
    "examples 0 and 1 gave results of shapes (3,) and ()": lambda: vmap(lambda x: x if x[0] > 0.11 else x[0])(X),
    "of different structure": lambda: vmap(lambda x: (x,) if x[0] > 0.11 else [x])(X),
    "a value of type str": lambda: vmap(lambda x: "text")(X),
    "a result of 2 axes has no axis 5": lambda: vmap(lambda x: x, 0, 5)(X),
    "out_axes=(0, 0) does not have the structure of the results": lambda: vmap(lambda x: x, 0, (0, 0))(X),
}


@pytest.mark.parametrize("message", _REFUSED)
def test_refused_with_a_reason(message):
    with pytest.raises(InputError) as caught:
        _REFUSED[message]()
    assert message in str(caught.value)
    assert "Fix: " in str(caught.value)


# ------------------------------------------------------------------------------------------------ control flow


def halvings(x):
    n = 0
    while abs(x) > 0.3:
        x = x / 2
        n = n + 1
    return x * n


def newton(x):
    root = 1.0 + x * 0
    while abs(root * root - 2 - x * x) > 1e-12:
        root = (root + (2 + x * x) / root) / 2
    return root


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def regular(m):
    square = m[:3]
    return np.linalg.inv(square) if np.linalg.det(square) != 0 else square * 2


SINGULAR = M.copy()
SINGULAR[[1, 4]] = 0

_BRANCHING = {
    "if": (lambda y: y if y > 0 else -10 * y, Y),
    "chain of ifs": (lambda x: x * 2 if x[0] > 0.5 else x + 1 if x[1] > 0 else x[2] * x, X),
    "while": (halvings, Y * 5),
    "until it converges": (newton, Y),
    "integers only": (collatz, np.arange(1, 12)),
    "count": (lambda n: sum(i * n for i in range(n)) + 0, np.arange(5)),
    "boolean": (lambda b, y: y if b else -y, Y > 0, Y),
    "mask": (lambda x: np.sum(x[x > 0] ** 2), X),
    "mask assignment": (lambda x: masked(x), X),
    "nonzero": (lambda x: np.sum(x[np.nonzero(x > 0)]), X),
    "whole part": (lambda y: math.floor(y) * y, Y * 3),
    "any": (lambda x: np.sum(x) if (x > 1).any() else x[0], X),
    "membership": (lambda x: 1.0 if 0.5 in x else np.sum(x), np.round(X * 2) / 2),
    "number or another": (lambda y: 1 if y > 0 else 0.5, Y),
    "singular matrices go another way": (regular, SINGULAR),
    "exception": (lambda y: guarded_root(y), Y),
}


def masked(x):
    made = x * 1
    made[made > 0] = 7.0
    return made


def guarded_root(y):
    try:
        if y < 0:
            raise ValueError
        return np.sqrt(y)
    except ValueError:
        return y


@pytest.mark.parametrize("case", _BRANCHING.values(), ids=_BRANCHING)
def test_each_example_takes_its_own_way(case):
    f, *columns = case
    same(vmap(f)(*columns), stacked(f, *columns))


@pytest.mark.parametrize(
    "name", ["if", "chain of ifs", "while", "until it converges", "mask", "singular matrices go another way"]
)
def test_derivatives_of_what_takes_its_own_way(name):
    f, column = _BRANCHING[name]
    same(vmap(jacobian(f))(column), stacked(jacobian(f), column))
    for mode in ("forward", "reverse"):
        g = grad(lambda x: np.sum(vmap(f)(x) ** 2), mode=mode)(column)
        same(g, stacked(grad(lambda x: np.sum(f(x) ** 2)), column))


def test_a_function_is_called_once_per_way():
    calls = []

    def f(y):
        calls.append(1)
        return y if y > 0 else -y

    vmap(f)(np.linspace(-1, 1, 100))
    assert len(calls) == 2


def test_guards_do_not_depend_on_rounding():
    # the first example stays in its own group whatever a sum over the batch rounds to, so that this ends
    def near(v):
        return v if np.sum(v) > 0.3 else -v

    def searched(y):
        return np.searchsorted(np.array([y, 2.0]), 1.5) * y

    same(vmap(near)(np.full((7, 3), 0.1)), stacked(near, np.full((7, 3), 0.1)))
    nan = np.array([np.nan, 1.0, np.nan])
    same(vmap(searched)(nan), stacked(searched, nan))


# ------------------------------------------------------------------------------------------------ indices from data


def cross_entropy(x, label):
    shifted = x - np.max(x)
    return np.log(np.sum(np.exp(shifted))) - shifted[label]


def stored(x, label):
    made = x * 1
    made[label] = 7 * made[label - 1]
    made[label] += 1
    return made


def row_view(m, label):
    made = m * 1
    row = made[label]
    row[1] = 5
    row *= 2
    return made


_INDICES = {
    "element": (lambda x, i: x[i] ** 2, X, LABELS),
    "loss": (cross_entropy, X, LABELS),
    "elements": (lambda x, i: np.sum(x[i] ** 2), X, ROWS),
    "rows": (lambda m, i: m[i], M, ROWS),
    "pairs": (lambda m, i: m[np.arange(3), i], M, LABELS),
    "element of a matrix": (lambda m, i: m[1, i] * m[i, 1], M, LABELS),
    "take": (lambda x, i: np.take(x, i) * x, X, LABELS),
    "assignment": (stored, X, LABELS),
    "through a view": (row_view, M, LABELS),
    "largest": (lambda x: x[np.argmax(x)] * x[np.argmin(x)], X),
    "slice": (lambda x, i: np.sum(x[:i]) + x[0], X, LABELS),
}


@pytest.mark.parametrize("case", _INDICES.values(), ids=_INDICES)
def test_an_index_that_differs_from_example_to_example(case):
    f, *columns = case
    same(vmap(f)(*columns), stacked(f, *columns))
    same(vmap(jacobian(f))(*columns), stacked(jacobian(f), *columns))
    same(
        grad(lambda x: np.sum(np.sin(vmap(f)(x, *columns[1:]))))(columns[0]),
        stacked(grad(lambda x, *rest: np.sum(np.sin(f(x, *rest)))), *columns),
    )


def test_integer_indices_do_not_branch():
    calls = []

    def f(x, i):
        calls.append(1)
        return x[i]

    vmap(f)(X, LABELS)
    assert len(calls) == 1
    with pytest.raises(IndexError, match="3 is out of bounds"):
        vmap(f)(X, LABELS + 1)


# ------------------------------------------------------------------------------------------------ assignments


def filled(x):
    made = np.zeros_like(x)
    for i in range(len(x)):
        made[i] = x[i] * i + made[i - 1]
    made[0] += x[1]
    made[1:] *= 2
    np.add.at(made, [0, 0, 2], x)
    return made


def changed(x):
    x = x.copy()
    x[x > 0] *= 2
    x -= 1
    view = x[1:]
    view *= 3
    seen = view[0] * 1
    view[0] = 100.0
    return x + seen


@pytest.mark.parametrize("f", [filled, changed])
def test_assignments(f):
    same(vmap(f)(X), stacked(f, X))
    same(vmap(jacobian(f))(X), stacked(jacobian(f), X))
    same(vmap(hessian(lambda x: np.sum(f(x) ** 3)))(X), stacked(hessian(lambda x: np.sum(f(x) ** 3)), X))
    same(grad(lambda x: np.sum(vmap(f)(x) ** 2))(X), stacked(grad(lambda x: np.sum(f(x) ** 2)), X))


def test_the_argument_is_not_changed():
    before = X.copy()

    def f(x):
        x[0] = 5.0
        return x

    assert vmap(f)(X)[:, 0].tolist() == [5.0] * 6
    np.testing.assert_array_equal(X, before)


def test_assigning_to_an_array_from_outside_is_refused():
    def loss(w):
        def f(x):
            w[0] = x[0]
            return x

        return np.sum(vmap(f)(X))

    with pytest.raises(MutationError, match="from outside of it"):
        grad(loss)(W)
    with pytest.raises(MutationError, match="from outside of it"):
        grad(lambda w: np.sum(vmap(lambda x, v: v.__iadd__(x), (0, None))(X, w)))(W)


def test_a_plain_number_made_of_an_example_is_refused():
    with pytest.raises(LeakError, match="line"):
        vmap(lambda x: float(x[0]))(X)


def test_filling_costs_what_it_writes():
    """Bytes, not time: a buffer that is copied for each of n assignments would cost n²/2 of them."""
    n = 2000

    def f(x):
        made = anp.zeros(n)
        for i in range(n):
            made[i] = x * i
        return np.sum(made)

    tracemalloc.start()
    made = vmap(f)(np.arange(3.0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(made, np.arange(3.0) * n * (n - 1) / 2)
    assert peak < 30e6


# ------------------------------------------------------------------------------------------------ nesting


def test_vmap_of_vmap():
    same(vmap(lambda a: vmap(lambda b: np.sum(a * b))(X))(X), X @ X.T)
    same(vmap(vmap(lambda x: x * 2 if x > 0 else x), 1, 1)(X), np.where(X > 0, X * 2, X))
    same(vmap(vmap(vmap(np.sin)))(M), np.sin(M))
    both = [[np.sum(a * b) if np.sum(a * b) > 0 else a[0] for b in X] for a in X]
    same(vmap(lambda a: vmap(lambda b: np.sum(a * b) if np.sum(a * b) > 0 else a[0])(X))(X), np.array(both))
    same(vmap(lambda y: vmap(lambda b: b * 2 if y > 0 else b)(X))(Y), np.stack([X * 2 if y > 0 else X for y in Y]))
    same(vmap(lambda y: vmap(lambda b: b[0])(X))(Y), np.stack([X[:, 0]] * 6))


def predicted(w, x):
    return np.tanh(w @ x) ** 2 if x[0] > 0 else 2 * np.sin(w @ x)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_derivatives_of_what_a_batch_shares(mode):
    def loop(w):
        return sum(predicted(w, x) for x in X)

    def batch(w):
        return np.sum(vmap(predicted, (None, 0))(w, X))

    def closure(w):
        return np.sum(vmap(lambda x: predicted(w, x))(X))

    for f in (batch, closure):
        same(grad(f, mode=mode)(W), grad(loop, mode=mode)(W))
        same(jacobian(grad(f, mode=mode), mode=mode)(W), hessian(loop)(W))
        same(hvp(f, W, X[0]), hvp(loop, W, X[0]))


def test_per_example_derivatives():
    same(vmap(grad(predicted), (None, 0))(W, X), np.stack([grad(predicted)(W, x) for x in X]))
    same(vmap(value_and_grad(predicted), (None, 0))(W, X), stacked(lambda x: value_and_grad(predicted)(W, x), X))
    same(vmap(hessian(predicted), (None, 0))(W, X), np.stack([hessian(predicted)(W, x) for x in X]))
    same(vmap(lambda x: jvp(np.sin, (x,), (x,)))(X), stacked(lambda x: jvp(np.sin, (x,), (x,)), X))
    same(vmap(lambda x: vjp(np.sin, x)[1](W))(X), stacked(lambda x: vjp(np.sin, x)[1](W), X))
    same(vmap(lambda x: hvp(lambda z: np.sum(z**3), x, x))(X), 6 * X * X)
    same(
        vmap(adkit.derivative(lambda y: np.sin(y) * y, 3))(Y), stacked(adkit.derivative(lambda y: np.sin(y) * y, 3), Y)
    )
    params = {"w": np.ones((2, 3)), "b": np.zeros(2)}
    f = grad(lambda p, x: np.sum(np.tanh(p["w"] @ x + p["b"])))
    same(vmap(f, (None, 0))(params, X), stacked(lambda x: f(params, x), X))


@pytest.mark.parametrize("outer", ["forward", "reverse"])
@pytest.mark.parametrize("inner", ["forward", "reverse"])
def test_derivatives_inside_and_outside(inner, outer):
    def batch(w):
        return np.sum(vmap(grad(predicted, mode=inner), (None, 0))(w, X) ** 2)

    def loop(w):
        return sum(np.sum(grad(predicted, mode=inner)(w, x) ** 2) for x in X)

    same(grad(batch, mode=outer)(W), grad(loop, mode=outer)(W))
    made = vmap(lambda s: grad(lambda w: batch(w) * s, mode=outer)(W))(Y)
    same(made, Y[:, None] * grad(loop, mode=outer)(W))


def test_jacobian_of_a_batch():
    made = jacobian(vmap(lambda x: np.sort(x) * x))(X)
    for i, j in np.ndindex(6, 6):
        block = jacobian(lambda x: np.sort(x) * x)(X[i]) if i == j else np.zeros((3, 3))
        same(made[i, :, j], block)


def test_a_derivative_that_does_not_depend_on_the_example():
    same(vmap(lambda x: grad(lambda v: 3 * v)(x))(Y), np.full(6, 3.0))
    same(vmap(lambda x: jacobian(lambda v: W * v)(2.0) * x)(Y), Y[:, None] * W)
    same(grad(lambda w: np.sum(vmap(lambda x: grad(lambda v: v * w)(x))(Y)))(2.0), 6.0)
    same(vmap(lambda x: x * 0 + grad(lambda v: 3 * v)(1.0))(Y.astype(np.float32)), np.full(6, 3, np.float32))


# ------------------------------------------------------------------------------------------------ the strong zero


def kinked(x):
    return np.sum(np.where(x > 0, np.sqrt(np.where(x > -1, x, 0)), 0.0))


KINKS = np.array([[1.0, 2.0], [0.0, 1.0], [-1.0, 4.0], [0.0, 0.0], [3.0, 0.0]])


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_a_masked_branch_gives_no_nan_in_any_example(order):
    points = KINKS[order]
    direction = np.array([1.0, 0.0])
    for derivative in (grad(kinked), lambda x: jvp(kinked, (x,), (direction,))[1], hessian(kinked)):
        expected = stacked(derivative, points)
        assert np.isfinite(expected).all()
        same(vmap(derivative)(points), expected)
        same(
            vmap(lambda m, d=derivative: vmap(d)(m))(np.stack([points, points[::-1]])),
            np.stack([expected, expected[::-1]]),
        )
    same(grad(lambda x: np.sum(vmap(kinked)(x)))(points), stacked(grad(kinked), points))


def test_ties_and_kinks_of_each_example():
    points = np.array([[1.0, 1.0, 0.0], [2.0, 1.0, 2.0], [0.0, 0.0, 0.0], [3.0, 2.0, 1.0]])
    for f in (np.max, np.min, np.linalg.norm, np.std, lambda x: np.sum(np.sort(x) * W), lambda x: np.sum(np.abs(x))):
        same(vmap(grad(f))(points), stacked(grad(f), points))
        same(vmap(grad(f))(points[::-1]), stacked(grad(f), points[::-1]))


def test_a_nan_of_one_example_stays_there():
    def f(x):
        return np.log(x[0]) * x[1]

    points = np.array([[1.0, 2.0], [-1.0, 1.0], [2.0, 3.0]])
    with np.errstate(all="ignore"):
        same(vmap(grad(f))(points), stacked(grad(f), points))
        same(vmap(grad(f))(points[[1, 0, 2]]), stacked(grad(f), points[[1, 0, 2]]))


# ------------------------------------------------------------------------------------------------ random programs

settings.register_profile("vmap", max_examples=60, deadline=None, derandomize=True)
SETTINGS = settings.get_profile("vmap")
SHAPES = st.tuples(st.sampled_from([(), (1,), (3,), (2, 2)]), st.sampled_from([(), (3,), (2,)]))


def rounds(program):
    return any(name == "single" for name, *_ in program)


def inputs(shapes, dtype):
    random = np.random.default_rng(3)
    x, y = (random.uniform(-1, 1, (4, *shape)).astype(dtype) for shape in shapes)
    return x, y, np.array([0.25, -0.75, 0.5], dtype)


@given(PROGRAMS, SHAPES, st.sampled_from([np.float64, np.float32]))
@settings(SETTINGS)
def test_any_program_gives_what_a_loop_gives(program, shapes, dtype):
    x, y, w = inputs(shapes, dtype)

    def f(a, b):
        return run(program, a, b, w)

    made = vmap(lambda a, b, c: run(program, a, b, c), (0, 0, None))(x, y, w)
    same(made, stacked(f, x, y), single=rounds(program))
    same(
        vmap(lambda a: vmap(lambda b: run(program, a, b, w))(y))(x[:2]),
        np.stack([stacked(lambda b, a=a: f(a, b), y) for a in x[:2]]),
    )


@given(PROGRAMS, SHAPES)
@settings(SETTINGS)
def test_derivatives_of_any_program(program, shapes):
    x, y, w = inputs(shapes, np.float64)

    def f(a, b, c):
        return np.sum(np.sin(run(program, a, b, c)))

    def loop(derivative):
        return stacked(lambda a, b: derivative(a, b, w), x, y)

    for mode in ("forward", "reverse"):
        each = grad(f, (0, 1, 2), mode=mode)
        expected = loop(each)
        same(vmap(each, (0, 0, None))(x, y, w), expected, single=rounds(program))
        whole = grad(lambda *a: np.sum(vmap(f, (0, 0, None))(*a)), (0, 1, 2), mode=mode)(x, y, w)
        same(whole, (expected[0], expected[1], np.sum(expected[2], axis=0)), single=rounds(program))


@given(PROGRAMS, SHAPES)
@settings(SETTINGS)
def test_second_derivatives_of_any_program(program, shapes):
    x, y, w = inputs(shapes, np.float64)

    def f(c, a, b):
        return np.sum(np.sin(run(program, a, b, c)))

    expected = stacked(lambda a, b: hessian(f)(w, a, b), x, y)
    same(vmap(hessian(f), (None, 0, 0))(w, x, y), expected, single=rounds(program))
    whole = hessian(lambda c: np.sum(vmap(f, (None, 0, 0))(c, x, y)))(w)
    same(whole, np.sum(expected, axis=0), single=rounds(program))


# ------------------------------------------------------------------------------------------------ surroundings


@pytest.mark.parametrize(("library", "device"), OTHER_PLACES)
def test_arrays_of_other_libraries(library, device):
    x, w, labels = (from_numpy(v, library, device) for v in (X, W, LABELS))

    def f(w, x):
        return np.tanh(np.sum(w * x)) if x[0] > 0 else np.sum(np.sort(x) * w)

    for made, expected in (
        (vmap(f, (None, 0))(w, x), vmap(f, (None, 0))(W, X)),
        (vmap(grad(f), (None, 0))(w, x), vmap(grad(f), (None, 0))(W, X)),
        (grad(lambda w: np.sum(vmap(lambda x: f(w, x))(x)))(w), grad(lambda w: np.sum(vmap(f, (None, 0))(w, X)))(W)),
        (vmap(cross_entropy)(x, labels), vmap(cross_entropy)(X, LABELS)),
        (vmap(lambda x: x * 2, 1, 1)(x), X * 2),
        (vmap(lambda x: 1.0 if x[0] > 0 else np.sum(x))(x), vmap(lambda x: 1.0 if x[0] > 0 else np.sum(x))(X)),
    ):
        assert device_name(made) == device
        same(to_numpy(made), expected)


def test_a_recording_holds_the_operations_on_the_batch():
    with recording() as record:
        x = adkit.tracing.make_input(X)
        made = vmap(lambda v: np.sin(v) * 2 if v[0] > 0 else v)(x)
    assert made.shape == X.shape
    names = set()
    stack = [made.node]
    while stack:
        node = stack.pop()
        names.add((node.primitive.name, node.shape))
        stack += [i for i in node.inputs if hasattr(i, "primitive")]
    assert any(name == "sin" and shape[1:] == (3,) and shape[0] > 1 for name, shape in names)
    assert len(record.guards) >= 1  # which examples go which way is a guard of the enclosing recording


def test_nothing_stays_open_or_behind():
    def failing(x):
        raise RuntimeError("the function's own error")

    with pytest.raises(RuntimeError, match="own error"):
        vmap(failing)(X)
    assert open_recording.get() is None
    assert not adkit.tracing.keeping()

    f = vmap(grad(predicted), (None, 0))
    f(W, X)
    before = alive()
    for _ in range(300):
        f(W, X)
    assert alive() == before


def test_large_constants_are_unlocked_again():
    large = np.ones((200, 100))
    vmap(lambda x: np.sum(large * x))(Y)
    large[0] = 2.0


def test_a_trace_shows_the_operations_on_the_batch():
    trace = adkit.trace(lambda w: np.sum(vmap(lambda x: np.sin(w @ x))(X)))(W)
    same(trace.gradient["w"], np.sum(np.cos(X @ W)[:, None] * X, axis=0))
    assert str(trace).count("sin") == 1
