import assert from "node:assert/strict";
import { test } from "node:test";

import { read } from "../../extension/labextension/static/document.js";
import { Links } from "../../extension/labextension/static/links.js";
import { tabTitles } from "../../extension/labextension/static/report.js";

test("tabs are named after the kind, and counted where one comes again", () => {
  assert.deepEqual(tabTitles([{ kind: "nan" }, { kind: "flow" }, { kind: "why" }, { kind: "why" }]), ["NaN", "Flow", "Why", "Why 2"]);
  assert.deepEqual(tabTitles([{ kind: "toString" }]), ["Report"]);
});

test("a report is brought to shape: severities, states, cells and bars", () => {
  const rows = [{ cells: ["a\u202eb"], state: "loud", bar: 7, line: "4" }, { cells: ["a", "2", "more"], variable: "v1", bar: -1, line: 4, state: "zero" }];
  const tables = [{ columns: [{ title: "x" }, { title: "n", align: "right", code: true }], rows }];
  const [report] = read({ schema: 1, reports: [{ kind: "flow", severity: "shouting", paragraphs: ["one\ntwo"], tables }] }).doc.reports;
  assert.equal(report.severity, "note");
  assert.deepEqual(report.paragraphs, ["one\ntwo"]);
  assert.deepEqual(report.tables[0].columns[1], { title: "n", right: true, code: true });
  assert.deepEqual(report.tables[0].rows, [
    { cells: ["a\ufffdb", ""], variable: null, line: null, state: "normal", bar: 1 },
    { cells: ["a", "2"], variable: "v1", line: 4, state: "zero", bar: 0 },
  ]);
});

test("a line lights the rows, nodes and marks of that line", () => {
  const rows = [{ id: "v1", line: 2, span: [2, 0, 2, 3] }, { id: "v2", line: 2 }, { id: "v3", line: 3 }];
  const source = { text: "a\nb\nc", first_line: 1, marks: [{ span: [2, 0, 2, 3], variable: "v1", weight: 1 }] };
  const lit = new Links(read({ schema: 1, rows, source }).doc).lit({ kind: "line", id: "2" });
  assert.deepEqual([...lit.rows], ["v1", "v2"]);
  assert.deepEqual([...lit.marks], ["0"]);
});
