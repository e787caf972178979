"""The magics on a real Jupyter kernel, as front ends and notebook runners see them."""

import json
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

MIME = "application/vnd.adkit.trace.v1+json"


def test_a_cell_shows_one_bundle(kernel):
    result = kernel.run("%%grad x\nx = 1.5\ny = np.sin(x) * x\ny")
    assert result.status == "ok"
    assert set(result.data) >= {MIME, "text/html", "text/plain"}
    document = result.data[MIME]
    assert document["derivatives"][0]["label"] == "∂y/∂x"
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert kernel.value("type(x).__name__, type(y).__name__, np.__name__, math.__name__") == (
        "('float', 'float64', 'numpy', 'math')"
    )


def test_out_underscore_and_attributes(kernel):
    kernel.run("%%grad x --name g\nx = 3.0\nx ** 2")
    assert kernel.value("_ is g, float(g['x']), float(g.x), float(g.gradient['x'])") == "(True, 6.0, 6.0, 6.0)"


def test_a_semicolon_shows_nothing(kernel):
    assert kernel.run("%%grad x\nx = 3.0\nx ** 2;").data is None


def test_an_error_of_the_user(kernel):
    result = kernel.run("%%grad x\nx = 2.0\ny = x * 2\ny / 0\nz = 1")
    assert result.status == "error"
    assert result.error["ename"] == "ZeroDivisionError" or result.error["ename"] == "FloatingPointError"
    shown = "\n".join(result.error["traceback"])
    assert "adkit_jupyter" not in shown
    assert kernel.value("x, y, 'z' in globals(), np.__name__") == "(2.0, 4.0, False, 'numpy')"


def test_the_traceback_shows_the_users_cell(kernel):
    result = kernel.run("%%grad x\nx = 2.0\n\ndef f(a):\n    return a.nothing\n\nf(x)")
    shown = plain("\n".join(result.error["traceback"]))
    assert "----> 7 f(x)" in shown
    assert "----> 5     return a.nothing" in shown
    assert "Cell In[" in shown


def plain(text):
    """Text without terminal colours."""
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize(
    ("code", "ename", "part"),
    [
        ("%%grad x --mod forward\nx = 2.0\nx", "OptionError", "did you mean --mode?"),
        ("%%grad x\nx = 2.0\nx + (", "SyntaxError", "SyntaxError"),
        ("%%grad x\nx = 2.0\nfloat(x)", "LeakError", "Fix:"),
        ("%%grad x\nx = 2.0\n3.0", "IndependentError", "does not depend"),
        ("%%grad x\nx = 2.0\nawait x", "InputError", "await"),
        ("%%grad x\nx = 2.0\n%%grad x\nx", "InputError", "another %%grad"),
        ("%grad", "InputError", "expression"),
        ("%adkit speed=9", "OptionError", "unknown setting"),
    ],
)
def test_errors_reach_front_ends(kernel, code, ename, part):
    result = kernel.run(code)
    assert result.status == "error"
    assert (result.error["ename"], result.reply["ename"]) == (ename, ename)
    shown = plain("\n".join(result.error["traceback"]))
    assert part in shown
    assert "adkit_jupyter" not in shown
    assert "interactiveshell.py" not in shown


def test_source_of_functions_defined_in_a_cell(kernel):
    kernel.run("%%grad x\nx = 2.0\ndef f(t):\n    return t * 2\nf(x)")
    kernel.run("import inspect\nfile = inspect.getsourcefile(f)")
    assert kernel.value("inspect.getsource(f)") == repr("def f(t):\n    return t * 2\n")
    assert "ipykernel_" in kernel.value("file")


def test_the_debugger_finds_the_lines_of_the_cell(kernel):
    """Breakpoints are set by file name, which Jupyter computes from the text that the front end sent."""
    raw = "%%grad x\nx = 2.0\ndef f(t):\n    return t * 2\nf(x)"
    kernel.run(raw)
    kernel.run(f"from ipykernel.compiler import get_file_name\nname = get_file_name({raw!r})")
    assert kernel.value("f.__code__.co_filename == name, f.__code__.co_firstlineno") == "(True, 3)"


def test_without_history_and_cell_id(kernel):
    result = kernel.run("%%grad x\nx = 2.0\ny = x ** 2\ny", store_history=False)
    assert result.status == "ok"
    assert result.data[MIME]["rows"]


def test_outputs_are_deterministic(kernel):
    code = "%%grad x\nx = 1.5\nu = np.sin(x)\ny = u * x\ny"
    first, second = kernel.run(code), kernel.run(code, store_history=False)
    assert first.data == second.data


def test_completion(kernel):
    assert kernel.completions("%%grad --mo") == ["%%grad --mode"]
    assert kernel.completions("%%grad x --mode=f") == ["%%grad x --mode=forward"]
    code = "%%grad wei\nweight = 2.0\nweight ** 2"
    assert kernel.completions(code, cursor=10) == ["%%grad weight"]
    assert kernel.completions("%adkit mode=r") == ["%adkit mode=reverse"]


def test_inspection(kernel):
    content = kernel.client.inspect("%%grad", 6, reply=True, timeout=120)["content"]
    assert content["found"]
    assert "--mode" in content["data"]["text/plain"]


def test_settings_last_from_cell_to_cell(kernel):
    try:
        assert "mode=forward" in kernel.run("%adkit mode=forward").text
        assert kernel.run("%%grad x\nx = 2.0\nx ** 2").data[MIME]["mode"] == "forward"
        assert "mode=forward" in kernel.run("%adkit").text
    finally:
        kernel.run("%adkit mode=auto")


def test_unload_and_reload(kernel):
    kernel.run("%unload_ext adkit")
    try:
        assert kernel.run("%%grad x\nx = 2.0\nx").status == "error"
    finally:
        kernel.run("%load_ext adkit")
    assert kernel.run("%reload_ext adkit").status == "ok"
    assert kernel.run("%%grad x\nx = 2.0\nx * 2").status == "ok"


def test_two_kernels_in_parallel(new_kernel):
    kernels = [new_kernel(), new_kernel()]

    def work(i):
        kernel, mode = kernels[i], ("forward", "reverse")[i]
        kernel.run(f"%adkit mode={mode}")
        return [kernel.run(f"%%grad x\nx = {i + n}.0\nx ** 2") for n in range(3)][-1]

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(work, range(2)))
    for i, mode in enumerate(("forward", "reverse")):
        document = results[i].data[MIME]
        assert (document["mode"], document["derivatives"][0]["text"]) == (mode, f"{2 * (i + 2)}")


def test_interrupt(kernel):
    kernel.run("w = np.array([1.0, 2.0])\nalias = w")
    loop = "v = np.sin(w)\nprint('running', flush=True)\nwhile True:\n    v = np.sin(w)"

    def hear(message):
        if message["content"].get("text", "").startswith("running"):
            kernel.manager.interrupt_kernel()

    result = kernel.run(f"%%grad w\nu = w * 2\nw[0] = 9.0\n{loop}", hear=hear)
    assert (result.status, result.error["ename"]) == ("error", "KeyboardInterrupt")
    assert "adkit_jupyter" not in plain("\n".join(result.error["traceback"]))
    names = "np.__name__, math.__name__, w is alias, w.tolist(), u.tolist(), type(v).__name__"
    assert kernel.value(names) == "('numpy', 'math', True, [9.0, 2.0], [2.0, 4.0], 'ndarray')"
    assert kernel.run("%%grad x\nx = 2.0\nx * 2").status == "ok"


def run_notebook(*cells):
    """Run cells as nbclient does; return the executed notebook."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=300, startup_timeout=300, kernel_name="python3").execute()
    return notebook


@pytest.mark.processes
@pytest.mark.usefixtures("_private_directories")
def test_nbclient():
    notebook = run_notebook("%load_ext adkit\nimport numpy as np", "%%grad x\nx = 2.0\nnp.sin(x)")
    assert MIME in notebook.cells[1].outputs[0].data


@pytest.mark.processes
@pytest.mark.usefixtures("_private_directories")
@pytest.mark.parametrize(
    "code", ["%%grad x --mod f\nx = 1.0\nx", "%%grad x\nx = 1.0\n1 / 0", "%%grad x\nx = 1.0\nx = ("]
)
def test_nbclient_stops_at_errors(code):
    with pytest.raises(CellExecutionError):
        run_notebook("%load_ext adkit", code, "print('reached')")


@pytest.mark.processes
@pytest.mark.usefixtures("_private_directories")
def test_nbval(tmp_path):
    """A saved notebook passes a strict comparison with its own outputs, explorers included."""
    import subprocess
    import sys

    notebook = run_notebook(
        "%load_ext adkit\nimport numpy as np",
        "%%grad x\nx = 2.0\ny = np.sin(x)\ny",
        "w = np.array([1.0, 2.0])",
        "%%grad w\nnp.sum(w ** 2)",
        "%grad x ** 2",
        "%%grad x w --explore --name e\nx, w = 1.5, -0.4\nnp.sin(x) * w if x > 0 else x",
        "v = 2.0",
        "%grad --explore v ** 2",
    )
    path = tmp_path / "saved.ipynb"
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
    command += ["--nbval-kernel-startup-timeout=300"]
    result = subprocess.run([*command, str(path)], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-3000:]
