"""Graphs for other tools, and the page."""

from __future__ import annotations

import html.parser
import re
import sys

import numpy as np
import pytest

from adkit import InputError, trace
from adkit.emit.graphs import quoted


def product(x, w):
    u = np.sin(x) * w
    return u + x


def test_dot():
    text = trace(product)(1.0, 2.0).to_dot()
    assert text.startswith("digraph trace {")
    assert '"v-1" [label="x = v₋₁' in text
    assert '"v1" -> "v2";' in text
    assert "adjoint 1" in text
    assert text.count("->") == 5


def test_dot_escapes_names():
    name = 'a"]; evil [label="<b>\\'
    text = trace(lambda p: p[name] * 2.0)({name: 2.0}).to_dot()
    without_strings = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    assert "evil" not in without_strings
    assert quoted('"\\\n\x00') == '"\\"\\\\\\n "'


def test_networkx():
    networkx = pytest.importorskip("networkx")
    made = trace(product)(1.0, 2.0)
    graph = made.to_networkx()
    assert isinstance(graph, networkx.MultiDiGraph)
    assert networkx.is_directed_acyclic_graph(graph)
    assert graph.nodes["v-1"]["kind"] == "input"
    assert graph.nodes["v-1"]["derivative"] == pytest.approx(made["x"])
    assert graph.nodes["v3"]["kind"] == "output"
    assert graph.nodes["v2"]["name"] == "u"
    assert sorted(graph.edges(keys=True))[0][:2] == ("v-1", "v1")
    assert trace(lambda x: x * x)(2.0).to_networkx().number_of_edges("v0", "v1") == 2


def test_without_networkx(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(InputError, match="pip install networkx"):
        trace(product)(1.0, 2.0).to_networkx()


class _Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_page(tmp_path):
    name = "</title><script>alert(1)</script>"
    path = trace(lambda p: np.sin(p[name]))({name: 2.0}).to_html(tmp_path / "trace.html")
    assert path == tmp_path / "trace.html"
    text = path.read_text(encoding="utf-8")
    tags = _Tags()
    tags.feed(text)
    assert "script" not in [tag for tag, _ in tags.found]
    links = [value for _, attrs in tags.found for key, value in attrs.items() if key in ("src", "href")]
    assert all(value.startswith("data:") for value in links)
    assert "default-src 'none'" in text
