"""Graphs for other tools, and the page."""

from __future__ import annotations

import html.parser
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from adkit import InputError, trace
from adkit.emit import page
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


EVIL = "</title><script>alert(1)</script>"


class _Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def tags_of(text):
    tags = _Tags()
    tags.feed(text)
    return tags.found


@pytest.mark.parametrize("viewer", [True, False])
def test_page(tmp_path, monkeypatch, viewer):
    if not viewer:
        monkeypatch.setattr(page, "static_folder", lambda: None)
    elif page.static_folder() is None:
        pytest.skip("the viewer is not installed")
    path = trace(lambda p: np.sin(p[EVIL]))({EVIL: 2.0}).to_html(tmp_path / "trace.html")
    assert path == tmp_path / "trace.html"
    text = path.read_text(encoding="utf-8")
    tags = tags_of(text)
    kinds = [attrs.get("type") for tag, attrs in tags if tag == "script"]
    assert kinds == (["importmap", "application/json", "module"] if viewer else [])
    links = [value for _, attrs in tags for key, value in attrs.items() if key in ("src", "href")]
    assert all(value.startswith("data:") for value in links)
    assert "default-src 'none'" in text
    assert "<script>alert" not in text


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_the_viewer_runs_from_a_file(tmp_path):
    if page.static_folder() is None:
        pytest.skip("the viewer is not installed")
    path = trace(product)(1.0, 2.0).to_html(tmp_path / "trace.html")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--virtual-time-budget=4000", "--dump-dom", path.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert 'id="static"' not in shown  # the viewer has taken its place
    assert 'role="tab"' in shown
    assert "sin(" in shown
