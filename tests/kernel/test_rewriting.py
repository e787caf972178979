"""The changes made to a cell's syntax tree."""

import ast

import pytest

from adkit_jupyter import inputs, substitution
from adkit_jupyter.rewriting import mark_imports, mark_inputs, split_value


class Noted(inputs.Inputs):
    """Inputs whose handles are the values times a thousand, so that tests need no tracing."""

    def add(self, name, value):
        if name in self.traced:
            return value
        self.traced[name] = value * 1000
        return self.traced[name]


def run(code, names):
    """Run `code` with its inputs marked; return the namespace."""
    tree = ast.parse(code)
    assert mark_inputs(tree, names) == set(names)
    namespace = {}
    noted = Noted(tuple(names))
    noted.start()
    try:
        exec(compile(tree, "cell", "exec"), namespace)
    finally:
        noted.stop()
    return namespace


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 2", {"x": 2000}),
        ("x = 2\nx = 3", {"x": 3}),
        ("x: int = 2", {"x": 2000}),
        ("x, w = 2, 3", {"x": 2000, "w": 3}),
        ("x, w = (lambda: (2, 3))()", {"x": 2000, "w": 3}),
        ("[x, *w] = [2, 3]", {"x": 2000, "w": [3]}),
        ("a = x = 2", {"x": 2000, "a": 2000}),
        ("a = (x := 2)", {"x": 2000, "a": 2000}),
        ("if 0:\n    x = 1\nelse:\n    x = 2", {"x": 2000}),
        ("for x in [2]:\n    pass", {"x": 2000}),
        ("for i in [1, 2]:\n    x = i", {"x": 2}),
        ("import contextlib\nwith contextlib.nullcontext(2) as x:\n    pass", {"x": 2000}),
        ("def f():\n    x = 1\nx = 2", {"x": 2000}),
        ("y = 1\nx = y + 1\nz = x", {"x": 2000, "z": 2000}),
    ],
)
def test_an_assignment_becomes_an_input(code, expected):
    namespace = run(code, ["x"])
    assert {name: namespace[name] for name in expected} == expected


def test_names_that_are_not_assigned_are_not_found():
    assert mark_inputs(ast.parse("def f():\n    x = 1"), ["x"]) == set()


def test_places_of_the_users_code_are_kept():
    tree = ast.parse("x = 1 / 0")
    mark_inputs(tree, ["x"])
    code = compile(tree, "cell", "exec")
    with pytest.raises(ZeroDivisionError) as caught:
        exec(code, {})
    frame = caught.traceback[-1]._rawentry
    positions = list(code.co_positions())[frame.tb_lasti // 2]
    assert positions == (1, 1, 4, 9)


def test_imports_are_seen_substituted_while_a_cell_runs(monkeypatch):
    import math

    class Fake(substitution.Substitution):
        def substitute(self, value):
            return f"adkit's {value.__name__}"

    monkeypatch.setattr(substitution, "_from_library", lambda value: True)
    tree = ast.parse("import math as m, os\nfrom math import sin as s\ndef f():\n    import math\n    return math")
    mark_imports(tree)
    namespace = {}
    active = Fake({})
    active.start()
    exec(compile(tree, "cell", "exec"), namespace)
    assert (namespace["m"], namespace["s"], namespace["f"]()) == ("adkit's math", "adkit's sin", "adkit's math")
    active.stop()
    assert namespace["f"]() is math


@pytest.mark.parametrize(("code", "statements", "value"), [("x = 1\nx", 1, "x"), ("x = 1", 1, None), ("f()", 0, "f()")])
def test_the_last_expression_is_taken_off(code, statements, value):
    tree, expression = split_value(ast.parse(code))
    assert len(tree.body) == statements
    assert (expression and ast.unparse(expression)) == value
