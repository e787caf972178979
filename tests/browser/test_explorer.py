"""The explorer as a person uses it in JupyterLab: by mouse and by keyboard, light and dark."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.waiting import becomes, lights

pytestmark = pytest.mark.browser

CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
CODE = """u = np.sin(x) * w
if x > 0:
    u = u + x**2
loss = np.log1p(u**2)"""
CELLS = {
    "load": "%load_ext adkit\nimport sys, time\nimport numpy as np\nsys.runs = []",
    "main": f"%%grad x w --explore\nx, w = 1.5, -0.4\n{CODE}",
    "failing": '%%grad t --explore\nt = 1.0\nassert t < 1.02, "<b>too far</b>"\ny = t**2',
    "between": "%%grad v --explore\nv = 0.12573\nv**2",
    "slow": """%%grad s --explore
s = 1.0
sys.runs.append(1)
for _ in range(60_000 if s > 1.5 else 300 if s < 0.9 else 0):
    time.sleep(0.001)
y = s**2""",
    "player": f"%%grad x w --view player\n{CODE}",
    "arrays": """%%grad a h --explore
a = np.linspace(-1.0, 1.0, 12).reshape(3, 4)
h = np.linspace(0.0, 1.0, 200)
z = np.sum(np.sin(a) ** 2) + np.sum(np.cos(3 * h))""",
    "status": "print(x, w, s, len(sys.runs))",
    "emit": "%%grad x --emit next\ny = x * np.sin(x)",
}
NUMBERS = {name: number for number, name in enumerate(CELLS)}
COLOURS = """panel => [...panel.querySelectorAll("button, label, input")].filter((e) => e.offsetParent).map((e) => {
  const clear = (element) => /, 0\\)$|transparent/.test(getComputedStyle(element).backgroundColor);
  let ground = e;
  while (clear(ground)) ground = ground.parentElement;
  return [e.textContent || e.value, getComputedStyle(e).color, getComputedStyle(ground).backgroundColor];
})"""
SHOWN = """([number, text]) => jupyterapp.shell.currentWidget.content.widgets[number].model.outputs.toJSON()
    .some(output => String(output.data?.['text/html']).includes(text)
        && String(output.data['text/html']).includes('<table'))"""


# ------------------------------------------------------------------------------------------------ what is on the page


def cell(window: Any, name: str) -> Locator:
    """A cell with its output, scrolled into sight."""
    found: Locator = window.page.locator(".jp-Notebook .jp-Cell").nth(NUMBERS[name])
    found.scroll_into_view_if_needed()
    return found


def explorer(window: Any, name: str) -> Locator:
    """The controls of a cell, once they and the picture below are there."""
    panel = cell(window, name).locator(".adkit-explorer")
    panel.wait_for()
    expect(panel.locator(".lm-Widget:not(.jupyter-widgets)")).to_have_count(0)  # stands for a control not yet made
    cell(window, name).locator(".adkit").first.wait_for()
    return panel


def press(page: Page, key: str, times: int) -> None:
    """A key as a person presses it again and again."""
    for _ in range(times):
        page.keyboard.press(key, delay=20)


def answer(window: Any, name: str) -> Locator:
    """The line with value and derivatives."""
    return cell(window, name).locator(".adkit-answer")


def type_number(panel: Locator, text: str) -> Locator:
    """Type into the first number field of a panel."""
    field = panel.locator("input[type=number]").first
    field.fill(text)
    field.press("Enter")
    return field


def shoot(window: Any, place: Locator, picture: Any, name: str) -> None:
    """A picture of a part of the page, in a window that it fits into."""
    size = window.page.viewport_size
    window.page.set_viewport_size({**size, "height": 2400})
    try:
        cell(window, "load").locator(".jp-InputPrompt").click()  # the cell is shown without the marks of a chosen one
        window.page.mouse.move(0, 0)
        place.scroll_into_view_if_needed()
        picture(place, name)
    finally:
        window.page.set_viewport_size(size)


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


def check_colours(window: Any, name: str) -> None:
    """Everything in the panel and in the picture can be read."""
    colours = explorer(window, name).evaluate(COLOURS)
    assert colours
    for text, ink, ground in colours:
        assert contrast(rgb(ink), rgb(ground)) >= 4.5, (text, ink, ground)
    becomes(lambda: cell(window, name).locator(".adkit").first.evaluate(CONTRAST), [])


def opened(server: Any, app: str, lasting_window: Any) -> Iterator[Any]:
    """A notebook whose cells have been run, but for the last ones, in the light theme."""
    server.theme("light")
    server.write_code("explorer.ipynb", list(CELLS.values()))
    window = lasting_window(width=1180, height=1300, scale=2.0)
    window.server, window.app = server, app
    window.open(server, "explorer.ipynb", first="%load_ext adkit")
    for name in CELLS:
        if name not in ("status", "emit"):
            window.run(NUMBERS[name])
    yield window
    assert window.own_errors() == []


@pytest.fixture(scope="module")
def session(lab: Any, lasting_window: Any) -> Iterator[Any]:
    """The notebook in JupyterLab."""
    yield from opened(lab, "lab", lasting_window)


# ------------------------------------------------------------------------------------------------ controls


def test_a_slider_is_moved_and_a_number_typed_by_the_keyboard(session: Any, picture: Any) -> None:
    panel = explorer(session, "main")
    check_colours(session, "main")
    shoot(session, cell(session, "main"), picture, f"explorer-{session.app}.png")
    panel.locator(".noUi-handle").first.focus()
    press(session.page, "ArrowRight", 10)
    expect(answer(session, "main")).to_contain_text("loss = 2.65483")  # x = 2: no step was lost on the way
    expect(panel.locator("input[type=number]").first).to_have_value("2")
    expect(panel.locator(".noUi-handle").first).to_be_focused()
    expect(cell(session, "main").locator(".adkit-how")).to_contain_text("2 inputs, 1 output")
    field = type_number(panel, "1.5")
    expect(answer(session, "main")).to_contain_text("loss = 1.48754")
    expect(field).to_be_focused()


def test_toggles_by_keyboard_and_mouse(session: Any) -> None:
    panel = explorer(session, "main")
    panel.get_by_role("button", name="forward").focus()
    session.page.keyboard.press("Space")
    how = cell(session, "main").locator(".adkit-how")
    expect(how).to_contain_text("forward mode")
    expect(cell(session, "main").get_by_role("columnheader").last).to_contain_text("tangent v̇")
    panel.get_by_role("button", name="order 2").click()
    expect(answer(session, "main")).to_contain_text("∂²loss/∂x∂w")
    expect(panel.get_by_role("button", name="GPU")).to_be_disabled()
    expect(panel).to_contain_text(re.compile("GPU"))
    source = cell(session, "main").get_by_role("tab", name="Source")
    source.click()
    panel.get_by_role("button", name="order 1").click()
    panel.get_by_role("button", name="reverse").click()
    expect(how).to_contain_text("reverse mode")
    expect(source).to_have_attribute("aria-selected", "true")  # what was looked at stays in front


def test_plots_follow_the_point(session: Any, picture: Any) -> None:
    main = cell(session, "main")
    main.get_by_role("tab", name="Plot").click()
    for number, kind in enumerate((".adkit-curve", ".adkit-curve", ".adkit-contour")):
        expect(main.locator(".adkit-figure").nth(number).locator(kind).first).to_be_visible()
    expect(main.locator(".adkit-tangent-line").first).to_be_visible()
    expect(main.locator(".adkit-arrow").first).to_be_visible()
    caption = main.locator(".adkit-caption").first
    expect(main.locator(".adkit-figure").first).to_contain_text("no line where another branch would be taken")
    expect(caption).to_have_text("x = 1.5: value 1.48754, derivative 2.48548, second derivative −0.180807")
    panel = explorer(session, "main")
    type_number(panel, "2")
    expect(caption).to_contain_text("x = 2: value 2.65483, derivative 2.13048")
    type_number(panel, "1.5")
    expect(caption).to_contain_text("x = 1.5: value 1.48754")
    theme_or_app = "light" if session.app == "lab" else session.app
    shoot(session, main.locator(".adkit"), picture, f"explorer-plots-{theme_or_app}.png")
    main.get_by_role("tab", name="List").click()


def test_an_element_of_an_array_is_chosen_and_moved(session: Any, picture: Any) -> None:
    arrays, panel = cell(session, "arrays"), explorer(session, "arrays")
    arrays.get_by_role("tab", name="Plot").click()
    expect(arrays.locator(".adkit-heat")).to_be_visible()
    expect(arrays.locator(".adkit-bar-of").first).to_be_visible()
    shoot(session, arrays, picture, f"explorer-arrays-{session.app}.png")
    index = panel.locator("input[type=number]")
    expect(panel.locator(".widget-slider").first).to_contain_text("a[0, 0]")
    index.nth(3).fill("2")
    index.nth(3).press("Enter")
    expect(panel.locator(".widget-slider").first).to_contain_text("a[2, 0]")
    before = answer(session, "arrays").inner_text()
    type_number(panel, "0.5")
    expect(answer(session, "arrays")).not_to_have_text(before)


def test_nothing_moves_before_somebody_moves_it(session: Any) -> None:
    """A message of the browser's own would arrive before that of the button, and change the value."""
    panel = explorer(session, "between")
    expect(panel.locator("input[type=number]").first).to_have_value("0.12573")
    panel.get_by_role("button", name="order 2").click()
    expect(answer(session, "between")).to_contain_text("∂²")
    expect(panel.locator("input[type=number]").first).to_have_value("0.12573")
    expect(cell(session, "between").get_by_role("gridcell", name="0.12573", exact=True)).to_be_visible()


def test_the_keyboard_alone_reaches_and_moves_everything(session: Any) -> None:
    """From one button of the panel on with Tab: toggles, slider, field, tabs, list, player."""
    panel, page = explorer(session, "main"), session.page
    panel.get_by_role("button", name="forward").focus()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => { const e = document.activeElement;
                    return e.getAttribute('aria-label') || e.getAttribute('role') || e.textContent || e.type; }"""
            )
        )
        if "step of the sweep" in reached[-1]:
            break
    told = " | ".join(reached)
    for name in ("reverse", "order 2", "Close", "| x |", "value of x", "tab", "Wengert list", "step of the sweep"):
        assert name in told, told
    page.keyboard.press("End")
    expect(cell(session, "main").locator(".adkit-where")).to_have_text("reverse 8 / 8")
    page.keyboard.press("Escape")
    expect(cell(session, "main").locator(".adkit-where")).to_be_empty()


# ------------------------------------------------------------------------------------------------ the player


@pytest.mark.parametrize("name", ["main", "player"])
def test_the_player_lights_list_graph_and_source_together(session: Any, picture: Any, name: str) -> None:
    view = cell(session, name).locator(".adkit").first
    where = view.locator(".adkit-where")
    button = view.get_by_role("group", name="Player of the sweep").get_by_role("button", name="next")
    for step in range(1, 5):
        button.click()
        expect(where).to_have_text(f"program {step} / 8")
    lights(view, row=["v2"])
    if name == "main":
        lights(view, node=["v2"], mark=["np.sin(x) * w"])
    track = view.get_by_role("slider", name="step of the sweep")
    for step in range(8, 16):
        track.fill(str(step))
        expect(where).to_have_text(f"reverse {step - 7} / 8")
        expect(view.locator(".adkit-sum")).to_have_text("Σ v̄·v̇ = 2.48548 at every step")
    track.fill("11")
    shoot(session, view, picture, f"player-{name}-{session.app}.png")
    if (name, session.app) == ("main", "lab"):
        shoot(session, cell(session, name), picture, "explorer-light.png")
    track.press("Escape")
    expect(where).to_be_empty()


def test_the_player_of_the_other_mode_has_the_same_sum(session: Any, picture: Any) -> None:
    panel, view = explorer(session, "main"), cell(session, "main").locator(".adkit").first
    panel.get_by_role("button", name="forward").click()
    expect(view.locator(".adkit-how")).to_contain_text("forward mode")
    track = view.get_by_role("slider", name="step of the sweep")
    for step in range(8, 16):
        track.fill(str(step))
        expect(view.locator(".adkit-where")).to_have_text(f"forward {step - 7} / 8")
        expect(view.locator(".adkit-sum")).to_have_text("Σ v̄·v̇ = 2.48548 at every step")
    track.fill("11")
    shoot(session, view, picture, f"player-forward-{session.app}.png")
    type_number(panel, "2")
    expect(view.locator(".adkit-sum")).to_have_text("Σ v̄·v̇ = 2.13048 at every step")  # the step stays, its numbers move
    expect(view.locator(".adkit-where")).to_have_text("forward 4 / 8")
    type_number(panel, "1.5")
    panel.get_by_role("button", name="reverse").click()
    expect(view.locator(".adkit-how")).to_contain_text("reverse mode")
    view.get_by_role("slider", name="step of the sweep").press("Escape")


# ------------------------------------------------------------------------------------------------ errors, slow runs


def test_an_error_stands_in_the_panel_and_the_picture_stays(session: Any, picture: Any) -> None:
    panel = explorer(session, "failing")
    panel.locator(".noUi-handle").first.focus()
    press(session.page, "ArrowRight", 3)
    error = panel.locator(".adkit-explorer-error")
    expect(error).to_contain_text("AssertionError: <b>too far</b>")
    expect(error).to_contain_text("line 3")
    expect(error.locator("code")).to_have_text('assert t < 1.02, "<b>too far</b>"')
    expect(error).to_contain_text("still shown: t = 1")
    expect(answer(session, "failing")).to_contain_text("y = 1")
    shoot(session, cell(session, "failing"), picture, f"explorer-error-{session.app}.png")
    panel.locator(".noUi-handle").first.focus()
    press(session.page, "ArrowLeft", 5)
    expect(error).to_be_hidden()
    expect(answer(session, "failing")).to_contain_text("y = 0.9")


def check_status(window: Any, expected: str) -> None:
    """x, w and s in the user's namespace, and how often the slow cell ran."""
    window.run(NUMBERS["status"])
    expect(cell(window, "status").locator(".jp-OutputArea-output pre")).to_have_text(expected)


def test_a_slow_run_is_cancelled_and_sliders_act_on_release(session: Any, picture: Any) -> None:
    panel = explorer(session, "slow")
    type_number(panel, "2")  # takes a minute, if nobody cancels it
    progress = panel.locator(".adkit-explorer-progress")
    expect(progress).to_be_visible()
    shoot(session, panel, picture, f"explorer-slow-{session.app}.png")
    panel.get_by_role("button", name="Cancel").click()
    expect(panel).to_contain_text("cancelled; still shown: s = 1")
    expect(progress).to_be_hidden()
    expect(answer(session, "slow")).to_contain_text("y = 1")
    check_status(session, "1.5 -0.4 1.0 2")
    type_number(panel, "0.5")
    expect(answer(session, "slow")).to_contain_text("y = 0.25")
    expect(progress).to_be_hidden()
    panel.scroll_into_view_if_needed()
    handle = panel.locator(".noUi-handle").first.bounding_box()
    assert handle
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    session.page.mouse.move(x, y)
    session.page.mouse.down()
    session.page.mouse.move(x - 60, y, steps=20)
    session.page.mouse.up()
    expect(answer(session, "slow")).not_to_contain_text("y = 0.25")
    expect(progress).to_be_hidden()
    check_status(session, "1.5 -0.4 1.0 4")  # one run for the number, one for the whole way of the slider


# ------------------------------------------------------------------------------------------------ afterwards


def test_emit_writes_a_cell_below_that_runs(session: Any) -> None:
    cells = session.page.locator(".jp-Notebook .jp-Cell")
    expect(cells).to_have_count(len(CELLS))
    session.run(NUMBERS["emit"])
    expect(cells).to_have_count(len(CELLS) + 1)
    made = cells.nth(len(CELLS))
    made.scroll_into_view_if_needed()
    expect(made).to_contain_text("def y_and_derivatives(x)")
    expect(made).to_contain_text("# line 2: y = x * np.sin(x)")
    session.run(len(CELLS))


def test_reopened_without_a_kernel_it_shows_the_last_picture_and_answers_what_if(
    session: Any, new_window: Any, picture: Any
) -> None:
    type_number(explorer(session, "main"), "2")
    expect(answer(session, "main")).to_contain_text("loss = 2.65483")
    session.page.wait_for_function(SHOWN, arg=[NUMBERS["main"], "2.65483"])  # the whole picture follows the quick one
    session.save()
    root = session.server.root
    saved = json.loads((root / "explorer.ipynb").read_text(encoding="utf-8"))
    saved["metadata"]["kernelspec"] = {"name": "gone", "display_name": "gone", "language": "python"}
    (root / "again.ipynb").write_text(json.dumps(saved), encoding="utf-8")
    window = new_window(width=1180, height=1300)
    window.open(session.server, "again.ipynb", first="%load_ext adkit")
    expect(answer(window, "main")).to_contain_text("loss = 2.65483")
    expect(window.page.get_by_text("model not found")).to_have_count(0)
    expect(cell(window, "main")).to_contain_text("need a running kernel")
    view = cell(window, "main").locator(".adkit").first
    view.get_by_role("button", name="what if").click()
    view.get_by_label("x =").fill("1.5")
    expect(answer(window, "main")).to_contain_text("loss = 1.48754")
    shoot(window, cell(window, "main"), picture, "explorer-reopened.png")
    view.get_by_label("x =").fill("-1")
    expect(view.locator(".adkit-whatif-status")).to_contain_text("Another branch would be taken: line 4")
    assert window.own_errors() == []


def test_close_takes_the_controls_away_and_leaves_the_picture(session: Any) -> None:
    panel = explorer(session, "failing")
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)
    expect(answer(session, "failing")).to_contain_text("y = ")


def test_the_dark_theme(session: Any, new_window: Any, picture: Any) -> None:
    type_number(explorer(session, "main"), "1.5")
    expect(answer(session, "main")).to_contain_text("loss = 1.48754")
    session.page.wait_for_function(SHOWN, arg=[NUMBERS["main"], "1.48754"])
    session.save()
    session.server.theme("dark")
    window = new_window(width=1180, height=1300, scale=2.0)
    window.open(session.server, "explorer.ipynb", first="%load_ext adkit")
    panel = explorer(window, "main")  # the controls go on after a page was loaded again, but no picture follows them
    type_number(panel, "2")
    expect(panel).to_have_class(re.compile("adkit-explorer-is-stale"))
    window.run(NUMBERS["main"])
    window.run(NUMBERS["failing"])
    expect(panel).not_to_have_class(re.compile("adkit-explorer-is-stale"))
    check_colours(window, "main")
    main = cell(window, "main")
    main.get_by_role("tab", name="Plot").click()
    shoot(window, main.locator(".adkit"), picture, "explorer-plots-dark.png")
    main.get_by_role("tab", name="List").click()
    main.get_by_role("slider", name="step of the sweep").fill("11")
    shoot(window, main, picture, "explorer-dark.png")
    cell(window, "arrays").get_by_role("tab", name="Plot").click()
    shoot(window, cell(window, "arrays"), picture, "explorer-arrays-dark.png")
    check_colours(window, "arrays")
    panel.locator(".noUi-handle").first.focus()
    press(window.page, "ArrowRight", 10)
    expect(answer(window, "main")).to_contain_text("loss = 2.65483")
    type_number(explorer(window, "failing"), "1.5")
    expect(explorer(window, "failing").locator(".adkit-explorer-error")).to_be_visible()
    check_colours(window, "failing")
    shoot(window, cell(window, "failing"), picture, "explorer-error-dark.png")
    assert window.own_errors() == []
