"""Programs as people write them, taken home: every program of the corpus is emitted and compared."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from adkit import lift, trace
from tests.correct.programs import corpus
from tests.emit.programs import agree, clean, formatted

PROGRAMS = corpus()
LONG = 30_000  # characters of a source that takes the formatter long


def of_places(program):
    """A program as a function of the arguments that are differentiated, under their names."""
    names = [list(inspect.signature(program.function).parameters)[i] for i in program.places]
    lifted = lift(program.function)

    def f(*xs):
        args = list(program.args)
        for i, x in zip(program.places, xs, strict=True):
            args[i] = x
        return lifted(*args)

    f.__name__ = program.name
    f.__signature__ = inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_ONLY) for n in names])
    return f


@pytest.mark.parametrize("program", [pytest.param(p, id=p.id) for p in PROGRAMS])
def test_every_program_can_be_emitted(program):
    f, points = of_places(program), [program.args[i] for i in program.places]
    made = trace(f)(*points)
    source = made.to_source()
    agree(clean(source)(*made._leaves.values()), made, rtol=1e-9)
    if len(source) < LONG:
        assert formatted(source) == source
    fresh = [x * (1 + 1e-7 * np.random.default_rng(0).uniform(-1, 1, np.shape(x)))[()] for x in points]
    there = trace(f)(*fresh)
    try:
        found = clean(source)(*there._leaves.values())
    except AssertionError as error:  # a search by comparing takes another path
        if "trace again" not in str(error):
            raise
    else:
        agree(found, there, rtol=1e-9)
