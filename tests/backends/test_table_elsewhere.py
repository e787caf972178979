"""The table of primitives on strict arrays: every row, both orders and modes, on a device that is not the default."""

from __future__ import annotations

import pytest

from tests.arrays import OTHER_PLACES
from tests.walk import CONSTANTS, ROWS, walk_constant, walk_first_order, walk_second_order

LIBRARY, DEVICE = OTHER_PLACES[-1]


@pytest.mark.parametrize("row", ROWS)
def test_first_order(row):
    walk_first_order(row, LIBRARY, DEVICE)


@pytest.mark.parametrize("row", ROWS)
def test_second_order(row):
    walk_second_order(row, LIBRARY, DEVICE)


@pytest.mark.parametrize("name", CONSTANTS)
def test_rows_without_a_derivative(name):
    walk_constant(name, LIBRARY, DEVICE)
