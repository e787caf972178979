"""Tests that need a CUDA device: skipped, with the reason, where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from adkit import backends
from adkit.errors import DeviceError

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    mine = [item for item in items if HERE in item.path.parents]
    if not mine:
        return
    try:
        backends.require_gpu()
    except DeviceError as error:
        reason = error.message
        for item in mine:
            item.add_marker(pytest.mark.skip(reason=reason))
    for item in mine:
        item.add_marker(pytest.mark.gpu)
