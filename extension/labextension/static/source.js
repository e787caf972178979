/** The user's cell, each sub-expression tinted by the size of its derivative. */

import { html, listeners } from "./dom.js";
import { cut, tints } from "./segments.js";

/**
 * @typedef {import("./document.js").TraceDocument} TraceDocument
 * @typedef {import("./links.js").Links} Links
 * @typedef {import("./links.js").Selection} Selection
 * @typedef {import("./segments.js").Piece} Piece
 */

export class SourceView {
  /**
   * @param {TraceDocument} doc
   * @param {Links} links
   * @param {Selection} selection
   */
  constructor(doc, links, selection) {
    this.doc = doc;
    this.links = links;
    this.selection = selection;
    this.tints = tints(links.marks);
    /** @type {Map<string, HTMLElement[]>} the parts of each mark; a mark over several lines has several */
    this.parts = new Map();
    this.on = listeners();
    this.element = this.#build();
    this.on.add(this.element, "keydown", (event) => this.#key(event));
    this.#enter("0");
  }

  dispose() {
    this.on.dispose();
  }

  /** @returns {HTMLElement} */
  #build() {
    const quantity = this.doc.mode === "forward" ? "tangent" : "adjoint";
    const pane = html("section", { class: "adkit-pane adkit-source", "aria-label": `Source, tinted by ${quantity}` },
      html("h3", { class: "adkit-heading" }, `Source, tinted by |${quantity}|`, ...this.#legend()));
    if (!this.doc.source) {
      pane.append(html("p", { class: "adkit-message" }, "The source of this trace was not saved."));
      return pane;
    }
    const { text, firstLine } = this.doc.source;
    const lines = cut(text.replace(/\n+$/, ""), firstLine, this.links.marks).map((line) =>
      html("div", { class: "adkit-line" },
        html("span", { class: "adkit-gutter", "aria-hidden": "true" }, String(line.number)),
        html("code", { class: "adkit-code" }, ...line.pieces.map((piece) => this.#piece(piece)))));
    pane.append(html("div", { class: "adkit-text", "data-focus": "source" }, ...lines));
    return pane;
  }

  /** What the patterns mean, for those that occur. @returns {HTMLElement[]} */
  #legend() {
    const states = new Set(this.links.marks.map((mark) => mark.state));
    const entry = (/** @type {string} */ state, /** @type {string} */ meaning) =>
      html("span", { class: `adkit-legend adkit-mark adkit-${state}` }, meaning);
    return [
      ...(states.has("zero") ? [entry("zero", "exactly zero")] : []),
      ...(states.has("nonfinite") ? [entry("nonfinite", "nan or inf")] : []),
    ];
  }

  /** @param {Piece} piece @returns {Node} */
  #piece(piece) {
    if ("text" in piece) return document.createTextNode(piece.text);
    const id = String(piece.mark);
    const mark = this.links.marks[piece.mark];
    const state = ["zero", "nonfinite", "plain"].includes(mark.state) ? mark.state : "normal";
    const element = html("mark", { class: `adkit-mark adkit-${state}`, tabindex: -1, "data-subject": "mark", "data-id": id },
      ...piece.pieces.map((inner) => this.#piece(inner)));
    if (state === "normal") element.style.setProperty("--adkit-tint", `${(7 + 27 * this.tints[piece.mark]).toFixed(1)}%`);
    const parts = this.parts.get(id);
    if (parts) parts.push(element);
    else this.parts.set(id, [element]);
    return element;
  }

  /** Makes one mark the place where the Tab key enters. @param {string} id */
  #enter(id) {
    for (const [other, parts] of this.parts) parts.forEach((part, i) => { part.tabIndex = other === id && i === 0 ? 0 : -1; });
  }

  /** @param {ReadonlySet<string>} ids @param {boolean} reveal */
  light(ids, reveal) {
    for (const [id, parts] of this.parts) for (const part of parts) part.classList.toggle("adkit-lit", ids.has(id));
    const [first] = ids;
    const part = first === undefined ? undefined : this.parts.get(first)?.[0];
    if (!part) return;
    this.#enter(first);
    if (reveal) this.#scrollTo(part);
  }

  /** Scrolls the text's own box, never the page. @param {HTMLElement} part */
  #scrollTo(part) {
    const box = /** @type {HTMLElement | null} */ (this.element.querySelector(".adkit-text"));
    if (!box || box.scrollHeight <= box.clientHeight) return;
    const above = part.getBoundingClientRect().top - box.getBoundingClientRect().top;
    if (above < 0 || above > box.clientHeight - 24) box.scrollTop += above - box.clientHeight / 2;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || this.parts.size === 0) return;
    if (event.key === "Escape") {
      this.selection.choose(null);
      return;
    }
    const order = [...this.parts.keys()];
    const at = order.indexOf(/** @type {HTMLElement} */ (event.target).dataset.id || "");
    const step = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: order.length - 1,
      Enter: at, " ": at }[event.key];
    if (step === undefined || step < 0 || step >= order.length) return;
    event.preventDefault();
    const id = order[step];
    this.selection.choose({ kind: "mark", id });
    this.#enter(id);
    this.parts.get(id)?.[0].focus({ preventScroll: true });
  }
}
