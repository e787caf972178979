"""Waiting for what a page tells, where playwright's `expect` has no word for it.

Not for: what is asked (the tests), or servers and windows (conftest.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, expect

LIMIT = 60.0  # seconds, for machines that are busy with other tests
# A notebook without a kernel takes a command to run and does nothing; its indicator says "idle" even then.
KERNEL_READY = """() => {
    const session = window.jupyterapp?.shell.currentWidget?.sessionContext;
    return session?.isReady && session.session?.kernel?.connectionStatus === 'connected'
        && session.session.kernel.status === 'idle';
}"""
LIT = """view => Object.fromEntries(['row', 'node', 'mark'].map(kind => [kind,
    [...view.querySelectorAll(`:not(tr)[data-subject=${kind}].adkit-lit`)]
        .map(e => kind === 'mark' ? e.textContent : e.dataset.id)]))"""


def becomes(read: Callable[[], Any], expected: Any) -> None:
    """Return once `read()` gives what is expected.

    Raises:
        AssertionError: it did not in time; with what it gave last.
    """
    end = time.monotonic() + LIMIT
    while (seen := read()) != expected and time.monotonic() < end:
        time.sleep(0.02)
    assert seen == expected


def lights(view: Locator, **expected: list[str]) -> None:
    """Return once the named views of a viewer (row, node, mark) have lit these and nothing else."""
    becomes(lambda: {kind: lit for kind, lit in view.evaluate(LIT).items() if kind in expected}, expected)


def open_tabs(view: Locator) -> list[Locator]:
    """The tabs of a viewer, which all come with it."""
    tabs = view.get_by_role("tab")
    expect(tabs.first).to_be_visible()
    return tabs.all()
