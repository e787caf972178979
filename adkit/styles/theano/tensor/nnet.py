"""`T.nnet`: activations and losses, composed of operations of `T`."""

from __future__ import annotations

from typing import Any

from .... import numpy as anp
from ....transforms import stop_gradient
from ..graph import Operation, TensorType, Variable, as_variable
from .elementwise import OPERATIONS, switch
from .reduction import logsumexp, sum
from .shaping import arange, shape

__adkit__ = True
__path__: list[str] = []  # `from theano.tensor.nnet import X` asks for a module X before it gives up


def sigmoid(x: Any) -> Variable:
    """1 / (1 + exp(-x)), without overflow."""
    return OPERATIONS["sigmoid"](x)


ultra_fast_sigmoid = sigmoid


def hard_sigmoid(x: Any) -> Variable:
    """0.2 · x + 0.5 between 0 and 1."""
    return OPERATIONS["hard_sigmoid"](x)


def softplus(x: Any) -> Variable:
    """log(1 + exp(x)), without overflow.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x = T.dscalar("x")
    >>> softplus(x).eval({x: 1000.0})
    array(1000.)
    """
    return OPERATIONS["softplus"](x)


def relu(x: Any, alpha: Any = 0) -> Variable:
    """x where it is positive, else alpha · x."""
    return OPERATIONS["relu"](x, alpha)


def elu(x: Any, alpha: float = 1) -> Variable:
    """x where it is positive, else alpha · (exp(x) - 1)."""
    x = as_variable(x)
    return switch(x > 0, x, alpha * OPERATIONS["expm1"](OPERATIONS["minimum"](x, 0)))


def selu(x: Any) -> Variable:
    """The scaled exponential linear unit, with the constants of Klambauer et al., "Self-Normalizing Neural Networks"
    (2017).
    """
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def _rows(x: Any) -> Variable:
    """A vector as a matrix of one row, as Theano has it."""
    made = as_variable(x)
    return made.dimshuffle("x", 0) if made.ndim == 1 else made


def logsoftmax(x: Any) -> Variable:
    """The logarithm of `softmax`, without overflow."""
    made = _rows(x)
    return made - logsumexp(made, axis=-1, keepdims=True)


def _softmax(x: Any) -> Any:
    powers = anp.exp(x - stop_gradient(anp.max(x, axis=-1, keepdims=True)))
    return powers / anp.sum(powers, axis=-1, keepdims=True)


SOFTMAX = Operation("softmax", _softmax, lambda x: TensorType(x.dtype, x.broadcastable))


def softmax(c: Any) -> Variable:
    """Positive numbers that sum to one in each row; a vector becomes a matrix of one row, as in Theano.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> x = T.dmatrix("x")
    >>> softmax(x).eval({x: [[0.0, 0.0]]})
    array([[0.5, 0.5]])
    """
    return SOFTMAX(_rows(c))


def binary_crossentropy(output: Any, target: Any) -> Variable:
    """-(target · log(output) + (1 - target) · log(1 - output)), element by element."""
    output, target = as_variable(output), as_variable(target)
    return -(target * OPERATIONS["log"](output) + (1.0 - target) * OPERATIONS["log1p"](-output))


def sigmoid_binary_crossentropy(output: Any, target: Any) -> Variable:
    """`binary_crossentropy` of the sigmoid of `output`, without overflow."""
    output, target = as_variable(output), as_variable(target)
    return softplus(-OPERATIONS["abs_"](output)) + output * ((output > 0) - target)


def categorical_crossentropy(coding_dist: Any, true_dist: Any) -> Variable:
    """The cross-entropy of each row of `coding_dist` with a distribution, or with the class numbers in a vector.

    Example
    -------
    >>> from adkit.styles.theano import tensor as T
    >>> p, k = T.dmatrix("p"), T.ivector("k")
    >>> categorical_crossentropy(p, k).eval({p: [[0.5, 0.5]], k: [1]}).round(6)
    array([0.693147])
    """
    coding, true = as_variable(coding_dist), as_variable(true_dist)
    if true.ndim == coding.ndim:
        return -sum(true * OPERATIONS["log"](coding), axis=coding.ndim - 1)
    return -OPERATIONS["log"](coding[arange(shape(coding)[0]), true])


def crossentropy_softmax_1hot(x: Any, y_idx: Any) -> tuple[Variable, Variable]:
    """The cross-entropy of the softmax of each row with class numbers, and the softmax."""
    made = _rows(x)
    return -logsoftmax(made)[arange(shape(made)[0]), as_variable(y_idx)], softmax(made)


def __getattr__(name: str) -> Any:
    from ..refused import absent_within

    raise absent_within("T.nnet", name)
