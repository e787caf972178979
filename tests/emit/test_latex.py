"""Formulas of scalar traces."""

from __future__ import annotations

import ast
import math
import random

import numpy as np
import pytest

from adkit import ModeError, trace
from adkit.emit.algebra import simplified
from adkit.emit.latex import Printer, variable
from adkit.emit.printing import text


def damped(x, w):
    u = np.sin(x) * w
    if u > 0:
        u = u**2
    return u / (1 + np.exp(-x))


def test_value_derivatives_and_steps():
    formula = trace(damped)(1.0, 2.0).to_latex()
    assert formula.value == (r"\mathrm{damped} = \frac{\sin^{2}\left(x\right) \, w^{2}}{1 + e^{-x}}")
    assert formula.derivatives["w"] == (
        r"\frac{\partial \mathrm{damped}}{\partial w} = \frac{2 \, w \, \sin^{2}\left(x\right)}{1 + e^{-x}}"
    )
    assert formula.steps[0] == r"v_{1} = \sin\left(x\right)"
    assert formula.steps[-1].startswith(r"\bar{x} = ")
    assert not any(" > " in step for step in formula.steps)
    assert str(formula).count(r"\begin{aligned}") == 2
    assert formula._repr_latex_().startswith("$$\n\\begin{aligned}\n")


def test_forward_mode_has_dots():
    assert r"\dot{" in str(trace(damped)(1.0, 2.0).to_latex("forward"))


def test_long_formulas_name_their_parts():
    def f(x):
        for _ in range(6):
            x = np.sin(x) * np.exp(x) + x
        return x

    formula = trace(f)(0.5).to_latex()
    assert formula.where
    assert max(map(len, str(formula).splitlines())) < 2000


def test_arrays_have_no_formula():
    with pytest.raises(ModeError, match="the input x is an array.*to_source"):
        trace(np.sum)(np.ones(3)) and trace(lambda x: np.sum(x))(np.ones(3)).to_latex()


def test_names_are_escaped():
    assert variable("a_b_c") == r"\mathrm{a\_b\_c}"
    assert variable("alpha_12") == r"\alpha_{12}"
    made = trace(lambda p: p["$x}{\\"] * 2.0)({"$x}{\\": 2.0}).to_latex()
    assert "$" not in str(made)
    assert str(made).count("{") == str(made).count("}")


@pytest.mark.parametrize("seed", range(40))
def test_a_shorter_form_has_the_same_value(seed):
    rng = random.Random(seed)

    def made(depth):
        if depth == 0:
            return rng.choice(["x", "y", "2.0", "0.5", "1.0", "3"])
        a, b = made(depth - 1), made(depth - 1)
        return rng.choice(
            [f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"(-{a})", f"({a} / (1.5 + {b}**2))", f"abs({a})**1.5"]
        )

    tree = ast.parse(made(4), mode="eval").body
    values = {"x": 0.7, "y": 1.3, "abs": abs}
    want = eval(ast.unparse(tree), values)
    assert math.isclose(eval(text(simplified(tree)), values), want, rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize(
    ("source", "latex"),
    [
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("a * (b + c)", r"a \, \left(b + c\right)"),
        ("(a + b)**2", r"\left(a + b\right)^{2}"),
        ("-(a + b)", r"-\left(a + b\right)"),
        ("np.exp(a)**2", r"\left(e^{a}\right)^{2}"),
        ("2.0 * 3", r"2 \cdot 3"),
        (
            "np.where(a == 0, 0.5, a > 0)",
            r"\begin{cases} 0.5 & a = 0 \\ \left[a > 0\right] & \text{otherwise} \end{cases}",
        ),
        ("b * (a > 0)", r"b \, \left[a > 0\right]"),
        ("np.where(a > 0, b, 1e-7)", r"\begin{cases} b & a > 0 \\ 10^{-7} & \text{otherwise} \end{cases}"),
    ],
)
def test_printing(source, latex):
    assert Printer({}).text(ast.parse(source, mode="eval").body) == latex
