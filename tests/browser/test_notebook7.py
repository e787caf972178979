"""The same viewer in Notebook 7."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import documents

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def window(notebook7: Any, lasting_window: Any, bundle: Any) -> Any:
    """A saved notebook, trusted by nobody."""
    notebook7.theme("dark")
    notebook7.write("saved.ipynb", [bundle(documents.small()), bundle(documents.folded())])
    window = lasting_window()
    window.open(notebook7, "saved.ipynb")
    return window


def test_trace_is_shown_with_linked_views(window: Any) -> None:
    view = window.trace(0)
    expect(view.locator(".adkit-output")).to_have_text("loss = 1.48754")
    expect(window.page.get_by_text("the static view")).to_have_count(0)
    view.locator("[data-subject=node][data-id=v3]").hover()
    expect(view.locator("[data-subject=row].adkit-lit")).to_have_attribute("data-id", "v3")
    expect(view.locator("mark.adkit-lit")).to_have_text("x**2")
    assert window.own_errors() == []


def test_theme_is_followed(window: Any) -> None:
    style = "view => [getComputedStyle(view).backgroundColor, getComputedStyle(view).color]"
    ground, ink = (sum(map(int, c[4:-1].split(", "))) for c in window.trace(0).evaluate(style))  # `open` saw the theme
    assert ground < 120
    assert ink > 600


def test_keyboard_stays_in_the_viewer(window: Any) -> None:
    view, keyboard = window.trace(1), window.page.keyboard
    view.get_by_role("tab", name="Source").click()
    keyboard.press("ArrowLeft")
    expect(view.get_by_role("tab", name="Plot")).to_be_focused()
    keyboard.press("Home")
    expect(view.get_by_role("tab", name="List")).to_be_focused()
    view.get_by_role("treegrid").focus()
    for _ in range(6):
        keyboard.press("ArrowDown")
    expect(view.locator("[data-subject=row].adkit-lit")).to_have_attribute("data-id", "f1")
    keyboard.press("Enter")
    expect(view.locator("[data-subject=row][data-id=f2]")).to_be_visible()
    assert window.own_errors() == []
