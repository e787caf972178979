"""What is printed: expressions, derivatives carried out and simplified, trees, and large formulas in parts."""

import numpy as np
import pytest

import adkit.styles.theano as theano
import adkit.styles.theano.tensor as T
from adkit.styles.theano import pp, shared

x, y, v = T.dvectors("x", "y", "v")
s, t = T.dscalars("s", "t")
X, W = T.dmatrices("X", "W")
w, b = shared(np.ones(3), "w"), shared(0.0, "b")

WRITTEN = {
    "x + y": x + y,
    "s**2 + 3 * s + 1": s**2 + 3 * s + 1,
    "1 / (1 + exp(-X))": 1 / (1 + T.exp(-X)),
    "(s + t) * s": (s + t) * s,
    "switch(s > 0, s, 0)": T.switch(s > 0, s, 0),
    "dot(X, w) + b": T.dot(X, w) + b,
    "sum(X, axis=0)": X.sum(axis=0),
    "X[1:].T * 2": X[1:].T * 2,
    "set_subtensor(x[0], s)": T.set_subtensor(x[0], s),
    "mean(x) / x.shape[0]": x.mean() / x.shape[0],
    "concatenate([x, y])": T.concatenate([x, y]),
    'dimshuffle(x, "x", 0)': x.dimshuffle("x", 0),
    "arange(x.shape[0])": T.arange(x.shape[0]),
}

SIMPLIFIED = {
    "2 * s": T.grad(s**2, s),
    "3 + 2 * s": T.grad(s**2 + 3 * s + 1, s),
    "6 * s": T.grad(T.grad(s**3, s), s),
    "2 * s + 1": T.grad(s**2, s) + 1,
    "exp(-X) / (1 + exp(-X)) ** 2": T.grad(T.sum(1 / (1 + T.exp(-X))), X),
    "2 * (x - y)": T.grad(T.sum((x - y) ** 2), x),
    "2 * x / x.size": T.grad(T.mean(x**2), x),
    "2 * x / x.shape[0]": T.grad(T.sum(x**2) / x.shape[0], x),
    "ones_like(x)": T.grad(x.sum(), x),
    "zeros_like(x)": T.grad(s**2, x, disconnected_inputs="ignore"),
    "sum(x)": T.grad(T.sum(x * s), s),
    "y": T.grad(T.dot(x, y), x),
    "exp(x) / sum(exp(x))": T.grad(T.log(T.sum(T.exp(x))), x),
    "dot(X.T, 2 * (dot(X, w) + b - y) / dot(X, w).size)": T.grad(T.mean((T.dot(X, w) + b - y) ** 2), w),
    "outer(x, v)": T.Lop(T.dot(x, W), W, v),
    "dot(W.T, v)": T.Lop(T.dot(W, x), x, v),
    "v * cos(x)": T.Rop(T.sin(x), x, v),
    "2 * eye(x.size) * x": T.jacobian(x**2, x),
    "cos(s) ** 2 - sin(s) ** 2": T.grad(T.sin(s) * T.cos(s), s),
    "sigmoid(s) * sigmoid(-s)": T.grad(T.nnet.sigmoid(s), s),
    "inc_subtensor(zeros_like(x)[0], 2 * x[0])": T.grad(x[0] ** 2, x),
    "b - 0.1 * (2 * b)": b - 0.1 * T.grad(b**2, b),
    "grad(sum(scan(3, ones_like(x), x)), x)": T.grad(
        theano.scan(lambda p, a: p * a, outputs_info=T.ones_like(x), non_sequences=x, n_steps=3)[0].sum(), x
    ),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_expressions_are_printed_as_written(text):
    assert pp(WRITTEN[text]) == text == str(WRITTEN[text])


@pytest.mark.parametrize("text", SIMPLIFIED)
def test_derivatives_are_printed_simplified(text):
    assert pp(SIMPLIFIED[text]) == text


def test_a_formula_whose_lengths_decide_it_is_not_written_out():
    assert pp(T.grad(T.sum(T.concatenate([x, y]) ** 2), x)) == "grad(sum(concatenate([x, y]) ** 2), x)"


def test_a_printed_formula_has_the_value_of_the_derivative():
    names = {"exp": np.exp, "sum": np.sum, "dot": np.dot, "cos": np.cos, "sin": np.sin, "outer": np.outer}
    names |= {"ones_like": np.ones_like, "zeros_like": np.zeros_like, "eye": np.eye}
    rng = np.random.default_rng(3)
    values = {x: rng.normal(size=4), y: rng.normal(size=4), v: rng.normal(size=4), s: 0.3, X: rng.normal(size=(2, 4))}
    for text, expression in SIMPLIFIED.items():
        if any(word in text for word in ("scan", "sigmoid", "subtensor", "w", "W", "b - ")):
            continue
        want = expression.eval({k: a for k, a in values.items() if k in theano.graph.ancestors([expression])})
        found = eval(text, names | {k.name: a for k, a in values.items()})
        np.testing.assert_allclose(found, want, rtol=1e-12, err_msg=text)


def test_large_formulas_have_parts():
    value = s
    for _ in range(16):
        value = T.sin(value) * value
    lines = pp(T.grad(value, s)).splitlines()
    assert lines[0].startswith("t1 = ")
    assert len(lines) > 3
    assert max(map(len, lines)) < 20_000


def test_trees(capsys):
    theano.printing.debugprint(T.grad(T.sum(x**3), x))
    assert capsys.readouterr().out == ("mul [id A]\n |3 [id B]\n |pow [id C]\n | |x [id D]\n | |2 [id E]\n")
    f = theano.function([s], (s + 1) * (s + 1))
    assert theano.printing.debugprint(f, file="str") == (
        "mul [id A]\n |add [id B]\n | |s [id C]\n | |1 [id D]\n |add [id B] ..."
    )
    assert theano.printing.debugprint(f, depth=1, file="str") == "mul [id A]"


def test_compiled_functions_show_their_graph_and_source():
    f = theano.function([s], T.grad(s**2, s), name="slope")
    assert [pp(out) for out in f.maker.fgraph.outputs] == ["2 * s"]
    assert [type(a.op).__name__ for a in f.maker.fgraph.toposort()] == ["Operation", "Pull"]
    f(3.0)
    assert "2 * x0" in f.sources[0]
    assert repr(f) == "<theano function slope(s)>"
