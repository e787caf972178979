"""The diagnoses as flags of the magics, the debug session, and the list of a cell that fails."""

import json
import subprocess
import sys
from importlib.resources import files

import jsonschema
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import adkit
from adkit import NonFiniteError, OptionError
from adkit.check import check_grads
from adkit.handle import TracedArray

MIME = "application/vnd.adkit.trace.v1+json"
SCHEMA = json.loads((files("adkit.views") / "trace.v1.schema.json").read_text(encoding="utf-8"))
ROOT_OF_ZERO = "x = np.zeros(2)\nr = np.sum(x ** 2)\nloss = np.sqrt(r)"

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.fixture(autouse=True)
def settings_restored():
    with adkit.settings():
        yield


def checked(document):
    jsonschema.validate(document, SCHEMA)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    return document


# ------------------------------------------------------------------------------------------------ flags


def test_the_origin_of_a_nan(run):
    trace = run(f"%%grad x --nan\n{ROOT_OF_ZERO}")
    bundle = trace._repr_mimebundle_()
    (report,) = checked(bundle[MIME])["reports"]
    assert (report["kind"], report["severity"]) == ("nan", "error")
    assert "np.sqrt(r) on line 4" in report["verdict"]
    assert report["tables"][-1]["rows"][0] == {
        "cells": ["v₂ r", "3", "Σ v₁", "inf"],
        "variable": "v2",
        "line": 3,
        "state": "nonfinite",
        "bar": None,
    }
    for shown in (bundle["text/plain"], bundle["text/html"]):
        assert "the slope of a square root at 0 is infinite" in shown
        assert "np.linalg.norm" in shown


def test_reports_are_there_only_when_asked_for(run):
    assert "reports" not in run("%%grad x\nx = 2.0\nx ** 2").document()
    (report,) = checked(run("%%grad x --nan\nx = 2.0\nx ** 2").document())["reports"]
    assert (report["severity"], report["tables"]) == ("ok", [])


def test_several_reports_in_one_cell_without_views(run):
    trace = run("%%grad x w --nan --flow --why x --why w --view none\nx = 2.0\nw = 3.0\nx * w")
    document = checked(trace._repr_mimebundle_()[MIME])
    assert [report["kind"] for report in document["reports"]] == ["nan", "flow", "why", "why"]
    assert document["rows"] == []
    assert str(trace.reports[0]) in trace._repr_mimebundle_()["text/plain"]


def test_what_changed_against_an_earlier_cell(run, shell):
    run("%%grad x --name before\nx = 2.0\nnp.sin(x) * x")
    trace = run("%%grad x --diff before --nan\nx = 2.0\nnp.cos(x) * x")
    nan, diff = checked(trace._repr_mimebundle_()[MIME])["reports"]
    assert (nan["kind"], diff["kind"], diff["severity"]) == ("nan", "diff", "warning")
    assert ["−", "+"] == [row["cells"][0] for row in diff["tables"][1]["rows"]][:2]
    shell.user_ns["x"] = 2.0
    same = run("%grad --diff before np.sin(x) * x").reports[0]
    assert "the same" in same.verdict


@pytest.mark.parametrize(("name", "fix"), [("nobody", "nobody is not bound"), ("x", "x is no trace")])
def test_a_difference_to_what_is_no_trace(run, shell, name, fix):
    shell.user_ns["x"] = 3.0
    with pytest.raises(OptionError, match=fix):
        run(f"%%grad x --diff {name}\nx = 2.0\nx ** 2")
    assert shell.user_ns["x"] == 3.0  # the cell did not run


def test_why_without_a_name_tells_of_the_inputs(run, shell):
    trace = run("%%grad x w --why --nan\nx = 2.0\nw = 3.0\nx * w")
    assert [why.name for why in trace.reports[-1].data] == ["x", "w"]
    shell.user_ns.update(x=2.0, w=3.0)
    assert [why.name for why in run("%grad --why x * w").reports[0].data] == ["x", "w"]
    assert [why.name for why in run("%grad --why w x * w").reports[0].data] == ["w"]


def test_a_line_has_them_too(run, shell):
    shell.user_ns["x"] = 0.0
    trace = run("%grad --nan np.sqrt(x)")
    assert trace.reports[0].data[0].operation == "sqrt"
    assert str(run("%grad np.sqrt(x) --nan --view=list").reports[0]) == str(trace.reports[0])


@pytest.mark.parametrize(
    ("line", "fix"),
    [("--nann", "did you mean --nan"), ("--why 1x", "name a variable"), ("--flo", "did you mean --flow")],
)
def test_flags_that_are_misspelled(run, shell, line, fix):
    with pytest.raises(OptionError, match=fix):
        run(f"%%grad x {line}\nx = 2.0\nx ** 2")
    assert "x" not in shell.user_ns


def test_asking_why_of_what_is_no_variable(run):
    with pytest.raises(adkit.AdkitError, match=r"zzz.*Fix: "):
        run("%%grad x --why zzz\nx = 2.0\nx ** 2")


def test_reports_escape_what_the_user_wrote(run):
    trace = run('%%grad x --nan\nx = 0.0\ntag = {"<img src=x>": 1.0}\ny = np.sqrt(x * tag["<img src=x>"])')
    bundle = trace._repr_mimebundle_()
    assert "<img src=x>" in bundle["text/plain"]
    assert "<img src=x>" not in bundle["text/html"]


def test_completion_of_the_flags(kernel):
    kernel.run("weight = 2.0")
    assert kernel.completions("%%grad --n") == ["%%grad --nan", "%%grad --name"]
    assert kernel.completions("%adkit nan=") == ["%adkit nan=allow", "%adkit nan=raise"]
    cell = "%%grad --why \nweight = 3.0\nweight ** 2"
    assert "%%grad --why weight" in kernel.completions(cell, len("%%grad --why "))
    kernel.run("%%grad weight --name earlier --view none\nweight ** 2")
    assert kernel.completions("%%grad --diff ") == ["%%grad --diff earlier"]


# ------------------------------------------------------------------------------------------------ nan=raise


def test_a_session_that_stops(run, shell, capsys):
    run("%adkit nan=raise")
    assert "nan=raise" in capsys.readouterr().out
    with pytest.raises(NonFiniteError) as caught:
        run(f"%%grad x --name g\n{ROOT_OF_ZERO}")
    shown = capsys.readouterr().out
    assert "----> 4 loss = np.sqrt(r)" in shown
    assert "NonFiniteError: the derivative of np.sqrt(r) on line 4 is infinite" in shown
    assert "from the origin to the input" in shown
    assert "Traceback" not in shown
    assert caught.value.line == 4
    assert "g" not in shell.user_ns
    assert not any(isinstance(v, TracedArray) for n, v in shell.user_ns.items() if not n.startswith("_"))
    assert shell.user_ns["r"] == 0.0


def test_functions_in_a_plain_cell_stop_as_well(run, capsys):
    run("%adkit nan=raise")
    run("import adkit\ndef loss(x):\n    return np.log(x).sum()")
    with pytest.raises(NonFiniteError, match=r"np\.log\(x\) on line 3"):
        run("adkit.grad(loss)(np.array([1.0, -1.0]))")
    assert "operands at [1]" in capsys.readouterr().out


def test_the_second_derivative_stops(run):
    run("%adkit nan=raise")
    assert np.asarray(run("%%grad x\nx = 0.0\nx ** 1.5")["x"]) == 0.0
    with pytest.raises(NonFiniteError, match="order 2"):
        run("%%grad x --order 2\nx = 0.0\nx ** 1.5")


def test_healthy_cells_go_on(run):
    run("%adkit nan=raise")
    trace = run("%%grad x --check\nx = 0.5\nnp.where(x > 0, np.log(x), 0.0) * x")
    assert trace._repr_mimebundle_()[MIME]["plots"], "curves look at points where there is no derivative"


# ------------------------------------------------------------------------------------------------ a cell that fails

FAILING = """
%%grad x
x = np.array([1.0, 2.0])
def f(u):
    v = np.exp(u)
    return v @ np.ones(3)
y = np.sin(x)
if y[0] > 0:
    z = f(y) + 1
z
"""


def test_the_list_up_to_the_failing_instruction(kernel):
    result = kernel.run(FAILING)
    assert result.status == "error"
    assert result.error["ename"] == "ValueError"
    traceback = "\n".join(result.error["traceback"])
    assert "adkit_jupyter" not in traceback
    assert "partial_list" not in traceback
    document = checked(result.data[MIME])
    assert document["partial"]["error"] == "ValueError"
    assert (document["partial"]["line"], document["derivatives"]) == (5, [])
    rows = [(row["text"], row["name"], row["line"]) for row in document["rows"]]
    assert rows == [
        ("input", "x", None),
        ("sin(v₀)", "y", 6),
        ("v₁[0]", None, 7),
        ("v₂ > 0 was true", None, 7),
        ("exp(v₁)", "v", 4),
    ]
    assert all(row["adjoint"] is None for row in document["rows"])
    text = result.data["text/plain"]
    assert text.startswith("warning: the cell stopped at line 5, in v @ np.ones(3): ValueError: ")
    assert "partial list: 3 instructions before the error" in text
    assert "the cell stopped at line 5" in result.data["text/html"]
    assert kernel.value("type(y).__name__, 'z' in globals(), np.__name__") == "('ndarray', False, 'numpy')"


@pytest.mark.parametrize(
    ("cell", "error", "line", "texts"),
    [
        ("x = 2.0\ny = np.sin(x)\nz = y * unknown", "NameError", 4, ["sin(v₀)"]),
        ("x = 2.0\ny = x * 3\nfloat(y)", "LeakError", 4, ["v₀ · 3"]),
        ("x = 0.0\ny = x * 3\nz = 1 / y", "ZeroDivisionError", 4, ["v₀ · 3"]),
        ("x = np.ones(3)\ny = []\nfor i in range(4):\n    y.append(x[i] ** 2)", "IndexError", 5, ["v₀[0]", "v₁²"]),
        ("x = 2.0\nd = {'a': np.cos(x)}\nd['b']", "KeyError", 4, ["cos(v₀)"]),
        ("x = 2.0\nassert np.exp(x) < 1, 'too large'", "AssertionError", 3, ["exp(v₀)"]),
    ],
)
def test_real_failures_keep_their_error_and_show_what_there_was(kernel, cell, error, line, texts):
    result = kernel.run(f"%%grad x\n{cell}")
    assert (result.status, result.error["ename"]) == ("error", error)
    document = checked(result.data[MIME])
    assert (document["partial"]["error"], document["partial"]["line"]) == (error, line)
    shown = [row["text"] for row in document["rows"] if row["kind"] == "instruction"]
    assert shown[: len(texts)] == texts


@pytest.mark.parametrize(
    "cell",
    [
        "%%grad x --mod forward\nx = 2.0\nx ** 2",
        "%%grad x --of nothing\nx = 2.0\ny = x ** 2",
        "%%grad x\nx = 2.0\ny = x ** 2\n'text'",
        "%%grad x\nx = 2.0\ny = np.floor(x)",
        "%%grad x\nx = 2.0\nx **",
        "%%grad x\nx = 2.0\nunknown",
        "%%grad x --view none\nx = 2.0\ny = x ** 2\nunknown",
    ],
)
def test_errors_without_a_list(kernel, cell):
    result = kernel.run(cell)
    assert result.status == "error"
    assert result.data is None


def test_the_message_is_the_same_in_every_run(kernel):
    cell = "%%grad x\nx = 2.0\ny = x ** 2\nraise ValueError(f'at {object()!r}\\nsecond line')"
    text = kernel.run(cell).data["text/plain"]
    assert "object at 0x…>; the list ends there" in text
    assert kernel.run(cell).data["text/plain"] == text


def test_should_the_list_itself_fail_the_error_stays_the_users(run, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("no list")

    monkeypatch.setattr("adkit.partial.PartialTrace", broken)
    with pytest.raises(KeyError) as caught:
        run("%%grad x\nx = 2.0\ny = x ** 2\n{}['a']")
    assert "no list" in caught.value.__notes__[0]


@pytest.mark.processes
@pytest.mark.usefixtures("_private_directories")
def test_notebook_runners_see_the_error_and_the_same_output(tmp_path):
    cells = [
        nbformat.v4.new_code_cell("%load_ext adkit\nimport numpy as np"),
        nbformat.v4.new_code_cell(FAILING.strip(), metadata={"tags": ["raises-exception"]}),
        nbformat.v4.new_code_cell(f"%%grad x --nan\n{ROOT_OF_ZERO}"),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=300, startup_timeout=300, kernel_name="python3").execute()
    kinds = [output["output_type"] for output in notebook.cells[1].outputs]
    assert kinds == ["display_data", "error"], "the list comes before the error"
    path = tmp_path / "failing.ipynb"
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider", path]
    command.append("--nbval-kernel-startup-timeout=300")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


# ------------------------------------------------------------------------------------------------ the check


def test_a_check_in_html(run):
    trace = run("%%grad x --check\nx = np.array([1.0, 0.0])\nnp.sum(np.abs(x))")
    badge = checked(trace._repr_mimebundle_()[MIME])["badge"]
    assert badge["verdict"] == "kink"
    assert badge["rows"][0]["detail"].endswith("worst at [1]")
    page = trace.report._repr_mimebundle_()["text/html"]
    assert "worst at [1]" in page
    assert check_grads(np.sin, (1.0,))._repr_mimebundle_()["text/html"].startswith("<div")
