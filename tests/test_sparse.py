"""Sparse Jacobians and Hessians: patterns, colourings, plans."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import adkit
from adkit import hessian, jacobian, sparse_plan
from adkit.primitive import REGISTRY
from adkit.sparse import coloring
from adkit.sweeps.index_sets import IndexSets
from adkit.sweeps.sparsity import RULES
from tests.derivatives import each
from tests.table.cases import CASES_OF

# ------------------------------------------------------------------------------------------------ what a test compares


def dense_jacobian(f, *xs):
    """The dense Jacobian of a function of arrays and a result that may be a list, as one matrix."""
    result = f(*xs)
    outs = result if isinstance(result, (list, tuple)) else [result]
    blocks = jacobian(f, tuple(range(len(xs))))(*xs)
    blocks = blocks if isinstance(result, (list, tuple)) else [blocks]
    return np.vstack(
        [np.hstack([np.reshape(b, (np.size(o), np.size(x))) for b, x in zip(row, xs)]) for o, row in zip(outs, blocks)]
    )


def agrees(found, expected):
    """Equal up to rounding: the same products are summed, in another order."""
    scale = np.abs(expected).max(initial=1.0)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max(initial=0.0) <= 1e3 * np.finfo(expected.dtype).eps * scale


def check(f, x, nnz=None, groups=None, **options):
    """A sparse Jacobian equals the dense one at two points; its colouring is one; its size is as expected."""
    plan = sparse_plan(f, x, **options)
    agrees(plan(x).toarray(), dense_jacobian(f, x))
    agrees(plan(x * 1.1 + 0.01).toarray(), dense_jacobian(f, x * 1.1 + 0.01))
    assert plan.changes == 0
    assert_colored(plan)
    if nnz is not None:
        assert plan.nnz == nnz
    if groups is not None:
        assert plan.groups == groups
    return plan


def assert_colored(plan):
    """No row has two columns of one colour (no column two rows, in reverse)."""
    pattern = plan.pattern if plan.direction == "forward" else plan.pattern.T
    for row in pattern.toarray():
        colors = plan.colors[row]
        assert len(set(colors.tolist())) == len(colors)
        assert (colors >= 0).all()


def is_star_coloring(matrix, colors):
    """The definition, by going through all paths of four vertices."""
    n = len(matrix)
    adjacent = [[j for j in range(n) if j != i and matrix[i, j]] for i in range(n)]
    for i in range(n):
        for j in adjacent[i]:
            if colors[i] == colors[j]:
                return False
            for k in adjacent[j]:
                for m in adjacent[k]:
                    if k != i and m not in (i, j) and len({colors[v] for v in (i, j, k, m)}) < 3:
                        return False
    return True


# ------------------------------------------------------------------------------------------------ classic problems


def broyden_tridiagonal(x):
    made = (3 - 2 * x) * x + 1
    made[1:] -= x[:-1]
    made[:-1] -= 2 * x[1:]
    return made


def broyden_in_a_loop(x):
    n = len(x)
    made = adkit.numpy.zeros(n)
    for i in range(n):
        made[i] = (3 - 2 * x[i]) * x[i] + 1
        if i:
            made[i] = made[i] - x[i - 1]
        if i < n - 1:
            made[i] = made[i] - 2 * x[i + 1]
    return made


def reaction_diffusion(u):
    padded = np.pad(u, 1)
    laplacian = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * u
    return laplacian + u * (1 - u) * np.exp(-u)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_broyden_tridiagonal():
    assert check(broyden_tridiagonal, np.linspace(-1, 1, 20), nnz=58, groups=3).direction == "forward"


def test_the_same_residual_element_by_element():
    check(broyden_in_a_loop, np.linspace(-1, 1, 20), nnz=58, groups=3)


def test_reaction_diffusion_has_five_points_per_row():
    n = 8
    plan = check(reaction_diffusion, np.linspace(0.1, 1, n * n).reshape(n, n), nnz=5 * n * n - 4 * n)
    assert plan.groups <= 8


def test_a_chain_of_rosenbrock_has_a_tridiagonal_hessian():
    x = np.linspace(0.5, 1.5, 12)
    plan = sparse_plan(rosenbrock, x, of="hessian")
    agrees(plan(x).toarray(), hessian(rosenbrock)(x))
    assert plan.nnz == 12 + 2 * 11
    assert plan.groups == 3
    assert is_star_coloring(plan.pattern.toarray(), plan.colors)


def test_bundles_of_cameras_and_points():
    cameras, points, seen = 3, 10, 40
    random = np.random.default_rng(0)
    camera, point = random.integers(0, cameras, seen), random.integers(0, points, seen)

    def residual(parameters):
        pose, place = parameters["pose"][camera], parameters["place"][point]
        turned = np.einsum("ni,nij->nj", place, pose[:, :9].reshape(-1, 3, 3)) + pose[:, 9:12]
        return turned[:, :2] / turned[:, 2:] * pose[:, 12:13]

    x = {"place": random.normal(size=(points, 3)), "pose": random.normal(size=(cameras, 13)) + 3.0}
    plan = sparse_plan(residual, x)
    assert plan.nnz == seen * 2 * (3 + 2 * 3 + 2 + 1)  # place, two columns, two shifts, scale
    blocks = jacobian(residual)(x)
    expected = np.hstack([np.reshape(blocks[name], (2 * seen, -1)) for name in ("place", "pose")])
    agrees(plan(x).toarray(), expected)
    assert plan.groups <= 3 + 13
    assert_colored(plan)


def test_a_partially_separable_function():
    def energy(x):
        pairs = x.reshape(-1, 2)
        return np.sum(np.exp(pairs[:, 0] * pairs[:, 1])) + np.sum(x**3)

    x = np.linspace(-1, 1, 12)
    plan = sparse_plan(energy, x, of="hessian")
    agrees(plan(x).toarray(), hessian(energy)(x))
    assert plan.nnz == 24
    assert plan.groups == 2


def test_an_arrow_needs_two_groups():
    def arrow(x):
        return x[-1] ** 2 + np.sum(x[-1] * x[:-1] ** 2)

    x = np.linspace(1, 2, 15)
    plan = sparse_plan(arrow, x, of="hessian")
    agrees(plan(x).toarray(), hessian(arrow)(x))
    assert plan.groups == 2
    assert plan.nnz == 15 + 28


def test_the_hessian_of_a_linear_function_is_empty():
    assert hessian(lambda x: np.sum(2 * x), mode="sparse")(np.ones(3)).nnz == 0


def test_modes_of_jacobian_and_hessian():
    x = np.linspace(0.5, 1.5, 6)
    found = jacobian(broyden_tridiagonal, mode="sparse")(x)
    assert isinstance(found, scipy.sparse.csr_array)
    agrees(found.toarray(), jacobian(broyden_tridiagonal)(x))
    agrees(hessian(rosenbrock, mode="sparse")(x).toarray(), hessian(rosenbrock)(x))


# ------------------------------------------------------------------------------------------------ direction and groups


def test_the_direction_is_that_of_fewer_sweeps():
    x = np.linspace(1, 2, 30)
    assert check(lambda x: np.stack([np.sum(x), np.sum(x**2)]), x, groups=2).direction == "reverse"
    assert check(lambda x: np.concatenate([x * x[0], x[1] * x]), x).direction == "forward"


def test_a_reverse_sweep_counts_as_two():
    def f(x):  # 3 rows and 5 columns, all full: 5 forward sweeps are preferred to 3 reverse ones
        return np.ones((3, 5)) @ np.sin(x)

    assert sparse_plan(f, np.ones(5)).direction == "forward"
    assert sparse_plan(lambda x: f(x)[:2], np.ones(5)).direction == "reverse"


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_a_direction_that_was_asked_for(direction):
    plan = check(broyden_tridiagonal, np.linspace(-1, 1, 9), direction=direction)
    assert plan.direction == direction


def test_columns_without_entries_take_no_group():
    plan = check(lambda x: x[::2] ** 2, np.linspace(1, 2, 7), nnz=4, groups=1)
    assert plan.colors.tolist() == [0, -1, 0, -1, 0, -1, 0]


# ------------------------------------------------------------------------------------------------ patterns


A = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 3.0]])
MASK = np.array([True, False, True])

EXACT = {
    "constant matrix": (lambda x: A @ x, 3, 3),
    "matrix of matrices": (lambda x: (A @ x.reshape(3, 2)).ravel(), 6, 6),
    "einsum": (lambda x: np.einsum("ij,jk->ki", A, x.reshape(3, 2)).ravel(), 6, 6),
    "tensordot": (lambda x: np.tensordot(x.reshape(2, 3), A, axes=([1], [1])).ravel(), 6, 6),
    "two traced factors": (lambda x: x.reshape(2, 3) @ x.reshape(3, 2), 6, 18),
    "constant condition": (lambda x: np.where(MASK, x**2, x[::-1]), 3, 3),
    "traced condition": (lambda x: np.where(x > 0, x**2, x[::-1]), 3, 5),
    "comparison": (lambda x: (x > 0) * x[::-1], 3, 3),
    "floor": (lambda x: np.floor(x) + x[::-1], 3, 3),
    "shift": (lambda x: x - np.roll(x, 1), 5, 10),
    "row sums": (lambda x: np.sum(x.reshape(2, 3), axis=1), 6, 6),
    "maximum": (lambda x: np.max(x.reshape(2, 3), axis=0, keepdims=True), 6, 6),
    "running sum": (lambda x: np.cumsum(x), 4, 10),
    "sort": (lambda x: np.sort(x.reshape(2, 3), axis=1), 6, 18),
    "repeated index": (lambda x: x[[0, 0, 2]], 3, 3),
    "pad and stack": (lambda x: np.stack([np.pad(x, 1), np.zeros(5)]), 3, 3),
    "batched solve": (lambda x: np.linalg.solve(x.reshape(2, 2, 2) + 3 * np.eye(2), np.ones((2, 2, 1))), 8, 16),
    "outer sum": (lambda x: x[:2, None] + x[None, 2:], 5, 12),
    "normalised": (lambda x: x / np.sum(x), 4, 16),
    "convolution": (lambda x: np.convolve(x, [1.0, 0.0, 2.0], "same"), 6, 10),
    "convolution of two": (lambda x: np.convolve(x[:3], x[3:]), 6, 18),
    "positions": (lambda x: np.take(x, [[0, 2], [2, 1]]) ** 2, 3, 4),
    "spectrum": (lambda x: np.real(np.fft.rfft(x.reshape(2, 3), axis=1)), 6, 12),
    "flip and transpose": (lambda x: np.flip(x.reshape(2, 3).T, 0), 6, 6),
}


@pytest.mark.parametrize("name", EXACT)
def test_patterns_are_minimal(name):
    f, size, nnz = EXACT[name]
    check(f, np.linspace(0.3, 1.7, size), nnz=nnz)


def test_mutation_and_views():
    def f(x):
        made = adkit.numpy.zeros(6)
        made[1:4] = x[:3] ** 2
        view = made[2:]
        view[0] = x[3] * x[0]
        np.add.at(made, [0, 0, 5], x[1:4])
        before = made[1] * 1.0
        made[1] = 0.0
        made[4] = before
        return made

    check(f, np.linspace(1, 2, 4), nnz=2 + 0 + 2 + 1 + 1 + 1)


def test_an_array_read_through_a_view_while_it_is_filled():
    def f(x):
        made = adkit.numpy.zeros(6)
        for i in range(1, 6):
            made[i] = np.sum(made[i - 1 : i] * 0.5) + x[i] * x[i - 1]
        return made

    check(f, np.linspace(1, 2, 6), nnz=2 + 3 + 4 + 5 + 6)


def test_a_sum_of_many_terms_in_a_loop_stays_linear():
    def f(x):
        total = 0.0
        for i in range(len(x)):
            total = total + x[i] ** 2
        return adkit.numpy.stack([total, x[0]])

    n = 3000
    plan = sparse_plan(f, np.ones(n))
    assert plan.nnz == n + 1
    assert plan.direction == "reverse"


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_groups_in_batches_are_the_same(direction, monkeypatch):
    f = reaction_diffusion
    x = np.linspace(-1, 1, 36).reshape(6, 6)
    plan = sparse_plan(f, x, direction=direction)
    one_by_one = plan(x).toarray()
    for batch in (2, 32):
        monkeypatch.setattr("adkit.sparse.plan.BATCHED_FROM", 2)
        monkeypatch.setattr("adkit.sparse.plan.BATCH", batch)
        assert np.array_equal(plan(x).toarray(), one_by_one)


def test_a_masked_branch_gives_no_nan(monkeypatch):
    def f(x):
        return np.where(x > 0, np.sqrt(np.where(x > 0, x, 0.0)), 0.0) + np.roll(x, 1)

    x = np.array([-1.0, 0.0, 4.0, 1.0])
    plan = sparse_plan(f, x)
    agrees(plan(x).toarray(), dense_jacobian(f, x))
    monkeypatch.setattr("adkit.sparse.plan.BATCHED_FROM", 2)
    agrees(plan(x).toarray(), dense_jacobian(f, x))


def test_inner_derivatives():
    def force(x):
        return adkit.grad(lambda y: np.sum(np.diff(y) ** 4))(x)

    check(force, np.linspace(0.1, 2, 9) ** 2, nnz=25, groups=3)
    check(lambda x: adkit.jvp(lambda y: y[1:] * y[:-1], (x,), (x**2,))[1], np.linspace(1, 2, 6), nnz=10)


@pytest.mark.parametrize("row", CASES_OF)
def test_every_row_keeps_all_its_dependences(row):
    each([(case.id, (case,)) for case in CASES_OF[row] if case.places], keeps_all_dependences)


def keeps_all_dependences(case):
    operands = case.operands(np.float64)
    f, xs = case.of_places(operands), [operands[i] for i in case.places]
    with np.errstate(all="ignore"):
        result = f(*xs)
        outs = result if isinstance(result, (list, tuple)) else [result]
        if any(np.asarray(o).dtype.kind == "c" for o in outs):
            return  # a sparse Jacobian is of real functions
        argnums = tuple(range(len(xs)))
        try:
            expected = dense_jacobian(f, *xs)
        except adkit.IndependentError:
            with pytest.raises(adkit.IndependentError):
                sparse_plan(f, *xs, argnums=argnums)
            return
        for direction in ("forward", "reverse"):
            found = sparse_plan(f, *xs, argnums=argnums, direction=direction)(*xs).toarray()
            np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11 * np.abs(expected).max(initial=1.0))


def test_every_row_names_a_rule_that_there_is():
    for row in REGISTRY.values():
        assert row.sparsity is None or callable(row.sparsity) or row.sparsity in RULES, row.name


# ------------------------------------------------------------------------------------------------ random programs

STEPS = {
    "sin": lambda x, k: np.sin(x),
    "square": lambda x, k: x * x,
    "shift": lambda x, k: x + np.roll(x, k),
    "product of neighbours": lambda x, k: np.concatenate([x[:1], x[1:] * x[:-1]]),
    "flip": lambda x, k: x[::-1] * 0.5 + x,
    "mean": lambda x, k: x - np.mean(x[: k + 1]),
    "chosen": lambda x, k: np.where(np.arange(len(x)) % (k + 2) == 0, x, np.cos(x)),
    "grid": lambda x, k: (x.reshape(2, -1) * x.reshape(2, -1)[:, :1]).ravel(),
    "transposed": lambda x, k: x.reshape(2, -1).T.ravel() + x,
    "matrix": lambda x, k: np.tril(np.triu(np.ones((len(x),) * 2), -k), k) @ x,
    "maximum": lambda x, k: np.maximum(x, np.roll(x, -k)),
    "assignment": lambda x, k: assigned(x, k),
    "running": lambda x, k: np.cumsum(x) * 0.1,
}


def assigned(x, k):
    made = x * 1.0
    made[k:] = made[: len(x) - k] * x[k:]
    made[::3] += x[0]
    return made


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 3)), min_size=1, max_size=8), st.data())
def test_random_programs(steps, data):
    size = 2 * data.draw(st.integers(2, 5))

    def f(x):
        for name, k in steps:
            x = STEPS[name](x, k)
        return x[: len(x) - 1]

    x = np.random.default_rng(size).uniform(0.2, 0.9, size)
    expected = dense_jacobian(f, x)
    for direction in ("auto", "forward", "reverse"):  # up to ten groups, so that some are swept in batches
        plan = sparse_plan(f, x, direction=direction)
        agrees(plan(x).toarray(), expected)
        assert_colored(plan)

    def total(x):
        return np.sum(f(x) ** 2)

    agrees(sparse_plan(total, x, of="hessian")(x).toarray(), hessian(total)(x))


# ------------------------------------------------------------------------------------------------ sets and colourings


@pytest.mark.parametrize("chunk", [20, 1 << 22])
@pytest.mark.parametrize("size", [3, 40, 300])
def test_index_sets_are_pythons(chunk, size, monkeypatch):
    monkeypatch.setattr("adkit.sweeps.index_sets.CHUNK", chunk)
    for seed in range(10):
        compare_sets(seed, size)


def compare_sets(seed, size):
    random = np.random.default_rng(seed)
    sets = IndexSets(size)
    known = {0: frozenset()} | {j + 1: frozenset([j]) for j in range(size)}

    def enter(number, expected):
        assert known.setdefault(int(number), expected) == expected

    wide = int(sets.union_of(np.arange(1, size + 1, 2)))
    enter(wide, frozenset(range(0, size, 2)))
    for _ in range(12):
        pool = np.array(list(known))
        for _ in range(20):
            a, b = random.choice(pool, 2).tolist()
            enter(sets.pair(a, b), known[a] | known[b])
        some = random.choice(pool, random.integers(0, 12))
        enter(sets.union_of(some), frozenset().union(*(known[int(c)] for c in some)))
        count = int(random.integers(1, 20))
        children, groups = random.choice(pool, 60), random.integers(0, count, 60)
        for g, number in enumerate(sets.union(children, groups, count)):
            enter(number, frozenset().union(*(known[int(c)] for c in children[groups == g])))
    for number in random.permutation(list(known)):
        assert sets.members_of(int(number)).tolist() == sorted(known[int(number)])


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 14), st.floats(0.0, 0.6))
def test_colorings_of_random_matrices(seed, n, density):
    random = np.random.default_rng(seed)
    matrix = random.uniform(size=(n, n + 2)) < density
    columns = scipy.sparse.csc_array(matrix)
    colors = coloring.columns(columns.indptr, columns.indices, n)
    assert ((colors >= 0) == matrix.any(axis=0)).all()
    for row in matrix:
        assert len(set(colors[row].tolist())) == row.sum()
    assert coloring.is_column_coloring(columns.indptr, columns.indices, colors)
    symmetric = matrix[:, :n] | matrix[:, :n].T
    csr = scipy.sparse.csr_array(symmetric)
    colors = coloring.star(csr.indptr, csr.indices)
    assert is_star_coloring(symmetric, colors)
    assert coloring.is_star_coloring(csr.indptr, csr.indices, colors)


def test_the_check_of_a_coloring_finds_wrong_ones():
    full = scipy.sparse.csr_array(np.ones((2, 2)))
    assert not coloring.is_column_coloring(full.indptr, full.indices, np.array([0, 0]))
    path = scipy.sparse.csr_array(np.eye(4, k=1) + np.eye(4, k=-1))
    assert not coloring.is_star_coloring(path.indptr, path.indices, np.array([0, 1, 0, 1]))
    assert coloring.is_star_coloring(path.indptr, path.indices, np.array([0, 1, 0, 2]))


@pytest.mark.parametrize("width", [1, 2, 3])
def test_bands_take_as_many_groups_as_they_are_wide(width):
    def banded(x):
        return sum(np.roll(np.pad(x, width), k)[width:-width] * (1 + k * k) for k in range(-width, width + 1)) ** 2

    check(banded, np.linspace(0.5, 1.5, 31), groups=2 * width + 1)


# ------------------------------------------------------------------------------------------------ other points


def branching(x):
    if x[0] > 0:
        return x * x
    return x * x[::-1]


def test_another_branch_is_planned_anew():
    plan = sparse_plan(branching, np.ones(4))
    other = -np.ones(4) - np.arange(4)
    agrees(plan(other).toarray(), dense_jacobian(branching, other))
    assert plan.changes == 1
    agrees(plan(np.ones(4)).toarray(), 2 * np.eye(4))
    assert plan.changes == 2


def test_another_branch_raises_where_that_is_wished():
    plan = sparse_plan(branching, np.ones(4), on_change="raise")
    agrees(plan(2 * np.ones(4)).toarray(), 4 * np.eye(4))
    with pytest.raises(adkit.PlanError, match="another program"):
        plan(-np.ones(4))


def plain(x):
    return x.value if hasattr(x, "value") else x


def placed(x, order):
    made = x * 1.0
    made[order] = x**2
    return made * x[0]


def added(x, order):
    made = x * 1.0
    np.add.at(made, order, x**2)
    return made


CHANGES = {
    "index": lambda x: x[np.argsort(plain(x))] ** 2,
    "slice": lambda x: x[: int(np.sum(x > 0))] ** 2,
    "selection": lambda x: x[x > 0] * x[0],
    "assignment": lambda x: placed(x, np.argsort(plain(x))),
    "addition": lambda x: added(x, np.argsort(plain(x))),
    "positions": lambda x: np.take(x, np.argsort(plain(x))) ** 2,
    "loop": lambda x: sum(x * np.roll(x, k) for k in range(1 + int(np.sum(x > 0)))),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_decides_is_compared(name):
    f = CHANGES[name]
    plan = sparse_plan(f, np.array([1.0, 2.0, -3.0, 4.0]))
    for point in ([1.0, 2.0, -3.0, 4.0], [4.0, -1.0, 2.0, -0.5], [0.5, 3.0, -1.0, 9.0]):
        x = np.array(point)
        agrees(plan(x).toarray(), dense_jacobian(f, x))


@pytest.mark.parametrize("contraction", ["A @ x", "np.einsum('ij,j->i', A, x)", "np.where(A[0] != 0, x, x[::-1])"])
def test_a_constant_with_zeros_elsewhere_is_noticed(contraction):
    A = np.eye(4)

    def f(x):
        return eval(contraction, {"A": A, "x": x, "np": np})

    plan = sparse_plan(f, np.ones(4))
    A[0, 3] = A[3, 0] = 2.0
    agrees(plan(np.ones(4)).toarray(), dense_jacobian(f, np.ones(4)))
    assert plan.changes == 1


def test_another_shape_is_planned_anew():
    plan = sparse_plan(broyden_tridiagonal, np.ones(5))
    assert plan(np.ones(7)).shape == (7, 7)


def test_a_traced_condition_does_not_replan():
    plan = sparse_plan(lambda x: np.where(x > 0, x**2, x[::-1]), np.linspace(-1, 1, 6))
    for x in (np.linspace(-2, 1, 6), np.ones(6), -np.ones(6)):
        agrees(plan(x).toarray(), dense_jacobian(plan.f, x))
    assert plan.changes == 0


def test_a_result_is_not_the_plans_own():
    plan = sparse_plan(broyden_tridiagonal, np.ones(4))
    first = plan(np.ones(4))
    first.data[:] = 0
    first.indices[:] = 0
    agrees(plan(np.ones(4)).toarray(), dense_jacobian(broyden_tridiagonal, np.ones(4)))
    plan.colors[:] = 0
    assert plan.groups == len(set(plan.colors.tolist()))


# ------------------------------------------------------------------------------------------------ inputs and outputs


def test_trees_become_flat_vectors():
    def f(p):
        return {"far": p["b"] * 2, "near": p["a"] * p["b"].sum(), "one": p["c"] ** 2, "kept": p["n"]}

    x = {"a": np.array([[1.0, 2.0], [3.0, 4.0]]), "b": np.array([5.0, 6.0]), "c": 7.0, "n": np.array([1, 2])}
    found = sparse_plan(f, x)(x).toarray()
    expected = np.zeros((2 + 2 + 4 + 1, 4 + 2 + 1))  # far, kept, near, one by a, b, c
    expected[:2, 4:6] = 2 * np.eye(2)
    expected[4:8, :4] = 11 * np.eye(4)
    expected[4:8, 4:6] = x["a"].reshape(-1, 1)
    expected[8, 6] = 14
    agrees(found, expected)


def test_several_arguments_and_keywords():
    def f(x, y, scale=1.0):
        return x * y[::-1] * scale

    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    found = jacobian(f, (0, 1), mode="sparse")(x, y, scale=2.0).toarray()
    agrees(found, 2 * np.array([[4.0, 0, 0, 1], [0, 3, 2, 0]]))


def test_a_scalar_function_has_one_row():
    found = jacobian(lambda x: np.sum(x[:2] ** 2), mode="sparse")(np.array([1.0, 2.0, 3.0]))
    assert found.shape == (1, 3)
    agrees(found.toarray(), np.array([[2.0, 4.0, 0.0]]))


def test_float32_stays():
    found = jacobian(lambda x: x**2, mode="sparse")(np.ones(3, np.float32))
    assert found.dtype == np.float32


def test_unsuitable_inputs_are_refused():
    with pytest.raises(adkit.InputError, match="integer dtype"):
        sparse_plan(lambda x: x * 2, np.array([1, 2]))
    with pytest.raises(adkit.ModeError, match="complex"):
        sparse_plan(lambda x: x * 2, np.array([1j]))
    with pytest.raises(adkit.ModeError, match="scalar"):
        sparse_plan(lambda x: x * 2, np.ones(2), of="hessian")
    with pytest.raises(adkit.IndependentError):
        sparse_plan(lambda x: np.ones(2), np.ones(2))
    with pytest.raises(adkit.ModeError, match="direction"):
        sparse_plan(lambda x: x, np.ones(2), direction="sideways")
    with pytest.raises(adkit.UnsupportedError, match="differentiated in its turn"):
        adkit.grad(lambda x: jacobian(lambda y: x * y, mode="sparse")(np.ones(2)).sum())(2.0)


def test_a_dense_derivative_says_so():
    with pytest.raises(adkit.UnsupportedError, match="not sparse enough"):
        sparse_plan(lambda x: np.fft.fftshift(x) + np.sum(x), np.ones(40_000))


def test_what_a_plan_shows():
    plan = sparse_plan(broyden_tridiagonal, np.ones(100))
    assert repr(plan) == ("<sparse jacobian of broyden_tridiagonal: 100 × 100, 298 entries (2.98 %), 3 forward sweeps>")
    assert plan.shape == (100, 100)
    assert plan.pattern.dtype == bool


def test_the_hessian_of_a_tree_in_both_directions():
    def energy(p):
        return np.sum(p["a"] ** 3) * 1.0 + np.sum(p["a"][1:] * p["b"][:-1] ** 2) + p["c"] ** 2

    x = {"a": np.arange(1.0, 5.0), "b": np.arange(2.0, 6.0), "c": 1.0}
    names = ("a", "b", "c")
    blocks = hessian(energy)(x)
    sizes = {"a": 4, "b": 4, "c": 1}
    expected = np.block([[np.reshape(blocks[r][c], (sizes[r], sizes[c])) for c in names] for r in names])
    for direction in ("forward", "reverse"):
        plan = sparse_plan(energy, x, of="hessian", direction=direction)
        assert plan.direction == direction
        assert plan.nnz == 4 + 3 + 6 + 1
        agrees(plan(x).toarray(), expected)


def test_a_large_banded_residual():
    n = 100_000
    x = np.linspace(-1, 1, n)
    plan = sparse_plan(broyden_tridiagonal, x)
    assert (plan.nnz, plan.groups) == (3 * n - 2, 3)
    expected = scipy.sparse.diags_array([-np.ones(n - 1), 3 - 4 * x, -2 * np.ones(n - 1)], offsets=[-1, 0, 1])
    assert abs(plan(x) - expected).max() < 1e-14


def test_the_argument_order_of_paths_of_four():
    """The checker above agrees with the definition on the smallest cases."""
    path = np.eye(4, k=1) + np.eye(4, k=-1)
    good = [c for c in itertools.product(range(3), repeat=4) if is_star_coloring(path, c)]
    assert (0, 1, 0, 1) not in good
    assert (0, 1, 2, 0) in good
