"""`mount`, `update` and `dispose` of the viewer, on a page of their own, without a notebook around them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import documents
from tests.browser.waiting import becomes

pytestmark = pytest.mark.browser

MOUNT = """async ([url, data]) => {
    const viewer = await import(url);
    await viewer.loadStyle();
    const host = document.createElement('div');
    host.id = 'host';
    document.body.replaceChildren(host);
    window.view = viewer.mount(host, JSON.parse(data));
}"""


@pytest.fixture(scope="module")
def window(lab: Any, lasting_window: Any) -> Any:
    """A page of the server that shows nothing: the extension's package.json has no script."""
    window = lasting_window(width=900)
    window.page.goto(f"{lab.url}/lab/extensions/adkit/package.json?token={lab.token}")
    return window


@pytest.fixture
def mounted(lab: Any, window: Any) -> Any:
    """`mounted(document)` is the viewer of a document."""

    def mount(document: Any) -> Locator:
        url = f"{lab.url}/lab/extensions/adkit/static/trace.js"
        window.page.evaluate(MOUNT, [url, json.dumps(document)])  # playwright is slow with large values
        return window.page.locator("#host > .adkit")

    return mount


def update(window: Any, document: Any) -> None:
    """Show another document in the same place."""
    window.page.evaluate("data => window.view.update(JSON.parse(data))", json.dumps(document))


def test_an_update_keeps_tab_fold_choice_and_focus(window: Any, mounted: Any) -> None:
    view = mounted(documents.folded())
    view.locator("[data-id=f1]").click()
    view.locator("[data-subject=row][data-id=v4]").click()
    view.get_by_role("tab", name="Source").click()
    newer = documents.folded()
    newer["output"]["value"] = "2.5"
    update(window, newer)
    expect(view.locator(".adkit-output")).to_have_text("loss = 2.5")
    expect(view.get_by_role("tab", name="Source")).to_have_attribute("aria-selected", "true")
    expect(view.get_by_role("tab", name="Source")).to_be_focused()
    expect(view.locator("[data-subject=row][data-id=f2]")).to_be_attached()
    expect(view.locator("[data-subject=row].adkit-lit")).to_have_attribute("data-id", "v4")


def test_an_update_without_the_open_tab_falls_back_to_the_first(window: Any, mounted: Any) -> None:
    view = mounted(documents.small())
    view.get_by_role("tab", name="Plot").click()
    update(window, {**documents.small(), "views": ["source", "list"]})
    expect(view.get_by_role("tab", name="Source")).to_have_attribute("aria-selected", "true")
    expect(view.get_by_role("tab")).to_have_count(2)


def test_an_update_keeps_the_place_in_a_long_list(window: Any, mounted: Any) -> None:
    view = mounted(documents.long())
    grid = view.get_by_role("treegrid")
    grid.evaluate("list => { list.scrollTop = 40000; }")
    expect(view.locator("[data-id=v1545]")).to_be_in_viewport()
    update(window, documents.long())
    expect(view.locator("[data-id=v1545]")).to_be_in_viewport()
    becomes(lambda: grid.evaluate("list => list.scrollTop"), 40000)


def test_after_dispose_nothing_is_left_and_nothing_listens(window: Any, mounted: Any) -> None:
    """Every listener is taken off: an observer of the whole page counts those that are put on and those that go."""
    window.page.evaluate(
        """() => {
            window.alive = 0;
            window.original ??= EventTarget.prototype.addEventListener;
            EventTarget.prototype.addEventListener = function (type, handler, options) {
                if (options && options.signal) {
                    window.alive += 1;
                    window.original.call(options.signal, 'abort', () => { window.alive -= 1; });
                }
                return window.original.call(this, type, handler, options);
            };
        }"""
    )
    view = mounted(documents.small())
    assert window.page.evaluate("window.alive") > 10
    for name in ("Graph", "Plot", "Source", "List"):
        view.get_by_role("tab", name=name).click()
    window.page.evaluate("window.view.dispose()")
    assert window.page.evaluate("window.alive") == 0
    assert window.page.evaluate("document.querySelector('#host').childNodes.length") == 0
    window.page.evaluate("() => { EventTarget.prototype.addEventListener = window.original; }")


def test_a_view_that_cannot_be_shown_is_told_and_replaced_by_the_next(window: Any, mounted: Any) -> None:
    mounted(documents.small())
    window.page.evaluate(
        """() => {
            const original = document.createElementNS;
            document.createElementNS = () => { throw new Error('no drawing today'); };
            window.view.update({schema: 1, views: ['plot'], plots: [{kind: 'curve', x: [0, 1], value: [0, 1]}]});
            document.createElementNS = original;
        }"""
    )
    expect(window.page.get_by_role("alert")).to_contain_text("no drawing today")
    update(window, documents.small())
    expect(window.page.locator("#host .adkit-output")).to_have_text("loss = 1.48754")
    expect(window.page.get_by_role("alert")).to_have_count(0)


def test_a_graph_wider_than_its_box_is_moved_by_drag_and_by_choice(window: Any, mounted: Any) -> None:
    view = mounted(chain(60))
    view.get_by_role("tab", name="Graph").click()
    canvas = view.locator(".adkit-canvas")
    before = canvas.get_attribute("viewBox")
    box = canvas.bounding_box()
    assert box
    window.page.mouse.move(box["x"] + 600, box["y"] + box["height"] - 5)
    window.page.mouse.down()
    window.page.mouse.move(box["x"] + 100, box["y"] + box["height"] - 5)
    window.page.mouse.up()
    expect(canvas).not_to_have_attribute("viewBox", before)
    canvas.focus()
    window.page.keyboard.press("End")
    expect(view.locator("[data-subject=node][data-id=v60]")).to_be_in_viewport()
    view.get_by_role("button", name="whole").click()
    expect(view.locator("[data-subject=node][data-id=v1]")).to_be_in_viewport()
    expect(view.locator("[data-subject=node][data-id=v60]")).to_be_in_viewport()


def chain(length: int) -> dict[str, Any]:
    """A graph of one long line."""
    document = documents.long(length)
    nodes = [
        {"id": f"v{n}", "label": "sin", "kind": "instruction", "name": None, "line": 2, "weight": 1.0}
        for n in range(1, length + 1)
    ]
    boxes = [
        {"id": node["id"], "text": "sin", "x": 10 + 80 * n, "y": 10, "w": 40, "h": 24} for n, node in enumerate(nodes)
    ]
    layout = {"nodes": boxes, "edges": [], "width": 80 * length, "height": 44, "direction": "right"}
    document["graph"] = {"nodes": nodes, "edges": [], "folded": False, "note": None, "layout": layout}
    return document
