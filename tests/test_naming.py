"""The user's names: the last instruction of an assignment bears its target's name, wherever the statement stands."""

from __future__ import annotations

import functools
import linecache
import uuid

import numpy as np

import adkit.numpy as anp
from adkit import trace


def named(f, *args):
    """The instructions that bear a name: (name, text)."""
    return [(i.output.name, i.text) for i in trace(f)(*args).wengert if i.output.name]


def defined(source, name="f"):
    """A function defined by source text, as in a cell of a notebook."""
    filename = f"<cell {uuid.uuid4()}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {"np": np}
    exec(compile(source, filename, "exec"), namespace)
    return namespace[name]


def test_the_last_instruction_of_a_statement():
    def f(x, w):
        u = np.sin(x) * w + 1
        v = np.exp(u)
        return v * 2

    assert named(f, 1.0, 2.0) == [("u", "v₂ + 1"), ("v", "exp(v₃)")]


def test_inputs_bear_their_own_names():
    def f(x, w):
        y = x
        return y * w

    program = trace(f)(1.0, 2.0).wengert
    assert [v.name for v in program.inputs] == ["x", "w"]
    assert [i.output.name for i in program] == [None]


def test_another_name_for_a_value_changes_nothing():
    def f(x):
        u = x * 2
        v = u
        return v + 1

    assert named(f, 1.0) == [("u", "v₀ · 2")]


def test_names_within_functions():
    def g(y):
        inner = y * 2
        return inner + 1

    def f(x):
        outer = g(x) * g(x + 1)
        return outer - 1

    assert named(f, 1.0) == [("inner", "v₀ · 2"), ("inner", "v₃ · 2"), ("outer", "v₂ · v₅")]


def test_an_argument_does_not_get_the_name_of_what_the_call_returns():
    def g(y):
        return y**2 + 1

    def f(x):
        out = g(x * 3)
        return out * g(out + 1)

    assert named(f, 1.0) == []


def test_a_recursive_function_names_each_result():
    def power(x, n):
        r = x * 1 if n == 0 else power(x + 1, n - 1) * x
        return r  # noqa: RET504

    assert named(lambda x: power(x, 3), 1.5)[-3:] == [("r", "v₄ · v₂"), ("r", "v₅ · v₁"), ("r", "v₆ · v₀")]


def test_every_pass_of_a_loop():
    def f(x):
        for i in range(3):
            k = x * i
            x = k + x
        return x

    assert [name for name, _ in named(f, 1.0)] == ["k", "x", "k", "x", "k", "x"]


def test_a_loop_of_one_statement():
    def f(x):
        while x > 0.7:
            x = np.sin(x)
        return x * 2

    found = named(f, 1.0)
    assert len(found) > 2
    assert {name for name, _ in found} == {"x"}


def test_a_loop_on_one_line():
    def f(x):
        for a in (1.0, 2.0): b = a * x; x = b + x  # noqa: E701, E702  # fmt: skip
        return x

    assert [name for name, _ in named(f, 1.0)] == ["b", "x", "b", "x"]


def test_augmented_assignment():
    def f(x):
        total = x * 2
        total += np.sin(x)
        total **= 2
        total -= x * 3
        return total

    texts = named(f, 1.0)
    assert [name for name, _ in texts] == ["total"] * 4
    assert [text for _, text in texts] == ["v₀ · 2", "v₁ + v₂", "v₃²", "v₄ − v₅"]


def test_assignment_into_an_array_bears_the_name_of_the_array():
    def f(x):
        z = anp.zeros(3)
        z[0] = x * 2
        z[1:] += x
        return np.sum(z)

    found = named(f, 1.5)
    assert {name for name, _ in found} == {"z"}
    assert found[0][1].startswith("array(3) with [0]")
    assert len(found) == 2


def test_assignment_into_a_dictionary():
    def f(x):
        d = {}
        d["k"] = x * 5
        return d["k"] + 1

    assert named(f, 1.0) == [("d", "v₀ · 5")]


def test_annotated_chained_and_walrus_assignments():
    def f(x):
        u: float = x * 2
        v = w = u + 1
        if (z := v * w) > 0:
            z = z - 1
        return z

    assert [name for name, _ in named(f, 1.0)] == ["u", "v", "z", "z"]


def test_unpacking_names_element_by_element():
    def f(x):
        a, b = x * 2, np.sin(x) + 1
        [c] = [a * b]
        a, b = b, a
        return a + b + c

    assert named(f, 1.0) == [("a", "v₀ · 2"), ("b", "v₂ + 1"), ("c", "v₁ · v₃")]


def test_unpacking_what_a_function_returns_names_nothing():
    def pair(x):
        return x * 2, x * 3

    def f(x):
        a, b = pair(x + 1)
        first, *rest = x * 4, x * 5, x * 6
        return a * b + first + rest[0]

    assert named(f, 1.0) == []


def test_the_body_of_a_lambda_is_not_named_after_the_lambda():
    def f(x):
        g = lambda y: y * 2 + 1  # noqa: E731
        out = g(x) * 3
        return out  # noqa: RET504

    assert named(f, 1.0) == [("out", "v₂ · 3")]


def test_a_lambda_called_where_it_stands():
    def f(x):
        q = (lambda y: y * 2)(x) + (lambda y: y + 1)(x)
        return q - 1

    assert named(f, 1.0) == [("q", "v₁ + v₂")]


def test_the_bodies_of_comprehensions_are_not_named():
    def f(x):
        terms = [x * a for a in (1.0, 2.0, 3.0)]
        table = {a: x + a for a in (1.0, 2.0)}
        lazy = (x - a for a in (1.0, 2.0))
        total = functools.reduce(lambda p, q: p * q, terms) + table[1.0] + next(lazy)
        return total  # noqa: RET504

    names = named(f, 1.0)
    assert [name for name, _ in names] == ["total"]


def test_a_library_call_of_several_instructions_is_named_at_its_end():
    def f(x):
        s = np.outer(x, x)
        t = np.var(s)
        return t + 1

    found = named(f, np.arange(3.0))
    assert [name for name, _ in found] == ["s", "t"]
    assert found[0][1] == "v₁ · v₂"
    assert len(trace(f)(np.arange(3.0)).wengert) > 6


def test_a_library_call_in_a_loop_is_named_once_in_each_pass():
    def f(x):
        total = 0.0
        for i in range(3):
            t = np.std(x * i + x)
            total = total + t
        return total

    assert [name for name, _ in named(f, np.arange(3.0))] == ["t", "total"] * 3


def test_a_conditional_expression_is_named_on_either_branch():
    def f(x):
        y = np.sin(x) if x > 0 else np.cos(x)
        return y * 2

    assert named(f, 1.0) == [("y", "sin(v₀)")]
    assert named(f, -1.0) == [("y", "cos(v₀)")]


def test_a_statement_over_several_lines():
    def f(x):
        y = (
            x * 2
            + np.sin(
                x,
            )
        )  # fmt: skip
        return y * 3

    assert named(f, 1.0) == [("y", "v₁ + v₂")]


def test_code_of_a_cell_with_magics_and_letters_of_any_script():
    source = "%%time\n!ls\ndef f(x):\n    θ = x * 2; größe = 'äöü' and θ + 1\n    return größe * 2\n"
    filename = f"<cell {uuid.uuid4()}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {}
    exec(compile(source.replace("%%time", "").replace("!ls", ""), filename, "exec"), namespace)
    assert named(namespace["f"], 1.0) == [("θ", "v₀ · 2"), ("größe", "v₁ + 1")]


def test_two_cells_with_the_same_positions_keep_their_own_names():
    first = defined("def f(x):\n    u = x * 2\n    return u + 1\n")
    second = defined("def f(x):\n    v = x * 2\n    return v + 1\n")
    assert named(first, 1.0) == [("u", "v₀ · 2")]
    assert named(second, 1.0) == [("v", "v₀ · 2")]


def test_code_without_source_has_no_names():
    namespace = {}
    exec(compile("def f(x):\n    u = x * 2\n    return u + 1\n", "<gone>", "exec"), namespace)
    assert named(namespace["f"], 1.0) == []
    assert trace(namespace["f"])(3.0).value == 7.0


def test_source_that_no_longer_parses_gives_no_names():
    f = defined("def f(x):\n    u = x * 2\n    return u + 1\n")
    lines = ["def f(x:\n", "    u = = x\n"]
    linecache.cache[f.__code__.co_filename] = (10, None, lines, f.__code__.co_filename)
    assert named(f, 1.0) == []


def test_many_statements():
    body = "".join(f"    a{i} = x * {i}\n" for i in range(2000))
    f = defined(f"def f(x):\n{body}    return a0 + a1999\n")
    assert named(f, 1.0) == [("a0", "v₀ · 0"), ("a1999", "v₀ · 1999")]
