"""What cannot be done says so, at the user's line, with the supported way."""

import numpy as np
import pytest

import adkit
import adkit.styles.theano as theano
import adkit.styles.theano.tensor as T
from adkit.styles.theano import In, function, shared

x, y = T.dscalars("x", "y")
v, w = T.dvectors("v", "w")
k = T.iscalar("k")
noise = T.shared_randomstreams.RandomStreams(1).normal((2,))
THIS = __file__


def branch():
    if x > 0:
        return x
    return -x


CASES = {
    "branch": (branch, TypeError, r"Python branch.*T\.switch.*ifelse"),
    "while": (lambda: [None for _ in iter(lambda: bool(x < 1), False)], TypeError, r"T\.switch.*theano\.scan"),
    "float": (lambda: float(x), TypeError, r"float.*T\.cast"),
    "int": (lambda: int(k), TypeError, r"T\.cast"),
    "iteration": (lambda: list(v), TypeError, r"loop over it.*theano\.scan"),
    "length": (lambda: len(v), TypeError, r"x\.shape\[0\]"),
    "range": (lambda: range(k), TypeError, r"n_steps"),
    "array": (lambda: np.asarray(v), TypeError, r"T\.stack"),
    "cost": (lambda: T.grad(v**2, v), TypeError, r"cost must be a scalar.*\.sum\(\)"),
    "integer cost": (lambda: T.grad(k, x), TypeError, r"dtype int32"),
    "integer variable": (lambda: T.grad(x * k, k), TypeError, r"k, whose dtype is int32.*float"),
    "no variable": (lambda: T.grad(x, 3.0), TypeError, r"3\.0, which is no symbolic"),
    "disconnected": (lambda: T.grad(x, y), theano.gradient.DisconnectedInputError, r"does not depend on y"),
    "disconnected by choice": (
        lambda: T.grad(theano.gradient.disconnected_grad(x), x),
        ValueError,
        r"does not depend on x.*ignore",
    ),
    "jacobian of a matrix": (lambda: T.jacobian(T.outer(v, v), v), TypeError, r"flatten"),
    "hessian by a scalar": (lambda: T.hessian(x**2, x), TypeError, r"0 dimensions"),
    "missing": (lambda: function([x], x + y), ValueError, r"y is needed.*inputs"),
    "missing value of a derivative": (lambda: function([], T.grad(v.sum() * x, x)), ValueError, r"is needed"),
    "unused": (lambda: function([x, y], x), ValueError, r"y is not used.*ignore"),
    "twice": (lambda: function([x, x], x), ValueError, r"twice"),
    "shared input": (lambda: function([shared(1.0, "w")], x), TypeError, r"w cannot be an input.*givens"),
    "not a list": (lambda: function(x, x), TypeError, r"function\(\[x\], y\)"),
    "update": (lambda: function([x], updates=[(y, x)]), TypeError, r"not shared"),
    "update dtype": (lambda: function([x], updates=[(shared(1), x)]), TypeError, r"T\.cast"),
    "update rank": (lambda: function([v], updates=[(shared(1.0), v)]), TypeError, r"1 dimensions, not 0"),
    "rank": (lambda: function([v], v)(np.ones((2, 2))), TypeError, r"expected 1, got 2"),
    "dtype": (lambda: function([k], k)(1.5), TypeError, r"int32 would lose.*allow_input_downcast"),
    "float32": (lambda: function([a := T.fvector("a")], a)(np.ones(2)), TypeError, r"allow_input_downcast"),
    "symbolic argument": (lambda: function([x], x)(y), TypeError, r"is symbolic.*numbers"),
    "no number": (lambda: function([x], x)("1"), TypeError, r"pass a number"),
    "too many": (lambda: function([x], x)(1.0, 2.0), TypeError, r"takes 1 inputs"),
    "too few": (lambda: function([x], x)(), TypeError, r"x has no value"),
    "unknown name": (lambda: function([x], x)(1.0, z=2.0), TypeError, r"no input 'z'"),
    "row": (lambda: function([r := T.drow("r")], r)(np.ones((2, 2))), TypeError, r"length 2 along axis 0"),
    "float index": (lambda: v[x], TypeError, r"T\.cast"),
    "many indices": (lambda: v[0, 1], TypeError, r"too many"),
    "subtensor": (lambda: T.set_subtensor(v, 1.0), TypeError, r"x\[i\]"),
    "dimshuffle": (lambda: v.dimshuffle("x"), TypeError, r"drops"),
    "axis": (lambda: v.sum(axis=1), TypeError, r"out of range"),
    "stack": (lambda: T.stack([x, v]), TypeError, r"one number of dimensions"),
    "shared list": (lambda: shared([1.0]), TypeError, r"numpy\.array"),
    "scan steps": (lambda: theano.scan(lambda: x), TypeError, r"n_steps"),
    "scan outputs": (lambda: theano.scan(lambda a: [a, a], sequences=v, outputs_info=[None]), TypeError, r"2 outputs"),
    "scan shapes": (
        lambda: theano.scan(lambda a, b: a * w, sequences=v, outputs_info=T.constant(0.0)),
        TypeError,
        r"T\.zeros_like",
    ),
    "noise in a step": (
        lambda: theano.scan(lambda a: a * noise, sequences=v),
        TypeError,
        r"drawn inside.*outside",
    ),
    "In update": (lambda: In(x, update=x), TypeError, r"theano\.shared"),
    "device": (lambda: setattr(theano.config, "device", "cuda"), TypeError, r"NumPy on the CPU"),
    "floatX": (lambda: setattr(theano.config, "floatX", "float8"), TypeError, r"float32"),
    "pydotprint": (lambda: theano.printing.pydotprint(x), TypeError, r"adkit\.trace"),
    "Print": (lambda: theano.printing.Print("x"), TypeError, r"%%grad"),
    "conv2d": (lambda: T.nnet.conv2d, TypeError, r"not part of"),
}


@pytest.mark.parametrize("name", CASES)
def test_errors_name_the_line_and_the_way(name):
    call, kind, text = CASES[name]
    with pytest.raises(kind, match=f"(?s){text}") as caught:
        call()
    assert isinstance(caught.value, adkit.AdkitError)
    assert caught.value.fix
    assert caught.value.filename == THIS
    assert f"(line {caught.value.line})" in str(caught.value)


def test_the_line_of_a_branch_is_that_of_the_if():
    with pytest.raises(adkit.AdkitError) as caught:
        branch()
    assert caught.value.line == branch.__code__.co_firstlineno + 1


def test_unknown_names_say_what_to_use():
    with pytest.raises(AttributeError, match="Fix: compose it of operations"):
        T.no_such_function  # noqa: B018
    with pytest.raises(AttributeError, match="Fix: for random numbers use T.shared_randomstreams"):
        theano.sandbox  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'backward'"):
        x.backward()


def test_the_value_of_an_argument_need_not_be_exact_where_asked():
    a = T.fvector("a")
    assert function([a], a, allow_input_downcast=True)(np.ones(2)).dtype == np.float32
    assert function([a], a)([1.0, 2.0]).dtype == np.float32
    assert function([k], k)(3.0 if False else 3) == 3


def test_unused_inputs_warn_where_asked():
    with pytest.warns(UserWarning, match="y is not used"):
        function([x, y], x, on_unused_input="warn")


def test_an_index_out_of_bounds_is_numpys_error():
    f = function([v, k], v[k])
    assert f([1.0, 2.0], -1) == 2.0
    with pytest.raises(IndexError):
        f([1.0, 2.0], 2)
