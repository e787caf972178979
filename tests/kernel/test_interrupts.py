"""Ctrl-C while the namespace is being put in order."""

import signal
import threading

import pytest

from adkit_jupyter.interrupts import interrupts_held


@pytest.fixture(autouse=True)
def python_handles_interrupts():
    """Python's own handler, also where the tests run in the background of a shell that ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_waits_for_the_end_of_the_block():
    done = []

    def work():
        with interrupts_held():
            signal.raise_signal(signal.SIGINT)  # in this thread, before it goes on
            done.append(True)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [True]


def test_the_handler_is_put_back():
    before = signal.getsignal(signal.SIGINT)
    with interrupts_held():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_have_nothing_to_hold():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work():
        with interrupts_held():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
