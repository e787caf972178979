"""`%%grad` over cells in Theano's style: compiled functions called with inputs of the cell, or with plain numbers."""

import numpy as np
import pytest

from adkit.errors import AdkitError

SETUP = "import adkit.styles.theano as theano\nimport adkit.styles.theano.tensor as T"


@pytest.fixture
def theano(run):
    run(SETUP)
    return run


def test_a_named_input_goes_through_a_compiled_function(theano):
    trace = theano("""
        %%grad x0
        x0 = 3.0
        x = T.dscalar("x")
        f = theano.function([x], x**2 + 3 * x + 1)
        z = f(x0)
        z
    """)
    assert trace.value == 19.0
    assert trace.gradient["x0"] == 9.0
    assert [i.span.line for i in trace.wengert][0] == 4


def test_arguments_are_the_inputs_of_a_cell_without_names(theano, shell):
    trace = theano("""
        %%grad
        x = T.dmatrix("x")
        f = theano.function([x], T.sum(1 / (1 + T.exp(-x))))
        f([[0.0, 1.0], [-1.0, -2.0]])
    """)
    np.testing.assert_allclose(trace.gradient["x"], [[0.25, 0.19661193], [0.19661193, 0.10499359]], rtol=1e-7)
    assert shell.user_ns["f"]([[0.0]]) == 0.5


def test_a_derivative_of_the_style_is_differentiated_again(theano):
    trace = theano("""
        %%grad a
        a = 2.0
        x = T.dscalar("x")
        g = theano.function([x], T.grad(x**3, x))
        g(a)
    """)
    assert trace.value == 12.0
    assert trace.gradient["a"] == 12.0


def test_shared_state_carries_derivatives_and_is_ordinary_afterwards(theano, shell):
    trace = theano("""
        %%grad rate
        rate = 2.0
        state = theano.shared(1.0, "state")
        inc = T.dscalar("inc")
        grow = theano.function([inc], state, updates=[(state, state * inc)])
        grow(rate)
        grow(rate)
        level = state.get_value()
        level
    """)
    assert trace.value == 4.0
    assert trace.gradient["rate"] == 4.0
    assert type(shell.user_ns["state"].get_value()) is np.ndarray


@pytest.mark.parametrize("cell", ['%%grad x\nx = T.dscalar("x")\ny = x**2\ny', "%%grad s\ns**2"])
def test_a_symbolic_input_is_refused_with_the_way(theano, cell):
    theano('s = T.dscalar("s")')
    with pytest.raises(AdkitError, match=r"is symbolic.*theano\.function\(\[x\], y\)"):
        theano(cell)
