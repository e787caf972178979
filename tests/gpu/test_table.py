"""The table of primitives on a CUDA device: every row, both orders and modes."""

from __future__ import annotations

import pytest

from tests.walk import CONSTANTS, WALK, WALK_IDS, walk_constant, walk_first_order, walk_second_order


@pytest.mark.parametrize(("case", "dtype"), WALK, ids=WALK_IDS)
def test_first_order(case, dtype):
    walk_first_order(case, dtype, "cupy", 0)


@pytest.mark.parametrize(("case", "dtype"), WALK, ids=WALK_IDS)
def test_second_order(case, dtype):
    walk_second_order(case, dtype, "cupy", 0)


@pytest.mark.parametrize("name", CONSTANTS)
def test_rows_without_a_derivative(name):
    walk_constant(name, "cupy", 0)
