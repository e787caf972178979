/** The answer first: value, derivatives, verdict of a check, and what is wrong. */

import { html, listeners } from "./dom.js";

/** @typedef {import("./document.js").TraceDocument} TraceDocument */

export class HeadView {
  /** @param {TraceDocument} doc */
  constructor(doc) {
    this.on = listeners();
    const { name, value } = doc.output;
    const answer = value ? `${name || "result"} = ${value}` : name;
    this.element = html("div", { class: "adkit-head" },
      html("div", { class: "adkit-answer" },
        answer ? html("span", { class: "adkit-output" }, answer) : null,
        ...doc.derivatives.map((d) => html("span", { class: "adkit-result adkit-derivative" }, `${d.label} = ${d.text}`)),
        doc.badge ? this.#badge(doc.badge) : null),
      answer ? html("div", { class: "adkit-how" }, html("span", { class: "adkit-mode" }, `${doc.mode} mode`), howText(doc)) : null);
    if (this.table) this.element.append(this.table);
    for (const note of doc.notes) this.element.append(html("p", { class: "adkit-note adkit-wrong" }, `Warning: ${note}`));
  }

  dispose() {
    this.on.dispose();
  }

  /** @param {NonNullable<TraceDocument["badge"]>} badge @returns {HTMLElement} */
  #badge(badge) {
    const wrong = badge.verdict === "disagree" ? " adkit-wrong" : "";
    const label = badge.text || badge.verdict;
    if (badge.rows.length === 0) return html("span", { class: `adkit-badge${wrong}` }, label);
    const button = html("button", { type: "button", class: `adkit-badge${wrong}`, "aria-expanded": "false" }, label);
    const table = checkTable(badge.rows);
    table.hidden = true;
    this.table = table;
    this.on.add(button, "click", () => {
      table.hidden = !table.hidden;
      button.setAttribute("aria-expanded", String(!table.hidden));
    });
    return button;
  }
}

/** @param {TraceDocument} doc @returns {string} */
function howText(doc) {
  const parts = [doc.modeReason, doc.order > 1 ? `order ${doc.order}` : "", doc.device && doc.device !== "cpu" ? doc.device : ""];
  const present = parts.filter((part) => part !== "");
  return present.length > 0 ? ` · ${present.join(" · ")}` : "";
}

/** @param {Array<Record<string, string>>} rows @returns {HTMLElement} */
function checkTable(rows) {
  const headings = ["input", "derivative", "numerical", "error", "verdict", "detail"];
  const line = (/** @type {string} */ role, /** @type {string[]} */ cells) => html("div", { class: "adkit-check-row", role: "row" },
    ...cells.map((cell) => html("span", { role }, cell)));
  return html("div", { class: "adkit-check", role: "table", "aria-label": "Check against a numerical derivative" },
    line("columnheader", headings), ...rows.map((row) => line("cell", headings.map((key) => row[key]))));
}
