"""The source as tinted runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adkit.views import source
from tests.views import documents


def test_the_innermost_mark_covers():
    runs = dict(source.lines(documents.loss()["source"]))[5]
    assert [(run.text, run.mark and run.mark["variable"]) for run in runs] == [
        ("loss = ", None),
        ("np.log1p(", "v6"),
        ("u**2", "v5"),
        (")", "v6"),
    ]
    assert runs[1].share > runs[2].share > 0


def test_lines_are_numbered_from_the_magic():
    assert [number for number, _ in source.lines(documents.loss()["source"])] == [1, 2, 3, 4, 5]
    assert [number for number, _ in source.lines({"text": "a\n\nb", "first_line": 7, "marks": []})] == [7, 8, 9]


def test_a_mark_over_several_lines_leaves_indentation_alone():
    mark = {"span": [1, 4, 3, 1], "variable": "v1", "weight": 1.0, "state": "normal"}
    runs = dict(source.lines({"text": "y = f(\n    x,\n)", "first_line": 1, "marks": [mark]}))
    assert [run.text for run in runs[1]] == ["y = ", "f("]
    assert [run.text for run in runs[2]] == ["    ", "x,"]
    assert [bool(run.mark) for run in runs[2]] == [False, True]


@given(
    st.text(max_size=40),
    st.lists(st.tuples(*[st.integers(0, 6)] * 4), max_size=6),
    st.integers(0, 3),
)
def test_no_span_can_lose_or_double_text(text, spans, first):
    marks = [{"span": list(span), "variable": "v1", "weight": 1.0, "state": "normal"} for span in spans]
    shown = source.lines({"text": text, "first_line": first, "marks": marks})
    assert "\n".join("".join(run.text for run in runs) for _, runs in shown) == text


@pytest.mark.parametrize(("weight", "heaviest"), [(0.0, 1.0), (None, 1.0), (1.0, 0.0)])
def test_no_tint_without_a_weight(weight, heaviest):
    assert source.strength(weight, heaviest) == 0.0


def test_tint_grows_with_the_weight():
    shares = [source.strength(10.0**-n, 1.0) for n in range(7)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == source.STRONGEST
    assert shares[-1] == source.FAINTEST
