"""`why_nan` on programs as people write them: it names the instruction, the element and the case; healthy ones it
leaves alone.
"""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from scipy import special

import adkit
from adkit import NonFiniteError, settings, trace
from adkit.diagnose.nan_causes import texts_of

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

X = np.array([1.0, 0.0, 4.0])
RATES = np.array([0.5, 0.0, 0.5])
LOGITS = np.array([1000.0, 2.0, 3.0])
DISTANCES = np.array([[0.0, 2.0], [2.0, 0.0]])


# ------------------------------------------------------------------------------------------------ programs


def log_likelihood(mu):
    return np.sum(np.log(mu) - mu)


def entropy(p):
    return -np.sum(p * np.log(p))


def cross_entropy(logits):
    e = np.exp(logits)
    return -np.log(e[1] / np.sum(e))


def first_probability(logits):
    e = np.exp(logits)
    return e[0] / np.sum(e)


def softplus(x):
    return np.sum(np.log(1.0 + np.exp(x)))


def log_sum_exp(x):
    return np.log(np.sum(np.exp(x)))


def distance_at_sphere(p):
    return np.sqrt(p[0] ** 2 + p[1] ** 2 - 1.0)


def relative_error(a):
    return np.mean((a - 1.0) / a)


def normalised(v):
    return np.sum(v / np.sqrt(np.sum(v**2)))


def angle_from_cosine(c):
    return np.arccos(c * 1.0000001)


def fractional(x):
    return np.sum(x**1.5)


def compound(rate):
    value = np.float64(1e10)
    for _ in range(40):
        value = value * rate
    return value


def small_step(h):
    return h / (np.exp(h) - 1.0)


FORWARD = [
    (log_likelihood, np.array([2.0, -0.5, 1.0]), "log", (1,), "negative", "np.maximum(mu, 1e-12)"),
    (entropy, RATES, "log", (1,), "logarithm of zero", "xlogy"),
    (cross_entropy, LOGITS, "log", (), "logarithm of zero", "log_softmax"),
    (first_probability, LOGITS, "exp", (0,), "overflows", "special.softmax"),
    (softplus, np.array([1.0, 800.0]), "exp", (1,), "overflows", "np.logaddexp(0.0, x)"),
    (log_sum_exp, LOGITS, "exp", (0,), "overflows", "logsumexp(x)"),
    (distance_at_sphere, np.array([0.5, 0.5]), "sqrt", (), "negative", "np.maximum("),
    (relative_error, X, "divide", (1,), "division by zero", "np.where(a == 0"),
    (normalised, np.zeros(3), "divide", (0,), "0 / 0", "n = np.where("),
    (angle_from_cosine, np.float64(1.0), "arccos", (), "outside", "np.clip("),
    (fractional, np.array([1.0, -8.0]), "power_constant", (1,), "fractional power", "np.cbrt"),
    (compound, np.float64(1e20), "multiply", (), "1.8e308", "logarithms"),
    (small_step, np.float64(1e-20), "divide", (), "division by zero", "expm1"),
]


def norm_by_hand(v):
    return np.sqrt(np.sum(v**2))


def hypotenuse(p):
    return np.sqrt(p[0] ** 2 + p[1] ** 2)


def pairwise_energy(d):
    return np.sum(np.sqrt(d))


def power_below_one(x):
    return np.sum(x**0.5)


def angle_between(c):
    return np.arccos(c)


def signed_root(x):
    return np.sum(np.cbrt(x))


def magnitude(x):
    return np.sum(np.sqrt(x**2))


def direction(p):
    return np.arctan2(p[0], p[1])


PARTIAL = [
    (norm_by_hand, np.zeros(3), "sqrt", (), "square root", "np.linalg.norm"),
    (hypotenuse, np.zeros(2), "sqrt", (), "square root", "np.hypot"),
    (pairwise_energy, DISTANCES, "sqrt", (0, 0), "square root", "np.where(d > 0, np.sqrt(np.where(d > 0"),
    (power_below_one, X, "power_constant", (1,), "power below 1", "np.where(x == 0"),
    (angle_between, np.float64(1.0), "arccos", (), "±1", "np.arctan2"),
    (signed_root, X, "cbrt", (1,), "cube root", "np.cbrt(np.where(x == 0"),
    (magnitude, X, "sqrt", (1,), "square root", "np.abs"),
    (direction, np.zeros(2), "arctan2", (), "origin", "np.arctan2(p[0]"),
]

INFINITE = np.array([[1.0, 2.0], [np.inf, 1.0]])
FIRST = np.array([True, False])


def masked_product(x):
    return np.sum(np.where(FIRST, INFINITE @ x, 0.0))


def masked_weights(d):
    w = 1.0 / d
    pairs = np.reshape(w, (2, 1)) * np.ones((1, 2))
    return np.sum(np.where(FIRST, pairs @ d, 0.0))


def masked_scores(q):
    keys = np.log(q)
    scores = np.outer(keys, q)
    return np.sum(np.where(FIRST, scores @ q, 0.0))


def masked_sum_of_products(x):
    return np.where(FIRST, np.einsum("ij,j->i", INFINITE, x), 0.0).sum()


def masked_inner(x):
    return np.where(np.arange(2) == 0, np.tensordot(INFINITE, x, axes=1), 0.0).sum()


PRODUCT = [
    (masked_product, np.array([1.0, 2.0])),
    (masked_weights, np.array([1.0, 0.0])),
    (masked_scores, np.array([1.0, 0.0])),
    (masked_sum_of_products, np.array([1.0, 2.0])),
    (masked_inner, np.array([1.0, 2.0])),
]


def masked_log(x):
    return np.sum(np.where(x > 0, np.log(x), 0.0))


def masked_sqrt(x):
    return np.sum(np.where(x > 0, np.sqrt(x), x))


def masked_ratio(x):
    return np.sum(np.where(x != 0, np.sin(x) / x, 1.0))


def masked_power(x):
    return np.where(x > 0, x**0.3, 0.0).sum()


def saturated(x):
    return np.sum(1.0 / (1.0 + np.exp(x)))


def discarded_branch(x):
    return np.sum(np.where(x < 700, x, np.exp(x)) * np.array([1.0, 1.0, 0.0]))


MASKED = [
    (masked_log, X, "log"),
    (masked_sqrt, X, "sqrt"),
    (masked_ratio, X, "divide"),
    (masked_power, X, "power_constant"),
    (saturated, np.array([0.0, 800.0]), "exp"),
    (masked_log, np.array([2.0, -3.0]), "log"),
]

DATA = np.array([1.0, np.nan, 2.0])


def scaled(x):
    return np.sum(x * 2.0)


def residuals(w):
    return np.mean((w * np.arange(3.0) - DATA) ** 2)


def centred(x):
    return np.sum((x - np.mean(x)) ** 2)


def weighted(x):
    return np.sum(np.array([1.0, 1.0, np.inf]) + x)


def regression(w):
    return np.sum((np.array([[1.0, 2.0], [np.nan, 1.0]]) @ w) ** 2)


INPUT = [
    (scaled, np.array([1.0, np.nan]), "v0", (1,)),
    (scaled, np.array([1.0, -np.inf]), "v0", (1,)),
    (centred, np.array([np.nan, 1.0, 2.0]), "v0", (0,)),
    (residuals, np.float64(1.0), None, (1,)),
    (weighted, X, None, (2,)),
    (regression, np.array([1.0, 1.0]), None, None),
]


def attention(s):
    e = np.where(np.tri(3) > 0, s, -np.inf)
    e = np.exp(e - np.max(e, axis=1, keepdims=True))
    return np.sum((e / np.sum(e, axis=1, keepdims=True)) ** 2)


def newton(x):
    for _ in range(5):
        x = 0.5 * (x + 2.0 / x)
    return x


def missing_skipped(w):
    return np.nansum(w * DATA)


HEALTHY = [
    (np.sin, (1.0,)),
    (attention, (np.ones((3, 3)),)),
    (newton, (1.5,)),
    (lambda v: np.linalg.norm(v), (np.zeros(3),)),
    (lambda a, b: np.hypot(a, b), (0.0, 0.0)),
    (lambda x: special.xlogy(x, x).sum(), (X,)),
    (lambda x: np.sum(np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0)), (X,)),
    (lambda x: np.logaddexp(0.0, x), (1000.0,)),
    (lambda a: np.linalg.slogdet(a)[1], (np.eye(3) * 2.0,)),
    (lambda x: x * 1j + 2.0, (1.0 + 1.0j,)),
]


def origin(f, *args, **options):
    report = trace(f, **options)(*args).why_nan()
    return report, report.data[0] if report.data else None


def user_line(f, text):
    """The line of a function's source that holds `text`."""
    import inspect

    lines, first = inspect.getsourcelines(f)
    return first + next(i for i, line in enumerate(lines) if text in line)


# ------------------------------------------------------------------------------------------------ the five cases


@pytest.mark.parametrize(("f", "x", "operation", "index", "reason", "fix"), FORWARD, ids=lambda v: _id(v))
def test_made_in_the_forward_pass(f, x, operation, index, reason, fix):
    report, found = origin(f, x)
    assert (report.severity, found.case, found.where) == ("error", "forward", "value")
    assert (found.operation, found.index) == (operation, index)
    assert reason in found.reason
    assert reason in report.verdict
    assert fix in report.fix
    assert found.snippet is not None
    assert f"line {found.line}" in report.verdict
    assert found.path[0] == found.variable


@pytest.mark.parametrize(("f", "x", "operation", "index", "reason", "fix"), PARTIAL, ids=lambda v: _id(v))
def test_an_infinite_partial(f, x, operation, index, reason, fix):
    report, found = origin(f, x, mode="reverse")
    assert (report.severity, found.case, found.where) == ("error", "partial", "adjoint")
    assert (found.operation, found.index) == (operation, index)
    assert reason in found.reason
    assert fix in report.fix
    assert found.path[-1] == "v0", "the path ends at the input"
    assert "Every value is finite" in report.paragraphs[0]


@pytest.mark.parametrize(("f", "x"), PRODUCT, ids=lambda v: _id(v))
def test_zero_times_infinity(f, x):
    report, found = origin(f, x, mode="reverse")
    assert np.isfinite(f(x))
    assert (report.severity, found.case, found.where) == ("error", "product", "adjoint")
    assert "0 by inf" in report.verdict
    assert "np.where before the operation" in report.fix


def test_zero_times_infinity_names_what_made_the_infinity():
    report, found = origin(masked_weights, np.array([1.0, 0.0]))
    assert found.operation == "matmul"
    assert "1.0 / d" in report.paragraphs[0]
    assert "division by zero" in report.paragraphs[0]


@pytest.mark.parametrize(("f", "x", "operation"), MASKED, ids=lambda v: _id(v))
def test_masked_and_harmless(f, x, operation):
    report, found = origin(f, x, mode="reverse")
    assert np.isfinite(adkit.grad(f)(x)).all()
    assert (report.severity, found.case, report.fix) == ("note", "masked", None)
    assert found.operation == operation
    assert report.verdict.startswith("harmless")


@pytest.mark.parametrize(("f", "x", "variable", "index"), INPUT, ids=lambda v: _id(v))
def test_put_in(f, x, variable, index):
    report, found = origin(f, x)
    assert (report.severity, found.case, found.where) == ("error", "input", "value")
    if variable is not None:
        assert (found.variable, found.index) == (variable, index)
        assert "np.isfinite(x).all()" in report.fix
    else:
        assert "constant operand" in report.verdict
        assert index is None or found.index == index


def _id(value):
    return getattr(value, "__name__", "")


@pytest.mark.parametrize(("f", "args"), HEALTHY)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_healthy_trace_is_left_alone(f, args, mode):
    report = trace(f, mode=mode)(*args).why_nan()
    assert (report.severity, report.fix, report.tables, report.data) == ("ok", None, (), ())
    assert report.verdict == "every value and every derivative is finite"


# ------------------------------------------------------------------------------------------------ details


def test_the_index_is_that_of_the_element_that_counts():
    # the first NaN of log is masked; the second one, from another operation, is the cause
    def f(x):
        safe = np.where(x > 0, np.log(x), 0.0)
        return np.sum(safe / (x - 4.0))

    report, found = origin(f, np.array([1.0, -1.0, 4.0]))
    assert (found.operation, found.index) == ("divide", (2,))
    assert "np.where(x - 4.0 == 0" in report.fix


def test_a_broadcast_operand_is_followed_by_element():
    _, found = origin(lambda w, a: np.sum(np.sqrt(w) * a), np.array([[1.0], [-4.0]]), np.ones((2, 3)))
    assert (found.operation, found.index) == ("sqrt", (1, 0))
    assert found.operands[0][1] == "−4"


def test_the_step_that_turns_an_infinity_into_nan_is_named():
    report, _ = origin(entropy, RATES)
    assert any("p * np.log(p)" in p and "turns it into NaN: 0 · inf" in p for p in report.paragraphs)


def test_forward_mode_looks_at_tangents():
    report, found = origin(lambda x: np.sqrt(x) * np.array([1.0, 2.0]), np.float64(0.0), mode="forward")
    assert (found.case, found.where, found.operation) == ("partial", "tangent", "sqrt")
    assert found.path[-1] == "v2", "the path ends at the output"
    assert "square root" in report.verdict


def test_a_jacobian_is_followed_too():
    def f(x):
        y = np.sqrt(x)
        return np.array([y[0] - y[1], y[2], y[0]])

    for mode in ("forward", "reverse"):
        _, found = origin(f, X, mode=mode)
        assert (found.case, found.operation, found.index) == ("partial", "sqrt", (1,))


def test_overflow_of_an_adjoint():
    def f(x):
        return np.tanh(x * 1e200) * 1e200

    report, found = origin(f, np.float64(1e-200 * 0.5))
    assert (found.case, found.operation) == ("overflow", "multiply")
    assert "too large" in report.verdict


def test_single_precision_is_told_to_widen():
    report, found = origin(lambda x: np.sum(x * x), np.full(2, 1e30, np.float32))
    assert found.case == "forward"
    assert "float64" in report.fix


def test_names_and_lines_are_the_users():
    def f(rate, count):
        expected = rate * 3.0
        loss = np.sum(expected - count * np.log(expected - 3.0))
        return loss  # noqa: RET504  (the name is what is tested)

    report, found = origin(f, np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    assert found.snippet == "np.log(expected - 3.0)"
    assert found.line == user_line(f, "np.log(expected")
    assert found.filename == __file__
    path = report.tables[-1]
    assert path.title == "from the origin to the output"
    assert path.rows[-1].cells[0].endswith("loss")
    assert [row.state for row in path.rows] == ["nonfinite"] * len(path.rows)


def test_a_long_path_is_shortened():
    def f(x):
        y = np.log(x)
        for _ in range(100):
            y = y + 1.0
        return y

    report, found = origin(f, np.float64(-1.0))
    table = report.tables[-1]
    assert len(table.rows) == 12
    assert [row.cells[2] for row in table.rows if row.cells[0] == "…"] == ["90 more"]
    assert len(found.path) == 101


def test_several_origins_are_counted_and_the_first_one_told():
    report, found = origin(lambda x: np.log(x) + np.sqrt(x), np.float64(-1.0))
    assert found.operation == "log"
    assert any("1 more instruction does the same" in p for p in report.paragraphs)


def test_inside_a_nested_derivative():
    def f(x):
        return adkit.grad(lambda u: np.sum(np.sqrt(u)))(x).sum()

    _, found = origin(f, X)
    assert found.case == "forward"
    assert found.snippet == "np.sqrt(u)"


def test_a_derivative_of_second_order():
    report = trace(lambda x: x**1.5, order=2)(0.0).why_nan()
    assert report.severity == "error"
    assert "order 2" in report.verdict
    report = adkit.why_nan(adkit.grad(lambda x: x**1.5), np.float64(0.0))
    assert report.data[0].operation == "power_constant"


def test_complex_values():
    _, found = origin(lambda z: np.abs(np.log(z)), np.complex128(0.0))
    assert (found.case, found.operation) == ("forward", "log")


@pytest.mark.parametrize(
    ("f", "x", "operation", "reason"),
    [
        (lambda a: np.linalg.slogdet(a)[1], np.ones((2, 2)), "slogdet", "singular"),
        (lambda x: adkit.scan(lambda c, a: (np.log(c) + a, c), x, np.arange(3.0))[0], np.float64(0.5), "scan", "body"),
        (lambda x: adkit.checkpoint(lambda u: np.sqrt(u))(x), np.float64(0.0), "checkpoint", "body"),
        (lambda x: special.gammaln(x), np.float64(-2.0), "gammaln", "pole"),
        (lambda x: np.sum(np.cumprod(x)), np.full(400, 10.0), "cumprod", "product overflows"),
        (lambda x: np.mean(x[x > 5.0]), X, "mean", "no elements"),
        (lambda x: np.max(x / 0.0 * x), X, "divide", "division by zero"),
        (lambda x: np.sort(1.0 / x)[-1], X, "divide", "division by zero"),
    ],
)
def test_other_operations(f, x, operation, reason):
    report, found = origin(f, x)
    assert (report.severity, found.operation) == ("error", operation)
    assert reason in found.reason


def test_weights_that_cancel_do_not_hide_an_infinite_input():
    _, found = origin(lambda x: np.abs(np.fft.fft(x)).sum(), np.array([1.0, np.inf]))
    assert (found.case, found.variable, found.index) == ("input", "v0", (1,))


def test_a_custom_rule():
    @adkit.custom_rule(vjp=lambda x: (np.sqrt(x), lambda g: g * 0.5 / np.sqrt(x)))
    def root(x):
        return np.sqrt(x)

    report, found = origin(lambda x: np.sum(root(x)), X)
    assert (found.case, found.operation) == ("partial", "root")
    assert "custom rule" in found.reason
    assert "rule" in report.fix


def test_values_that_were_not_kept():
    """A large array that is filled element by element is kept nowhere; the walk goes on through it."""

    def f(x):
        y = np.zeros(600)
        y[0] = np.log(x)
        return np.sum(y)

    _, found = origin(adkit.lift(f), np.float64(-1.0))
    assert (found.case, found.operation) == ("forward", "log")


def test_as_a_function_and_as_plain_data():
    report = adkit.why_nan(entropy, RATES)
    assert report == trace(entropy)(RATES).why_nan()
    document = report.as_document()
    assert document["kind"] == "nan"
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert any(row["variable"] == report.data[0].variable for table in document["tables"] for row in table["rows"])


def test_it_is_deterministic():
    assert str(adkit.why_nan(cross_entropy, LOGITS)) == str(adkit.why_nan(cross_entropy, LOGITS))


def test_the_users_code_does_not_run_again():
    calls = []

    def f(x):
        calls.append(1)
        return np.log(x)

    t = trace(f)(np.float64(-1.0))
    assert t.why_nan().severity == "error"
    assert len(calls) == 1


def test_text_and_html_hold_the_verdict():
    bundle = adkit.why_nan(hypotenuse, np.zeros(2))._repr_mimebundle_()
    assert "slope of a square root" in bundle["text/plain"]
    assert "slope of a square root" in bundle["text/html"]
    assert bundle["text/plain"].splitlines()[-1].startswith("fix: ")


@pytest.mark.parametrize(
    ("snippet", "labels", "texts"),
    [
        ("np.log(a + b)", ["v₁"], ("a + b",)),
        ("a / b[0]", ["v₁", "v₂"], ("a", "b[0]")),
        ("-x", ["v₁"], ("x",)),
        ("x.sqrt()", ["v₁"], ("x",)),
        ("a @ …", ["v₁", "v₂"], ("v₁", "v₂")),
        ("f(*args)", ["v₁"], ("v₁",)),
        (None, ["v₁"], ("v₁",)),
    ],
)
def test_operands_in_the_users_words(snippet, labels, texts):
    assert texts_of(snippet, labels, "log") == texts


# ------------------------------------------------------------------------------------------------ nan="raise"

STOPPING = {
    "grad": lambda: adkit.grad(norm_by_hand)(np.zeros(3)),
    "grad of a number": lambda: adkit.grad(np.log)(np.float64(-1.0)),
    "value_and_grad": lambda: adkit.value_and_grad(norm_by_hand)(np.zeros(3)),
    "jvp": lambda: adkit.jvp(np.sqrt, (X,), (np.ones(3),)),
    "vjp": lambda: adkit.vjp(np.sqrt, X)[1](np.ones(3)),
    "linearize": lambda: adkit.linearize(np.sqrt, X)[1](np.ones(3)),
    "jacobian forward": lambda: adkit.jacobian(np.sqrt, mode="forward")(X),
    "jacobian reverse": lambda: adkit.jacobian(np.sqrt, mode="reverse")(X),
    "jacobian sparse": lambda: adkit.jacobian(np.sqrt, mode="sparse")(X),
    "hessian": lambda: adkit.hessian(fractional)(X),
    "hvp": lambda: adkit.hvp(fractional, X, np.ones(3)),
    "derivative": lambda: adkit.derivative(np.sqrt)(0.0),
    "trace": lambda: trace(norm_by_hand)(np.zeros(3)),
    "trace of order 2": lambda: trace(lambda x: x**1.5, order=2)(0.0),
    "taylor": lambda: adkit.taylor(lambda x: x**1.5, 0.0, 3),
    "a value": lambda: adkit.grad(lambda x: np.sum(x + DATA))(X),
}


@pytest.mark.parametrize("name", STOPPING)
def test_every_derivative_stops(name):
    with settings(nan="allow"):
        STOPPING[name]()
    with settings(nan="raise"), pytest.raises(NonFiniteError) as caught:
        STOPPING[name]()
    assert isinstance(caught.value, adkit.AdkitError)
    assert "Fix: " in str(caught.value)
    STOPPING[name]()


def test_the_error_is_the_report():
    with settings(nan="raise"), pytest.raises(NonFiniteError) as caught:
        adkit.grad(hypotenuse)(np.zeros(2))
    error = caught.value
    assert error.report.data[0].case == "partial"
    assert (error.filename, error.line) == (__file__, user_line(hypotenuse, "np.sqrt"))
    assert error.message == error.report.verdict
    assert "from the origin to the input" in error.__notes__[0]
    assert f"np.sqrt(p[0] ** 2 + p[1] ** 2) on line {error.line} is infinite" in str(error)


@pytest.mark.parametrize(("f", "args"), HEALTHY)
def test_healthy_derivatives_go_on(f, args):
    if any(isinstance(arg, complex) for arg in args):
        return
    expected = adkit.jacobian(f)(*args)
    with settings(nan="raise"):
        np.testing.assert_array_equal(adkit.jacobian(f)(*args), expected)
        assert trace(f)(*args).document()["notes"] == []


@pytest.mark.parametrize(("f", "x", "operation"), MASKED, ids=lambda v: _id(v))
def test_what_is_masked_does_not_stop(f, x, operation):
    with settings(nan="raise"):
        assert np.isfinite(adkit.grad(f)(x)).all()


def test_it_stops_at_the_inner_derivative_and_at_its_line():
    def outer(x):
        return adkit.grad(norm_by_hand)(x).sum()

    with settings(nan="raise"), pytest.raises(NonFiniteError) as caught:
        adkit.grad(outer)(np.zeros(2))
    assert caught.value.line == user_line(norm_by_hand, "np.sqrt")


def test_the_function_runs_once():
    calls = []

    def f(x):
        calls.append(1)
        return np.log(x)

    with settings(nan="raise"), pytest.raises(NonFiniteError):
        adkit.grad(f)(np.float64(-1.0))
    assert len(calls) == 1


def test_checks_and_pictures_still_look_at_other_points():
    with settings(nan="raise"):
        assert adkit.check_grads(np.abs, (0.0,)).verdict == "kink"
        assert trace(lambda x: np.log(x) * x)(0.01).document()["plots"]
        assert settings.current().nan == "raise"


def test_the_error_survives_pickling():
    import pickle

    with settings(nan="raise"), pytest.raises(NonFiniteError) as caught:
        adkit.grad(hypotenuse)(np.zeros(2))
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.report, again.line) == (str(caught.value), caught.value.report, caught.value.line)


def test_no_warning_comes_from_looking():
    t = trace(norm_by_hand)(np.zeros(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        t.why_nan()


# ------------------------------------------------------------------------------------------------ inside of bodies


def rooted_scan(x):
    def step(carry, taken):
        carry = np.sqrt(carry) - taken
        return carry, carry

    return np.sum(adkit.scan(step, x, np.array([0.1, 0.5, 0.6, 0.1]))[1])


def logarithms_while(x):
    return adkit.while_loop(lambda c: c[1] < 5, lambda c: (np.log(c[0]), c[1] + 1), (x, 0))[0]


def rooted_branch(x):
    return adkit.cond(x > 0, lambda u: np.sqrt(u - 1.0), lambda u: u, x)


def squared_loop(x):
    return adkit.fori_loop(0, 10, lambda i, c: c * c, x)


def nested_loops(x):
    def inner(i, c):
        return np.log(c) * 1.5

    return adkit.fori_loop(0, 2, lambda i, c: adkit.fori_loop(0, 3, inner, c) + 1.0, x)


def rooted_products(x):
    def step(carry, taken):
        return np.sqrt(carry * taken), carry

    return adkit.scan(step, x, np.array([1.0, 0.0, 2.0]))[0]


@pytest.mark.parametrize(
    ("f", "x", "inside", "time", "why"),
    [
        (rooted_scan, 0.5, "np.sqrt(carry)", "4th", "square root of a negative number"),
        (logarithms_while, 3.0, "np.log(c[0])", "4th", "logarithm of a negative number"),
        (rooted_branch, 0.5, "np.sqrt(u - 1.0)", None, "square root of a negative number"),
        (squared_loop, 50.0, "c * c", "8th", "overflow"),
        (nested_loops, 3.0, "np.log(c)", None, "logarithm of a negative number"),
        (rooted_products, 2.0, "np.sqrt(carry * taken)", "3rd", "slope of a square root at 0"),
    ],
)
def test_the_line_inside_of_a_body(f, x, inside, time, why):
    report, found = origin(f, np.float64(x))
    assert report.severity == "error"
    assert f"inside of its body {inside} on line" in found.reason
    assert why in found.reason
    if time:
        assert f"the {time} time that it runs" in found.reason
    else:
        assert "time that it runs" not in found.reason
    assert "step" not in [name for name, _ in found.operands]  # a function is none of its operands


def test_a_healthy_body_is_silent():
    report = adkit.why_nan(lambda x: adkit.fori_loop(0, 50, lambda i, c: np.log(c + 2.0), x), 0.5)
    assert report.severity == "ok"


def test_the_exponent_that_a_narrow_dtype_allows():
    report, _ = origin(lambda x: np.sum(np.exp(x)), np.array([100.0, 1.0], np.float32))
    limit = float(report.fix.partition("np.minimum(x, ")[2].partition(")")[0])
    assert np.isfinite(np.exp(np.float32(limit)))


def test_log1p_is_for_one_plus_something():
    assert "log1p" not in origin(lambda x: np.log(x - x), np.float64(2.0))[0].fix
    assert "log1p" in origin(lambda x: np.log(1 - x), np.float64(1.0))[0].fix


def test_an_infinity_that_a_division_swallowed_is_told():
    def loss(z):
        p = np.exp(z) / np.sum(np.exp(z))
        return -np.log(p[0])

    report, found = origin(loss, np.array([1.0, 800.0, 2.0]))
    assert (found.operation, found.reason) == ("log", "the logarithm of zero")
    assert "Before it, np.exp(z) on line" in " ".join(report.paragraphs)
    assert "exp overflows" in " ".join(report.paragraphs)
    assert "Before it" not in str(origin(loss, np.array([-800.0, 1.0, 2.0]))[0])
