import assert from "node:assert/strict";
import { test } from "node:test";

import { clean, nonfinite, read } from "../../extension/labextension/static/document.js";

const NODE = { id: "v1", label: "sin", kind: "instruction", line: 2 };
const LAYOUT = {
  width: 100, height: 50, direction: "down",
  nodes: [{ id: "v1", text: "u = sin", x: 10, y: 10, w: 40, h: 24 }],
  edges: [{ edge: 1, from: "v1", to: "v1", path: "M0 0L1 1", label_x: 3, label_y: 4 }],
};

test("a complete document has no problem", () => {
  const { doc, problem } = read({ schema: 1, mode: "forward", views: ["graph", "list", "list", "magic"], rows: [] });
  assert.equal(problem, null);
  assert.equal(doc.mode, "forward");
  assert.deepEqual(doc.views, ["graph", "list"]);
});

test("a newer schema is told with the remedy, and its list is still shown", () => {
  const { doc, problem } = read({ schema: 7, views: ["list", "hologram"], rows: [{ id: "v1" }] });
  assert.match(problem, /format 7.*pip install --upgrade adkit/s);
  assert.deepEqual(doc.views, ["list"]);
});

test("anything at all can be read", () => {
  for (const data of [undefined, null, 3, "x", [], {}, { rows: 3 }, { schema: 1, rows: [null, 1, "a", [[]]], graph: 1, plots: [null], source: 4,
    badge: "x", views: "list", derivatives: [null], output: [], counts: null, notes: [null, {}] }]) {
    const { doc } = read(data);
    assert.ok(Array.isArray(doc.rows) && Array.isArray(doc.views));
  }
});

test("missing and mistyped fields of a row become null or empty", () => {
  const [row] = read({ schema: 1, rows: [{ id: "v1", line: "4", span: [1, 2, 3], value: 2.5, weight: "1", rows: { length: 3 } }] }).doc.rows;
  assert.equal(row.kind, "instruction");
  assert.equal(row.line, null);
  assert.equal(row.span, null);
  assert.equal(row.value, "2.5");
  assert.equal(row.weight, null);
  assert.deepEqual(row.rows, []);
});

test("rows keep their order within folds", () => {
  const inner = [{ id: "a" }, { id: "b", rows: [{ id: "c" }, { id: "d" }] }, { id: "e" }];
  const [row] = read({ schema: 1, rows: [{ id: "f", kind: "fold", rows: inner }] }).doc.rows;
  assert.deepEqual(row.rows.map((r) => r.id), ["a", "b", "e"]);
  assert.deepEqual(row.rows[1].rows.map((r) => r.id), ["c", "d"]);
});

test("nodes and edges are joined with their places", () => {
  const edges = [{ from: "v9", to: "v1", label: "2", weight: 1 }, { from: "v1", to: "v1", label: "nan", weight: null }];
  const { graph, graphProblem } = read({ schema: 1, graph: { nodes: [NODE, { id: "lost" }], edges, layout: LAYOUT } }).doc;
  assert.equal(graphProblem, null);
  assert.equal(graph.down, true);
  assert.deepEqual(graph.nodes.map((node) => [node.id, node.text, node.x]), [["v1", "u = sin", 10]]);
  assert.deepEqual(graph.edges.map((edge) => [edge.from, edge.path, edge.labelY, edge.state]), [["v1", "M0 0L1 1", 4, "nonfinite"]]);
});

test("a graph without a layout says so", () => {
  assert.match(read({ schema: 1, graph: { nodes: [NODE], edges: [] } }).doc.graphProblem, /without its layout/);
  assert.match(read({ schema: 1, graph: null }).doc.graphProblem, /without its graph/);
});

test("only the drawing commands of a path are let through", () => {
  const layout = { ...LAYOUT, edges: [{ edge: 0, path: "url(x)" }] };
  const { graph } = read({ schema: 1, graph: { nodes: [NODE], edges: [{ from: "v1", to: "v1" }], layout } }).doc;
  assert.equal(graph.edges[0].path, "");
});

test("characters that steer or reorder text become visible", () => {
  assert.equal(clean("a\nb\u001b[31m"), "a␊b␛[31m");
  assert.equal(clean("x\u202ey"), "x\ufffdy");
  assert.equal(clean("∂loss/∂α = −1"), "∂loss/∂α = −1");
  const { source } = read({ schema: 1, source: { text: "if x:\n\ty = 1\u202e", first_line: 1, marks: [] } }).doc;
  assert.equal(source.text, "if x:\n    y = 1\ufffd");
});

test("nan and inf are found as numbers, not within words", () => {
  for (const shown of ["nan", "−inf", "(1, nan)", "∞"]) assert.ok(nonfinite(shown));
  for (const shown of ["nancy", "info", "1.5", null, ""]) assert.ok(!nonfinite(shown));
});
