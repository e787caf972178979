/** The list of instructions: a table of which only the rows in sight exist, with folds, driven by pointer or keys. */

import { nonfinite } from "./document.js";
import { html, listeners, uniqueId } from "./dom.js";
import { nextRow } from "./keys.js";
import { cellText, columns, columnWidths, flatten } from "./rows.js";
import { ROW_HEIGHT, scrollToShow, visibleRange } from "./windowing.js";

/**
 * @typedef {import("./document.js").TraceDocument} TraceDocument
 * @typedef {import("./links.js").Links} Links
 * @typedef {import("./links.js").Selection} Selection
 * @typedef {import("./rows.js").Line} Line
 */

/** Assumed height of the list while it is not on the page and cannot be measured. */
const UNMEASURED = 20 * ROW_HEIGHT;

/** How the columns share the room that is left over. */
const SHARES = { id: 0, name: 1, text: 4, line: 0, type: 1, value: 2, tangent: 3, adjoint: 3 };

/** A list of up to this many rows is shown whole; a longer one scrolls within a box that ends in half a row. */
const WHOLE = 24;

export class ListView {
  /**
   * @param {TraceDocument} doc
   * @param {Links} links
   * @param {Selection} selection
   * @param {{open: Set<string>, scrollTop: number, widths: Map<string, number>}} state  kept by the caller over updates
   */
  constructor(doc, links, selection, state) {
    this.doc = doc;
    this.links = links;
    this.selection = selection;
    this.state = state;
    this.columns = columns(doc);
    this.id = uniqueId();
    /** @type {Line[]} */
    this.lines = [];
    /** @type {Map<string, number>} */
    this.indexOf = new Map();
    /** @type {Map<number, HTMLElement>} */
    this.built = new Map();
    /** @type {ReadonlySet<string>} */
    this.lit = new Set();
    /** @type {import("./player.js").Ahead | null} */
    this.ahead = null;
    this.on = listeners();
    this.body = html("div", { class: "adkit-rows", role: "rowgroup" });
    this.element = this.#table();
    this.#listen();
    this.#reflow();
  }

  dispose() {
    this.on.dispose();
    this.observer.disconnect();
  }

  /** @returns {HTMLElement} */
  #table() {
    const heading = (/** @type {import("./rows.js").Column} */ column) => html("span", {
      role: "columnheader",
      class: `adkit-cell${column.number ? " adkit-number" : ""}`,
      title: column.heading || "variable",
      "aria-label": column.heading ? null : "variable",
    }, column.heading);
    const table = html("div", {
      class: "adkit-list",
      role: "treegrid",
      tabindex: 0,
      "aria-label": `Wengert list, ${this.doc.mode} mode`,
      "aria-colcount": this.columns.length,
      "data-focus": "list",
    }, html("div", { class: "adkit-columns", role: "row", "aria-rowindex": 1 }, ...this.columns.map(heading)), this.body);
    const widths = this.#widths();
    this.#divide(table, "", widths, widths.map((_, i) => SHARES[this.columns[i].key]));
    const narrow = widths.map((width, i) => Math.min(width, this.columns[i].narrow));
    this.#divide(table, "narrow-", narrow, widths.map((width, i) => width - narrow[i]));
    table.style.setProperty("--adkit-gaps", String(widths.length - 1));
    table.style.setProperty("--adkit-row", `${ROW_HEIGHT}px`);
    return table;
  }

  /** Columns become wider with what they hold but never narrower, or they would jump while a slider moves. @returns {number[]} */
  #widths() {
    const { widths } = this.state;
    return columnWidths(this.doc, this.columns).map((width, i) => {
      const { key } = this.columns[i];
      widths.set(key, Math.max(width, widths.get(key) ?? 0));
      return /** @type {number} */ (widths.get(key));
    });
  }

  /**
   * Notes how the columns divide the room: at least so wide, and what is left over by shares.
   *
   * @param {HTMLElement} table
   * @param {string} kind
   * @param {number[]} widths  in characters
   * @param {number[]} shares
   */
  #divide(table, kind, widths, shares) {
    table.style.setProperty(`--adkit-${kind}tracks`, widths.map((width, i) => `minmax(${width}ch, ${shares[i]}fr)`).join(" "));
    table.style.setProperty(`--adkit-${kind}characters`, String(widths.reduce((a, b) => a + b)));
  }

  /** Where not all columns have room at full width, the wide ones give way, so that the derivative is in sight. */
  #fit() {
    this.element.classList.remove("adkit-narrow");
    this.element.classList.toggle("adkit-narrow", this.element.scrollWidth > this.element.clientWidth);
  }

  #listen() {
    this.on.add(this.element, "scroll", () => {
      if (this.element.clientHeight === 0) return;
      this.state.scrollTop = this.element.scrollTop;
      this.draw();
    }, { passive: true });
    this.on.add(this.element, "keydown", (event) => this.#key(event));
    this.on.add(this.element, "focus", () => this.#describe());
    this.observer = new ResizeObserver(() => {
      if (this.element.clientHeight === 0) return;
      this.#fit();
      if (Math.abs(this.element.scrollTop - this.state.scrollTop) > 1) this.element.scrollTop = this.state.scrollTop;
      this.draw();
    });
    this.observer.observe(this.element);
  }

  /** Recomputes the visible lines after a fold opened or closed. */
  #reflow() {
    this.lines = flatten(this.doc.rows, this.state.open);
    this.indexOf = new Map();
    this.lines.forEach((line, i) => {
      if (!this.indexOf.has(line.row.id)) this.indexOf.set(line.row.id, i);
    });
    this.built.clear();
    this.element.setAttribute("aria-rowcount", String(this.lines.length + 1));
    this.element.style.setProperty("--adkit-count", String(this.lines.length));
    this.element.classList.toggle("adkit-long", this.lines.length > WHOLE);
    this.draw();
  }

  /** Builds the rows in sight and drops the others. */
  draw() {
    const viewport = (this.element.clientHeight || UNMEASURED + ROW_HEIGHT) - ROW_HEIGHT;
    const { first, end } = visibleRange({ scrollTop: this.state.scrollTop, viewport, total: this.lines.length });
    const complete = this.built.size === end - first && (end === first || (this.built.has(first) && this.built.has(end - 1)));
    if (complete) return;
    /** @type {Map<number, HTMLElement>} */
    const built = new Map();
    for (let i = first; i < end; i++) built.set(i, this.built.get(i) || this.#row(i));
    this.built = built;
    this.body.replaceChildren(...built.values());
    this.#describe();
  }

  /** @param {number} index @returns {HTMLElement} */
  #row(index) {
    const line = this.lines[index];
    const { row } = line;
    const element = html("div", {
      class: `adkit-row adkit-kind-${row.kind.replace(/\W/g, "")}`,
      id: `${this.id}-${index}`,
      role: "row",
      title: row.snippet && row.line !== null ? `line ${row.line}: ${row.snippet}` : row.snippet,
      "aria-rowindex": index + 2,
      "aria-level": line.depth + 1,
      "aria-expanded": line.fold ? String(line.open) : null,
      "aria-selected": String(this.lit.has(row.id)),
      "data-subject": "row",
      "data-id": row.id,
      "data-fold": line.fold ? (line.open ? "open" : "closed") : null,
    }, ...this.columns.map((column) => this.#cell(line, column)));
    element.style.top = `${index * ROW_HEIGHT}px`;
    element.classList.toggle("adkit-lit", this.lit.has(row.id));
    return element;
  }

  /** @param {Line} line @param {import("./rows.js").Column} column @returns {HTMLElement} */
  #cell(line, column) {
    const content = cellText(line.row, column.key);
    const wrong = column.number && nonfinite(content);
    const ahead = this.ahead !== null && this.ahead(line.row.id, column.key) ? " adkit-ahead" : "";
    const tone = (wrong ? " adkit-wrong" : column.tone ? ` adkit-${column.tone}` : "") + ahead;
    const cell = html("span", {
      role: "gridcell",
      class: `adkit-cell${column.number ? " adkit-number" : ""}${tone}`,
      title: content.length > Math.min(column.most, column.narrow) ? content : null,
    }, content);
    if (column.key !== "text") return cell;
    cell.style.setProperty("--adkit-depth", String(line.depth));
    if (line.fold) cell.prepend(html("span", { class: "adkit-triangle", "aria-hidden": "true" }, line.open ? "▾ " : "▸ "));
    return cell;
  }

  /** Tells assistive technology which row is the current one. */
  #describe() {
    const index = this.#current();
    if (this.built.has(index)) this.element.setAttribute("aria-activedescendant", `${this.id}-${index}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  /** @returns {number} the line of the chosen row, or of the closed fold around it; −1 without one */
  #current() {
    const { chosen } = this.selection;
    if (!chosen) return -1;
    const { row } = this.links.lit(chosen);
    return row ? this.#visible(row.id) : -1;
  }

  /** @param {string} id @returns {number} */
  #visible(id) {
    const direct = this.indexOf.get(id);
    if (direct !== undefined) return direct;
    const around = (this.links.folds.get(id) || []).find((fold) => this.indexOf.has(fold) && !this.state.open.has(fold));
    return around === undefined ? -1 : /** @type {number} */ (this.indexOf.get(around));
  }

  /**
   * Lights rows; a row inside a closed fold lights the fold.
   *
   * @param {ReadonlySet<string>} ids
   * @param {boolean} reveal  whether to scroll the first of them into sight
   */
  light(ids, reveal) {
    const indices = [...ids].map((id) => this.#visible(id)).filter((index) => index >= 0);
    this.lit = new Set(indices.map((index) => this.lines[index].row.id));
    if (reveal && indices.length > 0) this.#reveal(Math.min(...indices));
    for (const [index, element] of this.built) {
      const on = this.lit.has(this.lines[index].row.id);
      element.classList.toggle("adkit-lit", on);
      element.setAttribute("aria-selected", String(on));
    }
    this.#describe();
  }

  /** @param {number} index */
  #reveal(index) {
    const viewport = this.element.clientHeight - ROW_HEIGHT;
    if (viewport <= 0) return;
    const top = scrollToShow({ index, scrollTop: this.element.scrollTop, viewport });
    if (top === this.element.scrollTop) return;
    this.element.scrollTop = top;
    this.state.scrollTop = this.element.scrollTop;
    this.draw();
  }

  /** Hides the numbers that the player has not come to. @param {import("./player.js").Ahead | null} ahead */
  play(ahead) {
    this.ahead = ahead;
    this.built.clear();
    this.draw();
  }

  /** Opens or closes a fold. @param {string} id */
  toggle(id) {
    if (!this.state.open.delete(id)) this.state.open.add(id);
    this.#reflow();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const index = this.#current();
    const line = this.lines[index];
    const move = nextRow(event.key, {
      index,
      count: this.lines.length,
      page: Math.max(1, Math.floor(this.element.clientHeight / ROW_HEIGHT) - 2),
      fold: line ? line.fold : false,
      open: line ? line.open : false,
      parent: line ? line.parent : -1,
    });
    if (!move) return;
    event.preventDefault();
    if (move.toggle) this.toggle(line.row.id);
    if (move.leave) this.selection.choose(null);
    if (move.to !== undefined) this.selection.choose({ kind: "row", id: this.lines[move.to].row.id });
    if (move.toggle) this.selection.choose({ kind: "row", id: line.row.id });
  }
}
