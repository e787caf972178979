"""Columns, folds and the limits of a page."""

from __future__ import annotations

import pytest

from adkit.views import listing
from tests.views import documents
from tests.views.documents import fold, row


def keys(doc):
    return [column.key for column in listing.columns(doc)]


def test_columns_of_each_mode():
    assert keys(documents.loss()) == ["id", "name", "text", "line", "value", "adjoint"]
    assert keys(documents.forward()) == ["id", "name", "text", "line", "value", "tangent"]
    assert "shape" in keys(documents.jacobian())
    comparison = row("v1", "v₀ > 0", "true", dtype="bool")
    assert "shape" not in keys(documents.document([comparison]))
    assert "shape" in keys(documents.document([{**comparison, "shape": [3]}]))


def test_both_sweeps_side_by_side():
    doc = documents.loss()
    doc["rows"][0]["tangent"] = "1"
    assert keys(doc)[-2:] == ["tangent", "adjoint"]


def test_headings_name_the_derivative_when_there_is_one():
    assert listing.sweep_heading(documents.loss(), "adjoint") == "adjoint v̄ = ∂loss/∂v"
    assert listing.sweep_heading(documents.jacobian(), "adjoint") == "adjoint v̄"
    assert listing.sweep_heading(documents.forward(), "tangent") == "tangent v̇ = ∂v/∂t"
    assert listing.sweep_heading(documents.loss(), "tangent") == "tangent v̇"


def test_walk_enters_folds_in_order_and_without_recursion():
    rows = [row("v1", "a", "1")]
    for depth in range(3000):
        rows = [fold(f"f{depth}", "call", rows), row(f"v{depth + 2}", "b", "1")]
    found = listing.walk(rows)
    assert len(found) == 6001
    assert found[3000]["id"] == "v1"


def test_plan_opens_folds_and_stays_within_a_page():
    events = list(listing.plan(documents.loop()["rows"]))
    assert [kind for kind, _ in events] == ["row", "open", "open", "row", "row", "row", "close", "close", "row"]
    many = list(listing.plan(documents.long()["rows"]))
    assert len(many) <= 300
    assert next(entry for kind, entry in many if kind == "more") == 2002 - 149
    assert many[-1][1]["id"] == "v100000"


def test_plan_counts_what_it_leaves_out_of_folds():
    rows = [fold(f"f{i}", "loop", [row(f"v{j}", "a", "1") for j in range(100)]) for i in range(60)]
    events = list(listing.plan(rows))
    assert sum(kind == "row" for kind, _ in events) <= listing.ALL_ROWS
    assert {kind for kind, _ in events} == {"open", "row", "more", "close", "fold"}


def test_plan_of_folds_within_folds_is_bounded():
    rows = [row("v1", "a", "1")]
    for depth in range(500):
        rows = [fold(f"f{depth}", "call", rows)]
    assert sum(kind == "open" for kind, _ in listing.plan(rows)) == listing.DEEPEST


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 40])
def test_clip_loses_no_row_uncounted(limit):
    for size in (0, 1, 2, limit, limit + 1, 100):
        rows = [{"id": n} for n in range(size)]
        head, left_out, tail = listing.clip(rows, limit)
        assert len(head) + left_out + len(tail) == size
        assert len(head) + len(tail) <= max(limit, 1)
        assert [*head, *tail] == [*rows[: len(head)], *(rows[size - len(tail) :] if tail else [])]


def test_summary():
    assert listing.summary(documents.loss()) == "reverse mode: 2 inputs, 1 output · 6 instructions · 1 guard"
    assert "gpu" in listing.summary({**documents.loss(), "device": "gpu"})


def test_states():
    rows = {each["id"]: listing.state(each) for each in documents.broken()["rows"]}
    assert rows == {"v-1": "nonfinite", "v0": "zero", "v1": "zero", "v2": "zero", "v3": "nonfinite"}


def test_lines_of_other_files_name_the_file():
    assert listing.line_text(row("v1", "a", "1", line=12, file="scipy/special")) == "scipy/special:12"
