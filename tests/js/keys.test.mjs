import assert from "node:assert/strict";
import { test } from "node:test";

import { isOurs, nextBox, nextRow, nextTab } from "../../extension/labextension/static/keys.js";

test("tabs: the arrows wrap around, Home and End jump, other keys mean nothing", () => {
  assert.equal(nextTab("ArrowRight", 3, 4), 0);
  assert.equal(nextTab("ArrowLeft", 0, 4), 3);
  assert.equal(nextTab("Home", 2, 4), 0);
  assert.equal(nextTab("End", 2, 4), 3);
  assert.equal(nextTab("x", 2, 4), null);
});

const state = { index: 5, count: 10, page: 4, fold: false, open: false, parent: -1 };

test("rows: movement stays within the list", () => {
  assert.deepEqual(nextRow("ArrowDown", state), { to: 6 });
  assert.deepEqual(nextRow("ArrowDown", { ...state, index: 9 }), { to: 9 });
  assert.deepEqual(nextRow("ArrowUp", { ...state, index: 0 }), { to: 0 });
  assert.deepEqual(nextRow("PageDown", state), { to: 9 });
  assert.deepEqual(nextRow("PageUp", state), { to: 1 });
  assert.deepEqual(nextRow("End", state), { to: 9 });
  assert.equal(nextRow("ArrowDown", { ...state, count: 0 }), null);
});

test("rows: with none current, down enters at the top and up at the bottom", () => {
  assert.deepEqual(nextRow("ArrowDown", { ...state, index: -1 }), { to: 0 });
  assert.deepEqual(nextRow("ArrowUp", { ...state, index: -1 }), { to: 9 });
  assert.equal(nextRow("Enter", { ...state, index: -1 }), null);
});

test("rows: Enter, right and left open and close folds, and left leads out of one", () => {
  const closed = { ...state, fold: true };
  const open = { ...closed, open: true };
  assert.deepEqual(nextRow("Enter", closed), { toggle: true });
  assert.deepEqual(nextRow(" ", open), { toggle: true });
  assert.deepEqual(nextRow("Enter", state), {});
  assert.deepEqual(nextRow("ArrowRight", closed), { toggle: true });
  assert.deepEqual(nextRow("ArrowRight", open), { to: 6 });
  assert.deepEqual(nextRow("ArrowLeft", open), { toggle: true });
  assert.deepEqual(nextRow("ArrowLeft", { ...state, parent: 2 }), { to: 2 });
  assert.deepEqual(nextRow("ArrowLeft", state), {});
  assert.deepEqual(nextRow("Escape", state), { leave: true });
});

test("keys that the notebook needs are left to it", () => {
  for (const key of ["ArrowDown", "Enter", "Home", " "]) assert.ok(isOurs({ key }));
  assert.ok(!isOurs({ key: "Enter", shiftKey: true }));
  assert.ok(!isOurs({ key: "s", ctrlKey: true }));
  assert.ok(!isOurs({ key: "ArrowDown", metaKey: true }));
  assert.ok(!isOurs({ key: "j" }));
  assert.ok(isOurs({ key: "+", shiftKey: true }));
});

test("graph: an arrow key leads to the box that lies ahead, not to a nearer one aside", () => {
  const box = (id, x, y) => ({ id, x, y, w: 40, h: 20 });
  const boxes = [box("a", 0, 0), box("b", 100, 0), box("c", 60, 70), box("d", 200, 5)];
  assert.equal(nextBox("ArrowRight", boxes, "a"), "b");
  assert.equal(nextBox("ArrowRight", boxes, "b"), "d");
  assert.equal(nextBox("ArrowRight", boxes, "d"), "d");
  assert.equal(nextBox("ArrowLeft", boxes, "d"), "b");
  assert.equal(nextBox("ArrowDown", boxes, "b"), "c");
  assert.equal(nextBox("ArrowUp", boxes, "c"), "b");
  assert.equal(nextBox("ArrowDown", boxes, null), "a");
  assert.equal(nextBox("End", boxes, "a"), "d");
  assert.equal(nextBox("ArrowDown", [], null), null);
  assert.equal(nextBox("q", boxes, "a"), null);
});
