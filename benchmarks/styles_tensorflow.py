"""A training step of the 5-4-2 network under `GradientTape`, in the style and in TensorFlow; and the style's import."""

import os
import subprocess
import sys
from typing import Any

import numpy as np

import adkit.styles.tensorflow as style
from benchmarks.harness import Comparison, Contender, Sample, timed
from benchmarks.peers import find

BATCH = 8
IMPORT = """
import time
import adkit
started = time.perf_counter()
import adkit.styles.tensorflow
print((time.perf_counter() - started) * 1000)
"""


def comparisons() -> list[Comparison]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    original = find("tensorflow")
    made = [
        Comparison(
            f"GradientTape step of the 5-4-2 network, batch of {BATCH}, {title}",
            "µs",
            [Contender("adkit", timed(_step(style, adam))), _theirs(original, adam)],
            bounds={"tensorflow": 0.3},
        )
        for title, adam in (("updates by assign_sub", False), ("keras.optimizers.Adam", True))
    ]
    return [
        *made,
        Comparison("Import of the style, on top of import adkit", "ms", [Contender("adkit", _import())], limit=50),
    ]


def _theirs(original: Any, adam: bool) -> Contender:
    if original is None:
        return Contender("tensorflow", None, "tensorflow is not installed: pip install tensorflow")
    return Contender("tensorflow", timed(_step(original, adam)))


def _step(tf: Any, adam: bool) -> Any:
    """One step: forward with ReLU, mean squared error, gradients of four variables, their update."""
    rng = np.random.default_rng(0)
    shapes = ((5, 4), (4,), (4, 2), (2,))
    variables = [tf.Variable(rng.normal(size=shape).astype("float32")) for shape in shapes]
    x, y = (tf.constant(rng.normal(size=(BATCH, n)).astype("float32")) for n in (5, 2))
    optimizer = tf.keras.optimizers.Adam(0.001)

    def step() -> None:
        with tf.GradientTape() as tape:
            hidden = tf.nn.relu(tf.matmul(x, variables[0]) + variables[1])
            loss = tf.reduce_mean(tf.square(tf.matmul(hidden, variables[2]) + variables[3] - y))
        gradients = tape.gradient(loss, variables)
        if adam:
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
        else:
            for variable, gradient in zip(variables, gradients, strict=True):
                variable.assign_sub(0.01 * gradient)

    return step


def _import() -> Sample:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # as installed: compiled once

    def sample() -> float:
        done = subprocess.run(
            [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True, env=environment
        )
        return float(done.stdout.split()[-1])

    sample()  # once unmeasured: bytecode written, files in the cache
    return sample
