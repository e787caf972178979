"""The JupyterLite site of `make lite` shows the saved traces, from its own folder and nothing else."""

from __future__ import annotations

import functools
import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "lite"

pytestmark = pytest.mark.browser


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of the site, built first where `make test` has not done it already."""
    if not (SITE / "index.html").exists():
        subprocess.run(["make", "lite"], cwd=ROOT, check=True)
    handler = functools.partial(_Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_saved_trace_is_shown_without_a_kernel(site: str, browser: Browser) -> None:
    page = browser.new_page()
    try:
        # Pyodide would come from a server elsewhere; what is read needs none.
        page.route(lambda url: not url.startswith(site), lambda route: route.abort())
        page.goto(f"{site}/lab/index.html?path=01_first_gradient.ipynb")
        shown = page.locator(".adkit-output").first
        expect(shown).to_contain_text("∂y/∂x = 3.58385", timeout=120_000)
        expect(shown.get_by_role("tab", name="List")).to_have_attribute("aria-selected", "true")
        shown.get_by_role("tab", name="Graph").click()
        expect(shown.locator("svg").first).to_be_visible()
    finally:
        page.close()


def test_it_carries_the_wheel_for_its_kernel(site: str) -> None:
    listed = (SITE / "pypi" / "all.json").read_text(encoding="utf-8")
    assert '"adkit"' in listed
    assert list((SITE / "pypi").glob("adkit-*-py3-none-any.whl"))
