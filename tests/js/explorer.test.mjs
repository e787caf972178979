import assert from "node:assert/strict";
import { test } from "node:test";
import { read } from "../../extension/labextension/static/document.js";
import { isForControl, isStale } from "../../extension/labextension/static/explorer.js";
import { clipped } from "../../extension/labextension/static/scale.js";

const plain = { ctrlKey: false, metaKey: false, altKey: false };
const plot = (entry) => read({ schema: 1, plots: [entry] }).doc.plots[0];

test("keys of a control stay in it; shortcuts, Escape and Tab do not", () => {
  for (const key of ["ArrowRight", "ArrowUp", "Enter", " ", "e", "Home"]) assert.ok(isForControl({ ...plain, key }), key);
  for (const key of ["Escape", "Tab"]) assert.ok(!isForControl({ ...plain, key }), key);
  assert.ok(!isForControl({ ...plain, ctrlKey: true, key: "s" }));
});

test("a line is cut off at a rectangle", () => {
  assert.deepEqual(clipped([0, 4], [0, 4], [0, 4], [1, 2]), [1, 1, 2, 2]);
  assert.deepEqual(clipped([0, 4], [1, 1], [1, 3], [0, 2]), [1, 1, 3, 1]);
  assert.equal(clipped([0, 4], [9, 9], [0, 4], [0, 2]), null);
  assert.equal(clipped([5, 6], [0, 1], [0, 4], [0, 2]), null);
});

test("curves of an explorer have a second derivative and a tangent; others have neither", () => {
  const curve = { kind: "curve", x: [0, 1], value: [0, 1], derivative: [1, 1] };
  assert.deepEqual([plot(curve).second, plot(curve).tangent], [null, null]);
  const more = plot({ ...curve, second: [0, null], second_at: 0, tangent: { x: [0, 1], y: [2, 3] } });
  assert.deepEqual([more.second, more.secondAt, more.tangent], [[0, null], 0, { x: [0, 1], y: [2, 3] }]);
  assert.equal(plot({ ...curve, tangent: { x: [0, 1], y: [2, "<b>"] } }).tangent, null);
});

test("a contour that cannot be drawn is left out", () => {
  const contour = { kind: "contour", inputs: ["a", "b"], ranges: [[0, 1], [0, 2]], lines: [], field: [[0, 0, 1, 1], [0, 0, 1]], at: [0, 1] };
  assert.deepEqual(plot(contour).field, [[0, 0, 1, 1]]);
  for (const ranges of [[[0, 1]], [[0, 1], [2, 2]], [[0, null], [0, 1]], "x"]) assert.equal(plot({ ...contour, ranges }), undefined);
});

test("a histogram has one edge more than counts", () => {
  assert.deepEqual(plot({ kind: "histogram", edges: [0, 1, 2], counts: [3, 4] }).edges, [0, 1, 2]);
  assert.deepEqual(plot({ kind: "histogram", edges: [0, 1], counts: [3, 4] }).edges, []);
});

test("a picture is stale where it shows something else than what was shown last", () => {
  assert.ok(isStale("y = 2", "y = 1"));
  for (const [wanted, seen] of [["y = 2", "y = 2"], ["", "y = 1"], ["y = 2", undefined]]) assert.ok(!isStale(wanted, seen));
});
