/**
 * Evaluation of a recorded program at other inputs, without a kernel: values, tangents by each input, adjoints, whether the
 * program would still take the recorded path, and the document that shows all this. No DOM.
 */

import { parse } from "./expressions.js";
import { formatNumber } from "./scale.js";

/**
 * @typedef {import("./document.js").TraceDocument} TraceDocument
 * @typedef {import("./document.js").Row} Row
 * @typedef {import("./document.js").Program} Program
 * @typedef {import("./functions.js").Scalar} Scalar
 * @typedef {import("./expressions.js").Evaluate} Evaluate
 *
 * @typedef {object} Result
 * @property {Map<string, Scalar>} values                 by variable
 * @property {Array<Map<string, number>>} tangents        one map per input
 * @property {Map<string, number>} adjoints
 * @property {Map<string, Array<{from: string, partial: number}>>} partials  by variable, one per operand that is a variable
 * @property {Map<string, number>} invariants             Σ v̄·v̇ right behind a variable, in the direction of the first input
 * @property {Array<{id: string, text: string, line: number | null, outcome: boolean}>} flipped  guards, in order
 */

/** What the sum's rounding may leave of larger products that cancel. */
const NOISE = 64 * Number.EPSILON;

export class Replay {
  /**
   * @param {Program} program
   * @throws {SyntaxError} for a program with an expression that cannot be read
   */
  constructor(program) {
    this.program = program;
    /** @type {Map<string, Evaluate>} */
    const known = new Map();
    const read = (/** @type {string} */ text) => {
      const before = known.get(text);
      if (before) return before;
      const made = parse(text);
      known.set(text, made);
      return made;
    };
    this.instructions = program.instructions.map((entry) => ({
      variable: entry.variable,
      operands: entry.operands,
      evaluate: read(entry.expression),
      partials: entry.partials.map(({ name, text }) => ({ name, text: read(text), selects: /\bg\b/.test(text) })),
    }));
    this.guards = program.guards.map((entry) => ({ ...entry, evaluate: read(entry.expression) }));
  }

  /** @returns {number[]} the inputs as they were recorded */
  get recorded() {
    return this.program.inputs.map((input) => input.value);
  }

  /**
   * @param {number[]} inputs  in the program's order
   * @returns {Result}
   */
  run(inputs) {
    /** @type {Map<string, Scalar>} */
    const values = new Map(this.program.inputs.map((input, i) => [input.variable, inputs[i]]));
    for (const entry of this.instructions) values.set(entry.variable, entry.evaluate(scopeOf(entry.operands, values)));
    const flipped = this.guards.flatMap((guard) => {
      const outcome = Boolean(guard.evaluate(scopeOf(guard.operands, values)));
      return outcome === guard.outcome ? [] : [{ id: guard.id, text: guard.text, line: guard.line, outcome }];
    });
    const tangents = this.program.inputs.map((input) => this.#forward(input.variable, values));
    const { adjoints, invariants } = this.#reverse(values, tangents[0] || new Map());
    return { values, tangents, adjoints, invariants, flipped, partials: this.#partials(values) };
  }

  /** @param {string} input @param {Map<string, Scalar>} values @returns {Map<string, number>} */
  #forward(input, values) {
    const tangents = new Map([[input, 1]]);
    for (const entry of this.instructions) {
      let total = 0;
      let reached = false;
      for (const { name, product } of products(entry, values)) {
        const tangent = tangents.get(String(entry.operands.get(name)));
        if (tangent === undefined) continue;
        total += product(tangent);
        reached = true;
      }
      if (reached) tangents.set(entry.variable, total);
    }
    return tangents;
  }

  /** @param {Map<string, Scalar>} values @param {Map<string, number>} tangents */
  #reverse(values, tangents) {
    /** @type {Map<string, number>} */
    const adjoints = new Map([[this.program.output, 1]]);
    const live = new Map(adjoints);
    /** @type {Map<string, number>} */
    const invariants = new Map();
    let largest = 0;
    const sum = () => {
      let total = 0;
      for (const [variable, adjoint] of live) {
        const product = adjoint * (tangents.get(variable) ?? 0);
        largest = Math.max(largest, Math.abs(product));
        total += product;
      }
      return Math.abs(total) <= NOISE * largest ? 0 : total;
    };
    for (let i = this.instructions.length - 1; i >= 0; i--) {
      const entry = this.instructions[i];
      const adjoint = live.get(entry.variable);
      if (adjoint === undefined) continue;
      invariants.set(entry.variable, sum());
      live.delete(entry.variable);
      for (const { name, product } of products(entry, values)) {
        const operand = String(entry.operands.get(name));
        const total = (live.get(operand) ?? 0) + product(adjoint);
        live.set(operand, total);
        adjoints.set(operand, total);
      }
    }
    for (const { variable } of this.program.inputs) if (live.has(variable)) invariants.set(variable, sum());
    return { adjoints, invariants };
  }

  /** @param {Map<string, Scalar>} values @returns {Result["partials"]} */
  #partials(values) {
    return new Map(this.instructions.map((entry) => {
      const found = new Map(products(entry, values).map(({ name, product }) => [name, product(1)]));
      const operands = [...entry.operands].filter(([, operand]) => typeof operand === "string");
      return [entry.variable, operands.map(([name, from]) => ({ from: String(from), partial: found.get(name) ?? 0 }))];
    }));
  }
}

/** @param {Map<string, string | Scalar>} operands @param {Map<string, Scalar>} values @returns {Map<string, Scalar>} */
function scopeOf(operands, values) {
  const scope = new Map();
  for (const [name, operand] of operands) {
    const value = typeof operand === "string" ? values.get(operand) : operand;
    if (value === undefined) throw new SyntaxError(`${operand} is not known`);
    scope.set(name, value);
  }
  return scope;
}

/**
 * What an instruction does with a tangent or adjoint, per operand with a derivative. Zero stays zero, whatever the partial.
 *
 * @param {Replay["instructions"][number]} entry
 * @param {Map<string, Scalar>} values
 * @returns {Array<{name: string, product: (g: number) => number}>}
 */
function products(entry, values) {
  const scope = scopeOf(entry.operands, values);
  scope.set("y", /** @type {Scalar} */ (values.get(entry.variable)));
  return entry.partials.filter(({ name }) => typeof entry.operands.get(name) === "string").map(({ name, text, selects }) => ({
    name,
    product: (g) => {
      if (selects) return Number(text(new Map([...scope, ["g", g]])));
      return g === 0 ? 0 : g * Number(text(scope));
    },
  }));
}

// ---------------------------------------------------------------------------------------------- the document

/**
 * The document as it would be at other inputs. What belongs to the recorded point alone (the check, plots, diagnoses) is left out or as
 * recorded.
 *
 * @param {TraceDocument} doc
 * @param {Program} program
 * @param {Result} result
 * @returns {TraceDocument}
 */
export function restated(doc, program, result) {
  const output = result.values.get(program.output);
  const gradient = new Map(program.inputs.map((input, i) => [input.name, result.tangents[i].get(program.output) ?? 0]));
  const swept = (/** @type {string} */ id) => sweptBy(doc, result, id);
  return {
    ...doc,
    output: { ...doc.output, value: shown(output) },
    derivatives: doc.derivatives.map((entry) => (gradient.has(entry.input) ? { ...entry, text: shown(gradient.get(entry.input)) } : entry)),
    badge: null,
    notes: Number.isFinite(Number(output)) ? [] : [`the output ${doc.output.name} is ${shown(output)}`],
    rows: doc.rows.map((row) => restatedRow(doc, row, result)),
    source: doc.source && { ...doc.source, marks: doc.source.marks.map((mark) => ({ ...mark, ...weighed(swept(mark.variable)) })) },
    graph: doc.graph && {
      ...doc.graph,
      nodes: doc.graph.nodes.map((node) => (result.values.has(node.id) ? { ...node, state: weighed(swept(node.id)).state } : node)),
      edges: restatedEdges(doc.graph.edges, result),
    },
    player: doc.player && { ...doc.player, steps: doc.player.steps.map((step) => restatedStep(doc, step, result)) },
  };
}

/** @param {Scalar | undefined} value @returns {string} */
function shown(value) {
  return typeof value === "number" ? formatNumber(value) : String(value ?? "");
}

/** Tangents by all inputs or the adjoint. @param {TraceDocument} doc @param {Result} result @param {string} id @returns {number[]} */
function sweptBy(doc, result, id) {
  if (doc.mode === "reverse") return [result.adjoints.get(id) ?? 0];
  const each = result.tangents.map((tangents) => tangents.get(id) ?? 0);
  return each.length > 4 ? [each.reduce((a, b) => a + b)] : each;
}

/** @param {number[]} sizes @returns {{weight: number | null, state: string}} */
function weighed(sizes) {
  if (!sizes.every(Number.isFinite)) return { weight: null, state: "nonfinite" };
  const weight = Math.max(...sizes.map(Math.abs));
  return { weight, state: weight === 0 ? "zero" : "normal" };
}

/** @param {TraceDocument} doc @param {Row} row @param {Result} result @returns {Row} */
function restatedRow(doc, row, result) {
  if (row.rows.length > 0) return { ...row, rows: row.rows.map((inner) => restatedRow(doc, inner, result)) };
  const value = result.values.get(row.id);
  if (value === undefined) return row;
  const sizes = sweptBy(doc, result, row.id);
  const texts = sizes.map(formatNumber);
  const text = texts.length === 1 ? texts[0] : `(${texts.join(", ")})`;
  return {
    ...row,
    value: shown(value),
    tangent: row.tangent === null ? null : text,
    adjoint: row.adjoint === null ? null : text,
    weight: weighed(sizes).weight,
    partials: (result.partials.get(row.id) || []).map(({ partial }) => (Number.isFinite(partial) ? partial : null)),
  };
}

/** @param {import("./document.js").GraphEdge[]} edges @param {Result} result @returns {import("./document.js").GraphEdge[]} */
function restatedEdges(edges, result) {
  /** @type {Map<string, number>} edges between the same two nodes, in the order of the operands */
  const seen = new Map();
  return edges.map((edge) => {
    const between = (result.partials.get(edge.to) || []).filter(({ from }) => from === edge.from);
    const key = `${edge.from} ${edge.to}`;
    const turn = seen.get(key) ?? 0;
    seen.set(key, turn + 1);
    const found = between[Math.min(turn, between.length - 1)];
    if (edge.label === null || !found) return edge;
    const state = weighed([found.partial]).state;
    return { ...edge, label: formatNumber(Number(found.partial.toPrecision(3))), state };
  });
}

/** @param {TraceDocument} doc @param {import("./document.js").Step} step @param {Result} result @returns {import("./document.js").Step} */
function restatedStep(doc, step, result) {
  const value = result.values.get(step.variable);
  if (value === undefined) return step;
  if (step.phase === "primal") return { ...step, value: shown(value) };
  const texts = sweptBy(doc, result, step.variable).map(formatNumber);
  const invariant = result.invariants.get(step.variable);
  return {
    ...step,
    value: texts.length === 1 ? texts[0] : `(${texts.join(", ")})`,
    invariant: invariant === undefined || step.invariant === null ? step.invariant : formatNumber(invariant),
  };
}
