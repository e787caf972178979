/** The viewer is shown in untrusted notebooks. What it must never do is written nowhere in its source. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const folder = new URL("../../extension/labextension/static/", import.meta.url);
const sources = readdirSync(folder).filter((name) => name.endsWith(".js"))
  .map((name) => [name, readFileSync(new URL(name, folder), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/ .*$/gm, "")]);

test("no markup is parsed and no text is run", () => {
  for (const [name, source] of sources) {
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|DOMParser|createContextualFragment|document\.write|setHTML/, name);
    assert.doesNotMatch(source, /\beval\b|new Function|setTimeout\(\s*["'`]/, name);
  }
});

test("elements are made in one place only", () => {
  for (const [name, source] of sources) {
    if (name !== "dom.js" && name !== "trace.js") assert.doesNotMatch(source, /createElement/, name);
  }
  const trace = sources.find(([name]) => name === "trace.js")[1];
  assert.equal(trace.match(/createElement/g).length, 1, "trace.js makes the link to the style sheet and nothing else");
});

test("nothing is fetched from elsewhere", () => {
  for (const [name, source] of sources) {
    assert.doesNotMatch(source, /\bfetch\(|XMLHttpRequest|WebSocket|https?:\/\/(?!www\.w3\.org\/2000\/svg)/, name);
  }
});
