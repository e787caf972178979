"""Why this gradient: shares that add up, and the place where a zero one was cut."""

from __future__ import annotations

import inspect
import itertools
import math

import array_api_strict
import numpy as np
import pytest

import adkit
from adkit.diagnose import routes as routes_module
from adkit.diagnose.paths import why
from adkit.errors import InputError

rng = np.random.default_rng(3)
X = rng.normal(size=(16, 4))


def line_of(function, text):
    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, line in enumerate(lines) if text in line)


def all_paths(made):
    """Every path with the product of what `Routes.ratio` says, by enumeration."""
    found, stack = [], [((made.source,), 1.0)]
    while stack:
        nodes, product = stack.pop()
        if nodes[-1] is made.output:
            found.append((nodes, product))
            continue
        stack += [((*nodes, v), product * made.ratio(nodes[-1], v)) for v in made.uses.get(nodes[-1], {})]
    return found


# ------------------------------------------------------------------------------------------------ shares


def cell(x, w):
    u = np.sin(x) * w
    if x > 0:
        u = u + x**2
    return np.log1p(u**2)


def test_two_paths_with_their_shares():
    x, w = 1.5, -0.4
    told = why(adkit.trace(cell)(x, w), None, "x").data[0]
    shares = {path[1:-1]: share for path, share in told.shares}
    whole = math.cos(x) * w + 2 * x
    assert shares["v₃", "u", "v₅"] == pytest.approx(2 * x / whole)
    assert shares["v₁", "u", "u", "v₅"] == pytest.approx(math.cos(x) * w / whole)
    assert told.rest == pytest.approx(0, abs=1e-12)


def test_the_share_of_numbers_is_the_product_of_the_local_partials():
    def f(x):
        a = np.sin(x)
        b = a * x
        c = np.exp(a) + b
        return c * b - x

    x = 0.7
    s, c = math.sin(x), math.cos(x)
    made = _routes(f, x)
    e = math.exp(s)
    b, top = s * x, e + s * x
    # b enters c and the output, so four ways lead through it
    by_hand = sorted([c * e * b, c * x * b, s * b, c * x * top, s * top, -1.0])
    assert sorted(p for _, p in all_paths(made)) == pytest.approx(by_hand)
    assert made.count == 6
    assert made.total == pytest.approx(sum(by_hand))


def _routes(f, x):
    t = adkit.trace(f)(x)
    return routes_module.routes(t._output.node, t._inputs["x"], t._seed(None))


@pytest.mark.parametrize("seed", range(12))
def test_best_paths_are_those_of_an_enumeration(seed):
    made = _routes(_program(seed), 0.4)
    every = sorted((p for _, p in all_paths(made)), key=lambda p: -abs(p))
    best = [path.contribution for path in routes_module.best_paths(made, 5, None)]
    np.testing.assert_allclose(np.abs(best), np.abs(every[:5]), rtol=1e-9)
    assert sum(every) == pytest.approx(made.total, rel=1e-9)
    assert len(every) == made.count


def _program(seed):
    chosen = np.random.default_rng(seed)

    def f(x):
        values = [x]
        for _ in range(9):
            a, b = (values[i] for i in chosen.integers(max(0, len(values) - 3), len(values), 2))
            kind = chosen.integers(4)
            values.append([a + 0.5 * b, a * b, np.sin(a), a - np.tanh(b)][kind])
        return values[-1] + values[-2]

    return f


def network(w, b, v):
    z = X @ w + b
    h = np.tanh(z)
    o = h @ v
    reg = 0.1 * np.sum(w**2)
    return np.mean(o**2) + reg


def test_shares_of_arrays_add_up_along_the_gradient():
    w, b, v = rng.normal(size=(4, 3)), np.zeros(3), rng.normal(size=3)
    t = adkit.trace(network)(w, b, v)
    told = t.why(None, "w").data[0]
    assert sum(share for _, share in told.shares) + told.rest == pytest.approx(1)
    gradient = t["w"]
    by_reg = np.sum(0.2 * w * gradient) / np.sum(gradient**2)
    share = next(share for path, share in told.shares if "reg" in path)
    assert share == pytest.approx(by_reg)


def test_assignments_into_an_array():
    def f(x):
        y = adkit.numpy.zeros(4)
        y[0] = 2 * x
        y[1] = x**2
        y[0] = y[0] + y[1]
        return y[0] * 3

    told = why(adkit.trace(f)(5.0)).data[0]
    assert sum(share for _, share in told.shares) + told.rest == pytest.approx(1)
    assert max(share for _, share in told.shares) == pytest.approx(30 / 36)


def test_between_variables_of_the_middle():
    report = why(adkit.trace(cell)(1.5, -0.4), "u", "x")
    assert report.title == "Why ∂u/∂x"
    assert report.verdict.startswith("∂u/∂x = 2.9717")
    assert why(adkit.trace(cell)(1.5, -0.4), None, "u").data[0].derivative == pytest.approx(0.836, abs=1e-2)
    assert why(adkit.trace(cell)(1.5, -0.4), "v2", "x").severity == "ok"


def test_a_loop_says_where_most_of_it_enters():
    def f(w, h):
        for _ in range(40):
            h = np.tanh(w * h) + 0.1 * h
        return h

    report = why(adkit.trace(f)(1.1, 0.1), None, "w")
    assert "×40, 90 % in the last" in str(report)
    assert "other paths" in str(report)
    assert "(w * h → np.tanh(w * h) → h) ×2" in str(report)


def test_astronomically_many_paths():
    def f(x):
        for _ in range(3000):
            x = x + 1e-6 * np.sin(x)
        return x

    told = why(adkit.trace(f)(0.5)).data[0]
    assert sum(share for _, share in told.shares) + told.rest == pytest.approx(1)
    assert "over 10³⁰⁸" not in why(adkit.trace(lambda x: x * 2)(1.0)).verdict


def test_rest_is_one_row():
    report = why(adkit.trace(lambda x: sum(np.sin(k * x) for k in range(1, 12)))(0.3))
    table = report.tables[0]
    assert len(table.rows) == 6
    assert "6 other paths" in table.rows[-1].cells
    shares = [float(row.cells[0].replace("−", "-").split()[0]) for row in table.rows]
    assert sum(shares) == pytest.approx(100, abs=0.5)


# ------------------------------------------------------------------------------------------------ cancellation


def cancelling(a, x):
    data = a * x
    reg = a * x
    return data - reg + 0 * np.sin(a)


def test_a_wrong_sign_that_cancels_exactly():
    report = why(adkit.trace(cancelling)(2.0, 1.5), None, "x")
    assert report.severity == "warning"
    assert "contributions of 4 in all cancel exactly" in report.verdict
    assert "signs" in report.fix
    assert sorted(share for _, share in report.data[0].shares) == pytest.approx([-0.5, 0.5])


def test_near_cancellation_is_told_with_its_digits():
    report = why(adkit.trace(lambda x: 1e6 * np.sin(x) - 1e6 * np.cos(1.0) * x + x)(1.0))
    assert report.severity == "note"
    assert "cancel to 1" in "\n".join(report.paragraphs)
    assert report.data[0].cancellation > 1e5


def test_arrays_that_cancel_exactly():
    report = why(adkit.trace(lambda x: np.sum(x * 3) - np.sum(x) * 3 + 0 * np.sum(x**2))(np.ones(4)))
    assert report.severity == "warning"
    assert "cancel exactly" in report.verdict


# ------------------------------------------------------------------------------------------------ cuts


def clip_cut(x, w):
    y = np.clip(x, 0.0, 1.0)
    return y * 3 + w


def round_cut(x, w):
    k = np.round(x)
    return k * w


def stop_cut(x, w):
    target = adkit.stop_gradient(x)
    return (w - target) ** 2


def int_cut(x, w):
    k = x.astype(int)
    return np.sum(k * w)


def mask_cut(x, w):
    return np.sum(np.where(w > 0, w, x))


def argmax_cut(x, w):
    best = np.argmax(x)
    return w[best] * 2


def compare_cut(x, w):
    weight = (x > 0) * 1.0
    return np.sum(weight * w)


def relu_cut(x, w):
    return np.maximum(x - 5, 0) * w + w


def factor_cut(x, w):
    return x * (w * 0.0) + w


def branch_cut(x, w):
    if x > 0:
        return w * 2
    return w * 3


def unused(x, w):
    return w[0] * 2


def sign_cut(x, w):
    return np.sign(x) * w


def flat_cut(x, w):
    return (x - 1.0) ** 2 * w


ONE, TWO = (1.7, 2.0), (np.array([0.5, 2.0]), np.array([1.0, 3.0]))
CUTS = [
    (clip_cut, ONE, "clip is saturated: its operand is above the bounds", "np.clip(x, 0.0, 1.0)"),
    (round_cut, ONE, "rounding is piecewise constant", "np.round(x)"),
    (stop_cut, ONE, "stop_gradient cuts it on purpose", "stop_gradient(x)"),
    (int_cut, TWO, "a conversion to integers is piecewise constant", "x.astype(int)"),
    (mask_cut, TWO, "the mask of where takes the first branch", "np.where(w > 0, w, x)"),
    (argmax_cut, TWO, "a position has no derivative, and only that is used", "w[best]"),
    (compare_cut, TWO, "a comparison has no derivative", "x > 0"),
    (relu_cut, ONE, "maximum takes the constant 0, as the operand is below it", "np.maximum(x - 5, 0)"),
    (factor_cut, ONE, "it is multiplied by 0", "x * (w * 0.0)"),
    (branch_cut, ONE, "only a condition depends on it", "x > 0"),
    (unused, TWO, "the output is computed without it", None),
    (sign_cut, ONE, "a sign is piecewise constant", "np.sign(x)"),
    (flat_cut, (1.0, 2.0), "at 0 is 0", "(x - 1.0) ** 2"),
]


@pytest.mark.parametrize(("f", "point", "reason", "code"), CUTS, ids=[c[0].__name__ for c in CUTS])
def test_a_zero_derivative_names_the_cut(f, point, reason, code):
    report = why(adkit.trace(f)(*point), None, "x")
    assert report.severity == "warning"
    assert f"∂{f.__name__}/∂x is 0: " in report.verdict
    assert reason in report.verdict
    assert report.fix
    assert report.data[0].shares == ()
    if code is not None:
        assert f"line {line_of(f, code)} of test_paths.py" in report.verdict
        assert any(row.state == "zero" for row in report.tables[0].rows)


def test_the_other_input_of_a_cut_is_fine():
    for f, point, _, _ in CUTS[:-1]:
        report = why(adkit.trace(f)(*point), None, "w")
        assert report.severity in ("ok", "note"), f.__name__


def test_several_inputs_lead_with_the_worst():
    report = why(adkit.trace(clip_cut)(1.7, 2.0))
    assert report.verdict.startswith("∂clip_cut/∂x is 0")
    assert any("∂clip_cut/∂w = 1" in text for text in report.paragraphs)


def test_many_inputs_are_not_all_told():
    report = why(adkit.trace(lambda a, b, c, d, e, f: a * b * c * d * e * f)(1.0, 2.0, 3.0, 4.0, 5.0, 6.0))
    assert len(report.data) == 4
    assert report.paragraphs[-1] == "not shown: e, f; ask for one by name"


# ------------------------------------------------------------------------------------------------ healthy, and the rest


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (cell, (1.5, -0.4)),
        (network, (rng.normal(size=(4, 3)), np.zeros(3), rng.normal(size=3))),
        (lambda x: np.sin(x) * x, (0.3,)),
        (lambda x: np.sum(np.exp(-(x**2))), (np.linspace(-1, 2, 9),)),
        (lambda x: np.sum(x[::2] * x[1::2]), (np.arange(1.0, 9.0),)),
    ],
)
def test_healthy_derivatives_are_no_matter_of_concern(f, point):
    report = why(adkit.trace(f)(*point))
    assert report.severity == "ok"
    assert report.fix is None
    for told in report.data:
        assert sum(share for _, share in told.shares) + told.rest == pytest.approx(1)
        assert told.cut is None


def test_complex_and_single_precision():
    for x in (1.5 + 0.5j, np.float32(1.5), np.array([1 + 1j, 2.0])):
        told = why(adkit.trace(lambda x: np.sum(np.real(x * x) + np.real(x)))(x)).data[0]
        assert sum(share for _, share in told.shares) + told.rest == pytest.approx(1, rel=1e-5)


def test_the_derivative_is_that_of_the_trace():
    for f, point in [(lambda z: np.abs(z) ** 2, 1 + 2j), (lambda z: z * z, 1 + 2j), (np.sin, np.float32(0.5))]:
        t = adkit.trace(f)(point)
        assert t.why().data[0].derivative == pytest.approx(next(iter(t.gradient.values())))


def test_arrays_of_another_library():
    t = adkit.trace(lambda x: (x * x).sum() + adkit.numpy.exp(x).sum())(array_api_strict.asarray([1.0, 2.0]))
    told = t.why().data[0]
    assert sum(share for _, share in told.shares) + told.rest == pytest.approx(1)
    assert len(told.shares) == 2


def test_a_norm_at_zero_and_nothing_at_all():
    assert "kink at 0" in why(adkit.trace(lambda x: np.linalg.norm(x))(np.zeros(3))).verdict
    assert why(adkit.trace(lambda x: np.sum(x))(np.zeros((0, 3)))).verdict == "x has no elements"


def test_containers_and_unknown_names():
    t = adkit.trace(lambda p: np.sum(np.tanh(X @ p["w"]) * p["s"]))({"w": np.ones(4), "s": 2.0})
    assert [told.name for told in t.why(None, "p").data] == ["p['s']", "p['w']"]
    with pytest.raises(InputError, match="did you mean"):
        t.why(None, "p['v']")


def test_not_finite_refers_to_its_diagnosis():
    with np.errstate(all="ignore"):
        report = why(adkit.trace(lambda x: np.sqrt(x))(0.0))
    assert "not finite" in report.verdict
    assert "why_nan" in report.fix


def test_the_same_variable_is_one():
    assert "is 1" in why(adkit.trace(cell)(1.5, -0.4), "u", "u").verdict


def test_documents_are_the_same_every_time():
    first, second = (why(adkit.trace(network)(np.ones((4, 3)), np.zeros(3), np.ones(3))) for _ in range(2))
    assert first.as_document() == second.as_document()
    keys = {row.variable for table in first.tables for row in table.rows} - {None}
    listed = {f"v{i}" for i in range(-2, 20)}
    assert keys <= listed
    assert all(a != b for a, b in itertools.pairwise(t.title for t in first.tables))


@pytest.mark.parametrize("seed", range(6))
def test_paths_through_arrays_add_up_exactly(seed):
    chosen = np.random.default_rng(seed)
    m = chosen.normal(size=(3, 3))

    def f(x):
        y = adkit.numpy.zeros(3)
        y[0] = x[1] * x[2]
        y[1:] = np.sin(x[:2])
        z = m @ y + x
        return np.sum(z * y) - np.sum(z[::2])

    t = adkit.trace(f)(chosen.normal(size=3))
    seed_of = t._seed(None)
    made = routes_module.routes(t._output.node, t._inputs["x"], seed_of)
    each = [routes_module._measured(made, nodes, seed_of) for nodes in _ways(made)]
    assert sum(each) == pytest.approx(np.linalg.norm(t["x"]), rel=1e-9)
    best = routes_module.best_paths(made, 3, seed_of)
    found = sorted(np.abs(each))[::-1]
    assert abs(best[0].contribution) >= 0.3 * found[0]
    assert all(np.isclose(np.abs(each), abs(p.contribution)).any() for p in best)


def _ways(made):
    stack = [(made.source,)]
    while stack:
        nodes = stack.pop()
        if nodes[-1] is made.output:
            yield nodes
        stack += [(*nodes, v) for v in made.uses.get(nodes[-1], {}) if nodes[-1] is not made.output]


def overwritten(x):
    z = x * 2.0
    z[:] = 1.0
    return np.sum(z)


def overwritten_by_places(x):
    z = x * 2.0
    z[np.array([1, 0])] = 3.0
    return np.sum(z * z)


def of_no_element(x):
    return np.sum(x[5:])


def inside_of_a_scan(x):
    return np.sum(adkit.scan(lambda c, t: (c * 0.0 + t, c), x, np.ones(3))[0])


def rounded_inside_of_a_loop(x):
    return np.sum(adkit.fori_loop(0, 3, lambda i, c: np.floor(c) + 1.0, x))


@pytest.mark.parametrize(
    ("f", "text", "reason", "fix"),
    [
        (overwritten, "z[:]", "an assignment overwrites it", "the output does not read it"),
        (overwritten_by_places, "z[np.array([1, 0])]", "an assignment overwrites it", "the output does not read it"),
        (of_no_element, "np.sum", "it has no elements", "check what selects the elements"),
        (inside_of_a_scan, "adkit.scan", "nothing comes through the body of scan", "plain Python loop"),
        (rounded_inside_of_a_loop, "fori_loop", "nothing comes through the body of fori_loop", "plain Python loop"),
    ],
)
def test_more_places_where_it_is_cut(f, text, reason, fix):
    report = why(adkit.trace(f)(np.array([1.5, 2.5])))
    assert report.severity == "warning"
    assert reason in report.data[0].cut
    assert f"line {line_of(f, text)} of" in report.data[0].cut
    assert fix in report.fix


def test_what_an_assignment_of_a_number_leaves():
    def f(x):
        z = x * 2.0
        z[0] = 1.0
        return np.sum(z * np.array([5.0, 3.0]))

    (told,) = why(adkit.trace(f)(np.array([1.0, 2.0]))).data
    assert np.array_equal(told.derivative, [0.0, 6.0])
    assert sum(share for _, share in told.shares) + told.rest == pytest.approx(1.0)
