"""Functions: their values beside NumPy's, and their derivatives by `check_grads`; random numbers; control flow."""

import numpy as np
import pytest
import scipy.special

import adkit
import adkit.styles.tensorflow as tf

A = np.array([[0.3, -0.7, 1.1], [0.9, 0.4, -0.2]])
P = np.abs(A) + 0.3
S = A[:, :2] @ A[:, :2].T + 2 * np.eye(2)

# name -> (point, function of the style, what NumPy says)
FUNCTIONS = {
    "square": (A, tf.square, np.square),
    "exp": (A, tf.exp, np.exp),
    "expm1": (A, tf.math.expm1, np.expm1),
    "log": (P, tf.math.log, np.log),
    "log1p": (P, tf.math.log1p, np.log1p),
    "sqrt": (P, tf.sqrt, np.sqrt),
    "rsqrt": (P, tf.math.rsqrt, lambda x: 1 / np.sqrt(x)),
    "reciprocal": (P, tf.math.reciprocal, lambda x: 1 / x),
    "sin": (A, tf.sin, np.sin),
    "cos": (A, tf.cos, np.cos),
    "tan": (A, tf.tan, np.tan),
    "asin": (A[:, :2], tf.asin, np.arcsin),
    "acos": (A[:, :2], tf.acos, np.arccos),
    "atan": (A, tf.atan, np.arctan),
    "sinh": (A, tf.sinh, np.sinh),
    "cosh": (A, tf.cosh, np.cosh),
    "tanh": (A, tf.tanh, np.tanh),
    "asinh": (A, tf.asinh, np.arcsinh),
    "acosh": (P + 1, tf.acosh, np.arccosh),
    "atanh": (A[:, :2], tf.atanh, np.arctanh),
    "atan2": (A, lambda x: tf.atan2(x, 2.0), lambda x: np.arctan2(x, 2)),
    "erf": (A, tf.math.erf, scipy.special.erf),
    "erfc": (A, tf.math.erfc, scipy.special.erfc),
    "lgamma": (P, tf.math.lgamma, scipy.special.gammaln),
    "digamma": (P, tf.math.digamma, scipy.special.digamma),
    "abs": (A, tf.abs, np.abs),
    "pow": (P, lambda x: tf.pow(x, 2.5), lambda x: x**2.5),
    "rpow": (A, lambda x: 2.0**x, lambda x: 2.0**x),
    "divide_no_nan": (A, lambda x: tf.math.divide_no_nan(x, [0.0, 2.0, 4.0]), lambda x: x * [0.0, 0.5, 0.25]),
    "squared_difference": (A, lambda x: tf.math.squared_difference(x, 1.0), lambda x: (x - 1) ** 2),
    "maximum": (A, lambda x: tf.maximum(x, 0.1), lambda x: np.maximum(x, 0.1)),
    "minimum": (A, lambda x: tf.minimum(0.1, x), lambda x: np.minimum(0.1, x)),
    "clip_by_value": (A, lambda x: tf.clip_by_value(x, -0.5, 0.5), lambda x: np.clip(x, -0.5, 0.5)),
    "clip_by_norm": (A, lambda x: tf.clip_by_norm(x, 1.0), lambda x: x / np.linalg.norm(x)),
    "reduce_sum": (A, lambda x: tf.reduce_sum(x, axis=1, keepdims=True), lambda x: x.sum(1, keepdims=True)),
    "reduce_mean": (A, lambda x: tf.reduce_mean(x, [0, 1]), np.mean),
    "reduce_max": (A, lambda x: tf.reduce_max(x, 1), lambda x: x.max(1)),
    "reduce_min": (A, tf.reduce_min, np.min),
    "reduce_prod": (A, lambda x: tf.reduce_prod(x, 0), lambda x: x.prod(0)),
    "reduce_std": (A, lambda x: tf.math.reduce_std(x, 1), lambda x: x.std(1)),
    "reduce_variance": (A, tf.math.reduce_variance, np.var),
    "reduce_logsumexp": (A, lambda x: tf.reduce_logsumexp(x, 1), lambda x: scipy.special.logsumexp(x, 1)),
    "reduce_logsumexp kept": (
        A,
        lambda x: tf.reduce_logsumexp(x, keepdims=True),
        lambda x: np.log(np.exp(x).sum(keepdims=True)),
    ),
    "cumsum": (A, lambda x: tf.cumsum(x, 1, exclusive=True), lambda x: np.cumsum(x, 1) - x),
    "cumsum back": (A, lambda x: tf.cumsum(x, 1, reverse=True), lambda x: np.cumsum(x[:, ::-1], 1)[:, ::-1]),
    "cumprod": (A, lambda x: tf.math.cumprod(x, -1), lambda x: np.cumprod(x, 1)),
    "matmul": (A, lambda x: tf.matmul(x, x, transpose_b=True), lambda x: x @ x.T),
    "matmul adjoint": (A, lambda x: tf.matmul(x, x, adjoint_a=True), lambda x: x.T @ x),
    "matvec": (A, lambda x: tf.linalg.matvec(x, x[0]), lambda x: x @ x[0]),
    "tensordot": (A, lambda x: tf.tensordot(x, x, [[0], [0]]), lambda x: x.T @ x),
    "einsum": (A, lambda x: tf.einsum("ij,ij->i", x, x), lambda x: (x * x).sum(1)),
    "solve": (S, lambda x: tf.linalg.solve(x, tf.constant(A)), lambda x: np.linalg.solve(x, A)),
    "inv": (S, tf.linalg.inv, np.linalg.inv),
    "det": (S, tf.linalg.det, np.linalg.det),
    "logdet": (S, tf.linalg.logdet, lambda x: np.log(np.linalg.det(x))),
    "cholesky": (S, lambda x: tf.linalg.cholesky(x + tf.transpose(x)), lambda x: np.linalg.cholesky(x + x.T)),
    "trace": (S, tf.linalg.trace, np.trace),
    "diag_part": (S, tf.linalg.diag_part, np.diag),
    "diag": (A[0], tf.linalg.diag, np.diag),
    "norm": (A, lambda x: tf.norm(x, axis=1), lambda x: np.linalg.norm(x, axis=1)),
    "norm 1": (A, lambda x: tf.norm(x, ord=1), lambda x: np.abs(x).sum()),
    "norm inf": (A, lambda x: tf.norm(x, ord=np.inf), lambda x: np.abs(x).max()),
    "norm 3": (A, lambda x: tf.norm(x, ord=3), lambda x: (np.abs(x) ** 3).sum() ** (1 / 3)),
    "reshape": (A, lambda x: tf.reshape(x, [3, -1]), lambda x: x.reshape(3, 2)),
    "transpose": (A, tf.transpose, np.transpose),
    "concat": (A, lambda x: tf.concat([x, 2 * x], axis=1), lambda x: np.concatenate([x, 2 * x], 1)),
    "stack": (A, lambda x: tf.stack([x, x * x], axis=-1), lambda x: np.stack([x, x * x], -1)),
    "expand_dims": (A, lambda x: tf.expand_dims(x, -1), lambda x: x[..., None]),
    "squeeze": (A[:, :1], lambda x: tf.squeeze(x, 1), lambda x: x[:, 0]),
    "tile": (A, lambda x: tf.tile(x, [2, 1]), lambda x: np.tile(x, (2, 1))),
    "repeat": (A, lambda x: tf.repeat(x, 2, axis=0), lambda x: np.repeat(x, 2, 0)),
    "pad": (A, lambda x: tf.pad(x, [[1, 0], [0, 2]]), lambda x: np.pad(x, ((1, 0), (0, 2)))),
    "pad reflect": (
        A,
        lambda x: tf.pad(x, [[0, 0], [1, 1]], "REFLECT"),
        lambda x: np.pad(x, ((0, 0), (1, 1)), "reflect"),
    ),
    "reverse": (A, lambda x: tf.reverse(x, [1]), lambda x: x[:, ::-1]),
    "roll": (A, lambda x: tf.roll(x, 1, 1), lambda x: np.roll(x, 1, 1)),
    "broadcast_to": (A[0], lambda x: tf.broadcast_to(x, [2, 3]), lambda x: np.broadcast_to(x, (2, 3))),
    "fill": (A[0, 0], lambda x: tf.fill([2], x), lambda x: np.full(2, x)),
    "split": (A, lambda x: tf.split(x, [1, 2], axis=1)[1], lambda x: x[:, 1:]),
    "unstack": (A, lambda x: tf.unstack(x, axis=1)[2], lambda x: x[:, 2]),
    "gather": (A, lambda x: tf.gather(x, [2, 0, 2], axis=1), lambda x: x[:, [2, 0, 2]]),
    "gather batch": (
        A,
        lambda x: tf.gather(x, [[2, 0], [1, 1]], batch_dims=1),
        lambda x: np.take_along_axis(x, np.array([[2, 0], [1, 1]]), 1),
    ),
    "gather_nd": (A, lambda x: tf.gather_nd(x, [[0, 1], [1, 2]]), lambda x: x[[0, 1], [1, 2]]),
    "boolean_mask": (A, lambda x: tf.boolean_mask(x, A > 0), lambda x: x[x > 0]),
    "where": (A, lambda x: tf.where(x > 0, x, 0.1 * x), lambda x: np.where(x > 0, x, 0.1 * x)),
    "scatter update": (
        A,
        lambda x: tf.tensor_scatter_nd_update(x, [[0]], x[1:] * 2),
        lambda x: np.stack([2 * x[1], x[1]]),
    ),
    "scatter add": (
        A,
        lambda x: tf.tensor_scatter_nd_add(x, [[0], [0]], x),
        lambda x: np.stack([x[0] + x.sum(0), x[1]]),
    ),
    "scatter_nd": (
        A,
        lambda x: tf.scatter_nd([[1], [1]], x, [3, 3]),
        lambda x: np.stack([0 * x[0], x.sum(0), 0 * x[0]]),
    ),
    "sort": (A, lambda x: tf.sort(x, direction="DESCENDING"), lambda x: -np.sort(-x)),
    "linspace": (A[0, 0], lambda x: tf.linspace(x, 2.0, 3), lambda x: np.linspace(x, 2, 3)),
    "add_n": (A, lambda x: tf.add_n([x, x * x, x]), lambda x: 2 * x + x * x),
    "map_fn": (A, lambda x: tf.map_fn(lambda row: row * row[0], x), lambda x: x * x[:, :1]),
    "relu": (A, tf.nn.relu, lambda x: np.maximum(x, 0)),
    "relu6": (A * 9, tf.nn.relu6, lambda x: np.clip(x, 0, 6)),
    "leaky_relu": (A, tf.nn.leaky_relu, lambda x: np.where(x > 0, x, 0.2 * x)),
    "elu": (A, tf.nn.elu, lambda x: np.where(x > 0, x, np.expm1(x))),
    "selu": (A, tf.nn.selu, lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))),
    "sigmoid": (A, tf.sigmoid, scipy.special.expit),
    "silu": (A, tf.nn.silu, lambda x: x * scipy.special.expit(x)),
    "silu 2": (A, lambda x: tf.nn.silu(x, 2.0), lambda x: x * scipy.special.expit(2 * x)),
    "gelu": (A, tf.nn.gelu, lambda x: x * scipy.special.ndtr(x)),
    "softplus": (A, tf.nn.softplus, lambda x: np.log1p(np.exp(x))),
    "log_sigmoid": (A, tf.math.log_sigmoid, scipy.special.log_expit),
    "softsign": (A, tf.nn.softsign, lambda x: x / (1 + np.abs(x))),
    "softmax": (A, tf.nn.softmax, lambda x: scipy.special.softmax(x, -1)),
    "log_softmax": (A, lambda x: tf.nn.log_softmax(x, axis=0), lambda x: scipy.special.log_softmax(x, 0)),
    "l2_normalize": (A, lambda x: tf.nn.l2_normalize(x, 1), lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)),
    "l2_loss": (A, tf.nn.l2_loss, lambda x: (x * x).sum() / 2),
    "moments": (A, lambda x: tf.nn.moments(x, [0])[1], lambda x: x.var(0)),
    "crelu": (A, tf.nn.crelu, lambda x: np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], 1)),
    "bias_add": (A, lambda x: tf.nn.bias_add(x, x[0]), lambda x: x + x[0]),
    "embedding_lookup": (A, lambda x: tf.nn.embedding_lookup(x, [1, 1]), lambda x: x[[1, 1]]),
    "sparse cross-entropy": (
        A,
        lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits([2, 0], x),
        lambda x: -scipy.special.log_softmax(x, -1)[[0, 1], [2, 0]],
    ),
    "sigmoid cross-entropy": (
        A,
        lambda x: tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.constant(P), logits=x),
        lambda x: np.log1p(np.exp(x)) - x * P,
    ),
    "real, imag": (A, lambda x: tf.math.real(tf.complex(x, x * x)) * tf.math.imag(tf.complex(x, x)), lambda x: x * x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_are_numpys_and_derivatives_hold(name):
    point, function, expected = FUNCTIONS[name]
    plain = function(tf.constant(point))
    assert plain.dtype == tf.float64
    np.testing.assert_allclose(plain.numpy(), expected(point), rtol=1e-12, atol=1e-14)
    single = function(tf.constant(point, tf.float32)) if "solve" not in name and "sigmoid c" not in name else plain
    assert single.dtype in (tf.float32, plain.dtype)
    report = adkit.check_grads(lambda x: function(tf.constant(x)), point, order=1)
    assert report.verdict == "agree"


@pytest.mark.parametrize("name", ["reduce_mean", "softmax", "relu", "gather", "matmul", "log", "reduce_logsumexp"])
def test_float32_stays_float32_under_a_tape(name):
    point, function, _ = FUNCTIONS[name]
    x = tf.Variable(point, dtype=tf.float32)
    with tf.GradientTape() as tape:
        y = function(x)
    assert (y.dtype, tape.gradient(y, x).dtype) == (tf.float32, tf.float32)


def test_ties_and_kinks_are_tensorflows():
    x = tf.Variable([0.0, 1.0, 1.0])
    with tf.GradientTape(persistent=True) as tape:
        larger, smaller = tf.maximum(x, [0.0, 1.0, 2.0]), tf.minimum(x, 1.0)
        first, rectified, size = tf.reduce_max(x), tf.nn.relu(x), tf.abs(x)
    for target, expected in [
        (larger, [1, 1, 0]),
        (smaller, [1, 1, 1]),
        (first, [0, 0.5, 0.5]),
        (rectified, [0, 1, 1]),
        (size, [0, 1, 1]),
    ]:
        np.testing.assert_array_equal(tape.gradient(target, x).numpy(), expected)


def test_makers():
    np.testing.assert_array_equal(tf.range(5), np.arange(5))
    np.testing.assert_array_equal(tf.range(1.0, 2.0, 0.25), np.arange(1, 2, 0.25))
    assert [tf.range(3).dtype, tf.range(3.0).dtype, tf.range(0, 1, 0.5).dtype] == [tf.int32, tf.float32, tf.float32]
    assert (tf.linspace(-2, 2, 5).dtype, tf.linspace(-2, 2, 6).numpy()[1]) == (tf.float64, -1.2)
    np.testing.assert_array_equal(tf.eye(2, 3, batch_shape=[2])[1], np.eye(2, 3))
    np.testing.assert_array_equal(tf.one_hot([1, 5], 2, on_value=3.0, axis=0), [[0, 0], [3, 0]])
    assert tf.ones_like([1, 2]).dtype == tf.int32
    assert tf.zeros_like(tf.Variable(1.0)).numpy() == 0.0
    assert tf.constant(2.0, shape=[2]).numpy().tolist() == [2.0, 2.0]
    assert [tf.shape([[1], [2]]).numpy().tolist(), tf.size([1, 2]).numpy(), tf.rank([[1]]).numpy()] == [[2, 1], 2, 2]
    assert [tf.argmax([1.0, 3.0]).numpy(), tf.argmin([[1, 0]], 1).numpy().tolist()] == [1, [1]]
    assert tf.argsort([3, 1, 2], direction="DESCENDING").numpy().tolist() == [0, 2, 1]
    assert tf.where([False, True, True]).numpy().tolist() == [[1], [2]]
    assert tf.reduce_any([False, True]).numpy()
    assert not tf.reduce_all([False, True]).numpy()
    assert tf.cast([1.9, -1.9], tf.int32).numpy().tolist() == [1, -1]
    assert tf.round([0.5, 1.5]).numpy().tolist() == [0.0, 2.0]
    assert tf.identity(tf.Variable(1.0)).numpy() == 1.0


def test_wrong_shapes_and_indices_are_refused():
    for work, text in (
        (lambda: tf.matmul([1.0], [1.0]), "needs matrices"),
        (lambda: tf.matmul([[1.0, 2.0]], [[1.0, 2.0]]), "size-incompatible"),
        (lambda: tf.reshape([1.0, 2.0], [3]), "2 values"),
        (lambda: tf.squeeze([1.0, 2.0], 0), "squeeze"),
        (lambda: tf.gather([1.0], [1]), r"not in \[0, 1\)"),
        (lambda: tf.reduce_sum([True]), "reduce_sum"),
        (lambda: tf.nn.dropout([1.0], 1.5), "rate must be"),
        (lambda: tf.nn.sparse_softmax_cross_entropy_with_logits([[1]], [[1.0]]), "labels of shape"),
        (lambda: tf.norm([[1.0]], ord=1, axis=[0, 1]), "ord=1 of matrices"),
        (lambda: tf.case([(tf.constant(False), lambda: 1)]), "no default"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=text):
            work()


def test_clipping_by_the_global_norm():
    clipped, size = tf.clip_by_global_norm([tf.constant([3.0]), None, tf.constant([4.0])], 1.0)
    assert size.numpy() == 5.0
    assert clipped[1] is None
    assert clipped[0].numpy() == pytest.approx([0.6])
    assert tf.clip_by_norm([0.0, 0.0], 1.0).numpy().tolist() == [0.0, 0.0]


def test_dropout_drops_its_share_and_keeps_the_mean():
    tf.random.set_seed(3)
    x = tf.Variable(tf.ones([1000]))
    with tf.GradientTape() as tape:
        y = tf.nn.dropout(x, 0.25)
    kept = y.numpy() != 0
    assert 0.65 < kept.mean() < 0.85
    np.testing.assert_allclose(y.numpy()[kept], 1 / 0.75, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), y.numpy())
    assert tf.nn.dropout(x, 0).numpy().all()


def test_random_numbers_follow_their_seed():
    tf.random.set_seed(7)
    first = [tf.random.normal([3], 1.0, 2.0), tf.random.uniform([3], -1, 1), tf.random.shuffle(tf.range(5))]
    tf.random.set_seed(7)
    again = [tf.random.normal([3], 1.0, 2.0), tf.random.uniform([3], -1, 1), tf.random.shuffle(tf.range(5))]
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert first[0].dtype == tf.float32
    assert sorted(first[2].numpy().tolist()) == [0, 1, 2, 3, 4]
    whole = tf.random.uniform([100], 0, 3, dtype=tf.int32)
    assert set(whole.numpy().tolist()) == {0, 1, 2}
    assert np.abs(tf.random.truncated_normal([500]).numpy()).max() <= 2
    np.testing.assert_array_equal(tf.random.normal([2], seed=1), tf.random.normal([2], seed=1))


def test_control_flow_is_pythons():
    x = tf.Variable(3.0)

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def power(t):
        total = tf.constant(1.0)
        for _ in tf.range(3):
            if t > 0:
                total = total * t
        return total

    with tf.GradientTape(persistent=True) as tape:
        y = power(x)
        chosen = tf.cond(x > 0, lambda: x * 2, lambda: x)
        looped = tf.while_loop(lambda i, t: i < 4, lambda i, t: (i + 1, t * x), [0, x])[1]
        switched = tf.switch_case(tf.constant(1), [lambda: x, lambda: x * 5])
        cased = tf.case([(x > 5, lambda: x)], default=lambda: x * 7)
    found = [tape.gradient(t, x).numpy() for t in (y, chosen, looped, switched, cased)]
    assert found == [27.0, 2.0, 5 * 81.0, 5.0, 7.0]
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not fit TensorSpec"):
        power(tf.constant([1.0]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="the call 2"):
        power(1.0, 2.0)
    assert power.python_function(tf.constant(2.0)).numpy() == 8.0

    class Model:
        @tf.function
        def __call__(self, t):
            return t * t

    assert Model()(tf.constant(3.0)).numpy() == 9.0


def test_signatures_of_methods_leave_self_out():
    class Doubling(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec(None)])
        def double(self, x):
            return 2 * x

    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = Doubling().double(x * x)
    assert (y.numpy(), tape.gradient(y, x).numpy()) == (18.0, 12.0)
    with pytest.raises(TypeError, match="has 1 arguments, and the call 2"):
        Doubling().double(x, x)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: tf.constant([[1, 2], [3]]), ValueError),
        (lambda: tf.ones([3])[5], IndexError),
        (lambda: tf.ones([3])[0, 1], tf.errors.InvalidArgumentError),
        (lambda: tf.concat([tf.ones([2, 3]), tf.ones([2, 4])], 0), tf.errors.InvalidArgumentError),
        (lambda: tf.stack([tf.ones([3]), tf.ones([4])]), tf.errors.InvalidArgumentError),
    ],
)
def test_errors_of_values_that_do_not_fit(make, kind):
    with pytest.raises(kind) as caught:
        make()
    assert isinstance(caught.value, adkit.AdkitError)
    assert caught.value.fix
    assert caught.value.line is not None
