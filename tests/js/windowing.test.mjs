import assert from "node:assert/strict";
import { test } from "node:test";

import { OVERSCAN, ROW_HEIGHT, scrollToShow, visibleRange } from "../../extension/labextension/static/windowing.js";

const VIEWPORT = 500;

test("a short list exists whole", () => {
  assert.deepEqual(visibleRange({ scrollTop: 0, viewport: VIEWPORT, total: 7 }), { first: 0, end: 7 });
  assert.deepEqual(visibleRange({ scrollTop: 0, viewport: VIEWPORT, total: 0 }), { first: 0, end: 0 });
});

test("wherever a long list stands, the visible rows exist and few others", () => {
  const total = 100_000;
  for (let scrollTop = 0; scrollTop < total * ROW_HEIGHT; scrollTop += 9973) {
    const { first, end } = visibleRange({ scrollTop, viewport: VIEWPORT, total });
    const top = Math.min(scrollTop, total * ROW_HEIGHT - VIEWPORT);
    assert.ok(first * ROW_HEIGHT <= top && end * ROW_HEIGHT >= top + VIEWPORT);
    assert.ok(end - first <= Math.ceil(VIEWPORT / ROW_HEIGHT) + 1 + 2 * OVERSCAN);
  }
});

test("a scroll position beyond the end, as after a fold closed, shows the end", () => {
  const { first, end } = visibleRange({ scrollTop: 1e9, viewport: VIEWPORT, total: 50 });
  assert.equal(end, 50);
  assert.ok(first < 50);
  assert.equal(visibleRange({ scrollTop: -300, viewport: VIEWPORT, total: 50 }).first, 0);
});

test("a row is brought into sight by the shortest way", () => {
  const state = { viewport: 260, rowHeight: 26 };
  assert.equal(scrollToShow({ index: 3, scrollTop: 260, ...state }), 78);
  assert.equal(scrollToShow({ index: 12, scrollTop: 260, ...state }), 260);
  assert.equal(scrollToShow({ index: 20, scrollTop: 260, ...state }), 286);
});
