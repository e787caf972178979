"""The player, what-if inputs and diagnoses in the viewer, driven in a real browser; also accessibility by axe-core."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

import adkit
from adkit.diagnose import Column, Report, Row, Table
from adkit.views import bundle
from tests.browser import documents
from tests.browser.waiting import becomes, lights, open_tabs
from tests.programs_for_browsers import played, shared

pytestmark = pytest.mark.browser

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
MOUNT = """async ([url, data, dark]) => {
    const viewer = await import(url);
    await viewer.loadStyle();
    document.title = 'adkit';
    document.documentElement.lang = 'en';
    document.body.dataset.jpThemeLight = String(!dark);
    document.body.style.cssText = `margin: 12px; background: ${dark ? '#111' : '#fff'};`
        + `--jp-layout-color0: ${dark ? '#111111' : '#ffffff'}`;
    const main = document.createElement('main');
    const title = document.createElement('h1');
    title.textContent = 'A trace';
    title.style.cssText = `color: ${dark ? '#fff' : '#000'}; font-size: 16px`;
    title.className = 'title';
    const second = document.createElement('h2');
    second.textContent = 'A cell';
    second.style.cssText = title.style.cssText;
    const host = document.createElement('div');
    host.id = 'host';
    main.append(title, second, host);
    document.body.replaceChildren(main);
    window.view = viewer.mount(host, JSON.parse(data));
}"""
TOO_WIDE = """view => [view, ...view.querySelectorAll('*')].filter(e => e.scrollWidth > e.clientWidth + 1
    && !e.closest('.adkit-list, svg, .adkit-table-box') && !/inline/.test(getComputedStyle(e).display)
    && !e.matches('.adkit-spoken, .adkit-what, input')).map(e => e.className)"""
CUT_OFF = """view => [...view.querySelectorAll('.adkit-what, .adkit-where, .adkit-sum')]
    .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"""
SOURCE = """%%grad x w --view list,graph,source,player
u = np.sin(x) * w
if x > 0:
    u = u + x**2
loss = np.log1p(u**2)"""
LINES = {"v1": (2, 4, 13, "np.sin(x)"), "v2": (2, 4, 17, "np.sin(x) * w"), "g1": (3, 3, 8, "x > 0")} | {
    "v3": (4, 12, 16, "x**2"),
    "v4": (4, 8, 16, "u + x**2"),
    "v5": (5, 16, 20, "u**2"),
    "v6": (5, 7, 21, "np.log1p(u**2)"),
}


def report(kind: str = "flow", severity: str = "warning") -> dict[str, Any]:
    """A diagnosis with rows of every state, two of which lead somewhere."""
    columns = (Column("variable"), Column("operation", code=True), Column("adjoint", "right"))
    rows = (
        Row(("v₄ (u)", "v₂ + v₃", "0.836384"), "v4", 4, bar=1.0),
        Row(("v₂", "v₁ · v₀", "0"), "v2", 2, "zero", 0.0),
        Row(("line 5", "", "inf"), None, 5, "nonfinite", 0.4),
        Row(("elsewhere", "<b>bold</b>", "1e9"), None, None, "warning", 0.7),
    )
    tables = (Table(columns, rows, "by variable"),)
    made = Report(kind, "Gradient flow", severity, "vanishes at v₂", "scale the weights", ("Evidence.",), tables)
    return made.as_document()


def small(mode: str = "auto") -> dict[str, Any]:
    """The document of the pictures, as a cell saves it, with player, program, and two diagnoses."""
    doc = played("shared", mode)
    doc["title"] = doc["output"]["name"] = "loss"
    for row in doc["rows"]:
        row.update(line=None, span=None, file=None, snippet=None)
        if row["id"] in LINES:
            line, start, end, text = LINES[row["id"]]
            row.update(line=line, span=[line, start, line, end], snippet=text)
    for guard in doc["program"]["guards"]:
        guard["line"] = 3
    marks = [
        {"span": r["span"], "variable": r["id"], "weight": r["weight"], "state": "normal"}
        for r in doc["rows"]
        if r["kind"] == "instruction"
    ]
    doc["source"] = {"text": SOURCE, "first_line": 1, "marks": marks}
    doc["reports"] = [report(), report("why", "ok"), report("nan", "error")]
    doc["views"] = ["list", "graph", "source", "player"]
    saved: dict[str, Any] = bundle(doc)["application/vnd.adkit.trace.v1+json"]
    return saved


@pytest.fixture(scope="module")
def window(lab: Any, lasting_window: Any) -> Any:
    """A page of the server that shows nothing."""
    window = lasting_window(width=1000, height=900)
    window.page.goto(f"{lab.url}/lab/extensions/adkit/package.json?token={lab.token}")
    return window


@pytest.fixture
def mounted(lab: Any, window: Any) -> Any:
    """`mounted(document)` is the viewer of a document; in the end no exception may be left."""

    def mount(document: Any, dark: bool = False) -> Locator:
        url = f"{lab.url}/lab/extensions/adkit/static/trace.js"
        window.page.mouse.move(0, 0)
        window.page.evaluate(MOUNT, [url, json.dumps(document), dark])  # playwright is slow with large values
        return window.page.locator("#host > .adkit")

    yield mount
    assert window.own_errors() == []


def set_width(window: Any, width: int) -> None:
    """Make the page so wide, and wait until it is."""
    window.page.set_viewport_size({"width": width, "height": 900})
    window.page.wait_for_function("width => window.innerWidth === width", arg=width)


def numbers_ahead(view: Locator) -> Locator:
    """The numbers of the list that the player has not come to."""
    return view.locator(".adkit-ahead").filter(has_text=re.compile(r"\S"))


def button(view: Locator, name: str) -> Locator:
    """A button of the player."""
    return view.locator(".adkit-player").get_by_role("button", name=name)


# ------------------------------------------------------------------------------------------------ the player


def test_stepping_lights_list_graph_and_source_and_fills_the_list(mounted: Any) -> None:
    view = mounted(small())
    expect(numbers_ahead(view)).to_have_count(0)
    button(view, "next").click()
    expect(view.locator(".adkit-where")).to_have_text("program 1 / 8")
    lights(view, row=["v-1"])
    expect(numbers_ahead(view)).to_have_count(15)
    for _ in range(3):
        button(view, "next").click()
    lights(view, row=["v2"], node=["v2"], mark=["np.sin(x) * w"])
    expect(view).to_have_attribute("data-phase", "primal")
    expect(view.locator(".adkit-sum")).to_be_empty()
    button(view, "back").click()
    lights(view, row=["v1"])


def test_scrubbing_into_the_sweep_shows_the_same_sum_at_every_step(window: Any, mounted: Any) -> None:
    for mode, sweep, phase in (("reverse", "reverse", "adjoint"), ("forward", "forward", "tangent")):
        view = mounted(small(mode))
        track = view.get_by_role("slider", name="step of the sweep")
        same = f"Σ v̄·v̇ = {small()['derivatives'][0]['text']} at every step"
        for step in range(8, 16):
            track.fill(str(step))
            expect(view.locator(".adkit-where")).to_have_text(f"{sweep} {step - 7} / 8")
            expect(view).to_have_attribute("data-phase", phase)
            expect(view.locator(".adkit-sum")).to_have_text(same)
        expect(numbers_ahead(view)).to_have_count(0)
        window.page.keyboard.press("Escape")


def test_the_player_by_keyboard_alone(window: Any, mounted: Any) -> None:
    view, keyboard = mounted(small()), window.page.keyboard
    track = view.get_by_role("slider", name="step of the sweep")
    track.focus()
    keyboard.press("End")
    expect(view.locator(".adkit-where")).to_have_text("reverse 8 / 8")
    lights(view, row=["v-1"])
    keyboard.press("ArrowLeft")
    expect(view.locator(".adkit-where")).to_have_text("reverse 7 / 8")
    expect(track).to_have_attribute("aria-valuetext", re.compile(r"reverse 7 / 8; v̄₀ = 0\.8.*Σ v̄·v̇ = 2\.485"))
    keyboard.press("Home")
    expect(view.locator(".adkit-where")).to_have_text("program 1 / 8")
    expect(track).to_be_focused()
    keyboard.press("Escape")
    expect(view.locator(".adkit-where")).to_be_empty()
    expect(numbers_ahead(view)).to_have_count(0)
    lights(view, row=[])


@pytest.fixture
def clock(window: Any) -> Iterator[Any]:
    """`clock(n)` lets n ticks of the page's intervals pass, which pass by themselves no more; it tells how many run."""
    window.page.evaluate(
        """() => {
            const [set, clear, running] = [window.setInterval, window.clearInterval, new Map()];
            let last = 0;
            window.setInterval = act => { running.set(++last, act); return last; };
            window.clearInterval = id => running.delete(id);
            window.tick = times => {
                for (let i = 0; i < times; i++) for (const act of [...running.values()]) act();
                return running.size;
            };
            window.restoreClock = () => Object.assign(window, { setInterval: set, clearInterval: clear });
        }"""
    )
    yield lambda times: window.page.evaluate("times => tick(times)", times)
    window.page.evaluate("restoreClock()")


def test_playing_runs_to_the_end_and_pauses(window: Any, mounted: Any, clock: Any) -> None:
    window.page.emulate_media(reduced_motion="no-preference")
    try:
        view = mounted(small())
        track, where = view.get_by_role("slider", name="step of the sweep"), view.locator(".adkit-where")
        track.focus()
        window.page.keyboard.press("Space")
        expect(button(view, "pause")).to_be_visible()
        expect(where).to_have_text("program 1 / 8")
        assert clock(2) == 1
        expect(where).to_have_text("program 3 / 8")
        window.page.keyboard.press("Space")
        expect(button(view, "play")).to_be_visible()
        assert clock(1) == 0
        expect(where).to_have_text("program 3 / 8")
        track.fill("13")
        button(view, "play").click()
        assert clock(2) == 1
        expect(where).to_have_text("reverse 8 / 8")
        assert clock(1) == 0
        expect(button(view, "play")).to_be_visible()
        button(view, "play").click()
        expect(where).to_have_text("program 1 / 8")
        view.locator("[data-subject=row][data-id=v5]").click()
        expect(button(view, "play")).to_be_visible()
        assert clock(1) == 0
    finally:
        window.page.emulate_media(reduced_motion="reduce")


def test_less_motion_goes_from_phase_to_phase(mounted: Any, clock: Any) -> None:
    view = mounted(small())
    button(view, "play").click()
    for place in ("program 1 / 8", "program 8 / 8", "reverse 8 / 8"):
        expect(view.locator(".adkit-where")).to_have_text(place)
        running = clock(1)
    assert running == 0
    expect(button(view, "play")).to_be_visible()


def test_a_view_that_goes_takes_its_clock_along(window: Any, mounted: Any, clock: Any) -> None:
    view = mounted(small())
    button(view, "play").click()
    assert clock(1) == 1
    window.page.evaluate("view.dispose()")
    assert clock(1) == 0


def test_nothing_that_the_player_says_is_cut_off(window: Any, mounted: Any) -> None:
    """At the width of a notebook's output, a wide one, and a narrow one."""
    try:
        for width in (1300, 1000, 780, 500):
            set_width(window, width)
            for mode in ("reverse", "forward"):
                view = mounted(small(mode))
                for key in ("", "Home", "End", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
                    if key:
                        view.get_by_role("slider", name="step of the sweep").press(key)
                    assert view.evaluate(CUT_OFF) == [], width
    finally:
        set_width(window, 1000)


# ------------------------------------------------------------------------------------------------ what if


def test_moving_an_input_updates_list_head_graph_and_player(mounted: Any) -> None:
    view = mounted(small())
    view.get_by_label("w =").fill("0.25")
    there = adkit.trace(shared)(1.5, 0.25).document(("list",))
    expect(view.locator(".adkit-output")).to_have_text(f"loss = {there['output']['value']}")
    expect(view.locator(".adkit-result").first).to_contain_text(there["derivatives"][0]["text"])
    for row in there["rows"]:
        if row["kind"] != "guard":
            shown = view.locator(f"[data-subject=row][data-id='{row['id']}'] .adkit-adjoint")
            expect(shown).to_have_text(row["adjoint"])
    expect(view.locator(".adkit-whatif-status")).to_contain_text("w = 0.25 in the place of −0.4")
    button(view, "next").click()
    view.get_by_role("slider", name="step of the sweep").fill("15")
    expect(view.locator(".adkit-sum")).to_contain_text(there["derivatives"][0]["text"])
    view.get_by_role("button", name="reset").click()
    expect(view.locator(".adkit-output")).to_have_text(f"loss = {small()['output']['value']}")
    expect(view.get_by_role("button", name="reset")).to_have_count(0)


def test_a_slider_moves_by_keyboard_and_keeps_the_focus(window: Any, mounted: Any) -> None:
    view = mounted(small())
    slider = view.get_by_role("slider", name="w from")
    slider.focus()
    before = view.locator(".adkit-output").inner_text()
    for _ in range(3):
        window.page.keyboard.press("ArrowRight")
    expect(view.locator(".adkit-output")).not_to_have_text(before)
    expect(view.get_by_label("w =")).to_have_value("-0.376")
    expect(slider).to_be_focused()


def test_a_guard_that_would_flip_is_told_with_its_line_and_lit(mounted: Any) -> None:
    view = mounted(small())
    before = view.locator(".adkit-output").inner_text()
    view.get_by_label("x =").fill("-1")
    status = view.locator(".adkit-whatif-status")
    expect(status).to_contain_text("Another branch would be taken: line 3: v₋₁ > 0 would be false")
    lights(view, row=["g1"])
    lights(view, mark=["x > 0"])
    expect(view.locator(".adkit-output")).to_have_text(before)
    view.get_by_label("x =").fill("2")
    expect(status).to_contain_text("Replayed in the browser")


def test_a_program_that_nobody_knows_is_not_offered(mounted: Any) -> None:
    doc = small()
    doc["program"]["instructions"][0]["expression"] = "fetch(x)"
    view = mounted(doc)
    expect(view.locator(".adkit-whatif")).to_have_count(0)
    expect(view.get_by_role("treegrid")).to_be_visible()


def test_an_explorer_offers_it_folded_and_keeps_the_players_place(window: Any, mounted: Any) -> None:
    doc = {**small(), "explorer": True}
    view = mounted(doc)
    expect(view.get_by_label("x =")).to_be_hidden()
    view.get_by_role("button", name="what if").click()
    expect(view.get_by_label("x =")).to_be_visible()
    view.get_by_role("slider", name="step of the sweep").fill("9")
    window.page.evaluate("data => window.view.update(JSON.parse(data))", json.dumps(doc))
    expect(view.locator(".adkit-where")).to_have_text("reverse 2 / 8")
    lights(view, row=["v5"])


def test_hostile_steps_programs_and_reports_make_no_element(window: Any, mounted: Any) -> None:
    attack = "<img src=x onerror='window.attacked = 1'>"

    def poison(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: poison(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [poison(item, key) for item in value]
        return (
            attack
            if isinstance(value, str) and key in ("cells", "title", "verdict", "text", "name", "value")
            else value
        )

    doc = small()
    for key in ("player", "reports", "program"):
        doc[key] = poison(doc[key])
    view = mounted(doc)
    for tab in open_tabs(view):
        tab.click()
        view.get_by_role("slider", name="step of the sweep").fill("9")
    expect(view.locator(".adkit-what")).to_contain_text("onerror")
    view.locator(".adkit-field").first.fill("-3")
    expect(view.locator(".adkit-whatif-status")).to_contain_text("onerror")
    expect(view.locator("img")).to_have_count(0)
    assert window.page.evaluate("window.attacked") is None


# ------------------------------------------------------------------------------------------------ diagnoses


def test_rows_of_a_diagnosis_lead_to_graph_and_source(window: Any, mounted: Any) -> None:
    view = mounted(small())
    expect(view.get_by_role("tab")).to_have_text(["List", "Graph", "Source", "Flow", "Why", "NaN"])
    view.get_by_role("tab", name="Flow").click()
    expect(view.locator(".adkit-verdict")).to_have_text("Warning: vanishes at v₂")
    expect(view.locator(".adkit-fix")).to_have_text("Fix: scale the weights")
    view.get_by_role("button", name="v₄ (u)").focus()
    window.page.keyboard.press("Enter")
    lights(view, node=["v4"])
    lights(view, mark=["u + x**2"])
    expect(view.locator("tr.adkit-lit")).to_contain_text("0.836384")
    view.get_by_role("button", name="line 5").click()
    lights(view, node=["v5", "v6"])
    expect(view.locator("tr.adkit-lit")).to_contain_text("line 5")
    expect(view.locator("td").filter(has_text="<b>bold</b>")).to_be_visible()


# ------------------------------------------------------------------------------------------------ accessibility


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(window: Any, mounted: Any, picture: Any, theme: str) -> None:
    """Every tab, while something is lit and played; also the contrast of each text."""
    for name, doc in {"reverse": small(), "forward": small("forward"), "plots": documents.small()}.items():
        view = mounted(doc, theme == "dark")
        window.page.evaluate(AXE + "; undefined")
        for tab in open_tabs(view):
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            if name != "plots":
                view.get_by_role("slider", name="step of the sweep").fill("4" if name == "forward" else "11")
            found = window.page.evaluate(
                """async () => {
                    const { violations, passes } = await axe.run('#host');
                    const wrong = violations.filter(v => ['serious', 'critical'].includes(v.impact));
                    const told = v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.html.slice(0, 160)).join(' | ')}`;
                    return passes.length < 8 ? ['axe-core checked nothing'] : wrong.map(told);
                }"""
            )
            title = tab.inner_text()
            picture(view, f"viewer-{name}-{title}-{theme}.png")
            assert found == [], title
            assert view.evaluate(CONTRAST) == [], title


@pytest.mark.parametrize("width", [620, 420])
def test_a_narrow_page_stacks(window: Any, mounted: Any, picture: Any, width: int) -> None:
    set_width(window, width)
    try:
        view = mounted(small())
        for tab in open_tabs(view):
            tab.click()
            view.get_by_role("slider", name="step of the sweep").fill("11")
            expect(tab).to_have_attribute("aria-selected", "true")
            becomes(lambda: view.evaluate(TOO_WIDE), [])
        view.get_by_role("tab", name="List").click()
        picture(view, f"viewer-narrow-{width}.png")
    finally:
        set_width(window, 1000)


# ------------------------------------------------------------------------------------------------ in JupyterLab


def test_a_saved_notebook_in_jupyterlab_without_a_kernel(lab: Any, new_window: Any, picture: Any) -> None:
    """Digits, arrows and spaces typed into the viewer reach the viewer, never the notebook's shortcuts."""
    lab.theme("dark")
    saved = {"application/vnd.adkit.trace.v1+json": small(), "text/html": "<p>static</p>", "text/plain": "text"}
    lab.write("player.ipynb", [saved, saved])
    window = new_window(width=1280, height=1000)
    window.open(lab, "player.ipynb")
    view, keyboard = window.trace(0), window.page.keyboard
    view.get_by_label("w =").click()
    keyboard.press("Control+a")
    keyboard.type("0.25")
    there = adkit.trace(shared)(1.5, 0.25)
    expect(view.locator(".adkit-output")).to_have_text(f"loss = {there.document(('list',))['output']['value']}")
    view.get_by_role("slider", name="step of the sweep").focus()
    for key in ("Home", "ArrowRight", "ArrowUp", "Space", "Space", "End"):
        keyboard.press(key)
    expect(view.locator(".adkit-where")).to_have_text("reverse 8 / 8")
    lights(view, row=["v-1"])
    picture(view, "jupyterlab-player-dark.png")
    expect(window.page.locator(".jp-Notebook .jp-Cell")).to_have_count(2)
    expect(window.trace(1).locator(".adkit-output")).to_have_text(f"loss = {small()['output']['value']}")
    assert window.own_errors() == []


# ------------------------------------------------------------------------------------------------ long lists


def test_a_hundred_thousand_rows_scroll_without_a_blank_frame(mounted: Any) -> None:
    """In each frame of a fast scroll, jumps included, rows cover the whole of the list's box."""
    count = 100_000
    rows = [
        {
            "id": f"v{i}",
            "kind": "instruction",
            "text": f"sin(v{i - 1})",
            "value": "0.5",
            "adjoint": "0.1",
            "line": 2,
            "inputs": [],
        }
        for i in range(1, count + 1)
    ]
    doc = {**documents.small(), "rows": rows, "views": ["list"], "graph": None, "source": None, "plots": []}
    view = mounted(doc)
    grid = view.get_by_role("treegrid")
    expect(grid).to_have_attribute("aria-rowcount", str(count + 1))
    seen = grid.evaluate(
        """async list => {
            const uncovered = [], counts = [];
            const tops = [0, 1e5, 2.6e6, 5e5, 130, 9e5, 1.3e6];
            for (let i = 0; i < 40; i++) tops.push(2e5 + i * 700, i * 65000);
            for (const top of tops) {
                list.scrollTop = top;
                await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
                const box = list.getBoundingClientRect();
                const head = list.querySelector('.adkit-columns').getBoundingClientRect();
                const rows = [...list.querySelectorAll('.adkit-row')].map(row => row.getBoundingClientRect());
                const first = Math.min(...rows.map(r => r.top)), last = Math.max(...rows.map(r => r.bottom));
                if (first > head.bottom + 1 || last < box.bottom - 2) uncovered.push([top, first, last, box.bottom]);
                counts.push(rows.length);
            }
            return { uncovered, most: Math.max(...counts), least: Math.min(...counts) };
        }"""
    )
    assert seen["uncovered"] == []
    assert seen["least"] >= 20
    assert seen["most"] < 120
