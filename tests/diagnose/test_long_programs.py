"""What diagnoses do for long programs, many instructions at once, gives what they find out one by one."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import adkit
from adkit import check, recorded_program
from adkit.diagnose import cost as cost_module
from adkit.diagnose import edges, flow, norms, paths, routes, units
from adkit.diagnose.collector import without_collector
from adkit.diagnose.edges import contributions, size
from adkit.diagnose.norms import Norms
from adkit.diagnose.partials import local_partials

rng = np.random.default_rng(11)
X, W, B = rng.uniform(0.2, 1.0, 5), rng.uniform(0.2, 1.0, 5), 0.7


def loop(x, w, b):
    y = 0.0 * x
    for i in range(12):
        x = np.tanh(x * w) / (1.0 + b * b) + np.maximum(x - 0.4, 0.0) * np.exp(-x)
        y = y + b * x**2 - np.where(x > 0.3, x, 0.0) * (i - 3.0)
    return np.sum(y * x)


def traced(mode="auto"):
    return adkit.trace(loop, mode=mode)(X, W, B)


# ------------------------------------------------------------------------------------------------ the pieces


def test_partials_from_stacks_are_those_of_the_rules():
    nodes = traced()._nodes
    ready = local_partials(nodes)
    assert len(ready) > 60
    assert not any(node.primitive.name == "where" for node in ready)  # its rule takes three operands
    for node, local in ready.items():
        g = rng.normal(size=node.shape)
        parts = contributions(node, g)
        assert [(part.operand, part.parent) for part in parts] == [factor[:2] for factor in local.factors]
        for part, (_, parent, partial, same) in zip(parts, local.factors, strict=True):
            assert same == (parent.shape == node.shape)
            if same:
                np.testing.assert_allclose(g * partial, part.value, rtol=1e-14)


def test_an_infinite_partial_is_left_to_the_rule():
    def f(x):
        for _ in range(6):
            x = np.sqrt(x) * 0.5
        return np.sum(x)

    nodes = adkit.trace(f)(np.array([0.0, 1.0]))._nodes
    assert not any(node.primitive.name == "sqrt" for node in local_partials(nodes))


def test_norms_of_arrays_of_all_kinds():
    found = Norms()
    given = [np.float64(-2), np.array([3.0, 4.0]), np.array([3e-200, 4e-200]), np.zeros(2), np.array([[1.0], [0.0]])]
    given += [np.array([np.inf, 1.0]), np.array([1 + 1j]), np.float32([3, 4]), np.zeros(0), np.ones(5000)]
    assert [found.add(value) for value in given] == list(range(len(given)))
    found.flush()
    assert found.values == pytest.approx([size(value) for value in given])
    assert found.zeros == {3, 4}


def test_what_edges_carry_is_the_same_taken_together_and_one_by_one(monkeypatch):
    def f(x, w):
        total = 0.0
        for i in range(6):
            x = x * np.sin(w) + w[0] * 0.5 + x[::-1] ** 2 * 1e-200 ** (i == 3)
            x[1] = x[1] * 0.5 + w[2]
            total = total + np.sum(x[:2] * w[1:]) * 0.5 + 2.0 * x[0]
        return total

    made = adkit.trace(f)(np.array([0.3, 0.2, 0.1]), np.array([0.4, -0.2, 0.3]))
    together = made.why().data
    monkeypatch.setattr(norms, "LARGEST", 0)
    for one, other in zip(together, made.why().data, strict=True):
        assert [path for path, _ in one.shares] == [path for path, _ in other.shares]
        shares = [[share for _, share in told.shares] + [told.rest, told.cancellation] for told in (one, other)]
        assert shares[0] == pytest.approx(shares[1], rel=1e-12, abs=1e-14)
        np.testing.assert_allclose(one.derivative, made.gradient[one.name], rtol=1e-12)


def test_fewer_arrays_are_told_about_in_a_longer_program(monkeypatch):
    made = adkit.trace(lambda x, y: np.sum(x * y))(np.ones(2), np.ones(2))
    monkeypatch.setattr(paths, "TOGETHER", len(made._nodes))
    report = made.why()
    assert [told.name for told in report.data] == ["x"]
    assert "not shown: y; ask for one by name" in report.paragraphs
    assert [told.name for told in made.why(input="y").data] == ["y"]


def test_the_collector_goes_on_whatever_happens():
    inside = []

    @without_collector
    def fails():
        inside.append(gc.isenabled())
        without_collector(lambda: inside.append(gc.isenabled()))()
        inside.append(gc.isenabled())
        raise ValueError

    before = gc.isenabled()
    with pytest.raises(ValueError):
        fails()
    assert inside == [False, False, False]
    assert gc.isenabled() == before


# ------------------------------------------------------------------------------------------------ the diagnoses


def test_flow_finds_the_same_gates_and_sizes(monkeypatch):
    together = flow.measure(traced())
    monkeypatch.setattr(flow, "local_partials", lambda nodes: {})
    alone = flow.measure(traced())
    assert list(together.sizes.values()) == pytest.approx(list(alone.sizes.values()))
    assert [gate.dead for gate in together.gates] == [gate.dead for gate in alone.gates]
    assert len(together.gates) >= 10
    assert sorted(together.depth.values()) == sorted(alone.depth.values())


def test_an_underflow_between_open_gates_is_found():
    def f(x):
        y = x * 1e-200
        for _ in range(5):
            y = y * 1e-3
        return np.sum(y * 1e-200)

    report = adkit.trace(f)(np.array([1.0, 2.0])).flow()
    assert "underflow" in report.verdict


def test_why_of_all_inputs_is_why_of_each():
    t = traced()
    for asked, name in zip(t.why().data, "xwb", strict=True):
        alone = t.why(input=name).data[0]
        assert asked.name == name
        assert [path for path, _ in asked.shares] == [path for path, _ in alone.shares]
        np.testing.assert_allclose([s for _, s in asked.shares], [s for _, s in alone.shares], rtol=1e-9)


def test_why_carries_the_same_without_stacks(monkeypatch):
    t = traced()
    together = routes.all_routes(t._output.node, list(t._inputs.values()), t._seed(None))
    monkeypatch.setattr(routes, "local_partials", lambda nodes: {})
    monkeypatch.setattr(edges, "local_partials", lambda nodes: {})
    monkeypatch.setattr(routes, "TOGETHER", 0)
    alone = routes.all_routes(t._output.node, list(t._inputs.values()), t._seed(None))
    for a, b in zip(together, alone, strict=True):
        assert a.total == pytest.approx(b.total)
        assert a.count == b.count
        for node, to in b.uses.items():
            assert a.uses[node] == pytest.approx(to)


def test_diff_of_stacks_is_that_of_single_pairs(monkeypatch):
    a, b = traced(), adkit.trace(loop)(X * 1.001, W, B)
    together = a.diff(b)
    monkeypatch.setattr(units, "LARGEST", 0)
    assert str(a.diff(b)) == str(together)


def test_why_nan_finds_the_element_among_stacks():
    def f(x):
        for _ in range(6):
            x = x - 0.3
        return np.sum(np.log(x))

    (origin,) = adkit.why_nan(f, np.array([5.0, 1.0])).data
    assert (origin.case, origin.operation, origin.index) == ("forward", "log", (1,))


def test_cost_of_a_long_program_says_what_is_estimated(monkeypatch):
    monkeypatch.setattr(cost_module, "LONG", 10)
    monkeypatch.setattr(cost_module, "FORWARD_BUDGET", 0.0)
    report = traced().cost()
    measured = report.data.measured
    assert len(measured.estimated) == 2
    assert set(measured.forward) == {"x", "w", "b"}
    assert f"forward sweeps by {', '.join(measured.estimated)} are estimated" in report.paragraphs[-1]
    assert report.tables[1].title.startswith("both modes: times measured, the rest counted")
    assert measured.reverse_bytes > 0
    assert measured.reverse > 0


# ------------------------------------------------------------------------------------------------ checks


def long_smooth(x, w):
    for _ in range(20):
        x = x * 0.999 + np.sin(x) * w
    return np.sum(x)


def long_kink(x, w):
    for _ in range(20):
        x = x * 0.999 + np.sin(x) * 0.01
    return np.sum(np.abs(w)) + np.sum(x)


def long_branch(x, w):
    for _ in range(20):
        x = x * 0.999 + np.sin(x) * 0.01
    return x + w if w >= 1.0 else x - w


@pytest.mark.parametrize(
    ("f", "point", "verdicts"),
    [
        (long_smooth, (0.4, 0.001), ["agree", "agree"]),
        (long_smooth, (X, W * 0.001), ["agree", "agree"]),
        (long_kink, (0.4, 0.0), ["agree", "kink"]),
        (long_kink, (X, np.zeros(3)), ["agree", "kink"]),
        (long_branch, (0.4, 1.0), ["agree", "kink"]),
    ],
)
def test_check_of_a_long_program_evaluates_together(f, point, verdicts, monkeypatch):
    t = adkit.trace(f)(*point)
    monkeypatch.setattr(check, "LONG", 50)  # instead of a program that is long
    evaluated = []
    single = recorded_program.RecordedProgram.__call__
    monkeypatch.setattr(
        recorded_program.RecordedProgram, "__call__", lambda self, *x: evaluated.append(x) or single(self, *x)
    )
    assert [row.verdict for row in t.check().rows] == verdicts
    assert len(evaluated) <= 3  # the rest came from the batch
    monkeypatch.setattr(check, "LONG", 10**9)
    assert [row.verdict for row in t.check().rows] == verdicts
