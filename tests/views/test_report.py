"""Reports as text and HTML: aligned, complete, escaped, and nothing that a sanitiser would drop."""

from __future__ import annotations

import pytest

from adkit.diagnose import Column, Report, Row, Table
from adkit.views import report as view

NASTY = "<img src=x onerror=alert(1)>"
COLUMNS = (Column("variable"), Column("operation", code=True), Column("adjoint", "right"))


def made(**changes):
    rows = (
        Row(("v₁", "sin(x)", "0.5"), "v1", 2, bar=0.5),
        Row(("v₂₀", "log(v₁)", "inf"), "v20", 3, "nonfinite"),
    )
    given = {
        "kind": "flow",
        "title": "Gradient flow",
        "severity": "warning",
        "verdict": "explodes at v₂₀",
        "fix": "clip it",
        "paragraphs": ("first", "second"),
        "tables": (Table(COLUMNS, rows, "by variable"),),
    }
    return Report(**(given | changes))


def test_text_is_aligned_and_complete():
    lines = str(made()).splitlines()
    assert lines[0] == "Gradient flow: warning: explodes at v₂₀"
    assert "  first" in lines
    assert "by variable" in lines
    assert lines[-1] == "fix: clip it"
    first, second = (next(line for line in lines if name in line) for name in ("sin(x)", "log(v₁)"))
    assert first.index("0.5") + 3 == second.index("inf") + 3
    assert second.startswith("✗")


def test_html_escapes_everything():
    nasty = made(
        title=NASTY,
        verdict=NASTY,
        fix=NASTY,
        paragraphs=(NASTY,),
        tables=(Table((Column(NASTY),), (Row((NASTY,)), Row((NASTY * 9,))), NASTY),),
    )
    page = nasty._repr_mimebundle_()["text/html"]
    assert "<img" not in page
    assert page.count("&lt;img") >= 8


def test_html_needs_no_script_and_no_theme():
    page = view.html(made().as_document())
    for forbidden in ("<script", "<svg", "var(", " id=", "<style"):
        assert forbidden not in page
    assert "linear-gradient(to left" in page


def test_a_document_is_plain_data():
    document = made(data=object()).as_document()
    assert set(document) == {"kind", "title", "severity", "verdict", "fix", "paragraphs", "tables"}
    assert document["tables"][0]["rows"][1] == {
        "cells": ["v₂₀", "log(v₁)", "inf"],
        "variable": "v20",
        "line": 3,
        "state": "nonfinite",
        "bar": None,
    }


@pytest.mark.parametrize(
    "changes",
    [{"kind": "guess"}, {"severity": "bad"}, {"tables": (Table(COLUMNS, (Row(("too few",)),)),)}],
)
def test_a_malformed_report_is_refused(changes):
    with pytest.raises(ValueError, match="is none of|cells for"):
        made(**changes)
