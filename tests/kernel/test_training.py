"""`optim.fit` in a real kernel: the living output, the final picture, the stop button, the report of a NaN."""

import textwrap

import pytest

PREPARE = """
from adkit import nn, optim
from adkit.optim import live
live.PERIOD = 0.0
x = np.arange(1.0, 5.0)
y = np.array([2.0, 4.0, 5.0, 8.0])
def loss(p, x, y):
    return nn.mse(p["<w>"] * x + p["b"], y)
start = {"<w>": 0.0, "b": 0.0}
"""
RUN = "result = optim.fit(loss, start, (x, y), epochs=30, batch_size=2, validation=(x, y), optimizer=optim.sgd(0.01))"


@pytest.fixture
def trained(kernel):
    """`trained(code, hook)` runs a cell after the preparation and returns what it sent, stream and display messages."""
    assert kernel.run(PREPARE).status == "ok"

    def run(code, hook=lambda message: None):
        messages = []

        def collect(message):
            messages.append(message)
            hook(message)

        reply = kernel.client.execute_interactive(
            textwrap.dedent(code), timeout=120, output_hook=collect, allow_stdin=False
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return [m for m in messages if m["msg_type"] in ("display_data", "update_display_data", "stream")]

    return run


def test_the_living_output_is_empty_before_and_after_the_run(trained, kernel):
    shown = trained(RUN)
    assert [m["msg_type"] for m in shown if m["msg_type"] != "update_display_data"] == ["display_data"] * 2
    placeholder, *updates, final = shown
    empty = {"text/plain": "", "text/html": ""}
    assert placeholder["content"]["data"] == updates[-1]["content"]["data"] == empty
    assert len(updates) > 1
    living = updates[0]["content"]["data"]["text/html"]
    assert "step/s" in living or "s/step" in living
    data = final["content"]["data"]
    assert "60 steps in 30 epochs, loss" in data["text/plain"]
    assert "step/s" not in data["text/html"]
    assert "p[&#x27;&lt;w&gt;&#x27;]" in data["text/html"]
    assert "<w>" not in data["text/html"]
    assert data["text/html"].count("<img") == 3  # the loss, and one curve for each parameter
    again = trained(RUN)
    assert again[-1]["content"]["data"] == data
    assert kernel.value("result").startswith("Fit(60 steps in 30 epochs, loss ")


def test_the_stop_button_returns_what_was_reached(trained, kernel):
    pressed = []

    def press(message):
        if message["msg_type"] == "update_display_data" and not pressed:
            pressed.append(True)
            kernel.manager.interrupt_kernel()

    shown = trained("result = optim.fit(loss, start, (x, y), epochs=10**9, optimizer=optim.sgd(0.01))", press)
    assert pressed
    assert "interrupted after" in shown[-1]["content"]["data"]["text/plain"]
    assert kernel.value("result.stopped, result.steps == len(result.losses) == result.state.step") == (
        "('interrupted', True)"
    )
    assert kernel.value("sorted(result.params)") == "['<w>', 'b']"


def test_a_nan_shows_its_report(trained, kernel):
    shown = trained(
        """
        def bad(p):
            return np.sum(np.log(p))
        with np.errstate(all="ignore"):
            result = optim.fit(bad, np.ones(2), epochs=9, optimizer=optim.sgd(0.5))
        """
    )
    texts = [m["content"]["data"]["text/plain"] for m in shown if m["msg_type"] == "display_data"]
    assert any(text.startswith("Origin of a NaN or infinity") and "np.log(p)" in text for text in texts)
    warning = "".join(m["content"]["text"] for m in shown if m["msg_type"] == "stream")
    assert "TrainingWarning" in warning
    assert "np.log(p) on line 2" in warning


def test_without_a_plot_only_the_bar_lives(trained):
    shown = trained("result = optim.fit(loss, start, (x, y), epochs=30, plot=False)")
    assert [m["msg_type"] for m in shown].count("display_data") == 1
    assert "<img" not in str(shown)
    assert trained("result = optim.fit(loss, start, (x, y), epochs=30, plot=False, progress=False)") == []


def test_a_result_draws_itself_where_it_is_wanted(trained, kernel):
    trained("result = optim.fit(loss, start, (x, y), epochs=5, plot=True, progress=False)")
    data = kernel.run("result.plot()").data
    assert "adkit-training" in data["text/html"]
    assert data["text/plain"].startswith("Training: 5 steps in 5 epochs")
