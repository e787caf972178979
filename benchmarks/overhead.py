"""What `%%grad` adds to a cell of 100,000 operations, and how much it saves into the notebook."""

import contextlib
import io
import json
import time
from collections.abc import Callable
from typing import Any

from benchmarks.harness import Comparison, Contender, Sample
from benchmarks.peers import find, missing

OPERATIONS = 100_000
BODY = f"""x = 0.5
y = x
for step in range({OPERATIONS // 2}):
    y = np.sin(y) * x
y
"""
KIBIBYTE = 1024


def comparisons() -> list[Comparison]:
    title = f"A cell of {OPERATIONS:,} operations on a number, run and shown"
    if find("IPython") is None:
        return [Comparison(title, "ms", [missing("IPython")])]
    shell = Shell()
    traced = "%%grad x\n" + BODY
    times = [
        Contender("with %%grad x", _milliseconds(lambda: shell.run(traced))),
        Contender("plain cell", _milliseconds(lambda: shell.run(BODY))),
    ]
    sizes = [Contender("adkit", lambda: shell.saved(traced) / KIBIBYTE)]
    return [
        Comparison(title, "ms", times, note="the aim: at most three times the plain cell, and 2,000 ms more"),
        Comparison("What that cell saves into the notebook", "KiB", sizes, limit=1_000_000 / KIBIBYTE),
    ]


class Shell:
    """IPython as a notebook has it, with adkit loaded; what it displays goes nowhere."""

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        self.shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
        self.run("import numpy as np")
        self.run("%load_ext adkit")

    def run(self, cell: str) -> Any:
        """Run and show a cell; its value, or its error raised."""
        with contextlib.redirect_stdout(io.StringIO()):
            result = self.shell.run_cell(cell)
        result.raise_error()
        return result.result

    def saved(self, cell: str) -> int:
        """The bytes that the output of a cell takes in the notebook's file."""
        formatter = self.shell.display_formatter
        assert formatter
        bundle, _ = formatter.format(self.run(cell))
        return len(json.dumps(bundle))


def _milliseconds(work: Callable[[], object]) -> Sample:
    def sample() -> float:
        started = time.perf_counter()
        work()
        return (time.perf_counter() - started) * 1000

    return sample
