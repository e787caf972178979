"""Properties over random shapes, axes and indices: NumPy's value, the adjoint test, and differences of linear maps."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import adkit
from adkit import jvp, vjp
from adkit.check import check_grads, paired

settings.register_profile("adkit", max_examples=40, deadline=None, derandomize=True)
settings.load_profile("adkit")

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
SIDES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)


def values(shape, seed=0):
    """Well separated numbers away from 0, in a random order."""
    count = int(np.prod(shape))
    made = np.random.default_rng([seed, count]).permutation(count) * 0.37 - 1.13
    return (made + 0.05 * np.sign(made)).reshape(shape)


def adjoint(f, *xs):
    """⟨u, J v⟩ = ⟨Jᵀu, v⟩ at xs, whose value must be NumPy's."""
    tangents = [values(np.shape(x), 5) for x in xs]
    out, pushed = jvp(f, tuple(xs), tuple(tangents))
    np.testing.assert_array_equal(out, f(*xs))
    assert np.shape(pushed) == np.shape(out)
    weight = values(np.shape(out), 7)
    pulled = vjp(f, *xs)[1](weight)
    assert [np.shape(g) for g in pulled] == [np.shape(x) for x in xs]
    a, b = paired([weight], [pushed]), paired(pulled, tangents)
    size = max(1.0, float(np.sum(np.abs(weight * pushed))))
    assert abs(a - b) <= 1e-12 * size


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3), st.sampled_from("+ - * / max".split()))
def test_broadcasting(shapes, operator):
    a, b = (values(shape, i) for i, shape in enumerate(shapes.input_shapes))
    functions = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "max": np.maximum}
    adjoint(functions[operator], a, b + 3 if operator == "/" else b + 0.111)


@given(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3))
def test_broadcasting_of_three(shapes):
    c, a, b = (values(shape, i) for i, shape in enumerate(shapes.input_shapes))
    adjoint(lambda x, y: np.where(c > 0, x, y * x), a, b)


@given(st.data(), SIDES, st.sampled_from("sum mean prod max min var std".split()), st.booleans())
def test_reductions_over_any_axes(data, shape, name, keepdims):
    n = len(shape)
    axis = data.draw(
        st.one_of(
            st.none(),
            st.integers(-n, n - 1),
            st.lists(st.integers(0, n - 1), unique=True, max_size=n).map(tuple),
        )
    )
    x = values(shape)
    adjoint(lambda v: getattr(np, name)(v, axis=axis, keepdims=keepdims), x)
    adjoint(lambda v: getattr(v, name)(axis=axis, keepdims=keepdims), x)


@given(st.data(), SIDES, st.sampled_from("cumsum cumprod sort diff flip".split()))
def test_functions_along_any_axis(data, shape, name):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    adjoint(lambda v: getattr(np, name)(v, axis=axis), values(shape))


@given(st.data(), SHAPES)
def test_basic_indices(data, shape):
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    adjoint(lambda v: v[index] * 2.0, values(shape))


@given(st.data(), SIDES)
def test_integer_array_indices(data, shape):
    index = data.draw(hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=4)))
    adjoint(lambda v: v[index], values(shape))


@given(st.data(), SIDES)
def test_boolean_indices(data, shape):
    mask = data.draw(hnp.arrays(bool, shape))
    adjoint(lambda v: v[mask], values(shape))
    adjoint(lambda v: np.where(mask, v, 0.0), values(shape))


@given(st.data(), SIDES)
def test_assignment_at_any_index(data, shape):
    basic = hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)
    index = data.draw(st.one_of(basic, hnp.integer_array_indices(shape), hnp.arrays(bool, shape)))
    part = np.zeros(shape)[index].shape

    def assigned(x, v):
        y = x * 1.0
        y[index] = v
        return y * y

    def added(x, v):
        y = x * 1.0
        y[index] += v
        return y

    adjoint(assigned, values(shape, 1), values(part, 2))
    adjoint(added, values(shape, 1), values(part, 2))


@given(st.data(), SIDES)
def test_add_at_sums_repeated_places(data, shape):
    index = data.draw(hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=4)))
    part = np.zeros(shape)[index].shape

    def f(x, v):
        y = x * 1.0
        np.add.at(y, index, v)
        return y

    adjoint(f, values(shape, 1), values(part, 2))


@given(st.data(), hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3))
def test_a_reshape_and_a_transpose_write_through(data, shape):
    size = int(np.prod(shape))
    axes = data.draw(st.permutations(range(len(shape))))

    def f(x, v):
        y = x * 1.0
        flat = y.reshape(-1)
        if size:
            flat[::2] = v[: len(flat[::2])]
        y.transpose(axes)[...] *= 2.0
        return y

    x, v = values(shape, 1), values((size,), 2)
    adjoint(f, np.asarray(x), v)


@given(hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, max_side=3))
def test_matmul(shapes):
    a, b = (values(shape, i) for i, shape in enumerate(shapes.input_shapes))
    adjoint(np.matmul, a, b)


@st.composite
def contractions(draw):
    sizes = dict(zip("ijkl", draw(st.tuples(*[st.integers(1, 3)] * 4))))
    terms = draw(st.lists(st.text("ijkl", max_size=3), min_size=1, max_size=3))
    letters = sorted(set("".join(terms)))
    output = "".join(draw(st.lists(st.sampled_from(letters), unique=True))) if letters else ""
    return ",".join(terms) + "->" + output, [tuple(sizes[c] for c in term) for term in terms]


@given(contractions())
def test_einsum(contraction):
    subscripts, shapes = contraction
    xs = [values(shape, i) for i, shape in enumerate(shapes)]

    def f(*operands):
        return adkit.numpy.einsum(subscripts, *operands)

    out = jvp(f, tuple(xs), tuple(xs))[0]
    np.testing.assert_allclose(out, np.einsum(subscripts, *xs), rtol=1e-12, atol=1e-12)
    weight = values(np.shape(out), 7)
    pushed, pulled = jvp(f, tuple(xs), tuple(xs))[1], vjp(f, *xs)[1](weight)
    scale = max(1.0, float(np.sum(np.abs(weight * pushed))))
    assert abs(paired([weight], [pushed]) - paired(pulled, xs)) <= 1e-11 * scale


@given(st.lists(SIDES.filter(lambda s: len(s) == 2), min_size=1, max_size=3), st.integers(0, 1))
def test_concatenate_and_split(shapes, axis):
    shapes = [tuple(2 if i != axis else n for i, n in enumerate(shape)) for shape in shapes]
    parts = [values(shape, i) for i, shape in enumerate(shapes)]
    adjoint(lambda *xs: np.concatenate(xs, axis=axis) * 2.0, *parts)
    ends = np.cumsum([shape[axis] for shape in shapes])[:-1]
    adjoint(lambda x: np.split(x, ends, axis=axis)[-1] * x.sum(), np.concatenate(parts, axis=axis))


@settings(max_examples=15)
@given(SIDES)
def test_second_order_of_a_mixed_function(shape):
    x = values(shape)
    report = check_grads(lambda v: np.sum(np.sin(v) * np.cumsum(v * v, axis=-1)) + np.prod(np.cos(v)), (x,))
    assert report.verdict == "agree"
