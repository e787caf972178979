"""NumPy's warnings within a traced cell name the user's line. In a process of its own: pytest collects warnings."""

from __future__ import annotations

import subprocess
import sys
import textwrap

CODE = """
    import warnings
    from IPython.core.interactiveshell import InteractiveShell

    plain = warnings.showwarning
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False

    def run(cell):
        shell.run_cell(cell, store_history=True).raise_error()

    run("%load_ext adkit")
    run("import numpy as np")
    for _ in range(2):
        run("%%grad x\\nx = 0.0\\ny = 1 + x\\nz = np.log(x) + y")
    run("plainly = np.log(np.zeros(1))")
    run("%unload_ext adkit")
    assert warnings.showwarning == plain
"""


def test_a_warning_names_the_users_line_every_time() -> None:
    command = [sys.executable, "-c", textwrap.dedent(CODE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = [line for line in done.stderr.splitlines() if "RuntimeWarning" in line]
    assert len(shown) == 3, done.stderr
    assert all("adkit" not in line and "divide by zero encountered in log" in line for line in shown)
    assert [line.split(":")[1] for line in shown] == ["4", "4", "1"]
    assert done.stderr.count("z = np.log(x) + y") == 2
