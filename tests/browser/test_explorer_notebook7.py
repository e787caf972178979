"""The explorer in Notebook 7: of the tests in JupyterLab, those in which the application has a part.

That is keys, which it may take for its own shortcuts, messages of the kernel, outputs that change, and cells. A file of
its own, so that another worker takes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.test_explorer import (  # noqa: F401
    opened,
    test_a_slider_is_moved_and_a_number_typed_by_the_keyboard,
    test_a_slow_run_is_cancelled_and_sliders_act_on_release,
    test_an_error_stands_in_the_panel_and_the_picture_stays,
    test_close_takes_the_controls_away_and_leaves_the_picture,
    test_emit_writes_a_cell_below_that_runs,
    test_the_keyboard_alone_reaches_and_moves_everything,
    test_the_player_lights_list_graph_and_source_together,
    test_toggles_by_keyboard_and_mouse,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def session(notebook7: Any, lasting_window: Any) -> Iterator[Any]:
    """The notebook in Notebook 7."""
    yield from opened(notebook7, "notebook7", lasting_window)
