"""What all tests share: which examples Hypothesis draws, and what happens when a test of other processes fails.

Hypothesis draws the same examples in every run, so that no run fails by chance. `HYPOTHESIS_PROFILE=explore pytest
tests` draws new ones, and keeps in `.hypothesis/` what fails.

A test that drives other processes (a browser, a kernel, another Python) is run once more when it fails, with servers,
kernels and pages started anew; the summary names it. Every other test has to pass at once. Not for: fixtures.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

KERNELS = {"kernel", "new_kernel", "shared_kernel"}  # who asks for one of these fixtures drives another process


def pytest_configure(config: pytest.Config) -> None:
    """Prepare second runs; the summary says why the first ones failed."""
    if hasattr(config.option, "rerun_show_tracebacks"):
        config.option.rerun_show_tracebacks = True
        config.pluginmanager.register(SecondRuns(), "second-runs")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One more run for tests that drive other processes, if pytest-rerunfailures is there."""
    if not config.pluginmanager.hasplugin("rerunfailures"):
        return
    for item in items:
        marked = item.get_closest_marker("browser") or item.get_closest_marker("processes")
        if marked or KERNELS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.flaky(reruns=1))


class SecondRuns:
    """A second run finds nothing of the first: kernels (perhaps dead ones), servers and pages end before it.

    A plugin of its own, as pytest does not call a conftest's hooks for fixtures of the whole session.
    """

    def __init__(self) -> None:
        self.lasting: dict[Any, None] = {}  # fixtures of these tests that outlive a test, as they were made

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> None:
        """Remember what outlives a test."""
        if fixturedef.scope != "function" and fixturedef.func.__module__.startswith("tests."):
            self.lasting.pop(fixturedef, None)
            self.lasting[fixturedef] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: Any) -> None:
        """End it, the last one first."""
        while getattr(item, "execution_count", 1) > 1 and self.lasting:
            with contextlib.suppress(Exception):  # what is dead need not end well
                self.lasting.popitem()[0].finish(item._request)
