"""Bad input in a cell: each gets an error that names the line and the fix, and leaves the namespace in order."""

import math

import numpy as np
import pytest
from IPython.core.error import UsageError

from adkit.errors import AdkitError, CheckError, IndependentError, InputError, LeakError, OptionError
from adkit.handle import TracedArray


@pytest.fixture
def fails(run, shell, capsys):
    """`fails(cell, kind)` runs a cell that must raise `kind`; returns the error and what the notebook shows."""

    def run_failing(code, kind=AdkitError):
        shell.user_ns.setdefault("kept", 1.0)
        with pytest.raises(kind) as caught:
            run(code)
        assert not isinstance(caught.value, UsageError | SystemExit)
        assert shell.user_ns["np"] is np
        assert shell.user_ns["math"] is math
        assert not any(isinstance(v, TracedArray) for n, v in shell.user_ns.items() if not n.startswith("_"))
        return caught.value, capsys.readouterr().out

    return run_failing


# ------------------------------------------------------------------------------------------------ options and names


def test_unknown_option(fails, run, shell):
    error, shown = fails("%%grad x --mod forward\nx = 2.0\nran = True\nx", OptionError)
    assert "did you mean --mode?" in str(error)
    assert shown.splitlines()[-1].startswith("OptionError: unknown option --mod")
    assert "Traceback" not in shown
    assert "ran" not in shell.user_ns


@pytest.mark.parametrize(
    ("line", "nearest"),
    [("weigth", "did you mean weight?"), ("--of losss", "did you mean loss?"), ("zzz", "assign it in the cell")],
)
def test_unknown_names_suggest_the_nearest(fails, line, nearest):
    error, _ = fails(f"%%grad {line}\nweight = 2.0\nloss = weight ** 2", OptionError)
    assert nearest in str(error)


def test_a_name_that_only_a_function_assigns(fails):
    error, _ = fails("%%grad f\ndef f():\n    pass\n1.0", OptionError)
    assert "assign it at the top of the cell" in str(error)


def test_an_output_that_this_path_does_not_assign(fails):
    error, _ = fails("%%grad x --of y\nx = 1.0\nif x > 2:\n    y = x", OptionError)
    assert "without assigning y" in str(error)


def test_unknown_setting(fails, run):
    error, _ = fails("%adkit mod=forward", OptionError)
    assert "did you mean 'mode'" in str(error)
    fails("%adkit mode=sideways", OptionError)
    error, _ = fails("%adkit mode", OptionError)
    assert "%adkit mode=forward" in str(error)


def test_nothing_to_differentiate_by(fails):
    error, _ = fails("%%grad\ny = 3\ny", InputError)
    assert "%%grad x" in str(error)


def test_no_output(fails):
    error, _ = fails("%%grad x\nfor x in [1.0]:\n    pass", InputError)
    assert "end it with an expression" in str(error)


@pytest.mark.parametrize("output", ["'text'", "(x, x)", "{'a': x}", "print"])
def test_an_output_that_is_no_array(fails, output):
    error, _ = fails(f"%%grad x\nx = 1.0\n{output}", InputError)
    assert "--of" in str(error)


def test_an_empty_cell(fails):
    fails("%%grad x\n\n# nothing", InputError)


def test_line_magic_without_expression(fails):
    fails("%grad", InputError)
    fails("%grad --mode forward", InputError)


def test_gpu_without_gpu(fails):
    pytest.importorskip("numpy")
    try:
        import cupy

        if cupy.cuda.runtime.getDeviceCount():
            pytest.skip("there is a GPU")
    except Exception:
        pass
    error, shown = fails("%%grad x --device gpu\nx = 1.0\nx * 2")
    assert "adkit[cuda" in str(error) or "device" in str(error)
    assert "Traceback" not in shown


# ------------------------------------------------------------------------------------------------ no derivative


def test_integer_array(fails):
    error, _ = fails("%%grad x\nx = np.array([1, 2])\nx.sum()", InputError)
    assert "float" in str(error)


def test_integer_array_of_an_earlier_cell(fails, run, shell):
    run("k = np.array([1, 2])")
    before = shell.user_ns["k"]
    _, shown = fails("%%grad k\nk.sum()", InputError)
    assert shell.user_ns["k"] is before
    assert "Traceback" not in shown


def test_text_as_input(fails):
    fails("%%grad x\nx = 'a'\nx * 2", InputError)


def test_input_computed_from_another_input(fails):
    error, _ = fails("%%grad x w\nx = 2.0\nw = x * 2\nw * x", InputError)
    assert "w" in str(error)


def test_independent_output(fails):
    error, _ = fails("%%grad x\nx = 2.0\ny = 3.0\ny", IndependentError)
    assert "does not depend" in str(error)


def test_the_place_where_dependence_was_lost(fails):
    error, shown = fails("%%grad x\nx = 2.0\ny = np.floor(x)\ny * 2", IndependentError)
    assert error.line == 3
    assert "np.floor(x)" in shown


@pytest.mark.parametrize(
    ("statement", "fix"),
    [
        ("float(x)", "Fix"),
        ("np.float64(x)", "Fix"),
        ("plain[0] = x", "Fix"),
        ("plain[:] = np.array([x, x])", "Fix"),
        ("np.random.normal(x)", "Fix"),
        ("np.int64(x)", "Fix"),
    ],
)
def test_leaks_name_the_line_and_the_fix(fails, run, statement, fix):
    run("plain = np.ones(2)")
    error, shown = fails(f"%%grad x\nx = 2.0\nbefore = 1\n{statement}\nx", LeakError)
    assert error.line == 4
    assert fix in str(error)
    assert f"----> 4 {statement}" in shown
    assert "tracing.py" not in shown
    assert "adkit_jupyter" not in shown


def test_a_leak_in_an_imported_module_names_its_line(fails, run, tmp_path, monkeypatch):
    (tmp_path / "users_module.py").write_text("import math\n\ndef f(x):\n    return math.sin(x)\n")
    monkeypatch.syspath_prepend(tmp_path)
    run("import users_module")
    error, shown = fails("%%grad x\nx = 2.0\nusers_module.f(x)", LeakError)
    assert (error.line, error.filename) == (4, str(tmp_path / "users_module.py"))
    assert "return math.sin(x)" in shown


def test_not_a_number_runs_and_says_so(run):
    g = run("%%grad x\nx = np.nan\nx * 2")
    assert any("NaN" in note or "nan" in note for note in g.document()["notes"])
    g = run("%%grad x\nx = np.inf\nx * 2")
    assert g.document()["notes"]


def test_a_check_that_disagrees_is_an_exception(fails, run):
    run("import adkit\nwrong = adkit.custom_rule(lambda x: x**3, vjp=lambda x: (x**3, lambda g: g * x**2))")
    error, shown = fails("%%grad x --check\nx = 2.0\ny = wrong(x)", CheckError)
    assert "is 4, but differences give 12" in str(error)
    assert "Fix:" in shown
    error, _ = fails("x = 2.0\n%grad --check wrong(x)", CheckError)


# ------------------------------------------------------------------------------------------------ the user's errors


def test_an_error_in_the_cell_is_the_users(fails, shell):
    error, shown = fails("%%grad x\nx = 2.0\ny = x * 2\nz = [y]\n1 / 0\nlate = 1", ZeroDivisionError)
    assert (shell.user_ns["x"], shell.user_ns["y"], shell.user_ns["z"]) == (2.0, 4.0, [4.0])
    assert "late" not in shell.user_ns
    assert "----> 5 1 / 0" in shown
    assert "adkit_jupyter" not in shown


@pytest.mark.parametrize("statement", ["x[0] = 1", "np.ones(3) @ w", "w[5]", "w.reshape(7)", "math.log(-x)"])
def test_an_error_that_numpy_would_raise_ends_at_the_users_line(fails, statement):
    _, shown = fails(f"%%grad x w\nx, w = 2.0, np.ones(2)\n{statement}", (TypeError, ValueError, IndexError))
    assert f"----> 3 {statement}" in shown
    assert "/adkit/" not in shown


def test_an_error_in_a_function_of_an_earlier_cell(fails, run):
    run("def f(x):\n    y = x\n    return y.nothing")
    _, shown = fails("%%grad x\nx = 2.0\nf(x)", AttributeError)
    assert "----> 3 f(x)" in shown
    assert "----> 3     return y.nothing" in shown


def test_an_error_in_the_last_expression_and_lines_after_blank_ones(fails):
    _, shown = fails("%%grad x\n\n\nx = 2.0\n\nunknown_name", NameError)
    assert "----> 6 unknown_name" in shown


def test_errors_of_the_users_chaining_stay(fails):
    chained = "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('mine') from e"
    error, _ = fails(f"%%grad x\nx = 1.0\n{chained}", ValueError)
    assert isinstance(error.__cause__, ZeroDivisionError)


def test_the_user_may_catch_our_errors(run):
    g = run("%%grad x\nx = 1.0\ntry:\n    float(x)\nexcept TypeError:\n    y = x * 2\ny")
    assert float(np.asarray(g["x"])) == 2.0


def test_keyboard_interrupt(fails, shell, run):
    run("w = np.array([1.0, 2.0])\nalias = w")
    fails("%%grad w\ny = w * 2\nw[0] = 9.0\nraise KeyboardInterrupt", KeyboardInterrupt)
    assert shell.user_ns["w"] is shell.user_ns["alias"]
    np.testing.assert_array_equal(shell.user_ns["alias"], [9, 2])
    np.testing.assert_array_equal(shell.user_ns["y"], [2, 4])


def test_system_exit_restores(shell, run):
    with pytest.raises(SystemExit), pytest.warns(UserWarning, match="exit"):
        run("%%grad x\nx = 1.0\nraise SystemExit")
    assert shell.user_ns["math"] is math


def test_after_a_failure_the_next_cell_works(fails, run):
    fails("%%grad x\nx = 1.0\n1 / 0", ZeroDivisionError)
    assert float(np.asarray(run("%%grad x\nx = 1.0\nx * 3")["x"])) == 3.0


# ------------------------------------------------------------------------------------------------ syntax


@pytest.mark.parametrize("body", ["x = 2.0\ny = (", "x = 2.0\ny = = 3", "x = 2.0\nreturn x", "x = 2.0\n'a' 'b"])
def test_a_syntax_error_is_shown_as_in_a_plain_cell(fails, body, shell):
    error, shown = fails(f"%%grad x\n{body}", SyntaxError)
    assert isinstance(error, AdkitError)
    assert error.lineno == 3
    assert "SyntaxError" in shown
    assert body.splitlines()[-1].strip() in shown
    assert "run_cell_magic" not in shown
    assert ".py" not in shown
    assert "x" not in shell.user_ns


def test_an_indentation_error(fails):
    error, shown = fails("%%grad x\nx = 2.0\n  y = 3", IndentationError)
    assert "IndentationError" in shown


def test_a_syntax_error_in_the_line_magic(fails):
    fails("%grad x **", SyntaxError)


@pytest.mark.parametrize("statement", ["await f()", "async with f: pass", "y = [i async for i in f]"])
def test_await_at_the_top(fails, statement):
    error, shown = fails(f"%%grad x\nx = 2.0\n{statement}", InputError)
    assert "await" in str(error)
    assert error.line == 3
    assert "Traceback" not in shown


@pytest.mark.parametrize("inner", ["%%grad x\nx", "get_ipython().run_cell_magic('grad', 'x', 'x * 2')", "%grad x * 2"])
def test_nested(fails, inner):
    error, _ = fails(f"%%grad x\nx = 2.0\n{inner}", InputError)
    assert "cannot contain another" in str(error)
