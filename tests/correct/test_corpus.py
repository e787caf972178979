"""Plain NumPy programs as people write them, under `grad` and in a `%%grad` cell, unchanged."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest

from adkit import LeakError, grad, jvp, lift, value_and_grad, vjp
from adkit.check import ridders
from tests.correct.programs import NEEDS_LIFT, corpus
from tests.kernel.conftest import _private_directories, run, shell  # noqa: F401

PROGRAMS = corpus()
EACH = pytest.mark.parametrize("program", [pytest.param(p, id=p.id) for p in PROGRAMS])


def direction(value, seed):
    """A random direction, of length about 1 whatever the size of the argument."""
    made = np.random.default_rng(seed).uniform(0.5, 1.5, np.shape(value))
    return (made * np.random.default_rng(seed + 1).choice([-1.0, 1.0], np.shape(value)))[()]


def numerical(program, place, along):
    """Ridders' derivative from the first step, of several, with the least error: a long one may cross a branch."""
    f = program.along(place, along)
    tried = [ridders(f, 0.0, 1.0, reach) for reach in (10.0, 1.0, 1e-1, 1e-2)]
    return min(tried, key=lambda pair: float(pair[1]))


def agrees(program, place, along, slope):
    """Whether a directional derivative is that of the plain program."""
    reference, estimate = numerical(program, place, along)
    scale = max(1.0, abs(float(program.function(*program.args))))
    assert np.isfinite(slope)
    assert estimate < 1e-4 * max(scale, abs(reference)), "the reference itself does not converge"
    assert abs(slope - reference) <= 10 * estimate + 1e-11 * scale, (slope, float(reference), float(estimate))


def test_the_corpus_is_plain_numpy_and_large():
    assert len(PROGRAMS) >= 60
    for path in {p.path for p in PROGRAMS}:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        assert imported <= {"numpy", "math"}
        assert not any(isinstance(n, ast.ImportFrom) for n in ast.walk(tree))
        defined = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        assert {p.name for p in PROGRAMS if p.path == path} <= defined


@EACH
def test_gradients_in_both_modes(program):
    before = [np.copy(a) for a in program.args]
    value, gradients = value_and_grad(lift(program.function), program.places)(*program.args)
    assert float(value) == pytest.approx(float(program.function(*program.args)), rel=1e-12, abs=1e-14)
    forward = grad(lift(program.function), program.places, mode="forward")(*program.args)
    for place, g, h in zip(program.places, gradients, forward, strict=True):
        assert np.shape(g) == np.shape(program.args[place])
        size = max(1.0, float(np.max(np.abs(g))))
        np.testing.assert_allclose(g, h, rtol=1e-9, atol=1e-11 * size)
        along = direction(program.args[place], place)
        agrees(program, place, along, float(np.sum(g * along)))
    for a, b in zip(program.args, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_at_least_sixty_programs_need_no_lift():
    named = {p.id for p in PROGRAMS}
    assert set(NEEDS_LIFT) <= named
    assert len(named - set(NEEDS_LIFT)) >= 60


@EACH
def test_plain_grad_is_the_same_or_names_the_line_and_lift(program):
    f, places, args = program.function, program.places, program.args
    if program.id not in NEEDS_LIFT:
        for g, e in zip(grad(f, places)(*args), grad(lift(f), places)(*args), strict=True):
            np.testing.assert_allclose(g, e, rtol=1e-13, atol=1e-14)
        return
    with pytest.raises(LeakError, match=r"lose its derivative.*Fix: .*adkit\.lift\(f\) in the place of f") as caught:
        grad(f, places)(*args)
    assert caught.value.filename == str(program.path)
    line = program.path.read_text(encoding="utf-8").splitlines()[caught.value.line - 1]
    leak = {"fills": r"\] \+?= ", "calls": r"math\.", "makes": r"np\.array\("}[NEEDS_LIFT[program.id].split()[0]]
    assert re.search(leak, line), line


@EACH
def test_second_order(program):
    """The derivative of a directional derivative, forward over forward against reverse over forward."""
    f, places = lift(program.function), program.places
    xs = tuple(program.args[i] for i in places)
    along = tuple(direction(x, 7 + i) for i, x in enumerate(xs))

    def of_places(*given):
        args = list(program.args)
        for i, x in zip(places, given, strict=True):
            args[i] = x
        return f(*args)

    def slope(*given):
        return jvp(of_places, given, along)[1]

    curvature = jvp(slope, xs, along)[1]
    pulled = sum(float(np.sum(g * d)) for g, d in zip(vjp(slope, *xs)[1](1.0), along, strict=True))
    assert curvature == pytest.approx(pulled, rel=1e-8, abs=1e-9 * max(1.0, abs(float(slope(*xs)))))


@EACH
def test_in_a_cell(program, run, shell):  # noqa: F811
    run(program.path.read_text(encoding="utf-8"))
    names = [f"argument{i}" for i in range(len(program.args))]
    shell.push(dict(zip(names, program.args, strict=True)))
    chosen = " ".join(names[i] for i in program.places)
    g = run(f"%%grad {chosen}\n{program.name}({', '.join(names)})")
    expected = grad(lift(program.function), program.places)(*program.args)
    for place, e in zip(program.places, expected, strict=True):
        np.testing.assert_allclose(g[names[place]], e, rtol=1e-12, atol=1e-13)
