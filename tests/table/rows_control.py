"""Rows with a body are called through the functions that make bodies: `tests/test_control_flow.py` walks them."""

STRUCTURAL = {"checkpoint", "scan", "fori_loop", "while_loop", "cond", "body_input"}
STRUCTURAL |= {"pullback_of_body", "pushforward_of_body"}
