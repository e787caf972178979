// adkit's wheel under Pyodide in Node.js, without a network. The npm package holds Python and its standard library; of
// what adkit needs it lacks NumPy and SciPy, which Pyodide's distribution has. So a gradient can be taken only where
// ADKIT_PYODIDE names a folder with the whole distribution; everything up to that point is tested always.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";

const ROOT = resolve(import.meta.dirname, "../../..");
const DISTRIBUTION = process.env.ADKIT_PYODIDE ?? join(ROOT, "build/pyodide/node_modules/pyodide");
const LOCK = JSON.parse(readFileSync(join(DISTRIBUTION, "pyodide-lock.json"), "utf-8"));

let python;

function wheel() {
  const folder = join(ROOT, "build/wheel");
  const found = readdirSync(folder).filter((name) => name.endsWith("-py3-none-any.whl"));
  assert.equal(found.length, 1, `one wheel in ${folder}`);
  return readFileSync(join(folder, found[0]));
}

function run(code) {
  return JSON.parse(python.runPython(code));
}

before(async () => {
  const { loadPyodide } = await import(pathToFileURL(join(DISTRIBUTION, "pyodide.mjs")));
  python = await loadPyodide();
  const bytes = wheel();
  python.unpackArchive(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), "wheel");
});

test("every module is Python that Pyodide's version compiles", () => {
  const compiled = run(`
import importlib.util, json, pathlib
folder = pathlib.Path(importlib.util.find_spec("adkit").origin).parent
files = list(folder.rglob("*.py")) + list((folder.parent / "adkit_jupyter").rglob("*.py"))
for file in files:
    compile(file.read_text(encoding="utf-8"), str(file), "exec")
json.dumps(len(files))
`);
  assert.ok(compiled > 200, `${compiled} modules`);
});

test("what the wheel asks for on this platform is in Pyodide's distribution, recent enough", () => {
  const asked = run(`
import importlib.metadata, json, platform, re, sys
asked = {}
for line in importlib.metadata.requires("adkit"):
    if "extra ==" in line:
        continue
    requirement, _, marker = line.partition(";")
    if marker and not eval(marker, {"sys_platform": sys.platform}):
        continue
    name, least = re.fullmatch(r"([\\w-]+)>=([\\d.]+)", requirement.strip()).groups()
    asked[name] = least
json.dumps(asked)
`);
  assert.deepEqual(Object.keys(asked).sort(), ["numpy", "scipy"]);
  for (const [name, least] of Object.entries(asked)) {
    const have = LOCK.packages[name].version;
    assert.ok(have.localeCompare(least, undefined, { numeric: true }) >= 0, `${name} ${have} is older than ${least}`);
  }
});

test("an import asks for NumPy, which the npm package lacks, and for nothing before it", (t) => {
  if (process.env.ADKIT_PYODIDE) return t.skip("the distribution has NumPy");
  const missing = run(`
import json
try:
    import adkit
    missing = None
except ModuleNotFoundError as error:
    missing = error.name
json.dumps(missing)
`);
  assert.equal(missing, "numpy");
});

test("trees need nothing that Pyodide lacks", () => {
  const found = run(`
import importlib.util, json, pathlib, sys
folder = pathlib.Path(importlib.util.find_spec("adkit").origin).parent
specification = importlib.util.spec_from_file_location("plain_trees", folder / "plain_trees.py")
trees = sys.modules["plain_trees"] = importlib.util.module_from_spec(specification)
specification.loader.exec_module(trees)
json.dumps([importlib.util.find_spec("optree") is None, trees.tree_leaves({"b": [1, 2], "a": 3})])
`);
  assert.deepEqual(found, [true, [3, 1, 2]]);
});

test("a gradient", async (t) => {
  if (!process.env.ADKIT_PYODIDE) return t.skip("NumPy and SciPy are missing: ADKIT_PYODIDE names no distribution");
  await python.loadPackage(["numpy", "scipy"]);
  const gradient = run(`
import json
import numpy as np
import adkit
json.dumps([adkit.grad(lambda x: np.sum(np.sin(x) ** 2))(np.array([0.0, 0.5])).tolist()])
`);
  assert.deepEqual(gradient[0][0], 0);
  assert.ok(Math.abs(gradient[0][1] - Math.sin(1)) < 1e-15);
});
