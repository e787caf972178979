"""The main job as a person does it: a cell is typed, run, looked at, saved, and opened again elsewhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import documents

pytestmark = pytest.mark.browser

LOAD = "%load_ext adkit\nimport numpy as np"
CELL = """%%grad x w --check
x, w = 1.5, -0.4
u = np.sin(x) * w
if x > 0:
    u = u + x**2
loss = np.log1p(u**2)"""
LONG = """%%grad x
x = 0.5
y = x
for i in range(50_000):
    y = np.sin(y) + x"""
PREPARE = """import json
MIME_TYPE = "application/vnd.adkit.trace.v1+json"
BUNDLE = {MIME_TYPE: json.loads(DOCUMENT), "text/plain": "trace", "text/html": "static view"}
"""
SHOW = "handle = display(BUNDLE, raw=True, display_id=True)"
UPDATE = """BUNDLE[MIME_TYPE]["output"]["value"] = "3.25"
handle.update(BUNDLE, raw=True)"""


@pytest.fixture(scope="module")
def session(lab: Any, lasting_window: Any) -> Iterator[Any]:
    """A notebook in which adkit is loaded and a cell has been typed and run, with empty cells to type in."""
    lab.theme("light")
    lab.write_code("session.ipynb", [LOAD, "", "", ""])
    window = lasting_window(width=1180, scale=2.0)
    window.open(lab, "session.ipynb", first="%load_ext adkit")
    window.run(0)
    window.type(1, CELL)
    window.run(1)
    yield window
    assert window.own_errors() == []


def look(window: Any, number: int, picture: Any, name: str) -> None:
    """A picture of a cell, its source and its output, with the second instruction lit."""
    window.page.locator(".jp-Notebook .jp-Cell").nth(0).locator(".jp-InputPrompt").click()
    view = window.trace(number)
    view.locator("[data-subject=row][data-id=v2]").hover()
    picture(window.page.locator(".jp-Notebook .jp-Cell").nth(number), name)


def check_trace(view: Locator) -> None:
    """What CELL shows, wherever it is shown."""
    expect(view.locator(".adkit-output")).to_have_text("loss = 1.48754")
    expect(view.locator(".adkit-result")).to_contain_text(["∂loss/∂x = 2.4854", "∂loss/∂w = 0.83428"])
    expect(view.locator(".adkit-badge")).to_contain_text("agree")
    view.get_by_role("tab", name="Plot").click()
    expect(view.locator(".adkit-curve").first).to_be_visible()
    view.get_by_role("tab", name="Source").click()
    expect(view.locator(".adkit-code").nth(2)).to_have_text("u = np.sin(x) * w")
    view.get_by_role("tab", name="Graph").click()
    expect(view.locator(".adkit-node")).not_to_have_count(0)
    view.get_by_role("tab", name="List").click()
    view.locator("[data-subject=row][data-id=v1]").hover()
    expect(view.locator("[data-subject=node].adkit-lit")).to_have_attribute("data-id", "v1")
    expect(view.locator("mark.adkit-lit")).to_have_text("np.sin(x)")


def test_a_typed_cell_shows_its_trace(session: Any, picture: Any) -> None:
    check_trace(session.trace(1))
    look(session, 1, picture, "grad-light.png")


def test_forward_mode_is_asked_for_and_shown(session: Any) -> None:
    session.type(2, CELL.replace("--check", "--mode forward --view list"))
    session.run(2)
    view = session.trace(2)
    expect(view.get_by_role("tab")).to_have_text(["List"])
    expect(view.get_by_role("columnheader").last).to_contain_text("tangent v̇")


def test_a_hundred_thousand_instructions_are_folded_and_open(session: Any) -> None:
    session.type(3, LONG)
    session.run(3)
    view = session.trace(3)
    expect(view.locator(".adkit-counts")).to_have_text("100,000 instructions")
    fold = view.locator("[data-subject=row][data-fold=closed]")
    fold.click()
    expect(view.locator("[data-subject=row][aria-level='2']").first).to_be_visible()
    assert view.locator("[data-subject=row]").count() < 120


def test_the_saved_notebook_shows_the_same_elsewhere(session: Any, lab: Any, notebook7: Any, new_window: Any) -> None:
    """Another server knows no signature of it, so it is untrusted there; and its kernel has not run a cell."""
    session.save()
    saved = json.loads((lab.root / "session.ipynb").read_text(encoding="utf-8"))
    assert any(documents.MIME_TYPE in output.get("data", {}) for output in saved["cells"][1]["outputs"])
    shutil.copy(lab.root / "session.ipynb", notebook7.root / "copy.ipynb")
    notebook7.theme("dark")
    window = new_window(width=1180, scale=2.0)
    window.open(notebook7, "copy.ipynb", first="%load_ext adkit")
    expect(window.page.get_by_text("Not Trusted")).to_be_visible()
    check_trace(window.trace(1))
    assert window.own_errors() == []


def test_the_dark_theme_shows_the_same(session: Any, lab: Any, new_window: Any, picture: Any) -> None:
    session.save()
    lab.theme("dark")
    window = new_window(width=1180, scale=2.0)
    window.open(lab, "session.ipynb", first="%load_ext adkit")
    check_trace(window.trace(1))
    look(window, 1, picture, "grad-dark.png")
    assert window.own_errors() == []


@pytest.mark.parametrize("app", ["lab", "notebook7"])
def test_an_updated_output_keeps_its_tab(app: str, request: Any, new_window: Any) -> None:
    """`DisplayHandle.update()` renders again into the same place."""
    server = request.getfixturevalue(app)
    server.theme("light")
    prepare = f"# prepare\nDOCUMENT = r'''{json.dumps(documents.small(), ensure_ascii=True)}'''\n{PREPARE}"
    server.write_code("live.ipynb", [prepare, SHOW, UPDATE])
    window = new_window()
    window.open(server, "live.ipynb", first="# prepare")
    window.run(0)
    window.run(1)
    view = window.trace(1)
    view.get_by_role("tab", name="Graph").click()
    window.run(2)
    expect(view.locator(".adkit-output")).to_have_text("loss = 3.25")
    expect(view.get_by_role("tab", name="Graph")).to_have_attribute("aria-selected", "true")
    assert window.own_errors() == []
