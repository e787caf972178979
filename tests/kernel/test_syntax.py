"""What is read off a cell's syntax tree."""

import ast

import pytest

from adkit_jupyter.syntax import NameFlow, awaits_at_top, expression_name, global_reads, top_literals


def flow(code):
    return NameFlow.of(ast.parse(code))


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("y = x * w", ["x", "w"]),
        ("x = 2.0\ny = x", []),
        ("x = x + 1", ["x"]),
        ("x += 1", ["x"]),
        ("x[0] = v", ["v", "x"]),
        ("y = [a * b for a in xs if a > c]", ["xs", "b", "c"]),
        ("def f(u):\n    return u * k\nf(x)", ["f", "x", "k"][1:]),
        ("def f():\n    return k\nk = 1.0", []),
        ("def f(n=m):\n    global t\n    t = n\n    return t", ["m", "t"]),
        ("g = lambda q: q + r", ["r"]),
        ("class A:\n    b = c", ["c"]),
        ("for i in range(n):\n    s = s + i", ["range", "n", "s"]),
        ("import numpy as np\nnp.sin(x)", ["x"]),
        ("with open(p) as f:\n    f.read()", ["open", "p"]),
        ("(z := x)\nz", ["x"]),
        ("[lambda t: t + u for t in v]", ["v", "u"]),
    ],
)
def test_names_that_come_from_earlier_cells(code, reads):
    assert sorted(flow(code).reads) == sorted(reads)


@pytest.mark.parametrize(
    ("code", "last"),
    [
        ("y = 1\nz = 2", "z"),
        ("z = 2\nfor i in r:\n    s += i", "s"),
        ("y = zeros(3)\ny[1] = 2", "y"),
        ("o.a.b = 2", "o"),
        ("a, b = 1, 2", "b"),
        ("y: float = 1.0", "y"),
        ("y = 1\nimport os\ndef f(): pass", "y"),
        ("if c:\n    u = 1\nelse:\n    v = 2", "v"),
    ],
)
def test_last_name_assigned(code, last):
    assert flow(code).assigned[-1] == last


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("x = 2.0", ["x"]),
        ("x = -2.0\nw = +1e-3", ["x", "w"]),
        ("x, w = 1.0, 2.0", ["x", "w"]),
        ("a = b = 1.0", ["a", "b"]),
        ("x: float = 1.0", ["x"]),
        ("n = 3\nx = 1.0", ["x"]),
        ("'''doc'''\nimport numpy as np\ndef f(t):\n    return t\nx = 1.0", ["x"]),
        ("y = f(2)\nx = 1.0", []),
        ("x = 1.0\ns = 0.0\nfor i in r:\n    s += x", ["x"]),
        ("w = np.array([1.0, 2])", ["w"]),
        ("w = np.array([[1.0, 2.0], [3.0, 4.0]])", ["w"]),
        ("w = np.array([1, 2])", []),
        ("w = [1.0, 2.0]", []),
        ("name = 'a'\nx = 1.0", ["x"]),
    ],
)
def test_literals_at_the_top(code, names):
    assert top_literals(ast.parse(code)) == names


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("x = 1\nawait f()", 2),
        ("async with a: pass", 1),
        ("async for i in a: pass", 1),
        ("[i async for i in a]", 1),
        ("async def f():\n    await g()", None),
        ("x = 1", None),
    ],
)
def test_await_at_the_top(code, line):
    assert awaits_at_top(ast.parse(code)) == line


def test_reads_of_nested_functions():
    tree = ast.parse("def f(a):\n    b = a\n    def g(c):\n        return a + b + c + d\n    return g")
    assert global_reads(tree.body[0]) == ["d"]


@pytest.mark.parametrize(
    ("text", "name"),
    [("loss", "loss"), ("f(x)", "f(x)"), ("x**2", "(x ** 2)"), ("np.sum((x - y) ** 2) + 0.5 * k", "result")],
)
def test_expression_names(text, name):
    assert expression_name(ast.parse(text, mode="eval").body) == name
