"""The explorer on the kernel's side: what its controls do, in a shell of this process and on a real kernel."""

import json
import subprocess
import sys
import textwrap
import threading
import time

import ipywidgets
import jsonschema
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

import adkit
from adkit.errors import InputError
from adkit_jupyter.explorer import lifetime
from adkit_jupyter.explorer.conductor import Conductor, RunCancelled
from tests.project.test_schema import SCHEMA

MIME = "application/vnd.adkit.trace.v1+json"
VIEW = "application/vnd.jupyter.widget-view+json"
CELL = """
%%grad x w --explore --name e
x, w = 1.5, -0.4
u = np.sin(x) * w
if x > 0:
    u = u + x**2
loss = np.log1p(u**2)
"""


def loss(x, w):
    u = np.sin(x) * w
    return np.log1p((u + x**2 if x > 0 else u) ** 2)


@pytest.fixture(autouse=True)
def _ended():
    """No explorer outlives its test."""
    yield
    lifetime.close_all()


@pytest.fixture
def displays(shell, monkeypatch):
    """What is displayed: dictionaries with `data` and `update`."""
    outputs = []

    def publish(data, metadata=None, *, transient=None, update=False, **options):
        outputs.append({"data": data, "update": update})

    for kind in type(shell).__mro__[: type(shell).__mro__.index(InteractiveShell) + 1]:
        monkeypatch.setattr(kind, "_instance", shell, raising=False)
    monkeypatch.setattr("IPython.core.display_functions.publish_display_data", publish)
    return outputs


@pytest.fixture
def explored(run, shell, displays):
    """`explored(cell)` runs a cell that binds its explorer to `e`."""

    def make(code):
        run(code)
        return shell.user_ns["e"]

    return make


def move(explorer, name, value):
    """What the browser's slider does."""
    explorer.panel.controls[name].slider.slider.value = value


def updates(displays):
    """The documents that were shown, first and updated ones."""
    return [output["data"][MIME] for output in displays if MIME in output["data"]]


# ------------------------------------------------------------------------------------------------ what is shown


def test_a_cell_shows_controls_and_then_its_picture_once(explored, displays):
    explorer = explored(CELL)
    assert [VIEW in output["data"] for output in displays] == [True, False]
    assert [output["update"] for output in displays] == [False, False]
    document = updates(displays)[0]
    jsonschema.validate(document, SCHEMA)
    assert document["explorer"] is True
    assert [plot["kind"] for plot in document["plots"]] == ["curve", "curve", "contour"]
    assert (explorer["x"], explorer.trace.value) == (adkit.grad(loss, 0)(1.5, -0.4), loss(1.5, -0.4))


def test_a_plain_cell_has_nothing_of_an_explorer(run):
    document = run(CELL.replace(" --explore --name e", "")).document()
    assert "explorer" not in document
    assert all("second" not in plot for plot in document["plots"])


def test_a_slider_moves_the_picture(explored, displays):
    explorer = explored(CELL)
    move(explorer, "x", 2.0)
    assert explorer.wait(120)
    assert explorer.values == {"x": 2.0, "w": -0.4}
    assert explorer["w"] == pytest.approx(adkit.grad(loss, 1)(2.0, -0.4), rel=1e-15)
    quick, whole = displays[-2:]
    assert quick["update"]
    assert whole["update"]
    assert quick["data"][MIME] == whole["data"][MIME]
    assert len(whole["data"]["text/html"]) > len(quick["data"]["text/html"])
    jsonschema.validate(whole["data"][MIME], SCHEMA)
    curve = whole["data"][MIME]["plots"][0]
    assert (curve["at"], curve["x"][0], curve["x"][-1]) == (2.0, -5.0, 5.0)
    assert curve["second_at"] == pytest.approx(adkit.derivative(lambda x: loss(x, -0.4), 2)(2.0), rel=1e-5)


def test_toggles(explored, displays):
    explorer = explored(CELL)
    explorer.panel.mode.buttons["forward"].value = True
    explorer.panel.order.buttons["2"].value = True
    assert explorer.wait(120)
    document = updates(displays)[-1]
    assert (document["mode"], document["order"]) == ("forward", 2)
    assert any(entry["label"] == "∂²loss/∂x∂w" for entry in document["derivatives"])
    assert not explorer.panel.mode.buttons["reverse"].value
    explorer.panel.mode.buttons["forward"].value = False  # a press on what is pressed
    assert explorer.panel.mode.buttons["forward"].value
    assert explorer.wait(120)
    assert explorer.trace.mode == "forward"


def test_the_reason_of_the_mode_stays_until_a_toggle_is_pressed(explored):
    explorer = explored(CELL)
    move(explorer, "x", 2.0)
    assert explorer.wait(120)
    assert explorer.trace.mode_reason == "2 inputs, 1 output"
    explorer.panel.mode.buttons["forward"].value = True
    assert explorer.wait(120)
    assert (explorer.trace.mode, explorer.trace.mode_reason) == ("forward", "as asked for")


def test_without_a_gpu_its_button_says_why(explored):
    if "gpu" in adkit.devices():
        pytest.skip("there is a GPU")
    panel = explored(CELL).panel
    button = panel.device.buttons["gpu"]
    assert button.disabled
    assert "GPU" in button.tooltip
    assert "GPU" in panel.reasons.value


def test_a_second_order_that_is_impossible_says_why(explored):
    explorer = explored("%%grad w --explore --name e\nw = np.array([1.0, 2.0])\nw[::-1] * w")
    assert explorer.panel.order.buttons["2"].disabled
    assert "scalar output" in explorer.panel.reasons.value


def test_a_number_field_goes_beyond_the_range_and_the_range_is_editable(explored):
    explorer = explored(CELL)
    slider = explorer.panel.controls["x"].slider
    slider.field.value = 40.0
    assert explorer.wait(120)
    assert (explorer.values["x"], slider.slider.value, slider.range) == (40.0, 40.0, (-5.0, 40.0))
    slider.field.value = 1.0
    slider.low.value, slider.high.value = 0.5, 2.0
    assert explorer.wait(120)
    assert slider.range == (0.5, 2.0)
    assert explorer.document["plots"][0]["x"][0] == 0.5
    slider.high.value = -3.0  # below the lowest: taken back
    slider.field.value = float("nan")
    assert explorer.wait(120)
    assert (slider.range, slider.high.value, slider.field.value) == ((0.5, 2.0), 2.0, 1.0)


def test_a_value_between_two_steps_is_left_alone(explored, displays):
    """The browser sends the step next to a value when it draws the slider; nobody has moved it then."""
    explorer = explored("%%grad v --explore --name e\nv = 0.12573\nv**2")
    slider = explorer.panel.controls["v"].slider
    for snapped in (0.125, 0.1250000000000001):
        slider.slider.value = snapped
    assert explorer.wait(120)
    assert (len(updates(displays)), slider.field.value, explorer.values["v"]) == (1, 0.12573, 0.12573)
    slider.slider.value = 0.125 + slider.slider.step
    assert explorer.wait(120)
    assert explorer.values["v"] == slider.field.value == 0.125 + slider.slider.step


def test_an_element_of_an_array(explored):
    explorer = explored("%%grad w --explore --name e\nw = np.arange(6.0).reshape(2, 3)\nnp.sum(w**3)")
    control = explorer.panel.controls["w"]
    control._fields[0].value, control._fields[1].value = 1, 2
    assert control.slider.slider.description == "w[1, 2]"
    assert control.slider.slider.value == 5.0
    move(explorer, "w", 7.0)
    assert explorer.wait(120)
    assert explorer["w"].tolist() == [[0.0, 3.0, 12.0], [27.0, 48.0, 147.0]]
    assert [plot["kind"] for plot in explorer.document["plots"]] == ["heatmap"]


def test_types_of_inputs_are_kept(explored, shell):
    explored("%%grad a b c --explore --name e\na = 2\nb = np.float32(3.0)\nc = np.array(4.0)\na * b * c")
    explorer = shell.user_ns["e"]
    for name in "abc":
        move(explorer, name, 1.5)
    assert explorer.wait(120)
    assert {name: type(value) for name, value in explorer.values.items()} == {
        "a": float,
        "b": np.float32,
        "c": np.ndarray,
    }
    assert explorer.failure is None


def test_complex_inputs_are_named_without_a_slider():
    explorer = adkit.explore(lambda x, z: x * abs(z) ** 2, x=2.0, z=1 + 2j)
    assert list(explorer.panel.controls) == ["x"]
    labels = [w.value for w in explorer.panel.widget.children if isinstance(w, ipywidgets.Label)]
    assert "without a slider: z (complex)" in labels


def test_diagnoses_follow_the_sliders(explored, displays):
    explorer = explored("%%grad x --explore --nan --flow --check --name e\nx = 2.0\nnp.log(x)")
    first = updates(displays)[-1]
    assert [report["kind"] for report in first["reports"] if report["kind"] != "check"] == ["nan", "flow"]
    assert first["badge"]["verdict"] == "agree"
    move(explorer, "x", -1.0)
    assert explorer.wait(120)
    assert explorer.failure is None
    reports = {report["kind"]: report for report in updates(displays)[-1]["reports"]}
    assert (first["reports"][0]["severity"], reports["nan"]["severity"]) == ("ok", "error")


def test_re_runs_have_the_settings_of_the_session(explored, shell):
    with adkit.settings(nan="raise"):
        explorer = explored("%%grad x --explore --name e\nx = 2.0\nnp.log(x)")
        move(explorer, "x", -1.0)
        assert explorer.wait(120)
    assert "NonFiniteError" in explorer.panel.message.value
    assert explorer.values == {"x": 2.0}


def test_an_expression(run, shell, displays):
    shell.user_ns["t"] = 3.0
    explorer = run("%grad --explore t**2")
    explorer.set(t=5.0).wait(120)
    assert (explorer["t"], shell.user_ns["t"]) == (10.0, 3.0)


def test_an_expression_in_a_function(run, shell, displays):
    run("def f(a):\n    return get_ipython().run_line_magic('grad', '--explore a * np.zeros(2).size + k * a')")
    shell.user_ns["k"] = 1.0
    explorer = run("e = f(3.0)\ne")
    assert explorer.set(a=4.0).wait(120)
    assert (explorer.failure, explorer.values["a"], explorer["a"]) == (None, 4.0, 3.0)


# ------------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("y = x / (x - 2.0 > 0 or 1) if x < 2 else [][3]", "IndexError: list index out of range"),
        ("assert x < 1.9, '<img src=x onerror=alert(1)>'; y = x * x", "AssertionError"),
        ("y = float(x) if x > 1.9 else x * 1.0", "LeakError"),
    ],
)
def test_an_error_is_shown_with_the_users_line_and_the_picture_stays(explored, displays, statement, text):
    explorer = explored(f"%%grad x --explore --name e\nx = 1.5\n{statement}\ny + 0.0")
    move(explorer, "x", 2.0)
    assert explorer.wait(120)
    message = explorer.panel.message
    assert message.layout.display == ""
    assert text in message.value
    assert "line 3" in message.value
    assert "still shown: x = 1.5" in message.value
    assert "<img" not in message.value
    assert (explorer.values["x"], len(updates(displays))) == (1.5, 1)
    move(explorer, "x", 1.0)
    assert explorer.wait(120)
    assert (message.layout.display, explorer.values["x"], explorer.failure) == ("none", 1.0, None)


def test_an_exception_of_a_callback_is_shown(explored, monkeypatch):
    explorer = explored(CELL)
    monkeypatch.setattr(type(explorer), "choose", lambda *a: 1 / 0)
    explorer.panel.guarded(lambda change: explorer.choose("x", 1.0))(None)
    assert "ZeroDivisionError" in explorer.panel.message.value


# ------------------------------------------------------------------------------------------------ the namespace


def test_the_namespace_is_as_the_cell_left_it(explored, shell, capsys):
    code = """
    %%grad x --explore --name e
    x = 2.0
    history.append(1)
    buffer[0] = 5.0
    table["n"] = table["n"] + 1
    draw = rng.normal()
    print("ran")
    new = x * 3
    y = np.sum(buffer) * new + helper(x) + net(x) + draw * 0
    """
    shell.run_cell(
        textwrap.dedent("""
        history, buffer, table, rng = [], np.ones(3), {"n": 0}, np.random.default_rng(0)
        def helper(t):
            history.append(2)
            return math.sin(t) + np.zeros(2).size * t
        class Net:
            def __init__(self):
                self.calls = 0
            def __call__(self, t):
                self.calls += 1
                self.last = t
                return math.exp(t) * np.zeros(3).size
        class Deep(Net):
            def __call__(self, t):
                return super().__call__(t) * 2
        net = Deep()
        """)
    )
    explorer = explored(textwrap.dedent(code))
    names = ("history", "buffer", "table", "rng", "x", "y", "new", "draw", "np", "math", "helper", "Net", "net")
    before = {name: shell.user_ns[name] for name in names}
    state = json.dumps([before["history"], before["buffer"].tolist(), before["table"], before["net"].calls])
    stream = before["rng"].bit_generator.state
    known = set(shell.user_ns)
    capsys.readouterr()
    for value in (0.5, 1.0, 2.5):
        move(explorer, "x", value)
        assert explorer.wait(120)
        assert explorer.failure is None
    assert explorer["x"] == pytest.approx(3 * 7.0 + np.cos(2.5) + 2 + 6 * np.exp(2.5))
    after = {name: shell.user_ns[name] for name in names}
    assert all(after[name] is before[name] for name in names)
    assert set(shell.user_ns) == known
    assert json.dumps([after["history"], after["buffer"].tolist(), after["table"], after["net"].calls]) == state
    assert after["rng"].bit_generator.state == stream
    assert type(after["net"].last) is float
    assert capsys.readouterr().out == ""


def test_an_input_of_an_earlier_cell_that_the_cell_changes(explored, shell):
    shell.run_cell("w = np.array([1.0, 2.0])\nalias = w")
    explorer = explored("%%grad w --explore --name e\nw[0] = w[1] * 3\nnp.sum(w**2)")
    assert shell.user_ns["w"].tolist() == [6.0, 2.0]
    explorer.set(w=np.array([0.0, 5.0])).wait(120)
    assert explorer["w"].tolist() == [0.0, 100.0]
    assert shell.user_ns["w"] is shell.user_ns["alias"]
    assert shell.user_ns["w"].tolist() == [6.0, 2.0]


def test_re_runs_start_where_the_first_run_started(explored, shell):
    shell.run_cell("scale = 10.0")
    explorer = explored("%%grad x --explore --name e\nx = 2.0\nscale = scale + 1.0\nx * scale")
    explorer.set(x=1.0).wait(120)
    explorer.set(x=3.0).wait(120)
    assert (float(explorer.trace.value), shell.user_ns["scale"]) == (33.0, 11.0)


# ------------------------------------------------------------------------------------------------ runs


class Listener:
    """What a conductor told."""

    def __init__(self):
        self.told, self.waits = [], []

    def finished(self, result, seconds):
        self.told.append(result)

    def failed(self, error, seconds):
        self.told.append(type(error))

    def waiting(self, seconds):
        self.waits.append(seconds is not None)

    def settled(self):
        self.told.append("settled")


def test_the_latest_wish_wins_and_nothing_queues_up():
    gate, listener, begun = threading.Event(), Listener(), []

    def work(wish):
        begun.append(wish)
        gate.wait(60)
        return wish

    conductor = Conductor(work, listener)
    conductor.ask(0)
    while not begun:
        time.sleep(0.001)
    for wish in range(1, 50):
        conductor.ask(wish)
    gate.set()
    assert conductor.wait(60)
    assert (begun, listener.told) == ([0, 49], [0, 49, "settled"])
    conductor.close()


def test_a_slow_run_shows_that_it_goes_on_and_is_cancelled():
    listener, stopped = Listener(), threading.Event()

    def work(wish):
        try:
            while True:
                try:
                    time.sleep(0.001)
                except Exception:
                    continue
        finally:
            stopped.set()

    conductor = Conductor(work, listener)
    conductor.ask(1)
    while not listener.waits:
        time.sleep(0.001)
    conductor.cancel()
    assert conductor.wait(60)
    assert stopped.wait(60)
    assert (listener.told, listener.waits[-1]) == ([RunCancelled, "settled"], False)
    conductor.close()


def test_a_run_that_does_not_hear_is_left_alone():
    listener, release = Listener(), threading.Event()
    conductor = Conductor(lambda wish: release.wait(60) if wish == 1 else wish, listener)
    conductor.ask(1)
    while not listener.waits:
        time.sleep(0.001)
    conductor.cancel()
    conductor.ask(2)
    assert conductor.wait(60)
    assert listener.told == [RunCancelled, 2, "settled"]
    release.set()
    conductor.close()


def test_where_no_thread_can_be_started_runs_happen_at_once(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    explorer = adkit.explore(lambda x: x**2, x=3.0)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert explorer.set(x=4.0)["x"] == 8.0


def test_sliders_of_slow_cells_act_on_release_and_cancel_keeps_the_picture(explored, shell, displays):
    """x = 2 takes a minute, so that the run surely goes on when Cancel is pressed; x = 3 takes a third of a second."""
    shell.user_ns.update(pause=time.sleep, seen=[])
    explorer = explored(
        """
        %%grad x --explore --name e
        x = 1.0
        seen.append(1)
        for _ in range(300 if x > 2.5 else 60_000 if x > 1.5 else 0):
            pause(0.001)
        x**2
        """
    )
    slider = explorer.panel.controls["x"].slider.slider
    assert slider.continuous_update
    explorer.set(x=2.0)
    while explorer.panel.progress.layout.display == "none":
        assert explorer.failure is None
        time.sleep(0.001)
    explorer.panel.cancelling.click()
    assert explorer.wait(60)
    assert "cancelled; still shown: x = 1" in explorer.panel.message.value
    assert explorer.panel.progress.layout.display == "none"
    assert (explorer.values, shell.user_ns["x"], shell.user_ns["seen"]) == ({"x": 1.0}, 1.0, [1])
    explorer.set(x=3.0)
    assert explorer.wait(60)
    assert (explorer["x"], slider.continuous_update) == (6.0, False)


# ------------------------------------------------------------------------------------------------ ends


def test_running_the_cell_again_closes_the_explorer_before(explored, shell):
    before = set(ipywidgets.widgets.widget._instances)
    first = explored(CELL)
    second = explored(CELL)
    assert repr(first) == "<Explorer, closed>"
    with pytest.raises(InputError, match="run its cell again"):
        first["x"]
    assert second["x"] > 0
    second.close()
    second.close()
    assert set(ipywidgets.widgets.widget._instances) <= before


def test_two_explorers_of_one_cell_live_together(run, shell, displays):
    run("import adkit\na = adkit.explore(lambda x: x**2, x=1.0)\nb = adkit.explore(lambda x: x**3, x=1.0)")
    assert [shell.user_ns[name]["x"] for name in "ab"] == [2.0, 3.0]


def test_unloading_the_extension_closes_explorers(explored, shell):
    explorer = explored(CELL)
    shell.run_line_magic("unload_ext", "adkit")
    assert repr(explorer) == "<Explorer, closed>"


RE_RUNS = """
import collections, contextlib, gc, io, sys, threading
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "adkit")
shell.run_cell("import numpy as np")
from adkit_jupyter.explorer import lifetime

def again(times):
    for i in range(times):
        with contextlib.redirect_stdout(io.StringIO()):
            shell.run_cell("%%grad x --explore --name e\\nx = 1.5\\nnp.sin(x) * x").raise_error()
        if i % 10 == 0:
            explorer = shell.user_ns["e"]
            explorer.set(x=i + 0.5)
            assert explorer.wait(60) and explorer.values == {"x": i + 0.5}

def living():
    lifetime.close_all()
    explorer = None
    for thread in threading.enumerate():
        if thread.name.startswith("adkit explorer"):
            thread.join(60)
    gc.collect()
    kinds = [type(thing) for thing in gc.get_objects()]
    ours = [kind for kind in kinds if str(kind.__module__).startswith(("adkit", "ipywidgets"))]
    return collections.Counter(f"{kind.__module__}.{kind.__qualname__}" for kind in ours), threading.active_count()

again(20)
before, threads = living()
again(200)
after, still = living()
print({kind: (before[kind], count) for kind, count in after.items() if count > before[kind]}, still - threads)
"""


def test_two_hundred_re_runs_leave_nothing_behind():
    """Counted in a process of its own, in objects of adkit and ipywidgets: every explorer has hundreds of them."""
    done = subprocess.run([sys.executable, "-c", RE_RUNS], capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1:] == ["{} 0"], done.stdout[-2000:] + done.stderr[-2000:]


# ------------------------------------------------------------------------------------------------ outside a notebook


def test_a_plain_function_in_a_script():
    code = """
    import numpy as np
    import adkit
    explorer = adkit.explore(lambda p, n: np.sum(p["w"] ** n) + p["b"], {"w": np.array([1.0, 2.0]), "b": 3.0}, n=3)
    explorer.set(**{"p['b']": 5.0})
    assert explorer.wait(120), explorer
    print(explorer.trace.value, sorted(explorer.values))
    explorer.close()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("[")[0].strip() == "14.0"


@pytest.mark.parametrize(
    "entry", ["adkit.explore(lambda x: x, 1.0)", "shell.run_cell_magic('grad', '--explore', 'x = 1.0')"]
)
def test_without_ipywidgets_the_error_names_the_fix(entry):
    code = f"""
    import sys
    sys.modules["ipywidgets"] = None
    import adkit
    from IPython.core.interactiveshell import InteractiveShell
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "adkit")
    try:
        {entry}
    except adkit.PackageError as error:
        print(error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120)
    assert 'ipywidgets, which is not installed. Fix: pip install "adkit[notebook]"' in done.stdout, done.stderr


def test_an_unknown_input_is_refused():
    explorer = adkit.explore(lambda x: x**2, x=1.0)
    with pytest.raises(InputError, match="its inputs are x"):
        explorer.set(y=2.0)


# ------------------------------------------------------------------------------------------------ a real kernel


def comm(kernel, model, **state):
    """Send what a front end sends when a control is used."""
    content = {"comm_id": model, "data": {"method": "update", "state": state, "buffer_paths": []}}
    kernel.client.shell_channel.send(kernel.client.session.msg("comm_msg", content))


def wait_for_picture(kernel, wanted, timeout=120):
    """Read messages until an `update_display_data` brings a document for which `wanted(document)`."""
    count, end = 0, time.monotonic() + timeout
    while time.monotonic() < end:
        message = kernel.client.get_iopub_msg(timeout=timeout)
        if message["msg_type"] == "update_display_data":
            if wanted(message["content"]["data"][MIME]):
                return
            count += 1
    raise AssertionError(f"{count} updates, and not the one that was waited for")


def test_comm_messages_move_the_picture(kernel):
    assert kernel.run(CELL).status == "ok"
    ids = json.loads(
        kernel.value(
            "__import__('json').dumps([e.panel.controls['x'].slider.slider.model_id, "
            "e.panel.mode.buttons['forward'].model_id])"
        ).strip("'")
    )
    for step in range(20):
        comm(kernel, ids[0], value=1.0 + step / 20)
    comm(kernel, ids[0], value=2.0)
    wait_for_picture(kernel, lambda document: document["plots"][0]["at"] == 2.0)
    comm(kernel, ids[1], value=True)
    wait_for_picture(kernel, lambda document: document["mode"] == "forward" and document["plots"][0]["at"] == 2.0)
    assert kernel.value("e.values, float(x), np.__name__") == "({'x': 2.0, 'w': -0.4}, 1.5, 'numpy')"


def test_a_slider_moves_while_another_cell_runs(kernel):
    assert kernel.run(CELL + "\n").status == "ok"
    code = """
    import threading, time
    def drag():
        for step in range(30):
            e.panel.controls["x"].slider.slider.value = 1.0 + step / 20
            time.sleep(0.01)
    dragging = threading.Thread(target=drag)
    dragging.start()
    while dragging.is_alive():
        assert np.__name__ == "numpy" and type(math.sin(1.0)) is float and type(x) is float
    e.wait(120), e.failure, e.values["x"]
    """
    assert kernel.value(textwrap.dedent(code)) == "(True, None, 2.45)"
