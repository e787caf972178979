"""Every document, as made and as bundled, fits the published schema; the bundle is plain JSON."""

from __future__ import annotations

import copy
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from adkit import views
from tests.views import documents

SCHEMA = json.loads(files(views).joinpath("trace.v1.schema.json").read_text(encoding="utf-8"))
PAGE = Path(__file__).parents[2] / "docs" / "trace-schema.md"


def errors(doc: dict) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(doc)]


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", documents.ALL)
def test_documents_fit(name):
    doc = documents.ALL[name]()
    assert errors(doc) == []
    assert errors(views.bundle(doc)[views.MIME]) == []


@pytest.mark.parametrize(
    "change", [{"schema": 2}, {"mode": "auto"}, {"views": ["pie"]}, {"rows": [{"id": "v1"}]}, {"output": None}]
)
def test_others_do_not(change):
    assert errors({**documents.loss(), **change}) != []


def test_the_page_names_every_key():
    page = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`]*)`", page))))
    keys = set(SCHEMA["properties"])
    for part in SCHEMA["$defs"].values():
        keys |= set(part.get("properties", ()))
    assert keys - named == set()


def test_bundle_adds_the_layout_and_changes_nothing():
    doc = documents.loss()
    before = copy.deepcopy(doc)
    made = views.bundle(doc)
    assert doc == before
    assert set(made) == {"text/plain", "text/html", views.MIME}
    assert set(made[views.MIME]["graph"]["layout"]) == {"width", "height", "direction", "nodes", "edges"}
    assert {key: made[views.MIME][key] for key in doc if key != "graph"} == {k: doc[k] for k in doc if k != "graph"}
    json.dumps(made, allow_nan=False)


def test_bundle_without_a_graph():
    made = views.bundle({**documents.loss(), "graph": None})
    assert made[views.MIME]["graph"] is None


def test_no_module_imports_matplotlib_or_ipython_at_once():
    import subprocess
    import sys

    check = "import sys, adkit.views; print([m for m in ('matplotlib', 'IPython', 'ipywidgets') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, cwd=PAGE.parents[1], check=True
    )
    assert done.stdout.strip() == "[]"
