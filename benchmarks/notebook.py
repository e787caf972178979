"""What a reader waits for in a notebook: the first picture of a short cell, a slider step on it, the layout of a graph.

The cells run in a kernel of their own, reached over `jupyter_client` as a front end reaches it; a time is that from the
request to the message with the picture. Figures hold the round trip through the sockets of the machine.
"""

import atexit
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from adkit.views.layout import place
from benchmarks.harness import Comparison, Contender
from benchmarks.peers import find, missing

INSTRUCTIONS = 50
LINES = INSTRUCTIONS // 2
NODES = 1000
PATIENCE = 60.0  # seconds for a message
BODY = "x, w = 1.5, -0.4\nu = x\n" + "".join(f"u = np.sin(u) * {'xw'[i % 2]}\n" for i in range(LINES)) + "u\n"
FIRST, STEP, LAYOUT = 150.0, 50.0, 200.0  # milliseconds that are aimed at
MIME = "application/vnd.adkit.trace.v1+json"


def comparisons() -> list[Comparison]:
    layout = Comparison(f"Layout of {NODES:,} nodes", "ms", [Contender("adkit", _layout())], limit=LAYOUT)
    if find("jupyter_client") is None or find("ipykernel") is None or find("ipywidgets") is None:
        return [Comparison("A cell in a kernel", "ms", [missing("jupyter_client")]), layout]
    kernel = Kernel()
    title = f"First picture of %%grad for a cell of {INSTRUCTIONS} instructions, beyond the cell's own time"
    step = "A slider step on it, from the move to the picture, in the kernel"
    return [
        Comparison(title, "ms", [Contender("adkit", kernel.first_picture)], limit=FIRST),
        Comparison(step, "ms", [Contender("adkit", kernel.slider_step)], limit=STEP),
        layout,
    ]


class Kernel:
    """A kernel with adkit loaded, which ends with this object."""

    def __init__(self) -> None:
        from jupyter_client.manager import start_new_kernel

        self.manager, self.client = start_new_kernel(startup_timeout=PATIENCE)
        atexit.register(self.end)
        self.run("import numpy as np\n%load_ext adkit")
        self.run(BODY)
        self.run("%%grad x w\n" + BODY)
        self.run("%%grad x w --explore --name e\n" + BODY)
        self._position = 1.0

    def end(self) -> None:
        """End the process."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, cell: str) -> tuple[float, float | None]:
        """Seconds from the request to the end of the cell, and to its first picture."""
        start = time.perf_counter()
        request = self.client.execute(cell)
        picture = None
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "error":
                raise RuntimeError("\n".join(content["traceback"]))
            if kind in ("display_data", "execute_result", "update_display_data") and MIME in content["data"]:
                picture = picture or time.perf_counter() - start
            if kind == "status" and content["execution_state"] == "idle":
                return time.perf_counter() - start, picture

    def first_picture(self) -> float:
        """Milliseconds to the picture of a traced cell, less those of the plain cell."""
        plain, _ = self.run(BODY)
        _, picture = self.run("%%grad x w\n" + BODY)
        assert picture is not None, "the cell showed no picture"
        return (picture - plain) * 1e3

    def slider_step(self) -> float:
        """Milliseconds from the move of a slider to the picture of the values there."""
        self._position = 1.0 + (self._position - 0.9) % 1.0
        plain, _ = self.run("None")
        _, picture = self.run(f"e.panel.controls['x'].slider.slider.value = {self._position!r}\nassert e.wait()")
        assert picture is not None, "the slider showed no picture"
        return (picture - plain) * 1e3


def _layout() -> Callable[[], float]:
    graph = _graph()

    def sample() -> float:
        start = time.perf_counter()
        place(graph)
        return (time.perf_counter() - start) * 1e3

    return sample


def _graph() -> dict[str, list[dict[str, Any]]]:
    """A graph as a program has it: every instruction reads one of the last few, and often another."""
    random = np.random.default_rng(0)
    nodes = [{"id": f"v{i}", "label": "sin", "kind": "instruction", "name": None} for i in range(NODES)]
    edges = []
    for i in range(1, NODES):
        for j in {i - 1 - int(random.integers(min(i, 6))) for _ in range(int(random.integers(1, 3)))}:
            edges.append({"from": f"v{j}", "to": f"v{i}", "label": "0.5", "weight": None})
    return {"nodes": nodes, "edges": edges}
