import assert from "node:assert/strict";
import { test } from "node:test";

import {
  cellsPath, extent, formatNumber, heatGroups, linear, linePath, nearest, ticks,
} from "../../extension/labextension/static/scale.js";

test("numbers have six significant digits and a real minus sign", () => {
  const shown = [1.48754321, -0.3989981, 0, -0, 100, 123456, 1234567, 0.00001234, 3.1e-12, -2e30, null, Infinity, -Infinity, NaN];
  assert.deepEqual(shown.map(formatNumber), [
    "1.48754", "−0.398998", "0", "0", "100", "123456", "1.23457e6", "1.234e−5", "3.1e−12", "−2e30", "nan", "inf", "−inf", "nan",
  ]);
});

test("ticks are round and lie within the interval", () => {
  assert.deepEqual(ticks(0, 1, 4), [0, 0.5, 1]);
  assert.deepEqual(ticks(-0.31, 0.29, 4), [-0.2, 0, 0.2]);
  assert.deepEqual(ticks(2, 2, 4), [2]);
  assert.deepEqual(ticks(NaN, 2, 4).length, 1);
  for (const [low, high] of [[1e-9, 3e-9], [1e12, 1e12 + 1], [-7e5, 2e6]]) {
    const found = ticks(low, high, 4);
    assert.ok(found.length >= 2 && found.length <= 8, `${found}`);
    assert.ok(found.every((tick) => tick >= low - 1e-9 * Math.abs(low) && tick <= high + 1e-9 * Math.abs(high)));
  }
});

test("an extent ignores what is missing and is never empty", () => {
  assert.deepEqual(extent([null, null]), [-1, 1]);
  const [low, high] = extent([3, null, 3]);
  assert.ok(low < 3 && high > 3);
  const wide = extent([0, null, 10]);
  assert.ok(wide[0] < 0 && wide[1] > 10);
});

test("a line breaks where a value is missing", () => {
  const same = linear([0, 10], [0, 10]);
  assert.equal(linePath([0, 1, 2, 3, 4], [0, 1, null, 3, 4], same, same), "M0.0 0.0L1.0 1.0M3.0 3.0L4.0 4.0");
  assert.equal(linePath([], [], same, same), "");
});

test("the sample nearest to a place", () => {
  assert.equal(nearest([0, 1, 2, 3], 1.6), 2);
  assert.equal(nearest([0, 1, 2, 3], -5), 0);
});

test("heat map cells are grouped by sign and strength", () => {
  const { groups, largest } = heatGroups([[0, 4, -4], [null, 0.1, 2]]);
  assert.equal(largest, 4);
  assert.deepEqual(Object.fromEntries(groups), {
    0: [[0, 0]], "+8": [[0, 1]], "-8": [[0, 2]], nan: [[1, 0]], "+1": [[1, 1]], "+4": [[1, 2]],
  });
  assert.equal(cellsPath([[0, 0], [1, 2]]), "M0 0h1v1h-1zM2 1h1v1h-1z");
  assert.equal(heatGroups([]).largest, 0);
});

test("an axis has two numbers at least, and a flat tiny line its own scale", () => {
  assert.deepEqual(ticks(-36, 34, 1), [-20, 0, 20]);
  const [low, high] = extent([4.14e-21, 4.14e-21]);
  assert.ok(low > 0 && high < 1e-20);
  assert.deepEqual(extent([0, 0]), [-0.1, 0.1]);
});
