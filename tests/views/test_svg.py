"""The graph as SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from adkit.views import layout, svg, theme
from tests.views import documents
from tests.views.documents import HOSTILE, edge, node

NAMESPACE = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(picture).iter(f"{NAMESPACE}text")]


@pytest.mark.parametrize("kind", ["neutral", "light", "dark"])
def test_nodes_and_labels_are_there(kind):
    shown = texts(svg.graph(documents.loss_graph(), theme=kind))
    assert {"x", "w", "sin", "u = ·", "loss = log1p", "0.0707", "−0.4"} <= set(shown)


def test_the_mode_gives_the_colour_of_the_edges():
    assert theme.stroke("adjoint") in svg.graph(documents.loss_graph(), mode="reverse")
    assert theme.stroke("adjoint") not in svg.graph(documents.loss_graph(), mode="forward")
    assert theme.stroke("tangent") in svg.graph(documents.loss_graph(), mode="forward")


def test_nothing_in_the_page_is_relied_upon():
    picture = svg.graph(documents.hostile()["graph"])
    for word in ("<script", "<style", " id=", "href", "var(", "url("):
        assert word not in picture
    assert {element.tag.removeprefix(NAMESPACE) for element in ET.fromstring(picture).iter()} <= {
        "svg",
        "g",
        "path",
        "rect",
        "text",
    }


def test_hostile_names_are_text():
    shown = texts(svg.graph({"nodes": [node("v0", HOSTILE, "input")], "edges": []}))
    assert len(shown) == 1
    assert shown[0].startswith("\"'><script>alert")


def test_wrong_and_zero_have_patterns_besides_their_colour():
    edges = [edge("a", "b", "nan", None), edge("b", "c", "2", 0), edge("a", "c", "1", 1.0)]
    picture = svg.graph({"nodes": [node("a", "x", "input"), node("b", "f"), node("c", "g", "output")], "edges": edges})
    paths = [line for line in picture.split("<") if line.startswith("path")]
    assert ['stroke-dasharray="6 3"' in paths[0], 'stroke-dasharray="1.5 4"' in paths[1]] == [True, True]
    assert "dasharray" not in paths[2]
    assert theme.stroke("wrong") in paths[0]


def test_width_grows_with_the_weight():
    widths = [svg.thickness(weight, 10.0) for weight in (0.0, 1e-8, 1e-3, 0.1, 1.0, 10.0)]
    assert widths == sorted(widths)
    assert (widths[0], widths[-1]) == (svg.THINNEST, svg.THICKEST)
    assert svg.thickness(1.0, 0.0) == svg.THINNEST


def test_a_given_layout_is_used():
    graph = documents.loss_graph()
    placed = layout.place(graph)
    placed["nodes"][0]["text"] = "placed"
    assert "placed" in texts(svg.graph({**graph, "layout": placed}))
