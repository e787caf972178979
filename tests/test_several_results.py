"""Instructions with several results: one node for all of them, and one for each that is used."""

from __future__ import annotations

import numpy as np
import pytest

import adkit
from adkit.nodes import Results
from adkit.primitive import REGISTRY, General

X = np.array([0.3, 0.7, -1.1])


@pytest.fixture(params=["from the jvp", "given"])
def sincos(request):
    """sine and cosine as one instruction, whose vjp is derived from its jvp or given."""

    def vjp(g, out, x):
        sine, cosine = out
        parts = (None if g[0] is None else g[0] * cosine, None if g[1] is None else -g[1] * sine)
        return (sum(p for p in parts if p is not None),)

    row = General(
        "sincos",
        lambda xp, x: (xp.sin(x), xp.cos(x)),
        jvp=lambda t, out, x: (t[0] * out[1], -t[0] * out[0]),
        vjp=vjp if request.param == "given" else None,
        reads="out",
    )
    yield row
    del REGISTRY["sincos"]


def test_every_order_and_mode_agrees_with_separate_instructions(sincos):
    def together(x):
        s, c = sincos(x)
        return np.sum(s * s * c)

    def apart(x):
        return np.sum(np.sin(x) ** 2 * np.cos(x))

    def third(f):
        return adkit.grad(lambda x: np.sum(adkit.grad(lambda x: np.sum(adkit.grad(f)(x)))(x)))

    for mode in ("forward", "reverse"):
        np.testing.assert_allclose(
            adkit.grad(together, mode=mode)(X), adkit.grad(apart, mode=mode)(X), rtol=1e-14, atol=1e-15
        )
        np.testing.assert_allclose(
            adkit.jacobian(adkit.grad(together), mode=mode)(X), adkit.hessian(apart)(X), rtol=1e-13, atol=1e-14
        )
    np.testing.assert_allclose(third(together)(X), third(apart)(X), rtol=1e-12)


def test_one_result_alone(sincos):
    assert adkit.grad(lambda x: sincos(x)[1])(0.5) == -np.sin(0.5)
    assert adkit.grad(lambda x: sincos(x)[0], mode="forward")(0.5) == np.cos(0.5)


def test_plain_operands_give_plain_results(sincos):
    sine, cosine = sincos(X)
    np.testing.assert_array_equal(sine, np.sin(X))
    np.testing.assert_array_equal(cosine, np.cos(X))


def test_results_bear_the_names_that_they_are_assigned_to(sincos):
    def f(x):
        s, c = sincos(x)
        return s * c

    trace = adkit.trace(f)(0.3)
    names = {instruction.text: instruction.output.name for instruction in trace.wengert}
    assert names["v₁[0]"] == "s"
    assert names["v₁[1]"] == "c"
    assert "2 results" in str(trace)


def test_a_program_with_several_results_is_replayed(sincos):
    trace = adkit.trace(lambda x: sincos(x)[0] * sincos(x)[1], order=2)(0.3)
    assert trace.replay()(0.7) == pytest.approx(np.sin(0.7) * np.cos(0.7), rel=1e-15)
    assert trace.higher()[("x", "x")] == pytest.approx(-2 * np.sin(0.6), rel=1e-14)


def test_cotangents_of_results_add_up_part_by_part():
    total = Results((1.0, None, None)) + Results((2.0, 3.0, None))
    assert total == (3.0, 3.0, None)
    assert type(total) is Results
