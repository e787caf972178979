"""The viewer in JupyterLab: a notebook that was saved elsewhere, opened again, trusted by nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import documents
from tests.browser.waiting import becomes, lights, open_tabs

pytestmark = pytest.mark.browser

PAGES = [
    "small", "forward", "folded", "long", "hostile", "newer", "without_layout", "head_only", "many_plots", "nonsense",
]  # fmt: skip
TOO_WIDE = """view => [view, ...view.querySelectorAll('*')].filter(e => !e.closest('.adkit-list') && !e.closest('svg')
    && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline'
    && !e.classList.contains('adkit-spoken')).map(e => e.className)"""
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


def many_plots() -> dict[str, Any]:
    """Curves and heat maps side by side."""
    document = documents.small()
    document["plots"] = [*document["plots"], documents.heatmap(64, 64)]
    return document


def saved(name: str) -> Any:
    """The document of a cell, by the name in PAGES."""
    if name == "nonsense":
        return {"surprise": [1, 2, 3]}
    return many_plots() if name == "many_plots" else getattr(documents, name)()


@pytest.fixture(scope="module")
def window(lab: Any, lasting_window: Any, bundle: Any) -> Any:
    """One page with every document, in the light theme."""
    lab.theme("light")
    lab.write("saved.ipynb", [bundle(saved(name)) for name in PAGES])
    window = lasting_window()
    window.open(lab, "saved.ipynb")
    return window


@pytest.fixture
def show(window: Any) -> Iterator[Any]:
    """`show(name)` is the viewer of a document with its first tab open; in the end, no exception may be left."""

    def find(name: str) -> Locator:
        view = window.trace(PAGES.index(name))
        if name not in ("head_only", "nonsense"):
            view.get_by_role("tab").first.click()
        window.page.mouse.move(0, 0)
        return view

    yield find
    assert window.own_errors() == []


def rows(view: Locator) -> Locator:
    """The list's rows, without the headings."""
    return view.locator(".adkit-rows [role=row]")


def row(view: Locator, id: str) -> Locator:
    """The list's row of a variable."""
    return view.locator(f'[data-subject=row][data-id="{id}"]')


def node(view: Locator, id: str) -> Locator:
    """The graph's node of a variable."""
    return view.locator(f'[data-subject=node][data-id="{id}"]')


def mark(view: Locator, text: str) -> Locator:
    """The mark in the source that bears exactly this text."""
    return view.locator(".adkit-source mark.adkit-mark").filter(has_text=re.compile(f"^{re.escape(text)}$"))


def focused(view: Locator) -> str:
    """Text of the element that has the keyboard focus, if it is inside the viewer."""
    return view.evaluate("view => view.contains(document.activeElement) ? document.activeElement.textContent : ''")


def test_untrusted_output_is_shown_by_the_viewer_and_not_as_html(window: Any, show: Any) -> None:
    """The renderer's rank beats text/html, and its safety lets it run untrusted."""
    view = show("small")
    expect(view.locator(".adkit-output")).to_have_text("loss = 1.48754")
    expect(window.page.get_by_text("the static view")).to_have_count(0)


def test_head_has_value_derivatives_mode_and_verdict(show: Any) -> None:
    view = show("small")
    expect(view.locator(".adkit-result")).to_have_text(["∂loss/∂x = 2.48549", "∂loss/∂w = 0.834289"])
    expect(view.locator(".adkit-how")).to_have_text("reverse mode · 2 inputs, 1 output")
    badge = view.get_by_role("button", name="agrees with differences, both modes")
    expect(view.get_by_role("table")).to_have_count(0)
    badge.click()
    expect(badge).to_have_attribute("aria-expanded", "true")
    expect(view.get_by_role("table").get_by_role("row")).to_have_count(3)
    badge.click()
    expect(view.get_by_role("table")).to_have_count(0)


def test_list_has_every_row_with_its_columns(show: Any) -> None:
    view = show("small")
    expect(view.get_by_role("columnheader")).to_have_text(
        ["", "name", "instruction", "line", "value v", "adjoint v̄ = ∂loss/∂v"]
    )
    expect(row(view, "v2").get_by_role("gridcell")).to_have_text(["v₂", "u", "v₁ · v₀", "2", "−0.398998", "0.836384"])
    expect(row(view, "g1").get_by_role("gridcell")).to_have_text(["guard", "", "v₋₁ > 0 was true", "3", "", ""])
    expect(view.locator(".adkit-counts")).to_have_text("6 instructions · 1 guard")


def test_forward_mode_is_named_and_its_warning_shown(show: Any) -> None:
    view = show("forward")
    expect(view.get_by_role("columnheader").last).to_have_text("tangent v̇")
    expect(view.locator(".adkit-how")).to_contain_text("forward mode")
    expect(view.locator(".adkit-note")).to_contain_text("Warning: input w is nan")
    expect(view.locator(".adkit-source")).to_contain_text("exactly zero")
    expect(view.locator(".adkit-source")).to_contain_text("nan or inf")


def test_tabs_by_pointer(show: Any) -> None:
    view = show("small")
    panel = view.get_by_role("tabpanel")
    for name, content in (("Graph", ".adkit-canvas"), ("Plot", ".adkit-picture"), ("Source", ".adkit-text")):
        tab = view.get_by_role("tab", name=name)
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(view.locator("[role=tab][aria-selected=true]")).to_have_count(1)
        expect(panel.locator(content).first).to_be_visible()
        expect(panel).to_have_attribute("aria-labelledby", tab.get_attribute("id"))
        expect(tab).to_have_attribute("aria-controls", panel.get_attribute("id"))


def test_tabs_by_keyboard(window: Any, show: Any) -> None:
    """The notebook's own arrow shortcuts, which move between cells, stay out of it."""
    view, keyboard = show("small"), window.page.keyboard
    view.get_by_role("tab", name="List").click()
    for key, expected in [
        ("ArrowRight", "Graph"),
        ("End", "Source"),
        ("ArrowRight", "List"),
        ("ArrowLeft", "Source"),
        ("Home", "List"),
    ]:
        keyboard.press(key)
        becomes(lambda: focused(view), expected)
        expect(view.get_by_role("tab", name=expected)).to_have_attribute("aria-selected", "true")
    expect(view.locator("[role=tab][tabindex='0']")).to_have_count(1)


@pytest.mark.parametrize("place", ["list", "graph", "source"])
def test_pointing_at_one_view_lights_all_three(window: Any, show: Any, place: str) -> None:
    view = show("small")
    target = {"list": row(view, "v5"), "graph": node(view, "v5"), "source": mark(view, "u**2")}[place]
    target.hover()
    lights(view, row=["v5"], node=["v5"], mark=["u**2"])
    expect(view.locator(".adkit-readout-text")).to_contain_text("v₅ = v₄²")
    expect(view.locator(".adkit-readout-text")).to_contain_text("adjoint 0.225927")
    window.page.mouse.move(0, 0)
    lights(view, row=[], node=[], mark=[])


def test_pointing_moves_nothing(window: Any, show: Any) -> None:
    """What is told about an instruction must not push away the thing that is pointed at."""
    view, parts = show("small"), ".adkit-list, .adkit-graph, .adkit-source, .adkit-player, .adkit-readout"
    measure = f"""view => [view, ...view.querySelectorAll('{parts}')].map(e => {{
        const [box, frame] = [e.getBoundingClientRect(), view.getBoundingClientRect()];
        return [box.left - frame.left, box.top - frame.top, box.width, box.height].map(Math.round);
    }})"""
    before = view.evaluate(measure)
    for target in (row(view, "v2"), node(view, "v2"), mark(view, "np.log1p(u**2)")):
        target.hover()
        expect(view.locator(".adkit-lit").first).to_be_attached()
        assert view.evaluate(measure) == before
    window.page.mouse.move(0, 0)


def test_a_guard_lights_its_condition(show: Any) -> None:
    view = show("small")
    row(view, "g1").hover()
    lights(view, mark=["x > 0"])


def test_list_by_keyboard(window: Any, show: Any) -> None:
    view, keyboard = show("small"), window.page.keyboard
    grid = view.get_by_role("treegrid")
    view.get_by_role("tab", name="List").click()
    keyboard.press("Tab")
    expect(grid).to_be_focused()
    keyboard.press("Home")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    lights(view, row=["v1"], node=["v1"], mark=["np.sin(x)"])
    current = grid.get_attribute("aria-activedescendant")
    expect(view.page.locator(f"#{current}")).to_have_attribute("data-id", "v1")
    keyboard.press("End")
    lights(view, row=["v6"])
    keyboard.press("ArrowDown")
    expect(grid).to_be_focused()
    lights(view, row=["v6"])
    keyboard.press("Escape")
    lights(view, row=[], node=[], mark=[])


def test_focus_is_visible(window: Any, show: Any) -> None:
    view, keyboard = show("small"), window.page.keyboard
    view.get_by_role("tab", name="List").click()
    keyboard.press("ArrowRight")
    keyboard.press("ArrowLeft")
    for _ in range(4):
        style = "const s = getComputedStyle(document.activeElement); [s.outlineStyle, parseFloat(s.outlineWidth)]"
        line, width = view.evaluate(f"() => {{ {style.replace('; [', '; return [')} }}")
        assert line == "solid"
        assert width >= 2
        keyboard.press("Tab")


def test_graph_by_keyboard(window: Any, show: Any) -> None:
    view, keyboard = show("small"), window.page.keyboard
    view.get_by_role("tab", name="Graph").click()
    view.locator(".adkit-canvas").focus()
    for key, expected in [("Home", "v-1"), ("ArrowRight", "v1"), ("ArrowUp", "v2"), ("ArrowRight", "v4")]:
        keyboard.press(key)
        lights(view, node=[expected])
    expect(view.locator(".adkit-spoken")).to_contain_text("v₄ (u) = v₂ + v₃")
    box = view.locator(".adkit-canvas").get_attribute("viewBox")
    keyboard.press("+")
    expect(view.locator(".adkit-canvas")).not_to_have_attribute("viewBox", box)
    keyboard.press("Escape")


def test_source_by_keyboard(window: Any, show: Any) -> None:
    view, keyboard = show("small"), window.page.keyboard
    view.get_by_role("tab", name="Source").click()
    view.locator(".adkit-source mark[tabindex='0']").focus()
    keyboard.press("Home")
    lights(view, mark=["np.sin(x)"])
    keyboard.press("ArrowRight")
    lights(view, row=["v2"], node=[], mark=["np.sin(x) * w"])
    becomes(lambda: focused(view), "np.sin(x) * w")
    keyboard.press("Escape")


def test_shortcuts_of_the_notebook_still_work_from_the_viewer(window: Any, show: Any) -> None:
    """Keys with a modifier are the notebook's, wherever the focus is."""
    view = show("small")
    view.get_by_role("treegrid").focus()
    window.page.keyboard.press("Control+Shift+c")
    palette = window.page.locator("#modal-command-palette")
    expect(palette).to_be_visible()
    window.page.keyboard.press("Escape")
    expect(palette).to_be_hidden()


def test_folds_open_by_pointer_and_by_keyboard(window: Any, show: Any) -> None:
    view, keyboard = show("folded"), window.page.keyboard
    call = row(view, "f1")
    expect(call).to_contain_text("call f ×3, line 2 · 1,800 instructions")
    expect(call).to_have_attribute("aria-expanded", "false")
    call.click()
    expect(row(view, "f1")).to_have_attribute("aria-expanded", "true")
    expect(row(view, "f2")).to_have_attribute("aria-level", "2")
    view.get_by_role("treegrid").focus()
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    expect(row(view, "v8")).to_be_visible()
    lights(view, row=["f2"])
    keyboard.press("ArrowDown")
    lights(view, row=["v7"])
    keyboard.press("ArrowLeft")
    keyboard.press("ArrowLeft")
    expect(row(view, "v7")).to_have_count(0)
    keyboard.press("ArrowLeft")
    keyboard.press("ArrowLeft")
    expect(row(view, "f2")).to_have_count(0)
    expect(row(view, "f3")).not_to_have_attribute("aria-expanded", re.compile(".*"))


def test_five_thousand_rows_are_windowed(window: Any, show: Any) -> None:
    view = show("long")
    grid = view.get_by_role("treegrid")
    expect(grid).to_have_attribute("aria-rowcount", "5001")
    expect(rows(view).nth(19)).to_be_attached()
    assert rows(view).count() < 120
    view.get_by_role("treegrid").focus()
    window.page.keyboard.press("End")
    expect(row(view, "v5000")).to_be_in_viewport()
    assert rows(view).count() < 120
    for share in (0.25, 0.5, 0.9):
        top = grid.evaluate(
            "(list, share) => { list.scrollTop = list.scrollHeight * share; return list.scrollTop; }", share
        )
        middle = row(view, f"v{round(top / 26) + 8}")
        expect(middle).to_be_visible()
        assert rows(view).count() < 120
    window.page.keyboard.press("Escape")


def test_scrolling_a_long_list_never_stalls(window: Any, show: Any) -> None:
    """No step of a scroll through all rows takes as long as a stall (counted in rows built, not in time)."""
    grid = show("long").get_by_role("treegrid")
    built = grid.evaluate(
        """async list => {
            let most = 0;
            const observer = new MutationObserver(records => {
                most = Math.max(most, records.reduce((sum, record) => sum + record.addedNodes.length, 0));
            });
            observer.observe(list.querySelector('.adkit-rows'), { childList: true });
            for (let i = 0; i <= 40; i++) {
                list.scrollTop = list.scrollHeight * i / 40;
                await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
            }
            observer.disconnect();
            list.scrollTop = 0;
            return most;
        }"""
    )
    assert 0 < built < 240


def test_hostile_strings_run_no_script_and_make_no_element(window: Any, show: Any) -> None:
    view = show("hostile")
    for tab in open_tabs(view):
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        view.evaluate(
            """view => [...view.querySelectorAll('[data-subject]')].slice(0, 12).forEach((e, i) =>
                e.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX: 5 + i, clientY: 5 })))"""
        )
    view.get_by_role("tab").first.click()
    view.locator("[data-fold]").first.click()
    expect(view).to_contain_text("<script>window.attacked = 1</script>")
    assert window.page.evaluate("window.attacked") is None
    for tag in ("script", "img", "iframe", "object", "a", "link", "style", "foreignObject", "use", "image", "animate"):
        assert view.locator(tag).count() == 0, tag
    handlers = view.evaluate(
        "v => [...v.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => /^on|href|src/.test(n))"
    )
    assert handlers == []


def test_a_newer_format_is_told_and_its_list_shown(show: Any) -> None:
    view = show("newer")
    expect(view.get_by_role("alert")).to_contain_text("pip install --upgrade adkit")
    expect(view.get_by_role("tab")).to_have_text(["List"])
    expect(rows(view)).to_have_count(9)


def test_a_graph_without_layout_is_told_and_the_list_shown(show: Any) -> None:
    view = show("without_layout")
    view.get_by_role("tab", name="Graph").click()
    expect(view.locator(".adkit-graph")).to_contain_text("saved without its layout")
    expect(rows(view)).to_have_count(9)


def test_no_views_leave_the_head(show: Any) -> None:
    view = show("head_only")
    expect(view.locator(".adkit-output")).to_have_text("loss = 1.48754")
    expect(view.get_by_role("tab")).to_have_count(0)


def test_a_document_that_is_none_is_told(show: Any) -> None:
    expect(show("nonsense").get_by_role("alert")).to_contain_text("Run the cell again")


def test_plots_are_read_by_pointer_and_keyboard(window: Any, show: Any) -> None:
    view = show("many_plots")
    view.get_by_role("tab", name="Plot").click()
    figure = view.locator(".adkit-figure").first
    caption = figure.locator(".adkit-caption")
    expect(caption).to_have_text("x = 1.5: value 2.25, derivative 3")
    figure.locator("svg").focus()
    window.page.keyboard.press("ArrowRight")
    expect(caption).to_have_text("x = 1.53333: value 2.35111, derivative 3.06667")
    window.page.keyboard.press("Escape")
    expect(caption).to_have_text("x = 1.5: value 2.25, derivative 3")
    heat = view.locator(".adkit-figure-heat")
    heat.locator("svg").scroll_into_view_if_needed()
    box = heat.locator("svg").bounding_box()
    assert box
    window.page.mouse.move(box["x"] + box["width"] * 1.5 / 64, box["y"] + box["height"] * 0.5 / 64)
    expect(heat.locator(".adkit-caption")).to_have_text("y[0], x[1]: 0.8")
    assert 0 < heat.locator("path").count() < 50


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast_is_sufficient(lab: Any, new_window: Any, bundle: Any, theme: str) -> None:
    """Every text against what lies behind it, in every view, lit and unlit: 4.5 to 1 or better."""
    lab.theme(theme)
    lab.write(f"{theme}.ipynb", [bundle(saved(name)) for name in ("small", "forward", "many_plots", "newer")])
    window = new_window()
    window.open(lab, f"{theme}.ipynb")
    background = expect(window.trace(0))
    white = "rgb(255, 255, 255)"
    (background.to_have_css if theme == "light" else background.not_to_have_css)("background-color", white)
    for number in range(4):
        view = window.trace(number)
        for tab in open_tabs(view):
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            view.evaluate(
                "view => view.querySelectorAll('[role=tabpanel] [data-subject]')[2]?.dispatchEvent("
                "new MouseEvent('click', { bubbles: true }))"
            )
            assert view.evaluate(CONTRAST) == []
    assert window.own_errors() == []


@pytest.mark.parametrize("width", [600, 420])
def test_a_narrow_output_stacks_and_does_not_scroll_sideways(
    lab: Any, new_window: Any, bundle: Any, width: int
) -> None:
    """Only the list's own box may be wider than the output."""
    lab.theme("light")
    lab.write("narrow.ipynb", [bundle(many_plots())])
    window = new_window(width=width + 470)
    window.open(lab, "narrow.ipynb")
    view = window.trace(0)
    becomes(lambda: view.evaluate("(view, most) => view.clientWidth <= most", width + 40), True)
    for tab in open_tabs(view):
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        becomes(lambda: view.evaluate(TOO_WIDE), [])
    view.get_by_role("tab", name="List").click()
    source, graph = view.locator(".adkit-source").bounding_box(), view.locator(".adkit-graph").bounding_box()
    assert source
    assert graph
    assert graph["y"] >= source["y"] + source["height"] - 1
