import assert from "node:assert/strict";
import { test } from "node:test";

import { read } from "../../extension/labextension/static/document.js";
import { Links, Selection } from "../../extension/labextension/static/links.js";

const TEXT = "%%grad x\nfor i in range(9):\n    x = x * np.sin(x)\nif x > 0: y = x";
const step = (id, line, span, more = {}) => ({ id, kind: "instruction", text: id, line, span, ...more });
const place = (id) => ({ id, text: id, x: 0, y: 0, w: 1, h: 1 });
const node = (id, kind, line = null) => ({ id, label: id, kind, line });

function linked(nodes, more = {}) {
  const rows = [
    { id: "v0", kind: "input", name: "x", text: "input" },
    { id: "f1", kind: "fold", text: "loop", line: 2, lines: [2, 3], rows: [step("v1", 3, [3, 12, 3, 21]), step("v2", 3, [3, 8, 3, 21])] },
    { id: "g1", kind: "guard", text: "x > 0", line: 4, span: [4, 3, 4, 8] },
    step("v19", 4, [4, 14, 4, 15]),
    step("v20", 3, [3, 0, 3, 5], { file: "module.py" }),
  ];
  const marks = [
    { span: [3, 12, 3, 21], variable: "v17", weight: 1, state: "normal" },
    { span: [3, 8, 3, 21], variable: "v18", weight: 1, state: "normal" },
    { span: [4, 14, 4, 15], variable: "v19", weight: 1, state: "normal" },
  ];
  const graph = { nodes, edges: [], layout: { width: 9, height: 9, nodes: nodes.map((n) => place(n.id)), edges: [] } };
  return new Links(read({ schema: 1, rows, graph, source: { text: TEXT, first_line: 1, marks }, ...more }).doc);
}

const lit = (links, kind, id) => {
  const { rows, nodes, marks, row } = links.lit({ kind, id });
  return { rows: [...rows], nodes: [...nodes], marks: [...marks], row: row ? row.id : null };
};

test("an instruction, its node and its mark light one another", () => {
  const links = linked([node("v0", "input"), node("v19", "output", 4)]);
  const all = { rows: ["v19"], nodes: ["v19"], marks: ["2"], row: "v19" };
  assert.deepEqual(lit(links, "row", "v19"), all);
  assert.deepEqual(lit(links, "node", "v19"), all);
  assert.deepEqual(lit(links, "mark", "2"), all);
});

test("a mark of a later repetition lights the row of the first one, by its place in the source", () => {
  const links = linked([node("v1", "instruction", 3)]);
  assert.deepEqual(lit(links, "mark", "0"), { rows: ["v1"], nodes: ["v1"], marks: ["0"], row: "v1" });
  assert.deepEqual(lit(links, "row", "v2").marks, ["1"]);
});

test("a row within a fold lights the node of the fold around it, or of its line", () => {
  assert.deepEqual(lit(linked([node("f1", "fold", 2)]), "row", "v1").nodes, ["f1"]);
  assert.deepEqual(lit(linked([node("line3", "fold", 3)]), "row", "v1").nodes, ["line3"]);
});

test("a node that stands for a line lights all rows and marks of that line in the cell", () => {
  const found = lit(linked([node("line3", "fold", 3)]), "node", "line3");
  assert.deepEqual(found.rows, ["v1", "v2"]);
  assert.deepEqual(found.marks, ["0", "1"]);
});

test("a fold lights the marks of its lines, a guard the condition that it guards", () => {
  const links = linked([]);
  assert.deepEqual(lit(links, "row", "f1").marks, ["0", "1"]);
  const [mark] = lit(links, "row", "g1").marks;
  assert.equal(links.marks[Number(mark)].state, "plain");
  assert.deepEqual(lit(links, "mark", mark).rows, ["g1"]);
});

test("a row of another file lights nothing in the cell's source", () => {
  assert.deepEqual(lit(linked([]), "row", "v20").marks, []);
});

test("nothing, or an unknown id, lights nothing", () => {
  const links = linked([]);
  assert.deepEqual(lit(links, "row", "__proto__"), { rows: [], nodes: [], marks: [], row: null });
  assert.equal(links.lit(null).row, null);
  assert.equal(lit(links, "mark", "99").row, null);
});

test("pointing goes before choosing, and gives way to it again", () => {
  const seen = [];
  const selection = new Selection((current, cause) => seen.push(`${cause} ${current ? current.id : "none"}`));
  selection.choose({ kind: "row", id: "a" });
  selection.hover({ kind: "node", id: "b" });
  selection.hover({ kind: "node", id: "b" });
  selection.hover(null);
  selection.choose(null);
  assert.deepEqual(seen, ["choose a", "hover b", "hover a", "choose none"]);
});
