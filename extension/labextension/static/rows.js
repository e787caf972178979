/** The rows of a trace as the list shows them: folds opened or closed, columns, widths. No DOM. */

/**
 * @typedef {import("./document.js").Row} Row
 * @typedef {import("./document.js").TraceDocument} TraceDocument
 */

/**
 * @typedef {object} Line
 * @property {Row} row
 * @property {number} depth   0 at the top level
 * @property {number} parent  index of the enclosing fold's line, or −1
 * @property {boolean} fold   whether it can be opened
 * @property {boolean} open
 */

/**
 * Rows that are visible while the given folds are open, in order. Folds may nest.
 *
 * @param {Row[]} rows
 * @param {ReadonlySet<string>} open  ids of the open folds
 * @returns {Line[]}
 */
export function flatten(rows, open) {
  /** @type {Line[]} */
  const lines = [];
  const stack = [{ rows, next: 0, depth: 0, parent: -1 }];
  while (stack.length > 0) {
    const level = stack[stack.length - 1];
    if (level.next === level.rows.length) {
      stack.pop();
      continue;
    }
    const row = level.rows[level.next++];
    const fold = row.kind === "fold" && row.rows.length > 0;
    const isOpen = fold && open.has(row.id);
    lines.push({ row, depth: level.depth, parent: level.parent, fold, open: isOpen });
    if (isOpen) stack.push({ rows: row.rows, next: 0, depth: level.depth + 1, parent: lines.length - 1 });
  }
  return lines;
}

/**
 * Calls `visit` for every row, opened or not, with the ids of the folds around it (outermost first).
 *
 * @param {Row[]} rows
 * @param {(row: Row, folds: string[]) => void} visit
 */
export function eachRow(rows, visit) {
  /** @type {Array<{row: Row, folds: string[]}>} */
  const stack = [];
  const push = (/** @type {Row[]} */ level, /** @type {string[]} */ folds) => {
    for (let i = level.length - 1; i >= 0; i--) stack.push({ row: level[i], folds });
  };
  push(rows, []);
  while (stack.length > 0) {
    const { row, folds } = /** @type {{row: Row, folds: string[]}} */ (stack.pop());
    visit(row, folds);
    if (row.rows.length > 0) push(row.rows, [...folds, row.id]);
  }
}

/**
 * @typedef {object} Column
 * @property {"id" | "name" | "text" | "line" | "type" | "value" | "tangent" | "adjoint"} key
 * @property {string} heading
 * @property {boolean} number   aligned right
 * @property {number} least     smallest width, in characters
 * @property {number} most      greatest width, in characters; longer text ends in an ellipsis
 * @property {number} narrow    the same where there is no room for all columns
 * @property {string} tone      "primal", "tangent", "adjoint", "dim" or ""
 */

/**
 * The list's columns. Shape and dtype only where something other than a float64 scalar or a truth value occurs; tangent or adjoint, headed
 * by its name, so that its colour never has to say it alone.
 *
 * @param {TraceDocument} doc
 * @returns {Column[]}
 */
export function columns(doc) {
  let typed = false;
  const given = new Set();
  eachRow(doc.rows, (row) => {
    typed ||= typeText(row) !== "" && typeText(row) !== "bool";
    if (row.tangent !== null) given.add("tangent");
    if (row.adjoint !== null) given.add("adjoint");
  });
  if (given.size === 0 && !doc.partial) given.add(doc.mode === "forward" ? "tangent" : "adjoint");
  /** @type {Column[]} */
  const shown = [
    { key: "id", heading: "", number: false, least: 4, most: 12, narrow: 12, tone: "primal" },
    { key: "name", heading: "name", number: false, least: 5, most: 20, narrow: 8, tone: "" },
    { key: "text", heading: "instruction", number: false, least: 14, most: 52, narrow: 14, tone: "" },
    { key: "line", heading: "line", number: false, least: 4, most: 22, narrow: 4, tone: "" },
  ];
  if (typed) shown.push({ key: "type", heading: "shape and dtype", number: false, least: 12, most: 24, narrow: 14, tone: "dim" });
  shown.push({ key: "value", heading: "value v", number: true, least: 10, most: 44, narrow: 12, tone: "primal" });
  for (const key of /** @type {const} */ (["tangent", "adjoint"])) {
    if (given.has(key)) shown.push({ key, heading: sweepHeading(doc, key), number: true, least: 10, most: 44, narrow: 12, tone: key });
  }
  return shown;
}

/**
 * Names the derivative where there is exactly one.
 *
 * @param {TraceDocument} doc
 * @param {"tangent" | "adjoint"} key
 * @returns {string}
 */
export function sweepHeading(doc, key) {
  if (key === "adjoint") {
    const { name, shape } = doc.output;
    return name && name.length <= 16 && shape.length === 0 ? `adjoint v̄ = ∂${name}/∂v` : "adjoint v̄";
  }
  const inputs = [...new Set(doc.derivatives.map((derivative) => derivative.input))];
  const one = inputs.length === 1 && inputs[0].length <= 16 ? inputs[0] : "";
  return one ? `tangent v̇ = ∂v/∂${one}` : "tangent v̇";
}

const DIGITS = "₀₁₂₃₄₅₆₇₈₉";

/**
 * `v-1` → `v₋₁`, `v12` → `v₁₂`; anything that is not a variable's id stays as it is.
 *
 * @param {string} id
 * @returns {string}
 */
export function subscript(id) {
  const match = /^v([-−]?)(\d+)$/.exec(id);
  if (!match) return id;
  return `v${match[1] ? "₋" : ""}${[...match[2]].map((digit) => DIGITS[Number(digit)]).join("")}`;
}

/**
 * @param {Row} row
 * @returns {string} `float32[3, 4]`, `int64`; nothing for an ordinary float64 scalar, a guard or a fold
 */
export function typeText(row) {
  if (!row.dtype) return "";
  if (row.shape && row.shape.length > 0) return `${row.dtype}[${row.shape.join(", ")}]`;
  return row.dtype === "float64" ? "" : row.dtype;
}

/**
 * The text of one cell. A fold's cells are empty but for the one that says what is folded.
 *
 * @param {Row} row
 * @param {Column["key"]} key
 * @returns {string}
 */
export function cellText(row, key) {
  if (key === "text") return row.kind === "fold" ? foldText(row) : row.text;
  if (row.kind === "fold") return "";
  if (key === "id") return row.kind === "guard" ? "guard" : subscript(row.id);
  if (key === "name") return row.name || "";
  if (key === "line") return lineText(row);
  if (key === "type") return typeText(row);
  return row[key] || "";
}

/**
 * What a fold says: its size always, and whether it holds all of its instructions or one repetition of them.
 *
 * @param {Row} row
 * @returns {string} `loop ×200, lines 4–6 · 600 instructions, first repetition`
 */
export function foldText(row) {
  if (row.instructions === 0 || row.text.includes("instruction")) return row.text;
  const part = row.rows.length > 0 && held(row) < row.instructions ? ", first repetition" : "";
  return `${row.text} · ${row.instructions.toLocaleString("en")} instruction${row.instructions === 1 ? "" : "s"}${part}`;
}

/** How many instructions a fold has rows for, those in folds within it included. @param {Row} fold @returns {number} */
function held(fold) {
  let count = 0;
  for (const row of fold.rows) count += row.kind === "fold" ? row.instructions : row.kind === "instruction" ? 1 : 0;
  return count;
}

/** @param {Row} row @returns {string} */
export function lineText(row) {
  if (row.line === null) return "";
  return row.file ? `${row.file}:${row.line}` : String(row.line);
}

/** @param {string} text @returns {number} width in characters, combining marks not counted */
export function textWidth(text) {
  return [...text.replace(/\p{Mn}/gu, "")].length;
}

/**
 * The width of each column in characters, wide enough for every row of the trace, the folded ones too, so that
 * scrolling and opening never move a column.
 *
 * @param {TraceDocument} doc
 * @param {Column[]} shown
 * @returns {number[]}
 */
export function columnWidths(doc, shown) {
  const widths = shown.map((column) => Math.max(column.least, Math.min(column.most, textWidth(column.heading))));
  eachRow(doc.rows, (row, folds) => {
    shown.forEach((column, i) => {
      const indent = column.key === "text" ? 2 * folds.length + (row.kind === "fold" ? 2 : 0) : 0;
      const width = row.kind === "fold" ? 0 : textWidth(cellText(row, column.key)) + indent;
      if (width > widths[i]) widths[i] = Math.min(width, column.most);
    });
  });
  return widths;
}
