"""A thousand derivatives leave nothing behind: no bytes by tracemalloc, no objects by gc, no cycles for gc to find."""

from __future__ import annotations

import gc
import json
import pathlib
import subprocess
import sys

import pytest

import adkit
from adkit import derivative, grad, jvp, vjp
from tests.correct.leftovers import CALLS, LEAK, MOST_ROUNDS, settled

PROJECT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def leftovers():
    """What each round of each call left behind in a fresh process."""
    command = [sys.executable, "-m", "tests.correct.leftovers"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", CALLS)
def test_many_calls_leave_nothing_behind(name, leftovers):
    assert settled(leftovers[name][-1]), f"bytes and objects left by each round: {leftovers[name]}"


def test_a_leak_of_one_small_object_per_call_would_be_found(leftovers):
    found = leftovers[LEAK]
    assert len(found) == MOST_ROUNDS
    assert not settled(found[-1])


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"trace", "an error"}))
def test_nothing_waits_for_the_garbage_collector(name):
    """Recordings are freed as soon as their results are, so that peaks do not depend on when gc runs."""
    call = CALLS[name]
    for _ in range(5):
        call()
    gc.collect()
    gc.disable()
    try:
        before = sum(type(thing) is adkit.nodes.Node for thing in gc.get_objects())
        for _ in range(50):
            call()
        after = sum(type(thing) is adkit.nodes.Node for thing in gc.get_objects())
    finally:
        gc.enable()
    assert after <= before


def test_a_long_list_is_swept_in_every_way_without_recursion():
    n = 100_000

    def f(x):
        for _ in range(n):
            x = x * 0.999999 + 1e-6
        return x

    slope = 0.999999**n
    assert grad(f)(0.5) == pytest.approx(slope, rel=1e-9)
    assert jvp(f, (0.5,), (1.0,))[1] == pytest.approx(slope, rel=1e-9)
    assert derivative(f, 2)(0.5) == 0.0
    value, pull = vjp(f, 0.5)
    assert pull(1.0)[0] == pytest.approx(slope, rel=1e-9)
    del value, pull
