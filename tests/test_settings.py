"""Session settings: restored after a block, separate in threads and tasks, unchanged by a refused value."""

from __future__ import annotations

import asyncio
import importlib
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import adkit
from adkit import DeviceError, NonFiniteError, OptionError, settings, trace


@pytest.fixture(autouse=True)
def restored():
    with settings():
        yield


def test_defaults():
    assert settings.current().mode == "auto"
    assert settings.current().device == "cpu"
    assert settings.current().nan == "allow"


def test_block_restores_and_gives_what_is_in_force():
    with settings(mode="forward") as inside:
        assert inside is settings.current()
        assert inside.mode == "forward"
        with settings(mode="reverse", device="cpu"):
            assert settings.current().mode == "reverse"
        assert settings.current().mode == "forward"
    assert settings.current().mode == "auto"


def test_block_restores_after_an_exception():
    with pytest.raises(KeyError), settings(mode="forward"):
        raise KeyError("of the user")
    assert settings.current().mode == "auto"


def test_block_restores_what_was_set_for_good_inside():
    with settings(mode="forward"):
        settings(mode="reverse")
        assert settings.current().mode == "reverse"
    assert settings.current().mode == "auto"


def test_call_sets_for_good():
    settings(mode="forward")
    assert settings.current().mode == "forward"
    settings(mode="auto")
    assert settings.current().mode == "auto"


def test_the_record_is_immutable():
    with pytest.raises(AttributeError):
        settings.current().mode = "forward"


def test_settings_show_themselves():
    assert repr(settings(mode="forward")) == "Settings(mode='forward', device='cpu', nan='allow')"


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        ({"mod": "forward"}, "did you mean 'mode'?"),
        ({"colour": "red"}, "use one of mode, device, nan"),
        ({"mode": "sideways"}, "use one of auto, forward, reverse"),
        ({"mode": None}, "use one of auto, forward, reverse"),
        ({"device": "tpu"}, "use one of cpu, gpu"),
        ({"device": ["cpu"]}, "use one of cpu, gpu"),
        ({"nan": "stop"}, "use one of allow, raise"),
        ({"nan": True}, "use one of allow, raise"),
    ],
)
def test_unknown_names_and_values_are_refused(changes, fix):
    before = settings.current()
    with pytest.raises(OptionError) as caught:
        settings(**changes)
    assert str(caught.value).endswith(f"Fix: {fix}")
    assert settings.current() is before


def test_a_good_name_beside_a_bad_one_changes_nothing():
    before = settings.current()
    for changes in ({"mode": "forward", "devise": "cpu"}, {"mode": "forward", "device": "abacus"}):
        with pytest.raises(OptionError):
            settings(**changes)
        assert settings.current() is before


def without_cupy(monkeypatch):
    real_import, real_find = importlib.import_module, importlib.util.find_spec

    def import_module(name, package=None):
        if name == "cupy":
            raise ModuleNotFoundError("No module named 'cupy'")
        return real_import(name, package)

    monkeypatch.setattr(importlib, "import_module", import_module)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "cupy" else real_find(name, *a))


def test_gpu_without_cupy_names_what_to_install(monkeypatch):
    without_cupy(monkeypatch)
    before = settings.current()
    with pytest.raises(DeviceError, match="CuPy, which is not installed") as caught:
        settings(mode="forward", device="gpu")
    assert 'pip install "adkit[cuda13]"' in caught.value.fix
    assert "[cuda12]" in caught.value.fix
    assert settings.current() is before
    assert adkit.devices() == ["cpu"]


def test_threads_do_not_disturb_each_other():
    barrier = threading.Barrier(3, timeout=30)
    seen: dict[str, list[str]] = {}

    def work(mode):
        with settings(mode=mode):
            found = []
            for _ in range(5):
                barrier.wait()  # everyone is inside a block of their own now
                found.append(settings.current().mode)
                found.append(trace(lambda x: x**2)(3.0).mode)
            seen[mode] = found
            barrier.wait()

    threads = [threading.Thread(target=work, args=(mode,)) for mode in ("forward", "reverse")]
    for thread in threads:
        thread.start()
    for _ in range(5):
        barrier.wait()
        assert settings.current().mode == "auto"
    barrier.wait()
    for thread in threads:
        thread.join()
    assert seen == {"forward": ["forward"] * 10, "reverse": ["reverse"] * 10}


def test_a_new_thread_starts_with_the_defaults():
    found = []
    settings(mode="forward")
    thread = threading.Thread(target=lambda: found.append(settings.current().mode))
    thread.start()
    thread.join()
    assert found == ["auto"]


def test_tasks_do_not_disturb_each_other():
    async def work(mode, mine, other):
        with settings(mode=mode):
            mine.set()
            await other.wait()
            return settings.current().mode

    async def main():
        first, second = asyncio.Event(), asyncio.Event()
        modes = await asyncio.gather(work("forward", first, second), work("reverse", second, first))
        return [*modes, settings.current().mode]

    # A thread of its own has no running loop, whatever another test (playwright's fixtures, say) left in this one.
    with ThreadPoolExecutor(1) as elsewhere:
        modes = elsewhere.submit(lambda: asyncio.run(main())).result()
    assert modes == ["forward", "reverse", "auto"]


def test_a_mode_given_to_the_call_wins_over_the_setting():
    with settings(mode="forward"):
        assert trace(lambda x: x**2)(3.0).mode == "forward"
        assert trace(lambda x: x**2, mode="reverse")(3.0).mode == "reverse"
        assert adkit.grad(lambda x: x**2)(3.0) == 6.0


def test_nan_raise_holds_in_its_block_and_thread_only():
    def derivative():
        return adkit.grad(lambda x: np.sum(np.sqrt(x)))(np.zeros(2))

    with settings(nan="raise"):
        with pytest.raises(NonFiniteError):
            derivative()
        with settings(nan="allow"):
            assert np.isinf(derivative()).all()
        with ThreadPoolExecutor(1) as elsewhere:  # a new thread has the defaults
            assert np.isinf(elsewhere.submit(derivative).result()).all()
    assert np.isinf(derivative()).all()


def test_nan_raise_keeps_values_only_while_it_is_set():
    from adkit.tracing import keeping, keeping_constants

    seen = []

    def f(x):
        seen.append((keeping(), keeping_constants()))
        return x * x

    with settings(nan="raise"):
        adkit.grad(f)(2.0)
        adkit.grad(f)(np.float64(2.0))
    adkit.grad(f)(2.0)
    assert seen == [(True, True), (True, True), (False, False)]
    assert not keeping()
