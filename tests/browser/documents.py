"""Documents as the kernel would save them, made by hand: small, with folds, long, hostile, broken."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

MIME_TYPE = "application/vnd.adkit.trace.v1+json"

CELL = """%%grad x w --check
u = np.sin(x) * w
if x > 0:
    u = u + x**2
loss = np.log1p(u**2)"""

BLANK = {
    "name": None, "op": None, "inputs": [], "line": None, "span": None, "snippet": None, "file": None, "shape": None,
    "dtype": None, "value": None, "tangent": None, "adjoint": None, "weight": None, "partials": [], "depth": 0,
}  # fmt: skip


def row(kind: str, id: str, text: str, **fields: Any) -> Document:
    """One row of the list."""
    scalar = {} if kind in ("guard", "fold") else {"shape": [], "dtype": "float64"}
    return {**BLANK, **scalar, "kind": kind, "id": id, "text": text, **fields}


def small() -> Document:
    """loss = log1p((sin(x)·w + x²)²) at x = 1.5, w = −0.4, in reverse mode."""
    return {
        "schema": 1,
        "title": "loss",
        "mode": "reverse",
        "mode_reason": "2 inputs, 1 output",
        "order": 1,
        "device": "cpu",
        "views": ["list", "graph", "plot", "source"],
        "output": {"name": "loss", "variable": "v6", "value": "1.48754", "shape": [], "dtype": "float64"},
        "derivatives": [derivative("x", "2.48549"), derivative("w", "0.834289")],
        "badge": {
            "verdict": "agree",
            "text": "agrees with differences, both modes",
            "rows": [check("x", "2.48549", "3.1e−12"), check("w", "0.834289", "8.7e−13")],
        },
        "notes": [],
        "counts": {"instructions": 6, "guards": 1, "listed": 9, "inputs": 2},
        "rows": small_rows(),
        "source": {"text": CELL, "first_line": 1, "marks": small_marks()},
        "graph": small_graph(),
        "plots": [curve("x", 1.5), curve("w", -0.4)],
    }


def derivative(name: str, text: str) -> Document:
    """An entry of `derivatives`."""
    label = f"∂loss/∂{name}"
    return {
        "label": label,
        "input": name,
        "order": 1,
        "kind": "gradient",
        "text": text,
        "shape": [],
        "dtype": "float64",
        "matrix": None,
    }


def check(name: str, value: str, error: str) -> Document:
    """A row of the badge."""
    return {"input": name, "derivative": value, "numerical": value, "error": error, "verdict": "agree", "detail": ""}


def small_rows() -> list[Document]:
    """Two inputs, six instructions, a guard."""

    def step(
        id: str, text: str, line: int, columns: tuple[int, int], snippet: str, value: str, adjoint: str, **more: Any
    ) -> Document:
        weight = abs(float(adjoint.replace("−", "-")))
        span = [line, columns[0], line, columns[1]]
        return row(
            "instruction",
            id,
            text,
            line=line,
            span=span,
            snippet=snippet,
            value=value,
            adjoint=adjoint,
            weight=weight,
            **more,
        )

    return [
        row("input", "v-1", "input", name="x", value="1.5", adjoint="2.48549", weight=2.48549),
        row("input", "v0", "input", name="w", value="−0.4", adjoint="0.834289", weight=0.834289),
        step("v1", "sin(v₋₁)", 2, (4, 13), "np.sin(x)", "0.997495", "−0.334554", inputs=["v-1"], partials=[0.0707372]),
        step("v2", "v₁ · v₀", 2, (4, 17), "np.sin(x) * w", "−0.398998", "0.836384", name="u", inputs=["v1", "v0"],
             partials=[-0.4, 0.997495]),
        row("guard", "g1", "v₋₁ > 0 was true", inputs=["v-1"], line=3, span=[3, 3, 3, 8], snippet="x > 0"),
        step("v3", "v₋₁²", 4, (12, 16), "x**2", "2.25", "0.836384", inputs=["v-1"], partials=[3.0]),
        step("v4", "v₂ + v₃", 4, (8, 16), "u + x**2", "1.851", "0.836384", name="u", inputs=["v2", "v3"],
             partials=[1.0, 1.0]),
        step("v5", "v₄²", 5, (16, 20), "u**2", "3.42621", "0.225927", inputs=["v4"], partials=[3.702]),
        step("v6", "log1p(v₅)", 5, (7, 21), "np.log1p(u**2)", "1.48754", "1", name="loss", inputs=["v5"],
             partials=[0.225927]),
    ]  # fmt: skip


def small_marks() -> list[Document]:
    """One mark for each instruction."""
    return [
        {"span": entry["span"], "variable": entry["id"], "weight": entry["weight"], "state": "normal"}
        for entry in small_rows()
        if entry["kind"] == "instruction"
    ]


def small_graph() -> Document:
    """Eight nodes in five layers, with their places."""
    nodes = [
        ("v-1", "x", "input", "x", None), ("v0", "w", "input", "w", None), ("v1", "sin", "instruction", None, 2),
        ("v2", "·", "instruction", "u", 2), ("v3", "( )²", "instruction", None, 4), ("v4", "+", "instruction", "u", 4),
        ("v5", "( )²", "instruction", None, 5), ("v6", "log1p", "output", "loss", 5),
    ]  # fmt: skip
    places = [(10, 69), (10, 19), (108, 69), (206, 29), (206, 119), (304, 69), (402, 69), (500, 69)]
    edges = [
        ("v-1", "v1", "0.0707", 0.02), ("v1", "v2", "−0.4", 0.1), ("v0", "v2", "0.997", 0.8), ("v-1", "v3", "3", 2.5),
        ("v2", "v4", "1", 0.8), ("v3", "v4", "1", 0.8), ("v4", "v5", "3.70", 0.8), ("v5", "v6", "0.226", 0.2),
    ]  # fmt: skip
    weights = {entry["id"]: entry["weight"] for entry in small_rows()}
    texts = ["x", "w", "sin", "u = ·", "( )²", "u = +", "( )²", "loss = log1p"]
    placed = {
        node[0]: {"id": node[0], "text": text, "x": x, "y": y, "w": 98 if x == 500 else 50, "h": 24}
        for node, text, (x, y) in zip(nodes, texts, places)
    }
    return {
        "nodes": [
            {"id": id, "label": label, "kind": kind, "name": name, "line": line, "weight": weights[id]}
            for id, label, kind, name, line in nodes
        ],
        "edges": [{"from": a, "to": b, "label": label, "weight": weight} for a, b, label, weight in edges],
        "folded": False,
        "note": None,
        "layout": {
            "nodes": list(placed.values()),
            "edges": [{"edge": i, **wire(placed[a], placed[b])} for i, (a, b, _, _) in enumerate(edges)],
            "width": 608,
            "height": 160,
            "direction": "right",
        },
    }


def wire(a: Document, b: Document) -> Document:
    """A curve from the right side of a node to the left side of another."""
    x0, y0, x1, y1 = a["x"] + a["w"], a["y"] + 12, b["x"], b["y"] + 12
    middle = (x0 + x1) / 2
    path = f"M{x0} {y0}C{middle} {y0} {middle} {y1} {x1} {y1}"
    return {
        "from": a["id"],
        "to": b["id"],
        "path": path,
        "label_x": middle,
        "label_y": (y0 + y1) / 2 - 7,
        "turned": False,
    }


def curve(name: str, at: float) -> Document:
    """A parabola and its slope."""
    x = [at - 2 + i / 30 for i in range(121)]
    return {
        "kind": "curve", "title": f"loss along {name}", "input": name, "x": x,
        "value": [t * t for t in x], "derivative": [2 * t for t in x],
        "at": at, "value_at": at * at, "derivative_at": 2 * at,
    }  # fmt: skip


def heatmap(rows: int, columns: int) -> Document:
    """A Jacobian with both signs, zeros and one missing value."""
    matrix: list[list[float | None]] = [
        [0.0 if abs(i - j) > 9 else (1 - abs(i - j) / 5) for j in range(columns)] for i in range(rows)
    ]
    matrix[1][1] = None
    return {"kind": "heatmap", "title": "∂y/∂x", "matrix": matrix, "rows": "y", "columns": "x"}


def forward() -> Document:
    """The same trace in forward mode, with a heat map instead of the second curve."""
    document = small()
    document["mode"], document["mode_reason"] = "forward", "1 input, 8 outputs"
    for entry in document["rows"]:
        entry["tangent"], entry["adjoint"] = entry["adjoint"], None
    document["plots"] = [curve("x", 1.5), heatmap(12, 16)]
    document["source"]["marks"][0]["state"] = "zero"
    document["source"]["marks"][4]["state"] = "nonfinite"
    document["notes"] = ["input w is nan: every derivative that depends on it is nan too"]
    return document


def folded() -> Document:
    """A loop of 200 repetitions within a call, folded twice."""
    document = small()
    body = [
        row("instruction", f"v{n}", f"sin(v{n - 1})", line=4 + n % 3, value="0.5", adjoint="0.25", weight=0.25, depth=2)
        for n in (7, 8, 9)
    ]
    loop = row("fold", "f2", "loop ×200, lines 4–6", count=200, instructions=600, line=4, lines=[4, 6], rows=body)
    call = row("fold", "f1", "call f ×3, line 2", count=3, instructions=1800, line=2, lines=[2, 2], rows=[loop])
    rest = row("fold", "f3", "… 98,000 more instructions", count=1, instructions=98_000, lines=None, rows=[])
    document["rows"] = [*document["rows"][:5], call, rest, *document["rows"][5:]]
    document["counts"] = {"instructions": 99_806, "guards": 1, "listed": 14, "inputs": 2}
    return document


def long(rows: int = 5000) -> Document:
    """A list of many rows, of which a browser should never build more than a screenful."""
    document = small()
    document["rows"] = [
        row("instruction", f"v{n}", f"sin(v{n - 1})", line=2, value=f"{n}", adjoint="0.25", weight=0.25)
        for n in range(1, rows + 1)
    ]
    document["counts"] = {"instructions": 100_000, "guards": 0, "listed": rows, "inputs": 1}
    return document


ATTACKS = [
    "<script>window.attacked = 1</script>",
    "<img src=x onerror='window.attacked = 1'>",
    "\"><svg onload=\"window.attacked = 1\">",
    "javascript:window.attacked = 1",
    "${window.attacked = 1}",
    "</div></section><iframe srcdoc='<script>parent.attacked = 1</script>'>",
    "__proto__",
    "url(javascript:window.attacked=1)",
]  # fmt: skip


def hostile() -> Document:
    """Every string replaced by an attack, apart from the words that choose a path of the viewer."""
    kept = {"kind", "views", "mode", "verdict", "state"}
    number = iter(range(10_000))

    def poison(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: poison(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [poison(item, key) for item in value]
        if isinstance(value, str) and key not in kept:
            return ATTACKS[next(number) % len(ATTACKS)]
        return value

    document = poison(folded(), "")
    document["notes"] = list(ATTACKS)
    document["graph"] = poison(small_graph(), "")
    for node, place in zip(document["graph"]["nodes"], document["graph"]["layout"]["nodes"]):
        node["id"] = place["id"] = ATTACKS[0]
    return document


def newer() -> Document:
    """A document of a format that does not exist yet."""
    return {**small(), "schema": 2}


def without_layout() -> Document:
    """A graph whose places were not saved."""
    document = small()
    del document["graph"]["layout"]
    return document


def head_only() -> Document:
    """What `--view none` saves."""
    return {**small(), "views": []}
