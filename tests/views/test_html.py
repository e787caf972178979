"""The HTML view: it survives the sanitiser whole, escapes everything, and stays small."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET

import pytest

from adkit.views import bundle, html
from tests.views import documents
from tests.views.documents import curve, edge, node
from tests.views.sanitiser import bad_styles, read


def images(page: str) -> list[str]:
    return [base64.b64decode(data).decode() for data in re.findall(r"base64,([^\"]+)", page)]


@pytest.mark.parametrize("name", documents.ALL)
def test_all_of_it_survives_the_sanitiser(name):
    assert read(html.render(documents.ALL[name]())).problems == []


def test_the_sanitiser_would_notice():
    assert bad_styles("color:var(--x);position:fixed;color:#123456") == ["color:var(--x)", "position:fixed"]
    assert read('<p id="a"><script>1</script>').problems != []
    assert read('<div><img src="http://x/y.svg"></div>').problems == ["src that is not an SVG data URI"]


@pytest.mark.parametrize("name", documents.ALL)
def test_images_are_whole_and_harmless(name):
    for picture in images(html.render(documents.ALL[name]())):
        root = ET.fromstring(picture)
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert not tags & {"script", "foreignObject", "a", "use", "iframe"} or tags <= SAFE
        assert not re.search(r"\bon\w+\s*=\s*[\"']", re.sub(r">[^<]*<", "><", picture))


SAFE = {"svg", "g", "path", "rect", "text", "defs", "style", "use", "clipPath", "image", "title"}


def test_hostile_text_is_shown_and_not_run():
    page = html.render(documents.hostile())
    reader = read(page)
    assert reader.problems == []
    assert "<script>alert(1)</script>" in "".join(reader.text)
    assert all("onerror" not in attributes for _, attributes in reader.seen)
    page.encode()


def test_the_answer_stands_first():
    reader = read(html.render(documents.loss()))
    assert "".join(reader.text).startswith("loss = 1.48754 ∂loss/∂x = 2.48549 ∂loss/∂w = 0.834289 agrees with")


def test_no_badge_without_a_check():
    page = html.render({**documents.loss(), "badge": None})
    assert "agrees" not in page
    assert "how it was checked" not in page


@pytest.mark.parametrize("verdict", ["agree", "kink", "flat", "noise", "disagree"])
def test_the_badge_says_its_verdict(verdict):
    doc = documents.loss()
    doc["badge"]["verdict"], doc["badge"]["text"] = verdict, "left −1, right 1"
    assert f"{verdict}: left −1, right 1" in html.render(doc)


def test_only_the_views_asked_for():
    doc = documents.loss()
    titles = {"list": "List", "graph": "Graph", "plot": "Plot", "source": "Source"}
    for view in titles:
        page = "".join(read(html.render({**doc, "views": [view]})).text)
        assert [title for title in titles.values() if title in page] == [titles[view]]
    head = html.render({**doc, "views": []})
    assert "<details" not in head
    assert "<table" not in head
    assert "∂loss/∂w = 0.834289" in head


def test_views_stand_in_the_order_asked_for():
    page = "".join(read(html.render({**documents.loss(), "views": ["source", "list"]})).text)
    assert page.index("Source") < page.index("List")


def test_wrong_numbers_are_red_and_bold_and_say_nan():
    page = html.render(documents.broken())
    assert re.search(r"rgb\(220,56,69\)\);font-weight:700;background:[^>]*>nan<", page)
    assert "warning:" in page
    assert "<details open><summary" in page


def test_folds_open_and_keep_the_columns():
    page = html.render(documents.loop())
    groups = re.findall(r"<colgroup>.*?</colgroup>", page)
    assert len(groups) == 3
    assert len(set(groups)) == 1
    assert "loop ×200, lines 5–6 · 600 instructions" in page


def test_sub_expressions_are_shown_on_hover():
    seen = read(html.render(documents.loss())).seen
    assert any(tag == "td" and attributes.get("title") == "np.sin(x)" for tag, attributes in seen)


def test_every_image_is_described():
    seen = [attributes for tag, attributes in read(html.render(documents.loss())).seen if tag == "img"]
    assert [attributes["alt"] for attributes in seen] == [
        "graph of 8 nodes and 8 edges, from the inputs to the output",
        "plot of loss along x",
    ]


def test_many_derivatives_are_counted():
    doc = documents.loss()
    doc["derivatives"] = [documents.derivative(f"∂loss/∂w{i}", f"w{i}", "1") for i in range(30)]
    assert "… 18 more derivatives" in html.render(doc)
    assert "… 18 more derivatives" in bundle(doc)["text/plain"]


def test_a_long_trace_is_small():
    doc = documents.long()
    nodes = [node(f"n{i}", f"line {i} ×700", "fold", line=i) for i in range(150)]
    edges = [edge(f"n{i // 2}", f"n{i}", None, 0.1 * i) for i in range(1, 150)]
    edges += [edge(f"n{i // 3}", f"n{i}", None, 0.1 * i) for i in range(3, 150)]
    doc["graph"] = {"nodes": nodes, "edges": edges, "folded": True, "note": None}
    doc["plots"] = [curve("x"), curve("y"), curve("z"), curve("w")]
    page = html.render(doc)
    assert len(page.encode()) < 300_000
    assert page.count("<tr") < 300 + len(doc["source"]["text"].splitlines())
    assert "… 1 more plot" in page


@pytest.mark.parametrize("name", documents.ALL)
def test_the_same_document_gives_the_same_page(name):
    make = documents.ALL[name]
    assert bundle(make()) == bundle(make())


def test_gaps_in_a_curve_are_explained():
    assert "another branch" in html.render(documents.broken())
    assert "another branch" not in html.render(documents.loss())


def test_empty_parts():
    doc = documents.loss()
    doc.update(source=None, graph=None, plots=[])
    page = "".join(read(html.render(doc)).text)
    assert "List" in page
    assert "Graph" not in page
