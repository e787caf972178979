"""Real JupyterLab and Notebook 7 servers, and a real Chromium, for the tests of what a person sees.

Everything that the servers read or write (settings, signatures, workspaces, kernels' history) is in a temporary folder,
and the viewer comes from the working tree, so that neither the developer's own configuration nor an installed adkit is
involved.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.browser.waiting import KERNEL_READY

ROOT = Path(__file__).resolve().parents[2]
LABEXTENSION = ROOT / "extension" / "labextension"
MIME_TYPE = "application/vnd.adkit.trace.v1+json"
SCREENSHOTS = ROOT / "build" / "screenshots"
START_LIMIT = 180.0
PAGE_LIMIT = 120_000.0
expect.set_options(timeout=60_000)  # for machines that are busy with other tests
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
ERRORS = """number => jupyterapp.shell.currentWidget.content.widgets[number].model.outputs.toJSON()
    .filter(output => output.output_type === 'error').map(output => [output.ename, output.evalue])"""
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
]


@dataclass
class Server:
    """A running server: `app` is "lab" or "notebook"."""

    app: str
    url: str
    token: str
    root: Path
    settings: Path
    chosen: str = THEMES["light"]

    def address(self, notebook: str) -> str:
        """The page that shows a notebook of this server, and no other notebook that was open before."""
        place, reset = ("lab/tree", "&reset") if self.app == "lab" else ("notebooks", "")
        return f"{self.url}/{place}/{notebook}?token={self.token}{reset}"

    def write(self, name: str, bundles: list[dict[str, Any]]) -> None:
        """Save a notebook with one output per MIME bundle. Nobody has signed it, so it is untrusted."""
        (self.root / name).write_text(json.dumps(notebook(bundles)), encoding="utf-8")

    def write_code(self, name: str, sources: list[str]) -> None:
        """Save a notebook of code cells that have not been run."""
        saved = notebook([{}] * len(sources))
        for cell, source in zip(saved["cells"], sources):
            cell.update(source=source, outputs=[], execution_count=None)
        (self.root / name).write_text(json.dumps(saved), encoding="utf-8")

    def theme(self, theme: str) -> None:
        """Choose "light" or "dark" for pages opened from now on."""
        folder = self.settings / "@jupyterlab" / "apputils-extension"
        folder.mkdir(parents=True, exist_ok=True)
        self.chosen = THEMES[theme]
        (folder / "themes.jupyterlab-settings").write_text(json.dumps({"theme": self.chosen}), encoding="utf-8")


def notebook(bundles: list[dict[str, Any]]) -> dict[str, Any]:
    """A notebook with a code cell and a saved output for every bundle."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "execution_count": number + 1,
            "metadata": {},
            "source": f"# cell {number}",
            "outputs": [{"output_type": "display_data", "metadata": {}, "data": bundle}],
        }
        for number, bundle in enumerate(bundles)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def mime_bundle(document: Any) -> dict[str, Any]:
    """What a cell saves: the document, and the two forms for places where the viewer is not."""
    return {MIME_TYPE: document, "text/html": "<p>the static view</p>", "text/plain": "the text view"}


@pytest.fixture(scope="session")
def bundle() -> Callable[[Any], dict[str, Any]]:
    """`bundle(document)` is the MIME bundle of a saved output."""
    return mime_bundle


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab 4."""
    yield from serve("lab", tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="session")
def notebook7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Notebook 7."""
    yield from serve("notebook", tmp_path_factory.mktemp("notebook"))


def serve(app: str, folder: Path) -> Iterator[Server]:
    """Start a server, yield it once it answers, and end it."""
    server, process = started(app, folder)
    try:
        yield server
    finally:
        end(process)


def started(app: str, folder: Path) -> tuple[Server, subprocess.Popen[bytes]]:
    """A server that answers. Should its port be taken by somebody else meanwhile, it is started again on another."""
    for attempt in range(1, 4):
        place = folder / f"attempt-{attempt}"
        place.mkdir()
        server, command, environment = prepare(app, place)
        log = place / "server.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                command, env=environment, cwd=place, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
            )
        if answers(server, process):
            return server, process
        end(process)
    raise RuntimeError(f"jupyter {app} did not start:\n{log.read_text(errors='replace')[-4000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server and what it started."""
    for number, limit in ((signal.SIGTERM, 30), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=limit)
            return


def prepare(app: str, folder: Path) -> tuple[Server, list[str], dict[str, str]]:
    """The folders, the command and the environment of an isolated server."""
    names = ("root", "config", "data", "runtime", "ipython", "settings", "workspaces")
    places = {name: folder / name for name in names}
    for place in places.values():
        place.mkdir()
    shutil.copytree(LABEXTENSION, places["data"] / "labextensions" / "adkit")
    write_configuration(places["config"])
    port, token = free_port(), secrets.token_hex(16)
    server = Server(app, f"http://127.0.0.1:{port}", token, places["root"], places["settings"])
    # A longer --ServerApp.shutdown would only slow the tests down; a server that asks for nothing is quiet.
    command = [
        *(sys.executable, "-m", "jupyter", app, "--no-browser", "--allow-root"),
        f"--{'LabApp' if app == 'lab' else 'JupyterNotebookApp'}.expose_app_in_browser=True",
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={places['root']}"),
    ]
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(places["config"]),
        "JUPYTER_DATA_DIR": str(places["data"]),
        "JUPYTER_RUNTIME_DIR": str(places["runtime"]),
        "JUPYTERLAB_SETTINGS_DIR": str(places["settings"]),
        "JUPYTERLAB_WORKSPACES_DIR": str(places["workspaces"]),
        "IPYTHONDIR": str(places["ipython"]),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "extension")]),
    }
    return server, command, environment


def write_configuration(config: Path) -> None:
    """No news, no questions about news, no look-up of newer versions."""
    folder = config / "labconfig"
    folder.mkdir()
    silent = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
    overrides = {
        "@jupyterlab/apputils-extension:notification": silent,
        "@jupyterlab/docmanager-extension:plugin": {"autosave": False},  # only `Window.save` saves
    }
    (folder / "default_setting_overrides.json").write_text(json.dumps(overrides), encoding="utf-8")
    disabled = {"@jupyterlab/apputils-extension:announcements": True, "@jupyterlab/extensionmanager-extension": True}
    (folder / "page_config.json").write_text(json.dumps({"disabledExtensions": disabled}), encoding="utf-8")


def free_port() -> int:
    """A TCP port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(server: Server, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server answers in time, and does not end before it."""
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/api/status?token={server.token}", timeout=10):
                return True
        except OSError:
            time.sleep(0.2)
    return False


def chromium_path() -> str:
    """Where Chromium is. A missing one fails the tests, since a skipped browser test would prove nothing."""
    chosen = os.environ.get("ADKIT_CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = chosen or next((found for name in names if (found := shutil.which(name))), None)
    if path is None or not Path(path).exists():
        missing = f"{chosen} (from ADKIT_CHROMIUM)" if chosen else "Chromium"
        pytest.fail(
            f"{missing} was not found, and the browser tests need it. Install it (Debian: apt install chromium), "
            "or say where it is: ADKIT_CHROMIUM=/path/to/chromium",
            pytrace=False,
        )
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    path = chromium_path()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


class Window:
    """A browser page on one server, with what the tests ask of it."""

    def __init__(self, browser: Browser, width: int = 1280, height: int = 1000, scale: float = 1.0) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", device_scale_factor=scale
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PAGE_LIMIT)
        # JupyterLab may ask about a kernel or a file while a page settles on a busy machine; take what it proposes
        self.page.add_locator_handler(
            self.page.locator("dialog.jp-Dialog"), lambda dialog: dialog.locator("button.jp-mod-accept").first.click()
        )
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack}"))
        self.page.on("console", lambda message: self._console(message.type, message.text))

    def open(self, server: Server, name: str, first: str = "# cell 0") -> None:
        """Show a notebook in the server's theme, and wait until its first cell, whose source is given, stands there."""
        self.page.goto(server.address(name))
        self.page.locator(".jp-Notebook .jp-Cell").filter(has_text=first).first.wait_for()
        self.page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=server.chosen)

    def trace(self, number: int) -> Locator:
        """The viewer in the output of a cell, scrolled into sight."""
        cell = self.page.locator(".jp-Notebook .jp-Cell").nth(number)
        cell.scroll_into_view_if_needed()
        view = cell.locator(".adkit").first
        view.wait_for()
        view.scroll_into_view_if_needed()
        return view

    def type(self, number: int, source: str) -> None:
        """Write into an empty cell. (Key by key, the editor would indent the lines a second time.)"""
        editor = self.page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".cm-content")
        editor.click()
        expect(editor).to_be_focused()
        self.page.keyboard.insert_text(source)
        expect(editor).to_contain_text(source.splitlines()[-1])

    def command(self, name: str) -> None:
        """Have the application perform a command, as its menu does; a key pressed while a page settles goes nowhere."""
        self.page.wait_for_function("name => window.jupyterapp?.commands.hasCommand(name)", arg=name)
        self.page.evaluate("name => { jupyterapp.commands.execute(name); }", name)

    def save(self) -> None:
        """Save the notebook and wait until the server has it."""
        with self.page.expect_response(
            lambda response: response.request.method == "PUT" and "/api/contents/" in response.url and response.ok
        ):
            self.command("docmanager:save")

    def start(self, number: int) -> None:
        """Have a cell run, once the kernel is there and has nothing to do."""
        cell = self.page.locator(".jp-Notebook .jp-Cell").nth(number)
        self.page.wait_for_function(KERNEL_READY)
        cell.locator(".jp-InputPrompt").click()
        expect(cell).to_have_class(re.compile("jp-mod-active"))
        self.command("notebook:run-cell")

    def run(self, number: int) -> None:
        """Run a cell and wait until it has finished.

        Raises:
            AssertionError: the cell failed.
        """
        cell = self.page.locator(".jp-Notebook .jp-Cell").nth(number)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        self.start(number)
        expect(prompt).not_to_have_text(before, timeout=PAGE_LIMIT)
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=PAGE_LIMIT)
        self.page.wait_for_function(KERNEL_READY)  # its last message comes after all outputs
        errors = self.page.evaluate(ERRORS, number)
        assert errors == [], f"cell {number} failed"

    def own_errors(self) -> list[str]:
        """Exceptions that come from the viewer, caught or not. (Those of the notebook's own code are not ours.)"""
        return [error for error in self.errors if "adkit" in error]

    def _console(self, kind: str, text: str) -> None:
        if kind == "error" and "adkit" in text:
            self.errors.append(text)

    def close(self) -> None:
        """Close the page."""
        self.context.close()


@pytest.fixture
def new_window(browser: Browser) -> Iterator[Any]:
    """`new_window()` is a window for one test."""
    yield from makes_windows(browser)


@pytest.fixture(scope="module")
def lasting_window(browser: Browser) -> Iterator[Any]:
    """`lasting_window()` is a window for all tests of a module."""
    yield from makes_windows(browser)


def makes_windows(browser: Browser) -> Iterator[Callable[..., Window]]:
    """A function that makes windows, which are closed in the end."""
    windows: list[Window] = []

    def make(**options: Any) -> Window:
        windows.append(Window(browser, **options))
        return windows[-1]

    yield make
    for window in windows:
        window.close()


@pytest.fixture(scope="session")
def picture() -> Callable[[Locator, str], None]:
    """`picture(place, name)` saves what a part of the page looks like, for people to look at: in ADKIT_SCREENSHOTS, or
    `build/screenshots`. CONTRIBUTING.md says how the README gets its own from there.

    No test is about these files: where the element is replaced by a newer one again and again while its picture is
    taken, the whole page is shown instead.
    """
    folder = Path(os.environ.get("ADKIT_SCREENSHOTS", SCREENSHOTS))
    folder.mkdir(parents=True, exist_ok=True)

    def take(place: Locator, name: str) -> None:
        for _ in range(3):
            try:
                place.screenshot(path=folder / name, animations="disabled", timeout=20_000)
                return
            except PlaywrightError:  # not attached, not stable, not in sight
                continue
        place.page.screenshot(path=folder / name, animations="disabled")

    return take
