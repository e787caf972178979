"""The document of a trace: deterministic plain JSON that follows the schema, honest about what is not finite."""

from __future__ import annotations

import json
import linecache
import pathlib

import jsonschema
import numpy as np
import pytest

import adkit
from adkit import curves, trace
from adkit.trace import CellSource

SCHEMA = json.loads((pathlib.Path(adkit.__file__).parent / "views" / "trace.v1.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
VIEWS = ("list", "graph", "plot", "source")


def many_operations(x, a):
    u = np.sin(a) * x
    for i in range(12):
        u = u * 0.5 + np.cos(x) * i
    if np.sum(u) > 0:
        u = np.where(a > 0, a, 0.5 * a) * u
    b = a[::-1][1:]
    return np.sum(u) + np.max(b) * np.linalg.norm(a) + (a @ a) ** 1.5


def filled(x):
    import adkit.numpy as anp

    z = anp.zeros((3, 3))
    z[0] = x
    z[1:, 0] += 2 * x
    return np.sum(z @ z.T)


TRACES = {
    "operations": lambda **k: trace(many_operations, **k)(0.5, np.array([1.0, -2.0, 3.0])),
    "filled": lambda **k: trace(filled, **k)(1.5),
    "float32": lambda **k: trace(lambda x: np.sum(x * 2) ** 2, **k)(np.ones((2, 2), np.float32)),
    "zero-d": lambda **k: trace(lambda x: x * 2, **k)(np.array(3.0)),
    "numpy scalar": lambda **k: trace(lambda x: x * 2, **k)(np.float32(3.0)),
    "column": lambda **k: trace(lambda x: x @ np.ones((1, 4)), **k)(np.ones((3, 1))),
    "complex number": lambda **k: trace(lambda z: z * (1 + 2j), **k)(1 - 1j),
    "complex array": lambda **k: trace(lambda z: np.cumsum(z * 2j), **k)(np.array([1 - 1j, 2.0])),
    "real to complex": lambda **k: trace(lambda x: np.exp(1j * x), **k)(0.3),
    "containers": lambda **k: trace(lambda p: p["a"] * p["b"][0], **k)({"a": 2.0, "b": [3.0, None]}),
    "empty": lambda **k: trace(lambda x, y: np.sum(x) + y, **k)(np.ones((0, 3)), 1.0),
    "empty output": lambda **k: trace(lambda x: x[:0] * 2, **k)(np.ones(3)),
    "single values": lambda **k: trace(lambda x: x.reshape(1, 1) * 2, **k)(np.ones(1)),
    "infinite": lambda **k: trace(lambda x, y: np.log(x) * y, **k)(0.0, np.inf),
    "tiny and huge": lambda **k: trace(lambda x, y: x * y, **k)(1e-310, 1e300),
    "argmax": lambda **k: trace(lambda x: x[int(np.argmax(x))] * 2, **k)(np.array([1.0, 2.0])),
    "sorted": lambda **k: trace(lambda x, y: sorted([x, y])[0] * 2, **k)(1.0, 2.0),
    "many inputs": lambda **k: trace(lambda xs: sum(x * i for i, x in enumerate(xs)), **k)([1.0] * 30),
    "method": lambda **k: trace(lambda x: x.mean(), **k)(np.arange(3.0)),
    "large Jacobian": lambda **k: trace(np.cumsum, **k)(np.linspace(0, 1, 200)),
}


def walk(rows):
    for row in rows:
        yield row
        yield from walk(row.get("rows") or ())


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
@pytest.mark.parametrize("name", TRACES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_documents_follow_the_schema_and_are_the_same_every_time(name, mode):
    document = TRACES[name](mode=mode).document()
    text = json.dumps(document, allow_nan=False)
    VALIDATOR.validate(json.loads(text))
    assert json.loads(text) == document, "only plain JSON types"
    assert json.dumps(TRACES[name](mode=mode).document(), allow_nan=False) == text
    assert " at 0x" not in text
    assert str(pathlib.Path(__file__).parent) not in text
    ids = [row["id"] for row in walk(document["rows"])]
    assert len(ids) == len(set(ids)) == document["counts"]["listed"]
    for row in walk(document["rows"]):
        filled = "tangent" if document["mode"] == "forward" else "adjoint"
        other = "adjoint" if filled == "tangent" else "tangent"
        assert row[other] is None
        if row["kind"] in ("input", "instruction") and row["dtype"] in ("float64", "float32"):
            assert row[filled] is not None


@pytest.mark.parametrize("order", [2, 3])
def test_documents_of_higher_orders(order):
    document = trace(lambda x, y: np.sin(x) * y**3, order=order)(0.5, 2.0).document()
    VALIDATOR.validate(document)
    assert document["order"] == order
    assert {d["order"] for d in document["derivatives"]} == {1, order}
    array = trace(lambda x: np.sum(x**3), order=2)(np.ones(3)).document()
    VALIDATOR.validate(array)
    hessian = array["derivatives"][-1]
    assert (hessian["kind"], hessian["matrix"]) == ("hessian", [[6.0, 0, 0], [0, 6.0, 0], [0, 0, 6.0]])


@pytest.mark.parametrize("views", [(), ("list",), ("graph",), ("plot",), ("source",), VIEWS])
def test_only_the_views_asked_for(views):
    document = TRACES["operations"]().document(views)
    VALIDATOR.validate(document)
    assert document["views"] == list(views)
    assert bool(document["rows"]) == bool(views)
    assert (document["graph"] is not None) == ("graph" in views)
    assert bool(document["plots"]) == ("plot" in views)


def test_a_checked_trace_has_a_badge():
    t = TRACES["filled"]()
    assert t.document()["badge"] is None
    t.check()
    document = t.document()
    VALIDATOR.validate(document)
    assert document["badge"]["verdict"] == "agree"


def test_kinds_of_derivatives():
    kinds = {
        "derivative": trace(lambda x: x * 2)(1.0),
        "gradient": trace(lambda x: np.sum(x))(np.ones(2)),
        "jacobian": trace(np.cumsum)(np.ones(2)),
    }
    for kind, t in kinds.items():
        (entry,) = t.document(())["derivatives"]
        assert entry["kind"] == kind
    (diagonal,) = trace(np.sin)(np.ones(2)).document(())["derivatives"]
    assert (diagonal["kind"], diagonal["shape"]) == ("derivative", [2])


def test_large_matrices_are_averaged():
    (entry,) = TRACES["large Jacobian"]().document(())["derivatives"]
    assert entry["sampled"] is True
    assert entry["shape"] == [200, 200]
    assert (len(entry["matrix"]), len(entry["matrix"][0])) == (64, 64)
    assert entry["matrix"][-1] == [1.0] * 63 + [entry["matrix"][-1][-1]]
    assert entry["matrix"][0][1:] == [0.0] * 63


# ------------------------------------------------------------------------------------------------ what is not finite


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("f", "args", "notes"),
    [
        (lambda x: x * 2, (np.nan,), ["input x is NaN"]),
        (lambda x, y: x * y, (np.inf, 1.0), ["input x is infinite"]),
        (np.sum, (np.array([np.nan, -np.inf, np.inf, 1.0]),), ["input a has 1 NaN and 2 infinite of 4 elements"]),
        (lambda x: np.log(x), (-1.0,), ["the output is NaN"]),
        (lambda x: np.sqrt(x), (0.0,), ["the derivative by x is infinite"]),
        (lambda x: np.sum(np.sqrt(x)), (np.array([0.0, 1.0]),), ["the derivative by x has 1 infinite of 2 elements"]),
        (lambda x: x * 2, (1.0,), []),
    ],
)  # fmt: skip
def test_notes(f, args, notes):
    document = trace(f)(*args).document()
    VALIDATOR.validate(document)
    json.dumps(document, allow_nan=False)
    assert document["notes"] == notes


def test_weights_that_are_not_finite_are_null():
    with np.errstate(all="ignore"):
        document = trace(lambda x: np.sqrt(x) * 2)(0.0).document()
    inputs = [row for row in document["rows"] if row["kind"] == "input"]
    assert inputs[0]["weight"] is None
    assert inputs[0]["adjoint"] == "inf"
    assert document["graph"]["nodes"][0]["state"] == "nonfinite"


# ------------------------------------------------------------------------------------------------ rows and source

CELL = """\
größe = np.sin(x) * w
if größe > 0:
    größe = größe + \\
        np.exp(x)
größe
"""


def cell_trace(text=CELL, filename="<cell>", first_line=2, output_name="größe"):
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    from adkit.tracing import make_input, recording

    x, w = make_input(1.5, "x"), make_input(2.0, "w")
    space = {"np": np, "x": x, "w": w}
    with recording() as record:
        exec(compile(text, filename, "exec"), space)
    return adkit.Trace.from_recording(
        record,
        inputs={"x": x, "w": w},
        output=space[output_name],
        output_name=output_name,
        source=CellSource(text, filename, first_line),
    )


def test_rows_of_a_cell_have_lines_columns_and_snippets():
    document = cell_trace().document()
    VALIDATOR.validate(document)
    rows = {row["text"]: row for row in document["rows"]}
    assert rows["sin(v₋₁)"]["span"] == [2, 8, 2, 17]
    assert rows["sin(v₋₁)"]["snippet"] == "np.sin(x)"
    assert rows["sin(v₋₁)"]["file"] is None
    assert rows["v₁ · v₀"]["name"] == "größe"
    assert rows["v₂ > 0 was true"]["line"] == 3
    assert rows["v₂ > 0 was true"]["snippet"] == "größe > 0"
    assert rows["v₂ + v₃"]["span"] == [4, 12, 5, 17]
    assert rows["exp(v₋₁)"]["snippet"] == "np.exp(x)"
    assert [m["variable"] for m in document["source"]["marks"]] == ["v1", "v2", "v4", "v3"]
    assert document["source"]["text"] == CELL.rstrip("\n")
    assert document["source"]["first_line"] == 2
    lines = CELL.splitlines()
    for mark in document["source"]["marks"]:
        line, start, end_line, end = mark["span"]
        assert lines[line - 2][start:end].strip() or line != end_line


def test_a_name_can_carry_no_markup():
    hostile = "</script><script>alert(1)</script>\u202e\x00"
    document = trace(lambda d: d[hostile] * 2)({hostile: 1.0}).document()
    VALIDATOR.validate(document)
    json.dumps(document)
    assert hostile.strip("\x00\u202e")[:9] in json.dumps(document)

    def f(x):
        return x * 2

    f.__name__ = hostile
    t = trace(f)(1.0)
    bundle = t._repr_mimebundle_()
    assert "<script>alert" not in bundle["text/html"]
    VALIDATOR.validate(t.document())


def test_a_hundred_thousand_different_instructions_stay_small():
    source = "def f(x):\n    for i in range(25):\n"
    source += "".join(f"        x = x * {1 + i * 1e-7!r} + {i}e-9\n" for i in range(2000))
    filename = "<long cell>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    space = {}
    exec(compile(source + "    return x\n", filename, "exec"), space)
    document = trace(space["f"])(1.0).document()
    assert document["counts"]["instructions"] == 100_000
    assert len(json.dumps(document)) < 1_000_000
    assert len(document["graph"]["nodes"]) <= 150
    VALIDATOR.validate(document)


# ------------------------------------------------------------------------------------------------ curves


def curve_of(t, name="x"):
    (plot,) = [p for p in t.document()["plots"] if p["kind"] == "curve" and p["input"] == name]
    return plot


def test_curves_show_value_and_derivative():
    plot = curve_of(trace(lambda x, w: np.sin(x) * w)(1.5, 2.0))
    x = np.array(plot["x"])
    assert len(x) == curves.POINTS
    np.testing.assert_allclose(plot["value"], 2 * np.sin(x), atol=2e-5)
    np.testing.assert_allclose(plot["derivative"], 2 * np.cos(x), atol=2e-5)
    assert plot["at"] == 1.5
    assert plot["x"][curves.POINTS // 2] == 1.5


def test_points_all_at_once_or_one_by_one_are_the_same(monkeypatch):
    def f(x):
        y = np.exp(x) / (x - 1.0) if x > -2 else x
        return y + abs(x)

    at_once = curve_of(trace(f)(0.5))
    one_by_one = curves._along
    monkeypatch.setattr(curves, "_along", lambda replay, t, name, x, vectorised: one_by_one(replay, t, name, x, False))
    assert curve_of(trace(f)(0.5)) == at_once


def test_curves_of_functions_with_arrays_inside():
    weights = np.array([1.0, 2.0, 3.0])
    plot = curve_of(trace(lambda x: np.sum((weights * x) ** 2))(0.5))
    np.testing.assert_allclose(plot["value"], 14 * np.array(plot["x"]) ** 2, rtol=1e-5)
    np.testing.assert_allclose(plot["derivative"], 28 * np.array(plot["x"]), rtol=1e-5)


def test_points_outside_the_domain_are_null():
    plot = curve_of(trace(lambda x: np.log(x))(1.0))
    for x, v in zip(plot["x"], plot["value"], strict=True):
        assert (v is None) == (x <= 0)


def test_curves_of_inputs_that_are_not_finite_are_left_out():
    assert trace(lambda x: x * 2)(np.nan).document()["plots"] == []


def test_at_most_four_curves():
    plots = trace(lambda *xs: sum(xs))(*[1.0] * 9).document()["plots"]
    assert len(plots) == curves.MOST_CURVES


def test_constant_curves():
    plot = curve_of(trace(lambda x, y: y * 2 + 0 * x)(1.0, 2.0))
    assert set(plot["derivative"]) == {0.0}
    assert set(plot["value"]) == {4.0}
