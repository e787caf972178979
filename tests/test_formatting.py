"""Numbers and arrays as text."""

from __future__ import annotations

import numpy as np
import pytest

from adkit import formatting
from adkit.formatting import magnitude, number, rounded, value


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (2.0, "2"),
        (1 / 3, "0.333333"),
        (-1 / 3, "−0.333333"),
        (123456789.0, "1.23457e8"),
        (-1.5e-12, "−1.5e−12"),
        (1e300, "1e300"),
        (5e-324, "4.94066e−324"),
        (np.nan, "nan"),
        (np.inf, "inf"),
        (-np.inf, "−inf"),
        (np.float32(0.1), "0.1"),
        (np.float16(-2), "−2"),
        (7, "7"),
        (-123456789, "−123456789"),
        (np.int8(-3), "−3"),
        (True, "true"),
        (np.False_, "false"),
        (1 - 2j, "1 − 2j"),
        (-1 + 0.5j, "−1 + 0.5j"),
        (complex(0, -0.0), "0 − 0j"),
        (np.complex64(1j), "0 + 1j"),
    ],
)
def test_numbers(given, text):
    assert number(given) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, ""),
        (np.array(1.5), "1.5"),
        (np.array([1.0, -2.5]), "[1, −2.5]"),
        (np.array([[1.0], [2.0]]), "[[1], [2]]"),
        (np.zeros(0), "[]"),
        (np.zeros((0, 3)), "[]"),
        (np.zeros((10_000, 0)), "[]"),
        (np.array([True, False]), "[true, false]"),
        (np.zeros((100, 100)), "mean 0 ± 0, 0 … 0"),
        (np.ones(9, bool), "9 of 9 true"),
        (np.arange(10), "mean 4.5 ± 2.87228, 0 … 9"),
        (np.array([np.nan] * 8 + [np.inf]), "no finite element, 8 NaN, 1 infinite"),
        (np.array([np.nan] + [-1.0] * 8), "mean −1 ± 0, −1 … −1, 1 NaN"),
        (np.full(8, 3 + 4j), "|·| mean 5 ± 0, 5 … 5"),
    ],
)
def test_values(given, text):
    assert value(given) == text


def test_a_value_is_one_short_line():
    for given in (np.random.default_rng(0).normal(size=(50, 60)), np.full(7, 1e308), np.full((2, 3), -1.23456789e-200)):
        text = value(given)
        assert "\n" not in text
        assert len(text) < 120


def test_sizes_for_drawing():
    assert magnitude(np.array([1.0, -3.0])) == 3.0
    assert magnitude(3 + 4j) == 5.0
    assert magnitude(np.zeros(0)) == 0.0
    assert magnitude(np.array([1.0, np.nan])) is None
    assert magnitude(np.array([1.0, np.inf])) is None
    assert rounded(1 / 3) == 0.333333
    assert rounded(np.nan) is None
    assert type(rounded(np.float32(2))) is float


def test_shapes():
    assert [formatting.shape(s) for s in ((), (3,), (3, 2))] == ["", "3", "3×2"]
