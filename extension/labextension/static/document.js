/**
 * Reading of `application/vnd.adkit.trace.v1+json`. A saved notebook may hold anything under that name, so every field is
 * brought to its type here, and the views can rely on it. Texts are plain text, never markup.
 */

/** The newest schema that this viewer knows. */
export const SCHEMA = 1;

/** The MIME type under which a trace is stored in a notebook. */
export const MIME_TYPE = "application/vnd.adkit.trace.v1+json";

/**
 * @typedef {[number, number, number, number]} Span  line, column, end line, end column; lines from 1, columns from 0
 *
 * @typedef {object} Row
 * @property {string} id
 * @property {string} kind  input, constant, instruction, guard or fold
 * @property {string | null} name
 * @property {string} text
 * @property {number | null} line
 * @property {[number, number] | null} lines
 * @property {Span | null} span
 * @property {string | null} snippet
 * @property {string | null} file
 * @property {number[] | null} shape
 * @property {string | null} dtype
 * @property {string | null} value
 * @property {string | null} tangent
 * @property {string | null} adjoint
 * @property {number | null} weight
 * @property {Array<number | null>} partials
 * @property {number} count
 * @property {number} instructions
 * @property {Row[]} rows
 *
 * @typedef {{span: Span, variable: string, weight: number | null, state: string}} Mark
 * @typedef {{text: string, firstLine: number, marks: Mark[]}} Source
 *
 * @typedef {{id: string, label: string, kind: string, name: string | null, line: number | null,
 *            state: string, text: string, x: number, y: number, w: number, h: number}} GraphNode
 * @typedef {{from: string, to: string, label: string | null, weight: number | null, state: string, path: string,
 *            labelX: number | null, labelY: number | null}} GraphEdge
 * @typedef {{nodes: GraphNode[], edges: GraphEdge[], width: number, height: number, down: boolean,
 *            note: string | null}} Graph
 *
 * @typedef {{kind: "curve", title: string, input: string, x: number[], value: Array<number | null>,
 *            derivative: Array<number | null>, at: number | null, valueAt: number | null,
 *            derivativeAt: number | null, second: Array<number | null> | null, secondAt: number | null,
 *            tangent: {x: [number, number], y: [number, number]} | null}} Curve
 * @typedef {{kind: "contour", title: string, inputs: [string, string], ranges: [[number, number], [number, number]],
 *            lines: Array<{level: number, segments: number[]}>, field: Array<[number, number, number, number]>,
 *            at: [number, number] | null, valueAt: number | null, gradientAt: Array<number | null>}} Contour
 * @typedef {{kind: "histogram", title: string, input: string, edges: number[], counts: number[], zero: number,
 *            nonfinite: number}} Histogram
 * @typedef {{kind: "heatmap", title: string, rows: string, columns: string,
 *            matrix: Array<Array<number | null>>}} HeatMap
 *
 * @typedef {{variable: string, row: string, phase: "primal" | "tangent" | "adjoint", value: string, addsTo: string[],
 *            invariant: string | null}} Step  row: the id of the row that stands for it
 * @typedef {{mode: string, direction: string, steps: Step[]}} Player
 *
 * @typedef {Map<string, string | number | boolean>} Operands  a variable's id or a constant by the name in the expression
 * @typedef {object} Program
 * @property {Array<{variable: string, name: string, value: number}>} inputs
 * @property {Array<{variable: string, expression: string, operands: Operands, partials: Array<{name: string, text: string}>}>} instructions
 * @property {Array<{id: string, expression: string, operands: Operands, outcome: boolean, text: string, line: number | null}>} guards
 * @property {string} output
 *
 * @typedef {{cells: string[], variable: string | null, line: number | null, state: string, bar: number | null}} ReportRow
 * @typedef {{title: string, columns: Array<{title: string, right: boolean, code: boolean}>, rows: ReportRow[]}} ReportTable
 * @typedef {{kind: string, title: string, severity: string, verdict: string, fix: string | null, paragraphs: string[],
 *            tables: ReportTable[]}} Report
 *
 * @typedef {object} TraceDocument
 * @property {string} title
 * @property {string} mode  "forward" or "reverse"
 * @property {string} modeReason
 * @property {number} order
 * @property {string} device
 * @property {string[]} views
 * @property {{name: string, value: string, shape: number[]}} output
 * @property {Array<{label: string, text: string, input: string}>} derivatives
 * @property {{verdict: string, text: string, rows: Array<Record<string, string>>} | null} badge
 * @property {string[]} notes
 * @property {{instructions: number, guards: number}} counts
 * @property {Row[]} rows
 * @property {Source | null} source
 * @property {Graph | null} graph
 * @property {string | null} graphProblem  why the graph cannot be drawn
 * @property {Array<Curve | HeatMap | Contour | Histogram>} plots
 * @property {boolean} partial   whether it is a list up to an error, without derivatives
 * @property {boolean} explorer  whether an explorer with controls of its own made it
 * @property {Player | null} player
 * @property {boolean} playerMissing  whether a player was asked for that the trace is too long for
 * @property {Program | null} program
 * @property {Report[]} reports
 */

/** Folds nested deeper than this are not read. */
export const DEEPEST = 100;

const VIEWS = ["list", "graph", "plot", "source"];

/** Programs of more instructions are not replayed, more reports not shown. */
const LONGEST_PROGRAM = 200;
const MOST_REPORTS = 20;

/** @param {unknown} value @returns {string} */
const anyText = (value) => (typeof value === "string" ? value : typeof value === "number" ? String(value) : "");
/** @param {unknown} value @returns {string} */
const text = (value) => clean(anyText(value));
/** @param {unknown} value @returns {string | null} */
const textOrNull = (value) => text(value) || null;
/** @param {unknown} value @returns {number | null} */
const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);
/** @param {unknown} value @returns {any[]} */
const list = (value) => (Array.isArray(value) ? value : []);
/** @param {unknown} value @returns {any} */
const object = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});

const PLAIN = /^[\x20-\x7e]*$/;
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * Makes control and direction characters visible, so that a name cannot reorder the line that it stands in.
 *
 * @example clean("a\nb")  // "a␊b"
 * @param {string} value
 * @returns {string}
 */
export function clean(value) {
  if (PLAIN.test(value)) return value;
  return value.replace(UNSEEN, (character) => (character < " " ? String.fromCharCode(0x2400 + character.charCodeAt(0)) : "\ufffd"));
}

/**
 * Whether a shown number, or an entry of a shown tuple of numbers, is nan or infinite.
 *
 * @param {string | null} value
 * @returns {boolean}
 */
export function nonfinite(value) {
  return value !== null && /(?<![A-Za-z_])(nan|inf|infinity|∞)(?![A-Za-z_])/i.test(value);
}

/**
 * @param {unknown} data  what the notebook holds
 * @returns {{doc: TraceDocument, problem: string | null}} problem: why only the plain list is shown
 */
export function read(data) {
  const raw = object(data);
  const schema = number(raw.schema);
  const foreign = schema === null || schema > SCHEMA;
  const problem = foreign ? schemaProblem(schema) : null;
  const doc = readDocument(raw);
  if (foreign) doc.views = doc.rows.length > 0 ? ["list"] : [];
  return { doc, problem };
}

/** @param {number | null} schema @returns {string} */
function schemaProblem(schema) {
  if (schema === null) {
    return "This output does not say which version of the trace format it has, so no more than its plain list can be "
      + "shown. Run the cell again to renew it.";
  }
  return `This trace was saved by a newer adkit (format ${schema}; this viewer reads up to ${SCHEMA}), so only the plain `
    + "list is shown. Upgrade with: pip install --upgrade adkit";
}

/** @param {any} raw @returns {TraceDocument} */
function readDocument(raw) {
  const graph = readGraph(raw.graph);
  const counts = object(raw.counts);
  const output = object(raw.output);
  return {
    title: text(raw.title),
    mode: raw.mode === "forward" ? "forward" : "reverse",
    modeReason: text(raw.mode_reason),
    order: number(raw.order) ?? 1,
    device: text(raw.device),
    views: readViews(list(raw.views)),
    output: { name: text(output.name), value: text(output.value), shape: list(output.shape) },
    derivatives: list(raw.derivatives).map(object).map((d) => ({ label: text(d.label), text: text(d.text), input: text(d.input) })),
    badge: raw.badge ? readBadge(object(raw.badge)) : null,
    notes: list(raw.notes).map(text).filter((note) => note !== ""),
    counts: { instructions: number(counts.instructions) ?? 0, guards: number(counts.guards) ?? 0 },
    rows: readRows(list(raw.rows)),
    source: raw.source ? readSource(object(raw.source)) : null,
    graph: graph.graph,
    graphProblem: graph.problem,
    plots: list(raw.plots).map((plot) => readPlot(object(plot))).filter((plot) => plot !== null),
    partial: Boolean(raw.partial),
    explorer: raw.explorer === true,
    player: readPlayer(object(raw.player)),
    playerMissing: list(raw.views).includes("player") && !raw.player,
    program: raw.program ? readProgram(object(raw.program)) : null,
    reports: list(raw.reports).slice(0, MOST_REPORTS).map((report) => readReport(object(report))),
  };
}

/** The tabs; the player alone comes with the list that it plays. @param {any[]} views @returns {string[]} */
function readViews(views) {
  const tabs = [...new Set(views)].filter((view) => VIEWS.includes(view));
  return tabs.length === 0 && views.includes("player") ? ["list"] : tabs;
}

/** @param {any} raw @returns {TraceDocument["badge"]} */
function readBadge(raw) {
  const keys = ["input", "derivative", "numerical", "error", "verdict", "detail"];
  return {
    verdict: text(raw.verdict),
    text: text(raw.text),
    rows: list(raw.rows).map((row) => Object.fromEntries(keys.map((key) => [key, text(object(row)[key])]))),
  };
}

/**
 * @param {any[]} rows
 * @returns {Row[]}
 */
function readRows(rows) {
  /** @type {Row[]} */
  const top = [];
  const stack = [{ from: rows, to: top, depth: 1 }];
  for (let level = stack.pop(); level; level = stack.pop()) {
    for (const item of level.from) {
      const row = readRow(object(item));
      level.to.push(row);
      const inner = list(object(item).rows);
      if (inner.length > 0 && level.depth < DEEPEST) stack.push({ from: inner, to: row.rows, depth: level.depth + 1 });
    }
  }
  return top;
}

/** @param {any} raw @returns {Row} */
function readRow(raw) {
  const lines = list(raw.lines).map(number);
  return {
    id: text(raw.id),
    kind: text(raw.kind) || "instruction",
    name: textOrNull(raw.name),
    text: text(raw.text),
    line: number(raw.line),
    lines: lines.length === 2 && lines[0] !== null && lines[1] !== null ? [lines[0], lines[1]] : null,
    span: readSpan(raw.span),
    snippet: textOrNull(raw.snippet),
    file: textOrNull(raw.file),
    shape: Array.isArray(raw.shape) ? raw.shape.map((/** @type {unknown} */ n) => number(n) ?? 0) : null,
    dtype: textOrNull(raw.dtype),
    value: textOrNull(raw.value),
    tangent: textOrNull(raw.tangent),
    adjoint: textOrNull(raw.adjoint),
    weight: number(raw.weight),
    partials: list(raw.partials).map(number),
    count: number(raw.count) ?? 0,
    instructions: number(raw.instructions) ?? 0,
    rows: [],
  };
}

/** @param {unknown} raw @returns {Span | null} */
function readSpan(raw) {
  const parts = list(raw).map(number);
  return parts.length === 4 && parts.every((part) => part !== null) ? /** @type {Span} */ (parts) : null;
}

/** @param {any} raw @returns {Source} */
function readSource(raw) {
  const marks = list(raw.marks).map(object).map((mark) => ({
    span: readSpan(mark.span),
    variable: text(mark.variable),
    weight: number(mark.weight),
    state: text(mark.state) || "normal",
  }));
  return {
    text: anyText(raw.text).split("\n").map((line) => clean(line.replaceAll("\t", "    "))).join("\n"),
    firstLine: number(raw.first_line) ?? 1,
    marks: /** @type {Mark[]} */ (marks.filter((mark) => mark.span !== null)),
  };
}

/**
 * Nodes and edges with their places. Places are computed when the output is made; here they are only joined.
 *
 * @param {any} raw
 * @returns {{graph: Graph | null, problem: string | null}}
 */
function readGraph(raw) {
  if (!raw) return { graph: null, problem: "This trace was saved without its graph." };
  const layout = object(raw.layout);
  const width = number(layout.width);
  const height = number(layout.height);
  if (width === null || height === null || !Array.isArray(layout.nodes)) {
    return { graph: null, problem: "This graph was saved without its layout. Run the cell again to draw it." };
  }
  const placed = new Map(layout.nodes.map((/** @type {any} */ node) => [text(object(node).id), object(node)]));
  const nodes = list(raw.nodes).map(object).filter((node) => placed.has(text(node.id)))
    .map((node) => readNode(node, placed.get(text(node.id))));
  const all = list(raw.edges);
  const edges = list(layout.edges).map(object).filter((place) => place.edge in all)
    .map((place) => readEdge(object(all[place.edge]), place));
  const down = layout.direction === "down";
  return { graph: { nodes, edges, width, height, down, note: textOrNull(raw.note) }, problem: null };
}

/** @param {any} raw a node or an edge @returns {string} "nonfinite", "zero" or "normal" */
function stateOf(raw) {
  const own = text(raw.state);
  if (own) return ["nonfinite", "zero"].includes(own) ? own : "normal";
  if (nonfinite(textOrNull(raw.label))) return "nonfinite";
  return raw.weight === 0 ? "zero" : "normal";
}

/** @param {any} raw @param {any} place @returns {GraphNode} */
function readNode(raw, place) {
  return {
    id: text(raw.id),
    label: text(raw.label),
    kind: text(raw.kind) || "instruction",
    name: textOrNull(raw.name),
    line: number(raw.line),
    state: stateOf(raw),
    text: text(place.text) || text(raw.label),
    x: number(place.x) ?? 0,
    y: number(place.y) ?? 0,
    w: number(place.w) ?? 44,
    h: number(place.h) ?? 22,
  };
}

/** @param {any} raw @param {any} place @returns {GraphEdge} */
function readEdge(raw, place) {
  return {
    from: text(raw.from),
    to: text(raw.to),
    label: textOrNull(raw.label),
    weight: number(raw.weight),
    state: stateOf(raw),
    path: /^[MLCQTSHVAZ0-9eE .,+-]*$/i.test(anyText(place.path)) ? anyText(place.path) : "",
    labelX: number(place.label_x),
    labelY: number(place.label_y),
  };
}

/** @param {any} raw @returns {Curve | HeatMap | Contour | Histogram | null} */
function readPlot(raw) {
  if (raw.kind === "contour") return readContour(raw);
  if (raw.kind === "histogram") return readHistogram(raw);
  if (raw.kind === "heatmap") {
    const matrix = list(raw.matrix).map((row) => list(row).map(number));
    return { kind: "heatmap", title: text(raw.title), rows: text(raw.rows), columns: text(raw.columns), matrix };
  }
  if (raw.kind !== "curve") return null;
  return {
    kind: "curve",
    title: text(raw.title),
    input: text(raw.input),
    x: list(raw.x).map((x) => number(x) ?? NaN),
    value: list(raw.value).map(number),
    derivative: list(raw.derivative).map(number),
    at: number(raw.at),
    valueAt: number(raw.value_at),
    derivativeAt: number(raw.derivative_at),
    second: Array.isArray(raw.second) ? raw.second.map(number) : null,
    secondAt: number(raw.second_at),
    tangent: readTangent(object(raw.tangent)),
  };
}

/** @param {unknown} raw @param {number} count @returns {any} the numbers of a list; null unless there are exactly `count` */
function numbers(raw, count) {
  const found = list(raw).map(number);
  return found.length === count && found.every((x) => x !== null) ? found : null;
}

/** @param {any} raw @returns {Curve["tangent"]} */
function readTangent(raw) {
  const x = numbers(raw.x, 2);
  const y = numbers(raw.y, 2);
  return x && y ? { x, y } : null;
}

/** @param {any} raw @returns {Contour | null} */
function readContour(raw) {
  const ranges = list(raw.ranges).map((range) => numbers(range, 2));
  const inputs = list(raw.inputs).map(text);
  if (ranges.length !== 2 || inputs.length !== 2 || ranges.some((range) => !range || !(range[1] > range[0]))) return null;
  const lines = list(raw.lines).map(object).map((line) => ({
    level: number(line.level) ?? 0,
    segments: list(line.segments).map((x) => number(x) ?? NaN),
  }));
  return {
    kind: "contour",
    title: text(raw.title),
    inputs: /** @type {[string, string]} */ (inputs),
    ranges: /** @type {Contour["ranges"]} */ (ranges),
    lines,
    field: list(raw.field).map((row) => numbers(row, 4)).filter((row) => row !== null),
    at: numbers(raw.at, 2),
    valueAt: number(raw.value_at),
    gradientAt: list(raw.gradient_at).map(number),
  };
}

/** @param {any} raw @returns {Histogram} */
function readHistogram(raw) {
  const counts = list(raw.counts).map((count) => Math.max(0, number(count) ?? 0));
  return {
    kind: "histogram",
    title: text(raw.title),
    input: text(raw.input),
    edges: numbers(raw.edges, counts.length + 1) ?? [],
    counts,
    zero: number(raw.zero) ?? 0,
    nonfinite: number(raw.nonfinite) ?? 0,
  };
}

/** @param {any} raw @returns {Player | null} */
function readPlayer(raw) {
  const steps = list(raw.steps).map(object).map((step) => ({
    variable: text(step.variable),
    row: text(step.row) || text(step.variable),
    phase: ["primal", "tangent", "adjoint"].includes(step.phase) ? step.phase : "primal",
    value: text(step.value),
    addsTo: list(step.adds_to).map(text),
    invariant: textOrNull(step.invariant),
  }));
  return steps.length > 0 ? { mode: raw.mode === "forward" ? "forward" : "reverse", direction: text(raw.direction), steps } : null;
}

/** @param {unknown} raw @returns {Operands} */
function readOperands(raw) {
  const kinds = ["string", "number", "boolean"];
  return new Map(Object.entries(object(raw)).filter(([, operand]) => kinds.includes(typeof operand)));
}

/** @param {any} raw @returns {Program | null} nothing of it is shown or run before `replay.js` has understood all of it */
function readProgram(raw) {
  const instructions = list(raw.instructions).map(object);
  const inputs = list(raw.inputs).map(object);
  if (instructions.length > LONGEST_PROGRAM || inputs.length === 0 || inputs.some((input) => number(input.value) === null)) return null;
  return {
    inputs: inputs.map((input) => ({ variable: anyText(input.variable), name: text(input.name), value: Number(input.value) })),
    instructions: instructions.map((entry) => ({
      variable: anyText(entry.variable),
      expression: anyText(entry.expression),
      operands: readOperands(entry.operands),
      partials: Object.entries(object(entry.partials)).map(([name, partial]) => ({ name, text: anyText(partial) })),
    })),
    guards: list(raw.guards).map(object).map((entry) => ({
      id: text(entry.id),
      expression: anyText(entry.expression),
      operands: readOperands(entry.operands),
      outcome: entry.outcome === "true",
      text: text(entry.text),
      line: number(entry.line),
    })),
    output: anyText(raw.output),
  };
}

/** @param {any} raw @returns {Report} */
function readReport(raw) {
  return {
    kind: text(raw.kind),
    title: text(raw.title),
    severity: ["ok", "note", "warning", "error"].includes(raw.severity) ? raw.severity : "note",
    verdict: text(raw.verdict),
    fix: textOrNull(raw.fix),
    paragraphs: list(raw.paragraphs).map((paragraph) => anyText(paragraph).split("\n").map(clean).join("\n")),
    tables: list(raw.tables).map((table) => readTable(object(table))),
  };
}

/** @param {any} raw @returns {ReportTable} */
function readTable(raw) {
  const columns = list(raw.columns).map(object)
    .map((column) => ({ title: text(column.title), right: column.align === "right", code: column.code === true }));
  const rows = list(raw.rows).map(object).map((row) => ({
    cells: columns.map((_, i) => text(list(row.cells)[i])),
    variable: textOrNull(row.variable),
    line: number(row.line),
    state: ["zero", "nonfinite", "warning"].includes(row.state) ? row.state : "normal",
    bar: number(row.bar) === null ? null : Math.min(Math.max(row.bar, 0), 1),
  }));
  return { title: text(raw.title), columns, rows };
}
