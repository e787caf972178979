import assert from "node:assert/strict";
import { test } from "node:test";

import { boxAround, centreToShow, firstScale, fitScale, READABLE, zoomed } from "../../extension/labextension/static/viewport.js";

const screen = { width: 400, height: 200 };

test("a drawing is first shown whole where it stays readable, and cut off where it would not", () => {
  assert.equal(firstScale({ width: 400, height: 200 }, screen), 1);
  assert.equal(firstScale({ width: 500, height: 100 }, screen), 0.8);
  assert.equal(firstScale({ width: 9000, height: 100 }, screen), READABLE);
  assert.equal(firstScale({ width: 10, height: 10 }, screen), 1.25);
  assert.equal(fitScale({ width: 0, height: 0 }, { width: 0, height: 0 }), 1);
});

test("a small drawing is centred, a large one never leaves the screen empty", () => {
  assert.deepEqual(boxAround({ width: 100, height: 100 }, screen, 1, { x: 0, y: 0 }), { x: -150, y: -50, w: 400, h: 200 });
  assert.deepEqual(boxAround({ width: 1000, height: 100 }, screen, 1, { x: 9999, y: 0 }), { x: 600, y: -50, w: 400, h: 200 });
  assert.deepEqual(boxAround({ width: 1000, height: 1000 }, screen, 2, { x: 500, y: 500 }), { x: 400, y: 450, w: 200, h: 100 });
});

test("a node out of sight is brought in with its margin, one in sight moves nothing", () => {
  const view = { x: 0, y: 0, w: 400, h: 200 };
  assert.deepEqual(centreToShow(view, { x: 100, y: 100, w: 40, h: 20 }), { x: 200, y: 100 });
  assert.deepEqual(centreToShow(view, { x: 500, y: 100, w: 40, h: 20 }), { x: 364, y: 100 });
  assert.deepEqual(centreToShow({ ...view, x: 300 }, { x: 100, y: 100, w: 40, h: 20 }), { x: 276, y: 100 });
});

test("zooming has limits", () => {
  let scale = 1;
  for (let i = 0; i < 100; i++) scale = zoomed(scale, 1.3);
  assert.equal(scale, 4);
  for (let i = 0; i < 100; i++) scale = zoomed(scale, 1 / 1.3);
  assert.ok(scale > 0);
});
