"""Loading, unloading and reloading the extension."""

import json
import subprocess
import sys

import pytest
from IPython.core.error import UsageError


def magics(shell):
    registered = shell.magics_manager.magics
    return sorted(n for kind in ("cell", "line") for n in registered[kind] if n in ("grad", "adkit"))


def state(shell):
    """Everything that loading changes."""
    return (
        magics(shell),
        len(shell.Completer.custom_matchers),
        len(shell.events.callbacks["pre_run_cell"]),
        shell.custom_exceptions,
        len(shell.configurables),
    )


def test_unload_takes_everything_off(shell):
    loaded = state(shell)
    assert loaded[0] == ["adkit", "grad", "grad"]
    shell.run_line_magic("unload_ext", "adkit")
    assert magics(shell) == []
    assert shell.Completer.custom_matchers == []
    assert shell.custom_exceptions == ()
    with pytest.raises(UsageError):
        shell.run_cell("%%grad x\nx = 1.0")
    shell.run_line_magic("load_ext", "adkit")
    assert state(shell) == loaded


def test_reload(shell, run):
    loaded = state(shell)
    shell.run_line_magic("reload_ext", "adkit")
    assert state(shell) == loaded
    assert float(run("%%grad x\nx = 1.0\nx * 3")["x"]) == 3.0


def test_both_names_and_twice(shell, run):
    loaded = state(shell)
    shell.run_line_magic("load_ext", "adkit")
    shell.run_line_magic("load_ext", "adkit_jupyter")
    assert state(shell) == loaded
    shell.run_line_magic("unload_ext", "adkit_jupyter")
    shell.run_line_magic("unload_ext", "adkit")
    assert magics(shell) == []


def test_unload_leaves_what_others_registered(shell):
    def mine(line, cell):
        return "mine"

    shell.register_magic_function(mine, "cell", "grad")
    shell.set_custom_exc((KeyError,), lambda *args: None)
    shell.run_line_magic("unload_ext", "adkit")
    assert shell.run_cell_magic("grad", "", "x") == "mine"
    assert shell.custom_exceptions == (KeyError,)


def test_a_handler_for_exceptions_that_was_there_goes_on_working(shell):
    shell.run_line_magic("unload_ext", "adkit")
    seen = []
    shell.set_custom_exc((KeyError,), lambda shell, kind, error, tb, tb_offset=None: seen.append(kind))
    shell.run_line_magic("load_ext", "adkit")
    with pytest.raises(KeyError):
        shell.run_cell("{}['a']")
    assert seen == [KeyError]
    with pytest.raises(SyntaxError):
        shell.run_cell("%%grad x\nx = (")
    shell.run_line_magic("unload_ext", "adkit")
    assert shell.custom_exceptions == (KeyError,)


def test_help(shell, capsys):
    shell.run_cell("%%grad?")
    shown = capsys.readouterr().out
    for option in ("--of", "--mode", "--device", "--order", "--view", "--check", "--name", "NAMES"):
        assert option in shown


def test_loading_imports_no_widgets_and_no_plots():
    code = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
before = set(sys.modules)
shell.run_line_magic("load_ext", "adkit")
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    roots = {name.split(".")[0] for name in json.loads(result.stdout.splitlines()[-1])}
    assert not roots & {"ipywidgets", "matplotlib", "cupy", "llvmlite", "pandas", "jax", "torch"}
