"""PyTorch's style beside PyTorch: one training step of a 5-4-2 network, and what its import adds to adkit's.

The network is Linear 5→4, ReLU, Linear 4→2, dropout; batches of 16, Adam. PyTorch runs on one thread, which is its
fastest for sizes like these.
"""

import importlib
from collections.abc import Callable
from typing import Any

from benchmarks.harness import Comparison, Contender, timed
from benchmarks.imports import _fresh
from benchmarks.peers import contender, find

IMPORT = """
import time
import numpy
import adkit
started = time.perf_counter()
{imports}
print((time.perf_counter() - started) * 1000)
"""
EVERYTHING = "import adkit.styles.pytorch as torch; torch.nn, torch.optim, torch.autograd.functional"
BATCH, LARGEST = 16, 0.8


def comparisons() -> list[Comparison]:
    losses = {"mean squared error": "MSELoss", "cross-entropy": "CrossEntropyLoss"}
    found = [_step(title, loss) for title, loss in losses.items()]
    contenders = [
        Contender("adkit.styles.pytorch", _fresh(IMPORT.format(imports="import adkit.styles.pytorch"))),
        Contender("with nn, optim, autograd", _fresh(IMPORT.format(imports=EVERYTHING))),
    ]
    return [*found, Comparison("Import of PyTorch's style, on top of import adkit", "ms", contenders, limit=50)]


def _step(title: str, loss: str) -> Comparison:
    ours = Contender("adkit", timed(_training(importlib.import_module("adkit.styles.pytorch"), loss)))
    torch = find("torch")
    if torch is not None:
        torch.set_num_threads(1)
    theirs = contender("torch", timed(_training(torch, loss)) if torch is not None else None)
    name = f"Training step of the 5-4-2 network, {title}, Adam"
    return Comparison(name, "µs", [ours, theirs], bounds={"torch": LARGEST})


def _training(torch: Any, loss: str) -> Callable[[], object]:
    """One step of training: forward, backward, update."""
    nn = torch.nn
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2), nn.Dropout(0.5))
    criterion = getattr(nn, loss)()
    inputs = torch.randn(BATCH, 5)
    targets = torch.randn(BATCH, 2) if loss == "MSELoss" else torch.randint(0, 2, (BATCH,))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)

    def step() -> object:
        optimizer.zero_grad()
        value = criterion(model(inputs), targets)
        value.backward()
        optimizer.step()
        return value

    return step
