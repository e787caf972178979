"""The table of primitives on strict arrays: every row, both orders and modes, on a device that is not the default."""

from __future__ import annotations

import pytest

from tests.arrays import OTHER_PLACES
from tests.walk import CONSTANTS, WALK, WALK_IDS, walk_constant, walk_first_order, walk_second_order

LIBRARY, DEVICE = OTHER_PLACES[-1]


@pytest.mark.parametrize(("case", "dtype"), WALK, ids=WALK_IDS)
def test_first_order(case, dtype):
    walk_first_order(case, dtype, LIBRARY, DEVICE)


@pytest.mark.parametrize(("case", "dtype"), WALK, ids=WALK_IDS)
def test_second_order(case, dtype):
    walk_second_order(case, dtype, LIBRARY, DEVICE)


@pytest.mark.parametrize("name", CONSTANTS)
def test_rows_without_a_derivative(name):
    walk_constant(name, LIBRARY, DEVICE)
