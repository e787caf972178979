"""Tensors and variables: dtypes, conversions, texts, operators, and the errors that TensorFlow raises too."""

import copy
import pickle

import numpy as np
import pytest

import adkit.styles.tensorflow as tf


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, "int32"),
        (1.0, "float32"),
        (True, "bool"),
        (1j, "complex128"),
        ([1, 2.0], "float32"),
        (np.float64(1.0), "float64"),
        (np.array([1.0]), "float64"),
        (np.array([1], "int8"), "int8"),
    ],
)
def test_python_numbers_are_narrow_and_arrays_keep_their_dtype(value, dtype):
    assert tf.constant(value).dtype.name == dtype


def test_texts_are_those_of_tensorflow():
    assert repr(tf.constant(0.1)) == "<tf.Tensor: shape=(), dtype=float32, numpy=0.10000000149011612>"
    assert str(tf.constant(0.1)) == "tf.Tensor(0.1, shape=(), dtype=float32)"
    assert repr(tf.constant([1, 2])) == "<tf.Tensor: shape=(2,), dtype=int32, numpy=array([1, 2], dtype=int32)>"
    matrix = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert str(matrix) == "tf.Tensor(\n[[1. 2.]\n [3. 4.]], shape=(2, 2), dtype=float32)"
    assert repr(matrix).startswith("<tf.Tensor: shape=(2, 2), dtype=float32, numpy=\narray([[1., 2.],\n")
    assert repr(tf.Variable(3.0)) == "<tf.Variable 'Variable:0' shape=() dtype=float32, numpy=3.0>"
    assert f"{tf.constant(6.0)} {tf.constant(6.0):.3f}" == "6.0 6.000"
    assert repr(matrix.shape), str(matrix.shape) == ("TensorShape([2, 2])", "(2, 2)")


def test_tensors_of_two_dtypes_do_not_mix():
    single, double, whole = tf.constant(1.0), tf.constant(1.0, tf.float64), tf.constant(1)
    for work in (
        lambda: single + double,
        lambda: whole + single,
        lambda: tf.matmul([[1.0]], tf.constant([[1]])),
        lambda: tf.concat([tf.constant([1.0]), tf.constant([1.0], tf.float64)], 0),
        lambda: tf.stack([single, whole]),
        lambda: tf.maximum(single, double),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"tf\.cast"):
            work()
    with pytest.raises(TypeError, match="Cannot convert 2.5 to a tensor of dtype int32"):
        whole + 2.5
    with pytest.raises(TypeError, match="Cannot convert 1.5"):
        tf.constant(1.5, dtype=tf.int32)
    with pytest.raises(TypeError, match="requested dtype float64"):
        tf.convert_to_tensor(single, tf.float64)
    with pytest.raises(TypeError, match="does not fit into int32"):
        tf.constant(2**40)
    with pytest.raises(TypeError, match="cannot become a tensor"):
        tf.constant("text")
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not take a tensor of dtype int32"):
        tf.sin(whole)
    assert (tf.cast(whole, tf.float32) + single).numpy() == 2.0


def test_numbers_and_arrays_beside_a_tensor_take_its_dtype():
    x = tf.constant([1.0, 2.0])
    for other in (1, 1.0, np.float64(1.0), np.array([1.0, 1.0]), [1, 1]):
        assert (x + other).dtype == tf.float32
        assert (other + x).dtype == tf.float32
        np.testing.assert_array_equal((x + other).numpy(), [2.0, 3.0])
    assert (tf.constant(1) / tf.constant(2)).dtype == tf.float64
    assert (tf.constant(7) // 2).numpy() == 3
    assert (2 ** tf.constant(3)).numpy() == 8
    assert (tf.constant([True]) & [False]).numpy().tolist() == [False]
    assert (~tf.constant([True])).numpy().tolist() == [False]


def test_errors_name_the_line_and_the_fix():
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        tf.constant([1.0, 2.0]) + tf.constant([1.0, 2.0, 3.0])
    assert caught.value.line == caught.tb.tb_lineno
    assert "Incompatible shapes: [2] vs. [3]" in str(caught.value)
    assert "Fix: " in str(caught.value)


def test_a_tensor_is_immutable_and_no_key():
    x = tf.constant([1.0, 2.0])
    with pytest.raises(TypeError, match="item assignment"):
        x[0] = 1.0
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)
    assert {x.ref(): 1}[x.ref()] == 1
    assert x.ref().deref() is x
    assert copy.copy(x) is x
    assert copy.deepcopy(x).numpy().tolist() == pickle.loads(pickle.dumps(x)).numpy().tolist() == [1.0, 2.0]
    source = np.array([1.0, 2.0])
    made = tf.constant(source)
    source[0] = 5.0
    made.numpy()[0] = 7.0
    np.testing.assert_array_equal(made.numpy(), [1.0, 2.0])
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)
    with pytest.raises(TypeError, match="Cannot iterate"):
        iter(tf.constant(1.0)).__next__()
    with pytest.raises(TypeError, match="len"):
        len(tf.constant(1.0))


def test_indexing_is_differentiated():
    x = tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(x[:, 1:] * 2) + x[0, tf.constant(0)] + tf.reduce_sum(x[..., tf.newaxis][1])
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), [[1.0, 2.0, 2.0], [1.0, 3.0, 3.0]])
    assert [row.numpy().tolist() for row in tf.constant([[1], [2]])] == [[1], [2]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="scalar tensor cannot be indexed"):
        tf.constant(1.0)[0]


def test_comparisons_are_elementwise():
    x = tf.constant([1.0, 3.0])
    assert (x == [1.0, 2.0]).numpy().tolist() == [True, False]
    assert (x != x).numpy().tolist() == [False, False]
    assert (x > 2).numpy().tolist() == [False, True]
    assert (x == None) is False  # noqa: E711
    assert tf.constant(2.0) in [tf.constant(1.0), tf.constant(2.0)]
    assert [float(x[0]), int(x[1]), [10, 20, 30][tf.constant(1)]] == [1.0, 3, 20]


def test_variables_keep_shape_and_dtype():
    x = tf.Variable([1.0, 2.0], name="x")
    assert x.assign_sub([0.5, 0.5]) is x
    np.testing.assert_array_equal(x.numpy(), [0.5, 1.5])
    with pytest.raises(ValueError, match=r"'x:0': the variable has shape \(2,\), and the assigned value \(3,\)"):
        x.assign([1.0, 2.0, 3.0])
    with pytest.raises(TypeError):
        x.assign(tf.constant([1, 2]))
    with pytest.raises(ValueError, match="needs an initial value"):
        tf.Variable()
    assert tf.Variable(lambda: 2.0).numpy() == 2.0
    assert tf.Variable(1, dtype=tf.float64).dtype == tf.float64
    assert x.value().numpy().tolist() == [0.5, 1.5]
    assert not isinstance(x, tf.Tensor)
    assert tf.is_tensor(x)
    for again in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert again is not x
        assert again.name == "x:0"
        np.testing.assert_array_equal(again.numpy(), x.numpy())


def test_dtypes_and_shapes_answer_as_tensorflows():
    assert repr(tf.float32), str(tf.int32) == ("tf.float32", "<dtype: 'int32'>")
    assert tf.float32 == np.float32
    assert tf.float32 != tf.float64
    assert tf.as_dtype("bool") is tf.bool
    assert tf.float32.as_numpy_dtype is np.float32
    assert (tf.int32.max, tf.float64.is_floating, tf.complex64.real_dtype) == (2**31 - 1, True, tf.float32)
    assert pickle.loads(pickle.dumps(tf.float32)) is tf.float32
    with pytest.raises(TypeError, match="no dtype of this style"):
        tf.as_dtype("text")
    shape = tf.zeros([2, 3]).shape
    assert shape == [2, 3]
    assert shape == (2, 3)
    assert shape[1:] == [3]
    assert (shape.rank, shape.as_list(), shape.num_elements()) == (2, [2, 3], 6)
    assert tf.zeros(shape).shape == shape
