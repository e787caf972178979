"""`%%grad --emit`: the source in a new cell below, or printed."""

from __future__ import annotations

import pytest

from adkit import control_flow
from adkit.errors import AdkitError
from tests.emit.programs import formatted
from tests.kernel.conftest import _private_directories, run, shell  # noqa: F401


def test_the_next_cell_runs_and_agrees(run, shell, monkeypatch):  # noqa: F811
    cells = []
    monkeypatch.setattr(shell, "set_next_input", lambda text, replace: cells.append((str(text), replace)))
    run("x = 2.0\nw = 3.0")
    trace = run("%%grad x w --emit next\nu = np.sin(x) * w\ny = u**2 + x")
    ((text, replace),) = cells
    assert replace is False
    assert "# line 2: u = np.sin(x) * w" in text
    assert formatted(text) == text
    run(text)
    value, derivatives = run("y_and_derivatives(x, w)")
    assert value == pytest.approx(float(trace.value))
    assert derivatives == {"x": pytest.approx(trace["x"]), "w": pytest.approx(trace["w"])}


def test_print(run, shell, capsys):  # noqa: F811
    run("x = 2.0")
    run("%%grad x --emit print\nx * np.exp(x);")
    assert "import numpy as np\n" in capsys.readouterr().out


def test_large_arrays_go_to_the_namespace(run, shell, capsys):  # noqa: F811
    run("x = 0.5\nd = np.linspace(0, 1, 100)")
    trace = run("%%grad x --emit print\nz = np.sum(np.exp(x * d))")
    text = capsys.readouterr().out.partition("Out[")[0]
    name = next(n for n in shell.user_ns if n.endswith("_constants"))
    assert f"call it with **{name}" in text
    run(text)
    value, derivatives = run(f"{name.removesuffix('_constants')}(x, **{name})")
    assert value == pytest.approx(float(trace.value))
    assert derivatives["x"] == pytest.approx(trace["x"])


def test_what_cannot_be_written_says_so(run, shell):  # noqa: F811
    shell.user_ns["loop"] = control_flow.fori_loop
    run("x = 2.0")
    with pytest.raises(AdkitError, match="fori_loop cannot be written as NumPy source"):
        run("%%grad x --emit print\nloop(0, 3, lambda i, y: y * x, x)")


def test_other_words_are_refused(run):  # noqa: F811
    run("x = 2.0")
    with pytest.raises(AdkitError, match="--emit cannot be 'nxt'.*did you mean next"):
        run("%%grad x --emit nxt\nx * 2")
