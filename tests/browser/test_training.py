"""A training run in JupyterLab: the picture while it runs and after it, saved and opened again on a dark page."""

from __future__ import annotations

import re
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

def hold(now):  # until the test has looked; the pictures of 0.6 s have been sent by then
    time.sleep(0.002)
    if now.step == 300:
        print("held", flush=True)
        end = time.monotonic() + 120
        while not os.path.exists("go") and time.monotonic() < end:
            time.sleep(0.05)

result = optim.fit(loss, params, (x, labels), epochs=60, batch_size=24, validation=(x[:60], labels[:60]),
                   optimizer=optim.adam(optim.warmup(optim.cosine(0.02, 600), 20)), callbacks=hold)
result"""


def test_a_run_is_seen_while_it_goes_on_and_kept_when_it_is_over(lab: Any, new_window: Any, picture: Any) -> None:
    lab.theme("light")
    lab.write_code("training.ipynb", [CELL, ""])
    (lab.root / "go").unlink(missing_ok=True)
    window = new_window(width=1100, scale=2.0)
    window.open(lab, "training.ipynb", first="import os, time")
    cell = window.page.locator(".jp-Notebook .jp-Cell").first
    shown = cell.locator(".adkit-training")
    try:
        window.start(0)
        # what is printed comes after all pictures that were sent before: the one that is there stays until "go"
        expect(cell.locator("[data-mime-type='application/vnd.jupyter.stdout']")).to_have_text("held")
        expect(shown.locator("pre")).to_have_text(re.compile(r"step.*loss"))
        expect(shown).to_contain_text("of 60, step")
        picture(shown, "training-running.png")
    finally:
        (lab.root / "go").touch()
    expect(shown.last).to_contain_text("600 steps in 60 epochs")
    expect(shown).to_have_count(1)
    expect(shown.locator("pre")).to_have_count(0)
    expect(shown.get_by_role("row")).to_have_count(5)
    expect(cell).to_contain_text("Fit(600 steps in 60 epochs")
    picture(shown, "training-light.png")
    window.save()
    assert window.own_errors() == []
    lab.theme("dark")
    dark = new_window(width=1100, scale=2.0)
    dark.open(lab, "training.ipynb", first="import os, time")
    kept = dark.page.locator(".adkit-training")
    expect(kept).to_contain_text("600 steps in 60 epochs")
    picture(kept, "training-dark.png")
