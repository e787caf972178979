"""The documents of explorers: schema, and numbers that agree with derivatives taken one by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import numpy as np
import pytest

import adkit
from adkit.contours import contour_lines, levels
from adkit.explorer_document import explorer_document
from adkit.views import html, plot, text
from tests.project.test_schema import SCHEMA

W = np.linspace(0.1, 1.0, 5)

SCALAR: dict[str, Callable[..., Any]] = {
    "elementwise": lambda x: np.sin(x) * np.exp(-(x**2)),
    "arrays inside": lambda x: np.sum(np.sin(W * x) * np.dot(W, W * x)),
    "linear": lambda x: 3.0 * x,
    "branch": lambda x: x**3 if x > -1 else -x,
    "domain": lambda x: np.log(x),
    "matrices": lambda x: np.linalg.det(np.eye(2) * x + np.ones((2, 2))),
}


def curve_of(f: Callable[..., Any], at: float, limits: tuple[float, float], mode: str = "reverse") -> dict[str, Any]:
    document = explorer_document(adkit.trace(f, mode=mode)(at), {"x": limits})
    jsonschema.validate(document, SCHEMA)
    assert document == json.loads(json.dumps(document, allow_nan=False))
    plot: dict[str, Any] = document["plots"][0]
    return plot


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", SCALAR)
def test_curves_agree_with_derivatives_at_each_point(name: str, mode: str) -> None:
    f = SCALAR[name]
    curve = curve_of(f, 1.25, (-3.0, 3.0), mode)  # at points that six digits write exactly
    assert (curve["x"][0], curve["x"][-1], curve["at"]) == (-3.0, 3.0, 1.25)
    with np.errstate(all="ignore"):
        for i in range(0, len(curve["x"]), 7):
            x = curve["x"][i]
            expected = [f(x), *(adkit.derivative(f, n)(x) for n in (1, 2))]
            shown = [curve[key][i] for key in ("value", "derivative", "second")]
            if name == "branch" and x <= -1:
                assert shown == [None] * 3
            elif np.isfinite(expected).all():
                assert shown == pytest.approx(expected, rel=1e-5, abs=1e-7), x
            else:
                assert None in shown
    assert curve["second_at"] == pytest.approx(adkit.derivative(f, 2)(1.25), rel=1e-5, abs=1e-9)
    (x1, x2), (y1, y2) = curve["tangent"]["x"], curve["tangent"]["y"]
    assert (y2 - y1) / (x2 - x1) == pytest.approx(curve["derivative_at"], rel=1e-4)
    assert (y1 + y2) / 2 == pytest.approx(curve["value_at"], rel=1e-4, abs=1e-5)


def test_a_point_beyond_the_range_widens_it() -> None:
    curve = curve_of(lambda x: x**2, 7.0, (-1.0, 1.0))
    assert (curve["x"][0], curve["x"][-1]) == (-1.0, 7.0)


def test_a_contour_lies_where_the_function_has_its_value() -> None:
    def f(a: Any, b: Any) -> Any:
        return a**2 + 3 * b**2

    document = explorer_document(adkit.trace(f)(0.5, -0.25), {"a": (-2.0, 2.0), "b": (-1.0, 1.0)})
    contour = document["plots"][-1]
    assert (contour["kind"], contour["inputs"], contour["at"]) == ("contour", ["a", "b"], [0.5, -0.25])
    assert contour["gradient_at"] == [1.0, -1.5]
    assert len(contour["lines"]) >= 5
    for line in contour["lines"]:
        segments = np.array(line["segments"]).reshape(-1, 2)
        assert f(segments[:, 0], segments[:, 1]) == pytest.approx(
            line["level"], abs=0.0045
        )  # h² f″ / 8, and six digits
    for x, y, dx, dy in contour["field"]:
        assert (dx, dy) == pytest.approx((2 * x, 6 * y), rel=1e-5)


def test_a_contour_ends_where_another_branch_begins() -> None:
    def f(a: Any, b: Any) -> Any:
        return a * b if a > 0 else b

    document = explorer_document(adkit.trace(f)(1.0, 1.0), {"a": (-2.0, 2.0), "b": (-2.0, 2.0)})
    contour = document["plots"][-1]
    assert min(x for line in contour["lines"] for x in line["segments"][0::2]) >= 0
    assert all(x > 0 for x, *_ in contour["field"])


def test_three_scalar_inputs_have_no_contour_and_flat_surfaces_no_lines() -> None:
    three = explorer_document(adkit.trace(lambda a, b, c: a * b * c)(1.0, 2.0, 3.0))
    assert [plot["kind"] for plot in three["plots"]] == ["curve"] * 3
    assert levels(np.full((3, 3), 2.0)) == []
    assert contour_lines(np.arange(3.0), np.arange(3.0), np.full((3, 3), 2.0)) == []


def test_a_saddle_has_four_arms() -> None:
    axis = np.linspace(-1.0, 1.0, 4)
    lines = contour_lines(axis, axis, np.multiply.outer(axis, axis))
    points = np.array(next(line for line in lines if line["level"] > 0)["segments"]).reshape(-1, 2)
    assert (np.sign(points[:, 0]) == np.sign(points[:, 1])).all()


@pytest.mark.parametrize(
    ("shape", "kinds"),
    [((5,), ["heatmap"]), ((65,), ["histogram"]), ((3, 4), ["heatmap"]), ((80, 80), ["heatmap", "histogram"])],
)
def test_gradients_of_arrays(shape: tuple[int, ...], kinds: list[str]) -> None:
    w = np.arange(float(np.prod(shape))).reshape(shape)
    w.flat[1] = np.nan
    document = explorer_document(adkit.trace(lambda w: np.sum(w**2))(w))
    jsonschema.validate(document, SCHEMA)
    assert [entry["kind"] for entry in document["plots"]] == kinds
    for entry in document["plots"]:
        if entry["kind"] == "histogram":
            assert sum(entry["counts"]) + entry["nonfinite"] == w.size
            assert (entry["zero"], entry["nonfinite"], len(entry["edges"])) == (1, 1, len(entry["counts"]) + 1)


def test_programs_too_long_for_curves_have_none() -> None:
    def long(x: Any) -> Any:
        for _ in range(3000):
            x = np.sin(x)
        return x

    assert explorer_document(adkit.trace(long)(1.0))["plots"] == []


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_every_plot_is_drawn_without_matplotlib(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)

    def f(a: Any, b: Any) -> Any:
        return a**2 * b if a > 0 else b

    def g(w: Any, v: Any) -> Any:
        return np.sum(w @ w) + np.sum(np.sqrt(v))

    documents = [
        explorer_document(adkit.trace(f, mode=mode)(1.0, 2.0)),
        explorer_document(adkit.trace(g, mode=mode)(np.eye(3), np.linspace(0.0, 1.0, 100))),
    ]
    for document in documents:
        page = html.render(document)
        assert page.count("data:image/svg+xml") == 1 + min(3, len(document["plots"]))
        assert "matplotlib" not in page
        assert text.render(document)
        for entry in document["plots"]:
            drawn = plot.figure(entry, mode)
            assert drawn == plot.figure(entry, mode)
            assert "nan" not in drawn
            assert "inf" not in drawn


def test_names_of_inputs_are_escaped_in_the_page() -> None:
    document = explorer_document(adkit.trace(lambda p: p["<i>"] ** 2)({"<i>": 2.0}))
    page = html.render(document)
    assert "<i>" not in page
    assert "&lt;i&gt;" in page


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no plot of kind 'pie'"):
        plot.figure({"kind": "pie"})
