/**
 * What belongs together: a list row, a graph node and a mark in the source that stand for the same instruction. And which of
 * them is the current one.
 */

import { eachRow } from "./rows.js";

/**
 * @typedef {import("./document.js").TraceDocument} TraceDocument
 * @typedef {import("./document.js").Row} Row
 * @typedef {import("./document.js").Mark} Mark
 * @typedef {import("./document.js").GraphNode} GraphNode
 *
 * @typedef {{kind: "row" | "node" | "mark" | "line", id: string}} Subject  a mark's id is its place in `Links.marks`
 * @typedef {{rows: Set<string>, nodes: Set<string>, marks: Set<string>, row: Row | null}} Lit
 */

/** @template K, V @param {Map<K, V[]>} map @param {K} key @param {V} value */
function append(map, key, value) {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

/** Answers which rows, nodes and marks are lit together with a given one. Built once per document. */
export class Links {
  /** @param {TraceDocument} doc */
  constructor(doc) {
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {Map<string, string[]>} the folds around a row, outermost first */
    this.folds = new Map();
    /** @type {Map<string, Row[]>} */
    this.rowsBySpan = new Map();
    /** @type {Map<number, Row[]>} */
    this.rowsByLine = new Map();
    eachRow(doc.rows, (row, folds) => this.#addRow(row, folds));
    /** @type {Map<string, GraphNode>} */
    this.nodes = new Map((doc.graph ? doc.graph.nodes : []).map((node) => [node.id, node]));
    /** @type {Map<number, GraphNode[]>} folded nodes by the source line they stand for */
    this.foldedByLine = new Map();
    for (const node of this.nodes.values()) {
      if (node.kind === "fold" && node.line !== null) append(this.foldedByLine, node.line, node);
    }
    /** @type {Mark[]} */
    this.marks = doc.source ? [...doc.source.marks] : [];
    /** @type {Map<string, string[]>} */
    this.marksBySpan = new Map();
    this.marks.forEach((mark, i) => append(this.marksBySpan, String(mark.span), String(i)));
    if (doc.source) this.#addMarksOfRows();
  }

  /** @param {Row} row @param {string[]} folds */
  #addRow(row, folds) {
    if (this.rows.has(row.id)) return;
    this.rows.set(row.id, row);
    this.folds.set(row.id, folds);
    if (row.file !== null) return;
    if (row.span) append(this.rowsBySpan, String(row.span), row);
    if (row.line !== null && row.kind !== "fold") append(this.rowsByLine, row.line, row);
  }

  /** Guards and other rows that carry no tint are still to be found in the source. */
  #addMarksOfRows() {
    for (const row of this.rows.values()) {
      if (row.file !== null || !row.span || this.marksBySpan.has(String(row.span))) continue;
      append(this.marksBySpan, String(row.span), String(this.marks.length));
      this.marks.push({ span: row.span, variable: row.id, weight: null, state: "plain" });
    }
  }

  /**
   * @param {Subject | null} subject
   * @returns {Lit}
   */
  lit(subject) {
    /** @type {Row[]} */
    let rows = [];
    /** @type {Set<string>} */
    const nodes = new Set();
    /** @type {Set<string>} */
    const marks = new Set();
    if (subject && subject.kind === "row") rows = this.#known(subject.id);
    if (subject && subject.kind === "node") {
      nodes.add(subject.id);
      rows = this.#rowsOfNode(subject.id);
    }
    if (subject && subject.kind === "mark") {
      marks.add(subject.id);
      rows = this.#rowsOfMark(Number(subject.id));
    }
    if (subject && subject.kind === "line") rows = this.rowsByLine.get(Number(subject.id)) || [];
    const exact = subject !== null && subject.kind === "mark";
    for (const row of rows) {
      if (!subject || subject.kind !== "node") this.#nodesOf(row).forEach((id) => nodes.add(id));
      if (!exact) this.#marksOf(row).forEach((id) => marks.add(id));
    }
    return { rows: new Set(rows.map((row) => row.id)), nodes, marks, row: rows[0] || null };
  }

  /** @param {string} id @returns {Row[]} */
  #known(id) {
    const row = this.rows.get(id);
    return row ? [row] : [];
  }

  /** @param {string} id @returns {Row[]} */
  #rowsOfNode(id) {
    if (this.rows.has(id)) return this.#known(id);
    const node = this.nodes.get(id);
    return node && node.line !== null ? this.rowsByLine.get(node.line) || [] : [];
  }

  /** @param {number} index @returns {Row[]} */
  #rowsOfMark(index) {
    const mark = this.marks[index];
    if (!mark) return [];
    if (this.rows.has(mark.variable)) return this.#known(mark.variable);
    return this.rowsBySpan.get(String(mark.span)) || [];
  }

  /** @param {Row} row @returns {string[]} */
  #nodesOf(row) {
    if (this.nodes.has(row.id)) return [row.id];
    const around = (this.folds.get(row.id) || []).filter((id) => this.nodes.has(id));
    if (around.length > 0) return [around[around.length - 1]];
    if (row.line === null || row.file !== null) return [];
    return (this.foldedByLine.get(row.line) || []).map((node) => node.id);
  }

  /** @param {Row} row @returns {string[]} */
  #marksOf(row) {
    if (row.span && row.file === null) return this.marksBySpan.get(String(row.span)) || [];
    if (row.kind !== "fold" || !row.lines || row.file !== null) return [];
    const [from, to] = row.lines;
    return this.marks.flatMap((mark, i) => (mark.span[0] >= from && mark.span[2] <= to ? [String(i)] : []));
  }
}

/** The current instruction: what the pointer is on, or else what was chosen by click or key. */
export class Selection {
  /** @param {(current: Subject | null, cause: "hover" | "choose") => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Subject | null} */
    this.hovered = null;
    /** @type {Subject | null} */
    this.chosen = null;
  }

  /** @returns {Subject | null} */
  get current() {
    return this.hovered || this.chosen;
  }

  /** @param {Subject | null} subject */
  hover(subject) {
    if (same(this.hovered, subject)) return;
    this.hovered = subject;
    this.changed(this.current, "hover");
  }

  /** @param {Subject | null} subject */
  choose(subject) {
    this.hovered = null;
    this.chosen = subject;
    this.changed(subject, "choose");
  }
}

/** @param {Subject | null} a @param {Subject | null} b @returns {boolean} */
function same(a, b) {
  return a === b || (a !== null && b !== null && a.kind === b.kind && a.id === b.id);
}
