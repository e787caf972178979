"""The explorer as a person uses it: in JupyterLab, light and dark, by mouse and by keyboard, and in Notebook 7."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

LOAD = "%load_ext adkit\nimport numpy as np"
CELL = """%%grad x w --explore
x, w = 1.5, -0.4
u = np.sin(x) * w
if x > 0:
    u = u + x**2
loss = np.log1p(u**2)"""
FAILING = """%%grad t --explore
t = 1.0
assert t < 1.02, "<b>too far</b>"
y = t**2"""
BETWEEN = """%%grad v --explore
v = 0.12573
v**2"""
COLOURS = """panel => [...panel.querySelectorAll("button, label, input")].filter((e) => e.offsetParent).map((e) => {
  const clear = (element) => /, 0\\)$|transparent/.test(getComputedStyle(element).backgroundColor);
  let ground = e;
  while (clear(ground)) ground = ground.parentElement;
  return [e.textContent || e.value, getComputedStyle(e).color, getComputedStyle(ground).backgroundColor];
})"""


def picture(name: str, tmp_path: Path) -> Path:
    """Where a screenshot goes: to the folder that ADKIT_SCREENSHOTS names, or nowhere."""
    folder = Path(os.environ.get("ADKIT_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def cell(window: Any, number: int) -> Locator:
    """A cell with its output, scrolled into sight."""
    found: Locator = window.page.locator(".jp-Notebook .jp-Cell").nth(number)
    found.scroll_into_view_if_needed()
    return found


def explorer(window: Any, number: int) -> Locator:
    """The controls of a cell, once they and the picture below are there."""
    panel = cell(window, number).locator(".adkit-explorer")
    panel.wait_for()
    cell(window, number).locator(".adkit").first.wait_for()
    return panel


def press(page: Page, key: str, times: int) -> None:
    """A key as a person presses it again and again."""
    for _ in range(times):
        page.keyboard.press(key, delay=20)


def answer(window: Any, number: int) -> Locator:
    """The line with value and derivatives."""
    return cell(window, number).locator(".adkit-answer")


@pytest.fixture(scope="module", params=["light", "dark"])
def session(request: pytest.FixtureRequest, lab: Any, new_window: Any) -> Iterator[Any]:
    """A notebook with two explorers."""
    lab.theme(request.param)
    name = f"explorer-{request.param}.ipynb"
    lab.write_code(name, [LOAD, CELL, FAILING, BETWEEN])
    window = new_window(width=1180, height=1300)
    window.name, window.theme = name, request.param
    window.open(lab, name, first="%load_ext adkit")
    for number in range(4):
        window.run(number)
    yield window
    assert window.own_errors() == []


def test_a_slider_is_moved_by_the_keyboard(session: Any, tmp_path: Path) -> None:
    panel = explorer(session, 1)
    cell(session, 1).screenshot(path=picture(f"explorer-{session.theme}.png", tmp_path), animations="disabled")
    panel.locator(".noUi-handle").first.focus()
    press(session.page, "ArrowRight", 10)
    expect(answer(session, 1)).to_contain_text("loss = 2.65483")  # x = 2: no step was lost on the way
    expect(panel.locator("input[type=number]").first).to_have_value("2")
    expect(panel.locator(".noUi-handle").first).to_be_focused()


def test_a_number_is_typed(session: Any) -> None:
    field = explorer(session, 1).locator("input[type=number]").first
    field.fill("1.5")
    field.press("Enter")
    expect(answer(session, 1)).to_contain_text("loss = 1.48754")
    expect(field).to_be_focused()


def test_toggles_by_keyboard_and_mouse(session: Any, tmp_path: Path) -> None:
    panel = explorer(session, 1)
    panel.get_by_role("button", name="forward").focus()
    session.page.keyboard.press("Space")
    how = cell(session, 1).locator(".adkit-how")
    expect(how).to_contain_text("forward mode")
    expect(cell(session, 1).get_by_role("columnheader").last).to_contain_text("tangent v̇")
    panel.get_by_role("button", name="order 2").click()
    expect(answer(session, 1)).to_contain_text("∂²loss/∂x∂w")
    expect(panel.get_by_role("button", name="GPU")).to_be_disabled()
    expect(panel).to_contain_text(re.compile("GPU"))
    plots = cell(session, 1).get_by_role("tab", name="Plot")
    plots.click()
    for number, kind in enumerate((".adkit-curve", ".adkit-curve", ".adkit-contour")):
        expect(cell(session, 1).locator(".adkit-figure").nth(number).locator(kind).first).to_be_visible()
    expect(cell(session, 1).locator(".adkit-tangent-line").first).to_be_visible()
    figures = cell(session, 1).locator(".adkit-plots")
    figures.screenshot(path=picture(f"explorer-plots-{session.theme}.png", tmp_path), animations="disabled")
    panel.get_by_role("button", name="order 1").click()
    panel.get_by_role("button", name="reverse").click()
    expect(how).to_contain_text("reverse mode")
    expect(plots).to_have_attribute("aria-selected", "true")  # what was looked at stays in front


def test_colours_of_the_panel_are_readable(session: Any) -> None:
    panel = explorer(session, 1)
    colours = panel.evaluate(COLOURS)
    assert colours
    for text, ink, ground in colours:
        assert contrast(rgb(ink), rgb(ground)) >= 4.5, (text, ink, ground)


def rgb(colour: str) -> tuple[float, ...]:
    """The channels of a computed colour, 0 to 1."""
    numbers = [float(n) for n in re.findall(r"-?[\d.]+(?:e-?\d+)?", colour.removeprefix("color(srgb"))][:3]
    return tuple(numbers) if colour.startswith("color") else tuple(n / 255 for n in numbers)


def contrast(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: tuple[float, ...]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_an_error_stands_in_the_panel_and_the_picture_stays(session: Any, tmp_path: Path) -> None:
    panel = explorer(session, 2)
    panel.locator(".noUi-handle").first.focus()
    press(session.page, "ArrowRight", 3)
    error = panel.locator(".adkit-explorer-error")
    expect(error).to_contain_text("AssertionError: <b>too far</b>")
    expect(error).to_contain_text("line 3")
    expect(error.locator("code")).to_have_text('assert t < 1.02, "<b>too far</b>"')
    expect(error).to_contain_text("still shown: t = 1")
    expect(answer(session, 2)).to_contain_text("y = 1")
    cell(session, 2).screenshot(path=picture(f"explorer-error-{session.theme}.png", tmp_path), animations="disabled")
    press(session.page, "ArrowLeft", 5)
    expect(error).to_be_hidden()
    expect(answer(session, 2)).to_contain_text("y = 0.9")


def test_reopened_without_a_kernel_it_shows_the_last_picture(
    session: Any, lab: Any, new_window: Any, tmp_path: Path
) -> None:
    field = explorer(session, 1).locator("input[type=number]").first
    field.fill("2")
    field.press("Enter")
    expect(answer(session, 1)).to_contain_text("loss = 2.65483")
    session.page.wait_for_timeout(1000)  # the whole picture follows when nothing moves
    session.page.locator(".jp-Notebook .jp-Cell").nth(0).locator(".jp-InputPrompt").click()
    session.save()
    saved = json.loads((lab.root / session.name).read_text(encoding="utf-8"))
    html = next(o["data"]["text/html"] for o in saved["cells"][1]["outputs"] if "adkit-trace" in str(o["data"]))
    assert "2.65483" in "".join(html)
    assert "<table" in "".join(html)
    saved["metadata"]["kernelspec"] = {"name": "gone", "display_name": "gone", "language": "python"}
    (lab.root / f"again-{session.name}").write_text(json.dumps(saved), encoding="utf-8")
    window = new_window(width=1180, height=1300)
    window.open(lab, f"again-{session.name}", first="%load_ext adkit")
    expect(answer(window, 1)).to_contain_text("loss = 2.65483")
    expect(window.page.get_by_text("model not found")).to_have_count(0)
    expect(cell(window, 1)).to_contain_text("need a running kernel")
    window.page.screenshot(path=picture(f"explorer-reopened-{session.theme}.png", tmp_path), animations="disabled")
    assert window.own_errors() == []
    window.close()


def test_nothing_moves_before_somebody_moves_it(session: Any) -> None:
    panel = explorer(session, 3)
    session.page.wait_for_timeout(1500)
    expect(cell(session, 3).locator(".adkit-how")).to_contain_text("1 input, 1 output")
    expect(panel.locator("input[type=number]").first).to_have_value("0.12573")
    panel.locator(".noUi-handle").first.focus()
    press(session.page, "ArrowRight", 2)
    expect(cell(session, 3).locator(".adkit-how")).to_contain_text("as asked for")


def test_close_takes_the_controls_away_and_leaves_the_picture(session: Any) -> None:
    panel = explorer(session, 2)
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)
    expect(answer(session, 2)).to_contain_text("y = ")


def test_in_notebook_7(notebook7: Any, new_window: Any) -> None:
    notebook7.theme("light")
    notebook7.write_code("explorer.ipynb", [LOAD, CELL])
    window = new_window(width=1000)
    window.open(notebook7, "explorer.ipynb", first="%load_ext adkit")
    window.run(0)
    window.run(1)
    panel = explorer(window, 1)
    panel.locator(".noUi-handle").first.focus()
    press(window.page, "ArrowRight", 10)
    expect(answer(window, 1)).to_contain_text("loss = 2.65483")
    panel.get_by_role("button", name="forward").click()
    expect(cell(window, 1).locator(".adkit-how")).to_contain_text("forward mode")
    assert window.own_errors() == []
