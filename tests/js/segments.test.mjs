import assert from "node:assert/strict";
import { test } from "node:test";

import { cut, tints } from "../../extension/labextension/static/segments.js";

const mark = (...span) => ({ span, variable: "v1", weight: 1, state: "normal" });

/** `np.log1p(u**2)` → `[np.log1p([u**2])]` */
const shown = (pieces) => pieces.map((piece) => ("text" in piece ? piece.text : `[${shown(piece.pieces)}]`)).join("");
const lines = (text, ...marks) => cut(text, 1, marks).map((line) => shown(line.pieces));

test("marks nest by their extent, in whatever order they come", () => {
  assert.deepEqual(lines("y = log(u**2) + 1", mark(1, 8, 1, 12), mark(1, 4, 1, 17), mark(1, 4, 1, 13)), ["y = [[log([u**2])] + 1]"]);
});

test("marks side by side stay apart, and those that touch do too", () => {
  assert.deepEqual(lines("ab cd", mark(1, 0, 1, 1), mark(1, 1, 1, 2), mark(1, 3, 1, 5)), ["[a][b] [cd]"]);
});

test("a mark over several lines leaves out the indentation", () => {
  assert.deepEqual(lines("y = (a\n     + b)\nz", mark(1, 4, 2, 9)), ["y = [(a]", "     [+ b)]", "z"]);
});

test("columns count characters, not the halves of one", () => {
  assert.deepEqual(lines("𝛼 = β*2", mark(1, 4, 1, 7)), ["𝛼 = [β*2]"]);
});

test("marks outside the text, empty or crossing ones do no harm", () => {
  assert.deepEqual(lines("abcdef", mark(9, 0, 9, 3), mark(1, 2, 1, 2), mark(1, 4, 1, 99), mark(0, 0, 0, 5)), ["abcd[ef]"]);
  assert.deepEqual(lines("abcdef", mark(1, 0, 1, 4), mark(1, 2, 1, 6)), ["[ab[cd]]ef"]);
});

test("a long sum is nested only as deep as can be drawn, and loses no text", () => {
  const text = Array.from({ length: 3000 }, () => "a").join("+");
  const marks = Array.from({ length: 2999 }, (_, i) => mark(1, 0, 1, 2 * i + 3));
  const [line] = cut(text, 1, marks);
  const flat = shown(line.pieces);
  assert.equal(flat.replace(/[[\]]/g, ""), text);
  assert.ok(flat.split("[").length < 100);
});

test("line numbers begin where the document says", () => {
  assert.deepEqual(cut("a\nb", 7, [{ ...mark(8, 0, 8, 1) }]).map((line) => [line.number, shown(line.pieces)]), [[7, "a"], [8, "[b]"]]);
});

test("tints are logarithmic, strongest at the largest weight, none at zero", () => {
  const weights = (...values) => tints(values.map((weight) => ({ ...mark(1, 0, 1, 1), weight })));
  const [large, middle, small, zero, none] = weights(100, 1, 0.01, 0, null);
  assert.equal(large, 1);
  assert.ok(Math.abs(middle - 0.5) < 1e-12);
  assert.ok(small > 0 && small < 0.06);
  assert.deepEqual([zero, none], [0, 0]);
  assert.deepEqual(weights(0, 0), [0, 0]);
  assert.deepEqual(weights(3, 3), [1, 1]);
  assert.equal(weights(1e-300, 1)[0], 0.05);
});
