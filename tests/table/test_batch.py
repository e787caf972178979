"""The table of primitives on batches: every case of every row, batched along each subset of its operands.

The reference is the loop over the examples, whose results are stacked: values, tangents and cotangents must be the same to
rounding, in shape and dtype, whether the derivative is taken of each example (`vmap` of `jvp` and `vjp`) or of the batch
(`vjp` of `vmap`).
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from adkit import jvp, vjp, vmap
from adkit.primitive import REGISTRY
from tests.derivatives import as_list, directions, each

from .cases import CASES_OF, CONSTANT_CASES

SIZE = 3


def rounding_apart(made, expected):
    """Assert equal shapes and dtypes, and values equal to rounding, measured by the largest of them."""
    made, expected = as_list(made), as_list(expected)
    assert len(made) == len(expected)
    for a, b in zip(made, expected, strict=True):
        assert (np.shape(a), np.asarray(a).dtype) == (np.shape(b), np.asarray(b).dtype)
        if np.asarray(b).dtype.kind not in "fc":
            np.testing.assert_array_equal(a, b)
            continue
        finite = np.abs(np.where(np.isfinite(b), b, 0))
        scale = 200 * np.finfo(np.asarray(b).dtype).eps
        # rules may cancel terms of the size of the cotangents, which is about 1
        np.testing.assert_allclose(a, b, rtol=scale, atol=scale * np.max(finite, initial=0.05))


def stacked(results):
    """The results of the examples, stacked; several results one by one."""
    if isinstance(results[0], (list, tuple)):
        return [np.stack(parts) for parts in zip(*results, strict=True)]
    return np.stack(results)


def batchable(case, operands):
    """The operands that can differ from example to example: those that are drawn, not those that belong to the case."""
    return [i for i, d in enumerate(case.domains) if isinstance(d, (tuple, str)) and hasattr(operands[i], "shape")]


def subsets(places):
    return [s for n in range(1, len(places) + 1) for s in itertools.combinations(places, n)]


def drawn(case, dtype, chosen):
    """Operands per example, equal where they are not chosen, and the same with the chosen ones stacked."""
    draws = [case.operands(dtype, seed) for seed in range(SIZE)]
    examples = [[draws[j if i in chosen else 0][i] for i in range(len(draws[0]))] for j in range(SIZE)]
    batch = [np.stack([e[i] for e in examples]) if i in chosen else draws[0][i] for i in range(len(draws[0]))]
    return examples, batch, tuple(0 if i in chosen else None for i in range(len(draws[0])))


def walk(row):
    """Every case of a row, with a name."""
    return [(case.id, (case,)) for case in CASES_OF[row]]


@pytest.mark.parametrize("row", CASES_OF)
def test_values(row):
    each(walk(row), values)


def values(case):
    for dtype in (np.float64, np.float32, np.complex128) if case.complex else (np.float64, np.float32):
        for chosen in subsets(batchable(case, case.operands(dtype))):
            examples, batch, axes = drawn(case, dtype, chosen)
            rounding_apart(vmap(case.call, axes)(*batch), stacked([case.call(*e) for e in examples]))


@pytest.mark.parametrize("row", CASES_OF)
def test_derivatives_of_each_example(row):
    each(walk(row), derivatives_of_each_example)


def derivatives_of_each_example(case):
    for chosen in subsets(batchable(case, case.operands(np.float64))):
        examples, batch, axes = drawn(case, np.float64, chosen)
        tangents = tuple(directions([examples[0][i] for i in case.places], 1))
        weights = directions(as_list(case.call(*examples[0])), 2)

        def forward(*operands, tangents=tangents):
            f = case.of_places(list(operands))
            return jvp(f, tuple(operands[i] for i in case.places), tangents)[1]

        def backward(*operands, weights=weights):
            value, pullback = vjp(case.of_places(list(operands)), *(operands[i] for i in case.places))
            return list(pullback(type(value)(weights) if isinstance(value, (list, tuple)) else weights[0]))

        for derivative in (forward, backward):
            rounding_apart(vmap(derivative, axes)(*batch), stacked([derivative(*e) for e in examples]))


@pytest.mark.parametrize("row", CASES_OF)
def test_derivatives_of_the_batch(row):
    each(walk(row), derivatives_of_the_batch)


def derivatives_of_the_batch(case):
    for chosen in subsets(batchable(case, case.operands(np.float64))):
        examples, batch, axes = drawn(case, np.float64, chosen)
        weights = [directions(as_list(case.call(*e)), 2) for e in examples]
        f = vmap(case.call, axes)

        def of_batch(*given, batch=batch, f=f):
            operands = list(batch)
            for i, x in zip(case.places, given, strict=True):
                operands[i] = x
            return f(*operands)

        value, pullback = vjp(of_batch, *(batch[i] for i in case.places))
        joined = [np.stack(parts) for parts in zip(*weights, strict=True)]
        made = pullback(type(value)(joined) if isinstance(value, (list, tuple)) else joined[0])
        each = []
        for e, w in zip(examples, weights, strict=True):
            value, pullback = vjp(case.of_places(e), *(e[i] for i in case.places))
            each.append(pullback(type(value)(w) if isinstance(value, (list, tuple)) else w[0]))
        expected = [
            np.stack(parts) if i in chosen else np.asarray(sum(parts), dtype=np.asarray(parts[0]).dtype)
            for i, parts in zip(case.places, zip(*each, strict=True), strict=True)
        ]
        rounding_apart(list(made), expected)


@pytest.mark.parametrize("name", CONSTANT_CASES)
def test_rows_without_a_derivative(name):
    operands, params, _ = CONSTANT_CASES[name]

    def call(*given):
        return REGISTRY[name](*given, **params)

    arrays = [i for i, x in enumerate(operands) if isinstance(x, np.ndarray) and x.size]
    for chosen in subsets(arrays):
        examples = [[np.roll(x, j) if i in chosen else x for i, x in enumerate(operands)] for j in range(SIZE)]
        batch = [np.stack([e[i] for e in examples]) if i in chosen else x for i, x in enumerate(operands)]
        axes = tuple(0 if i in chosen else None for i in range(len(operands)))
        rounding_apart(vmap(call, axes)(*batch), stacked([call(*e) for e in examples]))
