"""Trace documents written by hand, so that the views are tested without a recording."""

from __future__ import annotations

import math
from typing import Any

from adkit.views.glyphs import subscript

Row = dict[str, Any]


def row(id: str, text: str, value: str | None, derivative: str | None = None, **given: Any) -> Row:
    """A row of the list with every key of the schema; `sweep` says which derivative is meant."""
    sweep = given.pop("sweep", "adjoint")
    weight = given.pop("weight", _weight(derivative))
    filled: Row = {
        "id": id,
        "kind": "instruction",
        "name": None,
        "op": text.split("(")[0],
        "text": text,
        "inputs": [],
        "line": None,
        "span": None,
        "snippet": None,
        "file": None,
        "shape": [],
        "dtype": "float64",
        "value": value,
        "tangent": None,
        "adjoint": None,
        "weight": weight,
        "partials": [],
        "depth": 0,
    }
    filled[sweep] = derivative
    return {**filled, **given}


def _weight(text: str | None) -> float | None:
    try:
        number = float((text or "").replace("−", "-"))
    except ValueError:
        return None
    return abs(number) if math.isfinite(number) else None


def fold(id: str, text: str, rows: list[Row], **given: Any) -> Row:
    """A folded loop or call, or rows left out."""
    return {
        **row(id, text, None),
        "kind": "fold",
        "dtype": None,
        "shape": None,
        "count": 1,
        "instructions": len(rows),
        "lines": None,
        "rows": rows,
        **given,
    }


def guard(id: str, text: str, line: int, snippet: str) -> Row:
    """A condition that was met."""
    return row(id, text, None, kind="guard", line=line, snippet=snippet, dtype=None, shape=None)


def derivative(label: str, name: str, text: str, **given: Any) -> dict[str, Any]:
    """One entry of the head line."""
    return {
        "label": label,
        "input": name,
        "order": 1,
        "kind": "gradient",
        "text": text,
        "shape": [],
        "dtype": "float64",
        "matrix": None,
        **given,
    }


def document(rows: list[Row], **given: Any) -> dict[str, Any]:
    """A document around `rows`."""
    counts = {
        "instructions": sum(1 for each in rows if each["kind"] == "instruction"),
        "guards": sum(1 for each in rows if each["kind"] == "guard"),
        "listed": len(rows),
        "inputs": sum(1 for each in rows if each["kind"] == "input"),
    }
    filled = {
        "schema": 1,
        "title": "loss",
        "mode": "reverse",
        "mode_reason": "2 inputs, 1 output",
        "order": 1,
        "device": "cpu",
        "views": ["list", "graph", "plot", "source"],
        "output": {
            "name": "loss",
            "variable": rows[-1]["id"],
            "value": rows[-1]["value"] or "",
            "shape": [],
            "dtype": "float64",
        },
        "derivatives": [],
        "badge": None,
        "notes": [],
        "counts": counts,
        "rows": rows,
        "source": None,
        "graph": None,
        "plots": [],
    }
    return {**filled, **given}


def node(
    id: str,
    label: str,
    kind: str = "instruction",
    name: str | None = None,
    line: int | None = None,
    weight: float | None = 1.0,
) -> dict[str, Any]:
    """One node of a graph."""
    return {"id": id, "label": label, "kind": kind, "name": name, "line": line, "weight": weight}


def edge(source: str, target: str, label: str | None = None, weight: float | None = 1.0) -> dict[str, Any]:
    """One edge of a graph."""
    return {"from": source, "to": target, "label": label, "weight": weight}


LOSS_SOURCE = "%%grad x w --check\nu = np.sin(x) * w\nif x > 0:\n    u = u + x**2\nloss = np.log1p(u**2)"


def curve(name: str = "x", at: float = 1.5) -> dict[str, Any]:
    """The loss of the drawing's example along x."""
    places = [at + (i - 60) / 30 for i in range(121)]
    values, slopes = [], []
    for x in places:
        u = -0.4 * math.sin(x) + x * x * (x > 0)
        values.append(round(math.log1p(u * u), 6))
        slopes.append(round(2 * u / (1 + u * u) * (-0.4 * math.cos(x) + 2 * x * (x > 0)), 6))
    return {
        "kind": "curve",
        "title": f"loss along {name}",
        "input": name,
        "x": places,
        "value": values,
        "derivative": slopes,
        "at": at,
        "value_at": values[60],
        "derivative_at": slopes[60],
    }


def loss_rows() -> list[Row]:
    """The list of the drawing's example."""
    return [
        row("v-1", "input", "1.5", "2.48549", kind="input", name="x"),
        row("v0", "input", "−0.4", "0.834289", kind="input", name="w"),
        row("v1", "sin(v₋₁)", "0.997495", "−0.334554", inputs=["v-1"], line=2, span=[2, 4, 2, 13], snippet="np.sin(x)"),
        row("v2", "v₁ · v₀", "−0.398998", "0.836384", name="u", line=2, span=[2, 4, 2, 17], snippet="np.sin(x) * w"),
        guard("g1", "v₋₁ > 0 was true", 3, "x > 0"),
        row("v3", "v₋₁²", "2.25", "0.836384", line=4, span=[4, 12, 4, 16], snippet="x**2"),
        row("v4", "v₂ + v₃", "1.851", "0.836384", name="u", line=4, span=[4, 8, 4, 16], snippet="u + x**2"),
        row("v5", "v₄²", "3.42621", "0.225927", line=5, span=[5, 16, 5, 20], snippet="u**2"),
        row("v6", "log1p(v₅)", "1.48754", "1", name="loss", line=5, span=[5, 7, 5, 21], snippet="np.log1p(u**2)"),
    ]


def marks(rows: list[Row]) -> list[dict[str, Any]]:
    """The marks that go with rows that have spans."""
    return [
        {"span": each["span"], "variable": each["id"], "weight": each["weight"], "state": "normal"}
        for each in rows
        if each["span"]
    ]


def loss_graph() -> dict[str, Any]:
    """The graph of the drawing's example."""
    nodes = [
        node("v-1", "x", "input", "x"),
        node("v0", "w", "input", "w"),
        node("v1", "sin", line=2),
        node("v2", "·", name="u", line=2),
        node("v3", "( )²", line=4),
        node("v4", "+", name="u", line=4),
        node("v5", "( )²", line=5),
        node("v6", "log1p", "output", "loss", 5),
    ]
    edges = [
        edge("v-1", "v1", "0.0707", 0.0237),
        edge("v1", "v2", "−0.4", 0.3346),
        edge("v0", "v2", "0.997", 0.8343),
        edge("v-1", "v3", "3", 2.5091),
        edge("v2", "v4", "1", 0.8364),
        edge("v3", "v4", "1", 0.8364),
        edge("v4", "v5", "3.70", 0.8364),
        edge("v5", "v6", "0.226", 0.2259),
    ]
    return {"nodes": nodes, "edges": edges, "folded": False, "note": None}


def loss() -> dict[str, Any]:
    """The drawing's example: reverse mode, a guard, a badge."""
    rows = loss_rows()
    checked = [
        {
            "input": "x",
            "derivative": "2.48549",
            "numerical": "2.48549",
            "error": "3.1e−12",
            "verdict": "agree",
            "detail": "",
        },
        {
            "input": "w",
            "derivative": "0.834289",
            "numerical": "0.834289",
            "error": "8.0e−13",
            "verdict": "agree",
            "detail": "",
        },
    ]
    return document(
        rows,
        derivatives=[derivative("∂loss/∂x", "x", "2.48549"), derivative("∂loss/∂w", "w", "0.834289")],
        badge={"verdict": "agree", "text": "agrees with differences, both modes", "rows": checked},
        source={"text": LOSS_SOURCE, "first_line": 1, "marks": marks(rows)},
        graph=loss_graph(),
        plots=[curve()],
    )


def forward() -> dict[str, Any]:
    """Forward mode: one input, tangents."""
    rows = [
        row("v0", "input", "2", "1", sweep="tangent", kind="input", name="t"),
        row("v1", "exp(v₀)", "7.38906", "7.38906", sweep="tangent", line=2, span=[2, 4, 2, 13], snippet="np.exp(t)"),
        row(
            "v2",
            "v₁ · v₀",
            "14.7781",
            "22.1672",
            sweep="tangent",
            name="y",
            line=2,
            span=[2, 4, 2, 17],
            snippet="np.exp(t) * t",
        ),
    ]
    graph = {
        "nodes": [node("v0", "t", "input", "t"), node("v1", "exp"), node("v2", "·", "output", "y")],
        "edges": [edge("v0", "v1", "7.39", 7.4), edge("v1", "v2", "2", 14.8), edge("v0", "v2", "7.39", 7.39)],
        "folded": False,
        "note": None,
    }
    places = [round(i / 40, 6) for i in range(121)]
    plot = {
        "kind": "curve",
        "title": "y along t",
        "input": "t",
        "x": places,
        "value": [round(t * math.exp(t), 6) for t in places],
        "derivative": [round((1 + t) * math.exp(t), 6) for t in places],
        "at": 2.0,
        "value_at": 14.7781,
        "derivative_at": 22.1672,
    }
    return document(
        rows,
        title="y",
        mode="forward",
        mode_reason="1 input, 1 output",
        output={"name": "y", "variable": "v2", "value": "14.7781", "shape": [], "dtype": "float64"},
        derivatives=[derivative("dy/dt", "t", "22.1672", kind="derivative")],
        source={"text": "%%grad t\ny = np.exp(t) * t", "first_line": 1, "marks": marks(rows)},
        graph=graph,
        plots=[plot],
    )


def jacobian() -> dict[str, Any]:
    """A vector output: arrays, dtypes, a heat map."""
    matrix = [[round(math.sin(i) * math.cos(j) * (i >= j or i == j + 1), 6) for j in range(12)] for i in range(8)]
    rows = [
        row(
            "v0",
            "input",
            "12 values, mean 0.45, −1 … 2",
            "8×12",
            kind="input",
            name="x",
            shape=[12],
            dtype="float32",
            weight=1.0,
        ),
        row(
            "c1",
            "constant",
            "8×12 values, mean 0.1, 0 … 1",
            None,
            kind="constant",
            name="A",
            shape=[8, 12],
            dtype="float32",
            weight=None,
        ),
        row(
            "v1",
            "A @ v₀",
            "8 values, mean 1.2, −3.1 … 4.4",
            "8×8",
            line=2,
            span=[2, 12, 2, 17],
            snippet="A @ x",
            shape=[8],
            dtype="float32",
            weight=1.0,
        ),
        row(
            "v2",
            "tanh(v₁)",
            "8 values, mean 0.33, −0.99 … 0.99",
            "identity",
            name="y",
            line=2,
            span=[2, 4, 2, 18],
            snippet="np.tanh(A @ x)",
            shape=[8],
            dtype="float32",
            weight=1.0,
        ),
    ]
    return document(
        rows,
        title="y",
        mode_reason="12 inputs, 8 outputs",
        output={
            "name": "y",
            "variable": "v2",
            "value": "[0.12, −0.99, 0.45, 0.99, 0.1, 0.2, 0.31, 0.9]",
            "shape": [8],
            "dtype": "float32",
        },
        derivatives=[
            derivative(
                "∂y/∂x",
                "x",
                "8×12 matrix, mean 0.02, −0.9 … 0.9",
                kind="jacobian",
                shape=[8, 12],
                dtype="float32",
                matrix=matrix,
            )
        ],
        source={"text": "%%grad x\ny = np.tanh(A @ x)", "first_line": 1, "marks": marks(rows)},
        graph={
            "nodes": [
                node("v0", "x", "input", "x"),
                node("c1", "A", "input", "A", weight=None),
                node("v1", "@"),
                node("v2", "tanh", "output", "y"),
            ],
            "edges": [edge("v0", "v1"), edge("c1", "v1", weight=None), edge("v1", "v2")],
            "folded": False,
            "note": None,
        },
        plots=[{"kind": "heatmap", "title": "∂y/∂x", "matrix": matrix, "rows": "y", "columns": "x"}],
    )


def loop(repetitions: int = 200) -> dict[str, Any]:
    """A loop and a call, folded."""
    source = (
        "%%grad a\nx = 1.0\ndef step(x):\n    return 0.5 * (x + a / x)\n"
        "for _ in range(200):\n    x = step(x)\nroot = np.log(x)"
    )
    body = [
        row("v1", "v₀ / 1", "2", "0.25", line=4, span=[4, 22, 4, 27], snippet="a / x"),
        row("v2", "1 + v₁", "3", "0.25", line=4, span=[4, 18, 4, 27], snippet="x + a / x"),
        row("v3", "0.5 · v₂", "1.5", "0.5", name="x", line=4, span=[4, 11, 4, 28], snippet="0.5 * (x + a / x)"),
    ]
    rows = [
        row("v0", "input", "2", "0.25", kind="input", name="a"),
        fold(
            "f1",
            f"loop ×{repetitions}, lines 5–6",
            [fold("f2", "call step, line 6", body, line=6)],
            count=repetitions,
            instructions=3 * repetitions,
            line=5,
            lines=[5, 6],
        ),
        row(
            f"v{3 * repetitions + 1}",
            f"log({subscript(f'v{3 * repetitions}')})",
            "0.346574",
            "1",
            name="root",
            line=7,
            span=[7, 7, 7, 16],
            snippet="np.log(x)",
        ),
    ]
    graph = {
        "nodes": [
            node("v0", "a", "input", "a"),
            node("l4", f"line 4 ×{repetitions}", "fold", line=4),
            node("v601", "log", "output", "root", 7),
        ],
        "edges": [edge("v0", "l4", None, 0.25), edge("l4", "l4", None, 0.5), edge("l4", "v601", None, 0.7)],
        "folded": True,
        "note": "602 instructions folded by source line",
    }
    spans = [*marks(body), *marks(rows[2:])]
    return document(
        rows,
        title="root",
        mode_reason="1 input, 1 output",
        output={"name": "root", "variable": "v601", "value": "0.346574", "shape": [], "dtype": "float64"},
        derivatives=[derivative("droot/da", "a", "0.25", kind="derivative")],
        counts={"instructions": 3 * repetitions + 1, "guards": 0, "listed": 6, "inputs": 1},
        source={"text": source, "first_line": 1, "marks": spans},
        graph=graph,
        views=["list", "graph", "source"],
    )


def broken() -> dict[str, Any]:
    """NaN in the sweep, a zero adjoint, a disagreeing check, a warning."""
    rows = [
        row("v-1", "input", "0", "nan", kind="input", name="x"),
        row("v0", "input", "3", "0", kind="input", name="w"),
        row("v1", "√v₋₁", "0", "0", line=2, span=[2, 4, 2, 14], snippet="np.sqrt(x)"),
        row("v2", "v₁ · v₀", "0", "0", name="r", line=2, span=[2, 4, 2, 18], snippet="np.sqrt(x) * w"),
        row("v3", "v₂ / v₂", "nan", "−inf", name="loss", line=3, span=[3, 7, 3, 12], snippet="r / r"),
    ]
    spans = [
        {**mark, "state": state} for mark, state in zip(marks(rows), ("nonfinite", "zero", "nonfinite"), strict=True)
    ]
    return document(
        rows,
        derivatives=[derivative("∂loss/∂x", "x", "nan"), derivative("∂loss/∂w", "w", "0")],
        badge={
            "verdict": "disagree",
            "text": "disagree at x",
            "rows": [
                {
                    "input": "x",
                    "derivative": "nan",
                    "numerical": "0.5",
                    "error": "1.0e−9",
                    "verdict": "disagree",
                    "detail": "not finite",
                },
                {
                    "input": "w",
                    "derivative": "0",
                    "numerical": "0",
                    "error": "0",
                    "verdict": "flat",
                    "detail": "left 0, right 0",
                },
            ],
        },
        notes=["the adjoint of x is not finite: 1/(2·√0) at line 2 is infinite"],
        source={"text": "%%grad x w\nr = np.sqrt(x) * w\nloss = r / r", "first_line": 1, "marks": spans},
        graph={
            "nodes": [
                node("v-1", "x", "input", "x", weight=None),
                node("v0", "w", "input", "w", weight=0),
                node("v1", "√", weight=0),
                node("v2", "·", name="r", weight=0),
                node("v3", "/", "output", "loss", weight=None),
            ],
            "edges": [
                edge("v-1", "v1", "inf", None),
                edge("v1", "v2", "3", 0),
                edge("v0", "v2", "0", 0),
                edge("v2", "v3", "nan", None),
                edge("v2", "v3", "nan", None),
            ],
            "folded": False,
            "note": None,
        },
        plots=[
            {
                **curve(),
                "value": [None if x < 0 else math.sqrt(x) for x in curve()["x"]],
                "value_at": 1.22474,
                "derivative_at": 0.408,
                "derivative": [None if x <= 0 else round(0.5 / math.sqrt(x), 6) for x in curve()["x"]],
            }
        ],
    )


def long(instructions: int = 100_000) -> dict[str, Any]:
    """A trace of 100,000 instructions as the core summarises it."""
    head = [
        row(
            f"v{i}",
            f"sin({subscript(f'v{i - 1}')})",
            "0.841471",
            "0.540302",
            name="x",
            line=4,
            span=[4, 12, 4, 21],
            snippet="np.sin(x)",
            inputs=[f"v{i - 1}"],
            partials=[0.540302],
        )
        for i in range(1, 1001)
    ]
    tail = [
        row(
            f"v{i}",
            f"sin({subscript(f'v{i - 1}')})",
            "0.841471",
            "0.540302",
            name="x",
            line=4,
            span=[4, 12, 4, 21],
            snippet="np.sin(x)",
        )
        for i in range(instructions - 999, instructions + 1)
    ]
    rows = [
        row("v0", "input", "1", "0.1", kind="input", name="x"),
        *head,
        fold("f1", f"… {instructions - 2000:,} more instructions", [], count=1, instructions=instructions - 2000),
        *tail,
    ]
    nodes = [node("v0", "x", "input", "x"), *[node(f"n{i}", f"line {i} ×700", "fold", line=i) for i in range(2, 150)]]
    edges = [edge(nodes[i - 1 - (i % 7 == 0) * 5]["id"], nodes[i]["id"]) for i in range(6, len(nodes))]
    text = "%%grad x\nfor i in range(1000):\n    for j in range(100):\n        x = np.sin(x)\n" + "\n".join(
        f"# line {i}" for i in range(5, 120)
    )
    return document(
        rows,
        title="x",
        derivatives=[derivative("dx/dx", "x", "0.1")],
        counts={"instructions": instructions, "guards": 0, "listed": 2001, "inputs": 1},
        source={"text": text, "first_line": 1, "marks": marks(head)[:1]},
        graph={"nodes": nodes, "edges": edges, "folded": True, "note": "100,000 instructions folded by source line"},
        plots=[curve()],
    )


HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&lt;\x1b[31m\u202e$\\frac{1}{0}$\ud800"


def hostile() -> dict[str, Any]:
    """Markup, escapes and control characters wherever the user's text can stand."""
    rows = [
        row("v0", HOSTILE, HOSTILE, "1", kind="input", name=HOSTILE, file=HOSTILE, line=1, snippet=HOSTILE, weight=1.0),
        guard("g1", HOSTILE, 2, HOSTILE),
        fold(
            "f1",
            HOSTILE,
            [row("v1", HOSTILE, HOSTILE, HOSTILE, name=HOSTILE, snippet=HOSTILE, weight=1.0, dtype=HOSTILE, shape=[2])],
            count=3,
        ),
        row("v2", HOSTILE, "1", "1", name=HOSTILE, span=[1, 0, 2, 900], line=1),
    ]
    badge = {
        "verdict": "kink",
        "text": HOSTILE,
        "rows": [
            {
                "input": HOSTILE,
                "derivative": HOSTILE,
                "numerical": HOSTILE,
                "error": HOSTILE,
                "verdict": "kink",
                "detail": HOSTILE,
            }
        ],
    }
    heat = {
        "kind": "heatmap",
        "title": HOSTILE,
        "matrix": [[1.0, None], [-1.0, 0.0]],
        "rows": HOSTILE,
        "columns": HOSTILE,
    }
    return document(
        rows,
        title=HOSTILE,
        mode_reason=HOSTILE,
        notes=[HOSTILE],
        badge=badge,
        output={"name": HOSTILE, "variable": "v2", "value": HOSTILE, "shape": [], "dtype": HOSTILE},
        derivatives=[derivative(HOSTILE, HOSTILE, HOSTILE, dtype=HOSTILE)],
        source={"text": f"{HOSTILE}\n{HOSTILE}", "first_line": 1, "marks": marks(rows)},
        graph={
            "nodes": [
                node("v0", HOSTILE, "input", HOSTILE),
                node(HOSTILE, HOSTILE, "fold"),
                node("v2", HOSTILE, "output", HOSTILE),
            ],
            "edges": [edge("v0", HOSTILE, HOSTILE), edge(HOSTILE, "v2", HOSTILE)],
            "folded": True,
            "note": HOSTILE,
        },
        plots=[{**curve(), "title": HOSTILE, "input": HOSTILE}, heat],
    )


ALL = {
    "loss": loss,
    "forward": forward,
    "jacobian": jacobian,
    "loop": loop,
    "broken": broken,
    "long": long,
    "hostile": hostile,
}
