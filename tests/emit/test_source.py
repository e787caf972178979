"""Emitted programs: what they compute, how they look, what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

import adkit
from adkit import control_flow, trace
from adkit.emit import EmitError
from adkit.emit.spelling import NO_FUNCTION, REFUSED, refusal
from adkit.primitive import REGISTRY
from tests.emit.programs import agree, clean, formatted, linted
from tests.programs import PROGRAMS, run


def damped(x, w):
    u = np.sin(x) * w
    if u > 0:
        u = u**2
    return u / (1 + np.exp(-x))


def layer(x, w):
    h = np.tanh(w @ x)
    return np.sum(h**2)


def moved(x):
    y = x.copy()
    y[1:] = y[1:] * 2
    y[0] = np.max(x)
    return y


def doubled(x):
    unused = np.exp(x)
    return [unused, x * 2][1]


def spectrum(a):
    w, v = np.linalg.eigh(a)
    return np.sum(w * v[0] ** 2)


def single(x, w):
    return np.sum(np.exp(x) * w) / 3


def turned(z):
    return np.abs(np.sum(np.exp(1j * z) * z))


def complex_output(z):
    return np.exp(1j * z) * z


def masked(x):
    return np.sum(np.where(x > 0, np.log(x), 0.0))


CASES = [
    (damped, (1.0, 2.0), (0.7, 1.5)),
    (layer, (np.arange(3.0), np.ones((2, 3)) / 5), (np.ones(3), np.eye(2, 3))),
    (moved, (np.arange(3.0),), (np.array([0.5, 7.0, 2.0]),)),
    (spectrum, (np.diag([1.0, 2.0, 4.0]) + 0.25,), (np.diag([1.0, 3.0, 9.0]) + 0.5,)),
    (single, (np.arange(3, dtype=np.float32), 2.0), (np.ones(3, dtype=np.float32), 0.1)),
    (turned, (np.array([1 + 2j, 0.5j]),), (np.array([0.25 - 1j, 1.0 + 0j]),)),
    (complex_output, (0.5 + 1j,), (2.0 - 1j,)),
    (complex_output, (np.array([1.0, 2.0]),), (np.array([0.5, -1.0]),)),
    (masked, (np.array([1.0, 0.0, -1.0]),), (np.array([2.0, 3.0, 0.0]),)),
    (lambda x: scipy.special.expit(x) * scipy.special.gamma(x), (1.5,), (2.5,)),
    (lambda a: np.linalg.det(a) + np.trace(np.linalg.inv(a)), (np.eye(3) + 0.5,), (np.eye(3) * 2 + 0.25,)),
    (lambda x: np.sum(np.fft.irfft(np.fft.rfft(x) ** 2) ** 2), (np.arange(5.0),), (np.ones(5),)),
    (lambda p: p["w"] * p["b"][0], ({"w": 2.0, "b": [3.0, np.ones(2)]},), None),
]


@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
@pytest.mark.parametrize(("f", "args", "fresh"), CASES)
def test_an_emitted_program_is_equal_to_the_trace_at_fresh_inputs(f, args, fresh, mode):
    source = trace(f)(*args).to_source(mode)
    there = trace(f, mode=mode or "auto")(*(args if fresh is None else fresh))
    agree(clean(source)(*there._leaves.values()), there)


@pytest.mark.parametrize(("f", "args", "fresh"), CASES)
def test_formatters_accept_the_source(f, args, fresh):
    source = trace(f)(*args).to_source()
    assert formatted(source) == source
    assert formatted(source, "--line-length", "120") == source
    assert linted(source) == ""


@settings(max_examples=60, deadline=None)
@given(
    PROGRAMS,
    st.sampled_from([None, "forward", "reverse"]),
    st.floats(0.1, 0.9),
    st.lists(st.floats(-0.9, 0.9), min_size=4, max_size=4),
)
def test_random_programs(program, mode, x, a):
    def f(x, a):
        return np.sum(run(program, x, a))

    # The modes round at other places, which shows where a step is in single precision.
    rtol = 1e-5 if any(name == "single" for name, _, _ in program) else 1e-9
    try:
        made = trace(f)(x, np.array(a).reshape(2, 2))
    except adkit.AdkitError:
        return
    source = made.to_source(mode)
    agree(clean(source)(x, np.array(a).reshape(2, 2)), made, rtol=rtol)
    there = trace(f)(x + 1e-4, np.array(a).reshape(2, 2) - 1e-4)
    try:
        found = clean(source)(x + 1e-4, np.array(a).reshape(2, 2) - 1e-4)
    except AssertionError as error:
        if "trace again" not in str(error):
            raise
    else:
        agree(found, there, rtol=rtol)


def test_a_number_beside_an_array_in_single_precision_keeps_its_type():
    def f(x, a):
        return np.sum((a * x).astype(np.float32) + np.sum(a) * np.float64(0.125))

    made = trace(f)(0.5, np.ones((2, 2)))
    agree(clean(made.to_source("forward"))(0.5, np.ones((2, 2))), made, rtol=1e-6)


def test_the_user_s_names_and_lines_are_there():
    source = trace(damped)(1.0, 2.0).to_source()
    assert source.startswith("import numpy as np\n")
    assert "def damped_and_derivatives(x, w):" in source
    assert ": u = np.sin(x) * w\n" in source
    assert "d_u = " in source
    assert "adkit" not in source


def test_a_guard_that_flips_raises_with_its_condition():
    program = clean(trace(damped)(1.0, 2.0).to_source())
    with pytest.raises(AssertionError, match=r"u > 0 was true in line \d+: trace again"):
        program(-1.0, 2.0)


def test_another_shape_is_refused():
    program = clean(trace(layer)(np.arange(3.0), np.ones((2, 3))).to_source())
    with pytest.raises(AssertionError, match="w was traced with the shape"):
        program(np.ones(3), np.ones((3, 3)))


def test_the_strong_zero_is_np_where_where_the_sweep_needed_it():
    assert "np.where(" in trace(masked)(np.array([1.0, 0.0])).to_source()
    plain = trace(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)))(np.array([1.0, 2.0]))
    with pytest.raises(AssertionError, match="is NaN here: trace again"):
        clean(plain.to_source())(np.array([1.0, 0.0]))


def test_large_constants_are_keyword_arguments():
    data = np.linspace(0.0, 1.0, 100)
    source = trace(lambda x: np.sum(np.exp(x * data)))(0.5).to_source()
    assert list(source.constants) == ["constant_1"]
    np.testing.assert_array_equal(source.constants["constant_1"], data)
    assert "def f_and_derivatives(x, *, constant_1):" in source
    data[:] = 0.0  # the source has its own copy
    assert clean(source)(0.5)[0] == pytest.approx(np.sum(np.exp(0.5 * np.linspace(0.0, 1.0, 100))))


def test_simplifications():
    source = trace(lambda x, w: np.sum(np.sin(x) * w))(np.ones(50), np.ones(50)).to_source()
    assert source.count("= np.sin(x)") == 1
    assert "1.0 *" not in source
    assert "constant" not in source
    assert "np.exp(" not in trace(doubled)(1.0).to_source()


def test_names_of_inputs_that_are_no_identifiers():
    made = trace(lambda p, lambda_, np_: p["a'\n\"#\\"] * p["b c"] + lambda_ * np_)
    source = made({"a'\n\"#\\": 2.0, "b c": 3.0}, 4.0, 5.0).to_source()
    assert formatted(source) == source
    value, derivatives = clean(source)(2.0, 3.0, 4.0, 5.0)
    assert value == 26.0
    assert list(derivatives.values()) == [3.0, 2.0, 5.0, 4.0]


def test_what_cannot_be_written_is_named():
    made = trace(lambda x: control_flow.fori_loop(0, 3, lambda i, y: y * x, x))(2.0)
    with pytest.raises(EmitError, match="the operation fori_loop cannot be written as NumPy source.*Fix:"):
        made.to_source()
    with pytest.raises(adkit.AdkitError, match="mode='sideways' is not known"):
        trace(np.sin)(1.0).to_source("sideways")


def test_every_row_has_a_spelling_or_a_reason():
    """A new row needs a template in `adkit.emit.spelling`, or an entry in `REFUSED` that says why there is none."""
    reasons = {name: refusal(name) for name in REGISTRY}
    assert [name for name, reason in reasons.items() if reason == "it has no spelling"] == []
    without = {name for name, reason in reasons.items() if reason == NO_FUNCTION}
    assert without <= WITHOUT_FUNCTION
    assert {name for name, reason in reasons.items() if reason} == without | (set(REFUSED) & set(REGISTRY))


# functions that only derivatives of special functions need, and adkit computes itself
WITHOUT_FUNCTION = {
    "beta_density",
    "carlson_integral",
    "erfcx_fraction",
    "faddeeva_fraction",
    "gamma_density",
    "kolmogorov_sum",
    "polygamma_difference",
    "smirnov_sum",
}
