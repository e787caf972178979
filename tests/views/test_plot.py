"""Curves and heat maps."""

from __future__ import annotations

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
    ET.fromstring(first)


def test_colours_have_their_meaning():
    assert {theme.stroke("primal"), theme.stroke("adjoint")} <= set_of_colours(plot.figure(curve(), "reverse"))
    forward = set_of_colours(plot.figure(curve(), "forward"))
    assert theme.stroke("tangent") in forward
    assert theme.stroke("adjoint") not in forward


def set_of_colours(picture: str) -> set[str]:
    return {colour for colour in (theme.stroke(role) for role in theme.ROLES) if colour in picture}


def test_the_background_is_clear():
    picture = ET.fromstring(plot.figure(curve()))
    whole = [r for r in picture.iter("{http://www.w3.org/2000/svg}rect") if float(r.get("width")) > plot.WIDTH / 2]
    assert not whole


def test_the_tangent_touches_the_curve_at_the_point():
    lines = ET.fromstring(plot.figure(curve())).iter("{http://www.w3.org/2000/svg}line")
    (tangent,) = [line for line in lines if line.get("stroke-dasharray") == "4 2"]
    x1, y1, x2, y2 = (float(tangent.get(key)) for key in ("x1", "y1", "x2", "y2"))
    dot = next(ET.fromstring(plot.figure(curve())).iter("{http://www.w3.org/2000/svg}circle"))
    x, y = float(dot.get("cx")), float(dot.get("cy"))
    assert y == pytest.approx(y1 + (y2 - y1) * (x - x1) / (x2 - x1), abs=0.3)


def test_a_bar_says_what_the_strengths_of_a_heat_map_mean():
    words = [text.text for text in ET.fromstring(plot.figure(HEAT)).iter("{http://www.w3.org/2000/svg}text")]
    assert words[-3:] == ["2", "−2", "0"]
    words = [text.text for text in ET.fromstring(plot.figure({**HEAT, "matrix": [[3.0]]})).iter() if text.text]
    assert words[-2:] == ["3", "0"]


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
    with pytest.raises(ValueError, match="no plot of kind 'pie'; use curve, contour, histogram or heatmap"):
        plot.figure({"kind": "pie"})
