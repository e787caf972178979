"""`trace` and `Trace`: the list, the names, the derivatives, the adjoint program, the document."""

from __future__ import annotations

import json
import math
import pathlib
import pickle

import numpy as np
import pytest

import adkit
import adkit.numpy as anp
from adkit import IndependentError, InputError, ModeError, MutationError, Trace, grad, hessian, trace
from adkit.wengert import Constant, Variable, WengertList

SCHEMA = pathlib.Path(adkit.__file__).parent / "views" / "trace.v1.schema.json"


def loss(x, w):
    u = np.sin(x) * w
    v = u + x
    return u * v


# ------------------------------------------------------------------------------------------------ values and gradients


def test_value_gradient_and_access():
    t = trace(loss)(1.5, 2.0)
    assert type(t) is Trace
    assert t.value == loss(1.5, 2.0)
    assert t.gradient == {"x": t["x"], "w": t["w"]}
    assert (t["x"], t["w"]) == (t.x, t.w)
    np.testing.assert_allclose([t.x, t.w], grad(loss, (0, 1))(1.5, 2.0), rtol=1e-15)
    assert "x" in dir(t)
    with pytest.raises(InputError, match="'y'") as caught:
        t["y"]
    assert "x, w" in caught.value.fix
    assert not hasattr(t, "y")


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_modes(mode):
    t = trace(loss, mode=mode)(1.5, 2.0)
    assert (t.mode, t.mode_reason) == (mode, "as asked for")
    np.testing.assert_allclose([t.x, t.w], grad(loss, (0, 1))(1.5, 2.0), rtol=1e-15)


def test_automatic_mode_counts_inputs_and_outputs():
    assert (trace(loss)(1.5, 2.0).mode, trace(loss)(1.5, 2.0).mode_reason) == ("reverse", "2 inputs, 1 output")
    t = trace(lambda x: x * np.ones(3))(1.0)
    assert (t.mode, t.mode_reason) == ("forward", "1 input, 3 outputs")
    with pytest.raises(ModeError, match="sideways"):
        trace(loss, mode="sideways")(1.5, 2.0)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_gradients_have_the_type_of_their_inputs(mode):
    t = trace(lambda a, b, c: (a * b).sum() * c, mode=mode)(np.float32(2.0), np.ones((2, 1), np.float32), 3)
    assert type(t.a) is np.float32
    assert (t.b.shape, t.b.dtype) == ((2, 1), np.float32)
    assert type(t.c) is float


def test_containers_are_inputs_leaf_by_leaf():
    t = trace(lambda p, n: p["w"] * p["b"][0].sum() * n.sum())({"w": 2.0, "b": [np.ones(2)], "s": "text"}, np.arange(3))
    assert t.gradient["p"]["w"] == 6.0
    np.testing.assert_array_equal(t["p"]["b"][0], [6.0, 6.0])
    assert sorted(v.name for v in t.wengert.inputs) == ["p['b'][0]", "p['w']"]


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_jacobian_of_a_vector_output(mode):
    a = np.arange(6.0).reshape(2, 3)
    t = trace(lambda x: a @ (x * x), mode=mode)(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(t.x, a * [2.0, 4.0, 6.0])


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_elementwise_outputs_have_a_derivative_not_a_matrix(mode):
    x = np.array([0.1, 0.2])
    np.testing.assert_allclose(trace(lambda x: np.sin(x) * x, mode=mode)(x).x, np.cos(x) * x + np.sin(x))
    assert trace(lambda x: np.sin(x) * x[::-1], mode=mode)(x).x.shape == (2, 2)
    assert trace(lambda x: x * x.sum(), mode=mode)(x).x.shape == (2, 2)
    t = trace(lambda x, y: x * y, mode=mode)(x, 3.0)
    np.testing.assert_array_equal(t.x, [3.0, 3.0])
    np.testing.assert_array_equal(t.y, x)


def test_complex_gradients_are_directions_of_steepest_ascent():
    z = np.array([1 + 2j, 3 - 1j])
    for mode in ("forward", "reverse"):
        np.testing.assert_allclose(trace(lambda z: (np.abs(z) ** 2).sum(), mode=mode)(z).z, 2 * z)


def test_higher_orders():
    t = trace(loss, order=2)(1.5, 2.0)
    h = t.higher()
    np.testing.assert_allclose(h["x", "x"], grad(grad(loss))(1.5, 2.0), rtol=1e-14)
    np.testing.assert_allclose(h["x", "w"], grad(grad(loss, 0), 1)(1.5, 2.0), rtol=1e-14)
    assert trace(lambda x: x**4, order=3)(2.0).higher() == {("x", "x", "x"): 48.0}
    x = np.array([1.0, 2.0])
    h = trace(lambda x: (x**3).sum() * x[0], order=2)(x).higher()["x", "x"]
    np.testing.assert_allclose(h, hessian(lambda x: (x**3).sum() * x[0])(x))
    with pytest.raises(ModeError):
        trace(lambda x: (x**3).sum(), order=3)(x).higher()
    with pytest.raises(ModeError):
        trace(lambda x: x**3, order=2)(x).higher()


def test_higher_orders_of_code_that_fills_arrays():
    def f(x):
        a = anp.zeros(3)
        for i in range(3):
            a[i] = x**i
        return (a * a).sum()

    assert trace(f, order=2)(2.0).higher()["x", "x"] == 2 + 12 * 4.0
    assert trace(f)(2.0).check().verdict == "agree"


def test_errors():
    with pytest.raises(IndependentError, match="does not depend"):
        trace(lambda x: 3.0)(1.0)
    with pytest.raises(ModeError, match="one output"):
        trace(lambda x: (x, x))(1.0)
    with pytest.raises(ZeroDivisionError):
        trace(lambda x: 1 / 0)(1.0)
    with pytest.raises(TypeError):
        trace(loss)(1.0)


# ------------------------------------------------------------------------------------------------ the list


def test_the_list_is_well_formed_and_reads_as_mathematics():
    program = trace(loss)(1.5, 2.0).wengert.check()
    assert str(program).splitlines() == [
        "v₋₁ = x",
        "v₀ = w",
        "v₁ = sin(v₋₁)",
        "v₂ = v₁ · v₀  → u",
        "v₃ = v₂ + v₋₁  → v",
        "v₄ = v₂ · v₃",
        "return v₄",
    ]
    lines = [i.span.line - loss.__code__.co_firstlineno for i in program]
    assert lines == [1, 1, 2, 3]
    assert pickle.loads(pickle.dumps(program)) == program


def test_names_inside_functions_and_loops():
    def inner(t):
        square = t * t
        return square + 1.0

    def f(x):
        total = 0.0
        for i in range(3):
            part = inner(x) * i
            total += part
        a, b = total * 2.0, total * 3.0
        return a + b

    names = [i.output.name for i in trace(f)(2.0).wengert]
    assert names.count("square") == 3
    assert names.count("part") == 3
    assert names.count("total") == 3


def test_the_name_of_an_assigned_array():
    def f(x):
        table = anp.zeros(2)
        table[0] = x
        table[1] = x * x
        return table.sum()

    names = [(i.primitive, i.output.name) for i in trace(f)(2.0).wengert]
    assert names.count(("index_update", "table")) == 2


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (loss, (1.5, 2.0)),
        (lambda x: x, (2.0,)),
        (lambda x: np.where(x > 1.0, x, 2.0).sum(), (np.array([1.0, 3.0]),)),
        (lambda x: grad(lambda y: y**3 * x)(x), (2.0,)),
        (lambda x: np.linalg.solve(x, np.ones(2)).sum(), (np.eye(2) * 2.0,)),
        (lambda x: x[::-1][0] * x[[0, 0]].sum(), (np.array([1.0, 3.0]),)),
        (lambda x: sorted([x, 2.0])[0] * np.floor(x), (1.5,)),
    ],
)
def test_every_list_is_well_formed(f, args):
    t = trace(f)(*args)
    program = t.wengert.check()
    assert len(program.outputs) == 1
    keys = {v.key for v in program.inputs} | {i.output.key for i in program}
    assert set(t.reverse()) <= keys
    assert set(t.forward()) <= keys
    t.adjoint_program.check()


# ------------------------------------------------------------------------------------------------ sweeps


def test_forward_and_reverse_of_every_variable():
    t = trace(loss)(1.5, 2.0)
    adjoints = t.reverse()
    assert list(adjoints) == ["v-1", "v0", "v1", "v2", "v3", "v4"]
    u = 2.0 * math.sin(1.5)
    np.testing.assert_allclose(list(adjoints.values()), [t.x, t.w, 2.0 * (2 * u + 1.5), 2 * u + 1.5, u, 1.0])
    assert t.reverse(10.0)["v-1"] == pytest.approx(10.0 * t.x)
    tangents = t.forward(x=1.0)
    assert tangents["v4"] == pytest.approx(t.x)
    assert tangents["v1"] == pytest.approx(math.cos(1.5))
    assert "v0" not in tangents
    assert t.forward()["v4"] == pytest.approx(t.x + t.w)
    with pytest.raises(InputError, match="'y'"):
        t.forward(y=1.0)
    with pytest.raises(InputError, match="shape"):
        t.reverse(np.ones(2))


def test_sweeps_of_arrays_show_what_each_variable_had():
    def f(x):
        a = anp.zeros(2)
        a[0] = x
        b = a * 1.0
        a[1] = x * 2.0
        return (a * b).sum()

    t = trace(f)(3.0)
    by_name = {i.output.key: i for i in t.wengert}
    tangents = t.forward(x=1.0)
    updates = [key for key, i in by_name.items() if i.primitive == "index_update"]
    np.testing.assert_array_equal(tangents[updates[0]], [1.0, 0.0])
    np.testing.assert_array_equal(tangents[updates[1]], [1.0, 2.0])
    adjoints = t.reverse()
    np.testing.assert_array_equal(adjoints[updates[1]], [3.0, 0.0])
    np.testing.assert_array_equal(adjoints[updates[0]], [6.0, 6.0])


RULES = {
    "sin": np.sin, "cos": np.cos, "exp": np.exp, "log": np.log, "negative": lambda x: -x, "square": lambda x: x * x,
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "strong_multiply": lambda a, b: a * b, "power_constant": lambda a, b: a**b, "sqrt": np.sqrt, "convert": lambda x: x,
}  # fmt: skip


def evaluate(program, *arguments):
    """A tiny interpreter of scalar programs."""
    values = {v.id: a for v, a in zip(program.inputs, arguments, strict=True)}

    def of(operand):
        return values[operand.id] if isinstance(operand, Variable) else float(operand.text.replace("−", "-"))

    for instruction in program:
        values[instruction.output.id] = RULES[instruction.primitive](*map(of, instruction.inputs))
    return [of(out) for out in program.outputs]


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (loss, (1.5, 2.0)),
        (lambda x: np.exp(np.sin(x)) / x, (0.5,)),
        (lambda x, y: np.sqrt(x * x + y * y), (3.0, 4.0)),
        (lambda x, y: (x - y) ** 3 * np.log(x), (3.0, 1.0)),
        (lambda x, y: x * 2.0, (3.0, 1.0)),
    ],
)
def test_programs_and_adjoint_programs_can_be_interpreted(f, args):
    t = trace(f)(*args)
    assert evaluate(t.wengert, *args) == [pytest.approx(t.value, rel=1e-14)]
    program = t.adjoint_program.check()
    assert isinstance(program, WengertList)
    assert len(program.inputs) == len(args) + 1
    assert all(isinstance(out, (Variable, Constant)) for out in program.outputs)
    assert evaluate(program, *args, 1.0) == [pytest.approx(g, rel=1e-14) for g in t.gradient.values()]
    assert evaluate(program, *args, -2.0) == [pytest.approx(-2.0 * g, rel=1e-14) for g in t.gradient.values()]


# ------------------------------------------------------------------------------------------------ afterwards


def test_results_are_untraced():
    t = trace(lambda x: np.exp(x))(np.ones(2))
    assert type(t.value) is np.ndarray
    assert type(t.x) is np.ndarray
    for values in (t.forward(), t.reverse()):
        assert all(type(v) is np.ndarray for v in values.values())


def test_a_trace_does_not_notice_what_is_done_with_its_arrays():
    x = np.array([1.0, 2.0])
    t = trace(lambda x: np.exp(x) * x, order=1)(x)
    before = json.dumps(t.document())
    t.value[:] = 0.0
    x[:] = 7.0
    np.testing.assert_allclose(t.reverse()["v0"], np.exp([1.0, 2.0]) * [2.0, 3.0])
    assert json.dumps(t.document()) == before


def test_a_large_array_changed_afterwards_is_noticed():
    a, x = np.ones(20_000), np.ones(20_000)
    t = trace(lambda x: (x * a).sum())(x)
    assert a.flags.writeable
    a[0] = 2.0
    for use in (t.reverse, t.forward, lambda: t.adjoint_program, t.document, t.replay):
        with pytest.raises(MutationError):
            use()
    a[0] = 1.0
    assert t.reverse()["v0"][0] == 1.0
    x[0] = 5.0
    with pytest.raises(MutationError):
        t.reverse()


def test_check():
    assert trace(loss)(1.5, 2.0).check().verdict == "agree"


def test_text_forms():
    t = trace(loss)(1.5, 2.0)
    assert "4 instructions" in repr(t)
    assert "sin" in str(t)
    bundle = t._repr_mimebundle_()
    assert {"text/plain", "text/html", "application/vnd.adkit.trace.v1+json"} <= set(bundle)


# ------------------------------------------------------------------------------------------------ the document


def helper_loop(x):
    total = x
    for i in range(50):
        total = total * 0.5 + np.sin(x) * i
    return total


DOCUMENTS = {
    "scalar": lambda: trace(loss)(1.5, 2.0),
    "forward": lambda: trace(loss, mode="forward")(1.5, 2.0),
    "second order": lambda: trace(loss, order=2)(1.5, 2.0),
    "loop": lambda: trace(helper_loop)(0.5),
    "array": lambda: trace(lambda x: (np.exp(x) * x).sum())(np.linspace(0, 1, 7)),
    "jacobian": lambda: trace(lambda x: np.outer(x, x))(np.array([1.0, 2.0])),
    "guards": lambda: trace(lambda x: x * 2.0 if x > 0 else x)(1.5),
    "nan": lambda: trace(lambda x: (x * 2.0).sum())(np.array([np.nan, np.inf, 1.0])),
    "complex": lambda: trace(lambda z: np.abs(z) ** 2)(1 + 2j),
    "identity": lambda: trace(lambda x: x)(1.0),
    "empty": lambda: trace(lambda x, y: x.sum() + y)(np.ones(0), 1.0),
    "mask": lambda: trace(lambda x: x[x > 1.0].sum())(np.array([1.0, 2.0])),
    "inner gradient": lambda: trace(lambda x: grad(lambda y: y**3)(x) * x)(2.0),
    "long": lambda: trace(lambda x: sum((x * i for i in range(2000)), x))(0.5),
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_documents_follow_their_schema_and_are_deterministic(name):
    jsonschema = pytest.importorskip("jsonschema")
    document = DOCUMENTS[name]().document()
    text = json.dumps(document, allow_nan=False)
    jsonschema.validate(json.loads(text), json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert json.dumps(DOCUMENTS[name]().document(), allow_nan=False) == text
    assert " at 0x" not in text
    assert str(pathlib.Path(__file__).parent) not in text


def test_rows_name_only_variables_that_exist():
    def walk(rows):
        for row in rows:
            yield row
            yield from walk(row.get("rows") or [])

    for make in DOCUMENTS.values():
        t = make()
        rows = list(walk(t.document(("list",))["rows"]))
        keys = {v.key for v in t.wengert.inputs} | {i.output.key for i in t.wengert}
        assert len({row["id"] for row in rows}) == len(rows)
        for row in rows:
            assert set(row["inputs"]) <= keys


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_hundred_thousand_instructions(mode):
    def f(x):
        y = x
        for _ in range(50_000):
            y = y * 0.5 + x
        return y

    t = trace(f, mode=mode)(1.0)
    assert t.x == pytest.approx(2.0)
    document = t.document()
    assert document["counts"]["instructions"] == 100_000
    assert len(json.dumps(t._repr_mimebundle_())) < 1_000_000
    folds = [row for row in document["rows"] if row["kind"] == "fold"]
    assert [(fold["count"], fold["instructions"]) for fold in folds] == [(50_000, 100_000)]
    assert [row["op"] for row in folds[0]["rows"]] == ["multiply", "add"]


def test_what_does_not_fold_is_summarised():
    source = "def f(x):\n" + "".join(f"    x = x * {1 + i * 1e-6}\n" for i in range(3000)) + "    return x\n"
    space = {}
    exec(compile(source, "<generated>", "exec"), space)
    document = trace(space["f"])(1.0).document()
    assert document["counts"]["instructions"] == 3000
    assert document["counts"]["listed"] <= 450
    assert any("more instructions" in row["text"] for row in document["rows"])
    assert len(json.dumps(document)) < 1_000_000
