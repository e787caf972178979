import assert from "node:assert/strict";
import { test } from "node:test";

import { DEEPEST, read } from "../../extension/labextension/static/document.js";
import {
  cellText, columns, columnWidths, eachRow, flatten, lineText, subscript, textWidth,
} from "../../extension/labextension/static/rows.js";

const step = (id, more = {}) => ({ id, kind: "instruction", text: `sin(${id})`, dtype: "float64", shape: [], adjoint: "1", ...more });
const fold = (id, rows, more = {}) => ({ id, kind: "fold", text: `loop ×3, line 2`, instructions: 9, rows, ...more });
const document = (rows, more = {}) => read({ schema: 1, mode: "reverse", output: { name: "y", shape: [] }, rows, ...more }).doc;

const NESTED = document([step("v1"), fold("f1", [step("v2"), fold("f2", [step("v3")])]), step("v9")]);

test("closed folds hide their rows, open ones show them in place", () => {
  const ids = (open) => flatten(NESTED.rows, new Set(open)).map((line) => line.row.id);
  assert.deepEqual(ids([]), ["v1", "f1", "v9"]);
  assert.deepEqual(ids(["f1"]), ["v1", "f1", "v2", "f2", "v9"]);
  assert.deepEqual(ids(["f1", "f2"]), ["v1", "f1", "v2", "f2", "v3", "v9"]);
  assert.deepEqual(ids(["f2"]), ["v1", "f1", "v9"]);
});

test("lines know their depth and the fold around them", () => {
  const lines = flatten(NESTED.rows, new Set(["f1", "f2"]));
  assert.deepEqual(lines.map((line) => line.depth), [0, 0, 1, 1, 2, 0]);
  assert.deepEqual(lines.map((line) => line.parent), [-1, -1, 1, 1, 3, -1]);
});

test("a fold without rows says its size and cannot be opened", () => {
  const doc = document([fold("f1", [], { text: "… 98,000 more instructions", instructions: 98000 })]);
  const [line] = flatten(doc.rows, new Set(["f1"]));
  assert.equal(line.fold, false);
  assert.equal(cellText(line.row, "text"), "… 98,000 more instructions");
});

test("folds that are nested without end are cut off", () => {
  let rows = [step("v0")];
  const open = new Set();
  for (let i = 0; i < 10_000; i++) {
    rows = [fold(`f${i}`, rows)];
    open.add(`f${i}`);
  }
  assert.equal(flatten(document(rows).rows, open).length, DEEPEST);
});

test("every row is visited in order, with the folds around it", () => {
  const seen = [];
  eachRow(NESTED.rows, (row, folds) => seen.push([row.id, folds.join(">")]));
  assert.deepEqual(seen, [["v1", ""], ["f1", ""], ["v2", "f1"], ["f2", "f1"], ["v3", "f1>f2"], ["v9", ""]]);
});

test("variables are written with subscripts, other ids as they are", () => {
  assert.deepEqual(["v-1", "v0", "v120", "g1", "__proto__"].map(subscript), ["v₋₁", "v₀", "v₁₂₀", "g1", "__proto__"]);
});

test("a list up to an error has no column for derivatives", () => {
  const rows = [step("v1", { adjoint: null })];
  assert.equal(columns(document(rows, { partial: { error: "ValueError" } })).at(-1).key, "value");
  assert.equal(columns(document(rows)).at(-1).key, "adjoint");
});

test("the last column names the mode", () => {
  const heading = (doc) => columns(doc).at(-1).heading;
  assert.equal(heading(NESTED), "adjoint v̄ = ∂y/∂v");
  assert.equal(heading(document([step("v1")], { output: { name: "y", shape: [3] } })), "adjoint v̄");
  const forward = [step("v1", { adjoint: null, tangent: "1" })];
  const along = (inputs) => document(forward, { mode: "forward", derivatives: inputs.map((input) => ({ input })) });
  assert.equal(heading(along(["x"])), "tangent v̇ = ∂v/∂x");
  assert.equal(heading(along(["x", "w"])), "tangent v̇");
});

test("shape and dtype have a column only where there is something to tell", () => {
  const keys = (rows) => columns(document(rows)).map((column) => column.key);
  assert.ok(!keys([step("v1"), step("v2", { dtype: "bool" })]).includes("type"));
  assert.ok(keys([step("v1", { dtype: "bool", shape: [4] })]).includes("type"));
  assert.ok(keys([step("v1", { shape: [3] })]).includes("type"));
  assert.ok(keys([fold("f1", [step("v1", { dtype: "float32" })])]).includes("type"));
  const row = document([step("v1", { dtype: "complex64", shape: [3, 2] })]).rows[0];
  assert.equal(cellText(row, "type"), "complex64[3, 2]");
});

test("a row of a module names its file, a row of the cell does not", () => {
  const rows = document([step("v1", { line: 4 }), step("v2", { line: 9, file: "scipy/optimize.py" }), step("v3")]).rows;
  assert.deepEqual(rows.map(lineText), ["4", "scipy/optimize.py:9", ""]);
});

test("columns are as wide as their widest cell, inside closed folds too, within limits", () => {
  const doc = document([step("v1"), fold("f1", [step("v123456", { value: "9".repeat(20) })]), step("v2", { text: "x".repeat(300) })]);
  const shown = columns(doc);
  const widths = Object.fromEntries(columnWidths(doc, shown).map((width, i) => [shown[i].key, width]));
  assert.equal(widths.id, 7);
  assert.equal(widths.value, 20);
  assert.equal(widths.text, 52);
  assert.equal(textWidth("v̄ = 1"), 5);
});
