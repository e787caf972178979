"""custom_rule: one rule or both, orders, trees, foreign code, what is shown, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

import adkit
from adkit import (
    CheckError,
    InputError,
    ModeError,
    UnsupportedError,
    check_grads,
    custom_rule,
    derivative,
    grad,
    hessian,
    jacobian,
    jvp,
    linearize,
    scan,
    trace,
    vjp,
    vmap,
)

X, Y = np.array([0.3, 0.7]), 2.0


def plain(x, y):
    return np.sin(x) * y


def forward_rule(primals, tangents):
    (x, y), (tx, ty) = primals, tangents
    return np.sin(x) * y, np.cos(x) * tx * y + np.sin(x) * ty


def reverse_rule(x, y):
    return np.sin(x) * y, lambda g: (g * np.cos(x) * y, np.sum(g * np.sin(x)))


RULES = {
    "jvp": {"jvp": forward_rule},
    "vjp": {"vjp": reverse_rule},
    "both": {"jvp": forward_rule, "vjp": reverse_rule},
}


@pytest.fixture(params=RULES)
def ruled(request):
    f = custom_rule(plain, **RULES[request.param])
    return lambda x, y: np.sum(f(x, y) ** 2)


def reference(x, y):
    return np.sum(plain(x, y) ** 2)


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_both_modes_from_any_rule(ruled):
    for argnum in (0, 1):
        close(grad(ruled, argnum)(X, Y), grad(reference, argnum)(X, Y))
    close(jvp(ruled, (X, Y), (X, 1.0)), jvp(reference, (X, Y), (X, 1.0)))
    close(linearize(ruled, X, Y)[1](X, 1.0), jvp(reference, (X, Y), (X, 1.0))[1])
    for one, two in zip(vjp(ruled, X, Y)[1](2.0), vjp(reference, X, Y)[1](2.0), strict=True):
        close(one, two)


def test_higher_orders_of_a_rule_in_traceable_operations(ruled):
    close(hessian(ruled)(X, Y), hessian(reference)(X, Y))
    close(grad(grad(ruled, 1), 1)(X, Y), grad(grad(reference, 1), 1)(X, Y))

    def along(f):
        return lambda t: f(X * t, Y * t)

    close(derivative(along(ruled), 3)(1.0), derivative(along(reference), 3)(1.0))
    close(grad(grad(grad(along(ruled))))(1.0), derivative(along(reference), 3)(1.0))


def test_checked_against_differences(ruled):
    assert check_grads(ruled, (X, Y)).verdict == "agree"


def test_vmap_of_the_function_and_of_its_gradient(ruled):
    xs = np.stack([X, 2 * X, -X])
    close(vmap(ruled, (0, None))(xs, Y), [reference(x, Y) for x in xs])
    close(vmap(grad(ruled), (0, None))(xs, Y), [grad(reference)(x, Y) for x in xs])


def test_inside_control_flow():
    f = custom_rule(plain, vjp=reverse_rule)

    def chained(function):
        return lambda p: scan(lambda c, x: (function(c, x * p), None), p, np.ones(3))[0]

    close(grad(chained(f))(0.5), grad(chained(plain))(0.5))
    close(grad(grad(chained(f)))(0.5), grad(grad(chained(plain)))(0.5))


# ------------------------------------------------------------------------------------------------ foreign code


def product(x):
    return math.exp(float(x[0])) * float(x[1])


def product_vjp(x):
    e, b = math.exp(float(x[0])), float(x[1])
    return e * b, lambda g: np.array([e * b, e]) * float(g)


def product_jvp(primals, tangents):
    (x,), (t,) = primals, tangents
    e, b = math.exp(float(x[0])), float(x[1])
    return e * b, e * b * float(t[0]) + e * float(t[1])


FOREIGN = {"vjp": {"vjp": product_vjp}, "jvp": {"jvp": product_jvp}}
E = math.exp(0.3)
GRADIENT = np.array([E * 0.7, E])


@pytest.mark.parametrize("rule", FOREIGN)
def test_a_function_in_plain_python_has_both_modes(rule):
    f = custom_rule(product, **FOREIGN[rule])
    close(grad(f)(X), GRADIENT)
    close(jvp(f, (X,), (np.array([1.0, -1.0]),))[1], GRADIENT[0] - GRADIENT[1])
    close(jacobian(f)(X), GRADIENT)
    close(vmap(grad(f))(np.stack([X, X])), [GRADIENT, GRADIENT])
    assert check_grads(f, X, order=1).verdict == "agree"


@pytest.mark.parametrize("rule", FOREIGN)
def test_its_second_order_is_an_error_that_names_the_rule(rule):
    f = custom_rule(product, **FOREIGN[rule])
    with pytest.raises(UnsupportedError, match=f"the {rule} rule of product cannot be traced.*Fix: write the rule"):
        hessian(f)(X)


def test_a_large_foreign_rule_without_the_other_mode_is_refused():
    def solve(x):
        return np.array([math.sin(v) for v in x])

    def pushed(primals, tangents):
        (x,), (t,) = primals, tangents
        return solve(x), np.array([math.cos(v) * float(w) for v, w in zip(x, t, strict=True)])

    f = custom_rule(solve, jvp=pushed)
    close(grad(lambda x: np.sum(f(x)))(X), np.cos(X))
    with pytest.raises(UnsupportedError, match="custom rule solve: its jvp rule cannot be recorded.*give vjp too"):
        grad(lambda x: np.sum(f(x)))(np.ones(2000))


def test_the_function_gets_plain_values_and_runs_once():
    seen = []

    def f(x):
        seen.append(type(x))
        return x * 2

    def rule(x):
        seen.append(type(x))
        return x * 2, lambda g: g * 2

    close(grad(lambda x: np.sum(custom_rule(f, vjp=rule)(x * 1.0)))(X), [2, 2])
    assert seen == [np.ndarray]


# ------------------------------------------------------------------------------------------------ arguments, results


def test_trees_integers_and_other_objects():
    def f(p, n, kind):
        return {"s": p["a"] * p["b"][0] * n, "t": (p["a"], 3, kind)}

    def rule(p, n, kind):
        def pullback(g):
            b = p["b"][0]
            return {"a": g["s"] * b * n + g["t"][0], "b": [g["s"] * p["a"] * n, None]}, None, None

        return f(p, n, kind), pullback

    g = custom_rule(f, vjp=rule)

    def loss(p):
        out = g(p, 4, kind="text")
        assert out["t"][2] == "text"
        return out["s"] + 2 * out["t"][0]

    assert grad(loss)({"a": 2.0, "b": [3.0, 1.0]}) == {"a": 14.0, "b": [8.0, 0.0]}


def test_a_decorator_on_functions_and_methods():
    @custom_rule(vjp=lambda x: (x * x, lambda g: 2 * g * x))
    def squared(x):
        """x²"""
        return x * x

    assert (squared.__name__, squared.__doc__, squared(3.0)) == ("squared", "x²", 9.0)
    assert grad(squared)(3.0) == 6.0

    class Model:
        scale = 5.0

        @custom_rule(vjp=lambda self, x: (self.scale * x, lambda g: (None, self.scale * g)))
        def apply(self, x):
            return self.scale * x

    assert grad(Model().apply)(3.0) == 5.0


def test_the_rule_counts_and_not_the_function():
    f = custom_rule(lambda x: np.round(x), vjp=lambda x: (np.round(x), lambda g: g))  # straight through
    close(grad(lambda x: np.sum(f(x) * x))(np.array([1.2])), [1.0 + 1.2])


# ------------------------------------------------------------------------------------------------ what is shown


def test_it_is_shown_under_its_own_name():
    @custom_rule(jvp=forward_rule)
    def wave(x, y):
        return plain(x, y)

    t = trace(lambda x, y: np.sum(wave(x, y)))(X, Y)
    assert "wave(v₋₁, v₀)" in [i.text for i in t.wengert]
    assert "wave(v₋₁, v₀)" in str(t)
    assert "wave" in [node["label"] for node in t.document()["graph"]["nodes"]]
    assert "wave_jvp" in str(trace(lambda x: jvp(wave, (x, x), (x, x))[1])(0.5))
    close(t.replay()(2 * X, Y), np.sum(plain(2 * X, Y)))
    assert t.check().verdict == "agree"


# ------------------------------------------------------------------------------------------------ refused


def test_a_wrong_rule_is_found():
    f = custom_rule(lambda x: x * x, vjp=lambda x: (x * x, lambda g: g * x))
    with pytest.raises(CheckError, match="is 0.5, but differences give 1"):
        check_grads(f, 0.5)


def test_without_a_rule():
    with pytest.raises(ModeError, match="needs a rule"):
        custom_rule(plain)


def closes(p):
    return custom_rule(lambda x: x * p, vjp=lambda x: (x * p, lambda g: g * p))(p * 2)


def closes_over_everything(p):
    return custom_rule(lambda: p * p, vjp=lambda: (p, lambda g: ()))()


WRONG = {
    "closure": (closes, "closes over a traced value"),
    "closure without arguments": (closes_over_everything, "closes over a traced value"),
    "shape": (lambda p: custom_rule(abs, vjp=lambda x: (x, lambda g: np.ones(3)))(p), r"shape \(3,\) where \(\) is"),
    "shape of the result": (
        lambda p: custom_rule(abs, jvp=lambda x, t: (np.ones(9), t[0]))(p),
        r"shape \(9,\) where \(\) is",
    ),
    "no pair": (lambda p: custom_rule(abs, vjp=lambda x: x)(p), r"did not return \(out, pullback\)"),
    "no tangent": (lambda p: custom_rule(abs, jvp=lambda x, t: x)(p), r"did not return \(out, tangent of out\)"),
    "structure": (
        lambda p: custom_rule(lambda d: d["a"], vjp=lambda d: (d["a"], lambda g: ({"b": g},)))({"a": p}),
        "another structure",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rules_are_errors_at_the_users_line(name):
    f, message = WRONG[name]
    with pytest.raises(UnsupportedError, match="custom rule .*" + message) as caught:
        grad(f)(0.5)
    assert caught.value.line is not None
    assert caught.value.fix


def test_arguments_by_name_only():
    f = custom_rule(lambda x, *, scale: x * scale, vjp=lambda x: (x, lambda g: g))
    with pytest.raises(InputError, match="scale can be passed by name only"):
        grad(lambda x: f(x, scale=2.0))(1.0)


def test_nothing_enters_the_table_of_primitives():
    before = set(adkit.primitive.REGISTRY)
    custom_rule(plain, vjp=reverse_rule)
    assert set(adkit.primitive.REGISTRY) == before
