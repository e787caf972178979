"""A training run in JupyterLab: the picture while it runs and after it, saved and opened again on a dark page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CELL = """import os, time
import numpy as np
from adkit import nn, optim
rng = np.random.default_rng(0)
params = {"hidden": nn.linear_init(rng, 5, 16), "out": nn.linear_init(rng, 16, 2)}
x = rng.normal(size=(240, 5))
labels = (x[:, 0] * x[:, 1] + 0.3 * rng.normal(size=240) > 0).astype(int)

def loss(p, x, labels, rng, training):
    h = nn.dropout(nn.relu(nn.linear(p["hidden"], x)), 0.1, rng, training=training)
    return nn.cross_entropy(nn.linear(p["out"], h), labels)

def hold(now):  # until the test has looked
    end = time.monotonic() + 60
    time.sleep(0.002)
    while now.step == 300 and not os.path.exists("go") and time.monotonic() < end:
        time.sleep(0.05)

result = optim.fit(loss, params, (x, labels), epochs=60, batch_size=24, validation=(x[:60], labels[:60]),
                   optimizer=optim.adam(optim.warmup(optim.cosine(0.02, 600), 20)), callbacks=hold)
result"""


def test_a_run_is_seen_while_it_goes_on_and_kept_when_it_is_over(lab: Any, new_window: Any, screenshots: Path) -> None:
    lab.theme("light")
    lab.write_code("training.ipynb", ["", ""])
    window = new_window(width=1100, scale=2.0)
    window.page.goto(lab.address("training.ipynb"))
    cells = window.page.locator(".jp-Notebook .jp-Cell")
    cells.nth(1).wait_for()
    window.type(0, CELL)
    window.page.wait_for_function(
        "document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'"
    )
    cells.nth(0).locator(".jp-InputPrompt").click()
    window.command("notebook:run-cell")
    picture = cells.nth(0).locator(".adkit-training")
    try:
        expect(picture.locator("pre")).to_have_text(re.compile(r"step.*loss"), timeout=60_000)
        expect(picture).to_contain_text("of 60, step")
        picture.screenshot(path=screenshots / "training-running.png", animations="disabled")
    finally:
        (lab.root / "go").touch()
    expect(picture).to_contain_text("600 steps in 60 epochs", timeout=60_000)
    expect(picture).to_have_count(1)
    expect(picture.locator("pre")).to_have_count(0)
    expect(picture.get_by_role("row")).to_have_count(5)
    expect(cells.nth(0)).to_contain_text("Fit(600 steps in 60 epochs")
    picture.screenshot(path=screenshots / "training-light.png", animations="disabled")
    window.save()
    assert window.own_errors() == []
    lab.theme("dark")
    try:
        dark = new_window(width=1100, scale=2.0)
        dark.open(lab, "training.ipynb", first="import os, time")
        kept = dark.page.locator(".adkit-training")
        expect(kept).to_contain_text("600 steps in 60 epochs")
        kept.scroll_into_view_if_needed()
        kept.screenshot(path=screenshots / "training-dark.png", animations="disabled")
    finally:
        lab.theme("light")
