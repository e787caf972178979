"""Running an emitted program as somebody else would: in a clean namespace, where adkit cannot be imported."""

from __future__ import annotations

import builtins
import subprocess
import sys

import numpy as np


def clean(source):
    """The function that a source defines, with imports of adkit refused."""

    def without_adkit(name, *args, **kwargs):
        assert not name.startswith("adkit"), "an emitted program imports adkit"
        return __import__(name, *args, **kwargs)

    namespace = {"__builtins__": {**vars(builtins), "__import__": without_adkit}, "__name__": "taken_home"}
    exec(compile(source, "<emitted>", "exec"), namespace)
    function = namespace[source.function]
    return lambda *args: function(*args, **source.constants)


def formatted(source, *options):
    """The source as ruff formats it."""
    command = [sys.executable, "-m", "ruff", "format", "--isolated", *options, "-"]
    return subprocess.run(command, input=str(source), text=True, capture_output=True, check=True).stdout


def linted(source):
    """What ruff finds wrong with the source."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--output-format", "concise", "-q", "-"]
    return subprocess.run(command, input=str(source), text=True, capture_output=True).stdout


def agree(found, trace, rtol=1e-12):
    """Compare what an emitted program returned with a trace at the same inputs."""
    value, derivatives = found
    np.testing.assert_allclose(value, trace.value, rtol=rtol, atol=1e-13)
    assert list(derivatives) == list(trace._inputs)
    for name, made in derivatives.items():
        want = np.asarray(trace[name])
        assert np.shape(made) == want.shape
        assert np.asarray(made).dtype == want.dtype
        size = max(1.0, float(np.max(np.abs(want), initial=0.0)))
        np.testing.assert_allclose(made, want, rtol=rtol, atol=1e-13 * size)
