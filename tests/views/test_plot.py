"""Curves and heat maps."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET

import pytest

from adkit.views import plot, theme
from tests.views import documents
from tests.views.documents import curve

HEAT = {"kind": "heatmap", "title": "∂y/∂x", "matrix": [[1.0, -2.0], [None, 0.0]], "rows": "y", "columns": "x"}


@pytest.mark.parametrize("drawn", [curve(), HEAT], ids=["curve", "heatmap"])
def test_the_same_bytes_every_time(drawn):
    first = plot.figure(drawn)
    assert first == plot.figure(drawn)
    assert "<dc:date" not in first
    ET.fromstring(first)


def test_pyplot_is_never_imported():
    plot.figure(curve())
    assert "matplotlib.pyplot" not in sys.modules


def test_settings_of_the_process_are_left_alone():
    import matplotlib

    before = dict(matplotlib.rcParams)
    plot.figure(curve())
    assert dict(matplotlib.rcParams) == before


def test_colours_have_their_meaning():
    assert {theme.stroke("primal"), theme.stroke("adjoint")} <= set_of_colours(plot.figure(curve(), "reverse"))
    forward = set_of_colours(plot.figure(curve(), "forward"))
    assert theme.stroke("tangent") in forward
    assert theme.stroke("adjoint") not in forward


def set_of_colours(picture: str) -> set[str]:
    return {colour for colour in (theme.stroke(role) for role in theme.ROLES) if colour in picture}


def test_the_background_is_clear():
    picture = plot.figure(curve())
    assert "fill: none" in picture
    assert "fill: #ffffff; opacity: 0" in picture or "#ffffff; stroke" not in picture


def test_no_text_of_the_users_is_drawn():
    hostile = documents.hostile()["plots"]
    for drawn in hostile:
        assert "alert" not in plot.figure(drawn)


@pytest.mark.parametrize(
    "changes",
    [
        {"value": [None] * 121},
        {"derivative": [None] * 121, "derivative_at": None},
        {"value": [1.0] * 121, "derivative": [0.0] * 121},
        {"at": None},
        {"x": [], "value": [], "derivative": []},
        {"x": [1.0], "value": [1.0], "derivative": [1.0]},
        {"value": [1e300 * i for i in range(121)]},
    ],
    ids=["no values", "no slopes", "flat", "no point", "empty", "one point", "huge"],
)
@pytest.mark.filterwarnings("error")
def test_odd_curves_are_drawn(changes):
    ET.fromstring(plot.figure({**curve(), **changes}))


@pytest.mark.parametrize("matrix", [[[0.0]], [[None]], [[1.0] * 64] * 64, [[1.0, 2.0, 3.0]], []])
@pytest.mark.filterwarnings("error")
def test_odd_matrices_are_drawn(matrix):
    picture = plot.figure({**HEAT, "matrix": matrix})
    ET.fromstring(picture)
    assert len(picture) < 30_000


def test_an_unknown_kind_is_an_error():
    with pytest.raises(ValueError, match="no plot of kind 'pie'; use 'curve' or 'heatmap'"):
        plot.figure({"kind": "pie"})
