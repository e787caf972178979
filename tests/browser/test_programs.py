"""Programs of many kinds under the explorer in JupyterLab: all can be read, and controls do what they say."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Locator, TimeoutError, expect

from tests.browser.waiting import KERNEL_READY, becomes, open_tabs

pytestmark = pytest.mark.browser

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
CELLS = {
    "load": "%load_ext adkit\nimport time\nimport numpy as np\nimport adkit.styles.pytorch as torch",
    "scale": "%%grad big tiny --explore\nbig, tiny = 6.02214076e23, 1.380649e-23\ngas = big * tiny * 300",
    "names": "%%grad temperature_of_the_left_end w --explore\ntemperature_of_the_left_end, w = np.float32(0.1), 2.0\n"
    "y = np.sin(temperature_of_the_left_end) + np.sin(w)",
    "arrays": "%%grad W --explore\nW = np.linspace(-1.0, 1.0, 24).reshape(4, 6)\n"
    "hidden = np.tanh(W @ np.linspace(0, 1, 180).reshape(6, 30))\nloss = np.mean((hidden - 0.2) ** 2)",
    "complex": "%%grad z a --explore\nz, a = 1.0 + 0.5j, 0.7\nf = np.abs(np.exp(1j * a * z) - 1) ** 2",
    "torch": "x = torch.tensor([1.0, 2.0], requires_grad=True)\ns = torch.tensor(3.0, requires_grad=True)",
    "unnamed": "%%grad --explore\ny = torch.sum(x**2) * s",
    "long": "%%grad p --explore\np = 1.0\ny = 1.0\nfor i in range(50_000):\n    y = y * p\n    y = y - 1e-3 * p",
    "pause": "wait = 60.0",
    "slow": "%%grad q --explore\nq = 1.0\nif q > 1.5:\n    time.sleep(wait)\ny = q**2",
    "diagnosed": "%%grad v --explore --nan --flow --cost --why v\nv = 1.5\ny = np.log1p(np.sin(v) ** 2)",
}
NUMBERS = {name: number for number, name in enumerate(CELLS)}
CUT = """panel => [...panel.querySelectorAll('input[type=number], .widget-label')]
    .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map(e => e.value || e.textContent)"""
SEEN = """view => { const last = [...view.querySelectorAll('[role=columnheader]')].pop();
    return [last.textContent, last.getBoundingClientRect().right <= view.getBoundingClientRect().right]; }"""
WHOLE = """view => { const pane = view.querySelector('.adkit-canvas').getBoundingClientRect();
    return [...view.querySelectorAll('.adkit-ring')].every(e => e.getBoundingClientRect().right <= pane.right); }"""


@pytest.fixture(scope="module")
def window(lab: Any, lasting_window: Any) -> Iterator[Any]:
    """One page on which every cell has been run."""
    lab.theme("light")
    lab.write_code("programs.ipynb", list(CELLS.values()))
    window = lasting_window(width=1180, height=1300)
    window.server = lab
    window.open(lab, "programs.ipynb", first="%load_ext adkit")
    for number in NUMBERS.values():
        window.run(number)
    yield window
    assert window.own_errors() == []


@pytest.fixture
def cell(window: Any) -> Any:
    """`cell(name)` is a cell with its output, scrolled into sight."""

    def find(name: str) -> Locator:
        found: Locator = window.page.locator(".jp-Notebook .jp-Cell").nth(NUMBERS[name])
        found.scroll_into_view_if_needed()
        found.locator(".adkit").first.wait_for()
        return found

    return find


def field(place: Locator, number: int = 0) -> Locator:
    """A number field of the controls."""
    return place.locator(".adkit-explorer input[type=number]").nth(number)


def enter(place: Locator, text: str, number: int = 0) -> None:
    """Type into a number field."""
    field(place, number).fill(text)
    field(place, number).press("Enter")


def test_no_number_and_no_name_is_cut_off(cell: Any, picture: Any) -> None:
    for name in ("scale", "names", "arrays", "unnamed"):
        panel = cell(name).locator(".adkit-explorer")
        becomes(lambda panel=panel: panel.evaluate(CUT), [])
        picture(panel, f"programs-{name}.png")
    expect(field(cell("scale"))).to_have_value("6.02214e+23")
    expect(field(cell("scale"), 3)).to_have_value("1.380649e-23")
    expect(field(cell("names"))).to_have_value("0.1")  # float32


def test_the_derivative_and_the_output_are_in_sight_beside_wide_values(cell: Any, picture: Any) -> None:
    arrays = cell("arrays")
    becomes(lambda: arrays.locator(".adkit-list").evaluate(SEEN), ["adjoint v̄ = ∂loss/∂v", True])
    becomes(lambda: arrays.locator(".adkit").evaluate(WHOLE), True)
    picture(arrays, "programs-arrays-list.png")


def test_order_two_of_inputs_that_do_not_meet_and_beside_a_complex_one(cell: Any) -> None:
    for name, shown in (("names", "∂²y/∂w² = −0.909297"), ("complex", "∂²f/∂a² = ")):
        place = cell(name)
        place.get_by_role("button", name="order 2").click()
        expect(place.locator(".adkit-answer")).to_contain_text(shown)
        expect(place.locator(".adkit-explorer-error")).to_have_count(0)
    expect(cell("complex").locator(".adkit-explorer")).to_contain_text("without a slider: z (complex)")


def test_a_style_without_named_inputs_follows_its_sliders(cell: Any) -> None:
    unnamed = cell("unnamed")
    expect(unnamed.locator(".adkit-answer")).to_contain_text("y = 15")
    enter(unnamed, "2", 4)  # s, after the number, the range and the index of x
    expect(unnamed.locator(".adkit-answer")).to_contain_text("y = 10")
    expect(unnamed.locator(".adkit-answer")).to_contain_text("∂y/∂s = 5")


def test_a_long_program_says_what_is_left_out(cell: Any, picture: Any) -> None:
    place = cell("long")
    expect(place).to_contain_text("The player steps through traces of at most 200 instructions")
    expect(place.locator(".adkit-list")).to_contain_text("150,000 instructions, first repetition")
    place.get_by_role("tab", name="Plot").click()
    expect(place).to_contain_text("at most 2,000 instructions, and this one has 150,000")
    enter(place, "1.00001")
    expect(place.locator(".adkit-answer")).to_contain_text("y = −63.2236")
    picture(place, "programs-long.png")


def test_plots_of_huge_and_tiny_numbers(cell: Any, picture: Any) -> None:
    place = cell("scale")
    place.get_by_role("tab", name="Plot").click()
    expect(place.locator(".adkit-arrow").first).to_be_attached()
    ticks = place.locator(".adkit-figure").first.locator(".adkit-derivative .adkit-tick")
    expect(ticks.first).to_have_text(re.compile("e−21"))
    picture(place.locator(".adkit"), "programs-scale-plot.png")


def test_after_a_cancelled_run_the_controls_say_what_is_shown(cell: Any) -> None:
    place = cell("slow")
    enter(place, "2")
    place.get_by_role("button", name="Cancel").click()
    expect(place.locator(".adkit-explorer")).to_contain_text("cancelled; still shown: q = 1")
    expect(field(place)).to_have_value("1")
    enter(place, "1.25")
    expect(place.locator(".adkit-answer")).to_contain_text("y = 1.5625")


def test_escape_leads_from_the_panel_back_to_the_cell(window: Any, cell: Any) -> None:
    slow = cell("slow")
    for place in (slow.locator(".noUi-handle"), slow.locator(".adkit-list")):
        place.first.focus()
        window.page.keyboard.press("Escape")
        expect(slow).to_be_focused()
    window.page.keyboard.press("ArrowDown")
    expect(cell("diagnosed")).to_have_class(re.compile("jp-mod-active"))


def test_axe_finds_no_serious_fault_in_an_explorer_and_its_views(window: Any, cell: Any) -> None:
    place = cell("diagnosed")
    window.page.evaluate(AXE)
    expect(place.locator(".adkit-explorer input[type=number]").first).to_have_attribute("aria-label", "value of v")
    for tab in open_tabs(place):
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        found = place.locator(".jp-OutputArea").first.evaluate(
            "async area => (await axe.run(area, {resultTypes: ['violations']})).violations"
            ".filter(v => ['serious', 'critical'].includes(v.impact)).map(v => [v.id, v.nodes.map(n => n.html)])"
        )
        assert found == [], tab.inner_text()


def test_a_page_that_was_loaded_again_offers_to_run_the_cell(lab: Any, new_window: Any, picture: Any) -> None:
    lab.write_code("again.ipynb", [CELLS["load"], CELLS["names"]])
    window = new_window(width=1180, height=1000)
    window.open(lab, "again.ipynb", first="%load_ext adkit")
    window.run(0)
    window.run(1)
    window.save()
    window.open(lab, "again.ipynb", first="%load_ext adkit")
    place = window.page.locator(".jp-Notebook .jp-Cell").nth(1)
    window.page.wait_for_function(KERNEL_READY)
    again = place.get_by_role("button", name="Run the cell again")
    for text in ("3", "4", "5"):  # what is typed before the field is connected to the kernel goes nowhere
        enter(place, text, 3)
        with contextlib.suppress(TimeoutError):
            again.wait_for(timeout=20_000)
            break
    expect(again).to_be_visible()
    picture(place.locator(".adkit-explorer"), "programs-stale.png")
    again.click()
    expect(again).to_have_count(0)
    expect(field(place, 3)).to_have_value("2")
    enter(place, "3", 3)
    expect(place.locator(".adkit-answer")).to_contain_text("y = 0.240953")
    assert window.own_errors() == []
