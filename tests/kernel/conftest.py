"""Shells and Jupyter kernels for the tests of the kernel side; nothing is installed and nobody's profile is touched."""

import builtins
import os
import textwrap
from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


class RaisingShell(InteractiveShell):
    """A shell in which a failing cell raises its exception, so that tests see it."""

    def run_cell(self, *args, **kwargs):
        result = super().run_cell(*args, **kwargs)
        result.raise_error()
        return result


@pytest.fixture(scope="session")
def _private_directories(tmp_path_factory):
    """Environment of a session that has no IPython or Jupyter directories of its own yet."""
    root = tmp_path_factory.mktemp("jupyter")
    names = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")
    changes = {name: str(root / name.lower()) for name in names}
    previous = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    yield changes
    for name, value in previous.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture
def shell(_private_directories, monkeypatch):
    """A fresh shell with the extension loaded and no history; `np` and `math` imported as in an earlier cell."""
    monkeypatch.delattr(builtins, "_", raising=False)  # left there by a doctest, it would keep IPython's `_` away
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.Completer.use_jedi = False  # it reads all of NumPy; what a kernel offers with it is tested on a kernel
    shell = RaisingShell(config=config)
    shell.run_line_magic("load_ext", "adkit")
    shell.run_cell("import numpy as np\nimport math", store_history=True)
    yield shell
    shell.run_line_magic("unload_ext", "adkit")


@pytest.fixture
def run(shell):
    """`run(cell)` runs a dedented cell as a front end does and returns its value."""

    def run_cell(code, **options):
        code = textwrap.dedent(code).strip("\n")
        return shell.run_cell(code, **{"store_history": True, **options}).result

    return run_cell


class Kernel:
    """A Jupyter kernel and what a front end can ask of it."""

    def __init__(self, manager, client):
        self.manager, self.client = manager, client

    @classmethod
    def start(cls):
        """A new kernel of the running Python, with the extension loaded."""
        from jupyter_client.manager import start_new_kernel

        arguments = ["--HistoryManager.enabled=False"]
        for attempt in range(1, 4):  # another process may take one of its ports before the kernel does
            try:
                made = start_new_kernel(startup_timeout=180, kernel_name="python3", extra_arguments=arguments)
                break
            except RuntimeError:
                if attempt == 3:
                    raise
        kernel = cls(*made)
        assert kernel.run("%load_ext adkit\nimport math\nimport numpy as np").status == "ok"
        return kernel

    def run(self, code, timeout=120, hear=lambda message: None, **options):
        """Run a cell; `status`, `error` (its iopub message), `data` of what it shows, `text` of its streams.

        `hear` is called with every message while the cell runs.
        """
        messages = []
        code = textwrap.dedent(code).strip("\n")
        reply = self.client.execute_interactive(
            code, timeout=timeout, output_hook=lambda m: (messages.append(m), hear(m)), allow_stdin=False, **options
        )
        of_type = {m["msg_type"]: m["content"] for m in messages}
        shown = [m["content"]["data"] for m in messages if m["msg_type"] in ("execute_result", "display_data")]
        streams = [m["content"]["text"] for m in messages if m["msg_type"] == "stream"]
        return SimpleNamespace(
            status=reply["content"]["status"],
            reply=reply["content"],
            error=of_type.get("error"),
            data=shown[-1] if shown else None,
            text="".join(streams),
        )

    def value(self, expression):
        """The repr of an expression."""
        result = self.run(expression)
        assert result.status == "ok", result.error
        return result.data["text/plain"]

    def completions(self, code, cursor=None):
        """What Tab offers at the cursor, by default at the end."""
        cursor = len(code) if cursor is None else cursor
        content = self.client.complete(code, cursor, reply=True, timeout=120)["content"]
        return [code[: content["cursor_start"]] + match for match in content["matches"]]

    def stop(self):
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="session")
def shared_kernel(_private_directories):
    """One kernel for all tests that do not mind earlier cells."""
    kernel = Kernel.start()
    yield kernel
    kernel.stop()


@pytest.fixture
def kernel(shared_kernel):
    """The shared kernel with an empty namespace but for `np` and `math`."""
    assert shared_kernel.run("%reset -f\nimport math\nimport numpy as np").status == "ok"
    return shared_kernel


@pytest.fixture
def new_kernel(_private_directories):
    """`new_kernel()` starts a kernel of the test's own."""
    started = []

    def start():
        started.append(Kernel.start())
        return started[-1]

    yield start
    for kernel in started:
        kernel.stop()
