"""What `import adkit` adds to `import numpy`, and what `%load_ext adkit` takes, each in a fresh process."""

import importlib.util
import os
import subprocess
import sys

from benchmarks.harness import Comparison, Contender, Sample
from benchmarks.peers import missing

IMPORT = """
import time
import numpy
started = time.perf_counter()
import {name}
print((time.perf_counter() - started) * 1000)
"""

LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
started = time.perf_counter()
shell.run_line_magic("load_ext", "adkit")
print((time.perf_counter() - started) * 1000)
"""


def comparisons() -> list[Comparison]:
    names = ("adkit", "autograd", "torch", "jax")
    contenders = [
        Contender(name, _fresh(IMPORT.format(name=name))) if _there(name) else missing(name) for name in names
    ]
    load = [Contender("adkit", _fresh(LOAD)) if _there("IPython") else missing("IPython")]
    return [
        Comparison("Import, on top of import numpy", "ms", contenders, limit=120),
        Comparison("%load_ext adkit in a fresh IPython, NumPy's own import included", "ms", load, limit=500),
    ]


def _there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _fresh(code: str) -> Sample:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # as installed: compiled once

    def sample() -> float:
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return float(done.stdout.split()[-1])

    sample()  # once unmeasured: bytecode written, files in the cache
    return sample
