/** The browser's replay against what Python made of the same programs (fixtures/programs.json). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { read } from "../../extension/labextension/static/document.js";
import { parse } from "../../extension/labextension/static/expressions.js";
import { FUNCTIONS } from "../../extension/labextension/static/functions.js";
import { Replay, restated } from "../../extension/labextension/static/replay.js";

const fixture = JSON.parse(readFileSync(new URL("fixtures/programs.json", import.meta.url), "utf8"));
const programOf = (program) => read({ schema: 1, program }).doc.program;

function close(actual, expected, what) {
  assert.ok(Math.abs(actual - expected) <= 1e-11 * Math.max(1, Math.abs(expected)), `${what}: ${actual} is not ${expected}`);
}

test("the table holds exactly the functions that Python writes into programs", () => {
  assert.deepEqual([...FUNCTIONS.keys()].sort(), fixture.functions);
});

for (const [name, { program, points }] of Object.entries(fixture.cases)) {
  test(`${name}: values, derivatives in both modes and guards are Python's`, () => {
    const replay = new Replay(programOf(program));
    for (const point of points) {
      const names = program.inputs.map((input) => input.name);
      const result = replay.run(names.map((input) => point.inputs[input]));
      assert.equal(result.flipped.length === 0, point.on_path);
      close(result.values.get(program.output), point.value, "value");
      program.inputs.forEach((input, i) => {
        const expected = point.derivatives[input.name];
        close(result.tangents[i].get(program.output) ?? 0, expected, `forward by ${input.name}`);
        close(result.adjoints.get(input.variable) ?? 0, expected, `reverse by ${input.name}`);
      });
      for (const sum of result.invariants.values()) close(sum, point.derivatives[names[0]], "invariant");
    }
  });
}

test("a flipped guard says which, on which line, and how it would come out", () => {
  const replay = new Replay(programOf(fixture.cases.guards.program));
  const { flipped } = replay.run([0.5]);
  assert.equal(flipped.length, 1);
  assert.equal(flipped[0].id, "g1");
  assert.match(flipped[0].text, /> 1$/);
  assert.equal(flipped[0].outcome, false);
});

for (const mode of ["reverse", "forward"]) {
  test(`at the recorded point nothing of the ${mode} document changes`, () => {
    const { doc } = read(fixture.documents[mode]);
    const replay = new Replay(doc.program);
    const again = restated(doc, doc.program, replay.run(replay.recorded));
    for (const key of ["output", "derivatives", "notes", "player"]) assert.deepEqual(again[key], doc[key], key);
    const texts = (rows) => rows.map(({ id, value, tangent, adjoint }) => ({ id, value, tangent, adjoint }));
    assert.deepEqual(texts(again.rows), texts(doc.rows));
  });
}

test("elsewhere the list, the head and the steps follow", () => {
  const { doc } = read(fixture.documents.reverse);
  const [, point] = fixture.cases.shared.points;
  const result = new Replay(doc.program).run([point.inputs.x, point.inputs.w]);
  const moved = restated(doc, doc.program, result);
  const number = (text) => Number(text.replace("−", "-"));
  assert.ok(Math.abs(number(moved.output.value) - point.value) < 1e-5);
  assert.ok(Math.abs(number(moved.derivatives[1].text) - point.derivatives.w) < 1e-5);
  assert.equal(moved.rows[0].value, "2");
  assert.equal(moved.rows[0].adjoint, moved.derivatives[0].text);
  assert.equal(moved.player.steps[0].value, "2");
  assert.equal(moved.player.steps.at(-1).invariant, moved.derivatives[0].text);
  assert.equal(doc.rows[0].value, "1.5", "the recorded document stays");
});

test("expressions are Python's", () => {
  const at = (text, scope = {}) => parse(text)(new Map(Object.entries(scope)));
  assert.equal(at("-x ** 2", { x: 3 }), -9);
  assert.equal(at("2 ** -1"), 0.5);
  assert.equal(at("2 ** 3 ** 2"), 512);
  assert.equal(at("1 - 2 - 3"), -4);
  assert.equal(at("7 // 2 + -7 // 2"), -1);
  assert.equal(at("-7 % 3"), 2);
  assert.equal(at("7 % -3"), -2);
  assert.equal(at("(a >= b) & (a <= 5)", { a: 3, b: 2 }), true);
  assert.equal(at("~a", { a: true }), false);
  assert.equal(at("1.5e-3 * 2"), 0.003);
  assert.equal(at("1 ** x", { x: NaN }), 1);
});

test("nothing but the table can be reached", () => {
  for (const text of ["constructor(1)", "alert(1)", "x.y", "x[0]", "'a'", "a = 1", "1 2", "", "(", "sin()", "f(x)(y)", "`x`"]) {
    assert.throws(() => parse(text), SyntaxError, text);
  }
  for (const text of ["toString", "__proto__", "globalThis"]) assert.throws(() => parse(text)(new Map()), SyntaxError, text);
  assert.throws(() => parse("(".repeat(9999) + "1" + ")".repeat(9999)), SyntaxError);
  assert.throws(() => parse("-".repeat(99999) + "1"), SyntaxError);
});
