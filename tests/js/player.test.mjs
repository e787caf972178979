import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { read } from "../../extension/labextension/static/document.js";
import { ahead, describe, nextStep, pace, place } from "../../extension/labextension/static/player.js";
import { flippedText, sliderRange } from "../../extension/labextension/static/whatif.js";

const { documents } = JSON.parse(readFileSync(new URL("fixtures/programs.json", import.meta.url), "utf8"));
const { player } = read(documents.reverse).doc;
const forward = read(documents.forward).doc.player;

test("a step says where it is, what it computes and the sum", () => {
  assert.deepEqual(describe(player, 0), { where: "program 1 / 8", what: "v₋₁ = 1.5", sum: "" });
  const { where, what, sum } = describe(player, 10);
  assert.equal(where, "reverse 3 / 8");
  assert.match(what, /^v̄₄ = 0\.83638\d, passed on to v₂, v₃$/);
  assert.match(sum, /^Σ v̄·v̇ = 2\.4854\d at every step$/);
  assert.match(describe(forward, 10).where, /^forward 3 \/ 8$/);
  assert.match(describe(forward, 10).what, /^v̇₁ = \(/);
});

test("the sum is the same at every step of both sweeps", () => {
  const sums = [player, forward].flatMap(({ steps }) => steps.filter((step) => step.phase !== "primal").map((step) => step.invariant));
  assert.equal(sums.length, 16);
  assert.equal(new Set(sums).size, 1);
});

test("a number is there from its step on", () => {
  assert.equal(ahead(player, 0)("v-1", "value"), false);
  assert.equal(ahead(player, 0)("v1", "value"), true);
  assert.equal(ahead(player, 2)("v1", "value"), false);
  assert.equal(ahead(player, 7)("v6", "adjoint"), true);
  assert.equal(ahead(player, 8)("v6", "adjoint"), false);
  assert.equal(ahead(player, 8)("v-1", "adjoint"), true);
  assert.equal(ahead(player, 15)("v-1", "adjoint"), false);
  assert.equal(ahead(player, 0)("v1", "text"), false);
  assert.equal(ahead(player, 0)("g1", "value"), false);
});

test("keys: arrows step, Home and End jump, space plays, Escape leaves", () => {
  assert.equal(nextStep("ArrowRight", -1, 16), 0);
  assert.equal(nextStep("ArrowRight", 15, 16), 15);
  assert.equal(nextStep("ArrowLeft", 0, 16), 0);
  assert.equal(nextStep("Home", 9, 16), 0);
  assert.equal(nextStep("End", 9, 16), 15);
  assert.equal(nextStep(" ", 9, 16), "play");
  assert.equal(nextStep("Escape", 9, 16), "leave");
  assert.equal(nextStep("x", 9, 16), null);
});

test("place counts within the phase, and long sweeps go faster", () => {
  assert.deepEqual(place(player.steps, 8), { phase: "adjoint", number: 1, of: 8 });
  assert.equal(pace(16), 800);
  assert.ok(pace(400) * 400 <= 32000);
});

test("anything else under the name of a player is brought to shape or dropped", () => {
  assert.equal(read({ schema: 1, player: { steps: [] } }).doc.player, null);
  assert.equal(read({ schema: 1, player: "x", program: 7, reports: { a: 1 } }).doc.program, null);
  const [step] = read({ schema: 1, player: { steps: [{ variable: 3, phase: "sideways", adds_to: "no" }] } }).doc.player.steps;
  assert.deepEqual(step, { variable: "3", row: "3", phase: "primal", value: "", addsTo: [], invariant: null });
  assert.deepEqual(read({ schema: 1, views: ["player"] }).doc.views, ["list"]);
  assert.equal(read({ schema: 1, views: ["list", "player"] }).doc.playerMissing, true, "told rather than left out");
  assert.equal(read(documents.reverse).doc.playerMissing, false);
});

test("sliders reach around their value", () => {
  assert.deepEqual(sliderRange(1.5), { low: -1.5, high: 4.5, step: 0.03 });
  assert.deepEqual(sliderRange(0), { low: -1, high: 1, step: 0.01 });
});

test("a flipped guard is told with its line", () => {
  const text = flippedText([{ id: "g1", text: "v₋₁ > 0", line: 3, outcome: false }]);
  assert.match(text, /^Another branch would be taken: line 3: v₋₁ > 0 would be false\. /);
});
