"""The graph's layout: nothing overlaps, everything flows, the same input gives the same picture."""

from __future__ import annotations

import itertools
import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adkit.views import layers, layout
from tests.views import documents
from tests.views.documents import edge, node


def graph_of(count: int, pairs: list[tuple[int, int]]) -> dict:
    return {
        "nodes": [node(f"v{i}", f"op{i}", "input" if i < 2 else "instruction") for i in range(count)],
        "edges": [edge(f"v{a}", f"v{b}") for a, b in pairs],
    }


def overlapping(placed: dict) -> list[tuple[str, str]]:
    return [
        (a["id"], b["id"])
        for a, b in itertools.combinations(placed["nodes"], 2)
        if a["x"] < b["x"] + b["w"]
        and b["x"] < a["x"] + a["w"]
        and a["y"] < b["y"] + b["h"]
        and b["y"] < a["y"] + a["h"]
    ]


def assert_sound(graph: dict, placed: dict) -> None:
    assert overlapping(placed) == []
    assert [each["id"] for each in placed["nodes"]] == [each["id"] for each in graph["nodes"]]
    for each in placed["nodes"]:
        assert each["x"] >= 0
        assert each["y"] >= 0
        assert each["x"] + each["w"] <= placed["width"]
        assert each["y"] + each["h"] <= placed["height"]
    boxes = {each["id"]: each for each in placed["nodes"]}
    axis = "x" if placed["direction"] == "right" else "y"
    for each in placed["edges"]:
        if each["from"] != each["to"] and not each["turned"]:
            assert boxes[each["from"]][axis] < boxes[each["to"]][axis]


def test_the_drawings_example():
    graph = documents.loss_graph()
    placed = layout.place(graph)
    assert placed["direction"] == "right"
    assert placed["width"] < layout.COMFORTABLE
    assert_sound(graph, placed)
    at = {each["id"]: each for each in placed["nodes"]}
    assert at["v-1"]["x"] == at["v0"]["x"] == layout.MARGIN
    found = layers.arrange(8, [(0, 2), (2, 3), (1, 3), (0, 4), (3, 5), (4, 5), (5, 6), (6, 7)], {0, 1})
    assert layers.crossings(found) == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 25), st.data())
def test_any_graph_is_placed_soundly(count, data):
    """Loops, repeated edges and lone nodes included."""
    pair = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    graph = graph_of(count, data.draw(st.lists(pair, max_size=50)))
    placed = layout.place(graph)
    assert len(placed["edges"]) == len(graph["edges"])
    assert_sound(graph, placed)


def test_edges_end_at_their_nodes():
    graph = documents.loss_graph()
    placed = layout.place(graph)
    boxes = {each["id"]: each for each in placed["nodes"]}
    for each in placed["edges"]:
        start = [float(number) for number in each["path"][1:].split("C")[0].split()]
        source = boxes[each["from"]]
        assert start == pytest.approx([source["x"] + source["w"], source["y"] + source["h"] / 2], abs=0.11)


def test_a_turned_edge_still_runs_from_source_to_target():
    placed = layout.place(graph_of(3, [(0, 1), (1, 2), (2, 1)]))
    back = next(each for each in placed["edges"] if each["turned"])
    boxes = {each["id"]: each for each in placed["nodes"]}
    assert float(back["path"][1:].split()[0]) == pytest.approx(boxes[back["from"]]["x"], abs=0.11)


def test_labels_lie_on_no_node_and_on_no_other_label():
    placed = layout.place(documents.loss_graph())
    spots = [(each["label_x"], each["label_y"]) for each in placed["edges"]]
    assert len(set(spots)) == len(spots)
    for x, y in spots:
        assert not any(b["x"] < x < b["x"] + b["w"] and b["y"] < y < b["y"] + b["h"] for b in placed["nodes"])


def test_labels_and_curves_stay_within_the_picture():
    graph = graph_of(4, [(0, 1), (0, 1), (0, 1), (0, 1), (1, 2), (0, 2), (2, 2), (2, 3), (3, 1)])
    for each in graph["edges"]:
        each["label"] = "0.123456"
    for count in (4, 40):
        graph["nodes"] += [node(f"n{i}", "op") for i in range(count)]
        graph["edges"] += [edge(f"n{i}", f"n{i + 1}", "−1.5e−10") for i in range(count - 1)]
        placed = layout.place(graph)
        for each in placed["edges"]:
            if each["label_x"] is not None:
                assert 20 < each["label_x"] < placed["width"] - 20
                assert 7 < each["label_y"] < placed["height"] - 7
            numbers = [float(number) for number in re.findall(r"[-\d.]+", each["path"])]
            assert min(numbers) >= 0
            assert max(numbers[::2]) <= placed["width"]
            assert max(numbers[1::2]) <= placed["height"]
        graph["nodes"] = graph["nodes"][:4]
        graph["edges"] = graph["edges"][:9]


def test_a_label_without_room_is_left_out():
    placed = layout.place({**graph_of(3, []), "edges": [edge("v0", "v2", "0.123456") for _ in range(30)]})
    places = [each["label_x"] for each in placed["edges"]]
    assert places[0] is not None
    assert None in places


def test_unknown_ends_are_left_out():
    graph = graph_of(2, [(0, 1)])
    graph["edges"].append(edge("v0", "nowhere"))
    assert [each["edge"] for each in layout.place(graph)["edges"]] == [0]


def test_the_empty_graph():
    placed = layout.place({"nodes": [], "edges": []})
    assert placed["nodes"] == placed["edges"] == []


def test_deep_graphs_run_down_and_need_no_recursion():
    graph = graph_of(5000, [(i, i + 1) for i in range(4999)])
    placed = layout.place(graph)
    assert placed["direction"] == "down"
    assert placed["width"] < layout.COMFORTABLE


def test_a_node_that_feeds_everything_is_affordable():
    count = 1000
    pairs = [(0, i) for i in range(2, count)] + [(i, i + 1) for i in range(count - 1)]
    found = layers.arrange(count, pairs, {0})
    assert len(found.layer) <= count * (1 + layers.DUMMIES_PER_NODE) + 16
    layout.place(graph_of(count, pairs))


def test_a_thousand_nodes_cost_a_bounded_number_of_steps():
    """Counted, not timed: sweeps over a large graph are few, and dummies are bounded."""
    chooser = random.Random(1)
    pairs = [(max(0, i - chooser.randint(1, 6)), i) for i in range(3, 1000) for _ in range(2)]
    found = layers.arrange(1000, pairs, {0, 1})
    assert sum(len(row) for row in found.rows) == len(found.layer)
    assert sorted(index for row in found.rows for index in row) == list(range(len(found.layer)))


def test_deterministic_and_plain():
    first, second = (layout.place(documents.loss_graph()) for _ in range(2))
    assert first == second
    assert json.loads(json.dumps(first)) == first


def test_captions():
    assert layout.caption(node("v1", "sin")) == "sin"
    assert layout.caption(node("v1", "x", "input", "x")) == "x"
    assert layout.caption(node("v1", "log1p", "output", "loss")) == "loss = log1p"
    assert len(layout.caption(node("v1", "operation", name="a_very_long_name_indeed"))) <= layout.WIDEST_LABEL
