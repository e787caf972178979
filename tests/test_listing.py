"""Instructions as mathematics: operators, parameters, indices, constants."""

from __future__ import annotations

import numpy as np
import pytest

from adkit import derivative, grad, trace


def texts(f, *args):
    return [i.text for i in trace(f)(*args).wengert]


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x[:-1], "v₀[:−1]"),
        (lambda x: x[::-1], "v₀[::−1]"),
        (lambda x: x[-1], "v₀[−1]"),
        (lambda x: x[1:], "v₀[1:]"),
        (lambda x: x[1:3:2], "v₀[1:3:2]"),
        (lambda x: x[[0, -1]], "v₀[[0, −1]]"),
        (lambda x: x[..., None], "v₀[…, None]"),
    ],
)
def test_indices_are_written_as_in_the_source(f, expected):
    assert texts(f, np.arange(4.0)) == [expected]


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x - 2, "v₀ − 2"),
        (lambda x: x * -2.5, "v₀ · (−2.5)"),
        (lambda x: x + (1 - 2j), "v₀ + (1 − 2j)"),
        (lambda x: x * 0.1234567891, "v₀ · 0.123457"),
        (lambda x: x * 1e-300, "v₀ · 1e−300"),
        (lambda x: x + np.ones((2, 3)), "v₀ + array(2×3)"),
        (lambda x: np.sin(x), "sin(v₀)"),
        (lambda x: x**2, "v₀²"),
    ],
)
def test_operators_and_constants(f, expected):
    assert texts(f, 1.5) == [expected]


def test_names_of_subscripts_keep_their_hyphens():
    (first, *_) = texts(lambda x: np.einsum("ij,jk->ik", x, x), np.eye(2))
    assert "ij,jk->ik" in first


def test_inputs_are_numbered_up_to_zero():
    program = trace(lambda a, b, c: a * b * c)(1.0, 2.0, 3.0).wengert
    assert [(v.label, v.name) for v in program.inputs] == [("v₋₂", "a"), ("v₋₁", "b"), ("v₀", "c")]
    assert [i.output.label for i in program] == ["v₁", "v₂"]


def test_what_the_output_does_not_need_is_not_listed():
    def f(x):
        np.exp(x)
        return x * 2

    assert texts(f, 1.0) == ["v₀ · 2"]


def test_an_inner_transformation_at_a_constant_point():
    made = trace(lambda x: derivative(lambda t: t * t * x)(3.0))(2.0)
    assert made.wengert.instructions[0].text == "3"
    assert "v₁" in str(made)
    assert trace(lambda x: grad(lambda t: np.sin(t) * x)(1.0))(2.0).gradient["x"] == np.cos(1.0)
