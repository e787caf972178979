"""The table of primitives on a CUDA device: every row, both orders and modes."""

from __future__ import annotations

import pytest

from tests.walk import CONSTANTS, ROWS, walk_constant, walk_first_order, walk_second_order


@pytest.mark.parametrize("row", ROWS)
def test_first_order(row):
    walk_first_order(row, "cupy", 0)


@pytest.mark.parametrize("row", ROWS)
def test_second_order(row):
    walk_second_order(row, "cupy", 0)


@pytest.mark.parametrize("name", CONSTANTS)
def test_rows_without_a_derivative(name):
    walk_constant(name, "cupy", 0)
