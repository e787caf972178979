"""`Trace.to_figure`: what is in the figure, that its bytes repeat, and what it says where there is nothing to draw."""

from __future__ import annotations

import io
import sys

import matplotlib
import numpy as np
import pytest

from adkit import trace
from adkit.errors import InputError, PackageError


def test_value_and_derivative_along_each_number():
    figure = trace(lambda x, y: x * x * y)(3.0, 2.0).to_figure()
    assert len(figure.subfigs) == 2
    value, derivative = figure.subfigs[0].axes
    curve, _, dot = value.lines[:3]
    x, y = (np.asarray(v, float) for v in curve.get_data())
    np.testing.assert_allclose(y, 2 * x**2, rtol=1e-5)
    np.testing.assert_allclose(np.asarray(derivative.lines[0].get_ydata(), float), 4 * x, rtol=1e-5, atol=1e-5)
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (3.0, 18.0)
    assert value.get_xlabel() == "x"
    assert value.lines[-1].get_slope() == 12.0


def test_the_curve_is_broken_where_the_path_ends():
    def f(x):
        return x * x if x > 0 else -x

    value, _ = trace(f)(1.0).to_figure().axes
    x, y = (np.asarray(v, float) for v in value.lines[0].get_data())
    np.testing.assert_array_equal(np.isnan(y), x <= 0)


def test_a_matrix_is_a_heat_map():
    a = np.arange(6.0).reshape(2, 3)
    figure = trace(lambda a: np.sum(a * a))(a).to_figure()
    picture = figure.axes[0].images[0]
    np.testing.assert_array_equal(picture.get_array(), 2 * a)
    assert picture.get_clim() == (-10.0, 10.0)


def saved(figure):
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "adkit"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def test_the_same_trace_gives_the_same_file_and_names_are_no_formulas():
    def f(**values):
        return values["$x"] ** 2

    made = trace(f)
    assert saved(made(**{"$x": 1.0}).to_figure()) == saved(made(**{"$x": 1.0}).to_figure())


def test_pyplot_knows_nothing_of_it():
    trace(lambda x: x * x)(1.0).to_figure()
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_nothing_to_plot():
    with pytest.raises(InputError, match="nothing to plot"):
        trace(lambda x: np.sum(x))(np.ones(3)).to_figure()


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(PackageError, match=r"pip install \"adkit\[notebook\]\""):
        trace(lambda x: x * x)(1.0).to_figure()
